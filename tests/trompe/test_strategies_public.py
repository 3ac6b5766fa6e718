"""`trompe.strategies` as somebody else's tests use it, and the pages on it and on `refute` as printed."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trompe import strategies
from trompe.constructions import CONSTRUCTIONS, EXACT_DECODERS
from trompe.theory import CLASSES, EXTENDED, InvalidInput, Lipschitz, UnknownKey

ROOT = Path(__file__).resolve().parents[2]
ROWS = [*CLASSES, *EXTENDED]


@pytest.mark.parametrize("page", ["strategies.md", "refute.md", "levels.md"])
def test_the_page_runs_as_printed(page):
    result = doctest.testfile(str(ROOT / "docs" / page), module_relative=False)
    assert result.failed == 0 and result.attempted >= 6


def test_the_page_names_every_strategy():
    text = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
    for name in strategies.__all__:
        assert name in ("Member", "Opponent") or f"| `{name}(" in text, name
        assert getattr(strategies, name).__doc__


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=8)
@given(data=st.data())
def test_every_class_can_be_drawn_with_and_without_d(row, data):
    h = data.draw(strategies.members(row))
    again = data.draw(strategies.members(h.cls, h.v.dim))
    assert again.cls == h.cls and again.v.dim == h.v.dim
    v = data.draw(strategies.visualizations(h.cls, h.v.dim))
    x = data.draw(strategies.queries(h.cls, v))
    fibre = h.cls.envelope(v, x)
    assert v.minimum <= fibre.lower <= fibre.upper <= v.maximum
    assert again.v.minimum <= again(x) <= again.v.maximum


@pytest.mark.parametrize("row", CONSTRUCTIONS)
@settings(max_examples=8)
@given(data=st.data())
def test_pairs_defeat_the_decoders_that_are_drawn(row, data):
    pair = data.draw(strategies.fooling_pairs(row))
    decode = data.draw(strategies.decoders("exact"))
    answer = decode(pair.v, pair.x)
    assert pair.f_x == pair.g_x or answer != pair.f_x or answer != pair.g_x
    assert pair.triple.cls.key == row


@given(strategies.triples(Lipschitz(2, "linf"), 3))
def test_a_class_of_your_own(triple):
    assert triple.cls == Lipschitz(2, "linf") and triple.v.dim == 3


def test_bad_requests_are_refused_at_once():
    with pytest.raises(UnknownKey, match="convex"):
        strategies.members("convexx")
    with pytest.raises(InvalidInput, match="d >= 2"):
        strategies.members("affine", 1)
    with pytest.raises(InvalidInput, match="integer of at least 1"):
        strategies.visualizations("convex", 0)
    with pytest.raises(InvalidInput, match="integer of at least 1"):
        strategies.visualizations("convex", 1.5)
    with pytest.raises(UnknownKey, match="side"):
        strategies.decoders("sides")
    for row in EXACT_DECODERS:
        with pytest.raises(InvalidInput, match="no fooling pair exists"):
            strategies.fooling_pairs(row)


def test_without_hypothesis_one_line_names_the_extra():
    code = (
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "from trompe.theory import MissingDependency\n"
        "try:\n    import trompe.strategies\n"
        "except MissingDependency as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "hypothesis is not installed; it comes with: pip install 'trompe[test]'\n"


def test_neither_fuzz_nor_refute_needs_hypothesis():
    code = (
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "import trompe.proofs.sampling.fuzzing, trompe.refuting.judging\n"
        "print(trompe.proofs.sampling.fuzzing.campaign(['affine'], cases=1).cases)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
