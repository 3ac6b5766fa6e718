"""All cells, one after another or side by side; what they say together; the witness and its figures."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import Unit, repeatable, torch
from trompe.empirical.arena import figures as drawn
from trompe.empirical.arena.attacks import ATTACKS, NONE
from trompe.empirical.arena.cells import (
    EXAMPLE,
    REFERENCE_SEEDS,
    ArenaCell,
    Design,
    Observed,
    run_cell,
    run_elsewhere,
)
from trompe.empirical.arena.checks import CHECKS, LEVEL, Check
from trompe.empirical.arena.claims import judge_claims, read_claims
from trompe.empirical.arena.methods import METHODS
from trompe.empirical.arena.registry import Registry, load_entry_points, load_plugins
from trompe.empirical.arena.single import SingleCase, imagenet_case, single_case
from trompe.empirical.arena.statistics import HONEST, LEAST, OTHER, alarms_of, as_rows, means_of
from trompe.empirical.cache import TensorCache, json_text
from trompe.empirical.experiments.context import credited
from trompe.empirical.experiments.figures import save
from trompe.empirical.inputs.data import ImageData, load_data
from trompe.empirical.progress import progress_bar
from trompe.empirical.record import RunRecord, versions
from trompe.ground.arguments import Integer, checked
from trompe.ground.files import Destination, write_file
from trompe.ground.processes import Died, results
from trompe.ground.reading import Unreadable, json_data, read_file
from trompe.theory import InvalidInput

FILE = "arena.json"
MARK = ".trompe-arena"
"""An empty file in a folder that the arena has made."""
SCHEMA = 1
MAX_BYTES = 64 * 2**20
SHOWN_IN = "method of the alarms shown"
"""The setting that tells of which method's pictures the alarms in the figure and in the tables are."""
CREDITS = "credits"
"""Beside the pictures of a cell: whose photographs they may come from."""


@dataclass(frozen=True)
class Size:
    """How much is run where it is not said; without keys all that are registered."""

    networks: int
    references: int
    attacks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


FULL = Size(LEAST, 19)
QUICK = Size(
    2, 4, (NONE, "circuit-own", "slingshot-own", "slingshot-eye", "silent"), ("pixel", "fourier", "accent-own")
)  # fmt: skip
STATEMENT = (
    "Trained networks, attacks on them, methods of visualization and checks: on how many networks of each kind each check alarms, and how "
    "like the picture of each method is to the honest one. A check is sound here if it alarms on no honest network (one that is trained by the recipe and not changed afterwards), and complete if it alarms on every "
    f"attacked network whose picture, by the method that the check looks at, is another one: correlation with the honest picture below {OTHER:g}. "
    "A check that judges a network and no method's pictures counts every attacked network."
)
Several = Sequence[str]
_TABLES: dict[str, Registry[Any]] = {"attacks": ATTACKS, "methods": METHODS, "checks": CHECKS}


@checked
def run_arena(
    data: str | Path | ImageData = "digits",
    output: str | Path = "trompe-arena",
    *,
    networks: Annotated[int, Integer(1, 1000)] | None = None,
    references: Annotated[int, Integer(2, 1000)] | None = None,
    attacks: Several = (),
    methods: Several = (),
    checks: Several = (),
    quick: bool = False,
    model: torch.nn.Module | None = None,
    units: Sequence[Unit] = (),
    photos: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
    cache: str | Path | None = None,
    jobs: Annotated[int, Integer(1, 1024)] = 1,
    force: bool = False,
    show: bool = True,
    done: Callable[[str, bool], None] | None = None,
) -> dict[str, Any]:
    """Attacks x methods x checks on trained networks; leaves OUTPUT/arena.json with its figures. The witness.

    A finished cell (a network under an attack) is on disk and is not run again unless `force`; an interrupted run goes on where it
    stopped. Equal runs give equal bits, whatever `jobs`.

    Parameters
    ----------
    data : digits, fashion-mnist, a folder, or ImageData; small networks are trained on it. Or imagenet: the network trained on it and
        photographs (docs/imagenet.md; photos : a folder of them), a single case. networks : how many are tested, each under each
        attack; default 5, the fewest for which there are intervals. references : how many others the calibrated alarms are held against; default 19, for a level of
        1/20. attacks, methods, checks : keys; default all that are registered. quick : two networks, fewer attacks and methods, and no intervals.
    model : a network in eval mode with output (n, outputs), for images in [0, 1], in place of trained ones: a single case, with raw values, no
        calibrated alarms and no intervals. Its classes are what it takes images for. units : its outputs that are attacked; default three of
        pictures above 64 pixels, else ten, of those that most images are taken for.
    plugins : Python files that register more. jobs : processes. done : called with (name of the cell, whether it was there already).

    Raises
    ------
    InvalidInput, UnknownKey : one line on what is wrong; too few networks for an interval, say.
    """
    size = QUICK if quick else FULL
    is_single = model is not None or data == "imagenet"
    count = 1 if is_single else networks or size.networks
    _check_case(data, model, is_single, (networks, references), units, photos, jobs)
    if count < LEAST and not quick and not is_single:
        raise InvalidInput(
            f"networks = {count}: too few for an interval; give at least {LEAST}, or ask for quick, which states raw values"
        )
    folder = Path(output).expanduser()
    files = tuple(Path(p).expanduser().resolve() for p in plugins)
    load_entry_points()
    with ATTACKS.restored(), METHODS.restored(), CHECKS.restored():
        load_plugins(files)
        asked = {
            "attacks": tuple(attacks) or size.attacks or ATTACKS.keys,
            "methods": tuple(methods) or size.methods or METHODS.keys,
            "checks": tuple(checks) or CHECKS.keys,
        }
        asked = {k: tuple(dict.fromkeys(v)) for k, v in asked.items()}
        for kind, table in _TABLES.items():
            for key in asked[kind]:
                table[key]  # an unknown one is named
        asked["attacks"] = tuple(dict.fromkeys((NONE, *asked["attacks"])))
        asked["checks"] = tuple(dict.fromkeys((HONEST, *asked["checks"])))
        single: SingleCase | None = None
        if data == "imagenet":
            images, single = imagenet_case(photos, units, cache, show)
        else:
            images = data if isinstance(data, ImageData) else load_data(data)
        if model is not None:
            images, single = single_case(images, model, units)
        if len(images.classes) < 2:
            raise InvalidInput(
                f"data {images.name}: one class only; the arena trains classifiers, give one subfolder a class"
            )
        others = range(REFERENCE_SEEDS, REFERENCE_SEEDS + (references or size.references))
        if is_single or not any(
            (a := CHECKS[k].alarm) is not None and a.unusual for k in asked["checks"]
        ):
            others = range(0)
        design = Design(
            images, asked["attacks"], asked["methods"], asked["checks"], tuple(range(count)), tuple(others),
            None if cache is None else str(cache), files, single=single,
        )  # fmt: skip
        _check_folder(folder)
        store = TensorCache(cache)
        for needed in (folder / FILE, folder / "cells" / FILE, store.folder / FILE):
            Destination(needed, parents=True)  # before the work, not after it
        write_file(folder / MARK, "", parents=True)
        with repeatable():
            cells = _cells(design, folder, jobs, force, show, done)
            witness = _witness(design, cells)
            witness["figures"] = _figures(design, witness, folder)
    write_file(folder / FILE, json_text(witness), parents=True)
    return witness


def _check_case(
    data: Any, model: Any, is_single: bool, counts: Sequence[int | None], units: Sequence[int], photos: Any, jobs: int
) -> None:  # fmt: skip
    if model is not None and data == "imagenet":
        raise InvalidInput("data = imagenet: has a network of its own; leave the model out")
    if photos is not None and data != "imagenet":
        raise InvalidInput("photos: are for data = imagenet; give a folder of your own as data, and model")  # fmt: skip
    if len(units) and not is_single:
        raise InvalidInput("units: are those of a network; give model too")
    if is_single and any(count is not None for count in counts):
        raise InvalidInput("networks, references: a network that is not trained here is a single case; leave them out")  # fmt: skip
    if is_single and jobs != 1:
        raise InvalidInput("jobs: a network that is not trained here stays in this process; leave jobs out")  # fmt: skip


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"output = {str(folder)!r} is a file; expected a folder")
    if folder.is_dir() and not (folder / MARK).is_file():
        entry = next(folder.iterdir(), None)
        if entry is not None:
            raise InvalidInput(
                f"output {folder} holds {entry.name!a} and no arena; give a folder that is new or empty"
            )


def _cells(
    design: Design, folder: Path, jobs: int, force: bool, show: bool, done: Callable[[str, bool], None] | None
) -> list[dict[str, Any]]:  # fmt: skip
    """The numbers of every cell, from its file or found now."""
    found = {
        cell: there for cell in design.cells if not force and (there := _read(design, cell, folder)) is not None
    }  # fmt: skip
    for cell in found:
        if done is not None:
            done(cell.name, True)
    waiting = [cell for cell in design.cells if cell not in found]
    calls = [(run_cell if jobs == 1 else run_elsewhere, design, cell) for cell in waiting]
    with progress_bar(f"{len(waiting)} cells", len(waiting), show) as advance:
        for number, result in results(calls, jobs):
            cell = waiting[number]
            if isinstance(result, Died):
                raise InvalidInput(f"cell {cell.name}: {result.reason}; finished cells are kept")
            found[cell] = _keep(design, cell, folder, result)
            advance(1)
            if done is not None:
                done(cell.name, False)
    return [
        {"attack": c.attack, "seed": c.seed, "role": c.role, "measures": found[c]} for c in design.cells
    ]  # fmt: skip


def _read(design: Design, cell: ArenaCell, folder: Path) -> dict[str, Any] | None:
    """The numbers of a finished cell, None where there is none, or one of another run or a damaged one."""
    try:
        content = json_data(read_file(folder / "cells" / f"{cell.name}.json", MAX_BYTES), MAX_BYTES)
    except Unreadable:
        return None
    whole = isinstance(content, dict) and content.get("identity") == design.identity(cell)
    if not whole or not isinstance(content.get("measures"), dict):
        return None
    if _shows(design, cell):
        arrays = _arrays(folder, cell)
        if arrays is None or not set(design.methods) <= set(arrays):
            return None
    measures: dict[str, Any] = content["measures"]
    return measures


def _shows(design: Design, cell: ArenaCell) -> bool:
    """Are pictures of this cell kept for the figure of examples?"""
    return cell.role == "tested" and cell.seed == design.networks[0]


def _keep(design: Design, cell: ArenaCell, folder: Path, found: Observed) -> dict[str, Any]:
    if _shows(design, cell):
        levels = {
            key or "wanted": np.rint(images.numpy().astype(np.float64) * 255).astype(np.uint8)
            for key, images in found.examples.items()
        }
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **levels, **{CREDITS: np.array(found.credits, dtype=np.str_)})  # fmt: skip
        write_file(_pictures_of(folder, cell), content.getvalue(), parents=True)
    measures = {key: dict(numbers) for key, numbers in found.measures.items()}
    content_of_cell = {"identity": design.identity(cell), "measures": measures}
    write_file(folder / "cells" / f"{cell.name}.json", json_text(content_of_cell), parents=True)
    return measures


def conclusions(
    cells: Sequence[Mapping[str, Any]], checks: Sequence[str], redirected: Collection[str], single: bool = False
) -> dict[str, Any]:  # fmt: skip
    """What a witness concludes from its cells: alarms, means, claims. redirected : see `alarms_of`. single : see `_asked`."""
    asked = _asked(checks, single)
    alarms, means = alarms_of(cells, asked, redirected), means_of(cells, asked)
    claims = [
        {"key": c.key, "says": c.says, "status": c.status, "why": c.why}
        for c in judge_claims(read_claims(), alarms, means)
    ]
    return {"alarms": as_rows(alarms), "means": as_rows(means), "claims": claims}


def _asked(checks: Sequence[str], single: bool) -> list[Check]:
    """These checks; of a single case without calibrated alarms, since it has no reference networks."""
    asked = [CHECKS[key] for key in checks]
    return [replace(c, alarm=None) if single and c.alarm is not None and c.alarm.unusual else c for c in asked]  # fmt: skip


def _witness(design: Design, cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything but the figures. No times and no paths, so that equal runs give equal bytes."""
    record = RunRecord("empirical/arena", STATEMENT, design.data, torch.device("cpu"), 0)
    settings = design.settings()
    del settings["data"], settings["versions"]
    settings |= {
        "networks": list(design.networks), "references": list(design.references), "layers": list(_layers(design)),
        "paths alarm below": LEVEL, "other pictures below": OTHER, "networks for an interval": LEAST,
        SHOWN_IN: drawn.shown_method(design.methods),
        "level of calibrated alarms": 1 / (len(design.references) + 1) if design.references else None,
    }  # fmt: skip
    return {
        "schema": SCHEMA,
        "key": record.key,
        "statement": record.statement,
        "data": record.data,
        "device": record.device,
        "versions": versions(),
        "settings": settings,
        **_registered(design.attacks, design.methods, design.checks),
        "cells": cells,
        **conclusions(cells, design.checks, _redirected(design.attacks), design.single is not None),
    }


def _redirected(attacks: Sequence[str]) -> list[str]:
    return [key for key in attacks if ATTACKS[key].redirect]


def _registered(
    attacks: Sequence[str], methods: Sequence[str], checks: Sequence[str]
) -> dict[str, Any]:
    """What a witness says of each part of the run."""
    return {
        "attacks": [
            {"key": a.key, "says": a.says, "reading": a.reading, "redirect": a.redirect}
            for a in map(ATTACKS.__getitem__, attacks)
        ],
        "methods": [{"key": m.key, "says": m.says, "reading": m.reading} for m in map(METHODS.__getitem__, methods)],
        "checks": [
            {
                "key": c.key, "says": c.says, "cannot": c.cannot, "alarm": c.alarm.says if c.alarm else "", "of": c.source,
                "original": c.original,
            }
            for c in map(CHECKS.__getitem__, checks)
        ],
    }  # fmt: skip


def concluded_again(witness: Mapping[str, Any]) -> dict[str, Any]:
    """A witness with all that follows from its cells, as today's sources have it: statistics, claims, sentences.

    Raises
    ------
    UnknownKey : an attack, a method or a check of it is not registered.
    """
    attacks, methods, checks = (
        [e["key"] for e in witness[kind]] for kind in ("attacks", "methods", "checks")
    )
    shown = {SHOWN_IN: drawn.shown_method(methods)}
    return {
        **witness, "statement": STATEMENT, "settings": witness["settings"] | shown,
        **_registered(attacks, methods, checks), **conclusions(witness["cells"], checks, _redirected(attacks), "network" in witness["settings"]),
    }  # fmt: skip


def conclude_again(folder: Path) -> None:
    """Bring FOLDER/arena.json up to the sources, after a change of statistics, claims or sentences, with the figures that its cells give.

    For the witnesses in data/: `python -P -c "from pathlib import Path; from trompe.empirical.arena.run import conclude_again as again;
    again(Path('data/arena/digits'))"`, then `python docs/tables.py`. Nothing is trained; pictures of examples stay as they are.
    """
    witness = concluded_again(json_data(read_file(folder / FILE, MAX_BYTES), MAX_BYTES))
    figures = {name: (figure, says) for name, figure, says in _charts(witness)}
    for entry in witness["figures"]:
        name = Path(entry["file"]).stem
        if name in figures:
            figure, entry["caption"] = figures[name]
            save(figure, folder, name)
    write_file(folder / FILE, json_text(witness))


def _layers(design: Design) -> tuple[str, ...]:
    return design.subject(design.networks[0]).layers


def _charts(witness: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """The figures that are drawn from numbers: name, figure, caption."""
    asked = _asked([c["key"] for c in witness["checks"]], "network" in witness["settings"])
    redirected = _redirected([a["key"] for a in witness["attacks"]])
    alarms, means = (
        alarms_of(witness["cells"], asked, redirected),
        means_of(witness["cells"], asked),
    )
    original = [c.key for c in asked if c.original]
    n = len(witness["settings"]["networks"])
    of = f"{n} network{'s' * (n > 1)}"
    return [
        (
            "matrix", drawn.matrix(alarms, means, original, witness["settings"][SHOWN_IN]),
            f"Left: of {of} of each kind, those that raise each alarm; attacked ones count where they show other pictures (correlation with the honest one "
            f"below {OTHER:g}), and `true` is said where none does. Alarms on honest networks are false; a star marks what needs the original network. Right: mean correlation of each method's pictures with the honest network's.",
        ),
        (
            "paths", drawn.path_curves(witness["cells"], witness["settings"]["layers"], LEVEL),
            f"Path similarity by hidden layer, a thin line a network and a thick one their mean, {of} of each kind.",
        ),
    ]  # fmt: skip


def _figures(design: Design, witness: Mapping[str, Any], folder: Path) -> list[dict[str, str]]:
    made = _charts(witness)
    pictures, whose = _examples(design, folder)
    units = list(design.single.units) if design.single else list(range(len(design.data.classes)))
    place = min(EXAMPLE, len(units) - 1)
    made.append(
        (
            "examples", drawn.examples(pictures, design.methods, place, f"Unit {units[place]} of one network"),
            "One unit of one network, first seed: the picture that the attack wants (white: none in particular), and what each method shows." + credited(whose),
        )
    )  # fmt: skip
    return [{"file": save(figure, folder, name), "caption": says} for name, figure, says in made]


def _examples(design: Design, folder: Path) -> tuple[dict[str, dict[str, NDArray[Any]]], list[str]]:
    """Pictures by attack and method, and whose photographs they may come from."""
    found: dict[str, dict[str, NDArray[Any]]] = {}
    whose: list[str] = []
    for cell in design.cells:
        if _shows(design, cell):
            arrays = _arrays(folder, cell)
            if arrays is None:
                raise InvalidInput(
                    f"{_pictures_of(folder, cell)}: cannot be read as pictures; run again, the cell is then made anew"
                )
            whose += arrays.pop(CREDITS, np.array([])).tolist()
            found[cell.attack] = {("" if k == "wanted" else k): v for k, v in arrays.items()}
    return found, whose


def _pictures_of(folder: Path, cell: ArenaCell) -> Path:
    return folder / "cells" / f"{cell.name}.npz"


def _arrays(folder: Path, cell: ArenaCell) -> dict[str, NDArray[Any]] | None:
    """The kept pictures of a cell; None where the file is missing or damaged."""
    try:
        with _pictures_of(folder, cell).open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            return {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, BadZipFile, zlib.error):  # fmt: skip
        return None
