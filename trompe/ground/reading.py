"""Reading what somebody else names or wrote: regular files up to a limit, so that nothing blocks or fills memory;
UTF-8 text; JSON.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trompe.ground.errors import brief

MAX_CODE_BYTES = 8 * 2**20
"""The largest Python file of somebody else's that is run."""
MAX_DEPTH = 100
"""How deep brackets may be nested in JSON."""
_MAX_DIGITS = 18
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A bracket, or a whole string, in which brackets do not count."""
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


def text_of(content: bytes) -> str:
    """The text of a file's bytes.

    Raises
    ------
    Unreadable : it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 text (byte {error.start})") from None


def json_data(content: bytes, limit: int, depth: int = MAX_DEPTH) -> Any:
    """The data of JSON that need not be trusted.

    Raises
    ------
    Unreadable : it has more than `limit` bytes, is no JSON in UTF-8, nests brackets more than `depth` deep, has a
        name twice in one object, an integer of more than 18 digits, or a number that is none or not finite.
    """
    text, level = text_of(_within(content, limit)), 0
    if not text.strip():
        raise Unreadable("it is empty")
    for found in _BRACKETS.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if level > depth:
            raise Unreadable(f"it nests brackets more than {depth} deep")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_float,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"it is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unreadable(f"the name {brief(ascii(name))} occurs twice in one object")
        found[name] = value
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Unreadable(f"it has an integer of {len(digits)} digits; at most {_MAX_DIGITS}")
    return int(digits)


def _float(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise Unreadable(f"it has the number {brief(digits)}, which is no finite one")
    return value


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
