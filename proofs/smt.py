"""SMT-LIB 2 scripts: what a solver is asked, as text that any solver can read.

The script asserts the hypotheses and the negated goal; `unsat` means that the sentence holds for all
reals. The twins drop the goal (vacuity) or carry the planted fault (mutant) and must be `sat`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trompe.proofs.obligations import Claim, Obligation, Scope
from trompe.proofs.solvers import z3

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
    questions = (
        (
            {**claim.given, "negated goal": z3.Not(claim.show)},
            "unsat: the sentence holds for all reals",
        ),
        (claim.given, "hypotheses alone; sat: they can be met"),
        (
            {**given, "negated goal": z3.Not(show)},
            f"planted fault: {claim.fault.says}; sat: the check catches it",
        ),
    )
    terms = [*claim.given.values(), claim.show, *given.values(), show]
    logic = "QF_LRA" if _is_linear(terms) else "QF_NRA"
    symbols = sorted(scope.symbols)
    return Scripts(*(script(q, symbols, logic, f"{head}\n{comment}") for q, comment in questions))


def script(assertions: dict[str, Any], symbols: Iterable[str], logic: str, comment: str) -> str:
    """One satisfiability question about reals, with every assertion named in a comment."""
    lines = [f"; {line}" for line in comment.splitlines()]
    lines += [f"(set-logic {logic})"]
    lines += [f"(declare-const {name} Real)" for name in symbols]
    for name, term in assertions.items():
        lines += [f"; {name}", f"(assert {term.sexpr()})"]
    return "\n".join([*lines, "(check-sat)", ""])


def _is_linear(terms: list[Any]) -> bool:
    """No product of two factors that are not numerals, in any subterm."""
    seen: set[int] = set()
    stack = list(terms)
    while stack:
        at = stack.pop()
        if at.get_id() in seen:
            continue
        seen.add(at.get_id())
        parts = at.children()
        if z3.is_mul(at) and sum(not z3.is_rational_value(p) for p in parts) > 1:
            return False
        stack += parts
    return True
