"""Convex functions: the gauge about the minimiser, the hat at the corner, the ray that bounds a member."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import Triple, triple
from trompe.constructions.rows.convex import ConvexScale
from trompe.proofs import roles
from trompe.proofs.closed_forms import Named, convex_identities
from trompe.proofs.lemmas import ATTAINED, MIX, closed_under_mixing
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, collected, implies
from trompe.proofs.pieces import (
    half_way,
    in_box,
    is_corner,
    members,
    range_ends_and_uniqueness,
    same_point,
    values,
)
from trompe.proofs.row import Evidence, Extremes, RowChecks, Said
from trompe.proofs.sharp.cells import Form, Kinks, differences, intervals
from trompe.proofs.solvers import z3
from trompe.proofs.symbolic import AtQuery, Symbols, at_query
from trompe.theory import Affine, Comparison, Convex, Visualization
from trompe.theory.functionals import gauge, l1
from trompe.theory.namespace import Array


def slopes(s: Scope, a: Array, d: int) -> tuple[Array, Array, dict[str, Any]]:
    """Symbols for the gauge's slopes and their defining equations."""
    up, down = s.point("up", d), s.point("down", d)
    rows = zip(a, up, down, strict=True)
    defining = [
        (
            z3.If(ai < 1, ui * (1 - ai) == 1, ui == 0),
            z3.If(ai > 0, wi * ai == 1, wi == 0),
        )
        for ai, ui, wi in rows
    ]
    return up, down, {"slopes": all_of(c for both in defining for c in both)}


def between(y: Array, z: Array, w: Any) -> Array:
    """The point w y + (1-w) z."""
    return y * w + z * (1 - w)


def _part(s: Scope, name: str = "z") -> tuple[Any, Any, Any, dict[str, Any]]:
    """One coordinate: z and a in [0, 1], and the part of the gauge that it gives."""
    z, a = s.point(name, 1), s.point("a", 1)
    up, down, defining = slopes(s, a, 1)
    given = {"a in [0, 1]": in_box(a), f"{name} in [0, 1]": in_box(z)} | defining
    return z, a, lambda point: gauge(point, a, up, down, s.xp), given


@roles.reads(
    "convex/gauge-part",
    "each coordinate's part of the gauge lies in [0, 1], is 0 only where z_i = a_i, and at a corner is "
    "1 unless b_i = a_i",
)
def _gauge_part(s: Scope) -> Claim:
    z, a, part, given = _part(s)
    at_corner = implies(all_of([is_corner(z), z3.Not(same_point(z, a))]), part(z) == 1)
    return Claim(
        given,
        all_of([part(z) >= 0, part(z) <= 1, (part(z) == 0) == same_point(z, a), at_corner]),
        Fault("points outside the box", without="z in [0, 1]"),
    )


@roles.reads(
    "convex/gauge-range",
    "parts in [0, 1] have their maximum in [0, 1]; it is 0 only if all are 0, and 1 if one is 1",
    per_dim=True,
)
def _gauge_range(s: Scope, d: int) -> Claim:
    parts = s.point("part", d)
    gamma = s.xp.max(parts)
    some_one = any_of(t == 1 for t in parts)
    return Claim(
        {"parts in [0, 1]": in_box(parts)},
        all_of(
            [
                gamma >= 0,
                gamma <= 1,
                (gamma == 0) == all_of(t == 0 for t in parts),
                implies(some_one, gamma == 1),
            ]
        ),
        Fault("parts outside [0, 1]", without="parts in [0, 1]"),
    )


@roles.reads("convex/gauge-coordinate", "each coordinate's part of the gauge is convex")
def _gauge_coordinate(s: Scope) -> Claim:
    y, z, a, up, down = (s.point(name, 1) for name in ("y", "z", "a", "up", "down"))
    (w,) = s.reals("w")
    parts = [gauge(p, a, up, down, s.xp) for p in (y, z, between(y, z, w))]
    law = Convex().law(Comparison(parts[0], parts[1], parts[2], w), s.xp)
    return Claim(
        {"0 <= w <= 1": all_of([w >= 0, w <= 1])},
        law,
        Fault("w beyond 1", without="0 <= w <= 1", instead=w >= 0),
    )


@roles.reads(
    "convex/gauge-convex",
    "if each coordinate's part satisfies the law then so does the gauge, their maximum",
    per_dim=True,
)
def _gauge_convex(s: Scope, d: int) -> Claim:
    y, z, p = s.point("part_y", d), s.point("part_z", d), s.point("part_w", d)
    (w,) = s.reals("w")
    convex = Convex()
    parts = [
        convex.law(Comparison(yi, zi, pi, w), s.xp) for yi, zi, pi in zip(y, z, p, strict=True)
    ]
    law = convex.law(Comparison(s.xp.max(y), s.xp.max(z), s.xp.max(p), w), s.xp)
    return Claim(
        {"parts: law": all_of(parts), "0 <= w <= 1": all_of([w >= 0, w <= 1])},
        law,
        Fault("one part breaks the law", without="parts: law", instead=all_of(parts[1:])),
    )


@roles.reads("convex/corner-part", "one coordinate's distance to a corner is affine on [0, 1]")
def _corner_part(s: Scope) -> Claim:
    y, z, b = (s.point(name, 1) for name in ("y", "z", "b"))
    (w,) = s.reals("w")
    at_y, at_z, at_w = (l1(p, b, s.xp) for p in (y, z, between(y, z, w)))
    return Claim(
        {
            "y, z in [0, 1]": all_of([in_box(y), in_box(z)]),
            "b is a corner": is_corner(b),
            "0 <= w <= 1": all_of([w >= 0, w <= 1]),
        },
        at_w == w * at_y + (1 - w) * at_z,
        Fault("b may lie inside", without="b is a corner", instead=in_box(b)),
    )


@roles.reads(
    "convex/corner-distance",
    "if each coordinate's part is affine then so is their sum",
    per_dim=True,
)
def _corner_distance(s: Scope, d: int) -> Claim:
    y, z, p = s.point("part_y", d), s.point("part_z", d), s.point("part_w", d)
    (w,) = s.reals("w")
    affine = Affine()
    parts = [
        affine.law(Comparison(yi, zi, pi, w), s.xp) for yi, zi, pi in zip(y, z, p, strict=True)
    ]
    law = affine.law(Comparison(s.xp.sum(y), s.xp.sum(z), s.xp.sum(p), w), s.xp)
    return Claim(
        {"parts: law": all_of(parts)},
        law,
        Fault("one part breaks the law", without="parts: law", instead=all_of(parts[1:])),
    )


class _Symbols:
    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, self.delta, self.inv_delta = s.reals("m M delta inv_delta")
        self.p = ConvexScale(self.m, self.M, self.inv_delta)
        self.parameters = {
            "m < M": self.m < self.M,
            "delta > 0": self.delta > 0,
            "inv_delta": self.inv_delta * self.delta == 1,
        }

    def feature(self, gamma: Any, from_b: Any) -> Any:
        return self.s.construction("convex").Features(gamma, from_b)

    def at(self, name: str) -> tuple[Any, dict[str, Any]]:
        gamma, from_b = self.s.reals(f"gamma_{name} {name}_from_b")
        facts = {
            f"0 <= gamma({name}) <= 1": all_of([gamma >= 0, gamma <= 1]),
            f"|{name}-b| >= 0": from_b >= 0,
        }
        return self.feature(gamma, from_b), facts

    def ends(self) -> tuple[Any, Any, dict[str, Any]]:
        (apart,) = self.s.reals("apart")
        zero, one = self.s.xp.number(0), self.s.xp.number(1)
        near = {"delta <= |a-b|": self.delta <= apart}
        return self.feature(zero, apart), self.feature(one, zero), near

    def values(self, feature: Any) -> tuple[Any, Any, Any]:
        return values(self.s, "convex", feature, self.p)


range_ends_and_uniqueness(
    "convex",
    _Symbols,
    Fault("a gauge outside [0, 1]", without="0 <= gamma(z) <= 1"),
    (
        "m at a and M at b, if delta <= |a-b|",
        Fault("a hat that reaches a", without="delta <= |a-b|"),
    ),
    ("the gauge is 0 and M only where |z-b| = 0", lambda z: z.gauge == 0, lambda z: z.from_b == 0),
)


@roles.pair(
    "convex/query", "if delta <= |x-b| then U(x) = m + R gamma(x), W(x) = m and B lies between"
)
def _query(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, strict = t.values(x)
    return Claim(
        t.parameters | facts | {"delta <= |x-b|": t.delta <= x.from_b},
        all_of(
            [upper == t.m + (t.M - t.m) * x.gauge, lower == t.m, lower <= strict, strict <= upper]
        ),
        Fault("a hat that reaches x", without="delta <= |x-b|"),
    )


def _member(which: int, name: str, feature: str) -> None:
    @roles.pair(f"convex/member-{name}", f"{'UW'[which]} is convex")
    def _build(s: Scope) -> Claim:
        t = _Symbols(s)
        (w,) = s.reals("w")
        (y, facts_y), (z, facts_z), (p, facts_p) = t.at("y"), t.at("z"), t.at("p")
        law = members(s, "convex", Convex(), t.p, y, z, between=p, weight=w)
        features = {
            "gauge: law": Convex().law(Comparison(y.gauge, z.gauge, p.gauge, w), s.xp),
            "|p-b| is affine": Affine().law(Comparison(y.from_b, z.from_b, p.from_b, w), s.xp),
        }
        return Claim(
            t.parameters
            | facts_y
            | facts_z
            | facts_p
            | {"0 <= w <= 1": all_of([w >= 0, w <= 1]), feature: features[feature]},
            law[which],
            Fault("strictly convex", show=_strictly(law[which])),
        )


def _strictly(law: Any) -> Any:
    """The law with < for <=."""
    return law.arg(0) < law.arg(1)


_member(0, "upper", "gauge: law")
_member(1, "lower", "|p-b| is affine")
half_way("convex", _Symbols)


@roles.decides(
    "convex/ray",
    "if gamma(x) > 0, the point y with gamma(x) (y - a) = x - a lies in the box (coordinate by coordinate)",
)
def _ray(s: Scope) -> Claim:
    a, x, y, gamma = s.reals("a x y gamma")
    up, down = s.reals("up down")
    part = s.xp.maximum(up * (x - a), down * (a - x))
    defining = {
        "slopes": all_of(
            [z3.If(a < 1, up * (1 - a) == 1, up == 0), z3.If(a > 0, down * a == 1, down == 0)]
        )
    }
    return Claim(
        {
            "a, x in [0, 1]": all_of([a >= 0, a <= 1, x >= 0, x <= 1]),
            "gamma > 0": gamma > 0,
            "gamma at least this part": gamma >= part,
            "y": gamma * (y - a) == x - a,
        }
        | defining,
        all_of([y >= 0, y <= 1]),
        Fault("a smaller gamma", without="gamma at least this part"),
    )


@roles.decides(
    "convex/sound",
    "x = (1-gamma) a + gamma y with y in the box, so h(x) <= m + R gamma(x) for every convex h",
)
def _sound(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    h_x, h_y = s.reals("h_x h_y")
    upper, _, _ = t.values(x)
    law = Convex().law(Comparison(h_y, t.m, h_x, x.gauge), s.xp)
    return Claim(
        t.parameters
        | facts
        | {
            "h: law at y, a": law,
            "m <= h(y) <= M": all_of([t.m <= h_y, h_y <= t.M]),
            "m <= h(x)": t.m <= h_x,
        },
        all_of([t.m <= h_x, h_x <= upper]),
        Fault("h need not be convex", without="h: law at y, a"),
    )


@roles.exists(
    "convex/exists-part",
    "each part of the gauge at a + t (b-a), 0 < t < 1, is t times its value at b",
)
def _exists_part(s: Scope) -> Claim:
    b, a, part, given = _part(s, "b")
    (t,) = s.reals("t")
    return Claim(
        given | {"0 < t < 1": all_of([t > 0, t < 1])},
        part(a + (b - a) * t) == t * part(b),
        Fault("t of any sign", without="0 < t < 1"),
    )


@roles.exists(
    "convex/exists-gauge",
    "parts that are t times as large, t > 0, have their maximum t times as large",
    per_dim=True,
)
def _exists_gauge(s: Scope, d: int) -> Claim:
    parts = s.point("part", d)
    (t,) = s.reals("t")
    return Claim(
        {"0 < t": t > 0},
        s.xp.max(parts * t) == t * s.xp.max(parts),
        Fault("the sum for the maximum", show=s.xp.sum(parts * t) == t * s.xp.max(parts) + t),
    )


@roles.exists(
    "convex/exists",
    "for a corner b, any other a and 0 < t < 1, x = a + t (b-a) is in the box and neither a nor b",
    per_dim=True,
)
def _exists(s: Scope, d: int) -> Claim:
    a, b = s.point("a", d), s.point("b", d)
    (t,) = s.reals("t")
    x = a + (b - a) * t
    return Claim(
        {
            "a in the box": in_box(a),
            "b is a corner": is_corner(b),
            "a != b": z3.Not(same_point(a, b)),
            "0 < t < 1": all_of([t > 0, t < 1]),
        },
        all_of([in_box(x), z3.Not(same_point(x, a)), z3.Not(same_point(x, b))]),
        Fault("t may be 1", without="0 < t < 1", instead=all_of([t > 0, t <= 1])),
    )


@roles.extremes(
    "convex/extremes",
    "a unique maximiser b of a convex function is a corner: no coordinate is strictly between 0 and 1",
)
def _extremes(s: Scope) -> Claim:
    b, h_b, h_0, h_1 = s.reals("b_i h_b h_with_0 h_with_1")
    law = Convex().law(Comparison(h_1, h_0, h_b, b), s.xp)
    return Claim(
        {
            "0 <= b_i <= 1": all_of([b >= 0, b <= 1]),
            "h: law at b with b_i set to 1 and to 0": law,
            "b is the only maximiser": all_of(
                [implies(b != 0, h_0 < h_b), implies(b != 1, h_1 < h_b)]
            ),
        },
        z3.Or(b == 0, b == 1),
        Fault(
            "other maximisers",
            without="b is the only maximiser",
            instead=all_of([h_0 <= h_b, h_1 <= h_b]),
        ),
    )


# -- what the theorems are proved from ----------------------------------------------------------------------


def _at_query(sympy: Any, t: Symbols) -> AtQuery:
    p = ConvexScale(t.m, t.M, 1 / t.far)
    return AtQuery(p, (t.gamma, t.far + t.s), t.m + t.r * t.gamma, t.m)


_OF = collected("convex")

EVIDENCE = {
    "convex": Evidence(
        coq=("pair_defeats", "gauge_is_maximum"),
        pair=(
            *MIX,
            *ATTAINED,
            *_OF["reads"],
            "l1/separates",
            *_OF["pair"],
            closed_under_mixing("convex"),
        ),
        decides=_OF["decides"],
        exists=_OF["exists"],
        extremes=_OF["extremes"],
        symbolic=at_query("convex", _at_query),
        assumed=("induction over d",),
    )
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class ConvexChecks(RowChecks):
    """The maximiser is a corner."""

    membership = "convex"
    pinned = "b"
    leaves_everything = False

    def extremes_at(self, d: int) -> Extremes:
        return (Fraction(1, 8),) * d, tuple(Fraction((k + 1) % 2) for k in range(d))

    def parameters(self, t: Triple, p: Any) -> Said:
        a, b = t.v.argmin, t.v.argmax
        delta = min(sum(abs(zi - bi) for zi, bi in zip(z, b, strict=True)) for z in (a, t.x))
        yield "delta = min(|a-b|, |x-b|)", p.inv_delta * delta == 1
        corners = [(Fraction(int(k == j)),) * t.v.dim for k in range(2) for j in range(2)]
        for c in (a, *corners):
            if c == b:
                continue
            q = triple(t.cls, Visualization(c, b, t.v.minimum, t.v.maximum), t.x).parameters
            for ci, up, down in zip(c, q.up, q.down, strict=True):
                yield f"slope up at a_i = {ci}", up * (1 - ci) == 1 if ci < 1 else up == 0
                yield f"slope down at a_i = {ci}", down * ci == 1 if ci > 0 else down == 0

    def closed_forms(self) -> Named:
        return convex_identities()

    def kinks(self, cls: Any, v: Visualization) -> Kinks:
        parts = [_share_of_the_way(i, ai) for i, ai in enumerate(v.argmin)]
        return Kinks(intervals(v.argmin), differences(parts))

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        zeros, ones = (Fraction(0),) * d, (Fraction(1),) * d
        inner = tuple(Fraction(1, 4 + i) for i in range(d))
        mixed = tuple(Fraction((i + 1) % 2) for i in range(d))
        corner = tuple(1 - q for q in mixed)
        yield from [(inner, ones), (zeros, ones), (mixed, corner), (inner, mixed)]


def _share_of_the_way(i: int, ci: Fraction) -> Form:
    """How far x_i has gone from c_i to the face on its side."""
    return lambda x: (x[i] - ci) / (1 - ci) if x[i] > ci else (ci - x[i]) / (ci or 1)


CHECKS: dict[str, type[RowChecks]] = {"convex": ConvexChecks}
