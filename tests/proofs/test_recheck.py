"""The second checker: alone, with a solver's program only, and against every tampering."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from trompe.proofs.handover.certificates import certify
from trompe.proofs.handover.certificates.plan import plan
from trompe.proofs.handover.certificates.script import read_script
from trompe.proofs.mutation.tampering.sets import OTHER, SUBJECT, TAMPERINGS, tamper

SOURCE = Path(__file__).resolve().parents[2] / "proofs" / "recheck.py"
Z3 = str(Path(sys.executable).parent / "z3")
"""The program of the z3-solver wheel."""


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    place = tmp_path_factory.mktemp("sets")
    for key, name in ((SUBJECT, "subject"), (OTHER, "other")):
        certify([key], place / name, jobs=1)
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


def test_every_tampering_that_it_can_see_is_rejected(sets, recheck, capsys, monkeypatch):
    """Those that it cannot see are statements: they are why `trompe check` compares with the obligation."""
    run, known = recheck.Solver.run, {}

    def run_once(self, options, text):
        key = (tuple(options), text)
        if key not in known:
            known[key] = run(self, options, text)
        return known[key]

    monkeypatch.setattr(recheck.Solver, "run", run_once)
    wrong = {}
    for name, item in TAMPERINGS.items():
        with tempfile.TemporaryDirectory() as place:
            path = tamper(name, sets / "subject", sets / "other", Path(place))
            status = recheck.main([str(path), "--solver", Z3])
        said = capsys.readouterr()
        if (status != 0) != item.seen_alone or status not in (0, 1, 2):
            wrong[name] = (status, said.out[-300:], said.err)
    assert wrong == {}
    assert sum(item.seen_alone for item in TAMPERINGS.values()) >= 70


def test_the_two_readers_let_through_the_same_files(recheck):
    for path, text in plan(["convex/side"]).texts.items():
        read_script(text.encode())
        recheck.refuse_unsafe(text.encode()), path


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
