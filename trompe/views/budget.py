"""A budget of exemplars with its argument, as text and JSON."""

from __future__ import annotations

import json

from trompe.ground.text import wrapped
from trompe.theory.exemplar_budget import Budget


def _text(found: Budget) -> str:
    """The bound, then its argument."""
    if found.at_least is None:
        count = f"at least 10^{found.log10_at_least:.4f}"
    elif found.at_least == 0:
        count = "no bound: volumes alone ask for none"
    else:
        digits = str(found.at_least)
        count = f"at least {digits if len(digits) <= 20 else f'10^{found.log10_at_least:.4f}'}"
    argument = wrapped(found.argument, cuts_words=True)
    return "\n".join([f"Exemplars besides the two extremes: {count}", "", *argument])


def _json(found: Budget) -> str:
    """Counts beyond 2^53 as text, so that no reader rounds them; null where only the logarithm is known."""
    count = found.at_least
    log = None if count == 0 else found.log10_at_least
    shown = str(count) if count is not None and count >= 2**53 else count
    return json.dumps(
        {"task": found.task, "at_least": shown, "log10_at_least": log, "argument": found.argument},
        indent=2,
        ensure_ascii=False,
    )


FORMATS = {"text": _text, "json": _json}
"""A budget as text."""
