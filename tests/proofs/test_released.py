"""A key keeps its statement or sentence, or the changelog says what changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from trompe.proofs import released as module
from trompe.proofs.pinned import PINNED, RELEASED
from trompe.proofs.released import explained, hashes, problems, update
from trompe.theory import THEOREMS, InvalidInput

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
BOTH = (RELEASED, PINNED)
EVERY = hashes(RELEASED)
SENTENCES = hashes(PINNED)
KEY = "monotone/side"
SENTENCE = "lipschitz/sound"

FIRST_RELEASE = "219173585c5b1c29aa7e224f953a03022b381eaafc4eb0c8c53f0ebc263d2c09"
"""SHA-256 over key, version and hash of the 30 theorems of 0.1.0: a second place that an edit has to meet."""


@pytest.mark.parametrize("record", BOTH, ids=lambda r: r.called)
def test_statements_and_sentences_are_the_committed_ones(record):
    assert problems(record.installed, CHANGELOG, hashes(record), record) == []
    written = json.dumps(record.installed, indent=1) + "\n"
    assert (ROOT / "proofs/data" / record.name).read_text() == written


def test_the_first_thirty_keys_are_as_they_were_introduced():
    file = RELEASED.installed
    lines = "".join(f"{k} {file[k]['introduced']} {file[k]['sha256']}\n" for k in THEOREMS)
    assert len(THEOREMS) == 30 and lines.count(" 0.1.0 ") == 30
    assert hashlib.sha256(lines.encode()).hexdigest() == FIRST_RELEASE


@pytest.fixture
def file():
    """The file with every key of the catalogue, also those that are still to be added."""
    return update(RELEASED.installed, CHANGELOG, "0.1.0", EVERY)


def changed(key: str) -> dict[str, str]:
    return {**EVERY, key: "f" * 64}


@pytest.mark.parametrize("key", THEOREMS)
def test_a_changed_statement_is_noticed(file, key):
    (line,) = problems(file, CHANGELOG, changed(key))
    assert line.startswith(f"{key}: its statement is not the released one ({EVERY[key]} -> ffff")
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
        "changes": [{"version": "0.2.0", "sha256": catalogue[KEY]}],
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
    with pytest.raises(KeyError):
        update(file, CHANGELOG, "0.3.0", fewer)["new/side"]
    assert update(file, f"## [Unreleased]\n- the statement of `{KEY}` goes", "0.3.0", fewer) == file
    more = {**EVERY, "new/side": "f" * 64}
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


def test_a_changed_sentence_needs_a_line_of_the_changelog_as_well():
    file = update(PINNED.installed, CHANGELOG, "0.1.0", SENTENCES, PINNED)
    now = {**SENTENCES, "l1/triangle/d2": "f" * 64}
    (line,) = problems(file, CHANGELOG, now, PINNED)
    assert line.startswith("l1/triangle/d2: its sentence is not the pinned one (")
    assert SENTENCES["l1/triangle/d2"] in line and "f" * 64 in line
    says = "## [Unreleased]\n\n- `{}`: another {}.\n"
    for wrong in (says.format("l1/triangle", "statement"), says.format("l1/symmetric", "sentence")):
        with pytest.raises(InvalidInput, match=r"l1/triangle/d2.*nothing is written"):
            update(file, wrong, "0.2.0", now, PINNED)
    for right in ("l1/triangle", "l1/triangle/d2"):
        log = says.format(right, "sentence")
        fresh = update(file, log, "0.2.0", now, PINNED)
        changes = [{"version": "0.2.0", "sha256": "f" * 64}]
        assert fresh["l1/triangle/d2"] == {**file["l1/triangle/d2"], "changes": changes}
        assert problems(fresh, log, now, PINNED) == []


def test_a_sentence_may_go_if_the_changelog_says_so():
    file = update(PINNED.installed, CHANGELOG, "0.1.0", SENTENCES, PINNED)
    fewer = {key: sha256 for key, sha256 in SENTENCES.items() if key != SENTENCE}
    (line,) = problems(file, CHANGELOG, fewer, PINNED)
    assert line.startswith(f"{SENTENCE}: pinned and gone; restore it")
    with pytest.raises(InvalidInput, match="-> gone"):
        update(file, "# Changelog\n", "0.2.0", fewer, PINNED)
    log = f"## [0.2.0]\n- The sentence `{SENTENCE}` is not needed.\n"
    fresh = update(file, log, "0.2.0", fewer, PINNED)
    assert fresh[SENTENCE]["changes"] == [{"version": "0.2.0", "sha256": None}]
    assert problems(fresh, log, fewer, PINNED) == []
    (line,) = problems(fresh, log, SENTENCES, PINNED)  # and it is back
    assert "its sentence is not the pinned one (None -> " in line


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A folder with the changelog and the two files, as the command wants it; hashes are those of today."""
    monkeypatch.chdir(tmp_path)
    today = {RELEASED: EVERY, PINNED: SENTENCES}
    monkeypatch.setattr(module, "hashes", today.__getitem__)
    data = tmp_path / "proofs" / "data"
    data.mkdir(parents=True)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    for record in BOTH:
        (data / record.name).write_text(json.dumps(update({}, "", "0.1.0", today[record], record)))
    return data


@pytest.mark.parametrize(("record", "key"), [(RELEASED, KEY), (PINNED, SENTENCE)])
def test_the_command_adds_new_keys_and_says_so(sources, capsys, record, key):
    path = sources / record.name
    file = json.loads(path.read_text())
    missing = file.pop(key)
    path.write_text(json.dumps(file))
    assert module.main([]) == 1
    assert capsys.readouterr().err == f"{key}: not in {record.name}; add it with --write\n"
    assert module.main(["--write"]) == 0
    assert f"{key}: {record.word} new -> {missing['sha256']}\n" in capsys.readouterr().out
    assert json.loads(path.read_text())[key] == {**missing, "introduced": version("trompe")}
    assert module.main([]) == 0


@pytest.mark.parametrize(("record", "key"), [(RELEASED, KEY), (PINNED, SENTENCE)])
def test_the_command_refuses_a_change_that_the_changelog_does_not_name(
    sources, capsys, record, key
):
    path, log = sources / record.name, sources.parents[1] / "CHANGELOG.md"
    file = json.loads(path.read_text())
    old, new = "0" * 64, file[key]["sha256"]
    file[key]["sha256"] = old
    path.write_text(json.dumps(file))
    (sources / BOTH[record is RELEASED].name).unlink()  # the other file has only new keys
    before = {p.name: p.read_bytes() for p in sources.iterdir()}
    assert module.main(["--write"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert f"{key}: its {record.word} is not the {record.called} one ({old} -> {new})" in said.err
    assert said.err.endswith("nothing is written\n")
    assert {p.name: p.read_bytes() for p in sources.iterdir()} == before
    log.write_text(f"{log.read_text()}\n- The {record.word} of `{key}` says more.\n")
    assert module.main(["--write"]) == 0
    assert f"{key}: {record.word} {old} -> {new}\n" in capsys.readouterr().out
    entry = json.loads(path.read_text())[key]
    assert entry["sha256"] == old and [c["sha256"] for c in entry["changes"]] == [new]
    assert sorted(p.name for p in sources.iterdir()) == ["pinned.json", "released.json"]
    assert module.main([]) == 0
    log.write_text("# Changelog\n\n## [Unreleased]\n")  # the line was taken out again
    assert module.main([]) == 1


def test_the_command_is_called_from_the_root_as_its_messages_say(tmp_path):
    def call(folder):
        command = [sys.executable, *module.COMMAND.split()[1:]]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env={**os.environ}
        )

    done = call(ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(SENTENCES)} keys keep their sentences" in done.stdout
    done = call(tmp_path)
    assert (done.returncode, done.stderr) == (2, "call this from the repository's root\n")


def test_a_file_behind_a_link_is_the_one_that_is_written(sources, tmp_path):
    path, elsewhere = sources / RELEASED.name, tmp_path / "elsewhere"
    file = json.loads(path.read_text())
    del file[KEY]
    elsewhere.write_text(json.dumps(file))
    path.unlink()
    path.symlink_to(elsewhere)
    assert module.main(["--write"]) == 0
    assert path.is_symlink() and KEY in json.loads(elsewhere.read_text())
