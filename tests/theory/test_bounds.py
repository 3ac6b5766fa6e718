"""`bound`: the rows' envelopes, verdicts with reasons, floats against fractions, many queries, memory, bad input."""

from __future__ import annotations

import doctest
import re
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_checks import is_l2, question

import trompe
from trompe.constructions.strategies import classes, dims, members, points, queries, visualizations
from trompe.theory import CLASSES, InvalidInput, Lipschitz, Visualization, function_class
from trompe.theory import bounding as module
from trompe.theory.bounding import Bound, Bounds, bound
from trompe.theory.rows.convex import Gauge

F = Fraction
SQUARE = Visualization((0, 0), (1, 1), 0, 1)
TASKS = ("exact", "approx", "side")


def test_the_page_runs_as_printed():
    page = Path(__file__).resolve().parents[2] / "docs" / "bound.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.failed == 0 and result.attempted >= 15


def test_the_names_are_public():
    assert trompe.bound is bound and trompe.Bound is Bound and trompe.Bounds is Bounds
    assert callable(trompe.budget)


# -- exact numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", list(CLASSES))
@given(data=st.data())
def test_without_exemplars_it_is_the_oracles_envelope_and_verdicts(row, data):
    dim = data.draw(dims(row))
    cls = data.draw(classes(row, dim))
    v = data.draw(visualizations(cls, dim))
    x, eps = data.draw(queries(cls, v)), F(1, data.draw(st.integers(3, 9)))
    q, found = question(cls, v, x), bound(cls, v, x, eps=eps)
    lower, upper = found.interval.lower, found.interval.upper
    if is_l2(q):
        assert oracles.l2_envelope_holds(q, lower, upper)
    else:
        assert (lower, upper) == oracles.envelope(q)
    assert found.prediction == (lower + upper) / 2
    assert found.radius == ((upper - lower) / (2 * v.range) if v.range else 0)
    for task in TASKS:
        expected = oracles.decidable(task, lower, upper, v.minimum, v.maximum, eps)
        assert found[task].decidable == expected, task
        if expected:
            for end in (lower, upper):
                assert oracles.right(task, found[task].answer, end, v.minimum, v.maximum, eps)
        else:
            assert found[task].answer is None


def test_l2_verdicts_are_exact_on_the_edge():
    """L = 2: |x - a| = 1/4 exactly is decidable for side, anything farther is not."""
    cls = Lipschitz(2, "l2")
    on, beyond = (F(3, 20), F(1, 5)), (F(3, 20), F(1, 5) + F(1, 10**40))
    assert bound(cls, SQUARE, on)["side"].decidable is True
    assert bound(cls, SQUARE, beyond)["side"].decidable is False
    two = bound(Lipschitz(F(3, 2), "l2"), Visualization((0, 0), (1, 0), 0, 1), (F(1, 2), F(1, 7)))
    assert str(two.interval.lower) == "1 - 3*sqrt(53)/28" and two["exact"].decidable is False


@pytest.mark.parametrize("row", list(CLASSES))
def test_a_reason_carries_its_quantifiers(row):
    cls = function_class(row)
    d = 1 if row == "affine-1d" else 2
    v = Visualization((0,) * d, (1,) * d, 0, 0 if row == "constant" else 1)
    for x in ((F(1, 3),) * (d - 1) + (F(3, 4),), v.argmin):
        for verdict in bound(cls, v, x).verdicts.values():
            words = verdict.reason
            assert "with this visualization" in words
            assert ("every " in words) if verdict.decidable else ("there " in words)
            if not verdict.decidable:
                assert re.search("there is an? |there are two units, each an? ", words)
                assert "for one of them" in words or "for all of them" in words


def test_the_reason_counts_exemplars():
    p, q = ((F(1, 2), F(1, 2)), F(1, 2)), ((F(1, 2), F(3, 4)), F(2, 3))
    cls = function_class("monotone")
    assert "the shown value at 1 exemplar," in bound(cls, SQUARE, (1, 0), [p])["exact"].reason
    assert "the shown values at 2 exemplars," in bound(cls, SQUARE, (1, 0), [p, q])["exact"].reason


def test_a_reason_never_calls_a_finite_number_inf_or_0():
    """Numbers beyond the range of floats, on either side, of each kind: root, exponential, fraction."""
    far, near = 10**400, F(1, 10**400)
    lipschitz = Lipschitz(far, "l2")
    roots = bound(lipschitz, Visualization((0, 0), (1, 1), 0, far), ("1/3", "1/2"))
    assert "between about 1.66666666667E+399 and about 6.00925212577E+399" in roots["exact"].reason
    assert "about 3.83795939622E+399 is within" in roots["approx"].reason
    softplus = function_class("neuron", link="softplus")
    large = bound(softplus, Visualization((0, 0), (1, 1), 1, far), ("1/3", "1/2"))
    assert "between 3.33333333333e+399... and 5.0e+399... there" in large["exact"].reason
    small = bound(softplus, Visualization((0, 0), (1, 1), near, 1), ("1/3", "1/2"))
    words = small["exact"].reason
    assert "between 2.58046594776e-267... (about" in words and " and 1.31083249443e-200" in words
    centre = bound(Lipschitz(1, "l2"), Visualization((0, 0), (1, 1), -1, 0), ("1/2", "1/2"))
    assert "-1/2 is within" in centre["approx"].reason and centre["approx"].answer == F(-1, 2)
    little = bound(function_class("convex"), Visualization((0, 0), (1, 1), 0, near), ("1/3", "1/3"))
    assert "between 0 and about 3.33333333333E-401 there" in little["exact"].reason


@pytest.mark.parametrize("row", ["neuron", "neuron-1d"])
@pytest.mark.parametrize(("slope", "value"), [("1/4", "-7/16"), ("1/2", "-5/8")])
def test_a_leaky_neuron_s_reason_names_the_slope(row, slope, value):
    """Another slope, another value: without the slope the sentence would be false."""
    cls = function_class(row, link="leaky-relu", slope=slope)
    d = cls.min_dim
    v = Visualization((0,) * d, (1,) * d, -1, 1)
    x = ("9/20" if slope == "1/4" else "7/12",) * d
    at = bound(cls, v, x)
    words = at["exact"].reason
    assert f"link leaky-relu of slope {slope}, with this" in words
    assert words.endswith(f"has the value {at.interval.lower} here")
    other = function_class(row, link="leaky-relu", slope="1/3")
    assert bound(other, v, x).interval != at.interval


LONG = 10**5000
"""More digits than Python writes."""


@pytest.mark.parametrize(
    "ask",
    [
        lambda cls: bound(cls, Visualization((0, 0), (1, 1), 0, LONG), ("1/4", "1/3")),
        lambda cls: bound(cls, Visualization((0, 0), (1, 1), F(-1, LONG), 1), ("1/4", "1/3")),
        lambda cls: bound(cls, SQUARE, ("1/4", F(1, LONG))),
        lambda cls: bound(cls, SQUARE, [("1/4", "1/3"), ("1/4", F(1, LONG))]),
        lambda cls: bound(cls, SQUARE, ("1/4", LONG)),
        lambda cls: bound(cls, SQUARE, LONG),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), eps=LONG),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), eps=F(1, LONG)),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), [LONG]),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), [(LONG, "1/2")]),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), [(("1/2", LONG), "1/2")]),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), [(("1/2", "1/3"), LONG)]),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), [(("1/2", F(1, LONG)), "1/4")]),
        lambda cls: bound(cls, SQUARE, ("1/4", "1/3"), [(("1/2", "1/3"), F(1, 3) + F(1, LONG))]),
        lambda cls: bound(Lipschitz(LONG), SQUARE, ("1/4", "1/3")),
        lambda cls: bound(Lipschitz(F(1, LONG)), SQUARE, ("1/4", "1/3")),
        lambda cls: Lipschitz(-LONG),
        lambda cls: function_class("neuron", link="leaky-relu", slope=LONG),
        lambda cls: Visualization((0, 0), (1, 1), LONG, 1),
        lambda cls: Visualization((0, LONG), (1, 1), 0, 1),
        lambda cls: Visualization(LONG, (1, 1), 0, 1),
        lambda cls: Visualization((0, F(1, LONG)), (0, F(1, LONG)), 0, LONG),
    ],
)
@pytest.mark.parametrize("row", ["black-box", "affine", "convex", "monotone", "additive"])
def test_a_number_too_long_to_write_is_one_line(row, ask):
    with pytest.raises(InvalidInput) as refusal:
        ask(function_class(row))
    words = str(refusal.value)
    assert words and "\n" not in words and len(words) < 500


def test_a_refusal_that_computes_a_longer_number_is_one_line_too():
    """Numbers of 12000 bits are taken; what the refusal offers may have more digits than Python writes."""
    p, q = F(1, 3) + F(1, 2**11_000), F(1, 3) - F(1, 3**7_000)
    exemplars = [(("1/2", "1/4"), p), (("3/4", "1/2"), q)]
    with pytest.raises(InvalidInput, match=r"at most about .*E-\d+ is enough"):
        bound(function_class("monotone"), SQUARE, ("1/3", "1/3"), exemplars)
    with pytest.raises(InvalidInput, match=r"has the value about 0.66\d+;.* between 1/4 and 1/2"):
        bound(function_class("affine"), SQUARE, ("1/3", "1/3"), [(("1/4", "1/2"), 1 - p)])


# -- floats against fractions ----------------------------------------------------------------------------


@st.composite
def float_questions(draw, row):
    """A member, exemplars with its values, and float queries, many of them on edges."""
    dim = draw(dims(row, 3))
    h = draw(members(row, dim))
    grid = st.integers(0, 8).map(lambda k: k / 8)
    coordinate = grid | st.floats(0, 1) | st.sampled_from([1 / 3, 0.1, 0.3, 2 / 3, 1 - 2**-53])
    many = draw(st.lists(st.tuples(*[coordinate] * dim), min_size=1, max_size=4))
    spots = draw(st.lists(points(dim), max_size=2))
    exemplars = [(p, h(p)) for p in spots if isinstance(h(p), F)]
    near = [tuple(map(float, p)) for p in (h.v.argmin, *spots)]
    return h, exemplars, np.array(many + near)


@pytest.mark.parametrize("row", [*CLASSES, "lipschitz-unknown", "additive"])
@settings(max_examples=30)
@given(data=st.data())
def test_floats_enclose_the_exact_ends_and_never_give_a_wrong_verdict(row, data):
    if row in CLASSES:
        h, exemplars, xs = data.draw(float_questions(row))
        cls, v = h.cls, h.v
    else:
        h, exemplars, xs = data.draw(float_questions("monotone"))
        cls, v = function_class(row), h.v
        exemplars = exemplars if row == "lipschitz-unknown" else ()
    eps = data.draw(st.sampled_from([F(1, 4), F(1, 8), F(1, 3)]))
    found = bound(cls, v, xs, exemplars, eps=eps)
    for i, x in enumerate(xs.tolist()):
        exact = bound(cls, v, tuple(map(F, x)), exemplars, eps=eps)
        for end, near in (
            (exact.interval.lower, found.lower[i]),
            (exact.interval.upper, found.upper[i]),
        ):
            assert abs(F(float(near)) - _rational(end)) <= F(float(found.tolerance[i])) + F(
                1, 10**25
            )
        for task in TASKS:
            code = found.decidable[task][i]
            assert code in (-1, int(exact[task].decidable)), (task, x)
        if found.side[i]:
            assert oracles.right(
                "side", str(found.side[i]), exact.interval.lower, v.minimum, v.maximum
            ) and oracles.right(
                "side", str(found.side[i]), exact.interval.upper, v.minimum, v.maximum
            )


def _rational(number):
    if hasattr(number, "evalf"):
        return F(str(number.evalf(40)))
    return number if isinstance(number, F) else F(float(number))


@pytest.mark.parametrize("link", ["sigmoid", "tanh", "softplus", "leaky-relu"])
def test_neurons_in_floats(link):
    cls, v = function_class("neuron", link=link), Visualization((0, 1), (1, 0), "1/10", "9/10")
    xs = np.array([[k / 4, j / 4] for k in range(5) for j in range(5)])
    found = bound(cls, v, xs)
    for i, x in enumerate(xs.tolist()):
        exact = bound(cls, v, tuple(map(F, x)))
        for end, near in (
            (exact.interval.lower, found.lower[i]),
            (exact.interval.upper, found.upper[i]),
        ):
            assert abs(float(end) - near) <= found.tolerance[i] + 1e-16
        for task in TASKS:
            decided = exact[task].decidable
            assert decided is None or found.decidable[task][i] in (-1, int(decided))
    assert (found.tolerance < 1e-11).all()


def test_an_edge_is_left_open_in_floats_and_decided_in_fractions():
    cls, x = Lipschitz(2, "l1"), (0.125, 0.125)
    open_ = bound(cls, SQUARE, np.array(x))["side"]
    assert open_.decidable is None and open_.answer is None
    assert "undecided by floating point" in open_.reason and "give exact numbers" in open_.reason
    assert bound(cls, SQUARE, x)["side"].answer == "min"  # a tuple is exact
    certain = bound(cls, SQUARE, np.array([[0.125, 0.124], [0.125, 0.126]])).decidable["side"]
    assert certain.tolist() == [1, 0]


def test_one_value_of_which_the_side_is_unknown():
    line = Visualization((1,), (0,), 0, "1/3")
    found = bound(function_class("affine-1d"), line, np.array([0.5]))
    assert found["side"].decidable is True
    assert found["side"].answer is None
    assert (
        "one answer is right for every such unit, but which one is undecided"
        in found["side"].reason
    )
    assert found["exact"].decidable is True


def test_the_difference_of_floats_is_compared_exactly():
    a, b = np.array([1.0, 1.0, 1.0]), np.array([2**-60, 2**-53, -(2**-60)])
    assert module._difference_sign(a, b, 1.0).tolist() == [-1, -1, 1]
    assert module._difference_sign(np.array([0.75]), np.array([0.25]), 0.5).tolist() == [0]


def _wrong_verdicts():
    """Float verdicts against exact ones, where L is a hair above or below the threshold at x."""
    rng, wrong = np.random.default_rng(0), 0
    v = Visualization((0, 0), (1, 1), 0, 1)
    for x in rng.random((40, 2)) / 4:
        threshold = 1 / (2 * sum(map(F, x.tolist())))
        for L, decidable in ((threshold * (1 + F(1, 10**20)), 0), (threshold, 1)):
            code = bound(Lipschitz(L, "l1"), v, x[np.newaxis]).decidable["side"][0]
            wrong += code not in (-1, decidable)
    return wrong


def test_no_verdict_is_wrong_a_hair_from_the_threshold():
    assert _wrong_verdicts() == 0


def test_a_forgotten_rounding_error_is_seen(monkeypatch):
    from trompe.theory.rows import lipschitz

    monkeypatch.setattr(lipschitz, "UNIT", 0.0)
    assert _wrong_verdicts() > 0


# -- many queries ----------------------------------------------------------------------------------------


def test_forms_of_x():
    cls = function_class("monotone")
    p = [((F(1, 2), F(1, 2)), F(1, 3))]
    one = bound(cls, SQUARE, ("1/2", 1), p)
    assert isinstance(one, Bound) and one.interval.lower == F(1, 3) and one.tolerance == 0
    assert bound(cls, SQUARE, [F(1, 2), 1], p) == one
    assert bound(cls, SQUARE, np.array([F(1, 2), F(1)], dtype=object), p) == one
    exact = bound(cls, SQUARE, [("1/2", 1), (0, 0)], p)
    assert isinstance(exact, Bounds) and exact[0] == one and len(exact) == 2
    assert exact.prediction.tolist() == [F(2, 3), 0] and exact.radius.tolist() == [F(1, 3), 0]
    assert bound(cls, SQUARE, np.array([[0, 1], [1, 1]]), p).upper.tolist() == [1, 1]
    single = bound(cls, SQUARE, np.array([0.5, 1.0]), p)
    assert isinstance(single, Bound) and isinstance(single.interval.lower, float)
    assert [b.interval.upper for b in bound(cls, SQUARE, np.array([[0.5, 1.0], [0, 0.25]]), p)] == [
        1,
        1 / 3,
    ]
    half = bound(cls, SQUARE, np.array([[0.5, 1.0]], dtype=np.float16), p)
    assert half.lower.dtype == np.float64 and half.lower[0] == 1 / 3
    assert len(bound(cls, SQUARE, np.empty((0, 2)), p)) == 0
    with pytest.raises(IndexError):
        exact[2]


def test_blocks_do_not_matter(monkeypatch):
    rng = np.random.default_rng(0)
    xs = rng.random((50, 7))
    v = Visualization((0,) * 7, (1,) * 7, 0, 1)
    spots = [(rng.random(7), 0.5) for _ in range(3)]
    whole = bound(Lipschitz(2, "l2"), v, xs, spots)
    monkeypatch.setattr(module, "BLOCK", 8 * 7 * 4)
    seen = []
    parts = bound(Lipschitz(2, "l2"), v, xs, spots, progress=lambda *told: seen.append(told))
    for name in ("lower", "upper", "tolerance", "side"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    assert seen[0] == (4, 50, "queries") and seen[-1] == (50, 50, "queries") and len(seen) == 13


@pytest.mark.parametrize("metric", ["l2", "linf"])
def test_memory_stays_bounded_at_many_inputs(metric, tmp_path):
    d, n = 20_000, 400
    stored = np.lib.format.open_memmap(
        tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(n, d)
    )
    rng = np.random.default_rng(0)
    for start in range(0, n, 50):
        stored[start : start + 50] = rng.random((50, d), dtype=np.float32)
    stored.flush()
    xs = np.load(tmp_path / "x.npy", mmap_mode="r")
    v = Visualization((0,) * d, (1,) * d, 0, 1)
    spots = [(rng.random(d), 0.5) for _ in range(4)]
    bound(Lipschitz(2, metric), v, xs[:1], spots)  # SymPy and the like are loaded now
    tracemalloc.start()
    found = bound(Lipschitz(2, metric), v, xs, spots)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == n
    assert peak < 40 * 2**20 + 400 * d + 6 * 24 * d + 80 * n
    assert (
        n * d * 8 > 40 * 2**20 + 400 * d + 6 * 24 * d + 80 * n
    )  # all at once would not have fitted


# -- bad input -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ((0, 2), r"query = \(0, 2\) lies outside"),
        ((0,), "query has 1 coordinates; expected 2"),
        (("a", 0), r"query\[0\] = 'a' is not a number"),
        ("0,0", "is not a point"),
        (3, "is not a point"),
        ([(0, 0), (0,)], r"queries\[1\] has 1 coordinates"),
        (np.array([0.0, np.nan]), r"query\[1\] = nan lies outside"),
        (np.array([[0.0, 0.5], [0.0, 1.5]]), r"queries\[1, 1\] = 1.5 lies outside"),
        (np.zeros((2, 3)), r"shape \(2, 3\); expected \(2,\) or \(n, 2\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\); expected \(2,\) or \(n, 2\)"),
        (np.array([True, False]), "has dtype bool"),
        (np.array(["a", "b"]), "has dtype <U1"),
        (np.array([1j, 0]), "has dtype complex128"),
        (np.zeros(2, dtype=np.longdouble), "has dtype"),
    ],
)
def test_bad_queries_are_one_line(x, words):
    with pytest.raises(InvalidInput, match=words) as refusal:
        bound(function_class("monotone"), SQUARE, x)
    assert "\n" not in str(refusal.value)


def test_bad_eps_and_visualizations_are_refused():
    cls = function_class("monotone")
    with pytest.raises(InvalidInput, match="eps = 1/2 lies outside"):
        bound(cls, SQUARE, (0, 0), eps="1/2")
    with pytest.raises(InvalidInput, match="a monotone function with unique extremes"):
        bound(cls, Visualization((0, 1), (1, 1), 0, 1), (0, 0))
    with pytest.raises(InvalidInput, match="must be below maximum"):
        bound(cls, Visualization((0, 0), (0, 0), 1, 1), (0, 0))


def test_what_floats_cannot_hold_is_said():
    tiny = Visualization((F(1, 10**400),), (1,), 0, 1)
    with pytest.raises(InvalidInput, match="beyond the range of floats"):
        bound(function_class("convex"), tiny, np.array([0.5]))
    assert bound(function_class("convex"), tiny, (F(1, 2),)).interval.lower == 0
    huge = Visualization((0,), (1,), 0, 10**400)
    with pytest.raises(InvalidInput, match="too large for floats"):
        bound(function_class("black-box"), huge, np.array([0.5]))
    with pytest.raises(InvalidInput, match="too large for floats"):
        bound(Lipschitz(10**300, "l1"), Visualization((0,), (1,), 0, 1), np.array([0.5]))


def test_convex_about_the_origin_is_exact_in_floats():
    """No rounding there, so that an edge is decided."""
    found = bound(function_class("convex"), SQUARE, np.array([0.5, 0.25]))
    assert found["side"].answer == "min" and found["approx"].decidable is True
    assert isinstance(Gauge.__doc__, str)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, "1e400", "too large for floats"),
        ("-1e300", "1e300", "too large for floats"),
        ("-1e-400", "1e-400", "too small for floats"),
        (0, "5e-324", "too small for floats"),
        ("1e200", "1.0000000000000000001e200", "too small beside m and M"),
        (1, F(2**31 + 1, 2**31), "too small beside m and M"),
    ],
)
@pytest.mark.parametrize("key", ["convex", "affine", "monotone", "black-box", "neuron"])
def test_values_that_floats_do_not_tell_apart_are_refused(key, low, high, words):
    cls = function_class(key, **({"link": "leaky-relu"} if key == "neuron" else {}))
    v = Visualization((0, 0), (1, 1), low, high)
    with pytest.raises(InvalidInput, match=f"{key}: .*{words}.*; ask with exact numbers"):
        bound(cls, v, np.array([[0.25, 0.5]]))
    exact = bound(cls, v, (F(1, 4), F(1, 2)))
    assert v.minimum <= exact.interval.lower < exact.interval.upper <= v.maximum


def test_the_radius_of_floats_is_right_wherever_they_are_taken():
    v = Visualization((0, 0), (1, 1), 1, F(2**29 + 1, 2**29))
    found = bound(function_class("convex"), v, np.array([[0.25, 0.5]]))
    assert found.radius == pytest.approx([0.25], abs=1e-5)
