"""Where a claim ends, in exact arithmetic: what a class refuses to be shown, ties, degenerate and irrational cases.

Part of the sampled evidence, beside the random instances of `rows`, which are all admissible. The
expected answers are written down from the statements, not computed by the code that is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from trompe.theory import (
    CLASSES,
    EXTENDED,
    Additive,
    Comparison,
    Dataset,
    FunctionClass,
    Interval,
    InvalidInput,
    Point,
    QueryShown,
    Visualization,
    function_class,
)
from trompe.theory.namespace import EXACT

__all__ = ["Said", "case_at", "check_limits", "plain"]

Said = Iterator[tuple[str, bool]]
"""Sentences, and whether each holds."""

_DIMS = (1, 2, 3)
_ABOUT = {"affine": (2, 3), "affine-1d": (1,), "neuron": (2, 3), "neuron-1d": (1,)}
"""The d of `_DIMS` that a row's statement is about, all of them elsewhere."""

_F = Fraction
_LOW, _HIGH = _F(-1, 2), _F(5, 2)
_HALF = _F(1, 2)


def check_limits(row: str) -> Said:
    """What a row accepts and refuses, at d = 1, 2, 3, and what it says where the value is shown."""
    if row not in CLASSES and row not in EXTENDED:
        return
    cls = plain(row)
    dims = _ABOUT.get(row, _DIMS)
    for d in (0, *_DIMS):
        yield f"{row} is about d = {d}: {d in dims}", (d in dims) != _refuses(cls.check_dim, d)
    yield f"{row} has a law exactly if it is pointwise", _has_law(cls) == cls.is_pointwise
    for d in dims:
        if row == "constant":
            yield from _constant_limits(cls, d)
        elif row in ("affine-1d", "neuron-1d"):
            yield from _line_limits(row)
        else:
            yield from _pair_limits(row, d)
    if row == "lipschitz":
        yield from _lipschitz_limits()
    if row in ("neuron", "neuron-1d"):
        yield from _link_limits(row)
    if row == "additive":
        for sides, holds in (((1, 2, 2, 1), True), ((1, 2, 1, 1), False), ((1, 1, 1, 2), False)):
            yield f"the exchange of {sides}: {holds}", Additive.exchange(*sides) == holds


def plain(row: str) -> FunctionClass:
    """A class of the row; of neurons one whose values are rational, t or t/2 where t < 0."""
    if row in ("neuron", "neuron-1d"):
        return function_class(row, link="leaky-relu", slope="1/2")
    return function_class(row)


def _refuses(call: Callable[..., Any], *arguments: Any, **named: Any) -> bool:
    try:
        call(*arguments, **named)
    except InvalidInput:
        return True
    return False


def _has_law(cls: FunctionClass) -> bool:
    """A constant function satisfies every law; a class without a law says so by a TypeError."""
    one = _F(1)
    try:
        return bool(cls.law(Comparison(one, one, one, _HALF, one), EXACT))
    except TypeError:
        return False


# -- rows with a pair --------------------------------------------------------------------------------------


def case_at(row: str, d: int) -> tuple[FunctionClass, Visualization, Point]:
    """One admissible question of a row with a pair; range 3, so that no factor of 1 hides anything."""
    third = tuple(_F(k + 1, d + 2) for k in range(d))
    a, b = (_F(1, 8),) * d, (_F(7, 8),) * d
    cls = plain(row)
    match row:
        case "monotone":
            a, b = (_F(0),) * d, (_F(1),) * d
        case "convex":
            b = tuple(_F((k + 1) % 2) for k in range(d))
        case "affine" | "neuron":
            b = tuple(_F((k + 1) % 2) for k in range(d))
            a = tuple(_F(k % 2) for k in range(d))
        case "lipschitz":  # |a - b| = 1/2 in every metric, so that L = 6 is the least that v allows
            a, b = ((_F(k),) + (_F(1, 4),) * (d - 1) for k in (_F(1, 4), _F(3, 4)))
            cls = function_class(row, constant=7, metric="l2")
        case "additive":
            b = tuple(_F(7 - k, 8) for k in range(d))
        case "erm":
            cls = function_class(row, data=_data(d, 1, 2))
    return cls, Visualization(a, b, _LOW, _HIGH), third


def _data(d: int, *labels: Any) -> Dataset:
    return Dataset([(_F(k), *(_HALF,) * (d - 1)) for k in range(len(labels))], labels)


def _pair_limits(row: str, d: int) -> Said:
    cls, v, x = case_at(row, d)
    a, b = v.argmin, v.argmax
    longer = (*x, _HALF)
    yield f"{row} may be shown {v}", not _refuses(cls.check_visualization, v)
    for says, refused_by, shown in _refused(row, d, cls, v, x):
        yield f"{row} is not shown {shown}: {says}", _refuses(refused_by.check_visualization, shown)
        yield f"no envelope at {shown}: {says}", _refuses(refused_by.envelope, shown, x)
    data = getattr(cls, "data", Dataset())
    known = [(a, _LOW), (b, _HIGH), *zip(data.inputs, data.labels, strict=True)]
    for s, y in known:
        yield f"{row}: the value {y} at {s} is shown", cls.shown_value(v, s) == y
        yield f"{row}: the envelope at {s} is {y}", cls.envelope(v, s) == Interval(y, y)
        yield f"{row}: {s} is no query", _is_shown(cls, v, s)
    yield f"{row}: {x} is not shown", cls.shown_value(v, x) is None
    yield f"{row}: {x} is a query", cls.check_query(v, x) == x
    yield f"{row}: {longer} is no query", _refuses(cls.check_query, v, longer)
    yield f"{row}: no envelope at {longer}", _refuses(cls.envelope, v, longer)
    if row not in ("lipschitz", "convex", "affine", "neuron"):
        whole = Interval(_LOW, _HIGH)
        yield f"{row}: the fibre at {x} is everything", cls.envelope(v, x) == whole


def _is_shown(cls: FunctionClass, v: Visualization, s: Point) -> bool:
    try:
        cls.check_query(v, s)
    except QueryShown:
        return True
    return False


Refused = tuple[str, FunctionClass, Visualization]


def _refused(row: str, d: int, cls: FunctionClass, v: Visualization, x: Point) -> Iterator[Refused]:
    a, b = v.argmin, v.argmax

    def shown(argmin: Any, argmax: Any, low: Any = _LOW, high: Any = _HIGH) -> Visualization:
        return Visualization(argmin, argmax, low, high)

    yield "m = M", cls, shown(a, b, _HIGH, _HIGH)
    yield "two minimisers", cls, shown((a, x), b)
    yield "two maximisers", cls, shown(a, (b, x))
    if row in ("affine", "neuron"):
        line = shown((_F(0),), (_F(1),))
        yield "one input", cls, line
        yield "a is no corner", cls, shown((*a[:-1], _HALF), b)
        yield "a is not opposite to b", cls, shown((*a[:-1], b[-1]), b)
    if row in ("affine", "neuron", "convex"):
        for k in {0, d - 1}:
            inner = (*b[:k], _HALF, *b[k + 1 :])
            opposite = a if row == "convex" else tuple(1 - bi for bi in inner)
            yield f"coordinate {k} of b is 1/2", cls, shown(opposite, inner)
    if row == "additive" and d > 1:
        for k in {0, d - 1}:
            yield f"a and b share coordinate {k}", cls, shown((*a[:k], b[k], *a[k + 1 :]), b)
    if row == "monotone":
        for k in {0, d - 1}:
            yield f"coordinate {k} of a", cls, shown((*a[:k], _HALF, *a[k + 1 :]), b)
            yield f"coordinate {k} of b", cls, shown(a, (*b[:k], _HALF, *b[k + 1 :]))
            yield (
                "both moved",
                cls,
                shown((*a[:k], _F(1, 4), *a[k + 1 :]), (*b[:k], _F(3, 4), *b[k + 1 :])),
            )
    if row == "erm":
        for says, label in (
            ("m", _LOW),
            ("M", _HIGH),
            ("below m", _LOW - 1),
            ("above M", _HIGH + 1),
        ):
            for labels in ((label, 1), (1, label)):
                yield f"a label is {says}", function_class(row, data=_data(d, *labels)), v
        for says, s in (("the minimiser", a), ("the maximiser", b)):
            data = Dataset([(_HALF,) * d, s], [1, 1])
            yield f"a training input is {says}", function_class(row, data=data), v
        yield "training inputs of d + 1 coordinates", function_class(row, data=_data(d + 1, 1)), v
    if row == "lipschitz":
        for metric in ("l1", "l2", "linf"):
            steep = function_class(row, constant=_F(599, 100), metric=metric)
            yield f"L = 599/100 is below R/|a-b| = 6 in {metric}", steep, v


def _lipschitz_limits() -> Said:
    row = "lipschitz"
    for metric in ("l1", "l2", "linf"):
        cls = function_class(row, constant="6", metric=metric)
        _, v, _ = case_at(row, 2)
        yield f"L = 6 is R/|a-b| in {metric}: accepted", not _refuses(cls.check_visualization, v)
        yield 'L = "6" is the number 6', cls.constant == 6 and type(cls.constant) is Fraction  # type: ignore[attr-defined]
        distance = _F(1, 3)
        for at_y, at_z, holds in ((2, 0, True), (0, 2, True), ("201/100", 0, False)):
            c = Comparison(_F(at_y), _F(at_z), distance=distance)
            yield f"|{at_y} - {at_z}| <= 6/3: {holds}", bool(cls.law(c, EXACT)) == holds
    for constant in (0, -1, "-1/2"):
        yield f"L = {constant} is refused", _refuses(function_class, row, constant=constant)
    try:
        function_class(row, metric="l3")
    except KeyError:
        yield "there is no metric l3", True
    else:
        yield "there is no metric l3", False


# -- rows with a decoder -----------------------------------------------------------------------------------


def _line_limits(row: str) -> Said:
    """A line, or for neurons a line under the link, whose inverse takes m = -1/2 to -1 and M to itself."""
    cls, steep = plain(row), row == "neuron-1d"
    zero, one, half = (_F(0),), (_F(1),), (_HALF,)
    for a, b in ((zero, one), (one, zero), ([zero], [one])):
        v = Visualization(a, b, _LOW, _HIGH)
        yield f"{row} may be shown {v}", not _refuses(cls.check_visualization, v)
        for t in (_F(1, 3), _HALF, _F(1, 7), _F(0), _F(1)):
            share = t if v.argmin == zero else 1 - t
            value = _LOW + 3 * share
            if steep:
                value = -1 + _F(7, 2) * share
                value = value if value > 0 else value / 2
            yield f"{row}: {value} at {t}", cls.envelope(v, (t,)) == Interval(value, value)
    flat = Visualization((zero, half, one), (half, zero, one), _HIGH, _HIGH)
    at_zero = Visualization(half, half, 0, 0)
    for v in (flat, at_zero):
        yield f"{row} may be shown {v}", not _refuses(cls.check_visualization, v)
        value = v.minimum
        yield f"{row}: a constant's value", cls.envelope(v, ("1/3",)) == Interval(value, value)
    from_zero = Visualization(zero, one, 0, 2)
    yield f"{row}: 1/2 at 1/4", cls.envelope(from_zero, ("1/4",)) == Interval(_HALF, _HALF)
    inner: tuple[tuple[Any, Any], ...] = (
        (half, one),
        (zero, half),
        ((zero, half), one),
        (zero, (one, half)),
    )
    for a, b in inner:
        for low, high in ((_LOW, _HIGH), (2, 3)):
            v = Visualization(a, b, low, high)
            yield f"{row} is not shown {v}", _refuses(cls.check_visualization, v)
    for end, high in ((one, _HIGH), (zero, _LOW)):
        square = Visualization((*zero, *zero), (*end, *end), _LOW, high)
        yield f"{row} is not shown {square}", _refuses(cls.check_visualization, square)


def _link_limits(row: str) -> Said:
    """The sigmoid takes the values strictly between 0 and 1; leaky ReLU needs a slope in (0, 1)."""
    sigmoid = function_class(row, link="sigmoid")
    d = _ABOUT[row][0]
    a, b = (_F(0),) * d, (_F(1),) * d
    v = Visualization(a, b, _F(1, 4), _F(3, 4))
    yield f"{row}: a sigmoid may be shown {v}", not _refuses(sigmoid.check_visualization, v)
    for low, high in ((0, _HALF), (_HALF, 1), (-1, _HALF), (_HALF, 2), (-1, 0), (1, 2)):
        v = Visualization(a, b, low, high)
        yield f"{row}: a sigmoid is not shown {v}", _refuses(sigmoid.check_visualization, v)
    flat = Visualization(a, a, 1, 1)
    yield f"{row}: a sigmoid is not shown {flat}", _refuses(sigmoid.check_visualization, flat)
    slope = getattr(plain(row), "slope", None)
    yield f"{row}: the slope of a sigmoid", getattr(sigmoid, "slope", None) == _F(1, 100)
    yield f'{row}: slope "1/2" is the number 1/2', slope == _HALF and isinstance(slope, Fraction)
    for bad in (0, 1, -1):
        refused = _refuses(function_class, row, link="leaky-relu", slope=bad)
        yield f"{row}: slope {bad} is refused", refused


def _constant_limits(cls: FunctionClass, d: int) -> Said:
    points: Sequence[Point] = ((_F(0),) * d, (_HALF,) * d, (_F(1),) * d)
    for argmin, argmax in ((points[0], points[1]), (points[:2], points[1:])):
        v = Visualization(argmin, argmax, _LOW, _LOW)
        yield f"constant may be shown {v}", not _refuses(cls.check_visualization, v)
        for x in (*points, (_F(1, 3),) * d):
            yield f"the value at {x} is {_LOW}", cls.envelope(v, x) == Interval(_LOW, _LOW)
    v = Visualization(points[0], points[1], _LOW, _HIGH)
    yield f"constant is not shown {v}", _refuses(cls.check_visualization, v)
