"""The members that attain a bound with exemplars: laws, shown values, extremes, ends; planted faults are seen."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from trompe.constructions.exemplars import ConeTriple, excess, exemplar_triple, flat
from trompe.constructions.strategies import dims, members, points
from trompe.theory import InvalidInput, QueryShown, Visualization, function_class
from trompe.theory.bounds import bound
from trompe.theory.bounds.unshown import WithoutExemplars
from trompe.theory.namespace import EXACT

F = Fraction
WITH_LAW = ("lipschitz", "monotone", "convex", "affine")
ROWS = (*WITH_LAW, "black-box", "erm", "neural-network", "piecewise-affine")


@st.composite
def questions(draw, row, max_dim=3):
    """A member, exemplars with its values, and a query that is not shown."""
    dim = draw(dims(row, max_dim))
    h = draw(members(row, dim))
    spots = draw(st.lists(points(dim), min_size=1, max_size=3, unique=True))
    x = draw(points(dim))
    training = getattr(h.cls, "data", None)
    known = {h.v.argmin, h.v.argmax, *(training.inputs if training else ())}
    assume(x not in known | set(spots))
    return h, [(p, h(p)) for p in spots], x


def triple_faults(t, exemplars, bounds, zs):
    """What is wrong with a triple at these points; nothing for a right one."""
    v, faults = t.v, []
    functions = {"U": t.upper, "W": t.lower, "B": t.strict}
    for name, f in functions.items():
        shown = [*exemplars, (v.argmin, v.minimum), (v.argmax, v.maximum)]
        faults += [f"{name} at {p}" for p, y in shown if f(p) != y]
        faults += [f"{name} leaves [m, M]" for z in zs if not v.minimum <= f(z) <= v.maximum]
        faults += [f"{name}: law" for y, z in pairwise(zs) if not _law(t.cls, f, y, z)]
    faults += [f"B is m at {z}" for z in zs if z != v.argmin and t.strict(z) == v.minimum]
    faults += [f"B is M at {z}" for z in zs if z != v.argmax and t.strict(z) == v.maximum]
    if (t.lower(t.x), t.upper(t.x)) != (bounds.lower, bounds.upper):
        faults.append("ends")
    return faults


def _law(cls, f, y, z):
    if cls.key == "lipschitz":
        return bool(abs(f(y) - f(z)) <= cls.constant * cls.distance(y, z))
    if cls.key == "monotone":
        low = tuple(map(min, y, z))
        return f(low) <= f(y) and f(low) <= f(z)
    if cls.key in ("convex", "affine"):
        middle = tuple((2 * yi + zi) / 3 for yi, zi in zip(y, z, strict=True))
        chord = (2 * f(y) + f(z)) / 3
        return f(middle) <= chord if cls.key == "convex" else f(middle) == chord
    return True


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=15)
@given(data=st.data())
def test_the_triple_fits_and_attains_the_bound(row, data):
    h, exemplars, x = data.draw(questions(row))
    found = bound(h.cls, h.v, x, exemplars).interval
    t = exemplar_triple(h.cls, h.v, x, exemplars)
    zs = [
        *product((F(0), F(1)), repeat=h.v.dim),
        *data.draw(st.lists(points(h.v.dim), max_size=3)),
        x,
    ]
    assert triple_faults(t, exemplars, found, zs) == []
    assert found.lower <= h(x) <= found.upper
    f, g = t.pair().f, t.pair().g
    for p, y in exemplars:
        assert f(p) == g(p) == y
    assert f(x) - g(x) == F(9, 10) * (found.upper - found.lower)


@pytest.mark.parametrize("row", ["lipschitz", "monotone"])
@settings(max_examples=15)
@given(data=st.data())
def test_an_end_strictly_inside_is_attained(row, data):
    """The strict member of the question in which the end itself is shown at x."""
    h, exemplars, x = data.draw(questions(row, max_dim=2))
    found = bound(h.cls, h.v, x, exemplars).interval
    for end in (found.lower, found.upper):
        if isinstance(end, F) and h.v.minimum < end < h.v.maximum:
            z = tuple((xi + F(1, 2)) / 2 for xi in x)
            extended = [*exemplars, (x, end)]
            assume(z != x and z not in (h.v.argmin, h.v.argmax, *(p for p, _ in exemplars)))
            t = exemplar_triple(h.cls, h.v, z, extended)
            assert t.strict(x) == end
            assert all(t.strict(p) == y for p, y in exemplars)


def test_affine_ends_are_approached_only():
    """Weights are positive, so no member has the end itself where the ends differ."""
    v = Visualization((0, 0, 0), (1, 1, 1), 0, 1)
    exemplars = [(("1/2", "1/4", 0), "1/4")]
    x = ("1/4", "1/4", "1/2")
    found = bound(function_class("affine"), v, x, exemplars).interval
    assert found.lower < found.upper
    for end in (found.lower, found.upper):
        with pytest.raises(InvalidInput, match="strictly between"):
            bound(function_class("affine"), v, x, [*exemplars, (x, end)])
    t = exemplar_triple(function_class("affine"), v, x, exemplars)
    for eta in (F(1, 10), F(1, 1000)):
        pair = t.pair(eta)
        assert found.lower < pair.g_x < pair.f_x < found.upper
        assert pair.gap == (1 - eta) * (found.upper - found.lower)


@st.composite
def leaky_neurons(draw):
    """A leaky ReLU of positive weights seen from a corner, its visualization, and the neuron itself."""
    d, slope = draw(st.integers(2, 3)), F(1, draw(st.integers(2, 5)))
    b = tuple(F(draw(st.integers(0, 1))) for _ in range(d))
    start, rise = F(draw(st.integers(-9, 3)), 3), F(draw(st.integers(1, 9)), 2)
    raw = [draw(st.integers(1, 5)) for _ in range(d)]

    def link(t):
        return t if t >= 0 else slope * t

    def neuron(z):
        seen = (zi if bi else 1 - zi for zi, bi in zip(z, b, strict=True))
        return link(start + rise * sum(w * zi for w, zi in zip(raw, seen, strict=True)) / sum(raw))

    a = tuple(1 - bi for bi in b)
    v = Visualization(a, b, link(start), link(start + rise))
    return function_class("neuron", link="leaky-relu", slope=slope), v, neuron, (start, rise)


@settings(max_examples=40)
@given(neuron=leaky_neurons(), data=st.data())
def test_a_leaky_neuron_s_bound_is_attained_and_is_the_linear_program_s(neuron, data):
    cls, v, f, (start, rise) = neuron
    drawn = st.lists(points(v.dim), min_size=2, max_size=4, unique=True)
    x, *spots = (z for z in data.draw(drawn) if z not in (v.argmin, v.argmax))
    exemplars = [(p, f(p)) for p in spots]
    assume(exemplars)
    found = bound(cls, v, x, exemplars).interval
    assert found.lower <= f(x) <= found.upper
    t = exemplar_triple(cls, v, x, exemplars)
    zs = [*product((F(0), F(1, 3), F(1)), repeat=v.dim)]
    assert triple_faults(t, exemplars, found, zs) == []
    pair = t.pair(F(1, 100))
    for z, y in [*exemplars, (v.argmin, v.minimum), (v.argmax, v.maximum)]:
        assert pair.f(z) == pair.g(z) == y
    assert (found.lower < pair.g_x < pair.f_x < found.upper) or found.lower == found.upper

    def seen(z):
        return [float(zi if bi else 1 - zi) for zi, bi in zip(z, v.argmax, strict=True)]

    def pre(y):  # the inverse link, by hand
        return float((y if y >= 0 else y / cls.slope) - start) / float(rise)

    rows, right = [[1.0] * v.dim, *(seen(p) for p in spots)], [1.0, *(pre(y) for _, y in exemplars)]
    for sign, end in ((1, found.lower), (-1, found.upper)):
        solved = linprog([sign * c for c in seen(x)], A_eq=rows, b_eq=right, bounds=(0, 1))
        at = float(start + rise * F(sign * solved.fun))
        assert (at if at >= 0 else float(cls.slope) * at) == pytest.approx(float(end), abs=1e-6)


def test_a_leaky_neuron_s_exemplars_are_checked():
    cls = function_class("neuron", link="leaky-relu", slope="1/4")
    v = Visualization((0, 0), (1, 1), -1, 1)  # pre-activations from -4 to 1
    found = bound(cls, v, ("1/4", "3/4"), [((1, 0), "-1/4")])  # -1 goes in: the share 3/5
    assert found.interval.lower == found.interval.upper == F(-7, 16)  # the share 9/20
    with pytest.raises(
        InvalidInput,
        match=r"every neuron with link leaky-relu of slope 1/4 with .* exactly 0 there",
    ):
        bound(cls, v, (1, 0), [(("4/5", "4/5"), "1/8")])
    with pytest.raises(InvalidInput, match="a value strictly between -13/16 and 0 there"):
        bound(cls, v, (1, 0), [((F(3, 20), "4/5"), "1/8")])
    many = bound(cls, v, np.array([[0.25, 0.75], [0.5, 0.5]]), [((1, 0), "-1/4")])
    assert many.lower.tolist() == pytest.approx([-0.4375, -0.375]) and many.decidable["exact"].all()


def test_one_neuron_of_one_input_can_only_repeat_its_value():
    line = Visualization((0,), (1,), F(1, 5), F(4, 5))
    cls = function_class("neuron-1d")
    found = bound(cls, line, ("1/4",), [(("1/2",), "1/2")])
    assert found.interval == bound(cls, line, ("1/4",)).interval
    with pytest.raises(InvalidInput, match="has the value 1/2 there, and so must the exemplar"):
        bound(cls, line, ("1/4",), [(("1/2",), "1/3")])
    with pytest.raises(
        InvalidInput,
        match=r"has the value 0\.38\S* there, which is irrational; leave the exemplar out",
    ):
        bound(cls, line, ("1/4",), [(("1/3",), "2/5")])


@pytest.mark.parametrize(
    ("row", "why"), [("neuron", "irrational for most values"), ("additive", "ties parts")]
)
def test_why_exemplars_are_not_offered(row, why):
    v = Visualization((0, 0), (1, 1), F(1, 5), F(4, 5))
    with pytest.raises(InvalidInput, match=f"{row}: exemplars are not offered: .*{why}"):
        bound(function_class(row), v, (1, 0), [((0, 1), "1/2")])


@pytest.mark.parametrize("fault", ["steeper", "one cone forgotten"])
def test_a_planted_fault_is_seen(fault, monkeypatch):
    v = Visualization((0, 0), (1, 1), 0, 1)
    cls = function_class("lipschitz", constant=1, metric="l1")
    exemplars = [((F(1, 4), F(1, 4)), F(1, 4)), ((F(3, 4), F(1, 2)), F(3, 4))]
    x = (F(1, 2), F(1, 4))
    zs = [*product((F(0), F(1, 3), F(1)), repeat=2)]
    found = bound(cls, v, x, exemplars).interval
    assert triple_faults(exemplar_triple(cls, v, x, exemplars), exemplars, found, zs) == []

    def damaged(self, features, p, xp):
        away, slope = features.away, p.slope
        if fault == "steeper":
            slope = 2 * slope
        else:
            away = away[:2]
        top = p.high
        for y, e in zip(p.values, away, strict=False):
            top = xp.minimum(top, y + slope * e)
        return top

    monkeypatch.setattr(ConeTriple, "upper", damaged)
    assert triple_faults(exemplar_triple(cls, v, x, exemplars), exemplars, found, zs) != []


@pytest.mark.parametrize("row", WITH_LAW)
def test_floats_and_arrays_agree_with_fractions(row):
    v = Visualization((0, 0), (1, 1), 0, 1)
    cls = function_class(row, **({"constant": 2, "metric": "l1"} if row == "lipschitz" else {}))
    exemplars = [((F(1, 2), F(3, 4)), F(5, 8))]
    t = exemplar_triple(cls, v, (F(1, 4), F(1, 2)), exemplars)
    zs = [(F(i, 8), F(j, 8)) for i in range(9) for j in range(9)]
    many = np.array([[float(c) for c in z] for z in zs])
    for f in (t.upper, t.lower, t.strict):
        assert np.allclose(f(many), [float(f(z)) for z in zs], atol=1e-12)


def test_excess_is_no_metric_but_orders():
    y, z = EXACT.array((F(0), F(1))), EXACT.array((F(1, 2), F(0)))
    assert (excess(y, z, EXACT), excess(z, y, EXACT)) == (1, F(1, 2))
    assert excess(EXACT.array((F(0), F(0))), z, EXACT) == 0


def test_the_flat_unit_is_the_clamped_midrange():
    assert flat(F(0), F(1), F(2), F(1, 8), F(1), EXACT) == F(1, 4)
    assert flat(F(0), F(1), F(2), F(1, 2), F(1, 2), EXACT) == F(1, 2)
    assert flat(F(0), F(1), F(2), F(1), F(1, 8), EXACT) == F(3, 4)


def test_what_has_no_triple_says_so():
    v = Visualization((0, 0), (1, 1), 0, 1)
    p = [((F(1, 2), F(1, 4)), F(1, 3))]
    with pytest.raises(QueryShown, match="is an exemplar; choose another point"):
        exemplar_triple(function_class("monotone"), v, p[0][0], p)
    with pytest.raises(QueryShown):
        exemplar_triple(function_class("monotone"), v, (0, 0), p)
    line = Visualization((0,), (1,), 0, 1)
    with pytest.raises(InvalidInput, match="no fooling pair"):
        exemplar_triple(function_class("affine-1d"), line, (F(1, 3),), [((F(1, 2),), F(1, 2))])
    with pytest.raises(InvalidInput, match="not offered"):
        exemplar_triple(function_class("additive"), v, (F(1, 3), 0), p)


def test_a_class_without_a_bound_with_exemplars_says_why_itself():
    """No subclass can forget the reason."""
    kind = type("Silent", (WithoutExemplars,), {})
    with pytest.raises(TypeError, match=r"abstract.*why"):
        kind(function_class("additive"), Visualization((0, 0), (1, 1), 0, 1), (), ())
