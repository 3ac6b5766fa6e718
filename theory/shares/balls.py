"""How much of the box [0,1]^d a ball of the l1, l2 or linf metric covers, wherever its centre lies.

The radius is an exact number; for l2 its square is, so that it may be a root.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.theory.exact import Point
from trompe.theory.functionals import metric
from trompe.theory.shares.quantities import Quantity, Term, algebraic, between, exact, powers, wide

SHIFTS = 20_000
"""More corners than this are not summed exactly in l1."""
EXACT_DIM = 1000
"""Up to this d the l1 volume of a ball about a corner is summed exactly."""
CELLS = 4096
SUMMED_DIM = 64
"""Up to this d an l2 ball that the faces cut is enclosed by sums over a grid of squared distances."""
SLACK = 1e-9
"""Relative room for rounding where a bound is computed in floats; about 10^6 times the error."""


def ball_share(norm: str, centre: Point, size: Fraction) -> Quantity:
    """The volume of {x in [0,1]^d : |x - centre| <= r}, with size = r, or r^2 for l2.

    Exact for linf; exact for l1 where the inclusion-exclusion sum is short; for l2 a closed form for
    d = 1 and 2, for a ball inside the box or about a corner with r <= 1. Else an interval.
    """
    metric(norm)
    if size < 0:
        return exact(0)
    sides: Counter[Fraction] = Counter()
    for c, count in Counter(centre).items():
        sides[min(c, 1 - c)] += count
    if size >= _reach(norm, sides):
        return exact(1)
    return {"l1": _l1, "l2": _l2, "linf": _linf}[norm](sides, size, centre)


def _reach(norm: str, sides: Mapping[Fraction, int]) -> Fraction:
    """The largest distance (squared for l2) from the centre to a point of the box."""
    if norm == "linf":
        return 1 - min(sides)
    power = 2 if norm == "l2" else 1
    return sum((count * (1 - s) ** power for s, count in sides.items()), Fraction(0))


def _linf(sides: Mapping[Fraction, int], r: Fraction, _: Point) -> Quantity:
    """prod_i length of [c_i - r, c_i + r] cut by [0, 1]."""
    factors: Counter[Fraction] = Counter()
    for s, count in sides.items():
        factors[min(s, r) + min(1 - s, r)] += count
    base, exponent = max(factors.items(), key=lambda item: item[1])
    others = (length**count for length, count in factors.items() if length != base)
    return powers(Term(math.prod(others, start=Fraction(1)), base, exponent))


# -- l1 ------------------------------------------------------------------------------------------------


def _l1(sides: Mapping[Fraction, int], r: Fraction, _: Point) -> Quantity:
    """sum over shifts of coefficient (r - shift)^d / d!, where the coefficients are those of
    prod_i (2 - [c_i] - [1 - c_i]) and [s] [t] = [s + t].

    By the signs of x_i - c_i the ball splits into 2^d sets {0 <= y_i <= h_i, sum y_i <= r}, h_i one of
    c_i and 1 - c_i. Without the bounds h_i each is a simplex of volume r^d / d!. By inclusion and exclusion
    over the sets S of violated bounds it has sum_S (-1)^|S| max(0, r - sum_{i in S} h_i)^d / d!. Adding
    over the choices of h multiplies out prod_i sum_{h_i} (1 - [h_i]). For a corner c this is (1 - [1])^d:
    the law of a sum of d uniform numbers.
    """
    d = sum(sides.values())
    if set(sides) == {0} and 2 * r == d:
        return exact(Fraction(1, 2))  # x -> 1 - x maps the ball onto its complement
    if r <= 1 and set(sides) == {0}:
        return _power_over_factorial(r, d)
    grid = math.lcm(r.denominator, *(s.denominator for s in sides))
    coefficients = _l1_coefficients(sides, r, grid) if d <= EXACT_DIM else None
    if coefficients is None:
        return between(*_coarse_l1(sides, r, d))
    radius = int(r * grid)
    summed = sum(k * (radius - shift) ** d for shift, k in coefficients.items())
    return exact(Fraction(summed, grid**d * math.factorial(d)))


def _l1_coefficients(
    sides: Mapping[Fraction, int], r: Fraction, grid: int
) -> dict[int, int] | None:
    """The shifts below r, in units of 1/grid, with their coefficients; None where there are too many."""
    radius, found = int(r * grid), {0: 1}
    for s, count in sides.items():
        near, far = int(s * grid), int((1 - s) * grid)
        factor: Counter[int] = Counter()
        for j in range(min(count, (radius - 1) // far) + 1):
            if not near:  # 2 - [0] - [1] = 1 - [1]
                factor[j * far] += (-1) ** j * math.comb(count, j)
                continue
            for i in range(min(count - j, (radius - 1 - j * far) // near) + 1):
                ways = math.comb(count, j) * math.comb(count - j, i)
                factor[j * far + i * near] += (-1) ** (i + j) * ways * 2 ** (count - i - j)
        if len(found) * len(factor) > SHIFTS**2 // 1000:
            return None
        fresh: Counter[int] = Counter()
        for shift, k in found.items():
            for more, m in factor.items():
                if shift + more < radius:
                    fresh[shift + more] += k * m
        found = {shift: k for shift, k in fresh.items() if k}
        if len(found) > SHIFTS:
            return None
    return found


def _power_over_factorial(r: Fraction, d: int) -> Quantity:
    if d <= EXACT_DIM:
        return exact(r**d / math.factorial(d))
    with localcontext(wide()):
        log = d * (Decimal(r.numerator) / Decimal(r.denominator)).ln() - _ln_factorial(d)
        value = log.exp()
    return Quantity("closed form", value, value, f"({r})^{d}/{d}!")


def _ln_factorial(d: int) -> Decimal:
    """ln d!, from the integer."""
    with localcontext(wide()):
        return Decimal(math.factorial(d)).ln()


def _coarse_l1(sides: Mapping[Fraction, int], r: Fraction, d: int) -> tuple[Decimal, Decimal]:
    """A cube inside the ball, and the exponential bound on a sum of independent distances."""

    def mean_exp(theta: float, s: float) -> float:
        return (2 - math.exp(-theta * s) - math.exp(-theta * (1 - s))) / theta

    return _inner_cube(sides, r / d), _exponential_bound(sides, float(r), mean_exp)


def _inner_cube(sides: Mapping[Fraction, int], half_width: Fraction) -> Decimal:
    with localcontext(wide()):
        volume = Decimal(1)
        for s, count in sides.items():
            length = min(s, half_width) + min(1 - s, half_width)
            volume *= (Decimal(length.numerator) / Decimal(length.denominator)) ** count
        return volume * (1 - Decimal(SLACK))


def _exponential_bound(
    sides: Mapping[Fraction, int], size: float, mean_exp: Callable[[float, float], float]
) -> Decimal:
    """min over theta > 0 of e^(theta size) prod_i E e^(-theta Y_i): Markov's inequality.

    Y_i is what coordinate i adds to the distance (its square for l2); any theta gives a bound.
    """

    def log_bound(theta: float) -> float:
        terms = (count * math.log(mean_exp(theta, float(s))) for s, count in sides.items())
        return theta * size + math.fsum(terms)

    d = sum(sides.values())
    best = min(log_bound(10 ** (k / 64)) for k in range(-128, 448))
    with localcontext(wide()):
        return min(Decimal(1), (Decimal(best) + Decimal(SLACK) * (d + 1)).exp())


# -- l2 ------------------------------------------------------------------------------------------------


def _l2(sides: Mapping[Fraction, int], squared: Fraction, centre: Point) -> Quantity:
    import sympy

    d = sum(sides.values())
    root = sympy.sqrt(sympy.Rational(squared.numerator, squared.denominator))
    if d == 1:
        (side,) = sides
        arms = (_rational(side), _rational(1 - side))
        return algebraic(sum(sympy.Min(arm, root) for arm in arms))
    if squared <= 1 and all(s == 0 or s * s >= squared for s in sides):
        return _orthant(d, sides.get(Fraction(0), 0), squared)
    if d == 2:
        (left, right), (down, up) = ((c, 1 - c) for c in centre)
        return algebraic(sum(_quarter(w, h, squared) for w in (left, right) for h in (down, up)))
    if d <= SUMMED_DIM:
        return between(*_grid_bounds(sides, float(squared)))
    return between(*_coarse_l2(sides, squared, d))


def _rational(q: Fraction) -> Any:
    import sympy

    return sympy.Rational(q.numerator, q.denominator)


def _orthant(d: int, on_faces: int, squared: Fraction) -> Quantity:
    """A ball of which the box holds a 2^-k part, k the number of coordinates on a face."""
    import sympy

    half = sympy.Rational(d, 2)
    if d <= 40:
        unit = sympy.pi**half / sympy.gamma(half + 1)
        return algebraic(unit * _rational(squared) ** half / 2**on_faces)
    log = half * sympy.log(sympy.pi * _rational(squared)) - sympy.loggamma(half + 1)
    with localcontext(wide()):
        value = (Decimal(str(log.evalf(60))) - on_faces * Decimal(2).ln()).exp()
    form = f"2^-{on_faces} (pi*{squared})^({half})/gamma({half + 1})"
    return Quantity("closed form", value, value, form)


def _quarter(width: Fraction, height: Fraction, squared: Fraction) -> Any:
    """The area of {0 <= u <= width, 0 <= v <= height, u^2 + v^2 <= r^2}.

    A rectangle inside the disc, or two right triangles and a sector between them.
    """
    import sympy

    if width**2 + height**2 <= squared:
        return _rational(width * height)
    r2 = _rational(squared)
    w2, h2 = (min(side * side, squared) for side in (width, height))
    w, h = sympy.sqrt(_rational(w2)), sympy.sqrt(_rational(h2))
    u, v = sympy.sqrt(r2 - h * h), sympy.sqrt(r2 - w * w)
    angle = sympy.acos(u / sympy.sqrt(r2)) - sympy.acos(w / sympy.sqrt(r2))
    return (h * u + w * v + r2 * angle) / 2


def _grid_bounds(sides: Mapping[Fraction, int], squared: float) -> tuple[float, float]:
    """The law of sum_i (x_i - c_i)^2, each term rounded up (or down) to a multiple of r^2/CELLS."""
    edges = np.sqrt(np.arange(CELLS + 2) * (squared / CELLS))
    d = sum(sides.values())
    law = np.zeros(CELLS + d + 1)
    law[0] = 1.0
    for s, count in sides.items():
        cdf = np.minimum(edges, float(s)) + np.minimum(edges, float(1 - s))
        mass = np.concatenate([[0.0], np.maximum(np.diff(cdf), 0.0)])
        for _ in range(count):
            law = np.convolve(law, mass)[: CELLS + d + 1]
    return float(law[: CELLS + 1].sum()) * (1 - SLACK), min(1.0, float(law.sum()) * (1 + SLACK))


def _coarse_l2(sides: Mapping[Fraction, int], squared: Fraction, d: int) -> tuple[Decimal, Decimal]:
    def mean_exp(theta: float, s: float) -> float:
        root = math.sqrt(theta)
        return math.sqrt(math.pi) / (2 * root) * (math.erf(root * (1 - s)) + math.erf(root * s))

    inner = Fraction(math.isqrt(int(squared / d * 10**30)), 10**15)
    return _inner_cube(sides, inner), _exponential_bound(sides, float(squared), mean_exp)
