"""Natural images read batch by batch, as often as asked for: what an audit needs of a data set.

A stream holds file names and labels (a few bytes an image) and no pixels; a batch is gone once its
consumer lets go of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import pick_device, torch
from trompe.empirical.data import Split, as_floats, fashion_folder, image_folder, load_digits
from trompe.empirical.image_files import Pictures, holds_idx, list_folder, list_idx, open_idx
from trompe.empirical.inspection import numbered_picture
from trompe.ground.arguments import Count, checked
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

Labels = NDArray[np.int64]


class ImageStream(ABC):
    """Images of one shape with a class each, in a fixed order.

    shape : (channels, height, width). labels : classes 0 .. C-1, shape (n,). device : where batches are put.
    """

    shape: tuple[int, int, int]
    labels: Labels
    device: torch.device

    def __len__(self) -> int:
        return len(self.labels)

    @abstractmethod
    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """All images in order, at most `size` at a time: float32 in [0, 1], shape (k, channels, height, width)."""

    def name(self, index: int) -> str:
        """How messages call an image: its file, or its number, counted from 0."""
        return numbered_picture(index)

    @checked
    def first(self, count: Count) -> torch.Tensor:
        """The first images, at most `count`."""
        return next(self.batches(count))


class TensorStream(ImageStream):
    """Images that are in memory anyway."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor | None = None) -> None:
        if not isinstance(images, torch.Tensor) or images.ndim != 4 or not len(images):
            got = tuple(images.shape) if isinstance(images, torch.Tensor) else spelled(images)
            raise InvalidInput(
                f"images of shape {got}; expected (n, channels, height, width), n at least 1"
            )
        if labels is not None and len(labels) != len(images):
            raise InvalidInput(f"{len(images)} images but {len(labels)} labels")
        c, h, w = images.shape[1:]
        self.images, self.shape, self.device = images, (c, h, w), images.device
        self.labels = (
            np.zeros(len(images), dtype=np.int64) if labels is None else labels.cpu().numpy()
        )

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        yield from self.images.split(size)


class SplitStream(ImageStream):
    """Training and test images that are held as bytes."""

    def __init__(self, splits: tuple[Split, ...], device: torch.device) -> None:
        c, h, w = splits[0].images.shape[1:]
        self.splits, self.shape, self.device = splits, (c, h, w), device
        self.labels = np.concatenate([split.labels for split in splits])

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        for split in self.splits:
            for start in range(0, len(split), size):
                yield as_floats(split.images[start : start + size], split.levels, self.device)


class PictureStream(ImageStream):
    """A folder of pictures; files are decoded as their batch comes."""

    def __init__(self, listing: Pictures, device: torch.device) -> None:
        self.listing, self.shape, self.device = listing, listing.shape, device
        self.labels = listing.labels

    def name(self, index: int) -> str:
        """See ImageStream."""
        return str(self.listing.files[index])

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        for start in range(0, len(self), size):
            yield as_floats(self.listing.read(start, start + size), 255, self.device)


class IdxStream(ImageStream):
    """A folder of IDX files, training images first; labels are read at once, images as they come."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.device, self.listing = device, list_idx(folder)
        self.labels = np.concatenate(self.listing.labels)
        self.shape = (1, *self.listing.sides)

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        for path in self.listing.files:
            with open_idx(path, 3) as (shape, take):
                for start in range(0, shape[0], size):
                    pixels = take(min(size, shape[0] - start))
                    yield as_floats(pixels[:, None], 255, self.device)


@checked
def open_images(name: str | Path, device: torch.device | str = "cpu") -> ImageStream:
    """A stream of all images of `digits`, `fashion-mnist` or a folder of pictures or IDX files.

    Raises
    ------
    InvalidInput : the folder is missing, empty or of mixed sizes, or a file is no image. A picture whose
        header is whole but whose pixels are damaged is found when its batch is read.
    """
    place = pick_device(device)
    if str(name) == "digits":
        digits = load_digits()
        return SplitStream((digits.train, digits.test), place)
    folder = fashion_folder() if str(name) == "fashion-mnist" else image_folder(name)
    return (
        IdxStream(folder, place) if holds_idx(folder) else PictureStream(list_folder(folder), place)
    )


def as_stream(
    images: torch.Tensor | ImageStream, labels: torch.Tensor | None = None
) -> ImageStream:
    """Tensors as a stream; a stream, which has labels of its own, as it is.

    Raises
    ------
    InvalidInput : there is no image, or labels do not fit.
    """
    if isinstance(images, ImageStream):
        if labels is not None:
            raise InvalidInput("labels: a stream of images has its own; leave them out")
        if not len(images):
            raise InvalidInput("images: the stream holds none; an audit needs at least one")
        return images
    return TensorStream(images, labels)
