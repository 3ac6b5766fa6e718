"""Monotone functions: every value between m and M at every query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass, Inclusion
from trompe.theory.exact import Point, show, written
from trompe.theory.fibres import Brackets, Ends, Fibres, all_directed, as_floats
from trompe.theory.limits import Limits
from trompe.theory.namespace import Array, ArrayNamespace
from trompe.theory.shares.base import NoGap, SharpRow
from trompe.theory.sites import Floats, Site, Surd
from trompe.theory.statements import ALL_NO, EVERYWHERE, NOTHING, Sentence, Statement
from trompe.theory.visualization import Visualization


class Monotone(FunctionClass):
    """Functions that do not decrease when a coordinate grows."""

    key = "monotone"
    name = "Monotone"
    symbol = r"\mathcal{F}_{\mathrm{Mono}}"
    definition = "h(y) <= h(z) whenever y_i <= z_i for every i"
    member = "monotone function"
    paper = ("No", "No", "No")
    statement = Statement(
        ALL_NO,
        Sentence(
            "every d >= 1, all m < M, a = (0, ..., 0), b = (1, ..., 1) and every x in [0,1]^d other "
            "than a and b",
            r"every $d\ge 1$, all $m<M$, $a=(0,\dots,0)$, $b=(1,\dots,1)$ and every $x\in[0,1]^d$ other "
            r"than $a$ and $b$",
        ),
        EVERYWHERE,
        NOTHING,
        Sentence("monotone functions f, g", r"monotone functions $f,g$"),
        only=Sentence(
            "Every monotone function with unique extremes has them at these a and b.",
            r"Every monotone function with unique extremes has them at these $a$ and $b$.",
        ),
    )
    sharp_setting = Sentence("a = 0, b = 1, the only ones", r"$a=0$, $b=1$, the only ones")
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("monotone", "black-box", "by definition: every function is a member"),
    )

    def premise(self, y: Array, z: Array) -> list[Any]:
        return [yi <= zi for yi, zi in zip(y, z, strict=True)]

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.at_y <= c.at_z

    def _check_extremes(self, v: Visualization) -> None:
        if any(v.argmin) or any(q.numerator < q.denominator for q in v.argmax):
            raise InvalidInput(
                f"{self.key}: argmin {show(v.argmin)}, argmax {show(v.argmax)}; a monotone function "
                "with unique extremes has them at (0, ..., 0) and (1, ..., 1)"
            )

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Order

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return Order

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return NoGap(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class Order(Fibres):
    """Monotone: the largest value shown at or below x, the smallest shown at or above it, within the limits.

    Sound: the law at x and a shown point. Some member fits if and only if s_j <= s_k implies y_j <= y_k, and all values
    strictly between the ends are taken: by the cones of `trompe.constructions.cones.ConeTriple` with C = R/delta, where delta is the smallest
    positive e between two of the shown points and x. Then C e(s_j, s_k) is 0 or at least R, and so U(x) is the least
    value shown at or above x. Within limits: `trompe.theory.rows.lipschitz.Cones`.
    """

    def check(self) -> None:
        wrong = [
            (lesser, greater)
            for k, high in enumerate(self.shown)
            for low in self.shown[:k]
            for lesser, greater in ((low, high), (high, low))
            if lesser.low > greater.high and lesser.at_most(greater)
        ]
        if wrong:
            raise self._refusal(wrong)

    def _refusal(self, wrong: list[tuple[Site, Site]]) -> InvalidInput:
        """The pair that is farthest apart, and the changes that would make all values consistent.

        With y_k replaced by half the sum of the largest value at or below s_k and the smallest at or
        above it, all values fit; none moves by more than half of the largest fall, and for that pair less
        is not enough.
        """
        lesser, greater = max(wrong, key=lambda pair: pair[0].value - pair[1].value)
        fall = lesser.value - greater.value
        if self.limits is not None:
            noise = f", each up to {written(lesser.noise)}" * bool(lesser.noise)
            return self.refuse(
                f"{lesser} has the value {written(lesser.value)} and lies below {greater} in every coordinate, which has the "
                f"smaller value {written(greater.value)}{noise}; no monotone function takes both; the least noise for which "
                f"some member takes all shown values is {written(fall / 2)}"
            )
        change = (
            f"to move values by at most {written(fall / 2)} is enough if all that contradict each other are moved, "
            "less is not"
        )
        for moved in (lesser, greater):
            if all(moved in pair for pair in wrong):
                others = [s for s in self.shown if s is not moved]
                low = max(s.value for s in others if s.at_most(moved))
                high = min(s.value for s in others if moved.at_most(s))
                change += f"; or to give {moved.name} a value from {written(low)} to {written(high)}, strictly between m and M"
        return self.refuse(
            f"{lesser} has the value {written(lesser.value)} and lies below {greater} in every coordinate, which "
            f"has the smaller value {written(greater.value)}; no monotone function takes both; {change}"
        )

    def _exact(self, x: Point) -> Ends:
        below = [
            s.low for s, p in self._pairs if all(pi <= xi for pi, xi in zip(p, x, strict=True))
        ]
        above = [
            s.high for s, p in self._pairs if all(pi >= xi for pi, xi in zip(p, x, strict=True))
        ]
        return Ends(Surd(max([self.low, *below])), Surd(min([self.high, *above])))

    @property
    def _pairs(self) -> Iterable[tuple[Site, Point]]:
        return zip(self.shown, self.points, strict=True)

    def _enclose(self, points: Floats) -> Brackets:
        levels = sorted({self.low, self.high, *(y for s in self.shown for y in (s.low, s.high))})
        rank = {y: k for k, y in enumerate(levels)}
        lower, upper = (np.full(points.shape[0], rank[end]) for end in (self.low, self.high))
        for site in self.shown:
            above, below = (site.above <= points).all(-1), (site.below >= points).all(-1)
            lower[above] = np.maximum(lower[above], rank[site.low])
            upper[below] = np.minimum(upper[below], rank[site.high])
        shares = [self.share(level) for level in levels]
        near, (low, high) = as_floats(shares), all_directed(shares)
        return Brackets(
            near[lower],
            near[upper],
            (low[lower], high[lower]),
            (low[upper], high[upper]),
            lower == upper,
        )
