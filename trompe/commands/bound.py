"""`trompe bound`: what follows from a visualization."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import (
    ArgMax,
    ArgMin,
    Constant,
    Eps,
    Link,
    Maximum,
    Metric,
    Minimum,
    Output,
    TrainingData,
    UnitClass,
    number,
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
from trompe.ground.text import wrapped


def bound(
    row: UnitClass,
    argmin: ArgMin = None,
    argmax: ArgMax = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    shown: Annotated[
        Path | None,
        typer.Option(
            help="A shown-file of trompe visualize, in place of --argmin, --argmax, --min, --max and --noise; with --tolerance or "
            "--range."
        ),
    ] = None,
    unit: Annotated[
        int | None, number("Which unit of the shown-file. [default: the only one]", 2**31)
    ] = None,
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

    A point may also be a .npy file of floats. Needed are --argmin, --argmax, --min and --max, or --shown.
    """
    from trompe.theory import InvalidInput, Visualization, as_number, row_class
    from trompe.theory.catalogue import function_class
    from trompe.views.bound import FORMATS

    view, place = view_of(FORMATS, format), destination(output)
    if bool(query) == (points is not None):
        raise InvalidInput(
            "give the points to ask about, either --query (repeatable) or --points FILE"
        )
    read_once([str(points), str(shown), *(data or ())])
    from trompe.theory.bounding import bounds

    given = {"--argmin": argmin, "--argmax": argmax, "--min": minimum, "--max": maximum}
    note = ""
    if shown is not None:
        from trompe.proofs.handover.shown import near_extremes
        from trompe.theory.limits import limits_of
        from trompe.views.shown import said_of

        for name, value in (given | {"--noise": noise}).items():
            if value is not None:
                raise InvalidInput(
                    f"{name}: the shown-file says it; leave it out, or leave --shown out"
                )
        if limits is None and tolerance is None:
            raise InvalidInput(
                "--shown: an optimiser's pictures are near-extremes at best; give --tolerance TAU, by which the unit's own extremes "
                "may lie beyond their values, or --range LO:HI"
            )
        near = near_extremes(shown, unit)
        v, noise, note = near.v, str(near.noise), said_of(near)
        promised = limits_of(v, None if limits is None else _pair(limits), tolerance, noise)
        assert promised is not None  # limits or a tolerance are given
        near.check_limits(promised.lower, promised.upper)
    else:
        if unit is not None:
            raise InvalidInput("--unit: is for --shown FILE; leave it out")
        for name, value in given.items():
            if value is None:
                raise InvalidInput(
                    f"{name} is missing; give --argmin, --argmax, --min and --max, or --shown FILE"
                )
        ends = points_of(argmin=argmin, argmax=argmax)
    x = points_file(points) if points is not None else [point(z, "--query") for z in query or ()]
    beside = [valued(text, "--exemplar") for text in exemplar or ()]
    rows = data_rows(data or ())
    if shown is not None:
        dim = v.dim
    else:
        dim = known_dim([*ends.values(), *(z for z, _ in (*beside, *rows)), *x[:1]]) or 1
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
    exemplars = [(of_length(z, dim, "--exemplar"), y) for z, y in beside]
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
    text = view(found)
    if note and format == "text":
        text = "\n".join([text.rstrip("\n"), *wrapped(note, cuts_words=True)])
    if note and format == "json":
        text = json.dumps({**json.loads(text), "note": note}, indent=2, ensure_ascii=False)
    emit(text, place)
    return 0


def _pair(text: str) -> tuple[Fraction, Fraction]:
    """LO:HI."""
    from trompe.theory import InvalidInput, as_number

    low, colon, high = text.partition(":")
    if not colon:
        raise InvalidInput(f"--range {brief(text)!r}: expected LO:HI, such as -1/4:1.25")
    return as_number(low, "--range: LO"), as_number(high, "--range: HI")
