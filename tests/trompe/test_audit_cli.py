"""`trompe audit`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

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
            *common,
        ],
    )
    assert result.exit_code == 0, result.output
    assert [row["layer"] for row in json.loads((tmp_path / "out.json").read_text())["layers"]] == [
        "conv",
        "linear",
    ]


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
