"""What a network's units respond to most and least: several seeds, the best kept, beside the natural images."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal

import numpy as np

from trompe.empirical._torch import Axis, Rate, Shape, Steps, torch
from trompe.empirical.cache import state_sha256
from trompe.empirical.evaluation import Evaluator, layer_output, unit_axis, unit_values
from trompe.empirical.inspection import check_eval, check_finite
from trompe.empirical.maximization.ascent import DeadUnit, maximize
from trompe.empirical.maximization.objectives import Function, Objective, Unit, as_objective
from trompe.empirical.maximization.parametrizations import (
    PARAMETRIZATIONS,
    Parametrization,
    Pixel,
    mean_spectrum,
    parametrization,
)
from trompe.empirical.progress import progress_bar
from trompe.empirical.record import versions
from trompe.empirical.streams import ImageStream, NaturalImages, as_stream
from trompe.ground.arguments import Integer, at_least_one, checked
from trompe.ground.errors import known
from trompe.ground.files import Destination, write_file
from trompe.proofs.handover.shown import (
    ENDS,
    Natural,
    Shown,
    ShownFile,
    ShownImages,
    ShownModel,
    ShownUnit,
    read_array,
    read_shown,
    to_json,
)
from trompe.proofs.handover.shown.data import End, unit_name
from trompe.theory import InvalidInput

nn = torch.nn
ACCENTUATION = "accentuation"
WAYS = (*PARAMETRIZATIONS, ACCENTUATION)
"""How a picture is written down; accentuation: pixels that start at the unit's most extreme natural image."""
FILE = "shown.json"
NEVER = "An optimiser's picture is in no case proved to show the minimum or the maximum over [0, 1]^N: it is what was found."
Seeds = Sequence[Annotated[int, Integer(-(10**17) + 1, 10**17 - 1)]]
"""In a file integers have at most 18 characters."""


@dataclass(frozen=True)
class ShownUnits:
    """What `visualize` found.

    file : values, errors, seeds, settings and hashes, as the shown-file has them. pictures : tensors (channels, height,
    width) in [0, 1] by unit and end (minimum, maximum). natural : the natural images of the same ends, empty without images.
    why : why values have no enclosure; empty where they have. sheets : the files of the contact sheet.
    """

    file: ShownFile
    pictures: Mapping[tuple[int, End], torch.Tensor]
    natural: Mapping[tuple[int, End], torch.Tensor]
    why: str
    sheets: tuple[str, ...] = ()

    @checked
    def __getitem__(self, unit: Unit) -> ShownUnit:
        return self.file.unit(unit)

    @property
    def said(self) -> tuple[str, ...]:
        """What has to be said besides the numbers."""
        lines = [line for unit in self.file.units for line in unit.said()]
        if (
            any(unit.maximum.dead for unit in self.file.units)
            and not self.file.settings["redirect"]
        ):
            lines.append(
                "Units that are 0 at the start, behind a ReLU say, may need redirected gradients (redirect)."
            )
        return (*lines, NEVER)


@dataclass(frozen=True)
class Source:
    """What names the network and the images in a shown-file, for those that read it."""

    name: str
    weights: str | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    logits: str | None = None
    images: str = ""
    resize: tuple[int, ...] = ()
    crop: tuple[int, ...] = ()


@checked
def visualize(
    model: nn.Module,
    layer: str,
    units: Literal["all"] | Sequence[Unit],
    images: NaturalImages | None = None,
    *,
    shape: Shape | None = None,
    objective: str | Function | Objective = "channel",
    unit_axis: Axis | None = None,
    parametrization: str | Parametrization = "fourier",
    transforms: bool = True,
    redirect: bool = False,
    seeds: Seeds = (0, 1, 2),
    steps: Steps = 256,
    rate: Rate = 0.05,
    batch: Steps = 100,
    output: str | Path | None = None,
    show: bool = True,
) -> ShownUnits:
    """Minimum and maximum of each unit by activation maximization, the best of all seeds and of four places of each ascent.

    Best is by the objective without transforms. Values are evaluated anew in float64 at the pictures as they are stored (float32).
    One batch of pictures, two natural images a unit, and a copy of the network in float64 are held at a time, and without
    `output` the two pictures of each unit.

    Parameters
    ----------
    layer : the name of a submodule (`layer#2`: its second call), or "" for the output. units : their numbers, or "all".
    images : natural images, as audits take them, whose extremes stand beside; needed for maco and accentuation.
    shape : (channels, height, width) where there are no images.
    objective : channel, logit, neuron, maximum, a function or an `Objective`, of which `sums` and `directions` are counted as
        units. parametrization : pixel, fourier, maco, accentuation, or one of your own.
    redirect : see `maximize`. batch : pictures, or natural images, at a time.
    output : a folder for arrays (.npy), a contact sheet and the shown-file; what is finished there is kept, and not made again.

    Raises
    ------
    InvalidInput : no such unit or layer, the model is in training mode or not on the images' device, it gives NaN, or the folder
        holds pictures of other settings. UnknownKey : no such parametrization.
    """
    run = Run(
        model, as_objective(objective, layer, unit_axis), units, images, shape, parametrization, transforms,
        redirect, seeds, steps, rate, batch, None if output is None else Path(output), show,
    )  # fmt: skip
    return run.finish()


class Pictures(Mapping[tuple[int, End], torch.Tensor]):
    """The found pictures of a run; where they are on disk they are read when they are asked for, and not held."""

    def __init__(self, folder: Path | None, shape: tuple[int, int, int]) -> None:
        self.folder, self.shape = folder, shape
        self._held: dict[tuple[int, End], torch.Tensor | Shown] = {}

    def add(self, unit: int, end: End, shown: Shown, picture: torch.Tensor | None) -> None:
        """Keep a picture, or where it lies."""
        self._held[unit, end] = shown if self.folder is not None or picture is None else picture

    def __getitem__(self, key: tuple[int, End]) -> torch.Tensor:
        held = self._held[key]
        if isinstance(held, torch.Tensor):
            return held
        return torch.from_numpy(read_array((self.folder or Path()) / FILE, held, self.shape))

    def __iter__(self) -> Iterator[tuple[int, End]]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


class Run:
    """One run of `visualize`: natural images first, then group after group of units, each on disk when it is finished."""

    def __init__(
        self, model: nn.Module, objective: Objective, units: Literal["all"] | Sequence[int],
        images: NaturalImages | None, shape: Shape | None, way: str | Parametrization, transforms: bool,
        redirect: bool, seeds: Sequence[int], steps: int, rate: float, batch: int, output: Path | None, show: bool,
        source: Source | None = None,
    ) -> None:  # fmt: skip
        self.model, self.objective, self.output, self.batch, self.show = (
            model,
            objective,
            output,
            batch,
            show,
        )
        self.source = source or Source(type(model).__name__)
        self.stream: ImageStream | None = None if images is None else as_stream(images)
        if isinstance(way, str):
            known("parametrization", way, WAYS)
            if self.stream is None and way in ("maco", ACCENTUATION):
                raise InvalidInput(f"parametrization = {way!r} needs natural images; give images")
        if self.stream is None and shape is None:
            raise InvalidInput(
                "images, shape: neither is given; give natural images, or shape=(channels, height, width)"
            )
        if self.stream is not None and shape not in (None, self.stream.shape):
            raise InvalidInput(
                f"shape = {shape}, but the images have {self.stream.shape}; leave it out"
            )
        self.shape: tuple[int, int, int] = (
            self.stream.shape if self.stream is not None else shape or (1, 1, 1)
        )
        check_eval(model)
        self.device = self._device()
        first = (
            torch.full((1, *self.shape), 0.5, device=self.device)
            if self.stream is None
            else self.stream.first(1)
        )
        self.axis, count = unit_axis(model, objective, first)
        self.asked = self._units(units, count)
        self.way, self.transforms, self.redirect, self.rate = way, transforms, redirect, rate
        self.seeds = tuple(dict.fromkeys(at_least_one("seeds", seeds, "give at least one")))
        self.steps = steps
        self.looked_at = tuple(sorted({0, *(steps * k // 4 for k in (1, 2, 3)), steps}))
        self.evaluate = Evaluator(model, objective, self.axis)
        self.pictures = Pictures(output, self.shape)

    def _device(self) -> torch.device:
        devices = {t.device for t in (*self.model.parameters(), *self.model.buffers())}
        device = (
            self.stream.device
            if self.stream is not None
            else next(iter(devices), torch.device("cpu"))
        )
        for other in devices:
            if other != device:
                raise InvalidInput(
                    f"model: it is on {other}, the images on {device}; move one of them: model.to({str(device)!r})"
                )
        return device

    def _units(self, units: Literal["all"] | Sequence[int], count: int) -> tuple[int, ...]:
        if isinstance(units, str):
            return tuple(range(self.objective.groups or count))
        for unit in (found := at_least_one("units", units, "name some, or all")):
            self.objective.check_unit(unit, count)
        return tuple(dict.fromkeys(found))

    # -- natural images ------------------------------------------------------------------------------

    @cached_property
    def natural(self) -> NaturalExtremes | None:
        """One pass over the images, and a second for the pictures that are kept; None without images."""
        if self.stream is None:
            return None
        return natural_extremes(
            self.model,
            self.objective,
            self.axis,
            self.stream,
            self.asked,
            self.batch,
            self.way == "maco",
            self.show,
        )

    def _beside(self, unit: int, end: End) -> Natural | None:
        if self.natural is None or self.stream is None:
            return None
        index = self.natural.index[unit, end]
        found = self.evaluate(self.natural.pictures[index], unit)
        return Natural(found.value, found.error, found.kind, self.natural.names[index], index)

    # -- the file ------------------------------------------------------------------------------------

    @cached_property
    def empty(self) -> ShownFile:
        """The shown-file before the first unit."""
        objective, source = self.objective, self.source
        kind = objective.kind
        settings = {
            "layer": objective.layer,
            "objective": kind
            if isinstance(kind, str)
            else f"function {getattr(kind, '__name__', '')}".strip(),
            "unit_axis": objective.unit_axis,
            "axis": self.axis,
            "negative": objective.negative,
            "sums": [list(group) for group in objective.sums],
            "directions": [list(direction) for direction in objective.directions],
            "parametrization": self.way if isinstance(self.way, str) else self.way.key,
            "transforms": self.transforms,
            "redirect": self.redirect,
            "seeds": list(self.seeds),
            "steps": self.steps,
            "looked_at": list(self.looked_at),
            "rate": self.rate,
            "batch": self.batch,
            "device": self.device.type,
            "threads": torch.get_num_threads(),
        }
        images = None
        if self.natural is not None and self.stream is not None:
            images = ShownImages(
                source.images, len(self.stream), source.resize, source.crop, self.natural.sha256
            )
        model = ShownModel(
            source.name, source.weights, source.mean, source.std, source.logits,
            state_sha256(self.model.state_dict()),
        )  # fmt: skip
        return ShownFile(model, images, settings, versions(), self.shape, self.asked, ())

    @cached_property
    def finished(self) -> dict[int, ShownUnit]:
        """The units that are there already, of a run with the same network, images and settings.

        Raises
        ------
        InvalidInput : the folder holds something else.
        """
        if self.output is None:
            return {}
        Destination(self.output / FILE, parents=True)  # before the work, not after it
        if not (self.output / FILE).exists():
            if (entry := next(self.output.iterdir(), None)) is not None:
                raise InvalidInput(
                    f"output {self.output} holds {entry.name!a} and no {FILE}; give a folder that is new or empty"
                )
            return {}
        there = read_shown(self.output / FILE)
        if not there.units:
            return {}  # of a run that was interrupted at once
        other = self.empty.differs(there)
        if not isinstance(self.objective.kind, str) or not isinstance(self.way, str):
            other = other or "a function or a parametrization of your own, which cannot be compared"
        if other:
            raise InvalidInput(
                f"output {self.output} holds the pictures of another run ({other}); give another folder, or take it away"
            )
        kept: dict[int, ShownUnit] = {}
        for unit in there.units:
            try:
                for end in ENDS:
                    read_array(self.output / FILE, unit.shown(end), self.shape)
            except InvalidInput:
                continue  # made again
            kept[unit.unit] = unit
            for end in ENDS:
                self.pictures.add(unit.unit, end, unit.shown(end), None)
        return kept

    # -- the work ------------------------------------------------------------------------------------

    @property
    def groups(self) -> list[tuple[int, ...]]:
        """Units that climb together: so many that all their seeds are one batch."""
        size = max(1, self.batch // len(self.seeds))
        return [self.asked[k : k + size] for k in range(0, len(self.asked), size)]

    @property
    def waiting(self) -> list[tuple[int, ...]]:
        """Groups with a unit that is not there yet."""
        return [group for group in self.groups if not self.finished.keys() >= {*group}]

    def seconds(self) -> float:
        """About how long it will take, from three steps of the first group that are timed."""
        group = self.waiting[0]
        seeds = self.seeds[: max(1, self.batch // len(group))]
        times = []
        for steps in (1, 1, 4):
            start = perf_counter()
            self._climb(group, "maximum", seeds, steps, ())
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            times.append(perf_counter() - start)
        step = max(0.0, times[2] - times[1]) / 3
        pictures = sum(map(len, self.waiting)) * len(self.seeds) * len(ENDS)
        return step * self.steps * pictures / (len(group) * len(seeds))

    def units(self) -> Iterator[ShownUnit]:
        """Each unit, as it is finished and on disk; first those that were there."""
        waiting = self.waiting
        again = {unit for group in waiting for unit in group}
        yield from (unit for unit in list(self.finished.values()) if unit.unit not in again)
        if waiting:
            self._write()  # whose the folder is, before the first array
        total = sum(map(len, waiting)) * len(ENDS) * len(self.seeds)
        with progress_bar(f"visualizing {total} pictures", total, self.show) as advance:
            for group in waiting:
                found = {end: self._best(group, end, advance) for end in ENDS}
                fresh = [
                    self._unit(unit, {end: found[end][unit] for end in ENDS}) for unit in group
                ]
                self.finished.update({unit.unit: unit for unit in fresh})
                self._write()
                yield from fresh

    def finish(self) -> ShownUnits:
        """All of it, with the contact sheet where there is a folder."""
        for _ in self.units():
            pass
        natural = {}
        if self.natural is not None:
            natural = {
                key: self.natural.pictures[index] for key, index in self.natural.index.items()
            }
        found = ShownUnits(self.file, self.pictures, natural, self.evaluate.why)
        return (
            found
            if self.output is None
            else replace(found, sheets=write_sheets(found, self.output))
        )

    @property
    def file(self) -> ShownFile:
        """The shown-file of what is finished."""
        return replace(
            self.empty, units=tuple(self.finished[u] for u in self.asked if u in self.finished)
        )

    def _write(self) -> None:
        if self.output is not None:
            write_file(self.output / FILE, to_json(self.file), parents=True)

    def _unit(self, unit: int, best: dict[End, _Best]) -> ShownUnit:
        shown = {}
        for end, one in best.items():
            picture = one.picture.float().cpu()
            content = _npy(picture)
            name = f"{'unit' if not self.objective.groups else 'group'}-{unit}-{end}.npy"
            if self.output is not None:
                write_file(self.output / name, content, parents=True)
            value = self.evaluate(one.picture, unit)
            shown[end] = Shown(
                value.value, value.error, value.kind, name, hashlib.sha256(content).hexdigest(), one.seed, one.step, one.dead
            )  # fmt: skip
            self.pictures.add(unit, end, shown[end], picture)
        return ShownUnit(
            unit, unit_name(self.empty.settings, unit), shown["minimum"], shown["maximum"],
            self._beside(unit, "minimum"), self._beside(unit, "maximum"),
        )  # fmt: skip

    def _best(
        self, group: tuple[int, ...], end: End, advance: Callable[[int], None]
    ) -> dict[int, _Best]:
        """The best picture of each unit, over all seeds and the steps that are looked at."""
        best: dict[int, _Best] = {}
        size = max(1, self.batch // len(group))
        for k in range(0, len(self.seeds), size):
            seeds = self.seeds[k : k + size]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeadUnit)  # it is said in the file
                run = self._climb(group, end, seeds, self.steps, self.looked_at)
            order = [(unit, seed) for seed in seeds for unit in group]
            for step, pictures in zip(run.kept, run.trajectory, strict=True):
                values = unit_values(
                    self.model, self.objective, self.axis, pictures, [unit for unit, _ in order]
                )
                for row, ((unit, seed), value) in enumerate(
                    zip(order, values.tolist(), strict=True)
                ):
                    height = value if end == "maximum" else -value
                    if unit not in best or height > best[unit].height:
                        dead = best[unit].dead if unit in best else True
                        best[unit] = _Best(pictures[row].clone(), height, seed, step, dead)
            for unit in {*group} - {*run.dead}:
                best[unit] = replace(best[unit], dead=False)
            advance(len(order))
        return best

    def _climb(
        self,
        group: tuple[int, ...],
        end: End,
        seeds: Sequence[int],
        steps: int,
        keep: Sequence[int],
    ) -> Any:
        start = None
        if self.way == ACCENTUATION and self.natural is not None:
            each = [self.natural.pictures[self.natural.index[unit, end]] for unit in group]
            start = torch.stack(each).repeat(len(seeds), 1, 1, 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeadUnit)
            return maximize(
                self.model, group, self.shape, self._parametrization,
                objective=self.objective if end == "maximum" else -self.objective,
                transforms=self.transforms, seeds=seeds, steps=steps, rate=self.rate, keep=keep,
                redirect=self.redirect, start=start, device=self.device,
            )  # fmt: skip

    @cached_property
    def _parametrization(self) -> Parametrization:
        if not isinstance(self.way, str):
            return self.way
        if self.way == ACCENTUATION:
            return Pixel()
        return parametrization(self.way, None if self.natural is None else self.natural.spectrum)


@dataclass(frozen=True)
class _Best:
    picture: torch.Tensor
    height: float
    seed: int
    step: int
    dead: bool


@dataclass(frozen=True)
class NaturalExtremes:
    """The images with the smallest and the largest value of each unit: numbers, names and pictures by number."""

    index: Mapping[tuple[int, End], int]
    names: Mapping[int, str]
    pictures: Mapping[int, torch.Tensor]
    sha256: str
    """Of all images, as float32 numbers, one after another."""
    spectrum: tuple[torch.Tensor, torch.Tensor] | None
    """The mean spectrum, where it is asked for."""


@torch.no_grad()
def natural_extremes(
    model: nn.Module,
    objective: Objective,
    axis: int,
    stream: ImageStream,
    units: Sequence[int],
    batch: int,
    spectrum: bool = False,
    show: bool = True,
) -> NaturalExtremes:
    """The extremes of the units over all images, each by the first image that has it.

    Raises
    ------
    InvalidInput : an image gives NaN or infinite numbers.
    """
    digest = hashlib.sha256(repr(stream.shape).encode())
    values: dict[End, torch.Tensor] = {}
    index: dict[End, torch.Tensor] = {}
    parts: list[tuple[int, tuple[torch.Tensor, torch.Tensor]]] = []
    done = 0
    with progress_bar("natural images", len(stream), show) as advance:
        for part in stream.batches(batch):
            digest.update(part.cpu().contiguous().numpy().tobytes())
            output = layer_output(model, objective.layer, part)
            check_finite(output, objective.layer or "the output", stream.name, len(part), done)
            each = torch.stack(
                [objective.value(output, torch.full((len(part),), u, device=output.device), axis) for u in units], 1
            )  # fmt: skip
            for end in ENDS:
                height, row = (each if end == "maximum" else -each).max(0)
                if end not in values:
                    values[end], index[end] = height, row
                    continue
                better = height > values[end]
                values[end] = torch.where(better, height, values[end])
                index[end] = torch.where(better, row + done, index[end])
            if spectrum:
                parts.append((len(part), mean_spectrum(part)))
            done += len(part)
            advance(len(part))
    found: dict[tuple[int, End], int] = {
        (unit, end): number
        for end in ENDS
        for unit, number in zip(units, index[end].tolist(), strict=True)
    }
    pictures = stream.pick(set(found.values()), batch)
    mean = None
    if spectrum:
        magnitude, level = (
            torch.as_tensor(sum(n / done * part[k] for n, part in parts)) for k in (0, 1)
        )
        mean = (magnitude, level)
    names = {number: stream.name(number) for number in pictures}
    return NaturalExtremes(found, names, pictures, digest.hexdigest(), mean)


def _npy(picture: torch.Tensor) -> bytes:
    content = io.BytesIO()
    np.save(content, picture.numpy(), allow_pickle=False)
    return content.getvalue()


# -- the contact sheet --------------------------------------------------------------------------------

ROWS = 16
"""So many units stand on one sheet."""


def write_sheets(found: ShownUnits, folder: Path) -> tuple[str, ...]:
    """Writes `sheet.png`, and `sheet-2.png` and so on for further units. Their names."""
    from trompe.empirical.experiments.figures import image_grid, save

    units = found.file.units
    names = []
    for k in range(0, len(units), ROWS):
        rows, notes = {}, {}
        for unit in units[k : k + ROWS]:
            pictures = [found.pictures[unit.unit, end].cpu() for end in ENDS]
            texts = [
                f"{unit.shown(end)}\nseed {unit.shown(end).seed}, step {unit.shown(end).step}"
                for end in ENDS
            ]
            for end in ENDS:
                natural = unit.natural(end)
                if natural is not None:
                    pictures.append(found.natural[unit.unit, end].cpu())
                    mark = " (below found)" if end == "minimum" else " (above found)"
                    texts.append(f"{natural}{mark * unit.is_beaten(end)}\n{_short(natural.image)}")
            grid = torch.stack(pictures)
            if grid.shape[1] not in (1, 3):
                grid = grid.mean(1, keepdim=True)
            label = unit.name if len(unit.name) < 20 else unit.name.replace(" of ", " of\n")
            rows[label], notes[label] = grid.numpy(), texts
        columns = ["minimum found", "maximum found"]
        if found.file.images is not None:
            columns += ["natural minimum", "natural maximum"]
        settings = found.file.settings
        title = (
            f"{found.file.model.name}, {found.file.of_layer}: {settings['objective']}, {settings['parametrization']}, "
            f"{settings['steps']} steps. Found by an optimiser; not proved to be the extremes over the inputs."
        )
        name = "sheet" if not k else f"sheet-{k // ROWS + 1}"
        names.append(save(image_grid(rows, columns, title, notes), folder, name, ("png",)))
    return tuple(names)


def _short(name: str) -> str:
    """The end of a file's name, or a picture's number."""
    tail = "/".join(Path(name.removesuffix(" (counted from 0)")).parts[-2:])
    return tail if len(tail) <= 22 else f"...{tail[-19:]}"
