"""Expressions: traced from the formulas, evaluated, written and read back, limits."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import oracles_expressions as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trompe.constructions import strategies as units
from trompe.constructions import triple
from trompe.constructions.examples import example
from trompe.constructions.expression_forms import JSON, LATEX, PYTHON, TEXT, from_data, write
from trompe.constructions.expressions import MAX_NESTING, Builder, Expression, trace, values
from trompe.theory import CLASSES, InvalidInput
from trompe.theory.namespace import EXACT, NumpyNamespace

PAIRED = [key for key in CLASSES if key not in ("affine-1d", "constant")]
F = Fraction


def numbers():
    return st.builds(lambda n, k: str(F(n, k)), st.integers(-8, 8), st.integers(1, 6))


def formulas(dim, leaves=6):
    """JSON data of a random expression."""
    leaf = numbers() | st.integers(1, dim).map(lambda i: {"z": i})
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"sum": parts}),
            st.tuples(numbers(), inner).map(lambda pair: {"times": list(pair)}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"max": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"min": parts}),
            inner.map(lambda part: {"abs": part}),
        ),
        max_leaves=leaves,
    )


def read(data, dim):
    return from_data(dim, {}, {"f": data})["f"]


@given(st.data())
def test_an_expression_means_what_its_data_says(data):
    dim = data.draw(st.integers(1, 3))
    formula, z = data.draw(formulas(dim)), data.draw(units.points(dim))
    expression = read(formula, dim)
    assert expression(z) == oracle.value(formula, z)
    assert expression.evaluate(np.array(z, dtype=object), EXACT) == oracle.value(formula, z)


@given(st.data())
def test_written_and_read_back_it_is_the_same(data):
    dim = data.draw(st.integers(1, 3))
    several = [read(data.draw(formulas(dim)), dim) for _ in range(2)]
    written = write(several, JSON)
    text = json.loads(json.dumps([written.definitions, written.values]))
    assert list(from_data(dim, text[0], dict(zip("fg", text[1], strict=True))).values()) == several


@given(st.data())
def test_python_source_computes_it(data):
    dim = data.draw(st.integers(1, 3))
    formula, z = data.draw(formulas(dim)), data.draw(units.points(dim))
    written = write([read(formula, dim)], PYTHON)
    names = {"z": z, "F": F}
    for name, part in written.definitions.items():
        names[name] = eval(part, names)
    assert eval(written.values[0], names) == oracle.value(formula, z)


@pytest.mark.parametrize("row", PAIRED)
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_a_traced_pair_is_the_pair(row, dim):
    if row == "affine" and dim == 1:
        return
    case = example(row, dim)
    pair = triple(case.cls, case.v, case.x).pair()
    f, g = (trace(lambda z, xp, n=n: pair.evaluate(z, xp, n), dim) for n in ("upper", "lower"))
    points = [case.x, case.v.argmin, case.v.argmax, (F(1, 3),) * dim, (F(0),) * dim]
    for z in points:
        assert (f(z), g(z)) == values([f, g], z) == (pair.f(z), pair.g(z))
    batch = np.array(points, dtype=float)
    np.testing.assert_allclose(
        f.evaluate(batch, NumpyNamespace(np.float64)), pair.f(batch), atol=1e-12
    )


def test_shared_parts_are_written_once():
    case = example("black-box", 64)
    pair = triple(case.cls, case.v, case.x).pair()
    f, g = (trace(lambda z, xp, n=n: pair.evaluate(z, xp, n), 64) for n in ("upper", "lower"))
    written = write([f, g], JSON)
    assert len(written.definitions) == 3
    assert len(json.dumps([written.definitions, written.values])) < 15_000


def test_a_product_of_coordinates_cannot_be_traced():
    with pytest.raises(TypeError, match="not piecewise affine"):
        trace(lambda z, xp: z[0] * z[0], 1)
    with pytest.raises(TypeError, match="no square roots"):
        trace(lambda z, xp: xp.sqrt(z[0]), 1)


def test_forms_for_people():
    f = read({"sum": ["1/2", {"times": ["-3/4", {"max": ["0", {"abs": {"z": 2}}]}]}]}, 2)
    assert write([f], TEXT).values == ("1/2 - 3/4 max(0, |z2|)",)
    assert write([f], LATEX).values == (
        r"\tfrac{1}{2} - \tfrac{3}{4}\,\max(0,\allowbreak \lvert z_{2}\rvert )",
    )
    g = read({"sum": ["-1", {"times": ["-2", {"z": 1}]}, {"z": 2}]}, 2)
    assert write([g], TEXT).values == ("z2 - 2 z1 - 1",)


def test_equal_parts_are_one_and_numbers_fold():
    double = {"max": [{"z": 1}, {"max": [{"z": 1}, "1/2", "1/3"]}]}
    assert read(double, 1) == read({"max": ["1/2", {"z": 1}]}, 1)
    assert read({"abs": {"sum": ["1", {"times": ["-1", {"z": 1}]}]}}, 1) == read(
        {"abs": {"sum": ["-1", {"z": 1}]}}, 1
    )
    assert read({"abs": "-3"}, 1) == read("3", 1) == Expression(1, (), Builder.number(3))


def test_limits_have_a_clear_message(monkeypatch):
    names = {"u0": {"abs": {"z": 1}}}
    for k in range(MAX_NESTING):
        names[f"u{k + 1}"] = {"abs": {"sum": ["-1/2", {"use": f"u{k}"}]}}
    with pytest.raises(InvalidInput, match="inside one another"):
        from_data(1, names, {"f": {"use": f"u{MAX_NESTING}"}})
    from trompe.constructions import expressions

    monkeypatch.setattr(expressions, "MAX_TERMS", 10)
    with pytest.raises(InvalidInput, match="more than 10 terms"):
        read({"sum": [{"abs": {"sum": [{"z": i + 1}, "-1"]}} for i in range(12)]}, 12)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_point_of_another_length(length):
    with pytest.raises(InvalidInput, match="expected 2"):
        read({"z": 2}, 2)([0] * length)
