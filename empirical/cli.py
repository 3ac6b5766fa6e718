"""`trompe reproduce` and `trompe audit silent|paths`. Importing this module does not import torch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
Batch = Annotated[int, typer.Option(help="Images held at a time; fewer need less memory.")]


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

    from trompe.empirical.experiments.runner import reproduce

    console = Console()

    def report(key: str, witness: dict[str, Any], skipped: bool) -> None:
        held = [m for m in witness["measurements"] if "acceptance" in m]
        met = sum(m["acceptance"]["met"] for m in held)
        state = "accepted" if witness["accepted"] else "MISSED: " + "; ".join(witness["missed"])
        counted = f"{met} of {len(held)} acceptances met, {state}"
        again = " (already there)" if skipped else ""
        console.print(
            f"{key}: {counted if held else 'measured, held to nothing on these data'}{again}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        console.print(f"  {output / key / 'witness.json'}", highlight=False, soft_wrap=True)

    with _warnings_in_one_line():
        results = reproduce(
            experiment, data, device, seed, output,
            target=target, cache=cache, threads=threads, force=force, done=report,
        )  # fmt: skip
    if any(witness["missed"] for witness in results.values()):
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
    batch: Batch = 100,
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
        network, natural = _load(model, images, place)
        found = audit_silent(
            network, natural, layers=_names(layers), steps=steps, batch=batch, seed=seed
        )
    table = Table("layer", "units", "silent", "driven by optimisation", "units that are")
    for layer, count in found.units.items():
        silent = [u for u in found.silent if u.layer == layer]
        driven = [u.unit for u in silent if u.driven > 0]
        listed = ", ".join(map(str, driven[:12])) + (" ..." if len(driven) > 12 else "")
        table.add_row(layer, str(count), str(len(silent)), str(len(driven)), listed)
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
    batch: Batch = 100,
    output: Output = None,
) -> None:
    """Are visualizations processed along the same paths as natural images? The paper's sanity check."""
    from rich.console import Console
    from rich.table import Table

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.paths import audit_paths
    from trompe.empirical.cache import json_text
    from trompe.ground.files import Destination
    from trompe.theory import InvalidInput

    try:
        indices = [int(u) for u in _names(units)]
    except ValueError:
        raise InvalidInput(f"units = {units!r}; expected numbers, comma-separated") from None
    written = Destination(output, parents=True) if output is not None else None
    place = pick_device(device)
    with repeatable(device=place):
        network, natural = _load(model, images, place)
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


def _load(model: str, images: Path, place: Any) -> tuple[Any, Any]:
    """The network and a stream of all images of the folder, on the device."""
    from trompe.empirical.inspection import load_model
    from trompe.empirical.streams import open_images

    natural = open_images(images, place)
    return load_model(model, place), natural


def _plus_minus(similarity: Any) -> str:
    return (
        f"{similarity.mean:+.2f} +- {similarity.error:.2f}" if similarity.comparable else "no scale"
    )


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """A warning (a damaged cache file, say) is a line on standard error, without a place in our code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"trompe: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


app_audit = typer.Typer(help="Audits of your own network: silent, paths.")
app_audit.command("silent")(app_audit_silent)
app_audit.command("paths")(app_audit_paths)


def mount(app: typer.Typer) -> None:
    """Add `reproduce` and `audit` to a typer application."""
    app.command("reproduce")(app_reproduce)
    app.add_typer(app_audit, name="audit")
