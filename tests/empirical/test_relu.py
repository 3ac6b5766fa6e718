"""ReLU calls watched, and their gradients redirected."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import (
    Pixel,
)
from trompe.empirical.relu import RedirectedReLU, ReLUTap

SHAPE = (1, 8, 8)


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
