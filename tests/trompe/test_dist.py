"""What `make dist` compares, each seen to fail on a planted fault."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def dist():
    pytest.importorskip("build", reason="build is not installed; the extra `dev` has it")
    return pytest.importorskip("dist", reason="packaging is older than the extra `dev` asks for")


PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "small"
version = "1"
[tool.setuptools]
packages = ["small"]
[tool.setuptools.package-data]
small = ["*.json"]
"""


def small_tree(folder: Path, manifest: str) -> Path:
    """A package with its data, and what its sdist is told to hold."""
    files = {
        "pyproject.toml": PYPROJECT,
        "MANIFEST.in": manifest,
        "notes.txt": "",
        "small/__init__.py": "",
        "small/keys.json": "{}",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("manifest", "lacks", "unlike"),
    [
        ("include notes.txt", [], []),
        ("", ["notes.txt"], []),
        ("include notes.txt\nexclude small/keys.json", ["small/keys.json"], ["small/keys.json"]),
    ],
)
def test_a_file_that_is_missing_from_the_sdist_is_noticed(dist, tmp_path, manifest, lacks, unlike):
    """Built with the setuptools at hand, which needs no network."""
    pytest.importorskip("setuptools", minversion="77")
    tree = small_tree(tmp_path / "tree", manifest)
    names = [str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()]
    sdist = dist.build(tree, tmp_path / "sdist", "--sdist", "--no-isolation")
    sources = dist.unpack(sdist, tmp_path / "sources")
    wheel = dist.build(sources, tmp_path / "wheel", "--wheel", "--no-isolation")
    whole = dist.build(tree, tmp_path / "whole", "--wheel", "--no-isolation")
    assert dist.missing(sources, names) == lacks
    assert [name for name in dist.unlike(wheel, whole) if "dist-info" not in name] == unlike
    assert bool(dist.unlike(wheel, whole)) == bool(unlike)


def test_what_an_sdist_need_not_have(dist, tmp_path):
    assert dist.missing(tmp_path, [".gitignore", ".ci/run", "data/arena/digits/matrix.pdf"]) == []
    assert dist.missing(tmp_path, ["data/arena/digits/arena.json"]) != []


def wheel_of(folder: Path, told: str, left_out: str = "") -> Path:
    """A wheel with this metadata and the files that each of ours has."""
    import dist

    path = folder / "trompe-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trompe-0.dist-info/METADATA", told)
        archive.writestr(
            "trompe-0.dist-info/entry_points.txt",
            "[console_scripts]\ntrompe = trompe.__main__:main\n",
        )
        for name in dist.MUST:
            if name != left_out:
                archive.writestr(name, "")
    return path


@pytest.fixture(scope="module")
def told() -> str:
    """The metadata of the installed wheel."""
    from importlib.metadata import distribution

    return str(distribution("trompe").read_text("METADATA"))


def test_the_metadata_of_the_installed_wheel_are_right(dist, tmp_path, told):
    assert dist.wrong_metadata(wheel_of(tmp_path, told), ROOT) == []


@pytest.mark.parametrize("field", ["Name", "Version", "Summary", "License-Expression"])
def test_a_wrong_field_is_noticed(dist, tmp_path, told, field):
    was = next(line for line in told.splitlines() if line.startswith(f"{field}: "))
    text = told.replace(was, f"{field}: " + ("9.9" if field == "Version" else "MIT"), 1)
    assert dist.wrong_metadata(wheel_of(tmp_path, text), ROOT) != []


def test_a_requirement_that_is_missing_is_noticed(dist, tmp_path, told):
    text = told.replace("Requires-Dist: z3-solver>=4.13\n", "", 1)
    assert text != told
    (line,) = dist.wrong_metadata(wheel_of(tmp_path, text), ROOT)
    assert line.startswith("requirements: ")


@pytest.mark.parametrize("name", ["released.json", "pinned.json"])
def test_a_wheel_without_its_keys_is_noticed(dist, tmp_path, told, name):
    wheel = wheel_of(tmp_path, told, f"trompe/proofs/data/{name}")
    assert dist.wrong_metadata(wheel, ROOT) == [f"trompe/proofs/data/{name} is not in it"]


def test_a_citation_of_another_version_is_noticed(dist, tmp_path, told):
    for name in ("pyproject.toml", "README.md", "CITATION.cff"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    citation = tmp_path / "CITATION.cff"
    citation.write_text(citation.read_text().replace("\nversion: ", "\nversion: 9."))
    (line,) = dist.wrong_metadata(wheel_of(tmp_path, told), tmp_path)
    assert line.startswith("the version in CITATION.cff")


def test_a_command_that_fails_is_noticed(dist):
    with pytest.raises(SystemExit, match="trompe show no-such-key: 2"):
        dist.run(Path(sys.executable), "show", "no-such-key")
