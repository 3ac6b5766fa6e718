"""Build the site: python website/building.py [OUTPUT], by default build/site.

Everything is made in a folder beside OUTPUT and takes its place only when all is well: pages are written from the
sources, from the data that is committed and from a run of all checks, and Sphinx finds nothing to complain about.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
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
    if output.exists() and not ((output / MARK).is_file() or not any(output.iterdir())):
        raise InvalidInput(f"{output} is no site of trompe's; name another folder, or remove it")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=output.parent) as folder:
        source, fresh = Path(folder) / "source", Path(folder) / "site"
        write_sources(source, table, root)
        quiet = ["-q", "-W", "--keep-going", "-j", str(min(2, os.cpu_count() or 1))]
        places = ["-c", str(Path(__file__).parent), "-d", f"{folder}/trees"]
        program = [sys.executable, "-P", "-m", "sphinx", "-b", "html"]
        done = subprocess.run([*program, *places, *quiet, str(source), str(fresh)], check=False)
        if done.returncode:
            return done.returncode
        shutil.copytree(source / "downloads", fresh, dirs_exist_ok=True)
        (fresh / ".buildinfo").unlink()
        (fresh / MARK).write_text(json.dumps(atlas.addresses(table), indent=1) + "\n")
        os.chmod(fresh, 0o755)
        if output.exists():
            output.rename(Path(folder) / "old")
        fresh.rename(output)
    return 0


def main(arguments: list[str]) -> int:
    """The command line; exit status 2 for what cannot be built from."""
    try:
        output = Path(arguments[0] if arguments else ROOT / "build" / "site").resolve()
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
