"""Activation maximization: units and seeds in batches, every step's image on request."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Annotated, Any

from trompe.empirical._torch import Floats, Rate, Seed, Shape, Steps, at_once, pick_device, torch
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Maco, Parametrization, spectrum_error
from trompe.empirical.maximization.penalties import Penalty
from trompe.empirical.maximization.transforms import draws, random_affine
from trompe.empirical.networks.axes import AxisTrace
from trompe.empirical.networks.inspection import (
    Captured,
    Enough,
    InFormat,
    called,
    capture,
    check_eval,
    check_finite,
    check_function,
    frozen,
    ran,
)
from trompe.empirical.networks.relu import RedirectedReLU
from trompe.empirical.progress import progress_bar
from trompe.ground.arguments import Integer, checked
from trompe.ground.errors import known
from trompe.theory import InvalidInput

PRECISIONS = ("float32", "bfloat16")
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
    penalty: Penalty | None = None,
    device: torch.device | str = "cpu",
    show: bool = False,
    batch: Steps | None = None,
    precision: str = "float32",
) -> Maximization:
    """Gradient ascent (Adam) on `units`, for every seed, `batch` images at a time.

    Warns (`DeadUnit`) where a unit's activation and gradient are 0 at every step from every seed.

    Equal seeds start at equal noise and see equal transforms, whatever the unit or the model, so two
    runs of equal batches differ only by their models. Other batches change rounding alone, since each image climbs by
    itself. The model is left as it came. It is given images in the memory format channels_last where it takes them.

    Parameters
    ----------
    units : indices in the objective's layer. shape : (channels, height, width).
    transforms : random jitter, scale and rotation, drawn per seed and step.
    keep : steps whose images are returned (0 is the start).
    redirect : redirected ReLU gradients, needed where a hidden unit is dead at the start.
    start : images (n, ...) to begin from instead of noise; pixel and Fourier parametrization only.
    penalty : what is taken off the objective at every step, see `Penalty`.
    show : draw a progress bar, where standard error is a terminal.
    batch : images that climb together; by default 100, fewer of large ones. Besides them only what is returned is held.
    precision : `float32`, or `bfloat16` for climbing by PyTorch's autocast: faster where the hardware knows it, on
        another path to other images. Activations are computed in float32 either way. No experiment and no audit uses it.

    Raises
    ------
    InvalidInput : no such unit, shape or device, the model fails, is in training mode, is random, depends on the other images of
    a batch or gives no gradient, or a layer's numbers are NaN or infinite. UnknownKey : no such layer or precision.
    """
    objective = objective or Objective()
    if not units or not seeds:
        raise InvalidInput(
            f"{len(units)} units and {len(seeds)} seeds to visualize; expected at least one"
        )
    device = pick_device(device)
    known("precision", precision, PRECISIONS)
    count = len(units) * len(seeds)
    if start is not None and len(start) != count:
        raise InvalidInput(f"start: {len(start)} images; expected {count}, one a unit and seed")
    if start is not None and tuple(start.shape[1:]) != shape:
        raise InvalidInput(
            f"start: images of shape {tuple(start.shape[1:])}; expected {shape}, which is asked for"
        )
    size = batch or at_once(shape, 100)
    keep = tuple(sorted({k for k in keep if 0 <= k <= steps}))
    module = model if isinstance(model, torch.nn.Module) else torch.nn.Identity().eval()
    check_eval(module)
    layers = [objective.layer] if objective.layer else []
    context: Any = RedirectedReLU(objective.unit_axis) if redirect else nullcontext()
    fast: Any = (
        nullcontext()
        if precision == "float32"
        else torch.autocast(device.type, dtype=torch.bfloat16)
    )
    result: dict[str, torch.Tensor] = {}
    awake = torch.zeros(count, dtype=torch.bool, device=device)
    error = 0.0
    with (
        frozen(module), capture(module, layers) as outputs, torch.enable_grad(),
        progress_bar(f"visualizing {count} images", steps * count, show) as advance,
    ):  # fmt: skip
        asked = _Asked(model, objective, outputs if layers else None)
        for first in range(0, count, size):
            rows = range(first, min(first + size, count))
            of = [(seeds[k // len(units)], units[k % len(units)]) for k in rows]
            index = torch.tensor([unit for _, unit in of], device=device)
            if start is None:
                noise = {seed: parametrization.initial(shape, seed) for seed, _ in of}
                parameters = torch.stack([noise[seed] for seed, _ in of]).to(device)
            else:
                parameters = parametrization.of(start[rows.start : rows.stop].to(device))
            parameters.requires_grad_(True)
            moves = draws([seed for seed, _ in of], steps, device) if transforms else None
            optimizer = torch.optim.Adam([parameters], lr=rate)
            for step in range(steps + 1):
                x = parametrization.image(parameters)
                moved = x if moves is None else random_affine(x, moves[min(step, steps - 1)])
                if step in keep:
                    for name, images in (("kept", x), ("seen", moved)):
                        _room(result, name, (len(keep), count), images)[
                            keep.index(step), rows.start : rows.stop
                        ] = images.detach()
                if not step and not first:
                    check_function(asked.plain, moved[:1].detach())
                if step == steps:
                    break
                with context, fast:
                    value = asked.value(moved, index, of, step)
                    move = None if moves is None else moves[step]
                    cost = None if penalty is None else penalty.cost(x, moved, move, rows)
                parameters.grad = gradient_of(-value.sum(), parameters, cost is not None)
                if penalty is not None and cost is not None:
                    pull = gradient_of(cost.sum(), parameters)
                    parameters.grad += penalty.weighted(parameters.grad, pull, rows, step)
                awake[rows.start : rows.stop] |= (value != 0) | (parameters.grad != 0).flatten(
                    1
                ).any(1)
                optimizer.step()
                advance(len(rows))
            with torch.no_grad():
                x = x.detach()
                _room(result, "images", (count,), x)[rows.start : rows.stop] = x
                value = asked.value(x, index, of, steps, torch.contiguous_format)
                _room(result, "activations", (count,), value)[rows.start : rows.stop] = value
                if isinstance(parametrization, Maco):
                    field = parametrization.unclipped(parameters)
                    error = max(error, spectrum_error(field, parametrization.magnitude))
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
    empty = result["images"][:0][None]
    return Maximization(
        result["images"],
        result["activations"],
        result.get("kept", empty),
        result.get("seen", empty),
        keep,
        error,
        dead,
    )


def _room(
    result: dict[str, torch.Tensor], name: str, before: tuple[int, ...], like: torch.Tensor
) -> torch.Tensor:
    """Where all batches of one result go: made at the first, so that nothing is ever held twice."""
    if name not in result:
        result[name] = torch.empty((*before, *like.shape[1:]), dtype=like.dtype, device=like.device)
    return result[name]


class _Asked:
    """What an objective says of a network for images; the axis of its units and the memory format stay as first found."""

    def __init__(self, model: Any, objective: Objective, outputs: Captured | None) -> None:
        self._model, self._objective, self._outputs = model, objective, outputs
        self._axis: int | None = None
        self._ask = InFormat(called if outputs is None else ran)

    def value(
        self,
        images: torch.Tensor,
        units: torch.Tensor,
        of: Sequence[tuple[int, int]],
        step: int,
        memory: torch.memory_format | None = None,
    ) -> torch.Tensor:
        """The objective of each image, shape (n,), float32; `of` holds the seed and the unit of each."""
        with nullcontext() if self._axis is not None else AxisTrace() as trace:
            out = self._output(images, memory)
        if trace is not None:
            self._axis = trace.axis(out)
        layer = self._objective.layer
        if out.shape[:1] != images.shape[:1]:
            raise InvalidInput(
                f"layer {layer!r}: returns shape {tuple(out.shape)} for {len(images)} images; expected the images on the "
                "first axis, so choose another layer"
            )
        check_finite(
            out, repr(layer) if layer else "the output",
            lambda k: f"unit {of[k][1]}, seed {of[k][0]}: the image at step {step}",
        )  # fmt: skip
        return self._objective.value(out, units, self._axis).float()

    def plain(self, images: torch.Tensor) -> torch.Tensor:
        """What the objective's layer gives for images."""
        return self._output(images, torch.contiguous_format)

    def _output(self, images: torch.Tensor, memory: torch.memory_format | None) -> torch.Tensor:
        """The network's output, or that of the layer, behind which all passes but the first end."""
        if self._outputs is None:
            out: torch.Tensor = self._ask(self._model, images, memory)
            return out
        with suppress(Enough):
            self._ask(self._model, images, memory)
        self._outputs.alone = True
        return self._outputs[self._objective.layer]


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
    batch: Steps | None = None,
    show: bool = False,
) -> torch.Tensor:
    """All images that optimisation passes through at the steps `keep`, plain and transformed: (n, c, h, w).

    `batch` of them climb together, see `maximize`; what is returned is held besides.
    """
    parts = []
    for setting in settings:
        run = maximize(
            model, units, shape, setting.parametrization, transforms=setting.transforms,
            seeds=seeds, steps=steps, keep=(*keep, steps), device=device, batch=batch, show=show,
        )  # fmt: skip
        parts.append(run.trajectory.flatten(0, 1))
        if setting.transforms:
            parts.append(run.seen.flatten(0, 1))
    if not parts:
        raise InvalidInput("settings: none is given; see every_setting")
    return joined(parts)


def joined(parts: list[torch.Tensor]) -> torch.Tensor:
    """The parts one after another; the list is emptied on the way, so that main memory does not hold them twice."""
    whole = parts[0].new_empty((sum(map(len, parts)), *parts[0].shape[1:]))
    for rows in whole.split([*map(len, parts)]):
        rows.copy_(parts.pop(0))
    return whole


def gradient_of(loss: torch.Tensor, parameters: torch.Tensor, again: bool = False) -> torch.Tensor:
    """The gradient for the parameters alone: a backward pass would leave gradients in the model's weights. again : another one follows."""
    found = (
        torch.autograd.grad(loss, parameters, retain_graph=again, allow_unused=True)[0]
        if loss.requires_grad
        else None
    )
    if found is None:
        raise InvalidInput(
            "model: the objective has no gradient with respect to the image; is there a no_grad, a detach or an argmax "
            "on the way?"
        )
    return found
