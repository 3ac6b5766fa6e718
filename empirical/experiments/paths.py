"""Experiment: do visualizations travel through the network as natural images do?"""

from __future__ import annotations

from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.audits.paths import path_similarity, share_below
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import Context
from trompe.empirical.inspection import accuracy, predict
from trompe.empirical.networks import MiniInception
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import MEASURES, share

KEY = "path-similarity"
STATEMENT = (
    "In the early layers, visualizations of a class resemble natural images of that class no more than natural images "
    "of other classes do (similarity at or below 0); only later layers bring them together. Uniform noise, the "
    "control, rises with depth too, but ends near other classes."
)
A_CLASS = 30
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
    witness = ctx.witness(KEY, STATEMENT)
    model, layers = ctx.inception, MiniInception.LAYERS
    setting = next(s for s in ctx.settings if s.name == "fourier+transforms")
    seeds, steps = ctx.seeds(0, 3), ctx.steps * (2 if ctx.small else 1)
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
    firsts = ctx.first_images()
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
