"""Certificate sets: what was proved, as files that a reader checks without trusting this program.

A set has three SMT-LIB 2 files for each obligation (the sentence, its vacuity twin, its mutant twin) and one
manifest. What a set must hold follows from its keys alone, without solving anything; so does its hash.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trompe.ground.arguments import Progress
from trompe.ground.processes import Processes
from trompe.proofs.handover.certificates.folder import Place
from trompe.proofs.handover.certificates.manifest import (
    MANIFEST,
    kernel_keys,
    manifest_bytes,
    manifest_of,
)
from trompe.proofs.handover.certificates.plan import Plan, plan
from trompe.proofs.handover.certificates.script import EXPECTED, QUESTIONS, Question, file_name
from trompe.proofs.solvers import (
    SOLVERS,
    Answer,
    chosen,
    solve_all,
    solver_options,
    solver_processes,
    solver_version,
)
from trompe.proofs.verify import DEFAULT_DIMS, Verdict

# -- verdicts ----------------------------------------------------------------------------------


_ABOUT: dict[Question, str] = {
    "main": "the sentence",
    "vacuity": "its hypotheses alone",
    "mutant": "its planted fault",
}
_LONGEST = 2000


def combine(answers: Mapping[Question, Mapping[str, Answer]]) -> tuple[Verdict, str]:
    """The verdict on an obligation from the answers to its three questions, by question and solver.

    PROVED needs `unsat` from every solver for the sentence and `sat` from every solver for both twins.
    """
    for answer in answers["main"].values():
        if answer.result == "sat":
            at = ", ".join(f"{name} = {value}" for name, value in answer.point.items())
            return "REFUTED", f"{answer.solver} found a point: {at}"[:_LONGEST]
    for question, by_solver in answers.items():
        for answer in by_solver.values():
            if answer.result != EXPECTED[question]:
                said = answer.reason or f"{answer.result}, expected {EXPECTED[question]}"
                return "UNKNOWN", f"{answer.solver}: {_ABOUT[question]}: {said}"[:_LONGEST]
    return "PROVED", ""


@dataclass(frozen=True)
class Solved:
    """What the solvers said of the files of a set, by path and solver, and the verdict on each obligation."""

    answers: Mapping[tuple[str, str], Answer]
    verdicts: Mapping[str, tuple[Verdict, str]]


def ask(
    wanted: Plan, solvers: Sequence[str], processes: Processes, progress: Progress | None = None
) -> Solved:
    """Give every file to every solver. What is proved of a sentence that is not the pinned one is UNKNOWN."""
    places = [(path, name) for path in wanted.texts for name in solvers]
    answers: dict[tuple[str, str], Answer] = {}
    for number, answer in solve_all(
        [(name, wanted.texts[path]) for path, name in places], processes
    ):
        answers[places[number]] = answer
        if progress is not None:
            progress(len(answers), len(places), places[number][0])
    verdicts = {}
    for key in wanted.items:
        verdict = combine(
            {q: {name: answers[file_name(key, q), name] for name in solvers} for q in QUESTIONS}
        )
        if verdict[0] == "PROVED" and key in wanted.strays:
            verdict = ("UNKNOWN", wanted.strays[key])
        verdicts[key] = verdict
    return Solved(answers, verdicts)


@dataclass(frozen=True)
class Certified:
    """What `certify` wrote."""

    plan: Plan
    manifest: Mapping[str, Any]

    @property
    def is_proved(self) -> bool:
        """Is every obligation PROVED?"""
        return bool(self.manifest["verdict"] == "PROVED")


def certify(
    keys: Iterable[str] | None,
    folder: Path,
    *,
    dims: Iterable[int] = DEFAULT_DIMS,
    solvers: Sequence[str] = tuple(SOLVERS),
    jobs: int | None = None,
    progress: Progress | None = None,
    processes: Processes | None = None,
) -> Certified:
    """Solve every file of the set for `keys` and make `folder` that set, in one step at the end.

    Parameters
    ----------
    keys : theorems, rows, obligations; None: everything.
    processes : for the solvers, in place of `jobs` new ones.

    Raises
    ------
    UnknownKey, MissingDependency : a key or solver that is not there.
    InvalidInput : no key or no solver is given; the folder cannot be written or holds anything but a
    certificate set. What stood there stays.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    names = chosen(solvers)
    wanted = plan(keys, dims)
    place = Place(folder)
    with nullcontext(processes) if processes else solver_processes(jobs, names) as workers:
        asked = ask(wanted, names, workers, progress)
    manifest = manifest_of(
        wanted,
        asked.verdicts,
        {
            at: {"result": said.result, "resources": said.resources, "reason": said.reason}
            for at, said in asked.answers.items()
        },
        {
            name: {"version": solver_version(name), "options": solver_options(name)}
            for name in names
        },
        kernel_keys(wanted.theorems),
        f"SymPy {version('sympy')}, not in the run that wrote this set: trompe verify",
        version("trompe"),
        {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 3),
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
        },
    )
    files = {path: text.encode("ascii") for path, text in wanted.texts.items()}
    place.put({**files, MANIFEST: manifest_bytes(manifest)})
    return Certified(wanted, manifest)
