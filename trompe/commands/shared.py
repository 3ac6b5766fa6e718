"""What several commands share: options, progress, output. Importing this loads no solver."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from trompe.ground.files import Destination
    from trompe.theory import Dataset

__all__ = [
    "Device",
    "Dims",
    "Interrupted",
    "Jobs",
    "Link",
    "Output",
    "Solvers",
    "TrainingData",
    "array_file",
    "check_jobs",
    "data_rows",
    "dataset",
    "destination",
    "emit",
    "exact_numbers",
    "of_length",
    "parse_dims",
    "progress_bar",
    "read_once",
    "text_file",
]

MAX_DATA_BYTES = 8 * 2**20
"""The largest file of training points that is read."""

Dims = Annotated[
    str, typer.Option(help="Dimensions at which sentences about coordinates are checked.")
]
Solvers = Annotated[
    list[str] | None,
    typer.Option(
        "--solver", help="z3 or cvc5; repeat for both. All named ones must agree. [default: both]"
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Processes. With 1 only certify and check survive a solver that crashes. [default: one per core]"
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
TrainingData = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        help="For erm: a training point such as 1/2,0:1/3, repeated; or a file with one a line, - for standard input.",
    ),
]
Link = Annotated[
    str | None, typer.Option(help="For neuron, neuron-1d: sigmoid, tanh, softplus or leaky-relu.")
]
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


def exact_numbers(text: str, what: str) -> list[Any]:
    """Numbers with commas, exact; `what` is said where one of them is none."""
    from trompe.theory import as_number

    return [as_number(part, f"{what}[{i}]") for i, part in enumerate(text.split(","))]


def of_length(values: list[Any], dim: int, name: str) -> list[Any]:
    """The values, if there are d of them."""
    from trompe.theory import InvalidInput

    if len(values) != dim:
        raise InvalidInput(f"{name} has {len(values)} coordinates; expected d = {dim}")
    return values


def data_rows(items: list[str]) -> list[tuple[list[Any], Any]]:
    """Inputs and labels from `point:label` items and from files with one such item a line."""
    from trompe.theory import InvalidInput, as_number

    read_once(items)
    rows = []
    for item in items:
        if ":" in item:
            lines = {f"--data {item}": item}
        else:
            content = _text_of(item)
            lines = {f"{item}, line {k}": line for k, line in enumerate(content.splitlines(), 1)}
        for where, line in lines.items():
            text = line.partition("#")[0].strip()
            if not text:
                continue
            inputs, colon, label = text.rpartition(":")
            if not colon:
                raise InvalidInput(
                    f"{where}: expected a point, a colon and a label, such as 1/2,0:1/3"
                )
            rows.append((exact_numbers(inputs, where), as_number(label, f"{where}: label")))
    return rows


def _text_of(name: str) -> str:
    return text_file(
        name, "--data", MAX_DATA_BYTES, "a point such as 1/2,0:1/3, or a file with one a line"
    )


def dataset(rows: list[tuple[list[Any], Any]], dim: int) -> Dataset:
    """What `data_rows` read, with d inputs; one number stands for all coordinates."""
    from trompe.theory import Dataset

    inputs = [
        values * dim if len(values) == 1 else of_length(values, dim, f"--data point {j + 1}")
        for j, (values, _) in enumerate(rows)
    ]
    return Dataset(inputs, [label for _, label in rows])


def read_once(names: Sequence[str]) -> None:
    """Refuse `-`, standard input, in more than one place."""
    if names.count("-") > 1:
        from trompe.theory import InvalidInput

        raise InvalidInput("- is given twice; standard input can be read once")


def text_file(name: str, option: str, limit: int, expected: str) -> str:
    """The text of a file that an option names; `-` is standard input."""
    from trompe.ground.reading import Unreadable, read_input
    from trompe.theory import InvalidInput

    try:
        return read_input(name, limit).decode("utf-8-sig")
    except Unreadable as error:
        raise InvalidInput(f"{option} {name}: {error}; expected {expected}") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{option} {name}: it is not UTF-8 text (byte {error.start}); expected {expected}"
        ) from None


def array_file(path: Path, option: str, kinds: str, expected: str) -> Any:
    """The array of a .npy file, memory-mapped and never unpickled.

    Parameters
    ----------
    kinds : what `dtype.kind` may be.
    """
    import numpy as np

    from trompe.ground.reading import Unreadable, check_file
    from trompe.theory import InvalidInput

    try:
        check_file(path)  # a FIFO would block
        array = np.lib.format.open_memmap(path, mode="r")
    except Unreadable as error:
        raise InvalidInput(f"{option} {path}: {error}; expected a .npy file") from None
    except OSError as error:
        raise InvalidInput(f"{option} {path}: {error.strerror or 'it cannot be read'}") from None
    except (ValueError, EOFError, SyntaxError, OverflowError, TypeError, MemoryError):
        raise InvalidInput(
            f"{option} {path}: it is no .npy file, is cut short, or holds objects; {expected}"
        ) from None
    if array.dtype.kind not in kinds:
        raise InvalidInput(f"{option} {path} holds {array.dtype}; {expected}")
    return array
