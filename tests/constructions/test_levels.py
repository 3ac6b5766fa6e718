"""Where less is shown: observations, decoders and pairs against oracles written from the definitions, and planted faults."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from trompe.constructions import levels
from trompe.constructions.adversary import Question, draw_question, pose
from trompe.constructions.levels import LEVEL_DECODERS, level_decoder
from trompe.proofs.sampling import fuzzing
from trompe.proofs.sampling.fuzzing import campaign
from trompe.theory import Form, InvalidInput, UnknownKey, Visualization, function_class, task
from trompe.theory.catalogue import LEVEL_THEOREMS
from trompe.theory.levels import LESS_SHOWN, LEVELS, NotShown, Observation, observed

F = Fraction
V = Visualization((0,), (1,), -1, 3)


@pytest.mark.parametrize("level", LESS_SHOWN)
def test_an_observation_tells_what_its_level_shows_and_nothing_else(level):
    told = observed(V, level)
    everything = {
        "argmin": (F(0),), "argmax": (F(1),), "minimum": -1, "maximum": 3, "limits": (-5, 7)
    }  # fmt: skip
    for name, value in everything.items():
        if name in LEVELS[level].shows:
            assert getattr(told, name) == value
        else:
            with pytest.raises(NotShown, match=f"{name} is not shown at the level {level}"):
                getattr(told, name)
    assert told.dim == 1
    if level == "near":
        assert (told.range, told.mid) == (4, 1)
    else:
        with pytest.raises(NotShown):
            _ = told.range
    with pytest.raises(AttributeError, match="no 'picture'"):
        _ = told.picture


def test_two_members_that_differ_in_what_is_hidden_look_the_same():
    other = Visualization((0,), (1,), 2, 3)
    same = {name for name in LESS_SHOWN if observed(V, name) == observed(other, name)}
    assert same == {"maximum", "images", "argmax"}


def test_every_yes_has_a_decoder_and_no_no_has():
    yes = {key for key, item in LEVEL_THEOREMS.items() if item.form is Form.POSSIBLE}
    assert set(LEVEL_DECODERS) == yes
    with pytest.raises(UnknownKey):
        level_decoder("convex/side/argmax")


def lines():
    """Affine functions of one input by slope and offset, with their extremes."""
    for w, c in product((-2, F(-1, 3), 0, 1, 5), (0, F(7, 2))):
        ends = sorted([(c, F(0)), (c + w, F(1))])
        yield (lambda z, w=w, c=c: c + w * z), ends[0], ends[1]


def is_right(kind, answer, truth, low, high):
    """By the words of the tasks; exact and approx for the decoders of the catalogue are exact."""
    if kind == "side":
        middle = (low + high) / 2
        return truth <= middle if answer == "min" else truth >= middle
    return answer == truth


@pytest.mark.parametrize("key", [k for k in LEVEL_DECODERS if k.startswith("affine-1d")])
def test_the_decoders_of_lines_are_right_for_every_line_on_a_grid(key):
    _, kind, level = key.split("/")
    grid = [F(k, 12) for k in range(13)]
    for h, (low, a), (high, b) in lines():
        shown = {"argmin": (a,), "argmax": (b,), "minimum": low, "maximum": high}
        spots = [(a, b)]
        if level == "near":
            spots = [(p, q) for p, q in product(grid, grid) if h(p) < h(q)] or [(F(0), F(1, 2))]
        for p, q in spots:
            if level == "near":
                shown = {
                    "argmin": (p,),
                    "argmax": (q,),
                    "minimum": h(p),
                    "maximum": h(q),
                    "limits": (low, high),
                }
            told = Observation(level, **shown)
            scale = (h(p), h(q)) if level == "near" else (low, high)
            for x in grid:
                assert is_right(kind, LEVEL_DECODERS[key](told, (x,)), h(x), *scale), (
                    h(0),
                    x,
                    p,
                    q,
                )


def test_short_pictures_leave_the_side_to_the_order_and_not_to_the_distance():
    """f(z) = z, pictures at 1/5 and 1, x = 11/20: the nearer picture is the wrong one."""
    told = Observation("images", argmin=(F(1, 5),), argmax=(F(1),))
    assert LEVEL_DECODERS["affine-1d/side/images"](told, (F(11, 20),)) == "min"
    assert levels.SHORT_DECODERS["affine-1d/side/images"](told, (F(11, 20),)) == "max"


@pytest.mark.parametrize(
    "key", [k for k, t in LEVEL_THEOREMS.items() if t.form is not Form.POSSIBLE]
)
def test_a_pair_shows_the_same_and_no_answer_serves_both(key):
    """No answer on a grid around both values, each judged on its own range."""
    row, kind, level = key.split("/")
    dim = {"affine-1d": 1}.get(row, 2)
    asked = pose(function_class(row), task(kind), dim, level=level)
    f, g = (asked.pair.v_of(name) for name in "fg")
    hidden = {"argmin_set", "argmax_set", "minimum", "maximum"}
    shown = {
        {"argmin": "argmin_set", "argmax": "argmax_set"}.get(n, n) for n in LEVELS[level].shows
    }
    for name in hidden & shown:
        assert getattr(f, name) == getattr(g, name)
    values = ((asked.pair.f_x, f), (asked.pair.g_x, g))
    eps = F(1, 4) if kind == "approx" else 0
    lowest, highest = (
        min(asked.pair.f_x, asked.pair.g_x) - 1,
        max(asked.pair.f_x, asked.pair.g_x) + 1,
    )
    answers = (
        ["min", "max"]
        if kind == "side"
        else [lowest + F(k, 64) * (highest - lowest) for k in range(65)]
    )
    for answer in answers:
        if kind == "side":
            good = [is_right("side", answer, y, v.minimum, v.maximum) for y, v in values]
        else:
            good = [abs(answer - y) <= eps * (v.maximum - v.minimum) for y, v in values]
        assert not all(good)


def test_a_lipschitz_unit_may_have_a_range_that_is_small_beside_its_constant():
    """Given extremes at which the side is decidable; the range that is not shown is another one."""
    lipschitz = function_class("lipschitz", constant=1)
    v = Visualization((0, 0), (1, 1), 0, 1)
    with pytest.raises(InvalidInput, match="decidable at query"):
        pose(lipschitz, task("exact"), v=Visualization((0,), (1,), 0, 1), x=("1/2",), level="near")
    asked = pose(lipschitz, task("side"), v=v, x=("1/8", "1/8"), level="images")
    assert asked.v.range == F(1, 4) and asked.v.argmin_set == v.argmin_set
    assert not asked.failure()


def test_what_the_extremes_decide_is_refused_where_less_is_shown_and_nothing_is_known():
    v = Visualization(("1/4", "1/4"), (1, 1), 0, 1)
    with pytest.raises(InvalidInput, match="says nothing here of less"):
        pose(function_class("convex"), task("side"), v=v, x=("5/16", "1/4"), level="images")


def test_floats_see_the_same():
    asked = pose(function_class("affine-1d"), task("exact"), level="images")
    z = np.linspace(0, 1, 5)[:, None]
    f, g = asked.pair.both(z)
    assert np.allclose(f - g, 1) and np.allclose(g, z[:, 0])


@pytest.mark.parametrize(
    "key", ["lipschitz/approx/near", "convex/side/images", "constant/exact/argmax"]
)
def test_drawn_questions_have_pairs(key):
    import random

    rng = random.Random(3)
    for _ in range(20):
        asked = draw_question(rng.randint, key, 2)
        assert (
            isinstance(asked, Question) and not asked.failure() and asked.pair.defeats(asked.task)
        )


def test_a_wrong_decoder_and_a_wrong_pair_fail_the_campaign(monkeypatch):
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    wrong = {**LEVEL_DECODERS, "affine-1d/side/argmax": lambda shown, x: "max"}
    monkeypatch.setattr(levels, "LEVEL_DECODERS", wrong)
    assert {f.key for f in campaign(["affine-1d"], cases=6).failures} == {"level-yes"}
    monkeypatch.undo()
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    monkeypatch.setattr(levels, "rescaled", lambda value, maximum, scale, shift: value + shift)
    assert {f.key for f in campaign(["affine-1d"], cases=6).failures} == {"level-no"}
