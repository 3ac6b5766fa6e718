"""Which obligations carry which part of each theorem, and the label that their verdicts earn."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass

from trompe.ground.arguments import checked
from trompe.proofs import levels
from trompe.proofs.row import Evidence
from trompe.proofs.rows import EVIDENCE
from trompe.theory import ALL_THEOREMS, Form, Theorem, theorem
from trompe.theory.catalogue import LEVEL_THEOREMS, AnyTheorem, row_class
from trompe.theory.inclusions import path
from trompe.theory.levels import EXTREMES


@dataclass(frozen=True)
class Case:
    """The evidence that a theorem asks for.

    `roles` maps each part of the claim to its obligation families: `pair` (members f and g with the
    same unique extremes), `fools` (they defeat every decoder at the stated queries), `exists` (there
    are such queries), `decides` (elsewhere one answer is right), `extremes` (what every member's
    extremes are), `decodes` (the decoder is right), `includes` (the subclass that a No comes from),
    `links` (the named links are what the neuron rows ask of one), `hides` (who is shown less than both extremes with
    their values cannot tell the pair apart either).
    """

    key: str
    roles: Mapping[str, tuple[str, ...]]
    symbolic: tuple[str, ...]
    inherits: str | None = None

    @property
    def obligations(self) -> tuple[str, ...]:
        """All obligation families, each once."""
        return tuple(dict.fromkeys(key for keys in self.roles.values() for key in keys))


def _case(row: str, task: str) -> Case:
    key, of = f"{row}/{task}", EVIDENCE[row]
    if of.inherits is not None:
        return Case(key, {"includes": of.includes}, (), f"{of.inherits}/{task}")
    symbolic = of.symbolic
    if of.decodes:
        enough = () if task == "exact" else (f"{task}/exact-is-enough",)
        roles = {"decodes": (*of.decodes, *enough)}
    else:
        roles = _roles_of_a_pair(of, key, task)
        if of.mixes:
            limit = ("symbolic/limit",) if task == "approx" else ()
            symbolic = ("symbolic/mix-gap", *of.symbolic, *limit, *of.also_symbolic)
    if of.links:
        roles["links"] = of.links
    return Case(key, roles, symbolic)


def _roles_of_a_pair(of: Evidence, key: str, task: str) -> dict[str, tuple[str, ...]]:
    fools: tuple[str, ...] = (of.fools.get(task, f"{task}/fools"), f"{task}/defeats")
    if task == "approx":
        fools = (*fools, "approx/midrange")
    roles = {"pair": of.pair, "fools": fools}
    if of.decides:
        roles["decides"] = (*of.decides, f"{task}/decides")
        if theorem(key).form is Form.THRESHOLD:
            above, below = of.threshold
            roles["fools"] = (above, *fools)
            roles["decides"] = (*roles["decides"], below)
    if of.exists:
        roles["exists"] = of.exists
    if of.extremes:
        roles["extremes"] = of.extremes
    return roles


CASES: dict[str, Case] = {key: _case(t.row, t.task) for key, t in ALL_THEOREMS.items()}
"""What each of the theorems about both extremes is proved from, further rows included."""


def _level_case(t: Theorem) -> Case:
    """What the row says itself; else its No of the extremes, which decoders that are shown less cannot undo."""
    own = EVIDENCE[t.row].levels.get((t.task, t.level))
    if own is not None:
        return Case(t.key, own, ())
    hides = levels.HOLDS if t.level == "near" else levels.DEFEATS[t.task]
    return Case(t.key, {"hides": (hides,)}, (), f"{t.row}/{t.task}")


LEVEL_CASES: dict[str, Case] = {key: _level_case(t) for key, t in LEVEL_THEOREMS.items()}
"""What each of the theorems is proved from where less is shown than both extremes with their values."""

EVERY_CASE: Mapping[str, Case] = ChainMap(LEVEL_CASES, CASES)
"""What each theorem is proved from."""

_REQUIRED = {
    Form.IMPOSSIBLE: ("pair", "fools"),
    Form.POSSIBLE: ("decodes",),
    Form.THRESHOLD: ("pair", "fools", "decides"),
}


def case(key: AnyTheorem) -> Case:
    """The evidence that the theorem called `key` asks for."""
    return EVERY_CASE[theorem(key).key]


@checked
def earned_label(
    key: AnyTheorem, proved: Mapping[str, bool], inherited: str | None = None
) -> str | None:
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
        is_sub = subclass.row == statement.row or path(subclass.row, statement.row) is not None
        same = inherited == Form.IMPOSSIBLE.value and statement.form is Form.IMPOSSIBLE
        return inherited if is_sub and same else None
    needed = _REQUIRED[statement.form]
    if (
        statement.form is Form.IMPOSSIBLE
        and statement.level == EXTREMES
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


def assumed_by(key: AnyTheorem) -> tuple[str, ...]:
    """The names of ASSUMED that the proof of this theorem rests on besides its obligations."""
    of = EVIDENCE[theorem(key).row]
    item = case(key)
    if item.inherits is not None:
        inherited = assumed_by(item.inherits)[:-1]
        return tuple(dict.fromkeys([*inherited, *of.assumed, "solvers"]))
    return ("instantiation", *of.assumed, "solvers")
