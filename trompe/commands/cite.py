"""`trompe cite`: how to refer to a theorem."""

from __future__ import annotations

from typing import Annotated

import typer

from trompe.commands.options import Key, Output
from trompe.commands.reporting import destination, emit, view_of


def cite(
    key: Key,
    format: Annotated[str, typer.Option(help="text, bibtex or csl-json.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Cite a theorem: the paper for the claim, trompe for statement, construction and evidence."""
    from trompe.theory import InvalidInput, theorem
    from trompe.views.citation import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    from trompe.proofs.handover.certificates.plan import plan

    item, contents = theorem(key), plan([key])
    for (
        which,
        reason,
    ) in contents.strays.items():  # the statement, or a sentence that the proof needs
        raise InvalidInput(f"{key} cannot be cited: {which}: {reason}")
    emit(view(item, contents), place)
    return 0
