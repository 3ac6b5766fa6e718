"""Bounds with exemplars against slow oracles; consistency; what refusals say; the exact simplex method."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import oracles
import oracles_bounds
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sympy import Matrix

from trompe.constructions.strategies import members, points, rationals
from trompe.theory import (
    Dataset,
    EmpiricalRiskMinimizer,
    InvalidInput,
    Lipschitz,
    Visualization,
    function_class,
)
from trompe.theory.bounding import bound
from trompe.theory.fibres import fibres_of
from trompe.theory.simplex import feasible
from trompe.theory.sites import Site, directed, sign

F = Fraction
SQUARE = Visualization((0, 0), (1, 1), 0, 1)
inside = rationals(strict=True)


@st.composite
def free_exemplars(draw, dim, most=3, taken=()):
    """Exemplars with any values in (0, 1), so that often no member fits."""
    spots = draw(st.lists(points(dim), min_size=1, max_size=most, unique=True))
    assume(not set(spots) & set(taken))
    return [(p, draw(inside)) for p in spots]


# -- against the oracles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["l1", "linf"])
@settings(max_examples=40)
@given(data=st.data())
def test_lipschitz_is_the_oracles(metric, data):
    a, b, x = (F(0), F(0)), (F(1), F(1, 2)), data.draw(points(2))
    exemplars = data.draw(free_exemplars(2, taken=(a, b)))
    L = data.draw(rationals(1, 4))
    v, distance = Visualization(a, b, 0, 1), getattr(oracles, metric)
    shown = [(a, F(0)), (b, F(1)), *exemplars]
    least = oracles_bounds.least_constant(shown, distance)
    if least > L:
        with pytest.raises(
            InvalidInput, match=f"takes all shown values is {re.escape(str(least))}$"
        ):
            bound(Lipschitz(L, metric), v, x, exemplars)
        L = least
    found = bound(Lipschitz(L, metric), v, x, exemplars).interval
    assert (found.lower, found.upper) == oracles_bounds.cones(shown, F(0), F(1), L, distance, x)


@settings(max_examples=40)
@given(data=st.data())
def test_lipschitz_in_l2_is_what_50_digits_say(data):
    x, exemplars = data.draw(points(2)), data.draw(free_exemplars(2, taken=((0, 0), (1, 1))))
    shown = [((F(0), F(0)), F(0)), ((F(1), F(1)), F(1)), *exemplars]
    with localcontext(prec=50):

        def distance(y, z):
            square = oracles.l2_squared(y, z)
            return (Decimal(square.numerator) / square.denominator).sqrt()

        values = [(s, Decimal(y.numerator) / y.denominator) for s, y in shown]
        least = oracles_bounds.least_constant(values, distance)
        L = data.draw(rationals(1, 4))
        if least > Decimal(L.numerator) / L.denominator:
            with pytest.raises(InvalidInput, match="the least L for which") as refusal:
                bound(Lipschitz(L, "l2"), SQUARE, x, exemplars)
            last = str(refusal.value).rsplit(" ", 1)[1]
            named = Decimal(F(last).numerator) / F(last).denominator
            assert 0 <= named - least + Decimal("1e-45") <= Decimal("1e-9")
            L = F(last)
        found = bound(Lipschitz(L, "l2"), SQUARE, x, exemplars).interval
        slope = Decimal(L.numerator) / L.denominator
        lower, upper = oracles_bounds.cones(values, Decimal(0), Decimal(1), slope, distance, x)
    assert abs(float(found.lower) - float(lower)) < 1e-12
    assert abs(float(found.upper) - float(upper)) < 1e-12


@settings(max_examples=60)
@given(data=st.data())
def test_monotone_is_the_oracles(data):
    x, exemplars = data.draw(points(2)), data.draw(free_exemplars(2, taken=((0, 0), (1, 1))))
    shown = [((0, 0), F(0)), ((1, 1), F(1)), *exemplars]
    if not oracles_bounds.order_fits(shown):
        with pytest.raises(InvalidInput, match="no monotone function takes both"):
            bound(function_class("monotone"), SQUARE, x, exemplars)
        return
    found = bound(function_class("monotone"), SQUARE, x, exemplars).interval
    assert (found.lower, found.upper) == oracles_bounds.order(shown, x)


@settings(max_examples=60)
@given(data=st.data())
def test_affine_is_the_oracles(data):
    dim = data.draw(st.integers(2, 4))
    corner = data.draw(st.tuples(*[st.sampled_from((F(0), F(1)))] * dim))
    a = tuple(1 - c for c in corner)
    x, exemplars = data.draw(points(dim)), data.draw(free_exemplars(dim, 2, (a, corner)))
    if data.draw(
        st.booleans()
    ):  # values of a member, so that the question is admissible more often
        parts = data.draw(st.tuples(*[st.integers(1, 5)] * dim))
        exemplars = [
            (
                p,
                2
                + sum(w * abs(pi - ai) for w, pi, ai in zip(parts, p, a, strict=True))
                / F(sum(parts)),
            )
            for p, _ in exemplars
        ]
    else:
        exemplars = [(p, 2 + y) for p, y in exemplars]
    v = Visualization(a, corner, 2, 3)
    expected = oracles_bounds.affine(F(2), F(3), a, exemplars, x)
    if expected is None or any(not 2 < y < 3 for _, y in exemplars):
        with pytest.raises(InvalidInput, match=r"and so must the exemplar|strictly between"):
            bound(function_class("affine"), v, x, exemplars)
        return
    found = bound(function_class("affine"), v, x, exemplars).interval
    assert (found.lower, found.upper) == expected


@pytest.mark.parametrize("dim", [1, 2])
@settings(max_examples=40)
@given(data=st.data())
def test_convex_is_the_oracles(dim, data):
    b, a = (F(1),) * dim, data.draw(points(dim))
    assume(a != b)
    x, exemplars = data.draw(points(dim)), data.draw(free_exemplars(dim, 2, (a, b)))
    if data.draw(st.booleans()):
        h = data.draw(members("convex", dim))
        a, b = h.v.argmin, h.v.argmax
        assume(not {a, b} & {p for p, _ in exemplars})
        low, R = h.v.minimum, h.v.range
        exemplars = [(p, (h(p) - low) / R) for p, _ in exemplars]
    assume(x not in {a, b, *(p for p, _ in exemplars)})
    v, cls = Visualization(a, b, 0, 1), function_class("convex")
    if not oracles_bounds.convex_fits(F(0), F(1), a, b, exemplars):
        with pytest.raises(InvalidInput, match="which no convex function with this visualization"):
            bound(cls, v, x, exemplars)
        return
    found = bound(cls, v, x, exemplars).interval
    assert (found.lower, found.upper) == oracles_bounds.convex(F(0), F(1), a, b, exemplars, x)


def test_a_convex_unit_may_be_excluded_by_another_corner_alone():
    """On the line through the exemplars the corner (0, 1) would reach M too, and b is the only maximiser."""
    v, cls = Visualization((0, 0), (1, 0), 0, 1), function_class("convex")
    tight = [((0, F(1, 2)), F(1, 2))]
    with pytest.raises(InvalidInput, match="no convex function"):
        bound(cls, v, (F(1, 2), F(1, 2)), [*tight, ((0, F(3, 4)), F(3, 4))])
    found = bound(cls, v, (F(1, 2), F(1, 2)), [*tight[:0], ((0, F(1, 2)), F(49, 100))]).interval
    assert (found.lower, found.upper) == oracles_bounds.convex(
        F(0), F(1), (0, 0), (1, 0), [((0, F(1, 2)), F(49, 100))], (F(1, 2), F(1, 2))
    )


@pytest.mark.parametrize(
    "row", ["black-box", "neural-network", "erm", "piecewise-affine", "lipschitz-unknown"]
)
def test_exemplars_tell_nothing_elsewhere_of_a_class_without_a_modulus(row):
    exemplars = [((F(1, 2), F(k, 9)), F(k, 9)) for k in range(1, 9)]
    found = bound(function_class(row), SQUARE, [(F(1, 2), F(1, 3)), (F(1, 2), F(1, 4))], exemplars)
    assert (found.lower.tolist(), found.upper.tolist()) == ([F(1, 3), 0], [F(1, 3), 1])
    assert found.decidable["exact"].tolist() == [1, 0]


def test_affine_is_exact_on_the_span():
    exemplars = [((1, 0, 0), F(1, 2)), ((0, 1, 0), F(1, 3))]
    cube = Visualization((0, 0, 0), (1, 1, 1), 0, 1)
    for x in ((F(1, 2), F(1, 5), F(1, 7)), (0, 0, 1)):
        found = bound(function_class("affine"), cube, x, exemplars)
        assert (
            found.interval.lower
            == found.interval.upper
            == F(1, 2) * x[0] + F(1, 3) * x[1] + F(1, 6) * x[2]
        )
        assert found["exact"].decidable


# -- what is refused, and what the refusal offers -----------------------------------------------------


CASES = [
    (
        "convex",
        {},
        [((F(1, 2), F(1, 2)), F(5, 4))],
        r"value 5/4 and lies outside \[m, M\] = \[0, 1\]",
    ),
    ("monotone", {}, [((F(1, 2), 0), 0)], "a second minimiser"),
    ("lipschitz", {"constant": 9}, [((F(1, 2), 0), 1)], "a second maximiser"),
    ("affine", {}, [((1, 1), F(1, 2))], "the same point is argmax with the value 1"),
    ("black-box", {}, [((1, 0), F(1, 2)), ((1, 0), F(1, 3))], "the same point is exemplars.0."),
    (
        "monotone",
        {},
        [((F(1, 2), F(1, 4)), F(1, 2)), ((1, F(1, 2)), F(2, 5))],
        r"exemplars\[0\] \(1/2, 1/4\) has the value 1/2 and lies below exemplars\[1\] .*at most 1/20 is enough.*from 0 to 2/5",
    ),
    ("affine", {}, [((F(1, 2), F(1, 4)), F(1, 2))], "strictly between 1/4 and 1/2 there"),
    (
        "affine",
        {},
        [((F(1, 2), F(1, 4)), F(1, 3)), ((F(1, 4), F(1, 2)), F(1, 3))],
        r"exemplars\[1\] .* the 1 exemplar before it has exactly 5/12",
    ),
    (
        "convex",
        {},
        [((F(1, 2), F(1, 4)), F(1, 3)), ((F(1, 4), F(1, 8)), F(1, 3))],
        r"exemplars\[1\] .* a value between 0 and 1/6",
    ),
    ("additive", {}, [((F(1, 2), 0), F(1, 2))], "no sharp bound for that is proved here"),
    ("neuron", {}, [((F(1, 2), 0), F(1, 2))], "they are for leaky-relu"),
    ("convex", {}, [(F(1, 2), F(1, 2))], "is not a point"),
    ("convex", {}, [F(1, 2)], "is no pair"),
    ("convex", {}, [((F(1, 2),), F(1, 2))], "has 1 coordinates; expected 2"),
    ("convex", {}, [((F(1, 2), 0), float("nan"))], "is not finite"),
    ("convex", {}, [(np.array([0.5, np.nan]), 0.5)], r"exemplars\[0\]\[1\] = nan lies outside"),
    ("convex", {}, [(np.array([[0.5, 0.5]]), 0.5)], "expected one point"),
    ("convex", {}, [(np.array([True, False]), 0.5)], "has dtype bool"),
]


@pytest.mark.parametrize(("row", "parameters", "exemplars", "words"), CASES)
def test_input_that_no_member_satisfies_is_refused_with_the_reason(
    row, parameters, exemplars, words
):
    v = SQUARE if row != "neuron" else Visualization((0, 0), (1, 1), "1/10", "9/10")
    with pytest.raises(InvalidInput, match=words) as refusal:
        bound(function_class(row, **parameters), v, (F(1, 3), F(1, 3)), exemplars)
    assert "\n" not in str(refusal.value)


def test_the_offered_change_is_consistent():
    """Each refusal of CASES that offers a value: with it the input is accepted."""
    monotone, affine, convex = map(function_class, ("monotone", "affine", "convex"))
    p, q = (F(1, 2), F(1, 4)), (F(1, 4), F(1, 2))
    for cls, exemplars in (
        (monotone, [(p, F(2, 5)), ((1, F(1, 2)), F(2, 5))]),
        (affine, [(p, F(49, 100))]),
        (affine, [(p, F(1, 3)), (q, F(5, 12))]),
        (convex, [(p, F(1, 3)), ((F(1, 4), F(1, 8)), F(1, 7))]),
    ):
        bound(cls, SQUARE, (F(1, 3), F(1, 3)), exemplars)


@settings(max_examples=40)
@given(data=st.data())
def test_the_change_that_is_offered_to_a_monotone_unit_is_enough_and_no_less_is(data):
    exemplars = data.draw(free_exemplars(2, 4, ((0, 0), (1, 1))))
    shown = [((0, 0), F(0)), ((1, 1), F(1)), *exemplars]
    assume(not oracles_bounds.order_fits(shown))
    cls = function_class("monotone")
    with pytest.raises(InvalidInput, match="by at most") as refusal:
        bound(cls, SQUARE, (0, 0), exemplars)
    words = str(refusal.value)
    step = F(re.search(r"at most (\S+) is enough", words).group(1))

    def below(p, q):
        return all(pi <= qi for pi, qi in zip(p, q, strict=True))

    falls = [y - t for p, y in shown for q, t in shown if below(p, q)]
    assert 2 * step == max(falls)  # both ends of that pair would have to move by less
    moved = [
        (p, (max(t for q, t in shown if below(q, p)) + min(t for q, t in shown if below(p, q))) / 2)
        for p, _ in exemplars
    ]
    assert all(abs(y - t) <= step for (_, y), (_, t) in zip(exemplars, moved, strict=True))
    bound(cls, SQUARE, (0, 0), moved)
    for k, low, high in re.findall(r"give exemplars.(\d+). a value from (\S+) to (\S+),", words):
        value = (F(low) + F(high)) / 2
        changed = [(p, value if i == int(k) else y) for i, (p, y) in enumerate(exemplars)]
        if 0 < value < 1:
            bound(cls, SQUARE, (0, 0), changed)


def test_the_least_constant_counts_the_extremes_and_is_enough():
    v = Visualization((0, 0), (1, 0), 0, 1)
    with pytest.raises(InvalidInput, match=r"argmin.*argmax.*all shown values is 1$"):
        bound(Lipschitz("1/2", "l2"), v, (F(1, 2), 0))
    with pytest.raises(InvalidInput, match=r"is 4$"):  # the steepest pair, not the first one
        bound(Lipschitz("1/2", "l2"), v, (F(1, 2), 0), [((F(1, 8), 0), F(1, 2))])
    assert bound(Lipschitz(4, "l2"), v, (F(1, 2), 0), [((F(1, 8), 0), F(1, 2))])
    with pytest.raises(InvalidInput, match=r"is sqrt\(1/2\), at most 0.70710678118\d$"):
        bound(Lipschitz("1/2", "l2"), SQUARE, (F(1, 2), 0))


def test_the_least_constant_is_right_where_floats_see_two_points_as_one():
    """|p - q| = 10^-20 with a difference of 10^-22 is not steep; the pair that floats judge better is."""
    p, q = (F(1, 2), 0), (F(1, 2) + F(1, 10**20), 0)
    exemplars = [(p, F(1, 2)), (q, F(1, 2) + F(2, 10**20))]
    v = Visualization((0, 0), (1, 0), 0, 1)
    with pytest.raises(InvalidInput, match=r"is 2$"):
        bound(Lipschitz(1, "l1"), v, (0, 0), exemplars)
    gentle = [(p, F(1, 2)), (q, F(1, 2) + F(1, 10**22)), ((F(1, 8), 0), F(3, 4))]
    with pytest.raises(InvalidInput, match=r"argmin.*exemplars.2..*is 6$"):
        bound(Lipschitz(F(1, 2), "l1"), v, (0, 0), gentle)


def test_a_constant_beyond_floats_is_fine_in_exact_numbers():
    cls = Lipschitz(10**400, "l1")
    found = bound(cls, SQUARE, (F(1, 10**401), 0), [((F(1, 2), 0), F(1, 2))]).interval
    assert found.upper == F(1, 10)
    with pytest.raises(InvalidInput, match="too small for exemplars"):
        bound(cls, SQUARE, (0, 1), [((F(1, 2), 0), F(1, 2)), ((F(1, 2), F(1, 10**402)), F(3, 4))])


def test_known_values_can_only_be_repeated():
    line = Visualization((0,), (1,), 0, 2)
    assert bound(
        function_class("affine-1d"), line, (F(1, 4),), [((F(1, 2),), 1)]
    ).interval.lower == F(1, 2)
    with pytest.raises(InvalidInput, match="has the value 1 there, and so must the exemplar"):
        bound(function_class("affine-1d"), line, (F(1, 4),), [((F(1, 2),), F(3, 2))])
    flat = Visualization((0, 0), (0, 0), 3, 3)
    assert bound(function_class("constant"), flat, (1, 1), [((F(1, 2), 0), 3)])["exact"].answer == 3
    with pytest.raises(InvalidInput, match="has the value 3 there"):
        bound(function_class("constant"), flat, (1, 1), [((F(1, 2), 0), 4)])


def test_repeated_points_count_once():
    training = EmpiricalRiskMinimizer(Dataset([(F(1, 2), 0)], [F(1, 3)]))
    x, fits = (F(1, 4), 0), [((F(1, 2), 0), F(1, 3)), ((0, 0), 0), ((1, 1), 1)]
    assert fibres_of(training, SQUARE, fits).exemplars == ()
    assert bound(training, SQUARE, x, fits).interval.upper == 1
    with pytest.raises(InvalidInput, match="the same point is training input 0 with the value 1/3"):
        bound(training, SQUARE, x, [((F(1, 2), 0), F(1, 2))])
    once = bound(function_class("monotone"), SQUARE, x, [((F(1, 2), 0), F(1, 3))] * 3)
    assert once.interval.upper == F(1, 3)
    mixed = [((F(1, 2), 0), F(1, 3)), (np.array([0.5, -0.0]), F(1, 3))]
    assert len(fibres_of(function_class("monotone"), SQUARE, mixed).exemplars) == 1


# -- float arrays as exemplars -----------------------------------------------------------------------------


def test_float_exemplars_mean_exactly_what_they_hold():
    p = np.array([0.1, 0.3])
    cls = Lipschitz(F(0.5) / F(float(p[0])), "linf")
    tight = [(p, F(1, 2)), ((0, F(float(p[1]))), F(0) + F(1, 10**30))]
    with pytest.raises(InvalidInput, match="too small for argmin"):
        bound(Lipschitz(F(1), "linf"), SQUARE, (0, 0), tight[:1])
    assert bound(cls, SQUARE, (0, 0), tight)  # a pair that floats alone could not judge
    with pytest.raises(InvalidInput, match=r"too small for exemplars.0."):
        bound(Lipschitz(cls.constant * (1 - F(1, 10**18)) - F(1, 10**29), "linf"), SQUARE, (0, 0), [
            (p, F(1, 2)), ((0, F(float(p[1]))), F(1, 10**31)),
        ])  # fmt: skip


def test_sites_compare_exactly_whatever_they_are_made_of():
    tenth = Site((F(1, 10), F(0)), F(0), "tenth")
    low, high = directed(F(1, 10))
    assert low < F(1, 10) < high and not tenth.is_float
    below = Site(np.array([low, 0.0]), F(0), "below")
    above = Site(np.array([high, 0.0]), F(0), "above")
    assert below.at_most(tenth) and tenth.at_most(above)
    assert not tenth.at_most(below) and not above.at_most(tenth)
    assert not tenth.is_at(np.array([[0.1, 0.0]])).any()
    assert Site((F(1, 2), F(0)), F(0), "half").key == Site(np.array([0.5, -0.0]), F(0), "half").key


# -- exact arithmetic below --------------------------------------------------------------------------------


@given(st.tuples(*[rationals(-2, 2)] * 3), st.tuples(*[rationals(0, 4)] * 2))
@example((F(-3), F(1), F(1)), (F(1), F(4)))
@example((F(0), F(1), F(-1)), (F(2), F(2)))
@example((F(0), F(2), F(-1)), (F(1, 2), F(2)))
def test_the_sign_of_a_sum_of_roots(rates, squares):
    base, p, q = rates
    with localcontext(prec=60):

        def root(s):
            return (Decimal(s.numerator) / s.denominator).sqrt()

        parts = [(Decimal(c.numerator) / c.denominator) for c in rates]
        value = parts[0] + parts[1] * root(squares[0]) + parts[2] * root(squares[1])
    expected = 0 if abs(value) < Decimal("1e-50") else (1 if value > 0 else -1)
    assert sign(base, (p, squares[0]), (q, squares[1])) == expected


@settings(max_examples=100)
@given(data=st.data())
def test_the_simplex_method_finds_the_best_vertex(data):
    """Against all vertices; the last row makes the set bounded."""
    dim = data.draw(st.integers(1, 4))
    entries = st.tuples(*[rationals(-2, 2)] * dim)
    rows = [*data.draw(st.lists(entries, max_size=2)), (F(1),) * dim]
    assume(Matrix(rows).rank() == len(rows))
    right = [data.draw(rationals(-1, 1)) for _ in rows[:-1]] + [F(2)]
    if data.draw(st.booleans()):
        p = data.draw(st.tuples(*[rationals()] * dim))
        right = [sum(w * pi for w, pi in zip(row, p, strict=True)) for row in rows]
    vertices = _vertices(rows, right, dim)
    found = feasible(rows, right)
    assert (found is None) == (not vertices)
    if found is None:
        return
    for _ in range(2):  # the second call starts where the first one ended
        cost = data.draw(entries)
        values = [sum(c * p for c, p in zip(cost, v, strict=True)) for v in vertices]
        for best, expected in (
            (found.maximise(cost), max(values)),
            (found.minimise(cost), min(values)),
        ):
            assert best.value == expected
            assert tuple(best.vertex.get(k, F(0)) for k in range(dim)) in vertices


def _vertices(rows, right, dim):
    from itertools import combinations

    found = set()
    for size in range(dim + 1):
        for places in combinations(range(dim), size):
            if size == 0:
                if not any(right):
                    found.add((F(0),) * dim)
                continue
            p = oracles_bounds.solve([[row[k] for k in places] for row in rows], right)
            if p is not None and min(p) >= 0:
                full = [F(0)] * dim
                for k, w in zip(places, p, strict=True):
                    full[k] = w
                found.add(tuple(full))
    return found


def test_the_simplex_method_names_a_ray_where_there_is_no_bound():
    found = feasible([[F(1), F(-1), F(0)]], [F(1)])
    best = found.maximise([F(0), F(1), F(0)])
    assert best.value is None
    assert best.ray.get(0) == best.ray.get(1) and best.ray[1] > 0
    assert found.maximise([F(-1), F(0), F(-1)]).value == -1


def test_cycling_is_avoided():
    """Beale's example, on which the largest-gain rule alone goes round for ever."""
    rows = [
        [F(1, 4), F(-60), F(-1, 25), F(9), 1, 0, 0],
        [F(1, 2), F(-90), F(-1, 50), F(3), 0, 1, 0],
        [0, 0, 1, 0, 0, 0, 1],
    ]
    found = feasible(rows, [F(0), F(0), F(1)])
    assert found.maximise([F(3, 4), -150, F(1, 50), -6, 0, 0, 0]).value == F(1, 20)
