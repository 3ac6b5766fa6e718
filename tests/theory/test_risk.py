"""The class of the row erm: it fits every label, and what that has to do with the least empirical risk."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from trompe.theory import (
    INCLUSIONS,
    Dataset,
    EmpiricalRiskMinimizer,
    InvalidInput,
    Visualization,
)
from trompe.theory.bounding import bound

F = Fraction
LABELS = (F(1, 4), F(3, 4))
ANSWERS = [F(k, 8) for k in range(9)]
"""All functions of two inputs with values among these; the labels are among them."""
FUNCTIONS = list(product(ANSWERS, repeat=2))

LOSSES = {
    "square": lambda p, t: (p - t) ** 2,
    "absolute": lambda p, t: abs(p - t),
    "0 or 1": lambda p, t: F(p != t),
    "epsilon-insensitive": lambda p, t: max(F(0), abs(p - t) - F(1, 8)),
    "none": lambda p, t: F(0),
}


def minimisers(loss):
    risk = {f: sum(map(loss, f, LABELS)) for f in FUNCTIONS}
    return {f for f, value in risk.items() if value == min(risk.values())}


def test_to_fit_is_to_have_the_least_risk_for_every_allowed_loss():
    for loss in LOSSES.values():
        assert all(loss(t, t) <= loss(p, t) for p in ANSWERS for t in ANSWERS)
    assert set.intersection(*map(minimisers, LOSSES.values())) == {LABELS}


def test_one_loss_that_is_not_strict_leaves_the_training_input_open():
    found = minimisers(LOSSES["epsilon-insensitive"])
    assert LABELS in found and len({f[0] for f in found}) > 1
    assert minimisers(LOSSES["square"]) == {LABELS}


def test_the_class_is_said_by_its_labels_and_its_bound_at_a_training_input_is_theirs():
    assert "takes the label at every training input" in EmpiricalRiskMinimizer.definition
    cls = EmpiricalRiskMinimizer(Dataset([("1/2", 0)], ["1/3"]))
    found = bound(cls, Visualization((0, 0), (1, 1), 0, 1), ("1/2", 0))
    assert found.interval.lower == found.interval.upper == F(1, 3)
    assert found["exact"].reason.startswith(
        "every ReLU network that fits every training label, with this visualization"
    )
    said = [EmpiricalRiskMinimizer.definition, found["exact"].reason]
    said += [step.why for step in INCLUSIONS if step.sub == "erm"]
    assert not any("risk" in words for words in said)


def test_conflicting_labels_are_reduced_first():
    with pytest.raises(InvalidInput, match=r"no function fits both. Dataset.reduced"):
        Dataset([(0,), (0,)], [0, 1])
    assert Dataset.reduced([(0,), (0,)], [0, 1]).labels == (F(1, 2),)
