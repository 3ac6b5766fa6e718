"""Random instances of our further rows, part of the sampled evidence; see `rows`.

Neurons are given by weights, not by their fibre: for leaky ReLU by rational ones, for sigmoid and tanh by
multiples of log(r), so that every value on the grid k/4 is rational and an independent formula gives it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import exact_decoder, triple
from trompe.theory import (
    TASKS,
    Additive,
    Approx,
    FunctionClass,
    Neuron,
    Point,
    Visualization,
    function_class,
)

__all__ = ["check_extended"]

Said = Iterator[tuple[str, bool]]

_GRID = 4
_LINKS = ("leaky-relu", "sigmoid", "tanh")
"""Softplus has no rational values to compare with; SymPy checks its formulas, tests its values."""


def check_extended(row: str, rng: random.Random, d: int) -> Said:
    """One random question of a further row, with everything that its theorem says of it."""
    checks: dict[str, Callable[[random.Random, int], Said]] = {
        "lipschitz-unknown": lambda rng, d: _free(function_class("lipschitz-unknown"), rng, d),
        "additive": _additive,
        "neuron": _neuron,
        "neuron-1d": _neuron_1d,
    }
    yield from checks[row](rng, d)


def _coordinate(rng: random.Random) -> Fraction:
    return rng.choice([Fraction(0), Fraction(1), Fraction(rng.randint(0, 12), 12)])


def _point(rng: random.Random, d: int) -> Point:
    return tuple(_coordinate(rng) for _ in range(d))


def _other(rng: random.Random, z: Point) -> Point:
    """A point that differs from z in every coordinate."""
    return tuple((zi + Fraction(rng.randint(1, 12), 13)) % 1 for zi in z)


def _range(rng: random.Random) -> tuple[Fraction, Fraction]:
    low = Fraction(rng.randint(-3, 3), 2)
    return low, low + Fraction(rng.randint(1, 6), 2)


def _query(rng: random.Random, a: Point, b: Point) -> Point:
    """Each coordinate that of a, that of b or another one; not a, not b."""
    while True:
        x = tuple(rng.choice([ai, bi, _coordinate(rng)]) for ai, bi in zip(a, b, strict=True))
        if x not in (a, b):
            return x


def _free(cls: FunctionClass, rng: random.Random, d: int) -> Said:
    """A row whose fibre is everything: the triple, its pairs and what they defeat."""
    a = _point(rng, d)
    b = _other(rng, a)
    v = Visualization(a, b, *_range(rng))
    x = _query(rng, a, b)
    t = triple(cls, v, x)
    where = f"{v}, x = {x}"
    yield f"U(x) = M and W(x) = m at {where}", (t.upper(x), t.lower(x)) == (v.maximum, v.minimum)
    yield f"the envelope is [m, M] at {where}", cls.envelope(v, x) == t.envelope
    for name, h in (("U", t.upper), ("W", t.lower), ("B", t.strict)):
        yield f"{name}(a) = m, {name}(b) = M at {where}", (h(a), h(b)) == (v.minimum, v.maximum)
        for z in (_query(rng, a, b), _point(rng, d)):
            yield f"{name}({z}) in [m, M] at {where}", v.minimum <= h(z) <= v.maximum
            yield f"B is strict at {z}", z in (a, b) or v.minimum < t.strict(z) < v.maximum
    for task in (*(kind() for kind in TASKS.values()), Approx(Fraction(rng.randint(1, 9), 20))):
        yield f"the pair for {task.key} at {where}", t.pair_for(task).defeats(task)


def _additive(rng: random.Random, d: int) -> Said:
    cls = Additive()
    yield from _free(cls, rng, d)
    a = _point(rng, d)
    b = _other(rng, a)
    pair = triple(cls, Visualization(a, b, *_range(rng)), _query(rng, a, b)).pair()
    y, z = _point(rng, d), _point(rng, d)
    swap = [rng.random() < 0.5 for _ in range(d)]
    y2, z2 = (
        tuple(q if s else p for p, q, s in zip(one, other, swap, strict=True))
        for one, other in ((y, z), (z, y))
    )
    for name, h in (("f", pair.f), ("g", pair.g)):
        holds = Additive.exchange(h(y), h(z), h(y2), h(z2))
        yield f"{name} at {y}, {z} with coordinates exchanged {swap}", holds


def _unit(rng: random.Random, d: int) -> tuple[Neuron, Callable[[Any], Fraction]]:
    """A random link, and the value where what goes into it has gone so many steps of log(r)/n (or of 1/3)."""
    link = rng.choice(_LINKS)
    slope, bias = Fraction(1, rng.randint(2, 9)), Fraction(rng.randint(-8, 8), 3)
    ratio, odds = Fraction(rng.randint(5, 8), 4), Fraction(rng.randint(1, 9), 4)

    def value(steps: Any) -> Fraction:
        if link == "leaky-relu":
            t = bias + Fraction(steps) / 3
            return t if t > 0 else slope * t
        e = odds * ratio ** int(steps)
        return e / (1 + e) if link == "sigmoid" else (e - 1) / (e + 1)

    cls = function_class("neuron" if d > 1 else "neuron-1d", link=link, slope=slope)
    assert isinstance(cls, Neuron)
    return cls, value


def _steps(weights: list[int], z: Point) -> Fraction:
    return _GRID * sum((w * zk for w, zk in zip(weights, z, strict=True)), Fraction(0))


def _on_grid(rng: random.Random, d: int) -> Point:
    return tuple(Fraction(rng.randint(0, _GRID), _GRID) for _ in range(d))


def _neuron(rng: random.Random, d: int) -> Said:
    weights = [rng.choice((-1, 1)) * rng.randint(1, 2) for _ in range(d)]
    cls, value = _unit(rng, d)
    b = tuple(Fraction(int(w > 0)) for w in weights)
    a = tuple(1 - bk for bk in b)
    first, last = (_steps(weights, end) for end in (a, b))
    v = Visualization(a, b, value(first), value(last))
    x = _on_grid(rng, d)
    while x in (a, b):
        x = _on_grid(rng, d)
    where = f"{cls}, weights {weights}, {v}, x = {x}"
    fibre = cls.envelope(v, x)
    yield (
        f"a member's value lies in the envelope: {where}",
        bool(value(_steps(weights, x)) in fibre),
    )
    shares = [abs(xk - ak) for xk, ak in zip(x, a, strict=True)]
    ends = [value(first + share * (last - first)) for share in (min(shares), max(shares))]
    yield f"the envelope is {ends}: {where}", [fibre.lower, fibre.upper] == ends
    t = triple(cls, v, x)
    yield f"[W(x), U(x)] is the envelope: {where}", fibre == t.envelope
    for name, h in (("U", t.upper), ("W", t.lower), ("B", t.strict)):
        yield f"{name}(a) = m, {name}(b) = M: {where}", (h(a), h(b)) == (v.minimum, v.maximum)
    for task in (*(kind() for kind in TASKS.values()), Approx(Fraction(rng.randint(1, 9), 20))):
        if not task.decidable(fibre, v):
            yield f"the pair for {task.key}: {where}", t.pair_for(task).defeats(task)
    pair, z = t.pair(), _on_grid(rng, d)
    inside = all(bool(v.minimum < h(z) < v.maximum) for h in (pair.f, pair.g))
    yield f"m < f, g < M at {z}: {where}", z in (a, b) or inside


def _neuron_1d(rng: random.Random, d: int) -> Said:
    weights = [rng.randint(-3, 3)]
    cls, value = _unit(rng, d)
    corners: list[Point] = [(Fraction(0),), (Fraction(1),)]
    a, b = sorted(corners, key=lambda z: _steps(weights, z))
    if not weights[0]:
        a = b = _on_grid(rng, 1)
    v = Visualization(a, b, *(value(_steps(weights, end)) for end in (a, b)))
    x = _on_grid(rng, 1)
    truth = value(_steps(weights, x))
    yield (
        f"the decoder predicts {cls}, weight {weights[0]}, at {x}",
        exact_decoder(cls)(v, x) == truth,
    )
