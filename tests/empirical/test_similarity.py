"""Correlations against scipy."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import itertools

import numpy as np

from trompe.empirical import correlations
from trompe.empirical.similarity import (
    average_ranks,
    identical,
    mean_pair_correlation,
    paired_correlation,
    share,
)
from trompe.theory import InvalidInput, UnknownKey


@pytest.mark.parametrize("levels", [2, 7, 10**6])
def test_ranks_and_correlations_are_those_of_the_definition(levels):
    stats = pytest.importorskip("scipy.stats", reason="the second derivation is scipy's")
    rng = np.random.default_rng(levels)
    x = rng.integers(0, levels, (12, 40)).astype(np.float32)
    y = rng.integers(0, levels, (9, 40)).astype(np.float32)
    below = (x[:, None, :] < x[:, :, None]).sum(2)
    equal = (x[:, None, :] == x[:, :, None]).sum(2)
    assert np.array_equal(average_ranks(torch.from_numpy(x)).numpy(), below + (equal - 1) / 2)
    assert (
        torch.equal(average_ranks(torch.from_numpy(x)), average_ranks(torch.tensor(x).bfloat16()))
        or levels > 100
    )
    got = correlations(torch.from_numpy(x), torch.from_numpy(y))
    for i, j in itertools.product(range(12), range(9)):
        assert abs(float(got[i, j]) - stats.spearmanr(x[i], y[j]).statistic) < 1e-4
        pearson = correlations(
            torch.from_numpy(x[i : i + 1]), torch.from_numpy(y[j : j + 1]), "pearson"
        )
        assert abs(float(pearson) - np.corrcoef(x[i], y[j])[0, 1]) < 1e-4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ranks_of_numbers_of_every_size_are_those_of_scipy(dtype):
    """A float32 and its place are sorted as one integer: signs, zeros of both signs, the smallest and the infinite."""
    stats = pytest.importorskip("scipy.stats", reason="the second derivation is scipy's")
    rng = np.random.default_rng(0)
    tiny = np.finfo(dtype).smallest_subnormal
    special = [0.0, -0.0, tiny, -tiny, np.inf, -np.inf, 1.0, np.nextafter(dtype(1), dtype(2)), -1.0]
    x = np.concatenate(
        [special, special[:5], rng.normal(size=50) * 10.0 ** rng.integers(-30, 30, 50)]
    )
    rows = np.stack([rng.permutation(x) for _ in range(8)]).astype(dtype)
    rows[-1, 3] = np.nan
    got = average_ranks(torch.from_numpy(rows)).numpy()
    assert np.array_equal(got, stats.rankdata(rows, axis=1) - 1, equal_nan=True)
    assert np.isnan(got[-1]).all() and not np.isnan(got[:-1]).any()


def test_ties_need_averaging():
    """The planted fault: ordinal ranks are not average ranks where values repeat, as after a ReLU."""
    x = torch.tensor([[0.0, 0.0, 0.0, 2.0, 5.0]])
    assert average_ranks(x).tolist() == [[1, 1, 1, 3, 4]]
    assert x.argsort(1).argsort(1).tolist() != average_ranks(x).tolist()


def test_constant_rows_correlate_with_nothing():
    x = torch.cat([torch.ones(1, 30), torch.rand(1, 30)])
    for measure in ("spearman", "pearson"):
        assert correlations(x, x, measure)[0].tolist() == [0, 0]
    with pytest.raises(UnknownKey, match="spearman"):
        correlations(x, x, "spearmen")


def test_pairs_of_images_are_correlated_as_rows():
    x, y = torch.rand(5, 1, 4, 3), torch.rand(5, 1, 4, 3)
    rows = np.corrcoef(x.flatten(1).double(), y.flatten(1).double())
    apart = rows[:5, :5][~np.eye(5, dtype=bool)]
    assert abs(mean_pair_correlation(x) - apart.mean()) < 1e-12
    assert abs(float(paired_correlation(x, y)) - rows[:5, 5:].diagonal().mean()) < 1e-12


def test_bits_that_agree_and_shares_of_them():
    x = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    y = x.clone()
    y[0, 0], y[1, 1] = -0.0, torch.nextafter(y[1, 1], torch.tensor(9.0))
    assert identical(x, y).tolist() == [True, False, True]
    assert share(identical(x, y)) == 2 / 3
    with pytest.raises(InvalidInput, match="expected equal ones"):
        identical(x, y[:2])
