"""Who checked it: obligations, the solvers that decide them, and the labels that they earn."""

from trompe.proofs.evidence import ASSUMED, CASES, Case, assumed_by, case, earned_label
from trompe.proofs.obligations import Claim, Fault, Obligation, Scope, obligation, registered
from trompe.proofs.solvers import SOLVERS, Answer, solve, solver_version
from trompe.proofs.verify import (
    DEFAULT_DIMS,
    Cell,
    Outcome,
    Table,
    Verdict,
    check_obligation,
    verify_keys,
    verify_table,
)

__all__ = [
    "ASSUMED",
    "CASES",
    "DEFAULT_DIMS",
    "SOLVERS",
    "Answer",
    "Case",
    "Cell",
    "Claim",
    "Fault",
    "Obligation",
    "Outcome",
    "Scope",
    "Table",
    "Verdict",
    "assumed_by",
    "case",
    "check_obligation",
    "earned_label",
    "obligation",
    "registered",
    "solve",
    "solver_version",
    "verify_keys",
    "verify_table",
]
