"""Tamperings with the manifest of a certificate set: what it claims, and its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trompe.proofs.handover.certificates.manifest import MANIFEST, MAX_MANIFEST_BYTES
from trompe.proofs.mutation.tampering.tools import (
    KEY,
    Registry,
    copy,
    entry_of,
    in_manifest,
    in_manifest_bytes,
    load,
    put,
    rehash,
    save,
)

__all__ = ["WITH_MANIFEST"]

WITH_MANIFEST = Registry()

# -- the manifest's claims ---------------------------------------------------------------------

WITH_MANIFEST.add(
    "verdict swapped", "REFUTED", in_manifest(lambda m: entry_of(m).update(verdict="REFUTED"))
)
WITH_MANIFEST.add(
    "verdict unknown", "UNKNOWN", in_manifest(lambda m: entry_of(m).update(verdict="UNKNOWN"))
)
WITH_MANIFEST.add("set not proved", "NOT PROVED", in_manifest(put("verdict", "NOT PROVED")))
WITH_MANIFEST.add(
    "theorem not proved", "NOT PROVED", in_manifest(put("theorems", 0, "verdict", "NOT PROVED"))
)
WITH_MANIFEST.add(
    "answer swapped",
    "answered sat",
    in_manifest(lambda m: entry_of(m)["files"]["main"]["answers"]["z3"].update(result="sat")),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "solver left out",
    "not every solver",
    in_manifest(lambda m: entry_of(m)["files"]["main"]["answers"].pop("cvc5")),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "expected answer swapped",
    "must be unsat",
    in_manifest(lambda m: entry_of(m)["files"]["main"].update(expected="sat")),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "older statement",
    "different statement",
    in_manifest(
        lambda m: m["theorems"][0].update(statement="For some d >= 1: D(v, x) = m."), forge=True
    ),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "statement without its hash",
    "different statement",
    in_manifest(put("theorems", 0, "statement", "For every d: anything.")),
)
WITH_MANIFEST.add(
    "sentence in the manifest changed",
    "in words",
    in_manifest(lambda m: entry_of(m).update(says="it holds")),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "dimension changed",
    "in words",
    in_manifest(lambda m: entry_of(m).update(dim=3)),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "theorem renamed",
    "missing: monotone/mean-range/d1",
    in_manifest(lambda m: _rename_theorem(m, "monotone/side"), forge=True),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "theorem unknown",
    "lacks",
    in_manifest(lambda m: _rename_theorem(m, "everything/side"), forge=True),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "key renamed",
    "missing: side/exact-is-enough",
    lambda f, o: _rename(f, "side/all"),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "obligation left out",
    "missing: side/exact-is-enough",
    lambda folder, other: _leave_out(folder),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "obligation of another key",
    "no claim",
    lambda folder, other: _join(folder, other),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "obligation twice", "twice", in_manifest(lambda m: m["obligations"].append(entry_of(m)))
)
WITH_MANIFEST.add(
    "theorem twice",
    "twice",
    in_manifest(lambda m: m["theorems"].append(m["theorems"][0])),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "claims emptied",
    "claims nothing",
    in_manifest(put("claims", {"theorems": [], "obligations": []})),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "claim more",
    "missing: mix/gap",
    in_manifest(put("claims", "obligations", ["mix/gap"])),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "claim not stated",
    "does not state it",
    in_manifest(put("theorems", [])),
    seen_alone=False,
)
WITH_MANIFEST.add(
    "dimensions reordered", "out of order", in_manifest(put("dims", [3, 2])), seen_alone=False
)
WITH_MANIFEST.add(
    "assumptions hidden",
    "must be said",
    in_manifest(put("not_contained", [])),
    seen_alone=False,
)
WITH_MANIFEST.add("hash of the set", "the set's sha256", in_manifest(put("sha256", "0" * 64)))
WITH_MANIFEST.add(
    "hash of the theorem",
    "not that of its files",
    in_manifest(put("theorems", 0, "sha256", "0" * 64)),
)
WITH_MANIFEST.add(
    "manifest of another key",
    "missing",
    lambda folder, other: copy(other / MANIFEST, folder / MANIFEST),
)


def _rename_theorem(manifest: dict[str, Any], key: str) -> None:
    manifest["claims"]["theorems"] = [key]
    manifest["theorems"][0]["key"] = key


def _rename(folder: Path, key: str) -> None:
    manifest = load(folder)
    entry = entry_of(manifest)
    for file in entry["files"].values():
        path = file["path"].replace(KEY, key)
        (folder / file["path"]).rename(folder / path)
        file["path"] = path
    entry["key"] = key
    keys = manifest["theorems"][0]["obligations"]
    keys[keys.index(KEY)] = key
    save(folder, manifest)
    rehash(folder)


def _leave_out(folder: Path) -> None:
    manifest = load(folder)
    for file in entry_of(manifest)["files"].values():
        (folder / file["path"]).unlink()
    manifest["obligations"].remove(entry_of(manifest))
    manifest["theorems"][0]["obligations"].remove(KEY)
    save(folder, manifest)
    rehash(folder)


def _join(folder: Path, other: Path) -> None:
    manifest, theirs = load(folder), load(other)
    for entry in theirs["obligations"]:
        for file in entry["files"].values():
            copy(other / file["path"], folder / file["path"])
    manifest["obligations"] += theirs["obligations"]
    save(folder, manifest)
    rehash(folder)


# -- the manifest's form -----------------------------------------------------------------------

_NOT_READ = (
    "unknown entry",
    "text too long",
    "answers emptied",
    "entry missing",
)
"""Entries that `recheck.py` does not use."""

for _name, _word, _damage in (
    ("manifest truncated", "no JSON", in_manifest_bytes(lambda c: c[: len(c) // 2])),
    ("manifest empty", "no JSON", in_manifest_bytes(lambda c: b"")),
    ("manifest binary", "no JSON", in_manifest_bytes(lambda c: bytes(range(256)))),
    ("manifest huge", "larger", in_manifest_bytes(lambda c: c + b" " * MAX_MANIFEST_BYTES)),
    ("manifest nested", "no JSON", in_manifest_bytes(lambda c: c + b"[" * 9)),
    ("manifest nested deep", "nests too deep", in_manifest_bytes(lambda c: b"[" * 1_000_000)),
    ("manifest a list", "expected object", in_manifest_bytes(lambda c: b"[]")),
    (
        "entry twice",
        "twice",
        in_manifest_bytes(lambda c: c.replace(b"{", b'{"verdict": "PROVED",', 1)),
    ),
    ("NaN", "NaN", in_manifest_bytes(lambda c: c.replace(b'"reused": 0', b'"reused": NaN'))),
    (
        "Infinity",
        "Infinity",
        in_manifest_bytes(lambda c: c.replace(b'"reused": 0', b'"reused": -Infinity')),
    ),
    (
        "long number",
        "no JSON",
        in_manifest_bytes(lambda c: c.replace(b'"reused": 0', b'"reused": ' + b"9" * 5000)),
    ),
    ("unknown format", "expected", in_manifest(put("format", "another"))),
    ("unknown version", "expected 1", in_manifest(put("format_version", 2))),
    ("version as truth value", "expected 1", in_manifest(put("format_version", True))),
    ("unknown entry", "unknown", in_manifest(put("trust", "me"))),
    ("entry missing", "missing", in_manifest(lambda m: m.pop("claims"))),
    ("obligations an object", "expected array", in_manifest(put("obligations", {}))),
    ("obligations empty", "a list of 0", in_manifest(put("obligations", []))),
    ("hash a number", "expected string", in_manifest(put("sha256", 5))),
    ("hash in capitals", "form", in_manifest(lambda m: m.update(sha256=m["sha256"].upper()))),
    ("key out of the folder", "form", in_manifest(lambda m: entry_of(m).update(key="../x"))),
    ("key with a surrogate", "form", in_manifest(lambda m: entry_of(m).update(key="\ud800"))),
    ("dims beyond bounds", "out of range", in_manifest(put("dims", [10**6]))),
    ("dims a fraction", "expected integer", in_manifest(put("dims", [1.5]))),
    ("verdict invented", "expected one of", in_manifest(put("verdict", "VERY PROVED"))),
    (
        "answers emptied",
        "empty",
        in_manifest(lambda m: entry_of(m)["files"]["main"].update(answers={})),
    ),
    ("text too long", "characters", in_manifest(lambda m: entry_of(m).update(says="x" * 20_000))),
):
    WITH_MANIFEST.add(
        _name,
        _word,
        _damage,
        status=2,
        seen_alone=_name not in _NOT_READ,
    )
