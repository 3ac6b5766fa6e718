"""Is a conclusion that says less noticed? Each comparison in it, by its own planted fault (`trompe.proofs.mutation.comparisons`).

A comparison is

- *needed* when its fault is refuted, and is no longer when the comparison is weakened: by a unit, and at its boundary
- *loose* when it is listed by hand, with the reason why nothing comes near: then the fault is one unit on
- *spare* when the part holds whatever it says; like a spare hypothesis it decides nothing
- *surviving* when it could say more and is not listed, or when it can be weakened unseen: a failure
- *unknown* when no solver can tell: a failure

A part of which no comparison is needed or loose would not be missed: that survives as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trompe.proofs.mutation.comparisons import Compared, Put, atoms, parts
from trompe.proofs.obligations import Claim, Obligation, Scope
from trompe.proofs.smt import question
from trompe.proofs.solvers import SOLVERS, solve, z3

Need = Literal["needed", "loose", "spare", "surviving", "unknown"]


@dataclass(frozen=True)
class Weakened:
    """What became of one comparison in a conclusion, or of a part of it that would not be missed."""

    check: str
    part: str
    """Which part, and which comparison in it, counted from 1."""
    status: Need
    says: str
    """The comparison, and the reason."""

    @property
    def name(self) -> str:
        """As the list of loose ones has it."""
        return f"{self.check}: {self.part}"


def weaken_each(item: Obligation, loose: Mapping[str, str]) -> list[Weakened]:
    """Every comparison of an obligation's conclusion. `loose` has reasons by `CHECK: part I, comparison J`."""
    scope = Scope()
    claim = item.build(scope)
    ask = _Asked(claim, scope)
    found = []
    for i, part in enumerate(parts(claim.show), 1):
        in_part = [
            _weakened(ask, item.key, f"part {i}, comparison {j}", comparison, put, loose)
            for j, (comparison, put) in enumerate(atoms(part), 1)
        ]
        if all(each.status == "spare" for each in in_part):
            in_part.append(Weakened(item.key, f"part {i}", "surviving", "nothing in it is needed"))
        found += in_part
    return found


def _weakened(
    ask: _Asked, key: str, where: str, comparison: Compared, put: Put, loose: Mapping[str, str]
) -> Weakened:
    said, reason = str(comparison), loose.get(f"{key}: {where}", "")

    def outcome(status: Need, why: str) -> Weakened:
        return Weakened(key, where, status, f"{said}: {why}")

    faults = ask.refuted(map(put, comparison.faults()))
    if faults == "unsat" and ask.refuted([put(z3.BoolVal(not comparison.is_wanted))]) == "unsat":
        return outcome("spare", "the part holds whatever this says")
    if reason and faults == "sat":
        return outcome("surviving", "listed as loose, but a step more is refuted")
    if reason:
        faults = ask.refuted(map(put, comparison.faults(is_loose=True)))
    if faults != "sat":
        return outcome("unknown" if faults == "unknown" else "surviving", "it could say more")
    for weaker in comparison.weaker():
        if reason and weaker.relation != comparison.relation:
            continue  # nothing comes near the boundary
        faults = ask.refuted(map(put, weaker.faults(is_loose=bool(reason))))
        if faults != "unsat":
            status: Need = "unknown" if faults == "unknown" else "surviving"
            return outcome(status, f"{weaker} would not be noticed")
    return outcome("loose", reason) if reason else outcome("needed", "noticed")


class _Asked:
    """Asks about sentences with the hypotheses of one claim."""

    def __init__(self, claim: Claim, scope: Scope) -> None:
        self._given = claim.given
        self._symbols = scope.symbols

    def refuted(self, sentences: Iterable[Any]) -> str:
        """Is each of these false somewhere? sat where all are, else the first other answer: unsat, unknown."""
        answers = (
            self._answer(question({**self._given, "negated": z3.Not(q)}, self._symbols))
            for q in sentences
        )
        return next((answer for answer in answers if answer != "sat"), "sat")

    def _answer(self, text: str) -> str:
        """What the first solver says that can tell."""
        answers = (solve(name, text).result for name in SOLVERS)
        return next((answer for answer in answers if answer != "unknown"), "unknown")
