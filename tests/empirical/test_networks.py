"""Networks, training, caches, and reaching into a model without changing it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import warnings

from trompe.empirical import cache as cache_module
from trompe.empirical.cache import TensorCache, state_sha256
from trompe.empirical.inspection import accuracy, capture, check_model, frozen, load_model
from trompe.empirical.networks import MiniInception, SmallCNN
from trompe.empirical.training import Recipe, build, train
from trompe.theory import InvalidInput, UnknownKey

nn = torch.nn


def state(model):
    return state_sha256(model.state_dict())


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 17, 40), (2, 28, 28)])
@pytest.mark.parametrize("kind", [SmallCNN, MiniInception])
def test_networks_take_any_shape(shape, kind):
    model = kind(shape, 3, width=4).eval()
    assert model(torch.rand(2, *shape)).shape == (2, 3)


def test_three_epochs_read_digits(cnn, digits):
    assert accuracy(cnn, digits.test.tensor(), digits.test.targets()) > 0.8


def test_training_repeats_and_resumes_bit_for_bit(digits, tmp_path, monkeypatch):
    recipe = Recipe("inception", epochs=2, batch=700, width=4)

    def fresh():
        torch.manual_seed(3)
        return build(recipe, digits)

    whole = fresh()
    train(whole, digits, recipe, 3, show=False)
    cache, key = TensorCache(tmp_path), {"test": 1}
    from trompe.empirical import training

    broken = fresh()
    real, calls = training._one_cycle, []

    def interrupted(t):
        calls.append(t)
        if len(calls) == 5:  # in the second epoch of three batches each
            raise KeyboardInterrupt
        return real(t)

    monkeypatch.setattr(training, "_one_cycle", interrupted)
    monkeypatch.setattr(training, "KEEP_EPOCHS_FROM", 0)
    with pytest.raises(KeyboardInterrupt):
        train(broken, digits, recipe, 3, cache, key, show=False)
    monkeypatch.setattr(training, "_one_cycle", real)
    resumed = fresh()
    train(resumed, digits, recipe, 3, cache, key, show=False)
    assert state(resumed) == state(whole)
    assert len(calls) == 5


def test_a_small_data_set_is_trained_for_as_many_steps():
    recipe = Recipe("inception", epochs=12, batch=128, least_steps=140)
    assert recipe.sized(1442).epochs == 12  # digits: 12 batches an epoch
    assert recipe.sized(144).epochs == 70
    assert Recipe("cnn", epochs=5).sized(3).epochs == 5


def test_cache_rebuilds_damaged_files_and_says_so(tmp_path):
    cache = TensorCache(tmp_path)
    built = []

    def build_it():
        built.append(1)
        return {"x": torch.arange(4.0)}

    cache.get("kind", {"a": 1}, build_it)
    assert cache.get("kind", {"a": 1}, build_it)["x"].tolist() == [0, 1, 2, 3]
    assert len(built) == 1
    path = cache.path("kind", {"a": 1})
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1  # one bit of a weight
    path.write_bytes(raw)
    with pytest.warns(UserWarning, match="is damaged"):
        assert cache.get("kind", {"a": 1}, build_it)["x"].tolist() == [0, 1, 2, 3]
    path.write_bytes(b"\x80\x04not safetensors")  # a pickle is not read
    with pytest.warns(UserWarning, match="is damaged"):
        cache.get("kind", {"a": 1}, build_it)
    assert len(built) == 3
    assert cache.path("kind", {"a": 2}) != path


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(InvalidInput, match="cannot be written"):
        TensorCache(tmp_path / "file").store("kind", {}, {"x": torch.zeros(1)})
    assert (tmp_path / "file").read_text() == "kept"


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


def test_cuda_asked_for_and_absent():
    from trompe.empirical._torch import pick_device

    assert pick_device("cpu").type == "cpu"
    for name in ("gpu", "meta"):
        with pytest.raises(InvalidInput, match="expected auto, cpu, cuda"):
            pick_device(name)
    if not torch.cuda.is_available():
        with pytest.raises(InvalidInput, match="no CUDA device here; use --device cpu"):
            pick_device("cuda")


def test_the_cache_key_holds_torch_and_the_revision(tmp_path, monkeypatch):
    cache = TensorCache(tmp_path)
    before = cache.path("kind", {})
    monkeypatch.setattr(cache_module, "REVISION", 99)
    assert cache.path("kind", {}) != before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache.load("kind", {}) is None
