"""A bound on the work that exact arithmetic may cost, counted in steps and not in seconds.

A small file can ask for very much arithmetic. Where somebody else's file is computed with, the
computation runs inside `limited`, and everything that takes long says so with `spend`. Past the limit it
stops with an error. Exact arithmetic counts the same everywhere. A solver's work is counted in its own units,
the same for the same version, unless its clock stops it first. But for that, the same file stops at the same
place on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction

from trompe.theory import InvalidInput


class TooMuchWork(InvalidInput):
    """The steps are used up."""


class _Meter:
    __slots__ = ("left", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = self.left = limit


_METER: ContextVar[_Meter | None] = ContextVar("trompe_work", default=None)


@contextmanager
def limited(steps: int) -> Iterator[None]:
    """Inside, at most so many steps are taken; an outer limit counts on.

    Raises
    ------
    TooMuchWork : from `spend`, at the first step too many and at every one after it.
    """
    if _METER.get() is not None:
        yield
        return
    token = _METER.set(_Meter(steps))
    try:
        yield
    finally:
        _METER.reset(token)


def spend(steps: int) -> None:
    """Count steps; one is one to four microseconds. Outside of `limited` nothing is counted."""
    meter = _METER.get()
    if meter is None:
        return
    meter.left -= steps
    if meter.left < 0:
        raise TooMuchWork(
            f"it takes more than {meter.limit} steps of exact arithmetic, the limit for one file"
        )


def weight(bits: int) -> int:
    """The steps of one operation on numbers of so many bits: 1 for short ones, then with their square."""
    return 1 + (bits >> 10) ** 2


def weights(numbers: Iterable[Fraction]) -> int:
    """The steps of one operation on each of these numbers."""
    return sum(weight(q.numerator.bit_length() + q.denominator.bit_length()) for q in numbers)
