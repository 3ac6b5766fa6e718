"""Build what is released and try it: python tests/dist.py [--core] [OUTPUT], by default dist (`make dist`).

The sdist and the wheel that is built from it. They are kept only if that wheel equals the one of the tree, file by file;
if the sdist has every file that git tracks; if the metadata is valid and of this version; and if both install and run in
fresh environments: the wheel with the core alone, the sdist with the extra `empirical`. With --core the latter is not
tried, and the last line says so. Packages are those of constraints.txt.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("*.gitignore", ".ci/*", "data/arena/*.pdf")
"""What git tracks and an sdist need not have: settings of machines, and figures that are there as PNG."""
MUST = (
    "trompe/py.typed",
    "trompe/proofs/data/released.json",
    "trompe/proofs/data/pinned.json",
    "trompe/proofs/data/kernel.json",
)
"""What every wheel of ours holds: the keys and hashes go out with the code that is held against them."""


def build(root: Path, folder: Path, *asked: str) -> Path:
    """What `python -m build` makes of `root`, alone in `folder`."""
    constraints = root / "constraints.txt"
    more = {"PIP_CONSTRAINT": str(constraints)} if constraints.is_file() else {}
    command = [sys.executable, "-P", "-m", "build", *asked, "--outdir", str(folder), str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | more)
    (found,) = folder.iterdir()
    return found


def unpack(sdist: Path, folder: Path) -> Path:
    """The sources in an sdist."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (found,) = folder.iterdir()
    return found


def unlike(one: Path, other: Path) -> list[str]:
    """Files of two wheels that are not the same in both."""
    with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
        found = [{name: w.read(name) for name in w.namelist()} for w in (a, b)]
    names = found[0].keys() | found[1].keys()
    return [name for name in sorted(names) if found[0].get(name) != found[1].get(name)]


def missing(sources: Path, names: list[str]) -> list[str]:
    """Of the files that git tracks those that an sdist has not."""
    needed = [name for name in names if not any(fnmatch(name, form) for form in LEFT_OUT)]
    return [name for name in needed if not (sources / name).is_file()]


def tracked(root: Path) -> list[str]:
    """The names of what git tracks."""
    command = ["git", "-C", str(root), "ls-files", "-z"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name]


def wrong_metadata(wheel: Path, root: Path) -> list[str]:
    """What a wheel says of itself that pyproject.toml, README.md or CITATION.cff says otherwise; and what it lacks."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (place,) = [n for n in names if n.endswith(".dist-info/METADATA")]
        told = Metadata.from_email(archive.read(place), validate=True)
        entry = archive.read(place.replace("METADATA", "entry_points.txt")).decode()
    citation = (root / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    extras = project["optional-dependencies"]
    base = {str(Requirement(text)) for text in project["dependencies"]}
    pairs = {
        "name": (told.name, project["name"]),
        "version": (str(told.version), project["version"]),
        "the version in CITATION.cff": (f"version: {told.version}" in citation, True),
        "summary": (told.summary, project["description"]),
        "description": (told.description, (root / "README.md").read_text(encoding="utf-8")),
        "its type": ((told.description_content_type or "").partition(";")[0], "text/markdown"),
        "licence": (told.license_expression, project["license"]),
        "Python": (str(told.requires_python), project["requires-python"]),
        "extras": (sorted(told.provides_extra or []), sorted(extras)),
        "requirements": (
            {str(r) for r in told.requires_dist or [] if "extra ==" not in str(r)},
            base,
        ),
        "command": ("trompe = trompe.__main__:main" in entry, True),
    }
    found = [f"{what}: {a!r}, expected {b!r}" for what, (a, b) in pairs.items() if a != b]
    return found + [f"{name} is not in it" for name in MUST if name not in names]


def environment(folder: Path, what: str) -> Path:
    """The Python of a fresh environment where `what` is installed."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    constraints = ["-c", str(ROOT / "constraints.txt")]
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, *constraints, what], check=True)
    return python


def run(python: Path, *arguments: str) -> str:
    """What the installed command line prints; it ends well."""
    command = [str(python), "-P", "-m", "trompe", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=python.parent, check=False)
    if done.returncode:
        raise SystemExit(f"trompe {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return done.stdout


def try_core(wheel: Path, folder: Path, version: str) -> None:
    """The wheel without extras: its version, and what tests/without_extras.py asks for, the table among it."""
    python = environment(folder, str(wheel))
    if run(python, "--version").split() != ["trompe", version]:
        raise SystemExit("the installed wheel is of another version")
    subprocess.run([python, "-P", str(ROOT / "tests" / "without_extras.py")], check=True)


def try_extras(sdist: Path, folder: Path) -> None:
    """The sdist with PyTorch: a witness that is made here is checked, and one experiment meets its acceptances."""
    python = environment(folder, f"trompe[empirical] @ {sdist.as_uri()}")
    witness = str(folder / "witness.json")
    run(python, "witness", "convex/side", "--format", "json", "--output", witness)
    run(python, "check", witness)
    run(python, "reproduce", "erm-witness", "--data", "digits", "--output", str(folder / "out"))


def main(arguments: list[str]) -> int:
    """The command line; 0 only if all of it holds."""
    parser = argparse.ArgumentParser(prog="tests/dist.py")
    parser.add_argument("output", nargs="?", type=Path, default=ROOT / "dist")
    parser.add_argument("--core", action="store_true", help="do not try the extra empirical")
    asked = parser.parse_args(arguments)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    with tempfile.TemporaryDirectory(prefix="trompe-dist-") as place:
        folder = Path(place)
        sdist = build(ROOT, folder / "sdist", "--sdist")
        sources = unpack(sdist, folder / "sources")
        wheel = build(sources, folder / "wheel", "--wheel")
        for stale in (ROOT / "build" / "lib", *(ROOT / "build").glob("bdist.*")):
            shutil.rmtree(stale, ignore_errors=True)  # what was moved would stay in the wheel
        tree = build(ROOT, folder / "tree", "--wheel")
        found = [f"the sdist lacks {name}" for name in missing(sources, tracked(ROOT))]
        found += [f"{name}: the sdist's wheel is not the tree's" for name in unlike(wheel, tree)]
        found += [f"{wheel.name}: {line}" for line in wrong_metadata(wheel, ROOT)]
        if found:
            print("\n".join(found), file=sys.stderr)
            return 1
        try_core(wheel, folder / "core", version)
        if not asked.core:
            try_extras(sdist, folder / "extras")
        asked.output.mkdir(parents=True, exist_ok=True)
        for path in (sdist, wheel):
            shutil.copyfile(path, asked.output / path.name)
            print(asked.output / path.name)
    tried = "the core alone; the extra empirical was not tried" if asked.core else "core and extra"
    print(f"equal wheels, metadata, installed and run: {tried}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
