"""Asking a decoder: what it gets, and how its answer is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.constructions.adversary import read_answer, type_name
from trompe.ground.errors import one_line
from trompe.theory import Point, Task, Visualization


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

    @classmethod
    def of(cls, v: Visualization, x: Point, exact: bool) -> Input:
        """As floats, which must hold v and x exactly, or as exact fractions."""
        parts = (v.argmin, v.argmax, v.minimum, v.maximum, x)
        if exact:
            return cls(*parts, True)
        a, b, low, high, z = parts
        points = (np.array([q.numerator / q.denominator for q in point]) for point in (a, b, z))
        at_a, at_b, at_x = points
        return cls(at_a, at_b, float(low), float(high), at_x, False)

    def fresh(self) -> tuple[Any, Any]:
        """The arguments of one call."""
        if self.exact:
            return Visualization(self.argmin, self.argmax, self.minimum, self.maximum), self.query
        shown = Shown(self.argmin.copy(), self.argmax.copy(), self.minimum, self.maximum)
        return shown, self.query.copy()

    def is_unchanged(self, shown: Any, query: Any) -> bool:
        """Do the arguments still hold what was handed over?"""
        try:
            if self.exact:
                then, _ = self.fresh()
                return bool(shown == then and query == self.query)
            return all(
                isinstance(now, np.ndarray) and np.array_equal(now, then)
                for now, then in (
                    (shown.argmin, self.argmin),
                    (shown.argmax, self.argmax),
                    (query, self.query),
                )
            ) and (shown.minimum, shown.maximum) == (self.minimum, self.maximum)
        except KeyboardInterrupt:
            raise
        except BaseException:  # of what the decoder has put there
            return False

    def wire(self) -> dict[str, Any]:
        """As JSON has it: floats are repeated bit by bit, fractions are texts."""
        fields = {name: getattr(self, name) for name in ("argmin", "argmax", "query")}
        if self.exact:
            lists: dict[str, Any] = {name: [str(q) for q in z] for name, z in fields.items()}
            ends = {"minimum": str(self.minimum), "maximum": str(self.maximum)}
        else:
            lists = {name: z.tolist() for name, z in fields.items()}
            ends = {"minimum": self.minimum, "maximum": self.maximum}
        return {**lists, **ends, "exact": self.exact}

    @classmethod
    def from_wire(cls, data: dict[str, Any]) -> Input:
        """The input that `wire` wrote down."""
        points: list[Any]
        if data["exact"]:
            points = [tuple(map(Fraction, data[name])) for name in ("argmin", "argmax", "query")]
            ends = [Fraction(data[name]) for name in ("minimum", "maximum")]
        else:
            points = [
                np.array(data[name], dtype=np.float64) for name in ("argmin", "argmax", "query")
            ]
            ends = [data["minimum"], data["maximum"]]
        return cls(points[0], points[1], ends[0], ends[1], points[2], data["exact"])


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
