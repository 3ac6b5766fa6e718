"""Additive functions: U and W put all of the range on one coordinate, B spreads it over all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from trompe.constructions import Triple, mix, triple
from trompe.constructions.draws import Pick, Value, texts
from trompe.constructions.rows.additive import AdditiveParameters, AdditiveScale, AdditiveTriple
from trompe.proofs import roles
from trompe.proofs.lemmas import ATTAINED, MIX
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, collected, obligation
from trompe.proofs.pieces import range_ends_and_uniqueness, values
from trompe.proofs.row import Evidence, Extremes, Refused, RowChecks, Said, moved, shown
from trompe.proofs.symbolic import Identity, register, sympy_namespace
from trompe.theory import Additive, Point
from trompe.theory.namespace import Array


@obligation(
    "additive/part",
    "s_k(t) lies in [0, 1], is 0 only at a_k and 1 only at b_k, for a_k != b_k (one coordinate)",
)
def _part(s: Scope) -> Claim:
    t, a, b, inv_reach = s.reals("t a_k b_k inv_reach")
    construction = s.construction("additive")
    part = construction.part(s.xp.abs(t - a), s.xp.abs(t - b), inv_reach, s.xp)
    return Claim(
        {
            "inv_reach |a_k - b_k| = 1": inv_reach * s.xp.abs(a - b) == 1,
            "inv_reach > 0": inv_reach > 0,
        },
        all_of([part >= 0, part <= 1, (part == 0) == (t == a), (part == 1) == (t == b)]),
        Fault("any slope", without="inv_reach |a_k - b_k| = 1"),
    )


@roles.pair(
    "additive/exchange",
    "h(y) + h(z) does not change when y and z exchange a coordinate, if h is a part of that coordinate "
    "plus a rest that does not read it",
)
def _exchange(s: Scope) -> Claim:
    part_y, part_z, rest_y, rest_z = s.reals("part_y part_z rest_y rest_z")
    return Claim(
        {},
        Additive.exchange(part_y + rest_y, part_z + rest_z, part_z + rest_y, part_y + rest_z),
        Fault(
            "a product for the sum",
            show=Additive.exchange(
                part_y * rest_y, part_z * rest_z, part_z * rest_y, part_y * rest_z
            ),
        ),
    )


class _Symbols:
    """m, M, the slopes of U and W, the distances |a_i - b_i|, |a_j - b_j| and what is read off a point."""

    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, rise, fall, inv_rise, inv_fall, self.reach_i, self.reach_j = s.reals(
            "m M rise fall inv_rise inv_fall reach_i reach_j"
        )
        self.rise, self.fall = rise, fall
        self.p = AdditiveScale(self.m, self.M, inv_rise, inv_fall)
        self.parameters = {
            "m < M": self.m < self.M,
            "slopes": all_of([rise > 0, fall > 0, inv_rise * rise == 1, inv_fall * fall == 1]),
            "delta <= |a - b| in the coordinates of U and W": all_of(
                [rise <= self.reach_i, fall <= self.reach_j]
            ),
        }

    def feature(self, from_a: Any, from_b: Any, average: Any) -> Any:
        return self.s.construction("additive").Features(from_a, from_b, average)

    def at(self, name: str) -> tuple[Any, dict[str, Any]]:
        from_a, from_b, average = self.s.reals(f"{name}_from_a {name}_from_b mean_{name}")
        facts = {
            "distances >= 0": all_of([from_a >= 0, from_b >= 0]),
            "mean of the parts in [0, 1]": all_of([average >= 0, average <= 1]),
        }
        return self.feature(from_a, from_b, average), facts

    def ends(self) -> tuple[Any, Any, dict[str, Any]]:
        zero, one = self.s.xp.number(0), self.s.xp.number(1)
        return self.feature(zero, self.reach_j, zero), self.feature(self.reach_i, zero, one), {}

    def values(self, feature: Any) -> tuple[Any, Any, Any]:
        return values(self.s, "additive", feature, self.p)


range_ends_and_uniqueness(
    "additive",
    _Symbols,
    Fault("distances may be negative", without="distances >= 0"),
    (
        "m at a and M at b",
        Fault("delta any length", without="delta <= |a - b| in the coordinates of U and W"),
    ),
    (
        "the mean of the parts is 0 and M only where it is 1",
        lambda z: z.mean == 0,
        lambda z: z.mean == 1,
    ),
)


@roles.pair(
    "additive/query",
    "U(x) = M if delta <= |x_i - a_i|, W(x) = m if delta <= |x_j - b_j|, and B lies between",
)
def _query(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, strict = t.values(x)
    far = all_of([t.rise <= x.from_a, t.fall <= x.from_b])
    return Claim(
        t.parameters | facts | {"delta <= |x - a| and |x - b| there": far},
        all_of([upper == t.M, lower == t.m, lower <= strict, strict <= upper]),
        Fault("x anywhere", without="delta <= |x - a| and |x - b| there"),
    )


@roles.pair(
    "additive/member",
    "U, W, B do not change their sum when two points exchange their first coordinate",
    per_dim=True,
)
def _member(s: Scope, d: int) -> Claim:
    y, z, a, b, inv = (s.point(name, d) for name in ("y", "z", "a", "b", "inv_reach"))
    m, M, inv_rise, inv_fall = s.reals("m M inv_rise inv_fall")
    p = AdditiveParameters(m, M, inv_rise, inv_fall, a, b, inv, 0, d - 1)
    construction: AdditiveTriple = s.construction("additive")

    def at(point: Array) -> tuple[Any, Any, Any]:
        return values(s, "additive", construction.features(point, p, s.xp), p)

    y_other, z_other = y.copy(), z.copy()
    y_other[0], z_other[0] = z[0], y[0]
    show = [
        Additive.exchange(*four) for four in zip(*map(at, (y, z, y_other, z_other)), strict=True)
    ]
    return Claim(
        {"m < M": m < M},
        all_of(show),
        Fault("U(y) alone does not change", show=at(y)[0] == at(y_other)[0]),
    )


@roles.pair(
    "additive/closed-under-mixing",
    "if the sums of two functions do not change under an exchange then neither do those of their mix",
)
def _closed(s: Scope) -> Claim:
    tops, stricts = s.reals("U_y U_z U_y2 U_z2"), s.reals("B_y B_z B_y2 B_z2")
    (eta,) = s.reals("eta")
    mixed = [mix(u, b, eta) for u, b in zip(tops, stricts, strict=True)]
    return Claim(
        {
            "U: exchange": Additive.exchange(*tops),
            "B: exchange": Additive.exchange(*stricts),
            "0 < eta": eta > 0,
            "eta < 1": eta < 1,
        },
        Additive.exchange(*mixed),
        Fault("B need not satisfy it", without="B: exchange"),
    )


@roles.extremes(
    "additive/extremes",
    "if a_k = b_k, then a' and b', which differ from a and b there only, have h(a') = m or h(b') = M, "
    "so that the extremes are not unique: unique ones have a_k != b_k",
)
def _extremes(s: Scope) -> Claim:
    m, M, at_a, at_b = s.reals("m M h_a2 h_b2")
    return Claim(
        {
            "m <= h(a')": m <= at_a,
            "h(b') <= M": at_b <= M,
            "h: exchange of a and b' in k gives a' and b": Additive.exchange(m, at_b, at_a, M),
        },
        all_of([at_a == m, at_b == M]),
        Fault("h need not be additive", without="h: exchange of a and b' in k gives a' and b"),
    )


# -- U(x) and W(x) in closed form --------------------------------------------------------------------------------


def _additive(which: str) -> Callable[[Any], tuple[Any, Any, Any]]:
    """U(x) = M where x_i lies at least delta from a_i, W(x) = m where x_j lies at least delta from b_j."""

    def build(sympy: Any) -> tuple[Any, Any, Any]:
        m = sympy.Symbol("m", real=True)
        r, delta, more = sympy.symbols("R delta more", positive=True)
        p = AdditiveScale(m, m + r, 1 / delta, 1 / delta)
        far = AdditiveTriple.Features(delta + more, delta + more, sympy.Symbol("mean"))
        value = getattr(AdditiveTriple(), which)(far, p, sympy_namespace())
        ends = (m + r, m)
        return (value, *ends) if which == "upper" else (value, *reversed(ends))

    return build


ADDITIVE_SYMBOLIC = register(
    *(
        Identity(
            f"symbolic/additive/{which}",
            f"{end} for the additive triple, where x lies at least delta away",
            _additive(which),
        )
        for which, end in (("upper", "U(x) = M"), ("lower", "W(x) = m"))
    )
)


_OF = collected("additive")

EVIDENCE = {
    "additive": Evidence(
        coq=("pair_defeats", "shown_decidable", "additive_extremes"),
        pair=(*MIX, *ATTAINED, "additive/part", "monotone/mean-range", *_OF["pair"]),
        extremes=("additive/exchange", *_OF["extremes"]),
        symbolic=ADDITIVE_SYMBOLIC,
        assumed=("induction over d", "exchanges"),
    )
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class AdditiveChecks(RowChecks):
    """The extremes differ in every coordinate."""

    membership = "additive"

    def extremes_at(self, d: int) -> Extremes:
        return (Fraction(1, 8),) * d, tuple(Fraction(7 - k, 8) for k in range(d))

    def refused(self, d: int) -> Refused:
        yield from super().refused(d)
        a, b = self.extremes_at(d)
        for k in {0, d - 1} if d > 1 else ():
            shared = shown(moved(a, k, b[k]), b)
            yield f"a and b share coordinate {k}", self.kind(), shared

    def limits(self) -> Said:
        for sides, holds in (((1, 2, 2, 1), True), ((1, 2, 1, 1), False), ((1, 1, 1, 2), False)):
            yield f"the exchange of {sides}: {holds}", Additive.exchange(*sides) == holds

    def parameters(self, t: Triple, p: Any) -> Said:
        a, b = t.v.argmin, t.v.argmax
        yield from self._at(t.x, a, b, p)
        if len(a) > 1:
            x = tuple(ends[k % 2] for k, ends in enumerate(zip(a, b, strict=True)))
            yield from self._at(x, a, b, triple(t.cls, t.v, x).parameters)

    @staticmethod
    def _at(x: Point, a: Point, b: Point, p: Any) -> Said:
        i, j = p.rising, p.falling
        reach = [abs(bk - ak) for ak, bk in zip(a, b, strict=True)]
        yield "inv_reach", all(q * r == 1 for q, r in zip(p.inv_reach, reach, strict=True))
        yield "x_i != a_i and x_j != b_j", x[i] != a[i] and x[j] != b[j]
        delta = min(reach[i], abs(a[i] - x[i]))
        yield "U: delta = min(|a_i-b_i|, |a_i-x_i|)", p.inv_rise * delta == 1
        delta = min(reach[j], abs(b[j] - x[j]))
        yield "W: delta = min(|a_j-b_j|, |b_j-x_j|)", p.inv_fall * delta == 1

    def laws(
        self, pick: Pick, cls: Any, members: Mapping[str, Value], points: Sequence[Point]
    ) -> Said:
        """Exchanging some coordinates of two points keeps the sum of the values."""
        for i, y in enumerate(points):
            z = points[i - 1]
            swap = [pick(0, 1) for _ in y]
            y2, z2 = (
                tuple(q if s else p for p, q, s in zip(one, other, swap, strict=True))
                for one, other in ((y, z), (z, y))
            )
            for name, h in members.items():
                holds = Additive.exchange(h(y), h(z), h(y2), h(z2))
                yield f"{name} at {texts(y)}, {texts(z)} with coordinates exchanged {swap}", holds


CHECKS: dict[str, type[RowChecks]] = {"additive": AdditiveChecks}
