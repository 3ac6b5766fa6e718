"""Pictures of a fooling pair: f and g over the line or the square, with what they share."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from trompe.constructions import FoolingPair
from trompe.constructions.levels import AnyPair, RescaledPair
from trompe.constructions.triples import NAMES
from trompe.ground.files import Destination
from trompe.theory import InvalidInput, Visualization, theorem
from trompe.theory.levels import LEVELS
from trompe.views.picture import INK, pyplot, save

if TYPE_CHECKING:
    from trompe.constructions.catalogue import Decided


# Okabe and Ito's colours, told apart by every kind of colour vision; line styles differ for print.
F_COLOUR, G_COLOUR, SHADE = "#0072B2", "#D55E00", "#BBBBBB"
GRID_1D, GRID_2D = 1201, 181
Shows: TypeAlias = tuple[str, ...]
"""What the level of the theorem shows."""


def draw(key: str, shown: AnyPair | Decided, output: Destination) -> None:
    """Draw the pair (or the decoder) that shows a theorem, at d = 1 or 2.

    Raises
    ------
    InvalidInput : a decoder of two inputs. MissingDependency : matplotlib is not installed.
    """
    shows = LEVELS[theorem(key).level].shows
    with pyplot() as plt:
        if isinstance(shown, RescaledPair):
            figure = _rescaled(plt, shown)
        elif isinstance(shown, FoolingPair):
            figure = (_line if shown.v.dim == 1 else _square)(plt, shown, shows)
        else:
            figure = _decoder(plt, shown, shows)
        figure.suptitle(f"{key} (d = {shown.v.dim})", x=0.02, ha="left", fontsize=11)
        save(plt, figure, output)


def _said(name: str, shows: Shows) -> str:
    return f"shown: {name}" if name in shows else f"{name}, not shown"


def _envelope_line(pair: FoolingPair) -> tuple[Any, Any]:
    """The envelope at each z, from exact queries; at the shown points it is a point."""
    grid = [(Fraction(k, GRID_1D - 1),) for k in range(GRID_1D)]
    fibres = [pair.triple.cls.envelope(pair.v, q) for q in grid]
    return (
        np.array([float(f.lower) for f in fibres]),
        np.array([float(f.upper) for f in fibres]),
    )


def _line(plt: Any, pair: FoolingPair, shows: Shows) -> Any:
    figure, axes = plt.subplots(figsize=(6.4, 3.9), layout="constrained")
    z = np.linspace(0.0, 1.0, GRID_1D)
    lower, upper = _envelope_line(pair)
    axes.fill_between(
        z,
        lower,
        upper,
        color=SHADE,
        alpha=0.45,
        lw=0,
        label="everything members with these extremes can do",
    )
    axes.plot(z, pair.f(z[:, None]), color=F_COLOUR, lw=2, label="f")
    axes.plot(z, pair.g(z[:, None]), color=G_COLOUR, lw=2, ls=(0, (5, 2)), label="g")
    _extremes_line(axes, pair.v, shows)
    x, f_x, g_x = float(pair.x[0]), float(pair.f_x), float(pair.g_x)
    axes.annotate(
        "", xy=(x, f_x), xytext=(x, g_x), arrowprops={"arrowstyle": "<->", "color": INK, "lw": 1.2}
    )
    axes.plot([x, x], [f_x, g_x], ls="none", marker="o", ms=4, color=INK)
    low, high = float(pair.v.minimum), float(pair.v.maximum)
    axes.axhline((low + high) / 2, color=INK, lw=0.7, ls=":")
    data = getattr(pair.triple.cls, "data", None)
    if data is not None and len(data):
        inputs, labels = [float(p[0]) for p in data.inputs], [float(y) for y in data.labels]
        axes.plot(
            inputs, labels, marker="s", ms=6, mfc="white", mec=INK, ls="none", label="training data"
        )
    axes.set_title(
        f"query x = {pair.x[0]}: f(x) = {pair.f_x}, g(x) = {pair.g_x}", loc="right", fontsize=9
    )
    axes.set(xlabel="input z", ylabel="activation", xlim=(-0.02, 1.02))
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _rescaled(plt: Any, pair: RescaledPair) -> Any:
    if pair.v.dim != 1:
        raise InvalidInput(f"{pair.cls.key}: a pair of different extreme values is drawn at d = 1")
    figure, axes = plt.subplots(figsize=(6.4, 3.9), layout="constrained")
    z = np.linspace(0.0, 1.0, 65)
    x = float(pair.x[0])
    for name, values, colour, style in zip(
        NAMES, pair.both(z[:, None]), (F_COLOUR, G_COLOUR), ("-", (0, (5, 2))), strict=True
    ):
        at_x = pair.f_x if name == "f" else pair.g_x
        own = pair.v_of(name)
        says = f"{name}, values in [{own.minimum}, {own.maximum}], {name}(x) = {at_x}"
        axes.plot(z, values, color=colour, lw=2, ls=style, label=says)
        axes.plot(x, float(at_x), ls="none", marker="o", ms=5, color=INK)
        for point, value, marker in (
            (own.argmin, own.minimum, "v"),
            (own.argmax, own.maximum, "^"),
        ):
            axes.plot(float(point[0]), float(value), marker=marker, ms=9, color=INK, ls="none")
    axes.axvline(x, color=INK, lw=0.7, ls=":")
    axes.set_title(f"query x = {pair.x[0]}; the same pictures", loc="right", fontsize=9)
    axes.set(xlabel="input z", ylabel="activation", xlim=(-0.02, 1.02))
    figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=9)
    return figure


def _extremes_line(axes: Any, v: Visualization, shows: Shows) -> None:
    for point, value, marker, name in (
        (v.argmin, v.minimum, "v", "argmin"),
        (v.argmax, v.maximum, "^", "argmax"),
    ):
        at = float(point[0]), float(value)
        axes.plot(*at, marker=marker, ms=9, color=INK, ls="none", label=_said(name, shows))


def _square(plt: Any, pair: FoolingPair, shows: Shows) -> Any:
    figure, axes = plt.subplots(1, 3, figsize=(10.2, 3.7), layout="constrained")
    side = np.linspace(0.0, 1.0, GRID_2D)
    z = np.stack(np.meshgrid(side, side, indexing="xy"), axis=-1)
    f, g = pair.f(z), pair.g(z)
    low, high = float(pair.v.minimum), float(pair.v.maximum)
    for panel, values, name in ((axes[0], f, "f"), (axes[1], g, "g")):
        image = panel.imshow(
            values, origin="lower", extent=(0, 1, 0, 1), vmin=low, vmax=high, cmap="cividis"
        )
        panel.contour(side, side, values, levels=[(low + high) / 2], colors="white", linewidths=0.8)
        at_x = pair.f_x if name == "f" else pair.g_x
        panel.set_title(f"{name}, with {name}(x) = {at_x}", fontsize=10)
    figure.colorbar(image, ax=axes[:2], shrink=0.85, label="activation")
    gap = axes[2].imshow(
        f - g, origin="lower", extent=(0, 1, 0, 1), vmin=low - high, vmax=high - low, cmap="RdBu_r"
    )
    axes[2].set_title(f"f - g, at the query {pair.gap}", fontsize=10)
    figure.colorbar(gap, ax=axes[2], shrink=0.85, label="difference")
    for panel in axes:
        for point, marker, name in (
            (pair.v.argmin, "v", _said("argmin", shows)),
            (pair.v.argmax, "^", _said("argmax", shows)),
            (pair.x, "o", "query"),
        ):
            panel.plot(
                float(point[0]),
                float(point[1]),
                marker=marker,
                ms=8,
                mfc="white",
                mec=INK,
                ls="none",
                label=name,
                clip_on=False,
            )
        panel.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _decoder(plt: Any, case: Decided, shows: Shows) -> Any:
    if case.v.dim != 1:
        raise InvalidInput(f"{case.cls.key}: a decoder is drawn at d = 1")
    figure, axes = plt.subplots(figsize=(6.4, 3.9), layout="constrained")
    z = np.linspace(0.0, 1.0, 65)
    exact = [(Fraction(k, len(z) - 1),) for k in range(len(z))]
    if isinstance(case.answer, str):
        return _sides(plt, case, exact, shows)
    answers = [float(case.decode(case.v, point)) for point in exact]
    axes.plot(z, answers, color=F_COLOUR, lw=2, label="the only member, and the decoder's answer")
    _extremes_line(axes, case.v, shows)
    axes.plot(
        float(case.x[0]), float(case.answer), marker="o", ms=6, color=INK, ls="none", label="query"
    )
    axes.annotate(
        f"x = {case.x[0]}, f(x) = {case.answer}",
        xy=(float(case.x[0]), float(case.answer)),
        xytext=(8, -14),
        textcoords="offset points",
        fontsize=9,
    )
    axes.set(xlabel="input z", ylabel="activation", xlim=(-0.02, 1.02))
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def _sides(plt: Any, case: Decided, points: list[Any], shows: Shows) -> Any:
    """The decoder's answers to the side along the line; what f is there is not shown to it."""
    figure, axes = plt.subplots(figsize=(6.4, 2.2), layout="constrained")
    for said, colour in (("min", F_COLOUR), ("max", G_COLOUR)):
        at = [float(point[0]) for point in points if case.decode(case.v, point) == said]
        axes.plot(
            at,
            [said] * len(at),
            marker="o",
            ms=4,
            ls="none",
            color=colour,
            label=f'answer "{said}"',
        )
    for point, marker, name in ((case.v.argmin, "v", "argmin"), (case.v.argmax, "^", "argmax")):
        axes.axvline(float(point[0]), color=INK, lw=0.7, ls=":")
        axes.plot(
            [float(point[0])],
            ["max"],
            marker=marker,
            ms=9,
            color=INK,
            ls="none",
            label=_said(name, shows),
        )
    axes.set(xlabel="query x", ylabel="side", xlim=(-0.02, 1.02))
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure
