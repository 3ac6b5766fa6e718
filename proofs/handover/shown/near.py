"""A unit of a shown-file as what `trompe.bound` takes: two points that need not be extremes, and how far values may be off."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from trompe.proofs.handover.shown.data import ENDS, ShownFile, ShownUnit
from trompe.proofs.handover.shown.file import read_array, read_shown
from trompe.theory import InvalidInput, Visualization
from trompe.theory.exact import written


@dataclass(frozen=True)
class NearExtremes:
    """The two points of a unit with their values. noise : the larger of the errors of the two values."""

    file: ShownFile
    unit: ShownUnit
    v: Visualization
    noise: Fraction

    def check_limits(self, lower: Fraction, upper: Fraction) -> None:
        """Do the natural images of the file lie within these limits, which are promised of every value?

        Raises
        ------
        InvalidInput : one does not, by more than the error of its value.
        """
        low, high = self.unit.natural_minimum, self.unit.natural_maximum
        for natural, by in (
            (low, 0 if low is None else lower - low.high),
            (high, 0 if high is None else high.low - upper),
        ):
            if natural is not None and by > 0:
                raise InvalidInput(
                    f"the natural image {natural.image} has the value {natural}, outside the range from {written(lower)} to "
                    f"{written(upper)} that is promised of every value of {self.unit.name}; widen it, or the tolerance, by at "
                    f"least {float(by):.3g}"
                )


def near_extremes(path: str | Path, unit: int | None = None) -> NearExtremes:
    """A unit of the shown-file at `path`, the only one if it is not named, its arrays compared with their hashes.

    `trompe.bound(cls, near.v, x, tolerance=.., noise=near.noise)` goes on from it.

    Raises
    ------
    InvalidInput : the file or an array is not what it should be, there is no such unit, or an error is not known.
    """
    file = read_shown(path)
    chosen = file.unit(unit)
    ends, errors = [], []
    for end in ENDS:
        shown = chosen.shown(end)
        if shown.error is None:
            raise InvalidInput(
                f"{path}: the error of the {end} of {chosen.name} is not known, since the network does not run in float64; give "
                "points, values and noise yourself"
            )
        errors.append(Fraction(shown.error))
        ends.append(read_array(Path(path), shown, file.shape).ravel())
    values = Fraction(chosen.minimum.value), Fraction(chosen.maximum.value)
    return NearExtremes(file, chosen, Visualization(ends[0], ends[1], *values), max(errors))
