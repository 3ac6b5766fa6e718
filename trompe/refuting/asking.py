"""Asking a decoder: what it gets, and how its answer is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.constructions.adversary import Question, read_answer, type_name
from trompe.ground.errors import one_line
from trompe.theory import Point, Task, Visualization
from trompe.theory.levels import EXTREMES, LEVELS, Observation, promised


@dataclass
class Shown:
    """What a decoder gets of a unit, as floats: one minimiser and one maximiser of shape (d,), two values."""

    argmin: np.ndarray[Any, np.dtype[np.float64]]
    argmax: np.ndarray[Any, np.dtype[np.float64]]
    minimum: float
    maximum: float

    @property
    def dim(self) -> int:
        """The number d of inputs."""
        return len(self.argmin)

    @property
    def range(self) -> float:
        """M - m."""
        return self.maximum - self.minimum

    @property
    def mid(self) -> float:
        """(m + M) / 2."""
        return (self.minimum + self.maximum) / 2


@dataclass(frozen=True)
class Reply:
    """A decoder's answer, exact, or what is wrong with the decoder."""

    answer: Any = None
    fault: str = ""


@dataclass(frozen=True)
class Input:
    """What a decoder gets, kept so that each call gets a fresh copy and changes to it are noticed."""

    argmin: Any
    argmax: Any
    minimum: Any
    maximum: Any
    query: Any
    exact: bool
    level: str = EXTREMES
    limits: tuple[Any, Any] | None = None
    """lo and hi, where they are shown."""

    @classmethod
    def of(cls, question: Question, exact: bool) -> Input:
        """As floats, which must hold all that is shown exactly, or as exact fractions."""
        v, level = question.shown, question.level
        limits = promised(question.v) if "limits" in LEVELS[level].shows else None
        told = LEVELS[level].shows
        a, b, low, high = (
            getattr(v, name) if name in told else None
            for name in ("argmin", "argmax", "minimum", "maximum")
        )
        if exact:
            return cls(a, b, low, high, question.x, True, level, limits)
        ends = None if limits is None else (float(limits[0]), float(limits[1]))
        low, high = (None if value is None else float(value) for value in (low, high))
        return cls(_floats(a), _floats(b), low, high, _floats(question.x), False, level, ends)

    def fresh(self) -> tuple[Any, Any]:
        """The arguments of one call."""
        points: tuple[Any, ...] = (self.argmin, self.argmax, self.query)
        a, b, x = points if self.exact else (None if z is None else z.copy() for z in points)
        if self.level != EXTREMES:
            values = {"minimum": self.minimum, "maximum": self.maximum, "limits": self.limits}
            return Observation(self.level, argmin=a, argmax=b, **values), x
        kind: Any = Visualization if self.exact else Shown
        return kind(a, b, self.minimum, self.maximum), x

    def is_unchanged(self, shown: Any, query: Any) -> bool:
        """Do the arguments still hold what was handed over?"""
        try:
            if self.exact:
                then, _ = self.fresh()
                return bool(shown == then and query == self.query)
            told = LEVELS[self.level].shows
            pairs = [(getattr(shown, name), getattr(self, name)) for name in told]
            return all(
                isinstance(now, np.ndarray) and np.array_equal(now, then)
                if isinstance(then, np.ndarray)
                else now == then
                for now, then in (*pairs, (query, self.query))
            )
        except KeyboardInterrupt:
            raise
        except BaseException:  # of what the decoder has put there
            return False

    def wire(self) -> dict[str, Any]:
        """As JSON has it: floats are repeated bit by bit, fractions are texts."""
        fields = {
            name: z
            for name in ("argmin", "argmax", "query")
            if (z := getattr(self, name)) is not None
        }
        ends = {
            name: y for name in ("minimum", "maximum") if (y := getattr(self, name)) is not None
        }
        if self.exact:
            lists: dict[str, Any] = {name: [str(q) for q in z] for name, z in fields.items()}
            ends = {name: str(y) for name, y in ends.items()}
        else:
            lists = {name: z.tolist() for name, z in fields.items()}
        if self.limits is not None:
            lists["limits"] = [str(q) if self.exact else q for q in self.limits]
        return {**lists, **ends, "exact": self.exact, "level": self.level}

    @classmethod
    def from_wire(cls, data: dict[str, Any]) -> Input:
        """The input that `wire` wrote down."""
        exact = data["exact"]

        def point(name: str) -> Any:
            z = data.get(name)
            if z is None:
                return None
            return tuple(map(Fraction, z)) if exact else np.array(z, dtype=np.float64)

        def value(name: str) -> Any:
            y = data.get(name)
            return Fraction(y) if exact and y is not None else y

        limits = data.get("limits")
        if limits is not None:
            limits = tuple(map(Fraction, limits) if exact else limits)
        a, b, x = map(point, ("argmin", "argmax", "query"))
        return cls(a, b, value("minimum"), value("maximum"), x, exact, data["level"], limits)


def _floats(point: Point | None) -> Any:
    return None if point is None else np.array([q.numerator / q.denominator for q in point])


def call(decoder: Callable[[Any, Any], Any], task: Task, given: Input) -> Reply:
    """One call in this process. What the decoder raises, exits included, becomes a fault."""
    shown, query = given.fresh()
    try:
        raw = decoder(shown, query)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Reply(fault=f"raised {named(error)}")
    if not given.is_unchanged(shown, query):
        return Reply(fault="changed the visualization or the query that it was given")
    answer, fault = read_answer(task, raw)
    return Reply(answer, fault)


def named(error: BaseException) -> str:
    """Type and message on one line, cut short."""
    try:
        text = one_line(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # its text's own
        text = ""
    return f"{type_name(error)}: {text}" if text else type_name(error)


class Asker(ABC):
    """Somebody who puts questions to one decoder. Use it as a context manager."""

    @abstractmethod
    def ask(self, given: Input) -> Reply:
        """The decoder's answer to one input."""

    @abstractmethod
    def close(self) -> None:
        """Give back what asking took."""

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class InProcess(Asker):
    """The decoder is called here, without a time limit."""

    decoder: Callable[[Any, Any], Any]
    task: Task

    def ask(self, given: Input) -> Reply:
        return call(self.decoder, self.task, given)

    def close(self) -> None:
        """Nothing was taken."""
