"""The README's code runs as printed, and the docs name what the code has."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import typer

import trompe
from trompe.cli import app
from trompe.theory import CLASSES, TASKS, row_class

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_runs_as_printed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(">>> ") >= 5
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.failed == 0 and result.attempted >= 5


def test_the_package_docstring_runs_as_printed():
    result = doctest.testmod(trompe)
    assert result.failed == 0 and result.attempted >= 3


def test_the_commands_page_runs_as_printed():
    result = doctest.testfile(str(ROOT / "docs" / "commands.md"), module_relative=False)
    assert result.failed == 0 and result.attempted >= 9


def rows_of_labels(text: str) -> list[list[str]]:
    """The first table of labels of a page: class, exact, approx, side."""
    table = text.partition("| class | exact | approx | side |\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[1:]]


def test_the_readme_shows_the_labels_that_the_checks_give(table):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    computed = [
        [row_class(row).name, *(table[f"{row}/{task}"].label for task in TASKS)] for row in CLASSES
    ]
    assert rows_of_labels(text) == computed
    assert rows_of_labels(text.replace("| Only for small L |", "| No |")) != computed


def test_the_commands_page_names_every_command():
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    names = typer.main.get_command(app).commands
    missing = [name for name in names if f"`trompe {name}" not in text]
    assert missing == []


def test_pages_that_hold_our_labels_beside_the_papers_say_what_was_compared():
    for page in ("README.md", "docs/theory.md", "docs/proved.md", "docs/kernel.md"):
        flat = " ".join((ROOT / page).read_text(encoding="utf-8").split())
        assert "paper's formal text" in flat, page
        assert flat.count("not compared line by line") == 1, page


def test_prose_does_not_promise_every_query():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/[w]ork/", text), path
