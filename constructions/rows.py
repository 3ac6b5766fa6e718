"""The triple of each row, for any admissible visualization, query, dimension and data set."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from trompe.constructions.base import Construction
from trompe.theory import (
    Affine,
    Convex,
    FunctionClass,
    Lipschitz,
    Point,
    Visualization,
    corner_reflection,
)
from trompe.theory.functionals import (
    exact_distance,
    flipped,
    gauge,
    gauge_slopes,
    l1,
    mean,
    mean_flipped,
    metric,
)
from trompe.theory.namespace import Array, ArrayNamespace

__all__ = ["AffineTriple", "ConvexTriple", "Hats", "LipschitzTriple", "MonotoneTriple", "hat"]


# -- black-box, neural network, piecewise affine, ERM ---------------------------------------------


@dataclass(frozen=True)
class HatParameters:
    """m, M, the reciprocal of delta, the sites (a, b, x, s_1, ..., s_n) and the labels y_j."""

    low: Any
    high: Any
    inv_delta: Any
    sites: tuple[Any, ...]
    labels: tuple[Any, ...] = ()


class Hats(Construction):
    """l1 hats about a, b, x and every training input, with disjoint supports.

    h_s(z) = max(0, 1 - |z-s|_1 / delta) with 2 delta at most every distance of two sites. B is m at a,
    M at b, y_j at s_j and mid where no hat reaches; U and W add and subtract R/2 of the hat about x.
    A ReLU network with two hidden layers computes each of them.
    """

    row = "erm"
    formulas = {
        "U": "B(z) + (R/2) h_x(z)",
        "W": "B(z) - (R/2) h_x(z)",
        "B": "mid - (R/2) h_a(z) + (R/2) h_b(z) + sum_j (y_j - mid) h_{s_j}(z), "
        "h_s(z) = max(0, 1 - |z-s|_1/delta)",
    }

    class Features(NamedTuple):
        """The hats about a, b, x and the training inputs, at z."""

        hats: tuple[Array, ...]

    def parameters(self, cls: FunctionClass, v: Visualization, x: Point) -> HatParameters:
        data = getattr(cls, "data", None)
        inputs = data.inputs if data is not None else ()
        sites = (v.argmin, v.argmax, x, *inputs)
        apart = min(_l1_exact(s, t) for s, t in combinations(sites, 2))
        return HatParameters(
            v.minimum, v.maximum, 2 / apart, sites, data.labels if data is not None else ()
        )

    def features(self, z: Array, p: HatParameters, xp: ArrayNamespace) -> Features:
        return self.Features(tuple(hat(l1(z, site, xp), p.inv_delta, xp) for site in p.sites))

    def upper(self, features: Features, p: HatParameters, xp: ArrayNamespace) -> Array:
        return self.strict(features, p, xp) + self._half(p, xp) * features.hats[2]

    def lower(self, features: Features, p: HatParameters, xp: ArrayNamespace) -> Array:
        return self.strict(features, p, xp) - self._half(p, xp) * features.hats[2]

    def strict(self, features: Features, p: HatParameters, xp: ArrayNamespace) -> Array:
        at_a, at_b, _, *at_data = features.hats
        mid = (p.low + p.high) * xp.number(Fraction(1, 2))
        value = mid - self._half(p, xp) * at_a + self._half(p, xp) * at_b
        for label, at_input in zip(p.labels, at_data, strict=True):
            value = value + (label - mid) * at_input
        return value

    @staticmethod
    def _half(p: HatParameters, xp: ArrayNamespace) -> Any:
        return (p.high - p.low) * xp.number(Fraction(1, 2))


def hat(distance: Array, inv_delta: Any, xp: ArrayNamespace) -> Array:
    """max(0, 1 - distance/delta): 1 at the site, 0 from delta on."""
    return xp.maximum(xp.number(0), xp.number(1) - inv_delta * distance)


def _l1_exact(s: Point, t: Point) -> Fraction:
    distance: Fraction = exact_distance(l1, s, t)
    return distance


# -- Lipschitz -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LipschitzParameters:
    """m, M, L, the extremes and the metric's key."""

    low: Any
    high: Any
    constant: Any
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

    def upper(self, features: Features, p: LipschitzParameters, xp: ArrayNamespace) -> Array:
        return xp.minimum(p.high, p.low + p.constant * features.from_a)

    def lower(self, features: Features, p: LipschitzParameters, xp: ArrayNamespace) -> Array:
        return xp.maximum(p.low, p.high - p.constant * features.from_b)

    def strict(self, features: Features, p: LipschitzParameters, xp: ArrayNamespace) -> Array:
        both = self.upper(features, p, xp) + self.lower(features, p, xp)
        return both * xp.number(Fraction(1, 2))


# -- monotone ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MonotoneParameters:
    """m, M, q = mean(x) in (0, 1) and the reciprocals of q and 1 - q."""

    low: Any
    high: Any
    q: Any
    inv_q: Any
    inv_rest: Any


class MonotoneTriple(Construction):
    """The mean, saturated at q = mean(x) from above (U) or starting there (W)."""

    row = "monotone"
    formulas = {
        "U": "m + R min(1, mean(z)/q), q = mean(x)",
        "W": "m + R max(0, (mean(z)-q)/(1-q))",
        "B": "m + R mean(z)",
    }

    class Features(NamedTuple):
        """The mean of the coordinates of z."""

        mean: Array

    def parameters(self, cls: FunctionClass, v: Visualization, x: Point) -> MonotoneParameters:
        q = Fraction(sum(x), len(x))
        return MonotoneParameters(v.minimum, v.maximum, q, 1 / q, 1 / (1 - q))

    def features(self, z: Array, p: MonotoneParameters, xp: ArrayNamespace) -> Features:
        return self.Features(mean(z, xp))

    def upper(self, features: Features, p: MonotoneParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.minimum(xp.number(1), features.mean * p.inv_q)

    def lower(self, features: Features, p: MonotoneParameters, xp: ArrayNamespace) -> Array:
        rest = (features.mean - p.q) * p.inv_rest
        return p.low + (p.high - p.low) * xp.maximum(xp.number(0), rest)

    def strict(self, features: Features, p: MonotoneParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.mean


# -- convex --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConvexParameters:
    """m, M, the extremes, the gauge's slopes about a, and the reciprocal of delta for the hat at b."""

    low: Any
    high: Any
    a: Any
    b: Any
    up: Any
    down: Any
    inv_delta: Any


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
        delta = min(_l1_exact(v.argmin, v.argmax), _l1_exact(x, v.argmax))
        return ConvexParameters(v.minimum, v.maximum, v.argmin, v.argmax, up, down, 1 / delta)

    def features(self, z: Array, p: ConvexParameters, xp: ArrayNamespace) -> Features:
        return self.Features(gauge(z, p.a, p.up, p.down, xp), l1(z, p.b, xp))

    def upper(self, features: Features, p: ConvexParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.gauge

    def lower(self, features: Features, p: ConvexParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * hat(features.from_b, p.inv_delta, xp)

    def strict(self, features: Features, p: ConvexParameters, xp: ArrayNamespace) -> Array:
        both = self.upper(features, p, xp) + self.lower(features, p, xp)
        return both * xp.number(Fraction(1, 2))


# -- affine ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AffineParameters:
    """m, M, the reflection that takes b to (1, ..., 1), and the places of the largest and smallest x'."""

    low: Any
    high: Any
    flip: Any
    sign: Any
    largest: int
    smallest: int


class AffineTriple(Construction):
    """All the weight on the coordinate where x' is largest (U) or smallest (W), or spread evenly (B)."""

    row = "affine"
    formulas = {
        "U": "m + R z'_i, i the place of the largest x'_i",
        "W": "m + R z'_j, j the place of the smallest x'_j",
        "B": "m + R mean(z'), z'_k = z_k where b_k = 1, else 1 - z_k",
    }

    class Features(NamedTuple):
        """z'_i, z'_j and the mean of z'."""

        largest: Array
        smallest: Array
        mean: Array

    def parameters(self, cls: Affine, v: Visualization, x: Point) -> AffineParameters:
        flip, sign = corner_reflection(v.argmax)
        seen = cls.coordinates(v, x)
        i, j = seen.index(max(seen)), seen.index(min(seen))
        return AffineParameters(v.minimum, v.maximum, flip, sign, i, j)

    def features(self, z: Array, p: AffineParameters, xp: ArrayNamespace) -> Features:
        i, j = p.largest, p.smallest
        return self.Features(
            flipped(z[..., i], p.flip[i], p.sign[i]),
            flipped(z[..., j], p.flip[j], p.sign[j]),
            mean_flipped(z, p.flip, p.sign, xp),
        )

    def upper(self, features: Features, p: AffineParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.largest

    def lower(self, features: Features, p: AffineParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.smallest

    def strict(self, features: Features, p: AffineParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.mean
