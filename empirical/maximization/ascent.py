"""Activation maximization: all units and all seeds in one batch, every step's image on request."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated, Any

from trompe.empirical._torch import Floats, Rate, Seed, Shape, pick_device, torch
from trompe.empirical.axes import AxisTrace
from trompe.empirical.inspection import called, capture, check_eval, check_finite, frozen
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Maco, Parametrization, spectrum_error
from trompe.empirical.maximization.transforms import draws, random_affine
from trompe.empirical.progress import progress_bar
from trompe.empirical.relu import RedirectedReLU
from trompe.ground.arguments import Integer, checked
from trompe.theory import InvalidInput

STEPS_KEPT = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Settings:
    """One way to visualize: a parametrization, with or without random transforms."""

    parametrization: Parametrization
    transforms: bool

    @property
    def name(self) -> str:
        """As figures and witnesses name it."""
        return self.parametrization.key + ("+transforms" if self.transforms else "")


def every_setting(parametrizations: Iterable[Parametrization]) -> list[Settings]:
    """Each parametrization without and with transforms."""
    return [Settings(p, transforms) for p in parametrizations for transforms in (False, True)]


@dataclass(frozen=True)
class Maximization:
    """Images and what the unit makes of them. Entry s * len(units) + u is unit u, seed s.

    images : (n, channels, height, width) in [0, 1]. activations : (n,), without any transform.
    dead : units whose activation and gradient were 0 at every step, from every seed: their images are the noise
    that they started from, and show nothing. trajectory : (kept, n, ...), the images at the steps `kept`; `seen` the same after the random
    transforms, as the network saw them. spectrum_error : see parametrizations; 0 unless MACO.
    """

    images: torch.Tensor
    activations: torch.Tensor
    trajectory: torch.Tensor
    seen: torch.Tensor
    kept: tuple[int, ...]
    spectrum_error: float
    dead: tuple[int, ...] = ()


class DeadUnit(UserWarning):
    """A unit was 0, with gradient 0, at every step: its visualization shows nothing of it."""


@checked
def maximize(
    model: Callable[[torch.Tensor], torch.Tensor],
    units: Sequence[Annotated[int, Integer(-(2**31), 2**31)]],
    shape: Shape,
    parametrization: Parametrization,
    *,
    objective: Objective | None = None,
    transforms: bool = True,
    seeds: Sequence[Seed] = (0,),
    steps: Annotated[int, Integer(0, 1_000_000)] = 256,
    rate: Rate = 0.05,
    keep: Sequence[int] = (),
    redirect: bool = False,
    start: Floats | None = None,
    device: torch.device | str = "cpu",
    show: bool = False,
) -> Maximization:
    """Gradient ascent (Adam) on `units`, for every seed, in one batch.

    Warns (`DeadUnit`) where a unit's activation and gradient are 0 at every step from every seed.

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
    InvalidInput : no such unit, shape or device, the model is in training mode or gives no gradient, or a layer's
    numbers are NaN or infinite. UnknownKey : no such layer.
    """
    objective = objective or Objective()
    if not units or not seeds:
        raise InvalidInput(
            f"{len(units)} units and {len(seeds)} seeds to visualize; expected at least one"
        )
    device = pick_device(device)
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
    moves = draws(seeds, len(units), steps, device) if transforms else None
    optimizer = torch.optim.Adam([parameters], lr=rate)
    kept: list[torch.Tensor] = []
    seen: list[torch.Tensor] = []
    keep = tuple(sorted({k for k in keep if 0 <= k <= steps}))
    module = model if isinstance(model, torch.nn.Module) else torch.nn.Identity().eval()
    check_eval(module)
    layers = [objective.layer] if objective.layer else []
    context: Any = RedirectedReLU(objective.unit_axis) if redirect else nullcontext()
    axes: list[int] = []
    awake = torch.zeros(len(parameters), dtype=torch.bool, device=device)
    with (
        frozen(module), capture(module, layers) as outputs, torch.enable_grad(),
        progress_bar(f"visualizing {len(parameters)} images", steps, show) as advance,
    ):  # fmt: skip

        def score(x: torch.Tensor, step: int) -> torch.Tensor:
            with nullcontext() if axes else AxisTrace() as trace:
                out = model(x) if layers else called(model, x)
                out = outputs[objective.layer] if layers else out
            if trace is not None:
                axes.append(trace.axis(out))
            check_finite(
                out, repr(objective.layer) if layers else "the output",
                lambda k: f"unit {units[k % len(units)]}, seed {seeds[k // len(units)]}: the image at step {step}",
            )  # fmt: skip
            return objective.value(out, index, axes[0])

        for step in range(steps + 1):
            x = parametrization.image(parameters)
            moved = x if moves is None else random_affine(x, moves[min(step, steps - 1)])
            if step in keep:
                kept.append(x.detach().clone())
                seen.append(moved.detach().clone())
            if step == steps:
                break
            with context:
                value = score(moved, step)
            parameters.grad = gradient_of(-value.sum(), parameters)
            awake |= (value != 0) | (parameters.grad != 0).flatten(1).any(1)
            optimizer.step()
            advance(1)
        with torch.no_grad():
            activations = score(x, steps)
    empty = x.detach()[:0][None]
    error = 0.0
    if isinstance(parametrization, Maco):
        with torch.no_grad():
            error = spectrum_error(parametrization.unclipped(parameters), parametrization.magnitude)
    alive = awake.view(len(seeds), len(units)).any(0).tolist()
    dead = (
        tuple(u for u, is_alive in zip(units, alive, strict=True) if not is_alive) if steps else ()
    )
    if dead:
        advice = (
            "redirected gradients did not help"
            if redirect
            else "ask for redirected gradients (redirect=True)"
        )
        warnings.warn(
            f"units {', '.join(map(str, dead[:8]))}{' ...' if len(dead) > 8 else ''} of "
            f"{repr(objective.layer) if layers else 'the output'} are dead: activation 0 and gradient 0 at every step "
            f"from every one of {len(seeds)} seeds, so the images show the noise they started from; {advice}",
            DeadUnit,
            stacklevel=3,
        )
    return Maximization(
        x.detach().clone(),
        activations,
        torch.stack(kept) if kept else empty,
        torch.stack(seen) if seen else empty,
        keep,
        error,
        dead,
    )


@checked
def trajectories(
    model: Callable[[torch.Tensor], torch.Tensor],
    units: Sequence[Annotated[int, Integer(-(2**31), 2**31)]],
    shape: Shape,
    settings: Iterable[Settings],
    seeds: Sequence[Seed],
    steps: Annotated[int, Integer(0, 1_000_000)] = 256,
    keep: Sequence[int] = STEPS_KEPT,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """All images that optimisation passes through at the steps `keep`, plain and transformed: (n, c, h, w)."""
    parts = []
    for setting in settings:
        run = maximize(
            model, units, shape, setting.parametrization, transforms=setting.transforms,
            seeds=seeds, steps=steps, keep=(*keep, steps), device=device,
        )  # fmt: skip
        parts.append(run.trajectory.flatten(0, 1))
        if setting.transforms:
            parts.append(run.seen.flatten(0, 1))
    if not parts:
        raise InvalidInput("settings: none is given; see every_setting")
    return torch.cat(parts)


def gradient_of(loss: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
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
