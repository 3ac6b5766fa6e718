"""A decoder in a process of its own, so that it does no harm."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trompe.constructions.adversary import fraction_of, read_answer
from trompe.ground.errors import one_line
from trompe.ground.reading import MAX_CODE_BYTES, Unreadable, check_file, json_data
from trompe.refuting.asking import Asker, Input, Reply, named
from trompe.theory import InvalidInput, Task

LOADING_LIMIT = 60.0
"""Seconds that loading a decoder's file may take; a time limit above this replaces it."""
LONGEST_REPLY = 2**16
"""Bytes of a reply: two numbers of 12000 bits, or a line of words, take far less."""
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
        self._limit, self._task, self._broken = time_limit, task, Reply()
        self._is_loaded = False
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
            bufsize=0,
            start_new_session=True,  # so that what the decoder starts is killed with it
        )
        try:
            loaded = self._exchange(source, max(LOADING_LIMIT, time_limit), "loading it")
        except BaseException:
            self.close()
            raise
        if loaded["invalid"]:
            self.close()
            advice = "" if isinstance(decoder, str) else f"; {_INSTEAD}"
            raise InvalidInput(one_line(loaded["invalid"], 400) + advice)
        self._is_loaded = True
        if loaded["fault"]:
            self._broken = Reply(fault=loaded["fault"])

    def ask(self, given: Input) -> Reply:
        if self._broken.fault:
            return self._broken
        said = self._exchange(given.wire(), self._limit, "a call")
        return said["reply"] if not said["fault"] else Reply(fault=said["fault"])

    def _exchange(self, message: dict[str, Any], limit: float, doing: str) -> dict[str, Any]:
        """Send a line, wait for one; where none comes that is a reply, the process is ended and `fault` says why."""
        token = secrets.token_hex(8)
        line = json.dumps({"token": token, **message}).encode() + b"\n"
        replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        pipes = [
            os.dup(pipe.fileno()) for pipe in (self._process.stdin, self._process.stdout) if pipe
        ]
        threading.Thread(target=_converse, args=(*pipes, line, replies), daemon=True).start()
        try:
            found = replies.get(timeout=limit)
        except queue.Empty:
            fault = f"did not return: {doing} took more than {limit:g} s"
        else:
            if (said := self._read(found, token)) is not None:
                return said
            fault = f"ended its process {self._ending()} during {doing}"
            if found:
                fault = (
                    f"wrote something else than its answer into the pipe for answers during {doing}"
                )
        self.close()
        self._broken = Reply(fault=fault)
        return {"fault": fault, "invalid": ""}

    def _read(self, line: bytes, token: str) -> dict[str, Any] | None:
        """A reply to the question with this token, whoever wrote it; None if it is none."""
        try:
            said = json_data(line, LONGEST_REPLY)
        except Unreadable:
            return None
        if not isinstance(said, dict) or said.keys() != {"token", "answer", "invalid", "fault"}:
            return None
        if said["token"] != token or not all(type(said[n]) is str for n in ("invalid", "fault")):
            return None
        answer = said["answer"]
        said["fault"] = one_line(said["fault"], 400)
        is_complaint = bool(said["fault"] or (said["invalid"] and not self._is_loaded))
        if is_complaint or not self._is_loaded:
            return said if answer is None else None
        if type(answer) is not str or said["invalid"]:
            return None
        value = fraction_of(answer)
        said["reply"] = Reply(*read_answer(self._task, answer if value is None else value))
        return None if said["reply"].fault else said

    def _ending(self) -> str:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
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
                pipe.close()


def _converse(to: int, back: int, question: bytes, replies: queue.SimpleQueue[bytes]) -> None:
    """Write a question, read a line of at most LONGEST_REPLY bytes. Who holds the pipe's other end may block both."""
    left, line = memoryview(question), b""
    with contextlib.suppress(OSError):  # a dead process shows when its answer is read
        while left:
            left = left[os.write(to, left) :]
    with contextlib.suppress(OSError):
        while len(line) <= LONGEST_REPLY and (more := os.read(back, LONGEST_REPLY)):
            line += more
            if b"\n" in more:
                break
    os.close(to)
    os.close(back)
    replies.put(line)


def _pickled(decoder: Callable[[Any, Any], Any]) -> str:
    import joblib

    try:
        return pickle.dumps(joblib.wrap_non_picklable_objects(decoder)).hex()
    except Exception as error:
        raise InvalidInput(
            f"decoder {getattr(decoder, '__name__', decoder)!r} cannot be sent to a process of its own "
            f"({named(error)}); {_INSTEAD}"
        ) from None
