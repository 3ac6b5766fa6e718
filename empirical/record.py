"""Witness files: every number of a run with its unit and the acceptance it was held against."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trompe.empirical._torch import torch
from trompe.empirical.cache import json_text, state_sha256
from trompe.empirical.inputs.data import ImageData
from trompe.ground.files import write_file
from trompe.ground.reading import Unreadable, json_data, read_file
from trompe.theory import InvalidInput

SCHEMA_FILE = Path(__file__).parent / "schemas" / "witness-empirical.schema.json"
SCHEMA_VERSION = 1
MAX_BYTES = 64 * 2**20
"""The largest witness that is read."""


class RunRecord:
    """Collects what one experiment measured; `write` leaves `witness.json` in its folder.

    The file holds no times and no paths, so that two runs with the same key, seed, thread count and
    device can be compared byte by byte. Times are in `timings.json` beside it.
    """

    def __init__(
        self, key: str, statement: str, data: ImageData, device: torch.device, seed: int
    ) -> None:
        self.key, self.statement, self.seed = key, statement, seed
        self.measurements: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {}
        self.weights: list[dict[str, Any]] = []
        self.figures: list[dict[str, str]] = []
        self.identity = ""
        self.data = {
            "name": data.name,
            "sha256": data.sha256,
            "shape": list(data.shape),
            "levels": data.levels,
            "classes": list(data.classes),
            "train": len(data.train),
            "test": len(data.test),
        }
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
        self.device = {"type": device.type, "name": name, "threads": torch.get_num_threads()}

    def add(
        self,
        name: str,
        value: Any,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        equals: Any = None,
        designed_to_fail: bool = False,
        note: str = "",
    ) -> bool:
        """Record a number; True unless it misses its acceptance.

        `designed_to_fail` marks an ablation: it is shown, and no acceptance is attached.
        """
        value = _plain(value)
        entry: dict[str, Any] = {"name": name, "value": value, "unit": unit}
        if designed_to_fail:
            entry["ablation"] = True
        met = True
        for relation, threshold in ((">=", at_least), ("<=", at_most), ("==", equals)):
            if threshold is not None:
                met = _holds(value, relation, threshold)
                entry["acceptance"] = {"relation": relation, "threshold": threshold, "met": met}
        if note:
            entry["note"] = note
        self.measurements.append(entry)
        return met

    def value(self, name: str) -> Any:
        """The value recorded under `name`."""
        for entry in self.measurements:
            if entry["name"] == name:
                return entry["value"]
        raise InvalidInput(f"witness {self.key}: no measurement {name!r}")

    def add_weights(self, name: str, module: torch.nn.Module) -> None:
        """Record a network's hash and size; the weights themselves stay in the cache."""
        count = sum(p.numel() for p in module.parameters())
        self.weights.append(
            {"name": name, "sha256": state_sha256(module.state_dict()), "parameters": count}
        )

    @property
    def accepted(self) -> bool | None:
        """Is every acceptance met? None where nothing is held against one."""
        met = [m["acceptance"]["met"] for m in self.measurements if "acceptance" in m]
        return all(met) if met else None

    def missed(self) -> list[str]:
        """The names of the measurements that miss their acceptance."""
        return [
            m["name"] for m in self.measurements if not m.get("acceptance", {"met": True})["met"]
        ]

    def as_json(self) -> dict[str, Any]:
        """The content of `witness.json`."""
        return {
            "schema": SCHEMA_VERSION,
            "key": self.key,
            "statement": self.statement,
            "accepted": self.accepted,
            "missed": self.missed(),
            "identity": self.identity,
            "data": self.data,
            "seed": self.seed,
            "device": self.device,
            "versions": versions(),
            "settings": {name: _plain(value) for name, value in self.settings.items()},
            "measurements": self.measurements,
            "weights": self.weights,
            "figures": self.figures,
        }

    def write(self, folder: Path) -> Path:
        """Write `witness.json` (beside, then renamed); its path."""
        path = folder / "witness.json"
        write_file(path, json_text(self.as_json()), parents=True)
        return path


def versions() -> dict[str, str]:
    """Versions of everything that can change a bit of the result."""
    return {
        "trompe": _version("trompe"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def read_witness(folder: Path) -> dict[str, Any] | None:
    """The witness in this folder, or None where there is none or it is damaged."""
    try:
        content = json_data(read_file(folder / "witness.json", MAX_BYTES), MAX_BYTES)
    except Unreadable:
        return None
    is_one = _has(content, _SHAPE) and content["schema"] == SCHEMA_VERSION
    return content if is_one else None


_SHAPE = {
    "schema": int,
    "key": str,
    "identity": str,
    "missed": [str],
    "measurements": [{"name": str, "acceptance?": {"relation": str, "met": bool}}],
    "figures": [{"file": str}],
}
"""What is read of a witness; `?` marks what may be missing."""


def _has(data: Any, shape: Any) -> bool:
    """Are the types in it those of `_SHAPE`?"""
    if isinstance(shape, list):
        return isinstance(data, list) and all(_has(item, shape[0]) for item in data)
    if not isinstance(shape, dict):
        return type(data) is shape
    return isinstance(data, dict) and all(
        _has(data[name.rstrip("?")], inner) if name.rstrip("?") in data else name.endswith("?")
        for name, inner in shape.items()
    )


def accepted_numbers(folder: Path) -> list[dict[str, Any]]:
    """Every measurement with an acceptance below a folder that holds one subfolder an experiment."""
    found = [read_witness(path.parent) for path in sorted(folder.glob("*/witness.json"))]
    return [
        {"experiment": witness["key"].removeprefix("empirical/")}
        | {name: entry[name] for name in ("name", "value", "acceptance")}
        for witness in found
        if witness is not None
        for entry in witness["measurements"]
        if "acceptance" in entry
    ]


def results_table(
    columns: Mapping[str, Sequence[Mapping[str, Any]]], differing: bool = False
) -> str:
    """A Markdown table of `accepted_numbers`, one column an entry; with `differing` only rows that vary."""
    cells = {
        column: {(e["experiment"], e["name"]): _cell(e) for e in entries}
        for column, entries in columns.items()
    }
    rows = sorted(dict.fromkeys(key for part in cells.values() for key in part), key=lambda k: k[0])
    if differing:
        rows = [key for key in rows if len({part.get(key) for part in cells.values()}) > 1]
    lines = [
        "| experiment | measured | " + " | ".join(columns) + " |",
        "|---" * (2 + len(columns)) + "|",
    ]
    lines += [
        f"| {experiment} | {name} | "
        + " | ".join(part.get((experiment, name), "") for part in cells.values())
        + " |"
        for experiment, name in rows
    ]
    return "\n".join(lines) + "\n"


def worst_table(seeds: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """A Markdown table of `accepted_numbers` by seed: the threshold, the first seed's value, and the worst with the seed it comes from."""
    lines = [
        f"| experiment | measured | threshold | {next(iter(seeds))} | worst of {len(seeds)} |",
        "|---" * 5 + "|",
    ]
    by_key: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for seed, entries in seeds.items():
        for entry in entries:
            by_key.setdefault((entry["experiment"], entry["name"]), {})[seed] = entry
    for (experiment, name), of in sorted(by_key.items(), key=lambda item: item[0][0]):
        held = next(iter(of.values()))["acceptance"]
        worst = min(of, key=lambda seed: _goodness(of[seed]))
        said = _cell(of[worst], threshold=False)
        if len({json_text(entry["value"]) for entry in of.values()}) > 1:
            said += f" ({worst})"
        first = of.get(next(iter(seeds)))
        missing = len(seeds) - len(of)
        cells = (
            experiment, name, f"{'=' if held['relation'] == '==' else held['relation']} {_spelled(held['threshold'])}",
            "" if first is None else _cell(first, threshold=False), said + (f", not taken by {missing}" if missing else ""),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _goodness(entry: Mapping[str, Any]) -> tuple[bool, float]:
    """Larger is better: met before missed, then by the number where the threshold is a bound."""
    value, held = entry["value"], entry["acceptance"]
    sign = {">=": 1, "<=": -1}.get(held["relation"], 0)
    return held["met"], sign * float(value) if sign else 0.0


def _spelled(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cell(entry: Mapping[str, Any], threshold: bool = True) -> str:
    held = entry["acceptance"]
    bare = held["relation"] == "==" or not threshold
    relation = "" if bare else f" ({held['relation']} {held['threshold']:g})"
    return _shown(entry["value"]) + relation + ("" if held["met"] else " **missed**")


def _holds(value: Any, relation: str, threshold: Any) -> bool:
    if relation == "==":
        return bool(value == threshold)
    return bool(value >= threshold if relation == ">=" else value <= threshold)


def _plain(value: Any) -> Any:
    """Numbers, strings and lists as JSON has them; floats to 10 digits."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if value.is_integer() else float(f"{value:.10g}")
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (Sequence, range)) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value if isinstance(value, (int, bool, type(None))) else str(value)
