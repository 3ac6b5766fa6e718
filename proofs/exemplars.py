"""Bounds with exemplars: the members that attain them, and why nothing lies outside.

Cones are stated for an abstract distance e with e >= 0, e(z, z) = 0 and e(z, t) <= e(z, s) + e(s, t), which need
not be symmetric: a metric gives Lipschitz functions, e(z, s) = max_i max(0, z_i - s_i) monotone ones. The shown
points are a, b and one exemplar p; more exemplars add terms of the same kind. C e is such a distance too, so it
is enough to take C = 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trompe.constructions import mix
from trompe.constructions.cones import ConeScale, ConeTriple, excess
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, implies, obligation
from trompe.theory import Comparison, Lipschitz, Monotone

_NAMES = "abp"


class _Cones:
    """The shown points a, b, p with the values m, M, y, and an abstract distance."""

    def __init__(self, s: Scope) -> None:
        self.s, self.triple = s, ConeTriple()
        self.m, self.M, self.y = s.reals("m M y")
        self.values = (self.m, self.M, self.y)
        self.p = ConeScale(self.m, self.M, s.xp.number(1), self.values)
        self.parameters = {"m < y < M": all_of([self.m < self.y, self.y < self.M])}

    def between(self, name: str, other: str) -> Any:
        """e(name, other)."""
        if name == other:
            return self.s.xp.number(0)
        return self.s.reals(f"e_{name}_{other}")[0]

    def features(self, name: str) -> Any:
        away = tuple(self.between(name, k) for k in _NAMES)
        return self.triple.Features(away, tuple(self.between(k, name) for k in _NAMES))

    def triangles(self, *names: str) -> dict[str, Any]:
        """e >= 0 and all triangle inequalities among these points."""
        facts = {
            f"e({x}, {y}) >= 0": self.between(x, y) >= 0 for x in names for y in names if x != y
        }
        return facts | {
            f"e({x}, {z}) <= e({x}, {y}) + e({y}, {z})": self.between(x, z)
            <= self.between(x, y) + self.between(y, z)
            for x in names
            for y in names
            for z in names
            if len({x, y, z}) == 3
        }

    def consistent(self) -> dict[str, Any]:
        """y_j - y_k <= e(s_j, s_k) for every two shown points."""
        pairs = dict(zip(_NAMES, self.values, strict=True))
        return {
            f"values of {j}, {k}": pairs[j] - pairs[k] <= self.between(j, k)
            for j in _NAMES
            for k in _NAMES
            if j != k
        }

    def ends(self, name: str) -> tuple[Any, Any, Any]:
        f = self.features(name)
        parts = (self.triple.upper, self.triple.lower, self.triple.strict)
        upper, lower, strict = (part(f, self.p, self.s.xp) for part in parts)
        return upper, lower, strict


@obligation("exemplars/cones-member", "U and W satisfy h(z) - h(t) <= e(z, t)")
def _cones_member(s: Scope) -> Claim:
    c = _Cones(s)
    names = ("z", "t")
    facts: dict[str, Any] = {}
    for k in _NAMES:
        facts |= {
            f"to {k}": c.between("z", k) <= c.between("z", "t") + c.between("t", k),
            f"from {k}": c.between(k, "t") <= c.between(k, "z") + c.between("z", "t"),
        }
    facts["e(z, t) >= 0"] = c.between("z", "t") >= 0
    (u_z, w_z, _), (u_t, w_t, _) = (c.ends(name) for name in names)
    bound = c.between("z", "t")
    return Claim(
        c.parameters | facts,
        all_of([u_z - u_t <= bound, w_z - w_t <= bound]),
        Fault("no triangle inequality at p", without="to p"),
    )


@obligation(
    "exemplars/cones-through",
    "U and W take the shown value at a, b and p if no two values exclude each other",
)
def _cones_through(s: Scope) -> Claim:
    c = _Cones(s)
    equal = [
        end == value for name, value in zip(_NAMES, c.values, strict=True) for end in c.ends(name)
    ]
    distances = {
        f"e({j}, {k}) >= 0": c.between(j, k) >= 0 for j in _NAMES for k in _NAMES if j != k
    }
    return Claim(
        c.parameters | distances | c.consistent(),
        all_of(equal),
        Fault("p may be too high for a", without="values of p, a"),
    )


@obligation("exemplars/cones-order", "m <= W <= B <= U <= M everywhere")
def _cones_order(s: Scope) -> Claim:
    c = _Cones(s)
    upper, lower, strict = c.ends("z")
    detours = {
        f"e({j}, {k}) <= e({j}, z) + e(z, {k})": c.between(j, k)
        <= c.between(j, "z") + c.between("z", k)
        for j in _NAMES
        for k in _NAMES
        if j != k
    }
    near = {
        f"e >= 0 at {k}": all_of([c.between("z", k) >= 0, c.between(k, "z") >= 0]) for k in _NAMES
    }
    return Claim(
        c.parameters | c.consistent() | detours | near,
        all_of([c.m <= lower, lower <= strict, strict <= upper, upper <= c.M]),
        Fault("p may be too high for a", without="values of p, a"),
    )


@obligation("exemplars/cones-unique", "B is m only where e(z, a) = 0 and M only where e(b, z) = 0")
def _cones_unique(s: Scope) -> Claim:
    c = _Cones(s)
    upper, _, strict = c.ends("z")
    near = {
        f"e >= 0 at {k}": all_of([c.between("z", k) >= 0, c.between(k, "z") >= 0]) for k in _NAMES
    }
    at_a, at_b = c.between("z", "a") == 0, c.between("b", "z") == 0
    return Claim(
        c.parameters | near,
        all_of([implies(strict == c.m, at_a), implies(strict == c.M, at_b)]),
        Fault("U for B", show=implies(upper == c.M, at_b)),
    )


@obligation(
    "exemplars/cones-sound",
    "W(x) <= h(x) <= U(x) for every h with the law that takes the shown values",
)
def _cones_sound(s: Scope) -> Claim:
    c = _Cones(s)
    (h,) = s.reals("h_x")
    upper, lower, _ = c.ends("x")
    law = {
        f"h: law at x, {k}": all_of(
            [h - value <= c.between("x", k), value - h <= c.between(k, "x")]
        )
        for k, value in zip(_NAMES, c.values, strict=True)
    }
    return Claim(
        c.parameters | law | {"m <= h(x) <= M": all_of([c.m <= h, h <= c.M])},
        all_of([lower <= h, h <= upper]),
        Fault("h need not fit the exemplar", without="h: law at x, p"),
    )


@obligation(
    "exemplars/cones-ends",
    "U(x) and W(x) may be shown at x too: with either of them no two values exclude each other",
)
def _cones_ends(s: Scope) -> Claim:
    c = _Cones(s)
    upper, lower, _ = c.ends("x")
    conditions = [
        condition
        for end in (upper, lower)
        for k, value in zip(_NAMES, c.values, strict=True)
        for condition in (
            end - value <= c.between("x", k),
            value - end <= c.between(k, "x"),
        )
    ]
    return Claim(
        c.parameters | c.triangles("a", "b", "p", "x") | c.consistent(),
        all_of(conditions),
        Fault("p may be too high for a", without="values of p, a"),
    )


@obligation(
    "exemplars/two-laws",
    "h(z) - h(t) <= C e(z, t) both ways is the Lipschitz law for a metric, and the monotone law where e(z, t) = 0",
)
def _two_laws(s: Scope) -> Claim:
    h_z, h_t, C, there, back = s.reals("h_z h_t C e_z_t e_t_z")
    pair = Comparison(h_z, h_t, bound=C * there)
    lipschitz = Lipschitz().law(pair, s.xp)
    return Claim(
        {"law": h_z - h_t <= C * there, "law back": h_t - h_z <= C * back, "C > 0": C > 0},
        all_of(
            [implies(there == back, lipschitz), implies(there == 0, Monotone().law(pair, s.xp))]
        ),
        Fault("e need not be symmetric", show=lipschitz),
    )


@obligation(
    "exemplars/excess",
    "max_i max(0, z_i - s_i) is at least 0, and 0 if and only if z_i <= s_i for every i",
    per_dim=True,
)
def _excess(s: Scope, d: int) -> Claim:
    z, t = s.point("z", d), s.point("s", d)
    e = excess(z, t, s.xp)
    below = all_of(Monotone().premise(z, t))
    return Claim({}, all_of([e >= 0, (e == 0) == below]), Fault("0 everywhere", show=e == 0))


@obligation(
    "exemplars/excess-triangle", "the excess satisfies the triangle inequality", per_dim=True
)
def _excess_triangle(s: Scope, d: int) -> Claim:
    z, t, u = s.point("z", d), s.point("t", d), s.point("u", d)
    direct, detour = excess(z, u, s.xp), excess(z, t, s.xp) + excess(t, u, s.xp)
    return Claim({}, direct <= detour, Fault("every detour is longer", show=direct < detour))


@obligation(
    "exemplars/steep",
    "with C delta = M - m, a cone at a distance of at least delta has left [m, M]",
)
def _steep(s: Scope) -> Claim:
    m, M, y, C, delta, e = s.reals("m M y C delta e")
    return Claim(
        {
            "m <= y <= M": all_of([m <= y, y <= M]),
            "delta > 0": delta > 0,
            "C delta = M - m": C * delta == M - m,
            "e >= delta": e >= delta,
            "m < M": m < M,
        },
        all_of([y + C * e >= M, y - C * e <= m]),
        Fault("nearer than delta", without="e >= delta"),
    )


# -- affine ----------------------------------------------------------------------------------------------


@obligation(
    "exemplars/weights-positive",
    "a mix of a weight >= 0 with a positive one is positive (one coordinate)",
)
def _weights_positive(s: Scope) -> Claim:
    p, q, eta = s.reals("p_k q_k eta")
    return Claim(
        {"p_k >= 0": p >= 0, "q_k > 0": q > 0, "0 < eta": eta > 0, "eta < 1": eta < 1},
        mix(p, q, eta) > 0,
        Fault("eta may be 0", without="0 < eta", instead=eta >= 0),
    )


@obligation(
    "exemplars/weights-term",
    "if p_k >= 0 and x'_k <= lam + mu s'_k then p_k x'_k <= lam p_k + mu p_k s'_k (one coordinate)",
)
def _weights_term(s: Scope) -> Claim:
    p, x, at, lam, mu = s.reals("p_k x_k s_k lam mu")
    return Claim(
        {"p_k >= 0": p >= 0, "x'_k <= lam + mu s'_k": x <= lam + mu * at},
        p * x <= lam * p + mu * (p * at),
        Fault("weights of either sign", without="p_k >= 0"),
    )


@obligation(
    "exemplars/weights-sound",
    "if every p_k x'_k <= lam p_k + mu p_k s'_k, where the p_k add up to 1 and the p_k s'_k to t, then p.x' <= lam + mu t",
    per_dim=True,
    min_dim=2,
)
def _weights_sound(s: Scope, d: int) -> Claim:
    p, at_x, at_s = s.point("p", d), s.point("px", d), s.point("ps", d)
    lam, mu, t = s.reals("lam mu t")
    return Claim(
        {
            "sum p = 1": s.xp.sum(p) == 1,
            "p.s' = t": s.xp.sum(at_s) == t,
            "terms": all_of(q <= lam * pk + mu * r for pk, q, r in zip(p, at_x, at_s, strict=True)),
        },
        s.xp.sum(at_x) <= lam + mu * t,
        Fault("the weights need not fit the exemplar", without="p.s' = t"),
    )


@obligation(
    "exemplars/weights-spanned",
    "if x' = lam + mu s' then p.x' = lam + mu t for all weights p of sum 1 with p.s' = t",
    per_dim=True,
    min_dim=2,
)
def _weights_spanned(s: Scope, d: int) -> Claim:
    p, at = s.point("p", d), s.point("s", d)
    lam, mu, t = s.reals("lam mu t")
    x = np.array([lam + mu * sk for sk in at], dtype=object)
    return Claim(
        {"sum p = 1": s.xp.sum(p) == 1, "p.s' = t": s.xp.sum(p * at) == t},
        s.xp.sum(p * x) == lam + mu * t,
        Fault("the weights need not fit the exemplar", without="p.s' = t"),
    )
