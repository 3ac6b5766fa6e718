"""Convex functions with exemplars: what affine functions below the unit say of it, and the members made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from trompe.constructions.rows.convex import SupportScale, SupportTriple
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, implies, obligation


@obligation(
    "exemplars/supports-upper",
    "where x is a mix of shown points s, t and a point c, a convex h <= M falls short of M by at least their share",
)
def _supports_upper(s: Scope) -> Claim:
    M, h_x, y, u, h_c, lam, nu, mu = s.reals("M h_x y_s y_t h_c lam nu mu")
    return Claim(
        {
            "convexity at x": h_x <= lam * y + nu * u + mu * h_c,
            "weights": all_of([lam >= 0, nu >= 0, mu >= 0, lam + nu + mu == 1]),
            "h(c) <= M": h_c <= M,
        },
        M - h_x >= lam * (M - y) + nu * (M - u),
        Fault("h may exceed M", without="h(c) <= M"),
    )


@obligation(
    "exemplars/supports-lower",
    "where a shown s is a mix of x with weight theta > 0, a shown t and a point c, theta (M - h(x)) <= "
    "(M - y_s) - lam (M - y_t)",
)
def _supports_lower(s: Scope) -> Claim:
    M, h_x, y, u, h_c, theta, lam, mu = s.reals("M h_x y_s y_t h_c theta lam mu")
    return Claim(
        {
            "convexity at s": y <= theta * h_x + lam * u + mu * h_c,
            "weights": all_of([theta > 0, lam >= 0, mu >= 0, theta + lam + mu == 1]),
            "h(c) <= M": h_c <= M,
        },
        theta * (M - h_x) <= (M - y) - lam * (M - u),
        Fault("h may exceed M", without="h(c) <= M"),
    )


@obligation(
    "exemplars/supports-duality",
    "every mix as in supports-lower bounds every ell: if kappa s_i - nu t_i - x_i lies between 0 and kappa - 1 - nu, "
    "then ell_i(x) <= kappa ell_i(s) - nu ell_i(t) (one coordinate)",
)
def _supports_duality(s: Scope) -> Claim:
    at, t, rest, u, w, kappa, nu = s.reals("s_i t_i rest_i u_i w_i kappa nu")
    x = kappa * at - nu * t - rest

    def ell(z: Any) -> Any:
        return u * z + w * (1 - z)

    return Claim(
        {
            "u_i, w_i >= 0": all_of([u >= 0, w >= 0]),
            "the rest is in the box": all_of([rest >= 0, rest <= kappa - 1 - nu]),
        },
        ell(x) <= kappa * ell(at) - nu * ell(t),
        Fault("u_i of either sign", without="u_i, w_i >= 0", instead=w >= 0),
    )


@obligation(
    "exemplars/supports-positive",
    "delta |z_i - b_i| + u_i z_i + w_i (1 - z_i) with delta > 0 and u_i, w_i >= 0 is at least 0 on the box, and "
    "positive unless z_i = b_i (one coordinate)",
)
def _supports_positive(s: Scope) -> Claim:
    z, u, w, b, delta = s.reals("z_i u_i w_i b_i delta")
    part = delta * s.xp.abs(z - b) + u * z + w * (1 - z)
    return Claim(
        {
            "0 <= z_i <= 1": all_of([z >= 0, z <= 1]),
            "u_i, w_i >= 0": all_of([u >= 0, w >= 0]),
            "delta > 0": delta > 0,
        },
        all_of([part >= 0, any_of([part > 0, z == b])]),
        Fault("u_i, w_i of either sign", without="u_i, w_i >= 0"),
    )


class _Supports:
    """SupportTriple at one point, with the values of its affine pieces as symbols.

    A piece is sum slope_i z_i + offset; with unit vectors for slopes the "coordinates" of z are the
    pieces' values, so that the construction's own formula is what is checked, for every d.
    """

    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, self.rate, self.slope = s.reals("m M rate slope")
        one, zero = s.xp.number(1), s.xp.number(0)
        first = np.array([one, zero], dtype=object)
        second = np.array([zero, one], dtype=object)
        self.p = SupportScale(
            self.m, self.M, self.rate, self.slope,
            (first,), (zero,), (first,), (zero,), self.slope, second, zero,
        )  # fmt: skip
        self.parameters = {
            "m < M": self.m < self.M,
            "0 < rate < 1": all_of([self.rate > 0, self.rate < 1]),
            "slope > 0": self.slope > 0,
        }

    def at(self, name: str) -> tuple[Any, Any, Any, Any]:
        """gauge, |z-b|_1 and the values of the touching piece and of the one that is largest at x."""
        found = self.s.reals(f"{name}_gauge {name}_from_b {name}_touching {name}_top")
        return found[0], found[1], found[2], found[3]

    def values(self, at: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any]:
        """U, W, B."""
        gauge, from_b, touching, top = at
        f = SupportTriple.Features(np.array([touching, top], dtype=object), gauge, from_b)
        t = SupportTriple()
        parts = (t.upper, t.lower, t.strict)
        upper, lower, strict = (part(f, self.p, self.s.xp) for part in parts)
        return upper, lower, strict


@obligation(
    "exemplars/supports-through",
    "U, W, B take the shown value where the touching piece touches and nothing else exceeds it; they are m at a and M at b",
)
def _supports_through(s: Scope) -> Claim:
    c = _Supports(s)
    (y,) = s.reals("y")
    R = c.M - c.m
    at_p, at_a, at_b = c.at("p"), c.at("a"), c.at("b")
    return Claim(
        c.parameters
        | {
            "m < y < M": all_of([c.m < y, y < c.M]),
            "touching at p": R * at_p[2] == c.M - y,
            "top at p": R * at_p[3] >= c.M - y,
            "gauge at p": R * c.rate * at_p[0] <= y - c.m,
            "cone at p": R * c.slope * at_p[1] >= c.M - y,
            "at a": all_of([at_a[0] == 0, c.slope * at_a[1] >= 1, at_a[2] >= 1, at_a[3] >= 1]),
            "at b": all_of([at_b[0] <= 1, at_b[1] == 0, at_b[2] >= 0, at_b[3] >= 0]),
        },
        all_of(
            [
                *(h == y for h in c.values(at_p)),
                *(h == c.m for h in c.values(at_a)),
                *(h == c.M for h in c.values(at_b)),
            ]
        ),
        Fault("the largest piece may exceed the value", without="top at p"),
    )


@obligation(
    "exemplars/supports-unique",
    "m <= U, W, B <= M, and B is m only where the gauge is 0 and M only where |z - b|_1 = 0",
)
def _supports_unique(s: Scope) -> Claim:
    c = _Supports(s)
    z = gauge, from_b, touching, top = c.at("z")
    upper, lower, strict = c.values(z)
    return Claim(
        c.parameters
        | {
            "0 <= gauge <= 1": all_of([gauge >= 0, gauge <= 1]),
            "|z-b| >= 0": from_b >= 0,
            "pieces >= 0": all_of([touching >= 0, top >= 0]),
            "touching > 0 but at b": any_of([touching > 0, from_b == 0]),
        },
        all_of(
            [
                *(condition for h in (upper, lower, strict) for condition in (c.m <= h, h <= c.M)),
                implies(strict == c.m, gauge == 0),
                implies(strict == c.M, from_b == 0),
            ]
        ),
        Fault("the touching piece may reach M elsewhere", without="touching > 0 but at b"),
    )
