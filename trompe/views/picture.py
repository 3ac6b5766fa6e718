"""What every picture has: a file in one of three formats, matplotlib without a display, and the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trompe.ground.files import Destination
from trompe.theory import InvalidInput, MissingDependency

SUFFIXES = (".png", ".pdf", ".svg")
INK = "#222222"


def picture_file(output: Path) -> Destination:
    """Where a picture goes; InvalidInput unless the name ends in .png, .pdf or .svg."""
    if output.suffix.lower() not in SUFFIXES:
        raise InvalidInput(f"output {output}: expected a name that ends in .png, .pdf or .svg")
    return Destination(output)


@contextmanager
def pyplot() -> Iterator[Any]:
    """matplotlib's pyplot without a display, with the settings of every picture here."""
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingDependency(
            "matplotlib is not installed; it comes with: pip install 'trompe[plot]'"
        ) from error
    fixed: Any = {"svg.hashsalt": "trompe", "font.size": 10}
    with plt.rc_context(fixed):
        yield plt


def save(plt: Any, figure: Any, output: Destination) -> None:
    """Write the figure in one step, the same bytes each time, and close it."""
    form = output.path.suffix.lower()[1:]
    metadata: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(form, {})
    content = io.BytesIO()
    figure.savefig(content, format=form, dpi=160, metadata=metadata)
    plt.close(figure)
    output.write(content.getvalue())
