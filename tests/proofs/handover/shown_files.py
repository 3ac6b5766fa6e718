"""A shown-file with its arrays, made without PyTorch: two units of an affine layer."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from trompe.proofs.handover.shown import (
    ENDS,
    Natural,
    ShownEnd,
    ShownFile,
    ShownImages,
    ShownModel,
    ShownUnit,
    to_json,
)

SHAPE = (1, 2, 2)
SETTINGS = {
    "layer": "conv", "objective": "channel", "unit_axis": None, "axis": 1, "negative": False, "sums": [],
    "directions": [], "parametrization": "fourier", "transforms": True, "redirect": False, "seeds": [0, 1], "steps": 8,
    "looked_at": [0, 2, 4, 6, 8], "rate": 0.05, "batch": 100, "device": "cpu", "threads": 1,
}  # fmt: skip
POINTS = {"minimum": [0.0, 0.25, 0.0, 0.0], "maximum": [1.0, 0.75, 1.0, 1.0]}
VALUES = {"minimum": "-0.5", "maximum": "1.25"}


def value_of(unit: int, picture: np.ndarray) -> float:
    """What the network says: unit u is a plane that has VALUES at POINTS, plus u."""
    return float(-0.75 + 1.0 * picture.astype(float).ravel()[1] * 3.5 - 0.625 + unit)


def make(folder: Path, numbers: tuple[int, ...] = (3, 17)) -> Path:
    """Writes the arrays and shown.json; its path."""
    units = []
    for u in numbers:
        shown = {}
        for end in ENDS:
            array = np.array(POINTS[end], dtype=np.float32).reshape(SHAPE)
            content = io.BytesIO()
            np.save(content, array)
            name = f"unit-{u}-{end}.npy"
            (folder / name).write_bytes(content.getvalue())
            digest = hashlib.sha256(content.getvalue()).hexdigest()
            value = repr(value_of(u, array))
            shown[end] = ShownEnd(value, "0.001", "enclosure", name, digest, 1, 6, False)
        natural = Natural(str(u + 1), "1/1000", "estimate", "lit/3.png", 4)
        low = Natural(str(u), "0.01", "enclosure", "dim/1.png", 0)
        units.append(ShownUnit(u, f"unit {u}", shown["minimum"], shown["maximum"], low, natural))
    model = ShownModel("net.py:build", None, (0.5,), (0.25,), None, "a" * 64)
    images = ShownImages("images", 12, (8,), (), "b" * 64)
    versions = {"trompe": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6"}
    file = ShownFile(model, images, SETTINGS, versions, SHAPE, numbers, tuple(units))
    path = folder / "shown.json"
    path.write_text(to_json(file))
    return path
