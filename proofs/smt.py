"""SMT-LIB 2 scripts: what a solver is asked, as text that any solver can read.

The script asserts the hypotheses and the negated goal; `unsat` means that the sentence holds for all
reals. The twins drop the goal (vacuity) or carry the planted fault (mutant) and must be `sat`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import z3

from trompe.proofs.obligations import Claim, Obligation, Scope

__all__ = ["Scripts", "script", "scripts"]


@dataclass(frozen=True)
class Scripts:
    """The three questions of one obligation, each a self-contained SMT-LIB 2 script."""

    main: str
    vacuity: str
    mutant: str


def scripts(obligation: Obligation, scope: Scope) -> Scripts:
    """Build an obligation and print its three questions."""
    claim: Claim = obligation.build(scope)
    given, show = claim.damaged()
    head = f"{obligation.key}\n{obligation.says}"
    return Scripts(
        script(
            {**claim.given, "negated goal": z3.Not(claim.show)},
            f"{head}\nunsat: the sentence holds for all reals",
        ),
        script(claim.given, f"{head}\nhypotheses alone; sat: they can be met"),
        script(
            {**given, "negated goal": z3.Not(show)},
            f"{head}\nplanted fault: {claim.fault.says}; sat: the check catches it",
        ),
    )


def script(assertions: dict[str, Any], comment: str) -> str:
    """One satisfiability question about reals, with every assertion named in a comment."""
    terms = list(assertions.values())
    symbols = sorted({str(s): s for term in terms for s in _symbols(term)}.items())
    logic = "QF_NRA" if any(_is_nonlinear(term) for term in terms) else "QF_LRA"
    lines = [f"; {line}" for line in comment.splitlines()]
    lines += [f"(set-logic {logic})"]
    lines += [f"(declare-const {name} {symbol.sort()})" for name, symbol in symbols]
    for name, term in assertions.items():
        lines += [f"; {name}", f"(assert {term.sexpr()})"]
    return "\n".join([*lines, "(check-sat)", ""])


def _walk(term: Any) -> list[Any]:
    """Every distinct subterm."""
    seen: dict[int, Any] = {}
    stack = [term]
    while stack:
        at = stack.pop()
        if at.get_id() not in seen:
            seen[at.get_id()] = at
            stack += at.children()
    return list(seen.values())


def _symbols(term: Any) -> list[Any]:
    return [
        t for t in _walk(term) if z3.is_const(t) and t.decl().kind() == z3.Z3_OP_UNINTERPRETED
    ]


def _is_nonlinear(term: Any) -> bool:
    return any(
        z3.is_mul(t) and sum(not z3.is_rational_value(c) for c in t.children()) > 1
        for t in _walk(term)
    )
