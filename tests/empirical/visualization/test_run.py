"""`visualize`: the best of all seeds beside the natural images, with values that hold, on disk unit by unit."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import json
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

import numpy as np
import zoo
from torch import nn

import trompe.empirical as te
from trompe.empirical.inputs.streams import TensorStream
from trompe.empirical.maximization import best, evaluation
from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.evaluation import Evaluator, unit_axis
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.maximization.parametrizations import Fourier, mean_spectrum
from trompe.empirical.visualization import run as visualization
from trompe.empirical.visualization.natural import natural_extremes, natural_values
from trompe.proofs.handover.shown import ENDS, read_array, read_shown
from trompe.theory import InvalidInput, UnknownKey

X = zoo.pictures()
QUICK = {"steps": 8, "seeds": (0, 1), "show": False}


@torch.no_grad()
def by_hand(model, layer, unit, picture, axis=1):
    """The mean of the unit's map, by the network's own layer in float64."""
    kept = []
    double = zoo.build(type(model)).double()
    handle = dict(double.named_modules())[layer].register_forward_hook(
        lambda _m, _i, o: kept.append(o.clone())
    )
    double(picture[None].double())
    handle.remove()
    return float(kept[0].movedim(axis, 1)[0, unit].mean())


@pytest.mark.parametrize(
    ("kind", "layer", "axis"), [(zoo.Residual, "conv1", 1), (zoo.Tokens, "fc1", 2)]
)
def test_both_ends_beside_the_natural_ones_with_certified_values(kind, layer, axis):
    model = zoo.build(kind)
    found = te.visualize(model, layer, [0, 2], X, **QUICK)
    assert found.why == "" and [u.unit for u in found.file.units] == [0, 2]
    natural = [[by_hand(model, layer, u, x, axis) for x in X] for u in (0, 2)]
    for row, unit in enumerate((0, 2)):
        one = found[unit]
        assert Fraction(one.minimum.value) < Fraction(one.maximum.value)
        for end in ENDS:
            shown, beside = one.shown(end), one.natural(end)
            truth = by_hand(model, layer, unit, found.pictures[unit, end], axis)
            assert shown.kind == beside.kind == "enclosure" and float(shown.error) < 1e-4
            assert shown.low <= Fraction(truth) <= shown.high
            extreme = getattr(np, f"arg{end[:3]}")(natural[row])
            assert beside.index == extreme and beside.image == f"picture {extreme} (counted from 0)"
            assert beside.low <= Fraction(natural[row][extreme]) <= beside.high
            assert torch.equal(found.natural[unit, end], X[extreme])
    assert found.said[-1] == visualization.NEVER


def test_the_best_seed_and_step_are_kept():
    model = zoo.build(zoo.Residual)
    objective = Objective("conv1", "channel")
    found = te.visualize(
        model, "conv1", [0, 2], X, steps=8, seeds=(0, 1, 2), show=False, transforms=True
    )
    assert found.file.settings["looked_at"] == [0, 2, 4, 6, 8]
    for end, goal in (("maximum", objective), ("minimum", -objective)):
        run = maximize(
            model,
            [0, 2],
            zoo.SHAPE,
            Fourier(),
            objective=goal,
            seeds=(0, 1, 2),
            steps=8,
            keep=(0, 2, 4, 6, 8),
        )
        for column, unit in enumerate((0, 2)):
            values = {}
            for step, pictures in zip(run.kept, run.trajectory, strict=True):
                for seed in (0, 1, 2):
                    picture = pictures[2 * seed + column]
                    values[seed, step] = (by_hand(model, "conv1", unit, picture), picture)
            choose = max if end == "maximum" else min
            found_at = choose(values, key=lambda key: values[key][0])
            shown = found[unit].shown(end)
            assert (shown.seed, shown.step) == found_at
            assert torch.equal(found.pictures[unit, end], values[found_at][1])


def test_a_natural_image_that_beats_the_optimiser_is_said():
    bright = X.clone()
    bright[7] = 1.0
    found = te.visualize(
        zoo.build(zoo.Residual), "conv1", [0], bright, steps=1, seeds=[0], show=False
    )
    assert found[0].is_beaten("maximum")
    (said,) = [line for line in found.said if "maximum over the inputs" in line]
    assert said.startswith("unit 0: the natural image picture 7 (counted from 0) has ")
    assert said.endswith("; the optimiser's maximum is not the maximum over the inputs.")
    # Started there, as accentuation does, it does not fall behind by more than the start's rounding into (0, 1).
    found = te.visualize(
        zoo.build(zoo.Residual),
        "conv1",
        [0],
        bright,
        parametrization="accentuation",
        steps=8,
        seeds=[0],
        show=False,
    )
    start = torch.sigmoid(torch.logit(bright[7], eps=1e-3))
    assert Fraction(found[0].maximum.value) >= Fraction(
        by_hand(zoo.build(zoo.Residual), "conv1", 0, start)
    ) - Fraction(1, 10**6)


@pytest.mark.parametrize("way", ["pixel", "fourier", "maco", "accentuation", Fourier()])
def test_every_parametrization(way):
    found = te.visualize(zoo.build(zoo.Plain), "", [1], X, parametrization=way, **QUICK)
    assert found.file.settings["parametrization"] == (way if isinstance(way, str) else "fourier")
    assert Fraction(found[1].minimum.value) < Fraction(found[1].maximum.value)


def test_the_spectrum_of_a_stream_is_that_of_all_its_images():
    wanted = mean_spectrum(X)
    model, goal = zoo.build(zoo.Plain), Objective("conv", "channel")
    found = natural_extremes(model, goal, 1, TensorStream(X), [0], 5, True, False)
    for mine, other in zip(found.spectrum, wanted, strict=True):
        assert torch.allclose(mine, other, atol=1e-6)
    again = natural_extremes(model, goal, 1, TensorStream(X), [0], 12, False, False)
    assert again.sha256 == found.sha256 and again.index == found.index


def test_sums_directions_functions_and_the_negative():
    model = zoo.build(zoo.Residual)
    both = te.visualize(model, "conv1", "all", X, objective=Objective(sums=[[0, 5], [2]]), **QUICK)
    assert [u.name for u in both.file.units] == ["sum of units 0, 5", "sum of units 2"]
    single = te.visualize(model, "conv1", [2], X, **QUICK)
    assert float(both[1].maximum.value) == pytest.approx(float(single[2].maximum.value), abs=1e-3)
    along = te.visualize(
        model, "conv1", [0], X, objective=Objective(directions=[[0, 0, -1, 0, 0, 0, 0]]), **QUICK
    )
    minus = te.visualize(model, "conv1", [2], X, objective=-Objective(kind="channel"), **QUICK)
    assert (
        minus[2].name == "minus unit 2"
        and minus[2].minimum.kind == along[0].minimum.kind == "enclosure"
    )
    for other, number in ((along, 0), (minus, 2)):
        low = float(other[number].minimum.value)
        assert low == pytest.approx(-float(single[2].maximum.value), abs=1e-3)
    free = te.visualize(
        model, "conv1", [2], X, objective=lambda out, units: out[:, 2].mean((1, 2)), **QUICK
    )
    assert free[2].maximum.kind == "estimate" and "function" in free.why
    assert float(free[2].maximum.value) == pytest.approx(float(single[2].maximum.value), abs=1e-5)


def test_the_network_is_left_as_it_came_and_no_more_than_a_batch_is_held():
    model = zoo.build(zoo.Residual)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    sizes = []
    model.conv1.register_forward_hook(lambda _m, i, _o: sizes.append(len(i[0])))
    te.visualize(model, "bn1", "all", X, batch=4, parametrization="maco", **QUICK)
    assert max(sizes) == 4
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert torch.get_default_dtype() == torch.float32


def test_the_bar_counts_every_step(monkeypatch):
    moved = []

    @contextmanager
    def bar(what, total, show):
        moved[:] = [total, 0]

        def advance(steps):
            moved[1] += steps

        yield advance

    monkeypatch.setattr(visualization, "progress_bar", bar)
    given = {"steps": 8, "seeds": (0, 1, 2), "batch": 2, "show": False}
    te.visualize(zoo.build(zoo.Residual), "conv1", [0, 2], X, **given)
    assert moved == [2 * 2 * 2 * 9] * 2  # units, ends, batches of seeds, steps and the last look


def test_dead_units_are_said():
    model = zoo.build(zoo.Residual)
    found = te.visualize(model, "relu#1", [0, 4], X, **QUICK)
    assert found[4].maximum.dead and not found[0].maximum.dead
    assert any(
        line.startswith("unit 4, maximum: value and gradient were 0 at every step")
        for line in found.said
    )
    assert any("may need redirected gradients" in line for line in found.said)


# -- values ------------------------------------------------------------------------------------------


class Curved(nn.Module):
    """No interval rule for the exponential; float64 all the way unless `single`."""

    def __init__(self, single=False):
        super().__init__()
        self.conv, self.single = nn.Conv2d(1, 2, 3), single

    def forward(self, x):
        y = self.conv(x).mean((2, 3)) + torch.zeros(2)
        return torch.exp(self.head(y))

    def head(self, y):
        return y.float() @ torch.eye(2, dtype=torch.float32) if self.single else y @ torch.eye(2)


def evaluated(model, layer="", kind="logit", unit=0, picture=X[0]):
    objective = Objective(layer, kind)
    axis, _ = unit_axis(model, objective, picture[None])
    return Evaluator(model, objective, axis)(picture, unit)


def test_without_interval_rules_the_error_is_called_an_estimate():
    torch.manual_seed(0)
    model = Curved().eval()
    found = evaluated(model)
    assert found.kind == "estimate" and 0 < float(found.error) < 1e-5
    with torch.no_grad():
        assert float(found.value) == pytest.approx(float(model(X[:1])[0, 0]), abs=1e-5)
    torch.manual_seed(0)
    found = evaluated(Curved(single=True).eval())
    assert found.kind == "unknown" and found.error is None


def exact_value(model, picture, unit):
    """The mean of a unit's map behind conv, ReLU, in fractions: no rounding at all."""
    x = [[Fraction(float(v)) for v in row] for row in picture[0]]
    w = [[Fraction(float(v)) for v in row] for row in model.conv.weight[unit, 0].detach()]
    bias = Fraction(float(model.conv.bias[unit].detach()))
    maps = [
        max(Fraction(0), bias + sum(w[a][b] * x[i + a][j + b] for a in range(3) for b in range(3)))
        for i in range(6)
        for j in range(6)
    ]
    return sum(maps) / len(maps)


def test_enclosures_hold_the_exact_value_and_are_narrow(monkeypatch):
    from trompe.empirical.networks import intervals

    model = zoo.build(zoo.Plain)
    cases = [(x, unit) for x in zoo.pictures(6, 3) for unit in (0, 5)]
    for x, unit in cases:
        found, truth = evaluated(model, "relu", "channel", unit, x), exact_value(model, x, unit)
        assert found.kind == "enclosure" and float(found.error) < 1e-12
        assert found.low <= truth <= found.high

    # Without an allowance for roundings they would not.
    class Nothing:
        def get(self):
            return 0.0

        def set(self, value):
            return None

        def reset(self, token):
            pass

    monkeypatch.setattr(intervals, "_UNIT", Nothing())
    monkeypatch.setattr(intervals, "TINY", 0.0)
    missed = 0
    for x, unit in cases:
        box = te.interval_bounds(model.double(), te.Box(x[None].double(), x[None].double()), "relu")
        bounds = Objective("relu", "channel").enclosure(box, unit, 1)
        missed += (
            not Fraction(float(bounds.low))
            <= exact_value(model, x, unit)
            <= Fraction(float(bounds.high))
        )
    assert missed


@pytest.mark.parametrize("unit", [0, 2])
def test_enclosures_behind_batch_norm_hold_the_value_to_fifty_digits(unit):
    """Its square root is no fraction, so the value is computed to fifty digits."""
    import mpmath

    model = zoo.build(zoo.Residual)
    with torch.no_grad():
        model.bn1.running_var.uniform_(0.1, 3.0, generator=torch.Generator().manual_seed(0))
    x = torch.nn.functional.pad(X[3], (1, 1, 1, 1))
    found = evaluated(model, "bn1", "channel", unit, X[3])
    with mpmath.workdps(50):
        number = mpmath.mpf

        def of(tensor):
            return number(float(tensor.detach()))

        w = [[of(v) for v in row] for row in model.conv1.weight[unit, 0]]
        pixels = [[of(v) for v in row] for row in x[0]]
        bn = model.bn1
        factor = of(bn.weight[unit]) / mpmath.sqrt(of(bn.running_var[unit]) + number(bn.eps))
        total = number(0)
        for i in range(8):
            for j in range(8):
                z = of(model.conv1.bias[unit]) + sum(
                    w[a][b] * pixels[i + a][j + b] for a in range(3) for b in range(3)
                )
                total += (z - of(bn.running_mean[unit])) * factor + of(bn.bias[unit])
        truth = total / 64
        assert found.kind == "enclosure" and float(found.error) < 1e-11
        assert abs(truth - number(found.value)) <= number(found.error)


def test_an_enclosure_that_is_too_wide_is_an_estimate():
    """Twenty layers that cancel: the bounds grow a hundredfold a layer, the values do not."""
    layers = []
    for _ in range(20):
        linear = nn.Linear(64, 64)
        with torch.no_grad():
            linear.weight.copy_(
                50 * torch.eye(64) - 50 * torch.eye(64).roll(1, 0) + torch.eye(64).roll(2, 0) * 0.5
            )
            linear.bias.zero_()
        layers.append(linear)
    model = nn.Sequential(nn.Flatten(), *layers).eval()
    picture = torch.full((1, 8, 8), 0.5)
    objective = Objective()
    evaluate = Evaluator(model, objective, 1)
    found = evaluate(picture, 0)
    assert found.kind == "estimate" and "too wide to be of use" in evaluate.why


def test_an_enclosure_that_the_value_is_not_in_is_not_claimed(monkeypatch):
    """A rule that is wrong (here: planted) must not become a certificate."""
    from trompe.empirical.networks import intervals

    model = zoo.build(zoo.Plain)
    assert evaluated(model).kind == "enclosure"
    honest = intervals.affine

    def wrong(*arguments):
        box = honest(*arguments)
        return intervals.Box(box.low + 0.01, box.high + 0.01)

    monkeypatch.setattr(intervals, "affine", wrong)
    assert evaluated(model).kind == "estimate"


@pytest.mark.parametrize("layer", ["conv1", "bn1", "relu#1"])
def test_bounds_end_at_a_layer_and_before_what_overwrites_it(layer):
    """`bn1` is negative at places, and an in-place ReLU follows; `relu` is called twice."""
    model = zoo.build(zoo.Residual)
    box = te.interval_bounds(model, te.box_around(X[:2], 0.01), layer)
    with torch.no_grad():
        values = model.conv1(X[:2])
        values = torch.relu(values) if layer == "relu#1" else values
    assert bool((box.low <= values + 1e-5).all() and (values <= box.high + 1e-5).all())
    assert bool((box.high - box.low).max() < 1) and bool((box.low < 0).any()) == (layer != "relu#1")
    with pytest.raises(UnknownKey, match="unknown layer"):
        te.interval_bounds(model, te.box_around(X[:2], 0.01), "bn7")


# -- the folder --------------------------------------------------------------------------------------


def test_what_is_on_disk_is_what_was_found_and_a_rerun_goes_on(tmp_path, monkeypatch):
    model, folder = zoo.build(zoo.Residual), tmp_path / "out"
    once = te.visualize(model, "conv1", [0, 2, 3], X, output=folder, batch=2, **QUICK)
    shown = read_shown(folder / "shown.json")
    assert shown == once.file
    for unit in shown.units:
        for end in ENDS:
            array = read_array(folder / "shown.json", unit.shown(end), shown.shape)
            assert array.dtype == np.float32 and np.array_equal(
                array, once.pictures[unit.unit, end].numpy()
            )
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "sheet.png",
        "shown.json",
        *(f"unit-{u}-{end}.npy" for u in (0, 2, 3) for end in ENDS),
    }
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def climb(*_, **__):
        raise AssertionError("the work has begun")

    with monkeypatch.context() as patch:
        patch.setattr(best, "maximize", climb)
        again = te.visualize(model, "conv1", [0, 2, 3], X, output=folder, batch=2, **QUICK)
    assert again.file == once.file
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    # An array that was damaged is made again, to the same bytes.
    (folder / "unit-2-maximum.npy").write_bytes(b"damaged")
    te.visualize(model, "conv1", [0, 2, 3], X, output=folder, batch=2, **QUICK)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_smaller_value_in_float64_is_the_minimum(monkeypatch):
    """Float32, by which pictures are chosen, may have it otherwise (here: planted); a file with the ends swapped is refused."""
    model = zoo.build(zoo.Residual)
    once = te.visualize(model, "conv1", [0, 2], X, **QUICK)
    honest = visualization.run_jobs

    def swapped(*arguments):
        found = list(honest(*arguments))
        return [found[k ^ 1] for k in range(len(found))]

    monkeypatch.setattr(visualization, "run_jobs", swapped)
    assert te.visualize(model, "conv1", [0, 2], X, **QUICK).file == once.file


@pytest.mark.parametrize("other", ["another function", "a changed value", "float32 only"])
def test_what_is_kept_is_evaluated_again(tmp_path, other):
    model = Curved(single=True).eval() if other == "float32 only" else zoo.build(zoo.Residual)
    layer = "" if other == "float32 only" else "conv1"
    given = {"units": [0], "images": X, "output": tmp_path, **QUICK}
    te.visualize(model, layer, **given)
    te.visualize(model, layer, **given)
    if other == "another function":
        model.register_forward_pre_hook(lambda _m, inputs: (1 - inputs[0],))
    else:
        data = json.loads((tmp_path / "shown.json").read_text())
        data["units"][0]["maximum"]["value"] += "1" if other == "float32 only" else "9"
        (tmp_path / "shown.json").write_text(json.dumps(data))
        if other != "float32 only":  # within the error, so that it is kept
            te.visualize(model, layer, **given)
            data["units"][0]["maximum"]["value"] = "40"
            (tmp_path / "shown.json").write_text(json.dumps(data))
    before = (tmp_path / "shown.json").read_bytes()
    with pytest.raises(
        InvalidInput, match=r"another run \(unit 0, .*; give another folder"
    ) as error:
        te.visualize(model, layer, **given)
    assert "\n" not in str(error.value) and (tmp_path / "shown.json").read_bytes() == before


@pytest.mark.parametrize(
    "goal",
    [
        *(Objective("", kind) for kind in ("channel", "neuron", "maximum", "logit")),
        -Objective("", "maximum", unit_axis=2),
        Objective(sums=[[0, 1], [2]], kind="maximum"),
        Objective(directions=[[1.0, -2.0, 0.5], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]),
        Objective("", lambda output, units: output.flatten(1)[:, 0] * units),
    ],
)
def test_each_unit_at_once_is_each_alone(goal):
    output = torch.randn(4, 3, 3, 5, generator=torch.Generator().manual_seed(0))
    for shaped in (output, output[..., 0, 0]):
        if shaped.ndim == 2 and goal.unit_axis == 2:
            continue
        units = [1, 0]
        found = goal.each(shaped, units)
        alone = [goal.value(shaped, torch.full((4,), u)) for u in units]
        assert torch.allclose(found, torch.stack(alone, 1), atol=1e-6) and found.shape == (4, 2)
        with pytest.raises(InvalidInput, match="unit 9"):
            (replace(goal, kind="channel") if callable(goal.kind) else goal).each(shaped, [0, 9])
    with pytest.raises(InvalidInput, match="units: none is given"):
        goal.each(output, [])


def test_a_natural_picture_is_passed_once_whatever_the_number_of_units(monkeypatch):
    """Two pictures that are the extremes of most units: their values are those of one unit at a time."""
    model = zoo.build(zoo.Residual)
    bright = torch.cat([X * 0, X * 0 + 1])
    calls = []
    honest = evaluation.layer_output
    monkeypatch.setattr(
        evaluation, "layer_output", lambda *given: calls.append(given) or honest(*given)
    )
    goal = Objective("conv1", "channel")
    found = natural_extremes(model, goal, 1, TensorStream(bright), range(7), 8, False, False)
    calls.clear()
    evaluate = Evaluator(model, goal, 1)
    values = natural_values(found, evaluate)
    assert len(values) == 14 and len(calls) == 2 * len(found.pictures) <= 8
    for (unit, end), one in values.items():
        alone = evaluate(found.pictures[found.index[unit, end]], unit)
        assert (one.value, one.error, one.kind) == (alone.value, alone.error, alone.kind)
        assert one.index == found.index[unit, end]


def test_ctrl_c_loses_no_finished_unit(tmp_path, monkeypatch):
    model = zoo.build(zoo.Residual)
    whole = te.visualize(model, "conv1", [0, 2, 3], X, output=tmp_path / "whole", batch=2, **QUICK)
    honest, calls = best.maximize, []

    def interrupted(*arguments, **more):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return honest(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(best, "maximize", interrupted)
        with pytest.raises(KeyboardInterrupt):
            te.visualize(model, "conv1", [0, 2, 3], X, output=tmp_path / "out", batch=2, **QUICK)
    there = read_shown(tmp_path / "out" / "shown.json")
    assert [u.unit for u in there.units] == [0] and there.asked == (0, 2, 3)
    calls.clear()
    # Interrupted before anything is finished, the folder is no obstacle, whatever is asked next.
    with monkeypatch.context() as patch:
        patch.setattr(best, "maximize", interrupted)
        calls += [None] * 3
        with pytest.raises(KeyboardInterrupt):
            te.visualize(model, "conv1", [0], X, output=tmp_path / "soon", **QUICK)
    assert read_shown(tmp_path / "soon" / "shown.json").units == ()
    te.visualize(model, "conv1", [2], X, output=tmp_path / "soon", **QUICK)
    calls.clear()
    monkeypatch.setattr(best, "maximize", lambda *a, **m: calls.append(a) or honest(*a, **m))
    te.visualize(model, "conv1", [0, 2, 3], X, output=tmp_path / "out", batch=2, **QUICK)
    assert len(calls) == 4  # two units, two ends
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes(), path.name
    assert read_shown(tmp_path / "out" / "shown.json") == whole.file


def test_jobs_run_as_joblib_is_configured(tmp_path):
    """Say on a cluster; here in this process. (Processes: tests/trompe/test_visualize_cli.py.)"""
    from joblib import parallel_config

    given = {"layer": "conv1", "units": [0, 2, 3], "images": X, "batch": 4, **QUICK}
    te.visualize(zoo.build(zoo.Residual), output=tmp_path / "one", **given)
    with parallel_config(backend="sequential"):
        te.visualize(zoo.build(zoo.Residual), output=tmp_path / "other", jobs=None, **given)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes(), path.name


def test_the_pictures_of_another_run_are_not_mixed_in(tmp_path):
    model, folder = zoo.build(zoo.Residual), tmp_path / "out"
    given = {"layer": "conv1", "units": [0], "images": X, "output": folder, **QUICK}
    te.visualize(model, **given)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = zoo.build(zoo.Residual)
    with torch.no_grad():
        other.conv1.bias[0] += 1e-3
    for change, words in (
        ({"steps": 9}, r"steps 9, there 8"),
        ({"seeds": (0, 2)}, r"seeds \[0, 2\], there \[0, 1\]"),
        ({"units": [0, 2]}, r"units \[0, 2\], there \[0\]"),
        ({"images": X[1:]}, "images "),
        ({"transforms": False}, "transforms False, there True"),
        (
            {"objective": lambda out, units: out[:, 0].mean((1, 2))},
            "objective function <lambda>, there channel",
        ),
        ({"model": other}, "model "),
    ):
        asked = {"model": model, **given, **change}
        with pytest.raises(
            InvalidInput, match=rf"holds the pictures of another run \({words}"
        ) as error:
            te.visualize(**asked)
        assert "\n" not in str(error.value)
    (folder / "shown.json").write_text("{}")
    with pytest.raises(InvalidInput, match=r"shown\.json: format: expected"):
        te.visualize(model, **given)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InvalidInput, match=r"holds 'notes.txt' and no shown\.json"):
        te.visualize(model, **{**given, "output": tmp_path / "mine"})
    (folder / "shown.json").write_bytes(before["shown.json"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_function_cannot_be_compared_and_is_not_mixed(tmp_path):
    model, goal = zoo.build(zoo.Residual), lambda out, units: out[:, 0].mean((1, 2))
    given = {
        "layer": "conv1",
        "units": [0],
        "images": X,
        "output": tmp_path / "out",
        "objective": goal,
        **QUICK,
    }
    te.visualize(model, **given)
    with pytest.raises(
        InvalidInput, match="a function or a parametrization of your own, which cannot be compared"
    ):
        te.visualize(model, **given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"units": [7]}, "unit 7: layer 'conv1' has units 0 to 6"),
        ({"units": []}, "units: none is given"),
        ({"units": "some"}, "units = 'some'; expected"),
        ({"layer": "conv7"}, "unknown layer 'conv7'"),
        ({"parametrization": "dream"}, "unknown parametrization 'dream'"),
        ({"objective": "mean"}, "expected logit, channel, neuron, maximum or a function"),
        ({"images": None}, "neither is given"),
        (
            {"images": None, "shape": zoo.SHAPE, "parametrization": "maco"},
            "'maco' needs natural images",
        ),
        (
            {"images": None, "shape": zoo.SHAPE, "parametrization": "accentuation"},
            "needs natural images",
        ),
        ({"shape": (1, 9, 9)}, r"shape = \(1, 9, 9\), but the images have \(1, 8, 8\)"),
        ({"seeds": []}, "seeds: none is given"),
        ({"unit_axis": 7}, "unit axis 7"),
        ({"images": X * float("nan")}, "leave out the images with NaN"),
    ],
)
def test_bad_input_is_one_line(change, words):
    given = {"layer": "conv1", "units": [0], "images": X, **QUICK}
    with pytest.raises((InvalidInput, UnknownKey), match=words) as error:
        te.visualize(zoo.build(zoo.Residual), **{**given, **change})
    assert "\n" not in str(error.value)
    with pytest.raises(InvalidInput, match="training mode"):
        te.visualize(zoo.build(zoo.Residual).train(), "conv1", [0], X, **QUICK)


def test_more_than_a_file_holds_is_said_before_the_work(tmp_path, monkeypatch):
    from trompe.proofs.handover.shown import file

    given = {"layer": "conv1", "images": X, "output": tmp_path, **QUICK}
    te.visualize(zoo.build(zoo.Residual), units=[0], **given)
    size = (tmp_path / "shown.json").stat().st_size
    empty = size - len(
        json.dumps(json.loads((tmp_path / "shown.json").read_text())["units"], indent=1)
    )
    assert size - empty < file.UNIT_BYTES
    monkeypatch.setattr(file, "MAX_BYTES", 5000)
    with pytest.raises(
        InvalidInput, match="3 units, sums or directions are too many for one shown-file"
    ):
        te.visualize(zoo.build(zoo.Residual), units=[0, 2, 3], **given)


def test_without_images_there_is_nothing_beside(tmp_path):
    found = te.visualize(
        zoo.build(zoo.Residual), "conv1", [0], shape=zoo.SHAPE, output=tmp_path, **QUICK
    )
    assert found.natural == {} and found[0].natural_maximum is None
    assert json.loads((tmp_path / "shown.json").read_text())["images"] is None


def test_more_units_than_a_sheet_holds_and_channels_that_no_screen_has(tmp_path, monkeypatch):
    """Two channels are shown as their mean; each unit has a row on one of the sheets."""
    monkeypatch.setattr("trompe.empirical.visualization.sheet.ROWS", 3)
    model = nn.Sequential(nn.Conv2d(2, 4, 3)).eval()
    given = {"steps": 1, "seeds": [0], "show": False}
    found = te.visualize(model, "0", "all", shape=(2, 6, 6), output=tmp_path, **given)
    assert found.sheets == ("sheet.png", "sheet-2.png")
    from PIL import Image

    heights = []
    for name in found.sheets:
        with Image.open(tmp_path / name) as sheet:
            heights.append(sheet.height)
    assert heights[0] > 1.8 * heights[1]
