"""Certified upper bounds on the Lipschitz constant of a unit over all of R^N, in l2 or l_inf, from a network's weights.

Every number that a network computes on its way gets a constant K: for all inputs y, z it changes by at most K |y - z|.
A linear layer W makes sum_j |W_ij| K_j of them. In l2 all numbers of a layer together have a constant V as well, and then V times the
l2 norm of row i will do too; W has V' = V sqrt(|W|_1 |W|_inf), or the l2 norm of the new K if that is less. Smaller of the two,
layer after layer. ReLU and other clips change neither; a maximum has the largest K of its window; sums add. For l_inf the
constants are those of |W_n| ... |W_1| applied to ones. Float64, each rule widened by more than its roundings; about the function of real numbers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch.fx
from torch.nn import functional as F  # noqa: N812

from trompe.empirical._torch import Shape, torch
from trompe.empirical.maximization.objectives import KINDS, Objective, mean_of_map
from trompe.empirical.networks.intervals import first_line, traced
from trompe.proofs.handover.concluded import ROOM
from trompe.theory import InvalidInput

nn = torch.nn
Norm = Literal["l2", "linf"]
NORMS: tuple[Norm, Norm] = ("l2", "linf")
_KEEPS = (nn.ReLU, nn.Hardtanh, nn.Identity, nn.modules.dropout._DropoutNd)
_KEEPING = {torch.relu, torch.relu_, F.relu, F.relu_, F.relu6, F.hardtanh}
_KEEPING_METHODS = ("relu", "relu_", "contiguous")
_MOVING = ("flatten", "view", "reshape", "permute", "transpose")


@dataclass(frozen=True)
class Slopes:
    """Constants of the numbers at one place of a network: of each, shape (1, ...), and of all together (infinite in l_inf)."""

    each: torch.Tensor
    together: float

    @property
    def tight(self) -> Slopes:
        """No number changes by more than all together, and these by at most the root of the sum of squares."""
        total = float(self.each.square().sum().sqrt()) * _up(self.each.numel())
        if math.isinf(self.together):
            return self
        together = min(self.together, total)
        return Slopes(self.each.clamp(max=together), together)

    def map(self, move: Callable[..., Any], *args: Any, **kwargs: Any) -> Slopes:
        """Numbers moved to other places, or left out."""
        return Slopes(move(self.each, *args, **kwargs), self.together)


def _up(terms: int) -> float:
    """More than the roundings of a sum of so many products, twice."""
    return 1 + (2 * terms + 16) * 2.0**-52


def slopes(model: nn.Module, layer: str, shape: Shape, norm: str) -> Slopes:
    """Constants of what a layer gives, as a function of the input (channels, height, width).

    Raises
    ------
    InvalidInput : the network uses an operation without a rule, which is named.
    """
    example = next(iter((*model.parameters(), *model.buffers())), torch.zeros(0))
    ones = torch.ones((1, *shape), dtype=torch.float64, device=example.device)
    start = Slopes(ones, 1.0 if norm == "l2" else math.inf)
    try:
        with torch.no_grad():
            found = _Constants(traced(model, layer, _WHO)).run(start)
    except InvalidInput as error:
        raise InvalidInput(str(error).partition("\n")[0]) from None
    except Exception as error:
        raise InvalidInput(
            f"{_WHO}: the network fails on shape {shape}: {first_line(error)}"
        ) from error
    if not isinstance(found, Slopes):
        raise InvalidInput(f"{_WHO}: the output does not depend on the input")
    return found


_WHO = "Lipschitz bounds"


def of_unit(found: Slopes, objective: Objective, unit: int, axis: int) -> float:
    """An upper bound on a unit's Lipschitz constant, from those of its layer's output. axis : that of the units there.

    Raises
    ------
    InvalidInput : the objective is a function, of which nothing is known; or the bound is beyond floats.
    """
    if not isinstance(objective.kind, str):
        raise InvalidInput(f"{_WHO}: no rule for an objective that is a function")
    each = found.each.movedim(axis, 1)
    objective.check_unit(unit, each.shape[1])
    weights = torch.zeros(each.shape[1], dtype=torch.float64, device=each.device)
    weights[unit if not objective.groups else 0] = 1
    if objective.groups:
        weights = objective.weights(each.shape[1])[unit].to(each).abs()
    maps = torch.einsum("u...,u->...", each[0], weights)[None]
    kind = KINDS[objective.kind]
    own = float(maps if maps.ndim == 1 else kind(maps))
    places = maps.numel() if kind is mean_of_map else 1
    together = found.together * float(weights.square().sum().sqrt()) / math.sqrt(places)
    bound = min(own, together) * _up(each.numel()) * (1 + ROOM)
    if not math.isfinite(bound):
        raise InvalidInput(f"{_WHO}: the bound is beyond what floats hold")
    return bound


class _Constants(torch.fx.Interpreter):
    """Runs a traced network on constants."""

    def run_node(self, n: torch.fx.Node) -> Any:
        """See torch.fx; an operation that writes a sum in place is refused, since what it overwrites may be read again."""
        if n.op == "call_function" and n.target in (operator.iadd, operator.isub, operator.imul):
            raise _unknown(f"{n.target} in place")
        return super().run_node(n)

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module, x = self.fetch_attr(target), args[0]
        if not isinstance(x, Slopes):
            return super().call_module(target, args, kwargs)
        if isinstance(module, _KEEPS) and not getattr(module, "p", 0) * module.training:
            return x
        if isinstance(module, nn.Linear):
            return _linear(x, F.linear, module.weight)
        if isinstance(module, nn.Conv2d) and module.padding_mode == "zeros":
            options: Any = (module.stride, module.padding, module.dilation, module.groups)
            return _linear(x, lambda a, w: F.conv2d(a, w, None, *options), module.weight)
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d) and not module.training:
            return _normalised(x, module)
        if isinstance(module, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            return _averaged(x, module)
        if isinstance(module, nn.MaxPool2d):
            return _largest(x, module)
        if isinstance(module, nn.Flatten):
            return x.map(module)
        raise _unknown(f"layer {target} ({type(module).__name__})")

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        some = [a for a in args if isinstance(a, Slopes)]
        if target is torch.cat and isinstance(args[0], (list, tuple)):
            some = [a for a in args[0] if isinstance(a, Slopes)]
            if some and len(some) == len(args[0]):
                axis = kwargs.get("dim", args[1] if len(args) > 1 else 0)
                together = math.hypot(*(part.together for part in some)) * _up(len(some))
                return Slopes(torch.cat([part.each for part in some], axis), together)
        if not some:
            return super().call_function(target, args, kwargs)
        x = some[0]
        if target is getattr and args[1] == "shape":
            return x.each.shape
        if target in _KEEPING or (target is F.dropout and not kwargs.get("training", True)):
            return x
        of_two = len(args) == 2 and not kwargs  # torch.add(y, 5, z) is y + 5 z
        if target in (operator.add, torch.add, operator.sub, torch.sub) and of_two:
            if len(some) == 1:  # a constant is added
                other = args[1] if args[0] is x else args[0]
                return _scaled(x, torch.ones_like(torch.as_tensor(other, dtype=torch.float64)))
            if some[0].each.shape != some[1].each.shape:
                raise _unknown("a sum that repeats numbers")
            both = (some[0].each + some[1].each, some[0].together + some[1].together)
            return Slopes(both[0] * _up(1), both[1] * _up(1)).tight
        if target in (operator.mul, torch.mul, operator.truediv) and of_two and len(some) == 1:
            other = torch.as_tensor(args[1] if args[0] is x else args[0], dtype=torch.float64)
            if target is not operator.truediv:
                return _scaled(x, other)
            if args[0] is x:
                return _scaled(x, 1 / other)
        if target is operator.neg:
            return x
        if target is F.max_pool2d and len(args) <= 5:
            return _largest(x, nn.MaxPool2d(*args[1:], **kwargs))
        if target is torch.flatten:
            return x.map(target, *args[1:], **kwargs)
        if target in (F.avg_pool2d, F.adaptive_avg_pool2d, torch.mean):
            return _averaged(x, lambda t: target(t, *args[1:], **kwargs))
        raise _unknown(getattr(target, "__name__", str(target)))

    def call_method(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not isinstance(args[0], Slopes):
            return super().call_method(target, args, kwargs)
        if target in _KEEPING_METHODS:
            return args[0]
        if target in _MOVING:
            return args[0].map(getattr(torch.Tensor, target), *args[1:], **kwargs)
        if target == "mean":
            return _averaged(args[0], lambda t: t.mean(*args[1:], **kwargs))
        if target == "size":
            return args[0].each.size(*args[1:])
        raise _unknown(f"method {target}")


def _linear(x: Slopes, apply: Callable[..., torch.Tensor], weight: torch.Tensor) -> Slopes:
    """apply(x, weight), linear in both, without its bias."""
    size = weight.detach().double().abs()
    up = _up(size[0].numel())
    each = apply(x.each, size) * up
    if math.isinf(x.together):
        return Slopes(each, x.together)
    ones = torch.ones_like(x.each)
    rows = apply(ones, size.square()).sqrt() * up
    together = x.together * _norm(ones, lambda t: apply(t, size))
    return Slopes(torch.minimum(each, x.together * rows * up), together).tight


def _norm(ones: torch.Tensor, apply: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """At least the l2 norm of a map with weights W, from |W|: the root of the largest row sum times the largest column sum."""
    with torch.enable_grad():
        given = ones.clone().requires_grad_()
        rows = apply(given)
        (columns,) = torch.autograd.grad(rows.sum(), given)
    return math.sqrt(float(rows.max()) * float(columns.max())) * _up(ones.numel() + rows.numel())


def _scaled(x: Slopes, factor: torch.Tensor) -> Slopes:
    """Times a number, or one a channel; `factor` is off by a few roundings at most."""
    size = factor.double().abs().to(x.each.device)
    if torch.broadcast_shapes(size.shape, x.each.shape) != x.each.shape:
        raise _unknown("a product or sum that repeats numbers")
    return Slopes(x.each * size * _up(1), x.together * float(size.max()) * _up(1)).tight


def _normalised(x: Slopes, module: Any) -> Slopes:
    """Batch norm in eval mode."""
    factor = 1 / torch.sqrt(module.running_var.double() + module.eps)
    if module.weight is not None:
        factor = factor * module.weight.double()
    return _scaled(x, factor.view(1, -1, *[1] * (x.each.ndim - 2)))


def _averaged(x: Slopes, mean: Callable[[torch.Tensor], torch.Tensor]) -> Slopes:
    """Means of groups of numbers."""
    each = mean(x.each) * _up(x.each.numel())
    if math.isinf(x.together):
        return Slopes(each, x.together)
    return Slopes(each, x.together * _norm(torch.ones_like(x.each), mean)).tight


def _largest(x: Slopes, pool: nn.MaxPool2d) -> Slopes:
    """The largest of each window: it changes by at most what one of its numbers does, and a number is in few windows."""
    if pool.dilation not in (1, (1, 1)):
        raise _unknown("max pooling with dilation")
    sides, steps = (t if isinstance(t, tuple) else (t, t) for t in (pool.kernel_size, pool.stride))
    windows = math.prod(math.ceil(k / s) for k, s in zip(sides, steps, strict=True))
    return Slopes(pool(x.each), x.together * math.sqrt(windows) * _up(1)).tight


def _unknown(what: str) -> InvalidInput:
    return InvalidInput(
        f"{_WHO}: no rule for {what}; known are linear, convolution, batch norm in eval mode, ReLU, pooling, mean, cat, flatten, + - and "
        "products with numbers"
    )
