"""One neuron with a known link, rows of ours: the affine constructions seen through the link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from trompe.constructions.decoders import interpolate
from trompe.constructions.draws import (
    Member,
    Pick,
    corner,
    distinct,
    dot,
    draw_rational,
    one_of,
    opposite,
    shares,
    texts,
)
from trompe.constructions.questions import QUARTER, dyadic_question, flat_point
from trompe.constructions.row import Decoder
from trompe.constructions.rows.affine import (
    AffineRow,
    AffineTriple,
    WeightScale,
    WeightTriple,
    spreading_corner,
    weights,
)
from trompe.constructions.triples import (
    Construction,
    ExemplarTriple,
    FoolingPair,
    Scale,
    Triple,
    mix,
)
from trompe.ground.arguments import checked, checked_fields
from trompe.theory import (
    Affine,
    FunctionClass,
    Neuron,
    Point,
    Visualization,
    as_point,
    corner_reflection,
    function_class,
)
from trompe.theory import task as as_task
from trompe.theory.catalogue import AnyTask
from trompe.theory.fibres import Fibres
from trompe.theory.links import Link
from trompe.theory.namespace import Array, ArrayNamespace, cast
from trompe.theory.rows.neuron import LinkedWeights


@dataclass(frozen=True)
class Linked(Scale):
    """m, M and the link."""

    link: Link

    def shares(self, xp: ArrayNamespace) -> Scale:
        """The scale of the inner triple, whose range is [0, 1]."""
        return Scale(xp.number(0), xp.number(1))


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

    def triple(self, cls: Any, v: Visualization, x: Point) -> LinkedTriple:
        return LinkedTriple(self, cls, v, x, self.parameters(cls, v, x))

    def features(self, z: Array, p: Any, xp: ArrayNamespace) -> Any:
        return self.inner.features(z, p, xp)

    def upper(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        return self.member(self.upper_share(features, p, xp), p, xp)

    def lower(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        return self.member(self.lower_share(features, p, xp), p, xp)

    def strict(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        return self.member(self.strict_share(features, p, xp), p, xp)

    def upper_share(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """The share whose H is U."""
        return self.inner.upper(features, p.shares(xp), xp)

    def lower_share(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """The share whose H is W."""
        return self.inner.lower(features, p.shares(xp), xp)

    def strict_share(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """The share whose H is B."""
        return self.inner.strict(features, p.shares(xp), xp)

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


@checked_fields
@dataclass(frozen=True)
class LinkedTriple(Triple):
    """A triple whose pairs mix what goes into the link.

    f = H((1-eta) u + eta b) and g = H((1-eta) w + eta b), with U = H(u), W = H(w), B = H(b).
    """

    def _mixed(self, eta: Fraction) -> LinkedPair:
        return LinkedPair(self, eta)

    def weight(self, task: AnyTask) -> Fraction | None:
        """The first of 1/10, 1/10^2, 1/10^4, ... with which the pair defeats every decoder of `task`.

        There is one wherever the task is not decidable, because H is continuous: f(x) tends to U(x) and
        g(x) to W(x).
        """
        task = as_task(task)
        if task.decidable(self.envelope, self.v):
            return None
        eta = Fraction(1, 10)
        while not self.pair(eta).defeats(task):
            eta *= eta
        return eta


@checked_fields
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


@checked
def neuron_1d(cls: Neuron, v: Visualization, x: Any) -> Any:
    """H(|x-a| / |b-a|), or m if m = M: the value at x of the only neuron with this link and visualization."""
    point = as_point(x, "query", 1)
    cls.check_visualization(v)
    if v.minimum == v.maximum:
        return v.minimum
    reach = abs(v.argmax[0] - v.argmin[0])
    share = interpolate(Fraction(0), Fraction(1), abs(point[0] - v.argmin[0]), 1 / reach)
    return cls.between(v, share)


# -- through exemplars --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinkedWeightParameters(Linked):
    """Also the reflection that takes b to (1, ..., 1), and the weights of U, W and B."""

    flip: Any
    sign: Any
    most: Any
    least: Any
    inner: Any

    def shares(self, xp: ArrayNamespace) -> WeightScale:
        return WeightScale(xp.number(0), xp.number(1), self.most, self.least, self.inner)


class LinkedWeightTriple(ExemplarTriple, LinkedConstruction):
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


def _linked_weights(known: LinkedWeights, x: Point) -> LinkedWeightParameters:
    p = weights(known, x)
    return LinkedWeightParameters(
        p.low, p.high, known.cls.function, p.flip, p.sign, p.most, p.least, p.inner
    )


# -- random members and questions ---------------------------------------------------------------------------

_VALUES_OF_EVERY_LINK = (Fraction(1, 4), Fraction(3, 4))
"""Values that every link takes."""


class NeuronRow(AffineRow):
    """One neuron of at least two inputs."""

    construction: Construction | None = NeuronTriple()

    def through(self, known: Fibres, x: Point) -> Triple | None:
        assert isinstance(known, LinkedWeights)
        return LinkedTriple(LinkedWeightTriple(), known.cls, known.v, x, _linked_weights(known, x))

    def recordable(self, cls: Any) -> FunctionClass:
        return function_class(self.key, link="leaky-relu", slope=QUARTER)

    def draw_class(self, pick: Pick, dim: int) -> FunctionClass:
        link = one_of(pick, ("leaky-relu", "sigmoid", "tanh", "softplus"))
        return function_class(self.key, link=link, slope=draw_rational(pick, strict=True))

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        """Two values of the link at opposite corners; one value, at any points, for a constant of one input."""
        reach = [2 if end is None else end for end in (cls.function.low, cls.function.high)]
        first = -2 if cls.function.low is None else reach[0]
        low = draw_rational(pick, first, reach[1], strict=True)
        b, high = corner(pick, dim), draw_rational(pick, low, reach[1], strict=True)
        if cls.max_dim == 1 and pick(0, 3) == 3:
            spots = distinct(pick, dim, 1)
            return Visualization(spots, spots, low, low)
        return Visualization(opposite(b), b, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """H(sum p_k z'_k) with random p_k > 0 of sum 1: an affine pre-activation."""
        v = self.draw_visualization(pick, cls, dim)
        parts = shares(pick, dim)

        def value(z: Point) -> Any:
            if not v.range:
                return v.minimum
            return cls.between(
                v, dot(parts, (abs(zi - ai) for zi, ai in zip(z, v.argmin, strict=True)))
            )

        return Member(cls, v, value, f"weights {texts(parts)}")

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        zeros, ones = flat_point(Fraction(0), dim), flat_point(Fraction(1), dim)
        v = Visualization(zeros, ones, Fraction(1, 10), Fraction(9, 10))
        return self.kind(), v, (QUARTER, *flat_point(3 * QUARTER, dim - 1))

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        b = spreading_corner(dim, x)
        yield Visualization(opposite(b), b, *_VALUES_OF_EVERY_LINK)


class Neuron1dRow(NeuronRow):
    """One neuron of one input, constants included."""

    construction: Construction | None = None

    def decoder(self, cls: Any) -> Decoder | None:
        return lambda v, x: neuron_1d(cls, v, x)

    def known(self, cls: Any, v: Visualization, z: Array, xp: ArrayNamespace) -> Array:
        low, high, a = map(xp.number, (v.minimum, v.maximum, v.argmin[0]))
        return cls.function.between(low, high, xp.abs(z[..., 0] - a), xp)

    def only_member(self, v: Visualization) -> str:
        if not v.range:
            return f"f(z) = {v.minimum}"
        return f"f(z) = h(s + (t - s) |z1 - {v.argmin[0]}|), h(s) = {v.minimum}, h(t) = {v.maximum}"

    def dyadic_question(self, rng: Random, dim: int) -> tuple[Visualization, Point]:
        return dyadic_question(rng, dim, inside_unit=True)

    def through(self, known: Fibres, x: Point) -> Triple | None:
        return None

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        yield Visualization((Fraction(0),), (Fraction(1),), *_VALUES_OF_EVERY_LINK)
