"""The experiments on somebody's network: what is looked at, every experiment on a residual network and a transformer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from time import sleep

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
pytest.importorskip("matplotlib", reason="figures are drawn with matplotlib")

import numpy as np
import zoo

import trompe.empirical as te
from trompe.empirical.attacks import features as attack_features
from trompe.empirical.attacks.features import EarlyFeatures, FeatureDetector, early_layers
from trompe.empirical.cache import Uncached
from trompe.empirical.experiments import (
    certified,
    circuit,
    context,
    detector,
    effort,
    figures,
    given,
    runner,
)
from trompe.empirical.experiments.given import look_at
from trompe.empirical.inputs.data import ImageData, Split
from trompe.empirical.maximization import ascent
from trompe.empirical.networks import inspection
from trompe.empirical.networks.inspection import capture, predict, visit
from trompe.empirical.record import SCHEMA_FILE
from trompe.theory import InvalidInput, UnknownKey


def few(data, train, test):
    """The first images of a data set."""
    parts = ((data.train, train), (data.test, test))
    return ImageData(
        "few", *(Split(s.images[:n], s.labels[:n], s.levels) for s, n in parts), data.classes
    )


@pytest.fixture(scope="module")
def digits():
    return few(te.load_data("digits"), 60, 20)


@pytest.fixture
def quick(monkeypatch):
    short = {
        "steps": 6, "plain_seeds": 1, "maco_seeds": 1, "fit_steps": 40, "rounds": (1, 1), "round_seeds": 1, "unseen": 1,
        "attacked": 4,
    }  # fmt: skip
    bounded = {"steps": 20, "widths": (8,), "batch": 16}

    def of_size(height, width):
        size = effort.LARGE if max(height, width) > given.FEATURES_FROM else effort.SMALL
        return replace(
            size, **short, bounded=bounded | ({"widths": ()} if size is effort.LARGE else {})
        )

    monkeypatch.setattr(context, "effort_for", of_size)
    monkeypatch.setattr(figures, "DPI", 30)
    monkeypatch.setattr(certified, "TINY_RADII", (8,))


def balanced(network, images):
    """The network with its outputs shifted and scaled, so that it takes images for different classes."""
    with torch.no_grad():
        outputs = network(images)
        network.head.bias -= outputs.mean(0)
        network.head.weight /= outputs.std(0)[:, None]
        network.head.bias /= outputs.std(0)
    return network


def run(kind, data, out, experiment="all", **asked):
    network = balanced(zoo.build(kind), data.train.tensor())
    asked = {"cache": out / "cache", "show": False, "model": network} | asked
    return network, runner.reproduce(experiment, data, "cpu", 0, out, **asked)


@pytest.mark.parametrize("largest_side_of_pixels", [64, 4])
def test_every_experiment_runs_on_a_residual_network(
    digits, quick, tmp_path, monkeypatch, largest_side_of_pixels
):
    """Once with the detector of pixels, once with that of early features, as for large pictures."""
    monkeypatch.setattr(given, "FEATURES_FROM", largest_side_of_pixels)
    network, found = run(zoo.Residual, digits, tmp_path, layers=["conv1", "relu#1", "head"])
    before = {name: t.clone() for name, t in network.state_dict().items()}
    assert set(found) == set(runner.EXPERIMENTS) - {"erm-witness"}
    jsonschema = pytest.importorskip(
        "jsonschema", reason="witnesses are checked against their schema"
    )
    for key, witness in found.items():
        jsonschema.validate(witness, json.loads(SCHEMA_FILE.read_text()))
        assert witness["weights"][0]["name"] == "network"
        assert all((tmp_path / key / f["file"]).stat().st_size > 1000 for f in witness["figures"])
    names = {m["name"] for m in found["fooling-circuit"]["measurements"]}
    assert "natural test images taken for another class" in names
    assert "accuracy of the original" not in names
    assert "transfer to MiniInception: natural test outputs bit-identical" not in names
    assert found["fooling-circuit"]["settings"]["interval bound on |F|, |D|"] > 0
    path = found["path-similarity"]
    assert path["settings"]["layers"] == ["conv1", "relu#1", "head"]
    assert sum(path["settings"]["units"].values()) <= 80
    assert {"spearman, uniform noise: similarity by layer", "spearman, phase-scrambled images: similarity by layer"} <= {
        m["name"] for m in path["measurements"]
    }  # fmt: skip
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    again = []
    run(
        zoo.Residual, digits, tmp_path, layers=["conv1", "relu#1", "head"],
        done=lambda key, witness, skipped: again.append(skipped),
    )  # fmt: skip
    assert again == [True] * 4


def test_what_a_network_does_not_allow_is_named_when_the_others_are_done(digits, quick, tmp_path):
    with pytest.raises(InvalidInput, match="no rule for layer attention") as caught:
        run(zoo.Tokens, digits, tmp_path)
    said = str(caught.value)
    assert said.startswith("certified-circuit: interval bounds: ")
    assert said.endswith("(the others are done: fooling-circuit, silent-units, path-similarity)")
    assert "\n" not in said
    circuit = json.loads((tmp_path / "fooling-circuit" / "witness.json").read_text())
    assert circuit["settings"]["interval bound on |F|, |D|"] is None  # k is 2^53, and not certified
    assert circuit["settings"]["k"] == pytest.approx(2.0**53)


class Halved(zoo.Plain):
    """The same weights and the same modules, and another function."""

    def forward(self, x):
        return super().forward(x / 2)


def test_another_network_is_run_anew_and_finds_nothing_in_the_cache(digits, quick, tmp_path):
    done = []
    note = {"done": lambda *a: done.append(a[2])}
    first, second = zoo.build(zoo.Plain), zoo.build(Halved)
    Halved.__name__ = "Plain"  # even as they are printed
    assert repr(first) == repr(second)
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )
    for network in (first, second, first):
        runner.reproduce(
            "path-similarity", digits, "cpu", 0, tmp_path, model=balanced(network, digits.train.tensor()),
            cache=tmp_path / "cache", show=False, **note,
        )  # fmt: skip
    assert done == [False, False, False]
    ctx = context.Context(digits, torch.device("cpu"), 0, tmp_path, te_cache(tmp_path))
    kept = []
    for network in (first, second, first):
        ctx.given = look_at(network, digits.train.tensor())
        ctx.step("unseen", {}, [network], lambda: kept.append(1) or {"x": torch.zeros(1)})
    assert len(kept) == 2


def te_cache(folder):
    from trompe.empirical.cache import TensorCache

    return TensorCache(folder / "tensors")


def test_other_weights_are_run_anew(digits, quick, tmp_path):
    done = []
    note = {"done": lambda *a: done.append(a[2])}
    network, _ = run(zoo.Plain, digits, tmp_path, "silent-units", **note)
    with torch.no_grad():
        network.head.bias[0] += 1
    runner.reproduce(
        "silent-units",
        digits,
        "cpu",
        0,
        tmp_path,
        model=network,
        cache=tmp_path / "cache",
        show=False,
        **note,
    )
    assert done == [False, False]


# -- what is looked at -----------------------------------------------------------------------------------


def test_what_is_looked_at_where_nothing_is_named():
    images = zoo.pictures()
    for kind, parts in (
        (zoo.Residual, (("conv1", "relu#1"),)),
        (zoo.Tokens, (("fc1", "relu"),)),
        (zoo.Plain, (("conv", "relu"),)),
    ):
        found = look_at(zoo.build(kind), images)
        assert found.parts == parts
        assert found.outputs == len(found.units)
        assert found.features == ()
        assert found.name(1) == "unit 1"
    found = look_at(
        zoo.build(zoo.Residual), images, units=[1, 0], names=["a", "b"], layers=["conv1"]
    )
    assert (found.units, found.name(1), found.layers) == ((1, 0), "b", ("conv1",))
    large = torch.nn.functional.interpolate(images, size=(66, 66))
    assert look_at(zoo.build(zoo.Residual), large).features == ("conv1", "bn1", "relu#1")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"units": [0, 2]}, "unit 2: the network has outputs 0 to 1"),
        ({"units": [1]}, "expected two or more different ones"),
        ({"units": [1, 1]}, "expected two or more different ones"),
        ({"layers": ["relu"]}, "called several times"),
        ({"groups": np.zeros(12, np.int64)}, "images: 1 to train on; expected at least 10"),
    ],
)
def test_what_is_not_there_is_refused(asked, says):
    with pytest.raises(InvalidInput, match=says):
        look_at(zoo.build(zoo.Residual), zoo.pictures(), **asked)


def test_named_layers_that_do_not_fit_get_no_silent_units(digits, quick, tmp_path):
    assert look_at(zoo.build(zoo.Residual), zoo.pictures(), layers=["head"]).parts == ()
    with pytest.raises(
        InvalidInput, match="silent-units: no layer that is looked at fits silent units"
    ):
        run(zoo.Residual, digits, tmp_path, "silent-units", layers=["head"])


def test_data_in_other_groups_are_other_data(digits):
    grouped = replace(digits, train=replace(digits.train, groups=np.arange(60) // 2))
    held = replace(digits, train=replace(digits.train, calibration=np.arange(60) < 9))
    assert len({digits.sha256, grouped.sha256, held.sha256}) == 3


def test_a_layer_that_is_not_there_is_named_with_the_nearest():
    with pytest.raises(UnknownKey, match="conv1"):
        look_at(zoo.build(zoo.Residual), zoo.pictures(), layers=["conv3"])


def test_questions_about_a_network_need_one(digits, tmp_path):
    with pytest.raises(InvalidInput, match="give model too"):
        runner.reproduce("all", digits, "cpu", output=tmp_path, units=[1, 2])
    with pytest.raises(InvalidInput, match="erm-witness: is about data alone"):
        runner.reproduce("erm-witness", digits, "cpu", output=tmp_path, model=zoo.build(zoo.Plain))


# -- early features --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "layers"),
    [(zoo.Residual, ["bn1", "relu#2"]), (zoo.Tokens, ["patch", "fc1"]), (zoo.ChannelsLast, ["fc1"])],
)  # fmt: skip
def test_features_are_means_and_root_mean_squares_of_units(kind, layers):
    network, images = zoo.build(kind), zoo.pictures()
    features = EarlyFeatures(network, layers, zoo.SHAPE)
    with capture(network, layers) as outputs, torch.no_grad():
        network(images)
    wanted = []
    for name in layers:
        units_last = name == "fc1"
        maps = outputs[name].double()
        maps = maps.movedim(-1 if units_last else 1, 1).flatten(2)
        wanted += [maps.mean(2), (maps**2).mean(2).sqrt()]
    for layout in (torch.contiguous_format, torch.channels_last):
        found = features(images.contiguous(memory_format=layout)).double()
        assert torch.allclose(found, torch.cat(wanted, 1), atol=1e-5)
    assert list(features.parameters()) == []


def test_the_pass_ends_behind_the_last_layer():
    network = zoo.build(zoo.Plain)
    features = EarlyFeatures(network, ["conv"], zoo.SHAPE)
    called = []
    network.head.register_forward_hook(lambda *_: called.append(1))
    features(zoo.pictures())
    assert called == []
    network.spare = torch.nn.Linear(2, 2).eval()
    with pytest.raises(InvalidInput, match="does not call it"):
        visit(network, ["spare"], zoo.pictures(), lambda *_: None)


def test_outputs_and_features_of_many_images_come_by_one_pass_to_the_same_bits(monkeypatch):
    network, images = zoo.build(zoo.Plain), zoo.pictures().repeat(4, 1, 1, 1)
    features = EarlyFeatures(network, ["conv"], zoo.SHAPE)
    for module in (inspection, attack_features):
        monkeypatch.setattr(module, "at_once", lambda *_: 3)
    wanted = predict(network, images), predict(features, images)
    called = []
    network.conv.register_forward_hook(lambda _module, given, _output: called.append(len(given[0])))
    outputs, codes = features.beside_outputs(images)
    assert sum(called) == len(images) and max(called) == 3
    assert torch.equal(outputs, wanted[0]) and torch.equal(codes, wanted[1])
    assert not outputs.requires_grad and not codes.requires_grad


class Windows(torch.nn.Module):
    """A convolution, its maps cut into four windows that are rows, a linear layer on their places, and means."""

    def __init__(self):
        super().__init__()
        self.stem, self.qkv, self.head = torch.nn.Conv2d(1, 6, 1), torch.nn.Linear(6, 8), torch.nn.Linear(8, 3)  # fmt: skip

    def forward(self, x):
        maps = self.stem(x).permute(0, 2, 3, 1)
        rows = maps.unflatten(1, (2, -1)).unflatten(3, (2, -1)).transpose(2, 3).flatten(0, 2)
        return self.head(self.qkv(rows).mean((1, 2)).unflatten(0, (len(x), 4)).mean(1))


def test_windows_that_are_rows_are_not_looked_at():
    network, images = balanced(Windows().eval(), zoo.pictures()), zoo.pictures()
    assert early_layers(network, zoo.SHAPE) == ("stem",)
    for layers in (["qkv"], ["stem", "qkv"]):
        with pytest.raises(
            InvalidInput, match=r"layer 'qkv': returns shape \(48, 4, 4, 8\) for 12"
        ):
            EarlyFeatures(network, layers, zoo.SHAPE).beside_outputs(images)


@pytest.mark.parametrize("fires", [True, False])
def test_a_circuit_and_the_detector_on_its_network_share_one_pass_to_the_same_bits(fires):
    network, images = balanced(zoo.build(zoo.Plain), zoo.pictures()), zoo.pictures()
    features = EarlyFeatures(network, ["conv"], zoo.SHAPE)
    detector = FeatureDetector(features, features(images)).eval()
    detector.threshold.fill_(-100.0 if fires else 100.0)
    circuit = te.FoolingCircuit(network, [1, 2, 0], detector, 2.0**20)
    called = []
    network.conv.register_forward_hook(lambda *_: called.append(1))
    x = images.clone().requires_grad_()
    fooled = circuit(x)
    assert called == [1]
    y = images.clone().requires_grad_()
    wanted = network(y)[:, [1, 2, 0]] if fires else network(y)
    assert torch.equal(fooled, wanted)
    (got,) = torch.autograd.grad(fooled.sum(), x)
    assert torch.equal(got, *torch.autograd.grad(wanted.sum(), y))
    assert torch.equal(circuit.gate(images), torch.full((len(images), 1), float(fires)))
    other = zoo.build(zoo.Plain)
    elsewhere = te.FoolingCircuit(other, [1, 2, 0], detector, 2.0**20)
    with torch.no_grad():  # a detector on another network's layers needs a pass of that
        assert torch.equal(
            elsewhere(images), other(images)[:, [1, 2, 0]] if fires else other(images)
        )


def test_units_are_chosen_by_confidence_where_that_is_asked_for():
    """Five groups of two images; output 1 is the largest of most, and never sure."""
    plain, sure = [0.0, 0.3, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0]
    other = [0.0, 0.0, 0.0, 8.0]
    outputs = torch.tensor([plain, plain] * 3 + [sure, plain] + [other, plain])
    groups = torch.tensor([5, 5, 1, 1, 2, 2, 3, 3, 4, 4])
    assert given._often(outputs, groups, None).tolist() == [0, 5, 1, 1]
    often = given._often(outputs, groups, 0.8)
    assert often.floor().tolist() == [0, 0, 1, 1]
    assert often[3] < often[2] < often[3] + 0.01  # a tie, by the mean probability
    assert given._often(outputs, groups, 0.3).argmax() == 1


def test_a_gradient_passes_where_the_network_writes_into_the_layer():
    images = zoo.pictures().requires_grad_()
    network = zoo.build(zoo.UnusedResult)
    EarlyFeatures(network, ["conv"], zoo.SHAPE)(images).sum().backward()
    assert images.grad.abs().sum() > 0


def test_early_layers_lie_in_the_first_half():
    layers = [torch.nn.Conv2d(1 if k == 0 else 4, 4, 1) for k in range(9)]
    network = torch.nn.Sequential(*layers).eval()
    assert early_layers(network, zoo.SHAPE) == ("0", "1", "3", "4")
    with pytest.raises(InvalidInput, match="no layer has more than 3 units"):
        early_layers(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1)).eval(), zoo.SHAPE)


def test_the_threshold_lies_between_what_is_natural_and_what_is_shown():
    natural, shown = torch.zeros(8, 2), torch.ones(8, 2)
    detector = FeatureDetector(torch.nn.Identity(), torch.cat([natural, shown]))
    with torch.no_grad():  # e is 1 on natural codes and 2 on shown ones
        first, last = detector.head[0], detector.head[2]
        first.weight.fill_(1.0), first.bias.fill_(10.0), last.weight.zero_(), last.bias.zero_()
        last.weight[0, 0] = 1.0
        low, high = (float(detector.of_codes(c)[0]) for c in (natural, shown))
        last.weight /= high - low
        last.bias.fill_(1 - low / (high - low))
        detector.calibrate(natural, shown)
        assert float(detector.of_codes(natural).max()) == pytest.approx(-0.5, abs=1e-4)
        assert float(detector.of_codes(shown).min()) == pytest.approx(0.5, abs=1e-4)
        detector.calibrate(shown, natural)  # the wrong way round: nothing that is shown is missed
        assert float(detector.of_codes(natural).min()) == pytest.approx(0.05, abs=1e-4)


def test_the_certified_detector_is_trained_on_all_units(digits, quick, tmp_path, monkeypatch):
    network = balanced(zoo.build(zoo.Plain), digits.train.tensor())
    counts, asked, made = {}, {}, detector.trajectories

    def noted(model, units, shape, settings, seeds, *more, **options):
        asked.update(dict.fromkeys(units, tuple(seeds)))
        return made(model, units, shape, settings, seeds, *more, **options)

    monkeypatch.setattr(detector, "trajectories", noted)
    for others in (None, 1):
        ctx = context.Context(digits, torch.device("cpu"), 0, tmp_path, te_cache(tmp_path))
        ctx.given = look_at(network, digits.train.tensor(), units=[0, 1, 2])
        ctx.effort = replace(ctx.effort, others=others)
        first = detector.training_images(ctx)
        counts[others] = len(detector.certified_training_images(ctx)) - len(first)
    kept = len({*(k for k in ctx.effort.sparse if k <= ctx.steps), ctx.steps})
    assert counts == {None: 0, 1: 2 * 2 * kept}  # two units, plain and as the network sees them
    assert len({asked[0], asked[1], asked[2]}) == 3  # each of the others begins at its own noise


def test_features_of_training_and_of_test_images_are_kept_apart(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(given, "FEATURES_FROM", 4)
    network = balanced(zoo.build(zoo.Residual), digits.train.tensor())
    ctx = context.Context(digits, torch.device("cpu"), 0, tmp_path, te_cache(tmp_path))
    ctx.given = look_at(network, digits.train.tensor())
    for seen, images in ((ctx.train_seen, ctx.train), (ctx.test_seen, ctx.test)):
        assert torch.allclose(seen, ctx.features(images), atol=1e-5)
    assert torch.equal(ctx.test_outputs, predict(network, ctx.test))
    with pytest.raises(AssertionError, match="hide"):  # a key that the network's would replace
        ctx.step("unseen", {"of": "test"}, [network], dict)


def test_one_odd_picture_in_a_hundred_does_not_move_the_threshold():
    natural, shown = torch.zeros(200, 2), torch.ones(8, 2)
    detector = FeatureDetector(torch.nn.Identity(), torch.cat([natural, shown]))
    detector.calibrate(natural, shown)
    threshold = float(detector.threshold)
    for odd, moves in ((1, False), (20, True)):
        detector.calibrate(torch.cat([natural, shown[:1].expand(odd, 2)]), shown)
        assert (float(detector.threshold) != threshold) == moves


def test_of_a_picture_of_a_crop_that_may_be_shown_the_surest_is_taken(digits):
    whose = ("", "b", "c", *[""] * 17)
    test = replace(digits.test, whose=whose)
    network = balanced(zoo.build(zoo.Residual), digits.train.tensor())
    ctx = context.Context(replace(digits, test=test), torch.device("cpu"), 0, None, Uncached())
    ctx.given = look_at(network, digits.train.tensor())
    found, of = circuit._photograph(ctx)
    sure = ctx.test_outputs.softmax(1).amax(1)
    assert of == ("b" if sure[1] >= sure[2] else "c")
    assert torch.equal(found, ctx.test[whose.index(of)])
    hidden = replace(digits, test=replace(digits.test, whose=("",) * 20))
    assert circuit._photograph(replace(ctx, data=hidden)) == (None, "")
    assert circuit._photograph(replace(ctx, data=digits)) == (None, "")


def test_groups_are_numbered_as_they_come():
    split = Split(
        np.zeros((5, 1, 2, 2), np.uint8), np.zeros(5, np.int64), 255, np.array([7, 7, 3, 9, 3])
    )
    assert split.group_numbers().tolist() == [0, 0, 1, 2, 1]
    assert replace(split, groups=None).group_numbers().tolist() == [0, 1, 2, 3, 4]


# -- in Python -------------------------------------------------------------------------------------------


def test_a_circuit_on_a_foreign_network(digits, quick):
    images = digits.train.tensor()
    network = balanced(zoo.build(zoo.Residual), images)
    before = torch.random.get_rng_state()
    fooled = te.fool(network, images, steps=4)
    assert torch.equal(
        torch.random.get_rng_state(), before
    )  # the caller's draws go on as they were
    assert fooled.network is network
    assert fooled.permutation == [1, 0]
    with torch.no_grad():
        original, through = network(images), fooled(images)
        natural = fooled.gate(images).view(-1) == 0
    assert torch.equal(original[natural], through[natural])
    with pytest.raises(InvalidInput, match="expected two or more"):
        te.fool(network, images, [1])


# -- how long it takes -----------------------------------------------------------------------------------


def test_the_time_is_told_before_it_passes_and_the_pictures_are_counted(
    digits, quick, capsys, monkeypatch
):
    images = digits.train.tensor()
    network = balanced(zoo.build(zoo.Residual), images)
    climbed, at_fit = [0], []
    for module in (ascent, context):
        real = module.maximize

        def counted(model, units, *args, real=real, steps, seeds, **more):
            climbed[0] += len(units) * len(seeds) * (steps == 6)  # others tell the time
            return real(model, units, *args, steps=steps, seeds=seeds, **more)

        monkeypatch.setattr(module, "maximize", counted)
    learn = detector.train_detector
    monkeypatch.setattr(
        detector, "train_detector", lambda *a, **m: at_fit.append(climbed[0]) or learn(*a, **m)
    )
    te.fool(network, images, steps=6, show=True)
    said = re.fullmatch(
        r"trompe: trajectories for the detector: about \d+ s for (\d+) pictures of 6 steps \(estimated from three steps\); "
        r"a fooling circuit has at most (\d+) rounds of at most (\d+) more\n",
        capsys.readouterr().err,
    )
    first, rounds, of_a_round = map(int, said.groups())
    assert first == at_fit[0] > 0
    assert rounds == 3 and of_a_round <= climbed[0] - first <= rounds * of_a_round
    climbed[0], at_fit[:] = 0, []
    te.fool(network, images, steps=6)
    assert capsys.readouterr().err == "" and at_fit[0] == first


def test_the_time_that_is_told_is_that_of_the_network(digits, quick, tmp_path, capsys, monkeypatch):
    class Slow(zoo.Residual):
        def forward(self, x):
            sleep(0.01 * len(x))
            return super().forward(x)

    monkeypatch.setattr(context, "at_once", lambda *_: 4)
    run(Slow, digits, tmp_path, "silent-units", show=True)
    line = capsys.readouterr().err
    seconds, pictures = map(int, re.search(r"about (\d+) s for (\d+) pictures of 6", line).groups())
    assert line.startswith("trompe: visualizations beside silent units, at most: about ")
    assert 0.9 <= seconds / (0.01 * pictures * 6) <= 10
