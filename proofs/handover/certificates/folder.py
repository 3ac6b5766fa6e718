"""A certificate set as a folder: read without trust, and written so that nobody meets half a set.

All new files are first written into the sub-folder `.trompe-unfinished`; only then are they renamed into their
places, the manifest last. A full disk is met before the first rename, and the old set stays. A process that
is killed leaves that sub-folder, where a journal keeps the answers that solvers gave, so that the next run
does not ask again. One process at a time writes: it holds a lock on the folder.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from trompe.ground.reading import Unreadable, read_file
from trompe.proofs.handover.certificates.manifest import FORMAT, MANIFEST, MAX_MANIFEST_BYTES
from trompe.proofs.handover.certificates.script import FIRST_LINE
from trompe.theory import InvalidInput

__all__ = ["UNFINISHED", "Listing", "Store", "list_folder", "read_member"]

UNFINISHED = ".trompe-unfinished"
_OURS_THERE = re.compile(rf"{re.escape(UNFINISHED)}/(journal|[0-9]+)")
MAX_ENTRIES = 100_000
_MAX_DEPTH = 16


@dataclass(frozen=True)
class Listing:
    """What a folder holds, by path: regular files, and what is refused with the reason."""

    files: frozenset[str]
    refused: dict[str, str]


def list_folder(folder: Path) -> Listing:
    """Everything in a folder and its sub-folders; symbolic links are not followed.

    Raises
    ------
    InvalidInput : it cannot be listed, or holds more entries or levels than a set ever has.
    """
    found: set[str] = set()
    refused: dict[str, str] = {}
    waiting = [("", 0)]
    entries = 0
    try:
        while waiting:
            prefix, depth = waiting.pop()
            with os.scandir(folder / prefix) as scan:
                for entry in scan:
                    entries += 1
                    path = prefix + entry.name
                    if entries > MAX_ENTRIES:
                        raise InvalidInput(f"{folder} holds more than {MAX_ENTRIES} entries")
                    if entry.is_symlink():
                        refused[path] = "it is a symbolic link"
                    elif entry.is_dir(follow_symlinks=False):
                        if depth == _MAX_DEPTH:
                            raise InvalidInput(f"{folder} has more than {_MAX_DEPTH} levels")
                        waiting.append((path + "/", depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        found.add(path)
                    else:
                        refused[path] = "it is no regular file"
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be listed ({error.strerror or error})") from None
    return Listing(frozenset(found), refused)


def read_member(folder: Path, path: str, limit: int) -> bytes:
    """The bytes of a regular file in the folder, at most `limit`.

    Raises
    ------
    Unreadable : the path leaves the folder, goes through a symbolic link, names no regular file, or the
    file is too large or gone.
    """
    parts = path.split("/")
    if path.startswith("/") or not all(parts) or any(part in (".", "..") for part in parts):
        raise Unreadable("the path leaves the folder")
    if "\\" in path or "\0" in path:
        raise Unreadable("the path has a character that no file of a set has")
    at = folder
    for part in parts:
        at = at / part
        if os.path.islink(at):
            raise Unreadable("it is, or lies behind, a symbolic link")
    return read_file(at, limit, follow_links=False)


class Store:
    """A folder that is being filled. Use as a context; inside, this process alone may write there.

    Parameters
    ----------
    wanted : the paths that the set will have. tell : is given one line when another process has to be waited for.

    Raises
    ------
    InvalidInput : the folder cannot be made or written, or holds something that is no part of a set.
    """

    def __init__(self, folder: Path, wanted: Iterable[str], tell: Callable[[str], None]) -> None:
        self._folder, self._wanted, self._tell = folder, frozenset(wanted), tell
        self._unfinished = folder / UNFINISHED
        self._made: list[Path] = []
        self._others: list[str] = []
        self._listed: set[str] = set()
        self._lock: int | None = None
        self._journal: IO[str] | None = None
        self._recorded = 0
        self._inside = self._moving = self._cannot_write = False
        self.old_manifest: bytes | None = None
        """The manifest that stood there."""
        self.journal: list[dict[str, Any]] = []
        """What an interrupted run recorded."""

    def __enter__(self) -> Store:
        try:
            if self._folder.exists() and not self._folder.is_dir():
                raise InvalidInput(f"output {self._folder} is a file; give a folder, new or empty")
            self._make(self._folder)
            self._lock = _lock(self._folder, self._tell)
            self._look()
            self._unfinished.mkdir(exist_ok=True)
            self._inside = True
            self._open_journal()
        except BaseException as error:
            self._leave(keep=False)
            if isinstance(error, OSError):
                raise self._complaint(error) from error
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # An interrupted run is taken up again; a full disk is left as it was.
        recorded = bool(self.journal or self._recorded)
        self._leave(keep=error is not None and recorded and not self._cannot_write)

    def record(self, entry: Mapping[str, Any]) -> None:
        """Add a line to the journal."""
        assert self._journal is not None
        try:
            self._journal.write(json.dumps(entry) + "\n")
            self._journal.flush()
        except OSError as error:
            raise self._complaint(error) from error
        self._recorded += 1

    def commit(self, files: Mapping[str, bytes], manifest: bytes) -> None:
        """Make the folder hold these files and this manifest, and nothing else of a set.

        Raises
        ------
        InvalidInput : it cannot be written; up to the first rename, what stood there stays.
        """
        try:
            self._commit(files, manifest)
        except OSError as error:
            raise self._complaint(error) from error

    def _commit(self, files: Mapping[str, bytes], manifest: bytes) -> None:
        have = list_folder(self._folder).files
        moves: list[tuple[Path, Path]] = []
        for path, content in {**files, MANIFEST: manifest}.items():
            if path in have and path != MANIFEST:
                if self._holds(path, content):
                    continue
                if not self._is_ours(path):
                    raise InvalidInput(
                        f"output {self._folder}: {path!a} was put there meanwhile; move it away"
                    )
            target = self._folder / path
            self._make(target.parent)
            fresh = self._unfinished / str(len(moves))
            fresh.write_bytes(content)
            moves.append((fresh, target))
        self._moving = True
        for fresh, target in moves[:-1]:
            os.replace(fresh, target)
        for path in self._others:  # not what somebody has put there since
            (self._folder / path).unlink(missing_ok=True)
            self._prune(PurePosixPath(path).parent)
        os.replace(*moves[-1])

    def _holds(self, path: str, content: bytes) -> bool:
        try:
            return read_member(self._folder, path, len(content)) == content
        except Unreadable:
            return False

    def _prune(self, parent: PurePosixPath) -> None:
        for folder in (parent, *parent.parents):
            if folder == PurePosixPath("."):
                return
            try:
                (self._folder / folder).rmdir()
            except OSError:  # something else is in it
                return

    def _make(self, folder: Path) -> None:
        missing = []
        folder = Path(os.path.realpath(folder))  # behind a link that leads to no folder yet
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            self._made.append(each)

    def _look(self) -> None:
        """Refuse a folder with anything in it that is not ours: a run removes what it does not want."""
        listing = list_folder(self._folder)
        strange = sorted(listing.refused)
        if MANIFEST in listing.files:
            self.old_manifest = self._ours()
        self._listed = _listed(self.old_manifest)
        for path in sorted(listing.files - {MANIFEST}):
            if _OURS_THERE.fullmatch(path):
                continue
            if not self._is_ours(path):
                strange.append(path)
            elif path not in self._wanted:
                self._others.append(path)
        strange += [path for path in (*self._wanted, MANIFEST) if (self._folder / path).is_dir()]
        if strange:
            raise InvalidInput(
                f"output {self._folder} holds {strange[0]!a}, which is no part of a certificate set; "
                "give a new or empty folder"
            )
        if self._others and self.old_manifest is None and not self._unfinished.is_dir():
            raise InvalidInput(
                f"output {self._folder} holds {self._others[0]!a} but no {MANIFEST}, as a part of another certificate set "
                "would; give the folder of that set, or a new or empty one"
            )

    def _is_ours(self, path: str) -> bool:
        """Does the old manifest name it, or does it begin as a script of ours?"""
        if path in self._listed:
            return True
        with (self._folder / path).open("rb") as file:
            return path.endswith(".smt2") and file.read(len(FIRST_LINE)) == FIRST_LINE.encode()

    def _ours(self) -> bytes:
        try:
            content = read_member(self._folder, MANIFEST, MAX_MANIFEST_BYTES)
            value = json.loads(content)
            if isinstance(value, dict) and value.get("format") == FORMAT:
                return content
        except (Unreadable, ValueError, RecursionError):
            pass
        raise InvalidInput(
            f"output {self._folder} holds a {MANIFEST} that is not a certificate set's; remove it or "
            "give a new or empty folder"
        )

    def _open_journal(self) -> None:
        path = self._unfinished / "journal"
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    entry = json.loads(line)
                except (ValueError, RecursionError):  # the line that the kill cut off
                    continue
                if isinstance(entry, dict):
                    self.journal.append(entry)
        self._journal = path.open("a", encoding="utf-8")
        self._journal.write("\n")  # after a line that was cut off

    def _leave(self, keep: bool) -> None:
        if self._journal is not None:
            try:
                self._journal.close()
            except OSError:  # the disk is full: what could not be flushed is lost
                keep = False
        if self._lock is not None:
            if self._inside and not keep:
                shutil.rmtree(self._unfinished, ignore_errors=True)
            os.close(self._lock)
            self._lock = None
        for folder in reversed(self._made):
            with suppress(OSError):  # not empty: it holds files of the set, or the journal
                folder.rmdir()

    def _complaint(self, error: OSError) -> InvalidInput:
        self._cannot_write = True
        after = (
            "run it again to complete the set" if self._moving else "what stood there is unchanged"
        )
        return InvalidInput(
            f"output {self._folder} cannot be written ({error.strerror or error}); {after}; choose another "
            "place or make room"
        )


def _listed(manifest: bytes | None) -> set[str]:
    """The files that a manifest names, whatever has become of them."""
    try:
        entries = json.loads(manifest or b"{}").get("obligations", [])
        return {file["path"] for entry in entries for file in entry["files"].values()}
    except (LookupError, TypeError, AttributeError):
        return set()


def _lock(folder: Path, tell: Callable[[str], None]) -> int:
    try:
        import fcntl
    except ImportError:
        raise InvalidInput(
            "trompe certify needs file locks, which this system does not have"
        ) from None
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                raise
            tell(f"another process writes into {folder}; waiting until it has finished")
            fcntl.flock(handle, fcntl.LOCK_EX)
    except BaseException:
        os.close(handle)
        raise
    return handle
