"""The network of a shown-file, by which its values are computed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from trompe.empirical._torch import torch
from trompe.empirical.cache import state_sha256
from trompe.empirical.inputs.streams import ImageStream, open_images
from trompe.empirical.maximization.evaluation import Evaluator, unit_axis
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.networks.adapted import check_output, load_adapted
from trompe.empirical.networks.inspection import check_eval, grey
from trompe.empirical.visualization.natural import natural_extremes, natural_values
from trompe.proofs.handover.shown import Evaluated, Natural, ShownFile
from trompe.proofs.handover.shown.data import End
from trompe.theory import InvalidInput


def objective_of(shown: ShownFile) -> Objective:
    """The objective that the file's settings name.

    Raises
    ------
    InvalidInput : it is a function, which a file cannot hold.
    """
    settings = shown.settings
    if settings["objective"].startswith("function"):
        raise InvalidInput(
            f"objective: {settings['objective']}; values of an objective of one's own cannot be computed from a file"
        )
    return Objective(
        settings["layer"], settings["objective"], settings["unit_axis"], settings["sums"], settings["directions"],
        settings["negative"],
    )  # fmt: skip


class ShownNetwork:
    """A network with the hash that the file names.

    Raises
    ------
    InvalidInput : its weights or the images have another hash, or the units lie on another axis.
    """

    def __init__(
        self,
        shown: ShownFile,
        model: torch.nn.Module,
        images: ImageStream | None,
        device: torch.device,
        batch: int,
        root: str,
    ) -> None:
        self.root = root
        self.shown, self.model, self.images, self.batch = shown, model, images, batch
        self.device, self.objective = device, objective_of(shown)
        check_eval(model)
        if (found := state_sha256(model.state_dict())) != shown.model.sha256:
            raise InvalidInput(
                f"model: the SHA-256 of its weights is {found[:16]}..., the shown-file is about {shown.model.sha256[:16]}... "
                f"({shown.model.name}); give the network that was visualized"
            )
        picture = grey(model, shown.shape)
        check_output(model, picture)
        self.axis, count = unit_axis(model, self.objective, picture)
        if self.axis != shown.settings["axis"]:
            raise InvalidInput(
                f"settings.axis: the units lie on axis {self.axis} of {shown.of_layer}, the shown-file says {shown.settings['axis']}"
            )
        for unit in shown.asked:
            self.objective.check_unit(unit, count)
        self._evaluate = Evaluator(model, self.objective, self.axis)

    def value(self, unit: int, picture: NDArray[Any]) -> Evaluated:
        """See SubjectNetwork."""
        return self._evaluate(torch.from_numpy(picture).to(self.device), unit)

    def values(self, images: torch.Tensor, units: Sequence[int]) -> torch.Tensor:
        """The values of units at images of float32, shape (n, units); see `Evaluator.many`."""
        return self._evaluate.many(images, units)

    def natural(self, unit: int, end: End) -> Natural | None:
        """See SubjectNetwork."""
        return self._natural.get((unit, end))

    @cached_property
    def _natural(self) -> Mapping[tuple[int, End], Natural]:
        if self.images is None or self.shown.images is None:
            return {}
        units = [each.unit for each in self.shown.units]
        if len(self.images) != self.shown.images.count:
            raise InvalidInput(
                f"images: {len(self.images)}, the shown-file is about {self.shown.images.count}; give those that stand beside"
            )
        found = natural_extremes(
            self.model, self.objective, self.axis, self.images, units, self.batch, root=self.root
        )
        if found.sha256 != self.shown.images.sha256:
            raise InvalidInput(
                f"images: their SHA-256 is {found.sha256[:16]}..., the shown-file is about {self.shown.images.sha256[:16]}... "
                f"({self.shown.images.name}); give the images that stand beside"
            )
        return natural_values(found, self._evaluate)


def network_of(
    model: str, weights: Path | None, images: Path | None, device: torch.device, batch: int
) -> Callable[[ShownFile], ShownNetwork]:
    """The network called `model`, with normalisation, output and sizes as a shown-file says; see `ShownNetwork`."""

    def build(shown: ShownFile) -> ShownNetwork:
        about = shown.model
        network = load_adapted(model, device, weights, about.mean, about.std, about.logits)
        stream = None
        if images is not None:
            if shown.images is None:
                raise InvalidInput("--images: the shown-file has no natural images; leave it out")
            stream = open_images(images, device, resize=shown.images.resize, crop=shown.images.crop)
        return ShownNetwork(shown, network, stream, device, batch, str(images or ""))

    return build
