"""`trompe reproduce` and `trompe audit silent|paths`. Importing this module does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["app_audit", "app_audit_paths", "app_audit_silent", "app_reproduce", "mount"]

Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Model = Annotated[
    str, typer.Option(help="FILE.py:FUNCTION that returns the network, in eval mode.")
]
Images = Annotated[Path, typer.Option(help="Folder of pictures, one subfolder a class.")]
Output = Annotated[Path | None, typer.Option(help="Also write the result as JSON into this file.")]


def app_reproduce(
    experiment: Annotated[
        str,
        typer.Argument(
            help="fooling-circuit, silent-units, path-similarity, certified-circuit, erm-witness or all."
        ),
    ] = "all",
    data: Annotated[str, typer.Option(help="digits, fashion-mnist or a folder.")] = "digits",
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Every random number follows from it.")] = 0,
    output: Annotated[Path, typer.Option(help="One folder an experiment is made here.")] = Path(
        "trompe-output"
    ),
    target: Annotated[
        Path | None, typer.Option(help="A picture that the fooled units shall show.")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; bits repeat for equal counts.")] = 1,
    cache: Annotated[Path | None, typer.Option(help="Folder for trained weights.")] = None,
    force: Annotated[bool, typer.Option(help="Run again what is already there.")] = False,
) -> None:
    """Run the paper's experiments on real data and leave a witness of each. Exit status 1 if a number misses."""
    from rich.console import Console
    from trompe.empirical.runner import reproduce

    console = Console()

    def report(key: str, witness: dict[str, Any], skipped: bool) -> None:
        held = [m for m in witness["measurements"] if "acceptance" in m]
        met = sum(m["acceptance"]["met"] for m in held)
        state = "accepted" if witness["accepted"] else "MISSED: " + "; ".join(witness["missed"])
        again = " (already there)" if skipped else ""
        console.print(
            f"{key}: {met} of {len(held)} acceptances met, {state}{again}", highlight=False
        )
        console.print(f"  {output / key / 'witness.json'}", highlight=False, soft_wrap=True)

    results = reproduce(
        experiment, data, device, seed, output,
        target=target, cache=cache, threads=threads, force=force, done=report,
    )  # fmt: skip
    if not all(witness["accepted"] for witness in results.values()):
        raise typer.Exit(1)


def app_audit_silent(
    model: Model,
    images: Images,
    layers: Annotated[
        str, typer.Option(help="Only ReLUs inside these layers, comma-separated.")
    ] = "",
    steps: Annotated[int, typer.Option(help="Optimisation steps.")] = 128,
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the noise to start from.")] = 0,
    output: Output = None,
) -> None:
    """List units that are silent on natural images yet can be driven by optimisation."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table
    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits import audit_silent
    from trompe.empirical.cache import write_json

    place = pick_device(device)
    with repeatable():
        network, natural, _ = _load(model, images, place)
        found = audit_silent(network, natural, layers=_names(layers), steps=steps, seed=seed)
    table = Table("layer", "units", "silent", "driven by optimisation", "units that are")
    for layer, count in found.units.items():
        silent = [u for u in found.silent if u.layer == layer]
        driven = [u.unit for u in silent if u.driven > 0]
        listed = ", ".join(map(str, driven[:12])) + (" ..." if len(driven) > 12 else "")
        table.add_row(layer, str(count), str(len(silent)), str(len(driven)), listed)
    console = Console()
    console.print(table)
    console.print(
        f"{len(found.driven)} units are silent on all {found.images} images and can be driven.",
        highlight=False,
    )
    if output is not None:
        write_json(
            output,
            {
                "images": found.images,
                "units": found.units,
                "silent": [asdict(u) for u in found.silent],
            },
        )


def app_audit_paths(
    model: Model,
    images: Images,
    layers: Annotated[
        str, typer.Option(help="Layer names, comma-separated, in the order of the network.")
    ],
    units: Annotated[str, typer.Option(help="Output unit of each class, comma-separated.")] = "",
    measure: Annotated[str, typer.Option(help="spearman, pearson or cosine.")] = "spearman",
    steps: Annotated[int, typer.Option(help="Optimisation steps.")] = 256,
    device: Device = "auto",
    output: Output = None,
) -> None:
    """Are visualizations processed along the same paths as natural images? The paper's sanity check."""
    from rich.console import Console
    from rich.table import Table
    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits import audit_paths
    from trompe.empirical.cache import write_json
    from trompe.theory import InvalidInput

    try:
        indices = [int(u) for u in _names(units)]
    except ValueError:
        raise InvalidInput(f"units = {units!r}; expected numbers, comma-separated") from None
    place = pick_device(device)
    with repeatable():
        network, natural, labels = _load(model, images, place)
        found = audit_paths(
            network, _names(layers), natural, labels, units=indices, measure=measure, steps=steps
        )
    table = Table(
        "layer", "visualizations", "uniform noise", "natural pairs: different, same class"
    )
    for shown, noise in zip(found.visualizations, found.noise, strict=True):
        table.add_row(
            shown.layer, f"{shown.mean:+.2f} +- {shown.error:.2f}", f"{noise.mean:+.2f} +- {noise.error:.2f}",
            f"{shown.different:.2f}, {shown.same:.2f}",
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(
        "0: as natural images of different classes, 1: as those of one class. "
        f"{found.read_as_class:.0%} of the visualizations are read as their unit.",
        highlight=False,
    )
    if output is not None:
        rows = [
            {"layer": v.layer, "visualizations": [v.mean, v.error], "noise": [n.mean, n.error],
             "different": v.different, "same": v.same}
            for v, n in zip(found.visualizations, found.noise, strict=True)
        ]  # fmt: skip
        write_json(
            output,
            {
                "measure": measure,
                "images": found.images,
                "read_as_class": found.read_as_class,
                "layers": rows,
            },
        )


def _load(model: str, images: Path, device: Any) -> tuple[Any, Any, Any]:
    """The network, all images of the folder and their labels, on the device."""
    from trompe.empirical._torch import torch
    from trompe.empirical.data import load_data
    from trompe.empirical.networks import load_model

    data = load_data(images)
    natural = torch.cat([data.train.tensor(device), data.test.tensor(device)])
    labels = torch.cat([data.train.targets(device), data.test.targets(device)])
    return load_model(model, device), natural, labels


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


app_audit = typer.Typer(help="Audits of your own network.", no_args_is_help=True)
app_audit.command("silent")(app_audit_silent)
app_audit.command("paths")(app_audit_paths)


def mount(app: typer.Typer) -> None:
    """Add `reproduce` and `audit` to a typer application."""
    app.command("reproduce")(app_reproduce)
    app.add_typer(app_audit, name="audit")
