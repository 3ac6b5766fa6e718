"""Does the network read the given pictures at all? Its accuracy, and which output each class is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trompe.empirical._torch import torch
from trompe.empirical.inputs.streams import ImageStream
from trompe.empirical.networks.inspection import called, check_model
from trompe.empirical.progress import progress_bar
from trompe.theory import InvalidInput

_SHOWN = 12
"""Of more classes only so many are said."""
LOW = 0.5
"""Below this accuracy the sentence asks whether the options are right."""


@dataclass(frozen=True)
class Accuracy:
    """Class name -> the output that stands for it, and the share of images whose largest output is their class's.

    share : None where there is but one class, or a class without an output of its own (`why` says which).
    """

    outputs: dict[str, int]
    share: float | None
    images: int
    why: str = ""

    def __str__(self) -> str:
        parts = [f"{name} is output {unit}" for name, unit in [*self.outputs.items()][:_SHOWN]]
        more = f", ... ({len(self.outputs)} in all)" if len(self.outputs) > _SHOWN else ""
        classes = f"Classes: {', '.join(parts)}{more}. "
        if self.share is None:
            return f"{classes}No accuracy: {self.why}."
        return f"{classes}Accuracy on the {self.images} images: {self.share:.1%}."


@torch.no_grad()
def read_accuracy(
    model: torch.nn.Module,
    images: ImageStream,
    units: Sequence[int] = (),
    batch: int = 100,
    show: bool = True,
) -> Accuracy:
    """How a network reads images; `units` is the output of each class that occurs, by default class c is output c.

    Raises
    ------
    InvalidInput : the model cannot be used as it is, or there is not one unit a class.
    """
    found, wanted = held_against(images, check_model(model, images.first(2), images.name), units)
    if found.why:
        return found
    right = done = 0
    with progress_bar("accuracy", len(images), show) as advance:
        for part in images.batches(batch):
            read = called(model, part).argmax(1).cpu()
            right += int((read == wanted[done : done + len(part)]).sum())
            done += len(part)
            advance(len(part))
    return replace(found, share=right / done)


def held_against(
    images: ImageStream, outputs: int, units: Sequence[int] = ()
) -> tuple[Accuracy, torch.Tensor]:
    """What the images of each class are held against, still without a share, and the output of each image, shape (n,).

    `why` says where there is no accuracy for a network with so many outputs.

    Raises
    ------
    InvalidInput : there is not one unit a class.
    """
    labels = images.labels.tolist()
    classes = sorted(set(labels))
    if len(units) not in (0, len(classes)):
        raise InvalidInput(
            f"units: {len(units)} given for {len(classes)} classes; expected one a class"
        )
    unit_of = dict(zip(classes, units or classes, strict=True))
    named = dict(zip(images.named, unit_of.values(), strict=True))
    beyond = [f"{name} would be output {u}" for name, u in named.items() if not 0 <= u < outputs]
    why = "the images are of one class" if len(classes) == 1 else ""
    if beyond:
        why = f"the network has outputs 0 to {outputs - 1}, and {beyond[0]}"
    wanted = torch.tensor([unit_of[c] for c in labels])
    return Accuracy(named, None, len(labels), why), wanted
