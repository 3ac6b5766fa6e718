"""Random instances in exact arithmetic: the concrete parameters satisfy what the obligations assume.

This is no proof. It ties the symbols of the obligations to the numbers that a user gets: the triple of
a random visualization and query, at d = 1, 2, 3 and 6, has the claimed end points, bounds, values at
the query, members and pairs. Before that come the limits of each claim (`limits`) and the
parts that a user calls (`parts`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.constructions import CONSTRUCTIONS, EXACT_DECODERS, triple
from trompe.proofs.sampling.extended import check_extended
from trompe.proofs.sampling.limits import check_limits
from trompe.proofs.sampling.parts import check_parts
from trompe.theory import (
    EXTENDED,
    TASKS,
    Approx,
    Comparison,
    Dataset,
    FunctionClass,
    Point,
    QueryShown,
    TrompeError,
    Visualization,
    function_class,
)
from trompe.theory.functionals import METRICS
from trompe.theory.namespace import EXACT

__all__ = ["DIMS", "Sampled", "sample_row"]

DIMS = (1, 2, 3, 6)
INSTANCES = 6
POINTS = 4


@dataclass(frozen=True)
class Sampled:
    """How many instances were tried, at which d, and the first sentence that failed or why there is no answer."""

    row: str
    instances: int
    dims: tuple[int, ...]
    failure: str = ""
    unanswered: str = ""

    @property
    def held(self) -> bool:
        """Did every instance hold?"""
        return not (self.failure or self.unanswered)


def _number(rng: random.Random) -> Fraction:
    return rng.choice([Fraction(0), Fraction(1), Fraction(rng.randint(0, 12), 12)])


def _point(rng: random.Random, d: int) -> Point:
    return tuple(_number(rng) for _ in range(d))


def _corner(rng: random.Random, d: int) -> Point:
    return tuple(Fraction(rng.randint(0, 1)) for _ in range(d))


def _other(rng: random.Random, taken: set[Point], d: int) -> Point:
    while (point := _point(rng, d)) in taken:
        pass
    taken.add(point)
    return point


def _instance(row: str, rng: random.Random, d: int) -> tuple[FunctionClass, Visualization, Point]:
    """A random class, visualization that it admits, and query that is not shown."""
    low = Fraction(rng.randint(-3, 3), 2)
    high = low + Fraction(rng.randint(1, 6), 2)
    if row in ("affine", "monotone"):
        b = _corner(rng, d) if row == "affine" else (Fraction(1),) * d
        a = tuple(1 - bi for bi in b)
    else:
        b = _corner(rng, d) if row == "convex" else _point(rng, d)
        a = _other(rng, {b}, d)
    v = Visualization(a, b, low, high)
    taken = {a, b}
    x = _other(rng, taken, d)
    if row == "lipschitz":
        reach = sum((abs(p - q) for p, q in zip(a, b, strict=True)), Fraction(0))
        slack = 1 + Fraction(rng.randint(0, 4), 3)
        # |a-b| in linf and l2 is at least |a-b| in l1 over d.
        return (
            function_class(
                row, constant=v.range / reach * d * slack, metric=rng.choice(list(METRICS))
            ),
            v,
            x,
        )
    if row == "erm":
        inputs = [_other(rng, taken, d) for _ in range(rng.randint(0, 3))]
        labels = [low + v.range * Fraction(rng.randint(1, 9), 10) for _ in inputs]
        return function_class(row, data=Dataset(inputs, labels)), v, x
    return function_class(row), v, x


def sample_row(row: str, seed: int = 0) -> Sampled:
    """Try a row's construction or decoder on random instances; the same seed gives the same ones.

    All questions are admissible, so that a refusal is a failure too.
    """
    try:
        return _sample_row(row, seed)
    except TrompeError as error:
        return Sampled(row, 0, (), f"an admissible question is refused: {error}")


def _sample_row(row: str, seed: int) -> Sampled:
    rng = random.Random(f"{row}/{seed}")
    check = _check_pair if row in CONSTRUCTIONS else _check_decoder
    if row in EXTENDED:
        check = check_extended
    dims = tuple(d for d in DIMS if _is_about(row, d))
    for says, holds in (*check_limits(row), *check_parts(row)):
        if not holds:
            return Sampled(row, 0, dims, says)
    tried = 0
    for d in dims:
        for _ in range(INSTANCES):
            tried += 1
            for says, holds in check(row, rng, d):
                if not holds:
                    return Sampled(row, tried, dims, f"d = {d}: {says}")
    return Sampled(row, tried, dims)


def _is_about(row: str, d: int) -> bool:
    kind = function_class(row)
    return kind.min_dim <= d and (kind.max_dim is None or d <= kind.max_dim)


def _check_pair(row: str, rng: random.Random, d: int) -> Iterator[tuple[str, bool]]:
    cls, v, x = _instance(row, rng, d)
    try:
        t = triple(cls, v, x)
    except QueryShown as error:
        yield str(error), False
        return
    low, high = v.minimum, v.maximum
    members = {"U": t.upper, "W": t.lower, "B": t.strict}
    for name, h in members.items():
        yield f"{name}(a) = m and {name}(b) = M at {v}", h(v.argmin) == low and h(v.argmax) == high
    data = getattr(cls, "data", Dataset())
    for s, y in zip(data.inputs, data.labels, strict=True):
        yield f"U, W, B fit the label {y} at {s}", all(h(s) == y for h in members.values())
    fibre = cls.envelope(v, x)
    yield f"[W(x), U(x)] is the envelope at {v}, x = {x}", fibre == t.envelope
    others = [z for z in (_point(rng, d) for _ in range(POINTS)) if z not in (v.argmin, v.argmax)]
    for z in others:
        yield f"m < B({z}) < M at {v}", low < t.strict(z) < high
        yield f"U, W in [m, M] at {z}", all(low <= h(z) <= high for h in members.values())
    if cls.is_pointwise and others:
        yield from _check_law(cls, members, others[0], others[-1], Fraction(rng.randint(0, 4), 4))
    for task in (*(TASKS[k]() for k in TASKS), Approx(Fraction(rng.randint(1, 9), 20))):
        if not task.decidable(fibre, v):
            yield (
                f"the pair for {task.key} defeats it at {v}, x = {x}",
                t.pair_for(task).defeats(task),
            )


def _check_law(
    cls: Any, members: dict[str, Any], y: Point, z: Point, w: Fraction
) -> Iterator[tuple[str, bool]]:
    if not all(cls.premise(y, z)):
        return
    between = tuple(w * p + (1 - w) * q for p, q in zip(y, z, strict=True))
    distance = cls.distance(y, z) if hasattr(cls, "distance") else None
    for name, h in members.items():
        comparison = Comparison(h(y), h(z), h(between), w, distance)
        yield f"{name} satisfies the {cls.key} law at {y}, {z}", bool(cls.law(comparison, EXACT))


def _check_decoder(row: str, rng: random.Random, d: int) -> Iterator[tuple[str, bool]]:
    start, slope = Fraction(rng.randint(-4, 4), 3), Fraction(rng.randint(-4, 4), 3)
    if row == "constant":
        slope = Fraction(0)
    x = _point(rng, d)
    ends = [_point(rng, d) for _ in range(2)] if not slope else [(Fraction(0),), (Fraction(1),)]
    values = [start + slope * p[0] for p in ends]
    a, b = (ends[values.index(extreme(values))] for extreme in (min, max))
    v = Visualization(a, b, min(values), max(values))
    yield (
        f"the decoder predicts {start} + {slope} z at {x}",
        EXACT_DECODERS[row](v, x) == start + slope * x[0],
    )
