"""The witnesses in data/conclusions/, and the tables that conclusions.md shows of them.

python docs/conclusions_witness.py digits               five networks (seeds 0 to 4), ten units each, on the held-out digits
python docs/conclusions_witness.py fashion-mnist        the same on the first 500 test images, networks of a shorter training
python docs/conclusions_witness.py imagenet --photos F  one network, which is a single case, ten classes, 60 crops of F's photographs
python docs/conclusions_witness.py tables               rewrite the tables
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
DATA = DOCS.parent / "data" / "conclusions"
PAGE = DOCS / "conclusions.md"
NAMES = ("digits", "fashion-mnist", "imagenet")
NETWORKS, UNITS, IMAGES, CROPS = 5, 10, 500, 60
PICTURES = {"digits": (256, (0, 1, 2)), "fashion-mnist": (96, (0,)), "imagenet": (24, (0,))}
"""Steps and seeds of the pictures."""
SEARCH: dict[str, dict[str, int]] = {
    "digits": {"programs": 100},
    "fashion-mnist": {"starts": 4, "steps": 6, "programs": 5},
    "imagenet": {"starts": 1, "steps": 3},
}
"""How long steep pairs are looked for, and of how many images exact programs are asked, where it is not as by default."""
TRAINED = 6_000
"""Images of Fashion-MNIST that a network is trained on."""


def subjects(
    name: str, networks: int, photos: str | None
) -> Iterator[tuple[Any, Any, list[int], int]]:
    """Network after network, with the images, the units and the seed."""
    import trompe.empirical as te

    if name == "imagenet":
        found = te.load_photographs(photos, show=False)
        indices = found.indices("test")
        some = indices[:: max(1, len(indices) // CROPS)][:CROPS]
        images, model = found.tensor(some.tolist()), te.imagenet_network()
        taken = model(images[:1]).shape[1] // UNITS
        yield model, images, [taken * k for k in range(UNITS)], 0
        return
    data = te.load_data(name)
    for seed in range(networks):
        model = (
            te.classifier("cnn", data, seed, show=False) if name == "digits" else short(data, seed)
        )
        yield model, data.test.tensor()[:IMAGES], list(range(UNITS)), seed


def short(data: Any, seed: int) -> Any:
    """A CNN of a width of 8, three epochs on the first images: what a processor trains in a minute."""
    from dataclasses import replace

    from trompe.empirical._torch import torch
    from trompe.empirical.networks.training import Recipe, build, train

    some = replace(
        data.train, images=data.train.images[:TRAINED], labels=data.train.labels[:TRAINED]
    )
    few = replace(data, train=some)
    recipe = Recipe("cnn", epochs=3, batch=64, width=8, peak=1e-2, shift_together=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(recipe, few)
    train(model, few, recipe, seed, show=False)
    return model.eval()


def measured(
    model: Any,
    images: Any,
    units: list[int],
    seed: int,
    long: int,
    seeds: tuple[int, ...],
    **more: Any,
) -> dict[str, Any]:
    """One network: what each unit rests on, and the mean shares over its units."""
    import trompe.empirical as te
    from trompe.empirical.cache import state_sha256

    shown = te.visualize(model, "", units, images, steps=long, seeds=seeds, show=False)
    file = te.audit_conclusions(model, images, shown, show=False, **more).file
    n = file.images.count
    rows: dict[str, Any] = {}
    for row in file.units[0].rows:
        same = [unit.row(row.assumption, row.norm, row.exemplars, row.shown) for unit in file.units]
        for task in ("side", "approx"):
            counted = [(each, found) for each in same if (found := each.task(task)) is not None]
            if counted:
                shares = {
                    "at most": [(each.images - found.no) / each.images for each, found in counted],
                    "at least": [found.yes / each.images for each, found in counted],
                    "best": [found.best / each.images for each, found in counted],
                }
                name = f"{row.assumption}; {row.norm}; {row.shown}; {row.exemplars}; {task}"
                rows[name] = {how: sum(of) / len(of) for how, of in shares.items()} | {
                    "units": len(counted), "decided": sum(found.yes for _, found in counted),
                    "right": sum(found.right for _, found in counted),
                }  # fmt: skip
    return {
        "seed": seed,
        "sha256": state_sha256(model.state_dict()),
        "images": n,
        "images_sha256": file.images.sha256,
        "left_out": dict(file.left_out),
        "range_why": file.units[0].range_why,
        "steps": long,
        "seeds": list(seeds),
        "settings": {"starts": file.settings.starts, "climbs": file.settings.steps, "eps": str(file.settings.eps)},
        "versions": dict(file.versions),
        "units": [
            {
                "unit": unit.unit, "gap": unit.gap, "range": unit.range, "natural": unit.natural, "below": unit.below,
                "constant answer": unit.constant_answer(n) / n,
                "slopes": {
                    norm: {
                        "low": slope.low, "kind": slope.kind, "high": slope.high, "radius": slope.radius(unit.gap),
                        "nearest": unit.nearest[norm],
                    }
                    for norm, slope in unit.slopes.items()
                },
            }
            for unit in file.units
        ],
        "rows": rows,
    }  # fmt: skip


def interval(values: list[float]) -> list[float] | None:
    """The 95 % t-interval for the mean share over networks, cut by [0, 1]."""
    from trompe.empirical.arena.statistics import mean_interval

    ends = mean_interval(values)
    return None if ends is None else [max(0.0, ends[0]), min(1.0, ends[1])]


def at_least(hits: int, count: int) -> float | None:
    """The lower end of the exact 95 % interval of a share of networks."""
    from trompe.empirical.arena.statistics import share_interval

    ends = share_interval(hits, count)
    return None if ends is None else ends[0]


def witness(name: str, networks: list[dict[str, Any]]) -> dict[str, Any]:
    """All of it, with means and intervals over networks."""
    over = {
        key: {
            how: [network["rows"][key][how] for network in networks]
            for how in ("at most", "at least", "best")
        }
        for key in networks[0]["rows"]
        if all(key in network["rows"] for network in networks)
    }
    none = {
        norm: sum(
            network["rows"][f"any admissible constant; {norm}; pictures; 0; side"]["at most"] == 0 for network in networks
        )
        for norm in ("l2", "linf")
    }  # fmt: skip
    return {
        "data": name,
        "single_case": len(networks) == 1,
        "means": {
            key: {how: {"mean": sum(v) / len(v), "interval": interval(v)} for how, v in of.items()}
            for key, of in over.items()
        },
        "networks_where_no_side_is_decided": {
            norm: {"networks": k, "of": len(networks), "share_at_least": at_least(k, len(networks))}
            for norm, k in none.items()
        },
        "networks": networks,
    }  # fmt: skip


def _cell(found: dict[str, Any]) -> str:
    text = f"{found['mean']:.1%}"
    ends = found["interval"]
    return text if ends is None else f"{text} ({ends[0]:.1%} to {ends[1]:.1%})"


def tables() -> str:
    """What the page shows: one column a data set."""
    paths = [path for name in NAMES if (path := DATA / f"{name}.json").exists()]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    heads = [
        f"{each['data']}, {len(each['networks'])} network{'s' * (len(each['networks']) > 1)}"
        for each in found
    ]
    lines = [
        "| share of images, mean over units | " + " | ".join(heads) + " |",
        "|---" * (1 + len(found)) + "|",
    ]
    rows = [
        (f"{task}, {assumption}{f' in {norm}' if norm != 'None' else ''}, {k} + {k} exemplars: {how}", f"{assumption}; {norm}; pictures; {k}; {task}", how)
        for task in ("side", "approx")
        for k in (0, 1, 16)
        for assumption, norms, how in (
            ("nothing", ("None",), "at least"), ("any admissible constant", ("l2", "linf"), "at most"),
            ("certified constant", ("l2", "linf"), "at least"),
        )
        for norm in (norms if k == 0 else norms[:1])
    ]  # fmt: skip
    for title, key, how in rows:
        cells = [_cell(each["means"][key][how]) if key in each["means"] else "-" for each in found]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    for norm in ("l2", "linf"):
        near = [
            [min(u["slopes"][norm]["nearest"][0] / u["slopes"][norm]["radius"] for u in network["units"]) for network in each["networks"]]
            for each in found
        ]  # fmt: skip
        cells = [f"{min(v):.1f}" for v in near]
        lines.append(
            f"| nearest image over the radius of theory in {norm}, least of all units and networks | {' | '.join(cells)} |"
        )
    constant = [
        [sum(u["constant answer"] for u in network["units"]) / len(network["units"]) for network in each["networks"]]
        for each in found
    ]  # fmt: skip
    cells = [_cell({"mean": sum(v) / len(v), "interval": interval(v)}) for v in constant]
    lines.append(f"| side: right by the decoder that always says one side | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rewritten(page: str) -> str:
    """The page with its table replaced."""
    before, _, after = page.partition("<!-- witnesses -->\n")
    rest = after.splitlines(keepends=True)
    while rest and rest[0].startswith("|"):
        rest.pop(0)
    return f"{before}<!-- witnesses -->\n{tables()}{''.join(rest)}"


def main() -> None:
    """See above."""
    from trompe.empirical._torch import repeatable

    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=(*NAMES, "tables"))
    parser.add_argument("--photos")
    parser.add_argument("--networks", type=int, default=NETWORKS)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    if asked.what == "tables":
        PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return
    with repeatable():
        networks = [
            measured(*subject, *PICTURES[asked.what], **SEARCH.get(asked.what, {}))
            for subject in subjects(asked.what, asked.networks, asked.photos)
        ]
    output = asked.output or DATA / f"{asked.what}.json"
    output.write_text(json.dumps(witness(asked.what, networks), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
