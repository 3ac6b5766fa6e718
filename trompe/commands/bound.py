"""`trompe bound`: what follows from a visualization."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    point,
    points_file,
    read_once,
    spread,
)
from trompe.commands.reporting import destination, emit, progress_bar, view_of

if TYPE_CHECKING:
    from trompe.theory import FunctionClass


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
    format: Annotated[str, typer.Option(help="text, json or csv.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """What every unit of a class does at a point, given what was shown: interval, prediction, verdicts.

    A point may also be a .npy file of floats.
    """
    from trompe.theory import InvalidInput, Visualization, as_number
    from trompe.views.bound import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    if bool(query) == (points is not None):
        raise InvalidInput(
            "give the points to ask about, either --query (repeatable) or --points FILE"
        )
    read_once([str(points), *(data or ())])
    from trompe.theory.bounding import bounds

    x = (
        points_file(points)
        if points is not None
        else [point(text, "--query") for text in query or ()]
    )
    ends = [point(argmin, "--argmin"), point(argmax, "--argmax")]
    shown = [_valued(text, "--exemplar") for text in exemplar or ()]
    training = [
        pair
        for text in data or ()
        for pair in ([_valued(text, "--data")] if ":" in text else data_rows([text]))
    ]
    given = [*ends, *(p for p, _ in (*shown, *training)), *(x[:1] if len(x) else ())]
    dim = max(map(len, given))
    v = Visualization(
        spread(ends[0], dim),
        spread(ends[1], dim),
        as_number(minimum, "--min"),
        as_number(maximum, "--max"),
    )
    cls = _class(row, constant, metric, link, [(spread(p, dim), y) for p, y in training])
    if points is None:
        x = [spread(q, dim) for q in x]
    exemplars = [(spread(p, dim), y) for p, y in shown]
    with progress_bar("queries") as progress:
        found = bounds(cls, v, x, exemplars, eps="1/4" if eps is None else eps, progress=progress)
    emit(view(found), place)
    return 0


def _class(
    row: str, constant: str | None, metric: str | None, link: str | None, training: Sequence[Any]
) -> FunctionClass:
    from trompe.theory import Dataset, InvalidInput, row_class
    from trompe.theory.catalogue import function_class

    options = {"constant": constant, "metric": metric, "link": link, "data": training or None}
    given = class_parameters(row, options, f"{row}: --{{name}} belongs to {{rows}}; leave it out")
    if "constant" in row_class(row).parameters() and constant is None:
        raise InvalidInput(f"{row}: no constant is given; add --constant L")
    if training:
        given["data"] = Dataset(*zip(*training, strict=True))
    return function_class(row, **given)


def _valued(text: str, name: str) -> tuple[Sequence[Any], Any]:
    """POINT:VALUE."""
    from trompe.theory import InvalidInput, as_number

    inputs, colon, value = text.rpartition(":")
    if not colon:
        raise InvalidInput(f"{name} {text!r}: expected POINT:VALUE, such as 1/2,0.5:0.7")
    return point(inputs, name), as_number(value, f"{name} {text!r}: value")
