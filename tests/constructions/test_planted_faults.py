"""Damaged constructions are caught by the very checks that sound ones pass: the checks are seen to fail."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from pair_checks import asked, check_pair, check_pair_alone, is_l2

from trompe.constructions import (
    AffineTriple,
    ConvexTriple,
    FoolingPair,
    Hats,
    LipschitzTriple,
    MonotoneTriple,
)
from trompe.constructions.strategies import fooling_pairs, points, rationals

QUICK = settings(max_examples=150, database=None, derandomize=True, phases=[Phase.generate])
HALF = Fraction(1, 2)


class SignFlippedAtA(Hats):
    def strict(self, features, p, xp):
        return super().strict(features, p, xp) + (p.high - p.low) * features.hats[0]


class LiftAtTheWrongSite(Hats):
    def upper(self, features, p, xp):
        return self.strict(features, p, xp) + self._half(p, xp) * features.hats[1]


class HatsOverlap(Hats):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, inv_delta=p.inv_delta / 4)


class LabelsForgotten(Hats):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, labels=tuple((p.low + p.high) / 2 for _ in p.labels))


class MaxForMin(LipschitzTriple):
    def upper(self, features, p, xp):
        return xp.maximum(p.high, p.low + p.constant * features.from_a)


class TwiceAsSteep(LipschitzTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, constant=2 * p.constant)


class NotCutAtTheTop(LipschitzTriple):
    def upper(self, features, p, xp):
        return p.low + p.constant * features.from_a


class ConeFromTheWrongEnd(LipschitzTriple):
    def lower(self, features, p, xp):
        return xp.maximum(p.low, p.high - p.constant * features.from_a)


class MinForMax(MonotoneTriple):
    def lower(self, features, p, xp):
        rest = (features.mean - p.q) * p.inv_rest
        return p.low + (p.high - p.low) * xp.minimum(xp.number(0), rest)


class ReciprocalsExchanged(MonotoneTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, inv_q=p.inv_rest, inv_rest=p.inv_q)


class EndsExchanged(MonotoneTriple):
    def strict(self, features, p, xp):
        return p.high - (p.high - p.low) * features.mean


class HatTooWide(ConvexTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, inv_delta=p.inv_delta / 2)


class GaugeOfOneSide(ConvexTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, down=tuple(0 * s for s in p.down))


class SteeperThanTheGauge(ConvexTriple):
    def upper(self, features, p, xp):
        return p.low + (p.high - p.low) * xp.minimum(xp.number(1), 2 * features.gauge)


class PlacesExchanged(AffineTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, largest=p.smallest, smallest=p.largest)


class OneCoordinateOnly(AffineTriple):
    def strict(self, features, p, xp):
        return self.upper(features, p, xp)


class NotReflected(AffineTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, flip=tuple(0 * s for s in p.flip), sign=tuple(s * s for s in p.sign))


DAMAGED = [
    ("black-box", SignFlippedAtA),
    ("neural-network", LiftAtTheWrongSite),
    ("erm", HatsOverlap),
    ("piecewise-affine", HatsOverlap),
    ("erm", LabelsForgotten),
    ("lipschitz", MaxForMin),
    ("lipschitz", TwiceAsSteep),
    ("lipschitz", NotCutAtTheTop),
    ("lipschitz", ConeFromTheWrongEnd),
    ("monotone", MinForMax),
    ("monotone", ReciprocalsExchanged),
    ("monotone", EndsExchanged),
    ("convex", HatTooWide),
    ("convex", GaugeOfOneSide),
    ("convex", SteeperThanTheGauge),
    ("affine", PlacesExchanged),
    ("affine", OneCoordinateOnly),
    ("affine", NotReflected),
]
NAMES = [f"{row}-{kind.__name__}" for row, kind in DAMAGED]


def cases(row):
    return fooling_pairs(row, 3).flatmap(
        lambda pair: st.tuples(
            st.just(pair), st.lists(points(pair.v.dim), min_size=3, max_size=3), rationals()
        )
    )


def damaged(pair, kind):
    drawn, construction = pair.triple, kind()
    p = construction.parameters(drawn.cls, drawn.v, drawn.x)
    return FoolingPair(replace(drawn, construction=construction, parameters=p), pair.eta)


def is_caught(check, pair, zs, w):
    try:
        check(pair, zs, w)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(("row", "kind"), DAMAGED, ids=NAMES)
def test_the_checks_catch_a_damaged_construction(row, kind):
    find(cases(row), lambda c: is_caught(check_pair, damaged(c[0], kind), *c[1:]), settings=QUICK)


@pytest.mark.parametrize(("row", "kind"), DAMAGED, ids=NAMES)
def test_also_without_the_comparison_with_the_oracles_triple(row, kind):
    """Membership, phi and the gap alone notice, whatever formulas the row uses."""
    find(
        cases(row),
        lambda c: is_caught(check_pair_alone, damaged(c[0], kind), *c[1:]),
        settings=QUICK,
    )


@pytest.mark.parametrize("row", sorted({row for row, _ in DAMAGED}))
def test_a_pair_without_its_strict_share_is_caught(row):
    """eta = 0 leaves U and W themselves, whose extremes are not unique."""

    def phi_fails(case):
        pair, zs, w = case
        return not is_l2(asked(pair.triple)) and is_caught(
            check_pair_alone, replace(pair, eta=Fraction(0)), zs, w
        )

    find(cases(row), phi_fails, settings=QUICK)


@pytest.mark.parametrize("row", sorted({row for row, _ in DAMAGED}))
def test_g_mixed_from_the_upper_end_is_caught(row):
    class OneSided(FoolingPair):
        def g(self, z):
            return self.f(z)

    find(
        cases(row),
        lambda c: is_caught(check_pair_alone, OneSided(c[0].triple, c[0].eta), *c[1:]),
        settings=QUICK,
    )
