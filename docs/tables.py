"""The tables in experiments.md and arena.md, written from the witnesses in data/.

python docs/tables.py                    rewrite the tables
python docs/tables.py seeds RUN0 RUN1 .. first collect data/digits/seeds.json from output folders of
                                         `trompe reproduce all --seed 0`, `--seed 1`, ...
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trompe.empirical.record import accepted_numbers, read_witness, results_table
from trompe.ground.files import write_file
from trompe.views.arena import alarm_table, likeness_table

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "data"
ARENA = DATA / "arena" / "digits" / "arena.json"
SEEDS = DATA / "digits" / "seeds.json"
FOLDERS = ("digits", "fashion-mnist")


def collect(runs: list[Path]) -> dict[str, list[dict[str, object]]]:
    """What each run measured and held against an acceptance, under the seed that its witnesses name."""
    found = {}
    for run in runs:
        witnesses = [read_witness(path.parent) for path in sorted(run.glob("*/witness.json"))]
        seeds = {witness["seed"] for witness in witnesses if witness is not None}
        if len(seeds) != 1 or None in witnesses:
            sys.exit(f"{run}: expected witnesses of one seed, found seeds {sorted(seeds)}")
        found[f"seed {seeds.pop()}"] = accepted_numbers(run)
    return found


def tables() -> dict[str, str]:
    """The tables of experiments.md by the marker that stands above each on the page."""
    return {
        "results": results_table({name: accepted_numbers(DATA / name) for name in FOLDERS}),
        "seeds": results_table(json.loads(SEEDS.read_text(encoding="utf-8")), differing=True),
    }


def arena_tables() -> dict[str, str]:
    """Those of arena.md."""
    witness = json.loads(ARENA.read_text(encoding="utf-8"))
    claims = [
        (c["key"], ": ".join(filter(None, (c["status"], c["why"]))), c["says"])
        for c in witness["claims"]
    ]
    return {
        "alarms": _table(*alarm_table(witness)),
        "likeness": _table(*likeness_table(witness)),
        "claims": _table(["claim", "", "on digits"], claims),
        "registered": _table(["key", "what it is", "what it cannot see"], _registered(witness)),
    }


def _registered(witness: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    for kind in ("attacks", "methods"):
        for e in witness[kind]:
            reading = f" A reading: {e['reading']}." if e["reading"] else ""
            rows.append((f"`{e['key']}`", e["says"] + reading, ""))
    for c in witness["checks"]:
        needs = " Needs the original." if c["original"] else ""
        rows.append((f"`{c['key']}`", c["says"] + needs, c["cannot"]))
    return rows


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


PAGES = {"experiments.md": tables, "arena.md": arena_tables}


def rewritten(name: str) -> str:
    """A page with its tables replaced; all other text stays."""
    page = (DOCS / name).read_text(encoding="utf-8")
    for marker, table in PAGES[name]().items():
        before, _, after = page.partition(f"<!-- {marker} -->\n")
        if not after:
            sys.exit(f"docs/{name} has no line <!-- {marker} -->")
        rest = after.splitlines(keepends=True)
        while rest and rest[0].startswith("|"):
            rest.pop(0)
        page = f"{before}<!-- {marker} -->\n{table}{''.join(rest)}"
    return page


if __name__ == "__main__":
    if sys.argv[1:2] == ["seeds"]:
        collected = collect([Path(name) for name in sys.argv[2:]])
        write_file(SEEDS, json.dumps(collected, indent=1) + "\n")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    for name in PAGES:
        write_file(DOCS / name, rewritten(name))
