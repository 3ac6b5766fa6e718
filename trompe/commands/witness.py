"""`trompe witness`: one concrete pair of functions, with exact numbers, that anybody can check."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from trompe.commands.options import (
    ArgMax,
    ArgMin,
    Constant,
    Dim,
    Key,
    Maximum,
    Metric,
    Minimum,
    Output,
    Query,
    TheoremEps,
    TrainingData,
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

_SUFFIXES = {".json": "json", ".py": "python", ".tex": "latex", ".txt": "text"}


def witness(
    key: Key,
    dim: Dim = None,
    query: Query = None,
    argmin: ArgMin = None,
    argmax: ArgMax = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    eta: Annotated[
        str | None,
        typer.Option(help="Mixing weight, such as 1/10. [default: small enough for the task]"),
    ] = None,
    eps: TheoremEps = None,
    constant: Constant = None,
    metric: Metric = None,
    data: TrainingData = None,
    format: Annotated[  # noqa: A002
        str | None,
        typer.Option(help="text, json, python or latex. [default: by --output, else text]"),
    ] = None,
    output: Output = None,
) -> int:
    """Show two members of a class that show the same and defeat every decoder of a task.

    What is not given is that of the row's example, such as m = 0, M = 1, for lipschitz L = 2; d is as in a point
    given, else 2. The metric is l1 or linf.
    """
    from trompe.theory import theorem
    from trompe.views.witness import FORMATS

    form = format
    if form is None:
        form = _SUFFIXES.get(output.suffix.lower(), "text") if output else "text"
    view, item = view_of(FORMATS, form), theorem(key)
    place = destination(output)
    from trompe.constructions import triple
    from trompe.constructions.adversary import pose
    from trompe.constructions.catalogue import example, has_rescaled_pair
    from trompe.constructions.levels import AnyPair
    from trompe.proofs.handover.witnesses import witness_of
    from trompe.proofs.handover.witnesses.data import check_row, pair_of
    from trompe.proofs.handover.witnesses.file import MAX_DIM
    from trompe.theory import InvalidInput, as_eta
    from trompe.theory.catalogue import task_of
    from trompe.theory.levels import EXTREMES

    if eps is not None and item.task != "approx":
        raise InvalidInput(f"{key}: --eps belongs to approx; leave it out")
    check_row(key)
    if eta is not None and has_rescaled_pair(key):
        raise InvalidInput(
            f"{key}: f is g on another scale, and no mix; --eta belongs to mixes, leave it out"
        )
    task = task_of(key, eps)
    rows = data_rows(data or ())
    points = points_of(query=query, argmin=argmin, argmax=argmax)
    if dim is None:
        dim = told_dim(item.row, points, rows)
    if dim > MAX_DIM:
        raise InvalidInput(f"--dim {dim}: a witness has at most {MAX_DIM} inputs")
    base = example(item.row, dim)
    cls = replace(base.cls, **class_parameters(key, dim, constant, metric, rows))
    points = {name: of_length(values, dim, name) for name, values in points.items()}
    v = shown_instead(base.v, points, minimum, maximum)
    x = points.get("--query", base.x)
    asked = None if item.level == EXTREMES else pose(cls, task, v=v, x=x, level=item.level)
    if asked is not None and asked.has_rescaled_pair:
        pair: AnyPair = asked.pair
    else:
        shown = v if asked is None else asked.v
        pair = pair_of(triple(cls, shown, x), task, None if eta is None else as_eta(eta))
    emit(view(witness_of(pair, task, item.level)), place)
    return 0
