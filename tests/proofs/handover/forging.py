"""What a forger of certificate sets needs: to change files and manifest, and to make every hash fit again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from trompe.proofs.handover.certificates.manifest import MANIFEST, manifest_bytes
from trompe.proofs.handover.certificates.plan import sha256_of_files

SUBJECT, OTHER = "constant/side", "affine-1d/exact"
MAIN = "side/exact-is-enough.smt2"
MUTANT = "side/exact-is-enough.mutant.smt2"


def load(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MANIFEST).read_bytes()))


def save(folder: Path, manifest: Any) -> None:
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))


def rehash(folder: Path) -> None:
    """Make every hash of the manifest fit the files as they are."""
    manifest = load(folder)
    hashes: dict[str, dict[str, str]] = {}
    for entry in manifest["obligations"]:
        hashes[entry["key"]] = {}
        for file in entry["files"].values():
            if (folder / file["path"]).is_file():
                file["sha256"] = hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest()
            hashes[entry["key"]][file["path"]] = file["sha256"]
    for entry in manifest["theorems"]:
        statement = f"{entry['key']}\n{entry['statement']}"
        entry["statement_sha256"] = hashlib.sha256(statement.encode()).hexdigest()
        own = [hashes[key] for key in entry["obligations"] if key in hashes]
        entry["sha256"] = sha256_of_files({path: d for each in own for path, d in each.items()})
    everything = {path: d for each in hashes.values() for path, d in each.items()}
    manifest["sha256"] = sha256_of_files(everything)
    save(folder, manifest)


def before_check(folder: Path, line: str, path: str = MAIN) -> None:
    """Put a line before check-sat, and make the hashes fit."""
    content = (folder / path).read_bytes()
    (folder / path).write_bytes(content.replace(b"(check-sat)", line.encode() + b"\n(check-sat)"))
    rehash(folder)
