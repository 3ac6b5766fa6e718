"""Ctrl-C at any time: one line that says what is kept, status 130, nothing from other processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from trompe.__main__ import main
from trompe.cli import run
from trompe.ground.processes import worker_processes
from trompe.proofs import solvers
from trompe.proofs.handover.certificates import certifying as certificates
from trompe.proofs.handover.witnesses import check_file
from trompe.views import refutation

AGAIN = "run it again for a result"


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["verify", "mix/gap", "--jobs", "1"], AGAIN),
        (["show", "monotone/side", "--jobs", "1"], f"nothing was changed or written; {AGAIN}"),
        (["certify", "mix/gap", "--output", "set"], AGAIN),
        (
            ["selfcheck", "--row", "constant", "--jobs", "1"],
            "nothing is kept; with --only, --row or --match it takes less time",
        ),
    ],
)
def test_one_line_says_what_is_kept(capsys, monkeypatch, tmp_path, arguments, kept):
    monkeypatch.chdir(tmp_path)
    for name in solvers.SOLVERS:
        monkeypatch.setitem(solvers.SOLVERS, name, interrupted)
    monkeypatch.setattr(certificates, "plan", interrupted)
    assert run(arguments) == 130
    assert capsys.readouterr().err == f"trompe: interrupted; {kept}\n"
    assert not list(tmp_path.iterdir())


def test_a_witness_that_is_already_written_is_not_denied(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(refutation.FORMATS, "text", interrupted)
    decoder, witness = tmp_path / "decoder.py", tmp_path / "pair.json"
    decoder.write_text("def middle(v, x):\n    return (v.minimum + v.maximum) / 2\n")
    asked = ["refute", f"{decoder}:middle", "--class", "convex", "--task", "exact"]
    assert run([*asked, "--witness", str(witness)]) == 130
    assert capsys.readouterr().err == "trompe: interrupted; run it again for a result\n"
    assert check_file(witness).ok


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("trompe.__main__._take_interrupts", "interrupted; nothing was changed or written"),
        ("trompe.cli.run", "interrupted twice"),
    ],
)
def test_while_modules_are_loaded_and_once_more_in_the_end(capsys, monkeypatch, place, says):
    monkeypatch.setattr("trompe.__main__._take_interrupts", lambda: None)
    monkeypatch.setattr(place, interrupted)
    with pytest.raises(SystemExit, match="130"):
        main()
    assert capsys.readouterr().err == f"trompe: {says}\n"


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


@pytest.mark.parametrize("use", ["Term()", "function(0)"])
def test_it_is_not_lost_where_python_drops_or_changes_it(use):
    """What is raised in a __del__ is only printed, and in a from_param it becomes another error; so it comes later."""
    code = f"""
import ctypes, os, signal, time
from trompe.__main__ import _take_interrupts
class Term:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
    @classmethod
    def from_param(cls, value):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
        return 1
_take_interrupts()
function = ctypes.CDLL(None).abs
function.argtypes = [Term]
try:
    {use}
    time.sleep(20)
except KeyboardInterrupt:
    print("raised")
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=15, check=False
    )
    assert done.stdout.strip() == "raised" and not done.stderr
