"""Figures for a page of text: 6.5 inches wide at most, letters of 7 to 9 points, readable in grey and without colour.

Series differ in marker, line and fill as well as in colour (Okabe and Ito's palette).
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.ground.files import write_file
from trompe.ground.text import wrapped
from trompe.theory import MissingDependency

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette."""
MARKERS = ("o", "s", "^", "D", "v", "P", "x")
STYLES = ("-", "--", "-.", ":")
DPI = 200
DPI_LARGE = 140
"""Of figures with pictures that are large themselves: their files stay small."""
LETTERS = 100
"""So many letters fit below an axis in one line."""
WIDTH = 6.5
"""Inches: the text width of a page."""
LETTER = 0.062
"""Inches that a letter of 8 points takes, with room to spare."""


def drawing() -> Any:
    """matplotlib, or one line that says which extra brings it."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingDependency(
            "matplotlib is not installed, it draws the figures; it comes with: pip install 'trompe[empirical]'"
        ) from error
    return matplotlib


def _figure(width: float, height: float, layout: Any = "constrained") -> Any:
    drawing()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def save(
    figure: Any,
    folder: Path,
    name: str,
    suffixes: Sequence[str] = ("png", "pdf"),
    dpi: int | None = None,
) -> str:
    """Write NAME.png and NAME.pdf, without dates, so that equal runs give equal bytes. The PNG's name."""
    saved: dict[str, dict[str, Any]] = {
        "png": {"dpi": dpi or DPI, "metadata": {"Software": None}},
        "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
    }
    for suffix in suffixes:
        options, buffer = saved[suffix], io.BytesIO()
        with drawing().rc_context({"pdf.fonttype": 42}):  # letters stay letters in the PDF
            figure.savefig(buffer, format=suffix, **options)
        content = buffer.getvalue()
        if suffix == "png" and dpi == DPI_LARGE:
            content = in_few_colours(content)
        write_file(folder / f"{name}.{suffix}", content, parents=True)
    return f"{name}.png"


def in_few_colours(png: bytes) -> bytes:
    """A PNG in 256 colours: a third of the size where it shows photographs."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def binomial_interval(share: float, n: int) -> tuple[float, float]:
    """How far Wilson's 95 % interval for a share of n independent trials reaches below and above it."""
    z = 1.96
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, share - (centre - half)), max(0.0, centre + half - share)


def image_grid(
    rows: Mapping[str, Any], columns: Sequence[str] = (), title: str = "", notes: Any = None
) -> Any:
    """One labelled row of images per entry; images (n, channels, height, width) in [0, 1].

    columns : what stands above them. notes : per row name, a sequence of short texts under its images.
    """
    images = {name: np.asarray(part) for name, part in rows.items()}
    most = max(map(len, images.values()))
    notes = notes or {}
    lines = 1 + max((text.count("\n") for part in notes.values() for text in part), default=-1)
    label = LETTER * _longest(images) + 0.12
    cell = min(1.0, (WIDTH - label - 0.05) / most)
    columns = [
        text if "\n" in text else textwrap.shorten(text, 24, placeholder=" ...") for text in columns
    ]
    longest = 7 / 8 * LETTER * _longest(columns)
    slanted = longest > 1.02 * cell
    beside = max(0.0, 0.77 * longest - 0.6 * cell) if slanted else 0.0
    cell = min(cell, (WIDTH - label - 0.05 - beside) / most)
    width = max(label + cell * most + 0.05 + beside, 3.2)
    upright = 0.05 + 0.13 * max((1 + text.count("\n") for text in columns), default=0)
    head = 0.6 * longest + 0.12 if slanted else upright
    heading = wrapped(title, int((width - 0.1) / LETTER), cuts_words=True, cuts_hyphens=True)
    above = 0.16 * len(heading) + 0.06 + head
    tall = cell * max(part.shape[2] / part.shape[3] for part in images.values())
    row = tall + 0.14 * lines
    height = above + row * len(images) + 0.04
    figure = _figure(width, height, None)
    for r, (name, part) in enumerate(images.items()):
        bottom = height - above - row * r - tall
        figure.text((label - 0.08) / width, (bottom + 0.48 * tall) / height, name, fontsize=8,
                    ha="right", va="center")  # fmt: skip
        for c, image in enumerate(part):
            left = label + cell * c
            side, up = 0.94 * cell, 0.94 * tall
            axis = figure.add_axes((left / width, bottom / height, side / width, up / height))
            _show(axis, image)
            if c < len(notes.get(name, ())):
                figure.text((left + side / 2) / width, (bottom - 0.03) / height, notes[name][c],
                            fontsize=7, ha="center", va="top", linespacing=1.05)  # fmt: skip
    for c, text in enumerate(columns[:most]):
        place = (label + cell * (c + (0.3 if slanted else 0.47))) / width
        figure.text(place, (height - above + 0.02) / height, text, fontsize=7, va="bottom",
                    ha="left" if slanted else "center", rotation=40 if slanted else 0)  # fmt: skip
    if heading:
        figure.text(0.05 / width, 1 - 0.05 / height, "\n".join(heading), fontsize=8.5, va="top")
    return figure


def _longest(texts: Iterable[str]) -> int:
    """Letters of the longest line."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def _show(axis: Any, image: NDArray[Any]) -> None:
    if image.shape[0] == 1:
        axis.imshow(image[0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        axis.imshow(np.clip(image.transpose(1, 2, 0), 0, 1), interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():  # a white picture ends somewhere too
        spine.set(linewidth=0.4, color="0.6")


def _axes(
    height: float, xlabel: str, ylabel: str, title: str, marks: Sequence[tuple[float, str]]
) -> Any:
    """A figure with one pair of axes; `marks` are levels of y, named in the right margin."""
    figure = _figure(WIDTH, height)
    axis = figure.subplots()
    for level, text in marks:
        axis.axhline(level, color="0.55", linewidth=0.8, zorder=0)
        axis.annotate(text, (1.01, level), xycoords=("axes fraction", "data"), fontsize=7, color="0.25",
                      ha="left", va="center", annotation_clip=False)  # fmt: skip
    axis.set_xlabel(xlabel, fontsize=8.5)
    axis.set_ylabel(ylabel, fontsize=8.5)
    axis.tick_params(labelsize=7.5)
    axis.spines[["top", "right"]].set_visible(False)
    if title:
        axis.set_title(title, fontsize=9, loc="left")
    return figure, axis


def curves(
    x: Sequence[Any],
    series: Mapping[str, tuple[Sequence[float], Any]],
    xlabel: str,
    ylabel: str,
    title: str = "",
    marks: Sequence[tuple[float, str]] = (),
    limits: tuple[float, float] | None = None,
    legend: str = "best",
) -> Any:
    """Curves with error bars over x (numbers, or names set side by side), moved apart a little sideways.

    series : name -> (values, errors); errors one a value, or a pair (below, above) of such lists, or None. legend : a place
        inside, or "below" the axes, where the curves leave none.
    """
    figure, axis = _axes(3.3, xlabel, ylabel, title, marks)
    named = bool(x) and isinstance(x[0], str)
    places = np.arange(len(x)) if named else np.asarray(x, dtype=float)
    apart = 0.011 * float(np.ptp(places))
    for k, (name, (values, errors)) in enumerate(series.items()):
        colour = COLOURS[k % 7]
        axis.errorbar(
            places + apart * (k - (len(series) - 1) / 2), values, yerr=errors, label=name, color=colour,
            marker=MARKERS[k % 7], markersize=4.5, markerfacecolor="white" if k % 2 else colour,
            linewidth=1.3, elinewidth=0.9, capsize=2, linestyle=STYLES[k % 4],
        )  # fmt: skip
    words = [str(name).removeprefix("inception") for name in x]
    slanted = max(map(len, words), default=0) * len(words) > LETTERS
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    axis.set_xticks(places, words, **(turned if slanted else {}))
    if limits:
        axis.set_ylim(*limits)
    below = legend == "below"
    place = {"loc": "outside lower center", "ncols": 2} if below else {"loc": legend}
    (figure if below else axis).legend(fontsize=7.5, frameon=False, handlelength=3.2, **place)
    return figure


def spans(
    pairs: Sequence[tuple[float, float]],
    names: tuple[str, str],
    xlabel: str,
    ylabel: str,
    title: str = "",
    marks: Sequence[tuple[float, str]] = (),
) -> Any:
    """Pairs of values, each pair joined by a line, in the order of the first ones."""
    figure, axis = _axes(3.0, xlabel, ylabel, title, marks)
    low, high = np.array(sorted(pairs)).T
    places = np.arange(1, len(pairs) + 1)
    axis.vlines(places, low, high, color="0.5", linewidth=1)
    axis.plot(places, low, "o", markersize=4.5, color=COLOURS[0], label=names[0])
    axis.plot(places, high, "s", markersize=4.5, color=COLOURS[1], markerfacecolor="white", label=names[1])  # fmt: skip
    axis.margins(y=0.08)
    axis.legend(fontsize=7.5, frameon=False, loc="best")
    return figure


def ridges(
    groups: Mapping[str, Any], xlabel: str, title: str = "", marks: Sequence[tuple[float, str]] = ()
) -> Any:
    """One histogram a group, one above the other on one axis, each as high as its own highest bar."""
    figure, axis = _axes(0.75 + 0.52 * len(groups), xlabel, "", title, ())
    values = {name: np.asarray(part, dtype=np.float64).ravel() for name, part in groups.items()}
    low, high = min(v.min() for v in values.values()), max(v.max() for v in values.values())
    edges = np.linspace(low, high if high > low else low + 1, 81)
    for k, part in enumerate(values.values()):
        counts, _ = np.histogram(part, edges)
        base = len(values) - 1 - k
        axis.stairs(base + 0.8 * counts / counts.max(), edges, baseline=base, fill=True, color=COLOURS[k % 7],
                    alpha=0.45)  # fmt: skip
        axis.stairs(base + 0.8 * counts / counts.max(), edges, baseline=base, color="0.15", linewidth=0.7)  # fmt: skip
        axis.axhline(base, color="0.15", linewidth=0.7)
    axis.set_yticks(
        [len(values) - 1 - k + 0.3 for k in range(len(values))],
        [f"{name}\n(n = {len(part):,})" for name, part in values.items()],
    )
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_ylim(-0.02, len(values))
    for place, text in marks:
        axis.axvline(place, color="0.2", linewidth=0.9, linestyle="--")
        axis.annotate(text, (place, 1), xytext=(3, 0), textcoords="offset points",
                      xycoords=("data", "axes fraction"), fontsize=7, va="top")  # fmt: skip
    return figure
