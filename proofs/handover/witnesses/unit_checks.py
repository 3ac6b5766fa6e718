"""The claims about one function of a witness: its extremes over the box, and its class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

from trompe.constructions.expressions import Expression, Linear
from trompe.constructions.work import spend
from trompe.proofs.handover.witnesses import piecewise_smt
from trompe.proofs.handover.witnesses.box_facts import Known, only_at
from trompe.proofs.handover.witnesses.data import Witness
from trompe.proofs.handover.witnesses.extremes import BoxAnalysis
from trompe.proofs.handover.witnesses.membership import (
    is_additive,
    is_affine,
    is_convex,
    is_increasing,
    lipschitz_bound,
)
from trompe.proofs.handover.witnesses.piecewise_smt import Negation
from trompe.proofs.rows import CHECKS
from trompe.theory import Point, show

__all__ = ["Result", "UnitCheck", "Verdict", "printed"]

Verdict = Literal["PROVED", "REFUTED", "UNKNOWN"]
Result = tuple[Verdict, str]
"""A verdict and the rule, value or point that it rests on."""

_MAX_TRIED = 120
"""Points that are tried in search of one at which a claim fails."""
_MAX_WORK = 2_000_000
"""Terms that are evaluated at them."""
_MAX_PAIRS = 2_000

_ZERO, _HALF, _ONE = Fraction(0), Fraction(1, 2), Fraction(1)


def printed(q: Fraction) -> str:
    """A number for a message, cut short where it is long."""
    if max(abs(q.numerator), q.denominator).bit_length() > 200:
        return f"about {float(q):.6g}" if abs(q) < 10**300 else "a number with many digits"
    return str(q)


class UnitCheck:
    """The checks of f or of g; the rule that proves is tried first, then points, then the solvers."""

    def __init__(
        self,
        name: str,
        h: Expression,
        witness: Witness,
        analysis: BoxAnalysis,
        solvers: Sequence[str],
        at_data: Callable[[], Sequence[Fraction]],
    ) -> None:
        self.name, self.h, self.witness = name, h, witness
        self.analysis, self.solvers, self.at_data = analysis, solvers, at_data

    @cached_property
    def u(self) -> Linear:
        """The function among the parts of the analysis."""
        return self.analysis.include(self.h)

    @cached_property
    def facts(self) -> Known:
        """What the rules derive about the whole function."""
        return self.analysis.facts(self.u)

    @cached_property
    def on_box(self) -> Expression:
        """The function with what never counts on the box left out, for the solvers."""
        return self.analysis.expression(self.u)

    def claims(self) -> Iterator[tuple[str, Callable[[], Result]]]:
        """Each claim in words, with its check."""
        v, name, cls = self.witness.v, self.name, self.witness.cls
        yield (
            f"{name} has its minimum {printed(v.minimum)} at a and only there",
            lambda: self.extreme(v.argmin, v.minimum, least=True),
        )
        yield (
            f"{name} has its maximum {printed(v.maximum)} at b and only there",
            lambda: self.extreme(v.argmax, v.maximum, least=False),
        )
        yield (
            f"{name} is a member of {cls.key}",
            getattr(self, CHECKS[cls.key].membership),
        )

    # -- extremes -----------------------------------------------------------------------------------

    def extreme(self, point: Point, level: Fraction, *, least: bool) -> Result:
        """Is `level` the minimum (or maximum), taken at the point and nowhere else?"""
        value = self.h(point)
        if value != level:
            return "REFUTED", f"{self.name}{show(point)} = {printed(value)}"
        facts = self.facts
        bound, region = (facts.low, facts.at_low) if least else (facts.high, facts.at_high)
        if bound == level and only_at(point, region):
            return "PROVED", "bounds over the box, part by part"
        for z, other in self._tried.items():
            if z != point and (other <= level if least else other >= level):
                return "REFUTED", f"{self.name}{show(z)} = {printed(other)}"
        return self._ask(piecewise_smt.extreme(self.on_box, point, least))

    # -- classes ------------------------------------------------------------------------------------

    def network(self) -> Result:
        """Every expression is one."""
        return "PROVED", "a ReLU network by its form, so continuous and piecewise affine"

    def fits(self) -> Result:
        """Does it take the labels of the data set?"""
        data = self.witness.cls.data  # type: ignore[attr-defined]
        for j, (value, y) in enumerate(zip(self.at_data(), data.labels, strict=True)):
            if value != y:
                return "REFUTED", (
                    f"{self.name} = {printed(value)} at the input of data[{j}], whose label is {printed(y)}"
                )
        return "PROVED", f"a ReLU network by its form; it fits {len(data)} of {len(data)} labels"

    def additive(self) -> Result:
        """Is it a sum of functions of one coordinate?"""
        if is_additive(self.analysis, self.u):
            return "PROVED", "every term depends on one coordinate"
        for y, z in self._pairs():
            for k in range(1, len(y)):
                spend(len(y))
                mixed = (*y[:k], *z[k:]), (*z[:k], *y[k:])
                if self.h(y) + self.h(z) != self.h(mixed[0]) + self.h(mixed[1]):
                    return (
                        "REFUTED",
                        f"exchanging coordinates of {show(y)} and {show(z)} changes the sum",
                    )
        return "UNKNOWN", "a term depends on several coordinates"

    def monotone(self) -> Result:
        """Does it fall nowhere?"""
        if is_increasing(self.analysis, self.u):
            return "PROVED", "no slope is negative"
        for y, z in self._pairs():
            spend(len(y))
            low = tuple(map(min, y, z))
            for high in (y, z):
                if self.h(low) > self.h(high):
                    return "REFUTED", self._falls((low, high))
        return self._ask(piecewise_smt.increasing(self.on_box), self._falls)

    def convex(self) -> Result:
        """Does it lie above no chord?"""
        if is_convex(self.analysis, self.u):
            return "PROVED", "sums with weights >= 0 and max of convex parts"
        for y, z in self._pairs():
            if 2 * self.h(_middle(y, z)) > self.h(y) + self.h(z):
                return "REFUTED", self._bends((y, z))
        return self._ask(piecewise_smt.convex(self.on_box), self._bends)

    def affine(self) -> Result:
        """Does it lie on every chord?"""
        if is_affine(self.analysis, self.u):
            return "PROVED", "affine on the box"
        for y, z in self._pairs():
            if 2 * self.h(_middle(y, z)) != self.h(y) + self.h(z):
                return "REFUTED", self._bends((y, z))
        return self._ask(piecewise_smt.affine(self.on_box), self._bends)

    def lipschitz(self) -> Result:
        """Is it as steep as L at most?"""
        cls: Any = self.witness.cls
        bound = lipschitz_bound(self.analysis, self.u, cls.metric)
        if bound <= cls.constant:
            return "PROVED", f"its Lipschitz constant in {cls.metric} is at most {printed(bound)}"
        for y, z in self._pairs():
            if (self.h(y) - self.h(z)) ** 2 > cls.constant**2 * _squared(cls.metric, y, z):
                return "REFUTED", self._steep((y, z))
        question = piecewise_smt.lipschitz(self.on_box, cls.constant, cls.metric)
        if question is None:
            return (
                "UNKNOWN",
                f"no rule bounds its Lipschitz constant in l2 by less than {printed(bound)}",
            )
        return self._ask(question, self._steep)

    # -- what refutes -------------------------------------------------------------------------------

    def _falls(self, points: Sequence[Point]) -> str:
        low, high = points
        return f"it falls from {printed(self.h(low))} at {show(low)} to {printed(self.h(high))} at {show(high)}"

    def _bends(self, points: Sequence[Point]) -> str:
        y, z = points
        chord = (self.h(y) + self.h(z)) / 2
        return (
            f"half-way between {show(y)} and {show(z)} it is {printed(self.h(_middle(y, z)))}, the mean of its "
            f"values there is {printed(chord)}"
        )

    def _steep(self, points: Sequence[Point]) -> str:
        y, z = points
        return (
            f"|{self.name}(y) - {self.name}(z)| = {printed(abs(self.h(y) - self.h(z)))} exceeds L |y - z| at "
            f"y = {show(y)}, z = {show(z)}"
        )

    def _equals(self, points: Sequence[Point]) -> str:
        return ", ".join(f"{self.name}{show(z)} = {printed(self.h(z))}" for z in points)

    def _ask(
        self, question: Negation, tell: Callable[[Sequence[Point]], str] | None = None
    ) -> Result:
        asked = piecewise_smt.ask(question, self.solvers)
        if asked.proved:
            return "PROVED", f"unsat from {' and '.join(self.solvers)}"
        if asked.points:
            return "REFUTED", (tell or self._equals)(asked.points)
        return "UNKNOWN", "; ".join([asked.reason, *self.analysis.notes])

    # -- points that are tried ------------------------------------------------------------------------

    @cached_property
    def _tried(self) -> dict[Point, Fraction]:
        """Values at points where something is likely to be wrong, as many as the limits allow."""
        w, analysis = self.witness, self.analysis
        inputs = getattr(getattr(w.cls, "data", None), "inputs", ())
        points: dict[Point, None] = dict.fromkeys([w.v.argmin, w.v.argmax, w.x])
        for level in (_ZERO, _ONE, _HALF):
            points[(level,) * w.dim] = None
        parts = [self.facts, *map(analysis.part, analysis.used([self.u]))]
        regions = [
            region for facts in parts[:_MAX_TRIED] for region in (facts.at_low, facts.at_high)
        ]
        for region in regions:
            spend(6 * w.dim)
            if all(low <= high for low, high in region.values()):
                for pick in (_low, _high, _inner):
                    points[tuple(pick(region.get(i, (_ZERO, _ONE))) for i in range(w.dim))] = None
        points |= dict.fromkeys(inputs)
        terms = 1 + sum(len(arg.terms) for atom in self.h.atoms for arg in atom.args)
        limit = max(6, min(_MAX_TRIED, _MAX_WORK // terms))
        return {z: self.h(z) for z in list(points)[:limit]}

    def _pairs(self) -> Iterable[tuple[Point, Point]]:
        terms = 1 + sum(len(arg.terms) for atom in self.h.atoms for arg in atom.args)
        limit = max(15, min(_MAX_PAIRS, _MAX_WORK // terms))
        return list(combinations(self._tried, 2))[:limit]


def _low(ends: tuple[Fraction, Fraction]) -> Fraction:
    return ends[0]


def _high(ends: tuple[Fraction, Fraction]) -> Fraction:
    return ends[1]


def _inner(ends: tuple[Fraction, Fraction]) -> Fraction:
    return (2 * ends[0] + ends[1]) / 3


def _middle(y: Point, z: Point) -> Point:
    spend(4 * len(y))
    return tuple((yi + zi) / 2 for yi, zi in zip(y, z, strict=True))


def _squared(metric: str, y: Point, z: Point) -> Fraction:
    """The squared distance, a fraction in all three metrics."""
    spend(4 * len(y))
    apart = [abs(yi - zi) for yi, zi in zip(y, z, strict=True)]
    if metric == "l2":
        return sum((gap * gap for gap in apart), _ZERO)
    return (max(apart) if metric == "linf" else sum(apart, _ZERO)) ** 2
