"""The obligations of bounds with exemplars or within limits, and of budgets: proved by both solvers, and refuted once damaged."""

from __future__ import annotations

import pytest

from trompe.constructions.cones import ConeTriple
from trompe.constructions.rows.convex import SupportTriple
from trompe.constructions.rows.lipschitz import flat
from trompe.proofs import SOLVERS, budgets, check_obligation, cones, registered
from trompe.proofs.obligations import families
from trompe.proofs.verify import find_obligation

BOTH = tuple(SOLVERS)
FAMILIES = [key for key in families() if key.split("/")[0] in ("exemplars", "budget", "near")]
ALL = [o.key for o in registered(FAMILIES, (1, 2, 3))]


@pytest.mark.parametrize("key", ALL)
def test_both_solvers_prove_it_and_see_its_fault(key):
    outcome = check_obligation(find_obligation(key), BOTH)
    assert (outcome.verdict, outcome.reason) == ("PROVED", "")
    assert [a.result for a in outcome.twins] == ["sat"] * 4


def _upper_twice_as_steep(self, features, p, xp):
    top = p.high
    for y, away in zip(p.values, features.away, strict=True):
        top = xp.minimum(top, y + 2 * p.slope * away)
    return top


def _lower_without_the_last(self, features, p, xp):
    top = p.low
    for y, back in zip(p.values[:-1], features.back[:-1], strict=True):
        top = xp.maximum(top, y - p.slope * back)
    return top


def _strict_without_touching(self, features, p, xp):
    R = p.high - p.low
    return xp.maximum(p.low + R * p.rate * features.gauge, p.high - R * p.slope * features.from_b)


def _flat_too_steep(low, high, slope, from_a, from_b, xp):
    return flat(low, high, 2 * slope, from_a, from_b, xp)


@pytest.mark.parametrize(
    ("target", "name", "damaged", "refuted"),
    [
        (
            ConeTriple,
            "upper",
            _upper_twice_as_steep,
            ("exemplars/cones-member", "near/cones-member"),
        ),
        (
            ConeTriple,
            "lower",
            _lower_without_the_last,
            ("exemplars/cones-through", "near/cones-through"),
        ),
        (SupportTriple, "strict", _strict_without_touching, ("exemplars/supports-through",)),
    ],
)
def test_a_damaged_construction_is_refuted(monkeypatch, target, name, damaged, refuted):
    monkeypatch.setattr(target, name, damaged)
    for key in refuted:
        outcome = check_obligation(find_obligation(key), BOTH)
        assert outcome.verdict == "REFUTED" and outcome.point, key


def test_a_damaged_flat_unit_is_refuted(monkeypatch):
    monkeypatch.setattr(budgets, "flat", _flat_too_steep)
    assert check_obligation(find_obligation("budget/flat-member"), BOTH).verdict == "REFUTED"


def test_damaged_ends_of_affine_functions_are_refuted(monkeypatch):
    def without_room(alpha, R, room, least, most):
        return alpha + R * least, alpha + R * most

    monkeypatch.setattr(cones, "opposite_ends", without_room)
    for key in ("near/affine-sound", "near/affine-attained"):
        assert check_obligation(find_obligation(key), BOTH).verdict == "REFUTED", key


def test_a_damaged_excess_is_refuted(monkeypatch):
    from trompe.proofs import exemplars as rows

    monkeypatch.setattr(rows, "excess", lambda z, s, xp: xp.max(z - s))
    assert check_obligation(find_obligation("exemplars/excess/d2"), BOTH).verdict == "REFUTED"
