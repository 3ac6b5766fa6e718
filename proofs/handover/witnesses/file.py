"""Witness files: written so that the same witness gives the same bytes, read without trusting them.

A file is JSON. It is parsed, never executed. Size, depth and the length of numbers are limited
before anything is built from it, and each field is checked for its shape.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from trompe.constructions.expression_forms import JSON, from_data, rational, short, write
from trompe.ground.reading import Unreadable, json_data
from trompe.proofs.handover.witnesses.data import Witness, check_row
from trompe.proofs.rows import CHECKS
from trompe.proofs.shapes import fields, point, texts
from trompe.theory import (
    TASKS,
    Approx,
    InvalidInput,
    Task,
    UnknownKey,
    Visualization,
    theorem,
)

FORMAT, VERSION = "trompe witness", 1
MAX_BYTES = 8 * 2**20
"""The largest file that is read."""
MAX_DIM = 100_000
"""The largest number of inputs in a file."""

_FIELDS = (
    "format",
    "version",
    "key",
    "statement",
    "dim",
    "parameters",
    "visualization",
    "query",
    "refutes",
    "values",
    "definitions",
    "f",
    "g",
)
_AMOUNTS = {"exact": ("gap",), "approx": ("half_gap",), "side": ("above_mid", "below_mid")}


# -- writing ------------------------------------------------------------------------------------------


def visualization_json(v: Visualization) -> dict[str, Any]:
    """What is shown, as files of witnesses and of refutations have it."""
    return {
        "argmin": texts(v.argmin),
        "argmax": texts(v.argmax),
        "minimum": str(v.minimum),
        "maximum": str(v.maximum),
    }


def to_json(witness: Witness) -> str:
    """The file's text, one field or definition a line; the same witness gives the same bytes.

    Raises
    ------
    InvalidInput : it would be larger than MAX_BYTES, which `parse` does not read.
    """
    written = write([witness.f, witness.g], JSON)
    v = witness.v
    refutes: dict[str, Any] = {"task": witness.task.key}
    if isinstance(witness.task, Approx):
        refutes["eps"] = str(witness.task.eps)
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "key": witness.key,
        "statement": witness.statement,
        "dim": witness.dim,
        "parameters": CHECKS[witness.cls.key].write_parameters(witness.cls),
        "visualization": visualization_json(v),
        "query": texts(witness.x),
        "refutes": refutes | {name: str(value) for name, value in witness.amount},
        "values": {"f": str(witness.f_x), "g": str(witness.g_x)},
        "definitions": written.definitions,
        "f": written.values[0],
        "g": written.values[1],
    }
    lines = []
    for name, value in content.items():
        if name == "definitions" and value:
            inside = ",\n".join(f'  "{key}": {json.dumps(part)}' for key, part in value.items())
            lines.append(f'"definitions": {{\n{inside}\n }}')
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value)}")
    text = "{\n " + ",\n ".join(lines) + "\n}\n"
    if len(text) > MAX_BYTES:
        raise InvalidInput(
            f"{witness.key}: the file would have {len(text) // 2**20 + 1} MiB; at most {MAX_BYTES // 2**20} are "
            "read, use fewer inputs or less data"
        )
    return text


# -- reading ------------------------------------------------------------------------------------------


def parse(text: str | bytes) -> Witness:
    """The witness that a file's content claims; nothing of it is checked but its shape.

    Raises
    ------
    InvalidInput : not such a file, or beyond a limit; the message names the place.
    """
    try:
        return from_json(
            json_data(text.encode(errors="replace") if isinstance(text, str) else text, MAX_BYTES)
        )
    except Unreadable as error:
        raise InvalidInput(f"the file: {error}") from None


def from_json(data: Any) -> Witness:
    """As `parse`, of what JSON holds."""
    if not isinstance(data, dict):
        raise InvalidInput(f"the file holds a {type(data).__name__}; expected an object")
    _check_version(data)
    fields(data, _FIELDS, "the file")
    key = _text(data["key"], "key", 100)
    try:
        check_row(key)
    except UnknownKey as error:
        raise InvalidInput(f"key: {error}") from None
    dim = data["dim"]
    if type(dim) is not int or not 1 <= dim <= MAX_DIM:
        raise InvalidInput(f"dim: expected an integer from 1 to {MAX_DIM}")
    shown = fields(
        data["visualization"], ("argmin", "argmax", "minimum", "maximum"), "visualization"
    )
    v = Visualization(
        point(shown["argmin"], "visualization.argmin", dim),
        point(shown["argmax"], "visualization.argmax", dim),
        rational(shown["minimum"], "visualization.minimum"),
        rational(shown["maximum"], "visualization.maximum"),
    )
    task, amount = _refuted(data["refutes"], key)
    values = fields(data["values"], ("f", "g"), "values")
    definitions = data["definitions"]
    if not isinstance(definitions, dict):
        raise InvalidInput("definitions: expected an object of names and expressions")
    read = from_data(dim, definitions, {"f": data["f"], "g": data["g"]})
    return Witness(
        key=key,
        statement=_text(data["statement"], "statement", 64),
        cls=CHECKS[theorem(key).row].read_class(data["parameters"], dim),
        task=task,
        v=v,
        x=point(data["query"], "query", dim),
        f=read["f"],
        g=read["g"],
        f_x=rational(values["f"], "values.f"),
        g_x=rational(values["g"], "values.g"),
        amount=amount,
    )


def _check_version(data: dict[str, Any]) -> None:
    if data.get("format") != FORMAT:
        raise InvalidInput(f'format: expected "{FORMAT}"; this is no witness file')
    if data.get("version") != VERSION or type(data["version"]) is not int:
        raise InvalidInput(
            f"version: {short(data.get('version'))}; this trompe reads version {VERSION}"
        )


def _text(value: Any, where: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidInput(f"{where}: expected a string of at most {longest} characters")
    return value


def _refuted(data: Any, key: str) -> tuple[Task, tuple[tuple[str, Fraction], ...]]:
    task = theorem(key).task
    names = ("task", *(("eps",) if task == "approx" else ()), *_AMOUNTS[task])
    if isinstance(data, dict) and data.get("task") != task:
        raise InvalidInput(
            f"refutes.task: {short(data.get('task'))}; the key {key} is about the task {task}"
        )
    said = fields(data, names, "refutes")
    amount = tuple((name, rational(said[name], f"refutes.{name}")) for name in _AMOUNTS[task])
    if task == "approx":
        return Approx(rational(said["eps"], "refutes.eps")), amount
    return TASKS[task](), amount
