"""A key, once released, keeps its meaning: which statement each theorem was released with, and since when.

`data/released.json` has for every key the version that introduced it and the SHA-256 of its statement. These two
are never edited. Where the words of a statement had to be changed without changing what the key stands for,
a later version and hash are appended, and the changelog says so: in the section of that version (or under
Unreleased) a line has the key in backticks and the word "statement".

    python -m trompe.proofs.released            say what does not fit, exit status 1 if anything does not
    python -m trompe.proofs.released --write    add new keys, and changes that the changelog names

Both read ./CHANGELOG.md and write into ./proofs, so they are called from the repository's root.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from trompe.ground.files import write_file
from trompe.ground.streams import run_main
from trompe.theory import EXTENDED_THEOREMS, THEOREMS, InvalidInput, Theorem

__all__ = ["explained", "problems", "released", "update"]

_EVERY: Mapping[str, Theorem] = {**THEOREMS, **EXTENDED_THEOREMS}


def released() -> dict[str, Any]:
    """The content of the installed `data/released.json`, by theorem key."""
    text = files("trompe.proofs").joinpath("data/released.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def explained(changelog: str, key: str, since: str) -> bool:
    """Does the changelog name a change of this key's statement in that version, or under Unreleased?"""
    sections = re.split(r"(?m)^## ", changelog)[1:]
    wanted = (f"[{since}]", "[Unreleased]")
    lines = [line for part in sections if part.startswith(wanted) for line in part.splitlines()[1:]]
    return any(f"`{key}`" in line and "statement" in line.lower() for line in lines)


def problems(
    file: Mapping[str, Any], changelog: str, theorems: Mapping[str, Theorem] = _EVERY
) -> list[str]:
    """What does not fit between the file, the changelog and the catalogue; one line each."""
    found = []
    for key, entry in file.items():
        if key not in theorems:
            found.append(f"{key}: released with {entry['introduced']} and gone; a key is for life")
        found += [
            f"{key}: its statement changed with {change['version']}, and the changelog does not say so"
            for change in entry["changes"]
            if not explained(changelog, key, change["version"])
        ]
    for key, item in theorems.items():
        if key not in file:
            found.append(f"{key}: not in released.json; add it with --write")
        elif item.sha256 != _now(file[key]):
            found.append(
                f"{key}: its statement is not the released one; restore it, or say in CHANGELOG.md what "
                f"changed (a line with `{key}` and the word statement) and call --write"
            )
    return found


def update(
    file: Mapping[str, Any],
    changelog: str,
    current: str,
    theorems: Mapping[str, Theorem] = _EVERY,
) -> dict[str, Any]:
    """The file with new keys and explained changes added; what stands there stays as it is.

    Raises
    ------
    InvalidInput : a released statement changed and the changelog does not say so.
    """
    fresh = json.loads(json.dumps(file))
    for key, item in theorems.items():
        if key not in fresh:
            fresh[key] = {"introduced": current, "sha256": item.sha256, "changes": []}
        elif item.sha256 != _now(fresh[key]):
            if not explained(changelog, key, current):
                raise InvalidInput(
                    f"{key}: its statement is not the released one, and CHANGELOG.md does not say so "
                    f"under [{current}] or [Unreleased]; nothing is written"
                )
            fresh[key]["changes"].append({"version": current, "sha256": item.sha256})
    return dict(fresh)


def _now(entry: Mapping[str, Any]) -> str:
    """The hash of the statement as it should be today."""
    return str(entry["changes"][-1]["sha256"] if entry["changes"] else entry["sha256"])


def main(arguments: list[str] | None = None) -> int:
    """The command line of this module; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trompe.proofs.released")
    parser.add_argument("--write", action="store_true", help="add new keys and explained changes")
    asked = parser.parse_args(arguments)
    path, log = Path("proofs/data/released.json"), Path("CHANGELOG.md")
    if not log.is_file() or not path.parent.is_dir():
        print("call this from the repository's root", file=sys.stderr)
        return 2
    file = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    changelog = log.read_text(encoding="utf-8")
    if asked.write:
        try:
            file = update(file, changelog, version("trompe"))
        except InvalidInput as error:
            print(error, file=sys.stderr)
            return 1
        write_file(path, json.dumps(file, indent=1) + "\n")
    found = problems(file, changelog)
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"{len(file)} keys keep their statements")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(run_main(main, "released"))
