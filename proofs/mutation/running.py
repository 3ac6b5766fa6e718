"""Does verification notice? Every mutant of every construction and class is put through the checks that prove the table.

A mutant is

- *killed* when a check refutes it: a solver finds a point, an exact instance fails, an identity is false
- *rejected* when none does, but a check cannot even be made of it (it raises)
- *unknown* when none does, but a check is no longer proved: this fails as a survivor does, for a solver that gives
  up has seen nothing
- *surviving* when every check still holds
- *equivalent* when it survives and is listed by hand, with the reason why no check could tell

Where rows are chosen, their checks are asked first. What these cannot tell, in code that serves other rows too, is
put to the checks of the other rows; such a finding is marked `elsewhere`.

Hypotheses are dropped too, one at a time. An obligation that holds without one is no error, it is a
stronger sentence that is true as well; such hypotheses are counted as *spare* and decide nothing. An
*unknown* one is neither needed nor spare, and fails.

Conclusions are weakened too, comparison by comparison; see `trompe.proofs.mutation.conclusions`.

What is damaged has to be what was pinned (`trompe.proofs.pinned`). That is asked of the undamaged checks only,
since every mutant would differ from its pin: a mutant is killed by mathematics.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Literal

from trompe.ground.arguments import Progress, at_least_one
from trompe.ground.processes import Died, Processes, results
from trompe.proofs.mutation.conclusions import Weakened, weaken_each
from trompe.proofs.mutation.files import DAMAGED, Damaged, NotGenuine, damages, try_damage
from trompe.proofs.mutation.mutants import Mutant, damaged, mutants
from trompe.proofs.mutation.targets import (
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
from trompe.proofs.obligations import Claim, Fault, Obligation, Scope, families, registered
from trompe.proofs.pinned import identity_stray, obligation_stray
from trompe.proofs.smt import scripts
from trompe.proofs.solvers import MEMORY, SOLVERS, available, z3
from trompe.proofs.symbolic import identity
from trompe.proofs.verify import DEFAULT_DIMS, find_obligation
from trompe.theory import InvalidInput, UnknownKey

Status = Literal["killed", "rejected", "unknown", "surviving", "equivalent"]
PARTS = (*GROUPS, "hypotheses", "conclusions", *DAMAGED)
MOST_EQUIVALENT = 0.02
"""Share of all mutants that may be listed as equivalent."""

_CHUNK = 8
Chunk = tuple[list[Mutant], list[str]]
"""Mutants, and the checks that can tell them from the original."""


@dataclass(frozen=True)
class MutantOutcome:
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
    elsewhere: bool = False
    """Noticed by a check of another row only, where rows were chosen."""


@dataclass(frozen=True)
class Hypothesis:
    """What became of an obligation family without one of its hypotheses."""

    family: str
    hypothesis: str
    status: Literal["needed", "spare", "unknown"]
    check: str = ""
    says: str = ""


@dataclass(frozen=True)
class SelfcheckReport:
    """All findings; `problems` says what is wrong with the list of equivalent mutants, the undamaged proofs or their pins.

    `untried` names the parts that were asked for, in which nothing was found to damage.
    """

    findings: tuple[MutantOutcome, ...]
    hypotheses: tuple[Hypothesis, ...]
    conclusions: tuple[Weakened, ...]
    tampered: tuple[Damaged, ...]
    problems: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    untried: tuple[str, ...] = ()

    @property
    def survivors(self) -> tuple[MutantOutcome | Weakened, ...]:
        """The mutants that no check notices and that are not listed, and what a conclusion could lose unseen."""
        found: list[MutantOutcome | Weakened] = [*self.findings, *self.conclusions]
        return tuple(each for each in found if each.status == "surviving")

    @property
    def undecided(self) -> tuple[MutantOutcome | Hypothesis | Weakened, ...]:
        """The mutants, hypotheses and comparisons of which the checks cannot tell."""
        found: list[MutantOutcome | Hypothesis | Weakened]
        found = [*self.findings, *self.hypotheses, *self.conclusions]
        return tuple(each for each in found if each.status == "unknown")

    @property
    def passed(self) -> bool:
        """Was something damaged, every damage noticed or listed as equivalent, nothing undecided, and no problem left?"""
        tried = bool(self.findings or self.hypotheses or self.conclusions or self.tampered)
        rejected = all(t.status != "accepted" for t in self.tampered)
        return tried and rejected and not (self.survivors or self.undecided or self.problems)


def read_equivalent(text: str | None = None) -> dict[str, str]:
    """The mutants that change nothing, by name, with the reason in a sentence each.

    Raises
    ------
    InvalidInput : a name is listed twice, or without a reason.
    """
    return _reasons("equivalent_mutants.json", "equivalent", "mutant", text)


def read_loose(text: str | None = None) -> dict[str, str]:
    """The comparisons in conclusions that nothing comes near, with the reason in a sentence each.

    Raises
    ------
    InvalidInput : one is listed twice, or without a reason.
    """
    return _reasons("loose_comparisons.json", "loose", "comparison", text)


def _reasons(file: str, listed: str, what: str, text: str | None) -> dict[str, str]:
    if text is None:
        text = files("trompe.proofs").joinpath("data", file).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for entry in json.loads(text)[listed]:
        name, reason = entry[what], entry["reason"]
        if name in found:
            raise InvalidInput(f"{file}: {name!r} is listed twice")
        if not reason.strip():
            raise InvalidInput(f"{file}: {name!r} has no reason; give it in a sentence")
        found[name] = reason
    return found


def selfcheck(
    parts: Iterable[str] | None = None,
    *,
    rows: Iterable[str] | None = None,
    match: str = "",
    jobs: int | None = None,
    progress: Progress | None = None,
    equivalent: Mapping[str, str] | None = None,
) -> SelfcheckReport:
    """Try every mutant and tampering of the chosen parts, and every obligation with less assumed or less shown.

    Parameters
    ----------
    parts : of `PARTS`. [default: all; with rows, all but the tamperings, which damage files of no row]
    rows : only what the checks of these rows see. What they do not notice is put to the checks of the others.
    match : only mutants (obligations, tamperings) whose name holds this text. jobs : processes, one per core by default.
    equivalent : instead of the committed list.

    Raises
    ------
    UnknownKey : no such part or row. InvalidInput : no part or row is named, a tampering is asked for of a row, or
    there is nothing to damage. MissingDependency : no solver.
    """
    rows = None if rows is None else tuple(rows)
    wanted = _wanted(parts, rows)
    for solver in SOLVERS:
        available(solver)
    listed = read_equivalent() if equivalent is None else dict(equivalent)
    checks = checks_of(rows)
    everything = [m for at in all_places() for m in mutants(*at)]
    problems = _wrong_entries(listed, everything)
    if set(wanted) - set(DAMAGED):
        problems += [f"{check}: {reason}" for check in checks if (reason := _stray(check))]
    processes = Processes(jobs, memory=MEMORY, preload=(__name__, *SOLVERS, "sympy"))
    findings: tuple[MutantOutcome, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    conclusions: tuple[Weakened, ...] = ()
    run = _Runner(progress)
    with nullcontext() if jobs == 1 else processes as run.processes:
        if set(wanted) & set(GROUPS):
            picked = [m for m in everything if match in m.name and group_of(m.module) in wanted]
            findings = _findings(run, picked, checks, rows is not None, listed, problems)
        if "hypotheses" in wanted:
            asked = {c for c in checks if route_of(c) == "smt"}
            keys = [k for k in families() if match in k and _at_dims(k, asked)]
            found = [
                h
                for part in run.each(_drop_each, [(k, asked) for k in keys], _in_doubt)
                for h in part
            ]
            position = {key: k for k, key in enumerate(keys)}
            hypotheses = tuple(sorted(found, key=lambda h: position[h.family]))
        if "conclusions" in wanted:
            conclusions = _conclusions(run, [c for c in checks if match in c], problems)
    run.processes = None  # for what they leave behind
    try:
        items = damages([k for k in wanted if k in DAMAGED], match)
    except NotGenuine as error:
        items, problems = [], [*problems, str(error)]
    tampered = tuple(run.each(try_damage, items))
    tried = {*(f.group for f in findings), *(t.what for t in tampered)}
    tried |= {"hypotheses"} if hypotheses else set()
    tried |= {"conclusions"} if conclusions else set()
    untried = tuple(part for part in wanted if part not in tried)
    if not tried and not problems:
        what = f"matches {match!r}" if match else "can be damaged"
        seen_there = f" in what the checks of {', '.join(rows)} see" if rows is not None else ""
        raise InvalidInput(
            f"nothing of {', '.join(wanted)} {what}{seen_there}; choose other parts, rows or a shorter text"
        )
    left_out = {f"{module} {name}": why for (module, name), why in LEFT_OUT.items()}
    return SelfcheckReport(
        findings, hypotheses, conclusions, tampered, tuple(problems), left_out, untried
    )


def _wanted(parts: Iterable[str] | None, rows: tuple[str, ...] | None) -> tuple[str, ...]:
    """The parts that are asked for, each once."""
    if rows is not None:
        at_least_one("rows", rows, "name one, such as convex, or pass None for all")
    if parts is None:
        return PARTS if rows is None else tuple(part for part in PARTS if part not in DAMAGED)
    wanted = tuple(dict.fromkeys(at_least_one("parts", parts, f"known: {', '.join(PARTS)}")))
    for part in wanted:
        if part not in PARTS:
            raise UnknownKey("part", part, PARTS)
        if part in DAMAGED and rows is not None:
            raise InvalidInput(
                f"part {part}: its files belong to no row, but the row {rows[0]} is chosen; leave the rows out"
            )
    return wanted


def _findings(
    run: _Runner,
    picked: Sequence[Mutant],
    checks: Sequence[str],
    only_seen: bool,
    listed: Mapping[str, str],
    problems: list[str],
) -> tuple[MutantOutcome, ...]:
    """What becomes of each mutant, in their order; `problems` grows."""
    everywhere = frozenset(all_places())
    seen = dict(run.each(_look, checks, lambda check, _: (check, everywhere)))
    others: list[str] = []
    if only_seen:
        known = frozenset[Place]().union(*seen.values())
        picked = [m for m in picked if (m.module, m.function) in known]
        others = [check for check in checks_of() if check not in set(checks)]
    chunks = list(_chunks(picked, checks, seen))
    problems += run.unproved(check for _, relevant in chunks for check in relevant)
    found = run.tried(chunks)
    found = _ask_others(found, [m for m in picked if m.name not in listed], others, run)
    problems += run.unproved(f.check for f in found if f.elsewhere and f.route)
    order = {m.name: k for k, m in enumerate(picked)}
    settled = [_settle(f, listed, problems) for f in found]
    return tuple(sorted(settled, key=lambda f: order[f.mutant]))


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


def _settle(
    finding: MutantOutcome, listed: Mapping[str, str], problems: list[str]
) -> MutantOutcome:
    """A survivor that is listed is equivalent; a listed one that does not survive is an error."""
    if finding.mutant not in listed:
        return finding
    if finding.status == "surviving":
        return replace(finding, status="equivalent", says=listed[finding.mutant])
    problems.append(
        f"listed as equivalent, but {finding.status} by {finding.check}: {finding.mutant}"
    )
    return finding


class _Runner:
    """Runs pieces of work in this process or in several, and tells the progress of all."""

    def __init__(self, progress: Progress | None) -> None:
        self.processes: Processes | None = None
        self._progress = progress
        self.done = self.total = 0

    def each(
        self,
        function: Callable[[Any], Any],
        work: Sequence[Any],
        died: Callable[[Any, str], Any] | None = None,
    ) -> Iterator[Any]:
        """The results as they come; `died` gives one for work whose process ended, and the reason."""
        self.total += len(work)
        calls = [(function, item) for item in work]
        found = self.processes.results(calls) if self.processes else results(calls, 1)
        for number, result in found:
            self.done += 1
            if self._progress is not None:
                self._progress(self.done, self.total, "")
            if isinstance(result, Died):
                assert died is not None
                result = died(work[number], result.reason)
            yield result

    def unproved(self, checks: Iterable[str]) -> list[str]:
        """Which of these checks do not hold before any damage, in words."""
        found = self.each(
            _undamaged,
            list(dict.fromkeys(checks)),
            lambda check, why: (check, Checked("UNKNOWN", why)),
        )
        return [
            f"{check} is not proved before any damage: {said.says}"
            for check, said in found
            if said.verdict != "PROVED"
        ]

    def tried(self, chunks: Sequence[Chunk]) -> list[MutantOutcome]:
        """What becomes of the mutants; those of a chunk whose process ended are tried one by one."""
        first = list(self.each(_try_chunk, chunks, lambda chunk, _: chunk))
        done = [part for part in first if isinstance(part, list)]
        alone = [([m], part[1]) for part in first if isinstance(part, tuple) for m in part[0]]
        return [f for part in (*done, *self.each(_try_chunk, alone, _not_tried)) for f in part]


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


def _try_chunk(chunk: Chunk) -> list[MutantOutcome]:
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


def _ask_others(
    findings: Sequence[MutantOutcome], picked: Iterable[Mutant], others: Iterable[str], run: _Runner
) -> list[MutantOutcome]:
    """What the chosen rows' checks leave standing of the mutants is put to others, one after the other."""
    found = {f.mutant: f for f in findings}

    def standing(mutants: Iterable[Mutant]) -> list[Mutant]:
        return [m for m in mutants if found[m.name].status in ("surviving", "unknown")]

    left = standing(picked)
    for check in others:
        if not left:
            break
        asked = [m for m in left if checks_for(m, [check], dict([_look(check)]))]
        chunks = [(asked[k : k + _CHUNK], [check]) for k in range(0, len(asked), _CHUNK)]
        for said in run.tried(chunks):
            before = found[said.mutant]
            tried = before.tried + said.tried
            is_news = said.status != "surviving" and said.status != before.status
            found[said.mutant] = replace(
                said if is_news else before, tried=tried, elsewhere=is_news or before.elsewhere
            )
        left = standing(left)
    return list(found.values())


def _not_tried(chunk: Chunk, reason: str) -> list[MutantOutcome]:
    """Mutants whose process ended."""
    at = "one of its checks"
    return [
        MutantOutcome(m.name, group_of(m.module), m.kind, "unknown", "", at, reason)
        for m in chunk[0]
    ]


def try_mutant(mutant: Mutant, checks: Iterable[str]) -> MutantOutcome:
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
    return MutantOutcome(
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


def _in_doubt(work: tuple[str, set[str]], reason: str) -> list[Hypothesis]:
    """A family whose process ended."""
    return [Hypothesis(work[0], "one of its hypotheses", "unknown", says=reason)]


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


# -- conclusions --------------------------------------------------------------------------------------------


def _conclusions(run: _Runner, checks: Iterable[str], problems: list[str]) -> tuple[Weakened, ...]:
    """Every comparison in the conclusions of these checks that a solver answers, in their order; `problems` grows."""
    loose = read_loose()
    keys = [check for check in checks if route_of(check) == "smt"]
    found = [
        w for part in run.each(_weaken_each, [(k, loose) for k in keys], _unweakened) for w in part
    ]
    tried = {w.check for w in found}
    names = {w.name for w in found}
    problems += [
        f"listed as loose, but no such comparison: {name}"
        for name in loose
        if name.partition(":")[0] in tried and name not in names
    ]
    position = {key: k for k, key in enumerate(keys)}
    return tuple(sorted(found, key=lambda w: position[w.check]))


def _weaken_each(work: tuple[str, Mapping[str, str]]) -> list[Weakened]:
    check, loose = work
    return weaken_each(find_obligation(check), loose)


def _unweakened(work: tuple[str, Any], reason: str) -> list[Weakened]:
    """An obligation whose process ended."""
    return [Weakened(work[0], "one of its parts", "unknown", reason)]
