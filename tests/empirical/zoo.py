"""Small networks with planted units: live, silent but drivable, and dead on all of [0, 1]^N.

Natural pictures here have all pixels in [0.3, 0.7]. A planted layer sees pixels (or numbers in [0, 1]) in a
window of nine, and its units are, in this order, what `PLANTED` says.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

PLANTED = ("live", "drivable", "spike", "dead", "dead spike", "live", "never")
"""
drivable : mean - 0.85, above 0 for bright windows only. spike : 8 centre - the rest - 5.5, at most 2.5.
dead : mean - 1.5, at most -0.5. dead spike : 8 centre - the rest - 8.5. never : weights 0, bias -1.
"""
SILENT = frozenset({1, 2, 3, 4, 6})
DRIVABLE = frozenset({1, 2})
DEAD = frozenset({3, 4, 6})
SHAPE = (1, 8, 8)


def pictures(n: int = 12, seed: int = 0) -> torch.Tensor:
    """Natural pictures (n, 1, 8, 8) with pixels in [0.3, 0.7]."""
    generator = torch.Generator().manual_seed(seed)
    return 0.3 + 0.4 * torch.rand((n, *SHAPE), generator=generator)


@torch.no_grad()
def plant(layer: nn.Conv2d | nn.Linear) -> None:
    """Write the planted units into a layer with seven units and nine numbers a window."""
    weight = layer.weight.view(len(PLANTED), 9)
    spike = -torch.ones(9)
    spike[4] = 8.0
    for unit, kind in enumerate(PLANTED):
        weight[unit] = spike if "spike" in kind else 1 / 9
        layer.bias[unit] = {"drivable": -0.85, "spike": -5.5, "dead": -1.5, "dead spike": -8.5}.get(
            kind, 0.0
        )
    weight[6] = 0
    layer.bias[6] = -1.0


def planted_conv(padding: int = 0) -> nn.Conv2d:
    """A planted 3 x 3 convolution of one channel."""
    conv = nn.Conv2d(1, len(PLANTED), 3, padding=padding)
    plant(conv)
    return conv


class Plain(nn.Module):
    """Convolution, ReLU module, mean, linear."""

    def __init__(self, clip: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = planted_conv()
        self.relu = clip or nn.ReLU()
        self.head = nn.Linear(len(PLANTED), 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.relu(self.conv(x)).mean((2, 3)))


class Function(Plain):
    """The same with a function in place of the module."""

    def __init__(self, function: object) -> None:
        super().__init__(nn.Identity())
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.function(self.conv(x)).mean((2, 3)))  # type: ignore[operator]


class UnusedResult(Plain):
    """An in-place ReLU whose result is thrown away: the network goes on with its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        F.relu(y, inplace=True)
        return self.head(y.mean((2, 3)))


class InputReadAgain(Plain):
    """An in-place ReLU whose input is read again, as the shortcut of a residual block."""

    def __init__(self) -> None:
        super().__init__(nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        z = self.relu(y)
        return self.head((z * 0.5 + y).mean((2, 3)))


class InPlaceSlice(Plain):
    """An in-place ReLU on a part of a tensor, then on a view of it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x) * 1.0
        y[:, :3].relu_()
        z = y * 1.0
        F.relu6(z.flatten(2), inplace=True)
        return self.head((y + z).mean((2, 3)))


class Residual(nn.Module):
    """A residual block with batch norm; one in-place ReLU module that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = planted_conv(1)
        self.bn1 = nn.BatchNorm2d(len(PLANTED))
        self.conv2 = nn.Conv2d(len(PLANTED), 1, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(1, 2)
        with torch.no_grad():  # a normalisation that is undone: what is planted stays as it is
            self.bn1.running_mean.fill_(0.25)
            self.bn1.running_var.fill_(4.0)
            self.bn1.eps = 1e-9
            self.bn1.weight.fill_(2.0)
            self.bn1.bias.fill_(0.25)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x
        return self.head(self.relu(y).mean((2, 3)))


class Tokens(nn.Module):
    """A transformer's MLP: patches of 3 x 3 as tokens, self-attention beside it, a planted Linear, ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, 9, 3, stride=2)
        self.fc1 = nn.Linear(9, len(PLANTED))
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(len(PLANTED), 4)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 2)
        plant(self.fc1)
        with torch.no_grad():
            self.patch.weight.copy_(torch.eye(9).view(9, 1, 3, 3))
            self.patch.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        y = self.fc2(self.relu(self.fc1(tokens)))
        return self.head((y + self.attention(y, y, y)[0]).mean(1))


class ChannelsLast(nn.Module):
    """(n, height, width, channels): a planted Linear after a permutation. With `hidden`, a product of its own."""

    def __init__(self, hidden: bool = False) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, 9, 3)
        self.fc1 = nn.Linear(9, len(PLANTED))
        self.head = nn.Linear(len(PLANTED), 2)
        self.hidden = hidden
        plant(self.fc1)
        with torch.no_grad():
            self.patch.weight.copy_(torch.eye(9).view(9, 1, 3, 3))
            self.patch.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.patch(x).permute(0, 2, 3, 1)
        if self.hidden:  # nothing says which axis holds the units
            y = torch.einsum("nhwc,dc->nhwd", y, self.fc1.weight) + self.fc1.bias
        else:
            y = self.fc1(y)
        return self.head(torch.relu(y).mean((1, 2)))


class Conv1d(nn.Module):
    """A one-dimensional convolution: three axes, and the units on axis 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, len(PLANTED), 9)
        plant(self.conv)  # type: ignore[arg-type]
        self.head = nn.Linear(len(PLANTED), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.conv(x.flatten(1)[:, None])).mean(2))


class Mixed(nn.Module):
    """Everything that clips at 0, each behind planted units, and others that do not."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(planted_conv() for _ in range(6))
        self.six, self.threshold = nn.ReLU6(), nn.Threshold(0, 0)
        self.gelu, self.swish, self.leaky = nn.GELU(), nn.Hardswish(), nn.LeakyReLU()
        self.head = nn.Linear(len(PLANTED), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b, c, d, e, f = (conv(x) for conv in self.convs)
        y = self.six(a) + b.clamp(min=0) + self.threshold(c)
        y = y + d.clamp_min(0) + F.relu(e) + torch.clamp(f, 0, 4)
        y = y + self.gelu(a) + self.swish(b) + self.leaky(c) + torch.clamp(d, -1, 1)
        return self.head(y.mean((2, 3)))


class Branches(nn.Module):
    """Bright pictures go another way: its second ReLU is not the same for all."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = planted_conv(), planted_conv()
        self.head = nn.Linear(len(PLANTED), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        conv = self.left if float(x.detach().mean()) > 0.5 else self.right
        return self.head(torch.relu(conv(x)).mean((2, 3)))


class Correlated(nn.Module):
    """Unit 0 of the second layer is a - a - 0.1: never above 0, which interval bounds cannot see. Unit 1 is live."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1)
        self.head = nn.Linear(2, 2)
        with torch.no_grad():
            self.conv1.weight.fill_(1.0)
            self.conv1.bias.zero_()
            self.conv2.weight.copy_(torch.tensor([[1.0, -1.0], [1.0, 0.0]]).view(2, 2, 1, 1))
            self.conv2.bias.copy_(torch.tensor([-0.1, 0.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.conv2(torch.relu(self.conv1(x)))).mean((2, 3)))


class PerImage(nn.Module):
    """Normalises each picture by its own spread, which is 0 for a picture of one grey."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = planted_conv(), nn.ReLU()
        self.head = nn.Linear(len(PLANTED), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spread = x.flatten(1).std(1).view(-1, 1, 1, 1)
        return self.head(self.relu(self.conv((x - x.mean((1, 2, 3), True)) / spread)).mean((2, 3)))


def build(kind: type[nn.Module], *arguments: object) -> nn.Module:
    """A network of the zoo, in eval mode, its other weights by seed 0."""
    torch.manual_seed(0)
    return kind(*arguments).eval()
