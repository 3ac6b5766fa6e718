"""How alike are tensors: bit for bit, by share, by correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import Floats, torch
from trompe.ground.arguments import checked
from trompe.ground.errors import known
from trompe.theory import InvalidInput, MissingDependency

MEASURES = ("spearman", "pearson", "cosine")


def average_ranks(x: torch.Tensor) -> torch.Tensor:
    """Ranks 0 .. d-1 within each row, equal values sharing the mean of theirs; computed on the CPU. Shape (n, d), float64.

    Raises
    ------
    MissingDependency : x is float64 and scipy is not installed.
    """
    values = x.detach().cpu()
    if values.dtype != torch.float64:
        ranks = np.empty(values.shape)
        for row, its_ranks in zip(values.float().numpy(), ranks, strict=True):
            its_ranks[:] = _float32_ranks(row)
        return torch.from_numpy(ranks).to(x.device)
    try:
        from scipy.stats import rankdata  # takes half a second to import
    except ImportError as error:
        raise MissingDependency(
            "scipy is not installed; it comes with: pip install 'trompe[empirical]'"
        ) from error
    return torch.from_numpy(rankdata(values.numpy(), axis=1) - 1).to(x.device)


def _float32_ranks(row: NDArray[np.float32]) -> NDArray[np.float64]:
    """`average_ranks` of one row, in a fifth to half of SciPy's time: a number and its place are sorted as one integer of 64 bits."""
    if np.isnan(row).any():
        return np.full(len(row), np.nan)  # as SciPy's
    bits = (row + np.float32(0)).view(np.int32)  # -0 becomes 0
    in_order = np.where(bits < 0, ~bits, bits | np.int32(-(2**31))).view(np.uint32)
    both = (in_order.astype(np.uint64) << np.uint64(32)) | np.arange(len(row), dtype=np.uint64)
    both.sort()
    places = both.astype(np.uint32)
    values = both >> np.uint64(32)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    counts = np.diff(starts, append=len(row))
    ranks = np.empty(len(row))
    ranks[places] = np.repeat(starts + (counts - 1) / 2, counts)
    return ranks


def unit_rows(x: torch.Tensor, measure: str = "spearman") -> torch.Tensor:
    """Rows of shape (n, d) such that inner products are correlations; a constant row becomes 0. float64.

    Raises
    ------
    UnknownKey : measure is none of spearman, pearson, cosine.
    """
    known("measure", measure, MEASURES)
    rows = average_ranks(x) if measure == "spearman" else x.double()
    if measure != "cosine":
        rows = rows - rows.mean(1, keepdim=True)
    norms = rows.norm(dim=1, keepdim=True)
    tiny = 1e-12 * x.double().abs().amax(1, keepdim=True).clamp_min(1e-300) * x.shape[1] ** 0.5
    return torch.where(norms > tiny, rows / norms.clamp_min(1e-300), torch.zeros_like(rows))


@checked
def correlations(x: Floats, y: Floats, measure: str = "spearman") -> torch.Tensor:
    """Correlation of every row of x (n, d) with every row of y (m, d). Shape (n, m), float64."""
    if not x.ndim == y.ndim == 2 or x.shape[1] != y.shape[1]:
        raise InvalidInput(
            f"rows of shapes {tuple(x.shape)} and {tuple(y.shape)}; expected (n, d) and (m, d)"
        )
    return unit_rows(x, measure) @ unit_rows(y, measure).T


def mean_pair_correlation(images: torch.Tensor) -> float:
    """The mean Pearson correlation of different images of one seed, images of shape (units, ...)."""
    n, rows = len(images), images.flatten(1)
    return float((correlations(rows, rows, "pearson").sum() - n) / (n * (n - 1)))


def paired_correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean Pearson correlation of images that belong together."""
    a, b = a.flatten(1).double(), b.flatten(1).double()
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return ((a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp_min(1e-12)).mean()


@checked
def identical(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Which rows agree in every bit (0 and -0 count as equal). Shape (n,), boolean."""
    if a.shape != b.shape:
        raise InvalidInput(
            f"outputs of shapes {tuple(a.shape)} and {tuple(b.shape)}; expected equal ones"
        )
    return (a == b).flatten(1).all(1)


def share(flags: torch.Tensor) -> float:
    """The share of true entries as a quotient of integers, rounded once."""
    return int(flags.sum()) / max(flags.numel(), 1)
