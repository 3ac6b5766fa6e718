"""Hypothesis strategies: random units of each class, and random questions about them.

Everything drawn is exact. Draws shrink towards one input, simple fractions and few pieces. Needs
the extra `test`; nothing else in trompe imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
from trompe.constructions import FoolingPair, Layer, Network, Triple, triple
from trompe.constructions.base import mix
from trompe.theory import (
    CLASSES,
    Dataset,
    EmpiricalRiskMinimizer,
    FunctionClass,
    InvalidInput,
    Lipschitz,
    MissingDependency,
    Point,
    UnknownKey,
    Visualization,
    as_number,
)
from trompe.theory.functionals import METRICS, metric
from trompe.theory.namespace import EXACT

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy
except ImportError as error:  # pragma: no cover - exercised by the bare-environment test run
    raise MissingDependency(
        "hypothesis is not installed; it comes with: pip install 'trompe[test]'"
    ) from error

__all__ = [
    "Member",
    "classes",
    "dims",
    "fooling_pairs",
    "members",
    "networks",
    "points",
    "queries",
    "rationals",
    "triples",
    "visualizations",
]

Value = Callable[[Point], Any]
"""A function of exact points."""

_ZERO, _ONE, _HALF = Fraction(0), Fraction(1), Fraction(1, 2)
_DENOMINATOR = 12


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


# -- numbers and points ------------------------------------------------------------------------------


def dims(row: str = "black-box", max_dim: int = 4) -> SearchStrategy[int]:
    """A number of inputs that the row is about, at most `max_dim`."""
    kind = _kind(row)
    return st.integers(kind.min_dim, max_dim if kind.max_dim is None else kind.max_dim)


def rationals(low: Any = 0, high: Any = 1, *, strict: bool = False) -> SearchStrategy[Fraction]:
    """A simple fraction in [low, high], or in (low, high) if `strict`; the ends are likely."""
    low, high = Fraction(low), Fraction(high)

    def place(n: int) -> SearchStrategy[Fraction]:
        inner = st.integers(1, n - 1) if strict else st.integers(0, n)
        return inner.map(lambda k: low + (high - low) * Fraction(k, n))

    return st.integers(2 if strict else 1, _DENOMINATOR).flatmap(place)


def points(dim: int) -> SearchStrategy[Point]:
    """A point of [0, 1]^dim."""
    return st.tuples(*[rationals()] * dim)


def _apart(point: Point, taken: Iterable[Point]) -> Point:
    """The point itself, or, where it is taken, the first free one with another first coordinate."""
    occupied = set(taken)
    if point not in occupied:
        return point
    moved = ((Fraction(1, k + 2), *point[1:]) for k in range(len(occupied) + 1))
    return next(z for z in moved if z not in occupied)


@st.composite
def _distinct_points(
    draw: DrawFn, dim: int, count: int, taken: Sequence[Point] = ()
) -> list[Point]:
    found: list[Point] = []
    for _ in range(count):
        found.append(_apart(draw(points(dim)), [*taken, *found]))
    return found


# -- classes, visualizations, queries ------------------------------------------------------------------


def _kind(row: str) -> type[FunctionClass]:
    try:
        return CLASSES[row]
    except KeyError:
        raise UnknownKey("row", row, CLASSES) from None


def classes(row: str, dim: int) -> SearchStrategy[FunctionClass]:
    """The class of a row, with random parameters where it has any: L and the metric, or the data."""
    kind = _kind(row)
    if row == "lipschitz":
        return st.builds(Lipschitz, rationals(0, 4, strict=True), st.sampled_from(sorted(METRICS)))
    if row == "erm":
        return _datasets(dim).map(EmpiricalRiskMinimizer)
    return st.just(kind())


@st.composite
def _datasets(draw: DrawFn, dim: int) -> Dataset:
    inputs = draw(_distinct_points(dim, draw(st.integers(0, 3))))
    return Dataset(inputs, [draw(rationals(-2, 2)) for _ in inputs])


@st.composite
def visualizations(draw: DrawFn, cls: FunctionClass | str, dim: int) -> Visualization:
    """A visualization that some member has: unique extremes with m < M, or what a Yes row may show."""
    if isinstance(cls, str):
        cls = draw(classes(cls, dim))
    low = draw(rationals(-2, 2))
    high = low + draw(rationals(0, 4, strict=True))
    match cls.key:
        case "constant":
            spots = draw(_distinct_points(dim, draw(st.integers(1, 2))))
            return Visualization(spots, spots, low, low)
        case "affine-1d" if draw(st.booleans()) and draw(st.booleans()):
            spots = draw(_distinct_points(dim, 1))
            return Visualization(spots, spots, low, low)
        case "affine" | "affine-1d":
            b = draw(_corners(dim))
            return Visualization(tuple(1 - bi for bi in b), b, low, high)
        case "monotone":
            return Visualization((_ZERO,) * dim, (_ONE,) * dim, low, high)
        case "convex":
            b = draw(_corners(dim))
            return Visualization(draw(_distinct_points(dim, 1, [b])), b, low, high)
    data = getattr(cls, "data", Dataset())
    a, b = draw(_distinct_points(dim, 2, data.inputs))
    if data.labels:
        low = min(data.labels) - draw(rationals(0, 1, strict=True))
        high = max(data.labels) + draw(rationals(0, 1, strict=True))
    if isinstance(cls, Lipschitz):
        share = draw(st.just(_ONE) | rationals(0, 1, strict=True))
        high = low + share * as_number(cls.constant) * _rational_distance(cls.metric, a, b)
    return Visualization(a, b, low, high)


def _corners(dim: int) -> SearchStrategy[Point]:
    return st.tuples(*[st.sampled_from((_ONE, _ZERO))] * dim)


def _distance(key: str, y: Point, z: Point) -> Any:
    return metric(key)(EXACT.array(y), EXACT.array(z), EXACT)


def _rational_distance(key: str, y: Point, z: Point) -> Fraction:
    """The distance, or where it is irrational (l2) the linf distance, which is smaller."""
    exact = _distance(key, y, z)
    return exact if isinstance(exact, Fraction) else _rational_distance("linf", y, z)


@st.composite
def queries(draw: DrawFn, cls: FunctionClass, v: Visualization) -> Point:
    """A point whose value is not shown."""
    data = getattr(cls, "data", Dataset())
    return _apart(draw(points(v.dim)), [*v.argmin_set, *v.argmax_set, *data.inputs])


@st.composite
def triples(draw: DrawFn, row: str, max_dim: int = 4) -> Triple:
    """An extremal triple of a row, with random class parameters, visualization and query."""
    dim = draw(dims(row, max_dim))
    cls = draw(classes(row, dim))
    v = draw(visualizations(cls, dim))
    return triple(cls, v, draw(queries(cls, v)))


def fooling_pairs(row: str, max_dim: int = 4) -> SearchStrategy[FoolingPair]:
    """A fooling pair of a row with a random mixing weight; its gap may be 0 where x is decidable."""
    return st.builds(FoolingPair, triples(row, max_dim), rationals(0, 1, strict=True))


# -- members ---------------------------------------------------------------------------------------------


def members(cls: FunctionClass | str, dim: int) -> SearchStrategy[Member]:
    """A member of the class, with its exact visualization; not only mixes of the row's triple.

    Raises
    ------
    InvalidInput : the row is not about this number of inputs. UnknownKey : no such row.
    """
    if isinstance(cls, str):
        _kind(cls)().check_dim(dim)
        return classes(cls, dim).flatmap(lambda drawn: members(drawn, dim))
    cls.check_dim(dim)
    makers: dict[str, Callable[[FunctionClass, int], SearchStrategy[Member]]] = {
        "monotone": _monotone,
        "convex": _convex,
        "affine": _affine,
        "affine-1d": _affine,
        "constant": _constant,
    }
    return makers.get(cls.key, _between_cones)(cls, dim)


@st.composite
def _constant(draw: DrawFn, cls: FunctionClass, dim: int) -> Member:
    v = draw(visualizations(cls, dim))
    return Member(cls, v, lambda _: v.minimum, f"z -> {v.minimum}")


@st.composite
def _affine(draw: DrawFn, cls: FunctionClass, dim: int) -> Member:
    """m + R sum p_k z'_k with random p_k > 0 of sum 1, z'_k the distance of z_k from a_k."""
    v = draw(visualizations(cls, dim))
    parts = draw(st.tuples(*[st.integers(1, 6)] * dim))
    weights = [Fraction(part, sum(parts)) for part in parts]

    def value(z: Point) -> Fraction:
        seen = (abs(zi - ai) for zi, ai in zip(z, v.argmin, strict=True))
        return v.minimum + v.range * _dot(weights, seen)

    return Member(cls, v, value, f"weights {_texts(weights)}")


@st.composite
def _monotone(draw: DrawFn, cls: FunctionClass, dim: int) -> Member:
    """A minimum, maximum or average of affine pieces that increase in every input, plus steps up."""
    pieces = draw(st.lists(st.tuples(rationals(-2, 2), _slopes(dim)), min_size=1, max_size=3))
    steps = draw(st.lists(st.tuples(rationals(), points(dim)), max_size=2))
    how = draw(st.sampled_from(("min", "max", "mean")))

    def value(z: Point) -> Fraction:
        values = [start + _dot(w, z) for start, w in pieces]
        base = {"min": min(values), "max": max(values), "mean": sum(values, _ZERO) / len(values)}
        ups = (up for up, s in steps if all(si <= zi for si, zi in zip(s, z, strict=True)))
        return base[how] + sum(ups, _ZERO)

    zeros, ones = (_ZERO,) * dim, (_ONE,) * dim
    v = Visualization(zeros, ones, value(zeros), value(ones))
    return Member(cls, v, value, f"{how} of {pieces}, steps {steps}")


@st.composite
def _convex(draw: DrawFn, cls: FunctionClass, dim: int) -> Member:
    """m + sum alpha_i |z_i - c_i| + max(0, w (z-c)), plus a hat at a corner where corners tie."""
    m, c, alpha = draw(rationals(-2, 2)), draw(points(dim)), draw(_slopes(dim))
    w = draw(st.tuples(*[rationals(-2, 2)] * dim))

    def smooth(z: Point) -> Fraction:
        away = [zi - ci for zi, ci in zip(z, c, strict=True)]
        return m + _dot(alpha, map(abs, away)) + max(_ZERO, _dot(w, away))

    corners = list(product((_ONE, _ZERO), repeat=dim))
    high = max(map(smooth, corners))
    b, *ties = (corner for corner in corners if smooth(corner) == high)
    delta = min(_ONE, _distance("l1", b, c))
    lift = draw(rationals(0, 2, strict=bool(ties)))

    def value(z: Point) -> Fraction:
        near_b: Fraction = max(_ZERO, 1 - _distance("l1", z, b) / delta)
        return smooth(z) + lift * near_b

    v = Visualization(c, b, m, high + lift)
    return Member(
        cls, v, value, f"alpha {_texts(alpha)}, w {_texts(w)}, lift {lift} at {_texts(b)}"
    )


@st.composite
def _between_cones(draw: DrawFn, cls: FunctionClass, dim: int) -> Member:
    """Any function k, clamped between cones up and down from every shown value, mixed with their mean.

    With cones of slope L in the class's metric and k L-Lipschitz, the member is L-Lipschitz. For l2
    the cones are those of linf, which is smaller, so that values stay rational. With steep cones and
    a network k, it is a network that takes the shown values, training labels included.
    """
    v = draw(visualizations(cls, dim))
    data = getattr(cls, "data", Dataset())
    shown = [
        (v.argmin, v.minimum),
        (v.argmax, v.maximum),
        *zip(data.inputs, data.labels, strict=True),
    ]
    key, k = "l1", draw(_networks_or_jumps(cls, dim))
    if isinstance(cls, Lipschitz):
        key = "linf" if cls.metric == "l2" else cls.metric
        slope = as_number(cls.constant)
        reach = slope * _distance(key, v.argmin, v.argmax)
        v = Visualization(v.argmin, v.argmax, v.minimum, v.minimum + min(v.range, reach))
        shown[1] = (v.argmax, v.maximum)
        k = draw(_min_of_cones(dim, key, slope, v))
    else:
        steepest = max(
            abs(y - y2) / _distance("l1", s, s2)
            for i, (s, y) in enumerate(shown)
            for s2, y2 in shown[:i]
        )
        slope = steepest * draw(st.integers(1, 8))
    eta = draw(rationals(0, 1, strict=True))

    def value(z: Point) -> Fraction:
        cones = [(y, slope * _distance(key, z, s)) for s, y in shown]
        upper = min(v.maximum, *(y + rise for y, rise in cones))
        lower = max(v.minimum, *(y - rise for y, rise in cones))
        result: Fraction = mix(max(lower, min(upper, k(z))), (upper + lower) / 2, eta)
        return result

    return Member(cls, v, value, f"cones of slope {slope} in {key}, eta {eta}, inside: {k}")


@dataclass(frozen=True)
class _Inside:
    """A function with a text that a failing example can show."""

    value: Value
    text: str

    def __call__(self, z: Point) -> Any:
        """The value at z, exact."""
        return self.value(z)

    def __repr__(self) -> str:
        return self.text


@st.composite
def _min_of_cones(draw: DrawFn, dim: int, key: str, slope: Fraction, v: Visualization) -> _Inside:
    """min_j (t_j + l_j |z - p_j|) with |l_j| <= L: L-Lipschitz."""
    cone = st.tuples(rationals(v.minimum, v.maximum), rationals(-slope, slope), points(dim))
    cones = draw(st.lists(cone, min_size=1, max_size=3))
    return _Inside(
        lambda z: min(t + rate * _distance(key, z, p) for t, rate, p in cones), f"cones {cones}"
    )


@st.composite
def _networks_or_jumps(draw: DrawFn, cls: FunctionClass, dim: int) -> _Inside:
    """A random network; for a black box also with a jump where a coordinate passes a threshold."""
    network = draw(networks(dim))
    jumps: list[tuple[Fraction, int, Fraction]] = []
    if cls.key == "black-box":
        jump = st.tuples(rationals(-4, 4), st.integers(0, dim - 1), rationals())
        jumps = draw(st.lists(jump, max_size=2))

    def value(z: Point) -> Any:
        return network(z) + sum((size for size, i, t in jumps if z[i] > t), _ZERO)

    layers = [(layer.weights.tolist(), layer.biases.tolist()) for layer in network.layers]
    return _Inside(value, f"network {layers}, jumps {jumps}")


def networks(dim: int, max_depth: int = 2, max_width: int = 3) -> SearchStrategy[Network]:
    """A ReLU network with one output and small rational weights.

    Raises
    ------
    InvalidInput : dim < 1.
    """
    if dim < 1:
        raise InvalidInput(f"network: d = {dim}; a point needs d >= 1")
    return _networks(dim, max_depth, max_width)


@st.composite
def _networks(draw: DrawFn, dim: int, max_depth: int, max_width: int) -> Network:
    sizes = [dim, *draw(st.lists(st.integers(1, max_width), max_size=max_depth)), 1]
    layers = []
    for inputs, outputs in pairwise(sizes):
        weights = [rationals(-2, 2)] * (inputs * outputs)
        entries = np.array(draw(st.tuples(*weights)), dtype=object).reshape(outputs, inputs)
        biases = np.array(draw(st.tuples(*[rationals(-1, 1)] * outputs)), dtype=object)
        layers.append(Layer(entries, biases))
    return Network(tuple(layers))


def _slopes(dim: int) -> SearchStrategy[Point]:
    """Positive slopes."""
    return st.tuples(*[rationals(0, 2, strict=True)] * dim)


def _dot(weights: Iterable[Fraction], z: Iterable[Fraction]) -> Fraction:
    return sum((w * zi for w, zi in zip(weights, z, strict=True)), _ZERO)


def _texts(values: Iterable[Fraction]) -> str:
    return f"({', '.join(map(str, values))})"
