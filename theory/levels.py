"""What is shown of a unit: levels from both extremes with their values down to the picture of the maximum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, TypeAlias

from trompe.ground.arguments import BY_ITSELF
from trompe.ground.errors import InvalidInput, known
from trompe.theory.statements import (
    ANY_EPS,
    EPS,
    FAILS,
    NOTHING,
    Form,
    OwnStatement,
    Sentence,
    Statement,
    Theorem,
    theorem_of,
)
from trompe.theory.statements import state as state_extremes
from trompe.theory.tasks import TASKS
from trompe.theory.visualization import Visualization


@dataclass(frozen=True)
class Level:
    """What a decoder is shown of a unit besides the query.

    At `extremes` and `near` right and wrong are relative to the two values that are shown; at the other levels to the
    unit's own range and midrange, which the decoder does not know.
    """

    key: str
    says: str
    """What is shown, in words."""
    shows: tuple[str, ...]
    """Of argmin, argmax, minimum, maximum, limits."""
    given: Sentence
    """The same as arguments of a decoder."""

    @property
    def is_own_scale(self) -> bool:
        """Is an answer judged by a range that is not shown?"""
        return not {"minimum", "maximum"} <= set(self.shows)

    @property
    def decoder(self) -> Sentence:
        """A decoder's answer at x."""
        return Sentence(f"D({self.given.text}, x)", f"$D({self.given.latex},x)$")


EXTREMES = "extremes"

LEVELS: dict[str, Level] = {
    level.key: level
    for level in (
        Level(
            EXTREMES,
            "the argmin set, the argmax set, the minimum m and the maximum M",
            ("argmin", "argmax", "minimum", "maximum"),
            Sentence("phi(f)", r"\varphi(f)"),
        ),
        Level(
            "near",
            "two points a, b with their values alpha <= beta (equal only of constants), and numbers lo, hi that the unit "
            "cannot leave",
            ("argmin", "argmax", "minimum", "maximum", "limits"),
            Sentence("a, b, alpha, beta, lo, hi", r"a,b,\alpha,\beta,lo,hi"),
        ),
        Level(
            "maximum",
            "the argmax set B and the maximum M",
            ("argmax", "maximum"),
            Sentence("B, M", "B,M"),
        ),
        Level(
            "images",
            "the argmin set A and the argmax set B, without values",
            ("argmin", "argmax"),
            Sentence("A, B", "A,B"),
        ),
        Level(
            "argmax",
            "the argmax set B, without its value",
            ("argmax",),
            Sentence("B", "B"),
        ),
    )
}
"""The levels in the order in which tables show them."""

EVERY_LEVEL = "all"
"""What stands for all of them where several may be named."""

LESS_SHOWN = tuple(key for key in LEVELS if key != EXTREMES)

AnyLevel: TypeAlias = Annotated[Level | str, BY_ITSELF]
"""A level, or its key; `level` reads it."""


def level(key: AnyLevel) -> Level:
    """The level called `key`.

    Raises
    ------
    UnknownKey : no such level.
    """
    return key if isinstance(key, Level) else known("level", key, LEVELS)


Own: TypeAlias = Mapping[tuple[str, str], OwnStatement]
"""What a row states itself, by task and level."""


class NotShown(InvalidInput, AttributeError):
    """A decoder reads what its level does not show."""


class Observation:
    """What a decoder gets of a unit at a level: what it shows, and nothing else.

    Of `argmin`, `argmax` (one point each), `minimum`, `maximum` and `limits` (lo, hi) those that the level shows; `dim`
    always; `range` and `mid` where both values are shown. Numbers are exact or floats.

    Raises
    ------
    NotShown : what is read is not shown.
    """

    level: str
    _shown: dict[str, Any]

    def __init__(self, level: str, **shown: Any) -> None:
        told = {name: shown[name] for name in LEVELS[level].shows}
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "_shown", told)

    def __setattr__(self, name: str, value: Any) -> None:
        raise InvalidInput(f"{name}: what is shown cannot be changed")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._shown:
            return self._shown[name]
        if name in _FIELDS:
            raise NotShown(
                f"{name} is not shown at the level {self.level}, which shows {', '.join(self._shown)}"
            )
        raise AttributeError(f"what is shown has no {name!r}; it has {', '.join(self._shown)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Observation) and (self.level, self._shown) == (
            other.level,
            other._shown,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"Observation({self.level}: {', '.join(f'{k} = {v}' for k, v in self._shown.items())})"
        )

    @property
    def dim(self) -> int:
        """The number d of inputs."""
        return len(self.argmax)

    @property
    def range(self) -> Any:
        """The difference of the two shown values."""
        return self.maximum - self.minimum

    @property
    def mid(self) -> Any:
        """Half their sum."""
        return (self.minimum + self.maximum) / 2


_FIELDS = ("argmin", "argmax", "minimum", "maximum", "limits", "range", "mid")


def observed(v: Visualization, key: str, limits: tuple[Any, Any] | None = None) -> Observation:
    """What a level shows of a unit with the visualization v, exact; near, with the promise `limits`, else `promised`."""
    return Observation(
        key,
        argmin=v.argmin,
        argmax=v.argmax,
        minimum=v.minimum,
        maximum=v.maximum,
        limits=limits or promised(v),
    )


def promised(v: Visualization) -> tuple[Any, Any]:
    """The promise lo <= f <= hi that is made where none is given: a range (of a constant, 1) below m and above M."""
    reach = v.range or 1
    return v.minimum - reach, v.maximum + reach


def told_apart(v: Visualization, other: Visualization, key: str) -> str:
    """Which of the pictures, or of the values that a level shows, is another one of two units, "" if none.

    A constant unit has its extremes everywhere, so its pictures are those of no other one.
    """
    if bool(v.range) != bool(other.range):
        return "argmax"
    names = dict.fromkeys(["argmin", "argmax", *LEVELS[key].shows])
    return next((name for name in names if getattr(v, name) != getattr(other, name)), "")


def cell_key(row: str, task: str, level: str) -> str:
    """The key of a theorem: `convex/side`, or `convex/side/argmax` where less is shown than the extremes."""
    return f"{row}/{task}" if level == EXTREMES else f"{row}/{task}/{level}"


# -- how a cell is stated where less is shown --------------------------------------------------------------

_PROMISE = Sentence(
    "; lo and hi are any numbers with lo <= m and hi >= M",
    r"; $lo$ and $hi$ are any numbers with $lo\le m$ and $hi\ge M$",
)
_SHOW = {
    "near": Sentence(
        "both take the values alpha = m at a and beta = M at b and stay in [lo, hi], and",
        r"both take the values $\alpha=m$ at $a$ and $\beta=M$ at $b$ and stay in $[lo,hi]$, and",
    ),
    "maximum": Sentence("both show B = {b} and M, and", r"both show $B=\{b\}$ and $M$, and"),
    "images": Sentence(
        "both show A = {a} and B = {b}, and", r"both show $A=\{a\}$ and $B=\{b\}$, and"
    ),
    "argmax": Sentence("both show B = {b}, and", r"both show $B=\{b\}$, and"),
}


def _inherited(row: Statement, task: str, at: Level) -> OwnStatement:
    """The No of the extremes, for decoders that are shown less (or a promise besides)."""
    fails = FAILS[task]
    fails = Sentence(
        fails.text.replace("D(phi(f), x)", at.decoder.text),
        fails.latex.replace(r"$D(\varphi(f),x)$", at.decoder.latex),
    )
    told = Sentence(
        f"{_SHOW[at.key].text} {fails.text}",
        f"{_SHOW[at.key].latex} {fails.latex}",
    )
    promise = _PROMISE if at.key == "near" else None
    return OwnStatement(
        Form.IMPOSSIBLE,
        Sentence(
            *(state_extremes(row, task, latex, told, promise) for latex in (False, True)),
        ),
    )


def level_cells(key: str, row: Statement, own: Own) -> dict[str, Theorem]:
    """The theorems of a row at the levels that show less: its own ones, else what is inherited from the extremes.

    A Yes is never inherited by what shows less, so a row with one states it itself.
    """
    found = {}
    for name, task in product(LESS_SHOWN, TASKS):
        said = own.get((task, name))
        if said is None:
            if row.form[task] is not Form.IMPOSSIBLE:
                raise KeyError(f"{key}/{task}/{name}: only a No is inherited; state it")
            said = _inherited(row, task, LEVELS[name])
        cell = cell_key(key, task, name)
        found[cell] = theorem_of(cell, said, None)
    return found


# -- what a row's own statements are made of ---------------------------------------------------------------

_APART = {
    "exact": Sentence("f(x) != g(x)", r"$f(x)\neq g(x)$"),
    "approx": Sentence(
        "|f(x) - g(x)| > eps (max f - min f + max g - min g)",
        r"$|f(x)-g(x)|>\varepsilon(\max f-\min f+\max g-\min g)$",
    ),
    "side": Sentence(
        "f(x) > (min f + max f)/2 and g(x) < (min g + max g)/2",
        r"$f(x)>\tfrac{\min f+\max f}{2}$ and $g(x)<\tfrac{\min g+\max g}{2}$",
    ),
}

_SERVES = {
    "exact": Sentence("equals h(x)", "equals $h(x)$"),
    "approx": Sentence(
        "is within eps (max h - min h) of h(x)", r"is within $\varepsilon(\max h-\min h)$ of $h(x)$"
    ),
    "side": Sentence(
        "names the side of (min h + max h)/2 on which h(x) lies",
        r"names the side of $\tfrac{\min h+\max h}{2}$ on which $h(x)$ lies",
    ),
}


def _right(task: str, at: Level) -> Sentence:
    said, latex = at.decoder.text, at.decoder.latex.strip("$")
    span, middle = "max f - min f", "(min f + max f)/2"
    spans, middles = r"\max f-\min f", r"\tfrac{\min f+\max f}{2}"
    if not at.is_own_scale:
        span, middle = "beta - alpha", "(alpha + beta)/2"
        spans, middles = r"\beta-\alpha", r"\tfrac{\alpha+\beta}{2}"
    return {
        "exact": Sentence(f"{said} = f(x)", f"${latex}=f(x)$"),
        "approx": Sentence(
            f"|{said} - f(x)| <= eps ({span}) for every eps >= 0",
            rf"$|{latex}-f(x)|\le\varepsilon({spans})$ for every $\varepsilon\ge0$",
        ),
        "side": Sentence(
            f"{said} names the side of {middle} on which f(x) lies (at {middle} both names are right)",
            f"${latex}$ names the side of ${middles}$ on which $f(x)$ lies (at ${middles}$ both names are right)",
        ),
    }[task]


NO_QUERY_LEFT = Sentence("No query is left out.", "No query is left out.")


def decoded(
    task: str, key: str, setting: Sentence, answer: Sentence, more: Sentence = NOTHING
) -> OwnStatement:
    """A Yes: in this setting this answer is right for every member. `more` comes after it."""
    at = LEVELS[key]
    right = _right(task, at)
    return OwnStatement(
        Form.POSSIBLE,
        Sentence(
            f"For {setting.text}, with {at.decoder.text} = {answer.text}: {right.text}. {more.text}".rstrip(),
            f"For {setting.latex}, with {at.decoder.latex} $=$ {answer.latex}: {right.latex}. {more.latex}".rstrip(),
        ),
        task == "approx",
    )


def undecided(
    task: str, key: str, setting: Sentence, pair: Sentence, more: Sentence, eps: Sentence = EPS
) -> OwnStatement:
    """A No: in this setting there is this pair, whose values have no common answer on the own scales."""
    at = LEVELS[key]
    apart, serves = _APART[task], _SERVES[task]
    about = eps if task == "approx" else NOTHING
    lead = Sentence(*(f"{part}, " if part else "" for part in (about.text, about.latex)))
    return OwnStatement(
        Form.IMPOSSIBLE,
        Sentence(
            f"For {lead.text}{setting.text}: {pair.text} {apart.text}; no decoder {at.decoder.text} "
            f"{serves.text} for both h = f and h = g. {more.text}".rstrip(),
            f"For {lead.latex}{setting.latex}: {pair.latex} {apart.latex}; no decoder {at.decoder.latex} "
            f"{serves.latex} for both $h=f$ and $h=g$. {more.latex}".rstrip(),
        ),
        task == "approx" and eps is ANY_EPS,
    )
