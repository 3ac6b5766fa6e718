"""What may be taken off an objective while it is maximised."""

from __future__ import annotations

from abc import ABC, abstractmethod

from trompe.empirical._torch import torch
from trompe.empirical.maximization.transforms import random_affine
from trompe.empirical.networks.inspection import visit

nn = torch.nn


class Penalty(ABC):
    """A cost of each image; an ascent follows the gradient of the objective minus that of the cost, weighted."""

    @abstractmethod
    def cost(
        self, x: torch.Tensor, moved: torch.Tensor, move: torch.Tensor | None, rows: range
    ) -> torch.Tensor:
        """The cost of each image, shape (n,).

        x : images. moved : the same after random transforms, drawn as `move`; None for none. rows : which of all images.
        """

    @abstractmethod
    def weighted(
        self, objective: torch.Tensor, pull: torch.Tensor, rows: range, step: int
    ) -> torch.Tensor:
        """The cost's gradient `pull` times its weight. objective : the gradient of the objective, with the other sign."""


class Roughness(Penalty):
    """strength times the mean squared difference of neighbouring pixels."""

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def cost(
        self, x: torch.Tensor, moved: torch.Tensor, move: torch.Tensor | None, rows: range
    ) -> torch.Tensor:
        """See Penalty."""
        down, right = x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1]
        return down.square().flatten(1).mean(1) + right.square().flatten(1).mean(1)

    def weighted(
        self, objective: torch.Tensor, pull: torch.Tensor, rows: range, step: int
    ) -> torch.Tensor:
        """See Penalty."""
        return self.strength * pull


class LatentDistance(Penalty):
    """strength times the distance to given images in a layer, both under the same transforms.

    The distance is brought to the objective's size once, at the second step: at the first it is 0, and has no direction. Its
    gradient then has the objective's L1 norm times `strength`, image by image.

    Parameters
    ----------
    layer : of `model`. images : one for each image that climbs.
    """

    def __init__(self, model: nn.Module, layer: str, images: torch.Tensor, strength: float) -> None:
        self.model, self.layer, self.images, self.strength = model, layer, images, strength
        self._weight: dict[int, torch.Tensor] = {}

    def cost(
        self, x: torch.Tensor, moved: torch.Tensor, move: torch.Tensor | None, rows: range
    ) -> torch.Tensor:
        """See Penalty."""
        start = self.images[rows.start : rows.stop]
        with torch.no_grad():
            there = self._latent(start if move is None else random_affine(start, move))
        away = (self._latent(moved) - there).flatten(1)
        return (away.square().sum(1) + 1e-8).sqrt()

    def weighted(
        self, objective: torch.Tensor, pull: torch.Tensor, rows: range, step: int
    ) -> torch.Tensor:
        """See Penalty."""
        if step == 0:
            return torch.zeros_like(pull)
        if step == 1:
            sizes = (g.abs().flatten(1).sum(1) for g in (objective, pull))
            self._weight[rows.start] = next(sizes) / next(sizes).clamp_min(1e-12)
        weight = self.strength * self._weight[rows.start]
        return weight.view(-1, *[1] * (pull.ndim - 1)) * pull

    def _latent(self, images: torch.Tensor) -> torch.Tensor:
        found: list[torch.Tensor] = []
        visit(self.model, [self.layer], images, lambda _name, y: found.append(y.clone()))
        return found[0]
