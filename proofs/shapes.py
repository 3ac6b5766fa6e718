"""The shape of what a file says: objects with exactly some names, points written as lists of numbers."""

from __future__ import annotations

from typing import Any

from trompe.constructions.expression_forms import rational, short
from trompe.theory import InvalidInput, Point


def texts(values: Point) -> list[str]:
    """A point as a list of exact numbers."""
    return [str(value) for value in values]


def fields(data: Any, names: tuple[str, ...], where: str) -> dict[str, Any]:
    """An object with exactly these names.

    Raises
    ------
    InvalidInput : it is none, or a name is missing or unknown; `where` names the place.
    """
    if not isinstance(data, dict):
        raise InvalidInput(f"{where}: expected an object with {', '.join(names)}")
    missing = [name for name in names if name not in data]
    unknown = [name for name in data if name not in names]
    if missing:
        raise InvalidInput(f"{where}: the field {missing[0]} is missing")
    if unknown:
        raise InvalidInput(
            f"{where}: unknown field {short(unknown[0])}; known: {', '.join(names) or 'none'}"
        )
    return data


def point(data: Any, where: str, dim: int) -> Point:
    """d exact numbers in [0, 1].

    Raises
    ------
    InvalidInput : anything else; `where` names the place.
    """
    if not isinstance(data, list) or len(data) != dim:
        count = f"{len(data)} entries" if isinstance(data, list) else short(data)
        raise InvalidInput(f"{where}: {count}; expected a list of d = {dim} numbers")
    found = tuple(rational(value, f"{where}[{i}]") for i, value in enumerate(data))
    for i, value in enumerate(found):
        if not 0 <= value <= 1:
            raise InvalidInput(f"{where}[{i}]: {short(value)} lies outside [0, 1]")
    return found
