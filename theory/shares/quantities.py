"""Numbers of the sharp table: exact where they can be, else between two bounds, however small.

A share such as 2^-150528 is far below what a float holds. A quantity therefore keeps decimals of a
wide exponent, and a fraction where that is short enough to be written out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any, Literal

from trompe.ground.errors import InvalidInput

DIGITS = 50
"""Significant digits of the decimals."""
WRITTEN_BITS = 12_000
"""A fraction of more bits is kept as a sum of powers; Python writes no more than 4300 digits."""

Kind = Literal["exact", "closed form", "enclosed", "sampled"]


def wide() -> Context:
    """A decimal context with room for 10^(-10^17)."""
    return Context(prec=DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX)


@dataclass(frozen=True)
class Term:
    """coefficient * base^exponent; numbers, or symbols where a check asks for them."""

    coefficient: Any
    base: Any
    exponent: Any

    @property
    def value(self) -> Any:
        """The term multiplied out."""
        return self.coefficient * self.base**self.exponent


@dataclass(frozen=True)
class Quantity:
    """A number, or an interval that holds it.

    exact: a rational number. closed form: an algebraic or transcendental one, to 40 digits.
    enclosed: some number between `lower` and `upper`, both proved. sampled: the estimate is
    `estimate`, and [lower, upper] is an interval of a stated confidence; no proof.
    """

    kind: Kind
    lower: Decimal
    upper: Decimal
    form: str = ""
    """How it is written: `1/4`, `(1/2)^150528`, `pi/16`; empty where only bounds are known."""
    fraction: Fraction | None = None
    """The number itself where it is rational and short enough to be written out."""
    estimate: Decimal | None = None

    @property
    def is_known(self) -> bool:
        """Is it one number, not only an interval?"""
        return self.kind in ("exact", "closed form")

    @property
    def value(self) -> Decimal:
        """The number, the estimate, or the middle of the bounds."""
        if self.estimate is not None:
            return self.estimate
        with localcontext(wide()):
            return (self.lower + self.upper) / 2

    @property
    def log10(self) -> float | None:
        """The decimal logarithm of the number (of the upper bound where only bounds are known)."""
        value = self.upper if self.kind == "enclosed" else self.value
        if value <= 0:
            return None
        with localcontext(wide()):
            return float(value.log10())

    def holds(self, low: Decimal, high: Decimal) -> bool:
        """Does [low, high] meet [lower, upper]?"""
        return low <= self.upper and self.lower <= high


def _decimal(value: Fraction | int) -> Decimal:
    q = Fraction(value)
    with localcontext(wide()):
        return Decimal(q.numerator) / Decimal(q.denominator)


def exact(value: Fraction | int) -> Quantity:
    """A rational number."""
    return powers(Term(Fraction(value), Fraction(1), 1))


def powers(*terms: Term) -> Quantity:
    """A sum of rational terms, exact however large the exponents are."""
    terms = tuple(t for t in terms if t.coefficient and (t.base or not t.exponent))
    with localcontext(wide()):
        parts = [
            _decimal(t.coefficient) * (_decimal(t.base) ** t.exponent if t.exponent else Decimal(1))
            for t in terms
        ]
        value = sum(parts, Decimal(0))
        largest = max((abs(part) for part in parts), default=Decimal(0))
    fraction = None
    if sum(map(_bits, terms)) <= WRITTEN_BITS:
        fraction = sum((Fraction(t.value) for t in terms), Fraction(0))
        value = _decimal(fraction)
    elif abs(value) < largest.scaleb(-DIGITS // 2, wide()):
        raise InvalidInput(
            f"the numbers of a share cancel beyond the {DIGITS} digits that are kept; give a smaller d"
        )
    return Quantity("exact", value, value, _form(terms, fraction), fraction)


def _form(terms: Iterable[Term], fraction: Fraction | None) -> str:
    if fraction is not None:
        return str(fraction)
    if any(_bits(Term(t.coefficient, t.base, 1)) > WRITTEN_BITS for t in terms):
        return ""
    return " + ".join(map(_written, terms))


def _bits(term: Term) -> int:
    def size(value: Fraction) -> int:
        q = Fraction(value)
        return max(abs(q.numerator).bit_length(), q.denominator.bit_length()) - (abs(q) == 1)

    return size(term.coefficient) + int(term.exponent) * size(term.base)


def _written(term: Term) -> str:
    base = str(term.base) if Fraction(term.base).denominator == 1 else f"({term.base})"
    power = f"{base}^{term.exponent}"
    return power if term.coefficient == 1 else f"{term.coefficient}*{power}"


def algebraic(expression: Any) -> Quantity:
    """A SymPy expression without symbols."""
    if expression.is_Rational:
        return exact(Fraction(int(expression.p), int(expression.q)))
    value = Decimal(str(expression.evalf(40)))
    return Quantity("closed form", value, value, str(expression))


def between(lower: Any, upper: Any) -> Quantity:
    """Some number in [lower, upper]; fractions, decimals or floats."""
    low, high = (q if isinstance(q, Decimal) else _decimal(Fraction(q)) for q in (lower, upper))
    return Quantity("enclosed", low, high)


def sampled(estimate: float, lower: float, upper: float) -> Quantity:
    """An estimate with its confidence interval."""
    return Quantity("sampled", Decimal(lower), Decimal(upper), "", None, Decimal(estimate))


def total(parts: Iterable[Quantity]) -> Quantity:
    """The sum of quantities that are not sampled, as exact as its parts."""
    items = list(parts)
    if all(q.fraction is not None for q in items):
        return exact(sum((q.fraction for q in items if q.fraction is not None), Fraction(0)))
    if len(items) == 2 and items[0] == items[1] and items[0].is_known:
        return _doubled(items[0])
    with localcontext(wide()):
        low = sum((q.lower for q in items), Decimal(0))
        high = sum((q.upper for q in items), Decimal(0))
    if all(q.is_known for q in items):
        kind: Kind = "exact" if all(q.kind == "exact" for q in items) else "closed form"
        return Quantity(kind, low, high, " + ".join(q.form for q in items))
    return Quantity("enclosed", low, high)


def _doubled(q: Quantity) -> Quantity:
    with localcontext(wide()):
        twice = 2 * q.value
    return Quantity(q.kind, twice, twice, f"2*({q.form})")
