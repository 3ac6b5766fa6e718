"""The networks of the experiments, and how to reach into anybody's network without changing it.

Inputs live in [0, 1]; normalisation is a layer of the network, so that visualizations, detectors and
interval bounds share one box.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trompe.empirical._torch import torch
from trompe.ground.reading import MAX_CODE_BYTES, Unreadable, check_file
from trompe.theory import InvalidInput, UnknownKey

__all__ = [
    "BoundedMLP",
    "DetectorCNN",
    "MiniInception",
    "SmallCNN",
    "capture",
    "check_model",
    "frozen",
    "layer_names",
    "load_model",
    "named_layer",
]

nn = torch.nn


class Normalise(nn.Module):
    """(x - mean) / std, channel by channel; part of the network, not of the data."""

    mean: torch.Tensor
    inv_std: torch.Tensor

    def __init__(self, mean: Iterable[float], std: Iterable[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(list(mean)).view(1, -1, 1, 1))
        self.register_buffer("inv_std", 1 / torch.tensor(list(std)).view(1, -1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output for images x."""
        return (x - self.mean) * self.inv_std


def _strides(height: int, width: int, count: int) -> list[int]:
    """Which of `count` convolutions halve the picture: from the first (large) or second on, to about 7."""
    strides: list[int] = []
    side = max(height, width)
    for k in range(count):
        halve = side > 16 or (side > 7 and k > 0)
        strides.append(2 if halve else 1)
        side = -(-side // strides[-1])
    return strides


class SmallCNN(nn.Module):
    """Three 3 x 3 convolutions (more for large pictures) and a linear layer; ReLU, no batch norm.

    Input (n, channels, height, width) in [0, 1], output (n, classes).
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        mean: Iterable[float] = (0.5,),
        std: Iterable[float] = (0.5,),
        width: int = 32,
    ) -> None:
        super().__init__()
        channels, height, in_width = shape
        count = max(3, max(height, in_width).bit_length() - 2)
        strides = _strides(height, in_width, count)
        widths = [width] + [2 * width] * (count - 1)
        self.normalise = Normalise(mean, std)
        self.features = nn.Sequential()
        for k, (out, stride) in enumerate(zip(widths, strides, strict=True), start=1):
            conv = nn.Conv2d(channels, out, 3, stride=stride, padding=1)
            self.features.add_module(f"conv{k}", conv)
            self.features.add_module(f"relu{k}", nn.ReLU())
            channels, height, in_width = out, -(-height // stride), -(-in_width // stride)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(channels * height * in_width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output for images x."""
        return self.linear(self.flatten(self.features(self.normalise(x))))


class _ConvBN(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.bn(self.conv(x)))


class _Inception(nn.Module):
    """Branches 1x1, 1x1 to 3x3, 1x1 to 3x3 to 3x3, pool to 1x1; the first three 1x1 are one convolution."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.reduce = _ConvBN(inputs, 3 * width, 1)
        self.three = _ConvBN(width, 2 * width, 3)
        self.five = nn.Sequential(_ConvBN(width, width, 3), _ConvBN(width, width, 3))
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.project = _ConvBN(inputs, width, 1)

    @property
    def outputs(self) -> int:
        return 5 * self.width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        w = self.width
        reduced = self.reduce(x)
        one, three, five = reduced[:, :w], reduced[:, w : 2 * w], reduced[:, 2 * w :]
        return torch.cat([one, self.three(three), self.five(five), self.project(self.pool(x))], 1)


class MiniInception(nn.Module):
    """Inception-V1's layout, small: 3 stem convolutions, 3a 3b, 4a to 4e, 5a 5b, global pool, linear.

    `stride` is that of the first convolution: 2 for 28 x 28, 1 for 8 x 8.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        mean: Iterable[float] = (0.5,),
        std: Iterable[float] = (0.5,),
        width: int = 8,
        stride: int | None = None,
    ) -> None:
        super().__init__()
        first = stride or (2 if min(shape[1:]) >= 16 else 1)
        self.normalise = Normalise(mean, std)
        self.conv1 = _ConvBN(shape[0], 2 * width, 3, first)
        self.conv2 = _ConvBN(2 * width, 2 * width, 1)
        self.conv3 = _ConvBN(2 * width, 4 * width, 3)
        inputs = 4 * width
        for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
            scale = {"3": 1, "4": 2, "5": 3}[name[0]]
            block = _Inception(inputs, scale * width)
            setattr(self, f"inception{name}", block)
            inputs = block.outputs
        self.pool3 = nn.MaxPool2d(3, 2, 1)
        self.pool4 = nn.MaxPool2d(3, 2, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(inputs, classes)

    LAYERS = (
        "conv1", "conv2", "conv3", "inception3a", "inception3b", "inception4a", "inception4b",
        "inception4c", "inception4d", "inception4e", "inception5a", "inception5b", "linear",
    )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output for images x."""
        x = self.conv3(self.conv2(self.conv1(self.normalise(x))))
        for name, block in self.named_children():
            if name in ("inception4a", "inception5a"):
                x = (self.pool3 if name == "inception4a" else self.pool4)(x)
            if name.startswith("inception"):
                x = block(x)
        return self.linear(self.flatten(self.pool(x)))


class DetectorCNN(nn.Module):
    """One number per image: below 0 for natural images, above 0 for visualizations. Output (n, 1)."""

    def __init__(self, shape: tuple[int, int, int], width: int = 24) -> None:
        super().__init__()
        channels, height, in_width = shape
        self.features = nn.Sequential()
        widths, k = (width, 2 * width), 0
        while k < 2 or max(height, in_width) > 8:
            out = widths[min(k, 1)]
            self.features.add_module(f"conv{k + 1}", nn.Conv2d(channels, out, 3, 2, 1))
            self.features.add_module(f"relu{k + 1}", nn.ReLU())
            channels, height, in_width, k = out, -(-height // 2), -(-in_width // 2), k + 1
        self.flatten = nn.Flatten()
        self.head = nn.Sequential(
            nn.Linear(channels * height * in_width, 64), nn.ReLU(), nn.Linear(64, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output for images x."""
        return self.head(self.flatten(self.features(x - 0.5)))


class BoundedMLP(nn.Sequential):
    """A detector whose interval bounds stay tight: linear layers and ReLU only. Output (n, 1)."""

    def __init__(self, shape: tuple[int, int, int], widths: Iterable[int] = (128, 64)) -> None:
        layers: list[nn.Module] = [nn.Flatten()]
        inputs = shape[0] * shape[1] * shape[2]
        for width in widths:
            layers += [nn.Linear(inputs, width), nn.ReLU()]
            inputs = width
        super().__init__(*layers, nn.Linear(inputs, 1))


# -- somebody else's network -----------------------------------------------------------------------------


def load_model(spec: str, device: torch.device | str = "cpu") -> nn.Module:
    """`file.py:build` -> build(), moved to `device`. Runs the user's file; weights are his business.

    Raises
    ------
    InvalidInput : no such file or function, it fails, or it returns something else than a module in eval mode.
    """
    path_text, colon, name = spec.rpartition(":")
    path = Path(path_text).expanduser()
    if not colon or not path_text:
        raise InvalidInput(
            f"model = {spec!r}; expected FILE.py:FUNCTION, a function that returns the network"
        )
    try:
        check_file(path, MAX_CODE_BYTES)
    except Unreadable as error:
        raise InvalidInput(f"model: {path}: {error}; expected FILE.py:FUNCTION") from None
    module_spec = importlib.util.spec_from_file_location(path.stem, path)
    if module_spec is None or module_spec.loader is None:
        raise InvalidInput(f"model: {path} is not a Python file; expected FILE.py:FUNCTION")
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InvalidInput(f"model: {path} fails with {type(error).__name__}: {error}") from error
    build = getattr(module, name, None)
    if not callable(build):
        raise InvalidInput(f"model: {path} has no function {name!r}; expected FILE.py:FUNCTION")
    try:
        model = build()
    except (Exception, SystemExit) as error:
        raise InvalidInput(f"model: {name}() fails with {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise InvalidInput(
            f"model: {name}() returns {type(model).__name__}; expected a torch.nn.Module"
        )
    _has_data(model)
    model.to(device)
    return model


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
    try:
        with torch.no_grad():
            output = model(images[:2])
    except Exception as error:
        text = str(error).strip().splitlines()
        raise InvalidInput(
            f"model: fails on images of shape {tuple(images[:2].shape)}: {text[0] if text else error!r}"
        ) from error
    if not isinstance(output, torch.Tensor) or output.ndim != 2 or len(output) != len(images[:2]):
        got = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
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
    if name not in modules:
        raise UnknownKey("layer", name, layer_names(model))
    return modules[name]


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
