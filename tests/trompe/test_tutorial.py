"""The tutorial's commands and its Python run as printed."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from trompe.cli import run

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def sessions(text: str) -> list[tuple[str, str]]:
    """(command, expected output) of every `$ trompe ...` line of the console blocks."""
    found = []
    for block in blocks(text, "console"):
        assert block.startswith("$ "), block
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found.append((command, expected))
    return found


def files(text: str) -> dict[str, str]:
    """The files that the reader is asked to save."""
    return dict(
        re.findall(
            r"<!-- file: (\S+) -->\n```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE
        )
    )


def shell(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a terminal shows for `trompe ...`, with the status after `; echo $?`."""
    asks = command.endswith("; echo $?")
    program, *arguments = shlex.split(command.removesuffix("; echo $?"))
    assert program == "trompe", command
    capsys.readouterr()
    status = run(arguments)
    shown = "".join(capsys.readouterr())
    assert asks or status == 0, f"{command}: status {status}: {shown}"
    return f"{shown}{status}\n" if asks else shown


def matches(expected: str, shown: str) -> bool:
    return doctest.OutputChecker().check_output(expected, shown, FLAGS)


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
