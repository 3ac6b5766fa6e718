"""Expressions written out: plain text, LaTeX, Python source, JSON data; and read back from JSON data.

Parts that occur more than once, or deep inside, get names, so that a list of short definitions
comes before the expressions themselves.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeVar

from trompe.constructions.expressions import Builder, Expression, Linear
from trompe.theory import InvalidInput

MAX_DIGITS = 1000
"""The longest number that is read, in characters."""
_INLINE = 3
"""How many max, min and abs are written inside one another before a name is given."""

T = TypeVar("T")


class Style(ABC, Generic[T]):
    """How a number, a coordinate, a name, a sum and a max, min or abs are written."""

    @abstractmethod
    def number(self, q: Fraction) -> T:
        """An exact number."""

    @abstractmethod
    def coordinate(self, i: int) -> T:
        """z_{i+1}."""

    @abstractmethod
    def named(self, name: str) -> T:
        """A part that was defined before."""

    @abstractmethod
    def sum(self, constant: Fraction, terms: list[tuple[Fraction, T]]) -> T:
        """constant + sum of factor * part, not empty."""

    @abstractmethod
    def call(self, op: str, args: list[T]) -> T:
        """max, min or abs."""


@dataclass(frozen=True)
class Written(Generic[T]):
    """Definitions in order, each using only earlier ones, then the expressions."""

    definitions: dict[str, T]
    values: tuple[T, ...]


def write(expressions: Sequence[Expression], style: Style[T]) -> Written[T]:
    """The expressions in a style, with shared definitions u1, u2, ..."""
    builder = Builder(expressions[0].dim)
    values = [builder.include(expression) for expression in expressions]
    order = builder.used(values)
    uses = dict.fromkeys(order, 0)
    linears = [*values, *(arg for k in order for arg in builder.atoms[k - builder.dim].args)]
    for linear in linears:
        for k, _ in linear.terms:
            if k in uses:
                uses[k] += 1
    definitions: dict[str, T] = {}
    texts: dict[int, T] = {i: style.coordinate(i) for i in range(builder.dim)}
    inline: dict[int, int] = {}

    def written(linear: Linear) -> T:
        if linear.is_number:
            return style.number(linear.constant)
        if not linear.constant and len(linear.terms) == 1 and linear.terms[0][1] == 1:
            return texts[linear.terms[0][0]]
        return style.sum(linear.constant, [(c, texts[k]) for k, c in linear.terms])

    for k in order:
        atom = builder.atoms[k - builder.dim]
        below = (inline.get(j, 0) for arg in atom.args for j, _ in arg.terms)
        inline[k] = 1 + max(below, default=0)
        text = style.call(atom.op, [written(arg) for arg in atom.args])
        if uses[k] > 1 or inline[k] >= _INLINE:
            name = f"u{len(definitions) + 1}"
            definitions[name], text = text, style.named(name)
            inline[k] = 0
        texts[k] = text
    return Written(definitions, tuple(written(value) for value in values))


# -- styles for people --------------------------------------------------------------------------------


class _Infix(Style[str]):
    """Signs between the terms; a subclass writes a factor and a part next to each other."""

    def product(self, factor: Fraction, part: str) -> str:
        """A positive factor, not 1, times a part."""
        return f"{self.number(factor)} {part}"

    def sum(self, constant: Fraction, terms: list[tuple[Fraction, str]]) -> str:
        signed = [(c < 0, part if abs(c) == 1 else self.product(abs(c), part)) for c, part in terms]
        if constant:
            at = 0 if constant > 0 or all(negative for negative, _ in signed) else len(signed)
            signed.insert(at, (constant < 0, self.number(abs(constant))))
        if signed[0][0]:  # start with a positive term where there is one
            first = next((k for k, (negative, _) in enumerate(signed) if not negative), 0)
            signed.insert(0, signed.pop(first))
        text = ("-" if signed[0][0] else "") + signed[0][1]
        return text + "".join(
            f" {'-' if negative else '+'} {part}" for negative, part in signed[1:]
        )


class _Text(_Infix):
    def number(self, q: Fraction) -> str:
        return str(q)

    def coordinate(self, i: int) -> str:
        return f"z{i + 1}"

    def named(self, name: str) -> str:
        return name

    def call(self, op: str, args: list[str]) -> str:
        return f"|{args[0]}|" if op == "abs" else f"{op}({', '.join(args)})"


class _Latex(_Infix):
    """Brackets do not grow, so that a long formula can be broken over lines."""

    def number(self, q: Fraction) -> str:
        sign = "-" if q < 0 else ""
        if q.denominator == 1:
            return f"{sign}{abs(q.numerator)}"
        return rf"{sign}\tfrac{{{abs(q.numerator)}}}{{{q.denominator}}}"

    def coordinate(self, i: int) -> str:
        return f"z_{{{i + 1}}}"

    def named(self, name: str) -> str:
        return f"{name[0]}_{{{name[1:]}}}"

    def product(self, factor: Fraction, part: str) -> str:
        return rf"{self.number(factor)}\,{part}"

    def call(self, op: str, args: list[str]) -> str:
        if op == "abs":
            return rf"\lvert {args[0]}\rvert "
        return rf"\{op}(" + r",\allowbreak ".join(args) + ")"


class _Python(Style[str]):
    """Source for Python's `fractions`, with `F` for Fraction and z for the point."""

    def number(self, q: Fraction) -> str:
        return str(q) if q.denominator == 1 else f"F({q.numerator}, {q.denominator})"

    def coordinate(self, i: int) -> str:
        return f"z[{i}]"

    def named(self, name: str) -> str:
        return name

    def sum(self, constant: Fraction, terms: list[tuple[Fraction, str]]) -> str:
        parts = [part if c == 1 else f"{self.number(c)} * {part}" for c, part in terms]
        if constant:
            parts.insert(0, self.number(constant))
        return f"sum([{', '.join(parts)}])" if len(parts) > 8 else f"({' + '.join(parts)})"

    def call(self, op: str, args: list[str]) -> str:
        return f"{op}({', '.join(args)})"


class _Json(Style[Any]):
    def number(self, q: Fraction) -> Any:
        return str(q)

    def coordinate(self, i: int) -> Any:
        return {"z": i + 1}

    def named(self, name: str) -> Any:
        return {"use": name}

    def sum(self, constant: Fraction, terms: list[tuple[Fraction, Any]]) -> Any:
        parts = [part if c == 1 else {"times": [str(c), part]} for c, part in terms]
        if constant:
            parts.insert(0, str(constant))
        return {"sum": parts} if len(parts) > 1 else parts[0]

    def call(self, op: str, args: list[Any]) -> Any:
        return {op: args[0] if op == "abs" else args}


TEXT, LATEX, PYTHON, JSON = _Text(), _Latex(), _Python(), _Json()


# -- reading JSON data --------------------------------------------------------------------------------


_NUMBER = re.compile(r"-?[0-9]+(/0*[1-9][0-9]*)?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")
_OPS = ("z", "use", "sum", "times", "max", "min", "abs")


def rational(value: object, where: str) -> Fraction:
    """A number written as a string of digits, such as `"-3"` or `"1/4"`.

    Raises
    ------
    InvalidInput : anything else; `where` names the place.
    """
    if not isinstance(value, str):
        raise InvalidInput(
            f'{where}: {short(value)} is no exact number; write a string such as "1/4" or "-3"'
        )
    if len(value) > MAX_DIGITS:
        raise InvalidInput(f"{where}: a number of {len(value)} characters; at most {MAX_DIGITS}")
    if not _NUMBER.fullmatch(value):
        raise InvalidInput(
            f'{where}: {short(value)} is no exact number; write a string such as "1/4" or "-3"'
        )
    return Fraction(value)


def from_data(
    dim: int, definitions: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Expression]:
    """Expressions from JSON data; the inverse of `write(..., JSON)`. Nothing is ever evaluated.

    Parameters
    ----------
    definitions : named parts, each using only earlier ones. values : the expressions, by name.

    Raises
    ------
    InvalidInput : not of the grammar, a name that is unknown or never used, or an expression above
        the limits of `Builder`; the message names the place.
    """
    reader = _Reader(dim)
    for name, data in definitions.items():
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"definitions: {short(name)} is no name; use a letter, then letters, digits and _"
            )
        reader.named[name] = reader.read(data, f"definitions.{name}")
    read = {name: reader.read(data, name) for name, data in values.items()}
    unused = [name for name in definitions if name not in reader.met]
    if unused:
        raise InvalidInput(f"definitions.{unused[0]}: never used; leave it out")
    return {name: reader.builder.expression(value) for name, value in read.items()}


class _Reader:
    """Checks data against the grammar while it builds; recursion is bounded by the JSON's own depth."""

    def __init__(self, dim: int) -> None:
        self.builder = Builder(dim)
        self.named: dict[str, Linear] = {}
        self.met: set[str] = set()

    def read(self, data: Any, where: str) -> Linear:
        builder = self.builder
        if isinstance(data, str):
            return builder.number(rational(data, where))
        if not isinstance(data, dict) or len(data) != 1:
            raise InvalidInput(
                f"{where}: {short(data)} is no expression; expected a number as a string, or an object "
                f"with one of {', '.join(_OPS)}"
            )
        ((op, inside),) = data.items()
        place = f"{where}.{op}" if op in _OPS else where
        match op:
            case "z":
                if type(inside) is not int or not 1 <= inside <= builder.dim:
                    raise InvalidInput(
                        f"{place}: {short(inside)} is no coordinate; expected 1 to {builder.dim}"
                    )
                return builder.coordinate(inside - 1)
            case "use":
                if not isinstance(inside, str) or inside not in self.named:
                    raise InvalidInput(f"{place}: {short(inside)} is not defined before this place")
                self.met.add(inside)
                return self.named[inside]
            case "sum":
                return builder.sum(self._list(inside, place))
            case "times":
                if not isinstance(inside, list) or len(inside) != 2:
                    raise InvalidInput(f"{place}: expected [number, expression]")
                return builder.times(rational(inside[0], place), self.read(inside[1], place))
            case "max" | "min":
                return builder.apply(op, self._list(inside, place))
            case "abs":
                return builder.absolute(self.read(inside, place))
        raise InvalidInput(
            f"{where}: {short(op)} is no operation; expected one of {', '.join(_OPS)}"
        )

    def _list(self, data: Any, place: str) -> list[Linear]:
        if not isinstance(data, list) or not data:
            raise InvalidInput(f"{place}: {short(data)}; expected a list of expressions")
        return [self.read(item, f"{place}[{k}]") for k, item in enumerate(data)]


def short(value: object) -> str:
    """A value for a message, cut short. No long integer is ever turned into decimal digits here."""
    if isinstance(value, (dict, list)):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, Fraction):
        return str(value) if value.numerator.bit_length() < 100 else "a number with many digits"
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**18 else "a huge integer"
    return text if len(text) <= 40 else text[:37] + "..."
