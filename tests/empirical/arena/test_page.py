"""The page of the arena: its tables are the committed witness's, its file of code runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical import run_arena

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tables():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_witness(tables):
    page = (ROOT / "docs" / "arena.md").read_text(encoding="utf-8")
    assert tables.rewritten("arena.md", page) == page
    for marker, table in tables.arena_tables().items():
        assert table.count("\n") >= 3, marker  # a head, a rule and a row
        other = table.replace("0", "7", 1)
        assert table in page and other not in page  # a changed number would be seen


def test_the_file_on_the_page_runs(digits, tmp_path):
    (code,) = re.findall(r"```python\n(# mine.py.*?)```", (ROOT / "docs" / "arena.md").read_text(), re.DOTALL)  # fmt: skip
    (tmp_path / "mine.py").write_text(code)
    witness = run_arena(
        digits, tmp_path / "out", quick=True, attacks=["swap"], methods=["grey"], checks=["brightness", "bits"],
        references=2, plugins=[tmp_path / "mine.py"], cache=tmp_path / "cache", show=False,
    )  # fmt: skip
    by = {(a["attack"], a["check"]): a["alarms"] for a in witness["alarms"]}
    assert by["swap", "bits"] == 2 and by["none", "brightness"] == 0
