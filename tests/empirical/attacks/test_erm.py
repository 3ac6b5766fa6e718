"""The ERM witness: exact, complete, and equal to the table's construction."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from fractions import Fraction

import numpy as np

from trompe.empirical import erm_pair
from trompe.empirical.attacks.erm import closest_pair, exact_type
from trompe.empirical.inputs.data import ImageData, Split
from trompe.theory import InvalidInput


def data_of(train, labels, test):
    shaped = [np.array(p, dtype=np.uint8).reshape(len(p), 1, 2, 3) for p in (train, test)]
    return ImageData(
        "tiny",
        Split(shaped[0], np.array(labels), 16),
        Split(shaped[1], np.zeros(len(test), int), 16),
        ("a", "b"),
    )


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def tiny(rng):
    points = np.unique(rng.integers(0, 17, (14, 6)), axis=0)
    assert len(points) == 14
    return data_of(points[:8], [0, 1] * 4, points[8:])


SHOWN = np.zeros((2, 3), np.uint8), np.full((2, 3), 16, np.uint8)


@pytest.mark.parametrize(("n", "d", "top"), [(2, 3, 5), (300, 20, 16), (60, 200, 255), (200, 7, 3)])
def test_closest_pair_is_brute_force(rng, n, d, top):
    sites = rng.integers(0, top + 1, (n, d))
    found = closest_pair(sites, chunk=37, show=False)
    distances = np.abs(sites[:, None] - sites[None]).sum(2)
    np.fill_diagonal(distances, 10**9)
    assert found.distance == distances.min()
    assert distances[found.pair] == found.distance
    assert found.pairs == n * (n - 1) // 2


def test_f_and_g_at_every_site(tiny):
    pair = erm_pair(tiny, *SHOWN, show=False)
    f, g = pair.evaluate(pair.sites)
    assert (f[0], g[0], f[1], g[1]) == (0, 0, 1, 1)
    assert f[2:10] == g[2:10] == [Fraction(1, 3), Fraction(2, 3)] * 4
    assert {a - b for a, b in zip(f[10:], g[10:], strict=True)} == {Fraction(9, 10)}


def test_off_the_sites_it_is_the_definition(tiny, rng):
    pair = erm_pair(tiny, *SHOWN, show=False)
    points = np.concatenate(
        [rng.integers(0, 17, (20, 6)), pair.sites[4:5] + np.array([1, 0, 0, 0, 0, 0])]
    )
    for sign, values in zip((1, -1), pair.evaluate(points), strict=True):
        for point, value in zip(points, values, strict=True):
            slow = Fraction(1, 2)
            for site, label in zip(pair.sites, pair.values(sign), strict=True):
                l1 = sum(
                    Fraction(abs(int(p) - int(s)), 16) for p, s in zip(point, site, strict=True)
                )
                slow += (label - Fraction(1, 2)) * max(Fraction(0), 1 - l1 / pair.delta)
            assert value == slow


def test_it_is_the_pair_of_the_constructions(tiny):
    pair = erm_pair(tiny, *SHOWN, show=False)
    points = np.concatenate([pair.sites, pair.sites[3:4] + np.array([0, 1, 0, 0, 0, 0])])
    f, g = pair.evaluate(points)
    by_f, by_g = pair.by_constructions(2)
    for row, a, b in zip(points, f, g, strict=True):
        z = tuple(Fraction(min(int(p), 16), 16) for p in row)
        if all(p <= 16 for p in row):
            assert (by_f(z), by_g(z)) == (a, b)


def test_the_explicit_network_computes_it(tiny, rng):
    pair = erm_pair(tiny, *SHOWN, show=False)
    points = np.concatenate([pair.sites, rng.integers(0, 17, (10, 6))])
    with torch.no_grad():
        for sign, values in zip((1, -1), pair.evaluate(points), strict=True):
            network = pair.torch_network(sign)
            out = network(torch.from_numpy(points).double()).view(-1)
            assert max(abs(float(o) - float(v)) for o, v in zip(out, values, strict=True)) < 1e-14
            assert (network[0].out_features, network[2].out_features) == pair.network_widths()


def test_duplicates_are_counted_and_left_out(tiny):
    train = tiny.train.images.reshape(8, 6)
    test = tiny.test.images.reshape(6, 6)
    data = data_of(
        np.concatenate([train, train[:2]]),
        [0, 1] * 4 + [0, 0],
        np.concatenate([test, test[:1], train[:3]]),
    )
    pair = erm_pair(data, *SHOWN, show=False)
    assert pair.duplicates == {
        "train images repeated within train": 2,
        "train images repeated with different labels": 1,
        "test images that are training images": 3,
        "test images repeated within test": 1,
    }
    assert pair.counts == (8, 6)
    assert pair.labels[1] == Fraction(1, 2)  # the mean of 2/3 and 1/3 minimises the squared loss


def test_a_shown_picture_must_be_new(tiny):
    used = tiny.train.images[0]
    with pytest.raises(InvalidInput, match="argmax: this picture is an image of tiny"):
        erm_pair(tiny, SHOWN[0], used, show=False)
    with pytest.raises(InvalidInput, match="both are one picture"):
        erm_pair(tiny, SHOWN[0], SHOWN[0], show=False)


def test_a_delta_that_is_too_large_is_seen(tiny):
    """The planted fault: with overlapping hats the training labels are missed."""
    from dataclasses import replace

    pair = erm_pair(tiny, *SHOWN, show=False)
    wrong = replace(pair, closest=replace(pair.closest, distance=pair.closest.distance * 6))
    f, _ = wrong.evaluate(wrong.sites)
    assert f != wrong.values(1)


def test_a_set_without_test_images_of_its_own_is_refused(tiny):
    copies = ImageData("copies", tiny.train, tiny.train, tiny.classes)
    with pytest.raises(InvalidInput, match="copies: every one of its 8 test images is a training"):
        erm_pair(copies, *SHOWN, show=False)


def test_distances_beyond_float32_are_exact():
    """Images as large as photographs: sums up to 38 million, where float32 holds only each second or fourth integer."""
    sites = np.random.default_rng(0).integers(0, 256, (5, 150_528))
    sites[1:] = np.where(np.arange(150_528) < 150_000, 255 * (np.arange(4)[:, None] % 2), sites[1:])
    exact = {
        (i, j): int(np.abs(sites[i] - sites[j]).sum()) for i in range(5) for j in range(i + 1, 5)
    }
    found = closest_pair(sites, show=False)
    assert found.distance == exact[found.pair] == min(exact.values())
    assert exact_type(sites) == torch.float64
    assert exact_type(sites[:, :64]) == torch.float32
    assert int(torch.from_numpy(sites).float().sum(1)[1]) != int(sites[1].sum()) or int(
        torch.from_numpy(sites).float().sum(1)[2]
    ) != int(sites[2].sum())  # what float32 would do
    with pytest.raises(InvalidInput, match="leave the integers that float64 holds"):
        exact_type(np.full((1, 8), 2**52))
