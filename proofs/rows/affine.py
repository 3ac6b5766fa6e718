"""Affine functions of at least two inputs: weights spread over the coordinates seen from the corner a."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import CONSTRUCTIONS, AffineTriple, triple
from trompe.constructions.decoders import interpolate
from trompe.constructions.draws import opposite
from trompe.constructions.levels import (
    LEVEL_DECODERS,
    SHORT_DECODERS,
    RescaledPair,
    is_along,
    is_near_maximiser,
    is_nearer_to_minimiser,
    is_settled,
    level_decoder,
    rescaled_pair,
)
from trompe.constructions.rows.affine import Affine1dRow
from trompe.constructions.triples import Scale
from trompe.proofs import levels, roles
from trompe.proofs.closed_forms import Named, affine_identities, known
from trompe.proofs.lemmas import ATTAINED, MIX, closed_under_mixing
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, collected, implies, obligation
from trompe.proofs.pieces import (
    in_box,
    is_corner,
    members,
    range_ends_and_uniqueness,
    same_point,
    values,
)
from trompe.proofs.row import (
    HIGH,
    LOW,
    Admitted,
    Evidence,
    Extremes,
    Levels,
    Refused,
    RowChecks,
    Said,
    moved,
    one,
    refuses,
    shown,
)
from trompe.proofs.sharp.cells import Kinks, along, differences, intervals
from trompe.proofs.solvers import z3
from trompe.proofs.symbolic import AtQuery, Identity, Symbols, at_query, register, sympy_namespace
from trompe.theory import Affine, Affine1d, Approx, Comparison, Convex, Exact, Side, Visualization
from trompe.theory.functionals import flipped, mean, mean_flipped
from trompe.theory.levels import Observation
from trompe.theory.namespace import Array


def seen_from(z: Array, b: Array) -> Array:
    """z', the coordinates of z seen from the corner opposite to b."""
    return flipped(z, 1 - b, 2 * b - 1)


@roles.reads(
    "affine/coordinates",
    "on the box every z'_i lies in [0, 1]; all are 0 at a = 1 - b and all are 1 at b",
    per_dim=True,
    min_dim=2,
)
def _coordinates(s: Scope, d: int) -> Claim:
    z, b = s.point("z", d), s.point("b", d)
    at_z, at_a, at_b = (seen_from(p, b) for p in (z, 1 - b, b))
    return Claim(
        {"z in the box": in_box(z), "b is a corner": is_corner(b)},
        all_of([in_box(at_z), *(t == 0 for t in at_a), *(t == 1 for t in at_b)]),
        Fault("b may lie inside", without="b is a corner", instead=in_box(b)),
    )


@roles.reads(
    "affine/mean-ends",
    "the mean of z' lies in [0, 1], is 0 only at a and 1 only at b",
    per_dim=True,
    min_dim=2,
)
def _mean_ends(s: Scope, d: int) -> Claim:
    z, b = s.point("z", d), s.point("b", d)
    t = mean_flipped(z, 1 - b, 2 * b - 1, s.xp)
    return Claim(
        {"z in the box": in_box(z), "b is a corner": is_corner(b)},
        all_of([t >= 0, t <= 1, (t == 0) == same_point(z, 1 - b), (t == 1) == same_point(z, b)]),
        Fault("points outside the box", without="z in the box"),
    )


@roles.reads(
    "affine/mean-between",
    "the mean of x' lies between its smallest and largest entry",
    per_dim=True,
    min_dim=2,
)
def _mean_between(s: Scope, d: int) -> Claim:
    x, b = s.point("x", d), s.point("b", d)
    seen = seen_from(x, b)
    t, largest, smallest = mean_flipped(x, 1 - b, 2 * b - 1, s.xp), s.xp.max(seen), -s.xp.max(-seen)
    return Claim(
        {},
        all_of([smallest <= t, t <= largest]),
        Fault("strictly between", show=all_of([smallest < t, t < largest])),
    )


@roles.reads(
    "affine/features-affine",
    "z'_i and the mean of z' satisfy the affine law",
    per_dim=True,
    min_dim=2,
)
def _features_affine(s: Scope, d: int) -> Claim:
    y, z, b = (s.point(name, d) for name in ("y", "z", "b"))
    (w,) = s.reals("w")
    at_y, at_z, at_w = (seen_from(p, b) for p in (y, z, y * w + z * (1 - w)))
    affine = Affine()
    quantities = [
        *zip(at_y, at_z, at_w, strict=True),
        tuple(mean_flipped(p, 1 - b, 2 * b - 1, s.xp) for p in (y, z, y * w + z * (1 - w))),
    ]
    laws = [affine.law(Comparison(hy, hz, hp, w), s.xp) for hy, hz, hp in quantities]
    squares = affine.law(
        Comparison(at_y[0] * at_y[0], at_z[0] * at_z[0], at_w[0] * at_w[0], w), s.xp
    )
    return Claim(
        {"b is a corner": is_corner(b)},
        all_of(laws),
        Fault("the square of z'_1 too", show=squares),
    )


class AffineSymbols:
    """m, M and the shares z'_i, z'_j, mean(z') of points."""

    row = "affine"

    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M = s.reals("m M")
        self.p: Any = Scale(self.m, self.M)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"m < M": self.m < self.M}

    def feature(self, largest: Any, smallest: Any, average: Any) -> Any:
        return self.s.construction(self.row).Features(largest, smallest, average)

    def at(self, name: str) -> tuple[Any, dict[str, Any]]:
        parts = self.s.reals(f"{name}_i {name}_j mean_{name}")
        facts = {f"{name}' in [0, 1]": in_box(parts)}
        return self.feature(*parts), facts

    def ends(self) -> tuple[Any, Any, dict[str, Any]]:
        at_a, at_b = (self.feature(*(self.s.xp.number(k),) * 3) for k in (0, 1))
        return at_a, at_b, {}

    def values(self, feature: Any) -> tuple[Any, Any, Any]:
        return values(self.s, self.row, feature, self.p)


OF_SHARES = (
    Fault("coordinates outside [0, 1]", without="z' in [0, 1]"),
    ("m where every z'_i is 0 and M where every z'_i is 1", "M where every z'_i is 0"),
    ("the mean of z' is 0 and M only where it is 1", lambda z: z.mean == 0, lambda z: z.mean == 1),
)
"""What is said of a triple that goes along the shares z'."""

range_ends_and_uniqueness("affine", AffineSymbols, *OF_SHARES)


@roles.pair(
    "affine/query",
    "U(x) = m + R max x' and W(x) = m + R min x', with B between",
)
def _query(s: Scope) -> Claim:
    t = AffineSymbols(s)
    x, facts = t.at("x")
    upper, lower, strict = t.values(x)
    span = t.M - t.m
    return Claim(
        t.parameters
        | facts
        | {"min x' <= mean x' <= max x'": all_of([x.smallest <= x.mean, x.mean <= x.largest])},
        all_of(
            [
                upper == t.m + span * x.largest,
                lower == t.m + span * x.smallest,
                lower <= strict,
                strict <= upper,
            ]
        ),
        Fault("the mean anywhere", without="min x' <= mean x' <= max x'"),
    )


@roles.pair("affine/member", "U, W, B are affine")
def _member(s: Scope) -> Claim:
    t = AffineSymbols(s)
    (w,) = s.reals("w")
    (y, _), (z, _), (p, _) = t.at("y"), t.at("z"), t.at("p")
    law = members(s, "affine", Affine(), t.p, y, z, between=p, weight=w)
    features = {
        f"{name}: law": Affine().law(Comparison(parts[0], parts[1], parts[2], w), s.xp)
        for name, *parts in zip(("z'_i", "z'_j", "mean z'"), y, z, p, strict=True)
    }
    return Claim(
        t.parameters | features,
        all_of(law),
        Fault("a mean that is not affine", without="mean z': law"),
    )


@roles.pair(
    "affine/determined",
    "the affine law leaves one value between two points, given those at the points",
)
def _determined(s: Scope) -> Claim:
    h_y, h_z, one, other, w = s.reals("h_y h_z h_p k_p w")
    laws = [Affine().law(Comparison(h_y, h_z, value, w), s.xp) for value in (one, other)]
    return Claim(
        {"h: law": laws[0], "k: law": laws[1]},
        one == other,
        Fault("k need not satisfy the law", without="k: law"),
    )


@roles.decides(
    "affine/weights",
    "with c = w (2 b - 1): w z = w (1 - b) + c z' and c = w b - w (1 - b) (one coordinate), so "
    "alpha + sum w_k z_k = h(a) + sum c_k z'_k with sum c_k = h(b) - h(a)",
)
def _weights(s: Scope) -> Claim:
    z, b, w = (s.point(name, 1) for name in ("z_k", "b_k", "w_k"))
    c = w * (2 * b - 1)
    seen = seen_from(z, b)
    show = same_point(w * z, w * (1 - b) + c * seen)
    return Claim(
        {"b is a corner": is_corner(b)},
        all_of([show, same_point(c, w * b - w * (1 - b))]),
        Fault("b may lie inside", without="b is a corner", instead=in_box(b)),
    )


@roles.decides(
    "affine/positive-weights",
    "if h = rest + w_k z_k is least only at a_k = 1 - b_k, then c_k = w_k (2 b_k - 1) > 0 (one coordinate)",
)
def _positive(s: Scope) -> Claim:
    w, b, rest = s.reals("w_k b_k rest")
    at_a, at_b = rest + w * (1 - b), rest + w * b
    return Claim(
        {"b is a corner": z3.Or(b == 0, b == 1), "a is the only minimiser": at_a < at_b},
        w * (2 * b - 1) > 0,
        Fault("other minimisers", without="a is the only minimiser", instead=at_a <= at_b),
    )


@roles.decides(
    "affine/sound",
    "h(x) = m + sum c_k x'_k with positive c_k that add up to R has m + R min x' <= h(x) <= m + R max x'",
    per_dim=True,
    min_dim=2,
)
def _sound(s: Scope, d: int) -> Claim:
    c, seen = s.point("c", d), s.point("x_seen", d)
    m, M = s.reals("m M")
    p = Scale(m, M)
    construction = s.construction("affine")
    extremes = construction.Features(s.xp.max(seen), -s.xp.max(-seen), mean(seen, s.xp))
    upper, lower, _ = values(s, "affine", extremes, p)
    h = m + s.xp.sum(c * seen)
    return Claim(
        {
            "x in the box": in_box(seen),
            "weights are positive": all_of(ck > 0 for ck in c),
            "weights add up to R": s.xp.sum(c) == M - m,
        },
        all_of([lower <= h, h <= upper]),
        Fault("weights of any sign", without="weights are positive"),
    )


@roles.exists(
    "affine/exists",
    "for every corner b, the x that agrees with b in one coordinate and with 1 - b elsewhere has "
    "max x' = 1 and min x' = 0",
    per_dim=True,
    min_dim=2,
)
def _exists(s: Scope, d: int) -> Claim:
    b = s.point("b", d)
    x = 1 - b
    x[0] = b[0]
    seen = seen_from(x, b)
    wrong = seen_from(b, b)
    return Claim(
        {"b is a corner": is_corner(b)},
        all_of([in_box(x), s.xp.max(seen) == 1, -s.xp.max(-seen) == 0]),
        Fault("the corner b itself", show=-s.xp.max(-wrong) == 0),
    )


@roles.extremes(
    "affine/extremes",
    "unique extremes of an affine function are opposite corners: b_k is 0 or 1 and a_k = 1 - b_k",
)
def _extremes(s: Scope) -> Claim:
    w, a, b = s.reals("w_k a_k b_k")

    def only(point: Any, sign: int) -> Any:
        """No other value of coordinate k is as extreme: tried at 0 and at 1."""
        return all_of(implies(point != k, sign * w * k < sign * w * point) for k in (0, 1))

    return Claim(
        {
            "a_k, b_k in [0, 1]": in_box((a, b)),
            "b is the only maximiser": only(b, 1),
            "a is the only minimiser": only(a, -1),
        },
        z3.And(z3.Or(b == 0, b == 1), a == 1 - b),
        Fault("other minimisers", without="a is the only minimiser"),
    )


@obligation("affine/is-convex", "the affine law implies the convex law")
def _is_convex(s: Scope) -> Claim:
    at_y, at_z, at_w, w = s.reals("h_y h_z h_w w")
    c = Comparison(at_y, at_z, at_w, w)
    return Claim(
        {"affine law": Affine().law(c, s.xp)},
        Convex().law(c, s.xp),
        Fault("no law", without="affine law"),
    )


# -- one input: one decoder is right for every member, from any one minimiser and maximiser ---------------


class _Line:
    """h(z) = alpha + w z on [0, 1], one of its minimisers a and one of its maximisers b."""

    def __init__(self, s: Scope) -> None:
        self.alpha, self.w, self.a, self.b, self.x = s.reals("alpha w a b x")
        ends = (self.h(s.xp.number(0)), self.h(s.xp.number(1)))
        self.given = {
            "a, b, x in [0, 1]": in_box((self.a, self.b, self.x)),
            "a is a minimiser": all_of(self.h(self.a) <= end for end in ends),
            "b is a maximiser": all_of(self.h(self.b) >= end for end in ends),
        }

    def h(self, z: Any) -> Any:
        return self.alpha + self.w * z


@roles.decodes(
    "affine-1d/interpolates",
    "h(a) + (h(b)-h(a)) |x-a| / |b-a| = h(x) for every affine h and all a, b, x on a line, x on b's side of a",
)
def _interpolates(s: Scope) -> Claim:
    alpha, w, a, b, x, inv_reach = s.reals("alpha w a b x inv_reach")
    at_a, at_b, at_x = (alpha + w * z for z in (a, b, x))
    return Claim(
        {
            "x on b's side of a": (x - a) * (b - a) >= 0,
            "inv_reach": inv_reach * s.xp.abs(b - a) == 1,
        },
        interpolate(at_a, at_b, s.xp.abs(x - a), inv_reach) == at_x,
        Fault("x on the other side", without="x on b's side of a"),
    )


@roles.decodes(
    "affine-1d/decodes",
    "m + (M-m) |x-a| / |b-a| = h(x) for every affine h on [0, 1] with m < M",
)
def _decodes(s: Scope) -> Claim:
    t = _Line(s)
    (inv_reach,) = s.reals("inv_reach")
    low, high = t.h(t.a), t.h(t.b)
    decoded = interpolate(low, high, s.xp.abs(t.x - t.a), inv_reach)
    return Claim(
        t.given | {"m < M": low < high, "inv_reach": inv_reach * s.xp.abs(t.b - t.a) == 1},
        decoded == t.h(t.x),
        Fault("a need not be a minimiser", without="a is a minimiser"),
    )


@roles.decodes("affine-1d/decodes-constant", "if m = M then h(x) = m for every affine h on [0, 1]")
def _decodes_constant(s: Scope) -> Claim:
    t = _Line(s)
    low, high = t.h(t.a), t.h(t.b)
    return Claim(
        t.given | {"m = M": low == high},
        low == t.h(t.x),
        Fault("m may be below M", without="m = M"),
    )


@obligation(
    "affine-1d/line",
    "alpha + (beta - alpha) (x-a)/(b-a) = h(x) for every affine h with h(a) = alpha, h(b) = beta, a != b; if h(a) = h(b) "
    "for some a != b, h is constant",
)
def _line(s: Scope) -> Claim:
    c, w, a, b, x, inv_reach = s.reals("c w a b x inv_reach")
    at_a, at_b, at_x = (c + w * z for z in (a, b, x))
    return Claim(
        {"inv_reach": inv_reach * (b - a) == 1},
        all_of(
            [interpolate(at_a, at_b, x - a, inv_reach) == at_x, implies(at_a == at_b, at_a == at_x)]
        ),
        Fault("|b - a| for b - a", without="inv_reach", instead=inv_reach * s.xp.abs(b - a) == 1),
    )


def _shown_side(s: Scope, t: _Line, says_max: Any) -> tuple[Any, Any]:
    """An answer to the side about h's own midrange, and the other one."""
    ends = t.h(s.xp.number(0)), t.h(s.xp.number(1))
    low, high = s.xp.minimum(*ends), s.xp.maximum(*ends)
    of_min, of_max = (Side().correct(k, t.h(t.x), low, high, s.xp) for k in ("min", "max"))
    return z3.If(says_max, of_max, of_min), z3.If(says_max, of_min, of_max)


@obligation(
    "affine-1d/side-by-pictures",
    'of any minimiser a and maximiser b of an affine h on [0, 1], "min" where |x-a| <= |x-b| and "max" elsewhere is right',
)
def _side_by_pictures(s: Scope) -> Claim:
    t = _Line(s)
    right, wrong = _shown_side(s, t, z3.Not(is_nearer_to_minimiser(t.a, t.b, t.x, s.xp)))
    return Claim(t.given, right, Fault('"max" and "min" exchanged', show=wrong))


@obligation(
    "affine-1d/side-by-maximum",
    'of any maximiser b of an affine h on [0, 1], "max" where |x-b| <= 1/2 and "min" elsewhere is right',
)
def _side_by_maximum(s: Scope) -> Claim:
    t = _Line(s)
    given = {k: v for k, v in t.given.items() if k != "a is a minimiser"}
    right, _ = _shown_side(s, t, is_near_maximiser(t.b, t.x, s.xp))
    return Claim(given, right, Fault("b need not be a maximiser", without="b is a maximiser"))


def _short(s: Scope, t: _Line) -> dict[str, Any]:
    """a and b fall short of the extremes by less than half the range."""
    (tau,) = s.reals("tau")
    ends = t.h(s.xp.number(0)), t.h(s.xp.number(1))
    low, high = s.xp.minimum(*ends), s.xp.maximum(*ends)
    return {
        "a, b, x in [0, 1]": in_box((t.a, t.b, t.x)),
        "tau < 1/2": 2 * tau < 1,
        "h(a) <= m + tau R": t.h(t.a) <= low + tau * (high - low),
        "h(b) >= M - tau R": t.h(t.b) >= high - tau * (high - low),
    }


@obligation(
    "affine-1d/side-by-short-pictures",
    'if h(a) <= m + tau R and h(b) >= M - tau R, tau < 1/2, then "max" on the side of 1/2 to which the way from a to b '
    'leads and "min" elsewhere is right',
)
def _side_by_short_pictures(s: Scope) -> Claim:
    t = _Line(s)
    right, _ = _shown_side(s, t, is_along(t.b - t.a, t.x))
    return Claim(_short(s, t), right, Fault("tau may be 1/2", without="tau < 1/2"))


@obligation(
    "affine-1d/side-by-short-maximum",
    'if h(b) >= M - tau R, tau < 1/2, then "max" on the same side of 1/2 as b and "min" elsewhere is right',
)
def _side_by_short_maximum(s: Scope) -> Claim:
    t = _Line(s)
    given = {k: v for k, v in _short(s, t).items() if k != "h(a) <= m + tau R"}
    right, _ = _shown_side(s, t, is_along(2 * t.b - 1, t.x))
    return Claim(given, right, Fault("tau may be 1/2", without="tau < 1/2"))


@obligation(
    "affine-1d/near-maximum",
    "at |x-b| <= eps, M is within eps R of h(x) for every affine h on [0, 1] with h(b) = M at an end b",
)
def _near_maximum(s: Scope) -> Claim:
    t = _Line(s)
    (eps,) = s.reals("eps")
    ends = t.h(s.xp.number(0)), t.h(s.xp.number(1))
    low, high = s.xp.minimum(*ends), s.xp.maximum(*ends)
    given = {k: v for k, v in t.given.items() if k != "a is a minimiser"}
    return Claim(
        given | {"|x - b| <= eps": s.xp.abs(t.x - t.b) <= eps},
        Approx(eps).correct(high, t.h(t.x), low, high, s.xp),
        Fault("x anywhere", without="|x - b| <= eps", instead=eps >= 0),
    )


def _affine_1d(sympy: Any) -> tuple[Any, Any, Any]:
    alpha, w, x = sympy.symbols("alpha w x")
    rising = interpolate(alpha, alpha + w, x, 1)
    falling = interpolate(alpha + w, alpha, 1 - x, 1)
    return rising + falling, 2 * (alpha + w * x), alpha + w * x


def _levels_1d() -> Levels:
    line, decodes = ("affine-1d/line",), collected("affine-1d")["decodes"]
    moved = (levels.closed_under_rescaling("affine-1d"), levels.RESCALED)
    pulled = (*moved, *decodes)
    found: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
        ("exact", "near"): {"decodes": line},
        ("approx", "near"): {"decodes": (*line, "approx/exact-is-enough")},
        ("side", "near"): {"decodes": (*line, "side/exact-is-enough")},
        ("exact", "maximum"): {
            "pair": pulled,
            "fools": (levels.SHRUNK["exact"], levels.DEFEATS["exact"]),
        },
        ("approx", "maximum"): {
            "pair": pulled,
            "fools": (levels.SHRUNK["approx"], levels.DEFEATS["approx"]),
            "decides": ("affine-1d/near-maximum",),
        },
        ("side", "maximum"): {"decodes": ("affine-1d/side-by-maximum",)},
        ("side", "images"): {
            "decodes": ("affine-1d/side-by-pictures", "affine-1d/side-by-short-pictures")
        },
        ("side", "argmax"): {
            "decodes": ("affine-1d/side-by-maximum", "affine-1d/side-by-short-maximum")
        },
    }
    for level in ("images", "argmax"):
        for task in ("exact", "approx"):
            fools = (levels.SHIFTED[task], levels.DEFEATS[task])
            found[task, level] = {"pair": moved, "fools": fools}
    return found


# -- what the theorems are proved from ----------------------------------------------------------------------


def _at_query(sympy: Any, t: Symbols) -> AtQuery:
    p = Scale(t.m, t.M)
    return AtQuery(p, (t.gamma, t.q, t.s), t.m + t.r * t.gamma, t.m + t.r * t.q)


_OF = collected("affine")

EVIDENCE = {
    "affine": Evidence(
        coq=("pair_defeats", "spread", "affine_extremes", "affine_law"),
        pair=(*MIX, *ATTAINED, *_OF["reads"], *_OF["pair"], closed_under_mixing("affine")),
        decides=_OF["decides"],
        exists=_OF["exists"],
        extremes=_OF["extremes"],
        symbolic=at_query("affine", _at_query),
        assumed=("induction over d", "representation"),
    ),
    "affine-1d": Evidence(
        coq=("affine_law",),
        decodes=collected("affine-1d")["decodes"],
        symbolic=register(
            Identity(
                "symbolic/affine-1d",
                "the decoder of affine-1d is alpha + w x, rising (a = 0) and falling (a = 1)",
                _affine_1d,
            )
        ),
        assumed=("representation",),
        levels=_levels_1d(),
        levels_coq={
            ("side", "images"): ("affine_1d_side_images_short",),
            ("side", "argmax"): ("affine_1d_side_argmax_short",),
        },
    ),
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class AffineChecks(RowChecks):
    """The extremes are opposite corners; at the centre of the box nothing is open."""

    membership = "affine"
    dims = (2, 3)
    pinned = "ab"
    leaves_everything = False

    def extremes_at(self, d: int) -> Extremes:
        a = tuple(Fraction(k % 2) for k in range(d))
        return a, opposite(a)

    def refused(self, d: int) -> Refused:
        yield from super().refused(d)
        cls, (a, b) = self.plain(), self.extremes_at(d)
        yield "one input", cls, shown((Fraction(0),), (Fraction(1),))
        yield "a is not opposite to b", cls, shown((*a[:-1], b[-1]), b)
        for k in {0, d - 1}:
            inner = moved(b, k, Fraction(1, 2))
            yield f"coordinate {k} of a and of b is 1/2", cls, shown(opposite(inner), inner)

    def limits(self) -> Said:
        cls, v, _ = self.case_at(2)
        t = triple(cls, v, (Fraction(1, 2), Fraction(1, 2)))
        yield "no pair at the centre of the box", refuses(t.pair_for, Exact())

    def closed_forms(self) -> Named:
        return affine_identities()

    def kinks(self, cls: Any, v: Visualization) -> Kinks:
        return Kinks(intervals(v.argmin), differences(along(v.argmin)))

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        yield self.extremes_at(d)
        yield (Fraction(0),) * d, (Fraction(1),) * d


class Affine1dChecks(RowChecks):
    """A line, or one value."""

    dims = (1,)
    membership = "affine"

    def value(self, share: Fraction) -> Fraction:
        """The value where a member has gone this share of the way from m to M."""
        return LOW + (HIGH - LOW) * share

    def admitted(self, d: int) -> Admitted:
        cls = self.plain()
        zero, half, end = ((Fraction(k, 2),) for k in range(3))
        along = [(t, one(self.value(t))) for t in map(Fraction, ("0", "1/7", "1/3", "1/2", "1"))]
        yield cls, shown(zero, end), [((t,), value) for t, value in along]
        yield cls, shown(end, zero), [((1 - t,), value) for t, value in along]
        yield cls, shown(zero, end, 0, 2), [((Fraction(1, 4),), one(half[0]))]
        third = (Fraction(1, 3),)
        yield cls, shown((zero, half, end), (half, zero, end), HIGH, HIGH), [(third, one(HIGH))]
        yield cls, shown(half, half, 0, 0), [(third, one(Fraction(0)))]

    def refused(self, d: int) -> Refused:
        cls = self.plain()
        zero, half, end = ((Fraction(k, 2),) for k in range(3))
        for a, b in ((half, end), (zero, half), ((zero, half), end), (zero, (end, half))):
            yield "an extreme inside", cls, shown(a, b)
            yield "an extreme inside", cls, shown(a, b, 2, 3)
        yield "two inputs", cls, shown(zero * 2, end * 2)
        yield "two inputs of a constant", cls, shown(zero * 2, zero * 2, LOW, LOW)

    def limits(self) -> Said:
        return _said_where_less_is_shown()

    def closed_forms(self) -> Named:
        return known(self.key, _line_ends)

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        zeros, ones = (Fraction(0),) * d, (Fraction(1),) * d
        yield from [(zeros, ones), (ones, zeros)]


def _told() -> Iterator[tuple[str, dict[str, Any], Fraction, Any]]:
    """Where less is shown: the theorem, what is shown, a query, and what its decoder says, ties included."""
    half, tiny, zero, end = Fraction(1, 2), Fraction(1, 1000), (Fraction(0),), (Fraction(1),)
    third, late = (Fraction(1, 3),), (Fraction(2, 3),)
    for a, b, at_0, at_1 in ((third, late, -3, 6), (late, third, 6, -3)):
        near = {"argmin": a, "argmax": b, "minimum": 0, "maximum": 3, "limits": (-9, 9)}
        for x, value in ((Fraction(0), at_0), (half, Fraction(3, 2)), (Fraction(1), at_1)):
            yield "affine-1d/exact/near", near, x, value
        above = half + (tiny if a < b else -tiny)
        for x, side in ((half, "min"), (above, "max"), (1 - above, "min")):
            yield "affine-1d/side/near", near, x, side
            yield "short affine-1d/side/images", {"argmin": a, "argmax": b}, x, side
            yield "short affine-1d/side/argmax", {"argmax": b}, x, side
    level = {"argmin": third, "argmax": late, "minimum": 2, "maximum": 2, "limits": (2, 2)}
    yield "affine-1d/exact/near", level, half, 2
    yield "affine-1d/side/near", level, half, "min"
    for a, b, way in ((zero, end, 1), (end, zero, -1)):
        for x, side in ((half - way * tiny, "min"), (half, "min"), (half + way * tiny, "max")):
            yield "affine-1d/side/images", {"argmin": a, "argmax": b}, x, side
            at_b = "max" if x == half else side
            yield "affine-1d/side/maximum", {"argmax": b, "maximum": 3}, x, at_b
            yield "affine-1d/side/argmax", {"argmax": b}, x, at_b


def _said_where_less_is_shown() -> Said:
    for key, what, x, said in _told():
        decoders, name = LEVEL_DECODERS, key
        if key.startswith("short "):
            decoders, name = SHORT_DECODERS, key.removeprefix("short ")
        answer = decoders[name](Observation(name.split("/")[2], **what), (x,))
        yield f"{key}: {what} at {x}: {said}", answer == said
    yield "no decoder of a No", refuses(level_decoder, "affine-1d/exact/argmax")
    v, query = shown((Fraction(0),), (Fraction(1),)), (Fraction(1, 4),)
    for level, task, scale, shift in (
        ("maximum", Exact(), Fraction(1, 2), 0),
        ("maximum", Approx(Fraction(1, 4)), Fraction(1, 4), 0),
        ("maximum", Approx(Fraction(1, 8)), Fraction(5, 14), 0),
        ("images", Exact(), 1, 1),
        ("images", Approx(Fraction(1, 4)), 1, Fraction(5, 2)),
        ("argmax", Approx(Fraction(1, 3)), 1, 3),
    ):
        pair = rescaled_pair(Affine1d(), Affine1dRow(Affine1d).known, v, query, task, level)
        g_x = LOW + (HIGH - LOW) / 4
        f_x, low, high = (HIGH - scale * (HIGH - h) + shift for h in (g_x, LOW, HIGH))
        yield f"the pair for {task} at {level}", (pair.scale, pair.shift) == (scale, shift)
        yield "its values", (pair.f_x, pair.g_x) == (f_x, g_x) == (pair.f(query), pair.g(query))
        ends = pair.v_of("f").minimum, pair.v_of("f").maximum
        yield "its extremes", ends == (low, high) and pair.v_of("g") == v
        yield "it defeats the task", pair.defeats(task)
    yield from _limits_of_a_pair(v)


def _limits_of_a_pair(v: Visualization) -> Said:
    known, tiny = Affine1dRow(Affine1d).known, Fraction(1, 1000)
    quarter, inside = Approx(Fraction(1, 4)), (Fraction(1, 4),)
    for x, task, level, at in (
        (inside, Side(), "maximum", v),
        (inside, Exact(), "near", v),
        ((Fraction(3, 4),), quarter, "maximum", v),
        ((Fraction(1),), Exact(), "maximum", v),
        ((0, 0), Exact(), "images", v),
        (inside, Exact(), "images", shown(inside, (Fraction(1),))),
    ):
        yield (
            f"no pair for {task} at {level}, {x}",
            refuses(rescaled_pair, Affine1d(), known, at, x, task, level),
        )
    near = rescaled_pair(Affine1d(), known, v, (Fraction(3, 4),), Exact(), "maximum")
    yield "a pair for exact near b", near.scale == Fraction(1, 2)
    at_b = (Fraction(1),)
    for level, settled in (("maximum", True), ("images", False), ("argmax", False)):
        says = f"is f(b) settled at {level}: {settled}"
        yield says, is_settled(Affine1d(), known, v, at_b, Exact(), level) == settled
    own = 2 * (HIGH - LOW) / 4
    for shift, defeats in ((own, False), (own + tiny, True), (-own, False), (-own - tiny, True)):
        pair = RescaledPair(Affine1d(), v, inside, Fraction(1), shift, known)
        yield f"a shift of {shift} defeats: {defeats}", pair.defeats(quarter) == defeats
    for shift in (HIGH - LOW, LOW - HIGH):
        pair = RescaledPair(Affine1d(), v, inside, Fraction(1), shift, known)
        yield f"a shift of {shift} leaves the side", not pair.defeats(Side())
    half = RescaledPair(Affine1d(), v, inside, Fraction(1, 2), Fraction(0), known)
    yield (
        "a range of half counts once",
        half.defeats(Approx(Fraction(1, 5))) and not half.defeats(quarter),
    )


def _line_ends(sympy: Any, m: Any, r: Any, x: Any) -> tuple[Any, Any, Any]:
    """The affine triple on a line, and the decoder."""
    made, p = CONSTRUCTIONS["affine"], Scale(m, m + r)
    at, xp = AffineTriple.Features(x, x, x), sympy_namespace()
    return made.upper(at, p, xp), made.lower(at, p, xp), interpolate(m, m + r, x, 1)


CHECKS: dict[str, type[RowChecks]] = {"affine": AffineChecks, "affine-1d": Affine1dChecks}
