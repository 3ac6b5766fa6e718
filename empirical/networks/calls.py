"""The ReLU calls of anybody's network: named, counted, with their units, and the same for every picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.networks.axes import AxisTrace, chosen_axis, usual_axis
from trompe.empirical.networks.inspection import layer_names, ran
from trompe.empirical.networks.relu import Clip, ReLUMode, other_of
from trompe.ground.errors import known
from trompe.theory import InvalidInput

nn = torch.nn


@dataclass(frozen=True)
class ReLUCall:
    """One call in the forward pass that clips at 0.

    name : the innermost module that makes it, `forward` for the network's own; with #1, #2, ... where there are several.
    shape : of its output for one picture, with its first axis. axis : the axis of the units; None if it has none,
    since the first axis is not that of the pictures.
    """

    name: str
    module: str
    function: str
    weights: tuple[str, ...]
    """The parameters and buffers that the pass used since the call before."""
    shape: tuple[int, ...]
    axis: int | None

    @property
    def units(self) -> int:
        """How many units it has."""
        return 0 if self.axis is None else self.shape[self.axis]

    @property
    def centre(self) -> int:
        """The number of the central place, as `by_unit` counts them."""
        at = 0
        for size in (s for k, s in enumerate(self.shape) if k and k != self.axis):
            at = at * size + size // 2
        return at

    @property
    def said(self) -> str:
        """What was taken as its units, in words."""
        if self.axis is None:
            return "not looked at: its first axis is not that of the pictures"
        n, places = len(self.shape), [s for k, s in enumerate(self.shape[1:], 1) if k != self.axis]
        kind = "channels" if self.axis == 1 and n > 2 else "features"
        where = "last axis" if self.axis == n - 1 else f"axis {self.axis}"
        spread = ""
        if n == 3 and kind == "features":
            spread = f"; {places[0]} tokens"
        elif places:
            spread = f"; {' x '.join(map(str, places))} places"
        if self.shape[0] > 1 and n > 2:
            spread += f" in each of {self.shape[0]} windows"
        return f"{self.units} unit{'s' * (self.units != 1)} ({kind}, {where}{spread})"

    def by_unit(self, output: torch.Tensor, pictures: int) -> torch.Tensor:
        """An output as (pictures, units, places)."""
        assert self.axis is not None
        moved = output.movedim(self.axis, 1).flatten(2) if output.ndim > 2 else output[..., None]
        rows = len(moved) // pictures
        if rows == 1:
            return moved
        parts = moved.reshape(pictures, rows, *moved.shape[1:])
        return parts.transpose(1, 2).flatten(2)


class _Stop(BaseException):
    """Ends a forward pass whose rest nobody asked for."""


class CallTap(ReLUMode):
    """Inside this context, which holds one forward pass, `found(k, input, output)` is called for the k-th ReLU call.

    The input is as it was before the call; the output may be overwritten by what follows. `expected` holds the
    calls as they must come, in function, weights and order; `last` ends the pass behind that call, for speed.
    `other(name)` is called for every function that is not linear and does not clip at 0.

    Raises
    ------
    InvalidInput : the pass makes other calls than expected.
    """

    def __init__(
        self,
        model: nn.Module,
        found: Callable[[int, torch.Tensor, torch.Tensor], object],
        expected: Sequence[ReLUCall] | None = None,
        last: int | None = None,
        other: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self._names = {
            id(t): name for name, t in (*model.named_parameters(), *model.named_buffers())
        }
        self._found, self._expected, self._last, self._other = found, expected, last, other
        self._weights: set[str] = set()
        self.made: list[tuple[str, tuple[str, ...]]] = []
        """Function and weights of each call so far."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        for argument in (*args, *(kwargs or {}).values()):
            name = self._names.get(id(argument))
            if name is not None:
                self._weights.add(name)
        if self._other is not None and (name := other_of(func, args, kwargs or {})):
            self._other(name)
        return super().__torch_function__(func, types, args, kwargs)

    def relu(
        self, clip: Clip, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """See ReLUMode."""
        k = len(self.made)
        self.made.append((func.__name__.strip("_"), tuple(sorted(self._weights))))
        self._weights.clear()
        if self._expected is not None:
            want = self._expected[k] if k < len(self._expected) else None
            if want is None or (want.function, want.weights) != self.made[k]:
                raise self._changed(want)
        before = clip.input.clone() if clip.inplace else clip.input
        result = func(*args, **kwargs)
        self._found(k, before, result)
        if k == self._last:
            raise _Stop
        return result

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        super().__exit__(kind, error, trace)
        if kind is None and self._expected is not None and len(self.made) < len(self._expected):
            self.made.append(("none", ()))
            raise self._changed(self._expected[len(self.made) - 1])
        return kind is _Stop

    def _changed(self, want: ReLUCall | None) -> InvalidInput:
        function, weights = self.made[-1]
        first = "no more" if want is None else f"{want.name} {_behind(want.weights)}"
        now = "no more" if function == "none" else f"{function} {_behind(weights)}"
        return InvalidInput(
            f"model: its ReLU calls change with the pictures (call {len(self.made)} was {first}, now it is {now}); "
            "expected the same calls for all pictures"
        )


def _behind(weights: tuple[str, ...]) -> str:
    return f"behind {', '.join(weights[:3])}" if weights else "behind no weights"


class SameCalls:
    """A network that must make the same calls for all pictures: of its modules, and of what clips at 0.

    Raises
    ------
    InvalidInput : it makes other calls for other pictures, since its layers are not comparable then.
    """

    def __init__(self, model: nn.Module, few: torch.Tensor) -> None:
        self.model = model
        self._calls = survey(model, few[:1], layers=None).calls
        self._modules: list[str] | None = None

    def __call__(self, images: torch.Tensor) -> Any:
        """The output for images."""
        order: list[str] = []
        with ExitStack() as hooks:
            for name, module in self.model.named_modules():
                if name:
                    handle = module.register_forward_pre_hook(
                        lambda _m, _i, name=name: order.append(name)
                    )
                    hooks.callback(handle.remove)
            hooks.enter_context(CallTap(self.model, lambda _k, _x, _y: None, self._calls))
            output = ran(self.model, images)
        first = self._modules = order if self._modules is None else self._modules
        for k, (was, now) in enumerate(zip_longest(first, order, fillvalue="no more")):
            if was != now:
                raise InvalidInput(
                    f"model: the layers that it calls change with the pictures (call {k + 1} was {was}, now it is {now}); "
                    "expected the same calls for all pictures"
                )
        return output


@dataclass(frozen=True)
class Survey:
    """What a forward pass calls: ReLUs, and `others`, all else that is not linear, as `function (module)`.

    Others are activation functions, softmax and attention; pooling and normalisation are not counted.
    """

    calls: tuple[ReLUCall, ...]
    chosen: tuple[int, ...]
    """The numbers of those that were asked for."""
    others: tuple[str, ...]


def survey(
    model: nn.Module,
    image: torch.Tensor,
    unit_axis: int | None = None,
    layers: Sequence[str] | None = (),
) -> Survey:
    """The calls of a forward pass.

    Parameters
    ----------
    image : one picture, shape (1, channels, height, width).
    layers : what is asked for, see `selected`; None for nothing.
    unit_axis : the axis of the units, for outputs of more than two axes in `layers`; by default it follows from each
        layer's kind (`axes`).

    Raises
    ------
    InvalidInput : an output has no such axis, or two pictures make other calls than one.
    """
    for name, module in model.named_modules():
        is_compiled = hasattr(module, "_orig_mod") or module._compiled_call_impl is not None
        if isinstance(module, torch.jit.ScriptModule) or is_compiled:
            raise InvalidInput(
                f"model: {name or 'the network'} is scripted or compiled, so its calls cannot be watched; give the "
                "network as it was before"
            )
    seen: list[tuple[str, torch.Size, int | None]] = []
    others: dict[str, None] = {}
    stack = [""]

    def other(function: str) -> None:
        others[f"{function} ({stack[-1] or 'forward'})"] = None

    with _stacked(model, stack), torch.no_grad():
        with (
            AxisTrace() as trace,
            CallTap(
                model,
                lambda _k, _x, y: seen.append((stack[-1], y.shape, trace.known(y))),
                other=other,
            ) as tap,
        ):
            ran(model, image)
        twice: list[torch.Size] = []
        with CallTap(model, lambda _k, _x, y: twice.append(y.shape)) as again:
            ran(model, image.repeat(2, 1, 1, 1))
    labels = numbered([module or "forward" for module, _, _ in seen])
    calls = []
    for k, (module, shape, known_axis) in enumerate(seen):
        axis: int | None = None
        per_picture = k < len(twice) and twice[k] == (2 * shape[0], *shape[1:])
        if len(shape) > 1 and per_picture:
            axis = usual_axis(shape) if known_axis is None or len(shape) < 3 else known_axis
        function, weights = tap.made[k]
        calls.append(ReLUCall(labels[k], module, function, weights, tuple(shape), axis))
    if tap.made != again.made:
        raise InvalidInput(
            "model: its ReLU calls change with the number of pictures; expected the same calls for all pictures"
        )
    chosen = [] if layers is None else selected(model, calls, layers)
    for k in chosen if unit_axis is not None else ():
        if calls[k].axis is not None:
            what = f"the output of ReLU call {labels[k]}"
            calls[k] = replace(calls[k], axis=chosen_axis(unit_axis or 0, calls[k].shape, what))
    return Survey(tuple(calls), tuple(chosen), tuple(others))


def numbered(names: Sequence[str]) -> list[str]:
    """Names told apart: those that come more than once get #1, #2, ... in their order."""
    often, so_far = Counter(names), Counter[str]()
    labels = []
    for name in names:
        so_far[name] += 1
        labels.append(f"{name}#{so_far[name]}" if often[name] > 1 else name)
    return labels


def selected(model: nn.Module, calls: Sequence[ReLUCall], layers: Sequence[str]) -> list[int]:
    """The calls that are meant: all, or those named, or made inside a module that is named.

    Raises
    ------
    UnknownKey : a name is that of no call and no module. InvalidInput : a module makes no ReLU call.
    """
    names = layer_names(model)
    labels = {call.name: None for call in calls} | dict.fromkeys(names)
    for call in calls:
        labels.setdefault(call.module or "forward")
    chosen = set() if layers else set(range(len(calls)))
    for layer in layers:
        known("layer", layer, labels)
        inside = {
            k
            for k, call in enumerate(calls)
            if layer in (call.name, call.module or "forward") or call.module.startswith(layer + ".")
        }
        if not inside:
            raise InvalidInput(_none(model, f" inside {layer}"))
        chosen |= inside
    if not chosen:
        raise InvalidInput(_none(model, ""))
    return sorted(chosen)


def _none(model: nn.Module, where: str) -> str:
    return (
        f"model: makes no ReLU call{where}; silent units are about ReLU. "
        f"Its layers: {', '.join(layer_names(model)[:6])}"
    )


@contextmanager
def _stacked(model: nn.Module, stack: list[str]) -> Iterator[None]:
    """Keeps the names of the modules that a forward pass is in."""
    handles: list[Any] = []
    try:
        for name, module in model.named_modules():
            if name:
                handles += [
                    module.register_forward_pre_hook(lambda _m, _i, name=name: stack.append(name)),
                    module.register_forward_hook(lambda _m, _i, _o: (stack.pop(), None)[1]),
                ]
        yield
    finally:
        for handle in handles:
            handle.remove()
