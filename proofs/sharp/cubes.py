"""Bounds on a share of the Lipschitz row in any metric: cubes whose every query is decided alike."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from trompe.theory import Interval, Lipschitz, Task, Visualization
from trompe.theory.functionals import metric
from trompe.theory.namespace import NumpyNamespace
from trompe.theory.shares.quantities import Quantity, between

DEPTH = {1: 30, 2: 11, 3: 7}
"""How often a cube is halved."""
MOST_CUBES = 20_000
ROOM = 1e-12
"""Outward room on every end of an envelope, as a share of the range: far above float64's rounding."""
_FLOATS = NumpyNamespace(np.float64)


def _halved(low: Any, side: float) -> tuple[Any, float]:
    """The cubes halved along every axis, by their lowest corners, and their side."""
    d = low.shape[1]
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * d)).reshape(d, -1).T
    return (low[:, None, :] + side / 2 * corners).reshape(-1, d), side / 2


@dataclass(frozen=True)
class Cubes:
    """The box [0,1]^d, d <= 3, halved along every axis where a question is not decided alike."""

    cls: Lipschitz
    v: Visualization

    def share(self, task: Task) -> Quantity:
        """Bounds on the volume of the queries at which `task` is decidable, d <= 3.

        On a cube both distances lie between those of its nearest and farthest points, so the envelope's
        ends do. If the task is decidable for the widest fibre in question the cube counts, if it is not even
        for the narrowest it does not, else the cube is halved along every axis.
        """
        d = self.v.dim
        low, side = np.zeros((1, d)), 1.0
        inside = np.longdouble(0)
        for _ in range(DEPTH[d]):
            narrow, wide = self._fibres(low, side)
            sure = _holds(task, wide, self.v)
            inside += np.longdouble(sure.sum()) * side**d
            low = low[~sure & _holds(task, narrow, self.v)]
            low, side = _halved(low, side)
        left = len(low) * side**d
        return between(max(0.0, float(inside) - ROOM), min(1.0, float(inside) + left + ROOM))

    @property
    def largest_radius(self) -> Quantity:
        """Bounds on the supremum of the radius: cubes that cannot hold a larger one are dropped.

        At every query of a cube the fibre holds the narrowest one.
        """
        d = self.v.dim
        low, side, best, most = np.zeros((1, d)), 1.0, 0.0, 0.5
        scale = 2 * float(self.v.range)
        for _ in range(2 * DEPTH[d]):
            narrow, wide = self._fibres(low, side)
            best = max(best, float(np.max(narrow.upper - narrow.lower)) / scale)
            bounds = (wide.upper - wide.lower) / scale
            most = min(0.5, float(np.max(bounds)))
            low = low[bounds >= best]
            if most - best < 10 * ROOM or len(low) > MOST_CUBES:
                break
            low, side = _halved(low, side)
        return between(max(0.0, best - 10 * ROOM), min(0.5, most + 10 * ROOM))

    def _fibres(self, low: Any, side: float) -> tuple[Interval, Interval]:
        """The narrowest and the widest fibre that a query of the cube may have."""
        cls, v = self.cls, self.v
        m, M, L = (float(q) for q in (v.minimum, v.maximum, cls.constant))
        room = ROOM * (M - m)
        ends = []
        for point in (v.argmin, v.argmax):
            s = np.array([float(Fraction(q)) for q in point])
            nearest = np.clip(s, low, low + side)
            farthest = np.where(s > low + side / 2, low, low + side)
            ends.append([metric(cls.metric)(z, s, _FLOATS) for z in (nearest, farthest)])
        (near_a, far_a), (near_b, far_b) = ends

        def upper(p: Any) -> Any:
            return np.minimum(M, m + L * p)

        def lower(q: Any) -> Any:
            return np.maximum(m, M - L * q)

        wide = Interval(lower(far_b) - room, upper(far_a) + room)
        narrow = Interval(lower(near_b) + room, upper(near_a) - room)
        return narrow, wide


def _holds(task: Task, fibre: Interval, v: Visualization) -> Any:
    low, high = float(v.minimum), float(v.maximum)
    conditions = task.criterion(fibre, low, high, _FLOATS)
    return np.logical_or.reduce([np.asarray(c) for c in conditions])
