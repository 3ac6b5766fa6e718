"""Two networks that are said to be one: do they compute the same on natural images, and do their units show the same?

Units that behave alike on all given images are visualized in both networks with the same seeds and settings. Pictures
that differ there are what a manipulated network leaves behind; which of the two it is, they do not tell.

Networks that differ a little can show pictures that differ more. For the network of docs/visualize.md, three seeds and 128
steps, weights that were all changed by about 0.0001 of themselves gave correlations of 0.999 or more, by about 0.01 of
themselves from 0.65 to 0.995.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from trompe.empirical._torch import Axis, Seed, Steps, Unit, at_once, repeatable, torch
from trompe.empirical.audits.accuracy import held_against
from trompe.empirical.cache import state_sha256
from trompe.empirical.inputs.streams import ClassLabels, ImageStream, NaturalImages, as_stream
from trompe.empirical.maximization.best import Ascents
from trompe.empirical.maximization.evaluation import unit_axis as axis_of
from trompe.empirical.maximization.evaluation import unit_values
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Fourier
from trompe.empirical.networks.inspection import (
    called,
    capture,
    check_finite,
    check_model,
    layer_and_call,
    named_layer,
)
from trompe.empirical.progress import Advance, progress_bar
from trompe.empirical.similarity import identical, unit_rows
from trompe.ground.arguments import at_least_one, checked
from trompe.theory import InvalidInput, UnknownKey

nn = torch.nn
ALIKE = 0.9
"""Pictures of one unit and seed whose Pearson correlation is below this are called other pictures."""
MOST = 32
"""So many units of a layer are visualized where none are named."""
KEPT = 12
"""Pictures of so many units are kept for the contact sheet, those that differ most,"""
SEEDS_KEPT = 3
"""from so many seeds."""
RATE = 0.05
SAME, NEAR, OTHER, DEAD = "bit-identical", "alike", "other", "dead"


@dataclass(frozen=True)
class ComparedUnit:
    """One unit in both networks: on natural images, and what is visualized of it. Tuples have one entry a seed."""

    unit: int
    images: int
    """On so many images its map is bit-identical."""
    identical: bool
    """It is on all images."""
    change: float
    """The largest change of a number in its map, over all images."""
    span: float
    """Its natural range in A: the largest number in its map minus the smallest, over all images."""
    same: tuple[bool, ...]
    """Is B's picture A's, bit for bit?"""
    correlations: tuple[float, ...]
    """Pearson correlation of A's picture with B's; 1 for identical ones, 0 where one of them is of one grey."""
    control: tuple[float, ...]
    """The same of A's pictures from different seeds, one number a pair of seeds."""
    a_in_a: tuple[float, ...]
    """The unit's value (the mean of its map) in A at A's picture."""
    a_in_b: tuple[float, ...]
    """In B at A's picture."""
    b_in_a: tuple[float, ...]
    b_in_b: tuple[float, ...]
    dead: str
    """The networks, of A and B, in which value and gradient were 0 at every step from every seed."""

    @property
    def pictures(self) -> str:
        """bit-identical : with every seed. alike : correlated at ALIKE or more with every seed. other : below, with some
        seed. dead : in both networks, so that all pictures are the noise that the ascents start from."""
        if self.dead == "AB":
            return DEAD
        if all(self.same):
            return SAME
        return NEAR if min(self.correlations) >= ALIKE else OTHER

    def within(self, tolerance: float) -> bool:
        """Does no natural number change by more than this share of the unit's natural range?"""
        return self.identical or self.change <= tolerance * self.span


@dataclass(frozen=True)
class ComparedLayer:
    """A layer of both networks; empty for the output."""

    layer: str
    units: int
    identical: int
    """Units, of all, whose maps are bit-identical on all images."""
    within: int
    """Units, of all, that change by at most the tolerance."""
    compared: tuple[ComparedUnit, ...]
    """Those that were visualized."""

    def others(self, tolerance: float | None = None) -> tuple[ComparedUnit, ...]:
        """Visualized units that show, with some seed, other pictures while their natural behaviour is equal: bit for bit, or within a tolerance."""
        return tuple(unit for unit in self.alike(tolerance) if unit.pictures == OTHER)

    def alike(self, tolerance: float | None = None) -> tuple[ComparedUnit, ...]:
        """Units that were visualized and whose natural behaviour is equal."""
        return tuple(
            unit
            for unit in self.compared
            if (unit.identical if tolerance is None else unit.within(tolerance))
        )


@dataclass(frozen=True)
class CompareAudit:
    """What `audit_compare` found, with what repeats it."""

    images: int
    images_sha256: str
    """SHA-256 of the images as float32, little-endian, in the order (image, channel, row, column)."""
    models_sha256: tuple[str, str]
    """Of the names, shapes and bytes of the weights of A and B. Equal ones do not say that the code is the same."""
    outputs: int
    identical: int
    """Images on which all outputs are bit-identical."""
    change: float
    """The largest change of an output, in the outputs' own units."""
    where: str
    """The output and the image at which it is found; empty if nothing changes."""
    other_largest: int
    """Images on which another output is the largest."""
    accuracy: tuple[float, float] | None
    """Of A and B; None where there is none, and `why` says so."""
    why: str
    layers: tuple[ComparedLayer, ...]
    tolerance: float
    seeds: tuple[int, ...]
    steps: int
    settings: Mapping[str, Any]
    """All else that the pictures depend on."""
    pictures: Mapping[tuple[str, int], torch.Tensor] = field(compare=False, repr=False)
    """(layer, unit) -> pictures of shape (seeds, 2, channels, height, width), A's and B's, of the KEPT units that differ most
    and the first SEEDS_KEPT seeds."""


@checked
def audit_compare(
    a: nn.Module,
    b: nn.Module,
    images: NaturalImages,
    labels: ClassLabels = None,
    *,
    layers: Sequence[str] = (),
    units: Sequence[Unit] = (),
    unit_axis: Axis | None = None,
    tolerance: float = 1e-3,
    seeds: Sequence[Seed] = (0, 1, 2),
    steps: Steps = 256,
    redirect: bool = False,
    batch: Steps = 100,
    show: bool = True,
) -> CompareAudit:
    """Are two networks one? Their outputs on natural images, and units that behave alike there and show other pictures.

    Both get the same batches. Units are visualized by activation maximization (Fourier with transforms, the mean of the
    unit's map), in both networks with the same seeds. Images are streamed once. Held are one batch of images with its
    activations in both networks, four numbers a unit, one batch of pictures a network, and the pictures that are kept.

    Parameters
    ----------
    images, labels : natural images (n, channels, height, width) in [0, 1], and the class of each where accuracies are asked for:
        class c is output c. Arrays or tensors, or a DataLoader or a stream (`open_images`), which have labels of their own.
    layers : names of layers of both networks (`relu#2` is the second call of one); the output where none is named.
    units : the units of each layer that are visualized; by default all, of a layer with more than 32 the first 32,
        those that change by at most the tolerance before others.
    unit_axis : the axis of the units in outputs of more than two axes; by default it follows from each layer's kind.
    tolerance : how much a number may change in units that still count as equal (beside bit-identical ones), as a share of
        the unit's natural range in A, in [0, 1].
    redirect : redirected gradients through ReLUs, for units that are dead at the start; see `maximize`.
    batch : images, or pictures that are optimised, at a time; of large pictures fewer are optimised.

    Raises
    ------
    InvalidInput : one of the models cannot be used as it is, only one has such a layer, or they differ in the shape of
        a layer or the number of outputs; `model A` or `model B` is named.
    """
    natural = as_stream(images, labels)
    seeds = tuple(dict.fromkeys(at_least_one("seeds", seeds, "give at least one")))
    if not 0 <= tolerance <= 1:
        raise InvalidInput(
            f"tolerance = {tolerance}; expected a share of the natural range, in [0, 1]"
        )
    models = {"A": a, "B": b}
    few = natural.first(2)
    outputs = {}
    for name, model in models.items():
        with _about(name):
            outputs[name] = check_model(model, few, natural.name)
    if outputs["A"] != outputs["B"]:
        raise InvalidInput(
            f"model A has {outputs['A']} outputs, model B {outputs['B']}; expected two networks with the same outputs"
        )
    asked = [
        _Layer(models, layer, unit_axis, few[:1], units) for layer in dict.fromkeys(layers or ("",))
    ]
    climbing = min(batch, at_once(natural.shape, 100))
    with repeatable(torch.get_num_threads(), natural.device):
        seen = _Seen(natural, outputs["A"])
        seen.look(models, asked, batch, show)
        chosen = [layer.chosen(units, tolerance) for layer in asked]
        ascents = [
            Ascents(
                layer.objective, layer.axis, natural.shape, Fourier(), True, redirect, seeds, steps, RATE, climbing,
                natural.device, torch.get_num_threads(),
            )
            for layer in asked
        ]  # fmt: skip
        total = 2 * sum(
            way.length(group)
            for way, some in zip(ascents, chosen, strict=True)
            for group in way.groups(some)
        )
        count = 2 * len(seeds) * sum(map(len, chosen))
        kept: list[tuple[float, str, int, torch.Tensor]] = []
        found = []
        with progress_bar(f"visualizing {count} pictures", total, show) as advance:
            for layer, way, some in zip(asked, ascents, chosen, strict=True):
                compared: list[ComparedUnit] = []
                for group in way.groups(some):
                    for unit, pictures in _visualized(models, layer, way, group, advance):
                        compared.append(unit)
                        rank = (
                            min(unit.correlations)
                            - (unit.within(tolerance) and unit.pictures == OTHER) * 4
                        )
                        kept.append((rank, layer.name, unit.unit, pictures))
                    kept = sorted(kept, key=lambda row: row[0])[:KEPT]
                found.append(layer.result(tuple(compared), tolerance))
    return CompareAudit(
        len(natural), seen.sha256.hexdigest(), (state_sha256(a.state_dict()), state_sha256(b.state_dict())),
        outputs["A"], seen.identical, seen.change, seen.where, seen.other_largest, seen.accuracy, seen.why,
        tuple(found), tolerance, seeds, steps,
        {
            "parametrization": "fourier", "transforms": True, "redirect": redirect, "objective": "channel", "unit_axis": unit_axis, "rate": RATE,
            "batch": batch, "pictures_at_a_time": climbing, "other_below": ALIKE, "device": natural.device.type,
            "threads": torch.get_num_threads(),
        },
        {(name, unit): pictures for _, name, unit, pictures in kept},
    )  # fmt: skip


@contextmanager
def _about(name: str) -> Iterator[None]:
    """What is said of a model inside names it."""
    try:
        yield
    except (InvalidInput, UnknownKey) as error:
        raise InvalidInput(f"model {name}: {str(error).removeprefix('model: ')}") from error


class _Layer:
    """A layer of both networks, and how its units behave on the natural images so far."""

    def __init__(
        self, models: Mapping[str, nn.Module], name: str, unit_axis: int | None, image: torch.Tensor, units: Sequence[int]
    ) -> None:  # fmt: skip
        self.name = name
        self.objective = Objective(name, "channel", unit_axis)
        axes = {}
        for of, model in models.items():
            with _about(of):
                named_layer(model, layer_and_call(model, name)[0])
                axes[of] = axis_of(model, self.objective, image)
        if axes["A"] != axes["B"]:
            said = [
                f"model {of} has {count} units on axis {axis}" for of, (axis, count) in axes.items()
            ]
            raise InvalidInput(
                f"layer {name or 'output'!r}: {', '.join(said)}; expected the same in both, so choose another layer or a unit axis"
            )
        self.axis, self.count = axes["A"]
        for unit in units:
            self.objective.check_unit(unit, self.count)
        device = image.device
        self.same = torch.zeros(self.count, dtype=torch.int64, device=device)
        self.images = 0
        self.change = torch.zeros(self.count, dtype=torch.float64, device=device)
        self.low = torch.full_like(self.change, torch.inf)
        self.high = -self.low

    def see(self, a: torch.Tensor, b: torch.Tensor, images: int) -> None:
        """What the layer gives for a batch of images in both networks."""
        if a.shape != b.shape or len(a) != images:
            raise InvalidInput(
                f"layer {self.name or 'output'!r}: returns shape {tuple(a.shape)} in model A and {tuple(b.shape)} in model B for {images} "
                "images; expected equal ones with the images on the first axis, so choose another layer"
            )
        x, y = (out.movedim(self.axis, 1).reshape(images, self.count, -1) for out in (a, b))
        self.same += (x == y).all(2).sum(0)
        self.images += images
        self.change = torch.maximum(self.change, (x - y).abs().amax((0, 2)).double())
        self.low = torch.minimum(self.low, x.amin((0, 2)).double())
        self.high = torch.maximum(self.high, x.amax((0, 2)).double())

    def within(self, tolerance: float) -> torch.Tensor:
        """See `ComparedUnit.within`; shape (units,)."""
        return (self.same == self.images) | (self.change <= tolerance * (self.high - self.low))

    def chosen(self, units: Sequence[int], tolerance: float) -> list[int]:
        """The units that are visualized."""
        alike = self.within(tolerance).tolist()
        order = sorted(range(self.count), key=lambda unit: (not alike[unit], unit))
        return [*dict.fromkeys(units)] or sorted(order[:MOST])

    def result(self, compared: tuple[ComparedUnit, ...], tolerance: float) -> ComparedLayer:
        """All of it."""
        within = int(self.within(tolerance).sum())
        return ComparedLayer(
            self.name, self.count, int((self.same == self.images).sum()), within, compared
        )


class _Seen:
    """The outputs of both networks on natural images, image after image."""

    def __init__(self, natural: ImageStream, outputs: int) -> None:
        self.natural = natural
        held, self._wanted = held_against(natural, outputs)
        self.why = held.why
        self.sha256 = hashlib.sha256()
        self.identical = self.other_largest = self._done = 0
        self.change, self.where = 0.0, ""
        self._right = [0, 0]

    @property
    def accuracy(self) -> tuple[float, float] | None:
        """The share of images that each reads as their class."""
        return None if self.why else (self._right[0] / self._done, self._right[1] / self._done)

    @torch.no_grad()
    def look(
        self, models: Mapping[str, nn.Module], layers: Sequence[_Layer], batch: int, show: bool
    ) -> None:
        """One pass over all images; each batch goes through A and through B."""
        names = [layer.name for layer in layers if layer.name]
        with progress_bar("natural images", len(self.natural), show) as advance:
            for part in self.natural.batches(batch):
                given: list[dict[str, torch.Tensor]] = []
                for name, model in models.items():
                    with _about(name):
                        with capture(model, names) as kept:
                            output = called(model, part)
                        given.append({"": output} | {layer: kept[layer] for layer in names})
                        for layer, out in given[-1].items():
                            check_finite(
                                out, repr(layer) if layer else "the output", self.natural.name, len(part), self._done
                            )  # fmt: skip
                a, b = given
                for of in layers:
                    of.see(a[of.name], b[of.name], len(part))
                self._see(a[""], b[""])
                self.sha256.update(part.cpu().contiguous().numpy().astype("<f4").tobytes())
                self._done += len(part)
                advance(len(part))

    def _see(self, a: torch.Tensor, b: torch.Tensor) -> None:
        self.identical += int(identical(a, b).sum())
        change = (a.double() - b.double()).abs()
        if float(change.max()) > self.change:
            row, output = divmod(int(change.argmax()), change.shape[1])
            self.change = float(change.max())
            self.where = f"output {output}, {self.natural.name(self._done + row)}"
        read = [out.argmax(1).cpu() for out in (a, b)]
        self.other_largest += int((read[0] != read[1]).sum())
        wanted = self._wanted[self._done : self._done + len(a)]
        self._right = [n + int((r == wanted).sum()) for n, r in zip(self._right, read, strict=True)]


def _visualized(
    models: Mapping[str, nn.Module], layer: _Layer, way: Ascents, group: Sequence[int], advance: Advance
) -> Iterator[tuple[ComparedUnit, torch.Tensor]]:  # fmt: skip
    """Each unit of a group, with its pictures (seeds, 2, ...) from the first seeds."""
    shown, dead = {}, {}
    for name, model in models.items():
        with _about(name):
            run = way.climb(model, group, "maximum", way.seeds, way.steps, (), None, advance)
        shown[name], dead[name] = run.images, run.dead
    units = [*group] * len(way.seeds)
    values = {
        f"{of}_in_{name}".lower(): torch.cat(
            [
                unit_values(
                    model, layer.objective, layer.axis, part, units[k * way.batch :][: len(part)]
                )
                for k, part in enumerate(pictures.split(way.batch))
            ]
        )
        for name, model in models.items()
        for of, pictures in shown.items()
    }
    same = identical(shown["A"], shown["B"])
    rows = {name: unit_rows(pictures.flatten(1), "pearson") for name, pictures in shown.items()}
    likeness = torch.where(same, 1.0, (rows["A"] * rows["B"]).sum(1)).clamp(-1, 1)
    for k, unit in enumerate(group):
        of = slice(k, None, len(group))
        mine = rows["A"][of]
        first, second = torch.triu_indices(len(mine), len(mine), 1, device=mine.device)
        pairs = (mine[first] * mine[second]).sum(1).clamp(-1, 1)
        yield (
            ComparedUnit(
                unit, int(layer.same[unit]), int(layer.same[unit]) == layer.images, float(layer.change[unit]), float(layer.high[unit] - layer.low[unit]),
                tuple(same[of].tolist()), tuple(likeness[of].tolist()), tuple(pairs.tolist()),
                **{name: tuple(numbers[of].tolist()) for name, numbers in values.items()},
                dead="".join(name for name in models if unit in dead[name]),
            ),
            torch.stack([shown[name][of][:SEEDS_KEPT].cpu() for name in models], 1),
        )  # fmt: skip
