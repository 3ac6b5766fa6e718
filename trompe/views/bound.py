"""What follows at each query, as text, JSON and CSV."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from trompe.ground.text import wrapped
from trompe.theory import Visualization
from trompe.theory.bounding import Bound, Bounds
from trompe.theory.exact import show
from trompe.theory.limits import Limits
from trompe.theory.reasons import members, number, one, unit_of
from trompe.views.layout import csv_text

_WORDS = {1: "yes", 0: "no", -1: "undecided"}
_DECIDABLE = {True: "yes", False: "no", None: "undecided"}
_TASKS = ("exact", "approx", "side")


def _text(bounds: Bounds) -> str:
    return _one(bounds[0], bounds) if len(bounds) == 1 else _many(bounds)


def _one(found: Bound, bounds: Bounds) -> str:
    lower, upper = number(found.interval.lower), number(found.interval.upper)
    prediction = number(found.prediction)
    within = f", each within {found.tolerance:.1e}" if found.tolerance else ""
    said = {
        "Query": _point(found.x),
        "Interval": f"from {lower} to {upper}{within}",
        "Prediction": f"{prediction}, the centre: no other answer has a smaller worst error",
        "Radius": _radius(found, bounds),
    }
    lines = _head(bounds)
    for name, words in said.items():
        lines += wrapped(f"{name + ':':<12}{words}", then=" " * 12, cuts_words=True)
    for key in _TASKS:
        verdict = found[key]
        name = f"approx (eps = {bounds.eps})" if key == "approx" else key
        answer = f", {_cell(verdict.answer)}" if verdict.answer is not None else ""
        lines.append(f"{name}: {_DECIDABLE[verdict.decidable]}{answer}")
        lines += wrapped(f"{verdict.reason}.", first="    ", then="    ", cuts_words=True)
    return "\n".join(lines)


def _radius(found: Bound, bounds: Bounds) -> str:
    if found.radius == math.inf:
        return f"{number(found.interval.diameter / 2)}, that worst error; the values shown at the two points are equal"
    unit, meaning = unit_of(bounds.visualization, bounds.limits)
    return f"{number(found.radius)} {unit}, that worst error{meaning}"


def _members(bounds: Bounds) -> str:
    return members(bounds.function_class, bounds.exemplars, bounds.visualization, bounds.limits)


def _head(bounds: Bounds) -> list[str]:
    shown = f": {_shown(bounds.visualization)}" if bounds.limits is None else ""
    return wrapped(f"Assumed and shown: {one(_members(bounds))}{shown}", cuts_words=True)


def _many(bounds: Bounds) -> str:
    counts = []
    for key in _TASKS:
        codes = bounds.decidable[key]
        open_ = int((codes == -1).sum())
        undecided = (
            f" ({open_} undecided by floating point; give exact numbers there)" if open_ else ""
        )
        counts.append(f"{key} {int((codes == 1).sum())}{undecided}")
    rows = list(_rows(bounds))
    for row in rows:
        if row["side"] == "yes" and row["side_answer"]:
            row["side"] = row["side_answer"]
    names = ("query", "lower", "upper", "prediction", "radius", *_TASKS)
    columns = [[name, *(row[name] for row in rows)] for name in names]
    widths = [max(map(len, column)) for column in columns]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in zip(*columns, strict=True)
    ]
    error = max(map(float, bounds.tolerance), default=0.0)
    notes = (
        "Every such unit's value lies between lower and upper; every value strictly between them is the value of "
        "such a unit." + f" Each number is within {error:.1e}." * bool(error),
        f"Is one answer right for all such units? yes at: {', '.join(counts)}, of {len(bounds)} queries; "
        f"eps = {bounds.eps}",
    )
    told = [line for note in notes for line in wrapped(note, cuts_words=True)]
    return "\n".join([*_head(bounds), *told, "", *table])


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


_NUMBERS = ("lower", "upper", "prediction", "radius", "tolerance")


def _rows(bounds: Bounds) -> Iterator[dict[str, str]]:
    """The lines of the table and of the CSV file, as text; floats with all their digits."""
    numbers = [getattr(bounds, name) for name in _NUMBERS]
    for i, values in enumerate(zip(*numbers, strict=True)):
        row = {"query": str(i)}
        row |= {name: _digits(value) for name, value in zip(_NUMBERS, values, strict=True)}
        row |= {key: _WORDS[int(bounds.decidable[key][i])] for key in _TASKS}
        yield {**row, "side_answer": str(bounds.side[i])}


def _digits(value: Any) -> str:
    """All digits of a number; of an exact one that is too long for Python to write, 17 with a ~."""
    if isinstance(value, Fraction) and max(map(int.bit_length, value.as_integer_ratio())) > 12_000:
        return f"~{float(value)!r}"
    is_exact = isinstance(value, Fraction) or hasattr(value, "free_symbols")
    return str(value) if is_exact else repr(float(value))


def _promise(limits: Limits | None) -> dict[str, str | None]:
    """What is promised of values besides those shown, by column; tau is None where lo and hi were given."""
    if limits is None:
        return {}
    tau = None if limits.tolerance is None else _digits(limits.tolerance)
    ends = {"lo": limits.lower, "hi": limits.upper, "noise": limits.noise}
    return {**{name: _digits(value) for name, value in ends.items()}, "tau": tau}


def _csv(bounds: Bounds) -> str:
    promise = _promise(bounds.limits)
    header = ("query", *_NUMBERS, *_TASKS, "side_answer", *promise)
    ends = [value or "" for value in promise.values()]
    return csv_text(header, ([*row.values(), *ends] for row in _rows(bounds)))


def _number_json(value: Any) -> Any:
    """Exact numbers as text, floats as numbers."""
    if value is None or isinstance(value, (str, float)):
        return None if value == math.inf else value
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
    head: dict[str, Any] = {
        "class": cls.key,
        "units": f"every {_members(bounds)}",
        "dim": v.dim,
        "minimum": str(v.minimum),
        "maximum": str(v.maximum),
        "eps": str(bounds.eps),
        "exemplars": bounds.exemplars,
    }
    if (limits := bounds.limits) is not None:
        head |= {
            "limits": [str(limits.lower), str(limits.upper)],
            "noise": str(limits.noise),
            "tau": _promise(limits)["tau"],
            "sharp": True,
        }
    return json.dumps({**head, "queries": queries}, indent=2, ensure_ascii=False)


FORMATS = {"text": _text, "json": _json, "csv": _csv}
"""Bounds as text."""
