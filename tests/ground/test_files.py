"""Writing: whole or not at all, through links, and never in the place of what is no regular file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from nodes import FULL, block_device, device, fifo, reader, within

from trompe.ground.errors import InvalidInput
from trompe.ground.files import Destination, write_file


def both_ways(path: Path, content: str | bytes) -> None:
    """What every caller does: at once, and looked at before the work."""
    write_file(path, content)
    Destination(path).write(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_are_written_and_nothing_else_is_left(tmp_path):
    both_ways(tmp_path / "new", "text, \u00e9\n")
    assert (tmp_path / "new").read_bytes() == b"text, \xc3\xa9\n"
    both_ways(tmp_path / "new", b"\x00\xff")
    assert (tmp_path / "new").read_bytes() == b"\x00\xff"
    write_file(tmp_path / "name", "a path of bytes: \udcff")
    assert (tmp_path / "name").read_bytes() == rb"a path of bytes: \udcff"
    assert names(tmp_path) == ["name", "new"]


def test_looking_changes_nothing(tmp_path):
    (tmp_path / "old").write_text("old")
    before = (tmp_path / "old").stat()
    Destination(tmp_path / "old")
    Destination(tmp_path / "new")
    assert (tmp_path / "old").stat() == before
    assert names(tmp_path) == ["old"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o4711, 0o444])
def test_permission_bits_and_owner_are_kept(tmp_path, mode):
    path = tmp_path / "old"
    path.write_text("old")
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
    elif not mode & 0o200:
        pytest.skip("only root writes into a file that is read-only")
    path.chmod(mode)
    before = path.stat()
    both_ways(path, "new")
    now = path.stat()
    assert path.read_text() == "new"
    assert (now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "new", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else for a moment")
def test_a_read_only_file_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "old"
    path.write_text("old")
    path.chmod(0o444)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o777)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from trompe.ground.files import write_file\nos.setuid(65534)\nwrite_file(Path(sys.argv[1]), 'new')"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "cannot be written (Permission denied)" in done.stderr
    assert path.read_text() == "old" and names(tmp_path) == ["old"]


@pytest.mark.parametrize("there", [True, False], ids=["with an end", "dangling"])
def test_chains_of_links_are_followed(tmp_path, there):
    end = tmp_path / "far" / "end"
    end.parent.mkdir()
    if there:
        end.write_text("old")
    (tmp_path / "middle").symlink_to("far/end")
    (tmp_path / "link").symlink_to(tmp_path / "middle")
    both_ways(tmp_path / "link", "new")
    assert end.read_text() == "new"
    assert (tmp_path / "link").is_symlink() and (tmp_path / "middle").is_symlink()
    assert names(tmp_path) == ["far", "link", "middle"] and names(end.parent) == ["end"]


def test_links_that_lead_nowhere_are_one_line(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("none/c")
    for name, words in (("a", "Too many levels"), ("c", f"no folder {tmp_path}/none")):
        for write in (write_file, lambda path, content: Destination(path)):
            with pytest.raises(InvalidInput, match=words) as caught:
                write(tmp_path / name, "x")
            assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["a", "b", "c"]


def test_a_device_stays_one_and_takes_what_is_written(tmp_path):
    node = device(tmp_path / "n")
    (tmp_path / "link").symlink_to("n")
    both_ways(node, "x")
    both_ways(tmp_path / "link", "x")
    assert stat.S_ISCHR(node.stat().st_mode) and (tmp_path / "link").is_symlink()
    full = device(tmp_path / "full", FULL)
    with pytest.raises(InvalidInput, match=r"full cannot be written \(No space left on device\)"):
        write_file(full, "x")
    assert stat.S_ISCHR(full.stat().st_mode)


def test_a_fifo_gets_the_text_if_somebody_reads_and_never_blocks_else(tmp_path):
    path = fifo(tmp_path / "f")
    with within(20):
        for write in (write_file, lambda path, content: Destination(path)):
            with pytest.raises(
                InvalidInput, match="a FIFO that nobody reads; start its reader first"
            ):
                write(path, "x")
        with reader(path) as got:
            write_file(path, "x" * 200_000)  # more than a pipe holds
        assert got == [b"x" * 200_000]
        with reader(path) as got:
            place = Destination(path)
            place.write("later")
        assert got == [b"later"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_reader_that_leaves_is_one_line(tmp_path):
    path = fifo(tmp_path / "f")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    place = Destination(path)
    os.close(handle)
    with within(20), pytest.raises(InvalidInput, match=r"cannot be written \(Broken pipe\)"):
        place.write("x")


def test_what_cannot_be_a_file_is_refused(tmp_path, monkeypatch):
    import socket

    block = block_device(tmp_path / "block")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the name of a socket is short
        server.bind("socket")
    (tmp_path / "file").write_text("kept")
    for path, words in (
        (tmp_path, "it is a folder"),
        (block, "it is a block device"),
        (tmp_path / "socket", "it is a socket"),
        (tmp_path / "file" / "inside", "Not a directory"),
        (tmp_path / "none" / "x", "there is no folder"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        for write in (write_file, lambda path, content: Destination(path)):
            with pytest.raises(InvalidInput, match=words):
                write(path, "x")
    assert names(tmp_path) == ["block", "file", "socket"]
    assert (tmp_path / "file").read_text() == "kept"


def test_missing_folders_are_made_on_request(tmp_path):
    (tmp_path / "link").symlink_to("far/away")
    write_file(tmp_path / "link" / "x", "x", parents=True)
    Destination(tmp_path / "near" / "by" / "y", parents=True).write("y")
    assert (tmp_path / "far" / "away" / "x").read_text() == "x"
    assert (tmp_path / "near" / "by" / "y").read_text() == "y"


def test_a_long_name_is_no_reason_to_refuse(tmp_path):
    path = tmp_path / ("x" * 255)
    both_ways(path, "x")
    assert path.read_text() == "x"


def test_an_open_file_without_a_name_is_refused(tmp_path):
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("no /proc here")
    with (tmp_path / "gone").open("w") as file:
        (tmp_path / "gone").unlink()
        (tmp_path / "link").symlink_to(folder / str(file.fileno()))
        with pytest.raises(InvalidInput, match="has no name"):
            write_file(tmp_path / "link", "x")
    assert names(tmp_path) == ["link"]


KILLED = """
import os, sys
from trompe.ground.files import write_file
point, path = sys.argv[1:]
real = getattr(os, point)
def deadly(*a, **k):
    os.kill(os.getpid(), 9)
setattr(os, point, deadly)
write_file(path, "new")
"""


@pytest.mark.parametrize("point", ["open", "replace", "chown"])
def test_a_kill_leaves_what_stood_there(tmp_path, point):
    (tmp_path / "old").write_text("old")
    command = [sys.executable, "-P", "-c", KILLED, point, str(tmp_path / "old")]
    assert subprocess.run(command, check=False).returncode == -9
    assert (tmp_path / "old").read_text() == "old"


NO_ROOM = """
import resource, sys
from trompe.ground.files import Destination
place = Destination(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
place.write("x" * 100_000)
"""


def test_a_disk_that_takes_only_a_part_leaves_what_stood_there(tmp_path):
    (tmp_path / "old").write_text("old")
    command = [sys.executable, "-P", "-c", NO_ROOM, str(tmp_path / "old")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "InvalidInput: output" in done.stderr and "(File too large)" in done.stderr
    assert (tmp_path / "old").read_text() == "old" and names(tmp_path) == ["old"]


def test_an_interrupt_leaves_nothing_beside(tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    (tmp_path / "old").write_text("old")
    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "old", "new")
    assert names(tmp_path) == ["old"] and (tmp_path / "old").read_text() == "old"
