"""Witness files: written so that the same witness gives the same bytes, read without trusting them.

A file is JSON. It is parsed, never executed. Size, depth and the length of numbers are limited
before anything is built from it, and each field is checked for its shape.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from trompe.constructions.expression_forms import (
    JSON,
    MAX_DIGITS,
    from_data,
    rational,
    short,
    write,
)
from trompe.ground.reading import Unreadable, json_data
from trompe.proofs.handover.witnesses.data import Witness, check_extremes, check_row
from trompe.proofs.rows import CHECKS
from trompe.proofs.shapes import fields, point, texts
from trompe.theory import (
    Approx,
    InvalidInput,
    Point,
    Task,
    UnknownKey,
    Visualization,
    theorem,
)
from trompe.theory.catalogue import task_of

FORMAT = "trompe witness"
SHARED, OWN = 1, 2
"""The versions of a file: one visualization of both functions, or one of each."""
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
_OF_F = "visualization_of_f"
"""The field that version 2 has besides."""
_AMOUNTS = {"exact": ("gap",), "approx": ("half_gap",), "side": ("above_mid", "below_mid")}


_TOO_LONG = re.compile(f'"[-0-9/]{{{MAX_DIGITS + 1},}}"')


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
    InvalidInput : it would be larger than MAX_BYTES, or hold a longer number than MAX_DIGITS, which `parse` does not read.
    """
    written = write([witness.f, witness.g], JSON)
    v = witness.v
    refutes: dict[str, Any] = {"task": witness.task.key}
    if isinstance(witness.task, Approx):
        refutes["eps"] = str(witness.task.eps)
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": SHARED if witness.of_f is None else OWN,
        "key": witness.key,
        "statement": witness.statement,
        "dim": witness.dim,
        "parameters": CHECKS[witness.cls.key].write_parameters(witness.cls),
        "visualization": visualization_json(v),
        **({} if witness.of_f is None else {_OF_F: visualization_json(witness.of_f)}),
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
    if _TOO_LONG.search(text):
        raise InvalidInput(
            f"{witness.key}: the file would hold a number of more than {MAX_DIGITS} characters, which is not read; give shorter "
            "numbers"
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
    is_own = _version(data) == OWN
    fields(data, (*_FIELDS, _OF_F) if is_own else _FIELDS, "the file")
    key = _text(data["key"], "key", 100)
    try:
        check_row(key)
    except UnknownKey as error:
        raise InvalidInput(f"key: {error}") from None
    dim = data["dim"]
    if type(dim) is not int or not 1 <= dim <= MAX_DIM:
        raise InvalidInput(f"dim: expected an integer from 1 to {MAX_DIM}")
    v = _visualization(data["visualization"], "visualization", dim)
    of_f = _visualization(data[_OF_F], _OF_F, dim) if is_own else None
    check_extremes(key, of_f)
    are_constant = of_f is not None and not (v.range or of_f.range)
    task, amount = _refuted(data["refutes"], key, are_constant)
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
        of_f=of_f,
    )


def _version(data: dict[str, Any]) -> int:
    if data.get("format") != FORMAT:
        raise InvalidInput(f'format: expected "{FORMAT}"; this is no witness file')
    found = data.get("version")
    if type(found) is not int or found not in (SHARED, OWN):
        raise InvalidInput(
            f"version: {short(found)}; this trompe reads versions {SHARED} and {OWN}"
        )
    return found


def _visualization(data: Any, where: str, dim: int) -> Visualization:
    said = fields(data, ("argmin", "argmax", "minimum", "maximum"), where)
    ends: list[Point] = [point(said[end], f"{where}.{end}", dim) for end in ("argmin", "argmax")]
    values = (rational(said[end], f"{where}.{end}") for end in ("minimum", "maximum"))
    return Visualization(*ends, *values)


def _text(value: Any, where: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidInput(f"{where}: expected a string of at most {longest} characters")
    return value


def _refuted(
    data: Any, key: str, are_constant: bool
) -> tuple[Task, tuple[tuple[str, Fraction], ...]]:
    task = theorem(key).task
    amounts = _AMOUNTS["exact"] if are_constant and task == "approx" else _AMOUNTS[task]
    names = ("task", *(("eps",) if task == "approx" else ()), *amounts)
    if isinstance(data, dict) and data.get("task") != task:
        raise InvalidInput(
            f"refutes.task: {short(data.get('task'))}; the key {key} is about the task {task}"
        )
    said = fields(data, names, "refutes")
    amount = tuple((name, rational(said[name], f"refutes.{name}")) for name in amounts)
    eps = rational(said["eps"], "refutes.eps") if task == "approx" else None
    return task_of(key, eps), amount
