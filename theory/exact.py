"""Exact numbers and points of the unit box: the only numbers that a statement is made of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import Annotated, Any, TypeAlias

from trompe.ground.arguments import (
    Dim,
    checked,
    is_term,
    kind_of_array,
    listed,
    one_of,
    unfit,
    unwrapped,
)
from trompe.ground.errors import InvalidInput, brief, spelled

Point: TypeAlias = tuple[Fraction, ...]
"""A point of [0, 1]^d: d exact coordinates."""

Number: TypeAlias = int | float | Fraction | Decimal | str
"""What a user may write for a number. A float stands for its exact binary value."""

LONGEST = 1000
"""Digits that a number may have when it is written out, a text with an exponent included."""

LONGEST_BITS = 12_000
"""Of a numerator and a denominator that are to be written out; Python writes no more than 4300 digits."""


@checked
def as_number(value: object, what: str = "number") -> Fraction:
    """`value` as an exact fraction; `"0.1"` and `"1/10"` are a tenth, the float `0.1` is its binary value.

    Numbers of NumPy's, and arrays and tensors without axes, are numbers.

    Raises
    ------
    InvalidInput : not a number, NaN, infinite, a boolean, or a text or decimal of more than 1000 digits.
    """
    return _read(value, what)


def _read(value: object, what: str) -> Fraction:
    if type(value) is Fraction:
        return value
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return Fraction(value)
    try:
        return _number(value, what)
    except InvalidInput:
        raise
    except Exception as error:  # what is no number may do anything when it is asked for one
        why = f" raises {type(error).__name__} when it is read"
        raise unfit(what, value, 'a number, such as 3, 0.25 or "1/4"', why) from None


def _number(value: Any, what: str) -> Fraction:
    if getattr(value, "ndim", None) == 0:
        value = unwrapped(value)
    if isinstance(value, (str, Decimal)):
        _check_length(value, what)
    if isinstance(value, bool):
        raise InvalidInput(f"{what} = {value!r} is a truth value, not a number")
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            raise InvalidInput(
                f"{what} = {spelled(value)} is not a number; write it as 3, 0.25 or 1/4"
            )
        return Fraction(text)
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, (Decimal, Real)):
        finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
        if not finite:
            raise InvalidInput(f"{what} = {value} is not finite")
        if hasattr(value, "as_integer_ratio"):  # a long double is no float, and rounds
            return Fraction(*map(int, value.as_integer_ratio()))
        return Fraction(float(value))
    raise InvalidInput(
        f"{what} = {spelled(value)} is not a number; expected int, Fraction, float or str"
    )


# Not all that Python reads: no 1_0, no digits of other scripts, no division by 0.
_NUMBER = re.compile(r"[-+]?([0-9]+/0*[1-9][0-9]*|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?)")


def _check_length(value: str | Decimal, what: str) -> None:
    """Refuse 1e999999999 before it is written out, which takes gigabytes."""
    digits, _, exponent = str(value).lower().partition("e")
    exponent = exponent.strip().lstrip("+-").replace("_", "")
    power = int(exponent[:20]) if exponent.isdecimal() else 0
    if len(digits) + power > LONGEST:
        shown = str(value) if len(str(value)) <= 40 else f"{str(value)[:37]}..."
        raise InvalidInput(
            f"{what} = {shown} has more than {LONGEST} digits; expected a shorter number"
        )


def as_value(value: Any, what: str) -> Any:
    """A unit's value: a number of any kind, an algebraic or computable one too, as it is; a text as its fraction."""
    try:
        if value.is_number is True and value.is_real is True:
            return value
    except Exception:  # it is none of those
        pass
    exact = _read(value, what)
    return value if issubclass(type(value), Real) else exact


def as_end(value: Any, what: str) -> Any:
    """An end of an interval: a number of any kind as it is, a text as its fraction, a solver's term, or an array of ends."""
    if type(value) in _PLAIN or is_term(value) or (kind_of_array(value) and value.ndim):
        return value
    return as_value(value, what)


_PLAIN = (Fraction, int, float)


def as_margin(value: Any, what: str) -> Any:
    """What `Task.margin` gives: amounts by name, at least one, since nothing is no margin."""
    if not isinstance(value, Mapping) or not value:
        raise unfit(what, value, "what `margin` gives")
    return {name: as_value(amount, f"{what}[{brief(name)}]") for name, amount in value.items()}


def as_answer(value: Any, choices: Sequence[str], what: str) -> Any:
    """One of the choices, or where there are none a number of any kind.

    Raises
    ------
    InvalidInput : it is neither.
    """
    return one_of(choices)(value, what) if choices else as_value(value, what)


Value = Annotated[Any, as_value]


def as_numbers(values: Iterable[Any], what: str) -> tuple[Fraction, ...]:
    """Several numbers, exact (`as_number`); what is a fraction is taken as it is."""
    return tuple(
        value if type(value) is Fraction else _read(value, f"{what}[{i}]")
        for i, value in enumerate(values)
    )


@checked
def as_point(values: Any, what: str = "point", dim: Dim | None = None) -> Point:
    """`values` as an exact point of [0, 1]^d, d >= 1: a list, a tuple, an array or a tensor of numbers.

    Raises
    ------
    InvalidInput : empty, of another length than `dim`, or a coordinate outside [0, 1].
    """
    point = as_numbers(listed(values, what, "a sequence of numbers", " is not a point"), what)
    if not point:
        raise InvalidInput(f"{what} = () has no coordinates; a point needs d >= 1")
    if dim is not None and len(point) != dim:
        raise InvalidInput(f"{what} has {len(point)} coordinates; expected {dim}")
    for i, coordinate in enumerate(point):
        if not 0 <= coordinate.numerator <= coordinate.denominator:
            where = f"{what} = {show(point)}" if len(point) <= 8 else what
            raise InvalidInput(
                f"{where} lies outside [0, 1]^{len(point)} (coordinate {i} is {written(coordinate)}); "
                "scale your inputs to the unit box"
            )
    return point


def holds_points(items: Sequence[Any]) -> bool:
    """Are these several points, and not the numbers of one?"""
    if not len(items) or isinstance(items[0], (str, Real)):
        return False
    return isinstance(items[0], Iterable) and getattr(items[0], "ndim", 1) != 0


def as_eps(value: object) -> Fraction:
    """A tolerance as a share of the range, strictly between 0 and 1/2."""
    eps = as_number(value, "eps")
    if not 0 < eps < Fraction(1, 2):
        raise InvalidInput(
            f"eps = {written(eps)} lies outside (0, 1/2); at 1/2 the midrange, where it is shown, is right on every class"
        )
    return eps


def as_any_eps(value: object) -> Fraction:
    """A tolerance as a share of the range, at least 0."""
    eps = as_number(value, "eps")
    if eps < 0:
        raise InvalidInput(f"eps = {written(eps)}; expected a number of at least 0")
    return eps


def as_share(value: object) -> Fraction:
    """A tolerance as a share of a difference of values, above 0."""
    eps = as_number(value, "eps")
    if eps <= 0:
        raise InvalidInput(f"eps = {written(eps)}; expected a number above 0")
    return eps


def as_eta(value: object) -> Fraction:
    """A mixing weight, strictly between 0 and 1."""
    eta = as_number(value, "eta")
    if not 0 < eta < 1:
        raise InvalidInput(
            f"eta = {written(eta)} lies outside (0, 1); f = (1-eta) U + eta B needs a share of both"
        )
    return eta


@checked
def show(point: Point) -> str:
    """A point as a reader writes it: `(1/2, 0)`; long points are cut in the middle."""
    if len(point) > 8:
        head, tail = ", ".join(map(written, point[:3])), ", ".join(map(written, point[-2:]))
        return f"({head}, ..., {tail}; d = {len(point)})"
    return "(" + ", ".join(map(written, point)) + ")"


def bits(value: Any) -> int:
    """The length of the longer of numerator and denominator of a fraction."""
    longest: int = max(value.numerator.bit_length(), value.denominator.bit_length())
    return longest


def check_short(what: str, numbers: Iterable[Any]) -> None:
    """Refuse numbers whose text, or that of what is computed from them, Python does not write.

    Raises
    ------
    InvalidInput : one is a fraction of more than 12000 bits.
    """
    if any(isinstance(q, (Fraction, Rational)) and bits(q) > LONGEST_BITS for q in numbers):
        raise InvalidInput(
            f"{what} has a number of more than {LONGEST_BITS} bits; expected a shorter one"
        )


def written(value: Any) -> str:
    """A number for a message: a fraction exact up to 400 bits, else to 12 digits; other numbers as `str` has them."""
    if not isinstance(value, Rational) or bits(value) <= 400:
        return str(value)
    return f"about {rounded(value)}"


def rounded(value: Rational) -> str:
    """12 digits of a fraction other than 0; with an E where it is beyond the range of floats."""
    context = Context(prec=12, Emax=MAX_EMAX, Emin=MIN_EMIN)
    near = context.divide(Decimal(int(value.numerator)), Decimal(int(value.denominator)))
    return f"{float(near):.12g}" if 1e-300 < abs(near) < 1e300 else str(near)
