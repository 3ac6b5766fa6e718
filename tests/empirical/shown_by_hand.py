"""What a network's units show at two given pictures, as `visualize` would hand it over."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import torch

from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.evaluation import Evaluator
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.visualization.run import ShownUnits
from trompe.proofs.handover.shown import ENDS, ShownEnd, ShownFile, ShownModel, ShownUnit, to_json

SETTINGS = {
    "layer": "", "objective": "channel", "unit_axis": None, "axis": 1, "negative": False, "sums": [], "directions": [],
    "parametrization": "by hand", "transforms": False, "redirect": False, "seeds": [0], "steps": 1, "looked_at": [0],
    "rate": 0.05, "batch": 100, "device": "cpu", "threads": 1,
}  # fmt: skip


def shown(model, pictures, folder=None):
    """pictures : by unit, the two pictures (channels, height, width). With a folder the file is written there."""
    evaluate = Evaluator(model, Objective(kind="channel"), 1)
    units, held = [], {}
    for unit, pair in pictures.items():
        ends = {}
        for end, picture in zip(ENDS, pair, strict=True):
            content, name = io.BytesIO(), f"unit-{unit}-{end}.npy"
            np.save(content, picture.numpy())
            if folder is not None:
                (folder / name).write_bytes(content.getvalue())
            value = evaluate(picture, unit)
            digest = hashlib.sha256(content.getvalue()).hexdigest()
            ends[end] = ShownEnd(value.value, value.error, value.kind, name, digest, 0, 0, False)
            held[unit, end] = picture
        units.append(ShownUnit(unit, f"unit {unit}", ends["minimum"], ends["maximum"]))
    about = ShownModel("net.py:build", None, (), (), None, state_sha256(model.state_dict()))
    versions = {"trompe": "0", "python": "3", "torch": "2", "numpy": "2"}
    shape = tuple(next(iter(held.values())).shape)
    file = ShownFile(about, None, SETTINGS, versions, shape, tuple(pictures), tuple(units))
    if folder is not None:
        (folder / "shown.json").write_text(to_json(file))
    return ShownUnits(file, held, {}, "")


def flat(level, shape=(1, 2, 2)):
    """A picture of one grey."""
    return torch.full(shape, float(level))
