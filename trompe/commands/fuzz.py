"""`trompe fuzz`: large campaigns of random members, questions and decoders, in exact arithmetic."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

from trompe.commands.options import SEED, Format, Jobs, Output, Rows, number
from trompe.commands.reporting import destination, emit, progress_bar, view_of

_UNITS = {"s": 1, "m": 60, "h": 3600}


def fuzz(
    row: Rows = None,
    budget: Annotated[
        str | None, typer.Option(help="Time, such as 60s, 5m or 2h. [default: 60s]")
    ] = None,
    cases: Annotated[int | None, number("Cases per row, in place of a time budget.")] = None,
    jobs: Jobs = None,
    seed: Annotated[int, number("Case k of a seed is always the same.", SEED)] = 0,
    first: Annotated[int, number("Start with this case.", SEED)] = 0,
    format: Format = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Look for a counterexample to any claim of a row, with random members, queries and decoders.

    Exit status 0: nothing failed. 1: a property failed, it is shown with the command that repeats it. 130:
    interrupted, with the counts so far (1 if something had failed).
    """
    from trompe.theory import InvalidInput
    from trompe.views.campaign import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    if cases is not None and budget is not None:
        raise InvalidInput("--cases and --budget are both given; one of them says how much to do")
    seconds = None if cases is not None else _seconds("60s" if budget is None else budget)
    from trompe.proofs.sampling.fuzzing import campaign

    with progress_bar("cases a row") as progress:
        found = campaign(
            row or None, cases=cases, budget=seconds, seed=seed, first=first,
            jobs=jobs or os.cpu_count() or 1, progress=progress,
        )  # fmt: skip
    emit(view(found), place)
    if found.failures:
        return 1
    return 130 if found.is_interrupted else 0


def _seconds(text: str) -> float:
    from trompe.theory import InvalidInput

    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([smh]?)", text.strip())
    if not match or not float(match[1]):
        raise InvalidInput(
            f"--budget {text!r}: expected a time of more than 0, such as 60s, 5m or 2h"
        )
    return float(match[1]) * _UNITS[match[2] or "s"]
