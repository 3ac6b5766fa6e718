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
    kind_of,
)
from trompe.proofs.handover.concluded.file import FILE, check_units, is_conclusions, parse, to_json

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
    "check_units",
    "is_conclusions",
    "kind_of",
    "parse",
    "to_json",
]
