"""What the fooling circuit's detector is trained on: trajectories, rounds of misses, and the cached fit."""

from __future__ import annotations

from collections.abc import Sequence

from trompe.empirical._torch import torch
from trompe.empirical.attacks.circuit import FoolingCircuit
from trompe.empirical.attacks.detector import train_detector
from trompe.empirical.experiments.context import Context
from trompe.empirical.maximization.ascent import STEPS_KEPT, Settings, trajectories
from trompe.empirical.networks import DetectorCNN


def training_images(ctx: Context, only: str = "") -> torch.Tensor:
    """Trajectories of all settings on the CNN, seeds below 500; MACO more densely, since it looks natural.

    `only` = "no-maco" leaves MACO out, for the ablation.
    """
    settings = [s for s in ctx.settings if s.parametrization.key != "maco"]
    maco = [s for s in ctx.settings if s.parametrization.key == "maco"]
    if ctx.small:
        counts, sparse, dense = (3, 6), STEPS_KEPT, tuple(range(0, ctx.steps + 1, 8))
    else:
        counts, sparse = (6, 16), (0, 1, 2, 4, *range(8, ctx.steps + 1, 16))
        dense = (*range(0, 32, 4), *range(32, ctx.steps + 1, 16))

    def build() -> dict[str, torch.Tensor]:
        return {
            name: trajectories(
                ctx.cnn, ctx.units, ctx.data.shape, chosen, ctx.seeds(0, count), ctx.steps, keep, ctx.device
            )
            for name, chosen, count, keep in (
                ("plain", settings, counts[0], sparse), ("maco", maco, counts[1], dense)
            )
        }  # fmt: skip

    found = ctx.step("trajectories", {"kind": "cnn", "seeds": counts}, [ctx.cnn], build)
    return found["plain"] if only == "no-maco" else torch.cat([found["plain"], found["maco"]])


def fit(
    ctx: Context, name: str, synthetic: torch.Tensor, start: torch.nn.Module | None = None
) -> torch.nn.Module:
    """A detector trained on the natural training images and `synthetic`; cached under `name` and both inputs."""
    steps = (500 if ctx.small else 2500) // (1 if start is None else 2)
    models = [ctx.cnn] if start is None else [ctx.cnn, start]
    key = {
        "name": name,
        "steps": steps,
        "images": float(synthetic.double().sum()),
        "n": len(synthetic),
    }

    def build() -> torch.nn.Module:
        begin = None
        if start is not None:
            begin = DetectorCNN(ctx.data.shape).to(ctx.device)
            begin.load_state_dict(start.state_dict())
        return train_detector(
            ctx.train, synthetic, detector=begin, seed=ctx.seed, steps=steps, show=ctx.show
        )

    return ctx.module_step("detector", key, DetectorCNN(ctx.data.shape), models, build)


def extended(
    ctx: Context, name: str, circuit: FoolingCircuit, settings: Sequence[Settings], seeds: Sequence[int],
    units: Sequence[int] | None = None,
) -> torch.Tensor:  # fmt: skip
    """Trajectories of D alone and through the circuit, densely kept: what a retraining round adds."""
    dense = (*range(0, 33, 2), *range(40, ctx.steps + 1, 8))
    chosen = ctx.units if units is None else units
    models: list[torch.nn.Module] = [circuit.network, circuit.detector]
    if circuit.other is not None:
        models.append(circuit.other)
    key = {"name": name, "settings": [s.name for s in settings], "seeds": list(seeds)}

    def build() -> dict[str, torch.Tensor]:
        parts = [
            trajectories(
                model, chosen, ctx.data.shape, settings, seeds, ctx.steps, dense, ctx.device
            )
            for model in (circuit.shown_alone(), circuit)
        ]
        return {"images": torch.cat(parts)}

    return ctx.step("round", key, models, build)["images"]
