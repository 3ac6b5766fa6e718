"""Silent units of anybody's network: 0 on all natural images, and yet optimisation can drive them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trompe.empirical._torch import Seed, Steps, torch
from trompe.empirical.inspection import check_model, layer_names, named_layer
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.progress import progress_bar
from trompe.empirical.relu import ReLUOutput, ReLUTap, relu_names
from trompe.empirical.streams import NaturalImages, as_stream
from trompe.ground.arguments import checked
from trompe.theory import InvalidInput

nn = torch.nn


@dataclass(frozen=True)
class SilentUnit:
    """A unit that no natural image excites, and what optimisation makes of it."""

    layer: str
    unit: int
    driven: float
    """Its mean activation over the map at the end of the optimisation; 0 if it stayed dead."""


@dataclass(frozen=True)
class SilentAudit:
    """What `audit_silent` found: units looked at per ReLU call, and the silent ones."""

    units: dict[str, int]
    images: int
    silent: tuple[SilentUnit, ...]

    @property
    def driven(self) -> tuple[SilentUnit, ...]:
        """The silent units that optimisation excites: dead weight on natural images, not on others."""
        return tuple(unit for unit in self.silent if unit.driven > 0)


@checked
def audit_silent(
    model: nn.Module,
    images: NaturalImages,
    *,
    layers: Sequence[str] = (),
    steps: Steps = 128,
    batch: Steps = 100,
    seed: Seed = 0,
    show: bool = True,
) -> SilentAudit:
    """Units (after any ReLU) that are 0 on all natural images, and whether optimisation can drive them.

    Every ReLU call of the forward pass is looked at, or those whose name begins with one of `layers`.
    Optimisation: Fourier, no transforms, redirected gradients, from noise. One batch of images and one
    number a unit are held at a time.

    Parameters
    ----------
    images : (n, channels, height, width) in [0, 1], an array or tensor, a DataLoader, or a stream (`open_images`).

    Raises
    ------
    InvalidInput : the model cannot be used as it is, or makes no ReLU call. UnknownKey : no such layer.
    """
    natural = as_stream(images)
    few = natural.first(2)
    check_model(model, few)
    for layer in layers:
        named_layer(model, layer)
    names = relu_names(model, few)
    chosen = [
        k for k, name in enumerate(names)
        if not layers or any(name == p or name.startswith((p + ".", p + " ")) for p in layers)
    ]  # fmt: skip
    if not chosen:
        where = f" inside {', '.join(layers)}" if layers else ""
        raise InvalidInput(
            f"model: makes no ReLU call{where}; silent units are about ReLU. Its layers: {', '.join(layer_names(model)[:6])}"
        )
    largest: dict[int, torch.Tensor] = {}

    def widen(call: int, out: torch.Tensor) -> None:
        if call in chosen:
            top = out.amax(0) if out.ndim == 2 else out.transpose(0, 1).flatten(1).amax(1)
            largest[call] = torch.maximum(largest[call], top) if call in largest else top

    with torch.no_grad(), progress_bar("natural activations", len(natural), show) as advance:
        for part in natural.batches(batch):
            with ReLUTap(widen):
                model(part)
            advance(len(part))
    silent = []
    dead = {k: torch.nonzero(largest[k] <= 0).view(-1).tolist() for k in chosen}
    with progress_bar("driving silent units", sum(map(len, dead.values())), show) as advance:
        for k in chosen:
            probe = ReLUOutput(model, k).eval()
            for start in range(0, len(dead[k]), 32):
                units = dead[k][start : start + 32]
                run = maximize(
                    probe, units, natural.shape, Fourier(), objective=Objective(kind="channel"), transforms=False,
                    seeds=[seed], steps=steps, redirect=True, device=natural.device,
                )  # fmt: skip
                silent += [
                    SilentUnit(names[k], u, float(a))
                    for u, a in zip(units, run.activations.tolist(), strict=True)
                ]
                advance(len(units))
    return SilentAudit({names[k]: len(largest[k]) for k in chosen}, len(natural), tuple(silent))
