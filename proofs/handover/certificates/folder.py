"""A certificate set as a folder: read without trust, and written so that nobody meets half a set.

A set is written into a new folder beside its place, which then gets the place's name. A set of ours that stands
there is first given another name, `.NAME.trompe-old`, and is removed at the end. So at every moment each of
these folders is one whole set. After a kill the next start puts them right.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from trompe.ground.files import take_over
from trompe.ground.reading import Unreadable, read_file
from trompe.proofs.handover.certificates.manifest import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    read_manifest,
)
from trompe.proofs.handover.certificates.script import FIRST_LINE
from trompe.theory import InvalidInput

MAX_ENTRIES = 100_000
_MAX_DEPTH = 16
_EMPTY = "it is an empty folder"


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
            before = entries
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
            if prefix and entries == before:
                refused[prefix] = _EMPTY
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be listed ({error.strerror or error})") from None
    return Listing(frozenset(found), refused)


def read_member(folder: Path, path: str, limit: int) -> bytes:
    """The bytes of a regular file in the folder, at most `limit`.

    Raises
    ------
    Unreadable : it lies behind a symbolic link, is no regular file, too large, or gone.
    """
    at = folder
    for part in path.split("/"):
        at = at / part
        if os.path.islink(at):
            raise Unreadable("it is, or lies behind, a symbolic link")
    return read_file(at, limit, follow_links=False)


def old_name(folder: Path) -> Path:
    """Where the set that stood in a folder lies while another takes its place."""
    return folder.parent / f".{folder.name}.trompe-old"


_LEFT_AFTER = 3600.0
"""Seconds after which a half-written folder is no longer somebody's work: writing one takes less than one."""


class Place:
    """The folder where a set will stand: looked at before the work, and filled after it in one step.

    Raises
    ------
    InvalidInput : it cannot be made, or something stands there that is no certificate set. It stays as it was.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._complaints():
            self._path = Path(os.path.realpath(folder))
            self._old = old_name(self._path)
            if self._old.is_dir() and not self._path.exists():
                self._old.rename(self._path)
            self._look()
            parent = next(each for each in self._path.parents if each.exists())
            (parent / (name := self._new_name())).mkdir()  # can one write here?
            (parent / name).rmdir()

    def put(self, files: Mapping[str, bytes]) -> None:
        """Make the folder hold these files by path, and nothing else.

        Raises
        ------
        InvalidInput : it cannot be written, or something else was put there meanwhile; what stands there stays.
        """
        with self._complaints():
            missing = [each for each in self._path.parents if not each.exists()]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._clear()
            fresh = self._path.parent / self._new_name()
            try:
                for path, content in files.items():
                    (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                    (fresh / path).write_bytes(content)
                self._exchange(fresh)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                for each in missing:
                    with suppress(OSError):
                        each.rmdir()
                raise

    def _exchange(self, fresh: Path) -> None:
        self._look()
        if not self._path.exists():
            fresh.rename(self._path)
            return
        take_over(fresh, self._path.stat())
        self._path.rename(self._old)
        try:
            fresh.rename(self._path)
        except BaseException:
            if not self._path.exists():
                self._old.rename(self._path)
            raise
        self._clear()

    def _clear(self) -> None:
        """Remove what earlier runs left beside the folder: a set that was replaced, half of a set."""
        if self._old.is_dir() and self._path.exists():
            _check_ours(self._old, f"{self._old}, the set that stood there,", may_be_part=True)
            shutil.rmtree(
                self._old, ignore_errors=True
            )  # what is left of it the next start removes
        for each in self._path.parent.glob(f".{glob.escape(self._path.name)}.trompe-new-*"):
            with suppress(OSError):  # gone meanwhile
                if time.time() - each.stat().st_mtime > _LEFT_AFTER:
                    shutil.rmtree(each)

    def _new_name(self) -> str:
        return f".{self._path.name}.trompe-new-{secrets.token_hex(8)}"

    def _look(self) -> None:
        if not self._path.exists():
            return
        if not self._path.is_dir():
            raise InvalidInput(f"output {self.folder} is a file; give a folder, new or empty")
        here = Path.cwd()
        for fixed, what in (
            (os.path.ismount(self._path), "where a file system is mounted"),
            (self._path in (here, *here.parents), "the folder that you are in, or above it"),
        ):
            if fixed:
                raise InvalidInput(
                    f"output {self.folder} is {what}, and cannot be replaced; give a folder inside it"
                )
        _check_ours(self._path, f"output {self.folder}")

    @contextmanager
    def _complaints(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidInput(
                f"output {self.folder} cannot be written ({error.strerror or error}); what stood there is unchanged; "
                "choose another place or make room"
            ) from error


def _check_ours(folder: Path, name: str, may_be_part: bool = False) -> None:
    """Refuse a folder with anything in it that is no part of a set: it would be removed.

    A kill may have come while the manifest was gone already and other files were not: `may_be_part`.
    """
    listing = list_folder(folder)
    strange = sorted(p for p, why in listing.refused.items() if why != _EMPTY or not may_be_part)
    listed = _listed(folder) if MANIFEST in listing.files else set()
    if listed is None:
        strange.append(MANIFEST)
    for path in sorted(listing.files - {MANIFEST} - (listed or set())):
        with (folder / path).open("rb") as file:
            if not (path.endswith(".smt2") and file.read(len(FIRST_LINE)) == FIRST_LINE.encode()):
                strange.append(path)
    if strange:
        raise InvalidInput(
            f"{name} holds {strange[0]!a}, which is no part of a certificate set; give a new or empty folder"
        )
    if listing.files and MANIFEST not in listing.files and not may_be_part:
        raise InvalidInput(
            f"{name} holds {min(listing.files)!a} but no {MANIFEST}, as a part of another certificate set would; give "
            "the folder of that set, or a new or empty one"
        )


def _listed(folder: Path) -> set[str] | None:
    """The scripts that the manifest of a set names; None where it is no manifest of ours."""
    try:
        manifest = read_manifest(read_member(folder, MANIFEST, MAX_MANIFEST_BYTES))
        files = [file for entry in manifest["obligations"] for file in entry["files"].values()]
        return {file["path"] for file in files if file["path"].endswith(".smt2")}
    except (Unreadable, InvalidInput, LookupError, TypeError, AttributeError):
        return None
