"""What must hold of every fooling pair, as checks that raise AssertionError. Used on sound and on damaged rows."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import oracles
from oracles import Question, expanded

F = Fraction


def question(cls, v, x) -> Question:
    """The oracle's view of a question that was put to trompe."""
    data = getattr(cls, "data", None)
    return Question(
        row=cls.key,
        m=v.minimum,
        M=v.maximum,
        a=v.argmin,
        b=v.argmax,
        x=tuple(x),
        L=getattr(cls, "constant", None),
        metric=getattr(cls, "metric", "l1"),
        data=tuple(zip(data.inputs, data.labels, strict=True)) if data is not None else (),
    )


def asked(triple) -> Question:
    return question(triple.cls, triple.v, triple.x)


def is_l2(q: Question) -> bool:
    return q.row == "lipschitz" and q.metric == "l2"


def special_points(q: Question) -> list[tuple]:
    """Where a wrong pair is likeliest to show: sites, corners, the middle, places between and beside sites."""
    sites = [q.a, q.b, q.x, *(s for s, _ in q.data)]
    found = [*sites, *product((F(0), F(1)), repeat=q.d), (F(1, 2),) * q.d]
    for s in sites:
        for t in sites:
            found += [mixed(s, t, w) for w in (F(1, 2), F(1, 5))]
    for s in sites[:3]:
        for i in range(q.d):
            for step in (F(1, 7), F(-1, 7)):
                moved = min(F(1), max(F(0), s[i] + step))
                found.append((*s[:i], moved, *s[i + 1 :]))
    return list(dict.fromkeys(found))


def mixed(y, z, w):
    return tuple(w * yi + (1 - w) * zi for yi, zi in zip(y, z, strict=True))


def stack(points):
    return np.array([list(z) for z in points], dtype=object)


def check_triple(triple, points) -> None:
    """U, W, B are the oracle's, and the ends at the query are those of the fibre."""
    q = asked(triple)
    fibre = triple.envelope
    if is_l2(q):
        assert oracles.l2_envelope_holds(q, fibre.lower, fibre.upper)
        return
    assert (fibre.lower, fibre.upper) == oracles.envelope(q)
    assert (triple.upper(q.x), triple.lower(q.x)) == (fibre.upper, fibre.lower)
    zs = stack(points)
    ours = zip(triple.upper(zs), triple.lower(zs), triple.strict(zs), strict=True)
    for z, values in zip(points, ours, strict=True):
        assert values == oracles.triple(q, z), f"(U, W, B) at {z}"


def check_phi(pair, points) -> None:
    """f and g are m at a, M at b, and strictly between m and M everywhere else."""
    q = asked(pair.triple)
    for member in (pair.f, pair.g):
        assert member(q.a) == q.m, "value at a"
        assert member(q.b) == q.M, "value at b"
        others = [z for z in points if z not in (q.a, q.b)]
        for z, value in zip(others, member(stack(others)), strict=True):
            assert q.m < value < q.M, f"value {value} at {z}"
        for s, y in q.data:
            assert member(s) == y, "value at a training input"


def check_one_input(pair) -> None:
    """For d = 1: the extremes by the breakpoints, exact and unique."""
    q = asked(pair.triple)
    if q.d == 1:
        for member in (pair.f, pair.g):
            found = oracles.extremes(lambda t, h=member: h((t,)), oracles.breakpoints(q))
            assert found == ([q.a[0]], [q.b[0]], q.m, q.M)


def check_gap(pair) -> None:
    """f(x) - g(x) is exactly (1 - eta) of the fibre's width, and both values lie in the fibre."""
    q = asked(pair.triple)
    if is_l2(q):
        lower, upper = pair.triple.envelope.lower, pair.triple.envelope.upper
        assert oracles.l2_envelope_holds(q, lower, upper)
    else:
        lower, upper = oracles.envelope(q)
    assert expanded(pair.f_x - pair.g_x - (1 - pair.eta) * (upper - lower)) == 0
    assert expanded(pair.gap - (1 - pair.eta) * (upper - lower)) == 0
    assert lower <= pair.g_x <= pair.f_x <= upper
    assert (lower == upper) == (pair.f_x == pair.g_x)
    assert 0 < pair.eta < 1


def check_law(pair, y, z, w) -> None:
    """f and g obey the law of the class."""
    q = asked(pair.triple)
    for member in (pair.f, pair.g):
        assert oracles.law_holds(q, member, y, z, w), f"law at {y}, {z}, weight {w}"


def check_pair(pair, points, w) -> None:
    """Everything above, at the special points and at the given ones."""
    q = asked(pair.triple)
    everywhere = [*special_points(q), *points]
    check_triple(pair.triple, everywhere)
    check_pair_alone(pair, points, w)


def check_pair_alone(pair, points, w) -> None:
    """Everything above except the comparison with the oracle's triple."""
    q = asked(pair.triple)
    everywhere = [*special_points(q), *points]
    check_phi(pair, everywhere)
    check_one_input(pair)
    check_gap(pair)
    ends = [q.a, q.b, q.x]
    for y, z in zip(points, [*points[1:], points[0]], strict=True):
        check_law(pair, y, z, w)
        for end in ends:
            check_law(pair, y, end, w)
            check_law(pair, end, z, w)
