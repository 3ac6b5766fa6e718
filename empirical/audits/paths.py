"""Path similarity: does a visualization travel through the network as the images of its class do?

Per layer, the mean correlation of the activations of a class's visualizations with those of natural
images of that class, on a scale where natural pairs of different classes give 0 and of one class 1.
The mean over all natural images of a correlation is one inner product with the sum of their unit
vectors, so images are streamed: memory is bounded by classes times layer, not by the number of images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import Any

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
from trompe.empirical.streams import ClassLabels, ImageStream, NaturalImages, as_stream
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
    image_error: float | None = None
    """Standard error of the mean over classes, for other natural images of these classes; None where it was not asked for."""

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

    def interval(self, looks: int = 1) -> tuple[float, float] | None:
        """95 % interval of the mean, for other natural images of these classes; None where there is no error or no scale.

        Parameters
        ----------
        looks : how many intervals are looked at together (Bonferroni: all of them hold with 95 %).
        """
        if self.image_error is None or not self.comparable:
            return None
        half = NormalDist().inv_cdf(1 - 0.025 / looks) * self.image_error
        return self.mean - half, self.mean + half


@torch.no_grad()
@checked
def path_similarity(
    model: torch.nn.Module,
    layers: Sequence[str],
    natural: NaturalImages,
    labels: ClassLabels,
    probes: dict[str, tuple[torch.Tensor, torch.Tensor]],
    measure: str = "spearman",
    batch: Steps = 100,
    show: bool = False,
    errors: bool = False,
) -> dict[str, list[LayerSimilarity]]:
    """The similarity of each group of probes to natural images, layer by layer.

    Held at a time: one batch of images with its activations in `layers`, and per layer one vector a class; with
    `errors` also one vector a class and group of probes.

    Parameters
    ----------
    natural, labels : images (n, channels, height, width) in [0, 1] and classes (n,), at least two a class,
        arrays or tensors; or a DataLoader or a stream, which have labels of their own.
    probes : name -> (images, classes), for example visualizations and uniform noise. A probe's class
        says which natural images it is held against.
    errors : also the standard errors over natural images, which takes a second pass over them. They are left out where a
        class has fewer than three images.

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
        del part  # the second pass holds its own
        found: dict[str, list[LayerSimilarity]] = {}
        probed: dict[tuple[str, str], torch.Tensor] = {}
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
                        if errors:
                            kept = probed.setdefault((name, layer), torch.zeros_like(sums[layer]))
                            of = torch.tensor(
                                wanted[first : first + len(units)], device=kept.device
                            )
                            kept.index_add_(0, of, units)
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
        if errors and min(counts.values()) > 2:
            _add_errors(
                found, model, stream, rows, outputs, (sums, squares, probed), probes, batch, show
            )
    return found


def _add_errors(
    found: dict[str, list[LayerSimilarity]],
    model: torch.nn.Module,
    stream: ImageStream,
    rows: torch.Tensor,
    outputs: Any,
    kept: Any,
    probes: dict[str, tuple[torch.Tensor, torch.Tensor]],
    batch: int,
    show: bool,
) -> None:
    """Standard errors by the stratified jackknife: each natural image is left out in turn, in a second pass."""
    sums, squares, probed = kept
    sizes = torch.bincount(rows).double()
    left_out = {
        key: _LeftOut(
            sums[key[1]],
            squares[key[1]],
            probe_sums,
            _probes_a_class(probes[key[0]][1], stream),
            sizes,
        )
        for key, probe_sums in probed.items()
    }
    with progress_bar("each natural image left out", len(stream), show) as advance:
        done = 0
        for part in stream.batches(batch):
            model(part)
            index = rows[done : done + len(part)]
            for layer in sums:
                for first, units in _unit_parts(
                    outputs.take(layer), found[next(iter(found))][0].measure
                ):
                    for (_, of), leave in left_out.items():
                        if of == layer:
                            leave.add(units, index[first : first + len(units)])
            done += len(part)
            advance(len(part))
    for name, values in found.items():
        found[name] = [
            replace(v, image_error=left_out[name, v.layer].error() if v.comparable else None)
            for v in values
        ]


def _probes_a_class(of_class: torch.Tensor, stream: ImageStream) -> torch.Tensor:
    """How many probes there are of each class of the stream, in the order of its rows."""
    classes = torch.tensor(np.unique(stream.labels), device=of_class.device)
    return (of_class[None, :] == classes[:, None]).sum(1).double()


class _LeftOut:
    """The mean similarity of one group of probes in one layer without each natural image in turn.

    Everything is a quotient of sums over pairs of images: of one class, of different classes, of a class and its probes. An
    image takes its own pairs out of them, which are its inner products with the classes' sums.

    Parameters
    ----------
    sums : (C, D), the sum of the unit vectors of each class. squares : (C,), that of their squares. probes : (C, D), the
        same sum of the probes. count : (C,) probes of each class. sizes : (C,) natural images of each class, at least 3.
    """

    def __init__(
        self,
        sums: torch.Tensor,
        squares: torch.Tensor,
        probes: torch.Tensor,
        count: torch.Tensor,
        sizes: torch.Tensor,
    ) -> None:
        self.sums, self.probes, self.count, self.sizes = sums, probes, count, sizes
        self.pairs = sums.square().sum(1) - squares
        self.others = (sums * (sums.sum(0) - sums)).sum(1)
        self.with_probes = (sums * probes).sum(1)
        self.total = torch.zeros_like(sizes)
        self.total_of_squares = torch.zeros_like(sizes)

    def add(self, units: torch.Tensor, index: torch.Tensor) -> None:
        """Leave out images with these unit vectors (n, D) and rows (n,), one at a time."""
        inner = units @ self.sums.T
        n, size, every = len(units), self.sizes, self.sizes.sum()
        own = torch.arange(n, device=units.device), index
        left = size[index]
        same = (self.pairs / (size * (size - 1))).expand(n, -1).clone()
        own_pairs = inner[own] - units.square().sum(1)
        same[own] = (self.pairs[index] - 2 * own_pairs) / ((left - 1) * (left - 2))
        different = (self.others - inner) / (size * (every - 1 - size))
        to_others = inner.sum(1) - inner[own]
        different[own] = (self.others[index] - to_others) / ((left - 1) * (every - left))
        is_probed = self.count > 0
        raw = (self.with_probes / (size * self.count.clamp_min(1))).expand(n, -1).clone()
        mine = (units * self.probes[index]).sum(1)
        raw[own] = (self.with_probes[index] - mine) / ((left - 1) * self.count[index].clamp_min(1))
        low = different.mean(1)
        value = (raw[:, is_probed].mean(1) - low) / (same.mean(1) - low)
        self.total.index_add_(0, index, value)
        self.total_of_squares.index_add_(0, index, value.square())

    def error(self) -> float:
        """The square root of the sum over classes of (n-1)/n times the squared deviations from the class's mean."""
        spread = self.total_of_squares - self.total.square() / self.sizes
        return float((((self.sizes - 1) / self.sizes) * spread.clamp_min(0)).sum().sqrt())


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
    """What `audit_paths` found: similarity by layer for visualizations and for two controls, with what repeats it."""

    visualizations: tuple[LayerSimilarity, ...]
    noise: tuple[LayerSimilarity, ...]
    """Uniform noise."""
    scrambled: tuple[LayerSimilarity, ...]
    """Natural images of the class with their amplitudes and random phases."""
    read_as_class: float
    """The share of visualizations whose largest output is the unit they were made for."""
    images: int
    units: tuple[int, ...]
    """The output of each class."""
    seeds: tuple[int, ...]
    steps: int


@checked
def audit_paths(
    model: torch.nn.Module,
    layers: Sequence[str],
    images: NaturalImages,
    labels: ClassLabels = None,
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
    class, layer by layer. Two controls: uniform noise, and images of the class with random phases, which keep its
    amplitudes and colours and show nothing. Images are streamed, three times.

    Parameters
    ----------
    images, labels : natural images (n, channels, height, width) in [0, 1] and classes 0 .. C-1, arrays or tensors;
        or a DataLoader or a stream (`open_images`), which have labels of their own.
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
    plain, of_plain = _some_of_each_class(natural, len(seeds), batch)
    scrambled = phase_scrambled(plain, generator)
    read = predict(model, run.images, batch).argmax(1)
    target = torch.tensor(wanted * len(seeds), device=natural.device)
    probes = {
        "visualizations": (run.images, of_class),
        "noise": (noise, of_class),
        "scrambled": (scrambled, of_plain),
    }
    found = path_similarity(model, layers, natural, None, probes, measure, batch, show, errors=True)
    return PathAudit(
        tuple(found["visualizations"]),
        tuple(found["noise"]),
        tuple(found["scrambled"]),
        share(read == target),
        len(natural),
        tuple(wanted),
        tuple(seeds),
        steps,
    )


def phase_scrambled(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Images (n, channels, height, width) with their amplitudes and mean colours, and random phases, cut to [0, 1].

    The same phases in all channels of an image, so that colours stay those of the image.
    """
    n, _, height, width = images.shape
    noise = torch.rand((n, 1, height, width), generator=generator).to(images.device)
    phases = torch.fft.rfft2(noise - noise.mean((-2, -1), keepdim=True))
    phases[..., 0, 0] = 1  # the mean keeps its own
    phases = phases / phases.abs().clamp_min(1e-12)
    mixed = torch.fft.irfft2(torch.fft.rfft2(images) * phases, s=(height, width))
    return mixed.clamp(0, 1)


def _some_of_each_class(
    stream: ImageStream, count: int, batch: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The first images of each class, at most `count` of each, and their classes."""
    taken: dict[int, int] = {}
    images, classes, done = [], [], 0
    for part in stream.batches(batch):
        for image, c in zip(part, stream.labels[done : done + len(part)].tolist(), strict=True):
            if taken.get(c, 0) < count:
                taken[c] = taken.get(c, 0) + 1
                images.append(image.clone())  # a view would keep its batch
                classes.append(c)
        done += len(part)
        if len(taken) == len(set(stream.labels.tolist())) and min(taken.values()) == count:
            break
    return torch.stack(images), torch.tensor(classes, device=stream.device)
