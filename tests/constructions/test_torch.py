"""The same functions on tensors, and the same networks as modules."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from trompe.constructions import CONSTRUCTIONS, pair_networks, triple
from trompe.constructions.examples import example

torch = pytest.importorskip("torch", reason="tensors need torch: pip install 'trompe[empirical]'")

F = Fraction
GRID = [(F(i, 8), F(j, 8)) for i in range(9) for j in range(9)]
# Values of size 1, sums of at most a dozen terms, so some dozens of roundings of one unit each.
TOLERANCE = {"float64": 1e-13, "float32": 1e-5}


def shown(row):
    drawn = example(row, 2)
    return triple(drawn.cls, drawn.v, drawn.x).pair()


def exact(function):
    values = function(np.array([list(z) for z in GRID], dtype=object))
    return np.array([float(value) for value in values])


@pytest.mark.parametrize("dtype", sorted(TOLERANCE))
@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
def test_tensors_give_the_exact_values(row, dtype):
    pair = shown(row)
    zs = torch.tensor([[float(c) for c in z] for z in GRID], dtype=getattr(torch, dtype))
    for member in (pair.f, pair.g):
        out = member(zs)
        assert out.dtype == zs.dtype
        assert out.shape == (len(GRID),)
        np.testing.assert_allclose(out.numpy(), exact(member), rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", sorted(TOLERANCE))
@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
def test_the_module_equals_the_exact_network(row, dtype):
    zs = torch.tensor([[float(c) for c in z] for z in GRID], dtype=getattr(torch, dtype))
    for network in pair_networks(shown(row)):
        module = network.to_torch(getattr(torch, dtype))
        assert isinstance(module, torch.nn.Sequential)
        widths = [m.out_features for m in module if isinstance(m, torch.nn.Linear)]
        assert tuple(widths) == (*network.widths, 1)
        out = module(zs).detach().numpy()[:, 0]
        np.testing.assert_allclose(out, exact(network), rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
def test_gradients_flow_through_the_pair(row):
    """Away from the bends the gradient is the slope: a difference quotient gives the same."""
    pair = shown(row)
    z = torch.tensor([0.29, 0.28], dtype=torch.float64, requires_grad=True)
    for member in (pair.f, pair.g):
        (gradient,) = torch.autograd.grad(member(z), z)
        step = 1e-6
        for i in range(2):
            moved = [zi.item() + step * (i == k) for k, zi in enumerate(z)]
            slope = (member(torch.tensor(moved, dtype=torch.float64)) - member(z)).item() / step
            # rounding 1e-16 / step; affine pieces have no second-order error
            assert gradient[i].item() == pytest.approx(slope, abs=1e-8)
    assert bool(gradient.isfinite().all())


def test_modules_are_float64_unless_told():
    network, _ = pair_networks(shown("monotone"))
    assert {p.dtype for p in network.to_torch().parameters()} == {torch.float64}
