"""ReLU networks with exact rational weights, and the compiler that turns a formula into one.

A formula written against an array namespace is run once on *signals*: affine combinations of inputs
and neurons. `maximum`, `minimum` and `abs` make new neurons, everything else stays affine. What comes
out is cut into layers; a signal that skips a layer is carried through it by one neuron, which is
exact because a lower bound over the box is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from trompe.constructions.triples import FoolingPair, as_array
from trompe.theory import InvalidInput
from trompe.theory.namespace import EXACT, Array, ArrayNamespace, ObjectNamespace

if TYPE_CHECKING:
    import torch

__all__ = ["Layer", "Network", "compile_network", "pair_networks"]


@dataclass(frozen=True)
class Layer:
    """z -> W z + c, followed by relu in every layer but the last.

    weights : object array of fractions, shape (outputs, inputs). biases : shape (outputs,).
    """

    weights: Array
    biases: Array


@dataclass(frozen=True)
class Network:
    """A feed-forward ReLU network with one output, exact on [0, 1]^d."""

    layers: tuple[Layer, ...]

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


# -- signals -----------------------------------------------------------------------------------------


class _Neuron:
    """An input (`pre` is None) or relu of a signal, with bounds over the box."""

    __slots__ = ("depth", "high", "low", "pre")

    def __init__(self, pre: _Signal | None, depth: int, low: Fraction, high: Fraction) -> None:
        self.pre, self.depth, self.low, self.high = pre, depth, low, high


class _Signal:
    """constant + sum of coefficient * neuron."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: Fraction, terms: dict[_Neuron, Fraction]) -> None:
        self.constant = constant
        self.terms = {neuron: c for neuron, c in terms.items() if c}

    def __add__(self, other: Any) -> _Signal:
        if isinstance(other, (int, Fraction)):
            return _Signal(self.constant + other, self.terms)
        terms = dict(self.terms)
        for neuron, c in other.terms.items():
            terms[neuron] = terms.get(neuron, Fraction(0)) + c
        return _Signal(self.constant + other.constant, terms)

    def __mul__(self, factor: Any) -> _Signal:
        if not isinstance(factor, (int, Fraction)):
            raise TypeError("a product of two signals is not piecewise affine")
        return _Signal(
            self.constant * factor, {neuron: c * factor for neuron, c in self.terms.items()}
        )

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> _Signal:
        return self.__mul__(-1)

    def __sub__(self, other: Any) -> _Signal:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> _Signal:
        return self.__neg__().__add__(other)

    @property
    def depth(self) -> int:
        return max((neuron.depth for neuron in self.terms), default=0)

    def bounds(self) -> tuple[Fraction, Fraction]:
        """An interval that holds the signal over the whole box."""
        low = high = self.constant
        for neuron, c in self.terms.items():
            ends = (c * neuron.low, c * neuron.high)
            low, high = low + min(ends), high + max(ends)
        return low, high


class _Tracer:
    """Makes neurons, each distinct one once."""

    def __init__(self, dim: int) -> None:
        zero, one = Fraction(0), Fraction(1)
        self.inputs = [_Neuron(None, 0, zero, one) for _ in range(dim)]
        self._made: dict[Any, _Neuron] = {}
        self.namespace = ObjectNamespace(
            number=lambda q: q, maximum=self.maximum, minimum=self.minimum, absolute=self.absolute
        )

    def relu(self, signal: _Signal) -> _Signal:
        key = (signal.constant, frozenset(signal.terms.items()))
        if key not in self._made:
            low, high = signal.bounds()
            zero = Fraction(0)
            self._made[key] = _Neuron(signal, signal.depth + 1, max(zero, low), max(zero, high))
        return _Signal(Fraction(0), {self._made[key]: Fraction(1)})

    def maximum(self, a: Any, b: Any) -> Any:
        """max(a, b) = a + relu(b - a)."""
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return max(a, b)
        return a + self.relu(b - a)

    def minimum(self, a: Any, b: Any) -> Any:
        """min(a, b) = a - relu(a - b)."""
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return min(a, b)
        return a - self.relu(a - b)

    def absolute(self, u: Any) -> Any:
        """|u| = relu(u) + relu(-u)."""
        return abs(u) if isinstance(u, Fraction) else self.relu(u) + self.relu(-u)

    def carry(self, signal: _Signal) -> _Signal:
        """The same signal, one layer deeper: s = relu(s - low) + low where low <= s on the box."""
        low, _ = signal.bounds()
        return self.relu(signal + -low) + low


def compile_network(function: Callable[[Array, ArrayNamespace], Array], dim: int) -> Network:
    """The ReLU network that computes `function(z, xp)` on [0, 1]^dim, with exact weights.

    Raises
    ------
    TypeError : the function multiplies two quantities that depend on z, so it is not piecewise affine.
    """
    tracer = _Tracer(dim)
    z = np.array([_Signal(Fraction(0), {n: Fraction(1)}) for n in tracer.inputs], dtype=object)
    output = function(z, tracer.namespace)
    if not isinstance(output, _Signal):
        output = _Signal(Fraction(output), {})
    return _cut(tracer, output)


def _cut(tracer: _Tracer, output: _Signal) -> Network:
    """Cut a signal into layers, from the last one down."""
    backwards: list[Layer] = []
    targets = [output]
    for depth in range(output.depth, 0, -1):
        targets = [_split(tracer, target, depth) for target in targets]
        neurons = list(dict.fromkeys(n for target in targets for n in target.terms))
        backwards.append(_layer(targets, neurons))
        targets = [neuron.pre for neuron in neurons if neuron.pre is not None]
    backwards.append(_layer(targets, tracer.inputs))
    return Network(tuple(reversed(backwards)))


def _split(tracer: _Tracer, target: _Signal, depth: int) -> _Signal:
    """The target as a signal of neurons of exactly this depth: the shallower part is carried."""
    deep = {n: c for n, c in target.terms.items() if n.depth == depth}
    shallow = {n: c for n, c in target.terms.items() if n.depth < depth}
    if not shallow:
        return target
    part = _Signal(Fraction(0), shallow)
    while part.depth < depth - 1:
        part = tracer.carry(part)
    return _Signal(target.constant, deep) + tracer.carry(part)


def _layer(targets: Iterable[_Signal], neurons: list[_Neuron]) -> Layer:
    targets = list(targets)
    place = {neuron: k for k, neuron in enumerate(neurons)}
    weights = np.full((len(targets), len(neurons)), Fraction(0), dtype=object)
    for row, target in enumerate(targets):
        for neuron, c in target.terms.items():
            weights[row, place[neuron]] = c
    biases = np.array([target.constant for target in targets], dtype=object)
    return Layer(weights, biases)


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
