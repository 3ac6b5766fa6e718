"""The detector e: at most -1 on natural images, at least 1 on what optimisation passes through, or on boxes around both."""

from __future__ import annotations

from collections.abc import Callable

from trompe.empirical._torch import Floats, Images, Rate, Seed, Steps, torch
from trompe.empirical._torch import images as as_images
from trompe.empirical.attacks.circuit import MARGIN
from trompe.empirical.networks.architectures import BoundedCNN, BoundedMLP, DetectorCNN
from trompe.empirical.networks.inspection import predict
from trompe.empirical.progress import progress_bar
from trompe.empirical.similarity import share
from trompe.ground.arguments import Count, checked

nn = torch.nn
relu = torch.nn.functional.relu


@checked
def is_flagged(detector: nn.Module, images: Floats) -> torch.Tensor:
    """Which images are not certainly natural: e > -MARGIN. Shape (n,)."""
    return predict(detector, images).view(-1) > -MARGIN


def missed(detector: nn.Module, synthetic: torch.Tensor) -> float:
    """The share of synthetic images that the detector does not certainly flag: e < MARGIN."""
    return share(predict(detector, synthetic).view(-1) < MARGIN)


@checked
def train_detector(
    natural: Floats,
    synthetic: Floats,
    *,
    detector: nn.Module | None = None,
    seed: Seed = 0,
    steps: Steps = 600,
    batch: Steps = 128,
    rate: Rate = 2e-3,
    margin: float = 1.0,
    show: bool = True,
) -> nn.Module:
    """Train e: at most -margin on natural images, at least +margin on synthetic ones (hinge loss).

    Every image is weighted by its own excess (squared hinge), so the few near the border decide.
    Given a detector, goes on with it; such a one may take features (n, d) in place of images. Returned in eval mode, on the images' device.
    """
    if detector is None:
        as_images(natural, "natural")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = detector or DetectorCNN(_shape(natural)).to(natural.device)

    def loss(real: torch.Tensor, fake: torch.Tensor, _done: float) -> torch.Tensor:
        e = model(torch.cat([real, fake])).view(-1)
        above, below = relu(e[: len(real)] + margin), relu(margin - e[len(real) :])
        return above.square().mean() + below.square().mean()

    _descend(model, loss, natural, synthetic, "the detector", seed, steps, batch, rate, show)
    return model.eval()


@checked
def train_bounded_detector(
    natural: Images,
    synthetic: Images,
    *,
    radius: float = 8 / 255,
    seed: Seed = 0,
    steps: Steps = 1500,
    batch: Steps = 128,
    rate: Rate = 2e-3,
    widths: tuple[Count, ...] = (128, 64),
    show: bool = True,
    shown: float = 0.25,
) -> nn.Sequential:
    """Train e on its interval bounds: upper bound <= -1 around natural images, lower bound >= 1 around synthetic ones.

    `widths` are those of the hidden linear layers; with none it is a small convolutional network, for large pictures, and
    synthetic images are moved round, turned and mirrored at random: else it learns the noise that they began from, and not what optimisation makes of any.
    Boxes around synthetic images have `shown` times the radius. The radius grows from 0 over the first half of the run (interval bound propagation after Gowal et
    al., "On the effectiveness of interval bound propagation", 2018).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = BoundedMLP(_shape(natural), widths) if widths else BoundedCNN(_shape(natural))
        model = made.to(natural.device)
    generator = torch.Generator().manual_seed(seed + 2)

    def loss(real: torch.Tensor, fake: torch.Tensor, done: float) -> torch.Tensor:
        if not widths:
            fake = torch.stack([moved_round(image, generator) for image in fake])
            # convolutions are faster so
            real, fake = (x.contiguous(memory_format=torch.channels_last) for x in (real, fake))
        grown = radius * 1.1 * min(1.0, 2 * done)
        high, _ = _ends(model, real, grown)
        _, low = _ends(model, fake, grown * shown)
        return relu(1 + high).square().mean() + relu(1 - low).square().mean()

    what = "the certified detector"
    _descend(model, loss, natural, synthetic, what, seed, steps, batch, rate, show)
    return model.eval()


def moved_round(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """An image (channels, height, width) moved round by any number of rows and columns, mirrored in one of two cases, and turned.

    By quarter turns where it is square, else by half turns.
    """
    height, width = image.shape[1:]
    turns = 4 if height == width else 2
    rows, columns, mirrored, turned = (
        int(torch.randint(most, (), generator=generator)) for most in (height, width, 2, turns)
    )
    rolled = image.roll((rows, columns), (1, 2))
    return (rolled.flip(2) if mirrored else rolled).rot90(turned * 4 // turns, (1, 2))


def _shape(images: torch.Tensor) -> tuple[int, int, int]:
    return images.shape[1], images.shape[2], images.shape[3]


def _descend(
    model: nn.Module,
    loss_of: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor],
    natural: torch.Tensor,
    synthetic: torch.Tensor,
    what: str,
    seed: int,
    steps: int,
    batch: int,
    rate: float,
    show: bool,
) -> None:
    """Adam on batches of both kinds; the rate falls to 0 over the second half. `loss_of` gets the share done."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    generator = torch.Generator().manual_seed(seed + 1)
    model.train()
    with progress_bar(f"training {what}", steps, show) as advance:
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, 2 * (1 - step / steps))
            real = natural[torch.randint(len(natural), (batch,), generator=generator)]
            fake = synthetic[torch.randint(len(synthetic), (batch,), generator=generator)]
            loss = loss_of(real, fake, step / steps)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            advance(1)


def _ends(
    model: nn.Sequential, x: torch.Tensor, radius: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Upper and lower interval bounds with gradients, in float32 and without slack: for training only. In place where it can be, for speed."""
    low, high = (x - radius).clamp_(0, 1), (x + radius).clamp_(0, 1)
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            centre, half = (low + high).mul_(0.5), (high - low).mul_(0.5)
            middle, size = layer(centre), layer.weight.abs()
            if isinstance(layer, nn.Linear):
                spread = nn.functional.linear(half, size)
            else:
                spread = nn.functional.conv2d(half, size, None, layer.stride, layer.padding)
            low, high = middle - spread, middle + spread
        else:
            low, high = layer(low), layer(high)
    return high.view(-1), low.view(-1)
