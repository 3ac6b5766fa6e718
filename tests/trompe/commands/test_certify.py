"""`trompe certify` and `trompe check` as a user meets them."""

from __future__ import annotations

import json
import shutil

import pytest

from trompe.cli import run
from trompe.proofs import solvers


def call(capsys, *arguments) -> tuple[int, str, str]:
    status = run([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("set") / "set"
    assert run(["certify", "constant/side", "--output", str(place), "--jobs", "1"]) == 0
    return place


def test_certify_says_what_it_wrote_and_what_is_not_in_it(capsys, tmp_path):
    status, out, err = call(
        capsys, "certify", "monotone/side", "--output", tmp_path / "new" / "set"
    )
    assert (status, err) == (0, "")
    assert "obligations PROVED by z3" in out and "the steps of 1 theorem" in out
    flat = " ".join(out.split())
    assert "Not contained: 3 identities (SymPy)" in flat and "induction-over-d" in flat
    assert "trompe check" in out and "SHA-256 " in out
    manifest = json.loads((tmp_path / "new" / "set" / "manifest.json").read_text())
    assert manifest["claims"]["theorems"] == ["monotone/side"]
    levels = {item["level"] for item in manifest["not_contained"]}
    assert levels >= {"symbolic", "sampled", "assumed"}
    assert all(item["checked_by"] for item in manifest["not_contained"])


def test_certify_uses_the_dimensions_given(capsys, tmp_path):
    status, _, _ = call(
        capsys, "certify", "l1/triangle", "--dims", "2", "--output", tmp_path / "s", "--jobs", "1"
    )
    assert status == 0
    names = sorted(p.name for p in (tmp_path / "s" / "l1" / "triangle").iterdir())
    assert names == ["d2.mutant.smt2", "d2.smt2", "d2.vacuity.smt2"]
    assert call(capsys, "check", tmp_path / "s", "--jobs", "1")[0] == 0


def test_certify_exits_with_1_where_something_is_not_proved(capsys, tmp_path, monkeypatch):
    answer = solvers.Answer("z3", "unknown", 0.0, 0, reason="a limit was hit")
    original = solvers.solve_all

    def limited(questions, processes):
        for number, said in original(questions, processes):
            name, text = questions[number]
            yield number, answer if name == "z3" and "; side/exact" in text else said

    monkeypatch.setattr("trompe.proofs.handover.certificates.certifying.solve_all", limited)
    status, out, _ = call(capsys, "certify", "constant/side", "--output", tmp_path / "s")
    assert status == 1
    assert "1 of 2 obligations PROVED" in out
    assert "UNKNOWN side/exact-is-enough: z3: the sentence: a limit was hit" in out
    assert json.loads((tmp_path / "s" / "manifest.json").read_text())["verdict"] == "NOT PROVED"
    monkeypatch.undo()
    assert call(capsys, "check", tmp_path / "s")[0] == 1


def test_check_accepts_a_genuine_set_with_one_solver_or_both(capsys, folder):
    status, out, err = call(capsys, "check", folder, "--jobs", "1")
    assert (status, err) == (0, "") and "The set holds. SHA-256" in out
    status, out, _ = call(capsys, "check", folder, "--solver", "z3", "--jobs", "1")
    assert status == 0 and "PROVED now by z3" in out and "cvc5" not in out


def test_check_exits_with_1_and_names_each_failure(capsys, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "set")
    (tmp_path / "set" / "constant" / "decodes.smt2").write_text("(check-sat)\n")
    (tmp_path / "set" / "side" / "exact-is-enough.mutant.smt2").unlink()
    (tmp_path / "set" / "NOTES.txt").write_text("")
    status, out, err = call(capsys, "check", tmp_path / "set", "--jobs", "1")
    assert (status, err) == (1, "")
    assert "different: constant/decodes.smt2" in out and "extra: 'NOTES.txt'" in out
    assert "missing: side/exact-is-enough.mutant.smt2" in out
    assert "The set does not hold: 3 failures." in out


def test_check_takes_a_witness_file(capsys, tmp_path):
    path = tmp_path / "witness.json"
    assert (
        run(["witness", "monotone/side", "--dim", "1", "--format", "json", "--output", str(path)])
        == 0
    )
    capsys.readouterr()
    status, out, _ = call(capsys, "check", path, "--solver", "z3")
    assert status == 0 and "PROVED" in out
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "key": "convex/side"}))
    status, out, err = call(capsys, "check", path, "--solver", "z3")
    assert status == 1 and err == ""


BAD = [
    (("certify", "monotone/sides", "--output", "s"), "monotone/side"),
    (("certify", "symbolic/mix-gap", "--output", "s"), "SymPy"),
    (("certify", "constant"), "--output"),
    (("certify", "constant", "--output", "s", "--dims", "0"), "at least 1"),
    (("certify", "constant", "--output", "s", "--dims", "99"), "d = 8"),
    (("certify", "affine", "--output", "s", "--dims", "1"), "d >= 2"),
    (("certify", "constant", "--output", "s", "--jobs", "0"), "at least 1"),
    (("certify", "constant", "--output", "notes"), "NOTES.txt"),
    (("certify", "constant", "--output", "notes/NOTES.txt"), "is a file; give a folder"),
    (("check", "none"), "nothing"),
    (("check", "notes"), "manifest.json"),
    (("check", "notes/NOTES.txt"), "unpack"),
    (("check", "notes/manifest.json"), "give its folder"),
    (("check", "none.json"), "none.json"),
    (("check", "notes", "--solver", "z4"), "did you mean z3"),
    (("check", "none.json", "--solver", "z4"), "did you mean z3"),
    (("check", "notes", "--jobs", "0"), "at least 1"),
    (("check",), "Missing argument"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_status_2(capsys, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "NOTES.txt").write_text("mine")
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("trompe: ") and words in err
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["NOTES.txt", "notes"]
