"""A key, once released, keeps its meaning: which statement or sentence each was committed with, and since when.

`data/released.json` has for every theorem the version that introduced it and the SHA-256 of its statement,
`data/pinned.json` the same for every obligation (at d = 1, 2, 3) and every identity of SymPy: the hash of what is
asked. These are never edited. Where a statement had to be reworded without changing what the key stands for, or
where a sentence changed, a later version and hash are appended, and the changelog says so: in the section of that
version (or under Unreleased) a line has the key in backticks and the word "statement" or "sentence". For sentences
the key without its /d1, /d2, /d3 will do. A theorem is for life; a sentence may go, if the changelog says that.

    python -P -m trompe.proofs.released            say what does not fit, exit status 1 if anything does not
    python -P -m trompe.proofs.released --write    add new keys, and changes that the changelog names

Both read ./CHANGELOG.md and ./proofs/data, so they are called from the repository's root, with the installed
package made from it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trompe.ground.files import write_file
from trompe.ground.streams import run_main
from trompe.proofs.obligations import Scope
from trompe.proofs.pinned import COMMAND, PINNED, RELEASED, Record, current
from trompe.proofs.smt import scripts
from trompe.proofs.symbolic import IDENTITIES, identity_sha256
from trompe.proofs.verify import all_keys, find_obligation
from trompe.theory import InvalidInput
from trompe.theory.catalogue import EVERY_THEOREM


def hashes(record: Record) -> dict[str, str]:
    """The SHA-256 of every statement, or of every sentence, as it is today, by key."""
    if record is RELEASED:
        return {key: item.sha256 for key, item in EVERY_THEOREM.items()}
    return {
        key: identity_sha256(IDENTITIES[key])
        if key in IDENTITIES
        else scripts(find_obligation(key), Scope()).sha256
        for key in all_keys()
    }


def explained(changelog: str, key: str, since: str, word: str = "statement") -> bool:
    """Does the changelog name a change of what this key stands for in that version, or under Unreleased?"""
    sections = re.split(r"(?m)^## ", changelog)[1:]
    wanted = (f"[{since}]", "[Unreleased]")
    lines = [line for part in sections if part.startswith(wanted) for line in part.splitlines()[1:]]
    names = {f"`{key}`", f"`{re.sub(r'/d[0-9]+$', '', key)}`"}
    return any(word in line.lower() and any(name in line for name in names) for line in lines)


def problems(
    file: Mapping[str, Any], changelog: str, now: Mapping[str, str], record: Record = RELEASED
) -> list[str]:
    """What does not fit between the file, the changelog and the hashes of today; one line each."""
    word, found = record.word, []
    for key, entry in file.items():
        found += [
            f"{key}: its {word} changed with {change['version']}, and the changelog does not say so"
            for change in entry["changes"]
            if not explained(changelog, key, change["version"], word)
        ]
    for key, old, new in _changes(file, now):
        explain = f"say in CHANGELOG.md what changed (a line with `{key}` and the word {word})"
        if new is None and record.for_life:
            introduced = file[key]["introduced"]
            found.append(f"{key}: {record.called} with {introduced} and gone; a key is for life")
        elif new is None:
            found.append(
                f"{key}: {record.called} and gone; restore it, or {explain} and call --write"
            )
        elif key not in file:
            found.append(f"{key}: not in {record.name}; add it with --write")
        else:
            found.append(
                f"{key}: its {word} is not the {record.called} one ({old} -> {new}); restore it, or "
                f"{explain} and call --write"
            )
    return found


def update(
    file: Mapping[str, Any],
    changelog: str,
    release: str,
    now: Mapping[str, str],
    record: Record = RELEASED,
) -> dict[str, Any]:
    """The file with new keys and explained changes added; what stands there stays as it is.

    Raises
    ------
    InvalidInput : something changed and the changelog does not say so.
    """
    fresh = json.loads(json.dumps(file))
    for key, old, new in _changes(file, now):
        if key not in file:
            fresh[key] = {"introduced": release, "sha256": new, "changes": []}
            continue
        if new is None and record.for_life:
            continue  # no changelog line can explain it; `problems` says so
        if not explained(changelog, key, release, record.word):
            raise InvalidInput(
                f"{key}: its {record.word} is not the {record.called} one ({old} -> {new or 'gone'}), and "
                f"CHANGELOG.md does not say so under [{release}] or [Unreleased]; nothing is written"
            )
        fresh[key]["changes"].append({"version": release, "sha256": new})
    return dict(fresh)


def _changes(
    file: Mapping[str, Any], now: Mapping[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    """Every key whose hash is another than in the file, with the old and the new one; None where it is not there."""
    for key in dict.fromkeys((*file, *now)):
        old, new = current(file[key]) if key in file else None, now.get(key)
        if old != new:
            yield key, old, new


def main(arguments: list[str] | None = None) -> int:
    """The command line of this module; returns the exit status."""
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("--write", action="store_true", help="add new keys and explained changes")
    asked = parser.parse_args(arguments)
    folder, log = Path("proofs/data"), Path("CHANGELOG.md")
    if not log.is_file() or not folder.is_dir():
        print("call this from the repository's root", file=sys.stderr)
        return 2
    changelog = log.read_text(encoding="utf-8")
    records = (RELEASED, PINNED)
    now = {record: hashes(record) for record in records}
    file = {record: _read(folder / record.name) for record in records}
    if asked.write:
        try:
            fresh = {
                record: update(file[record], changelog, version("trompe"), now[record], record)
                for record in records
            }
        except InvalidInput as error:
            print(error, file=sys.stderr)
            return 1
        for record in records:
            for key, old, new in _changes(file[record], now[record]):
                print(f"{key}: {record.word} {old or 'new'} -> {new or 'gone'}")
            write_file(folder / record.name, json.dumps(fresh[record], indent=1) + "\n")
        file = fresh
    found = [
        line
        for record in records
        for line in problems(file[record], changelog, now[record], record)
    ]
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print("; ".join(f"{len(now[r])} keys keep their {r.word}s" for r in records))
    return 1 if found else 0


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


if __name__ == "__main__":
    sys.exit(run_main(main, "released"))
