"""A network that wants normalised pictures, or gives more than one output: adapted, and its layers keep their names."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import copy
from collections import OrderedDict, namedtuple

from trompe.empirical.networks.adapted import Adapted, check_normalisation, check_output
from trompe.empirical.networks.calls import survey
from trompe.empirical.networks.inspection import capture, check_model, frozen, layer_names
from trompe.theory import InvalidInput

nn = torch.nn
X = torch.rand(4, 3, 6, 5, generator=torch.Generator().manual_seed(0))
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Pair = namedtuple("Pair", ["logits", "aux"])


class Net(nn.Module):
    """Its first channel's weights differ, so that a wrong order of channels is seen."""

    def __init__(self, wrap=lambda y: y):
        super().__init__()
        torch.manual_seed(0)
        self.token = nn.Parameter(torch.ones(1))
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
        self.head = nn.Linear(4, 2)
        self.wrap = wrap

    def forward(self, x):
        return self.wrap(self.head(self.body(x).mean((2, 3)) * self.token))


@pytest.fixture
def net():
    return Net().eval()


@torch.no_grad()
def test_it_computes_on_normalised_pictures(net):
    by_hand = torch.stack([(X[:, c] - MEAN[c]) / STD[c] for c in range(3)], 1)
    assert torch.allclose(Adapted(net, MEAN, STD)(X), net(by_hand), atol=1e-6)
    assert not torch.allclose(Adapted(net, MEAN[::-1], STD)(X), net(by_hand), atol=1e-3)
    assert torch.allclose(Adapted(net, [0.5], [0.5])(X), net(2 * X - 1), atol=1e-6)
    assert torch.equal(Adapted(net)(X), net(X))


def test_layers_keep_their_names_and_nothing_is_lost(net):
    adapted = Adapted(net, MEAN, STD)
    assert layer_names(adapted) == ["normalise", "network", "body", "body.0", "body.1", "head"]
    with capture(adapted, ["body.0", "network"]) as outputs, torch.no_grad():
        whole = adapted(X)
    assert torch.equal(outputs["network"], whole) and outputs["body.0"].shape[1] == 4
    assert [call.name for call in survey(adapted, X[:1]).calls] == ["body.1"]
    assert dict(adapted.named_parameters()).keys() == {
        "network.token", "body.0.weight", "body.0.bias", "head.weight", "head.bias"
    }  # fmt: skip
    assert {n for n, _ in adapted.named_buffers()} == {"normalise.mean", "normalise.inv_std"}
    with frozen(adapted):
        assert not any(p.requires_grad for p in net.parameters())
    assert check_model(adapted, X) == 2
    net.body[1].train()
    with pytest.raises(InvalidInput, match=r"body\.1 is in training mode"):
        check_model(Adapted(net, MEAN, STD), X)


def test_names_that_are_taken_get_a_mark():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.network, self.normalise = nn.Linear(5, 2), nn.ReLU()

        def forward(self, x):
            return self.network(self.normalise(x)).mean((1, 2))

    odd = Odd().eval()
    adapted = Adapted(odd, MEAN, STD)
    modules = dict(adapted.named_modules())
    assert modules["network"] is odd.network and modules["normalise"] is odd.normalise
    assert modules["network_"] is odd and modules["normalise_"].mean.numel() == 3
    assert all(adapted.get_submodule(name) is module for name, module in modules.items())
    with torch.no_grad():
        assert torch.equal(torch.fx.symbolic_trace(adapted)(X), adapted(X))
        assert not torch.equal(adapted(X), odd(X))


def test_what_is_listed_can_be_looked_up_and_traced_and_bounded(net):
    """Tracing (torch.fx) finds modules by their listed names; interval bounds rest on it."""
    from trompe.empirical import box_around, interval_bounds

    wrapped = Net(lambda y: {"out": y, "aux": -y}).eval()
    for adapted in (
        Adapted(net, MEAN, STD),
        Adapted(wrapped, MEAN, STD, "out"),
        Adapted(wrapped, key="out"),
    ):
        modules = dict(adapted.named_modules())
        assert all(adapted.get_submodule(name) is module for name, module in modules.items())
        with torch.no_grad():
            assert torch.equal(torch.fx.symbolic_trace(adapted)(X), adapted(X))
        assert torch.equal(copy.deepcopy(adapted)(X), adapted(X))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        adapted.nothing  # noqa: B018
    plain = nn.Sequential(nn.Flatten(), nn.Linear(90, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    adapted = Adapted(plain, MEAN, STD)
    bounds = interval_bounds(adapted, box_around(X, 0.01))
    with torch.no_grad():
        assert (bounds.low <= adapted(X)).all() and (adapted(X) <= bounds.high).all()
        assert not (bounds.low <= plain(X)).all() or not (plain(X) <= bounds.high).all()


@pytest.mark.parametrize(
    ("wrap", "key"),
    [
        (lambda y: {"out": y, "aux": -y}, "out"),
        (lambda y: OrderedDict(aux=-y, logits=y), "logits"),
        (lambda y: {0: y, 1: -y}, "0"),
        (lambda y: (-y, y), "1"),
        (lambda y: [y], "0"),
        (lambda y: Pair(y, -y), "logits"),
        (lambda y: Pair(y, -y), "0"),
    ],
)
def test_one_part_of_the_output_is_chosen(net, wrap, key):
    wrapped = Net(wrap).eval()
    with torch.no_grad():
        assert torch.equal(Adapted(wrapped, key=key)(X), net(X))
    with pytest.raises(
        InvalidInput, match=r"logits = 'no': the network returns \w+ with .*\(4, 2\)"
    ):
        Adapted(wrapped, key="no")(X)
    with pytest.raises(InvalidInput, match=r"model: returns .*; choose one with --logits KEY"):
        check_output(wrapped, X)
    check_output(Adapted(wrapped, key=key), X)


def test_a_tensor_has_no_parts(net):
    with pytest.raises(InvalidInput, match="returns Tensor; leave the key out"):
        Adapted(net, key="0")(X)
    check_output(net, X)
    check_output(nn.Linear(77, 2), X)  # fails on them, which check_model says


@pytest.mark.parametrize(
    ("mean", "std", "words"),
    [
        ((123.68,), (58.4,), r"mean: 123\.68; expected a number in \[0, 1\].*divide those for 0 to 255 by 255"),
        ((0.5,), (58.4,), r"std: 58\.4; expected a number in \(0, 1\]"),
        ((0.5,), (0.0,), "std: 0; expected"),
        ((0.5,), (float("nan"),), "std: nan; expected"),
        ((-0.5,), (1.0,), "mean: -0.5; expected"),
        ((0.5,), (), "mean, std: one of them is missing"),
        ((0.5, 0.5), (0.5,), "mean: 2 numbers for pictures of 3 channels; expected one, or one a channel"),
    ],
)  # fmt: skip
def test_normalisation_for_other_pictures_is_refused(mean, std, words):
    with pytest.raises(InvalidInput, match=words):
        check_normalisation(mean, std, 3)
