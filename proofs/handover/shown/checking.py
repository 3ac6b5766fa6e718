"""Check a shown-file: are its arrays those that it names, and, by somebody who has the network, are its values right?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from trompe.proofs.handover.shown.data import (
    ENCLOSURE,
    ENDS,
    ESTIMATE,
    SLACK,
    WIDE,
    End,
    Evaluated,
    Natural,
    ShownFile,
)
from trompe.proofs.handover.shown.file import parse, read_array
from trompe.proofs.handover.witnesses.checking import Finding, Report
from trompe.theory import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IS_ONE = "the file is a shown-file"
_BESIDES = (
    "that any point is an extreme of its unit (no optimiser proves that); how things were called and the pictures made: model.name, "
    "model.weights, images.name, versions, of the settings unit_axis, parametrization, transforms, redirect, seeds, steps, "
    "looked_at, rate, batch, device and threads, and seed, step and dead of each picture"
)
ROOM = {ENCLOSURE: 4, ESTIMATE: 1000}
"""A stated error is at most so many times the one that is found here. Estimates come from roundings of float32, which other
machines, and batches, do otherwise."""


class SubjectNetwork(Protocol):
    """The network that a shown-file is about, and its natural images where they are there."""

    def value(self, unit: int, picture: NDArray[Any]) -> Evaluated:
        """The unit's value at a picture of shape (channels, height, width)."""

    def natural(self, unit: int, end: End) -> Natural | None:
        """The natural image that is most extreme; None without images."""


def check_shown(
    content: bytes, path: Path, network: Callable[[ShownFile], SubjectNetwork] | None = None
) -> Report:
    """Check the content of a shown-file; its arrays lie beside `path`.

    A value with a certified error is PROVED where interval bounds, as they come out here, lie within that error; one
    with an estimated error is only EVALUATED in float64 here, which proves nothing. What nobody signed is not authentic:
    hashes of arrays only tell that these are those that the file means.

    Parameters
    ----------
    network : what gives the network of this file; without it values are not looked at.

    Raises
    ------
    InvalidInput : `network` does, where it is another one.
    """
    try:
        shown = parse(content)
    except InvalidInput as error:
        return Report("", (Finding(_IS_ONE, "REFUTED", str(error)),))
    findings = [Finding(_IS_ONE, "PROVED", "its fields have the shape of version 1")]
    here = None
    if network is not None:
        here = network(shown)
        findings.append(
            Finding(
                "the network's weights are those that the file names",
                "PROVED",
                "same SHA-256; what is made of them only the values tell",
            )
        )
    if not shown.units:
        findings.append(Finding("the file shows a unit", "REFUTED", "it has none"))
    findings += _claims(shown, path, here)
    besides = _BESIDES
    if shown.settings["layer"]:
        besides += "; model.logits, on which no layer depends"
    if here is None:
        besides += "; the network and the values (give --model)"
    if shown.images is None:
        besides += "; natural images: the file has none"
    elif not shown.units or here is None or here.natural(shown.units[0].unit, "maximum") is None:
        besides += "; the natural images and their values (give --images)"
    if missing := [u for u in shown.asked if u not in {unit.unit for unit in shown.units}]:
        listed = ", ".join(map(str, missing[:12])) + ", ..." * (len(missing) > 12)
        besides += (
            f"; unit{'s' * (len(missing) > 1)} {listed} of those asked for, which are not finished"
        )
    about = f"{len(shown.units)} of {len(shown.asked)} units of {shown.of_layer}"
    return Report(about, tuple(findings), "a shown-file", besides)


def _claims(shown: ShownFile, path: Path, here: SubjectNetwork | None) -> Iterator[Finding]:
    for unit in shown.units:
        for end in ENDS:
            name, stated = f"{unit.name}, {end}", unit.shown(end)
            says = f"{name}: {stated.point} matches the file's hash"
            try:
                array = read_array(path, stated, shown.shape)
            except InvalidInput as error:
                yield Finding(says, "REFUTED", str(error))
                continue
            yield Finding(says, "PROVED", "same SHA-256, float32 in [0, 1]")
            if here is not None:
                yield compared(name, stated, here.value(unit.unit, array))
            natural = unit.natural(end)
            found = None if here is None else here.natural(unit.unit, end)
            if natural is not None and found is not None:
                if (natural.image, natural.index) != (found.image, found.index):
                    says = f"{unit.name}: {natural.image} is the natural {end}"
                    yield Finding(
                        says, "REFUTED", f"it is {found.image}, number {found.index}, with {found}"
                    )
                else:
                    yield compared(f"{unit.name}, natural {end}", natural, found)


def compared(name: str, stated: Evaluated, found: Evaluated) -> Finding:
    """Is the stated value what is computed here, and its error one that an evaluation states?"""
    said = f"{name}: the value is {stated}"
    if stated.error is None:
        return Finding(said, "UNKNOWN", f"no error is stated; it is {found} here")
    error = Fraction(stated.error)
    within = f"{said} up to {float(error):.2g}"
    if stated.kind == ESTIMATE:
        within += ", as float64 has it (no certified error)"
    if found.error is None:
        return Finding(within, "UNKNOWN", "the network does not run in float64 here")
    own = Fraction(found.error)
    here = f"it is {found} here, up to {float(own):.2g}"
    off = abs(Fraction(stated.value) - Fraction(found.value))
    if stated.kind == ENCLOSURE != found.kind:
        return Finding(
            within, "UNKNOWN", f"{here} by an estimate; interval bounds do not reach so far"
        )
    if off > own or (stated.kind == ESTIMATE and off > error):
        return Finding(within, "REFUTED", here)
    if stated.kind == ESTIMATE and found.kind == ENCLOSURE and 2 * own <= WIDE * error:
        return Finding(within, "REFUTED", f"{here}; interval bounds certify it here")
    room = ROOM[stated.kind]
    if stated.kind == found.kind and error > room * own:
        return Finding(within, "REFUTED", f"{here}; the error is larger than what is found here")
    if stated.kind == ESTIMATE:
        if found.kind == ESTIMATE and room * error < own:
            return Finding(
                within, "REFUTED", f"{here}; the error is smaller than what is found here"
            )
        return Finding(within, "EVALUATED", "the same here")
    if off + own / SLACK > error:
        bounds = float(own / SLACK)
        return Finding(within, "UNKNOWN", f"interval bounds give {found} up to {bounds:.2g} here")
    return Finding(within, "PROVED", "interval bounds in float64")
