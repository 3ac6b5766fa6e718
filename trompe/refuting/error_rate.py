"""How sure a count of errors makes one: the exact (Clopper-Pearson) interval of a probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
_HALVINGS = 60


@dataclass(frozen=True)
class ErrorRate:
    """`errors` wrong answers in `trials` independent tries."""

    errors: int
    trials: int

    @property
    def share(self) -> float:
        """errors / trials."""
        return self.errors / self.trials

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The Clopper-Pearson interval: it holds the true probability with at least this confidence.

        Its lower end is the p at which `errors` or more have probability (1 - confidence)/2, its
        upper end the p at which `errors` or fewer have.
        """
        k, n, tail = self.errors, self.trials, (1 - confidence) / 2
        low = 0.0 if k == 0 else _crossing(lambda p: 1 - _at_most(k - 1, n, p) > tail)
        high = 1.0 if k == n else _crossing(lambda p: _at_most(k, n, p) <= tail)
        return low, high

    def __str__(self) -> str:
        low, high = self.interval()
        return (
            f"{self.errors} of {self.trials} = {self.share:.3f}, "
            f"{CONFIDENCE:.0%} interval {low:.3f} to {high:.3f}"
        )


def _at_most(k: int, n: int, p: float) -> float:
    """The probability of at most k successes in n tries of probability p."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    j = np.arange(k + 1)
    each = logs[n] - logs[j] - logs[n - j] + j * np.log(p) + (n - j) * np.log1p(-p)
    return float(np.exp(each).sum())


def _crossing(holds_above: Callable[[float], bool]) -> float:
    """The place in (0, 1) from which on a condition holds, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if holds_above(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2
