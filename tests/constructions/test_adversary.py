"""The adversary's choices, judgements and refutations, against the slow oracles."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_checks import is_l2, question

from trompe.constructions import CONSTRUCTIONS, EXTENDED_CONSTRUCTIONS, Hats
from trompe.constructions.adversary import mistakes, pose, read_answer, refuting_member
from trompe.constructions.strategies import (
    classes,
    decoders,
    dims,
    points,
    queries,
    rationals,
    visualizations,
)
from trompe.theory import (
    CLASSES,
    TASKS,
    Approx,
    Dataset,
    EmpiricalRiskMinimizer,
    Exact,
    InvalidInput,
    Lipschitz,
    QueryShown,
    Side,
    Visualization,
)
from trompe.theory.catalogue import row_class

F = Fraction
HALF = F(1, 2)
ALL_TASKS = (Exact(), Approx(), Approx("0.499"), Side())
NAMES = [f"{t.key}-{getattr(t, 'eps', '')}" for t in ALL_TASKS]


def oracle_decides(task, q):
    lower, upper = oracles.envelope(q)
    return oracles.decidable(task.key, lower, upper, q.m, q.M, getattr(task, "eps", None))


def oracle_right(task, answer, truth, q):
    return oracles.right(task.key, answer, truth, q.m, q.M, getattr(task, "eps", None))


# -- where to ask ------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ALL_TASKS, ids=NAMES)
@pytest.mark.parametrize("row", CONSTRUCTIONS)
def test_a_question_that_is_chosen_freely_has_a_refutation(row, task):
    for dim in (1, 2, 3, 16):
        if dim < CLASSES[row].min_dim:
            continue
        posed = pose(CLASSES[row](), task, dim)
        assert posed.v.dim == dim
        assert not oracle_decides(task, question(posed.cls, posed.v, posed.x))
        assert not posed.failure()
        as_floats = [float(q) for z in (posed.v.argmin, posed.v.argmax, posed.x) for q in z]
        exact = [q for z in (posed.v.argmin, posed.v.argmax, posed.x) for q in z]
        assert all(F(x) == q for x, q in zip(as_floats, exact, strict=True))


@pytest.mark.parametrize("metric", ["l1", "l2", "linf"])
@given(constant=rationals(0, 100, strict=True), dim=st.integers(1, 4))
def test_a_lipschitz_question_exists_for_every_constant_and_metric(metric, constant, dim):
    posed = pose(Lipschitz(constant / 7, metric), Side(), dim)
    assert posed.fibre.diameter == posed.v.range > 0


@given(data=st.data())
def test_training_inputs_are_avoided(data):
    dim = data.draw(st.integers(1, 2))
    flat = [(F(k, 8),) * dim for k in range(9)]
    inputs = data.draw(st.permutations(flat))[: data.draw(st.integers(0, 9))]
    labels = [data.draw(rationals(-2, 2)) for _ in inputs]
    posed = pose(EmpiricalRiskMinimizer(Dataset(inputs, labels)), Side(), dim)
    assert len({posed.v.argmin, posed.v.argmax, posed.x, *inputs}) == 3 + len(inputs)
    assert all(posed.v.minimum < y < posed.v.maximum for y in labels)
    assert not posed.failure()


@pytest.mark.parametrize("row", CONSTRUCTIONS)
@given(data=st.data())
def test_for_a_given_query_the_visualization_is_as_bad_as_any(row, data):
    """Convex: sup over a of gamma is max(x_i, 1 - x_i). Affine: the two largest |x_i - 1/2| add up. Else R."""
    dim = data.draw(dims(row))
    x = data.draw(points(dim))
    cls = CLASSES[row]()
    if row == "monotone" and len(set(x)) == 1 and x[0] in (0, 1):
        with pytest.raises(QueryShown):
            pose(cls, Exact(), dim, None, x)
        return
    posed = pose(cls, Exact(), dim, None, x)
    away = sorted((abs(xi - HALF) for xi in x), reverse=True)
    widest = {"convex": HALF + away[0], "affine": sum(away[:2])}.get(row, F(1))
    assert posed.x == x
    assert posed.fibre.diameter / posed.v.range == widest


@pytest.mark.parametrize("row", CONSTRUCTIONS)
@given(data=st.data())
def test_for_a_given_visualization_the_query_is_as_bad_as_any(row, data):
    """Everything is open somewhere, except for convex at d = 1 with a in a corner, where 1 is not attained."""
    dim = data.draw(dims(row, 3))
    cls = data.draw(classes(row, dim))
    v = data.draw(visualizations(cls, dim))
    task = data.draw(st.sampled_from(ALL_TASKS))
    posed = pose(cls, task, None, v)
    if row != "lipschitz":
        assert not oracle_decides(task, question(cls, v, posed.x))
        return
    assert v.range / posed.fibre.diameter >= 1 if posed.fibre.diameter else True
    for x in data.draw(st.lists(points(dim), max_size=3)):
        # The list of queries need not hold the best one, but no random one is better at d = 1 in l1.
        if dim == 1 and not task.decidable(cls.envelope(v, x), v):
            assert not posed.is_decidable


def test_what_is_given_has_to_fit():
    v = Visualization((0, 0), (1, 1), 0, 1)
    with pytest.raises(InvalidInput, match="the visualization has 2 coordinates; d = 3"):
        pose(CLASSES["monotone"](), Exact(), 3, v)
    with pytest.raises(InvalidInput, match="query has 1 coordinates; expected 2"):
        pose(CLASSES["monotone"](), Exact(), None, v, (HALF,))
    with pytest.raises(InvalidInput, match="d >= 2"):
        pose(CLASSES["affine"](), Exact(), 1)
    with pytest.raises(InvalidInput, match="dim = 0; expected an integer"):
        pose(CLASSES["convex"](), Exact(), 0)
    with pytest.raises(QueryShown, match="is shown, its value is 1"):
        pose(CLASSES["convex"](), Exact(), None, v, (1, 1))


def test_points_are_rounded_to_floats_when_a_decoder_gets_floats():
    v = Visualization(("1/10", "1/3"), (1, 1), "-1/10", 1)
    exact = pose(CLASSES["convex"](), Exact(), None, v, ("1/7", 0))
    floats = pose(CLASSES["convex"](), Exact(), None, v, ("1/7", 0), as_floats=True)
    assert exact.x == (F(1, 7), 0) and exact.v == v
    assert floats.x == (F(1 / 7), 0)
    assert floats.v.argmin == (F(0.1), F(1 / 3)) and floats.v.minimum == F(-0.1)


def test_numbers_that_floats_cannot_hold_are_refused():
    v = Visualization((0, 0), (1, 1), 0, 10**400)
    with pytest.raises(InvalidInput, match="too large for float64"):
        pose(CLASSES["convex"](), Exact(), None, v, as_floats=True)
    assert not pose(CLASSES["convex"](), Exact(), None, v).failure()
    small = Lipschitz(F(1, 10**400))
    with pytest.raises(InvalidInput, match="no float64 holds"):
        pose(small, Exact(), 2, as_floats=True)
    assert not pose(small, Exact(), 2).failure()


@pytest.mark.parametrize("row", [*CONSTRUCTIONS, *EXTENDED_CONSTRUCTIONS])
def test_both_is_f_and_g(row):
    pair = pose(row_class(row)(), Exact(), 3).pair
    zs = np.random.default_rng(0).random((4, 3))
    for z in (zs, zs.astype(np.float32), pair.x, pair.v.argmin):
        f, g = pair.both(z)
        np.testing.assert_array_equal(f, pair.f(z))
        np.testing.assert_array_equal(g, pair.g(z))


# -- answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (3, 3),
        (0.1, F(0.1)),
        (F(1, 3), F(1, 3)),
        (Decimal("0.1"), F(1, 10)),
        (np.float32(0.1), F(float(np.float32(0.1)))),
        (np.float64(0.1), F(0.1)),
        (np.int8(-3), -3),
        (np.array(0.25), F(1, 4)),
        (np.longdouble(1) / 3, F(*(np.longdouble(1) / 3).as_integer_ratio())),
    ],
)
def test_a_number_is_read_exactly(raw, value):
    for task in (Exact(), Approx()):
        assert read_answer(task, raw) == (value, "")


class NoRepr:
    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (math.nan, "nan is not finite"),
        (math.inf, "inf is not finite"),
        (np.float64("nan"), "nan is not finite"),
        (np.longdouble("inf"), "is not finite"),
        (True, "truth value"),
        (np.bool_(True), "truth value"),
        ("0.5", "expected one number"),
        (None, "expected one number"),
        (1 + 2j, "expected one number"),
        (np.zeros(1), r"an array of shape \(1,\)"),
        ([0.5], "expected one number"),
        (NoRepr(), "a value without repr"),
    ],
)
def test_no_number_is_no_answer(raw, complaint):
    answer, said = read_answer(Exact(), raw)
    assert answer is None
    with pytest.raises(AssertionError, match=complaint):
        raise AssertionError(said)


def test_only_the_two_words_are_sides():
    assert read_answer(Side(), "min") == ("min", "")
    assert read_answer(Side(), np.str_("max")) == ("max", "")
    for raw in ("Max", "minimum", 0, 1.0, None, True, ["min"]):
        answer, said = read_answer(Side(), raw)
        assert answer is None and 'expected "min" or "max"' in said


# -- refuting ----------------------------------------------------------------------------------------


def answers(task):
    sides = st.sampled_from(("min", "max"))
    wild = rationals(-9, 9) | st.floats(-10, 10).map(F)
    return sides if task.key == "side" else wild


@pytest.mark.parametrize("row", CONSTRUCTIONS)
@given(data=st.data())
def test_there_is_a_refuting_member_exactly_where_the_oracle_says(row, data):
    dim = data.draw(dims(row, 3))
    cls = data.draw(classes(row, dim))
    v = data.draw(visualizations(cls, dim))
    task = data.draw(st.sampled_from(ALL_TASKS))
    posed = pose(cls, task, None, v, data.draw(queries(cls, v)))
    q = question(posed.cls, posed.v, posed.x)
    if is_l2(q):
        return
    answer = data.draw(answers(task))
    if data.draw(st.booleans()):
        answer = data.draw(decoders(task))(v, posed.x)
    lower, upper = oracles.envelope(q)
    needless = all(oracle_right(task, answer, end, q) for end in (lower, upper))
    found = refuting_member(posed, answer)
    assert (found is None) == needless
    if not oracle_decides(task, q):
        assert found is not None and not posed.failure()
    if found is not None:
        truth = found.member(posed.x)
        assert truth == found.truth and lower <= truth <= upper
        assert not oracle_right(task, answer, truth, q)
        assert found.member(v.argmin) == v.minimum and found.member(v.argmax) == v.maximum
        error = abs(truth - (q.mid if task.key == "side" else answer))
        assert found.error == error


@given(answer=rationals(-1, 2))
def test_the_larger_error_is_reported_and_is_large(answer):
    posed = pose(CLASSES["black-box"](), Exact(), 2)
    found = refuting_member(posed, answer)
    assert found.error == max(m.error for m in mistakes(posed, posed.pair, answer))
    assert found.error >= F(15, 32) * posed.v.range


def test_an_answer_that_is_off_by_rounding_only_is_refuted_by_the_other_function():
    posed = pose(CLASSES["convex"](), Exact(), 2)
    for near, other in ((posed.pair.f_x, "g"), (posed.pair.g_x, "f")):
        for answer in (near, F(math.nextafter(float(near), 9))):
            found = refuting_member(posed, answer)
            assert found.name == other and found.error > F(9, 10)


@pytest.mark.parametrize("key", TASKS)
def test_a_damaged_construction_refutes_nothing(key, monkeypatch):
    """What a refutation rests on is computed anew each time, so a fault shows."""

    class Lifted(Hats):
        def strict(self, features, p, xp):
            return super().strict(features, p, xp) + features.hats[0] / 8

    class Narrow(Hats):
        def upper(self, features, p, xp):
            return self.strict(features, p, xp)

        lower = upper

    assert not pose(CLASSES["black-box"](), TASKS[key](), 2).failure()
    monkeypatch.setitem(CONSTRUCTIONS, "black-box", Lifted())
    assert "but 0 is shown" in pose(CLASSES["black-box"](), TASKS[key](), 2).failure()
    monkeypatch.setitem(CONSTRUCTIONS, "black-box", Narrow())
    assert "allow one answer" in pose(CLASSES["black-box"](), TASKS[key](), 2).failure()
