"""What clips at 0 in anybody's network: its input and output watched, or its gradient redirected; no model is edited.

ReLU, ReLU6, Hardtanh with a lower end of 0, `clamp(min=0)`, `clamp_min(0)` and `Threshold(0, 0)`; modules, functions
and methods alike, in-place ones too. All are called ReLU here.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch.overrides import TorchFunctionMode

from trompe.empirical._torch import Axis, torch
from trompe.empirical.networks.axes import AxisTrace, usual_axis
from trompe.ground.arguments import checked

_F = torch.nn.functional
_ARGUMENTS: dict[Callable[..., Any], tuple[str, ...]] = {}
"""What clips, or may: function -> the names of its arguments, by place."""
for _home in (torch, torch.Tensor, _F):
    for _name, _rest in (
        ("relu", ("inplace",)),
        ("relu6", ("inplace",)),
        ("hardtanh", ("min_val", "max_val", "inplace")),
        ("clamp", ("min", "max")),
        ("clip", ("min", "max")),
        ("clamp_min", ("min",)),
        ("threshold", ("threshold", "value", "inplace")),
    ):
        for _spelling in (_name, _name + "_"):
            if hasattr(_home, _spelling):
                _ARGUMENTS[getattr(_home, _spelling)] = ("input", *_rest)


@dataclass(frozen=True)
class Clip:
    """A call that clips its input at 0 from below."""

    input: torch.Tensor
    upper: Any
    """Its upper end, a number or a tensor; infinite where there is none."""
    closed: bool
    """Does the gradient pass at the ends themselves, as that of `clamp` does?"""
    inplace: bool


def may_clip(func: Any) -> bool:
    """Is this one of the functions that clip at 0 for some arguments?"""
    return func in _ARGUMENTS


def clip_of(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Clip | None:
    """The call as a clip at 0; None where it is something else."""
    places = _ARGUMENTS.get(func)
    if places is None:
        return None
    given = dict(zip(places, args, strict=False)) | kwargs
    tensor = given.get("input", given.get("self"))
    name = func.__name__.strip("_")
    if "out" in given or not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
        return None
    lowest = {"hardtanh": "min_val", "threshold": "threshold"}.get(name, "min")
    starts_at_0 = name.startswith("relu") or _is_zero(given.get(lowest))
    if not starts_at_0 or (name == "threshold" and not _is_zero(given.get("value"))):
        return None
    upper = {"relu6": 6.0, "hardtanh": given.get("max_val", 1.0)}.get(name, given.get("max"))
    inplace = func.__name__.endswith("_") or bool(given.get("inplace", False))
    return Clip(tensor, math.inf if upper is None else upper, name.startswith("cl"), inplace)


def _is_zero(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return bool((value == 0).all())
    return value is not None and value == 0


OTHERS = (
    "abs", "absolute", "alpha_dropout", "celu", "celu_", "clamp_max", "cos", "elu", "elu_", "erf", "exp", "gelu", "glu", "gumbel_softmax",
    "hardshrink", "hardsigmoid", "hardswish", "leaky_relu", "leaky_relu_", "log", "log_sigmoid", "logsigmoid", "log_softmax", "maximum", "minimum",
    "mish", "multi_head_attention_forward", "prelu", "reciprocal", "rnn_relu", "rnn_tanh", "lstm", "gru", "rrelu", "rrelu_",
    "scaled_dot_product_attention", "selu", "selu_", "sigmoid", "sigmoid_", "sign", "silu", "sin", "softmax", "softmin", "softplus",
    "softshrink", "softsign", "sqrt", "square", "tanh", "tanh_", "tanhshrink", "where", "where_",
)  # fmt: skip
"""Functions that are not linear and do not clip at 0. Pooling and normalisation are not among them."""


def other_of(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """The name of a call that is not linear and does not clip at 0; None for anything else."""
    name = str(getattr(func, "__name__", ""))
    if func in _ARGUMENTS and clip_of(func, args, kwargs) is None:
        return name.strip("_")
    return name.strip("_") if name in OTHERS else None


class _Redirect(torch.autograd.Function):
    """The same values forward; backward, where a whole map (or neuron) is dead, the gradient passes if it asks for more.

    The loss falls along -gradient, so it asks for more where the gradient is negative.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, x: torch.Tensor, clip: Clip, axis: int, call: Callable[[torch.Tensor], Any]
    ) -> Any:
        alive = x > 0
        some = alive
        if x.ndim > 2:
            places = [k for k in range(1, x.ndim) if k != axis]
            some = alive.amax(places, keepdim=True)
        passes = (x >= 0) & (x <= clip.upper) if clip.closed else alive & (x < clip.upper)
        ctx.save_for_backward(some, passes)
        result = call(x)
        if clip.inplace:
            ctx.mark_dirty(x)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:  # type: ignore[override]
        some, passes = ctx.saved_tensors
        redirected = torch.where(gradient < 0, gradient, torch.zeros_like(gradient))
        return torch.where(some, gradient * passes, redirected), None, None, None


class ReLUMode(TorchFunctionMode, ABC):
    """Inside this context `relu` is called in place of everything that clips at 0."""

    @abstractmethod
    def relu(
        self, clip: Clip, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any: ...

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        clip = clip_of(func, args, kwargs)
        return func(*args, **kwargs) if clip is None else self.relu(clip, func, args, kwargs)


class RedirectedReLU(ReLUMode):
    """Inside this context every ReLU has redirected gradients: a dead unit still says which way is up.

    Values are bit-identical, also where an in-place ReLU writes into its input. A map is dead if it is
    nowhere above 0; a unit's map has all axes but the first and `unit_axis`. By default, and where an input has no such
    axis, that follows from the layer before (`AxisTrace`), else it is the last of three axes and axis 1 of others.
    Source of the idea: Lucid's `redirected_relu_grad`.
    """

    @checked
    def __init__(self, unit_axis: Axis | None = None) -> None:
        super().__init__()
        self.unit_axis = unit_axis
        self._axes: Sequence[int | None] | None = None
        self._calls = 0
        self._trace = AxisTrace()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        out = super().__torch_function__(func, types, args, kwargs)
        if self._axes is None:
            self._trace.follow(func, args, kwargs or {}, out)
        return out

    @classmethod
    def along(cls, axes: Sequence[int | None]) -> RedirectedReLU:
        """For one forward pass, with the unit axis of each of its ReLU calls."""
        mode = cls()
        mode._axes = axes
        return mode

    def relu(
        self, clip: Clip, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        x = clip.input
        rest = {k: v for k, v in kwargs.items() if k not in ("input", "self")}
        if self._axes is not None:
            known = self._axes[self._calls]
            axis, self._calls = usual_axis(x.shape) if known is None else known, self._calls + 1
        else:
            axis = self._trace.axis(x)
        if (
            self._axes is None
            and self.unit_axis is not None
            and x.ndim > 2
            and self.unit_axis % x.ndim >= 1
        ):
            axis = self.unit_axis % x.ndim if abs(self.unit_axis) < x.ndim else axis
        return _Redirect.apply(x, clip, axis, lambda y: func(y, *args[1:], **rest))
