"""Black-box, piecewise affine, networks, ERM, Lipschitz with unknown L: what is shown leaves everything between m and M."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from trompe.ground.arguments import checked, checked_fields
from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass, Inclusion
from trompe.theory.data import Dataset
from trompe.theory.exact import Point, as_point, show, written
from trompe.theory.fibres import Brackets, Ends, Fibres, level
from trompe.theory.limits import Limits
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.shares.base import NoGap, SharpRow
from trompe.theory.sites import Floats, Surd
from trompe.theory.statements import ALL_NO, EVERYWHERE, NOTHING, SHOWN, Sentence, Statement, no_gap
from trompe.theory.visualization import Visualization

# -- the classes ------------------------------------------------------------------------------------------


class BlackBox(FunctionClass):
    """Every function."""

    key = "black-box"
    name = "Black-box"
    symbol = r"\mathcal{F}"
    definition = "any function h : [0,1]^d -> R"
    member = "function"
    paper = ("No", "No", "No")
    statement = no_gap(
        NOTHING,
        SHOWN,
        Sentence("functions f, g : [0,1]^d -> R", r"functions $f,g:[0,1]^d\to\mathbb R$"),
    )

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return True

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Whole

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return Whole

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return NoGap(cls)


class PiecewiseAffine(BlackBox):
    """Continuous piecewise affine functions with finitely many pieces."""

    key = "piecewise-affine"
    name = "Piecewise affine"
    short_names: ClassVar[tuple[str, ...]] = ("PAff",)
    symbol = r"\mathcal{F}_{\mathrm{PAff}}"
    definition = "h is continuous and affine on each of finitely many polyhedra that cover [0,1]^d"
    member = "continuous piecewise affine function"
    statement = no_gap(
        NOTHING,
        SHOWN,
        Sentence(
            "continuous piecewise affine functions f, g",
            r"continuous piecewise affine functions $f,g$",
        ),
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("piecewise-affine", "black-box", "by definition: every function is a member"),
        Inclusion(
            "piecewise-affine",
            "lipschitz-unknown",
            "finitely many slopes have a largest one, and along a segment the pieces add up",
            "lipschitz-unknown/pieces",
        ),
    )
    is_pointwise = False

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        raise TypeError(f"{self.key}: membership is a representation (a network), not a law")


class NeuralNetwork(PiecewiseAffine):
    """Functions computed by a feed-forward ReLU network, of any depth and width."""

    key = "neural-network"
    name = "Neural network"
    short_names: ClassVar[tuple[str, ...]] = ("NN",)
    symbol = r"\mathcal{F}_{\mathrm{NN}}"
    definition = (
        "h is computed on [0,1]^d by a feed-forward ReLU network of some finite depth and width"
    )
    member = "ReLU network"
    statement = no_gap(
        NOTHING,
        SHOWN,
        Sentence(
            "functions f, g computed by ReLU networks", r"functions $f,g$ computed by ReLU networks"
        ),
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion(
            "neural-network",
            "piecewise-affine",
            "a layer is affine followed by relu(u) = max(0, u); both keep functions continuous and piecewise affine",
            "network/relu-is-piecewise-affine",
        ),
    )


_KNOWN = Sentence(
    "The only queries left out are a and b, whose values are shown, and the training inputs, whose "
    "labels are known.",
    r"The only queries left out are $a$ and $b$, whose values are shown, and the training inputs, whose "
    r"labels are known.",
)


@checked_fields
@dataclass(frozen=True)
class EmpiricalRiskMinimizer(NeuralNetwork):
    """ReLU networks of unrestricted width that fit every label of a known data set.

    Its inputs are distinct. So these are the networks that minimise the empirical risk for every loss with
    l(t, t) <= l(p, t); for one such loss there may be more. Source: docs/rows/free, "Risk".
    """

    key = "erm"
    name = "Neural network trained with ERM"
    short_names: ClassVar[tuple[str, ...]] = ("ERM-trained network", "ERM")
    symbol = r"\mathcal{F}_{\mathrm{ERM}}"
    definition = (
        "h is a ReLU network of unrestricted width and takes the label at every training input"
    )
    member = "ReLU network that fits every training label"
    statement = no_gap(
        Sentence(
            ", and every finite data set with distinct inputs other than a, b, x and labels strictly "
            "between m and M",
            r", and every finite data set with distinct inputs other than $a,b,x$ and labels strictly "
            r"between $m$ and $M$",
        ),
        _KNOWN,
        Sentence(
            "functions f, g computed by ReLU networks (of width unrestricted, growing with the data) that "
            "fit every training label, so that no function has a smaller empirical risk for any loss with "
            "l(t, t) <= l(p, t)",
            r"functions $f,g$ computed by ReLU networks (of width unrestricted, growing with the data) that "
            r"fit every training label, so that no function has a smaller empirical risk for any loss with "
            r"$\ell(t,t)\le\ell(p,t)$",
        ),
    )
    sharp_setting = Sentence(
        "all a != b and every finite data set", r"all $a\neq b$ and every finite data set"
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion(
            "erm", "neural-network", "by definition: a network that fits the labels is a network"
        ),
    )

    data: Dataset = field(default_factory=Dataset)

    def _check_extremes(self, v: Visualization) -> None:
        for j, (s, y) in enumerate(zip(self.data.inputs, self.data.labels, strict=True)):
            if len(s) != v.dim:
                raise InvalidInput(
                    f"{self.key}: inputs[{j}] has {len(s)} coordinates; the visualization has {v.dim}"
                )
            if not v.minimum < y < v.maximum:
                raise InvalidInput(
                    f"{self.key}: labels[{j}] = {written(y)} lies outside ({written(v.minimum)}, {written(v.maximum)}), the open "
                    "range that is shown; widen the range or drop the point"
                )
            if s in (v.argmin, v.argmax):
                raise InvalidInput(
                    f"{self.key}: inputs[{j}] = {show(s)} is a shown extreme but its label {written(y)} is not "
                    "an extreme value"
                )

    @checked
    def shown_value(self, v: Visualization, x: Any) -> Fraction | None:
        point = as_point(x, "x", v.dim)
        shown = super().shown_value(v, point)
        return self.data.label_of(point) if shown is None else shown


class LipschitzUnknown(FunctionClass):
    """Functions that are Lipschitz with some constant, which is not known."""

    key = "lipschitz-unknown"
    name = "Lipschitz (unknown L)"
    symbol = r"\mathcal{F}_{\mathrm{Lip}}"
    definition = "for some L, not known: |h(y) - h(z)| <= L |y - z| for all y, z in [0,1]^d (in l1, and so in l2 and linf)"
    member = "Lipschitz function"
    statement = Statement(
        ALL_NO,
        Sentence(
            "every d >= 1, each of the metrics l1, l2, linf, all m < M and all pairwise different points "
            "a, b, x of [0,1]^d",
            r"every $d\ge 1$, each of the metrics $\ell_1,\ell_2,\ell_\infty$, all $m<M$ and all pairwise "
            r"different $a,b,x\in[0,1]^d$",
        ),
        EVERYWHERE,
        NOTHING,
        Sentence(
            "functions f, g, each Lipschitz in this metric with some constant,",
            r"functions $f,g$, each Lipschitz in this metric with some constant,",
        ),
        SHOWN,
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("lipschitz-unknown", "black-box", "by definition: every function is a member"),
    )
    is_pointwise = False

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        raise TypeError(f"{self.key}: some L must serve all points; no law on two of them says so")

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Whole

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return Whole

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return NoGap(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class Whole(Fibres):
    """Black-box, networks, piecewise affine, ERM, Lipschitz with unknown constant: (m, M) at every other point.

    Every set of values strictly between m and M at points other than a and b is some member's; and where a and b need
    not be extremes, every set of values within the limits, each in its interval where one is shown: those of a network that
    is lo elsewhere, with a hat at each of the points.
    """

    def _exact(self, x: Point) -> Ends:
        at = [site for site in self.shown if site.noise and site.exact == x]
        lower, upper = [site.low for site in at], [site.high for site in at]
        return Ends(Surd(max([self.low, *lower])), Surd(min([self.high, *upper])))

    def _enclose(self, points: Floats) -> Brackets:
        n = points.shape[0]
        lower, lower_within = level(self.share(self.low), n)
        upper, upper_within = level(self.share(self.high), n)
        single = np.full(n, self.low == self.high)
        found = Brackets(lower, upper, lower_within, upper_within, single)
        for site in self.shown:
            if site.noise and (at := site.is_at(points)).any():
                found.cut(at, self.share(site.low), self.share(site.high))
        return found
