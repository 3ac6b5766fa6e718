"""Pairs per second: f and g of a fooling pair at a batch of points, against NumPy written by hand.

Both sides get the same points and the same exact pair, rounded to the dtype, and give the same numbers (checked
before anything is timed). Rates are values of f and g together, one pair of values a point. The limit is the
memory's: no evaluation reads its points faster than the fastest of `z.sum()`, `z.max()` and `z @ w` does. Times are
the best of several rounds taken in turns, so that a busy machine disturbs all alike and little. NumPy's linear
algebra is kept on one thread by OMP_NUM_THREADS=1. Run: OMP_NUM_THREADS=1 python benchmarks/bench_pairs.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trompe.constructions import FoolingPair, triple
from trompe.constructions.examples import example

sys.path.insert(0, str(Path(__file__).parent))  # `python -P` leaves the script's folder out
from run import machine

DIMS = ((16, 65536), (3072, 1024), (150_528, 32))
"""d and the number of points: about the same bytes each (8 to 38 MB), more than the caches hold."""
ROUNDS = 15

Array = Any


# -- by hand -----------------------------------------------------------------------------------------


def hats(p: Any, eta: Any) -> Callable[[Array], tuple[Array, Array]]:
    half, mid = (p.high - p.low) / 2, (p.high + p.low) / 2

    def hat(z: Array, site: Array) -> Array:
        return np.maximum(0, 1 - np.abs(z - site).sum(-1) * p.inv_delta)

    def both(z: Array) -> tuple[Array, Array]:
        strict = mid + half * (hat(z, p.sites[1]) - hat(z, p.sites[0]))
        for site, label in zip(p.sites[3:], p.labels, strict=True):
            strict = strict + (label - mid) * hat(z, site)
        lift = (1 - eta) * half * hat(z, p.sites[2])
        return strict + lift, strict - lift

    return both


def lipschitz(p: Any, eta: Any) -> Callable[[Array], tuple[Array, Array]]:
    def both(z: Array) -> tuple[Array, Array]:
        upper = np.minimum(p.high, p.low + p.constant * np.abs(z - p.a).sum(-1))
        lower = np.maximum(p.low, p.high - p.constant * np.abs(z - p.b).sum(-1))
        strict = (upper + lower) / 2
        return (1 - eta) * upper + eta * strict, (1 - eta) * lower + eta * strict

    return both


def monotone(p: Any, eta: Any) -> Callable[[Array], tuple[Array, Array]]:
    def both(z: Array) -> tuple[Array, Array]:
        t = z.mean(-1)
        strict = p.low + (p.high - p.low) * t
        upper = p.low + (p.high - p.low) * np.minimum(1, t * p.inv_q)
        lower = p.low + (p.high - p.low) * np.maximum(0, (t - p.q) * p.inv_rest)
        return (1 - eta) * upper + eta * strict, (1 - eta) * lower + eta * strict

    return both


def convex(p: Any, eta: Any) -> Callable[[Array], tuple[Array, Array]]:
    def both(z: Array) -> tuple[Array, Array]:
        away = z - p.a
        gauge = np.maximum(p.up * away, -p.down * away).max(-1)
        near = np.maximum(0, 1 - np.abs(z - p.b).sum(-1) * p.inv_delta)
        upper, lower = (p.low + (p.high - p.low) * share for share in (gauge, near))
        strict = (upper + lower) / 2
        return (1 - eta) * upper + eta * strict, (1 - eta) * lower + eta * strict

    return both


def affine(p: Any, eta: Any) -> Callable[[Array], tuple[Array, Array]]:
    def one(z: Array, i: int) -> Array:
        return p.flip[i] + p.sign[i] * z[..., i]

    def both(z: Array) -> tuple[Array, Array]:
        mean = p.flip.mean() + (z @ p.sign) / len(p.sign)
        upper, lower, strict = (
            p.low + (p.high - p.low) * t for t in (one(z, p.largest), one(z, p.smallest), mean)
        )
        return (1 - eta) * upper + eta * strict, (1 - eta) * lower + eta * strict

    return both


BY_HAND = {
    "black-box": hats,
    "erm": hats,
    "lipschitz": lipschitz,
    "monotone": monotone,
    "convex": convex,
    "affine": affine,
}


# -- measuring ---------------------------------------------------------------------------------------


def seconds(actions: list[Callable[[], object]]) -> list[float]:
    """The best time of each action, measured in turns."""
    for action in actions:
        action()
    found: list[list[float]] = [[] for _ in actions]
    for _ in range(ROUNDS):
        for times, action in zip(found, actions, strict=True):
            start = time.perf_counter()
            action()
            times.append(time.perf_counter() - start)
    return [min(times) for times in found]


def rounded(pair: FoolingPair, dtype: Any) -> Any:
    from trompe.constructions.base import namespace_of
    from trompe.theory.namespace import cast

    return cast(pair.triple.parameters, namespace_of(np.zeros(1, dtype)))


def compare(pair: FoolingPair, by_hand: Callable[[Array], tuple[Array, Array]], z: Array) -> None:
    scale = float(abs(pair.v.minimum) + abs(pair.v.maximum) + pair.v.range)
    for ours, theirs in zip(pair.both(z), by_hand(z), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=200 * np.finfo(z.dtype).eps * scale)


def main() -> None:
    print(machine())
    rng = np.random.default_rng(0)
    worst = 0.0
    for dim, points in DIMS:
        for dtype in (np.float32, np.float64):
            z = rng.random((points, dim)).astype(dtype)
            copy, w = np.empty_like(z), np.ones(dim, dtype)
            *reads, copying = seconds(
                [z.sum, z.max, lambda z=z, w=w: z @ w, lambda z=z, copy=copy: np.copyto(copy, z)]
            )
            reading = min(reads)
            limit = points / reading
            print(
                f"d = {dim}, {points} points, {np.dtype(dtype).name}: reading {z.nbytes / reading / 1e9:.1f} GB/s "
                f"({limit:,.0f} points/s), copying {2 * z.nbytes / copying / 1e9:.1f} GB/s"
            )
            for row, make in BY_HAND.items():
                case = example(row, dim)
                pair = triple(case.cls, case.v, case.x).pair("1/10")
                by_hand = make(rounded(pair, dtype), dtype(0.1))
                compare(pair, by_hand, z)
                both, apart, hand = seconds(
                    [
                        lambda pair=pair, z=z: pair.both(z),
                        lambda pair=pair, z=z: (pair.f(z), pair.g(z)),
                        lambda by_hand=by_hand, z=z: by_hand(z),
                    ]
                )
                worst = max(worst, both / hand)
                print(
                    f"  {row:<10} {points / both:>11,.0f} pairs/s, {both / hand:.2f} times the time of the hand-written "
                    f"({points / hand:,.0f}/s); f then g {apart / hand:.2f}; "
                    f"{points / both / limit:.1%} of the reading limit"
                )
    print(f"slowest against hand-written: {worst:.2f} times its time; wanted at most 3")


if __name__ == "__main__":
    main()
