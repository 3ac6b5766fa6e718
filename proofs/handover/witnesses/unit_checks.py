"""The claims about one function of a witness: its extremes over the box, and its class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

from trompe.constructions.expressions import Expression, Linear
from trompe.constructions.triples import Name
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
from trompe.proofs.handover.witnesses.piecewise_smt import Negation, Points
from trompe.proofs.rows import CHECKS
from trompe.theory import Point, show

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
        name: Name,
        h: Expression,
        witness: Witness,
        analysis: BoxAnalysis,
        solvers: Sequence[str],
        at_data: Callable[[], Sequence[Fraction]],
    ) -> None:
        self.name, self.h, self.witness, self.v = name, h, witness, witness.v_of(name)
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
        v, name, cls = self.v, self.name, self.witness.cls
        if v.range:
            yield (
                f"{name} has its minimum {printed(v.minimum)} at a and only there",
                lambda: self.extreme(v.argmin, v.minimum, least=True),
            )
            yield (
                f"{name} has its maximum {printed(v.maximum)} at b and only there",
                lambda: self.extreme(v.argmax, v.maximum, least=False),
            )
        else:
            yield (
                f"{name} has its minimum and its maximum {printed(v.minimum)} everywhere",
                lambda: self.everywhere(v.minimum),
            )
        yield (
            f"{name} is a member of {cls.key}",
            getattr(self, CHECKS[cls.key].membership),
        )

    # -- extremes -----------------------------------------------------------------------------------

    def extreme(self, point: Point, level: Fraction, *, least: bool) -> Result:
        """Is `level` the minimum (or maximum), taken at the point and nowhere else?"""
        if self.h(point) != level:
            return "REFUTED", self._equals((point,))
        facts = self.facts
        bound, region = (facts.low, facts.at_low) if least else (facts.high, facts.at_high)
        if bound == level and only_at(point, region):
            return "PROVED", "bounds over the box, part by part"
        return self._decide(
            piecewise_smt.extreme(point, level, least), ((z,) for z in self._tried), self._equals
        )

    def everywhere(self, level: Fraction) -> Result:
        """Is `level` its only value?"""
        if self.facts.low == self.facts.high == level:
            return "PROVED", "bounds over the box, part by part"
        return self._decide(
            piecewise_smt.elsewhere(level), ((z,) for z in self._tried), self._equals
        )

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
        pairs = ((tuple(map(min, y, z)), high) for y, z in self._pairs() for high in (y, z))
        return self._decide(piecewise_smt.INCREASING, pairs, self._falls)

    def convex(self) -> Result:
        """Does it lie above no chord?"""
        if is_convex(self.analysis, self.u):
            return "PROVED", "sums with weights >= 0 and max of convex parts"
        return self._decide(piecewise_smt.CONVEX, self._pairs(), self._bends)

    def affine(self) -> Result:
        """Does it lie on every chord?"""
        if is_affine(self.analysis, self.u):
            return "PROVED", "affine on the box"
        return self._decide(piecewise_smt.AFFINE, self._pairs(), self._bends)

    def constant(self) -> Result:
        """Has it one value?"""
        if self.facts.low == self.facts.high:
            return "PROVED", "bounds over the box, part by part"
        return self._decide(piecewise_smt.CONSTANT, self._pairs(), self._equals)

    def lipschitz(self) -> Result:
        """Is it as steep as L at most?"""
        cls: Any = self.witness.cls
        bound = lipschitz_bound(self.analysis, self.u, cls.metric)
        if bound <= cls.constant:
            return "PROVED", f"its Lipschitz constant in {cls.metric} is at most {printed(bound)}"
        open_reason = f"no rule bounds its Lipschitz constant in l2 by less than {printed(bound)}"
        return self._decide(
            piecewise_smt.lipschitz(cls.constant, cls.metric),
            (points for y, z in self._pairs() for points in ((y, z), (z, y))),
            self._steep,
            open_reason if cls.metric == "l2" else "",
        )

    # -- what refutes -------------------------------------------------------------------------------

    def _falls(self, points: Points) -> str:
        low, high = points
        return f"it falls from {printed(self.h(low))} at {show(low)} to {printed(self.h(high))} at {show(high)}"

    def _bends(self, points: Points) -> str:
        y, z = points
        chord = (self.h(y) + self.h(z)) / 2
        return (
            f"half-way between {show(y)} and {show(z)} it is {printed(self.h(_middle(y, z)))}, the mean of its "
            f"values there is {printed(chord)}"
        )

    def _steep(self, points: Points) -> str:
        y, z = points
        return (
            f"|{self.name}(y) - {self.name}(z)| = {printed(abs(self.h(y) - self.h(z)))} exceeds L |y - z| at "
            f"y = {show(y)}, z = {show(z)}"
        )

    def _equals(self, points: Points) -> str:
        return ", ".join(f"{self.name}{show(z)} = {printed(self.h(z))}" for z in points)

    def _decide(
        self,
        question: Negation,
        tried: Iterable[Points],
        tell: Callable[[Points], str],
        unasked: str = "",
    ) -> Result:
        """Where no rule proves: points that are tried may refute, else the solvers decide, unless `unasked` says why not."""
        for points in tried:
            if question.fails(self.h, points):
                return "REFUTED", tell(points)
        if unasked:
            return "UNKNOWN", unasked
        asked = piecewise_smt.ask(question, self.on_box, self.solvers)
        if asked.proved:
            return "PROVED", f"unsat from {' and '.join(self.solvers)}"
        if asked.points:
            return "REFUTED", tell(asked.points)
        return "UNKNOWN", "; ".join([asked.reason, *self.analysis.notes])

    # -- points that are tried ------------------------------------------------------------------------

    @cached_property
    def _tried(self) -> list[Point]:
        """Points where something is likely to be wrong, as many as the limits allow."""
        w, analysis = self.witness, self.analysis
        inputs = getattr(getattr(w.cls, "data", None), "inputs", ())
        points: dict[Point, None] = dict.fromkeys([self.v.argmin, self.v.argmax, w.x])
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
        return list(points)[:limit]

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
