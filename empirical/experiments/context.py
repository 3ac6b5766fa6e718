"""What an experiment works with: data, device, seed, output folder, and steps that are done only once."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from trompe.empirical._torch import at_once, torch
from trompe.empirical.attacks.features import EarlyFeatures
from trompe.empirical.cache import TensorCache, state_sha256
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.effort import Effort, effort_for
from trompe.empirical.experiments.given import FEATURES_FROM, Given
from trompe.empirical.inputs.data import ImageData
from trompe.empirical.maximization.ascent import (
    DeadUnit,
    Maximization,
    Settings,
    every_setting,
    maximize,
)
from trompe.empirical.maximization.parametrizations import (
    PARAMETRIZATIONS,
    Fourier,
    mean_spectrum,
    parametrization,
)
from trompe.empirical.networks.inspection import predict
from trompe.empirical.networks.training import classifier
from trompe.empirical.progress import step_seconds
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import identical
from trompe.ground.files import write_file
from trompe.ground.text import time_of

UNSEEN = 500
"""Seeds from here on are never trained on."""
USUAL = "fourier+transforms"
"""The way in which all units are visualized."""
DISPLAY = {"pixel": "pixel", "fourier": "Fourier", "maco": "MACO"}
"""The parametrizations as figures name them."""


def credited(whose: Sequence[str]) -> str:
    """The sentence of a caption that names those whose images a figure shows."""
    named = [name for name in dict.fromkeys(whose) if name]
    return f" Photographs: {'; '.join(named)}." if named else ""


@dataclass
class Context:
    """One run of one or several experiments on one data set, and on a network that is trained on it or given."""

    data: ImageData
    device: torch.device
    seed: int
    folder: Path
    cache: TensorCache
    show: bool = True
    target: Any = None
    """A picture (channels, height, width) in [0, 1] for D, or None for the drawn ones."""
    given: Given | None = None
    """Somebody's network; None where the networks are trained here."""
    timings: dict[str, dict[str, float]] = field(default_factory=dict)

    @cached_property
    def effort(self) -> Effort:
        """How much is done for pictures of this size."""
        return effort_for(*self.data.shape[1:])

    @property
    def rounds(self) -> tuple[int, int]:
        """At least, and at most so many retraining rounds; what is enough for our own networks need not be for others."""
        least, most = self.effort.rounds
        return least, most + (2 if self.given else 0)

    @property
    def steps(self) -> int:
        """Optimisation steps of a visualization."""
        return self.effort.steps

    @property
    def units(self) -> list[int]:
        """The output units that are visualized: those that were asked for, or all, or the first ten."""
        return list(self.given.units) if self.given else list(range(min(10, self.outputs)))

    @property
    def outputs(self) -> int:
        """How many output units the network has."""
        return self.given.outputs if self.given else len(self.data.classes)

    def name(self, unit: int) -> str:
        """What an output unit is called."""
        return self.given.name(unit) if self.given else self.data.classes[unit]

    @property
    def cycles(self) -> list[list[int]]:
        """The units in cycles, within which each shows the next: those that are visualized in every way, and the rest."""
        few = self.effort.others
        if few is None or len(self.units) < few + 2:
            return [self.units]
        return [self.units[:few], self.units[few:]]

    @property
    def swapped(self) -> list[int]:
        """Which unit each output unit shows: the next of its cycle, or itself."""
        shown = list(range(self.outputs))
        for cycle in self.cycles:
            for unit, after in zip(cycle, cycle[1:] + cycle[:1], strict=True):
                shown[unit] = after
        return shown

    def units_of(self, setting: Settings) -> list[int]:
        """The units that are visualized in this way: all, or the first cycle where the way is not the usual one."""
        return self.units if setting.name == USUAL else self.cycles[0]

    def seeds(self, first: int, count: int) -> list[int]:
        """Seeds of this run: `first` keeps those of training (below 500) and evaluation apart."""
        return [100_000 * self.seed + first + k for k in range(count)]

    @cached_property
    def train(self) -> torch.Tensor:
        """Training images in [0, 1] on the device."""
        return self.data.train.tensor(self.device)

    @cached_property
    def test(self) -> torch.Tensor:
        """Test images in [0, 1] on the device."""
        return self.data.test.tensor(self.device)

    @cached_property
    def train_labels(self) -> torch.Tensor:
        """The classes of training images: their labels, or what the given network takes them for."""
        return self.train_outputs.argmax(1) if self.given else self.data.train.targets(self.device)

    @cached_property
    def test_labels(self) -> torch.Tensor:
        """The same of test images."""
        return self.test_outputs.argmax(1) if self.given else self.data.test.targets(self.device)

    @cached_property
    def train_outputs(self) -> torch.Tensor:
        """What the network says of training images, shape (n, outputs)."""
        return self.given.on_images if self.given else predict(self.network, self.train)

    @cached_property
    def test_outputs(self) -> torch.Tensor:
        """The same of test images."""
        return self._of_test[0]

    @cached_property
    def spectrum(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What MACO needs of the training images."""
        return mean_spectrum(self.train)

    @cached_property
    def settings(self) -> list[Settings]:
        """Pixel, Fourier and MACO, each without and with transforms."""
        return every_setting(parametrization(key, self.spectrum) for key in PARAMETRIZATIONS)

    @cached_property
    def network(self) -> torch.nn.Module:
        """The network that is fooled: the given one, or a small CNN."""
        if self.given:
            return self.given.network
        with self.timed("training cnn"):
            return classifier("cnn", self.data, self.seed, self.device, self.cache, self.show)

    @cached_property
    def deep(self) -> torch.nn.Module:
        """The network whose layers are gone through: the given one, or a MiniInception."""
        if self.given:
            return self.given.network
        with self.timed("training inception"):
            return classifier("inception", self.data, self.seed, self.device, self.cache, self.show)

    @cached_property
    def features(self) -> EarlyFeatures | None:
        """What the detector looks at; None for pixels."""
        layers = self.given.features if self.given else ()
        return EarlyFeatures(self.network, layers, self.data.shape) if layers else None

    @cached_property
    def train_seen(self) -> torch.Tensor:
        """What the detector gets of training images: features (n, d), or the images."""
        return self.given.codes if self.given else self.train

    @cached_property
    def test_seen(self) -> torch.Tensor:
        """The same of test images."""
        return self._of_test[1]

    @cached_property
    def _of_test(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What the network says of test images, and what the detector gets of them, by one pass."""
        with self.timed("natural test images"):
            if self.features is None:
                return predict(self.network, self.test), self.test
            return self.features.beside_outputs(self.test)

    @cached_property
    def calibration(self) -> torch.Tensor:
        """Which training images put the threshold of a detector of features: those that the data set aside, else each fifth group. Shape (n,)."""
        return torch.from_numpy(self.data.train.calibrating()).to(self.device)

    @property
    def asked(self) -> dict[str, Any]:
        """What a cached step depends on beside data, seed and network, where the network is given."""
        if not self.given:
            return {}
        return {
            "of": self.given.fingerprint,
            "looked at": self.units,
            "features": self.given.features,
        }

    @cached_property
    def natural_largest(self) -> torch.Tensor:
        """The largest natural value of each output, shape (outputs,)."""
        return self.train_outputs.amax(0)

    def promised(self, threshold: float) -> float | None:
        """A threshold that is set for the network and the photographs of `data = imagenet`; on others the number is a finding."""
        return threshold if self.data.name == "imagenet" else None

    # -- steps ---------------------------------------------------------------------------------------

    def step(
        self,
        name: str,
        key: Mapping[str, Any],
        models: Sequence[torch.nn.Module],
        build: Callable[[], Mapping[str, torch.Tensor]],
    ) -> dict[str, torch.Tensor]:
        """Tensors that are built once for equal data, seed, device, models and key, and kept in the cache."""
        assert not set(key) & set(self.asked), "one would hide the other"
        full = {
            "data": self.data.sha256, "seed": self.seed, "device": self.device.type,
            "threads": torch.get_num_threads(), "steps": self.steps,
            "models": [state_sha256(m.state_dict()) for m in models], **key, **self.asked,
        }  # fmt: skip
        with self.timed(name):
            found = self.cache.get(name, full, build)
        return {k: v.to(self.device) for k, v in found.items()}

    def module_step(
        self, name: str, key: Mapping[str, Any], empty: torch.nn.Module,
        models: Sequence[torch.nn.Module], build: Callable[[], torch.nn.Module],
    ) -> torch.nn.Module:  # fmt: skip
        """A trained module, from the cache or built now; `empty` has its shape."""
        state = self.step(name, key, models, lambda: build().state_dict())
        empty.to(self.device).load_state_dict(state)
        return empty.eval()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds the wall and CPU seconds spent inside to the timings, under `name`; work queued on a GPU included.

        `from_cache` counts what was loaded instead of computed, so that such times are not taken for the work's.
        """
        self._finish()
        wall, cpu, hits = perf_counter(), process_time(), self.cache.hits
        try:
            yield
        finally:
            self._finish()
            entry = self.timings.setdefault(name, {"wall_s": 0.0, "cpu_s": 0.0, "from_cache": 0})
            entry["wall_s"] = round(entry["wall_s"] + perf_counter() - wall, 3)
            entry["cpu_s"] = round(entry["cpu_s"] + process_time() - cpu, 3)
            entry["from_cache"] += self.cache.hits - hits

    def _finish(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def visualize(
        self, model: Any, setting: Settings, seeds: Sequence[int], units: Sequence[int] | None = None,
        **options: Any,
    ) -> Maximization:  # fmt: skip
        """`maximize` with this run's shape, steps and device."""
        options.setdefault("steps", self.steps)
        with self.timed("visualizing"), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeadUnit)  # an experiment that has dead units says so
            return maximize(
                model, self.units if units is None else units, self.data.shape,
                setting.parametrization, transforms=setting.transforms, seeds=seeds,
                device=self.device, show=self.show, **options,
            )  # fmt: skip

    def announce(self, what: str, pictures: int, steps: int, then: str = "") -> None:
        """Say on standard error about how long so many visualizations take, where the network is somebody's."""
        if self.given and self.show:
            seconds = self._step_of_a_picture * pictures * steps
            print(
                f"trompe: {what}: about {time_of(seconds)} for {pictures} pictures of {steps} steps (estimated from three steps){then}",
                file=sys.stderr,
            )

    @cached_property
    def _step_of_a_picture(self) -> float:
        """Seconds, where as many are visualized as are held at a time."""
        share = at_once(self.data.shape, 100)

        def climb(pictures: int, steps: int) -> None:
            maximize(
                self.network, self.units[:1], self.data.shape, Fourier(), seeds=tuple(range(pictures)), steps=steps,
                device=self.device,
            )  # fmt: skip

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeadUnit)
            return step_seconds(climb, share, self.device) / share

    def agreement(
        self,
        circuit: Any,
        setting: Settings,
        seeds: Sequence[int],
        units: Sequence[int] | None = None,
    ) -> tuple[Maximization, Maximization, torch.Tensor]:
        """D's own visualizations, the circuit's with the same seeds, and which are bit-identical."""
        own = self.visualize(circuit.shown_alone(), setting, seeds, units)
        through = self.visualize(circuit, setting, seeds, units)
        return own, through, identical(own.images, through.images)

    @property
    def unseen(self) -> list[int]:
        """Seeds that no detector is trained on."""
        return self.seeds(UNSEEN, self.effort.unseen)

    def unseen_outputs(self, setting: Settings) -> Maximization:
        """Visualizations of the network's own units with the unseen seeds; made once, kept in the cache.

        Unit u's entry is also what a circuit shows for D = unit u.
        """
        units = self.units_of(setting)
        key = {"setting": setting.name, "seeds": self.unseen, "units": units}

        def build() -> dict[str, torch.Tensor]:
            run = self.visualize(self.network, setting, self.unseen, units)
            error = torch.tensor(run.spectrum_error, dtype=torch.float64)
            return {"images": run.images, "activations": run.activations, "error": error}

        found = self.step("unseen", key, [self.network], build)
        empty = found["images"][:0][None]
        return Maximization(
            found["images"], found["activations"], empty, empty, (), float(found["error"])
        )

    def first_images(self, units: Sequence[int] | None = None) -> tuple[torch.Tensor, str]:
        """One natural image of each visualized class that a figure may show, on the CPU, and whose they are, in words.

        A test image where there is one; a black one where there is none.
        """
        found, whose = [], []
        for unit in self.units if units is None else units:
            for split, images, labels in (
                (self.data.test, self.test, self.test_labels),
                (self.data.train, self.train, self.train_labels),
            ):
                fits = (labels == unit).cpu().numpy() & split.showable()
                if fits.any():
                    place = int(fits.argmax())
                    found.append(images[place])
                    whose += [] if split.whose is None else [split.whose[place]]
                    break
            else:
                found.append(torch.zeros_like(self.train[0]))
        return torch.stack(found).cpu(), credited(whose)

    # -- output --------------------------------------------------------------------------------------

    def witness(self, key: str, statement: str) -> RunRecord:
        """An empty witness of this run."""
        if self.given:
            statement = (
                f"On a given network; the measurements say how far this holds there: {statement}"
            )
        record = RunRecord(f"empirical/{key}", statement, self.data, self.device, self.seed)
        if self.given:
            record.settings["outputs that are looked at"] = self.given.chosen
        return record

    def figure(self, witness: RunRecord, key: str, name: str, figure: Any, caption: str) -> None:
        """Save a figure into the experiment's folder and list it in the witness."""
        dpi = figures.DPI if max(self.data.shape) <= FEATURES_FROM else figures.DPI_LARGE
        with self.timed("figures"):
            file = figures.save(figure, self.folder / key, name, dpi=min(figures.DPI, dpi))
        witness.figures.append({"file": file, "caption": caption})

    def text(self, key: str, name: str, content: str) -> None:
        """Save a text file into the experiment's folder."""
        write_file(self.folder / key / name, content, parents=True)
