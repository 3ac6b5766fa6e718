"""Additive functions, a row of ours: all of the range on one coordinate, or spread evenly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.constructions.draws import (
    Member,
    Pick,
    coordinates,
    dot,
    draw_point,
    draw_rational,
    ends,
    shares,
    texts,
)
from trompe.constructions.questions import HALF, QUARTER, beside, flat_point
from trompe.constructions.row import Row
from trompe.constructions.rows.free import hat
from trompe.constructions.triples import Construction, Scale, mix
from trompe.theory import (
    Dataset,
    FunctionClass,
    Point,
    Visualization,
)
from trompe.theory.functionals import (
    least,
    mean,
)
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.rationals import RATIONALS


@dataclass(frozen=True)
class AdditiveScale(Scale):
    """m, M and 1/delta of U and of W."""

    inv_rise: Any
    inv_fall: Any


@dataclass(frozen=True)
class AdditiveParameters(AdditiveScale):
    """Also the extremes, 1/|a_k - b_k| for each k, and the coordinates of U and W."""

    a: Any
    b: Any
    inv_reach: Any
    rising: int
    falling: int


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
        at_a, at_b, at_x = map(RATIONALS.array, (a, b, x))
        away_a, away_b, reach = map(tuple, (abs(at_x - at_a), abs(at_x - at_b), abs(at_b - at_a)))
        i, j = away_a.index(max(away_a)), away_b.index(max(away_b))
        return AdditiveParameters(
            v.minimum,
            v.maximum,
            1 / least([reach[i], away_a[i]]),
            1 / least([reach[j], away_b[j]]),
            a,
            b,
            tuple(1 / r for r in reach),
            i,
            j,
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

    def upper(self, features: Features, p: AdditiveScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * xp.minimum(xp.number(1), p.inv_rise * features.from_a)

    def lower(self, features: Features, p: AdditiveScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * hat(features.from_b, p.inv_fall, xp)

    def strict(self, features: Features, p: AdditiveScale, xp: ArrayNamespace) -> Array:
        return p.low + (p.high - p.low) * features.mean


# -- random members and questions ---------------------------------------------------------------------------

_ZERO, _ONE = Fraction(0), Fraction(1)


class AdditiveRow(Row):
    """Sums of functions of one coordinate each."""

    construction: Construction | None = AdditiveTriple()

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, high = ends(pick)
        a = draw_point(pick, dim)
        moves = coordinates(pick, dim, lambda: draw_rational(pick, strict=True))
        b = tuple(ai + k - (ai + k > 1) for ai, k in zip(a, moves, strict=True))
        return Visualization(a, b, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """m + R sum p_k s_k(z_k) with random p_k > 0 of sum 1; s_k is 0 only at a_k and 1 only at b_k, and may jump.

        Each s_k is an affine function with a jump, clamped between a cone up from a_k and one down from b_k and
        mixed with their mean.
        """
        v = self.draw_visualization(pick, cls, dim)
        weights = shares(pick, dim)
        eta = draw_rational(pick, strict=True)
        pieces = []
        for ak, bk in zip(v.argmin, v.argmax, strict=True):
            slope = pick(1, 4) / abs(ak - bk)
            inside = [draw_rational(pick, -2, 2) for _ in range(3)]
            pieces.append((ak, bk, slope, *inside, draw_rational(pick)))

        def part(t: Fraction, piece: Any) -> Fraction:
            ak, bk, slope, start, rate, jump, threshold = piece
            upper, lower = min(_ONE, slope * abs(t - ak)), max(_ZERO, 1 - slope * abs(t - bk))
            inner = start + rate * t + (jump if t > threshold else 0)
            result: Fraction = mix(max(lower, min(upper, inner)), (upper + lower) / 2, eta)
            return result

        def value(z: Point) -> Fraction:
            return v.minimum + v.range * dot(weights, map(part, z, pieces))

        parts = ", ".join(
            f"{start} + {rate} t, {jump} more above {threshold}, slopes {slope}"
            for _, _, slope, start, rate, jump, threshold in pieces
        )
        return Member(cls, v, value, f"weights {texts(weights)}, eta {eta}, parts: {parts}")

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(QUARTER, dim), flat_point(3 * QUARTER, dim), 0, 1)
        return self.kind(), v, (QUARTER, *flat_point(3 * QUARTER, dim - 1)) if dim > 1 else (HALF,)

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        yield beside(Dataset(), dim, x)
