"""Constant functions: one decoder is right for every member."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from trompe.constructions.rows.constant import constant_value
from trompe.proofs import levels, roles
from trompe.proofs.closed_forms import Named, known
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, collected, obligation
from trompe.proofs.row import (
    LOW,
    Admitted,
    Evidence,
    Extremes,
    Levels,
    Refused,
    RowChecks,
    Said,
    one,
    refuses,
    shown,
)
from trompe.theory import Comparison, Constant, Side
from trompe.theory.levels import LESS_SHOWN


@roles.decodes("constant/decodes", "m = h(x) for every constant h")
def _constant(s: Scope) -> Claim:
    at_a, at_x = s.reals("h_a h_x")
    return Claim(
        {"h: law at a, x": Constant().law(Comparison(at_a, at_x), s.xp)},
        at_a == at_x,
        Fault("h need not be constant", without="h: law at a, x"),
    )


@obligation(
    "constant/either-side",
    "of a constant, whose minimum and maximum are its value, either side is right",
)
def _either_side(s: Scope) -> Claim:
    at_a, at_b, at_x = s.reals("h_a h_b h_x")
    task = Side()
    law = [Constant().law(Comparison(at_x, other), s.xp) for other in (at_a, at_b)]
    return Claim(
        {"h: law at x, a": law[0], "h: law at x, b": law[1]},
        all_of(task.correct(answer, at_x, at_a, at_b, s.xp) for answer in task.choices),
        Fault("h(b) may be another value", without="h: law at x, b"),
    )


def _levels() -> Levels:
    decodes, either = collected("constant")["decodes"], ("constant/either-side",)
    moved = (levels.closed_under_rescaling("constant"), levels.RESCALED)
    found: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    for level in ("near", "maximum"):
        found["exact", level] = {"decodes": decodes}
        found["approx", level] = {"decodes": (*decodes, "approx/exact-is-enough")}
    for level in ("images", "argmax"):
        for task in ("exact", "approx"):
            fools = (levels.SHIFTED[task], levels.DEFEATS[task])
            found[task, level] = {"pair": moved, "fools": fools}
    for level in LESS_SHOWN:
        found["side", level] = {"decodes": either}
    return found


EVIDENCE = {"constant": Evidence(decodes=collected("constant")["decodes"], levels=_levels())}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class ConstantChecks(RowChecks):
    """The shown value is every value."""

    ends_of_instances = (1, 1)
    membership = "constant"

    def admitted(self, d: int) -> Admitted:
        points = [(Fraction(value),) * d for value in ("0", "1/2", "1", "1/3")]
        fibres = [(x, one(LOW)) for x in points]
        yield self.kind(), shown(points[0], points[1], LOW, LOW), fibres
        yield self.kind(), shown(points[:2], points[1:3], LOW, LOW), fibres

    def refused(self, d: int) -> Refused:
        yield "two values", self.kind(), shown((Fraction(0),) * d, (Fraction(1, 2),) * d)

    def limits(self) -> Said:
        v = shown((Fraction(0),), (Fraction(1, 2),))
        yield "two values are shown to the decoder", refuses(constant_value, v, (Fraction(0),))

    def closed_forms(self) -> Named:
        return known(self.key, lambda sympy, m, r, x: (m, m, m))

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        yield (Fraction(0),) * d, (Fraction(1),) * d


CHECKS: dict[str, type[RowChecks]] = {"constant": ConstantChecks}
