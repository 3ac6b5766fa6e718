"""Path similarity against the slow definition, and the audit of a user's network."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import itertools

import numpy as np
import zoo

from trompe.empirical import audit_paths, correlations, path_similarity
from trompe.empirical.audits.paths import phase_scrambled, share_below
from trompe.empirical.inspection import capture
from trompe.theory import InvalidInput, UnknownKey


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


def test_paths_of_a_users_model(cnn, digits):
    x, y = digits.test.tensor(), digits.test.targets()
    found = audit_paths(cnn, ["features.relu1", "linear"], x, y, steps=48, seeds=(0,))
    assert found.visualizations[1].mean > found.noise[1].mean
    assert found.read_as_class > 0.5
    with pytest.raises(UnknownKey, match="unknown layer 'linea'; did you mean linear"):
        audit_paths(cnn, ["linea"], x, y)
    with pytest.raises(InvalidInput, match="none given; choose some of normalise"):
        audit_paths(cnn, [], x, y)
    with pytest.raises(InvalidInput, match="has outputs 0 to 9"):
        audit_paths(cnn, ["linear"], x, y, units=list(range(1, 11)))


def without(kept, *tensors):
    return [t[kept] for t in tensors]


@pytest.mark.parametrize("measure", ["spearman", "cosine"])
def test_errors_are_those_of_leaving_each_image_out(cnn, digits, measure):
    """The stratified jackknife, by as many calls as there are images."""
    y = digits.train.targets()
    pick = torch.cat([torch.nonzero(y == c).view(-1)[: 3 + c] for c in (0, 1, 2)])
    natural, labels = digits.train.tensor()[pick], y[pick]
    generator = torch.Generator().manual_seed(0)
    probes = {"p": (torch.rand(5, 1, 8, 8, generator=generator), torch.tensor([2, 0, 2, 0, 0]))}
    layers = ["features.relu1", "linear"]
    found = path_similarity(cnn, layers, natural, labels, probes, measure, batch=4, errors=True)[
        "p"
    ]
    for place, value in enumerate(found):
        left = []
        for i in range(len(labels)):
            kept = torch.arange(len(labels)) != i
            rest = path_similarity(cnn, layers, natural[kept], labels[kept], probes, measure)["p"]
            left.append(rest[place].mean)
        variance = 0.0
        for c in (0, 1, 2):
            of = [t for t, y in zip(left, labels.tolist(), strict=True) if y == c]
            centre = sum(of) / len(of)
            variance += (len(of) - 1) / len(of) * sum((t - centre) ** 2 for t in of)
        assert value.image_error == pytest.approx(variance**0.5, rel=1e-6)
        low, high = value.interval()
        assert (low + high) / 2 == pytest.approx(value.mean)
        assert (high - low) / 2 == pytest.approx(1.959964 * variance**0.5, rel=1e-5)
        wide = value.interval(looks=10)
        assert wide[0] < low and wide[1] > high


def test_the_intervals_hold_the_value_of_all_images_as_often_as_they_say(cnn, digits):
    """Random thirds of the training images against all of them; 60 draws, so that chance is small."""
    x, y = digits.train.tensor(), digits.train.targets()
    probes = {"p": (digits.test.tensor()[:40], digits.test.targets()[:40])}
    truth = path_similarity(cnn, ["linear"], x, y, probes)["p"][0].mean
    generator, hits = torch.Generator().manual_seed(1), 0
    for _ in range(60):
        pick = torch.cat(
            [
                of[torch.randperm(len(of), generator=generator)[:12]]
                for of in (torch.nonzero(y == c).view(-1) for c in range(10))
            ]
        )
        value = path_similarity(cnn, ["linear"], x[pick], y[pick], probes, errors=True)["p"][0]
        low, high = value.interval()
        hits += low <= truth <= high
    assert hits >= 50  # 57 expected; fewer than 50 of 60 at 95 % has probability 1e-4


def test_two_images_of_a_class_give_no_error(cnn, digits):
    x, y = digits.train.tensor()[:40], torch.arange(20).repeat_interleave(2)
    found = path_similarity(cnn, ["linear"], x, y, {"p": (x[:4], y[:4])}, errors=True)["p"][0]
    assert found.image_error is None and found.interval() is None


@pytest.mark.parametrize("size", [(8, 8), (7, 5)])
def test_scrambled_images_keep_amplitudes_and_colours_and_nothing_else(size):
    generator = torch.Generator().manual_seed(0)
    images = 0.45 + 0.1 * torch.rand((6, 3, *size), generator=generator)  # so that nothing is cut
    found = phase_scrambled(images, generator)
    assert torch.allclose(torch.fft.fft2(found).abs(), torch.fft.fft2(images).abs(), atol=1e-5)
    assert torch.allclose(found.mean((-2, -1)), images.mean((-2, -1)), atol=1e-6)
    rows = correlations(found.flatten(1), images.flatten(1), "pearson").diagonal()
    assert rows.abs().max() < 0.7 and not torch.equal(found[0], found[1])
    assert phase_scrambled(10 * images, generator).max() <= 1


def test_the_audit_says_what_repeats_it_and_has_both_controls(cnn, digits):
    x, y = digits.test.tensor(), digits.test.targets()
    found = audit_paths(cnn, ["features.relu1", "linear"], x, y, steps=8, seeds=(3, 4), show=False)
    assert (found.units, found.seeds, found.steps) == (tuple(range(10)), (3, 4), 8)
    assert len(found.scrambled) == 2 and found.scrambled[1].mean < 0.5
    assert all(v.image_error > 0 for v in (*found.visualizations, *found.noise, *found.scrambled))


def test_a_picture_that_gives_nan_is_named():
    images, labels = zoo.pictures(8), torch.tensor([0, 1] * 4)
    images[5] = 0.5
    for batch in (2, 100):
        with pytest.raises(
            InvalidInput, match=r"^picture 5 \(counted from 0\): gives NaN.* in 'relu' of"
        ):
            path_similarity(zoo.build(zoo.PerImage), ["relu"], images, labels, {}, batch=batch)
    probes = {"noise": (images[4:6], labels[4:6])}
    with pytest.raises(InvalidInput, match=r"^noise: picture 1: gives NaN"):
        path_similarity(zoo.build(zoo.PerImage), ["relu"], zoo.pictures(8), labels, probes)


def test_the_calls_of_one_layer_are_told_apart():
    model, images, labels = zoo.build(zoo.Residual), zoo.pictures(8), torch.tensor([0, 1] * 4)
    found = path_similarity(model, ["relu#1", "relu#2"], images, labels, {"p": (images, labels)})[
        "p"
    ]
    assert [value.layer for value in found] == ["relu#1", "relu#2"]
    assert found[0].same != found[1].same
    with pytest.raises(InvalidInput, match="name the call: relu#1"):
        path_similarity(model, ["relu"], images, labels, {})
    assert (
        audit_paths(model, ["relu#2"], images, labels, steps=1, seeds=(0,), show=False).images == 8
    )
    with pytest.raises(UnknownKey, match="unknown layer 'rely'"):
        audit_paths(model, ["rely#2"], images, labels)
