"""Fibres where the shown points need not be extremes: checked for what their values and the limits say of each other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from trompe.ground.arguments import listed
from trompe.ground.errors import InvalidInput
from trompe.theory.exact import show, written
from trompe.theory.fibres import Fibres, check_lengths
from trompe.theory.limits import Limits
from trompe.theory.sites import Site, as_site
from trompe.theory.visualization import Visualization


def near_fibres_of(cls: Any, v: Visualization, limits: Limits, exemplars: Any = ()) -> Fibres:
    """What follows from the values at the two points of v and at exemplars, and from the limits.

    Parameters
    ----------
    exemplars : as of `fibres_of`, with any values within the limits, as many as you like.

    Raises
    ------
    InvalidInput : no member has these values within these limits, with the reason and what change would make it
        consistent; or no sharp interval is proved for this class.
    """
    check_lengths(cls, v)
    given = listed(exemplars, "exemplars", "a sequence of pairs (point, value)")
    items = [as_site(item, f"exemplars[{k}]", v.dim, limits.noise) for k, item in enumerate(given)]
    cls.check_dim(v.dim)
    _check_points(cls, v)
    shown = [
        Site(v.argmin, v.minimum, "argmin", limits.noise),
        Site(v.argmax, v.maximum, "argmax", limits.noise),
    ]
    if (data := getattr(cls, "data", None)) is not None:
        _check_data(cls, data, v.dim)
        pairs = zip(data.inputs, data.labels, strict=True)
        shown += [Site(s, y, f"training input {j}") for j, (s, y) in enumerate(pairs)]
    at: dict[Any, list[Site]] = {}
    kept = [site for site in (*shown, *items) if _is_new(cls, site, at)]
    for site in kept:
        _check_within(cls, limits, site)
    first = {id(site) for site in shown}
    fresh = [site for site in kept if id(site) not in first]
    kind: type[Fibres] = cls.near_fibres(v, limits, bool(fresh))
    return kind(cls, v, kept, fresh, limits)


def _check_points(cls: Any, v: Visualization) -> None:
    for what, points in (("argmin", v.argmin_set), ("argmax", v.argmax_set)):
        if len(points) > 1:
            raise InvalidInput(
                f"{cls.key}: {len(points)} points are given as {what}; with a range, a tolerance or noise expected one"
            )
    if v.argmin == v.argmax:
        raise InvalidInput(
            f"{cls.key}: argmin = argmax = {show(v.argmin)}; expected two different points"
        )
    if not v.range and not cls.has_one_value:
        raise InvalidInput(
            f"{cls.key}: both shown points have the value {written(v.minimum)}; the answers are relative to the difference of "
            "their values, expected minimum < maximum"
        )


def _check_data(cls: Any, data: Any, dim: int) -> None:
    for j, s in enumerate(data.inputs):
        if len(s) != dim:
            raise InvalidInput(
                f"{cls.key}: inputs[{j}] has {len(s)} coordinates; the visualization has {dim}"
            )


def _is_new(cls: Any, site: Site, at: dict[Any, list[Site]]) -> bool:
    """Is it no repetition? Values of one point that exclude each other are refused."""
    others = at.setdefault(site.key, [])
    for other in others:
        apart = abs(site.value - other.value)
        if apart <= site.noise + other.noise:
            continue
        mend = "a point has one value, leave one of them out"
        if share := (site.noise > 0) + (other.noise > 0):
            mend = f"a point has one value, and with a noise of at least {written(apart / share)} both are possible"
        raise InvalidInput(
            f"{cls.key}: {site} has the value {written(site.value)}, but the same point is {other.name} with the "
            f"value {written(other.value)}; {mend}"
        )
    if any((other.value, other.noise) == (site.value, site.noise) for other in others):
        return False
    others.append(site)
    return True


def _check_within(cls: Any, limits: Limits, site: Site) -> None:
    by: Fraction = max(limits.lower - site.high, site.low - limits.upper)
    if by > 0:
        noise = f", known up to {written(site.noise)}," * bool(site.noise)
        raise InvalidInput(
            f"{cls.key}: {site} has the value {written(site.value)}{noise} outside the range from {written(limits.lower)} to "
            f"{written(limits.upper)} that is promised of every value; {limits.outside(by)}"
        )
