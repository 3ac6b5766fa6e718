"""Which hats are never positive together: a comparison of pairs, on integers so that thousands take a second."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from operator import add

from trompe.constructions.work import spend, weight
from trompe.proofs.handover.witnesses.curves import Curve

Reach = tuple[Fraction, dict[int, Curve]]
"""A function that is a constant plus one curve for each of some coordinates."""

Row = tuple[int, list[list[int]]]
"""A constant, and for each coordinate the values on its grid, as integers of one scale."""

MAX_PAIR_WORK = 200_000_000
"""Additions that a comparison of all pairs may cost."""
_MAX_BITS = 4096
_ZERO, _ONE = Fraction(0), Fraction(1)


def exclusive_pairs(
    reaches: Mapping[int, Sequence[Reach]], wanted: Iterable[tuple[int, int]]
) -> tuple[set[tuple[int, int]], str]:
    """The wanted pairs of which u + v <= 0 on the box for all u of one and all v of the other.

    Then no u and no v are positive together. The maximum of u + v is the sum of the maxima per
    coordinate, and each of these is at a breakpoint of one of the two curves.

    Returns
    -------
    The pairs for which it is shown, and, where the work would be too much, why it was not tried.
    """
    rows, note = _rows(reaches)
    exclusive = {(k, m) for k, m in wanted if k in rows and m in rows and _apart(rows[k], rows[m])}
    return exclusive, note


def _apart(one: list[Row], other: list[Row]) -> bool:
    for u, us in one:
        for v, vs in other:
            spend(1 + sum(map(len, us)) * weight(u.bit_length()) // 12)
            if u + v + sum(max(map(add, p, q)) for p, q in zip(us, vs, strict=True)) > 0:
                return False
    return True


def _rows(reaches: Mapping[int, Sequence[Reach]]) -> tuple[dict[int, list[Row]], str]:
    """The reaches on grids that hold all breakpoints."""
    everything = [reach for several in reaches.values() for reach in several]
    spend(4 * sum(len(c.xs) for _, curves in everything for c in curves.values()))
    axes = sorted({i for _, curves in everything for i in curves})
    grids = {
        i: sorted({x for _, c in everything if i in c for x in c[i].xs} | {_ZERO, _ONE})
        for i in axes
    }
    if len(everything) ** 2 * sum(map(len, grids.values())) > 2 * MAX_PAIR_WORK:
        return {}, f"{len(reaches)} hats are too many to compare pair by pair"
    scale, grid_scale = 1, 1
    for i in axes:
        grid_scale = math.lcm(grid_scale, *(x.denominator for x in grids[i]))
    for constant, curves in everything:
        ends = [q for curve in curves.values() for q in (*curve.ys, *curve.slopes)]
        scale = math.lcm(scale, constant.denominator, *(q.denominator for q in ends))
        if scale.bit_length() + grid_scale.bit_length() > _MAX_BITS:
            return {}, "the numbers in the hats have too many digits to compare them"
    cells = sum(map(len, grids.values()))
    spend(len(everything) * cells * weight(scale.bit_length() + grid_scale.bit_length()))
    places = {i: [int(x * grid_scale) for x in grids[i]] for i in axes}
    flat = {i: [0] * len(grids[i]) for i in axes}

    def row(constant: Fraction, curves: dict[int, Curve]) -> Row:
        on_grids = [
            _on_grid(curves[i], places[i], scale, grid_scale) if i in curves else flat[i]
            for i in axes
        ]
        return int(constant * scale) * grid_scale, on_grids

    return {k: [row(*reach) for reach in several] for k, several in reaches.items()}, ""


def _on_grid(curve: Curve, places: list[int], scale: int, grid_scale: int) -> list[int]:
    """The curve's values times scale * grid_scale at the places, which are times grid_scale."""
    values = []
    k, last = 0, len(curve.slopes) - 1
    ends = [int(x * grid_scale) for x in curve.xs]
    slopes = [int(s * scale) for s in curve.slopes]
    starts = [int(y * scale) * grid_scale for y in curve.ys]
    for x in places:
        while k < last and x >= ends[k + 1]:
            k += 1
        values.append(starts[k] + slopes[k] * (x - ends[k]))
    return values
