"""What a decoder may be asked about f(x), and when a fibre allows an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal

from trompe.theory.errors import InvalidInput, UnknownKey
from trompe.theory.exact import as_eps
from trompe.theory.visualization import Visualization

__all__ = ["TASKS", "Approx", "Exact", "Interval", "Side", "Task", "task"]


@dataclass(frozen=True)
class Interval:
    """The envelope of a fibre: its interior is attained, nothing outside [lower, upper] is.

    Diameter and midrange questions have the same answer for the open and the closed interval,
    so the end points need no flag.
    """

    lower: Any
    upper: Any

    @property
    def diameter(self) -> Any:
        """upper - lower, in the unit's own scale."""
        return self.upper - self.lower

    @property
    def centre(self) -> Any:
        """The prediction with the smallest worst-case error."""
        return (self.lower + self.upper) / 2

    def radius(self, v: Visualization) -> Any:
        """The Chebyshev radius diam / 2R as a share of the range; 0 for a constant unit."""
        return self.diameter / (2 * v.range) if v.range else Fraction(0)

    def __contains__(self, value: Any) -> bool:
        return bool(self.lower <= value <= self.upper)


class Task(ABC):
    """A question about f(x) given phi(f) and x."""

    key: ClassVar[str]
    question: ClassVar[str]

    @abstractmethod
    def right(self, answer: Any, truth: Any, v: Visualization) -> bool:
        """Is `answer` right for a unit with visualization `v` whose value at the query is `truth`?"""

    @abstractmethod
    def decidable(self, fibre: Interval, v: Visualization) -> bool:
        """Is one answer right for every unit of the fibre? (the fibre criterion)"""


@dataclass(frozen=True)
class Exact(Task):
    """Predict f(x)."""

    key: ClassVar[str] = "exact"
    question: ClassVar[str] = "predict f(x) exactly"

    def right(self, answer: Any, truth: Any, v: Visualization) -> bool:
        return bool(answer == truth)

    def decidable(self, fibre: Interval, v: Visualization) -> bool:
        return bool(fibre.lower == fibre.upper)


@dataclass(frozen=True)
class Approx(Task):
    """Predict f(x) up to eps R, 0 < eps < 1/2."""

    key: ClassVar[str] = "approx"
    question: ClassVar[str] = "predict f(x) up to eps (M - m)"

    eps: Fraction = field(default=Fraction(1, 4))

    def __post_init__(self) -> None:
        object.__setattr__(self, "eps", as_eps(self.eps))

    def right(self, answer: Any, truth: Any, v: Visualization) -> bool:
        return bool(abs(answer - truth) <= self.eps * v.range)

    def decidable(self, fibre: Interval, v: Visualization) -> bool:
        return bool(fibre.diameter <= 2 * self.eps * v.range)


@dataclass(frozen=True)
class Side(Task):
    """Say whether f(x) is closer to the minimum or to the maximum; at the midrange both are right."""

    key: ClassVar[str] = "side"
    question: ClassVar[str] = "say whether f(x) is closer to the minimum or to the maximum"

    def right(self, answer: Literal["min", "max"], truth: Any, v: Visualization) -> bool:
        if answer not in ("min", "max"):
            raise InvalidInput(f'side answer = {answer!r}; expected "min" or "max"')
        return bool(truth <= v.mid if answer == "min" else truth >= v.mid)

    def decidable(self, fibre: Interval, v: Visualization) -> bool:
        return bool(fibre.upper <= v.mid or fibre.lower >= v.mid)


TASKS: dict[str, type[Task]] = {kind.key: kind for kind in (Exact, Approx, Side)}
"""The three columns of the table, in its order."""


def task(key: str) -> Task:
    """The task called `key`, with eps = 1/4 where it needs one."""
    try:
        return TASKS[key]()
    except KeyError:
        raise UnknownKey("task", key, TASKS) from None
