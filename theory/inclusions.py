"""Which class lies in which; a No for a class is a No for every class that holds it."""

from __future__ import annotations

from trompe.theory.catalogue import ROWS
from trompe.theory.classes import Inclusion

INCLUSIONS = tuple(step for kind in ROWS.values() for step in kind.inside)


def path(sub: str, sup: str) -> tuple[Inclusion, ...] | None:
    """A shortest chain of inclusions from `sub` up to `sup`, () if they are equal, None if there is none."""
    chains: dict[str, tuple[Inclusion, ...]] = {sub: ()}
    queue = [sub]
    while queue:
        at = queue.pop(0)
        for step in ROWS[at].inside:
            if step.sup not in chains:
                chains[step.sup] = (*chains[at], step)
                queue.append(step.sup)
    return chains.get(sup)


def subclasses(sup: str) -> dict[str, tuple[Inclusion, ...]]:
    """Every class below `sup` (not itself), with the chain that leads up."""
    chains = {key: path(key, sup) for key in sorted(ROWS)}
    return {key: chain for key, chain in chains.items() if chain}
