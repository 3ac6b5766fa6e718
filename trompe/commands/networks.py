"""Options that name somebody's network and pictures, and what is read from them. Importing this does not import torch."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

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
OwnModel = Annotated[
    str | None,
    typer.Option(
        help="Your network in place of those that are trained: FILE.py:FUNCTION or MODULE:FUNCTION, see docs/your-network.md."
    ),
]
OwnImages = Annotated[
    Path | None, typer.Option(help="With --model: its natural images, in place of --data.")
]
OwnUnits = Annotated[
    str,
    typer.Option(
        help="With --model or --data imagenet: outputs that are fooled; default some that most images are taken for."
    ),
]
Photos = Annotated[
    Path | None,
    typer.Option(
        help="With --data imagenet: a folder of photographs, in place of those of installed packages."
    ),
]
Cache = Annotated[Path | None, typer.Option(help="Folder for trained weights.")]
Force = Annotated[bool, typer.Option(help="Run again what is already there.")]
Logits = Annotated[
    str | None,
    typer.Option(help="Which part of the output counts: a key of a dict, an index of a tuple."),
]


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """What a command with `with_network` is told about somebody's network and pictures, besides their names."""

    batch: Batch = 100
    weights: Weights = None
    mean: Mean = ""
    std: Std = ""
    resize: Resize = ""
    crop: Crop = ""
    logits: Logits = None

    @property
    def normalisation(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The mean and the standard deviation that the network wants."""
        return numbers(self.mean, "--mean"), numbers(self.std, "--std")

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """What --resize and --crop say."""
        return {
            name: integers(text, f"--{name}", 10**6) if text else ()
            for name, text in (("resize", self.resize), ("crop", self.crop))
        }

    def own(
        self, model: str | None, images: Path | None, data: str, groups: str | None, device: str = "cpu", threads: int = 1
    ) -> tuple[Any, Any]:  # fmt: skip
        """The pictures and the network of --model; without it the data on which a command trains some, and None."""
        from trompe.empirical._torch import pick_device, repeatable
        from trompe.empirical.inputs.data import load_data
        from trompe.ground.errors import InvalidInput

        if model is None:
            named = {
                "images": images, "weights": self.weights, "mean": self.mean, "std": self.std, "logits": self.logits
            }  # fmt: skip
            for name, value in named.items():
                if value:
                    raise InvalidInput(f"--{name}: is about a network of yours; give --model too")
            shaped = bool(self.resize or self.crop or groups is not None)
            return (load_data(data, **self.sizes, groups=groups) if shaped else data), None
        if data == "imagenet":
            raise InvalidInput("--data imagenet: has a network of its own; leave --model out")
        folder, place = images if images is not None else Path(data), pick_device(device)
        with repeatable(threads, place):
            network, _ = self.network(model, folder, place)
        return load_data(folder, **self.sizes, groups=groups), network

    def network(
        self, model: str, images: Path, place: Any, units: Sequence[int] | None = None, needs_outputs: bool = True
    ) -> tuple[Any, Any]:  # fmt: skip
        """The network and a stream of all images of the folder, on the device.

        Printed is what was done to them, which output stands for which folder, and how well the network reads the images.
        units : the output of each folder, where the command has such an option. needs_outputs : is a network refused whose
        output is not one number a unit?
        """
        natural = self.images(images, place)
        return self.model(model, natural, units, needs_outputs=needs_outputs), natural

    def images(self, images: Path, place: Any) -> Any:
        """A stream of all images of the folder, which --mean and --std fit."""
        from trompe.empirical.inputs.streams import open_images
        from trompe.empirical.networks.adapted import check_normalisation
        from trompe.ground.arguments import Integer

        Integer(1)(self.batch, "batch")
        check_normalisation(*self.normalisation)
        natural = open_images(images, place, **self.sizes)
        check_normalisation(*self.normalisation, natural.shape[0])
        return natural

    def model(
        self, model: str, natural: Any, units: Sequence[int] | None = None, name: str = "", needs_outputs: bool = True
    ) -> Any:  # fmt: skip
        """The network on the images' device; see `network`. name : said before each line, where there are several."""
        from rich.console import Console

        from trompe.empirical.audits.accuracy import LOW, read_accuracy
        from trompe.empirical.networks.adapted import check_output, load_adapted

        console = Console()

        def say(text: str) -> None:
            console.print(f"{name}{text}", highlight=False, markup=False, soft_wrap=True)

        network = load_adapted(
            model, natural.device, self.weights, *self.normalisation, self.logits, say
        )
        shape = check_output(network, natural.first(2))
        if not needs_outputs and len(shape) != 2:
            say(
                f"No accuracy: the network returns shape {shape} for {len(natural.first(2))} images."
            )
            return network
        found = read_accuracy(network, natural, units or (), self.batch)
        say(str(found))
        if found.share is not None and found.share < LOW:
            order = "are the outputs in this order (--units), and " if units is not None else ""
            say(
                f"That is low: {order}are --mean, --std, --resize and --crop those of its training?"
            )
        return network


def with_network(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the options of `NetworkOptions`, which it gets as `how`; those that it names itself stay its own."""
    parameters = dict(inspect.signature(command).parameters)
    hints = get_type_hints(command, include_extras=True)
    del parameters["how"], hints["how"]
    shared = get_type_hints(NetworkOptions, include_extras=True)
    added = {
        field.name: inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=shared[field.name]
        )
        for field in fields(NetworkOptions) if field.name not in parameters
    }  # fmt: skip

    @wraps(command)
    def run(**given: Any) -> Any:
        how = NetworkOptions(**{name: given.pop(name) for name in added})
        return command(how=how, **given)

    own = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name])
        for name, p in parameters.items()
    ]
    run.__signature__ = inspect.Signature([*own, *added.values()])  # type: ignore[attr-defined]
    run.__annotations__ = hints | {name: shared[name] for name in added}
    return run


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
