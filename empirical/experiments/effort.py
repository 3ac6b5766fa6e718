"""How much the experiments do: fewer seeds and units, more steps apart, as pictures grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trompe.empirical.maximization.ascent import STEPS_KEPT


@dataclass(frozen=True)
class Effort:
    """Counts for pictures up to a size. Those of the first two sizes were set on digits and on Fashion-MNIST."""

    largest_side: int | None
    """In pixels; None for all larger ones."""
    steps: int
    """Of a visualization."""
    longest: int
    """So many times as long is the one run that is shown step by step."""
    paths: int
    """So many times as long are the visualizations for path similarity."""
    others: int | None
    """So many units are visualized in other ways than by Fourier with transforms; None for all."""
    unseen: int
    """Seeds that no detector is trained on."""
    plain_seeds: int
    maco_seeds: int
    sparse: tuple[int, ...]
    """Steps whose images the detector is trained on."""
    dense: tuple[int, ...]
    """The same for MACO, which looks most natural."""
    fit_steps: int
    """Of the detector's training."""
    from_setting: int
    """The first setting that the retraining rounds look at."""
    rounds: tuple[int, int]
    """At least, and at most so many retraining rounds."""
    round_seeds: int
    round_every: tuple[int, ...]
    """Steps whose images a round adds."""
    round_units: int | None
    """Units of the first cycle that the rounds look at; None for all."""
    through: bool
    """Does a round add trajectories through the circuit, beside D's own? Where the detector fires they are the same."""
    picture_seeds: tuple[int, int, int]
    """Seeds by which a picture as D is tried at the end of a round, and at last; and those that a round adds."""
    picture_rounds: int
    """At most so many retraining rounds for a picture."""
    kept: float
    """Natural outputs that have to stay bit-identical, as a share."""
    maco_kept: float
    """Of MACO's fooled visualizations, those that have to be D's own bit for bit; of the other parametrizations' it is .95."""
    picture_kept: float
    """The same where D is a drawn picture."""
    loss: float
    """Accuracy that may be lost, in percentage points."""
    bounded: dict[str, Any]
    """Of the certified detector's training: steps, widths, and what else it takes."""
    certified: dict[int, float]
    """Radius in 1/255 -> share of natural images to be certified."""
    attacked: int
    """Certified boxes that are attacked."""
    trained_on: dict[str, Any]
    """How long, and with how many images a step, a network is trained on by an attack of the arena; none: as by default."""
    silent_units: int
    silent_alike: float
    """Correlation of the silent units' visualizations, at least."""
    transfer: bool
    """Is the circuit's detector tried in front of a second network?"""
    ablations: bool
    """Are the variants that fail by design tried?"""

    @property
    def fresh(self) -> int:
        """Seeds by which a round tells whether another one is needed."""
        return min(2, self.unseen)


SMALL = Effort(
    largest_side=16, steps=128, longest=4, paths=2, others=None, unseen=3,
    plain_seeds=3, maco_seeds=6, sparse=STEPS_KEPT, dense=tuple(range(0, 129, 8)), fit_steps=500,
    from_setting=4, rounds=(1, 2), round_seeds=2, round_every=(*range(0, 33, 2), *range(40, 129, 8)),
    round_units=None, through=True, picture_seeds=(3, 5, 8), picture_rounds=2,
    kept=0.996, maco_kept=0.9, picture_kept=0.95, loss=0.4, bounded={"steps": 1200, "widths": (128, 64)}, certified={2: 0.99, 8: 0.95}, attacked=500,
    trained_on={}, silent_units=16, silent_alike=0.9, transfer=False, ablations=True,
)  # fmt: skip
MEDIUM = Effort(
    largest_side=64, steps=256, longest=2, paths=1, others=None, unseen=3,
    plain_seeds=6, maco_seeds=16, sparse=(0, 1, 2, 4, *range(8, 257, 16)), dense=(*range(0, 32, 4), *range(32, 257, 16)),
    fit_steps=2500, from_setting=3, rounds=(2, 4), round_seeds=4, round_every=(*range(0, 33, 2), *range(40, 257, 8)),
    round_units=None, through=True, picture_seeds=(3, 5, 8), picture_rounds=2,
    kept=0.999, maco_kept=0.9, picture_kept=0.95, loss=0.1, bounded={"steps": 2500, "widths": (256, 64)}, certified={2: 0.995, 8: 0.98}, attacked=500,
    trained_on={}, silent_units=30, silent_alike=0.7, transfer=True, ablations=True,
)  # fmt: skip
LARGE = Effort(
    largest_side=None, steps=64, longest=2, paths=1, others=3, unseen=1,
    plain_seeds=1, maco_seeds=1, sparse=(0, 1, 2, 4, *range(8, 65, 8)), dense=(0, 1, 2, *range(4, 65, 4)), fit_steps=1500,
    from_setting=1, rounds=(1, 2), round_seeds=1, round_every=(0, 1, 2, 3, *range(4, 65, 4)),
    round_units=1, through=False, picture_seeds=(1, 4, 6), picture_rounds=3,
    kept=0.98, maco_kept=0.8, picture_kept=0.85, loss=2.0, bounded={"steps": 600, "widths": (), "radius": 2 / 255, "shown": 1.0, "batch": 32, "rate": 4e-3}, certified={1: 0.8, 2: 0.75}, attacked=24,
    trained_on={"steps": 150, "batch": 8}, silent_units=6, silent_alike=0.7, transfer=False, ablations=False,
)  # fmt: skip


def effort_for(height: int, width: int) -> Effort:
    """What is done for pictures of this size."""
    side = max(height, width)
    return next(
        e for e in (SMALL, MEDIUM, LARGE) if e.largest_side is None or side <= e.largest_side
    )
