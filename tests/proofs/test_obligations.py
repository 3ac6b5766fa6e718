"""Every obligation is proved by both solvers, and every check has been seen to fail."""

from __future__ import annotations

import re
import sys

import pytest

from trompe.proofs import CASES, SOLVERS, Claim, Fault, Scope, check_obligation, registered
from trompe.proofs.evidence import ASSUMED, EVERY_CASE, LEVEL_CASES, assumed_by
from trompe.proofs.obligations import Obligation, families, obligation
from trompe.proofs.smt import scripts
from trompe.proofs.symbolic import IDENTITIES, Identity, check_identity
from trompe.proofs.verify import all_keys, expand_keys, find_obligation, verify_keys
from trompe.theory import EXTENDED_THEOREMS, THEOREMS, InvalidInput, MissingDependency, UnknownKey
from trompe.theory.catalogue import LEVEL_THEOREMS

BOTH = tuple(SOLVERS)


def test_every_obligation_is_proved_by_both_solvers(outcomes):
    assert {o.key: o.reason for o in outcomes.values() if o.verdict != "PROVED"} == {}
    for o in outcomes.values():
        if o.level == "smt":
            assert [(a.solver, a.result) for a in o.answers] == [("z3", "unsat"), ("cvc5", "unsat")]
            assert [a.result for a in o.twins] == ["sat"] * 4, o.key


def test_no_obligation_comes_near_its_resource_bound(outcomes):
    from trompe.proofs.solvers import Z3_RLIMIT

    used = {o.key: a.resources for o in outcomes.values() for a in o.answers if a.solver == "z3"}
    assert max(used.values()) < Z3_RLIMIT / 10, max(used, key=used.get)


def test_every_theorem_asks_only_for_registered_obligations_and_every_one_is_asked_for():
    asked = {key for case in EVERY_CASE.values() for key in (*case.obligations, *case.symbolic)}
    known = set(families()) | set(IDENTITIES)
    assert asked <= known
    # The inclusion affine < convex is data that no cell's label rests on; exemplars, limits and budgets are no cells.
    bounds = {key for key in known if key.split("/")[0] in ("exemplars", "budget", "near")}
    assert known - asked == {"affine/is-convex", *bounds}
    assert set(CASES) == {*THEOREMS, *EXTENDED_THEOREMS}
    assert set(LEVEL_CASES) == set(LEVEL_THEOREMS)
    assert all(name in ASSUMED for key in EVERY_CASE for name in assumed_by(key))


def test_obligations_at_a_dimension_beyond_the_default_are_proved_too():
    for key in (
        "l1/triangle/d4",
        "monotone/mean-range/d5",
        "affine/sound/d4",
        "convex/gauge-range/d5",
    ):
        assert check_obligation(find_obligation(key), BOTH).verdict == "PROVED", key


def test_a_false_sentence_is_refuted_with_a_point_that_refutes_it():
    item = Obligation("planted", "squares are above 0", None, _square_claim)
    outcome = check_obligation(item, BOTH)
    assert outcome.verdict == "REFUTED"
    assert outcome.point == {"x": "0"}
    assert outcome.reason == "z3 found a point"


def _square_claim(s: Scope) -> Claim:
    (x,) = s.reals("x")
    return Claim({}, x * x > 0, Fault("none", show=x * x > 1))


def test_contradictory_hypotheses_are_unknown_not_proved():
    def build(s: Scope) -> Claim:
        (x,) = s.reals("x")
        return Claim({"x > 0": x > 0, "x < 0": x < 0}, x == 7, Fault("none", show=x == 8))

    outcome = check_obligation(Obligation("planted", "vacuous", None, build), BOTH)
    assert outcome.verdict == "UNKNOWN"
    assert "the hypotheses alone: unsat" in outcome.reason


def test_a_fault_that_breaks_nothing_is_unknown_not_proved():
    def build(s: Scope) -> Claim:
        x, y = s.reals("x y")
        return Claim({"x > 0": x > 0, "y > 0": y > 0}, x >= 0, Fault("drop y", without="y > 0"))

    outcome = check_obligation(Obligation("planted", "idle fault", None, build), BOTH)
    assert outcome.verdict == "UNKNOWN"
    assert "the planted fault: unsat" in outcome.reason


def test_a_fault_must_name_a_hypothesis():
    (x,) = Scope().reals("x")
    with pytest.raises(KeyError, match="not assumed"):
        Claim({"x > 0": x > 0}, x >= 0, Fault("typo", without="x >0")).damaged()


def test_a_solver_that_gives_up_is_unknown_with_its_reason(monkeypatch):
    from trompe.proofs import solvers

    monkeypatch.setattr(solvers, "Z3_RLIMIT", 1)
    outcome = check_obligation(find_obligation("network/hats/d3"), ("z3",))
    assert outcome.verdict == "UNKNOWN"
    assert outcome.reason.startswith("z3: ") and len(outcome.reason) > 6


def test_a_solver_that_answers_with_an_error_is_unknown():
    from trompe.proofs.solvers import solve

    for name in BOTH:
        answer = solve(name, "(set-logic QF_NRA)(assert (> undeclared 0))(check-sat)")
        assert answer.result == "unknown" and answer.reason, name


def test_two_solvers_are_asked_the_same_text():
    text = scripts(find_obligation("mix/gap"), Scope())
    assert "(set-logic QF_NRA)" in text.main and text.main.count("(check-sat)") == 1
    assert "(declare-const eta Real)" in text.main
    assert "negated goal" in text.main and "negated goal" not in text.vacuity
    assert "planted fault: the whole gap is kept" in text.mutant


def test_a_key_is_registered_once():
    with pytest.raises(ValueError, match="two obligations are called"):
        obligation("mix/gap", "again")(lambda s: None)


def test_keys_expand_and_unknown_ones_name_the_nearest():
    assert expand_keys(["mix/gap"]) == ["mix/gap"]
    assert expand_keys(["l1/triangle"]) == ["l1/triangle/d1", "l1/triangle/d2", "l1/triangle/d3"]
    assert "network/hats/d2" in expand_keys(["black-box/side"])
    assert len(expand_keys()) == len(all_keys())
    with pytest.raises(UnknownKey, match="mix/gap"):
        expand_keys(["mix/gapp"])
    with pytest.raises(UnknownKey):
        find_obligation("affine/sound/d1")  # the row is about d >= 2
    assert registered(["affine/sound"], [1]) == []


def test_a_missing_solver_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cvc5", None)
    with pytest.raises(MissingDependency, match=re.escape("trompe[solvers]")):
        verify_keys(["mix/gap"], jobs=1)
    with pytest.raises(UnknownKey, match="cvc5"):
        verify_keys(["mix/gap"], solvers=["cvc4"], jobs=1)
    with pytest.raises(InvalidInput, match="at least one"):
        verify_keys(["mix/gap"], solvers=[], jobs=1)


def test_symbolic_checks_fail_on_a_false_identity_and_on_an_idle_damage():
    def false(sympy):
        x, y = sympy.symbols("x y")
        return (x + y) ** 2, x**2 + y**2, sympy.Integer(0)

    verdict, reason = check_identity(Identity("planted", "", false))
    assert verdict == "REFUTED" and "left - right" in reason

    def idle(sympy):
        x = sympy.Symbol("x")
        return (x + 1) ** 2, x**2 + 2 * x + 1, 1 + 2 * x + x**2

    verdict, reason = check_identity(Identity("planted", "", idle))
    assert verdict == "UNKNOWN" and "cannot fail" in reason
