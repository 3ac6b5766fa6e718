"""docs/visualize.md: its commands and its Python run as printed, in their order, in one folder."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import doctest
import re
import sys
from pathlib import Path

from pages import FLAGS, files, matches, sessions, shell

PAGE = Path(__file__).resolve().parents[2] / "docs" / "visualize.md"


def test_the_page_runs_as_printed(tmp_path, monkeypatch, capsys):
    text = PAGE.read_text(encoding="utf-8")
    for name, content in files(text).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    commands, named, lines = 0, {}, 0
    for block in re.findall(
        r"^```(?:console|python)\n.*?^```$", text, flags=re.DOTALL | re.MULTILINE
    ):
        for command, expected in sessions(block):
            shown = shell(command, capsys)
            assert matches(expected, shown), f"$ {command}\n{shown}"
            commands += 1
        if block.startswith("```python\n>>> "):
            examples = doctest.DocTestParser().get_doctest(
                block[10:-3], named, PAGE.name, str(PAGE), 0
            )
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            with capsys.disabled():
                runner.run(examples, clear_globs=False)
            named = examples.globs
            assert not runner.failures
            lines += len(examples.examples)
    sys.modules.pop("net", None)
    assert commands == 3 and lines > 15
    for target in re.findall(r"\]\((?!https://)([^)#]+)\)", text):
        assert (PAGE.parent / target).exists(), target
