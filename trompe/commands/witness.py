"""`trompe witness`: one concrete pair of functions, with exact numbers, that anybody can check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trompe.commands.shared import (
    Output,
    TrainingData,
    data_rows,
    dataset,
    destination,
    emit,
    exact_numbers,
    of_length,
)

if TYPE_CHECKING:
    from trompe.constructions.catalogue import Example
    from trompe.theory import Dataset, FunctionClass, Task

__all__ = ["mount"]

_SUFFIXES = {".json": "json", ".py": "python", ".tex": "latex", ".txt": "text"}
_POINT = "numbers with commas, such as 1/2,0,1; one number stands for all coordinates"


def witness(
    key: Annotated[str, typer.Argument(help="A theorem, for example convex/side.")],
    dim: Annotated[
        int | None, typer.Option(help="Number of inputs. [default: as in a point given, else 2]")
    ] = None,
    query: Annotated[str | None, typer.Option(help=f"The query x: {_POINT}.")] = None,
    argmin: Annotated[str | None, typer.Option(help="The minimiser a that is shown.")] = None,
    argmax: Annotated[str | None, typer.Option(help="The maximiser b that is shown.")] = None,
    minimum: Annotated[
        str | None, typer.Option("--min", help="The minimum m. [default: 0]")
    ] = None,
    maximum: Annotated[
        str | None, typer.Option("--max", help="The maximum M. [default: 1]")
    ] = None,
    eta: Annotated[
        str | None,
        typer.Option(help="Mixing weight, such as 1/10. [default: small enough for the task]"),
    ] = None,
    eps: Annotated[
        str | None, typer.Option(help="Tolerance of the task approx. [default: 1/4]")
    ] = None,
    constant: Annotated[
        str | None, typer.Option(help="Lipschitz constant L, for lipschitz. [default: 2]")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="l1 or linf, for lipschitz. [default: l1]")
    ] = None,
    data: TrainingData = None,
    format: Annotated[  # noqa: A002
        str | None,
        typer.Option(help="text, json, python or latex. [default: by --output, else text]"),
    ] = None,
    output: Output = None,
) -> int:
    """Show two members of a class with the same visualization that defeat every decoder of a task."""
    from trompe.theory import UnknownKey, theorem

    form = format or (_SUFFIXES.get(output.suffix.lower()) if output else None) or "text"
    if form not in _SUFFIXES.values():
        raise UnknownKey("format", form, _SUFFIXES.values())
    row = theorem(key).row
    place = destination(output)
    options = {"--constant": constant, "--metric": metric, "--data": data, "--eps": eps}
    _check_options(key, {name for name, value in options.items() if value is not None})
    from trompe.constructions import triple
    from trompe.proofs.witnesses import witness_of
    from trompe.proofs.witnesses.data import check_row, pair_of
    from trompe.theory import as_eta
    from trompe.witness_forms import FORMATS

    check_row(key)
    task = _task(key, eps)
    case = _case(row, dim, query, argmin, argmax, minimum, maximum, constant, metric, data)
    made = triple(case.cls, case.v, case.x)
    pair = pair_of(made, task, None if eta is None else as_eta(eta))
    emit(FORMATS[form](witness_of(pair, task)), place)
    return 0


def _check_options(key: str, given: set[str]) -> None:
    from trompe.theory import InvalidInput

    row, _, task = key.partition("/")
    for name in sorted(given):
        needs = {"--data": row == "erm", "--eps": task == "approx"}.get(name, row == "lipschitz")
        if not needs:
            of = {"--data": "the row erm", "--eps": "the task approx"}.get(
                name, "the row lipschitz"
            )
            raise InvalidInput(f"{key}: the option {name} belongs to {of}; leave it out")


def _task(key: str, eps: str | None) -> Task:
    from trompe.theory import TASKS, Approx

    kind = TASKS[key.partition("/")[2]]
    return Approx(eps) if kind is Approx and eps is not None else kind()


def _case(
    row: str,
    dim: int | None,
    query: str | None,
    argmin: str | None,
    argmax: str | None,
    minimum: str | None,
    maximum: str | None,
    constant: str | None,
    metric: str | None,
    data: list[str] | None,
) -> Example:
    """The example of the row, with everything that was given in its place."""
    from trompe.constructions.catalogue import Example, example
    from trompe.proofs.witnesses.file import MAX_DIM
    from trompe.theory import InvalidInput, Visualization, as_number, row_class

    given = {"--query": query, "--argmin": argmin, "--argmax": argmax}
    points = {name: exact_numbers(text, name) for name, text in given.items() if text is not None}
    rows = data_rows(data) if data is not None else None
    if dim is None:
        several = [*points.values(), *(inputs for inputs, _ in rows or ())]
        lengths = [len(values) for values in several if len(values) > 1]
        dim = lengths[0] if lengths else row_class(row).max_dim or 2
    if dim > MAX_DIM:
        raise InvalidInput(f"--dim {dim}: a witness has at most {MAX_DIM} inputs")
    base = example(row, dim)
    cls = _class(base.cls, constant, metric, dataset(rows, dim) if rows is not None else None)

    def point(name: str, default: Any) -> Any:
        values = points.get(name)
        if values is None:
            return default
        return values * dim if len(values) == 1 else of_length(values, dim, name)

    v = Visualization(
        point("--argmin", base.v.argmin),
        point("--argmax", base.v.argmax),
        base.v.minimum if minimum is None else as_number(minimum, "--min"),
        base.v.maximum if maximum is None else as_number(maximum, "--max"),
    )
    return Example(cls, v, point("--query", base.x))


def _class(
    base: FunctionClass, constant: str | None, metric: str | None, data: Dataset | None
) -> FunctionClass:
    from dataclasses import replace

    from trompe.theory import as_number

    changes: dict[str, Any] = {}
    if constant is not None:
        changes["constant"] = as_number(constant, "--constant")
    if metric is not None:
        changes["metric"] = metric
    if data is not None:
        changes["data"] = data
    return replace(base, **changes) if changes else base


def mount(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(witness)
