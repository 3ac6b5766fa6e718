"""The manifest of a certificate set: what it must say, and where another one differs from that.

`trompe/schemas/manifest.json` describes it for programs. What it says follows from the claims and the solvers'
answers; a few entries only report, and whatever stands there is let through (`Free`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trompe.ground.reading import Unreadable, json_data
from trompe.proofs.evidence import ASSUMED, assumed_by, case
from trompe.proofs.handover.certificates.plan import Plan, rows_behind
from trompe.proofs.handover.certificates.script import EXPECTED, QUESTIONS, file_name
from trompe.proofs.kernel import coq_name, kernel_evidence
from trompe.proofs.symbolic import identity
from trompe.proofs.verify import Verdict, with_parents
from trompe.theory import InvalidInput, theorem
from trompe.theory.levels import EXTREMES

FORMAT = "trompe certificate set"
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 16 << 20


# -- what it says ------------------------------------------------------------------------------


def manifest_of(
    plan: Plan,
    verdicts: Mapping[str, tuple[Verdict, str]],
    answers: Mapping[tuple[str, str], Mapping[str, Any]],
    solvers: Mapping[str, Any],
    kernel: Mapping[str, Any],
    sympy: Any,
    program: Any,
    run: Any,
) -> dict[str, Any]:
    """The manifest as JSON data, in the order in which it is written.

    Parameters
    ----------
    verdicts : by obligation, with the reason. answers : by path and solver. solvers : version and options by name.
    kernel : by theorem, who checked it in Coq, for those of which that is to be said. sympy : who checks identities.
    """
    outside: dict[str, dict[str, Any]] = {}
    theorems = []
    for key in plan.theorems:
        besides = _not_contained(key, kernel, sympy)
        outside |= besides
        proved = key not in plan.strays and _all_proved(verdicts, plan.parts[key])
        theorems.append(
            {
                "key": key,
                "statement": theorem(key).statement,
                "statement_sha256": theorem(key).sha256,
                "sha256": plan.theorem_sha256(key),
                "verdict": _SET_VERDICT[proved],
                "obligations": list(plan.parts[key]),
                "not_contained": list(besides),
            }
        )
    proved = _all_proved(verdicts, plan.items) and all(
        t["verdict"] == _SET_VERDICT[True] for t in theorems
    )
    return {
        "format": FORMAT,
        "format_version": 1,
        "trompe": program,
        "claims": {"theorems": list(plan.theorems), "obligations": list(plan.obligations)},
        "dims": list(plan.dims),
        "verdict": _SET_VERDICT[proved],
        "sha256": plan.sha256,
        "solvers": dict(solvers),
        "theorems": theorems,
        "obligations": [
            {
                "key": key,
                "says": item.says,
                "dim": item.dim,
                "verdict": verdicts[key][0],
                "reason": verdicts[key][1],
                "files": {
                    question: {
                        "path": file_name(key, question),
                        "sha256": plan.hashes[file_name(key, question)],
                        "expected": EXPECTED[question],
                        "answers": {
                            name: dict(answers[file_name(key, question), name]) for name in solvers
                        },
                    }
                    for question in QUESTIONS
                },
            }
            for key, item in plan.items.items()
        ],
        "not_contained": list(outside.values()),
        "run": run,
    }


_SET_VERDICT = {True: "PROVED", False: "NOT PROVED"}


def _all_proved(verdicts: Mapping[str, tuple[Verdict, str]], keys: Iterable[str]) -> bool:
    found = [verdicts[key][0] for key in keys]
    return bool(found) and all(verdict == "PROVED" for verdict in found)


def kernel_keys(keys: Iterable[str]) -> dict[str, str]:
    """By theorem, of those that Coq checked as the files here tell: who checked it."""
    found = {key: kernel_evidence(key) for key in keys}
    return {
        key: f"Coq {evidence.coq}: make rocq in trompe's sources"
        for key, evidence in found.items()
        if evidence is not None
    }


def _not_contained(key: str, kernel: Mapping[str, Any], sympy: Any) -> dict[str, dict[str, Any]]:
    """What a theorem rests on besides its files, by key."""
    found: dict[str, dict[str, Any]] = {}

    def add(name: str, level: str, says: str, checked_by: Any) -> None:
        found[name] = {"key": name, "level": level, "says": says, "checked_by": checked_by}

    for name in dict.fromkeys(n for link in with_parents([key]) for n in case(link).symbolic):
        add(name, "symbolic", identity(name).says, sympy)
    place, option = ("", "") if theorem(key).level == EXTREMES else ("/less-shown", " --level all")
    for row in dict.fromkeys(rows_behind(key)):
        add(
            f"sampled/{row}{place}",
            "sampled",
            "random instances of the construction in exact arithmetic",
            f"trompe, not in the run that wrote this set: trompe table --row {row}{option}",
        )
    if key in kernel:
        says = f"the whole theorem, for every d, as {coq_name(key)} in the language of Coq"
        add(f"kernel/{key}", "kernel", says, kernel[key])
    for name in assumed_by(key):
        slug = "assumed/" + name.replace(" ", "-")
        add(slug, "assumed", ASSUMED[name], "the reader; no machine (docs/proved.md)")
    return found


def manifest_bytes(manifest: Any) -> bytes:
    """The manifest as it is written: ASCII, one line feed at the end."""
    return (json.dumps(manifest, indent=1, allow_nan=False) + "\n").encode("ascii")


# -- another one -------------------------------------------------------------------------------


def read_manifest(content: bytes) -> dict[str, Any]:
    """The data of a manifest that need not be trusted: of our format, written as `manifest_bytes` writes.

    Raises
    ------
    InvalidInput : it is not; the message says why.
    """
    try:
        data = json_data(content, MAX_MANIFEST_BYTES)
    except Unreadable as error:
        raise InvalidInput(f"{MANIFEST}: {error}") from None
    if not isinstance(data, dict) or (data.get("format"), data.get("format_version")) != (
        FORMAT,
        1,
    ):
        raise InvalidInput(f"{MANIFEST} is not that of a {FORMAT}, version 1")
    if manifest_bytes(data) != content:  # other blanks
        raise InvalidInput(f"{MANIFEST} is not written as trompe certify writes it")
    return data


@dataclass(frozen=True)
class Free:
    """An entry that only reports: anything that passes `fits` may stand there; `expected` says it in words."""

    fits: Callable[[Any], bool]
    expected: str


def difference(found: Any, wanted: Any, where: str = "") -> str | None:
    """The first place where the data differ, in words; None where they do not. `wanted` may hold `Free`."""
    if isinstance(wanted, Free):
        return (
            None if wanted.fits(found) else f"{where}: {_short(found)}, expected {wanted.expected}"
        )
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, (have, need) in enumerate(zip(found, wanted, strict=False)):
            if have != need:
                return (
                    f"{where or 'its content'}: entry {name} is {_short(have)}, it must be {need!r}"
                )
        inner = [
            (found[name], wanted[name], f"{where}.{name}".lstrip("."))
            for name in found
            if name in wanted
        ]
    elif isinstance(wanted, list) and isinstance(found, list):
        inner = [
            (have, need, f"{where}[{number}]")
            for number, (have, need) in enumerate(zip(found, wanted, strict=False))
        ]
    elif type(found) is type(wanted) and found == wanted:
        return None
    else:
        return f"{where}: {_short(found)}, it must be {_short(wanted)}"
    for have, need, place in inner:
        if (said := difference(have, need, place)) is not None:
            return said
    if len(found) != len(wanted):
        return f"{where or 'its content'} has {len(found)} entries, it must have {len(wanted)}"
    return None


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."
