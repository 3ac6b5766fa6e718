"""`trompe certify` and `trompe check`: certificates to give away, and certificates that one was given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trompe.commands.shared import (
    Dims,
    Interrupted,
    Jobs,
    Solvers,
    check_jobs,
    emit,
    parse_dims,
    progress_bar,
)
from trompe.ground.text import wrapped

if TYPE_CHECKING:
    from trompe.proofs.certificates import Certified

__all__ = ["mount"]


def certify(
    output: Annotated[Path, typer.Option(help="The folder of the set; made if it is not there.")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            help="Theorems (monotone/side), rows (monotone) or obligations (mix/gap). [default: all]"
        ),
    ] = None,
    dims: Dims = "1,2,3",
    jobs: Jobs = None,
) -> int:
    """Write SMT-LIB files that any solver can check, and a manifest. Exit status 0 only if all are proved.

    A set that stands in the folder is replaced; answers recorded there, also by an interrupted run, are
    taken over. A folder with anything else in it is left alone.
    """
    numbers = parse_dims(dims)
    from trompe.proofs.certificates import certify as write

    try:
        with progress_bar("certifying") as progress:
            done = write(
                keys or None,
                output,
                dims=numbers,
                jobs=check_jobs(jobs),
                progress=progress,
                tell=lambda line: print(f"trompe: {line}", file=sys.stderr),
            )
    except KeyboardInterrupt:
        from trompe.proofs.certificates.folder import UNFINISHED

        if not (output / UNFINISHED).exists():
            raise
        raise Interrupted(
            f"what the solvers answered so far is kept in {output / UNFINISHED}; the same command goes on from there"
        ) from None
    emit(_text(done, output), None)
    return 0 if done.is_proved else 1


def _text(done: Certified, output: Path) -> str:
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
    lines.append(f"To check it: trompe check {output}, or docs/check-it-yourself.md without trompe")
    return "\n".join(lines)


def check(
    path: Annotated[
        Path,
        typer.Argument(
            help="A folder that trompe certify wrote, or a .json file of trompe witness (- for standard input)."
        ),
    ],
    solver: Solvers = None,
    jobs: Jobs = None,
) -> int:
    """Check a certificate set or a witness file that need not be trusted. Exit status 0 only if all holds.

    A set: hashes, statements against this trompe, completeness, and every file solved again. Each failure is
    one line that begins with its kind: changed, missing, extra, refused, weaker statement, different
    statement, not proved, unknown.
    """
    number = check_jobs(jobs)
    from trompe.proofs.solvers import SOLVERS

    solvers = tuple(solver or SOLVERS)
    if path == Path("-") or (path.suffix == ".json" and not path.is_dir()):
        if path.name == "manifest.json":
            from trompe.theory import InvalidInput

            raise InvalidInput(f"{path} is the manifest of a set; give its folder {path.parent}")
        from trompe.proofs.solvers import available
        from trompe.proofs.witnesses import check_file

        for name in solvers:
            available(name)
        report = check_file(path, solvers)
        emit(report.text(), None)
        return 0 if report.ok else 1
    from trompe.proofs.certificates import check_set

    with progress_bar("checking") as progress:
        found = check_set(path, solvers=solvers, jobs=number, progress=progress)
    emit(found.text(), None)
    return 0 if found.ok else 1


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (certify, check):
        app.command()(command)
