"""The parts that a user calls, in exact arithmetic: parameters, arrays, weights, tasks, recorded programs.

Part of the sampled evidence. An obligation assumes things of its symbols (`inv_q q = 1`, `2 delta` at most
the distance of two sites, the equation of eta); here the numbers that take their place satisfy them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from trompe.constructions import Triple, construction, mix, side_of, triple
from trompe.constructions.catalogue import draw_query, draw_visualization, example, row_of
from trompe.constructions.draws import draw_point, texts
from trompe.constructions.programs import OUTPUTS, point_names, program
from trompe.proofs.row import Said, refuses, shown
from trompe.proofs.rows import CHECKS
from trompe.theory import Approx, Exact, Interval, Side, Task, Visualization
from trompe.theory.tasks import AnyApprox

_F = Fraction
_TINY = _F(1, 1000)
_QUESTIONS = 6


def check_parts(row: str) -> Said:
    """The parts behind a row, on one question at each d <= 3."""
    v = shown((_F(0),), (_F(1),))
    yield from _tasks(v)
    yield from _weights(v)
    if construction(row) is None:
        return
    checks = CHECKS[row]
    for d in checks.dims:
        t = triple(*checks.case_at(d))
        for says, holds in checks.parameters(t, t.parameters):
            yield f"{row}, d = {d}: {says}", holds
        yield from _arrays(row, t)


def check_recorded(row: str) -> Said:
    """The formulas, recorded as a program at the smallest d, give the numbers of the formulas, whichever of two is smaller."""
    if construction(row) is None:
        return
    d = CHECKS[row].dims[0]
    cls, of = row_of(row).recordable(example(row, d).cls), program(row, d)
    pick = Random(row).randint
    eta = _F(3, 20)
    for _ in range(_QUESTIONS):
        v = draw_visualization(pick, cls, d)
        x, z = draw_query(pick, cls, v), draw_point(pick, d)
        t = triple(cls, v, x)
        pair = t.pair(eta)
        wanted = (t.upper(z), t.lower(z), t.strict(z), pair.f(z), pair.g(z))
        given = {"m": v.minimum, "M": v.maximum, "eta": eta, "L": getattr(cls, "constant", _F(0))}
        for letter, point in zip("abxz", (v.argmin, v.argmax, x, z), strict=True):
            given |= zip(point_names(letter, d), point, strict=True)
        says = f"{row}, {cls!r}, {v}, x = {texts(x)}, z = {texts(z)}: the recorded program"
        yield says, of.run(given) == dict(zip(OUTPUTS, wanted, strict=True))


# -- arrays, weights -------------------------------------------------------------------------------------------


def _arrays(row: str, t: Triple) -> Said:
    """An array of points gives the array of their values."""
    d = t.v.dim
    points = [t.v.argmin, t.v.argmax, t.x, (_F(1, 2),) * d, (_F(1, 5),) * d]
    pair = t.pair()
    for name, h in {"U": t.upper, "W": t.lower, "B": t.strict, "f": pair.f, "g": pair.g}.items():
        if getattr(t.cls, "metric", "l1") == "l2" and d > 1:
            points = points[:3]
        stacked = np.array([points, points[::-1]], dtype=object)
        one_by_one = [[h(z) for z in points], [h(z) for z in points[::-1]]]
        yield f"{row}, d = {d}: {name} on an array", h(stacked).tolist() == one_by_one
    both, alone = pair.both(stacked), (pair.f(stacked), pair.g(stacked))
    holds = [h.tolist() for h in both] == [h.tolist() for h in alone]
    yield f"{row}, d = {d}: f and g at once", holds


def _weights(v: Visualization) -> Said:
    """eta is what the obligations say; for the exact task any will do. Margins and limits are what they say."""
    m, M = v.minimum, v.maximum
    mid = (m + M) / 2
    for w, u in _fibres(m, M):
        spare = (u - w) - 2 * _F(1, 5) * (M - m)
        expected: tuple[tuple[Task, bool, Fraction | None, list[Fraction]], ...] = (
            (Exact(), w < u, None, [u - w]),
            (
                Approx(_F(1, 5)),
                spare > 0,
                spare / (2 * (u - w)) if w < u else None,
                [(u - w) / (2 * (M - m))],
            ),
            (Side(), w < mid < u, min(u - mid, mid - w) / (2 * (M - m)), [u - mid, mid - w]),
        )
        for task, is_open, wanted, margin in expected:
            fibre = Interval(w, u)
            eta, found = task.eta(fibre, v), task.margin(fibre, v)
            is_right = eta is not None and 0 < eta < 1 and wanted in (None, eta)
            says = f"for {task.key} on [{w}, {u}] of [{m}, {M}]"
            yield f"eta {says}", is_right if is_open else eta is None
            yield f"the margin {says}", list(found.values()) == margin
            for strict in (w + (u - w) * _F(k, 4) for k in (1, 2, 3)):
                limit = task.largest_eta(fibre, strict, v)
                yield (
                    f"the limit of eta {says}, B(x) = {strict}",
                    (
                        0 < limit <= 1
                        and _decided(task, fibre, strict, limit, v)
                        and not _decided(task, fibre, strict, limit - limit * _TINY, v)
                        if is_open
                        else limit is None
                    ),
                )


def _decided(
    task: Task, fibre: Interval, strict: Fraction, eta: Fraction, v: Visualization
) -> bool:
    """Does the pair with this eta allow one answer?"""
    return task.decidable(Interval(*(mix(h, strict, eta) for h in (fibre.lower, fibre.upper))), v)


def _fibres(m: Fraction, M: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    mid, tiny = (m + M) / 2, (M - m) / 100
    yield from [(m, M), (m, mid), (mid, M), (mid, mid), (mid - tiny, mid + 2 * tiny)]
    yield from [(m + tiny, M), (m, M - 2 * tiny), (mid - 30 * tiny, mid + 11 * tiny)]


# -- tasks -----------------------------------------------------------------------------------------------------


def _own_scales(v: Visualization, flat: Visualization) -> Said:
    """Members of different range: each counts by its own."""
    m, M, half = v.minimum, v.maximum, (v.maximum - v.minimum) / 2
    small, ends = Visualization(v.argmin, v.argmax, M - half, M), Interval(m, M)
    wanted: dict[Task, dict[str, Fraction]] = {
        Exact(): {"gap": 2 * half},
        Approx(): {"half_gap": _F(2, 3)},
        Side(): {"above_mid": half / 2, "below_mid": half},
    }
    for task, margin in wanted.items():
        yield f"{task.key}: each by its own range", task.margin(ends, v, small) == margin
    none, tiny = AnyApprox(0), AnyApprox(_TINY)
    gap = none.margin(Interval(M, m), flat, Visualization(v.argmin, v.argmax, M, M))
    yield "approx: two constants", gap == {"gap": -2 * half} and none.refuted(gap)
    yield "approx: the same constant", not none.refuted({"gap": _F(0)})
    yield "approx: a tiny gap of constants", AnyApprox(3).refuted({"gap": _TINY})
    yield "approx: as much as eps", not tiny.refuted({"half_gap": _TINY})
    yield "eps of at least 0", none.eps == 0 and AnyApprox("3/2").eps == _F(3, 2)
    yield "eps = -1 is refused", refuses(AnyApprox, -1)


def _tasks(v: Visualization) -> Said:
    m, M = v.minimum, v.maximum
    mid, span = (m + M) / 2, M - m
    tenth = Approx("0.1")
    yield 'eps = "0.1" is a tenth', tenth.eps == _F(1, 10)
    for bad in (0, "1/2", True, "x"):
        yield f"eps = {bad!r} is refused", refuses(Approx, bad)
    step = span / 10
    off: tuple[tuple[Task, Any, Fraction, Fraction], ...] = (
        (Exact(), mid + _TINY, mid, _TINY),
        (tenth, mid - step - _TINY, mid, step + _TINY),
        (Side(), "min", mid + _TINY, _TINY),
        (Side(), "max", mid - _TINY, _TINY),
    )
    for task, answer, truth, by in off:
        yield f"{task.key}: {answer} for {truth} is off", task.error(answer, truth, v) == by
    yield "at mid the side is min", side_of(mid, v) == "min"
    yield "side: an answer that is no side", refuses(Side().right, "mid", mid, v)
    fibres: dict[Task, tuple[list[Any], list[Any]]] = {
        Exact(): ([(mid, mid)], [(m, M)]),
        tenth: ([(mid, mid + 2 * step)], [(mid, mid + 2 * step + _TINY)]),
        Side(): ([(m, mid), (mid, M)], [(m, mid + _TINY), (mid - _TINY, M)]),
    }
    for task, (decided, open_) in fibres.items():
        for ends in (*decided, *open_):
            refuted = task.refuted(task.margin(Interval(*ends), v))
            yield f"{task.key}: members at {ends} refute it", refuted != (ends in decided)
    yield "exact: members whose values are f(x) < g(x)", Exact().refuted({"gap": -_TINY})
    wide = tenth.margin(Interval(M, m), v)
    yield "approx: members whose values are f(x) < g(x)", wide == {"half_gap": _F(1, 2)}
    flat = Visualization(v.argmin, v.argmax, m, m)
    yield from _own_scales(v, flat)
    fibre = Interval(mid, M)
    yield "the radius of the upper half is 1/4", fibre.radius(v) == _F(1, 4)
    yield "the radius of a constant's fibre is 0", Interval(m, m).radius(flat) == 0
    yield "an interval holds its ends", mid in fibre and M in fibre and (mid + M) / 2 in fibre
    yield "and nothing else", mid - _TINY not in fibre and M + _TINY not in fibre
