"""A training set for empirical risk minimisation, exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.ground.arguments import checked, listed
from trompe.ground.errors import InvalidInput
from trompe.theory.exact import Point, as_number, as_numbers, as_point, show, written


@dataclass(frozen=True, init=False)
class Dataset:
    """Finitely many inputs s_j in [0, 1]^d with labels y_j; may be empty.

    Parameters
    ----------
    inputs : n points of equal length. labels : n numbers.

    Raises
    ------
    InvalidInput : lengths differ, or equal inputs carry different labels.
    """

    inputs: tuple[Point, ...]
    labels: tuple[Fraction, ...]

    def __init__(self, inputs: Iterable[Any] = (), labels: Iterable[Any] = ()) -> None:
        given = listed(inputs, "inputs", "a sequence of points")
        points = tuple(as_point(s, f"inputs[{j}]") for j, s in enumerate(given))
        values = as_numbers(listed(labels, "labels", "a sequence of numbers"), "labels")
        if len(points) != len(values):
            raise InvalidInput(f"data: {len(points)} inputs but {len(values)} labels")
        for j, point in enumerate(points):
            if len(point) != len(points[0]):
                raise InvalidInput(
                    f"inputs[{j}] has {len(point)} coordinates; inputs[0] has {len(points[0])}"
                )
        first: dict[Point, int] = {}
        for j, point in enumerate(points):
            i = first.setdefault(point, j)
            if values[i] != values[j]:
                raise InvalidInput(
                    f"inputs[{i}] and inputs[{j}] are both {show(point)} but have labels {written(values[i])} "
                    f"and {written(values[j])}; no function fits both. Dataset.reduced(inputs, labels) keeps "
                    "each distinct input once with the mean of its labels, which minimises the "
                    "squared loss"
                )
        kept = sorted(first.values())
        object.__setattr__(self, "inputs", tuple(points[j] for j in kept))
        object.__setattr__(self, "labels", tuple(values[j] for j in kept))

    @classmethod
    def reduced(cls, inputs: Iterable[Any], labels: Iterable[Any]) -> Dataset:
        """Each distinct input once, with the mean of its labels.

        For the squared loss the empirical risk of a function p differs from its risk on the reduced
        data (weighted by multiplicity) by a constant, so minimisers are the same.
        """
        points = listed(inputs, "inputs", "a sequence of points")
        values = listed(labels, "labels", "a sequence of numbers")
        if len(points) != len(values):
            raise InvalidInput(f"data: {len(points)} inputs but {len(values)} labels")
        groups: defaultdict[Point, list[Fraction]] = defaultdict(list)
        for j, (s, y) in enumerate(zip(points, values, strict=True)):
            groups[as_point(s, f"inputs[{j}]")].append(as_number(y, f"labels[{j}]"))
        return cls(list(groups), [sum(ys, Fraction(0)) / len(ys) for ys in groups.values()])

    def __len__(self) -> int:
        return len(self.inputs)

    @checked
    def label_of(self, x: Point) -> Fraction | None:
        """The label of x, or None where x is no training input."""
        for s, y in zip(self.inputs, self.labels, strict=True):
            if s == x:
                return y
        return None
