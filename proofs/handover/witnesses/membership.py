"""Is a piecewise affine expression monotone, convex, affine, L-Lipschitz? Rules that are proofs, part by part."""

from __future__ import annotations

import math
from fractions import Fraction

from trompe.constructions.expressions import Linear
from trompe.constructions.work import spend, weights
from trompe.proofs.handover.witnesses.box_facts import Slopes
from trompe.proofs.handover.witnesses.extremes import BoxAnalysis

_ZERO = Fraction(0)
_ROOT_SCALE = 2**80


def is_increasing(analysis: BoxAnalysis, u: Linear) -> bool:
    """No slope is negative, so u(z) - u(y) >= sum of low_i (z_i - y_i) >= 0 for y <= z."""
    return all(low >= 0 for low, _ in analysis.facts(u).slopes.values())


def is_convex(analysis: BoxAnalysis, u: Linear) -> bool:
    """Built by sums with weights >= 0 and by max from convex parts."""
    return analysis.facts(u).is_convex


def is_affine(analysis: BoxAnalysis, u: Linear) -> bool:
    """Convex and concave."""
    return analysis.facts(u).is_convex and analysis.facts(u).is_concave


def is_additive(analysis: BoxAnalysis, u: Linear) -> bool:
    """Every term depends on one coordinate, or is affine."""
    lines, groups = analysis.split(u)
    bent = [curve for direction, curve in lines.items() if len(direction) > 1]
    return not groups and all(curve.is_convex and curve.is_concave for curve in bent)


def lipschitz_bound(analysis: BoxAnalysis, u: Linear, metric: str) -> Fraction:
    """A number K with |u(y) - u(z)| <= K |y - z| on the box; in l2 rounded up where it is irrational.

    The better of two bounds. From the slopes: K is the dual norm of the largest ones. From the parts: a
    sum has at most the sum of |coefficient| K, a max or min the largest K of its arguments, bumps with
    disjoint supports the largest |coefficient| K.
    """
    return _Bounds(analysis, metric).linear(u)


class _Bounds:
    def __init__(self, analysis: BoxAnalysis, metric: str) -> None:
        self.analysis, self.metric = analysis, metric
        self.known: dict[int, Fraction] = {}

    def linear(self, u: Linear) -> Fraction:
        """For an affine combination."""
        whole = self.dual(self.analysis.facts(u).slopes)
        lines, groups = self.analysis.split(u)
        if not groups:
            return whole
        along: dict[int, Fraction] = {}
        for direction, curve in lines.items():
            spend(2 * len(direction) + len(curve.xs))
            steepest = max(map(abs, curve.slopes))
            for i, w in direction:
                along[i] = along.get(i, _ZERO) + abs(w) * steepest
        parts = self.dual({i: (-s, s) for i, s in along.items()})
        for group in groups:
            parts += max(abs(c) * self.atom(k) for k, c in group)
        return min(whole, parts)

    def atom(self, index: int) -> Fraction:
        """For an atom."""
        if index not in self.known:
            args = self.analysis.atoms[index - self.analysis.dim].args
            parts = max(self.linear(arg) for arg in args)
            self.known[index] = min(parts, self.dual(self.analysis.part(index).slopes))
        return self.known[index]

    def dual(self, slopes: Slopes) -> Fraction:
        """The dual norm of the largest slopes: max for l1, sum for linf, root of the squares for l2."""
        spend(2 * sum(map(weights, slopes.values())))
        largest = [max(abs(low), abs(high)) for low, high in slopes.values()]
        if self.metric == "l1":
            return max(largest, default=_ZERO)
        if self.metric == "linf":
            return sum(largest, _ZERO)
        return _root_up(sum((s * s for s in largest), _ZERO))


def _root_up(q: Fraction) -> Fraction:
    """The square root, exact where it is rational, else a little more."""
    root = Fraction(math.isqrt(q.numerator), math.isqrt(q.denominator))
    if root * root == q:
        return root
    scaled = q * _ROOT_SCALE**2
    return Fraction(math.isqrt(math.ceil(scaled)) + 1, _ROOT_SCALE)
