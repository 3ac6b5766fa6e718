"""`trompe cite`: how to refer to a theorem."""

from __future__ import annotations

from typing import Annotated

import typer

from trompe.commands.shared import Output, destination, emit

__all__ = ["mount"]


def cite(
    key: Annotated[str, typer.Argument(help="A theorem, for example monotone/side.")],
    format: Annotated[str, typer.Option(help="text, bibtex or csl-json.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Cite a theorem: the paper for the claim, trompe for statement, construction and evidence."""
    from trompe.theory import UnknownKey

    formats = ("text", "bibtex", "csl-json")
    if format not in formats:
        raise UnknownKey("format", format, formats)
    place = destination(output)
    from trompe.citing import FORMATS, citation

    emit(FORMATS[format](citation(key)), place)
    return 0


def mount(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(cite)
