"""Do the checkers of files notice? A certificate set, witness files and a shown-file, with one small change at a time.

No change is written by hand. Of a manifest, a witness and a shown-file every leaf gets another value and another type, every entry
is left out, every list has an entry twice. Of a script every line is changed, left out and doubled; of an array every byte. Each damaged
file must be rejected with a reason; in a set it must be named. Some changes of a witness make another witness: one
that is accepted is evaluated here, on a grid, by code that the checker does not use. Some of a shown-file only report, and are
listed; the report must name them as not checked.
"""

from __future__ import annotations

import atexit
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, TypeAlias

from trompe.constructions.catalogue import demonstrate
from trompe.proofs.handover.certificates import certify
from trompe.proofs.handover.certificates.checking import compare
from trompe.proofs.handover.certificates.manifest import MANIFEST, manifest_bytes
from trompe.proofs.handover.shown import check_shown
from trompe.proofs.handover.witnesses import check_bytes, to_json, witness_of
from trompe.proofs.mutation.shown import FILE, PlaneNetwork, write_example
from trompe.proofs.rows import CHECKS
from trompe.theory import InvalidInput, Point, row_class, theorem

SUBJECT = "constant/side"
"""The theorem whose set is damaged: two obligations, six scripts."""
REPORTS = (
    "trompe: '*' -> '*'",
    "solvers.*.version: '*' -> '*'",
    "solvers.*.options.*: '*' -> '*'",
    "solvers.*.options.*: left out",
    "*.answers.*.resources: [0-9]* -> [0-9]*",
    'not_contained[[]*].checked_by: "Coq *" -> *x"',
    "run.*: '*' -> '*'",
    "run.seconds: 0 -> 1",
    "dims[[]?]: left out",
    "dims[[]2]: 3 -> 4",
)
"""Changes of a manifest that are let through: of what only reports, to another value of the same type; and the d
of a claim that no sentence about coordinates serves, so that its set is the same for every d."""
WITNESSES = (
    "convex/side",
    "black-box/approx",
    "lipschitz/side",
    "erm/approx",
    "monotone/side",
    "affine/side",
    "affine-1d/approx/maximum",
    "affine-1d/exact/images",
)
"""The theorems whose witness files are damaged."""

UNCHECKED = (
    "model.name: *", "model.weights: *", "images.name: *", "versions.*: '*' -> '*x'",
    "settings.parametrization: '*' -> '*x'", "settings.device: '*' -> '*x'", "settings.unit_axis: None -> 1",
    "settings.steps: 8 -> 9", "settings.rate: 0.05 -> 1.05", "settings.batch: 100 -> 101", "settings.threads: 1 -> 2",
    "settings.seeds[[][0-9]]: 0 -> 1", "settings.seeds[[]0]: left out", "settings.seeds[[][0-9]]: twice",
    "settings.looked_at[[][0-9]]: [0-9]*", "settings.looked_at[[][0-9]]: twice", "settings.looked_at[[][01245]]: left out",
    "units[[][01]]: left out",
)  # fmt: skip
"""Changes of a shown-file that may be let through: how things were called, how the pictures were made, and units that are left
out, as of a run that is not finished. The report names each as not checked."""


class NotGenuine(Exception):
    """What was to be damaged is rejected as it is, so that no damage says anything; the message says why."""


Status: TypeAlias = Literal["rejected", "harmless", "accepted"]


@dataclass(frozen=True)
class Damaged:
    """What a checker said of one damaged file."""

    what: str
    """`tampering` (a set of certificates), `witness-tampering` or `shown-tampering`."""
    name: str
    status: Status
    """`harmless`: another witness, or a shown-file whose report names what is not checked. In a set, the reason for a rejection must name the file."""
    says: str


# -- changes -----------------------------------------------------------------------------------


def changes(data: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every change of one place in JSON data: its name and the data after it."""
    if isinstance(data, dict):
        yield f"{where}: an entry added", {**data, "extra": 1}
        for name, value in data.items():
            yield (
                f"{where}.{name}: left out".lstrip("."),
                {k: v for k, v in data.items() if k != name},
            )
            for said, inner in changes(value, f"{where}.{name}".lstrip(".")):
                yield said, {**data, name: inner}
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield f"{where}[{at}]: left out", data[:at] + data[at + 1 :]
            yield f"{where}[{at}]: twice", data[: at + 1] + data[at:]
            for said, inner in changes(value, f"{where}[{at}]"):
                yield said, [*data[:at], inner, *data[at + 1 :]]
    else:
        for other in _others(data):
            yield f"{where}: {data!r} -> {other!r}", other


def _others(leaf: Any) -> list[Any]:
    """Other values, of the same type and of another; numbers may be written as text."""
    if leaf is None:
        return [1, "x"]
    if isinstance(leaf, (int, float)):
        return [leaf + 1, str(leaf), None, [leaf]]
    try:
        number = Fraction(leaf)
    except ValueError:
        return [leaf + "x", 1, None, [leaf]]
    return [str(number + 1), str(-number if number else 2), None, [leaf]]


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Every line of a text changed in one character, left out, and doubled."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        middle = len(line) // 2
        other = line[:middle] + ("1" if line[middle] != "1" else "2") + line[middle + 1 :]
        for said, put in (("changed", [other]), ("left out", []), ("twice", [line, line])):
            yield f"line {at + 1} {said}", "".join(lines[:at] + put + lines[at + 1 :])


def _bytes(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every byte changed, and the last one left out and doubled."""
    for at, byte in enumerate(content):
        yield f"byte {at} changed", content[:at] + bytes([byte ^ 1]) + content[at + 1 :]
    yield "last byte left out", content[:-1]
    yield "last byte twice", content + content[-1:]


# -- sets --------------------------------------------------------------------------------------


def _folder() -> Path:
    """A folder that stays as long as this process."""
    place = tempfile.TemporaryDirectory(prefix="trompe-")
    atexit.register(place.cleanup)
    return Path(place.name)


@cache
def _set() -> Path:
    """A genuine set, for all damage of this process; what differs from run to run is left out."""
    folder = _folder() / "set"
    certify([SUBJECT], folder, jobs=1)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["run"] = {name: 0 if name == "seconds" else "" for name in manifest["run"]}
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    if wrong := compare(folder)[2]:
        raise NotGenuine(f"the set of {SUBJECT} is rejected before any damage: {wrong[0]}")
    return folder


@cache
def _set_damages() -> dict[str, tuple[str, bytes]]:
    """By name: the file, and its content after the change."""
    folder = _set()
    manifest = json.loads((folder / MANIFEST).read_bytes())
    found = {
        f"{MANIFEST} {said}": (MANIFEST, manifest_bytes(data))
        for said, data in changes(manifest)
        if not any(fnmatchcase(said, pattern) for pattern in REPORTS)
    }
    for path in sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.smt2")):
        for said, text in _lines((folder / path).read_text(encoding="ascii")):
            found[f"{path} {said}"] = (path, text.encode("ascii"))
    return found


def _try_set(name: str) -> tuple[Status, str]:
    path, content = _set_damages()[name]
    place = _set() / path
    genuine = place.read_bytes()
    place.write_bytes(content)
    try:
        said = [str(failure) for failure in compare(_set())[2]]
    except InvalidInput as error:
        said = [str(error).replace(str(_set()), "the set")]
    finally:
        place.write_bytes(genuine)
    fitting = [line for line in said if path in line]
    return ("rejected", fitting[0]) if fitting else ("accepted", f"of {path} it says {said}")


# -- witnesses ---------------------------------------------------------------------------------


def genuine_witness(key: str) -> bytes:
    """The witness file of a theorem's example at d = 2, or as many inputs as the row is about."""
    item = theorem(key)
    pair: Any = demonstrate(key, row_class(item.row).max_dim or 2)
    return to_json(witness_of(pair, item.task, item.level)).encode()


@cache
def _witness_damages() -> dict[str, bytes]:
    """By name: the content after the change."""
    found = {}
    for key in WITNESSES:
        content = genuine_witness(key)
        if not (report := check_bytes(content)).ok:
            wrong = next(f.reason for f in report.findings if f.verdict != "PROVED")
            raise NotGenuine(f"the witness of {key} is rejected before any damage: {wrong}")
        for said, data in changes(json.loads(content)):
            found[f"{key} {said}"] = json.dumps(data).encode()
    return found


def _try_witness(name: str) -> tuple[Status, str]:
    content = _witness_damages()[name]
    report = check_bytes(content)
    if not report.ok:
        reasons = [finding.reason for finding in report.findings if finding.verdict != "PROVED"]
        return ("rejected", reasons[0]) if reasons and reasons[0] else ("accepted", "no reason")
    fault = _fault(json.loads(content), json.loads(genuine_witness(name.split()[0])))
    return ("accepted", fault) if fault else ("harmless", "another witness")


def _fault(data: Any, genuine: Any) -> str:
    """What is wrong with a witness at d = 1 or 2, as far as points of a grid tell; "" where nothing is."""
    claims, old_claims = (
        {k: v for k, v in each.items() if k not in ("parameters", "definitions", "f", "g")}
        for each in (data, genuine)
    )
    if json.dumps(claims) != json.dumps(old_claims):
        return "it claims something else"
    dim = len(data["query"])
    grid = [*product([Fraction(n, 8) for n in range(9)], repeat=dim)]
    checks = CHECKS[data["key"].partition("/")[0]]
    cls = checks.read_class(data["parameters"], dim)
    for name in ("f", "g"):
        shown = data.get(f"visualization_of_{name}", data["visualization"])
        a, b = (tuple(map(Fraction, shown[end])) for end in ("argmin", "argmax"))
        low, high = Fraction(shown["minimum"]), Fraction(shown["maximum"])

        def h(point: Point, expression: Any = data[name]) -> Any:
            return _value(expression, data["definitions"], point)

        if (h(a), h(b)) != (low, high):
            return f"{name} has other values at the extremes"
        if any(not low < h(point) < high for point in grid if point not in (a, b)):
            return f"{name} has another extreme"
        if h(tuple(map(Fraction, data["query"]))) != Fraction(data["values"][name]):
            return f"{name} has another value at the query"
        chance = random.Random(0)
        points = chance.sample(grid, len(grid))
        for says, holds in checks.laws(chance.randint, cls, {name: h}, points):
            if not holds:
                return says
    return ""


def _value(expression: Any, definitions: Any, point: Point) -> Any:
    if isinstance(expression, str):
        return Fraction(expression)
    ((name, inner),) = expression.items()
    if name == "z":
        return point[inner - 1]
    if name == "use":
        return _value(definitions[inner], definitions, point)
    if name == "abs":
        return abs(_value(inner, definitions, point))
    if name == "times":
        factor, part = inner
        return Fraction(factor) * _value(part, definitions, point)
    values = [_value(part, definitions, point) for part in inner]
    return sum(values) if name == "sum" else {"max": max, "min": min}[name](values)


# -- shown-files -------------------------------------------------------------------------------


@cache
def _shown() -> Path:
    """A genuine shown-file, for all damage of this process."""
    path = write_example(_folder())
    report = check_shown(path.read_bytes(), path, PlaneNetwork)
    if not report.ok:
        wrong = next(f.reason for f in report.findings if f.verdict == "REFUTED")
        raise NotGenuine(f"the shown-file is rejected before any damage: {wrong}")
    return path


@cache
def _shown_damages() -> dict[str, tuple[str, bytes]]:
    """By name: the file, and its content after the change."""
    path = _shown()
    found = {
        f"{FILE} {said}": (FILE, json.dumps(data).encode())
        for said, data in changes(json.loads(path.read_bytes()))
    }
    for array in sorted(path.parent.glob("*.npy")):
        for said, content in _bytes(array.read_bytes()):
            found[f"{array.name} {said}"] = (array.name, content)
    return found


def _try_shown(name: str) -> tuple[Status, str]:
    file, content = _shown_damages()[name]
    path = _shown()
    place = path.parent / file
    genuine = place.read_bytes()
    place.write_bytes(content)
    try:
        report = check_shown(path.read_bytes(), path, PlaneNetwork)
    except InvalidInput as error:
        return "rejected", str(error)
    finally:
        place.write_bytes(genuine)
    if not report.ok:
        reason = next(f.reason for f in report.findings if f.verdict not in ("PROVED", "EVALUATED"))
        return ("rejected", reason) if reason else ("accepted", "no reason")
    said = name.removeprefix(f"{FILE} ")
    field = re.sub(r"\[[0-9]+\]", "", said.split(":")[0]).removeprefix("settings.")
    named = {"versions": "versions", "units": "which are not finished"}.get(
        field.split(".")[0], field
    )
    is_listed = file == FILE and any(fnmatchcase(said, pattern) for pattern in UNCHECKED)
    if is_listed and named in report.besides:
        return "harmless", "the report names it as not checked"
    return "accepted", "the report does not say that it is not checked, or it should be"


# -- trying ------------------------------------------------------------------------------------


DAMAGED: dict[str, tuple[Callable[[], Iterable[str]], Callable[[str], tuple[Status, str]]]] = {
    "tampering": (_set_damages, _try_set),
    "witness-tampering": (_witness_damages, _try_witness),
    "shown-tampering": (_shown_damages, _try_shown),
}
"""Per kind: the names of its changes, and the check of one: what became of it, and the reason."""


def damages(kinds: Iterable[str], match: str = "") -> list[tuple[str, str]]:
    """Every change of these kinds whose name holds the text, with its kind."""
    return [(kind, name) for kind in kinds for name in DAMAGED[kind][0]() if match in name]


def try_damage(item: tuple[str, str]) -> Damaged:
    """Let the checker see one; whatever it raises counts as not rejected."""
    kind, name = item
    try:
        return Damaged(kind, name, *DAMAGED[kind][1](name))
    except Exception as error:
        return Damaged(kind, name, "accepted", f"a traceback: {type(error).__name__}: {error}")
