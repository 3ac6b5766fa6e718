"""Conclusions-files: what a unit's visualizations decide on given images, written, read and checked without PyTorch."""

from trompe.proofs.handover.concluded.data import (
    ADMISSIBLE,
    CERTIFIED,
    NATURAL,
    NORMS,
    NOTHING,
    OTHERS,
    PICTURES,
    TASKS,
    ConcludedUnit,
    Conclusion,
    ConclusionSettings,
    ConclusionsFile,
    Counted,
    Slope,
)

__all__ = [
    "ADMISSIBLE",
    "CERTIFIED",
    "NATURAL",
    "NORMS",
    "NOTHING",
    "OTHERS",
    "PICTURES",
    "TASKS",
    "ConcludedUnit",
    "Conclusion",
    "ConclusionSettings",
    "ConclusionsFile",
    "Counted",
    "Slope",
]
