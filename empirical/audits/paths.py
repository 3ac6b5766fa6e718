"""Path similarity: does a visualization travel through the network as the images of its class do?

Per layer, the mean correlation of the activations of a class's visualizations with those of natural
images of that class, on a scale where natural pairs of different classes give 0 and of one class 1.
The mean over all natural images of a correlation is one inner product with the sum of their unit
vectors, so images are streamed: memory is bounded by classes times layer, not by the number of images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from trompe.empirical._torch import Seed, Steps, torch
from trompe.empirical.inspection import (
    capture,
    check_finite,
    check_model,
    layer_and_call,
    layer_names,
    named_layer,
    predict,
)
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.progress import progress_bar
from trompe.empirical.similarity import MEASURES, share, unit_rows
from trompe.empirical.streams import ImageStream, as_stream
from trompe.ground.arguments import checked
from trompe.ground.errors import known
from trompe.theory import InvalidInput

SMALLEST_SCALE = 1e-6
"""Below this difference of the two anchors (correlations) a normalised similarity would be rounding."""
ROWS_TIMES_UNITS = 2**22
"""Numbers of one layer that are ranked at once: ranks take six arrays of this size, 8 bytes a number."""


@dataclass(frozen=True)
class LayerSimilarity:
    """One layer's similarity of probes to natural images: per class, normalised, with its raw anchors."""

    layer: str
    measure: str
    per_class: tuple[float, ...]
    """0 for every class where the layer is not `comparable`."""
    same: float
    """Mean correlation of natural pairs of one class, before normalisation."""
    different: float
    """The same for pairs of different classes."""

    @property
    def comparable(self) -> bool:
        """Are natural images of one class more alike here than those of different classes? If not, there is no scale."""
        return self.same - self.different > SMALLEST_SCALE

    @property
    def mean(self) -> float:
        """Mean over classes."""
        return sum(self.per_class) / len(self.per_class)

    @property
    def error(self) -> float:
        """Standard error of the mean over classes."""
        n = len(self.per_class)
        spread = sum((v - self.mean) ** 2 for v in self.per_class) / max(n - 1, 1)
        return float((spread / n) ** 0.5)


@torch.no_grad()
@checked
def path_similarity(
    model: torch.nn.Module,
    layers: Sequence[str],
    natural: torch.Tensor | ImageStream,
    labels: torch.Tensor | None,
    probes: dict[str, tuple[torch.Tensor, torch.Tensor]],
    measure: str = "spearman",
    batch: Steps = 100,
    show: bool = False,
) -> dict[str, list[LayerSimilarity]]:
    """The similarity of each group of probes to natural images, layer by layer.

    Held at a time: one batch of images with its activations in `layers`, and per layer one vector a class.

    Parameters
    ----------
    natural, labels : images (n, channels, height, width) in [0, 1] and classes (n,), at least two a class; or
        a stream, which has labels of its own.
    probes : name -> (images, classes), for example visualizations and uniform noise. A probe's class
        says which natural images it is held against.

    Raises
    ------
    InvalidInput : fewer than two classes, a class with one image, or an image that gives NaN or infinite numbers in
    a layer. UnknownKey : no such layer.
    """
    stream = as_stream(natural, labels)
    counts = check_classes(stream)
    row = {c: i for i, c in enumerate(counts)}
    rows = torch.tensor([row[c] for c in stream.labels.tolist()], device=stream.device)
    sums: dict[str, torch.Tensor] = {}
    squares: dict[str, torch.Tensor] = {}
    with (
        capture(model, layers) as outputs,
        progress_bar("paths of natural images", len(stream), show) as advance,
    ):
        done = 0
        for part in stream.batches(batch):
            model(part)
            index = rows[done : done + len(part)]
            for layer in layers:
                output = outputs.take(layer)
                check_finite(output, repr(layer), stream.name, len(part), done)
                for first, units in _unit_parts(output, measure):
                    if layer not in sums:
                        sums[layer] = units.new_zeros((len(counts), units.shape[1]))
                        squares[layer] = units.new_zeros(len(counts))
                    of = index[first : first + len(units)]
                    sums[layer].index_add_(0, of, units)
                    squares[layer].index_add_(0, of, units.square().sum(1))
            done += len(part)
            advance(len(part))
        found: dict[str, list[LayerSimilarity]] = {}
        anchors = {layer: _anchors(sums[layer], squares[layer], counts) for layer in layers}
        for name, (images, of_class) in probes.items():
            got: dict[str, list[torch.Tensor]] = {layer: [] for layer in layers}
            for start in range(0, len(images), batch):
                model(images[start : start + batch])
                wanted = [row[c] for c in of_class[start : start + batch].tolist()]
                for layer in layers:
                    output = outputs.take(layer)
                    check_finite(output, repr(layer), partial(_probe, name), len(wanted), start)
                    for first, units in _unit_parts(output, measure):
                        with_class = sums[layer][wanted[first : first + len(units)]]
                        got[layer].append((units * with_class).sum(1))
            size = torch.tensor([float(counts[c]) for c in of_class.tolist()], device=images.device)
            found[name] = []
            for layer in layers:
                same, different = anchors[layer]
                scale = same - different
                raw = torch.cat(got[layer]) / size
                value = (raw - different) / scale if scale > SMALLEST_SCALE else raw * 0
                per_class = [
                    float(value[of_class == c].mean()) for c in counts if (of_class == c).any()
                ]
                found[name].append(
                    LayerSimilarity(layer, measure, tuple(per_class), same, different)
                )
    return found


def _probe(group: str, index: int) -> str:
    return f"{group}: picture {index}"


def check_classes(stream: ImageStream) -> dict[int, int]:
    """The number of images of each class: at least two classes of two images each."""
    classes, sizes = np.unique(stream.labels, return_counts=True)
    counts = dict(zip(classes.tolist(), sizes.tolist(), strict=True))
    if len(counts) < 2 or min(counts.values()) < 2:
        raise InvalidInput(
            f"path similarity: classes with {sorted(counts.values())[:8]} images; expected at least two classes of "
            "two images each"
        )
    return counts


def _unit_parts(activations: torch.Tensor, measure: str) -> Iterator[tuple[int, torch.Tensor]]:
    """`unit_rows` of a layer's output, a few images at a time where the layer is large; with the first's place."""
    flat = activations.flatten(1)
    count = max(1, ROWS_TIMES_UNITS // max(flat.shape[1], 1))
    for first in range(0, len(flat), count):
        yield first, unit_rows(flat[first : first + count], measure)


def _anchors(
    sums: torch.Tensor, squares: torch.Tensor, counts: dict[int, int]
) -> tuple[float, float]:
    """Mean correlation of natural pairs of one class and of different classes, mean over classes."""
    sizes = torch.tensor(list(counts.values()), dtype=sums.dtype, device=sums.device)
    gram = sums @ sums.T
    within = (gram.diagonal() - squares) / (sizes * (sizes - 1))
    others = (gram.sum(1) - gram.diagonal()) / (sizes * (sizes.sum() - sizes))
    return float(within.mean()), float(others.mean())


def share_below(similarities: Sequence[LayerSimilarity], level: float = 0.5) -> float:
    """The share of layers whose mean similarity is below `level`."""
    return sum(s.mean < level for s in similarities) / len(similarities)


@dataclass(frozen=True)
class PathAudit:
    """What `audit_paths` found: similarity by layer for visualizations and for uniform noise."""

    visualizations: tuple[LayerSimilarity, ...]
    noise: tuple[LayerSimilarity, ...]
    read_as_class: float
    """The share of visualizations whose largest output is the unit they were made for."""
    images: int


@checked
def audit_paths(
    model: torch.nn.Module,
    layers: Sequence[str],
    images: torch.Tensor | ImageStream,
    labels: torch.Tensor | None = None,
    *,
    units: Sequence[int] = (),
    measure: str = "spearman",
    steps: Steps = 256,
    seeds: Sequence[Seed] = (0, 1, 2),
    batch: Steps = 100,
    show: bool = True,
) -> PathAudit:
    """The sanity check: are a class's visualizations processed as its natural images are?

    Visualizations (Fourier with transforms) of each class's output, held against all given images of the
    class, layer by layer; uniform noise is the control. Images are streamed.

    Parameters
    ----------
    images, labels : natural images (n, channels, height, width) in [0, 1] and classes 0 .. C-1; or a stream
        (`open_images`), which has labels of its own.
    units : the output unit of each class; default class c is unit c.

    Raises
    ------
    InvalidInput, UnknownKey : the model, a layer or the classes do not fit, with what to do.
    """
    natural = as_stream(images, labels)
    outputs = check_model(model, natural.first(2), natural.name)
    for layer in layers:
        named_layer(model, layer_and_call(model, layer)[0])
    if not layers:
        raise InvalidInput(
            f"layers: none given; choose some of {', '.join(layer_names(model)[:8])} ..."
        )
    known("measure", measure, MEASURES)
    classes = sorted(set(natural.labels.tolist()))
    unit_of = dict(zip(classes, units, strict=False)) if units else {c: c for c in classes}
    if len(units) not in (0, len(classes)):
        raise InvalidInput(
            f"units: {len(units)} given for {len(classes)} classes; expected one a class"
        )
    wrong = [u for u in unit_of.values() if not 0 <= u < outputs]
    if wrong:
        raise InvalidInput(
            f"unit {wrong[0]}: the model has outputs 0 to {outputs - 1}; give the unit of each class"
        )
    check_classes(natural)
    wanted = [unit_of[c] for c in classes]
    run = maximize(
        model, wanted, natural.shape, Fourier(), seeds=seeds, steps=steps, device=natural.device, show=show
    )  # fmt: skip
    of_class = torch.tensor(classes * len(seeds), device=natural.device)
    generator = torch.Generator().manual_seed(seeds[0])
    noise = torch.rand(run.images.shape, generator=generator).to(natural.device)
    read = predict(model, run.images, batch).argmax(1)
    target = torch.tensor(wanted * len(seeds), device=natural.device)
    probes = {"visualizations": (run.images, of_class), "noise": (noise, of_class)}
    found = path_similarity(model, layers, natural, None, probes, measure, batch, show)
    return PathAudit(
        tuple(found["visualizations"]),
        tuple(found["noise"]),
        share(read == target),
        len(natural),
    )
