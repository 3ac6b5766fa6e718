"""The atlas: a page a theorem, a row, and the table as entry; all of it from the catalogue and a run of the checks."""

from __future__ import annotations

import inspect
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import curves
import figures
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trompe.constructions.catalogue import construction, demonstrate, exact_decoder
from trompe.ground.errors import InvalidInput
from trompe.ground.text import wrapped
from trompe.proofs import ASSUMED
from trompe.proofs.handover.certificates.plan import Plan, plan
from trompe.proofs.handover.certificates.script import QUESTIONS, file_name
from trompe.proofs.handover.witnesses import witness_of
from trompe.proofs.handover.witnesses.data import check_row
from trompe.proofs.kernel import coq_statement, kernel_evidence, kernel_gap
from trompe.proofs.obligations import Obligation
from trompe.proofs.symbolic import IDENTITIES, Identity
from trompe.theory import ROWS, TASKS, row_class, theorem
from trompe.theory.catalogue import EVERY_THEOREM, task_of
from trompe.theory.levels import EXTREMES, LEVELS, cell_key
from trompe.theory.statements import Form, Theorem
from trompe.views.citation import FORMATS as CITATIONS
from trompe.views.theorem import instance
from trompe.views.witness import FORMATS as WITNESSES

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters |= {
    "md": lambda text: as_text(str(text)),
    "number": lambda value: as_number(value),
}
ASKS = {
    "exact": "the value f(x)",
    "approx": "the value f(x) up to eps (M - m)",
    "side": "whether f(x) is closer to m or to M",
}
"""What a decoder is asked for, per task, in a heading's words."""

_DISAGREE = {
    "exact": "f(x) and g(x) differ, so no single answer is both.",
    "approx": "f(x) and g(x) are more than 2 eps (M - m) apart, so no single answer is within eps (M - m) of both.",
    "side": "f(x) lies above the midrange and g(x) below it, so no single answer names the right half for both.",
}
_FILES = {"json": "witness.json", "python": "witness.py", "latex": "witness.tex"}


def pages(table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The checked cell of every theorem, by its key.

    Raises
    ------
    InvalidInput : a theorem has no cell, or one that is not proved.
    """
    cells = {c["key"]: c for row in table["rows"] for c in row["cells"].values()}
    for key in EVERY_THEOREM:
        if key not in cells:
            raise InvalidInput(f"{key}: the checked table has no such cell")
        if cells[key]["verdict"] != "PROVED":
            raise InvalidInput(f"{key}: {cells[key]['verdict']}; the atlas shows what is proved")
    return cells


def addresses(table: Mapping[str, Any]) -> dict[str, str]:
    """The address of every theorem's page: its key, for life."""
    return {key: f"atlas/{key}/" for key in pages(table)}


def write(source: Path, table: Mapping[str, Any]) -> None:
    """Write the entry, a page a row and a page a theorem, with their downloads."""
    cells, whole = pages(table), plan()
    about = {name: table[name] for name in ("trompe", "solvers", "dims")}
    shared = {"about": about, "levels": LEVELS, "tasks": ASKS, "label": label, "cells": cells}
    for key in cells:
        _page(source, key, "theorem", {**shared, **_theorem(source, key, cells, whole)})
    for row in ROWS:
        _page(source, row, "row", {**shared, **_row(source, row)})
    _page(source, "obligations", "obligations", {**shared, "families": obligations(whole, cells)})
    curves.write(source)
    rows = {row: row_class(row) for row in ROWS}
    _page(source, ".", "table", {**shared, "rows": rows, "cell_key": cell_key})


def label(cell: Mapping[str, Any]) -> str:
    """The label that the cell earned."""
    return str(cell["label"])


def _page(source: Path, key: str, template: str, values: Mapping[str, Any]) -> None:
    place = source / "atlas" / key / "index.md"
    place.parent.mkdir(parents=True, exist_ok=True)
    up = "../" * (len(place.parent.relative_to(source).parts))
    text = TEMPLATES.get_template(f"{template}.md.j2").render(up=up, **values)
    place.write_text(text, encoding="utf-8")


# -- the obligations -------------------------------------------------------------------------------------


def obligations(whole: Plan, cells: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every family of obligations and every identity: its sentence, its dimensions, and the rows whose theorems rest on it."""
    found: dict[str, dict[str, Any]] = {}
    asked: list[Obligation | Identity] = [*whole.items.values(), *IDENTITIES.values()]
    for item in asked:
        family = family_of(item.key)
        entry = found.setdefault(family, {"says": item.says, "dims": [], "rows": {}})
        entry["dims"] += [] if item.dim is None else [item.dim]
    for cell in cells.values():
        for key in cell["obligations"]:
            found[family_of(key)]["rows"][theorem(cell["key"]).row] = None
    return dict(sorted(found.items()))


def family_of(key: str) -> str:
    """The key without the dimension; every identity is a sentence of its own."""
    return key if key in IDENTITIES else re.sub(r"/d\d+$", "", key)


# -- a row -----------------------------------------------------------------------------------------------


def _row(source: Path, row: str) -> dict[str, Any]:
    kind = row_class(row)
    at = [EXTREMES] if kind.paper is None else list(LEVELS)
    return {
        "row": kind,
        "shown": at,
        "cell_key": cell_key,
        "dims": figures.write(source / "downloads" / "atlas" / row, row),
        "inside": [i for i in kind.inside if i.sup != row],
        "holds": [i for other in ROWS.values() for i in other.inside if i.sup == row],
        "proof": _proof(row),
        "names": {key: other.name for key, other in ROWS.items()},
    }


# -- a theorem -------------------------------------------------------------------------------------------


def _theorem(source: Path, key: str, cells: Mapping[str, Any], whole: Plan) -> dict[str, Any]:
    item, cell = theorem(key), cells[key]
    shown = demonstrate(key, row_class(item.row).max_dim or 2)
    part = _part(whole, key)
    files = dict(_witness(item, shown))
    bibtex = CITATIONS["bibtex"](item, part)
    archive = _zipped(part)
    folder = source / "downloads" / "atlas" / key
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**files, "cite.bib": bibtex}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "certificates.zip").write_bytes(archive)
    return {
        "item": item,
        "cell": cell,
        "row": row_class(item.row),
        "why": why(item, cell),
        "example": "\n".join(instance(shown, item)),
        "evidence": [_evidence(entry) for entry in cell["evidence"]],
        "obligations": {
            key: (whole.items.get(key) or IDENTITIES[key]).says for key in cell["obligations"]
        },
        "proof": _proof(item.row),
        "assumed": {name: ASSUMED[name] for name in cell["assumed"]},
        "kernel": kernel_evidence(key),
        "kernel_gap": kernel_gap(key),
        "coq": coq_statement(key),
        "files": files,
        "sizes": {"certificates.zip": len(archive)},
        "count": len(part.texts),
        "sha256": part.sha256,
        "bibtex": bibtex,
        "related": _related(item),
        "has_figure": item.level == EXTREMES and figures.dims(item.row),
        "statement": item.latex,
        "plain": "\n".join(wrapped(item.statement)),
    }


def _part(whole: Plan, key: str) -> Plan:
    """What `plan([key])` holds, cut out of the plan of everything."""
    names = [file_name(part, question) for part in whole.parts[key] for question in QUESTIONS]
    return replace(
        whole,
        theorems=(key,),
        obligations=(),
        parts={key: whole.parts[key]},
        texts={name: whole.texts[name] for name in names},
    )


def _zipped(part: Plan) -> bytes:
    """The files of a certificate set as an archive, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(part.texts):
            entry = zipfile.ZipInfo(f"certificates/{name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, part.texts[name])
    return buffer.getvalue()


def _witness(item: Theorem, shown: Any) -> Iterator[tuple[str, str]]:
    """The witness files of a No, where its functions are piecewise affine."""
    if item.form is Form.POSSIBLE:
        return
    try:
        check_row(item.key)
    except InvalidInput:
        return
    witness = witness_of(shown, task_of(item), item.level)
    for form, name in _FILES.items():
        yield name, WITNESSES[form](witness)


def _proof(row: str) -> str:
    """The page with the row's mathematics: it is called as the module that holds the class."""
    return f"rows/{row_class(row).__module__.rpartition('.')[2]}"


def _evidence(entry: Mapping[str, Any]) -> dict[str, Any]:
    at = ", ".join(map(str, entry["dims"]))
    return {**entry, "at": "every d" if at == "all" else f"d = {at}"}


def _related(item: Theorem) -> dict[str, list[str]]:
    """Keys of the same row's other tasks, and of the same cell at other levels."""
    tasks = [cell_key(item.row, task, item.level) for task in TASKS if task != item.task]
    levels = [cell_key(item.row, item.task, at) for at in LEVELS if at != item.level]
    return {"tasks": tasks, "levels": [key for key in levels if key in EVERY_THEOREM]}


def why(item: Theorem, cell: Mapping[str, Any]) -> str:
    """Three sentences: what is built, why it shows the same, why no answer is left (or why one is)."""
    if item.form is Form.POSSIBLE:
        return _why_yes(item)
    parent = cell["inherits"]
    if parent is not None and item.level != EXTREMES:
        return (
            f"The pair of [{parent}]({{up}}atlas/{parent}/index.md) shows the same here too. Whoever is shown less "
            "knows no more: a decoder of what this level shows is also one of both extremes. "
            + _DISAGREE[item.task]
        )
    if parent is not None:
        return (
            f"Every member of {theorem(parent).row} is a member of {item.row}. So the pair of "
            f"[{parent}]({{up}}atlas/{parent}/index.md) is a pair of this class, with the same extremes and the same "
            f"query. {_DISAGREE[item.task]}"
        )
    made = construction(item.row)
    if made is None:
        return (
            "Only one member has these two pictures with these two values, but the values are not shown. "
            "So f and g are that member on two scales, with extremes at the same places. "
            "Their answers at x, each judged by its own range, differ."
        )
    says = _first(type(made))
    return (
        f"U and W are members with the shown extremes, and at x no member is larger than U or smaller than W: {says} "
        "Mixed with a little of B, which is m only at a and M only at b, they become f and g, which show exactly the same. "
        + _DISAGREE[item.task]
    )


def _why_yes(item: Theorem) -> str:
    if item.level == EXTREMES:
        says = _first(exact_decoder(row_class(item.row)()))
        return (
            f"One decoder is right everywhere: {says} Every member with this visualization takes that value at x. "
            "So its answer is right for every member and at every query."
        )
    return (
        f"What this level shows ({LEVELS[item.level].says}) leaves one answer at every query. "
        "The statement names the decoder that gives it. It is right for every member of the class."
    )


def _first(what: Any) -> str:
    """The first paragraph of a docstring."""
    return as_text(" ".join((inspect.getdoc(what) or "").split("\n\n")[0].split()))


def as_text(text: str) -> str:
    """The text for a page of MyST, so that nothing in it is markup."""
    return re.sub(r"([\\`*_\[\]<>|$#~{}])", r"\\\1", text)


def as_number(value: Any) -> str:
    """A value of a witness: floats to 6 digits, lists and tables spelled out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {as_number(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(as_number, value))
    return str(value)
