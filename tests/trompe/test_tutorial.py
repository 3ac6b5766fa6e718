"""The tutorial's commands and its Python run as printed."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from pages import files, matches, sessions, shell

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


@pytest.fixture
def text() -> str:
    return TUTORIAL.read_text(encoding="utf-8")


def test_the_python_runs_as_printed():
    result = doctest.testfile(str(TUTORIAL), module_relative=False)
    assert result.failed == 0 and result.attempted >= 20


@pytest.mark.parametrize(
    ("command", "expected"),
    sessions(TUTORIAL.read_text(encoding="utf-8")),
    ids=lambda value: re.sub(r"\W+", "-", value)[:48],
)
def test_the_commands_print_what_is_printed(command, expected, text, capsys, monkeypatch, tmp_path):
    for name, content in files(text).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    shown = shell(command, capsys)
    assert matches(expected, shown), f"$ {command}\n{shown}"


def test_a_wrong_output_or_status_is_noticed(capsys, monkeypatch):
    shown = shell("trompe --version", capsys)
    assert matches("trompe ...", shown) and not matches("trompe 9.9.9", shown)
    assert shell("trompe show no/such; echo $?", capsys).endswith("\n2\n")
    with pytest.raises(AssertionError, match="status 2"):
        shell("trompe show no/such", capsys)


def test_the_tutorial_shows_every_step(text):
    commands = {command.split()[1] for command, _ in sessions(text)}
    assert {"bound", "witness", "refute", "table"} <= commands
    assert "plot sharp" in text and list(files(text)) == ["nearer.py"]
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (TUTORIAL.parent / target).exists(), target
