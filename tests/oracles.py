"""The mathematics again, slowly and in plain fractions, to hold the package against.

Nothing here imports trompe. A question is the tuple of what a statement is quantified over; l2
distances stay squared, so that every number is a fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

ONE, ZERO, HALF = Fraction(1), Fraction(0), Fraction(1, 2)
HAT_ROWS = ("black-box", "neural-network", "erm", "piecewise-affine")


@dataclass(frozen=True)
class Question:
    """A row with its parameters, what is shown, and the query."""

    row: str
    m: Fraction
    M: Fraction
    a: tuple
    b: tuple
    x: tuple
    L: Fraction | None = None
    metric: str = "l1"
    data: tuple = ()

    @property
    def R(self):
        return self.M - self.m

    @property
    def mid(self):
        return self.m + self.R / 2

    @property
    def d(self):
        return len(self.a)


# -- distances, gauge ----------------------------------------------------------------------------


def l1(y, z):
    total = ZERO
    for yi, zi in zip(y, z, strict=True):
        total += yi - zi if yi > zi else zi - yi
    return total


def linf(y, z):
    largest = ZERO
    for yi, zi in zip(y, z, strict=True):
        largest = max(largest, yi - zi, zi - yi)
    return largest


def l2_squared(y, z):
    return sum(((yi - zi) ** 2 for yi, zi in zip(y, z, strict=True)), ZERO)


def distance(metric, y, z):
    """The rational distances; l2 has none."""
    return {"l1": l1, "linf": linf}[metric](y, z)


def gauge(c, z):
    """The least t >= 0 such that c + (z - c)/t is in the box, found among the times of the faces."""
    if tuple(z) == tuple(c):
        return ZERO
    times = {ONE}
    for zi, ci in zip(z, c, strict=True):
        for face in (ZERO, ONE):
            if face != ci and (zi - ci) / (face - ci) > 0:
                times.add((zi - ci) / (face - ci))
    for t in sorted(times):
        if all(0 <= ci + (zi - ci) / t <= 1 for zi, ci in zip(z, c, strict=True)):
            return t
    raise AssertionError("t = 1 always holds for a point of the box")


# -- envelopes ------------------------------------------------------------------------------------


def shown(q: Question):
    """What is shown of the unit: points with their values."""
    return ((q.a, q.m), (q.b, q.M), *q.data)


def envelope(q: Question):
    """The fibre's ends at x; for l2 see `l2_envelope_holds`."""
    if q.row == "constant" or q.m == q.M:
        return q.m, q.m
    for s, y in shown(q):
        if s == q.x:
            return y, y
    if q.row == "lipschitz":
        cones = [(y, q.L * distance(q.metric, q.x, s)) for s, y in shown(q)]
        return max(q.m, *(y - r for y, r in cones)), min(q.M, *(y + r for y, r in cones))
    if q.row == "convex":
        return q.m, q.m + q.R * gauge(q.a, q.x)
    if q.row in ("affine", "affine-1d"):
        # The weights p form a simplex; a linear function of them has its extremes at the vertices,
        # where all weight is on one coordinate: h then runs from m to M along it.
        ends = [q.m + q.R * abs(xk - ak) for xk, ak in zip(q.x, q.a, strict=True)]
        return min(ends), max(ends)
    return q.m, q.M


def equals_with_root(value, base, rate, squared, cut):
    """Is value = base + rate sqrt(squared), cut off at `cut`? Decided by squares alone.

    `value` may be an algebraic number; its square (value - base)^2 must be rational.
    """
    if squared * rate * rate >= (cut - base) ** 2:
        return value == cut
    rise = (value - base) / rate
    return bool(rise >= 0 and expanded(rise**2) == squared)


def expanded(value):
    """An algebraic number without brackets, so that equal ones look equal; fractions as they are."""
    return value.expand() if hasattr(value, "expand") else value


def l2_envelope_holds(q: Question, lower, upper):
    """Are these the fibre's ends of an L-Lipschitz unit in l2, at a query that is not shown?"""
    return equals_with_root(lower, q.M, -q.L, l2_squared(q.x, q.b), q.m) and equals_with_root(
        upper, q.m, q.L, l2_squared(q.x, q.a), q.M
    )


# -- triples ------------------------------------------------------------------------------------------


def triple(q: Question, z):
    """U(z), W(z), B(z) of the row."""
    if q.row in HAT_ROWS:
        return _hats(q, z)
    if q.row == "lipschitz":
        U = min(q.M, q.m + q.L * distance(q.metric, z, q.a))
        W = max(q.m, q.M - q.L * distance(q.metric, z, q.b))
        return U, W, (U + W) / 2
    if q.row == "monotone":
        t, at = sum(z, ZERO) / q.d, sum(q.x, ZERO) / q.d
        U = q.M if t >= at else q.m + q.R * t / at
        W = q.m if t <= at else q.m + q.R * (t - at) / (1 - at)
        return U, W, q.m + q.R * t
    if q.row == "convex":
        delta = min(l1(q.a, q.b), l1(q.x, q.b))
        U = q.m + q.R * gauge(q.a, z)
        near = l1(z, q.b) < delta
        W = q.M - q.R * l1(z, q.b) / delta if near else q.m
        return U, W, (U + W) / 2
    if q.row == "affine":
        seen = [abs(zk - ak) for zk, ak in zip(z, q.a, strict=True)]
        at = [abs(xk - ak) for xk, ak in zip(q.x, q.a, strict=True)]
        U, W = seen[at.index(max(at))], seen[at.index(min(at))]
        return q.m + q.R * U, q.m + q.R * W, q.m + q.R * sum(seen, ZERO) / q.d
    raise ValueError(q.row)


def hat_radius(q: Question):
    sites = [q.x, *(s for s, _ in shown(q))]
    return min(l1(s, t) for i, s in enumerate(sites) for t in sites[:i]) / 2


def _hats(q: Question, z):
    delta = hat_radius(q)
    for s, y in shown(q):
        if l1(z, s) < delta:
            value = q.mid + (y - q.mid) * (1 - l1(z, s) / delta)
            return value, value, value
    lift = q.R / 2 * (1 - l1(z, q.x) / delta) if l1(z, q.x) < delta else ZERO
    return q.mid + lift, q.mid - lift, q.mid


# -- one input: exact extremes by breakpoints ---------------------------------------------------------


def breakpoints(q: Question):
    """Every place in [0, 1] where U, W or B of the row can bend, for d = 1."""
    (a,), (b,), (x,) = q.a, q.b, q.x
    places = {ZERO, ONE, a, b, x}
    if q.row in HAT_ROWS:
        delta = hat_radius(q)
        places |= {s[0] + k * delta for s, _ in (*shown(q), (q.x, None)) for k in (-1, 0, 1)}
    if q.row == "lipschitz":
        places |= {p + k * q.R / q.L for p in (a, b) for k in (-1, 1)}
    if q.row == "convex":
        delta = min(abs(a - b), abs(x - b))
        places |= {b - delta, b + delta}
    return sorted(t for t in places if 0 <= t <= 1)


def extremes(f, places):
    """(argmin set, argmax set, min, max) of a function of one input that bends only at `places`.

    The sets list ends of pieces; a whole piece is in a set if and only if both its ends are. Raises
    AssertionError where the function is not affine between two neighbours.
    """
    values = {t: f(t) for t in places}
    for s, t in pairwise(places):
        for w in (Fraction(1, 3), HALF):
            between = f((1 - w) * s + w * t)
            assert between == (1 - w) * values[s] + w * values[t], f"bends between {s} and {t}"
    low, high = min(values.values()), max(values.values())
    return (
        [t for t in places if values[t] == low],
        [t for t in places if values[t] == high],
        low,
        high,
    )


# -- class laws ---------------------------------------------------------------------------------------


def law_holds(q: Question, h, y, z, w):
    """The law of a pointwise class at y, z and the point w y + (1-w) z; True where it says nothing."""
    hy, hz = h(y), h(z)
    if q.row == "constant":
        return hy == hz
    if q.row == "monotone":
        low = tuple(min(yi, zi) for yi, zi in zip(y, z, strict=True))
        return h(low) <= hy and h(low) <= hz
    if q.row == "lipschitz":
        if q.metric == "l2":
            return bool(expanded((hy - hz) ** 2) <= q.L**2 * l2_squared(y, z))
        return abs(hy - hz) <= q.L * distance(q.metric, y, z)
    if q.row in ("convex", "affine", "affine-1d"):
        between = h(tuple(w * yi + (1 - w) * zi for yi, zi in zip(y, z, strict=True)))
        chord = w * hy + (1 - w) * hz
        return between <= chord if q.row == "convex" else between == chord
    return True


# -- decoders and tasks ---------------------------------------------------------------------------


def affine_1d(q: Question):
    """The value at x of the line through (a, m) and (b, M), or of the constant m."""
    if q.m == q.M:
        return q.m
    (a,), (b,), (x,) = q.a, q.b, q.x
    slope = (q.M - q.m) / (b - a)
    return q.m + slope * (x - a)


def right(task, answer, truth, m, M, eps=None):
    """Is the answer right? `task` is exact, approx or side."""
    if task == "exact":
        return answer == truth
    if task == "approx":
        return -eps * (M - m) <= answer - truth <= eps * (M - m)
    to_min, to_max = truth - m, M - truth
    return to_min <= to_max if answer == "min" else to_max <= to_min


def decidable(task, lower, upper, m, M, eps=None):
    """Is one answer right for every value of [lower, upper]? By trying the answers that could be."""
    if task == "exact":
        return lower == upper
    answers = ["min", "max"] if task == "side" else [lower + (upper - lower) / 2]
    return any(
        all(right(task, answer, truth, m, M, eps) for truth in (lower, upper)) for answer in answers
    )
