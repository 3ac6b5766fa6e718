"""The rows, one file each: obligations and identities, and which of them carry which part of the claim."""

from trompe.proofs.budgets import BUDGET
from trompe.proofs.exemplars import EXEMPLARS
from trompe.proofs.row import Evidence
from trompe.proofs.rows import additive, affine, constant, convex, free, lipschitz, monotone, neuron
from trompe.proofs.supports import SUPPORTS

__all__ = ["BOUNDS", "EVIDENCE"]

EVIDENCE: dict[str, Evidence] = {
    key: evidence
    for module in (free, lipschitz, monotone, convex, affine, constant, neuron, additive)
    for key, evidence in module.EVIDENCE.items()
}
"""By row."""

BOUNDS = (*EXEMPLARS, *SUPPORTS, *BUDGET)
"""What no theorem of the table needs: bounds with exemplars, and how many exemplars decide."""
