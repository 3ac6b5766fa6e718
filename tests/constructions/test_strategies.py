"""The strategies shrink to what a reader can check, reach what they should, and reject almost nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData

from trompe.constructions import CONSTRUCTIONS, construction
from trompe.constructions.strategies import (
    Member,
    decoders,
    dims,
    fooling_pairs,
    members,
    networks,
    points,
    queries,
    rationals,
    triples,
    visualizations,
)
from trompe.theory import CLASSES, EXTENDED, Exact, QueryShown, Side
from trompe.theory.registry import row_class

F = Fraction
SHRINK = settings(max_examples=25, database=None, derandomize=True)
REACH = settings(SHRINK, max_examples=100, phases=[Phase.generate])
ROWS = [*CLASSES, *EXTENDED]


CLAIMED = ("erm", "lipschitz", "monotone", "convex", "additive")


@pytest.mark.parametrize("row", ["affine", "affine-1d", "constant", "neuron", "black-box"])
def test_members_shrink_to_the_fewest_inputs_and_simple_numbers(row):
    least = find(members(row), lambda _: True, settings=SHRINK)
    assert isinstance(least, Member)
    assert least.v.dim == row_class(row).min_dim
    assert least.v.minimum == 0 and least.v.maximum in (0, 1)
    assert least.v.argmin == (0,) * least.v.dim
    assert "Member(" in repr(least) and len(repr(least)) < 200


@pytest.mark.parametrize("row", CLAIMED)
def test_a_false_claim_shrinks_to_few_inputs_and_simple_numbers(row):
    """'Half-way between its extremes a unit is at least mid': false except for affine units."""

    def is_below(h):
        half_way = tuple((ai + bi) / 2 for ai, bi in zip(h.v.argmin, h.v.argmax, strict=True))
        return h.v.range and h(half_way) < h.v.mid

    least = find(members(row), is_below, settings=settings(SHRINK, max_examples=100))
    # The random convex members of one input are affine between their extremes.
    assert least.v.dim == (2 if row == "convex" else row_class(row).min_dim)
    assert len(repr(least)) < 250
    assert is_below(least)
    assert least.v.minimum == 0 and set(least.v.argmin) == {0}


@pytest.mark.parametrize("row", ["piecewise-affine", "monotone", "affine"])
def test_pairs_shrink_to_the_fewest_inputs_and_an_even_mix(row):
    least = find(fooling_pairs(row), lambda pair: pair.f_x > pair.g_x, settings=SHRINK)
    assert least.v.dim == CLASSES[row].min_dim
    assert least.eta == F(1, 2)


def test_what_a_false_claim_about_monotone_units_shrinks_to():
    """'A monotone unit is at least mid at its midpoint' fails on a unit of one piece and one step."""
    least = find(
        members("monotone", 1),
        lambda h: h((F(1, 2),)) < h.v.mid,
        settings=settings(SHRINK, max_examples=100),
    )
    assert least((F(1, 2),)) < least.v.mid
    assert least.v.dim == 1
    assert len(repr(least)) < 300


def test_what_a_false_claim_about_affine_pairs_shrinks_to():
    """'f(x) and g(x) lie on one side' fails first with two inputs."""
    least = find(
        triples("affine"),
        lambda t: not Side().decidable(t.envelope, t.v),
        settings=settings(SHRINK, max_examples=100),
    )
    assert least.v.dim == 2
    assert least.x[0] != least.x[1]


def test_rationals_shrink_to_the_lower_end_and_one_half():
    assert find(rationals(), lambda _: True, settings=SHRINK) == 0
    assert find(rationals(strict=True), lambda _: True, settings=SHRINK) == F(1, 2)
    assert find(rationals(-2, 2), lambda _: True, settings=SHRINK) == 0
    assert find(rationals(-2, 2), lambda q: q > 0, settings=SHRINK) == 2
    assert find(rationals(-2, 2), lambda q: q < 0, settings=SHRINK) == -2
    assert find(points(3), lambda _: True, settings=SHRINK) == (0, 0, 0)


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
def test_both_answers_of_every_question_are_drawn(row):
    """Decidable and undecidable queries, wherever the row has both."""
    find(triples(row), lambda t: not Exact().decidable(t.envelope, t.v), settings=REACH)
    find(triples(row), lambda t: not Side().decidable(t.envelope, t.v), settings=REACH)
    if row in ("lipschitz", "convex", "affine"):
        find(triples(row), lambda t: Side().decidable(t.envelope, t.v), settings=REACH)


@pytest.mark.parametrize("how", [F(0), F(1)])
def test_affine_members_of_one_input_may_be_constant_or_not(how):
    find(members("affine-1d"), lambda h: (h.v.range > 0) == (how > 0), settings=REACH)


def test_members_are_not_only_mixes_of_the_triple():
    """A convex member above and one below every mix's common part, at a query that is not special."""
    seen = set()

    @settings(max_examples=40)
    @given(members(CLASSES["convex"](), 1))
    def collect(h):
        seen.add((h(h.v.argmin), h((F(1, 3),)), h((F(2, 3),))))

    collect()
    assert len(seen) > 10


def share_rejected(strategy, monkeypatch, wanted=100):
    """The share of draws that Hypothesis is told to throw away, by a filter or an assumption."""
    counts = {"drawn": 0, "rejected": 0}
    mark = ConjectureData.mark_invalid

    def counted(self, *args, **kwargs):
        counts["rejected"] += 1
        return mark(self, *args, **kwargs)

    monkeypatch.setattr(ConjectureData, "mark_invalid", counted)

    @settings(max_examples=wanted, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def body(_):
        counts["drawn"] += 1

    body()
    assert counts["drawn"] >= wanted // 5  # a small set of draws may be exhausted
    return counts["rejected"] / (counts["drawn"] + counts["rejected"])


@pytest.mark.parametrize("row", ROWS)
def test_at_most_one_draw_in_a_hundred_is_rejected(row, monkeypatch):
    asked = visualizations(row).flatmap(lambda v: queries(row_class(row)(), v))
    pairs = fooling_pairs(row) if construction(row) is not None else st.none()
    assert share_rejected(st.tuples(members(row), asked, pairs), monkeypatch) <= F(1, 100)


@pytest.mark.parametrize("strategy", [networks(40), decoders("side"), members("convex", 40)])
def test_also_with_many_inputs(strategy, monkeypatch):
    assert share_rejected(strategy, monkeypatch, 30) <= F(1, 100)


def test_a_strategy_that_rejects_is_noticed(monkeypatch):
    assert share_rejected(points(2).filter(lambda z: z[0] > z[1]), monkeypatch) > F(1, 10)


@pytest.mark.parametrize("task", ["exact", "approx", "side"])
@given(data=st.data())
def test_decoders_answer_and_stay_with_their_answer(task, data):
    v = data.draw(visualizations("convex"))
    x, decode = data.draw(queries(CLASSES["convex"](), v)), data.draw(decoders(task))
    answer = decode(v, x)
    assert decode(v, x) == answer
    assert answer in ("min", "max") if task == "side" else v.minimum <= answer <= v.maximum
    assert task in repr(decode)


def test_decoders_shrink_to_the_simplest():
    least = find(decoders("exact"), lambda _: True, settings=SHRINK)
    assert repr(least) == "Opponent(exact: constant 0)"


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
@given(data=st.data())
def test_queries_and_visualizations_are_admissible(row, data):
    dim = data.draw(dims(row))
    h = data.draw(members(row, dim))
    v = data.draw(visualizations(h.cls, dim))
    h.cls.check_visualization(v)
    x = data.draw(queries(h.cls, v))
    assert h.cls.check_query(v, x) == x
    with pytest.raises(QueryShown):
        h.cls.check_query(v, v.argmin)
    CLASSES[row]().check_dim(data.draw(visualizations(row, dim)).dim)


@given(st.integers(1, 3).flatmap(lambda d: st.tuples(networks(d), points(d))))
def test_networks_take_points_of_their_box(drawn):
    network, z = drawn
    assert network.dim == len(z)
    assert isinstance(network(z), Fraction)
    assert all(1 <= width <= 3 for width in network.widths)
