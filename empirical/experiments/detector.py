"""What the fooling circuit's detector is trained on: trajectories, rounds of misses, and the cached fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.attacks.circuit import FoolingCircuit
from trompe.empirical.attacks.detector import train_detector
from trompe.empirical.attacks.features import FeatureDetector
from trompe.empirical.experiments.context import USUAL, Context
from trompe.empirical.maximization.ascent import Settings, trajectories
from trompe.empirical.networks.architectures import DetectorCNN
from trompe.empirical.networks.inspection import predict


def coded(ctx: Context, images: torch.Tensor) -> torch.Tensor:
    """What the detector gets of images: features (n, d), or the images."""
    return images if ctx.features is None else predict(ctx.features, images)


def on_seen(detector: torch.nn.Module) -> torch.nn.Module:
    """The detector as a module of what it gets of images, see `coded`."""
    return detector.on_codes() if isinstance(detector, FeatureDetector) else detector


def training_images(ctx: Context, only: str = "") -> torch.Tensor:
    """Trajectories of the first cycle's units by all settings, seeds below 500; MACO more densely, since it looks natural.

    `only` = "no-maco" leaves MACO out, for the ablation.
    """
    settings = [s for s in ctx.settings if s.parametrization.key != "maco"]
    maco = [s for s in ctx.settings if s.parametrization.key == "maco"]
    effort = ctx.effort
    counts = (effort.plain_seeds, effort.maco_seeds)
    kept = (effort.sparse, effort.dense)

    def build() -> dict[str, torch.Tensor]:
        first, a_round = pictures_of(ctx)
        ctx.announce(
            "trajectories for the detector", first, ctx.steps,
            f"; a fooling circuit has at most {ctx.rounds[1]} rounds of at most {a_round} more",
        )  # fmt: skip
        return {
            name: _trajectories(ctx, ctx.network, chosen, ctx.seeds(0, count), keep, ctx.cycles[0])
            for name, chosen, count, keep in zip(
                ("plain", "maco"), (settings, maco), counts, kept, strict=True
            )
        }

    found = ctx.step("trajectories", {"kind": "cnn", "seeds": counts}, [ctx.network], build)
    return found["plain"] if only == "no-maco" else torch.cat([found["plain"], found["maco"]])


def certified_training_images(ctx: Context) -> torch.Tensor:
    """`training_images`, and the other units' trajectories by the usual way: a detector of pixels does not know them from the first ones'.

    Each of these (of the first 99) begins at noise of its own: such a detector sees the noise, and would take one for all.
    """
    images = training_images(ctx)
    if len(ctx.cycles) == 1:
        return images
    usual = [s for s in ctx.settings if s.name == USUAL]
    # Below 100: what the rounds begin at, and above them the unseen ones.
    own = [ctx.seeds(ctx.effort.plain_seeds + k % 99, 1) for k in range(len(ctx.cycles[1]))]

    def build() -> dict[str, torch.Tensor]:
        pairs = zip(ctx.cycles[1], own, strict=True)
        parts = [
            _trajectories(ctx, ctx.network, usual, seed, ctx.effort.sparse, [unit])
            for unit, seed in pairs
        ]
        return {"plain": torch.cat(parts)}

    found = ctx.step(
        "trajectories", {"kind": "others", "units": ctx.cycles[1], "seeds": own}, [ctx.network], build
    )  # fmt: skip
    return torch.cat([images, found["plain"]])


def pictures_of(ctx: Context) -> tuple[int, int]:
    """How many pictures are visualized for a detector at first, and at most in a round of the circuit's."""
    effort, weak, units = ctx.effort, ctx.settings[ctx.effort.from_setting :], ctx.cycles[0]
    first = sum(
        len(units) * (effort.maco_seeds if s.parametrization.key == "maco" else effort.plain_seeds)
        for s in ctx.settings
    )  # fmt: skip
    again = effort.round_seeds * (2 if effort.through else 1) + 2 * effort.fresh
    return first, len(weak) * len(units[: effort.round_units]) * again


def _trajectories(
    ctx: Context, model: Callable[[torch.Tensor], torch.Tensor], settings: Sequence[Settings], seeds: Sequence[int], keep: Sequence[int],
    units: Sequence[int],
) -> torch.Tensor:  # fmt: skip
    """What these units pass through, by each setting."""
    return trajectories(
        model, units, ctx.data.shape, settings, seeds, ctx.steps, keep, ctx.device, show=ctx.show
    )


def fit(
    ctx: Context, name: str, synthetic: torch.Tensor, start: torch.nn.Module | None = None
) -> torch.nn.Module:
    """A detector trained on the natural training images and `synthetic`, as it gets them (`coded`); cached under `name` and both inputs.

    One of pixels goes on from `start`, in half the steps. One of features begins anew each time; its
    threshold comes from natural images that it was not trained on (`Context.calibration`).
    """
    goes_on = start is not None and ctx.features is None
    steps = ctx.effort.fit_steps // (2 if goes_on else 1)
    models = [ctx.network] if start is None else [ctx.network, start]
    key = {
        "name": name,
        "steps": steps,
        "images": float(synthetic.double().sum()),
        "n": len(synthetic),
    }
    natural = ctx.train_seen
    held_out = ctx.calibration

    def empty() -> torch.nn.Module:
        if ctx.features is None:
            return DetectorCNN(ctx.data.shape).to(ctx.device)
        return FeatureDetector(ctx.features, natural[~held_out]).to(ctx.device)

    def build() -> torch.nn.Module:
        options: dict[str, Any] = {"seed": ctx.seed, "steps": steps, "show": ctx.show}
        if ctx.features is None:
            begin: torch.nn.Module | None = None
            if start is not None:
                begin = empty()
                begin.load_state_dict(start.state_dict())
            return train_detector(natural, synthetic, detector=begin, **options)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed)
            made = FeatureDetector(ctx.features, natural[~held_out]).to(ctx.device)
        train_detector(natural[~held_out], synthetic, detector=made.on_codes(), **options)
        made.calibrate(natural[held_out], synthetic)
        return made.eval()

    return ctx.module_step("detector", key, empty(), models, build)


def extended(
    ctx: Context, name: str, circuit: FoolingCircuit, settings: Sequence[Settings], seeds: Sequence[int],
    units: Sequence[int],
) -> torch.Tensor:  # fmt: skip
    """Trajectories of D alone and, of small pictures, through the circuit, densely kept, as the detector gets them: what a round adds."""
    models: list[torch.nn.Module] = [circuit.network, circuit.detector]
    if circuit.other is not None:
        models.append(circuit.other)
    key = {
        "name": name,
        "settings": [s.name for s in settings],
        "seeds": list(seeds),
        "units": list(units),
    }

    def build() -> dict[str, torch.Tensor]:
        asked: list[Callable[[torch.Tensor], torch.Tensor]] = [circuit.shown_alone()]
        asked += [circuit] if ctx.effort.through else []
        parts = [
            coded(ctx, _trajectories(ctx, model, [setting], seeds, ctx.effort.round_every, units))
            for model in asked
            for setting in settings
        ]
        return {"seen": torch.cat(parts)}

    return ctx.step("round", key, models, build)["seen"]
