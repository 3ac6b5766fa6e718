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
from trompe.empirical.audits.paths import share_below
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
