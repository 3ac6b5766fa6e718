"""Lipschitz functions with a known constant: the cones at what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.constructions.cones import ConeTriple, cone_parameters
from trompe.constructions.draws import (
    Member,
    Pick,
    Value,
    between_cones,
    distance,
    distinct,
    draw_point,
    draw_rational,
    ends,
    one_of,
    several,
    texts,
)
from trompe.constructions.questions import HALF, far, flat_point
from trompe.constructions.row import Row
from trompe.constructions.triples import Construction, Scale, Triple
from trompe.theory import (
    FunctionClass,
    Lipschitz,
    Point,
    Task,
    Visualization,
    as_number,
)
from trompe.theory.fibres import Fibres
from trompe.theory.functionals import (
    exact_distance,
    linf,
    metric,
)
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.rationals import RATIONALS


@dataclass(frozen=True)
class LipschitzScale(Scale):
    """m, M and L."""

    constant: Any


@dataclass(frozen=True)
class LipschitzParameters(LipschitzScale):
    """Also the extremes and the metric's key."""

    a: Any
    b: Any
    metric: str


class LipschitzTriple(Construction):
    """The cones: as steep as L allows, up from a and down from b, cut at M and m."""

    row = "lipschitz"
    formulas = {
        "U": "min(M, m + L |z-a|)",
        "W": "max(m, M - L |z-b|)",
        "B": "(U(z) + W(z))/2",
    }

    class Features(NamedTuple):
        """The distances of z to a and to b."""

        from_a: Array
        from_b: Array

    def parameters(self, cls: Lipschitz, v: Visualization, x: Point) -> LipschitzParameters:
        return LipschitzParameters(
            v.minimum, v.maximum, cls.constant, v.argmin, v.argmax, cls.metric
        )

    def features(self, z: Array, p: LipschitzParameters, xp: ArrayNamespace) -> Features:
        distance = metric(p.metric)
        return self.Features(distance(z, p.a, xp), distance(z, p.b, xp))

    def upper(self, features: Features, p: LipschitzScale, xp: ArrayNamespace) -> Array:
        return xp.minimum(p.high, p.low + p.constant * features.from_a)

    def lower(self, features: Features, p: LipschitzScale, xp: ArrayNamespace) -> Array:
        return xp.maximum(p.low, p.high - p.constant * features.from_b)

    def strict(self, features: Features, p: LipschitzScale, xp: ArrayNamespace) -> Array:
        both = self.upper(features, p, xp) + self.lower(features, p, xp)
        return both * xp.number(Fraction(1, 2))


def flat(
    low: Any, high: Any, slope: Any, from_a: Array, from_b: Array, xp: ArrayNamespace
) -> Array:
    """max(min(mid, m + L |z-a|), M - L |z-b|): the midrange but for a cone at a and a cone at b.

    With R <= L |a-b| it is L-Lipschitz with the unique extremes a and b. Exemplars say the least of it:
    `budget` counts how many it takes.
    """
    mid = (low + high) * xp.number(HALF)
    return xp.maximum(xp.minimum(mid, low + slope * from_a), high - slope * from_b)


# -- random members and questions ---------------------------------------------------------------------------

_ZERO, _ONE = Fraction(0), Fraction(1)

_COORDINATES = 16
"""In how many single coordinates a query is moved, looking for a better one."""


class LipschitzRow(Row):
    """Functions with |h(y) - h(z)| <= L |y - z|."""

    construction: Construction | None = LipschitzTriple()

    def through(self, known: Fibres, x: Point) -> Triple | None:
        cls = known.cls
        p = cone_parameters(known, Fraction(cls.constant), cls.metric)
        return Triple(ConeTriple(), cls, known.v, x, p)

    def draw_class(self, pick: Pick, dim: int) -> FunctionClass:
        key = one_of(pick, ("l1", "linf", "l1", "linf", "l2"))
        return Lipschitz(draw_rational(pick, 0, 2, strict=True) * pick(1, 3), key)

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, _ = ends(pick)
        a, b = distinct(pick, dim, 2)
        share = draw_rational(pick, 0, 1, strict=True) if pick(0, 2) else _ONE
        high = low + share * as_number(cls.constant) * _rational_distance(cls.metric, a, b)
        return Visualization(a, b, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """A least of cones between those of slope L at the extremes, in the class's metric.

        For l2 the cones are those of linf, which is smaller, so that values stay rational.
        """
        v = self.draw_visualization(pick, cls, dim)
        key = "linf" if cls.metric == "l2" else cls.metric
        slope = as_number(cls.constant)
        reach = slope * distance(key, v.argmin, v.argmax)
        v = Visualization(v.argmin, v.argmax, v.minimum, v.minimum + min(v.range, reach))
        shown = [(v.argmin, v.minimum), (v.argmax, v.maximum)]
        inside = _least_of_cones(pick, dim, key, slope, v)
        eta = draw_rational(pick, 0, 1, strict=True)
        return between_cones(cls, v, shown, (slope, key), inside, eta)

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(_ZERO, dim), flat_point(_ONE, dim), 0, 1)
        return Lipschitz(Fraction(2)), v, flat_point(HALF, dim)

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        yield from (_of_full_range(cls, a, b, x) for a, b in _far_extremes(dim, x))

    def alike(self, cls: Any, v: Visualization, x: Point | None) -> Iterable[Visualization]:
        """With a range that is small beside L: undecidable at every x other than a and b."""
        points = [(v.argmin, v.argmax)]
        points += [(x, v.argmin), (x, v.argmax)] if x is not None else []
        small = cls.constant * min(_rational_distance(cls.metric, *pair) for pair in points)
        if small:
            yield Visualization(
                v.argmin_set, v.argmax_set, v.maximum - min(v.range, small), v.maximum
            )

    def queries(self, cls: Any, task: Task, v: Visualization) -> Iterator[Point]:
        """Half-way, and as far from both extremes as simple points get."""
        a, b = v.argmin, v.argmax
        half_way = tuple((RATIONALS.array(a) + RATIONALS.array(b)) * HALF)
        yield half_way
        farthest = tuple(far(ai + bi, 2 * HALF) for ai, bi in zip(a, b, strict=True))
        from_a, from_b = (tuple(far(ci, HALF) for ci in c) for c in (a, b))
        half = (v.dim + 1) // 2
        yield from (farthest, from_a, from_b)
        yield from ((*from_a[:half], *from_b[half:]), (*from_b[:half], *from_a[half:]))
        for i in range(min(v.dim, _COORDINATES)):
            yield (*half_way[:i], far(half_way[i], HALF), *half_way[i + 1 :])


def _least_of_cones(
    pick: Pick, dim: int, key: str, slope: Fraction, v: Visualization
) -> tuple[Value, str]:
    """min_j (t_j + l_j |z - p_j|) with |l_j| <= L: L-Lipschitz."""
    cones = several(
        pick,
        1,
        3,
        lambda: (
            draw_rational(pick, v.minimum, v.maximum),
            draw_rational(pick, -slope, slope),
            draw_point(pick, dim),
        ),
    )
    text = ", ".join(f"{t} + {rate} |z - {texts(p)}|" for t, rate, p in cones)
    return (
        lambda z: min(t + rate * distance(key, z, p) for t, rate, p in cones),
        f"least of {text}",
    )


def _rational_distance(key: str, y: Point, z: Point) -> Fraction:
    """The distance, or where it is irrational (l2) the linf distance, which is smaller."""
    exact = distance(key, y, z)
    return exact if isinstance(exact, Fraction) else _rational_distance("linf", y, z)


def _far_extremes(dim: int, x: Point | None) -> Iterator[tuple[Point, Point]]:
    """Extremes on an axis, where every metric is rational; both away from the query if there is one."""
    if x is None:
        yield (_ZERO,) * dim, (_ONE, *(_ZERO,) * (dim - 1))
        return
    away = tuple(far(xi, HALF) for xi in x)
    yield away, (1 - away[0], *away[1:])
    yield away, (HALF, *away[1:])


def _of_full_range(cls: Any, a: Point, b: Point, x: Point | None) -> Visualization:
    """The largest range 2^k <= 1 with R <= L |a-b|, and with R <= L |x-a|, L |x-b| where that is possible.

    So the envelope at x is [0, R]. Without x, half-way between a and b is such a query.
    """
    if x is None:
        reach = exact_distance(linf, a, b) / 2
    else:
        reach = min(exact_distance(linf, y, z) for y, z in ((a, b), (x, a), (x, b)) if y != z)
    bound = cls.constant * reach
    high = _ONE
    while high > bound:
        high /= 2
    return Visualization(a, b, 0, high)
