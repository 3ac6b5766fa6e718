"""`trompe audit compare`: what it prints, writes and draws, and what it refuses."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import hashlib
import json

import numpy as np

from trompe.cli import run

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")

NET = """
import torch
from torch import nn
from collections import OrderedDict
import trompe.empirical as te

class Contrast(nn.Module):
    def forward(self, x):
        return ((x - 0.5).abs().flatten(1).mean(1) - 0.1).abs() - 0.05

def build(outputs=2):
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 3, 3), flat=nn.Flatten(), last=nn.Linear(108, outputs))).eval()

def fooled():
    return te.FoolingCircuit(build(), [1, 0], Contrast().eval(), 100.0)

def training():
    return build().train()

def three():
    return build(3)

def renamed():
    inside = build()
    return nn.Sequential(OrderedDict(convolution=inside.conv, flat=inside.flat, last=inside.last)).eval()
"""
A, B = ("--model", "net.py:build"), ("--model", "net.py:fooled")
ASKED = ("--images", "images", "--device", "cpu", "--steps", "32", "--seeds", "0,1")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for k in range(5):
            pixels = rng.integers(77, 179, (8, 8), dtype=np.uint8)  # within [0.3, 0.7]
            PIL.fromarray(pixels).save(tmp_path / "images" / name / f"{k}.png")
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def call(capsys):
    def call(*arguments):
        status = run(["audit", "compare", *map(str, arguments)])
        said = capsys.readouterr()
        return status, " ".join(said.out.split()), said.err

    return call


def test_a_circuit_is_found_said_drawn_and_written_so_that_it_can_be_repeated(call, folder):
    asked = (*A, *B, *ASKED, "--plot", "sheet.png", "--output", "out.json")
    status, out, err = call(*asked)
    assert (status, err) == (0, "")
    assert "A: Classes: cat is output 0, dog is output 1. Accuracy on the 10 images: " in out
    assert "B: Classes: cat is output 0" in out
    assert "On these 10 images all 2 outputs are bit-identical." in out
    assert "2 of the 2 visualized units that are bit-identical on all of these 10 images" in out
    assert "This does not show which of the two is manipulated, nor that one is." in out
    assert "0 of output" in out and "10 of 10" in out
    found = json.loads((folder / "out.json").read_text())
    assert found["source"]["models"] == ["net.py:build", "net.py:fooled"]
    assert found["seeds"] == [0, 1] and found["steps"] == 32 and found["identical"] == 10
    assert found["settings"]["batch"] == 100 and found["settings"]["threads"] == 1
    assert found["accuracy"][0] == found["accuracy"][1] and found["verdict"][0][:5] == "On th"
    pixels = np.stack(
        [
            np.asarray(PIL.open(folder / "images" / name / f"{k}.png"))
            for name in ("cat", "dog")
            for k in range(5)
        ]
    )
    as_given = pixels[:, None].astype("<f4") / np.float32(255)
    assert found["images_sha256"] == hashlib.sha256(as_given.tobytes()).hexdigest()
    units = found["layers"][0]["compared"]
    assert [unit["pictures"] for unit in units] == ["other", "other"]
    with PIL.open(folder / "sheet.png") as sheet:  # two rows of four pictures
        assert sheet.width > 1.2 * sheet.height
    first = (folder / "out.json").read_bytes()
    assert call(*asked)[0] == 0 and (folder / "out.json").read_bytes() == first


def test_the_same_network_with_the_same_weights_and_with_others(call, folder):
    kept: dict = {}
    exec(NET, kept)
    state = kept["build"]().state_dict()
    torch.save(state, "a.pt")
    state["last.bias"][1] += 1
    torch.save(state, "b.pt")
    one = (*A, *A, *ASKED, "--steps", "2", "--layers", "conv,last", "--units", "0")
    status, out, _ = call(*one, "--weights", "a.pt", "--weights", "a.pt")
    assert status == 0 and "have the same names and bits" in out and "manipulated" not in out
    assert "Layer 'last' (seeds 0, 1, 2 steps): 0 of the 1 visualized units" in out
    status, out, _ = call(*one, "--weights", "a.pt", "--weights", "b.pt", "--output", "o.json")
    assert status == 0 and "On 0 of these 10 images all 2 outputs are bit-identical." in out
    found = json.loads((folder / "o.json").read_text())
    assert found["change"] == pytest.approx(1, abs=1e-5) and "output 1, images/" in found["where"]
    assert [layer["identical"] for layer in found["layers"]] == [3, 1]
    assert found["source"]["weights"] == ["a.pt", "b.pt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (A, "--model: 1 given; expected two, the networks A and B"),
        ((*A, *A, *B), "--model: 3 given; expected two, the networks A and B"),
        ((*A, *B, "--weights", "w.pt"), "--weights: 1 given; expected none, or two"),
        ((*A, "--model", "net.py:three"), "model A has 2 outputs, model B 3; expected two networks"),
        ((*A, "--model", "net.py:training"), "model B: the network is in training mode; call model.eval() first"),
        (("--model", "net.py:gone", *A), "model A: net.py has no function 'gone'"),
        ((*A, "--model", "net.py:renamed", "--layers", "conv"), "model B: unknown layer 'conv'; did you mean convolution?"),
        ((*A, *A, "--resize", "5"), "model A: fails on images of shape (2, 1, 5, 5)"),
        ((*A, *A, "--units", "2"), "unit 2: the output has units 0 to 1"),
        ((*A, *A, "--tolerance", "2"), "2: expected a number of at most 1"),
        ((*A, *A, "--tolerance", "-0.5"), "tolerance = -0.5; expected a share of the natural range, in [0, 1]"),
        ((*A, *A, "--seeds", "x"), "--seeds 'x': expected integers with commas"),
        ((*A, *A, "--batch", "0"), "batch = 0; expected an integer of at least 1"),
        ((*A, *A, "--plot", "sheet.txt"), "expected a name that ends in .png, .pdf or .svg"),
        ((*A, *A, "--output", "net.py/o.json"), "cannot be written"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(call, arguments, words):
    status, _, err = call(*ASKED, *arguments)
    assert (status, err.count("\n")) == (2, 1) and words in err


def test_a_damaged_picture_is_not_a_models_fault(call, folder):
    content = (folder / "images" / "dog" / "4.png").read_bytes()
    (folder / "images" / "dog" / "4.png").write_bytes(content[:60] + content[64:])
    status, _, err = call(*ASKED, *A, *A)
    assert (status, err.count("\n")) == (2, 1) and "images/dog/4.png" in err and "model" not in err
