"""The tables in experiments.md, imagenet.md and arena.md, written from the witnesses in data/.

python docs/tables.py                    rewrite the tables
python docs/tables.py seeds RUN0 RUN1 .. first collect data/NAME/seeds.json from output folders of
                                         `trompe reproduce all --data NAME --seed 0`, `--seed 1`, ...
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trompe.empirical.record import accepted_numbers, read_witness, results_table, worst_table
from trompe.ground.files import write_file
from trompe.views.arena import alarm_table, likeness_table

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "data"
ARENA = DATA / "arena"
OTHERS = ("fashion-mnist", "imagenet")
"""Folders of the arena whose values are raw: too few networks for an interval."""
FOLDERS = ("digits", "fashion-mnist")


def collect(runs: list[Path]) -> tuple[str, dict[str, list[dict[str, object]]]]:
    """The data, and what each run measured and held against an acceptance, under the seed that its witnesses name."""
    found, names = {}, set()
    for run in runs:
        witnesses = [read_witness(path.parent) for path in sorted(run.glob("*/witness.json"))]
        seeds = {witness["seed"] for witness in witnesses if witness is not None}
        if len(seeds) != 1 or None in witnesses:
            sys.exit(f"{run}: expected witnesses of one seed, found seeds {sorted(seeds)}")
        names |= {witness["data"]["name"] for witness in witnesses if witness is not None}
        found[f"seed {seeds.pop()}"] = accepted_numbers(run)
    if len(names) != 1:
        sys.exit(f"expected runs on the same data, found {sorted(names)}")
    return names.pop(), found


def seeds_of(name: str) -> dict[str, list[dict[str, object]]]:
    """What is committed of several seeds on these data."""
    found = json.loads((DATA / name / "seeds.json").read_text(encoding="utf-8"))
    return dict(found)


def experiments_tables() -> dict[str, str]:
    """The tables of experiments.md by the marker that stands above each."""
    return {
        "results": results_table({name: accepted_numbers(DATA / name) for name in FOLDERS}),
        "seeds": results_table(seeds_of("digits"), differing=True),
    }


def imagenet_tables() -> dict[str, str]:
    """Those of imagenet.md."""
    return {"worst": worst_table(seeds_of("imagenet"))}


def arena_tables() -> dict[str, str]:
    """Those of arena.md."""
    witness, *others = (
        json.loads((ARENA / name / "arena.json").read_text(encoding="utf-8")) for name in ("digits", *OTHERS)
    )  # fmt: skip
    claims = [
        (c["key"], ": ".join(filter(None, (c["status"], c["why"]))), c["says"])
        for c in witness["claims"]
    ]
    return {
        "alarms": _table(*alarm_table(witness)),
        "likeness": _table(*likeness_table(witness)),
        "claims": _table(["claim", "", "on digits"], claims),
        **{
            f"alarms {name}": _table(*alarm_table(w))
            for name, w in zip(OTHERS, others, strict=True)
        },
        **{
            f"likeness {name}": _table(*likeness_table(w))
            for name, w in zip(OTHERS, others, strict=True)
        },
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


PAGES = {
    "experiments.md": experiments_tables,
    "imagenet.md": imagenet_tables,
    "arena.md": arena_tables,
}


def rewritten(page: str, text: str) -> str:
    """The text of a page with its tables replaced; all else stays."""
    for marker, table in PAGES[page]().items():
        before, _, after = text.partition(f"<!-- {marker} -->\n")
        if not after:
            sys.exit(f"docs/{page} has no line <!-- {marker} -->")
        rest = after.splitlines(keepends=True)
        while rest and rest[0].startswith("|"):
            rest.pop(0)
        text = f"{before}<!-- {marker} -->\n{table}{''.join(rest)}"
    return text


if __name__ == "__main__":
    if sys.argv[1:2] == ["seeds"]:
        data, collected = collect([Path(name) for name in sys.argv[2:]])
        write_file(DATA / data / "seeds.json", json.dumps(collected, indent=1) + "\n")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    for page in PAGES:
        place = DOCS / page
        write_file(place, rewritten(page, place.read_text(encoding="utf-8")))
