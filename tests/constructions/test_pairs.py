"""Every fooling pair shares phi, obeys its class, disagrees as stated, and defeats every decoder it should."""

from __future__ import annotations

from fractions import Fraction

import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_checks import asked, check_pair, is_l2

from trompe.constructions import CONSTRUCTIONS, triple
from trompe.constructions.catalogue import example
from trompe.constructions.strategies import fooling_pairs, points, rationals, triples
from trompe.theory import (
    CLASSES,
    TASKS,
    THEOREMS,
    Approx,
    Comparison,
    Exact,
    Form,
    InvalidInput,
    Lipschitz,
    Side,
    Visualization,
)
from trompe.theory.namespace import EXACT

ROWS = list(CONSTRUCTIONS)
EPS = rationals(0, Fraction(1, 2), strict=True)
tasks = st.one_of(st.just(Exact()), st.just(Side()), st.builds(Approx, EPS))


def with_points(row, count=2):
    """A pair, some points of its box and a weight."""
    return fooling_pairs(row).flatmap(
        lambda pair: st.tuples(
            st.just(pair), st.lists(points(pair.v.dim), min_size=count, max_size=count), rationals()
        )
    )


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=25)
@given(data=st.data())
def test_every_pair_is_a_fooling_pair(row, data):
    check_pair(*data.draw(with_points(row)))


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_every_decoder_is_wrong_on_f_or_on_g(row, data):
    pair, task = data.draw(fooling_pairs(row)), data.draw(tasks)
    q = asked(pair.triple)
    eps = getattr(task, "eps", None)
    candidates = [pair.f_x, pair.g_x, q.mid, (pair.f_x + pair.g_x) / 2]
    answers = st.sampled_from(("min", "max"))
    if task.key != "side":
        answers = st.sampled_from(candidates) | rationals(q.m - 1, q.M + 1)
    answer = data.draw(answers)
    truths = (pair.f_x, pair.g_x)
    by_oracle = [bool(oracles.right(task.key, answer, t, q.m, q.M, eps)) for t in truths]
    assert by_oracle == [task.right(answer, t, pair.v) for t in truths]
    if pair.defeats(task):
        assert not all(by_oracle)
    else:
        best = {"side": ["min", "max"]}.get(task.key, candidates[3:])
        assert any(
            all(oracles.right(task.key, answer, t, q.m, q.M, eps) for t in truths)
            for answer in best
        )


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_pair_for_defeats_the_task_exactly_where_it_is_not_decidable(row, data):
    drawn, task = data.draw(triples(row)), data.draw(tasks)
    q, fibre = asked(drawn), drawn.envelope
    eps = getattr(task, "eps", None)
    if oracles.decidable(task.key, fibre.lower, fibre.upper, q.m, q.M, eps):
        with pytest.raises(InvalidInput, match=f"{row}/{task.key}: the task is decidable at query"):
            drawn.pair_for(task)
    else:
        if isinstance(fibre.diameter, Fraction):  # irrational ones: the test below
            check_pair_for(drawn, task)


def check_pair_for(drawn, task):
    pair, q = drawn.pair_for(task), asked(drawn)
    assert 0 < pair.eta < 1
    assert pair.defeats(task)
    eps = getattr(task, "eps", None)
    assert not oracles.decidable(task.key, pair.g_x, pair.f_x, q.m, q.M, eps)


@pytest.mark.parametrize("task", [Exact(), Approx(Fraction(1, 10)), Side()], ids=list(TASKS))
def test_pair_for_where_the_ends_of_the_fibre_are_irrational(task):
    """l2: the weight must keep enough of an irrational gap."""
    v = Visualization((0, 0), (0, 1), -2, 0)
    drawn = triple(Lipschitz(2, "l2"), v, ("1/2", "1/2"))
    assert not isinstance(drawn.envelope.upper, Fraction)
    check_pair_for(drawn, task)


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_envelope_of_the_triple_is_the_envelope_of_the_class(row, data):
    drawn = data.draw(triples(row))
    fibre = drawn.cls.envelope(drawn.v, drawn.x)
    assert (drawn.envelope.lower, drawn.envelope.upper) == (fibre.lower, fibre.upper)


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_the_side_criterion_of_each_row(row, data):
    """Side is decidable exactly where the row's own condition says so."""
    drawn = data.draw(triples(row))
    q = asked(drawn)
    decidable = Side().decidable(drawn.envelope, drawn.v)
    if row == "lipschitz":
        squared = min(oracles.l2_squared(q.x, q.a), oracles.l2_squared(q.x, q.b))
        if is_l2(q):
            assert decidable == (4 * q.L**2 * squared <= q.R**2)
        else:
            near = min(oracles.distance(q.metric, q.x, p) for p in (q.a, q.b))
            assert decidable == (2 * q.L * near <= q.R)
    elif row == "convex":
        assert decidable == (oracles.gauge(q.a, q.x) <= Fraction(1, 2))
    elif row == "affine":
        seen = [abs(xk - ak) for xk, ak in zip(q.x, q.a, strict=True)]
        assert decidable == (max(seen) <= Fraction(1, 2) or min(seen) >= Fraction(1, 2))
    else:
        assert not decidable


@pytest.mark.parametrize("row", ["monotone", "convex", "affine", "lipschitz"])
@given(data=st.data())
def test_pairs_satisfy_the_law_as_the_theory_writes_it(row, data):
    """The law that the solvers see, on numbers; the oracle's own law is in check_pair."""
    pair, (y, z), w = data.draw(with_points(row))
    cls = pair.triple.cls
    if row == "lipschitz" and cls.metric == "l2":
        return
    if cls.premise(y, z) and not all(cls.premise(y, z)):
        y, z = (tuple(f(*p) for p in zip(y, z, strict=True)) for f in (min, max))
        assert all(cls.premise(y, z))
    between = tuple(w * yi + (1 - w) * zi for yi, zi in zip(y, z, strict=True))
    for h in (pair.f, pair.g):
        assert cls.law(Comparison(h(y), h(z), h(between), w, cls.bound(y, z)), EXACT)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("row", list(CLASSES))
def test_the_example_of_every_row_works(row, dim):
    kind = CLASSES[row]
    if dim < kind.min_dim or (kind.max_dim or dim) < dim:
        with pytest.raises(InvalidInput, match=f"{row}: d = {dim}; this row is about"):
            example(row, dim)
        return
    shown = example(row, dim)
    shown.cls.envelope(shown.v, shown.x)
    if row in CONSTRUCTIONS:
        check_pair(triple(shown.cls, shown.v, shown.x).pair(), [shown.x], Fraction(1, 3))


@pytest.mark.parametrize("key", [k for k, t in THEOREMS.items() if t.form is not Form.POSSIBLE])
def test_every_impossible_cell_has_a_pair_for_every_eps(key):
    """eps up to any distance below 1/2: the class is defeated somewhere."""
    row, task = key.split("/")
    for eps in (Fraction(1, 100), Fraction(1, 4), Fraction(499, 1000)):
        chosen = Approx(eps) if task == "approx" else TASKS[task]()
        drawn = _ambiguous(row)
        assert drawn.pair_for(chosen).defeats(chosen)


def _ambiguous(row):
    """A query whose radius exceeds 499/1000, and whose fibre has both halves."""
    shown = example(row, 2)
    cls, v, x = shown.cls, shown.v, shown.x
    near = (Fraction(1, 10000), Fraction(9999, 10000))
    if row == "convex":
        x = (Fraction(0), Fraction(999, 1000))
        v = Visualization((Fraction(1, 2), Fraction(1, 2)), (1, 1), 0, 1)
    if row == "affine":
        x = near
    if row == "lipschitz":
        cls, v = Lipschitz(Fraction(1, 100)), Visualization((0, 0), (1, 1), 0, Fraction(1, 100))
        x = (Fraction(1, 2), Fraction(1, 2))
    return triple(cls, v, x)


@settings(max_examples=25)
@given(data=st.data())
def test_erm_fits_every_label_exactly(data):
    """f and g interpolate, so no function has a smaller empirical risk."""
    pair = data.draw(fooling_pairs("erm"))
    known = pair.triple.cls.data
    for s, y in zip(known.inputs, known.labels, strict=True):
        assert pair.f(s) == pair.g(s) == pair.triple.upper(s) == pair.triple.lower(s) == y
    assert pair.f_x - pair.g_x == (1 - pair.eta) * pair.v.range
