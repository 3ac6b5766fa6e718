"""The manifest of a certificate set: written the same way in every run, and read without trust.

Its form is the JSON schema in `trompe/schemas/manifest.json`; this reader follows the schema itself, so the
two cannot differ.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from trompe.theory import InvalidInput

__all__ = ["FORMAT", "MANIFEST", "MAX_MANIFEST_BYTES", "manifest_bytes", "read_manifest", "schema"]

FORMAT = "trompe certificate set"
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 16 << 20

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of a manifest."""
    text = files("trompe").joinpath("schemas/manifest.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def manifest_bytes(manifest: dict[str, Any]) -> bytes:
    """The manifest as it is written: the schema's order, ASCII, one line feed at the end."""
    return (json.dumps(manifest, indent=1, allow_nan=False) + "\n").encode("ascii")


def read_manifest(content: bytes) -> dict[str, Any]:
    """The manifest that `content` holds.

    Raises
    ------
    InvalidInput : it is not JSON, or not what the schema asks for; the message says where.
    """
    if len(content) > MAX_MANIFEST_BYTES:
        raise InvalidInput(f"{MANIFEST} is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except RecursionError:
        raise InvalidInput(f"{MANIFEST} nests too deep") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidInput(f"{MANIFEST} is no JSON: {_line(str(error))}") from None
    _follow(schema(), value, "")
    return dict(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the entry {_short(name)} stands there twice")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"the number {name} does not exist in JSON")


def _follow(rule: dict[str, Any], value: Any, where: str) -> None:
    """Compare `value` with the part of JSON schema that ours uses."""
    if "$ref" in rule:
        rule = schema()["$defs"][rule["$ref"].rpartition("/")[2]]
    at = f"{MANIFEST}: {where or 'its content'}"
    if "const" in rule and not _same(value, rule["const"]):
        raise InvalidInput(f"{at}: expected {rule['const']!r}, found {_short(value)}")
    if "enum" in rule and not any(_same(value, choice) for choice in rule["enum"]):
        choices = ", ".join(rule["enum"])
        raise InvalidInput(f"{at}: expected one of {choices}, found {_short(value)}")
    if "type" in rule:
        names = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
        kinds = tuple(kind for name in names for kind in _TYPES[name])
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise InvalidInput(f"{at}: expected {' or '.join(names)}, found {_short(value)}")
    if isinstance(value, str):
        _follow_text(rule, value, at)
    elif isinstance(value, (int, float)):
        low, high = rule.get("minimum", value), rule.get("maximum", value)
        if not low <= value <= high:
            raise InvalidInput(f"{at}: {_short(value)} is out of range")
    elif isinstance(value, list):
        if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", len(value)):
            raise InvalidInput(f"{at}: a list of {len(value)} entries")
        for number, item in enumerate(value):
            _follow(rule.get("items", {}), item, f"{where}[{number}]")
    elif isinstance(value, dict):
        _follow_object(rule, value, where, at)


def _follow_text(rule: dict[str, Any], value: str, at: str) -> None:
    if len(value) > rule.get("maxLength", len(value)):
        raise InvalidInput(f"{at}: a text of {len(value)} characters")
    if "pattern" in rule and (not re.search(rule["pattern"], value) or value.endswith("\n")):
        raise InvalidInput(f"{at}: {_short(value)} is not of the form {rule['pattern']}")


def _follow_object(rule: dict[str, Any], value: dict[str, Any], where: str, at: str) -> None:
    known, further = rule.get("properties", {}), rule.get("additionalProperties", True)
    for name in rule.get("required", ()):
        if name not in value:
            raise InvalidInput(f"{at}: the entry {name!r} is missing")
    if len(value) < rule.get("minProperties", 0):
        raise InvalidInput(f"{at}: it is empty")
    for name, item in value.items():
        inner = f"{where}.{name}" if where else name
        if name in known:
            _follow(known[name], item, inner)
        elif further is False:
            raise InvalidInput(f"{at}: the entry {_short(name)} is unknown")
        elif isinstance(further, dict):
            _follow(further, item, _short(inner))


def _same(value: Any, constant: Any) -> bool:
    return type(value) is type(constant) and bool(value == constant)


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
