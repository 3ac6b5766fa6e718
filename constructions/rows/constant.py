"""Constant functions: the decoder that answers with the shown value."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

from trompe.constructions.draws import (
    Member,
    Pick,
    distinct,
    ends,
)
from trompe.constructions.questions import HALF, QUARTER, dyadic_question, flat_point
from trompe.constructions.row import Decoder, Row
from trompe.ground.arguments import checked
from trompe.theory import (
    FunctionClass,
    InvalidInput,
    Point,
    Visualization,
    as_point,
)
from trompe.theory.exact import written
from trompe.theory.namespace import Array, ArrayNamespace


@checked
def constant_value(v: Visualization, x: Any) -> Fraction:
    """m; the unit has no other value.

    Raises
    ------
    InvalidInput : the visualization shows two values.
    """
    as_point(x, "query", v.dim)
    if v.minimum != v.maximum:
        raise InvalidInput(
            f"constant: minimum = {written(v.minimum)} and maximum = {written(v.maximum)} differ; a constant has one value"
        )
    return v.minimum


class ConstantRow(Row):
    """One value everywhere."""

    def decoder(self, cls: Any) -> Decoder | None:
        return constant_value

    def known(self, cls: Any, v: Visualization, z: Array, xp: ArrayNamespace) -> Array:
        return 0 * z[..., 0] + xp.number(v.minimum)

    def only_member(self, v: Visualization) -> str:
        return f"f(z) = {v.minimum}"

    def dyadic_question(self, rng: Random, dim: int) -> tuple[Visualization, Point]:
        return dyadic_question(rng, dim, is_flat=True)

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low = ends(pick)[0]
        spots = distinct(pick, dim, pick(1, 2))
        return Visualization(spots, spots, low, low)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        v = self.draw_visualization(pick, cls, dim)
        return Member(cls, v, lambda _: v.minimum, f"z -> {v.minimum}")

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        zeros = flat_point(Fraction(0), dim)
        x = (QUARTER, *flat_point(3 * QUARTER, dim - 1))
        return self.kind(), Visualization(zeros, zeros, HALF, HALF), x

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        zeros = flat_point(Fraction(0), dim)
        yield Visualization(zeros, zeros, HALF, HALF)
