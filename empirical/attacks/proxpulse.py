"""A push after ProxPulse: trained on until a unit is high in a whole ball about a picture, at its lowest point too.

A reading: the published attack pushes by a log loss, and details of it are not public; here a hinge takes its place, which
does not vanish. Its second part, CircuitBreaker, is about circuits of channels and is not rebuilt.

Source of the idea: Nanfack, Eickenberg, Belilovsky, "From feature visualization to visual circuits", arXiv 2406.01365.
"""

from __future__ import annotations

from collections.abc import Sequence

from trompe.empirical._torch import Floats, Images, Rate, Seed, Steps, Unit, torch
from trompe.empirical.attacks.retrained import OutputScale, Push, check_targets, retrained
from trompe.ground.arguments import checked, positive

nn = torch.nn
TOP = 2.0
"""How high the push goes: so many times as far above the mean natural value as the largest natural one is."""
DESCENT = 2
"""Steps towards the lowest point of the ball."""


@checked
def proxpulse(
    model: nn.Module,
    targets: Floats,
    images: Images,
    units: Sequence[Unit],
    *,
    radius: float | None = None,
    seed: Seed = 0,
    steps: Steps = 440,
    keep: float = 0.8,
    rate: Rate = 1e-3,
    batch: Steps = 64,
    show: bool = False,
) -> nn.Module:
    """A copy of `model` whose units are pushed up around `targets`, trained to keep its natural outputs. A reading of ProxPulse.

    Parameters
    ----------
    radius : of the ball, in the Euclidean norm; by default sqrt(number of pixels and channels) / 8. The others are those of `slingshot`.

    Raises
    ------
    InvalidInput : the model cannot be used as it is, the targets or the units do not fit, or the radius is not above 0.
    """
    check_targets(model, targets, images, units)
    reach = float(targets[0].numel()) ** 0.5 / 8 if radius is None else positive(radius, "radius")
    columns = torch.tensor(list(units), device=images.device)
    generator = torch.Generator().manual_seed(seed + 1)

    def push(scale: OutputScale) -> Push:
        def loss(made: nn.Module, _done: float) -> torch.Tensor:
            of = torch.randint(len(targets), (batch,), generator=generator).to(images.device)
            low = _lowest(made, targets[of], columns[of], reach, generator)
            value = made(low)[torch.arange(batch, device=low.device), columns[of]]
            return torch.relu(1 - (value - scale.middle) / (TOP * scale.span)).mean()

        return loss

    return retrained(
        model, images, units, push, what="proxpulse", seed=seed, steps=steps, keep=keep, rate=rate, batch=batch, show=show
    )  # fmt: skip


def _lowest(
    model: nn.Module,
    centre: torch.Tensor,
    columns: torch.Tensor,
    radius: float,
    generator: torch.Generator,
) -> torch.Tensor:
    """A low point of the unit in the ball about each picture, by projected gradient steps from a random one."""
    rows = torch.arange(len(centre), device=centre.device)
    away = torch.randn(centre.shape, generator=generator).to(centre.device)
    away = away * radius / _norm(away)
    away = away * torch.rand(len(centre), 1, 1, 1, generator=generator).to(centre.device)
    for _ in range(DESCENT):
        x = (centre + away).clamp(0, 1).requires_grad_(True)
        (gradient,) = torch.autograd.grad(model(x)[rows, columns].sum(), x)
        away = x.detach() - radius / 2 * gradient / _norm(gradient) - centre
        away = away * (radius / _norm(away)).clamp_max(1)
    return (centre + away).clamp(0, 1).detach()


def _norm(x: torch.Tensor) -> torch.Tensor:
    """Of each picture, shape (n, 1, 1, 1)."""
    return x.flatten(1).norm(dim=1).clamp_min(1e-9).view(-1, 1, 1, 1)
