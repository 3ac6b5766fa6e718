"""Figures: grids of images and curves, in colours that a colour-blind reader can tell apart."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from trompe.empirical.cache import atomic_write
from trompe.theory import MissingDependency

__all__ = ["COLOURS", "curves", "histogram", "image_grid", "save"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette."""
MARKERS = ("o", "s", "^", "D", "v", "P", "x")


def _figure(width: float, height: float, layout: Any = "constrained") -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependency(
            "matplotlib is not installed, it draws the figures; it comes with: pip install 'trompe[empirical]'"
        ) from error
    return Figure(figsize=(width, height), layout=layout)


def save(figure: Any, folder: Path, name: str) -> str:
    """Write NAME.png and NAME.pdf, without dates, so that equal runs give equal bytes. The PNG's name."""
    for suffix, options in (
        ("png", {"dpi": 150, "metadata": {"Software": None}}),
        ("pdf", {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}}),
    ):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, **options)
        with atomic_write(folder / f"{name}.{suffix}") as file:
            file.write(buffer.getvalue())
    return f"{name}.png"


def image_grid(
    rows: Mapping[str, Any], columns: Sequence[str] = (), title: str = "", notes: Any = None
) -> Any:
    """One labelled row of images per entry; images (n, channels, height, width) in [0, 1].

    notes : per row name, a sequence of short texts under its images.
    """
    names = list(rows)
    images = [np.asarray(rows[name]) for name in names]
    most = max(len(part) for part in images)
    notes = notes or {}
    extra = 0.22 * bool(notes)
    cell = 0.8 if most > 3 else 1.2
    width, height = 1.4 + cell * most, 0.33 + (cell + extra) * len(names) + 0.2 * bool(columns)
    figure = _figure(width, height, None)
    top = 1 - (0.28 + 0.2 * bool(columns)) / height
    for r, (name, part) in enumerate(zip(names, images, strict=True)):
        bottom = top - (cell * (r + 1) + extra * r) / height
        middle = bottom + 0.47 * cell / height
        figure.text(1.25 / width, middle, name, fontsize=8, ha="right", va="center")
        for c, image in enumerate(part):
            left = (1.35 + cell * c) / width
            axis = figure.add_axes((left, bottom, 0.94 * cell / width, 0.94 * cell / height))
            axis.set_axis_off()
            _show(axis, image)
            if c < len(notes.get(name, ())):
                figure.text(left + 0.47 * cell / width, bottom - 0.02 / height, notes[name][c],
                            fontsize=6, ha="center", va="top")  # fmt: skip
    for c, text in enumerate(columns[:most]):
        figure.text(
            (1.35 + cell * (c + 0.47)) / width,
            top - 0.02 / height,
            text,
            fontsize=7,
            ha="center",
            va="bottom",
        )
    if title:
        figure.text(0.02, 1 - 0.06 / height, title, fontsize=9, va="top")
    return figure


def _show(axis: Any, image: NDArray[Any]) -> None:
    if image.shape[0] == 1:
        axis.imshow(image[0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        axis.imshow(np.clip(image.transpose(1, 2, 0), 0, 1), interpolation="nearest")


def curves(
    x: Sequence[Any],
    series: Mapping[str, tuple[Sequence[float], Sequence[float] | None]],
    xlabel: str,
    ylabel: str,
    title: str = "",
    lines: Sequence[tuple[float, str]] = (),
    limits: tuple[float, float] | None = None,
) -> Any:
    """Curves with error bars over x (numbers, or names set side by side); `lines` are level marks."""
    figure = _figure(6.4, 3.6)
    axis = figure.subplots()
    named = bool(x) and isinstance(x[0], str)
    places = list(range(len(x))) if named else list(x)
    for k, (name, (values, errors)) in enumerate(series.items()):
        axis.errorbar(
            places, values, yerr=errors, label=name, color=COLOURS[k % 7], marker=MARKERS[k % 7],
            markersize=4, linewidth=1.4, capsize=2, linestyle=("-", "--", "-.", ":")[k % 4],
        )  # fmt: skip
    for level, text in lines:
        axis.axhline(level, color="0.6", linewidth=0.8, zorder=0)
        axis.annotate(text, (0.01, level), xycoords=("axes fraction", "data"), fontsize=7, color="0.4",
                      ha="left", va="bottom")  # fmt: skip
    if named:
        axis.set_xticks(
            places, [str(name).removeprefix("inception") for name in x], fontsize=7, rotation=45
        )
    if limits:
        axis.set_ylim(*limits)
    axis.set_xlabel(xlabel, fontsize=9)
    axis.set_ylabel(ylabel, fontsize=9)
    axis.tick_params(labelsize=7)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(fontsize=7, frameon=False)
    if title:
        axis.set_title(title, fontsize=9)
    return figure


def histogram(
    groups: Mapping[str, Any], xlabel: str, title: str = "", marks: Sequence[tuple[float, str]] = ()
) -> Any:
    """Overlaid outlines of histograms, each as shares of its own group."""
    figure = _figure(6.4, 3.2)
    axis = figure.subplots()
    values = {name: np.asarray(part, dtype=np.float64).ravel() for name, part in groups.items()}
    low, high = min(v.min() for v in values.values()), max(v.max() for v in values.values())
    edges = np.linspace(low, high if high > low else low + 1, 61)
    for k, (name, part) in enumerate(values.items()):
        axis.hist(
            part, bins=edges, weights=np.full(len(part), 1 / len(part)), histtype="stepfilled",
            alpha=0.35, color=COLOURS[k % 7], label=f"{name} ({len(part):,})", edgecolor=COLOURS[k % 7],
        )  # fmt: skip
    for place, text in marks:
        axis.axvline(place, color="0.3", linewidth=0.8, linestyle="--")
        axis.annotate(text, (place, 1), xycoords=("data", "axes fraction"), fontsize=7, va="top")
    axis.set_yscale("log")
    axis.set_xlabel(xlabel, fontsize=9)
    axis.set_ylabel("share of images (log)", fontsize=9)
    axis.tick_params(labelsize=7)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(fontsize=7, frameon=False)
    if title:
        axis.set_title(title, fontsize=9)
    return figure
