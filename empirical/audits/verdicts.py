"""On how many images a verdict is the same for all functions that fit what is shown: cones in float64, every rounding outward.

A site is a point with a value. For L-Lipschitz functions between a floor and a ceiling the values at x fill [W, U] with
U = min(ceiling, min_k v_k + L |x - s_k|) and W = max(floor, max_k v_k - L |x - s_k|) (docs/bound.md, section 7); an infinite L is no assumption.
Values and distances are known between two floats. A verdict is given where it is the same for everything between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.proofs.handover.concluded import Counted
from trompe.theory.sites import Floats, directed

TIE = 1e-12
"""A middle that is so near to the middle of the shown values, as a share of their difference, says neither side."""


@dataclass(frozen=True)
class Sites:
    """What is shown: the first two sites are the two pictures, that of the smaller value first.

    low, high : floats around each value, shape (k,). near, far : floats around each distance, shape (n, k).
    at : is the image this site? Exact, shape (n, k).
    """

    low: Floats
    high: Floats
    near: Floats
    far: Floats
    at: NDArray[np.bool_]

    @property
    def middle(self) -> tuple[float, float]:
        """Floats around the middle of the two values."""
        return _down(self.low[0] + self.low[1]) / 2, _up(self.high[0] + self.high[1]) / 2

    @property
    def gap(self) -> tuple[float, float]:
        """Floats around their difference."""
        return _down(self.low[1] - self.high[0]), _up(self.high[1] - self.low[0])

    def of(self, images: NDArray[np.bool_]) -> Sites:
        """The same for some of the images."""
        return Sites(self.low, self.high, self.near[images], self.far[images], self.at[images])


Ends = tuple[Floats | float, Floats | float]
"""Floats around a number, or one an image."""


@np.errstate(over="ignore", invalid="ignore")  # where there is no floor or ceiling
def counted(
    sites: Sites, constant: float, floor: Ends, ceiling: Ends, eps: Fraction, truth: Floats
) -> dict[str, Counted]:
    """The verdicts on n images for functions with this Lipschitz constant, a float, between a floor and a ceiling.

    truth : the unit's own values, shape (n,).
    """
    lower, upper = fibre(sites, constant, floor, ceiling)
    middle, gap = sites.middle, sites.gap
    centre = ((lower[0] + lower[1]) / 2 + (upper[0] + upper[1]) / 2) / 2
    own = (middle[0] + middle[1]) / 2
    centre = np.where(np.isfinite(centre), centre, own)
    is_min, is_max = upper[1] <= middle[0], lower[0] >= middle[1]
    below, above = truth <= own, truth >= own
    sides = Counted(
        int((is_min | is_max).sum()),
        int(((upper[0] > middle[1]) & (lower[1] < middle[0])).sum()),
        int(((is_min & below) | (is_max & above & ~is_min)).sum()),
        int(np.where(centre <= own + TIE * (gap[0] + gap[1]), below, above).sum()),
    )
    share = directed(2 * eps)
    narrow = _up(upper[1] - lower[0]) <= _down(share[0] * gap[0])
    is_near = np.abs(truth - centre) <= float(eps) * (gap[0] + gap[1]) / 2
    approx = Counted(
        int(narrow.sum()),
        int((_down(upper[0] - lower[1]) > _up(share[1] * gap[1])).sum()),
        int((narrow & is_near).sum()),
        int(is_near.sum()),
    )
    return {"side": sides, "approx": approx}


def fibre(
    sites: Sites, constant: float, floor: Ends, ceiling: Ends
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Floats around W and around U at each image."""
    if math.isinf(constant):
        rises = (np.where(sites.at, 0.0, math.inf),) * 2
    else:
        rises = _down(constant * sites.near), _up(constant * sites.far)
    with np.errstate(over="ignore"):
        upper = (
            np.minimum(ceiling[0], _down(sites.low + rises[0]).min(1)),
            np.minimum(ceiling[1], _up(sites.high + rises[1]).min(1)),
        )
        lower = (
            np.maximum(floor[0], _down(sites.low - rises[1]).max(1)),
            np.maximum(floor[1], _up(sites.high - rises[0]).max(1)),
        )
    return lower, upper


def slope_below(values: tuple[tuple[float, float], tuple[float, float]], distance: float) -> float:
    """A float that the slope of a pair of points is not below: of two values, each between floats, and at least their distance."""
    (a, b), (c, d) = values
    rise = max(_down(c - b), _down(a - d), 0.0)
    return max(0.0, float(_down(rise / distance))) if distance > 0 else 0.0


def _down(value: Any) -> Any:
    return np.nextafter(value, -math.inf)


def _up(value: Any) -> Any:
    return np.nextafter(value, math.inf)
