"""The command line: `trompe` or `python -m trompe`.

Exit status 0: what was asked for is proved. 1: a shown claim did not verify. 2: bad input, one line.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit."""
    from trompe.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
