"""Asking a decoder: what it gets, how its answer is read, and how it is kept from doing harm."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

from trompe.constructions.adversary import read_answer
from trompe.ground.reading import MAX_CODE_BYTES, Unreadable, check_file
from trompe.theory import InvalidInput, Point, Task, Visualization
from trompe.theory.exact import one_line

__all__ = [
    "LOADING_LIMIT",
    "Asker",
    "InProcess",
    "Isolated",
    "Reply",
    "Shown",
    "call",
    "named",
    "parse_source",
]

LOADING_LIMIT = 60.0
"""Seconds that loading a decoder's file may take; a time limit above this replaces it."""
_INSTEAD = "leave the time limit out, or give it as FILE.py:FUNCTION"


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
    stops: bool = False
    """Is there no point in asking again? (it hangs or has died)"""


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
        points = (np.array(point, dtype=np.float64) for point in (a, b, z))
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
        if self.exact:
            then, _ = self.fresh()
            return bool(shown == then and query == self.query)
        try:
            return all(
                isinstance(now, np.ndarray) and np.array_equal(now, then)
                for now, then in (
                    (shown.argmin, self.argmin),
                    (shown.argmax, self.argmax),
                    (query, self.query),
                )
            ) and (shown.minimum, shown.maximum) == (self.minimum, self.maximum)
        except AttributeError:
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
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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


# -- in a process of its own ---------------------------------------------------------------------------


def parse_source(text: str) -> tuple[Path, str]:
    """`FILE.py:FUNCTION` as a path and a name.

    Raises
    ------
    InvalidInput : there is no such file, or no name.
    """
    path_text, _, name = text.rpartition(":")
    if not path_text or not name.isidentifier():
        raise InvalidInput(
            f"decoder {text!r}; expected FILE.py:FUNCTION, a function of a visualization and a query"
        )
    path = Path(path_text)
    try:
        check_file(path, MAX_CODE_BYTES)
    except Unreadable as error:
        raise InvalidInput(f"decoder: {path}: {error}; expected FILE.py:FUNCTION") from None
    if path.suffix != ".py":
        raise InvalidInput(f"decoder: {path} is not a Python file; expected FILE.py:FUNCTION")
    return path.resolve(), name


class Isolated(Asker):
    """The decoder runs in a process of its own, which is killed when a call takes too long.

    Questions and answers are lines of JSON on two pipes that the decoder does not see: its standard input
    is empty and what it prints goes to standard error.

    Parameters
    ----------
    decoder : `FILE.py:FUNCTION`, or a callable that cloudpickle can send.
    time_limit : seconds a call may take.
    """

    def __init__(
        self, decoder: Callable[[Any, Any], Any] | str, task: Task, time_limit: float
    ) -> None:
        self._limit, self._broken = time_limit, Reply()
        source: dict[str, Any] = {"task": task.key}
        if isinstance(decoder, str):
            path, name = parse_source(decoder)
            source |= {"path": str(path), "name": name}
        else:
            source |= {"pickle": _pickled(decoder), "import_from": sys.path}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trompe.decoder_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # so that what the decoder starts is killed with it
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(
            target=_copy, args=(self._process.stdout, self._lines), daemon=True
        ).start()
        try:
            loaded = self._exchange(source, max(LOADING_LIMIT, time_limit), "loading it")
        except BaseException:
            self.close()
            raise
        if isinstance(loaded, Reply):
            self._broken = loaded
        elif "invalid" in loaded:
            self.close()
            advice = "" if isinstance(decoder, str) else f"; {_INSTEAD}"
            raise InvalidInput(loaded["invalid"] + advice)
        elif loaded.get("fault"):
            self._broken = Reply(fault=loaded["fault"], stops=True)

    def ask(self, given: Input) -> Reply:
        if self._broken.fault:
            return self._broken
        answer = self._exchange(given.wire(), self._limit, "a call")
        if isinstance(answer, Reply):
            self._broken = answer
            return answer
        value = answer["answer"]
        if value is not None and value not in ("min", "max"):
            value = Fraction(value)
        return Reply(value, answer["fault"])

    def _exchange(
        self, message: dict[str, Any], limit: float, doing: str
    ) -> dict[str, Any] | Reply:
        """Send a line, wait for one; a Reply if none comes."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # a dead process shows when its answer is read
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        try:
            line = self._lines.get(timeout=limit)
        except queue.Empty:
            self.close()
            return Reply(fault=f"did not return: {doing} took more than {limit:g} s", stops=True)
        try:
            answer: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            return Reply(fault=f"ended its process {self._ending()} during {doing}", stops=True)
        return answer

    def _ending(self) -> str:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.close()
            return "by closing its output"
        return f"by signal {-status}" if status < 0 else f"with status {status}"

    def close(self) -> None:
        """Kill the process and what it started."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _copy(pipe: IO[str], lines: queue.SimpleQueue[str]) -> None:
    with contextlib.suppress(ValueError):  # closed while we wait
        for line in pipe:
            lines.put(line)
    lines.put("")


def _pickled(decoder: Callable[[Any, Any], Any]) -> str:
    import joblib

    try:
        return pickle.dumps(joblib.wrap_non_picklable_objects(decoder)).hex()
    except Exception as error:
        raise InvalidInput(
            f"decoder {getattr(decoder, '__name__', decoder)!r} cannot be sent to a process of its own "
            f"({named(error)}); {_INSTEAD}"
        ) from None
