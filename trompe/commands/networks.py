"""Options that name somebody's network and pictures, and what is read from them. Importing this does not import torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from trompe.commands.options import MANY, integers, number

Model = Annotated[
    str,
    typer.Option(
        help="FILE.py:FUNCTION or MODULE:FUNCTION that returns the network, in eval mode."
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="State dict of the network: .pt, .pth or .safetensors. No pickled code is run."
    ),
]
Images = Annotated[Path, typer.Option(help="Folder of pictures, one subfolder a class.")]
Batch = Annotated[int, number("Images held at a time; fewer need less memory.", MANY)]
Mean = Annotated[
    str,
    typer.Option(
        help="The network wants (x - mean) / std: one number or one a channel, for pictures x in [0, 1]."
    ),
]
Std = Annotated[str, typer.Option(help="See --mean; for 0 to 255, divide both by 255.")]
Resize = Annotated[
    str,
    typer.Option(help="Scale pictures: SIDE of the shorter side, or HEIGHT,WIDTH, in pixels."),
]
Crop = Annotated[
    str, typer.Option(help="Cut out the middle of pictures: SIDE or HEIGHT,WIDTH, in pixels.")
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Files of a class whose names are equal before the last TEXT are crops of one photograph: cat_7_crop0.png, "
        "cat_7_crop1.png with _crop. Such are never compared and lie on one side, and intervals are over photographs.",
    ),
]
Logits = Annotated[
    str | None,
    typer.Option(help="Which part of the output counts: a key of a dict, an index of a tuple."),
]


def read_network(
    model: str,
    images: Path,
    place: Any,
    *,
    weights: Path | None,
    mean: str,
    std: str,
    resize: str,
    crop: str,
    logits: str | None,
    batch: int,
    units: Sequence[int] | None = None,
) -> tuple[Any, Any]:
    """The network and a stream of all images of the folder, on the device.

    Printed is what was done to them, which output stands for which folder, and how well the network reads the images.
    units : the output of each folder, where the command has such an option.
    """
    from trompe.ground.arguments import Integer

    Integer(1)(batch, "batch")
    natural = read_images(images, place, mean=mean, std=std, resize=resize, crop=crop)
    network = read_model(
        model, natural, weights=weights, mean=mean, std=std, logits=logits, batch=batch, units=units
    )
    return network, natural


def read_images(images: Path, place: Any, *, mean: str, std: str, resize: str, crop: str) -> Any:
    """A stream of all images of the folder, which --mean and --std fit."""
    from trompe.empirical.inputs.streams import open_images
    from trompe.empirical.networks.adapted import check_normalisation

    normalisation = numbers(mean, "--mean"), numbers(std, "--std")
    check_normalisation(*normalisation)
    natural = open_images(images, place, **sizes_of(resize, crop))
    check_normalisation(*normalisation, natural.shape[0])
    return natural


def read_model(
    model: str,
    natural: Any,
    *,
    weights: Path | None,
    mean: str,
    std: str,
    logits: str | None,
    batch: int,
    units: Sequence[int] | None = None,
    name: str = "",
) -> Any:
    """The network on the images' device; see `read_network`. name : said before each line, where there are several."""
    from rich.console import Console

    from trompe.empirical.audits.accuracy import LOW, read_accuracy
    from trompe.empirical.networks.adapted import check_output, load_adapted

    console = Console()

    def say(text: str) -> None:
        console.print(f"{name}{text}", highlight=False, markup=False)

    network = load_adapted(
        model, natural.device, weights, numbers(mean, "--mean"), numbers(std, "--std"), logits, say
    )
    check_output(network, natural.first(2))
    found = read_accuracy(network, natural, units or (), batch)
    say(str(found))
    if found.share is not None and found.share < LOW:
        order = "are the outputs in this order (--units), and " if units is not None else ""
        say(f"That is low: {order}are --mean, --std, --resize and --crop those of its training?")
    return network


def sizes_of(resize: str, crop: str) -> dict[str, tuple[int, ...]]:
    """What --resize and --crop say."""
    return {
        name: integers(text, f"--{name}", 10**6) if text else ()
        for name, text in (("resize", resize), ("crop", crop))
    }


def numbers(text: str, what: str) -> tuple[float, ...]:
    """Decimal numbers with commas; none for no text."""
    from trompe.ground.errors import InvalidInput, brief

    parts = [part.strip() for part in text.split(",")] if text else []
    for part in parts:
        if len(part) > 40 or not re.fullmatch(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)(e-?[0-9]+)?", part):
            raise InvalidInput(
                f"{what} {brief(text)!r}: expected numbers with commas, such as 0.485,0.456,0.406"
            )
    return tuple(map(float, parts))
