"""Verdicts on obligations, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from trompe.ground.text import WIDTH, wrapped

if TYPE_CHECKING:
    from trompe.proofs import Outcome


def at_point(outcome: Outcome) -> str:
    """Where a solver refutes the sentence, if it does."""
    if not outcome.point:
        return ""
    return " at " + ", ".join(f"{name} = {value}" for name, value in outcome.point.items())


def to_text(outcomes: Mapping[str, Outcome]) -> str:
    """The list, and how many are proved."""
    proved = sum(o.verdict == "PROVED" for o in outcomes.values())
    return "\n".join([*listed(outcomes.values()), f"{proved} of {len(outcomes)} proved"])


def to_json(outcomes: Mapping[str, Outcome]) -> str:
    """The list as plain data."""
    return json.dumps([_outcome(o) for o in outcomes.values()], indent=2)


def listed(outcomes: Iterable[Outcome], roles: dict[str, str] | None = None) -> list[str]:
    """One line an obligation: verdict, dimension, solver times, key; the sentence below it."""
    lines = [f"{'verdict':<9}{'d':<5}{'solvers':<30}obligation"]
    for o in outcomes:
        by = ", ".join(f"{a.solver} {1000 * a.seconds:.0f} ms" for a in o.answers) or "sympy"
        role = f" [{roles[o.family]}]" if roles and o.family in roles else ""
        dim = "all" if o.dim is None else str(o.dim)
        lines.append(f"{o.verdict:<9}{dim:<5}{by:<30}{o.key}{role}")
        says = f"{o.says}. {o.reason}{at_point(o)}" if o.reason else o.says
        lines += wrapped(says, WIDTH, " " * 14, " " * 14, cuts_words=True, cuts_hyphens=True)
    return lines


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "key": outcome.key,
        "says": outcome.says,
        "level": outcome.level,
        "dim": "all" if outcome.dim is None else outcome.dim,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "point": dict(outcome.point),
        "solvers": {
            a.solver: {"result": a.result, "seconds": round(a.seconds, 6), "resources": a.resources}
            for a in outcome.answers
        },
        "twins": [{"solver": a.solver, "result": a.result} for a in outcome.twins],
    }
