"""The files of a certificate: each asks one question about real numbers, under comments that say how to read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from trompe.ground.text import wrapped

Question: TypeAlias = Literal["main", "vacuity", "mutant"]

QUESTIONS: tuple[Question, ...] = ("main", "vacuity", "mutant")
EXPECTED: dict[str, str] = {"main": "unsat", "vacuity": "sat", "mutant": "sat"}
"""What every solver must answer."""
_SUFFIX: dict[str, str] = {
    "main": ".smt2",
    "vacuity": ".vacuity.smt2",
    "mutant": ".mutant.smt2",
}

FIRST_LINE = "; A trompe certificate: "
"""How every file of a set begins."""

_MEANING: dict[str, tuple[str, str]] = {
    "main": (
        "one sentence",
        "Asserted are the hypotheses of the sentence below and the negation of its conclusion. A solver "
        "that answers unsat says: no real numbers satisfy the hypotheses and break the conclusion, so "
        "the sentence holds for all real values of the symbols. The expected answer is unsat.",
    ),
    "vacuity": (
        "the vacuity twin of one sentence",
        "Asserted are the hypotheses of the sentence below, without its conclusion. A solver that answers sat "
        "says: some real numbers satisfy them, so the sentence does not hold for want of a case. The "
        "expected answer is sat.",
    ),
    "mutant": (
        "the mutant twin of one sentence",
        "Asserted is the negation of the sentence below with one fault planted into it. A solver that "
        "answers sat says: the damaged sentence is false, so the check notices this fault. The expected "
        "answer is sat.",
    ),
}


def file_name(key: str, question: str) -> str:
    """The path of a file in its set: `mix/gap.smt2`, `mix/gap.vacuity.smt2`, `mix/gap.mutant.smt2`."""
    return key + _SUFFIX[question]


def certificate_text(question: Question, script: str, theorems: Iterable[str]) -> str:
    """The script as it is given to the solvers, under comments that say how to read it.

    Parameters
    ----------
    script : as `trompe.proofs.smt.scripts` prints it; its own comments name the obligation, the sentence
    and each assertion. theorems : the keys whose proof has the sentence as a step.
    """
    title, meaning = _MEANING[question]
    serves = ", ".join(theorems) or "no theorem (none of the table's rests on it)"
    lines = wrapped(meaning, 96, cuts_hyphens=True)
    lines += wrapped(f"A step of the proofs of: {serves}.", 96)
    comments = "".join(f"; {line}\n" for line in lines)
    return f"{FIRST_LINE}{title}.\n{comments};\n{script}"
