"""Constant functions: one decoder is right for every member."""

from __future__ import annotations

from trompe.proofs.obligations import Claim, Fault, Scope, obligation
from trompe.proofs.row import Evidence
from trompe.theory import Comparison, Constant

__all__ = ["EVIDENCE"]

EVIDENCE = {"constant": Evidence(decodes=("constant/decodes",))}


@obligation("constant/decodes", "m = h(x) for every constant h")
def _constant(s: Scope) -> Claim:
    at_a, at_x = s.reals("h_a h_x")
    return Claim(
        {"h: law at a, x": Constant().law(Comparison(at_a, at_x), s.xp)},
        at_a == at_x,
        Fault("h need not be constant", without="h: law at a, x"),
    )
