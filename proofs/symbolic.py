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
from trompe.theory import UnknownKey
from trompe.theory.namespace import ObjectNamespace


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


IDENTITIES: dict[str, Identity] = {}
"""Every identity by its key."""


def register(*items: Identity) -> tuple[str, ...]:
    """Add identities; their keys."""
    for item in items:
        if item.key in IDENTITIES:
            raise ValueError(f"two identities are called {item.key!r}")
        IDENTITIES[item.key] = item
    return tuple(item.key for item in items)


@dataclass(frozen=True)
class AtQuery:
    """Symbols for a row's construction at the query: parameters, features, and the envelope in closed form."""

    parameters: Any
    features: tuple[Any, ...]
    upper: Any
    lower: Any


class Symbols:
    """m < M with a symbol for R > 0; q = 1/(1+s) runs over (0, 1); the others over what the row allows."""

    def __init__(self, sympy: Any) -> None:
        self.m = sympy.Symbol("m", real=True)
        self.r, self.s, self.gamma, self.far = sympy.symbols("R s gamma far", positive=True)
        self.M, self.q = self.m + self.r, 1 / (1 + self.s)


def at_query(row: str, case: Callable[[Any, Symbols], AtQuery], more: str = "") -> tuple[str, ...]:
    """Register that U(x) and W(x) of a row, from its own formulas, are the ends of the envelope."""

    def building(which: str) -> Callable[[Any], tuple[Any, Any, Any]]:
        def build(sympy: Any) -> tuple[Any, Any, Any]:
            at, c = case(sympy, Symbols(sympy)), CONSTRUCTIONS[row]
            features = c.Features(*at.features)  # type: ignore[attr-defined]
            value = getattr(c, which)(features, at.parameters, sympy_namespace())
            ends = (at.upper, at.lower)
            return (value, *ends) if which == "upper" else (value, *reversed(ends))

        return build

    return register(
        *(
            Identity(
                f"symbolic/{row}/{which}",
                f"{'U' if which == 'upper' else 'W'}(x) is the {which} end of the {row} envelope{more}",
                building(which),
            )
            for which in ("upper", "lower")
        )
    )


def _mix_gap(sympy: Any) -> tuple[Any, Any, Any]:
    u, w, b, eta = sympy.symbols("U W B eta")
    return mix(u, b, eta) - mix(w, b, eta), (1 - eta) * (u - w), u - w


def _limit(sympy: Any) -> tuple[Any, Any, Any]:
    m, M, b = sympy.symbols("m M B")
    eta = sympy.Symbol("eta", positive=True)
    radius = (mix(M, b, eta) - mix(m, b, eta)) / (2 * (M - m))
    return sympy.limit(sympy.simplify(radius), eta, 0, "+"), sympy.Rational(1, 2), sympy.Integer(1)


register(
    Identity("symbolic/mix-gap", "f(x) - g(x) = (1-eta) (U(x) - W(x))", _mix_gap),
    Identity(
        "symbolic/limit",
        "where U(x) = M and W(x) = m, (f(x)-g(x)) / 2R tends to 1/2 as eta tends to 0",
        _limit,
    ),
)


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
