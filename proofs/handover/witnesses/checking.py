"""Check a witness: is every one of its claims true, for the whole box, in exact arithmetic?

Each claim gets a verdict. PROVED: by a rule of `extremes` or `membership`, by evaluation, or by `unsat`
from both solvers. REFUTED: a value or a point is named at which it fails. UNKNOWN: neither, which
never counts as proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Literal

from trompe.constructions.expressions import Expression, values
from trompe.constructions.triples import NAMES, Name
from trompe.constructions.work import TooMuchWork, limited
from trompe.ground.arguments import Keys, checked
from trompe.ground.reading import TooLarge, Unreadable, read_input
from trompe.ground.text import wrapped
from trompe.proofs.handover.witnesses.data import Witness, check_extremes, check_row
from trompe.proofs.handover.witnesses.extremes import BoxAnalysis
from trompe.proofs.handover.witnesses.file import MAX_BYTES, parse
from trompe.proofs.handover.witnesses.unit_checks import Result, UnitCheck, Verdict, printed
from trompe.proofs.pinned import statement_stray
from trompe.proofs.solvers import SOLVERS, chosen
from trompe.theory import (
    Approx,
    Interval,
    InvalidInput,
    Point,
    Visualization,
    as_point,
    show,
    theorem,
)
from trompe.theory.levels import LEVELS, told_apart

_IS_WITNESS = "the file is a witness file"
MAX_STEPS = 20_000_000
"""Steps of exact arithmetic for one witness, solvers included; see `trompe.constructions.work`."""


@dataclass(frozen=True)
class Finding:
    """One claim and its verdict; `says` names the claim, `reason` the rule, the value or the point."""

    says: str
    verdict: Verdict | Literal["EVALUATED"]
    """EVALUATED: as claimed, by floats; nothing is proved."""
    reason: str

    @property
    def holds(self) -> bool:
        """Is it as claimed?"""
        return self.verdict in ("PROVED", "EVALUATED")


@dataclass(frozen=True)
class Report:
    """What was checked, in order. `key` is the theorem's, or "" where the file does not tell."""

    key: str
    findings: tuple[Finding, ...]
    is_a: str = "a witness"
    """What the file is where every claim is proved."""
    besides: str = ""
    """What the file says that was not looked at."""

    @property
    def ok(self) -> bool:
        """Is every claim proved, or evaluated where no more is claimed?"""
        return bool(self.findings) and all(f.holds for f in self.findings)

    def text(self) -> str:
        """A claim after the other, then the outcome, in lines of at most 100 columns."""
        width = max([8, *(len(f.verdict) for f in self.findings)]) + 1
        lines = [f"{f.verdict:<{width}}{f.says}: {f.reason}" for f in self.findings]
        verdicts = [f.verdict for f in self.findings]
        counted = f"{verdicts.count('PROVED')} of {len(verdicts)} claims proved"
        if evaluated := verdicts.count("EVALUATED"):
            counted += f", {evaluated} evaluated (no certified error)"
        outcome = f"{self.is_a} for {self.key}" if self.ok else f"not shown to be {self.is_a}"
        lines += [f"not checked: {self.besides}"] * bool(self.besides)
        lines.append(f"{counted}: {outcome}")
        return "\n".join(part for line in lines for part in wrapped(line, then=" " * width))


def check_file(path: str | Path, solvers: Sequence[str] = tuple(SOLVERS)) -> Report:
    """Check a witness file (`-`: standard input); a file that is not one is a report that says why.

    Raises
    ------
    InvalidInput : the file cannot be read at all, or no solver is given.
    """
    content = content_of(path)
    return content if isinstance(content, Report) else check_bytes(content, solvers)


def content_of(path: str | Path) -> bytes | Report:
    """The content of a file (`-`: standard input), or the report on one that is too large.

    Raises
    ------
    InvalidInput : the file cannot be read at all.
    """
    try:
        return read_input(str(path), MAX_BYTES)
    except TooLarge as error:
        return Report("", (Finding(_IS_WITNESS, "REFUTED", f"{error}; nothing was read"),))
    except Unreadable as error:
        raise InvalidInput(f"{path}: {error}; give a witness file") from None


def check_bytes(content: bytes, solvers: Sequence[str] = tuple(SOLVERS)) -> Report:
    """Check the content of a witness file; reading it counts as work."""
    with limited(MAX_STEPS):
        try:
            witness = parse(content)
        except TooMuchWork as error:
            return Report("", (Finding(_IS_WITNESS, "UNKNOWN", str(error)),))
        except InvalidInput as error:
            return Report("", (Finding(_IS_WITNESS, "REFUTED", str(error)),))
        return check_witness(witness, solvers)


@checked
def check_witness(witness: Witness, solvers: Keys = tuple(SOLVERS)) -> Report:
    """Prove or refute every claim of a witness.

    In order: the statement is the one that this trompe has under the key; some member of the class has this
    visualization; the value at the query is not shown; where f has a visualization of its own, the level shows the same
    of both; f(x) and g(x) are as claimed; f and g have their
    extremes and no other; both are members; the task is refuted by as much as is claimed. The
    later claims are not looked at where those before f(x) fail. At most MAX_STEPS steps are taken; a claim that
    is not decided by then is UNKNOWN.

    Raises
    ------
    InvalidInput : no solver is given.
    """
    names = chosen(solvers)
    with limited(MAX_STEPS):
        findings = [_statement(witness), *_setting(witness)]
        if all(f.verdict == "PROVED" for f in findings):
            findings += _units(witness, names)
            findings.append(_guarded(_refuted_text(witness), lambda: _refuted(witness)))
    return Report(witness.key, tuple(findings))


def _units(witness: Witness, solvers: Sequence[str]) -> Iterator[Finding]:
    """The claims about f and about g. Parts that they share are looked at once."""
    f, g = witness.f, witness.g
    if f.atoms == g.atoms:
        g = replace(g, atoms=f.atoms)
    inputs = getattr(getattr(witness.cls, "data", None), "inputs", ())
    at_data = cache(lambda: list(zip(*(values([f, g], s) for s in inputs), strict=True)))
    analysis = BoxAnalysis(witness.dim)
    pair: tuple[tuple[Name, Expression, Fraction], ...] = (
        ("f", f, witness.f_x),
        ("g", g, witness.g_x),
    )
    for name, h, claimed in pair:
        says = f"{name}(x) = {printed(claimed)}"
        yield _guarded(says, partial(_value, witness.x, h, claimed))
    for place, (name, h, _) in enumerate(pair):
        labels = partial(lambda at: at_data()[at] if inputs else (), place)
        unit = UnitCheck(name, h, witness, analysis, solvers, labels)
        for says, check in unit.claims():
            yield _guarded(says, check)


def _guarded(says: str, check: Callable[[], Result], invalid: Verdict = "UNKNOWN") -> Finding:
    """The finding of a check; `invalid` is the verdict where it raises InvalidInput (a limit is hit)."""
    try:
        return Finding(says, *check())
    except TooMuchWork as error:
        return Finding(says, "UNKNOWN", str(error))
    except InvalidInput as error:
        return Finding(says, invalid, str(error))
    except ValueError as error:
        # int -> str conversion is limited in length by Python, to keep hostile input from stalling it.
        if "digits" not in str(error):
            raise
        return Finding(says, "UNKNOWN", "the numbers have too many digits to be printed")


# -- the setting -----------------------------------------------------------------------------------------


def _statement(witness: Witness) -> Finding:
    says = f"the statement is that of {witness.key}"

    def check() -> Result:
        check_row(witness.key)
        check_extremes(witness.key, witness.of_f)
        expected = theorem(witness.key).sha256
        if witness.statement != expected:
            return "REFUTED", f"its SHA-256 is {expected}; the file says {witness.statement[:64]!r}"
        if stray := statement_stray(witness.key):
            return "UNKNOWN", stray
        return "PROVED", "same SHA-256"

    return _guarded(says, check, "REFUTED")


def _setting(witness: Witness) -> Iterator[Finding]:
    cls, of_f, level = witness.cls, witness.of_f, theorem(witness.key).level

    def shown(v: Visualization) -> Result:
        cls.check_visualization(v)
        return "PROVED", "the conditions of the class on a, b, m, M hold"

    def hidden() -> Result:
        cls.check_query(witness.v, witness.x)
        return "PROVED", "x is a point of the box and its value is not shown"

    def inside() -> Result:
        as_point(witness.x, "query", witness.dim)
        return "PROVED", "x is a point of the box"

    def alike() -> Result:
        if name := told_apart(witness.v_of("f"), witness.v, level):
            return "REFUTED", f"f and g have not the same {name}"
        return "PROVED", "compared"

    if of_f is None:
        yield _guarded("the visualization is admissible", partial(shown, witness.v), "REFUTED")
        yield _guarded("the query is admissible", hidden, "REFUTED")
        return
    for name in NAMES:
        says = f"the visualization of {name} is admissible"
        yield _guarded(says, partial(shown, witness.v_of(name)), "REFUTED")
    yield _guarded("the query is admissible", inside, "REFUTED")
    told = ", ".join(dict.fromkeys(["argmin", "argmax", *LEVELS[level].shows]))
    yield _guarded(f"f and g have the same {told}, the level is {level}", alike, "REFUTED")


def _value(x: Point, h: Expression, claimed: Fraction) -> Result:
    value = h(x)
    if value != claimed:
        return "REFUTED", f"it is {printed(value)} at x = {show(x)}"
    return "PROVED", "evaluated"


def _refuted_text(witness: Witness) -> str:
    eps = f", eps = {printed(witness.task.eps)}" if isinstance(witness.task, Approx) else ""
    claimed = ", ".join(f"{name} = {printed(value)}" for name, value in witness.amount)
    return f"every decoder fails at the task {witness.task.key}{eps} on f or on g: {claimed}"


def _refuted(witness: Witness) -> Result:
    ends = Interval(witness.g(witness.x), witness.f(witness.x))
    true = witness.task.margin(ends, witness.v, witness.of_f)
    text = ", ".join(f"{name} = {printed(value)}" for name, value in true.items())
    if not witness.task.refuted(true):
        return "REFUTED", f"f(x) and g(x) leave room for a decoder: {text}"
    if true != dict(witness.amount):
        return "REFUTED", f"the amounts are {text}"
    return "PROVED", "computed from f(x), g(x), m, M"
