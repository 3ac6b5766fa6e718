"""Every refusal of the constructions says what to do."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from trompe.constructions import (
    CONSTRUCTIONS,
    EXACT_DECODERS,
    constant_value,
    pair_networks,
    triple,
)
from trompe.constructions.catalogue import example
from trompe.constructions.strategies import dims, members, networks
from trompe.theory import (
    CLASSES,
    FunctionClass,
    InvalidInput,
    QueryShown,
    UnknownKey,
    Visualization,
)

F = Fraction
UNIT = Visualization((0, 0), (1, 1), 0, 1)
HALF = ("1/2", "1/2")


def shown(row):
    drawn = example(row, 2)
    return triple(drawn.cls, drawn.v, drawn.x)


@pytest.mark.parametrize("row", list(EXACT_DECODERS))
def test_a_yes_row_has_no_pair(row):
    with pytest.raises(InvalidInput, match=f"{row}: no fooling pair exists, .* see exact_decoder"):
        triple(CLASSES[row](), UNIT, HALF)


def test_a_class_that_is_no_row():
    class Convexe(CLASSES["convex"]):
        key = "convexe"

    with pytest.raises(UnknownKey, match="unknown row 'convexe'; did you mean convex"):
        triple(Convexe(), UNIT, HALF)


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
def test_shown_and_outside_queries(row):
    drawn = example(row, 2)
    for point in (drawn.v.argmin, drawn.v.argmax):
        with pytest.raises(QueryShown, match=r"is shown, its value is .*; choose a point"):
            triple(drawn.cls, drawn.v, point)
    with pytest.raises(InvalidInput, match="scale your inputs to the unit box"):
        triple(drawn.cls, drawn.v, (2, 2))
    with pytest.raises(InvalidInput, match="query has 3 coordinates; expected 2"):
        triple(drawn.cls, drawn.v, (0, 0, "1/2"))


def test_a_training_input_is_no_query():
    drawn = example("erm", 2)
    with pytest.raises(QueryShown, match="training input"):
        triple(drawn.cls, drawn.v, drawn.cls.data.inputs[0])


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
@pytest.mark.parametrize("eta", [0, 1, -1, "3/2"])
def test_eta_outside(row, eta):
    with pytest.raises(InvalidInput, match=r"lies outside \(0, 1\); .* needs a share of both"):
        shown(row).pair(eta)


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
@pytest.mark.parametrize(
    ("z", "words"),
    [
        ((F(1, 2),), r"points of shape \(1,\); expected the last axis to be d = 2"),
        (np.zeros((4, 3)), r"points of shape \(4, 3\); expected the last axis to be d = 2"),
        (np.array(0.5), r"points of shape \(\); expected the last axis"),
        (np.zeros((4, 2), dtype=int), "points of dtype int64; expected float64, float32 or exact"),
        (np.zeros((4, 2), dtype=complex), "points of dtype complex128; expected"),
        ("ab", "points of type str; expected a tuple of numbers, a NumPy array or a tensor"),
        (0.5, "points of type float; expected a tuple"),
        (("a", 0), r"point\[0\] = 'a' is not a number"),
        ((float("nan"), 0), r"point\[0\] = nan is not finite"),
    ],
)
def test_points_that_cannot_be_evaluated(row, z, words):
    pair = shown(row).pair()
    for call in (pair.f, pair.g, pair.triple.upper, pair.triple.strict):
        with pytest.raises(InvalidInput, match=words):
            call(z)


def test_the_decoder_of_constants_wants_one_value():
    with pytest.raises(
        InvalidInput, match="minimum = 0 and maximum = 1 differ; a constant has one"
    ):
        constant_value(UNIT, HALF)
    with pytest.raises(InvalidInput, match="query has 2 coordinates; expected 1"):
        EXACT_DECODERS["affine-1d"](UNIT, HALF)


def test_l2_has_no_exact_network():
    drawn = triple(CLASSES["lipschitz"](F(2), "l2"), UNIT, HALF)
    with pytest.raises(InvalidInput, match="lipschitz: no exact ReLU network: "):
        pair_networks(drawn.pair())


def test_examples_of_unknown_rows_and_dimensions():
    with pytest.raises(UnknownKey, match="unknown row 'monoton'; did you mean monotone"):
        example("monoton")
    with pytest.raises(InvalidInput, match="dim = 0; expected an integer of at least 1"):
        example("convex", 0)


def test_strategies_refuse_what_no_row_is_about():
    for ask in (lambda: members("convx", 2), lambda: dims("convx")):
        with pytest.raises(UnknownKey, match="unknown row 'convx'; did you mean convex"):
            ask()
    with pytest.raises(InvalidInput, match="affine: d = 1; this row is about d >= 2"):
        members("affine", 1)
    with pytest.raises(InvalidInput, match="dim = 0; expected an integer of at least 1"):
        networks(0)


def test_a_class_is_an_interface():
    with pytest.raises(TypeError, match="abstract"):
        FunctionClass()
