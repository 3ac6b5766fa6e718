"""Somebody's network in the arena: one case, whose classes are what the network itself takes natural images for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trompe.empirical._torch import torch
from trompe.empirical.experiments.given import look_at
from trompe.empirical.experiments.paths import one_of_each_group
from trompe.empirical.imagenet.data import imagenet_data, imagenet_subject
from trompe.empirical.inputs.data import ImageData, Split
from trompe.empirical.networks.inspection import predict
from trompe.theory import InvalidInput

nn = torch.nn
LARGE_UNITS, SMALL_UNITS = 3, 10
"""So many outputs are attacked and visualized where none is named: of pictures above 64 pixels, and of others."""
INDEPENDENT = 2
"""A unit needs so many images for training that are taken for it and that a figure may show, and so many for testing; crops of one photograph count once."""


@dataclass(frozen=True)
class SingleCase:
    """A network that was not trained here, and what of it is looked at."""

    network: nn.Module
    units: tuple[int, ...]
    fingerprint: str
    """See `Given`."""


def single_case(
    data: ImageData, network: nn.Module, units: Sequence[int] = (), **more: Any
) -> tuple[ImageData, SingleCase]:
    """The data with the network's own classes as labels, and the case. more : what `look_at` takes besides.

    Raises
    ------
    InvalidInput : the network cannot be used as it is, or too few images are taken for the units.
    """
    train = data.train.tensor()
    given = look_at(network, train, units=units, groups=data.train.groups, **more)
    of_train, of_test = given.on_images.argmax(1), predict(network, data.test.tensor()).argmax(1)
    read = replace(
        data,
        train=replace(data.train, labels=of_train.numpy()),
        test=replace(data.test, labels=of_test.numpy()),
        classes=given.names or tuple(f"output {k}" for k in range(given.outputs)),
    )
    apart = of_test[one_of_each_group(read.test, of_test, given.units)]
    fitting = [
        unit for unit in given.units
        if _independent(read.train, unit) >= INDEPENDENT and int((apart == unit).sum()) >= INDEPENDENT
    ]  # fmt: skip
    missing = [unit for unit in units if unit not in fitting]
    if missing or len(fitting) < 2:
        raise InvalidInput(
            f"model: the arena needs {INDEPENDENT} training and {INDEPENDENT} test images, of different photographs, that are taken for each unit; "
            + (f"output {missing[0]} has fewer" if missing else f"{len(fitting)} of its outputs have them, 2 are needed")
            + "; give other units or more images"
        )  # fmt: skip
    most = LARGE_UNITS if given.features else SMALL_UNITS
    return read, SingleCase(network, tuple(units or fitting[:most]), given.fingerprint)


def imagenet_case(
    photos: str | Path | None, units: Sequence[int], cache: str | Path | None, show: bool
) -> tuple[ImageData, SingleCase]:
    """The network trained on ImageNet, and photographs; `units` by default the first of those that `reproduce` looks at that have images enough."""
    data, _ = imagenet_data(photos, 0, cache, show)
    found = imagenet_subject() | ({"units": units} if units else {})
    return single_case(data, **found)


def _independent(part: Split, unit: int) -> int:
    return len(np.unique(part.group_numbers()[(part.labels == unit) & part.showable()]))
