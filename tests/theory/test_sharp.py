"""The sharp table's closed forms against slow oracles, and its numbers from 1/2 to 2^-150528."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import oracles_sharp as slow
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from trompe.theory import CLASSES, InvalidInput, UnknownKey, Visualization, function_class
from trompe.theory.catalogue import sharp_row, sharp_rows
from trompe.theory.shares.balls import ball_share
from trompe.theory.shares.base import COLUMNS
from trompe.theory.shares.cones import ConeSetting, TwoCones, opposite_corners, two_cones
from trompe.theory.shares.quantities import Term, algebraic, between, exact, powers, sampled, total

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
coordinates = st.fractions(0, 1, max_denominator=8)


# -- rows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "a", "b", "n"),
    [
        ("convex", (Fraction(1, 3),), (Fraction(1),), 60),
        ("convex", (Fraction(1, 4), Fraction(2, 5)), (Fraction(1), Fraction(0)), 24),
        ("convex", (Fraction(0), Fraction(1)), (Fraction(1), Fraction(1)), 24),
        (
            "convex",
            (Fraction(1, 4), Fraction(1, 2), Fraction(1)),
            (Fraction(1), Fraction(1), Fraction(0)),
            8,
        ),
        ("affine", (Fraction(0), Fraction(1)), (Fraction(1), Fraction(0)), 24),
        (
            "affine",
            (Fraction(0), Fraction(0), Fraction(0)),
            (Fraction(1), Fraction(1), Fraction(1)),
            9,
        ),
        ("monotone", (Fraction(0), Fraction(0)), (Fraction(1), Fraction(1)), 6),
    ],
)
@pytest.mark.parametrize("eps", [Fraction(1, 10), Fraction(2, 5)])
def test_shares_are_the_share_of_midpoints(row, a, b, n, eps):
    d, closed = len(a), sharp_row(row)
    near = Fraction(2 * d, n)  # the boundary meets about 2 d n^(d-1) of the n^d cells
    assert abs(slow.counted(row, a, b, "side", n) - closed.side_share(d).fraction) <= near
    assert (
        abs(slow.counted(row, a, b, "approx", n, eps) - closed.eps_share(d, eps).fraction) <= near
    )
    worst, seen = closed.worst_radius(d).fraction, slow.largest_radius(row, a, b, min(n, 12))
    assert seen <= worst <= seen + Fraction(1, 12)


@pytest.mark.parametrize("d", [1, 2, 3, 7])
@pytest.mark.parametrize("eps", [Fraction(1, 10), QUARTER, Fraction(2, 5)])
def test_the_formulas_shown_are_the_numbers(d, eps):
    for row in sharp_rows():
        if row.key == "lipschitz" or not row.is_about(d):
            continue
        for column in COLUMNS:
            written = row.formulas[column].text.partition(", ")[0].replace("^", "**")
            written = (
                written.replace("2 eps", "2*eps")
                .replace("d r", "d*r")
                .replace("(d-1) r", "(d-1)*r")
            )
            value = sympy.sympify(
                written,
                locals={"d": d, "eps": sympy.Rational(str(eps)), "r": sympy.Rational(str(2 * eps))},
            )
            assert Fraction(str(value)) == row.column(column, d, eps).fraction, (row.key, column)


def test_every_row_of_the_table_has_a_sharp_row_that_says_where_it_holds():
    assert [row.key for row in sharp_rows()] == list(CLASSES)
    assert len(sharp_rows(extended=True)) == len(CLASSES) + 3
    for row in sharp_rows(extended=True):
        assert row.setting.text and row.setting.latex
        assert set(row.formulas) == set(COLUMNS)
    with pytest.raises(UnknownKey, match="unknown row"):
        sharp_row("quadratic")
    with pytest.raises(
        InvalidInput, match="neuron: no row of the sharp table; its worst radius is 1/2"
    ):
        sharp_row("neuron")


def test_one_convex_image_in_two_to_the_150528():
    share = sharp_row("convex").side_share(150_528)
    assert share.form == "(1/2)^150528" and share.fraction is None and float(share.value) == 0
    assert share.log10 == pytest.approx(-150_528 * math.log10(2), abs=1e-8)
    affine = sharp_row("affine").eps_share(150_528, Fraction(3, 10))
    expected = 150_527 * math.log10(0.6) + math.log10(150_528 - 150_527 * 0.6)
    assert affine.log10 == pytest.approx(expected, abs=1e-6)
    for row in sharp_rows():
        if row.is_about(150_528):
            for column in COLUMNS:
                assert 0 <= row.column(column, 150_528, QUARTER).lower <= 1


# -- quantities ------------------------------------------------------------------------------------


@given(st.fractions(Fraction(1, 9), 1, max_denominator=9), st.integers(1, 60))
def test_powers_are_exact(base, exponent):
    q = powers(Term(Fraction(2, 3), base, exponent), Term(Fraction(1, 3), base, 1))
    expected = Fraction(2, 3) * base**exponent + base / 3
    assert q.fraction == expected and q.form == str(expected) and q.is_known
    assert q.log10 == pytest.approx(math.log10(expected), abs=1e-12)


def test_long_powers_do_not_lose_their_difference():
    q = powers(Term(Fraction(3), HALF, 50_000), Term(Fraction(-1), HALF, 49_999))
    assert q.log10 == pytest.approx(-50_000 * math.log10(2))
    with pytest.raises(InvalidInput, match="cancel"):
        powers(Term(Fraction(1), HALF, 50_000), Term(Fraction(-1, 2), HALF, 49_999))


def test_sums_are_as_exact_as_their_parts():
    assert total([exact(HALF), exact(QUARTER)]).fraction == Fraction(3, 4)
    disc = algebraic(sympy.pi / 16)
    assert total([disc, disc]).kind == "closed form" and total([disc, disc]).form == "2*(pi/16)"
    assert algebraic(sympy.Rational(1, 3)).fraction == Fraction(1, 3)
    wide = total([between(0, HALF), disc])
    assert wide.kind == "enclosed" and wide.lower == disc.lower
    assert exact(0).log10 is None and not sampled(0.5, 0.4, 0.6).is_known
    assert disc.holds(Decimal("0.19"), Decimal("0.2")) and not disc.holds(
        Decimal(0), Decimal("0.1")
    )


# -- balls -----------------------------------------------------------------------------------------


@given(st.lists(coordinates, min_size=1, max_size=3), st.fractions(0, 3, max_denominator=7))
def test_l1_balls_are_iterated_integrals(centre, r):
    assert ball_share("l1", tuple(centre), r).fraction == slow.l1_ball(centre, r)


@given(st.lists(coordinates, min_size=1, max_size=3), st.fractions(0, 2, max_denominator=7))
def test_balls_hold_the_share_of_random_points(centre, r):
    x = np.random.default_rng(0).random((4000, len(centre)))
    off = np.abs(x - np.array(centre, dtype=float))
    for norm, size, far in (
        ("linf", r, off.max(axis=1)),
        ("l2", r * r, np.sqrt((off * off).sum(axis=1))),
        ("l1", r, off.sum(axis=1)),
    ):
        seen = float((far <= float(r)).mean())
        share = ball_share(norm, tuple(centre), size)
        assert float(share.lower) - 0.045 <= seen <= float(share.upper) + 0.045, (norm, share)
        assert share.lower <= share.upper <= 1


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_a_ball_grows_from_nothing_to_the_box(norm):
    centre = (Fraction(1, 3), Fraction(0), Fraction(3, 4))
    sizes = [Fraction(k, 10) for k in range(0, 40, 3)]
    shares = [ball_share(norm, centre, size) for size in sizes]
    assert shares[0].upper <= Fraction(1, 10**6) and shares[-1].fraction == 1
    for smaller, larger in pairwise(shares):
        assert smaller.lower <= larger.upper
    assert ball_share(norm, centre, Fraction(-1)).fraction == 0


def test_half_a_box_lies_within_half_its_l1_diameter_of_a_corner():
    assert ball_share("l1", (Fraction(0),) * 150_528, Fraction(75_264)).fraction == HALF
    assert ball_share("l1", (Fraction(1),) * 9, Fraction(9, 2)).fraction == HALF


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("stretch", [Fraction(3, 2), Fraction(4)])
def test_bounds_at_large_d_agree_with_the_exact_value_where_both_exist(norm, stretch, monkeypatch):
    from trompe.theory.shares import balls

    d = 40
    size = d / (2 * stretch) if norm == "l1" else d / (2 * stretch) ** 2
    known = ball_share(norm, (Fraction(0),) * d, size)
    monkeypatch.setattr(balls, "EXACT_DIM", 1)
    monkeypatch.setattr(balls, "SUMMED_DIM", 1)
    rough = ball_share(norm, (Fraction(0),) * d, size)
    assert rough.lower <= known.lower and known.upper <= rough.upper
    if known.kind != rough.kind:
        assert rough.log10 - known.log10 < 4  # the exponential bound is near


# -- Lipschitz -------------------------------------------------------------------------------------


@given(
    st.fractions(1, 4, max_denominator=12),
    st.fractions(Fraction(1, 20), Fraction(9, 20), max_denominator=20),
)
def test_the_line(stretch, eps):
    for norm in ("l1", "l2", "linf"):
        c = opposite_corners(norm, 1, stretch)
        assert c.worst_radius().fraction == min((stretch - 1) / 2, HALF)
        assert c.side_share().fraction == 1 / stretch
        assert c.eps_share(eps).fraction == (1 if stretch <= 1 + 2 * eps else 4 * eps / stretch)


@given(
    st.lists(coordinates, min_size=2, max_size=2),
    st.lists(coordinates, min_size=2, max_size=2),
    st.sampled_from([Fraction(1), Fraction(5, 4), Fraction(2)]),
    st.sampled_from(["l1", "linf"]),
)
def test_worst_radius_is_that_of_a_grid(a, b, stretch, norm):
    a, b = tuple(a), tuple(b)
    if a == b:
        return
    apart = [abs(p - q) for p, q in zip(a, b, strict=True)]
    constant = stretch / (sum(apart) if norm == "l1" else max(apart))
    cls = function_class("lipschitz", constant=constant, metric=norm)
    worst = two_cones(cls, Visualization(a, b, 0, 1)).worst_radius().fraction
    seen = slow.largest_radius("lipschitz", a, b, 8, L=constant, metric=norm)
    assert (
        seen <= worst <= seen + constant / 8
    )  # both distances change by at most 1/8 to a grid point


@pytest.mark.parametrize("d", [2, 3, 4, 5])
@pytest.mark.parametrize("stretch", ["1", "6/5", "7/5"])
def test_worst_radius_in_l2_is_that_of_many_queries(d, stretch):
    c = opposite_corners("l2", d, stretch)
    k, worst = math.sqrt(c.scale), c.worst_radius()
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (60_000, d)).astype(float)
    x[np.arange(len(x)), rng.integers(0, d, len(x))] = rng.random(len(x))  # the edges
    x = np.vstack([x, rng.random((20_000, d))])
    p, q = (k * np.sqrt(((x - end) ** 2).sum(axis=1)) for end in (0, 1))
    seen = ((np.minimum(1, p) + np.minimum(1, q) - 1) / 2).max()
    assert float(worst.lower) - 0.001 <= seen <= float(worst.upper) + 1e-9
    assert worst.upper - worst.lower < Decimal("1e-7")


def test_worst_radius_with_too_many_combinations_is_bounded():
    a = tuple(Fraction(1, 3 + i) for i in range(12))
    b = tuple(Fraction(2 + i, 3 + i) for i in range(12))
    for norm in ("l1", "l2"):
        c = TwoCones(norm, a, b, Fraction(5, 4) / TwoCones(norm, a, b, Fraction(1)).stretch)
        bounds = c.worst_radius()
        assert bounds.kind == "enclosed" and 0 < bounds.lower < bounds.upper <= HALF
        assert c.exceeds(Fraction(11, 10)) and not c.exceeds(Fraction(5, 4))


@pytest.mark.parametrize("norm", ["l1", "linf"])
@pytest.mark.parametrize(("d", "n"), [(2, 30), (3, 9)])
@pytest.mark.parametrize(
    ("stretch", "eps"),
    [
        (Fraction(1), Fraction(1, 5)),
        (Fraction(5, 4), Fraction(1, 5)),
        (Fraction(2), Fraction(2, 5)),
    ],
)
def test_opposite_corners_by_midpoints(norm, d, n, stretch, eps):
    c = opposite_corners(norm, d, stretch)
    asked = {"L": c.scale, "metric": norm}
    near = Fraction(2 * d, n)
    assert (
        abs(slow.counted("lipschitz", c.a, c.b, "side", n, **asked) - c.side_share().fraction)
        <= near
    )
    seen = slow.counted("lipschitz", c.a, c.b, "approx", n, eps, **asked)
    assert abs(seen - c.eps_share(eps).fraction) <= near


def test_settings_that_mean_nothing_are_refused():
    for wrong, says in (
        ({}, "either lambda"),
        ({"stretch": Fraction(2), "constant": Fraction(1)}, "either lambda"),
        ({"constant": Fraction(2), "argmin": (Fraction(0),)}, "belong together"),
        (
            {"stretch": Fraction(2), "argmin": (Fraction(0),), "argmax": (Fraction(1),)},
            "corners 0 and 1",
        ),
        ({"stretch": Fraction(1, 2)}, "lambda >= 1"),
        ({"stretch": Fraction(2), "range": Fraction(3)}, "already has the range"),
        ({"constant": Fraction(1), "range": Fraction(0)}, "R = M - m > 0"),
        (
            {"constant": Fraction(1, 2), "argmin": (Fraction(0),), "argmax": (Fraction(1),)},
            "no member",
        ),
    ):
        with pytest.raises(InvalidInput, match=says):
            ConeSetting(**wrong)
    with pytest.raises(UnknownKey, match="metric"):
        ConeSetting("l3", stretch=Fraction(2))


@given(st.integers(1, 50), st.fractions(1, 3, max_denominator=9))
def test_lambda_in_l2_is_rounded_up(d, stretch):
    cls, _ = ConeSetting("l2", stretch=stretch).shown(d)
    square = cls.constant**2 * d
    assert stretch**2 <= square <= stretch**2 + Fraction(1, 10**6)
