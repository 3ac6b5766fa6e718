"""Hypothesis strategies for tests of your own: random units, visualizations, queries, pairs, networks, decoders.

>>> from trompe.strategies import members, queries

Everything drawn is exact. A strategy that takes a class takes its key, such as `"convex"` (then the class's
parameters are drawn too), or a class. Without `dim` the number of inputs is drawn, at most 4. Failing
examples shrink towards few inputs, simple fractions and few pieces. No draw is rejected.

Needs hypothesis: `pip install 'trompe[test]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trompe.constructions import strategies as _home
from trompe.constructions.draws import Member
from trompe.constructions.opponents import Opponent
from trompe.constructions.strategies import decoders, networks, queries
from trompe.theory import FunctionClass

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from trompe.constructions import FoolingPair, Triple
    from trompe.constructions.adversary import Question
    from trompe.theory import Visualization

__all__ = [
    "Member",
    "Opponent",
    "decoders",
    "fooling_pairs",
    "members",
    "networks",
    "queries",
    "questions",
    "triples",
    "visualizations",
]


def members(function_class: FunctionClass | str, dim: int | None = None) -> SearchStrategy[Member]:
    """A member h of the class: call it with an exact point; `h.cls` is its class, `h.v` its visualization.

    Members are drawn by rules of their own, not from the fooling pairs: piecewise affine functions, steps
    and jumps where the class has them, networks between cones.

    Raises
    ------
    InvalidInput : the class is not about this number of inputs. UnknownKey : no such class.
    """
    return _home.members(function_class, dim)


def visualizations(
    function_class: FunctionClass | str, dim: int | None = None
) -> SearchStrategy[Visualization]:
    """A visualization that some member has; unique extremes with m < M, except where every member is constant."""
    return _home.visualizations(function_class, dim)


def triples(function_class: FunctionClass | str, dim: int | None = None) -> SearchStrategy[Triple]:
    """U, W, B at a random visualization and a random query that is not shown.

    Raises
    ------
    InvalidInput : the label of the class is Yes, so it has no pairs.
    """
    return _home.triples(function_class, dim=dim)


def questions(key: str, dim: int | None = None) -> SearchStrategy[Question]:
    """A question of a theorem, such as `convex/side/argmax`: a random class, extremes and query.

    `question.observation` is what a decoder gets at the theorem's level; where the label is No, `question.pair` has two
    members f, g that show this and defeat the task; where it is Yes, `question.only_member(z)` is the member's value.

    Raises
    ------
    InvalidInput : the row is not about this number of inputs. UnknownKey : no such theorem.
    """
    return _home.questions(key, dim)


def fooling_pairs(
    function_class: FunctionClass | str, dim: int | None = None
) -> SearchStrategy[FoolingPair]:
    """Two members f, g with the same visualization; f(x) = g(x) only where the value is determined."""
    return _home.fooling_pairs(function_class, dim=dim)
