"""Inside a box that is certified E = 0, an ascent of a fooled network that is projected onto the box is the original's, bit for bit."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.empirical import FoolingCircuit, certify_natural

RADIUS = 0.1
UNIT = 4


def ascent(model: torch.nn.Module, start: torch.Tensor, radius: float) -> list[torch.Tensor]:
    """The iterates of a projected gradient ascent of one unit."""
    x, found = start.clone(), []
    for _ in range(12):
        x = x.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(model(x)[:, UNIT].sum(), x)
        with torch.no_grad():
            x = x + 0.02 * gradient / gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
            x = torch.minimum(torch.maximum(x, start - radius), start + radius).clamp(0, 1)
        found.append(x)
    return found


def equal(network: torch.nn.Module, circuit: torch.nn.Module, start: torch.Tensor) -> bool:
    pairs = zip(ascent(network, start, RADIUS), ascent(circuit, start, RADIUS), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_certified_boxes_hold_the_originals_accentuations(cnn, detector, natural):
    circuit = FoolingCircuit(cnn, [*range(1, 10), 0], detector, 1e3).eval()
    certified = certify_natural(detector, natural, RADIUS).certified
    assert int(certified.sum()) > 20
    inside = natural[certified][:20]
    assert equal(cnn, circuit, inside)
    moved = ascent(cnn, inside, RADIUS)[-1]
    assert float((moved - inside).abs().amax()) > 0.02  # it went somewhere


def test_outside_of_certified_boxes_it_may_be_another(cnn, detector):
    """The planted fault: grey pictures, which the detector takes for visualizations."""
    grey = torch.full((2, 1, 8, 8), 0.5)
    circuit = FoolingCircuit(cnn, [*range(1, 10), 0], detector, 1e3).eval()
    assert not certify_natural(detector, grey, RADIUS).certified.any()
    assert not equal(cnn, circuit, grey)
