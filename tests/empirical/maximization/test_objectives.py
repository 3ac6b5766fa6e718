"""What is maximised, against its definition."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import (
    Pixel,
)
from trompe.theory import InvalidInput, UnknownKey

SHAPE = (1, 8, 8)


def test_objectives_agree_with_their_definition(cnn):
    out = torch.randn(2, 5, 3, 4)
    units = torch.tensor([1, 4])
    channel = Objective("x", "channel").value(out, units)
    assert torch.allclose(channel, torch.stack([out[0, 1].mean(), out[1, 4].mean()]))
    neuron = Objective("x", "neuron").value(out, units)
    assert torch.equal(neuron, torch.stack([out[0, 1, 1, 2], out[1, 4, 1, 2]]))
    with pytest.raises(InvalidInput, match="has units 0 to 4"):
        Objective("x", "channel").value(out, torch.tensor([5, 0]))
    with pytest.raises(
        InvalidInput, match="expected logit, channel, neuron, maximum or a function"
    ):
        Objective("x", "layer")
    with pytest.raises(UnknownKey, match="unknown layer"):
        maximize(cnn, [0], SHAPE, Pixel(), objective=Objective("no", "channel"))
