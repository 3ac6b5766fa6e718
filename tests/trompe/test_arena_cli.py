"""`trompe arena` on the command line: tables, sentences, exit statuses."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from trompe.cli import run
from trompe.empirical import load_data
from trompe.empirical.arena import run as arena
from trompe.empirical.arena.claims import ClaimTemplate
from trompe.empirical.inputs.data import ImageData, Split

ASKED = ("arena", "--quick", "--attacks", "silent", "--methods", "pixel", "--checks", "paths,bits")
TRUE = ClaimTemplate("true", "{a[alarms]} of {a[networks]}", {"a": ("alarms", "silent", "bits", "")}, (("a", "alarms", "<=", 0),))  # fmt: skip
FALSE = ClaimTemplate("false", "{a[alarms]} of {a[networks]}", {"a": ("alarms", "silent", "bits", "")}, (("a", "alarms", ">=", 1),))  # fmt: skip


@pytest.fixture
def few(monkeypatch):
    """Three classes in place of the digits."""
    digits, parts = load_data("digits"), []
    for split, most in ((digits.train, 120), (digits.test, 45)):
        rows = (split.labels < 3).nonzero()[0][:most]
        parts.append(Split(split.images[rows], split.labels[rows], split.levels))
    monkeypatch.setattr(arena, "load_data", lambda _name: ImageData("few", *parts, ("0", "1", "2")))


def test_tables_sentences_and_status(few, tmp_path, capsys, monkeypatch):
    asked = [*ASKED, "--output", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    monkeypatch.setattr(arena, "read_claims", lambda: [TRUE])
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "2 networks are too few for an interval" in said
    assert "true: holds. 0 of 2" in said
    assert "silent-1" in said and "already there" not in said
    monkeypatch.setattr(arena, "read_claims", lambda: [TRUE, FALSE])
    assert run(asked) == 1  # a claim that does not hold
    said = capsys.readouterr().out
    assert "false: does not hold (a alarms = 0, wanted >= 1). 0 of 2" in said
    assert "silent-1 (already there)" in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--networks", "4"), "trompe: networks = 4: too few for an interval; give at least 5, or ask for quick"),
        (("--quick", "--attacks", "nothing"), "trompe: unknown attack 'nothing'; "),
        (("--quick", "--plugin", "gone.py"), "trompe: plugin "),
        (("--quick", "--data", "gone"), "trompe: "),
        (("--quick", "--references", "1"), "trompe: references = 1; expected"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(more, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["arena", *more]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(says) and said.err.count("\n") == 1
    assert not any(tmp_path.iterdir())
