"""`trompe sharp`: worst radius and decidable shares of each row, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from trompe.commands.options import (
    DIM,
    EPS,
    EXTENDED,
    LAMBDA,
    RANGE,
    ArgMax,
    ArgMin,
    Constant,
    Jobs,
    Metric,
    Output,
    Rows,
    TableFormat,
)
from trompe.commands.reporting import destination, emit, progress_bar, view_of

DIMS = (1, 2, 3, 784, 150_528)
"""Shown by default; 784 and 150528 inputs are images of 28 x 28 and of 224 x 224 x 3 pixels."""


def sharp(
    row: Rows = None,
    extended: Annotated[bool, EXTENDED] = False,
    dim: Annotated[list[int] | None, DIM] = None,
    eps: Annotated[list[str] | None, EPS] = None,
    stretch: Annotated[str | None, LAMBDA] = None,
    constant: Constant = None,
    metric: Metric = None,
    argmin: ArgMin = None,
    argmax: ArgMax = None,
    range_: Annotated[str | None, RANGE] = None,
    format: TableFormat = "text",  # noqa: A002
    output: Output = None,
    jobs: Jobs = None,
) -> int:
    """Print how much each row leaves open: worst radius and decidable shares. Exit status 0 only if every check holds.

    --dim and --eps may be repeated; d is 1, 2, 3, 784 and 150528 if none is given. The Lipschitz row is shown for
    a = 0, b = 1 and --lambda, or for --constant with --range (1) and, if you like, --argmin and --argmax.
    """
    from trompe.views.sharp import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    from trompe.theory import as_eps

    given = {"lambda": stretch, "constant": constant, "metric": metric}
    given |= {"argmin": argmin, "argmax": argmax, "range": range_}
    setting = _setting(given, row or ())
    asked = dim or ([setting.dim, *DIMS] if setting.dim else DIMS)
    shares = [as_eps(e) for e in eps or ["1/4"]]
    from trompe.proofs.sharp.table import sharp_table
    from trompe.theory.catalogue import sharp_row, sharp_rows

    if row:
        rows = [sharp_row(key, setting) for key in dict.fromkeys(row)]
    else:
        rows = list(sharp_rows(setting, extended))
    with progress_bar("checking") as progress:
        table = sharp_table(rows, sorted(asked), shares, jobs=jobs, progress=progress)
    emit(view(table), place)
    return 0 if table.is_checked else 1


def _setting(given: dict[str, str | None], rows: Sequence[str]) -> Any:
    """What a row with parameters is shown for.

    Raises
    ------
    InvalidInput : none of the rows takes what is given, or it is no setting.
    """
    from trompe.theory import ROWS, InvalidInput, as_number, as_point
    from trompe.theory.shares.cones import ConeSetting

    told = {name: text for name, text in given.items() if text is not None}
    about = [key for key, kind in ROWS.items() if kind.takes_setting]
    if told and rows and not set(about) & set(rows):
        raise InvalidInput(
            f"--{next(iter(told))} is about the row {' and '.join(about)}, which is not among "
            f"--row {', '.join(rows)}"
        )
    stretch = None if "constant" in told else as_number(2)
    parts: dict[str, Any] = {"stretch": stretch}
    for option, name in (("lambda", "stretch"), ("constant", "constant"), ("range", "range")):
        if option in told:
            parts[name] = as_number(told[option], f"--{option}")
    for name in ("argmin", "argmax"):
        if name in told:
            parts[name] = as_point(told[name].split(","), f"--{name}")
    if "metric" in told:
        parts["metric"] = told["metric"]
    return ConeSetting(**parts)
