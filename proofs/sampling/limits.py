"""Where a claim ends, in exact arithmetic: what a class accepts and refuses, and the fibres at chosen questions.

Part of the sampled evidence, beside the random cases, which are all admissible. The expected answers are
the row's own (`proofs/rows`), written down from the statements.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from trompe.constructions import construction, exact_decoder
from trompe.proofs.row import RowChecks, Said, refuses
from trompe.proofs.rows import CHECKS
from trompe.theory import Comparison, Dataset, FunctionClass, Point, QueryShown, Visualization
from trompe.theory.namespace import EXACT

_DIMS = (0, 1, 2, 3)
_HALF = Fraction(1, 2)


def check_limits(row: str) -> Said:
    """What a row accepts and refuses, at d = 1, 2, 3, and what it says where the value is shown."""
    checks = CHECKS[row]
    cls = checks.plain()
    for d in _DIMS:
        is_about = d in checks.dims
        yield f"{row} is about d = {d}: {is_about}", is_about != refuses(cls.check_dim, d)
    yield f"{row} has a law exactly if it is pointwise", _has_law(cls) == cls.is_pointwise
    for d in checks.dims:
        yield from _shown(checks, d)
        if construction(row) is not None:
            yield from _queries(*checks.case_at(d))
    yield from checks.limits()


def _has_law(cls: FunctionClass) -> bool:
    """A constant function satisfies every law; a class without a law says so by a TypeError."""
    value = Fraction(1)
    try:
        return bool(cls.law(Comparison(value, value, value, _HALF, value), EXACT))
    except TypeError:
        return False


def _shown(checks: RowChecks, d: int) -> Said:
    """What may be shown, with the fibres there and a Yes row's answers; and what may not."""
    for cls, v, fibres in checks.admitted(d):
        yield f"{cls} may be shown {v}", not refuses(cls.check_visualization, v)
        for x, expected in fibres:
            says = f"{cls}: the envelope at {x} is {expected}, shown {v}"
            yield says, cls.envelope(v, x) == expected
            if construction(cls.key) is None:
                says = f"{cls}: the decoder answers {expected.lower} at {x}, shown {v}"
                yield says, exact_decoder(cls)(v, x) == expected.lower
                longer = (*x, _HALF)
                yield f"{cls}: no answer at {longer}", refuses(exact_decoder(cls), v, longer)
    for says, cls, v in checks.refused(d):
        yield f"{cls} is not shown {v}: {says}", refuses(cls.check_visualization, v)
        yield f"no envelope where {v} is shown: {says}", refuses(cls.envelope, v, v.argmin)


def _queries(cls: FunctionClass, v: Visualization, x: Point) -> Said:
    data: Any = getattr(cls, "data", Dataset())
    for s in (v.argmin, v.argmax, *data.inputs):
        yield f"{cls}: {s} is no query", _is_shown(cls, v, s)
    yield f"{cls}: {x} is a query", cls.check_query(v, x) == x


def _is_shown(cls: FunctionClass, v: Visualization, s: Point) -> bool:
    try:
        cls.check_query(v, s)
    except QueryShown:
        return True
    return False
