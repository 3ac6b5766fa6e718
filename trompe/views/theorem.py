"""One theorem as text: statement, construction, an instance, its obligations, what is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trompe.ground.text import wrapped
from trompe.theory import show, theorem
from trompe.theory.levels import EXTREMES, LEVELS
from trompe.views.outcomes import listed
from trompe.views.table import agreement, label

if TYPE_CHECKING:
    from trompe.constructions.catalogue import Decided
    from trompe.constructions.levels import AnyPair
    from trompe.proofs import Table
    from trompe.theory import FunctionClass, Theorem


def to_text(table: Table, key: str, shown: AnyPair | Decided) -> str:
    """Statement, formulas, the instance that is given, obligations and what is assumed."""
    from trompe.proofs import ASSUMED, assumed_by, case

    cell = table[key]
    lines = [f"{key}: {label(cell)} ({agreement(cell)})", *_lines(cell.reason)]
    lines += _lines(cell.theorem.statement)
    lines += _lines(f"Source: {cell.theorem.source}.")
    if cell.theorem.level != EXTREMES:
        lines += _lines(
            f"Shown, at the level {cell.theorem.level}: {LEVELS[cell.theorem.level].says}."
        )
    lines += ["", *instance(shown, cell.theorem), ""]
    if cell.inherits is not None and cell.theorem.level != EXTREMES:
        lines += _lines(
            f"The No of {cell.inherits} is inherited: its pair shows the same here, and its values have no common answer. "
            f"The obligations of both follow."
        )
    elif cell.inherits is not None:
        lines += _lines(
            f"No construction of its own: the No of {cell.inherits} is inherited, because every member of "
            f"that class is a member of this one. Its obligations follow."
        )
    named = (*case(_root(key)).roles.items(), *case(key).roles.items())
    roles = {k: role for role, keys in named for k in keys}
    lines += listed(cell.outcomes, roles)
    if cell.sampled is not None:
        dims = ", ".join(map(str, cell.sampled.dims))
        held = cell.sampled.failure or "all held"
        lines += _lines(
            f"sampled: {cell.sampled.unanswered}"
            if cell.sampled.unanswered
            else f"sampled: {cell.sampled.instances} random exact instances at d = {dims}: {held}"
        )
    lines += ["", *_kernel(key)]
    needs = (
        "that step"
        if cell.theorem.level != EXTREMES and cell.inherits is not None
        else "none of it"
    )
    lines += ["", f"Assumed, not checked by a solver (the kernel proof needs {needs}):"]
    for name in assumed_by(key):
        lines += _lines(f"  {name}: {ASSUMED[name]}", then="    ")
    return "\n".join([*lines, ""])


def _lines(paragraph: str, then: str = "") -> list[str]:
    return wrapped(paragraph, then=then, cuts_hyphens=True) or [""]


def _kernel(key: str) -> list[str]:
    """What the proof kernel checked for this theorem, and where."""
    from trompe.proofs.kernel import (
        coq_fact,
        coq_name,
        coq_statement,
        kernel_evidence,
        kernel_gap,
    )

    evidence = kernel_evidence(key)
    if evidence is None:
        return _lines(f"kernel: {kernel_gap(key)}")
    item = theorem(key)
    names = evidence.facts[-1:] if item.level != EXTREMES else ()
    is_inherited = item.level != EXTREMES and evidence.theorem == coq_name(
        f"{item.row}/{item.task}"
    )
    proved = "this" if not is_inherited else "the No of both extremes, and that it is inherited,"
    heading = (
        f"kernel: Coq {evidence.coq} proved {proved} for every d, with nothing assumed but the axioms of its "
        f"real numbers ({evidence.where}, {evidence.date}; docs/kernel.md)"
    )
    step = "; that the two together are this cell is a step for the reader" * is_inherited
    kept: Any = {"cuts_words": True, "cuts_hyphens": True, "keeps_spaces": True}
    statement = [
        part.rstrip()
        for text in (coq_statement(key), *map(coq_fact, names))
        for line in text.splitlines()
        for part in wrapped(line, first="  ", then=" " * 9, **kept)
    ]
    return [*_lines(f"{heading}{step}:"), *statement]


def _root(key: str) -> str:
    """The theorem that a No is inherited from in the end, or the theorem itself."""
    from trompe.proofs import case

    inherits = case(key).inherits
    return key if inherits is None else _root(inherits)


def instance(shown: AnyPair | Decided, item: Theorem) -> list[str]:
    """The formulas of the pair, and the pair, or the decoder's answer."""
    from trompe.constructions import FoolingPair
    from trompe.constructions.levels import RescaledPair
    from trompe.constructions.triples import NAMES

    which = "eps = 1/4, " if item.task == "approx" else ""
    if isinstance(shown, RescaledPair):
        lines = [f"  {name} = {formula}" for name, formula in shown.formulas.items()]
        lines += [
            "",
            f"An instance at d = {shown.v.dim}: {which}scale = {shown.scale}, shift = {shown.shift}",
        ]
        lines += [f"  {name}: {shown.v_of(name)}" for name in NAMES]
        lines += [f"  query x = {show(shown.x)}: f(x) = {shown.f_x}, g(x) = {shown.g_x}"]
    elif isinstance(shown, FoolingPair):
        made = shown.triple
        formulas, envelope = made.construction.formulas, made.envelope
        lines = [f"  {name}(z) = {formula}" for name, formula in formulas.items()]
        if "f" not in formulas:
            lines.append("  f = (1-eta) U + eta B,  g = (1-eta) W + eta B,  0 < eta < 1")
        lines += [
            "",
            f"An instance at d = {shown.v.dim}{_parameters(made.cls)}:",
            f"  {shown.v}",
            f"  query x = {show(shown.x)}: every member with this visualization has "
            f"{envelope.lower} <= h(x) <= {envelope.upper}",
            f"  {which}eta = {shown.eta}: f(x) = {shown.f_x}, g(x) = {shown.g_x}",
        ]
    else:
        lines = [
            f"An instance at d = {shown.v.dim}:",
            f"  {shown.v}",
            f"  query x = {show(shown.x)}: the decoder answers {shown.answer}",
        ]
    return [part for line in lines for part in _lines(line, then="    ")]


def _parameters(cls: FunctionClass) -> str:
    names = {"constant": "L", "metric": "metric", "data": "data", "link": "link"}
    known = [name for name in cls.parameters() if name in names]
    return "".join(f", {names[name]} = {_short(getattr(cls, name))}" for name in known)


def _short(value: Any) -> str:
    inputs = getattr(value, "inputs", None)
    if inputs is None:
        return str(value)
    return ", ".join(f"{show(s)} -> {y}" for s, y in zip(inputs, value.labels, strict=True))
