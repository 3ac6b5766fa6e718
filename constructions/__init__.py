"""What shows it: extremal triples, the fooling pairs mixed from them, decoders, ReLU networks."""

from typing import Any

from trompe.constructions.base import Construction, FoolingPair, Triple, mix
from trompe.constructions.decoders import (
    EXACT_DECODERS,
    affine_1d,
    centre,
    constant,
    midrange,
    side_of,
)
from trompe.constructions.networks import Layer, Network, compile_network, pair_networks
from trompe.constructions.rows import (
    AffineTriple,
    ConvexTriple,
    Hats,
    LipschitzTriple,
    MonotoneTriple,
)
from trompe.theory import CLASSES, FunctionClass, InvalidInput, UnknownKey, Visualization

__all__ = [
    "CONSTRUCTIONS",
    "EXACT_DECODERS",
    "AffineTriple",
    "Construction",
    "ConvexTriple",
    "FoolingPair",
    "Hats",
    "Layer",
    "LipschitzTriple",
    "MonotoneTriple",
    "Network",
    "Triple",
    "affine_1d",
    "centre",
    "compile_network",
    "constant",
    "midrange",
    "mix",
    "pair_networks",
    "side_of",
    "triple",
]

_HATS = Hats()

CONSTRUCTIONS: dict[str, Construction] = {
    "black-box": _HATS,
    "neural-network": _HATS,
    "erm": _HATS,
    "lipschitz": LipschitzTriple(),
    "piecewise-affine": _HATS,
    "monotone": MonotoneTriple(),
    "convex": ConvexTriple(),
    "affine": AffineTriple(),
}
"""The construction of each row whose label is not Yes."""


def triple(cls: FunctionClass, v: Visualization, x: Any) -> Triple:
    """The extremal triple of `cls` at the visualization `v` and the query `x`.

    Raises
    ------
    InvalidInput : no member has this visualization; the query is no point of the box; the class has a
        decoder that is always right, so that no pair exists. QueryShown : the value at x is shown.
    """
    if cls.key not in CONSTRUCTIONS:
        if cls.key not in CLASSES:
            raise UnknownKey("row", cls.key, CLASSES)
        raise InvalidInput(
            f"{cls.key}: no fooling pair exists, one decoder is right for every member; see EXACT_DECODERS"
        )
    construction = CONSTRUCTIONS[cls.key]
    cls.check_visualization(v)
    query = cls.check_query(v, x)
    return Triple(construction, cls, v, query, construction.parameters(cls, v, query))
