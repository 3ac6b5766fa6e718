"""Do the checkers of files notice? Every tampered certificate set and witness file must be rejected, for its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

__all__ = ["TAMPERED", "Tampered", "tamperings", "try_tampering"]


@dataclass(frozen=True)
class Tampered:
    """What a checker said of one tampered file or set."""

    what: str
    """`tampering` (a set of certificates) or `witness-tampering`."""
    name: str
    is_rejected: bool
    """Rejected, and with the words that were expected."""
    says: str


def _witness_names() -> Sequence[str]:
    from trompe.proofs.mutation.tampering.witness import TAMPERINGS

    return tuple(TAMPERINGS)


def _witness(name: str) -> tuple[bool, str]:
    from trompe.proofs.handover.witnesses import check_bytes
    from trompe.proofs.mutation.tampering.witness import (
        EXPECTED,
        SUBJECTS,
        check_tampered,
        genuine,
    )

    if not check_bytes(genuine(SUBJECTS[name])).ok:
        return False, f"the genuine witness of {SUBJECTS[name]} is rejected"
    report = check_tampered(name)
    reasons = [f.reason for f in report.findings if f.verdict != "PROVED"]
    if report.ok or not reasons:
        return False, "accepted"
    fitting = [reason for reason in reasons if EXPECTED[name] in reason]
    if not fitting:
        return False, f"expected {EXPECTED[name]!r}, the reasons are {reasons}"
    return True, fitting[0]


def _certificate_names() -> Sequence[str]:
    from trompe.proofs.mutation.tampering.sets import TAMPERINGS

    return tuple(TAMPERINGS)


def _certificates(name: str) -> tuple[bool, str]:
    from trompe.proofs.mutation.tampering.sets import check_tampered

    is_rejected, says = check_tampered(name)
    return is_rejected, re.sub(r"\S*/trompe-\w+/\w+/", "", says)  # the folder of this run


TAMPERED: dict[str, tuple[Callable[[], Sequence[str]], Callable[[str], tuple[bool, str]]]] = {
    "tampering": (_certificate_names, _certificates),
    "witness-tampering": (_witness_names, _witness),
}
"""Per kind: the names of its tamperings, and the check of one: is it rejected as expected, and the reason."""


def tamperings(kinds: Iterable[str], match: str = "") -> list[tuple[str, str]]:
    """Every tampering of these kinds whose name holds the text, with its kind."""
    return [(kind, name) for kind in kinds for name in TAMPERED[kind][0]() if match in name]


def try_tampering(item: tuple[str, str]) -> Tampered:
    """Let the checker see one; whatever it raises counts as not rejected."""
    kind, name = item
    try:
        is_rejected, says = TAMPERED[kind][1](name)
    except Exception as error:
        return Tampered(kind, name, False, f"a traceback: {type(error).__name__}: {error}")
    return Tampered(kind, name, is_rejected, says)
