"""`trompe fuzz`: counts, failures with what repeats them, exit statuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.resources import files

import jsonschema
import pytest
from test_planted_faults import ReciprocalsExchanged

from trompe.cli import run
from trompe.constructions import CONSTRUCTIONS
from trompe.proofs.sampling.fuzzing import PROPERTIES


def fuzz(capsys, *options):
    status = run(["fuzz", *options])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def schema():
    return json.loads(files("trompe").joinpath("schemas/campaign.json").read_text())


def fits_the_schema(data):
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema()).is_valid(data)


def test_the_schema_names_every_property(capsys):
    assert schema()["$defs"]["property"]["enum"] == list(PROPERTIES)
    _, out, _ = fuzz(capsys, "--cases", "1", "--jobs", "1", "--row", "constant", "--format", "json")
    data = json.loads(out)
    assert fits_the_schema(data)
    for damage in (
        {"counts": {}}, {"counts": {"constant": {"truth": 1}}}, {"counts": {"constant": {"runs": 0}}},
        {"interrupted": "no"}, {"version": 2}, {"seconds": -1}, {"more": 1},
    ):  # fmt: skip
        assert not fits_the_schema(data | damage), damage


def test_counts_per_row_and_property(capsys):
    status, out, err = fuzz(
        capsys, "--cases", "3", "--jobs", "1", "--row", "affine", "--row", "constant"
    )
    assert (status, err) == (0, "")
    assert out.startswith("affine              envelope 6, decidable ")
    assert "constant            envelope 6, yes 18, level-" in out and ", runs 3\n" in out
    assert "cases 0 to 2 of seed 0 in each row" in out and "0 cases failed" in out
    assert "no proof" in out and max(map(len, out.splitlines())) <= 100


def test_json_to_a_file(capsys, tmp_path):
    output = tmp_path / "counts.json"
    status, out, _ = fuzz(
        capsys, "--cases", "2", "--jobs", "1", "--row", "convex", "--seed", "9", "--first", "5",
        "--format", "json", "--output", str(output),
    )  # fmt: skip
    assert (status, out) == (0, "")
    data = json.loads(output.read_text())
    assert (data["seed"], data["first"], data["cases_per_row"], data["failures"]) == (9, 5, 2, [])
    assert data["counts"]["convex"]["runs"] == 2
    assert fits_the_schema(data)


def test_a_planted_fault_is_shown_with_what_repeats_it(capsys, monkeypatch):
    monkeypatch.setitem(CONSTRUCTIONS, "monotone", ReciprocalsExchanged())
    line = ("--row", "monotone", "--jobs", "1")
    status, out, _ = fuzz(capsys, *line, "--cases", "3")
    assert status == 1 and "triple 3 FAILED" in out
    assert "FAILED monotone, triple: Monotone(), argmin (0), argmax (1)" in out
    command = next(text.split() for text in out.splitlines() if text.startswith("  trompe fuzz"))
    again = fuzz(capsys, *command[2:], "--jobs", "1")
    assert again[0] == 1 and "FAILED monotone, triple" in again[1]
    status, out, _ = fuzz(capsys, *line, "--cases", "30", "--format", "json")
    data = json.loads(out)
    failure = data["failures"][0]
    assert fits_the_schema(data)
    for damage in ({"case": -1}, {"property": "truth"}, {"example": ""}, {"command": "rm x"}):
        assert not fits_the_schema(data | {"failures": [failure | damage]}), damage
    assert (
        status == 1
        and failure["property"] == "triple"
        and failure["command"].startswith("trompe fuzz")
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "soon"), "such as 60s, 5m or 2h"),
        (("--budget", "0s"), "more than 0"),
        (("--budget", "5s", "--cases", "3"), "both given"),
        (("--cases", "0"), "cases = 0"),
        (("--cases", "1", "--row", "convx"), "did you mean convex"),
        (("--cases", "1", "--jobs", "0"), "--jobs 0"),
        (("--cases", "1", "--format", "xml"), "unknown format"),
        (("--cases", "1", "--output", "no/folder/x"), "there is no folder"),
    ],
)
def test_bad_input_is_one_line_and_2(capsys, options, said):
    status, out, err = fuzz(capsys, *options)
    assert (status, out) == (2, "")
    assert err.startswith("trompe: ") and err.count("\n") == 1 and said in err


def test_ctrl_c_prints_the_counts_so_far():
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "trompe", "fuzz", "--budget", "1h", "--jobs", "1", "--row", "affine-1d"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(4)
    for _ in range(20):  # before the campaign has begun an interrupt ends trompe without counts
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            break
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert ("interrupted, cases 0 to " in out) or "interrupted" in err
