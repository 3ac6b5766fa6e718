"""Calls in other processes: what they give, what one that ends costs, and what they leave alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import worker_calls as calls

from trompe.ground import processes
from trompe.ground.processes import Died, Processes, results, worker_processes
from trompe.theory import InvalidInput

pytestmark = pytest.mark.once

CALLS = [(calls.triple, k) for k in range(20)]
TESTS = Path(calls.__file__).parent


def python(code, **options):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code], env={**environment, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options,
    )  # fmt: skip


def is_running(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


# -- what they give -----------------------------------------------------------------------------


def test_one_process_and_several_agree():
    here = list(results(CALLS, 1))
    assert here == [(k, 3 * k) for k in range(20)]
    assert list(results(CALLS, 2, ordered=True)) == here
    assert sorted(results(CALLS, 2)) == here
    assert list(results([], 2)) == []


def test_in_order_where_the_first_is_the_last_to_come():
    work = [(calls.late, 0, 0.5), (calls.late, 1, 0), (calls.late, 2, 0)]
    assert [k for k, _ in results(work, 2)] == [1, 2, 0]
    assert [k for k, _ in results(work, 2, ordered=True)] == [0, 1, 2]


def test_one_job_and_few_calls_stay_in_this_process():
    ask = [(os.getpid,)] * 3
    assert {pid for _, pid in results(ask, 1)} == {os.getpid()}
    assert {pid for _, pid in results(ask, 2, least=4)} == {os.getpid()}
    assert os.getpid() not in {pid for _, pid in results(ask, 2)}
    assert os.getpid() not in {pid for _, pid in results(ask[:1], None)}


def test_processes_stay_for_the_next_calls():
    with Processes(2) as two:
        first = {pid for _, pid in two.results([(os.getpid,)] * 8)}
        assert {pid for _, pid in two.results([(os.getpid,)] * 8)} <= first
    deadline = time.monotonic() + 10
    while any(map(is_running, first)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_running, first))


def test_what_was_imported_ahead_is_there_in_every_process(monkeypatch):
    monkeypatch.setattr(processes, "_running", None)
    processes.import_ahead(1, ["wave"])
    assert processes._running is None
    processes.import_ahead(2, ["wave"])
    ahead = processes._running
    loaded = [said for _, said in results([(calls.has_imported, "wave")] * 4, 2)]
    assert loaded == [True] * 4 and processes._running is ahead
    ahead.close()


def test_what_a_call_raises_is_raised_here_and_says_where():
    with pytest.raises(ZeroDivisionError, match="by zero") as caught:
        list(results([(calls.refuse, "by zero")] * 3, 2))
    assert str(caught.value) == "by zero" and "worker_calls.py" in caught.value.__notes__[0]
    with pytest.raises(Exception, match="local"):
        list(results([(calls.local,)] * 3, 2))


def test_too_few_processes_are_refused():
    with pytest.raises(InvalidInput, match="jobs = 0: expected at least 1"):
        Processes(0)


# -- one that ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ((calls.kill, signal.SIGKILL), "ended by itself (SIGKILL)"),
        ((calls.kill, signal.SIGSEGV), "ended by itself (SIGSEGV)"),
        ((calls.leave, 3), "ended by itself (status 3)"),
        ((sys.exit, 0), "ended by itself (status 0)"),
        ((calls.late, 0, 600), "no answer within 6 s, so its process was ended"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_process_that_ends_costs_one_call(call, reason, jobs):
    # Only the call that never answers waits for the backstop; a loaded machine starts a process in seconds.
    with Processes(jobs, backstop=6 if call[0] is calls.late else 120) as several:
        found = dict(several.results([*CALLS[:4], call, *CALLS[5:], call]))
    died = {k for k, said in found.items() if isinstance(said, Died)}
    assert died == {4, 20} and reason in found[4].reason == found[20].reason
    assert {k: said for k, said in found.items() if k not in died} == {
        k: 3 * k for k in range(20) if k != 4
    }


def test_one_that_was_ended_while_it_was_idle_costs_no_more_than_one_call():
    with Processes(1) as one:
        ((_, pid),) = one.results([(os.getpid,)])
        os.kill(pid, signal.SIGKILL)
        found = [said for _, said in one.results(CALLS)]
    assert sum(isinstance(said, Died) for said in found) <= 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("sys.executable", "/no/such/program", "No such file"), ("_PROGRAM", "exit(3)", "status 3")],
)
def test_one_that_does_not_start_is_one_line(monkeypatch, name, value, words):
    monkeypatch.setattr(processes, "_running", None)
    monkeypatch.setattr(f"trompe.ground.processes.{name}", value)
    for _ in range(2):
        with pytest.raises(InvalidInput, match=f"a worker process does not start: .*{words}"):
            list(results(CALLS, 2))


def test_a_server_that_was_killed_is_started_again():
    server = {said[0] for _, said in results([(calls.parent,)] * 4, 2)}
    assert len(server) == 1
    os.kill(server.pop(), signal.SIGKILL)
    with suppress(InvalidInput):  # where it is not yet seen
        list(results(CALLS, 2))
    assert dict(results(CALLS, 2)) == dict(results(CALLS, 1))


def test_a_copy_of_this_process_has_its_own_server():
    list(results(CALLS, 2))
    code = "from trompe.ground.processes import results\n"
    code += "import os\nlist(results([(abs, -1)], 2))\npid = os.fork()\n"
    code += "found = list(results([(abs, -2)] * 3, 2, ordered=True))\n"
    code += "assert found == [(0, 2), (1, 2), (2, 2)]\n"
    code += "pid and os.waitpid(pid, 0)\nprint('done', flush=True)\n"
    out, err = python(code).communicate(timeout=60)
    assert (out, err) == ("done\ndone\n", "")


def test_where_the_system_cannot_fork_all_happens_here(monkeypatch):
    monkeypatch.setattr(processes, "_CAN_FORK", False)
    assert {said for _, said in results([(os.getpid,)] * 3, 2)} == {os.getpid()}


# -- what they leave alone ----------------------------------------------------------------------


def test_memory_and_import_path():
    found = [said for _, said in results([(calls.about,)] * 2, 2, memory=6 << 30)]
    assert found == [(6 << 30, "1")] * 2


def test_what_a_worker_prints_goes_nowhere(capfd):
    assert [said for _, said in results([(calls.noisy,)] * 2, 2)] == [1, 1]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("before", [None, "", "1"])
def test_the_environment_is_left_as_it_was(before, monkeypatch):
    if before is None:
        monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONSAFEPATH", before)
    old = dict(os.environ)
    with suppress(ZeroDivisionError), worker_processes():
        assert os.environ["PYTHONSAFEPATH"] == "1"
        raise ZeroDivisionError
    assert dict(os.environ) == old
    list(results(CALLS, 2))
    assert dict(os.environ) == old


@pytest.mark.parametrize("closed", [True, False])
def test_a_module_in_the_current_folder_is_not_taken(closed, tmp_path):
    (tmp_path / "enum.py").write_text("raise SystemExit('the wrong enum')\n")
    run = (
        "list(results([(abs, k) for k in range(8)], 2))"
        if closed
        else "joblib.Parallel(2)(joblib.delayed(abs)(k) for k in range(8))"
    )
    process = python(
        f"import joblib\nfrom trompe.ground.processes import results\n{run}", cwd=tmp_path
    )
    _, err = process.communicate(timeout=120)
    assert (process.returncode == 0) is closed, err


def test_a_script_needs_no_guard(tmp_path):
    """The caller's main file is not run once more in each process."""
    script = tmp_path / "script.py"
    script.write_text(
        "from trompe.ground.processes import results\n"
        "print(sorted(results([(abs, -k) for k in range(3)], 2)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[(0, 0), (1, 1), (2, 2)]\n", "")


WAITING = """
import os, worker_calls
from trompe.ground.processes import Processes
with Processes(2) as two:
    pids = dict.fromkeys(pid for _, pid in two.results([(os.getpid,)] * 20))
    print(*pids, flush=True)
    list(two.results([(worker_calls.late, 0, 600)] * 4))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_they_end_with_the_process_that_started_them(number):
    process = python(WAITING)
    assert process.stdout is not None
    workers = [int(pid) for pid in process.stdout.readline().split()]
    assert workers and all(map(is_running, workers))
    time.sleep(0.5)
    if number == signal.SIGINT:  # as a terminal does: every process of the group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -number and out == ""
    said = [line for line in err.splitlines() if not line.startswith(" ")]
    expected = ["Traceback (most recent call last):", "KeyboardInterrupt"]
    assert said == (expected if number == signal.SIGINT else [])
    deadline = time.monotonic() + 10
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_running, workers))
