"""The command line: its entry, its exit statuses, and where its commands come from."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from trompe.commands import bound, certify, cite, fuzz, refute, selfcheck, theorems, witness
from trompe.commands.shared import Interrupted
from trompe.empirical import cli as experiments

__all__ = ["app", "run"]

app = typer.Typer(
    name="trompe",
    help="The impossibility table of feature visualization, regenerated from checked proofs.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit status. Bad input is one line on standard error and 2."""
    try:
        status = app(args=list(arguments) or ["--help"], standalone_mode=False, prog_name="trompe")
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _interrupted(arguments)
    except BrokenPipeError:
        # The reader (head, a pager) has gone; nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the option parser
            return _complain(error.format_message()) if error.format_message() else 2
        if isinstance(error, Interrupted):
            return _complain(f"interrupted; {error}", 130)
        if type(error).__name__ == "Abort":
            return _interrupted(arguments)
        if not isinstance(error, _trompe_error()):
            raise
        return _complain(str(error))
    return _interrupted(arguments) if status == 130 else int(status or 0)


_AGAIN = "run it again for a result"
_KEPT = {
    **dict.fromkeys(("check", "show"), f"nothing was changed or written; {_AGAIN}"),
    "fuzz": "nothing but the counts is kept; --first goes on with a later case",
    "reproduce": "finished experiments and trained weights are kept; the same command goes on from there",
    "selfcheck": "nothing is kept; with --only, --row or --match it takes less time",
}
"""What Ctrl-C leaves behind. The other commands may have written the file that they were asked for."""


def _interrupted(arguments: Sequence[str]) -> int:
    kept = _KEPT.get(next(iter(arguments), ""), _AGAIN)
    return _complain(f"interrupted; {kept}", 130)


def _trompe_error() -> type[Exception]:
    from trompe.theory import TrompeError

    return TrompeError


def _complain(message: str, status: int = 2) -> int:
    print(f"trompe: {' '.join(message.split())}", file=sys.stderr)
    return status


def _version(value: bool) -> None:
    if value:
        import trompe

        print(f"trompe {trompe.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


for mount in (
    theorems.mount,
    bound.mount,
    witness.mount,
    refute.mount,
    fuzz.mount,
    selfcheck.mount,
    certify.mount,
    cite.mount,
    experiments.mount,
):
    mount(app)
