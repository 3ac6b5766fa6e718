"""One cell: one trained network, one attack, all methods and checks. Cells know nothing of each other, and run anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from trompe.empirical._torch import repeatable, torch
from trompe.empirical.arena.attacks import ATTACKS, NONE
from trompe.empirical.arena.checks import CHECKS
from trompe.empirical.arena.methods import pictures, to_credit
from trompe.empirical.arena.registry import (
    installed,
    load_entry_points,
    load_plugins,
    ran,
    sha256_of,
)
from trompe.empirical.arena.single import SingleCase
from trompe.empirical.arena.subject import REVISION, Attacked, Examined, Subject
from trompe.empirical.cache import REVISION as CACHE_REVISION
from trompe.empirical.cache import TensorCache, json_sha256
from trompe.empirical.experiments.effort import effort_for
from trompe.empirical.inputs.data import ImageData
from trompe.empirical.networks.training import classifier
from trompe.empirical.record import versions
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

Role = Literal["tested", "reference"]
SEEDS = (700, 701, 702)
"""Of pictures; no attack is trained with them."""
REFERENCE_SEEDS = 1000
"""Reference networks have seeds from here on: none of them is tested."""
EXAMPLE = 3
"""The unit of the figure of examples, counted from 0 among those that are looked at."""
NETWORK = "cnn"
"""The recipe of the networks."""


@dataclass(frozen=True)
class ArenaCell:
    """A network by its seed, and what is done to it."""

    attack: str
    seed: int
    role: Role = "tested"

    @property
    def name(self) -> str:
        """As files name it."""
        return f"{self.role if self.role == 'reference' else self.attack}-{self.seed}"


@dataclass(frozen=True)
class Design:
    """What is run in every cell."""

    data: ImageData
    attacks: tuple[str, ...]
    methods: tuple[str, ...]
    checks: tuple[str, ...]
    networks: tuple[int, ...]
    """Seeds of the tested networks."""
    references: tuple[int, ...]
    """Seeds of the reference networks."""
    cache: str | None = None
    plugins: tuple[Path, ...] = ()
    seeds: tuple[int, ...] = SEEDS
    single: SingleCase | None = None
    """A network that was not trained here: `networks` has one number, of the attacks' seed."""

    @property
    def cells(self) -> list[ArenaCell]:
        """All of them: references first, then network by network, so that an interrupted run has whole networks."""
        tested = [ArenaCell(attack, seed) for seed in self.networks for attack in self.attacks]
        return [*(ArenaCell(NONE, seed, "reference") for seed in self.references), *tested]

    @property
    def steps(self) -> int:
        """Of an ascent."""
        return effort_for(*self.data.shape[1:]).steps

    def subject(self, seed: int, held: ExitStack | None = None) -> Subject:
        """The network of this seed, before anything is done to it."""
        store, single = TensorCache(self.cache), self.single
        network = single.network if single else classifier(NETWORK, self.data, seed, "cpu", store, show=False)  # fmt: skip
        units = single.units if single else ()
        return Subject(self.data, seed, network, store, self.seeds, self.steps, units, held or ExitStack())  # fmt: skip

    def measured(self, role: Role) -> tuple[str, ...]:
        """The checks whose numbers are taken: all, or of reference networks those that are judged by them."""
        asked = [CHECKS[key] for key in self.checks]
        if role == "reference":
            asked = [c for c in asked if c.alarm is not None and c.alarm.unusual]
        return tuple(dict.fromkeys(c.source for c in asked))

    def settings(self) -> dict[str, Any]:
        """What determines the numbers of a cell, as JSON data."""
        return {
            "revision": [REVISION, CACHE_REVISION], "data": self.data.sha256,
            **({"network": self.single.fingerprint, "units": list(self.single.units)} if self.single else {"recipe": NETWORK}),
            "methods": list(self.methods), "seeds of pictures": list(self.seeds), "steps": self.steps,
            "plugins": [*installed(), *sha256_of(self.plugins)], "threads": torch.get_num_threads(), "versions": versions(),
        }  # fmt: skip

    def identity(self, cell: ArenaCell) -> str:
        """Hash of everything that determines the numbers of a cell."""
        asked = {"cell": [cell.attack, cell.seed, cell.role], "checks": self.measured(cell.role)}
        return json_sha256(self.settings() | asked)[:32]


Measures = Mapping[str, Mapping[str, Sequence[float]]]
"""Check -> method ("" for the network) -> numbers."""


@dataclass(frozen=True)
class Observed:
    """What was found in a cell."""

    measures: Measures
    examples: Mapping[str, torch.Tensor]
    """Method -> the pictures of the first seed (units, channels, height, width); under "" what the attack wants, if anything."""
    credits: tuple[str, ...] = ()
    """Whose photographs a figure of the pictures of unit `EXAMPLE` has to name."""


@cache
def _plugged(plugins: tuple[Path, ...]) -> None:
    load_entry_points()
    load_plugins(plugins)


def run_elsewhere(design: Design, cell: ArenaCell) -> Observed:
    """`run_cell` in a process of its own, where the plug-ins are not there yet."""
    _plugged(design.plugins)
    return run_cell(design, cell)


def run_cell(design: Design, cell: ArenaCell) -> Observed:
    """Everything about one network under one attack.

    Raises
    ------
    InvalidInput : an attack, a method or a check cannot run on it; the cell is named.
    """
    try:
        with repeatable(), ExitStack() as held:
            return _run(design, cell, held)
    except InvalidInput as error:
        raise InvalidInput(f"cell {cell.name}: {error}") from error


def _run(design: Design, cell: ArenaCell, held: ExitStack) -> Observed:
    subject = design.subject(cell.seed, held)
    attacked = ran(f"attack {cell.attack}", ATTACKS[cell.attack].make, subject)
    if not isinstance(attacked, Attacked):
        raise InvalidInput(f"attack {cell.attack}: gives {spelled(attacked)}; expected an Attacked")
    if attacked.redirect and not ATTACKS[cell.attack].redirect:
        raise InvalidInput(
            f"attack {cell.attack}: redirects gradients unannounced; register it with redirect=True"
        )
    attacked = replace(attacked, redirect=ATTACKS[cell.attack].redirect)
    shown = {key: pictures(key, subject, attacked) for key in design.methods}
    plain = Attacked(subject.network, redirect=attacked.redirect)
    is_honest = cell.attack == NONE
    honest = shown if is_honest else _honest(design, cell, subject, plain)
    case = Examined(subject, attacked, shown, honest)
    measures: dict[str, Mapping[str, Sequence[float]]] = {}
    for key in design.measured(cell.role):
        measure = CHECKS[key].measure
        assert measure is not None
        measures[key] = _numbers(key, ran(f"check {key}", measure, case), design.methods)
    examples = {key: images[0] for key, images in shown.items()}
    if attacked.aims is not None:
        first = honest[design.methods[0]]
        examples[""] = attacked.aims(first).expand_as(first)[0]
    return Observed(measures, examples, to_credit(subject, min(EXAMPLE, len(subject.units) - 1)))


def _honest(
    design: Design, cell: ArenaCell, subject: Subject, plain: Attacked
) -> dict[str, torch.Tensor]:
    """The pictures of the network before the attack, kept, since every attack on it is held against them."""
    none = design.identity(ArenaCell(NONE, cell.seed))

    def kept(key: str) -> torch.Tensor:
        asked = {"honest cell": none, "method": key, "redirect": plain.redirect}
        return subject.cache.get(
            "arena-pictures", asked, lambda: {"pictures": pictures(key, subject, plain)}
        )["pictures"]

    return {key: kept(key) for key in design.methods}


def _numbers(key: str, found: Any, methods: Sequence[str]) -> dict[str, list[float]]:
    """A check's numbers, to ten digits.

    Raises
    ------
    InvalidInput : it gives something else.
    """
    try:
        numbers = {
            str(k): [float(f"{float(v):.10g}") for v in values] for k, values in found.items()
        }
    except Exception as error:
        raise InvalidInput(
            f"check {key}: gives no lists of numbers by method ({type(error).__name__})"
        ) from error
    strange = set(numbers) - {"", *methods}
    if strange or any(not values or values != values for values in numbers.values()):
        raise InvalidInput(
            f"check {key}: gives no numbers by method; expected lists by method, or by ''"
        )
    if any(v != v or v in (float("inf"), -float("inf")) for vs in numbers.values() for v in vs):
        raise InvalidInput(f"check {key}: gives NaN or infinite numbers")
    return numbers
