"""L-Lipschitz functions over an abstract metric: every sentence here is dimension-free."""

from __future__ import annotations

from typing import Any

from trompe.constructions.rows.lipschitz import LipschitzParameters
from trompe.proofs.lemmas import ATTAINED, MIX, closed_under_mixing
from trompe.proofs.metrics import LAGRANGE, METRIC_FACTS, MIDPOINTS
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, obligation
from trompe.proofs.pieces import half_way, members, range_and_uniqueness, values
from trompe.proofs.row import Evidence
from trompe.proofs.solvers import z3
from trompe.proofs.symbolic import AtQuery, Symbols, at_query
from trompe.theory import Comparison, Interval, Lipschitz, Side

__all__ = ["EVIDENCE"]

LIPSCHITZ = (
    "lipschitz/range",
    "lipschitz/ends",
    "lipschitz/unique",
    "lipschitz/order",
    "lipschitz/member-upper",
    "lipschitz/member-lower",
    "lipschitz/half-way",
)
LIPSCHITZ_SOUND = ("lipschitz/sound",)
LIPSCHITZ_THRESHOLD = ("lipschitz/threshold-above", "lipschitz/threshold-below")
LIPSCHITZ_EXISTS = ("lipschitz/exists",)


class _Symbols:
    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, self.L, self.apart = s.reals("m M L apart")
        self.p = LipschitzParameters(self.m, self.M, self.L, None, None, "abstract")
        self.parameters = {
            "m < M": self.m < self.M,
            "L > 0": self.L > 0,
            "R <= L |a-b|": self.M - self.m <= self.L * self.apart,
        }

    def at(self, name: str) -> tuple[Any, dict[str, Any]]:
        """The features of a point and what a metric says of them."""
        from_a, from_b = self.s.reals(f"{name}_from_a {name}_from_b")
        facts = {
            f"|{name}-a| >= 0": from_a >= 0,
            f"|{name}-b| >= 0": from_b >= 0,
            f"|a-b| <= |{name}-a| + |{name}-b|": self.apart <= from_a + from_b,
        }
        return self.s.construction("lipschitz").Features(from_a, from_b), facts

    def values(self, features: Any) -> tuple[Any, Any, Any]:
        return values(self.s, "lipschitz", features, self.p)

    def feature(self, from_a: Any, from_b: Any) -> Any:
        return self.s.construction("lipschitz").Features(from_a, from_b)


range_and_uniqueness(
    "lipschitz",
    _Symbols,
    ("distances may be negative", "|z-a| >= 0"),
    ("|z-a| = 0 and M only where |z-b| = 0", lambda z: z.from_a == 0, lambda z: z.from_b == 0),
)
half_way("lipschitz", _Symbols)


@obligation("lipschitz/ends", "U, W, B are m at a and M at b")
def _ends(s: Scope) -> Claim:
    t = _Symbols(s)
    zero = s.xp.number(0)
    at_a, at_b = t.values(t.feature(zero, t.apart)), t.values(t.feature(t.apart, zero))
    return Claim(
        t.parameters,
        all_of([h == t.m for h in at_a] + [h == t.M for h in at_b]),
        Fault("L below R/|a-b|", without="R <= L |a-b|"),
    )


@obligation("lipschitz/order", "m <= W <= B <= U <= M everywhere")
def _order(s: Scope) -> Claim:
    t = _Symbols(s)
    z, facts = t.at("z")
    upper, lower, strict = t.values(z)
    return Claim(
        t.parameters | facts,
        all_of([t.m <= lower, lower <= strict, strict <= upper, upper <= t.M]),
        Fault("L below R/|a-b|", without="R <= L |a-b|"),
    )


def _member(which: int, name: str) -> None:
    @obligation(f"lipschitz/member-{name}", f"{'UW'[which]} is L-Lipschitz")
    def _build(s: Scope) -> Claim:
        t = _Symbols(s)
        y, facts_y = t.at("y")
        z, facts_z = t.at("z")
        (distance,) = s.reals("yz")
        given = {
            "distances to a differ by at most |y-z|": s.xp.abs(y.from_a - z.from_a) <= distance,
            "distances to b differ by at most |y-z|": s.xp.abs(y.from_b - z.from_b) <= distance,
        }
        law = members(s, "lipschitz", Lipschitz(), t.p, y, z, bound=t.L * distance)
        half = members(s, "lipschitz", Lipschitz(), t.p, y, z, bound=t.L * distance / 2)
        return Claim(
            t.parameters | facts_y | facts_z | given,
            law[which],
            Fault("half of L", show=half[which]),
        )


_member(0, "upper")
_member(1, "lower")


@obligation(
    "lipschitz/sound", "W(x) <= h(x) <= U(x) for every L-Lipschitz h with this visualization"
)
def _sound(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    (h,) = s.reals("h_x")
    upper, lower, _ = t.values(x)
    near_a = Lipschitz.law_with(t.L * x.from_a, Comparison(h, t.m), s.xp)
    near_b = Lipschitz.law_with(t.L * x.from_b, Comparison(h, t.M), s.xp)
    return Claim(
        t.parameters
        | facts
        | {
            "h: law at x, a": near_a,
            "h: law at x, b": near_b,
            "m <= h(x) <= M": all_of([t.m <= h, h <= t.M]),
        },
        all_of([lower <= h, h <= upper]),
        Fault("h need not be Lipschitz between x and a", without="h: law at x, a"),
    )


@obligation("lipschitz/threshold-above", "if L min(|x-a|, |x-b|) > R/2 then W(x) < mid < U(x)")
def _above(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, _ = t.values(x)
    nearest = s.xp.minimum(x.from_a, x.from_b)
    open_question = z3.Not(any_of(Side().criterion(Interval(lower, upper), t.m, t.M, s.xp)))
    return Claim(
        t.parameters | facts | {"L above the threshold": 2 * t.L * nearest > t.M - t.m},
        open_question,
        Fault(
            "a threshold of R/4",
            without="L above the threshold",
            instead=4 * t.L * nearest > t.M - t.m,
        ),
    )


@obligation(
    "lipschitz/threshold-below", "if L min(|x-a|, |x-b|) <= R/2 then U(x) <= mid or W(x) >= mid"
)
def _below(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, _ = t.values(x)
    nearest = s.xp.minimum(x.from_a, x.from_b)
    return Claim(
        t.parameters | facts | {"L at most the threshold": 2 * t.L * nearest <= t.M - t.m},
        any_of(Side().criterion(Interval(lower, upper), t.m, t.M, s.xp)),
        Fault(
            "a threshold of 3R/4",
            without="L at most the threshold",
            instead=4 * t.L * nearest <= 3 * (t.M - t.m),
        ),
    )


@obligation(
    "lipschitz/exists",
    "for every L and all a, b apart, R = L |a-b| / 2 and x half-way give U(x) = M and W(x) = m",
)
def _exists(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, _ = t.values(x)
    half_way = all_of([2 * x.from_a == t.apart, 2 * x.from_b == t.apart])
    return Claim(
        t.parameters
        | facts
        | {"x half-way": half_way, "R = L |a-b| / 2": 2 * (t.M - t.m) == t.L * t.apart},
        all_of([upper == t.M, lower == t.m]),
        Fault("R up to L |a-b|", without="R = L |a-b| / 2"),
    )


# -- what the theorems are proved from ----------------------------------------------------------------------


def _at_query(sympy: Any, t: Symbols) -> AtQuery:
    return AtQuery(
        LipschitzParameters(t.m, t.M, t.gamma, None, None, "abstract"),
        (t.s, t.far),
        sympy.Min(t.M, t.m + t.gamma * t.s),
        sympy.Max(t.m, t.M - t.gamma * t.far),
    )


_ALL_METRICS = tuple(dict.fromkeys(key for keys in METRIC_FACTS.values() for key in keys))

EVIDENCE = {
    "lipschitz": Evidence(
        pair=(*MIX, *ATTAINED, *LIPSCHITZ, *_ALL_METRICS, closed_under_mixing("lipschitz")),
        decides=LIPSCHITZ_SOUND,
        exists=(*LIPSCHITZ_EXISTS, *MIDPOINTS),
        threshold=LIPSCHITZ_THRESHOLD,
        symbolic=at_query("lipschitz", _at_query),
        also_symbolic=LAGRANGE,
        assumed=("induction over d",),
    )
}
