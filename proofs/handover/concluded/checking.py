"""Check a conclusions-file: do its slopes follow from its arrays, and, by somebody who has network and images, is all of it found again?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from trompe.ground.reading import Unreadable, read_file
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
)
from trompe.proofs.handover.concluded.file import parse
from trompe.proofs.handover.shown import ShownFile, read_array
from trompe.proofs.handover.shown.checking import compared
from trompe.proofs.handover.shown.data import ENCLOSURE, ENDS
from trompe.proofs.handover.shown.file import parse as parse_shown
from trompe.proofs.handover.witnesses.checking import Finding, Report
from trompe.proofs.handover.witnesses.file import MAX_BYTES
from trompe.theory import InvalidInput
from trompe.theory.functionals import exact_distance, metric
from trompe.theory.sites import squared_distance

_BESIDES = "the shown-file itself (trompe check shown.json); what was called how, versions, and how the pairs were looked for"
Pairs = dict[tuple[int, str], tuple[NDArray[Any], NDArray[Any]]]
Again = Callable[[ConclusionsFile, ShownFile, Pairs], ConclusionsFile]
"""The same audit, made anew with the pairs of the file."""


def check_conclusions(content: bytes, path: Path, again: Again | None = None) -> Report:
    """Check the content of a conclusions-file; the shown-file and the arrays lie beside `path`.

    Slopes are checked in exact arithmetic, given the two values. With `again` values, ranges, constants and counts are compared with those found
    here. Counts of the two pictures alone are PROVED where all that they rest on is certified; what rests on values of
    natural images, evaluated in float64, is only EVALUATED.

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
    says = f"{unit.name}: its shown values are {unit.gap:.6g} apart"
    try:
        about = shown.unit(unit.unit)
    except InvalidInput as error:
        return Finding(says, "REFUTED", str(error))
    gap = Fraction(about.maximum.value) - Fraction(about.minimum.value)
    if (about.name, float(gap)) != (unit.name, unit.gap):
        return Finding(says, "REFUTED", f"{about.name} of the shown-file: {float(gap):.6g}")
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
    says = (
        f"{name}: no admissible constant is below {slope.low:.6g}, if the two values are as stated"
    )
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
        yield from _counts(unit, found, shown)


def _range(unit: ConcludedUnit, found: ConcludedUnit, shown: ShownFile) -> Finding:
    if unit.range is None or found.range is None:
        same = unit.range == found.range
        says = f"{unit.name}: no range of its values is certified"
        if same:
            return Finding(says, "EVALUATED", found.range_why)
        if found.range is None:
            return Finding(f"{unit.name}: its range", "UNKNOWN", found.range_why)
        return Finding(says, "REFUTED", f"from {found.range[0]:.6g} to {found.range[1]:.6g}")
    says = f"{unit.name}: all values over [0, 1]^N lie between {unit.range[0]:.6g} and {unit.range[1]:.6g}"
    reached = "from {:.6g} to {:.6g} by interval bounds here".format(*found.range)
    room = ROOM / 2 * max(map(abs, found.range))  # what is certified here is narrower by twice that
    if unit.range[0] <= found.range[0] + room and found.range[1] - room <= unit.range[1]:
        return Finding(says, "PROVED", reached)
    about = shown.unit(unit.unit)
    values = [about.shown(end) for end in ENDS]
    if values[0].high < Fraction(unit.range[0]) or values[1].low > Fraction(unit.range[1]):
        return Finding(says, "REFUTED", f"the shown values are {values[0]} and {values[1]}")
    return Finding(says, "UNKNOWN", reached)


def _constant(unit: ConcludedUnit, slope: Slope, own: Slope) -> Finding:
    if slope.high is None:
        says = f"{unit.name}, {slope.norm}: no constant is certified"
        if own.high is None:
            return Finding(says, "EVALUATED", own.why)
        return Finding(says, "REFUTED", f"{own.high:.6g} is")
    says = f"{unit.name} is L-Lipschitz in {slope.norm} for L = {slope.high:.6g}"
    if slope.high < slope.low:
        return Finding(says, "REFUTED", f"the slope of its pair is {slope.low:.6g}")
    if own.high is None:
        return Finding(says, "UNKNOWN", own.why)
    if own.high <= slope.high * (1 + ROOM / 2):  # what is certified here is less by the share ROOM
        return Finding(says, "PROVED", f"{own.high:.6g} by the weights")
    return Finding(says, "UNKNOWN", f"{own.high:.6g} by the weights")


def _counts(unit: ConcludedUnit, found: ConcludedUnit, shown: ShownFile) -> Iterator[Finding]:
    certain = all(shown.unit(unit.unit).shown(end).kind == ENCLOSURE for end in ENDS)
    certain &= all(slope.kind == ENCLOSURE for slope in unit.slopes.values())
    alone = (NOTHING, ADMISSIBLE, CERTIFIED)

    def is_alone(row: Conclusion) -> bool:
        return row.assumption in alone and row.shown == PICTURES and not row.exemplars

    says = f"{unit.name}: on how many images the two pictures decide, in {sum(map(is_alone, unit.rows))} counts"
    other = _different(unit, found, is_alone, ("yes", "no"))
    if other:
        yield Finding(says, "REFUTED", other)
    else:
        how = "cones with every rounding outward" if certain else "the same here"
        yield Finding(says, "PROVED" if certain else "EVALUATED", how)
    says = f"{unit.name}: all other counts, and where its natural values and its images lie"
    other = _different(unit, found, lambda _row: True, ("yes", "no", "right", "best"))
    if not other and (unit.below != found.below or not _near(unit, found)):
        other = (
            f"{found.below} of {unit.rows[0].images} images below the middle, natural values from "
            f"{found.natural[0]:.6g} to {found.natural[1]:.6g} here"
        )
    yield Finding(says, "REFUTED" if other else "EVALUATED", other or "the same here")


def _near(unit: ConcludedUnit, found: ConcludedUnit) -> bool:
    pairs = [*zip(unit.natural, found.natural, strict=True)]
    pairs += [
        both
        for norm in unit.nearest
        for both in zip(unit.nearest[norm], found.nearest[norm], strict=True)
    ]
    return all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6 * unit.gap) for a, b in pairs)


def _different(
    unit: ConcludedUnit,
    found: ConcludedUnit,
    wanted: Callable[[Conclusion], bool],
    names: tuple[str, ...],
) -> str:
    """The first difference, in words."""
    here = {row.place: row for row in found.rows}
    for row in filter(wanted, unit.rows):
        own = here.get(row.place)
        where = f"{row.assumption}{f' in {row.norm}' if row.norm else ''}, {row.shown}, {row.exemplars} exemplars"
        if own is None or own.images != row.images:
            return f"{where}: {0 if own is None else own.images} images here"
        for task in TASKS:
            stated, counted = row.task(task), own.task(task)
            if (stated is None) != (counted is None):
                return f"{where}: {own.why or 'it is counted'} here"
            for name in names:
                a, b = getattr(stated, name, 0), getattr(counted, name, 0)
                if a != b:
                    return f"{where}, {task}, {name}: {b} here, the file says {a}"
    return ""
