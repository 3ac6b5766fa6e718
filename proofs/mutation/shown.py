"""A shown-file that is true: two units that are planes, and a network that says so without PyTorch."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.proofs.handover.shown import (
    ENDS,
    Evaluated,
    Natural,
    ShownEnd,
    ShownFile,
    ShownImages,
    ShownModel,
    ShownUnit,
    to_json,
)
from trompe.proofs.handover.shown.data import ENCLOSURE, ESTIMATE, End
from trompe.theory import InvalidInput

FILE = "shown.json"
SHAPE = (1, 2, 2)
SETTINGS = {
    "layer": "conv", "objective": "channel", "unit_axis": None, "axis": 1, "negative": False, "sums": [],
    "directions": [], "parametrization": "fourier", "transforms": True, "redirect": False, "seeds": [0, 1], "steps": 8,
    "looked_at": [0, 2, 4, 6, 8], "rate": 0.05, "batch": 100, "device": "cpu", "threads": 1,
}  # fmt: skip
COMPUTED = ("layer", "objective", "axis", "negative", "sums", "directions")
"""The settings on which values depend."""
MODEL = ShownModel("net.py:build", None, (0.5,), (0.25,), None, "a" * 64)
IMAGES = ShownImages("images", 12, (8,), (), "b" * 64)
POINTS: dict[End, list[float]] = {
    "minimum": [0.0, 0.25, 0.0, 0.0],
    "maximum": [1.0, 0.75, 1.0, 1.0],
}


def value_of(unit: int, picture: NDArray[Any]) -> float:
    """What the network says: 3.5 times the second pixel, minus 1.375, plus the number of the unit."""
    return float(3.5 * picture.astype(float).ravel()[1] - 1.375 + unit)


def write_example(folder: Path, numbers: tuple[int, ...] = (3, 17)) -> Path:
    """Writes the arrays and the shown-file; its path."""
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
            shown[end] = ShownEnd(value, "0.001", ENCLOSURE, name, digest, 1, 6, False)
        low, natural = (_natural(u, end, "0.01", "1/1000") for end in ENDS)
        units.append(ShownUnit(u, f"unit {u}", shown["minimum"], shown["maximum"], low, natural))
    versions = {"trompe": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6"}
    file = ShownFile(MODEL, IMAGES, SETTINGS, versions, SHAPE, numbers, tuple(units))
    path = folder / FILE
    path.write_text(to_json(file))
    return path


def _natural(unit: int, end: End, low: str, high: str, kind: str = ENCLOSURE) -> Natural:
    if end == "minimum":
        return Natural(str(unit), low, kind, "dim/1.png", 0)
    return Natural(str(unit + 1), high, ESTIMATE, "lit/3.png", 4)


class PlaneNetwork:
    """The network of `write_example`; see SubjectNetwork. kind : of the errors that it states.

    Raises
    ------
    InvalidInput : the file is about another one.
    """

    def __init__(self, shown: ShownFile, kind: str = ENCLOSURE) -> None:
        self.kind = kind
        model, images, settings = shown.model, shown.images, shown.settings
        if images is None or (model.sha256, images.sha256) != (MODEL.sha256, IMAGES.sha256):
            raise InvalidInput("the shown-file is about another network, or other images")
        built = (model.mean, model.std, model.logits, images.count, images.resize, images.crop)
        if built != (MODEL.mean, MODEL.std, MODEL.logits, IMAGES.count, IMAGES.resize, IMAGES.crop):
            raise InvalidInput("the shown-file is about another normalisation or other sizes")
        for name in COMPUTED:
            if settings[name] != SETTINGS[name]:
                raise InvalidInput(f"the shown-file is about another objective: settings.{name}")

    def value(self, unit: int, picture: NDArray[Any]) -> Evaluated:
        """See SubjectNetwork."""
        return Evaluated(repr(value_of(unit, picture)), "0.0009", self.kind)

    def natural(self, unit: int, end: End) -> Natural | None:
        """See SubjectNetwork."""
        return _natural(unit, end, "0.009", "0.0001", self.kind)
