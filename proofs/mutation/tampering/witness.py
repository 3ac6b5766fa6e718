"""Ways to tamper with a witness file; a check that accepts one of them checks nothing.

Each takes the bytes of a genuine file and returns other bytes. `TAMPERINGS` holds them by name, `SUBJECTS`
says which theorem's file each is meant for, `EXPECTED` a word that the reason must contain.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

from trompe.constructions import triple
from trompe.constructions.catalogue import example
from trompe.proofs.handover.witnesses import Report, check_bytes, to_json, witness_of
from trompe.proofs.handover.witnesses.file import MAX_BYTES, MAX_DEPTH
from trompe.theory import task, theorem

__all__ = ["EXPECTED", "SUBJECTS", "TAMPERINGS", "check_tampered", "genuine"]

Tampering = Callable[[bytes], bytes]

TAMPERINGS: dict[str, Tampering] = {}
SUBJECTS: dict[str, str] = {}
EXPECTED: dict[str, str] = {}


@cache
def genuine(key: str) -> bytes:
    """The witness file of a theorem's example at d = 2."""
    case = example(theorem(key).row, 2)
    asked = task(theorem(key).task)
    return to_json(witness_of(triple(case.cls, case.v, case.x).pair_for(asked), asked)).encode()


def check_tampered(name: str) -> Report:
    """The report on the file that a tampering makes."""
    return check_bytes(TAMPERINGS[name](genuine(SUBJECTS[name])))


def _register(name: str, subject: str, expected: str, damage: Tampering) -> None:
    TAMPERINGS[name], SUBJECTS[name], EXPECTED[name] = damage, subject, expected


def _on_bytes(name: str, expected: str, damage: Tampering, subject: str = "convex/side") -> None:
    _register(name, subject, expected, damage)


def _on_data(
    name: str,
    expected: str,
    change: Callable[[dict[str, Any]], object],
    subject: str = "convex/side",
) -> None:
    """A tampering that changes the JSON data."""

    def damage(content: bytes) -> bytes:
        data = json.loads(content)
        change(data)
        return json.dumps(data).encode()

    _register(name, subject, expected, damage)


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Put the last entry of the path in the place that the others name."""
    *places, last, value = path

    def change(data: dict[str, Any]) -> None:
        at: Any = data
        for place in places:
            at = at[place]
        at[last] = value

    return change


def _all(*changes: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for one in changes:
            one(data)

    return change


def _archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("witness.json", genuine("monotone/side"))
    return buffer.getvalue()


def _flip(content: bytes, place: int, bit: int) -> bytes:
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def _about(key: str) -> Callable[[dict[str, Any]], None]:
    """Another key with its own statement, and the task to match."""
    return _all(_set("key", key), _set("statement", theorem(key).sha256))


def _plus(*parts: Any) -> Any:
    return {"sum": list(parts)}


def _times(factor: str, part: Any) -> Any:
    return {"times": [factor, part]}


def _f_plus(factor: str, part: Any) -> Callable[[dict[str, Any]], None]:
    """f with a multiple of a part added."""
    return lambda data: data.update(f=_plus(data["f"], _times(factor, part)))


def _in_text(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    """Another word in all definitions and in f, g."""

    def change(data: dict[str, Any]) -> None:
        for name in ("definitions", "f", "g"):
            data[name] = json.loads(json.dumps(data[name]).replace(old, new))

    return change


def _mix(c: str, one: str, e: str, other: str) -> Any:
    return _plus(_times(c, {"use": one}), _times(e, {"use": other}))


def _only_f(data: dict[str, Any]) -> None:
    """g becomes f, with f's value."""
    data["g"], data["values"]["g"] = data["f"], data["values"]["f"]


_Z1, _Z2 = {"z": 1}, {"z": 2}
_SMALL_HAT = {
    "max": [
        "0",
        _plus(
            "1",
            _times("-16", {"abs": _plus(_Z1, "-1/8")}),
            _times("-16", {"abs": _plus(_Z2, "-7/8")}),
        ),
    ]
}
"""1 at (1/8, 7/8), 0 at the points that the witnesses speak of."""

# -- the file itself ------------------------------------------------------------------------------------

_on_bytes("empty", "empty", lambda content: b"")
_on_bytes("blank", "empty", lambda content: b" \n\t \n")
_on_bytes("truncated", "not JSON", lambda content: content[: len(content) // 2])
_on_bytes("last brace cut off", "not JSON", lambda content: content.rstrip()[:-1])
_on_bytes(
    "a high bit flipped", "not UTF-8", lambda content: _flip(content, len(content) // 2, 0x80)
)
_on_bytes(
    "a digit of f(x) flipped",
    "it is",
    lambda content: _flip(content, content.index(b'"values": {"f": "') + 17, 0x02),
)
_on_bytes("written in UTF-16", "not UTF-8", lambda content: content.decode().encode("utf-16"))
_on_bytes("not JSON", "not JSON", lambda content: b"f(z) = max(z_1, z_2)")
_on_bytes("a list", "expected an object", lambda content: b"[" + content + b"]")
_on_bytes("a second object behind", "not JSON", lambda content: content + b"{}")
_on_bytes("huge file", "larger than", lambda content: content + b" " * MAX_BYTES)
_on_bytes(
    "deep nesting", "nests", lambda content: b"[" * (MAX_DEPTH * 1000) + b"]" * (MAX_DEPTH * 1000)
)
_on_bytes(
    "deep nesting of f",
    "nests",
    lambda content: content.replace(
        b'"f": {',
        b'"f": ' + b'{"abs": ' * MAX_DEPTH + b'{"z": 1}' + b"}" * MAX_DEPTH + b', "h": {',
        1,
    ),
)
_on_bytes("zip of another key's file", "not UTF-8", _archive)
_on_bytes(
    "a key twice",
    "occurs twice",
    lambda content: content.replace(b'"dim": 2', b'"dim": 2, "dim": 2', 1),
)
_on_bytes(
    "NaN for a number",
    "no exact number",
    lambda content: content.replace(b'"minimum": "0"', b'"minimum": NaN'),
)
_on_bytes(
    "a float for a number",
    "no exact number",
    lambda content: content.replace(b'"minimum": "0"', b'"minimum": 0.0'),
)
_on_bytes(
    "a huge integer",
    "digits",
    lambda content: content.replace(b'"dim": 2', b'"dim": ' + b"9" * 5000, 1),
)

# -- its fields -----------------------------------------------------------------------------------------

_on_data("a number for a string", "no exact number", _set("visualization", "minimum", 0))
_on_data("code for a number", "no exact number", _set("values", "f", "__import__('os').getpid()"))
_on_data("a zero denominator", "no exact number", _set("values", "f", "1/0"))
_on_data("a huge number", "characters", _set("values", "f", "9" * 2000))
_on_data("an unknown field", "unknown field", _set("proved", True))
_on_data("a field is missing", "missing", lambda data: data.pop("statement"))
_on_data("older version", "version", _set("version", 0))
_on_data("another format", "no witness file", _set("format", "certificate"))
_on_data("version true", "version", _set("version", True))
_on_data("another statement", "SHA-256", _set("statement", "0" * 64))
_on_data("renamed key", "SHA-256", _set("key", "monotone/side"))
_on_data("renamed key with its statement", "monotone function", _about("monotone/side"))
_on_data("key of a Yes", "no witness exists", _about("constant/side"))
_on_data("unknown key", "unknown theorem", _set("key", "convex/sides"))
_on_data("swapped task", "is about the task side", _set("refutes", "task", "exact"))
_on_data("more dimensions", "expected a list of d = 3", _set("dim", 3))
_on_data("a point of another length", "expected a list", _set("query", ["1/2"]))
_on_data("query outside the box", "outside", _set("query", ["7/8", "9/8"]))
_on_data("query at the minimiser", "shown", _set("query", ["1/4", "1/4"]))
_on_data("query moved", "it is", _set("query", ["1/2", "3/4"]))
_on_data(
    "argmin and argmax exchanged",
    "corner",
    _all(
        _set("visualization", "argmax", ["1/4", "1/4"]), _set("visualization", "argmin", ["1", "1"])
    ),
)
_on_data("minimum above maximum", "exceeds", _set("visualization", "minimum", "2"))
_on_data("parameters of another class", "unknown field", _set("parameters", "constant", "2"))
_on_data("definitions as a list", "expected an object", _set("definitions", []))

# -- its claims -----------------------------------------------------------------------------------------

_on_data("wrong f(x)", "it is 55/72", _set("values", "f", "1"))
_on_data("wrong g(x)", "it is 5/72", _set("values", "g", "0"))
_on_data("wrong amount", "the amounts are", _set("refutes", "above_mid", "1/2"))
_on_data("wrong minimum", "f(1/4, 1/4) = 0", _set("visualization", "minimum", "-1"))
_on_data("wrong maximum", "f(1, 1) = 1", _set("visualization", "maximum", "2"))
_on_data("argmin moved", "f(1/2, 1/4)", _set("visualization", "argmin", ["1/2", "1/4"]))
_on_data("argmax moved", "f(1, 0)", _set("visualization", "argmax", ["1", "0"]))
_on_data("f and g equal", "leave room", _only_f)
_on_data(
    "f and g exchanged",
    "leave room",
    lambda data: data.update(
        f=data["g"], g=data["f"], values={"f": data["values"]["g"], "g": data["values"]["f"]}
    ),
)
_on_data(
    "eps too large for the pair",
    "leave room",
    _set("refutes", "eps", "2/5"),
    "black-box/approx",
)
_on_data("eps of 1/2", "outside (0, 1/2)", _set("refutes", "eps", "1/2"), "black-box/approx")
_on_data("eta set to 0", "= 1", _set("f", {"use": "u1"}), "lipschitz/side")
_on_data(
    "eta larger than said", "it is", _set("f", _mix("1/2", "u1", "1/2", "u2")), "lipschitz/side"
)
_on_data("a second minimiser", "f(1/8, 7/8) = 0", _f_plus("-1/2", _SMALL_HAT), "black-box/side")
_on_data("a second maximiser", "f(1/8, 7/8) = 1", _f_plus("1/2", _SMALL_HAT), "black-box/side")
_on_data("a lower minimum", "f(1/8, 7/8) = -1/2", _f_plus("-1", _SMALL_HAT), "black-box/side")
_on_data("wider hats", "f(1/4, 1/4) = 3/16", _in_text('"-4"', '"-1"'), "black-box/side")
_on_data("min for max", "it is", _in_text('"max"', '"min"'), "black-box/side")

# -- its class ------------------------------------------------------------------------------------------

_on_data(
    "L below R / |a - b|", "below R/|a-b|", _set("parameters", "constant", "1/4"), "lipschitz/side"
)
_on_data("L too small for f", "exceeds L", _set("parameters", "constant", "1"), "lipschitz/side")
_on_data("L of 0", "expected L > 0", _set("parameters", "constant", "0"), "lipschitz/side")
_on_data("another metric", "exceeds L", _set("parameters", "metric", "linf"), "lipschitz/side")
_on_data(
    "an unknown metric", "expected one of", _set("parameters", "metric", "l3"), "lipschitz/side"
)
_on_data(
    "a metric that is a list",
    "expected one of",
    _set("parameters", "metric", ["l1"]),
    "lipschitz/side",
)
_on_data("steeper than L", "exceeds L", _f_plus("1/4", _SMALL_HAT), "lipschitz/side")
_on_data("not convex", "half-way between", _f_plus("1/1000", _SMALL_HAT))
_on_data(
    "not convex, at one kink",
    "half-way between",
    _f_plus("-2/3", {"abs": _plus(_Z1, _times("-1", _Z2))}),
)
_on_data("not monotone", "falls from", _f_plus("1/4", _SMALL_HAT), "monotone/side")
_on_data("not affine", "half-way between", _f_plus("1/1000", _SMALL_HAT), "affine/side")
_on_data(
    "a label edited", "whose label is", _set("parameters", "data", 0, "label", "1/3"), "erm/approx"
)
_on_data(
    "a training input moved",
    "whose label is",
    _set("parameters", "data", 0, "input", ["0", "1/8"]),
    "erm/approx",
)
_on_data(
    "a training point that f does not fit",
    "whose label is",
    lambda data: data["parameters"]["data"].append({"input": ["1/8", "7/8"], "label": "2/3"}),
    "erm/approx",
)
_on_data(
    "two labels for one input",
    "have labels",
    lambda data: data["parameters"]["data"].append({"input": ["0", "0"], "label": "2/3"}),
    "erm/approx",
)
_on_data(
    "a label outside the range",
    "lies outside",
    _set("parameters", "data", 0, "label", "5/4"),
    "erm/approx",
)
_on_data("a fit broken", "whose label is", _in_text('"-1/3"', '"-1/4"'), "erm/approx")
_on_data("data missing", "expected a list", _set("parameters", "data", None), "erm/approx")

# -- its expressions ------------------------------------------------------------------------------------

_on_data("an undefined name", "not defined", _set("f", {"use": "u9"}))
_on_data("a name of itself", "not defined", _set("definitions", "u1", {"use": "u1"}))
_on_data("a definition never used", "never used", _set("definitions", "u3", {"z": 1}))
_on_data("a name with code", "is no name", _set("definitions", "os.system('id')", {"z": 1}))
_on_data("a coordinate too large", "is no coordinate", _set("f", {"z": 3}))
_on_data("coordinate 0", "is no coordinate", _set("f", {"z": 0}))
_on_data("a product of two expressions", "no exact number", _set("f", {"times": [_Z1, _Z2]}))
_on_data("an unknown operation", "is no operation", _set("f", {"exp": _Z1}))
_on_data("two operations in one object", "is no expression", _set("f", {"z": 1, "abs": _Z1}))
_on_data("a max of nothing", "expected a list", _set("f", {"max": []}))
_on_data("null for f", "is no expression", _set("f", None))
