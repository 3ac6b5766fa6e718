"""Numbers, points, data and files as options name them, and which options belong to which class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from trompe.ground.errors import brief

if TYPE_CHECKING:
    from trompe.theory import Visualization

Row: TypeAlias = tuple[Sequence[Any], Any]
"""An input and its value."""
MAX_DATA_BYTES = 8 * 2**20
"""The largest file of training points that is read."""
MAX_POINTS_BYTES = 256 * 2**20
"""The longest text of points that is read."""
STDIN = Path("-")


def class_parameters(
    what: str,
    dim: int,
    constant: str | None,
    metric: str | None,
    rows: Sequence[Row],
    link: str | None = None,
) -> dict[str, Any]:
    """What options say of the parameters of a row's class, as the class takes them.

    Parameters
    ----------
    what : the row or a theorem's key. rows : training points; one number stands for all d coordinates.

    Raises
    ------
    UnknownKey : no such row. InvalidInput : another row's option, or no such parameter.
    """
    from trompe.theory import Dataset, InvalidInput, as_number, row_class
    from trompe.theory.catalogue import rows_with

    known = row_class(what.partition("/")[0]).parameters()
    given = {"constant": constant, "metric": metric, "link": link, "data": rows or None}
    kept: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in kept:
        if name not in known:
            rows_of = " and ".join(rows_with(name))
            raise InvalidInput(f"{what}: --{name} belongs to {rows_of}; leave it out")
    if constant is not None:
        kept["constant"] = as_number(constant, "--constant")
    if rows:
        inputs = [of_length(z, dim, f"--data point {j}") for j, (z, _) in enumerate(rows, 1)]
        kept["data"] = Dataset(inputs, [label for _, label in rows])
    return kept


# -- numbers and points ----------------------------------------------------------------------------------


def exact_numbers(text: str, what: str) -> Sequence[Any]:
    """Numbers with commas, exact; `what` is said where one of them is none."""
    from trompe.theory.exact import as_numbers

    return as_numbers(text.split(","), what)


def point(text: str, what: str) -> Sequence[Any]:
    """A point as an option names it: exact numbers, or the array of a .npy file of shape (d,)."""
    if not text.endswith(".npy"):
        return exact_numbers(text, what)
    found: Sequence[Any] = array_file(Path(text), what, ("d",))
    return found


def valued(text: str, what: str, read: Callable[[str, str], Sequence[Any]] = point) -> Row:
    """POINT:VALUE."""
    from trompe.theory import InvalidInput, as_number

    inputs, colon, value = text.rpartition(":")
    if not colon:
        raise InvalidInput(f"{what} {brief(text)!r}: expected POINT:VALUE, such as 1/2,0.5:0.7")
    return read(inputs, what), as_number(value, f"{what}: value")


def points_of(**texts: str | None) -> dict[str, Sequence[Any]]:
    """The points that are given, by option."""
    return {f"--{name}": point(z, f"--{name}") for name, z in texts.items() if z is not None}


def known_dim(points: Iterable[Sequence[Any]]) -> int | None:
    """The number d of the first point that has several coordinates; a single one stands for all d."""
    return next((len(z) for z in points if len(z) > 1), None)


def told_dim(row: str, points: Mapping[str, Sequence[Any]], rows: Sequence[Row]) -> int:
    """The number d that points or training points tell, else the row's own, else 2."""
    from trompe.theory import row_class

    return known_dim([*points.values(), *(z for z, _ in rows)]) or row_class(row).max_dim or 2


def of_length(values: Sequence[Any], dim: int, name: str) -> Sequence[Any]:
    """d values; a single one stands for all."""
    from trompe.theory import InvalidInput

    if len(values) not in (1, dim):
        raise InvalidInput(f"{name} has {len(values)} coordinates; expected d = {dim}")
    return values if len(values) == dim else tuple(values) * dim


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

    if path.suffix not in (".csv", ".npy") and path != STDIN:
        raise InvalidInput(
            f"--points {path}: expected a .csv or a .npy file, or - for standard input"
        )
    found = array_file(path, "--points", ("n", "d")) if path.suffix == ".npy" else _read_csv(path)
    if not len(found):
        raise InvalidInput(f"--points {path} holds no point")
    return found


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
    return found


def _is_name(text: str) -> bool:
    """Does it begin as a word does, and is no word for a number?"""
    word = text.strip().lower()
    return word not in ("nan", "inf", "infinity") and (word[:1].isalpha() or word[:1] == "_")


# -- training data ---------------------------------------------------------------------------------------


_DATA = "a point such as 1/2,0:1/3, or a file with one a line"


def data_rows(items: Sequence[str]) -> list[Row]:
    """Inputs and labels from `point:label` items and from files with one such item a line."""
    import io

    from trompe.theory import InvalidInput

    read_once(items)
    rows: list[Row] = []
    for item in items:
        if ":" in item:
            rows.append(valued(item, "--data"))
            continue
        before = len(rows)
        content = text_file(item, "--data", MAX_DATA_BYTES, _DATA)
        for k, line in enumerate(io.StringIO(content, newline=None), 1):
            if text := line.partition("#")[0].strip():
                rows.append(valued(text, f"{item}, line {k}", exact_numbers))
        if len(rows) == before:
            raise InvalidInput(f"--data {item} holds no training point; expected {_DATA}")
    return rows


# -- files -----------------------------------------------------------------------------------------------


def read_once(names: Sequence[str]) -> None:
    """Refuse `-`, standard input, in more than one place."""
    if names.count("-") > 1:
        from trompe.theory import InvalidInput

        raise InvalidInput("- is given twice; standard input can be read once")


def text_file(name: str, option: str, limit: int, expected: str) -> str:
    """The text of a file that an option names, a byte-order mark left out; `-` is standard input."""
    from trompe.ground.reading import Unreadable, read_input, text_of
    from trompe.theory import InvalidInput

    try:
        return text_of(read_input(name, limit)).removeprefix("\ufeff")
    except Unreadable as error:
        raise InvalidInput(f"{option} {name}: {error}; expected {expected}") from None


def array_file(path: Path, option: str, axes: tuple[str, ...]) -> Any:
    """The array of a .npy file: floats of at most 64 bits, or integers; memory-mapped and never unpickled.

    Parameters
    ----------
    axes : a name for each.
    """
    import warnings

    import numpy as np

    from trompe.ground.arguments import LONGEST
    from trompe.ground.reading import Unreadable, check_file
    from trompe.theory import InvalidInput

    shape = f"({', '.join(axes)}{',' * (len(axes) == 1)})"
    expected = "expected floats in [0, 1] (divide 8-bit images by 255)"
    try:
        check_file(path)  # a FIFO would block
        with warnings.catch_warnings(action="ignore"):  # about sizes that overflow, odd headers
            array = np.lib.format.open_memmap(path, mode="r")
        is_whole = path.stat().st_size == array.offset + array.nbytes
    except Unreadable as error:
        raise InvalidInput(f"{option} {path}: {error}; expected a .npy file") from None
    except OSError as error:
        raise InvalidInput(f"{option} {path}: {error.strerror or 'it cannot be read'}") from None
    except Exception:  # NumPy raises many kinds for damaged headers
        raise InvalidInput(
            f"{option} {path}: it is no .npy file, is cut short, or holds objects; {expected}"
        ) from None
    if not is_whole:
        raise InvalidInput(f"{option} {path}: more bytes than its header says; {expected}")
    if array.ndim != len(axes):
        raise InvalidInput(f"{option} {path}: shape {array.shape}; expected {shape}")
    if array.shape[-1] > LONGEST:
        raise InvalidInput(
            f"{option} {path}: {array.shape[-1]} coordinates; expected at most {LONGEST}"
        )
    is_integer = array.dtype.kind in "iu" and (not array.size or array.max() <= 1)
    if not is_integer and (array.dtype.kind != "f" or array.dtype.itemsize > 8):
        raise InvalidInput(f"{option} {path} holds {array.dtype}; {expected} of at most 64 bits")
    return array
