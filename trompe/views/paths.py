"""What `trompe audit paths` found, as a table, in sentences, as JSON and as a picture."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import trompe
from trompe.ground.files import Destination
from trompe.views.picture import INK, pyplot, save

if TYPE_CHECKING:
    from trompe.empirical.audits.paths import LayerSimilarity, PathAudit

GROUPS = {
    "visualizations": "visualizations",
    "noise": "uniform noise",
    "scrambled": "scrambled images",
}
"""The probes, and what they are called."""


NEITHER = (
    "Passing is no evidence of honesty and failing none of manipulation: honest networks fail this check, and networks made to show natural "
    "images of a unit's own class pass it (docs/arena.md has the counts)."
)


def looks(found: PathAudit) -> int:
    """How many intervals are looked at together."""
    return len(GROUPS) * len(found.visualizations)


def _cell(value: LayerSimilarity, count: int) -> str:
    if not value.comparable:
        return "no scale"
    ends = value.interval(count)
    return f"{value.mean:+.2f}" + (f" ({ends[0]:+.2f} to {ends[1]:+.2f})" if ends else "")


def as_table(found: PathAudit) -> Any:
    """One line a layer: similarities with intervals, and the raw correlations that make the scale."""
    from rich.table import Table

    table = Table()
    for name in ("layer", *GROUPS.values(), "natural pairs: different, same"):
        table.add_column(name, overflow="fold")
    for k, shown in enumerate(found.visualizations):
        cells = [_cell(getattr(found, name)[k], looks(found)) for name in GROUPS]
        table.add_row(shown.layer, *cells, f"{shown.different:.3f}, {shown.same:.3f}")
    return table


def _below_one(found: PathAudit) -> tuple[list[str], list[str], list[str]]:
    """The layers where visualizations lie below 1, where that is not told, and those without a scale."""
    below, open_, unscaled = [], [], []
    for value in found.visualizations:
        ends = value.interval(looks(found))
        if not value.comparable:
            unscaled.append(value.layer)
        elif ends is not None and ends[1] < 1:
            below.append(value.layer)
        else:
            open_.append(value.layer)
    return below, open_, unscaled


def said(found: PathAudit) -> list[str]:
    """What the numbers are, for which units, and what they do and do not show."""
    count, classes = looks(found), len(found.units)
    seeds = ", ".join(map(str, found.seeds))
    what = "images" if found.groups == found.images else "photographs"
    lines = [
        "0: as natural images of different classes, 1: as those of one class (the last column has both correlations). "
        f"Visualizations: {len(found.seeds)} each of {classes} outputs (seeds {seeds}, {found.steps} steps); "
        f"{found.read_as_class:.0%} are read as their unit.",
    ]
    if found.groups != found.images:
        lines.append(
            f"The {found.images} images are of {found.groups} photographs; images of one photograph are not compared."
        )
    if all(v.image_error is None for v in found.visualizations if v.comparable):
        lines.append(f"No intervals: a class has fewer than three {what}.")
    else:
        lines.append(
            f"Intervals are for other {what} of these classes, from leaving each of the {found.groups} {what} out; "
            f"all {count} of them hold together in about 95 % of such samples. Other units, seeds or classes may differ."
        )
    below, open_, unscaled = _below_one(found)
    if below:
        lines.append(
            f"Below 1: {', '.join(below)}. There these visualizations are processed unlike natural images of their class: "
            "what they show is no evidence of what such images cause there."
        )
    if open_:
        lines.append(
            f"Not told from 1: {', '.join(open_)}. There this check finds no difference to natural images of the class. It does "
            "not show that there is none, nor that the visualizations can be trusted."
        )
    lines.append(NEITHER)
    if unscaled:
        lines.append(
            f"No scale: {', '.join(unscaled)}: natural images of one class are no more alike there than those of different "
            "classes, so nothing can be said."
        )
    return lines


def as_json(found: PathAudit, model: Any, classes: Sequence[str], measure: str) -> dict[str, Any]:
    """All of it, with what repeats it: units, seeds, settings, versions, and the hashes of the images and of the weights."""
    import numpy
    import torch

    from trompe.empirical.cache import state_sha256

    rows = []
    for k, shown in enumerate(found.visualizations):
        row: dict[str, Any] = {
            "layer": shown.layer,
            "different": shown.different,
            "same": shown.same,
        }
        for name in GROUPS:
            value = getattr(found, name)[k]
            ends = value.interval(looks(found))
            row[name] = (
                {
                    "mean": value.mean,
                    "standard_error_over_classes": value.error,
                    "standard_error_over_images": value.image_error,
                    "interval": list(ends) if ends else None,
                    "per_class": list(value.per_class),
                }
                if value.comparable
                else None
            )
        rows.append(row)
    return {
        "measure": measure,
        "images": found.images,
        "images_sha256": found.images_sha256,
        "groups": found.groups,
        "accuracy": found.accuracy,
        "classes": list(classes),
        "outputs": dict(zip(classes, found.units, strict=True)),
        "units": list(found.units),
        "seeds": list(found.seeds),
        "steps": found.steps,
        "read_as_class": found.read_as_class,
        "intervals": looks(found),
        "layers": rows,
        "model_sha256": state_sha256(model.state_dict()),
        "versions": {
            "trompe": trompe.__version__,
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "python": platform.python_version(),
        },
    }


_COLOURS = {"visualizations": "#0072B2", "noise": "#D55E00", "scrambled": "#009E73"}
_MARKERS = {"visualizations": "o", "noise": "s", "scrambled": "^"}


def show_picture(found: PathAudit, output: Destination) -> None:
    """Draw similarity by layer with its intervals.

    Raises
    ------
    MissingDependency : matplotlib is not installed.
    """
    with pyplot() as plt:
        figure, axes = plt.subplots(
            figsize=(max(5.0, 1.0 + 0.7 * len(found.visualizations)), 3.6), layout="constrained"
        )
        for shift, (name, says) in zip((-0.12, 0.0, 0.12), GROUPS.items(), strict=True):
            values = [(k + shift, v) for k, v in enumerate(getattr(found, name)) if v.comparable]
            places, means = [p for p, _ in values], [v.mean for _, v in values]
            spans = [v.interval(looks(found)) or (v.mean, v.mean) for _, v in values]
            errors = [
                [m - low for m, (low, _) in zip(means, spans, strict=True)],
                [high - m for m, (_, high) in zip(means, spans, strict=True)],
            ]
            axes.errorbar(
                places, means, yerr=errors, label=says, color=_COLOURS[name], marker=_MARKERS[name],
                ms=5, lw=1, capsize=3, ls="none" if len(values) < 2 else "-",
            )  # fmt: skip
        for level, says in ((0.0, "different classes"), (1.0, "one class")):
            axes.axhline(level, color=INK, lw=0.7, ls=":")
            axes.text(
                1.005, level, says, transform=axes.get_yaxis_transform(), fontsize=8, va="center"
            )
        layers = [v.layer for v in found.visualizations]
        axes.set_xticks(
            range(len(layers)),
            layers,
            rotation=30 if len(layers) > 5 else 0,
            ha="right" if len(layers) > 5 else "center",
        )
        axes.set(ylabel="similarity to natural images of the class")
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
        save(plt, figure, output)
