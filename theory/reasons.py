"""A verdict's reason in words, with its quantifiers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from trompe.ground.errors import one_line
from trompe.theory.classes import FunctionClass
from trompe.theory.exact import rounded, show
from trompe.theory.limits import Limits
from trompe.theory.tasks import Interval, Task
from trompe.theory.visualization import Visualization


def members(
    cls: FunctionClass, exemplars: int, v: Visualization, limits: Limits | None = None
) -> str:
    """One member that fits what is shown, in words."""
    values = "value" if exemplars == 1 else "values"
    at = f"the shown {values} at {exemplars} exemplar{'s' * (exemplars > 1)}" if exemplars else ""
    if limits is None:
        return f"{cls.in_words()}, with this visualization{' and ' * bool(at)}{at}"
    of = " of" * bool(limits.noise)
    within = f"values within {number(limits.noise)}{of}" if of else "the values"
    shown = [
        f"{number(value)} at {show(point)}"
        for value, point in ((v.minimum, v.argmin), (v.maximum, v.argmax))
    ]
    said = f",{of} ".join(shown) if at else f" and{of} ".join(shown)
    said += f", and{of} {at}" if at else ""
    return (
        f"{cls.in_words()}, with {within} {said}, and between {number(limits.lower)} and "
        f"{number(limits.upper)} everywhere"
    )


def one(words: str) -> str:
    """The words with their article."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def number(value: Any) -> str:
    """A number as a reader wants it: fractions and roots exact where short, floats to 12 digits."""
    if getattr(value, "is_Rational", False):  # of SymPy, where roots cancel
        value = Fraction(int(value.p), int(value.q))
    if isinstance(value, Fraction):
        if abs(value.numerator) < 10**24 and value.denominator < 10**12:
            return str(value)
        near = rounded(value)
        return f"about {near}" if "E" in near else near
    if isinstance(value, float):
        return f"{value:.12g}"
    text = one_line(value)
    size = float(value)
    if not size or not math.isfinite(size):  # beyond the range of floats; the number is neither
        return f"about {value.evalf(12)}" if hasattr(value, "evalf") else text
    return f"{text} (about {size:.6g})" if len(text) <= 60 else f"{size:.12g}"


def reason(
    task: Task,
    decidable: bool | None,
    answer: Any,
    fibre: Interval,
    tolerance: Any,
    cls: FunctionClass,
    v: Visualization,
    exemplars: int,
    limits: Limits | None = None,
) -> str:
    """Why the task is decidable at a query, is not, or is left open."""
    who = members(cls, exemplars, v, limits)
    if decidable is None or (decidable and answer is None):
        within = f" to within {tolerance:.1e}" if tolerance else " to all digits that were tried"
        lead = "one answer is right for every such unit, but which one is " if decidable else ""
        return (
            f"{lead}undecided by floating point: the ends are known{within}, and the question turns on "
            "less; give exact numbers, fractions for this query"
        )
    words = {"exact": _exact, "approx": _approx, "side": _side}[task.key]
    return words(_Case(task, decidable, answer, fibre, who, v, limits))


class _Case(NamedTuple):
    """What a sentence is about."""

    task: Task
    decidable: bool
    answer: Any
    fibre: Interval
    who: str
    v: Visualization
    limits: Limits | None


def unit_of(v: Visualization, limits: Limits | None) -> tuple[str, str]:
    """What eps and the radius are shares of, and what that is where it does not explain itself."""
    if limits is None:
        return "(M - m)", ""
    return "R0", f"; R0 = {number(v.range)} is the difference of the values shown at the two points"


def _half(v: Visualization, limits: Limits | None) -> str:
    if limits is None:
        return f"the midrange {number(v.mid)}"
    return f"{number(v.mid)}, which is half-way between the values shown at the two points"


def _exact(case: _Case) -> str:
    if case.decidable:
        return f"every {case.who}, has the value {number(case.answer)} here"
    return (
        f"for every value strictly between {number(case.fibre.lower)} and {number(case.fibre.upper)} there is "
        f"{one(case.who)}, that has it here; no one answer is right for all of them"
    )


def _approx(case: _Case) -> str:
    eps, (unit, meaning) = case.task.eps, unit_of(case.v, case.limits)
    if case.decidable:
        return f"{number(case.answer)} is within {eps} {unit} of the value here of every {case.who}{meaning}"
    return (
        f"there are two units, each {one(case.who)}, whose values here are more than 2 * {eps} {unit} apart; "
        f"every answer is off by more than {eps} {unit} for one of them{meaning}"
    )


def _side(case: _Case) -> str:
    middle = _half(case.v, case.limits)
    if case.decidable:
        relation = "at most" if case.answer == "min" else "at least"
        return (
            f"the value here of every {case.who}, is {relation} {middle}, so "
            f'"{case.answer}" is right for all of them'
        )
    return (
        f"there are two units, each {one(case.who)}, with values here below and above {middle}; "
        "either answer is wrong for one of them"
    )
