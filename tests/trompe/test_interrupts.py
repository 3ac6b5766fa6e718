"""Ctrl-C at any time: one line that says what is kept, status 130, nothing from other processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from trompe.proofs import solvers
from trompe.proofs.certificates import writing as certificates
from trompe.proofs.parallel import worker_processes

from trompe.cli import run


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "mix/gap", "--jobs", "1"], "nothing was changed or written"),
        (["show", "monotone/side", "--jobs", "1"], "nothing was changed or written"),
        (["certify", "mix/gap", "--output", "set"], "nothing was changed or written"),
        (["selfcheck", "--row", "constant", "--jobs", "1"], "--only, --row or --match"),
    ],
)
def test_one_line_says_what_is_kept(capsys, monkeypatch, tmp_path, arguments, words):
    monkeypatch.chdir(tmp_path)
    for name in solvers.SOLVERS:
        monkeypatch.setitem(solvers.SOLVERS, name, interrupted)
    monkeypatch.setattr(certificates, "plan", interrupted)
    assert run(arguments) == 130
    error = capsys.readouterr().err.strip()
    assert error.startswith("trompe: interrupted; ") and words in error and "\n" not in error
    assert not list(tmp_path.iterdir())


def test_what_certify_keeps_is_named_and_taken_up(tmp_path):
    folder = tmp_path / "set"
    command = [sys.executable, "-P", "-m", "trompe", "certify", "monotone", "--output", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    journal = folder / ".trompe-unfinished" / "journal"
    deadline = time.monotonic() + 60
    while not (journal.exists() and len(journal.read_bytes()) > 2000):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group
    error = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert error.strip().splitlines() == [
        f"trompe: interrupted; what the solvers answered so far is kept in {journal.parent}; the same "
        "command goes on from there"
    ]
    assert not (folder / "manifest.json").exists()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert json.loads((folder / "manifest.json").read_text())["run"]["reused"] > 0


def test_processes_that_work_for_another_do_not_take_it():
    code = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    ask = [sys.executable, "-c", code]
    with worker_processes():
        inside = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    outside = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    assert (inside.strip(), outside.strip()) == ("True", "False")
    late = []

    def meanwhile():
        with worker_processes():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            late.append("the block ended")

    with pytest.raises(KeyboardInterrupt):
        meanwhile()
    assert late


def test_it_is_not_lost_where_python_drops_it():
    """What is raised in a __del__ is only printed, so it is raised a moment later."""
    code = """
import os, signal, time
from trompe.__main__ import _take_interrupts
class Term:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
_take_interrupts()
try:
    Term()
    time.sleep(20)
except KeyboardInterrupt:
    print("raised")
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=15, check=False
    )
    assert done.stdout.strip() == "raised" and not done.stderr
