"""`trompe audit`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import json

import numpy as np
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
    assert json.loads((tmp_path / "out.json").read_text())["images"] == 12
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["audit", "silent", "--model", "net.py:training"],
            "training mode; its dropout or norm layer 'drop'",
        ),
        (["audit", "silent", "--model", "net.py:nothing"], "no function 'nothing'"),
        (["audit", "paths", "--model", "net.py:build", "--layers", "convv"], "did you mean conv"),
        (
            ["audit", "paths", "--model", "net.py:build", "--layers", "conv", "--units", "a,b"],
            "expected numbers",
        ),
    ],
)
def test_bad_input_is_one_line(folder, arguments, words, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, [*arguments, "--images", "images", "--device", "cpu"])
    assert isinstance(result.exception, TrompeError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


def test_an_unwritable_output_is_said_before_the_work(folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(
        app, ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu",
              "--steps", "100000000", "--output", "net.py/out.json"],
    )  # fmt: skip
    assert isinstance(result.exception, InvalidInput)
    assert "cannot be written" in str(result.exception)
