"""What `proofs` holds of each row: the evidence of its theorems, and what is checked of it in exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from trompe.constructions import Triple
from trompe.constructions.draws import Pick, Value, draw_rational, texts
from trompe.proofs.shapes import fields
from trompe.proofs.sharp.cells import Cells, Kinks, intervals
from trompe.proofs.sharp.cubes import Cubes
from trompe.proofs.symbolic import Identity
from trompe.theory import (
    Comparison,
    Dataset,
    FunctionClass,
    Interval,
    InvalidInput,
    Point,
    Task,
    UnknownKey,
    Visualization,
)
from trompe.theory.namespace import EXACT
from trompe.theory.shares.base import SharpRow
from trompe.theory.shares.quantities import Quantity

Said = Iterator[tuple[str, bool]]
"""Sentences, and whether each holds."""
Extremes = tuple[Point, Point]
"""a and b."""
Admitted = Iterator[tuple[FunctionClass, Visualization, Iterable[tuple[Point, Interval]]]]
"""What a class may be shown, with the fibres at some points."""
Refused = Iterator[tuple[str, FunctionClass, Visualization]]
"""Why a class must refuse what it is shown, the class, and that."""
Instances = Iterator[tuple[SharpRow, FunctionClass, Visualization]]
"""A row of the sharp table, and a class and a visualization for which it makes its claim."""

Levels = Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]]
"""By task and level: the roles of a cell and their obligation families."""

Membership = Literal[
    "network", "fits", "lipschitz", "monotone", "convex", "affine", "additive", "constant"
]
"""The checks of a witness that tell whether a function is a member."""

LOW, HIGH = Fraction(-1, 2), Fraction(5, 2)
"""m and M of the chosen questions: a range of 3, so that no factor of 1 hides anything."""


def shown(a: Any, b: Any, low: Any = LOW, high: Any = HIGH) -> Visualization:
    """A visualization with the chosen m and M."""
    return Visualization(a, b, low, high)


def moved(z: Point, k: int, value: Fraction) -> Point:
    """z with another value in coordinate k."""
    return (*z[:k], value, *z[k + 1 :])


def one(value: Any) -> Interval:
    """The fibre of one value."""
    return Interval(value, value)


def refuses(call: Callable[..., Any], *arguments: Any, **named: Any) -> bool:
    """Does the call say that what it is given is none of what it takes?"""
    try:
        call(*arguments, **named)
    except (InvalidInput, UnknownKey):
        return True
    return False


@dataclass(frozen=True)
class Evidence:
    """Obligation families of a row, by role, and its identities; the same for every task but where it is said.

    `pair` : members f and g with the same unique extremes. `decides` : where no pair is, one answer is right.
    `exists` : there are queries with a pair. `extremes` : what every member's extremes are. `decodes` : of a Yes
    row, the decoder is right. `includes` : the subclass that a No comes from, named by `inherits`. `links` : the
    named links are what a neuron row asks of one.
    """

    pair: tuple[str, ...] = ()
    decides: tuple[str, ...] = ()
    exists: tuple[str, ...] = ()
    extremes: tuple[str, ...] = ()
    decodes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    fools: Mapping[str, str] = field(default_factory=dict)
    """By task, what makes a gap of a pair of this row; else that of the shared lemma."""
    threshold: tuple[str, ...] = ()
    """Of a task with a threshold: what fools above it, what decides below it."""
    inherits: str | None = None
    mixes: bool = True
    """Are pairs mixed from the triple's own values? Then the gap in closed form is evidence too."""
    symbolic: tuple[str, ...] = ()
    also_symbolic: tuple[str, ...] = ()
    levels: Levels = field(default_factory=dict)
    """By task and level, the roles of what the row states itself where less is shown than both extremes with their values."""
    levels_coq: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """By task and level, the Coq theorems that belong to its statement besides the one of its name."""
    coq: tuple[str, ...] = ()
    """The Coq theorems that lead from the catalogue's words to the row's statements."""
    assumed: tuple[str, ...] = ()
    """What no solver says, by the names of `evidence.ASSUMED`, besides instantiation and the solvers."""


class RowChecks:
    """What is checked of a row beside its obligations; the defaults are those of a class without parameters.

    Expected answers are written down from the statements, not computed by the code that is checked.

    Parameters
    ----------
    kind : the class of functions.
    """

    dims: tuple[int, ...] = (1, 2, 3)
    """Those of 1, 2, 3 that the statement is about."""
    pinned = ""
    """Which of a and b are corners of the box, in letters."""
    leaves_everything = True
    """Is the fibre at every query all of [m, M]?"""
    computes_networks = False
    """Is every member a ReLU network?"""
    is_curved = False
    """Are the members of its pairs no piecewise affine functions?"""
    ends_of_instances = (-1, 2)
    """m and M where the closed forms are checked."""
    membership: Membership
    """Which check of a witness tells whether a function is a member. There is none that would do for any row."""
    slowness = 0
    """How long its samples take, among the rows: what is quick is asked first."""

    def __init__(self, kind: type[FunctionClass]) -> None:
        self.kind = kind

    @property
    def key(self) -> str:
        """The row's key."""
        return self.kind.key

    # -- chosen questions ----------------------------------------------------------------------------

    def plain(self, d: int = 1) -> FunctionClass:
        """A class of the row whose values are rational."""
        return self.kind()

    def extremes_at(self, d: int) -> Extremes:
        """a and b of `case_at`."""
        return (Fraction(1, 8),) * d, (Fraction(7, 8),) * d

    def case_at(self, d: int) -> tuple[FunctionClass, Visualization, Point]:
        """One admissible question of a row with a pair."""
        x = tuple(Fraction(k + 1, d + 2) for k in range(d))
        return self.plain(d), shown(*self.extremes_at(d)), x

    def admitted(self, d: int) -> Admitted:
        """What a class may be shown, with the fibres at some points."""
        cls, v, x = self.case_at(d)
        data = getattr(cls, "data", Dataset())
        known = [(v.argmin, LOW), (v.argmax, HIGH), *zip(data.inputs, data.labels, strict=True)]
        everything = [(x, Interval(LOW, HIGH))] if self.leaves_everything else []
        yield cls, v, [*((s, one(y)) for s, y in known), *everything]

    def refused(self, d: int) -> Refused:
        """What it may not be shown, in every row with a pair."""
        cls, v, x = self.case_at(d)
        yield "m = M", cls, shown(v.argmin, v.argmax, HIGH, HIGH)
        yield "two minimisers", cls, shown((v.argmin, x), v.argmax)
        yield "two maximisers", cls, shown(v.argmin, (v.argmax, x))
        for k in {0, d - 1}:
            for name in self.pinned:
                ends = {"a": v.argmin, "b": v.argmax}
                ends[name] = moved(ends[name], k, Fraction(1, 2))
                yield f"coordinate {k} of {name} is 1/2", cls, shown(**ends)

    def limits(self) -> Said:
        """What else the row accepts, refuses and says at its limits."""
        yield from ()

    def parameters(self, t: Triple, p: Any) -> Said:
        """That the parameters of a triple are what the obligations assume of their symbols."""
        yield from ()

    # -- random questions ----------------------------------------------------------------------------

    def laws(
        self, pick: Pick, cls: Any, members: Mapping[str, Value], points: Sequence[Point]
    ) -> Said:
        """That functions are members, as far as some points tell."""
        if not cls.is_pointwise:
            return
        weight = draw_rational(pick)
        for i, y in enumerate(points):
            z = points[i - 1]
            if not all(cls.premise(y, z)):  # the law of an order: of two points, the larger above
                y, z = (tuple(map(end, y, z)) for end in (min, max))
            between = tuple(weight * p + (1 - weight) * q for p, q in zip(y, z, strict=True))
            for name, h in members.items():
                comparison = Comparison(h(y), h(z), h(between), weight, cls.bound(y, z))
                says = f"{name} at {texts(y)}, {texts(z)}, weight {weight}"
                yield says, bool(cls.law(comparison, EXACT))

    # -- the sharp table -----------------------------------------------------------------------------

    def closed_forms(self) -> Iterator[tuple[str, Identity]]:
        """(column, identity) of the closed forms; `dim` is None where it holds for every d."""
        yield from ()

    def closer(self, row: Any, d: int, eps: Fraction, number: Quantity) -> Quantity:
        """An eps share of the row of which only bounds are known, as exact as it can be had."""
        return number

    def parts(self, cls: Any, v: Visualization) -> Cells | Cubes:
        """The box in parts on which the envelope is affine, or bounded where it is curved."""
        return Cells(cls, v, self.kinks(cls, v))

    def kinks(self, cls: Any, v: Visualization) -> Kinks:
        """Where the envelope may fail to be affine."""
        return Kinks(intervals(v.argmin))

    def about(self, cls: Any, v: Visualization) -> str:
        """An instance in words."""
        return str(v)

    def instances(self, row: Any, d: int) -> Instances:
        """Where the forms are checked at this d."""
        if row.is_about(d):
            for a, b in self.extremes_of_instances(d):
                yield row, self.plain(), shown(a, b, *self.ends_of_instances)

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        """a and b of the instances."""
        a = tuple(Fraction(1, 4 + i) for i in range(d))
        yield a, tuple(Fraction(3 + i, 4 + i) for i in range(d))

    # -- witness files -------------------------------------------------------------------------------

    def write_parameters(self, cls: Any) -> dict[str, Any]:
        """The parameters of a class as a witness file holds them."""
        return {}

    def read_class(self, data: Any, dim: int) -> FunctionClass:
        """The class with the parameters of a witness file.

        Raises
        ------
        InvalidInput : they are no such parameters.
        """
        fields(data, (), "parameters")
        return self.kind()

    def why_decided(self, made: Triple, task: Task) -> str:
        """More than the fibre tells of why a task is decidable where it is, "" if there is no more."""
        return ""
