"""Random instances in exact arithmetic. No proof: they look for what proofs and constructions could share, a wrong idea."""

from trompe.proofs.sampling.rows import DIMS, Sampled, sample_row

__all__ = ["DIMS", "Sampled", "sample_row"]
