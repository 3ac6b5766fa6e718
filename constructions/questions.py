"""What the questions of several rows are made of. Everything is dyadic with few bits, so that floats hold it exactly."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from trompe.theory import Dataset, Point, Visualization

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


def dyadic_question(
    rng: random.Random, dim: int, *, inside_unit: bool = False, is_flat: bool = False
) -> tuple[Visualization, Point]:
    """Opposite corners or, one time in ten, one value everywhere; values are eighths, queries 64ths.

    Parameters
    ----------
    inside_unit : the values lie in (0, 1). is_flat : one value, always.
    """
    low, rise = Fraction(rng.randint(-16, 16), 8), Fraction(rng.randint(1, 16), 8)
    if inside_unit:
        low, rise = Fraction(rng.randint(1, 6), 8), Fraction(1, 8)
    a = tuple(Fraction(rng.randint(0, 1)) for _ in range(dim))
    b = tuple(1 - ai for ai in a)
    x = tuple(Fraction(rng.randint(0, 64), 64) for _ in range(dim))
    if is_flat or rng.random() < 0.1:
        b, rise = tuple(Fraction(rng.randint(0, 8), 8) for _ in range(dim)), Fraction(0)
        a = rng.choice((a, b))
    return Visualization(a, b, low, low + rise), x
