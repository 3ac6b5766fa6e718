"""The table, a theorem and verdicts as text, Markdown, LaTeX, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import trompe
from trompe.ground.text import WIDTH, wrapped
from trompe.proofs import ASSUMED, Cell, Outcome, Table, assumed_by
from trompe.theory import TASKS, row_class, theorem

__all__ = ["FORMATS", "as_json", "outcome_json", "outcomes_text", "theorem_text"]

OURS = "ours, not in the paper"

READING = (
    "No: two members of the class with the same visualization defeat every decoder, at the queries "
    "that `trompe show ROW/TASK` names. It is about the class, not about every query. "
    "Yes: one decoder is right for every member and every query. "
    "Only for small L: at each visualization and query, decidable exactly for L up to a threshold."
)


def _label(cell: Cell) -> str:
    return cell.label if cell.label is not None else f"not proved ({cell.verdict})"


def _agreement(cell: Cell) -> str:
    if cell.theorem.paper is None:
        return OURS
    return "as in the paper" if cell.agrees else f"the paper: {cell.theorem.paper}"


def _is_ours(table: Table, row: str) -> bool:
    """Is the row one of our further rows, which the paper's table does not have?"""
    return any(c.theorem.paper is None for c in table.cells.values() if c.theorem.row == row)


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
    if cell.sampled is not None and not cell.sampled.failure:
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
        READING,
    ]


def _ours_line(table: Table) -> list[str]:
    """Which rows the paper's table does not have."""
    ours = [row for row in table.rows if _is_ours(table, row)]
    if not ours:
        return []
    return [
        f"ours: the paper's table has no row {', '.join(ours)}, and no label to compare with; "
        "statements and proofs are in docs/extended.md."
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

    lines = [line(["class", *TASKS]), "-" * (sum(columns) - 1)]
    for row in table.rows:
        cells = [table.cells.get(f"{row}/{task}") for task in TASKS]
        name = row_class(row).name
        name = name if len(name) < columns[0] else "ERM-trained network"
        lines += [
            line([name, *(_label(c) if c else "" for c in cells)]),
            line([f"  {row}", *(_agreement(c) if c else "" for c in cells)]),
            line(["", *(_evidence(c) if c else "" for c in cells)]),
            line(["", *(_more_evidence(c) if c else "" for c in cells)]),
        ]
    for cell in table.cells.values():
        for outcome in cell.failing[:3]:
            lines += _wrap(
                f"{cell.key}: {outcome.key}: {outcome.verdict}: {outcome.reason}{_point(outcome)}"
            )
        if cell.sampled is not None and cell.sampled.failure:
            lines += _wrap(f"{cell.key}: sampled: {cell.sampled.failure}")
    return "\n".join([*lines, "", *(w for part in _footer(table) for w in _wrap(part)), ""])


def _wrap(paragraph: str, indent: str = "") -> list[str]:
    return wrapped(paragraph, then=indent, cuts_hyphens=True) or [""]


def _point(outcome: Outcome) -> str:
    if not outcome.point:
        return ""
    return " at " + ", ".join(f"{name} = {value}" for name, value in outcome.point.items())


def markdown(table: Table) -> str:
    """A GitHub table with the evidence in each cell."""
    lines = ["| class | " + " | ".join(TASKS) + " |", "|---" * (len(TASKS) + 1) + "|"]
    for row in table.rows:
        cells = [table.cells.get(f"{row}/{task}") for task in TASKS]
        shown = [
            f"**{_label(c)}**<br>{_agreement(c)}<br>{_evidence(c)}, {_more_evidence(c)}"
            if c
            else ""
            for c in cells
        ]
        lines.append(f"| {row_class(row).name} (`{row}`) | " + " | ".join(shown) + " |")
    return "\n".join([*lines, "", *_footer(table), ""])


def latex(table: Table) -> str:
    r"""A `table` environment for a document with \usepackage{booktabs}."""
    extended = any(_is_ours(table, row) for row in table.rows)
    paper = r" & row of the paper" if extended else ""
    lines = [
        r"% \usepackage{booktabs}",
        f"% trompe {trompe.__version__}; {_solvers(table)}",
        r"\begin{table}",
        r"\centering",
        r"\begin{tabular}{ll" + "l" * (len(TASKS) + extended) + "}",
        r"\toprule",
        r"class & & " + " & ".join(TASKS) + paper + r" \\",
        r"\midrule",
    ]
    for row in table.rows:
        cells = [table.cells.get(f"{row}/{task}") for task in TASKS]
        shown = " & ".join(_label(c).replace("small L", "small $L$") if c else "" for c in cells)
        if extended:
            shown += " & no (ours)" if _is_ours(table, row) else " & yes"
        lines.append(f"{row_class(row).name} & ${row_class(row).symbol}$ & {shown} \\\\")
    dims = ", ".join(map(str, table.dims))
    caption = (
        "What a feature visualization can tell about a unit $f$ at a query $x$. No: two members of the class "
        "with the same visualization defeat every decoder at some query. Labels computed by trompe "
        f"{trompe.__version__} from obligations checked with {_solvers(table)} for every $d$ or at $d={dims}$."
    )
    return "\n".join(
        [*lines, r"\bottomrule", r"\end{tabular}", f"\\caption{{{caption}}}", r"\end{table}", ""]
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
                "source": "ours" if _is_ours(table, row) else "paper",
                "cells": {
                    task: _cell_json(table.cells[f"{row}/{task}"])
                    for task in TASKS
                    if f"{row}/{task}" in table.cells
                },
            }
            for row in table.rows
        ],
    }


def _cell_json(cell: Cell) -> dict[str, Any]:
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
    }


def comma_separated(table: Table) -> str:
    """One line a cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["key", "label", "paper", "agrees", "verdict", "proved", "obligations", "evidence"]
    )
    for cell in table.cells.values():
        counts = _counts(cell).values()
        proved, total = sum(c[0] for c in counts), sum(c[1] for c in counts)
        writer.writerow(
            [
                cell.key,
                cell.label or "",
                cell.theorem.paper or "no such row",
                "" if cell.agrees is None else cell.agrees,
                cell.verdict,
                proved,
                total,
                f"{_evidence(cell)}, {_more_evidence(cell)}",
            ]
        )
    return out.getvalue()


FORMATS: dict[str, Callable[[Table], str]] = {
    "text": text,
    "markdown": markdown,
    "latex": latex,
    "json": lambda table: json.dumps(as_json(table), indent=2) + "\n",
    "csv": comma_separated,
}
"""What `trompe table --format` takes."""


# -- one theorem ---------------------------------------------------------------------------------------


def theorem_text(table: Table, key: str, dim: int) -> str:
    """Statement, formulas, an instance, obligations and what is assumed."""
    from trompe.proofs import case

    cell = table[key]
    statement = theorem(key)
    lines = [f"{key}: {_label(cell)} ({_agreement(cell)})", ""]
    lines += _wrap(statement.statement)
    lines += _wrap(f"Source: {statement.source}.")
    lines += ["", *_formulas(statement.row, dim, statement.task)]
    lines.append("")
    if cell.inherits is not None:
        lines += _wrap(
            f"No construction of its own: the No of {cell.inherits} is inherited, because every member of "
            f"that class is a member of this one. Its obligations follow."
        )
    roles = {k: role for role, keys in case(_root(key)).roles.items() for k in keys}
    lines += outcomes_text(cell.outcomes, roles)
    if cell.sampled is not None:
        dims = ", ".join(map(str, cell.sampled.dims))
        held = cell.sampled.failure or "all held"
        lines += _wrap(
            f"sampled: {cell.sampled.instances} random exact instances at d = {dims}: {held}"
        )
    lines += ["", *_kernel(key)]
    lines += ["", "Assumed, not checked by a solver (the kernel proof needs none of it):"]
    for name in assumed_by(key):
        lines += _wrap(f"  {name}: {ASSUMED[name]}", indent="    ")
    return "\n".join([*lines, ""])


def _kernel(key: str) -> list[str]:
    """What the proof kernel checked for this theorem, and where."""
    from trompe.proofs.kernel import coq_statement, kernel_evidence, kernel_gap

    evidence = kernel_evidence(key)
    if evidence is None:
        return _wrap(f"kernel: {kernel_gap(key)}")
    heading = (
        f"kernel: Coq {evidence.coq} proved this for every d, with nothing assumed but the axioms of its "
        f"real numbers ({evidence.where}, {evidence.date}; docs/kernel.md):"
    )
    statement = [
        part
        for line in coq_statement(key).splitlines()
        for part in wrapped(
            line, WIDTH, "  ", " " * 9, cuts_words=True, cuts_hyphens=True, keeps_spaces=True
        )
    ]
    return [*_wrap(heading), *(line.rstrip() for line in statement)]


def _root(key: str) -> str:
    """The theorem that a No is inherited from in the end, or the theorem itself."""
    from trompe.proofs import case

    inherits = case(key).inherits
    return key if inherits is None else _root(inherits)


def _formulas(row: str, dim: int, task: str) -> list[str]:
    from trompe.constructions import construction, exact_decoder, triple
    from trompe.constructions.catalogue import example
    from trompe.theory import show

    case = example(row, dim)
    lines = []
    made = construction(row)
    if made is not None:
        lines += [f"  {name}(z) = {formula}" for name, formula in made.formulas.items()]
        if "f" not in made.formulas:
            lines.append("  f = (1-eta) U + eta B,  g = (1-eta) W + eta B,  0 < eta < 1")
        lines.append("")
        t = triple(case.cls, case.v, case.x)
        pair = t.pair_for(TASKS[task]())
        which = "eps = 1/4, " if task == "approx" else ""
        more = {"constant": "L", "metric": "metric", "data": "data", "link": "link"}
        extra = "".join(
            f", {more[name]} = {_short(getattr(case.cls, name))}"
            for name in more
            if hasattr(case.cls, name)
        )
        lines += [
            f"An instance at d = {dim}{extra}:",
            f"  {case.v}",
            f"  query x = {show(case.x)}: every member with this visualization has "
            f"{t.envelope.lower} <= h(x) <= {t.envelope.upper}",
            f"  {which}eta = {pair.eta}: f(x) = {pair.f_x}, g(x) = {pair.g_x}",
        ]
    else:
        answer = exact_decoder(case.cls)(case.v, case.x)
        lines += [
            f"An instance at d = {dim}:",
            f"  {case.v}",
            f"  query x = {show(case.x)}: the decoder answers {answer}",
        ]
    return [part for line in lines for part in _wrap(line, indent="    ")]


def _short(value: Any) -> str:
    inputs = getattr(value, "inputs", None)
    if inputs is None:
        return str(value)
    from trompe.theory import show

    return ", ".join(f"{show(s)} -> {y}" for s, y in zip(inputs, value.labels, strict=True))


def outcomes_text(outcomes: Iterable[Outcome], roles: dict[str, str] | None = None) -> list[str]:
    """One line an obligation: verdict, dimension, solver times, key; the sentence below it."""
    lines = [f"{'verdict':<9}{'d':<5}{'solvers':<30}obligation"]
    for o in outcomes:
        by = ", ".join(f"{a.solver} {1000 * a.seconds:.0f} ms" for a in o.answers) or "sympy"
        role = f" [{roles[o.family]}]" if roles and o.family in roles else ""
        dim = "all" if o.dim is None else str(o.dim)
        lines.append(f"{o.verdict:<9}{dim:<5}{by:<30}{o.key}{role}")
        says = f"{o.says}. {o.reason}{_point(o)}" if o.reason else o.says
        lines += wrapped(says, WIDTH, " " * 14, " " * 14, cuts_words=True, cuts_hyphens=True)
    return lines


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """One verdict as plain data."""
    return {
        "key": outcome.key,
        "says": outcome.says,
        "level": outcome.level,
        "dim": "all" if outcome.dim is None else outcome.dim,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "point": dict(outcome.point),
        "solvers": {
            a.solver: {"result": a.result, "seconds": round(a.seconds, 6), "resources": a.resources}
            for a in outcome.answers
        },
        "twins": [{"solver": a.solver, "result": a.result} for a in outcome.twins],
    }
