"""A progress bar for work that takes a while, and how long it will take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from trompe.empirical._torch import torch

Advance = Callable[[int], None]
QUICK = 3.0
"""Seconds of a step of a whole batch, by those of one picture, from which on a batch is not tried to tell the time."""


@contextmanager
def progress_bar(what: str, total: int, show: bool = True) -> Iterator[Advance]:
    """`advance(k)` moves a bar on standard error; nothing is drawn where that is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not show or not console.is_terminal:
        yield lambda _steps: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # What is printed meanwhile goes above the bar only where people see both; a file gets it as ever.
    seen = sys.stdout is not None and sys.stdout.isatty()
    with Progress(*columns, console=console, transient=True, redirect_stdout=seen) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


def step_seconds(climb: Callable[[int, int], object], pictures: int, device: torch.device) -> float:
    """Seconds of a step of so many pictures, from three steps of one picture, and where these are quick of all of them.

    climb(pictures, steps) : what is timed, with 1 or all of the pictures.
    """
    step = _timed(climb, 1, device) * pictures
    return step if step >= QUICK or pictures == 1 else _timed(climb, pictures, device)


def _timed(climb: Callable[[int, int], object], pictures: int, device: torch.device) -> float:
    times = []
    for steps in (1, 1, 4):
        begin = perf_counter()
        climb(pictures, steps)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(perf_counter() - begin)
    return max(0.0, times[2] - times[1]) / 3
