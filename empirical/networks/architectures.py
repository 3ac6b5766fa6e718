"""The networks of the experiments.

Inputs live in [0, 1]; normalisation is a layer of the network, so that visualizations, detectors and
interval bounds share one box.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trompe.empirical._torch import torch

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


class BoundedCNN(nn.Sequential):
    """The same for large pictures: two convolutions, averages, two linear layers; ReLU between. Output (n, 1).

    It begins as if it were given 4 x - 2, but for the border: so it learns faster.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        channels, *sides = shape
        for kernel, stride in ((5, 4), (3, 2)):
            sides = [(side + 2 * (kernel // 2) - kernel) // stride + 1 for side in sides]
        pool = max(1, min(sides) // 4)
        places = (sides[0] // pool) * (sides[1] // pool)
        super().__init__(
            nn.Conv2d(channels, 24, 5, 4, 2), nn.ReLU(), nn.Conv2d(24, 32, 3, 2, 1), nn.ReLU(),
            nn.AvgPool2d(pool), nn.Flatten(), nn.Linear(32 * places, 64), nn.ReLU(), nn.Linear(64, 1),
        )  # fmt: skip
        first: Any = self[0]
        with torch.no_grad():
            first.weight *= 4
            first.bias -= 0.5 * first.weight.sum((1, 2, 3))


class BoundedMLP(nn.Sequential):
    """A detector whose interval bounds stay tight: linear layers and ReLU only. Output (n, 1)."""

    def __init__(self, shape: tuple[int, int, int], widths: Iterable[int] = (128, 64)) -> None:
        layers: list[nn.Module] = [nn.Flatten()]
        inputs = shape[0] * shape[1] * shape[2]
        for width in widths:
            layers += [nn.Linear(inputs, width), nn.ReLU()]
            inputs = width
        super().__init__(*layers, nn.Linear(inputs, 1))
