"""What feature visualization shows of a unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.ground.arguments import listed
from trompe.ground.errors import InvalidInput
from trompe.theory.exact import Point, as_number, as_point, holds_points, show, written


def _as_points(values: Any, what: str) -> tuple[Point, ...]:
    """One image, or a set of images, as a tuple of points."""
    items = listed(values, what, "a sequence of numbers", " is not a point")
    if holds_points(items):
        return tuple(as_point(item, f"{what}[{k}]") for k, item in enumerate(items))
    return (as_point(items, what),)


@dataclass(frozen=True, init=False)
class Visualization:
    """phi(f) = (argmin set, argmax set, m, M): all that activation maximization can ever show of f.

    Parameters
    ----------
    argmin, argmax : one point of [0, 1]^d, or a set of points, exact.
    minimum, maximum : m <= M, in the unit's own scale, exact. m = M only for a constant unit.

    Raises
    ------
    InvalidInput : points of different lengths or outside the box, m > M, or, for m < M, a point
        that is a minimiser and a maximiser at once.
    """

    argmin_set: tuple[Point, ...]
    argmax_set: tuple[Point, ...]
    minimum: Fraction
    maximum: Fraction

    def __init__(self, argmin: Any, argmax: Any, minimum: Any, maximum: Any) -> None:
        low, high = as_number(minimum, "minimum"), as_number(maximum, "maximum")
        lows, highs = _as_points(argmin, "argmin"), _as_points(argmax, "argmax")
        dim = len(lows[0])
        for what, points in (("argmin", lows), ("argmax", highs)):
            for point in points:
                if len(point) != dim:
                    raise InvalidInput(
                        f"{what} has {len(point)} coordinates; the first argmin has {dim}"
                    )
        object.__setattr__(self, "argmin_set", lows)
        object.__setattr__(self, "argmax_set", highs)
        object.__setattr__(self, "minimum", low)
        object.__setattr__(self, "maximum", high)
        self.check_values()

    def check_values(self) -> None:
        """Raise InvalidInput where m > M, or where a point would have two values."""
        low, high = self.minimum, self.maximum
        if low > high:
            raise InvalidInput(
                f"minimum = {written(low)} exceeds maximum = {written(high)}; expected m <= M"
            )
        if low < high:
            many = (
                self.argmax_set if len(self.argmax_set) == 1 else set(self.argmax_set)
            )  # a point of many inputs takes long to hash
            shared = [point for point in self.argmin_set if point in many]
            if shared:
                raise InvalidInput(
                    f"argmin = argmax = {show(min(shared))}, but minimum = {written(low)} < "
                    f"maximum = {written(high)}; a point has one value"
                )

    @property
    def dim(self) -> int:
        """The number d of input coordinates."""
        return len(self.argmin)

    @property
    def argmin(self) -> Point:
        """One minimiser (the first one given)."""
        return self.argmin_set[0]

    @property
    def argmax(self) -> Point:
        """One maximiser (the first one given)."""
        return self.argmax_set[0]

    @property
    def range(self) -> Fraction:
        """R = M - m."""
        return self.maximum - self.minimum

    @property
    def mid(self) -> Fraction:
        """The midrange (m + M) / 2."""
        return (self.minimum + self.maximum) / 2

    @property
    def is_unique(self) -> bool:
        """One minimiser, one maximiser, m < M: the strongest thing that can be shown."""
        return len(self.argmin_set) == len(self.argmax_set) == 1 and self.minimum < self.maximum

    def __str__(self) -> str:
        lows = ", ".join(map(show, self.argmin_set))
        highs = ", ".join(map(show, self.argmax_set))
        return f"argmin {lows}, argmax {highs}, values in [{written(self.minimum)}, {written(self.maximum)}]"
