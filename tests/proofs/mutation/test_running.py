"""Mutants are made from the source, put in place and taken out; verification kills them, and survivors are told."""

from __future__ import annotations

import importlib
import textwrap
from dataclasses import replace

import pytest

from trompe.constructions import CONSTRUCTIONS, Construction
from trompe.proofs.mutation import (
    MOST_EQUIVALENT,
    PARTS,
    Hypothesis,
    MutantOutcome,
    SelfcheckReport,
    Weakened,
    read_equivalent,
    selfcheck,
    try_mutant,
)
from trompe.proofs.mutation import (
    files as damaged_files,
)
from trompe.proofs.mutation.mutants import Mutant, damaged, function_of, mutants, places
from trompe.proofs.mutation.targets import (
    all_places,
    checks_of,
    group_of,
    mutated_modules,
    run_check,
    seen_by,
)
from trompe.theory import CLASSES, Comparison, InvalidInput, Monotone, UnknownKey
from trompe.theory.namespace import EXACT

pytestmark = pytest.mark.once

LAW = "theory/rows/monotone.py Monotone.law: c.at_y <= c.at_z -> c.at_y < c.at_z"
EQUIVALENT = "theory/rows/affine.py Affine1d._fibre: if not v.range -> if False"

PLANTED = '''
"""A module to be damaged."""

from functools import cached_property


class Base:
    least = 1

    def value(self, xp, z: float, q: float) -> float:
        """z over q, at most 1."""
        if not 0 < q <= 2:
            raise ValueError(f"q = {q + 1}")
        return min(1, z - q)


class Leaf(Base):
    def value(self, xp, z: float, q: float) -> float:
        return super().value(xp, z, q) + 2

    @staticmethod
    def pair(p, both):
        return p.low, p.high

    @property
    def one(self):
        return 1

    @cached_property
    def two(self):
        return abs(2 - 4)


def conditions(y, z):
    return [a <= b for a, b in zip(y, z, strict=True) if a]
'''


@pytest.fixture
def planted(tmp_path, monkeypatch):
    def load(source: str, name: str):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return importlib.import_module(name)

    return load


def changes(name: str, place: str) -> list[str]:
    return [mutant.change for mutant in mutants(name, place)]


def named(change: str, name: str, place: str) -> Mutant:
    return next(m for m in mutants(name, place) if m.change == change)


# -- making mutants --------------------------------------------------------------------------------------


def test_every_kind_of_change_is_made_and_texts_are_left_alone(planted):
    name = planted(PLANTED, "planted_kinds").__name__
    found = changes(name, "Base.value")
    for change in (
        "if not 0 < q <= 2 -> if False",
        "0 < q <= 2 -> 0 <= q <= 2",
        "0 < q <= 2 -> 0 < q < 2",
        "0 < q <= 2 -> 0 < q",
        "0 < q <= 2 -> q <= 2",
        "not 0 < q <= 2 -> 0 < q <= 2",
        "2 -> 3",
        "min(1, z - q) -> max(1, z - q)",
        "z - q -> z + q",
        "z - q -> q - z",
        "z - q -> z",
        "q -> z",
        "1 -> 0",
    ):
        assert change in found, change
    assert not any("q + 1" in change or "over" in change for change in found)
    assert changes(name, "conditions") == [
        "[a <= b for a, b in zip(y, z, strict=True) if a] -> []",
        "a <= b -> a < b",
        "a <= b -> a >= b",
        "a -> b",
        "b -> a",
        "(... for a, b in zip(y, z, strict=True) if a) -> (... for a, b in zip(y, z, strict=True))",
        "zip(y, z, strict=True) -> zip(z, y, strict=True)",
        "a -> b",
    ]
    assert changes(name, "Leaf.pair") == [
        "(p.low, p.high) -> (p.high, p.low)",
        "p.low -> p.high",
        "p.high -> p.low",
    ]
    assert changes(name, "Leaf.two") == [
        "abs(2 - 4) -> 2 - 4",
        "2 - 4 -> 2 + 4",
        "2 - 4 -> 2",
        "2 - 4 -> -4",
        "2 -> 3",
        "2 -> 1",
        "4 -> 5",
        "4 -> 3",
    ]
    assert changes(name, "Base.least") == ["1 -> 2", "1 -> 0"]


def test_names_do_not_depend_on_lines_and_are_unique(planted):
    first = planted(PLANTED, "planted_first").__name__
    later = planted("# more\n" * 7 + PLANTED, "planted_later").__name__
    for place in places(first):
        assert changes(first, place) == changes(later, place)
    names = [m.name for at in all_places() for m in mutants(*at)]
    assert len(names) == len(set(names)) > 1500


def test_a_damaged_function_is_itself_again_also_after_an_error(planted):
    name = planted(PLANTED, "planted_swap").__name__
    leaf = importlib.import_module(name).Leaf()
    assert leaf.value(None, 3, 2) == 3
    sound = function_of(name, "Leaf.value").__code__
    plus = named("super().value(xp, z, q) + 2 -> super().value(xp, z, q) - 2", name, "Leaf.value")
    without_super = named("super().value(xp, z, q) + 2 -> 2", name, "Leaf.value")
    with damaged(plus):
        assert leaf.value(None, 3, 2) == -1
    with damaged(plus), pytest.raises(TypeError):
        leaf.value(None, "3", 2)
    assert leaf.value(None, 3, 2) == 3
    block = damaged(plus)
    block.__enter__()
    block.__exit__(RuntimeError, RuntimeError(), None)
    with damaged(without_super):
        assert leaf.value(None, 3, 2) == 2
    with damaged(named("min(1, z - q) -> max(1, z - q)", name, "Base.value")):
        assert leaf.value(None, 9, 2) == 9
    with damaged(named("(p.low, p.high) -> (p.high, p.low)", name, "Leaf.pair")):
        assert leaf.pair(type("P", (), {"low": 0, "high": 1}), None) == (1, 0)
    with damaged(named("1 -> 2", name, "Leaf.one")):
        assert leaf.one == 2
    with damaged(named("1 -> 2", name, "Base.least")):
        assert leaf.least == 2
    assert (leaf.value(None, 3, 2), leaf.one, leaf.least) == (3, 1, 1)
    assert function_of(name, "Leaf.value").__code__ is sound


def test_every_mutant_compiles():
    for at in all_places():
        for mutant in mutants(*at):
            with damaged(mutant):
                pass


def test_an_unknown_mutant_is_refused():
    stray = Mutant("trompe.theory.rows.monotone", "Monotone.law", "comparison", "no such change", 1)
    with pytest.raises(InvalidInput, match="there is no mutant"), damaged(stray):
        pass


def test_every_construction_and_class_is_mutated_by_existing():
    known = set(all_places())
    for row, construction in CONSTRUCTIONS.items():
        kind = type(construction)
        for name in ("parameters", "upper", "lower", "strict"):
            owner = next(k for k in kind.__mro__ if name in vars(k))
            assert owner is not Construction, (row, name)
            assert (owner.__module__, f"{owner.__qualname__}.{name}") in known, (row, name)
    for row, kind in CLASSES.items():
        for name in ("law", "premise", "_fibre", "_check_extremes", "check_visualization"):
            owner = next(k for k in kind.__mro__ if name in vars(k))
            place = (owner.__module__, f"{owner.__qualname__}.{name}")
            assert place in known or not mutants(*place), (row, name)
    for place in (
        ("trompe.constructions.triples", "mix"),
        ("trompe.theory.tasks", "Task.eta"),
        ("trompe.constructions.decoders", "interpolate"),
        ("trompe.theory.functionals", "gauge"),
        ("trompe.theory.rows.affine", "Affine.min_dim"),
    ):
        assert place in known
    assert {group_of(m) for modules in mutated_modules().values() for m in modules} == {
        "constructions",
        "classes",
    }


# -- what verification does with them ----------------------------------------------------------------------


def test_checks_see_the_functions_that_they_run():
    at = ("trompe.theory.rows.monotone", "Monotone.law")
    assert at in seen_by("monotone/member")
    assert at in seen_by("monotone/closed-under-mixing")
    assert at not in seen_by("monotone/range")
    assert ("trompe.constructions.rows.monotone", "MonotoneTriple.parameters") in seen_by(
        "sampled/monotone"
    )
    assert ("trompe.constructions.triples", "mix") in seen_by("symbolic/mix-gap")


def test_all_mutants_of_one_construction_and_one_law_are_noticed():
    for match in ("MonotoneTriple.upper", "Monotone.law"):
        report = selfcheck(rows=["monotone"], match=match, jobs=1)
        assert report.passed and len(report.findings) >= 4
        for finding in report.findings:
            assert finding.status == "killed", finding
            assert finding.route in ("smt", "sampled") and finding.check and finding.says
    law = next(f for f in report.findings if f.mutant == LAW)
    assert law.route == "smt" and "found a point" in law.says
    assert Monotone().law(Comparison(1, 1), EXACT)  # and the law is itself again


def test_a_mutant_that_no_check_notices_is_a_survivor_unless_it_is_listed():
    asked = {"rows": ["affine-1d"], "match": EQUIVALENT, "jobs": 1}
    report = selfcheck(**asked, equivalent={})
    assert not report.passed
    assert [f.mutant for f in report.survivors] == [EQUIVALENT]
    assert report.survivors[0].tried > 0
    report = selfcheck(**asked)
    assert report.passed
    assert [(f.status, bool(f.says)) for f in report.findings] == [("equivalent", True)]


def test_what_a_row_cannot_tell_is_put_to_the_checks_of_other_rows():
    """Constants are a row at every d: only rows with a largest d, or with shown extremes, can tell here."""
    condition = "FunctionClass.check_dim: if dim < self.min_dim or (self.max_dim is not None and dim > self.max_dim) -> if"
    asked = {"rows": ["constant"], "match": condition, "jobs": 1}
    report = selfcheck(**asked)
    assert report.passed and report.untried == ("constructions", "hypotheses", "conclusions")
    by_others = [f for f in report.findings if f.elsewhere]
    assert by_others and len(by_others) < len(report.findings)
    own = set(checks_of(["constant"]))
    for finding in report.findings:
        assert finding.status != "surviving"
        if finding.status in ("killed", "rejected"):
            assert (finding.check in own) != finding.elsewhere, finding


def test_a_kill_by_another_row_counts_only_if_its_undamaged_check_holds(monkeypatch):
    from trompe.proofs.mutation import targets

    def broken(row):
        if row != "constant":
            raise RuntimeError("broken")
        return sample(row)

    sample = targets.sample_row
    monkeypatch.setattr(targets, "sample_row", broken)
    match = "FunctionClass.shown_value: v.minimum -> v.maximum"
    report = selfcheck(rows=["constant"], match=match, jobs=1)
    assert [(f.status, f.elsewhere) for f in report.findings] == [("rejected", True)]
    assert not report.passed
    assert [p.partition(" is not proved before any damage")[0] for p in report.problems] == [
        report.findings[0].check
    ]


def test_a_function_that_no_check_runs_has_surviving_mutants():
    mutant = mutants("trompe.theory.rows.monotone", "Monotone.law")[0]
    assert try_mutant(mutant, []).status == "surviving"
    assert try_mutant(mutant, ["mix/gap"]).status == "surviving"


def test_a_wrong_entry_in_the_list_is_an_error():
    asked = {"rows": ["monotone"], "match": "Monotone.law", "jobs": 1}
    report = selfcheck(**asked, equivalent={LAW: "it is not"})
    assert not report.passed and not report.survivors
    assert report.problems == (
        f"listed as equivalent, but killed by {report.findings[0].check}: {LAW}",
    )
    report = selfcheck(
        **asked, equivalent={"theory/rows/monotone.py Gone.law: a -> b": "it is gone"}
    )
    assert [p.partition(":")[0] for p in report.problems] == [
        "listed as equivalent, but no such mutant"
    ]
    everything = [m.name for at in all_places() for m in mutants(*at)]
    some = everything[: 1 + int(MOST_EQUIVALENT * len(everything))]
    report = selfcheck(**asked, equivalent=dict.fromkeys(some, "too many"))
    assert any("at most 2% may be" in p for p in report.problems)
    assert read_equivalent() and all(read_equivalent().values())
    for text, says in (
        ('{"equivalent": [{"mutant": "a", "reason": " "}]}', "no reason"),
        (
            '{"equivalent": [{"mutant": "a", "reason": "r"}, {"mutant": "a", "reason": "r"}]}',
            "twice",
        ),
    ):
        with pytest.raises(InvalidInput, match=says):
            read_equivalent(text)


def test_the_committed_list_is_short_and_names_mutants_that_exist():
    names = {m.name for at in all_places() for m in mutants(*at)}
    assert set(read_equivalent()) <= names
    assert len(read_equivalent()) <= MOST_EQUIVALENT * len(names)


def test_a_kill_counts_only_if_the_undamaged_check_holds():
    falls = named(
        "c.at_y <= c.at_z -> c.at_y >= c.at_z", "trompe.theory.rows.monotone", "Monotone.law"
    )
    with damaged(falls):
        report = selfcheck(rows=["monotone"], match="MonotoneTriple.strict", jobs=1)
    assert not report.passed
    assert any("monotone/member is not proved before any damage" in p for p in report.problems)


def test_a_check_that_raises_before_any_damage_is_a_problem_and_no_traceback(monkeypatch):
    def broken(row):
        raise RuntimeError("broken")

    monkeypatch.setattr("trompe.proofs.mutation.targets.sample_row", broken)
    report = selfcheck(rows=["monotone"], match="Monotone.law", jobs=1)
    assert report.problems == (
        "sampled/monotone is not proved before any damage: RuntimeError: broken",
    )
    assert not report.passed and not report.survivors


def test_crashes_endless_loops_and_doubt_are_told_apart(monkeypatch):
    mutant = mutants("trompe.constructions.rows.monotone", "MonotoneTriple.upper")[0]
    swapped = next(
        m
        for m in mutants("trompe.constructions.rows.monotone", "MonotoneTriple.features")
        if m.change == "mean(z, xp) -> mean(xp, z)"
    )
    finding = try_mutant(swapped, ["network/two-units/d1"])
    assert (finding.status, finding.route) == ("rejected", "smt")

    def endless(row):
        while True:
            pass

    monkeypatch.setattr("trompe.proofs.mutation.targets.MOST_SECONDS", 0.05)
    monkeypatch.setattr("trompe.proofs.mutation.targets.sample_row", endless)
    finding = try_mutant(mutant, ["sampled/monotone"])
    assert finding.status == "rejected" and "no end after" in finding.says
    monkeypatch.undo()
    from trompe.proofs import solvers

    monkeypatch.setattr(solvers, "Z3_RLIMIT", 1)
    monkeypatch.setattr(solvers, "CVC5_RLIMIT", 1)
    finding = try_mutant(mutant, ["network/two-units/d3"])
    assert finding.status == "unknown" and finding.says
    monkeypatch.undo()
    assert run_check("monotone/query").verdict == "PROVED"


def test_what_the_checks_cannot_tell_fails():
    killed = MutantOutcome("a", "classes", "sign", "killed")
    needed = Hypothesis("f", "h", "needed")
    assert SelfcheckReport((killed,), (needed, replace(needed, status="spare")), (), (), ()).passed
    for status in ("surviving", "unknown"):
        assert not SelfcheckReport(
            (killed, replace(killed, status=status)), (needed,), (), (), ()
        ).passed
        weakened = Weakened("mix/gap", "part 1, comparison 1", status, "u <= w")
        assert not SelfcheckReport((killed,), (needed,), (weakened,), (), ()).passed
        assert SelfcheckReport((), (), (replace(weakened, status="spare"),), (), ()).passed
    doubt = replace(needed, status="unknown")
    report = SelfcheckReport((killed,), (needed, doubt), (), (), ())
    assert not report.passed and report.undecided == (doubt,)


# -- hypotheses, tamperings, choices ------------------------------------------------------------------------


def test_hypotheses_are_dropped_in_turn():
    report = selfcheck(["hypotheses"], rows=["monotone"], match="monotone/unique", jobs=1)
    status = {h.hypothesis: h.status for h in report.hypotheses}
    assert status["m < M"] == "needed" and status["inv_q"] == "spare"
    assert report.passed
    needed = next(h for h in report.hypotheses if h.status == "needed")
    assert needed.check == "monotone/unique" and "m = " in needed.says
    assert not report.findings and not report.tampered


def test_damage_that_is_accepted_or_raises_fails(monkeypatch):
    def crash(name):
        raise RuntimeError("boom")

    outcomes = {"accepted": ("accepted", "nothing"), "rejected": ("rejected", "its reason")}
    monkeypatch.setitem(
        damaged_files.DAMAGED, "tampering", (lambda: tuple(outcomes), outcomes.__getitem__)
    )
    report = selfcheck(["tampering"], jobs=1)
    assert [(t.name, t.status) for t in report.tampered] == [
        ("accepted", "accepted"),
        ("rejected", "rejected"),
    ]
    assert not report.passed
    assert selfcheck(["tampering"], match="reject", jobs=1).passed
    monkeypatch.setitem(damaged_files.DAMAGED, "tampering", (tuple, crash))
    said = damaged_files.try_damage(("tampering", "x"))
    assert (said.status, said.says) == ("accepted", "a traceback: RuntimeError: boom")


def test_parts_rows_and_matches_are_checked():
    with pytest.raises(UnknownKey, match="did you mean monotone"):
        selfcheck(rows=["monotne"])
    with pytest.raises(UnknownKey, match="constructions"):
        selfcheck(["construction"])
    with pytest.raises(InvalidInput, match="nothing of hypotheses matches 'zzz'"):
        selfcheck(["hypotheses"], rows=["constant"], match="zzz", jobs=1)
    with pytest.raises(InvalidInput, match="parts: none is given; known: constructions"):
        selfcheck([])
    with pytest.raises(InvalidInput, match="rows: none is given; name one"):
        selfcheck(rows=[])
    with pytest.raises(InvalidInput, match="its files belong to no row, but the row constant is"):
        selfcheck(["hypotheses", "tampering"], rows=["constant"])
    assert not SelfcheckReport((), (), (), (), ()).passed
    assert set(PARTS) == {
        "constructions",
        "classes",
        "hypotheses",
        "conclusions",
        "tampering",
        "witness-tampering",
        "shown-tampering",
    }
    assert "sampled/neural-network" in checks_of(["black-box"])
