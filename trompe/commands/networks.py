"""Options that name somebody's network and pictures, and what is read from them. Importing this does not import torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trompe.commands.options import MANY, number

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


def read_network(model: str, images: Path, place: Any, weights: Path | None) -> tuple[Any, Any]:
    """The network and a stream of all images of the folder, on the device; what was done to them is printed."""
    from rich.console import Console

    from trompe.empirical.loading import load_model
    from trompe.empirical.streams import open_images

    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    natural = open_images(images, place)
    return load_model(model, place, weights=weights, say=say), natural
