"""What SymPy checks of our further rows: the smooth links against their textbook forms, U(x) and W(x) of additive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trompe.constructions.rows.additive import AdditiveParameters, AdditiveTriple
from trompe.proofs.symbolic import IDENTITIES, Identity, sympy_namespace
from trompe.theory.links import LINKS, SmoothLink

__all__ = ["ADDITIVE_SYMBOLIC", "LINK_SYMBOLIC"]

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


def _additive(which: str) -> _Build:
    """U(x) = M where x_i lies at least delta from a_i, W(x) = m where x_j lies at least delta from b_j."""

    def build(sympy: Any) -> tuple[Any, Any, Any]:
        m = sympy.Symbol("m", real=True)
        r, delta, more = sympy.symbols("R delta more", positive=True)
        p = AdditiveParameters(m, m + r, None, None, None, 0, 0, 1 / delta, 1 / delta)
        far = AdditiveTriple.Features(delta + more, delta + more, sympy.Symbol("mean"))
        value = getattr(AdditiveTriple(), which)(far, p, sympy_namespace())
        ends = (m + r, m)
        return (value, *ends) if which == "upper" else (value, *reversed(ends))

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
    for which, end in (("upper", "U(x) = M"), ("lower", "W(x) = m")):
        says = f"{end} for the additive triple, where x lies at least delta away"
        found.append(Identity(f"symbolic/additive/{which}", says, _additive(which)))
    return found


_FOUND = {item.key: item for item in _identities()}
LINK_SYMBOLIC = tuple(key for key in _FOUND if "additive" not in key)
ADDITIVE_SYMBOLIC = tuple(key for key in _FOUND if "additive" in key)
IDENTITIES.update(_FOUND)
