"""What is mutated, and which checks see each function.

A row that is registered brings its modules; which functions run in a check is found out by watching.
"""

from __future__ import annotations

import functools
import importlib
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Literal

from trompe.constructions.catalogue import row_of
from trompe.constructions.row import Row
from trompe.constructions.triples import ExemplarTriple
from trompe.proofs.evidence import CASES, EVERY_CASE, case
from trompe.proofs.mutation.mutants import Mutant, function_of, is_setting, mutants, places
from trompe.proofs.obligations import Scope, registered
from trompe.proofs.rows import CHECKS
from trompe.proofs.sampling import sample_row
from trompe.proofs.symbolic import IDENTITIES, check_identity, identity
from trompe.proofs.verify import DEFAULT_DIMS, all_keys, check_obligation, find_obligation
from trompe.theory import UnknownKey, function_class
from trompe.theory.fibres import Fibres
from trompe.theory.shares.base import SharpRow

Place = tuple[str, str]
"""A module and the qualified name of a function, method or class setting in it."""

Route = Literal["smt", "symbolic", "sampled"]

MOST_SECONDS = 20.0
"""Processor time for one check; undamaged ones take one or two. A damaged loop may never end."""

GROUPS = ("constructions", "classes")

_SHARED = {
    "constructions": (
        "trompe.constructions.triples",
        "trompe.constructions.decoders",
        "trompe.constructions.levels",
        "trompe.theory.functionals",
    ),
    "classes": ("trompe.theory.tasks",),
}
"""Modules beside those in which the registered rows' constructions and classes stand."""

LEFT_OUT: dict[Place, str] = {
    (
        "trompe.constructions.triples",
        "namespace_of",
    ): "picks NumPy or PyTorch by the type of an input",
    (
        "trompe.constructions.triples",
        "_numpy_namespace",
    ): "picks the arithmetic by the type of an input",
    ("trompe.constructions.triples", "as_array"): "turns a user's point into an array",
    **dict.fromkeys(
        (
            ("trompe.theory.rows.affine", "_own_1d"),
            ("trompe.theory.rows.constant", "_own"),
            ("trompe.theory.rows.lipschitz", "_own"),
        ),
        "sentences of statements, whose hashes are committed",
    ),
    **dict.fromkeys(
        (
            ("trompe.constructions.rows.affine", "spreading_corner"),
            ("trompe.constructions.rows.affine", "weights"),
            ("trompe.constructions.rows.convex", "_corners_beside"),
            ("trompe.constructions.rows.convex", "_highest_corner"),
            ("trompe.constructions.rows.convex", "_interior_or_edge"),
            ("trompe.constructions.rows.convex", "_some_corners"),
            ("trompe.constructions.rows.convex", "_supports"),
            ("trompe.constructions.rows.convex", "_towards_the_maximum"),
            ("trompe.constructions.rows.lipschitz", "_far_extremes"),
            ("trompe.constructions.rows.lipschitz", "_least_of_cones"),
            ("trompe.constructions.rows.lipschitz", "_of_full_range"),
            ("trompe.constructions.rows.lipschitz", "_rational_distance"),
            ("trompe.constructions.rows.lipschitz", "flat"),
            ("trompe.constructions.rows.monotone", "_least_excess"),
            ("trompe.constructions.rows.neuron", "LinkedWeightParameters.shares"),
            ("trompe.constructions.rows.neuron", "_linked_weights"),
            ("trompe.theory.rows.affine", "affine_eps"),
            ("trompe.theory.rows.affine", "affine_side"),
            ("trompe.theory.rows.convex", "_minus"),
            ("trompe.theory.rows.convex", "convex_share"),
            ("trompe.theory.rows.lipschitz", "distances"),
            ("trompe.theory.rows.lipschitz", "_norm"),
        ),
        "random members, questions, bounds with exemplars and the sharp table, which checks of their own judge",
    ),
}
"""Functions that hold no formula and no condition of a statement, with the reason."""

_NAMING = (
    "check_shown",
    "fibres",
    "has_one_value",
    "in_words",
    "link_words",
    "named",
    "near_fibres",
    "sharp_row",
    "takes_setting",
)
"""What a class has that names one of its parts, itself or one member in words."""


def _is_left_out(module: str, place: str) -> bool:
    """Is the place listed, or part of what a row has besides its class and its triple?"""
    owner, _, name = place.partition(".")
    kind = getattr(importlib.import_module(module), owner)
    other = isinstance(kind, type) and issubclass(kind, (ExemplarTriple, Fibres, Row, SharpRow))
    return (module, place) in LEFT_OUT or other or name in _NAMING


def rows() -> tuple[str, ...]:
    """Every row that has evidence, our further rows included."""
    return tuple(dict.fromkeys(key.partition("/")[0] for key in CASES))


@functools.lru_cache(maxsize=1)
def mutated_modules() -> dict[str, tuple[str, ...]]:
    """The modules that are mutated, by group; a row that is registered brings its own."""
    found = {group: dict.fromkeys(modules) for group, modules in _SHARED.items()}
    for row in rows():
        made = row_of(row)
        for group, kinds in (
            ("constructions", (type(made), *type(made.construction).__mro__)),
            ("classes", type(function_class(row)).__mro__),
        ):
            room = "trompe.constructions." if group == "constructions" else "trompe.theory."
            found[group] |= {k.__module__: None for k in kinds if k.__module__.startswith(room)}
    return {group: tuple(modules) for group, modules in found.items()}


def group_of(module: str) -> str:
    """The group of a mutated module."""
    return next(group for group, modules in mutated_modules().items() if module in modules)


@functools.lru_cache(maxsize=1)
def all_places() -> tuple[Place, ...]:
    """Every place that has mutants."""
    found = ((m, p) for modules in mutated_modules().values() for m in modules for p in places(m))
    return tuple(at for at in found if not _is_left_out(*at) and mutants(*at))


# -- checks ------------------------------------------------------------------------------------------------


def route_of(check: str) -> Route:
    """Who answers a check."""
    if check.startswith("sampled/"):
        return "sampled"
    return "symbolic" if check in IDENTITIES else "smt"


def checks_of(chosen: Iterable[str] | None = None) -> list[str]:
    """The checks behind these rows and the rows that they inherit from (None: all), the quickest first.

    Raises
    ------
    UnknownKey : no such row.
    """
    if chosen is None:
        return sorted([*all_keys(), *(f"sampled/{row}" for row in rows())], key=_slowness)
    found: dict[str, None] = {}
    for row in chosen:
        if row not in rows():
            raise UnknownKey("row", row, rows())
        for theorem in (key for key in EVERY_CASE if key.partition("/")[0] == row):
            key: str | None = theorem
            while key is not None:
                item = case(key)
                items = registered(item.obligations, DEFAULT_DIMS)
                found |= dict.fromkeys([*(o.key for o in items), *item.symbolic])
                found[f"sampled/{key.partition('/')[0]}"] = None
                key = item.inherits
    return sorted(found, key=_slowness)


def _slowness(check: str) -> tuple[int, ...]:
    route = ("smt", "sampled", "symbolic").index(route_of(check))
    if route == 0:
        dim = check.rpartition("/d")[2]
        return (route, check.startswith("network/"), int(dim) if dim.isdigit() else 0)
    return (route, CHECKS[check.partition("/")[2]].slowness if route == 1 else 0)


@dataclass(frozen=True)
class Checked:
    """What one check said."""

    verdict: Literal["PROVED", "REFUTED", "UNKNOWN", "RAISED"]
    says: str
    point: tuple[tuple[str, str], ...] = ()


def run_check(check: str) -> Checked:
    """Run one check: an obligation, an identity, or the samples of a row.

    Z3 alone is asked first, cvc5 where it does not know: a point that one of them finds refutes.
    """
    try:
        with _bounded():
            match route_of(check):
                case "sampled":
                    failure = sample_row(check.partition("/")[2]).failure
                    return Checked("REFUTED" if failure else "PROVED", failure)
                case "symbolic":
                    return Checked(*check_identity(identity(check)))
                case "smt":
                    return check_smt(check)
    except Exception as error:  # whatever a damaged function does
        return _raised(error)


@contextmanager
def _bounded() -> Iterator[None]:
    """Raise TimeoutError after MOST_SECONDS of processor time, where the system can say so."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {MOST_SECONDS:.0f} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check_smt(check: Any) -> Checked:
    """The same for an obligation, given by its key or itself."""
    said = Checked("UNKNOWN", "no solver")
    for solver in ("z3", "cvc5"):
        try:
            item = find_obligation(check) if isinstance(check, str) else check
            outcome = check_obligation(item, (solver,))
        except Exception as error:
            return _raised(error)
        said = Checked(outcome.verdict, outcome.reason, tuple(sorted(outcome.point.items())))
        if outcome.verdict != "UNKNOWN":
            break
    return said


def _raised(error: Exception) -> Checked:
    return Checked("RAISED", f"{type(error).__name__}: {error}")


# -- which check sees which function -------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _codes() -> dict[CodeType, Place]:
    return {function_of(*at).__code__: at for at in all_places() if not is_setting(*at)}


def seen_by(check: str) -> frozenset[Place]:
    """The mutated functions that run when a check is built or sampled.

    A function that does not run cannot change the outcome, so that its mutants need not be tried there.
    """
    codes, seen = _codes(), set[Place]()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in codes:
            seen.add(codes[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(watch)
    try:  # one that raises before any damage is reported where it is run; here it may see everything
        match route_of(check):
            case "sampled":
                sample_row(check.partition("/")[2])
            case "symbolic":
                import sympy

                identity(check).build(sympy)
            case "smt":
                find_obligation(check).build(Scope())
    except Exception:
        return frozenset(codes.values())
    finally:
        sys.setprofile(before)
    return frozenset(seen)


def checks_for(
    mutant: Mutant, checks: Iterable[str], seen: dict[str, frozenset[Place]]
) -> list[str]:
    """The checks that can tell this mutant from the original: for a class setting, all samples."""
    at = (mutant.module, mutant.function)
    if is_setting(*at):
        return [check for check in checks if route_of(check) == "sampled"]
    return [check for check in checks if at in seen[check]]
