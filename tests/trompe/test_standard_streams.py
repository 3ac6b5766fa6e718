"""Every command with standard streams that are full, closed or without a reader: one line, a status, no traceback."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nodes import FULL, device

from trompe.proofs.handover.witnesses import check_file

pytestmark = pytest.mark.once

REPO = Path(__file__).parents[2]
DECODER = "def middle(v, x):\n    print('loud')\n    return (v.minimum + v.maximum) / 2\n"
BOUND = "bound --class convex --argmin 0,0 --argmax 1,1 --min 0 --max 1 --query 1/2,1/2"
REFUTE = "refute decoder.py:middle --class convex --task exact --dim 2"
COMMANDS = (
    "--help",
    "--version",
    "certify --help",
    "audit silent --help",
    "table --row constant --jobs 1",
    "table --sharp --row constant --dim 1 --jobs 1",
    "show constant/side --jobs 1",
    "verify mix/gap --jobs 1",
    BOUND,
    "budget --constant 2 --range 1 --dim 2",
    REFUTE,
    "fuzz --row constant --cases 1 --jobs 1",
    "witness convex/side",
    "certify constant/side --jobs 1 --output set",
    "check pair.json",
    "cite convex/side",
    "selfcheck --only witness-tampering --match 'affine/side format' --jobs 1",
)
EVERY_STATE = (
    "--help",
    "--version",
    "verify mix/gap --jobs 1",
    REFUTE,
    "table --row constant --jobs 2",
)
"""For these, each state is tried; the others differ only in what they say."""
TROMPE = f"{sys.executable} -P -m trompe"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "decoder.py").write_text(DECODER)
    return tmp_path


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    path = tmp_path_factory.mktemp("pair") / "pair.json"
    subprocess.run(f"{TROMPE} witness convex/side --format json >{path}", shell=True, check=True)
    return path


def sh(line: str, folder: Path, unbuffered: str = "") -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120, env=environment, check=False
    )  # fmt: skip
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def timeless(said: str) -> str:
    return re.sub(r"\d+ ms[^\n]*", "some ms", said)


def without_the_decoder(said: str) -> str:
    return "".join(line for line in said.splitlines(keepends=True) if line != "loud\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_standard_output_is_full(folder, pair, command, unbuffered):
    shutil.copy(pair, folder / "pair.json")
    device(folder / "full", FULL)
    status, _, err = sh(f"{TROMPE} {command} >full", folder, unbuffered)
    assert status == 2
    assert without_the_decoder(err) == (
        "trompe: standard output cannot be written (No space left on device); make room, or send it elsewhere\n"
    )


@pytest.mark.parametrize("command", EVERY_STATE)
def test_standard_streams_are_closed(folder, command):
    status, _, err = sh(f"{TROMPE} {command} >&-", folder)
    assert status == 2 and "standard output cannot be written (Bad file descriptor)" in err
    assert sh(f"{TROMPE} {command} >&- 2>&-", folder) == (2, "", "")
    assert sh(f"{TROMPE} {command} >&- 2>&- <&-", folder) == (2, "", "")
    status, whole, _ = sh(f"{TROMPE} {command}", folder)
    assert status == 0
    for closed in ("2>&-", "<&-"):
        status, out, _ = sh(f"{TROMPE} {command} {closed}", folder)
        assert (status, timeless(out)) == (0, timeless(whole))


def test_standard_error_is_full_or_closed(folder):
    device(folder / "full", FULL)
    for wrong in (
        "nonsense",
        "show nothing",
        "table --jobs 0",
        "refute none.py:f --class convex --task side",
    ):
        for to in ("full", "&-"):
            assert sh(f"{TROMPE} {wrong} 2>{to}", folder) == (2, "", "")
    # What a decoder prints is lost, and it is not called broken for that.
    status, out, _ = sh(f"{TROMPE} {REFUTE} 2>full", folder)
    assert status == 0 and "refuted" in out


@pytest.mark.parametrize("streams", [">full", ">&-", "2>&-", ">&- 2>&- <&-", "| true"])
def test_a_file_that_was_asked_for_is_complete(folder, streams):
    device(folder / "full", FULL)
    sh(f"{TROMPE} {REFUTE} --witness pair.json {streams}", folder)
    assert check_file(folder / "pair.json").ok
    status, _, err = sh(f"{TROMPE} witness convex/side --output w.json {streams}", folder)
    assert (status, err) == (0, "")
    assert check_file(folder / "w.json").ok
    sh(f"{TROMPE} certify constant/side --jobs 1 --output set {streams}", folder)
    assert json.loads((folder / "set" / "manifest.json").read_text())["verdict"] == "PROVED"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["--help", "cite convex/side", REFUTE])
def test_a_reader_that_has_gone_is_141(folder, command, unbuffered):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        ["bash", "-c", f"{TROMPE} {command}"], cwd=folder, stdout=write, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, timeout=120, check=False,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, without_the_decoder(done.stderr)) == (141, "")


def test_a_progress_bar_on_a_terminal_that_goes_away(folder):
    terminal, end = pty.openpty()
    command = [sys.executable, "-P", "-m", "trompe", "verify", "convex/side", "--jobs", "1"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, stdin=end, text=True)
    os.close(end)
    shown = b""
    while b"checking" not in shown:
        shown += os.read(terminal, 1000)
    os.close(terminal)
    out, _ = running.communicate(timeout=120)
    assert running.returncode == 0 and "proved" in out


RECHECK = str(REPO / "proofs" / "recheck.py")
MODULES = {
    "released": ("-m trompe.proofs.released", "-m trompe.proofs.released"),
    "kernel": ("-m trompe.proofs.kernel", "-m trompe.proofs.kernel"),
    "recheck": (f"{RECHECK} SET", RECHECK),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_with_a_command_line_of_their_own(tmp_path, monkeypatch, name):
    if name == "recheck" and shutil.which("z3") is None:
        os.environ["PATH"] += os.pathsep + str(
            Path(sys.executable).parent
        )  # where the wheel puts it
    device(tmp_path / "full", FULL)
    sh(f"{TROMPE} certify constant/side --jobs 1 --output {tmp_path}/set", tmp_path)
    call, bare = (
        f"{sys.executable} -P {part}".replace("SET", f"{tmp_path}/set") for part in MODULES[name]
    )
    where = tmp_path if name == "recheck" else REPO
    for line, unbuffered in ((call, ""), (f"{bare} --help", ""), (f"{bare} --help", "1")):
        status, out, _ = sh(line, where, unbuffered)
        assert status == 0 and out
        status, _, err = sh(f"{line} >{tmp_path}/full", where, unbuffered)
        assert status == 2 and err.count("\n") == 1, err
        assert "standard output cannot be written (No space left on device)" in err
        status, _, err = sh(f"{line} >&-", where, unbuffered)
        assert status == 2 and "standard output cannot be written (Bad file descriptor)" in err
        if line != call:  # which takes its time
            assert sh(f"{line} >&- 2>&- <&-", where, unbuffered) == (2, "", "")
            assert sh(f"{line} 2>&-", where, unbuffered) == (0, out, "")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        ["bash", "-c", call], cwd=where, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
    # a complaint with nowhere to go is still a status
    for to in (f"{tmp_path}/full", "&-"):
        assert sh(f"{bare} --nonsense 2>{to}", where) == (2, "", "")


def test_a_process_that_answers_others_ends_quietly_when_nobody_asks(tmp_path):
    status, out, err = sh(f"{sys.executable} -P -m trompe.refuting.process <&-", tmp_path)
    assert (status, out) == (2, "")
    assert err == "trompe.refuting.process: no question; trompe refute starts this process\n"
