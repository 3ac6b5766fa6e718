"""`trompe table --extended` and the further rows' keys on the command line."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources

import pytest
from jsonschema import Draft202012Validator

import trompe.proofs
from trompe.cli import run
from trompe.proofs import verify_table
from trompe.theory import CLASSES, EXTENDED_THEOREMS

SMALL = ["constant", "neuron-1d"]


@pytest.fixture(scope="module")
def small():
    return verify_table(SMALL, jobs=1, dims=[1], solvers=["z3"])


@pytest.fixture
def asked(monkeypatch, small):
    """What the command asks for; the answer is always the small table."""
    seen = {}

    def fake(rows=None, **more):
        seen.update(more, rows=rows)
        return small

    monkeypatch.setattr(trompe.proofs, "verify_table", fake)
    return seen


def call(capsys, *arguments):
    status = run(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


def test_the_option_asks_for_our_rows_and_the_default_does_not(capsys, asked):
    assert call(capsys, "table")[0] == 0
    assert (asked["extended"], asked["rows"]) == (False, None)
    assert call(capsys, "table", "--extended")[0] == 0
    assert (asked["extended"], asked["rows"]) == (True, None)
    call(capsys, "table", "--row", "additive")
    assert (asked["extended"], asked["rows"]) == (False, ["additive"])


def test_text_marks_our_rows(capsys, asked):
    _, out, _ = call(capsys, "table", "--extended")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    ours = next(line for line in lines if line.startswith("  neuron-1d"))
    theirs = next(line for line in lines if line.startswith("  constant"))
    assert ours.count("ours, not in the paper") == 3
    assert theirs.count("as in the paper") == 3
    assert "the paper's table has no row neuron-1d" in " ".join(out.split())


def test_markdown_and_latex_mark_our_rows(capsys, asked):
    _, out, _ = call(capsys, "table", "--extended", "--format", "markdown")
    row = next(line for line in out.splitlines() if "`neuron-1d`" in line)
    assert row.count("ours, not in the paper") == 3
    _, out, _ = call(capsys, "table", "--extended", "--format", "latex")
    assert r"side & row of the paper \\" in out
    assert next(x for x in out.splitlines() if x.startswith("One neuron")).endswith(
        r"Yes & Yes & Yes & no (ours) \\"
    )
    assert next(x for x in out.splitlines() if x.startswith("Constant")).endswith(r"& yes \\")


def test_json_fits_its_schema_and_csv_has_the_column(capsys, asked):
    _, out, _ = call(capsys, "table", "--extended", "--format", "json")
    data = json.loads(out)
    schema = json.loads(resources.files("trompe").joinpath("schemas/table.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(data)) == []
    assert [(r["key"], r["source"]) for r in data["rows"]] == [
        ("constant", "paper"),
        ("neuron-1d", "ours"),
    ]
    cell = data["rows"][1]["cells"]["exact"]
    assert (cell["paper"], cell["agrees"], cell["label"]) == (None, None, "Yes")
    data["rows"][1]["source"] = "theirs"
    assert list(Draft202012Validator(schema).iter_errors(data)) != []
    _, out, _ = call(capsys, "table", "--extended", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(out)))
    assert {(x["key"].split("/")[0], x["paper"], x["agrees"]) for x in lines} == {
        ("constant", "Yes", "True"),
        ("neuron-1d", "no such row", ""),
    }


def test_a_table_of_the_papers_rows_says_nothing_of_ours(capsys, monkeypatch, small):
    paper = {k: c for k, c in small.cells.items() if c.theorem.row in CLASSES}
    table = type(small)(paper, small.outcomes, small.solvers, small.dims)
    monkeypatch.setattr(trompe.proofs, "verify_table", lambda *_, **__: table)
    for kind in ("text", "markdown", "latex", "csv"):
        _, out, _ = call(capsys, "table", "--format", kind)
        assert "ours" not in out
        assert "no such row" not in out


@pytest.mark.parametrize("key", ["neuron/side", "neuron-1d/exact", "additive/approx"])
def test_show_knows_our_rows(capsys, key):
    status, out, err = call(capsys, "show", key, "--jobs", "1", "--dims", "2", "--solver", "z3")
    assert (status, err) == (0, "")
    flat = " ".join(out.split())
    assert flat.startswith(f"{key}: {EXTENDED_THEOREMS[key].form.value} (ours, not in the paper)")
    assert EXTENDED_THEOREMS[key].statement in flat
    assert "the paper's table has no such row" in flat
    assert "An instance at d = " in flat
    if key == "neuron/side":
        assert "f(z) = H((1-eta) z'_i + eta mean(z'))" in flat
        assert "f = (1-eta) U" not in flat
        assert "link = sigmoid" in flat
    if key == "additive/approx":
        assert "f = (1-eta) U + eta B" in flat


def test_verify_and_plot_know_our_rows(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    status, out, _ = call(capsys, "verify", "neuron/exact-fools", "--jobs", "1")
    assert status == 0
    assert "1 of 1 proved" in out
    for key in ("neuron/side", "neuron-1d/exact"):
        target = tmp_path / f"{key.replace('/', '-')}.png"
        assert call(capsys, "plot", key, "--output", str(target))[0] == 0
        assert target.stat().st_size > 5000


BAD = [
    (("show", "neurons/side"), "neuron/side"),
    (("table", "--row", "aditive"), "did you mean additive"),
    (("table", "--row", "neuron", "--dims", "1"), "neuron: the row is about d >= 2"),
    (("verify", "additive/exat"), "additive/exact"),
    (("show", "neuron/side", "--dim", "1"), "neuron: d = 1; this row is about d >= 2"),
    (("show", "neuron-1d/side", "--dim", "3"), "neuron-1d: d = 3; this row is about d = 1"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_status_2(capsys, arguments, words):
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert words in err
