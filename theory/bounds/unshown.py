"""The fibres of classes that take no exemplars, or of which none are given: the rows' own envelopes, in floats too."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from functools import cached_property

import numpy as np

from trompe.theory.bounds.fibres import F64, Brackets, Ends, Fibres, as_floats, between
from trompe.theory.bounds.sites import UNIT, Floats, Surd, directed
from trompe.theory.exact import Point, written
from trompe.theory.functionals import gauge, gauge_slopes
from trompe.theory.tasks import Interval

__all__ = [
    "Additive",
    "Coordinates",
    "Gauge",
    "Known",
    "Neuron",
    "Neuron1d",
    "OneValue",
    "Unproved",
    "WithoutExemplars",
]


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


class Additive(WithoutExemplars):
    """Additive functions: (m, M) at every other point."""

    why = "each one ties parts of different coordinates together, and no sharp bound for that is proved here"

    def _enclose(self, points: Floats) -> Brackets:
        n = points.shape[0]
        return between(np.zeros(n), np.ones(n), 0.0)


# -- affine, one value known throughout, gauge: without exemplars ----------------------------------------


class _Seen:
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


class Coordinates(Fibres):
    """Affine, d >= 2, without exemplars: from m + R min x' to m + R max x'."""

    def _exact(self, x: Point) -> Ends:
        found = self.cls.envelope(self.v, x)
        return Ends(Surd(found.lower), Surd(found.upper))

    def _enclose(self, points: Floats) -> Brackets:
        (least, most), error = self._seen.ends(points), self._seen.error
        return between(least, most, error, None if error else np.asarray(least == most))

    @cached_property
    def _seen(self) -> _Seen:
        return _Seen(self.v.argmax)


class _OneNeuron(Fibres):
    """One neuron with a known link, from H(min x') to H(max x'), in floats.

    The floats assume that exp, log and their relatives are within 8 units in the last place, as the
    makers of NumPy and of C libraries state; docs/bound.md has the rest of the error bound.
    """

    def _enclose(self, points: Floats) -> Brackets:
        v, n = self.v, points.shape[0]
        if not v.range:
            return between(np.zeros(n), np.zeros(n), 0.0, np.ones(n, dtype=bool))
        (least, most), error = self._seen.ends(points), self._seen.error
        (m_down, m_up), (M_down, M_up) = directed(v.minimum), directed(v.maximum)
        noise = self._noise(max(abs(m_down), abs(m_up), abs(M_down), abs(M_up)))

        def share(low: float, high: float, part: Floats, shift: float) -> Floats:
            at = np.clip(part + shift * error, 0, 1)
            value = self.cls.function.between(low, high, at, F64)
            found = (value - float(v.minimum)) / float(v.range) + shift * noise
            return np.asarray(np.clip(found, 0, 1), dtype=np.float64)

        m, M = float(v.minimum), float(v.maximum)
        single = np.asarray(least == most) if not error else np.full(n, v.dim == 1)
        return Brackets(
            share(m, M, least, 0),
            share(m, M, most, 0),
            (share(m_down, M_down, least, -1), share(m_up, M_up, least, 1)),
            (share(m_down, M_down, most, -1), share(m_up, M_up, most, 1)),
            single,
        )

    @cached_property
    def _seen(self) -> _Seen:
        return _Seen(self.v.argmax)

    def _noise(self, largest: float) -> float:
        """How far a computed H(u) may be off, as a share of the range, where m, M and u are exact.

        h^-1 is off by 16u (1 + |t|) and h does not expand differences; h itself is off by 16u (1 + |t|)
        of its value. The pre-activations reach as far as those of m and M do.
        """
        function = self.cls.function
        ends = np.array([float(self.v.minimum), float(self.v.maximum)])
        if hasattr(function, "inv_slope"):
            reach = float(np.abs(ends).max() * float(function.inv_slope))
        else:
            reach = max(abs(function.inverse(end)) for end in ends.tolist())
        return 128 * UNIT * (1 + reach) * (1 + largest) / float(self.v.range)


class Neuron(_OneNeuron, WithoutExemplars):
    """One neuron of at least two inputs; with exemplars and leaky ReLU see `LinkedWeights`."""

    why = (
        "what goes into this link is irrational for most values, so that the linear program for it cannot be solved "
        "exactly; they are for leaky-relu"
    )


class Neuron1d(_OneNeuron, OneValue):
    """One neuron of one input."""

    def _exact(self, x: Point) -> Interval:
        found: Interval = self.cls.envelope(self.v, x)
        return found


class Known(OneValue):
    """Affine with d = 1, and constant."""

    def _exact(self, x: Point) -> Ends:
        value = Surd(self.cls.envelope(self.v, x).lower)
        return Ends(value, value)

    def _enclose(self, points: Floats) -> Brackets:
        n = points.shape[0]
        everywhere = np.ones(n, dtype=bool)
        if not self.v.range:
            return between(np.zeros(n), np.zeros(n), 0.0, everywhere)
        share = np.array(points[:, 0] if self.v.argmax[0] == 1 else 1 - points[:, 0])
        return between(share, share.copy(), UNIT, everywhere)


class Gauge(Fibres):
    """Convex without exemplars: from m to m + R gamma(x)."""

    def _exact(self, x: Point) -> Ends:
        found = self.cls.envelope(self.v, x)
        return Ends(Surd(found.lower), Surd(found.upper))

    def _enclose(self, points: Floats) -> Brackets:
        centre = self.shown[0].near
        up, down = self._slopes
        value: Floats = gauge(points, centre, up, down, F64)
        # A coordinate of a is off by u/2, the difference and the product round once each, a slope once;
        # about a = 0 every slope is 1 or 0 and nothing rounds.
        error = 4 * UNIT * (1 + max(up.max(), down.max())) if any(self.v.argmin) else 0.0
        found = between(np.zeros(len(value)), value, error)
        zeros = found.lower
        return found._replace(lower_within=(zeros, zeros.copy()))

    @cached_property
    def _slopes(self) -> tuple[Floats, Floats]:
        up, down = gauge_slopes(self.v.argmin)
        return as_floats(up), as_floats(down)
