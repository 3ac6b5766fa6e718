"""Folders of pictures by class: files are found and their headers read, and pictures decoded batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trompe.empirical.inputs.pictures import (
    AS_IT_IS,
    Bytes,
    Framing,
    channels_first,
    header,
    read_picture,
)
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm",
)  # fmt: skip
UNREAD = (
    ".apng", ".avif", ".heic", ".heif", ".hdr", ".ico", ".j2k", ".jp2", ".jxl", ".exr", ".pcx", ".psd", ".svg", ".tga",
    ".arw", ".cr2", ".cr3", ".dng", ".nef", ".raw",
)  # fmt: skip
"""Images too, which are not read; one among the pictures is refused, while other files are passed over."""
HELD_OUT = ("val", "valid", "validation", "test")
LAYOUTS = (
    "expected FOLDER/*.png, FOLDER/CLASS/*.png, or FOLDER/train/CLASS/*.png with val/ or test/ beside train/, and "
    "nothing deeper"
)


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
    framing: Framing = AS_IT_IS

    def photographs(self, mark: str) -> tuple[str, ...]:
        """The photograph of each picture: its class, and its file's name up to the last `mark`.

        A file without the mark is a photograph of its own.

        Raises
        ------
        InvalidInput : no file has the mark.
        """
        stems = [path.stem for path in self.files]
        if not mark or not any(mark in stem for stem in stems):
            raise InvalidInput(
                f"groups = {spelled(mark)}: no file has it in its name (the first is {stems[0]}); give what stands between the "
                "name of a photograph and the number of a crop"
            )
        before = [stem.rpartition(mark)[0] if mark in stem else f"{stem}{mark}" for stem in stems]
        return tuple(f"{c}/{name}" for c, name in zip(self.labels, before, strict=True))

    def read(self, start: int, stop: int) -> Bytes:
        """Pictures start .. stop - 1, decoded, of shape (n, channels, height, width)."""
        grey = self.shape[0] == 1
        pictures = []
        for path in self.files[start:stop]:
            pixels = read_picture(path, self.framing)
            if pixels.shape[:2] != self.shape[1:]:  # what follows the pixels may turn them
                height, width = pixels.shape[:2]
                raise InvalidInput(
                    f"{path}: {width} x {height} pixels, by its header {self.shape[2]} x {self.shape[1]}; save it anew"
                )
            pictures.append(channels_first(pixels, grey))
        return np.stack(pictures)


def list_folder(folder: str | Path, framing: Framing = AS_IT_IS) -> Pictures:
    """Pictures by class: FOLDER/CLASS/*.png, or FOLDER/train/CLASS/*.png and the same in val/ or test/ or both.

    Pictures that lie in FOLDER itself make one class. Headers are read, and all must have one size, as they are
    or once they are framed.

    Raises
    ------
    InvalidInput : another layout, an empty class, mixed sizes, or a file that is no picture. MissingDependency : no Pillow.
    """
    folder = Path(folder)
    parts = _parts(folder)
    names = in_order({p.name for part in parts for p in _folders(part)})
    listed = [_read_classes(part, names) for part in parts]
    found = [entry for part in listed for entry in part]
    if not found:
        raise InvalidInput(f"{folder}: no pictures; {LAYOUTS}")
    labels = np.array([label for _, label in found], dtype=np.int64)
    empty = sorted(set(range(len(names))) - set(labels.tolist()))
    if empty:
        raise InvalidInput(
            f"{folder}: the folder {names[empty[0]]!r} holds no pictures; every subfolder is a class, add some or "
            "take it away"
        )
    files = tuple(path for path, _ in found)
    headers = [header(path, framing) for path in files]
    for path, (height, width, _) in zip(files, headers, strict=True):
        if (height, width) != headers[0][:2]:
            raise InvalidInput(
                f"{path}: {width} x {height} pixels, but {files[0]} has {headers[0][1]} x {headers[0][0]}; "
                "scale all pictures to one size (an audit does it with --resize and --crop)"
            )
    channels = 1 if all(grey for _, _, grey in headers) else 3
    return Pictures(
        files, labels, tuple(names) or (folder.name,), _train(parts, listed),
        (channels, *headers[0][:2]), framing,
    )  # fmt: skip


def in_order(names: Iterable[str]) -> list[str]:
    """Names of classes in the order of their numbers: by value if all are numbers (2 before 10), else as text."""
    names = sorted(names)
    if all(name.isascii() and name.isdigit() for name in names):
        names.sort(key=int)
    return names


def _parts(folder: Path) -> list[Path]:
    """The training and held-out folders, in this order; where there are none, the folder itself."""
    inside = _folders(folder)
    names = [p.name for p in inside]
    is_split = {*names} <= {"train", *HELD_OUT} and (
        ("train" in names and len(names) > 1) or any(map(_folders, inside))
    )
    if not is_split:
        return [folder]
    _refuse_loose(folder)
    return [folder / name for name in ("train", *HELD_OUT) if name in names]


def _train(parts: list[Path], listed: list[list[tuple[Path, int]]]) -> int | None:
    """How many of the pictures are in train/, where others are held out."""
    return len(listed[0]) if len(parts) > 1 and parts[0].name == "train" else None


def _read_classes(root: Path, names: list[str]) -> list[tuple[Path, int]]:
    """The pictures of each class with its number."""
    if names:
        _refuse_loose(root)
    found = []
    for label, name in enumerate(names or ["."]):
        place = root / name
        if not place.is_dir():
            continue
        if names and (deeper := _folders(place)):
            raise InvalidInput(f"{deeper[0]}: a folder inside of the class {name!r}; {LAYOUTS}")
        for path in _inside(place):
            if path.suffix.lower() in UNREAD:
                raise InvalidInput(
                    f"{path}: {path.suffix} files are not read; expected {', '.join(SUFFIXES)}; convert it or take it away"
                )
            if path.suffix.lower() in SUFFIXES:
                found.append((path, label))
    return found


def _refuse_loose(folder: Path) -> None:
    """No picture lies beside folders: it would belong to none of them."""
    for path in _inside(folder):
        if path.suffix.lower() in (*SUFFIXES, *UNREAD) and not path.is_dir():
            raise InvalidInput(f"{path}: a picture beside folders; {LAYOUTS}")


def _folders(folder: Path) -> list[Path]:
    return [p for p in _inside(folder) if p.is_dir() and not p.name.startswith(".")]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InvalidInput(f"{folder}: it cannot be read: {error.strerror or error}") from None
