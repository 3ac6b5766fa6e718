"""Work on several cores. Worker processes take no module from the current folder, and never see Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

__all__ = ["results", "worker_processes"]

Call = tuple[Any, ...]
"""A function and its arguments."""

_SAFE_PATH = "PYTHONSAFEPATH"


def results(
    calls: Sequence[Call],
    jobs: int | None,
    *,
    least: int,
    ordered: bool = False,
    batch_size: int | Literal["auto"] = "auto",
) -> Iterator[Any]:
    """What the calls return, as it comes, or in the order of the calls.

    Parameters
    ----------
    jobs : worker processes, by default one a core. With one, or with fewer than `least` calls, all happens here.
    batch_size : calls that are sent to a worker at once.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(calls) < least:
        for function, *arguments in calls:
            yield function(*arguments)
        return
    from joblib import Parallel, delayed

    how = "generator" if ordered else "generator_unordered"
    run = Parallel(n_jobs=jobs, return_as=how, batch_size=batch_size)
    with worker_processes():
        found = run(delayed(function)(*arguments) for function, *arguments in calls)
    yield from found


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

    from joblib.externals.loky.backend import resource_tracker as joblib_tracker

    for tracker in (resource_tracker, joblib_tracker):
        tracker.ensure_running()  # starting one inside would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
