"""Photographs as a data set: in groups, calibrated apart, credited; and the door `data = imagenet` with a small network in place of the large one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
pytest.importorskip("matplotlib", reason="figures are drawn with matplotlib")
PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")

import numpy as np
import zoo

import trompe.empirical as te
from trompe.empirical.experiments import context, effort, figures, runner
from trompe.empirical.imagenet.data import TEST, TRAIN, photograph_data
from trompe.empirical.imagenet.photographs import Photograph, Photographs
from trompe.theory import InvalidInput

PARTS = ("train", "test", "calibration", "train", "test", "train", "train")
EACH = 13


def photographs():
    """Seven photographs with thirteen crops each; those with an odd number may not be shown."""
    count = len(PARTS) * EACH
    images = np.broadcast_to(
        np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 3, 4, 4)
    )
    made = tuple(
        Photograph(f"folder/{k}.jpg", str(k), 300, 300, "" if k == 4 else f"author {k}", "CC-BY-SA-4.0" if k % 2 else "CC0-1.0", "", part)
        for k, part in enumerate(PARTS)
    )  # fmt: skip
    return Photographs(images, np.repeat(np.arange(len(PARTS)), EACH), made, {}, 0, "hash")


def test_crops_keep_their_photograph_their_part_and_their_author():
    data = photograph_data(photographs())
    train, test = data.train, data.test
    assert np.bincount(train.groups).tolist() == [TRAIN, 0, TRAIN, TRAIN, 0, TRAIN, TRAIN]
    assert np.bincount(test.groups).tolist() == [0, TEST, 0, 0, TEST]
    assert set(train.groups[train.calibrating()]) == {2}
    for split in (train, test):
        assert (split.images[:, 0, 0, 0] // EACH == split.groups).all()
        for group, whose, may in zip(split.groups, split.whose, split.showable(), strict=True):
            assert may == bool(whose) == (group % 2 == 0)
    assert train.whose[0] == "0.jpg by author 0 (CC0-1.0)"
    assert test.whose[-1] == "4.jpg by an author who is not named (CC0-1.0)"
    one = test.one_of_each_group()
    assert one.images[:, 0, 0, 0].tolist() == [EACH, 4 * EACH]
    assert one.whose == (test.whose[0], test.whose[-1])


def test_figures_show_only_what_they_may_and_say_whose_it_is():
    data = photograph_data(photographs())
    ctx = context.Context(data, torch.device("cpu"), 0, None, None)
    shown, said = ctx.first_images([0])  # all crops are of class 0 here
    assert int(shown[0, 0, 0, 0] * 255) == 4 * EACH  # not photograph 1, which comes first
    assert said == " Photographs: 4.jpg by an author who is not named (CC0-1.0)."
    hidden = replace(data.test, whose=("",) * len(data.test))
    ctx = context.Context(
        replace(data, test=hidden, train=hidden), torch.device("cpu"), 0, None, None
    )
    shown, said = ctx.first_images([0])
    assert not shown.any()
    assert said == ""


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(16):
        coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        PIL.fromarray(coarse).resize((230, 210), resample=3).save(folder / f"{seed}.png")
    return folder


def test_the_experiments_run_on_photographs(photos, tmp_path, monkeypatch):
    """With a network of three layers in place of SqueezeNet, on crops of 224 pixels: only that it is the same door."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 7, 8), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 3)
    ).eval()  # fmt: skip
    subject = {
        "network": network,
        "names": ("a", "b", "c"),
        "layers": ("0", "1"),
        "silent": ("0",),
        "most": 2,
        "confident": 0.3,
    }
    monkeypatch.setattr(runner, "imagenet_subject", lambda: dict(subject))
    short = {
        "steps": 2,
        "fit_steps": 20,
        "rounds": (1, 1),
        "picture_seeds": (1, 1, 1),
        "longest": 1,
    }
    monkeypatch.setattr(context, "effort_for", lambda *_: replace(effort.LARGE, **short))
    monkeypatch.setattr(
        runner,
        "add_accuracy",
        lambda witness, _: witness.add("labelled", 0.5, "share", at_least=0.85),
    )
    monkeypatch.setattr(figures, "DPI", 30)
    asked = {"photos": photos, "cache": tmp_path / "cache", "show": False}
    out = tmp_path / "out"
    found = runner.reproduce("silent-units", "imagenet", "cpu", 0, out, **asked)
    witness = found["silent-units"]
    assert witness["data"]["name"] == "imagenet"
    assert witness["settings"]["layers"] == ["0"]
    assert all(
        m["acceptance"]["met"]
        for m in witness["measurements"]
        if m.get("unit") == "activation" and "acceptance" in m
    )
    assert witness["settings"]["outputs that are looked at"] == (
        "the 2 as which most photographs for training and calibration have a crop that is read with probability 0.3 or more"
    )
    shown = {f["file"]: f["caption"] for f in witness["figures"]}["shown-and-done.png"]
    assert "On 144 of 144 natural images" in shown  # 12 photographs x 8 crops, and 4 x 12
    manifest = json.loads((out / "silent-units" / "photographs.json").read_text())
    assert len(manifest["photographs"]) == 16
    assert "pixels" not in manifest
    circuit = runner.reproduce("fooling-circuit", "imagenet", "cpu", 0, out, **asked)
    circuit = circuit["fooling-circuit"]
    values = {m["name"]: m for m in circuit["measurements"]}
    assert "labelled" in circuit["missed"]
    least = values["fourier+transforms: smallest activation over the largest natural one"]
    assert least["acceptance"]["threshold"] == 3
    assert (
        "photograph: bit-identical to D's own, never trained on" not in values
    )  # none of these may be shown
    erm = runner.reproduce("erm-witness", "imagenet", "cpu", 0, out, **asked)["erm-witness"]
    values = {m["name"]: m["value"] for m in erm["measurements"]}
    assert values["held-out test images"] + values["pairs of images compared"] > 16
    assert erm["accepted"]


def test_what_belongs_to_the_network_or_to_the_photographs_is_not_mixed(tmp_path):
    with pytest.raises(InvalidInput, match="has a network of its own"):
        te.reproduce("all", "imagenet", output=tmp_path, model=zoo.build(zoo.Plain))
    with pytest.raises(InvalidInput, match="photos: are for data = imagenet"):
        te.reproduce("all", "digits", output=tmp_path, photos=tmp_path)
    with pytest.raises(InvalidInput, match="is no folder; expected one of photographs"):
        te.reproduce("all", "imagenet", output=tmp_path, photos=tmp_path / "nowhere")
