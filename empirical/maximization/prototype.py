"""Prototypes: an ascent from an image that a network has no opinion of. A reading of Prototype Generation.

Details of the method are not public. This reading: first an image for which all classes are about equally likely, by the variance
of the probabilities; from there the unit's value; both pay for differences of neighbouring pixels and have random transforms.

Source of the idea: Tagade, Rumbelow, "Prototype generation: robust feature visualisation for data independent
interpretability", arXiv 2309.17144.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trompe.empirical._torch import Rate, Seed, Shape, Steps, Unit, torch
from trompe.empirical.maximization.ascent import Maximization, maximize
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Pixel
from trompe.empirical.maximization.penalties import Roughness
from trompe.ground.arguments import checked
from trompe.theory import InvalidInput

nn = torch.nn
EVEN = 100.0
"""The weight of the variance of the probabilities."""


def _evenness(outputs: torch.Tensor, _units: torch.Tensor) -> torch.Tensor:
    """High where all classes are about equally likely, shape (n,)."""
    return -EVEN * outputs.softmax(1).var(1)


@checked
def prototypes(
    model: nn.Module,
    units: Sequence[Unit],
    shape: Shape,
    *,
    seeds: Sequence[Seed] = (0,),
    steps: Steps = 128,
    rate: Rate = 0.1,
    strength: float = 10.0,
    redirect: bool = False,
    device: torch.device | str = "cpu",
    show: bool = False,
    batch: Steps | None = None,
) -> Maximization:
    """Prototypes of output units: half as many steps towards an even image, then `steps` towards the unit. A reading, see the module.

    Parameters
    ----------
    strength : of the penalty on differences of neighbouring pixels; a hundredth of it in the first part. The others are those of `maximize`.

    Raises
    ------
    InvalidInput : the strength is negative, or what `maximize` refuses.
    """
    if not strength >= 0:
        raise InvalidInput(f"strength = {strength}; expected 0 or more")
    more: dict[str, Any] = {
        "seeds": seeds, "rate": rate, "redirect": redirect, "device": device, "show": show, "batch": batch,
    }  # fmt: skip
    even = maximize(
        model, units, shape, Pixel(), objective=Objective(kind=_evenness), steps=max(steps // 2, 1),
        penalty=Roughness(strength / 100), **more,
    )  # fmt: skip
    return maximize(
        model, units, shape, Pixel(), steps=steps, start=even.images, penalty=Roughness(strength), **more
    )  # fmt: skip
