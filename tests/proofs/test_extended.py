"""The further rows' labels are earned: by every obligation, and not by a damaged construction."""

from __future__ import annotations

import dataclasses

import pytest

from trompe.constructions import (
    CONSTRUCTIONS,
    EXTENDED_CONSTRUCTIONS,
    AdditiveTriple,
    Hats,
    NeuronTriple,
    extended,
)
from trompe.proofs import CASES, earned_label, kernel, verify, verify_table
from trompe.proofs.evidence import PARENT, assumed_by
from trompe.proofs.obligations import families
from trompe.proofs.sampling import Sampled, sample_row
from trompe.proofs.symbolic import IDENTITIES, check_identity
from trompe.proofs.symbolic_extended import ADDITIVE_SYMBOLIC, LINK_SYMBOLIC
from trompe.proofs.verify import Outcome, expand_keys
from trompe.theory import (
    CLASSES,
    EXTENDED,
    EXTENDED_THEOREMS,
    LINKS,
    THEOREMS,
    Additive,
    InvalidInput,
    UnknownKey,
    links,
)

KEYS = list(EXTENDED_THEOREMS)
OWN = ("neuron", "neuron-1d", "additive", "lipschitz-unknown", "leaky-relu")


def _proved(key):
    return dict.fromkeys((*CASES[key].obligations, *CASES[key].symbolic), True)


@pytest.mark.parametrize("key", [k for k in KEYS if k.partition("/")[0] not in PARENT])
def test_a_label_needs_every_obligation_of_its_case(key):
    proved = _proved(key)
    assert earned_label(key, proved) == EXTENDED_THEOREMS[key].form.value
    for name in proved:
        assert earned_label(key, proved | {name: False}) is None, name
    assert earned_label(key, {}) is None


def test_an_inherited_no_needs_the_subclass_label_and_its_own_inclusion():
    key = "lipschitz-unknown/side"
    proved = _proved(key)
    assert set(proved) == {k for k in families() if k.startswith("lipschitz-unknown/")}
    assert earned_label(key, proved, "No") == "No"
    assert earned_label(key, proved, None) is None
    for name in proved:
        assert earned_label(key, proved | {name: False}, "No") is None, name


def test_a_neurons_no_needs_its_queries_to_exist_and_the_others_to_be_decided(monkeypatch):
    from trompe.proofs import evidence

    for role in ("pair", "fools", "exists", "decides"):
        case = CASES["neuron/side"]
        roles = {k: v for k, v in case.roles.items() if k != role}
        monkeypatch.setitem(evidence.CASES, "neuron/side", dataclasses.replace(case, roles=roles))
        assert earned_label("neuron/side", _proved("neuron/side")) is None, role
        monkeypatch.undo()


def test_every_obligation_of_ours_is_asked_for():
    own = {key for key in families() if key.split("/")[0] in OWN}
    asked = {key for theorem in KEYS for key in CASES[theorem].obligations}
    assert own <= asked
    assert {*LINK_SYMBOLIC, *ADDITIVE_SYMBOLIC} <= {k for t in KEYS for k in CASES[t].symbolic}
    smooth = [key for key, kind in LINKS.items() if issubclass(kind, links.SmoothLink)]
    assert len(LINK_SYMBOLIC) == 3 * len(smooth)


def test_what_is_assumed_is_named():
    assert "continuity" in assumed_by("neuron/side")
    assert "derivatives" in assumed_by("neuron-1d/exact")
    assert "exchanges" in assumed_by("additive/approx")
    assert {"pieces", "layers"} <= set(assumed_by("lipschitz-unknown/exact"))
    assert "pieces" not in assumed_by("black-box/exact")


def test_keys_of_further_rows_expand():
    assert "additive/member/d2" in expand_keys(["additive/exact"])
    assert "neuron-1d/decodes" in expand_keys(["neuron-1d"])
    assert "network/hats/d3" in expand_keys(["lipschitz-unknown"])
    with pytest.raises(UnknownKey, match="neuron/exact-fools"):
        expand_keys(["neuron/exact-fool"])


@pytest.fixture(scope="module")
def table():
    """By one solver; test_obligations asks both."""
    return verify_table(["additive", "neuron", "neuron-1d"], jobs=1, dims=[2], solvers=["z3"])


def test_labels_are_earned_and_compared_with_nothing(table):
    assert {c.key: c.label for c in table.cells.values()} == {
        k: t.form.value for k, t in EXTENDED_THEOREMS.items() if t.row != "lipschitz-unknown"
    }
    assert table.is_proved
    assert {c.agrees for c in table.cells.values()} == {None}
    assert table.rows == ("neuron", "neuron-1d", "additive")


def test_the_default_is_the_ten_and_extended_adds_ours(monkeypatch):
    """With the checks replaced by ones that find everything proved: which cells, in which order, which labels."""

    def check(keys, rows, *_):
        proved = {k: Outcome(k, "", None, "smt", "PROVED") for k in keys}
        for key in proved:
            if key in IDENTITIES:
                proved[key] = dataclasses.replace(proved[key], level="symbolic")
        return proved, {row: Sampled(row, 1, (1,)) for row in rows}

    monkeypatch.setattr(verify, "_check", check)
    assert list(verify_table().cells) == list(THEOREMS)
    everything = verify_table(extended=True)
    assert list(everything.cells) == [*THEOREMS, *KEYS]
    assert everything.rows == (*CLASSES, *EXTENDED)
    assert everything.is_proved
    chosen = verify_table(["lipschitz-unknown", "black-box"], extended=True)
    assert chosen.rows == ("black-box", "lipschitz-unknown")
    with pytest.raises(InvalidInput, match="neuron: the row is about d >= 2"):
        verify_table(["neuron"], dims=[1])


# -- damaged constructions -------------------------------------------------------------------------------


class ConeDown(AdditiveTriple):
    def upper(self, features, p, xp):
        return p.high - (p.high - p.low) * xp.minimum(xp.number(1), p.inv_rise * features.from_a)


class OneConeOnly(AdditiveTriple):
    @staticmethod
    def part(from_a, from_b, inv_reach, xp):
        return xp.minimum(xp.number(1), inv_reach * from_a)


class Product(AdditiveTriple):
    def strict(self, features, p, xp):
        return p.low + (p.high - p.low) * features.mean * features.mean


class NotSaturated(AdditiveTriple):
    def upper(self, features, p, xp):
        return p.low + (p.high - p.low) * p.inv_rise * features.from_a


class Exchanged(NeuronTriple):
    def upper_share(self, features, p, xp):
        return features.smallest


class OneCoordinate(NeuronTriple):
    def strict_share(self, features, p, xp):
        return features.largest


class NoLink(NeuronTriple):
    @staticmethod
    def member(share, p, xp):
        return p.low + (p.high - p.low) * share


DAMAGE = [
    ("additive", ConeDown),
    ("additive", OneConeOnly),
    ("additive", Product),
    ("additive", NotSaturated),
    ("neuron", Exchanged),
    ("neuron", OneCoordinate),
    ("neuron", NoLink),
]


COSTLY = (OneCoordinate, Product)
"""Seen by the samples' test below; SymPy's part of a row takes seconds each time."""


@pytest.mark.parametrize(
    ("row", "damaged"),
    [pair for pair in DAMAGE if pair[1] not in COSTLY],
    ids=lambda p: getattr(p, "__name__", p),
)
def test_a_damaged_construction_loses_its_label(row, damaged):
    constructions = {**CONSTRUCTIONS, row: damaged()}
    table = verify_table([row], jobs=1, solvers=["z3"], dims=[2], constructions=constructions)
    assert [c.label for c in table.cells.values()] == [None] * 3
    refuted = [o for o in table[f"{row}/exact"].failing if o.verdict == "REFUTED"]
    assert refuted
    assert all(o.point for o in refuted)


@pytest.mark.parametrize(
    ("row", "damaged"),
    [*DAMAGE, ("lipschitz-unknown", None)],
    ids=lambda p: getattr(p, "__name__", p),
)
def test_a_damaged_construction_fails_the_samples(row, damaged, monkeypatch):
    class SignFlipped(Hats):
        def strict(self, features, p, xp):
            at_a, at_b, *_ = features.hats
            return (p.low + p.high) / 2 + (at_a - at_b) * (p.high - p.low) / 2

    monkeypatch.setitem(EXTENDED_CONSTRUCTIONS, row, (damaged or SignFlipped)())
    assert sample_row(row).failure


def test_a_wrong_share_fails_the_decoders_samples(monkeypatch):
    monkeypatch.setattr(extended, "interpolate", lambda low, high, from_a, inv: high - from_a * inv)
    assert sample_row("neuron-1d").failure


def test_a_wrong_odds_formula_fails_samples_and_identities(monkeypatch):
    monkeypatch.setattr(links.Sigmoid, "odds", lambda self, value, m: value * (1 - value))
    assert check_identity(IDENTITIES["symbolic/sigmoid/inverse"])[0] == "REFUTED"
    assert sample_row("neuron").failure


def test_a_wrong_rate_fails_the_identities(monkeypatch):
    monkeypatch.setattr(links.Tanh, "rate", 3)
    assert check_identity(IDENTITIES["symbolic/tanh/function"])[0] != "PROVED"


def test_a_member_that_is_no_sum_fails_the_samples(monkeypatch):
    monkeypatch.setattr(Additive, "exchange", staticmethod(lambda y, z, y2, z2: y * z == y2 * z2))
    assert "coordinates exchanged" in sample_row("additive").failure


# -- the kernel --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_each_theorem_has_kernel_evidence(key):
    evidence = kernel.kernel_evidence(key)
    assert evidence is not None, kernel.kernel_gap(key)
    assert evidence.theorem == kernel.coq_name(key)
    assert set(evidence.axioms) <= kernel.ALLOWED_AXIOMS
    assert kernel.coq_statement(key).startswith(evidence.theorem)


def test_the_facts_that_bring_the_words_to_coq_are_audited_too():
    assert kernel.kernel_evidence("neuron/side").facts == (
        "pair_defeats",
        "linked_spread",
        "neuron_extremes",
    )
    assert "additive_extremes" in kernel.kernel_evidence("additive/exact").facts


def test_a_changed_statement_loses_its_kernel_evidence(monkeypatch):
    changed = dataclasses.replace(EXTENDED_THEOREMS["additive/side"], statement="Something else.")
    monkeypatch.setitem(EXTENDED_THEOREMS, "additive/side", changed)
    assert kernel.kernel_evidence("additive/side") is None
    assert "the catalogue's statement changed" in kernel.kernel_gap("additive/side")
    assert kernel.kernel_evidence("additive/exact") is not None
