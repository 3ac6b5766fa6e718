"""Fuzz campaigns: random members, visualizations, queries and decoders against every claim of a row, exactly.

This is no proof. It looks for what a proof, a construction and a test could share: a wrong idea.

Case k of seed s is the same wherever and however often it is run, so a number of cases says which ones they
were. A time budget only decides how many there are.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from trompe.constructions.catalogue import draw_dim
from trompe.constructions.draws import Pick, Picker
from trompe.ground.arguments import at_least_one
from trompe.ground.processes import Call, Died, Processes, worker_processes
from trompe.proofs.sampling.cases import PROPERTIES, check_case
from trompe.theory import CLASSES, InvalidInput, row_class

MAX_DIM = 5
_SHRINKING_TRIES = 600
_SMALL = 8
"""Integers below this are all tried when an example is simplified."""
_WAVE_SECONDS = 1.0
"""About how long a wave of batches takes; between waves the clock is looked at."""

Progress = Callable[[int, int | None, str], None]
"""Called with (cases done per row, cases wanted or None, "") as waves finish."""


@dataclass(frozen=True)
class Counterexample:
    """A property that did not hold: the case that found it and the simplest example that was met."""

    row: str
    key: str
    """The property, one of PROPERTIES."""
    seed: int
    case: int
    example: str

    @property
    def command(self) -> str:
        """What repeats it."""
        return f"trompe fuzz --row {self.row} --seed {self.seed} --first {self.case} --cases 1"


@dataclass(frozen=True)
class Campaign:
    """How often each property was checked per row, and what failed."""

    seed: int
    first: int
    cases: int
    """Per row."""
    counts: Mapping[str, Mapping[str, int]]
    failures: tuple[Counterexample, ...]
    seconds: float = field(compare=False)
    is_interrupted: bool = field(default=False, compare=False)


# -- cases and batches -------------------------------------------------------------------------------


def _run(row: str, pick: Pick, counts: Counter[str]) -> tuple[str, str] | None:
    """The first property that fails in a case, with the example; `counts` grows."""
    try:
        for key, example, holds in check_case(row, pick, draw_dim(pick, row, MAX_DIM)):
            counts[key] += 1
            if not holds:
                return key, example()
    except Exception as error:
        return "runs", f"{type(error).__name__}: {error}"
    counts["runs"] += 1
    return None


def run_batch(
    row: str, seed: int, first: int, count: int
) -> tuple[Counter[str], list[Counterexample]]:
    """Cases `first`, ..., `first + count - 1` of a row. This is what a worker process runs."""
    counts: Counter[str] = Counter()
    failures = []
    for case in range(first, first + count):
        failed = _run(row, Picker(_source(row, seed, case).randint, MAX_DIM), counts)
        if failed is not None:
            failures.append(Counterexample(row, failed[0], seed, case, failed[1]))
    return counts, failures


def _source(row: str, seed: int, case: int) -> random.Random:
    return random.Random(f"{row}/{seed}/{case}")


def _simplified(failures: Sequence[Counterexample]) -> list[Counterexample]:
    """The first failure of each property and row with the simplest example that was found."""
    found, seen = [], set()
    for failure in failures:
        if (failure.row, failure.key) not in seen:
            seen.add((failure.row, failure.key))
            failure = replace(failure, example=_simplest(failure))
        found.append(failure)
    return found


def _simplest(failure: Counterexample) -> str:
    """The example after integers were moved towards 0 one by one as long as the same property still fails."""
    picked: list[int] = []
    source, tries = _source(failure.row, failure.seed, failure.case), 0

    def record(low: int, high: int) -> int:
        picked.append(source.randint(low, high))
        return picked[-1]

    def replay(wanted: Sequence[int]) -> tuple[list[int], tuple[str, str] | None]:
        nonlocal tries
        tries += 1
        used: list[int] = []

        def pick(low: int, high: int) -> int:
            value = wanted[len(used)] if len(used) < len(wanted) else 0
            used.append(max(low, min(high, value)))
            return used[-1]

        return used, _run(failure.row, Picker(pick, MAX_DIM), Counter())

    _run(failure.row, Picker(record, MAX_DIM), Counter())
    best, example = picked, failure.example
    moved = True
    while moved and tries < _SHRINKING_TRIES:
        moved, place = False, 0
        while place < len(best) and tries < _SHRINKING_TRIES:
            head, here, tail = best[:place], best[place], best[place + 1 :]
            lower = {*range(min(abs(here), _SMALL)), abs(here) // 2, abs(here) - 1}
            candidates = [[*head, *tail]] if here in (0, 1) else []
            candidates += [[*head, to, *tail] for to in sorted(lower) if 0 <= to < abs(here)]
            for candidate in candidates:
                used, found = replay(candidate)
                if found is not None and found[0] == failure.key and _cost(used) < _cost(best):
                    best, example, moved = used, found[1], True
                    break
            else:
                place += 1
    return example


def _cost(picked: Sequence[int]) -> tuple[int, list[int]]:
    """Few integers first, then small ones, positive before negative."""
    return len(picked), [2 * abs(value) + (value < 0) for value in picked]


def campaign(
    rows: Sequence[str] | None = None,
    *,
    cases: int | None = None,
    budget: float | None = None,
    seed: int = 0,
    first: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Campaign:
    """Run cases `first`, `first` + 1, ... of every row, as many as `cases` says or the budget allows.

    Parameters
    ----------
    rows : of the table. [default: all ten]
    cases : per row. budget : seconds, looked at about once a second, after the first few cases. One of the two.
    jobs : worker processes; a case that ends its process is a failure of `runs`. 1 is this process. None leaves it
        to the joblib configuration that is active, such as `joblib.parallel_config(backend="dask")`;
        without one that is this process alone.

    Raises
    ------
    InvalidInput : neither or both of cases and budget, or one that is not positive. UnknownKey : no such row.
    """
    chosen = list(CLASSES)
    if rows is not None:
        chosen = list(dict.fromkeys(at_least_one("rows", rows, "name one, or pass None for all")))
    for row in chosen:
        row_class(row)
    _check_amounts(cases, budget, first)
    counts: dict[str, Counter[str]] = {row: Counter() for row in chosen}
    failures: list[Counterexample] = []
    start, done, size, interrupted = time.monotonic(), 0, 4, False
    deadly: list[Counterexample] = []
    try:
        with _together(jobs) as run:
            # Workers import what they need before the clock is used to plan.
            list(run([(run_batch, row, seed, first, 0) for row in chosen]))
            while not done or ((cases is None or done < cases) and not _is_over(budget, start)):
                size = size if cases is None else min(size, cases - done)
                began = time.monotonic()
                batches = [
                    (row, seed, first + done + at, length)
                    for row in chosen
                    for at, length in _pieces(size)
                ]
                for (row, *_), (found, failed) in _each(run, batches, deadly):
                    counts[row].update(found)
                    failures += failed
                done += size
                if progress is not None:
                    progress(done, cases, "")
                size = _next_size(size, time.monotonic() - began, budget, start)
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.monotonic() - start
    order = {row: k for k, row in enumerate(chosen)}
    failures.sort(key=lambda failure: (order[failure.row], failure.case))
    failures = [*(failures if interrupted else _simplified(failures)), *deadly]
    by_row = {
        row: {key: found[key] for key in PROPERTIES if found[key]} for row, found in counts.items()
    }
    return Campaign(seed, first, done, by_row, tuple(failures), seconds, interrupted)


Run = Callable[[Sequence[Call]], Iterable[Any]]
"""What the calls return, or `Died`, in their order."""


@contextmanager
def _together(jobs: int | None) -> Iterator[Run]:
    """Where the calls run: here, in `jobs` processes, or as joblib's active configuration says."""
    if jobs is not None:
        with nullcontext() if jobs == 1 else Processes(jobs, preload=(__name__,)) as processes:
            if processes is None:
                yield lambda calls: (f(*arguments) for f, *arguments in calls)
            else:
                yield lambda calls: (found for _, found in processes.results(calls, ordered=True))
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.backend import resource_tracker

    def run(calls: Sequence[Call]) -> Iterable[Any]:
        return parallel(delayed(f)(*arguments) for f, *arguments in calls)  # type: ignore[no-any-return]

    with Parallel() as parallel:
        resource_tracker.ensure_running()  # starting it inside would let Ctrl-C through again
        with worker_processes():
            run([(int,)] * 10)  # calls of nothing: they start the workers
        yield run


def _each(
    run: Run, batches: Sequence[tuple[str, int, int, int]], deadly: list[Counterexample]
) -> Iterator[tuple[tuple[str, int, int, int], Any]]:
    """Each batch and what it gives. One whose process ended is tried case by case; `deadly` grows."""
    again = []
    for batch, found in zip(batches, run([(run_batch, *batch) for batch in batches]), strict=True):
        row, seed, first, count = batch
        if not isinstance(found, Died):
            yield batch, found
        elif count > 1:
            again += [(row, seed, case, 1) for case in range(first, first + count)]
        else:  # not to be simplified: that would end this process
            deadly.append(Counterexample(row, "runs", seed, first, found.reason))
    if again:
        yield from _each(run, again, deadly)


def _pieces(size: int, at_most: int = 10) -> list[tuple[int, int]]:
    """A wave of one row in batches: (offset, length)."""
    return [(at, min(at_most, size - at)) for at in range(0, size, at_most)]


def _is_over(budget: float | None, start: float) -> bool:
    return budget is not None and time.monotonic() - start >= budget


def _next_size(size: int, took: float, budget: float | None, start: float) -> int:
    """Cases a row in the next wave: about a second's worth, less where less is left."""
    wanted = _WAVE_SECONDS
    if budget is not None:
        wanted = min(wanted, max(0.0, budget - (time.monotonic() - start)))
    return max(1, min(2 * size, int(size * wanted / max(took, 1e-6))))


def _check_amounts(cases: int | None, budget: float | None, first: int) -> None:
    if (cases is None) == (budget is None):
        raise InvalidInput("give either a number of cases or a budget in seconds")
    if cases is not None and cases < 1:
        raise InvalidInput(f"cases = {cases}; expected at least 1")
    if budget is not None and not 0 < budget < float("inf"):
        raise InvalidInput(f"budget = {budget} s; expected a finite time of more than 0 s")
    if first < 0:
        raise InvalidInput(f"first = {first}; cases are numbered from 0")
