"""`trompe audit silent|paths`: does your own network mislead? Importing this does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    output: Output = None,
) -> None:
    """Are visualizations processed along the same paths as natural images? The paper's sanity check."""
    from rich.console import Console
    from rich.table import Table

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.paths import audit_paths
    from trompe.empirical.cache import json_text
    from trompe.ground.files import Destination

    indices = list(integers(units, "--units", 10**9)) if units else []
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
    table = Table(
        "layer", "visualizations", "uniform noise", "natural pairs: different, same class"
    )
    pairs = list(zip(found.visualizations, found.noise, strict=True))
    for shown, noise in pairs:
        table.add_row(
            shown.layer, _plus_minus(shown), _plus_minus(noise), f"{shown.different:.2f}, {shown.same:.2f}"
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(
        "0: as natural images of different classes, 1: as those of one class. "
        f"{found.read_as_class:.0%} of the visualizations are read as their unit.",
        highlight=False,
    )
    if not all(shown.comparable for shown in found.visualizations):
        console.print(
            "no scale: natural images of one class are no more alike there than those of different classes.",
            highlight=False,
        )
    if written is not None:
        rows = [
            {"layer": v.layer, "visualizations": [v.mean, v.error] if v.comparable else None,
             "noise": [n.mean, n.error] if n.comparable else None, "different": v.different, "same": v.same}
            for v, n in pairs
        ]  # fmt: skip
        summary = {
            "measure": measure,
            "images": found.images,
            "read_as_class": found.read_as_class,
            "layers": rows,
        }
        written.write(json_text(summary))


def _plus_minus(similarity: Any) -> str:
    return (
        f"{similarity.mean:+.2f} +- {similarity.error:.2f}" if similarity.comparable else "no scale"
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="Audits of your own network: silent, paths.")
    audit.command()(silent)
    audit.command()(paths)
    app.add_typer(audit, name="audit")
