"""The runner: every experiment on other shapes, witnesses by the schema, resuming, repeating."""

from __future__ import annotations

import json
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nodes import FULL, device, fifo, within

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

pytest.importorskip("matplotlib", reason="figures are drawn with matplotlib")

from trompe.empirical.attacks import detector
from trompe.empirical.experiments import context, figures, runner
from trompe.empirical.imagenet.notices import Notice
from trompe.empirical.inputs.data import ImageData, Split
from trompe.empirical.networks import training
from trompe.empirical.record import (
    SCHEMA_FILE,
    RunRecord,
    accepted_numbers,
    results_table,
    worst_table,
)
from trompe.theory import InvalidInput, UnknownKey

REPO = Path(__file__).parents[3]


def check_schema(witness):
    jsonschema = pytest.importorskip(
        "jsonschema", reason="witnesses are checked against their schema"
    )
    jsonschema.validate(witness, json.loads(SCHEMA_FILE.read_text()))


@pytest.fixture(scope="module")
def blobs():
    """Three classes of coloured 6 x 9 pictures: a bright patch in one of three places."""
    rng = np.random.default_rng(0)

    def split(n):
        labels = np.arange(n) % 3
        images = rng.integers(0, 60, (n, 3, 6, 9), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 1:5, 3 * label : 3 * label + 3] += 150
        return Split(images, labels, 255)

    return ImageData("blobs", split(60), split(24), ("left", "middle", "right"))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(context.Context, "steps", 6)
    monkeypatch.setattr(figures, "DPI", 30)
    for key, recipe in training.RECIPES.items():
        short = training.Recipe(recipe.network, epochs=5, batch=30, width=4, shift=0, peak=1e-2)
        monkeypatch.setitem(training.RECIPES, key, short)
    real = detector.train_detector
    from trompe.empirical.experiments import certified
    from trompe.empirical.experiments import detector as fitting

    monkeypatch.setattr(fitting, "train_detector", lambda *a, **k: real(*a, **(k | {"steps": 20})))
    monkeypatch.setattr(certified, "TINY_RADII", (8,))
    bounded = certified.train_bounded_detector
    monkeypatch.setattr(
        certified,
        "train_bounded_detector",
        lambda *a, **k: bounded(*a, **(k | {"steps": 20})),
    )


def test_every_experiment_runs_on_other_shapes_resumes_and_repeats(
    blobs, quick, tmp_path, monkeypatch
):
    states = []
    kwargs = {"cache": tmp_path / "cache", "show": False}
    first = runner.reproduce(
        "all", blobs, "cpu", 1, tmp_path / "out", done=lambda *a: states.append(a[2]), **kwargs
    )
    assert states == [False] * 5
    assert set(first) == set(runner.EXPERIMENTS)
    for key, witness in first.items():
        check_schema(witness)
        assert witness["key"] == f"empirical/{key}"
        assert json.loads((tmp_path / "out" / key / "witness.json").read_text()) == witness
        for figure in witness["figures"]:
            assert (tmp_path / "out" / key / figure["file"]).stat().st_size > 1000
    names = [m["name"] for m in first["erm-witness"]["measurements"]]
    assert "f - g on every test image" in names
    # a rerun finds everything there; a missing witness is made again, to the same bytes
    before = (tmp_path / "out" / "silent-units" / "witness.json").read_bytes()
    picture = (tmp_path / "out" / "silent-units" / "conv3.png").read_bytes()
    (tmp_path / "out" / "silent-units" / "witness.json").unlink()
    states.clear()
    runner.reproduce(
        "all", blobs, "cpu", 1, tmp_path / "out", done=lambda *a: states.append(a[2]), **kwargs
    )
    assert states == [True, True, True, False, True]
    timings = json.loads((tmp_path / "out" / "silent-units" / "timings.json").read_text())
    assert timings["training cnn"]["from_cache"] == timings["all"]["from_cache"] == 1
    assert (tmp_path / "out" / "certified-circuit" / "tiny.smt2").read_text().count(
        "check-sat"
    ) == 8
    assert (tmp_path / "out" / "silent-units" / "witness.json").read_bytes() == before
    assert (tmp_path / "out" / "silent-units" / "conv3.png").read_bytes() == picture
    # another cache: everything is trained again, to the same bits
    again = runner.reproduce(
        "fooling-circuit",
        blobs,
        "cpu",
        1,
        tmp_path / "fresh",
        cache=tmp_path / "cache2",
        show=False,
    )
    assert again["fooling-circuit"] == first["fooling-circuit"]


def test_an_interrupted_run_keeps_what_is_finished(blobs, quick, tmp_path, monkeypatch):
    monkeypatch.setitem(runner.EXPERIMENTS, "fooling-circuit", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        runner.reproduce(
            "all", blobs, "cpu", 0, tmp_path / "out", cache=tmp_path / "cache", show=False
        )
    done = sorted(p.parent.name for p in (tmp_path / "out").glob("*/witness.json"))
    assert done == ["erm-witness"]


def _interrupt(ctx):
    raise KeyboardInterrupt


def test_bad_questions(tmp_path, blobs):
    with pytest.raises(UnknownKey, match="did you mean silent-units"):
        runner.reproduce("silent-unit", output=tmp_path)
    with pytest.raises(InvalidInput, match="seed = -1"):
        runner.reproduce("all", blobs, seed=-1, output=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="is a file; expected a folder"):
        runner.reproduce("all", blobs, "cpu", output=tmp_path / "file")
    one = ImageData("one", blobs.train, blobs.test, ("only",))
    with pytest.raises(InvalidInput, match="one class only"):
        runner.reproduce("all", one, "cpu", output=tmp_path)
    with pytest.raises(InvalidInput, match="is no folder"):
        runner.reproduce("all", "nowhere", "cpu", output=tmp_path)


def test_a_place_that_cannot_be_written_is_seen_before_the_work(blobs, tmp_path, monkeypatch):
    monkeypatch.setitem(runner.EXPERIMENTS, "erm-witness", _interrupt)
    (tmp_path / "silent-units" / "witness.json").mkdir(parents=True)
    with pytest.raises(InvalidInput, match=r"silent-units/witness\.json cannot be written"):
        runner.reproduce("all", blobs, "cpu", output=tmp_path, cache=tmp_path / "cache", show=False)


def _made(ctx):
    witness = ctx.witness("erm-witness", "a claim")
    ctx.text("erm-witness", "pair.txt", "ours")
    return witness


def test_files_that_no_experiment_has_made_are_left_alone(blobs, tmp_path, monkeypatch):
    monkeypatch.setitem(runner.EXPERIMENTS, "erm-witness", _interrupt)
    out = tmp_path / "out" / "erm-witness"
    out.mkdir(parents=True)
    arguments = ("erm-witness", blobs, "cpu", 0, tmp_path / "out")
    kwargs = {"cache": tmp_path / "cache", "show": False}
    for name, content in (
        ("pair.txt", "mine"),
        ("witness.json", "{}"),
        ("witness.json", json.dumps({"schema": 1, "key": "mine", "figures": []})),
    ):
        (out / name).write_text(content)
        with pytest.raises(InvalidInput, match=rf"holds '{name}' and no witness of erm-witness"):
            runner.reproduce(*arguments, **kwargs)
        assert [path.name for path in out.iterdir()] == [name]
        assert (out / name).read_text() == content
        (out / name).unlink()
    # an empty folder is ours, and stays so after an interrupt
    with pytest.raises(KeyboardInterrupt):
        runner.reproduce(*arguments, **kwargs)
    (out / "pair.txt").write_text("half")
    monkeypatch.setitem(runner.EXPERIMENTS, "erm-witness", _made)
    runner.reproduce(*arguments, **kwargs)
    assert (out / "pair.txt").read_text() == "ours"
    # as is one with a witness from before such folders were marked
    (out / runner.MARK).unlink()
    runner.reproduce(*arguments, **kwargs, force=True)
    assert (out / runner.MARK).is_file()


def test_devices_links_and_fifos_in_the_folder_survive(blobs, tmp_path, monkeypatch):
    monkeypatch.setitem(runner.EXPERIMENTS, "erm-witness", _made)
    (tmp_path / "out").symlink_to("far")
    arguments = ("erm-witness", blobs, "cpu", 0, tmp_path / "out")
    kwargs = {"cache": tmp_path / "cache", "show": False, "force": True}
    runner.reproduce(*arguments, **kwargs)
    out = tmp_path / "far" / "erm-witness"
    assert (tmp_path / "out").is_symlink() and (out / "witness.json").is_file()
    (out / "pair.txt").unlink()
    device(out / "pair.txt")
    (out / "timings.json").rename(tmp_path / "elsewhere")
    (out / "timings.json").symlink_to(tmp_path / "elsewhere")
    runner.reproduce(*arguments, **kwargs)
    assert stat.S_ISCHR((out / "pair.txt").stat().st_mode) and (out / "timings.json").is_symlink()
    (out / "witness.json").unlink()
    fifo(out / "witness.json")
    with (
        within(60),
        pytest.raises(InvalidInput, match=r"witness\.json cannot be written: it is a FIFO"),
    ):
        runner.reproduce(*arguments, **kwargs)


PRINTED = """
import sys
from trompe.empirical.experiments import runner
from trompe.__main__ import main

def made(key):
    def run(ctx):
        witness = ctx.witness(key, "a claim")
        witness.add("number", 1, "unit", equals=1)
        return witness
    return run

for key in runner.EXPERIMENTS:
    runner.EXPERIMENTS[key] = made(key)
main()
"""


@pytest.mark.parametrize("streams", ["", ">full", ">&-", ">&- 2>&- <&-"])
def test_every_experiment_is_finished_where_nothing_can_be_printed(tmp_path, streams):
    device(tmp_path / "full", FULL)
    (tmp_path / "code.py").write_text(PRINTED)
    line = f"{sys.executable} -P code.py reproduce all --output out --cache cache {streams}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == (2 if streams else 0), done.stderr
    assert done.stderr.count("\n") == (1 if streams in (">full", ">&-") else 0), done.stderr
    for key in runner.EXPERIMENTS:
        assert json.loads((tmp_path / "out" / key / "witness.json").read_text())["accepted"]


def test_a_missed_acceptance_is_seen(blobs):
    witness = RunRecord("empirical/test", "a claim", blobs, torch.device("cpu"), 0)
    witness.add("held to nothing", 0.5, "share")
    assert witness.accepted is None  # of no acceptance all are met
    check_schema(witness.as_json())
    assert witness.add("good", 0.5, "share", at_least=0.5)
    assert witness.accepted
    assert not witness.add("bad", 0.4, "share", at_least=0.5)
    assert not witness.accepted
    assert witness.missed() == ["bad"]
    check_schema(witness.as_json())
    broken = witness.as_json()
    del broken["seed"]
    with pytest.raises(Exception, match="'seed' is a required property"):
        check_schema(broken)


@pytest.mark.parametrize(
    "path", sorted(REPO.glob("data/*/*/witness.json")), ids=lambda p: "-".join(p.parts[-3:-1])
)
def test_committed_witnesses_fit_the_schema(path):
    witness = json.loads(path.read_text())
    check_schema(witness)
    for figure in witness["figures"]:
        assert (path.parent / figure["file"]).is_file()
    for entry in witness["measurements"]:
        held = entry.get("acceptance")
        if held:  # the verdict follows from the number, not from what was written
            relation, value, threshold = held["relation"], entry["value"], held["threshold"]
            met = (
                value == threshold
                if relation == "=="
                else value >= threshold
                if relation == ">="
                else value <= threshold
            )
            assert met == held["met"]
    assert witness["accepted"] == (not witness["missed"])


def test_the_documented_tables_are_read_from_the_committed_files():
    folders = [REPO / "data" / "digits", REPO / "data" / "fashion-mnist"]
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("no committed witnesses here")
    text = (REPO / "docs" / "experiments.md").read_text()
    columns = {folder.name: accepted_numbers(folder) for folder in folders}
    assert results_table(columns) in text.split("<!-- results -->\n")[1]
    seeds = json.loads((folders[0] / "seeds.json").read_text())
    assert list(seeds) == [f"seed {k}" for k in range(5)]
    assert seeds["seed 0"] == columns["digits"]
    assert results_table(seeds, differing=True) in text.split("<!-- seeds -->\n")[1]
    changed = json.loads(json.dumps(columns))
    changed["digits"][0]["value"] = "planted"
    assert results_table(changed) not in text


def test_the_table_of_imagenet_is_read_from_the_committed_files():
    folder = REPO / "data" / "imagenet"
    if not folder.is_dir():
        pytest.skip("no committed witnesses here")
    text = (REPO / "docs" / "imagenet.md").read_text()
    seeds = json.loads((folder / "seeds.json").read_text())
    assert seeds["seed 0"] == accepted_numbers(folder)
    assert worst_table(seeds) in text.split("<!-- worst -->\n")[1]
    size = sum(path.stat().st_size for path in folder.rglob("*.png"))
    assert size < 4e6
    may = {
        p["name"].rpartition("/")[2]
        for p in json.loads((folder / "photographs.json").read_text())["photographs"]
        if Notice(p["author"], p["licence"]).may_be_shown
    }
    for path in folder.glob("*/witness.json"):
        for figure in json.loads(path.read_text())["figures"]:
            for credit in figure["caption"].partition(" Photographs: ")[2].split("; "):
                assert not credit or credit.partition(" by ")[0] in may


def test_the_script_that_writes_the_tables(tmp_path):
    script = REPO / "docs" / "tables.py"
    if not script.is_file():
        pytest.skip("no committed witnesses here")
    tables = runpy.run_path(str(script))
    text = (REPO / "docs" / "experiments.md").read_text()
    rewritten = tables["rewritten"]
    assert rewritten("experiments.md", text) == text
    assert text.count("| 355 |") >= 1
    assert rewritten("experiments.md", text.replace("| 355 |", "| 354 |")) == text
    with pytest.raises(SystemExit, match="has no line"):
        rewritten("experiments.md", text.replace("<!-- seeds -->", ""))
    name, found = tables["collect"]([REPO / "data" / "digits"])
    assert name == "digits"
    assert list(found) == ["seed 0"]
    assert found["seed 0"] == json.loads((REPO / "data/digits/seeds.json").read_text())["seed 0"]
    run = tmp_path / "run"
    for k, key in enumerate(("erm-witness", "silent-units")):
        shutil.copytree(REPO / "data" / "digits" / key, run / key)
        witness = json.loads((run / key / "witness.json").read_text())
        (run / key / "witness.json").write_text(json.dumps(witness | {"seed": k}))
    with pytest.raises(SystemExit, match=r"expected witnesses of one seed, found seeds \[0, 1\]"):
        tables["collect"]([run])
    with pytest.raises(SystemExit, match="found seeds"):
        tables["collect"]([tmp_path / "nothing"])
    with pytest.raises(SystemExit, match=r"same data, found \['digits', 'fashion-mnist'\]"):
        tables["collect"]([REPO / "data" / "digits", REPO / "data" / "fashion-mnist"])
    page = (REPO / "docs" / "imagenet.md").read_text()
    assert rewritten("imagenet.md", page) == page
    with pytest.raises(SystemExit, match="has no line <!-- worst -->"):
        rewritten("imagenet.md", page.replace("<!-- worst -->", ""))


def test_the_worst_seed_is_named_and_a_miss_is_said():
    def entry(name, value, relation, threshold, met=True):
        acceptance = {"relation": relation, "threshold": threshold, "met": met}
        return {"experiment": "e", "name": name, "value": value, "acceptance": acceptance}

    seeds = {
        "seed 0": [entry("a", 0.9, ">=", 0.8), entry("b", 1, "<=", 2), entry("c", 0, "==", 0), entry("d", 1, ">=", 1)],
        "seed 1": [entry("a", 0.7, ">=", 0.8, met=False), entry("b", 2, "<=", 2), entry("c", 0, "==", 0)],
        "seed 2": [entry("a", 0.95, ">=", 0.8), entry("b", 0, "<=", 2), entry("c", 3, "==", 0, met=False)],
    }  # fmt: skip
    assert worst_table(seeds).splitlines() == [
        "| experiment | measured | threshold | seed 0 | worst of 3 |",
        "|---|---|---|---|---|",
        "| e | a | >= 0.8 | 0.9 | 0.7 **missed** (seed 1) |",
        "| e | b | <= 2 | 1 | 2 (seed 1) |",
        "| e | c | = 0 | 0 | 3 **missed** (seed 2) |",
        "| e | d | >= 1 | 1 | 1, not taken by 2 |",
    ]
