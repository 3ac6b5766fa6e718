"""Text in lines of a given width; times in words."""

from __future__ import annotations

import textwrap
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

WIDTH = 100
"""Columns of every report."""


def wrapped(
    text: str,
    width: int = WIDTH,
    first: str = "",
    then: str = "",
    *,
    cuts_words: bool = False,
    cuts_hyphens: bool = False,
    keeps_spaces: bool = False,
) -> list[str]:
    """The text in lines of at most `width` characters; none for an empty text.

    Parameters
    ----------
    first, then : what stands before the first line and before the others.
    cuts_words : break a word that is longer than a line, such as a long number. cuts_hyphens : break after a
        hyphen. keeps_spaces : spaces at the ends of lines stay.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=cuts_words,
        break_on_hyphens=cuts_hyphens,
        drop_whitespace=not keeps_spaces,
    )


def time_of(seconds: float) -> str:
    """Seconds in words: 5 s, 3 min, 2.5 h."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def rounded_down(value: float, digits: int = 6) -> str:
    """A number of so many digits that is not above."""
    return _rounded(value, digits, ROUND_FLOOR)


def rounded_up(value: float, digits: int = 6) -> str:
    """A number of so many digits that is not below."""
    return _rounded(value, digits, ROUND_CEILING)


def _rounded(value: float, digits: int, how: str) -> str:
    found = Context(prec=digits, rounding=how).plus(Decimal(value))
    return f"{float(found):.{digits}g}"
