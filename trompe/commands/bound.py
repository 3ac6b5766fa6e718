"""`trompe bound`: what follows from a visualization."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import (
    ARGMAX,
    ARGMIN,
    MAXIMUM,
    MINIMUM,
    Constant,
    Eps,
    Link,
    Metric,
    Output,
    TrainingData,
    UnitClass,
)
from trompe.commands.reading import (
    class_parameters,
    data_rows,
    known_dim,
    of_length,
    point,
    points_file,
    points_of,
    read_once,
    valued,
)
from trompe.commands.reporting import destination, emit, progress_bar, view_of
from trompe.ground.errors import brief


def bound(
    row: UnitClass,
    argmin: Annotated[str, ARGMIN],
    argmax: Annotated[str, ARGMAX],
    minimum: Annotated[str, MINIMUM],
    maximum: Annotated[str, MAXIMUM],
    query: Annotated[
        list[str] | None, typer.Option(help="A point to ask about, exact; repeat for more.")
    ] = None,
    points: Annotated[
        Path | None,
        typer.Option(
            help="Points to ask about: a .csv file, one exact point a line (- for standard input), or .npy of "
            "floats."
        ),
    ] = None,
    exemplar: Annotated[
        list[str] | None,
        typer.Option(
            help="A further shown point with its value, such as 1/2,0.5:0.7; repeat for more."
        ),
    ] = None,
    constant: Constant = None,
    metric: Metric = None,
    data: TrainingData = None,
    link: Link = None,
    eps: Eps = None,
    limits: Annotated[
        str | None,
        typer.Option(
            "--range",
            help="LO:HI, between which all values of the unit lie. The points of --argmin and --argmax need then "
            "not be its extremes; --min and --max are the values there, and --eps is any number above 0.",
        ),
    ] = None,
    tolerance: Annotated[
        str | None,
        typer.Option(
            help="Short for a --range that goes so far beyond --min and --max (and --noise)."
        ),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            help="Shown values may be off by so much; with --range or --tolerance. [default: 0]"
        ),
    ] = None,
    format: Annotated[str, typer.Option(help="text, json or csv.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """What every unit of a class does at a point, given what was shown: interval, prediction, verdicts.

    A point may also be a .npy file of floats.
    """
    from trompe.theory import InvalidInput, Visualization, as_number, row_class
    from trompe.theory.catalogue import function_class
    from trompe.views.bound import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    if bool(query) == (points is not None):
        raise InvalidInput(
            "give the points to ask about, either --query (repeatable) or --points FILE"
        )
    read_once([str(points), *(data or ())])
    from trompe.theory.bounding import bounds

    x = points_file(points) if points is not None else [point(z, "--query") for z in query or ()]
    ends = points_of(argmin=argmin, argmax=argmax)
    shown = [valued(text, "--exemplar") for text in exemplar or ()]
    rows = data_rows(data or ())
    dim = known_dim([*ends.values(), *(z for z, _ in (*shown, *rows)), *x[:1]]) or 1
    v = Visualization(
        of_length(ends["--argmin"], dim, "--argmin"),
        of_length(ends["--argmax"], dim, "--argmax"),
        as_number(minimum, "--min"),
        as_number(maximum, "--max"),
    )
    if "constant" in row_class(row).parameters() and constant is None:
        raise InvalidInput(f"{row}: no constant is given; add --constant L")
    cls = function_class(row, **class_parameters(row, dim, constant, metric, rows, link))
    if points is None:
        x = [of_length(z, dim, "--query") for z in x]
    exemplars = [(of_length(z, dim, "--exemplar"), y) for z, y in shown]
    with progress_bar("queries") as progress:
        found = bounds(
            cls,
            v,
            x,
            exemplars,
            eps="1/4" if eps is None else eps,
            progress=progress,
            limits=None if limits is None else _pair(limits),
            tolerance=tolerance,
            noise=noise,
        )
    emit(view(found), place)
    return 0


def _pair(text: str) -> tuple[Fraction, Fraction]:
    """LO:HI."""
    from trompe.theory import InvalidInput, as_number

    low, colon, high = text.partition(":")
    if not colon:
        raise InvalidInput(f"--range {brief(text)!r}: expected LO:HI, such as -1/4:1.25")
    return as_number(low, "--range: LO"), as_number(high, "--range: HI")
