"""Labels are earned: damage a construction, and its label goes."""

from __future__ import annotations

import dataclasses

import pytest

from trompe.constructions import (
    CONSTRUCTIONS,
    AffineTriple,
    ConvexTriple,
    Hats,
    LipschitzTriple,
    MonotoneTriple,
)
from trompe.constructions.rows.free import hat
from trompe.proofs import CASES, earned_label, verify_table
from trompe.proofs.rows import EVIDENCE
from trompe.proofs.sampling import sample_row
from trompe.theory import CLASSES, TASKS, THEOREMS, Form, InvalidInput, UnknownKey


def test_all_thirty_labels_are_earned_and_agree_with_the_paper(table):
    assert len(table.cells) == 30 and table.is_proved
    assert {c.key: c.label for c in table.cells.values()} == {
        k: t.paper for k, t in THEOREMS.items()
    }
    assert all(c.agrees and not c.failing for c in table.cells.values())
    assert [c.sampled.failure for c in table.cells.values()] == [""] * 30


def test_evidence_names_levels_solvers_and_dimensions(table):
    evidence = table["convex/side"].evidence()
    assert {"level": "smt", "solver": "cvc5", "dims": ["all"]}.items() <= evidence[2].items()
    levels = {(e["level"], e["solver"]) for e in evidence}
    assert {
        ("smt", "z3"),
        ("smt", "cvc5"),
        ("symbolic", "sympy"),
        ("sampled", "exact arithmetic"),
    } <= levels
    assert [1, 2, 3] in [e["dims"] for e in evidence]
    assert [2, 3] in [e["dims"] for e in table["affine/side"].evidence()]


def _proved(key: str) -> dict[str, bool]:
    return dict.fromkeys((*CASES[key].obligations, *CASES[key].symbolic), True)


@pytest.mark.parametrize("key", [k for k in THEOREMS if CASES[k].inherits is None])
def test_a_label_needs_every_obligation_of_its_case(key):
    proved = _proved(key)
    assert earned_label(key, proved) == THEOREMS[key].form.value
    for name in proved:
        assert earned_label(key, proved | {name: False}) is None, name
        assert earned_label(key, {k: v for k, v in proved.items() if k != name}) is None, name
    assert earned_label(key, {}) is None


@pytest.mark.parametrize("row", [row for row, of in EVIDENCE.items() if of.inherits])
def test_an_inherited_no_needs_the_subclass_label(row):
    key = f"{row}/exact"
    assert earned_label(key, _proved(key), "No") == "No"
    assert earned_label(key, _proved(key), None) is None
    assert earned_label(key, _proved(key), "Yes") is None


def test_an_inherited_no_needs_an_inclusion(monkeypatch):
    from trompe.proofs import evidence

    stray = dataclasses.replace(CASES["black-box/exact"], inherits="constant/exact")
    monkeypatch.setitem(evidence.CASES, "black-box/exact", stray)
    monkeypatch.setitem(
        evidence.CASES,
        "convex/exact",
        dataclasses.replace(stray, key="convex/exact", inherits="monotone/exact"),
    )
    assert earned_label("convex/exact", _proved("convex/exact"), "No") is None


def test_a_label_needs_its_roles(monkeypatch):
    from trompe.proofs import evidence

    for key, role in (
        ("convex/side", "decides"),
        ("monotone/side", "fools"),
        ("lipschitz/side", "decides"),
        ("affine/exact", "exists"),
    ):
        roles = {k: v for k, v in CASES[key].roles.items() if k != role}
        monkeypatch.setitem(evidence.CASES, key, dataclasses.replace(CASES[key], roles=roles))
        assert earned_label(key, _proved(key)) is None, (key, role)


# -- damaged constructions -----------------------------------------------------------------------------


class NoSaturation(MonotoneTriple):
    def upper(self, features, p, xp):
        return p.low + (p.high - p.low) * features.mean * p.inv_q  # min(1, .) is missing


class MaxForMin(MonotoneTriple):
    def upper(self, features, p, xp):
        return p.low + (p.high - p.low) * xp.maximum(xp.number(1), features.mean * p.inv_q)


class WrongEnd(MonotoneTriple):
    def strict(self, features, p, xp):
        return p.high - (p.high - p.low) * features.mean


class SignFlipped(Hats):
    def strict(self, features, p, xp):
        at_a, at_b, _, *_ = features.hats
        mid, half = (p.low + p.high) / 2, (p.high - p.low) / 2
        return mid + half * at_a - half * at_b


class LabelsForgotten(Hats):
    def strict(self, features, p, xp):
        at_a, at_b, *_ = features.hats
        mid, half = (p.low + p.high) / 2, (p.high - p.low) / 2
        return mid - half * at_a + half * at_b


class SteepCone(LipschitzTriple):
    def upper(self, features, p, xp):
        return xp.minimum(p.high, p.low + 2 * p.constant * features.from_a)


class UpperForStrict(LipschitzTriple):
    def strict(self, features, p, xp):
        return self.upper(features, p, xp)


class OnlyTheGauge(ConvexTriple):
    def strict(self, features, p, xp):
        return self.upper(features, p, xp)


class HatTooWide(ConvexTriple):
    def lower(self, features, p, xp):
        return p.low + (p.high - p.low) * hat(features.from_b, p.inv_delta / 2, xp)


class OneCoordinate(AffineTriple):
    def strict(self, features, p, xp):
        return p.low + (p.high - p.low) * features.largest


class Exchanged(AffineTriple):
    def upper(self, features, p, xp):
        return p.low + (p.high - p.low) * features.smallest


DAMAGE = [
    ("monotone", NoSaturation),
    ("monotone", MaxForMin),
    ("monotone", WrongEnd),
    ("erm", SignFlipped),
    ("erm", LabelsForgotten),
    ("lipschitz", SteepCone),
    ("lipschitz", UpperForStrict),
    ("convex", OnlyTheGauge),
    ("convex", HatTooWide),
    ("affine", OneCoordinate),
    ("affine", Exchanged),
]


@pytest.mark.parametrize(("row", "damaged"), DAMAGE, ids=lambda p: getattr(p, "__name__", p))
def test_a_damaged_construction_loses_its_label(row, damaged):
    constructions = {**CONSTRUCTIONS, row: damaged()}
    table = verify_table([row], jobs=1, solvers=["z3"], constructions=constructions)
    assert [c.label for c in table.cells.values()] == [None] * 3
    assert not table.is_proved
    refuted = [o for o in table[f"{row}/exact"].failing if o.verdict == "REFUTED"]
    assert refuted and all(o.point for o in refuted)


def test_damaged_hats_take_the_labels_of_the_rows_that_inherit():
    constructions = {**CONSTRUCTIONS, "erm": SignFlipped()}
    table = verify_table(["black-box"], jobs=1, solvers=["z3"], constructions=constructions)
    assert [c.label for c in table.cells.values()] == [None] * 3
    assert {c.verdict for c in table.cells.values()} == {"REFUTED"}


@pytest.mark.parametrize(("row", "damaged"), DAMAGE, ids=lambda p: getattr(p, "__name__", p))
def test_a_damaged_construction_fails_the_samples(row, damaged, monkeypatch):
    monkeypatch.setitem(CONSTRUCTIONS, row, damaged())
    assert sample_row(row).failure


def test_a_mix_without_eta_loses_every_no(monkeypatch):
    from trompe.proofs import lemmas

    monkeypatch.setattr(lemmas, "mix", lambda top, strict, eta: top + 0 * strict * eta)
    table = verify_table(["monotone"], jobs=1, solvers=["z3"])
    assert [c.label for c in table.cells.values()] == [None] * 3


def test_a_wrong_decoder_loses_the_yes(monkeypatch):
    from trompe.proofs.rows import affine

    monkeypatch.setattr(
        affine, "interpolate", lambda low, high, from_a, inv: high - (high - low) * (from_a * inv)
    )
    table = verify_table(["affine-1d"], jobs=1)
    assert [c.label for c in table.cells.values()] == [None] * 3
    assert table["affine-1d/exact"].verdict == "REFUTED"


def test_an_unknown_obligation_takes_the_label_but_refutes_nothing(monkeypatch):
    from trompe.proofs import solvers

    monkeypatch.setattr(solvers, "Z3_RLIMIT", 1)
    table = verify_table(["constant"], jobs=1, solvers=["z3"])
    verdicts = {c.verdict for c in table.cells.values()}
    assert verdicts <= {"UNKNOWN", "PROVED"}
    table = verify_table(["monotone"], jobs=1, solvers=["z3"])
    assert {c.verdict for c in table.cells.values()} == {"UNKNOWN"}
    assert {c.label for c in table.cells.values()} == {None}


def test_rows_dims_and_theorems_are_checked():
    with pytest.raises(UnknownKey, match="did you mean monotone"):
        verify_table(["monotne"])
    with pytest.raises(UnknownKey, match="monotone/side"):
        verify_table(theorems=["monotone/sides"])
    for bad in ([0], [-1], [1.5], ["2"], [True]):
        with pytest.raises(InvalidInput, match="integer of at least 1"):
            verify_table(["constant"], dims=bad)
    with pytest.raises(InvalidInput, match=r"affine: the row is about d >= 2"):
        verify_table(["affine"], dims=[1])
    table = verify_table(["constant"], jobs=1)
    with pytest.raises(UnknownKey):
        table["monotone/side"]


def test_forms_and_labels_of_the_catalogue_are_of_one_kind():
    assert {t.form.value for t in THEOREMS.values()} == {f.value for f in Form}
    assert list(THEOREMS) == [f"{row}/{task}" for row in CLASSES for task in TASKS]
