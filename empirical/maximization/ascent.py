"""Activation maximization: all units and all seeds in one batch, every step's image on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from trompe.empirical._torch import pick_device, torch
from trompe.empirical.maximization.parametrizations import Maco, Parametrization, spectrum_error
from trompe.empirical.networks import capture, frozen
from trompe.empirical.relu import RedirectedReLU
from trompe.empirical.training import progress_bar
from trompe.theory import InvalidInput

__all__ = ["STEPS_KEPT", "Maximization", "Objective", "maximize", "random_affine"]

STEPS_KEPT = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Objective:
    """What is maximised: the mean of a unit's map (`channel`), its centre (`neuron`) or an output (`logit`).

    `layer` names a submodule; empty for the network's output. For outputs of shape (n, units) the
    three kinds are the same.
    """

    layer: str = ""
    kind: str = "logit"

    def __post_init__(self) -> None:
        if self.kind not in ("logit", "channel", "neuron"):
            raise InvalidInput(f"objective = {self.kind!r}; expected logit, channel or neuron")

    def value(self, output: torch.Tensor, units: torch.Tensor) -> torch.Tensor:
        """The objective of each image, shape (n,); `units` holds one unit per image."""
        if output.ndim < 2:
            raise InvalidInput(
                f"layer {self.layer!r} returns shape {tuple(output.shape)}; no units there"
            )
        for unit in torch.stack(units.aminmax()).tolist():  # one wait for the device
            if not 0 <= unit < output.shape[1]:
                raise InvalidInput(
                    f"unit {unit}: layer {self.layer or 'output'!r} has units 0 to {output.shape[1] - 1}"
                )
        one = output[torch.arange(len(output), device=output.device), units]
        if output.ndim == 2:
            return one
        if self.kind == "neuron":
            return (
                one.flatten(1)[:, one[0].numel() // 2]
                if one.ndim != 3
                else one[:, one.shape[1] // 2, one.shape[2] // 2]
            )
        return one.flatten(1).mean(1)


@dataclass(frozen=True)
class Maximization:
    """Images and what the unit makes of them. Entry s * len(units) + u is unit u, seed s.

    images : (n, channels, height, width) in [0, 1]. activations : (n,), without any transform.
    trajectory : (kept, n, ...), the images at the steps `kept`; `seen` the same after the random
    transforms, as the network saw them. spectrum_error : see parametrizations; 0 unless MACO.
    """

    images: torch.Tensor
    activations: torch.Tensor
    trajectory: torch.Tensor
    seen: torch.Tensor
    kept: tuple[int, ...]
    spectrum_error: float


def maximize(
    model: Callable[[torch.Tensor], torch.Tensor],
    units: Sequence[int],
    shape: tuple[int, int, int],
    parametrization: Parametrization,
    *,
    objective: Objective | None = None,
    transforms: bool = True,
    seeds: Sequence[int] = (0,),
    steps: int = 256,
    rate: float = 0.05,
    keep: Sequence[int] = (),
    redirect: bool = False,
    start: torch.Tensor | None = None,
    device: torch.device | str = "cpu",
    show: bool = False,
) -> Maximization:
    """Gradient ascent (Adam) on `units`, for every seed, in one batch.

    Equal seeds start at equal noise and see equal transforms, whatever the unit or the model, so two
    runs differ only by their models. The model is left as it came.

    Parameters
    ----------
    units : indices in the objective's layer. shape : (channels, height, width).
    transforms : random jitter, scale and rotation, drawn per seed and step.
    keep : steps whose images are returned (0 is the start).
    redirect : redirected ReLU gradients, needed where a hidden unit is dead at the start.
    start : images (n, ...) to begin from instead of noise; pixel parametrization only.
    show : draw a progress bar, where standard error is a terminal.

    Raises
    ------
    InvalidInput : no such unit, shape or device, or the model gives no gradient. UnknownKey : no such layer.
    """
    objective = objective or Objective()
    if not units or not seeds:
        raise InvalidInput(
            f"{len(units)} units and {len(seeds)} seeds to visualize; expected at least one"
        )
    if len(shape) != 3 or min(shape) < 1:
        raise InvalidInput(f"shape = {tuple(shape)}; expected (channels, height, width)")
    if steps < 0:
        raise InvalidInput(f"steps = {steps}; expected at least 0")
    device = pick_device(device) if isinstance(device, str) else device
    noise = [parametrization.initial(shape, seed) for seed in seeds]
    parameters = torch.stack([p for p in noise for _ in units]).to(device)
    if start is not None:
        if parametrization.key != "pixel" or len(start) != len(parameters):
            raise InvalidInput(
                f"start: {len(start)} images; expected {len(parameters)} and the pixel parametrization"
            )
        parameters = torch.logit(start.to(device), eps=1e-3)
    parameters.requires_grad_(True)
    index = torch.tensor([u for _ in seeds for u in units], device=device)
    draws = _draws(seeds, len(units), steps, device) if transforms else None
    optimizer = torch.optim.Adam([parameters], lr=rate)
    kept: list[torch.Tensor] = []
    seen: list[torch.Tensor] = []
    keep = tuple(sorted({k for k in keep if 0 <= k <= steps}))
    module = model if isinstance(model, torch.nn.Module) else torch.nn.Identity()
    layers = [objective.layer] if objective.layer else []
    context: Any = RedirectedReLU() if redirect else nullcontext()
    with (
        frozen(module), capture(module, layers) as outputs, torch.enable_grad(),
        progress_bar(f"visualizing {len(parameters)} images", steps, show) as advance,
    ):  # fmt: skip

        def score(x: torch.Tensor) -> torch.Tensor:
            out = model(x)
            return objective.value(outputs[objective.layer] if layers else out, index)

        for step in range(steps + 1):
            x = parametrization.image(parameters)
            moved = x if draws is None else random_affine(x, draws[min(step, steps - 1)])
            if step in keep:
                kept.append(x.detach().clone())
                seen.append(moved.detach().clone())
            if step == steps:
                break
            with context:
                value = score(moved)
            parameters.grad = _gradient(-value.sum(), parameters)
            optimizer.step()
            advance(1)
        with torch.no_grad():
            activations = score(x)
    empty = x.detach()[:0][None]
    error = 0.0
    if isinstance(parametrization, Maco):
        with torch.no_grad():
            error = spectrum_error(parametrization.unclipped(parameters), parametrization.magnitude)
    return Maximization(
        x.detach().clone(),
        activations,
        torch.stack(kept) if kept else empty,
        torch.stack(seen) if seen else empty,
        keep,
        error,
    )


def _gradient(loss: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
    """The gradient for the parameters alone: a backward pass would leave gradients in the model's weights."""
    found = (
        torch.autograd.grad(loss, parameters, allow_unused=True)[0] if loss.requires_grad else None
    )
    if found is None:
        raise InvalidInput(
            "model: the objective has no gradient with respect to the image; is there a no_grad, a detach or an argmax "
            "on the way?"
        )
    return found


def _draws(
    seeds: Sequence[int], units: int, steps: int, device: torch.device | str
) -> torch.Tensor:
    """Uniform numbers in [-1, 1] of shape (steps, seeds * units, 4), alike for all units of a seed."""
    per_seed = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 7_919)
        per_seed.append(2 * torch.rand(max(steps, 1), 4, generator=generator) - 1)
    return torch.stack(per_seed, 1).repeat_interleave(units, 1).to(device)


def random_affine(
    x: torch.Tensor,
    draw: torch.Tensor,
    jitter: float = 0.08,
    scale: float = 0.1,
    degrees: float = 10.0,
) -> torch.Tensor:
    """Shift (share of the side), scale and rotate each image by its own draw in [-1, 1]^4, in one resampling.

    The border is repeated. Height and width may differ: rotation acts on true angles.
    """
    h, w = x.shape[-2:]
    angle = draw[:, 2] * (degrees * torch.pi / 180)
    zoom = 1 + scale * draw[:, 3]
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    theta = torch.stack(
        [
            torch.stack([cos, -sin * h / w, 2 * jitter * draw[:, 0]], 1),
            torch.stack([sin * w / h, cos, 2 * jitter * draw[:, 1]], 1),
        ],
        1,
    )
    grid = torch.nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    if x.is_cuda:
        return resample(x, grid)
    return torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def resample(x: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """`grid_sample` with repeated borders, by indexing.

    On CUDA the gradient of indexing has a deterministic kernel and that of `grid_sample` has none, so only with
    this one do two equal runs walk the same path there.
    """
    n, _, h, w = x.shape
    column = (((grid[..., 0] + 1) * w - 1) / 2).clamp(0, w - 1)
    row = (((grid[..., 1] + 1) * h - 1) / 2).clamp(0, h - 1)
    left, top = column.floor().long(), row.floor().long()
    right, bottom = (left + 1).clamp(max=w - 1), (top + 1).clamp(max=h - 1)
    across, down = (column - left)[..., None], (row - top)[..., None]
    pixels, i = x.permute(0, 2, 3, 1), torch.arange(n, device=x.device)[:, None, None]
    above = pixels[i, top, left] * (1 - across) + pixels[i, top, right] * across
    below = pixels[i, bottom, left] * (1 - across) + pixels[i, bottom, right] * across
    return (above * (1 - down) + below * down).permute(0, 3, 1, 2)
