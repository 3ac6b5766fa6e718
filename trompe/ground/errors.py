"""What can be wrong with a question: one clear line each, with the item, the value and what to do."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

T = TypeVar("T")


_SHOWN = 16
"""Of more names only so many are shown."""


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 64
_SHORT.maxlist = _SHORT.maxtuple = 12

LONGEST = 1000
"""Characters of a message."""


def brief(value: object) -> str:
    """What somebody has given, as a message repeats it: at most 60 characters, and never an error."""
    text = plain(value)
    return _cut(spelled(value, str) if text is None else text)


def plain(value: object) -> str | None:
    """A text as exactly `str`, whatever a subclass says it equals; None for anything else."""
    return str.__str__(value) if issubclass(type(value), str) else None


def spelled(value: object, write: Callable[[object], str] = _SHORT.repr) -> str:
    """`repr` for a message: one line of at most 60 characters, and never an error."""
    try:
        return _cut(" ".join(write(value).split()))
    except Exception:
        return f"a {type(value).__name__} that cannot be written out"


def one_line(value: object, longest: int = 200) -> str:
    """What `str` makes of it, as one line of printable characters, cut short; never an error."""
    try:
        text = " ".join(str(value).split())
    except Exception:
        text = ""
    text = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


class TrompeError(Exception):
    """Base of every error that trompe raises on purpose. The command line prints it and exits with 2."""

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(message, LONGEST))


class InvalidInput(TrompeError, ValueError):
    """A number, point, visualization or parameter that the statement in question does not cover."""


class QueryShown(InvalidInput):
    """The query is a point whose value the visualization (or the training data) already tells."""


class MissingDependency(TrompeError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class UnknownKey(TrompeError, KeyError):
    """No row, task, theorem or obligation has this key; the message names the nearest ones, and perhaps why it has none."""

    def __init__(self, kind: str, key: object, known: Iterable[str], why: str = "") -> None:
        names, said = sorted({*known}), brief(key)
        near = difflib.get_close_matches(said, names, n=3, cutoff=0.4)
        shown = ", ".join(names[:_SHOWN])
        more = f", ... ({len(names)} in all)" if len(names) > _SHOWN else ""
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {shown}{more}"
        super().__init__(f"unknown {kind} {said!r}{': ' * bool(why)}{why}; {hint}")

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


@overload
def known(kind: str, key: object, table: Mapping[str, T]) -> T: ...
@overload
def known(kind: str, key: object, table: tuple[str, ...]) -> str: ...
def known(kind: str, key: object, table: Any) -> Any:
    """What the table has under the key; the key itself where the table is only names.

    Raises
    ------
    UnknownKey : it has nothing there.
    """
    text = plain(key)
    if text is None or text not in table:
        raise UnknownKey(kind, key, table)
    return table[text] if isinstance(table, Mapping) else text
