"""The photographs as a data set of the experiments, and what they look at in the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from trompe.empirical._torch import torch
from trompe.empirical.imagenet.network import (
    LEAST_TOP5,
    SqueezeNet,
    imagenet_accuracy,
    imagenet_classes,
    imagenet_network,
)
from trompe.empirical.imagenet.photographs import Photographs, load_photographs
from trompe.empirical.inputs.data import ImageData, Split
from trompe.empirical.record import RunRecord

TRAIN, TEST = 8, 12
"""So many crops of each photograph are trained on (or calibrated with), and tested with."""
SILENT = ("features.fire4.expand3x3",)
"""Silent units are put beside this layer."""
UNITS, CONFIDENT = 12, 0.8
"""So many classes are looked at: those of which most photographs, for training and calibration, have a crop that is read with at least this probability."""


def photograph_data(photographs: Photographs) -> ImageData:
    """Crops for training and for testing, in groups by photograph; photographs for calibration are among those for training.

    There are no labels: all crops are of one class.
    """
    train = np.sort(
        np.concatenate([photographs.indices(part, TRAIN) for part in ("train", "calibration")])
    )
    test = photographs.indices("test", TEST)
    of = np.array([photographs.photographs[g].part == "calibration" for g in photographs.groups])
    credit = [
        f"{p.name.rpartition('/')[2]} by {p.author or 'an author who is not named'} ({p.licence})" if p.may_be_shown else ""
        for p in photographs.photographs
    ]  # fmt: skip
    splits = [
        Split(
            np.array(photographs.images[part]), np.zeros(len(part), np.int64), 255, photographs.groups[part], held,
            tuple(credit[g] for g in photographs.groups[part]),
        )
        for part, held in ((train, of[train]), (test, None))
    ]  # fmt: skip
    return ImageData("imagenet", splits[0], splits[1], ("photograph",))


def imagenet_subject() -> dict[str, Any]:
    """The network with the layers, names and number of units that are looked at, as `look_at` takes them."""
    return {
        "network": imagenet_network(), "names": imagenet_classes(), "layers": SqueezeNet.LAYERS, "silent": SILENT,
        "most": UNITS, "confident": CONFIDENT,
    }  # fmt: skip


def add_accuracy(witness: RunRecord, network: torch.nn.Module) -> None:
    """How much the network reads of the labelled pictures, on record."""
    top1, top5 = imagenet_accuracy(network)
    witness.add("labelled pictures: the label is the largest output", top1, "share")
    witness.add(
        "labelled pictures: the label is among the five largest outputs", top5, "share", at_least=LEAST_TOP5
    )  # fmt: skip


def imagenet_data(
    folder: str | Path | None = None,
    seed: int = 0,
    cache: str | Path | None = None,
    show: bool = True,
) -> tuple[ImageData, Photographs]:
    """The data, and the photographs that they are cut from; see `load_photographs`."""
    photographs = load_photographs(
        folder, seed=seed, crops=max(TRAIN, TEST), cache=cache, show=show
    )
    return photograph_data(photographs), photographs
