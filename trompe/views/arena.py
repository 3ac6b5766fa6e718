"""What `trompe arena` found, as tables and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HONEST, NONE = "honest", "none"


Rows = tuple[list[str], list[list[str]]]
"""A head and lines."""


def as_tables(witness: Mapping[str, Any]) -> list[Any]:
    """Both tables for a terminal."""
    from rich.table import Table

    made = []
    for title, (head, rows) in (
        (f"Networks that raise the alarm ({witness['settings']['method of the alarms shown']} pictures)", alarm_table(witness)),
        ("Correlation of the picture with the honest network's (mean over networks)", likeness_table(witness)),
    ):  # fmt: skip
        table = Table(title=title)
        for name in head:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*row)
        made.append(table)
    return made


def alarm_table(witness: Mapping[str, Any]) -> Rows:
    """Alarms by attack and check; those that look at pictures look at those of one method. A star: needs the original."""
    shown = witness["settings"]["method of the alarms shown"]
    rows = [row for row in witness["alarms"] if row["method"] in ("", shown)]
    checks = list(dict.fromkeys(row["check"] for row in rows))
    stars = {c["key"]: "*" * c["original"] for c in witness["checks"]}
    by = {(r["attack"], r["check"]): r for r in rows}
    lines = [
        [a["key"], *(_count(by.get((a["key"], check))) for check in checks)]
        for a in witness["attacks"]
    ]
    return ["attack", *(check + stars[check] for check in checks)], lines


def likeness_table(witness: Mapping[str, Any]) -> Rows:
    """Correlation of the picture with the honest network's by attack and method: the mean, with its interval where there is one."""
    methods = [m["key"] for m in witness["methods"]]
    by = {(r["attack"], r["method"]): r for r in witness["means"] if r["check"] == HONEST}
    lines = [
        [a["key"], *(_likeness(by.get((a["key"], method))) for method in methods)]
        for a in witness["attacks"]
        if a["key"] != NONE
    ]
    return ["attack", *methods], lines


def _likeness(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    ends = row["interval"][0]
    return f"{row['mean'][0]:.2f}" + (f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else "")


def _count(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{row['alarms']}/{row['networks']}" if row["networks"] else "true"


def said(witness: Mapping[str, Any]) -> list[str]:
    """What is counted, and each claim with what became of it."""
    settings = witness["settings"]
    n, few = len(settings["networks"]), settings["networks for an interval"]
    level = settings["level of calibrated alarms"]
    one = "One network, which was not trained here" if "network" in settings else f"{n} networks"
    lines = [
        f"{one}, {'' if 'network' in settings else 'each '}under each attack. An attacked network counts for a method where its pictures correlate below "
        f"{settings['other pictures below']:g} with the honest ones; `true`: none does. Alarms on honest networks (attack none) are false."
    ]
    if level is not None:
        lines.append(
            f"Calibrated alarms are held against {len(settings['references'])} other networks: on one more such network they are raised with a probability of at most {level:.3g}."
        )
    redirected = [a["key"] for a in witness["attacks"] if a["redirect"]]
    if level is not None and redirected:
        lines.append(
            f"No calibrated alarms on {', '.join(redirected)}: pictures are made with redirected gradients there, those of the other networks are not."
        )
    if n < few:
        lines.append(
            f"{n} network{'s are' if n > 1 else ' is'} too few for an interval (fewer than {few}): these are raw values, and no claim is judged."
        )
    for claim in witness["claims"]:
        why = f" ({claim['why']})" if claim["why"] else ""
        lines.append(f"{claim['key']}: {claim['status']}{why}. {claim['says']}".rstrip())
    return lines
