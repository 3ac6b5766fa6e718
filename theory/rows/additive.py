"""Additive functions, a row of ours: every value between m and M at every query."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass, Inclusion
from trompe.theory.exact import Point
from trompe.theory.fibres import Brackets, Ends, Fibres, WithoutExemplars, between, level
from trompe.theory.limits import Limits
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.shares.base import NoGap, SharpRow
from trompe.theory.sites import Floats, Surd
from trompe.theory.statements import (
    ALL_NO,
    EVERYWHERE,
    NOTHING,
    SHOWN,
    Sentence,
    Statement,
)
from trompe.theory.visualization import Visualization


class Additive(FunctionClass):
    """Sums of functions of one coordinate each; for one input, all functions."""

    key = "additive"
    name = "Additive"
    symbol = r"\mathcal{F}_{\mathrm{Add}}"
    definition = "h(z) = h_1(z_1) + ... + h_d(z_d) with any functions h_i : [0,1] -> R"
    member = "additive function"
    statement = Statement(
        ALL_NO,
        Sentence(
            "every d >= 1, all m < M, all points a, b of [0,1]^d with a_i != b_i for every i and every x in "
            "[0,1]^d other than a and b",
            r"every $d\ge 1$, all $m<M$, all $a,b\in[0,1]^d$ with $a_i\neq b_i$ for every $i$ and every "
            r"$x\in[0,1]^d$ other than $a$ and $b$",
        ),
        EVERYWHERE,
        NOTHING,
        Sentence(
            "additive functions f, g (sums of functions of one coordinate each)",
            r"additive functions $f,g$ (sums of functions of one coordinate each)",
        ),
        SHOWN,
        Sentence(
            "Every additive function with unique extremes has them at such a and b.",
            r"Every additive function with unique extremes has them at such $a$ and $b$.",
        ),
    )
    sharp_setting = Sentence(
        "all a, b that differ in every coordinate", r"all $a,b$ that differ in every coordinate"
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("additive", "black-box", "by definition: every function is a member"),
    )
    is_pointwise = False

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        raise TypeError(
            f"{self.key}: membership is a representation (a sum), not a law on two points"
        )

    @staticmethod
    def exchange(y: Any, z: Any, y_other: Any, z_other: Any) -> Any:
        """The law h(y) + h(z) = h(y') + h(z') where y', z' are y, z with some coordinates exchanged.

        A function satisfies it for all y, z and all sets of coordinates if and only if it is a member.
        """
        return y + z == y_other + z_other

    def _check_extremes(self, v: Visualization) -> None:
        for i, (ai, bi) in enumerate(zip(v.argmin, v.argmax, strict=True)):
            if ai == bi:
                raise InvalidInput(
                    f"{self.key}: argmin and argmax share coordinate {i} (it is {ai}); an additive function "
                    "with unique extremes has two that differ in every coordinate"
                )

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return AdditiveFibres

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        if limits.noise:
            raise InvalidInput(
                f"{self.key}: noise is not offered: values of two points that are known up to an error tie parts of different "
                "coordinates together, and no sharp bound for that is proved here; leave --noise out"
            )
        return AdditiveBand

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return NoGap(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class AdditiveFibres(WithoutExemplars):
    """Additive functions: (m, M) at every other point."""

    why = "each one ties parts of different coordinates together, and no sharp bound for that is proved here"

    def _enclose(self, points: Floats) -> Brackets:
        n = points.shape[0]
        return between(np.zeros(n), np.ones(n), 0.0)


class AdditiveBand(Fibres):
    """Additive within limits, with exact values: what a point has in common with a and with b decides.

    With K the coordinates that a and b share, p = alpha - lo and q = hi - beta, the ends at x are, where x is

    - a outside K: lo and alpha + q, since the point that is x on K and b elsewhere exceeds f(x) by R0;
    - b outside K: beta - p and hi;
    - a in some coordinates outside K, b in the others, and a and b on K: alpha - min(p, q) and beta + min(p, q), since the
      point with a and b exchanged has the value alpha + beta - f(x);
    - anything else: lo and hi.

    For h is additive if and only if h(y) + h(z) stays the same when y and z exchange coordinates. All of it is attained.
    Write [z_i = t] for 1 where it holds and 0 elsewhere, and let i and j be outside K, k in K.

    - a or b outside K: alpha + R0 [z_i = b_i] + delta [z_k = x_k] with x_k != a_k, for every delta from -p to q;
    - a in coordinate i, b in j: alpha + r [z_j = b_j] + (R0 - r) [z_i = b_i], for every r with alpha + r and beta - r in [lo, hi];
    - x_i neither a_i nor b_i: alpha + R0 [z_i = b_i] + delta [z_i = x_i];
    - a in coordinate i, b in j, but x_k != a_k for some k in K: alpha + R0 [z_j = b_j] + q [z_k = x_k] has hi,
      alpha + R0 [z_i = b_i] - p [z_k = x_k] has lo, and mixes have what is between.
    """

    def check(self) -> None:
        if self.exemplars:
            raise self.refuse(f"exemplars are not offered: {AdditiveFibres.why}; ask without them")

    def _ends(self) -> tuple[tuple[Any, Any], ...]:
        """The four intervals, in the order of the class's description."""
        alpha, beta, lo, hi = self.v.minimum, self.v.maximum, self.low, self.high
        p, q = alpha - lo, hi - beta
        mixed = (alpha - min(p, q), beta + min(p, q))
        return (lo, alpha + q), (beta - p, hi), mixed, (lo, hi)

    def _exact(self, x: Point) -> Ends:
        triples = list(zip(x, self.v.argmin, self.v.argmax, strict=True))
        apart = [(xi == ai, xi == bi) for xi, ai, bi in triples if ai != bi]
        at_a, at_b = (all(pair[k] for pair in apart) for k in (0, 1))
        is_mixed = all(map(any, apart)) and all(xi == ai for xi, ai, bi in triples if ai == bi)
        kind = 0 if at_a else 1 if at_b else 2 if is_mixed else 3
        return Ends(*map(Surd, self._ends()[kind]))

    def _enclose(self, points: Floats) -> Brackets:
        n, (a, b) = points.shape[0], self.shown
        near_a, near_b = ((points == s.near) & (s.below == s.above) for s in (a, b))
        apart = np.array([ai != bi for ai, bi in zip(*self.points, strict=True)])
        at_a, at_b = near_a[:, apart].all(-1), near_b[:, apart].all(-1)
        is_mixed = (near_a | near_b)[:, apart].all(-1) & near_a[:, ~apart].all(-1)
        kinds = [at_a, at_b & ~at_a, is_mixed & ~at_a & ~at_b]
        lower, upper = (level(self.share(end), n) for end in (self.low, self.high))
        found = Brackets(lower[0], upper[0], lower[1], upper[1], np.zeros(n, dtype=bool))
        for at, ends in zip(kinds, self._ends(), strict=False):
            found.cut(at, *map(self.share, ends))
        return found
