"""Questions about a small piecewise affine expression as SMT-LIB 2 scripts in linear arithmetic.

The fallback where no rule of `extremes` or `membership` decides. Each script asserts the negation of
a claim, so `unsat` from both solvers proves it and a point that is checked exactly refutes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import le

from trompe.constructions.expressions import Expression, Linear
from trompe.constructions.work import spend
from trompe.proofs.solvers import SOLVERS, available, solve
from trompe.theory import MissingDependency, Point

__all__ = ["MAX_ATOMS", "Asked", "affine", "ask", "convex", "extreme", "increasing", "lipschitz"]

MAX_ATOMS = 48
"""Not given to a solver: more max, min and abs than this, counted once for each point they are taken at."""

MAX_SIZE = 20_000
"""Nor more terms than this, with the coordinates that are handed on to each max, min and abs."""
DIVISOR = 100
"""A question gets the resources of an obligation, divided by this."""
_STEPS = {"z3": 12, "cvc5": 200}
"""How many steps of exact arithmetic take as long as one unit of a solver's resources, roughly."""

Points = tuple[Point, ...]
Fails = Callable[[Points], bool]


@dataclass(frozen=True)
class Asked:
    """What the solvers said: proved, or points at which the claim fails, or why neither."""

    proved: bool
    points: Points = ()
    reason: str = ""


@dataclass(frozen=True)
class Negation:
    """The negation of a claim about some points, and the exact test for a point that a solver names."""

    expression: Expression
    names: tuple[str, ...]
    asserts: tuple[str, ...]
    fails: Fails
    evaluations: int
    """At how many points the expression is taken."""


def ask(question: Negation, solvers: Sequence[str] = tuple(SOLVERS)) -> Asked:
    """Give the script to every solver; all must answer `unsat` for proved."""
    count = len(question.expression.atoms)
    if count * question.evaluations > MAX_ATOMS:
        return Asked(
            False, reason=f"no rule decides it, and {count} max, min, abs are too many for a solver"
        )
    size = _size(question)
    if size > MAX_SIZE:
        return Asked(
            False,
            reason=f"no rule decides it, and {size} terms are too many for a solver (at most {MAX_SIZE})",
        )
    text = _script(question)
    for name in solvers:
        try:
            available(name)
        except MissingDependency as error:
            return Asked(False, reason=str(error))
        answer = solve(name, text, DIVISOR)
        spend(answer.resources * _STEPS[name])
        if answer.result == "sat":
            points = _points(question, answer.point)
            if points is not None and question.fails(points):
                return Asked(False, points)
            return Asked(False, reason=f"{name} names no point that can be confirmed")
        if answer.result != "unsat":
            return Asked(False, reason=f"no rule decides it, and {name} says: {answer.reason}")
    return Asked(True)


# -- questions ------------------------------------------------------------------------------------------


def extreme(h: Expression, point: Point, least: bool) -> Negation:
    """Is some z other than the point at least as extreme as it?"""
    level, beyond = h(point), "<=" if least else ">="
    apart = " ".join(f"(not (= z_{i + 1} {_number(q)}))" for i, q in enumerate(point))
    asserts = (f"({beyond} {_call('h', 'z', h.dim)} {_number(level)})", f"(or {apart})")

    def fails(points: Points) -> bool:
        (z,) = points
        return z != point and (h(z) <= level if least else h(z) >= level)

    return Negation(h, ("z",), asserts, fails, 1)


def increasing(h: Expression) -> Negation:
    """Is some y <= z with h(y) > h(z)?"""
    below = tuple(f"(<= y_{i + 1} z_{i + 1})" for i in range(h.dim))
    falls = f"(> {_call('h', 'y', h.dim)} {_call('h', 'z', h.dim)})"

    def fails(points: Points) -> bool:
        y, z = points
        return all(map(le, y, z)) and h(y) > h(z)

    return Negation(h, ("y", "z"), (*below, falls), fails, 2)


def convex(h: Expression) -> Negation:
    """Is h above the chord half-way between some y and z? (A continuous h that never is, is convex.)"""
    return Negation(
        h,
        ("y", "z"),
        (f"(> {_halfway(h)} {_ends(h)})",),
        lambda p: 2 * h(_mean(p)) > h(p[0]) + h(p[1]),
        3,
    )


def affine(h: Expression) -> Negation:
    """Is h off the chord half-way between some y and z?"""
    return Negation(
        h,
        ("y", "z"),
        (f"(not (= {_halfway(h)} {_ends(h)}))",),
        lambda p: 2 * h(_mean(p)) != h(p[0]) + h(p[1]),
        3,
    )


def lipschitz(h: Expression, constant: Fraction, metric: str) -> Negation | None:
    """Is h(y) - h(z) > L |y - z| for some y, z? None in l2, which is not linear."""
    rise = f"(- {_call('h', 'y', h.dim)} {_call('h', 'z', h.dim)})"
    gaps = [f"(- y_{i + 1} z_{i + 1})" for i in range(h.dim)]
    rate = _number(constant)
    if metric == "linf":
        asserts = [f"(> {rise} (* {rate} {gap}))" for gap in gaps]
        asserts += [f"(> {rise} (- (* {rate} {gap})))" for gap in gaps]
    elif metric == "l1":
        sizes = [f"(ite (>= {gap} 0) {gap} (- {gap}))" for gap in gaps]
        asserts = [f"(> {rise} (* {rate} {_plus(sizes)}))"]
    else:
        return None

    def fails(points: Points) -> bool:
        y, z = points
        apart = [abs(yi - zi) for yi, zi in zip(y, z, strict=True)]
        return h(y) - h(z) > constant * (max(apart) if metric == "linf" else sum(apart))

    return Negation(h, ("y", "z"), tuple(asserts), fails, 2)


# -- scripts --------------------------------------------------------------------------------------------


def _script(question: Negation) -> str:
    """Each atom is a function of the coordinates, so that several points share the definitions."""
    h = question.expression
    inputs = " ".join(f"(c_{i + 1} Real)" for i in range(h.dim))
    lines = ["(set-logic QF_LRA)"]
    for k, atom in enumerate(h.atoms):
        args = [_term(arg, h.dim) for arg in atom.args]
        body = args[0]
        if atom.op == "abs":
            body = f"(ite (>= {body} 0) {body} (- {body}))"
        for arg in args[1:]:
            body = (
                f"(let ((p {body}) (q {arg})) (ite ({'>=' if atom.op == 'max' else '<='} p q) p q))"
            )
        lines.append(f"(define-fun u_{k + 1} ({inputs}) Real {body})")
    lines.append(f"(define-fun h ({inputs}) Real {_term(h.value, h.dim)})")
    for name in question.names:
        for i in range(h.dim):
            lines += [
                f"(declare-const {name}_{i + 1} Real)",
                f"(assert (<= 0 {name}_{i + 1} 1))",
            ]
    lines += [f"(assert {condition})" for condition in question.asserts]
    return "\n".join([*lines, "(check-sat)", ""])


def _size(question: Negation) -> int:
    h = question.expression
    linears = [h.value, *(arg for atom in h.atoms for arg in atom.args)]
    own = sum(1 + len(linear.terms) for linear in linears)
    spend(own)
    calls = sum(index >= h.dim for linear in linears for index, _ in linear.terms)
    return own + h.dim * (calls + len(h.atoms) + 4 * question.evaluations)


def _term(linear: Linear, dim: int) -> str:
    parts = [] if linear.terms and not linear.constant else [_number(linear.constant)]
    for index, c in linear.terms:
        part = f"c_{index + 1}" if index < dim else _call(f"u_{index - dim + 1}", "c", dim)
        parts.append(part if c == 1 else f"(* {_number(c)} {part})")
    return _plus(parts)


def _number(q: Fraction) -> str:
    size = f"{abs(q.numerator)}.0"
    text = size if q.denominator == 1 else f"(/ {size} {q.denominator}.0)"
    return f"(- {text})" if q < 0 else text


def _plus(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"(+ {' '.join(parts)})"


def _call(function: str, point: str, dim: int) -> str:
    return f"({function} {' '.join(f'{point}_{i + 1}' for i in range(dim))})"


def _halfway(h: Expression) -> str:
    between = " ".join(f"(/ (+ y_{i + 1} z_{i + 1}) 2.0)" for i in range(h.dim))
    return f"(* 2.0 (h {between}))"


def _ends(h: Expression) -> str:
    return f"(+ {_call('h', 'y', h.dim)} {_call('h', 'z', h.dim)})"


def _mean(points: Points) -> Point:
    y, z = points
    return tuple((yi + zi) / 2 for yi, zi in zip(y, z, strict=True))


def _points(question: Negation, values: dict[str, str]) -> Points | None:
    """The points that a solver names; a coordinate that it leaves out may be anything."""
    found = []
    for name in question.names:
        point = []
        for i in range(question.expression.dim):
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
