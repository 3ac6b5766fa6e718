"""Activation maximization: it climbs, repeats, and touches nothing."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import copy
import warnings

import zoo

from trompe.empirical._torch import at_once
from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.ascent import DeadUnit, maximize
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import (
    Fourier,
    Maco,
    Pixel,
    mean_spectrum,
    parametrization,
)
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


class Colours(torch.nn.Module):
    """Three channels, and a view of a convolution's output where `views`, which channels_last does not allow."""

    def __init__(self, views=False):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu, self.views = torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), views
        self.last = torch.nn.Linear(4 * 6 * 6, 5)
        self.seen = []
        self.eval()

    def forward(self, x):
        self.seen.append((len(x), x.is_contiguous(memory_format=torch.channels_last)))
        x = self.relu(self.conv(x))
        return self.last(x.view(len(x), -1) if self.views else x.flatten(1))


def colours(model, batch=None, **options):
    asked = {"seeds": (0, 3), "steps": 6, "keep": (0, 6)} | options
    return maximize(model, range(5), (3, 8, 8), Fourier(), batch=batch, **asked)


ASKED = 3
"""So often a network is asked first whether it is a function of an image."""


def test_how_images_are_batched_changes_rounding_alone():
    model = Colours()
    whole = colours(model)
    assert {n for n, _ in model.seen[ASKED:]} == {10}
    for batch in (1, 3, 7):
        model.seen.clear()
        parts = colours(model, batch)
        assert max(n for n, _ in model.seen[ASKED:]) == batch
        for name in ("images", "activations", "trajectory", "seen"):
            assert torch.allclose(getattr(parts, name), getattr(whole, name), atol=1e-5), name
        assert parts.kept == whole.kept == (0, 6) and parts.trajectory.shape == (2, 10, 3, 8, 8)
    with pytest.raises(InvalidInput, match="batch = 0; expected an integer of at least 1"):
        colours(model, 0)


def test_of_large_images_fewer_climb_together():
    found = {at_once(shape, 100) for shape in ((1, 8, 8), (3, 32, 32))}
    assert found == {100}
    assert at_once((3, 224, 224), 100) == 6 and at_once((3, 5000, 5000), 100) == 1


def test_a_dead_unit_is_told_by_all_batches():
    model = zoo.build(zoo.Plain)
    with pytest.warns(DeadUnit, match="units 1, 6 of 'relu' are dead"):
        run = maximize(model, [0, 1, 6], SHAPE, Pixel(), objective=Objective("relu", "channel"), steps=3, batch=2,
                       seeds=(0, 1), transforms=False)  # fmt: skip
    assert run.dead == (1, 6)


def test_images_are_channels_last_where_the_network_takes_that():
    free, bound = Colours(), Colours(views=True)
    first, second = colours(free), colours(bound)
    free.seen, bound.seen = free.seen[ASKED:], bound.seen[ASKED:]
    assert free.seen[:-1] == [(10, True)] * 6 and free.seen[-1] == (
        10,
        False,
    )  # values as anybody gets them
    assert bound.seen == [(10, True)] + [(10, False)] * 7
    assert torch.allclose(first.images, second.images, atol=1e-5)
    with torch.no_grad():
        assert torch.equal(first.activations, free(first.images)[range(10), [*range(5)] * 2])


def test_bfloat16_climbs_and_its_activations_are_float32():
    model = Colours()
    run = colours(model, precision="bfloat16", steps=12)
    assert run.activations.dtype == run.images.dtype == torch.float32
    with torch.no_grad():
        values, start = (
            model(x)[range(10), [*range(5)] * 2] for x in (run.images, run.trajectory[0])
        )
    assert torch.equal(run.activations, values) and bool((values > start).all())
    assert not torch.equal(run.images, colours(model, steps=12).images)
    with pytest.raises(UnknownKey, match="unknown precision 'float16'"):
        colours(model, precision="float16")


def test_a_network_that_fails_is_one_line(cnn):
    for objective in (None, Objective("features.relu1", "channel")):
        with pytest.raises(InvalidInput, match=r"^model: fails on images of shape \(1, 3, 8, 8\)"):
            maximize(cnn, [0], (3, 8, 8), Fourier(), steps=1, objective=objective)


@pytest.mark.filterwarnings("ignore")  # PyTorch says that scripting is old
def test_networks_that_cannot_be_looked_into_can_be_maximized_or_are_one_line():
    plain = torch.nn.Sequential(
        torch.nn.Conv2d(3, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(72, 5)
    )
    scripted = torch.jit.script(plain.eval())
    inside = torch.nn.Sequential(scripted, torch.nn.Identity()).eval()
    layer = Objective("0", "channel")
    assert torch.allclose(colours(scripted).images, colours(plain).images, atol=1e-5)
    for model, what in ((scripted, "the network"), (inside, "layer '0'")):
        with pytest.raises(
            InvalidInput, match=f"{what} is scripted or traced .torch.jit., which hides its layers"
        ):
            colours(model, objective=layer)
    lazy = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(5)).eval()
    with pytest.raises(
        InvalidInput,
        match=r"1.weight has no shape yet .a lazy layer.; call the network on a picture",
    ):
        colours(lazy)
    for kind in ("float16", "bfloat16", "float64"):
        with pytest.raises(
            InvalidInput,
            match=f"fails on .*; 0.weight is {kind} and images are float32: give model.float",
        ):
            colours(copy.deepcopy(plain).to(getattr(torch, kind)))


def test_a_layer_whose_first_axis_is_not_that_of_the_images_is_refused():
    class Windows(Colours):
        def forward(self, x):
            return self.last(
                self.relu(self.conv(x.unfold(2, 4, 4).reshape(2 * len(x), 3, 8, 4))).reshape(
                    len(x), -1
                )
            )

    model = Windows()
    model.last = torch.nn.Linear(2 * 4 * 6 * 2, 5).eval()
    with pytest.raises(
        InvalidInput,
        match=r"layer 'conv': returns shape \(20, 4, 6, 2\) for 10 images; expected the images",
    ):
        colours(model, objective=Objective("conv", "channel"))
    assert colours(model).images.shape == (10, 3, 8, 8)


@pytest.mark.parametrize("shape", [(1, 3, 9), (1, 3, 9, 8), (1, 1, 8, 8)])
def test_a_start_of_another_shape_is_refused(shape):
    with pytest.raises(
        InvalidInput, match=r"start: images of shape .*; expected \(3, 8, 8\), which is asked for"
    ):
        maximize(Colours(), [0], (3, 8, 8), Pixel(), start=torch.rand(shape))
    run = maximize(
        Colours(), [0], (3, 8, 8), Pixel(), start=torch.full((1, 3, 8, 8), 0.3).double(), steps=0
    )
    assert run.images.dtype == torch.float32 and torch.allclose(run.images, torch.tensor(0.3))


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
    with pytest.raises(
        InvalidInput, match="start: maco cannot start at images; take the pixel or the fourier"
    ):
        maximize(
            cnn, [0], SHAPE, Maco(torch.ones(1, 8, 5), torch.zeros(1)), start=torch.rand(1, *SHAPE)
        )
    with pytest.raises(InvalidInput, match="start: 2 images; expected 1, one a unit and seed"):
        maximize(cnn, [0], SHAPE, Fourier(), start=torch.rand(2, *SHAPE))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"units": [-1]}, "unit -1: the output has units 0 to 9"),
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


# -- networks that are not ours ----------------------------------------------------------------------------------


def test_training_mode_is_refused_and_nothing_changes():
    """Batch norm in training mode would take on the statistics of the images that are optimised."""
    model = zoo.build(zoo.Residual)
    model.bn1.train()
    before = state_sha256(model.state_dict())
    with pytest.raises(
        InvalidInput,
        match=r"bn1 is in training mode; its dropout or norm layer 'bn1'.*model.eval\(\)",
    ):
        maximize(model, [0], SHAPE, Pixel(), steps=2)
    assert state_sha256(model.state_dict()) == before
    model(zoo.pictures())  # what an ascent would have done
    assert state_sha256(model.state_dict()) != before


@pytest.mark.parametrize(
    ("kind", "layer", "units"),
    [
        (zoo.Tokens, "fc1", 7), (zoo.Tokens, "relu", 7), (zoo.Tokens, "patch", 9), (zoo.ChannelsLast, "fc1", 7),
        (zoo.Conv1d, "conv", 7), (zoo.Residual, "relu#1", 7), (zoo.Residual, "relu#2", 1), (zoo.Residual, "bn1", 7),
    ],
)  # fmt: skip
def test_units_lie_on_the_axis_of_the_layers_kind(kind, layer, units):
    """The last unit can be asked for, and one more cannot; nor is a token or a row a unit."""
    model = zoo.build(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnit)
        maximize(model, [units - 1], SHAPE, Pixel(), objective=Objective(layer, "channel"), steps=1)
    with pytest.raises(
        InvalidInput, match=rf"unit {units}: layer '{layer}' has units 0 to {units - 1}"
    ):
        maximize(model, [units], SHAPE, Pixel(), objective=Objective(layer, "channel"), steps=1)


def test_a_feature_of_a_transformer_is_what_climbs():
    """Unit 1 of the planted linear layer wants bright patches; token 1 would want only its own patch bright."""
    run = maximize(
        zoo.build(zoo.Tokens), [1], SHAPE, Pixel(), objective=Objective("fc1", "channel"), steps=64, transforms=False
    )  # fmt: skip
    assert float(run.images[0, 0, :7, :7].min()) > 0.9
    asked = Objective("fc1", "channel", unit_axis=1)  # the tokens, if somebody wants them
    run = maximize(zoo.build(zoo.Tokens), [8], SHAPE, Pixel(), objective=asked, steps=4)
    assert run.activations.shape == (1,)


def test_the_planted_axis_fault_would_be_noticed(monkeypatch):
    """Units on axis 1, always: what a ViT was asked before."""
    from trompe.empirical.networks.axes import AxisTrace

    monkeypatch.setattr(AxisTrace, "axis", lambda *_: 1)
    run = maximize(
        zoo.build(zoo.Tokens), [1], SHAPE, Pixel(), objective=Objective("fc1", "channel"), steps=64, transforms=False
    )  # fmt: skip
    assert float(run.images[0, 0, :7, :7].min()) < 0.9


def test_a_layer_that_is_called_twice_must_be_named_by_call():
    model = zoo.build(zoo.Residual)
    with pytest.raises(
        InvalidInput, match=r"layer 'relu' is called several times.*name the call: relu#1, relu#2"
    ):
        maximize(model, [0], SHAPE, Pixel(), objective=Objective("relu", "channel"), steps=1)
    with pytest.raises(InvalidInput, match="layer 'relu#3': the forward pass does not call it"):
        maximize(model, [0], SHAPE, Pixel(), objective=Objective("relu#3", "channel"), steps=1)


def test_nan_on_the_way_stops_with_the_unit_the_seed_and_the_step():
    model = zoo.build(zoo.PerImage)
    start = torch.full((2, *SHAPE), 0.5)
    start[0, 0, 0, 0] = 0.9
    with pytest.raises(
        InvalidInput,
        match=r"^unit 2, seed 7: the image at step 0: gives NaN.* in the output of the network",
    ):
        maximize(model, [1, 2], SHAPE, Pixel(), start=start, seeds=[7], steps=3, transforms=False)
    with pytest.raises(InvalidInput, match=r"gives NaN or infinite numbers in 'relu' of"):
        maximize(model, [0], SHAPE, Pixel(), start=start[1:], steps=3, transforms=False,
                 objective=Objective("relu", "channel"))  # fmt: skip


def test_a_dead_unit_is_said_to_be_dead():
    model, objective = zoo.build(zoo.Plain), Objective("relu", "channel")
    options = {"objective": objective, "steps": 16, "seeds": (0, 1), "transforms": False}
    with pytest.warns(
        DeadUnit,
        match=r"units 1, 3, 6 of 'relu' are dead: .* from every one of 2 seeds.*ask for redirected",
    ):
        run = maximize(model, [0, 1, 3, 6], SHAPE, Pixel(), **options)
    assert run.dead == (1, 3, 6)
    assert not run.activations.view(2, 4)[:, 1:].any()
    with pytest.warns(DeadUnit, match=r"units 6 of 'relu' .*redirected gradients did not help"):
        run = maximize(model, [1, 6], SHAPE, Pixel(), **options | {"steps": 64}, redirect=True)
    assert (
        run.dead == (6,) and float(run.activations[0]) > 0
    )  # unit 6 has no weights, so no gradient
    assert (
        maximize(model, [6], SHAPE, Pixel(), **options | {"steps": 0}).dead == ()
    )  # nothing was tried
