"""The sharp table as text, Markdown, LaTeX, JSON and CSV."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import trompe
from trompe.ground.text import WIDTH, wrapped
from trompe.theory import ROWS
from trompe.theory.shares.base import COLUMNS, SharpRow, latex_name
from trompe.theory.shares.quantities import Quantity
from trompe.views.layout import csv_text, latex_table

if TYPE_CHECKING:
    from trompe.proofs.sharp.table import SharpTable


COLUMN_WIDTHS = (22, 8, 16, 24, 30)
SMALL = Fraction(1, 10_000)
"""Below this a number is shown as a power of ten."""

READING = (
    "Worst radius: the supremum over all queries x of the smallest worst error that a decoder can have, as a "
    "share of M - m. Side share and eps share: the volume of the x in [0,1]^d at which one answer to that "
    "question is right for every member of the class with the visualization shown; at all other x every "
    "decoder fails on some member. Each row says for which visualizations."
)
CHECKED = (
    "PROVED: every check holds, and one at least is symbolic or exact. symbolic: integrated or derived by SymPy, for every d where that is possible. exact: at d = 1, 2, 3, "
    "integrated over simplices on which the class's own envelope is affine. enclosed: bounds, where it is "
    "curved (l2). sampled: 20,000 random queries, intervals of 99.9999 %; no proof. The proofs for every d are "
    "in docs/sharp.md and on the pages that it links."
)


def show_number(q: Quantity) -> str:
    """Short: a fraction, decimals, a power of ten, or bounds."""
    if q.fraction is not None and (q.fraction >= SMALL or not q.fraction) and len(q.form) <= 9:
        return q.form
    if q.kind == "enclosed":
        return _interval(q)
    if q.kind == "sampled":
        return f"about {float(q.value):.3f}"
    return _decimals(q)


def _decimals(q: Quantity) -> str:
    log = q.log10
    if log is None:
        return "0"
    return f"{float(q.value):.5g}" if log >= -4 else f"10^{log:.1f}"


def _interval(q: Quantity) -> str:
    low, high = float(q.lower), float(q.upper)
    if q.log10 is not None and q.log10 < -4:
        return f"at most 10^{q.log10:.1f}"
    if high - low <= 2e-4 * high:
        return f"{(low + high) / 2:.4f}"
    return f"{low:.4f} to {high:.4f}" if low >= 1e-4 else f"at most {high:.4f}"


def _lines(table: SharpTable, row: SharpRow) -> Iterator[tuple[str, list[str]]]:
    """(d, the three numbers) as a reader wants them: one line a d and eps."""
    dims = [d for d in table.dims if row.is_about(d)]
    for d in dims[: None if row.varies else 1]:
        for k, eps in enumerate(table.eps if row.varies else table.eps[:1]):
            numbers = table.numbers(row.key, d, eps)
            shown = [show_number(numbers[c]) for c in COLUMNS]
            if len(table.eps) > 1 and row.varies:
                shown[2] = f"{eps}: {shown[2]}"
            if k:
                shown[:2] = ["", ""]
            label = str(d) if row.varies or len(dims) == 1 else "every"
            yield ("" if k else label), shown


def _evidence(table: SharpTable, row: SharpRow) -> str:
    """Per way, how many checks held, of how many."""
    checks = table.checks_of(row.key)
    tried = Counter(c.way for c in checks)
    held = Counter(c.way for c in checks if c.verdict in ("PROVED", "AGREES"))
    return ", ".join(f"{way} {held[way]}/{count}" for way, count in tried.items())


def _verdict(table: SharpTable, row: SharpRow) -> str:
    verdicts = {c: table.verdict(row.key, c) for c in COLUMNS}
    if len(set(verdicts.values())) == 1:
        return verdicts["side share"]
    return ", ".join(f"{column}: {verdict}" for column, verdict in verdicts.items())


def _failures(table: SharpTable) -> list[str]:
    return [
        f"{c.row}: {c.column}: {c.way}: {c.verdict}: {c.says}: {c.reason}"
        for c in table.checks
        if c.verdict in ("REFUTED", "UNKNOWN")
    ]


def _footer(table: SharpTable) -> list[str]:
    failed = _failures(table)
    held = f"{len(table.checks) - len(failed)} of {len(table.checks)} checks hold."
    estimated = any(c.number.kind == "sampled" for c in table.cells)
    notes = [
        f"eps = {', '.join(map(str, table.eps))}. {held}",
        *filter(None, (row.note for row in table.rows)),
        *["about: estimated from random queries, no proof."] * estimated,
        READING,
        CHECKED,
    ]
    if any(row.kind.paper is None for row in table.rows):
        notes[1:1] = filter(None, (kind.no_sharp_row for kind in ROWS.values()))
    return notes


def text(table: SharpTable) -> str:
    """At most 100 columns, no colour."""

    def line(cells: Iterable[str]) -> str:
        pairs = zip(cells, COLUMN_WIDTHS, strict=True)
        return "".join(f"{cell:<{width}}" for cell, width in pairs).rstrip()

    heads = [*COLUMNS[:2], "eps share" if len(table.eps) == 1 else "eps: share"]
    lines = [line(["class", "d", *heads]), "-" * (sum(COLUMN_WIDTHS) - 1)]
    for row in table.rows:
        forms = [row.formulas[c].text for c in COLUMNS]
        short = [
            form if len(form) < width else "(below)"
            for form, width in zip(forms, COLUMN_WIDTHS[2:], strict=True)
        ]
        labels = iter([row.kind.named(COLUMN_WIDTHS[0]), f"  {row.key}"])
        if row.varies:
            lines.append(line([next(labels), "", *short]))
        for d, numbers in _lines(table, row):
            lines.append(line([next(labels, ""), d, *numbers]))
        notes = [row.setting.text, f"{_verdict(table, row)}: {_evidence(table, row)}"]
        notes += [
            f"{column} = {form}"
            for column, form, shown in zip(COLUMNS, forms, short, strict=True)
            if shown == "(below)"
        ]
        for note in notes:
            parts = wrapped(note, WIDTH - COLUMN_WIDTHS[0], cuts_hyphens=True)
            lines += [f"{next(labels, ''):<{COLUMN_WIDTHS[0]}}{part}" for part in parts]
    below = [*_failures(table)[:8], "", *_footer(table)]
    lines += [part for note in below for part in wrapped(note, cuts_hyphens=True) or [""]]
    return "\n".join([*lines, ""])


def markdown(table: SharpTable) -> str:
    """A GitHub table: closed forms, then the numbers."""
    lines = ["| class | d | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for row in table.rows:
        name = f"{row.name} (`{row.key}`): {row.setting.text}; {_verdict(table, row)}"
        forms = [row.formulas[c].text for c in COLUMNS]
        if row.varies:
            lines.append(_markdown_line([name, "", *forms]))
            name = ""
        for d, numbers in _lines(table, row):
            lines.append(_markdown_line([name, d, *numbers]))
            name = ""
    return "\n".join([*lines, "", *_footer(table), *_failures(table), ""])


def _markdown_line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def latex(table: SharpTable) -> str:
    r"""A `table` environment for a document with \usepackage{amsmath,array,booktabs}, as wide as an article's text."""
    rows = []
    for row in table.rows:
        forms = [row.formulas[c].latex for c in COLUMNS]
        rows.append(" & ".join([latex_name(row.name), *forms]))
        if row.varies:
            for d, numbers in _lines(table, row):
                shown = map(_latex_number, numbers)
                rows.append(" & ".join([rf"\quad $d={d}$" if d else "", *shown]))
    settings = "; ".join(f"{latex_name(row.name)}: {row.setting.latex}" for row in table.rows)
    eps = ", ".join(map(str, table.eps))
    widths = "".join(rf">{{\raggedright\arraybackslash}}p{{{w}\linewidth}}" for w in LATEX_WIDTHS)
    return latex_table(
        [r"\usepackage{amsmath,array,booktabs}", f"trompe {trompe.__version__}"],
        r"\centering\small\setlength{\tabcolsep}{4pt}",
        f"@{{}}{widths}@{{}}",
        r"class & worst radius & side share & $\varepsilon$ share",
        rows,
        "What a feature visualization determines. Worst radius: the supremum over queries $x$ of the smallest "
        "worst error of a decoder, as a share of $M-m$. Shares: the volume of the $x\\in[0,1]^d$ at which one "
        f"answer is right for every member of the class with the visualization shown; $\\varepsilon={eps}$. "
        f"Visualizations: {settings}. Computed by trompe {trompe.__version__}.",
    )


LATEX_WIDTHS = (0.27, 0.15, 0.24, 0.27)
"""Of the columns, as shares of the line."""


def _latex_number(shown: str) -> str:
    if not shown:
        return ""
    eps, colon, number = shown.rpartition(": ")
    words, caret, power = number.rpartition("10^")
    if caret:
        number = f"{words}$10^{{{power}}}$"
    else:
        number = number if number[0].isalpha() or " " in number else f"${number.replace('*', '')}$"
    return number + (rf" ($\varepsilon={eps}$)" if colon else "")


# -- data ------------------------------------------------------------------------------------------------


def as_json(table: SharpTable) -> dict[str, Any]:
    """The sharp table as plain data; the schema is trompe/schemas/sharp.json."""
    return {
        "trompe": trompe.__version__,
        "eps": [str(e) for e in table.eps],
        "dims": list(table.dims),
        "rows": [_row_json(table, row) for row in table.rows],
    }


def _row_json(table: SharpTable, row: SharpRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "class": row.name,
        "visualizations": row.setting.text,
        "closed_forms": {_key(c): row.formulas[c].text for c in COLUMNS},
        "verdicts": {_key(c): table.verdict(row.key, c) for c in COLUMNS},
        "numbers": [
            {
                "column": _key(cell.column),
                "d": cell.dim,
                "eps": None if cell.eps is None else str(cell.eps),
                **_number_json(cell.number),
            }
            for cell in table.cells
            if cell.row == row.key
        ],
        "checks": [
            {
                "column": _key(c.column),
                "way": c.way,
                "verdict": c.verdict,
                "d": "all" if c.dim is None else c.dim,
                "says": c.says,
                "reason": c.reason,
            }
            for c in table.checks_of(row.key)
        ],
    }


def _number_json(q: Quantity) -> dict[str, Any]:
    """`exact` where the number is rational and can be written out; `form` as a product or a root."""
    return {
        "kind": q.kind,
        "exact": None if q.fraction is None else str(q.fraction),
        "form": q.form or None,
        "value": float(q.value),
        "log10": q.log10,
        "lower": f"{q.lower:.20g}",
        "upper": f"{q.upper:.20g}",
    }


def _key(column: str) -> str:
    return column.replace(" ", "_")


def comma_separated(table: SharpTable) -> str:
    """One line a row, column, d and eps."""
    of_number = ("kind", "exact", "value", "log10", "lower", "upper")
    rows = []
    for cell in table.cells:
        number = _number_json(cell.number)
        where = (cell.row, _key(cell.column), cell.dim, cell.eps)
        cells = [*where, *(number[name] for name in of_number)]
        verdict = table.verdict(cell.row, cell.column)
        rows.append(["" if value is None else value for value in (*cells, verdict)])
    return csv_text(("key", "column", "d", "eps", *of_number, "verdict"), rows)


FORMATS: dict[str, Callable[[SharpTable], str]] = {
    "text": text,
    "markdown": markdown,
    "latex": latex,
    "json": lambda table: json.dumps(as_json(table), indent=2) + "\n",
    "csv": comma_separated,
}
"""What `trompe sharp --format` takes."""
