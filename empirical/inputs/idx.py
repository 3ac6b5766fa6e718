"""IDX files, checked before they are used: nothing here holds more than is asked for."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trompe.empirical.inputs.pictures import Bytes
from trompe.theory import InvalidInput

MAX_BYTES_AT_ONCE = 2**32
"""So many pixels of an IDX file are held at once, at most; a gzipped file is no measure of them."""
_PIECE = 2**24

IDX_STEMS = ("train", "t10k")


def read_idx(path: Path, axes: int) -> Bytes:
    """One IDX file of unsigned bytes with this many axes."""
    with open_idx(path, axes) as (shape, take):
        return take(shape[0])


@contextmanager
def open_idx(path: Path, axes: int) -> Iterator[tuple[tuple[int, ...], Callable[[int], Bytes]]]:
    """The shape in an IDX file's header, and a function that reads its next n entries, in order.

    After the last entry nothing may follow. A file that is not gzipped is measured before it is read, and of one that
    is, memory is taken for what is there, not for what its header says.
    """
    head = 4 + 4 * axes
    expected = bytes((0, 0, 8, axes))
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            magic = file.read(4)
            if magic != expected:
                raise InvalidInput(
                    f"{path}: magic number {magic.hex() or 'missing'}; expected {expected.hex()}, "
                    f"an IDX file of unsigned bytes with {axes} axes"
                )
            header = file.read(head - 4)
            if len(header) < head - 4:
                raise InvalidInput(
                    f"{path}: {4 + len(header)} bytes; the header alone has {head}; fetch the file again"
                )
            shape = struct.unpack(f">{axes}I", header)
            size = math.prod(shape[1:])
            whole = head + shape[0] * size
            wrong = f"its header {shape} needs {whole}; fetch the file again"
            if path.suffix != ".gz" and path.stat().st_size != whole:
                raise InvalidInput(f"{path}: {path.stat().st_size} bytes; {wrong}")
            if not size:
                raise InvalidInput(
                    f"{path}: its header {shape} has a side of 0; fetch the file again"
                )
            given = 0

            def take(count: int) -> Bytes:
                nonlocal given
                needed, raw = count * size, bytearray()
                if needed > MAX_BYTES_AT_ONCE:
                    raise InvalidInput(
                        f"{path}: {needed} bytes at once, at most {MAX_BYTES_AT_ONCE} are held; {wrong}"
                    )
                while piece := file.read(min(_PIECE, needed - len(raw))):
                    raw += piece
                given += count
                if len(raw) != needed or (given == shape[0] and file.read(1)):
                    raise InvalidInput(f"{path}: another number of bytes; {wrong}")
                return np.frombuffer(raw, np.uint8).reshape(count, *shape[1:])

            yield shape, take
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path}: unreadable ({error}); fetch the file again") from None


def idx_file(folder: Path, stem: str) -> Path:
    """The file of this name, plain or gzipped."""
    path = _idx_path(folder, stem)
    if path is None:
        raise InvalidInput(f"{folder}: no {stem} or {stem}.gz; a data set needs all four IDX files")
    return path


def holds_idx(folder: Path) -> bool:
    """Does this folder hold IDX files (rather than pictures)?"""
    return _idx_path(folder, "train-images-idx3-ubyte") is not None


@dataclass(frozen=True)
class IdxListing:
    """The IDX files of an MNIST-like data set, training images first; labels are read, images are not yet."""

    files: tuple[Path, ...]
    labels: tuple[NDArray[np.int64], ...]
    sides: tuple[int, int]
    """(height, width)."""


def list_idx(folder: Path) -> IdxListing:
    """The four IDX files of a data set, plain or gzipped.

    Raises
    ------
    InvalidInput : a file is missing, truncated, has a wrong magic number, or counts or sides disagree.
    """
    files, labels, sides = [], [], []
    for stem in IDX_STEMS:
        files.append(idx_file(folder, f"{stem}-images-idx3-ubyte"))
        labels.append(read_idx(idx_file(folder, f"{stem}-labels-idx1-ubyte"), 1).astype(np.int64))
        with open_idx(files[-1], 3) as (shape, _):
            if shape[0] != len(labels[-1]):
                raise InvalidInput(
                    f"{folder}: {shape[0]} {stem} images but {len(labels[-1])} labels"
                )
            sides.append((shape[1], shape[2]))
    if sides[0] != sides[1]:
        raise InvalidInput(f"{folder}: train images are {sides[0]}, test images {sides[1]}")
    return IdxListing(tuple(files), tuple(labels), sides[0])


def _idx_path(folder: Path, stem: str) -> Path | None:
    for name in (stem, f"{stem}.gz", stem.replace("-idx", ".idx")):
        if (folder / name).is_file():
            return folder / name
    return None
