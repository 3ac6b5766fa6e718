"""What an experiment works with: data, device, seed, output folder, and steps that are done only once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.cache import TensorCache, state_sha256
from trompe.empirical.data import ImageData
from trompe.empirical.experiments import figures
from trompe.empirical.inspection import predict
from trompe.empirical.maximization.ascent import (
    DeadUnit,
    Maximization,
    Settings,
    every_setting,
    maximize,
)
from trompe.empirical.maximization.parametrizations import (
    PARAMETRIZATIONS,
    mean_spectrum,
    parametrization,
)
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import identical
from trompe.empirical.training import classifier
from trompe.ground.files import write_file

UNSEEN = 500
"""Seeds from here on are never trained on."""
DISPLAY = {"pixel": "pixel", "fourier": "Fourier", "maco": "MACO"}
"""The parametrizations as figures name them."""


@dataclass
class Context:
    """One run of one or several experiments on one data set."""

    data: ImageData
    device: torch.device
    seed: int
    folder: Path
    cache: TensorCache
    show: bool = True
    target: Any = None
    """A picture (channels, height, width) in [0, 1] for D, or None for the drawn ones."""
    timings: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def small(self) -> bool:
        """Few and tiny images: shorter optimisation and training suffice."""
        return max(self.data.shape[1:]) <= 16

    @property
    def steps(self) -> int:
        """Optimisation steps of a visualization."""
        return 128 if self.small else 256

    @property
    def longest(self) -> int:
        """Steps of the one run that is shown step by step: 512."""
        return (4 if self.small else 2) * self.steps

    @property
    def units(self) -> list[int]:
        """The output units that are visualized: all, or the first ten."""
        return list(range(min(10, len(self.data.classes))))

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
        """Training labels on the device."""
        return self.data.train.targets(self.device)

    @cached_property
    def test_labels(self) -> torch.Tensor:
        """Test labels on the device."""
        return self.data.test.targets(self.device)

    @cached_property
    def spectrum(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What MACO needs of the training images."""
        return mean_spectrum(self.train)

    @cached_property
    def settings(self) -> list[Settings]:
        """Pixel, Fourier and MACO, each without and with transforms."""
        return every_setting(parametrization(key, self.spectrum) for key in PARAMETRIZATIONS)

    @cached_property
    def cnn(self) -> torch.nn.Module:
        """The trained small CNN."""
        with self.timed("training cnn"):
            return classifier("cnn", self.data, self.seed, self.device, self.cache, self.show)

    @cached_property
    def inception(self) -> torch.nn.Module:
        """The trained MiniInception."""
        with self.timed("training inception"):
            return classifier("inception", self.data, self.seed, self.device, self.cache, self.show)

    @cached_property
    def natural_largest(self) -> torch.Tensor:
        """The largest natural value of each output of the CNN, shape (units,)."""
        return predict(self.cnn, self.train).amax(0)

    # -- steps ---------------------------------------------------------------------------------------

    def step(
        self,
        name: str,
        key: Mapping[str, Any],
        models: Sequence[torch.nn.Module],
        build: Callable[[], Mapping[str, torch.Tensor]],
    ) -> dict[str, torch.Tensor]:
        """Tensors that are built once for equal data, seed, device, models and key, and kept in the cache."""
        full = {
            "data": self.data.sha256, "seed": self.seed, "device": self.device.type,
            "threads": torch.get_num_threads(), "steps": self.steps,
            "models": [state_sha256(m.state_dict()) for m in models], **key,
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
        """Three seeds that no detector is trained on."""
        return self.seeds(UNSEEN, 3)

    def unseen_outputs(self, setting: Settings) -> Maximization:
        """Visualizations of the CNN's own units with the unseen seeds; made once, kept in the cache.

        Unit u's entry is also what a circuit shows for D = unit u.
        """
        key = {"setting": setting.name, "seeds": self.unseen, "units": self.units}

        def build() -> dict[str, torch.Tensor]:
            run = self.visualize(self.cnn, setting, self.unseen)
            error = torch.tensor(run.spectrum_error, dtype=torch.float64)
            return {"images": run.images, "activations": run.activations, "error": error}

        found = self.step("unseen", key, [self.cnn], build)
        empty = found["images"][:0][None]
        return Maximization(
            found["images"], found["activations"], empty, empty, (), float(found["error"])
        )

    def first_images(self) -> torch.Tensor:
        """One natural image of each visualized class, on the CPU; a test image where there is one."""
        found = []
        for unit in self.units:
            for images, labels in ((self.test, self.test_labels), (self.train, self.train_labels)):
                places = torch.nonzero(labels == unit).view(-1)
                if len(places):
                    found.append(images[places[0]])
                    break
            else:
                found.append(torch.zeros_like(self.train[0]))
        return torch.stack(found).cpu()

    # -- output --------------------------------------------------------------------------------------

    def witness(self, key: str, statement: str) -> RunRecord:
        """An empty witness of this run."""
        return RunRecord(f"empirical/{key}", statement, self.data, self.device, self.seed)

    def figure(self, witness: RunRecord, key: str, name: str, figure: Any, caption: str) -> None:
        """Save a figure into the experiment's folder and list it in the witness."""
        with self.timed("figures"):
            file = figures.save(figure, self.folder / key, name)
        witness.figures.append({"file": file, "caption": caption})

    def text(self, key: str, name: str, content: str) -> None:
        """Save a text file into the experiment's folder."""
        write_file(self.folder / key / name, content, parents=True)
