"""What annotations ask for, and whose arrays are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from trompe.ground.arguments import checked, reader_of
from trompe.ground.errors import InvalidInput, UnknownKey, known

NAN = float("nan")


class Subclass(np.ndarray):
    """An array of somebody else's."""


class Masked(np.ma.MaskedArray):
    """A masked array of somebody else's."""


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (tuple[int, int], ()),
        (tuple[int, int], (1,)),
        (Sequence[float], (NAN,)),
        (Sequence[float], [NAN]),
        (tuple[float, ...], (1.0, NAN)),
        (Sequence[int], (True,)),
        (Sequence[int], {1, 2}),
        (tuple[int, ...], {1: 0}),
        (tuple[int, int], {1, 2}),
        (Sequence[int], range(10**12)),
        (Iterable[int], range(10**12)),
    ],
)
def test_what_does_not_fit_the_annotation_is_refused(hint, value):
    with pytest.raises(InvalidInput, match=r"^pair"):
        reader_of(hint)(value, "pair")


def test_sets_and_keys_are_taken_where_order_says_nothing():
    assert reader_of(Iterable[int])({3}, "dims") == reader_of(Iterable[int])({3: 0}, "dims") == (3,)


def test_what_is_collected_is_not_looked_at():
    @checked
    def collect(first: int, *more: int, **named: int):
        return first, more, named

    assert collect(1, "a", named="b") == (1, ("a",), {"named": "b"})
    with pytest.raises(InvalidInput, match="first = 'a'"):
        collect("a")


def test_names_alone_are_a_table():
    assert known("measure", "cosine", ("cosine", "pearson")) == "cosine"
    with pytest.raises(UnknownKey, match="unknown measure 'cosin'; did you mean cosine"):
        known("measure", "cosin", ("cosine", "pearson"))


def test_arrays_of_subclasses_are_arrays_and_their_masks_are_masks():
    from trompe.constructions.triples import namespace_of
    from trompe.theory import as_number, as_point
    from trompe.theory.sites import as_array

    half = np.array(0.5).view(Subclass)
    assert as_number(half) == 0.5
    assert as_point(np.array([0.5, 1.0]).view(Subclass)) == (0.5, 1)
    masked = np.ma.masked_array([0.5, 0.5], [True, False]).view(Masked)
    for read in (as_point, namespace_of, lambda z: as_array(z, "x"), as_number):
        with pytest.raises(InvalidInput):
            read(masked)


@pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors")
def test_masked_tensors_are_refused_everywhere():
    torch = pytest.importorskip("torch", reason="masked tensors are PyTorch's")
    from trompe.constructions.triples import namespace_of
    from trompe.theory import as_point
    from trompe.theory.sites import as_array

    masked = torch.masked.masked_tensor(torch.tensor([0.5, 0.5]), torch.tensor([True, False]))
    for read in (as_point, namespace_of, lambda z: as_array(z, "x")):
        with pytest.raises(InvalidInput):
            read(masked)
