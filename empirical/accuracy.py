"""Does the network read the given pictures at all? Its accuracy, and which output each class is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.inspection import called, check_model
from trompe.empirical.progress import progress_bar
from trompe.empirical.streams import ImageStream
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
    outputs = check_model(model, images.first(2))
    labels = torch.from_numpy(images.labels)
    classes = sorted(set(labels.tolist()))
    if len(units) not in (0, len(classes)):
        raise InvalidInput(
            f"units: {len(units)} given for {len(classes)} classes; expected one a class"
        )
    unit_of = dict(zip(classes, units or classes, strict=True))
    named = dict(zip(images.named, unit_of.values(), strict=True))
    beyond = [f"{name} would be output {u}" for name, u in named.items() if not 0 <= u < outputs]
    if beyond:
        why = f"the network has outputs 0 to {outputs - 1}, and {beyond[0]}"
        return Accuracy(named, None, len(images), why)
    if len(classes) == 1:
        return Accuracy(named, None, len(images), "the images are of one class")
    right = done = 0
    with progress_bar("accuracy", len(images), show) as advance:
        for part in images.batches(batch):
            read = called(model, part).argmax(1).cpu()
            wanted = torch.tensor([unit_of[c] for c in labels[done : done + len(part)].tolist()])
            right += int((read == wanted).sum())
            done += len(part)
            advance(len(part))
    return Accuracy(named, right / done, done)
