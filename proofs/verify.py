"""Run the checks and collect verdicts: PROVED, REFUTED or UNKNOWN per obligation, a label per theorem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from trompe.constructions import CONSTRUCTIONS, Construction
from trompe.ground.arguments import (
    BY_ITSELF,
    Count,
    Keys,
    Progress,
    as_dim,
    at_least_one,
    checked,
    unfit,
)
from trompe.ground.errors import known
from trompe.ground.processes import Died, results
from trompe.proofs.evidence import case, earned_label
from trompe.proofs.obligations import Obligation, Scope, families, registered
from trompe.proofs.pinned import identity_stray, obligation_stray, statement_stray
from trompe.proofs.sampling import Sampled, sample_row
from trompe.proofs.smt import Scripts, scripts
from trompe.proofs.solvers import (
    BACKSTOP_SECONDS,
    MEMORY,
    SOLVERS,
    Answer,
    chosen,
    solve_once,
    solver_version,
)
from trompe.proofs.symbolic import IDENTITIES, check_identity, identity
from trompe.theory import (
    CLASSES,
    ROWS,
    TASKS,
    InvalidInput,
    Theorem,
    UnknownKey,
    function_class,
    row_class,
    theorem,
)
from trompe.theory.catalogue import EVERY_THEOREM, AnyTheorem, lacks_level
from trompe.theory.levels import EVERY_LEVEL, EXTREMES, LESS_SHOWN, LEVELS, cell_key, level

Verdict = Literal["PROVED", "REFUTED", "UNKNOWN"]
DEFAULT_DIMS = (1, 2, 3)


@dataclass(frozen=True)
class Outcome:
    """The verdict on one obligation, and who gave it."""

    key: str
    says: str
    dim: int | None
    level: Literal["smt", "symbolic"]
    verdict: Verdict
    reason: str = ""
    point: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    """One per solver, for the sentence itself."""
    twins: tuple[Answer, ...] = ()
    """Per solver: hypotheses alone, then with the planted fault; each must be sat."""

    @property
    def family(self) -> str:
        """The key without its dimension."""
        return re.sub(r"/d\d+$", "", self.key) if self.level == "smt" else self.key


@checked
def check_obligation(
    item: Obligation,
    solvers: Keys,
    constructions: Mapping[str, Construction] = CONSTRUCTIONS,
) -> Outcome:
    """Ask every solver for the sentence and its two twins.

    PROVED needs `unsat` from every solver for the negated sentence, and `sat` from every solver for the
    hypotheses alone and for the sentence with its planted fault. REFUTED comes with a point. Whether the
    sentence is the pinned one is not asked here: this is about mathematics (`verify_keys` asks).

    Raises
    ------
    InvalidInput : no solver is given.
    """
    return _answered(item, scripts(item, Scope(constructions)), chosen(solvers))


def _answered(item: Obligation, asked: Scripts, solvers: Sequence[str]) -> Outcome:
    answers = tuple(solve_once(name, asked.main) for name in solvers)

    def outcome(
        verdict: Verdict, reason: str = "", point: Mapping[str, str] | None = None
    ) -> Outcome:
        return Outcome(
            item.key, item.says, item.dim, "smt", verdict, reason, point or {}, answers, twins
        )

    twins: tuple[Answer, ...] = ()
    refuting = next((a for a in answers if a.result == "sat"), None)
    if refuting is not None:
        return outcome("REFUTED", f"{refuting.solver} found a point", refuting.point)
    doubtful = next((a for a in answers if a.result != "unsat"), None)
    if doubtful is not None:
        return outcome("UNKNOWN", f"{doubtful.solver}: {doubtful.reason}")
    twins = tuple(
        solve_once(name, text) for name in solvers for text in (asked.vacuity, asked.mutant)
    )
    for number, twin in enumerate(twins):
        if twin.result != "sat":
            which = "the planted fault" if number % 2 else "the hypotheses alone"
            return outcome(
                "UNKNOWN", f"{twin.solver}: {which}: {twin.result} {twin.reason}".strip()
            )
    return outcome("PROVED")


def _check_key(key: str, solvers: tuple[str, ...], constructions: Any = None) -> Outcome:
    """One check by key, as a worker process runs it."""
    if key in IDENTITIES:
        item = identity(key)
        verdict, reason = check_identity(item)
        outcome = Outcome(key, item.says, item.dim, "symbolic", verdict, reason)
        return _pinned(outcome, lambda: identity_stray(item))
    sentence = find_obligation(key)
    asked = scripts(sentence, Scope(constructions or CONSTRUCTIONS))
    outcome = _answered(sentence, asked, solvers)
    if constructions:
        return outcome
    return _pinned(outcome, lambda: obligation_stray(sentence, asked.sha256))


def _pinned(outcome: Outcome, stray: Callable[[], str]) -> Outcome:
    """UNKNOWN for PROVED where it is another sentence that was proved; one that is false is refuted all the same."""
    reason = stray() if outcome.verdict == "PROVED" else ""
    return replace(outcome, verdict="UNKNOWN", reason=reason) if reason else outcome


def find_obligation(key: str) -> Obligation:
    """The obligation called `key`, for example `l1/triangle/d2`.

    Raises
    ------
    UnknownKey : there is none.
    """
    family, _, dim = str(key).rpartition("/d")
    if dim.isascii() and dim.isdigit() and len(dim) < 10 and family in families():
        found = registered([family], [int(dim)])
        if found and found[0].key == key:
            return found[0]
    elif key in families():
        found = registered([key], DEFAULT_DIMS)
        if len(found) == 1 and found[0].dim is None:
            return found[0]
    raise UnknownKey("obligation", key, all_keys())


def all_keys(dims: Iterable[int] = DEFAULT_DIMS) -> list[str]:
    """The key of every obligation and identity."""
    return [item.key for item in registered(families(), dims)] + list(IDENTITIES)


def expand_keys(keys: Iterable[str] | None = None, dims: Iterable[int] = DEFAULT_DIMS) -> list[str]:
    """The obligations behind theorems, rows and obligation families, each once; all of them for None.

    Raises
    ------
    UnknownKey : a key names none of these. InvalidInput : no key, or one that is about none of the dimensions.
    """
    numbers = check_dims(dims, ())
    if keys is None:
        return all_keys(numbers)
    asked = at_least_one("keys", keys, "name a theorem, row or obligation, or pass None for all")
    all_theorems, rows = tuple(EVERY_THEOREM), tuple(ROWS)
    found: dict[str, None] = {}
    for key in asked:
        if not isinstance(key, str):
            raise unfit("keys", key, "the key of a theorem, a row or an obligation")
        if key in all_theorems or key in rows:
            theorems = [key] if key in all_theorems else [f"{key}/{task}" for task in TASKS]
            involved = with_parents(theorems)
            check_dims(numbers, dict.fromkeys(theorem(name).row for name in involved))
            found |= dict.fromkeys(k for name in involved for k in _wanted(name, numbers))
        elif key in families():
            items = registered([key], numbers)
            if not items:
                raise InvalidInput(
                    f"{key}: it is about other d than {', '.join(map(str, numbers))}; add a dimension or "
                    "leave it out"
                )
            found |= dict.fromkeys(o.key for o in items)
        elif key in IDENTITIES:
            found[key] = None
        else:
            known = [*all_theorems, *rows, *families(), *all_keys(numbers)]
            try:
                found[find_obligation(key).key] = None
            except UnknownKey:
                if lacks_level(key):
                    theorem(key)  # raises, naming the reason
                raise UnknownKey("theorem or obligation", key, known) from None
    return list(found)


def check_dims(dims: Iterable[Any], rows_shown: Iterable[str]) -> tuple[int, ...]:
    """The dimensions to check at, sorted; each row needs one that it is about.

    Raises
    ------
    InvalidInput : there is no dimension, one is no integer or below 1, or none suits a row.
    """
    given = at_least_one("dims", dims, "expected at least one d, such as 1")
    numbers = [as_dim(d, "dimension") for d in given]
    for row in rows_shown:
        low = function_class(row).min_dim
        if not any(d >= low for d in numbers):
            raise InvalidInput(
                f"{row}: the row is about d >= {low}, the dimensions are {sorted(set(numbers))}; "
                f"add {low} or leave the row out"
            )
    return tuple(sorted(set(numbers)))


@dataclass(frozen=True)
class Cell:
    """One cell of the table: the label that its evidence earned, next to the paper's."""

    theorem: Theorem
    label: str | None
    """None where the claim is not fully proved."""
    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    sampled: Sampled | None
    inherits: str | None = None
    reason: str = ""
    """Why there is no label although nothing fails: the statement is not the released one."""

    @property
    def key(self) -> str:
        """The theorem's key."""
        return self.theorem.key

    @property
    def agrees(self) -> bool | None:
        """Is the computed label the paper's? None where the paper has no such row."""
        return None if self.theorem.paper is None else self.label == self.theorem.paper

    @property
    def failing(self) -> tuple[Outcome, ...]:
        """The obligations that were not proved."""
        return tuple(o for o in self.outcomes if o.verdict != "PROVED")

    def evidence(self) -> list[dict[str, Any]]:
        """The proved obligations by level and solver, with their dimensions and counts."""
        proved = [o for o in self.outcomes if o.verdict == "PROVED"]
        smt = [o for o in proved if o.level == "smt"]
        solvers = dict.fromkeys(a.solver for o in smt for a in o.answers)
        symbolic = [o for o in proved if o.level == "symbolic"]
        entries = [
            _entry(of[0].level, solver, sorted({o.dim for o in of if o.dim}) or ["all"], len(of))
            for solver, outcomes in (*((name, smt) for name in solvers), ("sympy", symbolic))
            for is_free in (True, False)
            if (of := [o for o in outcomes if (o.dim is None) == is_free])
        ]
        if self.sampled is not None and self.sampled.held:
            dims, instances = list(self.sampled.dims), self.sampled.instances
            entries.append(_entry("sampled", "exact arithmetic", dims, instances))
        from trompe.proofs.kernel import kernel_evidence  # reads files, only when evidence is shown

        kernel = kernel_evidence(self.key)
        if kernel is not None:
            coq = _entry("kernel", f"Coq {kernel.coq}", ["all"], 1)
            entries.append({**coq, "where": kernel.where})
        return entries


def _entry(level: str, solver: str, dims: Sequence[Any], count: int) -> dict[str, Any]:
    return {"level": level, "solver": solver, "dims": dims, "obligations": count}


@dataclass(frozen=True)
class Table:
    """The impossibility table as far as it was asked for."""

    cells: Mapping[str, Cell]
    outcomes: Mapping[str, Outcome]
    solvers: Mapping[str, str]
    """Name and version of each solver."""
    dims: tuple[int, ...]
    extremes_only: tuple[str, ...] = ()
    """Rows that were asked for but have no cell at some level that is shown."""

    def __getitem__(self, key: AnyTheorem) -> Cell:
        return known("cell of this table", theorem(key).key, self.cells)

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows that are shown."""
        return tuple(dict.fromkeys(cell.theorem.row for cell in self.cells.values()))

    @property
    def levels(self) -> tuple[str, ...]:
        """What is shown of a unit in the shown cells, by the keys of the levels."""
        return tuple(dict.fromkeys(cell.theorem.level for cell in self.cells.values()))

    def line(self, row: str, at: str) -> dict[str, Cell]:
        """The shown cells of a row at a level, by task.

        Raises
        ------
        UnknownKey : no such row or level.
        """
        keys = {task: cell_key(row_class(row).key, task, level(at).key) for task in TASKS}
        return {task: self.cells[key] for task, key in keys.items() if key in self.cells}

    @property
    def is_proved(self) -> bool:
        """Is a cell shown, and is every shown cell proved?"""
        return bool(self.cells) and all(cell.verdict == "PROVED" for cell in self.cells.values())


def with_parents(keys: Iterable[str]) -> list[str]:
    """The theorems, and after each the subclasses' theorems that it inherits from."""
    found: dict[str, None] = {}
    for key in keys:
        at: str | None = key
        while at is not None:
            found.pop(at, None)  # a subclass moves behind every row that inherits from it
            found[at] = None
            at = case(at).inherits
    return list(found)


@checked
def verify_keys(
    keys: Keys,
    *,
    solvers: Keys = tuple(SOLVERS),
    jobs: Count | None = None,
    progress: Progress | None = None,
    constructions: Mapping[str, Construction] = CONSTRUCTIONS,
) -> dict[str, Outcome]:
    """Check obligations and identities, or all those behind theorems and rows, in other processes.

    A solver that crashes or hangs there leaves its obligation UNKNOWN, with the reason.

    What is proved, but is not the sentence that was pinned for the key (`trompe.proofs.pinned`), is UNKNOWN.

    Parameters
    ----------
    keys : one key or several, of obligations, theorems or rows.
    solvers : a name or several; every one must answer `unsat` for PROVED.
    jobs : processes, default one per core. 1 is this process, which a crash ends.
    progress : called with (done, n, key); what it raises is raised here.
    constructions : a caller's own make other sentences; their obligations are not compared with the pins.

    Raises
    ------
    UnknownKey, MissingDependency : a key or solver that is not there. InvalidInput : no key or no solver.
    """
    asked = at_least_one("keys", keys, "name an obligation, such as mix/gap")
    return _check(expand_keys(asked), {}, chosen(solvers), jobs, progress, constructions)[0]


def _check(
    keys: Iterable[str],
    rows: Mapping[str, tuple[str, ...]],
    names: tuple[str, ...],
    jobs: int | None,
    progress: Progress | None,
    constructions: Mapping[str, Construction],
) -> tuple[dict[str, Outcome], dict[str, Sampled]]:
    """The outcome of each key and the random instances of each row, also at the levels that stand beside it.

    No thread is started here: Z3 terms that Python's garbage collector frees in another thread
    damage Z3's tables while a solver runs.
    """
    # The longest first: SymPy takes a second to import, networks and large d have most cases.
    ordered = list(dict.fromkeys(keys))
    own = () if constructions is CONSTRUCTIONS else (constructions,)
    calls: list[tuple[Any, ...]] = [
        (_check_key, key, names, *own)
        for key in sorted(
            ordered,
            key=lambda k: (k not in IDENTITIES, not k.startswith("network/"), k[-2:] != "d3"),
        )
    ]
    calls += [(sample_row, row, levels) for row, levels in rows.items()]
    outcomes: dict[str, Outcome] = {}
    samples: dict[str, Sampled] = {}

    def note(result: Outcome | Sampled) -> None:
        if isinstance(result, Sampled):
            samples[result.row] = result
        else:
            outcomes[result.key] = result
        if progress is not None:
            name = result.row if isinstance(result, Sampled) else result.key
            progress(len(outcomes) + len(samples), len(calls), name)

    if own:
        jobs = 1  # a caller's own constructions may not survive the way to another process
    preload = [__name__, *names, *["sympy"] * any(key in IDENTITIES for key in ordered)]
    for number, result in results(
        calls, jobs, backstop=6 * BACKSTOP_SECONDS, memory=MEMORY, preload=preload
    ):
        note(_died(calls[number], result.reason) if isinstance(result, Died) else result)
    return {key: outcomes[key] for key in ordered}, samples


def _died(call: tuple[Any, ...], reason: str) -> Outcome | Sampled:
    """What is known of a check whose process ended."""
    function, key, *more = call
    if function is sample_row:
        return Sampled(key, 0, (), unanswered=reason)
    if key in IDENTITIES:
        identical = identity(key)
        return Outcome(key, identical.says, identical.dim, "symbolic", "UNKNOWN", reason)
    item, names = find_obligation(key), more[0]
    return Outcome(key, item.says, item.dim, "smt", "UNKNOWN", f"{' or '.join(names)}: {reason}")


@checked
def verify_table(
    rows: Keys | None = None,
    *,
    dims: Annotated[Iterable[int], BY_ITSELF] = DEFAULT_DIMS,
    solvers: Keys = tuple(SOLVERS),
    jobs: Count | None = None,
    progress: Progress | None = None,
    theorems: Annotated[AnyTheorem | Iterable[AnyTheorem], BY_ITSELF] | None = None,
    extended: bool = False,
    levels: Keys = EXTREMES,
    constructions: Mapping[str, Construction] = CONSTRUCTIONS,
) -> Table:
    """Check everything that the shown cells ask for, and compute their labels.

    A cell whose statement is not the one that its key was released with has no label.

    Parameters
    ----------
    rows : one or several keys of rows, the paper's ten by default. theorems : keys of single cells instead.
    extended : whether the default is the ten and our further rows, which have cells at `extremes` only.
    levels : one or several keys of `trompe.theory.levels.LEVELS`: what is shown of a unit; "all" stands for the five.
    dims : where the sentences at each d are checked; dimension-free ones serve every d.
    progress : called with (done, n, key); what it raises is raised here.
    constructions : a caller's own make other sentences; their obligations are not compared with the pins.

    Raises
    ------
    UnknownKey : no such row or theorem. InvalidInput : no row, theorem, dimension or solver is named, or a
    dimension suits no shown row.
    """
    lacking: list[str] = []
    if theorems is not None:
        asked = at_least_one("theorems", theorems, "name one, such as convex/side")
        shown = [theorem(key).key for key in asked]
    else:
        everything = tuple(ROWS)
        default = everything if extended else tuple(CLASSES)
        if rows is None:
            wanted_rows = default
        else:
            asked = at_least_one("rows", rows, "name one, such as convex, or pass None for all")
            wanted_rows = tuple(row_class(row).key for row in asked)
        of = [row for row in everything if row in wanted_rows]
        shown, lacking = _cells_of(of, levels, rows is None)
    involved = with_parents(shown)
    numbers = check_dims(dims, dict.fromkeys(theorem(key).row for key in involved))
    wanted = {key: _wanted(key, numbers) for key in involved}
    names = chosen(solvers)
    outcomes, samples = _check(
        (k for keys in wanted.values() for k in keys),
        {
            row: _less_shown(row, involved)
            for row in dict.fromkeys(theorem(k).row for k in involved)
        },
        names,
        jobs,
        progress,
        constructions,
    )
    cells: dict[str, Cell] = {}
    for key in reversed(involved):  # a subclass comes after the row that inherits from it
        cells[key] = _cell(
            key, [outcomes[k] for k in wanted[key]], samples[theorem(key).row], cells
        )
    return Table(
        {key: cells[key] for key in shown},
        outcomes,
        {name: solver_version(name) for name in names},
        numbers,
        tuple(lacking),
    )


def _cells_of(
    rows: list[str], levels: Iterable[Any], may_lack: bool
) -> tuple[list[str], list[str]]:
    """The cells of these rows, level by level, and the rows that have none at a level, which otherwise are refused."""
    shown: list[str] = []
    lacking: dict[str, None] = {}
    named: dict[str, None] = {}
    for name in at_least_one("levels", levels, "name one, such as maximum"):
        found = known("level", name, {key: (key,) for key in LEVELS} | {EVERY_LEVEL: (*LEVELS,)})
        named |= dict.fromkeys(found)
    for at in named:
        keys = [cell_key(row, task, at) for row in rows for task in TASKS]
        lacking |= {key.split("/")[0]: None for key in keys if key not in EVERY_THEOREM}
        if lacking and not may_lack:
            (row, *_) = lacking
            raise InvalidInput(f"{row}: this row has cells at {EXTREMES} only, none at {at}")
        shown += [key for key in keys if key in EVERY_THEOREM]
    return shown, [*lacking]


def _less_shown(row: str, keys: Iterable[str]) -> tuple[str, ...]:
    """The levels of these cells at which less of a unit of this row is shown, in their order.

    A sample that fails there takes the label of every one of these cells of the row.
    """
    named = {theorem(key).level for key in keys if theorem(key).row == row}
    return tuple(at for at in LESS_SHOWN if at in named)


def _wanted(key: str, dims: tuple[int, ...]) -> list[str]:
    item = case(key)
    return [o.key for o in registered(item.obligations, dims)] + list(item.symbolic)


def _cell(key: str, outcomes: list[Outcome], sampled: Sampled, above: Mapping[str, Cell]) -> Cell:
    item = case(key)
    parent = above[item.inherits] if item.inherits is not None else None
    proved: dict[str, bool] = {}
    for outcome in outcomes:
        ok = outcome.verdict == "PROVED"
        proved[outcome.family] = proved.get(outcome.family, True) and ok
    label = earned_label(key, proved, parent.label if parent else None)
    reason = statement_stray(key)
    if parent is not None and parent.reason and not reason:
        reason = f"it inherits from {parent.key}: {parent.reason}"
    if not sampled.held or reason:
        label = None
    everything = [*outcomes, *(parent.outcomes if parent else ())]
    verdict: Verdict = "PROVED"
    if label is None:
        refuted = bool(sampled.failure) or any(o.verdict == "REFUTED" for o in everything)
        verdict = "REFUTED" if refuted else "UNKNOWN"
    return Cell(theorem(key), label, verdict, tuple(everything), sampled, item.inherits, reason)
