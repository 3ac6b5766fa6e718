"""Experiment: silent units that decide what a whole layer shows."""

from __future__ import annotations

from typing import Any

from trompe.empirical._torch import at_once, torch
from trompe.empirical.attacks.silent import SilentUnits, orthogonal_units
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import Context
from trompe.empirical.inspection import capture, predict
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import identical, mean_pair_correlation, share

KEY = "silent-units"
STATEMENT = (
    "Every unit of a layer gets a part that is zero on all natural images, so that the network computes the same "
    "bits, and that decides what the units show where gradients are redirected through dead ReLUs: all visualizations "
    "of the layer become alike. With plain gradients a part that is dead at the start changes nothing."
)
RATIO = 64.0
LAYERS = ("2", "3")
SHOWN = 10


def run(ctx: Context) -> RunRecord:
    """The whole experiment; writes figures, returns the witness."""
    witness = ctx.witness(KEY, STATEMENT)
    setting = next(s for s in ctx.settings if s.name == "fourier+transforms")
    count = 16 if ctx.small else 30
    witness.settings |= {
        "lambda": RATIO, "factor": 100, "bias": "-1.15 times the largest natural training pre-activation",
        "visualizations": setting.name, "steps": ctx.steps, "units compared": f"the {count} with the largest mean natural activation",
        "layers": [f"features.conv{k}" for k in LAYERS], "objective": "mean of the unit's map",
    }  # fmt: skip
    for k in LAYERS:
        conv, relu = f"features.conv{k}", f"features.relu{k}"
        with ctx.timed("building silent units"):
            silent = orthogonal_units(ctx.cnn, conv, relu, ctx.train, ratio=RATIO, show=ctx.show)
        _unchanged(ctx, witness, silent, conv)
        objective = Objective(relu, "channel")
        units = _busiest(ctx, relu, count)
        rows: dict[str, Any] = {}
        for redirect in (False, True):
            gradient = "redirected ReLU" if redirect else "plain ReLU"
            options: dict[str, Any] = {"objective": objective, "redirect": redirect}
            before = ctx.visualize(ctx.cnn, setting, ctx.seeds(0, 1), units, **options)
            with silent.installed(ctx.cnn) as seen:
                after = ctx.visualize(ctx.cnn, setting, ctx.seeds(0, 1), units, **options)
                excited = seen["silent"][torch.arange(len(units)), units].flatten(1).amax(1)
            a, b = mean_pair_correlation(before.images), mean_pair_correlation(after.images)
            name = f"{conv}, {gradient}"
            witness.add(
                f"{name}: unit-to-unit correlation of visualizations before", a, "correlation"
            )
            if redirect:
                held = k == LAYERS[0]
                witness.add(
                    f"{name}: unit-to-unit correlation of visualizations after",
                    b,
                    "correlation",
                    at_least=(0.9 if ctx.small else 0.7) if held else None,
                    note=""
                    if held
                    else "a second layer, shown for comparison; no number is claimed there",
                )
            else:
                witness.add(f"{name}: unit-to-unit correlation of visualizations after", b, "correlation",
                            note="nothing changes where the silent part stays dead during the optimisation")  # fmt: skip
                same = share(identical(before.images, after.images))
                witness.add(f"{name}: visualizations unchanged, bit for bit", same, "share")
            witness.add(f"{name}: silent parts excited by the final visualization", share(excited > 0),
                        "share")  # fmt: skip
            rows[f"as trained,\n{gradient}"] = before.images[:SHOWN].cpu()
            rows[f"silent parts,\n{gradient}"] = after.images[:SHOWN].cpu()
        ctx.figure(
            witness, KEY, f"conv{k}",
            figures.image_grid(rows, [f"unit {u}" for u in units[:SHOWN]], f"Units of {conv}"),
            f"{SHOWN} units of {conv} as trained and with silent parts, visualized with plain and with redirected ReLU "
            f"gradients ({setting.name}; one noise for all). With plain gradients silent parts that are dead at the start "
            "change nothing, and units that are dead at the start show the noise.",
        )  # fmt: skip
    witness.add_weights("cnn", ctx.cnn)
    return witness


def _busiest(ctx: Context, relu: str, count: int) -> list[int]:
    """The units of a layer with the largest mean activation on natural images, in their own order."""
    with capture(ctx.cnn, [relu]) as outputs, torch.no_grad():
        ctx.cnn(ctx.train[:500])
        means = outputs[relu].transpose(0, 1).flatten(1).mean(1)
    return sorted(means.argsort(descending=True, stable=True)[:count].tolist())


def _unchanged(ctx: Context, witness: RunRecord, silent: SilentUnits, conv: str) -> None:
    """Zero on every natural image, and the same bits out."""
    for name, part in (("train", ctx.train), ("test", ctx.test)):
        base = predict(ctx.cnn, part)
        largest, outputs = 0.0, []
        with silent.installed(ctx.cnn) as seen, torch.no_grad():
            for images in part.split(at_once(part.shape[1:], 500)):
                outputs.append(ctx.cnn(images))
                largest = max(largest, float(seen["silent"].max()))
        same = share(identical(base, torch.cat(outputs)))
        witness.add(
            f"{conv}: largest silent activation on natural {name} images",
            largest,
            "activation",
            equals=0.0,
        )
        witness.add(
            f"{conv}: logits bit-identical on natural {name} images", same, "share", equals=1.0
        )
