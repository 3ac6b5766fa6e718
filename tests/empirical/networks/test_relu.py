"""ReLU calls watched, and their gradients redirected; values stay values, bit by bit."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import zoo
from torch.nn import functional as F  # noqa: N812

from trompe.empirical import audit_silent, path_similarity
from trompe.empirical.maximization.ascent import DeadUnit, maximize
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import (
    Pixel,
)
from trompe.empirical.networks.axes import AxisTrace
from trompe.empirical.networks.calls import CallTap, SameCalls
from trompe.empirical.networks.inspection import capture
from trompe.empirical.networks.relu import RedirectedReLU, clip_of

SHAPE = (1, 8, 8)


def watched(found):
    return CallTap(torch.nn.Identity(), found)


def test_redirected_relu_wakes_a_dead_unit():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 1), torch.nn.ReLU()).eval()
    with torch.no_grad():
        model[1].weight.fill_(0.1)
        model[1].bias.fill_(-4.0)
    with pytest.warns(
        DeadUnit, match=r"units 0 of the output are dead.*ask for redirected gradients"
    ):
        start = maximize(model, [0], SHAPE, Pixel(), transforms=False, steps=100)
    woken = maximize(model, [0], SHAPE, Pixel(), transforms=False, steps=100, redirect=True)
    assert float(start.activations) == 0 and start.dead == (0,) and woken.dead == ()
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
    with watched(lambda k, _x, y: calls.append((k, y.shape))):
        torch.relu(x)
        torch.nn.ReLU(inplace=True)(x * 1.0)
    assert calls == [(0, x.shape), (1, x.shape)]


NETWORKS = [
    *((kind, ()) for kind in (
        zoo.Plain, zoo.UnusedResult, zoo.InputReadAgain, zoo.InPlaceSlice, zoo.Residual, zoo.Tokens, zoo.ChannelsLast,
        zoo.Mixed, zoo.Branches,
    )),
    (zoo.Function, (torch.relu_,)), (zoo.Function, (F.relu6,)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "arguments"), NETWORKS)
@pytest.mark.parametrize("how", ["redirected", "watched", "both"])
@pytest.mark.parametrize("gradients", [False, True])
def test_outputs_are_the_same_bits(kind, arguments, how, gradients):
    model = zoo.build(kind, *arguments)
    x = zoo.pictures().requires_grad_(gradients)
    with torch.set_grad_enabled(gradients):
        plain = model(x)
        if how == "redirected":
            with RedirectedReLU():
                other = model(x)
        elif how == "watched":
            with CallTap(model, lambda _k, _x, _y: None):
                other = model(x)
        else:
            with RedirectedReLU(), CallTap(model, lambda _k, _x, _y: None):
                other = model(x)
    assert torch.equal(plain, other)
    if gradients:  # the graph is whole
        assert torch.autograd.grad(other.sum(), x)[0].isfinite().all()


@pytest.mark.parametrize("kind", [zoo.UnusedResult, zoo.InputReadAgain])
def test_a_redirection_that_leaves_the_input_alone_would_be_noticed(kind, monkeypatch):
    def forgetful(self, clip, func, args, kwargs):
        return torch.relu(clip.input)

    monkeypatch.setattr(RedirectedReLU, "relu", forgetful)
    model, x = zoo.build(kind), zoo.pictures()
    with torch.no_grad(), RedirectedReLU():
        wrong = model(x)
    assert not torch.equal(wrong, model(x))


CLIPS = [
    torch.relu, F.relu, torch.Tensor.relu, torch.Tensor.relu_, torch.nn.ReLU(inplace=True), F.relu6, torch.nn.ReLU6(),
    lambda x: x.clamp(min=0), lambda x: x.clamp(0, 1.5), lambda x: torch.clamp(x, torch.tensor(0.0)),
    lambda x: torch.clip(input=x, min=0), lambda x: x.clamp_(0), lambda x: x.clamp_min(0), torch.nn.Threshold(0, 0),
    torch.nn.Threshold(0, 0, inplace=True), lambda x: torch.threshold(x, 0, 0), torch.nn.Hardtanh(0, 3), lambda x: F.hardtanh_(x, 0.0, 2.0),
]  # fmt: skip


@pytest.mark.parametrize("clip", CLIPS)
def test_live_gradients_are_pytorchs_own(clip):
    """Values and gradients of a live map, ends of the range included, against the call itself."""
    x = torch.tensor([[[[-1.0, 0.0, 0.5, 1.5, 2.0, 3.0, 6.0, 7.0]]]], requires_grad=True)
    calls = []
    plain = clip(x * 1.0)
    expected = torch.autograd.grad(plain.sum(), x)[0]
    with RedirectedReLU(), watched(lambda k, _x, _y: calls.append(k)):
        result = clip(x * 1.0)
    assert calls == [0]
    assert torch.equal(result, plain)
    assert torch.equal(torch.autograd.grad(result.sum(), x)[0], expected)
    with RedirectedReLU():
        dead = clip(-1 - x * x)
    assert torch.autograd.grad(-dead.sum(), x)[0].abs().max() > 0


@pytest.mark.parametrize(
    "other",
    [
        lambda x: x.clamp(min=-1), lambda x: x.clamp(max=0), torch.nn.Threshold(0, 1), torch.nn.Threshold(1, 0),
        torch.nn.Hardtanh(), torch.nn.LeakyReLU(), torch.nn.GELU(), torch.tanh,
    ],
)  # fmt: skip
def test_what_does_not_clip_at_0_is_left_alone(other):
    calls = []
    with watched(lambda k, _x, _y: calls.append(k)):
        other(torch.randn(3))
    assert calls == []
    assert clip_of(torch.relu, (3,), {}) is None


def test_a_map_has_all_places_of_its_unit_and_no_other():
    """(n, tokens, features): the first feature is dead at both tokens, the second at one of them."""
    x = torch.tensor([[[-1.0, -1.0], [-2.0, 3.0]]], requires_grad=True)
    for axis, expected in ((None, [[-1.0, 0.0], [-1.0, -1.0]]), (1, [[-1.0, -1.0], [0.0, -1.0]])):
        with RedirectedReLU(axis):
            y = torch.relu(x)
        assert torch.autograd.grad(-y.sum(), x)[0].tolist() == [expected]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_pytorchs_own_encoder_gives_the_bits_of_its_pass_with_gradients():
    """Without gradients it has a fused path, whose last bits differ, and which it leaves where it is watched."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    model, x = torch.nn.TransformerEncoder(layer, 2).eval(), torch.rand(5, 7, 16)
    expected = model(x.requires_grad_()).detach()
    calls = []
    with torch.no_grad():
        with RedirectedReLU():
            assert torch.equal(model(x), expected)
        with CallTap(model, lambda k, _x, _y: calls.append(k)):
            assert torch.equal(model(x), expected)
    assert calls == [0, 1]


ACTIVATIONS = sorted(set(torch.nn.modules.activation.__all__) - {"MultiheadAttention"})
MADE_WITH = {"Threshold": (0.1, 20), "Softmax": (1,), "Softmin": (1,), "LogSoftmax": (1,)}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_module_of_pytorch_is_watched_or_listed(name):
    module = getattr(torch.nn, name)(*MADE_WITH.get(name, ())).eval()
    calls, others = [], []
    with CallTap(module, lambda k, _x, _y: calls.append(k), other=others.append):
        module(torch.randn(2, 4, 4, 4))
    assert (calls, len(others)) == (([0], 0) if name in ("ReLU", "ReLU6") else ([], 1))


class Line(zoo.Conv1d):
    """A one-dimensional convolution with a ReLU module behind it."""

    def __init__(self):
        super().__init__()
        self.relu = torch.nn.ReLU()

    def forward(self, x):
        return self.head(self.relu(self.conv(x.flatten(1)[:, None])).mean(2))


def test_the_map_of_a_one_dimensional_convolution_is_along_its_line():
    """Unit 1 is dead at the start while others live at all places: along the wrong axis its map is no dead one."""
    asked = {"objective": Objective("relu", "channel"), "transforms": False, "steps": 60}
    run = maximize(zoo.build(Line), [1], zoo.SHAPE, Pixel(), redirect=True, **asked)
    assert float(run.activations) > 0.05 and not run.dead
    model, gradients = zoo.build(Line), []
    for mode in (
        RedirectedReLU(),
        RedirectedReLU(1),
        RedirectedReLU(2),
    ):  # the last as it was before
        x = torch.full((1, *zoo.SHAPE), 0.5, requires_grad=True)
        with capture(model, ["relu"]) as outputs, mode:
            model(x)
        outputs["relu"][0, 1].sum().neg().backward()
        gradients.append(bool(x.grad.any()))
    assert gradients == [True, True, False]


class Encoder(torch.nn.Module):
    """PyTorch's own transformer layer, which has a fused kernel for passes without gradients."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.patch = torch.nn.Conv2d(1, 8, 2, 2)
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = torch.nn.Linear(8, 3)
        self.eval()

    def forward(self, x):
        return self.head(self.layer(self.patch(x).flatten(2).transpose(1, 2)).mean(1))


def test_a_fused_layer_is_looked_into_without_changing_the_bits_of_a_pass_with_gradients():
    model, x = Encoder(), torch.rand(5, *SHAPE)
    plain = model(x).detach()
    for context in (lambda: watched(lambda *_: None), RedirectedReLU, AxisTrace):
        for grad in (True, False):
            with torch.set_grad_enabled(grad), context():
                assert torch.equal(model(x).detach(), plain)
    with torch.no_grad():
        assert torch.allclose(model(x), plain, atol=1e-6)  # other bits, perhaps
        assert torch.equal(SameCalls(model, x[:2])(x), plain)
    found = audit_silent(model, x, tries=1, steps=1, show=False)
    assert (
        found.units == {"layer": 16}
        and "16 units (features, last axis; 16 tokens)" in found.taken["layer"]
    )
    shown = path_similarity(
        model, ["layer.linear1", "layer"], x, [0, 1, 0, 1, 0], {"p": (x[:2], torch.tensor([0, 1]))}
    )
    assert [v.layer for v in shown["p"]] == ["layer.linear1", "layer"]
