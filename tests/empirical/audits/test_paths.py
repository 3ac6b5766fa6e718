"""Rank correlations against scipy, and path similarity against the slow definition."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import itertools

import numpy as np

from trompe.empirical import correlations, path_similarity
from trompe.empirical.audits.paths import share_below
from trompe.empirical.inspection import capture
from trompe.empirical.similarity import average_ranks
from trompe.theory import InvalidInput, UnknownKey


@pytest.mark.parametrize("levels", [2, 7, 10**6])
def test_ranks_and_correlations_are_scipys(levels):
    stats = pytest.importorskip("scipy.stats", reason="the second derivation is scipy's")
    rng = np.random.default_rng(levels)
    x = rng.integers(0, levels, (12, 40)).astype(np.float32)
    y = rng.integers(0, levels, (9, 40)).astype(np.float32)
    assert np.array_equal(average_ranks(torch.from_numpy(x)).numpy() + 1, stats.rankdata(x, axis=1))
    got = correlations(torch.from_numpy(x), torch.from_numpy(y))
    for i, j in itertools.product(range(12), range(9)):
        assert abs(float(got[i, j]) - stats.spearmanr(x[i], y[j]).statistic) < 1e-4
        pearson = correlations(
            torch.from_numpy(x[i : i + 1]), torch.from_numpy(y[j : j + 1]), "pearson"
        )
        assert abs(float(pearson) - np.corrcoef(x[i], y[j])[0, 1]) < 1e-4


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


def slow(model, layer, natural, labels, probe, c):
    """Straight from the definition: loops over pairs of images."""
    with torch.no_grad(), capture(model, [layer]) as out:
        model(natural)
        acts = out[layer].flatten(1)
        model(probe)
        mine = out[layer].flatten(1)
    matrix = correlations(acts, acts)
    of = {k: [i for i, y in enumerate(labels.tolist()) if y == k] for k in set(labels.tolist())}
    same, different = [], []
    for k, members in of.items():
        same.append(np.mean([matrix[i, j] for i, j in itertools.permutations(members, 2)]))
        others = [j for q, rest in of.items() if q != k for j in rest]
        different.append(np.mean([matrix[i, j] for i in members for j in others]))
    raw = float(correlations(mine, acts)[0, of[c]].mean())
    return (raw - np.mean(different)) / (np.mean(same) - np.mean(different))


def test_streamed_similarity_is_the_definition(cnn, digits):
    pick = torch.cat(
        [torch.nonzero(digits.train.targets() == c).view(-1)[: 4 + c] for c in (0, 1, 2)]
    )
    natural, labels = digits.train.tensor()[pick], digits.train.targets()[pick]
    probe = torch.rand(1, 1, 8, 8)
    layers = ["features.relu1", "features.relu3", "linear"]
    found = path_similarity(
        cnn, layers, natural, labels, {"p": (probe, torch.tensor([2]))}, batch=5
    )["p"]
    for value in found:
        assert abs(value.mean - slow(cnn, value.layer, natural, labels, probe, 2)) < 1e-6


def test_natural_images_come_out_near_one_and_of_other_classes_near_zero(cnn, digits):
    x, y = digits.train.tensor(), digits.train.targets()
    held, of = digits.test.tensor(), digits.test.targets()
    found = path_similarity(
        cnn, ["linear"], x, y, {"right": (held, of), "wrong": (held, (of + 1) % 10)}
    )
    assert found["right"][0].mean > 0.8
    assert abs(found["wrong"][0].mean) < 0.3
    assert share_below(found["wrong"]) == 1
    assert found["right"][0].error < 0.2


def test_too_few_images(cnn):
    with pytest.raises(InvalidInput, match="at least two classes of two images each"):
        path_similarity(cnn, ["linear"], torch.rand(3, 1, 8, 8), torch.tensor([0, 0, 1]), {})
