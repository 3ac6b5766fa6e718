"""Path similarity: does a visualization travel through the network as the images of its class do?

Per layer, the mean correlation of the activations of a class's visualizations with those of natural
images of that class, on a scale where natural pairs of different classes give 0 and of one class 1.
The mean over all natural images of a correlation is one inner product with the sum of their unit
vectors, so images are streamed: memory is bounded by classes times layer, not by the number of images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np

from trompe.empirical._torch import Seed, Steps, at_once, torch
from trompe.empirical.audits.grouped import GroupLabels, Groups, GroupSums, LeftOut, grouped
from trompe.empirical.inputs.streams import ClassLabels, ImageStream, NaturalImages, as_stream
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.networks.calls import SameCalls
from trompe.empirical.networks.inspection import (
    Captured,
    capture,
    check_finite,
    check_model,
    layer_and_call,
    layer_names,
    named_layer,
    predict,
)
from trompe.empirical.progress import progress_bar
from trompe.empirical.similarity import MEASURES, unit_rows
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


@dataclass(frozen=True)
class _Probes:
    """Images that are sent through the network beside the natural ones.

    batches : gives them a few at a time, with the class of each. aside : numbers of the groups of natural images that they
    are not held against, since they are made from them.
    """

    batches: Callable[[], Iterator[tuple[torch.Tensor, Sequence[int]]]]
    aside: frozenset[int] = frozenset()


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
    groups: GroupLabels = None,
) -> dict[str, list[LayerSimilarity]]:
    """The similarity of each kind of probes to natural images, layer by layer.

    Held at a time: one batch of images with its activations in `layers`, and per layer one vector a class; with
    `errors` also one vector a class and kind of probes; with `groups` one for each group whose images have begun to come
    and not ended.

    Parameters
    ----------
    natural, labels : images (n, channels, height, width) in [0, 1] and classes (n,), at least two a class,
        arrays or tensors; or a DataLoader or a stream, which have labels of their own.
    probes : name -> (images, classes), for example visualizations and uniform noise. A probe's class
        says which natural images it is held against.
    errors : also the standard errors over natural images, which takes a second pass over them. They are left out where a
        class has fewer than three images (or groups).
    groups : one integer or text an image, equal for images that belong together, such as crops of one photograph. Images of
        one group are never compared, and errors are over groups. A group has images of one class.

    Raises
    ------
    InvalidInput : fewer than two classes, a class with one image (or group), an image that gives NaN or infinite numbers in
    a layer, or a network that calls other layers for other images. UnknownKey : no such layer.
    """
    stream = as_stream(natural, labels)

    def parts(
        images: torch.Tensor, of_class: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, Sequence[int]]]:
        for start in range(0, len(images), batch):
            yield images[start : start + batch], of_class[start : start + batch].tolist()

    asked = {name: _Probes(partial(parts, *given)) for name, given in probes.items()}
    return _similarity(
        model, layers, stream, grouped(stream, groups), asked, measure, batch, show, errors
    )


def _similarity(
    model: torch.nn.Module,
    layers: Sequence[str],
    stream: ImageStream,
    groups: Groups,
    probes: Mapping[str, _Probes],
    measure: str,
    batch: int,
    show: bool,
    errors: bool,
    seen: Callable[[torch.Tensor, Any], object] = lambda _images, _output: None,
) -> dict[str, list[LayerSimilarity]]:
    """See `path_similarity`; `seen` gets each batch of natural images and the network's output for it."""
    few, device = stream.first(2), stream.device
    watched = SameCalls(model, few)
    _check_rows(watched, layers, few)
    aside = {name: torch.zeros(len(groups.of), dtype=torch.bool, device=device) for name in probes}
    for name, given in probes.items():
        aside[name][sorted(given.aside)] = True
    sums: dict[str, torch.Tensor] = {}
    squares: dict[str, torch.Tensor] = {}
    apart: dict[tuple[str, str], torch.Tensor] = {}
    """Sums without the groups that are set aside."""
    ended = {layer: GroupSums(groups) for layer in layers}
    for first, part, output, outputs in _passes(
        watched, layers, stream, batch, "paths of natural images", show
    ):
        seen(part, output)
        for layer in layers:
            check_finite(outputs[layer], repr(layer), stream.name, len(part), first)
            for start, units in _unit_parts(outputs.take(layer), len(part), measure):
                numbers, vectors = ended[layer].add(first + start, units)
                if layer not in sums:
                    sums[layer] = units.new_zeros((len(groups.classes), units.shape[1]))
                    squares[layer] = units.new_zeros(len(groups.classes))
                    for name in (n for n, p in probes.items() if p.aside):
                        apart[name, layer] = torch.zeros_like(sums[layer])
                of = groups.of[numbers]
                sums[layer].index_add_(0, of, vectors)
                squares[layer].index_add_(0, of, vectors.square().sum(1))
                for name in (n for n, p in probes.items() if p.aside):
                    kept = ~aside[name][numbers]
                    apart[name, layer].index_add_(0, of[kept], vectors[kept])
    del part, output, outputs  # the second pass holds its own
    anchors = {layer: _anchors(groups, sums[layer], squares[layer]) for layer in layers}
    found: dict[str, list[LayerSimilarity]] = {}
    left_out: dict[tuple[str, str], LeftOut] = {}
    place = {c: i for i, c in enumerate(groups.classes)}
    for name, given in probes.items():
        held = groups.a_class(groups.size * ~aside[name])
        against = {layer: apart.get((name, layer), sums[layer]) for layer in layers}
        count = torch.zeros_like(held)
        raw = {layer: torch.zeros_like(held) for layer in layers}
        probed = {layer: torch.zeros_like(sums[layer]) for layer in layers if errors}
        done = 0
        for images, of_class in given.batches():
            of = torch.tensor([place[c] for c in of_class], device=device)
            count += torch.bincount(of, minlength=len(count))
            with capture(model, layers) as outputs:
                watched(images)
            for layer in layers:
                check_finite(outputs[layer], repr(layer), partial(_probe, name), len(images), done)
                for start, units in _unit_parts(outputs.take(layer), len(images), measure):
                    of_these = of[start : start + len(units)]
                    inner = (units * against[layer][of_these]).sum(1)
                    raw[layer].index_add_(0, of_these, inner)
                    if errors:
                        probed[layer].index_add_(0, of_these, units)
            done += len(images)
        found[name] = []
        for layer in layers:
            same, different = anchors[layer]
            scale = same - different
            mean = raw[layer] / (held * count.clamp_min(1))
            value = (mean - different) / scale if scale > SMALLEST_SCALE else mean * 0
            per_class = tuple(value[count > 0].tolist())
            found[name].append(LayerSimilarity(layer, measure, per_class, same, different))
            if errors and scale > SMALLEST_SCALE and float(groups.counts.min()) > 2:
                left_out[name, layer] = LeftOut(
                    groups, sums[layer], squares[layer], (against[layer], held), probed[layer], count, aside[name]
                )  # fmt: skip
    if left_out:
        ended = {layer: GroupSums(groups) for layer in layers}
        for first, part, _, outputs in _passes(
            watched, layers, stream, batch, "each natural image left out", show
        ):
            for layer in layers:
                for start, units in _unit_parts(outputs.take(layer), len(part), measure):
                    numbers, vectors = ended[layer].add(first + start, units)
                    for (_, of_layer), leave in left_out.items():
                        if of_layer == layer:
                            leave.add(numbers, vectors)
    return {
        name: [
            replace(v, image_error=left_out[name, v.layer].error() if (name, v.layer) in left_out else None)
            for v in values
        ]
        for name, values in found.items()
    }  # fmt: skip


def _passes(
    watched: SameCalls, layers: Sequence[str], stream: ImageStream, batch: int, what: str, show: bool
) -> Iterator[tuple[int, torch.Tensor, Any, Captured]]:  # fmt: skip
    """For each batch: the number of its first image, its images, the network's output and those of the layers."""
    first = 0
    with progress_bar(what, len(stream), show) as advance:
        for part in stream.batches(batch):
            with capture(watched.model, layers) as outputs:
                output = watched(part)
            yield first, part, output, outputs
            first += len(part)
            advance(len(part))


def _probe(kind: str, index: int) -> str:
    return f"{kind}: picture {index}"


def _check_rows(watched: SameCalls, layers: Sequence[str], few: torch.Tensor) -> None:
    """Do the layers have their images on the first axis, each with as many rows, as those of an attention in windows?"""
    shapes = []
    for images in (few[:1], few):
        with capture(watched.model, layers) as outputs:
            watched(images)
        shapes.append([tuple(outputs[layer].shape) for layer in layers])
    for layer, one, two in zip(layers, *shapes, strict=True):
        if not one or two != (len(few) * one[0], *one[1:]):
            raise InvalidInput(
                f"layer {layer!r}: returns shape {one} for one picture and {two} for {len(few)}; expected the pictures on the "
                "first axis, so choose another layer"
            )


def _unit_parts(
    activations: torch.Tensor, images: int, measure: str
) -> Iterator[tuple[int, torch.Tensor]]:
    """`unit_rows` of a layer's output for so many images, a few at a time where it is large; with the first's place."""
    flat = activations.reshape(images, -1)
    count = max(1, ROWS_TIMES_UNITS // max(flat.shape[1], 1))
    for first in range(0, len(flat), count):
        yield first, unit_rows(flat[first : first + count], measure)


def _anchors(groups: Groups, sums: torch.Tensor, squares: torch.Tensor) -> tuple[float, float]:
    """Mean correlation of natural pairs of one class and of different classes, mean over classes."""
    images = groups.images
    gram = sums @ sums.T
    within = (gram.diagonal() - squares) / groups.pairs
    others = (gram.sum(1) - gram.diagonal()) / (images * (images.sum() - images))
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
    accuracy: float
    """The share of natural images whose largest output is the unit of their class."""
    images: int
    groups: int
    """How many groups they come in; as many as images where they were not grouped."""
    images_sha256: str
    """SHA-256 of the images as float32, little-endian, in the order (image, channel, row, column)."""
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
    groups: GroupLabels = None,
) -> PathAudit:
    """The sanity check: are a class's visualizations processed as its natural images are?

    Visualizations (Fourier with transforms) of each class's output, held against all given images of the
    class, layer by layer. Two controls: uniform noise, and images of the class with random phases, which keep its
    amplitudes and colours and show nothing; these are not held against the images that they are made from. Images are
    streamed, three times; visualizations are made a few at a time, and seen once. `path_similarity` says what is held.

    Parameters
    ----------
    images, labels : natural images (n, channels, height, width) in [0, 1] and classes 0 .. C-1, arrays or tensors;
        or a DataLoader or a stream (`open_images`), which have labels of their own.
    units : the output unit of each class; default class c is unit c.
    batch : images, or visualizations that are optimised, held at a time; of large visualizations fewer.
    groups : one integer or text an image, equal for images that belong together; see `path_similarity`.

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
    if not seeds:
        raise InvalidInput("seeds: none given; expected at least one")
    known("measure", measure, MEASURES)
    classes = sorted(set(natural.labels.tolist()))
    unit_of = dict(zip(classes, units, strict=False)) if units else {c: c for c in classes}
    if len(units) not in (0, len(classes)):
        raise InvalidInput(
            f"units: {len(units)} given for {len(classes)} classes; expected one a class"
        )
    if len(set(unit_of.values())) < len(unit_of):
        raise InvalidInput(
            f"units: {', '.join(map(str, unit_of.values()))}; expected a different one for each class"
        )
    wrong = [u for u in unit_of.values() if not 0 <= u < outputs]
    if wrong:
        raise InvalidInput(
            f"unit {wrong[0]}: the model has outputs 0 to {outputs - 1}; give the unit of each class"
        )
    kinds = grouped(natural, groups)
    wanted = [unit_of[c] for c in classes]
    made = _Made(model, natural, kinds, unit_of, seeds, steps, batch, show)
    probes = {
        "visualizations": _Probes(made.visualizations),
        "noise": _Probes(made.noise),
        "scrambled": _Probes(made.scrambled, frozenset(made.sources)),
    }
    found = _similarity(
        model, layers, natural, kinds, probes, measure, batch, show, errors=True, seen=made.see
    )
    return PathAudit(
        tuple(found["visualizations"]),
        tuple(found["noise"]),
        tuple(found["scrambled"]),
        made.read / (len(wanted) * len(seeds)),
        made.right / len(natural),
        len(natural),
        len(kinds.of),
        made.sha256.hexdigest(),
        tuple(wanted),
        tuple(seeds),
        steps,
    )


class _Made:
    """The probes of an audit, made as they are asked for, and what is counted on the way."""

    def __init__(
        self,
        model: torch.nn.Module,
        natural: ImageStream,
        groups: Groups,
        unit_of: Mapping[int, int],
        seeds: Sequence[int],
        steps: int,
        batch: int,
        show: bool,
    ) -> None:
        self.model, self.natural, self.groups, self.unit_of = model, natural, groups, unit_of
        self.seeds, self.steps, self.show = seeds, steps, show
        self.batch = min(batch, at_once(natural.shape, 100))
        self.read = self.right = self._done = 0
        self.sha256 = hashlib.sha256()
        self.sources = self._sources()
        """The groups that images with random phases are made from -> the number of the image that is taken."""

    def _sources(self) -> dict[int, int]:
        """The first image of the first groups of each class: one a seed, and at most half of them."""
        _, first = np.unique(self.groups.of_image, return_index=True)
        most = (self.groups.counts // 2).clamp_min(1).tolist()
        taken: dict[int, int] = {}
        count = [0] * len(most)
        for group, of in enumerate(self.groups.of.tolist()):
            if count[of] < min(len(self.seeds), most[of]):
                count[of] += 1
                taken[group] = int(first[group])
        return taken

    def see(self, images: torch.Tensor, output: torch.Tensor) -> None:
        """Natural images as they pass, and what the network says of them."""
        labels = self.natural.labels[self._done : self._done + len(images)].tolist()
        wanted = torch.tensor([self.unit_of[c] for c in labels], device=output.device)
        self.right += int((output.argmax(1) == wanted).sum())
        self._done += len(images)
        self.sha256.update(images.cpu().contiguous().numpy().astype("<f4").tobytes())

    def visualizations(self) -> Iterator[tuple[torch.Tensor, Sequence[int]]]:
        """Some units at a time, each from all seeds."""
        size, classes = max(1, self.batch // len(self.seeds)), [*self.unit_of]
        total = len(classes) * len(self.seeds)
        with progress_bar(f"{total} visualizations", total, self.show) as advance:
            for start in range(0, len(classes), size):
                some = classes[start : start + size]
                wanted = [self.unit_of[c] for c in some]
                images = maximize(
                    self.model, wanted, self.natural.shape, Fourier(), seeds=self.seeds, steps=self.steps,
                    device=self.natural.device, batch=self.batch,
                ).images  # fmt: skip
                target = torch.tensor(wanted * len(self.seeds), device=images.device)
                read = predict(self.model, images, self.batch).argmax(1)
                self.read += int((read == target).sum())
                of_class = some * len(self.seeds)
                for first in range(0, len(images), self.batch):
                    last = first + self.batch
                    yield images[first:last], of_class[first:last]
                advance(len(images))

    def noise(self) -> Iterator[tuple[torch.Tensor, Sequence[int]]]:
        """As many as visualizations."""
        generator = torch.Generator().manual_seed(self.seeds[0])
        of_class = [*self.unit_of] * len(self.seeds)
        for start in range(0, len(of_class), self.batch):
            some = of_class[start : start + self.batch]
            noise = torch.rand((len(some), *self.natural.shape), generator=generator)
            yield noise.to(self.natural.device), some

    def scrambled(self) -> Iterator[tuple[torch.Tensor, Sequence[int]]]:
        """An image with random phases of each source."""
        generator = torch.Generator().manual_seed(self.seeds[0])
        numbers, done = sorted(self.sources.values()), 0
        for part in self.natural.batches(self.batch):
            here = [k for k in numbers if done <= k < done + len(part)]
            if here:
                images = part[[k - done for k in here]]
                yield phase_scrambled(images, generator), self.natural.labels[here].tolist()
            done += len(part)
            if done > numbers[-1]:
                return


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
