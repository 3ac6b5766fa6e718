"""What selfcheck found, as text and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import trompe

if TYPE_CHECKING:
    from trompe.proofs.mutation import SelfcheckReport


def to_json(report: SelfcheckReport) -> str:
    """All findings as plain data."""
    data: dict[str, Any] = {
        "format": "trompe-selfcheck-1",
        "trompe": trompe.__version__,
        "passed": report.passed,
        "counts": _counts(report),
        "problems": report.problems,
        "mutants": [vars(finding) for finding in report.findings],
        "hypotheses": [vars(hypothesis) for hypothesis in report.hypotheses],
        "conclusions": [vars(weakened) for weakened in report.conclusions],
        "tamperings": [vars(tampered) for tampered in report.tampered],
        "left_out": dict(report.left_out),
        "untried": list(report.untried),
    }
    return json.dumps(data, indent=1) + "\n"


def _counts(report: SelfcheckReport) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for finding in report.findings:
        killed = finding.status == "killed"
        status = f"killed by {finding.route}" if killed else finding.status
        status += " of other rows alone" * finding.elsewhere
        counts.setdefault(finding.group, Counter())[status] += 1
    for hypothesis in report.hypotheses:
        counts.setdefault("hypotheses", Counter())[hypothesis.status] += 1
    for weakened in report.conclusions:
        counts.setdefault("conclusions", Counter())[weakened.status] += 1
    for tampered in report.tampered:
        counts.setdefault(tampered.what, Counter())[tampered.status] += 1
    return {part: dict(sorted(found.items())) for part, found in counts.items()}


def to_text(report: SelfcheckReport) -> str:
    """The counts, and each finding that needs a reader."""
    lines = []
    for part, found in _counts(report).items():
        parts = ", ".join(f"{number} {status}" for status, number in found.items())
        lines.append(f"{part}: {sum(found.values())} tried, {parts}")
    lines += [f"{part}: nothing to damage, none tried" for part in report.untried]
    sections = (
        (
            "equivalent mutants, with the reason why no check can tell",
            [(f.mutant, f.says) for f in report.findings if f.status == "equivalent"],
        ),
        (
            "spare hypotheses, without which the sentence holds as well (no error)",
            _spare((h.family, h.hypothesis, h.status) for h in report.hypotheses),
        ),
        (
            "loose comparisons in conclusions, with the reason why the truth never comes near",
            _weakened(report, "loose"),
        ),
        (
            "spare comparisons in conclusions, whose part holds whatever they say (no error)",
            _spare((w.check, w.part, w.status) for w in report.conclusions),
        ),
        (
            "ACCEPTED damage to files",
            [(f"{t.what}: {t.name}", t.says) for t in report.tampered if t.status == "accepted"],
        ),
        (
            "UNKNOWN: not refuted, but not proved any more",
            [(f.mutant, f"{f.check}: {f.says}") for f in report.findings if f.status == "unknown"]
            + [
                (f"{h.family} without {h.hypothesis}", h.says)
                for h in report.hypotheses
                if h.status == "unknown"
            ]
            + _weakened(report, "unknown"),
        ),
        (
            "SURVIVING mutants: every check still holds",
            [(f.mutant, f"{f.tried} checks") for f in report.findings if f.status == "surviving"],
        ),
        (
            "SURVIVING conclusions: they could say more, or less, and nobody would notice",
            _weakened(report, "surviving"),
        ),
    )
    for title, entries in sections:
        if entries:
            lines += [
                "",
                f"{title}:",
                *(line for a, b in entries for line in (f"  {a}", f"      {b}")),
            ]
    lines += [f"problem: {problem}" for problem in report.problems]
    return "\n".join([*lines, "", _verdict(report), ""])


def _spare(entries: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Of (where, what, status), what is spare at each place."""
    found: dict[str, list[str]] = {}
    for where, what, status in entries:
        if status == "spare":
            found.setdefault(where, []).append(what)
    return sorted((where, "; ".join(spare)) for where, spare in found.items())


def _weakened(report: SelfcheckReport, status: str) -> list[tuple[str, str]]:
    return [(w.name, w.says) for w in report.conclusions if w.status == status]


def _verdict(report: SelfcheckReport) -> str:
    if report.passed:
        listed = any(finding.status == "equivalent" for finding in report.findings)
        survives = "no mutant tried survives" + " but those listed as equivalent" * listed
        says = [survives] * bool(report.findings)
        says += ["no damaged file is accepted"] * bool(report.tampered)
        says += ["every hypothesis is needed or spare"] * bool(report.hypotheses)
        says += ["no needed comparison can say less unnoticed"] * bool(report.conclusions)
        return f"passed: {', '.join(says)}"
    missed = sum(t.status == "accepted" for t in report.tampered)
    return (
        f"FAILED: {len(report.survivors)} mutants or comparisons survive, {len(report.undecided)} are undecided, "
        f"{missed} damaged files are accepted, {len(report.problems)} problems"
    )


FORMATS = {"text": to_text, "json": to_json}
"""What `trompe selfcheck --format` takes."""
