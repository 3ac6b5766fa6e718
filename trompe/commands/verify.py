"""`trompe verify`: obligations one by one."""

from __future__ import annotations

from typing import Annotated

import typer

from trompe.commands.options import Dims, Jobs, Output, Solvers, parse_dims
from trompe.commands.reporting import destination, emit, progress_bar


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
    from trompe.views.outcomes import to_json, to_text

    place = destination(output)
    wanted = expand_keys(keys or None, parse_dims(dims))
    with progress_bar("checking") as progress:
        outcomes = verify_keys(
            wanted, solvers=solver or tuple(SOLVERS), jobs=jobs, progress=progress
        )
    emit((to_json if as_json else to_text)(outcomes), place)
    return 0 if all(o.verdict == "PROVED" for o in outcomes.values()) else 1
