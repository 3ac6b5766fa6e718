from __future__ import annotations

import pytest

from trompe.ground.text import WIDTH, wrapped

LONG = "a piecewise-affine function " * 20


def test_lines_fit_and_nothing_is_lost():
    lines = wrapped(LONG, first="  ", then="      ")
    assert len(lines) > 1 and max(map(len, lines)) <= WIDTH
    assert lines[0][:3] == "  a" and all(line.startswith(" " * 6) for line in lines[1:])
    assert " ".join(LONG.split()) == " ".join(" ".join(lines).split())
    assert wrapped("") == []


@pytest.mark.parametrize(
    ("text", "options", "lines"),
    [
        ("one-two three", {}, ["one-two", "three"]),
        ("one-two three", {"cuts_hyphens": True}, ["one-two", "three"]),
        ("x one-two three", {}, ["x", "one-two", "three"]),
        ("x one-two three", {"cuts_hyphens": True}, ["x one-", "two", "three"]),
        ("1234567890 1", {}, ["1234567890", "1"]),
        ("1234567890 1", {"cuts_words": True}, ["12345678", "90 1"]),
        ("  one two  three", {}, ["  one", "two", "three"]),
        ("  one two  three", {"keeps_spaces": True}, ["  one ", "two  ", "three"]),
    ],
)
def test_what_is_cut(text, options, lines):
    assert wrapped(text, 8, **options) == lines
