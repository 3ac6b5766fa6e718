"""Of nothing everything holds: no function and no command says "proved" or "passed" about nothing."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

import trompe
from trompe.cli import run
from trompe.proofs.handover.certificates import certify, check_set
from trompe.proofs.handover.certificates.manifest import _all_proved, manifest_bytes
from trompe.proofs.handover.certificates.plan import plan
from trompe.proofs.handover.witnesses import check_bytes, to_json
from trompe.proofs.mutation import selfcheck
from trompe.proofs.sampling.fuzzing import campaign
from trompe.proofs.sharp.table import SharpTable, sharp_table
from trompe.proofs.verify import check_obligation, expand_keys, find_obligation
from trompe.theory.catalogue import sharp_row

CONVEX = trompe.function_class("convex")
SHOWN = trompe.Visualization(("1/4", "1/4"), (1, 1), 0, 1)


def a_witness():
    return trompe.witness_of(trompe.triple(CONVEX, SHOWN, ("7/8", "1/2")).pair(), trompe.Side())


def a_sharp_table(rows=(), dims=(), eps=()):
    return sharp_table(rows, dims, eps, jobs=1)


EMPTY = {
    "rows": lambda _: trompe.verify_table(rows=[]),
    "theorems": lambda _: trompe.verify_table(theorems=[]),
    "dims": lambda _: trompe.verify_table(rows=["constant"], dims=[]),
    "solvers": lambda _: trompe.verify_table(rows=["constant"], solvers=[]),
    "keys": lambda _: trompe.verify_keys([]),
    "keys of expand_keys": lambda _: expand_keys([]),
    "dims of expand_keys": lambda _: expand_keys(["mix/gap"], []),
    "solvers of verify_keys": lambda _: trompe.verify_keys(["mix/gap"], solvers=()),
    "solvers of one obligation": lambda _: check_obligation(find_obligation("mix/gap"), ()),
    "keys of a plan": lambda _: plan([]),
    "keys of a set": lambda folder: certify([], folder / "set"),
    "dims of a set": lambda folder: certify(["mix/gap"], folder / "set", dims=[]),
    "solvers of a set": lambda folder: certify(["mix/gap"], folder / "set", solvers=[]),
    "solvers of a check": lambda folder: check_set(folder, solvers=[]),
    "solvers of a witness": lambda _: trompe.check_witness(a_witness(), ()),
    "solvers of a file": lambda _: check_bytes(to_json(a_witness()).encode(), ()),
    "parts": lambda _: selfcheck([]),
    "rows of selfcheck": lambda _: selfcheck(rows=[]),
    "rows of a campaign": lambda _: campaign([], cases=1, jobs=1),
    "rows of the sharp table": lambda _: a_sharp_table([], [2], [Fraction(1, 4)]),
    "dims of the sharp table": lambda _: a_sharp_table([sharp_row("convex")], [], [Fraction(1, 4)]),
    "eps of the sharp table": lambda _: a_sharp_table([sharp_row("convex")], [2], []),
}


@pytest.mark.parametrize("what", EMPTY)
def test_nothing_is_no_question(what, tmp_path):
    with pytest.raises(trompe.InvalidInput) as error:
        EMPTY[what](tmp_path)
    assert str(error.value).startswith(f"{what.partition(' ')[0]}: none is given; ")
    assert "\n" not in str(error.value) and not list(tmp_path.iterdir())


def test_no_verdict_is_made_of_nothing():
    assert not trompe.Table({}, {}, {}, (1,)).is_proved
    assert not SharpTable((), (2,), (), (), ()).is_checked
    verdicts = {"a": ("PROVED", ""), "b": ("PROVED", ""), "c": ("UNKNOWN", "")}
    assert not _all_proved(verdicts, [])
    assert (_all_proved(verdicts, "ab"), _all_proved(verdicts, "abc")) == (True, False)


@pytest.mark.parametrize("command", ["verify", "certify"])
def test_a_sentence_about_other_d_is_not_proved_by_leaving_it_out(command, capsys, tmp_path):
    folder = ["--output", str(tmp_path / "set")] if command == "certify" else []
    assert run([command, "mix/gap", "affine/coordinates", "--dims", "1", *folder]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err == (
        "trompe: affine/coordinates: it is about other d than 1; add a dimension or leave it out\n"
    )


def test_a_set_that_claims_nothing_does_not_hold(tmp_path):
    folder = tmp_path / "set"
    certify(["mix/gap"], folder, dims=[1], jobs=1)
    whole = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    def check(**change):
        (folder / "manifest.json").write_bytes(manifest_bytes(whole | change))
        return check_set(folder, jobs=1)

    assert check().ok
    with pytest.raises(trompe.InvalidInput, match="its claims: keys: none is given"):
        check(claims={"theorems": [], "obligations": []})
    said = check(obligations=[]).text()
    assert "different: manifest.json: obligations has 0 entries, it must have 1" in said


def test_however_short_the_time_a_campaign_tries_a_case():
    found = campaign(["constant"], budget=1e-9, jobs=1)
    assert found.cases >= 1 and found.counts["constant"]["runs"] == found.cases
    assert not found.is_interrupted
