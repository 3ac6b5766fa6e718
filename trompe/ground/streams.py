"""Standard streams that are closed, full, or that nobody reads: the work goes on, and the status tells."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Callable
from typing import Any, TextIO

from trompe.ground.errors import LONGEST, TrompeError


class _Stream(io.FileIO):
    """A descriptor that remembers the first error of a write, and from then on takes everything."""

    lost: OSError | None = None

    def write(self, data: Any) -> int:
        while self.lost is None:
            try:
                written = super().write(data)
            except OSError as error:
                self.lost = error
            else:
                if written is not None:
                    return written
                select.select([], [self], [])  # somebody made the pipe non-blocking
        return len(data)


def guard() -> None:
    """Let no write to standard output or error raise, now or when Python ends; fill descriptors that are closed.

    A closed descriptor would be given to the next file that is opened, and processes started here inherit it.
    """
    for number in range(3):
        _fill(number)
    sys.stdout = _guarded(sys.stdout, sys.__stdout__, 1)
    sys.stderr = _guarded(sys.stderr, sys.__stderr__, 2)


def _fill(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        # Standard output stays one that cannot be written; what is said on standard error is lost.
        handle = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
        os.dup2(handle, number)
        if handle == number:
            os.set_inheritable(number, True)
        else:
            os.close(handle)


def _guarded(stream: TextIO | None, original: TextIO | None, number: int) -> TextIO:
    if stream is not None and (stream is not original or (os.name == "nt" and stream.isatty())):
        return stream  # a test's, or Windows' console, which takes no bytes
    errors = getattr(stream, "errors", "strict")
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(number, "w", closefd=False)),
        encoding=getattr(stream, "encoding", "utf-8"),
        # A path may hold bytes that are no text, and an ASCII terminal lacks letters.
        errors="backslashreplace" if errors == "strict" else errors,
        line_buffering=number == 2
        or getattr(stream, "line_buffering", False)
        or getattr(stream, "write_through", False),
    )


def finish(status: int, name: str) -> int:
    """The exit status, now that everything is said: 141 where the reader has gone, 2 where it could not be said.

    130, Ctrl-C, stays.
    """
    error: OSError | None = None
    try:
        sys.stdout.flush()
    except OSError as failed:
        error = failed
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Stream):
        error = raw.lost
    if error is None or status == 130:
        return status
    if isinstance(error, BrokenPipeError):  # head, a pager: nothing is left to say to it
        return 141
    return complain(
        name,
        f"standard output cannot be written ({error.strerror}); make room, or send it elsewhere",
    )


def complain(name: str, message: str, status: int = 2) -> int:
    """One line on standard error, the middle of a long one (LONGEST) left out; the status."""
    line = " ".join(message.split())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST - 205]} ... {line[-200:]}"
    print(f"{name}: {line}", file=sys.stderr)
    return status


def run_main(main: Callable[[], int], name: str) -> int:
    """Run a module's command line with guarded streams; the exit status."""
    guard()
    try:
        status = main()
    except SystemExit as stop:  # the option parser has said why, or has shown its help
        status = stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        status = complain(name, "interrupted; run it again for a result", 130)
    except (OSError, TrompeError) as error:
        status = complain(name, str(error))
    return finish(status, name)
