"""ReLU networks with exact rational weights, and the compiler that turns a formula into one.

A formula written against an array namespace is traced with hidden units for parts: `maximum`, `minimum` and
`abs` make new units, everything else stays affine. What comes out is cut into layers; a quantity that
skips a layer is carried through it by one unit, which is exact because a lower bound over the box is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from trompe.constructions.expressions import Atom, Builder, Linear, traced
from trompe.constructions.triples import FoolingPair, as_array
from trompe.ground.arguments import Dim, checked, checked_fields, unfit
from trompe.ground.errors import one_line
from trompe.theory import InvalidInput
from trompe.theory.namespace import EXACT, Array, ArrayNamespace

if TYPE_CHECKING:
    import torch


_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Layer:
    """z -> W z + c, followed by relu in every layer but the last.

    weights : object array of fractions, shape (outputs, inputs). biases : shape (outputs,).
    """

    weights: Array
    biases: Array

    def __post_init__(self) -> None:
        for name, rank in (("weights", 2), ("biases", 1)):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.ndim != rank:
                raise unfit(name, array, f"an array of fractions of {rank} axes")
        if len(self.weights) != len(self.biases):
            raise InvalidInput(
                f"layer: {len(self.weights)} rows of weights but {len(self.biases)} biases"
            )


@checked_fields
@dataclass(frozen=True)
class Network:
    """A feed-forward ReLU network with one output, exact on [0, 1]^d."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise InvalidInput("network: no layers; expected at least one")

    @property
    def dim(self) -> int:
        """The number of inputs."""
        return int(self.layers[0].weights.shape[1])

    @property
    def widths(self) -> tuple[int, ...]:
        """The number of hidden units, layer by layer."""
        return tuple(len(layer.biases) for layer in self.layers[:-1])

    def __call__(self, z: Any) -> Array:
        """The output at points of shape (..., d): exact for a tuple of numbers or an array of fractions."""
        return self.evaluate(*as_array(z, self.dim, EXACT))

    def evaluate(self, z: Array, xp: ArrayNamespace) -> Array:
        """The output at the array z of the namespace `xp`."""
        for layer in self.layers[:-1]:
            z = xp.maximum(xp.number(0), self._affine(layer, z, xp))
        return self._affine(self.layers[-1], z, xp)[..., 0][()]

    @staticmethod
    def _affine(layer: Layer, z: Array, xp: ArrayNamespace) -> Array:
        weights, biases = xp.array(layer.weights.tolist()), xp.array(layer.biases.tolist())
        return z @ weights.T + biases

    def to_torch(self, dtype: Any = None) -> torch.nn.Sequential:
        """The same layers as a `torch.nn.Sequential` (float64 unless told), output shape (..., 1).

        Raises
        ------
        MissingDependency : torch is not installed.
        """
        from trompe.constructions.torch_bridge import sequential

        return sequential(self, dtype)


# -- from a formula to layers --------------------------------------------------------------------------


class NotPiecewiseAffine(InvalidInput, TypeError):
    """A function is computed with something else than `+ - *` with numbers, max, min and abs."""


class _Units(Builder):
    """Makes affine combinations of inputs and hidden units relu(u) = max(0, u), each distinct unit once."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.depths = [0] * dim
        """Of every part: 0 for an input."""
        self._ranges = [(_ZERO, _ONE)] * dim
        self._made: dict[Any, int] = {}

    def depth(self, u: Linear) -> int:
        """The number of layers that u is computed with."""
        return max((self.depths[k] for k, _ in u.terms), default=0)

    def relu(self, u: Linear) -> Linear:
        """A hidden unit, with bounds over the box."""
        key = (u.constant, frozenset(u.terms))
        if key not in self._made:
            self._made[key] = self.dim + len(self.atoms)
            self.atoms.append(Atom("max", (self.number(0), u)))
            self.depths.append(self.depth(u) + 1)
            low, high = self._range(u)
            self._ranges.append((max(_ZERO, low), max(_ZERO, high)))
        return self.coordinate(self._made[key])

    def maximum(self, args: Iterable[Linear]) -> Linear:
        """max(a, b) = a + relu(b - a)."""
        return reduce(lambda a, b: self._either(max, a, b, _ONE), args)

    def minimum(self, args: Iterable[Linear]) -> Linear:
        """min(a, b) = a - relu(a - b)."""
        return reduce(lambda a, b: self._either(min, a, b, -_ONE), args)

    def _either(
        self, choose: Callable[..., Fraction], a: Linear, b: Linear, sign: Fraction
    ) -> Linear:
        if a.is_number and b.is_number:
            return self.number(choose(a.constant, b.constant))
        beyond = self.times(sign, self.sum([b, self.times(-_ONE, a)]))
        return self.sum([a, self.times(sign, self.relu(beyond))])

    def absolute(self, arg: Linear) -> Linear:
        """|u| = relu(u) + relu(-u)."""
        if arg.is_number:
            return self.number(abs(arg.constant))
        return self.sum([self.relu(arg), self.relu(self.times(-_ONE, arg))])

    def carry(self, u: Linear) -> Linear:
        """The same quantity, one layer deeper: u = relu(u - low) + low where low <= u on the box."""
        low = self.number(self._range(u)[0])
        return self.sum([self.relu(self.sum([u, self.times(-_ONE, low)])), low])

    def _range(self, u: Linear) -> tuple[Fraction, Fraction]:
        """An interval that holds u over the whole box."""
        low = high = u.constant
        for k, c in u.terms:
            ends = [c * end for end in self._ranges[k]]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def _counted(self, linear: Linear) -> Linear:
        """A network may have as many terms as it has to; only its numbers are limited in length."""
        return linear


@checked
def compile_network(function: Callable[[Array, ArrayNamespace], Array], dim: Dim) -> Network:
    """The ReLU network that computes `function(z, xp)` on [0, 1]^dim, with exact weights.

    Raises
    ------
    NotPiecewiseAffine (a TypeError) : the function multiplies two quantities that depend on z, or does what else z has
    no operation for. InvalidInput : it fails; a weight or a bias has more than MAX_BITS bits.
    """
    units = _Units(dim)
    try:
        targets = traced(lambda z, xp: (function(z, xp),), units)
    except InvalidInput:
        raise
    except TypeError as error:  # what is no affine combination
        raise NotPiecewiseAffine(str(error) or "TypeError") from error
    except Exception as error:  # what the caller's function raises
        raise InvalidInput(
            f"function: fails with {type(error).__name__}: {one_line(error)}"
        ) from error
    backwards: list[Layer] = []
    for depth in range(units.depth(targets[0]), 0, -1):
        targets = [_split(units, target, depth) for target in targets]
        used = list(dict.fromkeys(k for target in targets for k, _ in target.terms))
        backwards.append(_layer(targets, used))
        targets = [units.atoms[k - dim].args[1] for k in used]
    backwards.append(_layer(targets, range(dim)))
    return Network(tuple(reversed(backwards)))


def _split(units: _Units, target: Linear, depth: int) -> Linear:
    """The target as a combination of units of exactly this depth: the shallower part is carried."""
    deep = tuple(term for term in target.terms if units.depths[term[0]] == depth)
    shallow = tuple(term for term in target.terms if units.depths[term[0]] < depth)
    if not shallow:
        return target
    part = Linear(_ZERO, shallow)
    while units.depth(part) < depth - 1:
        part = units.carry(part)
    return units.sum([Linear(target.constant, deep), units.carry(part)])


def _layer(targets: Sequence[Linear], used: Sequence[int]) -> Layer:
    place = {index: k for k, index in enumerate(used)}
    weights = np.full((len(targets), len(used)), _ZERO, dtype=object)
    for row, target in enumerate(targets):
        for index, c in target.terms:
            weights[row, place[index]] = c
    return Layer(weights, np.array([target.constant for target in targets], dtype=object))


@checked
def pair_networks(pair: FoolingPair) -> tuple[Network, Network]:
    """f and g of a fooling pair as ReLU networks with exact rational weights.

    Raises
    ------
    InvalidInput : the pair is not piecewise affine with rational weights (Lipschitz in l2).
    """
    dim = pair.v.dim
    try:
        return (
            compile_network(lambda z, xp: pair.evaluate(z, xp, "upper"), dim),
            compile_network(lambda z, xp: pair.evaluate(z, xp, "lower"), dim),
        )
    except TypeError as error:
        raise InvalidInput(f"{pair.triple.cls.key}: no exact ReLU network: {error}") from None
