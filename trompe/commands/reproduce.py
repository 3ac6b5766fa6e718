"""`trompe reproduce`: the paper's experiments on real data. Importing this does not import torch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

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
from trompe.commands.options import SEED, Device, integers, listed, number


@with_network
def reproduce(
    how: NetworkOptions,
    experiment: Annotated[
        str,
        typer.Argument(
            help="fooling-circuit, silent-units, path-similarity, certified-circuit, erm-witness or all."
        ),
    ] = "all",
    data: Annotated[
        str, typer.Option(help="digits, fashion-mnist, imagenet or a folder.")
    ] = "digits",
    device: Device = "auto",
    seed: Annotated[int, number("Every random number follows from it.", SEED)] = 0,
    output: Annotated[Path, typer.Option(help="One folder an experiment is made here.")] = Path(
        "trompe-output"
    ),
    target: Annotated[
        Path | None, typer.Option(help="A picture that the fooled units shall show.")
    ] = None,
    threads: Annotated[int, number("CPU threads; bits repeat for equal counts.", 1024)] = 1,
    cache: Cache = None,
    force: Force = False,
    model: OwnModel = None,
    images: OwnImages = None,
    units: OwnUnits = "",
    layers: Annotated[
        str,
        typer.Option(
            help="With --model or --data imagenet: layers of path similarity, and beside which silent units are put, comma-separated; default some of all."
        ),
    ] = "",
    groups: Groups = None,
    photos: Photos = None,
) -> None:
    """Run the paper's experiments on real data and leave a witness of each. Exit status 1 if a number misses."""
    from rich.console import Console

    from trompe.empirical.experiments import runner

    console = Console()
    given: dict[str, Any] = {
        "units": integers(units, "--units", 10**9) if units else (), "layers": listed(layers), "photos": photos
    }  # fmt: skip
    pictures, given["model"] = how.own(model, images, data, groups, device, threads)

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
        results = runner.reproduce(
            experiment, pictures, device, seed, output,
            target=target, cache=cache, threads=threads, force=force, done=report, **given,
        )  # fmt: skip
    if any(witness["missed"] for witness in results.values()):
        raise typer.Exit(1)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """A warning (a damaged cache file, say) is a line on standard error, without a place in our code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"trompe: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def mount(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(reproduce)
