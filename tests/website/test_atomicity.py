"""A build that is killed: the old site or the new one is there, whole, or the next call brings it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.once, pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")]

PROGRAM = """
import os, signal, subprocess, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
output, says, step, plant = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
import building

def sources(source, *_):
    (source / "downloads").mkdir(parents=True)

def sphinx(command, **_):
    fresh = Path(command[-1])
    fresh.mkdir()
    for name in (".buildinfo", "index.html", "last.html"):
        (fresh / name).write_text(says)
    return subprocess.CompletedProcess(command, 0)

done, real = 0, Path.rename

def rename(self, target):
    global done
    if done == step:
        os.kill(os.getpid(), signal.SIGKILL)
    done += 1
    return real(self, target)

building.write_sources, building.subprocess.run, Path.rename = sources, sphinx, rename
building.atlas.addresses = lambda table: {"says": says}
if plant == "forgets":  # as it was: what waits has no name that the next call knows
    building._new = lambda output: output.with_name(f".{output.name}.{os.getpid()}")
raise SystemExit(building.build(output, {}))
"""


def build(output: Path, says: str, step: int = 99, plant: str = "") -> int:
    """A build that is killed instead of renaming for the time `step`, from 0."""
    website = str(ROOT / "website")
    program = [sys.executable, "-P", "-c", PROGRAM, website, str(output), says, str(step), plant]
    return subprocess.run(program, check=False).returncode


def whole(output: Path) -> str | None:
    """The text of the site if all of it is there and of one build."""
    names = ["atlas.json", "index.html", "last.html"]
    if not output.is_dir() or sorted(path.name for path in output.iterdir()) != names:
        return None
    texts = {(output / name).read_text() for name in names[1:]}
    return texts.pop() if len(texts) == 1 else None


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_build_that_is_killed_before_a_rename(tmp_path, step):
    import building

    output = tmp_path / "site"
    assert build(output, "old") == 0 and whole(output) == "old"
    assert build(output, "new", step) == -signal.SIGKILL
    there, waits = whole(output), whole(building._new(output))
    assert (there, waits) == [("old", None), ("old", "new"), (None, "new")][step]
    building.recover(output)
    assert whole(output) == ("old" if step == 0 else "new")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("step", [0, 1])
def test_the_call_that_finishes_may_be_killed_too(tmp_path, step):
    import building

    output = tmp_path / "site"
    build(output, "old")
    assert build(output, "new", 1) == -signal.SIGKILL  # it waits, the old one is in its place
    assert build(output, "newer", step) == -signal.SIGKILL
    assert (whole(output), whole(building._new(output))) == ([("old", "new"), (None, "new")][step])
    assert build(output, "newest", 99) == 0 and whole(output) == "newest"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_first_site_may_be_killed_too(tmp_path):
    import building

    output = tmp_path / "site"
    assert build(output, "new", 1) == -signal.SIGKILL and not output.exists()
    building.recover(output)
    assert whole(output) == "new"


def test_the_next_call_finishes_even_if_it_comes_to_nothing(tmp_path, checked):
    import building

    from trompe.theory import InvalidInput

    output = tmp_path / "out" / "site"
    build(output, "old")
    build(output, "new", 2)
    assert whole(output) is None
    with pytest.raises(InvalidInput, match="holds no experiment"):
        building.build(output, checked, tmp_path / "empty")
    assert whole(output) == "new"


def test_a_swap_that_nobody_can_finish_is_noticed(tmp_path):
    """The planted fault: the same kill, and a name that the next call does not know."""
    import building

    output = tmp_path / "site"
    build(output, "old")
    assert build(output, "new", 2, "forgets") == -signal.SIGKILL
    building.recover(output)
    assert whole(output) is None


def test_a_folder_that_took_its_place_meanwhile_is_not_replaced(tmp_path):
    import building

    from trompe.theory import InvalidInput

    output = tmp_path / "site"
    build(output, "old")
    build(output, "new", 2)
    output.mkdir()
    (output / "letter.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="is no site of trompe's"):
        building.recover(output)
    assert (output / "letter.txt").read_text() == "dear"
    assert whole(building._new(output)) == "new"


def test_two_builds_of_one_folder_come_one_after_the_other(tmp_path):
    import building

    output = tmp_path / "site"
    with building._place(output) as (work, _):
        (work / "mine").write_text("")
        program = [sys.executable, "-P", "-c", PROGRAM, str(ROOT / "website")]
        other = subprocess.Popen([*program, str(output), "other", "99", ""])
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(3)
        assert [path.name for path in work.iterdir()] == ["mine"]
    assert other.wait(60) == 0 and whole(output) == "other"
