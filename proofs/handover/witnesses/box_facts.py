"""Facts about a part of an expression over the box, and how they combine: regions, slopes, linear forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from trompe.constructions.expressions import check_length
from trompe.constructions.work import spend, weights
from trompe.proofs.handover.witnesses.curves import Curve
from trompe.theory import Point

Region = Mapping[int, tuple[Fraction, Fraction]]
"""A box inside [0, 1]^d: an interval for some coordinates, [0, 1] for the others."""
Slopes = Mapping[int, tuple[Fraction, Fraction]]
Direction = tuple[tuple[int, Fraction], ...]
"""The linear form sum of w_i z_i, its first weight being 1."""
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a part u over the box."""

    low: Fraction
    high: Fraction
    at_low: Region
    """Holds every z with u(z) = low."""
    at_high: Region
    slopes: Slopes
    """For all y, z: u(z) - u(y) <= sum over i of the larger of low_i (z_i - y_i) and high_i (z_i - y_i)."""
    is_convex: bool
    is_concave: bool
    line: tuple[Direction, Curve] | None = None
    """u is this curve of one linear form."""


class LineFacts:
    """The same facts about a curve of the linear form t = sum of w_i z_i, each found when asked for."""

    def __init__(self, direction: Direction, curve: Curve) -> None:
        self.line = (direction, curve)
        self.low, self.high = curve.low, curve.high

    @cached_property
    def at_low(self) -> Region:
        direction, curve = self.line
        return preimage(direction, curve.where(curve.low))

    @cached_property
    def at_high(self) -> Region:
        direction, curve = self.line
        return preimage(direction, curve.where(curve.high))

    @cached_property
    def slopes(self) -> Slopes:
        direction, curve = self.line
        spend(len(direction) + len(curve.xs))
        least, most = min(curve.slopes), max(curve.slopes)
        return {i: (w * least, w * most) if w > 0 else (w * most, w * least) for i, w in direction}

    @cached_property
    def is_convex(self) -> bool:
        return self.line[1].is_convex

    @cached_property
    def is_concave(self) -> bool:
        return self.line[1].is_concave


Known = Facts | LineFacts


def only_at(point: Point, region: Region) -> bool:
    """Is the region the one point?"""
    return all(region.get(i) == (value, value) for i, value in enumerate(point))


# -- lines --------------------------------------------------------------------------------------------


def normalised(terms: dict[int, Fraction]) -> tuple[Direction, Fraction]:
    """The linear form with first weight 1, and the factor that was taken out."""
    items = sorted(terms.items())
    spend(4 * len(items))
    factor = items[0][1]
    return tuple((i, w / factor) for i, w in items), factor


def line_of(direction: Direction, factor: Fraction) -> Curve:
    """factor * t over the range of the linear form t."""
    spend(4 * len(direction))
    low = sum((min(w, _ZERO) for _, w in direction), _ZERO)
    high = sum((max(w, _ZERO) for _, w in direction), _ZERO)
    return Curve((low, high), (factor * low, factor * high))


def affine_line(terms: dict[int, Fraction], constant: Fraction) -> tuple[Direction, Curve] | None:
    """An affine function of the coordinates as a curve of its own linear form."""
    slanted = {i: w for i, w in terms.items() if w}
    if not slanted:
        return None
    direction, factor = normalised(slanted)
    return direction, line_of(direction, factor).scaled(_ONE, constant)


def preimage(direction: Direction, ends: tuple[Fraction, Fraction]) -> Region:
    """A box that holds every z with ends[0] <= sum of w_i z_i <= ends[1].

    The other terms are at least their minimum, so w_i z_i is at most ends[1] less that; and so on.
    """
    if len(direction) == 1:
        return {direction[0][0]: ends}
    spend(10 * len(direction))
    least = sum((min(w, _ZERO) for _, w in direction), _ZERO)
    most = sum((max(w, _ZERO) for _, w in direction), _ZERO)
    region = {}
    for i, w in direction:
        low, high = min(w, _ZERO), max(w, _ZERO)
        sides = ((ends[0] - (most - high)) / w, (ends[1] - (least - low)) / w)
        region[i] = (max(_ZERO, min(sides)), min(_ONE, max(sides)))
    return region


# -- regions and slopes ---------------------------------------------------------------------------------


def _size(intervals: Region | Slopes) -> int:
    """The steps of one operation on both ends of each interval."""
    return sum(map(weights, intervals.values()))


def common(regions: Iterable[Region]) -> Region:
    """A box that holds the intersection (possibly with an empty interval)."""
    found: dict[int, tuple[Fraction, Fraction]] = {}
    for region in regions:
        spend(_size(region))
        for i, (low, high) in region.items():
            before = found.get(i, (_ZERO, _ONE))
            found[i] = (max(before[0], low), min(before[1], high))
    return found


def union(regions: list[Region]) -> Region:
    """A box that holds the union."""
    first, *others = regions
    found = dict(first)
    for region in others:
        spend(_size(found))
        found = {
            i: (min(low, region[i][0]), max(high, region[i][1]))
            for i, (low, high) in found.items()
            if i in region
        }
    return found


def hull(slopes: Iterable[Slopes]) -> Slopes:
    """Per coordinate the least interval that holds all of them; 0 where a part has no slope."""
    several = list(slopes)
    found = {}
    spend(sum(map(_size, several)))
    for i in dict.fromkeys(i for part in several for i in part):
        spend(len(several))
        ends = [part.get(i, (_ZERO, _ZERO)) for part in several]
        found[i] = (min(low for low, _ in ends), max(high for _, high in ends))
    return found


def added(slopes: Iterable[Slopes]) -> Slopes:
    """The slopes of a sum."""
    found: dict[int, tuple[Fraction, Fraction]] = {}
    for part in slopes:
        spend(_size(part))
        for i, (low, high) in part.items():
            if i in found:
                low, high = found[i][0] + low, found[i][1] + high
                check_length(low.numerator, low.denominator)
                check_length(high.numerator, high.denominator)
            found[i] = (low, high)
    return found


def times(c: Fraction, slopes: Slopes) -> Slopes:
    """The slopes of c u."""
    spend(_size(slopes))
    if c >= 0:
        return {i: (c * low, c * high) for i, (low, high) in slopes.items()}
    return {i: (c * high, c * low) for i, (low, high) in slopes.items()}


def scaled(c: Fraction, u: Known) -> Known:
    """Facts about c u; a negative c exchanges low and high, convex and concave."""
    slopes = times(c, u.slopes)
    if c >= 0:
        return Facts(c * u.low, c * u.high, u.at_low, u.at_high, slopes, u.is_convex, u.is_concave)
    return Facts(c * u.high, c * u.low, u.at_high, u.at_low, slopes, u.is_concave, u.is_convex)
