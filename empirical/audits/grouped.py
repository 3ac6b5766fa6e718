"""Images in groups, as crops of one photograph: what is summed over them, and what leaving one out changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import torch
from trompe.empirical.inputs.streams import ImageStream, one_an_image
from trompe.ground.arguments import BY_ITSELF
from trompe.theory import InvalidInput

GroupLabels = Annotated[
    torch.Tensor | NDArray[Any] | Sequence[int] | Sequence[str] | None, BY_ITSELF
]
"""One integer or text an image, equal for images of one group; None where each image is by itself."""


@dataclass(frozen=True)
class Groups:
    """The images of a stream by class and by group; a group has images of one class."""

    classes: tuple[int, ...]
    of_image: NDArray[np.int64]
    """The group of each image, 0 .. G-1 in the order of their first images, shape (n,)."""
    of: torch.Tensor
    """The place in `classes` of each group's class, shape (G,)."""
    size: torch.Tensor
    """How many images each group has, shape (G,), float64."""

    def a_class(self, numbers: torch.Tensor) -> torch.Tensor:
        """The sum of one number a group over the groups of each class, shape (C,), float64."""
        return numbers.new_zeros(len(self.classes)).index_add_(0, self.of, numbers)

    @property
    def images(self) -> torch.Tensor:
        """Images of each class."""
        return self.a_class(self.size)

    @property
    def counts(self) -> torch.Tensor:
        """Groups of each class."""
        return self.a_class(torch.ones_like(self.size))

    @property
    def pairs(self) -> torch.Tensor:
        """Ordered pairs of images of each class that are of different groups."""
        return self.images.square() - self.a_class(self.size.square())


def grouped(stream: ImageStream, groups: GroupLabels = None) -> Groups:
    """The groups of a stream's images.

    Raises
    ------
    InvalidInput : not one integer or text an image; a group of two classes; fewer than two classes, or than two groups
    in one of them.
    """
    classes, row = np.unique(stream.labels, return_inverse=True)
    names = (
        np.arange(len(stream))
        if groups is None
        else one_an_image(groups, len(stream), "groups", "iuU", "integers or texts")
    )
    _, first, place = np.unique(names, return_index=True, return_inverse=True)
    numbers = np.empty(len(first), dtype=np.int64)
    numbers[np.argsort(first)] = np.arange(len(first))  # in the order of their first images
    of_image, of = numbers[place], row[np.sort(first)]
    mixed = np.flatnonzero(of[of_image] != row)
    if len(mixed):
        raise InvalidInput(
            f"groups: {str(names[mixed[0]])!r} has images of classes {classes[of[of_image[mixed[0]]]]} and "
            f"{classes[row[mixed[0]]]}; expected one class a group"
        )
    counts = np.bincount(of, minlength=len(classes))
    if len(classes) < 2 or counts.min() < 2:
        what = "images" if groups is None else "groups of images"
        raise InvalidInput(
            f"path similarity: classes with {sorted(counts.tolist())[:8]} {what}; expected at least two classes of "
            f"two {what} each"
        )
    size = np.bincount(of_image).astype(np.float64)
    device = stream.device
    return Groups(
        tuple(classes.tolist()),
        of_image,
        torch.from_numpy(of).to(device),
        torch.from_numpy(size).to(device),
    )


class GroupSums:
    """Sums of vectors over the images of each group, given out once a group's last image has come.

    Held are the sums of the groups that have begun and not ended: one, where the images of a group lie together.
    """

    def __init__(self, groups: Groups) -> None:
        self._of = groups.of_image
        self._left = np.bincount(groups.of_image)
        self._open: dict[int, torch.Tensor] = {}

    def add(self, first: int, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (k, D) of the images from number `first` on: the groups that end there (m,), and their sums (m, D)."""
        here = self._of[first : first + len(vectors)]
        numbers, place = np.unique(here, return_inverse=True)
        sums = vectors
        if not np.array_equal(place, np.arange(len(vectors))):
            into = torch.from_numpy(place).to(vectors.device)
            sums = vectors.new_zeros(len(numbers), vectors.shape[1]).index_add_(0, into, vectors)
        self._left[numbers] -= np.bincount(place)
        has_ended = self._left[numbers] == 0
        for k, number in enumerate(numbers.tolist()):
            if number in self._open:
                sums[k] += self._open.pop(number)
            if not has_ended[k]:
                self._open[number] = sums[k].clone()
        ended = torch.from_numpy(has_ended).to(vectors.device)
        return torch.from_numpy(numbers[has_ended]).to(vectors.device), sums[ended]


class LeftOut:
    """The mean similarity of probes in one layer without each group of natural images in turn.

    Everything is a quotient of sums over pairs of images: of one class, of different classes, of a class and its probes. A
    group takes its own pairs out of them, which are its inner products with the classes' sums.

    Parameters
    ----------
    sums : (C, D), the sum of the unit vectors of each class. squares : (C,), the squares of its groups' sums. held :
        (C, D) and (C,), sum and number of the images that the probes are held against. probes : (C, D), the sum of the
        probes' unit vectors. count : (C,) probes of each class. aside : (G,), groups that are not among the held.
    """

    def __init__(
        self,
        groups: Groups,
        sums: torch.Tensor,
        squares: torch.Tensor,
        held: tuple[torch.Tensor, torch.Tensor],
        probes: torch.Tensor,
        count: torch.Tensor,
        aside: torch.Tensor,
    ) -> None:
        self.groups, self.sums, self.probes, self.count, self.aside = (
            groups, sums, probes, count, aside
        )  # fmt: skip
        self.images, self.pair_count = groups.images, groups.pairs
        self.pairs = sums.square().sum(1) - squares
        self.others = (sums * (sums.sum(0) - sums)).sum(1)
        self.with_probes, self.held = (held[0] * probes).sum(1), held[1]
        self.total = torch.zeros_like(self.images)
        self.total_of_squares = torch.zeros_like(self.images)

    def add(self, numbers: torch.Tensor, vectors: torch.Tensor) -> None:
        """Leave out the groups of these numbers (m,), with these sums of unit vectors (m, D), one at a time."""
        of, size = self.groups.of[numbers], self.groups.size[numbers]
        inner = vectors @ self.sums.T
        m, images, every = len(numbers), self.images, self.images.sum()
        own = torch.arange(m, device=of.device), of
        left = images[of] - size
        same = (self.pairs / self.pair_count).expand(m, -1).clone()
        own_pairs = inner[own] - vectors.square().sum(1)
        same[own] = (self.pairs[of] - 2 * own_pairs) / (self.pair_count[of] - 2 * size * left)
        different = (self.others - inner) / (images * (every - size[:, None] - images))
        to_others = inner.sum(1) - inner[own]
        different[own] = (self.others[of] - to_others) / (left * (every - images[of]))
        is_probed, count = self.count > 0, self.count.clamp_min(1)
        raw = (self.with_probes / (self.held * count)).expand(m, -1).clone()
        is_held = ~self.aside[numbers]
        mine = (vectors * self.probes[of]).sum(1) * is_held
        raw[own] = (self.with_probes[of] - mine) / ((self.held[of] - size * is_held) * count[of])
        low = different.mean(1)
        value = (raw[:, is_probed].mean(1) - low) / (same.mean(1) - low)
        self.total.index_add_(0, of, value)
        self.total_of_squares.index_add_(0, of, value.square())

    def error(self) -> float:
        """The square root of the sum over classes of (n-1)/n times the squared deviations from the class's mean, n groups."""
        count = self.groups.counts
        spread = self.total_of_squares - self.total.square() / count
        return float((((count - 1) / count) * spread.clamp_min(0)).sum().sqrt())
