"""Check a conclusions-file: do its slopes follow from its arrays, and, by somebody who has network and images, is all of it found again?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from trompe.ground.reading import Unreadable, read_file
from trompe.ground.text import rounded_down, rounded_up
from trompe.proofs.handover.concluded.data import (
    ADMISSIBLE,
    CERTIFIED,
    NOTHING,
    PICTURES,
    ROOM,
    TASKS,
    ConcludedUnit,
    Conclusion,
    ConclusionsFile,
    Slope,
    kind_of,
)
from trompe.proofs.handover.concluded.file import parse
from trompe.proofs.handover.shown import ShownFile, read_array
from trompe.proofs.handover.shown.checking import compared
from trompe.proofs.handover.shown.data import ENCLOSURE, ENDS
from trompe.proofs.handover.shown.file import parse as parse_shown
from trompe.proofs.handover.witnesses.checking import Finding, Report
from trompe.proofs.handover.witnesses.file import MAX_BYTES
from trompe.proofs.handover.witnesses.unit_checks import Verdict
from trompe.theory import InvalidInput
from trompe.theory.functionals import exact_distance, metric
from trompe.theory.sites import squared_distance

_BESIDES = "the shown-file itself (trompe check shown.json); what was called how, versions, and how the pairs were looked for"
_OFF = 1e-6
"""Numbers of natural images may differ by this share of the shown values' difference."""
Pairs = dict[tuple[int, str], tuple[NDArray[Any], NDArray[Any]]]
Again = Callable[[ConclusionsFile, ShownFile, Pairs], ConclusionsFile]
"""The same audit, made anew with the pairs of the file."""


def check_conclusions(content: bytes, path: Path, again: Again | None = None) -> Report:
    """Check the content of a conclusions-file; the shown-file and the arrays lie beside `path`.

    Slopes are checked in exact arithmetic, given the two values. With `again` values, ranges, constants and counts are compared with those found
    here. Counts of the two pictures alone are PROVED where all that they rest on is certified; what rests on values of
    natural images, evaluated in float64, is only EVALUATED. A count that is found smaller here is UNKNOWN, and REFUTED only where an image
    would have to be decided and undecided: on another processor a few more may be left open.

    Raises
    ------
    InvalidInput : the network or the images are others.
    """
    is_one = "the file is a conclusions-file"
    try:
        claims = parse(content)
    except InvalidInput as error:
        return Report("", (Finding(is_one, "REFUTED", str(error)),))
    findings = [
        Finding(
            is_one,
            "PROVED",
            "its fields have the shape of version 1, its verdict is that of its counts",
        )
    ]
    says = "shown.json beside it is the one that it is about"
    try:
        shown = _shown(claims, path)
    except InvalidInput as error:
        return Report("", (*findings, Finding(says, "REFUTED", str(error))))
    findings.append(Finding(says, "PROVED", "same SHA-256"))
    pairs: Pairs = {}
    for unit in claims.units:
        findings.append(_gap(unit, shown))
        for slope in unit.slopes.values():
            findings += _slope(unit, slope, path, shown, pairs)
    besides = _BESIDES
    if again is None:
        besides += "; values, ranges, constants and counts (give --model and --images)"
    elif all(finding.holds for finding in findings):
        here = again(claims, shown, pairs)
        findings += _compared(claims, here, shown)
    n = claims.images.count
    about = f"{len(claims.units)} units of {claims.layer} on {n} images"
    return Report(about, tuple(findings), "a conclusions-file", besides)


def _shown(claims: ConclusionsFile, path: Path) -> ShownFile:
    place = path.parent / claims.shown
    try:
        content = read_file(place, MAX_BYTES)
    except Unreadable as error:
        raise InvalidInput(f"{place}: {error}") from None
    if (found := hashlib.sha256(content).hexdigest()) != claims.shown_sha256:
        raise InvalidInput(
            f"its SHA-256 is {found[:16]}..., the file says {claims.shown_sha256[:16]}..."
        )
    return parse_shown(content)


def _gap(unit: ConcludedUnit, shown: ShownFile) -> Finding:
    says = f"{unit.name}: its shown values are {unit.gap:.6g} apart, to six digits ({unit.kind})"
    try:
        about = shown.unit(unit.unit)
    except InvalidInput as error:
        return Finding(says, "REFUTED", str(error))
    gap = Fraction(about.maximum.value) - Fraction(about.minimum.value)
    kind = kind_of(*map(about.shown, ENDS))
    if (about.name, float(gap), kind) != (unit.name, unit.gap, unit.kind):
        return Finding(
            says, "REFUTED", f"{about.name} of the shown-file: {float(gap):.6g} ({kind})"
        )
    return Finding(says, "PROVED", "the shown-file's values")


def _slope(
    unit: ConcludedUnit, slope: Slope, path: Path, shown: ShownFile, pairs: Pairs
) -> Iterator[Finding]:
    name = f"{unit.name}, {slope.norm}"
    arrays = []
    for end in (slope.first, slope.second):
        says = f"{name}: {end.point} matches the file's hash"
        try:
            arrays.append(read_array(path, end, shown.shape))
            yield Finding(says, "PROVED", "same SHA-256, float32 in [0, 1]")
        except InvalidInput as error:
            yield Finding(says, "REFUTED", str(error))
    if len(arrays) < 2:
        return
    pairs[unit.unit, slope.norm] = arrays[0], arrays[1]
    says = f"{name}: no admissible constant is below {rounded_down(slope.low)}, if the two values are as stated"
    first, second = slope.first, slope.second
    rise = max(first.low - second.high, second.low - first.high, Fraction(0))
    y, z = (tuple(map(Fraction, array.ravel().tolist())) for array in arrays)
    low = Fraction(slope.low)
    if slope.norm == "l2":
        square = squared_distance(y, z)
        holds, steep = low * low * square <= rise * rise, math.sqrt(float(square))
    else:
        away = Fraction(exact_distance(metric(slope.norm), y, z))
        holds, steep = low * away <= rise, float(away)
    if not holds or not steep:
        most = f"{float(rise) / steep:.6g}" if steep else "none, the pictures are equal"
        yield Finding(says, "REFUTED", f"their slope is {most}")
    else:
        yield Finding(says, "PROVED", "exact arithmetic")


def _compared(
    claims: ConclusionsFile, here: ConclusionsFile, shown: ShownFile
) -> Iterator[Finding]:
    says = "the units that are left out, and those that are not"
    names = [unit.unit for unit in claims.units]
    if (
        names != [unit.unit for unit in here.units]
        or claims.left_out.keys() != here.left_out.keys()
    ):
        yield Finding(says, "REFUTED", f"here {', '.join(unit.name for unit in here.units)}")
        return
    yield Finding(says, "EVALUATED", "the same here")
    for unit, found in zip(claims.units, here.units, strict=True):
        for norm, slope in unit.slopes.items():
            own = found.slopes[norm]
            yield compared(f"{unit.name}, {norm}, first of the pair", slope.first, own.first)
            yield compared(f"{unit.name}, {norm}, second of the pair", slope.second, own.second)
            yield _constant(unit, slope, own)
        yield _range(unit, found, shown)
        yield from _counts(unit, found)


def _range(unit: ConcludedUnit, found: ConcludedUnit, shown: ShownFile) -> Finding:
    if unit.range is None:
        says = f"{unit.name}: no range of its values is certified"
        if found.range is None:
            return Finding(says, "EVALUATED", found.range_why)
        return Finding(says, "REFUTED", _from_to(found.range))
    low, high = unit.range
    says = f"{unit.name}: all values over [0, 1]^N lie between {rounded_down(low)} and {rounded_up(high)}"
    about = shown.unit(unit.unit)
    values = [about.shown(end) for end in ENDS]
    if values[0].high < Fraction(low) or values[1].low > Fraction(high):
        return Finding(says, "REFUTED", f"the shown values are {values[0]} and {values[1]}")
    off = _OFF * unit.gap
    if found.natural[0] < low - off or found.natural[1] > high + off:
        return Finding(
            says, "REFUTED", f"on the images they are {_from_to(found.natural)} here, in float64"
        )
    if found.range is None:
        return Finding(says, "UNKNOWN", found.range_why)
    reached = f"{_from_to(found.range)} by interval bounds here"
    room = ROOM / 2 * max(map(abs, found.range))  # what is certified here is narrower by twice that
    if low <= found.range[0] + room and found.range[1] - room <= high:
        return Finding(says, "PROVED", reached)
    return Finding(says, "UNKNOWN", reached)


def _from_to(ends: tuple[float, float]) -> str:
    return f"from {rounded_down(ends[0])} to {rounded_up(ends[1])}"


def _constant(unit: ConcludedUnit, slope: Slope, own: Slope) -> Finding:
    if slope.high is None:
        says = f"{unit.name}, {slope.norm}: no constant is certified"
        if own.high is None:
            return Finding(says, "EVALUATED", own.why)
        return Finding(says, "REFUTED", f"{rounded_up(own.high)} is")
    says = f"{unit.name} is L-Lipschitz in {slope.norm} for L = {rounded_up(slope.high)}"
    if slope.high < slope.low:
        return Finding(says, "REFUTED", f"the slope of its pair is {rounded_down(slope.low)}")
    if own.high is None:
        return Finding(says, "UNKNOWN", own.why)
    by = f"{rounded_up(own.high)} by the weights"
    if own.high <= slope.high * (1 + ROOM / 2):  # what is certified here is less by the share ROOM
        return Finding(says, "PROVED", by)
    return Finding(says, "UNKNOWN", by)


def _counts(unit: ConcludedUnit, found: ConcludedUnit) -> Iterator[Finding]:
    certain = unit.kind == ENCLOSURE
    certain &= all(slope.kind == ENCLOSURE for slope in unit.slopes.values())
    alone = (NOTHING, ADMISSIBLE, CERTIFIED)
    two = [
        row
        for row in unit.rows
        if row.assumption in alone and row.shown == PICTURES and not row.exemplars
    ]
    says = f"{unit.name}: on how many images the two pictures decide, in {len(two)} counts"
    verdict: Verdict | Literal["EVALUATED"]
    verdict, why = _held(two, found)
    if verdict == "PROVED":
        how = "cones with every rounding outward" if certain else "the same here, or more"
        verdict, why = "PROVED" if certain else "EVALUATED", how
    yield Finding(says, verdict, why)
    says = f"{unit.name}: all other counts, and where its natural values and its images lie"
    verdict, why = _held(unit.rows, found)
    if verdict == "PROVED":
        verdict, why = "EVALUATED", "the same here, or more"
        if other := _different(unit, found):
            verdict, why = "UNKNOWN", other
    if verdict != "REFUTED" and not _near(unit, found):
        verdict, why = "REFUTED", f"natural values {_from_to(found.natural)} here"
    yield Finding(says, verdict, why)


def _held(rows: Iterable[Conclusion], found: ConcludedUnit) -> tuple[Verdict, str]:
    """Are so many images decided, and so many not, by what is found here? Rounding may leave fewer open here, or more: only an image
    that were both would refute it."""
    here = {row.place: row for row in found.rows}
    less = ""
    for row in rows:
        own = here.get(row.place)
        where = _where(row)
        if own is None or (own.side is not None and own.images != row.images and row.side):
            return "REFUTED", f"{where}: {0 if own is None else own.images} images here"
        for task in TASKS:
            stated, counted = row.task(task), own.task(task)
            if stated is None or counted is None:
                if stated is not counted:
                    less = less or f"{where}: {own.why or 'it is counted'} here"
                continue
            said = f"{counted.yes} decided and {counted.no} undecided here, the file says {stated.yes} and {stated.no}"
            if max(stated.yes + counted.no, stated.no + counted.yes) > row.images:
                return "REFUTED", f"{where}, {task}: {said}"
            if stated.yes > counted.yes or stated.no > counted.no:
                less = less or f"{where}, {task}: {said}"
    return ("UNKNOWN", less) if less else ("PROVED", "")


def _different(unit: ConcludedUnit, found: ConcludedUnit) -> str:
    """The first of the counts by natural values that differs, in words; their last digits are another machine's."""
    if unit.below != found.below:
        return (
            f"{found.below} of the images are at most the middle here, the file says {unit.below}"
        )
    for row in unit.rows:
        own = found.row(row.assumption, row.norm, row.exemplars, row.shown)
        for task in TASKS:
            stated, counted = row.task(task), own.task(task)
            if stated is None or counted is None:
                continue
            for name in ("right", "best"):
                if (a := getattr(stated, name)) != (b := getattr(counted, name)):
                    return f"{_where(row)}, {task}, {name}: {b} here, the file says {a}"
    return ""


def _where(row: Conclusion) -> str:
    return f"{row.assumption}{f' in {row.norm}' if row.norm else ''}, {row.shown}, {row.exemplars} exemplars"


def _near(unit: ConcludedUnit, found: ConcludedUnit) -> bool:
    pairs = [*zip(unit.natural, found.natural, strict=True)]
    pairs += [
        both
        for norm in unit.nearest
        for both in zip(unit.nearest[norm], found.nearest[norm], strict=True)
    ]
    return all(math.isclose(a, b, rel_tol=_OFF, abs_tol=_OFF * unit.gap) for a, b in pairs)
