"""`trompe table`: every cell of the table with its verdict."""

from __future__ import annotations

from typing import Annotated

from trompe.commands.options import (
    EXTENDED,
    Dims,
    Jobs,
    Level,
    Output,
    Rows,
    Solvers,
    TableFormat,
    parse_dims,
)
from trompe.commands.reporting import destination, emit, progress_bar, view_of


def table(
    format: TableFormat = "text",  # noqa: A002
    output: Output = None,
    row: Rows = None,
    extended: Annotated[bool, EXTENDED] = False,
    level: Level = "extremes",
    dims: Dims = "1,2,3",
    solver: Solvers = None,
    jobs: Jobs = None,
) -> int:
    """Verify every cell, then print the table. Exit status 0 only if every shown cell is proved.

    With --sharp, the old name of trompe sharp: the table and the options of that.
    """
    from trompe.views.table import FORMATS

    numbers = parse_dims(dims)
    view = view_of(FORMATS, format)
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
            levels=level,
        )
    emit(view(result), place)
    return 0 if result.is_proved else 1
