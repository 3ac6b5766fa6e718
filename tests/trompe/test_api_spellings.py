"""Keys are classes, tasks and theorems; lists, arrays and tensors are points; one point or many."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from unittest.mock import MagicMock

import numpy as np
import pytest

import trompe
from trompe.constructions import centre, exact_decoder, exemplar_triple
from trompe.proofs import case, registered
from trompe.theory import as_number, as_point, task
from trompe.theory.bounding import Bound, Bounds

V = trompe.Visualization((0, 0), (1, 1), 0, 1)
X = (Fraction(1, 2), Fraction(1, 4))
CONVEX = trompe.function_class("convex")


def test_a_key_is_a_class_a_task_and_a_theorem():
    assert trompe.bound("convex", V, X) == trompe.bound(CONVEX, V, X)
    assert trompe.triple("convex", V, X) == trompe.triple(CONVEX, V, X)
    assert exemplar_triple("convex", V, X) == exemplar_triple(CONVEX, V, X)
    assert centre("convex", V, X) == centre(CONVEX, V, X)
    assert exact_decoder("constant")(trompe.Visualization((0,), (1,), 2, 2), (0,)) == 2
    pair = trompe.triple("convex", V, ("7/8", "1/2")).pair_for("side")
    assert pair.defeats("side") and pair.defeats(trompe.Side())
    assert trompe.witness_of(pair, "side") == trompe.witness_of(pair, trompe.Side())
    claim = trompe.theorem("convex/side")
    assert trompe.theorem(claim) is claim and case(claim) == case("convex/side")
    assert task(trompe.Approx("1/3")) == trompe.Approx("1/3")
    assert (
        trompe.bound("lipschitz", V, X).interval
        == trompe.bound(trompe.function_class("lipschitz"), V, X).interval
    )


def test_solvers_and_keys_may_come_one_by_one():
    table = trompe.verify_table(
        iter(["constant"]), solvers=iter(["z3"]), jobs=1, dims=iter([1]), theorems=None
    )
    assert list(table.solvers) == ["z3"] and table.is_proved
    assert trompe.verify_keys(iter(["mix/gap"]), solvers={"z3"}, jobs=1)["mix/gap"].verdict


def test_one_key_is_a_list_of_one():
    once = trompe.verify_keys("mix/gap", solvers="z3", jobs=1)
    assert list(once) == ["mix/gap"] == list(trompe.verify_keys(["mix/gap"], jobs=1))
    assert registered("mix/gap", [1])[0].key == "mix/gap"
    of_theorem = trompe.verify_keys("constant/side", jobs=1)
    assert of_theorem and all(o.verdict == "PROVED" for o in of_theorem.values())
    table = trompe.verify_table("constant", jobs=1)
    assert table.rows == ("constant",)
    assert table[trompe.theorem("constant/side")] is table["constant/side"]


@pytest.mark.parametrize(
    "point",
    [
        [0.5, 0.25],
        ["1/2", "1/4"],
        (np.float32(0.5), np.array(0.25)),
        np.array([0.5, 0.25]),
        np.array([0.5, 0.25], dtype=np.float16),
        np.array([Fraction(1, 2), Fraction(1, 4)], dtype=object),
        (q for q in (0.5, 0.25)),
    ],
)
def test_lists_and_arrays_are_points(point):
    assert as_point(point, "x", 2) == X


def test_tensors_are_points_and_numbers():
    torch = pytest.importorskip("torch")
    x = torch.tensor([0.5, 0.25], requires_grad=True)
    assert as_point(x) == X
    assert as_point(torch.tensor([0.5, 0.25], dtype=torch.bfloat16)) == X
    assert as_number(x[0]) == Fraction(1, 2)
    shown = trompe.Visualization(torch.zeros(2), torch.ones(2), torch.tensor(0.0), torch.tensor(1))
    assert shown == V
    assert trompe.bound("convex", V, x).interval.upper == 0.5
    assert trompe.bounds("convex", V, torch.stack([x, x])).upper.tolist() == [0.5, 0.5]
    exemplars = [(torch.tensor([0.5, 0.5]), 0.25)]
    assert trompe.bound("convex", V, x, exemplars).interval.upper < 0.5


def test_numbers_are_read_without_pytorch():
    code = (
        "import sys, trompe; v = trompe.Visualization([0, 0], [1, 1], 0, 1); trompe.bound('convex', v, [0.5, 0.5]); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_bound_gives_one_and_bounds_many():
    assert isinstance(trompe.bound("convex", V, X), Bound)
    many = trompe.bounds("convex", V, [X, (1, Fraction(1, 2))])
    assert isinstance(many, Bounds) and many[0] == trompe.bound("convex", V, X)
    assert isinstance(trompe.bound("convex", V, [X, X]), Bounds)
    assert len(trompe.bounds("convex", V, np.empty((0, 2)))) == 0
    for one in (X, np.array([0.5, 0.25])):
        with pytest.raises(trompe.InvalidInput, match="is one point; expected several"):
            trompe.bounds("convex", V, one)
    with pytest.raises(trompe.InvalidInput, match=r"bounds\[2\]: there are 2 queries"):
        many[2]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: trompe.bound(3, V, X), "function_class = 3; expected a class, such as"),
        (lambda: trompe.bound("convexe", V, X), "did you mean convex"),
        (lambda: trompe.bound("convex", "v", X), "visualization = 'v'; expected a Visualization"),
        (lambda: trompe.example("convex", 1.5), "dim = 1.5; expected an integer of at least 1"),
        (lambda: trompe.function_class("convex", constant=2), "constant is no parameter"),
        (lambda: trompe.Visualization({0: 1}, (1,), 0, 1), "argmin = .* is not a point"),
        (lambda: as_point({0, 1}), "is not a point"),
        (lambda: CONVEX.gauge(V, {0.5, 0.25}), "x = .*expected a sequence"),
        (lambda: as_point(np.ma.masked_array([0.5], [True])), "is not a point"),
        (lambda: as_number(10**5000, "m") and CONVEX.check_dim(10**5000), "dim = .*at most"),
        (lambda: trompe.refute(lambda v, x: 0, "convex", "exact", members=0), "members = 0; exp"),
        (lambda: trompe.check_witness({}), "witness = {}; expected a Witness"),
        (lambda: CONVEX.envelope(None, X), "v = None; expected a Visualization"),
    ],
)
def test_the_line_names_argument_value_and_what_is_expected(call, words):
    with pytest.raises(trompe.TrompeError, match=words):
        call()


class Anything(str):
    """Equal to every text, as the key of any table."""

    def __hash__(self):
        return hash("convex")

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


class Unasked:
    @property
    def sexpr(self):
        raise RuntimeError("not to be asked")


PAIR = trompe.triple("convex", V, X).pair()
WITNESS = trompe.witness_of(PAIR, "exact")
SIDE, APPROX = trompe.Side(), trompe.Approx()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(
    "of", [PAIR.f, PAIR.g, PAIR.both, PAIR.triple.upper, PAIR.triple.lower, PAIR.triple.strict]
)
def test_a_matrix_of_points_is_their_array(of):
    matrix = np.matrix([[0.5, 0.5], [0.25, 1]])
    assert np.array_equal(of(matrix), of(np.asarray(matrix)))
    with pytest.raises(trompe.InvalidInput, match="points of shape"):
        of(matrix[:, :1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: WITNESS.f(None), "point = None; expected a sequence of numbers"),
        (lambda: trompe.bound("convex", V, [MagicMock(), MagicMock()]), "no coordinates"),
        (lambda: trompe.Approx(MagicMock()), "eps = .*Mock.* is not a number"),
        (lambda: trompe.Approx(Unasked()), "eps = .* is not a number"),
        (lambda: trompe.refute(len, "convex", "approx", eps=MagicMock()), "eps = .*not a number"),
        (lambda: trompe.Exact().right(MagicMock(), 0, V), "answer = .*Mock.* is not a number"),
        (lambda: trompe.budget(2, 1, 2, eps="zzz"), "eps = 'zzz' is not a number"),
        (lambda: trompe.budget(2, 1, 2, eps="1/3"), "eps = 1/3 belongs to task eps"),
        (lambda: SIDE.refuted({}), "margin = {}; expected what `margin` gives"),
        (lambda: APPROX.refuted({}), "margin = {}; expected what `margin` gives"),
        (lambda: CONVEX.shown_value(V, []), "x = .* has no coordinates"),
        (lambda: CONVEX.shown_value(V, [0] * 5), "x has 5 coordinates; expected 2"),
        (lambda: trompe.function_class(Anything("q")), "unknown row 'q'"),
        (lambda: trompe.refute(len, "convex", "exact", numbers=Anything("q")), "numbers = 'q'"),
        (lambda: SIDE.right(Anything("q"), 0, V), "side answer = 'q'"),
        *(
            (lambda end=end: trompe.Interval(end, 1), "lower = .* not a number")
            for end in (None, "a", b"0", [0], {0}, object(), MagicMock())
        ),
    ],
)  # fmt: skip
def test_what_only_claims_to_fit_is_refused_in_one_line(call, words):
    with pytest.raises(trompe.TrompeError, match=words):
        call()


def test_texts_of_other_types_are_texts():
    assert trompe.function_class(np.str_("convex")) == CONVEX
    assert SIDE.right(np.str_("min"), 0, V)
    assert trompe.Interval("0", "1/2").diameter == Fraction(1, 2)
