"""`bound` against a plain Python loop and against scipy's linear programming (HiGHS), same questions, one run.

Run: python benchmarks/bench_bound.py. Prints seconds per query and ratios. Nothing here asserts on a clock. Where exemplars make the class a linear
program (affine, convex), `bound` solves it in fractions, so that it is compared with a solver in floats.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.optimize import linprog

from trompe.theory import FunctionClass, Lipschitz, Visualization, function_class
from trompe.theory.bounding import bound

DIMS = (4, 16, 64)
EXEMPLARS = 20
MANY, FEW = 1000, 4
"""Queries for `bound`, and for what is asked one by one; 4 too where `bound` works in fractions."""

Points = NDArray[np.float64]
Ends = tuple[float, float]
Pairs = Sequence[tuple[Points, float]]


def median(action: Callable[[], object], runs: int = 5) -> float:
    """Seconds, after one run that does not count."""
    action()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


# -- the same questions by other means, values in [0, 1], a = 0, b = 1 -----------------------------------


def lipschitz_loop(x: Sequence[float], shown: Sequence[tuple[list[float], float]]) -> Ends:
    low, high = 0.0, 1.0
    for s, y in shown:
        distance = math.sqrt(sum((xi - si) ** 2 for xi, si in zip(x, s, strict=True)))
        low, high = max(low, y - 2 * distance), min(high, y + 2 * distance)
    return low, high


def lipschitz_lp(x: Points, shown: Pairs) -> Ends:
    """The value t alone is unknown: |t - y_k| <= 2 |x - s_k|."""
    rises = np.array([2 * np.linalg.norm(x - s) for s, _ in shown])
    values = np.array([y for _, y in shown])
    rows = np.concatenate([np.ones(len(shown)), -np.ones(len(shown))])[:, None]
    right = np.concatenate([values + rises, rises - values])
    found = [linprog([k], A_ub=rows, b_ub=right, bounds=(0, 1), method="highs") for k in (1, -1)]
    return found[0].fun, -found[1].fun


def monotone_loop(x: Sequence[float], shown: Sequence[tuple[list[float], float]]) -> Ends:
    low, high = 0.0, 1.0
    for s, y in shown:
        if all(si <= xi for si, xi in zip(s, x, strict=True)):
            low = max(low, y)
        if all(si >= xi for si, xi in zip(s, x, strict=True)):
            high = min(high, y)
    return low, high


def affine_loop(x: Sequence[float], shown: Sequence[tuple[list[float], float]]) -> Ends:
    del shown
    low, high = x[0], x[0]
    for xi in x:
        low, high = min(low, xi), max(high, xi)
    return low, high


def affine_lp(x: Points, shown: Pairs) -> Ends:
    """Weights p >= 0 of sum 1 that fit every exemplar."""
    rows = np.array([np.ones(len(x)), *(s for s, _ in shown)])
    right = np.array([1.0, *(y for _, y in shown)])
    found = [linprog(k * x, A_eq=rows, b_eq=right, method="highs") for k in (1, -1)]
    return found[0].fun, -found[1].fun


def convex_lp(x: Points, shown: Pairs) -> Ends:
    """The programs of docs/rows/convex.md, one for the upper end and one for each exemplar."""
    inside = [(np.zeros(len(x)), 0.0), *shown]
    rows = np.array([np.concatenate([s, 1 - s]) for s, _ in inside])
    gaps = np.array([1 - y for _, y in inside])
    cost = np.concatenate([x, 1 - x])
    upper = 1 - linprog(cost, A_ub=-rows, b_ub=-gaps, method="highs").fun
    lower = 0.0
    for k in range(1, len(inside)):
        touching = np.vstack([-rows, rows[k]])
        found = linprog(-cost, A_ub=touching, b_ub=np.append(-gaps, gaps[k]), method="highs")
        if found.status == 0:
            lower = max(lower, 1 + found.fun)
    return lower, upper


# -- questions -------------------------------------------------------------------------------------------


def exemplars(dim: int, count: int, value: Callable[[Points], float]) -> list[tuple[Points, float]]:
    """Points on a grid of 1/64, where the values below are exact in floats."""
    rng = np.random.default_rng(dim)
    found = [rng.integers(8, 57, dim) / 64 for _ in range(count)]
    return [(p, value(p)) for p in found]


def compare(
    name: str,
    cls: FunctionClass,
    dim: int,
    further: Pairs,
    loop: Callable[..., Ends] | None,
    program: Callable[..., Ends] | None,
    many: int = MANY,
) -> None:
    v = Visualization((0,) * dim, (1,) * dim, 0, 1)
    xs = np.random.default_rng(0).integers(1, 256, (many, dim)) / 256
    shown = [(np.zeros(dim), 0.0), (np.ones(dim), 1.0), *further]
    plain = [(s.tolist(), y) for s, y in shown]
    found = bound(cls, v, xs, further)
    ours = median(lambda: bound(cls, v, xs, further)) / many
    parts = [f"bound {1e6 * ours:9.1f} us"]
    for label, ask, points in (
        ("loop", loop and (lambda x: loop(x, plain)), xs[:many].tolist()),
        (
            "linprog",
            program and (lambda x: program(x, further if "LP" in name else shown)),
            xs[:FEW],
        ),
    ):
        if ask is None:
            continue
        for i, x in enumerate(points[:FEW]):
            if not np.allclose(ask(x), (found.lower[i], found.upper[i]), atol=1e-7):
                raise SystemExit(f"{name}, d = {dim}: {label} disagrees with bound at query {i}")
        seconds = median(lambda ask=ask, points=points: [ask(x) for x in points]) / len(points)
        parts.append(f"{label} {1e6 * seconds:9.1f} us ({seconds / ours:.3g} times)")
    print(f"  {name:<34} d = {dim:<3} {', '.join(parts)}")


def bounds() -> None:
    print(
        f"`bound` per query ({MANY} float queries, {EXEMPLARS} exemplars where there are some) against a plain "
        "Python loop and scipy's linprog; `times`: how much longer they take"
    )
    for dim in DIMS:
        shown = exemplars(dim, EXEMPLARS, lambda p: float(p.mean()))
        compare(
            "lipschitz, exemplars", Lipschitz(2, "l2"), dim, shown, lipschitz_loop, lipschitz_lp
        )
        compare("monotone, exemplars", function_class("monotone"), dim, shown, monotone_loop, None)
        compare("affine, LP", function_class("affine"), dim, (), affine_loop, affine_lp)
        few = exemplars(dim, min(3, dim - 2), lambda p: float(p.mean()))
        compare(
            "affine, 3 exemplars, LP, exact",
            function_class("affine"),
            dim,
            few,
            None,
            affine_lp,
            FEW,
        )
        bowl = exemplars(dim, 3, lambda p: float((p * p).mean()))
        compare(
            "convex, 3 exemplars, LP, exact",
            function_class("convex"),
            dim,
            bowl,
            None,
            convex_lp,
            FEW,
        )


def within_limits() -> None:
    """The same float queries where the shown points need not be extremes: the time as a ratio to that of extremes."""
    dim, parts = 64, []
    v = Visualization((0,) * dim, (1,) * dim, 0, 1)
    xs = np.random.default_rng(0).random((MANY, dim))
    spots = exemplars(dim, EXEMPLARS, lambda p: float(p.mean()))
    for cls, shown in (
        (Lipschitz(2, "l2"), spots),
        (function_class("monotone"), spots),
        (function_class("affine"), ()),
        (function_class("additive"), ()),
        (function_class("black-box"), spots),
    ):
        plain = median(lambda cls=cls, shown=shown: bound(cls, v, xs, shown))
        near = median(lambda cls=cls, shown=shown: bound(cls, v, xs, shown, tolerance="1/4"))
        parts.append(f"{cls.key} {near / plain:.2f}")
    print(f"`bound` within limits against extremes, d = {dim}, ratio of times: {', '.join(parts)}")


def exact() -> None:
    """One exact query, which a Python loop over fractions answers too."""
    dim = 64
    v = Visualization((0,) * dim, (1,) * dim, 0, 1)
    x = tuple(Fraction(k + 1, 67) for k in range(dim))
    spots = [((*x[1:], Fraction(k, 23)), Fraction(1, 2)) for k in range(1, 21)]
    seconds = median(lambda: bound(Lipschitz(50, "l1"), v, x, spots))
    print(
        f"one query in fractions, lipschitz in l1, d = {dim}, 20 exemplars: {1e3 * seconds:.1f} ms"
    )


def main() -> None:
    print(f"{os.cpu_count()} cores, NumPy {np.__version__}, SciPy {scipy.__version__}")
    bounds()
    within_limits()
    exact()


if __name__ == "__main__":
    main()
