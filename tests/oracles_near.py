"""Bounds within limits again, from the definitions: members are sought by the optimiser of Z3, in exact numbers.

Nothing here imports trompe. `shown` is a list of (point, low, high): the value there lies between the two.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import z3

ZERO, ONE = Fraction(0), Fraction(1)


def q(value):
    return z3.Q(value.numerator, value.denominator)


def range_of(objective, conditions):
    """The least and the largest value, None where the conditions exclude each other."""
    found = []
    for sign in (1, -1):
        search = z3.Optimize()
        search.add(*conditions)
        handle = search.minimize(sign * objective)
        if search.check() != z3.sat:
            return None
        found.append(sign * Fraction(str(search.lower(handle))))
    return tuple(found)


def corners(dim):
    return list(product((ZERO, ONE), repeat=dim))


def values_at(points, name="f"):
    return {p: z3.Real(f"{name}{i}") for i, p in enumerate(dict.fromkeys(points))}


def known(f, shown, lo, hi):
    conditions = [c for value in f.values() for c in (value >= q(lo), value <= q(hi))]
    return conditions + [c for s, l, u in shown for c in (f[s] >= q(l), f[s] <= q(u))]  # noqa: E741


# -- the laws, at the shown points, the query, and a grid ----------------------------------------------------


def grid(dim):
    return list(product((ZERO, Fraction(1, 2), ONE), repeat=dim)) if dim < 3 else corners(dim)


def lipschitz(shown, lo, hi, x, constant, distance):
    f = values_at([*(s for s, _, _ in shown), x, *grid(len(x))])
    law = [f[y] - f[z] <= q(constant * distance(y, z)) for y in f for z in f if y != z]
    return range_of(f[x], known(f, shown, lo, hi) + law)


def monotone(shown, lo, hi, x):
    f = values_at([*(s for s, _, _ in shown), x, *grid(len(x))])
    law = [
        f[y] <= f[z]
        for y in f
        for z in f
        if y != z and all(yi <= zi for yi, zi in zip(y, z, strict=True))
    ]
    return range_of(f[x], known(f, shown, lo, hi) + law)


def free(shown, lo, hi, x):
    f = values_at([*(s for s, _, _ in shown), x])
    return range_of(f[x], known(f, shown, lo, hi))


def constant(shown, lo, hi, x):
    c = z3.Real("c")
    return range_of(c, known({s: c for s, _, _ in shown}, shown, lo, hi))


def affine(shown, lo, hi, x):
    """c + w . z, with its values at all corners within the limits."""
    c, w = z3.Real("c"), [z3.Real(f"w{i}") for i in range(len(x))]
    points = [*(s for s, _, _ in shown), x, *corners(len(x))]
    f = {z: c + z3.Sum([wi * q(zi) for wi, zi in zip(w, z, strict=True)]) for z in points}
    return range_of(f[x], known(f, shown, lo, hi))


def convex(shown, lo, hi, x):
    """Values and subgradients at the shown points, the query and the corners."""
    points = list(dict.fromkeys([*(s for s, _, _ in shown), x, *corners(len(x))]))
    f = values_at(points)
    slope = {p: [z3.Real(f"g{i}_{k}") for k in range(len(x))] for i, p in enumerate(points)}
    law = [
        f[z] >= f[y] + z3.Sum([g * q(zi - yi) for g, zi, yi in zip(slope[y], z, y, strict=True)])
        for y in points
        for z in points
        if y != z
    ]
    return range_of(f[x], known(f, shown, lo, hi) + law)


def additive(shown, lo, hi, x):
    """A function of each coordinate, on every coordinate that occurs."""
    dim = len(x)
    seen = [*(s for s, _, _ in shown), x]
    parts = [values_at([(p[i],) for p in seen], f"h{i}_") for i in range(dim)]
    cells = product(*([p for (p,) in part] for part in parts))
    f = {z: z3.Sum([parts[i][(z[i],)] for i in range(dim)]) for z in cells}
    return range_of(f[x], known(f, shown, lo, hi))
