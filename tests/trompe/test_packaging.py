"""What an installed trompe puts into somebody's environment."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _is_editable() -> bool:
    url = json.loads(distribution("trompe").read_text("direct_url.json") or "{}")
    return bool(url.get("dir_info", {}).get("editable"))


@pytest.mark.skipif(_is_editable(), reason="an editable install is no wheel")
def test_the_wheel_holds_one_package_with_its_data():
    files = [f for f in distribution("trompe").files or [] if f.suffix != ".pyc"]
    names = {str(f) for f in files}
    tops = {f.parts[0] for f in files}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {"trompe", ".."}
    for name in (
        "trompe/py.typed",
        *(f"trompe/schemas/{p.name}" for p in (ROOT / "trompe" / "schemas").glob("*.json")),
        *(f"trompe/proofs/data/{p.name}" for p in (ROOT / "proofs" / "data").glob("*.json")),
        "trompe/commands/table.py",
        "trompe/proofs/recheck.py",
        "trompe/theory/catalogue.py",
        "trompe/proofs/rows/monotone.py",
        "trompe/proofs/data/kernel.json",
        "trompe/empirical/inputs/digits/digits.npz",
    ):
        assert name in names
    assert not [name for name in names if "tests" in name or name.endswith(".v")]


def test_the_version_stands_in_one_place_and_what_repeats_it_agrees():
    import trompe

    version = PROJECT["project"]["version"]
    assert trompe.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in changelog and "\n## [Unreleased]\n" in changelog


@pytest.mark.parametrize("name", ["released.json", "pinned.json"])
def test_keys_and_hashes_are_installed_as_they_are_committed(name):
    from importlib.resources import files

    installed = files("trompe.proofs").joinpath("data", name).read_bytes()
    assert installed == (ROOT / "proofs" / "data" / name).read_bytes()


def test_the_extra_for_the_solvers_is_what_the_core_asks_for():
    core = set(PROJECT["project"]["dependencies"])
    assert set(PROJECT["project"]["optional-dependencies"]["solvers"]) <= core


def test_the_lowest_versions_that_are_tested_are_those_that_are_declared():
    lines = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    extras = PROJECT["project"]["optional-dependencies"]
    for text in (*PROJECT["project"]["dependencies"], *extras["plot"], *extras["test"]):
        requirement = Requirement(text)
        (lower_end,) = requirement.specifier
        assert lower_end.operator == ">=", text
        pinned = pins[canonicalize_name(requirement.name)]
        said = (
            f"{text}, but {pinned} in constraints-lowest.txt: make it anew as its first lines say"
        )
        assert Version(lower_end.version) == Version(pinned), said


def test_every_folder_with_code_is_packaged():
    packages = set(PROJECT["tool"]["setuptools"]["packages"])
    rooms = ("trompe", "theory", "constructions", "proofs", "empirical")
    folders = {p.parent.relative_to(ROOT) for r in rooms for p in (ROOT / r).rglob("__init__.py")}
    names = {".".join(folder.parts) for folder in folders}
    found = {n if n.split(".")[0] == "trompe" else f"trompe.{n}" for n in names}
    assert found == packages
    assert {"trompe", "trompe.commands", "trompe.views", "trompe.proofs.rows"} <= found
