"""The array namespaces: one formula, many meanings.

Every formula of trompe is a Python function of points and parameters that uses only `+ - *`,
comparison and the few functions below. What it means depends on what flows through it: floats or
fractions give values, solver terms give an obligation, symbols give a closed form, layers give a
network. A point is an array whose last axis has length d.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

Array: TypeAlias = Any
"""An array of numbers, terms, symbols or neurons; the namespace says which."""

T = TypeVar("T")


class ArrayNamespace(Protocol):
    """What a formula may use besides `+ - *` and comparison."""

    def number(self, value: Fraction | int) -> Any:
        """An exact constant as a number of this namespace."""

    def array(self, values: Any) -> Array:
        """Nested tuples of exact constants (or of this namespace's numbers) as an array."""

    def maximum(self, a: Array, b: Array) -> Array:
        """The larger of the two, element by element."""

    def minimum(self, a: Array, b: Array) -> Array:
        """The smaller of the two, element by element."""

    def abs(self, a: Array) -> Array:
        """Absolute values."""

    def sqrt(self, a: Array) -> Array:
        """Square roots; only the l2 metric needs them."""

    def sum(self, a: Array) -> Array:
        """Sum over the last axis."""

    def max(self, a: Array) -> Array:
        """Maximum over the last axis."""


def _exact_sqrt(value: Any) -> Any:
    """The root as a fraction where it is one, else as an exact algebraic number of SymPy."""
    if isinstance(value, (int, Fraction)):
        q = Fraction(value)
        root = Fraction(math.isqrt(q.numerator), math.isqrt(q.denominator))
        if root * root == q:
            return root
        import sympy

        return sympy.sqrt(sympy.Rational(q.numerator, q.denominator))
    raise TypeError(f"no exact square root of {value!r}")


def elementwise(function: Callable[..., Any], inputs: int = 1) -> Callable[..., Array]:
    """`function`, of as many arguments as `inputs` says, for object arrays, element by element.

    NumPy warns of float flags that it finds set after a loop. Here they are left over from what Python
    did meanwhile, such as the import of SymPy, and say nothing of the exact values.
    """
    ufunc = np.frompyfunc(function, inputs, 1)  # noqa: TID251

    def apply(*arrays: Array) -> Array:
        with np.errstate(all="ignore"):
            return ufunc(*arrays)

    return apply


_object_sqrt = elementwise(_exact_sqrt)


class NumpyNamespace:
    """NumPy arrays of one dtype: float64, float32, or `object` for exact fractions."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.exact = self.dtype == object

    def number(self, value: Fraction | int) -> Any:
        return Fraction(value) if self.exact else self.dtype.type(float(value))

    def array(self, values: Any) -> Array:
        if self.exact:
            return np.array(values, dtype=object)
        return np.array(values, dtype=np.float64).astype(self.dtype)

    def maximum(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def minimum(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def abs(self, a: Array) -> Array:
        return np.abs(a)

    def sqrt(self, a: Array) -> Array:
        return _object_sqrt(a) if self.exact else np.sqrt(a)

    def sum(self, a: Array) -> Array:
        return np.sum(a, axis=-1)

    def max(self, a: Array) -> Array:
        return np.max(a, axis=-1)


EXACT = NumpyNamespace(object)
"""Exact arithmetic on object arrays of fractions."""


class ObjectNamespace:
    """A namespace of objects that know `+ - *`; a subclass gives the rest for single objects."""

    def __init__(
        self,
        number: Callable[[Fraction], Any],
        maximum: Callable[[Any, Any], Any],
        minimum: Callable[[Any, Any], Any],
        absolute: Callable[[Any], Any],
        sqrt: Callable[[Any], Any] | None = None,
    ) -> None:
        self._number, self._maximum = number, maximum
        self._elementwise = {
            "maximum": elementwise(maximum, 2),
            "minimum": elementwise(minimum, 2),
            "abs": elementwise(absolute),
            "sqrt": elementwise(sqrt or self._no_root),
        }

    def _no_root(self, value: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no square roots; the l2 metric needs them")

    def number(self, value: Fraction | int) -> Any:
        return self._number(Fraction(value))

    def array(self, values: Any) -> Array:
        array = np.array(values, dtype=object)
        constants = elementwise(lambda v: self.number(v) if isinstance(v, (int, Fraction)) else v)
        return constants(array) if array.size else array

    def maximum(self, a: Array, b: Array) -> Array:
        return self._elementwise["maximum"](a, b)

    def minimum(self, a: Array, b: Array) -> Array:
        return self._elementwise["minimum"](a, b)

    def abs(self, a: Array) -> Array:
        return self._elementwise["abs"](a)

    def sqrt(self, a: Array) -> Array:
        return self._elementwise["sqrt"](a)

    def sum(self, a: Array) -> Array:
        return _reduce_last(lambda p, q: p + q, a, self.number(0))

    def max(self, a: Array) -> Array:
        return _reduce_last(self._maximum, a, None)


def _reduce_last(binary: Callable[[Any, Any], Any], a: Array, empty: Any) -> Any:
    """Fold the last axis of an object array from the left."""
    a = np.asarray(a, dtype=object)
    if a.ndim == 1:
        return reduce(binary, a.tolist()) if a.size else empty
    out = np.empty(a.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = reduce(binary, a[index].tolist()) if a.shape[-1] else empty
    return out


def cast(parameters: T, xp: ArrayNamespace) -> T:
    """A copy of a dataclass of fractions, points and tuples of points, as numbers of `xp`.

    Anything else (an index, a key) stays as it is.
    """

    def one(value: Any) -> Any:
        if isinstance(value, Fraction):
            return xp.number(value)
        if isinstance(value, tuple) and value and not isinstance(value[0], tuple):
            return xp.array(value)
        if isinstance(value, tuple):
            return tuple(one(item) for item in value)
        return value

    fields = dataclasses.fields(parameters)  # type: ignore[arg-type]
    changed = {f.name: one(getattr(parameters, f.name)) for f in fields if f.init}
    return dataclasses.replace(parameters, **changed)  # type: ignore[type-var]
