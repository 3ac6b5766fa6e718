"""Campaigns find what is planted, repeat themselves, and run on any joblib backend."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_planted_faults import DAMAGED
from worker_calls import batch_or_die

import trompe.constructions.adversary as adversary
from trompe.constructions import CONSTRUCTIONS
from trompe.constructions.rows.affine import Affine1dRow
from trompe.constructions.rows.monotone import MonotoneRow
from trompe.proofs.sampling import cases, fuzzing
from trompe.proofs.sampling.fuzzing import PROPERTIES, campaign
from trompe.theory import CLASSES, EXTENDED, Convex, InvalidInput, UnknownKey

CASES = 6
"""Enough to meet every planted fault with seed 0."""


def test_nothing_fails_and_everything_is_checked():
    found = campaign(cases=CASES)
    assert found.failures == ()
    assert (found.seed, found.first, found.cases, found.is_interrupted) == (0, 0, CASES, False)
    assert list(found.counts) == list(CLASSES)
    checked = {key for counts in found.counts.values() for key in counts}
    assert checked == set(PROPERTIES)
    for row, counts in found.counts.items():
        assert counts["runs"] == CASES and counts["envelope"] == 2 * CASES
        if row in CONSTRUCTIONS:
            assert counts["gap"] == counts["triple"] == CASES
            assert counts["defeat"] + counts.get("mistake", 0) == 3 * CASES


def test_further_rows_can_be_fuzzed():
    found = campaign(list(EXTENDED), cases=3)
    assert found.failures == () and list(found.counts) == list(EXTENDED)


# -- it repeats itself -------------------------------------------------------------------------------


def test_a_number_of_cases_says_which_ones():
    rows = ["convex", "monotone", "affine-1d"]
    whole = campaign(rows, cases=7, seed=3)
    assert whole == campaign(rows, cases=7, seed=3, jobs=2)
    parts = [campaign(rows, cases=4, seed=3), campaign(rows, cases=3, seed=3, first=4)]
    for row, counts in whole.counts.items():
        for key, count in counts.items():
            assert count == sum(part.counts[row].get(key, 0) for part in parts)
    assert whole.counts != campaign(rows, cases=7, seed=4).counts
    alone = campaign(["monotone"], cases=7, seed=3)
    assert alone.counts["monotone"] == whole.counts["monotone"]


def test_a_budget_only_decides_how_many():
    found = campaign(["affine-1d"], budget=0.3)
    assert found.cases >= 4 and found.seconds < 30
    assert campaign(["affine-1d"], cases=found.cases).counts == found.counts


# -- planted faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "kind"), DAMAGED, ids=[f"{row}-{kind.__name__}" for row, kind in DAMAGED]
)
def test_a_damaged_construction_is_found(row, kind, monkeypatch):
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    monkeypatch.setitem(CONSTRUCTIONS, row, kind())
    found = campaign([row], cases=CASES)
    assert found.failures
    assert {failure.row for failure in found.failures} == {row}


def test_the_example_is_simple_and_its_case_repeats(monkeypatch):
    kind = {kind.__name__: kind for _, kind in DAMAGED}["ReciprocalsExchanged"]
    monkeypatch.setitem(CONSTRUCTIONS, "monotone", kind())
    found = campaign(["monotone"], cases=2, seed=5, first=40)
    first = found.failures[0]
    assert first.case in (40, 41)
    assert first.example.startswith(
        "Monotone(), argmin (0), argmax (1), values in [0, 1], x = (1/3), eta = 1/2"
    )
    assert first.command == f"trompe fuzz --row monotone --seed 5 --first {first.case} --cases 1"
    assert campaign(["monotone"], cases=1, seed=5, first=first.case).failures == (first,)


def test_an_envelope_that_is_too_narrow_is_found(monkeypatch):
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    monkeypatch.setattr(Convex, "gauge", lambda self, v, x: Convex_gauge(self, v, x) / 2)
    found = campaign(["convex"], cases=CASES)
    assert "envelope" in {failure.key for failure in found.failures}


Convex_gauge = Convex.gauge


def test_a_wrong_decoder_of_a_yes_row_is_found(monkeypatch):
    monkeypatch.setattr(Affine1dRow, "decoder", lambda self, cls: lambda v, x: v.mid)
    found = campaign(["affine-1d"], cases=CASES)
    assert {failure.key for failure in found.failures} == {"yes", "level-yes"}
    assert "argmin (0), argmax (1), values in [0, 1]" in found.failures[0].example


def test_an_adversary_that_gives_up_is_found(monkeypatch):
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    monkeypatch.setattr(cases, "mistakes", lambda *_: [])
    assert {f.key for f in campaign(["affine"], cases=CASES).failures} == {"defeat"}
    monkeypatch.undo()
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    monkeypatch.setattr(cases, "refuting_member", lambda *_: None)
    assert {f.key for f in campaign(["affine"], cases=CASES).failures} == {"mistake"}
    monkeypatch.undo()
    monkeypatch.setattr(fuzzing, "_SHRINKING_TRIES", 0)
    monkeypatch.setattr(adversary, "LARGEST_ETA", 1)
    assert campaign(["affine"], cases=CASES).failures


def test_a_refusal_or_crash_is_a_failure(monkeypatch):
    def refuse(self, v):
        raise InvalidInput("no")

    monkeypatch.setattr(CLASSES["monotone"], "_check_extremes", refuse)
    found = campaign(["monotone"], cases=2)
    assert {failure.key for failure in found.failures} == {"runs"}
    assert "InvalidInput: no" in found.failures[0].example


def test_members_outside_their_class_are_found(monkeypatch):
    make = MonotoneRow.draw_member

    def lifted(self, pick, cls, dim):
        h = make(self, pick, cls, dim)
        return replace(h, value=lambda z: h.value(z) + h.v.range)

    monkeypatch.setattr(MonotoneRow, "draw_member", lifted)
    found = campaign(["monotone"], cases=CASES)
    assert {failure.key for failure in found.failures} == {"envelope"}


def test_a_case_that_ends_its_process_is_a_failure_and_costs_no_other(monkeypatch):
    monkeypatch.setattr(fuzzing, "run_batch", batch_or_die)
    found = campaign(["constant", "affine"], cases=12, jobs=2)
    assert [(f.row, f.key, f.case) for f in found.failures] == [
        (row, "runs", 5) for row in ("constant", "affine")
    ]
    assert found.failures[0].example == "its process ended by itself (status 3)"
    assert found.cases == 12 and {counts["runs"] for counts in found.counts.values()} == {11}


# -- running it --------------------------------------------------------------------------------------


def test_ctrl_c_gives_the_counts_so_far():
    def stop(done, total, text):
        if done >= 4:
            raise KeyboardInterrupt

    found = campaign(["affine-1d"], cases=10_000, progress=stop)
    assert found.is_interrupted and 4 <= found.cases < 10_000
    assert found.counts["affine-1d"]["runs"] == found.cases


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "either a number of cases or a budget"),
        ({"cases": 1, "budget": 1.0}, "either a number of cases or a budget"),
        ({"cases": 0}, "cases = 0"),
        ({"budget": 0.0}, "budget = 0.0 s"),
        ({"budget": float("inf")}, "finite"),
        ({"cases": 1, "first": -1}, "first = -1"),
    ],
)
def test_bad_amounts_are_refused(options, said):
    with pytest.raises(InvalidInput, match=said):
        campaign(**options)


def test_an_unknown_row_is_refused():
    with pytest.raises(UnknownKey, match="convex"):
        campaign(["convexx"], cases=1)


def test_a_local_dask_cluster_serves_without_a_change_of_ours():
    distributed = pytest.importorskip(
        "dask.distributed",
        reason="dask is not installed: pip install 'dask[distributed]' runs this",
    )
    import warnings

    import joblib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dask's own, about ports and dashboards
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )
        with cluster, distributed.Client(cluster) as client:
            with joblib.parallel_config(backend="dask"):
                found = campaign(["convex", "affine"], cases=6, seed=1)
            ran = client.run(
                lambda: len(
                    __import__("sys").modules.get("trompe.proofs.sampling.fuzzing").PROPERTIES
                )
            )
    assert found == campaign(["convex", "affine"], cases=6, seed=1)
    assert set(ran.values()) == {len(PROPERTIES)}
