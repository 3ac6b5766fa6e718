"""Lipschitz with unknown constant: every continuous piecewise affine function is a member."""

from __future__ import annotations

from fractions import Fraction

from trompe.constructions import mix
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, obligation
from trompe.theory import Comparison, Lipschitz
from trompe.theory.functionals import l1, l2, linf

__all__ = ["LIPSCHITZ_UNKNOWN"]

LIPSCHITZ_UNKNOWN = (
    "lipschitz-unknown/coordinate",
    "lipschitz-unknown/piece",
    "lipschitz-unknown/segment",
    "lipschitz-unknown/pieces",
    "lipschitz-unknown/norms",
)


@obligation(
    "lipschitz-unknown/coordinate",
    "if |w_k| <= L then |w_k u_k| <= L |u_k| (one coordinate)",
)
def _coordinate(s: Scope) -> Claim:
    w, u, L = s.reals("w_k u_k L")
    return Claim(
        {"|w_k| <= L": s.xp.abs(w) <= L},
        s.xp.abs(w * u) <= L * s.xp.abs(u),
        Fault("a slope above L", without="|w_k| <= L"),
    )


@obligation(
    "lipschitz-unknown/piece",
    "if each |p_k| <= L r_k then |p_1 + .. + p_d| <= L (r_1 + .. + r_d): one affine piece is L-Lipschitz in l1",
    per_dim=True,
)
def _piece(s: Scope, d: int) -> Claim:
    p, r = s.point("p", d), s.point("r", d)
    (L,) = s.reals("L")
    return Claim(
        {f"|p_{k + 1}| <= L r_{k + 1}": s.xp.abs(p[k]) <= L * r[k] for k in range(d)},
        s.xp.abs(s.xp.sum(p)) <= L * s.xp.sum(r),
        Fault("the first coordinate free", without="|p_1| <= L r_1"),
    )


@obligation(
    "lipschitz-unknown/segment",
    "for p between y and z, |y-p| + |p-z| = |y-z| (one coordinate, and so in l1)",
)
def _segment(s: Scope) -> Claim:
    y, z, w = s.reals("y_k z_k w")
    p = mix(y, z, w)
    return Claim(
        {"0 <= w <= 1": all_of([w >= 0, w <= 1])},
        s.xp.abs(y - p) + s.xp.abs(p - z) == s.xp.abs(y - z),
        Fault("p beyond z", without="0 <= w <= 1"),
    )


@obligation(
    "lipschitz-unknown/pieces",
    "if h is L-Lipschitz from y to p and from p to z, with |y-p| + |p-z| = |y-z|, then so it is from y to z",
)
def _pieces(s: Scope) -> Claim:
    at_y, at_p, at_z, yp, pz, yz, L = s.reals("h_y h_p h_z yp pz yz L")
    law = Lipschitz.law_with
    return Claim(
        {
            "h: law at y, p": law(L * yp, Comparison(at_y, at_p), s.xp),
            "h: law at p, z": law(L * pz, Comparison(at_p, at_z), s.xp),
            "p on the segment": yp + pz == yz,
        },
        law(L * yz, Comparison(at_y, at_z), s.xp),
        Fault("h need not be Lipschitz beyond p", without="h: law at p, z"),
    )


@obligation(
    "lipschitz-unknown/norms",
    "linf <= l2 and l1 <= d linf, and l1 <= d l2: Lipschitz in l1 with L is Lipschitz in l2 and linf with d L",
    per_dim=True,
)
def _norms(s: Scope, d: int) -> Claim:
    y, z = s.point("y", d), s.point("z", d)
    sums, root, largest = l1(y, z, s.xp), l2(y, z, s.xp), linf(y, z, s.xp)
    factor = s.xp.number(Fraction(d))
    return Claim(
        s.root_equations(),
        all_of([largest <= root, sums <= factor * largest]),
        Fault("half of linf", show=sums <= factor * largest * s.xp.number(Fraction(1, 2))),
    )
