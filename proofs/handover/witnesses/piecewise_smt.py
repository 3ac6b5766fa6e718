"""Questions about a small piecewise affine expression as SMT-LIB 2 scripts in linear arithmetic.

The fallback where no rule of `extremes` or `membership` decides. Each script asserts the negation of
a claim, so `unsat` from both solvers proves it and a point that is checked exactly refutes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.constructions.expressions import Expression
from trompe.constructions.work import spend
from trompe.proofs.obligations import Scope, all_of, any_of
from trompe.proofs.smt import script
from trompe.proofs.solvers import SOLVERS, available, solve
from trompe.theory import MissingDependency, Point
from trompe.theory.namespace import EXACT

MAX_ATOMS = 48
"""Not given to a solver: more max, min and abs than this, counted once for each point they are taken at."""

MAX_SIZE = 20_000
"""Nor more terms than this, counted in the same way."""
DIVISOR = 100
"""A question gets the resources of an obligation, divided by this."""
_STEPS = {"z3": 12, "cvc5": 200}
"""How many steps of exact arithmetic take as long as one unit of a solver's resources, roughly."""
_STEPS_A_TERM = 20
"""The same for one term of a script."""
_HALF = Fraction(1, 2)

Points = tuple[Point, ...]


@dataclass(frozen=True)
class Asked:
    """What the solvers said: proved, or points at which the claim fails, or why neither."""

    proved: bool
    points: Points = ()
    reason: str = ""


@dataclass(frozen=True)
class Negation:
    """Where does a claim about a function h fail? One formula, for exact points and for solver terms."""

    names: tuple[str, ...]
    """The points that it asks for."""
    evaluations: int
    """At how many points h is taken."""
    conditions: Callable[..., list[list[Any]]]
    """Of the namespace, h and the points: the claim fails where, of each list, one condition holds."""

    def fails(self, h: Expression, points: Points) -> bool:
        """Does the claim about h fail at these points?"""
        spend(4 * sum(map(len, points)))
        return all(map(any, self.conditions(EXACT, h, *map(EXACT.array, points))))

    def script(self, h: Expression) -> str:
        """The same as a question for a solver about all points of the box."""
        scope = Scope()
        points = [scope.point(name, h.dim) for name in self.names]
        box = all_of(c for z in points for zi in z for c in (zi >= 0, zi <= 1))
        failing = self.conditions(scope.xp, lambda z: h.evaluate(z, scope.xp), *points)
        given = {"points of the box": box, "the claim fails": all_of(map(any_of, failing))}
        return script(given, scope.symbols, "QF_LRA", "unsat: the claim holds on the box")


def ask(question: Negation, h: Expression, solvers: Sequence[str] = tuple(SOLVERS)) -> Asked:
    """Give the script to every solver; all must answer `unsat` for proved."""
    count = len(h.atoms)
    if count * question.evaluations > MAX_ATOMS:
        return Asked(
            False, reason=f"no rule decides it, and {count} max, min, abs are too many for a solver"
        )
    linears = [h.value, *(arg for atom in h.atoms for arg in atom.args)]
    own = sum(1 + len(linear.terms) for linear in linears)
    spend(own)
    size = (own + h.dim) * question.evaluations
    if size > MAX_SIZE:
        return Asked(
            False,
            reason=f"no rule decides it, and {size} terms are too many for a solver (at most {MAX_SIZE})",
        )
    spend(_STEPS_A_TERM * size)
    text = question.script(h)
    for name in solvers:
        try:
            available(name)
        except MissingDependency as error:
            return Asked(False, reason=str(error))
        answer = solve(name, text, DIVISOR)
        spend(answer.resources * _STEPS[name])
        if answer.result == "sat":
            points = _points(question.names, h.dim, answer.point)
            if points is not None and question.fails(h, points):
                return Asked(False, points)
            return Asked(False, reason=f"{name} names no point that can be confirmed")
        if answer.result != "unsat":
            return Asked(False, reason=f"no rule decides it, and {name} says: {answer.reason}")
    return Asked(True)


# -- questions ------------------------------------------------------------------------------------------


def extreme(point: Point, level: Fraction, least: bool) -> Negation:
    """Is h(z) as extreme as the level at some z other than the point?"""

    def conditions(_: Any, h: Any, z: Any) -> list[list[Any]]:
        return [
            [h(z) <= level if least else h(z) >= level],
            [zi != q for zi, q in zip(z, point, strict=True)],
        ]

    return Negation(("z",), 1, conditions)


def elsewhere(level: Fraction) -> Negation:
    """Is h(z) another value at some z?"""
    return Negation(("z",), 1, lambda _, h, z: [[h(z) != level]])


CONSTANT = Negation(("y", "z"), 2, lambda _, h, y, z: [[h(y) != h(z)]])
"""Has h two values?"""


def _falls(_: Any, h: Any, y: Any, z: Any) -> list[list[Any]]:
    return [*([yi <= zi] for yi, zi in zip(y, z, strict=True)), [h(y) > h(z)]]


INCREASING = Negation(("y", "z"), 2, _falls)
"""Is some y <= z with h(y) > h(z)?"""

CONVEX = Negation(("y", "z"), 3, lambda _, h, y, z: [[2 * h(_HALF * (y + z)) > h(y) + h(z)]])
"""Is h above the chord half-way between some y and z? (A continuous h that never is, is convex.)"""

AFFINE = Negation(("y", "z"), 3, lambda _, h, y, z: [[2 * h(_HALF * (y + z)) != h(y) + h(z)]])
"""Is h off the chord half-way between some y and z?"""


def lipschitz(constant: Fraction, metric: str) -> Negation:
    """Is h(y) - h(z) > L |y - z| for some y, z? In l2 that is not linear, so no question for solvers."""

    def conditions(xp: Any, h: Any, y: Any, z: Any) -> list[list[Any]]:
        rise, gaps = h(y) - h(z), y - z
        if metric == "l2":
            return [[rise * rise > constant**2 * xp.sum(gaps * gaps)]]
        if metric == "l1":
            return [[rise > constant * xp.sum(xp.abs(gaps))]]
        return [[rise > constant * gap] for gap in (*gaps, *-gaps)]

    return Negation(("y", "z"), 2, conditions)


# -- answers --------------------------------------------------------------------------------------------


def _points(names: Sequence[str], dim: int, values: dict[str, str]) -> Points | None:
    """The points that a solver names; a coordinate that it leaves out may be anything."""
    found = []
    for name in names:
        point = []
        for i in range(dim):
            value = _value(values.get(f"{name}_{i + 1}", "0"))
            if value is None or not 0 <= value <= 1:
                return None
            point.append(value)
        found.append(tuple(point))
    return tuple(found)


def _value(text: str) -> Fraction | None:
    """A rational as Z3 (`-1/2`) or cvc5 (`(- (/ 1 2))`, `(/ (- 1) 2)`) prints it."""
    digits = re.findall(r"\d+(?:\.\d+)?", text)
    if not 1 <= len(digits) <= 2 or re.sub(r"[\d.\s()/-]", "", text):
        return None
    below = Fraction(digits[1]) if len(digits) == 2 else Fraction(1)
    if not below:
        return None
    sign = -1 if text.count("-") % 2 else 1
    return sign * Fraction(digits[0]) / below
