"""Constant functions: one value, which is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from trompe.ground.arguments import checked
from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass
from trompe.theory.exact import Point, written
from trompe.theory.fibres import Brackets, Ends, Fibres, OneValue, between
from trompe.theory.levels import NO_QUERY_LEFT, Own, decoded, undecided
from trompe.theory.limits import Limits
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.shares.base import KnownEverywhere, SharpRow
from trompe.theory.sites import Floats, Surd
from trompe.theory.statements import (
    ALL_YES,
    ANY_EPS,
    EVERYWHERE,
    NOTHING,
    Sentence,
    Statement,
)
from trompe.theory.tasks import TASKS, Interval
from trompe.theory.visualization import Visualization


def _own() -> Own:
    near = Sentence(
        "every d >= 1, every constant f : [0,1]^d -> R with value alpha = beta, all points a, b of [0,1]^d, all lo "
        "and hi with lo <= alpha <= hi and every x in [0,1]^d",
        r"every $d\ge 1$, every constant $f:[0,1]^d\to\mathbb R$ with value $\alpha=\beta$, all $a,b\in[0,1]^d$, all "
        r"$lo\le\alpha\le hi$ and every $x\in[0,1]^d$",
    )
    every = Sentence(
        "every d >= 1, every constant f : [0,1]^d -> R and every x in [0,1]^d",
        r"every $d\ge 1$, every constant $f:[0,1]^d\to\mathbb R$ and every $x\in[0,1]^d$",
    )
    other = Sentence(
        "there is a constant g, which like f has its minimum and its maximum everywhere, with",
        "there is a constant $g$, which like $f$ has its minimum and its maximum everywhere, with",
    )
    value, smaller = Sentence("alpha", r"$\alpha$"), Sentence('"min"', '"min"')
    found = {(task, "near"): decoded(task, "near", near, value) for task in TASKS}
    found["side", "near"] = decoded("side", "near", near, smaller)
    for task in ("exact", "approx"):
        found[task, "maximum"] = decoded(task, "maximum", every, Sentence("M", "$M$"))
        for level in ("images", "argmax"):
            found[task, level] = undecided(task, level, every, other, NO_QUERY_LEFT, ANY_EPS)
    for level in ("maximum", "images", "argmax"):
        found["side", level] = decoded("side", level, every, smaller)
    return found


class Constant(FunctionClass):
    """Constant functions."""

    key = "constant"
    name = "Constant"
    symbol = r"\mathcal{F}_{\mathrm{Const}}"
    definition = "h(y) = h(z) for all y, z"
    member = "constant function"
    has_one_value = True
    paper = ("Yes", "Yes", "Yes")
    statement = Statement(
        ALL_YES,
        Sentence(
            "every d >= 1, every constant f : [0,1]^d -> R with value m and every x in [0,1]^d, with "
            "D(v, x) = m",
            r"every $d\ge 1$, every constant $f:[0,1]^d\to\mathbb R$ with value $m$ and every "
            r"$x\in[0,1]^d$, with $D(v,x)=m$",
        ),
        EVERYWHERE,
        NOTHING,
    )
    own = _own()
    sharp_setting = Sentence("every member", "every member")

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.at_y == c.at_z

    @checked
    def check_visualization(self, v: Visualization) -> None:
        self.check_dim(v.dim)
        if v.minimum != v.maximum:
            raise InvalidInput(
                f"{self.key}: minimum = {written(v.minimum)} and maximum = {written(v.maximum)} differ; a constant has one value"
            )

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        return Interval(v.minimum, v.minimum)

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Known

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return Common

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return KnownEverywhere(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class Known(OneValue):
    """A class whose members are known from what is shown."""

    def _exact(self, x: Point) -> Ends:
        value = Surd(self.cls.envelope(self.v, x).lower)
        return Ends(value, value)

    def _enclose(self, points: Floats) -> Brackets:
        n = points.shape[0]
        return between(np.zeros(n), np.zeros(n), 0.0, np.ones(n, dtype=bool))


class Common(Fibres):
    """Constants within limits: the values that every shown point admits."""

    converts = True

    def check(self) -> None:
        least = min(self.shown, key=lambda site: site.high)
        most = max(self.shown, key=lambda site: site.low)
        if most.low > least.high:
            noise = (most.value - least.value) / 2
            raise self.refuse(
                f"{least} has the value {written(least.value)} and {most} the value {written(most.value)}; a constant has one "
                f"value, and the least noise for which some member takes all shown values is {written(noise)}"
            )

    def _exact(self, x: Point) -> Ends:
        lower = max([self.low, *(site.low for site in self.shown)])
        upper = min([self.high, *(site.high for site in self.shown)])
        return Ends(Surd(lower), Surd(upper))
