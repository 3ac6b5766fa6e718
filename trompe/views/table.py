"""The table of labels as text, Markdown, LaTeX, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import trompe
from trompe.ground.text import wrapped
from trompe.theory import TASKS, row_class
from trompe.theory.levels import EXTREMES, LEVELS
from trompe.views import levels
from trompe.views.layout import csv_text, latex_table
from trompe.views.outcomes import at_point

if TYPE_CHECKING:
    from trompe.proofs import Cell, Table


OURS = "ours, not in the paper"

READING_LESS = (
    "No: two members of the class that show the same defeat every decoder, at the queries that `trompe show "
    "ROW/TASK/LEVEL` names. Yes: one decoder of what is shown is right for every member and every query. {scale}"
)

_SCALE = {
    True: "Right and wrong are about the unit's own range and midrange, which are not shown.",
    False: "Right and wrong are about the two values that are shown. Only for small L: as for the extremes.",
}

READING = (
    "No: two members of the class with the same visualization defeat every decoder, at the queries "
    "that `trompe show ROW/TASK` names. It is about the class, not about every query. "
    "Yes: one decoder is right for every member and every query. "
    "Only for small L: at each visualization and query, decidable exactly for L up to a threshold."
)


def label(cell: Cell) -> str:
    """The label that the cell earned, or that it earned none."""
    return cell.label if cell.label is not None else f"not proved ({cell.verdict})"


def agreement(cell: Cell) -> str:
    """How the label compares with the paper's."""
    if cell.theorem.paper is None:
        return OURS
    return "as in the paper" if cell.agrees else f"the paper: {cell.theorem.paper}"


def _is_ours(row: str) -> bool:
    """Is the row one of our further rows, which the paper's table does not have?"""
    return row_class(row).paper is None


def _counts(cell: Cell) -> dict[str, tuple[int, int]]:
    """Per level, how many checks were proved, of how many."""
    counts: dict[str, tuple[int, int]] = {}
    for level in ("smt", "symbolic"):
        at = [o for o in cell.outcomes if o.level == level]
        if at:
            counts[level] = (sum(o.verdict == "PROVED" for o in at), len(at))
    return counts


def _evidence(cell: Cell) -> str:
    return ", ".join(f"{level} {done}/{total}" for level, (done, total) in _counts(cell).items())


def _more_evidence(cell: Cell) -> str:
    """Kernel evidence where there is some, and the random instances."""
    parts = ["kernel all d"] if any(e["level"] == "kernel" for e in cell.evidence()) else []
    if cell.sampled is not None and cell.sampled.held:
        parts.append(f"sampled {cell.sampled.instances}")
    return ", ".join(parts)


def _solvers(table: Table) -> str:
    return " and ".join(f"{name} {version}" for name, version in table.solvers.items())


def _footer(table: Table) -> list[str]:
    proved = sum(o.verdict == "PROVED" for o in table.outcomes.values())
    dims = ", ".join(map(str, table.dims))
    return [
        f"{sum(c.verdict == 'PROVED' for c in table.cells.values())} of {len(table.cells)} cells proved; "
        f"{proved} of {len(table.outcomes)} obligations, each by {_solvers(table)} (or SymPy).",
        f"smt: sentences for every d, and at d = {dims} where one is about coordinates; "
        "the step to every d is not the solvers' (see `trompe show`). "
        "sampled: random exact instances; no proof.",
        *_kernel_line(table),
        *_ours_line(table),
        *lacking_line(table),
        *([_reading(table.levels[0])] if len(table.levels) == 1 else []),
    ]


def _reading(at: str) -> str:
    """What a label says where this is shown."""
    shown = LEVELS[at]
    if at == EXTREMES:
        return READING
    return READING_LESS.format(scale=_SCALE[shown.is_own_scale])


def _ours_line(table: Table) -> list[str]:
    """Which rows the paper's table does not have."""
    ours = [row for row in table.rows if _is_ours(row)]
    if not ours:
        return []
    return [
        f"ours: the paper's table has no row {', '.join(ours)}, and no label to compare with; "
        "statements and proofs: docs/extended.md and the pages that it names."
    ]


def lacking_line(table: Table) -> list[str]:
    """Which rows were asked for and have no cell at a level that is shown."""
    if not table.extremes_only:
        return []
    return [
        f"Our further rows {', '.join(table.extremes_only)} have cells at the level extremes only."
    ]


def _kernel_line(table: Table) -> list[str]:
    """Where the kernel evidence comes from, or that a cell has none."""
    entries = [e for c in table.cells.values() for e in c.evidence() if e["level"] == "kernel"]
    if len(entries) < len(table.cells):
        missing = [
            k for k, c in table.cells.items() if "kernel" not in {e["level"] for e in c.evidence()}
        ]
        return [f"kernel: not checked for {', '.join(missing)} (see `trompe show`)."]
    where = ", ".join(sorted({f"{e['solver']}: {e['where']}" for e in entries}))
    return [f"kernel: every d, from the committed Coq sources ({where})."]


def text(table: Table) -> str:
    """At most 100 columns, no colour."""
    columns = (22, 26, 26, 26)

    def line(cells: Iterable[str]) -> str:
        return "".join(
            f"{cell:<{width}}" for cell, width in zip(cells, columns, strict=True)
        ).rstrip()

    (at,) = table.levels
    lines = wrapped(f"Shown, at the level {at}: {LEVELS[at].says}.") if at != EXTREMES else []
    lines += [line(["class", *TASKS]), "-" * (sum(columns) - 1)]
    for row in table.rows:
        cells = _cells(table, row)
        lines += [
            line([row_class(row).named(columns[0]), *(label(c) if c else "" for c in cells)]),
            line([f"  {row}", *(agreement(c) if c else "" for c in cells)]),
            line(["", *(_evidence(c) if c else "" for c in cells)]),
            line(["", *(_more_evidence(c) if c else "" for c in cells)]),
        ]
    return "\n".join([*lines, *failures(table), "", *footer(table), ""])


def failures(table: Table) -> list[str]:
    """What kept a cell from its label, at most three obligations of each."""
    lines: list[str] = []
    for cell in table.cells.values():
        if cell.reason:
            lines += wrapped(f"{cell.key}: {cell.verdict}: {cell.reason}", cuts_hyphens=True)
        for outcome in cell.failing[:3]:
            says = (
                f"{cell.key}: {outcome.key}: {outcome.verdict}: {outcome.reason}{at_point(outcome)}"
            )
            lines += wrapped(says, cuts_hyphens=True)
        if cell.sampled is not None and not cell.sampled.held:
            why = cell.sampled.failure or cell.sampled.unanswered
            lines += wrapped(f"{cell.key}: sampled: {why}", cuts_hyphens=True)
    return lines


def footer(table: Table) -> list[str]:
    """What was checked, by whom, and how the labels are to be read."""
    return [line for part in _footer(table) for line in wrapped(part, cuts_hyphens=True)]


def _cells(table: Table, row: str) -> list[Cell | None]:
    """The cells of a row in the order of the tasks, of a table of one level."""
    found = table.line(row, table.levels[0])
    return [found.get(task) for task in TASKS]


def markdown(table: Table) -> str:
    """A GitHub table with the evidence in each cell."""
    lines = ["| class | " + " | ".join(TASKS) + " |", "|---" * (len(TASKS) + 1) + "|"]
    for row in table.rows:
        cells = _cells(table, row)
        shown = [
            f"**{label(c)}**<br>{agreement(c)}<br>{_evidence(c)}, {_more_evidence(c)}" if c else ""
            for c in cells
        ]
        lines.append(f"| {row_class(row).name} (`{row}`) | " + " | ".join(shown) + " |")
    return "\n".join([*lines, "", *_footer(table), ""])


_CAPTION = (
    "What a feature visualization can tell about a unit $f$ at a query $x$. No: two members of the class "
    "with the same visualization defeat every decoder at some query. Yes: one decoder is right for every member "
    "and every query."
)


def _caption(at: str) -> str:
    return (
        f"What can be told about a unit $f$ at a query $x$ of ${LEVELS[at].given.latex}$ alone (level {at}). No: two "
        "members of the class that show the same defeat every decoder at some query. Yes: one decoder is right for "
        "every member and every query."
    )


def latex(table: Table) -> str:
    r"""A `table` environment for a document with \usepackage{booktabs}."""
    extended = any(map(_is_ours, table.rows))
    rows = []
    for row in table.rows:
        cells = _cells(table, row)
        shown = [label(c).replace("small L", "small $L$") if c else "" for c in cells]
        if extended:
            shown.append("no (ours)" if _is_ours(row) else "yes")
        rows.append(" & ".join([row_class(row).name, f"${row_class(row).symbol}$", *shown]))
    dims = ", ".join(map(str, table.dims))
    return latex_table(
        [r"\usepackage{booktabs}", f"trompe {trompe.__version__}; {_solvers(table)}"],
        r"\centering",
        "ll" + "l" * (len(TASKS) + extended),
        "class & & " + " & ".join([*TASKS, *["row of the paper"] * extended]),
        rows,
        f"{_CAPTION if table.levels == (EXTREMES,) else _caption(table.levels[0])} Labels computed by trompe {trompe.__version__} from obligations checked with "
        f"{_solvers(table)} (or SymPy), for every $d$ or at $d={dims}$."
        + "".join(f" {line}" for line in lacking_line(table)),
    )


def as_json(table: Table) -> dict[str, Any]:
    """The table as plain data; the schema is trompe/schemas/table.json."""
    return {
        "trompe": trompe.__version__,
        "solvers": dict(table.solvers),
        "dims": list(table.dims),
        "rows": [
            {
                "key": row,
                "class": row_class(row).name,
                "source": "ours" if _is_ours(row) else "paper",
                **({"level": at} if at != EXTREMES else {}),
                "cells": {task: _cell_json(cell) for task, cell in cells.items()},
            }
            for at in table.levels
            for row in table.rows
            if (cells := table.line(row, at))
        ],
    }


def _cell_json(cell: Cell) -> dict[str, Any]:
    from trompe.proofs import assumed_by

    return {
        "key": cell.key,
        "label": cell.label,
        "paper": cell.theorem.paper,
        "agrees": cell.agrees,
        "verdict": cell.verdict,
        "statement": cell.theorem.statement,
        "sha256": cell.theorem.sha256,
        "inherits": cell.inherits,
        "evidence": cell.evidence(),
        "assumed": list(assumed_by(cell.key)),
        "obligations": {o.key: o.verdict for o in cell.outcomes},
        **({"reason": cell.reason} if cell.reason else {}),
    }


_NO_CELL = {True: "no such row", False: "no such level"}


def comma_separated(table: Table) -> str:
    """One line a cell."""
    header = ("key", "label", "paper", "agrees", "verdict", "proved", "obligations", "evidence")
    rows = []
    for cell in table.cells.values():
        counts = _counts(cell).values()
        rows.append(
            [
                cell.key,
                cell.label or "",
                cell.theorem.paper or _NO_CELL[cell.theorem.level == EXTREMES],
                "" if cell.agrees is None else cell.agrees,
                cell.verdict,
                sum(proved for proved, _ in counts),
                sum(total for _, total in counts),
                f"{_evidence(cell)}, {_more_evidence(cell)}",
            ]
        )
    return csv_text(header, rows)


def _by_levels(
    one: Callable[[Table], str], several: Callable[[Table], str]
) -> Callable[[Table], str]:
    """The view of a table of one level, or the summary of several."""
    return lambda table: (one if len(table.levels) == 1 else several)(table)


FORMATS: dict[str, Callable[[Table], str]] = {
    "text": _by_levels(text, levels.text),
    "markdown": _by_levels(markdown, levels.markdown),
    "latex": _by_levels(latex, levels.latex),
    "json": lambda table: json.dumps(as_json(table), indent=2) + "\n",
    "csv": comma_separated,
}
"""What `trompe table --format` takes."""
