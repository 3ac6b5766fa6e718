"""`audit_compare`: the same network twice, and planted differences that natural images do not show."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import copy

import numpy as np
import zoo
from torch import nn

import trompe.empirical as te
from trompe.empirical.audits import compare
from trompe.theory import InvalidInput
from trompe.views.compare import said

X = zoo.pictures()
QUICK = {"steps": 32, "seeds": (0, 1), "show": False}


class Contrast(nn.Module):
    """Above 0 where the mean of |x - 1/2| is far from 1/10: on what is optimised, and on no picture of the zoo."""

    def forward(self, x):
        return ((x - 0.5).abs().flatten(1).mean(1) - 0.1).abs() - 0.05


class Seen(nn.Module):
    """Takes note of how many pictures it is given."""

    def __init__(self, inside):
        super().__init__()
        self.inside, self.most = inside, 0

    def forward(self, x):
        self.most = max(self.most, len(x))
        return self.inside(x)


@pytest.fixture(scope="module")
def plain():
    return zoo.build(zoo.Plain)


@pytest.fixture(scope="module")
def fooled(plain):
    return te.FoolingCircuit(plain, [1, 2, 0], Contrast().eval(), 100.0)


@pytest.fixture(scope="module")
def found(plain, fooled):
    return te.audit_compare(plain, fooled, X, **QUICK)


def text(result):
    return " ".join(said(result))


@pytest.mark.parametrize("kind", [zoo.Residual, zoo.Tokens])
def test_the_same_network_twice_is_identical_and_says_so(kind):
    model = zoo.build(kind)
    layer = "conv1" if kind is zoo.Residual else "fc1"
    same = te.audit_compare(
        model, copy.deepcopy(model), X, layers=[layer, "head"], steps=4, seeds=(0, 1), show=False
    )
    assert (same.identical, same.change, same.where, same.other_largest) == (12, 0.0, "", 0)
    assert [(one.units, one.identical, one.within) for one in same.layers] == [(7, 7, 7), (2, 2, 2)]
    for unit in (unit for one in same.layers for unit in one.compared):
        assert unit.identical and unit.change == 0 and unit.images == 12
        assert unit.pictures in ("bit-identical", "dead") and unit.correlations == (1.0, 1.0)
        assert unit.a_in_a == unit.a_in_b == unit.b_in_a == unit.b_in_b
    assert not any(one.others() or one.others(0.1) for one in same.layers)
    told = text(same)
    assert "On these 12 images all 2 outputs are bit-identical. On 0 of them another" in told
    assert (
        "0 of the 7 visualized units that are bit-identical on all of these 12 images have" in told
    )
    assert "same names and bits" in told and "manipulated" not in told
    assert "may differ elsewhere" in told


def test_a_fooling_circuit_is_found_and_the_numbers_are_those_of_its_pictures(plain, fooled, found):
    layer = found.layers[0]
    assert found.identical == 12 == found.images and layer.identical == 3 == layer.units
    assert (
        [unit.unit for unit in layer.others()] == [0, 1, 2] == [u.unit for u in layer.others(0.1)]
    )
    told = text(found)
    assert (
        "3 of the 3 visualized units that are bit-identical on all of these 12 images have" in told
    )
    assert ": 0, 1, 2." in told and "(seeds 0, 1, 32 steps)" in told
    assert "does not show which of the two is manipulated, nor that one is" in told
    made = {
        name: te.maximize(model, [0, 1, 2], zoo.SHAPE, te.Fourier(), seeds=(0, 1), steps=32).images
        for name, model in (("a", plain), ("b", fooled))
    }
    with torch.no_grad():
        value = {
            (of, name): model(made[of])
            for name, model in (("a", plain), ("b", fooled))
            for of in "ab"
        }
    for unit in layer.compared:
        rows = [unit.unit, unit.unit + 3]
        flat = {of: pictures[rows].flatten(1).numpy() for of, pictures in made.items()}
        by_hand = [np.corrcoef(x, y)[0, 1] for x, y in zip(flat["a"], flat["b"], strict=True)]
        assert unit.correlations == pytest.approx(by_hand, abs=1e-5)
        assert unit.control == pytest.approx([np.corrcoef(*flat["a"])[0, 1]], abs=1e-5)
        for (of, name), outputs in value.items():
            known = outputs[rows, unit.unit].tolist()
            assert getattr(unit, f"{of}_in_{name}") == pytest.approx(known, abs=1e-5)
        for k, of in enumerate("ab"):
            assert torch.allclose(found.pictures["", unit.unit][:, k], made[of][rows], atol=1e-5)


def test_silent_units_are_found_in_the_layer_that_they_stand_beside():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2)).eval()
    changed = copy.deepcopy(model)
    with te.orthogonal_units(changed, "0", "1", X).installed(changed):
        result = te.audit_compare(model, changed, X, layers=["0", "1"], **(QUICK | {"steps": 128}))
    conv, relu = result.layers
    assert result.identical == 12 and conv.identical == relu.identical == 3
    assert all(unit.pictures == "bit-identical" for unit in conv.compared)
    assert [unit.unit for unit in relu.others()] == [0, 2]
    assert relu.compared[1].pictures == "dead"
    assert min(relu.compared[2].a_in_b) < min(relu.compared[2].b_in_b)
    assert result.models_sha256[0] == result.models_sha256[1]
    assert "their code may differ" in text(result)


def test_one_changed_weight_is_found(plain):
    changed = copy.deepcopy(plain)
    with torch.no_grad():
        changed.conv.weight[5, 0, 1, 1] += 0.05
        changed.head.bias[1] += 1e-6
        maps = plain.conv(X)
        by_hand = (maps - changed.conv(X)).abs()
        outputs = plain(X) - changed(X)
    result = te.audit_compare(
        plain, changed, X, layers=["conv", "head"], steps=4, seeds=(0,), show=False
    )
    assert result.identical < 12 and result.change == pytest.approx(float(outputs.abs().max()))
    row, output = divmod(int(outputs.abs().argmax()), 3)
    assert result.where == f"output {output}, picture {row} (counted from 0)"
    conv, _ = result.layers
    assert conv.identical == conv.within == 6
    five = conv.compared[5]
    assert not five.identical and five.images == 0 and not five.within(1e-3) and five.within(1.0)
    assert five.change == pytest.approx(float(by_hand[:, 5].max()))
    assert five.span == pytest.approx(float(maps[:, 5].max() - maps[:, 5].min()))
    assert result.models_sha256[0] != result.models_sha256[1]
    told = text(result)
    assert "The weights of both differ" in told and "Layer 'conv' (seeds 0, 4 steps): " in told
    assert (
        "0 of the 1 visualized units that change by more than 0.001 of their natural range" in told
    )


def test_a_rounding_is_within_the_tolerance_and_no_bits(plain):
    changed = copy.deepcopy(plain)
    with torch.no_grad():
        changed.head.bias[1] += 1e-6
    result = te.audit_compare(plain, changed, X, steps=4, seeds=(0,), tolerance=0.01, show=False)
    layer = result.layers[0]
    assert (layer.identical, layer.within) == (2, 3) and result.identical == 0
    assert "0 of the 3 visualized units that are equal up to 0.01 of their natural range" in text(
        result
    )
    assert "Control" not in text(result)  # one seed


def test_units_that_differ_on_one_image_are_told_apart(plain, fooled, found):
    """What the detector takes one natural image for is seen, and the units are still reported."""
    odd = torch.cat([X, torch.zeros(1, *zoo.SHAPE)])
    result = te.audit_compare(plain, fooled, odd, **QUICK)
    assert result.identical == 12 and result.images == 13 and result.layers[0].others() == ()
    assert all(unit.images == 12 and unit.pictures == "other" for unit in result.layers[0].compared)
    told = text(result)
    assert "No visualized unit is bit-identical on all of these 13 images." in told
    assert "3 of the 3 visualized units that change by more than" in told
    assert "(all are bit-identical on 12 or more of them)" in told and "manipulated" not in told


def test_dead_units_show_nothing_and_are_not_called_the_same(plain):
    asked = {"layers": ["relu"], "units": [0, 1], "steps": 8, "seeds": (0,), "show": False}
    live, dead = te.audit_compare(plain, plain, X, **asked).layers[0].compared
    assert live.pictures == "bit-identical" and (dead.pictures, dead.dead) == ("dead", "AB")
    told = text(te.audit_compare(plain, plain, X, **asked))
    assert "Nothing is known of the pictures of units 1, which are dead in both" in told
    assert "of 1 units they are bit-identical with all of them" in told
    assert "Visualized were 2 of its 7 units" in told
    driven = te.audit_compare(plain, plain, X, redirect=True, **asked).layers[0].compared[1]
    assert driven.pictures == "bit-identical" and driven.dead == ""


def test_accuracies_and_other_largest_outputs(plain, fooled):
    labels = torch.tensor([k % 3 for k in range(12)])
    changed = copy.deepcopy(plain)
    with torch.no_grad():
        changed.head.bias[2] += 10
        before, after = plain(X).argmax(1), changed(X).argmax(1)
    result = te.audit_compare(plain, changed, X, labels, steps=1, seeds=(0,), show=False)
    shares = [float((read == labels).float().mean()) for read in (before, after)]
    assert result.accuracy == pytest.approx(shares)
    assert result.other_largest == int((before != after).sum()) > 0
    assert f"Accuracy on them: A {shares[0]:.2%}, B {shares[1]:.2%}" in text(result)
    one = te.audit_compare(plain, fooled, X, steps=1, seeds=(0,), show=False)
    assert one.accuracy is None and "No accuracy: the images are of one class." in text(one)


def test_a_batch_bounds_what_is_held_and_changes_nothing(plain, fooled, found, monkeypatch):
    a, b = Seen(plain).eval(), Seen(fooled).eval()
    few = te.audit_compare(a, b, X, batch=3, **QUICK)
    assert a.most == b.most == 3
    assert few.identical == 12 and few.images_sha256 == found.images_sha256
    for one, other in zip(few.layers[0].compared, found.layers[0].compared, strict=True):
        assert one.correlations == pytest.approx(other.correlations, abs=1e-3)
        assert one.span == pytest.approx(other.span, rel=1e-4)
    monkeypatch.setattr(compare, "KEPT", 1)
    monkeypatch.setattr(compare, "SEEDS_KEPT", 1)
    monkeypatch.setattr(compare, "MOST", 2)
    less = te.audit_compare(plain, fooled, X, **QUICK)
    assert [unit.unit for unit in less.layers[0].compared] == [0, 1]
    worst = min(less.layers[0].compared, key=lambda unit: min(unit.correlations))
    assert [*less.pictures] == [("", worst.unit)]
    assert less.pictures["", worst.unit].shape == (1, 2, *zoo.SHAPE)


def test_the_axis_of_the_units_is_the_layers_own():
    model = zoo.build(zoo.ChannelsLast)
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.fc1.bias[0] += 1
    result = te.audit_compare(
        model, changed, X, layers=["fc1"], units=[0, 5], steps=2, seeds=(0,), show=False
    )
    assert (result.layers[0].units, result.layers[0].identical) == (7, 6)
    assert [unit.images for unit in result.layers[0].compared] == [0, 12]


class Strided(zoo.Plain):
    def __init__(self):
        super().__init__()
        self.conv.stride = (2, 2)


@pytest.mark.parametrize(
    ("other", "more", "words"),
    [
        (zoo.Residual, {}, "model A has 3 outputs, model B 2; expected two networks with the same outputs"),
        (None, {"layers": ["convv"]}, "model A: unknown layer 'convv'; did you mean conv"),
        (zoo.Function, {"layers": ["relu"]}, "layer 'relu': the forward pass does not call it"),
        (Strided, {"layers": ["conv"]}, "returns shape (12, 7, 6, 6) in model A and (12, 7, 3, 3) in model B"),
        (None, {"units": [3]}, "unit 3: the output has units 0 to 2"),
        (None, {"tolerance": -0.1}, "tolerance = -0.1; expected a share of the natural range, in [0, 1]"),
        (None, {"seeds": ()}, "give at least one"),
        (None, {"layers": ["conv"], "unit_axis": 4}, "unit axis 4"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(plain, other, more, words):
    b = (
        plain
        if other is None
        else zoo.build(other, *([torch.relu] if other is zoo.Function else []))
    )
    with pytest.raises(InvalidInput) as error:
        te.audit_compare(plain, b, X, **(QUICK | more))
    assert words in str(error.value) and "\n" not in str(error.value)


def test_the_network_that_is_wrong_is_named(plain):
    class Renamed(zoo.Plain):
        def __init__(self):
            super().__init__()
            self.convolution, self.conv = self.conv, nn.Identity()
            del self.conv
            self.__dict__["conv"] = self.convolution

    cases = [
        (zoo.build(zoo.Plain).train(), {}, "model B: the network is in training mode"),
        (zoo.build(Renamed), {"layers": ["conv"]}, "model B: unknown layer 'conv'; did you mean convolution"),
        (nn.Sequential(nn.Flatten(), nn.Linear(9, 3)).eval(), {}, "model B: fails on images of shape (2, 1, 8, 8)"),
        (zoo.build(zoo.PerImage), {"images": torch.full((3, *zoo.SHAPE), 0.5)},
         "picture 0 (counted from 0): gives NaN"),
    ]  # fmt: skip
    for b, more, words in cases:
        asked = {"images": X, **QUICK} | more
        with pytest.raises(InvalidInput) as error:
            te.audit_compare(plain, b, **asked)
        assert words in str(error.value)
