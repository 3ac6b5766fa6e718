"""Random transforms and their resampling."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.maximization.transforms import random_affine, resample


def test_the_identity_transform_moves_nothing():
    x = torch.rand(2, 1, 8, 6)
    assert torch.allclose(random_affine(x, torch.zeros(2, 4)), x, atol=1e-5)
    assert not torch.allclose(random_affine(x, torch.ones(2, 4)), x, atol=1e-2)


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
