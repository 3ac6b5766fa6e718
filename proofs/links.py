"""The links of the neuron rows: that they are what the rows ask of one, leaky ReLU by the solvers, the smooth ones by SymPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trompe.proofs import roles
from trompe.proofs.obligations import Claim, Fault, Scope, all_of
from trompe.proofs.symbolic import Identity, register
from trompe.theory.links import LINKS, LeakyRelu, SmoothLink


def _leaky(s: Scope) -> tuple[LeakyRelu, dict[str, Any]]:
    slope, inv_slope = s.reals("slope inv_slope")
    given = {
        "0 < slope": slope > 0,
        "slope < 1": slope < 1,
        "inv_slope": inv_slope * slope == 1,
    }
    return LeakyRelu(slope, inv_slope), given


@roles.links("leaky-relu/increasing", "leaky ReLU increases strictly")
def _leaky_increasing(s: Scope) -> Claim:
    h, given = _leaky(s)
    p, q = s.reals("p q")
    return Claim(
        given | {"p < q": p < q},
        h.apply(p, s.xp) < h.apply(q, s.xp),
        Fault("a slope below 0", without="0 < slope"),
    )


@roles.links("leaky-relu/continuous", "|h(p) - h(q)| <= |p - q|: leaky ReLU is continuous")
def _leaky_continuous(s: Scope) -> Claim:
    h, given = _leaky(s)
    p, q = s.reals("p q")
    return Claim(
        given,
        s.xp.abs(h.apply(p, s.xp) - h.apply(q, s.xp)) <= s.xp.abs(p - q),
        Fault("a slope below 0", without="0 < slope"),
    )


@roles.links("leaky-relu/inverse", "h(h^-1(v)) = v and h^-1(h(p)) = p for leaky ReLU")
def _leaky_inverse(s: Scope) -> Claim:
    h, given = _leaky(s)
    p, v = s.reals("p v")
    back, forth = h.apply(h.inverse(v, s.xp), s.xp), h.inverse(h.apply(p, s.xp), s.xp)
    return Claim(
        given,
        all_of([back == v, forth == p]),
        Fault("any number for 1/slope", without="inv_slope"),
    )


@roles.links(
    "leaky-relu/between", "the values between m and M of leaky ReLU begin at m and end at M"
)
def _leaky_between(s: Scope) -> Claim:
    h, given = _leaky(s)
    m, M = s.reals("m M")
    first, last = (h.between(m, M, s.xp.number(k), s.xp) for k in (0, 1))
    return Claim(
        given, all_of([first == m, last == M]), Fault("any number for 1/slope", without="inv_slope")
    )


_Build = Callable[[Any], tuple[Any, Any, Any]]


def _inverse(link: SmoothLink) -> _Build:
    def build(sympy: Any) -> tuple[Any, Any, Any]:
        v = sympy.Symbol("v", positive=True)
        return link.value(link.odds(v, sympy), sympy), v, 2 * v

    return build


def _function(link: SmoothLink) -> _Build:
    def build(sympy: Any) -> tuple[Any, Any, Any]:
        t = sympy.Symbol("t", real=True)
        right, wrong = (link.value(sympy.exp(k * t), sympy) for k in (link.rate, link.rate + 1))
        return right, link.function(t, sympy), wrong

    return build


_DERIVATIVES: dict[str, tuple[str, Callable[[Any, Any, Any], Any]]] = {
    "sigmoid": ("h'(t) = h(t) h(-t)", lambda h, t, exp: h(t) * h(-t)),
    "tanh": ("h'(t) = 4/(e^t + e^-t)^2", lambda h, t, exp: 4 / (exp(t) + exp(-t)) ** 2),
    "softplus": ("h'(t) = e^t/(1 + e^t)", lambda h, t, exp: exp(t) / (1 + exp(t))),
}
"""The derivative of each smooth link, written so that it is seen to be positive."""


def _derivative(link: SmoothLink) -> _Build:
    def build(sympy: Any) -> tuple[Any, Any, Any]:
        t = sympy.Symbol("t", real=True)
        right = _DERIVATIVES[link.key][1](lambda q: link.function(q, sympy), t, sympy.exp)
        return sympy.diff(link.function(t, sympy), t), right, 2 * right

    return build


def _identities() -> list[Identity]:
    found = []
    for key, kind in LINKS.items():
        link = kind()
        if not isinstance(link, SmoothLink):
            continue
        found += [
            Identity(
                f"symbolic/{key}/inverse",
                f"h(h^-1(v)) = v for {key}, as trompe computes both",
                _inverse(link),
            ),
            Identity(
                f"symbolic/{key}/function",
                f"what trompe computes for {key} is h(t) = {link.formula}",
                _function(link),
            ),
            Identity(
                f"symbolic/{key}/derivative",
                f"{_DERIVATIVES[key][0]} for {key}, a positive number: h increases strictly",
                _derivative(link),
            ),
        ]
    return found


LINK_SYMBOLIC = register(*_identities())
