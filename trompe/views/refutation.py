"""What came of `refute`, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import trompe
from trompe.constructions.catalogue import row_of
from trompe.constructions.levels import RescaledPair
from trompe.constructions.triples import NAMES
from trompe.ground.text import WIDTH, wrapped
from trompe.theory import Approx, InvalidInput, Point, Visualization, show
from trompe.theory.levels import EXTREMES, LEVELS
from trompe.theory.reasons import number

if TYPE_CHECKING:
    from trompe.constructions.adversary import Mistake
    from trompe.refuting.judging import Refutation


WRITTEN_OUT = 8
"""The largest d at which the text shows the function with all its coordinates."""


def _recipe(mistake: Mistake) -> str:
    """The pair's formulas with their few numbers, whatever d."""
    pair = mistake.pair
    if isinstance(pair, RescaledPair):
        member = f"g(z) = {row_of(pair.cls.key).only_member(pair.v).removeprefix('f(z) = ')}"
        scale = f"scale = {pair.scale}, shift = {pair.shift}"
        return f"{member}; f(z) = {pair.formulas['f']}, M = {pair.v.maximum}, {scale}"
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
                for line in found.expression().splitlines()
                for part in wrapped(line, then=" " * 7)
            ]
        except InvalidInput:
            pass
    return wrapped(_recipe(found.mistake)) if found.mistake is not None else []


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
    eps = f", eps = {number(question.task.eps)}" if isinstance(question.task, Approx) else ""
    short = "" if question.shortfall is None else f", shortfall {question.shortfall}"
    lines = [
        f"{found.key} at d = {v.dim}{eps}{short}: {_HEADS[found.status]}",
        *wrapped(found.reason),
        "",
        *(_extremes(v) if question.level == EXTREMES else _observed(found)),
        f"query          {show(question.x)}",
    ]
    shown = _written(found)
    if shown:
        lines += ["", *shown]
    if found.answers_differ:
        is_unmeasured = found.is_refuted and found.randomised is None
        lines += ["", *wrapped(_RANDOMISED + _COIN * is_unmeasured)]
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


def _extremes(v: Visualization) -> list[str]:
    return [
        *_wrap_at_argmax(f"visualization  argmin {show(v.argmin)}, argmax {show(v.argmax)}"),
        f"               minimum {v.minimum}, maximum {v.maximum}",
    ]


def _observed(found: Refutation) -> list[str]:
    """What the decoder got, and the extremes of the functions that show this."""
    question = found.question
    told = question.observation
    parts = []
    for name in LEVELS[question.level].shows:
        value = getattr(told, name)
        is_point = name in ("argmin", "argmax")
        says = (
            show(value) if is_point else " to ".join(map(str, value)) if name == "limits" else value
        )
        parts.append(f"{name} {says}")
    lines = wrapped(f"shown          {', '.join(parts)}", then=" " * 15)
    units = (
        {str(name): found.mistake.pair.v_of(name) for name in NAMES}
        if found.mistake
        else {"f": question.v}
    )
    if len(set(units.values())) == 1:
        units = {" and ".join(units): next(iter(units.values()))}
    for name, v in units.items():
        lines += wrapped(f"{name:<15}{v}", then=" " * 15)
    return lines


_RANDOMISED = "The decoder is randomised (or keeps a state): its answers to the same input differ."
_COIN = " With a fair coin between f and g it is wrong with probability at least 1/2; `repeats` measures it."


def _wrap_at_argmax(line: str) -> list[str]:
    return (
        [line]
        if len(line) <= WIDTH
        else line.replace(", argmax", f",\n{' ' * 15}argmax").splitlines()
    )


def as_json(found: Refutation) -> str:
    """All of it, exact numbers as strings; `witness` is what `trompe check` reads."""
    from trompe.refuting.judging import EXIT_STATUS

    question, v = found.question, _own_extremes(found)
    witness, missing = _witness(found)
    data: dict[str, Any] = {
        "format": "trompe refutation",
        "version": 1,
        "trompe": trompe.__version__,
        "key": found.key,
        "status": found.status,
        "exit_status": EXIT_STATUS[found.status],
        "reason": found.reason,
        "dim": v.dim,
        "eps": str(question.task.eps) if isinstance(question.task, Approx) else None,
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
        "formula": _recipe(found.mistake) if found.mistake else None,
        "answers_differ": found.answers_differ,
        "randomised": _rates(found),
        "members_checked": found.checked,
        "witness": witness,
        "witness_missing": missing,
        **({"shown": _shown_json(found)} if question.level != EXTREMES else {}),
        **({} if question.shortfall is None else {"shortfall": str(question.shortfall)}),
    }
    return json.dumps(data, indent=1) + "\n"


def _own_extremes(found: Refutation) -> Visualization:
    """By whose values the answer is judged: of the function that it is wrong about, else of the first of those asked about."""
    return found.question.scale if found.mistake is None else found.mistake.v


def _shown_json(found: Refutation) -> dict[str, Any]:
    """What the decoder was handed where that is less than the extremes with their values."""
    told = found.question.observation
    values = {name: getattr(told, name) for name in LEVELS[found.question.level].shows}
    return {k: str(y) if k in ("minimum", "maximum") else _strings(y) for k, y in values.items()}


def _witness(found: Refutation) -> tuple[Any, str | None]:
    from trompe.proofs.handover.witnesses import to_json
    from trompe.proofs.handover.witnesses.file import MAX_DIM

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


FORMATS: dict[str, Callable[[Refutation], str]] = {"text": text, "json": as_json}
"""What `trompe refute --format` takes."""
