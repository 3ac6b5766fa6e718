"""The claims of the arena: sentences with gaps, in claims.json, which the numbers of a run fill and judge.

A claim names numbers (the alarms of a check, or a mean), a sentence that they fill, and conditions on them. It holds where all
conditions do. Where a number has no interval it is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trompe.empirical.arena.statistics import LEAST, Alarms, Mean
from trompe.ground.reading import json_data, read_file
from trompe.theory import InvalidInput

FILE = Path(__file__).parent / "claims.json"
LARGEST = 2**20
HOLDS, FAILS, OPEN = "holds", "does not hold", "not judged"


@dataclass(frozen=True)
class ClaimTemplate:
    """A sentence with gaps.

    numbers : name -> ("alarms", attack, check, method) or ("mean", attack, check, method, entry). says : the sentence; `{name[field]}` is a gap.
    holds : (name, field, ">=" or "<=", threshold). Fields of alarms: networks, alarms, passes, share, low, high, pass_low, pass_high;
    of a mean: networks, mean, low, high.
    """

    key: str
    says: str
    numbers: Mapping[str, tuple[str, ...]]
    holds: tuple[tuple[str, str, str, float], ...]


@dataclass(frozen=True)
class Judged:
    """A claim of a run: its sentence with the run's numbers (none where it is not judged), and what became of it."""

    key: str
    says: str
    status: str
    why: str
    """Which condition fails, or why it is not judged; empty where it holds."""


def read_claims(path: Path = FILE) -> list[ClaimTemplate]:
    """The claims of a file.

    Raises
    ------
    InvalidInput : one is no claim.
    """
    found = json_data(read_file(path, LARGEST), LARGEST)
    try:
        return [
            ClaimTemplate(
                c["key"], c["says"], {k: tuple(map(str, v)) for k, v in c["numbers"].items()},
                tuple((str(n), str(f), str(r), float(t)) for n, f, r, t in c["holds"]),
            )
            for c in found
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"claims {path}: {type(error).__name__}: {error}; see its schema"
        ) from None


def judge_claims(
    claims: Sequence[ClaimTemplate], alarms: Sequence[Alarms], means: Sequence[Mean]
) -> list[Judged]:
    """What becomes of each claim."""
    return [_judged(claim, alarms, means) for claim in claims]


def _judged(claim: ClaimTemplate, alarms: Sequence[Alarms], means: Sequence[Mean]) -> Judged:
    numbers = {}
    for name, wanted in claim.numbers.items():
        found = _numbers(wanted, alarms, means)
        if found is None:
            return Judged(claim.key, "", OPEN, f"this run has no {' / '.join(wanted)}")
        numbers[name] = found
    says = claim.says.format(**{k: _Shown(v) for k, v in numbers.items()})
    for name, field, relation, threshold in claim.holds:
        value = numbers[name][field]
        if value is None:
            few = numbers[name]["networks"]
            many = "network is" if few == 1 else "networks are"
            why = f"{few} {many} too few for an interval"
            if few >= LEAST:
                why = f"{name}: equal values of {few} networks have no interval"
            return Judged(claim.key, "", OPEN, why)
        if not (value >= threshold if relation == ">=" else value <= threshold):
            return Judged(
                claim.key,
                says,
                FAILS,
                f"{name} {field} = {value:.4g}, wanted {relation} {threshold:g}",
            )
    return Judged(claim.key, says, HOLDS, "")


class _Shown(dict[str, Any]):
    """Numbers as a sentence shows them: two digits; a dash where there is none."""

    def __getitem__(self, field: str) -> Any:
        value = super().__getitem__(field)
        if value is None:
            return "-"
        return f"{value:.2f}" if isinstance(value, float) else value


def _numbers(
    wanted: Sequence[str], alarms: Sequence[Alarms], means: Sequence[Mean]
) -> dict[str, Any] | None:
    kind, *key = wanted
    if kind == "alarms":
        for row in alarms:
            if [row.attack, row.check, row.method] == key:
                low, high = row.interval or (None, None)
                n, k = row.networks, row.alarms
                return {
                    "networks": n, "alarms": k, "passes": n - k, "share": k / n if n else None, "low": low, "high": high,
                    "pass_low": None if high is None else 1 - high, "pass_high": None if low is None else 1 - low,
                }  # fmt: skip
    elif kind == "mean":
        *place, entry = key
        for mean in means:
            if [mean.attack, mean.check, mean.method] == place and int(entry) < len(mean.mean):
                low, high = mean.interval[int(entry)] or (None, None)
                return {
                    "networks": mean.networks,
                    "mean": mean.mean[int(entry)],
                    "low": low,
                    "high": high,
                }
    else:
        raise InvalidInput(f"claims: numbers of kind {kind!r}; expected alarms or mean")
    return None
