"""Activation maximization beside lucent and horama, where they are installed: python benchmarks/bench_peers.py [FILE.py:FUNCTION]

    pip install torchvision torch-lucent horama einops

One unit at a time of a network on pictures in [0, 1] of 3 x 224 x 224, Fourier parametrization, 256 steps of each
library, in turns, with frozen weights and one thread. Reported are CPU seconds a step as ratios (the shortest of the
units) and the activation of the resulting image. Without an argument the network is torchvision's SqueezeNet 1.1 with
random weights, on which activations say little. Exit status 1 if ours misses: at most 1.05 of lucent's time without
transforms, at most 0.8 with its own standard ones against ours, and at least its activation.

Measured (SqueezeNet 1.1 with ImageNet weights, both units): 0.98 of lucent's time without transforms and 0.52 with each
library's own, at 1.00 and 1.02 times its activations; beside horama (two crops) 0.25 of the time at 31 times the activations.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import torch

from trompe.empirical import Fourier, maximize
from trompe.empirical._torch import repeatable
from trompe.empirical.networks.inspection import frozen
from trompe.empirical.networks.loading import load_model

STEPS, SIDE, UNITS = 256, 224, (1, 340)
CEILINGS = {"without transforms": 1.05, "with transforms": 0.8}

Method = Callable[[torch.nn.Module, int, bool], torch.Tensor]
"""A network, a unit, with transforms or not -> an image (1, 3, SIDE, SIDE) in [0, 1]."""


def ours(model: torch.nn.Module, unit: int, transforms: bool) -> torch.Tensor:
    return maximize(
        model, [unit], (3, SIDE, SIDE), Fourier(), transforms=transforms, steps=STEPS
    ).images


def lucents(model: torch.nn.Module, unit: int, transforms: bool) -> torch.Tensor:
    from lucent.optvis import objectives, param, render

    images = render.render_vis(
        model, objectives.channel("labels", unit), lambda: param.image(SIDE), thresholds=(STEPS,), preprocess=False,
        transforms=None if transforms else [], progress=False, show_image=False,
    )  # fmt: skip
    return torch.from_numpy(images[-1]).permute(0, 3, 1, 2)


def horamas(model: torch.nn.Module, unit: int, transforms: bool) -> torch.Tensor:
    import horama

    image, _ = horama.fourier(
        lambda x: model(x)[:, unit].mean(), total_steps=STEPS, image_size=SIDE, model_input_size=SIDE,
        values_range=(0, 1), crops_per_iteration=2, device="cpu",  # with one it fails
    )  # fmt: skip
    return image.detach()[None]


def installed() -> dict[str, Method]:
    """The libraries that are here; a line for each that is not."""
    found: dict[str, Method] = {"ours": ours}
    for name, method in (("lucent", lucents), ("horama", horamas)):
        missing = [
            part
            for part in (name, *(("einops",) if name == "horama" else ()), "torchvision")
            if importlib.util.find_spec(part) is None
        ]
        if missing:
            print(f"{name}: not compared, {' and '.join(missing)} is not installed")
        else:
            found[name] = method
    return found


def measured(
    model: torch.nn.Module, methods: dict[str, Method], transforms: bool
) -> dict[str, tuple[float, float]]:
    """Of each library: the least CPU seconds a step, and the mean activation of its images."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    activations: dict[str, list[float]] = {name: [] for name in methods}
    for unit in UNITS:
        for name, method in methods.items():
            if name == "horama" and not transforms:
                continue  # its crops cannot be left out
            torch.manual_seed(unit)
            start = process_time()
            image = method(model, unit, transforms)
            seconds[name].append((process_time() - start) / STEPS)
            with torch.no_grad():
                activations[name].append(float(model(image.clamp(0, 1).contiguous())[0, unit]))
    return {
        name: (min(spent), sum(activations[name]) / len(UNITS))
        for name, spent in seconds.items()
        if spent
    }


def main() -> int:
    methods = installed()
    named = sys.argv[1:]
    if not named and importlib.util.find_spec("torchvision") is None:
        print(
            "nothing to compare on: torchvision is not installed, and no FILE.py:FUNCTION was given"
        )
        return 0
    model: Any = load_model(named[0] if named else "torchvision.models:squeezenet1_1")
    missed = 0
    with repeatable(), frozen(model):
        for what, ceiling in CEILINGS.items():
            found = measured(model, methods, what == "with transforms")
            for name, (spent, activation) in found.items():
                print(
                    f"{what}, {name}: {1000 * spent:.1f} CPU ms a step, activation {activation:.1f}"
                )
            for name in found:
                if name == "ours":
                    continue
                time, height = (found["ours"][k] / found[name][k] for k in (0, 1))
                held = (ceiling, 1.0) if name == "lucent" else (math.inf, -math.inf)
                missed += time > held[0] or height < held[1]
                limits = f" (at most {ceiling:g}; at least 1)" if name == "lucent" else ""
                print(
                    f"{what}, ours over {name}'s: time {time:.2f}, activation {height:.2f}{limits}"
                )
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
