"""Random decoders: what a researcher might try, as functions of the visualization and the query alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.constructions.decoders import side_of
from trompe.constructions.draws import Pick, draw_rational
from trompe.theory import Point, Task, Visualization, show
from trompe.theory.functionals import exact_distance, l1

_STEPS = 2**20
"""In how many steps a pseudo-random share is drawn."""


def _nearest(opponent: Opponent, v: Visualization, x: Point) -> Fraction:
    from_a, from_b = (exact_distance(l1, x, end) for end in (v.argmin, v.argmax))
    total: Fraction = from_a + from_b
    return from_a / total if total else Fraction(0)


def _scrambled(opponent: Opponent, v: Visualization, x: Point) -> Fraction:
    digest = hashlib.sha256(f"{opponent.salt} {v} {show(x)}".encode()).digest()
    return Fraction(int.from_bytes(digest[:8], "big") % (_STEPS + 1), _STEPS)


_RULES: dict[str, Callable[[Opponent, Visualization, Point], Fraction]] = {
    "constant": lambda o, v, x: o.share,
    "mean": lambda o, v, x: Fraction(sum(x), len(x)),
    "coordinate": lambda o, v, x: x[o.salt % len(x)],
    "nearest": _nearest,
    "scrambled": _scrambled,
}


@dataclass(frozen=True)
class Opponent:
    """A decoder that predicts m + t R for a share t in [0, 1], or the side of mid on which that lies.

    `rule` says what t is: the `share` itself (1/2 is the midrange decoder), the mean of the query or one
    coordinate of it, |x-a| / (|x-a| + |x-b|) in l1, or a hash of all that is shown with a `salt`.
    """

    task: Task
    rule: str
    share: Fraction = Fraction(1, 2)
    salt: int = 0

    def __call__(self, v: Visualization, x: Any) -> Fraction | str:
        """The answer: a number for exact and approx, "min" or "max" for side."""
        prediction = v.minimum + v.range * _RULES[self.rule](self, v, x)
        return side_of(prediction, v) if self.task.choices else prediction

    def __repr__(self) -> str:
        detail = {"constant": f" {self.share}", "coordinate": f" {self.salt}"}.get(self.rule, "")
        salt = f", salt {self.salt}" if self.rule == "scrambled" else ""
        return f"Opponent({self.task.key}: {self.rule}{detail}{salt})"


def draw_opponent(pick: Pick, task: Task) -> Opponent:
    """A random decoder of `task`; the simplest one answers with the minimum."""
    rule = list(_RULES)[pick(0, len(_RULES) - 1)]
    return Opponent(task, rule, draw_rational(pick), pick(0, 999))
