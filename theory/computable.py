"""Real numbers that can be enclosed as narrowly as one likes, for values that are no fractions.

A neuron's value is a quotient of powers or of exponentials and logarithms. No float is it and few
fractions are; its place among other numbers is decided by interval arithmetic with more and more bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from typing import Any, TypeAlias

from trompe.ground.errors import InvalidInput

Interval: TypeAlias = Any
"""An interval of mpmath, rounded outward."""

FIRST_BITS, LAST_BITS = 64, 1 << 14
_TEXT_DIGITS = 12


class Undecided(InvalidInput, TypeError):
    """Two numbers that agree to LAST_BITS bits and are not known to be equal; a TypeError as with SymPy's."""


class Computable:
    """A real number, given by an enclosure for every precision.

    Sums, products and quotients with fractions, integers and other such numbers are such numbers.
    Comparison is exact: precision doubles until the two enclosures are apart.

    Parameters
    ----------
    enclose : from mpmath's interval context to an interval that holds the number; it narrows to the
        number as the context's precision grows. key : what the number is made of. Numbers with equal
        keys are equal.

    Raises
    ------
    Undecided : by a comparison, where the two numbers agree to LAST_BITS bits but are not known to
        be equal.
    """

    __slots__ = ("_enclose", "_known", "key")

    is_number = is_real = True
    """What numbers of SymPy say of themselves."""

    def __init__(self, enclose: Callable[[Any], Interval], key: Any) -> None:
        # Not first where two of them are compared: that may be in a loop of NumPy's (see `elementwise`).
        import_module("mpmath")
        self._enclose, self.key = enclose, key
        self._known: tuple[int, Interval] | None = None

    def enclosure(self, bits: int) -> Interval:
        """An interval that holds the number, computed with this many bits."""
        from mpmath import iv  # type: ignore[import-untyped]

        if self._known is None or self._known[0] != bits:
            before, iv.prec = iv.prec, bits
            try:
                self._known = bits, self._enclose(iv)
            finally:
                iv.prec = before
        return self._known[1]

    # -- arithmetic -------------------------------------------------------------------------------

    def _with(self, other: Any, name: str, operation: Callable[[Any, Any], Any]) -> Any:
        if not isinstance(other, (Computable, Fraction, int)):
            return NotImplemented
        key = other.key if isinstance(other, Computable) else Fraction(other)
        return Computable(
            lambda iv: operation(_again(self, iv), _again(other, iv)), (name, self.key, key)
        )

    def __add__(self, other: Any) -> Any:
        return self._with(other, "+", lambda p, q: p + q)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return self._with(other, "*", lambda p, q: p * q)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Computable) and other.key == self.key:
            return Fraction(0)
        return self._with(other, "-", lambda p, q: p - q)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, "from", lambda p, q: q - p)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, "/", lambda p, q: p / q)

    def __neg__(self) -> Computable:
        return Computable(lambda iv: -_again(self, iv), ("neg", self.key))

    def __abs__(self) -> Computable:
        return self if self >= 0 else -self

    # -- order ------------------------------------------------------------------------------------

    def _sign_of_difference(self, other: Any) -> int:
        """-1, 0 or 1 as the number is below, equal to or above the other."""
        if isinstance(other, Computable) and other.key == self.key:
            return 0
        bits = FIRST_BITS
        while bits <= LAST_BITS:
            p = self.enclosure(bits)
            q = other.enclosure(bits) if isinstance(other, Computable) else _fraction(other, bits)
            if p.b < q.a:
                return -1
            if p.a > q.b:
                return 1
            bits *= 2
        raise Undecided(
            f"{self} and {other} agree to {LAST_BITS} bits, but may differ; ask with simpler numbers, or with "
            "numbers that are not at the very edge of a condition"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Computable, Fraction, int)):
            return NotImplemented
        return self._sign_of_difference(other) == 0

    def __lt__(self, other: Any) -> bool:
        return self._sign_of_difference(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._sign_of_difference(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._sign_of_difference(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._sign_of_difference(other) >= 0

    def __hash__(self) -> int:
        return hash(self.key)

    # -- rounded ----------------------------------------------------------------------------------

    def _middle(self) -> Any:
        """The middle of an enclosure that is narrow against the number (or has LAST_BITS bits), as a number of mpmath."""
        from mpmath import mp

        bits = 2 * FIRST_BITS
        while bits < LAST_BITS:
            held = self.enclosure(bits)
            if held.delta < mp.inf and held.delta * 2**FIRST_BITS <= abs(held.mid):
                break
            bits *= 2
        return mp.mpf(self.enclosure(bits).mid)

    def __float__(self) -> float:
        """Rounded; 0 or infinite where the number is beyond the range of floats."""
        return float(self._middle())

    def __str__(self) -> str:
        middle = self._middle()
        near = float(middle)
        if near and math.isfinite(near):
            return f"{near:.{_TEXT_DIGITS}g}..."
        from mpmath import nstr

        return f"{nstr(middle, _TEXT_DIGITS)}..."

    def __repr__(self) -> str:
        return f"Computable({self})"


def as_interval(value: Fraction | int, iv: Any) -> Interval:
    """A fraction as an interval of the context `iv`."""
    q = Fraction(value)
    return iv.mpf(q.numerator) / iv.mpf(q.denominator)


def _again(value: Any, iv: Any) -> Interval:
    return value._enclose(iv) if isinstance(value, Computable) else as_interval(value, iv)


def _fraction(value: Fraction | int, bits: int) -> Interval:
    return Computable(lambda iv: as_interval(value, iv), value).enclosure(bits)
