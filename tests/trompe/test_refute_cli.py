"""`trompe refute`: exit statuses, isolation of somebody else's code, JSON and witness."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

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
    from trompe.proofs.witnesses.checking import check_bytes, check_file

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
    monkeypatch.setattr("trompe.asking.LOADING_LIMIT", 0.5)
    status, out, _ = refute(capfd, f"{folder}/slow.py:side", *CONVEX_SIDE, "--time-limit", "0.5")
    assert status == 4 and "loading it took more than 0.5 s" in out


def test_a_file_may_have_the_name_of_a_module_in_use(capfd, folder):
    status, _, _ = refute(capfd, f"{folder}/json.py:side", *CONVEX_SIDE)
    assert status == 0


def test_repeats_report_the_error_rate(capfd, folder):
    status, out, _ = refute(capfd, f"{folder}/mine.py:coin", *CONVEX_SIDE, "--repeats", "60")
    assert status == 0
    assert "of 60 = " in out and "95% interval" in out and "randomised" in out


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
    np.save(folder / "x.npy", np.array([[0.0, 0.5]]))
    status, out, _ = refute(
        capfd, f"{folder}/mine.py:side", *CONVEX_SIDE, "--query", f"{folder}/x.npy"
    )
    assert status == 0 and "query          (0, 1/2)" in out


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
        ("nothing.py:side", CONVEX_SIDE, "no file"),
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
