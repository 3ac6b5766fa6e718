"""The second checker: alone, with a solver's program only, and against damage."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import forging
import pytest
from forging import SUBJECT

from trompe.proofs.handover.certificates import certify
from trompe.proofs.handover.certificates.plan import plan

SOURCE = Path(__file__).resolve().parents[3] / "proofs" / "recheck.py"
Z3 = str(Path(sys.executable).parent / "z3")
"""The program of the z3-solver wheel."""


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    place = tmp_path_factory.mktemp("sets")
    certify([SUBJECT], place / "subject", jobs=1)
    return place


@pytest.fixture
def recheck():
    """The file as a module of its own, as if trompe were not installed."""
    spec = importlib.util.spec_from_file_location("recheck_alone", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_needs_nothing_but_the_standard_library():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module.split(".")[0])
    assert names <= set(sys.stdlib_module_names) | {"__future__"}
    assert not {"trompe", "importlib", "pickle"} & names
    called = {
        n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and hasattr(n.func, "id")
    }
    assert not called & {"eval", "exec", "__import__", "compile"}


def test_it_accepts_a_genuine_set_and_says_what_it_did_not_check(sets, tmp_path):
    copy = tmp_path / "recheck.py"
    shutil.copyfile(SOURCE, copy)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "z3").symlink_to(Z3)
    done = subprocess.run(
        [sys.executable, "-I", str(copy), str(sets / "subject")],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'constant/side'" in done.stdout and "OK: (a) and (b) hold" in done.stdout
    assert done.stdout.count("6 of 6 files") == 2 and "Z3 version" in done.stdout
    assert "Not checked by this program" in done.stdout and done.stderr == ""


COMMANDS = (
    "(exit)",
    '(include "/etc/passwd")',
    '(set-option :regular-output-channel "stolen.txt")',
    "(set-info :status unsat)",
    '(echo "unsat")',
    "(push 1)",
    "(pop 1)",
    "(reset)",
    "(reset-assertions)",
    "(check-sat-assuming (false))",
    "(get-value (m))",
    "(declare-fun + (Real Real) Real)",
    "(define-fun <= ((a Real) (b Real)) Bool true)",
    "(declare-sort Real 0)",
    "(declare-const - Real)",
    "(declare-const extra Bool)",
    "(declare-const |extra| Real)",
    "(assert (let ((m 0.0)) (< m m)))",
    "(assert (let ((or m)) (< or m)))",
    "(assert (= (/ m 0.0) m))",
    "(assert (forall ((t Real)) (< t m)))",
    "(assert (! (< m m) :named n))",
    "(assert (< m unknown))",
    "(assert (not))",
    "(check-sat)",
    "(assert " + "(not " * 50_000 + "true" + ")" * 50_001,
    "unsat",
    "; \u00e9",
    ")",
)
"""What a file must not have, however well its hashes fit."""


@pytest.mark.parametrize("line", COMMANDS, ids=[line[:40] for line in COMMANDS])
def test_no_other_command_reaches_a_solver(sets, recheck, tmp_path, capsys, monkeypatch, line):
    folder = tmp_path / "set"
    shutil.copytree(sets / "subject", folder)
    forging.before_check(folder, line)
    asked = []

    def run(self, options, text):
        asked.append(text)
        return "unsat" if text != recheck.TRIAL else "sat"

    monkeypatch.setattr(recheck.Solver, "run", run)
    assert recheck.main([str(folder), "--solver", Z3]) == 1
    assert "refused" in (said := capsys.readouterr().out) and forging.MAIN in said
    assert asked and (folder / forging.MAIN).read_bytes() not in asked


def _drop(folder, path):
    (folder / path).unlink()


def _link(folder, path):
    shutil.move(folder / path, folder.parent / "away")
    (folder / path).symlink_to(folder.parent / "away")


def _manifest(change):
    def damage(folder):
        data = forging.load(folder)
        change(data)
        forging.save(folder, data)

    return damage


def _first(data):
    return data["obligations"][0]


SEEN = {
    "a flipped byte": lambda f: (f / forging.MAIN).write_bytes(
        (f / forging.MAIN).read_bytes().replace(b"sentence", b"Sentence", 1)
    ),
    "a file is not there": lambda f: _drop(f, forging.MAIN),
    "a file too much": lambda f: (f / "x.smt2").write_text("x"),
    "a link": lambda f: _link(f, forging.MAIN),
    "a link for a folder": lambda f: _link(f, "side"),
    "a hash of the set": _manifest(lambda m: m.update(sha256="0" * 64)),
    "a hash of the theorem": _manifest(lambda m: m["theorems"][0].update(sha256="0" * 64)),
    "a path out of the folder": _manifest(
        lambda m: _first(m)["files"]["main"].update(path="../away.smt2")
    ),
    "another verdict": _manifest(lambda m: _first(m).update(verdict="REFUTED")),
    "an obligation twice": _manifest(lambda m: m["obligations"].append(_first(m))),
    "no obligation": _manifest(lambda m: m.update(obligations=[])),
    "a hypothesis left out": lambda f: (
        (f / forging.MAIN).write_bytes(
            re.sub(rb"\(assert [^;]*?\)\n(?=;)", b"", (f / forging.MAIN).read_bytes(), count=1)
        ),
        forging.rehash(f),
    ),
    "the manifest a list": lambda f: (f / "manifest.json").write_text("[]"),
    "the manifest deep": lambda f: (f / "manifest.json").write_text("[" * 1_000_000),
}


@pytest.mark.parametrize("name", SEEN)
def test_damage_that_it_can_see_is_rejected(sets, recheck, tmp_path, capsys, name):
    folder = tmp_path / "set"
    shutil.copytree(sets / "subject", folder)
    SEEN[name](folder)
    assert recheck.main([str(folder), "--solver", Z3]) in (1, 2)
    said = capsys.readouterr()
    assert "OK" not in said.out and "Traceback" not in said.out + said.err


def test_what_it_cannot_see_is_a_statement(sets, recheck, tmp_path, capsys):
    """That is why `trompe check` compares with the obligation."""
    folder = tmp_path / "set"
    shutil.copytree(sets / "subject", folder)
    forging.before_check(folder, "(assert false)")
    assert recheck.main([str(folder), "--solver", Z3]) == 0
    assert "Not checked" in capsys.readouterr().out


def test_it_lets_every_file_through(recheck):
    for text in plan().texts.values():
        recheck.refuse_unsafe(text.encode())


FAKES = {
    "always unsat": ("echo unsat", "not proved"),
    "always sat": ("echo sat", "not proved"),
    "always unknown": ("echo unknown", "unknown (unknown)"),
    "silent": ("true", "unknown (no answer)"),
    "error and unsat": ("echo '(error \"no\")'; echo unsat", "unknown ((error"),
    "crashing": ("kill -SEGV $$", "unknown"),
    "hanging": ("exec sleep 60", "unknown (no answer)"),
}


@pytest.mark.parametrize("name", FAKES)
def test_a_bad_solver_never_proves_anything(sets, recheck, tmp_path, capsys, monkeypatch, name):
    body, words = FAKES[name]
    program = tmp_path / "z3"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo Z3 fake && exit\n{body}\n')
    program.chmod(0o755)
    real = subprocess.run
    if name == "hanging":  # the backstop is 10 s beyond the solver's own limit
        monkeypatch.setattr(
            recheck.subprocess, "run", lambda *a, timeout, **k: real(*a, timeout=1, **k)
        )
    status = recheck.main([str(sets / "subject"), "--solver", str(program), "--seconds", "1"])
    out = capsys.readouterr().out
    assert status == 1 and words in out and "FAILED" in out


def test_without_a_solver_or_a_set_it_says_so(sets, recheck, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert recheck.main([str(sets / "subject")]) == 2
    assert "apt install z3" in capsys.readouterr().err
    assert recheck.main([str(sets / "subject"), "--solver", "cvc5"]) == 2
    assert "no program cvc5" in capsys.readouterr().err
    for path, words in ((tmp_path, "manifest.json"), (tmp_path / "none", "not a folder")):
        assert recheck.main([str(path), "--solver", Z3]) == 2
        said = capsys.readouterr().err
        assert words in said and said.count("\n") == 1


@pytest.mark.skipif(shutil.which("cvc5") is None, reason="no program cvc5")
def test_it_works_with_the_program_cvc5(sets, recheck, capsys):
    assert recheck.main([str(sets / "subject"), "--solver", "cvc5", "--solver", Z3]) == 0
    out = capsys.readouterr().out
    assert "cvc5 version" in out and "Z3 version" in out


def test_a_cvc5_with_wrong_coverings_is_refused(sets, recheck, tmp_path, capsys):
    program = tmp_path / "cvc5"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo This is cvc5 version 1.3.4 && exit\necho unsat\n'
    )
    program.chmod(0o755)
    assert recheck.main([str(sets / "subject"), "--solver", str(program)]) == 2
    said = capsys.readouterr().err
    assert "cvc5 version 1.3.4 answers unsat" in said and said.count("\n") == 1


@pytest.mark.parametrize("name", ["cvc5", "z3"])
def test_the_trial_of_the_coverings_has_a_solution(recheck, name):
    from trompe.proofs.solvers import solve

    assert solve(name, recheck.TRIAL.decode()).result == "sat"


def test_cvc5_gets_the_coverings_only_where_it_has_them(recheck, tmp_path):
    for has, said in ((True, "sat"), (False, "(error no poly)")):
        program = tmp_path / f"cvc5-{has}"
        program.write_text(
            '#!/bin/sh\n[ "$1" = --version ] && echo This is cvc5 version 9 && exit\n'
            f'case "$*" in *--nl-cov*) echo "{said}";; *) echo unsat;; esac\n'
        )
        program.chmod(0o755)
        solver = recheck.Solver(str(program), 1)
        assert (solver.coverings, solver.version) == (has, "cvc5 version 9")
        assert ("--nl-cov" in solver.command(solver.coverings)) == has
    assert os.access(program, os.X_OK)
