"""What came of `refute`, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from trompe.asking import Reply
from trompe.constructions.adversary import Mistake, Question, is_number
from trompe.ground.text import WIDTH, wrapped
from trompe.theory import InvalidInput, Point, show
from trompe.theory.catalogue import theorem

if TYPE_CHECKING:
    from trompe.refuting import Refutation

__all__ = ["as_json", "expression", "text"]

WRITTEN_OUT = 8
"""The largest d at which the text shows the function with all its coordinates."""


# -- reasons -----------------------------------------------------------------------------------------


def number(value: Any) -> str:
    """A value as a reader sees it: a short fraction in full, else to six digits."""
    if isinstance(value, str):
        return f'"{value}"'
    exact = str(value)
    return exact if len(exact) <= 24 else f"about {float(value):.6g}"


def _members(question: Question) -> str:
    return f"every member of the class ({question.cls.name}) with this visualization"


def _judgement(question: Question, answer: Any, name: str, truth: Any, error: Any) -> str:
    """`f(x) = 3/4, so the answer "min" is wrong`, by how much."""
    task, v = question.task, question.v
    if not is_number(task):
        end, place = ("maximum", "above") if truth > v.mid else ("minimum", "below")
        return (
            f"{name}(x) = {number(truth)} is closer to the {end}: it lies {number(error)} {place} the midrange "
            f"{number(v.mid)}"
        )
    share = f"{float(error / v.range):.4g} of the range" if v.range else "with a range of 0"
    allowed = f", more than eps = {task.eps}" if task.key == "approx" else ""  # type: ignore[attr-defined]
    return (
        f"{name}(x) = {number(truth)}, so the answer is off by {number(error)} ({share}{allowed})"
    )


def refuted(question: Question, answer: Any, mistake: Mistake) -> str:
    """Why the decoder is wrong, and that any other would be."""
    pair, name = mistake.pair, mistake.name
    return (
        f"The decoder answers {number(answer)}. The function {name} is in the class and has this "
        f"visualization, and {_judgement(question, answer, name, mistake.truth, mistake.error)}. "
        "No other answer would do: f and g have the same visualization, so every decoder gets the same input "
        f"for both, and f(x) = {number(pair.f_x)}, g(x) = {number(pair.g_x)}."
    )


def decidable(question: Question, answer: Any) -> str:
    """Why there is nothing to refute at this place."""
    where = question.cls.statement.fooled[question.task.key].text
    only = f" Fooling pairs for this task exist exactly where {where}." if where else ""
    return (
        f"No refutation exists at this visualization and query: {_members(question)} has its value at x in "
        f"{_interval(question)}, so one answer is right for all of them. The decoder's answer {number(answer)} "
        f"is.{only} Another visualization or query may be undecidable."
    )


def mistaken(question: Question, answer: Any, mistake: Mistake) -> str:
    """That the decoder need not have been wrong."""
    judged = _judgement(question, answer, mistake.name, mistake.truth, mistake.error)
    return (
        f"One answer is right here for {_members(question)}: the value at x lies in {_interval(question)}. But "
        f"the decoder answers {number(answer)}, and for the member {mistake.name}, {judged}."
    )


def wrong_on_a_member(question: Question, answer: Any, truth: Any, error: Any, count: int) -> str:
    """A Yes row: the class is decidable, this decoder is wrong."""
    judged = _judgement(question, answer, "f", truth, error)
    return (
        f"No refutation of all decoders exists in this class: {_yes(question)} But this decoder is wrong. On the "
        f"{_ordinal(count)} member tried it answers {number(answer)}; {judged}."
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
    return f"[{number(question.fibre.lower)}, {number(question.fibre.upper)}]"


def _ordinal(n: int) -> str:
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


# -- the function ------------------------------------------------------------------------------------


def expression(found: Refutation) -> str:
    """The function written out, shared parts named first."""
    from trompe.constructions.expression_forms import TEXT, write
    from trompe.constructions.expressions import trace

    mistake, v = found.mistake, found.question.v
    if mistake is None:
        if found.status != "mistaken":
            raise InvalidInput(
                f"{found.key}: the decoder is wrong about no function ({found.status})"
            )
        if not v.range:
            return f"f(z) = {v.minimum}"
        if found.question.cls.key == "neuron-1d":
            return f"f(z) = h(s + (t - s) |z1 - {v.argmin[0]}|), h(s) = {v.minimum}, h(t) = {v.maximum}"
        return f"f(z) = {v.minimum} + {v.range} |z1 - {v.argmin[0]}|"
    pair, end = mistake.pair, "upper" if mistake.name == "f" else "lower"
    try:
        traced = trace(lambda z, xp: pair.evaluate(z, xp, end), v.dim)
    except TypeError as error:
        raise InvalidInput(f"{found.key}: the function is not piecewise affine: {error}") from None
    written = write([traced], TEXT)
    lines = [f"{name} = {part}" for name, part in written.definitions.items()]
    return "\n".join([*lines, f"{mistake.name}(z) = {written.values[0]}"])


def recipe(mistake: Mistake) -> str:
    """The pair's formulas with their few numbers, whatever d."""
    pair = mistake.pair
    top = "U" if mistake.name == "f" else "W"
    formulas = pair.triple.construction.formulas
    parts = "; ".join(f"{name}(z) = {formula}" for name, formula in formulas.items())
    return (
        f"{mistake.name}(z) = (1 - eta) {top}(z) + eta B(z), eta = {pair.eta}; {parts}; "
        f"m = {pair.v.minimum}, M = {pair.v.maximum}, R = {pair.v.range}"
    )


def _written(found: Refutation) -> list[str]:
    """The function as the report shows it: written out at small d, as formulas with parameters beyond."""
    if found.mistake is None and found.status != "mistaken":
        return []
    if found.question.v.dim <= WRITTEN_OUT:
        try:
            return [
                part
                for line in expression(found).splitlines()
                for part in wrapped(line, then=" " * 7)
            ]
        except InvalidInput:
            pass
    return wrapped(recipe(found.mistake)) if found.mistake is not None else []


# -- reports -----------------------------------------------------------------------------------------


_HEADS = {
    "refuted": "refuted",
    "decidable": "not refuted: no refutation exists here",
    "mistaken": "not refuted as a class, but this decoder is wrong",
    "broken": "not refuted: the decoder is broken",
    "unverified": "not refuted: the construction failed",
}


def text(found: Refutation) -> str:
    """A report of at most 100 columns."""
    question, v = found.question, found.question.v
    eps = f", eps = {question.task.eps}" if question.task.key == "approx" else ""  # type: ignore[attr-defined]
    lines = [
        f"{found.key} at d = {v.dim}{eps}: {_HEADS[found.status]}",
        *wrapped(found.reason),
        "",
        *_wrap_at_argmax(f"visualization  argmin {show(v.argmin)}, argmax {show(v.argmax)}"),
        f"               minimum {v.minimum}, maximum {v.maximum}",
        f"query          {show(question.x)}",
    ]
    shown = _written(found)
    if shown:
        lines += ["", *shown]
    if found.answers_differ:
        lines += ["", *wrapped(_RANDOMISED)]
    if found.randomised is not None:
        rates = found.randomised
        by_seed = rates.coin_seed is not None
        coin = f"the seed {rates.coin_seed}" if by_seed else "the operating system's randomness"
        lines += [
            "",
            f"wrong about a unit that a fair coin chose between f and g: {rates.coin}",
            f"wrong about f: {rates.on_f.errors} of {rates.on_f.trials}; "
            f"wrong about g: {rates.on_g.errors} of {rates.on_g.trials}",
            f"The coin is {coin}, tossed after all answers were in.",
            f"With a fair coin every decoder{' that does not know the seed' * by_seed}, randomised or not, is "
            "wrong with probability at least 1/2.",
        ]
    return "\n".join(lines) + "\n"


_RANDOMISED = (
    "The decoder is randomised (or keeps a state): its answers to the same input differ. With a fair coin "
    "between f and g it is wrong with probability at least 1/2; `repeats` measures it."
)


def _wrap_at_argmax(line: str) -> list[str]:
    return (
        [line]
        if len(line) <= WIDTH
        else line.replace(", argmax", f",\n{' ' * 15}argmax").splitlines()
    )


def as_json(found: Refutation) -> str:
    """All of it, exact numbers as strings; `witness` is what `trompe check` reads."""
    from importlib.metadata import version

    from trompe.refuting import EXIT_STATUS

    question, v = found.question, found.question.v
    witness, missing = _witness(found)
    data: dict[str, Any] = {
        "format": "trompe refutation",
        "version": 1,
        "trompe": version("trompe"),
        "key": found.key,
        "status": found.status,
        "exit_status": EXIT_STATUS[found.status],
        "reason": found.reason,
        "dim": v.dim,
        "eps": str(question.task.eps) if question.task.key == "approx" else None,  # type: ignore[attr-defined]
        "visualization": {
            "argmin": _strings(v.argmin),
            "argmax": _strings(v.argmax),
            "minimum": str(v.minimum),
            "maximum": str(v.maximum),
        },
        "query": _strings(question.x),
        "prediction": _optional(found.prediction),
        "truth": _optional(found.truth),
        "error": _optional(found.error),
        "function": found.mistake.name if found.mistake else None,
        "formula": recipe(found.mistake) if found.mistake else None,
        "answers_differ": found.answers_differ,
        "randomised": _rates(found),
        "members_checked": found.checked,
        "witness": witness,
        "witness_missing": missing,
    }
    return json.dumps(data, indent=1) + "\n"


def _witness(found: Refutation) -> tuple[Any, str | None]:
    from trompe.proofs.witnesses import to_json
    from trompe.proofs.witnesses.file import MAX_DIM

    if not found.is_refuted:
        return None, f"nothing was refuted ({found.status})"
    if found.question.v.dim > MAX_DIM:
        return None, f"d = {found.question.v.dim}: a witness file holds at most {MAX_DIM} inputs"
    try:
        return json.loads(to_json(found.witness())), None
    except InvalidInput as error:
        return None, str(error)


def _rates(found: Refutation) -> Any:
    if found.randomised is None:
        return None
    rates = {
        "coin": found.randomised.coin,
        "on_f": found.randomised.on_f,
        "on_g": found.randomised.on_g,
    }
    counts = {
        name: {"errors": r.errors, "trials": r.trials, "interval_95": list(r.interval())}
        for name, r in rates.items()
    }
    return {**counts, "coin_seed": found.randomised.coin_seed}


def _optional(value: Any) -> str | None:
    return None if value is None else str(value)


def _strings(point: Point) -> list[str]:
    return [str(Fraction(q)) for q in point]
