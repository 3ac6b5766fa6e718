"""Convex functions: the gauge of the box from above, a hat at the maximiser from below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from trompe.constructions.draws import (
    Member,
    Pick,
    coordinates,
    corner,
    distance,
    distinct,
    dot,
    draw_point,
    draw_rational,
    ends,
    positive,
    texts,
)
from trompe.constructions.questions import HALF, QUARTER, far, flat_point
from trompe.constructions.row import Row
from trompe.constructions.rows.free import hat
from trompe.constructions.triples import Construction, ExemplarTriple, Scale, Triple
from trompe.theory import (
    Convex,
    FunctionClass,
    Point,
    Task,
    Visualization,
)
from trompe.theory.classes import corner_reflection
from trompe.theory.fibres import Fibres
from trompe.theory.functionals import (
    exact_distance,
    gauge,
    gauge_slopes,
    l1,
    least,
)
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.rationals import RATIONALS
from trompe.theory.rows.convex import Supports


@dataclass(frozen=True)
class ConvexScale(Scale):
    """m, M and the reciprocal of delta for the hat at b."""

    inv_delta: Any


@dataclass(frozen=True)
class ConvexParameters(ConvexScale):
    """Also the extremes and the gauge's slopes about a."""

    a: Any
    b: Any
    up: Any
    down: Any


class ConvexTriple(Construction):
    """The gauge of the box about a from above, the l1 hat at the corner b from below."""

    row = "convex"
    formulas = {
        "U": "m + R gamma(z), gamma(z) = max_i max((z_i-a_i)/(1-a_i), (a_i-z_i)/a_i)",
        "W": "m + R max(0, 1 - |z-b|_1/delta), delta = min(|a-b|_1, |x-b|_1)",
        "B": "(U(z) + W(z))/2",
    }

    class Features(NamedTuple):
        """The gauge about a and the l1 distance to b (affine on the box, b being a corner)."""

        gauge: Array
        from_b: Array

    def parameters(self, cls: Convex, v: Visualization, x: Point) -> ConvexParameters:
        up, down = gauge_slopes(v.argmin)
        delta = least(exact_distance(l1, s, v.argmax) for s in (v.argmin, x))
        return ConvexParameters(v.minimum, v.maximum, 1 / delta, v.argmin, v.argmax, up, down)

    def features(self, z: Array, p: ConvexParameters, xp: ArrayNamespace) -> Features:
        return self.Features(gauge(z, p.a, p.up, p.down, xp), l1(z, p.b, xp))

    def upper(self, features: Features, p: ConvexScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.gauge

    def lower(self, features: Features, p: ConvexScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * hat(features.from_b, p.inv_delta, xp)

    def strict(self, features: Features, p: ConvexScale, xp: ArrayNamespace) -> Array:
        both = self.upper(features, p, xp) + self.lower(features, p, xp)
        return both * xp.number(Fraction(1, 2))


# -- through exemplars --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SupportScale(Scale):
    """m, M, the rate of the gauge about a, the slope of the cone at b, and affine pieces w . z + c.

    Pieces are slopes and offsets, as shares of the range: `touching` for B, `under` for W, `top` for U.
    """

    rate: Any
    slope: Any
    touching: tuple[Any, ...]
    touching_at: Any
    under: tuple[Any, ...]
    under_at: Any
    under_slope: Any
    top: Any
    top_at: Any


@dataclass(frozen=True)
class SupportParameters(SupportScale):
    """Also a with the gauge's slopes, and b."""

    a: Any
    up: Any
    down: Any
    b: Any


class SupportTriple(ExemplarTriple):
    """Maxima of affine functions that lie below every shown value and touch them.

    B is the maximum of m + rate R gamma(z), of a cone at the corner b (affine there) and of one touching piece
    for each exemplar that is below M at every corner but b. U is the maximum of B and of the piece that is largest
    at x. W is the maximum of m, of a steeper cone at b and of the touching pieces that are lowest at x.
    """

    row = "convex with exemplars"
    formulas = {
        "U": "max(B(z), M - R ell(z)), ell >= 0 affine, ell(s) >= g(s) at a and every exemplar, ell(x) least",
        "W": "max(m, M - R C |z-b|_1, max_k M - R ell_k(z)), ell_k(s_k) = g_k and ell_k(x) largest",
        "B": "max(m + R rate gamma(z), M - R c |z-b|_1, max_k M - R ell_k(z)), ell_k > 0 at corners but b",
    }

    class Features(NamedTuple):
        """z itself, the gauge about a and the l1 distance to b."""

        z: Array
        gauge: Array
        from_b: Array

    def features(self, z: Array, p: SupportParameters, xp: ArrayNamespace) -> Features:
        return self.Features(z, gauge(z, p.a, p.up, p.down, xp), l1(z, p.b, xp))

    def upper(self, features: Features, p: SupportScale, xp: ArrayNamespace) -> Array:
        piece = xp.sum(features.z * p.top) + p.top_at
        return xp.maximum(self.strict(features, p, xp), p.high - (p.high - p.low) * piece)

    def lower(self, features: Features, p: SupportScale, xp: ArrayNamespace) -> Array:
        R = p.high - p.low
        value = xp.maximum(p.low, p.high - R * p.under_slope * features.from_b)
        return self._over(value, features.z, p.under, p.under_at, p, xp)

    def strict(self, features: Features, p: SupportScale, xp: ArrayNamespace) -> Array:
        R = p.high - p.low
        value = xp.maximum(
            p.low + R * p.rate * features.gauge, p.high - R * p.slope * features.from_b
        )
        return self._over(value, features.z, p.touching, p.touching_at, p, xp)

    @staticmethod
    def _over(
        value: Array, z: Array, slopes: Any, offsets: Any, p: Scale, xp: ArrayNamespace
    ) -> Array:
        for slope, offset in zip(slopes, offsets, strict=True):
            value = xp.maximum(value, p.high - (p.high - p.low) * (xp.sum(z * slope) + offset))
        return value


def _supports(known: Supports, x: Point) -> SupportParameters:
    v, a, b = known.v, known.points[0], known.v.argmax
    touching = [known.strictly_touching(k) for k in range(len(known.exemplars))]
    under = known.lowest(x)
    fall = 1 - known.share(known.envelope_at(x).lower.base)
    gaps = [(site.exact, known.gap(site)) for site in (known.shown[0], *known.exemplars)]
    slope = max(gap / exact_distance(l1, s, b) for s, gap in gaps)
    up, down = gauge_slopes(a)
    centre, rise, fall_off = (RATIONALS.array(values) for values in (a, up, down))
    rates = [
        known.share(site.value)
        / gauge(RATIONALS.array(site.exact), centre, rise, fall_off, RATIONALS)
        for site in known.exemplars
    ]
    top, top_at = known.piece(known.least(x).vertex)
    return SupportParameters(
        v.minimum,
        v.maximum,
        min([_ONE, *rates]) / 2,
        slope,
        tuple(piece[0] for piece in touching),
        tuple(piece[1] for piece in touching),
        tuple(piece[0] for piece in under),
        tuple(piece[1] for piece in under),
        max(slope, fall / exact_distance(l1, x, b)),
        top,
        top_at,
        a,
        up,
        down,
        b,
    )


# -- random members and questions ---------------------------------------------------------------------------

_ZERO, _ONE = Fraction(0), Fraction(1)


class ConvexRow(Row):
    """Convex functions."""

    construction: Construction | None = ConvexTriple()

    def through(self, known: Fibres, x: Point) -> Triple | None:
        assert isinstance(known, Supports)
        return Triple(SupportTriple(), known.cls, known.v, x, _supports(known, x))

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, high = ends(pick)
        b = corner(pick, dim)
        return Visualization(distinct(pick, dim, 1, [b]), b, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """m + sum alpha_i |z_i - c_i| + max(0, w (z-c)), plus a hat at a corner where corners tie."""
        m, c, alpha = draw_rational(pick, -2, 2), draw_point(pick, dim), positive(pick, dim)
        w = tuple(coordinates(pick, dim, lambda: draw_rational(pick, -2, 2)))

        def smooth(z: Point) -> Fraction:
            away = [zi - ci for zi, ci in zip(z, c, strict=True)]
            return m + dot(alpha, map(abs, away)) + max(_ZERO, dot(w, away))

        b, high, is_tied = _highest_corner(alpha, w, c)
        high += m
        delta = min(_ONE, distance("l1", b, c))
        lift = draw_rational(pick, 0, 2, strict=is_tied)

        def value(z: Point) -> Fraction:
            near_b: Fraction = max(_ZERO, 1 - distance("l1", z, b) / delta)
            return smooth(z) + lift * near_b

        v = Visualization(c, b, m, high + lift)
        bend = f", bend {texts(w)}" if any(w) else ""
        hat = f", hat of height {lift} at {texts(b)}" if lift else ""
        return Member(cls, v, value, f"slopes {texts(alpha)} away from {texts(c)}{bend}{hat}")

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(QUARTER, dim), flat_point(Fraction(1), dim), 0, 1)
        return self.kind(), v, flat_point(7 * QUARTER / 2, dim)

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        for a, b in product(_interior_or_edge(dim, x), _some_corners(dim)):
            if a != b:
                yield Visualization(a, b, 0, 1)

    def queries(self, cls: Any, task: Task, v: Visualization) -> Iterator[Point]:
        yield from _corners_beside(v)
        yield _towards_the_maximum(task, v)


def _highest_corner(alpha: Point, w: Point, c: Point) -> tuple[Point, Fraction, bool]:
    """A corner with the largest sum alpha_i |z_i-c_i| + max(0, w (z-c)), that value, may another tie?

    The larger of two maxima, with and without w, each of which is found coordinate by coordinate.
    """

    def best(tilt: Iterable[Fraction]) -> tuple[Fraction, Point, bool]:
        total, corner, tied = _ZERO, [], False
        for ai, ti, ci in zip(alpha, tilt, c, strict=True):
            at_one, at_zero = (ai + ti) * (1 - ci), (ai - ti) * ci
            total += max(at_one, at_zero)
            corner.append(_ONE if at_one >= at_zero else _ZERO)
            tied = tied or at_one == at_zero
        return total, tuple(corner), tied

    found = [best([_ZERO] * len(c)), best(w)]
    value = max(total for total, _, _ in found)
    highest = [(corner, tied) for total, corner, tied in found if total == value]
    corner = highest[0][0]
    return corner, value, any(tied or other != corner for other, tied in highest)


def _interior_or_edge(dim: int, x: Point | None) -> Iterator[Point]:
    """Minimisers; about one of them the gauge at x is as large as about any point."""
    yield (QUARTER,) * dim
    if x is not None:
        i = max(range(dim), key=lambda k: abs(x[k] - HALF))
        yield (*(HALF,) * i, far(x[i], HALF), *(HALF,) * (dim - i - 1))


def _some_corners(dim: int) -> Iterator[Point]:
    yield (_ONE,) * dim
    yield (_ZERO,) * dim
    yield (_ZERO, *(_ONE,) * (dim - 1))


def _corners_beside(v: Visualization) -> Iterator[Point]:
    """Corners other than b, where every gauge is 1 (but about themselves)."""
    opposite, _ = corner_reflection(v.argmax)
    yield opposite
    yield (v.argmax[0], *opposite[1:])
    yield (opposite[0], *v.argmax[1:])


def _towards_the_maximum(task: Task, v: Visualization) -> Point:
    """a + t (b - a) with gauge t = 1 - 2^-k, at least 7/8 and so large that 2 eps < t."""
    t = Fraction(7, 8)
    while t <= 2 * task.eps:
        t = (1 + t) / 2
    return tuple(ai + t * (bi - ai) for ai, bi in zip(v.argmin, v.argmax, strict=True))
