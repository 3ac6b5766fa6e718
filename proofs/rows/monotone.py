"""Monotone functions: what the mean says, and the triple built on it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import CONSTRUCTIONS, Triple
from trompe.constructions.rows.monotone import MonotoneParameters
from trompe.proofs import roles
from trompe.proofs.closed_forms import Named, no_gap
from trompe.proofs.lemmas import ATTAINED, MIX, closed_under_mixing
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, collected, implies
from trompe.proofs.pieces import in_box, members, range_ends_and_uniqueness, values
from trompe.proofs.row import Evidence, Extremes, RowChecks, Said
from trompe.proofs.symbolic import AtQuery, Symbols, at_query
from trompe.theory import Comparison, Monotone
from trompe.theory.functionals import mean


@roles.reads(
    "monotone/mean-range",
    "on the box the mean lies in [0, 1], is 0 only at (0, .., 0) and 1 only at (1, .., 1)",
    per_dim=True,
)
def _mean_range(s: Scope, d: int) -> Claim:
    z = s.point("z", d)
    t = mean(z, s.xp)
    corners = [(t == k) == all_of(zi == k for zi in z) for k in (0, 1)]
    return Claim(
        {"z in the box": in_box(z)},
        all_of([t >= 0, t <= 1, *corners]),
        Fault("points outside the box", without="z in the box"),
    )


@roles.reads(
    "monotone/mean-order", "the mean does not decrease when a coordinate grows", per_dim=True
)
def _mean_order(s: Scope, d: int) -> Claim:
    y, z = s.point("y", d), s.point("z", d)
    return Claim(
        {"y <= z": all_of(Monotone().premise(y, z))},
        mean(y, s.xp) <= mean(z, s.xp),
        Fault("the mean grows strictly", show=mean(y, s.xp) < mean(z, s.xp)),
    )


class _Symbols:
    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, self.q, inv_q, inv_rest = s.reals("m M q inv_q inv_rest")
        self.p = MonotoneParameters(self.m, self.M, self.q, inv_q, inv_rest)
        self.parameters = {
            "m < M": self.m < self.M,
            "0 < q < 1": all_of([self.q > 0, self.q < 1]),
            "inv_q": inv_q * self.q == 1,
            "inv_rest": inv_rest * (1 - self.q) == 1,
        }

    def feature(self, t: Any) -> Any:
        return self.s.construction("monotone").Features(t)

    def at(self, name: str) -> tuple[Any, dict[str, Any]]:
        (t,) = self.s.reals(f"mean_{name}")
        return self.feature(t), {"0 <= mean <= 1": all_of([t >= 0, t <= 1])}

    def ends(self) -> tuple[Any, Any, dict[str, Any]]:
        return self.feature(self.s.xp.number(0)), self.feature(self.s.xp.number(1)), {}

    def values(self, feature: Any) -> tuple[Any, Any, Any]:
        return values(self.s, "monotone", feature, self.p)


range_ends_and_uniqueness(
    "monotone",
    _Symbols,
    Fault("means outside [0, 1]", without="0 <= mean <= 1"),
    ("m where the mean is 0 and M where it is 1", "M at the mean 0"),
    ("the mean is 0 and M only where it is 1", lambda z: z.mean == 0, lambda z: z.mean == 1),
)


@roles.pair("monotone/query", "where the mean is q, U is M and W is m, and B lies between")
def _query(s: Scope) -> Claim:
    c = _Symbols(s)
    upper, lower, strict = c.values(c.feature(c.q))
    return Claim(
        c.parameters,
        all_of([upper == c.M, lower == c.m, lower <= strict, strict <= upper]),
        Fault("any slope for 1/q", without="inv_q"),
    )


@roles.pair("monotone/member", "U, W, B do not decrease with the mean")
def _member(s: Scope) -> Claim:
    c = _Symbols(s)
    (y, _), (z, _) = c.at("y"), c.at("z")
    law = members(s, "monotone", Monotone(), c.p, y, z)
    return Claim(
        c.parameters | {"mean(y) <= mean(z)": y.mean <= z.mean},
        all_of(law),
        Fault("the means in any order", without="mean(y) <= mean(z)"),
    )


@roles.extremes(
    "monotone/extremes",
    "a monotone h with a unique minimiser a and a unique maximiser b has a = (0, .., 0), b = (1, .., 1)",
    per_dim=True,
)
def _extremes(s: Scope, d: int) -> Claim:
    a, b = s.point("a", d), s.point("b", d)
    h_a, h_b, h_0, h_1 = s.reals("h_a h_b h_0 h_1")
    zero, one = (s.xp.array((Fraction(k),) * d) for k in (0, 1))
    monotone = Monotone()

    def law(y: Any, z: Any, at_y: Any, at_z: Any) -> Any:
        return implies(all_of(monotone.premise(y, z)), monotone.law(Comparison(at_y, at_z), s.xp))

    is_a, is_b = all_of(ai == 0 for ai in a), all_of(bi == 1 for bi in b)
    return Claim(
        {
            "a, b in the box": all_of([in_box(a), in_box(b)]),
            "h: law at 0, a": law(zero, a, h_0, h_a),
            "h: law at b, 1": law(b, one, h_b, h_1),
            "a is the only minimiser": implies(h_0 <= h_a, is_a),
            "b is the only maximiser": implies(h_1 >= h_b, is_b),
        },
        all_of([is_a, is_b]),
        Fault("a need not be the only minimiser", without="a is the only minimiser"),
    )


# -- what the theorems are proved from ----------------------------------------------------------------------


def _at_query(sympy: Any, t: Symbols) -> AtQuery:
    q = t.q
    return AtQuery(MonotoneParameters(t.m, t.M, q, 1 / q, 1 / (1 - q)), (q,), t.M, t.m)


_OF = collected("monotone")

EVIDENCE = {
    "monotone": Evidence(
        coq=("pair_defeats", "monotone_extremes"),
        pair=(*MIX, *ATTAINED, *_OF["reads"], *_OF["pair"], closed_under_mixing("monotone")),
        extremes=_OF["extremes"],
        symbolic=at_query("monotone", _at_query),
        assumed=("induction over d",),
    )
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class MonotoneChecks(RowChecks):
    """The extremes are the lowest and the highest corner."""

    membership = "monotone"
    pinned = "ab"

    def extremes_at(self, d: int) -> Extremes:
        return (Fraction(0),) * d, (Fraction(1),) * d

    def parameters(self, t: Triple, p: Any) -> Said:
        yield "q = mean(x)", p.q * len(t.x) == sum(t.x)
        yield "inv_q q = 1", p.inv_q * p.q == 1
        yield "inv_rest (1 - q) = 1", p.inv_rest * (1 - p.q) == 1

    def closed_forms(self) -> Named:
        return no_gap(self.key, CONSTRUCTIONS[self.key], _at_query)

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        yield self.extremes_at(d)


CHECKS: dict[str, type[RowChecks]] = {"monotone": MonotoneChecks}
