"""`trompe audit`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import hashlib
import json
import stat
import subprocess
import sys

import numpy as np
from nodes import FULL, device, fifo, reader, within
from typer.testing import CliRunner

from trompe.cli import app
from trompe.theory import InvalidInput, TrompeError

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")


MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout()
        self.linear = nn.Linear(6, 2)

    def forward(self, x):
        x = self.relu(self.conv(x)).mean((2, 3))
        return self.linear(self.drop(torch.relu(x)))

def build():
    torch.manual_seed(0)
    net = Net().eval()
    with torch.no_grad():
        net.conv.weight[0] = -1.0; net.conv.bias[0] = 0.0   # silent on bright pictures only
        net.conv.weight[1] = 0.0; net.conv.bias[1] = -1.0   # dead for ever
    return net

def training():
    return build().train()
"""


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name, low in (("dim", 120), ("lit", 180)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for k in range(6):
            pixels = rng.integers(low, low + 60, (8, 7), dtype=np.uint8)
            PIL.fromarray(pixels).save(tmp_path / "images" / name / f"{k}.png")
    (tmp_path / "net.py").write_text(MODEL)
    return tmp_path


def test_commands(folder, tmp_path):
    run = CliRunner()
    common = [
        "--images",
        str(folder / "images"),
        "--device",
        "cpu",
        "--output",
        str(tmp_path / "out.json"),
    ]
    result = run.invoke(
        app, ["audit", "silent", "--model", f"{folder}/net.py:build", "--steps", "20", *common]
    )
    assert result.exit_code == 0, result.output
    assert "Units silent on all 12 images that can be driven: " in result.output.replace("\n", " ")
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["images"] == 12
    assert written["taken"]["relu"] == "6 units (channels, axis 1; 8 x 7 places)"
    result = run.invoke(
        app,
        [
            "audit",
            "paths",
            "--model",
            f"{folder}/net.py:build",
            "--layers",
            "conv,linear",
            "--steps",
            "8",
            "--plot",
            str(tmp_path / "paths.png"),
            *common,
        ],
    )
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "all 6 of them hold together" in told and "seeds 0, 1, 2, 8 steps" in told
    assert (tmp_path / "paths.png").stat().st_size > 1000
    found = json.loads((tmp_path / "out.json").read_text())
    assert [row["layer"] for row in found["layers"]] == ["conv", "linear"]
    assert found["seeds"] == [0, 1, 2] and found["steps"] == 8 and len(found["model_sha256"]) == 64
    assert {"trompe", "torch", "numpy", "python"} == set(found["versions"])
    pixels = [
        np.asarray(PIL.open(file))
        for name in ("dim", "lit")
        for file in sorted((folder / "images" / name).iterdir())
    ]
    as_given = np.stack(pixels)[:, None].astype("<f4") / np.float32(255)
    assert found["images_sha256"] == hashlib.sha256(as_given.tobytes()).hexdigest()
    assert found["outputs"] == {"dim": 0, "lit": 1} and 0 <= found["accuracy"] <= 1
    assert found["groups"] == found["images"] == 12
    for row in found["layers"]:
        for group in ("visualizations", "noise", "scrambled"):
            if row[group] is None:  # no scale
                assert row["same"] - row["different"] <= 1e-6
                continue
            low, high = row[group]["interval"]
            assert low < row[group]["mean"] < high
            assert len(row[group]["per_class"]) == len(found["classes"])


def test_crops_of_one_photograph_are_grouped_by_their_names(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for name in ("dim", "lit"):
        for k, file in enumerate(sorted((folder / "images" / name).iterdir())):
            file.rename(file.with_name(f"photo_{k // 2}_crop{k % 2}.png"))
    asked = ["audit", "paths", "--model", "net.py:build", "--images", "images", "--device", "cpu", "--layers", "conv",
             "--steps", "1", "--output", "out.json"]  # fmt: skip
    for mark, groups in (("_crop", 6), ("_", 6), ("photo", 2), ("0_crop", 10)):
        result = CliRunner().invoke(app, [*asked, "--groups", mark], env={"COLUMNS": "300"})
        if groups == 2:  # one photograph a class
            words = (
                "classes with [1, 1] groups of images; expected at least two classes of two groups"
            )
            assert isinstance(result.exception, InvalidInput) and words in str(result.exception)
            continue
        assert result.exit_code == 0, result.exception
        assert f"The 12 images are of {groups} photographs" in result.output
        assert f"from leaving each of the {groups} photographs out" in result.output
        assert json.loads((folder / "out.json").read_text())["groups"] == groups
    for mark in ("-", ""):
        result = CliRunner().invoke(app, [*asked, "--groups", mark])
        assert isinstance(result.exception, InvalidInput)
        assert "no file has it in its name (the first is photo_0_crop0); give what stands" in str(
            result.exception
        )


def test_only_some_units_and_why_bounds_end_is_one_line(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "net.py").write_text(
        MODEL.replace("x = self.relu(", "x = x if x.max() < 2 else -x\n        x = self.relu(")
    )
    asked = ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu", "--steps", "1",
             "--tries", "1", "--output", "out.json", "--layers", "relu"]  # fmt: skip
    result = CliRunner().invoke(app, [*asked, "--units", "1,4"], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.exception
    found = json.loads((folder / "out.json").read_text())
    assert found["only"] == [1, 4] and [row["unit"] for row in found["silent"]] == [1]
    assert "Looked at were only units 1, 4." in result.output
    assert "cannot be traced (symbolically traced variables" in found["uncertified"]
    assert "\n" not in found["uncertified"] and "traceback" not in result.output
    result = CliRunner().invoke(app, [*asked, "--units", "6"])
    assert isinstance(result.exception, InvalidInput)
    assert "unit 6: ReLU call relu has units 0 to 5" in str(result.exception)


def test_pictures_that_drive_units_are_saved(folder, monkeypatch):
    """A picture as it was saved, exact numbers, drives its unit through the network as the user built it."""
    monkeypatch.chdir(folder)
    (folder / "net.py").write_text(
        MODEL.replace("net.conv.weight[0] = -1.0; net.conv.bias[0] = 0.0",
                      "net.conv.weight[0] = -1.0; net.conv.bias[0] = 0.5")
    )  # fmt: skip
    result = CliRunner().invoke(
        app, ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu", "--layers", "relu",
              "--pictures", "shown", "--tries", "2", "--output", "out.json"],
        env={"COLUMNS": "200"},
    )  # fmt: skip
    assert result.exit_code == 0, result.exception
    for words in ("6 units (channels, axis 1; 8 x 7 places)", "Certified dead on all of [0, 1]^N, by interval bounds: 1.",
                  "in 2 tries of 128 Adam steps, seed 0: maximum, pixel from natural; "):  # fmt: skip
        assert words in result.output
    rows = {row["unit"]: row for row in json.loads((folder / "out.json").read_text())["silent"]}
    assert rows[0]["verdict"] == "driven" and rows[1]["verdict"] == "certified dead"
    listed = json.loads((folder / "shown" / "driven.json").read_text())
    assert [row["unit"] for row in listed] == [
        u for u, row in rows.items() if row["verdict"] == "driven"
    ]
    for row in listed:
        picture = torch.from_numpy(np.load(folder / "shown" / row["picture"], allow_pickle=False))
        kept = {}
        exec((folder / "net.py").read_text(), kept)  # the user's own file
        with torch.no_grad():
            got = torch.relu(kept["build"]().conv(picture[None]))[0, row["unit"]].max()
        assert abs(float(got) - row["driven"]) < 1e-5 and row["driven"] > 0
        with PIL.open(folder / "shown" / f"relu-{row['unit']}.png") as shown:
            assert np.abs(np.asarray(shown) / 255 - picture[0].numpy()).max() <= 0.5 / 255 + 1e-6
    (folder / "file").write_text("")
    result = CliRunner().invoke(
        app, ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu", "--pictures", "file"]
    )  # fmt: skip
    assert isinstance(result.exception, InvalidInput) and "file" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["audit", "silent", "--model", "net.py:training"],
            "training mode; its dropout or norm layer 'drop'",
        ),
        (["audit", "silent", "--model", "net.py:nothing"], "no function 'nothing'"),
        (
            ["audit", "silent", "--model", "net.py:build", "--unit-axis", "4"],
            "unit axis 4: the output of ReLU call relu has shape (n, 6, 8, 7); expected 1 to 3, or -1 for the last",
        ),
        (
            ["audit", "silent", "--model", "net.py:build", "--tries", "0"],
            "tries = 0; expected an integer of at least 1",
        ),
        (
            ["audit", "silent", "--model", "net.py:build", "--batch", "0"],
            "batch = 0; expected an integer of at least 1",
        ),
        (
            ["audit", "silent", "--model", "net.py:build", "--layers", "relu#2"],
            "unknown layer 'relu#2'; did you mean relu",
        ),
        (["audit", "paths", "--model", "net.py:build", "--layers", "convv"], "did you mean conv"),
        (
            ["audit", "paths", "--model", "net.py:build", "--layers", "conv", "--units", "a,b"],
            "expected integers",
        ),
    ],
)
def test_bad_input_is_one_line(folder, arguments, words, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, [*arguments, "--images", "images", "--device", "cpu"])
    assert isinstance(result.exception, TrompeError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize("kind", ["silent", "paths"])
def test_the_file_of_a_picture_that_gives_nan_is_named(folder, monkeypatch, kind):
    monkeypatch.chdir(folder)
    (folder / "net.py").write_text(
        MODEL.replace(
            "x = self.relu(", "x = x / x.amax((1, 2, 3), keepdim=True)\n        x = self.relu("
        )
    )
    PIL.fromarray(np.zeros((8, 7), dtype=np.uint8)).save(folder / "images" / "lit" / "black.png")
    more = ["--layers", "conv,linear"] if kind == "paths" else []
    result = CliRunner().invoke(
        app, ["audit", kind, "--model", "net.py:build", "--images", "images", "--device", "cpu", *more]
    )  # fmt: skip
    assert isinstance(result.exception, InvalidInput)
    where = "ReLU call relu" if kind == "silent" else "'conv'"
    assert str(result.exception).startswith(
        f"images/lit/black.png: gives NaN or infinite numbers in {where} of"
    )


def test_dead_outputs_are_said(folder, monkeypatch):
    """An output behind a ReLU that noise does not reach: its visualizations are the noise."""
    monkeypatch.chdir(folder)
    (folder / "net.py").write_text(
        MODEL.replace("return self.linear(self.drop(torch.relu(x)))",
                      "return torch.relu(self.linear(torch.relu(x)) - torch.tensor([100.0, -100.0]))")
    )  # fmt: skip
    result = CliRunner().invoke(
        app, ["audit", "paths", "--model", "net.py:build", "--layers", "conv", "--images", "images", "--device", "cpu",
              "--steps", "2"],
        env={"COLUMNS": "300"},
    )  # fmt: skip
    assert result.exit_code == 0, result.exception
    assert (
        "units 0 of the output are dead: activation 0 and gradient 0 at every step from every one of 3 seeds"
        in result.output
    )


def test_an_unwritable_output_is_said_before_the_work(folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(
        app, ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu",
              "--steps", "1000000", "--output", "net.py/out.json"],
    )  # fmt: skip
    assert isinstance(result.exception, InvalidInput)
    assert "cannot be written" in str(result.exception)


@pytest.mark.parametrize("kind", ["silent", "paths"])
def test_an_output_that_is_no_file_survives_and_is_looked_at_first(folder, monkeypatch, kind):
    monkeypatch.chdir(folder)
    layers = ["--layers", "conv"] if kind == "paths" else []
    asked = ["audit", kind, "--model", "net.py:build", "--images", "images", "--device", "cpu",
             "--steps", "2", *layers, "--output"]  # fmt: skip
    device(folder / "n")
    (folder / "link").symlink_to("far/end.json")
    fifo(folder / "f")
    for output in ("n", "link"):
        result = CliRunner().invoke(app, [*asked, output])
        assert result.exit_code == 0, result.exception
    assert stat.S_ISCHR((folder / "n").stat().st_mode) and (folder / "link").is_symlink()
    assert json.loads((folder / "far" / "end.json").read_text())["images"] == 12
    with within(60), reader(folder / "f") as got:
        assert CliRunner().invoke(app, [*asked, "f"]).exit_code == 0
    assert json.loads(got[0])["images"] == 12
    (folder / "net.py").write_text("raise RuntimeError('the work has begun')")
    for output, words in (("f", "nobody reads"), ("images", "is a folder")):
        with within(60):
            result = CliRunner().invoke(app, [*asked, output])
        assert isinstance(result.exception, InvalidInput) and words in str(result.exception)


@pytest.mark.parametrize("streams", [">full", ">&-", ">&- 2>&- <&-"])
def test_the_result_is_complete_where_it_cannot_be_printed(folder, streams):
    device(folder / "full", FULL)
    line = (
        f"{sys.executable} -P -m trompe audit silent --model net.py:build --images images --device cpu "
        f"--steps 2 --output out.json {streams}"
    )
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == (0 if "2>&-" in streams else 1), done.stderr
    assert json.loads((folder / "out.json").read_text())["images"] == 12


def test_weights_are_loaded(folder, monkeypatch):
    monkeypatch.chdir(folder)
    torch.save({"conv.weight": torch.zeros(6, 1, 3, 3)}, "w.pt")
    asked = ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu"]
    result = CliRunner().invoke(app, [*asked, "--weights", "w.pt"])
    assert isinstance(result.exception, InvalidInput)
    assert "w.pt: 3 missing (conv.bias, linear.weight, linear.bias)" in str(result.exception)


WANTING = (
    MODEL
    + """
class Dict(Net):
    def forward(self, x):
        assert x.shape[2:] == (6, 6)
        assert x.min() < 0, "not normalised"
        return {"logits": super().forward(x), "aux": x}

def picky():
    torch.manual_seed(0)
    return Dict().eval()
"""
)


def test_normalised_cropped_pictures_and_a_part_of_the_output(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "picky.py").write_text(WANTING)
    asked = ["audit", "silent", "--model", "picky.py:picky", "--images", "images", "--device", "cpu", "--steps", "2",
             "--layers", "relu", "--output", "out.json"]  # fmt: skip
    needed = [
        "--mean",
        ".9",
        "--std",
        "0.25",
        "--resize",
        "6",
        "--crop",
        "6,6",
        "--logits",
        "logits",
    ]
    result = CliRunner().invoke(app, [*asked, *needed])
    assert result.exit_code == 0, result.exception
    assert json.loads((folder / "out.json").read_text())["units"] == {"relu": 6}
    paths = [*asked, *needed, "--layers", "conv,linear"]
    assert CliRunner().invoke(app, [paths[0], "paths", *paths[2:]]).exit_code == 0
    for left_out, words in (
        (4, "fails on images of shape"),
        (0, "not normalised"),
        (8, "choose one with --logits"),
    ):
        fewer = [*asked, *needed[:left_out], *needed[left_out + 2 * (1 + (left_out < 8)) :]]
        result = CliRunner().invoke(app, fewer)
        assert isinstance(result.exception, InvalidInput), left_out
        assert words in str(result.exception)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mean", "0.5"], "one of them is missing"),
        (["--mean", "0.5,x", "--std", "1"], "--mean '0.5,x': expected numbers with commas"),
        (
            ["--mean", "0.5,0.5,0.5", "--std", "1"],
            "mean: 3 numbers for pictures of 1 channel; expected one",
        ),
        (["--mean", "127", "--std", "1"], "divide those for 0 to 255 by 255"),
        (["--mean", "0_5", "--std", "1"], "expected numbers with commas"),
        (["--resize", "6,6,6"], "resize = 6,6,6; expected SIDE or HEIGHT,WIDTH in pixels"),
        (["--resize", "0"], "expected an integer of at least 1"),
        (["--crop", "9"], "too few to cut 9 x 9 out of them"),
        (["--crop", "a"], "expected integers with commas"),
        (["--logits", "0"], "logits = '0': the network returns Tensor; leave the key out"),
    ],
)
def test_options_that_do_not_fit_are_one_line(folder, options, words, monkeypatch):
    monkeypatch.chdir(folder)
    asked = ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu"]
    result = CliRunner().invoke(app, [*asked, *options])
    assert isinstance(result.exception, TrompeError), result.output
    assert words in str(result.exception) and "\n" not in str(result.exception)


READER = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, order):
        super().__init__()
        self.relu, self.last, self.order = nn.ReLU(), nn.Linear(1, 12), order
        with torch.no_grad():  # output k is largest where the brightness is k / 11
            self.last.weight[:] = 1 + torch.arange(12.0)[:, None] / 11
            self.last.bias[:] = -((torch.arange(12.0) / 11) ** 2) / 2

    def forward(self, x):
        return self.last(self.relu(x.mean((1, 2, 3))[:, None]))[:, self.order]

def build():
    return Net(list(range(12))).eval()

def textual():
    return Net([0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]).eval()
"""


@pytest.fixture
def numbered(tmp_path, monkeypatch):
    """Folders 0 to 11; a picture of folder k has brightness k / 11."""
    for k in range(12):
        (tmp_path / "images" / str(k)).mkdir(parents=True)
        for copy in "ab":
            pixels = np.full((4, 4), round(255 * k / 11), np.uint8)
            PIL.fromarray(pixels).save(tmp_path / "images" / str(k) / f"{copy}.png")
    (tmp_path / "net.py").write_text(READER)
    monkeypatch.chdir(tmp_path)
    return ["--images", "images", "--device", "cpu", "--steps", "2"]


def said(*arguments):
    result = CliRunner().invoke(app, ["audit", *arguments])
    assert result.exit_code == 0, result.exception
    return " ".join(result.output.split())


def test_folders_named_by_numbers_are_outputs_in_their_order_and_the_accuracy_comes_first(numbered):
    good = said("silent", "--model", "net.py:build", *numbered)
    assert good.startswith("Classes: 0 is output 0, 1 is output 1, 2 is output 2, 3 is output 3,")
    assert "10 is output 10, 11 is output 11. Accuracy on the 24 images: 100.0%." in good
    assert "That is low" not in good
    bad = said("silent", "--model", "net.py:textual", *numbered)
    assert "Accuracy on the 24 images: 16.7%. That is low: are --mean," in bad
    paths = ["paths", "--model", "net.py:textual", "--layers", "last", *numbered]
    assert "That is low: are the outputs in this order (--units), and are --mean" in said(*paths)
    right = said(*paths, "--units", "0,1,4,5,6,7,8,9,10,11,2,3")
    assert "2 is output 4, 3 is output 5" in right and "images: 100.0%." in right


def test_where_there_is_no_accuracy_it_says_why(numbered, folder):
    (folder / "images" / "12").mkdir()
    for name in "ab":
        PIL.new("L", (4, 4)).save(folder / "images" / "12" / f"{name}.png")
    for name in ("dim", "lit"):
        for file in (folder / "images" / name).iterdir():
            file.unlink()
        (folder / "images" / name).rmdir()
    (folder / "net.py").write_text(READER)
    text = said("silent", "--model", "net.py:build", *numbered)
    assert (
        ", ... (13 in all). No accuracy: the network has outputs 0 to 11, and 12 would be output 12."
        in text
    )
    one = said("silent", "--model", "net.py:build", "--images", "images/3", *numbered[2:])
    assert "Classes: 3 is output 0. No accuracy: the images are of one class." in one
