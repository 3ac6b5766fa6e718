"""A pair of pictures with a steep slope of a unit between them: what no Lipschitz constant of the unit is below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.maximization.evaluation import layer_output
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.networks.inspection import frozen

SCALES = (1 / 4, 1 / 16, 1 / 64)
"""Lengths of steps, as shares of a pixel's range: in l_inf of each pixel's change, in l2 of its root mean square."""


@dataclass(frozen=True)
class PicturePair:
    """Two pictures of float32, shape (channels, height, width), in [0, 1]."""

    first: torch.Tensor
    second: torch.Tensor


def steep_pairs(
    model: torch.nn.Module, objective: Objective, axis: int, unit: int, starts: torch.Tensor, norm: str, steps: int, batch: int,
    advance: Callable[[int], object] = lambda _: None,
) -> list[PicturePair]:  # fmt: skip
    """The steepest pair of each scale, by float32.

    From each start, shape (n, channels, height, width), the unit is climbed: of steps of all `SCALES` along the gradient in l2 (its signs
    in l_inf), cut by [0, 1], that of the largest slope is taken. Each such step, and each of the same length downwards, is a pair.
    """
    best: dict[float, tuple[float, PicturePair]] = {}
    with frozen(model):
        for part in starts.split(batch):
            x = part.clone()
            for _ in range(steps):
                value, gradient = _value_and_gradient(model, objective, axis, unit, x)
                if norm == "l2":
                    size = gradient.flatten(1).square().mean(1).sqrt().view(-1, 1, 1, 1)
                    along = torch.where(
                        size > 0, gradient / size.clamp_min(1e-30), torch.zeros_like(gradient)
                    )
                else:
                    along = gradient.sign()
                climbed, steepest = x, torch.full_like(value, -1.0)
                for scale in SCALES:
                    for sign in (1.0, -1.0):
                        y = (x + sign * scale * along).clamp(0, 1)
                        slope = _slopes(x, y, value, _value(model, objective, axis, unit, y), norm)
                        k = int(slope.argmax())
                        if float(slope[k]) > best.get(scale, (0.0, None))[0]:
                            best[scale] = (float(slope[k]), PicturePair(x[k].clone(), y[k].clone()))
                        if sign > 0:
                            better = slope > steepest
                            climbed = torch.where(better.view(-1, 1, 1, 1), y, climbed)
                            steepest = torch.maximum(slope, steepest)
                x = climbed
                advance(len(part))
    return [pair for _, pair in best.values()]


def _slopes(
    x: torch.Tensor, y: torch.Tensor, at_x: torch.Tensor, at_y: torch.Tensor, norm: str
) -> torch.Tensor:
    gap = (x - y).double().flatten(1)
    size = gap.square().sum(1).sqrt() if norm == "l2" else gap.abs().amax(1)
    rise = (at_x - at_y).double().abs()
    return torch.where(size > 0, rise / size.clamp_min(1e-300), torch.zeros_like(size)).to(at_x)


def _value(
    model: torch.nn.Module, objective: Objective, axis: int, unit: int, x: torch.Tensor
) -> torch.Tensor:
    units = torch.full((len(x),), unit, device=x.device)
    with torch.no_grad():
        return objective.value(layer_output(model, objective.layer, x), units, axis)


def _value_and_gradient(
    model: torch.nn.Module, objective: Objective, axis: int, unit: int, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    given = x.clone().requires_grad_()
    units = torch.full((len(x),), unit, device=x.device)
    value = objective.value(layer_output(model, objective.layer, given), units, axis)
    (gradient,) = torch.autograd.grad(value.sum(), given, allow_unused=True)
    return value.detach(), torch.zeros_like(x) if gradient is None else gradient
