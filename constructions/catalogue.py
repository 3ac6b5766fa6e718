"""Every row's constructions, by its key; the triple, the decoder and the questions of any class."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from typing import Annotated, Any, NamedTuple

from trompe.constructions.draws import Member, Pick, apart, draw_point
from trompe.constructions.levels import AnyPair, level_decoder, rescaled_pair
from trompe.constructions.questions import QUARTER, flat_points
from trompe.constructions.row import Decoder, Row
from trompe.constructions.rows.additive import AdditiveRow
from trompe.constructions.rows.affine import Affine1dRow, AffineRow
from trompe.constructions.rows.constant import ConstantRow
from trompe.constructions.rows.convex import ConvexRow
from trompe.constructions.rows.free import BlackBoxRow, ErmRow, FreeRow
from trompe.constructions.rows.lipschitz import LipschitzRow
from trompe.constructions.rows.monotone import MonotoneRow
from trompe.constructions.rows.neuron import (
    Neuron1dRow,
    NeuronRow,
)
from trompe.constructions.triples import Construction, Triple
from trompe.ground.arguments import BY_ITSELF, Dim, checked
from trompe.theory import (
    CLASSES,
    EXTENDED,
    ROWS,
    TASKS,
    Dataset,
    FunctionClass,
    InvalidInput,
    Point,
    QueryShown,
    Task,
    Theorem,
    UnknownKey,
    Visualization,
    as_point,
    row_class,
    show,
    theorem,
)
from trompe.theory.catalogue import Class, as_class
from trompe.theory.fibres import fibres_of
from trompe.theory.levels import EXTREMES, observed
from trompe.theory.statements import Form

_MAKERS: dict[str, type[Row]] = {
    "black-box": BlackBoxRow,
    "neural-network": FreeRow,
    "erm": ErmRow,
    "lipschitz": LipschitzRow,
    "piecewise-affine": FreeRow,
    "monotone": MonotoneRow,
    "convex": ConvexRow,
    "affine": AffineRow,
    "affine-1d": Affine1dRow,
    "constant": ConstantRow,
    "lipschitz-unknown": FreeRow,
    "neuron": NeuronRow,
    "neuron-1d": Neuron1dRow,
    "additive": AdditiveRow,
}

_ROWS = {key: _MAKERS[key](kind) for key, kind in ROWS.items()}

_MADE = {key: row.construction for key, row in _ROWS.items() if row.construction is not None}

CONSTRUCTIONS: dict[str, Construction] = {
    key: made for key, made in _MADE.items() if key in CLASSES
}
"""The construction of each row of the table whose label is not Yes."""

EXTENDED_CONSTRUCTIONS: dict[str, Construction] = {
    key: made for key, made in _MADE.items() if key in EXTENDED
}
"""The construction of each of our further rows whose label is not Yes."""


EXACT_DECODERS: dict[str, Decoder] = {
    key: decoder
    for key, kind in CLASSES.items()
    if (decoder := _ROWS[key].decoder(kind())) is not None
}
"""The decoder of each Yes row of the table."""


def row_of(key: str) -> Row:
    """The row called `key`.

    Raises
    ------
    UnknownKey : no such row.
    """
    return _ROWS[row_class(key).key]


def construction(row: str) -> Construction | None:
    """The construction of a row, of the table or further; None where the label is Yes.

    Raises
    ------
    UnknownKey : no such row.
    """
    key = row_class(row).key
    return CONSTRUCTIONS.get(key) or EXTENDED_CONSTRUCTIONS.get(key)


@checked
def triple(cls: Class, v: Visualization, x: Any) -> Triple:
    """The extremal triple of `cls` at the visualization `v` and the query `x`.

    Raises
    ------
    InvalidInput : no member has this visualization; the query is no point of the box; the class has a
        decoder that is always right, so that no pair exists. QueryShown : the value at x is shown.
    """
    cls = as_class(cls)
    made = construction(cls.key)
    if made is None:
        raise InvalidInput(
            f"{cls.key}: no fooling pair exists, one decoder is right for every member; see exact_decoder"
        )
    cls.check_visualization(v)
    return made.triple(cls, v, cls.check_query(v, x))


@checked
def exemplar_triple(
    cls: Class, v: Visualization, x: Any, exemplars: Annotated[Iterable[Any], BY_ITSELF] = ()
) -> Triple:
    """U, W, B of a class at a visualization and a query, all through the values at the exemplars.

    U(x) and W(x) are the ends of the sharp interval, B is strict (m only at a, M only at b). By the mix lemma
    f = (1-eta) U + eta B and g = (1-eta) W + eta B are members with the same visualization and the same values at
    every exemplar, so every value strictly between the ends is some member's. Whether an end itself is attained:
    docs/bound.md, section 2.

    Raises
    ------
    InvalidInput : no member fits what is shown; the class has no bound with exemplars; it has a decoder that
        is always right, so that no pair exists. QueryShown : the value at x is shown.
    """
    cls = as_class(cls)
    known = fibres_of(cls, v, exemplars)
    if not known.exemplars:
        return triple(cls, v, x)
    query = cls.check_query(v, x)
    if query in known.points:
        raise QueryShown(f"{cls.key}: query {show(query)} is an exemplar; choose another point")
    return row_of(cls.key).through(known, query) or triple(cls, v, x)


def exact_decoder(cls: Class) -> Decoder:
    """The decoder of a Yes row, of the table or further: right for every member and every query.

    Raises
    ------
    UnknownKey : the row has none.
    """
    cls = as_class(cls)
    found = row_of(cls.key).decoder(cls)
    if found is None:
        has = (key for key, row in _ROWS.items() if row.construction is None)
        raise UnknownKey("row with an exact decoder", cls.key, has)
    return found


# -- random questions -------------------------------------------------------------------------------------


def draw_dim(pick: Pick, row: str, max_dim: int = 4) -> int:
    """A number of inputs that the row is about, at most `max_dim` unless the row asks for more."""
    kind = row_class(row)
    highest = max(max_dim, kind.min_dim) if kind.max_dim is None else kind.max_dim
    return pick(kind.min_dim, highest)


def draw_class(pick: Pick, row: str, dim: int) -> FunctionClass:
    """The class of a row, with random parameters where it has any: L and the metric, or the data."""
    return row_of(row).draw_class(pick, dim)


def draw_visualization(pick: Pick, cls: FunctionClass, dim: int) -> Visualization:
    """A visualization that some member has: unique extremes with m < M, or what a Yes row may show."""
    return row_of(cls.key).draw_visualization(pick, cls, dim)


def draw_query(pick: Pick, cls: FunctionClass, v: Visualization) -> Point:
    """A point whose value is not shown."""
    data = getattr(cls, "data", Dataset())
    return apart(draw_point(pick, v.dim), [*v.argmin_set, *v.argmax_set, *data.inputs])


def draw_member(pick: Pick, cls: FunctionClass, dim: int) -> Member:
    """A member of the class, with its exact visualization; not only mixes of the row's triple.

    Raises
    ------
    InvalidInput : the class is not about this number of inputs, or has no generator.
    """
    cls.check_dim(dim)
    if cls.key not in _ROWS:
        raise InvalidInput(f"{cls.key}: random members of this class cannot be drawn")
    return row_of(cls.key).draw_member(pick, cls, dim)


# -- chosen questions -------------------------------------------------------------------------------------


class Example(NamedTuple):
    """A class, a visualization that some member has, and a query."""

    cls: FunctionClass
    v: Visualization
    x: Point


@checked
def example(row: str, dim: Dim = 2) -> Example:
    """The instance of a row that trompe shows when none is given, and the solvers' test case.

    Raises
    ------
    UnknownKey : no such row. InvalidInput : the row is not about this number of inputs.
    """
    made = row_of(row)
    case = Example(*made.example(dim))
    case.cls.check_visualization(case.v)
    return case


def has_rescaled_pair(key: str) -> bool:
    """Do the two functions of a theorem's pair differ in extreme values, which the level does not show?

    Raises
    ------
    UnknownKey : no such theorem.
    """
    item = theorem(key)
    return construction(item.row) is None and item.form is not Form.POSSIBLE


class Decided(NamedTuple):
    """Where every member's value is known: the class, what is shown, a query, and the decoder that is right."""

    cls: FunctionClass
    v: Visualization
    x: Point
    decode: Decoder

    @property
    def answer(self) -> Any:
        """What the decoder says of the query."""
        return self.decode(self.v, self.x)


def demonstrate(key: str, dim: int) -> AnyPair | Decided:
    """What shows a theorem at the row's example: the pair that defeats its task, or the decoder.

    Raises
    ------
    UnknownKey : no such theorem. InvalidInput : its row is not about this number of inputs.
    """
    item = theorem(key)
    case, asked = example(item.row, dim), TASKS[item.task]()
    if item.form is Form.POSSIBLE:
        return Decided(*case, _decoder_of(item, case.cls))
    if has_rescaled_pair(key):
        return rescaled_pair(case.cls, row_of(item.row).known, case.v, case.x, asked, item.level)
    return triple(*case).pair_for(asked)


def _decoder_of(item: Theorem, cls: FunctionClass) -> Decoder:
    """The decoder of a Yes, which gets of the visualization what the level shows."""
    if item.level == EXTREMES:
        return exact_decoder(cls)
    decode = level_decoder(item.key)
    return lambda v, x: decode(observed(v, item.level), x)


_LARGEST_RADIUS = Fraction(1, 2)


def choose_query(cls: FunctionClass, task: Task, v: Visualization) -> Point:
    """Of a list of simple points whose value is not shown, the first with the largest radius.

    Raises
    ------
    InvalidInput : no member has this visualization.
    """
    cls.check_visualization(v)
    if construction(cls.key) is None:
        return (QUARTER,) * v.dim
    radius, chosen = Fraction(-1), None
    for x in _queries(cls, task, v):
        if cls.shown_value(v, x) is not None:
            continue
        found = cls.envelope(v, x).radius(v)
        if found > radius:
            radius, chosen = found, x
        if radius >= _LARGEST_RADIUS:
            break
    if chosen is None:
        raise InvalidInput(f"{cls.key}: no query was found for {v}; name one")
    return chosen


def choose_visualization(cls: FunctionClass, task: Task, dim: int, x: Any = None) -> Visualization:
    """Of a list of simple visualizations, the first with the largest radius at the query (if one is given).

    Raises
    ------
    InvalidInput : the class is not about this number of inputs, or x is no point of the box.
    QueryShown : whatever is shown of a member, its value at x is.
    """
    cls.check_dim(dim)
    point = None if x is None else as_point(x, "query", dim)
    radius, chosen = Fraction(-1), None
    for v in row_of(cls.key).visualizations(cls, dim, point):
        if point is None:
            return v
        if cls.shown_value(v, point) is not None and v.range:
            continue
        found = cls.envelope(v, point).radius(v)
        if found > radius:
            radius, chosen = found, v
        if radius >= _LARGEST_RADIUS:
            break
    if chosen is None:
        cls.check_query(v, x)  # raises: the last one shows the query, as all of them do
        raise InvalidInput(f"{cls.key}: no visualization was found for this query; give one")
    return chosen


def _queries(cls: FunctionClass, task: Task, v: Visualization) -> Iterable[Point]:
    yield from row_of(cls.key).queries(cls, task, v)
    data = getattr(cls, "data", Dataset())
    yield from islice(flat_points(v.dim), 4 + 2 + len(data))
