"""Floats stay next to the exact values, from d = 10 to d = 150528 (224 x 224 x 3)."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from trompe.constructions import CONSTRUCTIONS, mix, triple
from trompe.theory import CLASSES, Dataset, EmpiricalRiskMinimizer, Lipschitz, Visualization
from trompe.theory.namespace import EXACT, NumpyNamespace

F = Fraction
DIMS = (10, 1000, 150528)
CASES = [*((row, None) for row in CONSTRUCTIONS), ("lipschitz", "l2"), ("lipschitz", "linf")]
IDS = [f"{row}-{key}" if key else row for row, key in CASES]

# Exact parameters take seconds at the largest d: rows there that read all that any row reads.
LARGEST = (
    ("erm", None),
    ("monotone", None),
    ("convex", None),
    ("affine", None),
    ("lipschitz", "l2"),
)
QUESTIONS = [(*case, dim) for case in CASES for dim in DIMS if dim < 10_000 or case in LARGEST]

# NumPy sums d terms pairwise in blocks of 128 (each by 8 partial sums of 16): the relative error of
# a sum of d nonnegative terms is at most about 16 + log2(d) <= 34 units u. Distances and means enter
# a value multiplied by something that keeps the product within R wherever the cut at m or M does not
# replace it, so they bring 34 u R; rounding the parameters and the last few operations bring the
# rest. 64 u (|m| + |M| + R) covers both.
UNITS = 64


def dyadic(dim, seed):
    """Coordinates k/8: exact in either float format."""
    return np.random.default_rng(seed).integers(0, 9, dim)


def as_point(eighths):
    return tuple(F(int(k), 8) for k in eighths)


@lru_cache(maxsize=1)
def pair_and_points(row, key, dim):
    """A pair at d = dim and places worth looking at, in eighths."""
    low, high = F(-1, 3), F(5, 3)
    zeros, ones = np.zeros(dim, int), np.full(dim, 8)
    a, b, x = np.full(dim, 2), np.full(dim, 6), dyadic(dim, 0)
    cls = CLASSES[row]()
    if row in ("monotone", "affine"):
        a, b = zeros, ones
    if row == "convex":
        b = ones
    if row == "affine":
        b = dyadic(dim, 1) // 5 * 8
        a = 8 - b
    if row == "erm":
        cls = EmpiricalRiskMinimizer(Dataset([as_point(dyadic(dim, 2))], ["1/7"]))
    if row == "lipschitz":
        reach = {"l1": F(dim, 2), "l2": F(dim, 2), "linf": F(1, 2)}[key or "l1"]
        slope = {"l2": F(8)}.get(key, 3 * (high - low) / reach / 2)
        cls = Lipschitz(slope, key or "l1")
    pair = triple(cls, Visualization(as_point(a), as_point(b), low, high), as_point(x)).pair("1/7")
    nudged = x.copy()
    near = dim // 8 + 1
    nudged[:near] = (x[:near] + 4) % 9
    places = [a, b, x, nudged, (a + b) // 2, dyadic(dim, 3)]
    return pair, np.stack(places if dim < 10_000 else [nudged, x])


@lru_cache(maxsize=1)
def true_values(row, key, dim):
    """f and g at the places, from U, W and B: in fractions, at the largest d in extended precision.

    Sums of d eighths are exact in the 64 bits of an x86 long double; where long double is no wider
    than double the comparison is with double precision.
    """
    pair, places = pair_and_points(row, key, dim)
    if dim < 10_000:
        xp, zs = EXACT, np.array([as_point(z) for z in places], dtype=object)
    else:
        xp, zs = NumpyNamespace(np.longdouble), places.astype(np.longdouble) / 8
    upper, lower, strict = pair.triple.evaluate(zs, xp, "upper", "lower", "strict")
    return [mix(end, strict, xp.number(pair.eta)).astype(float) for end in (upper, lower)]


@pytest.mark.parametrize(
    ("row", "key", "dim"),
    QUESTIONS,
    ids=["-".join(str(part) for part in q if part) for q in QUESTIONS],
)
def test_floats_stay_next_to_the_true_values(row, key, dim):
    pair, places = pair_and_points(row, key, dim)
    size = float(abs(pair.v.minimum) + abs(pair.v.maximum) + pair.v.range)
    for dtype in (np.float64, np.float32):
        zs = (places / 8).astype(dtype)
        tolerance = UNITS * float(np.finfo(dtype).eps) / 2 * size
        for member, truth in zip((pair.f, pair.g), true_values(row, key, dim), strict=True):
            out = member(zs)
            assert out.shape == (len(places),)
            assert out.dtype == dtype
            np.testing.assert_allclose(out, truth, rtol=0, atol=tolerance)
            assert member(zs[0]).shape == ()
            assert float(member(zs[0])) == pytest.approx(truth[0], abs=tolerance)


@pytest.mark.parametrize("dim", DIMS[:2])
@pytest.mark.parametrize(("row", "key"), CASES, ids=IDS)
def test_the_pair_still_shares_its_extremes_and_disagrees(row, key, dim):
    pair, _ = pair_and_points(row, key, dim)
    f, g = true_values(row, key, dim)
    for values in (f, g):
        assert values[0] == float(pair.v.minimum)
        assert values[1] == float(pair.v.maximum)
        assert all(values[0] < value < values[1] for value in values[2:])
    assert f[2] > g[2]


@pytest.mark.parametrize("row", list(CONSTRUCTIONS))
def test_leading_axes_are_kept(row):
    pair, places = pair_and_points(row, None, 10)
    zs = (places / 8).reshape(2, 3, 10)
    flat = pair.f(places / 8)
    assert pair.f(zs).shape == (2, 3)
    # the same sums in the same order
    np.testing.assert_array_equal(pair.f(zs).ravel(), flat)
