"""Pieces that the rows' obligations share."""

from __future__ import annotations

from typing import Any

from trompe.proofs.obligations import Scope, all_of, any_of
from trompe.theory import Comparison, FunctionClass
from trompe.theory.namespace import Array

__all__ = ["in_box", "is_corner", "members", "same_point", "values"]


def in_box(z: Array) -> Any:
    """z in [0, 1]^d."""
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
    s: Scope, row: str, cls: FunctionClass, p: Any, at_y: Any, at_z: Any, **more: Any
) -> list[Any]:
    """That U, W and B satisfy the law of the class on one comparison, one condition each.

    `at_y`, `at_z` and, where the law looks between, `between` are features; `weight` and `bound` as
    in the law.
    """
    between, weight, bound = more.get("between"), more.get("weight"), more.get("bound")
    rows = zip(
        values(s, row, at_y, p),
        values(s, row, at_z, p),
        values(s, row, between, p) if between is not None else (None,) * 3,
        strict=True,
    )
    comparisons = [Comparison(hy, hz, hp, weight) for hy, hz, hp in rows]
    if bound is not None:
        return [cls.law_with(bound, c, s.xp) for c in comparisons]  # type: ignore[attr-defined]
    return [cls.law(c, s.xp) for c in comparisons]
