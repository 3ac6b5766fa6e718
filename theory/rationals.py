"""Vectors of exact numbers, computed on integers: what a formula gets where its point is a tuple of fractions.

A fraction is reduced after every operation, which takes most of its time and helps nobody before a number is
read off. So a vector keeps integers over a common denominator, or over one each, and reduces only sums,
maxima and single coordinates, which are fractions again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from operator import add, mul, sub
from typing import Any, TypeAlias

import numpy as np

from trompe.ground.errors import InvalidInput
from trompe.theory.namespace import EXACT, Array, NumpyNamespace

LONGEST_COMMON = 4096
"""Bits of a common denominator; numbers that have none so short keep one each."""

Bottom: TypeAlias = int | list[int]


class Rationals:
    """The numbers tops[i] / bottom, or tops[i] / bottom[i], all bottoms positive; `+ - *` with vectors and numbers."""

    __slots__ = ("bottom", "tops")
    __array_ufunc__ = None  # NumPy's arrays leave operations with it to it

    def __init__(self, tops: list[int], bottom: Bottom) -> None:
        self.tops, self.bottom = tops, bottom

    @property
    def ndim(self) -> int:
        """One axis."""
        return 1

    @property
    def shape(self) -> tuple[int]:
        """(d,)."""
        return (len(self.tops),)

    def __len__(self) -> int:
        return len(self.tops)

    def __iter__(self) -> Iterator[Fraction]:
        return map(Fraction, self.tops, _each(self.bottom, len(self)))

    def __getitem__(self, index: Any) -> Any:
        """One coordinate; after an ellipsis it is an array without axes, as of NumPy's arrays."""
        if isinstance(index, tuple):
            return EXACT.array(self[index[-1]])
        bottom = self.bottom if isinstance(self.bottom, int) else self.bottom[index]
        return Fraction(self.tops[index], bottom)

    def __neg__(self) -> Rationals:
        return Rationals([-top for top in self.tops], self.bottom)

    def __abs__(self) -> Rationals:
        return Rationals(list(map(abs, self.tops)), self.bottom)

    def __add__(self, other: Any) -> Any:
        return _of_tops(add, self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return _of_tops(sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _of_tops(sub, other, self)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return EXACT.array(list(self)) * other
        tops, bottom = _parts(other, len(self))
        product = list(map(mul, self.tops, tops))
        if isinstance(self.bottom, int) and isinstance(bottom, int):
            return Rationals(product, self.bottom * bottom)
        return Rationals(product, _products(self.bottom, bottom, len(self)))

    __rmul__ = __mul__

    def __matmul__(self, other: Any) -> Fraction:
        product: Rationals = self * other
        return product.sum()

    def sum(self) -> Fraction:
        """The sum of all."""
        if isinstance(self.bottom, int):
            return Fraction(sum(self.tops), self.bottom)
        by_bottom: dict[int, int] = {}
        for top, bottom in zip(self.tops, self.bottom, strict=True):
            by_bottom[bottom] = by_bottom.get(bottom, 0) + top
        return sum((Fraction(top, bottom) for bottom, top in by_bottom.items()), Fraction(0))

    def max(self) -> Fraction:
        """The largest."""
        if isinstance(self.bottom, int):
            return Fraction(max(self.tops), self.bottom)
        most, below = self.tops[0], self.bottom[0]
        for top, bottom in zip(self.tops, self.bottom, strict=True):
            if top * below > most * bottom:
                most, below = top, bottom
        return Fraction(most, below)


def _is_vector(*values: Any) -> bool:
    return any(isinstance(value, Rationals) for value in values)


def _parts(value: Any, count: int) -> tuple[list[int], Bottom]:
    """Numerators and denominators of a vector, or of a number so many times."""
    if isinstance(value, Rationals):
        if len(value) != count:
            raise InvalidInput(f"points of {count} and {len(value)} coordinates; expected equal")
        return value.tops, value.bottom
    top, bottom = value.as_integer_ratio()
    return [top] * count, bottom


def _of_tops(operation: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """`operation` of numerators over the same denominators: a sum, a difference, the larger one."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):  # recorded numbers, one by one
        return operation(*(EXACT.array(list(c)) if _is_vector(c) else c for c in (a, b)))
    count = len(a if isinstance(a, Rationals) else b)
    (tops, bottom), (others, other) = _parts(a, count), _parts(b, count)
    common = bottom
    if isinstance(bottom, int) and isinstance(other, int):
        common = math.lcm(bottom, other)
        tops, others = _times(tops, common // bottom), _times(others, common // other)
    elif bottom is not other:
        tops = list(map(mul, tops, _each(other, count)))
        others = list(map(mul, others, _each(bottom, count)))
        common = _products(bottom, other, count)
    return Rationals(list(map(operation, tops, others)), common)


def _products(bottom: Bottom, other: Bottom, count: int) -> list[int]:
    return list(map(mul, _each(bottom, count), _each(other, count)))


def _each(bottom: Bottom, count: int) -> list[int]:
    return [bottom] * count if isinstance(bottom, int) else bottom


def _times(tops: list[int], factor: int) -> list[int]:
    return tops if factor == 1 else [top * factor for top in tops]


class RationalNamespace(NumpyNamespace):
    """Vectors of exact numbers; single ones stay fractions."""

    def __init__(self) -> None:
        super().__init__(object)

    def array(self, values: Iterable[Fraction | int]) -> Array:
        """A vector of so many numbers."""
        pairs = [value.as_integer_ratio() for value in values]
        if pairs and type(pairs[0][0]) is not int:  # numbers that are recorded, over 1
            return EXACT.array([top for top, _ in pairs])
        common = 1
        for bottom in {bottom for _, bottom in pairs}:
            common = math.lcm(common, bottom)
            if common.bit_length() > LONGEST_COMMON:
                return Rationals([top for top, _ in pairs], [bottom for _, bottom in pairs])
        return Rationals([top * (common // bottom) for top, bottom in pairs], common)

    def maximum(self, a: Array, b: Array) -> Array:
        return _of_tops(max, a, b) if _is_vector(a, b) else super().maximum(a, b)

    def minimum(self, a: Array, b: Array) -> Array:
        return _of_tops(min, a, b) if _is_vector(a, b) else super().minimum(a, b)

    def abs(self, a: Array) -> Array:
        return abs(a)

    def sum(self, a: Array) -> Array:
        return a.sum()

    def max(self, a: Array) -> Array:
        return a.max()


RATIONALS = RationalNamespace()
"""Exact arithmetic on one point, as `EXACT` is on arrays of many."""
