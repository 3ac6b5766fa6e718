"""Image files as they lie on disk: IDX files and folders of pictures, checked before they are used.

Nothing here holds more than is asked for, so that a folder can be read batch by batch.
"""

from __future__ import annotations

import gzip
import io
import math
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trompe.ground.files import write_file
from trompe.ground.reading import Unreadable, check_file
from trompe.theory import InvalidInput, MissingDependency

Bytes: TypeAlias = NDArray[np.uint8]

MAX_PICTURE_BYTES = 2**30
"""The largest picture file that is opened."""
MAX_BYTES_AT_ONCE = 2**32
"""So many pixels of an IDX file are held at once, at most; a gzipped file is no measure of them."""
_PIECE = 2**24

IDX_STEMS = ("train", "t10k")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")

# -- IDX ---------------------------------------------------------------------------------------------


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


# -- folders of pictures -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder: files with their classes, training ones first; nothing is decoded yet."""

    files: tuple[Path, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    train: int | None
    """How many of the files are training pictures; None where the folder does not say."""
    shape: tuple[int, int, int]
    """(channels, height, width): one channel if all pictures are grey, else three."""

    def read(self, start: int, stop: int) -> Bytes:
        """Pictures start .. stop - 1, decoded, of shape (n, channels, height, width)."""
        grey = self.shape[0] == 1
        return np.stack([_channels_first(read_picture(p), grey) for p in self.files[start:stop]])


def list_folder(folder: str | Path) -> Pictures:
    """Pictures by class: FOLDER/CLASS/*.png, or FOLDER/train/CLASS/* and FOLDER/test/CLASS/*.

    Pictures that lie in FOLDER itself make one class. Headers are read, and all must have one size.

    Raises
    ------
    InvalidInput : empty, an empty class, mixed sizes, or a file that is no picture. MissingDependency : no Pillow.
    """
    folder = Path(folder)
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    split = {"train", "test"} <= set(names)
    roots = [folder / "train", folder / "test"] if split else [folder]
    if split:
        names = sorted({p.name for r in roots for p in r.iterdir() if p.is_dir()})
    parts = [_read_classes(root, names) for root in roots]
    found = [entry for part in parts for entry in part]
    if not found:
        raise InvalidInput(f"{folder}: no pictures; expected {', '.join(SUFFIXES[:4])} ... files")
    labels = np.array([label for _, label in found], dtype=np.int64)
    empty = sorted(set(range(len(names))) - set(labels.tolist()))
    if empty:
        raise InvalidInput(
            f"{folder}: the folder {names[empty[0]]!r} holds no pictures; every subfolder is a class, add some or "
            "take it away"
        )
    files = tuple(path for path, _ in found)
    headers = [_header(path) for path in files]
    for path, (height, width, _) in zip(files, headers, strict=True):
        if (height, width) != headers[0][:2]:
            raise InvalidInput(
                f"{path}: {width} x {height} pixels, but {files[0]} has {headers[0][1]} x {headers[0][0]}; "
                "scale all pictures to one size"
            )
    channels = 1 if all(grey for _, _, grey in headers) else 3
    return Pictures(
        files, labels, tuple(names) or (folder.name,), len(parts[0]) if split else None,
        (channels, *headers[0][:2]),
    )  # fmt: skip


def read_picture(path: Path) -> Bytes:
    """One picture as bytes: (height, width) if grey, else (height, width, 3)."""
    with _opened(path) as picture:
        return np.asarray(picture.convert("L" if _is_grey(picture) else "RGB"), dtype=np.uint8)


def _header(path: Path) -> tuple[int, int, bool]:
    """Height, width and whether it is grey, without decoding the picture."""
    with _opened(path) as picture:
        return picture.height, picture.width, _is_grey(picture)


def _is_grey(picture: Any) -> bool:
    return picture.mode in ("1", "L")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A picture of 8 bits a channel; whatever Pillow says against it becomes one line.

    Of an animation it is the first frame. What is transparent, and which way up a camera says it was, is left out.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency(
            "Pillow is not installed, it reads pictures; it comes with: pip install 'trompe[empirical]'"
        ) from error
    try:
        check_file(path, MAX_PICTURE_BYTES)
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:
            if math.prod(picture.size) > (most := Image.MAX_IMAGE_PIXELS or math.inf):
                raise InvalidInput(
                    f"{path}: {picture.width} x {picture.height} pixels; expected at most {most}"
                )
            if picture.mode.startswith(("I", "F")):
                raise InvalidInput(
                    f"{path}: mode {picture.mode}; expected 8 bits a channel, convert it"
                )
            yield picture
    except InvalidInput:
        raise
    except Unreadable as error:
        raise InvalidInput(f"{path}: {error}; expected a picture") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise InvalidInput(
            f"{path}: not a readable picture ({str(error) or type(error).__name__}); remove or replace it"
        ) from None


def load_picture(path: str | Path, shape: tuple[int, int, int], levels: int = 255) -> Bytes:
    """A picture scaled to (channels, height, width), integers 0 .. levels."""
    from PIL import Image

    pixels = read_picture(Path(path))
    c, h, w = shape
    picture = Image.fromarray(pixels).convert("L" if c == 1 else "RGB").resize((w, h))
    scaled = _channels_first(np.asarray(picture, dtype=np.uint8), c == 1)
    return np.rint(scaled.astype(np.float64) * (levels / 255)).astype(np.uint8)


def save_pictures(folder: Path, pictures: Mapping[str, Any]) -> dict[str, str]:
    """Tensors (channels, height, width) in [0, 1] by name, as `NAME.npy` with their exact numbers; the files' names.

    Beside it `NAME.png`, rounded to 8 bits, where there are one or three channels and Pillow is installed.
    """
    files = {}
    for name, tensor in pictures.items():
        stem = re.sub(r"[^A-Za-z0-9_.#-]", "_", name)
        pixels = tensor.detach().cpu().numpy()
        exact = io.BytesIO()
        np.save(exact, pixels, allow_pickle=False)
        write_file(folder / f"{stem}.npy", exact.getvalue(), parents=True)
        files[name] = f"{stem}.npy"
        if len(pixels) in (1, 3) and find_spec("PIL"):
            from PIL import Image

            levels = np.rint(pixels.astype(np.float64) * 255).astype(np.uint8)
            shown = io.BytesIO()
            Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0)).save(
                shown, format="PNG"
            )
            write_file(folder / f"{stem}.png", shown.getvalue(), parents=True)
    return files


def _read_classes(root: Path, names: list[str]) -> list[tuple[Path, int]]:
    found = []
    for label, name in enumerate(names or ["."]):
        place = root / name
        files = sorted(place.iterdir()) if place.is_dir() else []
        found += [(path, label) for path in files if path.suffix.lower() in SUFFIXES]
    return found


def _channels_first(pixels: Bytes, grey: bool) -> Bytes:
    if grey:
        return pixels[None]
    rgb = np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))
