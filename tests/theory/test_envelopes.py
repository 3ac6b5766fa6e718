"""Envelopes against the oracle's and against random members; the fibre criterion; class laws."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import oracles
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pair_checks import is_l2, question, special_points

from trompe.constructions import EXACT_DECODERS, centre, midrange, side_of
from trompe.constructions.strategies import (
    classes,
    dims,
    members,
    points,
    queries,
    rationals,
    visualizations,
)
from trompe.theory import CLASSES, TASKS, Approx, Exact, Interval, Side, Visualization, task
from trompe.theory.functionals import METRICS, flipped, gauge, gauge_slopes, mean, metric
from trompe.theory.namespace import EXACT

ROWS = list(CLASSES)
F = Fraction


@st.composite
def asked(draw, row):
    """A class, what is shown, and a query."""
    dim = draw(dims(row))
    cls = draw(classes(row, dim))
    v = draw(visualizations(cls, dim))
    return cls, v, draw(queries(cls, v))


@st.composite
def member_and_points(draw, row):
    """A member, a few points of its box and a weight."""
    h = draw(dims(row).flatmap(lambda dim: members(row, dim)))
    return h, [draw(points(h.v.dim)) for _ in range(3)], draw(rationals())


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_the_envelope_is_the_oracles(row, data):
    cls, v, x = data.draw(asked(row))
    q, fibre = question(cls, v, x), cls.envelope(v, x)
    if is_l2(q):
        assert oracles.l2_envelope_holds(q, fibre.lower, fibre.upper)
    else:
        assert (fibre.lower, fibre.upper) == oracles.envelope(q)
    assert v.minimum <= fibre.lower <= fibre.upper <= v.maximum
    assert 0 <= fibre.radius(v) <= F(1, 2)


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_shown_points_have_a_fibre_of_one_value(row, data):
    cls, v, _ = data.draw(asked(row))
    known = getattr(cls, "data", None)
    shown = [(v.argmin, v.minimum), (v.argmax, v.maximum)]
    shown += zip(known.inputs, known.labels, strict=True) if known is not None else []
    for s, y in shown:
        assert cls.envelope(v, s) == Interval(y, y)
        assert cls.shown_value(v, s) == y


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_no_member_leaves_its_envelope(row, data):
    """Soundness, for members that are not built from the row's triple."""
    h, zs, _ = data.draw(member_and_points(row))
    for z in zs:
        fibre = h.cls.envelope(h.v, z)
        assert fibre.lower <= h(z) <= fibre.upper
        assert h(z) in fibre


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_members_are_members_with_the_visualization_they_carry(row, data):
    """The strategies are sound: the law holds, m at a, M at b, strictly between elsewhere."""
    h, zs, w = data.draw(member_and_points(row))
    h.cls.check_visualization(h.v)
    q = question(h.cls, h.v, zs[0])
    assert (h(h.v.argmin), h(h.v.argmax)) == (h.v.minimum, h.v.maximum)
    for z in [*special_points(q)[:20], *zs]:
        if z not in (*h.v.argmin_set, *h.v.argmax_set) and h.v.range:
            assert h.v.minimum < h(z) < h.v.maximum
    for y, z in (zs[:2], zs[1:], (q.a, zs[0]), (zs[1], q.b)):
        assert oracles.law_holds(q, h, y, z, w)
    for s, y in q.data:
        assert h(s) == y


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_where_a_task_is_decidable_the_centre_is_right_for_every_member(row, data):
    h, (x, *_), _ = data.draw(member_and_points(row))
    fibre, truth = h.cls.envelope(h.v, x), h(x)
    answer = centre(h.cls, h.v, x)
    eps = data.draw(rationals(0, F(1, 2), strict=True))
    for question_, given_ in (
        (Exact(), answer),
        (Approx(eps), answer),
        (Side(), side_of(answer, h.v)),
    ):
        if question_.decidable(fibre, h.v):
            assert question_.right(given_, truth, h.v)
    assert abs(truth - answer) <= fibre.radius(h.v) * 2 * h.v.range / 2


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_the_midrange_is_within_half_the_range_of_every_member(row, data):
    h, zs, _ = data.draw(member_and_points(row))
    for z in zs:
        assert abs(midrange(h.v, z) - h(z)) <= h.v.range / 2


@pytest.mark.parametrize("row", list(EXACT_DECODERS))
@settings(max_examples=60)
@given(data=st.data())
def test_the_decoder_of_a_yes_row_never_fails(row, data):
    h, zs, _ = data.draw(member_and_points(row))
    for z in zs:
        answer = EXACT_DECODERS[row](h.v, z)
        assert answer == h(z) == centre(h.cls, h.v, z)
        if row == "affine-1d":
            assert answer == oracles.affine_1d(question(h.cls, h.v, z))
        assert Exact().right(answer, h(z), h.v)
        assert Approx("1/1000").right(answer, h(z), h.v)
        assert Side().right(side_of(answer, h.v), h(z), h.v)


def test_a_constant_of_one_input_may_show_any_points():
    v = Visualization(["1/3"], [["1/2"], ["2/3"]], 5, 5)
    assert EXACT_DECODERS["affine-1d"](v, ["1/7"]) == 5
    assert CLASSES["affine-1d"]().envelope(v, ["1/7"]) == Interval(F(5), F(5))
    assert Interval(F(5), F(5)).radius(v) == 0


@given(
    st.tuples(rationals(-2, 2), rationals(-2, 2)).map(sorted),
    rationals(-1, 0),
    rationals(0, 1, strict=True),
    rationals(0, F(1, 2), strict=True),
)
def test_the_fibre_criterion_is_what_trying_answers_gives(ends, low, above, eps):
    lower, upper = ends
    low, high = min(lower, low), max(upper, low + above)
    v = Visualization([0], [1], low, high)
    fibre = Interval(lower, upper)
    for question_ in (Exact(), Approx(eps), Side()):
        assert question_.decidable(fibre, v) == oracles.decidable(
            question_.key, lower, upper, low, high, eps
        )


@given(st.integers(1, 4).flatmap(lambda d: st.tuples(points(d), points(d), points(d))))
def test_functionals_are_the_oracles(three):
    c, y, z = three
    arrays = [EXACT.array(p) for p in three]
    assert metric("l1")(arrays[1], arrays[2], EXACT) == oracles.l1(y, z)
    assert metric("linf")(arrays[1], arrays[2], EXACT) == oracles.linf(y, z)
    root = metric("l2")(arrays[1], arrays[2], EXACT)
    assert root >= 0
    assert root**2 == oracles.l2_squared(y, z)
    up, down = (EXACT.array(s) for s in gauge_slopes(c))
    assert gauge(arrays[1], arrays[0], up, down, EXACT) == oracles.gauge(c, y)
    assert mean(arrays[1], EXACT) == sum(y, F(0)) / len(y)
    ones = EXACT.array((F(1),) * len(y))
    assert list(flipped(arrays[1], ones, -ones)) == [1 - yi for yi in y]


@given(st.integers(1, 4).flatmap(lambda d: st.tuples(points(d), points(d))))
def test_gauge_is_0_at_the_centre_only_and_1_on_the_faces_seen_from_it(pair):
    c, z = pair
    t = oracles.gauge(c, z)
    assert (t == 0) == (c == z)
    assert 0 <= t <= 1
    assume(t > 0)
    leaves = tuple(ci + (zi - ci) / t for ci, zi in zip(c, z, strict=True))
    assert oracles.gauge(c, leaves) == 1
    assert any(p in (0, 1) for p in leaves)


@pytest.mark.parametrize("key", sorted(METRICS))
@given(st.integers(1, 3).flatmap(lambda d: st.tuples(points(d), points(d), points(d))))
def test_metrics_satisfy_the_triangle_inequality(key, three):
    x, y, z = (np.array([float(p) for p in point]) for point in three)
    xp = _floats()
    d = METRICS[key]
    slack = 1e-12  # a few roundings of numbers of size 1
    assert d(x, z, xp) <= d(x, y, xp) + d(y, z, xp) + slack


def _floats():
    from trompe.theory.namespace import NumpyNamespace

    return NumpyNamespace(np.float64)


def test_the_convex_share_is_two_to_the_minus_d():
    """On the grid of cell centres, c at the centre: the share of points with gauge at most 1/2."""
    n = 8
    axis = [F(2 * k + 1, 2 * n) for k in range(n)]
    for d in (1, 2):
        cells = [(s,) for s in axis] if d == 1 else [(s, t) for s in axis for t in axis]
        inside = [z for z in cells if oracles.gauge((F(1, 2),) * d, z) <= F(1, 2)]
        assert F(len(inside), len(cells)) == F(1, 2**d)


def test_interval_and_tasks_speak_for_themselves():
    v = Visualization([0], [1], 0, 4)
    fibre = Interval(F(1), F(2))
    assert (fibre.diameter, fibre.centre, fibre.radius(v)) == (1, F(3, 2), F(1, 8))
    assert F(1) in fibre
    assert F(3) not in fibre
    assert list(TASKS) == ["exact", "approx", "side"]
    assert task("approx") == Approx(F(1, 4))
    assert [task(key).key for key in TASKS] == list(TASKS)
    assert all(task(key).question for key in TASKS)
    assert Side().right("min", F(2), v)
    assert Side().right("max", F(2), v)
    assert not Side().right("max", F(19, 10), v)
    assert str(v) == "argmin (0), argmax (1), values in [0, 4]"
    assert (v.dim, v.range, v.mid, v.is_unique) == (1, 4, 2, True)
