"""Work on several cores. A worker process imports nothing from the folder that the command is called in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

__all__ = ["closed_import_path", "results"]

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
    with closed_import_path():
        run = Parallel(n_jobs=jobs, return_as=how, batch_size=batch_size)
        yield from run(_delayed(delayed, call) for call in calls)


@contextmanager
def closed_import_path() -> Iterator[None]:
    """Processes that are started meanwhile do not look for modules in the current folder.

    Python puts it first on their import path, so that a file `enum.py` there would replace the standard library's.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


def _delayed(delayed: Callable[[Any], Any], call: Call) -> Any:
    function, *arguments = call
    return delayed(function)(*arguments)
