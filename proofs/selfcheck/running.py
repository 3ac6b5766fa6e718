"""Does verification notice? Every mutant of every construction and class is put through the checks that prove the table.

A mutant is

- *killed* when a check refutes it: a solver finds a point, an exact instance fails, an identity is false
- *rejected* when none does, but a check cannot even be made of it (it raises)
- *unknown* when none does, but a check is no longer proved: this fails as a survivor does, for a solver that gives
  up has seen nothing
- *surviving* when every check still holds
- *equivalent* when it survives and is listed by hand, with the reason why no check could tell

Hypotheses are dropped too, one at a time. An obligation that holds without one is no error, it is a
stronger sentence that is true as well; such hypotheses are counted as *spare* and decide nothing. An
*unknown* one is neither needed nor spare, and fails.

What is damaged has to be what was pinned (`trompe.proofs.pinned`). That is asked of the undamaged checks only,
since every mutant would differ from its pin: a mutant is killed by mathematics.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

import z3
from trompe.proofs.obligations import Claim, Fault, Obligation, Scope, families, registered
from trompe.proofs.parallel import results
from trompe.proofs.pinned import identity_stray, obligation_stray
from trompe.proofs.selfcheck.mutation import Mutant, damaged, mutants
from trompe.proofs.selfcheck.tampering import TAMPERED, Tampered, tamperings, try_tampering
from trompe.proofs.selfcheck.targets import (
    GROUPS,
    LEFT_OUT,
    Checked,
    Place,
    all_places,
    check_smt,
    checks_for,
    checks_of,
    group_of,
    route_of,
    run_check,
    seen_by,
)
from trompe.proofs.smt import scripts
from trompe.proofs.symbolic import identity
from trompe.proofs.verify import DEFAULT_DIMS, find_obligation
from trompe.theory import InvalidInput, UnknownKey

__all__ = [
    "MOST_EQUIVALENT",
    "PARTS",
    "Finding",
    "Hypothesis",
    "Report",
    "Status",
    "read_equivalent",
    "selfcheck",
    "try_mutant",
]

Status = Literal["killed", "rejected", "unknown", "surviving", "equivalent"]
PARTS = (*GROUPS, "hypotheses", *TAMPERED)
MOST_EQUIVALENT = 0.02
"""Share of all mutants that may be listed as equivalent."""

Progress = Callable[[int, int, str], None]
_CHUNK = 8


@dataclass(frozen=True)
class Finding:
    """What became of one mutant."""

    mutant: str
    group: str
    kind: str
    status: Status
    route: str = ""
    """Who refuted it (smt, sampled, symbolic) or could not be asked."""
    check: str = ""
    says: str = ""
    """The refuting point or instance, the error, or why it is equivalent."""
    tried: int = 0
    """How many checks ran."""


@dataclass(frozen=True)
class Hypothesis:
    """What became of an obligation family without one of its hypotheses."""

    family: str
    hypothesis: str
    status: Literal["needed", "spare", "unknown"]
    check: str = ""
    says: str = ""


@dataclass(frozen=True)
class Report:
    """All findings; `problems` says what is wrong with the list of equivalent mutants, the undamaged proofs or their pins."""

    findings: tuple[Finding, ...]
    hypotheses: tuple[Hypothesis, ...]
    tampered: tuple[Tampered, ...]
    problems: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def survivors(self) -> tuple[Finding, ...]:
        """The mutants that no check notices and that are not listed."""
        return tuple(f for f in self.findings if f.status == "surviving")

    @property
    def undecided(self) -> tuple[Finding | Hypothesis, ...]:
        """The mutants and hypotheses of which the checks cannot tell."""
        found: list[Finding | Hypothesis] = [*self.findings, *self.hypotheses]
        return tuple(each for each in found if each.status == "unknown")

    @property
    def passed(self) -> bool:
        """Is every damage noticed or listed as equivalent, nothing undecided, and no problem left?"""
        rejected = all(t.is_rejected for t in self.tampered)
        return rejected and not (self.survivors or self.undecided or self.problems)


def read_equivalent(text: str | None = None) -> dict[str, str]:
    """The mutants that change nothing, by name, with the reason in a sentence each.

    Raises
    ------
    InvalidInput : a name is listed twice, or without a reason.
    """
    if text is None:
        place = files("trompe.proofs").joinpath("data", "equivalent_mutants.json")
        text = place.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for entry in json.loads(text)["equivalent"]:
        name, reason = entry["mutant"], entry["reason"]
        if name in found:
            raise InvalidInput(f"equivalent mutants: {name!r} is listed twice")
        if not reason.strip():
            raise InvalidInput(f"equivalent mutants: {name!r} has no reason; give it in a sentence")
        found[name] = reason
    return found


def selfcheck(
    parts: Iterable[str] = PARTS,
    *,
    rows: Iterable[str] | None = None,
    match: str = "",
    jobs: int | None = None,
    progress: Progress | None = None,
    equivalent: Mapping[str, str] | None = None,
) -> Report:
    """Try every mutant and tampering of the chosen parts, and every obligation without each of its hypotheses.

    Parameters
    ----------
    parts : of `PARTS`. rows : only what the checks of these rows see, judged by these checks alone.
    match : only mutants (obligations, tamperings) whose name holds this text. jobs : processes, one per core by default.
    equivalent : instead of the committed list.

    Raises
    ------
    UnknownKey : no such part or row. InvalidInput : nothing matches.
    """
    wanted = tuple(dict.fromkeys(parts))
    for part in wanted:
        if part not in PARTS:
            raise UnknownKey("part", part, PARTS)
    listed = read_equivalent() if equivalent is None else dict(equivalent)
    checks = checks_of(rows)
    everything = [m for at in all_places() for m in mutants(*at)]
    problems = _wrong_entries(listed, everything)
    if set(wanted) - set(TAMPERED):
        problems += [f"{check}: {reason}" for check in checks if (reason := _stray(check))]
    jobs = jobs or os.cpu_count() or 1
    run = _Runner(jobs, progress)

    findings: tuple[Finding, ...] = ()
    if set(wanted) & set(GROUPS):
        picked = [m for m in everything if match in m.name and group_of(m.module) in wanted]
        seen = dict(run.each(_look, checks))
        if rows is not None:
            known = frozenset[Place]().union(*seen.values())
            picked = [m for m in picked if (m.module, m.function) in known]
        chunks = list(_chunks(picked, checks, seen))
        needed = dict.fromkeys(check for _, relevant in chunks for check in relevant)
        for check, found in run.each(_undamaged, list(needed)):
            if found.verdict != "PROVED":
                problems.append(f"{check} is not proved before any damage: {found.says}")
        results = [f for chunk in run.each(_try_chunk, chunks) for f in chunk]
        order = {m.name: k for k, m in enumerate(picked)}
        settled = [_settle(f, listed, problems) for f in results]
        findings = tuple(sorted(settled, key=lambda f: order[f.mutant]))

    hypotheses: tuple[Hypothesis, ...] = ()
    if "hypotheses" in wanted:
        asked = {c for c in checks if route_of(c) == "smt"}
        keys = [k for k in families() if match in k and _at_dims(k, asked)]
        results_h = [h for part in run.each(_drop_each, [(k, asked) for k in keys]) for h in part]
        position = {key: k for k, key in enumerate(keys)}
        hypotheses = tuple(sorted(results_h, key=lambda h: position[h.family]))
    damages = tamperings([k for k in wanted if k in TAMPERED], match)
    tampered = tuple(run.each(try_tampering, damages, here=True))
    if not (findings or hypotheses or tampered):
        raise InvalidInput(f"nothing of {', '.join(wanted)} matches {match!r}")
    left_out = {f"{module} {name}": why for (module, name), why in LEFT_OUT.items()}
    return Report(findings, hypotheses, tampered, tuple(problems), left_out)


def _wrong_entries(listed: Mapping[str, str], everything: Sequence[Mutant]) -> list[str]:
    names = {m.name for m in everything}
    gone = [name for name in listed if name not in names]
    problems = [f"listed as equivalent, but no such mutant: {name}" for name in gone]
    if len(listed) > MOST_EQUIVALENT * len(names):
        problems.append(
            f"{len(listed)} of {len(names)} mutants are listed as equivalent; at most "
            f"{MOST_EQUIVALENT:.0%} may be"
        )
    return problems


def _settle(finding: Finding, listed: Mapping[str, str], problems: list[str]) -> Finding:
    """A survivor that is listed is equivalent; a listed one that does not survive is an error."""
    if finding.mutant not in listed:
        return finding
    if finding.status == "surviving":
        return Finding(**{**vars(finding), "status": "equivalent", "says": listed[finding.mutant]})
    problems.append(
        f"listed as equivalent, but {finding.status} by {finding.check}: {finding.mutant}"
    )
    return finding


class _Runner:
    """Runs pieces of work in this process or in several, and tells the progress of all."""

    def __init__(self, jobs: int, progress: Progress | None) -> None:
        self.jobs, self.progress = jobs, progress
        self.done = self.total = 0

    def each(
        self, function: Callable[[Any], Any], work: Sequence[Any], here: bool = False
    ) -> Iterator[Any]:
        """The results as they come; `here` keeps the work, and what it leaves behind, in this process."""
        self.total += len(work)
        calls = [(function, item) for item in work]
        for result in results(calls, 1 if here else self.jobs, least=4):
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, self.total, "")
            yield result


# -- mutants ------------------------------------------------------------------------------------------------


def _look(check: str) -> tuple[str, frozenset[Place]]:
    return check, seen_by(check)


def _stray(check: str) -> str:
    """Why an undamaged obligation or identity is not the pinned one, "" where it is."""
    try:
        match route_of(check):
            case "smt":
                item = find_obligation(check)
                return obligation_stray(item, scripts(item, Scope()).sha256)
            case "symbolic":
                return identity_stray(identity(check))
            case "sampled":
                return ""
    except Exception as error:  # whatever a builder raises is no traceback here
        return f"{type(error).__name__}: {error}"


def _undamaged(check: str) -> tuple[str, Checked]:
    return check, run_check(check)


def _chunks(
    picked: Iterable[Mutant], checks: Sequence[str], seen: dict[str, frozenset[Place]]
) -> Iterator[tuple[list[Mutant], list[str]]]:
    """Mutants of one place together, with the checks that see it."""
    by_place: dict[Place, list[Mutant]] = {}
    for mutant in picked:
        by_place.setdefault((mutant.module, mutant.function), []).append(mutant)
    for group in by_place.values():
        relevant = checks_for(group[0], checks, seen)
        for start in range(0, len(group), _CHUNK):
            yield group[start : start + _CHUNK], relevant


def _try_chunk(chunk: tuple[list[Mutant], list[str]]) -> list[Finding]:
    """Each mutant against the checks; the one that killed the last mutant is tried first on the next."""
    picked, checks = chunk
    order, found = list(checks), []
    for mutant in picked:
        finding = try_mutant(mutant, order)
        if finding.status == "killed":
            order.remove(finding.check)
            order.insert(0, finding.check)
        found.append(finding)
    return found


def try_mutant(mutant: Mutant, checks: Iterable[str]) -> Finding:
    """Put the mutant in place and run the checks until one refutes it."""
    status: Status = "surviving"
    said, at, tried = Checked("PROVED", ""), "", 0
    with damaged(mutant):
        for check in checks:
            tried += 1
            result = run_check(check)
            if result.verdict == "REFUTED":
                status, said, at = "killed", result, check
                break
            if result.verdict == "RAISED" and status != "rejected":
                status, said, at = "rejected", result, check
            elif result.verdict == "UNKNOWN" and status == "surviving":
                status, said, at = "unknown", result, check
    point = ", ".join(f"{name} = {value}" for name, value in said.point)
    return Finding(
        mutant.name,
        group_of(mutant.module),
        mutant.kind,
        status,
        route_of(at) if at else "",
        at,
        f"{said.says}: {point}" if point else said.says,
        tried,
    )


# -- hypotheses ---------------------------------------------------------------------------------------------


def _at_dims(family: str, asked: Iterable[str]) -> list[Obligation]:
    keys = set(asked)
    return [item for item in registered([family], DEFAULT_DIMS) if item.key in keys]


def _drop_each(work: tuple[str, set[str]]) -> list[Hypothesis]:
    """Every hypothesis of a family, needed if the sentence is false without it at one d."""
    family, asked = work
    items = _at_dims(family, asked)
    names = dict.fromkeys(name for item in items for name in item.build(Scope()).given)
    return [_drop(family, items, name) for name in names]


def _drop(family: str, items: Iterable[Obligation], name: str) -> Hypothesis:
    doubt = ""
    for item in items:
        if name not in item.build(Scope()).given:
            continue
        said = check_smt(_without(item, name))
        if said.verdict == "REFUTED":
            point = ", ".join(f"{symbol} = {value}" for symbol, value in said.point)
            return Hypothesis(family, name, "needed", item.key, point)
        if said.verdict != "PROVED":
            doubt = doubt or f"{item.key}: {said.says}"
    return Hypothesis(family, name, "unknown" if doubt else "spare", says=doubt)


def _without(item: Obligation, name: str) -> Obligation:
    def build(scope: Scope) -> Claim:
        claim = item.build(scope)
        given = {key: term for key, term in claim.given.items() if key != name}
        return Claim(given, claim.show, Fault("a contradiction", show=z3.BoolVal(False)))

    return Obligation(item.key, f"{item.says} (without {name})", item.dim, build)
