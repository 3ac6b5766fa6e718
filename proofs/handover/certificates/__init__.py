"""Certificate sets: the obligations as files that a reader checks without trusting this program."""

from trompe.proofs.handover.certificates.certifying import Certified, certify
from trompe.proofs.handover.certificates.checking import KINDS, CheckReport, Failure, check_set

__all__ = ["KINDS", "Certified", "CheckReport", "Failure", "certify", "check_set"]
