"""The further rows' mathematics again, slowly, to hold the package against. Nothing here imports trompe."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product

ONE, ZERO = Fraction(1), Fraction(0)

RANGES = {"sigmoid": (0, 1), "tanh": (-1, 1), "softplus": (0, None), "leaky-relu": (None, None)}


# -- links, in decimals of many digits ------------------------------------------------------------


def _decimal(value):
    value = Fraction(value)
    return Decimal(value.numerator) / Decimal(value.denominator)


def link(key, t, slope=None):
    """h(t) for a decimal t."""
    if key == "leaky-relu":
        return t if t > 0 else _decimal(slope) * t
    e = t.exp()
    return {
        "sigmoid": lambda: e / (1 + e),
        "tanh": lambda: (e * e - 1) / (e * e + 1),
        "softplus": lambda: (1 + e).ln(),
    }[key]()


def inverse(key, y, slope=None):
    """h^-1(y) for a decimal y."""
    return {
        "leaky-relu": lambda: y if y > 0 else y / _decimal(slope),
        "sigmoid": lambda: (y / (1 - y)).ln(),
        "tanh": lambda: ((1 + y) / (1 - y)).ln() / 2,
        "softplus": lambda: (y.exp() - 1).ln(),
    }[key]()


def at_share(key, m, M, share, slope=None, digits=60):
    """h((1-u) h^-1(m) + u h^-1(M)), straight from the definition, in decimals."""
    with localcontext() as context:
        context.prec = digits
        s, t = (inverse(key, _decimal(y), slope) for y in (m, M))
        return link(key, s + (t - s) * _decimal(share), slope)


def leaky(slope, t):
    """Leaky ReLU of a fraction."""
    return t if t > 0 else slope * t


def neuron_ends(key, m, M, a, x, slope=None):
    """The fibre's ends by trying all weight vectors that put everything on one coordinate."""
    ends = [at_share(key, m, M, abs(xk - ak), slope) for xk, ak in zip(x, a, strict=True)]
    return min(ends), max(ends)


def close(value, expected, digits=12):
    """Is a number of trompe's the decimal, to that many digits?"""
    scale = max(abs(float(expected)), 1.0)
    return abs(float(value) - float(expected)) <= scale * 10.0**-digits


# -- additive ---------------------------------------------------------------------------------------


def additive_free(a, b):
    """May an additive function have its only minimiser at a and its only maximiser at b?"""
    return all(ai != bi for ai, bi in zip(a, b, strict=True))


def additive_triple(m, M, a, b, x, z):
    """U(z), W(z), B(z), each from its verbal description."""
    R = M - m
    gaps_a = [abs(xk - ak) for xk, ak in zip(x, a, strict=True)]
    gaps_b = [abs(xk - bk) for xk, bk in zip(x, b, strict=True)]
    i, j = gaps_a.index(max(gaps_a)), gaps_b.index(max(gaps_b))
    reach = [abs(ak - bk) for ak, bk in zip(a, b, strict=True)]
    up, down = min(reach[i], gaps_a[i]), min(reach[j], gaps_b[j])
    U = M if abs(z[i] - a[i]) >= up else m + R * abs(z[i] - a[i]) / up
    W = m if abs(z[j] - b[j]) >= down else M - R * abs(z[j] - b[j]) / down
    total = ZERO
    for zk, ak, bk, rk in zip(z, a, b, reach, strict=True):
        from_a, from_b = abs(zk - ak) / rk, abs(zk - bk) / rk
        total += (ONE if from_a >= 1 else from_a) / 2
        total += ZERO if from_b >= 1 else (1 - from_b) / 2
    return U, W, m + R * total / len(z)


def exchanged(y, z, which):
    """y and z with the coordinates of `which` exchanged."""
    y2 = tuple(z[k] if k in which else y[k] for k in range(len(y)))
    z2 = tuple(y[k] if k in which else z[k] for k in range(len(y)))
    return y2, z2


def is_additive(h, y, z):
    """h(y) + h(z) is the same after every exchange of coordinates."""
    total = h(y) + h(z)
    for bits in product((0, 1), repeat=len(y)):
        y2, z2 = exchanged(y, z, {k for k, bit in enumerate(bits) if bit})
        if h(y2) + h(z2) != total:
            return False
    return True


# -- Lipschitz ----------------------------------------------------------------------------------------


def steepest(h, points):
    """The largest slope of h in l1 between any two of the points."""
    found = ZERO
    for k, y in enumerate(points):
        for z in points[:k]:
            apart = sum((abs(p - q) for p, q in zip(y, z, strict=True)), ZERO)
            if apart:
                found = max(found, abs(h(y) - h(z)) / apart)
    return found


def hat_slope(m, M, sites):
    """A Lipschitz constant in l1 of a sum of three hats of height at most (M - m)/2 each."""
    delta = (
        min(
            sum((abs(p - q) for p, q in zip(s, t, strict=True)), ZERO)
            for k, s in enumerate(sites)
            for t in sites[:k]
        )
        / 2
    )
    return 3 * (M - m) / (2 * delta)


def decimals_of(log_terms, digits=60):
    """sum of c ln(q) in decimals, for pairs (c, q)."""
    with localcontext() as context:
        context.prec = digits
        return sum((_decimal(c) * _decimal(q).ln() for c, q in log_terms), Decimal(0))


def is_perfect_power(q, n):
    """Is the positive fraction q the n-th power of a fraction? By trying all numerators and denominators."""
    top = round(q.numerator ** (1 / n)) + 2
    bottom = round(q.denominator ** (1 / n)) + 2
    return any(
        Fraction(p, r) ** n == q
        for p in range(1, top + 1)
        for r in range(1, bottom + 1)
        if math.gcd(p, r) == 1
    )
