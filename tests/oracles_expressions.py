"""Piecewise affine functions again, slowly: the JSON data of an expression, read as a formula.

Nothing here imports trompe. Extremes for d <= 2 come from the vertices of all lines along which the
function may bend: between them it is affine, so it has its extremes at vertices, and a set of
minimisers that is more than a point has another vertex in it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise, product


def value(data, z, definitions=None):
    """The value at a point of fractions."""
    if isinstance(data, str):
        return Fraction(data)
    ((op, inside),) = data.items()
    if op == "z":
        return z[inside - 1]
    if op == "use":
        return value(definitions[inside], z, definitions)
    if op == "times":
        return Fraction(inside[0]) * value(inside[1], z, definitions)
    if op == "abs":
        inner = value(inside, z, definitions)
        return -inner if inner < 0 else inner
    parts = [value(part, z, definitions) for part in inside]
    if op == "sum":
        return sum(parts, Fraction(0))
    chosen = parts[0]
    for part in parts[1:]:
        if (part > chosen) == (op == "max"):
            chosen = part
    return chosen


def pieces(data, dim):
    """Every affine function (constant, weights) that the formula may be somewhere, and its bends."""
    zero = (Fraction(0),) * dim
    if isinstance(data, str):
        return {(Fraction(data), zero)}, set()
    ((op, inside),) = data.items()
    if op == "z":
        return {(Fraction(0), tuple(Fraction(int(i == inside - 1)) for i in range(dim)))}, set()
    if op == "times":
        c = Fraction(inside[0])
        found, bends = pieces(inside[1], dim)
        return {(c * k, tuple(c * w for w in ws)) for k, ws in found}, bends
    if op == "abs":
        found, bends = pieces(inside, dim)
        return found | {(-k, tuple(-w for w in ws)) for k, ws in found}, bends | found
    parts = [pieces(part, dim) for part in inside]
    bends = set().union(*(b for _, b in parts))
    if op == "sum":
        sums = set()
        for choice in product(*(p for p, _ in parts)):
            weights = tuple(
                sum(column, Fraction(0)) for column in zip(*(w for _, w in choice), strict=True)
            )
            sums.add((sum((k for k, _ in choice), Fraction(0)), weights))
        return sums, bends
    for (one, _), (other, _) in combinations(parts, 2):
        for (k, ws), (m, vs) in product(one, other):
            bends.add((k - m, tuple(w - v for w, v in zip(ws, vs, strict=True))))
    return set().union(*(p for p, _ in parts)), bends


def vertices(data, dim):
    """Where lines along which the function may bend, or sides of the box, meet inside the box."""
    _, bends = pieces(data, dim)
    one, zero = Fraction(1), Fraction(0)
    sides = [
        (Fraction(-level), tuple(Fraction(int(i == j)) for j in range(dim)))
        for i in range(dim)
        for level in (0, 1)
    ]
    lines = [line for line in {*bends, *sides} if any(line[1])]
    if dim == 1:
        places = {(-k / w[0],) for k, w in lines}
    else:
        places = set()
        for (k, (p, q)), (m, (r, s)) in combinations(lines, 2):
            det = p * s - q * r
            if det:
                places.add(((q * m - k * s) / det, (k * r - p * m) / det))
    return [z for z in places if all(zero <= c <= one for c in z)]


def extremes(data, dim):
    """(minimisers among the vertices, minimum, maximisers among the vertices, maximum)."""
    values = {z: value(data, z) for z in vertices(data, dim)}
    low, high = min(values.values()), max(values.values())
    return (
        [z for z, y in values.items() if y == low],
        low,
        [z for z, y in values.items() if y == high],
        high,
    )


def is_convex_1d(data):
    """For one input: are the slopes between neighbouring vertices in order?"""
    points = sorted((z[0], value(data, z)) for z in vertices(data, 1))
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(points)]
    return all(s <= t for s, t in pairwise(slopes))


def slopes_1d(data):
    """For one input: the least and the largest slope."""
    points = sorted((z[0], value(data, z)) for z in vertices(data, 1))
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(points)]
    return min(slopes), max(slopes)
