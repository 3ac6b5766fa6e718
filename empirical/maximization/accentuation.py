"""Feature accentuation: what has to change in a natural image for a unit to respond more, and little else.

The ascent starts at the image, in the Fourier parametrization with random transforms, and pays for the distance to it in a layer.

Source: Hamblin, Fel, Saha, Konkle, Alvarez, "Feature accentuation: revealing 'what' features respond to in natural images",
arXiv 2402.10039.
"""

from __future__ import annotations

from collections.abc import Sequence

from trompe.empirical._torch import Images, Rate, Seed, Steps, Unit, torch
from trompe.empirical.maximization.ascent import Maximization, maximize
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.maximization.penalties import LatentDistance
from trompe.ground.arguments import checked
from trompe.theory import InvalidInput

nn = torch.nn


@checked
def accentuate(
    model: nn.Module,
    units: Sequence[Unit],
    start: Images,
    *,
    layer: str = "",
    strength: float = 1.0,
    seeds: Sequence[Seed] = (0,),
    steps: Steps = 100,
    rate: Rate = 0.05,
    redirect: bool = False,
    show: bool = False,
    batch: Steps | None = None,
) -> Maximization:
    """Ascents of output units from natural images, which pay for what they change in `layer`.

    Parameters
    ----------
    start : where to begin, entry s * len(units) + u for unit u and seed s, as `Maximization` has it; in [0, 1].
    layer : where the distance is taken; it must be named where `strength` is above 0. strength : of the regulariser, by the sizes of both
        gradients at the second step; 0 leaves it out. seeds : of the transforms. The others are those of `maximize`.

    Raises
    ------
    InvalidInput : the strength is negative, no layer is named, or what `maximize` refuses. UnknownKey : no such layer.
    """
    if not strength >= 0:
        raise InvalidInput(f"strength = {strength}; expected 0 or more")
    if strength and not layer:
        raise InvalidInput("layer: none is named; name the one in which distances are taken")
    shape = (start.shape[1], start.shape[2], start.shape[3])
    return maximize(
        model, units, shape, Fourier(), seeds=seeds, steps=steps, rate=rate, redirect=redirect, start=start, device=start.device,
        penalty=LatentDistance(model, layer, start, strength) if strength else None, show=show, batch=batch,
    )  # fmt: skip
