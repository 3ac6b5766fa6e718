"""Where to ask: a visualization and a query at which a task is as undecidable as the class allows.

All coordinates and values that are chosen here are dyadic with few bits, so that floats hold them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice, product
from typing import Any

from trompe.constructions import construction
from trompe.theory import (
    Dataset,
    FunctionClass,
    InvalidInput,
    Point,
    Task,
    Visualization,
    as_point,
)
from trompe.theory.functionals import exact_distance, linf

__all__ = ["choose_query", "choose_visualization"]

_ZERO, _ONE, _HALF = Fraction(0), Fraction(1), Fraction(1, 2)
_QUARTER, _LARGEST_RADIUS = Fraction(1, 4), Fraction(1, 2)
_VALUES_OF_EVERY_LINK = (Fraction(1, 4), Fraction(3, 4))
"""Values that every link of the neuron rows takes."""
_COORDINATES = 16
"""In how many single coordinates a query is moved, looking for a better one."""


def choose_query(cls: FunctionClass, task: Task, v: Visualization) -> Point:
    """Of a list of simple points whose value is not shown, the first with the largest radius.

    Raises
    ------
    InvalidInput : no member has this visualization.
    """
    cls.check_visualization(v)
    if construction(cls.key) is None:
        return (_QUARTER,) * v.dim
    radius, chosen = Fraction(-1), None
    for x in _queries(cls, task, v):
        if cls.shown_value(v, x) is not None:
            continue
        found = cls.envelope(v, x).radius(v)
        if found > radius:
            radius, chosen = found, x
        if radius >= _LARGEST_RADIUS:
            break
    if chosen is None:
        raise InvalidInput(f"{cls.key}: no query was found for {v}; name one")
    return chosen


def choose_visualization(cls: FunctionClass, task: Task, dim: int, x: Any = None) -> Visualization:
    """Of a list of simple visualizations, the first with the largest radius at the query (if one is given).

    Raises
    ------
    InvalidInput : the class is not about this number of inputs, or x is no point of the box.
    QueryShown : whatever is shown of a member, its value at x is.
    """
    cls.check_dim(dim)
    point = None if x is None else as_point(x, "query", dim)
    radius, chosen = Fraction(-1), None
    for v in _visualizations(cls, dim, point):
        if point is None:
            return v
        if cls.shown_value(v, point) is not None and v.range:
            continue
        found = cls.envelope(v, point).radius(v)
        if found > radius:
            radius, chosen = found, v
        if radius >= _LARGEST_RADIUS:
            break
    if chosen is None:
        cls.check_query(v, x)  # raises: the last one shows the query, as all of them do
        raise InvalidInput(f"{cls.key}: no visualization was found for this query; give one")
    return chosen


# -- queries -----------------------------------------------------------------------------------------


def _flat_points(dim: int) -> Iterator[Point]:
    """(1/2, ..., 1/2), then quarters, eighths, ..., and the two corners in between."""
    yield (_HALF,) * dim
    yield from ((_ZERO,) * dim, (_ONE,) * dim)
    for bits in range(2, 64):
        for k in range(1, 2**bits, 2):
            yield (Fraction(k, 2**bits),) * dim


def _queries(cls: FunctionClass, task: Task, v: Visualization) -> Iterator[Point]:
    match cls.key:
        case "lipschitz":
            yield from _between_and_beyond(v)
        case "convex":
            yield from _corners_beside(v)
            yield _towards_the_maximum(task, v)
        case "affine" | "neuron":
            half = (v.dim + 1) // 2
            yield (*v.argmax[:half], *v.argmin[half:])
    data = getattr(cls, "data", Dataset())
    yield from islice(_flat_points(v.dim), 4 + 2 + len(data))


def _between_and_beyond(v: Visualization) -> Iterator[Point]:
    """Half-way, and as far from both extremes as simple points get."""
    a, b = v.argmin, v.argmax
    half_way = tuple((ai + bi) / 2 for ai, bi in zip(a, b, strict=True))
    far = tuple(_far(ai + bi, 2 * _HALF) for ai, bi in zip(a, b, strict=True))
    from_a, from_b = (tuple(_far(ci, _HALF) for ci in c) for c in (a, b))
    half = (v.dim + 1) // 2
    yield from (half_way, far, from_a, from_b)
    yield from ((*from_a[:half], *from_b[half:]), (*from_b[:half], *from_a[half:]))
    for i in range(min(v.dim, _COORDINATES)):
        yield (*half_way[:i], _far(half_way[i], _HALF), *half_way[i + 1 :])


def _far(value: Fraction, middle: Fraction) -> Fraction:
    """The end of [0, 1] that is farther from a coordinate."""
    return _ONE if value <= middle else _ZERO


def _corners_beside(v: Visualization) -> Iterator[Point]:
    """Corners other than b, where every gauge is 1 (but about themselves)."""
    opposite = tuple(1 - bi for bi in v.argmax)
    yield opposite
    yield (v.argmax[0], *opposite[1:])
    yield (opposite[0], *v.argmax[1:])


def _towards_the_maximum(task: Task, v: Visualization) -> Point:
    """a + t (b - a) with gauge t = 1 - 2^-k, at least 7/8 and so large that 2 eps < t."""
    t = Fraction(7, 8)
    while t <= 2 * getattr(task, "eps", _ZERO):
        t = (1 + t) / 2
    return tuple(ai + t * (bi - ai) for ai, bi in zip(v.argmin, v.argmax, strict=True))


# -- visualizations ----------------------------------------------------------------------------------


def _visualizations(cls: FunctionClass, dim: int, x: Point | None) -> Iterator[Visualization]:
    zeros, ones = (_ZERO,) * dim, (_ONE,) * dim
    match cls.key:
        case "constant":
            yield Visualization(zeros, zeros, _HALF, _HALF)
        case "affine-1d" | "monotone":
            yield Visualization(zeros, ones, 0, 1)
        case "neuron-1d":
            yield Visualization(zeros, ones, *_VALUES_OF_EVERY_LINK)
        case "lipschitz":
            yield from (_of_full_range(cls, a, b, x) for a, b in _far_extremes(dim, x))
        case "convex":
            for a, b in product(_interior_or_edge(dim, x), _some_corners(dim)):
                if a != b:
                    yield Visualization(a, b, 0, 1)
        case "affine" | "neuron" as key:
            b = ones if x is None else _spreading_corner(x)
            values = (_ZERO, _ONE) if key == "affine" else _VALUES_OF_EVERY_LINK
            yield Visualization(tuple(1 - bi for bi in b), b, *values)
        case _:
            yield _beside(getattr(cls, "data", Dataset()), dim, x)


def _beside(data: Dataset, dim: int, x: Point | None) -> Visualization:
    """Two flat points that are neither the query nor a training input, a range that holds all labels."""
    taken = {*data.inputs, x}
    flat = ((Fraction(k, 2**bits),) * dim for bits in range(2, 64) for k in range(1, 2**bits, 2))
    a, b = islice((z for z in flat if z not in taken), 2)
    labels: Iterable[Fraction] = data.labels
    low = min((math.ceil(y) - 1 for y in labels), default=0)
    high = max((math.floor(y) + 1 for y in labels), default=1)
    return Visualization(a, b, low, high)


def _far_extremes(dim: int, x: Point | None) -> Iterator[tuple[Point, Point]]:
    """Extremes on an axis, where every metric is rational; both away from the query if there is one."""
    if x is None:
        yield (_ZERO,) * dim, (_ONE, *(_ZERO,) * (dim - 1))
        return
    away = tuple(_far(xi, _HALF) for xi in x)
    yield away, (1 - away[0], *away[1:])
    yield away, (_HALF, *away[1:])


def _of_full_range(cls: Any, a: Point, b: Point, x: Point | None) -> Visualization:
    """The largest range 2^k <= 1 with R <= L |a-b|, and with R <= L |x-a|, L |x-b| where that is possible.

    So the envelope at x is [0, R]. Without x, half-way between a and b is such a query.
    """
    if x is None:
        reach = exact_distance(linf, a, b) / 2
    else:
        reach = min(exact_distance(linf, y, z) for y, z in ((a, b), (x, a), (x, b)) if y != z)
    bound = cls.constant * reach
    high = _ONE
    while high > bound:
        high /= 2
    return Visualization(a, b, 0, high)


def _interior_or_edge(dim: int, x: Point | None) -> Iterator[Point]:
    """Minimisers; about one of them the gauge at x is as large as about any point."""
    yield (_QUARTER,) * dim
    if x is not None:
        i = max(range(dim), key=lambda k: abs(x[k] - _HALF))
        yield (*(_HALF,) * i, _far(x[i], _HALF), *(_HALF,) * (dim - i - 1))


def _some_corners(dim: int) -> Iterator[Point]:
    yield (_ONE,) * dim
    yield (_ZERO,) * dim
    yield (_ZERO, *(_ONE,) * (dim - 1))


def _spreading_corner(x: Point) -> Point:
    """The corner b for which max x' - min x' is as large as for any: the two coordinates farthest from 1/2."""
    i, j, *_ = sorted(range(len(x)), key=lambda k: -abs(x[k] - _HALF))
    b = [_ONE] * len(x)
    b[i] = _ONE if x[i] >= _HALF else _ZERO
    b[j] = _ZERO if x[j] >= _HALF else _ONE
    return tuple(b)
