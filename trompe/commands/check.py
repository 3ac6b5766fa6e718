"""`trompe check`: certificates, witnesses and refutations that one was given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trompe.commands.options import Jobs, Solvers
from trompe.commands.reporting import emit, progress_bar


def check(
    path: Annotated[
        Path,
        typer.Argument(
            help="A folder that trompe certify wrote, or a .json file of trompe witness or refute (- for standard input)."
        ),
    ],
    solver: Solvers = None,
    jobs: Jobs = None,
) -> int:
    """Check a certificate set, a witness or a refutation that need not be trusted. Exit status 0 only if all holds.

    A set: every file is compared with what this trompe generates for the claims, and that is solved again. Each
    failure is one line that begins with its kind: missing, extra, different, not proved, unknown.
    """
    if path.is_dir():
        from trompe.ground.processes import import_ahead

        import_ahead(jobs, ("trompe.proofs.solvers", "z3", "cvc5"))
    from trompe.proofs.solvers import SOLVERS, chosen

    solvers = chosen(solver or tuple(SOLVERS))
    if path == Path("-") or (path.suffix == ".json" and not path.is_dir()):
        if path.name == "manifest.json":
            from trompe.theory import InvalidInput

            raise InvalidInput(f"{path} is the manifest of a set; give its folder {path.parent}")
        from trompe.refuting.checking import check_file

        report = check_file(path, solvers)
        emit(report.text())
        return 0 if report.ok else 1
    from trompe.proofs.handover.certificates import check_set

    with progress_bar("checking") as progress:
        found = check_set(path, solvers=solvers, jobs=jobs, progress=progress)
    emit(found.text())
    return 0 if found.ok else 1
