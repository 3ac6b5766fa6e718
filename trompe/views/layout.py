"""What several views are laid out with: CSV and LaTeX tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any


def csv_text(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A CSV file with a line of names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def latex_table(
    comments: Iterable[str],
    setting: str,
    columns: str,
    head: str,
    rows: Iterable[str],
    caption: str,
) -> str:
    r"""A `table` environment with the rules of booktabs.

    Parameters
    ----------
    comments : packages that a document needs, and who wrote the table. setting : commands before the `tabular`.
    columns : its argument. head, rows : cells with `&` between them.
    """
    lines = [
        *(f"% {comment}" for comment in comments),
        r"\begin{table}",
        setting,
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
        *(rf"{row} \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        rf"\caption{{{caption}}}",
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)
