"""`trompe audit conclusions`: what follows from a unit's pictures on your images. Importing this does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trompe.commands.networks import Images, Model, NetworkOptions, with_network
from trompe.commands.options import MANY, Device, Redirect, UnitAxis, integers, listed, number


@with_network
def conclusions(
    model: Model,
    images: Images,
    how: NetworkOptions,
    shown: Annotated[
        Path | None,
        typer.Option(
            help="The shown-file of trompe visualize whose pictures are meant; conclusions.json is written beside it. [default: "
            "pictures are looked for]"
        ),
    ] = None,
    layer: Annotated[
        str,
        typer.Option(
            help="Name of a layer; relu#2 is its second call. [default: the network's output]"
        ),
    ] = "",
    units: Annotated[str, typer.Option(help="Units, comma-separated, or all.")] = "all",
    objective: Annotated[
        str,
        typer.Option(
            help="channel or logit (the mean of a unit's map), neuron (its centre) or maximum (its largest value)."
        ),
    ] = "channel",
    redirect: Redirect = False,
    seeds: Annotated[
        str, typer.Option(help="Seeds of the pictures, comma-separated; the best of all is kept.")
    ] = "0,1,2",
    steps: Annotated[int, number("Optimisation steps of the pictures.", MANY)] = 256,
    metric: Annotated[
        str, typer.Option(help="Norms of the Lipschitz constants: l2, linf or both with a comma.")
    ] = "l2,linf",
    eps: Annotated[
        str,
        typer.Option(
            help="Tolerance of the approx task, a share of the difference of the shown values."
        ),
    ] = "1/4",
    exemplars: Annotated[
        str,
        typer.Option(
            help="Numbers k: k natural images of the largest and k of the smallest values are shown besides."
        ),
    ] = "0,1,4,16",
    starts: Annotated[
        int, number("Images from which a steep pair is looked for, besides the two pictures.", MANY)
    ] = 16,
    climbs: Annotated[int, number("Steps of each such search.", MANY)] = 16,
    unit_axis: UnitAxis = None,
    device: Device = "auto",
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Also draw the images' distances to the pictures, a .png, .pdf or .svg file."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the pictures, shown.json and conclusions.json: new, empty, or of this same run."
        ),
    ] = None,
) -> None:
    """On how many of your images can anything be concluded from a unit's two pictures? With quantifiers, and with what proves it."""
    from dataclasses import replace

    from rich.console import Console

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.conclusions import audit_conclusions
    from trompe.empirical.maximization.objectives import KINDS, Objective
    from trompe.empirical.visualization.run import FILE as SHOWN
    from trompe.empirical.visualization.run import Run, Source, check_folder, npy, read_shown_units
    from trompe.ground.arguments import Integer, at_least_one
    from trompe.ground.errors import InvalidInput, known
    from trompe.ground.files import Destination, write_file
    from trompe.proofs.handover.concluded import FILE, NORMS, check_units, to_json
    from trompe.theory.exact import as_share, check_short
    from trompe.views.conclusions import as_tables, said, show_picture
    from trompe.views.picture import picture_file, pyplot
    from trompe.views.shown import line_of

    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    chosen: Any = "all" if units.strip() == "all" else integers(units, "--units", 2**31)
    norms: Any = at_least_one("norms", listed(metric), "give l2 or linf")
    for norm in norms:
        known("norm", norm, NORMS)
    check_short("eps", [as_share(eps)])
    some, several = integers(exemplars, "--exemplars", 10**6), integers(seeds, "--seeds", 2**63 - 1)
    for what, value in (("steps", steps), ("starts", starts), ("climbs", climbs)):
        Integer(1)(value, what)
    for k in some:
        Integer(0, 10**6)(k, "exemplars")
    known("objective", objective, tuple(KINDS))
    drawn = picture_file(plot) if plot is not None else None
    if drawn is not None:
        with pyplot():  # is it there?
            pass
    pictures = None
    if shown is not None:
        _only_without_shown(
            layer=layer, output=output, mean=how.mean, std=how.std, logits=how.logits, units=chosen != "all",
            objective=objective != "channel", redirect=redirect, seeds=several != (0, 1, 2), steps=steps != 256,
            unit_axis=unit_axis is not None,
        )  # fmt: skip
        pictures = read_shown_units(shown)
        if shown.name != SHOWN:
            raise InvalidInput(
                f"--shown {shown}: expected a file called {SHOWN}, with its arrays beside it"
            )
        made = pictures.file.model
        how = replace(how, mean=_joined(made.mean), std=_joined(made.std), logits=made.logits)
    folder = output if shown is None else shown.parent
    if output is not None:
        check_folder(output)
    written = None if folder is None else Destination(folder / FILE, parents=True)

    def check_written(count: int) -> None:
        if written is not None:
            check_units(count, len({*norms}), len({0, *some}))

    if pictures is not None:
        check_written(len(pictures.file.units))
    place = pick_device(device)
    with repeatable(device=place):
        network, natural = how.network(model, images, place)
        if pictures is None:
            source = Source(
                model, None if how.weights is None else str(how.weights), *how.normalisation, how.logits, str(images),
                *how.sizes.values(),
            )  # fmt: skip
            run = Run(
                network, Objective(layer, objective, unit_axis), chosen, natural, None, "fourier", True, redirect, several, steps,
                0.05, how.batch, output, 1, True, source,
            )  # fmt: skip
            check_written(len(run.asked))
            for unit in run.units():
                say(line_of(unit))
            pictures = run.finish()
        found = audit_conclusions(
            network,
            natural,
            pictures,
            norms=norms,
            eps=eps,
            exemplars=some,
            starts=starts,
            steps=climbs,
            batch=how.batch,
        )
    sizes = how.sizes
    named = replace(found.file.images, name=str(images), resize=sizes["resize"], crop=sizes["crop"])
    file = replace(found.file, images=named)
    for table in as_tables(file):
        console.print(table)
    for line in said(file):
        say(line)
    if written is not None and folder is not None:
        for each, (norm, slope) in ((u, s) for u in file.units for s in u.slopes.items()):
            pair = found.pairs[each.unit, norm]
            for end, picture in ((slope.first, pair.first), (slope.second, pair.second)):
                write_file(folder / end.point, npy(picture.cpu()))
        written.write(to_json(file))
        say(f"Written: {FILE} and arrays in {folder}.")
    if drawn is not None:
        show_picture(found, drawn)


def _only_without_shown(**options: Any) -> None:
    for name, value in options.items():
        if value:
            from trompe.ground.errors import InvalidInput

            option = name.replace("_", "-")
            raise InvalidInput(
                f"--{option}: is what the shown-file says; with --shown leave it out"
            )


def _joined(values: tuple[float, ...]) -> str:
    return ",".join(map(repr, values))
