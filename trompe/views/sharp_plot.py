"""Pictures of the sharp table: decidable shares against d, eps and a tolerance, and the regions of the square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.constructions.catalogue import example
from trompe.ground.files import Destination
from trompe.theory import CLASSES, FunctionClass, InvalidInput, Visualization
from trompe.theory.bounding import bound, bounds
from trompe.theory.catalogue import sharp_row
from trompe.theory.shares.base import SharpRow, latex_name
from trompe.views.picture import INK, pyplot, save

DIMS = range(1, 17)
"""The d of the first share panel."""
EPS = [Fraction(k, 80) for k in range(1, 40)]
GRID = 300
TAUS = [Fraction(k, 4) for k in range(9)]
"""Tolerances, as shares of the difference of the shown values."""
CELLS = 25
"""Queries a side, where a tolerance is drawn."""
LOWEST = 1e-6
PALE_MIN, PALE_MAX = "#9CCBEA", "#F4B98B"


@dataclass(frozen=True)
class _Style:
    colour: str
    marker: str
    dashes: Any


# Okabe and Ito's colours with a marker and a dash pattern each, so that a grey print tells them apart.
_STYLES = (
    _Style("#000000", "s", "-"),
    _Style("#0072B2", "o", (0, (6, 1.5))),
    _Style("#D55E00", "^", "-"),
    _Style("#009E73", "D", (0, (1, 1.2))),
    _Style("#CC79A7", "v", (0, (4, 1.5, 1, 1.5))),
    _Style("#E69F00", "P", (0, (2.5, 1.5))),
)


# -- shares ------------------------------------------------------------------------------------------------


def draw_shares(rows: Sequence[str], dim: int, output: Destination) -> None:
    """Draw the decidable shares of the rows against d, and at `dim` against eps.

    Raises
    ------
    InvalidInput : a d that cannot be drawn. MissingDependency : matplotlib is not installed.
    """
    with pyplot() as plt:
        save(plt, _shares(plt, rows, dim), output)


def _lines(rows: Sequence[str]) -> list[tuple[_Style, str, SharpRow]]:
    """(style, label, row) of every line; rows with the same numbers share one."""
    first, *others = _STYLES
    lines: list[tuple[_Style, str, SharpRow]] = []
    known = [key for key in rows if sharp_row(key).everywhere == 1]
    if known:
        widest = max(known, key=lambda key: CLASSES[key].max_dim is None)
        names = " and ".join(latex_name(CLASSES[key].name) for key in known)
        lines.append((first, names, sharp_row(widest)))
    varying = [key for key in reversed(CLASSES) if sharp_row(key).varies]
    parts = [(key, *part) for key in varying for part in sharp_row(key).drawn()]
    for style, (key, label, row) in zip(others, parts, strict=True):
        if key in rows:
            lines.append((style, label, row))
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
        title=_zero(rows, "$d$ and $\\varepsilon$ (not on the scale)"),
        title_fontsize=8.5,
    )
    return figure


def _zero(rows: Sequence[str], where: str) -> str | None:
    """The rows that are left out because their share is 0, in words."""
    names = [CLASSES[key].named(19) for key in rows if sharp_row(key).everywhere == 0]
    return f"Share 0 at every {where}: {', '.join(names)}." if names else None


def _line(panel: Any, x: list[Any], y: list[float], s: _Style, label: str, every: Any) -> None:
    panel.plot(
        x, y, color=s.colour, ls=s.dashes, marker=s.marker, ms=5, mfc="white", mew=1.2, lw=1.6,
        markevery=every, label=label, clip_on=True,
    )  # fmt: skip


# -- regions -----------------------------------------------------------------------------------------------


def draw_regions(rows: Sequence[str], dim: int, output: Destination) -> None:
    """Draw where the side is decidable on the square, for each row's example; `dim` is 2.

    Raises
    ------
    InvalidInput : another d, or no row of two inputs. MissingDependency : matplotlib is not installed.
    """
    with pyplot() as plt:
        if dim != 2:
            raise InvalidInput(f"--dim {dim}: regions are drawn at d = 2")
        save(plt, _regions(plt, rows), output)


# -- what a tolerance costs --------------------------------------------------------------------------------


def draw_tolerance(rows: Sequence[str], dim: int, output: Destination) -> None:
    """Draw the decidable shares of a grid of queries against the tolerance, where shown points need not be extremes; `dim` is 2.

    Raises
    ------
    InvalidInput : another d, or no row with a share above 0. MissingDependency : matplotlib is not installed.
    """
    with pyplot() as plt:
        if dim != 2:
            raise InvalidInput(f"--dim {dim}: the cost of a tolerance is drawn at d = 2")
        save(plt, _tolerance(plt, rows), output)


def tolerance_shares(cls: FunctionClass, v: Visualization, tau: Fraction) -> tuple[float, float]:
    """The shares of a grid of queries of two inputs at which side, and approx with eps = 1/4, is decidable; in exact numbers."""
    middle = [Fraction(2 * k + 1, 2 * CELLS) for k in range(CELLS)]
    found = bounds(cls, v, [(x, y) for y in middle for x in middle], tolerance=tau)
    side, approx = (float((found.decidable[task] == 1).mean()) for task in ("side", "approx"))
    return side, approx


def _tolerance(plt: Any, rows: Sequence[str]) -> Any:
    lines = [line for line in _lines(rows) if line[2].is_about(2)]
    if not lines:
        raise InvalidInput(
            f"{', '.join(rows)}: no share above 0 at d = 2, nothing to draw; choose other classes"
        )
    figure, panels = plt.subplots(1, 2, figsize=(8.6, 4.3), layout="constrained", sharey=True)
    for style, label, row in lines:
        shares = [(1.0, 1.0)] * len(TAUS)
        if row.varies:
            v = example(row.key, 2).v
            shares = [tolerance_shares(row.function_class(2), v, tau * v.range) for tau in TAUS]
        for panel, values in zip(panels, zip(*shares, strict=True), strict=True):
            _line(panel, [float(tau) for tau in TAUS], list(values), style, label, 1)
    for panel, title in zip(
        panels, ("side decidable", r"known up to $(\beta-\alpha)/4$"), strict=True
    ):
        panel.grid(True, which="major", color="#DDDDDD", lw=0.6)
        panel.set_axisbelow(True)
        panel.set_title(f"{title}, $d=2$", fontsize=10)
        panel.set(xlabel=r"tolerance $\tau/(\beta-\alpha)$", ylim=(-0.03, 1.06))
    panels[0].set(ylabel=f"share of ${CELLS}\\times{CELLS}$ queries")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=9,
        title=_zero(rows, "tolerance (not drawn)"),
        title_fontsize=8.5,
    )
    return figure


DRAWINGS = {"share": draw_shares, "regions": draw_regions, "tolerance": draw_tolerance}
"""What `trompe plot sharp --kind` takes."""


@dataclass(frozen=True)
class _Panel:
    title: str
    cls: FunctionClass
    v: Visualization
    share: str


def _panels(rows: Sequence[str]) -> list[_Panel]:
    """One a row; rows in which everything is open share one where their examples do."""
    panels: dict[Any, _Panel] = {}
    for key in rows:
        if not sharp_row(key).is_about(2):
            continue
        v = example(key, 2).v
        for label, row in sharp_row(key).drawn():
            place = v if row.everywhere == 0 else label
            name = CLASSES[key].named(10)
            if place in panels:
                panels[place] = replace(panels[place], title=f"{panels[place].title}, {name}")
                continue
            share = row.side_share(2)
            short = share.form if len(share.form) <= 3 else f"{float(share.value):.3f}"
            title = name if row.everywhere == 0 else label.partition(" (")[0]
            panels[place] = _Panel(title, row.function_class(2), v, short)
    if not panels:
        raise InvalidInput(f"{', '.join(rows)}: no class of two inputs to draw; leave out --class")
    return list(panels.values())


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
