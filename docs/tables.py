"""The tables in experiments.md and imagenet.md, written from the witnesses in data/.

python docs/tables.py                    rewrite the tables
python docs/tables.py seeds RUN0 RUN1 .. first collect data/NAME/seeds.json from output folders of
                                         `trompe reproduce all --data NAME --seed 0`, `--seed 1`, ...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trompe.empirical.record import accepted_numbers, read_witness, results_table, worst_table
from trompe.ground.files import write_file

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "data"
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


def tables(page: str) -> dict[str, str]:
    """The tables of a page by the marker that stands above each."""
    if page == "imagenet.md":
        if not (DATA / "imagenet").is_dir():
            return {}
        return {"worst": worst_table(seeds_of("imagenet"))}
    return {
        "results": results_table({name: accepted_numbers(DATA / name) for name in FOLDERS}),
        "seeds": results_table(seeds_of("digits"), differing=True),
    }


def rewritten(page: str, text: str) -> str:
    """The text of a page with its tables replaced; all else stays."""
    for marker, table in tables(page).items():
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
    for page in ("experiments.md", "imagenet.md"):
        place = DOCS / page
        write_file(place, rewritten(page, place.read_text(encoding="utf-8")))
