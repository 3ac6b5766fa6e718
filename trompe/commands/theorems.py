"""`trompe table`, `show`, `verify`, `plot`: the theorems and their evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from trompe.commands import sharp as sharp_options
from trompe.commands.shared import (
    Dims,
    Jobs,
    Output,
    Solvers,
    check_jobs,
    destination,
    emit,
    parse_dims,
    progress_bar,
)

__all__ = ["mount"]


def table(
    format: Annotated[str, typer.Option(help="text, markdown, latex, json or csv.")] = "text",  # noqa: A002
    output: Output = None,
    row: Annotated[
        list[str] | None,
        typer.Option(help="Show this row; repeat for more. [default: the paper's ten]"),
    ] = None,
    extended: Annotated[
        bool,
        typer.Option("--extended", help="Show our further rows, too; the paper has none of them."),
    ] = False,
    dims: Dims = "1,2,3",
    solver: Solvers = None,
    jobs: Jobs = None,
    sharp: Annotated[
        bool,
        typer.Option("--sharp", help="Print worst radius and decidable shares instead of labels."),
    ] = False,
    dim: sharp_options.SharpDims = None,
    eps: sharp_options.Eps = None,
    stretch: sharp_options.Stretch = None,
    constant: sharp_options.Constant = None,
    metric: sharp_options.Metric = None,
    argmin: sharp_options.ArgMin = None,
    argmax: sharp_options.ArgMax = None,
    range_: sharp_options.Range = None,
) -> int:
    """Verify every cell, then print the table. Exit status 0 only if every shown cell is proved."""
    from trompe.theory import UnknownKey

    numbers = parse_dims(dims)
    given = {
        "lambda": stretch,
        "constant": constant,
        "metric": metric,
        "argmin": argmin,
        "argmax": argmax,
        "range": range_,
    }
    sharp_options.check_options(sharp, {"dim": dim, "eps": eps, **given}, dims, solver)
    formats = ("text", "markdown", "latex", "json", "csv")
    if format not in formats:
        raise UnknownKey("format", format, formats)
    place = destination(output)
    if sharp:
        return sharp_options.sharp_command(row, extended, dim, eps, given, format, place, jobs)
    from trompe.proofs import SOLVERS, verify_table
    from trompe.render import FORMATS

    with progress_bar("checking") as progress:
        result = verify_table(
            row or None,
            dims=numbers,
            solvers=solver or tuple(SOLVERS),
            jobs=check_jobs(jobs),
            progress=progress,
            extended=extended,
        )
    emit(FORMATS[format](result), place)
    return 0 if result.is_proved else 1


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
    from trompe.constructions.catalogue import example
    from trompe.proofs import SOLVERS, verify_table
    from trompe.render import theorem_text
    from trompe.theory import row_class, theorem

    row = theorem(key).row
    dim = dim if dim is not None else row_class(row).max_dim or 2
    example(row, dim)
    with progress_bar("checking") as progress:
        result = verify_table(
            theorems=[key],
            dims=parse_dims(dims),
            solvers=solver or tuple(SOLVERS),
            jobs=check_jobs(jobs),
            progress=progress,
        )
    emit(theorem_text(result, key, dim), None)
    return 0 if result.is_proved else 1


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

    place = destination(output)
    wanted = expand_keys(keys or None, parse_dims(dims))
    with progress_bar("checking") as progress:
        outcomes = verify_keys(
            wanted, solvers=solver or tuple(SOLVERS), jobs=check_jobs(jobs), progress=progress
        )
    proved = sum(o.verdict == "PROVED" for o in outcomes.values())
    if as_json:
        emit(json.dumps([outcome_json(o) for o in outcomes.values()], indent=2), place)
    else:
        lines = outcomes_text(outcomes.values())
        emit("\n".join([*lines, f"{proved} of {len(outcomes)} proved"]), place)
    return 0 if proved == len(outcomes) else 1


def plot(
    key: Annotated[
        str,
        typer.Argument(help="A theorem, for example convex/approx, or: sharp, the sharp table."),
    ],
    output: Annotated[Path, typer.Option(help="A .png, .pdf or .svg file.")],
    dim: Annotated[
        int | None,
        typer.Option(
            help="1 or 2. [default: 1, or 2 for affine and neuron]; for sharp: d of the panel against eps."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="For sharp: share or regions. [default: share]")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="For sharp: only this row; repeat for more. [default: all]"),
    ] = None,
) -> int:
    """Draw f and g, their shared extremes, the query, the gap and the envelope; or the sharp table."""
    if key == "sharp":
        from trompe.sharp_plot import draw_sharp

        draw_sharp(output, kind or "share", classes or (), dim)
        return 0
    if kind or classes:
        from trompe.theory import InvalidInput

        raise InvalidInput(f"--{'kind' if kind else 'class'} is an option of `trompe plot sharp`")
    from trompe.plot import draw

    draw(key, output, dim)
    return 0


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (table, show, verify, plot):
        app.command()(command)
