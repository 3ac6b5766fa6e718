"""What the theorems of one row are proved from: obligations by the part of the claim that they carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Evidence"]


@dataclass(frozen=True)
class Evidence:
    """Obligation families of a row, by role, and its identities; the same for every task but where it is said.

    `pair` : members f and g with the same unique extremes. `decides` : where no pair is, one answer is right.
    `exists` : there are queries with a pair. `extremes` : what every member's extremes are. `decodes` : of a Yes
    row, the decoder is right. `includes` : the subclass that a No comes from, named by `inherits`. `links` : the
    named links are what a neuron row asks of one.
    """

    pair: tuple[str, ...] = ()
    decides: tuple[str, ...] = ()
    exists: tuple[str, ...] = ()
    extremes: tuple[str, ...] = ()
    decodes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    fools: Mapping[str, str] = field(default_factory=dict)
    """By task, what makes a gap of a pair of this row; else that of the shared lemma."""
    threshold: tuple[str, ...] = ()
    """Of a task with a threshold: what fools above it, what decides below it."""
    inherits: str | None = None
    mixes: bool = True
    """Are pairs mixed from the triple's own values? Then the gap in closed form is evidence too."""
    symbolic: tuple[str, ...] = ()
    also_symbolic: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    """What no solver says, by the names of `evidence.ASSUMED`, besides instantiation and the solvers."""
