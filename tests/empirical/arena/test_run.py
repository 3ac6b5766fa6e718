"""The arena on small data: it goes on where it stopped, repeats its bits, and refuses what it cannot do."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import trompe.empirical
from trompe.empirical import run_arena
from trompe.empirical.arena import registry
from trompe.empirical.arena.attacks import ATTACKS
from trompe.empirical.arena.cells import Design
from trompe.empirical.arena.checks import CHECKS
from trompe.empirical.arena.methods import METHODS, pictures
from trompe.empirical.arena.run import conclude_again, concluded_again, conclusions
from trompe.empirical.arena.subject import Attacked, Subject
from trompe.empirical.cache import TensorCache
from trompe.empirical.inputs.data import ImageData, Split
from trompe.theory import InvalidInput, UnknownKey

SCHEMA = json.loads(
    (Path(trompe.empirical.__file__).parent / "schemas" / "arena.schema.json").read_text()
)
COMMITTED = sorted((Path(__file__).parents[3] / "data" / "arena").glob("*/arena.json"))
ASKED = {
    "quick": True, "attacks": ["silent"], "methods": ["pixel"], "checks": ["paths", "nearest", "bits"], "references": 2,
    "show": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def few(digits):
    """Three classes, 150 training images."""
    parts = []
    for split, most in ((digits.train, 150), (digits.test, 60)):
        rows = (split.labels < 3).nonzero()[0][:most]
        parts.append(Split(split.images[rows], split.labels[rows], split.levels))
    return ImageData("few", *parts, ("0", "1", "2"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def ran(few, cache, tmp_path_factory):
    """A folder, its witness, and the cells that were run."""
    folder = tmp_path_factory.mktemp("arena") / "out"
    cells: list[tuple[str, bool]] = []
    witness = run_arena(few, folder, cache=cache, done=lambda *cell: cells.append(cell), **ASKED)
    return folder, witness, cells


def test_a_run_leaves_a_witness_with_figures(ran):
    folder, witness, cells = ran
    assert json.loads((folder / "arena.json").read_text()) == witness
    jsonschema.validate(witness, SCHEMA)
    names = ["reference-1000", "reference-1001", "none-0", "silent-0", "none-1", "silent-1"]
    assert cells == [(name, False) for name in names]
    for figure in witness["figures"]:
        assert (folder / figure["file"]).stat().st_size > 1000
    by = {(a["attack"], a["check"]): a for a in witness["alarms"]}
    assert by["silent", "bits"]["alarms"] == 0 and by["silent", "bits"]["networks"] == 2
    assert all(a["interval"] is None for a in witness["alarms"])  # two networks
    assert {c["status"] for c in witness["claims"]} == {"not judged"}


def test_it_goes_on_where_it_stopped_and_repeats_its_bits(ran, few, cache, tmp_path):
    folder, witness, _ = ran
    before = (folder / "arena.json").read_bytes()
    (folder / "cells" / "silent-1.json").unlink()
    (folder / "cells" / "none-0.json").write_text("{")  # damaged
    whole = (folder / "cells" / "silent-0.npz").read_bytes()
    (folder / "cells" / "silent-0.npz").write_bytes(whole[: len(whole) // 2])
    changed = json.loads((folder / "cells" / "none-1.json").read_text()) | {"identity": "x"}
    (folder / "cells" / "none-1.json").write_text(json.dumps(changed))
    cells: dict[str, bool] = {}
    run_arena(few, folder, cache=cache, done=cells.__setitem__, **ASKED)
    assert [name for name, was_there in cells.items() if not was_there] == [
        "none-0",
        "silent-0",
        "none-1",
        "silent-1",
    ]
    assert (folder / "arena.json").read_bytes() == before
    run_arena(few, tmp_path / "two", cache=tmp_path / "cache", jobs=2, **ASKED)
    assert (tmp_path / "two" / "arena.json").read_bytes() == before
    assert witness["settings"]["threads"] == 1


def test_conclusions_are_those_of_the_cells(ran):
    _, witness, _ = ran
    keys = [c["key"] for c in witness["checks"]]
    found = conclusions(witness["cells"], keys, ["silent"])
    assert found == {k: witness[k] for k in found}
    forged = json.loads(json.dumps(witness["cells"]))
    forged[-1]["measures"]["bits"][""] = [0.5]
    assert conclusions(forged, keys, ["silent"]) != found


def test_what_is_concluded_is_brought_up_to_the_sources(ran, tmp_path):
    folder, witness, _ = ran
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = (copy / "arena.json").read_bytes()
    stale = json.loads(before)
    stale["claims"][0]["says"] = "Stale."
    stale["alarms"][0]["alarms"] = 7
    stale["figures"][0]["caption"] = "Stale."
    del stale["attacks"][0]["redirect"]
    assert concluded_again(stale) != stale
    (copy / "arena.json").write_text(json.dumps(stale))
    (copy / "matrix.png").unlink()
    conclude_again(copy)
    assert (copy / "arena.json").read_bytes() == before
    assert (copy / "matrix.png").is_file()
    assert concluded_again(witness) == witness


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: p.parent.name)
def test_committed_witnesses_conclude_what_their_cells_say(path):
    witness = json.loads(path.read_text())
    jsonschema.validate(witness, SCHEMA)
    assert concluded_again(witness) == witness
    forged = json.loads(path.read_text())
    forged["claims"][0]["says"] += " Always."
    assert concluded_again(forged) != forged


PLUGIN = """
import torch
from trompe.empirical.arena.attacks import attack
from trompe.empirical.arena.checks import Alarm, check
from trompe.empirical.arena.methods import method
from trompe.empirical.arena.subject import Attacked

@attack("zero", "Its last layer is 0.")
def zero(subject):
    import copy
    made = copy.deepcopy(subject.network)
    torch.nn.init.zeros_(made.linear.weight)
    return Attacked(made)

@method("grey", "A grey picture.")
def grey(subject, attacked):
    return torch.full((len(subject.seeds) * len(subject.units), *subject.shape), 0.5)

@check("flat", "The spread of the outputs.", "All else.", alarm=Alarm(below=1e-6))
def flat(case):
    return {"": [float(case.network(case.subject.test).detach().std(0).max())]}
"""


def test_a_file_adds_an_attack_a_method_and_a_check(few, cache, tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    before = (ATTACKS.keys, METHODS.keys, CHECKS.keys)
    asked = ASKED | {"attacks": ["zero"], "methods": ["grey"], "checks": ["flat"]}
    witness = run_arena(few, tmp_path / "out", cache=cache, plugins=[tmp_path / "mine.py"], **asked)
    by = {(a["attack"], a["check"]): a["alarms"] for a in witness["alarms"]}
    assert by == {("none", "flat"): 0, ("zero", "flat"): 2}
    assert (ATTACKS.keys, METHODS.keys, CHECKS.keys) == before
    again = run_arena(
        few, tmp_path / "out2", cache=cache, plugins=[tmp_path / "mine.py"], jobs=2, **asked
    )
    assert again["cells"] == witness["cells"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "plugin .*mine.py"),
        ("raise ValueError('no')", "plugin: .*mine.py fails with ValueError: no"),
        (PLUGIN.replace('"zero"', '"silent"'), "attack 'silent': there is one already"),
        (PLUGIN.replace('"grey"', '"Grey!"'), "method 'Grey!': expected a key of small letters"),
        (PLUGIN.replace("0.5)", "1.5)"), "cell none-0: method grey: its pictures leave"),
        (PLUGIN.replace("*subject.shape", "1"), r"method grey: gives \(9, 1\); expected pictures of shape"),
        (PLUGIN.replace("[float(", "(float(").replace("max())]", "max()))"), "check flat: gives no lists of numbers"),
        (PLUGIN.replace('{"":', '{"gone":'), "check flat: gives no numbers by method"),
        (PLUGIN.replace("return torch.full(", "return torch.no_such("), "method grey: fails with AttributeError"),
        (PLUGIN.replace("return Attacked(made)", "return Attacked(made, redirect=True)"), "attack zero: redirects gradients unannounced"),
        (PLUGIN.replace("std(0).max()", "std(0).max() / 0"), "check flat: gives NaN or infinite numbers"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line(text, says, few, cache, tmp_path):
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    asked = ASKED | {"attacks": ["zero"], "methods": ["grey"], "checks": ["flat"]}
    with pytest.raises((InvalidInput, UnknownKey), match=says):
        run_arena(few, tmp_path / "out", cache=cache, plugins=[tmp_path / "mine.py"], **asked)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"quick": False, "networks": 4},
            "networks = 4: too few for an interval; give at least 5, or ask for quick",
        ),
        ({"attacks": ["circit-own"]}, "unknown attack 'circit-own'; did you mean circuit-own"),
        ({"methods": ["magic"]}, "unknown method 'magic'"),
        ({"checks": ["magic"]}, "unknown check 'magic'"),
    ],
)
def test_bad_questions_are_one_line(more, says, few, tmp_path):
    with pytest.raises((InvalidInput, UnknownKey), match=says):
        run_arena(few, tmp_path / "out", **(ASKED | more))


def test_a_folder_of_something_else_is_left_alone(few, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InvalidInput, match=r"holds 'thesis.tex' and no arena"):
        run_arena(few, tmp_path, **ASKED)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_attack_that_cannot_run_says_what_is_missing(few, cache):
    """Silent units need a layer that an activation module follows."""
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3)).eval()
    subject = Subject(few, 0, network, TensorCache(cache), (1,), 4)
    with pytest.raises(InvalidInput, match="attack silent: the network has no convolution"):
        ATTACKS["silent"].make(subject)


def test_methods_run_on_a_network_of_another_kind(few, cache):
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3)
    ).eval()  # fmt: skip
    subject = Subject(few, 0, network, TensorCache(cache), (1, 2), 2)
    assert subject.layers == ("0", "1")
    for key in METHODS.keys:
        assert pictures(key, subject, Attacked(network)).shape == (2, 3, 1, 8, 8)


def test_another_installed_package_makes_other_cells(few, tmp_path, monkeypatch):
    """Its version, or its code at the same version."""
    (tmp_path / "arenamine").mkdir()
    (tmp_path / "arenamine" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    design = Design(few, ("none",), ("pixel",), ("paths",), (0,), (), None)
    (cell,) = design.cells

    def identity(version: str, code: str) -> str:
        (tmp_path / "arenamine" / "more.py").write_text(code)
        point = EntryPoint("mine", "arenamine.more", registry.GROUP)
        point = point._for(SimpleNamespace(name="arena-mine", version=version))
        monkeypatch.setattr(registry, "entry_points", lambda group: [point])
        registry.installed.cache_clear()
        return design.identity(cell)

    try:
        found = {identity("1", "x = 1"), identity("2", "x = 1"), identity("2", "x = 2")}
        assert len(found) == 3 and identity("2", "x = 2") in found
    finally:
        registry.installed.cache_clear()


def test_settings_of_a_cell_change_with_what_determines_it(few):
    design = Design(few, ("none",), ("pixel",), ("paths",), (0,), (), None)
    (cell,) = design.cells
    other = Design(few, ("none",), ("pixel", "maco"), ("paths",), (0,), (), None)
    assert design.identity(cell) != other.identity(cell)
