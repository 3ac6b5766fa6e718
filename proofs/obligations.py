"""Obligations: small sentences about real numbers that a solver checks.

An obligation is built, not stored: its builder runs the project's own formulas on solver terms. Two
kinds: dimension-free sentences, one proof of which serves every d, and sentences at one d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.constructions import CONSTRUCTIONS, EXTENDED_CONSTRUCTIONS, Construction
from trompe.ground.arguments import Dim, checked
from trompe.ground.errors import known
from trompe.proofs.solvers import z3
from trompe.theory.namespace import Array, ObjectNamespace


def _maximum(a: Any, b: Any) -> Any:
    return max(a, b) if _constants(a, b) else z3.If(a >= b, a, b)


def _minimum(a: Any, b: Any) -> Any:
    return min(a, b) if _constants(a, b) else z3.If(a <= b, a, b)


def _absolute(a: Any) -> Any:
    return abs(a) if _constants(a) else z3.If(a >= 0, a, -a)


def _constants(*values: Any) -> bool:
    """Exact numbers stay numbers until they meet a term, so that they are folded, not printed."""
    return all(isinstance(value, (int, Fraction)) for value in values)


class Scope:
    """Makes the symbols of one obligation and carries the namespace of solver terms.

    Parameters
    ----------
    constructions : which construction a row's formulas come from; a damaged one makes false sentences.
    """

    def __init__(self, constructions: Mapping[str, Construction] = CONSTRUCTIONS) -> None:
        self._constructions = constructions
        self._roots: dict[str, Any] = {}
        self._symbols: dict[str, Any] = {}
        self.xp = ObjectNamespace(Fraction, _maximum, _minimum, _absolute, self._root)

    def construction(self, row: str) -> Any:
        """The construction of a row, of the table or further."""
        return self._constructions.get(row) or EXTENDED_CONSTRUCTIONS[row]

    def reals(self, names: str) -> list[Any]:
        """One real symbol for each name."""
        return [self._symbol(name) for name in names.split()]

    def point(self, name: str, d: int) -> Array:
        """A point of R^d with coordinates name_1 .. name_d."""
        return np.array([self._symbol(f"{name}_{i + 1}") for i in range(d)], dtype=object)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of all symbols, in the order in which they were made."""
        return tuple(self._symbols)

    def _symbol(self, name: str) -> Any:
        return self._symbols.setdefault(name, z3.Real(name))

    def _root(self, square: Any) -> Any:
        key = square.sexpr()
        if key not in self._roots:
            self._roots[key] = (self._symbol(f"root_{len(self._roots) + 1}"), square)
        return self._roots[key][0]

    def root_equations(self) -> dict[str, Any]:
        """The defining equation of every square root that was taken: r >= 0 and r^2 = its argument."""
        return {
            f"{root} is the square root": z3.And(root >= 0, root * root == square)
            for root, square in self._roots.values()
        }


def all_of(conditions: Iterable[Any]) -> Any:
    """All conditions hold; Python truth values are allowed among the terms."""
    terms = _as_terms(conditions)
    if len(terms) == 1:  # SMT-LIB has no `and` of one argument
        return terms[0]
    return z3.And(*terms) if terms else z3.BoolVal(True)


def any_of(conditions: Iterable[Any]) -> Any:
    """At least one condition holds."""
    terms = _as_terms(conditions)
    return terms[0] if len(terms) == 1 else z3.Or(*terms)


def implies(premise: Any, conclusion: Any) -> Any:
    """If the premise holds then so does the conclusion."""
    return z3.Implies(*_as_terms([premise, conclusion]))


def _as_terms(conditions: Iterable[Any]) -> list[Any]:
    return [z3.BoolVal(bool(c)) if isinstance(c, (bool, np.bool_)) else c for c in conditions]


@dataclass(frozen=True)
class Fault:
    """One planted fault: a hypothesis left out (or replaced), or a goal made too strong.

    The damaged sentence must be refutable; a check that no damage can make fail checks nothing.
    """

    says: str
    without: str | None = None
    instead: Any = None
    show: Any = None


@dataclass(frozen=True)
class Claim:
    """Hypotheses by name, what follows from them, and a fault that breaks it."""

    given: dict[str, Any]
    show: Any
    fault: Fault

    def __post_init__(self) -> None:
        object.__setattr__(self, "given", {k: all_of([c]) for k, c in self.given.items()})

    def damaged(self) -> tuple[dict[str, Any], Any]:
        """Hypotheses and goal with the fault planted."""
        given = dict(self.given)
        if self.fault.without is not None:
            if self.fault.without not in given:
                raise KeyError(f"the fault leaves out {self.fault.without!r}, which is not assumed")
            del given[self.fault.without]
            if self.fault.instead is not None:
                given[self.fault.says] = self.fault.instead
        return given, self.show if self.fault.show is None else self.fault.show


@dataclass(frozen=True)
class Obligation:
    """One sentence to check. `dim` is None for a dimension-free one."""

    key: str
    says: str
    dim: int | None
    build: Callable[[Scope], Claim]


@dataclass(frozen=True)
class _Family:
    """An obligation, or one for each d from `min_dim` on."""

    key: str
    says: str
    build: Callable[..., Claim]
    per_dim: bool
    min_dim: int
    role: str


_FAMILIES: dict[str, _Family] = {}


def obligation(
    key: str,
    says: str,
    *,
    per_dim: bool = False,
    min_dim: int = 1,
    role: str = "",
) -> Callable[[Callable[..., Claim]], Callable[..., Claim]]:
    """Register a builder `build(scope)`, or `build(scope, d)` for a sentence at each d.

    `role` : the part of the claims that it carries of the row that its key begins with; see `roles`.
    """

    def register(build: Callable[..., Claim]) -> Callable[..., Claim]:
        if key in _FAMILIES:
            raise ValueError(f"two obligations are called {key!r}")
        _FAMILIES[key] = _Family(key, says, build, per_dim, min_dim, role)
        return build

    return register


def collected(row: str) -> Mapping[str, tuple[str, ...]]:
    """The families registered so far whose keys begin with this row, by role, in order of registration."""
    found: dict[str, list[str]] = {}
    for key, family in _FAMILIES.items():
        if key.split("/")[0] == row:
            found.setdefault(family.role, []).append(key)
    return {role: tuple(keys) for role, keys in found.items()}


@checked
def registered(keys: Iterable[str] | str, dims: Iterable[Dim]) -> list[Obligation]:
    """The obligations of these families; a sentence at each d gives one per admissible d of `dims`.

    Raises
    ------
    UnknownKey : no family has this key.
    """
    found = []
    for key in (keys,) if isinstance(keys, str) else keys:
        family = known("obligation", key, _FAMILIES)
        if not family.per_dim:
            found.append(Obligation(key, family.says, None, family.build))
            continue
        found += [
            Obligation(f"{key}/d{d}", family.says, d, _at(family.build, d))
            for d in dims
            if d >= family.min_dim
        ]
    return found


def _at(build: Callable[..., Claim], d: int) -> Callable[[Scope], Claim]:
    return lambda scope: build(scope, d)


def families() -> list[str]:
    """The keys of all registered families, in order of registration."""
    return list(_FAMILIES)
