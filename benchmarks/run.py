"""Measure what users wait for. Prints the machine, then medians and, where two things compare, ratios.

Run with `make bench`. Nothing here asserts on a clock.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from trompe.constructions import triple
from trompe.constructions.catalogue import example

RUNS = 5


def machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next(
                line.split(":")[1].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        pass
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"


def median(action: Callable[[], object], runs: int = RUNS) -> float:
    action()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def process(*arguments: str) -> Callable[[], object]:
    command = [sys.executable, "-P", *arguments]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def start_up() -> None:
    bare, loaded = median(process("-c", "pass")), median(process("-c", "import trompe"))
    print(
        f"import trompe: {loaded - bare:.3f} s over bare Python ({bare:.3f} s); wanted at most 0.15 s"
    )
    print(f"trompe --help: {median(process('-m', 'trompe', '--help')):.3f} s; wanted at most 0.4 s")


def cold_table() -> None:
    for jobs in ("1", "2"):
        seconds = median(process("-m", "trompe", "table", "--jobs", jobs), runs=3)
        print(
            f"trompe table --jobs {jobs}, cold, both solvers, 30 cells: {seconds:.1f} s; wanted 10 s"
        )
        every = median(process("-m", "trompe", "table", "--level", "all", "--jobs", jobs), runs=3)
        print(f"  with all five levels, 150 cells: {every / seconds:.2f} times that; wanted 1.5")


def evaluation() -> None:
    """f and g of each row on a batch, against the same reads of memory done by one NumPy sum."""
    rng = np.random.default_rng(0)
    print(
        "f of a pair on n points, as a multiple of one NumPy pass np.abs(z - a).sum(-1) over them"
    )
    for dim, points in ((16, 4096), (3072, 64), (150528, 4)):
        for dtype in (np.float64, np.float32):
            z = rng.random((points, dim)).astype(dtype)
            a = rng.random(dim).astype(dtype)
            one_pass = median(lambda z=z, a=a: np.abs(z - a).sum(-1))
            parts = []
            for row in ("erm", "lipschitz", "monotone", "convex", "affine"):
                case = example(row, dim)
                pair = triple(case.cls, case.v, case.x).pair(Fraction(1, 10))
                pair.f(z)
                parts.append(f"{row} {median(lambda p=pair, z=z: p.f(z)) / one_pass:.1f}")
            rate = points / one_pass
            print(
                f"  d = {dim}, n = {points}, {np.dtype(dtype).name}: {', '.join(parts)} "
                f"(one pass: {rate:,.0f} points/s, {rate * z[0].nbytes / 1e9:.2f} GB/s)"
            )


def exact_values() -> None:
    """f and g of each row at one exact point, on integers, as a share of the same formulas on an array of fractions."""
    dim, parts = 150_000, []
    for row in ("erm", "lipschitz", "monotone", "convex", "affine"):
        case = example(row, dim)
        pair = triple(case.cls, case.v, case.x).pair(Fraction(1, 10))
        fractions = np.array(case.x, dtype=object)
        share = median(lambda p=pair, x=case.x: p.both(x), runs=3) / median(
            lambda p=pair, z=fractions: p.both(z), runs=3
        )
        parts.append(f"{row} {share:.2f}")
    print(f"exact f and g at d = {dim}, against an array of fractions: {', '.join(parts)}")


def main() -> None:
    print(machine())
    start_up()
    cold_table()
    evaluation()
    exact_values()


if __name__ == "__main__":
    main()
