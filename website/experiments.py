"""A page an experiment and data set, from the witnesses in data/."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas import TEMPLATES

from trompe.empirical.record import read_witness, results_table
from trompe.ground.errors import InvalidInput

ELSEWHERE = ("arena",)
"""Folders of data/ that no experiment has made; docs/arena.md has their tables and figures."""


DATA_SETS = {"fashion-mnist": "Fashion-MNIST", "imagenet": "ImageNet"}


@dataclass(frozen=True)
class Run:
    """One committed run: its data set, its experiment, its folder and its witness."""

    data: str
    experiment: str
    folder: Path
    witness: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The experiment and the data set, as a reader writes them."""
        named = self.experiment.replace("-", " ").capitalize().replace("Erm", "ERM")
        return f"{named} on {DATA_SETS.get(self.data, self.data)}"

    @property
    def address(self) -> str:
        """Where its page stands."""
        return f"experiments/{self.data}/{self.experiment}"


def read(data: Path) -> list[Run]:
    """The committed runs.

    Raises
    ------
    InvalidInput : there is none, or a folder lacks its witness or a figure that the witness names.
    """
    runs = []
    for folder in sorted(path for path in data.glob("*/*") if path.is_dir()):
        if folder.parent.name in ELSEWHERE:
            continue
        witness = read_witness(folder)
        if witness is None:
            raise InvalidInput(
                f"{folder / 'witness.json'} is missing or not whole; restore it, or make it with trompe reproduce"
            )
        for figure in witness["figures"]:
            if not (folder / figure["file"]).is_file():
                raise InvalidInput(f"{folder / figure['file']} is missing; witness.json names it")
        runs.append(Run(folder.parent.name, folder.name, folder, witness))
    if not runs:
        raise InvalidInput(f"{data} holds no experiment; expected DATA/EXPERIMENT/witness.json")
    return runs


def _seeds(run: Run) -> str:
    """The accepted numbers of this experiment that differ between the seeds that were run, as a table; "" without any."""
    path = run.folder.parent / "seeds.json"
    if not path.is_file():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    of = {
        seed: [e for e in entries if e["experiment"] == run.experiment]
        for seed, entries in found.items()
    }
    table = results_table(of, differing=True)
    return table if len(table.splitlines()) > 2 else ""


def write(source: Path, runs: Sequence[Run]) -> None:
    """Write a page a run, with its files beside it, and their list."""
    for run in runs:
        place = source / run.address
        place.mkdir(parents=True)
        kept = source / "downloads" / run.address
        kept.mkdir(parents=True)
        for path in sorted(run.folder.iterdir()):
            shutil.copyfile(path, kept / path.name)
        for figure in run.witness["figures"]:
            shutil.copyfile(run.folder / figure["file"], place / figure["file"])
        files = sorted(path.name for path in run.folder.iterdir())
        page = TEMPLATES.get_template("experiment.md.j2").render(
            run=run, files=files, seeds=_seeds(run), up="../../../", **run.witness
        )
        (place / "index.md").write_text(page, encoding="utf-8")
    index = TEMPLATES.get_template("experiments.md.j2").render(runs=runs)
    (source / "experiments" / "index.md").write_text(index, encoding="utf-8")
