"""The three ways in which a closed form of the sharp table is checked, and that each can fail."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from scipy.stats import binom
from worker_calls import number_or_die

from trompe.proofs.rows import CHECKS
from trompe.proofs.sharp import cubes, random_queries
from trompe.proofs.sharp import table as checking
from trompe.proofs.sharp.cells import Cells, Kinks, NotAffine
from trompe.proofs.sharp.cubes import Cubes
from trompe.proofs.sharp.random_queries import share_interval
from trompe.proofs.sharp.table import sharp_table
from trompe.proofs.symbolic import check_identity
from trompe.theory import (
    TASKS,
    Affine,
    Approx,
    Convex,
    InvalidInput,
    Lipschitz,
    Side,
    Visualization,
)
from trompe.theory.catalogue import FURTHER, sharp_row, sharp_rows
from trompe.theory.rows import affine, convex
from trompe.theory.shares.base import COLUMNS
from trompe.theory.shares.cones import ConeSetting
from trompe.theory.shares.quantities import Term, between, exact

QUARTER = Fraction(1, 4)
SQUARE = Visualization((QUARTER, Fraction(2, 5)), (1, 1), 0, 1)


def checks(key, way, monkeypatch=None, dims=(2,), column=None):
    """The checks of one row in one way, at the fewest d; symbolic ones of one column if it is given."""
    if monkeypatch is not None:
        monkeypatch.setattr(checking, "EXACT_DIMS", dims)
        monkeypatch.setattr(random_queries, "POINTS", 5_000)
        if column is not None:
            only = [item for item in CHECKS[key].closed_forms() if item[0] == column]
            monkeypatch.setattr(CHECKS[key], "closed_forms", lambda: iter(only))
    return {"symbolic": checking._symbolic, "exact": checking._exact, "sampled": checking._sampled}[
        way
    ](sharp_row(key), dims, (QUARTER,))


def verdicts(found, column=None, way=None):
    return {c.verdict for c in found if column in (None, c.column) and way in (None, c.way)}


# -- they hold ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    """Every row, further ones included; exact integration at d = 3 has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "EXACT_DIMS", (1, 2))
        patch.setattr(random_queries, "POINTS", 5_000)
        patch.setitem(cubes.DEPTH, 2, 8)
        return sharp_table(sharp_rows(extended=True), [1, 2, 5], [QUARTER], jobs=1)


@pytest.mark.parametrize("row", ["convex", "affine"])
def test_exact_integration_at_d_3(row, monkeypatch):
    found = checks(row, "exact", monkeypatch, (3,))
    assert len(found) >= 8 and verdicts(found) == {"PROVED"}


def test_every_closed_form_is_proved_and_no_check_fails(table):
    assert table.is_checked
    assert verdicts(table.checks) == {"PROVED", "AGREES"}
    for row in table.rows:
        for column in COLUMNS:
            assert table.verdict(row.key, column) == "PROVED"
            ways = {c.way for c in table.checks_of(row.key, column)}
            assert {"exact", "sampled"} <= ways
            assert "symbolic" in ways or row.key in FURTHER


def test_a_sample_or_a_bound_never_proves(table):
    for check in table.checks:
        assert (check.verdict == "PROVED") <= (check.way in ("symbolic", "exact"))
    samples = [c for c in table.checks if c.way == "sampled"]
    alone = replace(table, checks=tuple(samples))
    assert not alone.is_checked and alone.verdict("convex", "side share") == "AGREES"
    assert replace(table, checks=()).verdict("convex", "side share") == "UNKNOWN"


def test_numbers_come_from_the_rows(table):
    numbers = table.numbers("convex", 5, QUARTER)
    assert [numbers[c].fraction for c in COLUMNS] == [
        Fraction(1, 2),
        Fraction(1, 32),
        Fraction(1, 32),
    ]
    assert not table.numbers("affine-1d", 2, QUARTER)


def test_a_d_that_no_row_is_about_is_refused():
    with pytest.raises(InvalidInput, match="choose another d"):
        sharp_table([sharp_row("affine")], [1], [QUARTER])
    with pytest.raises(InvalidInput, match="d >= 1"):
        sharp_table([sharp_row("convex")], [0], [QUARTER])


# -- and can fail --------------------------------------------------------------------------------------

FAULTS = {
    "convex": (convex, "convex_share", lambda t, d: (Term(1, t, d + 1),)),
    "affine": (affine, "affine_eps", lambda r, d: (Term(d - d * r, r, d - 1), Term(2, r, d))),
}


@pytest.mark.parametrize("row", FAULTS)
@pytest.mark.parametrize("way", ["symbolic", "exact", "sampled"])
def test_a_wrong_share_fails_in_each_way(row, way, monkeypatch):
    column = "eps share"
    assert not verdicts(checks(row, way, monkeypatch, column=column)) & {"REFUTED", "UNKNOWN"}
    monkeypatch.setattr(*FAULTS[row])
    assert "REFUTED" in verdicts(checks(row, way, monkeypatch, column=column), column)


@pytest.mark.parametrize("way", ["symbolic", "exact", "sampled"])
@pytest.mark.parametrize("wrong", [Fraction(2, 5), Fraction(3, 5)])
@pytest.mark.parametrize("row", ["convex", "affine", "monotone", "constant"])
def test_a_wrong_worst_radius_fails_in_each_way(row, wrong, way, monkeypatch):
    monkeypatch.setattr(type(sharp_row(row)), "worst_radius", lambda self, d: exact(wrong))
    found = checks(row, way, monkeypatch, column="worst radius")
    assert "REFUTED" in verdicts(found, "worst radius")


@pytest.mark.parametrize("column", ["side_share", "eps_share"])
@pytest.mark.parametrize("way", ["symbolic", "exact", "sampled"])
@pytest.mark.parametrize("row", ["black-box", "affine-1d"])
def test_a_share_where_there_is_none_fails_in_each_way(row, way, column, monkeypatch):
    dims = (1,)
    monkeypatch.setattr(type(sharp_row(row)), column, lambda self, *_: exact(Fraction(1, 100)))
    found = checks(row, way, monkeypatch, dims)
    assert "REFUTED" in verdicts(found, column.replace("_", " "))


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
@pytest.mark.parametrize("column", ["side share", "worst radius"])
def test_a_wrong_lipschitz_form_fails_in_each_way(norm, column, monkeypatch):
    from trompe.theory.shares import balls, cones

    right = balls.ball_share

    def wrong(which, centre, size):
        return (
            right(which, centre, size * Fraction(11, 10))
            if which == norm
            else right(which, centre, size)
        )

    if column == "side share":
        monkeypatch.setattr(cones, "ball_share", wrong)
        monkeypatch.setattr(balls, "ball_share", wrong)
    else:
        monkeypatch.setattr(cones.TwoCones, "worst_radius", lambda self: exact(Fraction(1, 10)))
    setting = ConeSetting(norm, stretch=Fraction(5, 4))
    monkeypatch.setattr(
        CHECKS["lipschitz"], "instances", lambda row, d: iter([(row, *setting.shown(d))])
    )
    row = sharp_row("lipschitz", setting)
    ways = {"exact": checking._exact, "sampled": checking._sampled}
    for way in ways.values():
        monkeypatch.setattr(checking, "EXACT_DIMS", (2,))
        assert "REFUTED" in verdicts(way(row, (2,), (QUARTER,)), column)
    tail = "line" if column == "worst radius" else f"/{norm}/d2"
    items = [i for c, i in CHECKS["lipschitz"].closed_forms() if c == column and tail in i.key]
    assert items and "REFUTED" in {check_identity(item)[0] for item in items}


def test_a_derivation_that_breaks_is_unknown(monkeypatch):
    def breaks(*_):
        raise TypeError("no such form")

    monkeypatch.setattr(convex, "convex_share", breaks)
    assert verdicts(checks("convex", "symbolic"), "side share") == {"UNKNOWN"}


def test_a_check_whose_process_dies_is_unknown(monkeypatch):
    monkeypatch.setattr(checking, "_exact", number_or_die)
    found = sharp_table([sharp_row("affine-1d"), sharp_row("constant")], [1], [QUARTER], jobs=2)
    died = [c for c in found.checks if c.verdict == "UNKNOWN"]
    assert {(c.row, c.column, c.way) for c in died} == {
        (row, column, "exact") for row in ("affine-1d", "constant") for column in COLUMNS
    }
    assert {c.reason for c in died} == {"its process ended by itself (SIGKILL)"}
    assert not found.is_checked and {c.way for c in found.checks} >= {"symbolic", "sampled"}


def test_queries_that_rounding_leaves_open_count_both_ways():
    """At lambda = 1 + 2 eps the radius between a and b is eps exactly, which floats cannot tell."""
    found = checking._sampled(
        sharp_row("lipschitz", ConeSetting("l1", stretch=Fraction(6, 5))), (1,), (Fraction(1, 10),)
    )
    assert verdicts(found, "eps share") == {"AGREES"}


# -- cells ---------------------------------------------------------------------------------------------


def test_cells_fill_the_box_and_say_what_the_class_says():
    cells = CHECKS["convex"].parts(Convex(), SQUARE)
    assert sum(c.volume for c in cells.cells) == 1
    assert cells.share(Side()) == QUARTER and cells.share(Approx(Fraction(1, 10))) == Fraction(
        1, 25
    )
    assert cells.share(TASKS["exact"]()) == 0
    for cell in cells.cells[:6]:
        for vertex, w, u in zip(cell.vertices, cell.lower, cell.upper, strict=True):
            if vertex != SQUARE.argmax:
                assert (w, u) == (
                    Convex().envelope(SQUARE, vertex).lower,
                    Convex().envelope(SQUARE, vertex).upper,
                )


@pytest.mark.parametrize(
    ("cls", "v"),
    [
        (Convex(), SQUARE),
        (Affine(), Visualization((0, 1), (1, 0), 0, 1)),
        (Lipschitz(Fraction(2), "linf"), SQUARE),
        (Lipschitz(Fraction(2), "l1"), SQUARE),
    ],
)
def test_a_kink_left_out_is_noticed(cls, v):
    found = CHECKS[cls.key].kinks(cls, v)
    assert Cells(cls, v, found).cells
    whole = [[(Fraction(0), Fraction(1))]] * 2
    with pytest.raises(NotAffine, match="kink"):
        _ = Cells(cls, v, Kinks(whole)).cells
    monotone = Kinks(found.intervals, found.forms[:-1])
    with pytest.raises(NotAffine, match=cls.key):
        _ = Cells(cls, v, monotone).cells


# -- cubes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_cubes_enclose_the_exact_share(norm, monkeypatch):
    monkeypatch.setitem(cubes.DEPTH, 2, 7)
    setting = ConeSetting(
        norm,
        constant=Fraction(5, 2),
        argmin=(QUARTER, Fraction(1, 3)),
        argmax=(Fraction(3, 4), Fraction(1, 2)),
    )
    cls, v = setting.shown(2)
    side = setting.at(2).side_share()
    for task, claimed in (
        (Side(), side),
        (Approx(Fraction(1, 10)), setting.at(2).eps_share(Fraction(1, 10))),
    ):
        found = Cubes(cls, v).share(task)
        assert claimed.is_known and found.lower <= claimed.value <= found.upper
        assert float(found.upper - found.lower) < 0.05
    worst, bounds = setting.at(2).worst_radius(), Cubes(cls, v).largest_radius
    assert bounds.lower <= worst.upper and worst.lower <= bounds.upper
    if norm != "l2":
        cells = CHECKS["lipschitz"].parts(cls, v)
        assert cells.share(Side()) == side.fraction and cells.largest_radius == worst.fraction


def test_a_bound_that_misses_is_refuted():
    row = sharp_row("convex")
    within = checking._compared(
        row, "side share", exact(QUARTER), between(Fraction(1, 5), Fraction(3, 10)), 2, ""
    )
    missed = checking._compared(
        row, "side share", exact(QUARTER), between(Fraction(3, 10), Fraction(2, 5)), 2, ""
    )
    assert (within.verdict, missed.verdict) == ("AGREES", "REFUTED")
    assert "between 0.3 and 0.4" in missed.reason


# -- intervals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 0.001, 0.04, 0.3, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("n", [10, 60])
def test_intervals_miss_no_more_often_than_they_say(p, n):
    miss = 0.05
    missing = [k for k in range(n + 1) if not _holds(share_interval(k, n, miss), p)]
    assert sum(binom.pmf(k, n, p) for k in missing) <= miss
    assert share_interval(0, n, miss)[0] == 0 and share_interval(n, n, miss)[1] == 1


def _holds(interval, p):
    low, high = interval
    return low <= p <= high


def test_intervals_narrow_with_the_number_of_queries():
    widths = [high - low for low, high in (share_interval(n // 4, n) for n in (100, 1_000, 10_000))]
    assert widths[0] > 2 * widths[1] > 4 * widths[2]
