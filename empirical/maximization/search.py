"""Can this unit be driven at all? A search for one picture that excites it, from several starts and in several ways.

Measured on the digits network (seed 0, one CPU thread), with the biases of conv2 lowered by 1.02, 1.15 and 1.5 times each
unit's largest natural pre-activation: it drives 48, 46 and 22 of 48 silent units, plain Adam on the map's maximum (4 starts of
128 steps) 41, 38 and 9 (one of these 9 not by the search). Of the 48 silent parts that `orthogonal_units` puts into conv2 it
drives 41 (lambda = 4) and 43 (lambda = 64).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.maximization.ascent import gradient_of
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.networks.relu import RedirectedReLU
from trompe.empirical.progress import Advance

RATE = 0.05


@dataclass(frozen=True)
class Try:
    """One way to look: where it starts, how the picture is written down, and which number of the map climbs."""

    start: str
    """natural : the natural picture that excites the unit most. noise : uniform on [0, 1]. grey : 1/2."""
    parametrization: str
    """pixel : the picture itself, cut to [0, 1] after each step. fourier : see parametrizations."""
    target: str
    """maximum of the map, its mean, its centre, or a random place."""

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.target}, {self.parametrization} from {self.start}"


TRIES = (
    Try("natural", "pixel", "maximum"),
    Try("noise", "pixel", "maximum"),
    Try("grey", "pixel", "centre"),
    Try("noise", "fourier", "maximum"),
    Try("noise", "pixel", "random place"),
    Try("grey", "pixel", "mean"),
    Try("natural", "pixel", "random place"),
    Try("noise", "fourier", "random place"),
)


@dataclass(frozen=True)
class Found:
    """The best of all steps of all tries: values (units,), pictures (units, channels, height, width) in [0, 1]."""

    values: torch.Tensor
    pictures: torch.Tensor
    tries: tuple[int, ...]
    """How many tries each unit had; a unit that was driven has no more."""
    broken: int
    """Tries that came to a picture with NaN or infinite numbers, where they ended."""


def drive(
    activation: Callable[[torch.Tensor], torch.Tensor],
    units: Sequence[int],
    natural: torch.Tensor,
    *,
    tries: Sequence[Try] = TRIES,
    steps: int = 128,
    batch: int = 100,
    seed: int = 0,
    centre: int = 0,
    axes: Sequence[int | None] = (),
    advance: Advance = lambda _k: None,
) -> Found:
    """Looks for pictures in [0, 1]^N where a number of the unit's map is above 0.

    All units climb at once, `batch` pictures at a time, each by Adam with steps of 0.05; gradients are redirected
    through ReLUs that are dead on the way. What counts is the largest number of the map, at the best step.

    Parameters
    ----------
    activation : images (n, ...) -> what the ReLU gets, shape (n, units, places). natural : one picture a unit,
        shape (units, channels, height, width), to start from. seed : noise and random places follow from it. centre : the number of the map's centre.
    axes : the unit axis of each ReLU call that `activation` makes.

    Raises
    ------
    InvalidInput : the activation has no gradient.
    """
    values = torch.full((len(units),), -float("inf"), device=natural.device)
    pictures, counts, broken = natural.clone(), [0] * len(units), 0
    for number, way in enumerate(tries):
        left = [i for i, value in enumerate(values.tolist()) if value <= 0]
        for start in range(0, len(left), batch):
            rows = left[start : start + batch]
            generator = torch.Generator().manual_seed((seed + 7_919 * (number + 1)) % 2**63)
            places = torch.rand(max(units) + 1, generator=generator)[[units[i] for i in rows]]
            if way.start == "natural":
                images = natural[rows].clone()
            elif way.start == "grey":
                images = torch.full_like(natural[rows], 0.5)
            else:
                noise = torch.rand(natural.shape[1:], generator=generator)
                images = noise.to(natural.device).expand_as(natural[rows]).clone()
            top, best, wrong = _climb(
                activation, [units[i] for i in rows], images, way, places, steps, seed + number, centre, axes
            )  # fmt: skip
            index = torch.tensor(rows, device=values.device)
            better = top > values[index]
            broken += wrong
            values[index[better]], pictures[index[better]] = top[better], best[better]
            for i in rows:
                counts[i] += 1
            advance(len(rows))
        advance(len(units) - len(left))
    return Found(values, pictures, tuple(counts), broken)


def _climb(
    activation: Callable[[torch.Tensor], torch.Tensor],
    units: Sequence[int],
    images: torch.Tensor,
    way: Try,
    places: torch.Tensor,
    steps: int,
    seed: int,
    centre: int,
    axes: Sequence[int | None],
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """The largest number of each unit's map at any step, the picture of that step, and how many tries broke."""
    n, shape = len(units), tuple(images.shape[1:])
    fourier = Fourier()
    if way.parametrization == "fourier":
        first = fourier.initial((shape[0], shape[1], shape[2]), seed)
        parameters = first.to(images.device).expand(n, *first.shape).clone()
    else:
        parameters = images
    parameters.requires_grad_(True)
    optimizer = torch.optim.Adam([parameters], lr=RATE)
    rows = torch.arange(n, device=images.device)
    chosen = torch.tensor(units, device=images.device)
    top = torch.full((n,), -float("inf"), device=images.device)
    sound = torch.ones(n, dtype=torch.bool, device=images.device)
    best = images.detach().clone()
    for step in range(steps + 1):
        with torch.enable_grad(), RedirectedReLU.along(axes):
            x = fourier.image(parameters) if way.parametrization == "fourier" else parameters
            maps = activation(x)[rows, chosen]
            largest = maps.amax(1)
            if way.target == "maximum":
                value = largest
            elif way.target == "mean":
                value = maps.mean(1)
            else:
                at = (places * maps.shape[1]).long().to(maps.device)
                value = maps[rows, at if way.target == "random place" else centre]
        sound &= torch.isfinite(maps).all(1)
        with torch.no_grad():
            better = sound & (largest > top)
            top = torch.where(better, largest, top)
            best = torch.where(better.view(-1, 1, 1, 1), x, best)
        if step == steps:
            break
        parameters.grad = gradient_of(-value.sum(), parameters)
        optimizer.step()
        if way.parametrization == "pixel":
            with torch.no_grad():
                parameters.clamp_(0, 1)
    return top.detach(), best.detach(), int((~sound).sum())
