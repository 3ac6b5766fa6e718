"""The rows, one file each: obligations and identities, which of them carry which part of the claim; and what samples check."""

from trompe.proofs import budgets, cones, exemplars, supports  # noqa: F401  (registers their obligations)
from trompe.proofs.row import Evidence, RowChecks
from trompe.proofs.rows import additive, affine, constant, convex, free, lipschitz, monotone, neuron
from trompe.theory import row_class

__all__ = ["CHECKS", "EVIDENCE"]

_MODULES = (free, lipschitz, monotone, convex, affine, constant, neuron, additive)

EVIDENCE: dict[str, Evidence] = {
    key: evidence for module in _MODULES for key, evidence in module.EVIDENCE.items()
}
"""By row."""

CHECKS: dict[str, RowChecks] = {
    key: made(row_class(key)) for module in _MODULES for key, made in module.CHECKS.items()
}
"""By row."""
