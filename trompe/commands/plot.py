"""`trompe plot`: a picture of a theorem, or of the sharp table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import number


def plot(
    key: Annotated[
        str,
        typer.Argument(
            help="A theorem, for example convex/approx; or: sharp, the sharp table; levels, the labels by what is shown."
        ),
    ],
    output: Annotated[Path, typer.Option(help="A .png, .pdf or .svg file.")],
    dim: Annotated[
        int | None,
        number(
            "1 or 2. [default: 1, or 2 for affine and neuron]; for sharp: d of the panel against eps."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="For sharp: share, regions or tolerance. [default: share]")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="For sharp: only this row; repeat for more. [default: all]"),
    ] = None,
) -> int:
    """Draw f and g, their shared extremes, the query, the gap and the envelope; or the sharp table."""
    from trompe.theory import CLASSES, InvalidInput, UnknownKey, row_class, theorem

    if key == "sharp":
        from trompe.views.picture import picture_file
        from trompe.views.sharp_plot import DRAWINGS

        if kind is not None and kind not in DRAWINGS:
            raise UnknownKey("kind", kind, DRAWINGS)
        for name in classes or ():
            if name not in CLASSES:
                raise UnknownKey("row", name, CLASSES)
        draw_sharp = DRAWINGS[kind or "share"]
        draw_sharp(classes or list(CLASSES), 2 if dim is None else dim, picture_file(output))
        return 0
    if key == "levels" and not (kind or classes or dim):
        return _levels(output)
    if kind or classes:
        raise InvalidInput(f"--{'kind' if kind else 'class'} is an option of `trompe plot sharp`")
    if key == "levels":
        raise InvalidInput("--dim: the labels by what is shown are about every d; leave it out")
    from trompe.constructions.catalogue import demonstrate
    from trompe.views.pair_plot import draw
    from trompe.views.picture import picture_file

    row = row_class(theorem(key).row)
    dim = row.min_dim if dim is None else dim
    if dim not in (1, 2):
        raise InvalidInput(f"--dim {dim}: a picture shows d = 1 or d = 2")
    place = picture_file(output)
    draw(key, demonstrate(key, dim), place)
    return 0


def _levels(output: Path) -> int:
    """The labels of a run of all checks; exit status 1 where a cell is not proved."""
    from trompe.commands.reporting import progress_bar
    from trompe.proofs import verify_table
    from trompe.theory.levels import LEVELS
    from trompe.views.levels import draw
    from trompe.views.picture import picture_file

    place = picture_file(output)
    with progress_bar("checking") as progress:
        table = verify_table(levels=tuple(LEVELS), progress=progress)
    draw(table, place)
    return 0 if table.is_proved else 1
