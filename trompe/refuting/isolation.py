"""A decoder in a process of its own, so that it does no harm."""

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
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from trompe.ground.reading import MAX_CODE_BYTES, Unreadable, check_file
from trompe.refuting.asking import Asker, Input, Reply, named
from trompe.theory import InvalidInput, Task

LOADING_LIMIT = 60.0
"""Seconds that loading a decoder's file may take; a time limit above this replaces it."""
_INSTEAD = "leave the time limit out, or give it as FILE.py:FUNCTION"


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
            [sys.executable, "-P", "-m", "trompe.refuting.process"],
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
            self._broken = Reply(fault=loaded["fault"])

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
            return Reply(fault=f"did not return: {doing} took more than {limit:g} s")
        try:
            answer: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            return Reply(fault=f"ended its process {self._ending()} during {doing}")
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
