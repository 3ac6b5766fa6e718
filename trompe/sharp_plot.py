"""Pictures of the sharp table: decidable shares against d and eps, and the regions of the square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from trompe.plot import INK, picture_file, pyplot, save
from trompe.theory import (
    CLASSES,
    FunctionClass,
    InvalidInput,
    UnknownKey,
    Visualization,
    function_class,
)
from trompe.theory.bounding import bound
from trompe.theory.catalogue import sharp_row
from trompe.theory.shares.base import SharpRow
from trompe.theory.shares.cones import ConeSetting

__all__ = ["KINDS", "draw_sharp"]

KINDS = ("share", "regions")
DIMS = range(1, 17)
"""The d of the first share panel."""
EPS = [Fraction(k, 80) for k in range(1, 40)]
GRID = 300
STRETCH = Fraction(2)
"""lambda of the Lipschitz lines and panels."""
LOWEST = 1e-6
NO_GAP = ("black-box", "neural-network", "erm", "piecewise-affine", "monotone")
PALE_MIN, PALE_MAX = "#9CCBEA", "#F4B98B"


@dataclass(frozen=True)
class _Style:
    colour: str
    marker: str
    dashes: Any


# Okabe and Ito's colours with a marker and a dash pattern each, so that a grey print tells them apart.
_STYLES = {
    "known": _Style("#000000", "s", "-"),
    "affine": _Style("#0072B2", "o", (0, (6, 1.5))),
    "convex": _Style("#D55E00", "^", "-"),
    "l1": _Style("#009E73", "D", (0, (1, 1.2))),
    "l2": _Style("#CC79A7", "v", (0, (4, 1.5, 1, 1.5))),
    "linf": _Style("#E69F00", "P", (0, (2.5, 1.5))),
}


def draw_sharp(
    output: Path, kind: str = "share", rows: Sequence[str] = (), dim: int | None = None
) -> None:
    """Draw decidable shares (against d, and at `dim` against eps) or the regions of the square.

    Raises
    ------
    UnknownKey : no such kind or row. InvalidInput : a d that cannot be drawn, or a file that is no png, pdf
        or svg. MissingDependency : matplotlib is not installed.
    """
    if kind not in KINDS:
        raise UnknownKey("kind", kind, KINDS)
    for key in rows:
        if key not in CLASSES:
            raise UnknownKey("row", key, CLASSES)
    place = picture_file(output)
    chosen = tuple(rows) or tuple(CLASSES)
    with pyplot() as plt:
        if kind == "share":
            figure = _shares(plt, chosen, 2 if dim is None else dim)
        else:
            if dim not in (None, 2):
                raise InvalidInput(f"--dim {dim}: regions are drawn at d = 2")
            figure = _regions(plt, chosen)
        save(plt, figure, place)


# -- shares ------------------------------------------------------------------------------------------------


def _lines(rows: Sequence[str]) -> list[tuple[str, str, SharpRow]]:
    """(style, label, row) of every line; rows with the same numbers share one."""
    lines: list[tuple[str, str, SharpRow]] = []
    known = [key for key in rows if key in ("constant", "affine-1d")]
    if known:
        names = " and ".join(CLASSES[key].name.replace("(d = 1)", "($d=1$)") for key in known)
        lines.append(
            ("known", names, sharp_row("constant" if "constant" in known else "affine-1d"))
        )
    if "affine" in rows:
        lines.append(("affine", "Affine ($d>1$)", sharp_row("affine")))
    if "convex" in rows:
        lines.append(("convex", "Convex", sharp_row("convex")))
    if "lipschitz" in rows:
        for norm, name in (("l1", r"\ell_1"), ("l2", r"\ell_2"), ("linf", r"\ell_\infty")):
            row = sharp_row("lipschitz", ConeSetting(norm, stretch=STRETCH))
            lines.append((norm, rf"Lipschitz, ${name}$, $\lambda={STRETCH}$", row))
    return lines


def _shares(plt: Any, rows: Sequence[str], dim: int) -> Any:
    if dim not in DIMS:
        raise InvalidInput(f"--dim {dim}: shares are drawn at d = 1, ..., {max(DIMS)}")
    lines = _lines(rows)
    if not any(row.is_about(dim) for _, _, row in lines):
        raise InvalidInput(
            f"{', '.join(rows)}: no share above 0 at d = {dim}, nothing to draw; choose other classes or another d"
        )
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 4.3), layout="constrained")
    for style, label, row in lines:
        dims = [d for d in DIMS if row.is_about(d)]
        _line(left, dims, [float(row.side_share(d).value) for d in dims], style, label, 1)
        if row.is_about(dim):
            values = [float(row.eps_share(dim, e).value) for e in EPS]
            _line(right, [float(e) for e in EPS], values, style, label, (len(right.lines) % 6, 6))
    for panel in (left, right):
        panel.set(yscale="log", ylim=(LOWEST if panel is left else None, 2))
        panel.grid(True, which="major", color="#DDDDDD", lw=0.6)
        panel.set_axisbelow(True)
    left.set(xlabel="number of inputs $d$", ylabel="share of $[0,1]^d$", xticks=[1, 4, 8, 12, 16])
    left.set_title("side decidable", fontsize=10)
    right.set(
        xlabel=r"tolerance $\varepsilon$", xlim=(0, 0.5), ylabel=f"share of $[0,1]^{{{dim}}}$"
    )
    right.set_title(rf"known up to $\varepsilon(M-m)$, $d={dim}$", fontsize=10)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=9,
        title=_zero([key for key in rows if key in NO_GAP]) or None,
        title_fontsize=8.5,
    )
    return figure


def _zero(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    names = ", ".join({"erm": "ERM"}.get(key, CLASSES[key].name) for key in keys)
    return f"Share 0 at every $d$ and $\\varepsilon$ (not on the scale): {names}."


def _line(panel: Any, x: list[Any], y: list[float], style: str, label: str, every: Any) -> None:
    s = _STYLES[style]
    panel.plot(
        x, y, color=s.colour, ls=s.dashes, marker=s.marker, ms=5, mfc="white", mew=1.2, lw=1.6,
        markevery=every, label=label, clip_on=True,
    )  # fmt: skip


# -- regions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Panel:
    title: str
    cls: FunctionClass
    v: Visualization
    share: str


def _panels(rows: Sequence[str]) -> list[_Panel]:
    half, quarter = Fraction(1, 2), Fraction(1, 4)
    corners = Visualization((0, 0), (1, 1), 0, 1)
    inside = Visualization((quarter, 2 * quarter), (3 * quarter, 3 * quarter), 0, 1)
    tilted = Visualization((quarter, Fraction(2, 5)), (1, 1), 0, 1)
    panels = []
    free = [key for key in rows if key in NO_GAP and key != "monotone"]
    if free:
        short = {
            "black-box": "Black-box",
            "neural-network": "NN",
            "erm": "ERM",
            "piecewise-affine": "PAff",
        }
        title = ", ".join(short[key] for key in free)
        panels.append(_Panel(title, function_class(free[0]), inside, "0"))
    if "monotone" in rows:
        panels.append(_Panel("Monotone", function_class("monotone"), corners, "0"))
    for key, v in (("convex", tilted), ("affine", corners)):
        if key in rows:
            share = sharp_row(key).side_share(2).form
            panels.append(
                _Panel(CLASSES[key].name.replace(" (d > 1)", ""), function_class(key), v, share)
            )
    if "lipschitz" in rows:
        for norm, name in (("l1", r"\ell_1"), ("l2", r"\ell_2"), ("linf", r"\ell_\infty")):
            apart = {"l1": half + quarter, "linf": half, "l2": Fraction(9, 16)}[norm]
            setting = ConeSetting(
                norm, constant=STRETCH / apart, argmin=inside.argmin, argmax=inside.argmax
            )
            cls, v = setting.shown(2)
            share = f"{float(setting.at(2).side_share().value):.3f}"
            panels.append(_Panel(rf"Lipschitz, ${name}$, $\lambda={STRETCH}$", cls, v, share))
    if "constant" in rows:
        v = Visualization((0, 0), (1, 1), half, half)
        panels.append(_Panel("Constant", function_class("constant"), v, "1"))
    if not panels:
        raise InvalidInput(f"{', '.join(rows)}: no class of two inputs to draw; leave out --class")
    return panels


def _regions(plt: Any, rows: Sequence[str]) -> Any:
    panels = _panels(rows)
    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    figure, grid = plt.subplots(
        lines,
        columns,
        figsize=(max(3.0, 2.15 * columns + 0.4), 2.6 * lines + (0.9 if columns > 1 else 1.4)),
        layout="constrained",
        squeeze=False,
    )
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        _region(axes, panel)
    handles = _legend(any(panel.v.range == 0 for panel in panels))
    per_line = {1: 1, 2: 2}.get(columns, 3)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=per_line,
        frameon=False,
        fontsize=9,
        columnspacing=1.6,
    )
    return figure


def _region(axes: Any, panel: _Panel) -> None:
    """Where `upper` is at most the midrange and where `lower` is at least it, off the shown points."""
    middle = (np.arange(GRID) + 0.5) / GRID
    z = np.stack(np.meshgrid(middle, middle, indexing="xy"), axis=-1)
    found: Any = bound(panel.cls, panel.v, z.reshape(-1, 2))
    upper, lower = (np.asarray(e).reshape(GRID, GRID) for e in (found.upper, found.lower))
    mid = float(panel.v.mid)
    edge = middle.copy()
    edge[0], edge[-1] = 0, 1  # the outermost half cells are drawn, too
    regions = [(mid - upper, PALE_MIN, "////"), (lower - mid, PALE_MAX, "\\\\\\\\")]
    if not panel.v.range:
        regions = [(upper * 0, "#DDDDDD", "..")]
    for values, colour, hatch in regions:
        if values.max() >= 0:
            axes.contourf(edge, edge, values, levels=[0, 2], colors=[colour], hatches=[hatch])
            axes.contour(edge, edge, values, levels=[0], colors=[INK], linewidths=0.8)
    if panel.v.range:
        for point, marker in ((panel.v.argmin, "v"), (panel.v.argmax, "^")):
            x, y = (float(q) for q in point)
            axes.plot(
                x,
                y,
                marker=marker,
                ms=8,
                mfc="white",
                mec=INK,
                mew=1.3,
                ls="none",
                clip_on=False,
                zorder=5,
            )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 1], yticks=[0, 1])
    axes.set_title(f"{panel.title}\nshare {panel.share}", fontsize=9.5, linespacing=1.25)
    axes.tick_params(length=2, labelsize=8, pad=6)


def _legend(has_constant: bool) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    edge: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.6}
    areas = [
        Patch(facecolor=PALE_MIN, hatch="////", label="closer to the minimum", **edge),
        Patch(facecolor=PALE_MAX, hatch="\\\\", label="closer to the maximum", **edge),
        Patch(facecolor="#DDDDDD", hatch="..", label="both (one value)", **edge),
        Patch(facecolor="white", label="undecidable", **edge),
    ]
    points = [
        Line2D([], [], marker=marker, ms=8, mfc="white", mec=INK, ls="none", label=f"shown: {name}")
        for marker, name in (("v", "argmin $a$"), ("^", "argmax $b$"))
    ]
    return [*(area for area in areas if has_constant or area.get_hatch() != ".."), *points]
