"""What a forger of certificate sets needs: to change files and manifest, and to make every hash fit again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from trompe.proofs.handover.certificates.manifest import MANIFEST
from trompe.proofs.handover.certificates.plan import sha256_of_files

__all__ = [
    "KEY",
    "MAIN",
    "MUTANT",
    "OTHER",
    "SUBJECT",
    "VACUITY",
    "Damage",
    "Registry",
    "Tampering",
    "before_check",
    "copy",
    "entry_of",
    "in_file",
    "in_manifest",
    "in_manifest_bytes",
    "lines_where",
    "load",
    "put",
    "rehash",
    "save",
]

Damage: TypeAlias = Callable[[Path, Path], Path | None]
"""Changes the first folder; may take things from the second, and return another path to check."""

SUBJECT = "constant/side"
"""The theorem whose set is tampered with: two obligations, six files."""
OTHER = "affine-1d/exact"
"""The theorem of the other set."""

MAIN = "side/exact-is-enough.smt2"
VACUITY = "side/exact-is-enough.vacuity.smt2"
MUTANT = "side/exact-is-enough.mutant.smt2"
KEY = "side/exact-is-enough"


@dataclass(frozen=True)
class Tampering:
    """One damage. `damage` gets the two folders and may return another path to check.

    `word` must stand in the reason. `status` is the exit status: 1 where a claim fails, 2 where the input is
    no certificate set. `seen_alone` tells whether `recheck.py`, which knows no statement, must notice too.
    """

    name: str
    word: str
    damage: Damage
    status: int = 1
    seen_alone: bool = True


class Registry(dict[str, Tampering]):
    """Tamperings by name."""

    def add(
        self, name: str, word: str, damage: Damage, status: int = 1, seen_alone: bool = True
    ) -> None:
        """Register one under a new name."""
        if name in self:
            raise ValueError(f"two tamperings are called {name!r}")
        self[name] = Tampering(name, word, damage, status, seen_alone)


# -- tools of the forger -----------------------------------------------------------------------


def load(folder: Path) -> dict[str, Any]:
    """The manifest's data."""
    return dict(json.loads((folder / MANIFEST).read_bytes()))


def save(folder: Path, manifest: Any) -> None:
    """Write the manifest's data."""
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def rehash(folder: Path) -> None:
    """Make every hash of the manifest fit the files as they are."""
    manifest = load(folder)
    hashes: dict[str, dict[str, str]] = {}
    for entry in manifest["obligations"]:
        hashes[entry["key"]] = {}
        for file in entry["files"].values():
            path = folder / file["path"]
            if path.is_file():
                file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            hashes[entry["key"]][file["path"]] = file["sha256"]
    for entry in manifest["theorems"]:
        statement = f"{entry['key']}\n{entry['statement']}"
        entry["statement_sha256"] = hashlib.sha256(statement.encode()).hexdigest()
        own = [hashes[key] for key in entry["obligations"] if key in hashes]
        entry["sha256"] = sha256_of_files({path: d for each in own for path, d in each.items()})
    everything = {path: d for each in hashes.values() for path, d in each.items()}
    manifest["sha256"] = sha256_of_files(everything)
    save(folder, manifest)


def in_file(change: Callable[[bytes], bytes], path: str = MAIN, forge: bool = True) -> Damage:
    """Change the content of one file and, if `forge`, the hashes."""

    def damage(folder: Path, other: Path) -> None:
        target = folder / path
        target.write_bytes(change(target.read_bytes()))
        if forge:
            rehash(folder)

    return damage


def in_manifest(change: Callable[[dict[str, Any]], object], forge: bool = False) -> Damage:
    """Change the manifest's data and, if `forge`, the hashes after it."""

    def damage(folder: Path, other: Path) -> None:
        manifest = load(folder)
        change(manifest)
        save(folder, manifest)
        if forge:
            rehash(folder)

    return damage


def in_manifest_bytes(change: Callable[[bytes], bytes]) -> Damage:
    """Change the bytes of the manifest."""

    def damage(folder: Path, other: Path) -> None:
        path = folder / MANIFEST
        path.write_bytes(change(path.read_bytes()))

    return damage


def put(*places: Any) -> Callable[[dict[str, Any]], None]:
    """Put the last of `places` where the others lead to."""
    *way, last, value = places

    def change(manifest: dict[str, Any]) -> None:
        at: Any = manifest
        for place in way:
            at = at[place]
        at[last] = value

    return change


def before_check(line: str) -> Callable[[bytes], bytes]:
    """Insert a line before check-sat."""
    return lambda content: content.replace(b"(check-sat)", line.encode() + b"\n(check-sat)")


def lines_where(keep: Callable[[str], bool]) -> Callable[[bytes], bytes]:
    """Keep only some lines."""
    return lambda content: "".join(
        line for line in content.decode().splitlines(keepends=True) if keep(line)
    ).encode()


def entry_of(manifest: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    """The manifest's entry of an obligation."""
    return next(entry for entry in manifest["obligations"] if entry["key"] == key)


def copy(source: Path, target: Path) -> None:
    """Copy a file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
