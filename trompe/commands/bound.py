"""`trompe bound` and `trompe budget`: what follows from a visualization, and how many exemplars it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from trompe.commands.shared import (
    Link,
    Output,
    TrainingData,
    array_file,
    data_rows,
    destination,
    emit,
    progress_bar,
    read_once,
    text_file,
)

if TYPE_CHECKING:
    from trompe.theory import FunctionClass
    from trompe.theory.bounding import Bounds

__all__ = ["mount"]

_POINT = "numbers with commas such as 1/2,0.3, one number for all coordinates, or a .npy file"
STDIN = Path("-")
MAX_POINTS_BYTES = 256 * 2**20
"""The longest text of points that is read."""


def bound(
    row: Annotated[
        str, typer.Option("--class", help="What is assumed of the unit, such as convex.")
    ],
    argmin: Annotated[str, typer.Option(help=f"The shown minimiser: {_POINT}.")],
    argmax: Annotated[str, typer.Option(help="The shown maximiser.")],
    minimum: Annotated[str, typer.Option("--min", help="The value at the minimiser.")],
    maximum: Annotated[str, typer.Option("--max", help="The value at the maximiser.")],
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
    constant: Annotated[
        str | None, typer.Option(help="Lipschitz constant L, for lipschitz.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="l1, l2 or linf, for lipschitz. [default: l1]")
    ] = None,
    data: TrainingData = None,
    link: Link = None,
    eps: Annotated[str, typer.Option(help="Tolerance of approx, a share of the range.")] = "1/4",
    format: Annotated[str, typer.Option(help="text, json or csv.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """What every unit of a class does at a point, given what was shown: interval, prediction, verdicts."""
    from trompe.theory import InvalidInput, UnknownKey, Visualization, as_number

    if format not in ("text", "json", "csv"):
        raise UnknownKey("format", format, ("text", "json", "csv"))
    place = destination(output)
    if bool(query) == (points is not None):
        raise InvalidInput(
            "give the points to ask about, either --query (repeatable) or --points FILE"
        )
    read_once([str(points), *(data or ())])
    from trompe.bounds import FORMATS
    from trompe.theory.bounding import bound as run

    x = (
        _read_points(points)
        if points is not None
        else [_numbers(q, "--query") for q in query or ()]
    )
    ends = {"--argmin": _numbers(argmin, "--argmin"), "--argmax": _numbers(argmax, "--argmax")}
    shown = [_valued(text, "--exemplar") for text in exemplar or ()]
    training = [
        point
        for text in data or ()
        for point in ([_valued(text, "--data")] if ":" in text else data_rows([text]))
    ]
    given = [*ends.values(), *(p for p, _ in (*shown, *training))]
    lengths = [len(p) for p in (*given, *(x[:1] if len(x) else ()))]
    dim = max(lengths)
    v = Visualization(
        _spread(ends["--argmin"], dim),
        _spread(ends["--argmax"], dim),
        as_number(minimum, "--min"),
        as_number(maximum, "--max"),
    )
    cls = _class(row, constant, metric, link, [(_spread(p, dim), y) for p, y in training])
    if points is None:
        x = [_spread(q, dim) for q in x]
    with progress_bar("queries") as progress:
        found = run(cls, v, x, [(_spread(p, dim), y) for p, y in shown], eps=eps, progress=progress)
    emit(FORMATS[format](cast("Bounds", found)), place)  # a list of points gives Bounds
    return 0


def budget(
    constant: Annotated[str, typer.Option(help="Lipschitz constant L.")],
    range: Annotated[str, typer.Option(help="The unit's range R = M - m.")],  # noqa: A002
    dim: Annotated[int, typer.Option(help="Number of inputs d.")],
    metric: Annotated[str, typer.Option(help="l1, l2 or linf.")] = "l1",
    task: Annotated[str, typer.Option(help="side, or eps: predict up to eps R.")] = "side",
    eps: Annotated[
        str | None, typer.Option(help="For --task eps, in (0, 1/2). [default: 1/4]")
    ] = None,
    format: Annotated[str, typer.Option(help="text or json.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """How many exemplars it takes at least to decide a Lipschitz unit everywhere, with the argument."""
    from trompe.theory import InvalidInput, UnknownKey

    if format not in ("text", "json"):
        raise UnknownKey("format", format, ("text", "json"))
    place = destination(output)
    if eps is not None and task != "eps":
        raise InvalidInput("--eps belongs to --task eps; leave it out")
    from trompe.bounds import BUDGET_FORMATS
    from trompe.theory.exemplar_budget import budget as run

    found = run(constant, range, dim, metric, task, "1/4" if eps is None else eps)
    emit(BUDGET_FORMATS[format](found), place)
    return 0


def _class(
    row: str, constant: str | None, metric: str | None, link: str | None, training: Sequence[Any]
) -> FunctionClass:
    from trompe.theory import Dataset, InvalidInput, row_class
    from trompe.theory.catalogue import function_class

    row_class(row)
    parameters: dict[str, Any] = {}
    for name, value, rows in (
        ("constant", constant, ("lipschitz",)),
        ("metric", metric, ("lipschitz",)),
        ("link", link, ("neuron", "neuron-1d")),
        ("data", training or None, ("erm",)),
    ):
        if value is None:
            continue
        if row not in rows:
            raise InvalidInput(f"{row}: --{name} belongs to {' and '.join(rows)}; leave it out")
        parameters[name] = value
    if row == "lipschitz" and constant is None:
        raise InvalidInput("lipschitz: no constant is given; add --constant L")
    if training:
        parameters["data"] = Dataset(*zip(*training, strict=True))
    return function_class(row, **parameters)


def _numbers(text: str, name: str) -> Sequence[Any]:
    """A point: exact numbers, or a float array from a file."""
    from trompe.theory import InvalidInput, as_number

    if text.endswith(".npy"):
        array = _load(Path(text), name)
        if array.ndim != 1:
            raise InvalidInput(
                f"{name} {text}: shape {array.shape}; expected one point of shape (d,)"
            )
        return array  # type: ignore[no-any-return]
    return tuple(as_number(part, f"{name}[{i}]") for i, part in enumerate(text.split(",")))


def _valued(text: str, name: str) -> tuple[Sequence[Any], Any]:
    """POINT:VALUE."""
    from trompe.theory import InvalidInput, as_number

    point, colon, value = text.rpartition(":")
    if not colon:
        raise InvalidInput(f"{name} {text!r}: expected POINT:VALUE, such as 1/2,0.5:0.7")
    return _numbers(point, name), as_number(value, f"{name} {text!r}: value")


def _spread(point: Sequence[Any], dim: int) -> Sequence[Any]:
    """One number stands for all coordinates."""
    return tuple(point) * dim if len(point) == 1 else point


def _load(path: Path, name: str) -> Any:
    return array_file(path, name, "f", "expected floats in [0, 1] (divide 8-bit images by 255)")


def _read_points(path: Path) -> Any:
    from trompe.theory import InvalidInput

    if path.suffix == ".npy":
        array = _load(path, "--points")
        if array.ndim != 2:
            raise InvalidInput(f"--points {path}: shape {array.shape}; expected (n, d)")
        return array
    if path.suffix != ".csv" and path != STDIN:
        raise InvalidInput(
            f"--points {path}: expected a .csv or a .npy file, or - for standard input"
        )
    return _read_csv(path)


def _read_csv(path: Path) -> list[Any]:
    """One point a line; decimals and fractions stay exact. Empty lines are skipped."""
    import csv
    import io

    from trompe.theory import InvalidInput, as_number

    found: list[Any] = []
    text = text_file(str(path), "--points", MAX_POINTS_BYTES, "a text file of numbers")
    try:
        for line, cells in enumerate(csv.reader(io.StringIO(text, newline="")), 1):
            if not any(cell.strip() for cell in cells):
                continue
            where = f"--points {path}, line {line}"
            if found and len(cells) != len(found[0]):
                raise InvalidInput(
                    f"{where} has {len(cells)} numbers; the first point has {len(found[0])}"
                )
            if not found and all(map(_is_name, cells)):
                raise InvalidInput(
                    f"{where} has no number but {cells[0].strip()!r}; leave a line of names out"
                )
            found.append(
                tuple(as_number(cell, f"{where}, column {i}") for i, cell in enumerate(cells, 1))
            )
    except csv.Error as error:
        raise InvalidInput(f"--points {path}: {error}; expected a text file of numbers") from None
    if not found:
        raise InvalidInput(f"--points {path} holds no point")
    return found


def _is_name(text: str) -> bool:
    """Does it begin as a word does, and is no word for a number?"""
    word = text.strip().lower()
    return word not in ("nan", "inf", "infinity") and (word[:1].isalpha() or word[:1] == "_")


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (bound, budget):
        app.command()(command)
