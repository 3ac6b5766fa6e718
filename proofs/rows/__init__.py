"""The obligations of each row. Importing this package registers them all."""

from trompe.proofs.rows import (
    additive,
    affine,
    budgets,
    convex,
    exemplars,
    hats,
    lipschitz,
    lipschitz_unknown,
    metrics,
    monotone,
    networks,
    neuron,
    supports,
    yes,
)

__all__ = [
    "additive",
    "affine",
    "budgets",
    "convex",
    "exemplars",
    "hats",
    "lipschitz",
    "lipschitz_unknown",
    "metrics",
    "monotone",
    "networks",
    "neuron",
    "supports",
    "yes",
]
