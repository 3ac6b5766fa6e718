"""Redirected ReLU gradients: a dead unit still says which way is up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.overrides import TorchFunctionMode

from trompe.empirical._torch import torch

__all__ = ["ReLUTap", "RedirectedReLU"]


class _Redirect(torch.autograd.Function):
    """relu forward; backward, where a whole map (or neuron) is dead, the gradient passes if it asks for more.

    The loss falls along -gradient, so it asks for more where the gradient is negative.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(x)
        return x.clamp_min(0)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        alive = x > 0
        if x.ndim > 2:
            some = alive.flatten(2).any(2).view(*x.shape[:2], *[1] * (x.ndim - 2))
        else:
            some = alive
        redirected = torch.where(gradient < 0, gradient, torch.zeros_like(gradient))
        return torch.where(some, gradient * alive, redirected)


_RELUS: frozenset[Callable[..., Any]] = frozenset(
    {
        torch.relu,
        torch.relu_,
        torch.nn.functional.relu,
        torch.nn.functional.relu_,
        torch.Tensor.relu,
        torch.Tensor.relu_,
    }
)


class RedirectedReLU(TorchFunctionMode):
    """Inside this context every ReLU, of whatever model, has redirected gradients; values are unchanged.

    It catches `nn.ReLU`, `torch.relu`, `F.relu` and `Tensor.relu`, in-place ones too (which then leave
    their input as it was), and edits no model. Source of the idea: Lucid's `redirected_relu_grad`.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _RELUS:
            x = args[0] if args else (kwargs or {})["input"]
            return _Redirect.apply(x)
        return func(*args, **(kwargs or {}))


class ReLUTap(TorchFunctionMode):
    """Inside this context `found(k, output)` is called for the k-th ReLU call of the forward pass, k = 0, 1, ...

    Modules and plain functions alike; a module that is called twice makes two calls. The output is what the
    ReLU returned: clone it to keep it, since a later in-place operation may overwrite it.
    """

    def __init__(self, found: Callable[[int, torch.Tensor], object]) -> None:
        super().__init__()
        self.found, self.calls = found, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _RELUS:
            self.found(self.calls, result)
            self.calls += 1
        return result
