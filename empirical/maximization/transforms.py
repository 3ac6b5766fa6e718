"""Random transforms between two steps of the ascent: jitter, scale and rotation in one resampling."""

from __future__ import annotations

from collections.abc import Sequence

from trompe.empirical._torch import torch


def draws(seeds: Sequence[int], steps: int, device: torch.device | str) -> torch.Tensor:
    """Uniform numbers in [-1, 1] of shape (steps, len(seeds), 4), one column an image, alike for equal seeds."""
    per_seed = {}
    for seed in dict.fromkeys(seeds):
        generator = torch.Generator().manual_seed(seed + 7_919)
        per_seed[seed] = 2 * torch.rand(max(steps, 1), 4, generator=generator) - 1
    return torch.stack([per_seed[seed] for seed in seeds], 1).to(device)


def random_affine(
    x: torch.Tensor,
    draw: torch.Tensor,
    jitter: float = 0.08,
    scale: float = 0.1,
    degrees: float = 10.0,
) -> torch.Tensor:
    """Shift (share of the side), scale and rotate each image by its own draw in [-1, 1]^4, in one resampling.

    The border is repeated. Height and width may differ: rotation acts on true angles.
    """
    h, w = x.shape[-2:]
    angle = draw[:, 2] * (degrees * torch.pi / 180)
    zoom = 1 + scale * draw[:, 3]
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    theta = torch.stack(
        [
            torch.stack([cos, -sin * h / w, 2 * jitter * draw[:, 0]], 1),
            torch.stack([sin * w / h, cos, 2 * jitter * draw[:, 1]], 1),
        ],
        1,
    )
    grid = torch.nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    if x.is_cuda:
        return resample(x, grid)
    return torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def resample(x: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """`grid_sample` with repeated borders, by indexing.

    On CUDA the gradient of indexing has a deterministic kernel and that of `grid_sample` has none, so only with
    this one do two equal runs walk the same path there.
    """
    n, _, h, w = x.shape
    column = (((grid[..., 0] + 1) * w - 1) / 2).clamp(0, w - 1)
    row = (((grid[..., 1] + 1) * h - 1) / 2).clamp(0, h - 1)
    left, top = column.floor().long(), row.floor().long()
    right, bottom = (left + 1).clamp(max=w - 1), (top + 1).clamp(max=h - 1)
    across, down = (column - left)[..., None], (row - top)[..., None]
    pixels, i = x.permute(0, 2, 3, 1), torch.arange(n, device=x.device)[:, None, None]
    above = pixels[i, top, left] * (1 - across) + pixels[i, top, right] * across
    below = pixels[i, bottom, left] * (1 - across) + pixels[i, bottom, right] * across
    return (above * (1 - down) + below * down).permute(0, 3, 1, 2)
