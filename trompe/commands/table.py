"""`trompe table`: every cell of the table with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from trompe.commands.options import (
    ARGMAX,
    ARGMIN,
    CONSTANT,
    DIM,
    EPS,
    EXTENDED,
    LAMBDA,
    METRIC,
    RANGE,
    Dims,
    Jobs,
    Output,
    Rows,
    Solvers,
    TableFormat,
    hidden,
    parse_dims,
)
from trompe.commands.reporting import destination, emit, progress_bar, view_of
from trompe.commands.sharp import sharp as sharp_table

__all__ = ["table"]


def table(
    format: TableFormat = "text",  # noqa: A002
    output: Output = None,
    row: Rows = None,
    extended: Annotated[bool, EXTENDED] = False,
    dims: Dims = "1,2,3",
    solver: Solvers = None,
    jobs: Jobs = None,
    sharp: Annotated[
        bool, typer.Option("--sharp", help="The old name of `trompe sharp`, with its options.")
    ] = False,
    dim: Annotated[list[int] | None, hidden(DIM)] = None,
    eps: Annotated[list[str] | None, hidden(EPS)] = None,
    stretch: Annotated[str | None, hidden(LAMBDA)] = None,
    constant: Annotated[str | None, hidden(CONSTANT)] = None,
    metric: Annotated[str | None, hidden(METRIC)] = None,
    argmin: Annotated[str | None, hidden(ARGMIN)] = None,
    argmax: Annotated[str | None, hidden(ARGMAX)] = None,
    range_: Annotated[str | None, hidden(RANGE)] = None,
) -> int:
    """Verify every cell, then print the table. Exit status 0 only if every shown cell is proved."""
    from trompe.views.table import FORMATS

    numbers = parse_dims(dims)
    of_sharp = {"dim": dim, "eps": eps, "lambda": stretch, "constant": constant, "metric": metric}
    of_sharp |= {"argmin": argmin, "argmax": argmax, "range": range_}
    _check_options(sharp, of_sharp, dims, solver)
    view = view_of(FORMATS, format)
    if sharp:
        return sharp_table(
            row, extended, dim, eps, stretch, constant, metric, argmin, argmax, range_,
            format, output, jobs,
        )  # fmt: skip
    place = destination(output)
    from trompe.ground.processes import import_ahead

    import_ahead(jobs, ("trompe.proofs.verify", "z3", "cvc5", "sympy"))
    from trompe.proofs import SOLVERS, verify_table

    with progress_bar("checking") as progress:
        result = verify_table(
            row or None,
            dims=numbers,
            solvers=solver or tuple(SOLVERS),
            jobs=jobs,
            progress=progress,
            extended=extended,
        )
    emit(view(result), place)
    return 0 if result.is_proved else 1


def _check_options(
    sharp: bool, of_sharp: Mapping[str, Any], dims: str, solvers: list[str] | None
) -> None:
    """Refuse an option that would have no effect."""
    from trompe.theory import InvalidInput

    if not sharp:
        name = next((name for name, value in of_sharp.items() if value is not None), None)
        if name is not None:
            raise InvalidInput(f"--{name} is an option of the sharp table; add --sharp")
        return
    if dims != "1,2,3":
        raise InvalidInput(f"--dims {dims}: the sharp table takes --dim, once per number of inputs")
    if solvers:
        raise InvalidInput(
            f"--solver {solvers[0]}: no solver is asked for the sharp table; leave the option out"
        )
