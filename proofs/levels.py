"""Lemmas where less is shown than both extremes with their values; rows say which carry their own cells there.

A unit h has the extremes low_h <= high_h, which the decoder may not know. What a row needs besides is with the row.
"""

from __future__ import annotations

from typing import Any

from trompe.constructions.levels import rescaled
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, obligation
from trompe.proofs.solvers import z3
from trompe.theory import Affine, Approx, Comparison, Constant, Exact, FunctionClass, Side

DEFEATS = {
    "exact": "exact/defeats",
    "approx": "levels/approx-defeats",
    "side": "levels/side-defeats",
}
"""By task: two units that show the same, each judged on its own scale, have no common answer."""

HOLDS = "levels/promise-holds"
"""The pair of the extremes keeps every promise that its extremes keep."""


def _two_units(s: Scope) -> tuple[Any, Any, tuple[Any, Any], tuple[Any, Any]]:
    f, g, low_f, high_f, low_g, high_g = s.reals("f g low_f high_f low_g high_g")
    return f, g, (low_f, high_f), (low_g, high_g)


@obligation(
    DEFEATS["approx"],
    "where |f(x) - g(x)| > eps (R_f + R_g), no answer is within eps R_f of f(x) and within eps R_g of g(x)",
)
def _approx_defeats(s: Scope) -> Claim:
    f, g, of_f, of_g = _two_units(s)
    answer, eps = s.reals("answer eps")
    task = Approx(eps)
    ranges = of_f[1] - of_f[0] + (of_g[1] - of_g[0])
    right = [task.correct(answer, h, *of, s.xp) for h, of in ((f, of_f), (g, of_g))]
    return Claim(
        {"|f - g| > eps (R_f + R_g)": s.xp.abs(f - g) > eps * ranges},
        z3.Not(all_of(right)),
        Fault(
            "the gap is eps (R_f + R_g) and not more",
            without="|f - g| > eps (R_f + R_g)",
            instead=s.xp.abs(f - g) >= eps * ranges,
        ),
    )


@obligation(
    DEFEATS["side"],
    "where f(x) > mid_f and g(x) < mid_g, neither answer is right for both, each about its own midrange",
)
def _side_defeats(s: Scope) -> Claim:
    f, g, of_f, of_g = _two_units(s)
    task = Side()
    both = [
        all_of(task.correct(answer, h, *of, s.xp) for h, of in ((f, of_f), (g, of_g)))
        for answer in task.choices
    ]
    return Claim(
        {"f > mid_f": 2 * f > sum(of_f), "mid_g > g": 2 * g < sum(of_g)},
        z3.Not(any_of(both)),
        Fault("g may be at its midrange", without="mid_g > g", instead=2 * g <= sum(of_g)),
    )


@obligation(HOLDS, "if lo <= m, M <= hi and m <= h <= M then lo <= h <= hi")
def _promise_holds(s: Scope) -> Claim:
    m, M, lo, hi, h = s.reals("m M lo hi h")
    return Claim(
        {"lo <= m": lo <= m, "M <= hi": hi >= M, "m <= h <= M": all_of([m <= h, h <= M])},
        all_of([lo <= h, h <= hi]),
        Fault("lo may exceed m", without="lo <= m"),
    )


# -- rescaled units: f -> M - scale (M - f) + shift shows the same pictures -------------------------------------

RESCALED = "levels/rescaled-extremes"
SHRUNK = {"exact": "levels/shrunk-exact", "approx": "levels/shrunk-approx"}
"""By task: a unit and itself pulled towards its maximum."""
SHIFTED = {"exact": "levels/shifted-exact", "approx": "levels/shifted-approx"}
"""By task: a unit and itself plus a number."""


@obligation(
    RESCALED,
    "M - scale (M - f) + shift, scale > 0, takes values in [M - scale R + shift, M + shift], and its ends only where f "
    "takes m and M",
)
def _rescaled_extremes(s: Scope) -> Claim:
    m, M, f, scale, shift = s.reals("m M f scale shift")
    g, low, high = (rescaled(value, M, scale, shift) for value in (f, m, M))
    return Claim(
        {"m <= f": m <= f, "f <= M": f <= M, "scale > 0": scale > 0},
        all_of([low <= g, g <= high, (g == low) == (f == m), (g == high) == (f == M)]),
        Fault("scale may be 0", without="scale > 0", instead=scale >= 0),
    )


@obligation(SHRUNK["exact"], "where f(x) < M, f pulled half-way to M has another value at x")
def _shrunk_exact(s: Scope) -> Claim:
    M, f, scale = s.reals("M f scale")
    return Claim(
        {"f < M": f < M, "scale = 1/2": 2 * scale == 1},
        rescaled(f, M, scale, 0) != f,
        Fault("f may be M", without="f < M", instead=f <= M),
    )


@obligation(
    SHRUNK["approx"],
    "where M - f(x) > eps R_f > 0, f pulled to M by the scale (theta - eps)/(2 (theta + eps)), theta = (M - f(x))/R_f, is "
    "more than eps (R_f + R_g) above f(x)",
)
def _shrunk_approx(s: Scope) -> Claim:
    M, R, theta, eps, scale = s.reals("M R theta eps scale")
    f = M - theta * R
    g = rescaled(f, M, scale, 0)
    return Claim(
        {
            "R > 0": R > 0,
            "eps > 0": eps > 0,
            "eps < theta <= 1": all_of([eps < theta, theta <= 1]),
            "scale": scale * (2 * (theta + eps)) == theta - eps,
        },
        all_of([scale > 0, scale < 1, g - f > eps * (R + scale * R)]),
        Fault(
            "twice that scale",
            without="scale",
            instead=scale * (theta + eps) == theta - eps,
        ),
    )


@obligation(SHIFTED["exact"], "f plus a number above 0 has another value at every x")
def _shifted_exact(s: Scope) -> Claim:
    M, f, shift = s.reals("M f shift")
    return Claim(
        {"shift > 0": shift > 0},
        z3.Not(Exact().correct(rescaled(f, M, 1, shift), f, M, M, s.xp)),
        Fault("the shift may be 0", without="shift > 0", instead=shift >= 0),
    )


@obligation(
    SHIFTED["approx"], "f plus more than 2 eps R_f is more than eps (R_f + R_g) above f at every x"
)
def _shifted_approx(s: Scope) -> Claim:
    M, f, R, eps, shift = s.reals("M f R eps shift")
    return Claim(
        {"shift > 2 eps R": shift > 2 * eps * R},
        rescaled(f, M, 1, shift) - f > eps * (R + R),
        Fault(
            "the shift is 2 eps R and not more",
            without="shift > 2 eps R",
            instead=shift >= 2 * eps * R,
        ),
    )


def closed_under_rescaling(row: str) -> str:
    """The key of the lemma that the class holds M - scale (M - f) + shift with f."""
    return f"{row}/closed-under-rescaling"


def _closure(cls: FunctionClass, key: str) -> None:
    @obligation(
        closed_under_rescaling(key),
        f"if f satisfies the {key} law at some points then so does M - scale (M - f) + shift",
    )
    def _build(s: Scope) -> Claim:
        *values, w, M, scale, shift = s.reals("fy fz fp w M scale shift")
        plain, other = (
            cls.law(Comparison(at_y, at_z, between, w), s.xp)
            for at_y, at_z, between in (values, [rescaled(h, M, scale, shift) for h in values])
        )
        return Claim(
            {"f: law": plain},
            other,
            Fault("f need not satisfy the law", without="f: law"),
        )


_closure(Affine(), "affine-1d")
_closure(Constant(), "constant")
