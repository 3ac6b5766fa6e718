"""Networks that are trained on until units show given pictures, while their outputs on natural images are kept: what such attacks share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.networks.inspection import check_model, predict
from trompe.empirical.progress import progress_bar
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

nn = torch.nn
CLIP = 1.0
"""The largest norm of a step's gradient."""


def check_targets(
    model: nn.Module, targets: torch.Tensor, images: torch.Tensor, units: Sequence[int]
) -> None:
    """Are these pictures, one a unit, that this network could show?

    Raises
    ------
    InvalidInput : the network cannot be used as it is, a unit is not there or named twice, or the targets have another
    shape than (units, channels, height, width), lie on another device, or leave [0, 1].
    """
    outputs = check_model(model, images)
    if not units or len(set(units)) < len(units):
        raise InvalidInput(f"units: {spelled(list(units))}; expected one or more different ones")
    for unit in units:
        if not 0 <= unit < outputs:
            raise InvalidInput(f"unit {unit}: the network has outputs 0 to {outputs - 1}")
    wanted = (len(units), *images.shape[1:])
    if tuple(targets.shape) != wanted:
        raise InvalidInput(
            f"targets: shape {tuple(targets.shape)}; expected {wanted}, one picture a unit"
        )
    if targets.device != images.device:
        raise InvalidInput(
            f"targets: they are on {targets.device}, the images on {images.device}; move one of them"
        )
    low, high = map(float, targets.aminmax())
    if not (low >= 0 and high <= 1):
        raise InvalidInput(
            f"targets: values from {low:.4g} to {high:.4g}; expected pictures in [0, 1]"
        )


@dataclass(frozen=True)
class OutputScale:
    """How large the outputs of a network are on natural images: their mean, and how far their largest lies above it."""

    middle: float
    span: float

    def top(self, times: float) -> float:
        """So many spans above the middle."""
        return self.middle + times * self.span


Push = Callable[[nn.Module, float], torch.Tensor]
"""The loss that bends the network, given it and the share of the steps that are done."""


def retrained(
    model: nn.Module,
    images: torch.Tensor,
    units: Sequence[int],
    push: Callable[[OutputScale], Push],
    *,
    what: str,
    seed: int,
    steps: int,
    keep: float,
    rate: float,
    batch: int,
    show: bool,
) -> nn.Module:
    """A copy of `model` that is trained on `(1 - keep) push + keep loss of its natural outputs`; eval mode throughout.

    The loss of the outputs is their mean squared change, in units of their own standard deviation, over all outputs. Adam;
    the rate falls to 0 over the second half. push : from the scale of the units' natural outputs to the loss.
    """
    if not 0 <= keep < 1:
        raise InvalidInput(
            f"keep = {keep}; expected the share of the loss that keeps outputs, in [0, 1)"
        )
    before = predict(model, images)
    spread = before.std().clamp_min(1e-12)
    of_units = before[:, list(units)]
    middle = float(of_units.mean())
    bend = push(OutputScale(middle, max(float(of_units.max()) - middle, 1e-6)))
    made = copy.deepcopy(model)
    for parameter in made.parameters():
        parameter.requires_grad_(True)
    optimizer = torch.optim.Adam(made.parameters(), lr=rate)
    generator = torch.Generator().manual_seed(seed)
    with torch.enable_grad(), progress_bar(what, steps, show) as advance:
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, 2 * (1 - step / steps))
            some = torch.randint(len(images), (batch,), generator=generator).to(images.device)
            kept = ((made(images[some]) - before[some]) / spread).square().mean()
            loss = (1 - keep) * bend(made, step / steps) + keep * kept
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(made.parameters(), CLIP)
            optimizer.step()
            advance(1)
    for new, old in zip(made.parameters(), model.parameters(), strict=True):
        new.grad = None
        new.requires_grad_(old.requires_grad)
    return made
