"""Witness files inside every limit on size that ask for much work: each kind of work in turn, or a part of it."""

from __future__ import annotations

import json
from typing import Any

from trompe.constructions import triple
from trompe.constructions.catalogue import example
from trompe.constructions.expression_forms import from_data
from trompe.proofs.handover.witnesses import to_json, witness_of
from trompe.proofs.handover.witnesses.data import pair_of
from trompe.theory import TASKS

Data = dict[str, Any]


def _file(row: str, dim: int, definitions: Data, h: Any, is_shifted: bool = False) -> bytes:
    """Both functions are h; where `is_shifted`, with a constant added so that h(a) = m."""
    case = example(row, dim)
    task = TASKS["exact"]()
    data = json.loads(to_json(witness_of(pair_of(triple(case.cls, case.v, case.x), task), task)))
    if is_shifted:  # else one look at a ends the search for the minimum
        at_a = from_data(dim, definitions, {"h": h})["h"](case.v.argmin)
        h = {"sum": [h, str(case.v.minimum - at_a)]}
    data |= {"definitions": definitions, "f": h, "g": h}
    return json.dumps(data, separators=(",", ":")).encode()


def _steep(k: int, at: int = 1) -> Data:
    return {"times": [str(k), {"z": at}]}


def flattened(part: int = 1) -> bytes:
    """A max in a max in a max: each is kept as one max of all that came before."""
    parts: Data = {"u0": {"max": [_steep(k) for k in range(1, 20_001 // part)]}}
    for k in range(1, 60_001 // part):
        parts[f"u{k}"] = {"max": [{"use": f"u{k - 1}"}, {"sum": [{"z": 2}, f"{k}"]}]}
    return _file("black-box", 2, parts, {"use": next(reversed(parts))})


def wide(part: int = 1) -> bytes:
    """Many parts, each of which depends on many coordinates."""
    dim = 4_000 // part
    parts: Data = {"a": {"max": ["1", {"sum": [{"z": i + 1} for i in range(dim)]}]}}
    names = [f"u{k}" for k in range(50_000 // part)]
    for k, name in enumerate(names):
        parts[name] = {"max": [f"{k + 2}", {"sum": [{"use": "a"}, {"z": 1 + k % dim}]}]}
    return _file(
        "black-box", dim, parts, {"sum": [{"use": name} for name in names]}, is_shifted=True
    )


def _long(k: int) -> str:
    """A fraction with 900 digits whose denominator has few factors in common with the others."""
    return f"{10**400 + k}/{10**449 + 2 * k + 1}"


def long_numbers(part: int = 1) -> bytes:
    """Slopes whose common denominator grows with every part."""
    parts: Data = {
        f"u{k}": {"max": ["0", {"sum": [{"times": [_long(k), {"z": 1}]}, {"z": 2}, "-1"]}]}
        for k in range(3_000 // part)
    }
    return _file("monotone", 2, parts, {"sum": [{"use": name} for name in parts]}, is_shifted=True)


def folded(part: int = 1) -> bytes:
    """A curve with thousands of breakpoints, used again and again."""
    parts: Data = {"u0": {"z": 1}}
    for k in range(1, 13):
        twice = {"sum": [{"times": ["2", {"use": f"u{k - 1}"}]}, "-1"]}
        parts[f"u{k}"] = {"sum": ["1", {"times": ["-1", {"abs": twice}]}]}
    for k in range(30_000 // part):
        parts[f"v{k}"] = {"max": [{"use": "u12"}, f"{k + 2}/40000"]}
    used = [{"use": f"v{k}"} for k in range(30_000 // part)]
    return _file("black-box", 2, parts, {"sum": used}, is_shifted=True)


def many_hats(part: int = 1) -> bytes:
    """Sums of hundreds of hats each, to be compared pair by pair."""
    parts: Data = {}
    sums = []
    hats = max(100, 500 // part)
    for block in range(60 // part + 1):
        names = []
        for k in range(hats):
            centre = f"{-k - 1}/{hats + 1 + block}"
            apart = [{"abs": {"sum": [{"z": i}, centre]}} for i in (1, 2)]
            slopes = [{"times": ["-1000", part]} for part in apart]
            names.append(f"h{block}x{k}")
            parts[names[-1]] = {"max": ["0", {"sum": ["1", *slopes]}]}
        parts[f"s{block}"] = {"max": [f"{block}", {"sum": [{"use": name} for name in names]}]}
        sums.append({"use": f"s{block}"})
    return _file("black-box", 2, parts, {"sum": sums}, is_shifted=True)


def exchanged(part: int = 1) -> bytes:
    """Not additive, and only visibly so when many coordinates are exchanged at many points."""
    dim = 3_000 // part
    parts: Data = {"a": {"max": [f"{dim - 1}", {"sum": [{"z": i + 1} for i in range(dim)]}]}}
    f = {"sum": [{"use": "a"}, {"z": 1}]}
    return _file("additive", dim, parts, f)


def asked(part: int = 1) -> bytes:
    """A short question for the solvers with very many arguments."""
    args = [
        {"sum": [{"times": [f"{k}/{k + 7}", {"z": 1}]}, {"times": [f"1/{k}", {"z": 2}]}]}
        for k in range(1, 60_000 // part)
    ]
    z = [{"z": 1}, {"z": 2}]
    z1_plus_z2 = [{"max": z}, {"min": z}]  # which no rule sees
    return _file("convex", 2, {"a": {"max": args}}, {"sum": [{"use": "a"}, *z1_plus_z2]})


def spread(part: int = 1) -> bytes:
    """Hundreds of small kinks in a high dimension, all evaluated at every point that is tried."""
    dim = 64
    parts: Data = {
        f"u{k}": {"abs": {"sum": [_steep(k + i, i) for i in range(1, dim + 1)] + [f"-{k}"]}}
        for k in range(2_000 // part)
    }
    return _file("convex", dim, parts, {"min": [{"use": name} for name in parts]})


KINDS = {
    each.__name__: each
    for each in (flattened, wide, long_numbers, folded, many_hats, exchanged, asked, spread)
}
