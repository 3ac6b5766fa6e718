"""Figures: nothing is cut off, nothing overlaps, equal runs give equal bytes."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
pytest.importorskip("matplotlib", reason="figures are drawn with matplotlib")

import itertools

import numpy as np

from trompe.empirical.experiments import figures

LONG = [f"class {k} with a long name that is cut" for k in range(8)]


def texts(figure):
    """Boxes of all texts in pixels, and the figure's own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    beyond = set()  # ticks outside the limits are kept by matplotlib, but not drawn
    for axis in (a for axes in figure.axes for a in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
            if not low <= place <= high:
                beyond.add(label)
    found = [
        t for t in figure.findobj(Text)
        if t.get_text().strip() and t.get_visible() and t not in beyond
    ]  # fmt: skip
    return [(t, t.get_window_extent(canvas.get_renderer())) for t in found], figure.bbox


def cut_off(figure):
    found, whole = texts(figure)
    return [
        t.get_text()
        for t, box in found
        if box.x0 < -1 or box.y0 < -1 or box.x1 > whole.x1 + 1 or box.y1 > whole.y1 + 1
    ]


def overlapping(figure):
    found, _ = texts(figure)
    level = [(t, b) for t, b in found if not t.get_rotation()]  # a slanted text's box says little
    return [
        (a.get_text(), b.get_text())
        for (a, p), (b, q) in itertools.combinations(level, 2)
        if min(p.x1, q.x1) - max(p.x0, q.x0) > 1 and min(p.y1, q.y1) - max(p.y0, q.y0) > 1
    ]


def rng(*shape):
    return np.random.default_rng(0).random(shape)


GRIDS = [
    ({"natural": rng(10, 1, 8, 8), "fooled,\ntwice": rng(10, 1, 8, 8)}, [f"unit {k}" for k in range(10)], None),
    ({"a": rng(8, 3, 6, 9)}, LONG, None),
    ({"shown": rng(2, 1, 8, 8), "held out": rng(8, 1, 8, 8)}, (),
     {"shown": ["minimum: 0", "maximum: 1"], "held out": ["f = 19/20\ng = 1/20"] * 8}),
    ({"eye": rng(4, 1, 8, 8)}, ["target", "fooled,\npixel", "fooled, Fourier\n+ transforms", "published unit,\nalone"],
     {"eye": ["", "r = 1.000", "r = 0.988", "r = 0.307"]}),
    ({"one": rng(1, 1, 9, 4)}, ["a"], None),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "columns", "notes"), GRIDS)
def test_grids_keep_their_words_apart(rows, columns, notes):
    figure = figures.image_grid(
        rows, columns, "A title that is long enough to need a second line " * 2, notes
    )
    assert figure.get_figwidth() <= figures.WIDTH + 1e-9
    assert cut_off(figure) == []
    assert overlapping(figure) == []


def test_the_check_sees_a_crowded_grid():
    crowded = figures.image_grid(GRIDS[0][0], [f"unit {k}" for k in range(10)], "title")
    crowded.set_size_inches(2.0, 1.0)  # the planted fault: the same letters on less room
    assert overlapping(crowded)
    assert cut_off(crowded)


def test_plots_keep_their_words_apart():
    x = [f"inception{k}" for k in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]
    y = list(np.linspace(-1, 1, 9))
    series = {"visualizations": (y, [0.1] * 9), "noise": (y[::-1], ([0.1] * 9, [0.2] * 9))}
    marks = [(0.0, "natural images,\nother class"), (1.0, "natural images,\nsame class")]
    for figure in (
        figures.curves(x, series, "layer", "similarity", "A title", marks, legend="lower right"),
        figures.curves([0, 1, 2, 4, 8], {"a": ([1.0] * 5, None)}, "radius", "share"),
        figures.curves(
            [0, 1],
            {f"n = {k} of some photographs": ([1.0, 0.0], None) for k in range(4)},
            "r",
            "s",
            legend="below",
        ),
        figures.spans(
            [(0.1, 0.2), (-0.3, -0.3)], ("exact", "bound"), "box", "e", "t", [(0.0, "-1/40")]
        ),
        figures.ridges(
            {"natural": rng(50), "fooled": 3 + rng(9)}, "e(x)", "Where", [(2.0, "ramp")]
        ),
    ):
        assert cut_off(figure) == []
        assert overlapping(figure) == []


def test_long_names_of_layers_stand_apart():
    x = [f"features.fire{k}.expand3x3" for k in range(2, 13)]
    figure = figures.curves(x, {"a": ([0.1] * 11, None)}, "layer", "similarity", "A title")
    assert cut_off(figure) == []
    assert {t.get_rotation() for t in figure.axes[0].get_xticklabels()} == {40.0}
    short = figures.curves([name[:5] for name in x], {"a": ([0.1] * 11, None)}, "layer", "s")
    assert {t.get_rotation() for t in short.axes[0].get_xticklabels()} == {0.0}
    for label in figure.axes[0].get_xticklabels():  # the planted fault
        label.set_rotation(0)
        label.set_ha("center")
    assert overlapping(figure)


def test_equal_figures_are_equal_bytes(tmp_path):
    for name in ("a", "b"):
        figures.save(figures.image_grid(*GRIDS[0][:2], "t"), tmp_path / name, "grid")
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"a/grid.{suffix}").read_bytes() == (
            tmp_path / f"b/grid.{suffix}"
        ).read_bytes()


@pytest.mark.parametrize(("k", "n"), [(0, 10), (355, 355), (43, 60), (9993, 10000)])
def test_intervals_are_wilsons(k, n):
    stats = pytest.importorskip("scipy.stats", reason="the second derivation is scipy's")
    below, above = figures.binomial_interval(k / n, n)
    ci = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert abs(k / n - below - ci.low) < 1e-4
    assert abs(k / n + above - ci.high) < 1e-4


def test_figures_of_large_pictures_are_saved_in_few_colours(tmp_path):
    PIL = pytest.importorskip("PIL.Image")
    noise = np.random.default_rng(0).random((4, 3, 80, 80))
    sizes = {}
    for dpi in (figures.DPI_LARGE, figures.DPI_LARGE + 1):
        figures.save(figures.image_grid({"noise": noise}), tmp_path, "noise", ("png",), dpi)
        path = tmp_path / "noise.png"
        with PIL.open(path) as opened:
            sizes[opened.mode] = path.stat().st_size
    assert sizes["P"] < 0.6 * sizes["RGBA"]
