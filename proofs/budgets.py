"""Lower bounds on the number of exemplars: what a shown point decides, and the unit that exemplars say least of."""

from __future__ import annotations

from typing import Any

from trompe.constructions.rows.lipschitz import flat
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, implies, obligation
from trompe.proofs.solvers import z3
from trompe.theory import Comparison, Interval, Lipschitz, Side


@obligation(
    "budget/side",
    "farther than R/2L from a point with a value in [m, M], its cones reach to both sides of the midrange",
)
def _budget_side(s: Scope) -> Claim:
    m, M, L, y, r = s.reals("m M L y r")
    decided = any_of(Side().criterion(Interval(y - L * r, y + L * r), m, M, s.xp))
    return Claim(
        {
            "m <= y <= M": all_of([m <= y, y <= M]),
            "m < M": m < M,
            "L > 0": L > 0,
            "r > R/2L": 2 * L * r > M - m,
        },
        z3.Not(decided),
        Fault("r = R/2L", without="r > R/2L", instead=2 * L * r >= M - m),
    )


class _Flat:
    """The unit f(z) = max(min(mid, m + L|z-a|), M - L|z-b|) over an abstract metric; L |.| is one too, so L = 1."""

    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, self.apart = s.reals("m M apart")
        self.L = s.xp.number(1)
        self.parameters = {
            "m < M": self.m < self.M,
            "R <= L |a-b|": self.M - self.m <= self.apart,
        }

    def at(self, name: str) -> tuple[Any, Any, Any, dict[str, Any]]:
        """|z-a|, |z-b|, f(z) and what a metric says of them."""
        a, b = self.s.reals(f"{name}_from_a {name}_from_b")
        facts = {
            f"|{name}-a|, |{name}-b| >= 0": all_of([a >= 0, b >= 0]),
            f"|a-b| <= |{name}-a| + |{name}-b|": self.apart <= a + b,
        }
        return a, b, flat(self.m, self.M, self.L, a, b, self.s.xp), facts


@obligation(
    "budget/eps",
    "at x farther than (1/2 + eps) R/L from a, b and than eps R/L from a point p, the cones at a, b and at p with "
    "the value f(p) leave more than [mid - eps R, mid + eps R] open",
)
def _budget_eps(s: Scope) -> Claim:
    c = _Flat(s)
    eps, r = s.reals("eps r")
    x_a, x_b, _, facts_x = c.at("x")
    p_a, p_b, f_p, facts_p = c.at("p")
    R = c.M - c.m
    cones = [(c.m, x_a), (c.M, x_b), (f_p, r)]
    far = [
        condition
        for value, distance in cones
        for condition in (
            2 * (value + distance) > c.m + c.M + 2 * eps * R,
            2 * (value - distance) < c.m + c.M - 2 * eps * R,
        )
    ]
    return Claim(
        c.parameters
        | facts_x
        | facts_p
        | {
            "0 < eps < 1/2": all_of([eps > 0, 2 * eps < 1]),
            "x far from a": 2 * x_a > (1 + 2 * eps) * R,
            "x far from b": 2 * x_b > (1 + 2 * eps) * R,
            "x far from p": r > eps * R,
            "|x-a| <= r + |p-a|": x_a <= r + p_a,
            "|x-b| <= r + |p-b|": x_b <= r + p_b,
        },
        all_of(far),
        Fault("x may be near a", without="x far from a"),
    )


@obligation("budget/flat-member", "f lies in [m, M], is m at a and M at b, and is L-Lipschitz")
def _flat_member(s: Scope) -> Claim:
    c = _Flat(s)
    y_a, y_b, f_y, facts_y = c.at("y")
    z_a, z_b, f_z, facts_z = c.at("z")
    (r,) = s.reals("yz")
    zero = s.xp.number(0)
    at_a, at_b = (flat(c.m, c.M, c.L, *ends, s.xp) for ends in ((zero, c.apart), (c.apart, zero)))
    law = Lipschitz().law(Comparison(f_y, f_z, bound=r), s.xp)
    return Claim(
        c.parameters
        | facts_y
        | facts_z
        | {
            "distances to a differ by at most |y-z|": s.xp.abs(y_a - z_a) <= r,
            "distances to b differ by at most |y-z|": s.xp.abs(y_b - z_b) <= r,
        },
        all_of([c.m <= f_y, f_y <= c.M, at_a == c.m, at_b == c.M, law]),
        Fault("L below R/|a-b|", without="R <= L |a-b|"),
    )


@obligation("budget/flat-unique", "f is m only at a and M only at b")
def _flat_unique(s: Scope) -> Claim:
    c = _Flat(s)
    z_a, z_b, f_z, facts = c.at("z")
    return Claim(
        c.parameters | facts,
        all_of([implies(f_z == c.m, z_a == 0), implies(f_z == c.M, z_b == 0)]),
        Fault("the midrange only at a", show=implies(2 * f_z == c.m + c.M, z_a == 0)),
    )


@obligation(
    "budget/no-finite",
    "where cones of slope L from two shown values meet at one value, a unit with a constant K < L has shown both at "
    "that very point",
)
def _no_finite(s: Scope) -> Claim:
    L, K, y, u, r, q, apart, at = s.reals("L K y_j y_k r_j r_k apart value")
    return Claim(
        {
            "K < L": all_of([K > 0, K < L]),
            "distances": all_of([r >= 0, q >= 0, apart <= r + q]),
            "down from s_j": y - L * r == at,
            "up from s_k": u + L * q == at,
            "law with K": y - u <= K * apart,
        },
        all_of([r == 0, q == 0]),
        Fault("K = L", without="K < L", instead=all_of([K > 0, K == L])),
    )
