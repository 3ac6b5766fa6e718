"""What the kernel of Coq checked: the statement tied to each theorem, and the log of the run that tells.

Three files are compared, never assumed to agree: the catalogue (`trompe.theory`), the statements as Coq
prints them (`proofs/rocq/STATEMENTS.txt`), and a build log with the hash of every file that the run read.
`data/correspondence.json` ties the first two, `data/kernel.json` is the released log, and
`rocq/build-log.json`, which git ignores, is the log of a run on this machine.

    python -P -m trompe.proofs.kernel            say what does not fit, exit status 1 if anything does not
    python -P -m trompe.proofs.kernel --write    tie the statements of today, after they were compared
    python -P -m trompe.proofs.kernel --release  make this machine's log the released one

Both write into ./proofs, so they are called from the repository's root.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trompe.ground.errors import known
from trompe.ground.files import write_file
from trompe.ground.streams import run_main
from trompe.proofs.rows import EVIDENCE
from trompe.theory import InvalidInput, Theorem, theorem
from trompe.theory.catalogue import EVERY_THEOREM
from trompe.theory.levels import EXTREMES

ALLOWED_AXIOMS = frozenset(
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    }
)
"""What the standard library's real numbers rest on; a theorem may use these and no other."""

_LISTED_BY_COQCHK = frozenset(
    {
        "Coq.Logic.Classical_Prop.classic",
        "Coq.Logic.FunctionalExtensionality.functional_extensionality_dep",
        "Coq.Reals.ClassicalDedekindReals.sig_forall_dec",
        "Coq.Reals.ClassicalDedekindReals.sig_not_dec",
    }
)
"""Axioms that stand in library files which are loaded; that no theorem uses the first is the audit's finding."""

THIS_MACHINE = "this machine"
RELEASED = "released log, not re-run here"
_STEPS = ("build", "statements", "coqchk", "audit", "controls", "selftest")
_NOT_HERE = "not checked on this machine"
_COMPARE = "compare the two statements again, then run python -P -m trompe.proofs.kernel --write"


@dataclass(frozen=True)
class Places:
    """The folder of the two committed files, and that of the Coq sources (None: not here)."""

    data: Path
    rocq: Path | None

    @classmethod
    def under(cls, proofs: Path) -> Places:
        """The places of a source tree whose folder `proofs` this is."""
        rocq = proofs / "rocq"
        return cls(proofs / "data", rocq if (rocq / "_CoqProject").is_file() else None)


@dataclass(frozen=True)
class KernelEvidence:
    """One theorem of Coq that states a cell of the table, as a run of all checks found it.

    `where` is "this machine" or "released log, not re-run here". `sources` is one hash over every file
    that the run read. `facts` are the theorems that lead from the catalogue's words to Coq's statement;
    `axioms` are those of the theorem and its facts together.
    """

    key: str
    theorem: str
    facts: tuple[str, ...]
    coq: str
    date: str
    sources: str
    axioms: tuple[str, ...]
    where: str


def _theorems() -> Mapping[str, Theorem]:
    """Every theorem of the catalogue: the table's, those of our further rows and of every level."""
    return EVERY_THEOREM


def coq_name(key: str) -> str:
    """The name of the Coq theorem of a cell: `affine-1d/exact` is `affine_1d_exact`; an inherited No has its parent's."""
    own = _inherits(theorem(key)) or theorem(key).key
    return own.replace("/", "_").replace("-", "_")


def coq_facts(key: str) -> tuple[str, ...]:
    """The Coq theorems that lead from the catalogue's words to the theorem of that name."""
    item = theorem(key)
    of = EVIDENCE[item.row]
    if item.level == EXTREMES:
        return of.coq
    if _inherits(item):
        return (*of.coq, "near_no" if item.level == "near" else "no_inherited")
    return of.levels_coq.get((item.task, item.level), ())


def _inherits(item: Theorem) -> str:
    """The cell of the table whose No an inherited cell has; else nothing."""
    is_own = item.level == EXTREMES or (item.task, item.level) in EVIDENCE[item.row].levels
    return "" if is_own else f"{item.row}/{item.task}"


def coq_statement(key: str) -> str:
    """The statement of `key` as Coq's `Check` prints it, from the committed correspondence."""
    return str(_entry(_correspondence(_default().data), key)["coq"])


def coq_fact(name: str) -> str:
    """The statement of a fact as Coq's `Check` prints it, from the committed correspondence."""
    return str(known("fact of Coq", name, _correspondence(_default().data)["facts"]))


def kernel_evidence(key: str, places: Places | None = None) -> KernelEvidence | None:
    """What the kernel checked for the theorem called `key`; None where nothing can be said (`kernel_gap`).

    Evidence needs all of this: the catalogue's statement is the one that was compared with Coq's; a log in
    which every step passed; the files here are those that its run read, if they are here at all; and no
    axiom outside ALLOWED_AXIOMS.
    """
    found = _examine(key, places or _default())
    return found if isinstance(found, KernelEvidence) else None


def kernel_gap(key: str, places: Places | None = None) -> str | None:
    """Why `kernel_evidence` has nothing to say, in one line; None where it has."""
    found = _examine(key, places or _default())
    return found if isinstance(found, str) else None


# -- the log ----------------------------------------------------------------------------------


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise InvalidInput(f"{path.name} is not here") from None
    except ValueError as error:
        raise InvalidInput(f"{path.name} cannot be read ({error}); restore or rebuild it") from None
    if not isinstance(content, dict):
        raise InvalidInput(f"{path.name} holds no JSON object; restore or rebuild it")
    return content


def _log(path: Path) -> dict[str, Any]:
    """A log in which everything passed; else InvalidInput with what is wrong."""
    log = _read(path)
    for field, kind in (("coq", str), ("date", str), ("passed", list), ("coqchk", dict)):
        if not isinstance(log.get(field), kind):
            raise InvalidInput(f"{path.name} has no field {field!r}; rebuild it (make log)")
    for field in ("axioms", "sources"):
        if not isinstance(log.get(field), dict) or not log[field]:
            raise InvalidInput(f"{path.name} has no field {field!r}; rebuild it (make log)")
    missing = [step for step in _STEPS if step not in log["passed"]]
    if missing:
        raise InvalidInput(f"{path.name}: {', '.join(missing)} did not pass")
    if "Axioms" not in log["coqchk"]:
        raise InvalidInput(
            f"{path.name}: coqchk's list of axioms is missing; rebuild it (make log)"
        )
    for section, entries in log["coqchk"].items():
        extra = sorted(set(entries) - _LISTED_BY_COQCHK) if section != "Theory" else []
        if extra:
            raise InvalidInput(f"{path.name}: coqchk lists {', '.join(extra)} under {section!r}")
    return log


def _changed(sources: Mapping[str, str], rocq: Path) -> list[str]:
    """The files that differ from the hashes, are gone, or are Coq files that the run did not read."""
    changed = []
    for name, digest in sources.items():
        path = rocq / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            changed.append(name)
    present = (path.relative_to(rocq).as_posix() for path in rocq.glob("**/*.v"))
    return changed + sorted(set(present) - set(sources))


def _choose(places: Places) -> tuple[dict[str, Any], str]:
    """The log that speaks of the sources here, and where its run was; else InvalidInput with the reason."""
    if places.rocq is None:
        return _log(places.data / "kernel.json"), RELEASED
    reasons = []
    for path, where in (
        (places.rocq / "build-log.json", THIS_MACHINE),
        (places.data / "kernel.json", RELEASED),
    ):
        if where == THIS_MACHINE and not path.exists():
            continue
        try:
            log = _log(path)
        except InvalidInput as error:
            reasons.append(str(error))
            continue
        changed = _changed(log["sources"], places.rocq)
        if changed:
            reasons.append(f"sources changed since the log {path.name} ({', '.join(changed)})")
        elif where == THIS_MACHINE and log.get("host") != platform.node():
            reasons.append(f"{path.name} was written on another machine")
        else:
            return log, where
    raise InvalidInput("; ".join(reasons))


def _default() -> Places:
    """The places beside this module; if no sources lie there, those in ./proofs/rocq if they are the same."""
    places = Places.under(Path(__file__).resolve().parent)
    nearby = Places.under(Path.cwd() / "proofs").rocq
    if places.rocq is None and nearby is not None:
        try:
            if not _changed(_log(places.data / "kernel.json")["sources"], nearby):
                return Places(places.data, nearby)
        except InvalidInput:
            pass  # the reason comes up again where the log is asked for
    return places


def _examine(key: str, places: Places) -> KernelEvidence | str:
    name = coq_name(key)
    try:
        correspondence = _correspondence(places.data)
        entry = _entry(correspondence, key)
        if wrong := _entry_problems(key, entry):
            raise InvalidInput(wrong[0])
        log, where = _choose(places)
        if log["sources"].get("STATEMENTS.txt") != correspondence["statements_sha256"]:
            raise InvalidInput(
                f"the log is about other Coq statements than the correspondence; {_COMPARE}"
            )
        needed = (name, *entry["facts"])
        for each in needed:
            if each not in log["axioms"]:
                raise InvalidInput(f"the log does not tell of the Coq theorem {each}")
            if extra := sorted(set(log["axioms"][each]) - ALLOWED_AXIOMS):
                raise InvalidInput(f"the Coq theorem {each} depends on {', '.join(extra)}")
    except InvalidInput as error:
        return f"{_NOT_HERE}: {error}"
    return KernelEvidence(
        key=key,
        theorem=name,
        facts=tuple(entry["facts"]),
        coq=log["coq"],
        date=log["date"],
        sources=_sha256("".join(f"{h}  {n}\n" for n, h in sorted(log["sources"].items()))),
        axioms=tuple(sorted({axiom for each in needed for axiom in log["axioms"][each]})),
        where=where,
    )


# -- the correspondence -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Statements:
    """STATEMENTS.txt in parts: the theorems, the definitions they use, the facts."""

    theorems: dict[str, str]
    definitions: str
    facts: dict[str, str]


def _statements(rocq: Path) -> _Statements:
    text = "\n".join(
        line.rstrip() for line in (rocq / "STATEMENTS.txt").read_text(encoding="utf-8").splitlines()
    )
    parts = re.split(r"\n\nDefinitions\n\n|\n\nFacts that explain the statements\n\n", text)
    if len(parts) != 3:
        raise InvalidInput("STATEMENTS.txt has not three parts; run make statements")
    blocks = [block.partition("\n") for block in parts[0].split("\n\nTheorem ")[1:]]
    facts = {block.split()[0]: block for block in parts[2].strip().split("\n\n")}
    return _Statements({name: body for name, _, body in blocks}, parts[1], facts)


def _correspondence(data: Path) -> dict[str, Any]:
    content = _read(data / "correspondence.json")
    for field in ("statements_sha256", "definitions_sha256", "theorems", "facts"):
        if field not in content:
            raise InvalidInput(f"correspondence.json has no field {field!r}; restore it")
    return content


def _entry(correspondence: Mapping[str, Any], key: str) -> dict[str, Any]:
    theorem(key)
    try:
        entry: dict[str, Any] = correspondence["theorems"][key]
    except KeyError:
        raise InvalidInput(f"{key}: the correspondence has no entry; {_COMPARE}") from None
    return entry


def _entry_problems(key: str, entry: Mapping[str, Any]) -> list[str]:
    """What is wrong with one entry without looking at Coq's side."""
    found = []
    if entry["theorem"] != coq_name(key):
        found.append(f"{key}: tied to {entry['theorem']}, expected {coq_name(key)}")
    if tuple(entry["facts"]) != coq_facts(key):
        found.append(f"{key}: tied with other facts than its row's; {_COMPARE}")
    if entry["catalogue_sha256"] != theorem(key).sha256:
        found.append(f"{key}: the catalogue's statement changed; {_COMPARE}")
    if entry["coq_sha256"] != _sha256(entry["coq"]):
        found.append(f"{key}: the Coq statement in correspondence.json was edited; restore it")
    return found


def problems(places: Places | None = None) -> list[str]:
    """Everything that does not fit: catalogue, correspondence, Coq's statements, log. One line each."""
    places = places or _default()
    try:
        correspondence = _correspondence(places.data)
    except InvalidInput as error:
        return [str(error)]
    found = [
        f"{key}: in the correspondence, but no theorem of the catalogue"
        for key in correspondence["theorems"]
        if key not in _theorems()
    ]
    for key in _theorems():
        try:
            found += _entry_problems(key, _entry(correspondence, key))
        except InvalidInput as error:
            found.append(str(error))
    if places.rocq is not None:
        found += _differences(correspondence, places.rocq)
    if not found:
        found = list(dict.fromkeys(gap for key in _theorems() if (gap := kernel_gap(key, places))))
    return found


def _differences(correspondence: Mapping[str, Any], rocq: Path) -> list[str]:
    """Where the committed Coq statements are not those of STATEMENTS.txt."""
    try:
        now = _statements(rocq)
    except (InvalidInput, OSError) as error:
        return [str(error)]
    found = []
    for key, entry in correspondence["theorems"].items():
        printed = now.theorems.get(entry["theorem"])
        if printed is None:
            found.append(f"{key}: STATEMENTS.txt has no theorem {entry['theorem']}")
        elif printed != entry["coq"]:
            found.append(f"{key}: Coq's statement of {entry['theorem']} changed; {_COMPARE}")
    for name, statement in correspondence["facts"].items():
        if now.facts.get(name) != statement:
            found.append(f"Coq's statement of the fact {name} changed; {_COMPARE}")
    if _sha256(now.definitions) != correspondence["definitions_sha256"]:
        found.append(f"a Coq definition that the statements use changed; {_COMPARE}")
    return found


def write_correspondence(places: Places) -> Path:
    """Tie the catalogue's statements of today to Coq's, and return the file written.

    Raises
    ------
    InvalidInput : the sources are not here; no log fits them, so that nobody knows whether Coq accepts
    them and prints these statements (run `make rocq` first); or a theorem is missing.
    """
    if places.rocq is None:
        raise InvalidInput("the Coq sources are not here; call this from the repository's root")
    try:
        _choose(places)
    except InvalidInput as error:
        raise InvalidInput(f"{error}; build first (make rocq), then write") from None
    now = _statements(places.rocq)
    entries = {}
    for key, item in _theorems().items():
        name, facts = coq_name(key), coq_facts(key)
        if lacking := [n for n in (name, *facts) if n not in now.theorems and n not in now.facts]:
            raise InvalidInput(f"{key}: STATEMENTS.txt has no {', '.join(lacking)}")
        entries[key] = {
            "theorem": name,
            "facts": list(facts),
            "catalogue_sha256": item.sha256,
            "coq": now.theorems[name],
            "coq_sha256": _sha256(now.theorems[name]),
        }
    used = dict.fromkeys(name for entry in entries.values() for name in entry["facts"])
    content = {
        "statements_sha256": hashlib.sha256(
            (places.rocq / "STATEMENTS.txt").read_bytes()
        ).hexdigest(),
        "definitions_sha256": _sha256(now.definitions),
        "theorems": entries,
        "facts": {name: now.facts[name] for name in used},
    }
    return _write(places.data / "correspondence.json", content)


def release(places: Places) -> Path:
    """Make this machine's log the released one (without the machine's name), and return its path."""
    if places.rocq is None:
        raise InvalidInput("the Coq sources are not here; call this from the repository's root")
    log, where = _choose(places)
    if where != THIS_MACHINE:
        raise InvalidInput("no log of this machine is about these sources; run make rocq first")
    return _write(places.data / "kernel.json", {k: v for k, v in log.items() if k != "host"})


def _write(path: Path, content: Mapping[str, Any]) -> Path:
    write_file(path, json.dumps(content, indent=1) + "\n", parents=True)
    return path


def main(arguments: list[str] | None = None) -> int:
    """The command line of this module; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -P -m trompe.proofs.kernel")
    parser.add_argument("--write", action="store_true", help="tie the statements of today")
    parser.add_argument("--release", action="store_true", help="release this machine's log")
    asked = parser.parse_args(arguments)
    tree = Places.under(Path("proofs"))
    try:
        if asked.release:
            print(f"wrote {release(tree)}")
        if asked.write:
            print(f"wrote {write_correspondence(tree)}")
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    found = problems(tree if tree.rocq is not None else None)
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        key = next(iter(_theorems()))
        evidence = kernel_evidence(key, tree if tree.rocq is not None else None)
        assert evidence is not None  # no problems were found
        print(
            f"{len(_theorems())} theorems tied to Coq's; Coq {evidence.coq}, {evidence.date}: {evidence.where}"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(run_main(main, "kernel"))
