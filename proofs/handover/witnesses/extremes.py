"""Exact facts about a piecewise affine expression over the whole box [0, 1]^d: bounds, where they hold, slopes.

Each fact is derived part by part with a rule that can be checked with a pencil (docs/witness.md lists
them, with their proofs). Bounds may be loose and regions too large, never the other way round: `low <= u(z)` for every z
of the box, and every z with u(z) = low lies in the region `at_low`. So if u(a) = low and `at_low` is
{a}, then low is the minimum and a its only place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.constructions.expressions import Builder, Linear, check_length
from trompe.constructions.work import spend
from trompe.proofs.handover.witnesses.box_facts import (
    Direction,
    Facts,
    Known,
    LineFacts,
    Region,
    added,
    affine_line,
    common,
    hull,
    line_of,
    normalised,
    scaled,
    times,
    union,
)
from trompe.proofs.handover.witnesses.curves import MAX_BREAKPOINTS, Curve
from trompe.proofs.handover.witnesses.supports import Reach, exclusive_pairs

Group = list[tuple[int, Fraction]]
"""Atoms with coefficients."""

_ZERO, _ONE = Fraction(0), Fraction(1)
_FULL: Region = {}
MAX_BUMPS = 1000
"""More in one sum are not compared pair by pair."""


@dataclass(frozen=True)
class _Bump:
    """An atom that is base + sign * max(0, u_1, ..., u_n)."""

    base: Fraction
    sign: int
    reaches: tuple[Linear, ...]


class BoxAnalysis(Builder):
    """Builds expressions that are equal on the box, and derives facts about every part.

    On the box |u| is u where u >= 0 and -u where u <= 0, and an argument of a max that is never above
    another one is left out.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self._facts: dict[Linear, Known] = {}
        self._parts: dict[int, Known] = {}
        self._disjoint: dict[tuple[int, int], bool] = {}
        self.notes: dict[str, None] = {}
        """Why a rule was not tried."""

    # -- building -----------------------------------------------------------------------------------

    def absolute(self, arg: Linear) -> Linear:
        facts = self.facts(arg)
        if facts.low >= 0:
            return arg
        return self.times(Fraction(-1), arg) if facts.high <= 0 else super().absolute(arg)

    def _extreme(self, op: Any, choose: Any, args: Iterable[Linear]) -> Linear:
        flat = list(dict.fromkeys(inner for arg in args for inner in self._inside(op, arg)))
        facts = [self.facts(arg) for arg in flat]
        if op == "max":
            bound = max(f.low for f in facts)
            keep = [k for k, f in enumerate(facts) if f.high > bound]
            best = next(k for k, f in enumerate(facts) if f.low == bound)
        else:
            bound = min(f.high for f in facts)
            keep = [k for k, f in enumerate(facts) if f.low < bound]
            best = next(k for k, f in enumerate(facts) if f.high == bound)
        kept = sorted({*keep, best})
        return super()._extreme(op, choose, [flat[k] for k in kept])

    # -- facts --------------------------------------------------------------------------------------

    def part(self, index: int) -> Known:
        """Facts about a coordinate or an atom."""
        if index not in self._parts:
            self._parts[index] = (
                self._coordinate(index) if index < self.dim else self._atom_facts(index)
            )
        return self._parts[index]

    def facts(self, linear: Linear) -> Known:
        """Facts about an affine combination."""
        spend(2 + len(linear.terms))
        if linear not in self._facts:
            self._facts[linear] = self._linear_facts(linear)
        return self._facts[linear]

    def _coordinate(self, i: int) -> Known:
        curve = Curve((_ZERO, _ONE), (_ZERO, _ONE))
        return LineFacts(((i, _ONE),), curve)

    def _atom_facts(self, index: int) -> Known:
        atom = self.atoms[index - self.dim]
        args = [self.facts(arg) for arg in atom.args]
        line = self._line_of(atom.op, atom.args, args)
        if line is not None:
            return LineFacts(*line)
        if atom.op == "abs":
            (u,) = args  # u takes both signs, else it would have been replaced
            high = max(u.high, -u.low)
            ends = [r for r, h in ((u.at_high, u.high), (u.at_low, -u.low)) if h == high]
            slopes = hull([u.slopes, times(Fraction(-1), u.slopes)])
            return Facts(
                _ZERO, high, _FULL, union(ends), slopes, u.is_convex and u.is_concave, False
            )
        args = self._joined(atom.op, args)
        slopes = hull([u.slopes for u in args])
        lows, highs = [u.low for u in args], [u.high for u in args]
        convex, concave = all(u.is_convex for u in args), all(u.is_concave for u in args)
        if atom.op == "max":
            low, high = max(lows), max(highs)
            at_low = common(u.at_low for u in args if u.low == low)
            at_high = union([u.at_high for u in args if u.high == high])
            return Facts(low, high, at_low, at_high, slopes, convex, False)
        low, high = min(lows), min(highs)
        at_low = union([u.at_low for u in args if u.low == low])
        at_high = common(u.at_high for u in args if u.high == high)
        return Facts(low, high, at_low, at_high, slopes, False, concave)

    def _joined(self, op: str, args: list[Known]) -> list[Known]:
        """Arguments of a max or min that are curves of the same linear form, as one curve each."""
        curves: dict[Direction, list[Curve]] = {}
        for u in args:
            if u.line is not None:
                spend(1 + len(u.line[0]))
                curves.setdefault(u.line[0], []).append(u.line[1])
        joined: list[Known] = [u for u in args if u.line is None]
        for direction, several in curves.items():
            if sum(len(c.xs) for c in several) > MAX_BREAKPOINTS:
                joined += [LineFacts(direction, curve) for curve in several]
            else:
                joined.append(LineFacts(direction, Curve.apply(op, several)))
        return joined

    def _line_of(
        self, op: str, args: tuple[Linear, ...], facts: list[Known]
    ) -> tuple[Direction, Curve] | None:
        """The atom as a curve, if all its arguments are curves of the same linear form (or numbers)."""
        lines = [f.line for arg, f in zip(args, facts, strict=True) if not arg.is_number]
        direction = lines[0][0] if lines[0] is not None else None
        spend(1 + len(lines) * len(direction or ()))
        if direction is None or any(line is None or line[0] != direction for line in lines):
            return None
        flat = line_of(direction, _ZERO)
        curves = [flat.scaled(_ZERO, arg.constant) for arg in args if arg.is_number]
        curves += [line[1] for line in lines if line is not None]
        if sum(len(c.xs) for c in curves) > MAX_BREAKPOINTS:
            return None
        return direction, Curve.apply(op, curves)

    def _linear_facts(self, linear: Linear) -> Known:
        if len(linear.terms) == 1 and linear.terms[0][0] < self.dim:
            ((i, c),) = linear.terms
            return LineFacts(
                ((i, _ONE),), Curve((_ZERO, _ONE), (linear.constant, linear.constant + c))
            )
        lines, rest = self.split(linear)
        if len(lines) == 1 and not rest:
            ((direction, curve),) = lines.items()
            return LineFacts(direction, curve.scaled(_ONE, linear.constant))
        pieces: list[Known] = [LineFacts(direction, curve) for direction, curve in lines.items()]
        pieces += [self._group(group) for group in rest]
        low, high = linear.constant, linear.constant
        for piece in pieces:
            low, high = low + piece.low, high + piece.high
            check_length(low.numerator, low.denominator)
            check_length(high.numerator, high.denominator)
        line = None
        if not rest and lines and all(p.is_convex and p.is_concave for p in pieces):
            weights = added(p.slopes for p in pieces)
            line = affine_line({i: s for i, (s, _) in weights.items()}, linear.constant)
        return Facts(
            low,
            high,
            common(p.at_low for p in pieces),
            common(p.at_high for p in pieces),
            added(p.slopes for p in pieces),
            all(p.is_convex for p in pieces),
            all(p.is_concave for p in pieces),
            line,
        )

    def split(self, linear: Linear) -> tuple[dict[Direction, Curve], list[Group]]:
        """The terms, without the constant: curves of different linear forms, and groups of atoms.

        In a group of several atoms each is a bump, and at most one of them is positive at any point.
        A bump along a slanted linear form is an atom if it has company there, else part of a curve.
        """
        spend(4 * len(linear.terms))
        slanted = [(k, c) for k, c in linear.terms if self._is_slanted(k)]
        groups = self._groups(slanted) if len(slanted) > 1 else []
        grouped = {k for group in groups for k, _ in group}
        weights: dict[int, Fraction] = {}
        curves: dict[Direction, list[Curve]] = {}
        points: dict[Direction, int] = {}
        for index, c in linear.terms:
            if index < self.dim:
                weights[index] = c
            if index < self.dim or index in grouped:
                continue
            line = self.part(index).line
            spend(1 if line is None else 2 * len(line[0]))
            count = 0 if line is None else points.get(line[0], 0) + len(line[1].xs)
            if line is None or count > MAX_BREAKPOINTS:
                groups.append([(index, c)])
            else:
                points[line[0]] = count
                curves.setdefault(line[0], []).append(line[1].scaled(c, _ZERO))
        if len(weights) > 1:
            direction, factor = normalised(weights)
            if direction in curves:
                curves[direction].append(line_of(direction, factor))
                weights = {}
        for i, c in weights.items():
            axis = ((i, _ONE),)
            curves.setdefault(axis, []).append(line_of(axis, c))
        return {direction: Curve.total(several) for direction, several in curves.items()}, groups

    def _is_slanted(self, index: int) -> bool:
        """Does the part depend on more than one coordinate?"""
        line = self.part(index).line
        return line is None or len(line[0]) > 1

    # -- disjoint supports -----------------------------------------------------------------------------

    def _groups(self, terms: Group) -> list[Group]:
        """Groups of two or more bumps with disjoint supports, first come, first served."""
        bumps = {k: bump for k, _ in terms if (bump := self._bump(k)) is not None}
        if len(bumps) > MAX_BUMPS:
            self.notes[f"{len(bumps)} hats are too many to compare pair by pair"] = None
            return []
        self._find_disjoint(bumps)
        groups: list[Group] = []
        for index, c in terms:
            if index not in bumps:
                continue
            for group in groups:
                spend(1 + len(group) // 4)
                if all(self._disjoint[min(index, k), max(index, k)] for k, _ in group):
                    group.append((index, c))
                    break
            else:
                groups.append([(index, c)])
        return [group for group in groups if len(group) > 1]

    def _bump(self, index: int) -> _Bump | None:
        atom = self.atoms[index - self.dim]
        if atom.op == "abs" or not atom.args[0].is_number:
            return None
        base, sign = atom.args[0].constant, 1 if atom.op == "max" else -1
        reaches = tuple(
            self.sum([self.times(Fraction(sign), arg), self.number(-sign * base)])
            for arg in atom.args[1:]
        )
        return _Bump(base, sign, reaches)

    def _group(self, group: Group) -> Known:
        """Facts about the sum of a group: base values, and at most one bump on top of them."""
        if len(group) == 1:
            ((index, c),) = group
            return scaled(c, self.part(index))
        base, tops = _ZERO, []
        for index, c in group:
            part, bump = self.part(index), self._bump(index)
            assert bump is not None
            base += c * bump.base
            peak = part.high if bump.sign > 0 else part.low
            where = part.at_high if bump.sign > 0 else part.at_low
            tops.append((c * (peak - bump.base), where, scaled(c, part)))
        low, high = min(_ZERO, *(t for t, *_ in tops)), max(_ZERO, *(t for t, *_ in tops))
        return Facts(
            base + low,
            base + high,
            union([where for t, where, _ in tops if t == low]) if low else _FULL,
            union([where for t, where, _ in tops if t == high]) if high else _FULL,
            hull([part.slopes for *_, part in tops]),
            all(part.is_convex for *_, part in tops),
            all(part.is_concave for *_, part in tops),
        )

    def _find_disjoint(self, bumps: dict[int, _Bump]) -> None:
        """For each pair of bumps: is it shown that they are never positive together?

        Two bumps about 0, max(0, u) and max(0, v), are not if u/s + v/t <= 0 on the box for some s, t > 0. For s and t the
        largest slopes are taken, and u, v have to be sums of functions of one coordinate each. For hats of width
        delta about p and q this comes out as 2 delta <= |p - q|_1.
        """
        spend(len(bumps) ** 2 // 4)
        wanted = [(k, m) for k in bumps for m in bumps if k < m and (k, m) not in self._disjoint]
        if not wanted:
            return
        reaches: dict[int, list[Reach]] = {}
        for k, bump in bumps.items():
            found = [self._by_axis(reach) for reach in bump.reaches]
            separable = [item for item in found if item is not None]
            if len(separable) == len(found):
                reaches[k] = separable
        exclusive, note = exclusive_pairs(reaches, wanted)
        if note:
            self.notes[note] = None
        self._disjoint |= {pair: pair in exclusive for pair in wanted}

    def _by_axis(self, u: Linear) -> Reach | None:
        """u divided by its largest slope, as a constant and one curve per coordinate."""
        lines, rest = self.split(u)
        if rest or any(len(direction) > 1 for direction in lines):
            return None
        steepest = max((abs(s) for curve in lines.values() for s in curve.slopes), default=_ZERO)
        if not steepest:
            return None
        curves = {d[0][0]: curve.scaled(1 / steepest, _ZERO) for d, curve in lines.items()}
        return u.constant / steepest, curves
