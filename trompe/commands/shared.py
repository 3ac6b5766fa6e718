"""What several commands share: options, progress, output. Importing this loads no solver."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "Dims",
    "Interrupted",
    "Jobs",
    "Output",
    "Solvers",
    "check_jobs",
    "emit",
    "parse_dims",
    "progress_bar",
]

Dims = Annotated[
    str, typer.Option(help="Dimensions at which sentences about coordinates are checked.")
]
Solvers = Annotated[
    list[str] | None,
    typer.Option(
        "--solver", help="z3 or cvc5; repeat for both. All named ones must agree. [default: both]"
    ),
]
Jobs = Annotated[int | None, typer.Option(help="Processes. [default: one per core]")]
Output = Annotated[Path | None, typer.Option(help="Write here instead of to standard output.")]


def parse_dims(text: str) -> tuple[int, ...]:
    """`1,2,3` as numbers."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        from trompe.theory import InvalidInput

        raise InvalidInput(
            f"--dims {text!r}: expected integers with commas, such as 1,2,3"
        ) from None


def check_jobs(jobs: int | None) -> int | None:
    """The number of processes, at least 1 where it is given."""
    if jobs is not None and jobs < 1:
        from trompe.theory import InvalidInput

        raise InvalidInput(f"--jobs {jobs}: expected at least 1")
    return jobs


class Interrupted(Exception):
    """Ctrl-C; the message says what is kept."""


@contextmanager
def progress_bar(what: str) -> Iterator[Any]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task(what, total=None)
        yield lambda done, total, key: bar.update(job, completed=done, total=total)


def emit(content: str, output: Path | None = None) -> None:
    """Print, or write the file `output` in one step."""
    if output is None:
        print(content, end="" if content.endswith("\n") else "\n")
        return
    from trompe.files import write_text

    write_text(output, content)
