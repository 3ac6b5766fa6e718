"""Which obligations carry which part of each theorem, and the label that their verdicts earn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trompe.proofs.lemmas import ATTAINED, MIX, closed_under_mixing
from trompe.proofs.rows.additive import ADDITIVE, ADDITIVE_EXTREMES, ADDITIVE_FACTS
from trompe.proofs.rows.affine import (
    AFFINE,
    AFFINE_EXISTS,
    AFFINE_EXTREMES,
    AFFINE_FACTS,
    AFFINE_SOUND,
)
from trompe.proofs.rows.convex import (
    CONVEX,
    CONVEX_EXISTS,
    CONVEX_EXTREMES,
    CONVEX_FACTS,
    CONVEX_SOUND,
)
from trompe.proofs.rows.hats import CONFLICTS, DATA_SIZES, HAT_FACTS, RISK, hat_values
from trompe.proofs.rows.lipschitz import (
    LIPSCHITZ,
    LIPSCHITZ_EXISTS,
    LIPSCHITZ_SOUND,
    LIPSCHITZ_THRESHOLD,
)
from trompe.proofs.rows.lipschitz_unknown import LIPSCHITZ_UNKNOWN
from trompe.proofs.rows.metrics import METRIC_FACTS, MIDPOINTS
from trompe.proofs.rows.monotone import MONOTONE, MONOTONE_EXTREMES, MONOTONE_FACTS
from trompe.proofs.rows.networks import GADGETS, TRANSLATIONS, TWO_UNITS
from trompe.proofs.rows.neuron import (
    LEAKY_RELU,
    NEURON,
    NEURON_1D,
    NEURON_EXISTS,
    NEURON_EXTREMES,
    NEURON_FOOLS,
    NEURON_SOUND,
)
from trompe.proofs.rows.yes import AFFINE_1D, CONSTANT
from trompe.proofs.symbolic_extended import LINK_SYMBOLIC
from trompe.theory import EXTENDED_THEOREMS, THEOREMS, Form, theorem
from trompe.theory.catalogue import row_class
from trompe.theory.inclusions import path

__all__ = ["ASSUMED", "CASES", "PARENT", "Case", "case", "earned_label"]

PARENT = {
    "black-box": "piecewise-affine",
    "piecewise-affine": "neural-network",
    "lipschitz-unknown": "piecewise-affine",
}
"""Rows without a construction of their own: the subclass whose No they inherit."""


@dataclass(frozen=True)
class Case:
    """The evidence that a theorem asks for.

    `roles` maps each part of the claim to its obligation families: `pair` (members f and g with the
    same unique extremes), `fools` (they defeat every decoder at the stated queries), `exists` (there
    are such queries), `decides` (elsewhere one answer is right), `extremes` (what every member's
    extremes are), `decodes` (the decoder is right), `includes` (the subclass that a No comes from),
    `links` (the named links are what the neuron rows ask of one).
    """

    key: str
    roles: Mapping[str, tuple[str, ...]]
    symbolic: tuple[str, ...]
    inherits: str | None = None

    @property
    def obligations(self) -> tuple[str, ...]:
        """All obligation families, each once."""
        return tuple(dict.fromkeys(key for keys in self.roles.values() for key in keys))


_L1 = METRIC_FACTS["l1"]
_ALL_METRICS = tuple(dict.fromkeys(key for keys in METRIC_FACTS.values() for key in keys))
_HAT_PAIR = (*MIX, *ATTAINED, *HAT_FACTS, *_L1)
_WITH_DATA = tuple(key for n in DATA_SIZES for key in hat_values(n))

_PAIRS: dict[str, tuple[str, ...]] = {
    "neural-network": (
        *_HAT_PAIR,
        *hat_values(0),
        *GADGETS,
        *TRANSLATIONS["neural-network"],
        *TWO_UNITS,
    ),
    "erm": (*_HAT_PAIR, *_WITH_DATA, *GADGETS, *TRANSLATIONS["erm"], *RISK, *CONFLICTS),
    "lipschitz": (*MIX, *ATTAINED, *LIPSCHITZ, *_ALL_METRICS, closed_under_mixing("lipschitz")),
    "monotone": (*MIX, *ATTAINED, *MONOTONE_FACTS, *MONOTONE, closed_under_mixing("monotone")),
    "convex": (*MIX, *ATTAINED, *CONVEX_FACTS, *CONVEX, closed_under_mixing("convex")),
    "affine": (*MIX, *ATTAINED, *AFFINE_FACTS, *AFFINE, closed_under_mixing("affine")),
    "neuron": (*ATTAINED, *AFFINE_FACTS, *NEURON),
    "additive": (*MIX, *ATTAINED, *ADDITIVE_FACTS, *ADDITIVE),
}
_EXISTS = {
    "lipschitz": (*LIPSCHITZ_EXISTS, *MIDPOINTS),
    "convex": CONVEX_EXISTS,
    "affine": AFFINE_EXISTS,
    "neuron": (*AFFINE_EXISTS, *NEURON_EXISTS),
}
_SOUND = {
    "lipschitz": LIPSCHITZ_SOUND,
    "convex": CONVEX_SOUND,
    "affine": AFFINE_SOUND,
    "neuron": (*AFFINE_SOUND, *NEURON_SOUND),
}
_EXTREMES = {
    "monotone": MONOTONE_EXTREMES,
    "convex": CONVEX_EXTREMES,
    "affine": AFFINE_EXTREMES,
    "neuron": (*AFFINE_EXTREMES, *NEURON_EXTREMES),
    "additive": ADDITIVE_EXTREMES,
}
_DECODES = {
    "affine-1d": AFFINE_1D,
    "constant": CONSTANT,
    "neuron-1d": NEURON_1D,
}
_INCLUDES = {
    "piecewise-affine": ("network/relu-is-piecewise-affine",),
    "lipschitz-unknown": LIPSCHITZ_UNKNOWN,
}
_LINKED = ("neuron", "neuron-1d")

_SYMBOLIC_ROW = {
    "neural-network": ("erm",),
    "erm": ("erm",),
    "lipschitz": ("lipschitz",),
    "monotone": ("monotone",),
    "convex": ("convex",),
    "affine": ("affine",),
    "additive": ("additive",),
}
_LAGRANGE = tuple(f"symbolic/lagrange/d{d}" for d in (1, 2, 3))


def _case(row: str, task: str) -> Case:
    key = f"{row}/{task}"
    if row in PARENT:
        return Case(key, {"includes": _INCLUDES.get(row, ())}, (), f"{PARENT[row]}/{task}")
    if row in _DECODES:
        enough = () if task == "exact" else (f"{task}/exact-is-enough",)
        symbolic: tuple[str, ...] = ("symbolic/affine-1d",) if row == "affine-1d" else ()
        roles = {"decodes": (*_DECODES[row], *enough)}
        if row in _LINKED:
            roles["links"], symbolic = LEAKY_RELU, LINK_SYMBOLIC
        return Case(key, roles, symbolic)
    first = NEURON_FOOLS[task] if row in _LINKED else f"{task}/fools"
    fools: tuple[str, ...] = (first, f"{task}/defeats")
    if task == "approx":
        fools = (*fools, "approx/midrange")
    roles = {"pair": _PAIRS[row], "fools": fools}
    if row in _SOUND:
        decides: tuple[str, ...] = (*_SOUND[row], f"{task}/decides")
        if theorem(key).form is Form.THRESHOLD:
            roles["fools"] = (LIPSCHITZ_THRESHOLD[0], *fools)
            decides = (*decides, LIPSCHITZ_THRESHOLD[1])
        roles["decides"] = decides
    if row in _EXISTS:
        roles["exists"] = _EXISTS[row]
    if row in _EXTREMES:
        roles["extremes"] = _EXTREMES[row]
    if row in _LINKED:
        return Case(key, roles | {"links": LEAKY_RELU}, LINK_SYMBOLIC)
    symbolic = ("symbolic/mix-gap",)
    symbolic += tuple(
        f"symbolic/{r}/{which}" for r in _SYMBOLIC_ROW[row] for which in ("upper", "lower")
    )
    if task == "approx":
        symbolic += ("symbolic/limit",)
    if row == "lipschitz":
        symbolic += _LAGRANGE
    if row == "erm":
        symbolic += ("symbolic/mean-minimises",)
    return Case(key, roles, symbolic)


CASES: dict[str, Case] = {
    key: _case(t.row, t.task) for key, t in (THEOREMS | EXTENDED_THEOREMS).items()
}
"""What each of the theorems is proved from, further rows included."""

_REQUIRED = {
    Form.IMPOSSIBLE: ("pair", "fools"),
    Form.POSSIBLE: ("decodes",),
    Form.THRESHOLD: ("pair", "fools", "decides"),
}


def case(key: str) -> Case:
    """The evidence that the theorem called `key` asks for."""
    return CASES[theorem(key).key]


def earned_label(key: str, proved: Mapping[str, bool], inherited: str | None = None) -> str | None:
    """The label of a theorem, or None: computed from which obligation families were proved.

    A form earns its label when every role that it needs is there and every obligation of the case is
    proved. A row without a construction inherits a No from its subclass along checked inclusions.

    Parameters
    ----------
    proved : per obligation family (and symbolic identity), whether every instance was proved.
    inherited : the label that the subclass earned, where the case inherits.
    """
    statement, item = theorem(key), case(key)
    if not all(proved.get(name, False) for name in (*item.obligations, *item.symbolic)):
        return None
    if item.inherits is not None:
        subclass = theorem(item.inherits)
        is_sub = path(subclass.row, statement.row) is not None
        same = inherited == Form.IMPOSSIBLE.value and statement.form is Form.IMPOSSIBLE
        return inherited if is_sub and same else None
    needed = _REQUIRED[statement.form]
    if (
        statement.form is Form.IMPOSSIBLE
        and row_class(statement.row).statement.fooled[statement.task].text
    ):
        needed = (*needed, "exists", "decides")
    if not all(item.roles.get(role) for role in needed):
        return None
    return statement.form.value


ASSUMED: dict[str, str] = {
    "instantiation": "that one sentence's conclusion is the next one's hypothesis (the same symbols, "
    "filled with the same quantities)",
    "induction over d": "the step from the dimensions checked to every d, for sentences checked per d",
    "induction over n": "the step from 0, 1 and 2 training points to any finite number (at most one hat "
    "is active at a point)",
    "networks": "that a compiled network equals its formula for every instance (checked gadget by gadget, "
    "and whole for the example instance)",
    "layers": "the step from one relu to a whole network: each layer of a continuous piecewise affine "
    "function is one again",
    "representation": "that an affine function is alpha + sum w_k z_k",
    "pieces": "that a segment crosses finitely many pieces, one after the other (checked for two), and that a "
    "piecewise affine function has finitely many slopes",
    "continuity": "that a continuous link has a delta for every tolerance, and takes every value between two "
    "of its values",
    "derivatives": "that a function with a positive derivative increases strictly (sigmoid, tanh, softplus; "
    "SymPy checks the derivatives)",
    "exchanges": "the step from exchanging one coordinate to exchanging several, one after the other",
    "solvers": "that the solvers are right about the reals",
}
"""What no solver says, by name; `assumed_by` picks what applies to a theorem."""


def assumed_by(key: str) -> tuple[str, ...]:
    """The names of ASSUMED that the proof of this theorem rests on besides its obligations."""
    item = case(key)
    if item.inherits is not None:
        further = ("pieces",) if theorem(key).row == "lipschitz-unknown" else ()
        return tuple(
            dict.fromkeys([*assumed_by(item.inherits)[:-1], "layers", *further, "solvers"])
        )
    row = theorem(key).row
    names = ["instantiation"]
    if row not in ("affine-1d", "constant", "neuron-1d"):
        names.append("induction over d")
    if row == "erm":
        names.append("induction over n")
    if row in ("erm", "neural-network"):
        names.append("networks")
    if row in ("affine", "affine-1d"):
        names.append("representation")
    if row == "neuron":
        names.append("continuity")
    if row in _LINKED:
        names.append("derivatives")
    if row == "additive":
        names.append("exchanges")
    return (*names, "solvers")
