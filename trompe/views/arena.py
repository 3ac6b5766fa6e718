"""What `trompe arena` found, as tables and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HONEST = "honest"


def as_tables(witness: Mapping[str, Any]) -> list[Any]:
    """Alarms by attack and check, on the pictures of one method; and likeness to the honest picture by attack and method."""
    from rich.table import Table

    alarms, means = witness["alarms"], witness["means"]
    methods = [m["key"] for m in witness["methods"]]
    shown = "fourier" if "fourier" in methods else methods[0]
    attacks = [a["key"] for a in witness["attacks"]]
    checks = list(dict.fromkeys(row["check"] for row in alarms if row["method"] in ("", shown)))
    first = Table(title=f"Networks that raise the alarm ({shown} pictures)")
    second = Table(
        title="Correlation of the picture with the honest network's (mean over networks)"
    )
    first.add_column("attack")
    second.add_column("attack")
    for check in checks:
        first.add_column(check, overflow="fold")
    for method in methods:
        second.add_column(method, overflow="fold")
    by = {(r["attack"], r["check"]): r for r in alarms if r["method"] in ("", shown)}
    honest = {(r["attack"], r["method"]): r["mean"][0] for r in means if r["check"] == HONEST}
    for attack in attacks:
        first.add_row(attack, *(_count(by.get((attack, check))) for check in checks))
        likeness = (honest.get((attack, method)) for method in methods)
        second.add_row(attack, *("" if v is None else f"{v:+.2f}" for v in likeness))
    return [first, second]


def _count(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{row['alarms']}/{row['networks']}" if row["networks"] else "true"


def said(witness: Mapping[str, Any]) -> list[str]:
    """What is counted, and each claim with what became of it."""
    settings = witness["settings"]
    n, few = len(settings["networks"]), settings["networks for an interval"]
    level = settings["level of calibrated alarms"]
    lines = [
        f"{n} networks, each under each attack. An attacked network counts for a method where its pictures correlate below "
        f"{settings['other pictures below']:g} with the honest ones; `true`: none does. Alarms on honest networks (attack none) are false."
    ]
    if level is not None:
        lines.append(
            f"Calibrated alarms are held against {len(settings['references'])} other networks: on one more such network they are raised with a probability of at most {level:.3g}."
        )
    if n < few:
        lines.append(
            f"{n} networks are too few for an interval (fewer than {few}): these are raw values, and no claim is judged."
        )
    for claim in witness["claims"]:
        why = f" ({claim['why']})" if claim["why"] else ""
        lines.append(f"{claim['key']}: {claim['status']}{why}. {claim['says']}".rstrip())
    return lines
