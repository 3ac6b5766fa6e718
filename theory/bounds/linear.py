"""Exemplars where the fibre comes from linear programs: affine functions, leaky ReLU neurons, convex functions.

The programs are about shares: t = (y - m)/R of the range for affine and convex functions, for a neuron the same with
h^-1 of y, m and M, what goes into the link. All ask the exact simplex method.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from trompe.theory.bounds.fibres import Ends, Fibres
from trompe.theory.bounds.reasons import link_words
from trompe.theory.bounds.simplex import Feasible, Optimum, feasible
from trompe.theory.bounds.sites import Site, Surd
from trompe.theory.classes import Affine
from trompe.theory.exact import Point, written
from trompe.theory.namespace import EXACT

__all__ = ["AffineWeights", "LinkedWeights", "Supports", "Weights"]

_ZERO, _ONE = Fraction(0), Fraction(1)


class Weights(Fibres):
    """d >= 2: a member's share of the way is sum_k p_k z'_k with p_k > 0, sum p_k = 1 and p . s' = t per exemplar.

    `inner` is such a p. As there is one, the closure of this set is the polytope P with p_k >= 0, and
    the envelope is what belongs to the range of x' . p over P.
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
        at = _dot(seen, self.inner)
        least, most = _value(low), _value(high)
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
                f"{_before(before)} has {room} there, "
                "and so must the exemplar"
            )
        towards = high if share > at else low
        if share != at:
            step = (share - at) / (_value(towards) - at)
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
        return self._between(_value(low), _value(high))

    def _between(self, low: Fraction, high: Fraction) -> Ends:
        return Ends(Surd(self.value_at(low)), Surd(self.value_at(high)))


class AffineWeights(Weights):
    """Affine, d >= 2: the members are m + R sum_k p_k z'_k."""

    noun = "affine function"

    def share_of(self, value: Fraction) -> Fraction:
        return Fraction(self.share(value))

    def value_at(self, share: Fraction) -> Fraction:
        return self.v.minimum + self.v.range * share


class LinkedWeights(Weights):
    """One neuron with leaky ReLU, d >= 2: the affine problem for h^-1 of the shown values.

    A neuron h(w.z + c) takes the value y at s if and only if w.s + c = h^-1(y). So its fibre is h of the fibre of the
    affine functions with h^-1 of the shown values, which are rational as h is piecewise linear.
    """

    @property
    def noun(self) -> str:
        return f"neuron with link {link_words(self.cls)}"

    def share_of(self, value: Fraction) -> Fraction:
        """(h^-1(value) - h^-1(m)) / (h^-1(M) - h^-1(m))."""
        start, stop, at = (
            self.cls.function.inverse(y, EXACT) for y in (self.v.minimum, self.v.maximum, value)
        )
        return Fraction((at - start) / (stop - start))

    def value_at(self, share: Fraction) -> Fraction:
        return Fraction(self.cls.between(self.v, share))


class Supports(Fibres):
    """Convex: the envelope from affine functions below the unit that touch it at one exemplar.

    Write g = (M - h)/R, a concave function with values in [0, 1]: g = 1 at a, 0 at b, g_k at exemplar
    k. An affine function ell >= 0 on the box is sum_i u_i z_i + w_i (1 - z_i) with u, w >= 0. Then

    - 1 - upper is the least ell(x) over ell >= 0 with ell(s) >= g(s) at a and every exemplar;
    - 1 - lower is the least over k of: the largest ell(x) over such ell with ell(s_k) <= g_k; at most 1.

    A member exists if and only if for every k some such ell with ell(s_k) <= g_k has positive values at
    all corners but b.
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
        return found if _value(found) > 0 else None

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
                f"{_before(count - 1)} has; they have {room}"
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
        return piece[0], self.gap(site) - _dot(piece[0], site.exact)

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
        return Ends(Surd(m + R * (1 - fall)), Surd(m + R * (1 - _value(self.least(x)))))

    def _exact(self, x: Point) -> Ends:
        return self.envelope_at(x)


def _before(count: int) -> str:
    """The exemplars that an inconsistent one is judged by, in words."""
    return f" and the {count} exemplar{'s' * (count > 1)} before it" if count else ""


def _dot(p: Sequence[Fraction], q: Sequence[Fraction]) -> Fraction:
    return sum((pi * qi for pi, qi in zip(p, q, strict=True)), _ZERO)


def _minus(y: Point, z: Point) -> list[Fraction]:
    return [yi - zi for yi, zi in zip(y, z, strict=True)]


def _value(found: Optimum) -> Any:
    if found.value is None:
        raise AssertionError("a bounded functional has a largest value")
    return found.value
