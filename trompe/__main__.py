"""The command line: `trompe` or `python -m trompe`.

Exit status 0: what was asked for is proved. 1: a shown claim did not verify. 2: bad input, one line.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

from trompe.ground.streams import guard


def main() -> None:
    """Run the command line and exit."""
    try:
        guard()
        _take_interrupts()
        from trompe.cli import run
    except KeyboardInterrupt:  # while modules are loaded
        print("trompe: interrupted; nothing was changed or written", file=sys.stderr)
        sys.exit(130)
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # once more, while `run` ends for the first one
        print("trompe: interrupted twice", file=sys.stderr)
        status = 130
    sys.exit(status)


def _take_interrupts() -> None:
    """Ctrl-C is never lost, though Z3's terms have methods in which no exception survives."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return  # ignored by whoever started this
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGALRM, _interrupt)


_NOT_HERE = ("__del__", "from_param")
"""Python drops what is raised in the first, and ctypes makes an ArgumentError of what is raised in the second."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    at = frame
    while at is not None:
        if at.f_code.co_name in _NOT_HERE:
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # once more, a moment later
            return
        at = at.f_back
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
