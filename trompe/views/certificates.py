"""A certificate set that was written, as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trompe.ground.text import wrapped

if TYPE_CHECKING:
    from trompe.proofs.handover.certificates import Certified


def to_text(done: Certified, output: Path) -> str:
    """What was written where, and what is not contained."""
    manifest = done.manifest
    entries = manifest["obligations"]
    proved = sum(entry["verdict"] == "PROVED" for entry in entries)
    who = " and ".join(f"{name} {by['version']}" for name, by in manifest["solvers"].items())
    theorems = len(manifest["theorems"])
    lines = [
        f"{output}: {len(done.plan.texts)} SMT-LIB files and manifest.json",
        f"{proved} of {len(entries)} obligations PROVED by {who}"
        + (f", the steps of {theorems} theorem{'s' * (theorems > 1)}" if theorems else ""),
        f"at d = {', '.join(map(str, manifest['dims']))} where a sentence is about coordinates",
        f"SHA-256 {manifest['sha256']}",
    ]
    besides = [item["key"] for item in manifest["not_contained"]]
    if besides:
        symbolic = sum(item["level"] == "symbolic" for item in manifest["not_contained"])
        lines += wrapped(
            f"Not contained: {symbolic} identities (SymPy), random instances, Coq's proofs, and what is assumed "
            f"({', '.join(key[8:] for key in besides if key.startswith('assumed/'))}); the manifest lists them.",
            99,
            cuts_words=True,
        )
    lines += [
        f"{entry['verdict']} {entry['key']}: {entry['reason']}"
        for entry in entries
        if entry["verdict"] != "PROVED"
    ]
    lines += [
        f"NOT PROVED {key}: {done.plan.strays[key]}"
        for key in done.plan.theorems
        if key in done.plan.strays
    ]
    lines.append(f"To check it: trompe check {output}, or docs/check-it-yourself.md without trompe")
    return "\n".join(lines)
