"""What a unit's visualizations decide on given images: counts, the numbers that they rest on, and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from trompe.proofs.handover.shown import Evaluated, Pictured, ShownImages
from trompe.proofs.handover.shown.data import ENCLOSURE, ESTIMATE, UNKNOWN
from trompe.theory import InvalidInput

NORMS = ("l2", "linf")
TASKS = ("side", "approx")
NOTHING, ADMISSIBLE, CERTIFIED = "nothing", "any admissible constant", "certified constant"
OTHERS = {"monotone": False, "affine": True, "convex": True}
"""Classes of functions of which a network's unit is in general no member; the shown points may exclude them. Are they asked about by exact
linear programs?"""
ASSUMPTIONS = (NOTHING, ADMISSIBLE, CERTIFIED, *OTHERS)
ROOM = 2.0**-30
"""Stated ranges and certified constants are wider by this share: those of another machine, whose last digits differ, are within."""
PICTURES, NATURAL = "pictures", "natural extremes"


@dataclass(frozen=True)
class Counted:
    """One task on n images. The side is about the middle of the two shown values, eps a share of their difference."""

    yes: int
    """Images on which one answer is right for every function that fits."""
    no: int
    """Images on which none is. On the others rounding leaves it open."""
    right: int
    """Images of `yes` on which that answer is right for the unit itself: all, if the assumption is true of it."""
    best: int
    """Images, of all, on which the middle of the interval gives the right answer for the unit; where it says neither side: min."""


@dataclass(frozen=True)
class Conclusion:
    """What one assumption leaves to conclude, on images that are not shown."""

    assumption: str
    """Of `ASSUMPTIONS`. any admissible constant : counted with the smallest constant that is not excluded, so that `no` holds of every
    admissible constant and every range. certified constant : `yes` is true of the unit."""
    shown: str
    """pictures, or the two natural extremes in their place."""
    exemplars: int
    """So many natural images of the largest values, and as many of the smallest, are shown besides."""
    norm: str | None
    constant: float | None
    images: int
    why: str
    """Why nothing was counted; empty where it was."""
    side: Counted | None
    approx: Counted | None

    def task(self, name: str) -> Counted | None:
        """side or approx."""
        return self.side if name == "side" else self.approx

    @property
    def place(self) -> tuple[str, str, int, str | None]:
        """Which one it is, of those of a unit."""
        return self.assumption, self.shown, self.exemplars, self.norm


def kind_of(*values: Evaluated) -> str:
    """enclosure, if all are certified; else estimate or unknown."""
    kinds = {value.kind for value in values}
    return next(kind for kind in (UNKNOWN, ESTIMATE, ENCLOSURE) if kind in kinds)


@dataclass(frozen=True)
class Slope:
    """What is known of the unit's Lipschitz constants in one norm."""

    norm: str
    low: float
    """No admissible constant is below: the slope of a pair of pictures, rounded down."""
    first: Pictured
    second: Pictured
    high: float | None
    """A certified constant, by the network's weights; None where there is none, and `why` says so."""
    why: str

    @property
    def kind(self) -> str:
        """enclosure, if both values of the pair are certified; else estimate or unknown."""
        return kind_of(self.first, self.second)

    def radius(self, gap: float) -> float:
        """Farther from both pictures than that, with values so far apart, no admissible constant decides the side; rounded up."""
        return gap / (2 * self.low) * (1 + 2.0**-50) if self.low else math.inf


@dataclass(frozen=True)
class ConcludedUnit:
    """One unit."""

    unit: int
    name: str
    gap: float
    """The difference of the two shown values."""
    kind: str
    """enclosure, if both of these values are certified; else estimate or unknown."""
    range: tuple[float, float] | None
    """All values over [0, 1]^N lie within, by interval bounds; None where they have no rule, and `range_why` says so."""
    range_why: str
    slopes: Mapping[str, Slope]
    """By norm."""
    natural: tuple[float, float]
    """The smallest and the largest value on the images, in float64."""
    below: int
    """Images whose value is at most the middle of the two shown values."""
    nearest: Mapping[str, tuple[float, float, float]]
    """By norm: the distance of the images to the nearer picture, smallest, median and largest."""
    rows: tuple[Conclusion, ...]

    def row(
        self, assumption: str, norm: str | None = None, exemplars: int = 0, shown: str = PICTURES
    ) -> Conclusion:
        """The one of this kind."""
        for row in self.rows:
            if row.place == (assumption, shown, exemplars, norm):
                return row
        raise InvalidInput(f"{self.name}: no count for {assumption!r}")

    def constant_answer(self, images: int) -> int:
        """On so many images the better of the two decoders is right that always say one side."""
        return max(self.below, images - self.below)

    @property
    def natural_answer(self) -> tuple[int, int] | None:
        """The same where the two natural extremes are shown in place of the pictures, and the number of the other images."""
        row = self.row(NOTHING, None, 0, NATURAL)
        # nothing is known between the extremes but that they are: `best` counts the decoder that always says min
        return (
            None
            if row.side is None
            else (max(row.side.best, row.images - row.side.best), row.images)
        )


@dataclass(frozen=True)
class ConclusionSettings:
    """What was asked, and what a search for steep pairs depends on."""

    norms: tuple[str, ...]
    eps: Fraction
    exemplars: tuple[int, ...]
    starts: int
    steps: int
    programs: int
    batch: int
    device: str
    threads: int


@dataclass(frozen=True)
class ConclusionsFile:
    """What a conclusions-file says. Nothing of it is checked but its shape; see `check_conclusions`."""

    shown: str
    """The shown-file beside it."""
    shown_sha256: str
    layer: str
    """In words."""
    images: ShownImages
    settings: ConclusionSettings
    versions: Mapping[str, str]
    left_out: Mapping[str, str]
    """Units of which nothing can be asked, with the reason."""
    units: tuple[ConcludedUnit, ...]

    def verdict(self) -> list[str]:
        """One sentence a norm: of how many images the two pictures decide the side."""
        n, lines = self.images.count, []
        count = len(self.units)
        whose = (
            f"the two pictures of {self.units[0].name}"
            if count == 1
            else f"the two pictures of each of {count} units"
        )
        for norm in self.settings.norms:
            rows = [unit.row(ADMISSIBLE, norm) for unit in self.units]
            most = max(row.images - (row.side.no if row.side else 0) for row in rows)
            kinds = {kind for unit in self.units for kind in (unit.kind, unit.slopes[norm].kind)}
            sure = "" if kinds == {ENCLOSURE} else " (by estimated values, which prove nothing)"
            how = "none" if not most else f"at most {most}"
            lines.append(
                f"Of {n} images, {whose} of {self.layer} decide the side of {how}, if all that is known of the unit besides is a constant L "
                f"for which it is L-Lipschitz in {norm} on [0, 1]^N, whichever admissible L that is, and any range of its values{sure}."
            )
        return lines
