"""The interactive figures: the formulas of a row as programs that a browser runs."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from trompe.constructions.catalogue import construction, example, row_of
from trompe.constructions.programs import program
from trompe.ground.errors import InvalidInput
from trompe.theory import TASKS, Dataset, Point, row_class, show
from trompe.theory.exact import written

GRID = 16
"""Steps a side on which points are moved, as in static/figure.js."""
DIMS = (1, 2)


def dims(row: str) -> list[int]:
    """The numbers of inputs at which the row has a figure: of 1 and 2 those that it is about and a program computes."""
    return [d for d in DIMS if _figure(row, d) is not None]


@cache
def _figure(row: str, dim: int) -> dict[str, Any] | None:
    try:
        found = program(row, dim).as_json()
    except InvalidInput:
        return None
    return {"program": found, "example": _example(row, dim)}


def _example(row: str, dim: int) -> dict[str, Any]:
    """Where the figure begins, and what is said of it."""
    of, v, x = example(row, dim)
    cls: Any = row_of(row).recordable(of)
    low, high = v.minimum, v.maximum
    if "link" in cls.parameters():
        low, high = Fraction(-1, 4), Fraction(3, 4)  # leaky ReLU bends at 0
    found = {
        "a": _steps(v.argmin),
        "b": _steps(v.argmax),
        "x": _steps(x),
        "m": written(low),
        "M": written(high),
        "only": construction(row) is None,
        "asks": {key: f"{key}, {_asks(key)}" for key in TASKS},
        "more": "",
    }
    if "constant" in cls.parameters():
        found |= {"L": written(cls.constant), "metric": cls.metric}
    data = getattr(cls, "data", Dataset())
    if data.inputs:
        points = zip(data.inputs, data.labels, strict=True)
        says = ", ".join(f"{show(s)} with label {written(y)}" for s, y in points)
        found["more"] = f"Training data: {says}."
    if "link" in cls.parameters():
        found["more"] = f"The link is {cls.function.words}."
    return found


def _asks(key: str) -> str:
    task = TASKS[key]()
    return f"{task.question}, eps = {written(task.eps)}" if task.eps else task.question


def _steps(point: Point) -> list[int]:
    steps = [coordinate * GRID for coordinate in point]
    if any(step.denominator != 1 for step in steps):
        raise InvalidInput(
            f"{show(point)} is no multiple of 1/{GRID}; the figure cannot start there"
        )
    return [int(step) for step in steps]


def write(folder: Path, row: str) -> list[int]:
    """Write the programs of a row as scripts, which a page that was opened from a folder may load; the numbers of inputs."""
    row_class(row)
    folder.mkdir(parents=True, exist_ok=True)
    for d in (found := dims(row)):
        content = json.dumps(_figure(row, d), separators=(",", ":"))
        text = f'(globalThis.trompeFigures ??= {{}})["{row}/{d}"] = {content};\n'
        (folder / f"figure-{d}.js").write_text(text, encoding="utf-8")
    return found
