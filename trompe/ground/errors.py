"""What can be wrong with a question: one clear line each, with the item, the value and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


_SHOWN = 16
"""Of more names only so many are shown."""


def brief(value: object) -> str:
    """What somebody has given, as a message repeats it: at most 60 characters."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class TrompeError(Exception):
    """Base of every error that trompe raises on purpose. The command line prints it and exits with 2."""


class InvalidInput(TrompeError, ValueError):
    """A number, point, visualization or parameter that the statement in question does not cover."""


class QueryShown(InvalidInput):
    """The query is a point whose value the visualization (or the training data) already tells."""


class MissingDependency(TrompeError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class UnknownKey(TrompeError, KeyError):
    """No row, task, theorem or obligation has this key; the message names the nearest ones."""

    def __init__(self, kind: str, key: object, known: Iterable[str]) -> None:
        names, said = sorted({*known}), brief(key)
        near = difflib.get_close_matches(said, names, n=3, cutoff=0.4)
        shown = ", ".join(names[:_SHOWN])
        more = f", ... ({len(names)} in all)" if len(names) > _SHOWN else ""
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {shown}{more}"
        super().__init__(f"unknown {kind} {said!r}; {hint}")

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


def at_least_one(what: str, given: Iterable[T], advice: str) -> tuple[T, ...]:
    """What is given, as a tuple: whatever is claimed holds of nothing, so that nothing is no question.

    Raises
    ------
    InvalidInput : nothing is given.
    """
    found = tuple(given)
    if not found:
        raise InvalidInput(f"{what}: none is given; {advice}")
    return found
