"""Audits of somebody's own network, and the command line."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import json
import subprocess
import sys

import numpy as np
import typer
from typer.testing import CliRunner

from trompe.empirical import audit_paths, audit_silent, cli
from trompe.empirical.cache import state_sha256
from trompe.empirical.relu import relu_names
from trompe.theory import InvalidInput, TrompeError, UnknownKey

nn = torch.nn
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


@pytest.fixture
def app():
    application = typer.Typer()
    cli.mount(application)
    return application


def model_of(folder):
    from trompe.empirical.inspection import load_model

    return load_model(f"{folder / 'net.py'}:build")


def test_silent_units_are_found_and_driven(folder):
    model = model_of(folder)
    images = 0.5 + 0.5 * torch.rand(20, 1, 8, 7)
    before = state_sha256(model.state_dict())
    assert (
        relu_names(model, images) == ["relu", "forward"] or relu_names(model, images)[0] == "relu"
    )
    found = audit_silent(model, images, show=False)
    silent = {(u.layer, u.unit): u.driven for u in found.silent if u.layer == "relu"}
    assert set(silent) >= {("relu", 1)}
    assert silent["relu", 1] == 0  # dead for ever: not driven
    first = [u for u in found.silent if (u.layer, u.unit) == ("relu", 0)]
    assert first
    assert first[0].driven >= 0
    assert state_sha256(model.state_dict()) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    with pytest.raises(UnknownKey, match="did you mean conv"):
        audit_silent(model, images, layers=["conb"], show=False)
    with pytest.raises(InvalidInput, match="makes no ReLU call"):
        audit_silent(nn.Sequential(nn.Flatten(), nn.Linear(56, 2)).eval(), images, show=False)


def test_a_unit_that_only_bright_centres_excite_is_driven():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=True), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)
    ).eval()
    with torch.no_grad():
        model[0].weight[:] = 1.0
        model[0].bias[:] = torch.tensor(
            [-8.0, 1.0]
        )  # only nearly white patches reach the first unit
    found = audit_silent(model, torch.rand(50, 1, 8, 8) * 0.5, show=False, steps=200)
    assert [(u.layer, u.unit) for u in found.driven] == [("1", 0)]


def test_paths_of_a_users_model(cnn, digits):
    x, y = digits.test.tensor(), digits.test.targets()
    found = audit_paths(cnn, ["features.relu1", "linear"], x, y, steps=48, seeds=(0,))
    assert found.visualizations[1].mean > found.noise[1].mean
    assert found.read_as_class > 0.5
    with pytest.raises(UnknownKey, match="unknown layer 'linea'; did you mean linear"):
        audit_paths(cnn, ["linea"], x, y)
    with pytest.raises(InvalidInput, match="none given; choose some of normalise"):
        audit_paths(cnn, [], x, y)
    with pytest.raises(InvalidInput, match="has outputs 0 to 9"):
        audit_paths(cnn, ["linear"], x, y, units=list(range(1, 11)))


def test_commands(folder, app, tmp_path):
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
def test_bad_input_is_one_line(folder, app, arguments, words, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, [*arguments, "--images", "images", "--device", "cpu"])
    assert isinstance(result.exception, TrompeError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


def test_an_unwritable_output_is_said_before_the_work(folder, app, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(
        app, ["audit", "silent", "--model", "net.py:build", "--images", "images", "--device", "cpu",
              "--steps", "100000000", "--output", "net.py/out.json"],
    )  # fmt: skip
    assert isinstance(result.exception, InvalidInput)
    assert "cannot be written" in str(result.exception)


def test_a_warning_is_one_line_on_the_command_line(capsys):
    import warnings

    with cli._warnings_in_one_line():
        warnings.simplefilter("default")
        warnings.warn("cache/x is damaged (bad\nheader); it is being rebuilt", stacklevel=1)
    assert (
        capsys.readouterr().err == "trompe: cache/x is damaged (bad header); it is being rebuilt\n"
    )


def test_what_reproduce_prints(app, tmp_path, monkeypatch):
    from trompe.empirical.experiments import runner

    def run(*_args, done, **_kwargs):
        met, failed = ({"name": "n", "acceptance": {"met": m}} for m in (True, False))
        witnesses = {
            "a": {"measurements": [met, met], "accepted": True, "missed": []},
            "b": {"measurements": [{"name": "n"}], "accepted": None, "missed": []},
            "c": {"measurements": [met, failed], "accepted": False, "missed": ["n"]},
        }
        for key, witness in witnesses.items():
            done(key, witness, key == "a")
        return {key: witnesses[key] for key in kept}

    monkeypatch.setattr(runner, "reproduce", run)
    kept = "abc"
    result = CliRunner().invoke(app, ["reproduce", "all", "--output", str(tmp_path)])
    lines = result.output.splitlines()
    assert lines[0] == "a: 2 of 2 acceptances met, accepted (already there)"
    assert lines[2] == "b: measured, held to nothing on these data"
    assert lines[4] == "c: 1 of 2 acceptances met, MISSED: n"
    assert result.exit_code == 1
    kept = "ab"
    assert CliRunner().invoke(app, ["reproduce", "--output", str(tmp_path)]).exit_code == 0


def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    from trompe.cli import run
    from trompe.empirical.experiments import runner

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "reproduce", interrupted)
    assert run(["reproduce", "all", "--output", str(tmp_path)]) == 130
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("trompe: interrupted; finished experiments and trained weights are kept")
    assert line.endswith("the same command goes on from there")


def test_the_room_and_its_commands_do_not_import_torch():
    code = "import sys, trompe.empirical, trompe.empirical.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_all_is_what_can_be_imported():
    import trompe.empirical as room

    assert set(room.__all__) == set(room._HOME)
    for name in room.__all__:
        assert getattr(room, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        room.nothing  # noqa: B018
