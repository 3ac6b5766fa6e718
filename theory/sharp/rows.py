"""The sharp table: worst radius and decidable shares of each row, for every d and eps.

Shares are volumes of [0,1]^d: the share of queries x at which the task is decidable, at one
visualization. The worst radius is the supremum over x of the fibre's radius there. Each row says for
which visualizations its numbers hold. docs/sharp.md has the proofs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from trompe.ground.errors import InvalidInput, UnknownKey
from trompe.theory.catalogue import Sentence
from trompe.theory.classes import CLASSES, Lipschitz
from trompe.theory.exact import Point, as_number, show
from trompe.theory.registry import row_class
from trompe.theory.sharp.cones import TwoCones, opposite_corners, two_cones
from trompe.theory.sharp.quantities import Quantity, Term, exact, powers
from trompe.theory.visualization import Visualization

__all__ = [
    "COLUMNS",
    "FURTHER",
    "ConeSetting",
    "SharpRow",
    "affine_eps",
    "affine_side",
    "convex_share",
    "sharp_row",
    "sharp_rows",
]

COLUMNS = ("worst radius", "side share", "eps share")
"""The three numbers of a row."""


def convex_share(t: Any, d: Any) -> tuple[Term, ...]:
    """Volume of {gamma <= t}: the box shrunk towards a by the factor t. 0 <= t <= 1."""
    return (Term(1, t, d),)


def affine_side(d: Any) -> tuple[Term, ...]:
    """Volume of {max x' <= 1/2} and {min x' >= 1/2}, which meet in a null set."""
    return (Term(2, Fraction(1, 2), d),)


def affine_eps(r: Any, d: Any) -> tuple[Term, ...]:
    """Volume of {max x' - min x' <= r}: r^(d-1) (d - (d-1) r). 0 <= r <= 1."""
    return (Term(d - (d - 1) * r, r, d - 1),)


class SharpRow(ABC):
    """One row: its numbers at each d and eps, how they are written, and where they hold."""

    key: str
    formulas: ClassVar[dict[str, Sentence]]
    """Each column in closed form."""

    @property
    @abstractmethod
    def setting(self) -> Sentence:
        """For which visualizations the numbers hold."""

    @property
    def name(self) -> str:
        return row_class(self.key).name

    @property
    def varies(self) -> bool:
        """Do the numbers depend on d?"""
        return True

    def is_about(self, d: int) -> bool:
        """Is the class defined at this d, and are the numbers known there?"""
        kind = row_class(self.key)
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


def _plain(numbers: Iterable[Fraction]) -> dict[str, Sentence]:
    return {
        column: Sentence(str(value), f"${value}$")
        for column, value in zip(COLUMNS, numbers, strict=True)
    }


_SETTINGS = {
    "black-box": Sentence("all a != b", r"all $a\neq b$"),
    "erm": Sentence(
        "all a != b and every finite data set", r"all $a\neq b$ and every finite data set"
    ),
    "monotone": Sentence("a = 0, b = 1, the only ones", r"$a=0$, $b=1$, the only ones"),
    "convex": Sentence("every corner b and every other a", r"every corner $b$ and every other $a$"),
    "affine": Sentence("every corner b, a = 1 - b", r"every corner $b$, $a=1-b$"),
    "affine-1d": Sentence("every member", "every member"),
    "constant": Sentence("every member", "every member"),
    "neuron-1d": Sentence("every member", "every member"),
    "additive": Sentence(
        "all a, b that differ in every coordinate", r"all $a,b$ that differ in every coordinate"
    ),
}


@dataclass(frozen=True)
class SameRow(SharpRow):
    """The same three numbers at every d and eps."""

    key: str
    numbers: ClassVar[tuple[Fraction, Fraction, Fraction]]
    """Worst radius, side share, eps share."""

    @property
    def setting(self) -> Sentence:
        return _SETTINGS.get(self.key, _SETTINGS["black-box"])

    @property
    def varies(self) -> bool:
        return False

    def worst_radius(self, d: int) -> Quantity:
        return exact(self.numbers[0])

    def side_share(self, d: int) -> Quantity:
        return exact(self.numbers[1])

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return exact(self.numbers[2])


class NoGap(SameRow):
    """The fibre is everything between m and M, except at finitely many queries."""

    numbers = (Fraction(1, 2), Fraction(0), Fraction(0))
    formulas = _plain(numbers)


class Known(SameRow):
    """f(x) is known at every query."""

    numbers = (Fraction(0), Fraction(1), Fraction(1))
    formulas = _plain(numbers)


@dataclass(frozen=True)
class ConvexRow(SharpRow):
    """The radius at x != b is half the gauge of the box about a."""

    key: str = "convex"
    formulas = {
        "worst radius": Sentence("1/2", "$1/2$"),
        "side share": Sentence("2^-d", "$2^{-d}$"),
        "eps share": Sentence("(2 eps)^d", r"$(2\varepsilon)^d$"),
    }

    @property
    def setting(self) -> Sentence:
        return _SETTINGS[self.key]

    def worst_radius(self, d: int) -> Quantity:
        return exact(Fraction(1, 2))

    def side_share(self, d: int) -> Quantity:
        return powers(*convex_share(Fraction(1, 2), d))

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return powers(*convex_share(2 * eps, d))


@dataclass(frozen=True)
class AffineRow(SharpRow):
    """The radius at x is half the difference of the largest and the smallest x'_i."""

    key: str = "affine"
    formulas = {
        "worst radius": Sentence("1/2", "$1/2$"),
        "side share": Sentence("2^(1-d)", "$2^{1-d}$"),
        "eps share": Sentence(
            "d r^(d-1) - (d-1) r^d, r = 2 eps", r"$dr^{d-1}-(d-1)r^d$, $r=2\varepsilon$"
        ),
    }

    @property
    def setting(self) -> Sentence:
        return _SETTINGS[self.key]

    def worst_radius(self, d: int) -> Quantity:
        return exact(Fraction(1, 2))

    def side_share(self, d: int) -> Quantity:
        return powers(*affine_side(d))

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return powers(*affine_eps(2 * eps, d))


# -- Lipschitz -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConeSetting:
    """What the Lipschitz row is shown for.

    Either `stretch` = lambda = L|a-b|/R, or `constant` = L with the range R. The images are `argmin`
    and `argmax`, or where none are given the opposite corners 0 and 1 at every d.

    Raises
    ------
    InvalidInput : both or neither of lambda and L, one image without the other, lambda < 1, an L that
        no member with this visualization has.
    """

    metric: str = "l2"
    stretch: Fraction | None = None
    constant: Fraction | None = None
    range: Fraction = Fraction(1)
    argmin: Point | None = None
    argmax: Point | None = None

    def __post_init__(self) -> None:
        if (self.stretch is None) == (self.constant is None):
            raise InvalidInput(
                "lipschitz: give either lambda = L|a-b|/R or the constant L, not both"
            )
        if (self.argmin is None) != (self.argmax is None):
            raise InvalidInput("lipschitz: argmin and argmax belong together; give both or neither")
        if self.argmin is not None and self.stretch is not None:
            raise InvalidInput(
                "lipschitz: lambda is for the corners 0 and 1; for given images give the constant L"
            )
        if self.stretch is not None and self.range != 1:
            raise InvalidInput(
                "lipschitz: lambda already has the range R; give R with the constant L"
            )
        if as_number(self.range, "range") <= 0:
            raise InvalidInput(f"lipschitz: range R = {self.range}; expected R = M - m > 0")
        self.at(self.dim or 1)

    @property
    def dim(self) -> int | None:
        """The only d of the setting, or None where it serves every d."""
        return len(self.argmin) if self.argmin is not None else None

    def at(self, d: int) -> TwoCones:
        """The cones at this d."""
        if self.stretch is not None:
            return opposite_corners(self.metric, d, self.stretch)
        return two_cones(*self.shown(d))

    def shown(self, d: int) -> tuple[Lipschitz, Visualization]:
        """The class and the visualization at this d; for lambda in l2, L is rounded up at 10^-9."""
        a = self.argmin or (Fraction(0),) * d
        b = self.argmax or (Fraction(1),) * d
        constant = self.constant
        if constant is None:
            scale = opposite_corners(self.metric, d, self.stretch).scale
            constant = self.range * (_root_from_above(scale) if self.metric == "l2" else scale)
        return Lipschitz(constant, self.metric), Visualization(a, b, 0, self.range)


def _root_from_above(squared: Fraction) -> Fraction:
    """The root where it is rational, else rounded up at 10^-9."""
    root = Fraction(math.isqrt(squared.numerator), math.isqrt(squared.denominator))
    return root if root**2 == squared else Fraction(math.isqrt(int(squared * 10**18)) + 1, 10**9)


@dataclass(frozen=True)
class ConesRow(SharpRow):
    """The radius at x is (min(1, L|x-a|/R) + min(1, L|x-b|/R) - 1)/2."""

    cones: ConeSetting
    key: str = "lipschitz"
    formulas = {
        "worst radius": Sentence(
            "sup of (min(1, L|x-a|/R) + min(1, L|x-b|/R) - 1)/2",
            r"$\sup_x\tfrac{U-W}{2R}$",
        ),
        "side share": Sentence("two balls, radius R/2L", "two balls, radius $R/2L$"),
        "eps share": Sentence(
            "two balls, radius 2 eps R/L, and {|x-a|+|x-b| <= (1+2 eps) R/L}",
            "two balls and an ellipsoid",
        ),
    }

    @property
    def setting(self) -> Sentence:
        c = self.cones
        how = Sentence(f"lambda = L|a-b|/R = {c.stretch}", rf"$\lambda=L|a-b|/R={c.stretch}$")
        if c.stretch is None:
            how = Sentence(f"L = {c.constant}, R = {c.range}", f"$L={c.constant}$, $R={c.range}$")
        where = Sentence("a = 0, b = 1", "$a=0$, $b=1$")
        norm = {"linf": r"\infty"}.get(c.metric, c.metric[1:])
        if c.argmin is not None and c.argmax is not None:
            points = f"a = {show(c.argmin)}, b = {show(c.argmax)}"
            where = Sentence(points, f"${points}$")
        return Sentence(
            f"{where.text}, {how.text} in {c.metric}",
            rf"{where.latex}, {how.latex} in $\ell_{{{norm}}}$",
        )

    def is_about(self, d: int) -> bool:
        return self.cones.dim in (None, d)

    def worst_radius(self, d: int) -> Quantity:
        return self.cones.at(d).worst_radius()

    def side_share(self, d: int) -> Quantity:
        return self.cones.at(d).side_share()

    def eps_share(self, d: int, eps: Fraction) -> Quantity:
        return self.cones.at(d).eps_share(eps)


# -- all rows --------------------------------------------------------------------------------------------


def sharp_row(key: str, setting: ConeSetting | None = None) -> SharpRow:
    """The sharp row called `key`; `setting` is for lipschitz, lambda = 2 in l2 if none is given."""
    row_class(key)
    if key == "lipschitz":
        return ConesRow(setting or ConeSetting(stretch=Fraction(2)))
    if key in ("convex", "affine"):
        return ConvexRow() if key == "convex" else AffineRow()
    if key in ("affine-1d", "constant", "neuron-1d"):
        return Known(key)
    if key == "neuron":
        raise InvalidInput(
            "neuron: no row of the sharp table; its worst radius is 1/2 for every link, but its shares depend "
            'on the link, m and M (docs/sharp.md, "One neuron")'
        )
    if key not in (*CLASSES, *FURTHER):
        raise UnknownKey("row of the sharp table", key, (*CLASSES, *FURTHER))
    return NoGap(key)


FURTHER = ("lipschitz-unknown", "neuron-1d", "additive")
"""Our further rows with a sharp row."""


def sharp_rows(setting: ConeSetting | None = None, extended: bool = False) -> tuple[SharpRow, ...]:
    """The ten rows of the paper's table, in its order, and with `extended` our further ones."""
    return tuple(sharp_row(key, setting) for key in (*CLASSES, *(FURTHER if extended else ())))
