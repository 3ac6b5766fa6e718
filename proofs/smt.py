"""SMT-LIB 2 scripts: what a solver is asked, as text that any solver can read.

The script asserts the hypotheses and the negated goal; `unsat` means that the sentence holds for all
reals. The twins drop the goal (vacuity) or carry the planted fault (mutant) and must be `sat`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from trompe.proofs.obligations import Claim, Obligation, Scope
from trompe.proofs.solvers import z3


@dataclass(frozen=True)
class Scripts:
    """The three questions of one obligation, each a self-contained SMT-LIB 2 script."""

    main: str
    vacuity: str
    mutant: str
    sha256: str
    """One hash of what the three ask. It does not depend on how a version of Z3 prints a term."""


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
    subterms = _Subterms()
    for term in (*claim.given.values(), claim.show, *given.values(), show):
        subterms.sha256(term)
    logic = subterms.logic
    symbols = sorted(scope.symbols)

    def shown(by: Callable[[Any], str]) -> list[str]:
        return [script(q, symbols, logic, f"{head}\n{comment}", by) for q, comment in questions]

    hashed = hashlib.sha256("".join(shown(subterms.sha256)).encode()).hexdigest()
    main, vacuity, mutant = shown(_printed)
    return Scripts(main, vacuity, mutant, hashed)


def _printed(term: Any) -> str:
    return str(term.sexpr())


def script(
    assertions: dict[str, Any],
    symbols: Iterable[str],
    logic: str,
    comment: str,
    shown: Callable[[Any], str] = _printed,
) -> str:
    """One satisfiability question about reals, with every assertion named in a comment."""
    lines = [f"; {line}" for line in comment.splitlines()]
    lines += [f"(set-logic {logic})"]
    lines += [f"(declare-const {name} Real)" for name in symbols]
    for name, term in assertions.items():
        lines += [f"; {name}", f"(assert {shown(term)})"]
    return "\n".join([*lines, "(check-sat)", ""])


def question(assertions: dict[str, Any], symbols: Iterable[str]) -> str:
    """The script that asks whether all of these can hold."""
    subterms = _Subterms()
    for term in assertions.values():
        subterms.sha256(term)
    return script(assertions, sorted(symbols), subterms.logic, "")


class _Subterms:
    """Every subterm once: its hash, from the operator's name and the hashes of its arguments, and its degree.

    Z3's own functions are called, not the methods of its Python terms, which take four times as long.
    """

    def __init__(self) -> None:
        self._known: dict[int, str] = {}
        self.are_linear = True
        """Does no product have two factors that are not numerals?"""

    @property
    def logic(self) -> str:
        """What SMT-LIB calls the theory of all of them."""
        return "QF_LRA" if self.are_linear else "QF_NRA"

    def sha256(self, term: Any) -> str:
        known, context = self._known, term.ctx.ref()
        waiting = [(term.get_id(), term.as_ast())]
        while waiting:
            number, at = waiting[-1]
            parts = [
                z3.Z3_get_app_arg(context, at, k)
                for k in range(z3.Z3_get_app_num_args(context, at))
            ]
            numbered = [(z3.Z3_get_ast_id(context, part), part) for part in parts]
            unknown = [each for each in numbered if each[0] not in known]
            if unknown:
                waiting += unknown
                continue
            waiting.pop()
            if number not in known:
                text = " ".join([self._head(context, at, parts), *(known[k] for k, _ in numbered)])
                known[number] = hashlib.sha256(text.encode()).hexdigest()
        return known[term.get_id()]

    def _head(self, context: Any, at: Any, parts: list[Any]) -> str:
        if z3.Z3_is_numeral_ast(context, at):
            return f"number {z3.Z3_get_numeral_string(context, at)}"
        operator = z3.Z3_get_app_decl(context, at)
        if z3.Z3_get_decl_kind(context, operator) == z3.Z3_OP_MUL:
            factors = sum(not z3.Z3_is_numeral_ast(context, part) for part in parts)
            self.are_linear = self.are_linear and factors <= 1
        return str(z3.Z3_get_symbol_string(context, z3.Z3_get_decl_name(context, operator)))
