"""Activation maximization: it climbs, repeats, and touches nothing."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import (
    Fourier,
    Pixel,
    mean_spectrum,
    parametrization,
)
from trompe.theory import InvalidInput

SHAPE = (1, 8, 8)


@pytest.fixture(scope="module")
def spectrum(natural):
    return mean_spectrum(natural)


@pytest.mark.parametrize("key", ["pixel", "fourier", "maco"])
@pytest.mark.parametrize("transforms", [False, True])
def test_it_climbs_and_repeats(cnn, spectrum, key, transforms):
    before = state_sha256(cnn.state_dict())
    how = parametrization(key, spectrum)
    runs = [
        maximize(cnn, range(10), SHAPE, how, transforms=transforms, steps=32, keep=(0, 32))
        for _ in range(2)
    ]
    first, last = runs[0].trajectory
    assert torch.equal(runs[0].images, runs[1].images)
    assert torch.equal(last, runs[0].images)
    with torch.no_grad():
        gain = cnn(last).diagonal() - cnn(first).diagonal()
    assert float(gain.min()) > 0
    assert float(runs[0].images.min()) >= 0
    assert float(runs[0].images.max()) <= 1
    assert state_sha256(cnn.state_dict()) == before


def test_a_batch_is_the_same_as_one_by_one(cnn):
    both = maximize(cnn, [3, 7], SHAPE, Fourier(), seeds=[0, 5], steps=8)
    for i, (seed, unit) in enumerate([(0, 3), (0, 7), (5, 3), (5, 7)]):
        alone = maximize(cnn, [unit], SHAPE, Fourier(), seeds=[seed], steps=8)
        assert torch.allclose(alone.images[0], both.images[i], atol=1e-4)
    assert not torch.allclose(both.images[0], both.images[2], atol=1e-2)


def test_no_gradient_is_left_in_a_network_or_behind_a_function(cnn):
    """A function hides its network, so nobody can freeze it; it must come back clean all the same."""
    cnn.zero_grad(set_to_none=True)  # training left some
    for model in (cnn, lambda x: cnn(x)[:, [1, 0]]):
        maximize(model, [0, 1], SHAPE, Fourier(), steps=2)
        assert all(p.grad is None and p.requires_grad for p in cnn.parameters())
    loss = cnn(torch.rand(1, *SHAPE)).sum()
    loss.backward()  # what a backward pass would leave
    assert any(p.grad is not None for p in cnn.parameters())
    cnn.zero_grad(set_to_none=True)


@pytest.mark.parametrize("way", ["detach", "no_grad"])
def test_a_model_without_a_gradient_is_one_line(cnn, way):
    def model(x):
        if way == "detach":
            return cnn(x.detach())
        with torch.no_grad():
            return cnn(x)

    with pytest.raises(InvalidInput, match="has no gradient with respect to the image"):
        maximize(model, [0], SHAPE, Fourier(), steps=2)


def test_nothing_to_visualize(cnn):
    with pytest.raises(InvalidInput, match="expected at least one"):
        maximize(cnn, [], SHAPE, Pixel())
    with pytest.raises(InvalidInput, match="pixel parametrization"):
        maximize(cnn, [0], SHAPE, Fourier(), start=torch.rand(1, *SHAPE))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"units": [-1]}, "unit -1: layer 'output' has units 0 to 9"),
        ({"shape": (1, 0, 8)}, "expected .channels, height, width."),
        ({"shape": (8, 8)}, "expected .channels, height, width."),
        ({"steps": -1}, "steps = -1; expected an integer of at least 0"),
        ({"device": "gpu"}, "device = 'gpu' is unknown"),
    ],
)
def test_questions_that_cannot_be_asked(cnn, change, words):
    asked = {"units": [0], "shape": (1, 8, 8), "steps": 1} | change
    units, shape = asked.pop("units"), asked.pop("shape")
    with pytest.raises(InvalidInput, match=words):
        maximize(cnn, units, shape, Pixel(), **asked)


def test_no_step_shows_the_start(cnn):
    run = maximize(cnn, [0], (1, 8, 8), Pixel(), steps=0, keep=(0,))
    assert torch.equal(run.trajectory[0], run.images)
