"""What SymPy checks: identities, limits, and the triples' values at the query in closed form.

Each check compares two expressions that must be equal, and carries a damaged right-hand side that
must not be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from trompe.constructions import CONSTRUCTIONS, mix
from trompe.constructions.decoders import interpolate
from trompe.constructions.rows import (
    AffineParameters,
    ConvexParameters,
    HatParameters,
    LipschitzParameters,
    MonotoneParameters,
)
from trompe.theory import UnknownKey
from trompe.theory.namespace import ObjectNamespace

__all__ = [
    "IDENTITIES",
    "Identity",
    "check_identity",
    "identity",
    "identity_sha256",
    "sympy_namespace",
]


@lru_cache(maxsize=1)
def sympy_namespace() -> ObjectNamespace:
    """The array namespace of SymPy expressions."""
    import sympy

    return ObjectNamespace(
        number=lambda q: sympy.Rational(q.numerator, q.denominator),
        maximum=sympy.Max,
        minimum=sympy.Min,
        absolute=sympy.Abs,
        sqrt=sympy.sqrt,
    )


@dataclass(frozen=True)
class Identity:
    """left = right, and left != damaged."""

    key: str
    says: str
    build: Callable[[Any], tuple[Any, Any, Any]]
    """From the sympy module to (left, right, damaged)."""
    dim: int | None = None
    """The d it is about, None where it does not depend on d."""


def _lagrange(d: int) -> Callable[[Any], tuple[Any, Any, Any]]:
    def build(sympy: Any) -> tuple[Any, Any, Any]:
        u, v = sympy.symbols(f"u1:{d + 1}"), sympy.symbols(f"v1:{d + 1}")
        inner = sum(ui * vi for ui, vi in zip(u, v, strict=True))
        left = sum(ui**2 for ui in u) * sum(vi**2 for vi in v) - inner**2
        squares = sum((u[i] * v[j] - u[j] * v[i]) ** 2 for i in range(d) for j in range(i + 1, d))
        return left, sympy.sympify(squares), squares + u[0] ** 2

    return build


def _mix_gap(sympy: Any) -> tuple[Any, Any, Any]:
    u, w, b, eta = sympy.symbols("U W B eta")
    return mix(u, b, eta) - mix(w, b, eta), (1 - eta) * (u - w), u - w


def _limit(sympy: Any) -> tuple[Any, Any, Any]:
    m, M, b = sympy.symbols("m M B")
    eta = sympy.Symbol("eta", positive=True)
    radius = (mix(M, b, eta) - mix(m, b, eta)) / (2 * (M - m))
    return sympy.limit(sympy.simplify(radius), eta, 0, "+"), sympy.Rational(1, 2), sympy.Integer(1)


def _mean_minimises(sympy: Any) -> tuple[Any, Any, Any]:
    p, y1, y2, y3 = sympy.symbols("p y1 y2 y3")
    labels = (y1, y2, y3)
    mean = sum(labels) / 3
    left = sum((p - y) ** 2 for y in labels) - sum((mean - y) ** 2 for y in labels)
    return left, 3 * (p - mean) ** 2, 3 * (p - y1) ** 2


def _affine_1d(sympy: Any) -> tuple[Any, Any, Any]:
    alpha, w, x = sympy.symbols("alpha w x")
    rising = interpolate(alpha, alpha + w, x, 1)
    falling = interpolate(alpha + w, alpha, 1 - x, 1)
    return rising + falling, 2 * (alpha + w * x), alpha + w * x


def _at_query(row: str, which: str) -> Callable[[Any], tuple[Any, Any, Any]]:
    """U(x) or W(x) of a row from its own formulas, against the envelope in closed form."""

    def build(sympy: Any) -> tuple[Any, Any, Any]:
        xp = sympy_namespace()
        # m < M with a symbol for R > 0; q = 1/(1+s) runs over (0, 1); delta over what the row allows.
        m = sympy.Symbol("m", real=True)
        r, s, gamma, far = sympy.symbols("R s gamma far", positive=True)
        M, q = m + r, 1 / (1 + s)
        c = CONSTRUCTIONS[row]
        cases: dict[str, tuple[Any, Any, Any, Any]] = {
            "erm": (HatParameters(m, M, far, (None,) * 3), ((0, 0, 1),), M, m),
            "monotone": (MonotoneParameters(m, M, q, 1 / q, 1 / (1 - q)), (q,), M, m),
            "convex": (
                ConvexParameters(m, M, None, None, None, None, 1 / far),
                (gamma, far + s),
                m + r * gamma,
                m,
            ),
            "affine": (
                AffineParameters(m, M, None, None, 0, 1),
                (gamma, q, s),
                m + r * gamma,
                m + r * q,
            ),
            "lipschitz": (
                LipschitzParameters(m, M, gamma, None, None, "abstract"),
                (s, far),
                sympy.Min(M, m + gamma * s),
                sympy.Max(m, M - gamma * far),
            ),
        }
        p, features, upper, lower = cases[row]
        value = getattr(c, which)(c.Features(*features), p, xp)  # type: ignore[attr-defined]
        return (value, upper, lower) if which == "upper" else (value, lower, upper)

    return build


IDENTITIES: dict[str, Identity] = {
    i.key: i
    for i in (
        Identity("symbolic/mix-gap", "f(x) - g(x) = (1-eta) (U(x) - W(x))", _mix_gap),
        Identity(
            "symbolic/limit",
            "where U(x) = M and W(x) = m, (f(x)-g(x)) / 2R tends to 1/2 as eta tends to 0",
            _limit,
        ),
        *(
            Identity(
                f"symbolic/lagrange/d{d}",
                f"Lagrange's identity for d = {d}, hence the Cauchy-Schwarz inequality",
                _lagrange(d),
                d,
            )
            for d in (1, 2, 3)
        ),
        Identity(
            "symbolic/mean-minimises",
            "the squared loss of three labels of one input exceeds that of their mean by 3 (p - mean)^2",
            _mean_minimises,
        ),
        Identity(
            "symbolic/affine-1d",
            "the decoder of affine-1d is alpha + w x, rising (a = 0) and falling (a = 1)",
            _affine_1d,
        ),
        *(
            Identity(
                f"symbolic/{row}/{which}",
                f"{'U' if which == 'upper' else 'W'}(x) is the {which} end of the {row} envelope"
                + (", no training points" if row == "erm" else ""),
                _at_query(row, which),
            )
            for row in ("erm", "lipschitz", "monotone", "convex", "affine")
            for which in ("upper", "lower")
        ),
    )
}


def identity(key: str) -> Identity:
    """The identity called `key`."""
    try:
        return IDENTITIES[key]
    except KeyError:
        raise UnknownKey("obligation", key, IDENTITIES) from None


def check_identity(item: Identity) -> tuple[Literal["PROVED", "REFUTED", "UNKNOWN"], str]:
    """PROVED, REFUTED (with values of the symbols) or UNKNOWN, and the reason."""
    import sympy

    left, right, damaged = item.build(sympy)
    if _difference(sympy, left, damaged) == 0:
        return "UNKNOWN", "the damaged identity holds too: the check cannot fail"
    difference = _difference(sympy, left, right)
    if difference == 0:
        return "PROVED", ""
    symbols = sorted(difference.free_symbols, key=str)
    point = {symbol: sympy.Rational(k + 2, 2 * k + 3) for k, symbol in enumerate(symbols)}
    value = difference.subs(point)
    if value.is_number and value != 0:
        at = ", ".join(f"{symbol} = {q}" for symbol, q in point.items())
        return "REFUTED", f"left - right = {value} at {at}"
    return "UNKNOWN", f"SymPy does not simplify {difference} to 0"


def identity_sha256(item: Identity) -> str:
    """Hash of an identity in words and of its three sides, as `srepr` writes them (SymPy 1.12 to 1.14 agree)."""
    import sympy

    sides = [sympy.srepr(sympy.sympify(side)) for side in item.build(sympy)]
    return hashlib.sha256("\n".join([item.key, item.says, *sides]).encode()).hexdigest()


def _difference(sympy: Any, left: Any, right: Any) -> Any:
    return sympy.simplify(sympy.expand(sympy.sympify(left) - right))
