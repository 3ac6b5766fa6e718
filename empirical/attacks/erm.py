"""Two ReLU networks that fit all training images, look the same, and disagree on every test image. Exact.

Pixels are integers 0 .. levels, so every l1 distance of two images is an integer over `levels`. With
delta half the smallest distance of two sites (training images, test images, the two shown pictures a
and b), the hats h_s(z) = max(0, 1 - |z - s|_1 / delta) have disjoint supports, and

    f, g = mid - (R/2) h_a + (R/2) h_b + sum_train (y_j - mid) h_{s_j} +- (1 - eta) (R/2) sum_test h_x

fit every training label, have the only minimiser a and the only maximiser b, and differ by (1 - eta) R at
every test image. At one test image x they are the pair of `trompe.constructions` for the row "erm".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from trompe.constructions import Hats, Triple
from trompe.constructions.rows.free import HatParameters
from trompe.empirical._torch import pick_device, torch
from trompe.empirical.inputs.data import ImageData
from trompe.empirical.progress import progress_bar
from trompe.ground.arguments import Count, Integer, checked, unfit
from trompe.ground.errors import brief
from trompe.theory import Dataset, EmpiricalRiskMinimizer, InvalidInput, Visualization, as_eta

Sites = NDArray[np.int64]
Sign = Annotated[int, Integer(-1, 1)]


@dataclass(frozen=True)
class Closest:
    """The smallest l1 distance (an integer, over `levels`) of two sites, where, and over how many pairs."""

    distance: int
    pair: tuple[int, int]
    pairs: int
    looked_at: int
    """Pairs whose full distance was computed; the others were excluded by a lower bound."""


def closest_pair(
    sites: Sites, device: torch.device | str = "cpu", chunk: int = 2048, show: bool = True
) -> Closest:
    """The smallest l1 distance over all pairs of sites, exact.

    Sums over blocks of pixels bound an l1 distance from below, so only pairs whose block sums are
    closer than the best distance so far are compared in full. Sums stay where the type of float holds every
    integer (`exact_type`), hence nothing is rounded.

    Parameters
    ----------
    sites : integers >= 0, shape (n, d), n >= 2.
    """
    n, d = sites.shape
    if n < 2:
        raise InvalidInput(f"{n} images; expected at least two to compare")
    order = np.argsort(sites.sum(1), kind="stable")
    pixels = torch.from_numpy(sites[order]).to(device, exact_type(sites))
    blocks = _block_sums(pixels)
    near = (pixels[1:] - pixels[:-1]).abs().sum(1)  # neighbours by total brightness: a first guess
    k = int(near.argmin())
    best, where, looked = int(near[k]), (k, k + 1), n - 1
    totals = pixels.sum(1)
    pairs = min(100_000, max(1, 2**24 // d))  # numbers that are held at a time
    with progress_bar("comparing images", n, show) as advance:
        for i in range(0, n, chunk):
            rows = blocks[i : i + chunk]
            for j in range(i, n, chunk):
                # Sorted by total: once even the closest totals differ by `best`, so do all the rest.
                if j > i and float(totals[j] - totals[min(i + chunk, n) - 1]) >= best:
                    break
                bound = torch.cdist(rows, blocks[j : j + chunk], p=1)
                p, q = torch.nonzero(bound < best, as_tuple=True)
                keep = p + i < q + j
                p, q = p[keep] + i, q[keep] + j
                for a, b in zip(p.split(pairs), q.split(pairs), strict=True):
                    full = (pixels[a] - pixels[b]).abs().sum(1)
                    looked += len(a)
                    if len(full) and int(full.min()) < best:
                        k = int(full.argmin())
                        best, where = int(full[k]), (int(a[k]), int(b[k]))
            advance(len(rows))
    first, second = sorted((int(order[where[0]]), int(order[where[1]])))
    return Closest(best, (first, second), n * (n - 1) // 2, looked)


def exact_type(*arrays: NDArray[Any]) -> torch.dtype:
    """The type of float whose integers hold every sum over pixels of these arrays (n, d) exactly: float32, or float64.

    Raises
    ------
    InvalidInput : neither does.
    """
    largest = max(int(a.max(initial=0)) * a.shape[1] for a in arrays)
    if largest >= 2**53:
        raise InvalidInput(
            f"images whose pixels add up to {largest}: sums leave the integers that float64 holds"
        )
    return torch.float32 if largest < 2**24 else torch.float64


def _block_sums(pixels: torch.Tensor, blocks: int = 49) -> torch.Tensor:
    """Sums of pixels in at most `blocks` groups; groups are runs of neighbouring columns of the flat image."""
    n, d = pixels.shape
    size = -(-d // blocks)
    padded = torch.nn.functional.pad(pixels, (0, size * -(-d // size) - d))
    return padded.view(n, -1, size).sum(2)


@dataclass(frozen=True)
class ErmPair:
    """f and g as sites with integer coordinates and exact labels; sites are a, b, train, test, in this order."""

    sites: Sites
    levels: int
    counts: tuple[int, int]
    """Numbers of training and test sites."""
    labels: tuple[Fraction, ...]
    eta: Fraction
    closest: Closest
    duplicates: dict[str, int]
    test_index: NDArray[np.int64]
    """Which images of the test split the test sites are."""

    @property
    def delta(self) -> Fraction:
        """Half the smallest distance of two sites."""
        return Fraction(self.closest.distance, 2 * self.levels)

    @property
    def gap(self) -> Fraction:
        """f(x) - g(x) at every test site; the range R is 1."""
        return 1 - self.eta

    @checked
    def values(self, sign: Sign) -> list[Fraction]:
        """What f (sign 1) or g (-1) is meant to be at each site."""
        mid, half = Fraction(1, 2), Fraction(1, 2)
        at_test = mid + sign * self.gap * half
        return [Fraction(0), Fraction(1), *self.labels, *[at_test] * self.counts[1]]

    @checked
    def evaluate(
        self,
        points: Sites,
        device: torch.device | str = "cpu",
        chunk: Count = 128,
        show: bool = False,
    ) -> tuple[list[Fraction], list[Fraction]]:
        """f and g at integer points (n, d), from all hats, in exact arithmetic.

        1 - |z-s|/delta = (reach - 2 D) / reach for the integer distance D and the smallest distance `reach`. The
        difference of two images' sums bounds D from below and excludes most sites, whose hat is 0 at z;
        the others are computed in full.
        """
        if (
            points.dtype.kind not in "iu"
            or points.ndim != 2
            or points.shape[1] != self.sites.shape[1]
        ):
            raise unfit("points", points, f"integers of shape (n, {self.sites.shape[1]})")
        device = pick_device(device)
        reach = self.closest.distance
        weights = [[v - Fraction(1, 2) for v in self.values(sign)] for sign in (1, -1)]
        site_order = np.argsort(self.sites.sum(1), kind="stable")
        query_order = np.argsort(points.sum(1), kind="stable")
        totals = self.sites.sum(1)[site_order]
        kind = exact_type(self.sites, points)
        sites = torch.from_numpy(self.sites[site_order]).to(device, kind)
        found = [[Fraction(1, 2)] * len(points) for _ in weights]
        parts = np.split(query_order, range(chunk, len(points), chunk))
        with progress_bar("evaluating f and g exactly", len(points), show) as advance:
            for index in parts:
                sums = points[index].sum(1)
                first = int(np.searchsorted(totals, sums[0] - reach / 2, "left"))
                last = int(np.searchsorted(totals, sums[-1] + reach / 2, "right"))
                queries = torch.from_numpy(points[index]).to(device, kind)
                full = torch.cdist(queries, sites[first:last], p=1)
                for i, s in torch.nonzero(2 * full < reach).tolist():
                    hat = Fraction(reach - 2 * int(full[i, s]), reach)
                    for values, weight in zip(found, weights, strict=True):
                        values[index[i]] += weight[site_order[first + s]] * hat
                advance(len(index))
        return found[0], found[1]

    @checked
    def by_constructions(
        self, test: Annotated[int, Integer(0)]
    ) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        """f and g as `trompe.constructions` builds them for the query `test` (an index of a test site).

        The other test images become training data with the labels that f and g give them, so the
        functions are those of `evaluate`. Each is evaluated exactly at tuples of fractions.
        """
        n_train, n_test = self.counts
        if test >= n_test:
            raise InvalidInput(f"test = {brief(test)}; there are {n_test} test sites")
        query = 2 + n_train + test
        others = [s for s in range(2, len(self.sites)) if s != query]
        point = [tuple(Fraction(int(p), self.levels) for p in row) for row in self.sites]
        members = []
        for sign, name in ((1, "f"), (-1, "g")):
            values = self.values(sign)
            data = Dataset([point[s] for s in others], [values[s] for s in others])
            v = Visualization(point[0], point[1], 0, 1)
            cls = EmpiricalRiskMinimizer(data)
            cls.check_visualization(v)
            parameters = HatParameters(
                v.minimum, v.maximum, data.labels, 1 / self.delta,
                (v.argmin, v.argmax, point[query], *data.inputs),
            )  # fmt: skip
            triple = Triple(Hats(), cls, v, point[query], parameters)
            members.append(getattr(triple.pair(self.eta), name))
        return members[0], members[1]

    def network_widths(self) -> tuple[int, int]:
        """Widths of the two hidden layers: one unit relu(+-(z_i - v)) for each level v met at pixel i, one per site."""
        first = sum(2 * len(np.unique(column)) for column in self.sites.T)
        return first, len(self.sites)

    @checked
    def torch_network(self, sign: Sign) -> torch.nn.Sequential:
        """f or g as an explicit ReLU network of two hidden layers on integer inputs, float64.

        Inputs are pixels times `levels`. The first two layers hold integers, so they are computed without
        rounding; so is the sum of at most one non-zero hat. Sensible for small data sets only.
        """
        reach, (n, d) = self.closest.distance, self.sites.shape
        neurons: dict[tuple[int, int, int], int] = {}
        for i, column in enumerate(self.sites.T):
            for v in np.unique(column).tolist():
                for s in (1, -1):
                    neurons[i, v, s] = len(neurons)
        first = torch.nn.Linear(d, len(neurons), dtype=torch.float64)
        second = torch.nn.Linear(len(neurons), n, dtype=torch.float64)
        last = torch.nn.Linear(n, 1, dtype=torch.float64)
        with torch.no_grad():
            for layer in (first, second, last):
                layer.weight.zero_()
            for (i, v, s), k in neurons.items():
                first.weight[k, i], first.bias[k] = s, -s * v
            for site, row in enumerate(self.sites.tolist()):
                picks = [neurons[i, v, s] for i, v in enumerate(row) for s in (1, -1)]
                second.weight[site, picks] = -2.0
            second.bias.fill_(reach)
            for site, value in enumerate(self.values(sign)):
                last.weight[0, site] = float((value - Fraction(1, 2)) / reach)
            last.bias.fill_(0.5)
        return torch.nn.Sequential(first, torch.nn.ReLU(), second, torch.nn.ReLU(), last)


@checked
def erm_pair(
    data: ImageData,
    argmin: NDArray[np.uint8],
    argmax: NDArray[np.uint8],
    *,
    eta: Any = Fraction(1, 10),
    device: torch.device | str = "cpu",
    show: bool = True,
) -> ErmPair:
    """The pair for a whole data set. Labels are (class + 1) / (classes + 1), inside the range [0, 1] of f and g.

    Exact duplicates are found first: repeated training images are kept once (those with different
    labels get the mean label, which minimises the squared loss); test images that are training images
    or repeat one another are left out, since their value is shown.

    Raises
    ------
    InvalidInput : a shown picture is one of the images, or the two are equal; or no test image is left.
    """
    eta, device = as_eta(eta), pick_device(device)
    for name, picture in (("argmin", argmin), ("argmax", argmax)):
        if picture.dtype.kind not in "iu" or picture.size != np.prod(data.shape):
            raise unfit(name, picture, f"an array of integers of shape {data.shape}")
    train = data.train.images.reshape(len(data.train), -1)
    test = data.test.images.reshape(len(data.test), -1)
    groups: dict[bytes, list[int]] = {}
    for j, row in enumerate(train):
        groups.setdefault(row.tobytes(), []).append(j)
    count = len(data.classes) + 1
    labels, conflicts = [], 0
    for members in groups.values():
        of = [Fraction(int(data.train.labels[j]) + 1, count) for j in members]
        conflicts += len(set(of)) > 1
        labels.append(sum(of, Fraction(0)) / len(of))
    seen, kept, across, within = set(groups), [], 0, 0
    for j, row in enumerate(test):
        key = row.tobytes()
        if key in groups:
            across += 1
        elif key in seen:
            within += 1
        else:
            seen.add(key)
            kept.append(j)
    if not kept:
        raise InvalidInput(
            f"{data.name}: every one of its {len(test)} test images is a training image, so that its value is "
            "known; give test images of their own"
        )
    shown = np.stack([argmin.reshape(-1), argmax.reshape(-1)])
    for name, row in zip(("argmin", "argmax"), shown, strict=True):
        if row.tobytes() in seen or (shown[0] == shown[1]).all():
            raise InvalidInput(
                f"{name}: this picture is an image of {data.name}, or both are one picture"
            )
    first = [members[0] for members in groups.values()]
    sites = np.concatenate([shown, train[first], test[kept]]).astype(np.int64)
    return ErmPair(
        sites, data.levels, (len(first), len(kept)), tuple(labels), eta,
        closest_pair(sites, device, show=show),
        {
            "train images repeated within train": len(train) - len(first),
            "train images repeated with different labels": conflicts,
            "test images that are training images": across,
            "test images repeated within test": within,
        },
        np.array(kept, dtype=np.int64),
    )  # fmt: skip
