"""The Lipschitz row of the sharp table: worst radius and shares at one visualization, or for lambda.

With p = |x-a|, q = |x-b| and k = L/R the radius at x is (min(1, kp) + min(1, kq) - 1)/2. docs/sharp.md
has the proofs of the closed forms. The radius does not decrease when p or q grows, so that only queries
matter that no other one beats in both.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from trompe.ground.errors import InvalidInput
from trompe.theory.exact import Point, as_number
from trompe.theory.functionals import metric
from trompe.theory.shares.balls import ball_share
from trompe.theory.shares.quantities import Quantity, Term, algebraic, between, exact, powers, total
from trompe.theory.visualization import Visualization

STATES = 5_000
"""More ways to combine coordinates than this are not enumerated."""
CLOSE = 1e-9
"""Width of an enclosure of a worst radius in l2."""


@dataclass(frozen=True)
class TwoCones:
    """What the Lipschitz row depends on: the metric, a, b and k = L/R (k^2 for l2).

    Then lambda = k |a-b| >= 1. Everything below is symmetric under x_i -> 1 - x_i.
    """

    metric: str
    a: Point
    b: Point
    scale: Fraction
    """L/R for l1 and linf, (L/R)^2 for l2, so that it is rational at every lambda."""

    @property
    def dim(self) -> int:
        return len(self.a)

    @cached_property
    def coordinates(self) -> Counter[tuple[Fraction, Fraction]]:
        """How often each (a_i, b_i) occurs."""
        return Counter(zip(self.a, self.b, strict=True))

    @property
    def power(self) -> int:
        """2 where lengths are kept as squares."""
        return 2 if self.metric == "l2" else 1

    @cached_property
    def stretch(self) -> Fraction:
        """lambda, squared for l2."""
        apart = {pair: abs(pair[0] - pair[1]) for pair in self.coordinates}
        if self.metric == "linf":
            return self.scale * max(apart.values())
        return self.scale * self._sum(lambda a, b: abs(a - b) ** self.power)

    @property
    def are_corners(self) -> bool:
        """Are a and b opposite corners of the box?"""
        return all(a in (0, 1) and b == 1 - a for a, b in self.coordinates)

    def _sum(self, term: Callable[[Fraction, Fraction], Fraction]) -> Fraction:
        """sum_i term(a_i, b_i)."""
        return sum((n * term(a, b) for (a, b), n in self.coordinates.items()), Fraction(0))

    def exceeds(self, bound: Fraction) -> bool:
        """lambda > bound, for a bound >= 0; decided without roots."""
        return self.stretch > bound**self.power

    def balls(self, reach: Fraction) -> Quantity:
        """The two balls of radius reach R/L about a and b, cut by X; they meet in a null set."""
        size = reach**self.power / self.scale
        return _at_most_1(total(ball_share(self.metric, c, size) for c in (self.a, self.b)))

    # -- the three columns -----------------------------------------------------------------------

    def side_share(self) -> Quantity:
        """Two balls of radius R/2L: they touch at most, since R/L <= |a-b|."""
        return self.balls(Fraction(1, 2))

    def eps_share(self, eps: Fraction) -> Quantity:
        """Two balls of radius 2 eps R/L and the points with p + q <= (1 + 2 eps) R/L.

        The latter are none (in l2, d >= 2: a null set) for lambda > 1 + 2 eps. Otherwise a closed form
        for d = 1 and for opposite corners in l1 and linf; else only bounds.
        """
        r = 2 * eps
        null = self.metric == "l2" and self.dim > 1 and self.stretch == (1 + r) ** 2
        if self.exceeds(1 + r) or null:
            return self.balls(r)
        if self.dim == 1:
            return exact(_line_share(self, r))
        if self.are_corners and self.metric == "l1":
            return exact(1)
        if self.are_corners and self.metric == "linf":
            return powers(*linf_corner_terms(self.dim, r, self.scale))
        size = r**self.power / self.scale
        one, two = (ball_share(self.metric, centre, size) for centre in (self.a, self.b))
        disjoint = (2 * r) ** self.power <= self.stretch
        lower = total((one, two)).lower if disjoint else max(one.lower, two.lower)
        return between(min(lower, Decimal(1)), 1)

    def worst_radius(self) -> Quantity:
        """The supremum over x of (U(x) - W(x))/2R at this visualization."""
        if self.metric == "l2" and self.dim > 1:
            return _worst_l2(self)
        scale = self.scale
        if self.metric == "l2":
            root = Fraction(math.isqrt(scale.numerator), math.isqrt(scale.denominator))
            if root**2 != scale:
                return _worst_l2(self)
            scale = root
        pairs = _linf_pairs(self) if self.metric == "linf" else _l1_pairs(self)
        if pairs is not None:
            return exact(max(_radius(scale * p, scale * q) for p, q in pairs))
        half = self.stretch / 2
        return between(_radius(half, half), Fraction(1, 2))


def two_cones(setting: Any, v: Visualization) -> TwoCones:
    """The setting of a class and a visualization that it admits."""
    setting.check_visualization(v)
    power = 2 if setting.metric == "l2" else 1
    return TwoCones(setting.metric, v.argmin, v.argmax, (setting.constant / v.range) ** power)


def opposite_corners(norm: str, dim: int, stretch: Any) -> TwoCones:
    """a = (0, ..., 0), b = (1, ..., 1) and L = lambda R/|a-b|.

    Raises
    ------
    InvalidInput : lambda < 1; no L-Lipschitz function has such a visualization.
    """
    metric(norm)
    value = as_number(stretch, "lambda")
    if value < 1:
        raise InvalidInput(
            f"lipschitz: lambda = L|a-b|/R = {value} is below 1; no member has such a visualization, "
            "give lambda >= 1"
        )
    apart = {"l1": dim, "l2": 1, "linf": 1}[norm]
    scale = value**2 / dim if norm == "l2" else value / apart
    return TwoCones(norm, (Fraction(0),) * dim, (Fraction(1),) * dim, scale)


def _at_most_1(share: Quantity) -> Quantity:
    one = Decimal(1)
    return replace(share, upper=min(share.upper, one)) if share.kind == "enclosed" else share


def _radius(p: Any, q: Any) -> Any:
    """The radius where |x-a| = p and |x-b| = q in units of R/L."""
    return (min(1, p) + min(1, q) - 1) / 2


def _line_share(c: TwoCones, r: Fraction) -> Fraction:
    """d = 1 and lambda <= 1 + 2 eps: all between a and b, and r R/L beyond each."""
    low, high = sorted((c.a[0], c.b[0]))
    # lambda = k D, or its square, which at d = 1 has the rational root k only if k^2 has one.
    beyond = r / c.scale if c.power == 1 else None
    if beyond is None:
        root = Fraction(math.isqrt(c.scale.numerator), math.isqrt(c.scale.denominator))
        beyond = r / root
    return min(low, beyond) + (high - low) + min(1 - high, beyond)


def linf_corner_terms(d: Any, r: Any, stretch: Any) -> tuple[Term, ...]:
    """The eps share of linf at opposite corners for 1 <= lambda <= 1 + r, with r = 2 eps and lambda (`stretch`) = L/R.

    It is the volume of two balls, about a and b, and of an ellipsoid (docs/sharp.md). With t = r/lambda and s = (1 + r)/lambda - 1 <= t: the cubes {max x <= t} and {min x >= 1-t} and the
    band {max x - min x <= s} have together 2 t^d + s^(d-1) (d (1-2t) + (d-1) s). The cubes are the balls, and the band is
    the ellipsoid, because p + q = max x + 1 - min x. Where both cubes hold, k (p + q) <= 2r <= 1 + r, so they meet inside the
    band. With V(s) = d s^(d-1) - (d-1) s^d, the volume of the band (the affine row), and t^d V(s/t), the part of it in a cube,
    the volume is V(s) + 2 t^d - 2 t^d V(s/t). For lambda = 1 it is V(s).
    """
    t, s = r / stretch, (1 + r) / stretch - 1
    if stretch == 1:
        return (Term(d - (d - 1) * s, s, d - 1),)
    return Term(2, t, d), Term(d * (1 - 2 * t) + (d - 1) * s, s, d - 1)


# -- worst radius ---------------------------------------------------------------------------------------


def _ways(a: Fraction, b: Fraction) -> list[tuple[Fraction, Fraction, Fraction]]:
    """The best one coordinate can do: (p+q, smallest p, room of p). The segment, and both faces."""
    return [
        (abs(a - b), Fraction(0), abs(a - b)),
        (a + b, a, Fraction(0)),
        (2 - a - b, 1 - a, Fraction(0)),
    ]


def _most_even(way: tuple[Fraction, Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    """p and q with this sum that are as equal as p's room allows."""
    sum_, low, room = way
    p = min(max(sum_ / 2, low), low + room)
    return p, sum_ - p


def _l1_pairs(c: TwoCones) -> Iterable[tuple[Fraction, Fraction]] | None:
    """(|x-a|, |x-b|) at the queries among which the worst one is; None if they are too many.

    Each coordinate adds to (p, q) a point of the segment from (0, D_i) to (D_i, 0), or at best one of the
    ends (a_i, b_i), (1-a_i, 1-b_i) where x_i is 0 or 1. For each of the combinations p+q is fixed and p
    runs over an interval; the radius is largest where p is nearest to q.
    """
    found = {(Fraction(0),) * 3}
    for (a, b), count in c.coordinates.items():
        ways = _ways(a, b)
        if {a, b} == {0, 1}:
            ways = [(Fraction(count), Fraction(0), Fraction(count))]
            count = 1
        for _ in range(count):
            found = {(s + t, p + q, u + w) for s, p, u in found for t, q, w in ways}
            if len(found) > STATES:
                return None
    return (_most_even(way) for way in found)


def _linf_pairs(c: TwoCones) -> Iterable[tuple[Fraction, Fraction]]:
    """One coordinate i is farthest from a, one j (perhaps the same) from b.

    Taking both distances as large as they can be is never worse. For i != j that is
    (max(a_i, 1-a_i), max(b_j, 1-b_j)); for i = j it is one of the three ways.
    """
    same = (_most_even(way) for a, b in c.coordinates for way in _ways(a, b))
    far_a, far_b = (
        sorted(c.coordinates, key=lambda pair: max(pair[end], 1 - pair[end]))[-2:] for end in (0, 1)
    )
    other = (
        (max(i[0], 1 - i[0]), max(j[1], 1 - j[1]))
        for i in far_a
        for j in far_b
        if i != j or c.coordinates[i] > 1
    )
    return [*same, *other]


def _worst_l2(c: TwoCones) -> Quantity:
    """The worst query lies on an edge of the box; each edge is searched by bisection.

    p^2 - q^2 is affine in x. On a slice of the box where it is constant, p^2 is convex, so it is largest at
    a vertex of the slice, which lies on an edge of the box; and q^2 with it. Before that: the square root is
    concave, so min(1, kp) + min(1, kq) <= 2 min(1, k sqrt((p^2+q^2)/2)), and p^2+q^2 is largest at a corner.

    Where there are too many edges: between the half-way point and the bound by the sum of squares.
    """
    import sympy

    k = math.sqrt(c.scale)
    # A concave function of p^2 and q^2, whose sum is at most that of the farthest corner.
    squares = c._sum(lambda a, b: max(a * a + b * b, (1 - a) ** 2 + (1 - b) ** 2))
    middle, most = c.stretch / 4, c.scale * squares / 2
    if c.dim % 2 == 0 and c.are_corners:
        middle = most  # half of the coordinates 0, half 1
    if min(middle, most) >= 1:
        return exact(Fraction(1, 2))
    if middle == most:
        root = sympy.sqrt(sympy.Rational(most.numerator, most.denominator))
        return algebraic(sympy.Rational(-1, 2) + root)
    ends = [_radius(math.sqrt(m), math.sqrt(m)) for m in (middle, most)]
    edges = _edges(c)
    if edges is None:
        return between(max(0.0, ends[0] - CLOSE), min(0.5, ends[1] + CLOSE))
    if any(min(p, q) * c.scale >= 1 for edge in edges for p, q in _edge_ends(edge)):
        return exact(Fraction(1, 2))
    return between(*_search(edges, k, ends[0]))


_Edge = tuple[Fraction, Fraction, Fraction, Fraction]


def _edges(c: TwoCones) -> set[_Edge] | None:
    """(p^2, q^2 without coordinate i, a_i, b_i) for every edge of the box, up to symmetry."""
    edges: set[_Edge] = set()
    for free in c.coordinates:
        found = {(Fraction(0), Fraction(0))}
        for (a, b), count in c.coordinates.items():
            fixed = count - ((a, b) == free)
            if len(found) * (fixed + 1) > STATES:
                return None
            found = {
                (
                    p + j * a * a + (fixed - j) * (1 - a) ** 2,
                    q + j * b * b + (fixed - j) * (1 - b) ** 2,
                )
                for p, q in found
                for j in range(fixed + 1)
            }
        edges |= {(p, q, *free) for p, q in found}
        if len(edges) > STATES:
            return None
    return edges


def _edge_ends(edge: _Edge) -> list[tuple[Fraction, Fraction]]:
    p, q, a, b = edge
    return [(p + (t - a) ** 2, q + (t - b) ** 2) for t in (0, 1)]


def _search(edges: set[_Edge], k: float, start: float) -> tuple[float, float]:
    """The largest radius on the edges, by bisection: it changes by at most k per unit of length."""

    def at(edge: tuple[float, ...], t: float) -> float:
        p, q, a, b = edge
        value: float = _radius(k * math.sqrt(p + (t - a) ** 2), k * math.sqrt(q + (t - b) ** 2))
        return value

    best = start
    heap: list[tuple[float, float, float, tuple[float, ...]]] = []
    for exact_edge in edges:
        edge = tuple(map(float, exact_edge))
        heapq.heappush(heap, (-(at(edge, 0.5) + k / 2), 0.5, 0.5, edge))
    for _ in range(200_000):
        bound, centre, half, edge = heap[0]
        if -bound <= best + CLOSE:
            break
        heapq.heappop(heap)
        for t in (centre - half / 2, centre + half / 2):
            value = at(edge, t)
            best = max(best, value)
            heapq.heappush(heap, (-(value + k * half / 2), t, half / 2, edge))
    upper = min(0.5, max(best, -heap[0][0]) + CLOSE)
    return max(0.0, best - CLOSE), upper


# -- what the row is shown for ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ConeSetting:
    """What the Lipschitz row is shown for.

    Either `stretch` = lambda = L|a-b|/R, or `constant` = L with the range R. The images are `argmin`
    and `argmax`, or where none are given the opposite corners 0 and 1 at every d.

    Raises
    ------
    InvalidInput : both or neither of lambda and L, one image without the other, lambda < 1, an L that
        no member with this visualization has.
    """

    metric: str = "l2"
    stretch: Fraction | None = None
    constant: Fraction | None = None
    range: Fraction = Fraction(1)
    argmin: Point | None = None
    argmax: Point | None = None

    def __post_init__(self) -> None:
        if (self.stretch is None) == (self.constant is None):
            raise InvalidInput(
                "lipschitz: give either lambda = L|a-b|/R or the constant L, not both"
            )
        if (self.argmin is None) != (self.argmax is None):
            raise InvalidInput("lipschitz: argmin and argmax belong together; give both or neither")
        if self.argmin is not None and self.stretch is not None:
            raise InvalidInput(
                "lipschitz: lambda is for the corners 0 and 1; for given images give the constant L"
            )
        if self.stretch is not None and self.range != 1:
            raise InvalidInput(
                "lipschitz: lambda already has the range R; give R with the constant L"
            )
        if as_number(self.range, "range") <= 0:
            raise InvalidInput(f"lipschitz: range R = {self.range}; expected R = M - m > 0")
        self.at(self.dim or 1)

    @property
    def dim(self) -> int | None:
        """The only d of the setting, or None where it serves every d."""
        return len(self.argmin) if self.argmin is not None else None

    def at(self, d: int) -> TwoCones:
        """The cones at this d."""
        if self.stretch is not None:
            return opposite_corners(self.metric, d, self.stretch)
        return two_cones(*self.shown(d))

    def shown(self, d: int) -> tuple[Any, Visualization]:
        """The class and the visualization at this d; for lambda in l2, L is rounded up at 10^-9."""
        from trompe.theory.rows.lipschitz import Lipschitz

        a = self.argmin or (Fraction(0),) * d
        b = self.argmax or (Fraction(1),) * d
        constant = self.constant
        if constant is None:
            scale = opposite_corners(self.metric, d, self.stretch).scale
            constant = self.range * (_root_from_above(scale) if self.metric == "l2" else scale)
        return Lipschitz(constant, self.metric), Visualization(a, b, 0, self.range)


def _root_from_above(squared: Fraction) -> Fraction:
    """The root where it is rational, else rounded up at 10^-9."""
    root = Fraction(math.isqrt(squared.numerator), math.isqrt(squared.denominator))
    return root if root**2 == squared else Fraction(math.isqrt(int(squared * 10**18)) + 1, 10**9)
