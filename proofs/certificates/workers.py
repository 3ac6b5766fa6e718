"""Solvers in processes of their own, so that one that crashes or hangs costs one answer and no more.

A process reads one question a line (JSON) and writes one answer a line. It is killed when it gives none
within the backstop, and started anew after it died. What it could not answer is unknown, with the reason.

    python -m trompe.proofs.certificates.workers    answers questions from standard input
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trompe.proofs.solvers import Answer, solve
from trompe.theory import InvalidInput

__all__ = ["BACKSTOP_SECONDS", "Task", "Workers", "serve"]

BACKSTOP_SECONDS = 120.0
"""Twice the solvers' own limit on the wall clock; a process that is silent for so long is killed."""
MEMORY = 8 << 30
"""Bytes of address space for one process; a solver that wants more ends, and that is unknown."""
_COMMAND = (sys.executable, "-P", "-m", "trompe.proofs.certificates.workers")
_READY = "ready"


@dataclass(frozen=True)
class Task:
    """One script for one solver; `name` says what it is for."""

    name: tuple[str, ...]
    solver: str
    text: str


class Workers:
    """A few processes that solve. Use as a context; leaving it ends them.

    Parameters
    ----------
    jobs : processes, default one per core. backstop : seconds after which a silent process is killed.
    """

    def __init__(
        self,
        jobs: int | None = None,
        *,
        backstop: float = BACKSTOP_SECONDS,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._processes = [_Process(backstop, command) for _ in range(jobs or os.cpu_count() or 1)]

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.end()

    def solve(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer]]:
        """The answer to each task, in the order in which they come.

        Raises
        ------
        InvalidInput : a process does not even start.
        """
        waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
        number = 0
        for task in tasks:
            waiting.put(task)
            number += 1
        if not number:
            return
        done: queue.SimpleQueue[tuple[Task, Answer] | Exception] = queue.SimpleQueue()
        stop = threading.Event()

        def serve_one(process: _Process) -> None:
            while not stop.is_set():
                try:
                    task = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    done.put((task, process.ask(task)))
                except Exception as error:  # the thread must not end silently; raised below
                    done.put(error)
                    return

        threads = [
            threading.Thread(target=serve_one, args=(process,), daemon=True)
            for process in self._processes[:number]
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(number):
                result = done.get()
                if isinstance(result, Exception):
                    raise result
                yield result
        finally:
            stop.set()
            if any(thread.is_alive() for thread in threads):  # interrupted: do not wait for answers
                for process in self._processes:
                    process.end()
            for thread in threads:
                thread.join()


class _Process:
    def __init__(self, backstop: float, command: Sequence[str]) -> None:
        self._backstop, self._command = backstop, tuple(command)
        self._running: subprocess.Popen[str] | None = None
        self._too_late = False

    def ask(self, task: Task) -> Answer:
        process = self._start()
        line = self._line(process, json.dumps({"solver": task.solver, "text": task.text}))
        if line:
            return Answer(task.solver, **json.loads(line))
        too_late = self._too_late
        self.end()
        reason = (
            f"no answer within {self._backstop:g} s, so its process was ended"
            if too_late
            else f"its process ended by itself ({_ending(process.returncode)})"
        )
        return Answer(task.solver, "unknown", 0.0, 0, reason=reason)

    def _start(self) -> subprocess.Popen[str]:
        if self._running is None:
            why = f"to see why, run: {' '.join(self._command)}"
            try:
                process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    encoding="utf-8",
                )
            except OSError as error:
                reason = error.strerror or error
                raise InvalidInput(
                    f"a process for the solvers does not start ({reason}); {why}"
                ) from None
            self._running = process
            if self._line(process, None).strip() != _READY:
                self.end()
                raise InvalidInput(f"a process for the solvers does not start; {why}")
        return self._running

    def _line(self, process: subprocess.Popen[str], question: str | None) -> str:
        """What the process says next, "" if it ends or says nothing in time."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._too_late = False
        timer = threading.Timer(self._backstop, self._expire, [process])
        timer.start()
        try:
            if question is not None:
                process.stdin.write(question + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError):  # it has ended, or was ended on leaving the context
            line = ""
        finally:
            timer.cancel()
        return line if line.endswith("\n") else ""

    def _expire(self, process: subprocess.Popen[str]) -> None:
        self._too_late = True
        process.kill()

    def end(self) -> None:
        process, self._running = self._running, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status}"


def serve(solver: Callable[[str, str], Answer] = solve) -> None:
    """Answer questions from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks decides when to stop
    _bound_memory()
    # A solver may print: only this descriptor carries answers, standard output goes elsewhere.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        print(_READY, file=answers, flush=True)
        for line in sys.stdin or ():  # None: it is closed
            question = json.loads(line)
            print(json.dumps(_answer(solver, question)), file=answers, flush=True)


def _answer(solver: Callable[[str, str], Answer], question: dict[str, str]) -> dict[str, Any]:
    try:
        said = solver(question["solver"], question["text"])
    except Exception as error:  # whatever a solver's library raises: no answer
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return {"result": "unknown", "seconds": 0.0, "resources": 0, "reason": reason[:500]}
    return {
        "result": said.result,
        "seconds": said.seconds,
        "resources": said.resources,
        "point": said.point,
        "reason": " ".join(said.reason.split())[:500],
    }


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    serve()
