"""The sharp table as curves: how much of the box the classes leave open."""

from __future__ import annotations

from pathlib import Path

from trompe.ground.files import Destination
from trompe.theory import CLASSES
from trompe.views.sharp_plot import DRAWINGS

KINDS = ("share", "regions")


def write(source: Path) -> None:
    """Draw them beside the table of the atlas."""
    for kind in KINDS:
        DRAWINGS[kind](list(CLASSES), 2, Destination(source / "atlas" / f"{kind}.svg"))
