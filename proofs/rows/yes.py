"""The Yes rows: one decoder is right for every member, from any one minimiser and maximiser."""

from __future__ import annotations

from typing import Any

from trompe.constructions.decoders import interpolate
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, obligation
from trompe.theory import Comparison, Constant

__all__ = ["AFFINE_1D", "CONSTANT"]

AFFINE_1D = ("affine-1d/interpolates", "affine-1d/decodes", "affine-1d/decodes-constant")
CONSTANT = ("constant/decodes",)


class _Symbols:
    """h(z) = alpha + w z on [0, 1], one of its minimisers a and one of its maximisers b."""

    def __init__(self, s: Scope) -> None:
        self.alpha, self.w, self.a, self.b, self.x = s.reals("alpha w a b x")
        ends = (self.h(s.xp.number(0)), self.h(s.xp.number(1)))
        self.given = {
            "a, b, x in [0, 1]": all_of(
                c for p in (self.a, self.b, self.x) for c in (p >= 0, p <= 1)
            ),
            "a is a minimiser": all_of(self.h(self.a) <= end for end in ends),
            "b is a maximiser": all_of(self.h(self.b) >= end for end in ends),
        }

    def h(self, z: Any) -> Any:
        return self.alpha + self.w * z


@obligation(
    "affine-1d/decodes",
    "m + (M-m) |x-a| / |b-a| = h(x) for every affine h on [0, 1] with m < M",
)
def _decodes(s: Scope) -> Claim:
    t = _Symbols(s)
    (inv_reach,) = s.reals("inv_reach")
    low, high = t.h(t.a), t.h(t.b)
    decoded = interpolate(low, high, s.xp.abs(t.x - t.a), inv_reach)
    return Claim(
        t.given | {"m < M": low < high, "inv_reach": inv_reach * s.xp.abs(t.b - t.a) == 1},
        decoded == t.h(t.x),
        Fault("a need not be a minimiser", without="a is a minimiser"),
    )


@obligation(
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


@obligation("affine-1d/decodes-constant", "if m = M then h(x) = m for every affine h on [0, 1]")
def _decodes_constant(s: Scope) -> Claim:
    t = _Symbols(s)
    low, high = t.h(t.a), t.h(t.b)
    return Claim(
        t.given | {"m = M": low == high},
        low == t.h(t.x),
        Fault("m may be below M", without="m = M"),
    )


@obligation("constant/decodes", "m = h(x) for every constant h")
def _constant(s: Scope) -> Claim:
    at_a, at_x = s.reals("h_a h_x")
    return Claim(
        {"h: law at a, x": Constant().law(Comparison(at_a, at_x), s.xp)},
        at_a == at_x,
        Fault("h need not be constant", without="h: law at a, x"),
    )
