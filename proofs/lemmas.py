"""Lemmas that every row shares: mixing, the fibre criterion, decoders, closure of the classes."""

from __future__ import annotations

from typing import Any

from trompe.constructions import mix
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, obligation
from trompe.proofs.solvers import z3
from trompe.theory import (
    Affine,
    Approx,
    Comparison,
    Convex,
    Exact,
    FunctionClass,
    Interval,
    Lipschitz,
    Monotone,
    Side,
)

MIX = ("mix/range", "mix/ends", "mix/unique-min", "mix/unique-max", "mix/gap")
"""The mix lemma, sentence by sentence."""

ATTAINED = ("mix/brackets", "mix/attained")
"""Every value strictly between W(x) and U(x) is some member's."""


def weight(eta: Any) -> dict[str, Any]:
    """That eta is a weight."""
    return {"0 < eta": eta > 0, "eta < 1": eta < 1}


# -- the mix lemma -------------------------------------------------------------------------------


@obligation("mix/range", "if U and B take values in [m, M] then so does (1-eta) U + eta B")
def _range(s: Scope) -> Claim:
    m, M, u, b, eta = s.reals("m M U B eta")
    f = mix(u, b, eta)
    return Claim(
        {"U in [m, M]": all_of([m <= u, u <= M]), "B in [m, M]": all_of([m <= b, b <= M])}
        | weight(eta),
        all_of([m <= f, f <= M]),
        Fault("eta may exceed 1", without="eta < 1"),
    )


@obligation("mix/ends", "where U and B take the same value, so does (1-eta) U + eta B")
def _ends(s: Scope) -> Claim:
    u, b, value, eta = s.reals("U B value eta")
    return Claim(
        {"U = value": u == value, "B = value": b == value} | weight(eta),
        mix(u, b, eta) == value,
        Fault("U keeps its full weight", show=u + eta * b == value),
    )


@obligation("mix/unique-min", "where (1-eta) U + eta B is m, B is m")
def _unique_min(s: Scope) -> Claim:
    m, u, b, eta = s.reals("m U B eta")
    return Claim(
        {"m <= U": m <= u, "m <= B": m <= b, "f = m": mix(u, b, eta) == m} | weight(eta),
        b == m,
        Fault("eta may be 0", without="0 < eta", instead=eta >= 0),
    )


@obligation("mix/unique-max", "where (1-eta) U + eta B is M, B is M")
def _unique_max(s: Scope) -> Claim:
    M, u, b, eta = s.reals("M U B eta")
    return Claim(
        {"U <= M": u <= M, "B <= M": b <= M, "f = M": mix(u, b, eta) == M} | weight(eta),
        b == M,
        Fault("eta may be 0", without="0 < eta", instead=eta >= 0),
    )


@obligation("mix/gap", "f(x) - g(x) = (1-eta) (U(x) - W(x))")
def _gap(s: Scope) -> Claim:
    u, w, b, eta = s.reals("U W B eta")
    f, g = mix(u, b, eta), mix(w, b, eta)
    return Claim(
        weight(eta),
        f - g == (1 - eta) * (u - w),
        Fault("the whole gap is kept", show=f - g == u - w),
    )


@obligation(
    "mix/brackets",
    "for W < y < U and W <= B <= U, the pair with eta = min(U-y, y-W) / (2 (U-W)) has g < y < f",
)
def _brackets(s: Scope) -> Claim:
    u, w, b, y, eta = s.reals("U W B y eta")
    return Claim(
        {
            "W < y": w < y,
            "y < U": y < u,
            "W <= B <= U": all_of([w <= b, b <= u]),
            "eta": eta * (2 * (u - w)) == s.xp.minimum(u - y, y - w),
        },
        all_of([eta > 0, eta < 1, mix(w, b, eta) < y, y < mix(u, b, eta)]),
        Fault("B may leave [W, U]", without="W <= B <= U"),
    )


@obligation("mix/attained", "for g < y < f, the weight (y-g)/(f-g) mixes f and g to the value y")
def _attained(s: Scope) -> Claim:
    f, g, y, share = s.reals("f g y weight")
    return Claim(
        {"g < y": g < y, "y < f": y < f, "weight": share * (f - g) == y - g},
        all_of([share > 0, share < 1, mix(g, f, share) == y]),
        Fault("y may lie above f", without="y < f", instead=y > f),
    )


# -- the classes are closed under mixing -----------------------------------------------------------


def closed_under_mixing(row: str) -> str:
    """The key of the closure lemma of a pointwise class."""
    return f"{row}/closed-under-mixing"


def _closure(cls: FunctionClass) -> None:
    @obligation(
        closed_under_mixing(cls.key),
        f"if two functions satisfy the {cls.key} law at some points then so does their mix",
    )
    def _build(s: Scope) -> Claim:
        uy, uz, up, by, bz, bp, w, bound, eta = s.reals("Uy Uz Up By Bz Bp w bound eta")

        def law(at_y: Any, at_z: Any, between: Any) -> Any:
            return cls.law(Comparison(at_y, at_z, between, w, bound), s.xp)

        return Claim(
            {
                "U: law": law(uy, uz, up),
                "B: law": law(by, bz, bp),
                "0 <= w <= 1": all_of([w >= 0, w <= 1]),
            }
            | weight(eta),
            law(mix(uy, by, eta), mix(uz, bz, eta), mix(up, bp, eta)),
            Fault("B need not satisfy the law", without="B: law"),
        )


for _cls in (Lipschitz(), Monotone(), Convex(), Affine()):
    _closure(_cls)


# -- the fibre criterion ------------------------------------------------------------------------------


def _at_query(s: Scope) -> tuple[tuple[Any, ...], dict[str, Any]]:
    m, M, u, w, b, eta = s.reals("m M U W B eta")
    given = {
        "m < M": m < M,
        "m <= W": m <= w,
        "W <= B <= U": all_of([w <= b, b <= u]),
        "U <= M": u <= M,
    }
    return (m, M, u, w, b, eta), given


def undecided(task: Any, s: Scope, lower: Any, upper: Any, m: Any, M: Any) -> Any:
    """The fibre criterion fails on the interval [lower, upper]."""
    return z3.Not(any_of(task.criterion(Interval(lower, upper), m, M, s.xp)))


@obligation("exact/fools", "where W(x) < U(x), f(x) != g(x) for every 0 < eta < 1")
def _exact_fools(s: Scope) -> Claim:
    (m, M, u, w, b, eta), given = _at_query(s)
    return Claim(
        given | {"W(x) < U(x)": undecided(Exact(), s, w, u, m, M)} | weight(eta),
        mix(u, b, eta) != mix(w, b, eta),
        Fault("eta may be 1", without="eta < 1", instead=eta <= 1),
    )


@obligation(
    "approx/fools",
    "where U(x) - W(x) > 2 eps R, the eta with 2 (U-W) eta = U - W - 2 eps R gives f(x) - g(x) > 2 eps R",
)
def _approx_fools(s: Scope) -> Claim:
    (m, M, u, w, b, eta), given = _at_query(s)
    (eps,) = s.reals("eps")
    spare = (u - w) - 2 * eps * (M - m)
    return Claim(
        given
        | {
            "0 < eps": eps > 0,
            "U(x) - W(x) > 2 eps R": undecided(Approx(eps), s, w, u, m, M),
            "eta": eta * (2 * (u - w)) == spare,
        },
        all_of([eta > 0, eta < 1, mix(u, b, eta) - mix(w, b, eta) > 2 * eps * (M - m)]),
        Fault(
            "eta takes all there is to spare, not half",
            without="eta",
            instead=eta * (u - w) == spare,
        ),
    )


@obligation(
    "side/fools",
    "where W(x) < mid < U(x), the eta with 2 R eta = min(U - mid, mid - W) gives f(x) > mid > g(x)",
)
def _side_fools(s: Scope) -> Claim:
    (m, M, u, w, b, eta), given = _at_query(s)
    above, below = 2 * u - (m + M), (m + M) - 2 * w
    return Claim(
        given
        | {
            "W(x) < mid < U(x)": undecided(Side(), s, w, u, m, M),
            "eta": 4 * eta * (M - m) == s.xp.minimum(above, below),
        },
        all_of([eta > 0, eta < 1, 2 * mix(u, b, eta) > m + M, 2 * mix(w, b, eta) < m + M]),
        Fault("eta any weight", without="eta", instead=all_of([eta > 0, eta < 1])),
    )


@obligation("exact/defeats", "where f(x) != g(x), no answer equals both")
def _exact_defeats(s: Scope) -> Claim:
    m, M, f, g, answer = s.reals("m M f g answer")
    task = Exact()
    right = [task.correct(answer, h, m, M, s.xp) for h in (f, g)]
    return Claim(
        {"f != g": f != g}, z3.Not(all_of(right)), Fault("f may equal g", without="f != g")
    )


@obligation("approx/defeats", "where f(x) - g(x) > 2 eps R, no answer is within eps R of both")
def _approx_defeats(s: Scope) -> Claim:
    m, M, f, g, answer, eps = s.reals("m M f g answer eps")
    task = Approx(eps)
    right = [task.correct(answer, h, m, M, s.xp) for h in (f, g)]
    return Claim(
        {"m < M": m < M, "f - g > 2 eps R": f - g > 2 * eps * (M - m)},
        z3.Not(all_of(right)),
        Fault(
            "the gap is 2 eps R and not more",
            without="f - g > 2 eps R",
            instead=f - g >= 2 * eps * (M - m),
        ),
    )


@obligation("side/defeats", "where f(x) > mid > g(x), neither answer is right for both")
def _side_defeats(s: Scope) -> Claim:
    m, M, f, g = s.reals("m M f g")
    task = Side()
    both = [
        all_of(task.correct(answer, h, m, M, s.xp) for h in (f, g)) for answer in ("min", "max")
    ]
    return Claim(
        {"f > mid": 2 * f > m + M, "mid > g": 2 * g < m + M},
        z3.Not(any_of(both)),
        Fault("g may be at the midrange", without="mid > g", instead=2 * g <= m + M),
    )


@obligation(
    "exact/decides", "where U(x) = W(x), the answer W(x) is right for everything in [W(x), U(x)]"
)
def _exact_decides(s: Scope) -> Claim:
    (m, M, u, w, _, _), given = _at_query(s)
    (h,) = s.reals("h")
    given = given | {
        "W <= h <= U": all_of([w <= h, h <= u]),
        "criterion": any_of(Exact().criterion(Interval(w, u), m, M, s.xp)),
    }
    return Claim(
        given, Exact().correct(w, h, m, M, s.xp), Fault("U may exceed W", without="criterion")
    )


@obligation(
    "approx/decides",
    "where U(x) - W(x) <= 2 eps R, the centre is within eps R of everything in [W(x), U(x)]",
)
def _approx_decides(s: Scope) -> Claim:
    (m, M, u, w, _, _), given = _at_query(s)
    h, eps = s.reals("h eps")
    fibre = Interval(w, u)
    task = Approx(eps)
    given = given | {
        "W <= h <= U": all_of([w <= h, h <= u]),
        "criterion": any_of(task.criterion(fibre, m, M, s.xp)),
    }
    return Claim(
        given,
        task.correct(fibre.centre, h, m, M, s.xp),
        Fault("the lower end for the centre", show=task.correct(w, h, m, M, s.xp)),
    )


@obligation(
    "side/decides",
    "where U(x) <= mid (or W(x) >= mid), one answer is right for everything in [W(x), U(x)]",
)
def _side_decides(s: Scope) -> Claim:
    (m, M, u, w, _, _), given = _at_query(s)
    h, k = s.reals("h k")
    task = Side()
    right = {a: all_of(task.correct(a, q, m, M, s.xp) for q in (h, k)) for a in ("min", "max")}
    given = given | {
        "W <= h <= U": all_of([w <= h, h <= u]),
        "W <= k <= U": all_of([w <= k, k <= u]),
        "criterion": any_of(task.criterion(Interval(w, u), m, M, s.xp)),
    }
    return Claim(
        given, any_of(right.values()), Fault("h and k anywhere in [W, U]", without="criterion")
    )


@obligation(
    "approx/midrange",
    "the midrange is within R/2 of everything in [m, M]: eps = 1/2 is always reached",
)
def _midrange(s: Scope) -> Claim:
    m, M, h, eps = s.reals("m M h eps")
    fibre = Interval(m, M)
    return Claim(
        {"m <= h": m <= h, "h <= M": h <= M, "eps = 1/2": 2 * eps == 1},
        Approx(eps).correct(fibre.centre, h, m, M, s.xp),
        Fault("eps = 1/3 for 1/2", without="eps = 1/2", instead=3 * eps == 1),
    )


@obligation("approx/exact-is-enough", "an exact answer is within eps R for every eps >= 0")
def _approx_exact(s: Scope) -> Claim:
    m, M, h, answer, eps = s.reals("m M h answer eps")
    return Claim(
        {"m <= M": m <= M, "eps >= 0": eps >= 0, "exact": Exact().correct(answer, h, m, M, s.xp)},
        Approx(eps).correct(answer, h, m, M, s.xp),
        Fault("the answer need not be exact", without="exact"),
    )


@obligation(
    "side/exact-is-enough",
    'of an exact answer D, "min" if D <= mid and "max" otherwise is right',
)
def _side_exact(s: Scope) -> Claim:
    m, M, h, answer = s.reals("m M h answer")
    task = Side()
    says_min = 2 * answer <= m + M
    right = {a: task.correct(a, h, m, M, s.xp) for a in ("min", "max")}
    return Claim(
        {"exact": Exact().correct(answer, h, m, M, s.xp)},
        z3.If(says_min, right["min"], right["max"]),
        Fault('"max" and "min" exchanged', show=z3.If(says_min, right["max"], right["min"])),
    )
