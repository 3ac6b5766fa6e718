"""`trompe audit silent|paths`: does your own network mislead? Importing this does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.networks import (
    Batch,
    Crop,
    Images,
    Logits,
    Mean,
    Model,
    Resize,
    Std,
    Weights,
    read_network,
)
from trompe.commands.options import MANY, SEED, Device, integers, number

Output = Annotated[Path | None, typer.Option(help="Also write the result as JSON into this file.")]


def silent(
    model: Model,
    images: Images,
    layers: Annotated[
        str, typer.Option(help="Only ReLUs inside these layers, comma-separated.")
    ] = "",
    steps: Annotated[int, number("Optimisation steps.", MANY)] = 128,
    device: Device = "auto",
    seed: Annotated[int, number("Seed of the noise to start from.", SEED)] = 0,
    batch: Batch = 100,
    weights: Weights = None,
    mean: Mean = "",
    std: Std = "",
    resize: Resize = "",
    crop: Crop = "",
    logits: Logits = None,
    output: Output = None,
) -> None:
    """List units that are silent on natural images yet can be driven by optimisation."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.silent import audit_silent
    from trompe.empirical.cache import json_text
    from trompe.ground.files import Destination

    written = Destination(output, parents=True) if output is not None else None
    place = pick_device(device)
    with repeatable(device=place):
        network, natural = read_network(
            model, images, place, weights=weights, mean=mean, std=std, resize=resize, crop=crop, logits=logits,
            batch=batch,
        )  # fmt: skip
        found = audit_silent(
            network, natural, layers=_names(layers), steps=steps, batch=batch, seed=seed
        )
    table = Table("layer", "units", "silent", "driven by optimisation", "units that are")
    for layer, count in found.units.items():
        idle = [u for u in found.silent if u.layer == layer]
        driven = [u.unit for u in idle if u.driven > 0]
        listed = ", ".join(map(str, driven[:12])) + (" ..." if len(driven) > 12 else "")
        table.add_row(layer, str(count), str(len(idle)), str(len(driven)), listed)
    console = Console()
    console.print(table)
    console.print(
        f"Units silent on all {found.images} images that can be driven: {len(found.driven)}.",
        highlight=False,
    )
    if written is not None:
        silent_units = [asdict(u) for u in found.silent]
        written.write(
            json_text({"images": found.images, "units": found.units, "silent": silent_units})
        )


def paths(
    model: Model,
    images: Images,
    layers: Annotated[
        str, typer.Option(help="Layer names, comma-separated, in the order of the network.")
    ],
    units: Annotated[str, typer.Option(help="Output unit of each class, comma-separated.")] = "",
    measure: Annotated[str, typer.Option(help="spearman, pearson or cosine.")] = "spearman",
    steps: Annotated[int, number("Optimisation steps.", MANY)] = 256,
    device: Device = "auto",
    batch: Batch = 100,
    weights: Weights = None,
    mean: Mean = "",
    std: Std = "",
    resize: Resize = "",
    crop: Crop = "",
    logits: Logits = None,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw the similarities, a .png, .pdf or .svg file.")
    ] = None,
    output: Output = None,
) -> None:
    """Are visualizations processed along the same paths as natural images? The paper's sanity check."""
    from rich.console import Console

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.paths import audit_paths
    from trompe.empirical.cache import json_text
    from trompe.ground.files import Destination
    from trompe.views.picture import picture_file

    indices = list(integers(units, "--units", 10**9)) if units else []
    drawn = picture_file(plot) if plot is not None else None
    written = Destination(output, parents=True) if output is not None else None
    place = pick_device(device)
    with repeatable(device=place):
        network, natural = read_network(
            model, images, place, weights=weights, mean=mean, std=std, resize=resize, crop=crop, logits=logits,
            batch=batch, units=indices,
        )  # fmt: skip
        found = audit_paths(
            network,
            _names(layers),
            natural,
            units=indices,
            measure=measure,
            steps=steps,
            batch=batch,
        )
    from trompe.views.paths import as_json, as_table, said, show_picture

    console = Console()
    console.print(as_table(found))
    for line in said(found):
        console.print(line, highlight=False, markup=False)
    if drawn is not None:
        show_picture(found, drawn)
    if written is not None:
        written.write(json_text(as_json(found, network, natural.classes, measure)))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="Audits of your own network: silent, paths.")
    audit.command()(silent)
    audit.command()(paths)
    app.add_typer(audit, name="audit")
