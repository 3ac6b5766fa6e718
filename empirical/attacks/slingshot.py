"""Gradient Slingshots: trained on until the gradient, wherever optimisation passes, points to a picture.

The unit's value is bent towards v(x) = top - slope |x - t|^2 / 2, and its gradient towards slope (t - x), on the tube from where
ascents begin to the target t, while outputs on natural images are kept.

Source: Bareeva et al., "Manipulating feature visualizations with Gradient Slingshots", arXiv 2401.06122. Ours besides: the term of the value; tubes from all three parametrizations; and images
that ascents of the bent network itself pass through, three times during training.
"""

from __future__ import annotations

from collections.abc import Sequence

from trompe.empirical._torch import Floats, Images, Rate, Seed, Steps, Unit, torch
from trompe.empirical.attacks.retrained import OutputScale, Push, check_targets, retrained
from trompe.empirical.maximization.ascent import Settings, trajectories
from trompe.empirical.maximization.parametrizations import Fourier, Maco, Pixel, mean_spectrum
from trompe.empirical.maximization.transforms import random_affine
from trompe.ground.arguments import checked

nn = torch.nn
TOP = 1.2
"""The value at the target: so many times as far above the mean natural one as the largest natural one is."""
START = 0.2
"""The share of that height which is left where ascents begin."""
NOISE = 0.05
"""The tube's half width, pixel by pixel."""
STARTS = 64
"""Starting images a parametrization."""
LOOKS = (0.25, 0.5, 0.75)
"""When the bent network's own ascents are looked at, as shares of the training."""
LENGTH, EVERY = 96, 8
"""Their steps, and how many of these lie between two images that are taken."""


@checked
def slingshot(
    model: nn.Module,
    targets: Floats,
    images: Images,
    units: Sequence[Unit],
    *,
    seed: Seed = 0,
    steps: Steps = 660,
    keep: float = 0.8,
    rate: Rate = 1e-3,
    batch: Steps = 64,
    show: bool = False,
) -> nn.Module:
    """A copy of `model`, of the same architecture, whose units show `targets` and which was trained to keep its natural outputs.

    How far either holds is to be measured; nothing is guaranteed.

    Parameters
    ----------
    model : in eval mode, for images in [0, 1], output (n, outputs); left as it is. targets : in [0, 1], shape (units,
        channels, height, width). images : natural images. units : the outputs that are bent, one a target.
    keep : the share of the loss that keeps natural outputs. batch : of natural images, and of images on the tubes.

    Raises
    ------
    InvalidInput : the model cannot be used as it is, or the targets or the units do not fit.
    """
    check_targets(model, targets, images, units)
    spectrum = mean_spectrum(images)
    columns = torch.tensor(list(units), device=images.device)

    def push(scale: OutputScale) -> Push:
        return _Tubes(targets, columns, spectrum, scale, seed, batch)

    return retrained(
        model, images, units, push, what="slingshot", seed=seed, steps=steps, keep=keep, rate=rate, batch=batch, show=show
    )  # fmt: skip


class _Tubes:
    """The loss on tubes; see the module."""

    def __init__(
        self,
        targets: torch.Tensor,
        columns: torch.Tensor,
        spectrum: tuple[torch.Tensor, torch.Tensor],
        scale: OutputScale,
        seed: int,
        batch: int,
    ) -> None:
        self.targets, self.columns, self.scale, self.batch = targets, columns, scale, batch
        self.shape = (targets.shape[1], targets.shape[2], targets.shape[3])
        self.generator = torch.Generator().manual_seed(seed + 1)
        ways = (Pixel(), Fourier(), Maco(*spectrum))
        self.ways = [Settings(ways[0], False), Settings(ways[1], True), Settings(ways[2], False)]
        first = 1_000_000 + STARTS * (seed % 1_000_000)
        self.starts = torch.cat([
            way.image(torch.stack([way.initial(self.shape, first + k) for k in range(STARTS)]).to(targets.device))
            for way in ways
        ])  # fmt: skip
        far = float(torch.cdist(self.starts.flatten(1), targets.flatten(1)).square().mean())
        self.slope = 2 * TOP * (1 - START) * scale.span / far
        self.passed: list[tuple[torch.Tensor, torch.Tensor]] = []
        """Images of ascents, and the number of the target that each belongs to."""

    def __call__(self, model: nn.Module, done: float) -> torch.Tensor:
        if len(self.passed) < len(LOOKS) and done >= LOOKS[len(self.passed)]:
            self.passed.append(self._ascents(model))
        x, of = self._tube()
        x = x.requires_grad_(True)
        value = model(x)[torch.arange(len(x), device=x.device), self.columns[of]]
        (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        away = self.targets[of] - x.detach()
        wanted = self.scale.top(TOP) - self.slope * away.square().flatten(1).sum(1) / 2
        of_value = ((value - wanted) / (TOP * self.scale.span)).square().mean()
        of_gradient = ((gradient - self.slope * away) / self.slope).square().mean()
        return of_value + of_gradient

    def _tube(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Images between starts and targets, in their half ascents' own where there are some; and whose they are."""
        n, device, g = self.batch, self.targets.device, self.generator
        of = torch.randint(len(self.targets), (n,), generator=g)
        begin = self.starts[torch.randint(len(self.starts), (n,), generator=g).to(device)]
        moved = random_affine(begin, (2 * torch.rand(n, 4, generator=g) - 1).to(device))
        turned = (torch.rand(n, 1, 1, 1, generator=g) < 0.5).to(device)
        r = torch.rand(n, 1, 1, 1, generator=g).to(device)
        noise = NOISE * (2 * torch.rand(n, *self.shape, generator=g) - 1).to(device)
        x = (1 - r) * torch.where(turned, moved, begin) + r * self.targets[of.to(device)] + noise
        if self.passed:
            images = torch.cat([images for images, _ in self.passed])
            whose = torch.cat([whose for _, whose in self.passed])
            taken = torch.randint(len(images), (n // 2,), generator=g)
            x[: n // 2], of[: n // 2] = images[taken.to(device)], whose[taken]
        return x.clamp(0, 1), of.to(device)

    def _ascents(self, model: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
        images = trajectories(
            model, self.columns.tolist(), self.shape, self.ways, [2_000_000 + len(self.passed)], LENGTH,
            range(0, LENGTH + 1, EVERY), self.targets.device,
        )  # fmt: skip
        return images, torch.arange(len(self.targets)).repeat(len(images) // len(self.targets))
