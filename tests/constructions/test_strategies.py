"""The strategies shrink to what a reader can check, reach what they should, and reject almost nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from trompe.constructions import CONSTRUCTIONS
from trompe.constructions.strategies import (
    Member,
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
from trompe.theory import CLASSES, Exact, QueryShown, Side

F = Fraction
SHRINK = settings(max_examples=100, database=None, derandomize=True)
REACH = settings(SHRINK, phases=[Phase.generate])
CHEAP = ("affine", "monotone")  # whose draws are short: shrinking takes many of them


def any_member(row):
    return dims(row).flatmap(lambda dim: members(row, dim))


@pytest.mark.parametrize("row", CHEAP)
def test_members_shrink_to_the_fewest_inputs(row):
    least = find(any_member(row), lambda _: True, settings=SHRINK)
    assert isinstance(least, Member)
    assert least.v.dim == CLASSES[row].min_dim
    assert least.v.minimum == -2 or least.v.minimum.denominator == 1
    assert "Member(" in repr(least)


@pytest.mark.parametrize("row", ["affine", "monotone"])
def test_pairs_shrink_to_the_fewest_inputs_and_an_even_mix(row):
    least = find(fooling_pairs(row), lambda pair: pair.f_x > pair.g_x, settings=SHRINK)
    assert least.v.dim == CLASSES[row].min_dim
    assert least.eta == F(1, 2)


def test_what_a_false_claim_about_monotone_units_shrinks_to():
    """'A monotone unit is at least mid at its midpoint' fails on a unit of one piece and one step."""
    least = find(members("monotone", 1), lambda h: h((F(1, 2),)) < h.v.mid, settings=SHRINK)
    assert least((F(1, 2),)) < least.v.mid
    assert least.v.dim == 1
    assert len(repr(least)) < 300


def test_what_a_false_claim_about_affine_pairs_shrinks_to():
    """'f(x) and g(x) lie on one side' fails first with two inputs."""
    least = find(
        triples("affine"), lambda t: not Side().decidable(t.envelope, t.v), settings=SHRINK
    )
    assert least.v.dim == 2
    assert least.x[0] != least.x[1]


def test_rationals_shrink_to_the_lower_end_and_one_half():
    assert find(rationals(), lambda _: True, settings=SHRINK) == 0
    assert find(rationals(strict=True), lambda _: True, settings=SHRINK) == F(1, 2)
    assert find(rationals(-2, 2), lambda q: q > 0, settings=SHRINK) in (2, 1)
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
    find(any_member("affine-1d"), lambda h: (h.v.range > 0) == (how > 0), settings=REACH)


def test_members_are_not_only_mixes_of_the_triple():
    """A convex member above and one below every mix's common part, at a query that is not special."""
    seen = set()

    @settings(max_examples=40)
    @given(members(CLASSES["convex"](), 1))
    def collect(h):
        seen.add((h(h.v.argmin), h((F(1, 3),)), h((F(2, 3),))))

    collect()
    assert len(seen) > 10


@pytest.mark.parametrize("row", list(CLASSES))
def test_draws_are_hardly_ever_rejected(row):
    """Counted by running a test body: each rejected draw is an attempt that never reaches it."""
    ran = 0
    wanted = 100

    @settings(max_examples=wanted)
    @given(any_member(row), st.integers(0, 10**9))
    def body(h, _):
        nonlocal ran
        ran += 1

    body()
    assert ran >= wanted * 99 // 100


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
