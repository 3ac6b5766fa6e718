"""The facts derived over the box: never wrong, exact where they should be, and a fault in a rule shows."""

from __future__ import annotations

from fractions import Fraction

import oracles_expressions as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_expressions import formulas, read

from trompe.constructions import strategies as units
from trompe.proofs.handover.witnesses import (
    box_facts,
    curves,
    extremes,
    membership,
    piecewise_smt,
    supports,
)
from trompe.proofs.handover.witnesses.box_facts import only_at
from trompe.proofs.handover.witnesses.extremes import BoxAnalysis
from trompe.proofs.handover.witnesses.membership import (
    is_additive,
    is_affine,
    is_convex,
    is_increasing,
    lipschitz_bound,
)

F = Fraction


def analysed(formula, dim):
    analysis = BoxAnalysis(dim)
    return analysis, analysis.include(read(formula, dim))


def contradiction(formula, dim, y, z, found=None):
    """A fact that the values at y and z contradict, or None."""
    analysis, u = found or analysed(formula, dim)
    facts = analysis.facts(u)
    hy, hz = oracle.value(formula, y), oracle.value(formula, z)
    if analysis.expression(u)(z) != hz:
        return "simplified"
    if not facts.low <= hz <= facts.high:
        return "bounds"
    for bound, region in ((facts.low, facts.at_low), (facts.high, facts.at_high)):
        if hz == bound and not all(low <= z[i] <= high for i, (low, high) in region.items()):
            return "region"
    steps = [(facts.slopes.get(i, (F(0), F(0))), z[i] - y[i]) for i in range(dim)]
    if hz - hy > sum(max(low * step, high * step) for (low, high), step in steps):
        return "slopes"
    middle = oracle.value(formula, tuple((p + q) / 2 for p, q in zip(y, z, strict=True)))
    if is_convex(analysis, u) and 2 * middle > hy + hz:
        return "convex"
    if facts.is_concave and 2 * middle < hy + hz:
        return "concave"
    if is_increasing(analysis, u) and all(p <= q for p, q in zip(y, z, strict=True)) and hy > hz:
        return "increasing"
    apart = [abs(p - q) for p, q in zip(y, z, strict=True)]
    squares = {"l1": sum(apart) ** 2, "l2": sum(s * s for s in apart), "linf": max(apart) ** 2}
    for metric, square in squares.items():
        if (hy - hz) ** 2 > lipschitz_bound(analysis, u, metric) ** 2 * square:
            return metric
    if dim > 1 and is_additive(analysis, u):
        mixed = oracle.value(formula, (y[0], *z[1:])), oracle.value(formula, (z[0], *y[1:]))
        if sum(mixed) != hy + hz:
            return "additive"
    return None


def bumpy(dim):
    """Sums of hats at a few sites, with a little of anything: the disjoint rule has something to find."""

    @st.composite
    def draw_one(draw):
        sites = draw(st.lists(units.points(dim), min_size=1, max_size=4))
        parts = [draw(formulas(dim, 2))] if draw(st.booleans()) else []
        for s in sites:
            steep = draw(st.sampled_from(["-2", "-4", "-8", "-16"]))
            away = [{"abs": {"sum": [{"z": i + 1}, str(-c)]}} for i, c in enumerate(s)]
            hat = {"max": ["0", {"sum": ["1", *({"times": [steep, part]} for part in away)]}]}
            parts.append({"times": [draw(st.sampled_from(["-2", "-1", "1", "3/2"])), hat]})
        return {"sum": parts}

    return draw_one()


@settings(max_examples=80)
@given(st.data())
def test_no_fact_is_contradicted(data):
    dim = data.draw(st.integers(1, 3))
    formula = data.draw(formulas(dim, 10) | bumpy(dim))
    y, z = data.draw(units.points(dim)), data.draw(units.points(dim))
    assert contradiction(formula, dim, y, z) is None


@settings(max_examples=40)
@given(st.data())
def test_for_one_input_the_facts_are_exact(data):
    formula = data.draw(formulas(1, 8))
    analysis, u = analysed(formula, 1)
    facts = analysis.facts(u)
    lows, low, highs, high = oracle.extremes(formula, 1)
    assert (facts.low, facts.high) == (low, high)
    if facts.line is not None:
        assert facts.at_low[0] == (min(lows)[0], max(lows)[0])
        assert facts.at_high[0] == (min(highs)[0], max(highs)[0])
        assert facts.slopes[0] == oracle.slopes_1d(formula)
        assert facts.is_convex == oracle.is_convex_1d(formula)


FAULTS = [
    (extremes, "common", lambda regions: {0: (F(0), F(0))}),
    (extremes, "union", lambda regions: regions[0]),
    (extremes, "hull", lambda slopes: next(iter(slopes))),
    (box_facts, "times", lambda c, slopes: dict(slopes)),
    (extremes, "scaled", lambda c, u: u),
    (box_facts, "preimage", lambda direction, ends: {i: (F(0), F(0)) for i, _ in direction}),
    (curves.Curve, "max", lambda self, other: self),
    (curves.Curve, "is_convex", True),
    (
        BoxAnalysis,
        "_find_disjoint",
        lambda self, bumps: self._disjoint.update(
            {(k, m): True for k in bumps for m in bumps if k < m}
        ),
    ),
    (membership._Bounds, "dual", lambda self, slopes: F(1, 7)),
    (membership, "is_increasing", None),
]


def probes():
    """What is contradicted by formulas and points at which a fault in a rule shows."""
    z1, z2 = {"z": 1}, {"z": 2}
    half = {"sum": [z1, "-1/2"]}
    ramp = {"sum": [z1, z2, "-1/2"]}
    hat = {
        "max": [
            "0",
            {"sum": ["1", {"times": ["-2", {"abs": half}]}, {"times": ["-2", {"abs": z2}]}]},
        ]
    }
    points = [(F(i, 4), F(j, 4)) for i in (0, 1, 2, 4) for j in (0, 1, 3, 4)]
    for formula in (
        {"max": [half, z2, "1/4"]},
        {"sum": [{"abs": half}, {"times": ["-2", {"abs": {"sum": [z1, {"times": ["-1", z2]}]}}]}]},
        {"max": [ramp, {"times": ["-1", ramp]}, z2]},
        {"sum": [hat, {"max": ["0", {"sum": [z1, z2, "-1/4"]}]}]},
        {"min": [{"abs": half}, {"abs": ramp}]},
        {"times": ["-3", {"max": ["0", {"sum": [z1, {"min": [z1, z2]}]}]}]},
        {"sum": [{"times": ["-1", z1]}, z2]},
    ):
        found = analysed(formula, 2)
        for y in points:
            for z in points:
                yield contradiction(formula, 2, y, z, found)


@pytest.mark.parametrize(("owner", "name", "fault"), FAULTS, ids=[name for _, name, _ in FAULTS])
def test_a_fault_in_a_rule_shows(monkeypatch, owner, name, fault):
    if fault is None:  # a predicate that always says yes
        monkeypatch.setitem(globals(), name, lambda analysis, u: True)
    elif fault is True:
        monkeypatch.setattr(owner, name, property(lambda self: True))
    else:
        monkeypatch.setattr(owner, name, fault)
    assert any(probes())


def test_without_a_fault_the_probes_hold():
    assert not any(probes())


def test_hats_that_overlap_by_one_unit_of_the_scale_are_not_exclusive():
    zero, one = Fraction(0), Fraction(1)
    for top, expected in ((zero, {(0, 1)}), (one, set())):
        flat = {0: [(top, {})], 1: [(zero, {})]}
        assert supports.exclusive_pairs(flat, [(0, 1)]) == (expected, "")


def test_hats_whose_supports_touch_or_overlap():
    def hat(x):
        return {
            "max": [
                "0",
                {
                    "sum": [
                        "1",
                        *({"times": ["-4", {"abs": {"sum": [{"z": i}, x]}}]} for i in (1, 2)),
                    ]
                },
            ]
        }

    analysis, u = analysed({"sum": [hat("-1/4"), hat("-1/2")]}, 2)  # 1/2 = 2 delta apart
    assert analysis.facts(u).high == 1
    analysis, u = analysed({"sum": [hat("-1/4"), hat("-3/8")]}, 2)
    assert (
        analysis.facts(u).high == 2
        and oracle.extremes({"sum": [hat("-1/4"), hat("-3/8")]}, 2)[3] < 2
    )


def test_a_region_is_the_point_or_not():
    analysis, u = analysed({"sum": [{"abs": {"sum": [{"z": 1}, "-1/3"]}}, {"z": 2}]}, 2)
    assert only_at((F(1, 3), F(0)), analysis.facts(u).at_low)
    assert not only_at((F(1, 3), F(1)), analysis.facts(u).at_low)
    analysis, u = analysed({"z": 1}, 2)
    assert not only_at((F(0), F(0)), analysis.facts(u).at_low)
    assert is_affine(analysis, u)


def test_too_many_breakpoints_or_hats_are_left_alone(monkeypatch):
    folded = {"z": 1}
    for _ in range(6):
        folded = {"abs": {"sum": ["-1/2", {"times": ["2", folded]}]}}
    assert analysed(folded, 1)[0].facts(analysed(folded, 1)[1]).low >= 0
    monkeypatch.setattr(extremes, "MAX_BREAKPOINTS", 8)
    analysis, u = analysed(folded, 1)
    assert analysis.facts(u).line is None and analysis.facts(u).low <= 0
    monkeypatch.setattr(supports, "MAX_PAIR_WORK", 0)
    hats = [
        {
            "max": [
                "0",
                {
                    "sum": [
                        "1/8",
                        {"times": ["-1", {"abs": {"sum": [{"z": 1}, c]}}]},
                        {"times": ["-1", {"z": 2}]},
                    ]
                },
            ]
        }
        for c in ("-1/4", "-3/4")
    ]
    analysis, u = analysed({"sum": hats}, 2)
    assert analysis.facts(u).high == F(1, 4) and "too many" in next(iter(analysis.notes))


# -- the solvers' part ----------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.data())
def test_the_solvers_agree_with_the_vertices(data):
    formula = data.draw(formulas(2, 5))
    h = read(formula, 2)
    lows, low, _, _ = oracle.extremes(formula, 2)
    asked = piecewise_smt.ask(piecewise_smt.extreme(lows[0], low, least=True), h)
    assert asked.proved == (len(lows) == 1)
    if not asked.proved:
        (z,) = asked.points
        assert z != lows[0] and oracle.value(formula, z) == low


def test_what_the_solvers_say_of_classes():
    z1, z2 = {"z": 1}, {"z": 2}
    same = read({"sum": [{"max": [z1, z2]}, {"min": [z1, z2]}]}, 2)  # z1 + z2
    for question in (piecewise_smt.AFFINE, piecewise_smt.CONVEX, piecewise_smt.INCREASING):
        assert piecewise_smt.ask(question, same).proved
    for metric, constant in (("l1", 1), ("linf", 2)):
        assert piecewise_smt.ask(piecewise_smt.lipschitz(F(constant), metric), same).proved
        less = piecewise_smt.lipschitz(F(constant) - F(1, 100), metric)
        assert len(piecewise_smt.ask(less, same).points) == 2
    bent = read({"sum": [{"max": [z1, z2]}, {"times": ["2", {"min": [z1, z2]}]}]}, 2)
    for question in (piecewise_smt.AFFINE, piecewise_smt.CONVEX):
        assert piecewise_smt.ask(question, bent).points
    falling = read({"sum": [{"max": [z1, z2]}, {"times": ["-2", {"min": [z1, z2]}]}]}, 2)
    assert piecewise_smt.ask(piecewise_smt.INCREASING, falling).points


def test_a_solver_that_gives_up_is_unknown(monkeypatch):
    from trompe.proofs.solvers import Answer

    h = read({"max": [{"z": 1}, {"z": 2}]}, 2)
    monkeypatch.setattr(
        piecewise_smt, "solve", lambda name, *_: Answer(name, "unknown", 0.0, 0, reason="tired")
    )
    asked = piecewise_smt.ask(piecewise_smt.CONVEX, h)
    assert not asked.proved and not asked.points and "tired" in asked.reason
    wrong = {"y_1": "0", "y_2": "0", "z_1": "0", "z_2": "0"}
    monkeypatch.setattr(piecewise_smt, "solve", lambda name, *_: Answer(name, "sat", 0.0, 0, wrong))
    asked = piecewise_smt.ask(piecewise_smt.CONVEX, h)
    assert not asked.proved and not asked.points and "confirmed" in asked.reason
    monkeypatch.setattr(piecewise_smt, "MAX_ATOMS", 2)
    assert "too many" in piecewise_smt.ask(piecewise_smt.CONVEX, h).reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1/2", F(-1, 2)),
        ("(- (/ 1 2))", F(-1, 2)),
        ("(/ (- 1) 2)", F(-1, 2)),
        ("3.0", F(3)),
        ("(root-obj 2)", None),
        ("1/0", None),
    ],
)
def test_numbers_as_solvers_print_them(text, value):
    assert piecewise_smt._value(text) == value
