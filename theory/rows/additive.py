"""Additive functions, a row of ours: every value between m and M at every query."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass, Inclusion
from trompe.theory.fibres import Brackets, Fibres, WithoutExemplars, between
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.shares.base import NoGap, SharpRow
from trompe.theory.sites import Floats
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
