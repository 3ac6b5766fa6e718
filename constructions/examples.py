"""One small instance of each row at any d: for pages that show a pair, and as the solvers' test case."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from trompe.theory import (
    Dataset,
    EmpiricalRiskMinimizer,
    FunctionClass,
    InvalidInput,
    Lipschitz,
    Point,
    Visualization,
    row_class,
)

__all__ = ["Example", "example"]


@dataclass(frozen=True)
class Example:
    """A class, a visualization that some member has, and a query."""

    cls: FunctionClass
    v: Visualization
    x: Point


def _repeat(value: Fraction, dim: int) -> Point:
    return (value,) * dim


def example(row: str, dim: int = 2) -> Example:
    """The instance of a row that trompe shows when none is given.

    Raises
    ------
    UnknownKey : no such row. InvalidInput : the row is not about this number of inputs.
    """
    kind = row_class(row)
    if dim < 1:
        raise InvalidInput(f"{row}: d = {dim}; a point needs d >= 1")
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    zeros, ones = _repeat(Fraction(0), dim), _repeat(Fraction(1), dim)
    corners = Visualization(zeros, ones, 0, 1)
    inside = Visualization(_repeat(quarter, dim), _repeat(3 * quarter, dim), 0, 1)
    activations = Visualization(zeros, ones, Fraction(1, 10), Fraction(9, 10))
    first_quarter = (quarter, *_repeat(3 * quarter, dim - 1))
    cases = {
        "lipschitz": lambda: Example(Lipschitz(Fraction(2)), corners, _repeat(half, dim)),
        "monotone": lambda: Example(kind(), corners, _repeat(half, dim)),
        "convex": lambda: Example(
            kind(),
            Visualization(_repeat(quarter, dim), ones, 0, 1),
            _repeat(7 * quarter / 2, dim),
        ),
        "affine": lambda: Example(kind(), corners, (half / 4, *_repeat(7 * half / 4, dim - 1))),
        "affine-1d": lambda: Example(kind(), corners, first_quarter),
        "constant": lambda: Example(kind(), Visualization(zeros, zeros, half, half), first_quarter),
        "neuron": lambda: Example(kind(), activations, first_quarter),
        "neuron-1d": lambda: Example(kind(), activations, first_quarter),
        "additive": lambda: Example(kind(), inside, first_quarter if dim > 1 else (half,)),
        "erm": lambda: Example(
            EmpiricalRiskMinimizer(Dataset([zeros, ones], [quarter, 2 * quarter / 3])),
            inside,
            _repeat(half, dim),
        ),
    }
    case = cases.get(row, lambda: Example(kind(), inside, _repeat(half, dim)))()
    case.cls.check_visualization(case.v)
    return case
