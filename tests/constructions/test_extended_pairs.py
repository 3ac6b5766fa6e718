"""The further rows' triples, pairs and decoder: against slow oracles, in floats, as networks, and damaged."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import oracles
import oracles_extended
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from trompe.constructions import (
    EXTENDED_CONSTRUCTIONS,
    AdditiveTriple,
    LinkedPair,
    LinkedTriple,
    NeuronTriple,
    centre,
    construction,
    exact_decoder,
    neuron_1d,
    pair_networks,
    triple,
)
from trompe.constructions.catalogue import example
from trompe.constructions.strategies import fooling_pairs, members, points, rationals, triples
from trompe.constructions.triples import FoolingPair, Triple, mix
from trompe.theory import (
    EXTENDED,
    TASKS,
    Approx,
    Exact,
    Form,
    InvalidInput,
    Neuron,
    QueryShown,
    Side,
    UnknownKey,
    Visualization,
    function_class,
    theorem,
)

F = Fraction
ROWS = list(EXTENDED_CONSTRUCTIONS)
QUICK = settings(max_examples=150, database=None, derandomize=True, phases=[Phase.generate])
EPS = rationals(0, F(1, 2), strict=True)
tasks = st.one_of(st.just(Exact()), st.just(Side()), st.builds(Approx, EPS))


def special(v, x):
    """Sites, corners, the middle, and points that take each coordinate from a, b or x."""
    d = v.dim
    sites = [v.argmin, v.argmax, x]
    mixed = product(*zip(*sites, strict=True)) if d <= 2 else zip(*sites, strict=True)
    corners = product((F(0), F(1)), repeat=d)
    halves = [tuple((p + q) / 2 for p, q in zip(s, t, strict=True)) for s in sites for t in sites]
    return list(
        dict.fromkeys(
            [*sites, *corners, (F(1, 2),) * d, *halves, *(m for m in mixed if len(m) == d)]
        )
    )


def stack(zs):
    return np.array([list(z) for z in zs], dtype=object)


def check_pair(pair, points_):
    """phi, gap and membership of f and g; raises AssertionError where anything is wrong."""
    v, x = pair.v, pair.x
    zs = [*special(v, x), *points_]
    for member in (pair.f, pair.g):
        assert (member(v.argmin), member(v.argmax)) == (v.minimum, v.maximum)
        others = [z for z in zs if z not in (v.argmin, v.argmax)]
        for z, value in zip(others, member(stack(others)), strict=True):
            assert v.minimum < value < v.maximum, f"value {value} at {z}"
    fibre = pair.triple.cls.envelope(v, x)
    assert pair.triple.envelope == fibre
    assert fibre.lower <= pair.g_x <= pair.f_x <= fibre.upper
    assert (pair.f_x == pair.g_x) == (fibre.lower == fibre.upper)
    check_member(pair, zs)


def check_member(pair, zs):
    """f and g are in the class, by a law of the oracles' own."""
    v, cls = pair.v, pair.triple.cls
    for h in (pair.f, pair.g):
        if cls.key == "additive":
            for y, z in zip(zs, [*zs[1:], zs[0]], strict=True):
                assert oracles_extended.is_additive(h, y, z)
        elif cls.key == "lipschitz-unknown":
            bound = oracles_extended.hat_slope(v.minimum, v.maximum, [v.argmin, v.argmax, pair.x])
            assert oracles_extended.steepest(h, zs[:12]) <= bound
        else:
            check_neuron(cls, h, zs)


def check_neuron(cls, h, zs):
    """h^-1 of the values is affine: it keeps the middle of two points."""
    for y, z in pairwise(zs):
        middle = tuple((p + q) / 2 for p, q in zip(y, z, strict=True))
        if cls.link == "leaky-relu":
            t_y, t_z, t_m = (q if (q := h(p)) > 0 else q / cls.slope for p in (y, z, middle))
            assert 2 * t_m == t_y + t_z
        else:
            at = [oracles_extended.inverse(cls.link, decimal(h(p))) for p in (y, z, middle)]
            assert oracles_extended.close(2 * at[2], at[0] + at[1], 9)


def decimal(value):
    """A number of trompe's in about 30 digits."""
    from decimal import Decimal

    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(str(value.enclosure(128).mid.a).strip("[]").split(",")[0])


# -- every row ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=15)
@given(data=st.data())
def test_every_pair_is_a_fooling_pair(row, data):
    pair = data.draw(fooling_pairs(row, max_dim=3))
    check_pair(pair, [data.draw(points(pair.v.dim))])


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_pair_for_defeats_the_task_exactly_where_it_is_not_decidable(row, data):
    drawn, task = data.draw(triples(row)), data.draw(tasks)
    v, fibre, eps = drawn.v, drawn.envelope, getattr(task, "eps", None)
    if oracles.decidable(task.key, fibre.lower, fibre.upper, v.minimum, v.maximum, eps):
        with pytest.raises(InvalidInput, match=f"{row}/{task.key}: the task is decidable at query"):
            drawn.pair_for(task)
        return
    pair = drawn.pair_for(task)
    assert 0 < pair.eta < 1
    assert not oracles.decidable(task.key, pair.g_x, pair.f_x, v.minimum, v.maximum, eps)
    assert pair.defeats(task)


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
def test_no_answer_is_right_for_both(row, data):
    drawn, task = data.draw(triples(row)), data.draw(tasks)
    if task.decidable(drawn.envelope, drawn.v):
        return
    pair = drawn.pair_for(task)
    answers = ["min", "max"]
    if task.key != "side":
        answers = [pair.f_x, pair.g_x, (pair.f_x + pair.g_x) / 2, pair.v.mid]
    for answer in answers:
        assert not all(task.right(answer, truth, pair.v) for truth in (pair.f_x, pair.g_x))


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("eps", [F(1, 100), F(1, 4), F(499, 1000)])
def test_every_no_holds_for_every_eps(key, eps):
    """eps up to any distance below 1/2: the class is defeated somewhere."""
    assert theorem(f"{key}/approx").form is Form.IMPOSSIBLE
    shown = example(key, 2)
    x = (F(1, 10**5), 1 - F(1, 10**5)) if key == "neuron" else shown.x
    cls = Neuron("leaky-relu", "1/2") if key == "neuron" else shown.cls
    pair = triple(cls, shown.v, x).pair_for(Approx(eps))
    assert pair.f_x - pair.g_x > 2 * eps * pair.v.range


@pytest.mark.parametrize("link", ["sigmoid", "tanh", "softplus", "leaky-relu"])
def test_the_worst_radius_is_one_half_for_every_link(link):
    """At a corner other than a and b the envelope is all of [m, M], however steep the link is between."""
    cls = Neuron(link)
    v = Visualization((0, 0, 0), (1, 1, 1), "1/1000", "999/1000")
    fibre = cls.envelope(v, (0, 1, 0))
    assert (fibre.lower, fibre.upper) == (v.minimum, v.maximum)
    for task in (Exact(), Side(), Approx(F(4999, 10000))):
        assert triple(cls, v, (0, 1, 0)).pair_for(task).defeats(task)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_the_example_of_every_row_works(row, dim):
    if dim < EXTENDED[row].min_dim:
        with pytest.raises(InvalidInput, match=f"{row}: d = {dim}; this row is about"):
            example(row, dim)
        return
    shown = example(row, dim)
    for task in TASKS.values():
        check_pair(triple(shown.cls, shown.v, shown.x).pair_for(task()), [])


@pytest.mark.parametrize("row", ROWS)
def test_shown_queries_are_refused(row):
    shown = example(row, 2)
    for point in (shown.v.argmin, shown.v.argmax):
        with pytest.raises(QueryShown, match=f"{row}: query .* is shown"):
            triple(shown.cls, shown.v, point)


# -- floats and networks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=15)
@given(data=st.data())
def test_floats_are_the_exact_values_rounded(row, data):
    pair = data.draw(fooling_pairs(row, max_dim=3))
    zs = [data.draw(points(pair.v.dim)) for _ in range(3)]
    array = np.array([[float(c) for c in z] for z in zs])
    f, g = pair.both(array)
    for h, values in ((pair.f, f), (pair.g, g)):
        exact = [float(h(z)) for z in zs]
        scale = 1 + max(map(abs, exact))
        # The hats' slopes are up to a few hundred, and so is the growth of a rounding of z.
        assert np.allclose(values, exact, rtol=0, atol=1e-11 * scale)
        assert np.array_equal(h(array), values)
    t = pair.triple
    for h in (t.upper, t.lower, t.strict):
        assert np.allclose(h(array), [float(h(z)) for z in zs], rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize("row", ROWS)
def test_large_inputs(row):
    dim = 3072
    shown = example(row, dim)
    pair = triple(shown.cls, shown.v, shown.x).pair()
    z = np.random.default_rng(0).random((2, dim))
    f, g = pair.both(z)
    assert f.shape == g.shape == (2,)
    low, high = float(shown.v.minimum), float(shown.v.maximum)
    assert np.all((f > low) & (f < high) & (g > low) & (g < high))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("row", ROWS)
def test_piecewise_affine_pairs_are_networks(row, dim):
    if dim < EXTENDED[row].min_dim:
        return
    shown = example(row, dim)
    cls = Neuron("leaky-relu", "1/3") if row == "neuron" else shown.cls
    low, high = (-1, 2) if row == "neuron" else (shown.v.minimum, shown.v.maximum)
    v = Visualization(shown.v.argmin, shown.v.argmax, low, high)
    pair = triple(cls, v, shown.x).pair()
    f, g = pair_networks(pair)
    for z in special(pair.v, pair.x):
        assert (f(z), g(z)) == (pair.f(z), pair.g(z))


def test_a_smooth_neuron_is_no_relu_network():
    shown = example("neuron", 2)
    with pytest.raises(InvalidInput, match=r"sigmoid: .* no ReLU network"):
        pair_networks(triple(shown.cls, shown.v, shown.x).pair())


@pytest.mark.parametrize("row", ROWS)
def test_tensors_give_the_same_values_and_gradients(row):
    torch = pytest.importorskip("torch")
    shown = example(row, 3)
    pair = triple(shown.cls, shown.v, shown.x).pair()
    z = torch.rand((4, 3), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z.requires_grad_()
    f, g = pair.both(z)
    by_numpy = pair.both(z.detach().numpy())
    assert np.allclose(f.detach().numpy(), by_numpy[0], rtol=1e-12)
    assert np.allclose(g.detach().numpy(), by_numpy[1], rtol=1e-12)
    (f - g).sum().backward()
    assert torch.isfinite(z.grad).all()


# -- additive ------------------------------------------------------------------------------------------------


@given(triples("additive"), st.data())
def test_the_additive_triple_is_the_oracles(drawn, data):
    v = drawn.v
    zs = [*special(v, drawn.x)[:20], data.draw(points(v.dim))]
    for z in zs:
        expected = oracles_extended.additive_triple(
            v.minimum, v.maximum, v.argmin, v.argmax, drawn.x, z
        )
        assert (drawn.upper(z), drawn.lower(z), drawn.strict(z)) == expected
    assert (drawn.upper(drawn.x), drawn.lower(drawn.x)) == (v.maximum, v.minimum)


def test_sharing_every_coordinate_with_a_or_b_does_not_help():
    """Each coordinate of x has been shown, and its value may still be anything."""
    a, b = ("1/4", 0, 1), ("1/2", 1, "1/3")
    v = Visualization(a, b, -1, 1)
    for bits in product((0, 1), repeat=3):
        if sum(bits) in (0, 3):
            continue
        x = tuple((a, b)[bit][k] for k, bit in enumerate(bits))
        t = triple(function_class("additive"), v, x)
        assert (t.upper(x), t.lower(x)) == (1, -1)
        check_pair(t.pair_for(Side()), [])


@given(members("additive", 2), members("additive", 3))
def test_unique_extremes_of_additive_members_differ_in_every_coordinate(two, three):
    for h in (two, three):
        assert oracles_extended.additive_free(h.v.argmin, h.v.argmax)


# -- one neuron ----------------------------------------------------------------------------------------------


def test_neurons_get_their_own_pairs():
    shown = example("neuron", 2)
    t = triple(shown.cls, shown.v, shown.x)
    assert isinstance(t, LinkedTriple)
    assert isinstance(t.pair(), LinkedPair)
    with pytest.raises(InvalidInput, match="eta = 1"):
        t.pair(1)
    free = example("additive", 2)
    assert type(triple(free.cls, free.v, free.x)) is Triple


def test_a_mean_of_two_neurons_is_no_neuron():
    """Why the pair is mixed inside the link: the check of membership sees the difference."""
    shown = example("neuron", 2)
    cls = Neuron("leaky-relu", "1/5")
    v = Visualization((0, 0), (1, 1), -1, 1)
    t = triple(cls, v, shown.x)
    zs = special(v, shown.x)
    check_neuron(cls, t.pair().f, zs)
    with pytest.raises(AssertionError):
        check_neuron(cls, lambda z: mix(t.upper(z), t.strict(z), F(1, 2)), zs)


@given(members("neuron-1d", 1), points(1))
def test_the_decoder_of_one_input_is_right_for_every_member(h, x):
    answer = exact_decoder(h.cls)(h.v, x)
    assert answer == h(x)
    assert Exact().right(answer, h(x), h.v)
    fibre = h.cls.envelope(h.v, x)
    assert fibre.lower == fibre.upper == answer


@given(
    rationals(0, 1, strict=True),
    rationals(-3, 3),
    rationals(-3, 3),
    points(1),
    st.integers(0, 2),
)
def test_the_decoder_predicts_a_neuron_given_by_its_weights(slope, w, c, x, end):
    """f(z) = h(w z + c), leaky ReLU, from any one minimiser and maximiser."""
    cls = function_class("neuron-1d", link="leaky-relu", slope=slope)

    def f(z):
        return oracles_extended.leaky(slope, w * z[0] + c)

    ends = [(F(0),), (F(1),)] if w else [(F(end, 2),), (F(1, 3),)]
    a, b = min(ends, key=f), max(ends, key=f)
    v = Visualization(a, b, f(a), f(b))
    assert neuron_1d(cls, v, x) == f(x)


@pytest.mark.parametrize("link", ["sigmoid", "tanh", "softplus"])
def test_the_centre_of_a_fibre_of_one_irrational_value_is_that_value(link):
    """Half of twice a computable real is another expression, which no number of bits shows to be equal."""
    cls, v = Neuron(link), Visualization((0, 1), (1, 0), "1/5", "3/7")
    x = (Fraction(1, 2), Fraction(1, 2))
    answer, fibre = centre(cls, v, x), cls.envelope(v, x)
    assert Exact().decidable(fibre, v) and Exact().right(answer, fibre.lower, v)
    between = cls.envelope(v, (Fraction(1, 2), Fraction(1, 3)))
    answer = centre(cls, v, (Fraction(1, 2), Fraction(1, 3)))
    assert between.lower < answer < between.upper


def test_decoders_exist_for_yes_rows_only():
    assert exact_decoder(function_class("constant"))(Visualization([0], [0], 2, 2), ["1/2"]) == 2
    assert exact_decoder(function_class("affine-1d"))(Visualization([0], [1], 0, 2), ["1/2"]) == 1
    with pytest.raises(UnknownKey, match="row with an exact decoder"):
        exact_decoder(function_class("additive"))
    assert construction("neuron-1d") is None
    with pytest.raises(InvalidInput, match="neuron-1d: no fooling pair exists"):
        triple(function_class("neuron-1d"), Visualization([0], [1], "1/4", "1/2"), ["1/2"])
    with pytest.raises(UnknownKey, match="unknown row"):
        construction("neurone")


# -- planted faults ------------------------------------------------------------------------------------------


class OneConeOnly(AdditiveTriple):
    @staticmethod
    def part(from_a, from_b, inv_reach, xp):
        return xp.minimum(xp.number(1), inv_reach * from_a)


class TooSteep(AdditiveTriple):
    def parameters(self, cls, v, x):
        p = super().parameters(cls, v, x)
        return replace(p, inv_rise=p.inv_rise / 3)


class ALoneCounts(AdditiveTriple):
    def strict(self, features, p, xp):
        return p.low + (p.high - p.low) * xp.minimum(xp.number(1), p.inv_rise * features.from_a)


class NotASum(AdditiveTriple):
    def upper(self, features, p, xp):
        return super().upper(features, p, xp) * super().strict(features, p, xp)


class Exchanged(NeuronTriple):
    def upper_share(self, features, p, xp):
        return features.smallest


class OneCoordinate(NeuronTriple):
    def strict_share(self, features, p, xp):
        return features.largest


class Squared(NeuronTriple):
    def strict_share(self, features, p, xp):
        return features.mean * features.mean


FAULTS = [
    ("additive", OneConeOnly),
    ("additive", TooSteep),
    ("additive", ALoneCounts),
    ("additive", NotASum),
    ("neuron", Exchanged),
    ("neuron", OneCoordinate),
    ("neuron", Squared),
]


def is_sound(pair):
    try:
        check_pair(pair, [])
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(("row", "damaged"), FAULTS, ids=lambda p: getattr(p, "__name__", p))
def test_each_fault_is_caught(row, damaged):
    def damage(pair):
        t = pair.triple
        broken = replace(
            t, construction=damaged(), parameters=damaged().parameters(t.cls, t.v, t.x)
        )
        return type(pair)(broken, pair.eta)

    find(fooling_pairs(row, max_dim=2), lambda pair: not is_sound(damage(pair)), settings=QUICK)


def test_mixing_values_for_shares_is_caught():
    """A neuron's pair that mixes outside the link is no pair of neurons."""

    def damage(pair):
        return FoolingPair(pair.triple, pair.eta)

    find(
        fooling_pairs("neuron", max_dim=2), lambda pair: not is_sound(damage(pair)), settings=QUICK
    )
