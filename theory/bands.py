"""Affine functions within limits, whose shown points need not be extremes: the weights that such a function has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.exact import Point
from trompe.theory.fibres import Brackets, Ends, Fibres, Seen, as_floats, least_noise, misfit
from trompe.theory.simplex import Feasible, feasible, value_of
from trompe.theory.sites import UNIT, Floats, Surd
from trompe.theory.visualization import Visualization

_ZERO, _ONE = Fraction(0), Fraction(1)


def are_opposite(v: Visualization) -> bool:
    """Are the two points opposite corners of the box?"""
    pairs = zip(v.argmin, v.argmax, strict=True)
    return all(bi.denominator == 1 and ai + bi == 1 for ai, bi in pairs)


def opposite_ends(alpha: Any, R: Any, room: Any, least: Any, most: Any) -> tuple[Any, Any]:
    """alpha + R0 min x' - t s and alpha + R0 max x' + t s with s = max x' - min x'; `room` is t."""
    by = room * (most - least)
    return alpha + R * least - by, alpha + R * most + by


class Opposite(Fibres):
    """Affine, d >= 2, at opposite corners, with exact values and no exemplars.

    Seen from a, members are alpha + sum_i (u_i - v_i) z'_i with u, v >= 0, sum u - sum v = R0, alpha - sum v >= lo and
    alpha + sum u <= hi. So sum v may be anything from 0 to t = min(alpha - lo, hi - beta). The largest value at x puts R0 + t on
    the largest x'_i and takes t off the smallest one. So the ends are alpha + R0 min x' - t s and alpha + R0 max x' + t s
    with s = max x' - min x'.
    """

    def _exact(self, x: Point) -> Ends:
        seen = self.cls.coordinates(self.v, x)
        ends = opposite_ends(self.v.minimum, self.v.range, self.room, min(seen), max(seen))
        return Ends(*map(Surd, ends))

    @cached_property
    def room(self) -> Fraction:
        """t."""
        return min(self.v.minimum - self.low, self.high - self.v.maximum)

    def _enclose(self, points: Floats) -> Brackets:
        seen = Seen(self.v.argmax)
        (least, most), share = seen.ends(points), float(self.room / self.v.range)
        # min x' and max x' are off by `seen.error` each; the difference, the product, the share and the sum round.
        error = (1 + 2 * share) * (seen.error + 4 * UNIT)
        lower, upper = opposite_ends(0.0, 1.0, share, least, most)
        return Brackets(
            lower,
            upper,
            (lower - error, lower + error),
            (upper - error, upper + error),
            np.zeros(len(lower), dtype=bool) if seen.error else np.asarray(least == most),
        )


class Band(Fibres):
    """Affine functions with values in [lo, hi], one input or more: mixes of lo, hi and what runs between them along an axis.

    They are the functions lo + p + sum_i u_i z_i + v_i (1 - z_i) with p, q, u_i, v_i >= 0 and p + q + sum u + sum v = hi - lo:
    take for u and v the positive and negative parts of the slopes; then lo + p is the minimum and hi - q the maximum.
    Conversely such a function is at least lo + p and at most hi - q. A shown value is an equation on these weights, one that
    is known up to an error two inequalities with slacks. So the value at x runs through the values of a linear functional on a
    polytope: a closed interval with both ends attained.
    """

    converts = True

    @property
    @abstractmethod
    def noun(self) -> str:
        """One member, in words."""

    @abstractmethod
    def inside(self, value: Fraction) -> Fraction:
        """The value of the affine function where the unit has this one."""

    @abstractmethod
    def outside(self, value: Fraction) -> Fraction:
        """The value of the unit: the inverse of `inside`."""

    bends: ClassVar[tuple[Fraction, ...]] = ()
    """The values of the unit at which `inside` is not affine."""

    def check(self) -> None:
        self.base = self.inside(self.low)
        found = self._region(len(self.shown))
        if found is None:
            raise self._refusal()
        self.polytope = found

    @staticmethod
    def _weights(x: Point) -> list[Fraction]:
        """What p, q, u and v add at x."""
        return [_ONE, _ZERO, *x, *(1 - xi for xi in x)]

    def _region(self, count: int) -> Feasible | None:
        """The weights that fit the first so many shown values, None where there are none."""
        base = self.base
        rows: list[_Row] = [
            ([_ONE] * (2 * self.v.dim + 2), (), _ZERO, self.inside(self.high) - base)
        ]
        lines: list[list[Fraction]] = []
        for site in self.shown[:count]:
            x, low, high = site.exact, self.inside(site.low), self.inside(site.high)
            if low < high:
                rows.append((self._weights(x), (), -_ONE, low - base))
                rows.append((self._weights(x), (), _ONE, high - base))
                continue
            *line, rest = _reduced([_ONE, *x, low], lines)
            if any(line):
                lines.append([*line, rest])
                rows.append((self._weights(x), (), _ZERO, low - base))
            elif rest:  # the values before determine another one
                return None
        return _solved(rows)

    def _ends(self, polytope: Feasible, x: Point) -> tuple[Fraction, Fraction]:
        cost = self._weights(x)
        cost += [_ZERO] * (polytope.columns - len(cost))
        found = (polytope.minimise(cost), polytope.maximise(cost))
        low, high = (self.outside(self.base + value_of(end)) for end in found)
        return low, high

    def _exact(self, x: Point) -> Ends:
        return Ends(*map(Surd, self._ends(self.polytope, x)))

    def _refusal(self) -> InvalidInput:
        """Name the first value that those before it exclude, and what they leave."""
        fits, fails = 0, len(self.shown)
        while fails - fits > 1:
            count = (fits + fails) // 2
            fits, fails = (fits, count) if self._region(count) is None else (count, fails)
        site, before = self.shown[fits], self._region(fits)
        if before is None:
            raise AssertionError("a constant within the limits fits no values")
        return self.refuse(misfit(site, self.noun, self._ends(before, site.exact), self._mend()))

    def _mend(self) -> str:
        """The least widening of the limits that admits all shown values, or where none does the least noise."""
        ends = [(self.low, -1), (self.high, 1)]
        widened = self._least(ends, self._wider)
        if widened is not None and self.limits is not None:
            return self.limits.widened(widened)
        ends = [pair for site in self.shown for pair in ((site.low, -1), (site.high, 1))]
        noise = self._least(ends, self._noisier)
        if noise is None:
            raise AssertionError("some noise admits every value")
        return least_noise(self.noun, self.shown[0].noise + noise)

    def _least(
        self, ends: list[tuple[Fraction, int]], rows_of: Callable[[list[_Moved]], list[_Row]]
    ) -> Fraction | None:
        """The least t for which ends that are moved outwards by t admit a member, None where there is none.

        Between two t at which an end passes a bend of `inside`, the ends inside are affine in t, and it is an unknown.
        """
        passed = {(bend - end) * sign for end, sign in ends for bend in self.bends}
        starts = [_ZERO, *sorted(t for t in passed if t > 0)]
        for start, stop in zip(starts, [*starts[1:], None], strict=True):
            until = start + 1 if stop is None else stop
            moved = []
            for end, sign in ends:
                here, there = (self.inside(end + sign * t) for t in (start, until))
                moved.append((here, (there - here) / (until - start)))
            rows = rows_of(moved)
            if stop is not None:
                rows.append(
                    ([_ZERO] * (2 * self.v.dim + 2), (_ONE, _ZERO, _ZERO), _ONE, stop - start)
                )
            region = _solved(rows)
            if region is not None:
                cost = [_ZERO] * region.columns
                cost[2 * self.v.dim + 2] = _ONE
                least: Fraction = start + value_of(region.minimise(cost))
                return least
        return None

    def _wider(self, moved: list[_Moved]) -> list[_Row]:
        """With limits that are moved apart."""
        (low, fall), (high, rise) = moved
        rows: list[_Row] = [
            ([_ONE] * (2 * self.v.dim + 2), (fall - rise, _ZERO, _ZERO), _ZERO, high - low)
        ]
        for site in self.shown:
            for end, sign in ((site.low, -_ONE), (site.high, _ONE)):
                value = self.inside(end) - low
                rows.append((self._weights(site.exact), (fall, _ZERO, _ZERO), sign, value))
        return rows

    def _noisier(self, moved: list[_Moved]) -> list[_Row]:
        """With limits as wide as it takes, and shown intervals that grow."""
        rows: list[_Row] = [([_ONE] * (2 * self.v.dim + 2), (_ZERO, -_ONE, -_ONE), _ZERO, _ZERO)]
        sides = [(site.exact, sign) for site in self.shown for sign in (-_ONE, _ONE)]
        for (x, sign), (value, rate) in zip(sides, moved, strict=True):
            rows.append((self._weights(x), (-rate, -_ONE, _ZERO), sign, value))
        return rows


_Moved = tuple[Fraction, Fraction]
"""A number that is affine in t: its value at the start and its rate."""
_Row = tuple[list[Fraction], tuple[Fraction, ...], Fraction, Fraction]
"""Of an equation: what the weights count, and what t and two widths do, if any; the sign of its slack or 0; its right side."""


def _solved(rows: list[_Row]) -> Feasible | None:
    """The unknowns of these rows, None where there are none: weights, what else they have, and a slack each where it has one."""
    slacks = [k for k, row in enumerate(rows) if row[2]]
    left = [
        [*weights, *others, *(sign if at == k else _ZERO for at in slacks)]
        for k, (weights, others, sign, _) in enumerate(rows)
    ]
    return feasible(left, [row[3] for row in rows])


def _reduced(line: list[Fraction], lines: list[list[Fraction]]) -> list[Fraction]:
    """The line less multiples of others, each without the leading columns of those before it, so that theirs are 0 in it."""
    for other in lines:
        lead = next(k for k, q in enumerate(other) if q)
        if factor := line[lead] / other[lead]:
            line = [p - factor * q for p, q in zip(line, other, strict=True)]
    return line


class AffineBand(Band):
    """Affine functions within limits."""

    noun = "affine function"

    def inside(self, value: Fraction) -> Fraction:
        return value

    def outside(self, value: Fraction) -> Fraction:
        return value


class Line(AffineBand):
    """One input and exact values: the line through both points."""

    converts = False

    def _enclose(self, points: Floats) -> Brackets:
        """The share (x - a) / (b - a); x - a, b - a and the quotient round, a too where it is no float."""
        a, b = self.shown[0].near[0], self.v.argmax[0] - self.v.argmin[0]
        away, slope = points[:, 0] - a, as_floats([1 / b])[0]
        share = away * slope
        error = 8 * UNIT * abs(slope) * (np.abs(away) + 1)
        n = len(share)
        within = (share - error, share + error)
        return Brackets(
            share,
            share.copy(),
            within,
            (within[0].copy(), within[1].copy()),
            np.ones(n, dtype=bool),
        )
