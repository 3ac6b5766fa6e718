"""Decoders: what one may answer from a visualization and a query."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from trompe.ground.arguments import checked
from trompe.theory import Visualization
from trompe.theory.catalogue import Class, as_class
from trompe.theory.exact import Value


def interpolate(low: Any, high: Any, from_a: Any, inv_reach: Any) -> Any:
    """m + (M - m) |x-a| / |b-a|, with the reciprocal of |b-a| given."""
    return low + (high - low) * (from_a * inv_reach)


@checked
def midrange(v: Visualization, x: Any) -> Fraction:
    """(m + M)/2 whatever the query: within R/2 of f(x) for every f, so eps = 1/2 is always reached."""
    return v.mid


@checked
def centre(cls: Class, v: Visualization, x: Any) -> Any:
    """The centre of the fibre: of all decoders for the class, the one with the smallest worst error.

    Of a fibre of one value it is that value itself, which a computable real is compared with by its name.
    """
    fibre = as_class(cls).envelope(v, x)
    return fibre.centre if fibre.diameter else fibre.lower


@checked
def side_of(prediction: Value, v: Visualization) -> str:
    """The half of [m, M] in which a prediction lies, as an answer to the side task."""
    return "min" if prediction <= v.mid else "max"
