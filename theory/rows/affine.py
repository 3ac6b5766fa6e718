"""Affine functions: from the smallest to the largest coordinate seen from the minimiser; with one input, one value."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from trompe.ground.arguments import checked
from trompe.ground.errors import InvalidInput
from trompe.theory.bands import AffineBand, Line, Opposite, are_opposite
from trompe.theory.classes import (
    Comparison,
    FunctionClass,
    Inclusion,
    check_corner,
    check_ends,
    corner_reflection,
)
from trompe.theory.exact import Point, show, written
from trompe.theory.fibres import (
    Brackets,
    Ends,
    Fibres,
    Seen,
    between,
    those_before,
)
from trompe.theory.functionals import flipped
from trompe.theory.levels import NO_QUERY_LEFT, Own, decoded, undecided
from trompe.theory.limits import Limits
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.rationals import RATIONALS
from trompe.theory.rows.constant import Known
from trompe.theory.shares.base import KnownEverywhere, SharpRow
from trompe.theory.shares.quantities import Quantity, Term, exact, powers
from trompe.theory.simplex import Feasible, Optimum, dot, feasible, value_of
from trompe.theory.sites import UNIT, Floats, Site, Surd
from trompe.theory.statements import (
    ALL_NO,
    ALL_YES,
    ANY_EPS,
    DECIDED,
    EVERYWHERE,
    NOTHING,
    Sentence,
    Statement,
)
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization


class Affine(FunctionClass):
    """Affine functions of at least two inputs."""

    key = "affine"
    name = "Affine (d > 1)"
    symbol = r"\mathcal{F}^{d>1}_{\mathrm{Aff}}"
    definition = "h(w y + (1-w) z) = w h(y) + (1-w) h(z) for all y, z and 0 <= w <= 1; d >= 2"
    member = "affine function"
    paper = ("No", "No", "No")
    statement = Statement(
        ALL_NO,
        Sentence(
            "every d >= 2, all m < M, every corner b of [0,1]^d, a = 1 - b and every x in [0,1]^d; put "
            "x'_i = x_i where b_i = 1 and x'_i = 1 - x_i where b_i = 0",
            r"every $d\ge 2$, all $m<M$, every corner $b$ of $[0,1]^d$, $a=1-b$ and every $x\in[0,1]^d$; "
            r"put $x'_i=x_i$ where $b_i=1$ and $x'_i=1-x_i$ where $b_i=0$",
        ),
        {
            "exact": Sentence("min x' < max x'", r"$\min x'<\max x'$"),
            "approx": Sentence("max x' - min x' > 2 eps", r"$\max x'-\min x'>2\varepsilon$"),
            "side": Sentence("min x' < 1/2 < max x'", r"$\min x'<\tfrac12<\max x'$"),
        },
        Sentence(
            "For all such d, m, M, b{eps} there are such x.",
            r"For all such $d,m,M,b${eps} there are such $x$.",
        ),
        Sentence("affine functions f, g", r"affine functions $f,g$"),
        DECIDED,
        Sentence(
            "Every affine function with unique extremes has them at a corner b and at 1 - b.",
            r"Every affine function with unique extremes has them at a corner $b$ and at $1-b$.",
        ),
    )
    sharp_setting = Sentence("every corner b, a = 1 - b", r"every corner $b$, $a=1-b$")
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion(
            "affine", "convex", "the affine law is the convex law with equality", "affine/is-convex"
        ),
        Inclusion(
            "affine", "additive", "sum w_k z_k + c is a sum of functions of one coordinate each"
        ),
        Inclusion(
            "affine", "neural-network", "an affine function is a network without hidden layers"
        ),
    )
    min_dim = 2

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.between == c.weight * c.at_y + (1 - c.weight) * c.at_z

    def _check_extremes(self, v: Visualization) -> None:
        check_corner(
            self.key, "argmax", v.argmax, "a unique maximiser of an affine function is one"
        )
        opposite, _ = corner_reflection(v.argmax)
        if v.argmin != opposite:
            raise InvalidInput(
                f"{self.key}: argmin {show(v.argmin)}; an affine function with unique extremes has it "
                f"at the corner {show(opposite)} opposite to the argmax"
            )

    @staticmethod
    @checked
    def coordinates(v: Visualization, x: Point) -> Point:
        """x', the query seen from the corner a: x'_i = x_i if b_i = 1, else 1 - x_i."""
        vectors = map(RATIONALS.array, (x, *corner_reflection(v.argmax)))
        return tuple(flipped(*vectors))

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        seen = self.coordinates(v, x)
        return Interval(v.minimum + v.range * min(seen), v.minimum + v.range * max(seen))

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return AffineWeights if with_exemplars else Coordinates

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        if with_exemplars or limits.noise or not are_opposite(v):
            return AffineBand
        return Opposite

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return AffineShares(cls)


def _own_1d() -> Own:
    near = Sentence(
        "d = 1, every affine f : [0,1] -> R, all points a, b of [0,1] with alpha = f(a) < f(b) = beta, and all a, b if f "
        "is constant, all lo and hi with lo <= f <= hi and every x in [0,1]",
        r"$d=1$, every affine $f:[0,1]\to\mathbb R$, all $a,b\in[0,1]$ with $\alpha=f(a)<f(b)=\beta$, and all $a,b$ if "
        r"$f$ is constant, all $lo,hi$ with $lo\le f\le hi$ and every $x\in[0,1]$",
    )
    line = Sentence(
        "alpha + (beta - alpha) (x - a)/(b - a) if alpha < beta and alpha otherwise",
        r"$\alpha+(\beta-\alpha)\frac{x-a}{b-a}$ if $\alpha<\beta$ and $\alpha$ otherwise",
    )
    side_of_line = Sentence(
        '"min" if alpha = beta or (x - a)/(b - a) <= 1/2 and "max" otherwise',
        r'"min" if $\alpha=\beta$ or $\frac{x-a}{b-a}\le\tfrac12$ and "max" otherwise',
    )
    every = Sentence(
        "d = 1, every affine f : [0,1] -> R and every x in [0,1]",
        r"$d=1$, every affine $f:[0,1]\to\mathbb R$ and every $x\in[0,1]$",
    )
    same = {
        "images": Sentence(
            "there is an affine g with the same argmin set and the same argmax set, and",
            "there is an affine $g$ with the same argmin set and the same argmax set, and",
        ),
        "argmax": Sentence(
            "there is an affine g with the same argmax set, and",
            "there is an affine $g$ with the same argmax set, and",
        ),
    }
    end = Sentence("d = 1, b in {0, 1}, every M", r"$d=1$, $b\in\{0,1\}$, every $M$")
    two = Sentence(
        "there are affine functions f, g on [0,1], each with the maximum M at b only, with",
        "there are affine functions $f,g$ on $[0,1]$, each with the maximum $M$ at $b$ only, with",
    )
    found = {
        ("exact", "near"): decoded("exact", "near", near, line),
        ("approx", "near"): decoded("approx", "near", near, line),
        ("side", "near"): decoded("side", "near", near, side_of_line),
        ("exact", "maximum"): undecided(
            "exact",
            "maximum",
            Sentence(
                f"{end.text} and every x != b in [0,1]",
                rf"{end.latex} and every $x\neq b$ in $[0,1]$",
            ),
            two,
            Sentence(
                "The only query left out is b, whose value M is shown.",
                "The only query left out is $b$, whose value $M$ is shown.",
            ),
        ),
        ("approx", "maximum"): undecided(
            "approx",
            "maximum",
            Sentence(
                f"{end.text} and every x in [0,1] with |x - b| > eps",
                rf"{end.latex} and every $x\in[0,1]$ with $|x-b|>\varepsilon$",
            ),
            two,
            Sentence(
                "There are such x. At every other x the answer M is within eps (max f - min f) of f(x) for every affine f "
                "with its maximum M at b.",
                r"There are such $x$. At every other $x$ the answer $M$ is within $\varepsilon(\max f-\min f)$ of $f(x)$ "
                r"for every affine $f$ with its maximum $M$ at $b$.",
            ),
        ),
    }
    for level, other in same.items():
        for task in ("exact", "approx"):
            found[task, level] = undecided(task, level, every, other, NO_QUERY_LEFT, ANY_EPS)
    at_b = Sentence(
        '"max" if |x - b| <= 1/2 and "min" otherwise, b any element of B',
        r'"max" if $|x-b|\le\tfrac12$ and "min" otherwise, $b$ any element of $B$',
    )
    nearer = Sentence(
        '"min" if |x - a| <= |x - b| and "max" otherwise, a any element of A, b any element of B',
        r'"min" if $|x-a|\le|x-b|$ and "max" otherwise, $a$ any element of $A$, $b$ any element of $B$',
    )
    short = Sentence(
        "Let pictures fall short: f(b) >= max f - tau (max f - min f) with 0 <= tau < 1/2",
        r"Let pictures fall short: $f(b)\ge\max f-\tau(\max f-\min f)$ with $0\le\tau<\tfrac12$",
    )
    found["side", "maximum"] = decoded("side", "maximum", every, at_b)
    found["side", "images"] = decoded(
        "side",
        "images",
        every,
        nearer,
        Sentence(
            f"{short.text}, and f(a) <= min f + tau (max f - min f). Then the order of a and b serves: "
            '"max" if x lies on the side of 1/2 to which the way from a to b leads, and "min" otherwise.',
            rf"{short.latex}, and $f(a)\le\min f+\tau(\max f-\min f)$. Then the order of $a$ and $b$ serves: "
            r'"max" if $x$ lies on the side of $\tfrac12$ to which the way from $a$ to $b$ leads, and "min" otherwise.',
        ),
    )
    found["side", "argmax"] = decoded(
        "side",
        "argmax",
        every,
        at_b,
        Sentence(
            f'{short.text}. Then b serves by its side of 1/2: "max" if x lies on the same side, and "min" otherwise.',
            rf'{short.latex}. Then $b$ serves by its side of $\tfrac12$: "max" if $x$ lies on the same side, and "min" otherwise.',
        ),
    )
    return found


class Affine1d(Affine):
    """Affine functions of one input, constants included."""

    key = "affine-1d"
    name = "Affine (d = 1)"
    symbol = r"\mathcal{F}^{d=1}_{\mathrm{Aff}}"
    definition = "h(w y + (1-w) z) = w h(y) + (1-w) h(z) for all y, z and 0 <= w <= 1; d = 1"
    paper = ("Yes", "Yes", "Yes")
    statement = Statement(
        ALL_YES,
        Sentence(
            "d = 1, every affine f : [0,1] -> R with minimum m and maximum M, any one of its minimisers "
            "a, any one of its maximisers b and every x in [0,1], with "
            "D(v, x) = m + (M - m) |x - a| / |b - a| if m < M and D(v, x) = m if m = M",
            r"$d=1$, every affine $f:[0,1]\to\mathbb R$ with minimum $m$ and maximum $M$, any one of its "
            r"minimisers $a$, any one of its maximisers $b$ and every $x\in[0,1]$, with "
            r"$D(v,x)=m+(M-m)\frac{|x-a|}{|b-a|}$ if $m<M$ and $D(v,x)=m$ if $m=M$",
        ),
        EVERYWHERE,
        NOTHING,
    )
    own = _own_1d()
    sharp_setting = Sentence("every member", "every member")
    inside: ClassVar[tuple[Inclusion, ...]] = ()
    min_dim = 1
    max_dim = 1

    @checked
    def check_visualization(self, v: Visualization) -> None:
        self.check_dim(v.dim)
        check_ends(self.key, v, "an affine function has its extremes there")

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        if not v.range:
            return Interval(v.minimum, v.minimum)
        return super()._fibre(v, x)

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Segment

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return AffineBand if limits.noise else Line

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return KnownEverywhere(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class Coordinates(Fibres):
    """Affine, d >= 2, without exemplars: from m + R min x' to m + R max x'."""

    def _exact(self, x: Point) -> Ends:
        found = self.cls.envelope(self.v, x)
        return Ends(Surd(found.lower), Surd(found.upper))

    def _enclose(self, points: Floats) -> Brackets:
        (least, most), error = self._seen.ends(points), self._seen.error
        return between(least, most, error, None if error else np.asarray(least == most))

    @cached_property
    def _seen(self) -> Seen:
        return Seen(self.v.argmax)


class Segment(Known):
    """One input: the line through both extremes."""

    def _enclose(self, points: Floats) -> Brackets:
        if not self.v.range:
            return super()._enclose(points)
        share = np.array(points[:, 0] if self.v.argmax[0] == 1 else 1 - points[:, 0])
        return between(share, share.copy(), UNIT, np.ones(len(share), dtype=bool))


_ZERO, _ONE = Fraction(0), Fraction(1)


class Weights(Fibres):
    """d >= 2: a member's share of the way is sum_k p_k z'_k with p_k > 0, sum p_k = 1 and p . s' = t per exemplar.

    `inner` is such a p. As there is one, the closure of this set is the polytope P with p_k >= 0. A linear functional on the
    set is constant or has an open interval as its range. So the envelope is what belongs to the range of x' . p over P, and
    its ends are attained only if they are equal. U and W of the triple are two optimal vertices, B is `inner`.

    Consistent: with one more exemplar (s, t) there still is such a p if and only if t is strictly between the ends at s, or
    equal to both. Exact: the ends are equal if and only if p . x' is constant on P, that is, as there is such a p,
    x' = lambda (1, .., 1) + sum_j mu_j s_j': x lies in the affine span of a, b and the exemplars.
    """

    converts = True

    @property
    @abstractmethod
    def noun(self) -> str:
        """One member, in words."""

    @abstractmethod
    def share_of(self, value: Fraction) -> Fraction:
        """How far a value is on the way from m, which has the share 0, to M, which has 1."""

    @abstractmethod
    def value_at(self, share: Fraction) -> Fraction:
        """The value that is this share of the way: the inverse of `share_of`."""

    def check(self) -> None:
        """Add the exemplars one by one; each value must lie inside the fibre that the ones before it leave."""
        dim = self.v.dim
        self.rows: list[Point] = [(_ONE,) * dim]
        self.right: list[Fraction] = [_ONE]
        self.inner: list[Fraction] = [Fraction(1, dim)] * dim
        self.polytope = self._solved()
        for site in self.exemplars:
            self._add(site)

    def _solved(self) -> Feasible:
        found = feasible(self.rows, self.right)
        if found is None:
            raise AssertionError("an exemplar inside the fibre left no member")
        return found

    def _add(self, site: Site) -> None:
        seen, share = Affine.coordinates(self.v, site.exact), self.share_of(site.value)
        low, high = self.polytope.minimise(seen), self.polytope.maximise(seen)
        at = dot(seen, self.inner)
        least, most = value_of(low), value_of(high)
        if least == most == share:
            return  # the functional is constant on P: nothing new
        if not least < share < most:
            interval = self._between(least, most).interval
            room = (
                f"exactly {written(interval.lower)}"
                if least == most
                else f"a value strictly between {written(interval.lower)} and {written(interval.upper)}"
            )
            before = self.exemplars.index(site)
            raise self.refuse(
                f"{site} has the value {written(site.value)}; every {self.noun} with this visualization"
                f"{those_before(before)} has {room} there, "
                "and so must the exemplar"
            )
        towards = high if share > at else low
        if share != at:
            step = (share - at) / (value_of(towards) - at)
            self.inner = [
                (1 - step) * p + step * towards.vertex.get(k, _ZERO)
                for k, p in enumerate(self.inner)
            ]
        self.rows.append(seen)
        self.right.append(share)
        self.polytope = self._solved()

    def ends(self, x: Point) -> tuple[Optimum, Optimum]:
        """The weights of the smallest and of the largest value at x."""
        seen = Affine.coordinates(self.v, x)
        return self.polytope.minimise(seen), self.polytope.maximise(seen)

    def _exact(self, x: Point) -> Ends:
        low, high = self.ends(x)
        return self._between(value_of(low), value_of(high))

    def _between(self, low: Fraction, high: Fraction) -> Ends:
        return Ends(Surd(self.value_at(low)), Surd(self.value_at(high)))


class AffineWeights(Weights):
    """Affine, d >= 2: the members are m + R sum_k p_k z'_k."""

    noun = "affine function"

    def share_of(self, value: Fraction) -> Fraction:
        return Fraction(self.share(value))

    def value_at(self, share: Fraction) -> Fraction:
        return self.v.minimum + self.v.range * share


# -- the sharp table --------------------------------------------------------------------------------------


def affine_side(d: Any) -> tuple[Term, ...]:
    """Volume of {max x' <= 1/2} and {min x' >= 1/2}, which meet in a null set."""
    return (Term(2, Fraction(1, 2), d),)


def affine_eps(r: Any, d: Any) -> tuple[Term, ...]:
    """Volume of {max x' - min x' <= r}: r^(d-1) (d - (d-1) r). 0 <= r <= 1."""
    return (Term(d - (d - 1) * r, r, d - 1),)


@dataclass(frozen=True)
class AffineShares(SharpRow):
    """The radius at x is half the difference of the largest and the smallest x'_i."""

    kind: type[FunctionClass]
    formulas = {
        "worst radius": Sentence("1/2", "$1/2$"),
        "side share": Sentence("2^(1-d)", "$2^{1-d}$"),
        "eps share": Sentence(
            "d r^(d-1) - (d-1) r^d, r = 2 eps", r"$dr^{d-1}-(d-1)r^d$, $r=2\varepsilon$"
        ),
    }

    def worst_radius(self, d: int) -> Quantity:
        return exact(Fraction(1, 2))

    def side_share(self, d: int) -> Quantity:
        return powers(*affine_side(d))

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return powers(*affine_eps(2 * eps, d))
