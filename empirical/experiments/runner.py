"""`reproduce`: runs experiments one after another; every finished one is on disk before the next begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from trompe.empirical._torch import Unit, pick_device, repeatable, torch
from trompe.empirical.cache import REVISION, TensorCache, json_sha256, json_text
from trompe.empirical.experiments import certified, circuit, erm, paths, silent
from trompe.empirical.experiments.context import Context
from trompe.empirical.experiments.given import look_at
from trompe.empirical.imagenet.data import add_accuracy, imagenet_data, imagenet_subject
from trompe.empirical.inputs.data import ImageData, as_floats, load_data
from trompe.empirical.inputs.pictures import load_picture
from trompe.empirical.record import RunRecord, read_witness, versions
from trompe.ground.arguments import Integer, checked
from trompe.ground.errors import known
from trompe.ground.files import Destination, write_file
from trompe.theory import InvalidInput

EXPERIMENTS: dict[str, Callable[[Context], RunRecord]] = {
    "erm-witness": erm.run,
    "fooling-circuit": circuit.run,
    "certified-circuit": certified.run,
    "silent-units": silent.run,
    "path-similarity": paths.run,
}
"""In the order in which `all` runs them."""
MARK = ".trompe-experiment"
"""An empty file in a folder that an experiment has made."""


@checked
def reproduce(
    experiment: str = "all",
    data: str | Path | ImageData = "digits",
    device: str = "auto",
    seed: Annotated[int, Integer(0, 2**63)] = 0,
    output: str | Path = "trompe-output",
    *,
    target: str | Path | None = None,
    model: torch.nn.Module | None = None,
    units: Sequence[Unit] = (),
    names: Sequence[str] = (),
    layers: Sequence[str] = (),
    photos: str | Path | None = None,
    cache: str | Path | None = None,
    threads: Annotated[int, Integer(1, 1024)] = 1,
    force: bool = False,
    show: bool = True,
    done: Callable[[str, dict[str, Any], bool], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Run one experiment or `all`, and leave OUTPUT/EXPERIMENT/witness.json with its figures. The witnesses.

    A finished experiment with the same identity (data, seed, device, threads, versions, target) is not
    run again unless `force`. Trained weights and optimised images are cached as they are finished, so an
    interrupted run goes on where it stopped. An experiment that these data or this model do not allow is named at the
    end, when the others are done.

    Parameters
    ----------
    data : digits, fashion-mnist, imagenet (a network trained on it, and photographs; docs/imagenet.md), a folder, or
        ImageData. photos : with imagenet, a folder of photographs; see `load_photographs`. device : auto, cpu, cuda.
    target : a picture that the fooled units shall show (and the ERM pair's maximiser).
    model : a network in eval mode with output (n, outputs), for images in [0, 1]: it is looked at in place of those that
        are trained here. Its classes are what it takes images for, not the labels of the data. ERM-witness is about data alone
        and is left out of `all`.
    units : outputs of `model` that are visualized and fooled; default the ten that most images are taken for. names : of all
        its outputs. layers : of path similarity, and beside which silent units are put; default some of all.
    cache : folder for weights; default the platform's. threads : CPU threads; bits repeat per count.
    done : called with (key, witness, whether it was skipped) after each experiment.

    Raises
    ------
    UnknownKey, InvalidInput, MissingDependency : one line on what is wrong with the question.
    """
    known("experiment", experiment, (*EXPERIMENTS, "all"))
    keys = [key for key in EXPERIMENTS if experiment in (key, "all")]
    if model is None and (names or ((units or layers) and data != "imagenet")):
        raise InvalidInput("units, names and layers are those of a network; give model too")
    if model is not None:
        if experiment == "erm-witness":
            raise InvalidInput("erm-witness: is about data alone; leave the model out")
        keys = [key for key in keys if key != "erm-witness"]
    place = pick_device(device)
    subject: dict[str, Any] | None = None
    photographs = None
    if photos is not None and data != "imagenet":
        raise InvalidInput(
            "photos: are for data = imagenet; give a folder of your own as data, and model"
        )
    if data == "imagenet":
        if model is not None:
            raise InvalidInput("data = imagenet: has a network of its own; leave the model out")
        images, photographs = imagenet_data(photos, seed, cache, show)
        subject = imagenet_subject() | {
            key: v for key, v in (("units", units), ("layers", layers)) if v
        }
    else:
        images = data if isinstance(data, ImageData) else load_data(data)
        if model is not None:
            subject = {"network": model, "units": units, "names": names, "layers": layers}
    if len(images.classes) < 2 and subject is None:
        raise InvalidInput(
            f"data {images.name}: one class only; the experiments train a classifier, give one subfolder a class"
        )
    folder = Path(output).expanduser()
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"output = {str(folder)!r} is a file; expected a folder")
    picture = None
    if target is not None:
        pixels = load_picture(target, images.shape, images.levels)
        picture = as_floats(pixels, images.levels)
    store = TensorCache(cache)
    there = [folder / key for key in keys if (folder / key).exists()]
    for needed in (folder, store.folder, *there):  # before the work, not after it
        Destination(needed / "witness.json", parents=True)
    for key in keys:
        _check_made_here(folder / key, key)
    results = {}
    refused: dict[str, InvalidInput] = {}
    with repeatable(threads, place):
        ctx = Context(images, place, seed, folder, store, show, picture)
        if subject is not None:
            subject["network"].to(place)
            ctx.given = look_at(images=ctx.train, groups=images.train.groups, **subject)
        for key in keys:
            identity = _identity(ctx, key)
            found = None if force else read_witness(folder / key)
            if (
                found is not None
                and found.get("identity") == identity
                and _complete(folder / key, found)
            ):
                results[key] = found
            else:
                found = None
                ctx.timings = {}
                _check_made_here(folder / key, key)
                write_file(folder / key / MARK, "", parents=True)
                with ctx.timed("all"):
                    try:
                        witness = EXPERIMENTS[key](ctx)
                    except InvalidInput as error:
                        refused[key] = error
                        continue
                if photographs is not None and key == "fooling-circuit":
                    add_accuracy(witness, ctx.network)
                witness.identity = identity
                write_file(folder / key / "timings.json", json_text(ctx.timings))
                witness.write(folder / key)
                if photographs is not None:
                    photographs.save_manifest(folder / key / "photographs.json")
                results[key] = witness.as_json()
            if done is not None:
                done(key, results[key], found is not None)
    if refused:
        others = f" (the others are done: {', '.join(results)})" if results else ""
        raise InvalidInput("; ".join(f"{key}: {why}" for key, why in refused.items()) + others)
    return results


def _identity(ctx: Context, key: str) -> str:
    return json_sha256(
        {
            "key": key, "revision": REVISION, "data": ctx.data.sha256, "seed": ctx.seed,
            "device": ctx.device.type, "threads": torch.get_num_threads(), "versions": versions(),
            "target": None if ctx.target is None else ctx.target.tolist(), "steps": ctx.steps,
        } | (ctx.given.identity() if ctx.given else {})
    )[:32]  # fmt: skip


def _check_made_here(folder: Path, key: str) -> None:
    """Refuse a folder with anything in it that no run of this experiment has made: files would be replaced."""
    if not folder.is_dir() or (folder / MARK).is_file():
        return
    entry = next(folder.iterdir(), None)
    if entry is not None and (read_witness(folder) or {}).get("key") != f"empirical/{key}":
        raise InvalidInput(
            f"output {folder} holds {entry.name!a} and no witness of {key}; give a folder where it is new or empty"
        )


def _complete(folder: Path, witness: dict[str, Any]) -> bool:
    """Are all figures of this witness there?"""
    return all((folder / entry["file"]).is_file() for entry in witness["figures"])
