"""What `trompe audit silent` found, as a table, in sentences and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trompe.empirical.audits.silent import SilentAudit, SilentUnit

NAMED = 12
"""So many driven units of a layer are named in the table."""


def picture_name(unit: SilentUnit) -> str:
    """The name of the picture that drives a unit."""
    return f"{unit.layer}-{unit.unit}"


def as_table(found: SilentAudit) -> Any:
    """One line a layer: how many of its units are silent, and what became of these."""
    from rich.table import Table

    table = Table()
    for column in ("layer", "its units", "silent", "driven", "certified dead", "not driven", "units that are driven"):  # fmt: skip
        table.add_column(column, overflow="fold")
    for layer, taken in found.taken.items():
        count = [
            str(sum(u.layer == layer for u in group))
            for group in (found.silent, found.driven, found.certified, found.undecided)
        ]
        driven = [u.unit for u in found.driven if u.layer == layer]
        shown = ", ".join(map(str, driven[:NAMED])) + (" ..." if len(driven) > NAMED else "")
        table.add_row(layer, taken, *count, shown)
    return table


def said(found: SilentAudit, only: Sequence[int]) -> list[str]:
    """What the counts are, and what proves nothing. only : the units that were looked at, where they were named."""
    lines = [
        f"Units silent on all {found.images} images that can be driven: {len(found.driven)}."
        + (f" Looked at were only units {', '.join(map(str, only))}." if only else ""),
        f"Certified dead on all of [0, 1]^N, by interval bounds: {len(found.certified)}."
        + (f" Bounds end: {found.uncertified}." if found.uncertified else ""),
        f"Not driven, which proves nothing: {len(found.undecided)}, in {found.search}.",
    ]
    if found.others:
        lines.append(f"Not looked at, since they do not clip at 0: {', '.join(found.others)}.")
    return lines


def silent_rows(
    found: SilentAudit, pictures: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """JSON data of each silent unit; with `pictures`, the file of each that is driven, by `picture_name`."""
    return [
        {"layer": u.layer, "unit": u.unit, "verdict": u.verdict, "driven": u.driven, "bound": u.bound, "tries": u.tries}
        | ({} if pictures is None else {"picture": pictures.get(picture_name(u))})
        for u in found.silent
    ]  # fmt: skip


def as_json(
    found: SilentAudit, only: Sequence[int], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The whole result. rows : as `silent_rows` has them."""
    return {
        "images": found.images,
        "units": found.units,
        "taken": found.taken,
        "only": list(only) or None,
        "silent": rows,
        "search": found.search,
        "others": list(found.others),
        "uncertified": found.uncertified,
    }
