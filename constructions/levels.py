"""What shows the cells where less is shown: pairs that show the same and differ in range, and decoders of what is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from trompe.constructions.decoders import interpolate
from trompe.constructions.triples import FoolingPair, Name, Pair, as_array
from trompe.ground.arguments import checked
from trompe.theory import (
    FunctionClass,
    Interval,
    InvalidInput,
    Point,
    Task,
    UnknownKey,
    Visualization,
    as_point,
    theorem,
)
from trompe.theory import task as as_task
from trompe.theory.catalogue import AnyTask
from trompe.theory.levels import LEVELS, Observation, cell_key
from trompe.theory.namespace import EXACT, Array, ArrayNamespace
from trompe.theory.statements import Form


def rescaled(value: Any, maximum: Any, scale: Any, shift: Any) -> Any:
    """M - scale (M - f) + shift: f pulled towards its maximum M, or moved; its extremes lie where those of f lie."""
    return maximum - scale * (maximum - value) + shift


# -- decoders of pictures, d = 1 ---------------------------------------------------------------------------


def is_nearer_to_minimiser(a: Any, b: Any, x: Any, xp: ArrayNamespace) -> Any:
    """Is |x - a| <= |x - b|?"""
    return xp.abs(x - a) <= xp.abs(x - b)


def is_near_maximiser(b: Any, x: Any, xp: ArrayNamespace) -> Any:
    """Is |x - b| <= 1/2?"""
    return 2 * xp.abs(x - b) <= 1


def is_along(way: Any, x: Any) -> Any:
    """Does x lie on the side of 1/2 to which `way` leads, upwards where it is above 0?"""
    return (2 * x - 1) * way > 0


def _line(shown: Observation, x: Point) -> Any:
    """The value at x of the line through both shown points."""
    a, b = shown.argmin[0], shown.argmax[0]
    if shown.minimum == shown.maximum:
        return shown.minimum
    return interpolate(shown.minimum, shown.maximum, x[0] - a, 1 / (b - a))


def _line_side(shown: Observation, x: Point) -> str:
    return "min" if 2 * _line(shown, x) <= shown.minimum + shown.maximum else "max"


def _side_by_pictures(shown: Observation, x: Point) -> str:
    nearer = is_nearer_to_minimiser(shown.argmin[0], shown.argmax[0], x[0], EXACT)
    return "min" if nearer else "max"


def _side_by_maximum(shown: Observation, x: Point) -> str:
    return "max" if is_near_maximiser(shown.argmax[0], x[0], EXACT) else "min"


def _side_by_short_pictures(shown: Observation, x: Point) -> str:
    """Of an affine function on [0, 1], right also for pictures that fall short by less than half the range."""
    return "max" if is_along(shown.argmax[0] - shown.argmin[0], x[0]) else "min"


def _side_by_short_maximum(shown: Observation, x: Point) -> str:
    """The same from the picture of the maximum alone."""
    return "max" if is_along(2 * shown.argmax[0] - 1, x[0]) else "min"


LevelDecoder = Callable[[Observation, Point], Any]
"""An answer from what a level shows and a query, both exact."""

LEVEL_DECODERS: dict[str, LevelDecoder] = {
    "affine-1d/exact/near": _line,
    "affine-1d/approx/near": _line,
    "affine-1d/side/near": _line_side,
    "affine-1d/side/maximum": _side_by_maximum,
    "affine-1d/side/images": _side_by_pictures,
    "affine-1d/side/argmax": _side_by_maximum,
    "constant/exact/near": lambda shown, x: shown.minimum,
    "constant/approx/near": lambda shown, x: shown.minimum,
    "constant/exact/maximum": lambda shown, x: shown.maximum,
    "constant/approx/maximum": lambda shown, x: shown.maximum,
    **{
        f"constant/side/{level}": lambda shown, x: "min"
        for level in ("near", "maximum", "images", "argmax")
    },
}
"""By theorem, the decoder of each Yes where less is shown than both extremes with their values."""


SHORT_DECODERS: dict[str, LevelDecoder] = {
    "affine-1d/side/images": _side_by_short_pictures,
    "affine-1d/side/argmax": _side_by_short_maximum,
}
"""The decoders for pictures that fall short by less than half the range."""


def level_decoder(key: str) -> LevelDecoder:
    """The decoder that is right for every member and every query, of a theorem whose label is Yes.

    Raises
    ------
    UnknownKey : the theorem is another one.
    """
    name = theorem(key).key
    if name not in LEVEL_DECODERS:
        raise UnknownKey("theorem of a level with the label Yes", name, LEVEL_DECODERS)
    return LEVEL_DECODERS[name]


# -- pairs of different range ------------------------------------------------------------------------------


@dataclass(frozen=True)
class RescaledPair(Pair):
    """A member g with extremes `v`, and f = M - scale (M - g) + shift, which shows the same pictures.

    Of a class with one member for each visualization; f(x) >= g(x).

    Parameters
    ----------
    known : the member of a class with a visualization, at an array of points of a namespace.
    """

    cls: FunctionClass
    v: Visualization
    x: Point
    scale: Fraction
    shift: Fraction
    known: Callable[[FunctionClass, Visualization, Array, ArrayNamespace], Array]

    formulas = {"g": "the member with these extremes", "f": "M - scale (M - g) + shift"}

    @checked
    def v_of(self, name: Name) -> Visualization:
        """The visualization of f or of g."""
        if name == "g":
            return self.v
        low, high = (
            rescaled(end, self.v.maximum, self.scale, self.shift)
            for end in (self.v.minimum, self.v.maximum)
        )
        return Visualization(self.v.argmin_set, self.v.argmax_set, low, high)

    def evaluate_both(self, z: Array, xp: ArrayNamespace) -> tuple[Array, Array]:
        """f and g at the array z of the namespace `xp`."""
        g = self.known(self.cls, self.v, z, xp)
        high, scale, shift = map(xp.number, (self.v.maximum, self.scale, self.shift))
        return rescaled(g, high, scale, shift), g

    def defeats(self, task: AnyTask) -> bool:
        """Is every answer at the query wrong for f or for g, each judged on its own range?"""
        asked, ends = as_task(task), Interval(self.g_x, self.f_x)
        return asked.refuted(asked.margin(ends, self.v, self.v_of("f")))


def is_settled(
    cls: FunctionClass, known: Any, v: Visualization, x: Point, task: Task, level: str
) -> bool:
    """Is M shown and right for every member of a class with one member for each visualization, whatever its range?"""
    if "maximum" not in LEVELS[level].shows:
        return False
    return bool(v.maximum - known(cls, v, *as_array(x, v.dim)) <= task.eps * v.range)


AnyPair: TypeAlias = FoolingPair | RescaledPair
"""The pair of a theorem."""


def rescaled_pair(
    cls: FunctionClass, known: Any, v: Visualization, x: Any, task: Task, level: str
) -> RescaledPair:
    """The pair that defeats every decoder of exact or approx at a level where a range is not shown.

    Raises
    ------
    InvalidInput : the task is decidable here, or it is side, or the level shows both values.
    """
    key, query = cell_key(cls.key, task.key, level), as_point(x, "query", v.dim)
    if theorem(key).form is not Form.IMPOSSIBLE:
        raise InvalidInput(
            f"{key}: no pair exists, one decoder of what is shown is right for every member"
        )
    cls.check_visualization(v)
    scale, shift, own = Fraction(1), Fraction(0), task.eps * v.range
    if "maximum" in LEVELS[level].shows:
        short = v.maximum - known(cls, v, *as_array(query, v.dim))
        if is_settled(cls, known, v, query, task, level):
            raise InvalidInput(
                f"{key}: M = {v.maximum} is right at this query for every member with this argmax set and this maximum"
            )
        scale = (short - own) / (2 * (short + own))
    else:
        shift = 2 * own + 1
    return RescaledPair(cls, v, query, scale, shift, known)
