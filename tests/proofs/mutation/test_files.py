"""Damage to files: every change is tried, the checkers reject it, and a checker that does not is noticed."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from types import SimpleNamespace

import numpy as np
import pytest

from trompe.proofs.handover.shown import checking
from trompe.proofs.handover.witnesses import check_bytes
from trompe.proofs.mutation import files, selfcheck
from trompe.proofs.mutation.files import DAMAGED, changes, damages, try_damage

pytestmark = pytest.mark.once


def test_every_place_of_json_data_is_changed():
    data = {"a": [1, "x"], "b": {"c": None, "d": "1/2"}}
    found = dict(changes(data))
    assert found["b.d: '1/2' -> '3/2'"] == {"a": [1, "x"], "b": {"c": None, "d": "3/2"}}
    assert found["a[0]: twice"]["a"] == [1, 1, "x"] and found["b: left out"] == {"a": [1, "x"]}
    assert found[": an entry added"] == {**data, "extra": 1}
    assert "b.c: None -> 1" in found and "a[1]: 'x' -> None" in found
    assert all(json.dumps(other) != json.dumps(data) for other in found.values())
    assert data == {"a": [1, "x"], "b": {"c": None, "d": "1/2"}}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damage_is_rejected_or_harmless(kind):
    """Every fifth; `trompe selfcheck` tries all."""
    chosen = damages([kind])[::5]
    found = [try_damage(item) for item in chosen]
    assert [f for f in found if f.status == "accepted" or not f.says] == []
    rejected = sum(f.status == "rejected" for f in found)
    assert rejected > 100 and rejected >= 0.9 * len(found)


def test_what_a_checker_overlooks_is_seen(monkeypatch):
    """A checker of witnesses that accepts everything: only what is a witness all the same is harmless."""
    chosen = damages(["witness-tampering"], "affine/side")
    chosen += [item for item in damages(["witness-tampering"]) if "definitions" in item[1]][::7]
    honest = {item: try_damage(item).status for item in chosen}
    monkeypatch.setattr(files, "check_bytes", lambda content: SimpleNamespace(ok=True))
    lax = {item: try_damage(item).status for item in chosen}
    # Two that the grid does not show: a fault between its points, or in a form that it does not read.
    overlooked = [item for item in chosen if honest[item] == "rejected" and lax[item] == "harmless"]
    assert len(overlooked) <= 0.02 * len(chosen), overlooked
    assert {lax[item] for item in chosen if honest[item] == "harmless"} == {"harmless"}


def test_a_shown_file_is_tampered_with_in_every_place_and_what_is_let_through_is_listed():
    """All of it: each listed change is let through by one, and is named by the report as not checked."""
    chosen = damages(["shown-tampering"])
    found = {name: try_damage((kind, name)) for kind, name in chosen}
    assert [f for f in found.values() if f.status == "accepted" or not f.says] == []
    harmless = [name.partition(" ")[2] for name, f in found.items() if f.status == "harmless"]
    unused = [way for way in files.UNCHECKED if not any(fnmatchcase(n, way) for n in harmless)]
    assert unused == [] and len(chosen) - len(harmless) > 900


@pytest.mark.parametrize("lax", ["values", "arrays", "report"])
def test_a_checker_of_shown_files_that_overlooks_is_seen(monkeypatch, lax):
    """One that looks at no value, one that believes any array, and one that does not say what it did not check."""
    honest = checking.check_shown
    if lax == "values":
        monkeypatch.setattr(files, "check_shown", lambda content, path, _: honest(content, path))
    elif lax == "arrays":
        arrays = {p.name: np.load(p) for p in files._shown().parent.glob("*.npy")}
        monkeypatch.setattr(checking, "read_array", lambda _path, end, _shape: arrays[end.point])
    else:
        monkeypatch.setattr(checking, "_BESIDES", "")
    accepted = [
        n for k, n in damages(["shown-tampering"])[::3] if try_damage((k, n)).status == "accepted"
    ]
    assert len(accepted) > 5
    assert any(".npy" in name for name in accepted) == (lax == "arrays")


def test_a_false_claim_on_the_grid_is_a_fault():
    genuine = json.loads(files.genuine_witness("black-box/approx"))
    assert check_bytes(json.dumps(genuine).encode()).ok and files._fault(genuine, genuine) == ""
    assert "something else" in files._fault({**genuine, "query": ["1/8", "1/8"]}, genuine)
    assert "extreme" in files._fault({**genuine, "f": "1/2"}, genuine)
    flat = {"sum": [genuine["f"], {"times": ["0", {"z": 1}]}]}
    assert files._fault({**genuine, "f": flat}, genuine) == ""


def test_names_do_not_depend_on_the_run():
    names = [name for _, name in damages(["tampering"])]
    files._set.cache_clear()
    files._set_damages.cache_clear()
    assert names == [name for _, name in damages(["tampering"])]


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_rejected_before_any_damage_is_a_problem_and_loses_nothing(monkeypatch, kind):
    """No damage is tried then, and the reason is told; what else was tried stays in the report."""
    reason = SimpleNamespace(verdict="REFUTED", reason="planted")
    monkeypatch.setattr(files, "_set_damages", files._set_damages.__wrapped__)
    monkeypatch.setattr(files, "_set", files._set.__wrapped__)
    monkeypatch.setattr(files, "compare", lambda folder: ({}, None, ["planted"]))
    monkeypatch.setattr(
        files, "check_bytes", lambda content: SimpleNamespace(ok=False, findings=[reason])
    )
    monkeypatch.setattr(files, "_shown", files._shown.__wrapped__)
    monkeypatch.setattr(
        files, "check_shown", lambda *_: SimpleNamespace(ok=False, findings=[reason])
    )
    names = {
        "tampering": files._set_damages,
        "witness-tampering": files._witness_damages.__wrapped__,
        "shown-tampering": files._shown_damages.__wrapped__,
    }
    monkeypatch.setitem(DAMAGED, kind, (names[kind], DAMAGED[kind][1]))
    report = selfcheck([kind], jobs=1)
    assert not report.passed and report.tampered == ()
    (problem,) = report.problems
    assert "rejected before any damage: planted" in problem
