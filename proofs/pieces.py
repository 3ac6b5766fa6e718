"""Pieces that the rows' obligations share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from trompe.constructions import mix
from trompe.proofs import roles
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, implies
from trompe.theory import Comparison, FunctionClass
from trompe.theory.namespace import Array

Condition: TypeAlias = Callable[[Any], Any]
"""A condition on the features of a point."""


def in_box(z: Array) -> Any:
    """z in [0, 1]^d; coordinates, or any numbers."""
    return all_of(c for zi in z for c in (zi >= 0, zi <= 1))


def same_point(y: Array, z: Array) -> Any:
    """y = z, coordinate by coordinate."""
    return all_of(yi == zi for yi, zi in zip(y, z, strict=True))


def is_corner(b: Array) -> Any:
    """Every coordinate of b is 0 or 1."""
    return all_of(any_of([bi == 0, bi == 1]) for bi in b)


def values(s: Scope, row: str, features: Any, p: Any) -> tuple[Any, Any, Any]:
    """U, W, B of a row's construction at one point, from what it reads off the point."""
    c = s.construction(row)
    return (
        c.upper(features, p, s.xp),
        c.lower(features, p, s.xp),
        c.strict(features, p, s.xp),
    )


def members(
    s: Scope,
    row: str,
    cls: FunctionClass,
    p: Any,
    at_y: Any,
    at_z: Any,
    between: Any = None,
    weight: Any = None,
    bound: Any = None,
) -> list[Any]:
    """That U, W and B satisfy the law of the class on one comparison, one condition each.

    `at_y`, `at_z` and, where the law looks between, `between` are features; `weight` and `bound` as
    in the law.
    """
    rows = zip(
        values(s, row, at_y, p),
        values(s, row, at_z, p),
        values(s, row, between, p) if between is not None else (None,) * 3,
        strict=True,
    )
    return [cls.law(Comparison(hy, hz, hp, weight, bound), s.xp) for hy, hz, hp in rows]


def range_ends_and_uniqueness(
    row: str,
    symbols: Callable[[Scope], Any],
    outside: Fault,
    ends: tuple[str, Fault | str],
    only: tuple[str, Condition, Condition],
) -> None:
    """Register that U, W, B stay in [m, M], are m at a and M at b, and that B is so nowhere else.

    `symbols(scope)` gives m, M, parameters, `at(name)` (features and facts of a point), `ends()` (features of a
    and of b, and facts) and `values`. `outside` is the fault of the first. `ends` says where the extremes are and
    has the fault, or in words that of M for m at a. `only` says where B is extreme.
    """
    where, wrong = ends
    only_where, at_a, at_b = only

    @roles.pair(f"{row}/range", "U, W, B take values in [m, M]")
    def _range(s: Scope) -> Claim:
        t = symbols(s)
        z, facts = t.at("z")
        show = all_of(c for h in t.values(z) for c in (t.m <= h, h <= t.M))
        return Claim(t.parameters | facts, show, outside)

    @roles.pair(f"{row}/ends", f"U, W, B are {where}")
    def _ends(s: Scope) -> Claim:
        t = symbols(s)
        a, b, facts = t.ends()
        low, high = t.values(a), t.values(b)
        fault = (
            Fault(wrong, show=all_of(h == t.M for h in low)) if isinstance(wrong, str) else wrong
        )
        show = all_of([h == t.m for h in low] + [h == t.M for h in high])
        return Claim(t.parameters | facts, show, fault)

    @roles.pair(f"{row}/unique", f"B is m only where {only_where}")
    def _unique(s: Scope) -> Claim:
        t = symbols(s)
        z, facts = t.at("z")
        upper, _, strict = t.values(z)
        return Claim(
            t.parameters | facts,
            all_of([implies(strict == t.m, at_a(z)), implies(strict == t.M, at_b(z))]),
            Fault("U for B", show=implies(upper == t.M, at_b(z))),
        )


def half_way(row: str, symbols: Callable[[Scope], Any]) -> None:
    """Register that B is half-way between U and W."""

    @roles.pair(f"{row}/half-way", "B = U/2 + W/2, so that it is a member as a mix of U and W is")
    def _half_way(s: Scope) -> Claim:
        t = symbols(s)
        z, facts = t.at("z")
        upper, lower, strict = t.values(z)
        return Claim(
            t.parameters | facts,
            strict == mix(upper, lower, s.xp.number(Fraction(1, 2))),
            Fault("all of U", show=strict == upper),
        )
