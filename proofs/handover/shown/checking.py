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
_BESIDES = "that any point is an extreme of its unit (no optimiser proves that); which settings, seeds and versions made it"


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
    with an estimated error is only compared with an evaluation in float64 here, and the claim says so.

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
                "the network is the one that was visualized",
                "PROVED",
                "same SHA-256 of its weights",
            )
        )
    findings += _claims(shown, path, here)
    besides = _BESIDES
    if here is None:
        besides += "; the network and the values (give --model)"
    if shown.images is not None and (
        not shown.units or here is None or here.natural(shown.units[0].unit, "maximum") is None
    ):
        besides += "; the natural images and their values" + (
            "" if here is None else " (give --images)"
        )
    if missing := len(shown.asked) - len(shown.units):
        besides += f"; {missing} of {len(shown.asked)} units, which are not finished"
    about = f"{len(shown.units)} of {len(shown.asked)} units of {shown.of_layer}"
    return Report(about, tuple(findings), "a shown-file", besides)


def _claims(shown: ShownFile, path: Path, here: SubjectNetwork | None) -> Iterator[Finding]:
    for unit in shown.units:
        for end in ENDS:
            name, stated = f"{unit.name}, {end}", unit.shown(end)
            says = f"{name}: {stated.point} is the array that was written"
            try:
                array = read_array(path, stated, shown.shape)
            except InvalidInput as error:
                yield Finding(says, "REFUTED", str(error))
                continue
            yield Finding(says, "PROVED", "same SHA-256, float32 in [0, 1]")
            if here is not None:
                yield _value(name, stated, here.value(unit.unit, array))
            natural = unit.natural(end)
            found = None if here is None else here.natural(unit.unit, end)
            if natural is not None and found is not None:
                if (natural.image, natural.index) != (found.image, found.index):
                    says = f"{unit.name}: {natural.image} is the natural {end}"
                    yield Finding(
                        says, "REFUTED", f"it is {found.image}, number {found.index}, with {found}"
                    )
                else:
                    yield _value(f"{unit.name}, natural {end}", natural, found)


def _value(name: str, stated: Evaluated, found: Evaluated) -> Finding:
    """Is what is computed here within the stated error?"""
    said = f"{name}: the value is {stated}"
    if stated.error is None:
        return Finding(said, "UNKNOWN", f"no error is stated; it is {found} here")
    within = f"{said} up to {float(Fraction(stated.error)):.2g}"
    if stated.kind == ESTIMATE:
        says = f"{within}, as float64 has it (no certified error)"
        if found.error is None:
            return Finding(says, "UNKNOWN", "the network does not run in float64 here")
        if not stated.low <= Fraction(found.value) <= stated.high:
            return Finding(says, "REFUTED", f"it is {found} here")
        return Finding(says, "PROVED", "evaluated")
    if found.error is not None and (found.high < stated.low or found.low > stated.high):
        return Finding(
            within, "REFUTED", f"it is {found} here, up to {float(Fraction(found.error)):.2g}"
        )
    if found.kind != ENCLOSURE:
        return Finding(within, "UNKNOWN", "interval bounds do not reach so far here")
    if not stated.low <= found.low <= found.high <= stated.high:
        return Finding(
            within,
            "UNKNOWN",
            f"interval bounds give {found} up to {float(Fraction(found.error or 0)):.2g} here",
        )
    return Finding(within, "PROVED", "interval bounds in float64")
