"""Volumes the slow way: midpoints counted, and iterated integrals of pieces by Simpson's rule.

Nothing here imports trompe's closed forms. Simpson's rule is exact for polynomials of degree 3.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise, product

from oracles import Question, envelope


def corner_simplex(sides, r):
    """The volume of {0 <= y_i <= sides_i, sum y <= r}: one integral after the other, exact for d <= 4."""
    if not sides:
        return Fraction(r >= 0)
    h, rest = sides[0], sides[1:]
    sums = {sum(s, Fraction(0)) for k in range(len(rest) + 1) for s in combinations(rest, k)}
    cuts = sorted({Fraction(0), h, *(r - s for s in sums if 0 < r - s < h)})
    volume = Fraction(0)
    for low, high in pairwise(cuts):
        # Nudged inside: the innermost integrand is a step.
        values = [corner_simplex(rest, r - u) for u in (low, (low + high) / 2, high)]
        if not rest:
            values = [values[1]] * 3
        volume += (high - low) * (values[0] + 4 * values[1] + values[2]) / 6
    return volume


def l1_ball(centre, r):
    """By the 2^d orthants about the centre."""
    return sum(corner_simplex(list(h), r) for h in product(*[(c, 1 - c) for c in centre]))


def counted(row, a, b, task, n, eps=None, **lipschitz):
    """The share of the n^d midpoints at which the task is decidable, by the slow envelope."""
    d, hits = len(a), 0
    for cell in product(range(n), repeat=d):
        x = tuple(Fraction(2 * k + 1, 2 * n) for k in cell)
        q = Question(row, Fraction(0), Fraction(1), a, b, x, **lipschitz)
        low, high = envelope(q)
        if task == "side":
            hits += high <= Fraction(1, 2) or low >= Fraction(1, 2)
        else:
            hits += high - low <= 2 * eps
    return Fraction(hits, n**d)


def largest_radius(row, a, b, n, **lipschitz):
    """The largest radius at the points of a grid that has the box's corners."""
    best = Fraction(0)
    for cell in product(range(n + 1), repeat=len(a)):
        x = tuple(Fraction(k, n) for k in cell)
        if x not in (a, b):
            low, high = envelope(Question(row, Fraction(0), Fraction(1), a, b, x, **lipschitz))
            best = max(best, (high - low) / 2)
    return best
