"""The solvers: each reads the same script and answers unsat, sat with a point, or unknown with a reason.

Work is bounded in the solver's own resource units, so that an answer does not depend on the machine;
the wall clock is a backstop only.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from importlib import import_module
from operator import itemgetter
from typing import Any, Literal

from trompe.ground.arguments import Count, Keys, at_least_one, checked
from trompe.ground.errors import MissingDependency, known
from trompe.ground.memory import keep_freed_memory
from trompe.ground.processes import Died, Processes


def _load(name: str) -> Any:
    """The solver's module.

    Raises
    ------
    MissingDependency : it is not installed, or does not load, for whatever reason.
    """
    try:
        with redirect_stdout(None):  # Z3 prints where it looked for its library
            return import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            raise MissingDependency(
                f"solver {name} is not installed; it comes with: pip install 'trompe[solvers]'"
            ) from None
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise MissingDependency(
            f"solver {name} is installed but does not load ({said[:_LONGEST]}); try: "
            f"pip install --force-reinstall {_PACKAGES[name]}"
        ) from error


_PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}
_LONGEST = 500
"""Characters of what a solver says that are kept."""

z3 = _load("z3")
"""Every sentence is built of its terms, so without it nothing of `proofs` can be imported."""

Z3_RLIMIT = 40_000_000
CVC5_RLIMIT = 2_000_000
BACKSTOP_MS = 60_000
"""Far above what any obligation needs; a hit is reported as unknown."""
OLDEST_CVC5 = (1, 4)
"""Before it, coverings call some satisfiable sentences unsat (cvc5's issues 12926 and 12927)."""
SHORT_BACKSTOP_MS = 10_000
"""The same where the resources are divided."""
BACKSTOP_SECONDS = 120.0
"""Twice the solvers' own limit on the wall clock; a process that works on one script for so long is ended."""
MEMORY = 8 << 30
"""Bytes of address space for one process; a solver that wants more ends, and that is unknown."""


@dataclass(frozen=True)
class Answer:
    """What one solver said of one script."""

    solver: str
    result: Literal["unsat", "sat", "unknown"]
    seconds: float
    resources: int
    point: dict[str, str] = field(default_factory=dict)
    """For sat: the value of each symbol."""
    reason: str = ""
    """For unknown: why."""


def solver_options(name: str, divisor: int = 1) -> dict[str, str]:
    """The options that `solve` sets, under the solver's own names; the others keep their defaults.

    Why coverings alone: in a trial with cvc5 1.4.2, five seconds a question and about 520 questions, its other engine
    (incremental linearisation) alone left 27 unanswered and its defaults 3; coverings alone answered all.
    """
    backstop = str(BACKSTOP_MS if divisor == 1 else SHORT_BACKSTOP_MS)
    if name == "z3":
        return {"rlimit": str(Z3_RLIMIT // divisor), "timeout": backstop}
    return {
        "rlimit": str(CVC5_RLIMIT // divisor),
        "tlimit-per": backstop,
        "produce-models": "true",
        "nl-ext": "none",
        "nl-cov": "true",
    }


def _solve_z3(text: str, divisor: int) -> Answer:
    keep_freed_memory()
    # One context for all scripts would save a tenth of the table's time, but then resources (547 of 789
    # scripts) and points (74) depend on what was asked before.
    context = z3.Context()
    logic = "QF_LRA" if "(set-logic QF_LRA)" in text else "QF_NRA"
    solver = z3.SolverFor(logic, ctx=context)
    for name, value in solver_options("z3", divisor).items():
        solver.set(name, int(value))
    start = time.perf_counter()
    try:
        solver.from_string(text)
        result = str(solver.check())
    except z3.Z3Exception as error:
        return Answer("z3", "unknown", time.perf_counter() - start, 0, reason=str(error))
    seconds = time.perf_counter() - start
    resources = _z3_resources(solver)
    if result == "unsat":
        return Answer("z3", "unsat", seconds, resources)
    if result == "sat":
        model = solver.model()
        point = {str(d): str(model[d]) for d in sorted(model.decls(), key=str)}
        return Answer("z3", "sat", seconds, resources, point)
    reason = solver.reason_unknown()
    if "interrupted" in reason:  # Z3 takes Ctrl-C for itself
        raise KeyboardInterrupt
    return Answer("z3", "unknown", seconds, resources, reason=reason)


def _z3_resources(solver: Any) -> int:
    return next((int(value) for key, value in solver.statistics() if key == "rlimit count"), 0)


def _solve_cvc5(text: str, divisor: int) -> Answer:
    cvc5 = _load("cvc5")
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    for name, value in solver_options("cvc5", divisor).items():
        solver.setOption(name, value)
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    start = time.perf_counter()
    said = ""
    try:
        while not (command := parser.nextCommand()).isNull():
            said += str(command.invoke(solver, symbols))
    except RuntimeError as error:
        return Answer("cvc5", "unknown", time.perf_counter() - start, 0, reason=str(error))
    seconds = time.perf_counter() - start
    said = said.strip()
    resources = int(solver.getStatistics()["resource::resourceUnitsUsed"]["value"])
    if said == "unsat":
        return Answer("cvc5", "unsat", seconds, resources)
    if said == "sat":
        terms = sorted(symbols.getDeclaredTerms(), key=str)
        point = {str(t): str(solver.getValue(t)) for t in terms}
        return Answer("cvc5", "sat", seconds, resources, point)
    return Answer("cvc5", "unknown", seconds, resources, reason=said or "no answer")


SOLVERS: dict[str, Callable[[str, int], Answer]] = {"z3": _solve_z3, "cvc5": _solve_cvc5}
"""The solvers that every obligation goes to."""


def available(name: str) -> None:
    """Raise UnknownKey or MissingDependency unless the solver called `name` can be used."""
    known("solver", name, SOLVERS)
    module = _load(name)
    if name == "cvc5":
        _check_release(str(getattr(module, "__version__", "1.1 or earlier")))


def _check_release(cvc5: str) -> None:
    if tuple(map(int, re.findall(r"\d+", cvc5)[:2])) < OLDEST_CVC5:
        oldest = ".".join(map(str, OLDEST_CVC5))
        raise MissingDependency(
            f"cvc5 {cvc5} is installed, but its coverings answer unsat to some questions that have a solution; "
            f"expected {oldest} or later: pip install --upgrade 'cvc5>={oldest}'"
        )


def solver_version(name: str) -> str:
    """The version that the solver reports of itself."""
    available(name)
    module = _load(name)
    if name == "z3":
        return str(module.get_version_string())
    version = module.Solver(module.TermManager()).getVersion()
    return version.decode() if isinstance(version, bytes) else str(version)


def chosen(solvers: Keys) -> tuple[str, ...]:
    """The solvers of these names, each once; one name is one solver.

    Raises
    ------
    UnknownKey, MissingDependency : one is not there. InvalidInput : none is given.
    """
    names = at_least_one("solvers", solvers, "at least one must check")
    for name in names:
        available(name)
    return tuple(dict.fromkeys(names))


@checked
def solve(name: str, text: str, divisor: Count = 1) -> Answer:
    """What the solver called `name` answers to an SMT-LIB 2 script; unknown, whatever its library raises.

    Parameters
    ----------
    divisor : the limits on its work are divided by this.

    Raises
    ------
    UnknownKey : no such solver. MissingDependency : it is not installed or does not load.
    """
    ask = known("solver", name, SOLVERS)
    try:
        return ask(text, divisor)
    except MissingDependency:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Answer(name, "unknown", 0.0, 0, reason=said[:_LONGEST])


def solve_once(name: str, text: str) -> Answer:
    """As `solve`; but where this process has a definite answer of this solver to this script, it is that one.

    Obligations share scripts, hypotheses alone most of all; all but their headings are the same then.
    """
    limits = tuple(solver_options(name).items())
    key = SOLVERS[name], limits, hashlib.sha256(_without_heading(text).encode()).digest()
    if key not in _definite:
        answer = solve(name, text)
        if answer.result == "unknown":
            return answer
        _definite[key] = answer
    return _definite[key]


_definite: dict[tuple[Any, ...], Answer] = {}


def solver_processes(
    jobs: int | None, names: Iterable[str], preload: Sequence[str] = ()
) -> Processes:
    """Processes for these solvers, so that one that crashes or hangs costs one answer and no more."""
    modules = (__name__, *names, *preload)
    return Processes(jobs, backstop=BACKSTOP_SECONDS, memory=MEMORY, preload=modules)


def solve_all(
    questions: Sequence[tuple[str, str]], processes: Processes
) -> Iterator[tuple[int, Answer]]:
    """Position and answer of each question, a solver's name and a script, as they come.

    Scripts that differ in their headings only are asked once. Where a process ends or gives no answer in
    time, that is unknown, with the reason.
    """
    alike: dict[tuple[str, str], list[int]] = {}
    for number, (name, text) in enumerate(questions):
        alike.setdefault((name, _without_heading(text)), []).append(number)
    # One solver after the other: where they take turns, each finds the processor's caches full of the other.
    askers = [alike[at] for at in sorted(alike, key=itemgetter(0))]
    calls = [(solve, *questions[numbers[0]]) for numbers in askers]
    for at, said in processes.results(calls):
        if isinstance(said, Died):
            name, _ = questions[askers[at][0]]
            said = Answer(name, "unknown", 0.0, 0, reason=said.reason)
        said = replace(said, reason=" ".join(said.reason.split())[:_LONGEST])
        yield from ((number, said) for number in askers[at])


def _without_heading(text: str) -> str:
    """The script without the comments that it begins with. Later ones may be text in quotes, so they stay."""
    return re.sub(r"\A(?:;.*\n)+", "", text)
