"""How many exemplars it takes, at least, to decide a Lipschitz unit everywhere: lower bounds from volumes.

Every number that is printed is proved by its `argument` and beside it. Volumes and logarithms are intervals that hold them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.ground.arguments import Dim, checked
from trompe.ground.errors import InvalidInput, known
from trompe.theory.computable import Computable, Interval, as_interval
from trompe.theory.exact import as_eps, as_number, check_short, written
from trompe.theory.functionals import metric as _metric

WRITTEN = 300
"""From 10^300 on, near the end of floats, only the logarithm is given."""

_BITS = 1200
"""Of the intervals; 10^300 has 997."""


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


_EPS = Fraction(1, 4)


@checked
def budget(
    constant: Any,
    range: Any,  # noqa: A002
    dim: Dim,
    metric: str = "l1",
    task: str = "side",
    eps: Any = _EPS,
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
    InvalidInput : L or R not positive, d < 1, an eps for side, or L so small that no unit has this range.
    UnknownKey : no such metric or task.
    """
    L, R = as_number(constant, "Lipschitz constant"), as_number(range, "range")
    check_short("budget", (L, R))
    _metric(metric)
    known("task", task, ("side", "eps"))
    share = as_eps(eps)
    if task == "side" and share != _EPS:
        raise InvalidInput(f"eps = {written(share)} belongs to task eps; leave it out")
    for what, value in (("Lipschitz constant", L), ("range", R)):
        if value <= 0:
            raise InvalidInput(f"budget: {what} = {written(value)}; expected a positive number")
    _check_feasible(L, R, dim, metric)
    if task == "side":
        radius = R / (2 * L)
        needed = _least(lambda iv: 1 / _volume(iv, metric, dim, radius), 2)
        return Budget(task, *needed, _side_argument(L, R, dim, metric, radius))
    near, far = share * R / L, (Fraction(1, 2) + share) * R / L
    needed = _least(
        lambda iv: (1 - 2 * _volume(iv, metric, dim, far)) / _volume(iv, metric, dim, near), 0
    )
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


def _volume(iv: Any, key: str, d: int, r: Fraction) -> Interval:
    """The volume of a ball of radius r in R^d: (2r)^d / d!, (2r)^d, or r^d pi^(d/2) / Gamma(d/2 + 1).

    For even d = 2k the last is r^d pi^k / k!; for odd d = 2k + 1 it is 2^(2k+1) k! r^d pi^k / (2k+1)!.
    """
    cube = as_interval(2 * r, iv) ** d
    if key == "linf":
        return cube
    if key == "l1":
        return cube / math.factorial(d)
    k, odd = divmod(d, 2)
    if not odd:
        return cube * (iv.pi / 4) ** k / math.factorial(k)
    return cube * iv.pi**k * math.factorial(k) / math.factorial(d)


def _least(needed: Callable[[Any], Interval], shown: int) -> tuple[int | None, float]:
    """The least number that is `needed`, less those that are shown anyway, and its logarithm.

    A bound that rounding leaves between two integers is taken at the lower end, which is a bound too.
    """
    from mpmath.libmp import to_int  # type: ignore[import-untyped]

    found = Computable(needed, None).enclosure(_BITS)
    if found >= 10**WRITTEN:
        return None, _log10(found)  # one or two less do not show in four decimals
    lower, _ = found._mpi_
    count = max(0, to_int(lower, "c") - shown) if found > 0 else 0
    return count, _log10(count) if count else -math.inf


def _log10(value: Any) -> float:
    """At most the decimal logarithm: rounded down to four decimals (to the next float for what has none)."""
    from mpmath.libmp import to_int

    def scaled(iv: Any) -> Interval:
        return 10_000 * iv.log(iv.mpf(value)) / iv.log(iv.mpf(10))

    lower, _ = Computable(scaled, None).enclosure(_BITS)._mpi_
    found: float = to_int(lower, "f") / 10_000
    return found if abs(found) < 1e11 else math.nextafter(found, -math.inf)


# -- arguments -----------------------------------------------------------------------------------------


def _side_argument(L: Fraction, R: Fraction, dim: int, key: str, radius: Fraction) -> str:
    """The proof for side.

    Its last sentence: let f be K-Lipschitz, K < L, and suppose that some finite number of exemplars decides side everywhere.
    The closed sets {U <= mid} and {W >= mid} cover the connected X and contain a and b, so they meet: U(x0) = W(x0) = mid
    at some x0. The cones that attain them are at shown points with y_j - L r_j = mid = y_k + L r_k, at distances r from x0.
    So L (r_j + r_k) = y_j - y_k <= K |s_j - s_k| <= K (r_j + r_k), and r_j = r_k = 0: x0 itself is shown with the value mid.
    Of points x -> x0 that are not shown infinitely many have W(x) >= mid (or U(x) <= mid, likewise), by the cone of one
    s_j, not of x0, whose cone is below mid there. In the limit y_j - L |x0 - s_j| >= mid = f(x0) with s_j != x0, against
    the constant K.
    """
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
    """The proof for approx.

    f is L-Lipschitz with this visualization since R <= L|a-b|. At such an x the cone from a is above mid + eps R, and so is that
    of an exemplar p: either f(p) >= mid, or f(p) = m + L|p-a| and f(p) + L|x-p| >= m + L|x-a|. Hence U(x) > mid + eps R,
    likewise W(x) < mid - eps R.
    """
    return (
        f"Let v be any visualization of a unit on X = [0,1]^{dim} that is L-Lipschitz in {key}, L = {L}, with range R = {R}. The unit "
        "f(z) = max(min(mid, m + L|z-a|), M - L|z-b|) has this visualization: it is the midrange but for two cones. "
        f"At an x that is farther than eps R/L = {near} from all n exemplars and farther than (1/2 + eps) R/L = {far} "
        "from a and b, the cones from all values of f leave open everything within eps R of mid and a little more on "
        f"either side, so no answer is within eps R (eps = {eps}) for all units that fit. Hence the balls of these radii "
        f"cover X, and n vol(ball of radius {near}) + 2 vol(ball of radius {far}) >= 1. So for every such v there is a "
        "unit, this f, for which no smaller set of exemplars will do, however it is chosen. Other units may need fewer."
    )
