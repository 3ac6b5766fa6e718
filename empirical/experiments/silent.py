"""Experiment: silent units that decide what a whole layer shows."""

from __future__ import annotations

import textwrap
from typing import Any

from trompe.empirical._torch import at_once, torch
from trompe.empirical.attacks.silent import SilentUnits, orthogonal_units
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import Context, credited
from trompe.empirical.maximization.evaluation import unit_axis
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.networks.inspection import grey, predict, visit
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import identical, mean_pair_correlation, share
from trompe.theory import InvalidInput

KEY = "silent-units"
STATEMENT = (
    "Every unit of a layer gets a part that is zero on all natural images, so that the network computes the same "
    "bits, and that decides what the units show where gradients are redirected through dead ReLUs: all visualizations "
    "of the layer become alike. With plain gradients a part that is dead at the start changes nothing."
)
RATIO = 64.0
PLACES = tuple((f"features.conv{k}", f"features.relu{k}") for k in (2, 3))
"""Of our own network."""
SHOWN, FEW = 10, 6


def run(ctx: Context) -> RunRecord:
    """The whole experiment; writes figures, returns the witness."""
    witness = ctx.witness(KEY, STATEMENT)
    setting = next(s for s in ctx.settings if s.name == "fourier+transforms")
    count, places = ctx.effort.silent_units, ctx.given.parts if ctx.given else PLACES
    if not places:
        raise InvalidInput(
            "no layer that is looked at fits silent units: expected a convolution of one group with zeros around, or a linear "
            "layer, of two or more units and called once, with a module of an activation right behind it; name such a layer, or none"
        )
    witness.settings |= {
        "lambda": RATIO, "factor": 100, "bias": "-1.15 times the largest natural training pre-activation",
        "visualizations": setting.name, "steps": ctx.steps, "units compared": f"at most {count}, those with the largest mean natural activation",
        "layers": [conv for conv, _ in places], "objective": "mean of the unit's map",
    }  # fmt: skip
    ctx.announce("visualizations beside silent units, at most", 4 * len(places) * count, ctx.steps)
    for conv, relu in places:
        with ctx.timed("building silent units"):
            silent = orthogonal_units(
                ctx.network,
                conv,
                relu,
                ctx.train,
                ratio=RATIO,
                show=ctx.show,
            )
        fooled = _unchanged(ctx, witness, silent, conv)
        objective = Objective(relu, "channel")
        axis = unit_axis(ctx.network, objective, grey(ctx.network, ctx.data.shape))[0]
        units = _busiest(ctx, relu, axis, count)
        rows: dict[str, Any] = {}
        for redirect in (False, True):
            gradient = "redirected ReLU" if redirect else "plain ReLU"
            options: dict[str, Any] = {"objective": objective, "redirect": redirect}
            before = ctx.visualize(ctx.network, setting, ctx.seeds(0, 1), units, **options)
            with silent.installed(ctx.network) as seen:
                after = ctx.visualize(ctx.network, setting, ctx.seeds(0, 1), units, **options)
                parts = seen["silent"].movedim(axis, 1)
                excited = parts[torch.arange(len(units)), units].flatten(1).amax(1)
            a, b = mean_pair_correlation(before.images), mean_pair_correlation(after.images)
            name = f"{conv}, {gradient}"
            witness.add(
                f"{name}: unit-to-unit correlation of visualizations before", a, "correlation"
            )
            if redirect:
                held = conv == places[0][0]
                witness.add(
                    f"{name}: unit-to-unit correlation of visualizations after",
                    b,
                    "correlation",
                    at_least=ctx.effort.silent_alike if held else None,
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
        if ctx.given and conv == places[0][0]:
            _shown_and_done(ctx, witness, conv, units, before.images, after.images, fooled)
        ctx.figure(
            witness, KEY, conv.removeprefix("features.").replace(".", "-"),
            figures.image_grid(rows, [f"unit {u}" for u in units[:SHOWN]], f"Units of {conv}"),
            f"{len(units[:SHOWN])} units of {conv} as trained and with silent parts, visualized with plain and with redirected ReLU "
            f"gradients ({setting.name}; one noise for all). With plain gradients silent parts that are dead at the start "
            "change nothing, and units that are dead at the start show the noise.",
        )  # fmt: skip
    witness.add_weights("network" if ctx.given else "cnn", ctx.network)
    return witness


def _busiest(ctx: Context, relu: str, axis: int, count: int) -> list[int]:
    """The units of a layer with the largest mean activation on natural images, in their own order."""
    sums: list[torch.Tensor] = []
    with torch.no_grad():
        for part in ctx.train[:500].split(at_once(ctx.data.shape, 500)):
            visit(
                ctx.network, [relu], part,
                lambda _name, y: sums.append(y.movedim(axis, 0).flatten(1).mean(1) * (len(y) / len(ctx.train[:500]))),
            )  # fmt: skip
    return sorted(torch.stack(sums).sum(0).argsort(descending=True, stable=True)[:count].tolist())


def _unchanged(
    ctx: Context, witness: RunRecord, silent: SilentUnits, conv: str
) -> dict[str, torch.Tensor]:
    """Zero on every natural image, and the same bits out. The outputs with silent parts on training and on test images."""
    outputs = {}
    for name, part, base in (
        ("train", ctx.train, ctx.train_outputs),
        ("test", ctx.test, ctx.test_outputs),
    ):
        largest = 0.0

        def look(parts: torch.Tensor) -> None:
            nonlocal largest
            largest = max(largest, float(parts.max()))

        with silent.installed(ctx.network, look):
            outputs[name] = predict(ctx.network, part)
        same = share(identical(base, outputs[name]))
        witness.add(
            f"{conv}: largest silent activation on natural {name} images",
            largest,
            "activation",
            equals=0.0,
        )
        witness.add(
            f"{conv}: logits bit-identical on natural {name} images", same, "share", equals=1.0
        )
    return outputs


def _shown_and_done(
    ctx: Context,
    witness: RunRecord,
    conv: str,
    units: list[int],
    before: torch.Tensor,
    after: torch.Tensor,
    fooled: dict[str, torch.Tensor],
) -> None:
    """What the units show, and what the network does: few words, for the first screen of a page."""
    sure = ctx.test_outputs.softmax(1).cpu()
    split, groups = ctx.data.test, ctx.data.test.group_numbers()
    order = sure.amax(1).argsort(descending=True, stable=True).tolist()
    chosen: list[int] = []
    classes: set[int] = set()
    for place in order:
        read = int(sure[place].argmax())
        seen = groups[place] in groups[chosen] or read in classes
        if split.showable()[place] and not seen and len(chosen) < FEW:
            chosen.append(place)
            classes.add(read)
    same = {name: identical(base, fooled[name]) for name, base in (("train", ctx.train_outputs), ("test", ctx.test_outputs))}  # fmt: skip
    kept, count = sum(int(s.sum()) for s in same.values()), sum(map(len, same.values()))
    changed = fooled["test"].softmax(1).cpu()
    notes = []
    for place in chosen:
        read = int(sure[place].argmax())
        was, now = float(sure[place, read]), float(changed[place, read])
        equal = "=" if bool(same["test"][place]) else "to"
        notes.append(
            f"{textwrap.shorten(ctx.name(read), 18, placeholder='..')}\n{was:.4f} {equal} {now:.4f}"
        )
    rows = {
        f"units of\n{conv.removeprefix('features.')}": before[:FEW].cpu(),
        "the same, with\nsilent parts": after[:FEW].cpu(),
        "what the network\nsays, without\nand with them": ctx.test[chosen].cpu(),
    }
    whose = credited([] if split.whose is None else [split.whose[k] for k in chosen])
    ctx.figure(
        witness, KEY, "shown-and-done",
        figures.image_grid(
            rows, [f"unit {u}" for u in units[:FEW]],
            f"What the units show changes, what the network does keeps every bit ({kept:,} of {count:,} images)",
            {list(rows)[-1]: notes},
        ),
        f"{len(units[:FEW])} units of {conv} as trained and with silent parts (redirected ReLU gradients, one noise for all), and test images with the "
        f"class that the network takes them for and its probability, without and with silent parts. On {kept:,} of {count:,} natural images, "
        f"training and test, all outputs are bit-identical.{whose}",
    )  # fmt: skip
