"""What a certificate set for some claims must hold, generated without solving anything, and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from trompe.ground.arguments import at_least_one
from trompe.proofs.evidence import CASES, EVERY_CASE, LEVEL_CASES, case
from trompe.proofs.handover.certificates.script import QUESTIONS, certificate_text, file_name
from trompe.proofs.obligations import Obligation, Scope, registered
from trompe.proofs.pinned import obligation_stray, statement_stray
from trompe.proofs.smt import scripts
from trompe.proofs.symbolic import IDENTITIES
from trompe.proofs.verify import (
    DEFAULT_DIMS,
    all_keys,
    check_dims,
    expand_keys,
    find_obligation,
    with_parents,
)
from trompe.theory import TASKS, InvalidInput, theorem

MAX_DIM = 8
"""Files grow fast with d: the largest has 40 KB at d = 8 and 11 MB at d = 16, and takes minutes to print."""


@dataclass(frozen=True)
class Plan:
    """What a certificate set for some claims holds, generated from the installed program.

    `theorems` and `obligations` are the claims (obligations only where no claimed theorem has them).
    `parts` gives the obligations of each theorem. `texts` are the files by path. `strays` says why a theorem's
    statement or an obligation's sentence is not what its key was committed with: what is proved then is
    another claim.
    """

    theorems: tuple[str, ...]
    obligations: tuple[str, ...]
    dims: tuple[int, ...]
    parts: Mapping[str, tuple[str, ...]]
    items: Mapping[str, Obligation]
    texts: Mapping[str, str]
    strays: Mapping[str, str]

    @cached_property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file, by path."""
        return {path: _sha256(text) for path, text in self.texts.items()}

    @property
    def sha256(self) -> str:
        """The hash of the whole set (see `sha256_of_files`)."""
        return sha256_of_files(self.hashes)

    def theorem_sha256(self, key: str) -> str:
        """The hash of the files behind one of the theorems."""
        hashes = self.hashes
        paths = [file_name(part, question) for part in self.parts[key] for question in QUESTIONS]
        return sha256_of_files({path: hashes[path] for path in paths})


def sha256_of_files(hashes: Mapping[str, str]) -> str:
    """One hash for several files: of what `sha256sum` prints for them, sorted by path byte by byte.

    In a set's folder: find . -name '*.smt2' | cut -c3- | LC_ALL=C sort | xargs sha256sum | sha256sum
    """
    lines = "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes, key=str.encode))
    return _sha256(lines)


def plan(keys: Iterable[str] | None = None, dims: Iterable[int] = DEFAULT_DIMS) -> Plan:
    """What the set for these theorems, rows and obligations holds; for None, everything.

    Raises
    ------
    UnknownKey : a key names none of these. InvalidInput : there is no key, one has no SMT-LIB file, or a dimension
    suits no row.
    """
    numbers = check_dims(dims, ())
    if max(numbers) > MAX_DIM:
        raise InvalidInput(f"dimension {max(numbers)}: certificate sets go up to d = {MAX_DIM}")
    theorems, single = _claims(keys, numbers)
    involved = dict.fromkeys(row for key in theorems for row in rows_behind(key))
    check_dims(numbers, involved)
    parts = {key: tuple(_obligations(key, numbers)) for key in theorems}
    items = {item.key: item for found in parts.values() for item in found}
    covered = set(items)
    items |= {item.key: item for item in single if item.key not in covered}
    texts: dict[str, str] = {}
    strays = {key: statement_stray(key) for key in theorems}
    for key, item in items.items():
        asked = scripts(item, Scope())
        strays[key] = obligation_stray(item, asked.sha256)
        for question in QUESTIONS:
            text = certificate_text(question, getattr(asked, question), _served(_family(item)))
            texts[file_name(key, question)] = text
    return Plan(
        tuple(theorems),
        tuple(key for key in items if key not in covered),
        numbers,
        {key: tuple(item.key for item in found) for key, found in parts.items()},
        items,
        texts,
        {key: reason for key, reason in strays.items() if reason},
    )


def _claims(
    keys: Iterable[str] | None, dims: tuple[int, ...]
) -> tuple[list[str], list[Obligation]]:
    """The theorems, in the catalogue's order, and the further obligations that the keys name."""
    theorems: set[str] = set()
    further: dict[str, None] = {}
    rows = {key.partition("/")[0] for key in CASES}
    if keys is None:
        theorems.update(EVERY_CASE)
        further |= dict.fromkeys(key for key in all_keys(dims) if key not in IDENTITIES)
        keys = theorems
    for key in at_least_one(
        "keys", keys, "name a theorem, row or obligation, or pass None for all"
    ):
        if key in EVERY_CASE:
            theorems.add(key)
        elif key in rows:
            theorems.update(f"{key}/{task}" for task in TASKS)
        else:
            further |= dict.fromkeys(expand_keys([key], dims))
    for key in further:
        if key in IDENTITIES:
            raise InvalidInput(
                f"{key} has no SMT-LIB file: SymPy checks it, with trompe verify {key}; leave it out"
            )
    order = [key for key in all_keys(dims) if key in further]
    order += [key for key in further if key not in order]
    return [key for key in EVERY_CASE if key in theorems], [find_obligation(key) for key in order]


def rows_behind(key: str) -> list[str]:
    """The rows of the theorem and of those that it inherits from."""
    return [theorem(name).row for name in with_parents([key])]


def _obligations(key: str, dims: tuple[int, ...]) -> list[Obligation]:
    families = dict.fromkeys(
        family for name in with_parents([key]) for family in case(name).obligations
    )
    return registered(families, dims)


def _family(item: Obligation) -> str:
    return item.key if item.dim is None else item.key.rpartition("/")[0]


@cache
def _serving() -> dict[str, tuple[str, ...]]:
    """For each obligation family the theorems whose proof has it as a step; those of a level where no other has."""
    found: dict[str, dict[str, None]] = {}
    for key in CASES:
        for name in with_parents([key]):
            for family in case(name).obligations:
                found.setdefault(family, {})[key] = None
    about_extremes = set(found)
    for key, item in LEVEL_CASES.items():
        for family in set(item.obligations) - about_extremes:
            found.setdefault(family, {})[key] = None
    return {family: tuple(keys) for family, keys in found.items()}


def _served(family: str) -> tuple[str, ...]:
    return _serving().get(family, ())


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
