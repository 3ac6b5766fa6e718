"""The tables in experiments.md, written from the witnesses in data/.

python docs/tables.py                    rewrite the tables
python docs/tables.py seeds RUN0 RUN1 .. first collect data/digits/seeds.json from output folders of
                                         `trompe reproduce all --seed 0`, `--seed 1`, ...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trompe.empirical.record import accepted_numbers, read_witness, results_table
from trompe.ground.files import write_file

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "data"
PAGE = DOCS / "experiments.md"
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
    """The tables by the marker that stands above each on the page."""
    return {
        "results": results_table({name: accepted_numbers(DATA / name) for name in FOLDERS}),
        "seeds": results_table(json.loads(SEEDS.read_text(encoding="utf-8")), differing=True),
    }


def rewritten(page: str) -> str:
    """The page with its tables replaced; all other text stays."""
    for marker, table in tables().items():
        before, _, after = page.partition(f"<!-- {marker} -->\n")
        if not after:
            sys.exit(f"docs/experiments.md has no line <!-- {marker} -->")
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
    write_file(PAGE, rewritten(PAGE.read_text(encoding="utf-8")))
