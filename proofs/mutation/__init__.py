"""Does verification notice? Mutants of what is proved, and tampered files for the checkers.

In the first run 294 of 1590 mutants survived, about 60 of them equivalent or in functions that hold no formula. Checked since
then: that a metric is that of its name, the affine law an equation, and refusals; that eta and other parameters are as
obligations assume; arrays and the radius.
"""

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
