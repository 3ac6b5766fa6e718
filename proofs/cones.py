"""Bounds within limits, where the shown points need not be extremes and their values may be off: members, and why nothing lies outside.

Cones are stated for an abstract distance e as in `exemplars`, of which C e is another one: a metric times L gives
Lipschitz functions, 0 where z <= s and something large elsewhere monotone ones, something large everywhere all functions,
and 0 the constants. The value at the shown point s lies in [l_s, u_s], that at t in [l_t, u_t], and lo <= h <= hi. More
shown points add terms of the same kind.
"""

from __future__ import annotations

from typing import Any

from trompe.constructions.cones import ConeScale, ConeTriple
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, obligation
from trompe.theory import Additive, Lipschitz, Side
from trompe.theory.bands import opposite_ends
from trompe.theory.classes import Comparison
from trompe.theory.tasks import Interval

_NAMES = "st"


class _Within:
    """Shown points s and t with intervals, limits, and an abstract distance."""

    def __init__(self, s: Scope) -> None:
        self.s, self.cones = s, ConeTriple()
        self.lo, self.hi = s.reals("lo hi")
        self.low = {k: s.reals(f"l_{k}")[0] for k in _NAMES}
        self.high = {k: s.reals(f"u_{k}")[0] for k in _NAMES}

    def e(self, y: str, z: str) -> Any:
        """e(y, z)."""
        return self.s.xp.number(0) if y == z else self.s.reals(f"e_{y}_{z}")[0]

    def ends(self, x: str) -> tuple[Any, Any]:
        """W(x) and U(x)."""
        one = self.s.xp.number(1)
        away, back = (tuple(self.e(*pair) for pair in of) for of in self._pairs(x))
        features = self.cones.Features(away, back)
        lows, highs = (tuple(ends.values()) for ends in (self.low, self.high))
        lower = self.cones.lower(features, ConeScale(self.lo, self.hi, one, lows), self.s.xp)
        upper = self.cones.upper(features, ConeScale(self.lo, self.hi, one, highs), self.s.xp)
        return lower, upper

    @staticmethod
    def _pairs(x: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        return [(x, k) for k in _NAMES], [(k, x) for k in _NAMES]

    def fits(self) -> dict[str, Any]:
        """The conditions under which some member fits."""
        own = {
            f"the interval at {k} meets the limits": all_of(
                [
                    self.low[k] <= self.high[k],
                    self.lo <= self.high[k],
                    self.low[k] <= self.hi,
                ]
            )
            for k in _NAMES
        }
        pairs = {
            f"l_{j} - u_{k} <= e({j}, {k})": self.low[j] - self.high[k] <= self.e(j, k)
            for j, k in ("st", "ts")
        }
        return {"lo <= hi": self.lo <= self.hi} | own | pairs

    def detours(self, *names: str) -> dict[str, Any]:
        """e >= 0 and e(y, z) <= e(y, k) + e(k, z) among these points."""
        facts = {f"e({y}, {z}) >= 0": self.e(y, z) >= 0 for y in names for z in names if y != z}
        return facts | {
            f"e({y}, {z}) <= e({y}, {k}) + e({k}, {z})": self.e(y, z) <= self.e(y, k) + self.e(k, z)
            for y in names
            for z in names
            for k in names
            if len({y, z, k}) == 3
        }


@obligation(
    "near/cones-sound",
    "W(x) <= h(x) <= U(x) for every h within the limits with the law whose values at s and t lie in their intervals",
)
def _cones_sound(s: Scope) -> Claim:
    c = _Within(s)
    h, *at = s.reals("h_x h_s h_t")
    lower, upper = c.ends("x")
    law = {
        f"h: law at x, {k}": all_of([h - value <= c.e("x", k), value - h <= c.e(k, "x")])
        for k, value in zip(_NAMES, at, strict=True)
    }
    inside = {
        f"h({k}) in its interval": all_of([c.low[k] <= value, value <= c.high[k]])
        for k, value in zip(_NAMES, at, strict=True)
    }
    return Claim(
        law | inside | {"lo <= h(x) <= hi": all_of([c.lo <= h, h <= c.hi])},
        all_of([lower <= h, h <= upper]),
        Fault("the value at t may be anything", without="h(t) in its interval"),
    )


@obligation("near/cones-member", "U and W satisfy h(y) - h(z) <= e(y, z)")
def _cones_member(s: Scope) -> Claim:
    c = _Within(s)
    facts: dict[str, Any] = {"e(y, z) >= 0": c.e("y", "z") >= 0}
    for k in _NAMES:
        facts |= {
            f"to {k}": c.e("y", k) <= c.e("y", "z") + c.e("z", k),
            f"from {k}": c.e(k, "z") <= c.e(k, "y") + c.e("y", "z"),
        }
    (w_y, u_y), (w_z, u_z) = c.ends("y"), c.ends("z")
    return Claim(
        facts,
        all_of([u_y - u_z <= c.e("y", "z"), w_y - w_z <= c.e("y", "z")]),
        Fault("no triangle inequality at t", without="to t"),
    )


@obligation(
    "near/cones-through",
    "if the conditions hold then U and W lie within the limits everywhere and in the intervals at s and t",
)
def _cones_through(s: Scope) -> Claim:
    c = _Within(s)
    inside = [
        condition
        for k in _NAMES
        for end in c.ends(k)
        for condition in (c.low[k] <= end, end <= c.high[k])
    ]
    distances = {f"e({j}, {k}) >= 0": c.e(j, k) >= 0 for j, k in ("zs", "zt", "sz", "tz")}
    detours = {
        f"e({j}, {k}) <= e({j}, z) + e(z, {k})": c.e(j, k) <= c.e(j, "z") + c.e("z", k)
        for j, k in ("st", "ts")
    }
    lower, upper = c.ends("z")
    return Claim(
        c.fits() | distances | detours,
        all_of([*inside, c.lo <= lower, lower <= upper, upper <= c.hi]),
        Fault("the value at t may be too high for s", without="l_t - u_s <= e(t, s)"),
    )


@obligation(
    "near/cones-needed",
    "where some h within the limits with the law has its values at s and t in their intervals, the conditions hold",
)
def _cones_needed(s: Scope) -> Claim:
    c = _Within(s)
    values = dict(zip(_NAMES, s.reals("h_s h_t"), strict=True))
    given = {
        f"h({k})": all_of([c.low[k] <= h, h <= c.high[k], c.lo <= h, h <= c.hi])
        for k, h in values.items()
    }
    law = {f"h: law at {j}, {k}": values[j] - values[k] <= c.e(j, k) for j, k in ("st", "ts")}
    return Claim(
        given | law,
        all_of(c.fits().values()),
        Fault("no law from t to s", without="h: law at t, s"),
    )


@obligation(
    "near/side-threshold",
    "with values alpha < beta at a and b up to sigma and lo <= alpha, beta <= hi, the side about (alpha + beta)/2 is decidable "
    "if and only if L min(|x-a|, |x-b|) <= R0/2 - sigma",
)
def _side_threshold(s: Scope) -> Claim:
    c = _Within(s)
    alpha, beta, sigma, from_a, from_b = s.reals("alpha beta sigma from_a from_b")
    values = {
        "s is a": all_of([c.low["s"] == alpha - sigma, c.high["s"] == alpha + sigma]),
        "t is b": all_of([c.low["t"] == beta - sigma, c.high["t"] == beta + sigma]),
        "e is L |y-z|": all_of(
            [
                *(d == from_a for d in (c.e("x", "s"), c.e("s", "x"))),
                *(d == from_b for d in (c.e("x", "t"), c.e("t", "x"))),
            ]
        ),
    }
    decided = any_of(Side().criterion(Interval(*c.ends("x")), alpha, beta, s.xp))
    nearest = s.xp.minimum(from_a, from_b)
    return Claim(
        values
        | {
            "alpha < beta": alpha < beta,
            "lo <= alpha": c.lo <= alpha,
            "beta <= hi": beta <= c.hi,
        },
        decided == (2 * nearest <= beta - alpha - 2 * sigma),
        Fault("as if sigma were 0", show=decided == (2 * nearest <= beta - alpha)),
    )


@obligation("near/law-lipschitz", "the law with e = L |y-z|, both ways, is the Lipschitz law")
def _law_lipschitz(s: Scope) -> Claim:
    h_y, h_z, there, back = s.reals("h_y h_z e_y_z e_z_y")
    return Claim(
        {"law": h_y - h_z <= there, "law back": h_z - h_y <= back, "symmetric": there == back},
        Lipschitz().law(Comparison(h_y, h_z, bound=there), s.xp),
        Fault("e need not be symmetric", without="symmetric"),
    )


# -- affine, at opposite corners ---------------------------------------------------------------------------


def _room(s: Scope, alpha: Any, R: Any) -> tuple[Any, Any, Any, Any]:
    """lo, hi, t, and the condition that t is what it is."""
    lo, hi, room = s.reals("lo hi t")
    return lo, hi, room, room == s.xp.minimum(alpha - lo, hi - alpha - R)


@obligation(
    "near/affine-sums",
    "with sum u - sum v = R0, alpha - sum v >= lo and alpha + sum u <= hi, sum v is at most t = min(alpha - lo, hi - beta)",
)
def _affine_sums(s: Scope) -> Claim:
    alpha, R, up, down = s.reals("alpha R0 sum_u sum_v")
    lo, hi, room, is_room = _room(s, alpha, R)
    return Claim(
        {
            "t": is_room,
            "sum u - sum v = R0": up - down == R,
            "f >= lo": alpha - down >= lo,
            "f <= hi": alpha + up <= hi,
        },
        down <= room,
        Fault("the upper limit may be passed", without="f <= hi"),
    )


@obligation(
    "near/affine-term",
    "if u_i >= 0 and min x' <= x'_i <= max x' then u_i min x' <= u_i x'_i <= u_i max x' (one coordinate)",
)
def _affine_term(s: Scope) -> Claim:
    u, x, least, most = s.reals("u_i x_i least most")
    return Claim(
        {"u_i >= 0": u >= 0, "min x' <= x'_i <= max x'": all_of([least <= x, x <= most])},
        all_of([u * least <= u * x, u * x <= u * most]),
        Fault("u_i of either sign", without="u_i >= 0"),
    )


@obligation(
    "near/affine-sound",
    "with sum v in [0, t], sum u = R0 + sum v and u.x', v.x' between min x' and max x' times their sums, alpha + u.x' - v.x' "
    "lies between the ends",
)
def _affine_sound(s: Scope) -> Claim:
    alpha, R, room, least, most = s.reals("alpha R0 t least most")
    up, down, at_u, at_v = s.reals("sum_u sum_v u_x v_x")
    lower, upper = opposite_ends(alpha, R, room, least, most)
    value = alpha + at_u - at_v
    return Claim(
        {
            "min x' <= max x'": least <= most,
            "sum u - sum v = R0": up - down == R,
            "0 <= sum v <= t": all_of([down >= 0, down <= room]),
            "u.x'": all_of([least * up <= at_u, at_u <= most * up]),
            "v.x'": all_of([least * down <= at_v, at_v <= most * down]),
        },
        all_of([lower <= value, value <= upper]),
        Fault("sum v beyond t", without="0 <= sum v <= t", instead=down >= 0),
    )


@obligation(
    "near/affine-attained",
    "R0 + t on the largest x'_i and t against the smallest gives the upper end, the other way round the lower one",
)
def _affine_attained(s: Scope) -> Claim:
    alpha, R, room, least, most = s.reals("alpha R0 t least most")
    lower, upper = opposite_ends(alpha, R, room, least, most)
    return Claim(
        {},
        all_of(
            [
                alpha + (R + room) * most - room * least == upper,
                alpha + (R + room) * least - room * most == lower,
            ]
        ),
        Fault("R0 alone on the largest", show=alpha + R * most - room * least == upper),
    )


@obligation(
    "near/affine-within",
    "alpha + u - v lies within the limits where u, v are at most R0 + t and t and at least 0",
)
def _affine_within(s: Scope) -> Claim:
    alpha, R, u, v = s.reals("alpha R0 u v")
    lo, hi, room, is_room = _room(s, alpha, R)
    return Claim(
        {
            "t": is_room,
            "0 <= u <= R0 + t": all_of([u >= 0, u <= R + room]),
            "0 <= v <= t": all_of([v >= 0, v <= room]),
        },
        all_of([lo <= alpha + u - v, alpha + u - v <= hi]),
        Fault("v beyond t", without="0 <= v <= t", instead=v >= 0),
    )


# -- convex ----------------------------------------------------------------------------------------------------


@obligation(
    "near/convex-term",
    "lam >= 0 times what a shown value falls short of hi is at least lam (hi - u_s): in `exemplars/supports-upper` and "
    "`exemplars/supports-lower` with hi for M, u_s may stand for h(s)",
)
def _convex_term(s: Scope) -> Claim:
    hi, h, high, lam = s.reals("hi h_s u_s lam")
    return Claim(
        {"lam >= 0": lam >= 0, "h(s) <= u_s": h <= high},
        lam * (hi - h) >= lam * (hi - high),
        Fault("the value at s may be anything", without="h(s) <= u_s"),
    )


@obligation(
    "near/convex-through",
    "where the piece of s is hi - l_s there and those of the other points are at least hi - u_s, the largest of lo and hi "
    "less the pieces lies in [l_s, u_s] and within the limits",
)
def _convex_through(s: Scope) -> Claim:
    lo, hi, low, high, own, other = s.reals("lo hi l_s u_s own other")
    value = s.xp.maximum(lo, s.xp.maximum(hi - own, hi - other))
    return Claim(
        {
            "the interval meets the limits": all_of([low <= high, lo <= high, low <= hi, lo <= hi]),
            "own": own == hi - low,
            "other": other >= hi - high,
            "pieces >= 0": all_of([own >= 0, other >= 0]),
        },
        all_of([low <= value, value <= high, lo <= value, value <= hi]),
        Fault("another piece may pass above u_s", without="other"),
    )


# -- additive --------------------------------------------------------------------------------------------------


@obligation(
    "near/additive-shared",
    "where x is a outside the shared coordinates, h(x) is at most alpha + hi - beta; where it is b, at least beta - (alpha - lo)",
)
def _additive_shared(s: Scope) -> Claim:
    alpha, beta, lo, hi, at_a, at_b = s.reals("alpha beta lo hi h_x h_y")
    return Claim(
        {
            "exchanged": Additive.exchange(at_a, beta, alpha, at_b),
            "limits": all_of([lo <= at_a, at_a <= hi, lo <= at_b, at_b <= hi]),
        },
        all_of([at_a <= alpha + (hi - beta), at_b >= beta - (alpha - lo)]),
        Fault("x and b share no exchange", without="exchanged"),
    )


@obligation(
    "near/additive-mixed",
    "where x is a in some coordinates and b in the others, h(x) lies in [alpha - t, beta + t], t = min(alpha - lo, hi - beta)",
)
def _additive_mixed(s: Scope) -> Claim:
    alpha, beta, lo, hi, x, other = s.reals("alpha beta lo hi h_x h_y")
    room = s.xp.minimum(alpha - lo, hi - beta)
    return Claim(
        {
            "exchanged": Additive.exchange(x, other, alpha, beta),
            "limits at x": all_of([lo <= x, x <= hi]),
            "limits at the other": all_of([lo <= other, other <= hi]),
        },
        all_of([alpha - room <= x, x <= beta + room]),
        Fault("the other point may leave the limits", without="limits at the other"),
    )
