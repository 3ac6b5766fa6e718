"""The 30 theorems of the table: what each cell claims, for whom, and what the paper prints there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from trompe.theory.classes import CLASSES
from trompe.theory.tasks import TASKS

__all__ = ["PAPER", "ROWS", "THEOREMS", "Form", "Row", "Sentence", "Theorem", "cells"]

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
class Row:
    """How the three statements of a class are quantified. Braces are filled per task."""

    key: str
    form: dict[str, Form]
    setting: Sentence
    """For which d, v, x, parameters."""
    fooled: dict[str, Sentence]
    """For which queries a fooling pair exists, per task (empty: all queries of the setting)."""
    exists: Sentence
    """That such queries exist, and where the task is decidable."""


@dataclass(frozen=True)
class Theorem:
    """One cell of the table, or of our further rows.

    `key` is its path, for life. `statement` and `latex` carry every quantifier. `paper` is the label
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

    @property
    def sha256(self) -> str:
        """Hash of key and statement, so that a citation names exactly what was proved."""
        return hashlib.sha256(f"{self.key}\n{self.statement}".encode()).hexdigest()


_NO, _YES, _SMALL_L = Form.IMPOSSIBLE, Form.POSSIBLE, Form.THRESHOLD
_ALL_NO = dict.fromkeys(TASKS, _NO)
_ALL_YES = dict.fromkeys(TASKS, _YES)
_EVERYWHERE = {task: Sentence("", "") for task in TASKS}
_EPS = Sentence("every 0 < eps < 1/2", r"every $0<\varepsilon<\tfrac12$")

_SHARP = {
    "exact": Sentence("f(x) != g(x)", r"$f(x)\neq g(x)$"),
    "approx": Sentence("|f(x) - g(x)| > 2 eps (M - m)", r"$|f(x)-g(x)|>2\varepsilon(M-m)$"),
    "side": Sentence("f(x) > (m + M)/2 > g(x)", r"$f(x)>\tfrac{m+M}{2}>g(x)$"),
}
_FAILS = {
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


_SHOWN = Sentence(
    "The only queries left out are a and b, whose values are shown.",
    r"The only queries left out are $a$ and $b$, whose values are shown.",
)
_KNOWN = Sentence(
    "The only queries left out are a and b, whose values are shown, and the training inputs, whose "
    "labels are known.",
    r"The only queries left out are $a$ and $b$, whose values are shown, and the training inputs, whose "
    r"labels are known.",
)


def _no_gap(key: str, members: Sentence, left_out: Sentence) -> Row:
    """A row whose fibre is everything between m and M at every query that is not shown."""
    return Row(
        key,
        _ALL_NO,
        Sentence(
            "every d >= 1, all m < M and all pairwise different points a, b, x of [0,1]^d"
            + members.text,
            r"every $d\ge 1$, all $m<M$ and all pairwise different $a,b,x\in[0,1]^d$"
            + members.latex,
        ),
        _EVERYWHERE,
        left_out,
    )


_LIP_SETTING = Sentence(
    "every d >= 1, each of the metrics l1, l2, linf, every L > 0, all m < M and all points a, b of "
    "[0,1]^d with R = M - m <= L |a - b|, and every x in [0,1]^d; put U = min(M, m + L |x - a|) and "
    "W = max(m, M - L |x - b|)",
    r"every $d\ge 1$, each of the metrics $\ell_1,\ell_2,\ell_\infty$, every $L>0$, all $m<M$ and all "
    r"$a,b\in[0,1]^d$ with $R=M-m\le L|a-b|$, and every $x\in[0,1]^d$; put $U=\min(M,m+L|x-a|)$ and "
    r"$W=\max(m,M-L|x-b|)$",
)

_ROWS = (
    _no_gap("black-box", Sentence("", ""), _SHOWN),
    _no_gap("neural-network", Sentence("", ""), _SHOWN),
    _no_gap(
        "erm",
        Sentence(
            ", and every finite data set with distinct inputs other than a, b, x and labels strictly "
            "between m and M",
            r", and every finite data set with distinct inputs other than $a,b,x$ and labels strictly "
            r"between $m$ and $M$",
        ),
        _KNOWN,
    ),
    Row(
        "lipschitz",
        {"exact": _NO, "approx": _NO, "side": _SMALL_L},
        _LIP_SETTING,
        {
            "exact": Sentence("W < U", "$W<U$"),
            "approx": Sentence("U - W > 2 eps R", r"$U-W>2\varepsilon R$"),
            "side": Sentence("L min(|x - a|, |x - b|) > R/2", r"$L\min(|x-a|,|x-b|)>\tfrac R2$"),
        },
        Sentence(
            "For every d, every metric, every L{eps} there are such m, M, a, b, x. At every other x the task is "
            "decidable.",
            r"For every $d$, every metric, every $L${eps} there are such $m,M,a,b,x$. At every other $x$ the task "
            r"is decidable.",
        ),
    ),
    _no_gap("piecewise-affine", Sentence("", ""), _SHOWN),
    Row(
        "monotone",
        _ALL_NO,
        Sentence(
            "every d >= 1, all m < M, a = (0, ..., 0), b = (1, ..., 1) and every x in [0,1]^d other "
            "than a and b",
            r"every $d\ge 1$, all $m<M$, $a=(0,\dots,0)$, $b=(1,\dots,1)$ and every $x\in[0,1]^d$ other "
            r"than $a$ and $b$",
        ),
        _EVERYWHERE,
        Sentence(
            "Every monotone function with unique extremes has them at these a and b.",
            r"Every monotone function with unique extremes has them at these $a$ and $b$.",
        ),
    ),
    Row(
        "convex",
        _ALL_NO,
        Sentence(
            "every d >= 1, all m < M, every corner b of [0,1]^d, every other point a and every x in "
            "[0,1]^d; gamma is the gauge of the box about a: gamma(x) = max over i of (x_i - a_i)/(1 - a_i) "
            "where a_i < 1 and (a_i - x_i)/a_i where a_i > 0",
            r"every $d\ge 1$, all $m<M$, every corner $b$ of $[0,1]^d$, every other point $a$ and every "
            r"$x\in[0,1]^d$; $\gamma$ is the gauge of the box about $a$: $\gamma(x)=\max_i$ of "
            r"$\frac{x_i-a_i}{1-a_i}$ where $a_i<1$ and $\frac{a_i-x_i}{a_i}$ where $a_i>0$",
        ),
        {
            "exact": Sentence("x is neither a nor b", r"$x\notin\{a,b\}$"),
            "approx": Sentence(
                "x != b and gamma(x) > 2 eps", r"$x\neq b$ and $\gamma(x)>2\varepsilon$"
            ),
            "side": Sentence("x != b and gamma(x) > 1/2", r"$x\neq b$ and $\gamma(x)>\tfrac12$"),
        },
        Sentence(
            "For all such d, m, M, a, b{eps} there are such x. At every other x the task is decidable.",
            r"For all such $d,m,M,a,b${eps} there are such $x$. At every other $x$ the task is decidable.",
        ),
    ),
    Row(
        "affine",
        _ALL_NO,
        Sentence(
            "every d >= 2, all m < M, every corner b of [0,1]^d, a = 1 - b and every x in [0,1]^d; put "
            "x'_i = x_i where b_i = 1 and x'_i = 1 - x_i where b_i = 0",
            r"every $d\ge 2$, all $m<M$, every corner $b$ of $[0,1]^d$, $a=1-b$ and every $x\in[0,1]^d$; "
            r"put $x'_i=x_i$ where $b_i=1$ and $x'_i=1-x_i$ where $b_i=0$",
        ),
        {
            "exact": Sentence("min x' < max x'", r"$\min x'<\max x'$"),
            "approx": Sentence("max x' - min x' > 2 eps", r"$\max x'-\min x'>2\varepsilon$"),
            "side": Sentence("min x' < 1/2 < max x'", r"$\min x'<\tfrac12<\max x'$"),
        },
        Sentence(
            "For all such d, m, M, b{eps} there are such x. At every other x the task is decidable. Every "
            "affine function with unique extremes has them at a corner b and at 1 - b.",
            r"For all such $d,m,M,b${eps} there are such $x$. At every other $x$ the task is decidable. "
            r"Every affine function with unique extremes has them at a corner $b$ and at $1-b$.",
        ),
    ),
    Row(
        "affine-1d",
        _ALL_YES,
        Sentence(
            "d = 1, every affine f : [0,1] -> R with minimum m and maximum M, any one of its minimisers "
            "a, any one of its maximisers b and every x in [0,1], with "
            "D(v, x) = m + (M - m) |x - a| / |b - a| if m < M and D(v, x) = m if m = M",
            r"$d=1$, every affine $f:[0,1]\to\mathbb R$ with minimum $m$ and maximum $M$, any one of its "
            r"minimisers $a$, any one of its maximisers $b$ and every $x\in[0,1]$, with "
            r"$D(v,x)=m+(M-m)\frac{|x-a|}{|b-a|}$ if $m<M$ and $D(v,x)=m$ if $m=M$",
        ),
        _EVERYWHERE,
        Sentence("", ""),
    ),
    Row(
        "constant",
        _ALL_YES,
        Sentence(
            "every d >= 1, every constant f : [0,1]^d -> R with value m and every x in [0,1]^d, with "
            "D(v, x) = m",
            r"every $d\ge 1$, every constant $f:[0,1]^d\to\mathbb R$ with value $m$ and every "
            r"$x\in[0,1]^d$, with $D(v,x)=m$",
        ),
        _EVERYWHERE,
        Sentence("", ""),
    ),
)

ROWS: dict[str, Row] = {row.key: row for row in _ROWS}

_MEMBERS = {
    "black-box": Sentence("functions f, g : [0,1]^d -> R", r"functions $f,g:[0,1]^d\to\mathbb R$"),
    "neural-network": Sentence(
        "functions f, g computed by ReLU networks", r"functions $f,g$ computed by ReLU networks"
    ),
    "erm": Sentence(
        "functions f, g computed by ReLU networks (of width unrestricted, growing with the data) that "
        "fit every training label, so that no function has a smaller empirical risk for any loss with "
        "l(t, t) <= l(p, t)",
        r"functions $f,g$ computed by ReLU networks (of width unrestricted, growing with the data) that "
        r"fit every training label, so that no function has a smaller empirical risk for any loss with "
        r"$\ell(t,t)\le\ell(p,t)$",
    ),
    "lipschitz": Sentence("L-Lipschitz functions f, g", r"$L$-Lipschitz functions $f,g$"),
    "piecewise-affine": Sentence(
        "continuous piecewise affine functions f, g", r"continuous piecewise affine functions $f,g$"
    ),
    "monotone": Sentence("monotone functions f, g", r"monotone functions $f,g$"),
    "convex": Sentence("convex functions f, g", r"convex functions $f,g$"),
    "affine": Sentence("affine functions f, g", r"affine functions $f,g$"),
}

_PHI = Sentence(
    "with phi(f) = phi(g) = ({a}, {b}, m, M), a being the only minimiser and b the only maximiser of each,",
    r"with $\varphi(f)=\varphi(g)=(\{a\},\{b\},m,M)$",
)


def _state(row: Row, members: Sentence | None, task: str, latex: bool) -> str:
    def pick(sentence: Sentence) -> str:
        return sentence.latex if latex else sentence.text

    eps = pick(_EPS) if task == "approx" else ""
    form, setting = row.form[task], "For " + pick(row.setting)
    if members is None:
        return f"{setting}: {pick(_RIGHT[task])}."
    pair = f"there are {pick(members)} {pick(_PHI)} and {pick(_SHARP[task])}; {pick(_FAILS[task])}"
    where = pick(row.fooled[task])
    if form is _SMALL_L:
        threshold = (
            r"$L\le R/(2\min(|x-a|,|x-b|))$" if latex else "L <= R / (2 min(|x - a|, |x - b|))"
        )
        return (
            f"{setting}: the task is decidable at x if and only if {threshold} (always if x is a or b). "
            f"That is: if {where}, {pair}; otherwise one answer is right for every L-Lipschitz function "
            f"with this visualization."
        )
    exists = pick(row.exists).replace("{eps}", f" and {eps}" if eps else "")
    condition = f" if {where}," if where else ""
    setting = f"For {eps}, {pick(row.setting)}" if eps else setting
    return f"{setting}:{condition} {pair}. {exists}"


_PAPER_LABELS = {
    "black-box": ("No", "No", "No"),
    "neural-network": ("No", "No", "No"),
    "erm": ("No", "No", "No"),
    "lipschitz": ("No", "No", "Only for small L"),
    "piecewise-affine": ("No", "No", "No"),
    "monotone": ("No", "No", "No"),
    "convex": ("No", "No", "No"),
    "affine": ("No", "No", "No"),
    "affine-1d": ("Yes", "Yes", "Yes"),
    "constant": ("Yes", "Yes", "Yes"),
}
"""The labels that the paper's table prints, in the order of TASKS."""


def cells(
    row: Row, members: Sentence | None, labels: Sequence[str | None], source: str
) -> dict[str, Theorem]:
    """The three theorems of a row. `members` are its pair's functions, None for a Yes row."""
    return {
        f"{row.key}/{task}": Theorem(
            key=f"{row.key}/{task}",
            row=row.key,
            task=task,
            form=row.form[task],
            statement=_state(row, members, task, latex=False),
            latex=_state(row, members, task, latex=True),
            paper=label,
            source=source,
        )
        for task, label in zip(TASKS, labels, strict=True)
    }


THEOREMS: dict[str, Theorem] = {
    key: cell
    for row in CLASSES
    for key, cell in cells(
        ROWS[row],
        _MEMBERS.get(row),
        _PAPER_LABELS[row],
        f"label: {PAPER}; statement, construction and constants: trompe",
    ).items()
}
"""All cells of the paper's table, row by row, in its order."""
