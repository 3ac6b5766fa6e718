"""Natural images read batch by batch, as often as asked for: what an audit needs of a data set.

A stream holds file names and labels (a few bytes an image) and no pixels; a batch is gone once its
consumer lets go of it.
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, RandomSampler

from trompe.empirical._torch import pick_device, torch
from trompe.empirical.inputs.data import (
    Split,
    as_floats,
    fashion_folder,
    framing_of,
    image_folder,
    load_digits,
)
from trompe.empirical.inputs.folders import Pictures, list_folder
from trompe.empirical.inputs.idx import holds_idx, list_idx, open_idx
from trompe.empirical.networks.inspection import numbered_picture
from trompe.ground.arguments import BY_ITSELF, Count, checked, kind_of_array, listed, unfit
from trompe.ground.errors import one_line, spelled
from trompe.theory import InvalidInput

Labels = NDArray[np.int64]


class ImageStream(ABC):
    """Images of one shape with a class each, in a fixed order.

    shape : (channels, height, width). labels : classes 0 .. C-1, shape (n,). device : where batches are put.
    classes : their names, where they have any.
    """

    shape: tuple[int, int, int]
    labels: Labels
    device: torch.device
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the classes that occur, in their order; numbers where they have none."""
        return tuple(
            self.classes[c] if self.classes else str(c) for c in sorted(set(self.labels.tolist()))
        )

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

    def pick(self, wanted: Collection[int], batch: int) -> dict[int, torch.Tensor]:
        """The images of these numbers, shape (channels, height, width), by one pass that ends with the last of them."""
        found: dict[int, torch.Tensor] = {}
        done, last = 0, max(wanted, default=-1)
        for part in self.batches(batch) if wanted else ():
            found |= {i: part[i - done].clone() for i in wanted if done <= i < done + len(part)}
            done += len(part)
            if done > last:
                break
        return found


def check_range(images: torch.Tensor) -> None:
    """Are these floats in [0, 1]?

    Raises
    ------
    InvalidInput : they are not, with what they seem to be.
    """
    if not images.is_floating_point():
        raise InvalidInput(
            f"images: of type {str(images.dtype).removeprefix('torch.')}; expected floats in [0, 1], so divide bytes by 255"
        )
    low, high = float(images.min()), float(images.max())
    if low >= 0 and high <= 1:
        return
    if math.isnan(low):
        advice = "leave out the images with NaN"
    elif low >= 0 and 1 < high <= 255:
        advice = "if they are 0 to 255, divide them by 255"
    elif low < 0:
        advice = "if they are normalised, give them as they were before, and put the normalisation into the network"
    else:
        advice = "scale them"
    raise InvalidInput(f"images: values from {low:.4g} to {high:.4g}; expected [0, 1]; {advice}")


class TensorStream(ImageStream):
    """Images that are in memory anyway, as a tensor or an array."""

    def __init__(self, images: Any, labels: Any = None) -> None:
        self.images = _as_tensor(images)
        if self.images.ndim != 4 or not self.images.numel():
            raise InvalidInput(
                f"images of shape {tuple(self.images.shape)}; expected (n, channels, height, width), n at least 1"
            )
        check_range(self.images)
        c, h, w = self.images.shape[1:]
        count = len(self.images)
        self.shape, self.device = (c, h, w), self.images.device
        self.labels = (
            np.zeros(count, dtype=np.int64) if labels is None else _as_labels(labels, count)
        )

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        for part in self.images.split(size):
            yield part.float()


class LoaderStream(ImageStream):
    """What a DataLoader gives: (images, labels), or images alone. It is gone through once for the labels.

    Raises
    ------
    InvalidInput : it fails, gives something else, or gives other labels at another pass, as one that shuffles does.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        if isinstance(loader.sampler, RandomSampler):
            raise InvalidInput(
                "images: the DataLoader shuffles, and an audit needs the same order at every pass; make it with "
                "shuffle=False"
            )
        self.loader = loader
        shapes, labels, device = [], [], torch.device("cpu")
        for images, of_class in self._parts():
            shapes.append(tuple(images.shape[1:]))
            labels.append(of_class)
            device = images.device
            if shapes[-1] != shapes[0]:
                raise InvalidInput(
                    f"images: the DataLoader gives shapes {shapes[0]} and {shapes[-1]}; expected one"
                )
        c, h, w = shapes[0] if shapes else (1, 1, 1)
        self.shape, self.device = (c, h, w), device
        self.labels = np.concatenate(labels) if labels else np.zeros(0, dtype=np.int64)

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        done = 0
        for images, labels in self._parts():
            if not np.array_equal(labels, self.labels[done : done + len(labels)]):
                raise InvalidInput(
                    "images: the DataLoader gives other labels than at its first pass; make it with shuffle=False"
                )
            done += len(labels)
            yield from images.split(size)
        if done != len(self):
            raise InvalidInput(
                f"images: the DataLoader gives {done} images, and {len(self)} at its first pass"
            )

    def _parts(self) -> Iterator[tuple[torch.Tensor, Labels]]:
        waiting = iter(self.loader)
        while True:
            try:
                part = next(waiting)
            except StopIteration:
                return
            except Exception as error:  # the data set is the user's code
                raise InvalidInput(
                    f"images: the DataLoader fails with {type(error).__name__}: {one_line(error)}"
                ) from error
            given = tuple(part[:2]) if isinstance(part, (tuple, list)) else (part,)
            if not given or not isinstance(given[0], torch.Tensor):
                raise InvalidInput(
                    f"images: the DataLoader gives {spelled(part)}; expected (images, labels) or images"
                )
            found = TensorStream(*given)
            yield found.images.float(), found.labels


def _as_tensor(images: Any) -> torch.Tensor:
    kind = kind_of_array(images)
    if kind == "torch" and not images.is_meta and images.layout == torch.strided:
        found: torch.Tensor = images.detach()
        return found
    if kind == "numpy":
        try:
            native = np.ascontiguousarray(images, dtype=images.dtype.newbyteorder("="))
            with warnings.catch_warnings(action="ignore"):  # that it cannot be written: nobody does
                return torch.from_numpy(native)
        except TypeError:  # objects, texts
            raise InvalidInput(
                f"images: of type {images.dtype}; expected floats in [0, 1]"
            ) from None
    raise unfit(
        "images", images, "an array or tensor (n, channels, height, width) in [0, 1], a DataLoader or what open_images gives"
    )  # fmt: skip


def one_an_image(values: Any, count: int, what: str, kinds: str, expected: str) -> NDArray[Any]:
    """A tensor, array or list as an array (count,) of these kinds of NumPy's.

    Raises
    ------
    InvalidInput : it is something else, with what was `expected`, or there is not one an image.
    """
    try:
        plain = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
        found = np.array(listed(plain, what))
        is_good = found.ndim == 1 and found.dtype.kind in kinds
    except Exception:
        is_good = False
    if not is_good:
        raise unfit(what, values, f"{expected}, one an image")
    if len(found) != count:
        raise InvalidInput(f"{count} images but {len(found)} {what}")
    return found


def _as_labels(labels: Any, count: int) -> Labels:
    return one_an_image(labels, count, "labels", "iu", "integers 0 .. C-1").astype(np.int64)


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
        self.labels, self.classes = listing.labels, listing.classes

    def name(self, index: int) -> str:
        """See ImageStream."""
        return str(self.listing.files[index])

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """See ImageStream."""
        for start in range(0, len(self), size):
            yield as_floats(self.listing.read(start, start + size), 255, self.device)


def photographs(stream: ImageStream, mark: str) -> tuple[str, ...]:
    """The photograph of each picture of a folder, see `Pictures.photographs`.

    Raises
    ------
    InvalidInput : no file has the mark, or the stream is no folder of pictures.
    """
    if not isinstance(stream, PictureStream):
        raise InvalidInput("groups: are for folders of pictures, by the names of their files")
    return stream.listing.photographs(mark)


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
def open_images(
    name: str | Path,
    device: torch.device | str = "cpu",
    *,
    resize: Sequence[Count] = (),
    crop: Sequence[Count] = (),
) -> ImageStream:
    """A stream of all images of `digits`, `fashion-mnist` or a folder of pictures or IDX files.

    Parameters
    ----------
    resize, crop : for a folder of pictures: (side,) or (height, width) in pixels. The shorter side is scaled to
        `side`, or the whole picture to height x width; then the middle is cut out.

    Raises
    ------
    InvalidInput : the folder is missing, empty or of mixed sizes, or a file is no image. A picture whose
        header is whole but whose pixels are damaged is found when its batch is read.
    """
    place, framing = pick_device(device), framing_of(name, resize, crop)
    if str(name) == "digits":
        digits = load_digits()
        return SplitStream((digits.train, digits.test), place)
    folder = fashion_folder() if str(name) == "fashion-mnist" else image_folder(name)
    if holds_idx(folder):
        return IdxStream(folder, place)
    return PictureStream(list_folder(folder, framing), place)


NaturalImages = Annotated[torch.Tensor | NDArray[Any] | DataLoader[Any] | ImageStream, BY_ITSELF]
"""What `as_stream` takes for images."""
ClassLabels = Annotated[torch.Tensor | NDArray[Any] | Sequence[int] | None, BY_ITSELF]
"""What it takes for labels."""


def as_stream(images: NaturalImages, labels: ClassLabels = None) -> ImageStream:
    """Arrays, tensors and a DataLoader as a stream; a stream, which has labels of its own, as it is.

    Raises
    ------
    InvalidInput : there is no image, values are not in [0, 1], or labels do not fit.
    """
    if isinstance(images, (ImageStream, DataLoader)) and labels is not None:
        raise InvalidInput("labels: a stream of images or a DataLoader has its own; leave them out")
    if isinstance(images, DataLoader):
        images = LoaderStream(images)
    if isinstance(images, ImageStream):
        if not len(images):
            raise InvalidInput("images: the stream holds none; an audit needs at least one")
        return images
    return TensorStream(images, labels)
