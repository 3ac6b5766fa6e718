"""The 30 statements as data: keys, quantifiers, labels; inclusions between the classes."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

import trompe.constructions
import trompe.theory
from trompe.constructions import CONSTRUCTIONS, EXACT_DECODERS
from trompe.theory import (
    CLASSES,
    EXTENDED,
    INCLUSIONS,
    TASKS,
    THEOREMS,
    Form,
    UnknownKey,
    row_class,
    theorem,
)
from trompe.theory.inclusions import path, subclasses

KEYS = list(THEOREMS)
ROWS = [*CLASSES, *EXTENDED]


def test_there_is_one_theorem_per_cell_in_the_tables_order():
    assert len(KEYS) == 30
    assert [f"{row}/{task}" for row in CLASSES for task in TASKS] == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_key_row_and_task_agree(key):
    cell = theorem(key)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*/(exact|approx|side)", key)
    assert cell is THEOREMS[key]
    assert (cell.key, f"{cell.row}/{cell.task}") == (key, key)
    assert re.fullmatch(r"[0-9a-f]{64}", cell.sha256)


@pytest.mark.parametrize("key", KEYS)
def test_every_statement_names_what_it_quantifies_over(key):
    cell = theorem(key)
    for text in (cell.statement, cell.latex):
        assert re.search(r"\bd (>=|=|\\ge) ?[12]|\$d(\\ge ?|=) ?[12]", text), "d"
        assert "[0,1]" in text
        assert re.search(r"\bx\b", text)
        assert "phi" in text or "v" in text
    names_range = "m < M" in cell.statement or "m = M" in cell.statement
    assert names_range or "with value m" in cell.statement
    assert text.count("..") == 0
    assert "{eps}" not in cell.statement
    assert cell.statement.endswith(".")
    assert cell.latex.endswith(".")
    if cell.task == "approx":
        assert "eps" in cell.statement
        assert r"\varepsilon" in cell.latex
    if cell.form is Form.IMPOSSIBLE:
        assert "no decoder" in cell.statement
        assert "only minimiser" in cell.statement


def _is_balanced(latex):
    depth = 0
    for character in re.sub(r"\\[{}]", "", latex):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize("key", KEYS)
def test_latex_is_well_formed(key):
    latex = theorem(key).latex
    assert _is_balanced(latex)
    assert latex.count("$") % 2 == 0
    assert latex.count(r"\{") == latex.count(r"\}")
    for i, piece in enumerate(latex.split("$")):
        if i % 2 == 0:
            assert "\\" not in piece, f"command outside mathematics: {piece}"
            assert not re.search(r"[_^]|<=|>=", piece)


def test_balance_is_seen_to_fail():
    assert not _is_balanced("{a")
    assert not _is_balanced("}a{")


def test_no_two_statements_are_equal_and_hashes_differ():
    for values in (
        {t.statement for t in THEOREMS.values()},
        {t.latex for t in THEOREMS.values()},
        {t.sha256 for t in THEOREMS.values()},
    ):
        assert len(values) == 30


def test_forms_go_with_constructions_and_decoders():
    """A No or a threshold needs a construction, a Yes a decoder; every row has one of the two."""
    for cell in THEOREMS.values():
        assert (cell.form is Form.POSSIBLE) == (cell.row in EXACT_DECODERS)
        assert (cell.form is not Form.POSSIBLE) == (cell.row in CONSTRUCTIONS)


def test_the_forms_are_the_papers_labels():
    """The two are separate data; here they happen to agree in all 30 cells."""
    assert {t.key for t in THEOREMS.values() if t.form.value != t.paper} == set()
    assert [t.key for t in THEOREMS.values() if t.form is Form.THRESHOLD] == ["lipschitz/side"]


def test_inclusions_name_rows_and_say_why():
    for step in INCLUSIONS:
        assert {step.sub, step.sup} <= set(ROWS)
        assert step.sub != step.sup
        assert step.why
    assert len({(s.sub, s.sup) for s in INCLUSIONS}) == len(INCLUSIONS)


def _reach():
    """The transitive closure by repetition."""
    pairs = {(s.sub, s.sup) for s in INCLUSIONS}
    while True:
        more = {(a, d) for a, b in pairs for c, d in pairs if b == c} | pairs
        if more == pairs:
            return pairs
        pairs = more


@pytest.mark.parametrize("sub", ROWS)
def test_every_chain_is_found(sub):
    closure = _reach()
    for sup in ROWS:
        chain = path(sub, sup)
        if sub == sup:
            assert chain == ()
        elif (sub, sup) in closure:
            assert chain
            assert (chain[0].sub, chain[-1].sup) == (sub, sup)
            assert all(s.sup == t.sub for s, t in pairwise(chain))
        else:
            assert chain is None
    assert (sub, sub) not in closure, "inclusions run in a circle"


@pytest.mark.parametrize("sup", ROWS)
def test_subclasses_are_the_rows_with_a_chain(sup):
    found = subclasses(sup)
    assert set(found) == {sub for sub, top in _reach() if top == sup}
    assert all(found[sub] == path(sub, sup) for sub in found)


def test_a_no_is_inherited_by_every_larger_class():
    for sub, sup in _reach():
        for task in TASKS:
            if theorem(f"{sub}/{task}").form is Form.IMPOSSIBLE:
                assert theorem(f"{sup}/{task}").form is Form.IMPOSSIBLE


@pytest.mark.parametrize("key", ROWS)
def test_every_class_describes_itself(key):
    kind = row_class(key)
    assert kind.key == key
    assert kind.name
    assert kind.definition
    assert _is_balanced(kind.symbol)
    assert kind().key == key


@pytest.mark.parametrize("package", [trompe.theory, trompe.constructions])
def test_public_names_exist_and_are_listed_once(package):
    assert len(set(package.__all__)) == len(package.__all__)
    for name in package.__all__:
        assert hasattr(package, name)


@pytest.mark.parametrize(
    ("key", "near"), [("monotone/sides", "monotone/side"), ("convx/exact", "convex/exact")]
)
def test_an_unknown_theorem_gets_the_nearest_keys(key, near):
    with pytest.raises(UnknownKey, match=rf"unknown theorem '{key}'; did you mean .*{near}"):
        theorem(key)
