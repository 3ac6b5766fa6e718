"""Where a layer's units lie, followed through what networks do with tensors."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from torch.nn import functional as F  # noqa: N812

from trompe.empirical.networks.axes import AxisTrace, chosen_axis, usual_axis
from trompe.theory import InvalidInput

CONV = torch.nn.Conv2d(1, 5, 3)
NORM = torch.nn.BatchNorm2d(5).eval()
LINEAR = torch.nn.Linear(5, 7)
X = torch.zeros(2, 1, 9, 8)

WAYS = [
    (lambda: CONV(X), 1),
    (lambda: F.avg_pool2d(torch.relu(NORM(CONV(X))) + 1, 2), 1),
    (lambda: CONV(X).permute(0, 2, 3, 1), 3),
    (lambda: CONV(X).permute((0, -1, 2, 1)), 3),
    (lambda: CONV(X).permute(dims=(0, 2, 1, 3)), 2),
    (lambda: CONV(X).transpose(1, -1), 3),
    (lambda: CONV(X).transpose(2, 3), 1),
    (lambda: CONV(X).flatten(2), 1),
    (lambda: CONV(X).flatten(2).transpose(1, 2) * 2, 2),
    (lambda: CONV(X)[:, :3], 1),
    (lambda: torch.cat([CONV(X), CONV(X)], 1), 1),
    (lambda: CONV(X).chunk(2, 1)[0], 1),
    (lambda: LINEAR(CONV(X).permute(0, 2, 3, 1)), 3),
    (lambda: F.layer_norm(LINEAR(CONV(X).flatten(2).transpose(1, 2)), (7,)), 2),
    (lambda: torch.nn.Conv1d(1, 4, 3)(X[:, :, 0]), 1),
    (lambda: torch.nn.ConvTranspose2d(1, 4, 3)(X), 1),
    (lambda: X * 1, None),
    (lambda: CONV(X).reshape(2, 6, 7, 5), None),
    (lambda: torch.einsum("nchw,cd->ndhw", CONV(X), torch.zeros(5, 7)), None),
]


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_the_axis_is_followed(way):
    make, expected = WAYS[way]
    with torch.no_grad(), AxisTrace() as trace:
        out = make()
        assert trace.known(out) == expected
        assert trace.axis(out) == (usual_axis(out.shape) if expected is None else expected)


def test_a_trace_changes_no_bit():
    torch.manual_seed(0)
    x = torch.rand(2, 1, 9, 8)
    plain = LINEAR(CONV(x).permute(0, 2, 3, 1))
    with AxisTrace():
        assert torch.equal(LINEAR(CONV(x).permute(0, 2, 3, 1)), plain)


def test_a_choice_goes_before_what_is_followed():
    with AxisTrace() as trace:
        y = CONV(X)
        assert [trace.axis(y, k) for k in (1, 2, -1, -3)] == [1, 2, 3, 1]
        for axis in (0, 4, -4, 64):
            with pytest.raises(
                InvalidInput,
                match=rf"unit axis {axis}: a layer has shape \(n, 5, 7, 6\); expected 1 to 3",
            ):
                trace.axis(y, axis)
    assert chosen_axis(3, (4, 9), "an output of two axes") == 1
