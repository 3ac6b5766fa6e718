"""A conclusion that says less is noticed by the fault planted in what it says less of, and by no list."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from trompe.constructions import mix
from trompe.proofs.mutation import conclusions, read_loose, running, selfcheck
from trompe.proofs.mutation.conclusions import weaken_each
from trompe.proofs.obligations import Claim, Fault, Obligation, all_of, any_of, families, registered
from trompe.proofs.verify import find_obligation
from trompe.theory import InvalidInput

pytestmark = pytest.mark.once


def planted(show, without: str = "") -> Obligation:
    """A sentence about u <= w and a mix f of the two with the weight 1/2."""

    def build(s):
        u, w, f = s.reals("u w f")
        given = {"u <= w": u <= w, "f": f == mix(u, w, s.xp.number(1) / 2)}
        given.pop(without, None)
        return Claim(given, show(u, w, f), Fault("unused", without="f"))

    return Obligation("planted/here", "planted", None, build)


def statuses(obligation: Obligation, loose=()) -> list[str]:
    return [w.status for w in weaken_each(obligation, dict(loose))]


def test_nothing_can_be_taken_from_a_sentence_that_says_all():
    sharp = planted(lambda u, w, f: all_of([u <= f, f <= w, 2 * f == u + w]))
    assert statuses(sharp) == ["needed"] * 4


@pytest.mark.parametrize(
    "show",
    [
        lambda u, w, f: u <= f + 1,
        lambda u, w, f: u < f + 1,
        lambda u, w, f: all_of([u <= f, f <= w + 1]),
        lambda u, w, f: 2 * f <= u + w + 1,
        lambda u, w, f: any_of([f < u + 1, f < w + 1]),
        lambda u, w, f: any_of([2 * f == u + w, f >= u]),
        lambda u, w, f: u <= w + 1,
    ],
    ids=[
        "by a unit",
        "strict by a unit",
        "one of two",
        "half of an equation",
        "or",
        "both",
        "given",
    ],
)
def test_less_than_all_is_noticed(show):
    assert "surviving" in statuses(planted(show))


def test_what_holds_without_its_premise_is_spare_and_alone_a_failure():
    found = weaken_each(planted(lambda u, w, f: any_of([u <= f, u > w])), {})
    assert [w.status for w in found] == ["needed", "spare"]
    assert statuses(planted(lambda u, w, f: any_of([u <= f, f <= w]))) == ["spare"] * 2 + [
        "surviving"
    ]


def test_hats_that_overlap_by_a_unit_are_noticed():
    item = find_obligation("hats/disjoint")
    assert set(statuses(item)) == {"needed"}

    def overlapping(s):
        claim = item.build(s)
        least = claim.show.arg(0)
        return Claim(claim.given, least <= 1, claim.fault)

    assert "surviving" in statuses(Obligation("hats/disjoint", "", None, overlapping))


def test_loose_comparisons_are_listed_and_a_wrong_entry_fails():
    slack = planted(lambda u, w, f: 2 * u <= 2 * w + Fraction(1, 2))
    name = "planted/here: part 1, comparison 1"
    assert statuses(slack) == ["surviving"]
    assert statuses(slack, {name: "a reason"}) == ["loose"]
    assert statuses(planted(lambda u, w, f: u <= w + 1), {name: "a reason"}) == ["surviving"]
    assert statuses(planted(lambda u, w, f: u <= f), {name: "a reason"}) == ["surviving"]


def test_doubt_is_no_need(monkeypatch):
    monkeypatch.setattr(conclusions, "SOLVERS", {})
    assert statuses(planted(lambda u, w, f: u <= f)) == ["unknown"]


def test_selfcheck_tells_what_could_be_lost(monkeypatch):
    report = selfcheck(["conclusions"], match="side/exact-is-enough", jobs=1)
    assert report.passed and {"needed", "loose"} == {w.status for w in report.conclusions}
    monkeypatch.setattr(running, "read_loose", dict)
    report = selfcheck(["conclusions"], match="side/exact-is-enough", jobs=1)
    assert not report.passed
    assert [w.name for w in report.survivors] == list(read_loose())[:2]
    gone = {"mix/gap: part 9, comparison 1": "a reason"}
    monkeypatch.setattr(running, "read_loose", lambda: gone)
    report = selfcheck(["conclusions"], match="mix/gap", jobs=1)
    assert report.problems == ("listed as loose, but no such comparison: " + next(iter(gone)),)
    assert not report.passed


def test_reasons_are_given():
    assert all(read_loose().values())
    entry = {"comparison": "a", "reason": " "}
    with pytest.raises(InvalidInput, match="no reason"):
        read_loose(json.dumps({"loose": [entry]}))


@pytest.mark.parametrize("family", families())
def test_committed_sentences_cannot_say_less_unnoticed(family):
    found = [w for item in registered([family], [1, 2]) for w in weaken_each(item, read_loose())]
    assert [w for w in found if w.status in ("surviving", "unknown")] == []
    assert any(w.status == "needed" for w in found)
