"""Calls in other processes: one that crashes or hangs costs its own result and no other.

Workers are forked from a server, a process that has imported what they need and does nothing else, and do one
call at a time. They take no module from the current folder, never see Ctrl-C, print nothing, and end with the
process that started them, however that ends. multiprocessing's own server would be one for the whole
program, with our settings for everybody, and would keep the program's output open.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from trompe.ground.errors import InvalidInput

Call = tuple[Any, ...]
"""A function and its arguments."""

_CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
_SAFE_PATH = "PYTHONSAFEPATH"
_SETTINGS = {
    _SAFE_PATH: "1",
    # A process with threads cannot fork safely, and workers share the cores as it is.
    **dict.fromkeys(("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
}


@dataclass(frozen=True)
class Died:
    """In place of a result: the process that worked on the call ended by itself, or was ended."""

    reason: str


def results(
    calls: Sequence[Call],
    jobs: int | None,
    *,
    least: int = 1,
    ordered: bool = False,
    backstop: float | None = None,
    memory: int | None = None,
    preload: Sequence[str] = (),
) -> Iterator[tuple[int, Any]]:
    """The position of each call and what it returns, or `Died`: as they come, or in the order of the calls.

    Parameters
    ----------
    jobs : worker processes, by default one a core. 1 is this process: what is changed in it holds, a debugger
        reaches it, and a crash ends it. So it is with fewer than `least` calls.
    backstop, memory, preload : as for `Processes`.
    """
    if jobs == 1 or len(calls) < least:
        yield from _here(calls)
        return
    with Processes(jobs, backstop=backstop, memory=memory, preload=preload) as processes:
        yield from processes.results(calls, ordered=ordered)


def _here(calls: Sequence[Call]) -> Iterator[tuple[int, Any]]:
    for number, (function, *arguments) in enumerate(calls):
        yield number, function(*arguments)


class Processes:
    """A few worker processes. Use as a context; leaving it ends them.

    Where the system cannot fork, the calls happen in this process.

    Parameters
    ----------
    jobs : processes, by default one a core. They are started when there are calls for them.
    backstop : seconds after which a process that works on one call is ended. [default: never]
    memory : bytes of address space for one process, where the system can bound it.
    preload : modules that are imported once for all of them. They count where this program starts its
        first process; later ones are forked from the same server.

    Raises
    ------
    InvalidInput : fewer than 1 process.
    """

    def __init__(
        self,
        jobs: int | None = None,
        *,
        backstop: float | None = None,
        memory: int | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        self._jobs = (os.cpu_count() or 1) if jobs is None else jobs
        if self._jobs < 1:
            raise InvalidInput(f"jobs = {jobs}: expected at least 1")
        self._backstop = float("inf") if backstop is None else backstop
        self._memory, self._preload = memory, tuple(preload)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(self._workers)

    def results(self, calls: Sequence[Call], *, ordered: bool = False) -> Iterator[tuple[int, Any]]:
        """The position of each call and what it returns, or `Died`: as they come, or in the order of the calls.

        Raises
        ------
        InvalidInput : a process does not even start. Whatever a call raises is raised here.
        """
        found = self._results(calls) if _CAN_FORK else _here(calls)
        if not ordered:
            yield from found
            return
        early: dict[int, Any] = {}
        following = 0
        for number, result in found:
            early[number] = result
            while following in early:
                yield following, early.pop(following)
                following += 1

    def _results(self, calls: Sequence[Call]) -> Iterator[tuple[int, Any]]:
        waiting = deque(range(len(calls)))
        busy: dict[_Worker, int] = {}
        try:
            while waiting or busy:
                while len(self._workers) < min(self._jobs, len(waiting) + len(busy)):
                    self._workers.append(_Worker(_server(self._preload), self._memory))
                for worker in self._workers:
                    if waiting and worker not in busy:
                        busy[worker] = waiting.popleft()
                        worker.give(calls[busy[worker]], self._backstop)
                for worker in _heard(list(busy)):
                    number, said = busy.pop(worker), worker.listen()
                    if worker.is_gone:
                        self._end([worker])
                    yield number, said
        finally:  # nobody waits for what is still in work
            self._end(list(busy))

    def _end(self, workers: Sequence[_Worker]) -> None:
        for worker in workers:
            worker.kill()
        for worker in list(workers):
            self._workers.remove(worker)
            worker.end()


def _heard(busy: Sequence[_Worker]) -> list[_Worker]:
    """Wait for these workers: who has something to say, or has been silent for too long and was ended."""
    left = min(worker.deadline for worker in busy) - time.monotonic()
    heard = wait([w.connection for w in busy], None if left == float("inf") else max(0.0, left))
    now = time.monotonic()
    late = [w for w in busy if w.connection not in heard and w.deadline <= now]
    for worker in late:
        worker.kill()
    return [w for w in busy if w.connection in heard or w in late]


class _Worker:
    """One process as the other side sees it."""

    def __init__(self, server: _Server, memory: int | None) -> None:
        self._server = server
        self._pid, self.connection = server.fork(memory)
        self._limit = self.deadline = float("inf")
        self.is_gone = False

    def give(self, call: Call, backstop: float) -> None:
        self._limit, self.deadline = backstop, time.monotonic() + backstop
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended; seen when it is heard
            self.connection.send(call)

    def listen(self) -> Any:
        """What its call returns, or `Died`."""
        try:
            fine, said = self.connection.recv()
        except (EOFError, OSError):
            late = self.is_gone
            self.kill()
            status = self._server.status(self._pid)
            return Died(
                f"no answer within {self._limit:g} s, so its process was ended"
                if late
                else f"its process ended by itself ({_ending(status)})"
            )
        if not fine:
            raise said
        return said

    def kill(self) -> None:
        """End the process; it is still there for the server to see how it ended."""
        self.is_gone = True
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def end(self) -> None:
        self.connection.close()
        with suppress(InvalidInput):  # the server has gone, and its processes with it
            self._server.status(self._pid)


def _ending(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status}"


# -- the server ----------------------------------------------------------------------------------------------

_PROGRAM = "from trompe.ground.processes import serve; serve()"


class _Server:
    """The process that forks workers and sees how they end; it ends with this one, and ends them.

    Both sides speak in turns: a question, with a file descriptor where a worker is wanted, and a number.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        self._owner, self._lock = os.getpid(), threading.Lock()
        self._ended: dict[int, int] = {}
        self._is_ready = False
        self._control, there = socket.socketpair()
        with there:
            command = [sys.executable, "-P", "-c", _PROGRAM, str(there.fileno())]
            try:
                self._process = subprocess.Popen(
                    [*command, json.dumps([_import_path(), list(preload)])],
                    pass_fds=[there.fileno()],
                    env=os.environ | _SETTINGS,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # where a terminal's Ctrl-C does not reach it
                )
            except OSError as error:
                self._control.close()
                raise _no_start(str(error.strerror or error)) from None

    @property
    def is_there(self) -> bool:
        """Is it this process's own, and does it run?"""
        return (
            self._owner == os.getpid()
            and self._control.fileno() >= 0
            and self._process.poll() is None
        )

    def fork(self, memory: int | None) -> tuple[int, Connection]:
        """A new worker: its process and the connection to it."""
        ours, theirs = Pipe()
        with theirs:
            return self._ask(f"fork {memory or 0}", theirs.fileno()), ours

    def status(self, pid: int) -> int:
        """How a worker ended, once it has."""
        if pid not in self._ended:
            self._ended[pid] = self._ask(f"wait {pid}")
        return self._ended[pid]

    def _ask(self, question: str, *descriptors: int) -> int:
        with self._lock:
            try:
                socket.send_fds(self._control, [question.encode()], descriptors)
                said = self._control.recv(64)
            except OSError:
                said = b""
            except BaseException:  # Ctrl-C: the next to ask must not read this answer
                self.close()
                raise
            if not said:
                self.close()
                raise _no_start(f"the server ended with {_ending(self._process.wait())}")
            self._is_ready = True
            return int(said)

    def close(self) -> None:
        """End it. Until it is ready it may be busy with imports for a second, and has no workers."""
        self._control.close()
        if self._owner == os.getpid():
            if not self._is_ready:
                self._process.kill()
            self._process.wait()


def _import_path() -> list[str]:
    """Where modules are looked for, but for the current folder."""
    try:
        here = os.path.realpath(os.curdir)
    except OSError:  # it was removed
        return list(filter(os.path.isabs, sys.path))
    return [os.path.abspath(path) for path in sys.path if os.path.realpath(path) != here]


def _no_start(reason: str) -> InvalidInput:
    return InvalidInput(
        f"a worker process does not start: {reason}; to see why, run: "
        f"{sys.executable} -P -c 'import {__name__}'"
    )


_running: _Server | None = None


def _server(preload: Sequence[str]) -> _Server:
    global _running
    if _running is None or not _running.is_there:
        if _running is not None:
            _running.close()
        _running = _Server(preload)
        atexit.register(_running.close)
    return _running


def import_ahead(jobs: int | None, preload: Sequence[str]) -> None:
    """Let what workers will be forked from import these modules while this process does other things.

    Whoever asks for processes later gets them all the same; with one job there will be none.
    """
    if jobs != 1 and _CAN_FORK:
        with suppress(InvalidInput):  # said again when a process is needed
            _server(preload)


def serve() -> None:
    """Fork workers for the process that started this one, until it ends."""
    descriptor, settings = sys.argv[1:]
    paths, preload = json.loads(settings)
    sys.path += [path for path in paths if path not in sys.path]
    for name in preload:
        with suppress(Exception):  # the call that needs it will say so
            import_module(name)
    gc.freeze()  # what is there before the fork stays shared
    workers: set[int] = set()
    with socket.socket(fileno=int(descriptor)) as control:
        while question := _next(control):
            words, descriptors = question
            number = int(words[1])
            if words[0] == "wait":
                answer = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
                workers.discard(number)
            else:
                answer = os.fork()
                if not answer:
                    control.close()
                    _work(Connection(descriptors[0]), number)
                workers.add(answer)
                os.close(descriptors[0])
            control.sendall(str(answer).encode())
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    os._exit(0)


def _next(control: socket.socket) -> tuple[list[str], list[int]] | None:
    try:
        said, descriptors, _, _ = socket.recv_fds(control, 64, 1)
    except OSError:
        return None
    return (said.decode().split(), descriptors) if said else None


# -- in a worker process -----------------------------------------------------------------------------------


def _work(connection: Connection, memory: int) -> None:
    """Answer calls until the other side is gone: whether it went well, and the result or what was raised."""
    status = 1
    try:
        if memory:
            _bound_memory(memory)
        while True:
            content = connection.recv_bytes()
            try:
                function, *arguments = pickle.loads(content)
                answer = pickle.dumps((True, function(*arguments)))
            except Exception as error:
                answer = _raised(error)
            connection.send_bytes(answer)
    except (EOFError, OSError):
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        os._exit(status)  # not into what the server does


def _bound_memory(memory: int) -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _raised(error: Exception) -> bytes:
    error.add_note(f"in a worker process: {traceback.format_exc()}")
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)  # not every exception that can be written can be read
    except Exception:
        answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return answer


# -- processes that others start -----------------------------------------------------------------------------


@contextmanager
def worker_processes() -> Iterator[None]:
    """Processes started inside take no module from the current folder, and never see Ctrl-C.

    Python puts the current folder first on their import path, so that a file `enum.py` there would replace the
    standard library's. Ctrl-C in a terminal goes to every process, and each would print where it stood; those
    that work for this one end with it. This one sees Ctrl-C when the block ends.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        with _interrupts_held():
            yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


@contextmanager
def _interrupts_held() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # not a POSIX system
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it inside would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
