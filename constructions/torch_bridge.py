"""The same formulas on tensors, and the same networks as PyTorch modules. Imports torch."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trompe.ground.arguments import unfit
from trompe.theory import MissingDependency
from trompe.theory.namespace import Array

try:
    import torch
except ImportError as error:  # pragma: no cover - exercised by the bare-environment test run
    raise MissingDependency(
        "torch is not installed; it comes with: pip install 'trompe[empirical]'"
    ) from error

if TYPE_CHECKING:
    from trompe.constructions.networks import Network


class TorchNamespace:
    """PyTorch tensors of one dtype on one device; gradients flow through."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype, self.device = dtype, device

    def number(self, value: Fraction | int) -> Any:
        return torch.tensor(float(value), dtype=self.dtype, device=self.device)

    def array(self, values: Any) -> Array:
        as_floats = _floats(values)
        return torch.tensor(as_floats, dtype=self.dtype, device=self.device)

    def maximum(self, a: Array, b: Array) -> Array:
        return torch.maximum(a, b)

    def minimum(self, a: Array, b: Array) -> Array:
        return torch.minimum(a, b)

    def abs(self, a: Array) -> Array:
        return torch.abs(a)

    def sqrt(self, a: Array) -> Array:
        return torch.sqrt(a)

    def sum(self, a: Array) -> Array:
        return torch.sum(a, dim=-1)

    def max(self, a: Array) -> Array:
        return torch.amax(a, dim=-1)


def _floats(values: Any) -> Any:
    return [_floats(v) for v in values] if isinstance(values, (tuple, list)) else float(values)


@lru_cache(maxsize=8)
def torch_namespace(dtype: torch.dtype, device: torch.device) -> TorchNamespace:
    """The namespace of tensors of this dtype on this device."""
    return TorchNamespace(dtype, device)


def sequential(network: Network, dtype: torch.dtype | None = None) -> torch.nn.Sequential:
    """Linear and ReLU modules with the network's weights rounded to `dtype` (float64 unless told)."""
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise unfit("dtype", dtype, "a dtype of floats, such as torch.float32")
    modules: list[torch.nn.Module] = []
    for layer in network.layers:
        outputs, inputs = layer.weights.shape
        linear = torch.nn.Linear(inputs, outputs, dtype=dtype or torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(_floats(layer.weights.tolist()), dtype=torch.float64))
            linear.bias.copy_(torch.tensor(_floats(layer.biases.tolist()), dtype=torch.float64))
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])
