"""`trompe selfcheck`: does verification notice damage?"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trompe.commands.shared import Jobs, Output, check_jobs, destination, emit, progress_bar

if TYPE_CHECKING:
    from trompe.proofs.selfcheck import Report

__all__ = ["mount"]


def selfcheck(
    row: Annotated[
        list[str] | None,
        typer.Option(
            help="Only mutants and hypotheses that the checks of this row see; repeat for more. [default: all]"
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="constructions, classes, hypotheses, tampering or witness-tampering; repeat for more. "
            "[default: all; with --row all but the tamperings]"
        ),
    ] = None,
    match: Annotated[
        str,
        typer.Option(help="Only mutants, obligations and tamperings whose name holds this text."),
    ] = "",
    jobs: Jobs = None,
    format: Annotated[str, typer.Option(help="text or json.")] = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Damage every construction and class, and files that are checked: verification must notice each time.

    Exit status 0 only if no mutant survives that is not listed as equivalent, no mutant or hypothesis is left
    undecided, every sentence is the pinned one, and every tampered file is rejected for its reason.
    """
    from trompe.theory import UnknownKey

    if format not in ("text", "json"):
        raise UnknownKey("format", format, ("text", "json"))
    place = destination(output)
    number = check_jobs(jobs)
    from trompe.proofs.selfcheck import selfcheck as run

    with progress_bar("damaging") as progress:
        report = run(only or None, rows=row or None, match=match, jobs=number, progress=progress)
    emit(_as_json(report) if format == "json" else _as_text(report), place)
    return 0 if report.passed else 1


def _as_json(report: Report) -> str:
    import trompe

    data: dict[str, Any] = {
        "format": "trompe-selfcheck-1",
        "trompe": trompe.__version__,
        "passed": report.passed,
        "counts": _counts(report),
        "problems": report.problems,
        "mutants": [vars(finding) for finding in report.findings],
        "hypotheses": [vars(hypothesis) for hypothesis in report.hypotheses],
        "tamperings": [vars(tampered) for tampered in report.tampered],
        "left_out": dict(report.left_out),
        "untried": list(report.untried),
    }
    return json.dumps(data, indent=1) + "\n"


def _counts(report: Report) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for finding in report.findings:
        killed = finding.status == "killed"
        status = f"killed by {finding.route}" if killed else finding.status
        status += " of other rows alone" * finding.elsewhere
        counts.setdefault(finding.group, Counter())[status] += 1
    for hypothesis in report.hypotheses:
        counts.setdefault("hypotheses", Counter())[hypothesis.status] += 1
    for tampered in report.tampered:
        status = "rejected" if tampered.is_rejected else "not rejected"
        counts.setdefault(tampered.what, Counter())[status] += 1
    return {part: dict(sorted(found.items())) for part, found in counts.items()}


def _as_text(report: Report) -> str:
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
            sorted(_spare(report).items()),
        ),
        (
            "tampered, but not rejected for the expected reason",
            [(f"{t.what}: {t.name}", t.says) for t in report.tampered if not t.is_rejected],
        ),
        (
            "UNKNOWN: not refuted, but not proved any more",
            [(f.mutant, f"{f.check}: {f.says}") for f in report.findings if f.status == "unknown"]
            + [
                (f"{h.family} without {h.hypothesis}", h.says)
                for h in report.hypotheses
                if h.status == "unknown"
            ],
        ),
        (
            "SURVIVING mutants: every check still holds",
            [(f.mutant, f"{f.tried} checks") for f in report.survivors],
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


def _spare(report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    for h in report.hypotheses:
        if h.status == "spare":
            found[h.family] = "; ".join([*filter(None, [found.get(h.family)]), h.hypothesis])
    return found


def _verdict(report: Report) -> str:
    if report.passed:
        says = ["no mutant survives"] * bool(report.findings)
        says += ["every tampering is rejected"] * bool(report.tampered)
        says += ["every hypothesis is needed or spare"] * bool(report.hypotheses)
        return f"passed: {', '.join(says)}"
    missed = sum(not t.is_rejected for t in report.tampered)
    return (
        f"FAILED: {len(report.survivors)} mutants survive, {len(report.undecided)} are undecided, "
        f"{missed} tamperings are not rejected, {len(report.problems)} problems"
    )


def mount(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(selfcheck)
