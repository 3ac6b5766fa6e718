"""Further rows, ours: the paper's table does not have them. Their proofs are in docs/extended.md."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from trompe.ground.errors import InvalidInput
from trompe.theory.catalogue import Form, Row, Sentence, Theorem, cells
from trompe.theory.classes import Affine, Comparison, FunctionClass, check_corner
from trompe.theory.exact import Point, show
from trompe.theory.links import Link, link
from trompe.theory.namespace import EXACT, ArrayNamespace
from trompe.theory.tasks import TASKS, Interval
from trompe.theory.visualization import Visualization

__all__ = [
    "EXTENDED",
    "EXTENDED_ROWS",
    "EXTENDED_THEOREMS",
    "Additive",
    "LipschitzUnknown",
    "Neuron",
    "Neuron1d",
]


# -- the classes ---------------------------------------------------------------------------------------


class LipschitzUnknown(FunctionClass):
    """Functions that are Lipschitz with some constant, which is not known."""

    key = "lipschitz-unknown"
    name = "Lipschitz (unknown L)"
    symbol = r"\mathcal{F}_{\mathrm{Lip}}"
    definition = "for some L, not known: |h(y) - h(z)| <= L |y - z| for all y, z in [0,1]^d (in l1, and so in l2 and linf)"
    is_pointwise = False

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        raise TypeError(f"{self.key}: some L must serve all points; no law on two of them says so")


class Additive(FunctionClass):
    """Sums of functions of one coordinate each; for one input, all functions."""

    key = "additive"
    name = "Additive"
    symbol = r"\mathcal{F}_{\mathrm{Add}}"
    definition = "h(z) = h_1(z_1) + ... + h_d(z_d) with any functions h_i : [0,1] -> R"
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


@dataclass(frozen=True)
class Neuron(FunctionClass):
    """One neuron h(w.z + c) of at least two inputs with a known strictly increasing continuous link h.

    Closed under convex combination of what goes into the link, not of the functions themselves.
    """

    key = "neuron"
    name = "One neuron (d > 1)"
    symbol = r"\mathcal{F}^{d>1}_{h}"
    definition = "f(z) = h(w.z + c) for some w in R^d and c in R; the link h is known, d >= 2"
    min_dim = 2
    is_pointwise = False

    link: str = "sigmoid"
    """sigmoid, tanh, softplus or leaky-relu."""
    slope: Any = Fraction(1, 100)
    """Of leaky-relu where t < 0; the other links do not read it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", getattr(link(self.link, self.slope), "slope", self.slope))

    @cached_property
    def function(self) -> Link:
        """The link h."""
        return link(self.link, self.slope)

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        raise TypeError(
            f"{self.key}: membership is a representation (a neuron), not a law on two points"
        )

    def check_visualization(self, v: Visualization) -> None:
        self._check_values(v)
        super().check_visualization(v)

    def _check_values(self, v: Visualization) -> None:
        for what, value in (("minimum", v.minimum), ("maximum", v.maximum)):
            if not self.function.has(value):
                raise InvalidInput(
                    f"{self.key}: {what} = {value} lies outside {self.function.range_text}, the values of "
                    f"{self.link}; give the unit's value after the link, not rounded to the end of the range"
                )

    def _check_extremes(self, v: Visualization) -> None:
        why = "a unique maximiser of an increasing function of an affine one is one"
        check_corner(self.key, "argmax", v.argmax, why)
        opposite = tuple(1 - bi for bi in v.argmax)
        if v.argmin != opposite:
            raise InvalidInput(
                f"{self.key}: argmin {show(v.argmin)}; a neuron with unique extremes has it at the corner "
                f"{show(opposite)} opposite to the argmax"
            )

    def between(self, v: Visualization, share: Fraction) -> Any:
        """H(share), the value where the pre-activation has gone this share of the way from a to b."""
        return self.function.between(v.minimum, v.maximum, share, EXACT)

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        seen = Affine.coordinates(v, x)
        return Interval(self.between(v, min(seen)), self.between(v, max(seen)))


class Neuron1d(Neuron):
    """One neuron of one input with a known link, constants (w = 0) included."""

    key = "neuron-1d"
    name = "One neuron (d = 1)"
    symbol = r"\mathcal{F}^{d=1}_{h}"
    definition = "f(z) = h(w z + c) for some w and c in R; the link h is known, d = 1"
    min_dim = 1
    max_dim = 1

    def check_visualization(self, v: Visualization) -> None:
        self.check_dim(v.dim)
        self._check_values(v)
        if v.minimum < v.maximum:
            for what, points in (("argmin", v.argmin_set), ("argmax", v.argmax_set)):
                for point in points:
                    check_corner(self.key, what, point, "one neuron has its extremes there")

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        return super()._fibre(v, x) if v.range else Interval(v.minimum, v.minimum)


EXTENDED: dict[str, type[FunctionClass]] = {
    kind.key: kind for kind in (LipschitzUnknown, Neuron, Neuron1d, Additive)
}
"""Our further rows, in the order in which `trompe table --extended` shows them."""


# -- the statements --------------------------------------------------------------------------------------

_ALL_NO, _ALL_YES = (dict.fromkeys(TASKS, form) for form in (Form.IMPOSSIBLE, Form.POSSIBLE))
_EVERYWHERE = {task: Sentence("", "") for task in TASKS}
_SHOWN = Sentence(
    "The only queries left out are a and b, whose values are shown.",
    r"The only queries left out are $a$ and $b$, whose values are shown.",
)

_ROWS = (
    Row(
        "lipschitz-unknown",
        _ALL_NO,
        Sentence(
            "every d >= 1, each of the metrics l1, l2, linf, all m < M and all pairwise different points "
            "a, b, x of [0,1]^d",
            r"every $d\ge 1$, each of the metrics $\ell_1,\ell_2,\ell_\infty$, all $m<M$ and all pairwise "
            r"different $a,b,x\in[0,1]^d$",
        ),
        _EVERYWHERE,
        _SHOWN,
    ),
    Row(
        "neuron",
        _ALL_NO,
        Sentence(
            "every d >= 2, every strictly increasing continuous h : R -> R, all s < t with m = h(s) and "
            "M = h(t), every corner b of [0,1]^d, a = 1 - b and every x in [0,1]^d; put x'_i = x_i where "
            "b_i = 1 and x'_i = 1 - x_i where b_i = 0, and H(u) = h(s + (t - s) u)",
            r"every $d\ge 2$, every strictly increasing continuous $h:\mathbb R\to\mathbb R$, all $s<t$ with "
            r"$m=h(s)$ and $M=h(t)$, every corner $b$ of $[0,1]^d$, $a=1-b$ and every $x\in[0,1]^d$; put "
            r"$x'_i=x_i$ where $b_i=1$ and $x'_i=1-x_i$ where $b_i=0$, and $H(u)=h(s+(t-s)u)$",
        ),
        {
            "exact": Sentence("min x' < max x'", r"$\min x'<\max x'$"),
            "approx": Sentence(
                "H(max x') - H(min x') > 2 eps (M - m)",
                r"$H(\max x')-H(\min x')>2\varepsilon(M-m)$",
            ),
            "side": Sentence(
                "H(min x') < (m + M)/2 < H(max x')", r"$H(\min x')<\tfrac{m+M}{2}<H(\max x')$"
            ),
        },
        Sentence(
            "For all such d, h, s, t, b{eps} there are such x. At every other x the task is decidable. Every "
            "such neuron with unique extremes has them at a corner b and at 1 - b.",
            r"For all such $d,h,s,t,b${eps} there are such $x$. At every other $x$ the task is decidable. "
            r"Every such neuron with unique extremes has them at a corner $b$ and at $1-b$.",
        ),
    ),
    Row(
        "neuron-1d",
        _ALL_YES,
        Sentence(
            "d = 1, every strictly increasing continuous h : R -> R, every f : [0,1] -> R, "
            "f(z) = h(w z + c), with minimum m = h(s) and maximum M = h(t), any one of its minimisers a, "
            "any one of its maximisers b and every x in [0,1], with "
            "D(v, x) = h(s + (t - s) |x - a| / |b - a|) if m < M and D(v, x) = m if m = M",
            r"$d=1$, every strictly increasing continuous $h:\mathbb R\to\mathbb R$, every "
            r"$f:[0,1]\to\mathbb R$, $f(z)=h(wz+c)$, with minimum $m=h(s)$ and maximum $M=h(t)$, any one of "
            r"its minimisers $a$, any one of its maximisers $b$ and every $x\in[0,1]$, with "
            r"$D(v,x)=h\bigl(s+(t-s)\frac{|x-a|}{|b-a|}\bigr)$ if $m<M$ and $D(v,x)=m$ if $m=M$",
        ),
        _EVERYWHERE,
        Sentence("", ""),
    ),
    Row(
        "additive",
        _ALL_NO,
        Sentence(
            "every d >= 1, all m < M, all points a, b of [0,1]^d with a_i != b_i for every i and every x in "
            "[0,1]^d other than a and b",
            r"every $d\ge 1$, all $m<M$, all $a,b\in[0,1]^d$ with $a_i\neq b_i$ for every $i$ and every "
            r"$x\in[0,1]^d$ other than $a$ and $b$",
        ),
        _EVERYWHERE,
        Sentence(
            f"{_SHOWN.text} Every additive function with unique extremes has them at such a and b.",
            rf"{_SHOWN.latex} Every additive function with unique extremes has them at such $a$ and $b$.",
        ),
    ),
)

EXTENDED_ROWS: dict[str, Row] = {row.key: row for row in _ROWS}

_MEMBERS = {
    "lipschitz-unknown": Sentence(
        "functions f, g, each Lipschitz in this metric with some constant,",
        r"functions $f,g$, each Lipschitz in this metric with some constant,",
    ),
    "neuron": Sentence(
        "neurons f, g with link h (functions z -> h(w.z + c))",
        r"neurons $f,g$ with link $h$ (functions $z\mapsto h(w\cdot z+c)$)",
    ),
    "additive": Sentence(
        "additive functions f, g (sums of functions of one coordinate each)",
        r"additive functions $f,g$ (sums of functions of one coordinate each)",
    ),
}

_OURS = "statement, construction and constants: trompe; the paper's table has no such row"

EXTENDED_THEOREMS: dict[str, Theorem] = {
    key: cell
    for row in EXTENDED
    for key, cell in cells(
        EXTENDED_ROWS[row], _MEMBERS.get(row), (None,) * len(TASKS), _OURS
    ).items()
}
"""The cells of our further rows; `paper` is None in each."""
