"""Samples: every row says what is expected of it, the same cases each time, and each kind of check can fail."""

from __future__ import annotations

import pytest

from trompe.constructions import construction, levels, programs
from trompe.proofs.rows import CHECKS, EVIDENCE
from trompe.proofs.sampling import DIMS, limits, rows, sample_row
from trompe.proofs.verify import verify_table
from trompe.theory import ROWS, FunctionClass, row_class

PLAIN = [row for row in ROWS if construction(row) is not None]


def test_every_row_has_checks_and_evidence_of_its_own_class():
    assert set(CHECKS) == set(EVIDENCE) == set(ROWS)
    for row, checks in CHECKS.items():
        assert checks.kind is row_class(row) and checks.key == row
        assert all(d in range(1, 4) for d in checks.dims)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_sampled_six_times_at_each_d_that_it_is_about(row):
    kind = row_class(row)
    found = sample_row(row)
    dims = [d for d in DIMS if kind.min_dim <= d <= (kind.max_dim or d)]
    assert (found.failure, list(found.dims), found.instances) == ("", dims, 6 * len(dims))


@pytest.mark.parametrize("row", PLAIN)
def test_a_class_that_refuses_nothing_is_found(row, monkeypatch):
    monkeypatch.setattr(row_class(row), "check_visualization", lambda self, v: None)
    says = next(says for says, holds in limits.check_limits(row) if not holds)
    assert "is not shown" in says and sample_row(row).failure == says


@pytest.mark.parametrize("row", PLAIN)
def test_a_class_that_refuses_a_query_is_found(row, monkeypatch):
    from trompe.theory import InvalidInput

    def refuse(self, v, x):
        raise InvalidInput("no")

    monkeypatch.setattr(FunctionClass, "check_query", refuse)
    assert sample_row(row).failure


def test_the_first_random_case_that_fails_is_told_with_its_example(monkeypatch):
    def failing(row, pick, dim):
        yield "phi", lambda: f"at {pick(3, 3)}", False

    monkeypatch.setattr(rows, "check_whole", failing)
    found = sample_row("convex")
    assert (found.instances, found.failure) == (1, "d = 1: phi: at 3")


def test_a_recorded_program_that_says_something_else_is_found(monkeypatch):
    """The planted fault: of two recorded numbers the first is taken for the least."""
    monkeypatch.setattr(programs.Recorded, "least", lambda self, others: self)
    assert "the recorded program" in sample_row("convex", ()).failure
    assert sample_row("monotone", ()).held  # which asks for no least number


def test_what_is_claimed_where_less_is_shown_is_sampled_for_the_levels_of_the_table(monkeypatch):
    """The planted fault is a decoder of the maximiser alone that says the other side."""
    key = "affine-1d/side/argmax"
    decode = levels.LEVEL_DECODERS[key]
    other = {"min": "max", "max": "min"}
    wrong = {**levels.LEVEL_DECODERS, key: lambda shown, x: other[decode(shown, x)]}
    monkeypatch.setattr(levels, "LEVEL_DECODERS", wrong)
    assert sample_row("affine-1d", ()).held and sample_row("affine-1d", ("near", "images")).held
    assert "level-yes" in sample_row("affine-1d").failure
    for less in ((), ("argmax",)):
        whole = verify_table(["affine-1d"], jobs=1, solvers=["z3"], levels=["extremes", *less])
        verdicts = {cell.verdict for cell in whole.cells.values()}
        assert verdicts == ({"REFUTED"} if less else {"PROVED"})
