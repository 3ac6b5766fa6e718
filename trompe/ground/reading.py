"""Reading files that somebody else names: regular ones, up to a limit, so that nothing blocks or fills memory."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_CODE_BYTES = 8 * 2**20
"""The largest Python file of somebody else's that is run."""
_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


class Unreadable(Exception):
    """A file that is not read; the message says why in a few words that follow its name."""


class TooLarge(Unreadable):
    """It has more bytes than are read."""


def kind_of(mode: int) -> str:
    """What `st_mode` says that stands there: a file, a folder, a FIFO, a character device ..."""
    return next((words for test, words in _KINDS if test(mode)), "no file")


def check_file(path: Path, limit: int | None = None) -> None:
    """Is this a regular file, of at most `limit` bytes? For those who open it themselves.

    Raises
    ------
    Unreadable : it is not there, it is something else, or it is too large.
    """
    with _reasons():
        _check(os.stat(path), limit)


def read_file(path: Path, limit: int, *, follow_links: bool = True) -> bytes:
    """The bytes of a regular file.

    Raises
    ------
    Unreadable : it is not there, it is no regular file, or it has more than `limit` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow_links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with _reasons():
        _check(
            os.stat(path, follow_symlinks=follow_links), limit
        )  # opening a device may do something
        with open(os.open(path, flags), "rb") as file:
            _check(os.fstat(file.fileno()), limit)
            content = file.read(limit + 1)
    return _within(content, limit)


def read_input(name: str, limit: int) -> bytes:
    """As `read_file`; the name `-` is standard input, which is read to its end."""
    if name != "-":
        return read_file(Path(name), limit)
    if sys.stdin is None:
        raise Unreadable("standard input is closed")
    with _reasons():
        return _within(sys.stdin.buffer.read(limit + 1), limit)


def _check(status: os.stat_result, limit: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(f"it is no regular file but {kind_of(status.st_mode)}")
    if limit is not None and status.st_size > limit:
        raise TooLarge(_too_large(limit))


def _within(content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise TooLarge(_too_large(limit))
    return content


def _too_large(limit: int) -> str:
    many, rest = divmod(limit, 2**20)
    return f"it is larger than {limit} bytes" if rest else f"it is larger than {many} MiB"


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Unreadable("it is not there") from None
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror or error}") from None
    except ValueError:  # a zero byte, or half of a surrogate pair
        raise Unreadable("no file can have such a name") from None
