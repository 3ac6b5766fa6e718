"""The few quantities that the theory reads off a point: distances, mean, gauge, flipped coordinates.

Each is written once against an array namespace `xp`; points are arrays of shape (..., d).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from operator import truediv
from typing import Any

from trompe.ground.errors import known
from trompe.theory.exact import Point
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.rationals import RATIONALS

Metric = Callable[[Array, Array, ArrayNamespace], Array]
"""A distance of two points: `distance(y, z, xp)`."""


def l1(y: Array, z: Array, xp: ArrayNamespace) -> Array:
    """sum_i |y_i - z_i|."""
    return xp.sum(xp.abs(y - z))


def l2(y: Array, z: Array, xp: ArrayNamespace) -> Array:
    """The square root of sum_i (y_i - z_i)^2."""
    return xp.sqrt(xp.sum((y - z) * (y - z)))


def linf(y: Array, z: Array, xp: ArrayNamespace) -> Array:
    """max_i |y_i - z_i|."""
    return xp.max(xp.abs(y - z))


METRICS: dict[str, Metric] = {"l1": l1, "l2": l2, "linf": linf}
"""The metrics a Lipschitz constant may refer to."""


def metric(key: str) -> Metric:
    """The metric called `key`."""
    return known("metric", key, METRICS)


def exact_distance(distance: Metric, y: Point, z: Point) -> Any:
    """The distance of two exact points: a fraction, or for l2 an algebraic number."""
    return distance(RATIONALS.array(y), RATIONALS.array(z), RATIONALS)


def least(values: Iterable[Any]) -> Any:
    """The least of exact numbers; recorded ones are asked for it, since Python's min asks which it is."""
    first, *others = values
    return first.least(others) if hasattr(first, "least") else min([first, *others])


def mean(z: Array, xp: ArrayNamespace) -> Array:
    """(z_1 + ... + z_d) / d."""
    return xp.sum(z) * xp.number(Fraction(1, z.shape[-1]))


def flipped(z: Array, flip: Array, sign: Array) -> Array:
    """z'_i = z_i where b_i = 1 and 1 - z_i where b_i = 0, as flip_i + sign_i z_i.

    With flip = 1 - b and sign = 2 b - 1: the reflection of the box that takes the corner b to 1.
    """
    return flip + sign * z


def mean_flipped(z: Array, flip: Array, sign: Array, xp: ArrayNamespace) -> Array:
    """The mean of z', without making z': mean(flip) + (sign . z)/d. One pass over z."""
    return mean(flip, xp) + (z @ sign) * xp.number(Fraction(1, z.shape[-1]))


def gauge_slopes(c: Point) -> tuple[Point, Point]:
    """The reciprocals that the gauge about c needs: 1/(1-c_i) where c_i < 1, 1/c_i where c_i > 0, else 0."""
    parts, zero = [ci.as_integer_ratio() for ci in c], Fraction(0)
    quotient = Fraction if type(parts[0][0]) is int else truediv  # of numbers that are recorded
    up = tuple(quotient(below, below - top) if top < below else zero for top, below in parts)
    down = tuple(quotient(below, top) if top > 0 else zero for top, below in parts)
    return up, down


def gauge(z: Array, c: Array, up: Array, down: Array, xp: ArrayNamespace) -> Array:
    """gamma(z) = max_i max((z_i - c_i)/(1 - c_i), (c_i - z_i)/c_i): 0 only at c, 1 where the ray from c leaves the box.

    `up` and `down` are the reciprocals of `gauge_slopes`; a coordinate with c_i = 1 (or 0) has one
    term only, its other slope is 0.
    """
    return xp.max(xp.maximum(up * (z - c), down * (c - z)))
