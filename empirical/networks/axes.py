"""Which axis of a layer's output holds its units: followed through a forward pass, from the layer that made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ReferenceType, ref

from torch.overrides import TorchFunctionMode

from trompe.empirical._torch import torch
from trompe.theory import InvalidInput

_KEPT = frozenset({"cat", "chunk", "split", "narrow", "concat", "concatenate", "interpolate", "pad", "__getitem__", "mean", "sum", "amax"})  # fmt: skip
"""Functions that keep every axis in its place where they keep the number of axes; so does pooling."""


def usual_axis(shape: tuple[int, ...] | torch.Size) -> int:
    """The axis of the units where nothing else tells: the last of (n, tokens, features), else axis 1."""
    return 2 if len(shape) == 3 else 1


def chosen_axis(axis: int, shape: tuple[int, ...] | torch.Size, what: str) -> int:
    """A user's unit axis as an axis of an output of this shape; outputs (n, units) have axis 1.

    Raises
    ------
    InvalidInput : there is no such axis, or it is that of the images.
    """
    n = len(shape)
    if n <= 2:
        return 1
    if not axis % n >= 1 or not -n <= axis < n:
        raise InvalidInput(
            f"unit axis {axis}: {what} has shape {('n', *shape[1:])}; expected 1 to {n - 1}, or -1 for the last".replace(
                "'n'", "n"
            )
        )
    return axis % n


class AxisTrace(TorchFunctionMode):
    """Inside this context the unit axis of each output is known, where it follows from a layer's kind.

    A convolution puts units on axis 1, a linear layer on the last axis. Permutations move the axis; sums, norms
    and all that keeps a shape leave it. A product of tensors or a reshape loses it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[int, tuple[ReferenceType[torch.Tensor], int]] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        self.follow(func, args, kwargs or {}, out)
        return out

    def follow(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> None:
        """Take note of a call and of what it gave."""
        for part in out if isinstance(out, (tuple, list)) else (out,):
            if type(part) is torch.Tensor:
                axis = self._after(str(getattr(func, "__name__", "")), args, kwargs, part)
                if axis is not None:
                    self._of[id(part)] = (ref(part), axis)

    def known(self, tensor: torch.Tensor) -> int | None:
        """The unit axis of this output, if the trace followed it."""
        found = self._of.get(
            id(tensor)
        )  # of a tensor that is gone, perhaps, whose id was given again
        return None if found is None or found[0]() is not tensor else found[1]

    def axis(self, tensor: torch.Tensor, chosen: int | None = None, what: str = "a layer") -> int:
        """The unit axis: the user's, else the traced one, else the usual one for so many axes."""
        if chosen is not None:
            return chosen_axis(chosen, tensor.shape, what)
        known = self.known(tensor)
        return usual_axis(tensor.shape) if known is None or tensor.ndim < 3 else known

    def _after(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor
    ) -> int | None:
        if name.startswith("conv") and name.rstrip("_")[-1:] == "d":
            return 1 if out.ndim > 2 else None
        if name == "linear":
            return out.ndim - 1
        given = [*args, *kwargs.values()]
        flat = [t for a in given for t in (a if isinstance(a, (tuple, list)) else (a,))]
        tensors = [t for t in flat if isinstance(t, torch.Tensor) and self.known(t) is not None]
        if not tensors:
            return None
        source = next((t for t in tensors if t.shape == out.shape), tensors[0])
        axis = self._of[id(source)][1]
        n = source.ndim
        if name == "permute":
            moved = kwargs.get("dims", args[1] if isinstance(args[1:2], tuple) and len(args) == 2 else args[1:])  # fmt: skip
            return [d % n for d in moved].index(axis)
        if name in ("transpose", "swapaxes", "swapdims"):
            a, b = (d % n for d in (*args[1:], *kwargs.values()))
            return {a: b, b: a}.get(axis, axis)
        if name in ("matmul", "bmm", "einsum", "reshape", "view", "unflatten", "movedim", "moveaxis", "T", "mT"):  # fmt: skip
            return None
        if name == "flatten":
            first = kwargs.get("start_dim", args[1] if len(args) > 1 else 0) % n
            return axis if axis < first else None
        same_places = out.ndim == n and ("pool" in name or name in _KEPT)
        return axis if out.shape == source.shape or same_places else None
