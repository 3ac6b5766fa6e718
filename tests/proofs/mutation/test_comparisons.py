"""The parts of a conclusion and the comparisons in them, against points of a grid that are tried one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trompe.proofs.mutation.comparisons import atoms, parts
from trompe.proofs.solvers import z3

pytestmark = pytest.mark.once

X, Y = z3.Reals("x y")
GRID = [(x, y) for x, y in product((-2, -1, 0, 1, 2), repeat=2)]

sides = st.sampled_from((X, Y, X + Y, z3.RealVal(0), z3.RealVal(1), X - 2 * Y))
ordered = st.tuples(st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), sides, sides)


@ordered.map
def formulas(chosen):
    relation, left, right = chosen
    by = {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }
    return by[relation]


sentences = st.recursive(
    formulas,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: z3.And(*terms)),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: z3.Or(*terms)),
        inner.map(z3.Not),
        st.tuples(inner, inner).map(lambda two: z3.Implies(*two)),
        st.tuples(inner, inner).map(lambda two: two[0] == two[1]),
        st.tuples(inner, inner, inner).map(lambda three: z3.If(*three)),
    ),
    max_leaves=5,
)


def truth(term, at) -> bool:
    values = [(symbol, z3.RealVal(value)) for symbol, value in zip((X, Y), at, strict=True)]
    return z3.is_true(z3.simplify(z3.substitute(term, *values)))


@given(sentences)
def test_the_parts_together_say_what_the_sentence_says(sentence):
    found = parts(sentence)
    for at in GRID:
        assert truth(sentence, at) == all(truth(part, at) for part in found)


@given(sentences)
def test_a_fault_says_more_and_a_weaker_comparison_less(sentence):
    for part in parts(sentence):
        for comparison, put in atoms(part):
            assert all(truth(part, at) == truth(put(comparison.term), at) for at in GRID)
            most = put(z3.BoolVal(not comparison.is_wanted))
            is_shift = comparison.relation == "==" and comparison.is_wanted
            for fault in [] if is_shift else comparison.faults():
                assert all(truth(part, at) for at in GRID if truth(put(fault), at))
                assert all(truth(put(fault), at) for at in GRID if truth(most, at))
            for weaker in comparison.weaker():
                assert all(truth(put(weaker.term), at) for at in GRID if truth(part, at))


def test_a_comparison_by_hand():
    assumed, shown = atoms(z3.Implies(X <= 0, Y < 1))
    said = [
        (str(c), [str(f) for f in c.faults()], [str(w) for w in c.weaker()])
        for c, _ in (assumed, shown)
    ]
    assert said == [
        ("x <= 0", ["0 >= x + -1"], ["x + 1 <= 0", "x < 0"]),
        ("y < 1", ["1 >= y + 1"], ["y + -1 < 1", "y <= 1"]),
    ]
    assert parts(z3.BoolVal(True)) == []


@pytest.mark.parametrize("part", [X == Y, z3.Not(z3.Or(X == 0, Y <= 1))])
def test_an_equation_that_is_shown_is_two_parts_and_a_refused_alternative_its_own(part):
    assert len(parts(part)) == 2
