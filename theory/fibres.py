"""What a fibre answers: one query in exact numbers, many in floats that enclose the exact ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from trompe.ground.arguments import listed
from trompe.ground.errors import InvalidInput
from trompe.theory.exact import Point, check_short, written
from trompe.theory.limits import Limits
from trompe.theory.namespace import NumpyNamespace
from trompe.theory.sites import UNIT, Floats, Site, Surd, as_site, directed
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization

F64 = NumpyNamespace(np.float64)

BLOCK = 4 * 2**20
"""Bytes of points that are worked on at once."""


class Ends(NamedTuple):
    """The two ends of an envelope, exact, in the unit's own scale."""

    lower: Surd
    upper: Surd

    @property
    def interval(self) -> Interval:
        """Fractions, or for l2 algebraic numbers of SymPy."""
        return Interval(self.lower.number, self.upper.number)


class Brackets(NamedTuple):
    """Ends for n queries, as shares of the range: (end - m)/R, with floats that enclose the exact ones."""

    lower: Floats
    upper: Floats
    lower_within: tuple[Floats, Floats]
    upper_within: tuple[Floats, Floats]
    single: Any
    """Where the fibre is known to be one value, boolean."""

    def cut(self, at: Any, low: Fraction, high: Fraction) -> None:
        """Raise the lower ends to at least one share, and lower the upper ones to at most another, at some queries."""
        for ends, within, share, nearer in (
            (self.lower, self.lower_within, low, np.maximum),
            (self.upper, self.upper_within, high, np.minimum),
        ):
            for array, value in zip((ends, *within), (float(share), *directed(share)), strict=True):
                array[at] = nearer(array[at], value)


class Fibres(ABC):
    """The fibres of one class at one visualization with exemplars.

    Parameters
    ----------
    shown : every point whose value is shown (extremes, training inputs, exemplars), each once.
    exemplars : those of them that are exemplars.
    limits : what is promised of the values where the points of `v` need not be extremes.
    """

    limits: Limits | None = None

    converts: ClassVar[bool] = False
    """Are floats converted to exact numbers, query by query? Else there is `enclose`."""

    def __init__(
        self,
        cls: Any,
        v: Visualization,
        shown: Sequence[Site],
        exemplars: Sequence[Site],
        limits: Limits | None = None,
    ) -> None:
        self.cls, self.v, self.shown, self.exemplars = cls, v, tuple(shown), tuple(exemplars)
        self.limits = limits
        self.check()

    @property
    def low(self) -> Fraction:
        """What no member's value is below: m, or the lower limit."""
        return self.v.minimum if self.limits is None else self.limits.lower

    @property
    def high(self) -> Fraction:
        """What no member's value is above: M, or the upper limit."""
        return self.v.maximum if self.limits is None else self.limits.upper

    def check(self) -> None:
        """Raise InvalidInput where no member takes the shown values."""

    def exact(self, x: Point) -> Ends | Interval:
        """The envelope at x in exact numbers."""
        value = self._values.get(x)
        return self._exact(x) if value is None else Ends(Surd(value), Surd(value))

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The shown points in exact numbers."""
        return tuple(site.exact for site in self.shown)

    @cached_property
    def _values(self) -> dict[Point, Fraction]:
        pairs = zip(self.points, self.shown, strict=True)
        return {point: site.value for point, site in pairs if not site.noise}

    @abstractmethod
    def _exact(self, x: Point) -> Ends | Interval:
        """The envelope at a point that is not shown."""

    def enclose(self, points: Floats) -> Brackets:
        """The envelopes at the rows of an array (n, d) of exact floats."""
        found = self._enclose(points)
        for site in self.shown:
            at = site.is_at(points)
            if at.any() and not site.noise:
                share = self.share(site.value)
                low, high = directed(share)
                for array, value in (
                    (found.lower, float(share)),
                    (found.upper, float(share)),
                    (found.lower_within[0], low),
                    (found.lower_within[1], high),
                    (found.upper_within[0], low),
                    (found.upper_within[1], high),
                    (found.single, True),
                ):
                    array[at] = value
        return found

    def _enclose(self, points: Floats) -> Brackets:
        """The envelopes at points of which some may be shown."""
        raise NotImplementedError(f"{self.cls.key}: floats are converted to exact numbers")

    def share(self, value: Any) -> Any:
        """(value - m) / R, and 0 for a constant unit."""
        return (value - self.v.minimum) / self.v.range if self.v.range else Fraction(0)

    def refuse(self, why: str) -> InvalidInput:
        """The error for input that no member satisfies."""
        return InvalidInput(f"{self.cls.key}: {why}")


def as_floats(values: Sequence[Fraction]) -> Floats:
    """Rounded to nearest.

    Raises
    ------
    InvalidInput : a number is beyond the range of floats.
    """
    try:
        return np.array([float(value) for value in values], dtype=np.float64)
    except OverflowError:
        raise InvalidInput(
            "a slope is beyond the range of floats, because a coordinate of a shown point is too close to "
            "the end of [0, 1]; ask with exact numbers"
        ) from None


def all_directed(values: Sequence[Fraction]) -> tuple[Floats, Floats]:
    """Rounded down and rounded up."""
    pairs = [directed(value) for value in values]
    return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])


def between(lower: Floats, upper: Floats, error: Any, single: Any = None) -> Brackets:
    """Ends that are within `error` of the exact ones, which lie in [0, 1]."""
    none = np.zeros(lower.shape, dtype=bool)
    return Brackets(
        lower,
        upper,
        (np.clip(lower - error, 0, 1), np.clip(lower + error, 0, 1)),
        (np.clip(upper - error, 0, 1), np.clip(upper + error, 0, 1)),
        none if single is None else single,
    )


# -- kinds of fibres that several classes have ------------------------------------------------------------


class WithoutExemplars(Fibres):
    """A class for which no bound with exemplars is proved, or none is computed, here."""

    @property
    @abstractmethod
    def why(self) -> str:
        """Why exemplars are not offered."""

    def check(self) -> None:
        if self.exemplars:
            raise self.refuse(f"exemplars are not offered: {self.why}; ask without them")

    def _exact(self, x: Point) -> Ends | Interval:
        found: Interval = self.cls.envelope(self.v, x)
        return found


class OneValue(Fibres):
    """A class of which what is shown leaves one value everywhere, which an exemplar can only repeat."""

    def check(self) -> None:
        for site in self.exemplars:
            value = self.cls.envelope(self.v, site.exact).lower
            if site.value == value:
                continue
            # A neuron's value is a fraction wherever it is rational: see `links`.
            rest = (
                ", and so must the exemplar"
                if isinstance(value, Fraction)
                else ", which is irrational; leave the exemplar out"
            )
            raise self.refuse(
                f"{site} has the value {written(site.value)}; every member with this visualization has the "
                f"value {written(value)} there{rest}"
            )


class Unproved(WithoutExemplars):
    """A class of one's own: its envelope is all that is known."""

    converts = True
    why = "no sharp bound with exemplars is proved here for this class"


class Seen:
    """x' for many x: x_i where b_i = 1, else 1 - x_i; and how far it may be off.

    For b = (1, .., 1) not at all, else by one rounding of 1 - x.
    """

    def __init__(self, b: Point) -> None:
        self.up = np.array([bool(bi) for bi in b])
        self.error = 0.0 if self.up.all() else UNIT

    def ends(self, points: Floats) -> tuple[Floats, Floats]:
        """min x' and max x'."""
        seen = np.where(self.up, points, 1 - points) if self.error else points
        return seen.min(-1), seen.max(-1)


def level(share: Fraction, count: int) -> tuple[Floats, tuple[Floats, Floats]]:
    """One share of the range, so many times, and floats that enclose it."""
    near, below, above = (np.full(count, value) for value in (float(share), *directed(share)))
    return near, (below, above)


def misfit(site: Site, noun: str, ends: tuple[Any, Any], mend: str) -> str:
    """Why a value within limits does not fit the ones before it, which leave the interval with these ends there."""
    least, most = ends
    has = (
        f"exactly {written(least)}"
        if least == most
        else f"a value from {written(least)} to {written(most)}"
    )
    noise = f", up to {written(site.noise)}" * bool(site.noise)
    return (
        f"{site} has the value {written(site.value)}{noise}; every {noun} that fits the values shown before it and the "
        f"limits has {has} there; {mend}"
    )


def least_noise(noun: str, noise: Fraction) -> str:
    """What admits values that no limits admit."""
    return (
        f"no {noun} takes all of them, however wide the limits; the least noise for which some does, within wide enough "
        f"limits, is {written(noise)}"
    )


def those_before(count: int) -> str:
    """The exemplars that an inconsistent one is judged by, in words."""
    return f" and the {count} exemplar{'s' * (count > 1)} before it" if count else ""


# -- from what was shown --------------------------------------------------------------------------------


def fibres_of(cls: Any, v: Visualization, exemplars: Any = ()) -> Fibres:
    """What follows from v and the exemplars, checked for consistency.

    Parameters
    ----------
    exemplars : pairs (point, value); a point is a sequence of exact numbers, or a float array that is
        kept as it is and meant exactly.

    Raises
    ------
    InvalidInput : no member has this visualization and these values; the message says why and what
        change would make it consistent.
    """
    check_lengths(cls, v)
    given = listed(exemplars, "exemplars", "a sequence of pairs (point, value)")
    items = [as_site(item, f"exemplars[{k}]", v.dim) for k, item in enumerate(given)]
    cls.check_shown(v)  # a Lipschitz constant is judged with the exemplars, all at once
    shown = [Site(a, v.minimum, "argmin") for a in v.argmin_set]
    shown += [Site(b, v.maximum, "argmax") for b in v.argmax_set if v.range]
    if (data := getattr(cls, "data", None)) is not None:
        pairs = zip(data.inputs, data.labels, strict=True)
        shown += [Site(s, y, f"training input {j}") for j, (s, y) in enumerate(pairs)]
    at = {site.key: site for site in shown}
    fresh: list[Site] = []
    for item in items:
        other = at.setdefault(item.key, item)
        if other is item:
            fresh.append(item)
        elif other.value != item.value:
            raise InvalidInput(
                f"{cls.key}: {item} has the value {written(item.value)}, but the same point is {other.name} with the "
                f"value {written(other.value)}; a point has one value, leave one of them out"
            )
    kind: type[Fibres] = cls.fibres(bool(fresh))
    if v.range:
        for item in fresh:
            _check_inside(cls, v, item)
    return kind(cls, v, (*shown, *fresh), fresh)


def check_lengths(cls: Any, v: Visualization) -> None:
    """Raise InvalidInput where a number of what is shown, or of the class, is too long to be written."""
    check_short("the visualization", [v.minimum, v.maximum])
    check_short("the visualization", (q for z in (*v.argmin_set, *v.argmax_set) for q in z))
    for name in ("constant", "slope"):
        check_short(f"{cls.key}: {name}", [getattr(cls, name, 0)])
    if (data := getattr(cls, "data", None)) is not None:
        check_short(f"{cls.key}: the data", (q for z in data.inputs for q in z))
        check_short(f"{cls.key}: the data", data.labels)


def _check_inside(cls: Any, v: Visualization, item: Site) -> None:
    """An exemplar's value is strictly between m and M: both extremes are unique."""
    if v.minimum < item.value < v.maximum:
        return
    if item.value in (v.minimum, v.maximum):
        which = "minimiser" if item.value == v.minimum else "maximiser"
        why = f"would be a second {which}, but the visualization shows all of them"
    else:
        why = f"lies outside [m, M] = [{written(v.minimum)}, {written(v.maximum)}]"
    raise InvalidInput(
        f"{cls.key}: {item} has the value {written(item.value)} and {why}; a value strictly between "
        f"{written(v.minimum)} and {written(v.maximum)} would be consistent with that"
    )
