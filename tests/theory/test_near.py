"""Bounds where the shown points need not be extremes: against oracles, what refusals say, floats, words."""

from __future__ import annotations

import math
import re
from fractions import Fraction

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
from trompe.theory.bounding import bound

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


# -- the checks see a planted fault ----------------------------------------------------------------------------

TILTED = Visualization((0, F(1, 4)), (1, F(1, 2)), 0, 1)
TAU = ({"tolerance": F(1, 4)}, {"tolerance": F(0)})
TOP = ({"limits": (F(-1), F(2))}, {"limits": (F(-1), F(5, 4))})
NOISE = ({"limits": (F(-1), F(2)), "noise": F(1, 8)}, {"limits": (F(-1), F(2)), "noise": F(0)})


HALF = (F(1, 2), F(1, 2))


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
def test_a_wrong_sign_of_the_noise_is_noticed(monkeypatch, damage):
    from trompe.theory.sites import Site

    question = asked("lipschitz", {"limits": (F(-1), F(2)), "noise": F(1, 8)}, (F(1, 8), F(1, 4)))
    agrees(question)
    monkeypatch.setattr(Site, damage[0], property(damage[1]))
    with pytest.raises(AssertionError):
        agrees(question)


@pytest.mark.parametrize("end", ["low", "high"])
def test_limits_exchanged_are_noticed(monkeypatch, end):
    from trompe.theory.fibres import Fibres

    question = asked("black-box", {"limits": (F(-1), F(2))})
    agrees(question)
    other = "upper" if end == "low" else "lower"
    monkeypatch.setattr(Fibres, end, property(lambda self: getattr(self.limits, other)))
    with pytest.raises(AssertionError):
        agrees(question)
