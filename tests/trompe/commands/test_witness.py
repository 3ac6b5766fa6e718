"""`trompe witness` and `trompe check FILE.json` as a user meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trompe.cli import run
from trompe.theory import THEOREMS


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    status = run(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("key", THEOREMS)
def test_every_key_has_a_witness_or_a_reason(capsys, tmp_path, key):
    path = tmp_path / "witness.json"
    status, out, err = call(capsys, "witness", key, "--output", str(path))
    if THEOREMS[key].row in ("affine-1d", "constant"):
        assert (status, out) == (2, "") and "no witness exists" in err and "Yes" in err
        assert not path.exists()
        return
    assert (status, out, err) == (0, "", "")
    status, out, err = call(capsys, "check", str(path))
    assert (status, err) == (0, "")
    assert f"12 of 12 claims proved: a witness for {key}" in out


def test_two_runs_give_the_same_bytes(capsys):
    arguments = ("witness", "erm/side", "--dim", "5", "--format", "json")
    assert call(capsys, *arguments) == call(capsys, *arguments)


def test_options_reach_the_witness(capsys, tmp_path):
    data = tmp_path / "points.txt"
    data.write_text("# a point, a colon, a label\n1/8,1/8,0:1\n\n0.5, 0.25, 1 : 1/3  # one more\n")
    status, out, _ = call(
        capsys, "witness", "erm/approx", "--query", "3/8", "--argmin", "0,0,1", "--argmax", "1",
        "--min", "-1", "--max", "2", "--eta", "1/50", "--eps", "2/5", "--data", str(data),
        "--data", "1/7:0", "--format", "json",
    )  # fmt: skip
    assert status == 0
    file = json.loads(out)
    assert file["query"] == ["3/8"] * 3
    assert file["visualization"] == {
        "argmin": ["0", "0", "1"], "argmax": ["1"] * 3, "minimum": "-1", "maximum": "2",
    }  # fmt: skip
    labels = {tuple(item["input"]): item["label"] for item in file["parameters"]["data"]}
    assert labels == {
        ("1/8", "1/8", "0"): "1",
        ("1/2", "1/4", "1"): "1/3",
        ("1/7", "1/7", "1/7"): "0",
    }
    assert file["refutes"] == {"task": "approx", "eps": "2/5", "half_gap": "49/100"}
    status, out, _ = call(
        capsys, "witness", "lipschitz/side", "--dim", "3", "--constant", "5", "--metric", "linf", "--format", "json"
    )  # fmt: skip
    assert json.loads(out)["parameters"] == {"constant": "5", "metric": "linf"}


BAD = [
    (("witness", "convex/sides"), "did you mean convex/side"),
    (("witness", "convex/side", "--format", "jsn"), "did you mean json"),
    (("witness", "constant/exact"), "one decoder is right for every member at every query"),
    (("witness", "affine-1d/side", "--eta", "1/10"), "no witness exists"),
    (("witness", "neuron/side"), "not piecewise affine"),
    (("witness", "affine/side", "--dim", "1"), "d >= 2"),
    (("witness", "convex/side", "--dim", "0"), "d >= 1"),
    (("witness", "convex/side", "--dim", "200000000"), "at most 100000"),
    (("witness", "convex/side", "--dim", "two"), "--dim"),
    (
        ("witness", "convex/side", "--query", "1/2,1/3,1/4", "--dim", "2"),
        "3 coordinates; expected d = 2",
    ),
    (("witness", "convex/side", "--query", "1/2,3/2"), "outside [0, 1]^2"),
    (("witness", "convex/side", "--query", "1/4"), "is shown"),
    (("witness", "convex/side", "--query", "half"), "is not a number"),
    (("witness", "convex/side", "--query", "nan"), "nan"),
    (("witness", "convex/side", "--query", "3/8"), "the task is decidable at query (3/8, 3/8)"),
    (("witness", "convex/side", "--argmax", "1/2"), "not a corner"),
    (("witness", "convex/side", "--min", "1"), "must be below"),
    (("witness", "convex/side", "--min", "2"), "exceeds"),
    (("witness", "convex/side", "--eta", "1"), "outside (0, 1)"),
    (("witness", "convex/side", "--eta", "9/10"), "any eta with 0 < eta < "),
    (("witness", "convex/approx", "--eps", "1/2"), "outside (0, 1/2)"),
    (("witness", "convex/approx", "--eps", "49/100"), "the task is decidable"),
    (("witness", "convex/side", "--eps", "1/4"), "--eps belongs to approx"),
    (("witness", "convex/side", "--constant", "2"), "--constant belongs to lipschitz"),
    (("witness", "convex/side", "--data", "0:1"), "--data belongs to erm"),
    (("witness", "lipschitz/side", "--constant", "1/2"), "up to there the side is decidable"),
    (("witness", "lipschitz/side", "--constant", "1/3"), "is below R/|a-b|"),
    (("witness", "lipschitz/side", "--constant", "0"), "expected L > 0"),
    (("witness", "lipschitz/side", "--metric", "l2"), "use the metric linf"),
    (("witness", "lipschitz/side", "--metric", "l7"), "unknown metric"),
    (("witness", "erm/side", "--data", "none.txt"), "it is not there"),
    (("witness", "erm/side", "--data", "."), "it is no regular file but a folder"),
    (("witness", "erm/side", "--data", "1/3:one"), "--data: value = 'one' is not a number"),
    (("witness", "erm/side", "--data", "1/3:2"), "lies outside (0, 1)"),
    (("witness", "erm/side", "--data", "1/3:1/2", "--data", "1/3:1/4"), "Dataset.reduced"),
    (("witness", "erm/side", "--data", "1/2:1/2"), "is shown, its value is 1/2"),
    (("witness", "convex/side", "--output", "/no/such/folder/w.json"), "cannot be written"),
    (("check", "none.json"), "it is not there"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_status_2(capsys, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("trompe: ")
    assert words in err
    assert list(tmp_path.iterdir()) == []


def test_a_tampered_file_is_status_1_and_names_the_claim(capsys, tmp_path):
    path = tmp_path / "witness.json"
    call(capsys, "witness", "convex/side", "--output", str(path))
    path.write_text(path.read_text().replace('"f": "55/72"', '"f": "56/72"'))
    status, out, err = call(capsys, "check", str(path))
    assert (status, err) == (1, "")
    assert "REFUTED  f(x) = 7/9: it is 55/72" in out and "11 of 12 claims proved: not shown" in out
    path.write_bytes(b"PK\x03\x04\xff")
    status, out, err = call(capsys, "check", str(path))
    assert (status, err) == (1, "") and "not UTF-8" in out


def test_one_solver_may_be_named(capsys, tmp_path):
    path = tmp_path / "witness.json"
    call(capsys, "witness", "affine/side", "--output", str(path))
    assert call(capsys, "check", str(path), "--solver", "cvc5")[0] == 0
    assert "did you mean z3" in call(capsys, "check", str(path), "--solver", "z4")[2]


def test_the_text_fits_and_says_what_it_shows(capsys):
    for arguments in (("convex/side",), ("erm/approx", "--dim", "64"), ("lipschitz/exact",)):
        status, out, _ = call(capsys, "witness", *arguments)
        assert status == 0 and max(map(len, out.splitlines())) <= 100
        flat = " ".join(out.split())
        assert "each extreme at this one point only" in flat and "Every decoder of the task" in flat
        assert "f(z) = " in out and "g(z) = " in out


def test_the_page_about_witnesses_is_up_to_date(capsys):
    from trompe.constructions import expression_forms, expressions
    from trompe.ground import reading
    from trompe.proofs import solvers
    from trompe.proofs.handover.witnesses import MAX_STEPS, piecewise_smt
    from trompe.proofs.handover.witnesses import file as witness_file

    page = (Path(__file__).parents[3] / "docs" / "witness.md").read_text(encoding="utf-8")
    formulas = call(capsys, "witness", "convex/side")[1].split("\n\n")[-1]
    assert "".join(f"{line.strip()}\n" for line in formulas.strip().splitlines()) in page
    for part in (
        f"{witness_file.MAX_BYTES // 2**20} MiB; brackets nested {reading.MAX_DEPTH} deep",
        f"numbers of {expression_forms.MAX_DIGITS} characters; fractions of {expressions.MAX_BITS} bits",
        f"{expressions.MAX_TERMS:,} terms in all sums; {expressions.MAX_NESTING} max, min and abs",
        f"$d\\le {witness_file.MAX_DIM}$",
        f"is at most {piecewise_smt.MAX_ATOMS}.",
        f"at most {MAX_STEPS:,} steps of exact arithmetic",
        f"after {solvers.SHORT_BACKSTOP_MS // 1000} seconds",
    ):
        assert part in page, part


# -- the Python form --------------------------------------------------------------------------------------


ROWS = ("black-box", "erm", "lipschitz", "monotone", "convex", "affine", "additive")


def run_file(path, *options):
    return subprocess.run(
        [sys.executable, "-I", "-S", *options, str(path)],
        capture_output=True,
        text=True,
        cwd=path.parent,
    )


@pytest.mark.parametrize("row", ROWS)
def test_the_python_form_runs_on_the_standard_library(capsys, tmp_path, row):
    path = tmp_path / "pair.py"
    task = "side" if row == "additive" else "approx"
    assert call(capsys, "witness", f"{row}/{task}", "--dim", "3", "--output", str(path))[0] == 0
    done = run_file(path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "FAILS" not in done.stdout and "0 checks failed" in done.stdout
    assert "holds f(a) = m" in done.stdout


DAMAGE = {
    "convex": [("F(1, 12) * u2", "F(1, 6) * u2"), ("m, M = F('0')", "m, M = F('1/100')"), ("z[1]", "z[0]"),
               ("f_at_x, g_at_x = F('", "f_at_x, g_at_x = F('1"), ("max(", "min(")],
    "monotone": [("F(3, 4) * min(1", "F(-3, 4) * min(1"), ("F(1, 8) * z[0]", "F(-1, 8) * z[0]")],
    "lipschitz": [("L = F('2')", "L = F('1')"), ("metric = 'l1'", "metric = 'linf'")],
    "affine": [("F(29, 32) * z[1]", "F(29, 32) * max(z[1], F(1, 2))")],
    "erm": [("F('1/6')", "F('1/5')"), ("F(-1, 4) * u3", "F(-1, 3) * u3")],
}  # fmt: skip


@pytest.mark.parametrize("row", DAMAGE)
def test_a_damaged_python_form_fails_also_without_asserts(capsys, tmp_path, row):
    path = tmp_path / "pair.py"
    call(capsys, "witness", f"{row}/side", "--output", str(path))
    genuine = path.read_text()
    for old, new in DAMAGE[row]:
        assert old in genuine, old
        path.write_text(genuine.replace(old, new))
        done = run_file(path, "-O")
        assert (done.returncode, done.stderr) == (1, ""), (old, done.stdout)
        assert "FAILS" in done.stdout


# -- the LaTeX form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("affine-1d/approx/maximum", "m_f, M_f = F('3/4')", "m_f, M_f = F('1/2')"),
        ("affine-1d/approx/images", "eps = F('1/4')", "eps = F('3/4')"),
        ("affine-1d/exact/argmax", "a_f = tuple(map(F, '0'", "a_f = tuple(map(F, '1/2'"),
        ("constant/exact/images", "f = F(3, 2)", "f = F(3, 2) + z[0]"),
        ("constant/approx/argmax", "b_g = tuple(map(F, '0 0'", "b_g = tuple(map(F, '1 0'"),
    ],
)
def test_the_python_form_of_two_ranges_runs_and_notices_damage(capsys, tmp_path, key, old, new):
    path = tmp_path / "pair.py"
    assert call(capsys, "witness", key, "--output", str(path))[0] == 0
    done = run_file(path)
    assert (done.returncode, done.stderr) == (0, "") and "0 checks failed" in done.stdout
    genuine = path.read_text()
    assert old in genuine
    path.write_text(genuine.replace(old, new))
    done = run_file(path, "-O")
    assert (done.returncode, done.stderr) == (1, "") and "FAILS" in done.stdout


@pytest.mark.parametrize("key", ["affine-1d/approx/maximum", "constant/exact/images"])
def test_the_text_and_latex_of_two_ranges_name_both(capsys, key):
    status, out, _ = call(capsys, "witness", key)
    flat = " ".join(out.split())
    assert status == 0 and max(map(len, out.splitlines())) <= 100
    assert "f: " in flat and " g: " in flat and f"at the level {key.split('/')[2]}: " in flat
    _, out, _ = call(capsys, "witness", key, "--format", "latex")
    assert "$m_f=" in out and "$M_g=" in out and "(M-m)" not in out


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(
    "arguments", [("lipschitz/approx", "--metric", "linf"), ("erm/side", "--dim", "24")], ids=str
)
def test_the_latex_form_compiles(capsys, tmp_path, arguments):
    path = tmp_path / "pair.tex"
    assert call(capsys, "witness", *arguments, "--output", str(path))[0] == 0
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "pair.pdf").stat().st_size > 10_000
