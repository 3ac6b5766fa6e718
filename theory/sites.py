"""Points whose value is shown, exact or as a float array, and comparisons that rounding cannot spoil.

In double precision u = 2^-53 is the largest relative error of one rounded operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.ground.arguments import kind_of_array, unfit
from trompe.ground.errors import InvalidInput, spelled
from trompe.theory.exact import Point, as_number, as_numbers, as_point, check_short, show
from trompe.theory.namespace import EXACT

Floats = NDArray[np.float64]

UNIT = 2.0**-53


# -- sums of roots ---------------------------------------------------------------------------------


def sign(base: Fraction, *roots: tuple[Fraction, Fraction]) -> int:
    """The sign of base + sum of rate * sqrt(square) for at most two pairs (rate, square); exact.

    The last root is compared with the rest by their signs and then by their squares, which hold one
    root less.
    """
    if not roots:
        return (base > 0) - (base < 0)
    *others, (rate, square) = roots
    rest, last = sign(base, *others), sign(rate) if square else 0
    if rest * last >= 0:
        return rest or last
    inside = rate * rate * square
    if not others:
        larger = sign(base * base - inside)
    else:
        ((r, q),) = others
        larger = sign(base * base + r * r * q - inside, (2 * base * r, q))
    return rest if larger > 0 else last if larger < 0 else 0


@dataclass(frozen=True)
class Surd:
    """base + rate sqrt(square), with square >= 0: what an end of an envelope is in l2."""

    base: Fraction
    rate: Fraction = Fraction(0)
    square: Fraction = Fraction(0)

    def __lt__(self, other: Surd) -> bool:
        return self.minus(other) < 0

    def minus(self, other: Surd, offset: Fraction = Fraction(0)) -> int:
        """The sign of self - other - offset."""
        return sign(
            self.base - other.base - offset, (self.rate, self.square), (-other.rate, other.square)
        )

    @property
    def number(self) -> Any:
        """A fraction where it is one, else an algebraic number of SymPy."""
        if not self.rate or not self.square:
            return self.base
        return self.base + self.rate * EXACT.sqrt(self.square)


# -- rounding ----------------------------------------------------------------------------------------


def directed(value: Fraction) -> tuple[float, float]:
    """The largest float <= value and the smallest float >= value; equal where value is a float.

    Raises
    ------
    InvalidInput : the value is beyond the range of floats.
    """
    try:
        near = float(value)
    except OverflowError:
        raise InvalidInput(
            f"{value} is beyond the range of floats; ask with exact numbers"
        ) from None
    exact = Fraction(near)
    if exact == value:
        return near, near
    if exact < value:
        return near, float(np.nextafter(near, np.inf))
    return float(np.nextafter(near, -np.inf)), near


def is_float(value: Fraction) -> bool:
    """Is a number a double? Those with 53 bits and no tiny unit are; others may be called no float."""
    bottom = value.denominator
    is_power = bottom & (bottom - 1) == 0 and bottom.bit_length() < 1000
    return is_power and value.numerator.bit_length() <= 53


def check_floats(values: Any, what: str, dim: int, first: int = 0) -> Floats:
    """Points of the unit box as a float64 array of shape (..., dim); an integer or bool array is refused.

    `first` is the number of the first row, for messages about a block of many.

    Raises
    ------
    InvalidInput : another dtype or length, NaN, infinite, or outside [0, 1].
    """
    if values.dtype.kind != "f" or values.dtype.itemsize > 8:
        raise InvalidInput(
            f"{what} has dtype {values.dtype}; expected floats of at most 64 bits, or exact numbers (a list, or an object "
            "array of fractions)"
        )
    if values.ndim == 0 or values.shape[-1] != dim:
        raise InvalidInput(
            f"{what} has shape {values.shape}; expected the last axis to be d = {dim}"
        )
    inside = (values >= 0) & (values <= 1)  # NaN is in no interval
    if not inside.all():
        at = tuple(int(i) for i in np.argwhere(~inside)[0])
        place = [at[0] + first, *at[1:]]
        raise InvalidInput(
            f"{what}{place} = {values[at]} lies outside [0, 1]; scale your inputs to the unit box"
        )
    return np.asarray(values, dtype=np.float64)


def as_array(values: Any, what: str) -> Any:
    """A tensor as an array of NumPy; an array and everything else as it is.

    Raises
    ------
    InvalidInput : an array with a mask, or a tensor that has no such array.
    """
    kind = kind_of_array(values)
    if kind == "masked":
        raise unfit(what, values, "an array without a mask", " is a masked array")
    if kind == "torch":
        try:
            plain = values.detach().cpu()
            return (plain.double() if plain.is_floating_point() else plain).numpy()
        except Exception:
            raise unfit(what, values, "a dense tensor of numbers") from None
    return values


def as_exact(values: Any, what: str) -> Any:
    """An object array of exact numbers; one of fractions as it is."""
    if all(type(q) is Fraction for q in values.flat):
        return values
    exact = np.empty(values.shape, dtype=object)
    exact.flat[:] = as_numbers(values.ravel().tolist(), what)
    return exact


# -- sites -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Site:
    """A point with its shown value. The point is exact, or a float64 array whose values are meant exactly.

    Parameters
    ----------
    point : d exact coordinates or an array of shape (d,). value : exact, in the unit's own scale.
    name : how messages call it. noise : by how much the unit's value may differ from the one shown.
    """

    point: Point | Floats
    value: Fraction
    name: str
    noise: Fraction = Fraction(0)

    @cached_property
    def low(self) -> Fraction:
        """The least value that the unit may have there."""
        return self.value - self.noise

    @cached_property
    def high(self) -> Fraction:
        """The largest value that the unit may have there."""
        return self.value + self.noise

    @property
    def exact(self) -> Point:
        """The point in exact numbers (made anew from an array, which is not kept twice)."""
        if isinstance(self.point, tuple):
            return self.point
        return tuple(Fraction(z) for z in self.point.tolist())

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return len(self.point)

    @cached_property
    def _views(self) -> tuple[Floats, Floats, Floats]:
        if not isinstance(self.point, tuple):
            return self.point, self.point, self.point
        near = np.array([float(z) for z in self.point])
        rounded = [i for i, z in enumerate(self.point) if not is_float(z)]
        if not rounded:
            return near, near, near
        below, above = near.copy(), near.copy()
        for i in rounded:
            below[i], above[i] = directed(self.point[i])
        return below, near, above

    @property
    def below(self) -> Floats:
        """Coordinates rounded down."""
        return self._views[0]

    @property
    def near(self) -> Floats:
        """Coordinates rounded to nearest; within u/2 of the exact ones."""
        return self._views[1]

    @property
    def above(self) -> Floats:
        """Coordinates rounded up."""
        return self._views[2]

    @property
    def is_float(self) -> bool:
        """Is every coordinate a float?"""
        return self.below is self.above

    @cached_property
    def key(self) -> Any:
        """Equal for equal points, and only for them."""
        return (self.near + 0.0).tobytes() if self.is_float else self.point

    def at_most(self, other: Site) -> bool:
        """Is every coordinate at most the other's? Exact."""
        if self.is_float and other.is_float:
            return bool((self.near <= other.near).all())
        if not (self.below <= other.above).all():
            return False
        return all(s <= t for s, t in zip(self.exact, other.exact, strict=True))

    def is_at(self, points: Floats) -> Any:
        """Which rows of an array (n, d) are this point; exact."""
        if not self.is_float:
            return np.zeros(points.shape[0], dtype=bool)
        at = points[:, 0] == self.near[0]
        if at.any():
            at[at] = (points[at] == self.near).all(axis=-1)
        return at

    def __str__(self) -> str:
        return f"{self.name} {show(self.exact)}" if self.dim <= 8 else self.name


def as_site(item: Any, name: str, dim: int, noise: Fraction = Fraction(0)) -> Site:
    """An exemplar as the user gives it: a pair of a point and its shown value, which may be off by the noise.

    Raises
    ------
    InvalidInput : no pair, or a point that is not in [0, 1]^dim.
    """
    try:
        point, value = item
    except Exception:
        raise InvalidInput(
            f"{name} = {spelled(item)} is no pair; expected (point, value), such as ((0.5, 0.5), 0.7)"
        ) from None
    number = as_number(value, f"{name}: value")
    check_short(f"{name}: value", [number])
    point = as_array(point, name)
    if isinstance(point, np.ndarray) and point.dtype.kind not in "Oiu":
        if point.ndim != 1:
            raise InvalidInput(
                f"{name} has shape {point.shape}; expected one point of shape ({dim},)"
            )
        return Site(check_floats(point, name, dim), number, name, noise)
    exact = as_point(point, name, dim)
    check_short(name, exact)
    return Site(exact, number, name, noise)


def squared_distance(y: Point, z: Point) -> Fraction:
    """sum_i (y_i - z_i)^2, exact."""
    return sum(((yi - zi) ** 2 for yi, zi in zip(y, z, strict=True)), Fraction(0))
