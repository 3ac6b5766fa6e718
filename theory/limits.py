"""What is promised of a unit whose shown points need not be its extremes: limits of its values, and an error of those shown."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.ground.arguments import listed
from trompe.ground.errors import InvalidInput
from trompe.theory.exact import as_number, check_short, written
from trompe.theory.visualization import Visualization


@dataclass(frozen=True)
class Limits:
    """lower <= f <= upper on all of [0, 1]^d; and at a point shown with the value y, |f - y| <= noise.

    Numbers are exact, in the unit's own scale. With them a visualization says only f(a) = alpha and f(b) = beta (up to
    the noise) for its two points: they need not be extremes.
    """

    lower: Fraction
    upper: Fraction
    noise: Fraction = Fraction(0)
    tolerance: Fraction | None = None
    """tau, where it was given in the place of the two numbers."""

    def widened(self, by: Fraction) -> str:
        """What admits the shown values where limits that are wider by this much on both sides do, and less does not."""
        if self.tolerance is not None:
            return f"the smallest tolerance for which some member takes all of them is {written(self.tolerance + by)}"
        return (
            f"some member takes all of them if the range is widened by {written(by)} on both sides, to "
            f"{written(self.lower - by)}:{written(self.upper + by)}, and none if by less"
        )

    def outside(self, by: Fraction) -> str:
        """What admits a value that lies so far outside."""
        if self.tolerance is not None:
            return f"that needs a tolerance of at least {written(self.tolerance + by)}"
        return f"widen the range by at least {written(by)} on that side"


def limits_of(v: Visualization, limits: Any, tolerance: Any, noise: Any) -> Limits | None:
    """The limits that arguments of these names say; None where none of them is given.

    Raises
    ------
    InvalidInput : noise alone, limits and tolerance at once, no numbers, a negative one, lower > upper.
    """
    if limits is None and tolerance is None and noise is None:
        return None
    within = _at_least_0(noise, "noise")
    if limits is None and tolerance is None:
        raise InvalidInput(
            f"noise = {written(within)} is given alone; add --range LO:HI (in Python limits=(lo, hi)) or --tolerance TAU, "
            "limits that no value of the unit leaves"
        )
    if limits is not None and tolerance is not None:
        raise InvalidInput(
            "both limits of the values (--range) and a tolerance are given; a tolerance stands for limits, leave one out"
        )
    if limits is None:
        tau = _at_least_0(tolerance, "tolerance")
        return Limits(v.minimum - within - tau, v.maximum + within + tau, within, tau)
    pair = listed(limits, "limits", "a pair of numbers (lo, hi)")
    if len(pair) != 2:
        raise InvalidInput(f"limits: {len(pair)} numbers are given; expected a pair (lo, hi)")
    low, high = (as_number(value, f"limits[{i}]") for i, value in enumerate(pair))
    check_short("limits", [low, high])
    if low > high:
        raise InvalidInput(
            f"limits: lo = {written(low)} exceeds hi = {written(high)}; expected lo <= hi"
        )
    return Limits(low, high, within)


def _at_least_0(value: Any, what: str) -> Fraction:
    number = Fraction(0) if value is None else as_number(value, what)
    check_short(what, [number])
    if number < 0:
        raise InvalidInput(f"{what} = {written(number)}; expected a number of at least 0")
    return number
