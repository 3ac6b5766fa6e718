"""Does verification notice? Mutants of what is proved, and tampered files for the checkers."""

from trompe.proofs.mutation.conclusions import Weakened
from trompe.proofs.mutation.running import (
    MOST_EQUIVALENT,
    PARTS,
    Hypothesis,
    MutantOutcome,
    SelfcheckReport,
    Status,
    read_equivalent,
    read_loose,
    selfcheck,
    try_mutant,
)

__all__ = [
    "MOST_EQUIVALENT",
    "PARTS",
    "Hypothesis",
    "MutantOutcome",
    "SelfcheckReport",
    "Status",
    "Weakened",
    "read_equivalent",
    "read_loose",
    "selfcheck",
    "try_mutant",
]
