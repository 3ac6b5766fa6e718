"""Writing files: what stands there stays until the new file is whole, and only a regular file is replaced."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trompe.ground.errors import InvalidInput
from trompe.ground.reading import kind_of


class Destination:
    """A place for one result, looked at before the work and written after it.

    Links are followed, also to an end that is not there yet. A regular file is replaced in one step, and keeps
    its owner and permission bits. A character device, or a FIFO that somebody reads, is opened now and
    written into later.

    Parameters
    ----------
    parents : make missing folders.

    Raises
    ------
    InvalidInput : nothing can be written there; what stood there stays.
    """

    def __init__(self, path: str | Path, parents: bool = False) -> None:
        self.path, self._parents = Path(path), parents
        with _complaints(self.path):
            self._stream = _stream(self.path)
            if self._stream is None:
                fresh, handle = _new_file(_target(self.path, parents).parent, 0o600)
                os.close(handle)
                fresh.unlink()
            else:  # a reader waits at its other end until then
                self._close = weakref.finalize(self, os.close, self._stream)

    def write(self, content: str | bytes) -> None:
        """Put the content there; text as UTF-8."""
        if self._stream is None:
            write_file(self.path, content, self._parents)
            return
        with _complaints(self.path):
            _send(self._stream, _bytes(content))
        self._close()


def write_file(path: str | Path, content: str | bytes | memoryview, parents: bool = False) -> None:
    """As `Destination(path, parents).write(content)`, where there is no work in between."""
    path = Path(path)
    with _complaints(path):
        stream = _stream(path)
        if stream is None:
            _replace(_target(path, parents), _bytes(content))
            return
        try:
            _send(stream, _bytes(content))
        finally:
            os.close(stream)


def _bytes(content: str | bytes | memoryview) -> bytes | memoryview:
    # A path may hold bytes that are no UTF-8, and a message may name it.
    return content.encode(errors="backslashreplace") if isinstance(content, str) else content


def _stream(path: Path) -> int | None:
    """A descriptor of the device or FIFO there; None where a regular file stands, or nothing."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISREG(mode):
        return None
    if not stat.S_ISCHR(mode) and not stat.S_ISFIFO(mode):
        raise InvalidInput(
            f"output {path} cannot be written: it is {kind_of(mode)}; choose another place"
        )
    try:
        stream = os.open(
            path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        )
    except OSError as error:
        if error.errno == errno.ENXIO and stat.S_ISFIFO(mode):
            raise InvalidInput(
                f"output {path} cannot be written: it is a FIFO that nobody reads; start its reader first"
            ) from None
        raise
    os.set_blocking(stream, True)
    return stream


def _send(stream: int, data: bytes | memoryview) -> None:
    with open(stream, "wb", closefd=False) as file:
        file.write(data)


def _target(path: Path, parents: bool) -> Path:
    """The file behind all links; its folder is there."""
    target = Path(os.path.realpath(path))
    if path.exists() and not (target.exists() and target.samefile(path)):
        raise InvalidInput(
            f"output {path} cannot be written: the file that it leads to has no name; choose another place"
        )
    if parents:
        target.parent.mkdir(parents=True, exist_ok=True)
    elif not target.parent.is_dir():
        folder = target.parent if path.parent.is_dir() else path.parent
        raise InvalidInput(f"output {path} cannot be written: there is no folder {folder}")
    return target


def _replace(target: Path, data: bytes | memoryview) -> None:
    """Write beside, then rename."""
    old = target.stat() if target.exists() else None
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    fresh, handle = _new_file(target.parent, 0o666 if old is None else old.st_mode & 0o777)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        if old is not None:
            take_over(fresh, old)
        os.replace(fresh, target)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


def _new_file(folder: Path, mode: int) -> tuple[Path, int]:
    path = folder / f".trompe-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return path, os.open(path, flags, mode)


def take_over(fresh: Path, old: os.stat_result) -> None:
    """Give a new file or folder the owner and permission bits of what it replaces; only root may give a file away."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(fresh, old.st_uid, old.st_gid)
    now = fresh.stat()
    is_same = (now.st_uid, now.st_gid) == (old.st_uid, old.st_gid)
    with suppress(OSError):  # a file system without permissions
        fresh.chmod(stat.S_IMODE(old.st_mode) & (0o7777 if is_same else 0o777))


@contextmanager
def _complaints(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            f"output {path} cannot be written ({error.strerror or error}); choose another place"
        ) from error
