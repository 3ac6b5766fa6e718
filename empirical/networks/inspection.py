"""Anybody's network: checked, asked and looked into, without changing it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from trompe.empirical._torch import at_once, torch
from trompe.empirical.similarity import share
from trompe.ground.errors import known, one_line, spelled
from trompe.theory import InvalidInput

nn = torch.nn


Ask = Callable[[Any, torch.Tensor], Any]
"""A question to a network about images."""


def check_eval(model: nn.Module) -> None:
    """Is every part of the network in eval mode, with weights that gradients can be taken through?

    Raises
    ------
    InvalidInput : one is in training mode, where results are random and batch norm changes the network; or its weights
    were made in inference mode, or have no shape yet.
    """
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if nn.parameter.is_lazy(tensor):
            raise InvalidInput(
                f"model: {name} has no shape yet (a lazy layer); call the network on a picture first"
            )
        if tensor.is_inference():
            raise InvalidInput(
                f"model: {name} was made under torch.inference_mode(), which forbids gradients for ever; build the network "
                "outside it"
            )
    for name, module in model.named_modules():
        if module.training:
            moody = [
                (n or "the network")
                for n, m in model.named_modules()
                if m.training
                and isinstance(m, (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase))
            ]
            why = (
                f"; its dropout or norm layer {moody[0]!r} would make results random"
                if moody
                else ""
            )
            raise InvalidInput(
                f"model: {name or 'the network'} is in training mode{why}; call model.eval() first"
            )


def check_model(
    model: nn.Module, images: torch.Tensor, name_of: Callable[[int], str] | None = None
) -> int:
    """Is this a network in eval mode, on the images' device, with a fixed output (n, units)? The number of units.

    `name_of` gives the images' names; without it they are numbered.

    Raises
    ------
    InvalidInput : with the layer or value that is wrong and what to do.
    """
    check_eval(model)
    check_data(model)
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.device != images.device:
            raise InvalidInput(
                f"model: {name} is on {tensor.device}, the images on {images.device}; "
                f"move one of them: model.to({str(images.device)!r})"
            )
    with torch.no_grad():
        given = images[:2].clone()
        output = called(model, given).clone()
    if not torch.equal(given, images[:2]):
        raise InvalidInput(
            "model: overwrites the images that it is given; let it work on a copy, as x - m does in place of x -= m"
        )
    if output.ndim != 2:
        got = tuple(output.shape)
        raise InvalidInput(
            f"model: returns {got} for {len(images[:2])} images; expected a tensor of shape "
            f"({len(images[:2])}, units)"
        )
    check_finite(output, "the output", name_of or numbered_picture)
    check_function(lambda x: called(model, x), given, output)
    return int(output.shape[1])


@torch.no_grad()
def check_function(
    ask: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor, first: torch.Tensor | None = None
) -> None:  # fmt: skip
    """Are a network's numbers a function of an image: the same when asked again, and beside other images, up to rounding?

    Parameters
    ----------
    ask : gives the numbers of images (n, ...), one row an image. images : one or more to ask for; only the first is put beside
        others, which are noise. first : what was answered already.

    Raises
    ------
    InvalidInput : they are not.
    """
    first = ask(images.clone()).clone() if first is None else first
    if not _alike(first, ask(images.clone())):
        raise InvalidInput(
            "model: says something else of the same images when asked again; expected a fixed function: does it draw random "
            "numbers, or count its calls?"
        )
    if len(first) != len(images):
        return  # not one row an image, which is said elsewhere
    noise = noise_like(images, 2)
    beside = ask(torch.cat([noise[:1], images[:1], noise[1:]]))
    if not _alike(first[:1], beside[1:2]):
        raise InvalidInput(
            "model: says something else of an image when other images are in its batch; expected a function of one image: does "
            "a norm layer take the mean and spread of the batch (no running statistics), or does it mix images?"
        )


def noise_like(images: torch.Tensor, count: int) -> torch.Tensor:
    """So many images of noise in [0, 1], always the same, of the size, type and device of `images`."""
    noise = torch.rand((count, *images.shape[1:]), generator=torch.Generator().manual_seed(0))
    return noise.to(images)


def _alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """The same numbers, up to rounding; NaN where the other is, which is said elsewhere."""
    if not a.is_floating_point() or a.shape != b.shape or a.dtype != b.dtype or not a.numel():
        return torch.equal(a, b)
    size = float(a.abs().nan_to_num(0, 0).max())
    return torch.allclose(a, b, rtol=1e-3, atol=1e-6 + 1e-3 * size, equal_nan=True)


def numbered_picture(index: int) -> str:
    """How messages call an image that has no file: by its number, counted from 0."""
    return f"picture {index} (counted from 0)"


def check_finite(
    output: torch.Tensor,
    layer: str,
    name_of: Callable[[int], str],
    pictures: int = 0,
    first: int = 0,
) -> None:
    """Are a layer's numbers finite for every image of a batch?

    Parameters
    ----------
    output : shape (rows, ...), the same number of rows for each image. layer : where, in words. name_of : an
        image's name by its number. pictures : images in the batch; 0 for one a row. first : the number of the first.

    Raises
    ------
    InvalidInput : with the name of the first image where they are not.
    """
    finite = torch.isfinite(output)
    if bool(finite.all()):
        return
    row = int(torch.nonzero(~finite.flatten(1).all(1))[0])
    at = first + row * (pictures or len(output)) // len(output)
    raise InvalidInput(
        f"{name_of(at)}: gives NaN or infinite numbers in {layer} of the network; leave it out, or mend the network "
        "(are its weights loaded, its inputs in [0, 1]?)"
    )


def check_data(model: nn.Module) -> None:
    """Do all parameters and buffers hold numbers?

    Raises
    ------
    InvalidInput : one lies on the device meta.
    """
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_meta:
            raise InvalidInput(
                f"model: {name} holds no data (device meta); load its weights in FUNCTION, or name their file with --weights"
            )


def grey(network: nn.Module, shape: tuple[int, int, int]) -> torch.Tensor:
    """One grey picture on the network's device."""
    device = next((t.device for t in (*network.parameters(), *network.buffers())), "cpu")
    return torch.full((1, *shape), 0.5, device=device)


def layer_names(model: nn.Module) -> list[str]:
    """The names of all submodules, as `named_modules` gives them."""
    return [name for name, _ in model.named_modules() if name]


def named_layer(model: nn.Module, name: str) -> nn.Module:
    """The submodule called `name`; the empty name is the network itself.

    Raises
    ------
    UnknownKey : with the nearest names.
    """
    modules = dict(model.named_modules())
    root = modules.pop("")
    return known("layer", name, modules) if name else root


class Captured(dict[str, torch.Tensor]):
    """Layer name -> its latest output. With `alone`, a forward pass ends where it has called all of them."""

    alone = False

    def __missing__(self, name: str) -> torch.Tensor:
        raise InvalidInput(f"layer {name!r}: the forward pass does not call it; choose another")

    def take(self, name: str) -> torch.Tensor:
        """The output, which is then forgotten."""
        output = self[name]
        del self[name]
        return output


@contextmanager
def capture(model: nn.Module, names: Iterable[str]) -> Iterator[Captured]:
    """A dictionary that holds each named layer's latest output; hooks are gone on exit.

    Outputs are cloned, so that an in-place ReLU behind a layer does not overwrite what was captured. A layer that
    one forward pass calls several times is named with the call: `relu#1`, `relu#2`.
    """
    outputs, names = Captured(), list(names)
    if not names:
        yield outputs
        return

    def keep(name: str) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if not isinstance(output, torch.Tensor):
                raise InvalidInput(
                    f"layer {name!r} returns {type(output).__name__}; expected a tensor, choose a layer inside it"
                )
            outputs[name] = output.clone()
            if outputs.alone and len(outputs) == len(names):
                raise Enough

        return hook

    _check_watchable(model, "the network")
    with ExitStack() as hooks:
        afresh = model.register_forward_pre_hook(lambda _m, _i: outputs.clear())
        hooks.callback(afresh.remove)
        for name in names:
            hooks.enter_context(hooked(model, name, keep(name)))
        yield outputs


@contextmanager
def hooked(model: nn.Module, name: str, hook: Any) -> Iterator[None]:
    """A forward hook on the layer called `name`, gone on exit.

    `name#k` is the layer's k-th call in a forward pass, k from 1. Without #k the layer must be called once.

    Raises
    ------
    UnknownKey : no such layer. InvalidInput, in the forward pass : the layer is called several times and `name` does
    not say which call.
    """
    layer, call = layer_and_call(model, name)
    module = named_layer(model, layer)
    count = [0]

    def start(_module: Any, _inputs: Any) -> None:
        count[0] = 0

    def enter(_module: Any, _inputs: Any) -> None:
        count[0] += 1
        if call is None and count[0] > 1:
            raise InvalidInput(
                f"layer {layer!r} is called several times in one forward pass; name the call: {layer}#1, {layer}#2, ..."
            )

    def leave(module: Any, inputs: Any, output: Any) -> Any:
        return hook(module, inputs, output) if call in (None, count[0]) else None

    _check_watchable(module, f"layer {layer!r}")
    handles = [model.register_forward_pre_hook(start, prepend=True)]
    try:
        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
        yield
    finally:
        for handle in handles:
            handle.remove()


class Enough(BaseException):
    """Ends a forward pass whose rest nobody asked for."""


def visit(
    model: nn.Module,
    names: Sequence[str],
    images: torch.Tensor,
    look: Callable[[str, torch.Tensor], object],
    every_call: bool = False,
    inputs: bool = False,
    whole: bool = False,
) -> Any:
    """A forward pass in which look(name, output) is called for each of these layers; it ends behind the last of them.

    With `inputs` it gets what goes into the layer. Both may be overwritten by what follows. With `every_call` a name stands for all calls of its layer, and the
    pass goes to its end; so it does with `whole`, which returns what the network says.

    Raises
    ------
    UnknownKey : no such layer. InvalidInput : the pass does not call a layer, or it returns no tensor with units.
    """
    waiting, end = set(names), Enough()

    def hook(name: str) -> Any:
        def seen(_module: Any, given: Any, output: Any) -> None:
            output = given[0] if inputs else output
            if isinstance(output, torch.Tensor) and output.ndim > 1:
                look(name, output)
            elif not every_call:
                raise InvalidInput(
                    f"layer {name!r} returns {spelled(output)}; expected a tensor with units, choose a layer inside it"
                )
            waiting.discard(name)
            if not waiting and not every_call and not whole:
                raise end

        return seen

    with ExitStack() as hooks:
        for name in names:
            if every_call:
                handle = named_layer(model, name).register_forward_hook(hook(name))
                hooks.callback(handle.remove)
            else:
                hooks.enter_context(hooked(model, name, hook(name)))
        try:
            output = ran(model, images)
        except Enough as found:
            if (
                found is not end
            ):  # it ends a pass around this one: the model is looked at while it looks at a part of itself
                raise
            return None
    if waiting and not every_call:
        raise InvalidInput(
            f"layer {min(waiting)!r}: the forward pass does not call it; choose another"
        )
    return output


def _check_watchable(module: nn.Module, what: str) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        raise InvalidInput(
            f"model: {what} is scripted or traced (torch.jit), which hides its layers; give the nn.Module that it was made from"
        )


def layer_and_call(model: nn.Module, name: str) -> tuple[str, int | None]:
    """A layer's name and the number of its call, from 1: `relu#2` is ("relu", 2), `relu` is ("relu", None)."""
    layer, mark, number = name.rpartition("#")
    if name in layer_names(model) or not mark or not (number.isascii() and number.isdigit()):
        return name, None
    return layer, int(number[:9])


@contextmanager
def frozen(model: nn.Module) -> Iterator[nn.Module]:
    """No parameter asks for gradients inside (faster); flags and .grad as before on exit."""
    flags = [(p, p.requires_grad) for p in model.parameters()]
    for parameter, _ in flags:
        parameter.requires_grad_(False)
    try:
        yield model
    finally:
        for parameter, flag in flags:
            parameter.requires_grad_(flag)


@torch.no_grad()
def predict(model: nn.Module, images: torch.Tensor, batch: int | None = None) -> torch.Tensor:
    """Outputs for many images, `batch` at a time; 500 by default, fewer of large ones, which are given in channels_last."""
    ask = in_format(called, images.shape)
    batch = batch or at_once(images.shape[1:], 500)
    parts = range(0, len(images), batch)
    return torch.cat([ask(model, images[k : k + batch]) for k in parts])


def in_format(ask: Ask, shape: Sequence[int]) -> Ask:
    """The same question; about large images (n, channels, height, width) in the format that is faster."""
    return ask if math.prod(shape[1:]) <= _SMALL else InFormat(ask)


_SMALL = 2**12
"""Numbers of an image up to which the usual format serves."""


class InFormat:
    """Asks a network about images in the memory format channels_last, which is faster, as long as it takes that."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._formats = [torch.channels_last, torch.contiguous_format]

    def __call__(
        self, model: Any, images: torch.Tensor, memory: torch.memory_format | None = None
    ) -> Any:
        """What it says; `memory` is a format to take in place of the one that was found."""
        tried = self._formats[0] if memory is None else memory
        if images.ndim == 4:
            images = images.contiguous(memory_format=tried)
        try:
            out = self._ask(model, images)
        except InvalidInput:
            if memory is not None or len(self._formats) == 1:
                raise
            del self._formats[0]  # a view of its input, perhaps
            return self(model, images)
        if memory is None:
            self._formats = self._formats[:1]
        return out


def ran(model: Any, images: torch.Tensor) -> Any:
    """What a network returns for images, whatever it is; where it fails it is said in one line."""
    try:
        return model(images)
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(
            f"model: fails on images of shape {tuple(images.shape)}: {one_line(error) or type(error).__name__}{_advice(model)}"
        ) from error


def _advice(model: Any) -> str:
    """What may help a network that fails: images are float32."""
    for name, tensor in model.named_parameters() if isinstance(model, nn.Module) else ():
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            kind = str(tensor.dtype).removeprefix("torch.")
            return f"; {name} is {kind} and images are float32: give model.float()"
    return ""


def called(model: Any, images: torch.Tensor) -> torch.Tensor:
    """What a network says of images.

    Raises
    ------
    InvalidInput : it fails on them, or returns no tensor of one row an image.
    """
    output = ran(model, images)
    if not isinstance(output, torch.Tensor) or output.shape[:1] != images.shape[:1]:
        raise InvalidInput(
            f"model: returns {spelled(output)}; expected a tensor of one row an image"
        )
    return output


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of images whose largest output is their label's."""
    return share(predict(model, images).argmax(1) == labels)
