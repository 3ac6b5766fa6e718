"""What checking a certificate set found: each failure with its kind, and the text for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trompe.ground.text import wrapped

__all__ = ["KINDS", "CheckReport", "Failure"]

KINDS: dict[str, str] = {
    "changed": "a file or a recorded value is not what its hash or the manifest's form says",
    "missing": "the manifest claims something that the set does not have",
    "extra": "the set has something that its claims do not need",
    "refused": "what no certificate set has: a link, a path out of the folder, a forbidden command",
    "weaker statement": "a sentence with further hypotheses, so that its proof says less",
    "different statement": "not what this version of trompe generates for the key",
    "not proved": "a solver contradicts the claim, or the manifest itself does not make it",
    "unknown": "a solver gave no answer",
}
"""What can be wrong with a set."""

NOT_CHECKED = (
    "Not checked: that the sentences together prove the theorem (docs/proved.md says how), that the solvers "
    "are right, what the manifest lists as not contained, and who wrote it: versions, options, resource "
    "counts and the section `run`."
)


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

    `hashes`, `statements`, `complete` and `solved` say how many of how many passed: files, files,
    obligations, obligations. `versions` are the set's and the installed program's.
    """

    claims: tuple[str, ...]
    dims: tuple[int, ...]
    sha256: str
    hashes: tuple[int, int]
    statements: tuple[int, int]
    complete: tuple[int, int]
    solved: tuple[int, int]
    solvers: Mapping[str, str]
    versions: tuple[str, str]
    failures: tuple[Failure, ...]

    @property
    def ok(self) -> bool:
        """Does everything hold?"""
        return not self.failures

    def text(self) -> str:
        """For a reader: the claims, the four counts, every failure, and what was not checked."""

        def count(what: str, pair: tuple[int, int], says: str) -> str:
            return f"{what:<10} {pair[0]} of {pair[1]} {says}"

        more = f", ... ({len(self.claims)} in all)" if len(self.claims) > 6 else ""
        who = " and ".join(f"{name} {version}" for name, version in self.solvers.items())
        extra = any(failure.kind == "extra" for failure in self.failures)
        lines = [
            *wrapped(f"claims     {', '.join(self.claims[:6])}{more}", 99, cuts_words=True),
            f"dimensions d = {', '.join(map(str, self.dims))} for sentences about coordinates, the others "
            "serve every d",
            count("hashes", self.hashes, "files are there and have their hash"),
            count("statements", self.statements, "files ask what this trompe generates"),
            count(
                "complete",
                self.complete,
                "obligations of the claims are there, "
                + ("but something else too" if extra else "nothing else"),
            ),
            count("solved", self.solved, f"obligations PROVED now by {who}"),
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
