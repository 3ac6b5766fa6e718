"""`trompe audit silent|paths|compare`: does your own network mislead? Importing this does not import torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.conclusions import conclusions
from trompe.commands.networks import Groups, Images, Model, NetworkOptions, with_network
from trompe.commands.options import MANY, SEED, Device, UnitAxis, integers, listed, number

Output = Annotated[Path | None, typer.Option(help="Also write the result as JSON into this file.")]


@with_network
def silent(
    model: Model,
    images: Images,
    how: NetworkOptions,
    layers: Annotated[
        str,
        typer.Option(
            help="Only these ReLU calls, or those inside these modules, comma-separated; relu#2 is the second of several."
        ),
    ] = "",
    unit_axis: UnitAxis = None,
    units: Annotated[
        str, typer.Option(help="Only these units of the calls that are looked at, comma-separated.")
    ] = "",
    steps: Annotated[int, number("Optimisation steps of each try.", MANY)] = 128,
    tries: Annotated[int, number("Ways in which a picture is looked for, 1 to 8.", 8)] = 8,
    device: Device = "auto",
    seed: Annotated[int, number("Seed of the noise to start from.", SEED)] = 0,
    output: Output = None,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Also save each picture that drives a unit into this folder."),
    ] = None,
) -> None:
    """List units that are silent on natural images: driven by a picture, certified dead on all of [0, 1]^N, or neither."""
    from rich.console import Console

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.silent import audit_silent
    from trompe.empirical.cache import json_text
    from trompe.empirical.inputs.pictures import save_pictures
    from trompe.ground.files import Destination
    from trompe.views.silent import as_json, as_table, picture_name, said, silent_rows

    written = Destination(output, parents=True) if output is not None else None
    index = Destination(pictures / "driven.json", parents=True) if pictures is not None else None
    chosen = integers(units, "--units", 10**9) if units else ()
    place = pick_device(device)
    with repeatable(device=place):
        network, natural = how.network(model, images, place)
        found = audit_silent(
            network, natural, layers=listed(layers), unit_axis=unit_axis, units=chosen, tries=tries, steps=steps,
            batch=how.batch, seed=seed,
        )  # fmt: skip
    names = None
    if pictures is not None:
        names = save_pictures(
            pictures, {picture_name(u): u.picture for u in found.driven if u.picture is not None}
        )  # fmt: skip
    rows = silent_rows(found, names)
    if index is not None:
        index.write(json_text([row for row in rows if row["verdict"] == "driven"]))
    console = Console()
    console.print(as_table(found))
    for line in said(found, chosen):
        console.print(line, highlight=False, markup=False)
    if written is not None:
        written.write(json_text(as_json(found, chosen, rows)))


@with_network
def paths(
    model: Model,
    images: Images,
    how: NetworkOptions,
    layers: Annotated[
        str, typer.Option(help="Layer names, comma-separated, in the order of the network.")
    ],
    units: Annotated[str, typer.Option(help="Output unit of each class, comma-separated.")] = "",
    groups: Groups = None,
    measure: Annotated[str, typer.Option(help="spearman, pearson or cosine.")] = "spearman",
    steps: Annotated[int, number("Optimisation steps.", MANY)] = 256,
    device: Device = "auto",
    plot: Annotated[
        Path | None, typer.Option(help="Also draw the similarities, a .png, .pdf or .svg file.")
    ] = None,
    output: Output = None,
) -> None:
    """Are visualizations processed along the same paths as natural images? The paper's sanity check."""
    import warnings

    from rich.console import Console

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.paths import audit_paths
    from trompe.empirical.cache import json_text
    from trompe.empirical.inputs.streams import photographs
    from trompe.empirical.maximization.ascent import DeadUnit
    from trompe.ground.files import Destination
    from trompe.views.paths import as_json, as_table, said, show_picture
    from trompe.views.picture import picture_file

    written = Destination(output, parents=True) if output is not None else None
    drawn = picture_file(plot) if plot is not None else None
    indices = list(integers(units, "--units", 10**9)) if units else []
    place = pick_device(device)
    with repeatable(device=place), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", DeadUnit)
        network, natural = how.network(model, images, place, indices)
        found = audit_paths(
            network,
            listed(layers),
            natural,
            units=indices,
            measure=measure,
            steps=steps,
            batch=how.batch,
            groups=None if groups is None else photographs(natural, groups),
        )

    console = Console()
    console.print(as_table(found))
    for line in said(found):
        console.print(line, highlight=False, markup=False)
    for warning in warned:
        console.print(str(warning.message), highlight=False, markup=False)
    if drawn is not None:
        show_picture(found, drawn)
    if written is not None:
        written.write(json_text(as_json(found, network, natural.named, measure)))


@with_network
def compare(
    model: Annotated[
        list[str],
        typer.Option(
            help="Twice, for A and B: FILE.py:FUNCTION or MODULE:FUNCTION that returns the network, in eval mode."
        ),
    ],
    images: Images,
    how: NetworkOptions,
    layers: Annotated[
        str,
        typer.Option(
            help="Names of layers of both networks, comma-separated. [default: the networks' output]"
        ),
    ] = "",
    units: Annotated[
        str,
        typer.Option(
            help="Units of each layer that are visualized, comma-separated. [default: all, at most 32 of a layer]"
        ),
    ] = "",
    tolerance: Annotated[
        float,
        number(
            "How much a unit's natural numbers may change where it still counts as equal beside bit-identical ones, as a share "
            "of its natural range.",
            1,
            kind=float,
        ),
    ] = 0.001,
    seeds: Annotated[str, typer.Option(help="Seeds of the pictures, comma-separated.")] = "0,1,2",
    steps: Annotated[int, number("Optimisation steps.", MANY)] = 256,
    redirect: Annotated[
        bool,
        typer.Option(
            "--redirect",
            help="Redirected gradients through ReLUs, for units that are dead at the start.",
        ),
    ] = False,
    unit_axis: UnitAxis = None,
    device: Device = "auto",
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            help="State dicts, .pt, .pth or .safetensors: twice, for A and B. No pickled code is run."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Also draw the pictures of the units that differ most, a .png, .pdf or .svg file."
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Is "the same" network from two sources the same? Outputs, and units that behave alike and show other pictures."""
    from rich.console import Console

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.compare import audit_compare
    from trompe.empirical.cache import json_text
    from trompe.ground.errors import InvalidInput
    from trompe.ground.files import Destination
    from trompe.views.compare import as_json, as_tables, said, show_picture
    from trompe.views.picture import picture_file

    if len(model) != 2:
        raise InvalidInput(f"--model: {len(model)} given; expected two, the networks A and B")
    states = weights or []
    if len(states) not in (0, 2):
        raise InvalidInput(
            f"--weights: {len(states)} given; expected none, or two, those of A and those of B"
        )
    written = Destination(output, parents=True) if output is not None else None
    drawn = picture_file(plot) if plot is not None else None
    chosen = integers(units, "--units", 10**9) if units else ()
    several = integers(seeds, "--seeds", 10**18)
    place = pick_device(device)
    console = Console()
    with repeatable(device=place):
        natural = how.images(images, place)
        networks = []
        for k, name in enumerate("AB"):
            try:
                of = replace(how, weights=states[k] if states else None)
                networks.append(of.model(model[k], natural, name=f"{name}: "))
            except InvalidInput as error:
                if not str(error).startswith("model"):
                    raise  # of the images, or of a file that is named
                raise InvalidInput(f"model {name}{str(error).removeprefix('model')}") from error
        found = audit_compare(
            networks[0], networks[1], natural, layers=listed(layers), units=chosen, unit_axis=unit_axis, tolerance=tolerance,
            seeds=several, steps=steps, redirect=redirect, batch=how.batch,
        )  # fmt: skip
    for table in as_tables(found):
        console.print(table)
    for line in said(found):
        console.print(line, highlight=False, markup=False)
    if drawn is not None:
        show_picture(found, drawn)
    if written is not None:
        source = {
            "models": model,
            "weights": list(map(str, states)) or None,
            "images": str(images),
            "mean": how.mean,
            "std": how.std,
            "resize": how.resize,
            "crop": how.crop,
            "logits": how.logits,
        }
        written.write(json_text(as_json(found, source)))


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="Audits of your own network: silent, paths, compare, conclusions.")
    audit.command()(silent)
    audit.command()(paths)
    audit.command()(compare)
    audit.command()(conclusions)
    app.add_typer(audit, name="audit")
