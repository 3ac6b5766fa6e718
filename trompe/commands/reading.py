"""Numbers, points, data and files as options name them, and which options belong to which class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trompe.theory import Dataset, Visualization


MAX_DATA_BYTES = 8 * 2**20
"""The largest file of training points that is read."""
MAX_POINTS_BYTES = 256 * 2**20
"""The longest text of points that is read."""
STDIN = Path("-")


def class_parameters(row: str, given: Mapping[str, Any], says: str) -> dict[str, Any]:
    """What is given of the parameters of a row's class.

    Parameters
    ----------
    given : by name; None where an option was left out. says : the complaint about an option of other rows, with
        places for `name` and `rows`.

    Raises
    ------
    UnknownKey : no such row. InvalidInput : another row's option.
    """
    from trompe.theory import InvalidInput, row_class
    from trompe.theory.catalogue import rows_with

    known = row_class(row).parameters()
    kept = {name: value for name, value in given.items() if value is not None}
    for name in kept:
        if name not in known:
            raise InvalidInput(says.format(name=name, rows=" and ".join(rows_with(name))))
    return kept


# -- numbers and points ----------------------------------------------------------------------------------


def exact_numbers(text: str, what: str) -> list[Any]:
    """Numbers with commas, exact; `what` is said where one of them is none."""
    from trompe.theory import as_number

    return [as_number(part, f"{what}[{i}]") for i, part in enumerate(text.split(","))]


def point(text: str, what: str, kinds: str = "f") -> Sequence[Any]:
    """A point as an option names it: exact numbers, or the array of a .npy file of shape (d,).

    Parameters
    ----------
    kinds : what `dtype.kind` of the array may be.
    """
    from trompe.theory import InvalidInput

    if not text.endswith(".npy"):
        return exact_numbers(text, what)
    array = array_file(Path(text), what, kinds, FLOATS if kinds == "f" else "expected numbers")
    if array.ndim != 1:
        raise InvalidInput(f"{what} {text}: shape {array.shape}; expected one point of shape (d,)")
    return array  # type: ignore[no-any-return]


def exact_point(text: str, what: str) -> list[Any]:
    """As `point`; what an array holds, as exact numbers."""
    from trompe.theory import as_number

    return [as_number(value, f"{what}[{i}]") for i, value in enumerate(point(text, what, "fiu"))]


def spread(values: Sequence[Any], dim: int) -> Sequence[Any]:
    """One number stands for all coordinates."""
    return tuple(values) * dim if len(values) == 1 else values


def of_length(values: Sequence[Any], dim: int, name: str) -> Sequence[Any]:
    """The values, one for all coordinates or d of them."""
    from trompe.theory import InvalidInput

    values = spread(values, dim)
    if len(values) != dim:
        raise InvalidInput(f"{name} has {len(values)} coordinates; expected d = {dim}")
    return values


def shown_instead(
    v: Visualization | None, ends: Mapping[str, Any], minimum: str | None, maximum: str | None
) -> Visualization:
    """The visualization with what is given in its place; None will do for it where everything is given."""
    from trompe.theory import Visualization, as_number

    given = dict(ends)
    given |= {
        name: as_number(value, f"--{name}")
        for name, value in (("min", minimum), ("max", maximum))
        if value is not None
    }
    named = {"--argmin": "argmin", "--argmax": "argmax", "min": "minimum", "max": "maximum"}
    return Visualization(
        *(given[name] if name in given else getattr(v, field) for name, field in named.items())
    )


def points_file(path: Path) -> Any:
    """Points, one a line: an array of floats from a .npy file, exact from a .csv file or standard input."""
    from trompe.theory import InvalidInput

    if path.suffix == ".npy":
        array = array_file(path, "--points", "f", FLOATS)
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


# -- training data ---------------------------------------------------------------------------------------


_DATA = "a point such as 1/2,0:1/3, or a file with one a line"


def data_rows(items: list[str]) -> list[tuple[list[Any], Any]]:
    """Inputs and labels from `point:label` items and from files with one such item a line."""
    from trompe.theory import InvalidInput, as_number

    read_once(items)
    rows: list[tuple[list[Any], Any]] = []
    for item in items:
        if ":" in item:
            lines = {f"--data {item}": item}
        else:
            content = text_file(item, "--data", MAX_DATA_BYTES, _DATA)
            lines = {f"{item}, line {k}": line for k, line in enumerate(content.splitlines(), 1)}
        before = len(rows)
        for where, line in lines.items():
            text = line.partition("#")[0].strip()
            if not text:
                continue
            inputs, colon, label = text.rpartition(":")
            if not colon:
                raise InvalidInput(
                    f"{where}: expected a point, a colon and a label, such as 1/2,0:1/3"
                )
            rows.append((exact_numbers(inputs, where), as_number(label, f"{where}: label")))
        if len(rows) == before:
            raise InvalidInput(f"--data {item} holds no training point; expected {_DATA}")
    return rows


def dataset(rows: list[tuple[list[Any], Any]], dim: int) -> Dataset:
    """What `data_rows` read, with d inputs; one number stands for all coordinates."""
    from trompe.theory import Dataset

    inputs = [of_length(values, dim, f"--data point {j}") for j, (values, _) in enumerate(rows, 1)]
    return Dataset(inputs, [label for _, label in rows])


# -- files -----------------------------------------------------------------------------------------------

FLOATS = "expected floats in [0, 1] (divide 8-bit images by 255)"


def read_once(names: Sequence[str]) -> None:
    """Refuse `-`, standard input, in more than one place."""
    if names.count("-") > 1:
        from trompe.theory import InvalidInput

        raise InvalidInput("- is given twice; standard input can be read once")


def text_file(name: str, option: str, limit: int, expected: str) -> str:
    """The text of a file that an option names; `-` is standard input."""
    from trompe.ground.reading import Unreadable, read_input
    from trompe.theory import InvalidInput

    try:
        return read_input(name, limit).decode("utf-8-sig")
    except Unreadable as error:
        raise InvalidInput(f"{option} {name}: {error}; expected {expected}") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{option} {name}: it is not UTF-8 text (byte {error.start}); expected {expected}"
        ) from None


def array_file(path: Path, option: str, kinds: str, expected: str) -> Any:
    """The array of a .npy file, memory-mapped and never unpickled.

    Parameters
    ----------
    kinds : what `dtype.kind` may be.
    """
    import numpy as np

    from trompe.ground.reading import Unreadable, check_file
    from trompe.theory import InvalidInput

    try:
        check_file(path)  # a FIFO would block
        array = np.lib.format.open_memmap(path, mode="r")
    except Unreadable as error:
        raise InvalidInput(f"{option} {path}: {error}; expected a .npy file") from None
    except OSError as error:
        raise InvalidInput(f"{option} {path}: {error.strerror or 'it cannot be read'}") from None
    except (ValueError, EOFError, SyntaxError, OverflowError, TypeError, MemoryError):
        raise InvalidInput(
            f"{option} {path}: it is no .npy file, is cut short, or holds objects; {expected}"
        ) from None
    if array.dtype.kind not in kinds:
        raise InvalidInput(f"{option} {path} holds {array.dtype}; {expected}")
    return array
