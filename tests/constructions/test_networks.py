"""Compiled networks equal the functions they were compiled from, exactly, with the widths that are claimed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_checks import asked, is_l2, special_points, stack

from trompe.constructions import CONSTRUCTIONS, compile_network, pair_networks, triple
from trompe.constructions.catalogue import example
from trompe.constructions.strategies import fooling_pairs, networks, points
from trompe.theory import CLASSES, Dataset, EmpiricalRiskMinimizer, InvalidInput, Visualization

F = Fraction


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
@settings(max_examples=8)
@given(data=st.data())
def test_networks_of_a_pair_equal_it_everywhere(row, data):
    pair = data.draw(fooling_pairs(row, 2))
    q = asked(pair.triple)
    if is_l2(q):
        return
    zs = stack([*special_points(q), *(data.draw(points(q.d)) for _ in range(4))])
    for network, member in zip(pair_networks(pair), (pair.f, pair.g), strict=True):
        assert list(network(zs)) == list(member(zs))
        assert network.dim == q.d
        assert all(isinstance(w, Fraction) for layer in network.layers for w in layer.weights.flat)


@pytest.mark.parametrize("dim", [1, 2, 3, 10])
@pytest.mark.parametrize("row", ["black-box", "neural-network", "piecewise-affine"])
def test_three_hats_have_widths_6d_and_3(row, dim):
    drawn = example(row, dim)
    for network in pair_networks(triple(drawn.cls, drawn.v, drawn.x).pair()):
        assert network.widths == (6 * dim, 3)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_training_input_adds_2d_and_1_units(count):
    dim = 2
    inputs = [(F(k + 1, 10), F(1, 5)) for k in range(count)]
    cls = EmpiricalRiskMinimizer(Dataset(inputs, [F(1, 3)] * count))
    v = Visualization((F(1, 4), F(3, 4)), (F(3, 4), F(3, 4)), 0, 1)
    for network in pair_networks(triple(cls, v, (F(1, 2), F(1, 2))).pair()):
        first, second = network.widths
        assert first <= 2 * dim * (count + 3)
        assert second == count + 3
        assert [network(s) for s in inputs] == [F(1, 3)] * count


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_monotone_pairs_are_networks_of_two_units(dim):
    drawn = example("monotone", dim)
    pair = triple(drawn.cls, drawn.v, drawn.x).pair("1/3")
    for network, member in zip(pair_networks(pair), (pair.f, pair.g), strict=True):
        assert len(network.widths) == 1
        assert network.widths[0] <= 2
        assert network(drawn.x) == member(drawn.x)


@pytest.mark.parametrize("dim", [2, 3])
def test_affine_pairs_need_no_hidden_unit(dim):
    drawn = example("affine", dim)
    for network in pair_networks(triple(drawn.cls, drawn.v, drawn.x).pair()):
        assert network.widths == ()


@given(st.integers(1, 3).flatmap(lambda d: st.tuples(networks(d), points(d))))
def test_a_network_is_its_layers_one_by_one(drawn):
    network, z = drawn
    values = list(z)
    for k, layer in enumerate(network.layers):
        rows = layer.weights.tolist()
        values = [
            sum((w * v for w, v in zip(row, values, strict=True)), bias)
            for row, bias in zip(rows, layer.biases.tolist(), strict=True)
        ]
        if k < len(network.layers) - 1:
            values = [max(F(0), v) for v in values]
    assert network(z) == values[0]


@given(st.integers(1, 3).flatmap(lambda d: st.tuples(networks(d), points(d))))
def test_a_network_compiled_again_computes_the_same(drawn):
    network, z = drawn
    again = compile_network(network.evaluate, network.dim)
    assert again(z) == network(z)


def test_formulas_of_every_kind_compile():
    cases = {
        "constant": lambda z, xp: xp.number(3),
        "affine": lambda z, xp: 2 * z[..., 0] - z[..., 1] + F(1, 2),
        "minimum": lambda z, xp: xp.minimum(z[..., 0], 1 - z[..., 1]),
        "nested": lambda z, xp: xp.maximum(xp.abs(z[..., 0] - z[..., 1]), xp.minimum(z[..., 0], xp.number(F(1, 3)))),
        "deep and shallow": lambda z, xp: xp.abs(xp.abs(z[..., 0] - F(1, 2)) - z[..., 1]) - z[..., 0],
        "negated": lambda z, xp: -(1 - z[..., 0]),
    }  # fmt: skip
    from trompe.theory.namespace import EXACT

    grid = [(F(i, 4), F(j, 4)) for i in range(5) for j in range(5)]
    for name, formula in cases.items():
        network = compile_network(formula, 2)
        for z in grid:
            assert network(z) == formula(EXACT.array(z), EXACT), name


def test_a_product_of_two_signals_is_refused():
    with pytest.raises(
        TypeError, match="a product of two quantities that depend on z is not piecewise affine"
    ):
        compile_network(lambda z, xp: z[..., 0] * z[..., 1], 2)


def test_what_the_function_raises_is_named():
    with pytest.raises(InvalidInput, match="function: fails with ZeroDivisionError: ") as caught:
        compile_network(lambda z, xp: z[0] + 1 // 0, 2)
    assert not isinstance(caught.value, TypeError)


def test_a_root_is_refused():
    with pytest.raises(TypeError, match="has no square roots; the l2 metric needs them"):
        compile_network(lambda z, xp: xp.sqrt(z[..., 0]), 1)


def test_networks_take_batches_and_floats():
    drawn = example("monotone", 2)
    network, _ = pair_networks(triple(drawn.cls, drawn.v, drawn.x).pair())
    exact = network(np.array([[F(1, 4), F(1, 2)], [F(1), F(0)]], dtype=object))
    floats = network(np.array([[0.25, 0.5], [1.0, 0.0]]))
    assert exact.shape == floats.shape == (2,)
    assert floats.dtype == np.float64
    # two layers of two units: a dozen roundings of numbers of size 1
    np.testing.assert_allclose(floats, exact.astype(float), rtol=0, atol=1e-14)


def test_an_affine_member_is_a_network_without_hidden_layers():
    """The inclusion affine in neural-network, on an instance."""
    assert CLASSES["affine"]().key == "affine"
    network = compile_network(lambda z, xp: xp.sum(z) * xp.number(F(1, 3)), 3)
    assert network.widths == ()
    assert network((F(1), F(1), F(1))) == 1
