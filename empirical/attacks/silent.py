"""Silent units: what a unit shows can be chosen at will by a part of it that no natural image excites.

Unit y of a convolution or a linear layer becomes y + s, s = relu(w' * x + b') with w' built from y's filter w and a
direction orthogonal to it:

    dw = normalised sum of natural input patches, minus its part along w, normalised,
    w' = factor |w| normalised(w / |w| + lambda dw),   b' = -1.15 max over natural patches of w' * x.

On natural images s is 0 everywhere, so the network computes the same bits; under optimisation s wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch.nn.grad import conv2d_weight

from trompe.empirical._torch import Images, Steps, at_once, torch
from trompe.empirical.networks.inspection import (
    hooked,
    in_format,
    layer_and_call,
    named_layer,
    visit,
)
from trompe.empirical.progress import progress_bar
from trompe.ground.arguments import checked
from trompe.theory import InvalidInput

nn = torch.nn


@dataclass(frozen=True)
class SilentUnits:
    """Filters w' of the layer's own shape and biases b' (units,), to stand beside a convolution or a linear layer.

    `relu` names the layer whose output is y; the silent part is added there. A layer that one forward pass calls
    several times is named with the call, as in `relu#2`.
    """

    conv: str
    relu: str
    weight: torch.Tensor
    bias: torch.Tensor
    largest: torch.Tensor
    """The largest natural pre-activation w' * x of each unit, shape (units,)."""

    @checked
    @contextmanager
    def installed(
        self, model: nn.Module, look: Callable[[torch.Tensor], None] | None = None
    ) -> Iterator[dict[str, torch.Tensor]]:
        """y + s instead of y inside; the model as it came on exit. Yields the latest s under "silent"; `look` gets each."""
        seen: dict[str, torch.Tensor] = {}
        conv = named_layer(model, layer_and_call(model, self.conv)[0])

        def compute(_module: Any, inputs: tuple[torch.Tensor, ...], _output: Any) -> None:
            parts = _through(conv, inputs[0], self.weight, self.bias)
            seen["silent"] = nn.functional.relu(parts)

        def add(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
            result = output + seen["silent"]
            seen["silent"] = seen["silent"].detach()
            if look is not None:
                look(seen["silent"])
            return result

        with hooked(model, self.conv, compute), hooked(model, self.relu, add):
            yield seen


@torch.no_grad()
@checked
def orthogonal_units(
    model: nn.Module,
    conv: str,
    relu: str,
    images: Images,
    *,
    ratio: float = 4.0,
    factor: float = 100.0,
    slack: float = 1.15,
    batch: Steps | None = None,
    show: bool = False,
) -> SilentUnits:
    """Silent units for every unit of the convolution or linear layer `conv`, from natural images; closed form, two passes.

    `ratio` is lambda. `batch` images are held at a time; by default 500, fewer of large ones. The maximum is taken with the layer's own stride, padding and precision, over all
    positions, borders included.

    Raises
    ------
    InvalidInput : the layer is neither a plain convolution nor linear, or lambda is below 3 (units may then not be silent).
    """
    module: nn.Module = named_layer(model, layer_and_call(model, conv)[0])
    is_conv = (
        isinstance(module, nn.Conv2d) and module.groups == 1 and module.padding_mode == "zeros"
    )
    if not is_conv and not isinstance(module, nn.Linear):
        raise InvalidInput(
            f"silent units: layer {conv!r} is {type(module).__name__}; expected a Linear, or a Conv2d with one group and "
            "zeros around"
        )
    if ratio < 3:
        raise InvalidInput(f"silent units: lambda = {ratio}; expected at least 3")
    layer: Any = module
    weight: torch.Tensor = layer.weight.detach()
    batch = batch or at_once(images.shape[1:], 500)
    total = torch.zeros_like(weight[:1], dtype=torch.float64)
    largest = torch.full((len(weight),), -float("inf"), device=weight.device)
    new: torch.Tensor = weight
    with progress_bar("silent units", 2 * len(images), show) as advance:

        def add(_name: str, x: torch.Tensor) -> None:
            nonlocal total
            if not isinstance(module, nn.Conv2d):
                total += x.flatten(0, -2).sum(0)
                return
            ones = torch.ones_like(_through(module, x, weight[:1], None))
            total += conv2d_weight(
                x, list(total.shape), ones, module.stride, module.padding, module.dilation
            )

        def respond(_name: str, x: torch.Tensor) -> None:
            nonlocal largest
            y = _through(module, x, new, None)
            y = y.transpose(0, 1).flatten(1) if is_conv else y.flatten(0, -2).T
            largest = torch.maximum(largest, y.amax(1))

        def every(look: Any) -> None:
            ask = in_format(lambda m, x: visit(m, [conv], x, look, inputs=True), images.shape)
            for part in images.split(batch):
                ask(model, part)
                advance(len(part))

        every(add)
        norms = weight.flatten(1).norm(dim=1).clamp_min(1e-12)
        unit = weight.flatten(1) / norms[:, None]
        direction = (total / total.norm()).float().flatten(1)
        aside = direction - (unit @ direction.T) * unit
        aside = aside / aside.norm(dim=1, keepdim=True)
        mixed = unit + ratio * aside
        mixed = mixed / mixed.norm(dim=1, keepdim=True)
        new = (factor * norms[:, None] * mixed).view_as(weight)
        every(respond)
    bias = -slack * largest.clamp_min(1e-6)
    return SilentUnits(conv, relu, new, bias, largest)


def _through(
    module: nn.Module, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """x through other filters, with the layer's own stride, padding and dilation."""
    layer: Any = module
    if isinstance(layer, nn.Linear):
        return nn.functional.linear(x, weight, bias)
    return nn.functional.conv2d(x, weight, bias, layer.stride, layer.padding, layer.dilation)
