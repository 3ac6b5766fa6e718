"""trompe: the impossibility table of feature visualization, regenerated from checked proofs.

>>> import trompe
>>> table = trompe.verify_table(rows=["constant"])
>>> table["constant/side"].label
'Yes'

The names below load what they need on first use; importing trompe loads no solver and no array
library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trompe.constructions import FoolingPair, Network, Triple, pair_networks, triple
    from trompe.constructions.catalogue import Example, example
    from trompe.proofs import Cell, Outcome, Table, verify_keys, verify_table
    from trompe.proofs.handover.witnesses import Witness, check_witness, witness_of
    from trompe.refuting.judging import Refutation, refute
    from trompe.theory import (
        CLASSES,
        EXTENDED,
        EXTENDED_THEOREMS,
        TASKS,
        THEOREMS,
        Approx,
        Dataset,
        Exact,
        Interval,
        InvalidInput,
        MissingDependency,
        QueryShown,
        Side,
        Theorem,
        TrompeError,
        UnknownKey,
        Visualization,
        function_class,
        theorem,
    )
    from trompe.theory.bounding import Bound, Bounds, bound, bounds
    from trompe.theory.exemplar_budget import Budget, budget

    __version__: str

_HOME = {
    "trompe.theory": (
        "CLASSES",
        "EXTENDED",
        "EXTENDED_THEOREMS",
        "TASKS",
        "THEOREMS",
        "Approx",
        "Dataset",
        "Exact",
        "Interval",
        "InvalidInput",
        "MissingDependency",
        "QueryShown",
        "Side",
        "Theorem",
        "TrompeError",
        "UnknownKey",
        "Visualization",
        "function_class",
        "theorem",
    ),
    "trompe.theory.bounding": ("Bound", "Bounds", "bound", "bounds"),
    "trompe.theory.exemplar_budget": ("Budget", "budget"),
    "trompe.constructions": ("FoolingPair", "Network", "Triple", "pair_networks", "triple"),
    "trompe.constructions.catalogue": ("Example", "example"),
    "trompe.refuting.judging": ("Refutation", "refute"),
    "trompe.proofs.handover.witnesses": ("Witness", "check_witness", "witness_of"),
    "trompe.proofs": ("Cell", "Outcome", "Table", "verify_keys", "verify_table"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "CLASSES",
    "EXTENDED",
    "EXTENDED_THEOREMS",
    "TASKS",
    "THEOREMS",
    "Approx",
    "Bound",
    "Bounds",
    "Budget",
    "Cell",
    "Dataset",
    "Exact",
    "Example",
    "FoolingPair",
    "Interval",
    "InvalidInput",
    "MissingDependency",
    "Network",
    "Outcome",
    "QueryShown",
    "Refutation",
    "Side",
    "Table",
    "Theorem",
    "Triple",
    "TrompeError",
    "UnknownKey",
    "Visualization",
    "Witness",
    "__version__",
    "bound",
    "bounds",
    "budget",
    "check_witness",
    "example",
    "function_class",
    "pair_networks",
    "refute",
    "theorem",
    "triple",
    "verify_keys",
    "verify_table",
    "witness_of",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("trompe")
    if name in _MODULE_OF:
        value = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'trompe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
