"""Pictures that fall short: every question that is posed is one, and what decoders make of it."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

import trompe
from trompe.constructions.adversary import Question, pose
from trompe.constructions.levels import LEVEL_DECODERS, SHORT_DECODERS
from trompe.constructions.shortfalls import as_shortfall, fall_short, pose_short
from trompe.theory import InvalidInput, Visualization, function_class, task

F = Fraction
LINES = function_class("affine-1d")


def asked(level, x=None):
    return pose(LINES, task("side"), 1, None, x, level=level)


def shortfalls(question: Question):
    """By which share of the range each picture falls short, from the two extremes themselves."""
    v, (a, b) = question.v, question.stopped
    rise = (v.maximum - v.minimum) / (v.argmax[0] - v.argmin[0])
    values = [v.minimum + rise * (z[0] - v.argmin[0]) for z in (a, b)]
    return (values[0] - v.minimum) / v.range, (v.maximum - values[1]) / v.range


@pytest.mark.parametrize("level", ["images", "argmax"])
@pytest.mark.parametrize("share", ["0", "1/1000", "1/5", "499/1000"])
def test_what_is_posed_falls_short_by_no_more(level, share):
    rng, most = random.Random(0), F(share)
    seen = [shortfalls(fall_short(asked(level), most, rng)) for _ in range(60)]
    assert all(0 <= part <= most for parts in seen for part in parts)
    assert max(max(parts) for parts in seen) > most * F(99, 100) or not most
    first = shortfalls(fall_short(asked(level), most))
    assert (first[0] > 0, first[1] > 0) == (
        most > 0 and level == "images",
        most > 0 and level == "argmax",
    )


def nearer(shown, x):
    return "min" if abs(x[0] - shown.argmin[0]) <= abs(x[0] - shown.argmax[0]) else "max"


def near_maximum(shown, x):
    return "max" if abs(x[0] - shown.argmax[0]) <= 0.5 else "min"


@pytest.mark.parametrize(("level", "plain"), [("images", nearer), ("argmax", near_maximum)])
def test_the_decoder_of_whole_pictures_is_mistaken_and_that_of_short_ones_never(level, plain):
    key = f"affine-1d/side/{level}"
    for share in ("1/5", "1/1000", "0"):
        found = trompe.refute(plain, "affine-1d", "side", level=level, shortfall=share, members=40)
        assert found.status == ("mistaken" if F(share) else "decidable")
        found = trompe.refute(
            SHORT_DECODERS[key],
            "affine-1d",
            "side",
            level=level,
            shortfall=share,
            members=200,
            numbers="exact",
        )
        assert found.status == "decidable" and found.checked == 200
    assert trompe.refute(plain, "affine-1d", "side", level=level).status == "decidable"


def test_the_pictures_may_be_given_and_floats_fall_short_by_no_more():
    given = Visualization(("1/5",), (1,), 0, 1)
    for numbers in ("float", "exact"):
        found = trompe.refute(
            nearer,
            "affine-1d",
            "side",
            visualization=given,
            query=("11/20",),
            level="images",
            shortfall="1/5",
            numbers=numbers,
        )
        assert (found.status, found.prediction) == ("mistaken", "min") and found.truth > F(1, 2)
        assert all(0 <= part <= F(1, 5) for part in shortfalls(found.question))
    falling = Visualization(("9/10",), ("3/10",), 3, 4)
    posed = pose_short(LINES, task("side"), falling, None, F(2, 5), as_floats=False, level="images")
    assert posed.v.argmin == (1,) and posed.stopped == ((F(9, 10),), (F(3, 10),))
    flat = Visualization(("1/5",), ("4/5",), 2, 2)
    posed = pose_short(LINES, task("side"), flat, ("1/3",), F(0), as_floats=False, level="argmax")
    assert posed.only_member(posed.x) == 2


@pytest.mark.parametrize(
    ("low", "high"), [(F(1, 4), F(3, 4)), (F(5, 7), F(1, 3)), (F(0), F(1, 10)), (F(1), F(0))]
)
@pytest.mark.parametrize("numbers", ["float", "exact"])
def test_near_the_two_points_of_a_line_are_any_two(low, high, numbers):
    given = Visualization((low,), (high,), -1, 3)
    line = LEVEL_DECODERS["affine-1d/exact/near"]
    asked = {"visualization": given, "query": ("1/8",), "level": "near", "numbers": numbers}
    found = trompe.refute(lambda shown, x: shown.mid, "affine-1d", "exact", **asked)
    assert found.status == "mistaken" and found.question.shown.range == 4
    assert [
        abs(p[0] - q) < F(1, 2**50)
        for p, q in zip(
            found.question.stopped or (given.argmin, given.argmax), (low, high), strict=True
        )
    ] == [True] * 2
    slope = 4 / (high - low)
    assert abs(found.truth - (-1 + slope * (F(1, 8) - low))) < F(1, 10**12)
    low_limit, high_limit = found.question.observation.limits
    assert (
        low_limit <= min(found.question.only_member((k,)) for k in (F(0), F(1)))
        and high_limit >= found.truth
    )
    if numbers == "exact":
        assert trompe.refute(line, "affine-1d", "exact", **asked).status == "decidable"
    flat = Visualization(("1/3",), ("1/3",), 2, 2)
    assert (
        trompe.refute(line, "affine-1d", "exact", **{**asked, "visualization": flat}).status
        == "decidable"
    )


@pytest.mark.parametrize(
    ("pictures", "share", "level", "words"),
    [
        (
            Visualization(("1/2",), (1,), 0, 1),
            "1/5",
            "images",
            "no member of the class has pictures there",
        ),
        (
            Visualization((0,), ("1/2",), 0, 1),
            "499/1000",
            "argmax",
            "no member of the class has pictures there",
        ),
        (Visualization((0, 0), (1, 1), 0, 1), "1/5", "images", "about d = 1"),
    ],
)
def test_pictures_of_no_member_are_refused(pictures, share, level, words):
    with pytest.raises(InvalidInput, match=words):
        pose_short(LINES, task("side"), pictures, None, F(share), as_floats=True, level=level)


@pytest.mark.parametrize(
    ("value", "key", "words"),
    [
        ("1/2", "affine-1d/side/images", "outside"), ("-1/9", "affine-1d/side/argmax", "outside"),
        ("x", "affine-1d/side/images", "is not a number"), ("1/5", "convex/side/images", "not about pictures"),
        ("1/5", "affine-1d/side/maximum", "not about pictures"), ("1/5", "constant/side/argmax", "not about pictures"),
    ],
)  # fmt: skip
def test_a_shortfall_that_no_statement_is_about_is_one_line(value, key, words):
    with pytest.raises(InvalidInput, match=words) as raised:
        as_shortfall(value, key)
    assert "\n" not in str(raised.value)


def test_a_statement_that_is_about_it_says_so():
    from trompe.theory.catalogue import EVERY_THEOREM

    assert {key for key, item in EVERY_THEOREM.items() if "fall short" in item.statement} == set(
        SHORT_DECODERS
    )
