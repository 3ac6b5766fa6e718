"""Bounds with exemplars again, slowly: by enumerating vertices and simplices in plain fractions.

Nothing here imports trompe. `shown` is a list of (point, value).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

ZERO, ONE = Fraction(0), Fraction(1)


def solve(matrix, right):
    """The only solution of a linear system, or None where there is none or more than one."""
    rows = [
        [Fraction(w) for w in row] + [Fraction(b)] for row, b in zip(matrix, right, strict=True)
    ]
    n = len(matrix[0])
    done = 0
    for column in range(n):
        lead = next((i for i in range(done, len(rows)) if rows[i][column] != 0), None)
        if lead is None:
            return None
        rows[done], rows[lead] = rows[lead], rows[done]
        pivot = rows[done][column]
        rows[done] = [w / pivot for w in rows[done]]
        for i in range(len(rows)):
            factor = rows[i][column]
            if i != done and factor != 0:
                rows[i] = [w - factor * v for w, v in zip(rows[i], rows[done], strict=True)]
        done += 1
    if any(row[n] != 0 for row in rows[done:]):
        return None
    return [row[n] for row in rows[:n]]


# -- Lipschitz and monotone ------------------------------------------------------------------------


def cones(shown, m, M, L, distance, x):
    """Ends for the rational metrics."""
    lower, upper = m, M
    for s, y in shown:
        lower, upper = max(lower, y - L * distance(x, s)), min(upper, y + L * distance(x, s))
    return lower, upper


def least_constant(shown, distance):
    return max(abs(y - t) / distance(s, p) for (s, y), (p, t) in combinations(shown, 2))


def order(shown, x):
    def below(p, q):
        return all(pi <= qi for pi, qi in zip(p, q, strict=True))

    return max(y for s, y in shown if below(s, x)), min(y for s, y in shown if below(x, s))


def order_fits(shown):
    return all(
        y <= t
        for s, y in shown
        for p, t in shown
        if all(si <= pi for si, pi in zip(s, p, strict=True))
    )


# -- affine: the vertices of the polytope of weights --------------------------------------------------


def weight_vertices(dim, equations):
    """All vertices of {p >= 0 : sum p = 1, p . s = t}: the unique non-negative solutions on some places."""
    found = set()
    rows = [([ONE] * dim, ONE), *equations]
    for size in range(1, min(dim, len(rows)) + 1):
        for places in combinations(range(dim), size):
            p = solve([[row[k] for k in places] for row, _ in rows], [t for _, t in rows])
            if p is not None and min(p) >= 0:
                full = [ZERO] * dim
                for k, w in zip(places, p, strict=True):
                    full[k] = w
                found.add(tuple(full))
    return found


def affine(m, M, a, exemplars, x):
    """Ends, or None where no weights that are all positive fit."""

    def seen(z):
        return [abs(zi - ai) for zi, ai in zip(z, a, strict=True)]

    vertices = weight_vertices(len(a), [(seen(p), (y - m) / (M - m)) for p, y in exemplars])
    if not vertices or any(all(p[k] == 0 for p in vertices) for k in range(len(a))):
        return None
    values = [sum(w * xi for w, xi in zip(p, seen(x), strict=True)) for p in vertices]
    return m + (M - m) * min(values), m + (M - m) * max(values)


# -- convex: mixes of shown points and corners, by Caratheodory on at most d + 1 points ------------------


def mixes(points, target):
    """(indices, weights) of every set of affinely independent points whose mix is `target`."""
    dim = len(target)
    for size in range(1, dim + 2):
        for places in combinations(range(len(points)), size):
            rows = [[points[k][i] for k in places] for i in range(dim)] + [[ONE] * size]
            weights = solve(rows, [*target, ONE])
            if weights is not None and min(weights) >= 0:
                yield places, weights


def convex(m, M, a, b, exemplars, x):
    """Ends at a point that is not shown."""
    corners = [(c, M) for c in product((ZERO, ONE), repeat=len(a))]
    known = [(a, m), *exemplars, *corners]
    points = [s for s, _ in known]
    upper = min(
        sum(w * known[k][1] for k, w in zip(places, weights, strict=True))
        for places, weights in mixes(points, x)
    )
    lower = m
    for s, y in exemplars:
        others = [(p, t) for p, t in known if p != s]
        with_x = [x, *(p for p, _ in others)]
        for places, weights in mixes(with_x, s):
            if 0 in places and weights[0] > 0:
                rest = sum(w * others[k - 1][1] for k, w in zip(places, weights, strict=True) if k)
                lower = max(lower, (y - rest) / weights[0])
    return lower, upper


def convex_fits(m, M, a, b, exemplars):
    """Is there a convex function with these values whose only maximiser is b (and only minimiser a)?"""
    corners = [(c, M) for c in product((ZERO, ONE), repeat=len(a))]
    known = [(a, m), *exemplars, *corners]
    for s, y in exemplars:
        others = [(p, t) for p, t in known if p != s]
        for places, weights in mixes([p for p, _ in others], s):
            used = [(others[k], w) for k, w in zip(places, weights, strict=True) if w > 0]
            chord = sum(w * t for (_, t), w in used)
            loose = any((p, t) in corners and p != b for (p, t), _ in used)
            if chord < y or (chord == y and loose):
                return False
    return True
