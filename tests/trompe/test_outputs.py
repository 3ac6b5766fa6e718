"""Every option that names an output: what is there survives, and the place is looked at before the work."""

from __future__ import annotations

import importlib
import os
import stat

import pytest
from nodes import block_device, device, fifo, reader, within

from trompe.cli import run

DECODER = "def middle(v, x):\n    return (v.minimum + v.maximum) / 2\n"
REFUTE = ("refute", "decoder.py:middle", "--class", "convex", "--task", "exact", "--dim", "2")
BOUND = (
    "bound",
    "--class",
    "convex",
    "--argmin",
    "0,0",
    "--argmax",
    "1,1",
    "--min",
    "0",
    "--max",
    "1",
)
BUDGET = ("budget", "--constant", "2", "--range", "1", "--dim", "2")

COMMANDS = {
    "witness": (("witness", "convex/side", "--output"), "trompe.constructions.triple"),
    "cite": (("cite", "convex/side", "--output"), "trompe.proofs.handover.certificates.plan.plan"),
    "bound": ((*BOUND, "--query", "1/2,1/2", "--output"), "trompe.theory.bounding.bounds"),
    "budget": ((*BUDGET, "--output"), "trompe.theory.exemplar_budget.budget"),
    "table": (("table", "--row", "constant", "--jobs", "1", "--output"), "trompe.proofs.verify_table"),
    "table --sharp": (
        ("table", "--sharp", "--row", "constant", "--dim", "1", "--jobs", "1", "--output"),
        "trompe.proofs.sharp.table.sharp_table",
    ),
    "sharp": (
        ("sharp", "--row", "constant", "--dim", "1", "--jobs", "1", "--output"),
        "trompe.proofs.sharp.table.sharp_table",
    ),
    "verify": (("verify", "mix/gap", "--jobs", "1", "--output"), "trompe.proofs.verify_keys"),
    "fuzz": (
        ("fuzz", "--row", "constant", "--cases", "1", "--jobs", "1", "--output"),
        "trompe.proofs.sampling.fuzzing.campaign",
    ),
    "selfcheck": (
        ("selfcheck", "--only", "witness-tampering", "--match", "affine/side format", "--jobs", "1", "--output"),
        "trompe.proofs.mutation.selfcheck",
    ),
    "refute": ((*REFUTE, "--output"), "trompe.refuting.judging.refute"),
    "refute --witness": ((*REFUTE, "--witness"), "trompe.refuting.judging.refute"),
    "plot": (("plot", "constant/side", "--output"), "trompe.views.pair_plot.pyplot"),
    "plot sharp": (("plot", "sharp", "--class", "constant", "--output"), "trompe.views.sharp_plot.pyplot"),
}  # fmt: skip
"""The arguments before the name of the output, and what does the work."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "decoder.py").write_text(DECODER)
    return tmp_path


@pytest.fixture(params=COMMANDS)
def arguments(request):
    if request.param.startswith("plot"):
        pytest.importorskip("matplotlib")
    return COMMANDS[request.param][0]


def test_a_device_stays_a_device(arguments, folder, capsys):
    device(folder / "n.png")
    assert run([*arguments, "n.png"]) == 0, capsys.readouterr().err
    assert stat.S_ISCHR(os.stat("n.png").st_mode)
    assert sorted(os.listdir()) == ["decoder.py", "n.png"]


@pytest.mark.parametrize("there", [True, False], ids=["with an end", "dangling"])
def test_a_link_stays_and_its_end_gets_the_file(arguments, folder, there):
    (folder / "far").mkdir()
    end = folder / "far" / "end.png"
    if there:
        end.write_text("old")
        end.chmod(0o640)
    (folder / "middle.png").symlink_to("far/end.png")
    (folder / "link.png").symlink_to("middle.png")
    assert run([*arguments, "link.png"]) == 0
    assert os.path.islink("link.png") and os.path.islink("middle.png")
    assert end.read_bytes() not in (b"", b"old")
    assert not there or stat.S_IMODE(end.stat().st_mode) == 0o640
    assert os.listdir("far") == ["end.png"]


def test_a_fifo_with_a_reader_gets_it(arguments, folder):
    fifo(folder / "f.png")
    with within(60), reader(folder / "f.png") as got:
        assert run([*arguments, "f.png"]) == 0
    assert len(got) == 1 and len(got[0]) > 10
    assert stat.S_ISFIFO(os.stat("f.png").st_mode)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_place_that_cannot_be_used_is_said_before_the_work(name, folder, capsys, monkeypatch):
    arguments, work = COMMANDS[name]
    module, _, function = work.rpartition(".")

    def worked(*_, **__):
        raise AssertionError("the work has begun")

    if name.startswith("plot"):
        pytest.importorskip("matplotlib")
    monkeypatch.setattr(importlib.import_module(module), function, worked)
    with pytest.raises(AssertionError, match="has begun"):
        run([*arguments, "fine.png"])
    capsys.readouterr()
    (folder / "folder.png").mkdir()
    (folder / "a.png").symlink_to("b.png")
    (folder / "b.png").symlink_to("a.png")
    fifo(folder / "f.png")
    (folder / "file").write_text("kept")
    block_device(folder / "block.png")
    before = sorted(os.listdir())
    for output, words in (
        ("folder.png", "it is a folder"),
        ("a.png", "Too many levels of symbolic links"),
        ("f.png", "a FIFO that nobody reads"),
        ("file/x.png", "cannot be written"),
        ("none/x.png", "there is no folder none"),
        ("block.png", "it is a block device"),
    ):
        with within(20):
            assert run([*arguments, output]) == 2
        said = capsys.readouterr()
        assert said.out == "" and said.err.count("\n") == 1
        assert (
            said.err.startswith(f"trompe: output {output} cannot be written") and words in said.err
        )
    assert sorted(os.listdir()) == before and (folder / "file").read_text() == "kept"


def test_the_report_does_not_take_the_place_of_the_witness(folder, capsys):
    (folder / "link").symlink_to("pair.json")
    assert run([*REFUTE, "--witness", "pair.json", "--output", "link"]) == 2
    assert "--output and --witness are both link; give two files" in capsys.readouterr().err
    assert not os.path.exists("pair.json")


def test_a_report_that_cannot_be_printed_as_text_is_escaped(folder):
    name = os.fsdecode(b"\xff.py")
    (folder / name).write_text(DECODER)
    assert run(["refute", f"{name}:middle", *REFUTE[2:], "--output", "report"]) == 0
    assert b"refuted" in (folder / "report").read_bytes()


# -- certify ---------------------------------------------------------------------------------------------


CERTIFY = ("certify", "constant/side", "--jobs", "1", "--output")


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    "name",
    ["side/exact-is-enough.smt2", "side/exact-is-enough.smt2/", "manifest.json/"],
)
def test_certify_replaces_no_file_or_folder_of_somebody_else(folder, capsys, name):
    mine = folder / "set" / name
    if name.endswith("/"):
        mine.mkdir(parents=True)
    else:
        mine.parent.mkdir(parents=True)
        mine.write_text("(check-sat) ; mine")
    before = tree(folder / "set")
    assert run([*CERTIFY, "set"]) == 2
    said = capsys.readouterr().err
    assert "which is no part of a certificate set" in said and said.count("\n") == 1
    assert tree(folder / "set") == before


def test_certify_mends_a_set_of_its_own(folder):
    assert run([*CERTIFY, "set"]) == 0
    whole = tree(folder / "set")
    (folder / "set" / "side" / "exact-is-enough.smt2").write_text("damaged")
    assert run([*CERTIFY, "set"]) == 0
    assert tree(folder / "set").keys() == whole.keys()
    assert b"damaged" not in tree(folder / "set").values()


@pytest.mark.parametrize("name", ["notes.txt", "side/exact-is-enough.smt2"])
def test_certify_keeps_what_is_put_there_while_it_works(folder, capsys, monkeypatch, name):
    from trompe.proofs.handover.certificates.folder import Place

    mine = folder / "set" / name

    def put_there(self, files, put=Place.put):
        mine.parent.mkdir(parents=True)
        mine.write_text("mine")
        put(self, files)

    monkeypatch.setattr(Place, "put", put_there)
    assert run([*CERTIFY, "set"]) == 2
    assert mine.read_text() == "mine"
    assert "which is no part of a certificate set" in capsys.readouterr().err
    assert sorted(p.name for p in folder.iterdir() if "trompe" in p.name) == []


def test_certify_follows_links_and_refuses_what_is_no_folder(folder, capsys):
    (folder / "link").symlink_to("far")
    assert run([*CERTIFY, "link"]) == 0
    assert (folder / "far" / "manifest.json").is_file() and (folder / "link").is_symlink()
    (folder / "a").symlink_to("a")
    fifo(folder / "f")
    device(folder / "n")
    for name in ("a", "f", "n", "decoder.py"):
        with within(20):
            assert run([*CERTIFY, name]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert stat.S_ISCHR(os.stat("n").st_mode) and (folder / "decoder.py").read_text() == DECODER
