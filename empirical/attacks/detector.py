"""The detector e: natural images against whole optimisation trajectories, with retraining rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trompe.empirical._torch import share, torch
from trompe.empirical.attacks.circuit import MARGIN
from trompe.empirical.maximization.ascent import STEPS_KEPT, maximize
from trompe.empirical.maximization.parametrizations import Parametrization
from trompe.empirical.networks import DetectorCNN
from trompe.empirical.training import progress_bar

__all__ = ["Settings", "every_setting", "train_detector", "trajectories"]

nn = torch.nn


@dataclass(frozen=True)
class Settings:
    """One way to visualize: a parametrization, with or without random transforms."""

    parametrization: Parametrization
    transforms: bool

    @property
    def name(self) -> str:
        """As figures and witnesses name it."""
        return self.parametrization.key + ("+transforms" if self.transforms else "")


def every_setting(parametrizations: Iterable[Parametrization]) -> list[Settings]:
    """Each parametrization without and with transforms."""
    return [Settings(p, transforms) for p in parametrizations for transforms in (False, True)]


def trajectories(
    model: Callable[[torch.Tensor], torch.Tensor],
    units: Sequence[int],
    shape: tuple[int, int, int],
    settings: Iterable[Settings],
    seeds: Sequence[int],
    steps: int = 256,
    keep: Sequence[int] = STEPS_KEPT,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """All images that optimisation passes through at the steps `keep`, plain and transformed: (n, c, h, w)."""
    parts = []
    for setting in settings:
        run = maximize(
            model, units, shape, setting.parametrization, transforms=setting.transforms,
            seeds=seeds, steps=steps, keep=(*keep, steps), device=device,
        )  # fmt: skip
        parts.append(run.trajectory.flatten(0, 1))
        if setting.transforms:
            parts.append(run.seen.flatten(0, 1))
    return torch.cat(parts)


def train_detector(
    natural: torch.Tensor,
    synthetic: torch.Tensor,
    *,
    detector: nn.Module | None = None,
    seed: int = 0,
    steps: int = 600,
    batch: int = 128,
    rate: float = 2e-3,
    margin: float = 1.0,
    show: bool = True,
) -> nn.Module:
    """Train e: at most -margin on natural images, at least +margin on synthetic ones (hinge loss).

    Every image is weighted by its own excess (squared hinge), so the few near the border decide.
    Given a detector, goes on with it. Returned in eval mode, on the images' device.
    """
    shape = (natural.shape[1], natural.shape[2], natural.shape[3])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = detector or DetectorCNN(shape).to(natural.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    generator = torch.Generator().manual_seed(seed + 1)
    model.train()
    with progress_bar("training the detector", steps, show) as advance:
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, 2 * (1 - step / steps))
            real = natural[torch.randint(len(natural), (batch,), generator=generator)]
            fake = synthetic[torch.randint(len(synthetic), (batch,), generator=generator)]
            e = model(torch.cat([real, fake])).view(-1)
            excess = relu_margin(e[:batch], margin), relu_margin(-e[batch:], margin)
            loss = excess[0].square().mean() + excess[1].square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            advance(1)
    return model.eval()


def relu_margin(e: torch.Tensor, margin: float) -> torch.Tensor:
    """By how much e exceeds -margin."""
    return nn.functional.relu(e + margin)


def missed(detector: nn.Module, synthetic: torch.Tensor) -> float:
    """The share of synthetic images that the detector does not certainly flag: e < MARGIN."""
    with torch.no_grad():
        e = torch.cat([detector(part).view(-1) for part in synthetic.split(500)])
    return share(e < MARGIN)
