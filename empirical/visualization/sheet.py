"""The contact sheet: a unit a row, what was found beside what is natural."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trompe.empirical._torch import torch
from trompe.empirical.experiments.figures import image_grid, save
from trompe.proofs.handover.shown import ENDS, ShownFile
from trompe.proofs.handover.shown.data import End

ROWS = 16
"""So many units stand on one sheet."""


def write_sheets(
    file: ShownFile,
    found: Mapping[tuple[int, End], torch.Tensor],
    beside: Mapping[tuple[int, End], torch.Tensor],
    folder: Path,
) -> tuple[str, ...]:
    """Writes `sheet.png`, and `sheet-2.png` and so on for further units. Their names.

    found, beside : the optimiser's pictures and the natural ones, shape (channels, height, width), by unit and end.
    """
    units = file.units
    names = []
    for k in range(0, len(units), ROWS):
        rows, notes = {}, {}
        for unit in units[k : k + ROWS]:
            pictures = [found[unit.unit, end].cpu() for end in ENDS]
            texts = [
                f"{unit.shown(end)}\nseed {unit.shown(end).seed}, step {unit.shown(end).step}"
                for end in ENDS
            ]
            for end in ENDS:
                natural = unit.natural(end)
                if natural is not None:
                    pictures.append(beside[unit.unit, end].cpu())
                    mark = " < found" if end == "minimum" else " > found"
                    texts.append(f"{natural}{mark * unit.is_beaten(end)}\n{_short(natural.image)}")
            grid = torch.stack(pictures)
            if grid.shape[1] not in (1, 3):
                grid = grid.mean(1, keepdim=True)
            label = unit.name if len(unit.name) < 20 else unit.name.replace(" of ", " of\n")
            rows[label], notes[label] = grid.numpy(), texts
        columns = ["minimum found", "maximum found"]
        if file.images is not None:
            columns += ["natural minimum", "natural maximum"]
        settings = file.settings
        title = (
            f"{file.model.name}, {file.of_layer}: {settings['objective']}, {settings['parametrization']}, "
            f"{settings['steps']} steps. Found by an optimiser; not proved to be the extremes over the inputs."
        )
        name = "sheet" if not k else f"sheet-{k // ROWS + 1}"
        names.append(save(image_grid(rows, columns, title, notes), folder, name, ("png",)))
    return tuple(names)


def _short(name: str) -> str:
    """The end of a file's name, or a picture's number."""
    tail = "/".join(Path(name.removesuffix(" (counted from 0)")).parts[-2:])
    return tail if len(tail) <= 22 else f"...{tail[-19:]}"
