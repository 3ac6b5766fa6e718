"""The figures of the arena: who alarms on what and which picture is true, paths of honest and attacked networks, and examples."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.empirical.arena.attacks import NONE
from trompe.empirical.arena.statistics import HONEST, Alarms, Cells, Mean
from trompe.empirical.experiments.figures import COLOURS, STYLES, WIDTH, drawing

SHOWN = ("fourier", "pixel", "maco")
"""The method whose pictures a check of pictures is shown for: the first of these that was run, see `shown_method`."""
PATHS = {"none": "honest", "circuit-own": "circuit, own class", "slingshot-own": "slingshot, own class", "circuit-next": "circuit, next class", "slingshot-eye": "slingshot, eye"}  # fmt: skip
"""The kinds of networks whose paths are drawn."""


def _sheet(height: float) -> Any:
    drawing()
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def shown_method(methods: Sequence[str]) -> str:
    """The method whose pictures the alarms of the figure and of the tables are about."""
    return next((m for m in SHOWN if m in methods), methods[0])


def matrix(
    alarms: Sequence[Alarms], means: Sequence[Mean], original: Collection[str], shown: str
) -> Any:
    """Left: how many networks raise each alarm. Right: correlation of each method's picture with the honest one.

    original : checks that need the network as it was, which are marked. shown : see `shown_method`. Without an alarm the left is empty.
    """
    attacks = list(dict.fromkeys(row.attack for row in means))
    methods = list(dict.fromkeys(row.method for row in means if row.check == HONEST))
    by = {(row.attack, row.check, row.method): row for row in alarms}
    columns = [
        (check, method)
        for check, method in dict.fromkeys((row.check, row.method) for row in alarms)
        if method in ("", shown)
    ]
    figure = _sheet(1.55 + 0.27 * len(attacks))
    wide = max(len(columns), len(methods))  # both parts keep room for their titles
    left, right = figure.subplots(1, 2, width_ratios=[wide, max(len(methods), 0.6 * wide)])
    share = np.full((len(attacks), max(len(columns), 1)), np.nan)
    words: list[list[str]] = []
    for i, attack in enumerate(attacks):
        words.append([])
        for j, key in enumerate(columns):
            row = by.get((attack, *key))
            if row is not None and row.networks:
                share[i, j] = row.alarms / row.networks
            words[-1].append(
                "" if row is None else f"{row.alarms}/{row.networks}" if row.networks else "true"
            )
    _grid(left, share, words, "Oranges", f"networks that raise the alarm ({shown} pictures)")
    left.set_yticks(
        range(len(attacks)),
        ["honest (false alarms)" if a == NONE else a for a in attacks],
        fontsize=7.5,
    )
    left.set_xticks(range(len(columns)), [c + "*" * (c in original) for c, _ in columns], **_TURNED)
    honest = {(m.attack, m.method): m.mean[0] for m in means if m.check == HONEST}
    values = np.array([[honest.get((a, m), np.nan) for m in methods] for a in attacks])
    values[[a == NONE for a in attacks]] = np.nan
    said = [["" if np.isnan(v) else f"{v:.2f}".replace("0.", ".") for v in row] for row in values]
    _grid(right, values.clip(0, 1), said, "Blues", "correlation with the honest picture")
    right.set_yticks([])
    right.set_xticks(range(len(methods)), methods, **_TURNED)
    if NONE in attacks:
        right.text(
            (len(methods) - 1) / 2, attacks.index(NONE), "(these are the honest pictures)", fontsize=6.5, ha="center",
            va="center", color="0.4",
        )  # fmt: skip
    return figure


_TURNED: Mapping[str, Any] = {
    "rotation": 45,
    "ha": "right",
    "rotation_mode": "anchor",
    "fontsize": 7,
}


def _grid(
    axis: Any, values: NDArray[Any], words: Sequence[Sequence[str]], colours: str, title: str
) -> None:
    import matplotlib as mpl

    cmap = mpl.colormaps[colours].with_extremes(bad="0.94")
    axis.imshow(np.ma.masked_invalid(values), cmap=cmap, vmin=0, vmax=1.15, aspect="auto")
    for i, row in enumerate(words):
        for j, text in enumerate(row):
            dark = not np.isnan(values[i, j]) and values[i, j] > 0.7
            axis.text(
                j,
                i,
                text,
                ha="center",
                va="center",
                fontsize=6.5,
                color="white" if dark else "0.15",
            )
    axis.set_title(title, fontsize=8, loc="left")
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)


def path_curves(cells: Cells, layers: Sequence[str], level: float) -> Any:
    """Path similarity by layer, a line a network: honest against attacked, one panel a method."""
    tested = [c for c in cells if c["role"] == "tested" and "paths" in c["measures"]]
    methods = [
        m for m in ("pixel", "fourier", "maco") if any(m in c["measures"]["paths"] for c in tested)
    ]
    figure = _sheet(2.9)
    panels = figure.subplots(1, max(len(methods), 1), sharey=True, squeeze=False)[0]
    kinds = [k for k in PATHS if any(c["attack"] == k for c in tested)]
    for axis, method in zip(panels, methods, strict=False):
        axis.axhline(level, color="0.55", linewidth=0.8, zorder=0)
        for k, kind in enumerate(kinds):
            lines = [c["measures"]["paths"][method] for c in tested if c["attack"] == kind]
            colour = "0.25" if kind == NONE else COLOURS[k - 1]
            style = "-" if kind == NONE else STYLES[(k - 1) % 4]
            for line in lines:
                axis.plot(range(len(line)), line, style, color=colour, linewidth=0.7, alpha=0.45)
            middle = np.mean(lines, axis=0)
            axis.plot(
                range(len(middle)), middle, style, color=colour, linewidth=2.0, label=PATHS[kind]
            )
        axis.set_title(method, fontsize=8.5, loc="left")
        axis.set_xticks(range(len(layers)), [name.rpartition(".")[2] for name in layers], **_TURNED)
        axis.tick_params(axis="y", labelsize=7.5)
        axis.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("similarity (0: other class, 1: own class)", fontsize=7.5)
    panels[-1].text(
        1.0, level, " alarm\n below", transform=panels[-1].get_yaxis_transform(), fontsize=6.5, va="center", color="0.3"
    )  # fmt: skip
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=max(len(kinds), 1), fontsize=7, frameon=False, handlelength=3
    )  # fmt: skip
    return figure


def examples(
    pictures: Mapping[str, Mapping[str, NDArray[Any]]],
    methods: Sequence[str],
    unit: int,
    title: str,
) -> Any:
    """One unit of one network: what each attack wants, and what each method shows. pictures : attack -> method -> (units, ...). unit : its place there."""
    from trompe.empirical.experiments.figures import image_grid

    rows = {}
    for attack, by_method in pictures.items():
        images = [by_method[m][unit] / 255 for m in methods]
        wanted = by_method.get("")
        blank = np.ones_like(images[0])
        rows["honest" if attack == NONE else attack] = np.stack(
            [blank if wanted is None else wanted[unit] / 255, *images]
        )
    return image_grid(
        rows, ["wanted", *methods], f"{title}: what is wanted, and what each method shows"
    )  # fmt: skip
