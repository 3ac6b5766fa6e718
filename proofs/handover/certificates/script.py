"""The files of a certificate: their text, and the reader that lets no other text through.

A file holds one satisfiability question about real numbers. It is read before any solver sees it: only
`set-logic`, `declare-const`, `assert` and one last `check-sat` are let through, and only terms made of
polynomial arithmetic, comparisons and the propositional connectives. So a file can neither
make a solver write or read other files nor give a symbol of arithmetic another meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from trompe.ground.text import wrapped
from trompe.theory import InvalidInput

__all__ = [
    "EXPECTED",
    "FIRST_LINE",
    "MAX_SCRIPT_BYTES",
    "QUESTIONS",
    "Difference",
    "Question",
    "Script",
    "ScriptRefused",
    "certificate_text",
    "differences",
    "file_name",
    "read_script",
]

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
MAX_SCRIPT_BYTES = 1 << 20
MAX_DEPTH = 200
"""Nesting of parentheses; what trompe writes stays below 30."""

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
    serves = ", ".join(theorems) or "none of the table's (it carries an inclusion of classes)"
    lines = wrapped(meaning, 96, cuts_hyphens=True)
    lines += wrapped(f"A step of the proofs of: {serves}.", 96)
    comments = "".join(f"; {line}\n" for line in lines)
    return f"{FIRST_LINE}{title}.\n{comments};\n{script}"


# -- reading -----------------------------------------------------------------------------------


class ScriptRefused(InvalidInput):
    """The text is no script that a certificate may hold; the message says where and why."""


@dataclass(frozen=True)
class Script:
    """What a file asks, without its comments and layout."""

    logic: str
    symbols: tuple[str, ...]
    assertions: tuple[str, ...]


_TOKEN = re.compile(r";[^\n]*|[()]|[^ \n();]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_!]*")
_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
_LOGICS = ("QF_LRA", "QF_NRA")
_ARITY: dict[str, tuple[int, int | None]] = {
    "and": (2, None),
    "or": (2, None),
    "=>": (2, 2),
    "not": (1, 1),
    "ite": (3, 3),
    "=": (2, 2),
    "distinct": (2, 2),
    "<": (2, 2),
    "<=": (2, 2),
    ">": (2, 2),
    ">=": (2, 2),
    "+": (2, None),
    "-": (1, None),
    "*": (2, None),
    "/": (2, 2),
}
_RESERVED = frozenset(
    {*_ARITY, "let", "true", "false", "forall", "exists", "match", "par", "as", "xor", "abs"}
    | {"assert", "Real", "Int", "Bool", "_", "to_real", "to_int", "is_int", "div", "mod"}
)
_COMMANDS = "set-logic, declare-const, assert and check-sat"


def read_script(content: bytes) -> Script:
    """Read a file of a certificate.

    Raises
    ------
    ScriptRefused : it holds anything but the few commands and terms that a certificate needs, or is too
    large or too deep.
    """
    if len(content) > MAX_SCRIPT_BYTES:
        raise ScriptRefused(f"it is larger than {MAX_SCRIPT_BYTES} bytes")
    wrong = next((byte for byte in content if byte != 10 and not 32 <= byte < 127), None)
    if wrong is not None:
        raise ScriptRefused(f"byte {wrong:#04x}: only printable ASCII and line feeds are allowed")
    commands = list(_commands(content.decode("ascii")))
    if not commands:
        raise ScriptRefused("it holds no command, only comments or nothing")
    logic: str | None = None
    symbols: dict[str, None] = {}
    assertions: list[str] = []
    checked = False
    for line, command in commands:
        where = f"line {line}"
        if checked:
            raise ScriptRefused(f"{where}: something follows check-sat, which must be last")
        match command:
            case ("set-logic", str(name)) if logic is None and name in _LOGICS:
                logic = name
            case ("set-logic", *_):
                raise ScriptRefused(f"{where}: set-logic must stand once and name {_LOGICS}")
            case (str(name), *_) if logic is None:
                raise ScriptRefused(f"{where}: {_short(name)} stands before set-logic")
            case ("declare-const", str(name), "Real"):
                if name in symbols or name in _RESERVED or not _NAME.fullmatch(name):
                    raise ScriptRefused(f"{where}: {_short(name)} cannot be declared, or is twice")
                symbols[name] = None
            case ("assert", term):
                _check_term(term, set(symbols), where)
                assertions.append(_show(term))
            case ("check-sat",):
                checked = True
            case (str(name), *_):
                raise ScriptRefused(
                    f"{where}: command {_short(name)}: only {_COMMANDS} are allowed"
                )
            case _:
                raise ScriptRefused(f"{where}: expected a command: {_COMMANDS}")
    if not checked or logic is None:
        raise ScriptRefused("check-sat is missing: it asks nothing")
    return Script(logic, tuple(symbols), tuple(assertions))


def _commands(text: str) -> Iterable[tuple[int, Any]]:
    """The top-level expressions, as nested tuples of strings, with the line where each begins."""
    stack: list[list[Any]] = []
    begins = line = 1
    at = 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        word = token.group()
        if word.startswith(";"):
            continue
        if word == "(":
            if not stack:
                begins = line
            stack.append([])
            if len(stack) > MAX_DEPTH:
                raise ScriptRefused(f"line {line}: parentheses nest deeper than {MAX_DEPTH}")
        elif word == ")":
            if not stack:
                raise ScriptRefused(f"line {line}: a parenthesis closes nothing")
            done = tuple(stack.pop())
            if stack:
                stack[-1].append(done)
            else:
                yield begins, done
        elif stack:
            stack[-1].append(word)
        else:
            raise ScriptRefused(f"line {line}: {_short(word)} stands outside a command")
    if stack:
        raise ScriptRefused(f"line {begins}: the command is not closed; the file is cut off")


def _check_term(term: Any, known: set[str], where: str) -> None:
    """Only the operators of _ARITY, `let`, numbers and known symbols; division only by numbers."""
    if isinstance(term, str):
        if not (term in known or term in ("true", "false") or _is_number(term)):
            raise ScriptRefused(f"{where}: {_short(term)} is not declared")
        return
    head = term[0] if term else "()"
    if head == "let":
        names = _bound(term, known, where)
        _check_term(term[2], known | names, where)
        return
    if not isinstance(head, str) or head not in _ARITY:
        raise ScriptRefused(f"{where}: {_short(_show(head))} is no operator that is allowed")
    low, high = _ARITY[head]
    if len(term) - 1 < low or (high is not None and len(term) - 1 > high):
        raise ScriptRefused(f"{where}: {head} with {len(term) - 1} arguments")
    if head == "/" and not (_is_number(term[2]) and term[2].strip("0.")):
        raise ScriptRefused(f"{where}: division by anything but a number other than 0")
    for part in term[1:]:
        _check_term(part, known, where)


def _is_number(term: Any) -> bool:
    return isinstance(term, str) and _NUMBER.fullmatch(term) is not None


def _bound(term: Any, known: set[str], where: str) -> set[str]:
    """The names that a `let` binds; none of them may hide another."""
    if len(term) != 3 or not isinstance(term[1], tuple) or not term[1]:
        raise ScriptRefused(f"{where}: a let without its bindings or its body")
    names: set[str] = set()
    for binding in term[1]:
        match binding:
            case (str(name), value) if _NAME.fullmatch(name):
                _check_term(value, known, where)
            case _:
                raise ScriptRefused(f"{where}: a let binds something that is no name")
        if name in known or name in names or name in _RESERVED:
            raise ScriptRefused(f"{where}: let hides {_short(name)}")
        names.add(name)
    return names


def _show(term: Any) -> str:
    if not isinstance(term, tuple):
        return str(term)
    return f"({' '.join(_show(part) for part in term)})"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


# -- comparing ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """How a file differs from what it should be. `weaker`: it assumes more, so its unsat says less."""

    weaker: bool
    reason: str


def differences(found: Script, wanted: Script, question: Question) -> list[Difference]:
    """How the question that was found differs from the one that is wanted; none if they are the same.

    An additional assertion in a file whose answer is to be `unsat` is a further hypothesis: it weakens the
    sentence, down to one that says nothing when the assertion contradicts the others.
    """
    notes = []
    if found.logic != wanted.logic:
        notes.append(Difference(False, f"the logic is {found.logic}, not {wanted.logic}"))
    if set(found.symbols) != set(wanted.symbols):
        apart = sorted(set(found.symbols) ^ set(wanted.symbols))
        notes.append(Difference(False, f"the declared symbols differ in {', '.join(apart)}"))
    have, need = Counter(found.assertions), Counter(wanted.assertions)
    notes += [
        Difference(question == "main", f"it also asserts {_short(one)}") for one in have - need
    ]
    notes += [Difference(False, f"it does not assert {_short(one)}") for one in need - have]
    if not notes and (found.symbols, found.assertions) != (wanted.symbols, wanted.assertions):
        notes.append(Difference(False, "the order of its declarations or assertions differs"))
    return notes
