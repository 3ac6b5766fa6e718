"""Exact linear programming over {p >= 0 : A p = b} with few rows: the revised simplex method in fractions.

The affine and the convex class with exemplars need the largest and smallest value of many linear
functionals on one such set. Rows are the shown points, so the basis is small; the d columns are only
priced, on integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

_ZERO, _ONE = Fraction(0), Fraction(1)


class Optimum:
    """The largest value of a functional, with a vertex that has it.

    `value` is None where there is no largest one; then vertex + t ray is feasible for every t >= 0 and
    its value grows with t.
    """

    def __init__(
        self,
        value: Fraction | None,
        vertex: dict[int, Fraction],
        ray: dict[int, Fraction] | None = None,
    ) -> None:
        self.value, self.vertex, self.ray = value, vertex, ray


class Feasible:
    """A non-empty set {p >= 0 : A p = b} with independent rows, and a vertex of it as a basis.

    Made by `feasible`. `maximise` starts at the vertex of the last call, which is quick for a run of
    similar functionals.
    """

    def __init__(self, rows: Any, basis: list[int], inverse: Any, level: Any) -> None:
        self._rows = rows  # integers, shape (r, n): each row of A times its denominators
        self._basis, self._inverse, self._level = basis, inverse, level

    @property
    def columns(self) -> int:
        """The number n of unknowns."""
        return int(self._rows.shape[1])

    def maximise(self, cost: Sequence[Fraction]) -> Optimum:
        """The largest value of cost . p. Ends, because Bland's rule takes over where nothing is gained."""
        costs, scale = _integers(cost)
        gained = True
        while True:
            prices = costs[self._basis] @ self._inverse
            prices, common = _integers(prices.tolist())
            reduced = common * costs - prices @ self._rows
            entering = _entering(reduced, gained)
            if entering is None:
                value = Fraction(costs[self._basis] @ self._level) / scale
                return Optimum(value, self._vertex())
            direction = self._inverse @ self._rows[:, entering]
            leaving = self._leaving(direction)
            if leaving is None:
                ray = {k: -w for k, w in zip(self._basis, direction.tolist(), strict=True) if w}
                return Optimum(None, self._vertex(), {**ray, entering: _ONE})
            gained = self._level[leaving] > 0
            self.pivot(leaving, entering, direction)

    def minimise(self, cost: Sequence[Fraction]) -> Optimum:
        """The smallest value of cost . p."""
        found = self.maximise([-c for c in cost])
        value = None if found.value is None else -found.value
        return Optimum(value, found.vertex, found.ray)

    def _vertex(self) -> dict[int, Fraction]:
        return {k: p for k, p in zip(self._basis, self._level.tolist(), strict=True) if p}

    def _leaving(self, direction: Any) -> int | None:
        """The basic variable that reaches 0 first; among equal ones that of the smallest index."""
        best: tuple[Fraction, int] | None = None
        leaving = None
        for i, (w, p) in enumerate(zip(direction.tolist(), self._level.tolist(), strict=True)):
            if w > 0 and (best is None or (p / w, self._basis[i]) < best):
                best, leaving = (p / w, self._basis[i]), i
        return leaving

    def pivot(self, leaving: int, entering: int, direction: Any) -> None:
        """Exchange a basic variable for another one."""
        row = self._inverse[leaving] / direction[leaving]
        step = self._level[leaving] / direction[leaving]
        self._inverse = self._inverse - np.multiply.outer(direction, row)
        self._level = self._level - direction * step
        self._inverse[leaving], self._level[leaving] = row, step
        self._basis[leaving] = entering


def _entering(reduced: Any, gained: bool) -> int | None:
    """The column with the largest gain, or after a step without gain the first one with any (Bland)."""
    if gained:
        best = int(np.argmax(reduced))
        return best if reduced[best] > 0 else None
    return next((k for k, r in enumerate(reduced.tolist()) if r > 0), None)


def _integers(values: Sequence[Any]) -> tuple[Any, int]:
    """The values times their common denominator, as an object array of integers, and that denominator."""
    fractions = [Fraction(v) for v in values]
    scale = math.lcm(*{q.denominator for q in fractions}) if fractions else 1
    return np.array(
        [q.numerator * (scale // q.denominator) for q in fractions] or [], dtype=object
    ), scale


def feasible(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> Feasible | None:
    """{p >= 0 : A p = b}, or None where it is empty. The rows are independent.

    They are where each has an unknown of its own, and where each is added only if its functional is not constant
    on the set before, which has a member with all p > 0; or the caller leaves dependent ones out. One artificial unknown per row is driven to 0 (phase 1).
    """
    count, columns = len(rows), len(rows[0])
    scaled = []
    for row, b in zip(rows, right, strict=True):
        numbers, scale = _integers(row)
        scaled.append((numbers, b * scale) if b >= 0 else (-numbers, -b * scale))
    matrix = np.empty((count, columns + count), dtype=object)
    matrix[:] = 0
    for i, (numbers, _) in enumerate(scaled):
        matrix[i, :columns] = numbers
        matrix[i, columns + i] = 1
    inverse = np.array(
        [[Fraction(int(i == j)) for j in range(count)] for i in range(count)], dtype=object
    )
    level = np.array([Fraction(b) for _, b in scaled], dtype=object)
    start = Feasible(matrix, list(range(columns, columns + count)), inverse, level)
    if start.maximise([_ZERO] * columns + [-_ONE] * count).value != 0:
        return None
    for i in range(count):
        if start._basis[i] >= columns:  # its level is 0, so any entry other than 0 serves
            entries = start._inverse[i] @ matrix[:, :columns]
            spot = next(k for k, w in enumerate(entries.tolist()) if w)
            start.pivot(i, spot, start._inverse @ matrix[:, spot])
    return Feasible(matrix[:, :columns], start._basis, start._inverse, start._level)


def dot(p: Sequence[Fraction], q: Sequence[Fraction]) -> Fraction:
    """p . q."""
    return sum((pi * qi for pi, qi in zip(p, q, strict=True)), Fraction(0))


def value_of(found: Optimum) -> Any:
    """The optimum of a functional that is bounded."""
    if found.value is None:
        raise AssertionError("a bounded functional has a largest value")
    return found.value
