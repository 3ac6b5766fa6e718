"""How much memory 1,000 units at 3 x 224 x 224 take, each in a process of its own: python benchmarks/bench_memory.py

A small convolutional network with 1,000 outputs, two steps. What is returned, 0.6 GB of images, is part of it. Exit
status 1 if a peak misses its ceiling of 4 GB.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable, Iterator

CEILING = 4.0
CLASSES = 1000
SHAPE = (3, 224, 224)


def network() -> object:
    import torch
    from torch import nn

    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 2), nn.ReLU(), nn.Conv2d(32, 64, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(64, CLASSES),
    ).eval()  # fmt: skip


def stream(a_class: int) -> object:
    """Random pictures, made as their batch comes."""
    import numpy as np
    import torch

    from trompe.empirical.inputs.streams import ImageStream

    class Random(ImageStream):
        shape, device = SHAPE, torch.device("cpu")
        labels = np.arange(CLASSES * a_class) % CLASSES

        def batches(self, size: int) -> Iterator[torch.Tensor]:
            for start in range(0, len(self), size):
                generator = torch.Generator().manual_seed(start)
                yield torch.rand((min(size, len(self) - start), *SHAPE), generator=generator)

    return Random()


def visualizations() -> None:
    from trompe.empirical import Fourier, maximize

    run = maximize(network(), range(CLASSES), SHAPE, Fourier(), steps=2)
    assert len(run.images) == CLASSES


def silent() -> None:
    import torch

    from trompe.empirical import audit_silent

    model = network()
    with torch.no_grad():
        model[2].bias.fill_(-100.0)  # all 64 units are silent, and are looked for
    found = audit_silent(model, stream(1), layers=["3"], tries=1, steps=2, show=False)
    assert len(found.silent) == 64


def paths() -> None:
    from trompe.empirical import audit_paths

    found = audit_paths(network(), ["4", "6"], stream(3), steps=2, seeds=(0, 1, 2), show=False)
    assert found.images == 3 * CLASSES


def bare() -> None:
    import trompe.empirical  # noqa: F401


def _peak(action: Callable[[], None], pipe: object) -> None:
    from trompe.empirical._torch import repeatable

    with repeatable():
        action()
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # type: ignore[attr-defined]


def peak(action: Callable[[], None]) -> float:
    """Of a fresh process that does this, in GB."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_peak, args=(action, there))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{action.__name__} failed")
    kilobytes = here.recv() / (1024 if sys.platform == "darwin" else 1)
    return kilobytes / 1e6


def main() -> int:
    missed = 0
    print(f"nothing but PyTorch and trompe: {peak(bare):.2f} GB")
    for action, says in (
        (visualizations, "maximize, 1,000 units, 2 steps"),
        (paths, "audit_paths, 1,000 classes, 3 images and 3 visualizations each, 2 steps, 2 layers of 64 and 1,000"),
        (silent, "audit_silent, 1,000 images, 64 silent units, 1 try of 2 steps"),
    ):  # fmt: skip
        found = peak(action)
        missed += found > CEILING
        print(f"{says}: {found:.2f} GB (at most {CEILING:g})")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
