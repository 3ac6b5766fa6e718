"""Reaching into anybody's network without changing it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


import trompe.empirical as te
from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import Pixel
from trompe.empirical.networks.inspection import (
    Enough,
    capture,
    check_finite,
    check_model,
    frozen,
    layer_and_call,
    named_layer,
    numbered_picture,
    predict,
    visit,
)
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


def test_each_call_of_a_layer_is_captured_by_its_name():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Flatten(), relu, nn.Linear(64, 3), relu, nn.Linear(3, 2)).eval()
    x = torch.randn(4, 1, 8, 8)
    first, second = torch.relu(x.flatten(1)), torch.relu(model[2](torch.relu(x.flatten(1))))
    with torch.no_grad(), capture(model, ["1#1", "1#2", "2"]) as outputs:
        for _ in range(2):  # numbers start again in each pass
            model(x)
            assert torch.equal(outputs["1#1"], first) and torch.equal(outputs["1#2"], second)
        model(x[:1])
        assert len(outputs["1#2"]) == 1
    with capture(model, ["1"]), pytest.raises(InvalidInput, match=r"several times.*1#1, 1#2"):
        model(x)
    with capture(model, ["1#3"]) as outputs:
        model(x)
        with pytest.raises(InvalidInput, match="layer '1#3': the forward pass does not call it"):
            outputs.take("1#3")
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_what_was_captured_before_does_not_stand_for_a_pass_that_leaves_a_layer_out():
    class Sometimes(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(x) if len(x) > 1 else x

    model = Sometimes().eval()
    with capture(model, ["relu"]) as outputs:
        model(torch.ones(2, 3))
        model(torch.ones(1, 3))
        with pytest.raises(InvalidInput, match="does not call it"):
            outputs["relu"]


def test_names_of_calls():
    model = nn.Sequential(nn.ReLU())
    assert layer_and_call(model, "0") == ("0", None)
    assert layer_and_call(model, "0#12") == ("0", 12)
    for name in ("0#", "0#x", "#", "0#\u0663"):
        assert layer_and_call(model, name) == (name, None)
    model.add_module("a#1", nn.ReLU())  # such a layer is itself
    assert layer_and_call(model, "a#1") == ("a#1", None)


def test_the_first_picture_that_is_not_finite_is_named():
    for bad in (float("nan"), float("inf"), -float("inf")):
        output = torch.zeros(6, 2, 2)
        check_finite(output, "x", numbered_picture)
        output[4, 1, 0] = bad
        with pytest.raises(
            InvalidInput,
            match=r"^picture 14 \(counted from 0\): gives NaN or infinite numbers in 'x' of",
        ):
            check_finite(output, "'x'", numbered_picture, first=10)
        with pytest.raises(InvalidInput, match=r"^picture 2 "):
            check_finite(output, "'x'", numbered_picture, pictures=3)  # two rows each


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
    with pytest.raises(InvalidInput, match=r"^picture 0 .*NaN or infinite numbers in the output"):
        check_model(fine, images)
    with pytest.raises(InvalidInput, match=r"^first: gives NaN"):
        check_model(fine, images, lambda _k: "first")


def test_only_real_layers_are_suggested():
    model = nn.Sequential(nn.ReLU(), nn.ReLU())
    assert named_layer(model, "") is model and named_layer(model, "1") is model[1]
    with pytest.raises(UnknownKey, match=r"unknown layer 'zz'; known: 0, 1$"):
        named_layer(model, "zz")


class Odd(torch.nn.Module):
    """Says what a function makes of the images, and of how often it was called."""

    def __init__(self, says):
        super().__init__()
        self.says, self.calls = says, 0
        self.eval()

    def forward(self, x):
        self.calls += 1
        return self.says(x, self.calls)


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (lambda x, _: x.sub_(0.5).flatten(1), "overwrites the images that it is given; let it work on a copy"),
        (lambda x, k: x.flatten(1) + 0.01 * k, "says something else of the same images when asked again"),
        (lambda x, _: x.flatten(1) + torch.rand(len(x), 64), "does it draw random numbers, or count its calls"),
        (lambda x, k: x.flatten(1)[:, k:], "says something else of the same images"),
        (lambda x, _: (x - x.mean(0)).flatten(1), "other images are in its batch; expected a function of one image"),
        (lambda x, _: x.cumsum(0).flatten(1), "other images are in its batch"),
        (lambda x, _: (x + 0.01 * x.roll(-1, 0)).flatten(1), "does it mix images"),
    ],
)  # fmt: skip
def test_networks_that_are_no_function_of_the_images_are_refused(says, words):
    images = torch.rand(2, 1, 8, 8)
    before = images.clone()
    with pytest.raises(InvalidInput, match=words):
        check_model(Odd(says), images)
    assert torch.equal(images, before)
    assert check_model(Odd(lambda x, k: x.flatten(1) * (1 + 1e-6 * k)), images) == 64
    assert check_model(Odd(lambda x, _: x.flatten(1)[:, :0]), images) == 0
    assert check_model(Odd(lambda x, _: x.flatten(1) > 0.5), images) == 64


RANDOM = "model: says something else of the same images when asked again"
MIXED = "model: says something else of an image when other images are in its batch"
DOORS = {
    "maximize": lambda model, x: maximize(model, [0], (1, 8, 8), Pixel(), steps=1),
    "maximize, a layer": lambda model, x: maximize(
        model, [0], (1, 8, 8), Pixel(), steps=1, objective=te.Objective("0")
    ),
    "visualize": lambda model, x: te.visualize(model, "", [0], x, steps=1, show=False),
    "visualize, a layer": lambda model, x: te.visualize(model, "0", [0], x, steps=1, show=False),
    "visualize without images": lambda model, x: te.visualize(
        model, "0", [0], shape=(1, 8, 8), steps=1, show=False
    ),
    "fool": lambda model, x: te.fool(model, x, steps=1),
    "reproduce": lambda model, x: te.reproduce("fooling-circuit", "digits", model=model),
    "audit compare": lambda model, x: te.audit_compare(model, model, x, steps=1, show=False),
    "audit silent": lambda model, x: te.audit_silent(model, x, steps=1, show=False),
    "audit paths": lambda model, x: te.audit_paths(model, ["0"], x, steps=1, show=False),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (lambda: torch.nn.BatchNorm2d(4, track_running_stats=False), MIXED),
        (lambda: Odd(lambda x, _: torch.nn.functional.dropout(x, 0.5)), RANDOM),
    ],
)
def test_no_door_takes_a_network_that_is_random_or_looks_at_the_batch(
    door, odd, words, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    inner = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), odd(), torch.nn.ReLU())
    model = torch.nn.Sequential(inner, torch.nn.Flatten(), torch.nn.Linear(144, 3)).eval()
    said = words if door != "audit compare" else words.replace("model:", "model A:")
    with pytest.raises(InvalidInput, match=said):
        DOORS[door](model, torch.rand(20, 1, 8, 8))


def test_weights_of_inference_mode_are_refused():
    with torch.inference_mode():
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2)).eval()
    for ask in (
        lambda: check_model(model, torch.rand(2, 1, 8, 8)),
        lambda: maximize(model, [0], (1, 8, 8), Pixel(), steps=1),
    ):
        with pytest.raises(
            InvalidInput, match=r"1.weight was made under torch.inference_mode\(\), which forbids"
        ):
            ask()


class Formats(torch.nn.Module):
    """Remembers the memory format of what it gets; with `view` it takes no images in channels_last."""

    def __init__(self, view: bool) -> None:
        super().__init__()
        self.view, self.seen = view, []

    def forward(self, x):
        self.seen.append(x.is_contiguous(memory_format=torch.channels_last))
        return x.view(len(x), -1)[:, :2] if self.view else x.flatten(1)[:, :2]


@pytest.mark.parametrize("view", [False, True])
def test_large_images_are_given_in_channels_last_where_the_network_takes_that(view):
    images = torch.rand(3, 3, 128, 128)
    model = Formats(view).eval()
    assert torch.equal(predict(model, images, 1), images.flatten(1)[:, :2])
    assert model.seen == ([True, False, False, False] if view else [True] * 3)
    for side in (8, 32):
        small = Formats(view).eval()
        predict(small, images[..., :side, :side].contiguous())
        assert small.seen == [False]


def test_a_pass_ends_where_all_layers_were_called_and_before_that_it_does_not():
    model = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(3))).eval()
    last = []
    model[2].register_forward_hook(lambda *_: last.append(1))
    wanted = model[1](model[0](torch.ones(1, 2)))
    with capture(model, ["1", "0"]) as outputs:
        model(torch.zeros(1, 2))
        outputs.alone = True
        with pytest.raises(Enough):
            model(torch.ones(1, 2))
        assert torch.equal(outputs["1"], wanted)
    assert last == [1]


def test_a_model_that_looks_at_itself_can_be_looked_at():
    """A fooling circuit's detector sees layers of the network; a pass around it may end at an earlier layer, or see all of it."""

    class Looks(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 3))  # fmt: skip

        def forward(self, x):
            parts = []
            out = visit(self.net, ["1"], x, lambda _name, y: parts.append(y), whole=True)
            return out.mean((2, 3)) + parts[0].mean()

    model, images = Looks().eval(), torch.rand(2, 1, 8, 8)
    plain = model.net[0](images)
    for whole in (False, True):
        seen = []
        found = visit(model, ["net.0"], images, lambda _name, y, to=seen: to.append(y), whole=whole)
        assert len(seen) == 1 and torch.equal(seen[0], plain)
        assert (found is not None) == whole
    by_layer = [
        maximize(
            m, [1], (1, 8, 8), Pixel(), objective=te.Objective(layer), seeds=[0], steps=3
        ).images
        for m, layer in ((model, "net.0"), (model.net, "0"))
    ]
    assert torch.equal(*by_layer)
