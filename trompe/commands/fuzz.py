"""`trompe fuzz`: large campaigns of random members, questions and decoders, in exact arithmetic."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from trompe.commands.shared import Jobs, Output, check_jobs, destination, emit, progress_bar
from trompe.ground.text import wrapped

if TYPE_CHECKING:
    from trompe.proofs.sampling.fuzzing import Campaign

__all__ = ["mount"]

_UNITS = {"s": 1, "m": 60, "h": 3600}
_SHOWN_FAILURES = 10


def fuzz(
    row: Annotated[
        list[str] | None,
        typer.Option(help="Only this row; repeat for more. [default: the table's ten]"),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Time, such as 60s, 5m or 2h. [default: 60s]")
    ] = None,
    cases: Annotated[
        int | None, typer.Option(help="Cases per row, in place of a time budget.")
    ] = None,
    jobs: Jobs = None,
    seed: Annotated[int, typer.Option(help="Case k of a seed is always the same.")] = 0,
    first: Annotated[int, typer.Option(help="Start with this case.")] = 0,
    format: Annotated[str, typer.Option(help="text or json.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Look for a counterexample to any claim of a row, with random members, queries and decoders.

    Exit status 0: nothing failed. 1: a property failed, it is shown with the command that repeats it. 130:
    interrupted, with the counts so far (1 if something had failed).
    """
    from trompe.theory import InvalidInput, UnknownKey

    if format not in ("text", "json"):
        raise UnknownKey("format", format, ("text", "json"))
    place = destination(output)
    if cases is not None and budget is not None:
        raise InvalidInput("--cases and --budget are both given; one of them says how much to do")
    seconds = None if cases is not None else _seconds(budget or "60s")
    from trompe.proofs.sampling.fuzzing import campaign

    with progress_bar("cases a row") as progress:
        found = campaign(
            row or None, cases=cases, budget=seconds, seed=seed, first=first,
            jobs=check_jobs(jobs) or -1, progress=progress,
        )  # fmt: skip
    emit(_json(found) if format == "json" else _text(found), place)
    if found.failures:
        return 1
    return 130 if found.is_interrupted else 0


def _seconds(text: str) -> float:
    from trompe.theory import InvalidInput

    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if not match or not float(match[1]):
        raise InvalidInput(
            f"--budget {text!r}: expected a time of more than 0, such as 60s, 5m or 2h"
        )
    return float(match[1]) * _UNITS[match[2] or "s"]


def _text(found: Campaign) -> str:
    from trompe.proofs.sampling.fuzzing import PROPERTIES

    keys = [key for key in PROPERTIES if any(key in counts for counts in found.counts.values())]
    broken = {(failure.row, failure.key) for failure in found.failures}
    lines = []
    for row, counts in found.counts.items():
        cells = (
            f"{key}~{n:,}" + ("~FAILED" if (row, key) in broken else "")  # ~ keeps them on one line
            for key, n in counts.items()
        )
        parts = wrapped(f"{row:<20}{', '.join(cells)}", then=" " * 20, cuts_words=True)
        lines += [part.replace("~", " ") for part in parts]
    total = sum(sum(counts.values()) for counts in found.counts.values())
    ending = "interrupted, " if found.is_interrupted else ""
    last = found.first + found.cases - 1
    which = (
        f"cases {found.first} to {last} of seed {found.seed} in each row"
        if found.cases
        else "no case"
    )
    lines += [
        "",
        f"{ending}{which}: {total:,} checks, {len(found.failures)} cases failed, in {found.seconds:.0f} s",
        *(f"{key}: {PROPERTIES[key]}" for key in keys),
        "Exact arithmetic on random instances: no proof. A failure would refute a claim.",
    ]
    for failure in found.failures[:_SHOWN_FAILURES]:
        said = f"FAILED {failure.row}, {failure.key}: {failure.example}"
        lines += ["", *wrapped(said, cuts_hyphens=True), f"  {failure.command}"]
    if len(found.failures) > _SHOWN_FAILURES:
        lines.append(f"and {len(found.failures) - _SHOWN_FAILURES} more")
    return "\n".join(lines) + "\n"


def _json(found: Campaign) -> str:
    data = {
        "format": "trompe campaign",
        "version": 1,
        "seed": found.seed,
        "first": found.first,
        "cases_per_row": found.cases,
        "seconds": round(found.seconds, 3),
        "interrupted": found.is_interrupted,
        "counts": found.counts,
        "failures": [
            {
                "row": failure.row,
                "property": failure.key,
                "seed": failure.seed,
                "case": failure.case,
                "example": failure.example,
                "command": failure.command,
            }
            for failure in found.failures
        ],
    }
    return json.dumps(data, indent=1) + "\n"


def mount(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(fuzz)
