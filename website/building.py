"""Build the site: python website/building.py [OUTPUT], by default build/site.

Everything is made in a folder beside OUTPUT and takes its place only when all is well: pages are written from the
sources, from the data that is committed and from a run of all checks, and Sphinx finds nothing to complain about.

OUTPUT is at each moment the old site or the new one, whole, but for the time between two renames. A call that is
killed there leaves the new site, whole, as `.NAME.new` beside OUTPUT, and the next call begins by putting it in its
place, whatever that call comes to. A call that is killed elsewhere leaves OUTPUT as it was; what it had begun is
removed by the next. This is of a killed process, not of a machine whose power fails.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import atlas
import documents
import experiments
import interface

from trompe.ground.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[1]
MARK = "atlas.json"
"""What every site of ours holds: its theorems by their addresses."""


def checked_table() -> dict[str, Any]:
    """All 162 cells, from a run of all checks now, as `trompe table --format json` has them."""
    from trompe.proofs import verify_table
    from trompe.views.table import as_json

    return as_json(verify_table(levels="all", extended=True))


def write_sources(source: Path, table: dict[str, Any], root: Path = ROOT) -> None:
    """All that Sphinx reads, and the downloads."""
    runs = experiments.read(root / "data")
    documents.write(root, source)
    atlas.write(source, table)
    interface.write(source)
    experiments.write(source, runs)


def build(output: Path, table: dict[str, Any], root: Path = ROOT) -> int:
    """Build the site of the sources at `root` into `output`; 0 only if it stands there now.

    Raises
    ------
    InvalidInput : data is missing, a checked cell is not proved, or `output` is another folder of yours.
    """
    with _place(output) as (work, lock):
        source, fresh = work / "source", work / "site"
        write_sources(source, table, root)
        quiet = ["-q", "-W", "--keep-going", "-j", str(min(2, os.cpu_count() or 1))]
        places = ["-c", str(Path(__file__).parent), "-d", f"{work}/trees"]
        program = [sys.executable, "-P", "-m", "sphinx", "-b", "html"]
        command = [*program, *places, *quiet, str(source), str(fresh)]
        # Sphinx has the lock too: if this process is killed, the next one waits until nobody writes here.
        done = subprocess.run(command, pass_fds=[lock], check=False)
        if done.returncode:
            return done.returncode
        shutil.copytree(source / "downloads", fresh, dirs_exist_ok=True)
        (fresh / ".buildinfo").unlink()
        (fresh / MARK).write_text(json.dumps(atlas.addresses(table), indent=1) + "\n")
        fresh.rename(_new(output))
        _put(output, work)
    return 0


def recover(output: Path) -> None:
    """Finish what a killed call left, as `build` does before it begins.

    Raises
    ------
    InvalidInput : `output` is another folder of yours.
    """
    with _place(output):
        pass


@contextmanager
def _place(output: Path) -> Iterator[tuple[Path, int]]:
    """An empty folder beside `output` to work in, once what a killed call left is finished, and the lock of its parent."""
    if output.exists() and not ((output / MARK).is_file() or not any(output.iterdir())):
        raise InvalidInput(f"{output} is no site of trompe's; name another folder, or remove it")
    output.parent.mkdir(parents=True, exist_ok=True)
    lock, work = os.open(output.parent, os.O_RDONLY), output.with_name(f".{output.name}.work")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _fresh(work)
        if _new(output).exists():
            _put(output, work)
            _fresh(work)
        yield work, lock
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(lock)


def _fresh(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()


def _new(output: Path) -> Path:
    """The name of a new site that is whole and waits for its place."""
    return output.with_name(f".{output.name}.new")


def _put(output: Path, work: Path) -> None:
    """Give the new site its place. Killed anywhere, it can be called again."""
    if output.exists():
        output.rename(work / "old")
    _new(output).rename(output)


def main(arguments: list[str]) -> int:
    """The command line; exit status 2 for what cannot be built from."""
    try:
        output = Path(arguments[0] if arguments else ROOT / "build" / "site").resolve()
        recover(output)
        experiments.read(ROOT / "data")  # what is missing is said before the checks run
        status = build(output, checked_table())
    except InvalidInput as error:
        print(f"website/building.py: {error}", file=sys.stderr)
        return 2
    print(
        f"{output}: open index.html"
        if status == 0
        else "the site was not built; what was there stays",
        file=sys.stderr,
    )
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
