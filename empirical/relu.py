"""Every ReLU call of anybody's network: its output watched, or its gradient redirected; no model is edited.

`nn.ReLU`, `torch.relu`, `F.relu` and `Tensor.relu` alike, in-place ones too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch.overrides import TorchFunctionMode

from trompe.empirical._torch import torch


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


class _ReLUMode(TorchFunctionMode, ABC):
    """Inside this context `relu` is called in place of every ReLU."""

    @abstractmethod
    def relu(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _RELUS:
            return self.relu(func, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


class RedirectedReLU(_ReLUMode):
    """Inside this context every ReLU has redirected gradients: a dead unit still says which way is up.

    Values are unchanged; an in-place ReLU leaves its input as it was. Source of the idea: Lucid's
    `redirected_relu_grad`.
    """

    def relu(self, func: Callable[..., Any], input: Any, *_: Any, **__: Any) -> Any:  # noqa: A002
        return _Redirect.apply(input)


class ReLUTap(_ReLUMode):
    """Inside this context `found(k, output)` is called for the k-th ReLU call of the forward pass, k = 0, 1, ...

    Modules and plain functions alike; a module that is called twice makes two calls. The output is what the
    ReLU returned: clone it to keep it, since a later in-place operation may overwrite it.
    """

    def __init__(self, found: Callable[[int, torch.Tensor], object]) -> None:
        super().__init__()
        self.found, self.calls = found, 0

    def relu(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        self.found(self.calls, result)
        self.calls += 1
        return result


class ReLUOutput(torch.nn.Module):
    """The network up to its k-th ReLU call, as a network of its own."""

    def __init__(self, model: torch.nn.Module, call: int) -> None:
        super().__init__()
        self.model, self.call = model, call

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []

        def keep(call: int, output: torch.Tensor) -> None:
            if call == self.call:
                kept.append(output.clone())

        with ReLUTap(keep):
            self.model(x)
        return kept[0]


def relu_names(model: torch.nn.Module, images: torch.Tensor) -> list[str]:
    """A name for each ReLU call of a forward pass: the innermost module that makes it."""
    stack, names, handles = [""], [], []
    for name, module in model.named_modules():
        handles.append(
            module.register_forward_pre_hook(lambda _m, _i, name=name: stack.append(name))
        )
        handles.append(module.register_forward_hook(lambda _m, _i, _o: (stack.pop(), None)[1]))
    try:
        with ReLUTap(lambda _call, _output: names.append(stack[-1])), torch.no_grad():
            model(images[:1])
    finally:
        for handle in handles:
            handle.remove()
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        label = name or "forward"
        out.append(label if seen[name] == 1 else f"{label} (call {seen[name]})")
    return out
