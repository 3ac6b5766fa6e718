"""Fuzz campaigns: random members, visualizations, queries and decoders against every claim of a row, exactly.

This is no proof. It looks for what a proof, a construction and a test could share: a wrong idea. Members
are drawn by rules of their own, not from the rows' triples.

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
from fractions import Fraction
from typing import Any

from trompe.constructions import centre, construction, exact_decoder, pair_networks, side_of, triple
from trompe.constructions.adversary import Question, mistakes, refuting_member
from trompe.constructions.catalogue import (
    draw_class,
    draw_dim,
    draw_member,
    draw_query,
    draw_visualization,
)
from trompe.constructions.draws import Pick, Picker, draw_point, draw_rational
from trompe.constructions.opponents import draw_opponent
from trompe.ground.errors import at_least_one
from trompe.ground.processes import Call, Died, Processes, worker_processes
from trompe.theory import (
    CLASSES,
    Additive,
    Approx,
    Comparison,
    Dataset,
    Exact,
    FunctionClass,
    InvalidInput,
    Point,
    Side,
    Task,
    Visualization,
    row_class,
)
from trompe.theory.namespace import EXACT

__all__ = ["PROPERTIES", "Campaign", "Failure", "campaign", "check_case"]

PROPERTIES = {
    "envelope": "a random member's value at a random query lies in the class's envelope",
    "decidable": "where a task is decidable, the envelope's centre answers it for a random member",
    "triple": "the triple's ends at the query are the class's envelope",
    "phi": "f and g are m at a only and M at b only (of the points tried), and fit the training labels",
    "law": "f and g obey the law of the class at random points",
    "network": "f and g are computed by the ReLU networks that are made of them",
    "gap": "W(x) <= g(x) <= f(x) <= U(x), with f(x) > g(x) wherever U(x) > W(x)",
    "defeat": "where a task is undecidable, its pair allows no answer, and a random decoder's is wrong",
    "mistake": "where a task is decidable, a decoder is wrong for some member exactly if it is for an end",
    "yes": "the decoder of a row with label Yes is right for a random member at a random query",
    "runs": "no admissible question is refused",
}
"""What is checked, by key."""

MAX_DIM = 5
_NETWORK_ROWS = ("neural-network", "erm", "piecewise-affine")
_NETWORKS_UP_TO = 2
"""The largest d at which pairs are compiled to networks, which takes long beyond."""
_POINTS = 3
_SHRINKING_TRIES = 600
_SMALL = 8
"""Integers below this are all tried when an example is simplified."""
_WAVE_SECONDS = 1.0
"""About how long a wave of batches takes; between waves the clock is looked at."""

Verdict = tuple[str, Callable[[], str], bool]
"""A property's key, the complete example in words, and whether the property holds."""
Progress = Callable[[int, int | None, str], None]
"""Called with (cases done per row, cases wanted or None, "") as waves finish."""


@dataclass(frozen=True)
class Failure:
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
    failures: tuple[Failure, ...]
    seconds: float = field(compare=False)
    is_interrupted: bool = field(default=False, compare=False)


def check_case(row: str, pick: Pick) -> Iterator[Verdict]:
    """Draw one case of a row from a source of integers and check all that is claimed about it."""
    dim = draw_dim(pick, row, MAX_DIM)
    cls = draw_class(pick, row, dim)
    tasks: tuple[Task, ...] = (
        Exact(),
        Approx(draw_rational(pick, 0, Fraction(1, 2), strict=True)),
        Side(),
    )
    yield from _check_member(pick, cls, dim, tasks)
    if construction(row) is not None:
        yield from _check_pair(pick, cls, dim, tasks)


def _check_member(
    pick: Pick, cls: FunctionClass, dim: int, tasks: Sequence[Task]
) -> Iterator[Verdict]:
    h = draw_member(pick, cls, dim)
    has_pairs = construction(cls.key) is not None
    for _ in range(2):
        x = draw_point(pick, dim)
        truth, fibre = h(x), h.cls.envelope(h.v, x)

        def example(x: Point = x, truth: Any = truth, fibre: Any = fibre) -> str:
            return (
                f"{h!r}, x = {_point(x)}, h(x) = {truth}, envelope [{fibre.lower}, {fibre.upper}]"
            )

        yield "envelope", example, fibre.lower <= truth <= fibre.upper
        best = centre(h.cls, h.v, x) if has_pairs else exact_decoder(h.cls)(h.v, x)
        for task in tasks:
            if not has_pairs or task.decidable(fibre, h.v):
                answer = _best_answer(task, best, fibre, h.v)
                right = task.right(answer, truth, h.v)
                yield (
                    "decidable" if has_pairs else "yes",
                    lambda task=task, answer=answer, example=example: (  # type: ignore[misc]
                        f"{task}: {answer} for {example()}"
                    ),
                    right,
                )


def _best_answer(task: Task, best: Any, fibre: Any, v: Visualization) -> Any:
    if task.key != "side":
        return best
    if fibre.lower != fibre.upper:  # one end may be mid itself, then the other one decides
        return "min" if fibre.upper <= v.mid else "max"
    return side_of(best, v)


def _check_pair(
    pick: Pick, cls: FunctionClass, dim: int, tasks: Sequence[Task]
) -> Iterator[Verdict]:
    v = draw_visualization(pick, cls, dim)
    x = draw_query(pick, cls, v)
    made, fibre = triple(cls, v, x), cls.envelope(v, x)
    pair = made.pair(draw_rational(pick, strict=True))

    def where(detail: str = "") -> Callable[[], str]:
        return lambda: f"{cls!r}, {v}, x = {_point(x)}, eta = {pair.eta}{detail}"

    ends = made.envelope
    says = f": U(x) = {ends.upper}, W(x) = {ends.lower}, envelope [{fibre.lower}, {fibre.upper}]"
    yield "triple", where(says), (ends.lower, ends.upper) == (fibre.lower, fibre.upper)

    data = getattr(cls, "data", Dataset())
    shown = [
        (v.argmin, v.minimum),
        (v.argmax, v.maximum),
        *zip(data.inputs, data.labels, strict=True),
    ]
    for z, value in shown:
        says = f": f or g at {_point(z)} is not {value}"
        yield "phi", where(says), all(h == value for h in pair.both(z))
    zs = [draw_point(pick, dim) for _ in range(_POINTS)]
    for z in (x, *zs):
        if z not in (v.argmin, v.argmax):
            inside = all(v.minimum < h < v.maximum for h in pair.both(z))
            yield "phi", where(f": f or g at {_point(z)} is an extreme value"), inside
    if cls.is_pointwise:
        yield from _check_law(pick, cls, pair, [*zs, v.argmin, v.argmax, x], where)
    elif cls.key in _NETWORK_ROWS and dim <= _NETWORKS_UP_TO:
        for network, h in zip(pair_networks(pair), (pair.f, pair.g), strict=True):
            says = f": a network differs at one of {', '.join(map(_point, (x, *zs)))}"
            yield "network", where(says), all(network(z) == h(z) for z in (x, *zs))
    if isinstance(cls, Additive):
        y, z, mask = zs[0], zs[1], [pick(0, 1) for _ in range(dim)]
        y2, z2 = (
            tuple(q if other else p for p, q, other in zip(one, two, mask, strict=True))
            for one, two in ((y, z), (z, y))
        )
        for name, h in (("f", pair.f), ("g", pair.g)):
            says = f": {name} at {_point(y)}, {_point(z)} with coordinates exchanged: {mask}"
            yield "law", where(says), cls.exchange(h(y), h(z), h(y2), h(z2))
    yield (
        "gap",
        where(f": f(x) = {pair.f_x}, g(x) = {pair.g_x}, envelope [{fibre.lower}, {fibre.upper}]"),
        fibre.lower <= pair.g_x <= pair.f_x <= fibre.upper
        and (pair.g_x < pair.f_x) == (fibre.lower < fibre.upper),
    )
    for task in tasks:
        question, opponent = Question(cls, task, v, x), draw_opponent(pick, task)
        answer = opponent(v, x)
        says = f": {task}, {opponent} answers {answer}"
        if not question.is_decidable:
            failure = question.failure()
            defeated = not failure and bool(mistakes(question, question.pair, answer))
            yield "defeat", where(f"{says}; {failure}"), defeated
            continue
        wrong = not all(task.right(answer, end, v) for end in (fibre.lower, fibre.upper))
        found = refuting_member(question, answer)
        holds = wrong == (found is not None)
        if found is not None:
            truth = found.member(x)
            holds = fibre.lower <= truth <= fibre.upper and not task.right(answer, truth, v)
        yield "mistake", where(says), holds


def _check_law(
    pick: Pick,
    cls: FunctionClass,
    pair: Any,
    points: Sequence[Point],
    where: Callable[[str], Callable[[], str]],
) -> Iterator[Verdict]:
    weight = draw_rational(pick)
    for i, y in enumerate(points):
        z = points[i - 1]
        if (
            cls.key == "monotone"
        ):  # its law compares a point with one that is larger in every coordinate
            y, z = (tuple(map(end, y, z)) for end in (min, max))
        between = tuple(weight * p + (1 - weight) * q for p, q in zip(y, z, strict=True))
        distance = cls.distance(y, z) if hasattr(cls, "distance") else None
        for name, h in (("f", pair.f), ("g", pair.g)):
            comparison = Comparison(h(y), h(z), h(between), weight, distance)
            says = f": {name} at {_point(y)}, {_point(z)}, weight {weight}"
            yield "law", where(says), bool(cls.law(comparison, EXACT))


def _point(z: Point) -> str:
    return f"({', '.join(map(str, z))})"


# -- cases and batches -------------------------------------------------------------------------------


def _run(row: str, pick: Pick, counts: Counter[str]) -> tuple[str, str] | None:
    """The first property that fails in a case, with the example; `counts` grows."""
    try:
        for key, example, holds in check_case(row, pick):
            counts[key] += 1
            if not holds:
                return key, example()
    except Exception as error:
        return "runs", f"{type(error).__name__}: {error}"
    counts["runs"] += 1
    return None


def run_batch(row: str, seed: int, first: int, count: int) -> tuple[Counter[str], list[Failure]]:
    """Cases `first`, ..., `first + count - 1` of a row. This is what a worker process runs."""
    counts: Counter[str] = Counter()
    failures = []
    for case in range(first, first + count):
        failed = _run(row, Picker(_source(row, seed, case).randint, MAX_DIM), counts)
        if failed is not None:
            failures.append(Failure(row, failed[0], seed, case, failed[1]))
    return counts, failures


def _source(row: str, seed: int, case: int) -> random.Random:
    return random.Random(f"{row}/{seed}/{case}")


def _simplified(failures: Sequence[Failure]) -> list[Failure]:
    """The first failure of each property and row with the simplest example that was found."""
    found, seen = [], set()
    for failure in failures:
        if (failure.row, failure.key) not in seen:
            seen.add((failure.row, failure.key))
            failure = replace(failure, example=_simplest(failure))
        found.append(failure)
    return found


def _simplest(failure: Failure) -> str:
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
    failures: list[Failure] = []
    start, done, size, interrupted = time.monotonic(), 0, 4, False
    deadly: list[Failure] = []
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
    run: Run, batches: Sequence[tuple[str, int, int, int]], deadly: list[Failure]
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
            deadly.append(Failure(row, "runs", seed, first, found.reason))
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
