"""`trompe refute`: exit statuses, isolation of somebody else's code, JSON and witness."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from textwrap import dedent

import jsonschema
import numpy as np
import pytest

from trompe.cli import run

CODE = """
import os, random, sys, time
import numpy as np
import helper_beside

def side(v, x):
    print("printed by the decoder")
    os.write(1, b"written by the decoder\\n")
    a, b = np.abs(x - v.argmin).sum(), np.abs(x - v.argmax).sum()
    return "min" if a <= b else "max"

def value(v, x):
    return v.minimum + (v.maximum - v.minimum) * float(x.mean())

def exact_value(v, x):
    return v.minimum + (v.maximum - v.minimum) * x[0]

def coin(v, x): return random.choice(["min", "max"])
def reads_input(v, x): return input()
def raises(v, x): raise RuntimeError("out of ideas")
def leaves(v, x): sys.exit(0)
def dies(v, x): os._exit(5)
def crashes(v, x): os.kill(os.getpid(), 11)
def note():
    with open(os.path.join(os.path.dirname(__file__), "pids"), "a") as file:
        print(os.getpid(), file=file)

def hangs(v, x):
    note()
    time.sleep(1000)

def forks_and_hangs(v, x):
    os.fork()
    note()
    time.sleep(1000)
def closes(v, x):
    note()
    os.closerange(3, 100)
    time.sleep(1000)
def stops(v, x): raise KeyboardInterrupt
def huge(v, x): return 10 ** 5000
def red(v, x): raise ValueError(chr(27) + "[31mred" + chr(0xd800))
class Unreadable(Exception):
    def __str__(self): raise RuntimeError
def unreadable(v, x): raise Unreadable
def third(v, x):
    import sympy
    return sympy.Rational(1, 3)
def root(v, x):
    import sympy
    return sympy.sqrt(2) / 2
NUMBER = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("decoders")
    (place / "mine.py").write_text(dedent(CODE))
    (place / "helper_beside.py").write_text("")
    (place / "json.py").write_text("def side(v, x):\n    return 'min'\n")
    (place / "faulty.py").write_text("import no_such_module\ndef side(v, x): return 'min'\n")
    (place / "syntax.py").write_text("def side(v, x) return 'min'\n")
    (place / "slow.py").write_text("import time\ntime.sleep(1000)\n")
    return place


def refute(capfd, source, *options):
    status = run(["refute", str(source), *options])
    captured = capfd.readouterr()
    return status, captured.out, captured.err


def fits_the_schema(data):
    schema = json.loads(files("trompe").joinpath("schemas/refutation.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(data)


def is_running(pid):
    """Is there such a process, and is it no zombie that nobody has fetched?"""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


CONVEX_SIDE = ("--class", "convex", "--task", "side")


def test_a_decoder_is_refuted(capfd, folder):
    status, out, err = refute(capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, "--dim", "784")
    assert status == 0
    assert (
        out.startswith("convex/side at d = 784: refuted\n") and 'The decoder answers "min"' in out
    )
    assert "printed" not in out and "written" not in out
    assert err.count("printed by the decoder") == err.count("written by the decoder") == 2


def test_json_has_a_witness_that_check_accepts(capfd, folder):
    from trompe.proofs.handover.witnesses import check_bytes, check_file

    output, witness = folder / "found.json", folder / "pair.json"
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, "--format", "json",
        "--output", str(output), "--witness", str(witness),
    )  # fmt: skip
    assert (status, out) == (0, "")
    data = json.loads(output.read_text())
    assert (data["status"], data["exit_status"], data["prediction"]) == ("refuted", 0, "min")
    assert check_bytes(json.dumps(data["witness"]).encode()).ok
    assert check_file(witness).ok
    damaged = data["witness"] | {"values": {"f": "1/2", "g": "1/32"}}
    assert not check_bytes(json.dumps(damaged).encode()).ok


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "raised RuntimeError: out of ideas"),
        ("leaves", "raised SystemExit: 0"),
        ("dies", "ended its process with status 5"),
        ("crashes", "ended its process by signal 11"),
        ("reads_input", "raised EOFError"),
        ("value", 'expected "min" or "max"'),
    ],
)
def test_a_broken_decoder_has_its_own_status(capfd, folder, name, said):
    status, out, _ = refute(capfd, f"{folder}/mine.py:{name}", *CONVEX_SIDE)
    assert status == 4 and said in out and "Nothing is claimed about it" in " ".join(out.split())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stops", "raised KeyboardInterrupt."),
        ("huge", "more than 12000 bits"),
        ("red", r"raised ValueError: \x1b[31mred\ud800"),
        ("unreadable", "raised Unreadable."),
        ("root", "sqrt(2)/2 (Mul); expected a rational number"),
    ],
)
def test_whatever_a_decoder_does_is_reported_in_both_formats(capfd, folder, name, said):
    line = (f"{folder}/mine.py:{name}", "--class", "convex", "--task", "exact")
    status, out, err = refute(capfd, *line)
    assert (status, err) == (4, "") and said in out and out.replace("\n", "").isprintable()
    status, out, err = refute(capfd, *line, "--format", "json")
    data = json.loads(out)
    assert (status, err, data["status"]) == (4, "", "broken") and said in data["reason"]
    assert fits_the_schema(data)


def test_a_rational_number_of_sympy_is_judged(capfd, folder):
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:third", "--class", "convex", "--task", "exact"
    )
    assert status == 0 and "The decoder answers 1/3." in out


@pytest.mark.parametrize("name", ["hangs", "forks_and_hangs", "closes"])
def test_a_decoder_that_never_returns_is_killed(capfd, folder, name):
    noted = folder / "pids"
    noted.unlink(missing_ok=True)
    status, out, _ = refute(capfd, f"{folder}/mine.py:{name}", *CONVEX_SIDE, "--time-limit", "0.5")
    assert status == 4
    assert ("took more than 0.5 s" in out) or ("closing its output" in " ".join(out.split()))
    pids = [int(line) for line in noted.read_text().splitlines()]
    assert len(pids) == (2 if name == "forks_and_hangs" else 1)
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, pids))


def test_a_file_that_cannot_be_loaded_is_broken(capfd, folder, monkeypatch):
    status, out, _ = refute(capfd, f"{folder}/faulty.py:side", *CONVEX_SIDE)
    assert status == 4 and "could not be loaded: ModuleNotFoundError" in out
    status, out, _ = refute(capfd, f"{folder}/syntax.py:side", *CONVEX_SIDE)
    assert status == 4 and "could not be loaded: SyntaxError" in out
    monkeypatch.setattr("trompe.refuting.isolation.LOADING_LIMIT", 0.5)
    status, out, _ = refute(capfd, f"{folder}/slow.py:side", *CONVEX_SIDE, "--time-limit", "0.5")
    assert status == 4 and "loading it took more than 0.5 s" in out


def test_a_file_may_have_the_name_of_a_module_in_use(capfd, folder):
    status, _, _ = refute(capfd, f"{folder}/json.py:side", *CONVEX_SIDE)
    assert status == 0


def test_repeats_report_the_error_rate(capfd, folder):
    status, out, _ = refute(capfd, f"{folder}/mine.py:coin", *CONVEX_SIDE, "--repeats", "60")
    assert status == 0
    assert "of 60 = " in out and "95% interval" in out and "randomised" in out
    assert "The coin is the operating system's randomness, tossed after all answers" in out
    seeded = [f"{folder}/mine.py:side", *CONVEX_SIDE, "--repeats", "60", "--seed", "7"]
    status, out, _ = refute(capfd, *seeded)
    assert status == 0 and "The coin is the seed 7, tossed after all answers" in out
    assert refute(capfd, *seeded)[1] == out


def test_what_is_shown_and_asked_can_be_given(capfd, folder):
    given = ("--argmin", "1/4,1/4", "--argmax", "1", "--min", "-1", "--max", "3")
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, *given, "--query", "0,1/2"
    )
    assert status == 0
    assert "argmin (1/4, 1/4), argmax (1, 1)" in out and "minimum -1, maximum 3" in out
    assert "query          (0, 1/2)" in out
    status, out, _ = refute(capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, *given, "--query", "1/2")
    assert status == 3 and "not refuted: no refutation exists here" in out
    np.save(folder / "x.npy", np.array([0.0, 0.5]))
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, "--query", f"{folder}/x.npy"
    )
    assert status == 0 and "query          (0, 1/2)" in out


def test_where_all_is_given_nothing_is_chosen(capfd, folder, monkeypatch):
    def chosen(*_):
        raise AssertionError("chosen")

    monkeypatch.setattr("trompe.constructions.adversary.choose_visualization", chosen)
    given = ("--argmin", "1/4,1/4", "--argmax", "1", "--min", "0", "--max", "1", "--query", "0")
    assert refute(capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, *given)[0] == 0
    with pytest.raises(AssertionError, match="chosen"):
        refute(capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, *given[:-4], *given[-2:])


def test_class_parameters_and_tolerance(capfd, folder):
    lipschitz = ("--class", "lipschitz", "--constant", "1/100", "--metric", "linf")
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:value", *lipschitz, "--task", "approx", "--eps", "0.45"
    )
    assert status == 0 and "eps = 9/20" in out and "maximum 1/256" in out
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:exact_value", "--class", "erm", "--task", "exact", "--numbers", "exact",
        "--data", "1/2,1/2:1/3", "--data", "0,1:1/5",
    )  # fmt: skip
    assert status == 0 and "argmin (1/4, 1/4)" in out and "query          (0, 0)" in out


def test_rows_with_label_yes(capfd, folder):
    line = ("--class", "affine-1d", "--task", "exact")
    status, out, _ = refute(capfd, f"{folder}/mine.py:value", *line)
    assert status == 5 and "this decoder is wrong" in " ".join(out.split())
    (folder / "right.py").write_text(
        "def line(v, x):\n"
        "    if v.maximum == v.minimum: return v.minimum\n"
        "    return v.minimum + v.range * abs(x[0] - v.argmin[0])\n"
    )
    status, out, _ = refute(capfd, f"{folder}/right.py:line", *line, "--members", "30")
    assert status == 3 and "right on all 30 members tried" in " ".join(out.split())


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("mine.py", CONVEX_SIDE, "expected FILE.py:FUNCTION"),
        ("nothing.py:side", CONVEX_SIDE, "it is not there"),
        ("mine.py:sied", CONVEX_SIDE, "did you mean side?"),
        ("mine.py:NUMBER", CONVEX_SIDE, "is no function"),
        ("mine.py:side", ("--class", "convx", "--task", "side"), "did you mean convex"),
        ("mine.py:side", ("--class", "convex", "--task", "sides"), "did you mean side?"),
        ("mine.py:side", (*CONVEX_SIDE, "--eps", "0.1"), "eps belongs to approx"),
        ("mine.py:side", (*CONVEX_SIDE, "--constant", "2"), "belongs to lipschitz"),
        ("mine.py:side", (*CONVEX_SIDE, "--query", "0,0,0", "--dim", "2"), "expected d = 2"),
        ("mine.py:side", (*CONVEX_SIDE, "--query", "0,2"), "lies outside"),
        (
            "mine.py:side",
            (*CONVEX_SIDE, "--query", "0,zero"),
            "--query[1] = 'zero' is not a number",
        ),
        ("mine.py:side", (*CONVEX_SIDE, "--query", "gone.npy"), "gone.npy"),
        ("mine.py:side", ("--class", "monotone", "--task", "side", "--query", "1"), "is shown"),
        ("mine.py:side", (*CONVEX_SIDE, "--min", "2"), "minimum = 2 exceeds maximum = 1"),
        ("mine.py:side", (*CONVEX_SIDE, "--repeats", "0"), "repeats = 0"),
        ("mine.py:side", (*CONVEX_SIDE, "--time-limit", "0"), "time limit = 0.0 s"),
        ("mine.py:side", (*CONVEX_SIDE, "--numbers", "real"), 'expected "float" or "exact"'),
        ("mine.py:side", (*CONVEX_SIDE, "--format", "xml"), "unknown format 'xml'"),
        ("mine.py:side", (*CONVEX_SIDE, "--output", "no/such/folder/x"), "there is no folder"),
    ],
)
def test_bad_input_is_one_line_and_2(capfd, folder, monkeypatch, source, options, said):
    monkeypatch.chdir(folder)
    status, out, err = refute(capfd, source, *options)
    assert (status, out) == (2, "")
    assert err.startswith("trompe: ") and err.count("\n") == 1 and said in err


SCHEMA_CASES = {
    "refuted": ("side", *CONVEX_SIDE),
    "no witness": ("side", *CONVEX_SIDE, "--dim", "9"),
    "rates": ("coin", *CONVEX_SIDE, "--repeats", "30"),
    "approx": (
        "value",
        "--class",
        "lipschitz",
        "--metric",
        "l2",
        "--task",
        "approx",
        "--eps",
        "0.4",
    ),
    "irrational": ("value", "--class", "neuron", "--task", "exact"),
    "decidable": ("side", *CONVEX_SIDE, "--argmin", "0.25", "--query", "0.25,0.5"),
    "mistaken": ("value", "--class", "affine-1d", "--task", "exact"),
    "broken": ("raises", *CONVEX_SIDE),
}


@pytest.mark.parametrize("case", SCHEMA_CASES)
def test_json_follows_the_schema(capfd, folder, case, monkeypatch):
    monkeypatch.setattr("trompe.proofs.handover.witnesses.file.MAX_DIM", 8)
    name, *options = SCHEMA_CASES[case]
    status, out, _ = refute(capfd, f"{folder}/mine.py:{name}", *options, "--format", "json")
    data = json.loads(out)
    assert data["exit_status"] == status and fits_the_schema(data)
    if case == "no witness":
        assert data["witness"] is None and "at most 8 inputs" in out
    for field, wrong in (
        ("status", "disproved"), ("query", [0.5]), ("dim", "2"), ("key", "convex"), ("function", "h"),
        ("witness_missing", 0), ("randomised", {"coin": 1}), ("more", 1),
    ):  # fmt: skip
        assert not fits_the_schema(data | {field: wrong}), field


def test_the_schema_ties_claims_to_the_status(capfd, folder):
    _, out, _ = refute(capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, "--format", "json")
    found = json.loads(out)
    for damage in (
        {"exit_status": 3}, {"prediction": None}, {"truth": None}, {"function": None},
        {"witness": None}, {"status": "decidable"}, {"witness": {"format": "another"}},
    ):  # fmt: skip
        assert not fits_the_schema(found | damage), damage
    _, out, _ = refute(capfd, f"{folder}/mine.py:raises", *CONVEX_SIDE, "--format", "json")
    broken = json.loads(out)
    _, out, _ = refute(
        capfd, f"{folder}/mine.py:coin", *CONVEX_SIDE, "--repeats", "3", "--format", "json"
    )
    measured = json.loads(out)
    assert measured["randomised"].pop("coin_seed") is None and not fits_the_schema(measured)
    for damage in ({"prediction": "min"}, {"truth": "1/2"}, {"function": "f"}):
        assert not fits_the_schema(broken | damage), damage


def test_the_statuses_are_documented(capfd):
    status, out, _ = refute(capfd, "--help")
    flat = " ".join(out.split())
    assert status == 0
    for number in range(6):
        assert f" {number}: " in flat


def test_starting_the_worker_leaves_nothing_on_standard_output(folder):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "trompe", "refute", f"{folder}/mine.py:side", *CONVEX_SIDE,
         "--format", "json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "refuted"
