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
from trompe.constructions.extended import (
    EXTENDED_CONSTRUCTIONS,
    AdditiveTriple,
    LinkedConstruction,
    LinkedPair,
    LinkedTriple,
    NeuronTriple,
    exact_decoder,
    neuron_1d,
)
from trompe.constructions.networks import Layer, Network, compile_network, pair_networks
from trompe.constructions.rows import (
    AffineTriple,
    ConvexTriple,
    Hats,
    LipschitzTriple,
    MonotoneTriple,
)
from trompe.theory import FunctionClass, InvalidInput, Visualization, row_class

__all__ = [
    "CONSTRUCTIONS",
    "EXACT_DECODERS",
    "EXTENDED_CONSTRUCTIONS",
    "AdditiveTriple",
    "AffineTriple",
    "Construction",
    "ConvexTriple",
    "FoolingPair",
    "Hats",
    "Layer",
    "LinkedConstruction",
    "LinkedPair",
    "LinkedTriple",
    "LipschitzTriple",
    "MonotoneTriple",
    "Network",
    "NeuronTriple",
    "Triple",
    "affine_1d",
    "centre",
    "compile_network",
    "constant",
    "construction",
    "exact_decoder",
    "midrange",
    "mix",
    "neuron_1d",
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
"""The construction of each row of the table whose label is not Yes."""


def construction(row: str) -> Construction | None:
    """The construction of a row, of the table or further; None where the label is Yes.

    Raises
    ------
    UnknownKey : no such row.
    """
    key = row_class(row).key
    return CONSTRUCTIONS.get(key) or EXTENDED_CONSTRUCTIONS.get(key)


def triple(cls: FunctionClass, v: Visualization, x: Any) -> Triple:
    """The extremal triple of `cls` at the visualization `v` and the query `x`.

    Raises
    ------
    InvalidInput : no member has this visualization; the query is no point of the box; the class has a
        decoder that is always right, so that no pair exists. QueryShown : the value at x is shown.
    """
    made = construction(cls.key)
    if made is None:
        raise InvalidInput(
            f"{cls.key}: no fooling pair exists, one decoder is right for every member; see exact_decoder"
        )
    cls.check_visualization(v)
    query = cls.check_query(v, x)
    kind = LinkedTriple if isinstance(made, LinkedConstruction) else Triple
    return kind(made, cls, v, query, made.parameters(cls, v, query))
