"""Shown-files: written so that equal runs give equal bytes, read without trusting them.

JSON beside .npy files. It is parsed, never executed; arrays are never unpickled. `trompe/schemas/shown.json` has the shape.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trompe.constructions.expression_forms import short
from trompe.ground.reading import Unreadable, json_data, read_file, read_input
from trompe.proofs.handover.shown.data import (
    ENDS,
    ERRORS,
    UNKNOWN,
    Natural,
    Pictured,
    ShownEnd,
    ShownFile,
    ShownImages,
    ShownModel,
    ShownUnit,
    unit_name,
)
from trompe.proofs.handover.witnesses.file import MAX_BYTES
from trompe.proofs.shapes import fields
from trompe.theory import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT, VERSION = "trompe shown", 1
UNIT_BYTES = 2000
"""A unit takes less, but for long names of images."""
MAX_POINT = 2**27
"""The most numbers of one point."""
_FIELDS = (
    "format",
    "version",
    "model",
    "images",
    "settings",
    "versions",
    "shape",
    "asked",
    "units",
)
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,1100}|/0*[1-9][0-9]{0,400})?")
_POINT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,190}\.npy")
_LARGEST = Fraction(sys.float_info.max)
_SHA = re.compile(r"[0-9a-f]{64}")


# -- writing ------------------------------------------------------------------------------------------


def to_json(shown: ShownFile) -> str:
    """The file's text."""
    model, images = shown.model, shown.images
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "model": vars(model) | {"mean": list(model.mean), "std": list(model.std)},
        "images": None
        if images is None
        else vars(images) | {"resize": list(images.resize), "crop": list(images.crop)},
        "settings": dict(shown.settings),
        "versions": dict(shown.versions),
        "shape": list(shown.shape),
        "asked": list(shown.asked),
        "units": [
            {"unit": unit.unit}
            | {end: vars(unit.shown(end)) for end in ENDS}
            | {
                f"natural_{end}": None if (n := unit.natural(end)) is None else vars(n)
                for end in ENDS
            }
            for unit in shown.units
        ],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def check_size(empty: ShownFile) -> None:
    """Will the file be read when all units that were asked for are in it? For those who are about to begin.

    Raises
    ------
    InvalidInput : it will not.
    """
    if len(to_json(empty)) + UNIT_BYTES * len(empty.asked) > MAX_BYTES:
        raise InvalidInput(
            f"{len(empty.asked)} units, sums or directions are too many for one shown-file of {MAX_BYTES // 2**20} MiB; ask for "
            "fewer at once"
        )


# -- reading ------------------------------------------------------------------------------------------


def read_shown(path: str | Path) -> ShownFile:
    """The shown-file at a path (`-`: standard input).

    Raises
    ------
    InvalidInput : it cannot be read, or is none; the message names the place.
    """
    try:
        return parse(read_input(str(path), MAX_BYTES))
    except Unreadable as error:
        raise InvalidInput(f"{path}: {error}; expected a shown-file (trompe visualize)") from None
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None


def is_shown(content: bytes) -> bool:
    """Does this content say that it is a shown-file, whatever else is wrong with it?"""
    return says_format(content, FORMAT)


def says_format(content: bytes, form: str) -> bool:
    """Does this content say that it is a file of this format, whatever else is wrong with it?"""
    if form.encode() not in content:
        return False
    try:
        data = json_data(content, MAX_BYTES)
    except Unreadable:
        return False
    return isinstance(data, dict) and data.get("format") == form


def document(
    content: bytes, form: str, version: int, names: tuple[str, ...], what: str
) -> dict[str, Any]:
    """A file's content as JSON data, of this format and version and with these fields; what is wrong names `what` it is not.

    Raises
    ------
    InvalidInput : it is no such file.
    """
    try:
        data = json_data(content, MAX_BYTES)
    except Unreadable as error:
        raise InvalidInput(f"the file: {error}") from None
    if not isinstance(data, dict) or data.get("format") != form:
        raise InvalidInput(f'format: expected "{form}"; this is no {what}')
    if data.get("version") != version or type(data["version"]) is not int:
        raise InvalidInput(
            f"version: {short(data.get('version'))}; this trompe reads version {version}"
        )
    return fields(data, names, "the file")


def parse(content: bytes) -> ShownFile:
    """What a file's content says; nothing of it is checked but its shape.

    Raises
    ------
    InvalidInput : not such a file, or beyond a limit; the message names the place.
    """
    data = document(content, FORMAT, VERSION, _FIELDS, "shown-file")
    shape = items(data["shape"], "shape", integer(1))
    if len(shape) != 3 or shape[0] * shape[1] * shape[2] > MAX_POINT:
        raise InvalidInput(f"shape: {short(data['shape'])}; expected channels, height and width")
    asked = items(data["asked"], "asked", integer(0))
    settings = _settings(data["settings"])
    units = items(data["units"], "units", lambda part, where: _unit(part, where, settings))
    numbers = [unit.unit for unit in units]
    if len({*asked}) < len(asked) or numbers != [u for u in asked if u in {*numbers}]:
        raise InvalidInput(
            "units: expected each of those that were asked for at most once, in their order"
        )
    points = [unit.shown(end).point for unit in units for end in ENDS]
    if len({*points}) < len(points):
        raise InvalidInput("units: expected each array once, for one end of one unit")
    natural = {(unit.natural_minimum is None, unit.natural_maximum is None) for unit in units}
    images = data["images"]
    if natural - {(images is None,) * 2}:
        raise InvalidInput(
            "units: natural extremes and images go together; expected both or neither"
        )
    return ShownFile(
        _model(data["model"]),
        None if images is None else images_of(images),
        settings,
        {
            name: text(value, f"versions.{name}")
            for name, value in fields(
                data["versions"], ("trompe", "python", "torch", "numpy"), "versions"
            ).items()
        },
        (shape[0], shape[1], shape[2]),
        tuple(asked),
        tuple(units),
    )


def read_array(path: Path, shown: Pictured, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """The point of a shown-file at `path`, shape (channels, height, width): the array, its hash compared.

    Raises
    ------
    InvalidInput : it is not there, or not what the file says.
    """
    import numpy as np

    place = path.parent / shown.point
    c, h, w = shape
    try:
        content = read_file(place, 8 * c * h * w + 4096)
    except Unreadable as error:
        raise InvalidInput(f"{place}: {error}; it is part of the shown-file") from None
    if (found := hashlib.sha256(content).hexdigest()) != shown.sha256:
        raise InvalidInput(
            f"{place}: its SHA-256 is {found[:16]}..., the shown-file says {shown.sha256[:16]}..."
        )
    try:
        array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception:  # NumPy raises many kinds for damaged headers
        array = np.zeros(0)
    if array.dtype != np.float32 or array.shape != shape:
        raise InvalidInput(f"{place}: expected an array of float32, shape {shape}")
    if not (array.min() >= 0 and array.max() <= 1):
        raise InvalidInput(f"{place}: expected numbers in [0, 1]")
    return array


# -- parts --------------------------------------------------------------------------------------------

Read = Callable[[Any, str], Any]


def text(value: Any, where: str, longest: int = 4096) -> str:
    """A text that is not too long."""
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidInput(
            f"{where}: {short(value)}; expected a text of at most {longest} characters"
        )
    return value


def sha(value: Any, where: str) -> str:
    """A hash."""
    if not isinstance(value, str) or not _SHA.fullmatch(value):
        raise InvalidInput(f"{where}: {short(value)}; expected a SHA-256 of 64 hexadecimal digits")
    return value


def number(value: Any, where: str) -> str:
    """A number as text, within what floats hold."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise InvalidInput(
            f'{where}: {short(value)}; expected a number as text, such as "-0.25" or "1/3"'
        )
    if abs(Fraction(value)) > _LARGEST:
        raise InvalidInput(f"{where}: {short(value)}; it is beyond what floats hold")
    return value


def integer(least: int | None = None) -> Read:
    """A reader of integers."""

    def read(value: Any, where: str) -> int:
        if type(value) is not int or (least is not None and value < least):
            raise InvalidInput(
                f"{where}: {short(value)}; expected an integer"
                + (f" of at least {least}" if least is not None else "")
            )
        return value

    return read


def real(value: Any, where: str) -> float:
    """A number of JSON."""
    if type(value) not in (int, float):
        raise InvalidInput(f"{where}: {short(value)}; expected a number")
    return float(value)


def truth(value: Any, where: str) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise InvalidInput(f"{where}: {short(value)}; expected true or false")
    return value


def or_none(read: Read) -> Read:
    """A reader that takes null too."""
    return lambda value, where: None if value is None else read(value, where)


def items(value: Any, where: str, read: Read) -> list[Any]:
    """A list, each item read."""
    if not isinstance(value, list):
        raise InvalidInput(f"{where}: {short(value)}; expected a list")
    return [read(item, f"{where}[{k}]") for k, item in enumerate(value)]


def _lists(read: Read) -> Read:
    return lambda value, where: items(value, where, read)


SETTINGS: dict[str, Read] = {
    "layer": text,
    "objective": text,
    "unit_axis": or_none(integer()),
    "axis": integer(1),
    "negative": truth,
    "sums": _lists(_lists(integer(0))),
    "directions": _lists(_lists(real)),
    "parametrization": text,
    "transforms": truth,
    "redirect": truth,
    "seeds": _lists(integer()),
    "steps": integer(1),
    "looked_at": _lists(integer(0)),
    "rate": real,
    "batch": integer(1),
    "device": text,
    "threads": integer(1),
}
"""What made the pictures. axis : that of the units, as it was found; looked_at : the steps of which the best is shown."""


def _settings(data: Any) -> dict[str, Any]:
    found = fields(data, tuple(SETTINGS), "settings")
    settings = {name: read(found[name], f"settings.{name}") for name, read in SETTINGS.items()}
    if settings["sums"] and settings["directions"]:
        raise InvalidInput(
            "settings: sums and directions are both given; expected one of them at most"
        )
    for step in settings["looked_at"]:
        if step > settings["steps"]:
            raise InvalidInput(
                f"settings.looked_at: {step}; expected at most the {settings['steps']} steps"
            )
    return settings


def _model(data: Any) -> ShownModel:
    found = fields(data, ("name", "weights", "mean", "std", "logits", "sha256"), "model")
    return ShownModel(
        text(found["name"], "model.name"),
        or_none(text)(found["weights"], "model.weights"),
        tuple(items(found["mean"], "model.mean", real)),
        tuple(items(found["std"], "model.std", real)),
        or_none(text)(found["logits"], "model.logits"),
        sha(found["sha256"], "model.sha256"),
    )


def images_of(data: Any) -> ShownImages:
    """What names natural images."""
    found = fields(data, ("name", "count", "resize", "crop", "sha256"), "images")
    return ShownImages(
        text(found["name"], "images.name"),
        integer(1)(found["count"], "images.count"),
        tuple(items(found["resize"], "images.resize", integer(1))),
        tuple(items(found["crop"], "images.crop", integer(1))),
        sha(found["sha256"], "images.sha256"),
    )


def _unit(data: Any, where: str, settings: dict[str, Any]) -> ShownUnit:
    natural = tuple(f"natural_{end}" for end in ENDS)
    found = fields(data, ("unit", *ENDS, *natural), where)
    unit = integer(0)(found["unit"], f"{where}.unit")
    groups = len(settings["sums"] or settings["directions"])
    if groups and unit >= groups:
        raise InvalidInput(f"{where}.unit: {unit}; the settings have {groups} sums or directions")
    shown = [_shown(found[end], f"{where}.{end}") for end in ENDS]
    for end, one in zip(ENDS, shown, strict=True):
        for name, value, among in (("seed", one.seed, "seeds"), ("step", one.step, "looked_at")):
            if value not in settings[among]:
                raise InvalidInput(f"{where}.{end}.{name}: {value} is not in settings.{among}")
    if Fraction(shown[0].value) > Fraction(shown[1].value):
        raise InvalidInput(
            f"{where}: its minimum {shown[0]} lies above its maximum {shown[1]}; expected it not to"
        )
    beside = [
        None if found[end] is None else _natural(found[end], f"{where}.{end}") for end in natural
    ]
    return ShownUnit(unit, unit_name(settings, unit), shown[0], shown[1], beside[0], beside[1])


def evaluated(found: dict[str, Any], where: str) -> tuple[str, str | None, str]:
    """The fields of an `Evaluated`."""
    kind = found["kind"]
    if not isinstance(kind, str) or kind not in ERRORS:
        raise InvalidInput(f"{where}.kind: {short(kind)}; expected {', '.join(ERRORS)}")
    error = or_none(number)(found["error"], f"{where}.error")
    if (error is None) != (kind == UNKNOWN) or Fraction(error or 0) < 0:
        raise InvalidInput(
            f"{where}.error: {short(error)}; expected null where its kind is unknown, else a number of at least 0"
        )
    return number(found["value"], f"{where}.value"), error, kind


PICTURED = ("value", "error", "kind", "point", "sha256")


def pictured(found: dict[str, Any], where: str) -> tuple[str, str | None, str, str, str]:
    """The fields of a `Pictured`."""
    if not isinstance(found["point"], str) or not _POINT.fullmatch(found["point"]):
        raise InvalidInput(
            f"{where}.point: {short(found['point'])}; expected the name of a .npy file beside the shown-file"
        )
    return *evaluated(found, where), found["point"], sha(found["sha256"], f"{where}.sha256")


def _shown(data: Any, where: str) -> ShownEnd:
    found = fields(data, (*PICTURED, "seed", "step", "dead"), where)
    return ShownEnd(
        *pictured(found, where),
        integer()(found["seed"], f"{where}.seed"),
        integer(0)(found["step"], f"{where}.step"),
        truth(found["dead"], f"{where}.dead"),
    )


def _natural(data: Any, where: str) -> Natural:
    found = fields(data, ("value", "error", "kind", "image", "index"), where)
    return Natural(
        *evaluated(found, where),
        text(found["image"], f"{where}.image"),
        integer(0)(found["index"], f"{where}.index"),
    )
