"""`audit_conclusions`: counts that a pencil finds, against `bounds`, and with planted faults."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from shown_by_hand import flat, shown
from torch import nn

import trompe
import trompe.empirical as te
from trompe.empirical.audits import conclusions as module
from trompe.empirical.audits.verdicts import Sites, counted, fibre, slope_below
from trompe.ground.text import rounded_down, rounded_up
from trompe.proofs.handover.concluded import (
    ADMISSIBLE,
    CERTIFIED,
    NATURAL,
    NOTHING,
    Slope,
    checking,
    parse,
    to_json,
)
from trompe.theory import InvalidInput, UnknownKey
from trompe.views.conclusions import said

QUICK = {"starts": 3, "steps": 2, "show": False}


def plane(rows=((0.25,) * 4,), bias=0.0):
    """f = w x + bias on pictures of four pixels; by default their mean, 1-Lipschitz in l_inf and 1/2-Lipschitz in l2."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, len(rows)))
    with torch.no_grad():
        model[1].weight[:], model[1].bias[:] = torch.tensor(rows), bias
    return model.eval()


def greys(*levels):
    return torch.stack([flat(level) for level in levels])


LEVELS = (0.125, 0.25, 0.5, 0.75, 0.9375)


@pytest.fixture
def mean():
    model = plane()
    return model, shown(model, {0: (flat(0), flat(1))})


def test_of_the_mean_between_black_and_white_everything_is_known_by_pencil(mean):
    """In l_inf and l2 the mean rises as steeply as it can from 0 to 1: f(x) follows at every grey picture."""
    found = te.audit_conclusions(mean[0], greys(*LEVELS), mean[1], exemplars=(0,), **QUICK)
    (unit,) = found.units
    assert unit.range[0] == pytest.approx(0, abs=1e-5)
    assert unit.range[1] == pytest.approx(1, abs=1e-5)
    assert (unit.natural, unit.below, unit.gap) == ((0.125, 0.9375), 3, 1)
    assert unit.constant_answer(5) == 3
    for norm, constant in (("l2", 0.5), ("linf", 1.0)):
        slope = unit.slopes[norm]
        assert slope.kind == "enclosure" and slope.low <= constant <= slope.high
        assert slope.low == pytest.approx(constant, rel=1e-6)
        assert slope.high == pytest.approx(constant, rel=1e-6)
        assert slope.radius(unit.gap) == pytest.approx(0.5 / constant, rel=1e-6)
        assert found.away[0, norm].min(1) == pytest.approx(
            np.minimum(LEVELS, 1 - np.array(LEVELS)) / constant
        )
        certified, any_l = unit.row(CERTIFIED, norm), unit.row(ADMISSIBLE, norm)
        # at grey 1/2 the side hangs on the last digit; elsewhere it is decided, and right
        assert any_l.side.no == 0 and certified.side.yes == 4
        assert certified.side.right == 4 and certified.approx.yes == 5
        assert certified.approx.right == certified.approx.best == 5
    nothing = unit.row(NOTHING)
    assert nothing.side.no == nothing.approx.no == 5
    assert unit.row("monotone").side.no == 5
    affine = unit.row("affine")
    assert affine.approx.yes == affine.approx.right == 5 and not affine.why


def test_a_steeper_unit_is_undecidable_where_the_theorem_says_so():
    """f = 4 x_0: the two pictures differ by 1 in every pixel, so R0 = 4 and L = 4: decidable within 1/2 in l_inf.
    With R0 = 1 (pictures near each other in x_0) the radius is 1/8."""
    model = plane(((4.0, 0.0, 0.0, 0.0),))
    a, b = flat(0.5), flat(0.5)
    a[0, 0, 0], b[0, 0, 0] = 0.375, 0.625
    found = te.audit_conclusions(
        model, greys(*LEVELS), shown(model, {0: (a, b)}), exemplars=(0,), norms=["linf"], **QUICK
    )
    unit = found.units[0]
    assert unit.slopes["linf"].low == pytest.approx(4)
    assert unit.slopes["linf"].radius(unit.gap) == pytest.approx(1 / 8)
    assert unit.row(ADMISSIBLE, "linf").side.no == 4  # grey 1/2 is 1/8 from both
    assert (
        unit.row(CERTIFIED, "linf").side.no == 5
    )  # on the edge: any constant above 4 is too large


def test_exemplars_that_the_unit_chose_bound_the_others(mean):
    """All natural images lie below the middle: the largest of them says so, whatever the unit is."""
    images = greys(0.1, 0.2, 0.3, 0.4, 0.45)
    found = te.audit_conclusions(mean[0], images, mean[1], exemplars=(0, 1, 2, 16), **QUICK)
    unit = found.units[0]
    assert unit.row(NOTHING, None, 0).side.yes == 0
    one = unit.row(NOTHING, None, 1)
    assert (one.images, one.side.yes, one.side.right) == (3, 3, 3)
    assert one.approx.yes == 3  # from 0.1 to 0.45 is less than half the difference
    two = unit.row(NOTHING, None, 2)
    assert (two.images, two.approx.yes) == (1, 1)
    assert unit.row(NOTHING, None, 16).why == "there are only 5 images"
    natural = unit.row(NOTHING, None, 0, NATURAL)
    assert (natural.images, natural.side.no) == (3, 3)
    assert natural.side.best == 1  # of 0.2, 0.3, 0.4 one is below 0.275, where the decoder says min
    assert unit.natural_answer == (2, 3)  # the better answer is max
    assert "with the natural extremes as the two shown on 2 of 3" in " ".join(said(found.file))
    flat_images = te.audit_conclusions(mean[0], greys(0.5, 0.5, 0.5), mean[1], **QUICK).units[0]
    assert flat_images.row(NOTHING, None, 0, NATURAL).why == "the two shown values are equal"
    assert flat_images.natural_answer is None
    assert parse(to_json(found.file).encode()).units == found.units


def test_a_range_that_leaves_out_a_natural_value_is_refuted(mean):
    """Within the stated range lie the values of the two pictures, not those of the images."""
    pictures = shown(mean[0], {0: (flat(0.4), flat(0.6))})
    found = te.audit_conclusions(mean[0], greys(*LEVELS), pictures, **QUICK)
    (unit,) = found.units
    for stated, here, verdict in (
        (unit.range, unit.range, "PROVED"),
        ((-1.0, 2.0), None, "UNKNOWN"),
        ((0.25, 0.9375), unit.range, "REFUTED"),
        ((0.0, 0.9), None, "REFUTED"),
        ((0.1249, 0.938), unit.range, "UNKNOWN"),
        ((0.5, 1.0), unit.range, "REFUTED"),
    ):
        forged, again = replace(unit, range=stated), replace(unit, range=here, range_why="none")
        assert checking._range(forged, again, pictures.file).verdict == verdict, stated


def test_the_verdict_says_where_a_value_is_an_estimate(mean):
    found = te.audit_conclusions(mean[0], greys(*LEVELS), mean[1], **QUICK).file
    (unit,) = found.units
    assert unit.kind == "enclosure" and "estimated" not in " ".join(found.verdict())
    for unsure in (replace(unit, kind="estimate"), replace(unit, kind="unknown")):
        lines = replace(found, units=(unsure,)).verdict()
        assert all("(by estimated values, which prove nothing)" in line for line in lines)
    bare = replace(
        unit, rows=tuple(replace(r, side=None, approx=None, why="no") for r in unit.rows)
    )
    assert "decide the side of at most 5" in replace(found, units=(bare,)).verdict()[0]


def test_printed_bounds_are_rounded_outward():
    for value in (1 / 3, 2 / 3, -1 / 3, 1e-9 / 7, 12345678.9, 0.5, 0.0):
        for digits in (4, 6):
            low, high = (f(value, digits) for f in (rounded_down, rounded_up))
            assert Fraction(low) <= Fraction(value) <= Fraction(high)
            assert float(high) - float(low) <= abs(value) * 10.0 ** (1 - digits) * 1.0001
    assert (rounded_up(math.inf), rounded_down(0.5)) == ("inf", "0.5")
    slope = Slope("l2", 3.0, None, None, None, "")
    assert Fraction(slope.radius(1.0)) > Fraction(1, 6)


def test_where_all_images_would_be_shown_none_is_measured(mean, monkeypatch):
    measured = []
    kept = module._Run._measured

    def watched(self, flat, sites):
        measured.append([name for name in sites if isinstance(name, int)])
        return kept(self, flat, sites)

    monkeypatch.setattr(module._Run, "_measured", watched)
    te.audit_conclusions(mean[0], greys(*LEVELS), mean[1], exemplars=(0, 1, 16), **QUICK)
    assert max(measured, key=len) == [0, 4]


def test_an_image_that_is_a_picture_is_known(mean):
    unit = te.audit_conclusions(mean[0], greys(0, 0.5, 1, 0.25), mean[1], **QUICK).units[0]
    side = unit.row(NOTHING).side
    assert (side.yes, side.no, side.right) == (2, 2, 2)


def test_cones_are_those_of_bounds():
    """Random sites, limits and constants in three inputs: the same verdicts, and ends around the exact ones."""
    rng = np.random.default_rng(0)
    decided = 0
    for _ in range(40):
        points = rng.integers(0, 9, (6, 3)) / 8
        values = points @ [1.0, -0.5, 0.25] + 0.1 * rng.random(6)
        first, last = int(values.argmin()), int(values.argmax())
        order = [first, last, *(k for k in range(6) if k not in (first, last))]
        points, values = points[order], values[order]
        if len(np.unique(points, axis=0)) < 6:
            continue
        queries = rng.random((20, 3))
        for norm, p in (("l2", 2), ("linf", np.inf)):
            apart = np.linalg.norm(points[:, None] - points[None], p, axis=2) + np.eye(6)
            least = (np.abs(values[:, None] - values[None]) / apart).max()
            constant = float(least * rng.choice([1.01, 1.5, 3]))
            low, high = values.min() - rng.random(), values.max() + rng.random()
            cls = trompe.function_class("lipschitz", constant=constant, metric=norm)
            v = trompe.Visualization(points[0], points[1], values[0], values[1])
            more = [(s, y) for s, y in zip(points[2:], values[2:], strict=True)]
            exact = trompe.bounds(cls, v, queries, more, limits=(low, high), eps="1/8")
            away = np.linalg.norm(queries[:, None] - points[None], p, axis=2)
            sites = Sites(values, values, away * (1 - 1e-12), away * (1 + 1e-12), away < 0)
            lower, upper = fibre(sites, constant, (low, low), (high, high))
            assert (lower[0] <= exact.lower + 1e-14).all() and (
                exact.lower - 1e-14 <= lower[1]
            ).all()
            assert (upper[0] <= exact.upper + 1e-14).all() and (
                exact.upper - 1e-14 <= upper[1]
            ).all()
            assert (lower[1] - lower[0]).max() < 1e-9 and (upper[1] - upper[0]).max() < 1e-9
            found = counted(
                sites, constant, (low, low), (high, high), Fraction(1, 8), queries[:, 0]
            )
            for task in ("side", "approx"):
                assert found[task].yes == (exact.decidable[task] == 1).sum()
                assert found[task].no == (exact.decidable[task] == 0).sum()
                decided += found[task].yes
    assert decided > 20


def test_what_is_not_known_is_left_open():
    """Values between floats that leave the side open are neither yes nor no."""
    away = np.array([[0.5, 0.5]])
    at = np.zeros((1, 2), dtype=bool)
    wide = Sites(np.array([0.0, 0.9]), np.array([0.1, 1.0]), away, away, at)
    sides = counted(wide, 1.0, (-9, -9), (9, 9), Fraction(1, 4), np.array([0.3]))["side"]
    assert (sides.yes, sides.no) == (0, 0)
    exact = Sites(np.array([0.0, 1.0]), np.array([0.0, 1.0]), away * 1.01, away * 1.01, at)
    assert counted(exact, 1.0, (-9, -9), (9, 9), Fraction(1, 4), np.array([0.3]))["side"].no == 1
    assert counted(exact, 0.9, (-9, -9), (9, 9), Fraction(1, 4), np.array([0.3]))["side"].yes == 1


def test_slopes_are_rounded_down():
    assert slope_below(((0.0, 0.0), (1.0, 1.0)), 3.0) < Fraction(1, 3)
    assert slope_below(((0.0, 0.5), (1.0, 1.0)), 1.0) <= 0.5
    assert slope_below(((0.0, 2.0), (1.0, 1.5)), 1.0) == 0.0 == slope_below(((0, 0), (1, 1)), 0.0)


def net():
    torch.manual_seed(3)
    conv = nn.Conv2d(1, 4, 3, padding=1)
    return nn.Sequential(conv, nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 3)).eval()


@pytest.fixture(scope="module")
def trained():
    model = net()
    images = torch.rand(12, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    return model, images, te.visualize(model, "", [0, 2], images, steps=16, seeds=[0], show=False)


def test_a_network_is_between_its_two_constants_and_what_is_decided_is_true(trained):
    model, images, pictures = trained
    found = te.audit_conclusions(model, images, pictures, exemplars=(0, 2), **QUICK)
    assert [unit.unit for unit in found.units] == [0, 2] and not found.file.left_out
    for unit in found.units:
        for norm, slope in unit.slopes.items():
            own = unit.gap / float(
                (pictures.pictures[unit.unit, "maximum"] - pictures.pictures[unit.unit, "minimum"])
                .flatten()
                .double()
                .norm(2 if norm == "l2" else math.inf)
            )
            assert own * (1 - 1e-6) <= slope.low <= slope.high  # the two pictures are a pair too
            y, z = found.pairs[unit.unit, norm].first, found.pairs[unit.unit, norm].second
            assert min(y.min(), z.min()) >= 0 and max(y.max(), z.max()) <= 1
            for k in (0, 2):
                any_l, certified = unit.row(ADMISSIBLE, norm, k), unit.row(CERTIFIED, norm, k)
                for task in ("side", "approx"):
                    assert certified.task(task).yes == certified.task(task).right
                    assert certified.task(task).yes <= any_l.images - any_l.task(task).no
    again = te.audit_conclusions(model, images, pictures, exemplars=(0, 2), batch=5, **QUICK)
    assert [u.rows for u in again.units] == [u.rows for u in found.units]
    assert again.file.images == found.file.images


def test_an_overstated_slope_is_above_the_certified_constant(mean, monkeypatch):
    """The planted fault: then the first test here fails."""
    monkeypatch.setattr(
        module, "slope_below", lambda values, distance: 1.01 * slope_below(values, distance)
    )
    unit = te.audit_conclusions(mean[0], greys(*LEVELS), mean[1], **QUICK).units[0]
    assert all(slope.low > slope.high for slope in unit.slopes.values())


def test_a_gradient_is_climbed_to_a_steeper_place():
    """f = relu(x_0 - 0.8) * 9: from a picture where it is 0 nothing is found, from the shown ones it is."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.ReLU()).eval()
    with torch.no_grad():
        model[1].weight[:], model[1].bias[:] = torch.tensor([[9.0, 0, 0, 0]]), -7.2
    found = te.audit_conclusions(
        model, greys(0.1, 0.2, 0.3), shown(model, {0: (flat(0), flat(1))}), **QUICK
    )
    slope = found.units[0].slopes["linf"]
    assert 8.99 < slope.low <= slope.high < 9.01
    assert found.units[0].row("monotone").side.yes == 0


def test_operations_without_a_rule_leave_no_range_and_no_certified_constant():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Sigmoid()).eval()
    found = te.audit_conclusions(
        model, greys(0.1, 0.6, 0.9), shown(model, {0: (flat(0), flat(1))}), **QUICK
    )
    (unit,) = found.units
    assert unit.range is None and "no rule for layer 2 (Sigmoid)" in unit.range_why
    assert unit.slopes["l2"].high is None and unit.slopes["l2"].kind == "estimate"
    assert "no rule for layer 2 (Sigmoid)" in unit.row(CERTIFIED, "l2").why
    assert unit.row(ADMISSIBLE, "l2").side and unit.row("convex").why.startswith("no range")


def test_units_that_show_two_equal_values_are_left_out_or_refused():
    model = plane(((0.25,) * 4, (0.0,) * 4), 0.5)
    both = shown(model, {0: (flat(0), flat(1)), 1: (flat(0), flat(1))})
    found = te.audit_conclusions(model, greys(*LEVELS), both, **QUICK)
    assert (
        len(found.units) == 1
        and "not apart by more than their errors" in found.file.left_out["unit 1"]
    )
    for pictures, words in (
        (
            shown(model, {1: (flat(0), flat(1))}),
            "unit 1: its two pictures have the values 0.5 and 0.5",
        ),
        (shown(model, {0: (flat(0.5), flat(0.5))}), "unit 0: its two pictures have the values"),
    ):
        with pytest.raises(InvalidInput, match=words):
            te.audit_conclusions(model, greys(*LEVELS), pictures, **QUICK)


def test_bad_input_is_one_line(mean, tmp_path):
    model, pictures = mean
    x = greys(*LEVELS)
    for images, given, more, words in (
        (
            torch.rand(4, 1, 3, 3),
            pictures,
            {},
            "images: shape .1, 3, 3., the shown pictures have .1, 2, 2.",
        ),
        (x[:2], pictures, {}, "images: 2; expected at least 3"),
        (x, tmp_path / "none.json", {}, "expected a shown-file"),
        (x, pictures, {"eps": 0}, "eps = 0; expected a number above 0"),
        (x, pictures, {"norms": []}, "norms: .*give l2 or linf"),
        (x, pictures, {"exemplars": [-1]}, "exemplars"),
        (x, pictures, {"steps": 0}, "steps"),
    ):
        with pytest.raises(InvalidInput, match=words) as error:
            te.audit_conclusions(model, images, given, **(QUICK | more))
        assert "\n" not in str(error.value)
    with pytest.raises((InvalidInput, UnknownKey), match="l2"):
        te.audit_conclusions(model, x, pictures, norms=["l3"], **QUICK)
    other = plane(((0.5,) * 4,))
    with pytest.raises(InvalidInput, match="give the network that was visualized"):
        te.audit_conclusions(other, x, pictures, **QUICK)

    class Twice(nn.Sequential):
        def forward(self, y):
            return super().forward(y) * 2

    with pytest.raises(InvalidInput, match=r"unit 0, m.*give the network that was shown"):
        te.audit_conclusions(Twice(*model).eval(), x, pictures, **QUICK)
    with pytest.raises(InvalidInput, match=r"training|eval"):
        te.audit_conclusions(plane().train(), x, pictures, **QUICK)


def test_a_shown_file_is_read(mean, tmp_path):
    shown(mean[0], {0: (flat(0), flat(1))}, tmp_path)
    found = te.audit_conclusions(mean[0], greys(*LEVELS), tmp_path / "shown.json", **QUICK)
    assert found.units == te.audit_conclusions(mean[0], greys(*LEVELS), mean[1], **QUICK).units
    (tmp_path / "unit-0-maximum.npy").write_bytes(b"x")
    with pytest.raises(InvalidInput, match="SHA-256"):
        te.audit_conclusions(mean[0], greys(*LEVELS), tmp_path / "shown.json", **QUICK)
