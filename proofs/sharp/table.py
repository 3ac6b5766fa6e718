"""The closed forms of the sharp table, checked three ways that share no code with them.

symbolic: SymPy integrates or derives the form, for every d where it can. exact: the box is cut into
simplices, at d = 1, 2, 3, and the class's own envelope and the task's own criterion say which count;
for l2, where the envelope is curved, into cubes, which gives bounds. sampled: random queries through the
same envelope and criterion, with a confidence interval. Only symbolic and exact checks prove something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from trompe.ground.arguments import Progress, at_least_one
from trompe.ground.processes import Died, results
from trompe.proofs.rows import CHECKS
from trompe.proofs.sharp import random_queries
from trompe.proofs.sharp.cells import NotAffine
from trompe.proofs.sharp.random_queries import SAMPLED_DIM, estimate, queries
from trompe.proofs.symbolic import check_identity
from trompe.theory import Approx, FunctionClass, InvalidInput, Side, Visualization
from trompe.theory.bounding import bounds
from trompe.theory.shares.base import COLUMNS, SharpRow
from trompe.theory.shares.quantities import Quantity, exact

Way = Literal["symbolic", "exact", "enclosed", "sampled"]
Outcome = Literal["PROVED", "AGREES", "REFUTED", "UNKNOWN"]

EXACT_DIMS = (1, 2, 3)
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
        if number.kind == "enclosed":
            number = CHECKS[row.key].closer(row, d, e, number)
        yield SharpCell(row.key, "eps share", d, e, number)


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
    checks = CHECKS[row.key]
    d, says, parts = v.dim, f"d = {v.dim}, {checks.about(cls, v)}", checks.parts(cls, v)
    try:
        yield _compared(row, "worst radius", row.worst_radius(d), parts.largest_radius, d, says)
        yield _compared(row, "side share", row.side_share(d), parts.share(Side()), d, says)
        for e in eps:
            claimed, found = row.eps_share(d, e), parts.share(Approx(e))
            yield _compared(row, "eps share", claimed, found, d, f"{says}, eps = {e}")
    except NotAffine as error:
        yield SharpCheck(row.key, "worst radius", "exact", "UNKNOWN", d, says, str(error))


def _compared(
    row: SharpRow, column: str, claimed: Quantity, found: Fraction | Quantity, d: int, says: str
) -> SharpCheck:
    """A number that is claimed against the exact one, or against bounds; an interval must meet them."""
    is_exact = isinstance(found, Fraction)
    held = exact(found) if isinstance(found, Fraction) else found
    proves = is_exact and claimed.fraction is not None
    holds = claimed.fraction == found if proves else claimed.holds(held.lower, held.upper)
    reason = f"the closed form is {_written(claimed)}, the exact integral {_written(held)}"
    return _check(row, column, "exact" if is_exact else "enclosed", holds, d, says, reason, proves)


def _check(
    row: SharpRow,
    column: str,
    way: Way,
    holds: bool,
    d: int,
    says: str,
    reason: str,
    proves: bool = False,
) -> SharpCheck:
    """`reason` says why it is refuted, where it does not hold."""
    verdict: Outcome = ("PROVED" if proves else "AGREES") if holds else "REFUTED"
    return SharpCheck(row.key, column, way, verdict, d, says, "" if holds else reason)


def _written(number: Quantity) -> str:
    return number.form or f"between {float(number.lower):.6g} and {float(number.upper):.6g}"


def _sampled_checks(
    row: SharpRow, cls: FunctionClass, v: Visualization, eps: Sequence[Fraction]
) -> Iterator[SharpCheck]:
    d, about = v.dim, CHECKS[row.key].about(cls, v)
    for column, e in (("side share", eps[0]), *(("eps share", e) for e in eps)):
        task = "side" if column == "side share" else "approx"
        share, low, high = estimate(cls, v, e, task)
        claimed = row.column(column, d, e)
        says = f"d = {d}, {about}" + (f", eps = {e}" if task == "approx" else "")
        says += f": {share:.4f} of {random_queries.POINTS} random queries, [{low:.4f}, {high:.4f}]"
        holds = claimed.holds(Decimal(low), Decimal(high))
        reason = f"the closed form is {_written(claimed)}"
        yield _check(row, column, "sampled", holds, d, says, reason)
    largest = float(np.max(bounds(cls, v, queries(cls, v)).radius))
    claimed = row.worst_radius(d)
    above = largest <= float(claimed.upper) + 1e-9
    reaches = d > 3 or largest >= float(claimed.lower) - NEAR
    says = f"d = {d}, {about}: the largest of {random_queries.POINTS} is {largest:.4f}"
    reason = f"the closed form is {_written(claimed)}"
    yield _check(row, "worst radius", "sampled", above and reaches, d, says, reason)
