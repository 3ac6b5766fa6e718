"""Pictures that fall short of the extremes by a share of the range, of the theorems that are about them too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

from trompe.constructions.adversary import Question
from trompe.constructions.catalogue import row_of
from trompe.constructions.levels import SHORT_DECODERS
from trompe.constructions.questions import HALF, QUARTER
from trompe.theory import (
    FunctionClass,
    InvalidInput,
    Point,
    Task,
    Visualization,
    as_number,
    as_point,
    show,
)
from trompe.theory.exact import written
from trompe.theory.levels import LEVELS, cell_key

_STEPS = 2**20
"""Of how many parts a shortfall that is drawn is a multiple, so that floats hold every point."""


def as_shortfall(value: Any, key: str) -> Fraction:
    """By which share of the range pictures may fall short, for a theorem that is about it.

    Raises
    ------
    InvalidInput : no such share, or the theorem says nothing of it.
    """
    share = as_number(value, "shortfall")
    if key not in SHORT_DECODERS:
        raise InvalidInput(
            f"{key}: shortfall = {written(share)} is given, but this statement is not about pictures that fall short; leave it "
            f"out, or ask about {' or '.join(SHORT_DECODERS)}"
        )
    if not 0 <= share < HALF:
        raise InvalidInput(
            f"shortfall = {written(share)} lies outside [0, 1/2); from half the range on, pictures do not tell the direction"
        )
    return share


def fall_short(question: Question, share: Fraction, rng: Random | None = None) -> Question:
    """The question about the same unit with pictures that fall short: one as far as it may, or both by random shares of it.

    Its query is one that is easily got wrong; with `rng` every other time, and the question's own else.
    """
    most = int(share * _STEPS)

    def picture(start: Point, end: Point, first: bool) -> Point:
        part = most * first if rng is None else rng.choice((0, most, rng.randint(0, most)))
        return tuple(p + Fraction(part, _STEPS) * (q - p) for p, q in zip(start, end, strict=True))

    a, b = question.v.argmin, question.v.argmax
    has_minimum = "argmin" in LEVELS[question.level].shows
    seen, x = (picture(a, b, has_minimum), picture(b, a, not has_minimum)), question.x
    if rng is None or rng.random() < 0.5:
        x = _hard_query(*seen, question.level)
    return replace(question, x=x, stopped=seen, shortfall=share)


def pose_short(
    cls: FunctionClass,
    task: Task,
    pictures: Visualization,
    x: Any,
    share: Fraction,
    *,
    as_floats: bool,
    level: str,
) -> Question:
    """The question with these pictures, about the member that has them; m and M are its own.

    Parameters
    ----------
    as_floats : what is given is rounded to float64 first, the pictures towards the extremes.

    Raises
    ------
    InvalidInput : no member's pictures fall short by so little, or x is no point of the box.
    """
    cls.check_dim(pictures.dim)
    key, shows = cell_key(cls.key, task.key, level), LEVELS[level].shows
    point = None if x is None else as_point(x, "query", pictures.dim)
    if point is not None and as_floats:
        point = tuple(Fraction(float(q)) for q in point)
    for v in _members(cls, pictures):
        ends = {name: getattr(v, name) for name in ("argmin", "argmax")}
        found = Question(cls, task, v, point or v.argmin, level, shortfall=share)
        seen = ends | {name: getattr(pictures, name) for name in ends if name in shows}
        falls = (
            abs(found.only_member(seen[name]) - found.only_member(end))
            for name, end in ends.items()
        )
        if max(falls) <= share * v.range:
            if as_floats:
                seen = {name: _towards(point, ends[name]) for name, point in seen.items()}
            a, b = seen["argmin"], seen["argmax"]
            return replace(found, x=point or _hard_query(a, b, level), stopped=(a, b))
    told = ", ".join(f"{name} {show(getattr(pictures, name))}" for name in shows)
    raise InvalidInput(
        f"{key}: {told}: no member of the class has pictures there that fall short by at most {written(share)} of its range; "
        "give others, or a larger shortfall"
    )


def _towards(point: Point, end: Point) -> Point:
    """The nearest floats on the way from a point to an end of the box."""
    found = []
    for p, q in zip(point, end, strict=True):
        near = float(p)
        if abs(Fraction(near) - q) > abs(p - q):
            near = math.nextafter(near, float(q))
        found.append(Fraction(near))
    return tuple(found)


def _members(cls: FunctionClass, told: Visualization) -> Iterator[Visualization]:
    """Of the row's simple visualizations, with either end the minimum, those with the given values."""
    if not told.range:
        yield told
        return
    for v in row_of(cls.key).visualizations(cls, told.dim, None):
        for a, b in ((v.argmin, v.argmax), (v.argmax, v.argmin)):
            yield Visualization(a, b, told.minimum, told.maximum)


def _hard_query(a: Point, b: Point, level: str) -> Point:
    """Half-way between 1/2 and where the decoder of pictures that do not fall short changes its answer."""
    tie = (a[0] + b[0]) / 2
    if "argmin" not in LEVELS[level].shows:
        tie = b[0] + (HALF if b[0] <= HALF else -HALF)
    return ((HALF + tie) / 2 if tie != HALF else QUARTER,)
