"""The adversary: for any answer to a question about a unit, the unit for which that answer is wrong.

A decoder gets the visualization v and the query x, the same for both functions of a fooling pair. So
whatever it answers, the answer is wrong for one of the two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import chain
from numbers import Real
from typing import Any, Literal

import numpy as np

from trompe.constructions import Triple, construction, triple
from trompe.constructions.catalogue import (
    choose_query,
    choose_visualization,
    draw_class,
    draw_query,
    draw_visualization,
    exact_decoder,
    has_rescaled_pair,
    row_of,
)
from trompe.constructions.draws import Pick, draw_rational
from trompe.constructions.levels import AnyPair, RescaledPair, is_settled, rescaled_pair
from trompe.constructions.triples import NAMES
from trompe.ground.errors import one_line
from trompe.theory import (
    Approx,
    FunctionClass,
    Interval,
    InvalidInput,
    Point,
    Task,
    Visualization,
    as_number,
    as_point,
    show,
    theorem,
)
from trompe.theory.catalogue import task_of
from trompe.theory.exact import LONGEST_BITS, bits, written
from trompe.theory.levels import (
    EXTREMES,
    LEVELS,
    AnyLevel,
    Observation,
    cell_key,
    observed,
    promised,
)
from trompe.theory.levels import level as level_of
from trompe.theory.sites import is_float
from trompe.theory.statements import Form

LARGEST_ETA = Fraction(1, 16)
"""The pair keeps at least 15/16 of the envelope's width, so that the error is large."""

SMALLEST_ETA = Fraction(1, 2**100_000)
"""Below this no further pair is tried."""

Answer = Any
"""An exact number for exact and approx, "min" or "max" for side."""


@dataclass(frozen=True)
class Mistake:
    """A member that the answer is wrong for: `f` or `g` of `pair`, its value at the query, the distance.

    `error` is |answer - truth|; for side |truth - mid|.
    """

    pair: AnyPair
    name: Literal["f", "g"]
    truth: Any
    error: Any

    @property
    def member(self) -> Callable[[Any], Any]:
        """The function itself, for tuples of numbers, NumPy arrays and tensors."""
        return self.pair.f if self.name == "f" else self.pair.g

    @property
    def v(self) -> Visualization:
        """Its visualization, by which the answer is judged."""
        return self.pair.v_of(self.name)


@dataclass(frozen=True)
class Question:
    """What is asked: a class, a task, the extremes of the unit, the query, and how much of the extremes is shown."""

    cls: FunctionClass
    task: Task
    v: Visualization
    x: Point
    level: str = EXTREMES
    stopped: tuple[Point, Point] | None = None
    """Of a Yes: where an optimiser stopped, if it is not the extremes that are shown."""
    shortfall: Fraction | None = None
    """By which share of the range its values there may fall short of the extremes, if that is asked."""

    @property
    def key(self) -> str:
        """The theorem that the question belongs to."""
        return cell_key(self.cls.key, self.task.key, self.level)

    @property
    def has_decoder(self) -> bool:
        """Is one decoder right for every member of the class? (the label Yes)"""
        if self.level == EXTREMES:
            return construction(self.cls.key) is None
        return theorem(self.key).form is Form.POSSIBLE

    @property
    def has_rescaled_pair(self) -> bool:
        """Does its pair differ in what is not shown?"""
        return self.level != EXTREMES and has_rescaled_pair(self.key)

    @cached_property
    def observation(self) -> Observation:
        """What a decoder gets, exact, where less is shown than both extremes with their values."""
        return observed(self.shown, self.level, promised(self.v))

    @cached_property
    def shown(self) -> Visualization:
        """The extremes, or where an optimiser stopped, with the values there."""
        if self.stopped is None:
            return self.v
        return Visualization(*self.stopped, *map(self.only_member, self.stopped))

    @property
    def scale(self) -> Visualization:
        """By whose range and midrange an answer is judged: near, those of the shown values, else the unit's own."""
        return self.shown if self.level == "near" else self.v

    def only_member(self, z: Any) -> Any:
        """Of a row with one member for each visualization: its value at z."""
        return exact_decoder(self.cls)(self.v, z)

    @cached_property
    def triple(self) -> Triple:
        """U, W and B at this visualization and query."""
        return triple(self.cls, self.v, self.x)

    @cached_property
    def fibre(self) -> Interval:
        """The envelope of all that the truth may be."""
        return self.cls.envelope(self.v, self.x)

    @cached_property
    def is_decidable(self) -> bool:
        """Is one answer right for every member that shows this?"""
        if self.has_rescaled_pair:
            return is_settled(self.cls, self._known, self.v, self.x, self.task, self.level)
        return self.task.decidable(self.fibre, self.v)

    @property
    def _known(self) -> Any:
        return row_of(self.cls.key).known

    @cached_property
    def pair(self) -> AnyPair:
        """The pair that defeats every decoder here, or, at a decidable query, some pair.

        Its eta is the first of 1/16, 1/16^2, 1/16^4, ... that defeats.
        """
        if self.has_rescaled_pair:
            return rescaled_pair(self.cls, self._known, self.v, self.x, self.task, self.level)
        pair = self.triple.pair(LARGEST_ETA)
        while not self.is_decidable and pair.eta > SMALLEST_ETA and not pair.defeats(self.task):
            pair = self.triple.pair(pair.eta**2)
        return pair

    def failure(self) -> str:
        """Why the pair is no fooling pair for the task, "" if it is one: what a refutation rests on, exactly."""
        pair = self.pair
        for name, at_x in zip(NAMES, (pair.f_x, pair.g_x), strict=True):
            h, v = getattr(pair, name), pair.v_of(name)
            for what, point, value in (("a", v.argmin, v.minimum), ("b", v.argmax, v.maximum)):
                if h(point) != value:
                    is_shown = "is shown" if self.level == EXTREMES else "is its extreme"
                    return f"{name}({what}) = {h(point)}, but {value} {is_shown}"
            if self.level != EXTREMES and observed(v, self.level, promised(v)) != self.observation:
                return f"{name} does not show what the decoder is given"
            if not (self.has_rescaled_pair or v.minimum < at_x < v.maximum):
                return f"{name}(x) = {at_x} is an extreme value"
        if not pair.defeats(self.task):
            return f"f(x) = {pair.f_x} and g(x) = {pair.g_x} allow one answer for both"
        return ""


def pose(
    cls: FunctionClass,
    task: Task,
    dim: int | None = None,
    v: Visualization | None = None,
    x: Any = None,
    *,
    as_floats: bool = False,
    level: AnyLevel = EXTREMES,
) -> Question:
    """The question, with a visualization and a query chosen where they are not given.

    The choice is one at which a refutation exists whenever the class has one. With one of the two given,
    it is the best of a list of simple ones for the other.

    Parameters
    ----------
    dim : the number of inputs; 2 (or what the class asks for) unless v or x tells.
    as_floats : round v and x to float64 first, so that floats hold them exactly.
    level : what of the extremes is shown. Near, the two points of a v of a class whose label is Yes are any two. Where the pair of the extremes is none at a given v and x, other extremes are
        tried that the level does not tell from v; near, f and g keep the promise of `promised`.

    Raises
    ------
    InvalidInput : v, x and dim do not fit each other or the class. QueryShown : the value at x is shown.
    """
    if v is not None and as_floats:
        v = _rounded_visualization(v)
    if v is not None and dim is not None and v.dim != dim:
        raise InvalidInput(f"{cls.key}: the visualization has {v.dim} coordinates; d = {dim}")
    if v is not None:
        dim = v.dim
    if x is not None:
        point = as_point(x, "query", dim)
        x, dim = (tuple(map(_rounded, point)) if as_floats else point), len(point)
    if dim is None:
        data = getattr(cls, "data", None)
        known = len(data.inputs[0]) if data is not None and len(data) else None
        dim = known or cls.max_dim or max(2, cls.min_dim)
    cls.check_dim(dim)
    at = level_of(level).key
    key = cell_key(cls.key, task.key, at)
    if at != EXTREMES and LEVELS[at].is_own_scale and theorem(key).form is not Form.POSSIBLE:
        asked = _where_less_is_shown(cls, task, dim, v, x, at, as_floats)
    else:
        v = choose_visualization(cls, task, dim, x) if v is None else v
        is_near_yes = at == "near" and theorem(key).form is Form.POSSIBLE
        asked = _asked(cls, task, row_of(cls.key).around(v) if is_near_yes else v, x, at)
        if is_near_yes and asked.v != v:
            asked = replace(asked, stopped=(v.argmin, v.argmax))
        if at != EXTREMES and asked.is_decidable and theorem(key).form is Form.IMPOSSIBLE:
            raise _not_known(asked)
    if as_floats:
        _check_floats(cls, asked.shown, asked.x)
        if at == "near":
            for value in promised(asked.v):
                _rounded(value)  # raises where no float64 is so large
    return asked


def _asked(
    cls: FunctionClass, task: Task, v: Visualization, x: Point | None, level: str
) -> Question:
    """The question with these extremes, with a query chosen where there is none; InvalidInput: they do not fit."""
    cls.check_visualization(v)
    x = choose_query(cls, task, v) if x is None else x
    if construction(cls.key) is not None:
        x = cls.check_query(v, x)
    return Question(cls, task, v, x, level)


def _where_less_is_shown(
    cls: FunctionClass,
    task: Task,
    dim: int,
    v: Visualization | None,
    x: Point | None,
    level: str,
    as_floats: bool,
) -> Question:
    """The question with the first extremes that the level does not tell from the given ones and that have a pair.

    Without given ones, of a list of simple ones. Where none has a pair, a question that one answer settles.
    """
    row, first, settled = row_of(cls.key), None, None
    simple = [v] if v is not None else [*row.visualizations(cls, dim, x)]
    if v is None:
        simple += [Visualization(u.argmax_set, u.argmin_set, u.minimum, u.maximum) for u in simple]
    for other in (u for each in simple for u in _alike(cls, each, x, level)):
        try:
            each = _rounded_visualization(other) if as_floats else other
            asked = _asked(cls, task, each, x, level)
        except InvalidInput as error:
            first = first or error
            continue
        if not asked.is_decidable:
            return asked
        settled = settled or asked
    if settled is None:
        assert first is not None  # there is at least one candidate
        raise first
    if settled.has_rescaled_pair:
        return settled
    raise _not_known(settled)


def _alike(
    cls: FunctionClass, v: Visualization, x: Point | None, level: str
) -> Iterator[Visualization]:
    """v, and others with all of it that the level shows."""
    found = [v]
    if "argmin" not in LEVELS[level].shows and x is not None and x != v.argmax:
        half_way = tuple((p + q) / 2 for p, q in zip(v.argmax, x, strict=True))
        found.append(Visualization(half_way, v.argmax_set, v.minimum, v.maximum))
    yield from found
    for each in found:
        yield from row_of(cls.key).alike(cls, each, x)


def _not_known(asked: Question) -> InvalidInput:
    return InvalidInput(
        f"{asked.key}: with these extremes shown whole the task is decidable at query {show(asked.x)}, so the No of the "
        "extremes says nothing here of less; leave the query or the extremes out to get a pair"
    )


def draw_question(pick: Pick, key: str, dim: int) -> Question:
    """A random question of a theorem, one that its pair answers where the label is No; exact.

    Where the task is decidable at the query that was drawn, a better one is chosen.
    """
    item = theorem(key)
    cls = draw_class(pick, item.row, dim)
    eps = draw_rational(pick, 0, 3 if item.any_eps else Fraction(1, 2), strict=True)
    task = task_of(key, eps if item.task == Approx.key else None)
    v = draw_visualization(pick, cls, dim)
    x = draw_query(pick, cls, v)
    if item.form is Form.POSSIBLE:
        return Question(cls, task, v, x, item.level)
    for query in (x, None):
        with suppress(InvalidInput):
            asked = pose(cls, task, v=v, x=query, level=item.level)
            if not asked.is_decidable:
                return asked
    return pose(cls, task, dim, level=item.level)


def _check_floats(cls: FunctionClass, v: Visualization, x: Point) -> None:
    """What is chosen from class parameters of extreme size may leave the range or the bits of floats."""
    points = (*v.argmin_set, *v.argmax_set, x)
    for value in chain((v.minimum, v.maximum), *points):
        if not is_float(value) and _rounded(value) != value:
            raise InvalidInput(
                f'{cls.key}: {written(value)} is shown or asked, which no float64 holds; take numbers = "exact", or '
                "class parameters of moderate size"
            )


def _rounded(value: Fraction) -> Fraction:
    try:
        return Fraction(float(value))
    except OverflowError:
        raise InvalidInput(
            f'the number {written(value)} is too large for float64; take numbers = "exact"'
        ) from None


def _rounded_visualization(v: Visualization) -> Visualization:
    lows, highs = ([tuple(map(_rounded, z)) for z in s] for s in (v.argmin_set, v.argmax_set))
    return Visualization(lows, highs, _rounded(v.minimum), _rounded(v.maximum))


# -- answers -----------------------------------------------------------------------------------------


def read_answer(task: Task, raw: object) -> tuple[Answer, str]:
    """The answer as an exact number or a side, and what is wrong with it ("" if nothing).

    A float of any width stands for its exact binary value. Arrays and tensors without axes count as their
    number; an array of shape (1,) does not. What the answer itself raises when it is read is a fault of it. Whatever
    its type says of itself, what comes out is a `Fraction` of two integers, a number of SymPy, "min" or "max".
    """
    try:
        return _read(task, raw)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        kinds = type_name(raw), type_name(error)
        return None, "returned a {} that raises {} when it is read".format(*kinds)


def fraction_of(text: object) -> Fraction | None:
    """The number that `str` writes so, in lowest terms or not; None for anything else."""
    return Fraction(text) if isinstance(text, str) and _FRACTION.fullmatch(text) else None


_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,4299})(/[1-9][0-9]{0,4299})?")


def type_name(value: object) -> str:
    """The name of its type, on one line, whatever a metaclass says."""
    return one_line(type.__dict__["__name__"].__get__(type(value)))


def _read(task: Task, raw: Any) -> tuple[Answer, str]:
    if issubclass(type(raw), np.ma.MaskedArray):
        return None, "returned a masked array; expected a plain one"
    if getattr(raw, "shape", None) == () and hasattr(raw, "item"):
        raw = raw.item() if not isinstance(raw, np.longdouble) else raw
    raw = _plain(raw)
    if task.choices:
        if type(raw) is str and raw in task.choices:
            return raw, ""
        return None, f'returned {_shown(raw)}; expected "min" or "max"'
    if getattr(raw, "is_Rational", False) is True:  # of SymPy
        raw = Fraction(int(raw.p), int(raw.q))
    if getattr(raw, "is_number", False) is True and getattr(raw, "is_real", False) is True:
        if not _is_sympy(raw):
            return None, f"returned {_shown(raw)}; expected one number, of SymPy's own types"
        return raw, _too_long(raw)  # an exact algebraic number of SymPy
    if type(raw) is str or (not isinstance(raw, Real) and not hasattr(raw, "as_integer_ratio")):
        return None, f"returned {_shown(raw)}; expected one number"
    try:
        read = as_number(raw, "answer")
    except InvalidInput as error:
        return None, f"returned {_shown(raw)}: {one_line(error)}"
    top, bottom = int(read.numerator), int(read.denominator)
    if max(top.bit_length(), bottom.bit_length()) > LONGEST_BITS:
        return (
            None,
            f"returned a number of more than {LONGEST_BITS} bits; expected a shorter one",
        )
    return Fraction(top, bottom), ""


def _plain(raw: Any) -> Any:
    """What an instance of a number type, or a text, is by its slots: a subclass may say anything of itself."""
    kind = type(raw)
    if issubclass(kind, np.longdouble):
        finite = np.isfinite(raw)
        return Fraction(*np.longdouble.as_integer_ratio(raw)) if finite else float(raw)
    if kind is not bool and issubclass(kind, int):
        return int.__index__(raw)
    for base, read in ((str, str.__str__), (float, float.__float__), (Decimal, Decimal)):
        if issubclass(kind, base):
            return read(raw)
    if issubclass(kind, Fraction):
        parts = (Fraction.__dict__[slot].__get__(raw) for slot in Fraction.__slots__)
        return Fraction(*(int.__index__(part) for part in parts))
    return raw


def _is_sympy(raw: Any) -> bool:
    """Is every part of it of a type that SymPy's modules have under its name?"""
    waiting, seen = [raw], set()
    while waiting:
        kind = type(part := waiting.pop())
        home = str(kind.__module__)
        there = getattr(sys.modules.get(home), kind.__name__, None)
        if not home.startswith("sympy.") or there is not kind:
            return False
        waiting += [each for each in part.args if id(each) not in seen]
        seen |= {*map(id, part.args)}
    return True


def _too_long(raw: Any) -> str:
    """What is wrong with the size of a number of SymPy, "" if nothing."""
    parts = raw.atoms() if hasattr(raw, "atoms") else ()
    rational = (Fraction(int(q.p), int(q.q)) for q in parts if getattr(q, "is_Rational", False))
    if any(bits(q) > LONGEST_BITS for q in rational):
        return f"returned a number that takes more than {LONGEST_BITS} bits; expected a shorter one"
    if raw != 0 and not abs(raw) < 2**LONGEST_BITS:
        return f"returned a number beyond 2^{LONGEST_BITS}; expected a smaller one"
    if raw != 0 and not abs(raw) > Fraction(1, 2**LONGEST_BITS):
        return f"returned a number nearer to 0 than 2^-{LONGEST_BITS}; expected a larger one, or 0"
    return ""


def _shown(raw: object) -> str:
    """The value as a reader sees it, cut short; an array by its shape."""
    shape = getattr(raw, "shape", None)
    if isinstance(shape, tuple) and shape:
        return one_line(f"an array of shape {tuple(map(int, shape))}")
    try:
        text = repr(raw)
    except Exception:
        text = "a value without repr"
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"{one_line(text)} ({type_name(raw)})"


# -- refuting ----------------------------------------------------------------------------------------


def mistakes(question: Question, pair: AnyPair, answer: Answer) -> list[Mistake]:
    """The members of the pair that the answer is wrong for, the larger error first."""
    task, found = question.task, []
    members: tuple[tuple[Literal["f", "g"], Any], ...] = (("f", pair.f_x), ("g", pair.g_x))
    for name, truth in members:
        v = pair.v_of(name)
        if not task.right(answer, truth, v):
            found.append(Mistake(pair, name, truth, task.error(answer, truth, v)))
    # As floats: which of two nearly equal errors comes first is of no consequence.
    return sorted(found, key=lambda mistake: _size(mistake.error), reverse=True)


def _size(error: Any) -> float:
    try:
        return float(error)
    except OverflowError:
        return float("inf")


def refuting_member(question: Question, answer: Answer) -> Mistake | None:
    """The member with this visualization for which the answer is most wrong, or None if there is none.

    Where the task is undecidable the fooling pair has one for every answer. Where it is decidable there
    is one if and only if the answer is wrong for an end of the envelope: the pair comes as close to that
    end as it has to.
    """
    if question.has_rescaled_pair:
        return _near_the_maximum(question, answer)
    ends = (question.fibre.lower, question.fibre.upper)
    if all(question.task.right(answer, end, question.v) for end in ends):
        return None
    pair: Any = question.pair
    found = mistakes(question, pair, answer)
    while not found and pair.eta > SMALLEST_ETA:
        pair = question.triple.pair(pair.eta**2)
        found = mistakes(question, pair, answer)
    return found[0] if found else None


def _near_the_maximum(question: Question, answer: Answer) -> Mistake | None:
    """Where only M is right for every member that shows it: one whose range is so small that the answer is wrong."""
    if answer == question.v.maximum:
        return None
    scale = Fraction(1)
    while True:
        pair = RescaledPair(
            question.cls, question.v, question.x, scale, Fraction(0), question._known
        )
        found = [mistake for mistake in mistakes(question, pair, answer) if mistake.name == "f"]
        if found:
            return found[0]
        scale /= 2
