"""The commands. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from trompe.empirical.cli import mount as mount_empirical

__all__ = ["app", "run"]

app = typer.Typer(
    name="trompe",
    help="The impossibility table of feature visualization, regenerated from checked proofs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

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


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit status. Bad input is one line on standard error and 2."""
    try:
        status = app(args=list(arguments), standalone_mode=False, prog_name="trompe")
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except BrokenPipeError:
        # The reader (head, a pager) has gone; nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the option parser
            return _complain(error.format_message()) if error.format_message() else 2
        if type(error).__name__ == "Abort":
            return _complain("interrupted", 130)
        if not isinstance(error, _trompe_error()):
            raise
        return _complain(str(error))
    return int(status or 0)


def _trompe_error() -> type[Exception]:
    from trompe.theory import TrompeError

    return TrompeError


def _complain(message: str, status: int = 2) -> int:
    print(f"trompe: {' '.join(message.split())}", file=sys.stderr)
    return status


def _dims(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        from trompe.theory import InvalidInput

        raise InvalidInput(
            f"--dims {text!r}: expected integers with commas, such as 1,2,3"
        ) from None


def _jobs(jobs: int | None) -> int | None:
    if jobs is not None and jobs < 1:
        from trompe.theory import InvalidInput

        raise InvalidInput(f"--jobs {jobs}: expected at least 1")
    return jobs


@contextmanager
def _progress(what: str) -> Iterator[Any]:
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


def _emit(content: str, output: Path | None) -> None:
    if output is None:
        print(content, end="" if content.endswith("\n") else "\n")
        return
    from trompe.files import write_text

    write_text(output, content)


def _version(value: bool) -> None:
    if value:
        import trompe

        print(f"trompe {trompe.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


@app.command()
def table(
    format: Annotated[str, typer.Option(help="text, markdown, latex, json or csv.")] = "text",  # noqa: A002
    output: Output = None,
    row: Annotated[
        list[str] | None, typer.Option(help="Show this row; repeat for more. [default: all]")
    ] = None,
    dims: Dims = "1,2,3",
    solver: Solvers = None,
    jobs: Jobs = None,
) -> int:
    """Verify every cell, then print the table. Exit status 0 only if every shown cell is proved."""
    from trompe.theory import InvalidInput, UnknownKey

    numbers = _dims(dims)
    formats = ("text", "markdown", "latex", "json", "csv")
    if format not in formats:
        raise UnknownKey("format", format, formats)
    if output is not None and not output.parent.is_dir():
        raise InvalidInput(f"output {output} cannot be written: there is no folder {output.parent}")
    from trompe.proofs import SOLVERS, verify_table
    from trompe.render import FORMATS

    with _progress("checking") as progress:
        result = verify_table(
            row or None,
            dims=numbers,
            solvers=solver or tuple(SOLVERS),
            jobs=_jobs(jobs),
            progress=progress,
        )
    _emit(FORMATS[format](result), output)
    return 0 if result.is_proved else 1


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="A theorem, for example monotone/side.")],
    dim: Annotated[
        int | None, typer.Option(help="Dimension of the instance. [default: 2, or 1]")
    ] = None,
    dims: Dims = "1,2,3",
    solver: Solvers = None,
    jobs: Jobs = None,
) -> int:
    """Show one theorem: statement, construction, an instance, its obligations, what is assumed."""
    from trompe.constructions.examples import example
    from trompe.proofs import SOLVERS, verify_table
    from trompe.render import theorem_text
    from trompe.theory import CLASSES, theorem

    row = theorem(key).row
    dim = dim if dim is not None else CLASSES[row].max_dim or 2
    example(row, dim)
    with _progress("checking") as progress:
        result = verify_table(
            theorems=[key],
            dims=_dims(dims),
            solvers=solver or tuple(SOLVERS),
            jobs=_jobs(jobs),
            progress=progress,
        )
    _emit(theorem_text(result, key, dim), None)
    return 0 if result.is_proved else 1


@app.command()
def verify(
    keys: Annotated[
        list[str] | None,
        typer.Argument(help="Theorems (monotone/side) or obligations (mix/gap). [default: all]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    output: Output = None,
    dims: Dims = "1,2,3",
    solver: Solvers = None,
    jobs: Jobs = None,
) -> int:
    """Check obligations one by one. Exit status 0 only if all are proved."""
    from trompe.proofs import SOLVERS, verify_keys
    from trompe.proofs.verify import expand_keys
    from trompe.render import outcome_json, outcomes_text

    wanted = expand_keys(keys or [], _dims(dims))
    with _progress("checking") as progress:
        outcomes = verify_keys(
            wanted, solvers=solver or tuple(SOLVERS), jobs=_jobs(jobs), progress=progress
        )
    proved = sum(o.verdict == "PROVED" for o in outcomes.values())
    if as_json:
        _emit(json.dumps([outcome_json(o) for o in outcomes.values()], indent=2), output)
    else:
        lines = outcomes_text(outcomes.values())
        _emit("\n".join([*lines, f"{proved} of {len(outcomes)} proved"]), output)
    return 0 if proved == len(outcomes) else 1


@app.command()
def plot(
    key: Annotated[str, typer.Argument(help="A theorem, for example convex/approx.")],
    output: Annotated[Path, typer.Option(help="A .png, .pdf or .svg file.")],
    dim: Annotated[int | None, typer.Option(help="1 or 2. [default: 1, or 2 for affine]")] = None,
) -> int:
    """Draw f and g, their shared extremes, the query, the gap and the envelope."""
    from trompe.plot import draw

    draw(key, output, dim)
    return 0


mount_empirical(app)
