"""Lipschitz functions with a known constant: the cones at what is shown, cut at m and M."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from trompe.ground.arguments import checked, unfit
from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass, Inclusion
from trompe.theory.exact import Point, as_number, show, written
from trompe.theory.fibres import BLOCK, F64, Brackets, Ends, Fibres, as_floats, level
from trompe.theory.functionals import METRICS, exact_distance, metric
from trompe.theory.levels import Own, undecided
from trompe.theory.limits import Limits
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.shares.base import SharpRow
from trompe.theory.shares.cones import ConeSetting
from trompe.theory.shares.quantities import Quantity
from trompe.theory.sites import UNIT, Floats, Site, Surd, directed, squared_distance
from trompe.theory.statements import (
    DECIDED,
    Form,
    OwnStatement,
    Sentence,
    Statement,
    Threshold,
)
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization


def _own() -> Own:
    """The side: near, the threshold of the extremes; with less shown, none, since the range may be small beside L."""
    metrics = Sentence(
        "every d >= 1, each of the metrics l1, l2, linf, every L > 0",
        r"every $d\ge 1$, each of the metrics $\ell_1,\ell_2,\ell_\infty$, every $L>0$",
    )
    near = OwnStatement(
        Form.THRESHOLD,
        Sentence(
            f"For {metrics.text}, all points a, b of [0,1]^d, all alpha < beta with R = beta - alpha <= L |a - b|, all "
            "lo <= alpha and hi >= beta and every x in [0,1]^d: the task is decidable at x if and only if "
            "L <= R / (2 min(|x - a|, |x - b|)) (always if x is a or b). That is: if L min(|x - a|, |x - b|) > R/2, "
            "there are L-Lipschitz functions f, g with f(a) = g(a) = alpha, f(b) = g(b) = beta, both within [lo, hi], and "
            "f(x) > (alpha + beta)/2 > g(x); no decoder D(a, b, alpha, beta, lo, hi, x) names the right side of "
            "(alpha + beta)/2 for both; otherwise one answer is right for every L-Lipschitz function with these values "
            "at a and b.",
            rf"For {metrics.latex}, all $a,b\in[0,1]^d$, all $\alpha<\beta$ with $R=\beta-\alpha\le L|a-b|$, all "
            r"$lo\le\alpha$, $hi\ge\beta$ and every $x\in[0,1]^d$: the task is decidable at $x$ if and only if "
            r"$L\le R/(2\min(|x-a|,|x-b|))$ (always if $x$ is $a$ or $b$). That is: if $L\min(|x-a|,|x-b|)>\tfrac R2$, "
            r"there are $L$-Lipschitz functions $f,g$ with $f(a)=g(a)=\alpha$, $f(b)=g(b)=\beta$, both within $[lo,hi]$, "
            r"and $f(x)>\tfrac{\alpha+\beta}{2}>g(x)$; no decoder $D(a,b,\alpha,\beta,lo,hi,x)$ names the right side "
            r"of $\tfrac{\alpha+\beta}{2}$ for both; otherwise one answer is right for every $L$-Lipschitz function with "
            r"these values at $a$ and $b$.",
        ),
    )
    two = Sentence(
        f"{metrics.text} and all different points b, x of [0,1]^d",
        rf"{metrics.latex} and all different $b,x\in[0,1]^d$",
    )
    with_maximum = Sentence(
        f"{metrics.text}, every M and all different points b, x of [0,1]^d",
        rf"{metrics.latex}, every $M$ and all different $b,x\in[0,1]^d$",
    )
    three = Sentence(
        f"{metrics.text} and all pairwise different points a, b, x of [0,1]^d",
        rf"{metrics.latex} and all pairwise different $a,b,x\in[0,1]^d$",
    )
    lead = Sentence(
        "there are L-Lipschitz functions f, g, each",
        "there are $L$-Lipschitz functions $f,g$, each",
    )
    with_value = Sentence(
        f"{lead.text} with the maximum M at b only, with",
        f"{lead.latex} with the maximum $M$ at $b$ only, with",
    )
    at_b = Sentence(
        f"{lead.text} with its maximum at b only, with",
        f"{lead.latex} with its maximum at $b$ only, with",
    )
    at_both = Sentence(
        f"{lead.text} with its minimum at a only and its maximum at b only, with",
        f"{lead.latex} with its minimum at $a$ only and its maximum at $b$ only, with",
    )
    but_b = Sentence("The only query left out is b.", "The only query left out is $b$.")
    but_both = Sentence(
        "The only queries left out are a and b.", "The only queries left out are $a$ and $b$."
    )
    return {
        ("side", "near"): near,
        ("side", "maximum"): undecided("side", "maximum", with_maximum, with_value, but_b),
        ("side", "images"): undecided("side", "images", three, at_both, but_both),
        ("side", "argmax"): undecided("side", "argmax", two, at_b, but_b),
    }


@dataclass(frozen=True)
class Lipschitz(FunctionClass):
    """Functions with |h(y) - h(z)| <= L |y - z|, L known, for one of the metrics l1, l2, linf."""

    key = "lipschitz"
    name = "L-Lipschitz (known L)"
    symbol = r"\mathcal{F}^{L}_{\mathrm{Lip}}"
    definition = "|h(y) - h(z)| <= L |y - z| for all y, z in [0,1]^d"
    member = "Lipschitz function"
    paper = ("No", "No", "Only for small L")
    statement = Statement(
        {"exact": Form.IMPOSSIBLE, "approx": Form.IMPOSSIBLE, "side": Form.THRESHOLD},
        Sentence(
            "every d >= 1, each of the metrics l1, l2, linf, every L > 0, all m < M and all points a, b of "
            "[0,1]^d with R = M - m <= L |a - b|, and every x in [0,1]^d; put U = min(M, m + L |x - a|) and "
            "W = max(m, M - L |x - b|)",
            r"every $d\ge 1$, each of the metrics $\ell_1,\ell_2,\ell_\infty$, every $L>0$, all $m<M$ and all "
            r"$a,b\in[0,1]^d$ with $R=M-m\le L|a-b|$, and every $x\in[0,1]^d$; put $U=\min(M,m+L|x-a|)$ and "
            r"$W=\max(m,M-L|x-b|)$",
        ),
        {
            "exact": Sentence("W < U", "$W<U$"),
            "approx": Sentence("U - W > 2 eps R", r"$U-W>2\varepsilon R$"),
            "side": Sentence("L min(|x - a|, |x - b|) > R/2", r"$L\min(|x-a|,|x-b|)>\tfrac R2$"),
        },
        Sentence(
            "For every d, every metric, every L{eps} there are such m, M, a, b, x.",
            r"For every $d$, every metric, every $L${eps} there are such $m,M,a,b,x$.",
        ),
        Sentence("L-Lipschitz functions f, g", r"$L$-Lipschitz functions $f,g$"),
        DECIDED,
        threshold=Threshold(
            Sentence("L <= R / (2 min(|x - a|, |x - b|))", r"$L\le R/(2\min(|x-a|,|x-b|))$"),
            "L-Lipschitz function",
        ),
    )
    own = _own()
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("lipschitz", "lipschitz-unknown", "by definition: the known L is some constant"),
        Inclusion("lipschitz", "black-box", "by definition: every function is a member"),
    )

    constant: Fraction = Fraction(1)
    metric: str = "l1"

    def __post_init__(self) -> None:
        constant = as_number(self.constant, "Lipschitz constant")
        if constant <= 0:
            raise InvalidInput(
                f"{self.key}: Lipschitz constant = {written(constant)}; expected L > 0"
            )
        metric(self.metric)
        object.__setattr__(self, "constant", constant)

    takes_setting = True

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return xp.abs(c.at_y - c.at_z) <= c.bound

    def bound(self, y: Point, z: Point) -> Any:
        return self.constant * self.distance(y, z)

    @checked
    def distance(self, y: Point, z: Point) -> Any:
        """|y - z|, exact: a fraction, or for l2 an algebraic number."""
        return exact_distance(metric(self.metric), y, z)

    def _check_extremes(self, v: Visualization) -> None:
        reach = self.distance(v.argmin, v.argmax)
        if v.range > self.constant * reach:
            raise InvalidInput(
                f"{self.key}: L = {written(self.constant)} is below R/|a-b| = {written(v.range)}/({written(reach)}) in {self.metric}; "
                "no member has this visualization, give L at least that large"
            )

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        rise = self.constant * self.distance(x, v.argmin)
        fall = self.constant * self.distance(x, v.argmax)
        return Interval(max(v.minimum, v.maximum - fall), min(v.maximum, v.minimum + rise))

    def in_words(self) -> str:
        return f"function that is {self.constant}-Lipschitz in {self.metric}"

    @checked
    def check_shown(self, v: Visualization) -> None:
        """With a constant that is large enough for every pair of different extremes."""
        reach = exact_distance(metric("linf"), v.argmin, v.argmax) or 1
        enough = max(Fraction(self.constant), v.range / Fraction(reach))
        Lipschitz(enough, self.metric).check_visualization(v)

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Cones

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return Cones

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        """`setting` is a ConeSetting; lambda = 2 in l2 if none is given."""
        if not isinstance(setting, ConeSetting | None):
            raise unfit("setting", setting, "a ConeSetting")
        return ConesShares(cls, setting or ConeSetting(stretch=STRETCH))


# -- the fibres -------------------------------------------------------------------------------------------

STEEPEST = 10**100
"""From this L/R on, floats are not used."""


class Cones(Fibres):
    """Lipschitz: the cones of slope L at every shown point, cut at m and M or at the limits (McShane-Whitney).

    A point s_k is shown with l_k <= f(s_k) <= u_k, and lo <= f <= hi. Let e(z, s) = L |z - s|. Some member fits if and only
    if lo <= hi and for all j and k

        l_k <= u_k, lo <= u_k, l_k <= hi, l_j - u_k <= e(s_j, s_k). (1)

    Necessary: l_j - u_k <= f(s_j) - f(s_k) <= e(s_j, s_k). Sufficient, and sharp: U(z) = min(hi, min_k u_k + e(z, s_k)) and
    W(z) = max(lo, max_k l_k - e(s_k, z)) have the law, and lo <= W <= U <= hi: each comparison is one of (1), or a detour
    l_j - u_k <= e(s_j, z) + e(z, s_k). At s_k both lie in [l_k, u_k]: U(s_k) <= u_k by its own cone, and every other cone
    and hi are at least l_k there; likewise W. So both ends are values of members, and mixes have what is between. The law at
    x and s_k is soundness.

    Used of e is only what `trompe.constructions.cones.ConeTriple` says, not symmetry. So other e give other classes: with T so large
    that no two of lo, hi, l_k, u_k differ by more,

    - monotone: 0 if z <= s, else T. For functions within the limits the law is then monotonicity;
    - black-box: T for all z != s;
    - constant: 0.
    """

    def check(self) -> None:
        self._refuse_steep_pairs()

    def _exact(self, x: Point) -> Ends:
        lowers, uppers = [Surd(self.low)], [Surd(self.high)]
        for site, point in zip(self.shown, self.points, strict=True):
            if self.cls.metric == "l2":
                square = squared_distance(x, point)
                lowers.append(Surd(site.low, -self.cls.constant, square))
                uppers.append(Surd(site.high, self.cls.constant, square))
            else:
                rise = self.cls.bound(x, point)
                lowers.append(Surd(site.low - rise))
                uppers.append(Surd(site.high + rise))
        return Ends(max(lowers), min(uppers))

    @cached_property
    def _slope(self) -> float:
        """L/R rounded up; infinite where it is too large to compute with."""
        ratio = self.cls.constant / self.v.range
        return directed(ratio)[1] if ratio < STEEPEST else math.inf

    def _enclose(self, points: Floats) -> Brackets:
        if self._slope == math.inf:
            raise self.refuse("L/R is beyond 10^100, too large for floats; ask with exact numbers")
        n = points.shape[0]
        low, (low_a, low_z) = level(self.share(self.low), n)
        high, (high_a, high_z) = level(self.share(self.high), n)
        bottom, top = low_a.copy(), high_z.copy()
        for site in self.shown:
            rise, error = self._rise(points, site)
            share = float(self.share(site.low))
            np.maximum(low, share - rise, out=low)
            np.maximum(low_a, share - rise - error, out=low_a)
            np.maximum(low_z, share - rise + error, out=low_z)
            share = float(self.share(site.high))
            np.minimum(high, share + rise, out=high)
            np.minimum(high_a, share + rise - error, out=high_a)
            np.minimum(high_z, share + rise + error, out=high_z)
        np.minimum(low_z, top, out=low_z)
        np.maximum(high_a, bottom, out=high_a)
        return Brackets(low, high, (low_a, low_z), (high_a, high_z), np.zeros(n, dtype=bool))

    def _rise(self, points: Floats, site: Site) -> tuple[Floats, Floats]:
        """L |x - s| / R, and how far it and a sum with a share of the range may be off."""
        distance, error = distances(self.cls.metric, points, site)
        rise = self._slope * distance
        return rise, 1.01 * (self._slope * error + 8 * UNIT * (self._reach + rise))

    @cached_property
    def _reach(self) -> float:
        """The largest size of a share that is added to another: 1 between extremes."""
        ends = [self.low, self.high, *(y for s in self.shown for y in (s.low, s.high))]
        return max(1.0, *(directed(abs(self.share(end)))[1] for end in ends))

    def _refuse_steep_pairs(self) -> None:
        """Is |y_j - y_k| <= L |s_j - s_k|, up to the noise, for every two shown points? Decided exactly where it is close."""
        steep = [pair for pair in self._close_pairs() if self._is_steep(*pair[2:])]
        if not steep:
            return
        least = max(pair[0] for pair in steep)
        power, i, k = max(
            ((self._ratio(i, k), i, k) for _, most, i, k in steep if most >= least),
            key=lambda found: found[0],
        )
        noise = f", each up to {written(self.shown[i].noise)}" * bool(self.shown[i].noise)
        raise self.refuse(
            f"L = {written(self.cls.constant)} is too small for {self.shown[k]} with the value "
            f"{written(self.shown[k].value)} and {self.shown[i]} with the value {written(self.shown[i].value)}{noise}; the least L "
            f"for which some member takes all shown values is {self._least(power)}"
        )

    def _close_pairs(self) -> list[tuple[float, float, int, int]]:
        """Pairs that may be too steep, with bounds on their slope as a share of L."""
        count = len(self.shown)
        if self._slope == math.inf:
            return [(0.0, math.inf, i, k) for i in range(count) for k in range(i)]
        height = max(1, BLOCK // (8 * self.v.dim))
        shares = as_floats([self.share(s.value) for s in self.shown])
        spread = 2 * float(self.shown[0].noise / self.v.range)
        slack = 4 * UNIT * self._reach * (1 + bool(spread))
        close = []
        for start in range(0, count, height):
            block = np.stack([s.near for s in self.shown[start : start + height]])
            for k in range(min(start + height, count) - 1):
                first = max(start, k + 1)
                rise, error = self._rise(block[first - start :], self.shown[k])
                gap = np.abs(shares[first : start + len(block)] - shares[k]) - spread
                for i in np.flatnonzero(gap + slack > rise - error).tolist():
                    least = max(gap[i] - slack, 0.0) / (rise[i] + error[i])
                    room = rise[i] - error[i]
                    most = (gap[i] + slack) / room if room > 0 else math.inf
                    close.append(
                        (float(least) * (1 - 1e-12), float(most) * (1 + 1e-12), first + i, k)
                    )
        return close

    def _ratio(self, i: int, k: int) -> Fraction:
        """The least |f(s_i) - f(s_k)| / |s_i - s_k|, squared for l2; 0 where it is 0."""
        site, other = self.shown[i], self.shown[k]
        gap = max(site.low - other.high, other.low - site.high)
        if gap <= 0:
            return Fraction(0)
        y, z = self.shown[i].exact, self.shown[k].exact
        if self.cls.metric == "l2":
            return gap * gap / squared_distance(y, z)
        return gap / Fraction(exact_distance(metric(self.cls.metric), y, z))

    def _is_steep(self, i: int, k: int) -> bool:
        power = 2 if self.cls.metric == "l2" else 1
        return self._ratio(i, k) > Fraction(self.cls.constant) ** power

    def _least(self, power: Fraction) -> str:
        """The least L from its power (the square for l2): exact where that is short, and rounded up."""
        is_square = self.cls.metric == "l2"
        exact = Surd(Fraction(0), Fraction(1), power).number if is_square else power
        is_short = max(map(int.bit_length, power.as_integer_ratio())) <= 200
        if isinstance(exact, Fraction) and is_short:
            return str(exact)
        up = Context(prec=12, rounding=ROUND_CEILING)
        bound = up.divide(power.numerator, power.denominator)
        if is_square:
            bound = up.next_plus(up.sqrt(bound))
        return f"sqrt({power}), at most {bound}" if is_short else f"at most {bound}"


def distances(key: str, points: Floats, site: Site) -> tuple[Floats, Floats]:
    """|x - s| for the rows x of `points`, and how far it may be off.

    A coordinate of s is rounded by at most u/2 and a difference by at most u, so each difference is off
    by at most 2u. A sum of d terms in any order is off by the share d u at most. Both are doubled.
    """
    distance: Floats = metric(key)(points, site.near, F64)
    d = site.dim
    if key == "linf":
        return distance, np.full(distance.shape, 4 * UNIT)
    spread = d if key == "l1" else d**0.5
    return distance, 4 * UNIT * spread + 2 * (d + 4) * UNIT * distance


# -- the sharp table --------------------------------------------------------------------------------------


STRETCH = Fraction(2)
"""lambda = L|a-b|/R where none is given, and in pictures."""


def _norm(key: str) -> str:
    """The metric in LaTeX."""
    index = {"linf": r"\infty"}.get(key, key[1:])
    return rf"$\ell_{{{index}}}$"


@dataclass(frozen=True)
class ConesShares(SharpRow):
    """The radius at x is (min(1, L|x-a|/R) + min(1, L|x-b|/R) - 1)/2."""

    kind: type[FunctionClass]
    cones: ConeSetting
    formulas = {
        "worst radius": Sentence(
            "sup of (min(1, L|x-a|/R) + min(1, L|x-b|/R) - 1)/2",
            r"$\sup_x\tfrac{U-W}{2R}$",
        ),
        "side share": Sentence("two balls, radius R/2L", "two balls, radius $R/2L$"),
        "eps share": Sentence(
            "two balls, radius 2 eps R/L, and {|x-a|+|x-b| <= (1+2 eps) R/L}",
            "two balls and an ellipsoid",
        ),
    }

    note = (
        "Lipschitz: numbers at the visualization named. Over all feasible visualizations at a fixed L the worst "
        "radius is 1/2."
    )

    @property
    def setting(self) -> Sentence:
        c = self.cones
        how = Sentence(f"lambda = L|a-b|/R = {c.stretch}", rf"$\lambda=L|a-b|/R={c.stretch}$")
        if c.stretch is None:
            how = Sentence(f"L = {c.constant}, R = {c.range}", f"$L={c.constant}$, $R={c.range}$")
        where = Sentence("a = 0, b = 1", "$a=0$, $b=1$")
        if c.argmin is not None and c.argmax is not None:
            points = f"a = {show(c.argmin)}, b = {show(c.argmax)}"
            where = Sentence(points, f"${points}$")
        return Sentence(
            f"{where.text}, {how.text} in {c.metric}",
            f"{where.latex}, {how.latex} in {_norm(c.metric)}",
        )

    def drawn(self) -> list[tuple[str, SharpRow]]:
        return [
            (
                rf"Lipschitz, {_norm(key)}, $\lambda={STRETCH}$",
                ConesShares(self.kind, ConeSetting(key, STRETCH)),
            )
            for key in METRICS
        ]

    def function_class(self, d: int) -> FunctionClass:
        cls: FunctionClass = self.cones.shown(d)[0]
        return cls

    def is_about(self, d: int) -> bool:
        return self.cones.dim in (None, d)

    def worst_radius(self, d: int) -> Quantity:
        return self.cones.at(d).worst_radius()

    def side_share(self, d: int) -> Quantity:
        return self.cones.at(d).side_share()

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return self.cones.at(d).eps_share(eps)
