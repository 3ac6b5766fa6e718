"""What a decoder may be asked about f(x), and when a fibre allows an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from trompe.ground.arguments import checked, checked_fields, is_term
from trompe.ground.errors import known
from trompe.theory.exact import (
    Value,
    as_answer,
    as_any_eps,
    as_end,
    as_eps,
    as_margin,
    as_share,
    as_value,
)
from trompe.theory.namespace import EXACT, ArrayNamespace
from trompe.theory.visualization import Visualization


@checked_fields
@dataclass(frozen=True)
class Interval:
    """The envelope of a fibre: its interior is attained, nothing outside [lower, upper] is.

    Diameter and midrange questions have the same answer for the open and the closed interval,
    so the end points need no flag. They are numbers of any kind, arrays of them, solver terms, or texts, which stand for fractions.

    Raises
    ------
    InvalidInput : an end is neither.
    """

    lower: Annotated[Any, as_end]
    upper: Annotated[Any, as_end]

    @property
    def diameter(self) -> Any:
        """upper - lower, in the unit's own scale."""
        return self.upper - self.lower

    @property
    def centre(self) -> Any:
        """The prediction with the smallest worst-case error."""
        return (self.lower + self.upper) / 2

    @checked
    def radius(self, v: Visualization) -> Any:
        """The Chebyshev radius diam / 2R as a share of the range; 0 for a constant unit."""
        return self.diameter / (2 * v.range) if v.range else Fraction(0)

    @checked
    def __contains__(self, value: Value) -> bool:
        return bool(self.lower <= value <= self.upper)


class Task(ABC):
    """A question about f(x) given phi(f) and x.

    `correct` and `criterion` are written for numbers and solver terms alike; `right` and `decidable`
    are their truth values for numbers. The rest is arithmetic on numbers.
    """

    key: ClassVar[str]
    question: ClassVar[str]
    choices: ClassVar[tuple[str, ...]] = ()
    """The answers that there are; none where a number is asked for."""
    eps: Any = Fraction(0)
    """By how much an answer may be off, as a share of the range: 0 but for approx."""

    @abstractmethod
    def correct(self, answer: Any, truth: Any, low: Any, high: Any, xp: ArrayNamespace) -> Any:
        """The condition that `answer` is right for a unit of range [low, high] whose value is `truth`."""

    @abstractmethod
    def criterion(
        self, fibre: Interval, low: Any, high: Any, xp: ArrayNamespace
    ) -> tuple[Any, ...]:
        """Conditions on the fibre of which one holds if and only if one answer is right for all of it."""

    @checked
    def right(self, answer: Any, truth: Value, v: Visualization) -> bool:
        """Is `answer` right for a unit with visualization `v` whose value at the query is `truth`?"""
        given = as_answer(answer, self.choices, f"{self.key} answer")
        return bool(self.correct(given, truth, v.minimum, v.maximum, EXACT))

    @checked
    def decidable(self, fibre: Interval, v: Visualization) -> bool:
        """Is one answer right for every value in the fibre? (the fibre criterion)"""
        return any(bool(c) for c in self.criterion(fibre, v.minimum, v.maximum, EXACT))

    @checked
    def error(self, answer: Any, truth: Value, v: Visualization) -> Any:
        """How far a wrong answer is off."""
        return abs(as_value(answer, "answer") - truth)

    @abstractmethod
    def margin(
        self, fibre: Interval, v: Visualization, of_upper: Visualization | None = None
    ) -> dict[str, Any]:
        """By how much two members at the ends of the fibre refute the task, by name.

        exact: `gap` = upper - lower, not 0. approx: `half_gap` = |upper - lower| over the sum of both ranges, above eps;
        of two constants, whose ranges are 0, `gap` again. side: `above_mid` = upper - mid and `below_mid` = mid - lower,
        both above 0, each about the member's own mid.

        Parameters
        ----------
        of_upper : the visualization of the member at the upper end, where it is not v, which is then the other's.
        """

    @checked
    def refuted(self, margin: Annotated[Mapping[str, Value], as_margin]) -> bool:
        """Is every answer wrong for one of two members with this margin?

        Raises
        ------
        InvalidInput : the margin is empty, and so says nothing.
        """
        return all(bool(amount > self.eps) for amount in margin.values())

    @checked
    def eta(self, fibre: Interval, v: Visualization) -> Fraction | None:
        """A mixing weight that keeps enough of the gap, or None where the task is decidable.

        exact: 1/10. approx: half of what is to spare, (diam - 2 eps R) / 2 diam. side: half the
        smaller distance of the two ends from mid, as a share of R. Halving keeps the claims strict,
        and so does every smaller weight.
        """
        return None if self.decidable(fibre, v) else _rational_up_to(self._weight(fibre, v))

    @abstractmethod
    def _weight(self, fibre: Interval, v: Visualization) -> Any:
        """The mixing weight where the task is not decidable, not always rational."""

    @checked
    def largest_eta(self, fibre: Interval, strict: Value, v: Visualization) -> Any:
        """The least upper bound of the mixing weights that refute the task, None where none does.

        The gap is (1 - eta)(U - W) at the query; for side, f(x) = (1-eta) U + eta B passes mid at
        (U - mid)/(U - B), and g(x) at (mid - W)/(B - W).

        Parameters
        ----------
        strict : B(x).
        """
        return None if self.decidable(fibre, v) else self._weight_limit(fibre, strict, v)

    def _weight_limit(self, fibre: Interval, strict: Any, v: Visualization) -> Any:
        """The least upper bound where the task is not decidable."""
        return Fraction(1)


@dataclass(frozen=True)
class Exact(Task):
    """Predict f(x)."""

    key: ClassVar[str] = "exact"
    question: ClassVar[str] = "predict f(x) exactly"

    def correct(self, answer: Any, truth: Any, low: Any, high: Any, xp: ArrayNamespace) -> Any:
        return answer == truth

    def criterion(
        self, fibre: Interval, low: Any, high: Any, xp: ArrayNamespace
    ) -> tuple[Any, ...]:
        return (fibre.lower == fibre.upper,)

    @checked
    def margin(
        self, fibre: Interval, v: Visualization, of_upper: Visualization | None = None
    ) -> dict[str, Any]:
        return {"gap": fibre.diameter}

    @checked
    def refuted(self, margin: Annotated[Mapping[str, Value], as_margin]) -> bool:
        return bool(known("amount", "gap", margin) != 0)

    def _weight(self, fibre: Interval, v: Visualization) -> Any:
        return Fraction(1, 10)


@dataclass(frozen=True)
class Approx(Task):
    """Predict f(x) up to eps R, 0 < eps < 1/2."""

    key: ClassVar[str] = "approx"
    question: ClassVar[str] = "predict f(x) up to eps (M - m)"

    eps: Any = field(default=Fraction(1, 4))
    """A number in (0, 1/2), or a solver term with that hypothesis."""
    _reader: ClassVar[Callable[[object], Fraction]] = as_eps

    def __post_init__(self) -> None:
        if not is_term(self.eps):
            object.__setattr__(self, "eps", type(self)._reader(self.eps))

    def correct(self, answer: Any, truth: Any, low: Any, high: Any, xp: ArrayNamespace) -> Any:
        return xp.abs(answer - truth) <= self.eps * (high - low)

    def criterion(
        self, fibre: Interval, low: Any, high: Any, xp: ArrayNamespace
    ) -> tuple[Any, ...]:
        return (fibre.diameter <= 2 * self.eps * (high - low),)

    @checked
    def margin(
        self, fibre: Interval, v: Visualization, of_upper: Visualization | None = None
    ) -> dict[str, Any]:
        ranges = v.range + (of_upper or v).range
        return {"half_gap": abs(fibre.diameter) / ranges} if ranges else {"gap": fibre.diameter}

    @checked
    def refuted(self, margin: Annotated[Mapping[str, Value], as_margin]) -> bool:
        if "gap" in margin:  # of two constants: no answer may be off at all
            return bool(margin["gap"] != 0)
        return bool(known("amount", "half_gap", margin) > self.eps)

    def _weight(self, fibre: Interval, v: Visualization) -> Any:
        return (fibre.diameter - 2 * self.eps * v.range) / (2 * fibre.diameter)

    def _weight_limit(self, fibre: Interval, strict: Any, v: Visualization) -> Any:
        return 1 - 2 * self.eps * v.range / fibre.diameter


@dataclass(frozen=True)
class AnyApprox(Approx):
    """Predict f(x) up to eps R, any eps >= 0, of the theorems that are about all of them."""

    _reader: ClassVar[Callable[[object], Fraction]] = as_any_eps


@dataclass(frozen=True)
class NearApprox(Approx):
    """Predict f(x) up to eps R0, any eps > 0, where R0 is the difference of two shown values that need not be extremes."""

    question: ClassVar[str] = "predict f(x) up to eps times the difference of the shown values"
    _reader: ClassVar[Callable[[object], Fraction]] = as_share


@dataclass(frozen=True)
class Side(Task):
    """Say whether f(x) is closer to the minimum or to the maximum; at the midrange both are right."""

    key: ClassVar[str] = "side"
    question: ClassVar[str] = "say whether f(x) is closer to the minimum or to the maximum"
    choices: ClassVar[tuple[str, ...]] = ("min", "max")

    def correct(self, answer: Any, truth: Any, low: Any, high: Any, xp: ArrayNamespace) -> Any:
        return 2 * truth <= low + high if answer == "min" else 2 * truth >= low + high

    def criterion(
        self, fibre: Interval, low: Any, high: Any, xp: ArrayNamespace
    ) -> tuple[Any, ...]:
        return (2 * fibre.upper <= low + high, 2 * fibre.lower >= low + high)

    @checked
    def error(self, answer: Any, truth: Value, v: Visualization) -> Any:
        return abs(truth - v.mid)

    @checked
    def margin(
        self, fibre: Interval, v: Visualization, of_upper: Visualization | None = None
    ) -> dict[str, Any]:
        return {
            "above_mid": fibre.upper - (of_upper or v).mid,
            "below_mid": v.mid - fibre.lower,
        }

    def _weight(self, fibre: Interval, v: Visualization) -> Any:
        return min(self.margin(fibre, v).values()) / (2 * v.range)

    def _weight_limit(self, fibre: Interval, strict: Any, v: Visualization) -> Any:
        end = fibre.upper if strict < v.mid else fibre.lower
        return (end - v.mid) / (end - strict)


TASKS: dict[str, type[Task]] = {kind.key: kind for kind in (Exact, Approx, Side)}
"""The three columns of the table, in its order."""


def _rational_up_to(bound: Any) -> Fraction:
    """The bound itself, or below an irrational one (Lipschitz in l2) the reciprocal of an integer."""
    if isinstance(bound, Fraction):
        return bound
    import sympy

    return Fraction(1, int(sympy.ceiling(1 / bound)))
