"""A released key keeps its statement, or the changelog says what changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from trompe.proofs import released as module
from trompe.proofs.released import explained, problems, released, update
from trompe.theory import EXTENDED_THEOREMS, THEOREMS, InvalidInput

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
EVERY = {**THEOREMS, **EXTENDED_THEOREMS}
KEY = "monotone/side"

FIRST_RELEASE = "219173585c5b1c29aa7e224f953a03022b381eaafc4eb0c8c53f0ebc263d2c09"
"""SHA-256 over key, version and hash of the 30 theorems of 0.1.0: a second place that an edit has to meet."""


def test_the_catalogue_is_what_was_released():
    assert problems(released(), CHANGELOG) == []
    assert (ROOT / "proofs/data/released.json").read_text() == json.dumps(
        released(), indent=1
    ) + "\n"


def test_the_first_thirty_keys_are_as_they_were_introduced():
    file = released()
    lines = "".join(f"{k} {file[k]['introduced']} {file[k]['sha256']}\n" for k in THEOREMS)
    assert len(THEOREMS) == 30 and lines.count(" 0.1.0 ") == 30
    assert hashlib.sha256(lines.encode()).hexdigest() == FIRST_RELEASE


@pytest.fixture
def file():
    """The file with every key of the catalogue, also those that are still to be added."""
    return update(released(), CHANGELOG, "0.1.0")


def changed(key: str) -> dict:
    item = EVERY[key]
    return {**EVERY, key: replace(item, statement=item.statement + " Or not.")}


@pytest.mark.parametrize("key", THEOREMS)
def test_a_changed_statement_is_noticed(file, key):
    (line,) = problems(file, CHANGELOG, changed(key))
    assert line.startswith(f"{key}: its statement is not the released one")
    with pytest.raises(InvalidInput, match=key):
        update(file, CHANGELOG, "0.2.0", changed(key))


def test_a_changed_statement_that_the_changelog_names_is_appended_not_replaced(file):
    catalogue = changed(KEY)
    log = CHANGELOG.replace(
        "## [Unreleased]", f"## [Unreleased]\n\n- The statement of `{KEY}` says more."
    )
    assert problems(file, log, catalogue) != []  # the file has to follow
    fresh = update(file, log, "0.2.0", catalogue)
    assert fresh[KEY] == {
        **file[KEY],
        "changes": [{"version": "0.2.0", "sha256": catalogue[KEY].sha256}],
    }
    assert {k: v for k, v in fresh.items() if k != KEY} == {
        k: v for k, v in file.items() if k != KEY
    }
    assert problems(fresh, log, catalogue) == []
    (line,) = problems(fresh, CHANGELOG, catalogue)  # the entry was taken out again
    assert "the changelog does not say so" in line


def test_keys_that_come_and_go(file):
    fewer = {key: item for key, item in EVERY.items() if key != KEY}
    (line,) = problems(file, CHANGELOG, fewer)
    assert line.startswith(f"{KEY}: released with 0.1.0 and gone")
    more = {**EVERY, "new/side": replace(EVERY[KEY], key="new/side")}
    (line,) = problems(file, CHANGELOG, more)
    assert line == "new/side: not in released.json; add it with --write"
    fresh = update(file, CHANGELOG, "0.3.0", more)
    assert fresh["new/side"]["introduced"] == "0.3.0" and problems(fresh, CHANGELOG, more) == []


def test_what_the_changelog_must_say():
    log = (
        "# Changelog\n\n## [0.3.0]\n\n- `convex/side`: a clearer statement.\n\n"
        "## [0.2.0]\n\n- `affine/side` is faster.\n- Statements are shorter.\n"
    )
    assert explained(log, "convex/side", "0.3.0")
    assert not explained(log, "convex/side", "0.2.0")
    assert not explained(log, "affine/side", "0.2.0")  # the line does not speak of the statement
    assert not explained(log, "convex/exact", "0.3.0")
    assert explained(log.replace("[0.3.0]", "[Unreleased]"), "convex/side", "0.4.0")


def test_the_command_writes_new_keys_and_refuses_changed_ones(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert module.main(["--write"]) == 2
    (tmp_path / "proofs" / "data").mkdir(parents=True)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    path = tmp_path / "proofs" / "data" / "released.json"
    missing = file.pop(KEY)
    path.write_text(json.dumps(file))
    assert module.main([]) == 1 and KEY in capsys.readouterr().err
    assert module.main(["--write"]) == 0
    assert json.loads(path.read_text())[KEY]["sha256"] == missing["sha256"]
    file[KEY] = {**missing, "sha256": "0" * 64}
    path.write_text(json.dumps(file))
    assert module.main(["--write"]) == 1
    assert "nothing is written" in capsys.readouterr().err
    assert json.loads(path.read_text()) == file
    assert [p.name for p in path.parent.iterdir()] == ["released.json"]
    file.pop(KEY)
    (tmp_path / "elsewhere").write_text(json.dumps(file))
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert module.main(["--write"]) == 0
    assert path.is_symlink() and KEY in json.loads((tmp_path / "elsewhere").read_text())
