"""`trompe refute FILE.py:FUNCTION`: the function that a decoder is wrong about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import (
    MANY,
    SEED,
    ArgMax,
    ArgMin,
    Constant,
    Dim,
    Format,
    Link,
    Maximum,
    Metric,
    Minimum,
    Output,
    Query,
    TheoremEps,
    TrainingData,
    UnitClass,
    number,
)
from trompe.commands.reading import (
    class_parameters,
    data_rows,
    of_length,
    points_of,
    shown_instead,
    told_dim,
)
from trompe.commands.reporting import destination, emit, view_of


def refute(
    decoder: Annotated[
        str,
        typer.Argument(
            help="FILE.py:FUNCTION of a visualization and a query. It runs in a process of its own."
        ),
    ],
    row: UnitClass,
    task: Annotated[str, typer.Option(help="exact, approx or side.")],
    dim: Dim = None,
    query: Query = None,
    argmin: ArgMin = None,
    argmax: ArgMax = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    eps: TheoremEps = None,
    constant: Constant = None,
    metric: Metric = None,
    data: TrainingData = None,
    link: Link = None,
    level: Annotated[
        str,
        typer.Option(help="What the decoder is shown: extremes, near, maximum, images or argmax."),
    ] = "extremes",
    shortfall: Annotated[
        str | None,
        typer.Option(
            help="For affine-1d, side, at images or argmax: pictures may fall short by this share of the range, below "
            "1/2. --argmin and --argmax are then the pictures."
        ),
    ] = None,
    numbers: Annotated[
        str, typer.Option(help="float: the decoder gets float64 arrays. exact: fractions.")
    ] = "float",
    repeats: Annotated[
        int, number("Answers asked for; above 1, the error rate is reported.", MANY)
    ] = 1,
    members: Annotated[int, number("Members tried where the row's label is Yes.", MANY)] = 100,
    seed: Annotated[
        int | None,
        number(
            "Of the coin and of the members. [default: the system tosses the coin; members of seed 0]",
            SEED,
        ),
    ] = None,
    time_limit: Annotated[
        float, number("Seconds a call may take; loading the file has 60.", MANY, kind=float)
    ] = 10.0,
    format: Format = "text",  # noqa: A002
    output: Output = None,
    witness: Annotated[
        Path | None, typer.Option(help="Also write the pair here, for trompe check.")
    ] = None,
) -> int:
    """Hand a decoder to the adversary: get the function of the class that it is wrong about.

    The decoder gets an object with argmin, argmax (arrays of shape (d,)), minimum, maximum (floats)
    and the query; it returns a number, or "min" or "max" for side. Where --level shows less, only that can be read
    (near: also limits). What is not given is chosen so that a
    refutation exists; a point may also be a .npy file; d is as in a point given, else 2; L is 1.
    Exit status 0: refuted: every decoder is wrong here about some member. 1: the construction failed,
    nothing is claimed. 2: bad input. 3: no refutation exists here, and the decoder was right.
    4: the decoder is broken (raised, returned no number or side, changed its input, took too long).
    5: one answer is right here for all members, but the decoder gave another one.
    """
    from trompe.theory import InvalidInput, Visualization
    from trompe.views.refutation import FORMATS

    view = view_of(FORMATS, format)
    place, pair = destination(output), destination(witness)
    if place and pair and os.path.realpath(place.path) == os.path.realpath(pair.path):
        raise InvalidInput(f"--output and --witness are both {output}; give two files")
    from trompe.constructions.adversary import pose
    from trompe.refuting import judging
    from trompe.refuting.isolation import parse_source
    from trompe.theory.catalogue import function_class
    from trompe.theory.levels import level as level_of

    parse_source(decoder)
    rows = data_rows(data or ())
    points = points_of(query=query, argmin=argmin, argmax=argmax)
    if dim is None and (points or rows):
        dim = told_dim(row, points, rows)
    cls = function_class(row, **class_parameters(row, dim or 2, constant, metric, rows, link))
    level = level_of(level).key
    asked = judging.ask_task(cls, task, eps, level)
    if dim is not None and "--query" in points:
        points["--query"] = of_length(points["--query"], dim, "--query")
    x, v = points.pop("--query", None), None
    if points or minimum is not None or maximum is not None:
        is_whole = len(points) == 2 and minimum is not None and maximum is not None
        base = (
            None if is_whole else pose(cls, asked, dim, None, None if level != "extremes" else x).v
        )
        length = dim if base is None else base.dim
        assert length is not None  # where there is no base, two points tell it
        ends = {name: of_length(values, length, name) for name, values in points.items()}
        try:
            v = shown_instead(base, ends, minimum, maximum)
        except InvalidInput:
            if base is None or level == "extremes":
                raise
            # The other extreme was not given and may not be shown: it need not be where it is chosen without this one.
            other = Visualization(base.argmax_set, base.argmin_set, base.minimum, base.maximum)
            v = shown_instead(other, ends, minimum, maximum)
    found = judging.refute(
        decoder, cls, asked, dim=dim, visualization=v, query=x, numbers=numbers,  # type: ignore[arg-type]
        repeats=repeats, members=members, seed=seed, time_limit=time_limit, level=level, shortfall=shortfall,
    )  # fmt: skip
    if pair is not None:
        from trompe.proofs.handover.witnesses import to_json

        pair.write(to_json(found.witness()))
    emit(view(found), place)
    return judging.EXIT_STATUS[found.status]
