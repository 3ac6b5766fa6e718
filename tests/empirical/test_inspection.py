"""Reaching into anybody's network without changing it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.empirical.cache import state_sha256
from trompe.empirical.inspection import capture, check_model, frozen, named_layer
from trompe.theory import InvalidInput, UnknownKey

nn = torch.nn


def state(model):
    return state_sha256(model.state_dict())


def test_capture_and_frozen_undo_themselves(cnn):
    before = state(cnn)
    hooks = [len(m._forward_hooks) for m in cnn.modules()]
    with pytest.raises(RuntimeError), frozen(cnn), capture(cnn, ["features.relu2"]) as outputs:  # noqa: PT012
        cnn(torch.rand(1, 1, 8, 8))
        assert "features.relu2" in outputs
        raise RuntimeError
    assert state(cnn) == before
    assert [len(m._forward_hooks) for m in cnn.modules()] == hooks
    assert all(p.requires_grad for p in cnn.parameters())
    with (
        pytest.raises(UnknownKey, match=r"did you mean features\.relu2"),
        capture(cnn, ["features.relu_2"]),
    ):
        pass


def test_capture_is_not_fooled_by_an_in_place_relu():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten()).eval()
    with capture(model, ["0"]) as outputs:
        model(torch.randn(4, 1, 8, 8))
    assert float(outputs["0"].detach().min()) < 0


def test_models_that_cannot_be_used():
    images = torch.rand(4, 1, 8, 8)
    moody = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(64, 2))
    with pytest.raises(
        InvalidInput, match=r"training mode; its dropout or norm layer '1'.*model.eval\(\)"
    ):
        check_model(moody, images)
    assert check_model(moody.eval(), images) == 2
    with pytest.raises(InvalidInput, match=r"returns \(2, 1, 8, 8\) for 2"):
        check_model(nn.Identity().eval(), images)
    with pytest.raises(InvalidInput, match=r"fails on images of shape \(2, 1, 8, 8\)"):
        check_model(nn.Linear(3, 3).eval(), images)
    with pytest.raises(InvalidInput, match="holds no data"):
        check_model(nn.Linear(8, 2, device="meta").eval(), images)
    fine = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).eval()
    with pytest.raises(
        InvalidInput, match=r"1\.weight is on cpu, the images on meta; move one of them: model\.to"
    ):
        check_model(fine, images.to("meta"))
    nn.init.constant_(fine[1].bias, float("nan"))
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        check_model(fine, images)


def test_only_real_layers_are_suggested():
    model = nn.Sequential(nn.ReLU(), nn.ReLU())
    assert named_layer(model, "") is model and named_layer(model, "1") is model[1]
    with pytest.raises(UnknownKey, match=r"unknown layer 'zz'; known: 0, 1$"):
        named_layer(model, "zz")
