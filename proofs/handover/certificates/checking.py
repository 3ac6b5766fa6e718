"""Check a certificate set that somebody else may have written, or damaged.

Four questions: (a) are the files those whose hashes the manifest gives, (b) do the solvers answer as they
must, now and here, (c) does each file ask what this program generates for its key, (d) are the obligations of
every claim there, and nothing else. Nothing from the set is executed; a solver sees a file only after
`scripts` has read it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trompe.ground.errors import at_least_one
from trompe.ground.processes import Processes
from trompe.ground.reading import Unreadable
from trompe.proofs.handover.certificates.folder import UNFINISHED, Listing, list_folder, read_member
from trompe.proofs.handover.certificates.manifest import MANIFEST, MAX_MANIFEST_BYTES, read_manifest
from trompe.proofs.handover.certificates.plan import Plan, plan, sha256_of_files
from trompe.proofs.handover.certificates.report import KINDS, CheckReport, Failure
from trompe.proofs.handover.certificates.script import (
    EXPECTED,
    MAX_SCRIPT_BYTES,
    QUESTIONS,
    Question,
    ScriptRefused,
    differences,
    file_name,
    read_script,
)
from trompe.proofs.handover.certificates.writing import combine, not_contained
from trompe.proofs.solvers import (
    SOLVERS,
    Answer,
    available,
    solve_all,
    solver_processes,
    solver_version,
)
from trompe.proofs.verify import Progress
from trompe.theory import InvalidInput, UnknownKey, theorem

__all__ = ["KINDS", "CheckReport", "Failure", "check_set"]


def check_set(
    folder: Path,
    *,
    solvers: Sequence[str] = tuple(SOLVERS),
    jobs: int | None = None,
    progress: Progress | None = None,
    processes: Processes | None = None,
) -> CheckReport:
    """Check the certificate set in `folder` against the installed program and with its solvers.

    Raises
    ------
    InvalidInput : no solver is given; this is no certificate set: no folder, no manifest, or one that breaks its schema.
    UnknownKey, MissingDependency : a solver that is not there.
    """
    names = tuple(dict.fromkeys(at_least_one("solvers", solvers, "at least one must check")))
    for name in names:
        available(name)
    folder = Path(folder)
    if not folder.is_dir():
        hint = "unpack it first" if folder.is_file() else "there is nothing"
        raise InvalidInput(f"{folder} is no folder ({hint}); give the folder of a certificate set")
    listing = list_folder(folder)
    try:
        content = read_member(folder, MANIFEST, MAX_MANIFEST_BYTES)
    except Unreadable as error:
        raise InvalidInput(
            f"{folder} is no certificate set: {MANIFEST}: {error}"
            + (f"; an interrupted trompe certify left {UNFINISHED}" if _left(listing) else "")
        ) from None
    check = _Check(folder, read_manifest(content), listing)
    check.look()
    with nullcontext(processes) if processes else solver_processes(jobs, names) as workers:
        proved = check.solve(names, workers, progress)
    return CheckReport(
        claims=check.claims,
        dims=tuple(check.manifest["dims"]),
        sha256=check.manifest["sha256"],
        hashes=(len(check.texts), len(check.paths)),
        statements=(check.same, len(check.paths)),
        complete=(check.present, check.needed),
        solved=(proved, len(check.entries)),
        solvers={name: solver_version(name) for name in names},
        versions=(check.manifest["trompe"], version("trompe")),
        failures=tuple(check.failures),
    )


def _left(listing: Listing) -> bool:
    return any(path.startswith(f"{UNFINISHED}/") for path in listing.files)


class _Check:
    """One pass over one set. `texts` are the files that have their hash and may be solved."""

    def __init__(self, folder: Path, manifest: dict[str, Any], listing: Listing) -> None:
        self.folder, self.manifest, self.listing = folder, manifest, listing
        self.failures: list[Failure] = []
        self.entries: dict[str, dict[str, Any]] = {}
        self.paths: dict[str, tuple[str, Question]] = {}
        self.texts: dict[str, bytes] = {}
        self.same = self.present = self.needed = 0
        claims = manifest["claims"]
        self.claims = (*claims["theorems"], *claims["obligations"])

    def fail(self, kind: str, item: str, reason: str) -> None:
        failure = Failure(kind, item, reason)
        if failure not in self.failures:
            self.failures.append(failure)

    def look(self) -> None:
        """Everything but solving."""
        self._entries()
        self._files()
        self._others()
        wanted = self._plan()
        if wanted is not None:
            for key, reason in wanted.strays.items():
                self.fail("different statement", key, reason)
            self._complete(wanted)
            self._statements(wanted)
            self._theorems(wanted)
        self._hash()

    # -- (a) hashes ----------------------------------------------------------------------------

    def _entries(self) -> None:
        for entry in self.manifest["obligations"]:
            key = entry["key"]
            if key in self.entries:
                self.fail("extra", key, "the manifest lists the obligation twice")
                continue
            self.entries[key] = entry
            for question in QUESTIONS:
                path = entry["files"][question]["path"]
                self.paths[path] = (key, question)
                if path != file_name(key, question):
                    leaves = path.startswith("/") or ".." in path.split("/")
                    self.fail(
                        "refused",
                        ascii(path),
                        ("the path leaves the folder; " if leaves else "")
                        + f"the {question} file of {key} must be {file_name(key, question)}",
                    )

    def _files(self) -> None:
        for path, (key, question) in self.paths.items():
            if path != file_name(key, question):
                continue
            entry = self.entries[key]["files"][question]
            if entry["expected"] != EXPECTED[question]:
                self.fail("changed", path, f"its answer must be {EXPECTED[question]}")
            try:
                content = read_member(self.folder, path, MAX_SCRIPT_BYTES)
            except Unreadable as error:
                gone = path not in self.listing.files and path not in self.listing.refused
                self.fail("missing" if gone else "refused", path, str(error))
                continue
            digest = hashlib.sha256(content).hexdigest()
            if digest != entry["sha256"]:
                said = (
                    f"its SHA-256 is {digest[:16]}..., the manifest says {entry['sha256'][:16]}..."
                )
                self.fail("changed", path, said)
                continue
            self.texts[path] = content

    def _others(self) -> None:
        for path in sorted(self.listing.files - self.paths.keys() - {MANIFEST}):
            if path.startswith(f"{UNFINISHED}/"):
                self.fail(
                    "extra", UNFINISHED, "an interrupted trompe certify left it; run that again"
                )
            else:
                self.fail("extra", ascii(path), "no obligation of the manifest has this file")
        for path, reason in sorted(self.listing.refused.items()):
            if path not in self.paths:
                self.fail("refused", ascii(path), reason)

    def _hash(self) -> None:
        hashes = {
            file["path"]: file["sha256"]
            for entry in self.entries.values()
            for file in entry["files"].values()
        }
        if sha256_of_files(hashes) != self.manifest["sha256"]:
            self.fail("changed", MANIFEST, "the set's sha256 is not that of the files it lists")

    # -- (c) statements and (d) completeness ---------------------------------------------------

    def _plan(self) -> Plan | None:
        """What this program generates for the claims; None where it cannot say."""
        if not self.claims:
            self.fail("missing", MANIFEST, "it claims nothing")
            return None
        try:
            return plan(self.claims, self.manifest["dims"])
        except UnknownKey as error:
            self.fail("different statement", MANIFEST, f"a claim that this trompe lacks: {error}")
        except InvalidInput as error:
            self.fail("different statement", MANIFEST, f"its claims: {error}")
        return None

    def _complete(self, wanted: Plan) -> None:
        claims = self.manifest["claims"]
        for name in ("theorems", "obligations"):
            if list(getattr(wanted, name)) != claims[name]:
                self.fail("changed", MANIFEST, f"claims.{name} has doubles or is out of order")
        if list(wanted.dims) != self.manifest["dims"]:
            self.fail("changed", MANIFEST, "dims has doubles or is out of order")
        self.needed = len(wanted.items)
        for key in wanted.items:
            if key in self.entries:
                self.present += 1
            else:
                serves = [t for t in wanted.theorems if key in wanted.parts[t]] or ["the claims"]
                self.fail("missing", key, f"the obligation is a step of {', '.join(serves[:3])}")
        for key in self.entries:
            if key not in wanted.items:
                self.fail("extra", key, "no claim of the manifest needs this obligation")

    def _statements(self, wanted: Plan) -> None:
        for path, content in self.texts.items():
            expected = wanted.texts.get(path)
            if expected is None:
                continue  # reported as extra
            if content == expected.encode():
                self.same += 1
                continue
            key, question = self.paths[path]
            try:
                found = differences(read_script(content), read_script(expected.encode()), question)
            except ScriptRefused:
                continue  # reported when it is to be solved
            for note in found:
                kind = "weaker statement" if note.weaker else "different statement"
                self.fail(kind, path, f"{note.reason}, unlike what trompe generates for {key}")
            if not found:
                self.fail("different statement", path, "its comments or its layout differ")
        for key, entry in self.entries.items():
            item = wanted.items.get(key)
            if item is not None and (entry["says"], entry["dim"]) != (item.says, item.dim):
                self.fail("different statement", key, f"in words it is: {item.says}")

    def _theorems(self, wanted: Plan) -> None:
        listed = [entry["key"] for entry in self.manifest["theorems"]]
        for key, times in Counter(listed).items():
            if times > 1:
                self.fail("extra", key, "the manifest lists the theorem twice")
        for key in wanted.theorems:
            if key not in listed:
                self.fail("missing", key, "the manifest claims the theorem and does not state it")
        for entry in self.manifest["theorems"]:
            key = entry["key"]
            if key not in wanted.parts:
                self.fail("extra", key, "the manifest states a theorem that it does not claim")
                continue
            statement = theorem(key)
            if (entry["statement"], entry["statement_sha256"]) != (
                statement.statement,
                statement.sha256,
            ):
                self.fail("different statement", key, f"the theorem says: {statement.statement}")
            if entry["obligations"] != list(wanted.parts[key]):
                self.fail("different statement", key, "its list of obligations is another")
            elif entry["sha256"] != self._theorem_sha256(entry["obligations"]):
                self.fail("changed", key, "its sha256 is not that of its files")
            self._besides(entry)
            verdicts = [self.entries[k]["verdict"] for k in wanted.parts[key] if k in self.entries]
            if entry["verdict"] != "PROVED":
                self.fail("not proved", key, "the manifest itself says NOT PROVED")
            elif set(verdicts) != {"PROVED"}:
                self.fail(
                    "not proved", key, "the manifest does not call all its obligations PROVED"
                )

    def _besides(self, entry: dict[str, Any]) -> None:
        """What the theorem rests on outside the set must be said; what Coq checked may be."""
        key, kernel = entry["key"], f"kernel/{entry['key']}"
        said = {item["key"]: item for item in self.manifest["not_contained"]}
        must = not_contained(key, with_kernel=False)
        for name, item in must.items():
            if name not in said or name not in entry["not_contained"]:
                self.fail("missing", key, f"it must be said that the set does not contain {name}")
            elif any(said[name][field] != item[field] for field in ("says", "level")):
                self.fail("different statement", name, f"it says: {item['says']}")
        for name in entry["not_contained"]:
            if name not in must and name != kernel:
                self.fail("extra", key, f"it does not rest on {name}")

    def _theorem_sha256(self, keys: Sequence[str]) -> str:
        files = [self.entries[key]["files"] for key in keys if key in self.entries]
        return sha256_of_files({f["path"]: f["sha256"] for each in files for f in each.values()})

    # -- (b) solving ---------------------------------------------------------------------------

    def solve(self, solvers: Sequence[str], processes: Processes, progress: Progress | None) -> int:
        """Ask the solvers for every file that has its hash; how many obligations are PROVED."""
        asked: list[tuple[str, str]] = []
        for path, content in self.texts.items():
            try:
                read_script(content)
            except ScriptRefused as error:
                self.fail("refused", path, str(error))
                continue
            asked += [(path, name) for name in solvers]
        questions = [(name, self.texts[path].decode("ascii")) for path, name in asked]
        found: dict[tuple[str, str], Answer] = {}
        for number, answer in solve_all(questions, processes):
            found[asked[number]] = answer
            if progress is not None:
                progress(len(found), len(asked), asked[number][0])
        proved = 0
        for key, entry in self.entries.items():
            proved += self._judge(key, entry, found, solvers)
        if self.manifest["verdict"] != "PROVED":
            self.fail("not proved", MANIFEST, "the manifest itself says NOT PROVED")
        return proved

    def _judge(
        self,
        key: str,
        entry: dict[str, Any],
        answers: Mapping[tuple[str, str], Answer],
        solvers: Sequence[str],
    ) -> bool:
        complete = True
        for question in QUESTIONS:
            path = file_name(key, question)
            for name in solvers:
                answer = answers.get((path, name))
                if answer is None:
                    complete = False
                elif answer.result == "unknown":
                    self.fail("unknown", path, f"{name}: {answer.reason}")
                elif answer.result != EXPECTED[question]:
                    said = f"{name} answers {answer.result}, it must be {EXPECTED[question]}"
                    self.fail("not proved", path, said)
            recorded = entry["files"][question]["answers"]
            if recorded.keys() != self.manifest["solvers"].keys():
                self.fail("missing", path, "not every solver of the manifest has an answer there")
            for name, said_before in recorded.items():
                if said_before["result"] != EXPECTED[question] and entry["verdict"] == "PROVED":
                    self.fail(
                        "not proved",
                        path,
                        f"the manifest says PROVED and that {name!a} answered "
                        f"{said_before['result']}",
                    )
        if entry["verdict"] != "PROVED":
            self.fail("not proved", key, f"the manifest itself says {entry['verdict']}")
        if not complete:
            return False
        by_question = {
            question: {name: answers[file_name(key, question), name] for name in solvers}
            for question in QUESTIONS
        }
        return combine(by_question)[0] == "PROVED"
