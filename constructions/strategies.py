"""Hypothesis strategies: random units of each class, and random questions about them.

Everything drawn is exact. Draws shrink towards one input, simple fractions and few pieces, and none
is rejected. Needs the extra `test`; nothing else in trompe but `trompe.strategies` imports this module.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any

from trompe.constructions import FoolingPair, Network, Triple, construction, triple
from trompe.constructions.adversary import Question, draw_question
from trompe.constructions.catalogue import (
    draw_class,
    draw_dim,
    draw_member,
    draw_query,
    draw_visualization,
)
from trompe.constructions.draws import Member, Pick, Picker, draw_network, draw_point, draw_rational
from trompe.constructions.opponents import Opponent, draw_opponent
from trompe.ground.arguments import Dim, Integer, checked
from trompe.theory import (
    FunctionClass,
    InvalidInput,
    MissingDependency,
    Point,
    Visualization,
    task,
)
from trompe.theory.catalogue import AnyTask, AnyTheorem, Class, as_class, row_class, theorem

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy
except ImportError as error:  # pragma: no cover - exercised by the bare-environment test run
    raise MissingDependency(
        "hypothesis is not installed; it comes with: pip install 'trompe[test]'"
    ) from error


_MAX_DIM = 4
"""The largest d that is drawn unless told otherwise."""


def _padding(dim: int | None, max_dim: int) -> int:
    """Where d is drawn, all lists of coordinates take as many draws as the largest d."""
    return 0 if dim is not None else max_dim


@st.composite
def _drawn(draw: DrawFn, make: Callable[[Pick], Any], padding: int = 0) -> Any:
    """What `make` makes of integers that Hypothesis picks; with padding where d is drawn, too."""
    return make(Picker(lambda low, high: draw(st.integers(low, high)), padding))


# -- numbers and points ------------------------------------------------------------------------------


def dims(row: str = "black-box", max_dim: int = _MAX_DIM) -> SearchStrategy[int]:
    """A number of inputs that the row is about, at most `max_dim`."""
    row_class(row)
    return _drawn(lambda pick: draw_dim(pick, row, max_dim))


def rationals(low: Any = 0, high: Any = 1, *, strict: bool = False) -> SearchStrategy[Fraction]:
    """A simple fraction in [low, high], or in (low, high) if `strict`; the ends are likely."""
    return _drawn(lambda pick: draw_rational(pick, low, high, strict=strict))


def points(dim: int) -> SearchStrategy[Point]:
    """A point of [0, 1]^dim."""
    return _drawn(lambda pick: draw_point(pick, dim))


# -- classes, visualizations, queries ------------------------------------------------------------------


@checked
def classes(row: str, dim: int) -> SearchStrategy[FunctionClass]:
    """The class of a row, with random parameters where it has any: L and the metric, or the data.

    Raises
    ------
    InvalidInput : the row is not about this number of inputs. UnknownKey : no such row.
    """
    row_class(row)().check_dim(dim)
    return _drawn(lambda pick: draw_class(pick, row, dim))


@checked
def visualizations(cls: Class, dim: Dim | None = None) -> SearchStrategy[Visualization]:
    """A visualization that some member has: unique extremes with m < M, or what a Yes row may show."""
    _check_about(cls, dim)
    return _drawn(
        lambda pick: draw_visualization(pick, *_about(pick, cls, dim)), _padding(dim, _MAX_DIM)
    )


@checked
def questions(key: AnyTheorem, dim: Dim | None = None) -> SearchStrategy[Question]:
    """A question of a theorem: what is shown of a unit and asked, and two members that no answer serves (label No)."""
    name = theorem(key).key
    row = name.split("/")[0]
    if dim is not None:
        row_class(row)().check_dim(dim)

    def make(pick: Pick) -> Question:
        return draw_question(pick, name, draw_dim(pick, row, _MAX_DIM) if dim is None else dim)

    return _drawn(make, _padding(dim, _MAX_DIM))


@checked
def queries(cls: Class, v: Visualization) -> SearchStrategy[Point]:
    """A point whose value is not shown."""
    kind = as_class(cls)
    return _drawn(lambda pick: draw_query(pick, kind, v))


@checked
def triples(
    cls: Class, max_dim: int = _MAX_DIM, *, dim: Dim | None = None
) -> SearchStrategy[Triple]:
    """An extremal triple of a class, at `dim` inputs or at most `max_dim`, with random visualization and query.

    Raises
    ------
    InvalidInput : no pair exists in the class, or it is not about this number of inputs.
    """
    _check_has_pairs(cls)
    _check_about(cls, dim)
    return _drawn(lambda pick: _triple(pick, cls, dim, max_dim), _padding(dim, max_dim))


@checked
def fooling_pairs(
    cls: Class, max_dim: int = _MAX_DIM, *, dim: Dim | None = None
) -> SearchStrategy[FoolingPair]:
    """A fooling pair with a random mixing weight; its gap may be 0 where x is decidable."""
    _check_has_pairs(cls)
    _check_about(cls, dim)
    return _drawn(
        lambda pick: _triple(pick, cls, dim, max_dim).pair(draw_rational(pick, strict=True)),
        _padding(dim, max_dim),
    )


def _triple(pick: Pick, cls: Class, dim: int | None, max_dim: int) -> Triple:
    drawn, at = _about(pick, cls, dim, max_dim)
    v = draw_visualization(pick, drawn, at)
    return triple(drawn, v, draw_query(pick, drawn, v))


def _about(
    pick: Pick, cls: Class, dim: int | None, max_dim: int = _MAX_DIM
) -> tuple[FunctionClass, int]:
    """A class and a number of inputs where one is left open."""
    data = getattr(cls, "data", None)
    if dim is None and data is not None and len(data):
        dim = len(data.inputs[0])
    if dim is None:
        dim = draw_dim(pick, cls if isinstance(cls, str) else cls.key, max_dim)
    return (draw_class(pick, cls, dim) if isinstance(cls, str) else cls), dim


def _check_about(cls: Class, dim: int | None) -> None:
    """Raise InvalidInput or UnknownKey unless there is such a class at this number of inputs."""
    kind = as_class(cls)
    if dim is not None:
        kind.check_dim(dim)


def _check_has_pairs(cls: Class) -> None:
    key = as_class(cls).key
    if construction(key) is None:
        raise InvalidInput(
            f"{key}: no fooling pair exists, one decoder is right for every member; see exact_decoder"
        )


# -- members, networks, decoders ---------------------------------------------------------------------


@checked
def members(cls: Class, dim: Dim | None = None) -> SearchStrategy[Member]:
    """A member of the class, with its exact visualization; not only mixes of the row's triple.

    Raises
    ------
    InvalidInput : the row is not about this number of inputs. UnknownKey : no such row.
    """
    _check_about(cls, dim)
    return _drawn(lambda pick: draw_member(pick, *_about(pick, cls, dim)), _padding(dim, _MAX_DIM))


@checked
def networks(
    dim: Dim,
    max_depth: Annotated[int, Integer(0, 64)] = 2,
    max_width: Annotated[int, Integer(1, 1024)] = 3,
) -> SearchStrategy[Network]:
    """A ReLU network with one output and small rational weights.

    Raises
    ------
    InvalidInput : dim < 1.
    """
    return _drawn(lambda pick: draw_network(pick, dim, max_depth, max_width))


def decoders(question: AnyTask = "exact") -> SearchStrategy[Opponent]:
    """A decoder of a task: a function of a visualization and a query, the same answer for the same input."""
    asked = task(question)
    return _drawn(lambda pick: draw_opponent(pick, asked))
