"""What is maximised, against its definition."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import zoo

from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.objectives import Objective, as_objective
from trompe.empirical.maximization.parametrizations import (
    Pixel,
)
from trompe.empirical.networks.intervals import Box
from trompe.theory import InvalidInput, UnknownKey

SHAPE = (1, 8, 8)
UNITS = torch.tensor([1, 4])


@pytest.fixture(scope="module")
def out():
    return torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0))


def test_objectives_agree_with_their_definition(cnn, out):
    channel = Objective("x", "channel").value(out, UNITS)
    assert torch.allclose(channel, torch.stack([out[0, 1].mean(), out[1, 4].mean()]))
    neuron = Objective("x", "neuron").value(out, UNITS)
    assert torch.equal(neuron, torch.stack([out[0, 1, 1, 2], out[1, 4, 1, 2]]))
    largest = Objective("x", "maximum").value(out, UNITS)
    assert torch.equal(largest, torch.stack([out[0, 1].max(), out[1, 4].max()]))
    assert torch.equal((-Objective("x", "maximum")).value(out, UNITS), -largest)
    minus = -Objective("x")
    assert -minus == Objective("x")
    with pytest.raises(InvalidInput, match="has units 0 to 4"):
        Objective("x", "channel").value(out, torch.tensor([5, 0]))
    with pytest.raises(
        InvalidInput, match="expected logit, channel, neuron, maximum or a function"
    ):
        Objective("x", "layer")
    with pytest.raises(UnknownKey, match="unknown layer"):
        maximize(cnn, [0], SHAPE, Pixel(), objective=Objective("no", "channel"))


def test_sums_and_directions_count_as_units(out):
    both = torch.tensor([1, 0])
    sums = Objective("x", "neuron", sums=[(0, 3), [2]]).value(out, both)
    assert torch.allclose(sums, torch.stack([out[0, 2, 1, 2], (out[1, 0] + out[1, 3])[1, 2]]))
    w = torch.tensor([[1.0, 0, -2, 0.5, 0], [0, 0, 0, 0, 1]])
    along = Objective("x", "maximum", directions=w).value(out, both)
    mixed = torch.einsum("u,uhw->hw", w[0], out[1])
    assert torch.allclose(along, torch.stack([out[0, 4].max(), mixed.max()]))
    # On the last axis, and of vectors without a map.
    moved = Objective("x", "maximum", unit_axis=-1, directions=w).value(out.movedim(1, -1), both)
    assert torch.allclose(moved, along)
    flat = Objective("x", sums=[[0, 1, 1]]).value(out[:, :, 0, 0], torch.tensor([0, 0]))
    assert torch.allclose(flat, out[:, 0, 0, 0] + 2 * out[:, 1, 0, 0])


def test_a_function_is_an_objective(out):
    def contrast(output, units):
        maps = output[torch.arange(len(units)), units].flatten(1)
        return maps.amax(1) - maps.amin(1)

    found = Objective("x", contrast, unit_axis=3).value(out.movedim(1, 3), UNITS)
    assert torch.equal(
        found, torch.stack([out[0, 1].max() - out[0, 1].min(), out[1, 4].max() - out[1, 4].min()])
    )
    run = maximize(
        zoo.build(zoo.Plain),
        [0, 5],
        zoo.SHAPE,
        Pixel(),
        objective=Objective("conv", contrast),
        steps=8,
        keep=[0],
    )
    first = contrast(zoo.build(zoo.Plain).conv(run.trajectory[0]), torch.tensor([0, 5]))
    assert bool((run.activations > first).all())
    for function, words in (
        (lambda output, units: output, r"returns torch.Size.* expected a tensor of shape \(2,\)"),
        (lambda output: output, "fails with TypeError"),
        (lambda output, units: 1.0, "returns 1.0 for 2 images"),
    ):
        with pytest.raises(InvalidInput, match=words):
            Objective("x", function).value(out, UNITS)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sums": [[0, 7]]}, "unit 7: layer 'x' has units 0 to 4"),
        ({"sums": [[]]}, r"sums\[0\] = \(\); expected at least one unit"),
        ({"sums": [[-1]]}, "expected an integer of at least 0"),
        ({"directions": [[1.0, 2.0]]}, r"directions\[0\] has 2 numbers; layer 'x' has 5 units"),
        ({"directions": [[0.0] * 5]}, "at least one number that is not 0"),
        ({"directions": [[float("nan")] * 5]}, "expected a finite number"),
        ({"directions": [[1.0] * 5], "sums": [[1]]}, "both given"),
        ({"sums": [[1]], "kind": lambda output, units: units}, "your function sees all units"),
        ({"kind": 3}, "expected a text or a function"),
        ({"sums": [[1]]}, "unit 1: layer 'x' has sums 0 to 0"),
    ],
)
def test_bad_objectives_are_one_line(out, given, words):
    units = torch.tensor([0, int("0 to 0" in words)])
    with pytest.raises(InvalidInput, match=words) as error:
        Objective(**{"layer": "x", **given}).value(out, units)
    assert "\n" not in str(error.value)


def test_a_word_a_function_or_an_objective_of_this_layer():
    assert as_objective("neuron", "conv", 1) == Objective("conv", "neuron", 1)
    assert as_objective(Objective(kind="neuron"), "conv", None) == Objective("conv", "neuron")
    assert as_objective(Objective("conv"), "", 2) == Objective("conv", unit_axis=2)
    for objective, layer, axis in (
        (Objective("conv"), "other", None),
        (Objective("conv", unit_axis=1), "conv", 2),
    ):
        with pytest.raises(InvalidInput, match="say it once"):
            as_objective(objective, layer, axis)


@pytest.mark.parametrize("kind", ["channel", "neuron", "maximum"])
def test_enclosures_hold_every_value_of_a_box(out, kind):
    low, high = out.double() - 0.1, out.double() + 0.1
    draw = torch.rand(
        50, *out.shape[1:], generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    inside = low[:1] + (high - low)[:1] * draw
    for objective in (
        Objective("x", kind), -Objective("x", kind), Objective("x", kind, sums=[[0, 1], [2, 4]]),
        Objective("x", kind, directions=[[1, -1, 0, 2, 0], [0, -3, 0, 0, 1]]),
    ):  # fmt: skip
        box = objective.enclosure(Box(low[:1], high[:1]), 1, 1)
        values = objective.value(inside, torch.full((50,), 1), 1)
        assert (
            box.low.shape == (1,)
            and float(box.low) <= values.min()
            and values.max() <= float(box.high)
        )
        point = objective.enclosure(Box(inside[:1], inside[:1]), 1, 1)
        assert float(point.high - point.low) < 1e-4 and float(point.low) <= float(
            values[0]
        ) <= float(point.high)
    with pytest.raises(InvalidInput, match="no rule for an objective that is a function"):
        Objective("x", lambda output, units: units).enclosure(Box(low, high), 1, 1)
