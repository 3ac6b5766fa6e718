"""Every refusal of the theory says what was wrong, with which value, and what to do."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trompe.constructions.strategies import rationals
from trompe.theory import (
    CLASSES,
    Approx,
    Dataset,
    EmpiricalRiskMinimizer,
    InvalidInput,
    Lipschitz,
    MissingDependency,
    QueryShown,
    Side,
    TrompeError,
    UnknownKey,
    Visualization,
    as_eps,
    as_eta,
    as_number,
    as_point,
    function_class,
    show,
    task,
)
from trompe.theory.functionals import metric
from trompe.theory.namespace import EXACT, ObjectNamespace

F = Fraction
UNIT = Visualization((0, 0), (1, 1), 0, 1)


# -- numbers and points ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (math.nan, "n = nan is not finite"),
        (math.inf, "n = inf is not finite"),
        (-math.inf, "n = -inf is not finite"),
        (Decimal("NaN"), "is not finite"),
        (Decimal("Infinity"), "is not finite"),
        (np.float32("nan"), "is not finite"),
        ("nan", "n = 'nan' is not a number; write it as 3, 0.25 or 1/4"),
        ("", "is not a number; write it as"),
        ("half", "n = 'half' is not a number; write it as"),
        ("1/0", "n = '1/0' is not a number; write it as"),
        (True, "n = True is a truth value, not a number"),
        (None, "n = None is not a number; expected int, Fraction, float or str"),
        (1j, "is not a number; expected int, Fraction, float or str"),
        ([1], r"n = \[1\] is not a number"),
        ("1e999999999", "n = 1e999999999 has more than 1000 digits; expected a shorter number"),
        ("-1E-5_000", "has more than 1000 digits"),
        ("1e99999999999999999999999999", "has more than 1000 digits"),
        ("1" * 1001, r"n = 1{37}\.\.\. has more than 1000 digits"),
        (Decimal("1e999999"), "has more than 1000 digits"),
        (Decimal("1e-999999"), "has more than 1000 digits"),
    ],
)
def test_not_a_number(value, words):
    with pytest.raises(InvalidInput, match=words):
        as_number(value, "n")


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("0.1", F(1, 10)),
        (" 1/10 ", F(1, 10)),
        ("1e-2", F(1, 100)),
        ("1e900", F(10**900)),
        (0.5, F(1, 2)),
        (0.1, F(3602879701896397, 2**55)),
        (Decimal("0.1"), F(1, 10)),
        (3, F(3)),
        (np.int64(3), F(3)),
        (np.float32(0.25), F(1, 4)),
    ],
)
def test_what_counts_as_a_number(value, exact):
    assert as_number(value) == exact
    assert type(as_number(value)) is Fraction


@given(st.fractions())
def test_numbers_survive_writing(q):
    assert as_number(str(q)) == as_number(q) == q


@pytest.mark.parametrize(
    ("values", "dim", "words"),
    [
        ((), None, r"p = \(\) has no coordinates; a point needs d >= 1"),
        ("01", None, "p = '01' is not a point; expected a sequence of numbers"),
        (b"01", None, "is not a point; expected a sequence"),
        (7, None, "p = 7 is not a point; expected a sequence"),
        ((0, 1), 3, "p has 2 coordinates; expected 3"),
        (
            ("3/2", 0),
            2,
            r"p = \(3/2, 0\) lies outside \[0, 1\]\^2 \(coordinate 0 is 3/2\); scale your inputs to the unit box",
        ),
        ((0, -1), 2, r"coordinate 1 is -1\); scale"),
        ((0.0, math.nan), 2, r"p\[1\] = nan is not finite"),
        ([2] + [0] * 20, None, r"^p lies outside \[0, 1\]\^21 \(coordinate 0 is 2\)"),
    ],
)
def test_not_a_point(values, dim, words):
    with pytest.raises(InvalidInput, match=words):
        as_point(values, "p", dim)


def test_points_of_numpy_arrays():
    assert as_point(np.array([0.5, 1.0])) == (F(1, 2), F(1))


def test_long_points_are_cut_in_the_middle():
    assert show((F(1, 2), F(0))) == "(1/2, 0)"
    assert show((F(0),) * 9) == "(0, 0, 0, ..., 0, 0; d = 9)"


@pytest.mark.parametrize("eps", [0, "1/2", 1, -1, 0.75])
def test_eps_outside(eps):
    words = r"eps = .* lies outside \(0, 1/2\); at 1/2 the midrange, where it is shown, is right on every class"
    with pytest.raises(InvalidInput, match=words):
        as_eps(eps)
    with pytest.raises(InvalidInput, match=words):
        Approx(eps)


@pytest.mark.parametrize("eta", [0, 1, "-1/2", 2])
def test_eta_outside(eta):
    with pytest.raises(
        InvalidInput, match=r"eta = .* lies outside \(0, 1\); .* needs a share of both"
    ):
        as_eta(eta)


@given(rationals(0, F(1, 2), strict=True))
def test_eps_inside(eps):
    assert as_eps(eps) == Approx(eps).eps == eps


# -- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: function_class("monoton"), "unknown row 'monoton'; did you mean monotone"),
        (lambda: function_class("lipshitz"), "unknown row 'lipshitz'; did you mean lipschitz"),
        (
            lambda: function_class("zzz"),
            "unknown row 'zzz'; known: additive, affine, affine-1d, black-box",
        ),
        (lambda: task("sides"), "unknown task 'sides'; did you mean side"),
        (lambda: task("qq"), "unknown task 'qq'; known: approx, exact, side"),
        (lambda: metric("l3"), "unknown metric 'l3'; did you mean l"),
        (lambda: Lipschitz(1, "zzz"), "unknown metric 'zzz'; known: l1, l2, linf"),
    ],
)
def test_unknown_keys_get_a_hint(ask, words):
    with pytest.raises(UnknownKey, match=words):
        ask()


def test_errors_have_one_base_and_the_builtin_one():
    assert issubclass(InvalidInput, (TrompeError, ValueError))
    assert issubclass(QueryShown, InvalidInput)
    assert issubclass(UnknownKey, KeyError)
    assert issubclass(MissingDependency, ImportError)
    assert str(UnknownKey("row", "x", ["y"])) == "unknown row 'x'; known: y"


def test_parameters_that_a_class_has_not():
    with pytest.raises(InvalidInput, match=r"monotone: .*constant"):
        function_class("monotone", constant=2)
    assert function_class("lipschitz", constant="1/2", metric="l2") == Lipschitz(F(1, 2), "l2")


@pytest.mark.parametrize("L", [0, -1, "-1/2"])
def test_lipschitz_constant_not_positive(L):
    with pytest.raises(InvalidInput, match=r"lipschitz: Lipschitz constant = .*; expected L > 0"):
        Lipschitz(L)


def test_lipschitz_constant_not_a_number():
    with pytest.raises(InvalidInput, match="Lipschitz constant = inf is not finite"):
        Lipschitz(math.inf)


# -- visualizations ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((0,), (1,), 2, 1), "minimum = 2 exceeds maximum = 1; expected m <= M"),
        (
            ((0,), (0,), 0, 1),
            r"argmin = argmax = \(0\), but minimum = 0 < maximum = 1; a point has one value",
        ),
        (((0,), (1, 1), 0, 1), "argmax has 2 coordinates; the first argmin has 1"),
        ((([0], [0, 1]), (1,), 0, 1), "argmin has 2 coordinates; the first argmin has 1"),
        (((2,), (1,), 0, 1), r"argmin = \(2\) lies outside .* scale your inputs"),
        (((), (1,), 0, 1), "argmin = .* has no coordinates"),
        ((3, (1,), 0, 1), "argmin = 3 is not a point"),
        (((0,), "1", 0, 1), "argmax = '1' is not a point"),
        (((0,), (1,), math.nan, 1), "minimum = nan is not finite"),
        (((0,), (1,), 0, "top"), "maximum = 'top' is not a number"),
    ],
)
def test_not_a_visualization(arguments, words):
    with pytest.raises(InvalidInput, match=words):
        Visualization(*arguments)


@pytest.mark.parametrize(
    ("row", "v", "words"),
    [
        ("affine", Visualization([0], [1], 0, 1), "affine: d = 1; this row is about d >= 2"),
        ("affine-1d", UNIT, "affine-1d: d = 2; this row is about d = 1"),
        (
            "black-box",
            Visualization([0], [1], 1, 1),
            "black-box: minimum = 1 must be below maximum = 1",
        ),
        ("convex", Visualization([0], [1], 1, 1), "minimum = 1 must be below maximum = 1"),
        (
            "black-box",
            Visualization([[0], ["1/2"]], [1], 0, 1),
            "2 minimisers and 1 maximisers are shown; .*give one point per extreme",
        ),
        (
            "monotone",
            Visualization((1, 1), (0, 0), 0, 1),
            r"a monotone function with unique extremes has them at \(0",
        ),
        ("monotone", Visualization((0, 0), (1, 0), 0, 1), r"argmax \(1, 0\); a monotone"),
        (
            "convex",
            Visualization((0, 0), (1, "1/2"), 0, 1),
            r"argmax \(1, 1/2\) is not a corner of the box \(coordinate 1 is 1/2\); a unique maximiser",
        ),
        ("affine", Visualization((0, 0), ("1/2", 1), 0, 1), "is not a corner of the box"),
        (
            "affine",
            Visualization((0, 0), (1, 0), 0, 1),
            r"at the corner \(0, 1\) opposite to the argmax",
        ),
        (
            "affine-1d",
            Visualization(["1/2"], [1], 0, 1),
            r"argmin \(1/2\) is not a corner of the box",
        ),
        (
            "constant",
            Visualization([0], [1], 0, 1),
            "minimum = 0 and maximum = 1 differ; a constant has one value",
        ),
    ],
)
def test_no_member_has_this_visualization(row, v, words):
    cls = CLASSES[row]()
    with pytest.raises(InvalidInput, match=words):
        cls.check_visualization(v)
    with pytest.raises(InvalidInput, match=words):
        cls.envelope(v, v.argmin)


@pytest.mark.parametrize(
    ("L", "key", "words"),
    [
        (
            "49/100",
            "l1",
            r"L = 49/100 is below R/\|a-b\| = 1/\(2\) in l1; no member .* give L at least that large",
        ),
        ("99/100", "linf", r"R/\|a-b\| = 1/\(1\) in linf"),
        ("7/10", "l2", r"R/\|a-b\| = 1/\(sqrt\(2\)\) in l2"),
    ],
)
def test_lipschitz_constant_too_small_for_what_is_shown(L, key, words):
    with pytest.raises(InvalidInput, match=words):
        Lipschitz(L, key).envelope(UNIT, ("1/2", "1/2"))


def test_lipschitz_constant_just_large_enough():
    Lipschitz("1/2", "l1").check_visualization(UNIT)
    Lipschitz("1", "linf").check_visualization(UNIT)
    Lipschitz("71/100", "l2").check_visualization(UNIT)


# -- queries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ["black-box", "monotone", "convex", "affine", "neural-network"])
@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (
            (0, 0),
            QueryShown,
            r"query \(0, 0\) is shown, its value is 0; choose a point that is neither",
        ),
        ((1, 1), QueryShown, r"query \(1, 1\) is shown, its value is 1; choose a point"),
        (("3/2", 0), InvalidInput, "query = .* lies outside .* scale your inputs to the unit box"),
        ((0,), InvalidInput, "query has 1 coordinates; expected 2"),
        (("1/2", math.nan), InvalidInput, r"query\[1\] = nan is not finite"),
        ("ab", InvalidInput, "query = 'ab' is not a point"),
    ],
)
def test_not_a_query(row, x, error, words):
    with pytest.raises(error, match=words):
        CLASSES[row]().check_query(UNIT, x)


def test_a_query_outside_has_no_envelope_either():
    with pytest.raises(InvalidInput, match=r"query = .* lies outside"):
        CLASSES["convex"]().envelope(UNIT, (2, 0))


# -- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "labels", "words"),
    [
        ([[0], [1]], [1], "data: 2 inputs but 1 labels"),
        ([[0], [0, 1]], [1, 2], r"inputs\[1\] has 2 coordinates; inputs\[0\] has 1"),
        (
            [["1/2"], [0], ["1/2"]],
            [1, 2, 3],
            r"inputs\[0\] and inputs\[2\] are both \(1/2\) .* Dataset.reduced",
        ),
        ([[3]], [1], r"inputs\[0\] = \(3\) lies outside"),
        ([[0]], ["y"], r"labels\[0\] = 'y' is not a number"),
    ],
)
def test_not_a_data_set(inputs, labels, words):
    with pytest.raises(InvalidInput, match=words):
        Dataset(inputs, labels)


def test_data_sets_keep_each_input_once():
    assert len(Dataset([[0], ["0"], [1]], [1, 1, 2])) == 2
    reduced = Dataset.reduced([[0], [1], [0]], [1, 5, 2])
    assert reduced.inputs == ((F(0),), (F(1),))
    assert reduced.labels == (F(3, 2), F(5))
    assert reduced.label_of((F(1, 3),)) is None
    assert len(Dataset()) == 0


@pytest.mark.parametrize("lengths", [([[0]], []), ([], [1])])
def test_reduced_data_need_as_many_labels(lengths):
    with pytest.raises(ValueError, match=r"shorter|longer|labels"):
        Dataset.reduced(*lengths)


@pytest.mark.parametrize(
    ("inputs", "labels", "words"),
    [
        (
            [["1/2", 0]],
            [1],
            r"labels\[0\] = 1 lies outside \(0, 1\), .* widen the range or drop the point",
        ),
        ([["1/2", 0]], [0], r"labels\[0\] = 0 lies outside"),
        ([["1/2"]], ["1/2"], r"inputs\[0\] has 1 coordinates; the visualization has 2"),
        ([[0, 0]], ["1/2"], r"inputs\[0\] = \(0, 0\) is a shown extreme but its label 1/2"),
    ],
)
def test_data_that_no_minimiser_with_this_visualization_fits(inputs, labels, words):
    with pytest.raises(InvalidInput, match=words):
        EmpiricalRiskMinimizer(Dataset(inputs, labels)).check_visualization(UNIT)


def test_a_training_input_is_shown():
    cls = EmpiricalRiskMinimizer(Dataset([["1/2", 0]], ["1/3"]))
    with pytest.raises(
        QueryShown, match=r"query \(1/2, 0\) is shown, its value is 1/3; choose .* training input"
    ):
        cls.check_query(UNIT, ("1/2", 0))


# -- tasks, namespaces ----------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["middle", 1, None])
def test_side_answers(answer):
    with pytest.raises(InvalidInput, match=r'side answer = .*; expected "min" or "max"'):
        Side().right(answer, F(0), UNIT)


def test_networks_have_no_law():
    with pytest.raises(TypeError, match="membership is a representation"):
        CLASSES["neural-network"]().law(None, EXACT)


def test_a_namespace_without_roots_says_so():
    bare = ObjectNamespace(F, max, min, abs)
    with pytest.raises(TypeError, match="has no square roots; the l2 metric needs them"):
        bare.sqrt(np.array([F(2)], dtype=object))
