"""Monotone functions: the mean, saturated at the query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.constructions.cones import ConeTriple, cone_parameters
from trompe.constructions.draws import (
    Member,
    Pick,
    dot,
    draw_point,
    draw_rational,
    ends,
    one_of,
    positive,
    several,
    texts,
)
from trompe.constructions.questions import HALF, flat_point
from trompe.constructions.row import Row
from trompe.constructions.triples import Construction, Scale, Triple
from trompe.theory import (
    FunctionClass,
    Point,
    Visualization,
)
from trompe.theory.fibres import Fibres
from trompe.theory.functionals import (
    mean,
)
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.rationals import RATIONALS


@dataclass(frozen=True)
class MonotoneParameters(Scale):
    """m, M, q = mean(x) in (0, 1) and the reciprocals of q and 1 - q."""

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
        q = mean(RATIONALS.array(x), RATIONALS)
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


# -- random members and questions ---------------------------------------------------------------------------

_ZERO, _ONE = Fraction(0), Fraction(1)


class MonotoneRow(Row):
    """Functions that do not decrease."""

    construction: Construction | None = MonotoneTriple()

    def through(self, known: Fibres, x: Point) -> Triple | None:
        """Cones of the excess, so steep that a cone has left [m, M] at every other point that counts."""
        v = known.v
        slope = v.range / _least_excess((*known.points, x))
        return Triple(ConeTriple(), known.cls, v, x, cone_parameters(known, slope, "excess"))

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, high = ends(pick)
        return Visualization((_ZERO,) * dim, (_ONE,) * dim, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """A minimum, maximum or average of affine pieces that increase in every input, plus steps up."""
        pieces = several(pick, 1, 3, lambda: (draw_rational(pick, -2, 2), positive(pick, dim)))
        steps = several(pick, 0, 2, lambda: (draw_rational(pick), draw_point(pick, dim)))
        how = one_of(pick, ("min", "max", "mean"))

        def value(z: Point) -> Fraction:
            values = [start + dot(w, z) for start, w in pieces]
            base = {
                "min": min(values),
                "max": max(values),
                "mean": sum(values, _ZERO) / len(values),
            }
            ups = (up for up, s in steps if all(si <= zi for si, zi in zip(s, z, strict=True)))
            return base[how] + sum(ups, _ZERO)

        zeros, ones = (_ZERO,) * dim, (_ONE,) * dim
        v = Visualization(zeros, ones, value(zeros), value(ones))
        lines = ", ".join(f"{start} + {texts(w)} z" for start, w in pieces)
        jumps = "".join(f", up by {up} from {texts(s)} on" for up, s in steps)
        return Member(cls, v, value, f"{how} of {lines}{jumps}")

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(Fraction(0), dim), flat_point(Fraction(1), dim), 0, 1)
        return self.kind(), v, flat_point(HALF, dim)

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        yield Visualization(flat_point(Fraction(0), dim), flat_point(Fraction(1), dim), 0, 1)


def _least_excess(points: Sequence[Point]) -> Fraction:
    """The least positive excess of one of the points over another: beyond it a cone has left [m, M]."""
    above = (max(zi - si for zi, si in zip(z, s, strict=True)) for z in points for s in points)
    return min(e for e in above if e > 0)
