"""Random instances in exact arithmetic: the concrete parameters satisfy what the obligations assume.

This is no proof. It ties the symbols of the obligations to the numbers that a user gets: random cases of a
row at d = 1, 2, 3 and 6, drawn by the row's generator. Before that come the limits of each claim (`limits`) and the
parts that a user calls (`parts`); at last the formulas as programs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from trompe.proofs.sampling.cases import check_less_shown, check_whole
from trompe.proofs.sampling.limits import check_limits
from trompe.proofs.sampling.parts import check_parts, check_recorded
from trompe.theory import TrompeError, row_class
from trompe.theory.levels import LESS_SHOWN

DIMS = (1, 2, 3, 6)
INSTANCES = 6


@dataclass(frozen=True)
class Sampled:
    """How many instances were tried, at which d, and the first sentence that failed or why there is no answer."""

    row: str
    instances: int
    dims: tuple[int, ...]
    failure: str = ""
    unanswered: str = ""

    @property
    def held(self) -> bool:
        """Did every instance hold?"""
        return not (self.failure or self.unanswered)


def sample_row(row: str, levels: Sequence[str] = LESS_SHOWN, seed: int = 0) -> Sampled:
    """Try a row's construction or decoder on random instances; the same seed gives the same ones.

    Both extremes are shown with their values, and then what each of `levels` shows of a unit. All questions are admissible, so that a refusal
    is a failure too.
    """
    try:
        return _sample_row(row, levels, seed)
    except TrompeError as error:
        return Sampled(row, 0, (), f"an admissible question is refused: {error}")


def _sample_row(row: str, levels: Sequence[str], seed: int) -> Sampled:
    whole, less = random.Random(f"{row}/{seed}"), random.Random(f"{row}/{seed}/less shown")
    kind = row_class(row)
    dims = tuple(d for d in DIMS if kind.min_dim <= d <= (kind.max_dim or d))
    for says, holds in chain(check_limits(row), check_parts(row)):
        if not holds:
            return Sampled(row, 0, dims, says)
    tried = 0
    for d in dims:
        for _ in range(INSTANCES):
            tried += 1
            shown_whole = check_whole(row, whole.randint, d)
            shown_less = check_less_shown(row, less.randint, d, levels)
            for key, example, holds in chain(shown_whole, shown_less):
                if not holds:
                    return Sampled(row, tried, dims, f"d = {d}: {key}: {example()}")
    for says, holds in check_recorded(row):  # at last: what damages a formula may end its recording
        if not holds:
            return Sampled(row, tried, dims, says)
    return Sampled(row, tried, dims)
