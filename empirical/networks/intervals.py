"""Sound interval bounds of a network on a box, in float64 with outward slack for every rounding.

The network is traced (torch.fx), so anybody's feed-forward network of the layers below can be bounded.
A bound holds for the function of real numbers *and* for its float32 evaluation in any order of
summation: each affine layer is widened by gamma = (n + 2) u / (1 - (n + 2) u), u = 2^-24, times the sum of
absolute values (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). Fast convolution
algorithms that are not plain sums (Winograd) are outside that promise; dense layers are inside.
Inside `of_real_numbers` u is 2^-50: bounds are narrower, and hold for the function of real numbers alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch.fx
from torch.nn import functional as F  # noqa: N812

from trompe.empirical._torch import Floats, torch
from trompe.empirical.networks.inspection import layer_and_call, named_layer
from trompe.empirical.networks.relu import clip_of, may_clip
from trompe.ground.arguments import checked
from trompe.ground.errors import one_line
from trompe.theory import InvalidInput

nn = torch.nn
TINY = 2.0**-126
_UNIT: ContextVar[float] = ContextVar("unit", default=2.0**-24)


@contextmanager
def of_real_numbers() -> Iterator[None]:
    """Inside, bounds are about the function of real numbers, and not about its evaluation in float32.

    They still cover every rounding of their own in float64, u = 2^-53: each rule makes a few roundings where it allows
    for eight times as much. Constants that a forward pass computes are taken as it computes them.
    """
    token = _UNIT.set(2.0**-50)
    try:
        yield
    finally:
        _UNIT.reset(token)


@dataclass(frozen=True)
class Box:
    """Lower and upper bounds, float64 tensors of equal shape (n, ...)."""

    low: torch.Tensor
    high: torch.Tensor

    def __getitem__(self, index: Any) -> Box:
        return Box(self.low[index], self.high[index])

    def map(self, function: Any, *args: Any, **kwargs: Any) -> Box:
        """Apply a monotone function, or one that only moves entries, to both ends."""
        return Box(function(self.low, *args, **kwargs), function(self.high, *args, **kwargs))

    def flatten(self, start: int = 0, end: int = -1) -> Box:
        """torch.flatten, on both ends."""
        return self.map(torch.flatten, start, end)

    def view(self, *shape: Any) -> Box:
        """A reshape of both ends."""
        return self.map(torch.Tensor.reshape, *shape)

    reshape = view

    def relu(self) -> Box:
        """ReLU of both ends."""
        return self.map(torch.relu)

    def widened(self, slack: torch.Tensor | float) -> Box:
        """Both ends moved outward by `slack`."""
        return Box(self.low - slack, self.high + slack)

    @property
    def size(self) -> torch.Tensor:
        """The largest absolute value, entry by entry."""
        return torch.maximum(self.low.abs(), self.high.abs())

    def add(self, other: Any) -> Box:
        """Bounds on the sum with a number, tensor or box."""
        other = as_box(other, self.low)
        out = Box(self.low + other.low, self.high + other.high)
        return out.widened(2 * _UNIT.get() * out.size + TINY)

    def negative(self) -> Box:
        """Bounds on the negated values."""
        return Box(-self.high, -self.low)

    def multiply(self, other: Any) -> Box:
        """Bounds on the product with a number, tensor or box."""
        other = as_box(other, self.low)
        ends = torch.stack(
            torch.broadcast_tensors(
                self.low * other.low, self.low * other.high,
                self.high * other.low, self.high * other.high,
            )
        )  # fmt: skip
        out = Box(ends.amin(0), ends.amax(0))
        return out.widened(2 * _UNIT.get() * out.size + TINY)


def as_box(value: Any, like: torch.Tensor) -> Box:
    """A number, tensor or box as a box."""
    if isinstance(value, Box):
        return value
    tensor = torch.as_tensor(value, dtype=torch.float64, device=like.device)
    return Box(tensor, tensor)


@checked
def box_around(images: Floats, radius: float) -> Box:
    """All images within `radius` of each image in every pixel, cut by [0, 1]^N; its ends are rounded outward."""
    centre = images.double()
    reach = radius * (1 + 2.0**-50)
    return Box((centre - reach).clamp(0, 1), (centre + reach).clamp(0, 1))


@checked
def interval_bounds(model: nn.Module, box: Box, layer: str = "") -> Box:
    """Bounds on the output of `model` over the box, or on that of a layer (`layer#2`: of its second call).

    Raises
    ------
    InvalidInput : the network uses an operation without a bound; give k yourself then. UnknownKey : no such layer.
    """
    return bounds_of(model, layer)(box)


def bounds_of(model: nn.Module, layer: str = "") -> Callable[[Box], Box]:
    """`interval_bounds` of this network and layer, traced once for many boxes."""
    graph = traced(model, layer)

    def bounds(box: Box) -> Box:
        result = _Intervals(graph).bounds(box)
        if not isinstance(result, Box):
            raise InvalidInput("interval bounds: the output does not depend on the input")
        return result

    return bounds


def relu_bounds(model: nn.Module, box: Box) -> tuple[list[tuple[str, Box]], str]:
    """Bounds on what each ReLU call of a forward pass gets, over the box, in order, with the function's name.

    The list ends before the first operation without a rule; the text says which, and is empty where none is.
    """
    try:
        run = _Intervals(traced(model))
    except InvalidInput as error:
        return [], str(error)
    try:
        run.bounds(box)
    except InvalidInput as error:
        return run.clips, str(error)
    return run.clips, ""


class _Tracer(torch.fx.Tracer):
    """Keeps what every call of one module gives."""

    def __init__(self, watched: nn.Module) -> None:
        super().__init__()
        self.watched, self.given = watched, list[Any]()

    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        given = super().call_module(m, forward, args, kwargs)
        if m is self.watched:
            self.given.append(given)
        return given


def traced(model: nn.Module, layer: str = "", who: str = "interval bounds") -> torch.fx.GraphModule:
    """The network, or its part up to a layer's call. who : whose rules will run on it, for messages."""
    name, call = layer_and_call(model, layer)
    tracer = _Tracer(named_layer(model, name))
    for name, module in model.named_modules():
        if module._forward_hooks or module._forward_pre_hooks:
            raise InvalidInput(
                f"{who}: {name or 'the network'} has hooks, which may change what it computes; remove them"
            )
    try:
        graph = tracer.trace(model)
        if layer:
            _cut(graph, tracer.given[(call or 1) - 1].node)
        return torch.fx.GraphModule(model, graph)
    except Exception as error:
        raise InvalidInput(
            f"{who}: the network cannot be traced ({first_line(error)}); give the bound k yourself"
        ) from error


def _cut(graph: torch.fx.Graph, last: torch.fx.Node) -> None:
    """Leave out all that comes behind a node, in-place operations on it too."""
    for node in reversed(graph.nodes):
        if node is last:
            break
        graph.erase_node(node)
    graph.output(last)


def first_line(error: Exception) -> str:
    """What torch.fx says, without the traceback that it writes below."""
    return one_line(str(error).strip().partition("\n")[0] or type(error).__name__)


def power_of_two_above(value: float, factor: float = 2.0) -> float:
    """The smallest power of two at or above factor * value (exact in every float format)."""
    bound = 1.0
    while bound < factor * value:
        bound *= 2
    return bound


def affine(box: Box, apply: Any, weight: torch.Tensor, bias: torch.Tensor | None) -> Box:
    """apply(x, weight, bias) over the box; `apply` is linear in x and in weight, its sums have n terms."""
    weight = weight.double()
    terms = weight[0].numel()
    centre, radius = (box.low + box.high) / 2, (box.high - box.low) / 2
    middle = apply(centre, weight, None if bias is None else bias.double())
    spread = apply(radius, weight.abs(), None)
    scale = apply(box.size, weight.abs(), None if bias is None else bias.double().abs())
    gamma = (terms + 3) * _UNIT.get() / (1 - (terms + 3) * _UNIT.get())
    return Box(middle - spread, middle + spread).widened(gamma * scale + (terms + 3) * TINY)


def averaged(box: Box, mean: Any) -> Box:
    """Means of groups of entries of one image; terms may cancel, so the slack follows their absolute values."""
    terms = box.low[0].numel() + 3
    slack = terms * _UNIT.get() / (1 - terms * _UNIT.get()) * mean(box.size) + terms * TINY
    return box.map(mean).widened(slack)


class _Intervals(torch.fx.Interpreter):
    """Runs a traced network on boxes."""

    def __init__(self, traced: torch.fx.GraphModule) -> None:
        super().__init__(traced)
        self.clips: list[tuple[str, Box]] = []
        """Function and input of each call that clips at 0, so far."""

    def bounds(self, box: Box) -> Any:
        """The output over the box; whatever fails is one line."""
        try:
            with torch.no_grad():
                return self.run(box)
        except InvalidInput as error:  # torch.fx writes its place behind the first line
            raise InvalidInput(str(error).partition("\n")[0]) from None
        except Exception as error:
            raise InvalidInput(
                f"interval bounds: the network fails on boxes of shape {tuple(box.low.shape)}: {first_line(error)}"
            ) from error

    def run_node(self, n: torch.fx.Node) -> Any:
        """See torch.fx: as there, and what an operation writes in place is what its input's other readers would see."""
        if _writes_in_place(n, self.module) and not _alone(n):
            raise _unknown(f"{n.target} in place on a tensor that is read again")
        return super().run_node(n)

    def _clipped(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Box:
        """A function that may clip: all but some thresholds are monotone, end by end."""
        rest = {k: v for k, v in kwargs.items() if k != "input"}
        x, *others = args or (kwargs["input"],)
        clip = clip_of(func, (x.low, *others), rest)
        name = func.__name__.strip("_")
        if _has_box((*others, *rest.values())) or (clip is None and name == "threshold"):
            raise _unknown(name)
        result: Box = x.map(lambda end: func(end.clone(), *others, **rest))
        if clip is not None:
            self.clips.append((name, x))
            upper = clip.upper
            is_open = not isinstance(upper, torch.Tensor) and upper == float("inf")
            return result if is_open else Box(result.low, result.high * (1 + 4 * _UNIT.get()))
        return result.widened(4 * _UNIT.get() * result.size)

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module, x = self.fetch_attr(target), args[0]
        if not isinstance(x, Box):
            return super().call_module(target, args, kwargs)
        if isinstance(module, nn.Linear):
            return affine(x, F.linear, module.weight, module.bias)
        if isinstance(module, nn.Conv2d) and module.padding_mode == "zeros":
            options: Any = (module.stride, module.padding, module.dilation, module.groups)
            return affine(
                x, lambda a, w, b: F.conv2d(a, w, b, *options), module.weight, module.bias
            )
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d) and not module.training:
            return _batch_norm(x, module)
        if isinstance(module, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            return averaged(x, module)
        if isinstance(module, nn.ReLU):
            return self._clipped(F.relu, (x,), {})
        if isinstance(module, nn.Hardtanh):  # and ReLU6, which is one
            return self._clipped(F.hardtanh, (x, module.min_val, module.max_val), {})
        if isinstance(module, nn.Threshold):
            return self._clipped(F.threshold, (x, module.threshold, module.value), {})
        if isinstance(module, nn.Flatten | nn.Identity | nn.MaxPool2d | nn.AdaptiveMaxPool2d):
            return x.map(module)
        if isinstance(module, nn.modules.dropout._DropoutNd) and not module.training:
            return x
        raise _unknown(f"layer {target} ({type(module).__name__})")

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if may_clip(target) and _has_box((*args, *kwargs.values())):
            return self._clipped(target, args, kwargs)
        if not _has_box(args):
            return super().call_function(target, args, kwargs)
        if target is getattr and args[1] == "shape":
            return args[0].low.shape
        if target in _OF_TWO and (kwargs or len(args) != 2):
            raise _unknown(f"{target.__name__} with more than two operands")
        if target in (operator.add, operator.iadd, torch.add):
            return _box_first(args).add(_other(args))
        if target in (operator.sub, torch.sub):
            left, right = args
            like = _box_first(args).low
            return as_box(left, like).add(as_box(right, like).negative())
        if target in (operator.mul, torch.mul):
            return _box_first(args).multiply(_other(args))
        if target is operator.truediv and not isinstance(args[1], Box):
            return args[0].multiply(1 / torch.as_tensor(args[1], dtype=torch.float64))
        if target is operator.neg:
            return args[0].negative()
        if target is operator.getitem:
            return args[0][args[1]]
        if target is torch.cat:
            parts, axis = args[0], kwargs.get("dim", args[1] if len(args) > 1 else 0)
            return Box(
                torch.cat([p.low for p in parts], axis), torch.cat([p.high for p in parts], axis)
            )
        if target in (torch.flatten, F.max_pool2d, F.adaptive_max_pool2d):
            return args[0].map(target, *args[1:], **kwargs)
        if target in (F.avg_pool2d, F.adaptive_avg_pool2d):
            return averaged(args[0], lambda t: target(t, *args[1:], **kwargs))
        if target is torch.mean:
            return averaged(args[0], lambda t: torch.mean(t, *args[1:], **kwargs))
        if target is F.dropout and not kwargs.get("training", True):
            return args[0]
        raise _unknown(getattr(target, "__name__", str(target)))

    def call_method(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not _has_box(args):
            return super().call_method(target, args, kwargs)
        if may_clip(getattr(torch.Tensor, target, None)):
            return self._clipped(getattr(torch.Tensor, target), args, kwargs)
        if target in ("flatten", "view", "reshape"):
            return getattr(args[0], target)(*args[1:], **kwargs)
        if target in ("permute", "transpose"):
            return args[0].map(getattr(torch.Tensor, target), *args[1:], **kwargs)
        if target == "mean":
            return averaged(args[0], lambda t: t.mean(*args[1:], **kwargs))
        if target == "size":
            return args[0].low.size(*args[1:])
        if target == "contiguous":
            return args[0]
        raise _unknown(f"method {target}")


_OF_TWO = (
    operator.add, operator.iadd, operator.sub, operator.mul, operator.truediv, torch.add, torch.sub, torch.mul,
)  # fmt: skip
"""Of two operands alone; torch's also take a factor of the second, by keyword or between them."""


def _batch_norm(x: Box, module: Any) -> Box:
    deviation = torch.sqrt(module.running_var.double() + module.eps)
    weight = torch.ones_like(deviation) if module.weight is None else module.weight.double()
    bias = torch.zeros_like(deviation) if module.bias is None else module.bias.double()
    shape = (1, -1, *[1] * (x.low.ndim - 2))
    factor = (weight / deviation).view(shape)
    offset = (bias - module.running_mean.double() * weight / deviation).view(shape)
    ends = torch.stack([x.low * factor, x.high * factor])
    out = Box(ends.amin(0) + offset, ends.amax(0) + offset)
    mean = module.running_mean.double().abs().view(shape)
    scale = (x.size + mean) * factor.abs() + bias.abs().view(shape)
    return out.widened(16 * _UNIT.get() * scale + TINY)


_VIEWS = ("flatten", "view", "reshape", "permute", "transpose", "contiguous", "getitem", "dropout")


def _writes_in_place(node: torch.fx.Node, module: Any) -> bool:
    """Does this operation overwrite its input?"""
    if node.op == "call_module":
        return bool(getattr(module.get_submodule(str(node.target)), "inplace", False))
    if node.op not in ("call_function", "call_method"):
        return False
    name = str(node.target if node.op == "call_method" else getattr(node.target, "__name__", ""))
    of_tensor = name.endswith("_") and not name.endswith("__")
    says_so = node.kwargs.get("inplace", may_clip(node.target) and node.args[-1:] == (True,))
    return of_tensor or name in ("iadd", "imul", "isub", "itruediv") or bool(says_so)


def _alone(node: torch.fx.Node) -> bool:
    """Does nothing else read the input of this node, or what its input is a view of?"""
    source = node.args[0] if node.args else node.kwargs.get("input")
    while isinstance(source, torch.fx.Node):
        if len(source.users) > 1 or source.op == "placeholder":
            return False
        name = str(getattr(source.target, "__name__", source.target))
        module = source.graph.owning_module
        is_view = name in _VIEWS or (
            source.op == "call_module"
            and module is not None
            and isinstance(
                module.get_submodule(str(source.target)),
                nn.Flatten | nn.Identity | nn.modules.dropout._DropoutNd,
            )
        )
        if not is_view and not (module is not None and _writes_in_place(source, module)):
            return True
        source = source.args[0] if source.args else None
    return True


def _has_box(args: tuple[Any, ...]) -> bool:
    return any(
        isinstance(a, Box) or (isinstance(a, (tuple, list)) and _has_box(tuple(a))) for a in args
    )


def _box_first(args: tuple[Any, ...]) -> Box:
    box: Box = args[0] if isinstance(args[0], Box) else args[1]
    return box


def _other(args: tuple[Any, ...]) -> Any:
    return args[1] if isinstance(args[0], Box) else args[0]


def _unknown(what: str) -> InvalidInput:
    return InvalidInput(
        f"interval bounds: no rule for {what}; known are linear, convolution, batch norm in eval mode, ReLU and other clips, "
        "pooling, mean, cat, + - *; give the bound k yourself"
    )
