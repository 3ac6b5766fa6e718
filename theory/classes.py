"""A class of functions: who is a member, what may be shown, the sharp envelope; and what its row says of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, ClassVar

from trompe.ground.arguments import Dim, checked
from trompe.ground.errors import InvalidInput, QueryShown
from trompe.theory.exact import Point, as_point, show, written
from trompe.theory.fibres import Fibres, Unproved
from trompe.theory.levels import Own
from trompe.theory.limits import Limits
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.shares.base import SharpRow
from trompe.theory.statements import Sentence, Statement
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization


@dataclass(frozen=True)
class Comparison:
    """What a pointwise law compares: values of h at y, at z and at the point between them.

    `between` is h(w y + (1-w) z) for a weight w in [0, 1]; `bound` is the most by which
    the values at y and z may differ. What a law does not look at may be left out.
    """

    at_y: Any
    at_z: Any
    between: Any = None
    weight: Any = None
    bound: Any = None


@dataclass(frozen=True)
class Inclusion:
    """Every member of `sub` is a member of `sup`, at every d where `sub` is defined."""

    sub: str
    sup: str
    why: str
    obligation: str | None = None
    """The key of the obligation that a solver checks, where the inclusion is more than a definition."""


@dataclass(frozen=True)
class FunctionClass(ABC):
    """A set of functions h : [0, 1]^d -> R.

    Closed under convex combination (neurons: of what goes into their link).
    """

    key: ClassVar[str]
    name: ClassVar[str]
    symbol: ClassVar[str]
    definition: ClassVar[str]
    """Membership in words."""
    short_names: ClassVar[tuple[str, ...]] = ()
    """For narrow columns, the longest first."""
    member: ClassVar[str] = ""
    """One member in words, such as `convex function`."""
    statement: ClassVar[Statement]
    """How the statements of the row are quantified."""
    own: ClassVar[Own] = {}
    """By task and level, what the row states itself where less is shown; else a No is that of the extremes."""
    paper: ClassVar[tuple[str, str, str] | None] = None
    """The labels that the paper's table prints, in the order of TASKS; None for a row of ours."""
    inside: ClassVar[tuple[Inclusion, ...]] = ()
    """The larger classes that hold this one."""
    min_dim: ClassVar[int] = 1
    max_dim: ClassVar[int | None] = None
    is_pointwise: ClassVar[bool] = True
    """Is membership a law on the values at two points and one between? Else it is a representation."""
    has_one_value: ClassVar[bool] = False
    """Has every member the same value everywhere?"""

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """The names of what a member of the row's family of classes is given, such as `constant`."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    @checked
    def named(cls, width: int) -> str:
        """The longest name with fewer characters, or the shortest one."""
        names = (cls.name, *cls.short_names)
        return next((name for name in names if len(name) < width), names[-1])

    # -- membership ---------------------------------------------------------------------------

    def premise(self, y: Array, z: Array) -> list[Any]:
        """Conditions on the points y and z under which the law speaks of them (none by default)."""
        return []

    @abstractmethod
    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        """The law of the class on one comparison; a member satisfies it for all points and weights.

        Returns a bool for numbers and a term for solver terms.
        """

    @checked
    def bound(self, y: Point, z: Point) -> Any:
        """The most by which the law lets values at y and z differ; None where it does not look at that."""
        return None

    # -- what may be shown --------------------------------------------------------------------

    @checked
    def check_dim(self, dim: Dim) -> None:
        """Raise InvalidInput unless the class is defined at this number of inputs."""
        if dim < self.min_dim or (self.max_dim is not None and dim > self.max_dim):
            expected = f"d >= {self.min_dim}" if self.max_dim is None else f"d = {self.max_dim}"
            raise InvalidInput(f"{self.key}: d = {dim}; this row is about {expected}")

    @checked
    def check_visualization(self, v: Visualization) -> None:
        """Raise InvalidInput unless some member has the visualization `v`."""
        self.check_dim(v.dim)
        if not v.minimum < v.maximum:
            raise InvalidInput(
                f"{self.key}: minimum = {written(v.minimum)} must be below maximum = {written(v.maximum)}"
            )
        if not v.is_unique:
            raise InvalidInput(
                f"{self.key}: {len(v.argmin_set)} minimisers and {len(v.argmax_set)} maximisers are "
                "shown; the pairs of this row have one of each, give one point per extreme"
            )
        self._check_extremes(v)

    def _check_extremes(self, v: Visualization) -> None:
        """What the class demands of v beyond m < M and unique extremes."""

    @checked
    def check_query(self, v: Visualization, x: Any) -> Point:
        """The query as an exact point, not one whose value is shown.

        Raises
        ------
        InvalidInput : wrong length or outside the box. QueryShown : x is a, b or a training input.
        """
        point = as_point(x, "query", v.dim)
        if self.shown_value(v, point) is not None:
            raise QueryShown(
                f"{self.key}: query {show(point)} is shown, its value is "
                f"{written(self.shown_value(v, point))}; choose a point that is neither an extreme nor a "
                "training input"
            )
        return point

    # -- the fibre ----------------------------------------------------------------------------

    @checked
    def shown_value(self, v: Visualization, x: Any) -> Fraction | None:
        """f(x) where what is shown tells it directly, else None."""
        point = as_point(x, "x", v.dim)
        if point in v.argmin_set:
            return v.minimum
        if point in v.argmax_set:
            return v.maximum
        return None

    @checked
    def envelope(self, v: Visualization, x: Any) -> Interval:
        """The smallest interval that holds h(x) for every member h with phi(h) = v; exact.

        Raises
        ------
        InvalidInput : no member has this visualization, or x is no point of [0, 1]^d.
        """
        self.check_visualization(v)
        point = as_point(x, "query", v.dim)
        shown = self.shown_value(v, point)
        return self._fibre(v, point) if shown is None else Interval(shown, shown)

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        """The envelope at a query that is not shown; everything in [m, M] unless a class knows more."""
        return Interval(v.minimum, v.maximum)

    # -- bounds and shares ----------------------------------------------------------------------

    def in_words(self) -> str:
        """One member, with its parameters."""
        return self.member or f"member of {self.key}"

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        """What knows the fibres, in exact numbers and in floats."""
        return Unproved

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        """The kind of fibres where the points of `v` need not be extremes.

        Raises
        ------
        InvalidInput : no sharp interval is proved here for that.
        """
        raise InvalidInput(
            f"{self.key}: no sharp interval is proved here where the shown points need not be extremes; leave out --range, "
            "--tolerance and --noise"
        )

    @checked
    def check_shown(self, v: Visualization) -> None:
        """Raise InvalidInput where no member has `v` whatever a parameter that is judged with the exemplars."""
        self.check_visualization(v)

    sharp_setting: ClassVar[Sentence] = Sentence("all a != b", r"all $a\neq b$")
    """For which visualizations the row's numbers in the sharp table hold."""

    takes_setting: ClassVar[bool] = False
    """Does its sharp row depend on what it is shown for?"""
    no_sharp_row: ClassVar[str] = ""
    """Why the class has no row of the sharp table, where it has none."""

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        """The row of the sharp table; `setting` is what a row with parameters is shown for.

        Raises
        ------
        InvalidInput : the class has none.
        """
        raise InvalidInput(f"{cls.key}: no row of the sharp table")


def check_corner(key: str, what: str, point: Point, why: str) -> None:
    """Raise InvalidInput unless every coordinate of the point is 0 or 1."""
    for i, coordinate in enumerate(point):
        if coordinate.denominator != 1:  # a point lies in the box
            raise InvalidInput(
                f"{key}: {what} {show(point)} is not a corner of the box (coordinate {i} is "
                f"{written(coordinate)}); {why}"
            )


def check_ends(key: str, v: Visualization, why: str) -> None:
    """Raise InvalidInput unless every shown extreme is a corner, where m < M."""
    if v.minimum < v.maximum:
        for what, points in (("argmin", v.argmin_set), ("argmax", v.argmax_set)):
            for point in points:
                check_corner(key, what, point, why)


@checked
def corner_reflection(b: Point) -> tuple[Point, Point]:
    """The flip 1 - b and the sign 2 b - 1 that take the corner b to (1, ..., 1)."""
    return tuple(_ZERO if bi else _ONE for bi in b), tuple(_ONE if bi else _MINUS for bi in b)


_MINUS, _ZERO, _ONE = map(Fraction, (-1, 0, 1))
