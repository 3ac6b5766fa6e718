"""`trompe table --sharp`: its options, and what they mean together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trompe.commands.shared import check_jobs, emit, progress_bar

if TYPE_CHECKING:
    from trompe.ground.files import Destination

__all__ = [
    "ArgMax",
    "ArgMin",
    "Constant",
    "Eps",
    "Metric",
    "Range",
    "SharpDims",
    "Stretch",
    "check_options",
    "sharp_command",
]

_PANEL = "With --sharp"
DIMS = (1, 2, 3, 784, 150_528)
"""Shown by default; 784 and 150528 inputs are images of 28 x 28 and of 224 x 224 x 3 pixels."""

SharpDims = Annotated[
    list[int] | None,
    typer.Option(
        "--dim",
        help="Number of inputs; repeat for more. [default: 1, 2, 3, 784, 150528]",
        rich_help_panel=_PANEL,
    ),
]
Eps = Annotated[
    list[str] | None,
    typer.Option(
        help="Tolerance as a share of M - m; repeat for more. [default: 1/4]",
        rich_help_panel=_PANEL,
    ),
]
Stretch = Annotated[
    str | None,
    typer.Option(
        "--lambda",
        help="Lipschitz row: L |a-b| / (M - m), for a = 0 and b = 1. [default: 2]",
        rich_help_panel=_PANEL,
    ),
]
Constant = Annotated[
    str | None, typer.Option(help="Lipschitz row: L, in place of --lambda.", rich_help_panel=_PANEL)
]
Metric = Annotated[
    str | None,
    typer.Option(help="Lipschitz row: l1, l2 or linf. [default: l2]", rich_help_panel=_PANEL),
]
ArgMin = Annotated[
    str | None,
    typer.Option(help="Lipschitz row with --constant: a, as 0,1/4.", rich_help_panel=_PANEL),
]
ArgMax = Annotated[
    str | None,
    typer.Option(help="Lipschitz row with --constant: b, as 1,1.", rich_help_panel=_PANEL),
]
Range = Annotated[
    str | None,
    typer.Option(
        "--range", help="Lipschitz row with --constant: M - m. [default: 1]", rich_help_panel=_PANEL
    ),
]


def check_options(
    sharp: bool, given: Mapping[str, Any], dims: str, solvers: list[str] | None
) -> None:
    """Refuse an option that would have no effect."""
    from trompe.theory import InvalidInput

    if not sharp:
        name = next((name for name, value in given.items() if value is not None), None)
        if name is not None:
            raise InvalidInput(f"--{name} is an option of the sharp table; add --sharp")
        return
    if dims != "1,2,3":
        raise InvalidInput(f"--dims {dims}: the sharp table takes --dim, once per number of inputs")
    if solvers:
        raise InvalidInput(
            f"--solver {solvers[0]}: no solver is asked for the sharp table; leave the option out"
        )


def sharp_command(
    keys: list[str] | None,
    extended: bool,
    dims: list[int] | None,
    eps: list[str] | None,
    lipschitz: dict[str, str | None],
    format: str,  # noqa: A002
    output: Destination | None,
    jobs: int | None,
) -> int:
    """Compute, check and print the sharp table. Exit status 0 only if no check fails."""
    from trompe.theory import InvalidInput, as_eps

    name = next((name for name, value in lipschitz.items() if value is not None), None)
    if keys and "lipschitz" not in keys and name is not None:
        raise InvalidInput(
            f"--{name} is about the row lipschitz, which is not among --row {', '.join(keys)}"
        )
    setting = _setting(lipschitz)
    asked = dims or ([setting.dim, *DIMS] if setting.dim else DIMS)
    shares = [as_eps(e) for e in eps or ["1/4"]]
    check_jobs(jobs)
    from trompe.proofs.sharp import sharp_table
    from trompe.sharp import SHARP_FORMATS
    from trompe.theory.catalogue import sharp_row, sharp_rows

    if keys:
        rows = [sharp_row(key, setting) for key in dict.fromkeys(keys)]
    else:
        rows = list(sharp_rows(setting, extended))
    with progress_bar("checking") as progress:
        table = sharp_table(rows, sorted(asked), shares, jobs=jobs, progress=progress)
    emit(SHARP_FORMATS[format](table), output)
    return 0 if table.is_checked else 1


def _setting(given: dict[str, str | None]) -> Any:
    """What the Lipschitz row is shown for."""
    from trompe.theory import as_number, as_point
    from trompe.theory.shares.cones import ConeSetting

    def number(name: str) -> Any:
        value = given[name]
        return None if value is None else as_number(value, f"--{name}")

    def point(name: str) -> Any:
        value = given[name]
        return None if value is None else as_point(value.split(","), f"--{name}")

    stretch = number("lambda")
    if stretch is None and given["constant"] is None:
        stretch = as_number(2)
    return ConeSetting(
        given["metric"] or "l2",
        stretch,
        number("constant"),
        as_number(given["range"] or "1", "--range"),
        point("argmin"),
        point("argmax"),
    )
