"""Our further rows: the additive triple, the neuron's triple and pairs, the neuron's decoder at d = 1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

from trompe.constructions.base import Construction, FoolingPair, Triple, mix
from trompe.constructions.decoders import EXACT_DECODERS, interpolate
from trompe.constructions.rows import AffineParameters, AffineTriple, Hats, hat
from trompe.theory import (
    Affine,
    FunctionClass,
    InvalidInput,
    Neuron,
    Point,
    Task,
    UnknownKey,
    Visualization,
    as_eta,
    as_point,
    corner_reflection,
    show,
)
from trompe.theory.exact import Number
from trompe.theory.functionals import mean
from trompe.theory.links import Link
from trompe.theory.namespace import Array, ArrayNamespace, cast

__all__ = [
    "EXTENDED_CONSTRUCTIONS",
    "AdditiveTriple",
    "LinkedConstruction",
    "LinkedPair",
    "LinkedTriple",
    "NeuronTriple",
    "exact_decoder",
    "neuron_1d",
]


# -- additive --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AdditiveParameters:
    """m, M, the extremes, 1/|a_k - b_k| for each k, and for U and W a coordinate and 1/delta."""

    low: Any
    high: Any
    a: Any
    b: Any
    inv_reach: Any
    rising: int
    falling: int
    inv_rise: Any
    inv_fall: Any


class AdditiveTriple(Construction):
    """All of the range on one coordinate in which x differs from a (U), or from b (W), or spread evenly (B)."""

    row = "additive"
    formulas = {
        "U": "m + R min(1, |z_i-a_i|/delta), x_i != a_i, delta = min(|a_i-b_i|, |a_i-x_i|)",
        "W": "m + R max(0, 1 - |z_j-b_j|/delta), x_j != b_j, delta = min(|a_j-b_j|, |b_j-x_j|)",
        "B": "m + R mean of s_k(z_k), s_k(t) = (min(1, |t-a_k|/|a_k-b_k|) + max(0, 1 - |t-b_k|/|a_k-b_k|))/2",
    }

    class Features(NamedTuple):
        """|z_i - a_i| and |z_j - b_j| for the coordinates of U and W, and the mean of the s_k(z_k)."""

        from_a: Array
        from_b: Array
        mean: Array

    def parameters(self, cls: FunctionClass, v: Visualization, x: Point) -> AdditiveParameters:
        a, b = v.argmin, v.argmax
        away_a, away_b = ([abs(xk - ek) for xk, ek in zip(x, e, strict=True)] for e in (a, b))
        i, j = away_a.index(max(away_a)), away_b.index(max(away_b))
        reach = tuple(abs(bk - ak) for ak, bk in zip(a, b, strict=True))
        return AdditiveParameters(
            v.minimum,
            v.maximum,
            a,
            b,
            tuple(1 / r for r in reach),
            i,
            j,
            1 / min(reach[i], away_a[i]),
            1 / min(reach[j], away_b[j]),
        )

    def features(self, z: Array, p: AdditiveParameters, xp: ArrayNamespace) -> Features:
        from_a, from_b = xp.abs(z - p.a), xp.abs(z - p.b)
        return self.Features(
            from_a[..., p.rising][()],
            from_b[..., p.falling][()],
            mean(self.part(from_a, from_b, p.inv_reach, xp), xp),
        )

    @staticmethod
    def part(from_a: Array, from_b: Array, inv_reach: Array, xp: ArrayNamespace) -> Array:
        """s_k: 0 only at a_k, 1 only at b_k, from the distances of one coordinate to both."""
        rising = xp.minimum(xp.number(1), inv_reach * from_a)
        return (rising + hat(from_b, inv_reach, xp)) * xp.number(Fraction(1, 2))

    def upper(self, features: Features, p: AdditiveParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.minimum(xp.number(1), p.inv_rise * features.from_a)

    def lower(self, features: Features, p: AdditiveParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * hat(features.from_b, p.inv_fall, xp)

    def strict(self, features: Features, p: AdditiveParameters, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.mean


# -- one neuron --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linked:
    """m, M and the link."""

    low: Any
    high: Any
    link: Link


@dataclass(frozen=True)
class NeuronParameters(Linked):
    """Also the reflection that takes b to (1, ..., 1), and the places of the largest and smallest x'."""

    flip: Any
    sign: Any
    largest: int
    smallest: int


class LinkedConstruction(Construction):
    """H of the shares of a triple of affine functions, from 0 (h^-1(m)) to 1 (h^-1(M)).

    A member is H of a share, H(u) = h((1-u) h^-1(m) + u h^-1(M)). A pair mixes shares, not values: the
    class is not closed under convex combination of its functions.
    """

    inner: ClassVar[Construction]
    """The triple of the shares."""

    @abstractmethod
    def _shares(self, p: Any, xp: ArrayNamespace) -> Any:
        """The inner triple's parameters for the range [0, 1]."""

    def features(self, z: Array, p: Any, xp: ArrayNamespace) -> Any:
        return self.inner.features(z, self._shares(p, xp), xp)

    def upper(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        return self.member(self.upper_share(features, p, xp), p, xp)

    def lower(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        return self.member(self.lower_share(features, p, xp), p, xp)

    def strict(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        return self.member(self.strict_share(features, p, xp), p, xp)

    def upper_share(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """The share whose H is U."""
        return self.inner.upper(features, self._shares(p, xp), xp)

    def lower_share(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """The share whose H is W."""
        return self.inner.lower(features, self._shares(p, xp), xp)

    def strict_share(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """The share whose H is B."""
        return self.inner.strict(features, self._shares(p, xp), xp)

    @staticmethod
    def member(share: Array, p: Linked, xp: ArrayNamespace) -> Array:
        """H of a share."""
        return p.link.between(p.low, p.high, share, xp)


class NeuronTriple(LinkedConstruction):
    """H of the affine triple's shares: z'_i, z'_j and mean(z')."""

    row = "neuron"
    formulas = {
        "U": "H(z'_i), i the place of the largest x'_i, H(u) = h((1-u) h^-1(m) + u h^-1(M))",
        "W": "H(z'_j), j the place of the smallest x'_j",
        "B": "H(mean(z')), z'_k = z_k where b_k = 1, else 1 - z_k",
        "f": "H((1-eta) z'_i + eta mean(z')), 0 < eta < 1",
        "g": "H((1-eta) z'_j + eta mean(z')), 0 < eta < 1",
    }
    Features = AffineTriple.Features
    inner = AffineTriple()

    def parameters(self, cls: Neuron, v: Visualization, x: Point) -> NeuronParameters:
        flip, sign = corner_reflection(v.argmax)
        seen = Affine.coordinates(v, x)
        i, j = seen.index(max(seen)), seen.index(min(seen))
        return NeuronParameters(v.minimum, v.maximum, cls.function, flip, sign, i, j)

    def _shares(self, p: NeuronParameters, xp: ArrayNamespace) -> AffineParameters:
        return AffineParameters(xp.number(0), xp.number(1), p.flip, p.sign, p.largest, p.smallest)


@dataclass(frozen=True)
class LinkedTriple(Triple):
    """A triple whose pairs mix what goes into the link."""

    def pair(self, eta: Number = Fraction(1, 10)) -> LinkedPair:
        """f = H((1-eta) u + eta b) and g = H((1-eta) w + eta b), with U = H(u), W = H(w), B = H(b)."""
        return LinkedPair(self, as_eta(eta))

    def pair_for(self, task: Task) -> LinkedPair:
        """The pair for the first eta of 1/10, 1/10^2, 1/10^4, ... that defeats every decoder of `task`.

        There is one wherever the task is not decidable, because H is continuous: f(x) tends to U(x) and
        g(x) to W(x).

        Raises
        ------
        InvalidInput : the task is decidable at this query.
        """
        if task.decidable(self.envelope, self.v):
            raise InvalidInput(
                f"{self.cls.key}/{task.key}: the task is decidable at query {show(self.x)}: the fibre is "
                f"[{self.envelope.lower}, {self.envelope.upper}]; no pair defeats every decoder there"
            )
        eta = Fraction(1, 10)
        while not (pair := self.pair(eta)).defeats(task):
            eta *= eta
        return pair


@dataclass(frozen=True)
class LinkedPair(FoolingPair):
    """Two neurons with the same unique extremes: f(x) - g(x) > 0 tends to U(x) - W(x) as eta tends to 0."""

    def evaluate(self, z: Array, xp: ArrayNamespace, extremal: str) -> Array:
        """H of the mixed shares of `upper` (f) or `lower` (g) with those of `strict`."""
        return self._members(z, xp, f"{extremal}_share")[0]

    def evaluate_both(self, z: Array, xp: ArrayNamespace) -> tuple[Array, Array]:
        """f and g at the array z of the namespace `xp`."""
        f, g = self._members(z, xp, "upper_share", "lower_share")
        return f, g

    def _members(self, z: Array, xp: ArrayNamespace, *names: str) -> list[Array]:
        *shares, strict = self.triple.evaluate(z, xp, *names, "strict_share")
        p, eta = cast(self.triple.parameters, xp), xp.number(self.eta)
        return [LinkedConstruction.member(mix(share, strict, eta), p, xp) for share in shares]


def neuron_1d(cls: Neuron, v: Visualization, x: Any) -> Any:
    """H(|x-a| / |b-a|), or m if m = M: the value at x of the only neuron with this link and visualization."""
    point = as_point(x, "query", 1)
    cls.check_visualization(v)
    if v.minimum == v.maximum:
        return v.minimum
    reach = abs(v.argmax[0] - v.argmin[0])
    share = interpolate(Fraction(0), Fraction(1), abs(point[0] - v.argmin[0]), 1 / reach)
    return cls.between(v, share)


def exact_decoder(cls: FunctionClass) -> Callable[[Visualization, Any], Any]:
    """The decoder of a Yes row, of the table or further: right for every member and every query.

    Raises
    ------
    UnknownKey : the row has none.
    """
    if cls.key == "neuron-1d" and isinstance(cls, Neuron):
        return lambda v, x: neuron_1d(cls, v, x)
    if cls.key not in EXACT_DECODERS:
        raise UnknownKey("row with an exact decoder", cls.key, (*EXACT_DECODERS, "neuron-1d"))
    return EXACT_DECODERS[cls.key]


EXTENDED_CONSTRUCTIONS: dict[str, Construction] = {
    "lipschitz-unknown": Hats(),
    "neuron": NeuronTriple(),
    "additive": AdditiveTriple(),
}
"""The construction of each of our further rows whose label is not Yes."""
