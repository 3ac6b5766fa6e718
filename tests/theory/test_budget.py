"""Budgets: volumes, rigorous rounding, and the units and points that prove the bounds, against `bound` itself."""

from __future__ import annotations

import math
import random
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from mpmath.libmp import to_rational

from trompe.constructions.rows.lipschitz import flat
from trompe.theory import InvalidInput, Lipschitz, UnknownKey, Visualization
from trompe.theory import exemplar_budget as module
from trompe.theory.bounding import bound
from trompe.theory.computable import Computable
from trompe.theory.exemplar_budget import budget
from trompe.theory.functionals import metric
from trompe.theory.namespace import EXACT, NumpyNamespace

F = Fraction
METRICS = ("l1", "l2", "linf")


def _decimal_volume(key, d, r):
    """50 digits, by the recursion V_d = 2 pi r^2 / d V_{d-2} in l2."""
    with localcontext(prec=60):
        pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
        r = Decimal(r.numerator) / r.denominator
        if key == "linf":
            return (2 * r) ** d
        if key == "l1":
            value = Decimal(1)
            for k in range(1, d + 1):
                value *= 2 * r / k
            return value
        value = Decimal(1) if d % 2 == 0 else 2 * r
        for k in range(2 + d % 2, d + 1, 2):
            value *= 2 * pi * r * r / k
        return value


@pytest.mark.parametrize("key", METRICS)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 10, 33, 100])
def test_volumes_and_counts_to_50_digits(key, d):
    r = F(1, 7)
    volume = _decimal_volume(key, d, r)
    held = Computable(lambda iv: module._volume(iv, key, d, r), None).enclosure(300)
    low, high = (F(*to_rational(end)) for end in held._mpi_)
    assert low <= high and F(high, low) - 1 < F(1, 10**55)
    with localcontext(prec=60):
        middle = (
            Decimal(low.numerator) / low.denominator + Decimal(high.numerator) / high.denominator
        ) / 2
        assert abs(middle / volume - 1) < Decimal("1e-48")
        needed = int((1 / volume).to_integral_value(rounding="ROUND_CEILING")) - 2
        log = (1 / volume).log10()
    if key == "linf" and d > 60:
        needed = math.ceil(F(7, 2) ** d) - 2  # beyond the digits above
    found = budget(7, 2, d, key)  # R/2L = 1/7
    if found.at_least is not None and found.at_least < 10**45:
        assert found.at_least == max(0, needed)
    if found.at_least is None or found.at_least > 10**9:
        assert found.log10_at_least <= log < Decimal(found.log10_at_least) + Decimal("0.0003")


@pytest.mark.parametrize("key", METRICS)
def test_the_logarithm_is_at_most_the_count_and_near_it(key):
    for d in (2, 5, 20, 100):
        for task in ("side", "eps"):
            found = budget(20, 1, d, key, task, **({"eps": "1/10"} if task == "eps" else {}))
            if found.at_least:
                with localcontext(prec=400):
                    log = Decimal(found.at_least).log10()
                    assert (
                        Decimal(found.log10_at_least)
                        <= log
                        < Decimal(found.log10_at_least) + Decimal("0.0003")
                    )
            elif found.at_least == 0:
                assert found.log10_at_least == -math.inf


def test_images_have_a_logarithm_only():
    found = budget(1, 1, 150528, "l2")
    assert found.at_least is None
    expected = (math.lgamma(75265) - 75264 * math.log(math.pi) + 150528 * math.log(2)) / math.log(
        10
    )
    assert expected - 0.001 < found.log10_at_least <= expected
    cube = budget(100, 1, 150528, "linf")
    assert 150528 * 2 - 0.001 < cube.log10_at_least <= 301056
    simplex = budget(1, 1, 150528, "l1")
    expected = math.lgamma(150529) / math.log(10)
    assert expected - 0.001 < simplex.log10_at_least <= expected


def test_powers_of_ten_have_the_logarithm_below_or_their_own():
    assert budget(3, 1, 1, "linf").at_least == 1
    assert budget(3, 1, 1, "linf").log10_at_least == 0
    assert budget(12, 1, 1, "linf").at_least == 10
    assert budget(12, 1, 1, "linf").log10_at_least == 0.9999


def test_a_tie_is_not_rounded_up():
    """Exactly 100 balls of volume 1/100 might cover the square: 98 exemplars are needed, not 99."""
    assert budget(10, 1, 2, "linf").at_least == 98
    assert budget(F(10) + F(1, 10**9), 1, 2, "linf").at_least == 99
    assert budget(1, 1, 1, "l1").at_least == 0  # the two extremes of [0, 1] are enough


# -- the proofs, played ------------------------------------------------------------------------------------


def _uncovered(key, rng, shown, reaches, d):
    """A random point farther than its reach from every shown point."""
    for _ in range(400):
        x = tuple(F(rng.randrange(0, 65), 64) for _ in range(d))
        away = [metric(key)(EXACT.array(x), EXACT.array(s), EXACT) for s in shown]
        if all(float(r) > float(reach) + 1e-9 for r, reach in zip(away, reaches, strict=True)):
            return x
    return None


@pytest.mark.parametrize("key", METRICS)
def test_too_few_exemplars_leave_a_point_where_side_is_open_for_every_unit(key):
    """For a random member f (a McShane extension), any exemplars: far points are undecidable."""
    rng, d, L = random.Random(key), 2, F(6)
    assert budget(L, 1, d, key).at_least > 3
    tried = 0
    for _ in range(6):
        a, b = (F(0), F(0)), (F(1), F(rng.randrange(5), 4))
        v, cls = Visualization(a, b, 0, 1), Lipschitz(L, "linf" if key == "l2" else key)
        spots = [tuple(F(rng.randrange(0, 9), 8) for _ in range(d)) for _ in range(3)]
        spots = [p for p in dict.fromkeys(spots) if p not in (a, b)]
        shown = []
        for p in spots:  # any value that some member has there
            ends = bound(cls, v, p, shown).interval
            if ends.lower < ends.upper:
                shown.append(
                    (p, ends.lower + (ends.upper - ends.lower) * F(rng.randrange(1, 8), 8))
                )
        x = _uncovered(key, rng, [a, b, *(p for p, _ in shown)], [F(1, 12)] * (len(shown) + 2), d)
        if x is not None:
            tried += 1
            assert bound(Lipschitz(L, key), v, x, shown)["side"].decidable is False
    assert tried >= 4


@pytest.mark.parametrize("key", METRICS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_flat_unit_defeats_exemplars_that_do_not_cover(key, d):
    rng, L, eps = random.Random(f"{key}{d}"), F(5), F(1, 8)
    tried = 0
    for _ in range(5):
        a, b = (F(0),) * d, (F(1), *(F(rng.randrange(5), 4) for _ in range(d - 1)))
        v = Visualization(a, b, 0, 1)
        spots = {tuple(F(rng.randrange(1, 64), 64) for _ in range(d)) for _ in range(3)}
        shown = []
        for p in spots - {a, b}:
            from_a, from_b = (metric(key)(EXACT.array(p), EXACT.array(s), EXACT) for s in (a, b))
            y = flat(F(0), F(1), L, from_a, from_b, EXACT)
            if isinstance(y, F):  # in l2 an irrational value may not be shown
                shown.append((p, y))
        reaches = [(F(1, 2) + eps) / L] * 2 + [eps / L] * len(shown)
        x = _uncovered(key, rng, [a, b, *(p for p, _ in shown)], reaches, d)
        if x is not None:
            tried += 1
            assert bound(Lipschitz(L, key), v, x, shown, eps=eps)["approx"].decidable is False
    assert tried >= 3


def test_the_radii_of_the_eps_bound_are_the_largest():
    """With the line covered at these radii eps is decided everywhere: the argument gives nothing away."""
    L, eps = F(5), F(1, 8)
    v, cls = Visualization((0,), (1,), 0, 1), Lipschitz(L, "l1")
    near, far = eps / L, (F(1, 2) + eps) / L
    spots, at = [], far
    while at < 1 - far:
        spots.append(((at + near,), F(1, 2)))
        at += 2 * near
    spots[-1] = ((min(spots[-1][0][0], 1 - far - near / 2),), F(1, 2))
    grid = [(F(k, 200),) for k in range(201)]
    assert set(bound(cls, v, grid, spots, eps=eps).decidable["approx"].tolist()) == {1}
    fewer = bound(cls, v, grid, spots[1:], eps=eps).decidable["approx"].tolist()
    assert 0 in fewer
    assert budget(L, 1, 1, "l1", "eps", eps).at_least <= len(spots)


def test_no_finite_number_is_enough_for_a_unit_below_the_constant():
    """z -> z with L = 2: whatever grid is shown, a point near 1/2 stays open."""
    cls, v = Lipschitz(2, "l1"), Visualization((0,), (1,), 0, 1)
    for n in (1, 4, 9, 50):
        spots = [((F(k, n + 1),), F(k, n + 1)) for k in range(1, n + 1)]
        near = [(F(1, 2) + sign * F(1, 10 * (n + 1)),) for sign in (-1, 1)]
        assert 0 in bound(cls, v, near, spots).decidable["side"].tolist()
    steepest = bound(Lipschitz(1, "l1"), v, [(F(k, 40),) for k in range(41)])
    assert set(steepest.decidable["side"].tolist()) == {1}  # with L = 1 it is the only member


def test_covering_exemplars_suffice_for_eps():
    """The other direction of docs/bound.md: balls of radius eps R/L about exemplars that cover X are enough."""
    L, eps = F(4), F(1, 4)
    v, cls = Visualization((0, 0), (1, 1), 0, 1), Lipschitz(L, "linf")
    spots = [
        ((F(2 * i + 1, 16), F(2 * j + 1, 16)), (F(i + j + 1, 16)))
        for i in range(8)
        for j in range(8)
    ]
    xs = np.random.default_rng(0).random((200, 2))
    assert set(bound(cls, v, xs, spots, eps=eps).decidable["approx"].tolist()) == {1}
    assert budget(L, 1, 2, "linf", "eps", eps).at_least <= len(spots)
    distances = metric("linf")(
        xs[:, None, :],
        np.array([[float(c) for c in p] for p, _ in spots]),
        NumpyNamespace(np.float64),
    )
    assert distances.min(axis=1).max() <= float(eps / L)


# -- arguments and bad input -----------------------------------------------------------------------------


def test_the_argument_carries_its_quantifiers():
    side = budget(10, 1, 2, "l2").argument
    for words in (
        "any unit",
        "every such f and every choice of exemplars",
        "no finite number",
        "1/20",
    ):
        assert words in side
    eps = budget(10, 1, 2, "l2", "eps", "1/10").argument
    for words in (
        "any visualization",
        "for every such v there is a unit",
        "however it is chosen",
        "1/100",
        "3/50",
    ):
        assert words in eps


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 1, 2), "Lipschitz constant = 0; expected a positive"),
        ((1, -1, 2), "range = -1; expected a positive"),
        ((1, 1, 0), "dim = 0; expected an integer"),
        ((1, 1, 2.0), "dim = 2.0; expected an integer"),
        ((1, 1, True), "dim = True; expected an integer"),
        ((1, 2, 1, "l2"), r"L must be at least 2/sqrt\(1\)"),
        ((1, 2, 9, "linf"), "diameter 1 in linf, so L must be at least 2"),
        (("x", 1, 1), "is not a number"),
        ((1, 1, 2, "l1", "eps", "1/2"), "eps = 1/2 lies outside"),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    with pytest.raises(InvalidInput, match=words) as refusal:
        budget(*arguments)
    assert "\n" not in str(refusal.value)


def test_unknown_keys():
    with pytest.raises(UnknownKey, match="unknown metric 'l3'"):
        budget(1, 1, 2, "l3")
    with pytest.raises(UnknownKey, match="unknown task 'exact'"):
        budget(1, 1, 2, "l1", "exact")
