"""Random numbers, points, networks and members, exact, from any source of integers.

A source is a function `pick(low, high)` that returns an integer of [low, high]. The `randint` of a
seeded generator makes a campaign that repeats; Hypothesis's integers make strategies that shrink,
since everything here is simplest where the integers are smallest. No draw is ever thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import numpy as np

from trompe.constructions.networks import Layer, Network
from trompe.constructions.triples import mix
from trompe.theory import FunctionClass, Point, Visualization
from trompe.theory.functionals import exact_distance, metric

Pick: TypeAlias = Callable[[int, int], int]
"""An integer of [low, high], both ends included."""


@dataclass(frozen=True)
class Picker:
    """A source of integers under which every list of coordinates takes the same number of draws at every d.

    Up to `padding` coordinates are drawn and the first d are used. So a shrinker can lower d without
    moving what is drawn after it.
    """

    integer: Pick
    padding: int = 0

    def __call__(self, low: int, high: int) -> int:
        """An integer of [low, high]."""
        return self.integer(low, high)


Value = Callable[[Point], Any]
"""A function of exact points."""


T = TypeVar("T")


_ZERO, _ONE = Fraction(0), Fraction(1)


_DENOMINATOR = 12


_SHARES = [Fraction(k, n) for n in range(1, _DENOMINATOR + 1) for k in range(n + 1)]
"""Shares from simple to less simple; with their repetitions, so that 0 and 1 are likely."""


_INNER = [share for share in _SHARES if 0 < share < 1]


@dataclass(frozen=True)
class Member:
    """A random member of a class with its exact visualization; call it with an exact point."""

    cls: FunctionClass
    v: Visualization
    value: Value
    text: str

    def __call__(self, z: Point) -> Any:
        """The value at z, exact."""
        return self.value(z)

    def __repr__(self) -> str:
        return f"Member({self.cls!r}, {self.v}, {self.text})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis shows of a failing example."""
        printer.text(repr(self))


def draw_rational(pick: Pick, low: Any = 0, high: Any = 1, *, strict: bool = False) -> Fraction:
    """A simple fraction in [low, high], or in (low, high) if `strict`; the ends are likely.

    Simplest is 0 where it lies strictly inside, else `low`; the middle if `strict`. One integer is drawn.
    """
    start, stop = Fraction(low), Fraction(high)
    if strict:
        return start + (stop - start) * _INNER[pick(0, len(_INNER) - 1)]
    last = len(_SHARES) - 1
    if start < 0 < stop:
        k = pick(-last, last)
        return (stop if k > 0 else start) * _SHARES[abs(k)]
    return start + (stop - start) * _SHARES[pick(0, last)]


def draw_point(pick: Pick, dim: int) -> Point:
    """A point of [0, 1]^dim."""
    return tuple(coordinates(pick, dim, lambda: draw_rational(pick)))


def coordinates(pick: Pick, dim: int, make: Callable[[], T]) -> list[T]:
    """One item a coordinate."""
    return [make() for _ in range(max(dim, getattr(pick, "padding", 0)))][:dim]


def exactly(pick: Pick, count: int, make: Callable[[], T]) -> list[T]:
    """So many items."""
    return [make() for _ in range(count)]


def apart(point: Point, taken: Iterable[Point]) -> Point:
    """The point itself, or, where it is taken, the first free one with another first coordinate."""
    occupied = set(taken)
    if point not in occupied:
        return point
    moved = ((Fraction(1, k + 2), *point[1:]) for k in range(len(occupied) + 1))
    return next(z for z in moved if z not in occupied)


def distinct(pick: Pick, dim: int, count: int, taken: Sequence[Point] = ()) -> list[Point]:
    """So many different points, none of them taken."""
    found: list[Point] = []
    for _ in range(count):
        found.append(apart(draw_point(pick, dim), [*taken, *found]))
    return found


def corner(pick: Pick, dim: int) -> Point:
    """A corner of the box."""
    return tuple(coordinates(pick, dim, lambda: Fraction(1 - pick(0, 1))))


def one_of(pick: Pick, choices: Sequence[T]) -> T:
    """One of the choices; the first is the simplest."""
    return choices[pick(0, len(choices) - 1)]


def several(pick: Pick, low: int, high: int, make: Callable[[], T]) -> list[T]:
    """Between `low` and `high` items, one decision before each optional one, so that items can be dropped."""
    items = [make() for _ in range(low)]
    while len(items) < high and pick(0, 1):
        items.append(make())
    return items


def positive(pick: Pick, dim: int) -> Point:
    """Positive slopes."""
    return tuple(coordinates(pick, dim, lambda: draw_rational(pick, 0, 2, strict=True)))


def shares(pick: Pick, dim: int) -> list[Fraction]:
    """Positive weights of sum 1."""
    parts = coordinates(pick, dim, lambda: pick(1, 6))
    return [Fraction(part, sum(parts)) for part in parts]


def draw_network(pick: Pick, dim: int, max_depth: int = 2, max_width: int = 3) -> Network:
    """A ReLU network with one output and small rational weights."""
    sizes = [dim, *several(pick, 0, max_depth, lambda: pick(1, max_width)), 1]
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes):
        many = coordinates if not layers else exactly
        weights = [many(pick, inputs, lambda: draw_rational(pick, -2, 2)) for _ in range(outputs)]
        biases = [draw_rational(pick, -1, 1) for _ in range(outputs)]
        layers.append(Layer(np.array(weights, dtype=object), np.array(biases, dtype=object)))
    return Network(tuple(layers))


def dot(weights: Iterable[Fraction], z: Iterable[Fraction]) -> Fraction:
    """sum_k w_k z_k."""
    return sum((w * zi for w, zi in zip(weights, z, strict=True)), _ZERO)


def texts(values: Iterable[Fraction]) -> str:
    """Numbers in brackets."""
    return f"({', '.join(map(str, values))})"


def distance(key: str, y: Point, z: Point) -> Any:
    """|y - z|, exact: a fraction, or for l2 an algebraic number."""
    return exact_distance(metric(key), y, z)


def ends(pick: Pick) -> tuple[Fraction, Fraction]:
    """m < M."""
    low = draw_rational(pick, -2, 2)
    return low, low + draw_rational(pick, 0, 2, strict=True)


def opposite(b: Point) -> Point:
    """The corner opposite to b."""
    return tuple(1 - bi for bi in b)


def between_cones(
    cls: FunctionClass,
    v: Visualization,
    shown: Sequence[tuple[Point, Fraction]],
    cone: tuple[Fraction, str],
    inner: tuple[Value, str],
    eta: Fraction,
) -> Member:
    """Any function, clamped between cones up and down from every shown value, mixed with their mean.

    Parameters
    ----------
    cone : the slope, and in which metric. inner : the function, and what it is in words.
    """
    (slope, key), (inside, text) = cone, inner

    def value(z: Point) -> Fraction:
        cones = [(y, slope * distance(key, z, s)) for s, y in shown]
        upper = min(v.maximum, *(y + rise for y, rise in cones))
        lower = max(v.minimum, *(y - rise for y, rise in cones))
        result: Fraction = mix(max(lower, min(upper, inside(z))), (upper + lower) / 2, eta)
        return result

    return Member(cls, v, value, f"cones of slope {slope} in {key}, eta {eta}, inside: {text}")
