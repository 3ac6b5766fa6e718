"""What follows at a query: the sharp interval, the optimal prediction, and a verdict per task with its reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from trompe.ground.arguments import Progress, checked, listed, unfit
from trompe.ground.errors import InvalidInput, brief, known
from trompe.theory.catalogue import AnyTask, Class, as_class
from trompe.theory.classes import FunctionClass
from trompe.theory.exact import Point, as_eps, as_point, as_share, check_short, holds_points
from trompe.theory.fibres import BLOCK, Brackets, Ends, Fibres, fibres_of
from trompe.theory.limits import Limits, limits_of
from trompe.theory.near import near_fibres_of
from trompe.theory.reasons import reason
from trompe.theory.sites import UNIT, Floats, Surd, as_array, check_floats, directed
from trompe.theory.tasks import Approx, Exact, Interval, NearApprox, Side, Task
from trompe.theory.visualization import Visualization

YES, NO, OPEN = 1, 0, -1
_DECIDABLE = {YES: True, NO: False, OPEN: None}
_LARGEST, _SMALLEST = Fraction(10**300), Fraction(1, 10**280)
_CLOSEST = Fraction(1, 2**30)
"""Of (M - m) / max(|m|, |M|): so rounding in the unit's scale moves the radius by less than 10^-5."""
_CONVERTED = 64
"""Queries at a time where each is answered in exact numbers."""


class NoQuery(InvalidInput, IndexError):
    """There is no query of this number."""


@dataclass(frozen=True)
class Verdict:
    """Is one answer right for every member of the class that fits what is shown?

    `decidable` is None where rounding leaves it open; it is never a guess. `answer` is the right answer
    where there is one: a number (exact, approx) or "min" or "max" (side).
    """

    task: Task
    decidable: bool | None
    answer: Any
    reason: str


@dataclass(frozen=True)
class Bound:
    """What follows at one query, for a class, a visualization and exemplars.

    Every member that fits them has its value in `interval`; every value strictly inside is some member's;
    where both ends are equal, so is every member's value. `prediction`, the centre, has the smallest
    worst error, `radius` (M - m). Numbers are exact, or float64 within `tolerance` of the exact ones.
    With limits m and M are the values shown at the two points. They may be equal, of constants only; then the
    radius of several values is infinite.
    """

    x: Any
    interval: Interval
    prediction: Any
    radius: Any
    tolerance: Any
    verdicts: Mapping[str, Verdict]
    """By task: exact, approx, side."""

    def __getitem__(self, task: AnyTask) -> Verdict:
        return known("task", task.key if isinstance(task, Task) else task, self.verdicts)


@dataclass(frozen=True, eq=False)
class Bounds:
    """The same for n queries, as arrays of length n; `bounds[i]` is the Bound of query i.

    `decidable` has, by task, 1 (yes), 0 (no) or -1 (left open by rounding). `side` has "min", "max" or ""
    per query. Arrays are float64, or of fractions (dtype object) for exact queries.
    """

    function_class: FunctionClass
    visualization: Visualization
    exemplars: int
    """How many there are, repeated ones and shown extremes not counted."""
    eps: Fraction
    x: Any
    """The queries as given."""
    lower: Any
    upper: Any
    tolerance: Any
    decidable: Mapping[str, Any]
    side: Any
    limits: Limits | None = None
    """What is promised of the values where the two points of `visualization` need not be extremes."""

    @property
    def prediction(self) -> Any:
        """The centres."""
        return self.lower / 2 + self.upper / 2

    @property
    def radius(self) -> Any:
        """Half the length as a share of the range; infinite where the range is 0 and the length is not."""
        R = self.visualization.range
        if not R:
            length = self.upper - self.lower
            return np.where(length > 0, math.inf, length) if (length > 0).any() else length * 0
        return (self.upper - self.lower) / (2 * (R if self.lower.dtype == object else float(R)))

    def __len__(self) -> int:
        return len(self.lower)

    def __iter__(self) -> Iterator[Bound]:
        return (self[i] for i in range(len(self)))

    @checked
    def __getitem__(self, i: int) -> Bound:
        try:
            i = range(len(self))[i]
        except IndexError:
            raise NoQuery(f"bounds[{brief(i)}]: there are {len(self)} queries") from None
        exact = self.lower.dtype == object
        numbers = (self.lower[i : i + 1], self.upper[i : i + 1])
        one = Bounds(
            self.function_class, self.visualization, self.exemplars, self.eps, None, *numbers,
            self.tolerance[i : i + 1], self.decidable, self.side, self.limits,
        )  # fmt: skip
        values = [a[0] if exact else float(a[0]) for a in (*numbers, one.prediction, one.radius)]
        interval = Interval(*values[:2])
        tolerance = self.tolerance[i] if exact else float(self.tolerance[i])
        side = str(self.side[i])
        verdicts = {}
        approx = Approx(self.eps) if self.limits is None else NearApprox(self.eps)
        for task in (Exact(), approx, Side()):
            decidable = _DECIDABLE[int(self.decidable[task.key][i])]
            answer = None
            if decidable:
                answer = (side or None) if task.choices else values[2]
            words = reason(
                task, decidable, answer, interval, tolerance,
                self.function_class, self.visualization, self.exemplars, self.limits,
            )  # fmt: skip
            verdicts[task.key] = Verdict(task, decidable, answer, words)
        return Bound(self.x[i], interval, values[2], values[3], tolerance, verdicts)


def bound(
    function_class: Class,
    visualization: Visualization,
    x: Any,
    exemplars: Iterable[Any] = (),
    *,
    eps: Any = Fraction(1, 4),
    progress: Progress | None = None,
    limits: Any = None,
    tolerance: Any = None,
    noise: Any = None,
) -> Bound | Bounds:
    """What every member of a class does at x, given what was shown of the unit.

    Parameters
    ----------
    function_class : what is assumed of the unit, from `function_class(key)`; a key stands for the class with
        its default parameters.
    visualization : what was shown of its extremes.
    x : a point of [0, 1]^d. A tuple or list of numbers, or an array of fractions or integers, is exact; an
        array or tensor of floats, shape (d,), is answered in float64.
    exemplars : further points with their shown values, pairs (point, value).
    eps : the tolerance of the approx task, in (0, 1/2); with limits or a tolerance any number above 0.
    progress : called with (done, n, "queries"); what it raises is raised here.
    limits : a pair (lo, hi) with lo <= f <= hi on all of [0, 1]^d, in the unit's own scale. With it the two points of
        `visualization` need not be extremes; only their values are taken from it.
    tolerance : tau >= 0, short for the limits m - tau and M + tau, with noise m - noise - tau and M + noise + tau.
    noise : the unit's value at a shown point is within this number of the one shown; training data are exact.

    Returns
    -------
    Bound; where x is several points, the Bounds that `bounds` gives.

    Raises
    ------
    InvalidInput : no member fits what is shown (with the reason, and what change would make it
        consistent), or x is no point of the box; or with limits no sharp interval is proved for the class.
    """
    told = (limits, tolerance, noise)
    found, single = _follows(function_class, visualization, x, exemplars, eps, progress, *told)
    return found[0] if single else found


def bounds(
    function_class: Class,
    visualization: Visualization,
    xs: Any,
    exemplars: Iterable[Any] = (),
    *,
    eps: Any = Fraction(1, 4),
    progress: Progress | None = None,
    limits: Any = None,
    tolerance: Any = None,
    noise: Any = None,
) -> Bounds:
    """The same as `bound` at n points.

    Parameters
    ----------
    xs : n points of [0, 1]^d: a list of points, each exact, or an array. One of floats, shape (n, d), is
        answered in float64, a block of rows at a time, so that a memory-mapped file of any length will do.

    Working memory beyond the input, the shown points (24 d bytes each) and the result (80 n bytes) stays below
    40 MiB + 400 d bytes for float queries.

    Raises
    ------
    InvalidInput : as `bound`; or xs is one point.
    """
    told = (limits, tolerance, noise)
    found, single = _follows(function_class, visualization, xs, exemplars, eps, progress, *told)
    if single:
        raise unfit("xs", xs, "several points", " is one point")
    return found


@checked
def _follows(
    function_class: Class,
    visualization: Visualization,
    x: Any,
    exemplars: Any,
    eps: Any,
    progress: Progress | None,
    limits: Any,
    tolerance: Any,
    noise: Any,
) -> tuple[Bounds, bool]:
    """What follows at the points x, and whether x is one."""
    cls, within = as_class(function_class), limits_of(visualization, limits, tolerance, noise)
    share = as_eps(eps) if within is None else as_share(eps)
    check_short("eps", [share])
    if within is None:
        fibres = fibres_of(cls, visualization, exemplars)
    else:
        fibres = near_fibres_of(cls, visualization, within, exemplars)
    queries, single = _queries(x, visualization.dim)
    total = len(queries)
    if isinstance(queries, list):
        parts = [_exactly(fibres, [point], share) for point in _told(queries, progress)]
        found = _joined(parts, object)
    else:
        _check_scale(cls, visualization, within)
        rows = max(1, BLOCK // (8 * visualization.dim))
        if fibres.converts:
            rows = min(rows, _CONVERTED)
        parts = []
        for start in range(0, total, rows):
            rows_of = queries[0] if single else queries[start : start + rows]
            name = "query" if single else "queries"
            block = check_floats(np.asarray(rows_of), name, visualization.dim, start)
            block = block.reshape(-1, visualization.dim)
            parts.append(_in_floats(fibres, block, share))
            if progress is not None:
                progress(min(start + rows, total), total, "queries")
        found = _joined(parts, np.float64)
    answers = Bounds(
        cls,
        visualization,
        len(fibres.exemplars),
        share,
        queries,
        found.lower,
        found.upper,
        found.tolerance,
        dict(zip(("exact", "approx", "side"), found.decidable, strict=True)),
        found.side,
        within,
    )
    return answers, single


def _told(queries: list[Point], progress: Progress | None) -> Iterator[Point]:
    for done, point in enumerate(queries, 1):
        yield point
        if progress is not None:
            progress(done, len(queries), "queries")


def _queries(x: Any, dim: int) -> tuple[Any, bool]:
    """Exact points as a list, floats as an array (n, d), and whether one point was given."""
    x = as_array(x, "x")
    if isinstance(x, np.ndarray) and x.dtype.kind not in "Oiu":
        if x.ndim not in (1, 2) or x.shape[-1] != dim:
            raise InvalidInput(f"x has shape {x.shape}; expected ({dim},) or (n, {dim})")
        check_floats(x[:0] if x.ndim == 2 else x, "query", dim)
        return (x[np.newaxis] if x.ndim == 1 else x), x.ndim == 1
    items = listed(x, "x", "a sequence of numbers", " is not a point")
    if not (holds_points(items) or (isinstance(x, np.ndarray) and x.ndim == 2)):
        return [_query(items, "query", dim)], True
    return [_query(item, f"queries[{i}]", dim) for i, item in enumerate(items)], False


def _query(values: Any, what: str, dim: int) -> Point:
    point = as_point(values, what, dim)
    check_short(what, point)
    return point


class _Part(NamedTuple):
    """Some queries' results."""

    lower: Any
    upper: Any
    tolerance: Any
    decidable: tuple[Any, Any, Any]
    side: Any


def _joined(parts: list[_Part], dtype: Any) -> _Part:
    if not parts:
        none, code = np.empty(0, dtype=dtype), np.empty(0, dtype=np.int8)
        return _Part(none, none, none, (code, code, code), np.empty(0, dtype="U3"))
    joined = [
        np.concatenate([getattr(p, name) for p in parts])
        for name in ("lower", "upper", "tolerance")
    ]
    exact, approx, side = (np.concatenate([p.decidable[k] for p in parts]) for k in range(3))
    words = np.concatenate([p.side for p in parts])
    return _Part(joined[0], joined[1], joined[2], (exact, approx, side), words)


# -- exact numbers -----------------------------------------------------------------------------------


def _exactly(known: Fibres, points: list[Point], eps: Fraction) -> _Part:
    """Each query in exact numbers, with the verdicts."""
    ends = [known.exact(x) for x in points]
    intervals = [e.interval if isinstance(e, Ends) else e for e in ends]
    codes = [_codes(e, known.v, eps) for e in ends]
    return _Part(
        _objects([i.lower for i in intervals]),
        _objects([i.upper for i in intervals]),
        _objects([Fraction(0)] * len(points)),
        (_column(codes, 0), _column(codes, 1), _column(codes, 2)),
        np.array([c[3] for c in codes], dtype="U3"),
    )


def _column(codes: list[tuple[int, int, int, str]], k: int) -> Any:
    return np.array([code[k] for code in codes], dtype=np.int8)


def _objects(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _codes(ends: Ends | Interval, v: Visualization, eps: Fraction) -> tuple[int, int, int, str]:
    """The fibre criterion for exact, approx and side, and the right side."""
    if isinstance(ends, Interval):
        return _symbolic_codes(ends, v, eps)
    mid = Surd(v.mid)
    side = "min" if ends.upper.minus(mid) <= 0 else "max" if ends.lower.minus(mid) >= 0 else ""
    return (
        int(ends.upper.minus(ends.lower) == 0),
        int(ends.upper.minus(ends.lower, 2 * eps * v.range) <= 0),
        int(bool(side)),
        side,
    )


def _symbolic_codes(fibre: Interval, v: Visualization, eps: Fraction) -> tuple[int, int, int, str]:
    """The same for numbers of SymPy, which may leave a comparison open."""

    def holds(condition: Callable[[], Any]) -> int:
        try:
            return int(bool(condition()))
        except TypeError:  # "cannot determine truth value": equal to as many digits as SymPy tries
            return OPEN

    is_min, is_max = (
        holds(lambda: 2 * fibre.upper <= v.minimum + v.maximum),
        holds(lambda: 2 * fibre.lower >= v.minimum + v.maximum),
    )
    side = "min" if is_min == YES else "max" if is_max == YES else ""
    return (
        holds(lambda: Exact().decidable(fibre, v)),
        holds(lambda: Approx(eps).decidable(fibre, v)),
        YES if side else OPEN if OPEN in (is_min, is_max) else NO,
        side,
    )


# -- floats ------------------------------------------------------------------------------------------


def _in_floats(known: Fibres, points: Floats, eps: Fraction) -> _Part:
    if known.converts:
        found = _exactly(known, [tuple(map(Fraction, p)) for p in points.tolist()], eps)
        lower, upper = (np.array(a, dtype=np.float64) for a in (found.lower, found.upper))
        rounding = 4 * UNIT * np.maximum(np.abs(lower), np.abs(upper))
        return _Part(lower, upper, rounding, found.decidable, found.side)
    largest = max(abs(known.low), abs(known.high), abs(known.v.minimum), abs(known.v.maximum))
    return _scaled(known.v, float(largest), known.enclose(points), eps)


def _scaled(v: Visualization, largest: float, found: Brackets, eps: Fraction) -> _Part:
    """From shares of the range to the unit's own scale, with the verdicts that the brackets allow.

    `largest` : of the sizes of all ends.
    """
    m, M, R = (_finite(value) for value in (v.minimum, v.maximum, v.range))
    lower, upper = (
        np.where(share == 1, M, np.where(share == 0, m, m + R * share))
        for share in (found.lower, found.upper)
    )
    off = [
        np.maximum(share - within[0], within[1] - share)
        for share, within in ((found.lower, found.lower_within), (found.upper, found.upper_within))
    ]
    tolerance = 1.01 * R * np.maximum(*off) + 8 * UNIT * largest
    exact = np.full(lower.shape, OPEN, dtype=np.int8)
    exact[found.upper_within[0] > found.lower_within[1]] = NO
    exact[found.single] = YES
    approx = np.full(lower.shape, OPEN, dtype=np.int8)
    down, up = directed(2 * eps)
    least = _difference_sign(found.upper_within[0], found.lower_within[1], up)
    approx[least > 0 if down == up else least >= 0] = NO
    approx[_difference_sign(found.upper_within[1], found.lower_within[0], down) <= 0] = YES
    approx[found.single] = YES
    is_min, is_max = found.upper_within[1] <= 0.5, found.lower_within[0] >= 0.5
    side = np.full(lower.shape, OPEN, dtype=np.int8)
    side[(found.upper_within[0] > 0.5) & (found.lower_within[1] < 0.5)] = NO
    side[is_min | is_max | found.single] = YES
    words = np.where(is_min, "min", np.where(is_max, "max", ""))
    return _Part(lower, upper, tolerance, (exact, approx, side), words)


def _check_scale(cls: FunctionClass, v: Visualization, limits: Limits | None) -> None:
    """Are m, M and R, and the limits, numbers that float64 holds, and holds apart?"""
    ends = (v.minimum, v.maximum) if limits is None else (limits.lower, limits.upper)
    largest = max(abs(end) for end in (*ends, v.minimum, v.maximum))
    spread = max(v.range, max(ends) - min(ends))
    if limits is not None and max(largest, spread) > _LARGEST:
        why = "a limit, or the difference of the limits, is too large for floats"
    elif limits is not None and v.range and v.range < max(_SMALLEST, _CLOSEST * largest):
        why = "the difference of the shown values is too small for floats, or too small beside the limits"
    elif max(largest, v.range) > _LARGEST:
        why = "m, M or M - m is too large for floats"
    elif v.range and v.range < max(_SMALLEST, _CLOSEST * largest):
        why = "M - m is too small for floats, or too small beside m and M"
    else:
        return
    raise InvalidInput(f"{cls.key}: {why}; ask with exact numbers, or rescale the unit's values")


def _finite(value: Fraction) -> float:
    near = directed(value)
    return float(value) if near[0] != near[1] else near[0]


def _difference_sign(a: Floats, b: Floats, t: float) -> Any:
    """The sign of a - b - t, exact for floats.

    Rounding is monotone, so fl(a - b) > t says a - b > t, and likewise below; at fl(a - b) = t the
    rounding error of the difference, itself a float (Knuth), has the sign.
    """
    rounded = a - b
    shift = rounded - a
    error = (a - (rounded - shift)) - (b + shift)
    return np.where(rounded == t, np.sign(error), np.sign(rounded - t))
