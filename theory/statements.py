"""How a cell is stated: its form, its sentence as text and as LaTeX, with every quantifier."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from trompe.theory.tasks import TASKS

PAPER = (
    "Geirhos, Zimmermann, Bilodeau, Brendel, Kim, \"Don't trust your eyes: on the (un)reliability of "
    'feature visualizations", ICML 2024'
)


class Form(Enum):
    """What a cell claims; the value is the label that a proof of the claim earns."""

    IMPOSSIBLE = "No"
    """Fooling pairs exist, for every class parameter; no decoder serves the whole class."""
    POSSIBLE = "Yes"
    """One decoder is right for every member and every query."""
    THRESHOLD = "Only for small L"
    """At each visualization and query: decidable if and only if L is at most a threshold."""


@dataclass(frozen=True)
class Sentence:
    """The same words as text and as LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True)
class Threshold:
    """Up to which parameter a task is decidable at a query."""

    condition: Sentence
    member: str
    """One member of the class, in words."""


@dataclass(frozen=True)
class Statement:
    """How the three statements of a class are quantified. Braces are filled per task."""

    form: dict[str, Form]
    setting: Sentence
    """For which d, v, x, parameters."""
    fooled: dict[str, Sentence]
    """For which queries a fooling pair exists, per task (empty: all queries of the setting)."""
    exists: Sentence
    """That such queries exist."""
    members: Sentence | None = None
    """The functions of a fooling pair; None for a Yes row."""
    elsewhere: Sentence | None = None
    """What is known at the other queries where both extremes are shown with their values."""
    only: Sentence | None = None
    """What extremes a member can have at all."""
    threshold: Threshold | None = None
    """Of a row with Form.THRESHOLD."""


@dataclass(frozen=True)
class OwnStatement:
    """What a row claims of one task where less is shown than both extremes with their values, in full."""

    form: Form
    sentence: Sentence
    any_eps: bool = False
    """Of approx: about every eps >= 0?"""


@dataclass(frozen=True)
class Theorem:
    """One cell of the table, of our further rows, or of the table where less is shown.

    `key` is its path, for life: row/task, and row/task/level where less is shown. `statement` and `latex` carry every
    quantifier. `paper` is the label
    that the paper prints, None where it has no such row: data to compare with, never the source of ours.
    """

    key: str
    row: str
    task: str
    form: Form
    statement: str
    latex: str
    paper: str | None
    source: str
    level: str = "extremes"
    """What is shown: a key of `levels.LEVELS`."""
    any_eps: bool = False
    """Of approx: is the statement about every eps >= 0, and not only about those between 0 and 1/2?"""

    @property
    def sha256(self) -> str:
        """Hash of key and statement, so that a citation names exactly what was proved."""
        return hashlib.sha256(f"{self.key}\n{self.statement}".encode()).hexdigest()


ALL_NO = dict.fromkeys(TASKS, Form.IMPOSSIBLE)
ALL_YES = dict.fromkeys(TASKS, Form.POSSIBLE)
NOTHING = Sentence("", "")
EVERYWHERE = dict.fromkeys(TASKS, NOTHING)

EPS = Sentence("every 0 < eps < 1/2", r"every $0<\varepsilon<\tfrac12$")
ANY_EPS = Sentence("every eps >= 0", r"every $\varepsilon\ge0$")

_SHARP = {
    "exact": Sentence("f(x) != g(x)", r"$f(x)\neq g(x)$"),
    "approx": Sentence("|f(x) - g(x)| > 2 eps (M - m)", r"$|f(x)-g(x)|>2\varepsilon(M-m)$"),
    "side": Sentence("f(x) > (m + M)/2 > g(x)", r"$f(x)>\tfrac{m+M}{2}>g(x)$"),
}

FAILS = {
    "exact": Sentence(
        "no decoder D(phi(f), x) equals f(x) for both",
        r"no decoder $D(\varphi(f),x)$ equals $f(x)$ for both",
    ),
    "approx": Sentence(
        "no decoder D(phi(f), x) is within eps (M - m) of f(x) for both",
        r"no decoder $D(\varphi(f),x)$ is within $\varepsilon(M-m)$ of $f(x)$ for both",
    ),
    "side": Sentence(
        "no decoder D(phi(f), x) names the right half of [m, M] for both",
        r"no decoder $D(\varphi(f),x)$ names the right half of $[m,M]$ for both",
    ),
}

_RIGHT = {
    "exact": Sentence("D(phi(f), x) = f(x)", r"$D(\varphi(f),x)=f(x)$"),
    "approx": Sentence(
        "|D(phi(f), x) - f(x)| <= eps (M - m) for every eps >= 0",
        r"$|D(\varphi(f),x)-f(x)|\le\varepsilon(M-m)$ for every $\varepsilon\ge 0$",
    ),
    "side": Sentence(
        'the side of (m + M)/2 on which D(phi(f), x) lies ("min" if it is at most (m + M)/2, else "max") '
        "is the side of f(x)",
        r"the side of $\tfrac{m+M}{2}$ on which $D(\varphi(f),x)$ lies is the side of $f(x)$",
    ),
}

SHOWN = Sentence(
    "The only queries left out are a and b, whose values are shown.",
    r"The only queries left out are $a$ and $b$, whose values are shown.",
)

DECIDED = Sentence(
    "At every other x the task is decidable.", "At every other $x$ the task is decidable."
)


def no_gap(further: Sentence, left_out: Sentence, members: Sentence) -> Statement:
    """A row whose fibre is everything between m and M at every query that is not shown."""
    return Statement(
        ALL_NO,
        Sentence(
            "every d >= 1, all m < M and all pairwise different points a, b, x of [0,1]^d"
            + further.text,
            r"every $d\ge 1$, all $m<M$ and all pairwise different $a,b,x\in[0,1]^d$"
            + further.latex,
        ),
        EVERYWHERE,
        NOTHING,
        members,
        left_out,
    )


_PHI = Sentence(
    "with phi(f) = phi(g) = ({a}, {b}, m, M), a being the only minimiser and b the only maximiser of each,",
    r"with $\varphi(f)=\varphi(g)=(\{a\},\{b\},m,M)$",
)


def state(
    row: Statement,
    task: str,
    latex: bool,
    fails: Sentence | None = None,
    further: Sentence | None = None,
) -> str:
    """The statement of one task as text or LaTeX.

    Parameters
    ----------
    fails : what no decoder does, where less is shown; then nothing is said of other queries. further : what
        the setting also ranges over there.
    """

    def pick(sentence: Sentence) -> str:
        return sentence.latex if latex else sentence.text

    eps = pick(EPS) if task == "approx" else ""
    ranges = pick(row.setting) + (pick(further) if further else "")
    form, setting = row.form[task], "For " + ranges
    if row.members is None:
        return f"{setting}: {pick(_RIGHT[task])}."
    pair = f"there are {pick(row.members)} {pick(_PHI)} and {pick(_SHARP[task])}; {pick(fails or FAILS[task])}"
    where = pick(row.fooled[task])
    if row.threshold is not None and form is Form.THRESHOLD:
        return (
            f"{setting}: the task is decidable at x if and only if {pick(row.threshold.condition)} (always if x is a "
            f"or b). That is: if {where}, {pair}; otherwise one answer is right for every {row.threshold.member} "
            f"with this visualization."
        )
    exists = pick(row.exists).replace("{eps}", f" and {eps}" if eps else "")
    condition = f" if {where}," if where else ""
    setting = f"For {eps}, {ranges}" if eps else setting
    more = [pick(sentence) for sentence in (None if fails else row.elsewhere, row.only) if sentence]
    return " ".join(part for part in (f"{setting}:{condition} {pair}.", exists, *more) if part)


def cells(key: str, row: Statement, labels: Sequence[str] | None) -> dict[str, Theorem]:
    """The three theorems of a row. `labels` are what the paper prints, None where it has no such row."""
    found = {}
    for task, label in zip(TASKS, labels or (None,) * len(TASKS), strict=True):
        sentence = Sentence(state(row, task, latex=False), state(row, task, latex=True))
        said = OwnStatement(row.form[task], sentence, task == "approx" and row.members is None)
        found[f"{key}/{task}"] = theorem_of(f"{key}/{task}", said, label)
    return found


def theorem_of(key: str, said: OwnStatement, label: str | None) -> Theorem:
    """The theorem with this key, row/task or row/task/level, and this statement."""
    row, task, *level = key.split("/")
    ours = "statement, construction and constants: trompe"
    where = (
        "the paper's table is about both extremes" if level else "the paper's table has no such row"
    )
    source = f"label: {PAPER}; {ours}" if label else f"{ours}; {where}"
    sentence = said.sentence
    shown = level[0] if level else "extremes"
    return Theorem(
        key, row, task, said.form, sentence.text, sentence.latex, label, source, shown, said.any_eps
    )
