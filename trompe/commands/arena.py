"""`trompe arena`: which manipulation passes which check? Importing this does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import listed, number


def arena(
    data: Annotated[
        str,
        typer.Option(help="digits, fashion-mnist or a folder; small networks are trained on it."),
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
    cache: Annotated[Path | None, typer.Option(help="Folder for trained weights.")] = None,
    force: Annotated[bool, typer.Option(help="Run again what is already there.")] = False,
) -> None:
    """Attacks x methods of visualization x checks on trained networks. Exit status 1 if a claim does not hold.

    A run that was interrupted goes on with the same command.
    """
    from rich.console import Console

    from trompe.empirical.arena.run import FILE, run_arena
    from trompe.views.arena import as_tables, said

    console = Console()

    def report(cell: str, was_there: bool) -> None:
        console.print(f"{cell}{' (already there)' * was_there}", highlight=False, soft_wrap=True)

    witness = run_arena(
        data, output, networks=networks, references=references, attacks=listed(attacks), methods=listed(methods),
        checks=listed(checks), quick=quick, plugins=plugin or (), cache=cache, jobs=jobs, force=force, done=report,
    )  # fmt: skip
    for table in as_tables(witness):
        console.print(table)
    for line in said(witness):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(str(output / FILE), highlight=False, soft_wrap=True)
    if any(claim["status"] == "does not hold" for claim in witness["claims"]):
        raise typer.Exit(1)
