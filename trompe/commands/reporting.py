"""What a command does besides its work: choose a view, show progress, print or write."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from trompe.ground.files import Destination


View = TypeVar("View")


def view_of(forms: Mapping[str, View], name: str) -> View:
    """The view called `name`.

    Raises
    ------
    UnknownKey : there is none.
    """
    if name not in forms:
        from trompe.theory import UnknownKey

        raise UnknownKey("format", name, forms)
    return forms[name]


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


def destination(output: Path | None) -> Destination | None:
    """Where the result of a command goes, looked at before the work; None is standard output."""
    from trompe.ground.files import Destination

    return None if output is None else Destination(output)


def emit(content: str, output: Destination | None = None) -> None:
    """Print, or write the file in one step."""
    if output is None:
        print(content, end="" if content.endswith("\n") else "\n")
    else:
        output.write(content)
