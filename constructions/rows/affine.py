"""Affine functions: all the weight on one coordinate, or spread evenly; with one input, the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.constructions.decoders import interpolate
from trompe.constructions.draws import (
    Member,
    Pick,
    corner,
    distinct,
    dot,
    ends,
    opposite,
    shares,
    texts,
)
from trompe.constructions.questions import HALF, QUARTER, flat_point
from trompe.constructions.row import Decoder, Row
from trompe.constructions.triples import Construction, ExemplarTriple, Scale, Triple
from trompe.ground.arguments import checked
from trompe.theory import (
    Affine,
    FunctionClass,
    Point,
    Task,
    Visualization,
    as_point,
    corner_reflection,
)
from trompe.theory.fibres import Fibres
from trompe.theory.functionals import (
    flipped,
    mean_flipped,
)
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.rows.affine import AffineWeights, Weights
from trompe.theory.simplex import Optimum


@dataclass(frozen=True)
class AffineParameters(Scale):
    """m, M, the reflection that takes b to (1, ..., 1), and the places of the largest and smallest x'."""

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

    def upper(self, features: Features, p: Scale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.largest

    def lower(self, features: Features, p: Scale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.smallest

    def strict(self, features: Features, p: Scale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.mean


@checked
def affine_1d(v: Visualization, x: Any) -> Fraction:
    """The value at x of the only affine function on [0, 1] with one such minimiser and maximiser."""
    point = as_point(x, "query", 1)
    if v.minimum == v.maximum:
        return v.minimum
    reach = abs(v.argmax[0] - v.argmin[0])
    value: Fraction = interpolate(v.minimum, v.maximum, abs(point[0] - v.argmin[0]), 1 / reach)
    return value


# -- through exemplars --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WeightScale(Scale):
    """m, M and the weights of U, W and B."""

    most: Any
    least: Any
    inner: Any


@dataclass(frozen=True)
class WeightParameters(WeightScale):
    """Also the reflection that takes b to (1, .., 1)."""

    flip: Any
    sign: Any


class WeightTriple(ExemplarTriple):
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

    def features(self, z: Array, p: WeightParameters, xp: ArrayNamespace) -> Features:
        return self.Features(flipped(z, p.flip, p.sign))

    def upper(self, features: Features, p: WeightScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.sum(features.seen * p.most)

    def lower(self, features: Features, p: WeightScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.sum(features.seen * p.least)

    def strict(self, features: Features, p: WeightScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.sum(features.seen * p.inner)


def weights(known: Weights, x: Point) -> WeightParameters:
    """The weights of U, W and B at x."""
    v, (low, high) = known.v, known.ends(x)

    def allweights(found: Optimum) -> Point:
        return tuple(found.vertex.get(k, Fraction(0)) for k in range(v.dim))

    return WeightParameters(
        v.minimum,
        v.maximum,
        allweights(high),
        allweights(low),
        tuple(known.inner),
        *corner_reflection(v.argmax),
    )


# -- random members and questions ---------------------------------------------------------------------------


class AffineRow(Row):
    """Affine functions of at least two inputs."""

    construction: Construction | None = AffineTriple()

    def through(self, known: Fibres, x: Point) -> Triple | None:
        assert isinstance(known, AffineWeights)
        return Triple(WeightTriple(), known.cls, known.v, x, weights(known, x))

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, high = ends(pick)
        b = corner(pick, dim)
        return Visualization(opposite(b), b, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """m + R sum p_k z'_k with random p_k > 0 of sum 1, z'_k the distance of z_k from a_k."""
        v = self.draw_visualization(pick, cls, dim)
        parts = shares(pick, dim)

        def value(z: Point) -> Fraction:
            seen = (abs(zi - ai) for zi, ai in zip(z, v.argmin, strict=True))
            return v.minimum + v.range * dot(parts, seen)

        return Member(cls, v, value, f"weights {texts(parts)}")

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(Fraction(0), dim), flat_point(Fraction(1), dim), 0, 1)
        return self.kind(), v, (HALF / 4, *flat_point(7 * HALF / 4, dim - 1))

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        b = spreading_corner(dim, x)
        yield Visualization(opposite(b), b, 0, 1)

    def queries(self, cls: Any, task: Task, v: Visualization) -> Iterator[Point]:
        half = (v.dim + 1) // 2
        yield (*v.argmax[:half], *v.argmin[half:])


class Affine1dRow(AffineRow):
    """Affine functions of one input, constants included."""

    construction: Construction | None = None

    def decoder(self, cls: Any) -> Decoder | None:
        return affine_1d

    def known(self, cls: Any, v: Visualization, z: Array, xp: ArrayNamespace) -> Array:
        low, high, a = map(xp.number, (v.minimum, v.maximum, v.argmin[0]))
        return interpolate(low, high, xp.abs(z[..., 0] - a), xp.number(1))

    def around(self, v: Visualization) -> Visualization:
        if not v.range or v.dim != 1:
            return v
        (a,), (b,), slope = v.argmin, v.argmax, v.range / (v.argmax[0] - v.argmin[0])
        zero, end = (Fraction(0),), (Fraction(1),)
        low, high = (zero, end) if a < b else (end, zero)
        at = {z: v.minimum + slope * (z[0] - a) for z in (low, high)}
        return Visualization(low, high, at[low], at[high])

    def only_member(self, v: Visualization) -> str:
        slope = f" + {v.range} |z1 - {v.argmin[0]}|" if v.range else ""
        return f"f(z) = {v.minimum}{slope}"

    def through(self, known: Fibres, x: Point) -> Triple | None:
        return None

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, high = ends(pick)
        if pick(0, 3) == 3:
            spots = distinct(pick, dim, 1)
            return Visualization(spots, spots, low, low)
        b = corner(pick, dim)
        return Visualization(opposite(b), b, low, high)

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(Fraction(0), dim), flat_point(Fraction(1), dim), 0, 1)
        return self.kind(), v, (QUARTER,)

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        yield Visualization(flat_point(Fraction(0), dim), flat_point(Fraction(1), dim), 0, 1)


def spreading_corner(dim: int, x: Point | None) -> Point:
    """The corner b for which max x' - min x' is as large as for any: the two coordinates farthest from 1/2."""
    if x is None:
        return flat_point(Fraction(1), dim)
    i, j, *_ = sorted(range(len(x)), key=lambda k: -abs(x[k] - HALF))
    b = [Fraction(1)] * len(x)
    b[i] = Fraction(1) if x[i] >= HALF else Fraction(0)
    b[j] = Fraction(0) if x[j] >= HALF else Fraction(1)
    return tuple(b)
