"""The progress bar is drawn where people look, and nothing that is printed meanwhile gets lost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
import time
from trompe.empirical.progress import progress_bar
with progress_bar("working", 2) as advance:
    for k in range(2):
        print("line", k)
        advance(1)
        time.sleep(0.2)
"""


def test_lines_go_to_the_file_while_a_bar_is_drawn_on_the_terminal(tmp_path):
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    with (tmp_path / "said").open("wb") as said:
        done = subprocess.run(
            [sys.executable, "-P", "-c", CODE], stdout=said, stderr=slave, env=os.environ | {"TERM": "xterm"}, check=False
        )  # fmt: skip
    os.close(slave)
    drawn = os.read(master, 100_000).decode()
    os.close(master)
    assert done.returncode == 0 and "working" in drawn
    assert (tmp_path / "said").read_text() == "line 0\nline 1\n"
