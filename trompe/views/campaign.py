"""What a campaign of random cases counted, as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trompe.ground.text import wrapped

if TYPE_CHECKING:
    from trompe.proofs.sampling.fuzzing import Campaign


_SHOWN_FAILURES = 10


def to_text(found: Campaign) -> str:
    """The counts by row and property, and the first failures."""
    from trompe.proofs.sampling.cases import PROPERTIES

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


def to_json(found: Campaign) -> str:
    """All of it; the schema is trompe/schemas/campaign.json."""
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


FORMATS = {"text": to_text, "json": to_json}
"""What `trompe fuzz --format` takes."""
