"""Certificate sets: what was proved, as files that a reader checks without trusting this program.

A set has three SMT-LIB 2 files for each obligation (the sentence, its vacuity twin, its mutant twin) and one
manifest. What a set must hold follows from its keys alone, without solving anything; so does its hash.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trompe.ground.errors import at_least_one
from trompe.ground.processes import Processes
from trompe.proofs.evidence import ASSUMED, assumed_by, case
from trompe.proofs.handover.certificates.folder import Store
from trompe.proofs.handover.certificates.manifest import FORMAT, manifest_bytes, read_manifest
from trompe.proofs.handover.certificates.plan import Plan, chain, plan, rows_behind
from trompe.proofs.handover.certificates.script import (
    EXPECTED,
    QUESTIONS,
    Question,
    file_name,
    read_script,
)
from trompe.proofs.solvers import (
    SOLVERS,
    Answer,
    available,
    solve_all,
    solver_options,
    solver_processes,
    solver_version,
)
from trompe.proofs.symbolic import identity
from trompe.proofs.verify import DEFAULT_DIMS, Progress, Verdict
from trompe.theory import InvalidInput, theorem

__all__ = ["Certified", "certify", "combine", "not_contained"]


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
    tell: Callable[[str], None] = lambda line: None,
    processes: Processes | None = None,
) -> Certified:
    """Solve every file of the set for `keys` and write the set into `folder`.

    An answer that an earlier or interrupted run of the same solvers recorded there, for the very same text,
    is taken over if it is the one that is expected. Files of an earlier set that this one does not have are removed.

    Parameters
    ----------
    keys : theorems, rows, obligations; None: everything.
    processes : for the solvers, in place of `jobs` new ones.
    tell : is given one line when another process writes there and has to be waited for.

    Raises
    ------
    UnknownKey, MissingDependency : a key or solver that is not there.
    InvalidInput : no key or no solver is given; the folder cannot be written or holds other things; what stood there stays.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    names = tuple(dict.fromkeys(at_least_one("solvers", solvers, "at least one must check")))
    for name in names:
        available(name)
    wanted = plan(keys, dims)
    for path, text in wanted.texts.items():
        try:
            read_script(text.encode("ascii"))
        except (InvalidInput, UnicodeEncodeError) as error:  # a fault of ours, before it is spread
            raise InvalidInput(f"{path} cannot be a certificate: {error}") from None
    engines = {name: _engine(name) for name in names}
    with Store(folder, wanted.texts, tell) as store:
        known = _recorded(store, engines)
        found: dict[tuple[str, str], Answer] = {}
        asked: list[tuple[str, str, str]] = []
        expected = {file_name(k, q): EXPECTED[q] for k in wanted.items for q in QUESTIONS}
        for path, digest in wanted.hashes.items():
            for name in names:
                earlier = known.get((digest, name))
                if earlier is not None and earlier.result == expected[path]:
                    found[path, name] = earlier
                else:
                    asked.append((path, digest, name))
        reused, total = len(found), len(found) + len(asked)
        questions = [(name, wanted.texts[path]) for path, _, name in asked]
        with nullcontext(processes) if processes else solver_processes(jobs, names) as workers:
            for number, answer in solve_all(questions, workers):
                path, digest, name = asked[number]
                found[path, name] = answer
                if answer.result != "unknown":
                    store.record(_line(digest, answer, engines[name]))
                if progress is not None:
                    progress(len(found), total, path)
        manifest = _manifest(wanted, found, names)
        manifest["run"] = {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 3),
            "reused": reused,
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
        }
        content = manifest_bytes(manifest)
        read_manifest(content)
        store.commit({path: text.encode() for path, text in wanted.texts.items()}, content)
    return Certified(wanted, manifest)


# -- answers of earlier runs -------------------------------------------------------------------


def _engine(name: str) -> str:
    """A solver as far as its answers may depend on it."""
    return json.dumps([name, solver_version(name), solver_options(name)])


def _line(digest: str, answer: Answer, engine: str) -> dict[str, Any]:
    return {
        "sha256": digest,
        "solver": answer.solver,
        "engine": engine,
        "result": answer.result,
        "resources": answer.resources,
    }


def _recorded(store: Store, engines: Mapping[str, str]) -> dict[tuple[str, str], Answer]:
    """Definite answers of these very solvers, by the hash of the file and the solver."""
    entries = list(store.journal)
    try:
        old = read_manifest(store.old_manifest) if store.old_manifest is not None else None
    except InvalidInput:  # of another format: everything is asked again
        old = None
    if old is not None:
        written = {
            name: json.dumps([name, by["version"], by["options"]])
            for name, by in old["solvers"].items()
        }
        for item in old["obligations"]:
            for file in item["files"].values():
                entries += [
                    {
                        "sha256": file["sha256"],
                        "solver": name,
                        "engine": written.get(name),
                        "result": said["result"],
                        "resources": said["resources"],
                    }
                    for name, said in file["answers"].items()
                ]
    found = {}
    for entry in entries:
        name, resources = entry.get("solver"), entry.get("resources")
        if (
            isinstance(name, str)
            and engines.get(name) == entry.get("engine")
            and isinstance(entry.get("sha256"), str)
            and entry.get("result") in ("sat", "unsat")
            and isinstance(resources, int)
        ):
            found[entry["sha256"], name] = Answer(name, entry["result"], 0.0, resources)
    return found


# -- the manifest ------------------------------------------------------------------------------


def _manifest(
    wanted: Plan, answers: Mapping[tuple[str, str], Answer], solvers: Sequence[str]
) -> dict[str, Any]:
    hashes, entries = wanted.hashes, {}
    for key, item in wanted.items.items():
        said = {
            question: {name: answers[file_name(key, question), name] for name in solvers}
            for question in QUESTIONS
        }
        verdict, reason = combine(said)
        if verdict == "PROVED" and key in wanted.strays:
            verdict, reason = "UNKNOWN", wanted.strays[key]
        entries[key] = {
            "key": key,
            "says": item.says,
            "dim": item.dim,
            "verdict": verdict,
            "reason": reason,
            "files": {
                question: {
                    "path": file_name(key, question),
                    "sha256": hashes[file_name(key, question)],
                    "expected": EXPECTED[question],
                    "answers": {
                        name: {
                            "result": answer.result,
                            "resources": answer.resources,
                            "reason": answer.reason,
                        }
                        for name, answer in said[question].items()
                    },
                }
                for question in QUESTIONS
            },
        }
    outside: dict[str, dict[str, str]] = {}
    theorems: list[dict[str, Any]] = []
    for key in wanted.theorems:
        statement, besides = theorem(key), not_contained(key)
        outside |= besides
        theorems.append(
            {
                "key": key,
                "statement": statement.statement,
                "statement_sha256": statement.sha256,
                "sha256": wanted.theorem_sha256(key),
                "verdict": "NOT PROVED"
                if key in wanted.strays
                else _together(entries[part]["verdict"] for part in wanted.parts[key]),
                "obligations": list(wanted.parts[key]),
                "not_contained": list(besides),
            }
        )
    return {
        "format": FORMAT,
        "format_version": 1,
        "trompe": version("trompe"),
        "claims": {"theorems": list(wanted.theorems), "obligations": list(wanted.obligations)},
        "dims": list(wanted.dims),
        "verdict": _together(item["verdict"] for item in [*entries.values(), *theorems]),
        "sha256": wanted.sha256,
        "solvers": {
            name: {"version": solver_version(name), "options": solver_options(name)}
            for name in solvers
        },
        "theorems": theorems,
        "obligations": list(entries.values()),
        "not_contained": list(outside.values()),
    }


def _together(verdicts: Iterable[Any]) -> str:
    return "PROVED" if set(verdicts) == {"PROVED"} else "NOT PROVED"


def not_contained(key: str, with_kernel: bool = True) -> dict[str, dict[str, str]]:
    """What a theorem rests on besides its files, by key; what Coq checked depends on the place."""
    found: dict[str, dict[str, str]] = {}

    def add(name: str, level: str, says: str, checked_by: str) -> None:
        found[name] = {"key": name, "level": level, "says": says, "checked_by": checked_by}

    for name in dict.fromkeys(n for link in chain(key) for n in case(link).symbolic):
        by = f"SymPy {version('sympy')}, not in the run that wrote this set: trompe verify {name}"
        add(name, "symbolic", identity(name).says, by)
    for row in dict.fromkeys(rows_behind(key)):
        add(
            f"sampled/{row}",
            "sampled",
            "random instances of the construction in exact arithmetic",
            f"trompe, not in the run that wrote this set: trompe table --row {row}",
        )
    kernel = _kernel(key) if with_kernel else None
    if kernel is not None:
        add(f"kernel/{key}", "kernel", *kernel)
    for name in assumed_by(key):
        slug = "assumed/" + name.replace(" ", "-")
        add(slug, "assumed", ASSUMED[name], "the reader; no machine (docs/proved.md)")
    return found


def _kernel(key: str) -> tuple[str, str] | None:
    from trompe.proofs.kernel import kernel_evidence

    found = kernel_evidence(key)
    if found is None:
        return None
    says = f"the whole theorem, for every d, as {found.theorem} in the language of Coq"
    return says, f"Coq {found.coq}: make rocq in trompe's sources"
