"""Witness files: one concrete pair with exact numbers, written, read and checked for the whole box."""

from trompe.proofs.handover.witnesses.checking import (
    MAX_STEPS,
    Finding,
    Report,
    check_bytes,
    check_file,
    check_witness,
)
from trompe.proofs.handover.witnesses.data import Witness, witness_of
from trompe.proofs.handover.witnesses.file import parse, to_json

__all__ = [
    "MAX_STEPS",
    "Finding",
    "Report",
    "Witness",
    "check_bytes",
    "check_file",
    "check_witness",
    "parse",
    "to_json",
    "witness_of",
]
