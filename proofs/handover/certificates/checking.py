"""Check a certificate set that somebody else may have written, or damaged.

What a set for its claims must hold is known byte by byte, but for a few entries of the manifest that only report.
So each file is compared with what this program generates, and then that is solved. No solver sees anything
of the set, and nothing of it is executed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trompe.ground.arguments import Progress
from trompe.ground.processes import Processes
from trompe.ground.reading import Unreadable
from trompe.ground.text import wrapped
from trompe.proofs.handover.certificates.certifying import Solved, ask
from trompe.proofs.handover.certificates.folder import Listing, list_folder, old_name, read_member
from trompe.proofs.handover.certificates.manifest import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    Free,
    difference,
    manifest_of,
    read_manifest,
)
from trompe.proofs.handover.certificates.plan import Plan, plan
from trompe.proofs.handover.certificates.script import EXPECTED, QUESTIONS, file_name
from trompe.proofs.solvers import SOLVERS, chosen, solver_processes, solver_version
from trompe.theory import InvalidInput, UnknownKey

KINDS: dict[str, str] = {
    "missing": "a file that the claims need is not there",
    "extra": "something is there that the claims do not need",
    "different": "a file is not what this version of trompe generates for the claims",
    "not proved": "a solver contradicts the claim now, or the sentence is not the one that its key stands for",
    "unknown": "a solver gave no answer",
}
"""What can be wrong with a set."""

NOT_CHECKED = (
    "Not checked: that the sentences together prove the theorem (docs/proved.md says how), that the solvers "
    "are right, what the manifest lists as not contained, and who wrote it: versions, options, resource "
    "counts and the section `run`."
)
MAX_SCRIPT_BYTES = 1 << 20


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong: its kind (a key of KINDS), where, and why."""

    kind: str
    item: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.item}: {self.reason}"


@dataclass(frozen=True)
class CheckReport:
    """What was checked and what is wrong with it.

    `files` says how many of how many files are what this trompe generates, the manifest included; `solved` how many
    of how many obligations are PROVED now. `versions` are the set's and the installed program's.
    """

    claims: tuple[str, ...]
    dims: tuple[int, ...]
    sha256: str
    files: tuple[int, int]
    solved: tuple[int, int]
    solvers: Mapping[str, str]
    versions: tuple[str, str]
    failures: tuple[Failure, ...]

    @property
    def ok(self) -> bool:
        """Does everything hold?"""
        return not self.failures

    def text(self) -> str:
        """For a reader: the claims, the counts, every failure, and what was not checked."""
        more = f", ... ({len(self.claims)} in all)" if len(self.claims) > 6 else ""
        who = " and ".join(f"{name} {version}" for name, version in self.solvers.items())
        lines = [
            *wrapped(f"claims     {', '.join(self.claims[:6])}{more}", 99, cuts_words=True),
            f"dimensions d = {', '.join(map(str, self.dims))} for sentences about coordinates, the others "
            "serve every d",
            f"files      {self.files[0]} of {self.files[1]} are what this trompe generates for the claims",
            f"solved     {self.solved[0]} of {self.solved[1]} obligations PROVED now by {who}",
            *wrapped(NOT_CHECKED, 99, cuts_words=True),
            *map(str, self.failures),
        ]
        written, installed = self.versions
        if self.failures and written != installed:
            lines.append(
                f"The set is of trompe {written!a}, this is {installed!a}; to compare, install the former."
            )
        number = len(self.failures)
        lines.append(
            f"The set holds. SHA-256 {self.sha256}"
            if self.ok
            else f"The set does not hold: {number} failure{'s' * (number > 1)}."
        )
        return "\n".join(lines)


def check_set(
    folder: Path,
    *,
    solvers: Sequence[str] = tuple(SOLVERS),
    jobs: int | None = None,
    progress: Progress | None = None,
    processes: Processes | None = None,
) -> CheckReport:
    """Compare the certificate set in `folder` with what the installed program generates, and solve it again.

    Raises
    ------
    InvalidInput : no solver is given; this is no certificate set: no folder, no manifest, or claims that this
    program cannot read. UnknownKey, MissingDependency : a solver that is not there.
    """
    names = chosen(solvers)
    found, wanted, failures = compare(Path(folder))
    differ = {failure.item for failure in failures if failure.kind in ("missing", "different")}
    with nullcontext(processes) if processes else solver_processes(jobs, names) as workers:
        asked = ask(wanted, names, workers, progress)
    failures += _unproved(wanted, asked)
    return CheckReport(
        claims=(*wanted.theorems, *wanted.obligations),
        dims=wanted.dims,
        sha256=wanted.sha256,
        files=(len(wanted.texts) + 1 - len(differ), len(wanted.texts) + 1),
        solved=(
            sum(verdict == "PROVED" for verdict, _ in asked.verdicts.values()),
            len(wanted.items),
        ),
        solvers={name: solver_version(name) for name in names},
        versions=(_program(found), version("trompe")),
        failures=tuple(failures),
    )


def compare(folder: Path) -> tuple[dict[str, Any], Plan, list[Failure]]:
    """All of `check_set` but the solving: the manifest's data, what the set must hold, and where it differs."""
    listing, found = _open(folder)
    wanted = _plan(folder, found)
    return found, wanted, [*_differences(folder, listing, found, wanted)]


def _open(folder: Path) -> tuple[Listing, dict[str, Any]]:
    """What the folder holds, and the manifest's data."""
    if not folder.is_dir():
        hint = "unpack it first" if folder.is_file() else "there is nothing"
        if (old := old_name(folder)).is_dir():
            hint = f"{old} is what an interrupted trompe certify replaced; run that again"
        raise InvalidInput(f"{folder} is no folder ({hint}); give the folder of a certificate set")
    listing = list_folder(folder)
    try:
        return listing, read_manifest(read_member(folder, MANIFEST, MAX_MANIFEST_BYTES))
    except Unreadable as error:
        raise InvalidInput(f"{folder} is no certificate set: {MANIFEST}: {error}") from None


def _plan(folder: Path, found: Mapping[str, Any]) -> Plan:
    """What this program generates for the claims of a manifest."""
    claims = found.get("claims")
    read = {**claims, "dims": found.get("dims")} if isinstance(claims, dict) else {}
    for name, kind in (("theorems", str), ("obligations", str), ("dims", int)):
        values = read.get(name)
        if not isinstance(values, list) or any(type(value) is not kind for value in values):
            raise InvalidInput(f"{folder}: {MANIFEST}: {name}: expected a list of {_KINDS[kind]}")
    try:
        return plan([*read["theorems"], *read["obligations"]], read["dims"])
    except (InvalidInput, UnknownKey) as error:
        written, installed = _program(found), version("trompe")
        raise InvalidInput(
            f"{folder}: {MANIFEST}: its claims: {error}"
            + f"; the set is of trompe {written!a}, this is {installed!a}" * (written != installed)
        ) from None


_KINDS = {str: "keys", int: "integers"}


def _program(found: Mapping[str, Any]) -> str:
    """The version of trompe that a manifest names."""
    return str(found.get("trompe"))[:100]


# -- comparing ---------------------------------------------------------------------------------


def _text(longest: int) -> Free:
    return Free(
        lambda value: isinstance(value, str) and len(value) <= longest,
        f"a text of at most {longest} characters",
    )


_COUNT = Free(lambda value: type(value) is int and value >= 0, "a count")
_NAMES = Free(
    lambda value: isinstance(value, dict) and all(isinstance(v, str) for v in value.values()),
    "options and their values",
)
_RUN = {
    "started": _text(100),
    "seconds": Free(lambda value: type(value) in (int, float) and value >= 0, "seconds"),
    "python": _text(100),
    "platform": _text(100),
}


def _differences(
    folder: Path, listing: Listing, found: Mapping[str, Any], wanted: Plan
) -> Iterator[Failure]:
    """One failure a file: the first difference from what must be there."""
    said = difference(found, _wanted_manifest(found, wanted))
    if said is not None:
        yield Failure("different", MANIFEST, said)
    for path, text in wanted.texts.items():
        try:
            content = read_member(folder, path, MAX_SCRIPT_BYTES)
        except Unreadable as error:
            is_there = path in listing.files or path in listing.refused
            yield Failure("different" if is_there else "missing", path, str(error))
            continue
        if content != text.encode("ascii"):
            yield Failure("different", path, _first_line(content, text))
    for path in sorted(listing.files - wanted.texts.keys() - {MANIFEST}):
        yield Failure("extra", ascii(path), "the claims need no such file")
    for path, reason in sorted(listing.refused.items()):
        if path not in wanted.texts:
            yield Failure("extra", ascii(path), reason)


def _first_line(content: bytes, text: str) -> str:
    """Where a file differs from what it should be."""
    have, need = content.decode("latin-1").split("\n"), text.split("\n")
    at = next((n for n, (a, b) in enumerate(zip(have, need, strict=False)) if a != b), None)
    if at is None:
        return f"{len(have) - 1} lines, it must have {len(need) - 1}"
    return f"line {at + 1}: {_cut(have[at])}, it must be {_cut(need[at])}"


def _cut(line: str) -> str:
    return ascii(line if len(line) <= 60 else line[:57] + "...")


def _wanted_manifest(found: Mapping[str, Any], wanted: Plan) -> dict[str, Any]:
    """What a manifest with these claims must say, where everything was proved by the solvers that it names."""
    named = found.get("solvers")
    names = [name for name in named if name in SOLVERS] if isinstance(named, dict) else []
    names = names or list(SOLVERS)
    proved: dict[str, tuple[Any, str]] = dict.fromkeys(wanted.items, ("PROVED", ""))
    return manifest_of(
        wanted,
        proved,
        {
            (file_name(key, question), name): {
                "result": EXPECTED[question],
                "resources": _COUNT,
                "reason": "",
            }
            for key in wanted.items
            for question in QUESTIONS
            for name in names
        },
        {name: {"version": _text(100), "options": _NAMES} for name in names},
        # What Coq checked depends on the files beside the program that wrote the set.
        {key: _text(200) for key in wanted.theorems if f"kernel/{key}" in _listed(found)},
        _text(200),
        _text(100),
        _RUN,
    )


def _listed(found: Mapping[str, Any]) -> set[str]:
    items = found.get("not_contained")
    keys = (
        [item.get("key") for item in items if isinstance(item, dict)]
        if isinstance(items, list)
        else []
    )
    return {key for key in keys if isinstance(key, str)}


# -- solving -----------------------------------------------------------------------------------


def _unproved(wanted: Plan, asked: Solved) -> Iterator[Failure]:
    """What the solvers say against the claims, now and here."""
    for key, reason in wanted.strays.items():
        yield Failure("not proved", key, reason)
    expected = {file_name(key, q): EXPECTED[q] for key in wanted.items for q in QUESTIONS}
    for (path, name), answer in asked.answers.items():
        if answer.result == "unknown":
            yield Failure("unknown", path, f"{name}: {answer.reason}")
        elif answer.result != expected[path]:
            said = f"{name} answers {answer.result}, it must be {expected[path]}"
            yield Failure("not proved", path, said)
