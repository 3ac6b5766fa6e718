"""docs/conclusions.md: its commands run as printed, in one folder, and its table is that of the witnesses."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
pytest.importorskip("matplotlib")

import importlib.util
import json
import re
import sys
from pathlib import Path

from pages import files, matches, sessions, shell

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "conclusions.md"


def script():
    spec = importlib.util.spec_from_file_location("witnesses", DOCS / "conclusions_witness.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_runs_as_printed(tmp_path, monkeypatch, capsys):
    net = files((DOCS / "visualize.md").read_text(encoding="utf-8"))["net.py"]
    (tmp_path / "net.py").write_text(net, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    text = PAGE.read_text(encoding="utf-8")
    commands = 0
    for block in re.findall(r"^```console\n.*?^```$", text, flags=re.DOTALL | re.MULTILINE):
        for command, expected in sessions(block):
            shown = shell(command, capsys)
            assert matches(expected, shown), f"$ {command}\n{shown}"
            commands += 1
    sys.modules.pop("net", None)
    assert commands == 2
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (DOCS / target).exists(), target


def test_the_table_is_that_of_the_witnesses():
    text = PAGE.read_text(encoding="utf-8")
    assert script().rewritten(text) == text


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (DOCS.parent / "data" / "conclusions").glob("*.json"))
)
def test_means_and_intervals_follow_from_the_networks(name):
    module = script()
    found = json.loads((module.DATA / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(module.witness(name, found["networks"]))) == found
    assert len(found["networks"]) == (1 if name == "imagenet" else 5)
    for network in found["networks"]:
        assert len(network["units"]) + len(network["left_out"]) == 10
        for unit in network["units"]:
            for slope in unit["slopes"].values():
                assert 0 < slope["low"] <= slope["high"]
        for key, row in network["rows"].items():
            if key.startswith("certified constant") and "; 0; " in key:
                assert row["right"] == row["decided"], (name, key)


def test_a_planted_wrong_mean_is_noticed():
    module = script()
    found = json.loads((module.DATA / "digits.json").read_text(encoding="utf-8"))
    row = next(iter(found["networks"][0]["rows"].values()))
    row["best"] += 0.1
    assert json.loads(json.dumps(module.witness("digits", found["networks"]))) != found


def test_intervals():
    module = script()
    assert module.interval([0.5]) is None and module.interval([0.5] * 5) is None
    assert module.interval([0.4, 0.5, 0.5, 0.6]) is None
    low, high = module.interval([0.4, 0.5, 0.5, 0.5, 0.6])
    assert low == pytest.approx(0.5 - 2.776445 * (0.02 / 4) ** 0.5 / 5**0.5)
    assert high == pytest.approx(1 - low) and module.interval([0.0, 0, 0, 0, 0.1])[0] == 0
    assert module.at_least(5, 5) == pytest.approx(0.025**0.2) and module.at_least(1, 1) is None
    assert "a share of 47 % or more" in PAGE.read_text(encoding="utf-8")
    assert int(100 * module.at_least(5, 5)) == 47


def test_the_numbers_in_the_text_are_those_of_the_witnesses():
    module, text = script(), PAGE.read_text(encoding="utf-8").replace("\n", " ")
    ratios, steep = {}, {}
    for norm in ("l2", "linf"):
        for name in ("digits", "fashion-mnist"):
            found = json.loads((module.DATA / f"{name}.json").read_text(encoding="utf-8"))
            slopes = [u["slopes"][norm] for n in found["networks"] for u in n["units"]]
            ratios[norm, name] = min(s["nearest"][0] / s["radius"] for s in slopes)
            steep.setdefault(norm, []).extend(s["high"] / s["low"] for s in slopes)
            assert {s["kind"] for s in slopes} == {"enclosure"}
    near = [f"{ratios[norm, name]:.2f}" for norm, name in ratios]
    assert f"is {near[0]} and {near[1]} times as far" in text
    assert f"{near[2]} and {near[3]} times. Certified" in text
    low, high = ([f"{end(steep[norm]):.0f}" for norm in ("l2", "linf")] for end in (min, max))
    assert f"are {low[0]} to {high[0]} times the slopes" in text
    assert f"{low[1]} to {high[1]} times in" in text
