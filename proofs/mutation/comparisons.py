"""The parts of a conclusion, and for each comparison in them a planted fault: the part with that comparison a step stronger.

A conclusion says all that it could only if nothing more could be said: each of these faults has to be refutable. A part
that is left out takes its faults with it, and one that says less has faults that hold. So whoever weakens a conclusion
finds that a stronger one is proved (`trompe selfcheck` tries it with every comparison).

Terms are Z3's. A comparison is *wanted* where the part grows stronger as it does, as in what an implication shows, and
unwanted where the part grows weaker, as in what an implication assumes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from trompe.proofs.solvers import z3

Put = Callable[[Any], Any]


@dataclass(frozen=True)
class Compared:
    """A comparison somewhere in a part: `left < right`, `left <= right` or `left == right`."""

    left: Any
    relation: str
    right: Any
    is_wanted: bool

    def __str__(self) -> str:
        return " ".join(f"{self.left} {self.relation} {self.right}".split())

    @property
    def term(self) -> Any:
        """As a term."""
        if self.relation == "==":
            return self.left == self.right
        return self.left < self.right if self.relation == "<" else self.left <= self.right

    def faults(self, is_loose: bool = False) -> Iterator[Any]:
        """What would make the part say more: a step on, which is the boundary counted the other way, or else a unit.

        An equation among alternatives is a unit off, each way: a half of it would allow one of these.

        Parameters
        ----------
        is_loose : a unit on also where the step would be the boundary.
        """
        if self.relation == "==":
            if self.is_wanted:
                yield self._moved(1).term
                yield self._moved(-1).term
            else:
                yield z3.And(self._moved(-1).left <= self.right, self.right <= self._moved(1).left)
        elif (self.relation == "<") == self.is_wanted or is_loose:
            yield self._moved(1 if self.is_wanted else -1).left <= self.right
        else:
            yield replace(self, relation="<" if self.is_wanted else "<=").term

    def weaker(self) -> Iterator[Compared]:
        """What makes the part say less: a unit back, and the boundary counted the other way.

        Of an equation there is nothing to try: to assume less is to leave the part out, and a half of one that is
        shown is one of its `faults`, which have no step in common.
        """
        if self.relation == "==":
            return
        yield self._moved(-1 if self.is_wanted else 1)
        if (self.relation == "<") == self.is_wanted:
            yield replace(self, relation="<=" if self.is_wanted else "<")

    def _moved(self, units: int) -> Compared:
        return replace(self, left=self.left + units)


def parts(term: Any) -> list[Any]:
    """What a term is the conjunction of: an equation is two inequalities, an equivalence two implications.

    What is true without a solver, since it was computed, is left out.
    """
    if z3.is_true(term):
        return []
    if z3.is_and(term):
        return [part for child in term.children() for part in parts(child)]
    if z3.is_implies(term):
        assumed, shown = term.children()
        return [z3.Implies(assumed, part) for part in parts(shown)]
    if z3.is_app_of(term, z3.Z3_OP_ITE):
        test, yes, no = term.children()
        return [*parts(z3.Implies(test, yes)), *parts(z3.Implies(z3.Not(test), no))]
    if z3.is_not(term) and z3.is_or(term.arg(0)):
        return [part for child in term.arg(0).children() for part in parts(z3.Not(child))]
    if z3.is_eq(term):
        left, right = term.children()
        if z3.is_bool(left):
            return [*parts(z3.Implies(left, right)), *parts(z3.Implies(right, left))]
        return [left <= right, right <= left]
    return [term]


def atoms(part: Any, is_wanted: bool = True) -> Iterator[tuple[Compared, Put]]:
    """Each comparison of a part, and what gives the part with another term in its place."""
    children = part.children()
    kind = part.decl().kind()
    if kind in _ORDERED:
        relation, is_turned = _ORDERED[kind]
        left, right = reversed(children) if is_turned else children
        yield Compared(left, relation, right, is_wanted), lambda term: term
    elif kind == z3.Z3_OP_DISTINCT:
        yield Compared(children[0], "==", children[1], not is_wanted), z3.Not
    elif kind == z3.Z3_OP_EQ and not z3.is_bool(children[0]):
        yield Compared(children[0], "==", children[1], is_wanted), lambda term: term
    elif kind == z3.Z3_OP_EQ or (kind == z3.Z3_OP_ITE and z3.is_bool(part)):
        yield from atoms(z3.And(*parts(part)), is_wanted)
    else:
        for k, child in enumerate(children):
            turns = kind == z3.Z3_OP_NOT or (kind == z3.Z3_OP_IMPLIES and k == 0)
            for comparison, put in atoms(child, is_wanted != turns):
                yield comparison, _around(part, k, put)


def _around(part: Any, k: int, put: Put) -> Put:
    children = part.children()
    return lambda term: part.decl()(*children[:k], put(term), *children[k + 1 :])


_ORDERED = {
    z3.Z3_OP_LE: ("<=", False),
    z3.Z3_OP_LT: ("<", False),
    z3.Z3_OP_GE: ("<=", True),
    z3.Z3_OP_GT: ("<", True),
}
