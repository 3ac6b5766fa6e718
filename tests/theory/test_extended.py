"""The further rows as data and as classes; links; numbers that are no fractions."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import oracles_extended as oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trompe.constructions.strategies import (
    dims,
    members,
    points,
    queries,
    rationals,
    visualizations,
)
from trompe.theory import (
    CLASSES,
    EXTENDED,
    EXTENDED_THEOREMS,
    LINKS,
    TASKS,
    THEOREMS,
    Additive,
    Approx,
    Comparison,
    Exact,
    Form,
    InvalidInput,
    Neuron,
    Neuron1d,
    Side,
    UnknownKey,
    Visualization,
    function_class,
    link,
    row_class,
    theorem,
)
from trompe.theory.computable import LAST_BITS, Computable, Undecided
from trompe.theory.links import LeakyRelu, Sigmoid
from trompe.theory.namespace import EXACT, NumpyNamespace, ObjectNamespace
from trompe.theory.registry import statement_of

F = Fraction
KEYS = list(EXTENDED_THEOREMS)
FLOATS = NumpyNamespace(np.float64)
UNIT = Visualization((0, 0), (1, 1), "1/10", "9/10")


# -- data ------------------------------------------------------------------------------------------------


def test_the_further_rows_are_apart_from_the_tables():
    assert len(CLASSES) == 10
    assert len(THEOREMS) == 30
    assert not set(CLASSES) & set(EXTENDED)
    assert [f"{row}/{task}" for row in EXTENDED for task in TASKS] == KEYS
    assert {t.paper for t in EXTENDED_THEOREMS.values()} == {None}
    assert all("the paper's table has no such row" in t.source for t in EXTENDED_THEOREMS.values())
    assert all("ICML" in t.source for t in THEOREMS.values())


@pytest.mark.parametrize("key", KEYS)
def test_every_statement_names_what_it_quantifies_over(key):
    cell = theorem(key)
    assert (cell.key, f"{cell.row}/{cell.task}") == (key, key)
    for text in (cell.statement, cell.latex):
        assert re.search(r"\bd (>=|=|\\ge) ?[12]|\$d(\\ge ?|=) ?[12]", text), "d"
        assert "[0,1]" in text
        assert re.search(r"\bx\b", text)
        assert text.endswith(".")
        assert "{eps}" not in text
    assert ("m < M" in cell.statement) or ("s < t" in cell.statement)
    if cell.task == "approx":
        assert "eps" in cell.statement
        assert r"\varepsilon" in cell.latex
    if cell.form is Form.IMPOSSIBLE:
        assert "no decoder" in cell.statement
        assert "only minimiser" in cell.statement


@pytest.mark.parametrize("key", KEYS)
def test_latex_is_well_formed(key):
    latex = theorem(key).latex
    assert latex.count("$") % 2 == 0
    bare = re.sub(r"\\[{}]", "", latex)
    assert bare.count("{") == bare.count("}")
    for i, piece in enumerate(latex.split("$")):
        if i % 2 == 0:
            assert "\\" not in piece
            assert not re.search(r"[_^]|<=|>=", piece)


def test_statements_and_hashes_are_all_different():
    everything = {**THEOREMS, **EXTENDED_THEOREMS}
    for values in (
        {t.statement for t in everything.values()},
        {t.sha256 for t in everything.values()},
    ):
        assert len(values) == 42


def test_lookups_know_both_and_name_the_nearest():
    assert theorem("monotone/side") is THEOREMS["monotone/side"]
    assert theorem("additive/side") is EXTENDED_THEOREMS["additive/side"]
    assert row_class("neuron") is EXTENDED["neuron"]
    assert row_class("convex") is CLASSES["convex"]
    assert statement_of("neuron").key == "neuron"
    assert isinstance(function_class("neuron", link="tanh"), Neuron)
    with pytest.raises(UnknownKey, match=r"did you mean .*additive/exact"):
        theorem("additiv/exact")
    with pytest.raises(UnknownKey, match=r"did you mean .*monotone/exact"):
        theorem("monoton/exact")
    with pytest.raises(UnknownKey, match=r"did you mean .*lipschitz-unknown"):
        row_class("lipschitz-unknow")


def test_membership_is_a_representation_not_a_law():
    for row in EXTENDED:
        with pytest.raises(TypeError, match=row):
            function_class(row).law(Comparison(0, 0), EXACT)


# -- what is refused -------------------------------------------------------------------------------------

BAD = [
    (lambda: Neuron("sigmod"), UnknownKey, "unknown link 'sigmod'; did you mean sigmoid"),
    (
        lambda: Neuron("leaky-relu", slope=1),
        InvalidInput,
        r"slope = 1; expected a number in \(0, 1\)",
    ),
    (lambda: Neuron("leaky-relu", slope="0"), InvalidInput, "slope = 0"),
    (lambda: function_class("additive", link="tanh"), InvalidInput, "additive: .*link"),
    (
        lambda: Neuron().envelope(Visualization((0, 0), (1, 1), 0, "1/2"), (0, 1)),
        InvalidInput,
        r"neuron: minimum = 0 lies outside \(0, 1\), the values of sigmoid; .* not rounded",
    ),
    (
        lambda: Neuron("tanh").envelope(Visualization((0, 0), (1, 1), 0, 1), (0, 1)),
        InvalidInput,
        r"maximum = 1 lies outside \(-1, 1\), the values of tanh",
    ),
    (
        lambda: Neuron("softplus").envelope(Visualization((0, 0), (1, 1), -1, 1), (0, 1)),
        InvalidInput,
        r"minimum = -1 lies outside \(0, oo\), the values of softplus",
    ),
    (
        lambda: Neuron().envelope(Visualization(("1/2", 0), (1, 1), "1/4", "1/2"), (0, 1)),
        InvalidInput,
        r"neuron: argmin \(1/2, 0\); a neuron with unique extremes has it at the corner \(0, 0\)",
    ),
    (
        lambda: Neuron().envelope(Visualization((0, 0), ("1/2", 1), "1/4", "1/2"), (0, 1)),
        InvalidInput,
        r"neuron: argmax \(1/2, 1\) is not a corner",
    ),
    (lambda: Neuron().check_dim(1), InvalidInput, "neuron: d = 1; this row is about d >= 2"),
    (lambda: Neuron1d().check_dim(2), InvalidInput, "neuron-1d: d = 2; this row is about d = 1"),
    (
        lambda: Neuron1d().envelope(Visualization(["1/2"], [1], "1/4", "1/2"), ["1/3"]),
        InvalidInput,
        r"neuron-1d: argmin \(1/2\) is not a corner",
    ),
    (
        lambda: Neuron1d().envelope(Visualization([0], [1], "1/4", 1), ["1/3"]),
        InvalidInput,
        "neuron-1d: maximum = 1 lies outside",
    ),
    (
        lambda: Additive().envelope(Visualization(("1/2", 0), ("1/2", 1), 0, 1), (0, 1)),
        InvalidInput,
        r"additive: argmin and argmax share coordinate 0 \(it is 1/2\)",
    ),
]


@pytest.mark.parametrize(("ask", "error", "words"), BAD)
def test_bad_input_is_one_clear_line(ask, error, words):
    with pytest.raises(error, match=words) as caught:
        ask()
    assert "\n" not in str(caught.value)


# -- envelopes -------------------------------------------------------------------------------------------


@st.composite
def asked(draw, row):
    h = draw(dims(row).flatmap(lambda dim: members(row, dim)))
    return h, [draw(points(h.v.dim)) for _ in range(2)]


@pytest.mark.parametrize("row", list(EXTENDED))
@given(data=st.data())
def test_no_member_leaves_its_envelope_and_members_have_what_they_show(row, data):
    h, zs = data.draw(asked(row))
    h.cls.check_visualization(h.v)
    assert (h(h.v.argmin), h(h.v.argmax)) == (h.v.minimum, h.v.maximum)
    for z in zs:
        fibre = h.cls.envelope(h.v, z)
        assert h(z) in fibre
        if z not in (*h.v.argmin_set, *h.v.argmax_set) and h.v.range:
            assert h.v.minimum < h(z) < h.v.maximum
    if row == "additive":
        assert oracles.is_additive(h, *zs)


@pytest.mark.parametrize("row", ["lipschitz-unknown", "additive"])
@given(data=st.data())
def test_the_free_rows_know_nothing_but_what_is_shown(row, data):
    cls = function_class(row)
    v = data.draw(visualizations(cls, data.draw(dims(row))))
    x = data.draw(queries(cls, v))
    fibre = cls.envelope(v, x)
    assert (fibre.lower, fibre.upper) == (v.minimum, v.maximum)
    assert cls.envelope(v, v.argmin).upper == v.minimum
    assert cls.envelope(v, v.argmax).lower == v.maximum


@given(data=st.data())
def test_the_envelope_of_a_neuron_is_the_oracles(data):
    h, (x, _) = data.draw(asked("neuron"))
    fibre = h.cls.envelope(h.v, x)
    low, high = oracles.neuron_ends(
        h.cls.link, h.v.minimum, h.v.maximum, h.v.argmin, x, h.cls.slope
    )
    assert oracles.close(fibre.lower, low)
    assert oracles.close(fibre.upper, high)
    shares = {abs(xk - ak) for xk, ak in zip(x, h.v.argmin, strict=True)}
    assert (fibre.lower == fibre.upper) == (len(shares) == 1)
    assert Exact().decidable(fibre, h.v) == (len(shares) == 1)


def test_the_side_border_is_not_at_the_centre_of_the_box():
    """The condition is about the midrange of the values, not of what goes into the link."""
    v = Visualization((0, 0), (1, 1), "1/10", "1/2")
    fibre = Neuron().envelope(v, ("1/2", "1/2"))
    assert fibre.lower == fibre.upper == F(1, 4)  # odds 1/9 and 1: 1/3 half-way
    assert fibre.upper < v.mid
    near = Neuron().envelope(v, ("1/2", "11/20"))
    assert Side().decidable(near, v)
    affine = function_class("affine").envelope(v, ("9/20", "11/20"))
    assert not Side().decidable(affine, v)


def test_a_borderline_task_is_decided_exactly():
    """H(1/2) - H(0) = R/2 exactly: at eps = 1/4 the task is just decidable."""
    v = Visualization((0, 0), (1, 1), "1/4", "3/4")
    fibre = Neuron().envelope(v, (0, "1/2"))
    assert (fibre.lower, fibre.upper) == (F(1, 4), F(1, 2))
    assert Approx("1/4").decidable(fibre, v)
    assert not Approx("249/1000").decidable(fibre, v)
    assert Side().decidable(fibre, v)


def test_close_calls_are_decided_however_close():
    v = Visualization((0, 0), (1, 1), "1/4", "3/4")
    for tiny in (F(1, 10**30), F(1, 10**300)):
        fibre = Neuron().envelope(v, (F(1, 2) - tiny, F(1, 2) + tiny))
        assert not Exact().decidable(fibre, v)
        assert not Side().decidable(fibre, v)
        assert fibre.lower < F(1, 2) < fibre.upper


# -- links -----------------------------------------------------------------------------------------------


@st.composite
def between(draw):
    key = draw(st.sampled_from(sorted(LINKS)))
    low, high = oracles.RANGES[key]
    low, high = (-3 if low is None else low), (3 if high is None else high)
    m = draw(rationals(low, high, strict=True))
    M = draw(rationals(m, high, strict=True))
    return link(key, F(1, 7)), m, M, draw(rationals())


@given(between())
def test_values_between_two_are_the_oracles_exactly_and_in_floats(drawn):
    h, m, M, share = drawn
    expected = oracles.at_share(h.key, m, M, share, F(1, 7))
    exact = h.between(m, M, share, EXACT)
    assert oracles.close(exact, expected)
    floats = h.between(float(m), float(M), np.array([float(share)]), FLOATS)
    assert oracles.close(floats[0], expected, 11)
    assert h.between(m, M, F(0), EXACT) == m
    assert h.between(m, M, F(1), EXACT) == M
    assert (m < exact < M) == (0 < share < 1)


@given(between(), rationals())
def test_values_between_two_increase_strictly(drawn, other):
    h, m, M, share = drawn
    at_share, at_other = (h.between(m, M, u, EXACT) for u in (share, other))
    assert (at_share < at_other) == (share < other)
    assert (at_share == at_other) == (share == other)


@given(st.sampled_from(["sigmoid", "tanh"]), st.data())
def test_rational_values_are_fractions_and_only_those(key, data):
    """Odds p and p r^n: at the share k/n the odds are p r^k."""
    p, r = (data.draw(rationals(0, 3, strict=True)) for _ in range(2))
    n = data.draw(st.integers(2, 5))
    k = data.draw(st.integers(1, n - 1))

    def value(odds):
        return odds / (1 + odds) if key == "sigmoid" else (odds - 1) / (odds + 1)

    exact = link(key).between(value(p), value(p * r**n), F(k, n), EXACT)
    assert isinstance(exact, Fraction)
    assert exact == value(p * r**k)
    other = link(key).between(value(p), value(p * r), F(k, n), EXACT)
    assert isinstance(other, Fraction) == oracles.is_perfect_power(r, F(k, n).denominator)


def test_every_link_says_what_it_is():
    for key, kind in LINKS.items():
        h = link(key)
        assert isinstance(h, kind)
        assert h.key == key
        assert "t" in h.formula
        low, high = oracles.RANGES[key]
        assert (h.low, h.high) == (low, high)
        assert [h.has(F(q)) for q in (-2, 0, F(1, 2), 1, 2)] == [
            (low is None or q > low) and (high is None or q < high) for q in (-2, 0, F(1, 2), 1, 2)
        ]
    assert link("softplus").range_text == "(0, oo)"
    assert link("leaky-relu").range_text == "(-oo, oo)"


def test_floats_do_not_overflow_and_the_end_of_the_range_is_refused():
    h = Sigmoid()
    shares = np.linspace(0, 1, 5)
    values = h.between(1e-300, 1 - 1e-16, shares, FLOATS)
    assert np.all(np.diff(values) > 0)
    assert np.isfinite(values).all()
    softplus = link("softplus").between(1e-300, 1e3, shares, FLOATS)
    assert np.isfinite(softplus).all()
    with pytest.raises(InvalidInput, match=r"sigmoid: the shown value 1.0 lies at the end"):
        h.between(np.float32(0.5), np.float32(1 - 1e-12), shares, FLOATS)


def test_a_smooth_link_is_no_network_and_no_solver_term():
    terms = ObjectNamespace(Fraction, max, min, abs)
    with pytest.raises(InvalidInput, match=r"sigmoid: .* no ReLU network computes this"):
        Sigmoid().between(F(1, 4), F(1, 2), F(1, 3), terms)
    assert LeakyRelu("1/2").between(F(-1), F(1), F(1, 2), terms) == F(-1, 4)


# -- numbers that are no fractions -------------------------------------------------------------------------


def _root(q):
    """The square root of a fraction, as a Computable."""
    return Computable(lambda iv: iv.sqrt(iv.mpf(q.numerator) / iv.mpf(q.denominator)), ("root", q))


@given(rationals(0, 3, strict=True), rationals(0, 3, strict=True), rationals(-2, 2, strict=True))
def test_arithmetic_and_order_are_those_of_the_reals(p, q, c):
    """Every comparison against the squares, which are fractions."""
    a, b = _root(p), _root(q)
    if p != q:
        assert (a < b) == (p < q)
        assert (a > b) == (p > q)
        assert (b - a > 0) == (q > p)
        assert a != b
    else:
        assert a == b
        assert a <= b <= a
        assert a - b == 0
    if p != c * c:
        assert (a < c) == (c > 0 and p < c * c)
        assert (c < a) == (not (c > 0 and p < c * c))
        assert a != c
    for value, expected in (
        (a + b, float(p) ** 0.5 + float(q) ** 0.5),
        (a * b, (float(p) * float(q)) ** 0.5),
        (a - c, float(p) ** 0.5 - float(c)),
        (c - a, float(c) - float(p) ** 0.5),
        (a / b, (float(p) / float(q)) ** 0.5),
        (-a + 2 * b, 2 * float(q) ** 0.5 - float(p) ** 0.5),
        (abs(-a), float(p) ** 0.5),
        (c * a, float(c) * float(p) ** 0.5),
    ):
        assert float(value) == pytest.approx(expected, rel=1e-14, abs=1e-14)
    assert hash(_root(p)) == hash(a)


def test_differences_keep_their_digits():
    """The root of 2 against its own decimals: nothing is lost where almost everything cancels."""
    digits = Decimal(2).sqrt()
    gap = _root(F(2)) - F(digits)
    assert float(gap) == pytest.approx(float(2 - F(digits) ** 2) / 2 / float(digits), rel=1e-12)


def test_what_cannot_be_told_apart_is_refused_not_guessed():
    squared = _root(F(2)) * _root(F(2))
    with pytest.raises(Undecided, match=f"agree to {LAST_BITS} bits, but may differ"):
        squared <= 2  # noqa: B015
    assert issubclass(Undecided, InvalidInput)
    assert issubclass(Undecided, TypeError)
    with pytest.raises(TypeError):
        _root(F(2)) + "1"
    assert _root(F(2)) != "1"
    assert str(_root(F(2))) == "1.41421356237..."
