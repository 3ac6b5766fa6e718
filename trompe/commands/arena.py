"""`trompe arena`: which manipulation passes which check? Importing this does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.networks import (
    Cache,
    Force,
    Groups,
    NetworkOptions,
    OwnImages,
    OwnModel,
    OwnUnits,
    Photos,
    with_network,
)
from trompe.commands.options import integers, listed, number


@with_network
def arena(
    how: NetworkOptions,
    data: Annotated[
        str,
        typer.Option(
            help="digits, fashion-mnist or a folder: small networks are trained on it. Or imagenet: one network, a single case."
        ),
    ] = "digits",
    output: Annotated[
        Path, typer.Option(help="Folder for arena.json, its figures and finished cells.")
    ] = Path("trompe-arena"),
    networks: Annotated[
        int | None, number("Tested networks, at least 5 but for --quick. [default: 5]", 1000)
    ] = None,
    references: Annotated[
        int | None,
        number("Other networks, which calibrated alarms are held against. [default: 19]", 1000),
    ] = None,
    attacks: Annotated[str, typer.Option(help="Keys, comma-separated. [default: all]")] = "",
    methods: Annotated[str, typer.Option(help="Keys, comma-separated. [default: all]")] = "",
    checks: Annotated[str, typer.Option(help="Keys, comma-separated. [default: all]")] = "",
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Two networks, fewer attacks and methods; no intervals, no claims."
        ),
    ] = False,
    plugin: Annotated[
        list[Path] | None,
        typer.Option(
            help="A Python file that registers attacks, methods or checks; repeat for more."
        ),
    ] = None,
    jobs: Annotated[int, number("Processes; bits do not depend on them.", 1024)] = 1,
    cache: Cache = None,
    force: Force = False,
    model: OwnModel = None,
    images: OwnImages = None,
    units: OwnUnits = "",
    groups: Groups = None,
    photos: Photos = None,
) -> None:
    """Attacks x methods of visualization x checks on trained networks. Exit status 1 if a claim does not hold.

    A run that was interrupted goes on with the same command.
    """
    from rich.console import Console

    from trompe.empirical.arena.run import FILE, run_arena
    from trompe.views.arena import as_tables, said

    console = Console()
    asked = integers(units, "--units", 10**9) if units else ()
    pictures, network = how.own(model, images, data, groups)

    def report(cell: str, was_there: bool) -> None:
        console.print(f"{cell}{' (already there)' * was_there}", highlight=False, soft_wrap=True)

    witness = run_arena(
        pictures, output, networks=networks, references=references, attacks=listed(attacks), methods=listed(methods),
        checks=listed(checks), quick=quick, plugins=plugin or (), cache=cache, jobs=jobs, force=force, done=report, model=network,
        units=asked, photos=photos,
    )  # fmt: skip
    for table in as_tables(witness):
        console.print(table)
    for line in said(witness):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(str(output / FILE), highlight=False, soft_wrap=True)
    if any(claim["status"] == "does not hold" for claim in witness["claims"]):
        raise typer.Exit(1)
