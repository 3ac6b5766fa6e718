"""What the questions of several rows are made of. Everything is dyadic with few bits, so that floats hold it exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from trompe.theory import Dataset, Point, Visualization

__all__ = ["HALF", "QUARTER", "beside", "far", "flat_point", "flat_points"]

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)


def flat_point(value: Fraction, dim: int) -> Point:
    """(value, ..., value)."""
    return (value,) * dim


def flat_points(dim: int) -> Iterator[Point]:
    """(1/2, ..., 1/2), then quarters, eighths, ..., and the two corners in between."""
    yield (HALF,) * dim
    yield from ((Fraction(0),) * dim, (Fraction(1),) * dim)
    for bits in range(2, 64):
        for k in range(1, 2**bits, 2):
            yield (Fraction(k, 2**bits),) * dim


def far(value: Fraction, middle: Fraction) -> Fraction:
    """The end of [0, 1] that is farther from a coordinate."""
    return Fraction(1) if value <= middle else Fraction(0)


def beside(data: Dataset, dim: int, x: Point | None) -> Visualization:
    """Two flat points that are neither the query nor a training input, a range that holds all labels."""
    taken = {*data.inputs, x}
    flat = ((Fraction(k, 2**bits),) * dim for bits in range(2, 64) for k in range(1, 2**bits, 2))
    a, b = islice((z for z in flat if z not in taken), 2)
    labels: Iterable[Fraction] = data.labels
    low = min((math.ceil(y) - 1 for y in labels), default=0)
    high = max((math.floor(y) + 1 for y in labels), default=1)
    return Visualization(a, b, low, high)
