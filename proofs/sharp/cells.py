"""Exact volumes without a closed form: the box is cut into simplices on which the envelope is affine.

Only the class's own envelope and the task's own criterion say which simplex counts; the planes along
which the box is cut (the kinks of the envelope) are given, and an omitted one is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise, permutations, product

from trompe.theory import FunctionClass, Point, Task, Visualization

Form = Callable[[Point], Fraction]
"""A function that is affine on each simplex it is asked about."""
Simplex = tuple[Point, ...]


@dataclass(frozen=True)
class Kinks:
    """Where an envelope may fail to be affine: first at faces z_i = const, then where a form is 0.

    Each form is affine on what the faces and the earlier forms leave.
    """

    intervals: Sequence[Sequence[tuple[Fraction, Fraction]]]
    """Per coordinate, the parts of [0, 1] between the faces."""
    forms: Sequence[Form] = ()


class NotAffine(ArithmeticError):
    """The envelope is not affine on a simplex: a kink was left out."""


@dataclass(frozen=True)
class AffineCell:
    """A simplex with the values of lower and upper envelope at its vertices (as limits from inside)."""

    vertices: Simplex
    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]

    @cached_property
    def volume(self) -> Fraction:
        """|det of the edges| / d!."""
        origin, *others = self.vertices
        edges = [[p - o for p, o in zip(v, origin, strict=True)] for v in others]
        return abs(_determinant(edges)) / math.factorial(len(edges))


@dataclass(frozen=True)
class Cells:
    """The box [0,1]^d cut along the kinks of a class's envelope at one visualization."""

    cls: FunctionClass
    v: Visualization
    kinks: Kinks

    @cached_property
    def cells(self) -> tuple[AffineCell, ...]:
        """The simplices; NotAffine if the envelope has a kink inside one."""
        simplices = [s for box in product(*self.kinks.intervals) for s in _simplices(box)]
        for form in self.kinks.forms:
            simplices = [part for s in simplices for part in _cut(s, [form(p) for p in s])]
        return tuple(self._cell(s) for s in simplices)

    def _cell(self, simplex: Simplex) -> AffineCell:
        """Values at the vertices, from points inside: at a shown point the envelope jumps."""
        n = len(simplex)
        centre = _mean(simplex)
        inside = [_mean((p, centre)) for p in simplex]
        middle = self.cls.envelope(self.v, centre)
        fibres = [self.cls.envelope(self.v, p) for p in inside]
        ends = []
        for values, mean in (
            ([f.lower for f in fibres], middle.lower),
            ([f.upper for f in fibres], middle.upper),
        ):
            if sum(values) != n * mean:
                raise NotAffine(f"the {self.cls.key} envelope has a kink in {simplex}")
            ends.append(tuple(2 * value - mean for value in values))
        return AffineCell(simplex, *ends)

    @property
    def largest_radius(self) -> Fraction:
        """The supremum of the radius over the interiors of the simplices."""
        gaps = (u - w for c in self.cells for w, u in zip(c.lower, c.upper, strict=True))
        return max(gaps) / (2 * self.v.range) if self.v.range else Fraction(0)

    def share(self, task: Task) -> Fraction:
        """The volume of the queries at which `task` is decidable, by its own criterion."""
        volume = Fraction(0)
        for cell in self.cells:
            for part in self._parts(cell, task):
                if task.decidable(self.cls.envelope(self.v, _mean(part.vertices)), self.v):
                    volume += part.volume
        return volume

    def _parts(self, cell: AffineCell, task: Task) -> Iterator[AffineCell]:
        """The cell cut where an end or the width of the fibre crosses a value that a task may ask about."""
        width = 2 * task.eps * self.v.range
        parts = [cell]
        for level in (
            lambda w, u: u - self.v.mid,
            lambda w, u: w - self.v.mid,
            lambda w, u: u - w - width,
        ):
            parts = [p for part in parts for p in _cut_cell(part, level)]
        yield from parts


def _cut_cell(
    cell: AffineCell, level: Callable[[Fraction, Fraction], Fraction]
) -> Iterator[AffineCell]:
    """Cut along level(lower, upper) = 0, with the envelope's values carried along."""
    d = len(cell.vertices) - 1
    rows = tuple((*p, w, u) for p, w, u in zip(cell.vertices, cell.lower, cell.upper, strict=True))
    values = [level(w, u) for w, u in zip(cell.lower, cell.upper, strict=True)]
    for part in _cut(rows, values):
        yield AffineCell(
            tuple(row[:d] for row in part),
            tuple(row[d] for row in part),
            tuple(row[d + 1] for row in part),
        )


def _simplices(box: Sequence[tuple[Fraction, Fraction]]) -> Iterator[Simplex]:
    """The d! simplices of a box: walk from its lowest corner to its highest along each order of axes."""
    for order in permutations(range(len(box))):
        corner = [low for low, _ in box]
        vertices = [tuple(corner)]
        for i in order:
            corner[i] = box[i][1]
            vertices.append(tuple(corner))
        yield tuple(vertices)


def _cut(simplex: Simplex, values: Sequence[Fraction]) -> Iterator[Simplex]:
    """Simplices that fill the given one, on each of which the affine function with these values at the
    vertices has one sign: an edge that it crosses is split where it is 0."""
    above = next((k for k, value in enumerate(values) if value > 0), None)
    below = next((k for k, value in enumerate(values) if value < 0), None)
    if above is None or below is None:
        yield simplex
        return
    share = values[above] / (values[above] - values[below])
    zero = tuple(p + share * (q - p) for p, q in zip(simplex[above], simplex[below], strict=True))
    for replaced in (above, below):
        vertices, at = list(simplex), list(values)
        vertices[replaced], at[replaced] = zero, Fraction(0)
        yield from _cut(tuple(vertices), at)


def _mean(points: Sequence[Point]) -> Point:
    return tuple(sum(column, Fraction(0)) / len(points) for column in zip(*points, strict=True))


def _determinant(rows: list[list[Fraction]]) -> Fraction:
    """By expansion along the first row; d is small."""
    if len(rows) == 1:
        return rows[0][0]
    return sum(
        (
            (-1) ** k * head * _determinant([row[:k] + row[k + 1 :] for row in rows[1:]])
            for k, head in enumerate(rows[0])
            if head
        ),
        Fraction(0),
    )


# -- where an envelope has kinks -----------------------------------------------------------------------------


def intervals(*points: Point) -> list[list[tuple[Fraction, Fraction]]]:
    """Per coordinate, [0, 1] cut at the points' coordinates."""
    cuts = [sorted({Fraction(0), *column, Fraction(1)}) for column in zip(*points, strict=True)]
    return [list(pairwise(row)) for row in cuts]


def along(point: Point) -> list[Form]:
    """|x_i - s_i|, one form per coordinate."""
    return [lambda x, i=i, si=si: abs(x[i] - si) for i, si in enumerate(point)]  # type: ignore[misc]


def differences(forms: Iterable[Form]) -> list[Form]:
    """Of every two of the forms."""
    return [_difference(p, q) for p, q in combinations(list(forms), 2)]


def _difference(p: Form, q: Form) -> Form:
    return lambda x: p(x) - q(x)
