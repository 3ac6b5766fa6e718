"""Every row and theorem by its key: the paper's table and our further rows."""

from __future__ import annotations

from typing import Any

from trompe.ground.errors import InvalidInput, UnknownKey
from trompe.theory.catalogue import ROWS, THEOREMS, Row, Theorem
from trompe.theory.classes import CLASSES, FunctionClass
from trompe.theory.extended import EXTENDED, EXTENDED_ROWS, EXTENDED_THEOREMS

__all__ = ["function_class", "row_class", "statement_of", "theorem"]


def row_class(key: str) -> type[FunctionClass]:
    """The class of functions of the row called `key`, of the table or further."""
    kind = CLASSES.get(key) or EXTENDED.get(key)
    if kind is None:
        raise UnknownKey("row", key, (*CLASSES, *EXTENDED))
    return kind


def function_class(key: str, **parameters: Any) -> FunctionClass:
    """The class called `key`.

    `parameters` are `constant` and `metric` (lipschitz), `data` (erm), `link` and `slope` (neuron, neuron-1d).
    """
    kind = row_class(key)
    try:
        return kind(**parameters)
    except TypeError as error:
        raise InvalidInput(f"{key}: {error}") from None


def statement_of(row: str) -> Row:
    """How the statements of the row called `row` are quantified."""
    key = row_class(row).key
    return ROWS[key] if key in ROWS else EXTENDED_ROWS[key]


def theorem(key: str) -> Theorem:
    """The theorem called `key`, for example `monotone/side` or, of our further rows, `additive/side`."""
    found = THEOREMS.get(key) or EXTENDED_THEOREMS.get(key)
    if found is None:
        raise UnknownKey("theorem", key, (*THEOREMS, *EXTENDED_THEOREMS))
    return found
