"""What was shown of units, in lines."""

from __future__ import annotations

from trompe.proofs.handover.shown import ENDS, NearExtremes, ShownUnit
from trompe.proofs.handover.shown.data import ERRORS


def line_of(unit: ShownUnit) -> str:
    """One unit's values, where they were found, and the natural ones."""
    parts = []
    for end in ENDS:
        shown, natural = unit.shown(end), unit.natural(end)
        beside = f"; natural {natural}, {natural.image}" if natural is not None else ""
        parts.append(f"{end} {shown} (seed {shown.seed}, step {shown.step}{beside})")
    return f"{unit.name}: {', '.join(parts)}"


def said_of(near: NearExtremes) -> str:
    """What a bound from these two points rests on, in words."""
    file, unit = near.file, near.unit
    kinds = sorted({unit.minimum.kind, unit.maximum.kind})
    errors = " and ".join(f"{kind} ({ERRORS[kind]})" for kind in kinds)
    lines = [
        f"The two points are an optimiser's pictures of {unit.name} of {file.of_layer} of {file.model.name}: near-extremes at "
        f"best, and how near is what --tolerance or --range assumes. The noise is the stated error of their values: {errors}.",
        *unit.said(),
    ]
    return " ".join(lines)
