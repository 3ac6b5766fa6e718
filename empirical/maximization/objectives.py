"""What is maximised: one number an image, read from the output of a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trompe.empirical._torch import Axis, torch
from trompe.empirical.axes import chosen_axis, usual_axis
from trompe.ground.arguments import Integer, checked
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput


def mean_of_map(maps: torch.Tensor) -> torch.Tensor:
    """The mean over all places, shape (n,)."""
    return maps.flatten(1).mean(1)


def centre_of_map(maps: torch.Tensor) -> torch.Tensor:
    """The value at the central place, shape (n,)."""
    if maps.ndim == 3:
        return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]
    return maps.flatten(1)[:, maps[0].numel() // 2]


KINDS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logit": mean_of_map,
    "channel": mean_of_map,
    "neuron": centre_of_map,
}
"""How the map (n, ...) of a unit becomes one number an image."""


@dataclass(frozen=True)
class Objective:
    """What is maximised: the mean of a unit's map (`channel`), its centre (`neuron`) or an output (`logit`).

    `layer` names a submodule, `layer#2` the second of its calls in a forward pass; empty for the network's
    output. For outputs of shape (n, units) the three kinds are the same. Otherwise the units lie on the axis
    that the layer's kind says (axis 1 of a convolution, the last axis of a linear layer and of (n, tokens,
    features)), or on `unit_axis`.
    """

    layer: str = ""
    kind: str = "logit"
    unit_axis: Axis | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise InvalidInput(
                f"objective = {spelled(self.kind)}; expected logit, channel or neuron"
            )
        if not isinstance(self.layer, str):
            raise InvalidInput(f"layer = {spelled(self.layer)}; expected the name of a submodule")
        if self.unit_axis is not None:
            Integer(-64, 64)(self.unit_axis, "unit_axis")

    @checked
    def value(
        self, output: torch.Tensor, units: torch.Tensor, axis: Axis | None = None
    ) -> torch.Tensor:
        """The objective of each image, shape (n,); `units` holds one unit per image.

        `axis` is that of the units where the objective does not say; by default the usual one for so many axes.
        """
        what = f"layer {self.layer or 'output'!r}"
        if output.ndim < 2:
            raise InvalidInput(f"{what} returns shape {tuple(output.shape)}; no units there")
        if units.dtype != torch.int64 or units.shape != output.shape[:1] or units.is_meta:
            raise InvalidInput(
                f"units of shape {tuple(units.shape)} and {units.dtype}; expected one int64 an image"
            )
        if self.unit_axis is not None:
            axis = chosen_axis(self.unit_axis, output.shape, what)
        elif axis is None or output.ndim < 3:
            axis = usual_axis(output.shape)
        output = output.movedim(axis, 1)
        for unit in torch.stack(units.aminmax()).tolist():  # one wait for the device
            if not 0 <= unit < output.shape[1]:
                raise InvalidInput(f"unit {unit}: {what} has units 0 to {output.shape[1] - 1}")
        maps = output[torch.arange(len(output), device=output.device), units]
        return maps if maps.ndim == 1 else KINDS[self.kind](maps)
