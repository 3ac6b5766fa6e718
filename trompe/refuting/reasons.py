"""Why a decoder was judged as it was, in words with quantifiers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from trompe.constructions.adversary import Mistake, Question
from trompe.refuting.asking import Reply
from trompe.theory import Approx, Visualization, theorem
from trompe.theory.exact import rounded
from trompe.theory.levels import EXTREMES


def _number(value: Any) -> str:
    """A value as a reader sees it: a short fraction in full, else to six digits."""
    if isinstance(value, str):
        return f'"{value}"'
    exact = str(value)
    return exact if len(exact) <= 24 else f"about {_short(value)}"


def _short(value: Any, digits: int = 6) -> str:
    """To a few digits, also beyond the range of floats."""
    try:
        return f"{float(value):.{digits}g}"
    except OverflowError:
        return rounded(Fraction(value))


def _members(question: Question) -> str:
    return f"every member of the class ({question.cls.name}) with this visualization"


def _judgement(question: Question, name: str, truth: Any, error: Any, v: Visualization) -> str:
    """`f(x) = 3/4, so the answer "min" is wrong`, by how much."""
    task = question.task
    if question.level == "near":
        return _judgement_near(question, name, truth, error, v)
    if task.choices:
        end, place = ("maximum", "above") if truth > v.mid else ("minimum", "below")
        return (
            f"{name}(x) = {_number(truth)} is closer to the {end}: it lies {_number(error)} {place} the midrange "
            f"{_number(v.mid)}"
        )
    share = f"{_short(error / v.range, 4)} of the range" if v.range else "with a range of 0"
    allowed = f", more than eps = {_number(task.eps)}" if isinstance(task, Approx) else ""
    return (
        f"{name}(x) = {_number(truth)}, so the answer is off by {_number(error)} ({share}{allowed})"
    )


def _judgement_near(question: Question, name: str, truth: Any, error: Any, v: Visualization) -> str:
    """The same relative to the two values that are shown."""
    if question.task.choices:
        place = "above" if truth > v.mid else "below"
        return f"{name}(x) = {_number(truth)} lies {_number(error)} {place} (alpha + beta)/2 = {_number(v.mid)}"
    share = f"{_short(error / v.range, 4)} of beta - alpha" if v.range else "with beta = alpha"
    allowed = (
        f", more than eps = {_number(question.task.eps)}"
        if isinstance(question.task, Approx)
        else ""
    )
    return (
        f"{name}(x) = {_number(truth)}, so the answer is off by {_number(error)} ({share}{allowed})"
    )


def refuted(question: Question, answer: Any, mistake: Mistake) -> str:
    """Why the decoder is wrong, and that any other would be."""
    pair, name = mistake.pair, mistake.name
    has = "has this visualization" if question.level == EXTREMES else "shows this"
    have = "have the same visualization" if question.level == EXTREMES else "show the same"
    return (
        f"The decoder answers {_number(answer)}. The function {name} is in the class and {has}, and {_judgement(question, name, mistake.truth, mistake.error, mistake.v)}. "
        f"No other answer would do: f and g {have}, so every decoder gets the same input "
        f"for both, and f(x) = {_number(pair.f_x)}, g(x) = {_number(pair.g_x)}."
    )


def decidable(question: Question, answer: Any) -> str:
    """Why there is nothing to refute at this place."""
    if question.level != EXTREMES:
        return (
            f"No refutation exists here: {_yes(question)} The decoder's answer {_number(answer)} is right for every "
            "member that shows this. Other points, values or another query may be undecidable."
        )
    where = question.cls.statement.fooled[question.task.key].text
    only = f" Fooling pairs for this task exist exactly where {where}." if where else ""
    return (
        f"No refutation exists at this visualization and query: {_members(question)} has its value at x in "
        f"{_interval(question)}, so one answer is right for all of them. The decoder's answer {_number(answer)} "
        f"is.{only} Another visualization or query may be undecidable."
    )


def mistaken(question: Question, answer: Any, mistake: Mistake) -> str:
    """That the decoder need not have been wrong."""
    judged = _judgement(question, mistake.name, mistake.truth, mistake.error, mistake.v)
    if question.level != EXTREMES:
        return (
            f"One answer is right here for every member that shows this: {_yes(question)} But the decoder answers "
            f"{_number(answer)}, and for the member {mistake.name}, {judged}."
        )
    return (
        f"One answer is right here for {_members(question)}: the value at x lies in {_interval(question)}. But "
        f"the decoder answers {_number(answer)}, and for the member {mistake.name}, {judged}."
    )


def wrong_on_a_member(question: Question, answer: Any, truth: Any, error: Any, count: int) -> str:
    """A Yes row: the class is decidable, this decoder is wrong."""
    judged = _judgement(question, "f", truth, error, question.scale)
    return (
        f"No refutation of all decoders exists in this class: {_yes(question)} But this decoder is wrong. On the "
        f"{_ordinal(count)} member tried it answers {_number(answer)}; {judged}."
    )


def right_on_members(question: Question, count: int) -> str:
    """A Yes row: nothing to refute, and the decoder was right."""
    tried = "the member asked about" if count == 1 else f"all {count} members tried"
    return (
        f"No refutation exists in this class: {_yes(question)} This decoder was right on {tried}."
    )


def broken(replies: Sequence[Reply]) -> str:
    """What the decoder did, and that nothing follows."""
    at = f" (call {len(replies)})" if len(replies) > 1 else ""
    return f"The decoder {replies[-1].fault}{at}. Nothing is claimed about it."


def _yes(question: Question) -> str:
    return f"{question.key}: {theorem(question.key).statement}"


def _interval(question: Question) -> str:
    return f"[{_number(question.fibre.lower)}, {_number(question.fibre.upper)}]"


def _ordinal(n: int) -> str:
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
