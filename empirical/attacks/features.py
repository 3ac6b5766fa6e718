"""A detector that looks at pictures through the early layers of the network itself: for pictures too large to look at pixel by pixel.

Of each unit of some layers it gets the mean and the root mean square over all places: a few hundred numbers a
picture, by which a small head learns to tell optimised pictures from natural ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from trompe.empirical._torch import Floats, Shape, at_once, torch
from trompe.empirical.attacks.circuit import MARGIN
from trompe.empirical.maximization.evaluation import unit_axis
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.networks.axes import AxisTrace
from trompe.empirical.networks.calls import numbered
from trompe.empirical.networks.inspection import check_eval, grey, in_format, visit
from trompe.ground.arguments import Integer, checked
from trompe.theory import InvalidInput

nn = torch.nn

LAYERS = 4
"""So many layers are looked at where none is named."""
ALL_BUT = 0.99
"""So many of the natural images that a threshold is put by lie below it: one odd picture would leave no room to what is shown."""
FEWEST = 3
"""Layers of fewer units say little of a picture."""


class EarlyFeatures(nn.Module):
    """Mean and root mean square of every unit of some layers of a network, shape (n, 2 units).

    A forward pass ends behind the last of the layers. The network is no part of this module: its weights stay its own.

    Parameters
    ----------
    network : in eval mode. layers : names, with the call (`relu#2`) where there are several. shape : (channels, height,
        width) of the pictures.

    Raises
    ------
    UnknownKey : no such layer. InvalidInput : a layer is not called, or returns no tensor with units.
    """

    @checked
    def __init__(self, network: nn.Module, layers: Sequence[str], shape: Shape) -> None:
        super().__init__()
        check_eval(network)
        if not layers:
            raise InvalidInput("layers: none is given; expected at least one, see early_layers")
        self.layers = tuple(layers)
        self.training = False
        self._network = (network,)  # not registered
        image = grey(network, shape)
        self._axes = {name: unit_axis(network, Objective(name), image)[0] for name in self.layers}

    @property
    def network(self) -> nn.Module:
        """The network that it looks at."""
        return self._network[0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The numbers of images x."""
        return self._visited(x, whole=False)[1]

    def with_output(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the network says of images x, and their numbers, by one forward pass."""
        return self._visited(x, whole=True)

    def beside_outputs(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of many images, a few at a time, see `predict`.

        Raises
        ------
        InvalidInput : a layer has not one row an image.
        """
        ask = in_format(lambda _model, part: self.with_output(part), images.shape)
        with torch.no_grad():
            parts = [
                ask(self.network, part) for part in images.split(at_once(images.shape[1:], 500))
            ]
        outputs, codes = zip(*parts, strict=True)
        return torch.cat(outputs), torch.cat(codes)

    def _visited(self, x: torch.Tensor, whole: bool) -> tuple[Any, torch.Tensor]:
        parts: dict[str, torch.Tensor] = {}

        def look(name: str, output: torch.Tensor) -> None:
            if len(output) != len(x):
                raise InvalidInput(
                    f"layer {name!r}: returns shape {tuple(output.shape)} for {len(x)} images; expected one row an image, so "
                    "choose another layer"
                )
            maps = output.clone()  # what follows may write into it, and the gradient needs it
            # Places before units: a view in both memory formats; the other way round channels_last would be copied.
            maps = maps.movedim(self._axes[name], -1).unsqueeze(1).flatten(1, -2)
            parts[name] = torch.cat([maps.mean(1), (maps.square().mean(1) + 1e-12).sqrt()], 1)

        output = visit(self.network, self.layers, x, look, whole=whole)
        return output, torch.cat([parts[name] for name in self.layers], 1)


class FeatureDetector(nn.Module):
    """e(x) = head((features(x) - mean) / std) - threshold; output (n, 1).

    `codes` are features of many images, whose mean and spread are taken. The head has one hidden layer.
    """

    mean: torch.Tensor
    inv_std: torch.Tensor
    threshold: torch.Tensor

    @checked
    def __init__(
        self, features: nn.Module, codes: Floats, hidden: Annotated[int, Integer(1)] = 64
    ) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", codes.mean(0))
        self.register_buffer("inv_std", 1 / (codes.std(0) + 1e-6))
        self.register_buffer("threshold", torch.zeros(()))
        self.head = nn.Sequential(
            nn.Linear(codes.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )
        self.training = False

    def of_codes(self, codes: torch.Tensor) -> torch.Tensor:
        """e from features that are there already."""
        return self.head((codes - self.mean) * self.inv_std) - self.threshold

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """e of images x."""
        return self.of_codes(self.features(x))

    @property
    def watched(self) -> nn.Module | None:
        """The network whose layers it looks at; None where its features are others."""
        return self.features.network if isinstance(self.features, EarlyFeatures) else None

    def with_output(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the watched network says of images x, and e of them, by one forward pass."""
        assert isinstance(self.features, EarlyFeatures)
        output, codes = self.features.with_output(x)
        return output, self.of_codes(codes)

    def on_codes(self) -> nn.Module:
        """This detector as a module of features, to be trained."""
        return _OnCodes(self)

    @torch.no_grad()
    def calibrate(self, natural: torch.Tensor, synthetic: torch.Tensor) -> None:
        """Put the threshold halfway between the largest e of natural codes that it was not trained on, but for one in a hundred, and the smallest of synthetic ones.

        Where they overlap, or nearly do, it goes below the smallest of these synthetic ones: none of these is missed, and natural images may be flagged.
        """
        self.threshold.zero_()
        low = float(self.of_codes(natural).view(-1).quantile(ALL_BUT, interpolation="lower"))
        high = float(self.of_codes(synthetic).min())
        self.threshold.fill_((low + high) / 2 if low < high - 4 * MARGIN else high - 2 * MARGIN)


class _OnCodes(nn.Module):
    def __init__(self, detector: FeatureDetector) -> None:
        super().__init__()
        self.head = detector.head
        self._of_codes = detector.of_codes
        self.training = False

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        return self._of_codes(codes)


@torch.no_grad()
def leaf_calls(network: nn.Module, shape: tuple[int, int, int]) -> list[tuple[str, int, bool]]:
    """The calls of modules without modules inside, in the order of a forward pass: name, units, and whether these have places.

    Places of a picture that is cut into windows, each a row of its own, do not count. A module that is called several times is
    named with the call.
    """
    leaves = [name for name, m in network.named_modules() if name and not list(m.children())]
    calls: list[tuple[str, int, bool]] = []
    with AxisTrace() as trace:
        visit(
            network, leaves, grey(network, shape),
            lambda name, y: calls.append((name, y.shape[trace.axis(y)], y.ndim > 2 and len(y) == 1)), every_call=True,
        )  # fmt: skip
    names = numbered([name for name, _, _ in calls])
    return [(name, units, spread) for name, (_, units, spread) in zip(names, calls, strict=True)]


def spread_over(names: Sequence[str], count: int) -> tuple[str, ...]:
    """At most so many of these, evenly, the first and the last among them."""
    if len(names) <= count:
        return tuple(names)
    return tuple(names[round(k * (len(names) - 1) / max(count - 1, 1))] for k in range(count))


@checked
def early_layers(
    network: nn.Module, shape: Shape, count: Annotated[int, Integer(1)] = LAYERS
) -> tuple[str, ...]:
    """Names of layers, spread over the first half of a forward pass, whose units are many enough to tell pictures apart.

    Raises
    ------
    InvalidInput : the network has none.
    """
    calls = leaf_calls(network, shape)
    half = calls[: (len(calls) + 1) // 2]
    for part in (half, calls):
        wide = [name for name, units, spread in part if spread and units > FEWEST]
        if wide:
            return spread_over(wide, count)
    raise InvalidInput(
        f"model: no layer has more than {FEWEST} units over several places; name the layers to look at"
    )
