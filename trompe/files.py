"""Writing results so that nothing is lost or half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from trompe.ground.errors import InvalidInput

__all__ = ["write_beside", "write_text"]


def write_beside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new file next to `path`, then put it in its place in one step.

    Raises
    ------
    InvalidInput : the place cannot be written; what stood there stays.
    """
    try:
        if path.is_dir():
            raise InvalidInput(f"output {path} is a folder; give a file name")
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix
        )
        os.close(handle)
        fresh = Path(name)
        try:
            write(fresh)
            fresh.chmod(0o666 & ~_umask())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise InvalidInput(
            f"output {path} cannot be written ({reason}); choose another place"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, in one step."""
    write_beside(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
