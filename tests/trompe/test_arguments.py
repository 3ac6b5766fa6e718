"""Arguments of any size: every number has a largest one, echoes are cut, and a refusal is one line."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from typing import Annotated, get_type_hints

import numpy as np
import pytest
import typer

import trompe
from trompe.cli import app, run
from trompe.ground.errors import LONGEST
from trompe.ground.streams import complain
from trompe.theory import as_number

LONG = "9" * 500


def commands(of, before=""):
    """Every command's name and function, those of sub-commands too."""
    for each in of.registered_commands:
        yield f"{before}{each.name or each.callback.__name__}", each.callback
    for group in of.registered_groups:
        yield from commands(group.typer_instance, f"{before}{group.name} ")


def numbers(function, names=None):
    """By name: what is declared of each option that takes numbers."""
    for name, kind in get_type_hints(function, localns=names, include_extras=True).items():
        plain = str(getattr(kind, "__origin__", ""))
        if {"int", "float"} & {*re.findall(r"\w+", plain)}:
            (option,) = kind.__metadata__
            yield f"--{name.replace('_', '-')}", option


NUMBERS = {
    f"{name} {option}": declared
    for name, function in commands(app)
    for option, declared in numbers(function)
}


def refused(capsys, *arguments):
    status = run(arguments)
    said = capsys.readouterr()
    assert (status, said.out) == (2, "") and said.err.startswith("trompe: ")
    assert said.err.count("\n") == 1 and len(said.err) <= LONGEST + 20
    return said.err


def test_every_number_has_a_largest_one():
    assert len(NUMBERS) >= 20
    assert [name for name, declared in NUMBERS.items() if declared.max is None] == []


def test_a_number_without_a_largest_one_is_noticed():
    def command(
        free: Annotated[int | None, typer.Option()] = None,
        bounded: Annotated[float, typer.Option(max=1)] = 0,
        text: Annotated[str, typer.Option()] = "",
    ) -> None: ...

    hints = {"Annotated": Annotated, "typer": typer}
    assert {n: d.max for n, d in numbers(command, hints)} == {"--free": None, "--bounded": 1}


@pytest.mark.parametrize("value", [LONG, "1e400", "nan", "x" * 5000, "1_0", "\u0661", "", "0x1"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_is_none_or_too_large_is_one_line(capsys, monkeypatch, tmp_path, name, value):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def f(v, x):\n    return 0\n")
    *command, option = name.split()
    needed = {
        "budget": ["--constant", "4", "--range", "1"],
        "refute": ["mine.py:f", "--class", "convex", "--task", "exact"],
        "witness": ["convex/side"],
        "plot": ["convex/side", "--output", "x.png"],
        "silent": ["--model", "m.py:f", "--images", "x"],
        "paths": ["--model", "m.py:f", "--images", "x", "--layers", "a"],
        "certify": ["mix/gap", "--output", "x"],
        "check": ["x"],
        "show": ["convex/side"],
    }.get(command[-1], [])
    said = refused(capsys, *command, *needed, option, value)
    assert option[2:].replace("-", " ") in said.replace("-", " ")


@pytest.mark.parametrize("text", [LONG, "1," + LONG, "1_0", "١", "1,,2", "", "x" * 5000])
def test_dimensions_are_integers_with_commas(capsys, text):
    assert "--dims" in refused(capsys, "table", "--row", "constant", "--dims", text)


@pytest.mark.parametrize(
    "text", ["1_0", "١/٢", "1/0", "1/00", "nan", "1e999999999", "0x1", "x" * 5000, ""]
)
def test_a_number_is_spelled_in_one_way_everywhere(capsys, tmp_path, text):
    with pytest.raises(trompe.InvalidInput):
        as_number(text)
    asked = ["bound", "--class", "convex", "--argmin", "0", "--argmax", "1", "--min", "0"]
    assert "--max" in refused(capsys, *asked, "--max", text, "--query", "1/2")
    points = tmp_path / "points.csv"
    points.write_text(f"{text or '?'}\n1/2\n", encoding="utf-8")
    assert "line 1" in refused(capsys, *asked, "--max", "1", "--points", str(points))


@pytest.mark.parametrize("text", ["1/2", "-3", "+.5", "1.", "2.5e-1", " 1/04 "])
def test_what_is_a_number_stays_one(text):
    assert as_number(text) == Fraction(text.strip())


def test_an_unknown_key_does_not_list_everything():
    with pytest.raises(trompe.UnknownKey) as error:
        trompe.theorem("q" * 5000)
    assert len(str(error.value)) < 500 and "(162 in all)" in str(error.value)
    with pytest.raises(trompe.UnknownKey, match=r"did you mean convex/side"):
        trompe.theorem("convex/sides")


def test_the_middle_of_a_long_complaint_is_left_out(capsys):
    assert complain("trompe", f"begin {'x' * 9999} end") == 2
    said = capsys.readouterr().err
    assert said.startswith("trompe: begin x") and said.endswith("x end\n") and " ... " in said
    assert len(said) < LONGEST + 20


def test_too_little_memory_is_one_line(capsys, monkeypatch):
    def fails(*_, **__):
        raise MemoryError

    monkeypatch.setattr("trompe.proofs.handover.certificates.plan.plan", fails)
    assert "not enough memory" in refused(capsys, "cite", "convex/side")


def test_a_share_that_cancels_is_one_line(capsys):
    asked = ["sharp", "--row", "convex", "--dim", str(10**9)]
    assert "give a smaller d" in refused(capsys, *asked)


@pytest.mark.parametrize(
    "line",
    [
        ["refute", "mine.py:f", "--class", "convex", "--task", "exact"],
        ["bound", "--class", "convex", "--argmin", "0,0", "--argmax", "1,1", "--min", "0", "--max", "1", "--points", "x.npy"],
        ["check", "x.json"],
        ["verify", "constant/side", "--jobs", "2"],
    ],
    ids=lambda line: line[0],
)  # fmt: skip
def test_too_many_open_files_is_one_line(tmp_path, line):
    resource = pytest.importorskip("resource")
    (tmp_path / "mine.py").write_text("def f(v, x):\n    return 0\n")
    np.save(tmp_path / "x.npy", np.zeros((1, 2)))
    (tmp_path / "x.json").write_text("{}")
    code = (
        "import os, sys, resource\n"
        "from trompe.cli import run\n"
        "import trompe.commands.bound, trompe.refuting.checking, trompe.refuting.judging, trompe.proofs.solvers\n"
        "import trompe.views.bound, trompe.views.refutation, trompe.theory.bounding, trompe.proofs, joblib, z3, cvc5\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir('/proc/self/fd')) - 1, 4096))\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    assert resource
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *line], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.count("\n") == 1 and "Too many open files" in done.stderr
