"""The reference of the Python interface, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from atlas import TEMPLATES

import trompe

MODULES = {"trompe": trompe.__all__, "trompe.strategies": None}
"""Modules whose public names are documented; None stands for their `__all__`."""


def entries(module: str) -> list[dict[str, Any]]:
    """Every public name of a module: its kind, its signature and its docstring, with a class's own methods."""
    home = __import__(module, fromlist=["_"])
    names = MODULES[module] or home.__all__
    return [
        _entry(f"{module}.{name}", getattr(home, name)) for name in sorted(names, key=str.lower)
    ]


def _entry(name: str, value: Any) -> dict[str, Any]:
    members = []
    if inspect.isclass(value):
        kind, signature = "class", _signature(value)
        members = [
            _entry(f"{name}.{key}", getattr(value, key))
            for key, member in vars(value).items()
            if not key.startswith("_")
            and (inspect.isroutine(member) or isinstance(member, property))
        ]
    elif callable(value):
        kind, signature = "function", _signature(value)
    elif isinstance(value, property):
        kind, signature = "property", ""
    else:
        kind, signature = "data", ""
    plain = kind == "data"  # what has no docstring of its own shows that of its type
    text = "" if plain else inspect.getdoc(value) or ""
    return {"name": name, "kind": kind, "signature": signature, "text": text, "members": members}


class _Said(str):
    """An annotation that is written without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _signature(value: Any) -> str:
    """As in the source; a default without a text of its own is named by its class, not by its place in memory."""
    try:
        given = inspect.signature(value)
    except ValueError:
        return "()"
    taken = [p.replace(annotation=_said(p.annotation)) for p in given.parameters.values()]
    text = str(given.replace(parameters=taken, return_annotation=_said(given.return_annotation)))
    text = re.sub(r"<(?:\w+\.)*(\w+) object at 0x[0-9a-f]+>", r"\1", text)
    return text if len(text) <= 72 else _broken(text)


def _said(annotation: Any) -> Any:
    text = getattr(annotation, "__forward_arg__", annotation)
    return _Said(text.strip("'")) if isinstance(text, str) else text


def _broken(signature: str) -> str:
    """A parameter a line."""
    depth, found = 0, ""
    for i, sign in enumerate(signature):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return f"{found}\n{signature[i:]}"
        found += {(1, "("): "(\n    ", (1, ","): ",\n   "}.get((depth, sign), sign)
    return found


def write(source: Path) -> None:
    """Write one page a module."""
    for module in MODULES:
        place = source / "interface" / f"{module}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = TEMPLATES.get_template("interface.md.j2").render(
            module=module, about=_first_line(module), entries=entries(module)
        )
        place.write_text(text, encoding="utf-8")


def _first_line(module: str) -> str:
    return (__import__(module, fromlist=["_"]).__doc__ or "").strip().split("\n")[0]
