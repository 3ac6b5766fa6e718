"""Conclusions-files: JSON beside a shown-file and its arrays. It is parsed, never executed; `trompe/schemas/conclusions.json` has the shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from trompe.constructions.expression_forms import short
from trompe.proofs.handover.concluded.data import (
    ASSUMPTIONS,
    CERTIFIED,
    NATURAL,
    NORMS,
    OTHERS,
    PICTURES,
    ConcludedUnit,
    Conclusion,
    ConclusionSettings,
    ConclusionsFile,
    Counted,
    Slope,
)
from trompe.proofs.handover.shown import Pictured
from trompe.proofs.handover.shown.data import ENCLOSURE, ESTIMATE, UNKNOWN
from trompe.proofs.handover.shown.file import (
    PICTURED,
    Read,
    document,
    images_of,
    integer,
    items,
    number,
    or_none,
    pictured,
    real,
    says_format,
    sha,
    text,
)
from trompe.proofs.handover.witnesses.file import MAX_BYTES
from trompe.proofs.shapes import fields
from trompe.theory import InvalidInput

FORMAT, VERSION, FILE = "trompe conclusions", 1, "conclusions.json"
_FIELDS = (
    "format", "version", "shown", "shown_sha256", "layer", "images", "settings", "versions", "left_out", "units", "verdict",
)  # fmt: skip
_COUNT = integer(0)
ROW_BYTES, SLOPE_BYTES, TEXT_BYTES = 560, 1100, 1500
"""At most so many bytes a row, a slope and besides in a unit's part, if no name or reason is long."""


def check_units(units: int, norms: int, exemplars: int) -> None:
    """Will a file of so many units, norms and numbers of exemplars be read? For those who are about to begin.

    Raises
    ------
    InvalidInput : it will not.
    """
    rows = (exemplars + 1) * (1 + 2 * norms) + len(OTHERS)
    each = TEXT_BYTES + ROW_BYTES * rows + SLOPE_BYTES * norms
    if units * each > MAX_BYTES:
        raise InvalidInput(
            f"{units} units are too many for one conclusions-file of {MAX_BYTES // 2**20} MiB; ask for at most {MAX_BYTES // each}, or for "
            "fewer norms or numbers of exemplars"
        )


def to_json(found: ConclusionsFile) -> str:
    """The file's text."""
    settings = asdict(found.settings)
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "shown": found.shown,
        "shown_sha256": found.shown_sha256,
        "layer": found.layer,
        "images": asdict(found.images),
        "settings": settings | {"eps": str(found.settings.eps)},
        "versions": dict(found.versions),
        "left_out": dict(found.left_out),
        "units": [asdict(unit) | {"slopes": [asdict(s) for s in unit.slopes.values()]} for unit in found.units],
        "verdict": found.verdict(),
    }  # fmt: skip
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def is_conclusions(content: bytes) -> bool:
    """Does this content say that it is a conclusions-file, whatever else is wrong with it?"""
    return says_format(content, FORMAT)


def parse(content: bytes) -> ConclusionsFile:
    """What a file's content says; nothing of it is checked but its shape, and that its verdict is that of its counts.

    Raises
    ------
    InvalidInput : not such a file, or beyond a limit; the message names the place.
    """
    data = document(content, FORMAT, VERSION, _FIELDS, "conclusions-file")
    settings = _settings(data["settings"])
    if data["shown"] != "shown.json":
        raise InvalidInput(
            f"shown: {short(data['shown'])}; expected shown.json, which lies beside the file"
        )
    versions = fields(data["versions"], ("trompe", "python", "torch", "numpy"), "versions")
    units = items(data["units"], "units", lambda part, where: _unit(part, where, settings))
    if not units or len({unit.unit for unit in units}) < len(units):
        raise InvalidInput("units: expected at least one, and each once")
    if not isinstance(data["left_out"], dict):
        raise InvalidInput(f"left_out: {short(data['left_out'])}; expected an object")
    images = images_of(data["images"])
    if images.count < 3:
        raise InvalidInput(f"images.count: {images.count}; expected at least 3")
    for k, unit in enumerate(units):
        _fits(unit, f"units[{k}]", images.count, settings)
    found = ConclusionsFile(
        data["shown"],
        sha(data["shown_sha256"], "shown_sha256"),
        text(data["layer"], "layer"),
        images,
        settings,
        {name: text(value, f"versions.{name}") for name, value in versions.items()},
        {text(k, "left_out"): text(why, f"left_out.{k}") for k, why in data["left_out"].items()},
        tuple(units),
    )
    if data["verdict"] != found.verdict():
        raise InvalidInput("verdict: it is not that of the counts")
    return found


def _settings(data: Any) -> ConclusionSettings:
    names = tuple(ConclusionSettings.__dataclass_fields__)
    found = fields(data, names, "settings")
    eps = Fraction(number(found["eps"], "settings.eps"))
    if eps <= 0:
        raise InvalidInput(f"settings.eps: {eps}; expected a number above 0")
    norms = tuple(items(found["norms"], "settings.norms", _one_of(NORMS)))
    exemplars = tuple(items(found["exemplars"], "settings.exemplars", _COUNT))
    if not norms or len({*norms}) < len(norms) or exemplars != tuple(sorted({0, *exemplars})):
        raise InvalidInput(
            "settings: expected one norm or two, and numbers of exemplars from 0 upwards"
        )
    starts, steps, programs, batch, threads = (
        integer(1)(found[name], f"settings.{name}")
        for name in ("starts", "steps", "programs", "batch", "threads")
    )
    device = text(found["device"], "settings.device")
    return ConclusionSettings(
        norms, eps, exemplars, starts, steps, programs, batch, device, threads
    )


def _one_of(known: tuple[str, ...]) -> Read:
    def read(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise InvalidInput(f"{where}: {short(value)}; expected {', '.join(known)}")
        return value

    return read


def _reals(count: int) -> Read:
    def read(value: Any, where: str) -> tuple[float, ...]:
        found = items(value, where, real)
        if len(found) != count or sorted(found) != found:
            raise InvalidInput(f"{where}: {short(value)}; expected {count} rising numbers")
        return tuple(found)

    return read


def _unit(data: Any, where: str, settings: ConclusionSettings) -> ConcludedUnit:
    found = fields(data, tuple(ConcludedUnit.__dataclass_fields__), where)
    slopes = {s.norm: s for s in items(found["slopes"], f"{where}.slopes", _slope)}
    nearest = fields(found["nearest"], settings.norms, f"{where}.nearest")
    if tuple(slopes) != settings.norms:
        raise InvalidInput(f"{where}.slopes: expected one for each of {', '.join(settings.norms)}")
    rows = tuple(items(found["rows"], f"{where}.rows", _row))
    if {row.place for row in rows} != set(places(settings)) or len(rows) != len(places(settings)):
        raise InvalidInput(
            f"{where}.rows: expected one for each assumption, norm and number of exemplars"
        )
    for row in rows:
        slope = slopes.get(row.norm or "")
        own = (
            None if slope is None else slope.low if row.assumption == ASSUMPTIONS[1] else slope.high
        )
        if row.constant != own:
            raise InvalidInput(
                f"{where}.rows: constant {row.constant}; expected that of the slopes, {own}"
            )
    kind = _one_of((ENCLOSURE, ESTIMATE, UNKNOWN))(found["kind"], f"{where}.kind")
    gap = real(found["gap"], f"{where}.gap")
    if gap <= 0:
        raise InvalidInput(f"{where}.gap: {gap}; expected a number above 0")
    return ConcludedUnit(
        integer(0)(found["unit"], f"{where}.unit"), text(found["name"], f"{where}.name"), gap, kind,
        or_none(_reals(2))(found["range"], f"{where}.range"), text(found["range_why"], f"{where}.range_why"), slopes,
        _reals(2)(found["natural"], f"{where}.natural"), _COUNT(found["below"], f"{where}.below"),
        {norm: _reals(3)(ends, f"{where}.nearest.{norm}") for norm, ends in nearest.items()}, rows,
    )  # fmt: skip


def _fits(unit: ConcludedUnit, where: str, count: int, settings: ConclusionSettings) -> None:
    """Is every row about the images that are not shown, and is nothing counted only where that is possible?"""
    if unit.below > count:
        raise InvalidInput(f"{where}.below: {unit.below}; expected at most {count}, the images")
    for row in unit.rows:
        beside = 1 if row.shown == NATURAL else row.exemplars
        if row.assumption in OTHERS:
            asked = min(count, settings.programs) if OTHERS[row.assumption] else count
            images, may_be_none = 0 if row.side is None else asked, True
        else:
            images = max(0, count - 2 * beside)
            equal = row.shown == NATURAL and unit.natural[0] == unit.natural[1]
            may_be_none = not images or equal or (row.assumption == CERTIFIED and row.constant is None)  # fmt: skip
        if row.images != images:
            raise InvalidInput(
                f"{where}.rows: {row.assumption}, {row.shown}, {row.exemplars} exemplars: {row.images} images; expected {images} of {count}"
            )
        if row.side is None and not may_be_none:
            raise InvalidInput(
                f"{where}.rows: {row.assumption}, {row.shown}, {row.exemplars} exemplars: no counts; expected those of {images} images"
            )


def places(settings: ConclusionSettings) -> list[tuple[str, str, int, str | None]]:
    """The rows of a unit."""
    nothing, *steep = ASSUMPTIONS[:3]
    return [
        (assumption, shown, k, norm)
        for shown, k in (*((PICTURES, k) for k in settings.exemplars), (NATURAL, 0))
        for assumption in (nothing, *steep)
        for norm in (settings.norms if assumption in steep else (None,))
    ] + [(key, PICTURES, 0, None) for key in ASSUMPTIONS[3:]]


def _slope(data: Any, where: str) -> Slope:
    found = fields(data, tuple(Slope.__dataclass_fields__), where)
    ends = [
        Pictured(*pictured(fields(found[end], PICTURED, f"{where}.{end}"), f"{where}.{end}"))
        for end in ("first", "second")
    ]
    low = real(found["low"], f"{where}.low")
    if low < 0:
        raise InvalidInput(f"{where}.low: {low}; expected a number of at least 0")
    return Slope(
        _one_of(NORMS)(found["norm"], f"{where}.norm"), low, ends[0], ends[1],
        or_none(real)(found["high"], f"{where}.high"), text(found["why"], f"{where}.why"),
    )  # fmt: skip


def _row(data: Any, where: str) -> Conclusion:
    found = fields(data, tuple(Conclusion.__dataclass_fields__), where)
    images, why = _COUNT(found["images"], f"{where}.images"), text(found["why"], f"{where}.why")
    side, approx = (
        or_none(_counted(images))(found[task], f"{where}.{task}") for task in ("side", "approx")
    )
    if (side is None) != bool(why) or (approx is None) != bool(why):
        raise InvalidInput(f"{where}: expected counts, or why there are none")
    return Conclusion(
        _one_of(ASSUMPTIONS)(found["assumption"], f"{where}.assumption"),
        _one_of((PICTURES, NATURAL))(found["shown"], f"{where}.shown"), _COUNT(found["exemplars"], f"{where}.exemplars"),
        or_none(_one_of(NORMS))(found["norm"], f"{where}.norm"), or_none(real)(found["constant"], f"{where}.constant"),
        images, why, side, approx,
    )  # fmt: skip


def _counted(images: int) -> Read:
    def read(value: Any, where: str) -> Counted:
        found: Mapping[str, Any] = fields(value, tuple(Counted.__dataclass_fields__), where)
        counts = [_COUNT(found[name], f"{where}.{name}") for name in Counted.__dataclass_fields__]
        result = Counted(*counts)
        if result.yes + result.no > images or result.right > result.yes or result.best > images:
            raise InvalidInput(f"{where}: {counts}; expected counts of {images} images")
        return result

    return read
