"""`trompe visualize`, and `check` and `bound` of what it leaves: what is printed, written and refused."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import json
import shutil
from fractions import Fraction

import numpy as np

from trompe.cli import run
from trompe.proofs.handover.shown import ENDS

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return {"logits": self.linear(torch.relu(self.conv(x)).mean((2, 3)))}

def build(seed=0):
    torch.manual_seed(seed)
    return Net().eval()

def other():
    return build(1)

def curved():
    net = build()
    net.register_forward_pre_hook(lambda m, i: (torch.exp(i[0]),))
    return net
"""
ASKED = (
    "--model",
    "net.py:build",
    "--logits",
    "logits",
    "--mean",
    "0.5",
    "--std",
    "0.25",
    "--device",
    "cpu",
)
RUN = (
    "visualize",
    *ASKED,
    "--layer",
    "conv",
    "--units",
    "3,1",
    "--images",
    "images",
    "--seeds",
    "0,1",
    "--steps",
    "8",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a network, pictures, and what the command left in `out`; and what it printed."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    for name, low in (("dim", 60), ("lit", 140)):
        (folder / "images" / name).mkdir(parents=True)
        for k in range(3):
            pixels = rng.integers(low, low + 60, (8, 7), dtype=np.uint8)
            PIL.fromarray(pixels).save(folder / "images" / name / f"{k}.png")
    (folder / "net.py").write_text(MODEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run([*RUN, "--output", "out"]) == 0
    return folder


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """A copy of that folder, to be damaged."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(capsys):
    def one(*arguments):
        capsys.readouterr()
        status = run([str(a) for a in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return one


def test_what_it_says_and_leaves(folder, call):
    status, out, err = call(*RUN, "--output", "new")
    assert (status, err) == (0, ""), err
    lines = out.splitlines()
    assert lines[0].startswith(
        "Classes: dim is output 0, lit is output 1. Accuracy on the 6 images: "
    )
    (said,) = [line for line in lines if line.startswith("About ")]
    assert said.endswith(
        "for the minimum and the maximum of 2 units: 2 seeds, 8 steps (estimated from three steps)."
    )
    units = [line for line in lines if line.startswith("unit ") and ": minimum " in line]
    assert (
        [line[:7] for line in units] == ["unit 3:", "unit 1:"]
        and "; natural " in units[0]
        and ".png), maximum" in units[0]
    )
    assert (
        "An optimiser's picture is in no case proved to show the minimum or the maximum over [0, 1]^N"
        in out
    )
    assert lines[-1] == "Written: sheet.png, shown.json and arrays in new."
    names = {f"unit-{u}-{end}.npy" for u in (1, 3) for end in ENDS} | {"sheet.png", "shown.json"}
    assert {path.name for path in (folder / "new").iterdir()} == names
    for name in names - {"sheet.png"}:
        assert (folder / "new" / name).read_bytes() == (folder / "out" / name).read_bytes()
    data = json.loads((folder / "out" / "shown.json").read_text())
    assert (
        data["model"]["name"] == "net.py:build"
        and data["model"]["mean"] == [0.5]
        and data["model"]["logits"] == "logits"
    )
    assert data["images"]["name"] == "images" and data["asked"] == [3, 1]
    assert {u[end]["kind"] for u in data["units"] for end in ENDS} == {"enclosure"}
    with PIL.open(folder / "new" / "sheet.png") as sheet:
        assert sheet.width > 600 and sheet.height > 400


def test_the_same_again_goes_on_and_anything_else_is_refused(folder, call):
    before = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    status, out, _ = call(*RUN, "--output", "out")
    assert (
        status == 0 and "2 of 2 units are there already and are kept." in out and "About" not in out
    )
    status, out, err = call(*RUN, "--output", "out", "--redirect")
    assert (status, err.count("\n")) == (2, 1) and "another run (redirect True, there False)" in err
    status, _, err = call("visualize", "--model", "net.py:other", *RUN[3:], "--output", "out")
    assert status == 2 and "another run (model " in err
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == before


def test_a_resume_evaluates_what_it_keeps(folder, call):
    """Neither another function of the same weights nor a changed value is gone on from."""
    path = folder / "out" / "shown.json"
    genuine = path.read_text()
    other = ("visualize", "--model", "net.py:curved", *RUN[3:], "--output", "out")
    for name, command in (
        ("", other),
        ("value", (*RUN, "--output", "out")),
        ("natural value", (*RUN, "--output", "out")),
        ("natural index", (*RUN, "--output", "out")),
        ("value with its error", (*RUN, "--output", "out")),
    ):
        data = json.loads(genuine)
        if name:
            TAMPERED[name](data)
            path.write_text(json.dumps(data))
        before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
        status, _, err = call(*command)
        assert (status, err.count("\n")) == (2, 1), (name, err)
        assert "another run (unit " in err and "give another folder" in err
        assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before


def test_ctrl_c_keeps_what_is_finished(folder, call, monkeypatch):
    from trompe.empirical.maximization import best

    honest, calls = best.maximize, []

    def interrupted(*arguments, **more):
        calls.append(more["steps"])
        if calls.count(8) == 3:
            raise KeyboardInterrupt
        return honest(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(best, "maximize", interrupted)
        status, _, err = call(*RUN, "--output", "new", "--batch", "2")
    assert status == 130 and "finished units are kept; the same command goes on from there" in err
    status, out, _ = call("check", "new/shown.json")
    assert status == 0 and "; unit 1 of those asked for, which are not finished" in out
    status, out, _ = call(*RUN, "--output", "new", "--batch", "2")
    assert status == 0 and "1 of 2 units are there already" in out


def test_processes_find_the_same_bits(folder, call):
    """Those of the command make the network for themselves; from Python it travels."""
    import zoo

    import trompe.empirical as te

    status, _, err = call(*RUN, "--output", "new", "--batch", "2", "--jobs", "2")
    assert (status, err) == (0, "")
    status, _, err = call(*RUN, "--output", "alone", "--batch", "2")
    for jobs in (1, 2):
        te.visualize(
            torch.nn.Sequential(zoo.planted_conv()).eval(), "0", [0, 2], zoo.pictures(), steps=8, batch=2, jobs=jobs,
            parametrization="accentuation", output=f"python-{jobs}", show=False,
        )  # fmt: skip
    for one, other in (("new", "alone"), ("python-1", "python-2")):
        assert len(list((folder / one).iterdir())) == 6
        for path in (folder / one).iterdir():
            assert path.read_bytes() == (folder / other / path.name).read_bytes(), path
    (folder / "net.py").write_text(MODEL.replace("torch.manual_seed(seed)", "torch.seed()"))
    status, _, err = call(*RUN, "--output", "random", "--batch", "2", "--jobs", "2")
    assert (status, err.count("\n")) == (2, 1) and "returns other weights in another process" in err


def test_processes_of_an_earlier_run_take_neither_its_folder_nor_its_network(
    folder, call, monkeypatch
):
    for name in ("elsewhere", "there"):
        (folder / name).mkdir()
        shutil.copytree(folder / "images", folder / name / "images")
    (folder / "elsewhere" / "net.py").write_text(MODEL)
    (folder / "there" / "net.py").write_text(MODEL.replace("self.conv(x)", "self.conv(x * x)"))
    found = []
    for name, jobs in (("elsewhere", "2"), ("there", "2"), ("there", "1")):
        monkeypatch.chdir(folder / name)
        status, _, err = call(*RUN, "--output", jobs, "--batch", "2", "--jobs", jobs)
        assert (status, err) == (0, "")
        found.append(np.load(f"{jobs}/unit-3-maximum.npy"))
    assert np.array_equal(found[1], found[2]) and not np.array_equal(found[0], found[1])


def test_check_computes_the_values_anew(folder, call):
    status, out, _ = call(
        "check",
        "out/shown.json",
        "--model",
        "net.py:build",
        "--images",
        "images",
        "--device",
        "cpu",
    )
    assert (
        status == 0
        and "14 of 14 claims proved: a shown-file for 2 of 2 units of layer 'conv'" in out
    )
    assert (
        "the network's weights are those that the file names: same SHA-256; what is made of them only the values tell"
        in " ".join(out.split())
        and "interval bounds in float64" in out
        and "the network is the one" not in out
    )
    curved = ("--model", "net.py:curved", "--images", "images", "--device", "cpu")
    status, out, _ = call("check", "out", *curved)  # the same weights, another function
    assert status == 1 and "UNKNOWN  unit 3, minimum: the value is" in out
    assert "by an estimate; interval bounds do not reach so far" in " ".join(out.split())
    (folder / "moved").symlink_to("images")  # names are those below the folder
    moved = ("--model", "net.py:build", "--images", "moved", "--device", "cpu")
    assert call("check", "out", *moved)[0] == 0
    status, _, err = call("check", "out/shown.json", "--model", "net.py:other", "--device", "cpu")
    assert (status, err.count("\n")) == (2, 1) and "give the network that was visualized" in err
    (folder / "images" / "dim" / "0.png").unlink()
    checked = (
        "check",
        "out/shown.json",
        "--model",
        "net.py:build",
        "--images",
        "images",
        "--device",
        "cpu",
    )
    assert "images: 5, the shown-file is about 6" in call(*checked)[2]
    PIL.new("L", (7, 8)).save(folder / "images" / "dim" / "0.png")
    assert "give the images that stand beside" in call(*checked)[2]


def _swap(data):
    first = data["units"][0]
    for name in ("point", "sha256"):
        first["minimum"][name], first["maximum"][name] = (
            first["maximum"][name],
            first["minimum"][name],
        )


def _value(data):
    shown = data["units"][0]["maximum"]
    shown["value"] = str(
        Fraction(shown["value"]) + max(3 * Fraction(shown["error"]), Fraction(1, 10**9))
    )


def _set(*path, to):
    def change(data):
        for name in path[:-1]:
            data = data[name]
        data[path[-1]] = to

    return change


def _ends_swapped(data):
    first = data["units"][0]
    first["minimum"], first["maximum"] = first["maximum"], first["minimum"]


def _one_end_twice(data):
    first = data["units"][0]
    first["minimum"] = dict(first["maximum"])


def _loose(name):
    def change(data):
        data["units"][0][name] |= {"value": "4", "error": "5"}

    return change


TAMPERED = {
    "value": _value,
    "ends swapped": _ends_swapped,
    "one end twice": _one_end_twice,
    "value with its error": _loose("maximum"),
    "natural value with its error": _loose("natural_minimum"),
    "larger error": _set("units", 0, "maximum", "error", to="0.01"),
    "kind": _set("units", 1, "maximum", "kind", to="estimate"),
    "no unit": _set("units", to=[]),
    "asked for what is not there": _set("asked", to=[3, 1, 4]),
    "error beyond floats": _set("units", 0, "maximum", "error", to="9" * 400),
    "value beyond floats": _set("units", 0, "maximum", "value", to="9" * 400),
    "points swapped": _swap,
    "error": _set("units", 0, "maximum", "error", to="0.000000000000000000001"),
    "natural value": _set("units", 0, "natural_minimum", "value", to="0.5"),
    "natural image": _set("units", 1, "natural_maximum", "image", to="lit/9.png"),
    "natural index": _set("units", 1, "natural_maximum", "index", to=0),
    "unit": _set("units", 0, "unit", to=0),
    "objective": _set("settings", "objective", to="maximum"),
    "negative": _set("settings", "negative", to=True),
    "layer": _set("settings", "layer", to="linear"),
    "axis": _set("settings", "axis", to=2),
    "mean": _set("model", "mean", to=[0.4]),
    "std": _set("model", "std", to=[0.3]),
    "logits": _set("model", "logits", to=None),
    "model": _set("model", "sha256", to="0" * 64),
    "images": _set("images", "sha256", to="0" * 64),
    "crop": _set("images", "crop", to=[7]),
    "shape": _set("shape", to=[1, 7, 8]),
    "array": _set("units", 0, "maximum", "sha256", to="0" * 64),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_changed_is_noticed(folder, call, name):
    path = folder / "out" / "shown.json"
    data = json.loads(path.read_text())
    TAMPERED[name](data)
    if name == "unit":
        data["asked"][0] = 0
    path.write_text(json.dumps(data))
    status, out, err = call(
        "check", path, "--model", "net.py:build", "--images", "images", "--device", "cpu"
    )
    assert status in (1, 2) and (status == 1) == (err == ""), (out, err)
    assert "REFUTED" in out or "UNKNOWN" in out or err.count("\n") == 1
    assert "Traceback" not in out + err
    if name == "value":
        assert status == 1 and "REFUTED  unit 3, maximum: the value is" in out


def test_a_network_beyond_interval_rules_has_estimates_and_says_so(folder, call):
    """A value with an estimated error is compared with what float64 gives here; a changed one is refuted."""
    asked = ("visualize", "--model", "net.py:curved", *RUN[3:])
    status, out, _ = call(*asked, "--output", "new")
    assert status == 0 and "Errors of 8 of 8 values are not certified: interval bounds: " in out
    path = folder / "new" / "shown.json"
    data = json.loads(path.read_text())
    assert {u[end]["kind"] for u in data["units"] for end in ENDS} == {"estimate"}
    checked = ("check", path, "--model", "net.py:curved", "--images", "images", "--device", "cpu")
    status, out, _ = call(*checked)
    assert status == 0 and "EVALUATED unit 3, minimum: the value is " in out
    assert "as float64 has it (no certified error): the same here" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 100
    assert "6 of 14 claims proved, 8 evaluated (no certified error): a shown-file" in out
    for name in ("value with its error", "natural value with its error"):
        damaged = json.loads(path.read_text())
        TAMPERED[name](damaged)
        (path.parent / "damaged.json").write_text(json.dumps(damaged))
        status, out, _ = call(checked[0], path.parent / "damaged.json", *checked[2:])
        assert status == 1 and "REFUTED   unit 3, " in out
    TAMPERED["value"](data)
    path.write_text(json.dumps(data))
    status, out, _ = call(*checked)
    assert status == 1 and "REFUTED   unit 3, maximum" in out
    status, out, _ = call(
        "bound",
        "--class",
        "black-box",
        "--shown",
        path,
        "--unit",
        1,
        "--tolerance",
        1,
        "--query",
        "1/2",
    )
    assert status == 0 and "estimate (an estimate, not certified" in " ".join(out.split())


def test_bound_goes_on_from_it(folder, call):
    status, out, err = call(
        "bound", "--class", "lipschitz", "--constant", "1/4", "--metric", "l1", "--shown", "out/shown.json", "--unit", 3,
        "--tolerance", "1", "--query", "1/2",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "near-extremes at best" in " ".join(out.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--objective", "mean"], "unknown objective 'mean'"),
        (["--objective", "sum", "--units", "all"], "name the units of the sum"),
        (["--objective", "direction"], "go together"),
        (["--directions", "d.npy"], "go together"),
        (["--parametrization", "dream"], "unknown parametrization 'dream'"),
        (["--units", "3,9"], "unit 9: layer 'conv' has units 0 to 3"),
        (["--units", "a"], "expected integers"),
        (["--layer", "convv"], "did you mean conv"),
        (["--seeds", ""], "expected integers"),
        (["--output", "net.py"], "net.py"),
        (["--output", "images"], "no shown.json; give a folder that is new or empty"),
        (["--unit-axis", "7"], "unit axis 7"),
        (["--steps", "0"], "expected an integer of at least 1"),
        (["--batch", "0"], "expected an integer of at least 1"),
    ],
)
def test_bad_options_are_one_line(folder, call, options, words):
    status, _, err = call(*RUN, "--output", "new", *options)
    assert (status, err.count("\n")) == (2, 1) and words in err, err
    assert not (folder / "new" / "shown.json").exists()


def test_sums_and_directions(folder, call):
    np.save("d.npy", np.array([[0, 0, 0, 1.0], [1, -1, 0, 0]]))
    one = ("--images", "images", "--seeds", "0", "--steps", "4", "--layer", "conv")
    status, out, err = call(
        "visualize",
        *ASKED,
        *one,
        "--objective",
        "direction",
        "--directions",
        "d.npy",
        "--output",
        "along",
    )
    assert status == 0, err
    assert "direction 0: minimum" in out and "direction 1: minimum" in out
    status, out, err = call(
        "visualize", *ASKED, *one, "--objective", "sum", "--units", "0,2", "--output", "sum"
    )
    assert status == 0 and "sum of units 0, 2: minimum" in out
    for name in ("along", "sum"):
        status, out, err = call(
            "check", f"{name}/shown.json", "--model", "net.py:build", "--device", "cpu"
        )
        assert status == 0, out + err


@pytest.mark.parametrize(("kind", "layer"), [("Residual", "bn1"), ("Tokens", "fc1")])
def test_a_residual_network_and_a_transformer_from_start_to_end(
    tmp_path, call, monkeypatch, kind, layer
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        f"import zoo\n\ndef build():\n    return zoo.build(zoo.{kind})\n"
    )
    named = ("--model", "mine.py:build", "--images", "digits", "--device", "cpu")
    status, out, err = call(
        "visualize", *named, "--layer", layer, "--steps", 8, "--seeds", 0, "--output", "out"
    )
    assert (
        (status, err) == (0, "")
        and "unit 6: minimum -1 (seed 0, step " in out
        and "not certified" not in out
    )
    status, out, err = call("check", "out", *named)
    assert (status, err) == (0, "") and "44 of 44 claims proved" in out
    status, out, err = call(
        "bound",
        "--class",
        "black-box",
        "--shown",
        "out/shown.json",
        "--unit",
        2,
        "--tolerance",
        9,
        "--query",
        "0",
    )
    assert (status, err) == (0, "") and "near-extremes at best" in " ".join(out.split())


def test_a_network_of_maps_is_visualized_without_an_accuracy(folder, call):
    (folder / "maps.py").write_text(
        "import torch\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Conv2d(1, 3, 3).eval()\n"
    )
    asked = ("--model", "maps.py:build", "--images", "images", "--device", "cpu")
    few = ("--units", "1", "--seeds", "0", "--steps", "2", "--output", "maps")
    status, out, err = call("visualize", *asked, *few)
    assert (status, err) == (0, "")
    assert out.startswith("No accuracy: the network returns shape (2, 3, 6, 5) for 2 images.\n")
    assert "for the minimum and the maximum of 1 unit: 1 seed, 2 steps" in out
    assert call("check", "maps", *asked)[0] == 0
    status, _, err = call("audit", "silent", *asked)
    assert status == 2 and "returns (2, 3, 6, 5) for 2 images; expected a tensor of shape" in err


def test_an_image_that_breaks_the_network_is_named(folder, call):
    (folder / "broken.py").write_text(
        "import torch\ndef build():\n    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(56, 2)).eval()\n"
        "    torch.nn.init.constant_(net[1].bias, float('nan'))\n    return net\n"
    )
    status, _, err = call(
        "visualize", "--model", "broken.py:build", "--images", "images", "--output", "b"
    )
    assert (status, err.count("\n")) == (2, 1) and "dim/0.png: gives NaN" in err
    status, out, err = call(*RUN, "--output", "b", "--parametrization", "fourie")
    assert (status, out) == (2, "") and "did you mean fourier" in err  # before any image is read
