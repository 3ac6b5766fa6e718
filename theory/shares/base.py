"""A row of the sharp table: worst radius and decidable shares of one class, for every d and eps.

Shares are volumes of [0,1]^d: the share of queries x at which the task is decidable, at one
visualization. The worst radius is the supremum over x of the fibre's radius there. Each row says for
which visualizations its numbers hold. docs/sharp.md and what it links have the proofs.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from trompe.theory.shares.quantities import Quantity, exact
from trompe.theory.statements import Sentence

if TYPE_CHECKING:
    from trompe.theory.classes import FunctionClass


COLUMNS = ("worst radius", "side share", "eps share")
"""The three numbers of a row."""


class SharpRow(ABC):
    """One row: its numbers at each d and eps, how they are written, and where they hold."""

    kind: type[FunctionClass]
    """The class."""
    formulas: ClassVar[dict[str, Sentence]]
    """Each column in closed form."""

    @property
    def key(self) -> str:
        return self.kind.key

    @property
    def setting(self) -> Sentence:
        """For which visualizations the numbers hold."""
        return self.kind.sharp_setting

    @property
    def name(self) -> str:
        return self.kind.name

    note: ClassVar[str] = ""
    """What a reader of the numbers has to know besides."""

    everywhere: ClassVar[Fraction | None] = None
    """Both shares, where they are the same at every d and eps; else None."""

    @property
    def varies(self) -> bool:
        """Do the numbers depend on d?"""
        return self.everywhere is None

    def drawn(self) -> list[tuple[str, SharpRow]]:
        """The rows that stand for this one in pictures, each with its name in LaTeX."""
        return [(latex_name(self.name), self)]

    def function_class(self, d: int) -> FunctionClass:
        """The class at this d for which the numbers hold."""
        return self.kind()

    def is_about(self, d: int) -> bool:
        """Is the class defined at this d, and are the numbers known there?"""
        kind = self.kind
        return kind.min_dim <= d and (kind.max_dim is None or d <= kind.max_dim)

    @abstractmethod
    def worst_radius(self, d: int) -> Quantity:
        """The supremum over the queries x of the radius at x."""

    @abstractmethod
    def side_share(self, d: int) -> Quantity:
        """The volume of the queries at which the side is decidable."""

    @abstractmethod
    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        """The volume of the queries at which f(x) is known up to eps (M - m)."""

    def column(self, name: str, d: int, eps: Fraction) -> Quantity:
        """The number in the column called `name`."""
        if name == "eps share":
            return self.eps_share(d, eps)
        return self.worst_radius(d) if name == "worst radius" else self.side_share(d)


def latex_name(name: str) -> str:
    """A row's name with its symbols in italics: `Affine ($d>1$)`."""
    name = re.sub(r"\bd ([>=]) 1", r"$d\g<1>1$", name)
    return re.sub(r"(?<![\w$])L(?!\w)", "$L$", name)


def _plain(*numbers: Fraction) -> dict[str, Sentence]:
    return {
        column: Sentence(str(value), f"${value}$")
        for column, value in zip(COLUMNS, numbers, strict=True)
    }


@dataclass(frozen=True)
class SameRow(SharpRow):
    """The same three numbers at every d and eps."""

    kind: type[FunctionClass]
    radius: ClassVar[Fraction]
    everywhere: ClassVar[Fraction]

    def worst_radius(self, d: int) -> Quantity:
        return exact(self.radius)

    def side_share(self, d: int) -> Quantity:
        return exact(self.everywhere)

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return exact(self.everywhere)


class NoGap(SameRow):
    """The fibre is everything between m and M, except at finitely many queries."""

    radius, everywhere = Fraction(1, 2), Fraction(0)
    formulas = _plain(radius, everywhere, everywhere)


class KnownEverywhere(SameRow):
    """f(x) is known at every query."""

    radius, everywhere = Fraction(0), Fraction(1)
    formulas = _plain(radius, everywhere, everywhere)
