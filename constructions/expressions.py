"""Piecewise affine functions as data: traced from a formula, evaluated exactly, built with shared parts.

An expression is built from exact numbers and the coordinates z_1 .. z_d with sums, products with an
exact number, max, min and abs. So it is continuous and piecewise affine, and a ReLU network computes
it: max(u, v) = u + relu(v - u). It is kept as a list of atoms (a max, a min or an abs), each of
which is over affine combinations of coordinates and earlier atoms. A part that occurs twice is one
atom, so 64 hats in 64 dimensions stay small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any, Literal

import numpy as np

from trompe.constructions.work import spend, weight
from trompe.ground.arguments import listed
from trompe.theory import InvalidInput
from trompe.theory.exact import as_numbers
from trompe.theory.namespace import Array, ArrayNamespace, ObjectNamespace

MAX_BITS = 32_768
"""The longest numerator or denominator that is computed with, in bits."""

Op = Literal["max", "min", "abs"]

MAX_TERMS = 2_000_000
"""The largest number of terms in all sums of an expression together."""
MAX_NESTING = 200
"""How many max, min and abs may stand inside one another."""

_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Linear:
    """constant + sum of coefficient * part. Part i < d is the coordinate z_{i+1}, part d + k is atom k."""

    constant: Fraction
    terms: tuple[tuple[int, Fraction], ...] = ()

    @property
    def is_number(self) -> bool:
        """No coordinate and no atom."""
        return not self.terms


@dataclass(frozen=True)
class Atom:
    """The max or min of several affine combinations, or the abs of one."""

    op: Op
    args: tuple[Linear, ...]


@dataclass(frozen=True)
class Expression:
    """A piecewise affine function of d inputs. Equal expressions are written alike.

    `atoms` are in an order in which each uses only earlier ones. Call it with a point of d exact
    numbers; `evaluate` takes arrays of shape (..., d) of any namespace.
    """

    dim: int
    atoms: tuple[Atom, ...]
    value: Linear

    def __call__(self, z: Iterable[Any]) -> Fraction:
        """The value at one point, exact."""
        return values([self], z)[0]

    def evaluate(self, z: Array, xp: ArrayNamespace) -> Array:
        """The values at the array z, shape (..., d), of the namespace `xp`; shape (...)."""
        parts = [z[..., i][()] for i in range(self.dim)]

        def at(linear: Linear) -> Array:
            total = xp.number(linear.constant) + 0 * parts[0]
            for index, c in linear.terms:
                total = total + xp.number(c) * parts[index]
            return total

        for atom in self.atoms:
            args = [at(arg) for arg in atom.args]
            if atom.op == "abs":
                parts.append(xp.abs(args[0]))
            else:
                parts.append(reduce(xp.maximum if atom.op == "max" else xp.minimum, args))
        return at(self.value)


def values(expressions: Sequence[Expression], z: Iterable[Any]) -> tuple[Fraction, ...]:
    """The values of several expressions at one point, exact; equal lists of atoms are evaluated once."""
    point = as_numbers(listed(z, "point", "a sequence of numbers"), "point")
    spend(len(point))
    found: list[Fraction] = []
    atoms: tuple[Atom, ...] | None = None
    parts: list[Ratio] = []
    for expression in expressions:
        if len(point) != expression.dim:
            raise InvalidInput(f"point has {len(point)} coordinates; expected {expression.dim}")
        if atoms is not expression.atoms:
            atoms = expression.atoms
            parts = [(q.numerator, q.denominator) for q in point]
            for atom in atoms:
                parts.append(_apply(atom.op, [_at(arg, parts) for arg in atom.args]))
        found.append(Fraction(*_at(expression.value, parts)))
    return tuple(found)


Ratio = tuple[int, int]
"""A numerator and a positive denominator, not always reduced: reducing each time costs more."""
_REDUCE_BITS = 512


def _apply(op: str, args: list[Ratio]) -> Ratio:
    best = args[0]
    if op == "abs":
        return (abs(best[0]), best[1])
    for arg in args[1:]:
        spend(weight(arg[1].bit_length() + best[1].bit_length()))
        above = arg[0] * best[1] > best[0] * arg[1]
        if above == (op == "max"):
            best = arg
    return best


def check_length(numerator: int, denominator: int) -> None:
    """Raise InvalidInput where a number is longer than MAX_BITS; hostile input could stall on such."""
    bits = max(numerator.bit_length(), denominator.bit_length())
    spend(weight(bits))
    if bits > MAX_BITS:
        raise InvalidInput(
            f"the numbers have too many digits together (a fraction of more than {MAX_BITS} bits); round them"
        )


def _at(linear: Linear, parts: list[Ratio]) -> Ratio:
    """The value of an affine combination, over one common denominator."""
    longest = _REDUCE_BITS
    numerator, denominator = linear.constant.numerator, linear.constant.denominator
    spend(1 + 3 * len(linear.terms))
    for index, c in linear.terms:
        above, below = parts[index]
        if not above:
            continue
        above, below = above * c.numerator, below * c.denominator
        if below == denominator:
            numerator += above
        elif not denominator % below:
            numerator += above * (denominator // below)
        else:
            numerator, denominator = numerator * below + above * denominator, denominator * below
            spend(weight(denominator.bit_length()))
            if denominator.bit_length() > longest:
                shared = gcd(numerator, denominator)
                numerator, denominator = numerator // shared, denominator // shared
                longest = 2 * denominator.bit_length() + _REDUCE_BITS
                check_length(numerator, denominator)
    check_length(numerator, 1)
    return numerator, denominator


class Builder:
    """Makes affine combinations and atoms, each distinct atom once.

    Only identities are used: numbers are folded, a max inside a max is one max, equal arguments count
    once, like terms are collected.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.atoms: list[Atom] = []
        self.nesting: list[int] = []
        """How deep max, min and abs are nested, per atom."""
        self._index: dict[Atom, int] = {}
        self._terms = 0

    # -- parts ------------------------------------------------------------------------------------

    @staticmethod
    def number(value: Fraction | int) -> Linear:
        """An exact number."""
        return Linear(Fraction(value))

    def coordinate(self, i: int) -> Linear:
        """z_{i+1}."""
        return Linear(_ZERO, ((i, _ONE),))

    def sum(self, parts: Iterable[Linear]) -> Linear:
        """The sum, like terms collected."""
        constant, terms = _ZERO, dict[int, Fraction]()
        for part in parts:
            spend(1 + len(part.terms))
            if part.constant:
                constant += part.constant
                check_length(constant.numerator, constant.denominator)
            for index, c in part.terms:
                if index in terms:
                    c += terms[index]
                    check_length(c.numerator, c.denominator)
                terms[index] = c
        return self._counted(Linear(constant, tuple((k, c) for k, c in terms.items() if c)))

    def times(self, factor: Fraction, part: Linear) -> Linear:
        """The product with an exact number."""
        if factor == 1:
            return part
        if not factor:
            return Linear(_ZERO)
        spend(1 + len(part.terms))
        scaled = tuple((k, c * factor) for k, c in part.terms)
        constant = part.constant * factor
        for q in (constant, *(c for _, c in scaled)):
            check_length(q.numerator, q.denominator)
        return self._counted(Linear(constant, scaled))

    def maximum(self, args: Iterable[Linear]) -> Linear:
        """The largest of one or more."""
        return self._extreme("max", max, args)

    def minimum(self, args: Iterable[Linear]) -> Linear:
        """The smallest of one or more."""
        return self._extreme("min", min, args)

    def absolute(self, arg: Linear) -> Linear:
        """The absolute value; |u| and |-u| are the same atom."""
        if arg.is_number:
            return Linear(abs(arg.constant))
        return self._atom("abs", (arg if arg.terms[0][1] > 0 else self.times(Fraction(-1), arg),))

    # -- in and out -------------------------------------------------------------------------------

    def include(self, expression: Expression) -> Linear:
        """The expression rebuilt among the atoms of this builder."""
        made: list[Linear] = [self.coordinate(i) for i in range(self.dim)]

        def moved(linear: Linear) -> Linear:
            parts = [self.times(c, made[k]) for k, c in linear.terms]
            return self.sum([self.number(linear.constant), *parts])

        for atom in expression.atoms:
            args = [moved(arg) for arg in atom.args]
            made.append(self.apply(atom.op, args))
        return moved(expression.value)

    def apply(self, op: str, args: Sequence[Linear]) -> Linear:
        """`maximum`, `minimum` or `absolute` by its key."""
        if op == "abs":
            return self.absolute(args[0])
        return self.maximum(args) if op == "max" else self.minimum(args)

    def expression(self, value: Linear) -> Expression:
        """`value` with the atoms that it uses, numbered in the order in which a reader meets them."""
        place: dict[int, int] = {i: i for i in range(self.dim)}
        atoms: list[Atom] = []

        def moved(linear: Linear) -> Linear:
            spend(1 + len(linear.terms))
            return Linear(linear.constant, tuple((place[k], c) for k, c in linear.terms))

        for index in self.used([value]):
            atom = self.atoms[index - self.dim]
            place[index] = self.dim + len(atoms)
            atoms.append(Atom(atom.op, tuple(moved(arg) for arg in atom.args)))
        return Expression(self.dim, tuple(atoms), moved(value))

    def used(self, values: Iterable[Linear]) -> list[int]:
        """The atoms that the values need, every one after those that it uses."""
        order: dict[int, None] = {}
        opened: set[int] = set()
        stack = [k for value in reversed(list(values)) for k, _ in reversed(value.terms)]
        while stack:
            at = stack.pop()
            if at < self.dim or at in order:
                continue
            if at in opened:
                order[at] = None
                continue
            opened.add(at)
            stack.append(at)
            args = self.atoms[at - self.dim].args
            spend(len(args) + sum(len(arg.terms) for arg in args))
            stack += [k for arg in reversed(args) for k, _ in reversed(arg.terms)]
        return list(order)

    # -- inside -----------------------------------------------------------------------------------

    def _counted(self, linear: Linear) -> Linear:
        self._terms += len(linear.terms)
        if self._terms > MAX_TERMS:
            raise InvalidInput(
                f"expression: more than {MAX_TERMS} terms in its sums; split it or use fewer parts"
            )
        return linear

    def _extreme(self, op: Op, choose: Callable[..., Fraction], args: Iterable[Linear]) -> Linear:
        flat: dict[Linear, None] = {}
        numbers: list[Fraction] = []
        for arg in args:
            for inner in self._inside(op, arg):
                spend(2 + len(inner.terms))
                if inner.is_number:
                    numbers.append(inner.constant)
                else:
                    flat[inner] = None
        if numbers:
            flat = {Linear(choose(numbers)): None, **flat}
        if len(flat) == 1:
            return next(iter(flat))
        return self._atom(op, tuple(flat))

    def _inside(self, op: Op, arg: Linear) -> tuple[Linear, ...]:
        if not arg.constant and len(arg.terms) == 1:
            (index, c), *_ = arg.terms
            if index >= self.dim and c == 1 and self.atoms[index - self.dim].op == op:
                return self.atoms[index - self.dim].args
        return (arg,)

    def _atom(self, op: Op, args: tuple[Linear, ...]) -> Linear:
        atom = Atom(op, args)
        spend(sum(2 + len(arg.terms) for arg in args))
        if atom not in self._index:
            below = (
                self.nesting[k - self.dim] for arg in args for k, _ in arg.terms if k >= self.dim
            )
            nesting = 1 + max(below, default=0)
            if nesting > MAX_NESTING:
                raise InvalidInput(
                    f"expression: more than {MAX_NESTING} max, min and abs inside one another"
                )
            self._index[atom] = self.dim + len(self.atoms)
            self.atoms.append(atom)
            self.nesting.append(nesting)
        return Linear(_ZERO, ((self._index[atom], _ONE),))


# -- tracing ------------------------------------------------------------------------------------------


class _Traced:
    """What a formula meets in place of a number that depends on z."""

    __slots__ = ("builder", "linear")

    def __init__(self, builder: Builder, linear: Linear) -> None:
        self.builder, self.linear = builder, linear

    def __add__(self, other: Any) -> _Traced:
        return _Traced(self.builder, self.builder.sum([self.linear, _linear(other)]))

    def __mul__(self, factor: Any) -> _Traced:
        if not isinstance(factor, (int, Fraction)):
            raise TypeError("a product of two quantities that depend on z is not piecewise affine")
        return _Traced(self.builder, self.builder.times(Fraction(factor), self.linear))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> _Traced:
        return self.__mul__(-1)

    def __sub__(self, other: Any) -> _Traced:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> _Traced:
        return self.__neg__().__add__(other)


def _linear(value: Any) -> Linear:
    return value.linear if isinstance(value, _Traced) else Linear(Fraction(value))


class _TraceNamespace(ObjectNamespace):
    """The namespace of traced quantities; exact numbers stay numbers until they meet one."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        super().__init__(
            number=lambda q: q,
            maximum=lambda a, b: self._many(builder.maximum, [a, b]),
            minimum=lambda a, b: self._many(builder.minimum, [a, b]),
            absolute=lambda a: self._many(lambda args: builder.absolute(*args), [a]),
        )

    def sum(self, a: Array) -> Array:
        return self._last(self._builder.sum, a)

    def max(self, a: Array) -> Array:
        return self._last(self._builder.maximum, a)

    def _many(self, combine: Callable[[list[Linear]], Linear], values: list[Any]) -> Any:
        result = combine([_linear(value) for value in values])
        return result.constant if result.is_number else _Traced(self._builder, result)

    def _last(self, combine: Callable[[list[Linear]], Linear], a: Array) -> Array:
        """Combine along the last axis, all at once."""
        a = np.asarray(a, dtype=object)
        if a.ndim == 1:
            return self._many(combine, a.tolist())
        out = np.empty(a.shape[:-1], dtype=object)
        for index in np.ndindex(out.shape):
            out[index] = self._many(combine, a[index].tolist())
        return out


def trace(function: Callable[[Array, ArrayNamespace], Array], dim: int) -> Expression:
    """The expression that `function(z, xp)` computes at every z of [0, 1]^dim.

    Raises
    ------
    TypeError : the function multiplies two quantities that depend on z, or takes a square root.
    InvalidInput : the expression would be larger than MAX_TERMS or deeper than MAX_NESTING.
    """
    return trace_several(lambda z, xp: (function(z, xp),), dim)[0]


def traced(
    function: Callable[[Array, ArrayNamespace], Sequence[Array]], builder: Builder
) -> list[Linear]:
    """What a function with several values computes, made of the parts that the builder makes; see `trace`."""
    coordinates = [_Traced(builder, builder.coordinate(i)) for i in range(builder.dim)]
    found = function(np.array(coordinates, dtype=object), _TraceNamespace(builder))
    return [_linear(value) for value in found]


def trace_several(
    function: Callable[[Array, ArrayNamespace], Sequence[Array]], dim: int
) -> tuple[Expression, ...]:
    """The expressions that a function with several values computes; see `trace`."""
    builder = Builder(dim)
    return tuple(builder.expression(value) for value in traced(function, builder))
