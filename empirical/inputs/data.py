"""Images: the embedded digits, Fashion-MNIST in IDX files, or a folder of the user's own pictures.

Pixels are kept as integers 0 .. levels, so that the exact witness can work on them; networks see
them divided by `levels`, in [0, 1].
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trompe.empirical.inputs.folders import list_folder
from trompe.empirical.inputs.idx import IDX_STEMS, holds_idx, list_idx, read_idx
from trompe.empirical.inputs.pictures import AS_IT_IS, Bytes, Framing
from trompe.ground.arguments import Count, checked
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

if TYPE_CHECKING:
    import torch


NAMED = ("digits", "fashion-mnist")
"""Data sets with a name; all others are folders."""
FASHION_FOLDERS = (
    "/usr/share/datasets/fashion-mnist",
    "~/.cache/fashion-mnist",
    "data/fashion-mnist",
)
FASHION_CLASSES = (
    "T-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def as_floats(
    pixels: NDArray[Any], levels: int, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Integers 0 .. levels as float32 in [0, 1] on `device`."""
    from trompe.empirical._torch import torch

    return torch.from_numpy(pixels).to(device, torch.float32, copy=True).div_(levels)


@dataclass(frozen=True)
class Split:
    """Images of shape (n, channels, height, width), integers 0 .. levels, and labels of shape (n,).

    With levels 1 the images may be floats in [0, 1].
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    levels: int
    groups: NDArray[np.int64] | None = None
    """Numbers of what the images were cut from, shape (n,); None where each stands for itself."""
    calibration: NDArray[np.bool_] | None = None
    """Which images put a threshold and train nothing, shape (n,), never some of a group; None for each fifth group."""
    whose: tuple[str, ...] | None = None
    """Whose each image is, as a figure has to say; empty where no figure may show it. None where all may be shown as they are."""

    def __len__(self) -> int:
        return len(self.images)

    def calibrating(self) -> NDArray[np.bool_]:
        """Which images put a threshold, shape (n,)."""
        return self.group_numbers() % 5 == 4 if self.calibration is None else self.calibration

    def one_of_each_group(self) -> Split:
        """The first image of each group."""
        first = np.unique(self.group_numbers(), return_index=True)[1]
        whose = None if self.whose is None else tuple(self.whose[i] for i in first)
        return Split(self.images[first], self.labels[first], self.levels, whose=whose)

    def showable(self) -> NDArray[np.bool_]:
        """Which images a figure may show, shape (n,)."""
        return np.array([self.whose is None or bool(self.whose[i]) for i in range(len(self))])

    def group_numbers(self) -> NDArray[np.int64]:
        """The group of each image, numbered 0, 1, ... as they come."""
        if self.groups is None:
            return np.arange(len(self))
        _, first, number = np.unique(self.groups, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[number]

    def tensor(self, device: torch.device | str = "cpu") -> torch.Tensor:
        """float32 images in [0, 1] on `device`."""
        return as_floats(self.images, self.levels, device)

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
        """Hash of every pixel and label, in order, and of groups where there are some."""
        digest = hashlib.sha256(repr((self.train.images.shape, self.levels)).encode())
        for split in (self.train, self.test):
            digest.update(np.ascontiguousarray(split.images).tobytes())
            digest.update(np.ascontiguousarray(split.labels).tobytes())
            for which in (split.groups, split.calibration):
                digest.update(
                    b"" if which is None else np.ascontiguousarray(which).tobytes() + b"|"
                )
        return digest.hexdigest()


@checked
def load_data(
    name: str | Path = "digits",
    *,
    resize: Sequence[Count] = (),
    crop: Sequence[Count] = (),
    groups: str | None = None,
) -> ImageData:
    """`digits` (embedded), `fashion-mnist`, or a folder of IDX files or pictures.

    Parameters
    ----------
    resize, crop : for a folder of pictures, see `open_images`. groups : files of a class whose names are equal before the
        last such text are crops of one photograph, and lie on one side.

    Raises
    ------
    InvalidInput : the folder is missing, empty, holds unreadable pictures or ones of mixed sizes, or an IDX
        file is damaged.
    """
    framing = framing_of(name, resize, crop)
    if groups is not None and (str(name) in NAMED or holds_idx(image_folder(name))):
        raise InvalidInput("groups: are for folders of pictures, by the names of their files")
    if str(name) == "digits":
        return load_digits()
    if str(name) == "fashion-mnist":
        return load_fashion_mnist()
    folder = image_folder(name)
    return load_idx(folder) if holds_idx(folder) else load_folder(folder, framing, groups)


def framing_of(name: str | Path, resize: Sequence[int], crop: Sequence[int]) -> Framing:
    """How the pictures of a folder are scaled and cut; nothing else can be.

    Raises
    ------
    InvalidInput : these data have one size.
    """
    framing = Framing(tuple(resize), tuple(crop))
    is_folder = str(name) not in NAMED
    if framing != AS_IT_IS and not (is_folder and not holds_idx(image_folder(name))):
        raise InvalidInput(
            "resize, crop: are for folders of pictures; digits and IDX files have one size"
        )
    return framing


def image_folder(name: str | Path) -> Path:
    """The folder of this name, which must be there."""
    folder = Path(name).expanduser()
    try:
        is_there = folder.is_dir()
    except (OSError, ValueError):  # a name that is too long, or has a character of none
        is_there = False
    if not is_there:
        raise InvalidInput(
            f"data = {spelled(str(name))} is no folder; expected digits, fashion-mnist or a folder of pictures "
            "(one subfolder a class) or of IDX files"
        )
    return folder


def load_digits() -> ImageData:
    """1,797 handwritten digits, 8 x 8, values 0 .. 16; every fifth image of a class is a test image.

    Source: UCI "Optical Recognition of Handwritten Digits", CC BY 4.0; see digits/LICENSE.txt.
    """
    with np.load(Path(__file__).parent / "digits" / "digits.npz") as archive:
        images, labels = archive["images"][:, None], archive["labels"].astype(np.int64)
    return _split("digits", images, labels, 16, tuple("0123456789"))


def load_fashion_mnist() -> ImageData:
    """Fashion-MNIST from IDX files: `TROMPE_FASHION_MNIST`, or where Debian's package puts them."""
    return load_idx(fashion_folder(), "fashion-mnist", FASHION_CLASSES)


def fashion_folder() -> Path:
    """Where Fashion-MNIST's IDX files are."""
    given = os.environ.get("TROMPE_FASHION_MNIST")
    for place in (given,) if given else FASHION_FOLDERS:
        folder = Path(place).expanduser()
        if folder.is_dir() and holds_idx(folder):
            return folder
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
    found = list_idx(folder)
    for stem, labels in zip(IDX_STEMS, found.labels, strict=True):
        if not len(labels):
            raise InvalidInput(f"{folder}: no {stem} images; fetch the files again")
    train, test = (
        Split(read_idx(path, 3)[:, None], labels, 255)
        for path, labels in zip(found.files, found.labels, strict=True)
    )
    count = int(max(train.labels.max(), test.labels.max())) + 1
    if len(classes) < count:
        classes = tuple(str(k) for k in range(count))
    return ImageData(name or folder.name, train, test, classes)


# -- folders of pictures -------------------------------------------------------------------------------


def load_folder(
    folder: str | Path, framing: Framing = AS_IT_IS, mark: str | None = None
) -> ImageData:
    """The pictures that `list_folder` finds. Without train and test, every fifth picture (with `mark`, every fifth
    photograph) of a class is for testing.

    Raises
    ------
    InvalidInput, MissingDependency : see `list_folder`; a picture that cannot be decoded; and a photograph on both sides.
    """
    found = list_folder(folder, framing)
    name = Path(folder).name
    images, labels, cut = found.read(0, len(found.files)), found.labels, found.train
    names = None if mark is None else found.photographs(mark)
    groups = None if names is None else np.unique(names, return_inverse=True)[1]
    if cut is None:
        return _split(name, images, labels, 255, found.classes, groups)
    if cut in (0, len(labels)):
        raise InvalidInput(
            f"{folder}: {cut} train and {len(labels) - cut} test pictures; expected both"
        )
    both = set() if names is None else set(names[:cut]) & set(names[cut:])
    if both:
        raise InvalidInput(
            f"{folder}: crops of {min(both)} are for training and for testing; put them on one side"
        )
    splits = [
        Split(images[part], labels[part], 255, None if groups is None else groups[part])
        for part in (slice(cut), slice(cut, None))
    ]
    return ImageData(name, splits[0], splits[1], found.classes)


def _split(
    name: str, images: Bytes, labels: NDArray[np.int64], levels: int, classes: tuple[str, ...],
    groups: NDArray[np.int64] | None = None,
) -> ImageData:  # fmt: skip
    """Every fifth image (or group) of each class, counted in the given order, is for testing.

    Raises
    ------
    InvalidInput : there are not two images, one to train on and one to test.
    """
    if len(labels) < 2:
        raise InvalidInput(f"{name}: {len(labels)} pictures; expected at least 2, train and test")
    of = np.arange(len(labels)) if groups is None else groups
    chosen: list[int] = []
    for label in np.unique(labels):
        chosen += list(dict.fromkeys(of[labels == label].tolist()))[4::5]
    held_out = np.isin(of, chosen or of[-1:])
    if held_out.all():
        raise InvalidInput(
            f"{name}: one photograph; expected at least 2, one to train on and one to test"
        )
    parts: list[Any] = [
        Split(images[m], labels[m], levels, None if groups is None else groups[m])
        for m in (~held_out, held_out)
    ]
    return ImageData(name, parts[0], parts[1], classes)
