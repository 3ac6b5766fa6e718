"""The networks of the experiments."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.empirical.networks.architectures import MiniInception, SmallCNN


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 17, 40), (2, 28, 28)])
@pytest.mark.parametrize("kind", [SmallCNN, MiniInception])
def test_networks_take_any_shape(shape, kind):
    model = kind(shape, 3, width=4).eval()
    assert model(torch.rand(2, *shape)).shape == (2, 3)
