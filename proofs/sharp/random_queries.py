"""A share estimated from random queries, with an interval that holds it at a stated confidence. No proof."""

from __future__ import annotations

import math
import zlib
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.theory import FunctionClass, Visualization
from trompe.theory.bounding import bounds

SAMPLED_DIM = 64
"""Random queries are tried up to this d; beyond it the shares are far below what they can see."""
POINTS = 20_000
MISS = 1e-6
"""The largest chance that one interval misses the share."""


def queries(cls: FunctionClass, v: Visualization) -> Any:
    """The same random queries for the same class and d."""
    rng = np.random.default_rng(zlib.crc32(f"{cls.key}/{v.dim}".encode()))
    return rng.random((POINTS, v.dim))


def estimate(
    cls: FunctionClass, v: Visualization, eps: Fraction, task: str
) -> tuple[float, float, float]:
    """The share of random queries at which the task is decidable, and the ends of its interval.

    Queries that rounding leaves open count as no at the lower end and as yes at the upper.
    """
    found = bounds(cls, v, queries(cls, v), eps=eps)
    codes = found.decidable[task]
    yes, maybe = int((codes == 1).sum()), int((codes != 0).sum())
    low, high = share_interval(yes, POINTS)[0], share_interval(maybe, POINTS)[1]
    return (yes + maybe) / (2 * POINTS), low, high


def share_interval(hits: int, tried: int, miss: float = MISS) -> tuple[float, float]:
    """All p with tried KL(hits/tried, p) <= ln(2/miss): misses the true share with chance at most `miss`.

    Chernoff's bound on both sides; valid for every p and every number of queries.
    """
    share, room = hits / tried, math.log(2 / miss) / tried

    def divergence(p: float) -> float:
        parts = [
            q * math.log(q / r) if q else 0.0 for q, r in ((share, p), (1 - share, 1 - p)) if q or r
        ]
        return sum(parts)

    def edge(inside: float, outside: float) -> float:
        for _ in range(80):
            middle = (inside + outside) / 2
            inside, outside = (
                (middle, outside)
                if 0 < middle < 1 and divergence(middle) <= room
                else (inside, middle)
            )
        return outside

    return (edge(share, 0.0) if hits else 0.0), (edge(share, 1.0) if hits < tried else 1.0)
