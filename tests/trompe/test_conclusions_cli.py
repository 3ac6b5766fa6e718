"""`trompe audit conclusions` and `trompe check` of what it writes: forged files are refuted, bad input is one line."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import contextlib
import json
import shutil
import sys
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np

from trompe.cli import run

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")

NET = """
import torch
from torch import nn
from collections import OrderedDict

def build():
    torch.manual_seed(0)
    conv = nn.Conv2d(1, 3, 3)
    last = nn.Linear(12, 3)
    with torch.no_grad():
        last.weight[2] = 0
    parts = OrderedDict(conv=conv, relu=nn.ReLU(), pool=nn.AvgPool2d(3), flat=nn.Flatten(), last=last)
    return nn.Sequential(parts).eval()

def other():
    torch.manual_seed(1)
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 3, 3), relu=nn.ReLU(), pool=nn.AvgPool2d(3), flat=nn.Flatten(), last=nn.Linear(12, 3))).eval()
"""
MODEL = ("--model", "net.py:build", "--device", "cpu")
ASKED = (*MODEL, "--images", "images", "--starts", "2", "--climbs", "2")
QUICK = ("--steps", "4", "--seeds", "0", "--exemplars", "0,1")


def make_images(folder):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / "images" / name).mkdir(parents=True)
        for k in range(4):
            pixels = rng.integers(77, 179, (8, 8), dtype=np.uint8)
            PIL.fromarray(pixels).save(folder / "images" / name / f"{k}.png")
    (folder / "net.py").write_text(NET)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    make_images(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def call(capsys):
    def call(*arguments):
        status = run([*map(str, arguments)])
        said = capsys.readouterr()
        return status, " ".join(said.out.split()), said.err

    return call


@pytest.fixture
def audit(call):
    return lambda *arguments: call("audit", "conclusions", *arguments)


@pytest.fixture
def made(audit, folder):
    status, out, err = audit(
        *ASKED, *QUICK, "--units", "0,1,2", "--output", "out", "--plot", "p.png"
    )
    assert (status, err) == (0, "")
    return folder / "out", out


def test_what_is_said_written_and_drawn(made, audit, folder):
    out, said = made
    assert (
        "Of 8 images, the two pictures of each of 2 units of the output decide the side of" in said
    )
    assert (
        "if all that is known of the unit besides is a constant L for which it is L-Lipschitz in l2"
        in said
    )
    assert "unit 2 is left out: its two pictures have the values" in said
    assert "A decoder that always says one side is right on" in said
    content = (out / "conclusions.json").read_text()
    schema = json.loads(files("trompe").joinpath("schemas/conclusions.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(content), schema)
    with PIL.open(folder / "p.png") as picture:
        assert picture.width > 300
    assert audit(*ASKED, *QUICK, "--units", "0,1,2", "--output", "out")[0] == 0
    assert (out / "conclusions.json").read_text() == content
    assert audit(*ASKED, "--exemplars", "0,1", "--shown", "out/shown.json")[0] == 0
    assert (out / "conclusions.json").read_text() == content
    status, alone, _ = audit(*ASKED, *QUICK, "--units", "1", "--metric", "linf", "--layer", "last")
    assert (
        status == 0 and "the two pictures of unit 1 of layer 'last'" in alone and "l2" not in alone
    )
    assert not (folder / "conclusions.json").exists()


def test_a_folder_is_checked_as_a_whole(made, call, folder):
    out, _ = made
    status, said, err = call("check", out)
    assert (status, err) == (0, "") and "shown.json:" in said and "conclusions.json:" in said
    status, said, _ = call("check", out, *MODEL, "--images", "images")
    assert status == 0 and "PROVED unit 0: on how many images the two pictures decide" in said
    assert "the value is" in said.split("conclusions.json:")[0]
    forged(out, lambda d: slope_of(d).update(low=1.01 * slope_of(d)["low"]))
    status, said, _ = call("check", out)
    assert status == 1 and "REFUTED unit 0, linf: no admissible constant is below" in said
    status, _, err = call("check", out, "--model", "net.py:build")
    assert (status, err.count("\n")) == (2, 1) and "go together" in err
    (out / "shown.json").unlink()
    assert call("check", out)[0] == 1


def test_the_picture_is_drawn_last_and_what_it_needs_is_asked_first(made, audit, monkeypatch):
    out, _ = made
    (out / "conclusions.json").unlink()
    asked = (*ASKED, "--exemplars", "0,1", "--shown", "out/shown.json", "--plot", "q.png")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        status, said, err = audit(*asked)
    assert (status, said, err.count("\n")) == (2, "", 1) and "matplotlib is not installed" in err
    monkeypatch.setattr("trompe.views.conclusions.show_picture", lambda *_: 1 / 0)
    with contextlib.suppress(ZeroDivisionError):
        audit(*asked)
    assert (out / "conclusions.json").exists()


def test_more_than_a_file_holds_is_said_before_the_work(made, audit, monkeypatch):
    from trompe.proofs.handover.concluded import NORMS, OTHERS, file

    out, _ = made
    data = json.loads((out / "conclusions.json").read_text())
    unit = data["units"][0]
    sizes = [(unit["rows"], file.ROW_BYTES), (unit["slopes"], file.SLOPE_BYTES)]
    for parts, most in sizes:
        for part in parts:
            assert len(json.dumps({"": [{"": [part]}]}, indent=1)) < most
    rest = {k: v for k, v in unit.items() if k not in ("rows", "slopes")}
    assert len(json.dumps([[rest]], indent=1)) < file.TEXT_BYTES
    settings = file.parse((out / "conclusions.json").read_bytes()).settings
    assert len(file.places(settings)) == 3 * (1 + 2 * len(NORMS)) + len(OTHERS)
    monkeypatch.setattr(file, "MAX_BYTES", 10_000)
    for more, count in ((("--output", "new", *QUICK), 3), (("--shown", "out/shown.json"), 3)):
        status, said, err = audit(*ASKED, *more)
        assert (status, err.count("\n")) == (2, 1) and f"{count} units are too many" in err, err
        assert "maximum" not in said


def test_labels_name_the_norm_of_their_row(made):
    _, said = made
    shares = said.split("mean share of images over units")[1]
    for task in ("side", "approx"):
        assert f"{task}, nothing: at least" in shares
        for how in ("any admissible constant in {}: at most", "certified constant in {}: at least"):
            for norm in ("l2", "linf"):
                assert shares.count(f"{task}, {how.format(norm)}") == 1


def test_it_is_checked_with_and_without_the_network(made, call):
    out, _ = made
    status, said, _ = call("check", out / "conclusions.json")
    assert (
        status == 0
        and "no admissible constant is below" in said
        and "give --model and --images" in said
    )
    status, said, _ = call("check", out / "conclusions.json", *MODEL, "--images", "images")
    assert (
        status == 0
        and "PROVED unit 0: on how many images the two pictures decide, in 5 counts" in said
    )
    assert "PROVED unit 1 is L-Lipschitz in linf for L =" in said
    assert "PROVED unit 1: all values over [0, 1]^N lie between" in said
    assert "EVALUATED unit 0: all other counts" in said


def forged(out, change):
    """The file with something else in it; its verdict is made to fit."""
    from trompe.proofs.handover.concluded import file as module

    data = json.loads((out / "conclusions.json").read_text())
    change(data)
    for unit in data["units"]:
        low = {s["norm"]: s["low"] for s in unit["slopes"]}
        high = {s["norm"]: s["high"] for s in unit["slopes"]}
        for row in unit["rows"]:
            if row["assumption"].endswith("constant"):
                row["constant"] = (low if row["assumption"].startswith("any") else high)[
                    row["norm"]
                ]
    (out / "conclusions.json").write_text(json.dumps(data))
    try:
        module.parse((out / "conclusions.json").read_bytes())
    except Exception as error:
        if "verdict" not in str(error):
            raise
        fitting = data | {"verdict": None}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module.ConclusionsFile, "verdict", lambda self: None)
            (out / "conclusions.json").write_text(json.dumps(fitting))
            parsed = module.parse((out / "conclusions.json").read_bytes())
        (out / "conclusions.json").write_text(json.dumps(data | {"verdict": parsed.verdict()}))


def slope_of(data, norm="linf"):
    return next(s for s in data["units"][0]["slopes"] if s["norm"] == norm)


def side_of(data, assumption, exemplars=0):
    rows = data["units"][0]["rows"]
    return next(r for r in rows if r["assumption"] == assumption and r["exemplars"] == exemplars)[
        "side"
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: slope_of(d).update(low=1.01 * slope_of(d)["low"]), "REFUTED unit 0, linf: no admissible constant is below"),
        (lambda d: slope_of(d, "l2").update(low=1.01 * slope_of(d, "l2")["low"]), "REFUTED unit 0, l2: no admissible constant is below"),
        (lambda d: slope_of(d)["first"].update(sha256="0" * 64), "REFUTED unit 0, linf: unit-0-linf-first.npy matches"),
        (lambda d: slope_of(d)["first"].update(point=slope_of(d)["second"]["point"], sha256=slope_of(d)["second"]["sha256"]), "the pictures are equal"),
        (lambda d: d.update(shown_sha256="0" * 64), "REFUTED shown.json beside it"),
        (lambda d: d["units"][0].update(gap=2 * d["units"][0]["gap"]), "REFUTED unit 0: its shown values are"),
        (lambda d: d["units"][0].update(kind="estimate"), "REFUTED unit 0: its shown values are"),
        (lambda d: d["units"][0].update(name="unit 7"), "REFUTED unit 7: its shown values"),
        (lambda d: d.update(verdict=["all is decided"]), "REFUTED the file is a conclusions-file: verdict: it is not that of the counts"),
    ],
)  # fmt: skip
def test_a_forged_file_is_refuted_without_the_network(made, call, change, words):
    out, _ = made
    if "verdict" in words:
        data = json.loads((out / "conclusions.json").read_text())
        change(data)
        (out / "conclusions.json").write_text(json.dumps(data))
    else:
        forged(out, change)
    status, said, _ = call("check", out / "conclusions.json")
    assert status == 1 and words in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: (slope_of(d)["first"].update(value="50"), slope_of(d).update(low=40.0, high=1e9)), "REFUTED unit 0, linf, first of the pair: the value is 50"),
        (lambda d: slope_of(d).update(high=slope_of(d)["low"] * 1.001), "UNKNOWN unit 0 is L-Lipschitz in linf for L ="),
        (lambda d: slope_of(d).update(high=slope_of(d)["low"] * 0.5), "REFUTED unit 0 is L-Lipschitz in linf for L ="),
        (lambda d: d["units"][0].update(range=[-1e-3, 1e-3]), "unit 0: all values over [0, 1]^N lie between -0.00100001 and 0.00100001"),
        (lambda d: d["units"][0].update(range=None, range_why="no"), "REFUTED unit 0: no range of its values is certified"),
        (lambda d: side_of(d, "nothing").update(yes=1, no=7, right=1), "REFUTED unit 0: on how many images the two pictures decide, in 5 counts: nothing, pictures, 0 exemplars, side: 0 decided and 8 undecided here, the file says 1 and 7"),
        (lambda d: side_of(d, "nothing", 1).update(best=6 - side_of(d, "nothing", 1)["best"]), "UNKNOWN unit 0: all other counts"),
        (lambda d: d["units"][0].update(below=8 - d["units"][0]["below"]), "UNKNOWN unit 0: all other counts"),
        (lambda d: d["units"][0]["natural"].__setitem__(1, d["units"][0]["natural"][1] + 0.1), "REFUTED unit 0: all other counts"),
        (lambda d: d.update(units=d["units"][:1]), "REFUTED the units that are left out"),
    ],
)  # fmt: skip
def test_a_forged_file_does_not_pass_with_the_network(made, call, change, words):
    out, _ = made
    forged(out, change)
    status, said, _ = call("check", out / "conclusions.json", *MODEL, "--images", "images")
    assert status == 1 and words in said, said


def test_fewer_counts_are_proved_and_more_are_unknown(made, call, monkeypatch):
    """Another processor may leave an image open that is not here, or the other way round."""
    from trompe.empirical.audits import conclusions as module

    out, _ = made
    asked = ("check", out / "conclusions.json", *MODEL, "--images", "images")
    forged(out, lambda d: side_of(d, "any admissible constant").update(no=7))
    status, said, _ = call(*asked)
    assert status == 0 and "PROVED unit 0: on how many images the two pictures decide" in said
    counted = module.counted

    def one_less(*given):
        found = counted(*given)
        return found | {"side": replace(found["side"], no=max(0, found["side"].no - 2))}

    monkeypatch.setattr(module, "counted", one_less)
    status, said, _ = call(*asked)
    assert status == 1 and "UNKNOWN unit 0: on how many images the two pictures decide" in said
    assert "REFUTED" not in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: [r.update(side=None, approx=None, why="no") for r in d["units"][0]["rows"] if r["assumption"] == "any admissible constant"], "no counts; expected those of 8 images"),
        (lambda d: [r.update(images=5, **{key: {"yes": 0, "no": 5, "right": 0, "best": 0} for key in ("side", "approx")}) for r in d["units"][0]["rows"][:1]], "nothing, pictures, 0 exemplars: 5 images; expected 8 of 8"),
        (lambda d: d["images"].update(count=1797), "images; expected"),
        (lambda d: d["images"].update(count=2), "images.count: 2; expected at least 3"),
        (lambda d: d["units"][0].update(below=9), "below: 9; expected at most 8"),
    ],
)  # fmt: skip
def test_counts_are_of_the_images(made, call, change, words):
    out, _ = made
    data = json.loads((out / "conclusions.json").read_text())
    change(data)
    (out / "conclusions.json").write_text(json.dumps(data))
    status, said, _ = call("check", out / "conclusions.json")
    assert status == 1 and "REFUTED the file is a conclusions-file" in said and words in said, said


def test_other_networks_images_and_arrays(made, call, folder):
    out, _ = made
    asked = ("check", out / "conclusions.json", "--device", "cpu")
    status, _, err = call(*asked, "--model", "net.py:other", "--images", "images")
    assert status == 2 and err.count("\n") == 1 and "give the network that was visualized" in err
    shutil.rmtree(folder / "images" / "dog")
    status, _, err = call(*asked, "--model", "net.py:build", "--images", "images")
    assert status == 2 and err.count("\n") == 1 and "give the images that were audited" in err
    for more in (("--model", "net.py:build"), ("--images", "images"), ("--weights", "w.pt")):
        status, _, err = call(*asked, *more)
        assert status == 2 and err.count("\n") == 1 and "go together" in err
    (out / "unit-0-l2-first.npy").unlink()
    status, said, _ = call("check", out / "conclusions.json")
    assert status == 1 and "REFUTED unit 0, l2: unit-0-l2-first.npy" in said
    (out / "shown.json").unlink()
    status, said, _ = call("check", out / "conclusions.json")
    assert status == 1 and "REFUTED shown.json beside it" in said


def test_every_changed_field_is_a_report_or_one_line(made, call):
    """Nothing that somebody writes into the file is a traceback."""
    from trompe.proofs.handover.concluded import check_conclusions

    out, _ = made
    data = json.loads((out / "conclusions.json").read_text())
    data["units"] = data["units"][:1]
    data["units"][0]["rows"] = data["units"][0]["rows"][:2]

    def walk(part):
        for key in list(part) if isinstance(part, dict) else range(len(part)):
            kept = part[key]
            for wrong in (None, -1, 0.5, "x", [], {}, [[1]], 10**17, True):
                if wrong == kept:
                    continue
                part[key] = wrong
                report = check_conclusions(json.dumps(data).encode(), out / "conclusions.json")
                assert not report.ok and report.text()
            part[key] = kept
            if isinstance(kept, (dict, list)):
                walk(kept)

    walk(data)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--metric", "l3"), "l3"),
        (("--metric", ""), "norms"),
        (("--eps", "0"), "eps = 0; expected a number above 0"),
        (("--eps", "x"), "eps"),
        (("--exemplars", "-1"), "exemplars"),
        (("--exemplars", "x"), "--exemplars 'x': expected integers"),
        (("--units", "9"), "unit 9: the output has units 0 to 2"),
        (("--units", "2"), "unit 2: its two pictures have the values"),
        (("--layer", "gone"), "unknown layer 'gone'"),
        (("--objective", "sum"), "unknown objective 'sum'"),
        (("--starts", "0"), "starts = 0; expected an integer of at least 1"),
        (("--climbs", "0"), "climbs = 0"),
        (("--output", "images"), "holds"),
        (("--plot", "p.txt"), "expected a name that ends in .png, .pdf or .svg"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(audit, arguments, words):
    status, _, err = audit(*ASKED, *QUICK, *arguments)
    assert (status, err.count("\n")) == (2, 1) and words in err, err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected a shown-file"),
        (("--output", "o"), "--output: is what the shown-file says"),
        (("--layer", "conv"), "--layer: is what the shown-file says"),
        (("--units", "0"), "--units: is what the shown-file says"),
        (("--objective", "neuron"), "--objective: is what the shown-file says"),
        (("--seeds", "0"), "--seeds: is what the shown-file says"),
        (("--steps", "4"), "--steps: is what the shown-file says"),
        (("--redirect",), "--redirect: is what the shown-file says"),
        (("--unit-axis", "1"), "--unit-axis: is what the shown-file says"),
    ],
)
def test_a_shown_file_says_what_was_asked(audit, arguments, words):
    status, _, err = audit(*ASKED, "--shown", "none.json", *arguments)
    assert (status, err.count("\n")) == (2, 1) and words in err, err


@pytest.mark.parametrize("wrong", [("--metric", "l3"), ("--metric", ""), ("--eps", "0"), ("--exemplars", "-1")])  # fmt: skip
def test_bad_input_is_said_before_the_work(audit, monkeypatch, wrong):
    def never(*_):
        raise AssertionError("pictures were looked for")

    monkeypatch.setattr("trompe.empirical.visualization.run.Run.units", never)
    status, _, err = audit(*ASKED, *QUICK, *wrong)
    assert (status, err.count("\n")) == (2, 1), err
