"""Conclusions-files: what a unit's visualizations decide on given images, written, read and checked without PyTorch."""

from trompe.proofs.handover.concluded.checking import check_conclusions
from trompe.proofs.handover.concluded.data import (
    ADMISSIBLE,
    CERTIFIED,
    NATURAL,
    NORMS,
    NOTHING,
    OTHERS,
    PICTURES,
    ROOM,
    TASKS,
    ConcludedUnit,
    Conclusion,
    ConclusionSettings,
    ConclusionsFile,
    Counted,
    Slope,
)
from trompe.proofs.handover.concluded.file import FILE, is_conclusions, parse, to_json

__all__ = [
    "ADMISSIBLE",
    "CERTIFIED",
    "FILE",
    "NATURAL",
    "NORMS",
    "NOTHING",
    "OTHERS",
    "PICTURES",
    "ROOM",
    "TASKS",
    "ConcludedUnit",
    "Conclusion",
    "ConclusionSettings",
    "ConclusionsFile",
    "Counted",
    "Slope",
    "check_conclusions",
    "is_conclusions",
    "parse",
    "to_json",
]
