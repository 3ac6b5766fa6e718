"""Calls on several processes give what they give in one, and take no module from the folder they are called in."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from trompe.proofs.parallel import results, worker_processes

CALLS = [(operator.mul, a, 3) for a in range(20)]


def test_one_process_and_several_agree():
    here = list(results(CALLS, 1, least=2))
    assert here == [3 * a for a in range(20)]
    assert list(results(CALLS, 2, least=2, ordered=True)) == here
    assert sorted(results(CALLS, 2, least=2)) == here


def test_few_calls_stay_in_this_process():
    assert set(results([(os.getpid,)] * 3, 2, least=4)) == {os.getpid()}
    assert os.getpid() not in set(results([(os.getpid,)] * 4, 2, least=4))


@pytest.mark.parametrize("before", [None, "", "1"])
def test_the_environment_is_left_as_it_was(before, monkeypatch):
    if before is None:
        monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONSAFEPATH", before)
    with suppress(ZeroDivisionError), worker_processes():
        assert os.environ["PYTHONSAFEPATH"] == "1"
        raise ZeroDivisionError
    assert os.environ.get("PYTHONSAFEPATH") == before


@pytest.mark.parametrize("closed", [True, False])
def test_a_module_in_the_current_folder_is_not_taken(closed, tmp_path):
    (tmp_path / "enum.py").write_text("raise SystemExit('the wrong enum')\n")
    run = (
        "list(results([(abs, k) for k in range(8)], 2, least=2))"
        if closed
        else "joblib.Parallel(2)(joblib.delayed(abs)(k) for k in range(8))"
    )
    code = f"import joblib\nfrom trompe.proofs.parallel import results\n{run}"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode == 0) is closed, done.stderr
