"""One neuron with a known link, rows of ours: the affine rows seen through the link."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from trompe.ground.arguments import checked
from trompe.ground.errors import InvalidInput
from trompe.theory.bands import Band
from trompe.theory.classes import (
    Comparison,
    FunctionClass,
    Inclusion,
    check_corner,
    check_ends,
    corner_reflection,
)
from trompe.theory.exact import Point, show, written
from trompe.theory.fibres import F64, Brackets, Fibres, OneValue, Seen, WithoutExemplars, between
from trompe.theory.limits import Limits
from trompe.theory.links import Link, link
from trompe.theory.namespace import EXACT, ArrayNamespace
from trompe.theory.rows.affine import Affine, Weights
from trompe.theory.shares.base import KnownEverywhere, SharpRow
from trompe.theory.sites import UNIT, Floats, directed
from trompe.theory.statements import (
    ALL_NO,
    ALL_YES,
    DECIDED,
    EVERYWHERE,
    NOTHING,
    Sentence,
    Statement,
)
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization


@dataclass(frozen=True)
class Neuron(FunctionClass):
    """One neuron h(w.z + c) of at least two inputs with a known strictly increasing continuous link h.

    Closed under convex combination of what goes into the link, not of the functions themselves.
    """

    key = "neuron"
    name = "One neuron (d > 1)"
    symbol = r"\mathcal{F}^{d>1}_{h}"
    definition = "f(z) = h(w.z + c) for some w in R^d and c in R; the link h is known, d >= 2"
    member = "neuron"
    statement = Statement(
        ALL_NO,
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
            "For all such d, h, s, t, b{eps} there are such x.",
            r"For all such $d,h,s,t,b${eps} there are such $x$.",
        ),
        Sentence(
            "neurons f, g with link h (functions z -> h(w.z + c))",
            r"neurons $f,g$ with link $h$ (functions $z\mapsto h(w\cdot z+c)$)",
        ),
        DECIDED,
        Sentence(
            "Every such neuron with unique extremes has them at a corner b and at 1 - b.",
            r"Every such neuron with unique extremes has them at a corner $b$ and at $1-b$.",
        ),
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("neuron", "black-box", "by definition: every function is a member"),
    )
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

    @checked
    def check_visualization(self, v: Visualization) -> None:
        self._check_values(v)
        super().check_visualization(v)

    def _check_values(self, v: Visualization) -> None:
        for what, value in (("minimum", v.minimum), ("maximum", v.maximum)):
            if not self.function.has(value):
                raise InvalidInput(
                    f"{self.key}: {what} = {written(value)} lies outside {self.function.range_text}, the values of "
                    f"{self.link}; give the unit's value after the link, not rounded to the end of the range"
                )

    def _check_extremes(self, v: Visualization) -> None:
        why = "a unique maximiser of an increasing function of an affine one is one"
        check_corner(self.key, "argmax", v.argmax, why)
        opposite, _ = corner_reflection(v.argmax)
        if v.argmin != opposite:
            raise InvalidInput(
                f"{self.key}: argmin {show(v.argmin)}; a neuron with unique extremes has it at the corner "
                f"{show(opposite)} opposite to the argmax"
            )

    @checked
    def between(self, v: Visualization, share: Fraction) -> Any:
        """H(share), the value where the pre-activation has gone this share of the way from a to b."""
        return self.function.between(v.minimum, v.maximum, share, EXACT)

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        seen = Affine.coordinates(v, x)
        return Interval(self.between(v, min(seen)), self.between(v, max(seen)))

    def in_words(self) -> str:
        return f"neuron with link {self.link_words}"

    @property
    def link_words(self) -> str:
        """The link as a reader writes it; leaky ReLUs of different slopes are different classes."""
        return self.function.words

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return LinkedWeights if with_exemplars and self.function.is_rational else NeuronFibres

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        if self.function.is_rational:
            return LinkedBand
        raise InvalidInput(
            f"{self.key}: no sharp interval is proved here where the points shown of a neuron with link {self.link} need not "
            "be extremes, since what goes into this link is irrational for most values; leave out --range, --tolerance and "
            "--noise, or take leaky-relu"
        )

    no_sharp_row = (
        "One neuron (d > 1) has no row: its worst radius is 1/2 for every link h, but both shares depend on h, m and M. "
        "With H(u) = h((1-u) s + u t), h(s) = m, h(t) = M, and H(c) = (m+M)/2 the side share is c^d + (1-c)^d."
    )

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        raise InvalidInput(
            "neuron: no row of the sharp table; its worst radius is 1/2 for every link, but its shares depend "
            "on the link, m and M (docs/rows/neuron.md)"
        )


class Neuron1d(Neuron):
    """One neuron of one input with a known link, constants (w = 0) included."""

    key = "neuron-1d"
    name = "One neuron (d = 1)"
    symbol = r"\mathcal{F}^{d=1}_{h}"
    definition = "f(z) = h(w z + c) for some w and c in R; the link h is known, d = 1"
    statement = Statement(
        ALL_YES,
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
        EVERYWHERE,
        NOTHING,
    )
    sharp_setting = Sentence("every member", "every member")
    inside: ClassVar[tuple[Inclusion, ...]] = ()
    min_dim = 1
    max_dim = 1

    @checked
    def check_visualization(self, v: Visualization) -> None:
        self.check_dim(v.dim)
        self._check_values(v)
        check_ends(self.key, v, "one neuron has its extremes there")

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        return super()._fibre(v, x) if v.range else Interval(v.minimum, v.minimum)

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Neuron1dFibres

    no_sharp_row = ""

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return KnownEverywhere(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class _OneNeuron(Fibres):
    """One neuron with a known link, from H(min x') to H(max x'), in floats.

    The floats assume that exp, log and their relatives are within 8 units in the last place, as the
    makers of NumPy and of C libraries state; the rest of the error is bounded by `_noise`.
    """

    def _enclose(self, points: Floats) -> Brackets:
        v, n = self.v, points.shape[0]
        if not v.range:
            return between(np.zeros(n), np.zeros(n), 0.0, np.ones(n, dtype=bool))
        (least, most), error = self._seen.ends(points), self._seen.error
        (m_down, m_up), (M_down, M_up) = directed(v.minimum), directed(v.maximum)
        noise = self._noise(max(abs(m_down), abs(m_up), abs(M_down), abs(M_up)))

        def share(low: float, high: float, part: Floats, shift: float) -> Floats:
            at = np.clip(part + shift * error, 0, 1)
            value = self.cls.function.between(low, high, at, F64)
            found = (value - float(v.minimum)) / float(v.range) + shift * noise
            return np.asarray(np.clip(found, 0, 1), dtype=np.float64)

        m, M = float(v.minimum), float(v.maximum)
        single = np.asarray(least == most) if not error else np.full(n, v.dim == 1)
        return Brackets(
            share(m, M, least, 0),
            share(m, M, most, 0),
            (share(m_down, M_down, least, -1), share(m_up, M_up, least, 1)),
            (share(m_down, M_down, most, -1), share(m_up, M_up, most, 1)),
            single,
        )

    @cached_property
    def _seen(self) -> Seen:
        return Seen(self.v.argmax)

    def _noise(self, largest: float) -> float:
        """How far a computed H(u) may be off, as a share of the range, where m, M and u are exact.

        h^-1 is off by 16u (1 + |t|) and h does not expand differences; h itself is off by 16u (1 + |t|)
        of its value. The pre-activations reach as far as those of m and M do.
        """
        function = self.cls.function
        ends = np.array([float(self.v.minimum), float(self.v.maximum)])
        if hasattr(function, "inv_slope"):
            reach = float(np.abs(ends).max() * float(function.inv_slope))
        else:
            reach = max(abs(function.inverse(end)) for end in ends.tolist())
        return 128 * UNIT * (1 + reach) * (1 + largest) / float(self.v.range)


class NeuronFibres(_OneNeuron, WithoutExemplars):
    """One neuron of at least two inputs; with exemplars and leaky ReLU see `LinkedWeights`."""

    why = (
        "what goes into this link is irrational for most values, so that the linear program for it cannot be solved "
        "exactly; they are for leaky-relu"
    )


class Neuron1dFibres(_OneNeuron, OneValue):
    """One neuron of one input."""

    def _exact(self, x: Point) -> Interval:
        found: Interval = self.cls.envelope(self.v, x)
        return found


class LinkedWeights(Weights):
    """One neuron with leaky ReLU, d >= 2: the affine problem for h^-1 of the shown values.

    A neuron h(w.z + c) takes the value y at s if and only if w.s + c = h^-1(y). So its fibre is h of the fibre of the
    affine functions with h^-1 of the shown values, which are rational as h is piecewise linear.
    """

    @property
    def noun(self) -> str:
        return f"neuron with link {self.cls.link_words}"

    def share_of(self, value: Fraction) -> Fraction:
        """(h^-1(value) - h^-1(m)) / (h^-1(M) - h^-1(m))."""
        start, stop, at = (
            self.cls.function.inverse(y, EXACT) for y in (self.v.minimum, self.v.maximum, value)
        )
        return Fraction((at - start) / (stop - start))

    def value_at(self, share: Fraction) -> Fraction:
        return Fraction(self.cls.between(self.v, share))


class LinkedBand(Band):
    """One neuron with leaky ReLU within limits, for every d: the affine problem for h^-1 of shown values and limits.

    h is strictly increasing, so that lo <= h(w.z + c) <= hi says h^-1(lo) <= w.z + c <= h^-1(hi), and so at a shown point.
    """

    bends = (Fraction(0),)

    @property
    def noun(self) -> str:
        return f"neuron with link {self.cls.link_words}"

    def inside(self, value: Fraction) -> Fraction:
        return Fraction(self.cls.function.inverse(value, EXACT))

    def outside(self, value: Fraction) -> Fraction:
        return Fraction(self.cls.function.apply(value, EXACT))
