"""Audits of anybody's network: units that only optimisation can drive, and the path of its visualizations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trompe.empirical._torch import share, torch
from trompe.empirical.audits.paths import LayerSimilarity, check_classes, path_similarity
from trompe.empirical.maximization.ascent import Objective, maximize
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.networks import check_model, layer_names, named_layer
from trompe.empirical.relu import ReLUTap
from trompe.empirical.similarity import MEASURES
from trompe.empirical.streams import ImageStream, as_stream
from trompe.empirical.training import predict, progress_bar
from trompe.theory import InvalidInput, UnknownKey

__all__ = ["PathAudit", "SilentAudit", "SilentUnit", "audit_paths", "audit_silent"]

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


class _ReLUOutput(nn.Module):
    """The network up to its k-th ReLU call, as a network of its own."""

    def __init__(self, model: nn.Module, call: int) -> None:
        super().__init__()
        self.model, self.call = model, call

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []

        def keep(call: int, output: torch.Tensor) -> None:
            if call == self.call:
                kept.append(output.clone())

        with ReLUTap(keep):
            self.model(x)
        return kept[0]


def relu_names(model: nn.Module, images: torch.Tensor) -> list[str]:
    """A name for each ReLU call of a forward pass: the innermost module that makes it."""
    stack, names, handles = [""], [], []
    for name, module in model.named_modules():
        handles.append(
            module.register_forward_pre_hook(lambda _m, _i, name=name: stack.append(name))
        )
        handles.append(module.register_forward_hook(lambda _m, _i, _o: (stack.pop(), None)[1]))
    try:
        with ReLUTap(lambda _call, _output: names.append(stack[-1])), torch.no_grad():
            model(images[:1])
    finally:
        for handle in handles:
            handle.remove()
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        label = name or "forward"
        out.append(label if seen[name] == 1 else f"{label} (call {seen[name]})")
    return out


def audit_silent(
    model: nn.Module,
    images: torch.Tensor | ImageStream,
    *,
    layers: Sequence[str] = (),
    steps: int = 128,
    batch: int = 100,
    seed: int = 0,
    show: bool = True,
) -> SilentAudit:
    """Units (after any ReLU) that are 0 on all natural images, and whether optimisation can drive them.

    Every ReLU call of the forward pass is looked at, or those whose name begins with one of `layers`.
    Optimisation: Fourier, no transforms, redirected gradients, from noise. One batch of images and one
    number a unit are held at a time.

    Parameters
    ----------
    images : (n, channels, height, width) in [0, 1], or a stream (`open_images`).

    Raises
    ------
    InvalidInput : the model cannot be used as it is, or makes no ReLU call. UnknownKey : no such layer.
    """
    natural = as_stream(images)
    few = natural.first(2)
    check_model(model, few)
    check_steps(steps, batch)
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
            probe = _ReLUOutput(model, k).eval()
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


@dataclass(frozen=True)
class PathAudit:
    """What `audit_paths` found: similarity by layer for visualizations and for uniform noise."""

    visualizations: tuple[LayerSimilarity, ...]
    noise: tuple[LayerSimilarity, ...]
    read_as_class: float
    """The share of visualizations whose largest output is the unit they were made for."""
    images: int


def audit_paths(
    model: nn.Module,
    layers: Sequence[str],
    images: torch.Tensor | ImageStream,
    labels: torch.Tensor | None = None,
    *,
    units: Sequence[int] = (),
    measure: str = "spearman",
    steps: int = 256,
    seeds: Sequence[int] = (0, 1, 2),
    batch: int = 100,
    show: bool = True,
) -> PathAudit:
    """The sanity check: are a class's visualizations processed as its natural images are?

    Visualizations (Fourier with transforms) of each class's output, held against all given images of the
    class, layer by layer; uniform noise is the control. Images are streamed.

    Parameters
    ----------
    images, labels : natural images (n, channels, height, width) in [0, 1] and classes 0 .. C-1; or a stream
        (`open_images`), which has labels of its own.
    units : the output unit of each class; default class c is unit c.

    Raises
    ------
    InvalidInput, UnknownKey : the model, a layer or the classes do not fit, with what to do.
    """
    natural = as_stream(images, labels)
    outputs = check_model(model, natural.first(2))
    check_steps(steps, batch)
    for layer in layers:
        named_layer(model, layer)
    if not layers:
        raise InvalidInput(
            f"layers: none given; choose some of {', '.join(layer_names(model)[:8])} ..."
        )
    if measure not in MEASURES:
        raise UnknownKey("measure", measure, MEASURES)
    classes = sorted(set(natural.labels.tolist()))
    unit_of = dict(zip(classes, units, strict=False)) if units else {c: c for c in classes}
    if len(units) not in (0, len(classes)):
        raise InvalidInput(
            f"units: {len(units)} given for {len(classes)} classes; expected one a class"
        )
    wrong = [u for u in unit_of.values() if not 0 <= u < outputs]
    if wrong:
        raise InvalidInput(
            f"unit {wrong[0]}: the model has outputs 0 to {outputs - 1}; give the unit of each class"
        )
    check_classes(natural)
    wanted = [unit_of[c] for c in classes]
    run = maximize(
        model, wanted, natural.shape, Fourier(), seeds=seeds, steps=steps, device=natural.device, show=show
    )  # fmt: skip
    of_class = torch.tensor(classes * len(seeds), device=natural.device)
    generator = torch.Generator().manual_seed(seeds[0])
    noise = torch.rand(run.images.shape, generator=generator).to(natural.device)
    read = predict(model, run.images, batch).argmax(1)
    target = torch.tensor(wanted * len(seeds), device=natural.device)
    probes = {"visualizations": (run.images, of_class), "noise": (noise, of_class)}
    found = path_similarity(model, layers, natural, None, probes, measure, batch, show)
    return PathAudit(
        tuple(found["visualizations"]),
        tuple(found["noise"]),
        share(read == target),
        len(natural),
    )


def check_steps(steps: int, batch: int) -> None:
    """Are these numbers positive?"""
    for name, value in (("steps", steps), ("batch", batch)):
        if value < 1:
            raise InvalidInput(f"{name} = {value}; expected at least 1")
