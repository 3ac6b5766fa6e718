"""Bounds where the shown points need not be extremes: against oracles, what refusals say, floats, words."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import oracles_near
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trompe.theory import (
    Dataset,
    EmpiricalRiskMinimizer,
    InvalidInput,
    Lipschitz,
    Visualization,
    function_class,
)
from trompe.theory.bounding import bound, bounds

F = Fraction
SQUARE = Visualization((0, 0), (1, 1), 0, 1)


def metric(name):
    def distance(y, z):
        away = [abs(yi - zi) for yi, zi in zip(y, z, strict=True)]
        return sum(away) if name == "l1" else max(away)

    return distance


quarters = st.integers(0, 4).map(lambda k: F(k, 4))
small = st.integers(-4, 8).map(lambda k: F(k, 4))


class Question:
    """Two shown points, exemplars, limits and noise, with an oracle that shares no code with what is asked."""

    def __init__(self, row, v, exemplars, told, x, cls=None, data=()):
        self.row, self.v, self.exemplars, self.told, self.x = row, v, exemplars, told, x
        self.cls = cls or function_class(row)
        self.data = data

    def __repr__(self):
        return f"{self.cls!r}, {self.v}, {self.exemplars}, {self.told}, x = {self.x}"

    @property
    def noise(self):
        return self.told.get("noise", F(0))

    def limits(self):
        """lo and hi, as the definition has them."""
        if "limits" in self.told:
            return self.told["limits"]
        reach = self.told["tolerance"] + self.noise
        return self.v.minimum - reach, self.v.maximum + reach

    def shown(self):
        pairs = [(self.v.argmin, self.v.minimum), (self.v.argmax, self.v.maximum), *self.exemplars]
        within = [(s, y - self.noise, y + self.noise) for s, y in pairs]
        return within + [(s, y, y) for s, y in self.data]

    def expected(self):
        ask = {
            "lipschitz": lambda *a: oracles_near.lipschitz(
                *a, self.cls.constant, metric(self.cls.metric)
            ),
            "monotone": oracles_near.monotone,
            "constant": oracles_near.constant,
            "affine": oracles_near.affine,
            "affine-1d": oracles_near.affine,
            "convex": oracles_near.convex,
            "additive": oracles_near.additive,
        }.get(self.row, oracles_near.free)
        if self.row.startswith("neuron"):
            return self.through_link()
        return ask(self.shown(), *self.limits(), self.x)

    def through_link(self):
        """Leaky ReLU of slope 1/4: where the neuron has the value y, the affine function has y or 4 y."""

        def back(y):
            return y if y >= 0 else 4 * y

        shown = [(s, back(low), back(high)) for s, low, high in self.shown()]
        found = oracles_near.affine(shown, *map(back, self.limits()), self.x)
        return found and tuple(y if y >= 0 else y / 4 for y in found)

    def found(self, **more):
        return bound(self.cls, self.v, self.x, self.exemplars, **self.told, **more)

    def but(self, **changes):
        return Question(**{**vars(self), **changes})


def spots(dim):
    return st.tuples(*[quarters] * dim)


@st.composite
def questions(draw, row, most=2, noisy=True, dims=None):
    dim = draw(st.sampled_from(dims or (1, 2)))
    a, b, x = draw(spots(dim)), draw(spots(dim)), draw(spots(dim))
    assume(a != b)
    low = draw(small)
    high = low + (F(0) if row == "constant" else draw(st.integers(1, 4).map(lambda k: F(k, 4))))
    v = Visualization(a, b, low, high)
    told = {"tolerance": draw(st.integers(0, 6).map(lambda k: F(k, 4)))}
    if draw(st.booleans()):
        told = {"limits": (low - draw(quarters), high + draw(quarters))}
    if noisy and draw(st.booleans()):
        told["noise"] = draw(st.integers(0, 3).map(lambda k: F(k, 8)))
    exemplars = draw(st.lists(st.tuples(spots(dim), small), max_size=most))
    cls, data = None, ()
    if row.startswith("neuron"):
        cls = function_class(row, link="leaky-relu", slope="1/4")
    if row == "lipschitz":
        cls = Lipschitz(
            draw(st.sampled_from((F(1, 2), F(1), F(2)))), draw(st.sampled_from(("l1", "linf")))
        )
    if row == "erm":
        data = draw(st.lists(st.tuples(spots(dim), small), max_size=2, unique_by=lambda p: p[0]))
        cls = EmpiricalRiskMinimizer(Dataset([s for s, _ in data], [y for _, y in data]))
    return Question(row, v, exemplars, told, x, cls, data)


CONES = (
    "lipschitz",
    "monotone",
    "constant",
    "black-box",
    "neural-network",
    "erm",
    "lipschitz-unknown",
)


def answer(question):
    """The ends, or the refusal's words."""
    try:
        found = question.found()
    except InvalidInput as refusal:
        return str(refusal)
    return found.interval.lower, found.interval.upper


def agrees(question):
    """The interval is the oracle's; a refusal is one line, where the oracle finds no member."""
    expected, got = question.expected(), answer(question)
    if expected is None:
        assert isinstance(got, str), f"{question}: {got}, and no member fits"
        assert "\n" not in got and got.startswith(f"{question.row}: ")
    else:
        assert got == expected, question


@pytest.mark.parametrize("row", CONES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_cones_are_the_oracles(row, data):
    agrees(data.draw(questions(row)))


PROGRAMS = {
    "affine": (2, 3),
    "affine-1d": (1,),
    "convex": (1, 2),
    "neuron": (2,),
    "neuron-1d": (1,),
}


@pytest.mark.parametrize("row", PROGRAMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_linear_programs_are_the_oracles(row, data):
    agrees(data.draw(questions(row, most=3, dims=PROGRAMS[row])))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_affine_at_opposite_corners_is_the_oracle_s(data):
    question = data.draw(questions("affine", most=0, noisy=False, dims=(2, 3)))
    a = data.draw(st.tuples(*[st.sampled_from((F(0), F(1)))] * question.v.dim))
    b = tuple(1 - ai for ai in a)
    agrees(question.but(v=Visualization(a, b, question.v.minimum, question.v.maximum)))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_additive_is_the_oracle_s(data):
    """Coordinates in common with a and b are what decides; so few coordinates are drawn from."""
    dim = data.draw(st.integers(1, 3))
    question = data.draw(questions("additive", most=0, noisy=False, dims=(dim,)))
    few = st.tuples(*[st.sampled_from((F(0), F(1, 2), F(1)))] * dim)
    a, b, x = (data.draw(few) for _ in range(3))
    assume(a != b)
    v = Visualization(a, b, question.v.minimum, question.v.maximum)
    agrees(question.but(v=v, x=x))


def euclid(y, z):
    return math.dist(tuple(map(float, y)), tuple(map(float, z)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_l2_cones_are_mcshane_s(data):
    """Written out by hand in floats; a refusal names the steepest pair's constant."""
    question = data.draw(questions("lipschitz", dims=(2, 3)))
    L = question.cls.constant
    question = question.but(cls=Lipschitz(L, "l2"))
    shown, (lo, hi) = question.shown(), question.limits()
    steepest = max(
        float(low - high) / euclid(s, p) if s != p else 99.0 * (low > high)
        for s, low, _ in shown
        for p, _, high in shown
    )
    got = answer(question)
    if isinstance(got, str):
        outside = any(low > hi or high < lo for _, low, high in shown)
        assert outside or steepest > L - 1e-9
        if (
            least := re.search(r"all shown values is (?:sqrt\((\S+)\)|(\S+))$", got)
        ) and steepest < 99:
            named = math.sqrt(F(least[1])) if least[1] else float(F(least[2]))
            assert named == pytest.approx(steepest)
        return
    assert steepest < L + 1e-9
    lower = max([lo, *(low - L * euclid(question.x, s) for s, low, _ in shown)])
    upper = min([hi, *(high + L * euclid(question.x, s) for s, _, high in shown)])
    assert (float(got[0]), float(got[1])) == pytest.approx((lower, upper))


# -- floats and verdicts ----------------------------------------------------------------------------------------

ROWS = (*CONES, *PROGRAMS, "additive")
TASKS = ("exact", "approx", "side")


def verdicts(lower, upper, v, eps):
    """By the definition: is one answer right for all values between the ends?"""
    return {
        "exact": lower == upper,
        "approx": upper - lower <= 2 * eps * v.range,
        "side": 2 * upper <= v.minimum + v.maximum or 2 * lower >= v.minimum + v.maximum,
    }


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_floats_enclose_the_exact_ends_and_verdicts_are_the_definition_s(row, data):
    plain = row == "additive"
    question = data.draw(
        questions(row, most=0 if plain else 2, noisy=not plain, dims=PROGRAMS.get(row))
    )
    if row == "lipschitz":
        question = question.but(cls=Lipschitz(2, data.draw(st.sampled_from(("l1", "linf")))))
    third = st.sampled_from((1 / 3, 0.1, 0.3, 1 - 2**-53, 0.0, 0.5))
    dim = question.v.dim
    xs = data.draw(st.lists(st.tuples(*[third] * dim), min_size=1, max_size=3))
    sites = (question.v.argmin, question.v.argmax, *(s for s, _ in question.exemplars))
    xs += [tuple(map(float, s)) for s in sites]
    eps = data.draw(st.sampled_from((F(1, 4), F(1, 2), F(3, 2))))
    try:
        found = bounds(
            question.cls, question.v, np.array(xs), question.exemplars, eps=eps, **question.told
        )
    except InvalidInput as refusal:
        assert not isinstance(answer(question), tuple), refusal  # noqa: PT017
        return
    for i, x in enumerate(xs):
        exact = question.but(x=tuple(map(F, x))).found(eps=eps)
        ends = exact.interval.lower, exact.interval.upper
        for end, near in zip(ends, (found.lower[i], found.upper[i]), strict=True):
            assert abs(F(float(near)) - end) <= F(float(found.tolerance[i]))
        for task, decidable in verdicts(*ends, question.v, eps).items():
            assert exact[task].decidable is decidable, task
            assert found.decidable[task][i] in (-1, int(decidable)), task
        if found.side[i] == "min":
            assert 2 * ends[1] <= question.v.minimum + question.v.maximum
        if found.side[i] == "max":
            assert 2 * ends[0] >= question.v.minimum + question.v.maximum


@pytest.mark.parametrize("corner", [(0, 0, 0), (1, 0, 1)])
def test_affine_floats_at_opposite_corners(corner):
    v = Visualization(corner, tuple(1 - k for k in corner), -1, 2)
    xs = np.random.default_rng(0).random((30, 3))
    xs[0], xs[1] = 0.5, (0.1, 0.9, 0.1)
    found = bounds("affine", v, xs, limits=("-4/3", 3))
    for i, x in enumerate(xs.tolist()):
        exact = bound("affine", v, tuple(map(F, x)), limits=("-4/3", 3))
        assert abs(F(float(found.lower[i])) - exact.interval.lower) <= F(float(found.tolerance[i]))
        assert abs(F(float(found.upper[i])) - exact.interval.upper) <= F(float(found.tolerance[i]))
        for task in TASKS:
            assert found.decidable[task][i] in (-1, int(exact[task].decidable))
    assert (found.tolerance < 1e-14).all() and (found.decidable["side"] >= 0).sum() >= 29


@pytest.mark.parametrize("row", ["lipschitz", "monotone", "black-box", "additive"])
def test_floats_are_open_at_few_queries_only(row):
    v = Visualization((F(1, 3), F(1, 7)), (F(4, 5), F(5, 6)), 0, 1)
    cls = Lipschitz(3, "l2") if row == "lipschitz" else row
    xs = np.random.default_rng(0).random((200, 2))
    found = bounds(cls, v, xs, tolerance="1/3")
    for task in TASKS:
        assert (found.decidable[task] >= 0).all()
    assert (found.tolerance < 1e-14).all()


def test_what_floats_cannot_hold_is_said():
    far = {"tolerance": F(10) ** 20}
    with pytest.raises(InvalidInput, match=r"too small beside the limits; ask with exact numbers"):
        bounds("black-box", SQUARE, np.zeros((1, 2)), **far)
    with pytest.raises(InvalidInput, match=r"difference of the limits, is too large for floats"):
        bounds("black-box", SQUARE, np.zeros((1, 2)), limits=("-1e301", 2))
    assert bound("black-box", SQUARE, (0, 1), **far).interval.upper == 10**20 + 1


def test_a_forgotten_rounding_error_is_seen(monkeypatch):
    """L (x - a) against the side's threshold, by a hair, at shares far from [0, 1]."""
    from trompe.theory.rows import lipschitz

    def wrong():
        rng, count = np.random.default_rng(0), 0
        v = Visualization((0, 0), (1, 1), 0, 1)
        for x in rng.random((40, 2)) / 4:
            threshold = 1 / (2 * sum(map(F, x.tolist())))
            for L, decidable in ((threshold * (1 + F(1, 10**20)), 0), (threshold, 1)):
                found = bound(Lipschitz(L, "l1"), v, x[np.newaxis], tolerance=7)
                count += found.decidable["side"][0] not in (-1, decidable)
        return count

    assert wrong() == 0
    monkeypatch.setattr(lipschitz, "UNIT", 0.0)
    assert wrong() > 0


# -- what refusals say ------------------------------------------------------------------------------------------

LITTLE = F(1, 1000)
WIDE = (F(-(10**6)), F(10**6))


def _wider(question, by):
    lo, hi = question.limits()
    return {"limits": (lo - by, hi + by), "noise": question.noise}


SAYS = {
    r"smallest tolerance for which some member takes all of them is (\S+)$": (
        lambda q, y: {"tolerance": y, "noise": q.noise},
        True,
    ),
    r"if the range is widened by (\S+) on both sides": (_wider, True),
    r"for which some member takes all shown values is (\S+)$": (
        lambda q, y: {**q.told, "noise": y},
        True,
    ),
    r"within wide enough limits, is (\S+)$": (lambda q, y: {"limits": WIDE, "noise": y}, True),
    r"needs a tolerance of at least (\S+)$": (
        lambda q, y: {"tolerance": y, "noise": q.noise},
        False,
    ),
    r"widen the range by at least (\S+) on that side$": (_wider, False),
    r"with a noise of at least (\S+) both are possible$": (
        lambda q, y: {"limits": WIDE, "noise": y},
        False,
    ),
}
"""What the refusal offers, the question that it offers, and whether that is enough; less is not."""


@pytest.mark.parametrize("row", ["monotone", "constant", *PROGRAMS])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_refusal_names_the_least_change(row, data):
    question = data.draw(questions(row, most=3, dims=PROGRAMS.get(row)))
    got = answer(question)
    if not isinstance(got, str):
        return
    for words, (told, is_enough) in SAYS.items():
        if not (match := re.search(words, got)):
            continue
        least = F(match[1].rstrip(","))
        if is_enough:
            assert question.but(told=told(question, least)).expected() is not None, got
        if least >= LITTLE:
            assert question.but(told=told(question, least - LITTLE)).expected() is None, got
        return
    assert "leave one of them out" in got, got


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_lipschitz_refusal_names_the_least_constant(data):
    question = data.draw(questions("lipschitz"))
    match = re.search(r"all shown values is (\S+)$", str(answer(question)))
    if not match:
        return
    name, least = question.cls.metric, F(match[1])
    assert question.but(cls=Lipschitz(least, name)).expected() is not None
    assert question.but(cls=Lipschitz(least - LITTLE, name)).expected() is None


@pytest.mark.parametrize(
    ("row", "a", "b", "least"),
    [
        ("affine-1d", (F(1, 4),), (F(1, 2),), F(2)),
        ("affine-1d", (F(3, 4),), (F(1, 2),), F(2)),
        ("convex", (F(0),), (F(1, 2),), F(1)),
        ("convex", (F(1, 2), F(1, 2)), (F(3, 4), F(1, 4)), F(1)),
    ],
)
def test_the_least_tolerance_is_the_closed_form(row, a, b, least):
    """affine-1d: R0 max(min(a, b), 1 - max(a, b)) / |b - a|. convex: R0 (1 - g)/g where g is the gauge of b about a."""
    told = {"tolerance": F(0)}
    got = answer(Question(row, Visualization(a, b, 0, 1), (), told, a))
    assert got.endswith(f"takes all of them is {least}")


# -- the checks see a planted fault ----------------------------------------------------------------------------

HALF = (F(1, 2), F(1, 2))
TILTED = Visualization((0, F(1, 4)), (1, F(1, 2)), 0, 1)
TAU = ({"tolerance": F(1, 4)}, {"tolerance": F(0)})
MORE = ({"tolerance": F(4)}, {"tolerance": F(2)})
TOP = ({"limits": (F(-1), F(2))}, {"limits": (F(-1), F(5, 4))})
NOISE = ({"limits": (F(-1), F(2)), "noise": F(1, 8)}, {"limits": (F(-1), F(2)), "noise": F(0)})


def asked(row, told, x=HALF):
    return Question(row, TILTED, (), told, x, Lipschitz(2, "l1") if row == "lipschitz" else None)


@pytest.mark.parametrize(
    ("row", "told", "x"),
    [
        ("lipschitz", TAU, (F(0), F(1))),
        ("lipschitz", TOP, (F(0), F(1))),
        ("lipschitz", NOISE, (F(0), F(1, 2))),
        ("monotone", TAU, (F(1), F(3, 4))),
        ("monotone", TOP, (F(1), F(3, 4))),
        ("monotone", NOISE, (F(1), F(1, 4))),
        ("black-box", TAU, (F(0), F(1))),
        ("black-box", TOP, (F(0), F(1))),
        ("black-box", NOISE, (F(0), F(1, 4))),
        *[(row, told, (F(0), F(1))) for row in ("affine", "convex") for told in (MORE, TOP)],
        *[(row, NOISE, HALF) for row in ("affine", "convex")],
        *[("additive", told, (F(0), F(1, 2))) for told in (TAU, TOP)],
    ],
)
def test_every_number_that_is_told_matters(row, told, x):
    """So that the oracle sees where one is dropped."""
    said, damaged = told
    agrees(asked(row, said, x))
    assert answer(asked(row, damaged, x)) != asked(row, said, x).expected()


@pytest.mark.parametrize(
    "damage",
    [
        ("low", lambda site: site.value + site.noise),
        ("high", lambda site: site.value - site.noise),
        ("low", lambda site: site.value),
    ],
)
@pytest.mark.parametrize("row", ["lipschitz", "affine", "convex"])
def test_a_wrong_sign_of_the_noise_is_noticed(monkeypatch, row, damage):
    from trompe.theory.sites import Site

    told = {"limits": (F(-3), F(3)), "noise": F(1, 8)}
    questions = [asked(row, told, (F(k, 8), F(1, 4))) for k in range(9)]
    for question in questions:
        agrees(question)
    monkeypatch.setattr(Site, damage[0], property(damage[1]))
    assert any(answer(question) != question.expected() for question in questions)


@pytest.mark.parametrize("row", ["black-box", "affine", "convex", "additive"])
@pytest.mark.parametrize("end", ["low", "high"])
def test_limits_exchanged_are_noticed(monkeypatch, row, end):
    from trompe.theory.fibres import Fibres

    question = asked(row, {"limits": (F(-1), F(2))})
    agrees(question)
    other = "upper" if end == "low" else "lower"
    monkeypatch.setattr(Fibres, end, property(lambda self: getattr(self.limits, other)))
    with pytest.raises((AssertionError, IndexError)):
        agrees(question)


# -- what is asked, and in which words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "v", "told", "words"),
    [
        ("convex", SQUARE, {"noise": "1/8"}, "noise = 1/8 is given alone; add --range LO:HI"),
        ("convex", SQUARE, {"noise": 0}, "noise = 0 is given alone"),
        ("convex", SQUARE, {"limits": (0, 1), "tolerance": 0}, "leave one out"),
        ("convex", SQUARE, {"tolerance": -1}, "tolerance = -1; expected a number of at least 0"),
        ("convex", SQUARE, {"tolerance": float("nan")}, "tolerance = nan is not finite"),
        ("convex", SQUARE, {"tolerance": "x"}, "tolerance = 'x' is not a number"),
        ("convex", SQUARE, {"tolerance": 0, "noise": "-1/8"}, "noise = -1/8; expected"),
        ("convex", SQUARE, {"limits": (2, 1)}, "lo = 2 exceeds hi = 1"),
        ("convex", SQUARE, {"limits": (0, 1, 2)}, "3 numbers are given; expected a pair"),
        ("convex", SQUARE, {"limits": 3}, "limits = 3; expected a pair of numbers"),
        ("convex", SQUARE, {"limits": (0, "inf")}, r"limits\[1\] = 'inf' is not a number"),
        (
            "convex",
            SQUARE,
            {"limits": ("1/4", 2)},
            r"argmin \(0, 0\) has the value 0 outside the range from 1/4 to 2 .*; widen the range by at least 1/4 on",
        ),
        (
            "convex",
            SQUARE,
            {"limits": (0, "1/2"), "noise": "1/8"},
            r"argmax \(1, 1\) has the value 1, known up to 1/8, outside the range from 0 to 1/2 .*at least 3/8 on that",
        ),
        (
            "convex",
            Visualization([(0, 0), (0, 1)], (1, 1), 0, 1),
            {"tolerance": 1},
            "2 points are given as argmin; .* expected one",
        ),
        (
            "constant",
            Visualization((0, 0), (0, 0), 1, 1),
            {"tolerance": 1},
            r"argmin = argmax = \(0, 0\); expected two different points",
        ),
        (
            "convex",
            Visualization((0, 0), (1, 1), 1, 1),
            {"tolerance": 1},
            "both shown points have the value 1; .* expected minimum < maximum",
        ),
        ("affine", Visualization((0,), (1,), 0, 1), {"tolerance": 1}, "this row is about d >= 2"),
        (
            "additive",
            SQUARE,
            {"tolerance": 1, "noise": 0, "exemplars": [((0, 1), 1)]},
            "exemplars are not offered: .*; ask without them",
        ),
        ("additive", SQUARE, {"tolerance": 1, "noise": "1/8"}, "leave --noise out"),
        (
            "neuron",
            Visualization((0, 0), (1, 1), "1/4", "3/4"),
            {"tolerance": 0},
            "take leaky-relu",
        ),
        ("convex", SQUARE, {"tolerance": 0, "eps": 0}, "eps = 0; expected a number above 0"),
        ("convex", SQUARE, {"eps": "1/2"}, "eps = 1/2 lies outside"),
        (
            "black-box",
            SQUARE,
            {"tolerance": 0, "exemplars": [((0, 0), "1/4")]},
            "the same point is argmin with the value 0; a point has one value",
        ),
        ("black-box", SQUARE, {"tolerance": F(1, 10**5000)}, "more than 12000 bits"),
    ],
)
def test_bad_input_is_one_line(row, v, told, words):
    with pytest.raises(InvalidInput, match=words) as refusal:
        bound(row, v, (F(1, 2),) * v.dim, **told)
    assert "\n" not in str(refusal.value)


def test_training_data_are_exact_and_of_the_same_length():
    data = Dataset([(F(1, 2), F(1, 2))], [F(2)])
    told = {"limits": (-1, 3), "noise": F(1, 2)}
    cls = EmpiricalRiskMinimizer(data)
    assert bound(cls, SQUARE, (F(1, 2), F(1, 2)), **told).interval.lower == 2
    assert bound(cls, SQUARE, (0, 0), **told).interval.upper == F(1, 2)
    with pytest.raises(InvalidInput, match=r"training input 0 .* outside the range from -1 to 1"):
        bound(cls, SQUARE, (0, 0), limits=(-1, 1))
    with pytest.raises(InvalidInput, match=r"inputs\[0\] has 1 coordinates"):
        bound(EmpiricalRiskMinimizer(Dataset([(0,)], [0])), SQUARE, (0, 0), limits=(-1, 1))


def test_a_point_may_be_measured_twice():
    """With noise its value lies in both intervals; without, it has one value."""
    twice = [((F(1, 2), F(1, 2)), F(1, 4)), ((F(1, 2), F(1, 2)), F(1, 2))]
    found = bound("black-box", SQUARE, (F(1, 2), F(1, 2)), twice, tolerance=1, noise=F(1, 4))
    assert (found.interval.lower, found.interval.upper) == (F(1, 4), F(1, 2))
    counted = bounds("black-box", SQUARE, [(0, 1)], [*twice, twice[0]], tolerance=1, noise=F(1, 4))
    assert counted.exemplars == 2


def test_a_constant_known_up_to_noise():
    v = Visualization((0, 0), (1, 1), 1, 1)
    found = bound("constant", v, (0, 1), tolerance=0, noise="1/4")
    assert (found.interval.lower, found.interval.upper) == (F(3, 4), F(5, 4))
    assert found.radius == math.inf
    assert [found[task].decidable for task in TASKS] == [False, False, False]
    same = bound("constant", v, (0, 1), tolerance=0)
    assert same.radius == 0 and [same[task].decidable for task in TASKS] == [True, True, True]
    both = bounds("constant", v, np.array([[0.5, 0.25]]), tolerance=0, noise=0.25)
    assert both.radius.tolist() == [math.inf] and both.lower.tolist() == [0.75]


def test_a_reason_says_which_functions_are_meant():
    cls = Lipschitz(2, "l2")
    who = "function that is 2-Lipschitz in l2, with the values 0 at (0, 0) and 1 at (1, 1), and between -1/4 and 5/4 everywhere"
    told = {"limits": ("-1/4", "5/4")}
    found = bound(cls, SQUARE, ("1/2", "1/2"), **told, eps="3/4")
    assert found["exact"].reason.startswith(
        "for every value strictly between -1/4 and 5/4 there is a"
    )
    assert all(who in found[task].reason for task in TASKS)
    assert found["approx"].reason == (
        f"1/2 is within 3/4 R0 of the value here of every {who}; R0 = 1 is the difference of the values shown at the two "
        "points"
    )
    assert "below and above 1/2, which is half-way between the values shown" in found["side"].reason
    noisy = bound(cls, SQUARE, ("1/2", "1/2"), [((1, 0), 1)], **told, noise="1/10")["side"].reason
    assert (
        "with values within 1/10 of 0 at (0, 0), of 1 at (1, 1), and of the shown value at 1 exemplar, and between -1/4 and "
        "5/4 everywhere, with values" in noisy
    )


def test_extremes_are_the_case_of_limits_that_are_reached():
    """tau = 0: what is shown is again the least and the largest value, though not that no other point has it."""
    x = ("1/3", "1/5")
    for row in ("convex", "affine", "monotone", "black-box", "additive"):
        assert bound(row, SQUARE, x, tolerance=0).interval == bound(row, SQUARE, x).interval


def test_the_noisy_threshold_of_a_side_is_the_theorem_s():
    """levels.md, noisy_side: decidable if and only if L min(|x-a|, |x-b|) <= R0/2 - sigma, whatever the limits."""
    cls, sigma = Lipschitz(4, "linf"), F(1, 8)
    for k in range(1, 16):
        x = (F(k, 64), F(k, 64))
        for tau in (0, 1, 50):
            found = bound(cls, SQUARE, x, tolerance=tau, noise=sigma)
            assert found["side"].decidable == (4 * F(k, 64) <= F(1, 2) - sigma)
