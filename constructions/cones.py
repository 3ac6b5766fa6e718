"""Cones at every shown point, for the rows whose members are bounded by them: Lipschitz and monotone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.constructions.triples import ExemplarTriple, Scale
from trompe.theory.fibres import Fibres
from trompe.theory.functionals import metric
from trompe.theory.namespace import Array, ArrayNamespace


def excess(z: Array, s: Array, xp: ArrayNamespace) -> Array:
    """max_i max(0, z_i - s_i): how far z is above s. 0 if and only if z_i <= s_i for every i.

    A distance but for symmetry: excess(z, t) <= excess(z, s) + excess(s, t).
    """
    return xp.max(xp.maximum(xp.number(0), z - s))


@dataclass(frozen=True)
class ConeScale(Scale):
    """m, M, the slope and the shown values."""

    slope: Any
    values: Any


@dataclass(frozen=True)
class ConeParameters(ConeScale):
    """Also the shown points, and which distance: a metric or "excess"."""

    sites: tuple[Any, ...]
    distance: str


class ConeTriple(ExemplarTriple):
    """Cones at every shown point, cut at M and m.

    One formula serves two laws. Let e(z, s) >= 0 be a distance with e(z, z) = 0 and e(z, t) <= e(z, s) + e(s, t), not
    necessarily symmetric, and take the functions with h(z) - h(t) <= C e(z, t). With a metric and C = L they are the
    L-Lipschitz ones. With e(z, s) = max_i max(0, z_i - s_i), which is 0 if and only if z_i <= s_i for every i, they are
    monotone (and C-Lipschitz in linf). Let s_k be all shown points, a and b among them, and y_k their values, with
    y_j - y_k <= C e(s_j, s_k), which is necessary.

    Members: cones have the law by the triangle inequality; constants have it, and minima, maxima and mixes of functions
    that have it. Order, and y_k at s_k: as in `trompe.theory.rows.lipschitz.Cones`, with l_k = u_k = y_k, lo = m, hi = M.
    Sound: the law at x and s_k. Strict: if B(z) = m then U(z) = m. Only the cone at a can be m, the other y_k being larger;
    so e(z, a) = 0. Likewise B(z) = M gives e(b, z) = 0.

    When an end is attained: with U(x) as the value of x the condition on shown values still holds. So if m < U(x) < M, the
    triple for these n + 1 exemplars has a B with B(x) = U(x); likewise W(x). m and M are attained at a and b only.
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

    def features(self, z: Array, p: ConeParameters, xp: ArrayNamespace) -> Features:
        if p.distance != "excess":
            away = tuple(metric(p.distance)(z, s, xp) for s in p.sites)
            return self.Features(away, away)
        return self.Features(
            tuple(excess(z, s, xp) for s in p.sites), tuple(excess(s, z, xp) for s in p.sites)
        )

    def upper(self, features: Features, p: ConeScale, xp: ArrayNamespace) -> Array:
        top = p.high
        for y, away in zip(p.values, features.away, strict=True):
            top = xp.minimum(top, y + p.slope * away)
        return top

    def lower(self, features: Features, p: ConeScale, xp: ArrayNamespace) -> Array:
        top = p.low
        for y, back in zip(p.values, features.back, strict=True):
            top = xp.maximum(top, y - p.slope * back)
        return top

    def strict(self, features: Features, p: ConeScale, xp: ArrayNamespace) -> Array:
        both = self.upper(features, p, xp) + self.lower(features, p, xp)
        return both * xp.number(Fraction(1, 2))


def cone_parameters(known: Fibres, slope: Fraction, distance: str) -> ConeParameters:
    """The cones at every shown point."""
    v, values = known.v, tuple(site.value for site in known.shown)
    return ConeParameters(v.minimum, v.maximum, slope, values, known.points, distance)
