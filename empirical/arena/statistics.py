"""What cells say together: shares of networks and means over networks, with intervals. The unit is the network."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from trompe.empirical.arena.attacks import NONE
from trompe.empirical.arena.checks import Check
from trompe.theory import InvalidInput, MissingDependency

LEAST = 5
"""Networks from which on there is an interval."""
LEVEL = 0.95
OTHER = 0.5
"""An attacked network shows other pictures by a method where these correlate below this with the honest ones."""
HONEST = "honest"
"""The check whose numbers tell that."""
Interval = tuple[float, float] | None


def share_interval(count: int, of: int) -> Interval:
    """The exact (Clopper-Pearson) 95 % interval of a share over networks; None below `LEAST` of them."""
    if of < LEAST:
        return None
    found = _scipy().binomtest(count, of).proportion_ci(LEVEL, "exact")
    return _rounded(found.low), _rounded(found.high)


def mean_interval(values: Sequence[float]) -> Interval:
    """Student's 95 % interval of a mean over networks; None below `LEAST` of them, and of equal values, whose spread says nothing."""
    n = len(values)
    if n < LEAST or (spread := stdev(values)) == 0:
        return None
    half = float(_scipy().t.ppf((1 + LEVEL) / 2, n - 1)) * spread / n**0.5
    middle = fmean(values)
    return _rounded(middle - half), _rounded(middle + half)


def _rounded(value: float) -> float:
    return float(f"{float(value):.8g}")


def _scipy() -> Any:
    try:
        from scipy import stats
    except ImportError as error:
        raise MissingDependency(
            "scipy is not installed; it comes with: pip install 'trompe[empirical]'"
        ) from error
    return stats


@dataclass(frozen=True)
class Alarms:
    """How many networks of a kind raise the alarm of a check, on the pictures of a method ("" where it looks at none)."""

    attack: str
    check: str
    method: str
    networks: int
    """Honest networks; or attacked ones that show other pictures by this method."""
    alarms: int
    interval: Interval
    of: int
    """Attacked networks in all."""


@dataclass(frozen=True)
class Mean:
    """A number of a check, over networks of a kind; entry by entry where it gives several."""

    attack: str
    check: str
    method: str
    networks: int
    mean: tuple[float, ...]
    interval: tuple[Interval, ...]


Cells = Sequence[Mapping[str, Any]]
"""Each with its attack, seed, role and measures, as a witness has them."""


def alarms_of(
    cells: Cells, checks: Sequence[Check], redirected: Collection[str] = ()
) -> list[Alarms]:
    """Every kind of network, every check with an alarm, every method.

    redirected : attacks whose pictures are made with redirected gradients. They have no calibrated alarms over pictures, since those of
    reference networks are made with plain ones.

    Raises
    ------
    InvalidInput : reference networks lack a number that a check needs, or a check gives more numbers on one network than on another.
    """
    found = []
    references = [c["measures"] for c in cells if c["role"] == "reference"]
    for attack in dict.fromkeys(c["attack"] for c in cells if c["role"] == "tested"):
        some = [c["measures"] for c in cells if (c["attack"], c["role"]) == (attack, "tested")]
        for check in checks:
            if check.alarm is None or (check.original and attack == NONE):
                continue
            for method in dict.fromkeys(m for c in some for m in c.get(check.source, {})):
                if check.alarm.unusual and method and attack in redirected:
                    continue
                known = [
                    r[check.source][method] for r in references if method in r.get(check.source, {})
                ]
                if check.alarm.unusual and len(known) < 2:
                    raise InvalidInput(
                        f"check {check.key}: {len(known)} reference networks have numbers for {method}; expected two or more"
                    )
                if check.alarm.unusual:
                    _columns(check.source, [*known, *_lists(some, check.source, method)])
                fooled = [
                    c for c in some if method in c[check.source] and _is_other(c, method, attack)
                ]
                raised = sum(check.alarm.raised(c[check.source][method], known) for c in fooled)
                found.append(
                    Alarms(attack, check.key, method, len(fooled), raised, share_interval(raised, len(fooled)), len(some))
                )  # fmt: skip
    return found


def _is_other(measures: Mapping[str, Any], method: str, attack: str) -> bool:
    """Does the network show other pictures by this method? Honest ones, and what is no picture, always count."""
    likeness = measures.get(HONEST, {}).get(method)
    return attack == NONE or likeness is None or likeness[0] < OTHER


def means_of(cells: Cells, checks: Sequence[Check]) -> list[Mean]:
    """Every kind of network, every check with numbers of its own, every method."""
    found = []
    for attack in dict.fromkeys(c["attack"] for c in cells if c["role"] == "tested"):
        some = [c["measures"] for c in cells if (c["attack"], c["role"]) == (attack, "tested")]
        for check in checks:
            if check.of:
                continue
            for method in dict.fromkeys(m for c in some for m in c.get(check.key, {})):
                columns = _columns(check.key, _lists(some, check.key, method))
                found.append(
                    Mean(
                        attack, check.key, method, len(columns[0]), tuple(_rounded(fmean(c)) for c in columns),
                        tuple(mean_interval(c) for c in columns),
                    )
                )  # fmt: skip
    return found


def _lists(some: Sequence[Mapping[str, Any]], check: str, method: str) -> list[Sequence[float]]:
    """The numbers of a check on those of these networks that have them."""
    return [c[check][method] for c in some if method in c.get(check, {})]


def _columns(check: str, lists: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Entry by entry.

    Raises
    ------
    InvalidInput : one list is longer than another.
    """
    lengths = sorted({len(numbers) for numbers in lists})
    if len(lengths) > 1:
        raise InvalidInput(
            f"check {check}: gives {lengths[0]} numbers on one network and {lengths[-1]} on another; expected equally many"
        )
    return list(zip(*lists, strict=True))


def as_rows(found: Sequence[Alarms] | Sequence[Mean]) -> list[dict[str, Any]]:
    """As a witness has them."""
    return [{k: _listed(v) for k, v in asdict(row).items()} for row in found]


def _listed(value: Any) -> Any:
    return [_listed(v) for v in value] if isinstance(value, tuple) else value
