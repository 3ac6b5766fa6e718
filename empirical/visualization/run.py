"""What a network's units respond to most and least: several seeds, the best kept, beside the natural images."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Annotated, Literal

import numpy as np

from trompe.empirical._torch import Axis, Rate, Shape, Steps, torch
from trompe.empirical.cache import state_sha256
from trompe.empirical.experiments.figures import drawing
from trompe.empirical.inputs.streams import ImageStream, NaturalImages, as_stream
from trompe.empirical.maximization.best import Ascents, Best, Build, Job, run_jobs
from trompe.empirical.maximization.evaluation import Evaluator, unit_axis
from trompe.empirical.maximization.objectives import Function, Objective, Unit, as_objective
from trompe.empirical.maximization.parametrizations import (
    PARAMETRIZATIONS,
    Parametrization,
    Pixel,
    parametrization,
)
from trompe.empirical.networks.inspection import check_eval, grey
from trompe.empirical.progress import progress_bar, step_seconds
from trompe.empirical.record import versions
from trompe.empirical.visualization.natural import NaturalExtremes, natural_extremes, natural_values
from trompe.empirical.visualization.sheet import write_sheets
from trompe.ground.arguments import Integer, at_least_one, checked
from trompe.ground.errors import known
from trompe.ground.files import Destination, write_file
from trompe.proofs.handover.shown import (
    ENDS,
    Evaluated,
    Natural,
    ShownEnd,
    ShownFile,
    ShownImages,
    ShownModel,
    ShownUnit,
    read_array,
    read_shown,
    to_json,
)
from trompe.proofs.handover.shown.checking import compared
from trompe.proofs.handover.shown.data import UNKNOWN, End, unit_name
from trompe.proofs.handover.shown.file import check_size
from trompe.theory import InvalidInput

nn = torch.nn
ACCENTUATION = "accentuation"
WAYS = (*PARAMETRIZATIONS, ACCENTUATION)
"""How a picture is written down; accentuation: pixels that start at the unit's most extreme natural image."""
FILE = "shown.json"
NEVER = "An optimiser's picture is in no case proved to show the minimum or the maximum over [0, 1]^N: it is what was found."
SHEET = 0.1
"""Seconds that a row of the contact sheet takes."""
Seeds = Sequence[Annotated[int, Integer(-(10**17) + 1, 10**17 - 1)]]
"""In a file integers have at most 18 characters."""
Jobs = Annotated[int, Integer(1, 1024)] | None


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
    jobs: Jobs = 1,
    show: bool = True,
) -> ShownUnits:
    """Minimum and maximum of each unit by activation maximization, the best of all seeds and of five places of each ascent (the start, three on the way, the end).

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
    jobs : processes, each with the network and a batch. A job is one end of as many units as fill a batch with their seeds, so that
        with few units a smaller `batch` makes more of them. None leaves it to joblib's active configuration. Bits do not depend on it.
    output : a folder for arrays (.npy), a contact sheet and the shown-file; what is finished there is kept, and not made again.

    Raises
    ------
    InvalidInput : no such unit or layer, the model is in training mode, not on the images' device, random, or no function of one
        image at a time, it gives NaN, or the folder
        holds pictures of other settings. UnknownKey : no such parametrization.
    """
    run = Run(
        model, as_objective(objective, layer, unit_axis), units, images, shape, parametrization, transforms,
        redirect, seeds, steps, rate, batch, None if output is None else Path(output), jobs, show,
    )  # fmt: skip
    return run.finish()


def check_folder(output: Path) -> None:
    """Can a run write there? A folder that is missing is made.

    Raises
    ------
    InvalidInput : it cannot, or the folder holds something else. MissingDependency : no matplotlib, which draws the sheet.
    """
    drawing()
    Destination(output / FILE, parents=True)
    if not (output / FILE).exists() and (entry := next(output.iterdir(), None)) is not None:
        raise InvalidInput(
            f"output {output} holds {entry.name!a} and no {FILE}; give a folder that is new or empty"
        )


class FoundPictures(Mapping[tuple[int, End], torch.Tensor]):
    """The found pictures of a run; where they are on disk they are read when they are asked for, and not held."""

    def __init__(self, folder: Path | None, shape: tuple[int, int, int]) -> None:
        self.folder, self.shape = folder, shape
        self._held: dict[tuple[int, End], torch.Tensor | ShownEnd] = {}

    def add(self, unit: int, end: End, shown: ShownEnd, picture: torch.Tensor | None) -> None:
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


def read_shown_units(path: Path) -> ShownUnits:
    """The units of a shown-file, with the pictures that were found; they are read, and compared with their hashes, as they are asked for.

    Raises
    ------
    InvalidInput : it is none.
    """
    file = read_shown(path)
    pictures = FoundPictures(path.parent, file.shape)
    for unit in file.units:
        for end in ENDS:
            pictures.add(unit.unit, end, unit.shown(end), None)
    return ShownUnits(file, pictures, {}, "")


class Run:
    """One run of `visualize`: natural images first, then group after group of units, each on disk when it is finished."""

    def __init__(
        self, model: nn.Module, objective: Objective, units: Literal["all"] | Sequence[int],
        images: NaturalImages | None, shape: Shape | None, way: str | Parametrization, transforms: bool,
        redirect: bool, seeds: Sequence[int], steps: int, rate: float, batch: int, output: Path | None, jobs: int | None,
        show: bool, source: Source | None = None, build: Callable[[], nn.Module] | None = None,
    ) -> None:  # fmt: skip
        self.model, self.objective, self.output = model, objective, output
        self.batch, self.show = batch, show
        if output is not None:
            check_folder(output)
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
        first = grey(model, self.shape) if self.stream is None else self.stream.first(1)
        self.axis, count = unit_axis(model, objective, first)
        self.asked = self._units(units, count)
        self.way, self.jobs, self.build = way, jobs, build
        self.several = (
            transforms, redirect, tuple(dict.fromkeys(at_least_one("seeds", seeds, "give at least one"))), steps, rate, batch,
        )  # fmt: skip
        self.evaluate = Evaluator(model, objective, self.axis)
        self.pictures = FoundPictures(output, self.shape)

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
                    f"model: it is on {other}, {'other parts of it' if self.stream is None else 'the images'} on {device}; move one of them: model.to({str(device)!r})"
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
            self.source.images,
        )

    @cached_property
    def beside(self) -> Mapping[tuple[int, End], Natural]:
        """The values of the natural extremes; empty without images."""
        return {} if self.natural is None else natural_values(self.natural, self.evaluate)

    # -- the file ------------------------------------------------------------------------------------

    @cached_property
    def empty(self) -> ShownFile:
        """The shown-file before the first unit."""
        objective, source, ascents = self.objective, self.source, self.ascents
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
            "transforms": ascents.transforms,
            "redirect": ascents.redirect,
            "seeds": list(ascents.seeds),
            "steps": ascents.steps,
            "looked_at": list(ascents.looked_at),
            "rate": ascents.rate,
            "batch": ascents.batch,
            "device": self.device.type,
            "threads": ascents.threads,
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
        """The units that are there already, of a run with the same network, images and settings; their values evaluated again.

        Raises
        ------
        InvalidInput : the folder holds something else.
        """
        if self.output is None:
            return {}
        check_size(self.empty)
        if not (self.output / FILE).exists():
            return {}
        there = read_shown(self.output / FILE)
        if not there.units:
            return {}  # of a run that was interrupted at once
        other = self.empty.differs(there)
        if not isinstance(self.objective.kind, str) or not isinstance(self.way, str):
            other = other or "a function or a parametrization of your own, which cannot be compared"
        if other:
            raise self._another(other)
        kept: dict[int, ShownUnit] = {}
        for unit in there.units:
            try:
                arrays = {
                    end: read_array(self.output / FILE, unit.shown(end), self.shape) for end in ENDS
                }
            except InvalidInput:
                continue  # made again
            for end, array in arrays.items():
                picture = torch.from_numpy(array).to(self.device)
                self._check_kept(
                    f"{unit.name}, {end}", unit.shown(end), self.evaluate(picture, unit.unit)
                )
                natural, found = unit.natural(end), self.beside.get((unit.unit, end))
                if natural is not None and found is not None:
                    self._check_kept(f"{unit.name}, natural {end}", natural, found)
                    if (natural.image, natural.index) != (found.image, found.index):
                        raise self._another(
                            f"{unit.name}, natural {end}: {natural.image}, here {found.image}"
                        )
            kept[unit.unit] = unit
            for end in ENDS:
                self.pictures.add(unit.unit, end, unit.shown(end), None)
        return kept

    def _check_kept(self, name: str, stated: Evaluated, found: Evaluated) -> None:
        """The network may be another one although its weights are the same."""
        finding = compared(name, stated, found)
        if not finding.holds and (stated.kind, stated.value) != (UNKNOWN, found.value):
            raise self._another(f"{finding.says}; {finding.reason}")

    def _another(self, what: str) -> InvalidInput:
        return InvalidInput(
            f"output {self.output} holds the pictures of another run ({what}); give another folder, or take it away"
        )

    # -- the work ------------------------------------------------------------------------------------

    @cached_property
    def ascents(self) -> Ascents:
        """How the pictures are looked for."""
        if isinstance(self.way, Parametrization):
            how = self.way
        elif self.way == ACCENTUATION:
            how = Pixel()
        else:
            how = parametrization(self.way, None if self.natural is None else self.natural.spectrum)
        return Ascents(
            self.objective, self.axis, self.shape, how, *self.several, self.device, torch.get_num_threads()
        )  # fmt: skip

    @property
    def waiting(self) -> list[tuple[int, ...]]:
        """Groups with a unit that is not there yet."""
        return [g for g in self.ascents.groups(self.asked) if not self.finished.keys() >= {*g}]

    def _start(self, group: Sequence[int], end: End) -> torch.Tensor | None:
        if self.way != ACCENTUATION or self.natural is None:
            return None
        return torch.stack([self.natural.pictures[self.natural.index[unit, end]] for unit in group])

    def seconds(self) -> float:
        """About how long it will take in one process, from steps (see `step_seconds`) and one value that are timed."""
        ascents = self.ascents
        group = self.waiting[0]
        seeds = ascents.together(group)[0]
        share = len(group) * len(seeds)

        def climb(pictures: int, steps: int) -> None:
            some, few = (group[:1], seeds[:1]) if pictures == 1 else (group, seeds)
            start = self._start(some, "maximum")
            ascents.climb(self.model, some, "maximum", few, steps, (), start)

        step = step_seconds(climb, share, self.device)
        units = sum(map(len, self.waiting))
        climbing = step * ascents.steps * units * len(ascents.seeds) * len(ENDS) / share
        noise = torch.rand(self.shape, generator=torch.Generator().manual_seed(0)).to(self.device)
        self.evaluate(noise, group[0])
        begin = perf_counter()
        self.evaluate(noise, group[0])
        once = perf_counter() - begin
        natural = 0 if self.natural is None else len(self.natural.pictures)
        return (
            climbing
            + once * natural
            + units * (len(ENDS) * once + SHEET * (self.output is not None))
        )

    def units(self) -> Iterator[ShownUnit]:
        """Each unit, as it is finished and on disk; first those that were there."""
        waiting, model = self.waiting, self.model
        again = {unit for group in waiting for unit in group}
        yield from (unit for unit in list(self.finished.values()) if unit.unit not in again)
        if waiting:
            self._write()  # whose the folder is, before the first array
        jobs: list[Job] = [(group, end) for group in waiting for end in ENDS]
        build = None if self.build is None else Build(self.build, self.empty.model.sha256)
        pictures = sum(len(group) for group, _ in jobs) * len(self.ascents.seeds)
        total = sum(self.ascents.length(group) for group, _ in jobs)
        with progress_bar(f"visualizing {pictures} pictures", total, self.show) as advance:
            found: dict[End, dict[int, Best]] = {}
            results = run_jobs(self.ascents, model, jobs, self._start, self.jobs, build, advance)
            for (group, end), best in zip(jobs, results, strict=True):
                found[end] = best
                if end == ENDS[-1]:
                    fresh = [self._unit(unit, {e: found[e][unit] for e in ENDS}) for unit in group]
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
        sheets = (
            ()
            if self.output is None
            else write_sheets(self.file, self.pictures, natural, self.output)
        )
        return ShownUnits(self.file, self.pictures, natural, self.evaluate.why, sheets)

    @property
    def file(self) -> ShownFile:
        """The shown-file of what is finished."""
        return replace(
            self.empty, units=tuple(self.finished[u] for u in self.asked if u in self.finished)
        )

    def _write(self) -> None:
        if self.output is not None:
            write_file(self.output / FILE, to_json(self.file), parents=True)

    def _unit(self, unit: int, best: Mapping[End, Best]) -> ShownUnit:
        """Both ends in the file's terms: that with the smaller value in float64 is the minimum, float32 may have it otherwise."""
        valued = [(self.evaluate(one.picture.to(self.device), unit), one) for one in best.values()]
        valued.sort(key=lambda pair: Fraction(pair[0].value))
        shown = {}
        for end, (value, one) in zip(ENDS, valued, strict=True):
            content = npy(one.picture)
            name = f"{'group' if self.objective.groups else 'unit'}-{unit}-{end}.npy"
            if self.output is not None:
                write_file(self.output / name, content, parents=True)
            shown[end] = ShownEnd(
                value.value, value.error, value.kind, name, hashlib.sha256(content).hexdigest(), one.seed, one.step, one.dead
            )  # fmt: skip
            self.pictures.add(unit, end, shown[end], one.picture)
        return ShownUnit(
            unit, unit_name(self.empty.settings, unit), shown["minimum"], shown["maximum"],
            self.beside.get((unit, "minimum")), self.beside.get((unit, "maximum")),
        )  # fmt: skip


def npy(picture: torch.Tensor) -> bytes:
    """The content of a .npy file."""
    content = io.BytesIO()
    np.save(content, picture.numpy(), allow_pickle=False)
    return content.getvalue()
