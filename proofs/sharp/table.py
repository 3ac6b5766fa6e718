"""The closed forms of the sharp table, checked three ways that share no code with them.

symbolic: SymPy integrates or derives the form, for every d where it can. exact: the box is cut into
simplices, at d = 1, 2, 3, and the class's own envelope and the task's own criterion say which count;
for l2, where the envelope is curved, into cubes, which gives bounds. sampled: random queries through the
same envelope and criterion, with a confidence interval. Only symbolic and exact checks prove something.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from trompe.ground.errors import at_least_one
from trompe.ground.processes import Died, results
from trompe.proofs.rows import CHECKS
from trompe.proofs.sharp.cells import Cells, NotAffine, kinks
from trompe.proofs.sharp.cubes import enclosure, largest_radius
from trompe.proofs.symbolic import check_identity
from trompe.theory import Approx, FunctionClass, InvalidInput, Lipschitz, Side, Visualization
from trompe.theory.bounding import bound
from trompe.theory.rows.lipschitz import ConesShares
from trompe.theory.shares.base import COLUMNS, SharpRow
from trompe.theory.shares.cones import ConeSetting
from trompe.theory.shares.quantities import Quantity, between, exact, sampled

__all__ = ["CONFIDENCE", "SharpCell", "SharpCheck", "SharpTable", "share_interval", "sharp_table"]

Way = Literal["symbolic", "exact", "enclosed", "sampled"]
Outcome = Literal["PROVED", "AGREES", "REFUTED", "UNKNOWN"]
Progress = Callable[[int, int, str], None]

EXACT_DIMS = (1, 2, 3)
SAMPLED_DIM = 64
"""Random queries are tried up to this d; beyond it the shares are far below what they can see."""
POINTS = 20_000
MISS = 1e-6
CONFIDENCE = 1 - MISS
"""Of one interval: the chance that it misses the share is at most one in a million."""
NEAR = 0.05
"""How near the largest radius of 20,000 random queries comes to the supremum at d <= 3."""


@dataclass(frozen=True)
class SharpCheck:
    """One check of one column of a row. PROVED: by symbolic or exact computation. AGREES: by bounds or a sample."""

    row: str
    column: str
    way: Way
    verdict: Outcome
    dim: int | None
    """The d it is about, None for every d."""
    says: str
    reason: str = ""


@dataclass(frozen=True)
class SharpCell:
    """A column of a row at one d and eps: the number that the table shows."""

    row: str
    column: str
    dim: int
    eps: Fraction | None
    """None where the column does not depend on it."""
    number: Quantity


@dataclass(frozen=True)
class SharpTable:
    """Rows, numbers and checks."""

    rows: tuple[SharpRow, ...]
    dims: tuple[int, ...]
    eps: tuple[Fraction, ...]
    cells: tuple[SharpCell, ...]
    checks: tuple[SharpCheck, ...]

    def checks_of(self, row: str, column: str | None = None) -> tuple[SharpCheck, ...]:
        """The checks of a row, or of one column of it."""
        return tuple(c for c in self.checks if c.row == row and column in (None, c.column))

    def verdict(self, row: str, column: str) -> Outcome:
        """PROVED where a symbolic or exact check proves the form and none fails."""
        verdicts = {c.verdict for c in self.checks_of(row, column)}
        order: tuple[Outcome, ...] = ("REFUTED", "UNKNOWN", "PROVED", "AGREES")
        return next((verdict for verdict in order if verdict in verdicts), "UNKNOWN")

    @property
    def is_checked(self) -> bool:
        """Is there a row, and is every column of every row proved?"""
        return bool(self.rows) and all(
            self.verdict(r.key, c) == "PROVED" for r in self.rows for c in COLUMNS
        )

    def numbers(self, row: str, dim: int, eps: Fraction) -> dict[str, Quantity]:
        """The three numbers of a row at one d and eps."""
        return {
            c.column: c.number
            for c in self.cells
            if (c.row, c.dim) == (row, dim) and c.eps in (None, eps)
        }


def sharp_table(
    rows: Sequence[SharpRow],
    dims: Sequence[int],
    eps: Sequence[Fraction],
    jobs: int | None = None,
    progress: Progress | None = None,
) -> SharpTable:
    """The numbers of the rows at each d and eps, and every check of their closed forms.

    Raises
    ------
    InvalidInput : no row, d or eps is given, no d of `dims` is one that some row is about, or d < 1.
    """
    rows = at_least_one("rows", rows, "name one, such as convex")
    dims = at_least_one("dims", dims, "expected at least one d, such as 2")
    eps = at_least_one("eps", eps, "expected at least one, such as 1/4")
    for d in dims:
        if d < 1:
            raise InvalidInput(f"--dim {d}: a point needs d >= 1")
    dims, eps = tuple(dict.fromkeys(dims)), tuple(dict.fromkeys(eps))
    if not any(row.is_about(d) for row in rows for d in dims):
        raise InvalidInput(
            f"--dim {', '.join(map(str, dims))}: outside what {', '.join(r.key for r in rows)} is about; "
            "choose another d"
        )
    cells = [c for row in rows for d in filter(row.is_about, dims) for c in _numbers(row, d, eps)]
    ways: dict[Way, Any] = {"symbolic": _symbolic, "exact": _exact, "sampled": _sampled}
    asked = [(way, row) for row in rows for way in ways]
    work = [(ways[way], row, dims, eps) for way, row in asked]
    checks: list[SharpCheck] = []
    # Few are quicker here, and there is no solver that may crash.
    for number, found in results(work, jobs, least=6, ordered=True, preload=(__name__, "sympy")):
        way, row = asked[number]
        if isinstance(found, Died):
            checks += [
                SharpCheck(row.key, c, way, "UNKNOWN", None, "not checked", found.reason)
                for c in COLUMNS
            ]
        else:
            checks += found
        if progress is not None:
            progress(number + 1, len(work), row.key)
    return SharpTable(tuple(rows), dims, eps, tuple(cells), tuple(checks))


# -- numbers -------------------------------------------------------------------------------------------------


def _numbers(row: SharpRow, d: int, eps: Sequence[Fraction]) -> Iterator[SharpCell]:
    yield SharpCell(row.key, "worst radius", d, None, row.worst_radius(d))
    yield SharpCell(row.key, "side share", d, None, row.side_share(d))
    for e in eps:
        number = row.eps_share(d, e)
        if isinstance(row, ConesShares) and number.kind == "enclosed":
            number = _closer(row.cones, d, e, number)
        yield SharpCell(row.key, "eps share", d, e, number)


def _closer(setting: ConeSetting, d: int, eps: Fraction, number: Quantity) -> Quantity:
    """An eps share without closed form: integrated exactly, enclosed by cubes, or estimated."""
    cls, v = setting.shown(d)
    if number.lower > Decimal("0.99") or setting.at(d).exceeds(1 + 2 * eps):
        return number
    if cls.metric != "l2" and d <= 2:
        return exact(Cells(cls, v, kinks(cls, v)).share(Approx(eps)))
    if d <= 3:
        # The share falls as L grows; for lambda in l2 the L at hand is rounded up at 10^-9.
        below = Lipschitz(cls.constant - v.range / 10**9, cls.metric)
        low, high = (enclosure(c, v, Approx(eps)) for c in (cls, below))
        return between(low.lower, high.upper)
    if d <= SAMPLED_DIM:
        return sampled(*_estimate(cls, v, eps, "approx"))
    return number


# -- checks ----------------------------------------------------------------------------------------------------


def _symbolic(row: SharpRow, dims: Sequence[int], eps: Sequence[Fraction]) -> list[SharpCheck]:
    checks = []
    for column, item in CHECKS[row.key].closed_forms():
        try:
            verdict, reason = check_identity(item)
        except (ArithmeticError, TypeError, ValueError, AssertionError) as error:
            verdict, reason = "UNKNOWN", f"{type(error).__name__}: {error}"
        checks.append(SharpCheck(row.key, column, "symbolic", verdict, item.dim, item.says, reason))
    return checks


def _exact(row: SharpRow, dims: Sequence[int], eps: Sequence[Fraction]) -> list[SharpCheck]:
    instances = [at for d in EXACT_DIMS for at in CHECKS[row.key].instances(row, d)]
    return [c for at in instances for c in _exact_checks(*at, _tried(eps))]


def _sampled(row: SharpRow, dims: Sequence[int], eps: Sequence[Fraction]) -> list[SharpCheck]:
    at = sorted({*EXACT_DIMS, *(d for d in dims if d <= SAMPLED_DIM)})
    first = [one for d in at for one in list(CHECKS[row.key].instances(row, d))[:1]]
    return [c for one in first for c in _sampled_checks(*one, _tried(eps))]


def _tried(eps: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The eps of the table and 1/10, so that the eps share is not only checked where it is the side's."""
    return tuple(dict.fromkeys((*eps, Fraction(1, 10))))


def _exact_checks(
    row: SharpRow, cls: FunctionClass, v: Visualization, eps: Sequence[Fraction]
) -> Iterator[SharpCheck]:
    d, says = v.dim, f"d = {v.dim}, {_about(cls, v)}"
    curved = isinstance(cls, Lipschitz) and cls.metric == "l2" and d > 1
    try:
        cells = None if curved else Cells(cls, v, kinks(cls, v))
        if cells is not None:
            yield _equal(row, "worst radius", row.worst_radius(d), cells.largest_radius, d, says)
        elif isinstance(cls, Lipschitz):
            bounds = largest_radius(cls, v)
            yield _within(row, "worst radius", row.worst_radius(d), bounds, d, says)
        for column, task in (("side share", Side()), *(("eps share", Approx(e)) for e in eps)):
            e = getattr(task, "eps", Fraction(1, 4))
            text = says if column == "side share" else f"{says}, eps = {e}"
            claimed = row.column(column, d, e)
            if cells is not None:
                yield _equal(row, column, claimed, cells.share(task), d, text)
            elif isinstance(cls, Lipschitz):
                yield _within(row, column, claimed, enclosure(cls, v, task), d, text)
    except NotAffine as error:
        yield SharpCheck(row.key, "worst radius", "exact", "UNKNOWN", d, says, str(error))


def _about(cls: FunctionClass, v: Visualization) -> str:
    kind = f"L = {cls.constant} in {cls.metric}, " if isinstance(cls, Lipschitz) else ""
    return f"{kind}{v}"


def _equal(
    row: SharpRow, column: str, claimed: Quantity, found: Fraction, d: int, says: str
) -> SharpCheck:
    """A number that is claimed exactly against the integral; an interval must hold it."""
    if claimed.fraction is not None:
        holds = claimed.fraction == found
    else:
        value = exact(found).value
        holds = claimed.holds(value, value)
    if holds:
        verdict: Outcome = "AGREES" if claimed.fraction is None else "PROVED"
        return SharpCheck(row.key, column, "exact", verdict, d, says)
    text = claimed.form or f"[{float(claimed.lower):.6g}, {float(claimed.upper):.6g}]"
    reason = f"the closed form is {text}, the exact integral {found}"
    return SharpCheck(row.key, column, "exact", "REFUTED", d, says, reason)


def _within(
    row: SharpRow, column: str, claimed: Quantity, found: Quantity, d: int, says: str
) -> SharpCheck:
    """The claimed number or interval against bounds."""
    if claimed.holds(found.lower, found.upper):
        return SharpCheck(row.key, column, "enclosed", "AGREES", d, says)
    reason = (
        f"the closed form is {float(claimed.value):.6g}, but the share lies between "
        f"{float(found.lower):.6g} and {float(found.upper):.6g}"
    )
    return SharpCheck(row.key, column, "enclosed", "REFUTED", d, says, reason)


def _sampled_checks(
    row: SharpRow, cls: FunctionClass, v: Visualization, eps: Sequence[Fraction]
) -> Iterator[SharpCheck]:
    d = v.dim
    for column, e in (("side share", eps[0]), *(("eps share", e) for e in eps)):
        task = "side" if column == "side share" else "approx"
        estimate, low, high = _estimate(cls, v, e, task)
        claimed = row.column(column, d, e)
        says = f"d = {d}, {_about(cls, v)}" + (f", eps = {e}" if task == "approx" else "")
        says += f": {estimate:.4f} of {POINTS} random queries, [{low:.4f}, {high:.4f}]"
        holds = claimed.holds(Decimal(low), Decimal(high))
        reason = "" if holds else f"the closed form is {float(claimed.value):.6g}"
        verdict: Outcome = "AGREES" if holds else "REFUTED"
        yield SharpCheck(row.key, column, "sampled", verdict, d, says, reason)
    largest = float(np.max(bound(cls, v, _queries(cls, v)).radius))
    claimed = row.worst_radius(d)
    above = largest <= float(claimed.upper) + 1e-9
    reaches = d > 3 or largest >= float(claimed.lower) - NEAR
    reason = "" if above and reaches else f"the closed form is {float(claimed.value):.6g}"
    yield SharpCheck(
        row.key,
        "worst radius",
        "sampled",
        "AGREES" if above and reaches else "REFUTED",
        d,
        f"d = {d}, {_about(cls, v)}: the largest of {POINTS} is {largest:.4f}",
        reason,
    )


def _queries(cls: FunctionClass, v: Visualization) -> Any:
    """The same random queries for the same class and d."""
    rng = np.random.default_rng(zlib.crc32(f"{cls.key}/{v.dim}".encode()))
    return rng.random((POINTS, v.dim))


def _estimate(
    cls: FunctionClass, v: Visualization, eps: Fraction, task: str
) -> tuple[float, float, float]:
    """The share of random queries at which the task is decidable, and the ends of its interval.

    Queries that rounding leaves open count as no at the lower end and as yes at the upper.
    """
    found: Any = bound(cls, v, _queries(cls, v), eps=eps)
    codes = found.decidable[task]
    yes, maybe = int((codes == 1).sum()), int((codes != 0).sum())
    low, high = share_interval(yes, POINTS)[0], share_interval(maybe, POINTS)[1]
    return (yes + maybe) / (2 * POINTS), low, high


def share_interval(hits: int, tried: int, miss: float = MISS) -> tuple[float, float]:
    """All p with tried KL(hits/tried, p) <= ln(2/miss): misses the true share with chance at most `miss`.

    Chernoff's bound on both sides; valid for every p and every number of queries.
    """
    share, room = hits / tried, math.log(2 / miss) / tried

    def divergence(p: float) -> float:
        parts = [
            q * math.log(q / r) if q else 0.0 for q, r in ((share, p), (1 - share, 1 - p)) if q or r
        ]
        return sum(parts)

    def edge(inside: float, outside: float) -> float:
        for _ in range(80):
            middle = (inside + outside) / 2
            inside, outside = (
                (middle, outside)
                if 0 < middle < 1 and divergence(middle) <= room
                else (inside, middle)
            )
        return outside

    return (edge(share, 0.0) if hits else 0.0), (edge(share, 1.0) if hits < tried else 1.0)
