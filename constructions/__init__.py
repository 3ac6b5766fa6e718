"""What shows it: extremal triples, the fooling pairs mixed from them, decoders, ReLU networks."""

from trompe.constructions.catalogue import (
    CONSTRUCTIONS,
    EXACT_DECODERS,
    EXTENDED_CONSTRUCTIONS,
    Example,
    construction,
    exact_decoder,
    example,
    exemplar_triple,
    triple,
)
from trompe.constructions.decoders import centre, midrange, side_of
from trompe.constructions.networks import Layer, Network, compile_network, pair_networks
from trompe.constructions.rows.additive import AdditiveTriple
from trompe.constructions.rows.affine import AffineTriple, affine_1d
from trompe.constructions.rows.constant import constant_value
from trompe.constructions.rows.convex import ConvexTriple
from trompe.constructions.rows.free import Hats
from trompe.constructions.rows.lipschitz import LipschitzTriple
from trompe.constructions.rows.monotone import MonotoneTriple
from trompe.constructions.rows.neuron import (
    LinkedConstruction,
    LinkedPair,
    LinkedTriple,
    NeuronTriple,
    neuron_1d,
)
from trompe.constructions.triples import Construction, FoolingPair, Triple, mix

__all__ = [
    "CONSTRUCTIONS",
    "EXACT_DECODERS",
    "EXTENDED_CONSTRUCTIONS",
    "AdditiveTriple",
    "AffineTriple",
    "Construction",
    "ConvexTriple",
    "Example",
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
    "constant_value",
    "construction",
    "exact_decoder",
    "example",
    "exemplar_triple",
    "midrange",
    "mix",
    "neuron_1d",
    "pair_networks",
    "side_of",
    "triple",
]
