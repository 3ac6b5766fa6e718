"""`trompe budget`: how many exemplars it takes."""

from __future__ import annotations

from typing import Annotated

import typer

from trompe.commands.options import CONSTANT, DIM, METRIC, RANGE, Eps, Format, Output
from trompe.commands.reporting import destination, emit, view_of


def budget(
    constant: Annotated[str, CONSTANT],
    range_: Annotated[str, RANGE],
    dim: Annotated[int, DIM],
    metric: Annotated[str, METRIC] = "l1",
    task: Annotated[str, typer.Option(help="side, or eps: predict up to eps R.")] = "side",
    eps: Eps = None,
    format: Format = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """How many exemplars it takes at least to decide a Lipschitz unit everywhere, with the argument."""
    from trompe.theory import InvalidInput
    from trompe.views.budget import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    if eps is not None and task != "eps":
        raise InvalidInput("--eps belongs to --task eps; leave it out")
    from trompe.theory.exemplar_budget import budget as least

    found = least(constant, range_, dim, metric, task, "1/4" if eps is None else eps)
    emit(view(found), place)
    return 0
