"""Convex functions: from m to the gauge of the box about the minimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from trompe.ground.arguments import checked
from trompe.ground.errors import InvalidInput
from trompe.theory.classes import Comparison, FunctionClass, Inclusion, check_corner
from trompe.theory.exact import Point, written
from trompe.theory.fibres import (
    F64,
    Brackets,
    Ends,
    Fibres,
    as_floats,
    between,
    least_noise,
    misfit,
    those_before,
)
from trompe.theory.functionals import gauge, gauge_slopes
from trompe.theory.limits import Limits
from trompe.theory.namespace import ArrayNamespace
from trompe.theory.rationals import RATIONALS
from trompe.theory.shares.base import SharpRow
from trompe.theory.shares.quantities import Quantity, Term, exact, powers
from trompe.theory.simplex import Feasible, Optimum, dot, feasible, value_of
from trompe.theory.sites import UNIT, Floats, Site, Surd
from trompe.theory.statements import ALL_NO, DECIDED, Sentence, Statement
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization


class Convex(FunctionClass):
    """Convex functions."""

    key = "convex"
    name = "Convex"
    symbol = r"\mathcal{F}_{\mathrm{Conv}}"
    definition = "h(w y + (1-w) z) <= w h(y) + (1-w) h(z) for all y, z and 0 <= w <= 1"
    member = "convex function"
    paper = ("No", "No", "No")
    statement = Statement(
        ALL_NO,
        Sentence(
            "every d >= 1, all m < M, every corner b of [0,1]^d, every other point a and every x in "
            "[0,1]^d; gamma is the gauge of the box about a: gamma(x) = max over i of (x_i - a_i)/(1 - a_i) "
            "where a_i < 1 and (a_i - x_i)/a_i where a_i > 0",
            r"every $d\ge 1$, all $m<M$, every corner $b$ of $[0,1]^d$, every other point $a$ and every "
            r"$x\in[0,1]^d$; $\gamma$ is the gauge of the box about $a$: $\gamma(x)=\max_i$ of "
            r"$\frac{x_i-a_i}{1-a_i}$ where $a_i<1$ and $\frac{a_i-x_i}{a_i}$ where $a_i>0$",
        ),
        {
            "exact": Sentence("x is neither a nor b", r"$x\notin\{a,b\}$"),
            "approx": Sentence(
                "x != b and gamma(x) > 2 eps", r"$x\neq b$ and $\gamma(x)>2\varepsilon$"
            ),
            "side": Sentence("x != b and gamma(x) > 1/2", r"$x\neq b$ and $\gamma(x)>\tfrac12$"),
        },
        Sentence(
            "For all such d, m, M, a, b{eps} there are such x.",
            r"For all such $d,m,M,a,b${eps} there are such $x$.",
        ),
        Sentence("convex functions f, g", r"convex functions $f,g$"),
        DECIDED,
    )
    sharp_setting = Sentence(
        "every corner b and every other a", r"every corner $b$ and every other $a$"
    )
    inside: ClassVar[tuple[Inclusion, ...]] = (
        Inclusion("convex", "black-box", "by definition: every function is a member"),
    )

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.between <= c.weight * c.at_y + (1 - c.weight) * c.at_z

    def _check_extremes(self, v: Visualization) -> None:
        check_corner(self.key, "argmax", v.argmax, "a unique maximiser of a convex function is one")

    @checked
    def gauge(self, v: Visualization, x: Point) -> Fraction:
        """gamma(x) about the minimiser, exact, in [0, 1]."""
        at, centre, up, down = map(RATIONALS.array, (x, v.argmin, *gauge_slopes(v.argmin)))
        value: Fraction = gauge(at, centre, up, down, RATIONALS)
        return value

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        return Interval(v.minimum, v.minimum + v.range * self.gauge(v, x))

    def fibres(self, with_exemplars: bool) -> type[Fibres]:
        return Supports if with_exemplars else Gauge

    def near_fibres(self, v: Visualization, limits: Limits, with_exemplars: bool) -> type[Fibres]:
        return NearSupports

    @classmethod
    def sharp_row(cls, setting: Any = None) -> SharpRow:
        return ConvexShares(cls)


# -- the fibres -------------------------------------------------------------------------------------------


class Gauge(Fibres):
    """Convex without exemplars: from m to m + R gamma(x)."""

    def _exact(self, x: Point) -> Ends:
        found = self.cls.envelope(self.v, x)
        return Ends(Surd(found.lower), Surd(found.upper))

    def _enclose(self, points: Floats) -> Brackets:
        centre = self.shown[0].near
        up, down = self._slopes
        value: Floats = gauge(points, centre, up, down, F64)
        # A coordinate of a is off by u/2, the difference and the product round once each, a slope once;
        # about a = 0 every slope is 1 or 0 and nothing rounds.
        error = 4 * UNIT * (1 + max(up.max(), down.max())) if any(self.v.argmin) else 0.0
        found = between(np.zeros(len(value)), value, error)
        zeros = found.lower
        return found._replace(lower_within=(zeros, zeros.copy()))

    @cached_property
    def _slopes(self) -> tuple[Floats, Floats]:
        up, down = gauge_slopes(self.v.argmin)
        return as_floats(up), as_floats(down)


_ZERO, _ONE = Fraction(0), Fraction(1)


class Supports(Fibres):
    """Convex: the envelope from affine functions below the unit that touch it at one exemplar.

    Write g = (M - h)/R, a concave function with values in [0, 1]: g = 1 at a, 0 at b, g_k at exemplar
    k. An affine function ell >= 0 on the box is sum_i u_i z_i + w_i (1 - z_i) with u, w >= 0. Then

    - 1 - upper is the least ell(x) over ell >= 0 with ell(s) >= g(s) at a and every exemplar;
    - 1 - lower is the least over k of: the largest ell(x) over such ell with ell(s_k) <= g_k; at most 1.

    A member exists if and only if for every k some such ell with ell(s_k) <= g_k has positive values at
    all corners but b.

    Sound. By duality the least ell(x) is the largest sum_s w_s g(s) with w >= 0 and x = sum_s w_s s + (1 - sum w) c for a
    point c of the box. Convexity gives h(x) <= sum_s w_s h(s) + (1 - sum w) M, which is g(x) >= sum_s w_s g(s). The dual of
    the inner maximum is the smallest (g_k - sum_s w_s g(s))/t with t > 0 and s_k = t x + sum_s w_s s + mu c, weights adding
    up to 1. Convexity at s_k gives t g(x) <= g_k - sum_s w_s g(s). An infinite maximum says nothing. And h >= m.

    A member, necessary. An ell that is positive at all corners but b is delta |z - b|_1 + ell' with ell' >= 0 and delta > 0.
    If the largest delta is 0 or there is none, duality gives a mix s_k = sum_s w_s s + mu c with g_k <= sum_s w_s g(s), and
    with mu > 0, c != b where this is an equality. But a member has h(c) < M there, so g_k > sum_s w_s g(s) (and >= if mu = 0).

    Sufficient. Raise each ell_k by a constant until ell_k(s_k) = g_k, and take, with the gauge gamma about a, a large c and
    a small rate r < 1, B = max(m + r R gamma(z), M - c R |z - b|_1, max_k M - R ell_k(z)). All parts are convex (b is a
    corner), at most the shown value at every shown point, and one of them equals it: B fits. B(z) = m needs gamma(z) = 0.
    B(z) = M needs z = b, since elsewhere ell_k > 0.

    U is max(B, M - R ell) with an optimal ell of the first program; W is max(m, M - c' R |z - b|_1, max_k M - R ell_k) with
    optimal ell_k of the second ones (or far enough along a ray), c' large. Both are convex, fit what is shown and have the
    wanted value at x: one inequality by construction, the other by soundness.
    """

    converts = True

    def check(self) -> None:
        lifted = [self._lifted(k) for k in range(len(self.exemplars))]
        if None in lifted:
            self._refuse_first()
        self._strict = [found.vertex for found in lifted if found is not None]
        self._above = self._solved(None)
        self._touch = [self._solved(k) for k in range(len(self.exemplars))]

    @cached_property
    def _supporting(self) -> tuple[Site, ...]:
        """a and the exemplars."""
        return (self.shown[0], *self.exemplars)

    def gap(self, site: Site) -> Fraction:
        """g = (M - y) / R at a shown point."""
        return _ONE - Fraction(self.share(site.value))

    def _region(self, touched: int | None, lift: bool = False) -> Feasible | None:
        """The ell of the class's description; `touched` is k, `lift` adds delta |z - b|_1 to ell.

        Unknowns: u, w, then delta where it is asked for, then one slack for each shown point.
        """
        rows, right = [], []
        count = len(self._supporting)
        for j, site in enumerate(self._supporting):
            point = site.exact
            slack = [_ZERO] * count
            slack[j] = _ONE if touched is not None and j == touched + 1 else -_ONE
            away = [sum(map(abs, _minus(point, self.v.argmax)), _ZERO)] if lift else []
            rows.append([*point, *(1 - s for s in point), *away, *slack])
            right.append(self.gap(site))
        return feasible(rows, right)

    def _solved(self, touched: int | None) -> Feasible:
        region = self._region(touched)
        if region is None:
            raise AssertionError("consistent exemplars leave a supporting function each")
        return region

    def _lifted(self, k: int) -> Optimum | None:
        """The ell that touches exemplar k with the largest delta, or None where there is none with delta > 0."""
        region = self._region(k, lift=True)
        if region is None:
            return None
        delta = [_ZERO] * region.columns
        delta[2 * self.v.dim] = _ONE
        found = region.maximise(delta)
        return found if value_of(found) > 0 else None

    def _refuse_first(self) -> None:
        """Name the first exemplar that those before it exclude, and the values that they leave."""
        for count in range(1, len(self.exemplars) + 1):
            try_these, last = self.exemplars[:count], self.exemplars[count - 1]
            if all(self._with(try_these)._lifted(k) for k in range(count)):
                continue
            before = Supports(self.cls, self.v, (*self.shown[:2], *try_these[:-1]), try_these[:-1])
            interval = before._exact(last.exact).interval
            room = (
                f"exactly {written(interval.lower)}"
                if interval.lower == interval.upper
                else f"a value between {written(interval.lower)} and {written(interval.upper)}; every one strictly between "
                "is some member's"
            )
            raise self.refuse(
                f"{last} has the value {written(last.value)}, which no convex function with this visualization"
                f"{those_before(count - 1)} has; they have {room}"
            )
        raise AssertionError("every start of the exemplars is consistent, but not all of them")

    def _with(self, exemplars: Sequence[Site]) -> Supports:
        other = object.__new__(Supports)
        other.cls, other.v, other.shown = self.cls, self.v, (*self.shown[:2], *exemplars)
        other.exemplars = tuple(exemplars)
        return other

    def piece(self, vertex: dict[int, Fraction], lifted: bool = False) -> tuple[Point, Fraction]:
        """ell as slopes and an offset, from its unknowns."""
        d, b = self.v.dim, self.v.argmax
        delta = vertex.get(2 * d, _ZERO) if lifted else _ZERO
        slopes = tuple(
            vertex.get(i, _ZERO) - vertex.get(d + i, _ZERO) + delta * (1 - 2 * b[i])
            for i in range(d)
        )
        return slopes, sum((vertex.get(d + i, _ZERO) + delta * b[i] for i in range(d)), _ZERO)

    def strictly_touching(self, k: int) -> tuple[Point, Fraction]:
        """The piece that is g_k at exemplar k, at least g at the others and positive at all corners but b."""
        return self._raised(k, self.piece(self._strict[k], lifted=True))

    def _raised(self, k: int, piece: tuple[Point, Fraction]) -> tuple[Point, Fraction]:
        """The piece plus the constant that makes it g_k at exemplar k."""
        site = self.exemplars[k]
        return piece[0], self.gap(site) - dot(piece[0], site.exact)

    def lowest(self, x: Point) -> list[tuple[Point, Fraction]]:
        """For each exemplar, the touching piece that is largest at x, or large enough there to be below m."""
        pieces = []
        for k, found in enumerate(self._largest(x)):
            vertex = found.vertex
            if found.ray is not None:
                cost = self._cost(x, self._touch[k])
                gain = sum((cost[i] * r for i, r in found.ray.items()), _ZERO)
                far = 1 / gain
                keys = vertex.keys() | found.ray.keys()
                vertex = {i: vertex.get(i, _ZERO) + far * found.ray.get(i, _ZERO) for i in keys}
            pieces.append(self._raised(k, self.piece(vertex)))
        return pieces

    def least(self, x: Point) -> Optimum:
        """The ell with the least value at x."""
        return self._above.minimise(self._cost(x, self._above))

    def _largest(self, x: Point) -> list[Optimum]:
        """For each exemplar, the ell that touches it with the largest value at x, possibly without bound."""
        return [region.maximise(self._cost(x, region)) for region in self._touch]

    @staticmethod
    def _cost(x: Point, region: Feasible) -> list[Fraction]:
        cost = [*x, *(1 - xi for xi in x)]
        return cost + [_ZERO] * (region.columns - len(cost))

    def envelope_at(self, x: Point) -> Ends:
        """The ends at a point that is not shown."""
        highest = [found.value for found in self._largest(x)]
        fall = min([_ONE, *(value for value in highest if value is not None)])
        m, R = self.v.minimum, self.v.range
        return Ends(Surd(m + R * (1 - fall)), Surd(m + R * (1 - value_of(self.least(x)))))

    def _exact(self, x: Point) -> Ends:
        return self.envelope_at(x)


def _minus(y: Point, z: Point) -> list[Fraction]:
    return [yi - zi for yi, zi in zip(y, z, strict=True)]


class NearSupports(Fibres):
    """Convex within limits: the envelope from affine functions below the unit that touch it at one shown point.

    Write g = hi - h, a concave function with g >= 0; at a shown point s it lies in [g_s, G_s] = [hi - u_s, hi - l_s]. For
    affine ell >= 0 on the box, as of `Supports`,

    - hi - upper is the least ell(x) over ell with ell(s) >= g_s at every shown point;
    - hi - lower is the least over the shown points t of: the largest ell(x) over ell with ell(t) <= G_t and ell(s) >= g_s
      at the other ones; at most hi - lo.

    A member exists if and only if there are such ell for every t (and lo <= u_s, l_s <= hi).

    Necessary. If there is none for t, Farkas' lemma gives weights w_s >= 0 with t = sum_s w_s s + (1 - sum w) c for a point c
    of the box, over the other shown points s, and sum_s w_s g_s > G_t. But hi - h is concave and at least 0, so it is at
    least sum_s w_s g_s at t, and at most G_t. Sufficient. Raise each ell_t by a constant until ell_t(t) = G_t. Then
    max(lo, max_t hi - ell_t) is convex, within the limits, at least hi - G_t = l_t at t and at most u_t: the other ell are at
    least g_t there, and ell_t(t) = G_t >= g_t. Sharp. Soundness is that of `Supports`, with hi for M and the ends of the
    intervals for the values. Call the function above h: max(h, hi - ell) with the optimal ell of the first is a member with
    the value `upper` at x; h made of optimal ell_t of the second (or far enough along a ray) has `lower`.
    """

    converts = True

    def check(self) -> None:
        self._touch = [self._region(k) for k in range(len(self.shown))]
        if None in self._touch:
            raise self._refusal()
        self._above = self._region(None)

    def _region(self, touched: int | None, wider: int = 0) -> Feasible | None:
        """The ell of the class's description; `touched` is t.

        Unknowns: u, w, then where `wider` is 1 a widening of the limits, where it is 2 that and further noise; then one
        slack for each shown point.
        """
        rows, right = [], []
        for k, site in enumerate(self.shown):
            point, sign = site.exact, _ONE if k == touched else -_ONE
            slack = [_ZERO] * len(self.shown)
            slack[k] = sign
            rows.append([*point, *(1 - s for s in point), *[-_ONE, -sign][:wider], *slack])
            right.append(self.high - (site.low if k == touched else site.high))
        return feasible(rows, right)

    def _least(self, wider: int) -> Fraction | None:
        """The least widening of the limits (1), or with any widening the least further noise (2); None where there is none."""
        found = []
        for k in range(len(self.shown)):
            region = self._region(k, wider)
            if region is None:
                return None
            cost = [_ZERO] * region.columns
            cost[2 * self.v.dim + wider - 1] = _ONE
            found.append(value_of(region.minimise(cost)))
        most: Fraction = max(found)
        return most

    def _refusal(self) -> InvalidInput:
        """Name the first value that those before it exclude, and what change admits all of them."""
        count = next(n for n in range(1, len(self.shown) + 1) if not self._start(n)._is_feasible())
        site, before = self.shown[count - 1], self._start(count - 1)
        before.check()
        ends = before._exact(site.exact)
        widened = self._least(1)
        if widened is not None and self.limits is not None:
            mend = self.limits.widened(widened)
        else:
            noise = self._least(2)
            if noise is None:
                raise AssertionError("some noise admits every value")
            mend = least_noise(self.cls.member, site.noise + noise)
        return self.refuse(misfit(site, self.cls.member, (ends.lower.base, ends.upper.base), mend))

    def _start(self, count: int) -> NearSupports:
        other = object.__new__(NearSupports)
        other.cls, other.v, other.limits, other.shown = (
            self.cls,
            self.v,
            self.limits,
            self.shown[:count],
        )
        return other

    def _is_feasible(self) -> bool:
        return all(self._region(k) is not None for k in range(len(self.shown)))

    def _exact(self, x: Point) -> Ends:
        highest = [self._optimum(region, x, -1) for region in self._touch]
        fall = min([self.high - self.low, *(-y for y in highest if y is not None)])
        least = self._optimum(self._above, x, 1)
        if least is None:
            raise AssertionError("what is at least 0 has a least value")
        return Ends(Surd(self.high - fall), Surd(self.high - least))

    @staticmethod
    def _optimum(region: Feasible | None, x: Point, sign: int) -> Fraction | None:
        """The least value of sign ell(x), None where there is none."""
        if region is None:
            raise AssertionError("values that fit leave a supporting function each")
        cost = [sign * q for q in (*x, *(1 - xi for xi in x))]
        found: Fraction | None = region.minimise(
            cost + [_ZERO] * (region.columns - len(cost))
        ).value
        return found


# -- the sharp table --------------------------------------------------------------------------------------


def convex_share(t: Any, d: Any) -> tuple[Term, ...]:
    """Volume of {gamma <= t}: the box shrunk towards a by the factor t. 0 <= t <= 1."""
    return (Term(1, t, d),)


@dataclass(frozen=True)
class ConvexShares(SharpRow):
    """The radius at x != b is half the gauge of the box about a."""

    kind: type[FunctionClass]
    formulas = {
        "worst radius": Sentence("1/2", "$1/2$"),
        "side share": Sentence("2^-d", "$2^{-d}$"),
        "eps share": Sentence("(2 eps)^d", r"$(2\varepsilon)^d$"),
    }

    def worst_radius(self, d: int) -> Quantity:
        return exact(Fraction(1, 2))

    def side_share(self, d: int) -> Quantity:
        return powers(*convex_share(Fraction(1, 2), d))

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return powers(*convex_share(2 * eps, d))
