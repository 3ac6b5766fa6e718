"""The command line: its entry, its exit statuses, and where its commands come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trompe.commands import audit, reproduce
from trompe.commands.arena import arena
from trompe.commands.bound import bound
from trompe.commands.budget import budget
from trompe.commands.certify import certify
from trompe.commands.check import check
from trompe.commands.cite import cite
from trompe.commands.fuzz import fuzz
from trompe.commands.plot import plot
from trompe.commands.refute import refute
from trompe.commands.selfcheck import selfcheck
from trompe.commands.sharp import sharp
from trompe.commands.show import show
from trompe.commands.table import table
from trompe.commands.verify import verify
from trompe.commands.visualize import visualize
from trompe.commands.witness import witness
from trompe.ground.errors import InvalidInput, TrompeError
from trompe.ground.streams import complain, finish


class _Commands(TyperGroup):
    """All commands. An input that ends early is no Ctrl-C, which the option parser makes of it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise InvalidInput(f"an input ended early ({error or 'no reason given'})") from error
        except SystemExit as stop:
            raise InvalidInput(f"code that was run here called exit ({stop.code})") from stop


app = typer.Typer(
    cls=_Commands,
    name="trompe",
    help="The impossibility table of feature visualization, regenerated from checked proofs.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit status. Bad input is one line on standard error and 2."""
    return finish(_run(arguments), "trompe")


def _run(arguments: Sequence[str]) -> int:
    try:
        given = _spelled(arguments) or ["--help"]
        status = _parser()(args=given, standalone_mode=False, prog_name="trompe")
    except SystemExit as stop:  # the shell has asked how a command goes on
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        return _interrupted(arguments)
    except TrompeError as error:
        return _complain(str(error))
    except OSError as error:  # of the machine: no memory for a process, too many open files
        where = f"{error.filename}: " if error.filename is not None else ""
        return _complain(f"{where}{error.strerror or error}")
    except MemoryError:
        return _complain("there is not enough memory; ask for less at once")
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        # A usage error of the option parser; without a message, it has shown its help.
        return _complain(error.format_message()) if error.format_message() else 2
    return _interrupted(arguments) if status == 130 else int(status or 0)


@cache
def _parser() -> Any:
    """The option parser, which takes a while to build: once, also where many commands are run in one process."""
    return typer.main.get_command(app)


def _spelled(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `table --sharp` as it is called now: `sharp`."""
    command, *options = arguments or [""]
    if command == "table" and "--sharp" in options:
        return ["sharp", *(word for word in options if word != "--sharp")]
    return list(arguments)


_AGAIN = "run it again for a result"
_KEPT = {
    **dict.fromkeys(("check", "show"), f"nothing was changed or written; {_AGAIN}"),
    "fuzz": "nothing but the counts is kept; --first goes on with a later case",
    "reproduce": "finished experiments and trained weights are kept; the same command goes on from there",
    "arena": "finished cells are kept; the same command goes on from there",
    "visualize": "finished units are kept; the same command goes on from there",
    "selfcheck": "nothing is kept; with --only, --row or --match it takes less time",
}
"""What Ctrl-C leaves behind. The other commands may have written the file that they were asked for."""


def _interrupted(arguments: Sequence[str]) -> int:
    kept = _KEPT.get(next(iter(arguments), ""), _AGAIN)
    return _complain(f"interrupted; {kept}", 130)


def _complain(message: str, status: int = 2) -> int:
    return complain("trompe", message, status)


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


for command in (
    table,
    sharp,
    show,
    verify,
    plot,
    bound,
    budget,
    witness,
    refute,
    fuzz,
    selfcheck,
    certify,
    check,
    cite,
    visualize,
    arena,
):
    app.command()(command)
for mount in (reproduce.mount, audit.mount):
    mount(app)
