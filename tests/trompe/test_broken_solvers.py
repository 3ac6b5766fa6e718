"""Solvers that do not load, and solvers that die, in every command that needs one."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from broken_solvers import deadly, instead
from worker_calls import sample_or_die

from trompe.cli import run
from trompe.proofs import solvers, verify
from trompe.proofs.sampling import sample_row
from trompe.proofs.verify import verify_keys, verify_table

pytestmark = pytest.mark.once

SHARED = "libc++.so.1: cannot open shared object file: No such file or directory"
NOT_LOADING = {
    "import": ('raise ImportError("undefined symbol: _ZN4x\\n  in line 2")', "ImportError: undefined"),
    "library": (f'print("looked here and there"); raise OSError("{SHARED}")', f"OSError: {SHARED}"),
    "exit": ("raise SystemExit(0)", "SystemExit: 0"),
}  # fmt: skip
SUBJECT, KEY, OTHER = "constant/side", "constant/decodes", "side/exact-is-enough"
MAIN = f"; {KEY}\n; m = h(x) for every constant h\n; unsat"
"""The beginning of the sentence, in `table` as in `certify`."""
DEATHS = {
    "os.kill(os.getpid(), signal.SIGKILL)": "SIGKILL",
    "os.kill(os.getpid(), signal.SIGSEGV)": "SIGSEGV",
    "os._exit(3)": "status 3",
}


def trompe(environment, *arguments):
    command = [sys.executable, "-P", "-m", "trompe", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A certificate set, a witness file and a decoder."""
    place = tmp_path_factory.mktemp("given")
    assert run(["certify", SUBJECT, "--output", str(place / "set"), "--jobs", "1"]) == 0
    assert run(["witness", "monotone/side", "--output", str(place / "pair.json")]) == 0
    (place / "decoder.py").write_text("def middle(v, x):\n    return (v.minimum + v.maximum) / 2\n")
    return place


NEED_Z3 = {
    "show": ["show", SUBJECT],
    "verify": ["verify", KEY],
    "witness": ["witness", "monotone/side"],
    "fuzz": ["fuzz", "--cases", "1", "--row", "constant"],
    "cite": ["cite", SUBJECT],
    "sharp": ["table", "--sharp", "--row", "constant"],
    "hypotheses": ["selfcheck", "--only", "hypotheses", "--match", KEY],
}
NEED_BOTH = {
    "table": ["table", "--row", "constant"],
    "certify": ["certify", SUBJECT, "--output", "{place}/new"],
    "set": ["check", "{place}/set"],
    "file": ["check", "{place}/pair.json"],
    "selfcheck": ["selfcheck", "--row", "constant", "--match", "Constant"],
    "tampering": ["selfcheck", "--only", "witness-tampering", "--match", "affine/side format"],
}
NEED_NONE = {
    "refute": ["refute", "{place}/decoder.py:middle", "--class", "convex", "--task", "exact"],
    "bound": [
        "bound",
        "--class",
        "convex",
        "--argmin",
        "0",
        "--argmax",
        "1",
        "--min",
        "0",
        "--max",
        "1",
        "--query",
        "1/2",
    ],
    "budget": ["budget", "--constant", "4", "--range", "1", "--dim", "2"],
    "version": ["--version"],
}


def one_line(said, solver, package, words):
    status, out, err = said
    assert (status, out, err.count("\n")) == (2, "", 1), said
    assert err.startswith(f"trompe: solver {solver} is installed but does not load ({words}")
    assert err.endswith(f"; try: pip install --force-reinstall {package}\n")


@pytest.mark.parametrize("name", [*NEED_Z3, *NEED_BOTH])
def test_a_z3_that_does_not_load_is_one_line(given, tmp_path, name):
    source, words = NOT_LOADING["library"]
    command = [word.format(place=given) for word in (NEED_Z3 | NEED_BOTH)[name]]
    one_line(trompe(instead(tmp_path, "z3", source), *command), "z3", "z3-solver", words)


@pytest.mark.parametrize("name", ["show", "verify", *NEED_BOTH])
def test_a_cvc5_that_does_not_load_is_one_line(given, tmp_path, name):
    source, words = NOT_LOADING["import"]
    command = [word.format(place=given) for word in (NEED_Z3 | NEED_BOTH)[name]]
    one_line(trompe(instead(tmp_path, "cvc5", source), *command), "cvc5", "cvc5", words)


@pytest.mark.parametrize("why", NOT_LOADING)
@pytest.mark.parametrize(("name", "package"), [("z3", "z3-solver"), ("cvc5", "cvc5")])
def test_whatever_it_raises(tmp_path, why, name, package):
    source, words = NOT_LOADING[why]
    one_line(trompe(instead(tmp_path, name, source), "verify", KEY), name, package, words)


@pytest.mark.parametrize("command", NEED_NONE.values(), ids=NEED_NONE)
def test_no_solver_is_loaded_where_none_is_needed(given, tmp_path, command):
    instead(tmp_path, "z3", "raise ImportError('planted')")
    environment = instead(tmp_path, "cvc5", "raise ImportError('planted')")
    status, _, err = trompe(environment, *(word.format(place=given) for word in command))
    assert (status, err) == (0, "")


def test_cvc5_is_needed_only_where_it_is_asked_for(given, tmp_path):
    environment = instead(tmp_path, "cvc5", "raise ImportError('planted')")
    alone = [
        *([*NEED_BOTH[name], "--solver", "z3"] for name in ("table", "set", "file")),
        *([*NEED_Z3[name], "--solver", "z3"] for name in ("show", "verify")),
        *(NEED_Z3[name] for name in ("witness", "fuzz", "cite", "sharp")),
    ]
    for command in alone:
        status, _, err = trompe(environment, *(word.format(place=given) for word in command))
        assert (status, err) == (0, ""), command


def test_a_solver_that_raises_is_unknown(monkeypatch):
    def raising(text, divisor):
        raise MemoryError("out of luck")

    monkeypatch.setitem(solvers.SOLVERS, "cvc5", raising)
    found = verify_keys([KEY], jobs=1)[KEY]
    assert (found.verdict, found.reason) == ("UNKNOWN", "cvc5: MemoryError: out of luck")


# -- dying ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dies", DEATHS)
@pytest.mark.parametrize("name", ["z3", "cvc5"])
def test_a_solver_that_dies_costs_its_obligation(tmp_path, name, dies):
    environment = deadly(tmp_path, name, MAIN, dies)
    status, out, err = trompe(environment, "verify", KEY, OTHER, "mix/gap", "--json")
    assert (status, err) == (1, "")
    found = {entry["key"]: entry for entry in json.loads(out)}
    verdicts = {key: entry["verdict"] for key, entry in found.items()}
    assert verdicts == {KEY: "UNKNOWN", OTHER: "PROVED", "mix/gap": "PROVED"}
    assert found[KEY]["reason"] == f"z3 or cvc5: its process ended by itself ({DEATHS[dies]})"


def test_in_every_command(given, tmp_path):
    why = "its process ended by itself (SIGKILL)"
    environment = deadly(tmp_path / "bin", "cvc5", MAIN, "os.kill(os.getpid(), signal.SIGKILL)")
    status, out, err = trompe(environment, "table", "--row", "constant", "--row", "affine-1d")
    assert (status, err) == (1, "") and "3 of 6 cells proved" in out
    assert f"constant/side: {KEY}: UNKNOWN: z3 or cvc5: {why}" in out
    assert out.count("not proved (UNKNOWN)") == 3
    status, out, err = trompe(environment, "table", "--row", "constant", "--format", "json")
    cells = json.loads(out)["rows"][0]["cells"]
    assert (status, err) == (1, "")
    assert {cell["verdict"] for cell in cells.values()} == {"UNKNOWN"}
    assert cells["side"]["obligations"] == {KEY: "UNKNOWN", OTHER: "PROVED"}
    status, out, err = trompe(environment, "show", SUBJECT)
    assert (status, err) == (1, "") and f"z3 or cvc5: {why}" in " ".join(out.split())
    status, out, err = trompe(environment, "certify", SUBJECT, "--output", tmp_path / "set")
    assert (status, err) == (1, "") and f"UNKNOWN {KEY}: cvc5: the sentence: {why}" in out
    status, out, err = trompe(environment, "check", given / "set")
    assert (status, err) == (1, "") and re.search(rf"unknown: {KEY}\S*: cvc5: its", out)


def test_in_selfcheck(tmp_path):
    """A mutant whose process ends is unknown, and so is what is undamaged: that is a problem."""
    dies = "os.kill(os.getpid(), signal.SIGKILL)"
    environment = deadly(tmp_path / "a", "z3", "; constant/", dies)
    asked = [
        "selfcheck",
        "--row",
        "constant",
        "--only",
        "classes",
        "--match",
        "Constant.law: c.at_y -> c.at_z",
    ]
    status, out, err = trompe(environment, *asked, "--format", "json")
    assert (status, err) == (1, "")
    report = json.loads(out)
    why = "its process ended by itself (SIGKILL)"
    problems = report["problems"]
    assert f"{KEY} is not proved before any damage: {why}" in problems
    assert all(line.startswith("constant/") and line.endswith(why) for line in problems)
    assert report["mutants"] and {m["status"] for m in report["mutants"]} <= {"unknown", "killed"}
    assert why in {m["says"] for m in report["mutants"]}
    asked = ["selfcheck", "--only", "hypotheses", "--match", "constant/"]
    status, out, err = trompe(
        deadly(tmp_path / "b", "z3", f"; {KEY}\n", dies), *asked, "--format", "json"
    )
    unknown = [h for h in json.loads(out)["hypotheses"] if h["status"] == "unknown"]
    assert [(h["family"], h["says"]) for h in unknown] == [(KEY, why)]


def test_samples_whose_process_dies_prove_no_cell_and_refute_none(monkeypatch):
    monkeypatch.setattr(verify, "sample_row", sample_or_die)
    table = verify_table(["constant", "affine-1d"], jobs=2)
    assert {c.verdict for c in table.cells.values() if c.theorem.row == "constant"} == {"UNKNOWN"}
    assert {c.verdict for c in table.cells.values() if c.theorem.row != "constant"} == {"PROVED"}
    cell = table["constant/side"]
    assert cell.label is None and cell.sampled is not None and not cell.failing
    assert "SIGKILL" in cell.sampled.unanswered
    assert "sampled" not in {entry["level"] for entry in cell.evidence()}
    from trompe.constructions.catalogue import demonstrate
    from trompe.views.table import text
    from trompe.views.theorem import to_text

    assert "constant/side: sampled: its process ended by itself (SIGKILL)" in text(table)
    assert "\nsampled: its process ended by itself" in to_text(
        table, "constant/side", demonstrate("constant/side", 1)
    )
    assert sample_row("constant").held
