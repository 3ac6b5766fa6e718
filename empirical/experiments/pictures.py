"""Pictures drawn by formula: targets that no data set contains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.theory import UnknownKey

PICTURES = ("eye", "rings", "ramp", "checker", "square")


def picture(name: str, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """A grey picture of shape (channels, height, width) with values in [0, 1].

    eye, rings, ramp, checker; `square` is a bright square with a black border, as the natural images
    of the embedded data sets have one.

    Raises
    ------
    UnknownKey : no such picture.
    """
    c, h, w = shape
    y, x = np.meshgrid(np.linspace(-1, 1, h), np.linspace(-1, 1, w), indexing="ij")
    radius = np.hypot(x, y)
    values: NDArray[Any]
    if name == "eye":
        lids = np.clip((0.62 * (1 - x * x) - np.abs(y)) * 6 + 0.5, 0, 1)
        iris = np.clip((0.46 - radius) * 8 + 0.5, 0, 1)
        pupil = np.clip((0.2 - radius) * 10 + 0.5, 0, 1)
        values = 0.35 + lids * (0.6 - 0.35 * iris - 0.35 * pupil)
    elif name == "rings":
        values = 0.5 + 0.5 * np.cos(2 * np.pi * 1.6 * radius)
    elif name == "ramp":
        values = (x + 1) / 2
    elif name == "checker":
        size = max(1, min(h, w) // 4)
        rows, columns = np.indices((h, w)) // size
        values = 0.15 + 0.7 * ((rows + columns) % 2)
    elif name == "square":
        values = (np.maximum(np.abs(x), np.abs(y)) < 0.6) * 0.9
    else:
        raise UnknownKey("picture", name, PICTURES)
    return np.broadcast_to(np.clip(values, 0, 1), (c, h, w)).copy()
