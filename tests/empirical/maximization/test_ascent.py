"""Activation maximization: it climbs, repeats, and touches nothing."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import (
    Fourier,
    Maco,
    Pixel,
    mean_spectrum,
    parametrization,
    spectrum_error,
)
from trompe.empirical.maximization.transforms import random_affine, resample
from trompe.empirical.relu import RedirectedReLU, ReLUTap
from trompe.theory import InvalidInput, UnknownKey

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


def test_objectives_agree_with_their_definition(cnn):
    out = torch.randn(2, 5, 3, 4)
    units = torch.tensor([1, 4])
    channel = Objective("x", "channel").value(out, units)
    assert torch.allclose(channel, torch.stack([out[0, 1].mean(), out[1, 4].mean()]))
    neuron = Objective("x", "neuron").value(out, units)
    assert torch.equal(neuron, torch.stack([out[0, 1, 1, 2], out[1, 4, 1, 2]]))
    with pytest.raises(InvalidInput, match="has units 0 to 4"):
        Objective("x", "channel").value(out, torch.tensor([5, 0]))
    with pytest.raises(InvalidInput, match="expected logit, channel or neuron"):
        Objective("x", "layer")
    with pytest.raises(UnknownKey, match="unknown layer"):
        maximize(cnn, [0], SHAPE, Pixel(), objective=Objective("no", "channel"))


def test_maco_keeps_the_spectrum(cnn, spectrum):
    run = maximize(cnn, range(4), SHAPE, Maco(*spectrum), steps=16)
    assert run.spectrum_error < 1e-4


def test_the_spectrum_check_sees_a_free_half_spectrum(spectrum):
    """The fault that a well-known library has: phases that are free where they must be Hermitian."""
    magnitude, _ = spectrum
    phases = torch.exp(1j * 6.28 * torch.rand(3, *magnitude.shape))
    field = torch.fft.irfft2(magnitude * phases, s=(8, 8))
    assert spectrum_error(field, magnitude) > 0.05


def test_maco_wants_magnitudes_of_its_size(spectrum):
    with pytest.raises(InvalidInput, match="pass spectrum=mean_spectrum"):
        parametrization("maco")
    with pytest.raises(InvalidInput, match="need \\(1, 16, 9\\)"):
        Maco(*spectrum).initial((1, 16, 16), 0)
    with pytest.raises(UnknownKey, match="pixel"):
        parametrization("pixels")


def test_three_channels_and_odd_sides():
    for how in (Pixel(), Fourier(), Maco(*mean_spectrum(torch.rand(5, 3, 7, 10)))):
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(210, 2)).eval()
        assert maximize(model, [0, 1], (3, 7, 10), how, steps=4).images.shape == (2, 3, 7, 10)


def test_the_identity_transform_moves_nothing():
    x = torch.rand(2, 1, 8, 6)
    assert torch.allclose(random_affine(x, torch.zeros(2, 4)), x, atol=1e-5)
    assert not torch.allclose(random_affine(x, torch.ones(2, 4)), x, atol=1e-2)


def test_redirected_relu_wakes_a_dead_unit():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 1), torch.nn.ReLU()).eval()
    with torch.no_grad():
        model[1].weight.fill_(0.1)
        model[1].bias.fill_(-4.0)
    start = maximize(model, [0], SHAPE, Pixel(), transforms=False, steps=100)
    woken = maximize(model, [0], SHAPE, Pixel(), transforms=False, steps=100, redirect=True)
    assert float(start.activations) == 0
    assert float(woken.activations) > 0


def test_redirected_relu_keeps_values_and_live_gradients():
    x = torch.tensor([[[[1.0, -2.0]], [[-1.0, -3.0]]]], requires_grad=True)
    with RedirectedReLU():
        y = torch.nn.functional.relu(x)
        z = torch.nn.ReLU(inplace=True)(x * 1.0)
    assert torch.equal(y, torch.relu(x))
    assert torch.equal(z, y)
    (-y.sum()).backward()
    assert x.grad.tolist() == [
        [[[-1.0, 0.0]], [[-1.0, -1.0]]]
    ]  # the second map is dead, so it is redirected
    calls = []
    with ReLUTap(lambda k, y: calls.append((k, y.shape))):
        torch.relu(x)
        torch.nn.ReLU(inplace=True)(x * 1.0)
    assert calls == [(0, x.shape), (1, x.shape)]


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


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 9)])
def test_resampling_by_indexing_is_grid_sample(shape):
    """What CUDA runs instead: equal values and gradients."""
    torch.manual_seed(0)
    x = torch.rand(7, *shape, dtype=torch.float64, requires_grad=True)
    theta = torch.eye(2, 3, dtype=torch.float64) + 0.3 * torch.randn(7, 2, 3, dtype=torch.float64)
    grid = torch.nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    weights = torch.rand(7, *shape, dtype=torch.float64)
    gradients = []
    results = []
    for sample in (
        resample(x, grid),
        torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False),
    ):
        results.append(sample)
        gradients.append(torch.autograd.grad((sample * weights).sum(), x)[0])
    assert torch.allclose(*results, atol=1e-12)
    assert torch.allclose(*gradients, atol=1e-12)


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
        ({"steps": -1}, "steps = -1; expected at least 0"),
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
