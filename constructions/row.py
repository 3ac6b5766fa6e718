"""What shows the claims of one row: its triple or its decoder, random members, and questions about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from trompe.constructions.draws import Member, Pick
from trompe.constructions.questions import dyadic_question
from trompe.constructions.triples import Construction, Triple
from trompe.theory import FunctionClass, Point, Task, Visualization
from trompe.theory.fibres import Fibres
from trompe.theory.namespace import Array, ArrayNamespace

Decoder = Callable[[Visualization, Any], Any]
"""An answer from a visualization and a query."""


class Row:
    """One row; the defaults are those of a class without parameters.

    Parameters
    ----------
    kind : the class of functions.
    """

    construction: Construction | None = None
    """How U, W and B are built; None where the label is Yes."""

    def __init__(self, kind: type[FunctionClass]) -> None:
        self.kind = kind

    @property
    def key(self) -> str:
        """The row's key."""
        return self.kind.key

    def decoder(self, cls: Any) -> Decoder | None:
        """Of a Yes row: the decoder that is right for every member and every query."""
        return None

    def through(self, known: Fibres, x: Point) -> Triple | None:
        """U, W, B through the values at the exemplars; None where no pair exists or none is built."""
        return None

    def known(self, cls: Any, v: Visualization, z: Array, xp: ArrayNamespace) -> Array:
        """Of a Yes row: the only member with this visualization, at an array of points of a namespace."""
        raise NotImplementedError

    def alike(self, cls: Any, v: Visualization, x: Point | None) -> Iterable[Visualization]:
        """Others with the pictures and the maximum of v, at which more may be undecidable at x."""
        yield from ()

    def around(self, v: Visualization) -> Visualization:
        """Of a Yes row: the extremes of the only member with the two values of v at its two points."""
        return v

    def only_member(self, v: Visualization) -> str:
        """Of a Yes row: the only member with this visualization, written out."""
        raise NotImplementedError

    def recordable(self, cls: Any) -> FunctionClass:
        """The class, or one of the same row whose members are made of sums, products, maxima and minima."""
        kept: FunctionClass = cls
        return kept

    # -- random questions and members ----------------------------------------------------------------

    def draw_class(self, pick: Pick, dim: int) -> FunctionClass:
        """The class, with random parameters where it has any."""
        return self.kind()

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        """A visualization that some member has: unique extremes with m < M, or what a Yes row may show."""
        raise NotImplementedError

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """A member, with its exact visualization; not only mixes of the row's triple."""
        raise NotImplementedError

    def dyadic_question(self, rng: Random, dim: int) -> tuple[Visualization, Point]:
        """Of a Yes row: a random visualization and query that floats hold, so that a right formula rounds nothing."""
        return dyadic_question(rng, dim)

    # -- chosen questions --------------------------------------------------------------------------------

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        """The instance that is shown when none is given."""
        raise NotImplementedError

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        """Simple visualizations, at the first of which, without a query, the class is as undecidable as it gets.

        With a query x, one of them has the largest radius there.
        """
        raise NotImplementedError

    def queries(self, cls: Any, task: Task, v: Visualization) -> Iterator[Point]:
        """Points at which the radius is likely to be large, to be tried before the flat ones."""
        yield from ()
