"""Shown-files: what an optimiser showed of a network's units, written, read and checked without PyTorch."""

from trompe.proofs.handover.shown.checking import check_shown
from trompe.proofs.handover.shown.data import (
    ENDS,
    Evaluated,
    Natural,
    Pictured,
    ShownEnd,
    ShownFile,
    ShownImages,
    ShownModel,
    ShownUnit,
)
from trompe.proofs.handover.shown.file import FORMAT, parse, read_array, read_shown, to_json
from trompe.proofs.handover.shown.near import NearExtremes, near_extremes

__all__ = [
    "ENDS",
    "FORMAT",
    "Evaluated",
    "Natural",
    "NearExtremes",
    "Pictured",
    "ShownEnd",
    "ShownFile",
    "ShownImages",
    "ShownModel",
    "ShownUnit",
    "check_shown",
    "near_extremes",
    "parse",
    "read_array",
    "read_shown",
    "to_json",
]
