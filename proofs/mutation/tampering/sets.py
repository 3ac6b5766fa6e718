"""Ways to tamper with a certificate set. A checker that accepts one of them checks nothing.

Each takes the folder of a genuine set (and of another, for other theorems) and damages it. `TAMPERINGS` holds them
by name, with a word that the reason for the rejection must contain. Most are an able forger's work: after the
damage every hash is computed anew, so that only the contents give it away.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trompe.ground.processes import Processes
from trompe.proofs.handover.certificates import certify
from trompe.proofs.handover.certificates.checking import check_set
from trompe.proofs.mutation.tampering.files import WITH_FILES
from trompe.proofs.mutation.tampering.manifest import WITH_MANIFEST
from trompe.proofs.mutation.tampering.tools import OTHER, SUBJECT, Tampering
from trompe.proofs.solvers import SOLVERS, solver_processes
from trompe.theory import InvalidInput

__all__ = ["OTHER", "SUBJECT", "TAMPERINGS", "Tampering", "check_tampered", "tamper"]

TAMPERINGS: dict[str, Tampering] = {**WITH_FILES, **WITH_MANIFEST}


@dataclass(frozen=True)
class _Bench:
    place: Path
    processes: Processes

    def end(self) -> None:
        self.processes.__exit__()
        shutil.rmtree(self.place, ignore_errors=True)


@cache
def _bench() -> _Bench:
    """The two genuine sets, and solvers that stay for all tamperings of this process."""
    bench = _Bench(Path(tempfile.mkdtemp(prefix="trompe-")), solver_processes(1, SOLVERS))
    atexit.register(bench.end)
    for key, name in ((SUBJECT, "subject"), (OTHER, "other")):
        certify([key], bench.place / name, processes=bench.processes)
        if not check_set(bench.place / name, processes=bench.processes).ok:
            raise AssertionError(f"the genuine set of {key} is rejected")
    return bench


def tamper(name: str, subject: Path, other: Path, place: Path) -> Path:
    """Copy the genuine sets `subject` and `other` into `place`, damage the copy; the path to check."""
    folder, beside = place / "set", place / "other"
    shutil.copytree(subject, folder)
    shutil.copytree(other, beside)
    return TAMPERINGS[name].damage(folder, beside) or folder


def check_tampered(name: str) -> tuple[bool, str]:
    """Is the tampered set rejected, for the reason that is expected? And what was said."""
    bench, item = _bench(), TAMPERINGS[name]
    with tempfile.TemporaryDirectory(dir=bench.place) as place:
        path = tamper(name, bench.place / "subject", bench.place / "other", Path(place))
        try:
            report = check_set(path, processes=bench.processes)
        except InvalidInput as error:
            return item.status == 2 and item.word in str(error), str(error)
        said = [str(failure) for failure in report.failures]
    if not said:
        return False, "accepted"
    fitting = [line for line in said if item.word in line]
    return item.status == 1 and bool(fitting), (fitting or said)[0]
