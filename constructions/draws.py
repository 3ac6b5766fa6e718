"""Random questions and random members of each class, exact, from any source of integers.

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

from trompe.constructions.base import mix
from trompe.constructions.networks import Layer, Network
from trompe.theory import (
    CLASSES,
    Dataset,
    EmpiricalRiskMinimizer,
    FunctionClass,
    InvalidInput,
    Lipschitz,
    Neuron,
    Point,
    Visualization,
    as_number,
)
from trompe.theory.functionals import metric
from trompe.theory.namespace import EXACT
from trompe.theory.registry import row_class

__all__ = [
    "Member",
    "Pick",
    "Picker",
    "draw_class",
    "draw_dim",
    "draw_member",
    "draw_network",
    "draw_point",
    "draw_query",
    "draw_rational",
    "draw_visualization",
]

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


# -- numbers and points ------------------------------------------------------------------------------


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
    return tuple(_coordinates(pick, dim, lambda: draw_rational(pick)))


def _coordinates(pick: Pick, dim: int, make: Callable[[], T]) -> list[T]:
    """One item a coordinate."""
    return [make() for _ in range(max(dim, getattr(pick, "padding", 0)))][:dim]


def _exactly(pick: Pick, count: int, make: Callable[[], T]) -> list[T]:
    """So many items."""
    return [make() for _ in range(count)]


def _apart(point: Point, taken: Iterable[Point]) -> Point:
    """The point itself, or, where it is taken, the first free one with another first coordinate."""
    occupied = set(taken)
    if point not in occupied:
        return point
    moved = ((Fraction(1, k + 2), *point[1:]) for k in range(len(occupied) + 1))
    return next(z for z in moved if z not in occupied)


def _distinct(pick: Pick, dim: int, count: int, taken: Sequence[Point] = ()) -> list[Point]:
    found: list[Point] = []
    for _ in range(count):
        found.append(_apart(draw_point(pick, dim), [*taken, *found]))
    return found


def _corner(pick: Pick, dim: int) -> Point:
    return tuple(_coordinates(pick, dim, lambda: Fraction(1 - pick(0, 1))))


def _one_of(pick: Pick, choices: Sequence[T]) -> T:
    return choices[pick(0, len(choices) - 1)]


def _several(pick: Pick, low: int, high: int, make: Callable[[], T]) -> list[T]:
    """Between `low` and `high` items, one decision before each optional one, so that items can be dropped."""
    items = [make() for _ in range(low)]
    while len(items) < high and pick(0, 1):
        items.append(make())
    return items


def _positive(pick: Pick, dim: int) -> Point:
    """Positive slopes."""
    return tuple(_coordinates(pick, dim, lambda: draw_rational(pick, 0, 2, strict=True)))


# -- classes, visualizations, queries ------------------------------------------------------------------


def draw_dim(pick: Pick, row: str, max_dim: int = 4) -> int:
    """A number of inputs that the row is about, at most `max_dim` unless the row asks for more."""
    kind = row_class(row)
    highest = max(max_dim, kind.min_dim) if kind.max_dim is None else kind.max_dim
    return pick(kind.min_dim, highest)


def draw_class(pick: Pick, row: str, dim: int) -> FunctionClass:
    """The class of a row, with random parameters where it has any: L and the metric, or the data."""
    kind = row_class(row)
    if row == "lipschitz":
        key = _one_of(pick, ("l1", "linf", "l1", "linf", "l2"))
        return Lipschitz(draw_rational(pick, 0, 2, strict=True) * pick(1, 3), key)
    if row == "erm":
        pairs = _several(pick, 0, 3, lambda: (draw_point(pick, dim), draw_rational(pick, -2, 2)))
        labels = dict(reversed(pairs))  # of equal inputs the first counts
        return EmpiricalRiskMinimizer(Dataset(labels, labels.values()))
    if issubclass(kind, Neuron):
        link = _one_of(pick, ("leaky-relu", "sigmoid", "tanh", "softplus"))
        return kind(link, draw_rational(pick, strict=True))
    return kind()


def draw_visualization(pick: Pick, cls: FunctionClass, dim: int) -> Visualization:
    """A visualization that some member has: unique extremes with m < M, or what a Yes row may show."""
    low = draw_rational(pick, -2, 2)
    high = low + draw_rational(pick, 0, 2, strict=True)
    match cls.key:
        case "constant":
            spots = _distinct(pick, dim, pick(1, 2))
            return Visualization(spots, spots, low, low)
        case "affine-1d" if pick(0, 3) == 3:
            spots = _distinct(pick, dim, 1)
            return Visualization(spots, spots, low, low)
        case "affine" | "affine-1d":
            b = _corner(pick, dim)
            return Visualization(tuple(1 - bi for bi in b), b, low, high)
        case "neuron" | "neuron-1d":
            return _neuron_visualization(pick, cls, dim)
        case "additive":
            a = draw_point(pick, dim)
            moves = _coordinates(pick, dim, lambda: draw_rational(pick, strict=True))
            b = tuple(ai + k - (ai + k > 1) for ai, k in zip(a, moves, strict=True))
            return Visualization(a, b, low, high)
        case "monotone":
            return Visualization((_ZERO,) * dim, (_ONE,) * dim, low, high)
        case "convex":
            b = _corner(pick, dim)
            return Visualization(_distinct(pick, dim, 1, [b]), b, low, high)
    data = getattr(cls, "data", Dataset())
    a, b = _distinct(pick, dim, 2, data.inputs)
    if data.labels:
        low = min(data.labels) - draw_rational(pick, 0, 2, strict=True)
        high = max(data.labels) + draw_rational(pick, 0, 2, strict=True)
    if isinstance(cls, Lipschitz):
        share = draw_rational(pick, 0, 1, strict=True) if pick(0, 2) else _ONE
        high = low + share * as_number(cls.constant) * _rational_distance(cls.metric, a, b)
    return Visualization(a, b, low, high)


def _neuron_visualization(pick: Pick, cls: Any, dim: int) -> Visualization:
    """Two values of the link at opposite corners; one value, at any points, for a constant of one input."""
    ends = [2 if end is None else end for end in (cls.function.low, cls.function.high)]
    first = -2 if cls.function.low is None else ends[0]
    low = draw_rational(pick, first, ends[1], strict=True)
    b, high = _corner(pick, dim), draw_rational(pick, low, ends[1], strict=True)
    if cls.max_dim == 1 and pick(0, 3) == 3:
        spots = _distinct(pick, dim, 1)
        return Visualization(spots, spots, low, low)
    return Visualization(tuple(1 - bi for bi in b), b, low, high)


def _distance(key: str, y: Point, z: Point) -> Any:
    return metric(key)(EXACT.array(y), EXACT.array(z), EXACT)


def _rational_distance(key: str, y: Point, z: Point) -> Fraction:
    """The distance, or where it is irrational (l2) the linf distance, which is smaller."""
    exact = _distance(key, y, z)
    return exact if isinstance(exact, Fraction) else _rational_distance("linf", y, z)


def draw_query(pick: Pick, cls: FunctionClass, v: Visualization) -> Point:
    """A point whose value is not shown."""
    data = getattr(cls, "data", Dataset())
    return _apart(draw_point(pick, v.dim), [*v.argmin_set, *v.argmax_set, *data.inputs])


# -- members ---------------------------------------------------------------------------------------------


def draw_member(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """A member of the class, with its exact visualization; not only mixes of the row's triple.

    Raises
    ------
    InvalidInput : the class is not about this number of inputs, or has no generator.
    """
    cls.check_dim(dim)
    try:
        make = MEMBERS[cls.key]
    except KeyError:
        raise InvalidInput(f"{cls.key}: random members of this class cannot be drawn") from None
    return make(pick, cls, dim)


def _constant(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    v = draw_visualization(pick, cls, dim)
    return Member(cls, v, lambda _: v.minimum, f"z -> {v.minimum}")


def _affine(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """m + R sum p_k z'_k with random p_k > 0 of sum 1, z'_k the distance of z_k from a_k."""
    v = draw_visualization(pick, cls, dim)
    weights = _shares(pick, dim)

    def value(z: Point) -> Fraction:
        seen = (abs(zi - ai) for zi, ai in zip(z, v.argmin, strict=True))
        return v.minimum + v.range * _dot(weights, seen)

    return Member(cls, v, value, f"weights {_texts(weights)}")


def _neuron(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """H(sum p_k z'_k) with random p_k > 0 of sum 1: an affine pre-activation."""
    assert isinstance(cls, Neuron)
    v = draw_visualization(pick, cls, dim)
    weights = _shares(pick, dim)

    def value(z: Point) -> Any:
        if not v.range:
            return v.minimum
        return cls.between(
            v, _dot(weights, (abs(zi - ai) for zi, ai in zip(z, v.argmin, strict=True)))
        )

    return Member(cls, v, value, f"weights {_texts(weights)}")


def _additive(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """m + R sum p_k s_k(z_k) with random p_k > 0 of sum 1; s_k is 0 only at a_k and 1 only at b_k, and may jump.

    Each s_k is an affine function with a jump, clamped between a cone up from a_k and one down from b_k and
    mixed with their mean.
    """
    v = draw_visualization(pick, cls, dim)
    weights = _shares(pick, dim)
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
        return v.minimum + v.range * _dot(weights, map(part, z, pieces))

    texts = ", ".join(
        f"{start} + {rate} t, {jump} more above {threshold}, slopes {slope}"
        for _, _, slope, start, rate, jump, threshold in pieces
    )
    return Member(cls, v, value, f"weights {_texts(weights)}, eta {eta}, parts: {texts}")


def _monotone(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """A minimum, maximum or average of affine pieces that increase in every input, plus steps up."""
    pieces = _several(pick, 1, 3, lambda: (draw_rational(pick, -2, 2), _positive(pick, dim)))
    steps = _several(pick, 0, 2, lambda: (draw_rational(pick), draw_point(pick, dim)))
    how = _one_of(pick, ("min", "max", "mean"))

    def value(z: Point) -> Fraction:
        values = [start + _dot(w, z) for start, w in pieces]
        base = {"min": min(values), "max": max(values), "mean": sum(values, _ZERO) / len(values)}
        ups = (up for up, s in steps if all(si <= zi for si, zi in zip(s, z, strict=True)))
        return base[how] + sum(ups, _ZERO)

    zeros, ones = (_ZERO,) * dim, (_ONE,) * dim
    v = Visualization(zeros, ones, value(zeros), value(ones))
    lines = ", ".join(f"{start} + {_texts(w)} z" for start, w in pieces)
    jumps = "".join(f", up by {up} from {_texts(s)} on" for up, s in steps)
    return Member(cls, v, value, f"{how} of {lines}{jumps}")


def _convex(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """m + sum alpha_i |z_i - c_i| + max(0, w (z-c)), plus a hat at a corner where corners tie."""
    m, c, alpha = draw_rational(pick, -2, 2), draw_point(pick, dim), _positive(pick, dim)
    w = tuple(_coordinates(pick, dim, lambda: draw_rational(pick, -2, 2)))

    def smooth(z: Point) -> Fraction:
        away = [zi - ci for zi, ci in zip(z, c, strict=True)]
        return m + _dot(alpha, map(abs, away)) + max(_ZERO, _dot(w, away))

    b, high, is_tied = _highest_corner(alpha, w, c)
    high += m
    delta = min(_ONE, _distance("l1", b, c))
    lift = draw_rational(pick, 0, 2, strict=is_tied)

    def value(z: Point) -> Fraction:
        near_b: Fraction = max(_ZERO, 1 - _distance("l1", z, b) / delta)
        return smooth(z) + lift * near_b

    v = Visualization(c, b, m, high + lift)
    bend = f", bend {_texts(w)}" if any(w) else ""
    hat = f", hat of height {lift} at {_texts(b)}" if lift else ""
    return Member(cls, v, value, f"slopes {_texts(alpha)} away from {_texts(c)}{bend}{hat}")


def _highest_corner(alpha: Point, w: Point, c: Point) -> tuple[Point, Fraction, bool]:
    """A corner with the largest sum alpha_i |z_i-c_i| + max(0, w (z-c)), that value, may another tie?

    The larger of two maxima, with and without w, each of which is found coordinate by coordinate.
    """

    def best(tilt: Iterable[Fraction]) -> tuple[Fraction, Point, bool]:
        total, corner, tied = _ZERO, [], False
        for ai, ti, ci in zip(alpha, tilt, c, strict=True):
            at_one, at_zero = (ai + ti) * (1 - ci), (ai - ti) * ci
            total += max(at_one, at_zero)
            corner.append(_ONE if at_one >= at_zero else _ZERO)
            tied = tied or at_one == at_zero
        return total, tuple(corner), tied

    found = [best([_ZERO] * len(c)), best(w)]
    value = max(total for total, _, _ in found)
    highest = [(corner, tied) for total, corner, tied in found if total == value]
    corner = highest[0][0]
    return corner, value, any(tied or other != corner for other, tied in highest)


def _shares(pick: Pick, dim: int) -> list[Fraction]:
    """Positive weights of sum 1."""
    parts = _coordinates(pick, dim, lambda: pick(1, 6))
    return [Fraction(part, sum(parts)) for part in parts]


def _between_cones(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """Any function k, clamped between cones up and down from every shown value, mixed with their mean.

    With cones of slope L in the class's metric and k L-Lipschitz, the member is L-Lipschitz. For l2
    the cones are those of linf, which is smaller, so that values stay rational. With steep cones and
    a network k, it is a network that takes the shown values, training labels included.
    """
    v = draw_visualization(pick, cls, dim)
    data = getattr(cls, "data", Dataset())
    shown = [
        (v.argmin, v.minimum),
        (v.argmax, v.maximum),
        *zip(data.inputs, data.labels, strict=True),
    ]
    key = "l1"
    if isinstance(cls, Lipschitz):
        key = "linf" if cls.metric == "l2" else cls.metric
        slope = as_number(cls.constant)
        reach = slope * _distance(key, v.argmin, v.argmax)
        v = Visualization(v.argmin, v.argmax, v.minimum, v.minimum + min(v.range, reach))
        shown[1] = (v.argmax, v.maximum)
        inside, text = _min_of_cones(pick, dim, key, slope, v)
    else:
        steepest = max(
            abs(y - y2) / _distance("l1", s, s2)
            for i, (s, y) in enumerate(shown)
            for s2, y2 in shown[:i]
        )
        slope = steepest * pick(1, 8)
        inside, text = _network_or_jumps(pick, cls, dim)
    eta = draw_rational(pick, 0, 1, strict=True)

    def value(z: Point) -> Fraction:
        cones = [(y, slope * _distance(key, z, s)) for s, y in shown]
        upper = min(v.maximum, *(y + rise for y, rise in cones))
        lower = max(v.minimum, *(y - rise for y, rise in cones))
        result: Fraction = mix(max(lower, min(upper, inside(z))), (upper + lower) / 2, eta)
        return result

    return Member(cls, v, value, f"cones of slope {slope} in {key}, eta {eta}, inside: {text}")


def _min_of_cones(
    pick: Pick, dim: int, key: str, slope: Fraction, v: Visualization
) -> tuple[Value, str]:
    """min_j (t_j + l_j |z - p_j|) with |l_j| <= L: L-Lipschitz."""
    cones = _several(
        pick,
        1,
        3,
        lambda: (
            draw_rational(pick, v.minimum, v.maximum),
            draw_rational(pick, -slope, slope),
            draw_point(pick, dim),
        ),
    )
    text = ", ".join(f"{t} + {rate} |z - {_texts(p)}|" for t, rate, p in cones)
    return (
        lambda z: min(t + rate * _distance(key, z, p) for t, rate, p in cones),
        f"least of {text}",
    )


def _network_or_jumps(pick: Pick, cls: FunctionClass, dim: int) -> tuple[Value, str]:
    """A random network; for a black box also with a jump where a coordinate passes a threshold."""
    network = draw_network(pick, dim)
    jumps: list[tuple[Fraction, int, Fraction]] = []
    if cls.key == "black-box":
        jumps = _several(
            pick,
            0,
            2,
            lambda: (draw_rational(pick, -4, 4), pick(0, dim - 1), draw_rational(pick)),
        )

    def value(z: Point) -> Any:
        return network(z) + sum((size for size, i, t in jumps if z[i] > t), _ZERO)

    layers = "; ".join(
        f"{[_texts(row) for row in layer.weights.tolist()]} + {_texts(layer.biases.tolist())}"
        for layer in network.layers
    )
    steps = "".join(f", {size} more where z[{i}] > {t}" for size, i, t in jumps)
    return value, f"network {layers}{steps}"


def draw_network(pick: Pick, dim: int, max_depth: int = 2, max_width: int = 3) -> Network:
    """A ReLU network with one output and small rational weights."""
    sizes = [dim, *_several(pick, 0, max_depth, lambda: pick(1, max_width)), 1]
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes):
        many = _coordinates if not layers else _exactly
        weights = [many(pick, inputs, lambda: draw_rational(pick, -2, 2)) for _ in range(outputs)]
        biases = [draw_rational(pick, -1, 1) for _ in range(outputs)]
        layers.append(Layer(np.array(weights, dtype=object), np.array(biases, dtype=object)))
    return Network(tuple(layers))


MEMBERS: dict[str, Callable[[Pick, FunctionClass, int], Member]] = {
    **dict.fromkeys(CLASSES, _between_cones),
    "monotone": _monotone,
    "convex": _convex,
    "affine": _affine,
    "affine-1d": _affine,
    "constant": _constant,
    "lipschitz-unknown": _between_cones,
    "neuron": _neuron,
    "neuron-1d": _neuron,
    "additive": _additive,
}
"""How a random member of each row is made, of the table and of our further rows."""


def _dot(weights: Iterable[Fraction], z: Iterable[Fraction]) -> Fraction:
    return sum((w * zi for w, zi in zip(weights, z, strict=True)), _ZERO)


def _texts(values: Iterable[Fraction]) -> str:
    return f"({', '.join(map(str, values))})"
