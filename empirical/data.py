"""Images: the embedded digits, Fashion-MNIST in IDX files, or a folder of the user's own pictures.

Pixels are kept as integers 0 .. levels, so that the exact witness can work on them; networks see
them divided by `levels`, in [0, 1].
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from trompe.theory import InvalidInput, MissingDependency

if TYPE_CHECKING:
    import torch

__all__ = [
    "ImageData",
    "Split",
    "load_data",
    "load_digits",
    "load_folder",
    "load_idx",
    "load_picture",
]

Bytes: TypeAlias = NDArray[np.uint8]

FASHION_FOLDERS = (
    "/usr/share/datasets/fashion-mnist",
    "~/.cache/fashion-mnist",
    "data/fashion-mnist",
)
FASHION_CLASSES = (
    "T-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


@dataclass(frozen=True)
class Split:
    """Images of shape (n, channels, height, width), integers 0 .. levels, and labels of shape (n,)."""

    images: Bytes
    labels: NDArray[np.int64]
    levels: int

    def __len__(self) -> int:
        return len(self.images)

    def tensor(self, device: torch.device | str = "cpu") -> torch.Tensor:
        """float32 images in [0, 1] on `device`."""
        from trompe.empirical._torch import torch

        return torch.from_numpy(self.images).to(device).float() / self.levels

    def targets(self, device: torch.device | str = "cpu") -> torch.Tensor:
        """int64 labels on `device`."""
        from trompe.empirical._torch import torch

        return torch.from_numpy(self.labels).to(device)


@dataclass(frozen=True)
class ImageData:
    """A data set with a training and a test split and names of its classes."""

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]

    @property
    def levels(self) -> int:
        """The integer that stands for 1."""
        return self.train.levels

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        c, h, w = self.train.images.shape[1:]
        return c, h, w

    @cached_property
    def sha256(self) -> str:
        """Hash of every pixel and label, in order."""
        digest = hashlib.sha256(repr((self.train.images.shape, self.levels)).encode())
        for split in (self.train, self.test):
            digest.update(np.ascontiguousarray(split.images).tobytes())
            digest.update(np.ascontiguousarray(split.labels).tobytes())
        return digest.hexdigest()


def load_data(name: str | Path = "digits") -> ImageData:
    """`digits` (embedded), `fashion-mnist`, or a folder of IDX files or pictures.

    Raises
    ------
    InvalidInput : the folder is missing, empty, holds unreadable pictures or ones of mixed sizes, or an IDX
        file is damaged.
    """
    if str(name) == "digits":
        return load_digits()
    if str(name) == "fashion-mnist":
        return load_fashion_mnist()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise InvalidInput(
            f"data = {str(name)!r} is no folder; expected digits, fashion-mnist or a folder of pictures "
            "(one subfolder a class) or of IDX files"
        )
    if _idx_path(folder, "train-images-idx3-ubyte") is not None:
        return load_idx(folder)
    return load_folder(folder)


def load_digits() -> ImageData:
    """1,797 handwritten digits, 8 x 8, values 0 .. 16; every fifth image of a class is a test image.

    Source: UCI "Optical Recognition of Handwritten Digits", CC BY 4.0; see digits/LICENSE.txt.
    """
    with np.load(Path(__file__).parent / "digits" / "digits.npz") as archive:
        images, labels = archive["images"][:, None], archive["labels"].astype(np.int64)
    return _split("digits", images, labels, 16, tuple("0123456789"))


def load_fashion_mnist() -> ImageData:
    """Fashion-MNIST from IDX files: `TROMPE_FASHION_MNIST`, or where Debian's package puts them."""
    given = os.environ.get("TROMPE_FASHION_MNIST")
    for place in (given,) if given else FASHION_FOLDERS:
        folder = Path(place).expanduser()
        if folder.is_dir() and _idx_path(folder, "train-images-idx3-ubyte") is not None:
            return load_idx(folder, "fashion-mnist", FASHION_CLASSES)
    raise InvalidInput(
        f"fashion-mnist: no IDX files in {given or ' or '.join(FASHION_FOLDERS)}; on Debian and Ubuntu "
        "`apt install dataset-fashion-mnist` brings them, elsewhere set TROMPE_FASHION_MNIST to their folder"
    )


# -- IDX ---------------------------------------------------------------------------------------------


def load_idx(folder: str | Path, name: str = "", classes: tuple[str, ...] = ()) -> ImageData:
    """The four IDX files of an MNIST-like data set, plain or gzipped; values 0 .. 255.

    Raises
    ------
    InvalidInput : a file is missing, truncated, has a wrong magic number, or counts disagree.
    """
    folder = Path(folder)
    splits = []
    for stem in ("train", "t10k"):
        images = read_idx(_need(folder, f"{stem}-images-idx3-ubyte"), 3)
        labels = read_idx(_need(folder, f"{stem}-labels-idx1-ubyte"), 1).astype(np.int64)
        if len(images) != len(labels) or not len(images):
            raise InvalidInput(f"{folder}: {len(images)} {stem} images but {len(labels)} labels")
        splits.append(Split(images[:, None], labels, 255))
    train, test = splits
    if train.images.shape[1:] != test.images.shape[1:]:
        raise InvalidInput(
            f"{folder}: train images are {train.images.shape[2:]}, test images {test.images.shape[2:]}"
        )
    count = int(max(train.labels.max(), test.labels.max())) + 1
    if len(classes) < count:
        classes = tuple(str(k) for k in range(count))
    return ImageData(name or folder.name, train, test, classes)


def read_idx(path: Path, axes: int) -> Bytes:
    """One IDX file of unsigned bytes with this many axes."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path}: unreadable ({error}); fetch the file again") from None
    head = 4 + 4 * axes
    magic = raw[:4]
    if magic != bytes((0, 0, 8, axes)):
        raise InvalidInput(
            f"{path}: magic number {magic.hex() or 'missing'}; expected {bytes((0, 0, 8, axes)).hex()}, "
            f"an IDX file of unsigned bytes with {axes} axes"
        )
    if len(raw) < head:
        raise InvalidInput(
            f"{path}: {len(raw)} bytes; the header alone has {head}; fetch the file again"
        )
    shape = struct.unpack(f">{axes}I", raw[4:head])
    expected = head + int(np.prod(shape, dtype=np.int64))
    if len(raw) != expected:
        raise InvalidInput(
            f"{path}: {len(raw)} bytes; its header {shape} needs {expected}; fetch the file again"
        )
    return np.frombuffer(raw, np.uint8, offset=head).reshape(shape).copy()  # writable


def _idx_path(folder: Path, stem: str) -> Path | None:
    for name in (stem, f"{stem}.gz", stem.replace("-idx", ".idx")):
        if (folder / name).is_file():
            return folder / name
    return None


def _need(folder: Path, stem: str) -> Path:
    path = _idx_path(folder, stem)
    if path is None:
        raise InvalidInput(f"{folder}: no {stem} or {stem}.gz; a data set needs all four IDX files")
    return path


# -- folders of pictures -------------------------------------------------------------------------------


def load_folder(folder: str | Path) -> ImageData:
    """Pictures by class: FOLDER/CLASS/*.png, or FOLDER/train/CLASS/* and FOLDER/test/CLASS/*.

    Pictures that lie in FOLDER itself make one class. Without train and test, every fifth picture
    of a class is a test picture. Grey if all are, else RGB. All have one size; scale them beforehand.

    Raises
    ------
    InvalidInput : empty, mixed sizes, or a picture that cannot be read. MissingDependency : no Pillow.
    """
    folder = Path(folder)
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if {"train", "test"} <= set(names):
        roots = [folder / "train", folder / "test"]
        names = sorted({p.name for r in roots for p in r.iterdir() if p.is_dir()})
    else:
        roots = [folder]
    parts = [_read_classes(root, names) for root in roots]
    files = [path for part in parts for path, _ in part]
    if not files:
        raise InvalidInput(f"{folder}: no pictures; expected {', '.join(SUFFIXES[:4])} ... files")
    pixels = [read_picture(path) for path in files]
    grey = all(p.ndim == 2 for p in pixels)
    for path, p in zip(files, pixels, strict=True):
        if p.shape[:2] != pixels[0].shape[:2]:
            raise InvalidInput(
                f"{path}: {p.shape[1]} x {p.shape[0]} pixels, but {files[0]} has {pixels[0].shape[1]} x "
                f"{pixels[0].shape[0]}; scale all pictures to one size"
            )
    images = np.stack([_channels_first(p, grey) for p in pixels])
    labels = np.array([label for part in parts for _, label in part], dtype=np.int64)
    classes = tuple(names) or (folder.name,)
    if len(roots) == 1:
        return _split(folder.name, images, labels, 255, classes)
    cut = len(parts[0])
    if cut in (0, len(labels)):
        raise InvalidInput(
            f"{folder}: {cut} train and {len(labels) - cut} test pictures; expected both"
        )
    return ImageData(
        folder.name,
        Split(images[:cut], labels[:cut], 255),
        Split(images[cut:], labels[cut:], 255),
        classes,
    )


def read_picture(path: Path) -> Bytes:
    """One picture as bytes: (height, width) if grey, else (height, width, 3)."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency(
            "Pillow is not installed, it reads pictures; it comes with: pip install 'trompe[empirical]'"
        ) from error
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise InvalidInput(
                    f"{path}: mode {picture.mode}; expected 8 bits a channel, convert it"
                )
            mode = "L" if picture.mode in ("1", "L") else "RGB"
            return np.asarray(picture.convert(mode), dtype=np.uint8)
    except InvalidInput:
        raise
    except FileNotFoundError:
        raise InvalidInput(f"{path}: no such file; expected a picture") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise InvalidInput(
            f"{path}: not a readable picture ({error}); remove or replace it"
        ) from None


def load_picture(path: str | Path, shape: tuple[int, int, int], levels: int = 255) -> Bytes:
    """A picture scaled to (channels, height, width), integers 0 .. levels."""
    from PIL import Image

    pixels = read_picture(Path(path))
    c, h, w = shape
    picture = Image.fromarray(pixels).convert("L" if c == 1 else "RGB").resize((w, h))
    scaled = _channels_first(np.asarray(picture, dtype=np.uint8), c == 1)
    return np.rint(scaled.astype(np.float64) * (levels / 255)).astype(np.uint8)


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


def _split(
    name: str, images: Bytes, labels: NDArray[np.int64], levels: int, classes: tuple[str, ...]
) -> ImageData:
    """Every fifth image of each class, counted in the given order, is a test image."""
    held_out = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        held_out[np.flatnonzero(labels == label)[4::5]] = True
    if not held_out.any():
        held_out[-1:] = len(labels) > 1
    parts: list[Any] = [Split(images[m], labels[m], levels) for m in (~held_out, held_out)]
    return ImageData(name, parts[0], parts[1], classes)
