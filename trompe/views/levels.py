"""The labels of several levels on one screen: a line a class, three letters a level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import trompe
from trompe.ground.text import wrapped
from trompe.theory import TASKS, row_class
from trompe.theory.levels import LEVELS
from trompe.views.layout import latex_table
from trompe.views.picture import INK, pyplot, save

if TYPE_CHECKING:
    from trompe.ground.files import Destination
    from trompe.proofs import Table

_SHORT = {"Only for small L": "L", None: "?"}
_LEGEND = (
    "Per level the labels of exact, approx and side. No: two members that show the same defeat every decoder at some "
    "query. Yes: one decoder is right for every member and every query. L: only for small L. ?: not proved. "
    "At extremes and near right and wrong are about the two values that are shown, at the others about the unit's own range "
    "and midrange, which are not. `trompe show ROW/TASK/LEVEL` has each statement with its quantifiers."
)


def _labels(table: Table, row: str, at: str) -> list[str]:
    cells = table.line(row, at)
    return [
        (_SHORT.get(cells[task].label) or str(cells[task].label)) if task in cells else ""
        for task in TASKS
    ]


def text(table: Table) -> str:
    """At most 100 columns, no colour."""
    from trompe.views.table import failures, footer

    def line(name: str, parts: Iterable[str]) -> str:
        return f"{name:<22}" + "".join(f"{part:<15}" for part in parts).rstrip()

    lines = [
        line("class", table.levels),
        line("", ["E   A   S"] * len(table.levels)),
        "-" * (22 + 15 * len(table.levels) - 1),
    ]
    for row in table.rows:
        shown = (_labels(table, row, at) for at in table.levels)
        name = row_class(row).named(22)
        lines.append(line(name, ("".join(f"{label:<4}" for label in each) for each in shown)))
    told = [f"{at}: {LEVELS[at].says}." for at in table.levels]
    lines += ["", *(part for says in told for part in wrapped(says, then="  "))]
    lines += ["", *wrapped(_LEGEND.replace("exact, approx and side", "E exact, A approx, S side"))]
    return "\n".join([*lines, *failures(table), "", *footer(table), ""])


def markdown(table: Table) -> str:
    """A GitHub table with three labels a cell."""
    from trompe.views.table import footer

    lines = ["| class | " + " | ".join(table.levels) + " |", "|---" * (len(table.levels) + 1) + "|"]
    for row in table.rows:
        shown = (" ".join(_labels(table, row, at)) for at in table.levels)
        lines.append(f"| {row_class(row).name} (`{row}`) | " + " | ".join(shown) + " |")
    return "\n".join([*lines, "", _LEGEND, "", *footer(table), ""])


def latex(table: Table) -> str:
    r"""A `table` environment for a document with \usepackage{booktabs}."""
    from trompe.views.table import lacking_line

    rows = [
        " & ".join(
            [row_class(row).name, *(" ".join(_labels(table, row, at)) for at in table.levels)]
        )
        for row in table.rows
    ]
    given = "; ".join(f"{at}: ${LEVELS[at].given.latex}$" for at in table.levels)
    solvers = " and ".join(f"{name} {version}" for name, version in table.solvers.items())
    origin = (
        f"Labels computed by trompe {trompe.__version__} from obligations checked with {solvers}."
    )
    legend = _LEGEND.partition(" `trompe")[0].replace("small L", "small $L$")
    return latex_table(
        [r"\usepackage{booktabs}"],
        r"\centering",
        "l" * (1 + len(table.levels)),
        " & ".join(["class", *table.levels]),
        rows,
        " ".join(
            [
                f"What can be told about a unit $f$ at a query $x$, by what is shown ({given}). {legend} {origin}",
                *lacking_line(table),
            ]
        ),
    )


_COLOURS = {"Yes": "#009E73", "L": "#E69F00", "No": "#DDDDDD", "?": "#FFFFFF"}
"""Okabe and Ito's; the label stands in each field, so that grey print is read as well."""


def draw(table: Table, output: Destination) -> None:
    """Draw the labels as a field of cells, level by level: how the Yes disappear as less is shown.

    Raises
    ------
    MissingDependency : matplotlib is not installed.
    """
    with pyplot() as plt:
        figure, axes = plt.subplots(figsize=(10.2, 4.6), layout="constrained")
        for i, row in enumerate(table.rows):
            for k, at in enumerate(table.levels):
                for j, label in enumerate(_labels(table, row, at)):
                    x, field = k * (len(TASKS) + 0.4) + j, _COLOURS[label]
                    axes.add_patch(
                        plt.Rectangle((x, i), 0.94, 0.9, facecolor=field, edgecolor=INK, lw=0.4)
                    )
                    weight = "bold" if label == "Yes" else "normal"
                    axes.text(
                        x + 0.47,
                        i + 0.46,
                        label,
                        ha="center",
                        va="center",
                        fontsize=9,
                        weight=weight,
                    )
        for k, at in enumerate(table.levels):
            middle = k * (len(TASKS) + 0.4) + len(TASKS) / 2
            yes = sum(label == "Yes" for row in table.rows for label in _labels(table, row, at))
            axes.text(middle, -1.25, f"{at}: {yes} Yes", ha="center", weight="bold")
            for j, task in enumerate(TASKS):
                axes.text(k * (len(TASKS) + 0.4) + j + 0.47, -0.3, task, ha="center", fontsize=8)
        axes.set(
            xlim=(-0.2, len(table.levels) * (len(TASKS) + 0.4)),
            ylim=(len(table.rows) + 0.1, -1.9),
        )
        axes.set_yticks(
            [i + 0.45 for i in range(len(table.rows))], [row_class(row).name for row in table.rows]
        )
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        told = "; ".join(f"{at}: {LEVELS[at].says}" for at in table.levels)
        figure.supxlabel(
            "\n".join(wrapped(f"Shown at {told}. L: only for small L.")),
            fontsize=7.5,
            x=0.02,
            ha="left",
        )
        save(plt, figure, output)
