"""Experiment: do visualizations travel through the network as natural images do?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trompe.empirical._torch import at_once, torch
from trompe.empirical.audits.paths import audit_paths, path_similarity, share_below
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import Context
from trompe.empirical.experiments.given import Given
from trompe.empirical.inputs.data import Split
from trompe.empirical.networks.architectures import MiniInception
from trompe.empirical.networks.inspection import accuracy, predict
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import MEASURES, share
from trompe.theory import InvalidInput

KEY = "path-similarity"
STATEMENT = (
    "In the early layers, visualizations of a class resemble natural images of that class no more than natural images "
    "of other classes do (similarity at or below 0); only later layers bring them together. Uniform noise, the "
    "control, rises with depth too, but ends near other classes."
)
A_CLASS = 30
FEWEST = 3
"""Natural images of a class that a given network has to recognise; with fewer there are no intervals."""
MIDDLE = tuple(f"features.fire{k}" for k in (6, 7, 8))
"""Of the network that is trained on ImageNet: the layers whose similarity has a threshold."""
SMALL_RATE = 0.005
"""A tenth of the usual step: weak visualizations, to show how much the curve's start depends on strength."""


def pick_natural(
    outputs: torch.Tensor, labels: torch.Tensor, each: int, classes: list[int]
) -> torch.Tensor:
    """Indices of the first `each` correctly classified images of every class.

    A class with fewer than two of them is represented by its first images, right or wrong.
    """
    parts = []
    for c in classes:
        of_class = torch.nonzero(labels == c).view(-1)
        right = of_class[outputs[of_class].argmax(1) == c]
        parts.append((right if len(right) > 1 else of_class)[:each])
    return torch.cat(parts)


def run(ctx: Context) -> RunRecord:
    """The whole experiment; writes figures, returns the witness."""
    if ctx.given:
        return _of_given(ctx, ctx.given)
    witness = ctx.witness(KEY, STATEMENT)
    model, layers = ctx.deep, MiniInception.LAYERS
    setting = next(s for s in ctx.settings if s.name == "fourier+transforms")
    seeds, steps = ctx.seeds(0, 3), ctx.steps * ctx.effort.paths
    witness.settings |= {
        "network": "MiniInception", "layers": list(layers), "visualizations": setting.name, "steps": steps,
        "rate": 0.05, "rate of small steps": SMALL_RATE, "seeds": seeds, "natural images a class": A_CLASS,
        "scale": "0: natural pairs of different classes; 1: of the same class",
    }  # fmt: skip
    witness.add("accuracy", accuracy(model, ctx.test, ctx.test_labels), "share")
    chosen = pick_natural(predict(model, ctx.test), ctx.test_labels, A_CLASS, ctx.units)
    natural, labels = ctx.test[chosen], ctx.test_labels[chosen]
    found = ctx.step(
        "path-visualizations", {"setting": setting.name, "seeds": seeds, "rates": [0.05, SMALL_RATE], "of": steps}, [model],
        lambda: {
            name: ctx.visualize(model, setting, seeds, steps=steps, rate=rate).images
            for name, rate in (("images", 0.05), ("weak", SMALL_RATE))
        },
    )  # fmt: skip
    shown, weak = found["images"], found["weak"]
    classes = torch.tensor(ctx.units * len(seeds), device=ctx.device)
    generator = torch.Generator().manual_seed(ctx.seed)
    noise = torch.rand(shown.shape, generator=generator).to(ctx.device)
    largest = predict(model, ctx.train).amax(0)[classes]
    for name, images in (("visualizations", shown), ("visualizations, small steps", weak)):
        outputs = predict(model, images)
        own = outputs.gather(1, classes[:, None]).view(-1)
        witness.add(
            f"{name}: classified as their class", share(outputs.argmax(1) == classes), "share"
        )
        witness.add(
            f"{name}: activation over the largest natural one", (own / largest).mean(), "ratio"
        )
    probes = {
        "visualizations": (shown, classes), "visualizations, small steps": (weak, classes),
        "uniform noise": (noise, classes),
    }  # fmt: skip
    curves: dict[str, Any] = {}
    for measure in MEASURES:
        with ctx.timed("similarities"):
            result = path_similarity(model, layers, natural, labels, probes, measure)
        for name, values in result.items():
            witness.add(
                f"{measure}, {name}: similarity by layer",
                {v.layer: [round(v.mean, 4), round(v.error, 4)] if v.comparable else None for v in values},
                "mean and standard error; null where natural images give no scale",
            )  # fmt: skip
        anchors = {
            v.layer: [round(v.different, 4), round(v.same, 4)] for v in result["visualizations"]
        }
        witness.add(f"{measure}: natural pairs, different and same class", anchors, "correlation")
        if measure == "spearman":
            for name, values in result.items():
                curves[name] = ([v.mean for v in values], [v.error for v in values])
            below = share_below(result["visualizations"])
            first, last = result["visualizations"][0].mean, result["visualizations"][-1].mean
            # What to expect is known for these two data sets; on others the numbers are a finding.
            least = {"digits": 1 / 3, "fashion-mnist": 1 / 2}.get(ctx.data.name)
            half = None if least is None else 0.5
            witness.add("spearman: share of layers below 0.5", below, "share", at_least=least)
            witness.add(
                "spearman: similarity at the first layer", first, "similarity", at_most=half
            )
            witness.add("spearman: similarity at the logits", last, "similarity", at_least=half)
            early = [
                abs(a.mean - b.mean)
                for a, b in list(
                    zip(result["visualizations"], result["uniform noise"], strict=True)
                )[: len(layers) // 2]
            ]
            witness.add("spearman: mean distance of visualizations and noise, first half of the layers",
                        sum(early) / len(early), "similarity")  # fmt: skip
            for name in ("uniform noise", "visualizations, small steps"):
                for place, value in (
                    ("first layer", result[name][0]),
                    ("logits", result[name][-1]),
                ):
                    witness.add(
                        f"spearman: similarity of {name} at the {place}", value.mean, "similarity"
                    )
    ctx.figure(
        witness, KEY, "similarity",
        figures.curves(
            list(layers), curves, "layer", "similarity (Spearman)",
            f"{ctx.data.name}: similarity to natural images of the class, layer by layer",
            [(0.0, "natural images,\nother class"), (1.0, "natural images,\nsame class")], legend="lower right",
        ),
        "Path similarity by layer, mean and standard error over classes; uniform noise is the control. Points of one "
        "layer are moved apart sideways.",
    )  # fmt: skip
    firsts, _ = ctx.first_images()
    ctx.figure(
        witness, KEY, "probes",
        figures.image_grid(
            {
                "natural": firsts, "visualization": shown[: len(ctx.units)].cpu(),
                "small steps": weak[: len(ctx.units)].cpu(), "noise": noise[: len(ctx.units)].cpu(),
            },
            [ctx.data.classes[u] for u in ctx.units], "What is sent through the network",
        ),
        "A natural image, a visualization, one by small steps and a noise image of each class.",
    )  # fmt: skip
    witness.add_weights("inception", model)
    return witness


def _of_given(ctx: Context, given: Given) -> RunRecord:
    """The audit of a given network: classes are what the network itself takes natural images for, one image a group."""
    witness = ctx.witness(KEY, STATEMENT)
    images, read = _one_of_each_group(ctx)
    counts = {unit: int((read == unit).sum()) for unit in ctx.units}
    units = [unit for unit in ctx.units if counts[unit] >= FEWEST]
    if len(units) < 2:
        raise InvalidInput(
            f"the network takes {FEWEST} or more of the images for {len(units)} of the units "
            f"{', '.join(map(str, ctx.units))}; expected two such units, give others or more images"
        )
    chosen = torch.cat([torch.nonzero(read == unit).view(-1)[:A_CLASS] for unit in units])
    labels = torch.tensor([units.index(unit) for unit in read[chosen].tolist()])
    seeds, steps = ctx.seeds(0, ctx.effort.unseen), ctx.steps * ctx.effort.paths
    witness.settings |= {
        "layers": list(given.layers), "visualizations": "fourier+transforms", "steps": steps, "seeds": seeds,
        "units": {ctx.name(unit): counts[unit] for unit in units},
        "units without enough images": [ctx.name(unit) for unit in ctx.units if unit not in units],
        "classes": "what the network takes natural images for", "natural images a class": f"at most {A_CLASS}, one a group",
        "scale": "0: natural pairs of different classes; 1: of the same class",
    }  # fmt: skip
    ctx.announce("visualizations for path similarity", len(units) * len(seeds), steps)
    with ctx.timed("similarities"):
        found = audit_paths(
            ctx.deep, given.layers, images[chosen], labels, units=units, steps=steps, seeds=seeds,
            batch=at_once(ctx.data.shape, 100), show=ctx.show,
        )  # fmt: skip
    witness.add("visualizations: classified as their class", found.read_as_class, "share")
    looks = len(given.layers) * 3
    curves: dict[str, Any] = {}
    for name, values in (
        ("visualizations", found.visualizations),
        ("uniform noise", found.noise),
        ("phase-scrambled images", found.scrambled),
    ):
        limits = {v.layer: v.interval(looks) for v in values}
        witness.add(
            f"spearman, {name}: similarity by layer",
            {v.layer: [round(v.mean, 4), *(round(x, 4) for x in limits[v.layer] or ())] if v.comparable else None for v in values},
            f"mean over classes, and its interval over images (95 % for all {looks} together); null where natural images give no scale",
        )  # fmt: skip
        usable = [v for v in values if v.comparable]
        half = [(limits[v.layer] or (v.mean, v.mean))[1] - v.mean for v in values]
        curves[name] = ([v.mean if v.comparable else float("nan") for v in values], half)
        if name == "visualizations":
            witness.add(
                "spearman: share of layers below 0.5", share_below(usable) if usable else None,
                "share of layers with a scale",
            )  # fmt: skip
    means = {v.layer: v.mean for v in found.visualizations if v.comparable}
    if all(layer in means for layer in (*MIDDLE, "flatten")) and ctx.promised(0.1):
        middle = sum(means[layer] for layer in MIDDLE) / len(MIDDLE)
        witness.add("spearman: mean similarity, fire6 to fire8", middle, "similarity", at_most=0.25)
        witness.add(
            "spearman: similarity at the logits", means["flatten"], "similarity", at_least=0.1
        )
    anchors = {v.layer: [round(v.different, 4), round(v.same, 4)] for v in found.visualizations}
    witness.add("spearman: natural pairs, different and same class", anchors, "correlation")
    ctx.figure(
        witness, KEY, "similarity",
        figures.curves(
            list(given.layers), curves, "layer", "similarity (Spearman)",
            f"{ctx.data.name}: similarity to natural images of the class, layer by layer",
            [(0.0, "natural images,\nother class"), (1.0, "natural images,\nsame class")], legend="lower right",
        ),
        "Path similarity by layer, mean over classes with its interval over images, for visualizations and two controls. "
        "Points of one layer are moved apart sideways; layers where natural images of one class are no more alike than "
        "others have no scale and are left out.",
    )  # fmt: skip
    witness.add_weights("network", ctx.deep)
    return witness


def one_of_each_group(part: Split, classes: torch.Tensor, units: Sequence[int]) -> torch.Tensor:
    """Of each group of images the first that is of one of these classes, or else the first: their indices, in the order of the groups."""
    groups, wanted = part.group_numbers(), np.isin(classes.cpu().numpy(), list(units))
    order = np.lexsort((np.arange(len(part)), ~wanted, groups))
    return torch.from_numpy(order[np.unique(groups[order], return_index=True)[1]])


def _one_of_each_group(ctx: Context) -> tuple[torch.Tensor, torch.Tensor]:
    """One crop of each photograph, of one of the units where there is any, and what the network takes it for."""
    images, read = [], []
    for part, floats, classes in (
        (ctx.data.train, ctx.train, ctx.train_labels), (ctx.data.test, ctx.test, ctx.test_labels)
    ):  # fmt: skip
        first = one_of_each_group(part, classes, ctx.units)
        images.append(floats[first])
        read.append(classes[first])
    return torch.cat(images), torch.cat(read)
