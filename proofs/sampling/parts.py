"""The parts that a user calls, in exact arithmetic: parameters, weights, pairs, arrays, decoders, tasks.

Part of the sampled evidence. An obligation assumes things of its symbols (`inv_q q = 1`, `2 delta` at most
the distance of two sites, the equation of eta); here the numbers that take their place satisfy them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from trompe.constructions import (
    Triple,
    centre,
    construction,
    exact_decoder,
    midrange,
    side_of,
    triple,
)
from trompe.constructions.base import eta_for
from trompe.proofs.sampling.limits import Said, case_at, plain
from trompe.theory import (
    Approx,
    Exact,
    Interval,
    InvalidInput,
    Side,
    Task,
    Visualization,
    function_class,
)

__all__ = ["check_parts"]

_F = Fraction
_TINY = _F(1, 1000)


def check_parts(row: str) -> Said:
    """The parts behind a row, on one question at each d <= 3."""
    yield from _tasks(Visualization((_F(0),), (_F(1),), _F(-1, 2), _F(5, 2)))
    if construction(row) is None:
        yield from _exact_decoder(row)
        return
    for d in (1, 2, 3):
        if d >= function_class(row).min_dim:
            t = triple(*case_at(row, d))
            yield from _parameters(row, t)
            yield from _arrays(row, t)
            yield from _weights(row, t)
            yield from _decoders(row, t)
    if row in ("affine", "neuron"):
        yield from _decided(row)
    if row == "lipschitz":
        yield from _irrational()


# -- parameters ----------------------------------------------------------------------------------------------


def _l1(y: Any, z: Any) -> Fraction:
    return sum((abs(p - q) for p, q in zip(y, z, strict=True)), _F(0))


def _parameters(row: str, t: Triple) -> Said:
    check = _PARAMETERS.get(t.construction.row)
    if check is not None:
        for says, holds in check(t, t.parameters):
            yield f"{row}, d = {t.v.dim}: {says}", holds


def _hats(t: Triple, p: Any) -> Said:
    data = getattr(t.cls, "data", None)
    sites = (t.v.argmin, t.v.argmax, t.x, *(data.inputs if data else ()))
    yield "the sites are a, b, x and the training inputs", p.sites == sites
    yield "the labels", p.labels == (data.labels if data else ())
    apart = min(_l1(s, r) for s, r in combinations(sites, 2))
    yield "delta > 0 and 2 delta <= |s-t|", p.inv_delta > 0 and p.inv_delta * apart >= 2


def _mean(t: Triple, p: Any) -> Said:
    yield "q = mean(x)", p.q * len(t.x) == sum(t.x)
    yield "inv_q q = 1", p.inv_q * p.q == 1
    yield "inv_rest (1 - q) = 1", p.inv_rest * (1 - p.q) == 1


def _slopes(t: Triple, p: Any) -> Said:
    delta = min(_l1(t.v.argmin, t.v.argmax), _l1(t.x, t.v.argmax))
    yield "delta = min(|a-b|, |x-b|)", p.inv_delta * delta == 1
    corners = [(_F(int(k == j)),) * t.v.dim for k in range(2) for j in range(2)]
    for a in (t.v.argmin, *corners):
        if a == t.v.argmax:
            continue
        v = Visualization(a, t.v.argmax, t.v.minimum, t.v.maximum)
        q = triple(t.cls, v, t.x).parameters
        for ai, up, down in zip(a, q.up, q.down, strict=True):
            yield f"slope up at a_i = {ai}", up * (1 - ai) == 1 if ai < 1 else up == 0
            yield f"slope down at a_i = {ai}", down * ai == 1 if ai > 0 else down == 0


def _reaches(t: Triple, p: Any) -> Said:
    a, b, x = t.v.argmin, t.v.argmax, t.x
    i, j = p.rising, p.falling
    yield (
        "inv_reach",
        all(q * abs(bk - ak) == 1 for q, ak, bk in zip(p.inv_reach, a, b, strict=True)),
    )
    yield "x_i != a_i and x_j != b_j", x[i] != a[i] and x[j] != b[j]
    delta = min(abs(a[i] - b[i]), abs(a[i] - x[i]))
    yield "U: delta = min(|a_i-b_i|, |a_i-x_i|)", p.inv_rise * delta == 1
    delta = min(abs(a[j] - b[j]), abs(b[j] - x[j]))
    yield "W: delta = min(|a_j-b_j|, |b_j-x_j|)", p.inv_fall * delta == 1


_PARAMETERS: dict[str, Callable[[Triple, Any], Said]] = {
    "erm": _hats,
    "monotone": _mean,
    "convex": _slopes,
    "additive": _reaches,
}


# -- arrays, weights, pairs ------------------------------------------------------------------------------------


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
    both = [values.tolist() for values in pair.both(stacked)]
    yield (
        f"{row}, d = {d}: f and g at once",
        both == [pair.f(stacked).tolist(), pair.g(stacked).tolist()],
    )


def _weights(row: str, t: Triple) -> Said:
    """eta is what the obligations say, and no pair is offered where the task is decidable."""
    m, M = t.v.minimum, t.v.maximum
    for lower, upper in _fibres(m, M):
        u, w = upper, lower
        spare = (u - w) - 2 * _F(1, 5) * (M - m)
        expected: list[tuple[Task, bool, Callable[[Any], bool]]] = [
            (Exact(), w < u, lambda eta: True),
            (
                Approx(_F(1, 5)),
                spare > 0,
                lambda eta, u=u, w=w, spare=spare: eta * (2 * (u - w)) == spare,  # type: ignore[misc]
            ),
            (
                Side(),
                w < (m + M) / 2 < u,
                lambda eta, u=u, w=w: (  # type: ignore[misc]
                    4 * eta * (M - m) == min(2 * u - (m + M), (m + M) - 2 * w)
                ),
            ),
        ]
        for task, is_open, equation in expected:
            eta = eta_for(task, Interval(w, u), t.v)
            says = f"{row}: eta for {task.key} on [{w}, {u}] of [{m}, {M}]"
            if eta is None:
                yield says, not is_open
            else:
                yield says, is_open and 0 < eta < 1 and equation(eta)
    for task in (Exact(), Approx(_F(1, 5)), Side()):
        says = f"{row}, d = {t.v.dim}: a pair for {task.key} at {t.x}"
        try:
            pair = t.pair_for(task)
        except InvalidInput:
            yield says, task.decidable(t.envelope, t.v)
            continue
        yield says, not task.decidable(t.envelope, t.v) and pair.defeats(task)
        gap = (1 - pair.eta) * (t.envelope.upper - t.envelope.lower)
        if row == "neuron":  # there the shares are mixed, not the values
            gap = pair.f(t.x) - pair.g(t.x)
        yield f"{says}: its gap", _equal(pair.gap, gap) and bool(pair.gap > 0)


def _fibres(m: Fraction, M: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    mid, tiny = (m + M) / 2, (M - m) / 100
    yield from [(m, M), (m, mid), (mid, M), (mid, mid), (mid - tiny, mid + 2 * tiny)]
    yield from [(m + tiny, M), (m, M - 2 * tiny), (mid - 30 * tiny, mid + 11 * tiny)]


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left == right
    import sympy

    return bool(sympy.simplify(left - right) == 0)


def _decided(row: str) -> Said:
    """At the centre of the box every x'_i is 1/2: there is no pair."""
    cls, v, _ = case_at(row, 2)
    t = triple(cls, v, (_F(1, 2), _F(1, 2)))
    yield f"{row}: no pair at the centre", _refuses(lambda: t.pair_for(Exact()))


def _irrational() -> Said:
    """In l2 the fibre may end at an irrational number; eta is rational and just below what it may be."""
    import sympy

    cls = function_class("lipschitz", constant=3, metric="l2")
    v = Visualization((_F(0), _F(0)), (_F(1), _F(1)), 0, 2)
    t = triple(cls, v, (_F(1, 2), _F(1, 3)))
    u, w = (sympy.sympify(end) for end in (t.envelope.upper, t.envelope.lower))
    bounds = {
        Approx(_F(1, 4)): (u - w - 1) / (2 * (u - w)),
        Side(): sympy.Min(u - 1, 1 - w) / 4,
    }
    for task, bound in bounds.items():
        eta = t.pair_for(task).eta
        yield f"eta for {task.key} is rational at {t.x}", isinstance(eta, Fraction)
        n = 1 / eta
        yield f"eta for {task.key} is 1/n, at most {bound}", n == int(n) and bool(n >= 1 / bound)
        yield f"1/(n-1) for {task.key} is above {bound}", bool(n - 1 < 1 / bound)


# -- decoders --------------------------------------------------------------------------------------------------


def _decoders(row: str, t: Triple) -> Said:
    mid = (t.v.minimum + t.v.maximum) / 2
    fibre = t.cls.envelope(t.v, t.x)
    yield f"{row}: the midrange", midrange(t.v, t.x) == mid
    middle = (fibre.lower + fibre.upper) / 2
    yield f"{row}: the centre of the fibre at {t.x}", _equal(centre(t.cls, t.v, t.x), middle)
    for value, side in ((t.v.minimum, "min"), (mid, "min"), (mid + _TINY, "max")):
        yield f"the side of {value} is {side}", side_of(value, t.v) == side


def _exact_decoder(row: str) -> Said:
    decode = exact_decoder(plain(row))
    flat = Visualization((_F(1, 2),), (_F(1, 2),), _F(3), _F(3))
    yield f"{row}: the value of a constant", decode(flat, (_F(1, 3),)) == 3
    yield f"{row}: a query of two coordinates", _refuses(lambda: decode(flat, (_F(0), _F(0))))
    v = Visualization((_F(1),), (_F(0),), _F(-1), _F(2))
    if row == "constant":
        yield (
            "two values are shown to the constant's decoder",
            _refuses(lambda: decode(v, (_F(0),))),
        )
    elif row == "affine-1d":
        yield "the falling line at 1/3", decode(v, (_F(1, 3),)) == 1
    else:  # the link's inverse takes -1 to -2
        yield "the falling neuron at 1/4", decode(v, (_F(1, 4),)) == 1
        yield "the falling neuron at 3/4", decode(v, (_F(3, 4),)) == _F(-1, 2)
        inside = Visualization((_F(1, 4),), (_F(0),), _F(-1), _F(2))
        yield "a neuron with a minimiser inside", _refuses(lambda: decode(inside, (_F(0),)))


def _refuses(call: Callable[[], Any]) -> bool:
    try:
        call()
    except InvalidInput:
        return True
    return False


# -- tasks -----------------------------------------------------------------------------------------------------


def _tasks(v: Visualization) -> Said:
    m, M = v.minimum, v.maximum
    mid, span = (m + M) / 2, M - m
    tenth = Approx("0.1")
    yield 'eps = "0.1" is a tenth', tenth.eps == _F(1, 10)
    for bad in (0, "1/2", True, "x"):
        yield f"eps = {bad!r} is refused", _refuses(lambda bad=bad: Approx(bad))  # type: ignore[misc]
    step = span / 10
    answers: list[tuple[Task, Any, Fraction, bool]] = [
        (Exact(), mid, mid, True),
        (Exact(), mid, mid + _TINY, False),
        (Exact(), mid + _TINY, mid, False),
        (tenth, mid + step, mid, True),
        (tenth, mid - step, mid, True),
        (tenth, mid + step + _TINY, mid, False),
        (tenth, mid - step - _TINY, mid, False),
        (Side(), "min", mid, True),
        (Side(), "max", mid, True),
        (Side(), "min", mid + _TINY, False),
        (Side(), "max", mid - _TINY, False),
        (Side(), "min", m, True),
        (Side(), "max", M, True),
    ]
    for task, answer, truth, expected in answers:
        yield f"{task.key}: {answer} for {truth}", task.right(answer, truth, v) == expected
    yield "side: an answer that is no side", _refuses(lambda: Side().right("mid", mid, v))
    fibres: list[tuple[Task, Fraction, Fraction, bool]] = [
        (Exact(), mid, mid, True),
        (Exact(), m, M, False),
        (tenth, mid, mid + 2 * step, True),
        (tenth, mid, mid + 2 * step + _TINY, False),
        (Side(), m, mid, True),
        (Side(), mid, M, True),
        (Side(), m, mid + _TINY, False),
        (Side(), mid - _TINY, M, False),
    ]
    for task, lower, upper, expected in fibres:
        fibre = Interval(lower, upper)
        yield f"{task.key}: [{lower}, {upper}] is decidable", task.decidable(fibre, v) == expected
    flat = Visualization(v.argmin, v.argmax, m, m)
    fibre = Interval(mid, M)
    yield "the radius of the upper half is 1/4", fibre.radius(v) == _F(1, 4)
    yield "the radius of a constant's fibre is 0", Interval(m, m).radius(flat) == 0
    yield "an interval holds its ends", mid in fibre and M in fibre and (mid + M) / 2 in fibre
    yield "and nothing else", mid - _TINY not in fibre and M + _TINY not in fibre
