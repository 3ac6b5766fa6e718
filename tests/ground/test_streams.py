"""Standard streams that are closed, full or without a reader: no traceback, and the status tells."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from nodes import FULL, device

LOST = "trompe: standard output cannot be written (No space left on device); make room, or send it elsewhere\n"
CODE = """
import os, sys
from trompe.ground.streams import finish, guard
guard()
{body}
sys.exit(finish({status}, "trompe"))
"""


def python(body: str, shell: str = '"$@"', status: int = 0, **named) -> subprocess.CompletedProcess:
    command = [sys.executable, "-P", "-c", CODE.format(body=body, status=status)]
    return subprocess.run(
        ["sh", "-c", shell, "sh", *command], capture_output=True, timeout=60, check=False, **named
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("status", [0, 1, 130])
def test_full(tmp_path, unbuffered, status):
    device(tmp_path / "full", FULL)
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = python(
        "print('x' * 100_000); print('after')", '"$@" >full', status, cwd=tmp_path, env=environment
    )
    assert done.returncode == (130 if status == 130 else 2)
    assert done.stderr.decode() == ("" if status == 130 else LOST)
    done = python("print('x', file=sys.stderr)", '"$@" 2>full', cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout) == (0, b"")


def test_closed_and_nothing_said_is_fine():
    for shell in ('"$@" >&-', '"$@" 2>&-', '"$@" >&- 2>&- <&-'):
        done = python("", shell)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_closed():
    done = python("print('x')", '"$@" >&-')
    assert done.returncode == 2 and b"(Bad file descriptor)" in done.stderr
    done = python("print('x')", '"$@" >&- 2>&-')
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")
    done = python("print('x'); print('lost', file=sys.stderr)", '"$@" 2>&-')
    assert (done.returncode, done.stdout) == (0, b"x\n")


def test_no_file_gets_the_number_of_a_stream_that_is_closed(tmp_path):
    body = (
        "import subprocess\n"
        "file = open('mine', 'w')\n"
        "assert file.fileno() > 2\n"
        "subprocess.run(['sh', '-c', 'echo out; echo error >&2; cat'])\n"
        "file.write('kept')"
    )
    done = python(body, '"$@" <&- >&- 2>&-', cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "mine").read_text() == "kept"


def test_a_reader_that_has_gone_is_141():
    for size in (1, 1_000_000):
        done = python(f"print('x' * {size})", '{ "$@"; echo $? >&2; } | true')
        assert done.stderr in (b"141\n", b"0\n" if size == 1 else b"141\n")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-P", "-c", CODE.format(body="print('x')", status=1)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_pipe_that_does_not_block_is_waited_for():
    read, write = os.pipe()
    os.set_blocking(write, False)
    command = [sys.executable, "-P", "-c", CODE.format(body="print('x' * 1_000_000)", status=0)]
    running = subprocess.Popen(command, stdout=write)
    os.close(write)
    with open(read, "rb") as file:
        assert len(file.read()) == 1_000_001
    assert running.wait(60) == 0


def test_what_an_encoding_lacks_is_escaped():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = python("print('caf\\u00e9')", env=environment)
    assert (done.returncode, done.stdout) == (0, b"caf\\xe9\n")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = python("print('caf\\u00e9 \\udcff')", env=environment)
    assert (done.returncode, done.stdout) == (0, b"caf\xc3\xa9 \\udcff\n")
