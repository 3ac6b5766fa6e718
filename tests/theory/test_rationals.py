"""Exact vectors against plain fractions, one coordinate at a time."""

from __future__ import annotations

import random
from fractions import Fraction
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trompe.constructions.catalogue import construction, example, triple
from trompe.theory import ROWS, rationals
from trompe.theory.functionals import exact_distance, gauge, gauge_slopes, metric
from trompe.theory.rationals import RATIONALS

F = Fraction

numbers = st.one_of(st.fractions(), st.fractions(0, 1, max_denominator=12), st.just(F(0)))
vectors = st.integers(1, 6).flatmap(
    lambda d: st.tuples(*[st.lists(numbers, min_size=d, max_size=d)] * 3)
)


@pytest.fixture(params=[0, 12, 4096], ids="{} bits in common".format, scope="module")
def longest(request):
    """How long a common denominator may be; with 0 each number but an integer keeps its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rationals, "LONGEST_COMMON", request.param)
        yield request.param


@given(vectors, numbers)
def test_each_operation_is_that_of_the_fractions(longest, three, q):
    u, v, w = (RATIONALS.array(values) for values in three)
    rows = list(zip(*three, strict=True))
    assert [list(u), len(u), u.shape, u.ndim] == [three[0], len(rows), (len(rows),), 1]
    assert list(u + v * w) == [x + y * z for x, y, z in rows]
    assert list(w * (u - v)) == [z * (x - y) for x, y, z in rows]
    assert list(-u) == [-x for x, _, _ in rows]
    assert list(q - u) == [q - x for x, _, _ in rows]
    assert list((q + u) * q - 1) == [(q + x) * q - 1 for x, _, _ in rows]
    assert list(RATIONALS.abs(u - v)) == [abs(x - y) for x, y, _ in rows]
    assert list(RATIONALS.maximum(u * w, v)) == [max(x * z, y) for x, y, z in rows]
    assert list(RATIONALS.minimum(q, v)) == [min(q, y) for _, y, _ in rows]
    assert RATIONALS.sum(u * v) == u @ v == sum((x * y for x, y, _ in rows), F(0))
    assert RATIONALS.max(u * v) == max(x * y for x, y, _ in rows)
    assert [u[k] for k in range(len(u))] == three[0]
    assert u[..., 0][()] + 1 == three[0][0] + 1
    assert all(type(x) is F for x in (u[0], u @ v, RATIONALS.max(u), *u))


@given(st.lists(st.fractions(0, 1), min_size=1, max_size=5))
def test_numbers_stay_fractions(values):
    assert RATIONALS.maximum(values[0], values[-1]) == max(values[0], values[-1])
    assert RATIONALS.minimum(values[0], values[-1]) == min(values[0], values[-1])
    assert RATIONALS.abs(-values[0]) == values[0]


def test_without_a_short_common_denominator_each_number_keeps_its_own():
    rng = random.Random(0)
    c, z = ([F(rng.getrandbits(53), 2**53) for _ in range(500)] for _ in range(2))
    up, down = (RATIONALS.array(slopes) for slopes in gauge_slopes(tuple(c)))
    assert max(map(int.bit_length, up.bottom)) <= 54
    found = gauge(RATIONALS.array(z), RATIONALS.array(c), up, down, RATIONALS)
    assert found == max(
        (zi - ci) / (1 - ci) if zi > ci else (ci - zi) / ci for zi, ci in zip(z, c, strict=True)
    )


def test_distances_of_points_whose_denominators_have_nothing_in_common():
    primes = [p for p in range(2, 4000) if all(p % q for q in range(2, int(p**0.5) + 1))]
    y, z = (tuple(F(k, p) for p in primes[:200]) for k in (1, 0))
    assert prod(primes[:200]).bit_length() < rationals.LONGEST_COMMON < prod(primes).bit_length()
    assert exact_distance(metric("linf"), y, z) == F(1, 2)
    assert exact_distance(metric("l1"), y, z) == sum(y, F(0))
    long = tuple(F(1, p) for p in primes)
    assert exact_distance(metric("linf"), long, (F(0),) * len(long)) == F(1, 2)


@pytest.mark.parametrize("row", [row for row in ROWS if construction(row)])
def test_a_tuple_has_the_values_of_an_object_array(row):
    """Arrays of fractions take the other way through every formula of a row: NumPy on fractions."""
    import numpy as np

    rng, d = random.Random(row), 7
    made = example(row, d)
    pair = triple(*made).pair()
    for _ in range(5):
        z = tuple(F(rng.randint(0, 30), 30) for _ in range(d))
        values, others = pair.both(z), pair.both(np.array(z, dtype=object))
        assert [str(value) for value in values] == [str(value) for value in others]
        assert [type(value) for value in values] == [type(value) for value in others]
