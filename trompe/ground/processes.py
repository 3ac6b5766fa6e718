"""Calls in other processes: one that crashes or hangs costs its own result and no other.

Workers are forked from a server (multiprocessing's) that has imported what they need, and do one call at a time.
They take no module from the current folder, never see Ctrl-C, print nothing, and end with the process that
started them, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from trompe.ground.errors import InvalidInput

__all__ = ["Call", "Died", "Processes", "results", "worker_processes"]

Call = tuple[Any, ...]
"""A function and its arguments."""

_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_START_SECONDS = 120.0
"""A process that is not ready by then does not start."""
_SETTINGS = {
    "PYTHONSAFEPATH": "1",
    # A server with threads cannot fork safely, and workers share the cores as it is.
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
        reaches it, and a crash ends it. So it is with fewer than `least` calls, and in a daemonic process.
    backstop, memory, preload : as for `Processes`.
    """
    if jobs == 1 or len(calls) < least or multiprocessing.current_process().daemon:
        for number, (function, *arguments) in enumerate(calls):
            yield number, function(*arguments)
        return
    with Processes(jobs, backstop=backstop, memory=memory, preload=preload) as processes:
        yield from processes.results(calls, ordered=ordered)


class Processes:
    """A few worker processes. Use as a context; leaving it ends them.

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
        self._backstop, self._memory, self._preload = backstop, memory, tuple(preload)
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
        found = self._results(calls)
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
        try:
            while waiting or any(worker.is_busy for worker in self._workers):
                busy = sum(worker.is_busy for worker in self._workers)
                while len(self._workers) < min(self._jobs, len(waiting) + busy):
                    self._workers.append(_Worker(self._memory, self._preload))
                for worker in self._workers:
                    if waiting and worker.is_ready and not worker.is_busy:
                        number = waiting.popleft()
                        worker.give(number, calls[number], self._backstop)
                for worker in _heard(self._workers):
                    at, said = worker.number, worker.listen()
                    if isinstance(said, Died) or worker.is_killed:
                        self._end([worker])
                    if at is not None:  # else it has become ready
                        yield at, said
        finally:  # nobody waits for what is still in work
            self._end([worker for worker in self._workers if worker.is_busy])

    def _end(self, workers: Sequence[_Worker]) -> None:
        gone = list(workers)
        for worker in gone:
            worker.kill()
        for worker in gone:
            self._workers.remove(worker)
            worker.end()


def _heard(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait for those that are not idle: who has something to say, or has been silent for too long."""
    waited = [worker for worker in workers if worker.is_busy or not worker.is_ready]
    left = min(worker.deadline for worker in waited) - time.monotonic()
    timeout = None if left == float("inf") else max(0.0, left)
    heard = wait([worker.connection for worker in waited], timeout)
    now = time.monotonic()
    late = [w for w in waited if w.connection not in heard and w.deadline <= now]
    for worker in late:
        worker.kill()
    return [w for w in waited if w.connection in heard or w in late]


class _Worker:
    """One process as the other side sees it: starting, then idle or busy with the call `number`."""

    def __init__(self, memory: int | None, preload: Sequence[str]) -> None:
        self.is_ready, self.is_killed = False, False
        self.number: int | None = None
        self._limit = _START_SECONDS
        self.deadline = time.monotonic() + self._limit
        context: Any = multiprocessing.get_context(_METHOD)
        self.connection, there = context.Pipe()
        self._process = context.Process(target=_work, args=(there, memory), daemon=True)
        try:
            with _server(preload), _without_main():
                self._process.start()
        except (OSError, EOFError, AssertionError) as error:
            raise InvalidInput(
                f"a worker process does not start ({error}); --jobs 1 may do without"
            ) from error
        finally:
            there.close()

    @property
    def is_busy(self) -> bool:
        return self.number is not None

    def give(self, number: int, call: Call, backstop: float | None) -> None:
        self.number = number
        self._limit = float("inf") if backstop is None else backstop
        self.deadline = time.monotonic() + self._limit
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended; seen when it is heard
            self.connection.send(call)

    def listen(self) -> Any:
        """What it returns, or `Died`; None when it has become ready."""
        try:
            fine, said = self.connection.recv()
        except (EOFError, OSError):
            if not self.is_ready:
                raise InvalidInput(
                    f"a worker process does not start ({self._why()}); --jobs 1 may do without"
                ) from None
            return Died(self._why())
        self.is_ready, self.number = True, None
        if not fine:
            raise said
        return said

    def _why(self) -> str:
        self._process.join(5)
        if self.is_killed:
            return f"no answer within {self._limit:g} s, so its process was ended"
        return f"its process ended by itself ({_ending(self._process.exitcode)})"

    def kill(self) -> None:
        self.is_killed = True
        self._process.kill()

    def end(self) -> None:
        self._process.join()
        self._process.close()
        self.connection.close()


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status}"


# -- starting one ----------------------------------------------------------------------------------------


@contextmanager
def _server(preload: Sequence[str]) -> Iterator[None]:
    """The server that forks runs inside. Where there is none, each process imports for itself."""
    if _METHOD == "spawn":
        with worker_processes():
            yield
        return
    from multiprocessing import forkserver

    multiprocessing.set_forkserver_preload(list(preload))
    with worker_processes():
        forkserver.ensure_running()
    yield  # what it forks has its settings; while it imports, Ctrl-C is seen


@contextmanager
def worker_processes() -> Iterator[None]:
    """Processes started inside take no module from the current folder, and never see Ctrl-C.

    Python puts the current folder first on their import path, so that a file `enum.py` there would replace the
    standard library's. Ctrl-C in a terminal goes to every process, and each would print where it stood; those
    that work for this one end with it. This one sees Ctrl-C when the block ends.
    """
    before = {name: os.environ.get(name) for name in _SETTINGS}
    os.environ.update(_SETTINGS)
    try:
        with _interrupts_held():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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


@contextmanager
def _without_main() -> Iterator[None]:
    """Processes started inside do not run the caller's main file once more, which may have no guard against it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


# -- in a worker process -----------------------------------------------------------------------------------


def _work(connection: Connection, memory: int | None) -> None:
    """Answer calls until the other side is gone: whether it went well, and the result or what was raised."""
    _hold_interrupts()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    if memory is not None:
        _bound_memory(memory)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connection.send((True, None))
    while True:
        try:
            content = connection.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            function, *arguments = pickle.loads(content)
            answer = pickle.dumps((True, function(*arguments)))
        except Exception as error:
            answer = _raised(error)
        try:
            connection.send_bytes(answer)
        except OSError:
            return


def _hold_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # a solver may put a handler of its own in place
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _bound_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _end_with_parent() -> None:
    """End when the process that asks has ended, at the latest when a solver lets Python run again.

    This thread only waits: were Python's garbage collector to run in it, Z3 terms that it frees would damage
    the tables of a Z3 that works.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _raised(error: Exception) -> bytes:
    error.add_note(f"in a worker process: {traceback.format_exc()}")
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)  # not every exception that can be written can be read
    except Exception:
        answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return answer
