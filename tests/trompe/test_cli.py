"""The command line as a user meets it: output, exit status, one line for bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from importlib.resources import files

import jsonschema
import pytest
import typer

import trompe
from trompe.cli import app, run
from trompe.theory import THEOREMS


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    status = run(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_table_text_fits_and_says_what_it_means(table):
    from trompe.views.table import FORMATS

    out = FORMATS["text"](table)
    assert max(map(len, out.splitlines())) <= 100
    assert "30 of 30 cells proved" in out
    assert out.count("as in the paper") == 30
    assert "Only for small L" in out and "not about every query" in out.replace("\n", " ")
    assert "\x1b" not in out


def test_table_json_follows_the_schema(table):
    from trompe.views.table import FORMATS

    data = json.loads(FORMATS["json"](table))
    schema = json.loads(files("trompe").joinpath("schemas/table.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    cell = data["rows"][5]["cells"]["side"]
    assert (cell["key"], cell["label"], cell["paper"], cell["agrees"]) == (
        "monotone/side",
        "No",
        "No",
        True,
    )
    for damage in ({"label": "Maybe"}, {"verdict": "proved"}, {"evidence": [{"level": "smt"}]}):
        broken = json.loads(json.dumps(data))
        broken["rows"][5]["cells"]["side"].update(damage)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_table_csv_and_markdown_have_a_line_a_cell(table):
    from trompe.views.table import FORMATS

    lines = list(csv.DictReader(io.StringIO(FORMATS["csv"](table))))
    assert [line["key"] for line in lines] == list(THEOREMS)
    assert all(line["proved"] == line["obligations"] for line in lines)
    assert FORMATS["markdown"](table).count("**No**") == 23


def test_latex_balances_and_uses_booktabs(table):
    from trompe.views.table import FORMATS

    out = FORMATS["latex"](table)
    for name in ("table", "tabular"):
        assert out.count(rf"\begin{{{name}}}") == out.count(rf"\end{{{name}}}") == 1
    assert all(rule in out for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert out.count("{") == out.count("}") and out.count("$") % 2 == 0
    assert len([line for line in out.splitlines() if line.count("&") == 4]) == 11


def test_unproved_cells_say_so_and_exit_with_1(capsys, monkeypatch):
    from trompe.proofs import solvers

    monkeypatch.setattr(solvers, "Z3_RLIMIT", 1)
    status, out, _ = call(capsys, "table", "--row", "monotone", "--solver", "z3", "--jobs", "1")
    assert status == 1
    assert "not proved (UNKNOWN)" in out and "the paper: No" in out
    assert "UNKNOWN: z3:" in out
    status, out, _ = call(
        capsys, "table", "--row", "monotone", "--solver", "z3", "--jobs", "1", "--format", "json"
    )
    assert status == 1
    schema = json.loads(files("trompe").joinpath("schemas/table.json").read_text())
    jsonschema.validate(json.loads(out), schema)
    assert json.loads(out)["rows"][0]["cells"]["side"]["label"] is None
    status, _, _ = call(capsys, "show", "monotone/side", "--solver", "z3", "--jobs", "1")
    assert status == 1
    status, out, _ = call(capsys, "verify", "monotone/member", "--solver", "z3", "--jobs", "1")
    assert status == 1 and "0 of 1 proved" in out


def test_parallel_and_serial_runs_agree(capsys):
    serial = call(capsys, "table", "--row", "convex", "--jobs", "1")
    assert serial == call(capsys, "table", "--row", "convex", "--jobs", "2")
    assert serial[0] == 0


@pytest.mark.parametrize("key", THEOREMS)
def test_show_names_quantifiers_instance_obligations_and_assumptions(capsys, key):
    status, out, _ = call(capsys, "show", key, "--solver", "z3", "--jobs", "1", "--dims", "2")
    assert status == 0
    flat = " ".join(out.split())
    assert THEOREMS[key].statement in flat
    assert "An instance at d =" in out and "query x" in out and "PROVED" in out
    assert "Assumed, not checked by a solver" in out
    assert max(map(len, out.splitlines())) <= 100


def test_verify_prints_each_obligation(capsys):
    status, out, _ = call(
        capsys, "verify", "mix/gap", "l1/triangle", "symbolic/mix-gap", "--jobs", "1"
    )
    assert status == 0 and "5 of 5 proved" in out
    status, out, _ = call(capsys, "verify", "mix/gap", "--json", "--jobs", "1")
    (entry,) = json.loads(out)
    assert entry["verdict"] == "PROVED" and entry["dim"] == "all"
    assert {name: s["result"] for name, s in entry["solvers"].items()} == {
        "z3": "unsat",
        "cvc5": "unsat",
    }
    assert [t["result"] for t in entry["twins"]] == ["sat"] * 4


BAD = [
    (("table", "--row", "montone"), "did you mean monotone"),
    (("table", "--format", "jsn"), "did you mean json"),
    (("table", "--dims", "0"), "integer of at least 1"),
    (("table", "--dims", "1.5"), "expected integers"),
    (("table", "--dims", "1", "--row", "affine"), "d >= 2"),
    (("table", "--jobs", "0"), "at least 1"),
    (("table", "--jobs", "many"), "--jobs"),
    (("table", "--solver", "z4"), "did you mean z3"),
    (("table", "--output", "/no/such/folder/t.txt"), "no folder"),
    (("show", "monotone/sides"), "monotone/side"),
    (("show", "affine/exact", "--dim", "1"), "d >= 2"),
    (("show", "affine-1d/exact", "--dim", "2"), "d = 1"),
    (("show", "convex/exact", "--dim", "0"), "d >= 1"),
    (("show",), "argument"),
    (("verify", "mix/gapp"), "mix/gap"),
    (("plot", "monotone/side", "--output", "x.gif"), ".png, .pdf or .svg"),
    (("plot", "monotone/side", "--output", "x.png", "--dim", "3"), "d = 1 or d = 2"),
    (("plot", "affine/side", "--output", "x.png", "--dim", "1"), "d >= 2"),
    (("tabel",), "table"),
    (("table", "--nonsense"), "--nonsense"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_status_2(capsys, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("trompe: ")
    assert words in err
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_leaves_the_old_file(capsys, tmp_path, monkeypatch):
    old = tmp_path / "table.txt"
    old.write_text("old")

    def full(fresh, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    status, _, err = call(capsys, "table", "--row", "constant", "--output", str(old), "--jobs", "1")
    assert status == 2 and "No space left on device" in err and err.count("\n") == 1
    assert old.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.txt"]
    status, _, err = call(
        capsys, "table", "--row", "constant", "--output", str(tmp_path), "--jobs", "1"
    )
    assert status == 2 and "is a folder" in err


def test_output_goes_to_the_file_and_only_there(capsys, tmp_path):
    target = tmp_path / "table.json"
    target.write_text("old")
    status, out, err = call(
        capsys,
        "table",
        "--row",
        "constant",
        "--format",
        "json",
        "--output",
        str(target),
        "--jobs",
        "1",
    )
    assert (status, out, err) == (0, "", "")
    assert json.loads(target.read_text())["rows"][0]["key"] == "constant"
    assert [p.name for p in tmp_path.iterdir()] == ["table.json"]


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )


def test_module_and_version_and_help():
    done = _python("-m", "trompe", "--version")
    assert done.stdout == f"trompe {trompe.__version__}\n" and done.returncode == 0
    done = _python("-m", "trompe", "--help")
    assert done.returncode == 0
    assert all(
        name in done.stdout
        for name in ("table", "sharp", "show", "verify", "plot", "--install-completion")
    )


def _commands(group, *names: str):
    for name, command in group.commands.items():
        yield (*names, name), command
        if hasattr(command, "commands"):
            yield from _commands(command, *names, name)


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("names", [(), *COMMANDS], ids=" ".join)
def test_help_says_how_a_command_is_used(capsys, names):
    status, out, err = call(capsys, *names, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"Usage: {' '.join(('trompe', *names))} [OPTIONS]")
    if not names:
        assert call(capsys) == (0, out, "")
        assert all(f"  {command} " in out for command, *more in COMMANDS if not more)
    elif names in COMMANDS:
        shown = [p for p in COMMANDS[names].params if not getattr(p, "hidden", False)]
        assert all(name in out for p in shown for name in p.opts if name[0] == "-")


@pytest.mark.parametrize(
    "names", [n for n, c in COMMANDS.items() if any(p.required for p in c.params)], ids=" ".join
)
def test_what_is_missing_is_said(capsys, names):
    missing = next(p for p in COMMANDS[names].params if p.required)
    status, out, err = call(capsys, *names)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"trompe: Missing {missing.param_type_name} ")
    assert (
        missing.opts[0] in err.lower()
    )  # an argument is KEY or key, as the release of typer has it


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "table --row constant",
        "table --sharp --row constant",
        "show constant/side",
        "verify mix/gap",
        "plot convex/side --output pair.png",
        "bound --class lipschitz --constant 2 --metric l2 --argmin 1/3,1/4 --argmax 1,1 --min 0 --max 1/2 --query 7/8,1/2",
        "bound --class neuron --link softplus --argmin 0,0 --argmax 1,1 --min 1/4 --max 3/4 --query 1/3,1/2",
        "fuzz --row lipschitz --cases 3",
        "witness convex/side",
        "cite convex/side",
    ],
)
def test_nothing_warns(tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "trompe", *arguments.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_trompe_loads_no_solver_and_no_array_library():
    heavy = ("torch", "sympy", "z3", "cvc5", "numpy", "matplotlib", "joblib", "rich")
    code = f"import sys, trompe; print([m for m in {heavy!r} if m in sys.modules])"
    assert _python("-c", code).stdout.strip() == "[]"
    code = (
        "import sys\nfrom trompe.cli import run\ntry:\n    run(['--help'])\nfinally:\n"
        f"    print([m for m in {heavy[:-1]!r} if m in sys.modules])"
    )
    assert _python("-c", code).stdout.strip().endswith("[]")


def test_public_names_are_what_can_be_imported():
    import importlib

    for name in ("trompe", "trompe.theory", "trompe.constructions", "trompe.proofs"):
        module = importlib.import_module(name)
        assert module.__all__ == sorted(module.__all__, key=lambda n: (not n.isupper(), n)) or len(
            module.__all__
        ) == len(set(module.__all__))
        for attribute in module.__all__:
            assert getattr(module, attribute) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        trompe.nothing  # noqa: B018


def test_a_broken_pipe_is_quiet():
    done = subprocess.run(
        f"{sys.executable} -P -m trompe verify mix/gap --jobs 1 | true",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr


def test_the_shell_completes_commands():
    environment = {
        "COMP_WORDS": "trompe sh",
        "COMP_CWORD": "1",
        "_TROMPE_COMPLETE": "complete_bash",
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from trompe.__main__ import main; main()"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )
    assert sorted(done.stdout.split()) == ["sharp", "show"], done.stderr
