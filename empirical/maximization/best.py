"""The best picture of each unit, over all seeds and several steps of each ascent; as jobs that may run anywhere."""

from __future__ import annotations

import contextlib
import os
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from trompe.empirical._torch import repeatable, torch
from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.ascent import DeadUnit, Maximization, maximize
from trompe.empirical.maximization.evaluation import unit_values
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Parametrization
from trompe.empirical.progress import Advance
from trompe.ground.processes import worker_processes
from trompe.proofs.handover.shown.data import End
from trompe.theory import InvalidInput

nn = torch.nn


@dataclass(frozen=True)
class Best:
    """A picture, and where it was found. height : the objective there, with the other sign for a minimum."""

    picture: torch.Tensor
    height: float
    seed: int
    step: int
    dead: bool
    """Value and gradient were 0 at every step from every seed."""


class Watched(Parametrization):
    """Another parametrization, which says when a step makes its images."""

    def __init__(self, inside: Parametrization, advance: Advance) -> None:
        self.inside, self.advance = inside, advance
        self.key = inside.key  # type: ignore[misc]

    def initial(self, shape: tuple[int, int, int], seed: int) -> torch.Tensor:
        """See Parametrization."""
        return self.inside.initial(shape, seed)

    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        self.advance(1)
        return self.inside.image(parameters)

    def of(self, images: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        return self.inside.of(images)


@dataclass(frozen=True)
class Ascents:
    """How pictures are looked for: all that a job needs besides the network.

    axis : of the units. batch : pictures at a time. threads : CPU threads of a job; bits repeat for equal counts.
    """

    objective: Objective
    axis: int
    shape: tuple[int, int, int]
    parametrization: Parametrization
    transforms: bool
    redirect: bool
    seeds: tuple[int, ...]
    steps: int
    rate: float
    batch: int
    device: torch.device
    threads: int

    @property
    def looked_at(self) -> tuple[int, ...]:
        """The steps of which the best is kept: the start, three on the way and the last."""
        return tuple(sorted({self.steps * k // 4 for k in range(5)}))

    def groups(self, units: Sequence[int]) -> list[tuple[int, ...]]:
        """Units that climb together: so many that all their seeds are one batch."""
        size = max(1, self.batch // len(self.seeds))
        return [tuple(units[k : k + size]) for k in range(0, len(units), size)]

    def together(self, group: Sequence[int]) -> list[tuple[int, ...]]:
        """The seeds that a group climbs from, so many at a time that they are one batch."""
        size = max(1, self.batch // len(group))
        return [self.seeds[k : k + size] for k in range(0, len(self.seeds), size)]

    def length(self, group: Sequence[int]) -> int:
        """How often images are made for one end of a group."""
        return len(self.together(group)) * (self.steps + 1)

    def climb(
        self, model: nn.Module, group: Sequence[int], end: End, seeds: Sequence[int], steps: int, keep: Sequence[int],
        start: torch.Tensor | None, advance: Advance | None = None,
    ) -> Maximization:  # fmt: skip
        """One run of `maximize`. start : a picture a unit, to begin from. advance : called at each step."""
        way = self.parametrization if advance is None else Watched(self.parametrization, advance)
        with warnings.catch_warnings(), repeatable(self.threads, self.device):
            warnings.simplefilter("ignore", DeadUnit)  # `Best.dead` says it
            return maximize(
                model, group, self.shape, way,
                objective=self.objective if end == "maximum" else -self.objective,
                transforms=self.transforms, seeds=seeds, steps=steps, rate=self.rate, keep=keep, redirect=self.redirect,
                start=None if start is None else start.repeat(len(seeds), 1, 1, 1), device=self.device,
                batch=self.batch,
            )  # fmt: skip

    def best(
        self,
        model: nn.Module,
        group: Sequence[int],
        end: End,
        start: torch.Tensor | None,
        advance: Advance | None = None,
    ) -> dict[int, Best]:
        """The best picture of each unit, by the objective without transforms."""
        found: dict[int, Best] = {}
        for seeds in self.together(group):
            run = self.climb(model, group, end, seeds, self.steps, self.looked_at, start, advance)
            order = [(unit, seed) for seed in seeds for unit in group]
            for step, pictures in zip(run.kept, run.trajectory, strict=True):
                units = [unit for unit, _ in order]
                with repeatable(self.threads, self.device):
                    values = unit_values(model, self.objective, self.axis, pictures, units).tolist()
                for row, ((unit, seed), value) in enumerate(zip(order, values, strict=True)):
                    height = value if end == "maximum" else -value
                    if unit not in found or height > found[unit].height:
                        dead = found[unit].dead if unit in found else True
                        found[unit] = Best(pictures[row].float().cpu(), height, seed, step, dead)
            for unit in {*group} - {*run.dead}:
                found[unit] = replace(found[unit], dead=False)
        return found


@dataclass(frozen=True)
class Build:
    """What makes the network where a job runs, the hash of its weights, and the folder that its paths are of."""

    make: Callable[[], nn.Module]
    sha256: str
    folder: str = field(default_factory=os.getcwd)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Processes outlive a run: in the next one, equal weights may be another function's."""


Job = tuple[tuple[int, ...], End]
"""A group and an end."""
Start = Callable[[Sequence[int], End], torch.Tensor | None]
"""Where a job starts: a picture a unit; None for noise."""


def run_jobs(
    ascents: Ascents,
    model: nn.Module,
    jobs: Sequence[Job],
    start: Start,
    processes: int | None,
    build: Build | None = None,
    advance: Advance = lambda _k: None,
) -> Iterator[dict[int, Best]]:
    """What `Ascents.best` finds in each job, in their order, the same bits wherever they run.

    Parameters
    ----------
    start : where each job starts. processes : 1 is this process. None leaves it to the joblib configuration that is active, such as
        `joblib.parallel_config(backend="dask")`; without one that is this process. build : makes the network where a
        job runs; without it the network travels with each job. advance : called as images are made, see `Ascents.length`.
    """
    if processes == 1 or not jobs:
        yield from (ascents.best(model, *job, start(*job), advance) for job in jobs)
        return
    from joblib import Parallel, delayed

    with Parallel(n_jobs=processes, return_as="generator") as parallel:
        with worker_processes():
            list(parallel([delayed(_started)()] * (processes or 1)))
        found = parallel(delayed(_run)(ascents, build or model, job, start(*job)) for job in jobs)
        for (group, _), best in zip(jobs, found, strict=True):
            advance(ascents.length(group))
            yield best


def _started() -> None:
    """Nothing; to find this, a process has imported torch. loky ends one that grows by 300 MB after its first call."""


_BUILT: dict[str, nn.Module] = {}
"""In a process: the network that was built there last, by `Build.key`."""


def _run(
    ascents: Ascents, source: nn.Module | Build, job: Job, start: torch.Tensor | None
) -> dict[int, Best]:
    if isinstance(source, nn.Module):
        return ascents.best(source, *job, start)
    if source.key not in _BUILT:
        _BUILT.clear()
        with contextlib.chdir(source.folder):
            model = source.make()
        if state_sha256(model.state_dict()) != source.sha256:
            raise InvalidInput(
                "model: FUNCTION() returns other weights in another process; give them by --weights"
            )
        _BUILT[source.key] = model
    return ascents.best(_BUILT[source.key], *job, start)
