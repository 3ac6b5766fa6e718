"""Silent units of somebody's own network are found and driven."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.empirical import audit_silent
from trompe.empirical.cache import state_sha256
from trompe.empirical.relu import relu_names
from trompe.theory import InvalidInput, UnknownKey

nn = torch.nn


class Net(nn.Module):
    """Two ReLU calls, a module in place and a function; unit 0 is silent on bright pictures, unit 1 dead for ever."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(6, 2)
        with torch.no_grad():
            self.conv.weight[0], self.conv.bias[0] = -1.0, 0.0
            self.conv.weight[1], self.conv.bias[1] = 0.0, -1.0

    def forward(self, x):
        return self.linear(torch.relu(self.relu(self.conv(x)).mean((2, 3))))


def test_silent_units_are_found_and_driven():
    torch.manual_seed(0)
    model = Net().eval()
    images = 0.5 + 0.5 * torch.rand(20, 1, 8, 7)
    before = state_sha256(model.state_dict())
    assert relu_names(model, images) == ["relu", "forward"]
    found = audit_silent(model, images, show=False)
    silent = {(u.layer, u.unit): u.driven for u in found.silent if u.layer == "relu"}
    assert set(silent) >= {("relu", 1)}
    assert silent["relu", 1] == 0  # dead for ever: not driven
    first = [u for u in found.silent if (u.layer, u.unit) == ("relu", 0)]
    assert first
    assert first[0].driven >= 0
    assert state_sha256(model.state_dict()) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    with pytest.raises(UnknownKey, match="did you mean conv"):
        audit_silent(model, images, layers=["conb"], show=False)
    with pytest.raises(InvalidInput, match="makes no ReLU call"):
        audit_silent(nn.Sequential(nn.Flatten(), nn.Linear(56, 2)).eval(), images, show=False)


def test_a_unit_that_only_bright_centres_excite_is_driven():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=True), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)
    ).eval()
    with torch.no_grad():
        model[0].weight[:] = 1.0
        model[0].bias[:] = torch.tensor(
            [-8.0, 1.0]
        )  # only nearly white patches reach the first unit
    found = audit_silent(model, torch.rand(50, 1, 8, 8) * 0.5, show=False, steps=200)
    assert [(u.layer, u.unit) for u in found.driven] == [("1", 0)]
