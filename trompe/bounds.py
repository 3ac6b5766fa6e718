"""What `trompe bound` and `trompe budget` print: text, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from typing import Any

from trompe.ground.text import wrapped
from trompe.theory import Visualization
from trompe.theory.bounding import Bound, Bounds
from trompe.theory.exact import show
from trompe.theory.exemplar_budget import Budget
from trompe.theory.reasons import members, number

__all__ = ["BUDGET_FORMATS", "FORMATS", "budget_json", "budget_text"]

_WORDS = {1: "yes", 0: "no", -1: "undecided"}
_DECIDABLE = {True: "yes", False: "no", None: "undecided"}
_TASKS = ("exact", "approx", "side")


def _wrapped(line: str, indent: str = "", hang: str = "") -> str:
    """The line in lines of at most 100 characters; all but the first are indented by `hang` more."""
    return "\n".join(wrapped(line, first=indent, then=indent + hang, cuts_words=True))


def _text(bounds: Bounds) -> str:
    return _one(bounds[0], bounds) if len(bounds) == 1 else _many(bounds)


def _one(found: Bound, bounds: Bounds) -> str:
    cls, v = bounds.function_class, bounds.visualization
    lower, upper = number(found.interval.lower), number(found.interval.upper)
    prediction = number(found.prediction)
    within = f", each within {found.tolerance:.1e}" if found.tolerance else ""
    lines = [
        _wrapped(f"Assumed and shown: a {members(cls, bounds.exemplars)}: {_shown(v)}"),
        *(
            _wrapped(f"{name + ':':<12}{words}", hang=" " * 12)
            for name, words in (
                ("Query", _point(found.x)),
                ("Interval", f"from {lower} to {upper}{within}"),
                (
                    "Prediction",
                    f"{prediction}, the centre: no other answer has a smaller worst error",
                ),
                ("Radius", f"{number(found.radius)} (M - m), that worst error"),
            )
        ),
    ]
    for key in _TASKS:
        verdict = found[key]
        name = f"approx (eps = {bounds.eps})" if key == "approx" else key
        answer = f", {_cell(verdict.answer)}" if verdict.answer is not None else ""
        lines.append(f"{name}: {_DECIDABLE[verdict.decidable]}{answer}")
        lines.append(_wrapped(f"{verdict.reason}.", "    "))
    return "\n".join(lines)


def _many(bounds: Bounds) -> str:
    cls = bounds.function_class
    counts = []
    for key in _TASKS:
        codes = bounds.decidable[key]
        open_ = int((codes == -1).sum())
        undecided = (
            f" ({open_} undecided by floating point; give exact numbers there)" if open_ else ""
        )
        counts.append(f"{key} {int((codes == 1).sum())}{undecided}")
    rows = [_row(bounds, i) for i in range(len(bounds))]
    names = ("query", "lower", "upper", "prediction", "radius", "exact", "approx", "side")
    columns = [[name, *(row[name] for row in rows)] for name in names]
    widths = [max(map(len, column)) for column in columns]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in zip(*columns, strict=True)
    ]
    head = [
        f"Assumed and shown: a {members(cls, bounds.exemplars)}: {_shown(bounds.visualization)}",
        "Every such unit's value lies between lower and upper; every value strictly between them is the value of "
        "such a unit.",
        f"Is one answer right for all such units? yes at: {', '.join(counts)}, of {len(bounds)} queries; "
        f"eps = {bounds.eps}",
    ]
    return "\n".join([*map(_wrapped, head), "", *table])


def _shown(v: Visualization) -> str:
    if v.dim > 8:
        return f"d = {v.dim}, values in [{number(v.minimum)}, {number(v.maximum)}]"
    return str(v)


def _point(x: Any) -> str:
    if len(x) > 8:
        return f"a point with d = {len(x)}"
    return show(x) if isinstance(x, tuple) else f"({', '.join(f'{float(xi):.12g}' for xi in x)})"


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else number(value)


def _row(bounds: Bounds, i: int) -> dict[str, str]:
    """One line of the table or of the CSV file, as text; floats with all their digits."""
    lower, upper = bounds.lower[i], bounds.upper[i]
    row = {"query": str(i)}
    found = {
        "lower": lower,
        "upper": upper,
        "prediction": lower / 2 + upper / 2,
        "radius": _radius(bounds, lower, upper),
        "tolerance": bounds.tolerance[i],
    }
    row |= {name: _digits(value) for name, value in found.items()}
    for key in _TASKS:
        row[key] = _WORDS[int(bounds.decidable[key][i])]
    row["side_answer"] = str(bounds.side[i])
    if row["side"] == "yes" and row["side_answer"]:
        row["side"] = row["side_answer"]
    return row


def _radius(bounds: Bounds, lower: Any, upper: Any) -> Any:
    R = bounds.visualization.range
    if not R:
        return lower * 0
    return (upper - lower) / (2 * (R if bounds.lower.dtype == object else float(R)))


def _digits(value: Any) -> str:
    """All digits of a number; of an exact one that is too long for Python to write, 17 with a ~."""
    if isinstance(value, Fraction) and max(map(int.bit_length, value.as_integer_ratio())) > 12_000:
        return f"~{float(value)!r}"
    is_exact = isinstance(value, Fraction) or hasattr(value, "free_symbols")
    return str(value) if is_exact else repr(float(value))


def _csv(bounds: Bounds) -> str:
    stream = io.StringIO()
    names = ("query", "lower", "upper", "prediction", "radius", "tolerance", *_TASKS, "side_answer")
    writer = csv.DictWriter(stream, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for i in range(len(bounds)):
        row = _row(bounds, i)
        row["side"] = _WORDS[int(bounds.decidable["side"][i])]
        writer.writerow(row)
    return stream.getvalue()


def _number_json(value: Any) -> Any:
    """Exact numbers as text, floats as numbers."""
    if value is None or isinstance(value, (str, float)):
        return value
    return _digits(value)


def _json(bounds: Bounds) -> str:
    v, cls = bounds.visualization, bounds.function_class
    queries = []
    for i, found in enumerate(bounds):
        queries.append(
            {
                "query": i,
                "lower": _number_json(found.interval.lower),
                "upper": _number_json(found.interval.upper),
                "prediction": _number_json(found.prediction),
                "radius": _number_json(found.radius),
                "tolerance": _number_json(found.tolerance),
                "tasks": {
                    key: {
                        "decidable": found[key].decidable,
                        "answer": _number_json(found[key].answer),
                        "reason": found[key].reason,
                    }
                    for key in _TASKS
                },
            }
        )
    head = {
        "class": cls.key,
        "units": f"every {members(cls, bounds.exemplars)}",
        "dim": v.dim,
        "minimum": str(v.minimum),
        "maximum": str(v.maximum),
        "eps": str(bounds.eps),
        "exemplars": bounds.exemplars,
    }
    return json.dumps({**head, "queries": queries}, indent=2, ensure_ascii=False)


FORMATS = {"text": _text, "json": _json, "csv": _csv}
"""Bounds as text."""


def budget_text(found: Budget) -> str:
    """The bound, then its argument."""
    if found.at_least is None:
        count = f"at least 10^{found.log10_at_least:.4f}"
    elif found.at_least == 0:
        count = "no bound: volumes alone ask for none"
    else:
        digits = str(found.at_least)
        count = f"at least {digits if len(digits) <= 20 else f'10^{found.log10_at_least:.4f}'}"
    return f"Exemplars besides the two extremes: {count}\n\n{_wrapped(found.argument)}"


def budget_json(found: Budget) -> str:
    """Counts beyond 2^53 as text, so that no reader rounds them; null where only the logarithm is known."""
    count = found.at_least
    log = None if count == 0 else found.log10_at_least
    shown = str(count) if count is not None and count >= 2**53 else count
    return json.dumps(
        {"task": found.task, "at_least": shown, "log10_at_least": log, "argument": found.argument},
        indent=2,
        ensure_ascii=False,
    )


BUDGET_FORMATS = {"text": budget_text, "json": budget_json}
"""A budget as text."""
