"""What shows the cells where less is shown: a member and itself rescaled, which have the same pictures; decoders of pictures."""

from __future__ import annotations

from typing import Any

from trompe.theory.namespace import ArrayNamespace


def rescaled(value: Any, maximum: Any, scale: Any, shift: Any) -> Any:
    """M - scale (M - f) + shift: f pulled towards its maximum M, or moved; its extremes lie where those of f lie."""
    return maximum - scale * (maximum - value) + shift


def is_nearer_to_minimiser(a: Any, b: Any, x: Any, xp: ArrayNamespace) -> Any:
    """d = 1: is |x - a| <= |x - b|?"""
    return xp.abs(x - a) <= xp.abs(x - b)


def is_near_maximiser(b: Any, x: Any, xp: ArrayNamespace) -> Any:
    """d = 1: is |x - b| <= 1/2?"""
    return 2 * xp.abs(x - b) <= 1


def is_along(way: Any, x: Any) -> Any:
    """d = 1: does x lie on the side of 1/2 to which `way` leads, upwards where it is above 0?"""
    return (2 * x - 1) * way > 0
