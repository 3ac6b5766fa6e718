"""What a fibre answers: one query in exact numbers, many in floats that enclose the exact ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.bounds.sites import Floats, Site, Surd, directed
from trompe.theory.exact import Point
from trompe.theory.namespace import NumpyNamespace
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization

__all__ = ["BLOCK", "F64", "Brackets", "Ends", "Fibres", "all_directed", "as_floats", "between"]

F64 = NumpyNamespace(np.float64)

BLOCK = 4 * 2**20
"""Bytes of points that are worked on at once."""


class Ends(NamedTuple):
    """The two ends of an envelope, exact, in the unit's own scale."""

    lower: Surd
    upper: Surd

    @property
    def interval(self) -> Interval:
        """Fractions, or for l2 algebraic numbers of SymPy."""
        return Interval(self.lower.number, self.upper.number)


class Brackets(NamedTuple):
    """Ends for n queries, as shares of the range: (end - m)/R, with floats that enclose the exact ones."""

    lower: Floats
    upper: Floats
    lower_within: tuple[Floats, Floats]
    upper_within: tuple[Floats, Floats]
    single: Any
    """Where the fibre is known to be one value, boolean."""


class Fibres(ABC):
    """The fibres of one class at one visualization with exemplars.

    Parameters
    ----------
    shown : every point whose value is shown (extremes, training inputs, exemplars), each once.
    exemplars : those of them that are exemplars.
    """

    converts: ClassVar[bool] = False
    """Are floats converted to exact numbers, query by query? Else there is `enclose`."""

    def __init__(
        self, cls: Any, v: Visualization, shown: Sequence[Site], exemplars: Sequence[Site]
    ) -> None:
        self.cls, self.v, self.shown, self.exemplars = cls, v, tuple(shown), tuple(exemplars)
        self.check()

    def check(self) -> None:
        """Raise InvalidInput where no member takes the shown values."""

    def exact(self, x: Point) -> Ends | Interval:
        """The envelope at x in exact numbers."""
        value = self._values.get(x)
        return self._exact(x) if value is None else Ends(Surd(value), Surd(value))

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The shown points in exact numbers."""
        return tuple(site.exact for site in self.shown)

    @cached_property
    def _values(self) -> dict[Point, Fraction]:
        return dict(zip(self.points, (s.value for s in self.shown), strict=True))

    @abstractmethod
    def _exact(self, x: Point) -> Ends | Interval:
        """The envelope at a point that is not shown."""

    def enclose(self, points: Floats) -> Brackets:
        """The envelopes at the rows of an array (n, d) of exact floats."""
        found = self._enclose(points)
        for site in self.shown:
            at = site.is_at(points)
            if at.any():
                share = self.share(site.value)
                low, high = directed(share)
                for array, value in (
                    (found.lower, float(share)),
                    (found.upper, float(share)),
                    (found.lower_within[0], low),
                    (found.lower_within[1], high),
                    (found.upper_within[0], low),
                    (found.upper_within[1], high),
                    (found.single, True),
                ):
                    array[at] = value
        return found

    def _enclose(self, points: Floats) -> Brackets:
        """The envelopes at points of which some may be shown."""
        raise NotImplementedError(f"{self.cls.key}: floats are converted to exact numbers")

    def share(self, value: Any) -> Any:
        """(value - m) / R, and 0 for a constant unit."""
        return (value - self.v.minimum) / self.v.range if self.v.range else Fraction(0)

    def refuse(self, why: str) -> InvalidInput:
        """The error for input that no member satisfies."""
        return InvalidInput(f"{self.cls.key}: {why}")


def as_floats(values: Sequence[Fraction]) -> Floats:
    """Rounded to nearest.

    Raises
    ------
    InvalidInput : a number is beyond the range of floats.
    """
    try:
        return np.array([float(value) for value in values], dtype=np.float64)
    except OverflowError:
        raise InvalidInput(
            "a slope is beyond the range of floats, because a coordinate of a shown point is too close to "
            "the end of [0, 1]; ask with exact numbers"
        ) from None


def all_directed(values: Sequence[Fraction]) -> tuple[Floats, Floats]:
    """Rounded down and rounded up."""
    pairs = [directed(value) for value in values]
    return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])


def between(lower: Floats, upper: Floats, error: Any, single: Any = None) -> Brackets:
    """Ends that are within `error` of the exact ones, which lie in [0, 1]."""
    none = np.zeros(lower.shape, dtype=bool)
    return Brackets(
        lower,
        upper,
        (np.clip(lower - error, 0, 1), np.clip(lower + error, 0, 1)),
        (np.clip(upper - error, 0, 1), np.clip(upper + error, 0, 1)),
        none if single is None else single,
    )
