"""Functions for worker processes, which import them from here."""

from __future__ import annotations

import os
import signal
import sys
import time

from trompe.proofs.sampling import sample_row
from trompe.proofs.sampling.fuzzing import run_batch
from trompe.proofs.solvers import solve


def triple(k):
    return 3 * k


def kill(number):
    os.kill(os.getpid(), number)


def leave(status):
    os._exit(status)


def refuse(text):
    raise ZeroDivisionError(text)


def local():
    """A result that cannot be sent."""
    return lambda: None


def has_imported(name):
    return name in sys.modules


def late(k, seconds):
    time.sleep(seconds)
    return k


def noisy():
    print("on standard output")
    os.write(1, b"below it\n")
    print("on standard error", file=sys.stderr)
    return 1


def about():
    """What a process is allowed, and what it takes."""
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0], os.environ["PYTHONSAFEPATH"]


def parent():
    return os.getppid(), os.getsid(0)


def solve_or(what, name, text):
    """A solver that fails at one question."""
    if name == "cvc5" and "constant/decodes\n" in text and "negation of its conclusion" in text:
        {
            "crash": lambda: kill(signal.SIGSEGV),
            "hang": lambda: time.sleep(600),
            "exit": lambda: leave(3),
            "print": noisy,
        }[what]()
    return solve(name, text)


def sample_or_die(row, levels):
    """The samples of a row, but of one row."""
    return kill(signal.SIGKILL) if row == "constant" else sample_row(row, levels)


def batch_or_die(row, seed, first, count):
    """A batch of a campaign; case 5 ends its process."""
    return leave(3) if first <= 5 < first + count else run_batch(row, seed, first, count)


def number_or_die(row, dims, eps):
    """In place of a check of the sharp table."""
    return kill(signal.SIGKILL)
