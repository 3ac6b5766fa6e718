"""Speed of the empirical room, as ratios within one run: python benchmarks/bench_empirical.py [--all]

Rank correlations against a loop of scipy calls and against scipy's matrix form, ranks of a large layer against scipy's; one batch of
visualizations against one by one; with --all, the CPU time of `reproduce all --data digits`.
Exit status 1 if a ratio misses its floor. One torch thread.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
import torch
from scipy import stats

from trompe.empirical import Fourier, correlations, load_data, maximize
from trompe.empirical._torch import repeatable
from trompe.empirical.networks.training import Recipe, build
from trompe.empirical.similarity import average_ranks


def seconds(function: Callable[[], object], repeat: int = 3) -> float:
    """The shortest of a few runs, in CPU seconds."""
    best = float("inf")
    for _ in range(repeat):
        start = process_time()
        function()
        best = min(best, process_time() - start)
    return best


def rank_correlations() -> tuple[float, float]:
    """Speed-up over a loop over pairs, and over scipy's matrix form, at 60 x 60 vectors of length 2,000."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((60, 2000)), 0).astype(np.float32)
    y = np.maximum(rng.standard_normal((60, 2000)), 0).astype(np.float32)
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    ours = seconds(lambda: correlations(*tensors), 5)
    few = 6  # a tenth of the rows; the loop's time is proportional
    loop = 10 * seconds(lambda: [stats.spearmanr(a, b) for a in x[:few] for b in y], 1)
    matrix = seconds(lambda: stats.spearmanr(x, y, axis=1), 3)
    ranks = stats.spearmanr(x, y, axis=1).statistic[:60, 60:]
    assert np.abs(correlations(*tensors).numpy() - ranks).max() < 1e-4
    return loop / ours, matrix / ours


def large_ranks() -> float:
    """Speed-up over scipy at the ranks of 3 x 800,000 numbers, half of them 0: a large layer behind a ReLU."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((3, 800_000)), 0).astype(np.float32)
    tensor = torch.from_numpy(x)
    assert np.array_equal(average_ranks(tensor).numpy(), stats.rankdata(x, axis=1) - 1)
    return seconds(lambda: stats.rankdata(x, axis=1)) / seconds(lambda: average_ranks(tensor))


def batched_maximization() -> float:
    """Speed-up of 60 visualizations in one batch over 60 runs, on digits, 32 steps each."""
    data = load_data("digits")
    torch.manual_seed(0)
    model = build(Recipe("cnn", epochs=1, width=24), data).eval()
    seeds = range(6)
    batch = seconds(
        lambda: maximize(model, range(10), data.shape, Fourier(), seeds=seeds, steps=32)
    )
    few = 10
    single = 6 * seconds(
        lambda: [
            maximize(model, [u], data.shape, Fourier(), seeds=[0], steps=32) for u in range(few)
        ],
        2,
    )
    return single / batch


def everything() -> tuple[float, float]:
    """CPU and wall seconds of `reproduce all --data digits` without any cache."""
    from trompe.empirical import reproduce

    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = process_time(), perf_counter()
        reproduce("all", "digits", "cpu", 0, f"{folder}/out", cache=f"{folder}/cache", show=False)
        return process_time() - cpu, perf_counter() - wall


def main() -> int:
    """Print the ratios; the number of missed floors."""
    missed = 0
    with repeatable():
        loop, matrix = rank_correlations()
        ranks = large_ranks()
        batch = batched_maximization()
    for name, value, floor in (
        ("rank correlations over a scipy pair loop", loop, 50.0),
        ("rank correlations over scipy's matrix form", matrix, None),
        ("ranks of a large layer over scipy's", ranks, 2.0),
        ("60 visualizations in one batch over one by one", batch, 4.0),
    ):
        held = "" if floor is None else f" (at least {floor:g})"
        missed += floor is not None and value < floor
        print(f"{name}: {value:.1f} times{held}")
    if "--all" in sys.argv:
        cpu, wall = everything()
        missed += cpu > 90
        print(f"reproduce all --data digits: {cpu:.1f} CPU s (at most 90), {wall:.1f} wall s")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
