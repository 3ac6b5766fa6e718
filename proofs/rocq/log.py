"""Run every check of the proofs on a fresh copy of the sources, then write what passed.

Usage: python3 log.py      (make log)

The copy is what is hashed and what Coq sees, so the log speaks of exactly these files, whatever
is edited meanwhile and whatever older build lies here. Steps: make all, check (statements, coqchk,
axioms), controls, selftest. The log, build-log.json, is removed first and written last, beside and
then renamed: a log that exists tells of a run in which everything passed. Standard library only: this runs where
trompe, whose ground/files.py writes all other files, is not installed.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOG = HERE / "build-log.json"
SOURCES = ("*.v", "controls/*.v", "*.sh", "Makefile", "_CoqProject", "STATEMENTS.txt")
"""All that a run reads."""
STEPS = ("all", "check", "controls", "selftest")


def sources() -> list[Path]:
    """The files that a run reads, in order."""
    return sorted(path for pattern in SOURCES for path in HERE.glob(pattern))


def coqchk_summary(text: str) -> dict[str, list[str]]:
    """The sections of coqchk's summary that can hold an assumption, each with its entries."""
    sections: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if found := re.match(r"\* ([^:]+): *(.*)", line):
            name = found[1]
            sections[name] = [found[2]] if found[2] not in ("", "<none>") else []
        elif name and line.strip():
            sections[name].append(line.strip())
    return sections


def main() -> int:
    """Exit status 0 if everything passed and the log was written."""
    if shutil.which("coqc") is None or shutil.which("coqchk") is None:
        print(
            "log: coqc or coqchk is not on the PATH; on Debian or Ubuntu: apt-get install coq make",
            file=sys.stderr,
        )
        return 2
    LOG.unlink(missing_ok=True)
    # A make that called us would otherwise hand its own flags down.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    with tempfile.TemporaryDirectory() as folder:
        hashes = {}
        for path in sources():
            name = path.relative_to(HERE).as_posix()
            copy = Path(folder, name)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
            hashes[name] = hashlib.sha256(copy.read_bytes()).hexdigest()
        seconds = {}
        for step in STEPS:
            start = time.monotonic()
            command = ["make", "--no-print-directory", step]
            if step == "all":
                command.append(f"-j{os.cpu_count() or 1}")
            if subprocess.run(command, cwd=folder, env=environment).returncode:
                print(f"log: make {step} failed; no log is written", file=sys.stderr)
                return 1
            seconds[step] = round(time.monotonic() - start)
        for name, digest in hashes.items():
            if hashlib.sha256(Path(folder, name).read_bytes()).hexdigest() != digest:
                print(f"log: {name} changed during the run; no log is written", file=sys.stderr)
                return 1
        report = Path(folder, "audit.out").read_text(encoding="utf-8").splitlines()
        coqchk = coqchk_summary(Path(folder, "coqchk.out").read_text(encoding="utf-8"))
        if "Axioms" not in coqchk or not report:
            print(
                "log: the reports of coqchk or of the audit are empty; no log is written",
                file=sys.stderr,
            )
            return 1
    version = subprocess.run(["coqc", "--version"], capture_output=True, text=True, check=True)
    log = {
        "coq": re.findall(r"version (\S+)", version.stdout)[0],
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "host": platform.node(),
        "seconds": seconds,
        "passed": ["build", "statements", "coqchk", "audit", "controls", "selftest"],
        "coqchk": coqchk,
        "controls": sorted(name for name in hashes if name.startswith("controls/")),
        "axioms": {line.split()[0]: line.split()[1:] for line in report},
        "sources": hashes,
    }
    beside = LOG.with_suffix(".tmp")
    beside.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
    beside.replace(LOG)
    print(
        f"log: everything passed in {sum(seconds.values())} s; {LOG.name} tells of {len(hashes)} files"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
