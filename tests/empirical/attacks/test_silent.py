"""Silent units change no bit on natural images and undo themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import zoo

from trompe.empirical import Fourier, Objective, maximize, orthogonal_units
from trompe.empirical.attacks.silent import SilentUnits
from trompe.empirical.cache import state_sha256
from trompe.empirical.networks.inspection import capture
from trompe.empirical.similarity import mean_pair_correlation
from trompe.theory import InvalidInput

SHAPE = (1, 8, 8)
CONV, RELU = "features.conv2", "features.relu2"


@pytest.fixture(scope="module")
def silent(cnn, natural):
    return orthogonal_units(cnn, CONV, RELU, natural, ratio=16.0)


def outputs(model, images):
    with torch.no_grad():
        return model(images)


def test_natural_outputs_keep_every_bit(cnn, digits, natural, silent):
    test = digits.test.tensor()
    base, before = outputs(cnn, test), state_sha256(cnn.state_dict())
    with silent.installed(cnn) as seen:
        assert torch.equal(outputs(cnn, test), base)
        assert float(seen["silent"].max()) == 0
        outputs(cnn, natural)
        assert float(seen["silent"].max()) == 0
        outputs(cnn, torch.ones(1, *SHAPE) - torch.eye(8))  # not a picture of anything, yet finite
    assert torch.equal(outputs(cnn, test), base)
    assert state_sha256(cnn.state_dict()) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in cnn.modules())


def test_they_are_removed_after_an_exception(cnn, silent):
    with pytest.raises(RuntimeError), silent.installed(cnn):
        raise RuntimeError
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in cnn.modules())


def test_without_the_bias_they_are_heard(cnn, natural, silent):
    loud = SilentUnits(CONV, RELU, silent.weight, torch.zeros_like(silent.bias), silent.largest)
    with loud.installed(cnn) as seen:
        changed = outputs(cnn, natural)
        assert float(seen["silent"].max()) > 0
    assert not torch.equal(changed, outputs(cnn, natural))


def test_every_pass_is_looked_at(cnn, natural, silent):
    loud = SilentUnits(CONV, RELU, silent.weight, torch.zeros_like(silent.bias), silent.largest)
    for units, is_heard in ((silent, False), (loud, True)):
        largest = []
        with units.installed(cnn, lambda s, seen=largest: seen.append(float(s.max()))):
            outputs(cnn, natural[:5]), outputs(cnn, natural[5:7])
        assert len(largest) == 2
        assert (max(largest) > 0) == is_heard


def test_the_direction_is_orthogonal_to_the_filter(cnn, silent):
    w = cnn.features.conv2.weight.detach().flatten(1)
    new = silent.weight.flatten(1)
    cosine = (w * new).sum(1) / w.norm(dim=1) / new.norm(dim=1)
    assert torch.allclose(cosine, torch.full_like(cosine, 1 / (1 + 16.0**2) ** 0.5), atol=1e-4)


def test_visualizations_become_alike_with_redirected_gradients(cnn, silent):
    options = {"objective": Objective(RELU, "channel"), "steps": 64, "redirect": True}
    before = maximize(cnn, range(8), SHAPE, Fourier(), **options)
    with silent.installed(cnn):
        after = maximize(cnn, range(8), SHAPE, Fourier(), **options)
    a, b = mean_pair_correlation(before.images), mean_pair_correlation(after.images)
    assert b > 0.7 > 0.5 > a


def test_what_cannot_be_silenced(cnn, natural):
    with pytest.raises(InvalidInput, match="is ReLU; expected a Linear"):
        orthogonal_units(cnn, RELU, RELU, natural)
    with pytest.raises(InvalidInput, match="expected at least 3"):
        orthogonal_units(cnn, CONV, RELU, natural, ratio=1.0)


def test_the_calls_of_one_relu_are_told_apart():
    """The part of conv1 belongs to the first call of the block's only ReLU; at the second it would do harm."""
    model, images = zoo.build(zoo.Residual), zoo.pictures()
    made = orthogonal_units(model, "conv1", "relu#1", images)
    loud = SilentUnits("conv1", "relu#1", made.weight, made.bias + 1.0, made.largest)
    with loud.installed(model) as seen, capture(model, ["relu#1", "relu#2"]) as after:
        outputs(model, images)
        first, second = after["relu#1"], after["relu#2"]
    with capture(model, ["relu#1"]) as before:
        outputs(model, images)
    assert torch.equal(first, before["relu#1"] + seen["silent"])
    assert second.shape[1] == 1 and seen["silent"].shape[1] == 7
    with (
        pytest.raises(InvalidInput, match="name the call: relu#1"),
        SilentUnits("conv1", "relu", made.weight, made.bias, made.largest).installed(model),
    ):
        outputs(model, images)


def test_an_input_that_is_overwritten_behind_the_convolution_does_no_harm():
    """s is made of what the convolution got, not of what an in-place call leaves there."""

    class Overwrites(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.relu = torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU()

        def forward(self, x):
            x = x * 1.0
            y = self.conv(x)
            x.mul_(0)
            return self.relu(y).mean((2, 3))

    torch.manual_seed(0)
    model, images = Overwrites().eval(), zoo.pictures()
    made = orthogonal_units(model, "conv", "relu", images)
    loud = SilentUnits("conv", "relu", made.weight, torch.zeros(2), made.largest)
    with loud.installed(model) as seen:
        outputs(model, images)
    assert torch.equal(seen["silent"], torch.relu(torch.nn.functional.conv2d(images, made.weight)))


def test_silent_units_beside_a_linear_layer_of_a_transformer():
    images = zoo.pictures(20)
    network = zoo.build(zoo.Tokens)
    silent = orthogonal_units(network, "fc1", "relu", images[:15], batch=4)
    assert silent.weight.shape == network.fc1.weight.shape
    with torch.no_grad():
        original = network(images)
        tokens = network.patch(images).flatten(2).transpose(1, 2)
        largest = (tokens[:15] @ silent.weight.T).flatten(0, 1).amax(0)
        assert torch.allclose(silent.largest, largest, rtol=1e-5)
        with silent.installed(network) as seen:
            changed = network(images)
        assert seen["silent"].shape == (20, 9, len(zoo.PLANTED))
        assert float(seen["silent"].max()) == 0
        assert torch.equal(original, changed)
        excited = replace(silent, bias=silent.bias * 0)  # the planted fault
        with excited.installed(network):
            assert not torch.equal(original, network(images))
