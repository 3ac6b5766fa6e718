"""Decoders: what one may answer from a visualization and a query."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from trompe.theory import FunctionClass, InvalidInput, Visualization, as_point

__all__ = [
    "EXACT_DECODERS",
    "affine_1d",
    "centre",
    "constant",
    "interpolate",
    "midrange",
    "side_of",
]


def interpolate(low: Any, high: Any, from_a: Any, inv_reach: Any) -> Any:
    """m + (M - m) |x-a| / |b-a|, with the reciprocal of |b-a| given."""
    return low + (high - low) * (from_a * inv_reach)


def midrange(v: Visualization, x: Any) -> Fraction:
    """(m + M)/2 whatever the query: within R/2 of f(x) for every f, so eps = 1/2 is always reached."""
    return v.mid


def affine_1d(v: Visualization, x: Any) -> Fraction:
    """The value at x of the only affine function on [0, 1] with one such minimiser and maximiser."""
    point = as_point(x, "query", 1)
    if v.minimum == v.maximum:
        return v.minimum
    reach = abs(v.argmax[0] - v.argmin[0])
    value: Fraction = interpolate(v.minimum, v.maximum, abs(point[0] - v.argmin[0]), 1 / reach)
    return value


def constant(v: Visualization, x: Any) -> Fraction:
    """m; the unit has no other value.

    Raises
    ------
    InvalidInput : the visualization shows two values.
    """
    as_point(x, "query", v.dim)
    if v.minimum != v.maximum:
        raise InvalidInput(
            f"constant: minimum = {v.minimum} and maximum = {v.maximum} differ; a constant has one value"
        )
    return v.minimum


def centre(cls: FunctionClass, v: Visualization, x: Any) -> Any:
    """The centre of the fibre: of all decoders for the class, the one with the smallest worst error."""
    return cls.envelope(v, x).centre


def side_of(prediction: Any, v: Visualization) -> str:
    """The half of [m, M] in which a prediction lies, as an answer to the side task."""
    return "min" if prediction <= v.mid else "max"


EXACT_DECODERS: dict[str, Callable[[Visualization, Any], Fraction]] = {
    "affine-1d": affine_1d,
    "constant": constant,
}
"""The decoder of each Yes row: right for every member and every query."""
