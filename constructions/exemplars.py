"""The members that attain a bound with exemplars: U, W, B through every shown value.

For each class whose bound takes exemplars there is a triple: U(x) and W(x) are the ends of the sharp interval, B
is strict (m only at a, M only at b), and all three take the shown value at every exemplar. By the mix
lemma f = (1-eta) U + eta B and g = (1-eta) W + eta B are members with the same visualization and the
same values at every exemplar, so every value strictly between the ends is some member's. Whether an end
itself is attained: docs/bound.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.constructions import triple
from trompe.constructions.base import Construction, Triple
from trompe.constructions.extended import Linked, LinkedConstruction, LinkedTriple
from trompe.constructions.rows import Hats
from trompe.theory import (
    Dataset,
    EmpiricalRiskMinimizer,
    FunctionClass,
    Lipschitz,
    Point,
    QueryShown,
    Visualization,
    corner_reflection,
    show,
)
from trompe.theory.fibres import Fibres, fibres
from trompe.theory.functionals import exact_distance, flipped, gauge, gauge_slopes, l1, metric
from trompe.theory.namespace import EXACT, Array, ArrayNamespace
from trompe.theory.rows.affine import AffineWeights, Weights
from trompe.theory.rows.convex import Supports
from trompe.theory.rows.free import Whole
from trompe.theory.rows.lipschitz import Cones
from trompe.theory.rows.monotone import Order
from trompe.theory.rows.neuron import LinkedWeights
from trompe.theory.simplex import Optimum

__all__ = [
    "ConeTriple",
    "LinkedWeightTriple",
    "SupportTriple",
    "WeightTriple",
    "excess",
    "exemplar_triple",
    "flat",
]

_ZERO, _ONE, _HALF = Fraction(0), Fraction(1), Fraction(1, 2)


def excess(z: Array, s: Array, xp: ArrayNamespace) -> Array:
    """max_i max(0, z_i - s_i): how far z is above s. 0 if and only if z_i <= s_i for every i.

    A distance but for symmetry: excess(z, t) <= excess(z, s) + excess(s, t).
    """
    return xp.max(xp.maximum(xp.number(0), z - s))


def flat(
    low: Any, high: Any, slope: Any, from_a: Array, from_b: Array, xp: ArrayNamespace
) -> Array:
    """max(min(mid, m + L |z-a|), M - L |z-b|): the midrange but for a cone at a and a cone at b.

    With R <= L |a-b| it is L-Lipschitz with the unique extremes a and b. Exemplars say the least of it:
    `budget` counts how many it takes.
    """
    mid = (low + high) * xp.number(_HALF)
    return xp.maximum(xp.minimum(mid, low + slope * from_a), high - slope * from_b)


# -- cones: Lipschitz and monotone -------------------------------------------------------------------


@dataclass(frozen=True)
class ConeParameters:
    """m, M, the slope, the shown points with their values, and which distance: a metric or "excess"."""

    low: Any
    high: Any
    slope: Any
    sites: tuple[Any, ...]
    values: Any
    distance: str


class ConeTriple(Construction):
    """Cones at every shown point, cut at M and m.

    One formula serves two laws. With a metric and slope L the functions with h(z) - h(y) <= L |z - y|
    are the L-Lipschitz ones. With e(z, y) = max_i max(0, z_i - y_i), which is 0 where z <= y, those with
    h(z) - h(y) <= C e(z, y) are monotone (and C-Lipschitz in linf).
    """

    row = "lipschitz with exemplars"
    formulas = {
        "U": "min(M, min_k y_k + C e(z, s_k))",
        "W": "max(m, max_k y_k - C e(s_k, z))",
        "B": "(U(z) + W(z))/2",
    }

    class Features(NamedTuple):
        """The distances of z from every shown point, and of every shown point from z."""

        away: tuple[Array, ...]
        back: tuple[Array, ...]

    def parameters(self, cls: Any, v: Visualization, x: Point) -> ConeParameters:
        raise NotImplementedError("made from the shown points by exemplar_triple")

    def features(self, z: Array, p: ConeParameters, xp: ArrayNamespace) -> Features:
        if p.distance != "excess":
            away = tuple(metric(p.distance)(z, s, xp) for s in p.sites)
            return self.Features(away, away)
        return self.Features(
            tuple(excess(z, s, xp) for s in p.sites), tuple(excess(s, z, xp) for s in p.sites)
        )

    def upper(self, features: Features, p: ConeParameters, xp: ArrayNamespace) -> Array:
        top = p.high
        for y, away in zip(p.values, features.away, strict=True):
            top = xp.minimum(top, y + p.slope * away)
        return top

    def lower(self, features: Features, p: ConeParameters, xp: ArrayNamespace) -> Array:
        top = p.low
        for y, back in zip(p.values, features.back, strict=True):
            top = xp.maximum(top, y - p.slope * back)
        return top

    def strict(self, features: Features, p: ConeParameters, xp: ArrayNamespace) -> Array:
        both = self.upper(features, p, xp) + self.lower(features, p, xp)
        return both * xp.number(_HALF)


def _cones(known: Fibres, x: Point) -> ConeParameters:
    v, values = known.v, tuple(site.value for site in known.shown)
    if isinstance(known.cls, Lipschitz):
        slope, key = Fraction(known.cls.constant), known.cls.metric
    else:
        slope, key = v.range / _least_excess((*known.points, x)), "excess"
    return ConeParameters(v.minimum, v.maximum, slope, known.points, values, key)


def _least_excess(points: Sequence[Point]) -> Fraction:
    """The least positive excess of one of the points over another: beyond it a cone has left [m, M]."""
    above = (max(zi - si for zi, si in zip(z, s, strict=True)) for z in points for s in points)
    return min(e for e in above if e > 0)


# -- weights: affine -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class WeightParameters:
    """m, M, the reflection that takes b to (1, .., 1), and the weights of U, W and B."""

    low: Any
    high: Any
    flip: Any
    sign: Any
    most: Any
    least: Any
    inner: Any


class WeightTriple(Construction):
    """m + R p . z' with weights p >= 0 of sum 1 that fit every exemplar; those of B are positive."""

    row = "affine with exemplars"
    formulas = {
        "U": "m + R p.z', p a vertex with the largest p.x'",
        "W": "m + R p.z', p a vertex with the smallest p.x', z'_k = z_k where b_k = 1, else 1 - z_k",
        "B": "m + R p.z', every p_k > 0; all three p have p_k >= 0, sum p_k = 1 and fit every exemplar",
    }

    class Features(NamedTuple):
        """z'."""

        seen: Array

    def parameters(self, cls: Any, v: Visualization, x: Point) -> WeightParameters:
        raise NotImplementedError("made from the shown points by exemplar_triple")

    def features(self, z: Array, p: WeightParameters, xp: ArrayNamespace) -> Features:
        return self.Features(flipped(z, p.flip, p.sign))

    def upper(self, features: Features, p: WeightParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.sum(features.seen * p.most)

    def lower(self, features: Features, p: WeightParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.sum(features.seen * p.least)

    def strict(self, features: Features, p: WeightParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.sum(features.seen * p.inner)


def _weights(known: Weights, x: Point) -> WeightParameters:
    v, (low, high) = known.v, known.ends(x)

    def all_weights(found: Optimum) -> Point:
        return tuple(found.vertex.get(k, _ZERO) for k in range(v.dim))

    return WeightParameters(
        v.minimum,
        v.maximum,
        *corner_reflection(v.argmax),
        all_weights(high),
        all_weights(low),
        tuple(known.inner),
    )


@dataclass(frozen=True)
class LinkedWeightParameters(Linked):
    """Also the reflection that takes b to (1, ..., 1), and the weights of U, W and B."""

    flip: Any
    sign: Any
    most: Any
    least: Any
    inner: Any


class LinkedWeightTriple(LinkedConstruction):
    """H of the weight triple's shares p . z': neurons with the link h through every exemplar."""

    row = "neuron with exemplars"
    formulas = {
        "U": "H(p.z'), p a vertex with the largest p.x', H(u) = h((1-u) h^-1(m) + u h^-1(M))",
        "W": "H(p.z'), p a vertex with the smallest p.x', z'_k = z_k where b_k = 1, else 1 - z_k",
        "B": "H(p.z'), every p_k > 0; all three p have p_k >= 0, sum p_k = 1 and fit every exemplar",
        "f": "H(((1-eta) p + eta q).z'), p of U, q of B, 0 < eta < 1",
        "g": "H(((1-eta) p + eta q).z'), p of W, q of B, 0 < eta < 1",
    }
    Features = WeightTriple.Features
    inner = WeightTriple()

    def parameters(self, cls: Any, v: Visualization, x: Point) -> LinkedWeightParameters:
        raise NotImplementedError("made from the shown points by exemplar_triple")

    def _shares(self, p: LinkedWeightParameters, xp: ArrayNamespace) -> WeightParameters:
        ends = xp.number(0), xp.number(1)
        return WeightParameters(*ends, p.flip, p.sign, p.most, p.least, p.inner)


def _linked_weights(known: LinkedWeights, x: Point) -> LinkedWeightParameters:
    p = _weights(known, x)
    return LinkedWeightParameters(
        p.low, p.high, known.cls.function, p.flip, p.sign, p.most, p.least, p.inner
    )


# -- supports: convex ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SupportParameters:
    """m, M, a with the gauge's slopes and a rate, b with a slope, and affine pieces w . z + c.

    Pieces are slopes and offsets, as shares of the range: `touching` for B, `under` for W, `top` for U.
    """

    low: Any
    high: Any
    a: Any
    up: Any
    down: Any
    rate: Any
    b: Any
    slope: Any
    touching: tuple[Any, ...]
    touching_at: Any
    under: tuple[Any, ...]
    under_at: Any
    under_slope: Any
    top: Any
    top_at: Any


class SupportTriple(Construction):
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

    def parameters(self, cls: Any, v: Visualization, x: Point) -> SupportParameters:
        raise NotImplementedError("made from the shown points by exemplar_triple")

    def features(self, z: Array, p: SupportParameters, xp: ArrayNamespace) -> Features:
        return self.Features(z, gauge(z, p.a, p.up, p.down, xp), l1(z, p.b, xp))

    def upper(self, features: Features, p: SupportParameters, xp: ArrayNamespace) -> Array:
        piece = xp.sum(features.z * p.top) + p.top_at
        return xp.maximum(self.strict(features, p, xp), p.high - (p.high - p.low) * piece)

    def lower(self, features: Features, p: SupportParameters, xp: ArrayNamespace) -> Array:
        R = p.high - p.low
        value = xp.maximum(p.low, p.high - R * p.under_slope * features.from_b)
        return self._over(value, features.z, p.under, p.under_at, p, xp)

    def strict(self, features: Features, p: SupportParameters, xp: ArrayNamespace) -> Array:
        R = p.high - p.low
        value = xp.maximum(
            p.low + R * p.rate * features.gauge, p.high - R * p.slope * features.from_b
        )
        return self._over(value, features.z, p.touching, p.touching_at, p, xp)

    @staticmethod
    def _over(
        value: Array, z: Array, slopes: Any, offsets: Any, p: SupportParameters, xp: ArrayNamespace
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
    slope = max(gap / _l1(s, b) for s, gap in gaps)
    up, down = gauge_slopes(a)
    centre, rise, fall_off = (EXACT.array(values) for values in (a, up, down))
    rates = [
        known.share(site.value) / gauge(EXACT.array(site.exact), centre, rise, fall_off, EXACT)
        for site in known.exemplars
    ]
    top, top_at = known.piece(known.least(x).vertex)
    return SupportParameters(
        v.minimum,
        v.maximum,
        a,
        up,
        down,
        min([_ONE, *rates]) / 2,
        b,
        slope,
        tuple(piece[0] for piece in touching),
        tuple(piece[1] for piece in touching),
        tuple(piece[0] for piece in under),
        tuple(piece[1] for piece in under),
        max(slope, fall / _l1(x, b)),
        top,
        top_at,
    )


def _l1(y: Point, z: Point) -> Fraction:
    distance: Fraction = exact_distance(l1, y, z)
    return distance


# -- the triple ------------------------------------------------------------------------------------------


def exemplar_triple(
    cls: FunctionClass, v: Visualization, x: Any, exemplars: Iterable[Any] = ()
) -> Triple:
    """U, W, B of a class at a visualization and a query, all through the values at the exemplars.

    Raises
    ------
    InvalidInput : no member fits what is shown; the class has no bound with exemplars; it has a decoder that
        is always right, so that no pair exists. QueryShown : the value at x is shown.
    """
    known = fibres(cls, v, exemplars)
    if not known.exemplars:
        return triple(cls, v, x)
    query = cls.check_query(v, x)
    if query in known.points:
        raise QueryShown(f"{cls.key}: query {show(query)} is an exemplar; choose another point")
    if isinstance(known, (Cones, Order)):
        return Triple(ConeTriple(), cls, v, query, _cones(known, query))
    if isinstance(known, LinkedWeights):
        linked = _linked_weights(known, query)
        return LinkedTriple(LinkedWeightTriple(), cls, v, query, linked)
    if isinstance(known, AffineWeights):
        return Triple(WeightTriple(), cls, v, query, _weights(known, query))
    if isinstance(known, Supports):
        return Triple(SupportTriple(), cls, v, query, _supports(known, query))
    if isinstance(known, Whole):
        data = [(s, site.value) for s, site in zip(known.points, known.shown, strict=True)][2:]
        fitting = EmpiricalRiskMinimizer(Dataset(*zip(*data, strict=True)))
        return Triple(Hats(), cls, v, query, Hats().parameters(fitting, v, query))
    return triple(cls, v, x)
