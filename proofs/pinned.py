"""What each key was committed with: a theorem its statement, an obligation or identity its sentence.

A sentence that says less than it did is proved all the same, and a statement that claims more is still called
proved by the sentences of the old one; no solver notices either. So the hash of each stands in a file of
this package that only `trompe.proofs.released` changes, and what does not have its hash earns no label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from trompe.proofs.obligations import Obligation, Scope, registered
from trompe.proofs.smt import scripts
from trompe.proofs.symbolic import Identity, identity_sha256
from trompe.theory import theorem

COMMAND = "python -P -m trompe.proofs.released"


@dataclass(frozen=True)
class Record:
    """One of the committed files: per key the version that introduced it, its SHA-256, and later changes of it."""

    name: str
    """The file, in `proofs/data`."""
    called: str
    """What its entries are, in messages."""
    word: str
    """What is hashed; a changelog line that explains a change has this word."""
    for_life: bool
    """May no key ever go?"""

    @property
    def installed(self) -> Mapping[str, Any]:
        """The content of the installed file, by key."""
        return _content(self.name)

    def stray(self, key: str, sha256: str) -> str:
        """Why this is not what the key was committed with, in one line; "" where it is."""
        entry = self.installed.get(key)
        if entry is None or current(entry) is None:
            return f"its {self.word} is not in {self.name}; in trompe's sources `{COMMAND} --write` adds it"
        if current(entry) != sha256:
            return (
                f"its {self.word} is not the {self.called} one; in trompe's sources `{COMMAND}` shows the "
                "difference"
            )
        return ""


RELEASED = Record("released.json", "released", "statement", for_life=True)
PINNED = Record("pinned.json", "pinned", "sentence", for_life=False)


@cache
def _content(name: str) -> Mapping[str, Any]:
    text = files("trompe.proofs").joinpath("data", name).read_text(encoding="utf-8")
    return dict(json.loads(text))


def current(entry: Mapping[str, Any]) -> str | None:
    """The hash that an entry's key should have today; None where the key was given up."""
    changes = entry["changes"]
    found: str | None = changes[-1]["sha256"] if changes else entry["sha256"]
    return found


def statement_stray(key: str) -> str:
    """Why the statement of the theorem called `key` is not the released one; "" where it is."""
    return RELEASED.stray(key, theorem(key).sha256)


def identity_stray(item: Identity) -> str:
    """Why what SymPy is asked is not the pinned identity; "" where it is."""
    return PINNED.stray(item.key, identity_sha256(item))


def obligation_stray(item: Obligation, sha256: str) -> str:
    """Why what the solvers are asked is not the pinned sentence; "" where it is.

    At a d for which nothing is pinned, the same family has to have its pins at the d for which something is.

    Parameters
    ----------
    sha256 : that of the obligation's scripts.
    """
    family = item.key.rpartition("/d")[0]
    elsewhere: list[int] = []
    if item.dim is not None and item.key not in PINNED.installed:
        at = re.compile(re.escape(family) + r"/d(\d+)")
        elsewhere = [int(found[1]) for found in map(at.fullmatch, PINNED.installed) if found]
    if not elsewhere:
        return PINNED.stray(item.key, sha256)
    for other in registered([family], elsewhere):
        reason = PINNED.stray(other.key, scripts(other, Scope()).sha256)
        if reason:
            return f"{other.key}: {reason}"
    return ""
