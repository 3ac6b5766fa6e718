"""Training, repeatable and resumable: the same key gives the same weights, bit for bit, on one machine."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from trompe.empirical._torch import Seed, pick_device, torch
from trompe.empirical.cache import TensorCache
from trompe.empirical.inputs.data import ImageData
from trompe.empirical.networks.architectures import MiniInception, SmallCNN
from trompe.empirical.progress import progress_bar
from trompe.ground.arguments import checked
from trompe.ground.errors import known

nn = torch.nn
KEEP_EPOCHS_FROM = 10_000
"""Training images from which on every epoch is kept; below, training takes seconds."""


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: AdamW with weight decay 1e-4, one cycle of the learning rate, shifts."""

    network: str
    epochs: int
    batch: int = 128
    peak: float = 3e-3
    width: int = 32
    shift: int = 1
    shift_together: bool = False
    """One shift for a whole batch: cheaper, and enough where there are many batches."""
    channels_last: bool = False
    least_steps: int = 0
    """Optimiser steps at least: more epochs where a data set has few images."""

    def sized(self, images: int) -> Recipe:
        """The recipe for this number of images."""
        batches = -(-images // self.batch)
        return replace(self, epochs=max(self.epochs, -(-self.least_steps // batches)))

    @property
    def key(self) -> dict[str, Any]:
        """What determines the weights; `least_steps` does so through `epochs` only."""
        return {name: value for name, value in asdict(self).items() if name != "least_steps"}


RECIPES: dict[tuple[str, bool], Recipe] = {
    ("cnn", True): Recipe("cnn", epochs=20, batch=64, width=24, peak=6e-3, least_steps=140),
    ("cnn", False): Recipe("cnn", epochs=6, batch=128, shift_together=True, channels_last=True),
    ("inception", True): Recipe(
        "inception", epochs=12, width=4, peak=1e-2, shift=0, channels_last=True, least_steps=140
    ),
    ("inception", False): Recipe(
        "inception", epochs=5, batch=128, width=6, shift_together=True, channels_last=True
    ),
}
"""Keyed by network and whether the data set is small (fewer than 10,000 training images)."""


def build(recipe: Recipe, data: ImageData) -> nn.Module:
    """The untrained network of a recipe, normalised by the training pixels' mean and deviation."""
    pixels = data.train.images.astype("float64") / data.levels
    mean, std = pixels.mean((0, 2, 3)).tolist(), (pixels.std((0, 2, 3)) + 1e-6).tolist()
    kind = {"cnn": SmallCNN, "inception": MiniInception}[recipe.network]
    return kind(data.shape, len(data.classes), mean, std, width=recipe.width)


@checked
def classifier(
    network: str,
    data: ImageData,
    seed: Seed = 0,
    device: torch.device | str = "cpu",
    cache: TensorCache | None = None,
    show: bool = True,
) -> nn.Module:
    """The trained `cnn` or `inception` of this data set and seed, in eval mode, from the cache or trained now."""
    cache = cache or TensorCache()
    known("network", network, tuple(name for name, _ in RECIPES))
    device = pick_device(device)
    recipe = RECIPES[network, len(data.train) < 10_000].sized(len(data.train))
    key = {
        "recipe": recipe.key, "data": data.sha256, "seed": seed, "classes": len(data.classes),
        "threads": torch.get_num_threads(), "device": torch.device(device).type,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(recipe, data).to(device)
    found = cache.load("classifier", key)
    if found is None:
        train(model, data, recipe, seed, cache=cache, key=key, show=show)
        cache.store("classifier", key, model.state_dict())
        cache.discard("classifier-resume", key)
    else:
        model.load_state_dict(found)
    return model.eval()


def train(
    model: nn.Module,
    data: ImageData,
    recipe: Recipe,
    seed: int,
    cache: TensorCache | None = None,
    key: dict[str, Any] | None = None,
    show: bool = True,
) -> None:
    """Train in place. With a cache, every finished epoch is kept and a rerun goes on from there.

    Random numbers are drawn per epoch from (seed, epoch), so that a resumed run and an uninterrupted
    one are the same, bit for bit.
    """
    device = next(model.parameters()).device
    images, labels = data.train.tensor(device), data.train.targets(device)
    if recipe.channels_last:
        _layout(model, torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    batches = -(-len(images) // recipe.batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.peak, weight_decay=1e-4)
    first = _resume(model, optimizer, cache, key)
    model.train()
    with progress_bar(f"training {recipe.network}", batches * recipe.epochs, show) as advance:
        advance(first * batches)
        step = first * batches
        for epoch in range(first, recipe.epochs):
            generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
            order = torch.randperm(len(images), generator=generator)
            for start in range(0, len(images), recipe.batch):
                pick = order[start : start + recipe.batch].to(device)
                x = _shift(images[pick], recipe.shift, recipe.shift_together, generator)
                loss = nn.functional.cross_entropy(model(x), labels[pick])
                for group in optimizer.param_groups:
                    group["lr"] = recipe.peak * _one_cycle(step / (batches * recipe.epochs))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                step += 1
                advance(1)
            if cache is not None and key is not None and len(images) >= KEEP_EPOCHS_FROM:
                cache.store("classifier-resume", key, _snapshot(model, optimizer, epoch + 1))
    _layout(model, torch.contiguous_format)  # a cached copy computes the same bits
    model.eval()


def _layout(model: Any, memory_format: torch.memory_format) -> None:
    model.to(memory_format=memory_format)


def _one_cycle(t: float) -> float:
    """The share of the peak rate at the share t of the run: up over 30 %, down to 0, on cosines."""
    if t < 0.3:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * t / 0.3)) / 2
    return (1 + math.cos(math.pi * (t - 0.3) / 0.7)) / 2


def _shift(x: torch.Tensor, most: int, together: bool, generator: torch.Generator) -> torch.Tensor:
    """Each image (or the batch `together`) moved by up to `most` pixels, the border repeated."""
    if not most:
        return x
    n, h, w = len(x), x.shape[-2], x.shape[-1]
    if together:
        dy, dx = torch.randint(0, 2 * most + 1, (2,), generator=generator).tolist()
        padded = nn.functional.pad(x, (most, most, most, most), mode="replicate")
        return padded[:, :, dy : dy + h, dx : dx + w]
    moves = torch.randint(-most, most + 1, (n, 2), generator=generator)
    rows = (torch.arange(h) + moves[:, :1]).clamp(0, h - 1).to(x.device)
    columns = (torch.arange(w) + moves[:, 1:]).clamp(0, w - 1).to(x.device)
    images = torch.arange(n, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[images, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def _snapshot(
    model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int
) -> dict[str, torch.Tensor]:
    state = {f"model.{k}": v for k, v in model.state_dict().items()}
    for index, parts in optimizer.state_dict()["state"].items():
        state |= {f"optimizer.{index}.{name}": torch.as_tensor(v) for name, v in parts.items()}
    return state | {"epoch": torch.tensor(epoch)}


def _resume(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    cache: TensorCache | None,
    key: dict[str, Any] | None,
) -> int:
    """Load the last finished epoch's snapshot, if there is one; the number of finished epochs."""
    found = cache.load("classifier-resume", key) if cache is not None and key is not None else None
    if found is None:
        return 0
    model.load_state_dict({k[6:]: v for k, v in found.items() if k.startswith("model.")})
    state = optimizer.state_dict()
    for name, value in found.items():
        if name.startswith("optimizer."):
            _, index, part = name.split(".")
            state["state"].setdefault(int(index), {})[part] = value
    optimizer.load_state_dict(state)
    return int(found["epoch"])
