"""What is known at a query once exemplars are shown too: consistency, and the sharp interval, per class.

An exemplar is a further point p with the unit's value y there. The fibre is then the set of f(x) over
all members f with the given visualization and f(p) = y for every exemplar. docs/bound.md has the proofs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_CEILING, Context
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.bounds.fibres import (
    BLOCK,
    F64,
    Brackets,
    Ends,
    Fibres,
    all_directed,
    as_floats,
    between,
)
from trompe.theory.bounds.sites import UNIT, Floats, Site, Surd, as_site, directed, squared_distance
from trompe.theory.bounds.unshown import (
    Additive,
    Coordinates,
    Gauge,
    Known,
    Neuron,
    Neuron1d,
    Unproved,
)
from trompe.theory.classes import FunctionClass, Lipschitz
from trompe.theory.exact import Point, check_short, written
from trompe.theory.functionals import exact_distance, metric
from trompe.theory.links import LeakyRelu
from trompe.theory.visualization import Visualization

__all__ = ["Cones", "Order", "Whole", "fibres"]

STEEPEST = 10**100
"""From this L/R on, floats are not used."""


# -- everything in (m, M) ----------------------------------------------------------------------------


class Whole(Fibres):
    """Black-box, networks, piecewise affine, ERM, Lipschitz with unknown constant: (m, M) at every other point.

    Every set of values strictly between m and M at points other than a and b is some member's.
    """

    def _exact(self, x: Point) -> Ends:
        return Ends(Surd(self.v.minimum), Surd(self.v.maximum))

    def _enclose(self, points: Floats) -> Brackets:
        n = points.shape[0]
        return between(np.zeros(n), np.ones(n), 0.0)


# -- cones ---------------------------------------------------------------------------------------------


class Cones(Fibres):
    """Lipschitz: the cones of slope L at every shown point, cut at m and M (McShane-Whitney)."""

    def check(self) -> None:
        self._refuse_steep_pairs()

    def _exact(self, x: Point) -> Ends:
        lowers, uppers = [Surd(self.v.minimum)], [Surd(self.v.maximum)]
        for site, point in zip(self.shown, self.points, strict=True):
            if self.cls.metric == "l2":
                square = squared_distance(x, point)
                lowers.append(Surd(site.value, -self.cls.constant, square))
                uppers.append(Surd(site.value, self.cls.constant, square))
            else:
                rise = self.cls.constant * self.cls.distance(x, point)
                lowers.append(Surd(site.value - rise))
                uppers.append(Surd(site.value + rise))
        return Ends(max(lowers), min(uppers))

    @cached_property
    def _slope(self) -> float:
        """L/R rounded up; infinite where it is too large to compute with."""
        ratio = self.cls.constant / self.v.range
        return directed(ratio)[1] if ratio < STEEPEST else math.inf

    def _enclose(self, points: Floats) -> Brackets:
        if self._slope == math.inf:
            raise self.refuse("L/R is beyond 10^100, too large for floats; ask with exact numbers")
        n = points.shape[0]
        low, low_a, low_z = (np.zeros(n) for _ in range(3))
        high, high_a, high_z = (np.ones(n) for _ in range(3))
        for site in self.shown:
            rise, error = self._rise(points, site)
            share = float(self.share(site.value))
            np.maximum(low, share - rise, out=low)
            np.maximum(low_a, share - rise - error, out=low_a)
            np.maximum(low_z, share - rise + error, out=low_z)
            np.minimum(high, share + rise, out=high)
            np.minimum(high_a, share + rise - error, out=high_a)
            np.minimum(high_z, share + rise + error, out=high_z)
        np.clip(low_z, 0, 1, out=low_z)
        np.clip(high_a, 0, 1, out=high_a)
        return Brackets(low, high, (low_a, low_z), (high_a, high_z), np.zeros(n, dtype=bool))

    def _rise(self, points: Floats, site: Site) -> tuple[Floats, Floats]:
        """L |x - s| / R, and how far it and a sum with a share of the range may be off."""
        distance, error = _distances(self.cls.metric, points, site)
        rise = self._slope * distance
        return rise, 1.01 * (self._slope * error + 8 * UNIT * (1 + rise))

    def _refuse_steep_pairs(self) -> None:
        """Is |y_j - y_k| <= L |s_j - s_k| for every two shown points? Decided exactly where it is close."""
        steep = [pair for pair in self._close_pairs() if self._is_steep(*pair[2:])]
        if not steep:
            return
        least = max(pair[0] for pair in steep)
        power, i, k = max(
            ((self._ratio(i, k), i, k) for _, most, i, k in steep if most >= least),
            key=lambda found: found[0],
        )
        raise self.refuse(
            f"L = {written(self.cls.constant)} is too small for {self.shown[k]} with the value "
            f"{written(self.shown[k].value)} and {self.shown[i]} with the value {written(self.shown[i].value)}; the least L "
            f"for which some member takes all shown values is {self._least(power)}"
        )

    def _close_pairs(self) -> list[tuple[float, float, int, int]]:
        """Pairs that may be too steep, with bounds on their slope as a share of L."""
        count = len(self.shown)
        if self._slope == math.inf:
            return [(0.0, math.inf, i, k) for i in range(count) for k in range(i)]
        height = max(1, BLOCK // (8 * self.v.dim))
        shares = as_floats([self.share(s.value) for s in self.shown])
        close = []
        for start in range(0, count, height):
            block = np.stack([s.near for s in self.shown[start : start + height]])
            for k in range(min(start + height, count) - 1):
                first = max(start, k + 1)
                rise, error = self._rise(block[first - start :], self.shown[k])
                gap = np.abs(shares[first : start + len(block)] - shares[k])
                for i in np.flatnonzero(gap + 4 * UNIT > rise - error).tolist():
                    least = max(gap[i] - 4 * UNIT, 0.0) / (rise[i] + error[i])
                    room = rise[i] - error[i]
                    most = (gap[i] + 4 * UNIT) / room if room > 0 else math.inf
                    close.append(
                        (float(least) * (1 - 1e-12), float(most) * (1 + 1e-12), first + i, k)
                    )
        return close

    def _ratio(self, i: int, k: int) -> Fraction:
        """|y_i - y_k| / |s_i - s_k|, squared for l2."""
        gap = abs(self.shown[i].value - self.shown[k].value)
        y, z = self.shown[i].exact, self.shown[k].exact
        if self.cls.metric == "l2":
            return gap * gap / squared_distance(y, z)
        return gap / Fraction(exact_distance(metric(self.cls.metric), y, z))

    def _is_steep(self, i: int, k: int) -> bool:
        power = 2 if self.cls.metric == "l2" else 1
        return self._ratio(i, k) > Fraction(self.cls.constant) ** power

    def _least(self, power: Fraction) -> str:
        """The least L from its power (the square for l2): exact where that is short, and rounded up."""
        is_square = self.cls.metric == "l2"
        exact = Surd(Fraction(0), Fraction(1), power).number if is_square else power
        is_short = max(map(int.bit_length, power.as_integer_ratio())) <= 200
        if isinstance(exact, Fraction) and is_short:
            return str(exact)
        up = Context(prec=12, rounding=ROUND_CEILING)
        bound = up.divide(power.numerator, power.denominator)
        if is_square:
            bound = up.next_plus(up.sqrt(bound))
        return f"sqrt({power}), at most {bound}" if is_short else f"at most {bound}"


def _distances(key: str, points: Floats, site: Site) -> tuple[Floats, Floats]:
    """|x - s| for the rows x of `points`, and how far it may be off.

    A coordinate of s is rounded by at most u/2 and a difference by at most u, so each difference is off
    by at most 2u. A sum of d terms in any order is off by the share d u at most. Both are doubled.
    """
    distance: Floats = metric(key)(points, site.near, F64)
    d = site.dim
    if key == "linf":
        return distance, np.full(distance.shape, 4 * UNIT)
    spread = d if key == "l1" else d**0.5
    return distance, 4 * UNIT * spread + 2 * (d + 4) * UNIT * distance


# -- order ---------------------------------------------------------------------------------------------


class Order(Fibres):
    """Monotone: the largest value shown at or below x, the smallest shown at or above it."""

    def check(self) -> None:
        wrong = [
            (lesser, greater)
            for k, high in enumerate(self.shown)
            for low in self.shown[:k]
            for lesser, greater in ((low, high), (high, low))
            if lesser.value > greater.value and lesser.at_most(greater)
        ]
        if wrong:
            raise self._refusal(wrong)

    def _refusal(self, wrong: list[tuple[Site, Site]]) -> InvalidInput:
        """The pair that is farthest apart, and the changes that would make all values consistent.

        With y_k replaced by half the sum of the largest value at or below s_k and the smallest at or
        above it, all values fit; none moves by more than half of the largest fall, and for that pair less
        is not enough.
        """
        lesser, greater = max(wrong, key=lambda pair: pair[0].value - pair[1].value)
        fall = lesser.value - greater.value
        change = (
            f"to move values by at most {written(fall / 2)} is enough if all that contradict each other are moved, "
            "less is not"
        )
        for moved in (lesser, greater):
            if all(moved in pair for pair in wrong):
                others = [s for s in self.shown if s is not moved]
                low = max(s.value for s in others if s.at_most(moved))
                high = min(s.value for s in others if moved.at_most(s))
                change += f"; or to give {moved.name} a value from {written(low)} to {written(high)}, strictly between m and M"
        return self.refuse(
            f"{lesser} has the value {written(lesser.value)} and lies below {greater} in every coordinate, which "
            f"has the smaller value {written(greater.value)}; no monotone function takes both; {change}"
        )

    def _exact(self, x: Point) -> Ends:
        below = [
            s.value for s, p in self._pairs if all(pi <= xi for pi, xi in zip(p, x, strict=True))
        ]
        above = [
            s.value for s, p in self._pairs if all(pi >= xi for pi, xi in zip(p, x, strict=True))
        ]
        return Ends(Surd(max(below)), Surd(min(above)))

    @property
    def _pairs(self) -> Iterable[tuple[Site, Point]]:
        return zip(self.shown, self.points, strict=True)

    def _enclose(self, points: Floats) -> Brackets:
        levels = sorted({s.value for s in self.shown})
        lower = np.zeros(points.shape[0], dtype=np.intp)
        upper = np.full(points.shape[0], len(levels) - 1, dtype=np.intp)
        for site in self.shown:
            rank = levels.index(site.value)
            above, below = (site.above <= points).all(-1), (site.below >= points).all(-1)
            lower[above] = np.maximum(lower[above], rank)
            upper[below] = np.minimum(upper[below], rank)
        shares = [self.share(level) for level in levels]
        near, (low, high) = as_floats(shares), all_directed(shares)
        return Brackets(
            near[lower],
            near[upper],
            (low[lower], high[lower]),
            (low[upper], high[upper]),
            lower == upper,
        )


# -- which class is which --------------------------------------------------------------------------------


def _kind(cls: FunctionClass, with_exemplars: bool) -> type[Fibres]:
    key = cls.key
    if key in ("affine", "convex"):
        if not with_exemplars:
            return Coordinates if key == "affine" else Gauge
        from trompe.theory.bounds.linear import AffineWeights, Supports

        return AffineWeights if key == "affine" else Supports
    if key == "neuron" and with_exemplars and isinstance(cls.function, LeakyRelu):  # type: ignore[attr-defined]
        from trompe.theory.bounds.linear import LinkedWeights

        return LinkedWeights
    kinds: dict[str, type[Fibres]] = {
        "lipschitz": Cones,
        "monotone": Order,
        "affine-1d": Known,
        "constant": Known,
        "neuron": Neuron,
        "neuron-1d": Neuron1d,
        "additive": Additive,
    }
    whole = ("black-box", "neural-network", "erm", "piecewise-affine", "lipschitz-unknown")
    return kinds.get(key, Whole if key in whole else Unproved)


def fibres(cls: FunctionClass, v: Visualization, exemplars: Iterable[Any] = ()) -> Fibres:
    """What follows from v and the exemplars, checked for consistency.

    Parameters
    ----------
    exemplars : pairs (point, value); a point is a sequence of exact numbers, or a float array that is
        kept as it is and meant exactly.

    Raises
    ------
    InvalidInput : no member has this visualization and these values; the message says why and what
        change would make it consistent.
    """
    _check_lengths(cls, v)
    items = [as_site(item, f"exemplars[{k}]", v.dim) for k, item in enumerate(exemplars)]
    if isinstance(cls, Lipschitz):
        _with_room(cls, v).check_visualization(
            v
        )  # L itself is judged with the exemplars, all at once
    else:
        cls.check_visualization(v)
    shown = [Site(a, v.minimum, "argmin") for a in v.argmin_set]
    shown += [Site(b, v.maximum, "argmax") for b in v.argmax_set if v.range]
    if (data := getattr(cls, "data", None)) is not None:
        pairs = zip(data.inputs, data.labels, strict=True)
        shown += [Site(s, y, f"training input {j}") for j, (s, y) in enumerate(pairs)]
    at = {site.key: site for site in shown}
    fresh: list[Site] = []
    for item in items:
        other = at.setdefault(item.key, item)
        if other is item:
            fresh.append(item)
        elif other.value != item.value:
            raise InvalidInput(
                f"{cls.key}: {item} has the value {written(item.value)}, but the same point is {other.name} with the "
                f"value {written(other.value)}; a point has one value, leave one of them out"
            )
    kind = _kind(cls, bool(fresh))
    if v.range:
        for item in fresh:
            _check_inside(cls, v, item)
    return kind(cls, v, (*shown, *fresh), fresh)


def _check_lengths(cls: FunctionClass, v: Visualization) -> None:
    check_short("the visualization", [v.minimum, v.maximum])
    check_short("the visualization", (q for z in (*v.argmin_set, *v.argmax_set) for q in z))
    for name in ("constant", "slope"):
        check_short(f"{cls.key}: {name}", [getattr(cls, name, 0)])
    if (data := getattr(cls, "data", None)) is not None:
        check_short(f"{cls.key}: the data", (q for z in data.inputs for q in z))
        check_short(f"{cls.key}: the data", data.labels)


def _with_room(cls: Lipschitz, v: Visualization) -> Lipschitz:
    """The same class with a constant that is large enough for every pair of different extremes."""
    reach = exact_distance(metric("linf"), v.argmin, v.argmax) or 1
    return Lipschitz(max(Fraction(cls.constant), v.range / Fraction(reach)), cls.metric)


def _check_inside(cls: FunctionClass, v: Visualization, item: Site) -> None:
    """An exemplar's value is strictly between m and M: both extremes are unique."""
    if v.minimum < item.value < v.maximum:
        return
    if item.value in (v.minimum, v.maximum):
        which = "minimiser" if item.value == v.minimum else "maximiser"
        why = f"would be a second {which}, but the visualization shows all of them"
    else:
        why = f"lies outside [m, M] = [{written(v.minimum)}, {written(v.maximum)}]"
    raise InvalidInput(
        f"{cls.key}: {item} has the value {written(item.value)} and {why}; a value strictly between "
        f"{written(v.minimum)} and {written(v.maximum)} would be consistent with that"
    )
