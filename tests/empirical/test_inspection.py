"""Reaching into anybody's network without changing it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.empirical.cache import TensorCache, state_sha256
from trompe.empirical.inspection import capture, check_model, frozen, load_model, named_layer
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


def test_load_model(tmp_path):
    good = tmp_path / "net.py"
    good.write_text(
        "import torch\ndef build(): return torch.nn.Linear(2, 2).eval()\ndef bad(): return 3\n"
    )
    assert isinstance(load_model(f"{good}:build"), nn.Linear)
    for spec, words in (
        ("net.py", "expected FILE.py:FUNCTION"), (f"{tmp_path}/no.py:build", "it is not there"),
        (f"{good}:make", "no function 'make'"), (f"{good}:bad", "returns int"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=words):
            load_model(spec)
    good.write_text(
        "import torch\ndef build(): return torch.nn.Linear(2, 2, device='meta').eval()\n"
    )
    with pytest.raises(InvalidInput, match="holds no data"):
        load_model(f"{good}:build")
    good.write_text("def build(): raise SystemExit(0)\n")
    with pytest.raises(InvalidInput, match="fails with SystemExit"):
        load_model(f"{good}:build")
    good.write_text("1/0")
    with pytest.raises(InvalidInput, match="ZeroDivisionError"):
        load_model(f"{good}:build")


def test_pickled_weights_are_not_run(tmp_path):
    """What a pickle would do on loading does not happen: not in our cache, and not through torch.load's default."""
    import pickle

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    with open(tmp_path / "plain", "wb") as file:
        pickle.dump(Evil(), file)
    with open(tmp_path / "plain", "rb") as file:
        pickle.load(file).close()
    assert (tmp_path / "ran").exists()  # the pickle does bite
    (tmp_path / "ran").unlink()
    cache = TensorCache(tmp_path)
    cache.path("kind", {}).write_bytes((tmp_path / "plain").read_bytes())
    with pytest.warns(UserWarning, match="is damaged"):
        assert cache.load("kind", {}) is None
    (tmp_path / "net.py").write_text(
        f"import torch\ndef build(): return torch.load({str(tmp_path / 'weights')!r})\n"
    )
    torch.save(Evil(), tmp_path / "weights")
    with pytest.raises(InvalidInput, match="Weights only load failed"):
        load_model(f"{tmp_path / 'net.py'}:build")
    assert not (tmp_path / "ran").exists()
