"""`trompe certify`: certificates to give away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import Dims, Jobs, parse_dims
from trompe.commands.reporting import emit, progress_bar


def certify(
    output: Annotated[Path, typer.Option(help="The folder of the set; made if it is not there.")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            help="Theorems (monotone/side), rows (monotone) or obligations (mix/gap). [default: all]"
        ),
    ] = None,
    dims: Dims = "1,2,3",
    jobs: Jobs = None,
) -> int:
    """Write SMT-LIB files that any solver can check, and a manifest. Exit status 0 only if all are proved.

    The folder is made, or a set that stands there is replaced by the whole new one, at the end. A folder with anything
    else in it is left alone.
    """
    numbers = parse_dims(dims)
    from trompe.ground.processes import import_ahead

    import_ahead(jobs, ("trompe.proofs.solvers", "z3", "cvc5"))
    from trompe.proofs.handover.certificates import certify as write
    from trompe.views.certificates import to_text

    with progress_bar("certifying") as progress:
        done = write(keys or None, output, dims=numbers, jobs=jobs, progress=progress)
    emit(to_text(done, output))
    return 0 if done.is_proved else 1
