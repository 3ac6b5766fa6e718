"""Anybody's network: checked, asked and looked into, without changing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.similarity import share
from trompe.ground.errors import known, one_line, spelled
from trompe.theory import InvalidInput

nn = torch.nn


def check_model(model: nn.Module, images: torch.Tensor) -> int:
    """Is this a network in eval mode, on the images' device, with output (n, units)? The number of units.

    Raises
    ------
    InvalidInput : with the layer or value that is wrong and what to do.
    """
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
    _has_data(model)
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.device != images.device:
            raise InvalidInput(
                f"model: {name} is on {tensor.device}, the images on {images.device}; "
                f"move one of them: model.to({str(images.device)!r})"
            )
    with torch.no_grad():
        output = called(model, images[:2])
    if output.ndim != 2:
        got = tuple(output.shape)
        raise InvalidInput(
            f"model: returns {got} for {len(images[:2])} images; expected a tensor of shape "
            f"({len(images[:2])}, units)"
        )
    if not bool(torch.isfinite(output).all()):
        raise InvalidInput(
            "model: returns NaN or infinite numbers for natural images; are its weights loaded, its inputs in [0, 1]?"
        )
    return int(output.shape[1])


def _has_data(model: nn.Module) -> None:
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.device.type == "meta":
            raise InvalidInput(f"model: {name} holds no data (device meta); load its weights first")


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
    """Layer name -> its latest output."""

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

    Outputs are cloned, so that an in-place ReLU behind a layer does not overwrite what was captured.
    """
    outputs = Captured()
    handles = []

    def keep(name: str) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if not isinstance(output, torch.Tensor):
                raise InvalidInput(
                    f"layer {name!r} returns {type(output).__name__}; expected a tensor, choose a layer inside it"
                )
            outputs[name] = output.clone()

        return hook

    try:
        for name in names:
            handle = named_layer(model, name).register_forward_hook(keep(name))
            handles.append(handle)
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


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
def predict(model: nn.Module, images: torch.Tensor, batch: int = 500) -> torch.Tensor:
    """Outputs for many images, batch by batch."""
    parts = range(0, len(images), batch)
    return torch.cat([called(model, images[k : k + batch]) for k in parts])


def called(model: Any, images: torch.Tensor) -> torch.Tensor:
    """What a network says of images.

    Raises
    ------
    InvalidInput : it fails on them, or returns no tensor of one row an image.
    """
    try:
        output = model(images)
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(
            f"model: fails on images of shape {tuple(images.shape)}: {one_line(error) or type(error).__name__}"
        ) from error
    if not isinstance(output, torch.Tensor) or output.shape[:1] != images.shape[:1]:
        raise InvalidInput(
            f"model: returns {spelled(output)}; expected a tensor of one row an image"
        )
    return output


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of images whose largest output is their label's."""
    return share(predict(model, images).argmax(1) == labels)
