"""Piecewise affine functions of one variable, exact: values, extremes, slopes.

Between two neighbouring breakpoints such a function is affine, so its extremes are among the values at
the breakpoints, it is monotone if and only if no slope is negative, and convex if and only if no
slope is below the one before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from trompe.constructions.expressions import check_length
from trompe.constructions.work import spend, weights

MAX_BREAKPOINTS = 10_000
"""A curve with more is not followed further (a nested fold doubles their number each time)."""


@dataclass(frozen=True)
class Curve:
    """Straight lines between the points (xs[k], ys[k]); xs increase and their ends are the domain."""

    xs: tuple[Fraction, ...]
    ys: tuple[Fraction, ...]

    @cached_property
    def low(self) -> Fraction:
        """The minimum."""
        return min(self.ys)

    @cached_property
    def high(self) -> Fraction:
        """The maximum."""
        return max(self.ys)

    def where(self, level: Fraction) -> tuple[Fraction, Fraction]:
        """The least interval that holds every place where an extreme value is taken."""
        places = [x for x, y in zip(self.xs, self.ys, strict=True) if y == level]
        return places[0], places[-1]

    @cached_property
    def slopes(self) -> tuple[Fraction, ...]:
        """The slope of each piece, from left to right."""
        points = pairwise(zip(self.xs, self.ys, strict=True))
        return tuple((y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in points)

    @property
    def is_convex(self) -> bool:
        """No slope is below the one before."""
        return all(s <= t for s, t in pairwise(self.slopes))

    @property
    def is_concave(self) -> bool:
        """No slope is above the one before."""
        return all(s >= t for s, t in pairwise(self.slopes))

    def scaled(self, factor: Fraction, constant: Fraction) -> Curve:
        """factor * curve + constant."""
        spend(weights(self.ys))
        if factor == 1:
            return Curve(self.xs, tuple(y + constant for y in self.ys)) if constant else self
        return Curve(self.xs, tuple(factor * y + constant for y in self.ys))

    def at(self, places: Sequence[Fraction]) -> list[Fraction]:
        """The values at places of the domain."""
        values = []
        spend(4 * len(places))
        for x in places:
            k = min(max(bisect_right(self.xs, x) - 1, 0), len(self.slopes) - 1)
            values.append(self.ys[k] + self.slopes[k] * (x - self.xs[k]))
        return values

    def plus(self, other: Curve) -> Curve:
        """The sum of two curves over the same domain."""
        places = _merged(self, other)
        sums = [y + z for y, z in zip(self.at(places), other.at(places), strict=True)]
        for total in sums:
            check_length(total.numerator, total.denominator)
        return _straightened(places, sums)

    def max(self, other: Curve) -> Curve:
        """The larger of two curves over the same domain, with the places where they cross."""
        places = _merged(self, other)
        ys, zs = self.at(places), other.at(places)
        xs, tops = [places[0]], [max(ys[0], zs[0])]
        for k in range(1, len(places)):
            before, after = ys[k - 1] - zs[k - 1], ys[k] - zs[k]
            if before * after < 0:
                share = before / (before - after)
                xs.append(places[k - 1] + share * (places[k] - places[k - 1]))
                tops.append(ys[k - 1] + share * (ys[k] - ys[k - 1]))
            xs.append(places[k])
            tops.append(max(ys[k], zs[k]))
        return _straightened(xs, tops)

    @staticmethod
    def apply(op: str, curves: Sequence[Curve]) -> Curve:
        """max, min or abs of curves; min(u, v) = -max(-u, -v) and |u| = max(u, -u)."""
        if op == "abs":
            return curves[0].max(_flipped(curves[0]))
        if op == "max":
            return _combined(Curve.max, curves)
        return _flipped(_combined(Curve.max, [_flipped(curve) for curve in curves]))

    @staticmethod
    def total(curves: Sequence[Curve]) -> Curve:
        """The sum of one or more curves over the same domain."""
        return _combined(Curve.plus, curves)


def _combined(pair: Callable[[Curve, Curve], Curve], curves: Sequence[Curve]) -> Curve:
    """Two at a time, then the results two at a time: each point is merged log n times, not n times."""
    level = list(curves)
    while len(level) > 1:
        rest = level[-1:] if len(level) % 2 else []
        level = [pair(*two) for two in zip(level[::2], level[1::2], strict=False)] + rest
    return level[0]


def _flipped(curve: Curve) -> Curve:
    return Curve(curve.xs, tuple(-y for y in curve.ys))


def _merged(one: Curve, other: Curve) -> list[Fraction]:
    return list(one.xs) if one.xs == other.xs else sorted({*one.xs, *other.xs})


def _straightened(xs: Sequence[Fraction], ys: Sequence[Fraction]) -> Curve:
    """The curve without points between two pieces of the same slope."""
    spend(4 * (weights(xs) + weights(ys)))
    kept_x, kept_y = [xs[0]], [ys[0]]
    for k in range(1, len(xs)):
        if k + 1 < len(xs):
            before = (ys[k] - kept_y[-1]) * (xs[k + 1] - xs[k])
            if before == (ys[k + 1] - ys[k]) * (xs[k] - kept_x[-1]):
                continue
        kept_x.append(xs[k])
        kept_y.append(ys[k])
    return Curve(tuple(kept_x), tuple(kept_y))
