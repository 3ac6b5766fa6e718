"""The natural images that excite units most and least, by one pass over a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trompe.empirical._torch import torch
from trompe.empirical.inputs.streams import ImageStream
from trompe.empirical.maximization.evaluation import Evaluator, layer_output
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import mean_spectrum
from trompe.empirical.networks.inspection import check_finite
from trompe.empirical.progress import progress_bar
from trompe.proofs.handover.shown.data import ENDS, End, Natural

nn = torch.nn


@dataclass(frozen=True)
class NaturalExtremes:
    """The images with the smallest and the largest value of each unit: numbers, names and pictures by number."""

    index: Mapping[tuple[int, End], int]
    names: Mapping[int, str]
    pictures: Mapping[int, torch.Tensor]
    sha256: str
    """Of all images, as float32 numbers, one after another."""
    spectrum: tuple[torch.Tensor, torch.Tensor] | None
    """The mean spectrum, where it is asked for."""


@torch.no_grad()
def natural_extremes(
    model: nn.Module,
    objective: Objective,
    axis: int,
    stream: ImageStream,
    units: Sequence[int],
    batch: int,
    spectrum: bool = False,
    show: bool = True,
    root: str = "",
) -> NaturalExtremes:
    """The extremes of the units over all images, each by the first image that has it. Names are those below `root`.

    Raises
    ------
    InvalidInput : an image gives NaN or infinite numbers.
    """
    digest = hashlib.sha256(repr(stream.shape).encode())
    values: dict[End, torch.Tensor] = {}
    index: dict[End, torch.Tensor] = {}
    parts: list[tuple[int, tuple[torch.Tensor, torch.Tensor]]] = []
    done = 0
    with progress_bar("natural images", len(stream), show) as advance:
        for part in stream.batches(batch):
            digest.update(part.cpu().contiguous().numpy().tobytes())
            output = layer_output(model, objective.layer, part)
            check_finite(output, objective.layer or "the output", stream.name, len(part), done)
            each = objective.each(output, units, axis)
            for end in ENDS:
                height, row = (each if end == "maximum" else -each).max(0)
                if end not in values:
                    values[end], index[end] = height, row
                    continue
                better = height > values[end]
                values[end] = torch.where(better, height, values[end])
                index[end] = torch.where(better, row + done, index[end])
            if spectrum:
                parts.append((len(part), mean_spectrum(part)))
            done += len(part)
            advance(len(part))
    found: dict[tuple[int, End], int] = {
        (unit, end): number
        for end in ENDS
        for unit, number in zip(units, index[end].tolist(), strict=True)
    }
    pictures = stream.pick(set(found.values()), batch)
    mean = None
    if spectrum:
        magnitude, level = (
            torch.as_tensor(sum(n / done * part[k] for n, part in parts)) for k in (0, 1)
        )
        mean = (magnitude, level)
    names = {number: _below(root, stream.name(number)) for number in pictures}
    return NaturalExtremes(found, names, pictures, digest.hexdigest(), mean)


def natural_values(found: NaturalExtremes, evaluate: Evaluator) -> dict[tuple[int, End], Natural]:
    """The extremes with their values, by unit and end; each picture is passed through the network once."""
    keys: dict[int, list[tuple[int, End]]] = {}
    for key, index in found.index.items():
        keys.setdefault(index, []).append(key)
    values = {}
    for index, those in keys.items():
        evaluated = evaluate.each(found.pictures[index], [unit for unit, _ in those])
        for key, one in zip(those, evaluated, strict=True):
            values[key] = Natural(one.value, one.error, one.kind, found.names[index], index)
    return values


def _below(root: str, name: str) -> str:
    """A file's name without that of the folder."""
    path = Path(name)
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else name
