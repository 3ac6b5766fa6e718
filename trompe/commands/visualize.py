"""`trompe visualize`: what units of your own network respond to. Importing this does not import torch."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from trompe.commands.networks import Images, Model, NetworkOptions, with_network
from trompe.commands.options import MANY, Device, Redirect, UnitAxis, integers, number
from trompe.commands.reading import array_file


@with_network
def visualize(
    model: Model,
    images: Images,
    how: NetworkOptions,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder for sheet.png, the arrays and shown.json: new, empty, or of this same run."
        ),
    ],
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
            help="channel or logit (the mean of a unit's map), neuron (its centre), maximum (its largest value), sum (of the "
            "means of all --units), or direction."
        ),
    ] = "channel",
    directions: Annotated[
        Path | None,
        typer.Option(
            help="For direction: a .npy file of shape (directions, units of the layer); --units counts its rows."
        ),
    ] = None,
    parametrization: Annotated[
        str,
        typer.Option(
            help="pixel, fourier, maco, or accentuation (pixels from the most extreme natural image)."
        ),
    ] = "fourier",
    transforms: Annotated[
        bool,
        typer.Option(
            "--transforms/--no-transforms", help="Jitter, scale and rotate between steps."
        ),
    ] = True,
    redirect: Redirect = False,
    seeds: Annotated[
        str, typer.Option(help="Seeds, comma-separated; the best picture of all is kept.")
    ] = "0,1,2",
    steps: Annotated[int, number("Optimisation steps.", MANY)] = 256,
    jobs: Annotated[
        int,
        number(
            "Processes, each with the network and a batch of pictures; smaller batches make more jobs.",
            1024,
        ),
    ] = 1,
    unit_axis: UnitAxis = None,
    device: Device = "auto",
) -> None:
    """What an optimiser finds to excite each unit least and most, beside the natural extremes, and a shown-file for `bound`.

    A run that was interrupted goes on with the same command.
    """
    from rich.console import Console

    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.networks.adapted import load_adapted
    from trompe.empirical.visualization.run import FILE, WAYS, Run, Source, check_folder
    from trompe.ground.arguments import Integer
    from trompe.ground.errors import known
    from trompe.ground.text import time_of
    from trompe.proofs.handover.shown.data import ENCLOSURE
    from trompe.views.shown import line_of

    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    chosen: Any = "all" if units.strip() == "all" else integers(units, "--units", 2**31)
    known("parametrization", parametrization, WAYS)
    goal, chosen = _objective(objective, layer, unit_axis, directions, chosen)
    several = integers(seeds, "--seeds", 2**63 - 1)
    Integer(1)(steps, "steps")
    Integer(1)(jobs, "jobs")
    check_folder(output)
    place = pick_device(device)
    with repeatable(device=place):
        network, natural = how.network(model, images, place, needs_outputs=False)
        weights = None if how.weights is None else str(how.weights)
        source = Source(
            model, weights, *how.normalisation, how.logits, str(images), *how.sizes.values()
        )
        run = Run(
            network, goal, chosen, natural, None, parametrization, transforms, redirect, several, steps, 0.05, how.batch,
            output, jobs, True, source,
            partial(load_adapted, model, place, how.weights, *how.normalisation, how.logits),
        )  # fmt: skip
        there = len(run.finished)
        if there:
            say(f"{there} of {len(run.asked)} units are there already and are kept.")
        if run.waiting:
            count, waiting = len(run.ascents.seeds), len(run.asked) - there
            say(
                f"About {time_of(run.seconds())} for the minimum and the maximum of {waiting} unit{'s' * (waiting > 1)}: "
                f"{count} seed{'s' * (count > 1)}, {steps} steps (estimated from three steps{', in one process' * (jobs > 1)})."
            )
        for unit in run.units():
            say(line_of(unit))
        found = run.finish()
    values = [value for unit in found.file.units for value in unit.values()]
    if loose := sum(value.kind != ENCLOSURE for value in values):
        say(
            f"Errors of {loose} of {len(values)} values are not certified: {found.why or 'interval bounds did not reach them'}."
        )
    for line in found.said:
        say(line)
    say(f"Written: {', '.join(found.sheets)}, {FILE} and arrays in {output}.")


def _objective(
    word: str, layer: str, unit_axis: int | None, directions: Path | None, units: Any
) -> tuple[Any, Any]:
    """The objective and what is counted as its units."""
    from trompe.empirical.maximization.objectives import KINDS, Objective
    from trompe.ground.errors import InvalidInput, known

    known("objective", word, (*KINDS, "sum", "direction"))
    if (word == "direction") != (directions is not None):
        raise InvalidInput(
            "--objective direction and --directions FILE go together; give both or neither"
        )
    if word == "sum":
        if units == "all":
            raise InvalidInput("--objective sum: name the units of the sum with --units")
        return Objective(layer, "channel", unit_axis, sums=(units,)), "all"
    if directions is not None:
        rows = array_file(directions, "--directions", ("directions", "units"))
        return Objective(layer, "channel", unit_axis, directions=rows.astype(float)), units
    return Objective(layer, word, unit_axis), units
