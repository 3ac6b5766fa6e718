"""The obligations of each row. Importing this package registers them all."""

from trompe.proofs.rows import affine, convex, hats, lipschitz, metrics, monotone, networks, yes

__all__ = ["affine", "convex", "hats", "lipschitz", "metrics", "monotone", "networks", "yes"]
