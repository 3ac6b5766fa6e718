"""`trompe.refute`: decoders good, bad and broken."""

from __future__ import annotations

import itertools
import json
import math
import random
import sys
from fractions import Fraction

import numpy as np
import pytest
import sympy
from scipy.stats import binomtest

from trompe.constructions import CONSTRUCTIONS, EXACT_DECODERS, Hats, affine_1d, midrange
from trompe.refuting.error_rate import ErrorRate
from trompe.refuting.judging import EXIT_STATUS, refute
from trompe.theory import (
    CLASSES,
    Approx,
    Convex,
    InvalidInput,
    Lipschitz,
    QueryShown,
    Side,
    UnknownKey,
    Visualization,
)
from trompe.theory.catalogue import theorem
from trompe.views.refutation import as_json

pytestmark = pytest.mark.once

F = Fraction


def nearest(v, x):
    """A share of the range by distance: a float computation, as a researcher writes it."""
    from_a, from_b = np.abs(x - v.argmin).sum(), np.abs(x - v.argmax).sum()
    return v.minimum + (v.maximum - v.minimum) * from_a / (from_a + from_b)


def nearest_side(v, x):
    return "min" if nearest(v, x) <= v.mid else "max"


DECODERS = {"exact": nearest, "approx": nearest, "side": nearest_side}


# -- rows with pairs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("task", DECODERS)
@pytest.mark.parametrize("row", CONSTRUCTIONS)
def test_every_no_is_shown_on_a_decoder(row, task):
    found = refute(DECODERS[task], row, task, dim=3)
    assert found.status == "refuted" and found.is_refuted
    a, b, x = (np.array(z, dtype=float) for z in
               (found.visualization.argmin, found.visualization.argmax, found.query))  # fmt: skip
    values = found.function(np.stack([a, b, x]))
    assert values[:2].tolist() == [found.visualization.minimum, found.visualization.maximum]
    assert values[2] == pytest.approx(float(found.truth), rel=1e-15)
    shown = type("Shown", (), {"argmin": a, "argmax": b, "minimum": values[0], "maximum": values[1],
                               "mid": (values[0] + values[1]) / 2})()  # fmt: skip
    again = DECODERS[task](shown, x)
    assert again == found.prediction
    if task == "side":
        assert (values[2] > shown.mid) == (again == "min")
    else:
        assert (
            abs(values[2] - again) == pytest.approx(float(found.error))
            and found.error > F(1, 4) * F(9, 10) * found.visualization.range
        )
    assert "No other answer would do" in " ".join(str(found).split())


@pytest.mark.parametrize("task", DECODERS)
@pytest.mark.parametrize("row", CONSTRUCTIONS)
def test_the_refutation_is_a_witness_that_check_accepts(row, task):
    from trompe.proofs.handover.witnesses import check_witness

    found = refute(DECODERS[task], row, task, dim=2)
    assert check_witness(found.witness()).ok
    data = json.loads(as_json(found))
    assert data["witness"]["key"] == f"{row}/{task}" and data["witness_missing"] is None


def test_the_function_is_written_out():
    found = refute(lambda v, x: "min", "affine", "side", dim=2)
    assert found.expression() == "f(z) = 31/32 z1 + 1/32 z2"
    assert "f(z) = 31/32 z1 + 1/32 z2" in str(found)
    assert max(map(len, str(refute(nearest, "convex", "exact", dim=784)).splitlines())) <= 100


@pytest.mark.parametrize("dim", [784, 20_000])
def test_large_inputs_need_no_large_expression(dim):
    found = refute(nearest, "monotone", "exact", dim=dim)
    assert found.is_refuted
    z = np.full((2, dim), 0.5, dtype=np.float32)
    assert found.function(z).dtype == np.float32
    assert len(str(found)) < 2000


def test_the_largest_l2_pair_has_no_expression_but_everything_else():
    found = refute(lambda v, x: 0.0, Lipschitz(1, "l2"), "exact", dim=2)
    assert found.is_refuted
    with pytest.raises(InvalidInput, match="piecewise affine"):
        found.expression()
    data = json.loads(as_json(found))
    assert data["witness"] is None and "linf" in data["witness_missing"]
    assert "|z-a|" in str(found)


def test_eps_of_your_own():
    found = refute(lambda v, x: v.mid, "convex", "approx", dim=2, eps="0.49")
    assert found.is_refuted and found.error > F(49, 100)
    assert refute(lambda v, x: v.mid, "convex", Approx("0.49"), dim=2).error == found.error
    with pytest.raises(InvalidInput, match="eps belongs to approx"):
        refute(nearest, "convex", "exact", eps="0.1")
    with pytest.raises(InvalidInput, match="given twice"):
        refute(nearest, "convex", Approx(), eps="0.1")
    with pytest.raises(InvalidInput, match="lies outside"):
        refute(nearest, "convex", "approx", eps="1/2")


def test_what_a_decoder_gets():
    seen = []

    def look(v, x):
        seen.append((v, x))
        return 0

    v = Visualization(("1/10", 0), (1, 1), -1, "1/3")
    refute(look, "convex", "exact", visualization=v, query=(0.7, "1/7"))
    shown, x = seen[0]
    for point in (shown.argmin, shown.argmax, x):
        assert isinstance(point, np.ndarray) and point.dtype == np.float64 and point.shape == (2,)
    assert (shown.dim, shown.minimum, shown.maximum) == (2, -1.0, 1 / 3)
    assert x.tolist() == [0.7, 1 / 7]
    assert seen[1][0] is not shown and len(seen) == 2
    refute(look, "convex", "exact", visualization=v, query=("7/10", "1/7"), numbers="exact")
    assert seen[2] == (v, (F(7, 10), F(1, 7)))


def test_our_own_decoders_run_with_exact_numbers():
    assert refute(midrange, "black-box", "approx", dim=2, numbers="exact").is_refuted
    assert refute(affine_1d, "affine-1d", "exact", numbers="exact").status == "decidable"


# -- decidable questions -----------------------------------------------------------------------------


def test_where_a_row_is_decidable_it_says_so_and_judges_the_decoder():
    v = Visualization(("1/2", "1/2"), (1, 1), 0, 1)
    near = ("5/8", "1/2")
    right = refute(lambda v, x: "min", "convex", "side", visualization=v, query=near)
    assert right.status == "decidable" and right.function is None
    said = " ".join(str(right).split())
    assert "No refutation exists at this visualization and query" in said
    assert "exist exactly where x != b and gamma(x) > 1/2" in said
    assert "[0, 1/4]" in said
    wrong = refute(lambda v, x: "max", "convex", "side", visualization=v, query=near)
    assert wrong.status == "mistaken" and wrong.function is not None
    assert wrong.truth < F(1, 2) and wrong.function(near) == wrong.truth
    with pytest.raises(InvalidInput, match="nothing was refuted"):
        wrong.witness()
    assert (
        refute(lambda v, x: 0.125, "convex", "approx", visualization=v, query=near).status
        == "decidable"
    )
    assert (
        refute(lambda v, x: 0.51, "convex", "approx", visualization=v, query=near).status
        == "mistaken"
    )


def test_lipschitz_side_depends_on_the_constant():
    v = Visualization((0,), (1,), 0, 1)
    for constant, status in ((2, "decidable"), ("201/100", "refuted")):
        found = refute(
            lambda v, x: "min", Lipschitz(constant), "side", visualization=v, query=("1/4",)
        )
        assert found.status == status, constant
    tight = refute(lambda v, x: "min", Lipschitz(1), "side", visualization=v)
    assert tight.status == "decidable"


@pytest.mark.parametrize("task", DECODERS)
@pytest.mark.parametrize("row", EXACT_DECODERS)
def test_rows_with_label_yes_have_no_refutation(row, task):
    def right(v, x):
        if v.minimum == v.maximum:
            value = v.minimum
        else:
            value = (
                v.minimum
                + (v.maximum - v.minimum) * abs(x - v.argmin)[0] / abs(v.argmax - v.argmin)[0]
            )
        return value if task != "side" else ("min" if value <= v.mid else "max")

    found = refute(right, row, task)
    assert found.status == "decidable" and found.checked == 100
    said = " ".join(str(found).split())
    assert "No refutation exists in this class" in said and "all 100 members tried" in said
    assert theorem(f"{row}/{task}").statement in said


def test_a_wrong_decoder_of_a_yes_row_is_found_out():
    found = refute(lambda v, x: v.mid, "affine-1d", "exact")
    assert found.status == "mistaken" and 1 <= found.checked <= 3
    a, b = found.visualization.argmin, found.visualization.argmax
    assert found.function(a) == found.visualization.minimum
    assert found.function(found.query) == found.truth != found.prediction
    assert "|z1 - " in found.expression()
    late = refute(
        lambda v, x: 0 if v.minimum == v.maximum else nearest(v, x), "affine-1d", "exact", seed=3
    )
    assert late.status == "mistaken" and late.checked > 1 and late.visualization.range == 0
    once = refute(lambda v, x: 0.5, "affine-1d", "exact", query=("1/2",))
    assert once.status == "decidable" and once.checked == 1
    assert a != b or found.visualization.range == 0


# -- randomised decoders -----------------------------------------------------------------------------


def test_a_randomised_decoder_is_noticed_and_measured():
    coin = random.Random(5)
    found = refute(
        lambda v, x: coin.choice(["min", "max"]), "monotone", "side", repeats=400, seed=0
    )
    rates = found.randomised
    assert found.is_refuted and found.answers_differ
    assert rates.on_f.errors + rates.on_g.errors == 400
    assert rates.coin.trials == 400 and rates.coin.interval()[1] > 0.5
    assert "randomised" in str(found) and "of 400" in str(found)
    assert json.loads(as_json(found))["randomised"]["coin"]["errors"] == rates.coin.errors


@pytest.mark.parametrize("bias", [0.0, 0.2, 0.9])
def test_no_bias_beats_one_half(bias):
    """Over all answers, errors on f and on g add up to at least their number, whatever the decoder does."""
    coin = random.Random(1)
    found = refute(
        lambda v, x: "min" if coin.random() < bias else "max", "convex", "side", repeats=300, seed=2
    )
    rates = found.randomised
    assert rates.on_f.errors + rates.on_g.errors >= 300
    assert rates.coin.interval(0.9999)[1] >= 0.5
    often = "f" if rates.on_f.errors > rates.on_g.errors else "g"
    assert found.mistake.name == often


def foreseeing(seed):
    """Answers right for the function that a coin of this seed will choose."""
    coin = random.Random(f"the coin of refute, {seed}")
    return lambda v, x: {"f": "max", "g": "min"}[coin.choice("fg")]


def test_no_decoder_foresees_the_coin_unless_it_is_given_the_seed():
    rates = refute(foreseeing(0), "convex", "side", repeats=1000).randomised
    assert rates.coin_seed is None
    assert binomtest(rates.coin.errors, 1000, 0.5).pvalue > 1e-9
    assert rates.on_f.errors + rates.on_g.errors == 1000
    known = refute(foreseeing(0), "convex", "side", repeats=1000, seed=0)
    assert known.randomised.coin_seed == 0 and known.randomised.coin.errors == 0
    flat = " ".join(str(known).split())
    assert "The coin is the seed 0, tossed after all answers were in." in flat
    assert "every decoder that does not know the seed, randomised or not, is wrong" in flat


def test_the_coin_is_the_systems_unless_a_seed_is_given():
    def tossed(seed):
        found = refute(lambda v, x: "min", "convex", "side", repeats=200, seed=seed)
        data = json.loads(as_json(found))["randomised"]
        assert data["coin_seed"] == found.randomised.coin_seed == seed
        return data["coin"]["errors"], str(found)

    assert tossed(4) == tossed(4)
    assert len({tossed(None)[0] for _ in range(12)}) > 1
    assert (
        "The coin is the operating system's randomness, tossed after all answers" in tossed(None)[1]
    )
    for bad in (True, "4", 0.5):
        with pytest.raises(InvalidInput, match=r"seed = .*; expected an integer, or None"):
            refute(nearest, "convex", "exact", repeats=2, seed=bad)


def test_the_coin_falls_when_all_answers_are_in(monkeypatch):
    events = []

    class Coin:
        def choice(self, sides):
            events.append("toss")
            return sides[0]

    monkeypatch.setattr("trompe.refuting.judging.secrets.SystemRandom", Coin)

    def remembers(v, x):
        events.append("answer")
        return "min" if len(events) % 2 else "max"

    assert refute(remembers, "convex", "side", repeats=20).randomised.coin.trials == 20
    assert events == ["answer"] * 20 + ["toss"] * 20


@pytest.mark.parametrize("answers", [2, 9, 17, 40])
def test_the_interval_holds_the_mean_probability_of_any_answers(answers):
    """`fair` of the answers are wrong about one function, the others about both: a Poisson binomial."""
    intervals = [ErrorRate(errors, answers).interval() for errors in range(answers + 1)]
    for fair in range(answers + 1):
        mean = (answers - fair / 2) / answers
        held = [low - 1e-9 <= mean <= high + 1e-9 for low, high in intervals[answers - fair :]]
        chances = [F(math.comb(fair, heads), 2**fair) for heads in range(fair + 1)]
        assert sum(p for p, holds in zip(chances, held, strict=True) if holds) >= 0.95


def test_a_decoder_with_a_state_is_not_mistaken_for_a_function():
    count = itertools.count()
    found = refute(lambda v, x: next(count), "convex", "exact")
    assert found.answers_differ and found.randomised is None and "keeps a state" in str(found)
    assert str(found).count("with probability at least 1/2") == 1
    assert not refute(nearest, "convex", "exact", repeats=7).answers_differ


def test_of_answers_that_differ_no_coin_is_spoken_of_where_nothing_is_refuted():
    count = itertools.count(1)
    shown = Visualization((0,), (1,), 0, 1)
    found = refute(
        lambda v, x: F(next(count) % 2 + 1, 8),
        Lipschitz(F(5, 4)),
        "approx",
        visualization=shown,
        query=("1/8",),
    )
    assert found.answers_differ and not found.is_refuted and "keeps a state" in str(found)
    assert "probability" not in str(found)


@pytest.mark.parametrize(
    ("errors", "trials"), [(0, 1), (1, 1), (0, 30), (7, 30), (30, 30), (503, 1000)]
)
def test_the_interval_is_clopper_and_pearson_s(errors, trials):
    for confidence in (0.95, 0.999):
        wanted = binomtest(errors, trials).proportion_ci(confidence, method="exact")
        assert ErrorRate(errors, trials).interval(confidence) == pytest.approx(wanted, abs=1e-9)


# -- broken decoders ---------------------------------------------------------------------------------


def boom(v, x):
    raise ValueError("no\nidea")


def changes_the_query(v, x):
    x[0] = 1 - x[0]
    return 0


def changes_the_picture(v, x):
    v.argmax += 0.25
    return 0


def changes_a_value(v, x):
    v.minimum = 7
    return 0


def takes_away(v, x):
    del v.argmax
    return 0


def leaves(v, x):
    sys.exit(3)


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def raises_the_unreadable(v, x):
    raise Unreadable


def raises_control_characters(v, x):
    raise ValueError("\x1b[31mred \ud800")


class Touchy:
    """Raises whatever is asked of it."""

    def __init__(self, error):
        self.__dict__["error"] = error

    def __getattr__(self, name):
        raise self.__dict__["error"]


class BadItem:
    shape = ()

    def item(self):
        raise OSError("no item")


BROKEN = {
    boom: "raised ValueError: no idea",
    leaves: "raised SystemExit: 3",
    changes_the_query: "changed the visualization or the query",
    changes_the_picture: "changed the visualization or the query",
    changes_a_value: "changed the visualization or the query",
    takes_away: "changed the visualization or the query",
    lambda v, x: float("nan"): "nan is not finite",
    lambda v, x: x: "an array of shape (2,)",
    lambda v, x: "min": "expected one number",
    lambda v, x: 10**5000: "more than 12000 bits",
    lambda v, x: F(1, 10**5000): "more than 12000 bits",
    lambda v, x: sympy.sqrt(2) * 10**5000: "takes more than 12000 bits",
    lambda v, x: sympy.sqrt(2) / 10**5000: "takes more than 12000 bits",
    lambda v, x: sympy.sqrt(sympy.pi + sympy.Rational(1, 10**5000)): "takes more than 12000 bits",
    lambda v, x: sympy.exp(10**9): "beyond 2^12000",
    lambda v, x: -sympy.exp(-(10**9)): "nearer to 0 than 2^-12000",
    lambda v, x: Touchy(RuntimeError("no")): "a Touchy that raises RuntimeError when it is read",
    lambda v, x: Touchy(SystemExit(3)): "a Touchy that raises SystemExit when it is read",
    lambda v, x: BadItem(): "a BadItem that raises OSError when it is read",
    raises_the_unreadable: "raised Unreadable",
    raises_control_characters: r"ValueError: \x1b[31mred \ud800",
    lambda v: 0: "raised TypeError",
}


@pytest.mark.parametrize("decoder", BROKEN, ids=BROKEN.values())
@pytest.mark.parametrize("row", ["convex", "constant"])
def test_a_broken_decoder_is_not_refuted(decoder, row):
    """Whatever it does or gives back, the reason is a line and no error comes out."""
    found = refute(decoder, row, "exact", dim=2)
    assert found.status == "broken" and not found.is_refuted
    assert BROKEN[decoder] in found.reason and "Nothing is claimed about it" in found.reason
    assert str(found).replace("\n", "").isprintable()
    assert found.function is None and found.prediction is None and found.error is None
    assert EXIT_STATUS[found.status] not in (0, 1, 2)
    with pytest.raises(InvalidInput):
        found.witness()


def test_a_decoder_that_breaks_later_is_broken():
    count = itertools.count()
    found = refute(lambda v, x: 0 if next(count) < 5 else None, "convex", "exact", repeats=9)
    assert found.status == "broken" and "(call 6)" in found.reason


def test_keyboard_interrupt_is_not_swallowed():
    def stop(v, x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refute(stop, "convex", "exact")


def test_a_time_limit_puts_a_callable_into_a_process_of_its_own():
    def spin(v, x):
        while True:
            pass

    found = refute(spin, "convex", "exact", time_limit=1)
    assert found.status == "broken" and "a call took more than 1 s" in found.reason
    offset = 0.25

    def shifted(v, x):
        return float(x.mean()) + offset

    found = refute(shifted, "convex", "exact", dim=3, time_limit=60)
    assert found.is_refuted and found.prediction == F(1, 4)


def test_what_cannot_be_sent_to_another_process_is_said():
    lock = __import__("threading").Lock()
    with pytest.raises(InvalidInput, match="cannot be sent to a process of its own"):
        refute(lambda v, x: lock and 0, "convex", "exact", time_limit=5)
    with pytest.raises(
        InvalidInput, match=r"does not arrive in a process of its own.*time limit out"
    ):
        refute(
            lambda v, x: nearest(v, x), "convex", "exact", time_limit=60
        )  # of a module that is not on the path


# -- the adversary's own fault, and bad input --------------------------------------------------------


def test_a_damaged_construction_is_unverified_not_a_refutation(monkeypatch):
    class Lifted(Hats):
        def strict(self, features, p, xp):
            return super().strict(features, p, xp) + features.hats[0] / 8

    monkeypatch.setitem(CONSTRUCTIONS, "black-box", Lifted())
    found = refute(nearest, "black-box", "exact")
    assert found.status == "unverified" and EXIT_STATUS[found.status] == 1
    assert "The pair for black-box/exact fails: f(a) = " in found.reason


def test_bad_input_is_refused_before_the_decoder_is_asked():
    def never(v, x):
        raise AssertionError

    with pytest.raises(UnknownKey, match="convex"):
        refute(never, "convexx", "exact")
    with pytest.raises(UnknownKey, match="side"):
        refute(never, "convex", "sides")
    for bad in (
        {"repeats": 0},
        {"members": 1.5},
        {"numbers": "double"},
        {"dim": -1},
        {"time_limit": 0},
    ):
        with pytest.raises(InvalidInput):
            refute(never, "convex", "exact", **bad)
    with pytest.raises(InvalidInput, match="cannot be called"):
        refute(3, "convex", "exact")
    v = Visualization((0, 0), (1, 1), 0, 1)
    with pytest.raises(QueryShown):
        refute(never, Convex(), Side(), visualization=v, query=(0, 0))
    with pytest.raises(InvalidInput, match=r"expected FILE\.py:FUNCTION"):
        refute("decode", "convex", "exact")


def test_rows_are_all_known():
    assert set(CLASSES) == {*CONSTRUCTIONS, *EXACT_DECODERS}
