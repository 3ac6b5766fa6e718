"""`trompe refute FILE.py:FUNCTION`: the function that a decoder is wrong about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trompe.commands.shared import (
    Link,
    Output,
    TrainingData,
    array_file,
    data_rows,
    dataset,
    destination,
    emit,
)

if TYPE_CHECKING:
    from trompe.theory import FunctionClass, Task, Visualization

__all__ = ["mount"]

_POINT = "numbers with commas, one number for all coordinates, or a .npy file"


def refute(
    decoder: Annotated[
        str,
        typer.Argument(
            help="FILE.py:FUNCTION of a visualization and a query. It runs in a process of its own."
        ),
    ],
    row: Annotated[str, typer.Option("--class", help="The class of functions, such as convex.")],
    task: Annotated[str, typer.Option(help="exact, approx or side.")],
    dim: Annotated[
        int | None, typer.Option(help="Number of inputs. [default: as in a point given, else 2]")
    ] = None,
    query: Annotated[str | None, typer.Option(help=f"The query x: {_POINT}.")] = None,
    argmin: Annotated[str | None, typer.Option(help="The minimiser that is shown.")] = None,
    argmax: Annotated[str | None, typer.Option(help="The maximiser that is shown.")] = None,
    minimum: Annotated[str | None, typer.Option("--min", help="The minimum that is shown.")] = None,
    maximum: Annotated[str | None, typer.Option("--max", help="The maximum that is shown.")] = None,
    eps: Annotated[
        str | None, typer.Option(help="Tolerance of approx, a share of the range. [default: 1/4]")
    ] = None,
    constant: Annotated[
        str | None, typer.Option(help="Lipschitz constant L, for lipschitz. [default: 1]")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="l1, l2 or linf, for lipschitz. [default: l1]")
    ] = None,
    data: TrainingData = None,
    link: Link = None,
    numbers: Annotated[
        str, typer.Option(help="float: the decoder gets float64 arrays. exact: fractions.")
    ] = "float",
    repeats: Annotated[
        int, typer.Option(help="Answers asked for; above 1, the error rate is reported.")
    ] = 1,
    members: Annotated[int, typer.Option(help="Members tried where the row's label is Yes.")] = 100,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Of the coin and of the members. [default: the system tosses the coin; members of seed 0]"
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(help="Seconds a call may take; loading the file has 60.")
    ] = 10.0,
    format: Annotated[str, typer.Option(help="text or json.")] = "text",  # noqa: A002
    output: Output = None,
    witness: Annotated[
        Path | None, typer.Option(help="Also write the pair here, for trompe check.")
    ] = None,
) -> int:
    """Hand a decoder to the adversary: get the function of the class that it is wrong about.

    The decoder gets an object with argmin, argmax (arrays of shape (d,)), minimum, maximum (floats) and the
    query; it returns a number, or "min" or "max" for side. Exit status 0: refuted, no decoder could be
    right. 1: the construction failed. 2: bad input. 3: no refutation exists here, and the decoder was right. 4: the
    decoder is broken (raised, returned no number or side, changed its input, took too long). 5: one answer is
    right here for all members, but the decoder gave another one.
    """
    from trompe.theory import InvalidInput, UnknownKey

    if format not in ("text", "json"):
        raise UnknownKey("format", format, ("text", "json"))
    place, pair = destination(output), destination(witness)
    if place and pair and os.path.realpath(place.path) == os.path.realpath(pair.path):
        raise InvalidInput(f"--output and --witness are both {output}; give two files")
    from trompe.asking import parse_source
    from trompe.refuting import EXIT_STATUS, ask_task
    from trompe.refuting import refute as run
    from trompe.refuting_text import as_json, text

    parse_source(decoder)
    cls, asked = _class(row, constant, metric, data, link, dim), ask_task(task, eps)
    points = {
        name: _numbers(value, name)
        for name, value in (("--query", query), ("--argmin", argmin), ("--argmax", argmax))
        if value is not None
    }
    known = dim if dim is not None else _length(points)
    if known is None and points:
        known = cls.max_dim or 2
    x = _spread(points.pop("--query"), known, "--query") if "--query" in points else None
    v = _visualization(cls, asked, known, x, points, minimum, maximum)
    found = run(
        decoder, cls, asked, dim=known, visualization=v, query=x, numbers=numbers,  # type: ignore[arg-type]
        repeats=repeats, members=members, seed=seed, time_limit=time_limit,
    )  # fmt: skip
    if pair is not None:
        from trompe.proofs.witnesses import to_json

        pair.write(to_json(found.witness()))
    emit(as_json(found) if format == "json" else text(found), place)
    return EXIT_STATUS[found.status]


def _class(
    row: str,
    constant: str | None,
    metric: str | None,
    data: list[str] | None,
    link: str | None,
    dim: int | None,
) -> FunctionClass:
    from trompe.theory import InvalidInput, as_number
    from trompe.theory.catalogue import function_class, row_class

    row_class(row)
    rows = {
        "constant": ["lipschitz"],
        "metric": ["lipschitz"],
        "data": ["erm"],
        "link": ["neuron", "neuron-1d"],
    }
    given = {"constant": constant, "metric": metric, "data": data, "link": link}
    parameters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in parameters:
        if row not in rows[name]:
            raise InvalidInput(
                f"{row}: the option --{name} belongs to {' and '.join(rows[name])}; leave it out"
            )
    if constant is not None:
        parameters["constant"] = as_number(constant, "--constant")
    if data is not None:
        read = data_rows(data)
        longest = max((len(inputs) for inputs, _ in read), default=1)
        parameters["data"] = dataset(read, dim or longest)
    return function_class(row, **parameters)


def _visualization(
    cls: FunctionClass,
    task: Task,
    dim: int | None,
    x: Any,
    points: dict[str, list[Any]],
    minimum: str | None,
    maximum: str | None,
) -> Visualization | None:
    """What is shown, with what was given in place of what is chosen; None if nothing was."""
    from trompe.constructions.adversary import pose
    from trompe.theory import Visualization, as_number

    if not points and minimum is None and maximum is None:
        return None
    base = pose(cls, task, dim, None, x).v
    ends = {name: _spread(values, base.dim, name) for name, values in points.items()}
    return Visualization(
        ends.get("--argmin", base.argmin),
        ends.get("--argmax", base.argmax),
        base.minimum if minimum is None else as_number(minimum, "--min"),
        base.maximum if maximum is None else as_number(maximum, "--max"),
    )


def _length(points: dict[str, list[Any]]) -> int | None:
    return next((len(values) for values in points.values() if len(values) > 1), None)


def _spread(values: list[Any], dim: int | None, name: str) -> list[Any]:
    """One number stands for all coordinates."""
    from trompe.theory import InvalidInput

    if len(values) == 1:
        return values * (dim or 1)
    if dim is not None and len(values) != dim:
        raise InvalidInput(f"{name} has {len(values)} coordinates; expected d = {dim}")
    return values


def _numbers(text: str, name: str) -> list[Any]:
    from trompe.theory import as_number

    if text.endswith(".npy"):
        array = array_file(Path(text), name, "fiu", "expected numbers")
        return [as_number(value, f"{name}[{i}]") for i, value in enumerate(array.ravel())]
    return [as_number(part, f"{name}[{i}]") for i, part in enumerate(text.split(","))]


def mount(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(refute)
