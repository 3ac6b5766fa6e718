"""`trompe selfcheck`: does verification notice damage?"""

from __future__ import annotations

from typing import Annotated

import typer

from trompe.commands.options import Format, Jobs, Output
from trompe.commands.reporting import destination, emit, progress_bar, view_of


def selfcheck(
    row: Annotated[
        list[str] | None,
        typer.Option(
            help="Only mutants, hypotheses and conclusions that the checks of this row see; repeat for more. [default: all]"
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="constructions, classes, hypotheses, conclusions, tampering, witness-tampering or shown-tampering; repeat for more. "
            "[default: all; with --row all but the tamperings]"
        ),
    ] = None,
    match: Annotated[
        str,
        typer.Option(help="Only mutants, obligations and tamperings whose name holds this text."),
    ] = "",
    jobs: Jobs = None,
    format: Format = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Damage constructions, classes, sentences and files that are checked: verification must notice.

    Exit status 0 only if, of what is tried, no mutant survives that is not listed as equivalent, no
    comparison that is not spare or listed as loose can say less unnoticed, nothing is left
    undecided, every sentence is the pinned one, and no damaged file is accepted that says something
    else.
    """
    from trompe.views.selfcheck import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    from trompe.proofs.mutation import selfcheck as run

    with progress_bar("damaging") as progress:
        report = run(only or None, rows=row or None, match=match, jobs=jobs, progress=progress)
    emit(view(report), place)
    return 0 if report.passed else 1
