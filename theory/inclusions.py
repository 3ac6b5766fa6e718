"""Which class lies in which, as data; a No for a class is a No for every class that holds it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INCLUSIONS", "Inclusion", "path", "subclasses"]


@dataclass(frozen=True)
class Inclusion:
    """Every member of `sub` is a member of `sup`, at every d where `sub` is defined."""

    sub: str
    sup: str
    why: str
    obligation: str | None = None
    """The key of the obligation that a solver checks, where the inclusion is more than a definition."""


INCLUSIONS: tuple[Inclusion, ...] = (
    Inclusion(
        "erm", "neural-network", "by definition: a network that fits the labels is a network"
    ),
    Inclusion(
        "neural-network",
        "piecewise-affine",
        "a layer is affine followed by relu(u) = max(0, u); both keep functions continuous and piecewise affine",
        "network/relu-is-piecewise-affine",
    ),
    Inclusion("piecewise-affine", "black-box", "by definition: every function is a member"),
    Inclusion(
        "piecewise-affine",
        "lipschitz-unknown",
        "finitely many slopes have a largest one, and along a segment the pieces add up",
        "lipschitz-unknown/pieces",
    ),
    Inclusion("lipschitz", "lipschitz-unknown", "by definition: the known L is some constant"),
    Inclusion("lipschitz-unknown", "black-box", "by definition: every function is a member"),
    Inclusion("neuron", "black-box", "by definition: every function is a member"),
    Inclusion("additive", "black-box", "by definition: every function is a member"),
    Inclusion("lipschitz", "black-box", "by definition: every function is a member"),
    Inclusion("monotone", "black-box", "by definition: every function is a member"),
    Inclusion("convex", "black-box", "by definition: every function is a member"),
    Inclusion(
        "affine", "convex", "the affine law is the convex law with equality", "affine/is-convex"
    ),
    Inclusion("affine", "additive", "sum w_k z_k + c is a sum of functions of one coordinate each"),
    Inclusion(
        "affine",
        "neural-network",
        "an affine function is a network without hidden layers",
    ),
)


def path(sub: str, sup: str) -> tuple[Inclusion, ...] | None:
    """A shortest chain of inclusions from `sub` up to `sup`, () if they are equal, None if there is none."""
    chains: dict[str, tuple[Inclusion, ...]] = {sub: ()}
    queue = [sub]
    while queue:
        at = queue.pop(0)
        for step in INCLUSIONS:
            if step.sub == at and step.sup not in chains:
                chains[step.sup] = (*chains[at], step)
                queue.append(step.sup)
    return chains.get(sup)


def subclasses(sup: str) -> dict[str, tuple[Inclusion, ...]]:
    """Every class below `sup` (not itself), with the chain that leads up."""
    keys = {step.sub for step in INCLUSIONS}
    chains = {key: path(key, sup) for key in sorted(keys)}
    return {key: chain for key, chain in chains.items() if chain}
