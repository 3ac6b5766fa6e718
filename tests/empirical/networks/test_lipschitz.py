"""Upper bounds on Lipschitz constants: exact where a pencil finds them, above every pair that is tried, and no lower."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import itertools
import math
from collections import OrderedDict

import zoo
from torch import nn
from torch.nn import functional as F  # noqa: N812

from trompe.empirical import Objective
from trompe.empirical.maximization.evaluation import layer_output
from trompe.empirical.networks import lipschitz as module
from trompe.empirical.networks.lipschitz import NORMS, of_unit, slopes
from trompe.theory import InvalidInput

SHAPE = (1, 6, 6)
DUAL = {"l2": 2, "linf": 1}
"""The norm of a gradient that is the slope."""


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.conv = (
            nn.Conv2d(1, 4, 3, padding=1),
            nn.Conv2d(4, 4, 3, padding=1, groups=2),
        )
        self.norm, self.pool = nn.BatchNorm2d(4), nn.MaxPool2d(3, 2, ceil_mode=True)
        self.norm.running_mean.uniform_(-1, 1)
        self.norm.running_var.uniform_(0.5, 2)
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        y = self.stem((x - 0.5) / 0.25)
        y = y + self.norm(self.conv(torch.relu(y)))
        y = torch.cat([self.pool(y), F.avg_pool2d(y, 2), F.max_pool2d(y, 2)], 1)
        return self.head(-y.mean((2, 3)) * 2)


def net(kind=Residual):
    torch.manual_seed(0)
    return kind().eval()


def bound(model, unit=0, norm="l2", shape=SHAPE, axis=1, **objective):
    found = Objective(**objective)
    return of_unit(slopes(model, found.layer, shape, norm), found, unit, axis)


@pytest.mark.parametrize("norm", NORMS)
def test_of_a_linear_network_the_constant_is_exact(norm):
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 2)).eval()
    for unit, row in enumerate(model[1].weight.detach().double()):
        exact = float(row.norm(DUAL[norm]))
        assert exact <= bound(model, unit, norm) <= exact * (1 + 1e-9)


@pytest.mark.parametrize("norm", NORMS)
def test_of_a_tiny_network_it_is_not_below_the_steepest_piece_and_exact_for_positive_weights(norm):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1)).eval()
    for positive in (False, True):
        if positive:
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.abs_()
        first, last = (model[k].weight.detach().double() for k in (1, 3))
        pieces = [
            float(((last[0] * torch.tensor(alive).double()) @ first).norm(DUAL[norm]))
            for alive in itertools.product((0, 1), repeat=3)
        ]
        found = bound(model, 0, norm, (1, 2, 2))
        assert found >= max(pieces)
        if positive and norm == "linf":
            assert found <= max(pieces) * (1 + 1e-9)


def steepest(model, objective, unit, axis, norm, pairs=4000, shape=SHAPE):
    """The largest slope of random pairs, near ones and far ones, and of pairs along gradients."""
    generator = torch.Generator().manual_seed(2)
    y = torch.rand((pairs, *shape), generator=generator, dtype=torch.float64)
    z = y + 1e-3 * torch.randn((pairs, *shape), generator=generator, dtype=torch.float64)
    model = model.double()
    given = y.clone().requires_grad_()

    def value(x):
        output = layer_output(model, objective.layer, x)
        return objective.value(output, torch.full((len(x),), unit), axis)

    (gradient,) = torch.autograd.grad(value(given).sum(), given)
    along = gradient if norm == "l2" else gradient.sign()
    best = 0.0
    for other in (z, y + 1e-4 * along, torch.rand_like(y)):
        with torch.no_grad():
            rise = (value(other) - value(y)).abs()
        gap = (other - y).flatten(1)
        best = max(best, float((rise / gap.norm(2 if norm == "l2" else math.inf, dim=1)).max()))
    return best


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    "asked",
    [
        {"layer": ""},
        {"layer": "stem", "kind": "channel"},
        {"layer": "stem", "kind": "maximum"},
        {"layer": "conv", "kind": "neuron"},
        {"layer": "conv", "sums": ((0, 1), (1, 2, 2)), "negative": True},
        {"layer": "norm", "directions": ((0.5, -1.0, 2.0, 0.25), (1, 1, 1, 1))},
    ],
)
def test_no_pair_is_steeper(norm, asked):
    model, objective = net(), Objective(**asked)
    for unit in (0, 1):
        least = steepest(net(), objective, unit, 1, norm)
        found = bound(model, unit, norm, **asked)
        assert 0 < least * (1 - 1e-9) <= found  # quotients of near pairs are rounded


@pytest.mark.parametrize(
    ("rule", "less"), [("_up", lambda _terms: 0.97), ("_norm", lambda *_: 0.1)]
)
def test_a_rule_that_is_too_small_is_noticed(monkeypatch, rule, less):
    """The planted fault: what the tests above compare with is passed."""
    monkeypatch.setattr(module, rule, less)
    model = nn.Sequential(
        OrderedDict(flat=nn.Flatten(), one=nn.Linear(36, 36), two=nn.Linear(36, 1))
    )
    with torch.no_grad():
        model.one.weight[:], model.two.weight[:] = torch.eye(36), 1.0
    assert bound(model.eval(), norm="l2") < steepest(model, Objective(), 0, 1, "l2")


def test_what_has_no_rule_is_one_line():
    class Odd(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.conv, self.function = nn.Conv2d(1, 2, 3), function

        def forward(self, x):
            return self.function(self.conv(x)).flatten(1)

    for function, word in (
        (torch.sigmoid, "no rule for sigmoid"),
        (lambda y: y * y, "no rule for mul"),
        (lambda y: 1 / y, "no rule for truediv"),
        (lambda y: y + y.mean((2, 3), keepdim=True), "a sum that repeats numbers"),
        (lambda y: y.mean((2, 3), keepdim=True) + torch.ones(1, 2, 4, 4), "repeats numbers"),
        (lambda y: y.mean((2, 3), keepdim=True) * torch.ones(1, 2, 4, 4), "repeats numbers"),
        (lambda y: torch.add(y, 5, y), "add"),
        (lambda y: torch.add(y, y, alpha=5), "no rule for add"),
        (lambda y: torch.sub(y, 1.0, alpha=5), "no rule for sub"),
        (lambda y: y.softmax(1), "no rule for method softmax"),
        (lambda _y: torch.ones(1, 2), "the output does not depend on the input"),
    ):
        with pytest.raises(InvalidInput, match="^Lipschitz bounds: .*" + word) as error:
            bound(Odd(function).eval())
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidInput, match="no rule for an objective that is a function"):
        bound(net(), kind=lambda out, units: out[:, 0])
    with pytest.raises(InvalidInput, match="no rule for max pooling with dilation"):
        bound(nn.Sequential(nn.MaxPool2d(2, dilation=2), nn.Flatten(), nn.Linear(4, 1)).eval())
    with pytest.raises(InvalidInput, match="the network fails on shape"):
        bound(net(), shape=(3, 6, 6))


def test_planted_networks_are_bounded():
    model = zoo.build(zoo.Plain)
    for norm in NORMS:
        assert bound(model, 0, norm, zoo.SHAPE, layer="conv", kind="channel") > 0
        assert bound(model, 1, norm, zoo.SHAPE) > steepest(
            model, Objective(), 1, 1, norm, 500, zoo.SHAPE
        )
