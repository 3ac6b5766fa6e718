"""`trompe selfcheck` at the command line: what it prints, and its exit status."""

from __future__ import annotations

import json

import pytest

from trompe.cli import run
from trompe.proofs.mutation import (
    Hypothesis,
    MutantOutcome,
    SelfcheckReport,
    Weakened,
    files,
    running,
)

pytestmark = pytest.mark.once

LAW = "theory/rows/monotone.py Monotone.law: c.at_y <= c.at_z -> c.at_y < c.at_z"
EQUIVALENT = "theory/rows/affine.py Affine1d._fibre: if not v.range -> if False"
ONE_LAW = ["selfcheck", "--row", "monotone", "--match", "Monotone.law", "--jobs", "1"]
ONE_SURVIVOR = ["selfcheck", "--row", "affine-1d", "--match", EQUIVALENT, "--jobs", "1"]


def listed(monkeypatch, entries):
    monkeypatch.setattr(running, "read_equivalent", lambda: entries)


def test_one_law_passes(capsys):
    assert run(ONE_LAW) == 0
    said = capsys.readouterr().out
    assert said.startswith("classes: 4 tried, ")
    assert said.endswith("\npassed: no mutant tried survives\n")


def test_json_holds_every_mutant_with_its_killer(capsys, tmp_path):
    output = tmp_path / "selfcheck.json"
    assert run([*ONE_LAW, "--format", "json", "--output", str(output)]) == 0
    assert capsys.readouterr().out == ""
    data = json.loads(output.read_text(encoding="utf-8"))
    assert data["passed"] is True and data["problems"] == []
    assert sum(data["counts"]["classes"].values()) == len(data["mutants"]) == 4
    law = next(m for m in data["mutants"] if m["mutant"] == LAW)
    assert (law["status"], law["route"]) == ("killed", "smt")
    assert law["check"].startswith("monotone/") and " = " in law["says"]
    assert any(name.endswith("as_array") for name in data["left_out"])
    first = output.read_bytes()
    assert run([*ONE_LAW, "--format", "json", "--output", str(output)]) == 0
    assert output.read_bytes() == first


def test_a_survivor_is_named_and_fails(capsys, monkeypatch):
    assert run(ONE_SURVIVOR) == 0
    assert "equivalent mutants" in capsys.readouterr().out
    listed(monkeypatch, {})
    assert run(ONE_SURVIVOR) == 1
    said = capsys.readouterr().out
    assert f"SURVIVING mutants: every check still holds:\n  {EQUIVALENT}\n" in said
    assert "FAILED: 1 mutants or comparisons survive" in said


def test_an_undecided_mutant_or_hypothesis_is_named_and_fails(capsys, monkeypatch):
    mutant = MutantOutcome(
        "m.py f: a -> b", "classes", "sign", "unknown", "smt", "mix/gap", "z3: gave up"
    )
    hypothesis = Hypothesis("mix/gap", "eta < 1", "unknown", says="mix/gap: cvc5: gave up")
    doubt = Weakened("mix/gap", "part 2, comparison 1", "unknown", "u <= w: it could say more")
    report = SelfcheckReport((mutant,), (hypothesis,), (doubt,), (), ())
    monkeypatch.setattr("trompe.proofs.mutation.selfcheck", lambda *_, **__: report)
    assert run(["selfcheck"]) == 1
    said = capsys.readouterr().out
    assert (
        "UNKNOWN: not refuted, but not proved any more:\n  m.py f: a -> b\n      mix/gap: z3"
        in said
    )
    assert "  mix/gap without eta < 1\n      mix/gap: cvc5: gave up\n" in said
    assert "  mix/gap: part 2, comparison 1\n      u <= w: it could say more\n" in said
    assert "FAILED: 0 mutants or comparisons survive, 3 are undecided, " in said
    assert run(["selfcheck", "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["passed"] is False
    assert data["counts"] == {
        part: {"unknown": 1} for part in ("classes", "hypotheses", "conclusions")
    }


def test_a_wrong_entry_fails(capsys, monkeypatch):
    listed(monkeypatch, {LAW: "it changes nothing"})
    assert run(ONE_LAW) == 1
    said = capsys.readouterr().out
    assert "problem: listed as equivalent, but killed by " in said and LAW in said


def test_spare_hypotheses_are_listed_and_decide_nothing(capsys):
    asked = ["selfcheck", "--only", "hypotheses", "--match", "monotone/ends", "--jobs", "1"]
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "hypotheses: 4 tried, 3 needed, 1 spare" in said
    assert "  monotone/ends\n      m < M\n" in said


def test_a_part_without_anything_to_damage_is_named(capsys):
    asked = ["selfcheck", "--row", "constant", "--match", "constant/decodes", "--jobs", "1"]
    assert run([*asked, "--only", "hypotheses", "--only", "classes"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("hypotheses: 1 tried, 1 needed") and "tampering" not in said
    assert "\nclasses: nothing to damage, none tried\n" in said
    assert said.endswith("passed: every hypothesis is needed or spare\n")


def test_sound_code_passes_for_a_row_that_shares_it(capsys):
    asked = ["selfcheck", "--row", "constant", "--match", "FunctionClass.envelope", "--jobs", "1"]
    assert run(asked) == 0
    assert "of other rows alone" in capsys.readouterr().out


def test_an_accepted_tampering_fails(capsys, monkeypatch):
    monkeypatch.setitem(
        files.DAMAGED,
        "witness-tampering",
        (lambda: ("a planted one",), lambda name: ("accepted", "no fault was seen")),
    )
    assert run(["selfcheck", "--only", "witness-tampering", "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert "witness-tampering: a planted one\n      no fault was seen" in said
    assert "1 damaged files are accepted" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--row", "monotne"], "did you mean monotone"),
        (["--only", "everything"], "unknown part 'everything'"),
        (["--match", "no such thing", "--only", "hypotheses"], "nothing of hypotheses matches"),
        (
            ["--row", "affine", "--only", "witness-tampering"],
            "part witness-tampering: its files belong to no row, but the row affine is chosen",
        ),
        (
            ["--row", "constant", "--only", "hypotheses", "--match", "convex"],
            "nothing of hypotheses matches 'convex' in what the checks of constant see",
        ),
        (["--format", "yaml"], "unknown format 'yaml'"),
        (["--jobs", "0"], "--jobs 0: expected at least 1"),
        (["--output", "/no/such/folder/x.json"], "there is no folder /no/such/folder"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, says):
    assert run(["selfcheck", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and says in said.err


def test_an_interrupt_is_one_line(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("trompe.proofs.mutation.selfcheck", interrupted)
    assert run(["selfcheck"]) == 130
    said = capsys.readouterr().err.strip()
    assert said.startswith("trompe: interrupted; nothing is kept") and "\n" not in said
