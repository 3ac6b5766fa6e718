"""How many exemplars it takes, at least, to decide a Lipschitz unit everywhere: lower bounds from volumes.

Every number that is printed is proved in docs/bound.md. Volumes of l1 and linf balls are rational. That of an
l2 ball is a rational number times a power of pi, which is enclosed between rationals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.ground.errors import InvalidInput, UnknownKey
from trompe.theory.exact import as_eps, as_number
from trompe.theory.functionals import metric as _metric

__all__ = ["Budget", "budget"]

WRITTEN = 300
"""From 10^300 on, near the end of floats, only the logarithm is given."""

Bounds = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Budget:
    """A lower bound on the number of exemplars.

    `at_least` is None where the bound exceeds 10^300; `log10_at_least` is at most its decimal logarithm
    (minus infinity for 0). `argument` is the proof in words, with what the bound is about.
    """

    task: str
    at_least: int | None
    log10_at_least: float
    argument: str


@dataclass(frozen=True)
class _Scaled:
    """A positive number: rational * pi^power, power >= 0."""

    rational: Fraction
    power: int = 0


def budget(
    constant: Any,
    range: Any,  # noqa: A002
    dim: int,
    metric: str = "l1",
    task: str = "side",
    eps: Any = Fraction(1, 4),
) -> Budget:
    """A lower bound on the number of exemplars that decide `task` at every x of [0, 1]^dim.

    Parameters
    ----------
    constant, range : L > 0 and R = M - m > 0, exact. metric : l1, l2 or linf.
    task : "side", or "eps" for predicting f(x) up to eps R, 0 < eps < 1/2.

    For side the bound holds for every L-Lipschitz unit of range R, whatever its visualization and
    whichever exemplars are shown. For eps there is, for every visualization that such a unit can have,
    a unit with that visualization for which it holds, whichever exemplars are shown.

    Raises
    ------
    InvalidInput : L or R not positive, d < 1, or L so small that no unit has this range.
    UnknownKey : no such metric or task.
    """
    L, R = as_number(constant, "Lipschitz constant"), as_number(range, "range")
    _metric(metric)
    if task not in ("side", "eps"):
        raise UnknownKey("task", task, ("side", "eps"))
    for what, value in (("Lipschitz constant", L), ("range", R)):
        if value <= 0:
            raise InvalidInput(f"budget: {what} = {value}; expected a positive number")
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise InvalidInput(f"budget: dim = {dim!r}; expected an integer of at least 1")
    _check_feasible(L, R, dim, metric)
    if task == "side":
        radius = R / (2 * L)
        needed = _count(lambda r: _volume(metric, dim, r), radius, None)
        return Budget(task, *_less(needed, 2), _side_argument(L, R, dim, metric, radius))
    share = as_eps(eps)
    near, far = share * R / L, (Fraction(1, 2) + share) * R / L
    needed = _count(lambda r: _volume(metric, dim, r), near, far)
    return Budget(task, *needed, _eps_argument(L, R, dim, metric, share, near, far))


def _check_feasible(L: Fraction, R: Fraction, dim: int, key: str) -> None:
    """R <= L diam(X), or no L-Lipschitz unit has this range."""
    squared = {"l1": Fraction(dim) ** 2, "l2": Fraction(dim), "linf": Fraction(1)}[key]
    if L * L * squared < R * R:
        reach = {"l1": str(dim), "l2": f"sqrt({dim})", "linf": "1"}[key]
        least = {"l1": str(R / dim), "l2": f"{R}/sqrt({dim})", "linf": str(R)}[key]
        raise InvalidInput(
            f"budget: no unit on [0, 1]^{dim} that is Lipschitz with L = {L} has the range {R}; the box has diameter {reach} "
            f"in {key}, so L must be at least {least}"
        )


# -- volumes -------------------------------------------------------------------------------------------


def _volume(key: str, d: int, r: Fraction) -> _Scaled:
    """The volume of a ball of radius r in R^d: (2r)^d / d!, (2r)^d, or r^d pi^(d/2) / Gamma(d/2 + 1).

    For even d = 2k the last is r^d pi^k / k!; for odd d = 2k + 1 it is 2^(2k+1) k! r^d pi^k / (2k+1)!.
    """
    if key == "linf":
        return _Scaled((2 * r) ** d)
    if key == "l1":
        return _Scaled((2 * r) ** d / math.factorial(d))
    k, odd = divmod(d, 2)
    if not odd:
        return _Scaled(r**d / math.factorial(k), k)
    return _Scaled(r**d * 2**d * math.factorial(k) / math.factorial(d), k)


def _count(
    volume: Callable[[Fraction], _Scaled], near: Fraction, far: Fraction | None
) -> tuple[int | None, float]:
    """The least n with n vol(near) + 2 vol(far) >= 1, the second term only where `far` is given.

    A bound that pi leaves between two integers is taken at the lower end, which is a bound too.
    """
    small = volume(near)
    large = volume(far) if far is not None else None
    if large is not None and _log10(large)[0] >= 0:
        return 0, -math.inf
    least = -_log10(small)[1]
    if least >= WRITTEN:
        # The 10^-12 is far more than the rounding of the power and of the difference.
        rest = 1.0 if large is None else 1 - 2 * 10 ** _log10(large)[1] - 1e-12
        return (None, _down(least + math.log10(rest))) if rest > 0 else (0, -math.inf)
    digits = max(0, math.ceil(-_log10(small)[0])) + 30
    taken = 2 * _enclosed(large, digits)[1] if large is not None else Fraction(0)
    if taken >= 1:
        return 0, -math.inf
    count = math.ceil((1 - taken) / _enclosed(small, digits)[1])
    return count, _down(_log10(_Scaled(Fraction(count)))[0])


def _less(needed: tuple[int | None, float], shown: int) -> tuple[int | None, float]:
    """The bound less the two extremes, which are shown anyway."""
    count, log = needed
    if count is None:
        return None, log  # 2 is far less than the slack of the logarithm takes away
    count = max(0, count - shown)
    return count, _down(_log10(_Scaled(Fraction(count)))[0]) if count else -math.inf


def _enclosed(number: _Scaled, digits: int) -> Bounds:
    """Rationals on either side, relatively about 10^-digits apart."""
    if not number.power:
        return number.rational, number.rational
    unit = 10 ** (digits + len(str(number.power)) + 5)
    low, high = _pi(unit)
    below, above = unit, unit
    for bit in f"{number.power:b}":  # square and multiply, rounded down and up
        below, above = below * below // unit, -(-above * above // unit)
        if bit == "1":
            below, above = below * low // unit, -(-above * high // unit)
    return number.rational * Fraction(below, unit), number.rational * Fraction(above, unit)


def _pi(unit: int) -> tuple[int, int]:
    """Integers on either side of pi * unit: pi = 16 arctan(1/5) - 4 arctan(1/239) (Machin)."""
    (low5, high5), (low239, high239) = _arctan(5, unit), _arctan(239, unit)
    return math.floor(16 * low5 - 4 * high239), math.ceil(16 * high5 - 4 * low239)


def _arctan(n: int, unit: int) -> Bounds:
    """unit * arctan(1/n) between two partial sums of its alternating series, a tenth apart at most."""
    total, k, term = Fraction(0), 0, Fraction(unit, n)
    while True:
        before, total = total, total + (-1) ** k * term / (2 * k + 1)
        if abs(total - before) < Fraction(1, 100):
            return min(before, total), max(before, total)
        term, k = term / (n * n), k + 1


def _log10(number: _Scaled) -> tuple[float, float]:
    """Floats on either side of the decimal logarithm.

    Integers are cut to their leading 60 bits, so each logarithm is that of a number between t and t + 1,
    t of 60 bits, plus a multiple of log10(2). The C library's log10 is taken to be within 4 units in the last
    place; every sum is widened by 2^-48 of the largest term.
    """
    top, bottom = _log10_int(number.rational.numerator), _log10_int(number.rational.denominator)
    pi = number.power * math.log10(math.pi)
    slack = 2.0**-48 * (abs(top) + abs(bottom) + abs(pi) + 1)
    value = top - bottom + pi
    return value - slack, value + slack


def _log10_int(n: int) -> float:
    shift = max(0, n.bit_length() - 60)
    return math.log10(n >> shift) + shift * math.log10(2)


def _down(value: float) -> float:
    """Rounded down to four decimals (to the next float for what has none)."""
    return (
        math.floor(value * 10_000) / 10_000
        if abs(value) < 1e11
        else math.nextafter(value, -math.inf)
    )


# -- arguments -----------------------------------------------------------------------------------------


def _side_argument(L: Fraction, R: Fraction, dim: int, key: str, radius: Fraction) -> str:
    return (
        f"Let f be any unit on X = [0,1]^{dim} that is L-Lipschitz in {key}, L = {L}, with range R = {R}, shown with its extremes "
        "and the values at n exemplars. A point s with the value y leaves every value up to y + L|x-s| >= m + L|x-s| "
        f"and down to y - L|x-s| <= M - L|x-s| open. So at an x that is farther than R/(2L) = {radius} from all n + 2 "
        "shown points the interval reaches to both sides of the midrange, and no answer is right for all units that "
        f"fit. Hence the n + 2 balls of radius {radius} cover X, which has volume 1, and n + 2 >= 1/vol(ball). This "
        "holds for every such f and every choice of exemplars. It is a lower bound only: for a unit that is "
        "Lipschitz with a constant below L no finite number of exemplars decides the side everywhere."
    )


def _eps_argument(
    L: Fraction, R: Fraction, dim: int, key: str, eps: Fraction, near: Fraction, far: Fraction
) -> str:
    return (
        f"Let v be any visualization of a unit on X = [0,1]^{dim} that is L-Lipschitz in {key}, L = {L}, with range R = {R}. The unit "
        "f(z) = max(min(mid, m + L|z-a|), M - L|z-b|) has this visualization: it is the midrange but for two cones. "
        f"At an x that is farther than eps R/L = {near} from all n exemplars and farther than (1/2 + eps) R/L = {far} "
        "from a and b, the cones from all values of f leave open everything within eps R of mid and a little more on "
        f"either side, so no answer is within eps R (eps = {eps}) for all units that fit. Hence the balls of these radii "
        f"cover X, and n vol(ball of radius {near}) + 2 vol(ball of radius {far}) >= 1. So for every such v there is a "
        "unit, this f, for which no smaller set of exemplars will do, however it is chosen. Other units may need fewer."
    )
