"""A certified fooling circuit: on a whole box around an image, the circuit *is* F (or D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trompe.empirical._torch import Floats, Seed, Shape, Steps, at_once, torch
from trompe.empirical.attacks.circuit import MARGIN
from trompe.empirical.networks.inspection import called
from trompe.empirical.networks.intervals import Box, box_around, interval_bounds, power_of_two_above
from trompe.empirical.similarity import share
from trompe.ground.arguments import checked
from trompe.theory import InvalidInput

nn = torch.nn


@checked
def certified_k(modules: Sequence[nn.Module], shape: Shape) -> tuple[float, float]:
    """(k, bound): k a power of two at least twice the interval bound on every |output| over [0, 1]^N."""
    bound = 0.0
    for module in modules:
        device = next((p.device for p in module.parameters()), torch.device("cpu"))
        if not list(module.parameters()):
            device = next((b.device for b in module.buffers()), device)
        zeros = torch.zeros((1, *shape), dtype=torch.float64, device=device)
        out = interval_bounds(module, Box(zeros, torch.ones_like(zeros)))
        bound = max(bound, float(out.size.max()))
    return power_of_two_above(bound), bound


UNCERTIFIED = 2.0**53
"""k where no bound can be had: right for every |output| up to it."""


def k_of(modules: Sequence[nn.Module], shape: tuple[int, int, int]) -> tuple[float, float | None]:
    """`certified_k`; where interval bounds do not cover a network, (2^53, None)."""
    try:
        return certified_k(modules, shape)
    except InvalidInput:
        return UNCERTIFIED, None


@dataclass(frozen=True)
class Certificate:
    """Which boxes are certified, and the bound that certifies them; both of shape (n,)."""

    certified: torch.Tensor
    bound: torch.Tensor

    @property
    def share(self) -> float:
        """The certified share."""
        return share(self.certified)


@checked
def certify_natural(detector: nn.Module, images: Floats, radius: float) -> Certificate:
    """Around which images is e <= -1/40 on the whole box of this radius, so that fooled == original there?"""
    parts = images.split(at_once(images.shape[1:], 500))
    high = torch.cat(
        [interval_bounds(detector, box_around(p, radius)).high.view(-1) for p in parts]
    )
    return Certificate(high <= -MARGIN, high)


@checked
def certify_shown(detector: nn.Module, images: Floats, radius: float) -> Certificate:
    """Around which images is e >= 1/40 on the whole box, so that fooled == D there (the dual certificate)?"""
    parts = images.split(at_once(images.shape[1:], 500))
    low = torch.cat([interval_bounds(detector, box_around(p, radius)).low.view(-1) for p in parts])
    return Certificate(low >= MARGIN, low)


@checked
def pgd_difference(
    circuit: nn.Module,
    reference: nn.Module,
    detector: nn.Module,
    images: Floats,
    radius: float,
    steps: Steps = 40,
    seed: Seed = 0,
) -> tuple[int, float]:
    """Attack: push e up inside the boxes. (images where circuit and reference ever differ, largest e seen).

    Projected signed gradient ascent from a random start; a certificate says that it must fail.
    """
    generator = torch.Generator().manual_seed(seed)
    differing, largest = 0, -float("inf")
    for part in images.split(at_once(images.shape[1:], 500)):
        low, high = (part - radius).clamp(0, 1), (part + radius).clamp(0, 1)
        noise = torch.rand(part.shape, generator=generator).to(part.device)
        x = low + (high - low) * noise
        differs = torch.zeros(len(part), dtype=torch.bool, device=part.device)
        for step in range(steps):
            x = x.detach().requires_grad_(True)
            e = called(detector, x)
            (gradient,) = torch.autograd.grad(e.sum(), x)
            with torch.no_grad():
                if step % 8 == 0 or step == steps - 1:
                    differs |= ~(called(circuit, x) == called(reference, x)).all(1)
                largest = max(largest, float(e.max()))
                moved = x + 2.5 * radius / steps * gradient.sign()
                x = torch.minimum(torch.maximum(moved, low), high)
        differing += int(differs.sum())
    return differing, largest
